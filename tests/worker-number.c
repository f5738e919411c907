/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-worker.h"

/* How many threads a worker has, and that they do. */

static void
note_thread (DagTask  *task,
             gpointer  user_data)
{
  GThread **thread = user_data;

  if (*thread == NULL)
    *thread = g_thread_self ();
  dag_task_return_boolean (task, *thread == g_thread_self ());
}

static void
test_same_thread (void)
{
  DagWorker *worker = dag_worker_new ("single", 1);
  GThread *thread = NULL;

  g_test_summary ("A worker of one thread always has the same one");

  for (guint i = 0; i < 50; i++)
    {
      DagTask *tasks[20];

      for (guint j = 0; j < G_N_ELEMENTS (tasks); j++)
        tasks[j] = new_on (worker, note_thread, &thread);
      for (guint j = 0; j < G_N_ELEMENTS (tasks); j++)
        {
          test_finish (tasks[j]);
          g_assert_true (g_value_get_boolean (dag_task_get_value (tasks[j])));
          test_release_from_thread (tasks[j]);
        }
    }
  g_object_unref (worker);
}

static void
test_number (void)
{
  DagWorker *worker = dag_worker_new ("three", 3);
  DagTask *tasks[30];
  Gate gate;

  g_test_summary ("As many threads as a worker is made for are at work, and not more");

  gate_init (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = new_on (worker, pass, &gate);
  test_drain ();
  gate_wait_for (&gate, 3);
  test_drain ();
  gate_open (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_release_from_thread (tasks[i]);
  g_assert_cmpuint (gate.n_most, ==, 3);
  gate_clear (&gate);
  g_object_unref (worker);
}

static void
pass_blocking (DagTask  *task,
               gpointer  user_data)
{
  dag_worker_begin_blocking ();
  dag_worker_begin_blocking ();
  gate_pass (user_data);
  dag_worker_end_blocking ();
  dag_worker_end_blocking ();
  dag_task_return (task);
}

static void
test_blocking (void)
{
  DagWorker *worker = dag_worker_new ("blocking", 2);
  DagTask *tasks[40], *last;
  Gate gate, last_gate;

  g_test_summary ("Functions that say that they block make room for others, until they go on");

  gate_init (&gate);
  gate_init (&last_gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = new_on (worker, pass_blocking, &gate);
  last = new_on (worker, pass, &last_gate);
  test_drain ();
  gate_wait_for (&gate, G_N_ELEMENTS (tasks));
  gate_wait_for (&last_gate, 1);
  gate_open (&last_gate);
  gate_open (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_release_from_thread (tasks[i]);
  test_release_from_thread (last);
  gate_clear (&gate);
  gate_clear (&last_gate);

  /* There are as few at work as before. */
  gate_init (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = new_on (worker, pass, &gate);
  test_drain ();
  gate_wait_for (&gate, 2);
  gate_open (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_release_from_thread (tasks[i]);
  g_assert_cmpuint (gate.n_most, ==, 2);
  gate_clear (&gate);
  g_object_unref (worker);

  /* Where there is no worker it means nothing. */
  dag_worker_begin_blocking ();
  dag_worker_end_blocking ();
  test_assert_critical ("dag_worker_end_blocking: *", dag_worker_end_blocking ());
}

/* Chains */

typedef struct {
  DagWorker *worker;
  DagTask   *next;  /* (nullable) */
} Link;

static int
wait_for (DagTask *task)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = dag_task_wait (task, NULL, &error);

  g_assert_no_error (error);

  return g_value_get_int (value);
}

static void
nest (DagTask  *task,
      gpointer  user_data)
{
  DagWorker *worker = dag_task_get_worker (task);
  g_autoptr (DagTask) inner = NULL;
  int depth = GPOINTER_TO_INT (user_data);

  if (depth > 0)
    {
      inner = g_object_new (DAG_TYPE_TASK, "held", TRUE, "worker", worker, NULL);
      dag_task_set_function (inner, nest, GINT_TO_POINTER (depth - 1), NULL);
      dag_task_release (inner);
    }
  dag_task_return_int (task, inner != NULL ? wait_for (inner) + 1 : 0);
}

static void
wait_for_next (DagTask  *task,
               gpointer  user_data)
{
  Link *link = user_data;
  g_autoptr (DagTask) inner = g_object_new (DAG_TYPE_TASK, "held", TRUE, "worker", link->worker,
                                            NULL);
  int sum;

  dag_task_set_function (inner, nest, GINT_TO_POINTER (2), NULL);
  dag_task_release (inner);
  sum = link->next != NULL ? wait_for (link->next) : 0;
  dag_task_return_int (task, sum + wait_for (inner));
}

static void
check_chain (DagWorker *worker)
{
  guint n = test_size (1000);
  g_autofree Link *links = g_new0 (Link, n);
  g_autofree DagTask **tasks = g_new0 (DagTask *, n);
  GMainContext *context = g_main_context_default ();

  /* The threads must not iterate this context. */
  g_main_context_push_thread_default (context);

  /* Those that others wait for come last. */
  for (guint i = n; i-- > 0;)
    {
      links[i].worker = worker;
      links[i].next = i + 1 < n ? tasks[i + 1] : NULL;
      tasks[i] = g_object_new (DAG_TYPE_TASK, "held", TRUE, "worker", worker, NULL);
      dag_task_set_function (tasks[i], wait_for_next, &links[i], NULL);
    }
  for (guint i = 0; i < n; i++)
    dag_task_release (tasks[i]);
  for (guint i = 0; i < n; i++)
    {
      test_finish (tasks[i]);
      test_assert_int (tasks[i], 2 * (n - i));
    }
  for (guint i = 0; i < n; i++)
    test_release_from_thread (tasks[i]);

  g_main_context_pop_thread_default (context);
}

static void
test_chain (void)
{
  DagWorker *worker = dag_worker_new ("two", 2);

  g_test_summary ("Promise 12: A thousand functions that wait for one another, nested three deep");

  check_chain (dag_worker_get_default ());
  check_chain (worker);
  g_object_unref (worker);
}

static void
wait_in_vain (DagTask  *task,
              gpointer  user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dag_task_wait (user_data, NULL, &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_WOULD_BLOCK);
  dag_task_return (task);
}

static void
test_would_block (void)
{
  DagWorker *worker = dag_worker_new ("single", 1);
  DagTask *waiter, *other, *dependent;
  GMainContext *context = g_main_context_default ();

  g_test_summary ("The only thread of a worker cannot wait for what needs that thread");

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 2; i++)
    {
      other = new_on (worker, test_body_succeed, NULL);
      dag_task_hold (other);
      dependent = dag_task_new (test_body_succeed, NULL, NULL);
      dag_task_add_prerequisite (dependent, other, DAG_RULE_SUCCEEDED, NULL);
      waiter = new_on (worker, wait_in_vain, i == 0 ? other : dependent);
      test_finish (waiter);
      dag_task_release (other);
      test_finish (dependent);
      test_release_from_thread (waiter);
      test_release_from_thread (dependent);
      test_release_from_thread (other);
    }
  g_main_context_pop_thread_default (context);
  g_object_unref (worker);
}

typedef struct {
  DagTask *other;
  gint     done;  /* atomic */
} Vain;

static void
wait_for_failed (DagTask  *task,
                 gpointer  user_data)
{
  Vain *vain = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_null (dag_task_wait (vain->other, NULL, &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_WOULD_BLOCK);
  dag_task_return (task);
  g_atomic_int_set (&vain->done, TRUE);
}

static void
test_would_block_again (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (2, 0);
  DagTask *busy, *waiter;
  DagWorker *worker;
  Vain vain = { NULL, FALSE };
  Gate gate;

  g_test_summary ("The only thread of a worker cannot wait for what has just failed there and will be "
                  "tried again");

  g_assert_true (g_main_context_acquire (NULL));
  worker = new_busy (&gate, &busy);
  vain.other = new_on (worker, test_body_fail, NULL);
  dag_task_set_retry (vain.other, retry);
  waiter = new_on (worker, wait_for_failed, &vain);
  test_drain ();
  gate_open (&gate);
  while (!g_atomic_int_get (&vain.done))
    g_thread_yield ();

  test_settle (vain.other);
  g_assert_error (dag_task_get_error (vain.other), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpuint (dag_task_get_attempt (vain.other), ==, 2);
  test_release_from_thread (waiter);
  test_release_from_thread (vain.other);
  release_busy (&gate, busy, worker);
  g_main_context_release (NULL);
}

/* Everything at once */

static void
busy_body (DagTask  *task,
           gpointer  user_data)
{
  int sum = 1;

  for (guint i = 0; i < dag_task_get_n_arguments (task); i++)
    sum += dag_task_get_argument_int (task, i) % 2;
  if (GPOINTER_TO_INT (user_data) == 1)
    dag_worker_begin_blocking ();
  g_thread_yield ();
  if (GPOINTER_TO_INT (user_data) == 1)
    dag_worker_end_blocking ();
  if (GPOINTER_TO_INT (user_data) == 2)
    dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "Busy");
  else
    dag_task_return_int (task, sum);
}

static gpointer
disturb (gpointer data)
{
  GPtrArray *tasks = data;
  GRand *rand = g_rand_new_with_seed (7);

  for (guint i = 0; i < tasks->len; i++)
    {
      DagTask *task = tasks->pdata[g_rand_int_range (rand, 0, tasks->len)];

      if (i % 5 == 0)
        dag_task_cancel (task);
      else
        dag_task_set_priority (task, g_rand_int_range (rand, -20, 20));
    }
  g_rand_free (rand);

  return NULL;
}

static void
test_random (void)
{
  guint n = test_size (4000);
  DagWorker *workers[4] = { dag_worker_get_default (), dag_worker_new ("1", 1),
                            dag_worker_new ("2", 2), NULL };
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);

  g_test_summary ("Priorities, cancellations and ends come from everywhere at any time");

  for (guint round = 0; round < 5; round++)
    {
      g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
      GThread *thread;

      for (guint i = 0; i < n; i++)
        {
          int kind = g_rand_int_range (rand, 0, 20);
          DagTask *inputs[2] = { NULL }, *task;
          guint n_inputs = MIN (i, 2);

          for (guint j = 0; j < n_inputs; j++)
            inputs[j] = tasks->pdata[g_rand_int_range (rand, i > 50 ? i - 50 : 0, i)];
          task = dag_task_new_with_inputs (busy_body, GINT_TO_POINTER (kind == 2 && i % 7 ? 0 : kind),
                                           NULL, inputs, n_inputs);
          dag_task_set_worker (task, workers[g_rand_int_range (rand, 0, 4)]);
          if (kind == 3)
            dag_task_set_timeout (task, 1);
          if (kind == 4)
            dag_task_set_return_on_cancel (task, TRUE);
          g_ptr_array_add (tasks, task);
        }
      thread = g_thread_new ("disturb", disturb, tasks);
      for (guint i = 0; i < n; i++)
        test_finish (tasks->pdata[i]);
      g_thread_join (thread);
      for (guint i = 0; i < n; i++)
        {
          dag_task_get_error (tasks->pdata[i]);
          test_settle (tasks->pdata[i]);
        }
      for (guint i = 0; i < n; i++)
        g_object_unref (tasks->pdata[i]);
      test_drain ();
    }

  g_object_unref (workers[1]);
  g_object_unref (workers[2]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  main_thread = g_thread_self ();

  g_test_add_func ("/worker/same-thread", test_same_thread);
  g_test_add_func ("/worker/number", test_number);
  g_test_add_func ("/worker/blocking", test_blocking);
  g_test_add_func ("/promise-12/worker/chain", test_chain);
  g_test_add_func ("/worker/would-block", test_would_block);
  g_test_add_func ("/worker/would-block-again", test_would_block_again);
  g_test_add_func ("/worker/random", test_random);

  return g_test_run ();
}
