/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Tasks of several main contexts and threads. Contexts that end: contexts.c. */

#include "thread-util.h"

#define N_WORKERS 4

static DagTask *
new_in (TestWorker       *worker,
        DagTaskFunc       function,
        gpointer          data,
        DagTask * const  *inputs,
        guint             n_inputs)
{
  DagTask *task = g_object_new (DAG_TYPE_TASK, "context", worker->context, "held", TRUE, NULL);

  dag_task_set_function (task, function, data, NULL);
  for (guint i = 0; i < n_inputs; i++)
    g_assert_true (dag_task_add_input (task, inputs[i], DAG_RULE_SUCCEEDED, NULL));
  dag_task_release (task);

  return task;
}

static int
wait_for_int (DagTask *task)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = dag_task_wait (task, NULL, &error);

  g_assert_no_error (error);

  return g_value_get_int (value);
}

/* Drops a task that a worker has; where the worker ends afterwards, all of it ends. */
static void
unref_all (DagTask **tasks,
           guint     n_tasks)
{
  for (guint i = 0; i < n_tasks; i++)
    g_object_unref (tasks[i]);
}

static void
sum_body (DagTask  *task,
          gpointer  user_data)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  guint sum = GPOINTER_TO_UINT (user_data);

  g_assert_true (dag_task_get_context (task) == context);
  g_assert_true (g_main_context_is_owner (context));

  for (guint i = 0; i < dag_task_get_n_arguments (task); i++)
    sum += (guint) dag_task_get_argument_int (task, i);

  dag_task_return_int (task, (int) (sum & 0xffffff));
}

static void
test_ping_pong (void)
{
  TestWorker *workers[2] = { test_worker_new (), test_worker_new () };
  DagTask *tasks[500];

  g_test_summary ("A chain may go from context to context at every step");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = new_in (workers[i % 2], sum_body, GINT_TO_POINTER (1),
                       i > 0 ? &tasks[i - 1] : NULL, i > 0 ? 1 : 0);

  g_assert_cmpint (wait_for_int (tasks[G_N_ELEMENTS (tasks) - 1]), ==, G_N_ELEMENTS (tasks));

  test_worker_free (workers[0]);
  test_worker_free (workers[1]);
  unref_all (tasks, G_N_ELEMENTS (tasks));
}

static void
test_fan_in (void)
{
  TestWorker *workers[N_WORKERS];
  DagTask *tasks[800], *here;

  g_test_summary ("A task gets the results of tasks of four threads");

  for (guint i = 0; i < N_WORKERS; i++)
    workers[i] = test_worker_new ();
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = new_in (workers[i % N_WORKERS], sum_body, GINT_TO_POINTER (1), NULL, 0);
  here = dag_task_new_with_inputs (sum_body, GINT_TO_POINTER (1), NULL, tasks, G_N_ELEMENTS (tasks));

  g_main_context_push_thread_default (g_main_context_default ());
  g_assert_cmpint (wait_for_int (here), ==, G_N_ELEMENTS (tasks) + 1);
  g_main_context_pop_thread_default (g_main_context_default ());

  for (guint i = 0; i < N_WORKERS; i++)
    test_worker_free (workers[i]);
  unref_all (tasks, G_N_ELEMENTS (tasks));
  test_release (here);
}

/* What a random graph does, against what it has to do. */

typedef struct {
  gboolean fails;
  DagRule  rule;        /* of all its edges, which are prerequisites */
  guint    inputs[3];
  guint    n_inputs;
  DagState state;
} Model;

static void
fail_or_succeed (DagTask  *task,
                 gpointer  user_data)
{
  if (((Model *) user_data)->fails)
    test_body_fail (task, NULL);
  else
    dag_task_return_int (task, 1);
}

static DagState
predict (Model *models,
         Model *model)
{
  for (guint i = 0; i < model->n_inputs; i++)
    {
      DagState state = models[model->inputs[i]].state;
      gboolean failed = state != DAG_STATE_SUCCEEDED;

      if ((model->rule == DAG_RULE_SUCCEEDED && failed) ||
          (model->rule == DAG_RULE_FAILED && !failed))
        return DAG_STATE_SKIPPED;
    }

  return model->fails ? DAG_STATE_FAILED : DAG_STATE_SUCCEEDED;
}

static void
test_random (void)
{
  TestWorker *workers[N_WORKERS];
  Model models[600];
  DagTask *tasks[600];

  g_test_summary ("Random graphs over four contexts end as the rules say, whatever the threads do");

  for (guint i = 0; i < N_WORKERS; i++)
    workers[i] = test_worker_new ();

  for (guint round = 0; round < 4; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        {
          Model *model = &models[i];

          model->fails = g_test_rand_int_range (0, 10) == 0;
          /* A dependency that is skipped as not needed would not be failed: one rule of the two. */
          model->rule = g_test_rand_int_range (0, 3) == 0 ? DAG_RULE_FINISHED : DAG_RULE_SUCCEEDED;
          model->n_inputs = i == 0 ? 0 : (guint) g_test_rand_int_range (0, 4);
          for (guint j = 0; j < model->n_inputs; j++)
            model->inputs[j] = (guint) g_test_rand_int_range (0, (int) i);
          model->state = predict (models, model);

          tasks[i] = g_object_new (DAG_TYPE_TASK,
                                   "context", workers[g_test_rand_int_range (0, N_WORKERS)]->context,
                                   "held", TRUE, NULL);
          dag_task_set_function (tasks[i], fail_or_succeed, model, NULL);
          for (guint j = 0; j < model->n_inputs; j++)
            {
              g_autoptr (GError) error = NULL;

              /* One that was skipped already takes no more. */
              if (!dag_task_add_prerequisite (tasks[i], tasks[model->inputs[j]], model->rule, &error))
                g_assert_error (error, DAG_ERROR, DAG_ERROR_STARTED);
            }
          dag_task_release (tasks[i]);
        }

      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        {
          dag_task_wait (tasks[i], NULL, NULL);
          g_assert_cmpint (dag_task_get_state (tasks[i]), ==, models[i].state);
        }

      unref_all (tasks, G_N_ELEMENTS (tasks));
    }

  for (guint i = 0; i < N_WORKERS; i++)
    test_worker_free (workers[i]);
}

/* Returning, cancelling and awaiting from everywhere */

static gpointer
return_thread (gpointer data)
{
  dag_task_return_int (data, 7);

  return NULL;
}

static void
test_return (void)
{
  g_test_summary ("A task may return from any thread, while its function is called and later");

  for (guint i = 0; i < 100; i++)
    {
      DagTask *task = dag_task_new (test_body_pending, NULL, NULL), *dependent;
      GThread *thread;

      dependent = dag_task_new_with_inputs (sum_body, GINT_TO_POINTER (1), NULL, &task, 1);
      while (dag_task_get_state (task) != DAG_STATE_RUNNING)
        test_iterate ();
      thread = g_thread_new ("return", return_thread, task);

      if (i % 2 == 0)
        {
          g_thread_join (thread);
          g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
        }

      g_main_context_push_thread_default (g_main_context_default ());
      test_settle (dependent);
      g_main_context_pop_thread_default (g_main_context_default ());
      if (i % 2 != 0)
        g_thread_join (thread);

      g_assert_cmpint (g_value_get_int (dag_task_get_value (dependent)), ==, 8);
      test_release (dependent);
      test_release (task);
    }
}

typedef struct {
  DagTask *task;
  GThread *thread;
  int      value;
} Awaited;

static void
awaited_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  Awaited *self = user_data;

  self->thread = g_thread_self ();
  self->value = g_value_get_int (dag_task_await_finish (self->task, result, NULL));
}

static void
await_in (gpointer data)
{
  Awaited *self = data;

  dag_task_await_async (self->task, NULL, awaited_cb, self);
}

static void
await_and_drain (gpointer data)
{
  Awaited *self = data;

  while (self->thread == NULL)
    test_iterate ();
}

static void
test_await (void)
{
  g_test_summary ("The callback of a wait runs where the wait began, whatever the context of the task");

  for (guint i = 0; i < 50; i++)
    {
      TestWorker *worker = test_worker_new ();
      DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
      Awaited early = { task }, late = { task };

      while (dag_task_get_state (task) != DAG_STATE_RUNNING)
        test_iterate ();

      test_worker_call (worker, await_in, &early);
      dag_task_return_int (task, 7);
      test_settle (task);
      test_worker_call (worker, await_in, &late);
      test_worker_call (worker, await_and_drain, &early);
      test_worker_call (worker, await_and_drain, &late);

      g_assert_true (early.thread == worker->thread && late.thread == worker->thread);
      g_assert_cmpint (early.value, ==, 7);
      g_assert_cmpint (late.value, ==, 7);

      test_worker_free (worker);
      test_release (task);
    }
}

static gpointer
await_once (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  gpointer *arguments = data;
  Awaited awaited = { arguments[0] };

  g_main_context_push_thread_default (context);
  test_barrier_wait (arguments[1]);
  await_in (&awaited);
  await_and_drain (&awaited);
  g_main_context_pop_thread_default (context);

  return GINT_TO_POINTER (awaited.value);
}

static void
test_await_race (void)
{
  g_test_summary ("A wait that begins in another thread while the task finishes is not lost");

  for (guint i = 0; i < 300; i++)
    {
      DagTask *task = dag_task_new (test_body_succeed, GINT_TO_POINTER (7), NULL);
      TestBarrier barrier;
      gpointer arguments[] = { task, &barrier };
      GThread *thread;

      test_barrier_init (&barrier, 2);
      thread = g_thread_new ("await", await_once, arguments);
      test_barrier_wait (&barrier);
      test_settle (task);
      g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, 7);
      test_release (task);
      test_barrier_clear (&barrier);
    }
}

/* Held tasks that are built elsewhere */

typedef struct {
  TestWorker  *worker;
  TestBarrier *barrier;
  DagTask     *task;
  guint        n_destroyed;
} Build;

static void
count_destroyed (gpointer data)
{
  ((Build *) data)->n_destroyed++;
}

static void
built_body (DagTask  *task,
            gpointer  user_data)
{
  g_assert_cmpuint (dag_task_get_n_arguments (task), ==, 4);
  g_assert_cmpint (dag_task_get_argument_int (task, 0), ==, 2);
  g_assert_cmpint (dag_task_get_argument_int (task, 1), ==, 1);
  g_assert_cmpint (dag_task_get_argument_int (task, 2), ==, 2);
  g_assert_cmpstr (dag_task_get_argument_string (task, 3), ==, "3");
  dag_task_return_int (task, 1);
}

static gpointer
cancel_thread (gpointer data)
{
  Build *build = data;

  test_barrier_wait (build->barrier);
  dag_task_cancel_unneeded (build->task);

  return NULL;
}

static void
test_held (void)
{
  TestWorker *worker = test_worker_new ();

  g_test_summary ("A held task can be built in another thread, and be cancelled meanwhile; nothing of "
                  "it is lost");

  for (guint i = 0; i < 200; i++)
    {
      TestBarrier barrier;
      Build build = { worker, &barrier };
      DagTask *first = new_in (worker, sum_body, GINT_TO_POINTER (1), NULL, 0);
      DagTask *second = new_in (worker, sum_body, GINT_TO_POINTER (1), &first, 1);
      DagTask *keeper = new_in (worker, sum_body, GINT_TO_POINTER (1), &second, 1);
      GThread *thread = NULL;

      test_barrier_init (&barrier, 2);
      build.task = g_object_new (DAG_TYPE_TASK, "context", worker->context, "held", TRUE, NULL);
      if (i % 2 == 0)
        {
          thread = g_thread_new ("cancel", cancel_thread, &build);
          test_barrier_wait (&barrier);
        }

      dag_task_set_function (build.task, built_body, &build, count_destroyed);
      dag_task_set_name (build.task, "built");
      dag_task_set_priority (build.task, G_PRIORITY_HIGH);
      dag_task_add_argument_int (build.task, 2);
      dag_task_add_input (build.task, first, DAG_RULE_SUCCEEDED, NULL);
      dag_task_add_input (build.task, second, DAG_RULE_SUCCEEDED, NULL);
      dag_task_add_argument_string (build.task, "3");
      g_assert_true (i % 2 == 0 || !dag_task_is_finished (build.task));
      dag_task_release (build.task);

      if (thread != NULL)
        g_thread_join (thread);
      dag_task_wait (build.task, NULL, NULL);

      /* Another needs it, so it was not cancelled with the one that was. */
      g_assert_cmpint (wait_for_int (keeper), ==, 3);
      /* Where it was cancelled when it had returned, that is what counts. */
      if (!dag_task_is_cancelled (build.task) ||
          dag_task_get_state (build.task) != DAG_STATE_CANCELLED)
        g_assert_cmpint (dag_task_get_state (build.task), ==, DAG_STATE_SUCCEEDED);

      g_object_unref (build.task);
      g_object_unref (keeper);
      g_object_unref (second);
      g_object_unref (first);
      /* What was to be done before is done when this has been. */
      test_worker_call (worker, (void (*) (gpointer)) test_drain, NULL);
      g_assert_cmpuint (build.n_destroyed, ==, 1);
      test_barrier_clear (&barrier);
    }

  test_worker_free (worker);
}

/* Cycles */

typedef struct {
  TestBarrier *barrier;
  DagTask     *dependent;
  DagTask     *dependency;
  gboolean     added;
} Edge;

static gpointer
add_edge (gpointer data)
{
  Edge *edge = data;
  g_autoptr (GError) error = NULL;

  test_barrier_wait (edge->barrier);
  edge->added = dag_task_add_input (edge->dependent, edge->dependency, DAG_RULE_SUCCEEDED, &error);
  if (!edge->added)
    g_assert_error (error, DAG_ERROR, DAG_ERROR_CYCLE);

  return NULL;
}

static void
test_cycle (void)
{
  g_test_summary ("Of two threads that close a cycle between them, exactly one succeeds");

  for (guint i = 0; i < 300; i++)
    {
      DagTask *tasks[4];
      Edge edges[2];
      TestBarrier barrier;
      GThread *thread;

      for (guint j = 0; j < 4; j++)
        tasks[j] = g_object_new (DAG_TYPE_TASK, "held", TRUE, NULL);
      g_assert_true (dag_task_add_input (tasks[1], tasks[0], DAG_RULE_SUCCEEDED, NULL));
      g_assert_true (dag_task_add_input (tasks[3], tasks[2], DAG_RULE_SUCCEEDED, NULL));

      test_barrier_init (&barrier, 2);
      edges[0] = (Edge) { &barrier, tasks[0], tasks[3] };
      edges[1] = (Edge) { &barrier, tasks[2], tasks[1] };
      thread = g_thread_new ("edge", add_edge, &edges[0]);
      add_edge (&edges[1]);
      g_thread_join (thread);
      g_assert_cmpint (edges[0].added + edges[1].added, ==, 1);

      for (guint j = 0; j < 4; j++)
        dag_task_release (tasks[j]);
      for (guint j = 0; j < 4; j++)
        {
          test_finish (tasks[j]);
          g_assert_cmpint (dag_task_get_state (tasks[j]), ==, DAG_STATE_SUCCEEDED);
        }
      for (guint j = 0; j < 4; j++)
        test_release (tasks[j]);
      test_barrier_clear (&barrier);
    }
}

/* The end of an object */

static void
note_thread (gpointer data)
{
  *(GThread **) data = g_thread_self ();
}

static void
return_noting (DagTask  *task,
               gpointer  user_data)
{
  dag_task_return_pointer (task, user_data, note_thread);
}

static gpointer
unref_thread (gpointer data)
{
  g_object_unref (data);

  return NULL;
}

static void
test_last_unref (void)
{
  TestWorker *worker = test_worker_new ();
  GThread *freed = NULL;
  DagTask *task;

  g_test_summary ("A task that is dropped in another thread is freed, with its result, in its own");

  task = new_in (worker, return_noting, &freed, NULL, 0);
  dag_task_wait (task, NULL, NULL);
  test_worker_call (worker, (void (*) (gpointer)) test_drain, NULL);
  g_thread_join (g_thread_new ("unref", unref_thread, task));
  test_worker_call (worker, (void (*) (gpointer)) test_drain, NULL);
  g_assert_true (freed == worker->thread);
  test_worker_free (worker);
}

/* Thread functions */

static void
run_thread_body (DagTask  *task,
                 gpointer  user_data)
{
  dag_task_run_in_thread (task, user_data);
}

static void
sum_in_thread (DagTask      *task,
               gpointer      source_object,
               gpointer      task_data,
               GCancellable *cancellable)
{
  int sum = 1;

  g_assert_nonnull (cancellable);
  for (guint i = 0; i < dag_task_get_n_arguments (task); i++)
    sum += dag_task_get_argument_int (task, i);
  dag_task_return_int (task, sum);
}

static void
nothing_in_thread (DagTask      *task,
                   gpointer      source_object,
                   gpointer      task_data,
                   GCancellable *cancellable)
{
}

static void
test_thread_functions (void)
{
  DagTask *tasks[200], *last = NULL, *forgetful;

  g_test_summary ("Thread functions return from their threads, and one that does not is abandoned");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    last = tasks[i] = dag_task_new_with_inputs (run_thread_body, sum_in_thread, NULL, &last, i > 0 ? 1 : 0);
  forgetful = dag_task_new (run_thread_body, nothing_in_thread, NULL);

  g_assert_cmpint (wait_for_int (last), ==, G_N_ELEMENTS (tasks));
  test_settle (forgetful);
  g_assert_error (dag_task_get_error (forgetful), DAG_ERROR, DAG_ERROR_ABANDONED);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      test_settle (tasks[i]);
      g_object_unref (tasks[i]);
    }
  g_object_unref (forgetful);
}

/* Each waits for one of the same kind that is one less deep. */
static void
recurse_in_thread (DagTask      *task,
                   gpointer      source_object,
                   gpointer      task_data,
                   GCancellable *cancellable)
{
  int depth = dag_task_get_argument_int (task, 0);
  GValue value = G_VALUE_INIT;
  g_autoptr (DagTask) next = NULL;

  if (depth == 0)
    {
      dag_task_return_int (task, 0);
      return;
    }

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, depth - 1);
  next = dag_task_new_with_arguments (run_thread_body, recurse_in_thread, NULL, &value, 1, NULL, 0);
  dag_task_return_int (task, wait_for_int (next) + 1);
}

static void
test_nested_waits (void)
{
  DagTask *tasks[4];
  GValue value = G_VALUE_INIT;
  GMainContext *context = g_main_context_default ();

  g_test_summary ("Thread functions that block for each other never run out of threads");

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 40);
  /* The other threads must not iterate this context. */
  g_main_context_push_thread_default (context);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = dag_task_new_with_arguments (run_thread_body, recurse_in_thread, NULL, &value, 1, NULL, 0);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      g_assert_cmpint (wait_for_int (tasks[i]), ==, 40);
      test_settle (tasks[i]);
      g_object_unref (tasks[i]);
    }
  g_main_context_pop_thread_default (context);
}

static void
until_cancelled_in_thread (DagTask      *task,
                           gpointer      source_object,
                           gpointer      task_data,
                           GCancellable *cancellable)
{
  while (!g_cancellable_is_cancelled (cancellable))
    g_thread_yield ();
  dag_task_return_int (task, 1);
}

static void
test_cancel_in_thread (void)
{
  g_test_summary ("The cancellable of a thread function is cancelled, however early it is asked for");

  for (guint i = 0; i < 300; i++)
    {
      DagTask *task = dag_task_new (run_thread_body, until_cancelled_in_thread, NULL);

      while (dag_task_get_state (task) != DAG_STATE_RUNNING)
        test_iterate ();
      dag_task_cancel (task);
      test_settle (task);
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
      g_object_unref (task);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-12/threads/ping-pong", test_ping_pong);
  g_test_add_func ("/promise-12/threads/fan-in", test_fan_in);
  g_test_add_func ("/promise-12/threads/random", test_random);
  g_test_add_func ("/promise-12/threads/return", test_return);
  g_test_add_func ("/promise-2/threads/await", test_await);
  g_test_add_func ("/promise-12/threads/await-race", test_await_race);
  g_test_add_func ("/promise-1/threads/held", test_held);
  g_test_add_func ("/promise-6/threads/cycle", test_cycle);
  g_test_add_func ("/promise-5/threads/last-unref", test_last_unref);
  g_test_add_func ("/promise-12/threads/functions", test_thread_functions);
  g_test_add_func ("/promise-12/threads/nested-waits", test_nested_waits);
  g_test_add_func ("/promise-9/threads/cancel", test_cancel_in_thread);

  return g_test_run ();
}
