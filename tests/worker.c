/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-worker.h"

/* Functions that are called in the threads of workers. */

/* Basics */

static int n_freed;

static void
free_result (gpointer data)
{
  note_home (&n_freed);
}

static void
return_pointer (DagTask  *task,
                gpointer  user_data)
{
  g_assert_true (g_thread_self () != main_thread);
  g_assert_null (g_main_context_get_thread_default ());
  g_assert_cmpint (*(int *) user_data, ==, 0);
  dag_task_return_pointer (task, user_data, free_result);
  /* It has returned, and its data is still there. */
  g_thread_yield ();
  g_assert_cmpint (*(int *) user_data, ==, 0);
}

static void
state_cb (DagTask    *task,
          GParamSpec *pspec,
          gpointer    user_data)
{
  g_autofree char *state = g_enum_to_string (DAG_TYPE_STATE, dag_task_get_state (task));

  g_assert_true (g_thread_self () == main_thread);
  g_string_append_printf (user_data, "%s ", state + strlen ("DAG_STATE_"));
}

static void
started_cb (DagTask  *task,
            gpointer  user_data)
{
  g_string_append (user_data, "started ");
}

static void
test_new_in_thread (void)
{
  g_autoptr (GString) story = g_string_new (NULL);
  int n_destroyed = 0;
  DagTask *task;

  g_test_summary ("Promise 2: A function is called in a thread, and everything else is in the context");

  n_freed = 0;
  task = dag_task_new_in_thread (return_pointer, &n_destroyed, note_home);
  g_assert_true (dag_task_get_worker (task) == dag_worker_get_default ());
  g_assert_nonnull (strstr (dag_task_get_location (task), "worker.c"));
  g_signal_connect (task, "notify::state", G_CALLBACK (state_cb), story);
  g_signal_connect (task, "started", G_CALLBACK (started_cb), story);
  test_finish (task);
  g_assert_cmpstr (story->str, ==, "READY RUNNING started SUCCEEDED ");
  g_assert_cmpint (n_destroyed, ==, 1);
  g_assert_cmpint (n_freed, ==, 0);
  test_release_from_thread (task);
  while (n_freed == 0)
    test_iterate ();
  g_assert_cmpint (n_freed, ==, 1);
}

static void
test_started (void)
{
  g_autoptr (GString) story = g_string_new (NULL);
  DagTask *task;

  g_test_summary ("Who listens to nothing but that a thread has begun is told");

  task = dag_task_new_in_thread (test_body_succeed, NULL, NULL);
  g_signal_connect (task, "started", G_CALLBACK (started_cb), story);
  test_finish (task);
  g_assert_cmpstr (story->str, ==, "started ");
  test_release_from_thread (task);
}

/* Arguments stay until the thread function has come back, whatever the task returns meanwhile. */

static gint followed;

static void
read_in_thread (DagTask      *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  do
    for (guint i = 0; i < 3; i++)
      g_assert_cmpint (dag_task_get_argument_int (task, i), ==, i);
  while (!g_atomic_int_get (&followed));
}

static void
read_and_follow (DagTask  *task,
                 gpointer  other)
{
  g_atomic_int_set (&followed, FALSE);
  dag_task_run_in_thread (task, read_in_thread);
  dag_task_return_task (task, other);
  g_atomic_int_set (&followed, TRUE);
}

static void
test_read_and_follow (void)
{
  g_test_summary ("A thread function reads its arguments while the task returns another one");

  for (guint round = 0; round < test_size (1000); round++)
    {
      DagTask *inputs[3], *other, *task;

      for (guint i = 0; i < 3; i++)
        inputs[i] = dag_task_new (test_body_succeed, GUINT_TO_POINTER (i), NULL);
      other = dag_task_new (test_body_succeed, GINT_TO_POINTER (7), NULL);
      task = dag_task_new_with_inputs (read_and_follow, other, NULL, inputs, 3);

      test_settle (task);
      test_assert_int (task, 7);

      test_release_from_thread (task);
      test_release (other);
      for (guint i = 0; i < 3; i++)
        test_release (inputs[i]);
    }
}

static void
noted_cb (int *n_notified)
{
  (*n_notified)++;
}

static void
test_property (void)
{
  DagWorker *worker = dag_worker_new ("test", 3), *got;
  g_autofree char *name = NULL;
  GValue values[2] = { G_VALUE_INIT, G_VALUE_INIT };
  DagTask *one, *two, *plain;
  int n_notified = 0;
  guint n;

  g_test_summary ("Every constructor serves: a worker is a property of a task that is built");

  g_object_get (worker, "name", &name, "max-threads", &n, NULL);
  g_assert_cmpstr (name, ==, "test");
  g_assert_cmpstr (dag_worker_get_name (worker), ==, "test");
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpuint (dag_worker_get_max_threads (dag_worker_get_default ()), ==,
                    g_get_num_processors ());

  one = dag_task_new (test_body_succeed, GINT_TO_POINTER (1), NULL);
  g_signal_connect_swapped (one, "notify::worker", G_CALLBACK (noted_cb), &n_notified);
  g_assert_null (dag_task_get_worker (one));
  g_object_set (one, "worker", worker, NULL);
  g_object_set (one, "worker", worker, NULL);
  g_object_get (one, "worker", &got, NULL);
  g_assert_true (got == worker);
  g_object_unref (got);
  g_assert_cmpint (n_notified, ==, 1);

  g_value_init (&values[0], DAG_TYPE_TASK);
  g_value_set_object (&values[0], one);
  g_value_init (&values[1], G_TYPE_INT);
  g_value_set_int (&values[1], 41);
  two = dag_task_new_with_arguments (add_up, main_thread, NULL, values, 2, NULL, 0);
  dag_task_set_worker (two, worker);
  plain = dag_task_new_with_inputs (add_up, NULL, NULL, &two, 1);
  dag_task_set_worker (plain, worker);
  dag_task_set_worker (plain, NULL);
  g_value_unset (&values[0]);

  test_finish (plain);
  test_assert_int (plain, 42);
  test_release_from_thread (plain);
  test_release_from_thread (two);
  test_release_from_thread (one);
  g_object_unref (worker);
}

DAG_DEFINE_TASK_IN_THREAD (square, (int, number), (GThread **, thread, DAG_POINTER))
{
  g_assert_true (cancellable == dag_task_get_cancellable (task));
  *thread = g_thread_self ();
  dag_task_return_int (task, number * number);
}

static void
test_functional (void)
{
  DagWorker *worker = dag_worker_new ("functional", 1);
  GThread *thread[3] = { NULL };
  DagTask *two, *four, *sixteen;

  g_test_summary ("DAG_DEFINE_TASK_IN_THREAD () runs on the default worker, or on the one it is given");

  two = dag_call_full (square, 2, &thread[0]);
  g_assert_true (dag_task_get_worker (two) == dag_worker_get_default ());
  dag_task_set_worker (two, worker);
  four = g_object_ref (dag_with (dag_call (square, two, &thread[1]), "worker", worker, NULL));
  sixteen = dag_call_full (square, four, &thread[2]);
  test_finish (sixteen);
  test_assert_int (sixteen, 256);
  g_assert_true (thread[0] == thread[1]);
  g_assert_true (thread[0] != thread[2]);
  test_release_from_thread (sixteen);
  test_release_from_thread (four);
  test_release_from_thread (two);
  g_object_unref (worker);
}

static void
forget (DagTask  *task,
        gpointer  user_data)
{
}

static void
test_abandoned (void)
{
  DagTask *task = dag_task_new_in_thread (forget, NULL, NULL);

  g_test_summary ("Promise 8: A function that comes back from its thread without an outcome");

  test_finish (task);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
  test_release_from_thread (task);
}

static void
push_context (DagTask  *task,
              gpointer  user_data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (DagTask) inner = NULL;

  g_main_context_push_thread_default (context);
  inner = dag_task_new (test_body_succeed, GINT_TO_POINTER (5), NULL);
  dag_task_return_value (task, dag_task_wait (inner, NULL, NULL));
  if (user_data == NULL)
    g_main_context_pop_thread_default (context);
}

static void
test_thread_default (void)
{
  DagWorker *worker = dag_worker_new ("contexts", 1);
  DagTask *task = new_on (worker, push_context, NULL);

  g_test_summary ("A function may push a main context in its thread, and has to pop it");

  test_finish (task);
  test_assert_int (task, 5);
  test_release_from_thread (task);

  /* Messages of other threads are not for g_test_expect_message (). */
  if (g_test_subprocess ())
    {
      task = new_on (worker, push_context, task);
      test_finish (task);
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*left a main context behind*");
  g_object_unref (worker);
}

/* The end */

static int n_threads;  /* atomic */

static void
thread_ended (gpointer data)
{
  g_atomic_int_dec_and_test (&n_threads);
}

static GPrivate thread_mark = G_PRIVATE_INIT (thread_ended);

static void
mark_thread (DagTask  *task,
             gpointer  user_data)
{
  if (g_private_get (&thread_mark) == NULL)
    {
      g_private_set (&thread_mark, task);
      g_atomic_int_inc (&n_threads);
    }
  if (user_data != NULL)
    gate_pass (user_data);
  g_atomic_int_inc (&n_freed);
  dag_task_return (task);
}

static void
test_end (void)
{
  g_test_summary ("A worker that is let go of does what is queued, and then its threads end");

  for (guint max = 1; max <= 4; max++)
    {
      DagWorker *worker = dag_worker_new ("end", max);
      gpointer weak = worker;
      DagTask *tasks[30];
      Gate gate;

      gate_init (&gate);
      n_freed = 0;
      g_object_add_weak_pointer (G_OBJECT (worker), &weak);
      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        tasks[i] = new_on (worker, mark_thread, &gate);
      test_drain ();
      gate_wait_for (&gate, max);
      g_object_unref (worker);
      gate_open (&gate);
      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        test_release_from_thread (tasks[i]);
      g_assert_cmpint (n_freed, ==, G_N_ELEMENTS (tasks));
      while (weak != NULL)
        test_iterate ();
      while (g_atomic_int_get (&n_threads) > 0)
        g_thread_yield ();
      gate_clear (&gate);
    }

  /* One that never had anything to do. */
  g_object_unref (dag_worker_new (NULL, 0));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  main_thread = g_thread_self ();

  g_test_add_func ("/promise-2/worker/new-in-thread", test_new_in_thread);
  g_test_add_func ("/worker/started", test_started);
  g_test_add_func ("/worker/read-and-follow", test_read_and_follow);
  g_test_add_func ("/worker/property", test_property);
  g_test_add_func ("/worker/functional", test_functional);
  g_test_add_func ("/promise-8/worker/abandoned", test_abandoned);
  g_test_add_func ("/worker/thread-default", test_thread_default);
  g_test_add_func ("/worker/end", test_end);

  return g_test_run ();
}
