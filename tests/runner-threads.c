/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Runners of several threads, and main contexts that end while tasks of a runner live in them. */

#include "runner-util.h"
#include "thread-util.h"

/* The library's calls come here, because a program's own functions go before those of the libraries.
 * The clock stands still unless a test says otherwise.
 */
static gint64 clock_now = G_USEC_PER_SEC;

gint64
g_get_monotonic_time (void)
{
  return clock_now;
}

static void
run_in (GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
}

/* Drops the last reference to a runner, which has a binding for which no property was set since. */
static void
assert_last_runner (TestBinding *binding)
{
  gpointer weak = binding->runner;

  g_object_add_weak_pointer (G_OBJECT (binding->runner), &weak);
  g_clear_object (&binding->runner);
  g_assert_null (weak);
  g_assert_finalize_object (binding);
}

static gboolean
check_context (TestJob *job)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  g_assert_true (context == dag_runner_get_context (job->binding->runner));
  g_assert_true (g_main_context_is_owner (context));

  return TRUE;
}

static void
test_given (void)
{
  GMainContext *context = g_main_context_new ();
  TestBinding *binding = test_binding_new (context);
  DagTask *task = test_binding_task (binding, "a", check_context, NULL), *dependent;

  g_test_summary ("Promise 2: tasks run in the context that their runner was given, whichever was "
                  "thread-default when they were made, and that is thread-default then");

  g_assert_true (dag_task_get_context (task) == context);
  g_assert_true (dag_runner_get_context (binding->runner) == context);
  dependent = test_binding_task (binding, "b", check_context, task);
  test_binding_await (binding, "waiter", check_context, task);
  test_drain ();
  assert_story ("");
  run_in (context);
  assert_story ("a waiter b");

  g_object_unref (dependent);
  g_object_unref (task);
  assert_last_runner (binding);
  g_main_context_unref (context);
}

/* Several threads. The table of a binding is its thread's, so that these do without. */

static gint n_called; /* atomic */

static gboolean
call_unknown (TestJob *job)
{
  g_assert_cmpint (job->id, >, 0);
  g_atomic_int_inc (&n_called);

  return check_context (job);
}

static void
side_begin (gpointer data)
{
  TestBinding **binding = data;

  *binding = test_binding_new (NULL);
  (*binding)->func = call_unknown;
}

static void
side_end (gpointer data)
{
  TestBinding **binding = data;

  test_binding_free (*binding);
}

static void
test_chain (void)
{
  TestWorker *worker = test_worker_new ();
  TestBinding *bindings[2];
  DagTask *tasks[401];

  g_test_summary ("Promise 12: a chain can go from a runner of one thread to that of another and back");

  n_called = 0;
  side_begin (&bindings[0]);
  test_worker_call (worker, side_begin, &bindings[1]);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = dag_runner_new_task (bindings[i % 2]->runner, 1 + i, 0, i > 0 ? &tasks[i - 1] : NULL,
                                    i > 0 ? 1 : 0);

  test_settle (tasks[G_N_ELEMENTS (tasks) - 1]);
  assert_state (tasks[G_N_ELEMENTS (tasks) - 1], DAG_STATE_SUCCEEDED);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    g_object_unref (tasks[i]);

  g_assert_cmpint (n_called, ==, G_N_ELEMENTS (tasks));
  test_worker_call (worker, side_end, &bindings[1]);
  test_worker_free (worker);
  side_end (&bindings[0]);
}

#define N_SIDES 4

typedef struct {
  TestBinding **bindings;
  GPtrArray    *tasks;
  TestBarrier  *barrier;
  guint         side;
  guint32       seed;
} Builder;

/* Makes tasks of all threads, which need one another, in any thread. */
static gpointer
build_thread (gpointer user_data)
{
  Builder *self = user_data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (self->seed);

  test_barrier_wait (self->barrier);
  for (guint i = 0; i < 500; i++)
    {
      guint n = i > 0 ? g_rand_int_range (rand, 0, 4) : 0;
      DagRunner *runner = self->bindings[g_rand_int_range (rand, 0, N_SIDES)]->runner;
      DagTask *inputs[3];

      for (guint j = 0; j < n; j++)
        inputs[j] = g_ptr_array_index (self->tasks, g_rand_int_range (rand, 0, i));
      g_ptr_array_add (self->tasks,
                       dag_runner_new_task (runner, 1 + i + 1000 * self->side,
                                            g_quark_from_static_string ("built"), inputs, n));
      if (i % 7 == 0)
        dag_runner_wake (runner);
    }

  return NULL;
}

static void
test_graph (void)
{
  TestWorker *workers[N_SIDES];
  TestBinding *bindings[N_SIDES];
  Builder builders[2];
  GThread *threads[G_N_ELEMENTS (builders)];
  TestBarrier barrier;

  g_test_summary ("Promise 12: any thread can make tasks of the runners of any other, which need one "
                  "another, while they run");

  n_called = 0;
  test_barrier_init (&barrier, G_N_ELEMENTS (builders));
  for (guint i = 0; i < N_SIDES; i++)
    {
      workers[i] = test_worker_new ();
      test_worker_call (workers[i], side_begin, &bindings[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (builders); i++)
    {
      builders[i] = (Builder) { bindings, g_ptr_array_new_with_free_func (g_object_unref), &barrier,
                                i, g_test_rand_int () };
      threads[i] = g_thread_new ("build", build_thread, &builders[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (builders); i++)
    {
      g_thread_join (threads[i]);
      for (guint j = 0; j < builders[i].tasks->len; j++)
        {
          DagTask *task = g_ptr_array_index (builders[i].tasks, j);

          g_assert_nonnull (dag_task_wait (task, NULL, NULL));
        }
      g_ptr_array_unref (builders[i].tasks);
    }
  for (guint i = 0; i < N_SIDES; i++)
    {
      test_worker_call (workers[i], side_end, &bindings[i]);
      test_worker_free (workers[i]);
    }
  g_assert_cmpint (n_called, ==, 1000);
  test_barrier_clear (&barrier);
}

/* Contexts that end */

/* Uses up the budget, so that what is ready stays so. */
static gboolean
use_up (TestJob *job)
{
  clock_now += 3000;

  return TRUE;
}

static void
test_context_ended (void)
{
  GMainContext *context = g_main_context_new ();
  TestBinding *binding = test_binding_new (context);
  DagTask *tasks[7], *elsewhere;
  TestJob *jobs[G_N_ELEMENTS (tasks)];

  g_test_summary ("Promise 14: when a context is destroyed the tasks of a runner in it are abandoned, "
                  "whatever they are at, no property is set, and tasks elsewhere hear of it");

  jobs[0] = test_binding_call (binding, "running", pend, NULL, NULL, 0, &tasks[0]);
  jobs[1] = test_binding_call (binding, "cancelled", pend, NULL, NULL, 0, &tasks[1]);
  run_in (context);
  dag_task_cancel (tasks[1]);
  jobs[2] = test_binding_call (binding, "waiting", NULL, NULL, tasks, 1, &tasks[2]);
  run_in (context);
  g_object_unref (test_binding_task (binding, "long", use_up, NULL));
  jobs[6] = test_binding_call (binding, "ready", NULL, NULL, NULL, 0, &tasks[6]);
  g_main_context_iteration (context, FALSE);
  assert_state (tasks[6], DAG_STATE_READY);
  jobs[3] = test_binding_call (binding, "new", NULL, NULL, NULL, 0, &tasks[3]);
  jobs[4] = test_binding_call (binding, "held", NULL, NULL, NULL, 0, &tasks[4]);
  dag_task_hold (tasks[4]);
  jobs[5] = test_binding_call (binding, "stopped", NULL, NULL, NULL, 0, &tasks[5]);
  dag_task_cancel (tasks[5]);
  elsewhere = dag_task_new_with_inputs (NULL, NULL, NULL, tasks, 4);
  dag_runner_wake (binding->runner);
  binding->n_set = 0;

  g_main_context_unref (context);
  g_assert_null (dag_runner_get_context (binding->runner));
  assert_story ("running cancelled -cancelled long");
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      g_assert_true (dag_task_get_settled (tasks[i]));
      if (i == 5)
        g_assert_error (dag_task_get_error (tasks[i]), G_IO_ERROR, G_IO_ERROR_CANCELLED);
      else
        g_assert_error (dag_task_get_error (tasks[i]), DAG_ERROR, DAG_ERROR_ABANDONED);
      assert_job (jobs[i], i < 2 ? 1 : 0, i == 1 ? 1 : 0);
    }
  test_settle (elsewhere);
  g_assert_error (dag_task_get_error (elsewhere), DAG_ERROR, DAG_ERROR_ABANDONED);
  test_release (elsewhere);

  /* What comes too late is taken in silence. */
  dag_task_return_int (tasks[0], 1);
  dag_task_release (tasks[4]);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    g_assert_finalize_object (tasks[G_N_ELEMENTS (tasks) - 1 - i]);

  /* And what is made now is abandoned at once. */
  tasks[0] = test_binding_task (binding, "late", NULL, NULL);
  g_assert_error (dag_task_get_error (tasks[0]), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_finalize_object (tasks[0]);
  dag_runner_wake (binding->runner);
  g_assert_cmpuint (binding->n_set, ==, 0);
  assert_last_runner (binding);
}

static void
test_dropped (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *pending, *tasks[20];
  gpointer weak = binding->runner;

  g_test_summary ("Tasks keep their runner until their functions have returned");

  pending = test_binding_task (binding, NULL, pend, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = test_binding_task (binding, NULL, NULL, i > 0 ? tasks[i - 1] : pending);
  g_object_add_weak_pointer (G_OBJECT (binding->runner), &weak);
  g_object_unref (binding->runner);

  test_drain ();
  assert_state (pending, DAG_STATE_RUNNING);
  g_assert_nonnull (weak);
  dag_task_return (pending);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_settle (tasks[i]);
  g_assert_null (weak);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_release (tasks[G_N_ELEMENTS (tasks) - 1 - i]);
  test_release (pending);
  binding->runner = NULL;
  g_assert_finalize_object (binding);
}

static gboolean
drop_here (TestJob *job)
{
  g_object_unref (job->binding->runner);

  return TRUE;
}

static void
test_dropped_inside (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, NULL, drop_here, NULL);
  gpointer weak = binding->runner;

  g_test_summary ("The last reference to a runner may be dropped by a function that it calls");

  g_object_add_weak_pointer (G_OBJECT (binding->runner), &weak);
  test_settle (task);
  g_assert_null (weak);
  test_release (task);
  binding->runner = NULL;
  g_assert_finalize_object (binding);
}

#define N_STORM 40

typedef struct {
  TestBarrier *barrier;
  DagRunner   *runner;
  DagTask     *tasks[N_STORM];
  DagTask     *made[N_STORM];
} Storm;

static gpointer
return_all (gpointer data)
{
  Storm *storm = data;

  test_barrier_wait (storm->barrier);
  for (guint i = 0; i < N_STORM; i++)
    dag_task_return_take_string (storm->tasks[i], g_strdup ("result"));

  return NULL;
}

static gpointer
cancel_all (gpointer data)
{
  Storm *storm = data;

  test_barrier_wait (storm->barrier);
  for (guint i = N_STORM; i > 0; i--)
    dag_task_cancel (storm->tasks[i - 1]);

  return NULL;
}

static gpointer
use_all (gpointer data)
{
  Storm *storm = data;

  test_barrier_wait (storm->barrier);
  for (guint i = 0; i < N_STORM; i++)
    {
      storm->made[i] = dag_runner_new_task (storm->runner, 1000 + i, 0, &storm->tasks[i], 1);
      dag_runner_settle (storm->runner, storm->made[i], 2000 + i);
      dag_runner_await (storm->runner, storm->tasks[i], 3000 + i);
      dag_runner_forget (storm->runner, 2000 + i);
      dag_runner_wake (storm->runner);
      if (i % 2)
        dag_task_cancel (storm->made[i]);
    }

  return NULL;
}

static gboolean
go_on (TestJob *job)
{
  return FALSE;
}

static void
test_storm (void)
{
  g_test_summary ("Promise 14: a context may end while other threads end the tasks of its runner, "
                  "wait for them and make new ones");

  for (guint round = 0; round < 80; round++)
    {
      GMainContext *context = g_main_context_new ();
      TestBinding *binding = test_binding_new (context);
      TestBarrier barrier;
      Storm storm = { &barrier, binding->runner };
      GThreadFunc functions[] = { return_all, cancel_all, use_all };
      GThread *threads[G_N_ELEMENTS (functions)];

      binding->func = go_on;
      for (guint i = 0; i < N_STORM; i++)
        storm.tasks[i] = dag_runner_new_task (binding->runner, 1 + i, 0, NULL, 0);
      run_in (context);

      g_assert_true (g_main_context_acquire (context));
      test_barrier_init (&barrier, G_N_ELEMENTS (functions) + 1);
      for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
        threads[i] = g_thread_new ("storm", functions[i], &storm);
      test_barrier_wait (&barrier);
      for (guint i = 0; i < round % 8; i++)
        g_main_context_iteration (context, FALSE);
      g_main_context_unref (context);

      for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
        g_thread_join (threads[i]);
      test_drain ();
      for (guint i = 0; i < N_STORM; i++)
        {
          g_assert_true (dag_task_get_settled (storm.tasks[i]));
          g_assert_true (dag_task_get_settled (storm.made[i]));
          dag_task_get_error (storm.tasks[i]);
          dag_task_get_error (storm.made[i]);
          g_assert_finalize_object (storm.made[i]);
          g_assert_finalize_object (storm.tasks[i]);
        }
      test_barrier_clear (&barrier);
      assert_last_runner (binding);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-2/runner/threads/given", test_given);
  g_test_add_func ("/promise-12/runner/threads/chain", test_chain);
  g_test_add_func ("/promise-12/runner/threads/graph", test_graph);
  g_test_add_func ("/promise-14/runner/threads/context-ended", test_context_ended);
  g_test_add_func ("/runner/threads/dropped", test_dropped);
  g_test_add_func ("/runner/threads/dropped-inside", test_dropped_inside);
  g_test_add_func ("/promise-14/runner/threads/storm", test_storm);

  return g_test_run ();
}
