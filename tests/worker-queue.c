/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-worker.h"

/* Tasks that wait for a thread. */

/* Order */

static GString *order;

static void
note_order (DagTask  *task,
            gpointer  user_data)
{
  /* There is only one thread. */
  g_string_append (order, user_data);
  dag_task_return (task);
}

static gpointer
set_first (gpointer task)
{
  dag_task_set_priority (task, -100);

  return NULL;
}

static void
test_priority (void)
{
  const char *names[] = { "a", "b", "c", "d", "e", "f" };
  int priorities[] = { 0, 0, -10, 10, 0, -10 };
  DagTask *busy, *tasks[6], *late;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("Promise 13: Threads take what is next by its priority at that time, then by age");

  worker = new_busy (&gate, &busy);
  order = g_string_new (NULL);
  for (guint i = 0; i < 6; i++)
    {
      tasks[i] = new_on (worker, note_order, (gpointer) names[i]);
      dag_task_set_priority (tasks[i], priorities[i]);
    }
  test_drain ();
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (dag_task_get_state (tasks[i]), ==, DAG_STATE_READY);

  /* d, which was the last, becomes the first; e goes behind. One comes later. */
  g_thread_join (g_thread_new ("priority", set_first, tasks[3]));
  dag_task_set_priority (tasks[4], 20);
  test_drain ();
  late = new_on (worker, note_order, (gpointer) "z");
  dag_task_set_priority (late, -50);
  test_drain ();

  release_busy (&gate, busy, worker);
  for (guint i = 0; i < 6; i++)
    test_release_from_thread (tasks[i]);
  test_release_from_thread (late);
  g_assert_cmpstr (order->str, ==, "dzcfabe");
  g_string_free (order, TRUE);
}

/* While it waits for a thread */

static void
never (DagTask  *task,
       gpointer  user_data)
{
  g_assert_not_reached ();
}

static void
never_thread (DagTask      *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  g_assert_not_reached ();
}

static void
never_data (gpointer data)
{
  note_home (data);
}

static void
test_cancelled (void)
{
  DagTask *busy, *task, *external;
  DagWorker *worker;
  Gate gate;
  int n_destroyed = 0;

  g_test_summary ("Promise 9: What is cancelled while it waits for a thread ends, and never starts");

  worker = new_busy (&gate, &busy);

  task = dag_task_new (never, &n_destroyed, never_data);
  dag_task_set_worker (task, worker);
  test_drain ();
  dag_task_cancel (task);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  test_release_from_thread (task);
  g_assert_cmpint (n_destroyed, ==, 1);

  task = new_on (worker, never, NULL);
  test_drain ();
  dag_task_set_deadline (task, 1);
  test_finish (task);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  test_release_from_thread (task);

  external = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  dag_task_set_worker (external, worker);
  dag_task_run_in_thread (external, never_thread);
  dag_task_run_in_thread (external, never_thread);
  test_drain ();
  dag_task_cancel (external);
  test_finish (external);
  g_assert_cmpint (dag_task_get_state (external), ==, DAG_STATE_CANCELLED);
  test_release_from_thread (external);

  external = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  dag_task_set_worker (external, worker);
  dag_task_cancel (external);
  dag_task_run_in_thread (external, never_thread);
  test_finish (external);
  g_assert_cmpint (dag_task_get_state (external), ==, DAG_STATE_CANCELLED);
  test_release_from_thread (external);

  release_busy (&gate, busy, worker);
}

static void
sum_thread (DagTask      *task,
            gpointer      source_object,
            gpointer      task_data,
            GCancellable *cancellable)
{
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  dag_task_return_int (task, 7);
}

static void
test_unchecked (void)
{
  DagTask *busy, *external;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("A function that wants to be called when it was cancelled, is");

  worker = new_busy (&gate, &busy);
  external = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  dag_task_set_check_cancellable (external, FALSE);
  dag_task_set_worker (external, worker);
  dag_task_run_in_thread (external, sum_thread);
  dag_task_cancel (external);
  test_drain ();
  release_busy (&gate, busy, worker);
  test_finish (external);
  test_assert_int (external, 7);
  test_release_from_thread (external);
}

static void
until_cancelled (DagTask  *task,
                 gpointer  user_data)
{
  GPollFD fd;

  g_assert_true (g_cancellable_make_pollfd (dag_task_get_cancellable (task), &fd));
  while (g_poll (&fd, 1, -1) <= 0)
    ;
  g_cancellable_release_fd (dag_task_get_cancellable (task));
  if (user_data != NULL)
    gate_pass (user_data);
  dag_task_return_boolean (task, TRUE);
}

static void
test_timeout (void)
{
  DagTask *busy, *patient, *slow, *clock;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("A timeout counts from when a thread begins, not while one is waited for");

  worker = new_busy (&gate, &busy);
  patient = new_on (worker, test_body_succeed, GINT_TO_POINTER (3));
  dag_task_set_timeout (patient, 60000);
  slow = new_on (worker, until_cancelled, NULL);
  dag_task_set_timeout (slow, 2);
  clock = dag_task_new_delay (20);
  test_release_from_thread (clock);
  g_assert_cmpint (dag_task_get_state (slow), ==, DAG_STATE_READY);
  g_assert_false (dag_task_is_late (slow));
  release_busy (&gate, busy, worker);
  test_finish (patient);
  test_assert_int (patient, 3);
  test_finish (slow);
  g_assert_error (dag_task_get_error (slow), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  test_release_from_thread (patient);
  test_release_from_thread (slow);
}

static void
return_and_stay (DagTask  *task,
                 gpointer  user_data)
{
  dag_task_return_int (task, 3);
  gate_pass (user_data);
}

static void
test_returned_in_time (void)
{
  g_autoptr (GCancellable) cancellable = NULL;
  DagTask *task, *clock;
  Gate gate;

  g_test_summary ("What has returned in time is not late when it takes longer to come back");

  gate_init (&gate);
  task = dag_task_new_in_thread (return_and_stay, &gate, NULL);
  cancellable = g_object_ref (dag_task_get_cancellable (task));
  test_drain ();
  gate_wait_for (&gate, 1);
  dag_task_set_timeout (task, 1);
  clock = dag_task_new_delay (20);
  test_release_from_thread (clock);

  g_assert_false (dag_task_is_late (task));
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  gate_open (&gate);
  test_settle (task);
  test_assert_int (task, 3);
  g_assert_false (dag_task_is_late (task));
  test_release_from_thread (task);
  gate_clear (&gate);
}

static void
test_return_on_cancel (void)
{
  DagTask *task;
  Gate gate;

  g_test_summary ("Promise 9: With return-on-cancel it is over at once, and settles when it comes back");

  gate_init (&gate);
  task = dag_task_new_in_thread (until_cancelled, &gate, NULL);
  dag_task_set_return_on_cancel (task, TRUE);
  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();
  dag_task_cancel (task);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  gate_wait_for (&gate, 1);
  test_drain ();
  g_assert_false (dag_task_get_settled (task));
  gate_open (&gate);
  test_release_from_thread (task);
  gate_clear (&gate);
}

static void
test_changed (void)
{
  DagTask *busy, *task, *more;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("Promise 6: What waits for a thread can still get a dependency, or be held");

  worker = new_busy (&gate, &busy);
  more = dag_task_new (test_body_pending, NULL, NULL);
  task = new_on (worker, add_up, main_thread);
  dag_task_add_argument_int (task, 1);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_READY);
  dag_task_add_argument_int (task, 10);
  g_assert_true (dag_task_add_input (task, more, DAG_RULE_SUCCEEDED, NULL));
  test_assert_critical ("dag_task_set_worker: * waits for a thread",
                        dag_task_set_worker (task, NULL));

  release_busy (&gate, busy, worker);
  while (dag_task_get_state (task) != DAG_STATE_WAITING)
    test_iterate ();
  dag_task_hold (task);
  dag_task_return_int (more, 100);
  test_settle (more);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);
  dag_task_release (task);
  test_finish (task);
  test_assert_int (task, 111);
  test_assert_critical ("dag_task_set_worker: * has already started*",
                        dag_task_set_worker (task, NULL));
  test_release_from_thread (task);
  test_release_from_thread (more);
}

static void
count_up (DagTask  *task,
          gpointer  user_data)
{
  g_atomic_int_inc ((int *) user_data);
  dag_task_return (task);
}

static void
test_limiter (void)
{
  g_autoptr (DagLimiter) limiter = dag_limiter_new (0);
  DagTask *busy, *task, *other, *last;
  DagWorker *worker;
  Gate gate;
  int ran = 0;

  g_test_summary ("What waits for a thread and is given a limiter does not begin without a slot, even "
                  "if its context does not come to it before a thread does");

  worker = new_busy (&gate, &busy);
  task = new_on (worker, add_up, NULL);
  other = new_on (worker, add_up, NULL);
  last = new_on (worker, count_up, &ran);
  test_drain ();

  dag_task_add_limiter (task, limiter);
  dag_task_set_limiter (other, limiter);
  gate_open (&gate);
  while (g_atomic_int_get (&ran) == 0)
    g_thread_yield ();
  g_assert_cmpuint (dag_task_get_attempt (task), ==, 0);
  g_assert_cmpuint (dag_task_get_attempt (other), ==, 0);

  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_READY);
  g_assert_cmpuint (dag_limiter_get_n_waiting (limiter), ==, 2);

  dag_limiter_set_limit (limiter, 1);
  test_settle (task);
  test_settle (other);
  g_assert_cmpuint (dag_limiter_get_n_running (limiter), ==, 0);

  test_release_from_thread (task);
  test_release_from_thread (other);
  test_release_from_thread (last);
  release_busy (&gate, busy, worker);
}

static void
test_refused (void)
{
  DagTask *busy, *task, *more;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("What waits for a thread is skipped when something it needs turns out to fail");

  worker = new_busy (&gate, &busy);
  more = dag_task_new (test_body_fail, NULL, NULL);
  dag_task_hold (more);
  task = new_on (worker, never, NULL);
  test_drain ();
  dag_task_add_prerequisite (task, more, DAG_RULE_SUCCEEDED, NULL);
  dag_task_release (more);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SKIPPED);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  test_release_from_thread (task);
  test_release_from_thread (more);
  release_busy (&gate, busy, worker);
}

static void
test_context_ends (void)
{
  GMainContext *context = g_main_context_new ();
  DagTask *running, *queued;
  DagWorker *worker = dag_worker_new ("end", 1);
  Gate gate;

  g_test_summary ("Promise 14: A main context can end while functions are in threads, or on the way");

  gate_init (&gate);
  g_main_context_push_thread_default (context);
  running = new_on (worker, pass, &gate);
  queued = new_on (worker, never, NULL);
  test_drain ();
  gate_wait_for (&gate, 1);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  g_assert_error (dag_task_get_error (queued), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_error (dag_task_get_error (running), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_true (dag_task_get_settled (queued));
  g_assert_false (dag_task_get_settled (running));
  gate_open (&gate);
  while (!dag_task_get_settled (running))
    g_thread_yield ();
  g_object_unref (queued);
  g_object_unref (running);
  gate_clear (&gate);
  g_object_unref (worker);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  main_thread = g_thread_self ();

  g_test_add_func ("/promise-13/worker/priority", test_priority);
  g_test_add_func ("/promise-9/worker/cancelled", test_cancelled);
  g_test_add_func ("/worker/unchecked", test_unchecked);
  g_test_add_func ("/worker/timeout", test_timeout);
  g_test_add_func ("/worker/returned-in-time", test_returned_in_time);
  g_test_add_func ("/promise-9/worker/return-on-cancel", test_return_on_cancel);
  g_test_add_func ("/promise-6/worker/changed", test_changed);
  g_test_add_func ("/worker/limiter", test_limiter);
  g_test_add_func ("/worker/refused", test_refused);
  g_test_add_func ("/promise-14/worker/context-ends", test_context_ends);

  return g_test_run ();
}
