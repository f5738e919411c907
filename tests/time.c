/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Timeouts and deadlines. */

#include "thread-util.h"

#define LONG 3600000  /* ms: it never comes */

static void
assert_timed_out (DagTask *task)
{
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_FAILURE);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_null (dag_task_get_value (task));
}

static void
run_until_cancelled (DagTask *task)
{
  GCancellable *cancellable = dag_task_get_cancellable (task);

  while (!g_cancellable_is_cancelled (cancellable))
    test_iterate ();
}

/* While it runs */

static void
test_timeout (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *dependent = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &task, 1);
  gint64 begin;

  g_test_summary ("A function that takes longer than the timeout has its cancellable cancelled, and "
                  "when it returns the task fails, whatever it returned");

  dag_task_set_timeout (task, 10);
  g_assert_cmpuint (dag_task_get_timeout (task), ==, 10);

  begin = g_get_monotonic_time ();
  run_until_cancelled (task);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 10 * 1000);

  /* Nobody has asked for it to be cancelled. */
  g_assert_false (dag_task_is_cancelled (task));
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);

  dag_task_return_int (task, 17);
  test_settle (dependent);

  assert_timed_out (task);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SKIPPED);
  g_assert_true (dag_task_get_origin (dependent) == task);
  g_assert_error (dag_task_get_error (dependent), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);

  test_release (dependent);
  test_release (task);
}

typedef enum {
  RETURN_VALUE,
  RETURN_ERROR,
  RETURN_CANCELLED,
  RETURN_IF_CANCELLED,
  RETURN_SKIP,
  RETURN_TASK,
  N_RETURNS,
} Return;

static void
return_so (DagTask *task,
           Return   how)
{
  g_autoptr (DagTask) other = NULL;

  switch (how)
    {
    case RETURN_VALUE:
      dag_task_return_string (task, "late");
      break;
    case RETURN_ERROR:
      dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "No such thing");
      break;
    case RETURN_CANCELLED:
      dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Somebody did");
      break;
    case RETURN_IF_CANCELLED:
      g_assert_true (dag_task_return_error_if_cancelled (task));
      break;
    case RETURN_SKIP:
      dag_task_return_skip (task);
      break;
    case RETURN_TASK:
      other = dag_task_new (test_body_pending, NULL, NULL);
      dag_task_return_task (task, other);
      test_settle (task);
      /* Nobody else needs it. */
      g_assert_true (dag_task_is_cancelled (other));
      dag_task_return (other);
      break;
    case N_RETURNS:
    default:
      g_assert_not_reached ();
    }
}

static void
test_whatever_it_returns (void)
{
  g_test_summary ("Whatever a function returns that is late, its task has timed out");

  for (Return how = 0; how < N_RETURNS; how++)
    {
      DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

      dag_task_set_timeout (task, 1);
      run_until_cancelled (task);
      return_so (task, how);
      test_settle (task);
      assert_timed_out (task);
      test_release (task);
    }
}

static void
test_in_time (void)
{
  DagTask *task = dag_task_new (test_body_succeed, GINT_TO_POINTER (3), NULL);

  g_test_summary ("A function that returns in time is not touched by timeout and deadline");

  g_object_set (task, "timeout", LONG, "deadline", LONG, NULL);
  test_finish (task);
  test_assert_int (task, 3);
  g_assert_false (g_cancellable_is_cancelled (dag_task_get_cancellable (task)));

  /* Nor by what comes too late. */
  dag_task_set_timeout (task, 1);
  dag_task_set_deadline (task, 1);
  test_drain ();
  test_assert_int (task, 3);
  test_release (task);
}

static void
test_from_running (void)
{
  DagTask *first = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *task = dag_task_new_with_inputs (test_body_succeed, GINT_TO_POINTER (5), NULL, &first, 1);
  DagTask *clock = dag_task_new_delay (20);

  g_test_summary ("A timeout counts from when the function is called, and not while it waits");

  dag_task_set_timeout (task, 10);
  test_finish (clock);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);
  dag_task_return (first);
  test_finish (task);
  test_assert_int (task, 5);

  test_release (clock);
  test_release (task);
  test_release (first);
}

static void
test_return_on_cancel (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("With return-on-cancel a task times out at once, and settles when its function "
                  "returns, which is freed in silence");

  dag_task_set_return_on_cancel (task, TRUE);
  dag_task_set_timeout (task, 5);
  test_finish (task);
  assert_timed_out (task);
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (task)));
  test_drain ();
  g_assert_false (dag_task_get_settled (task));

  dag_task_return_int (task, 1);
  test_settle (task);
  assert_timed_out (task);
  test_release (task);
}

static void
test_following (void)
{
  DagTask *other = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *needs = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &other, 1);

  g_test_summary ("A task that waits to end as another one times out at once, and the other one goes "
                  "on if somebody needs it");

  dag_task_set_timeout (task, 5);
  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();
  dag_task_return_task (task, other);
  test_finish (task);
  assert_timed_out (task);
  g_assert_false (dag_task_is_cancelled (other));
  dag_task_return_int (other, 2);
  test_settle (needs);
  test_assert_int (other, 2);

  test_release (needs);
  test_release (task);
  test_release (other);
}

static void
test_change (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *clock;

  g_test_summary ("A timeout can be set, changed and taken back while the function runs, and counts "
                  "from then");

  dag_task_set_timeout (task, LONG);
  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();
  dag_task_set_timeout (task, 5);
  test_drain ();
  dag_task_set_timeout (task, 0);
  clock = dag_task_new_delay (15);
  test_finish (clock);
  g_assert_false (g_cancellable_is_cancelled (dag_task_get_cancellable (task)));

  dag_task_set_timeout (task, 1);
  run_until_cancelled (task);
  dag_task_return (task);
  test_finish (task);
  assert_timed_out (task);

  test_release (clock);
  test_release (task);
}

static void
returned_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  GError **error = user_data;

  g_assert_false (dag_task_propagate_boolean (DAG_TASK (result), error));
}

static void
test_callback (void)
{
  g_autoptr (GError) error = NULL;
  DagTask *task;

  g_test_summary ("A task in the place of a GTask has a timeout too, from when it is set");

  task = dag_task_new_for_callback (NULL, NULL, returned_cb, &error);
  dag_task_set_timeout (task, 5);
  run_until_cancelled (task);
  dag_task_return_boolean (task, TRUE);
  while (!dag_task_get_completed (task))
    test_iterate ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  test_release (task);
}

static void
block_body (DagTask  *task,
            gpointer  user_data)
{
  gint64 begin = g_get_monotonic_time ();

  while (g_get_monotonic_time () < begin + 5000)
    ;
  dag_task_return_int (task, 1);
}

static void
test_blocking (void)
{
  DagTask *task = dag_task_new (block_body, NULL, NULL);
  guint n_calls = 0;
  DagTask *other = dag_task_new (test_body_count, &n_calls, NULL);

  g_test_summary ("A function that blocks the main loop is late all the same, and what had to be done "
                  "meanwhile is not begun with");

  dag_task_set_timeout (task, 1);
  dag_task_set_deadline (other, 1);
  test_settle (other);
  assert_timed_out (task);
  assert_timed_out (other);
  g_assert_cmpuint (n_calls, ==, 0);

  test_release (other);
  test_release (task);
}

/* Cancelling */

static void
test_cancelled_first (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *clock = dag_task_new_delay (10);

  g_test_summary ("Promise 9: A task that is cancelled before its timeout is over is cancelled, though "
                  "its function returns after it");

  dag_task_set_timeout (task, 5);
  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();
  dag_task_cancel (task);
  test_finish (clock);
  dag_task_return (task);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);

  test_release (clock);
  test_release (task);
}

static void
test_cancelled_later (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Promise 9: A task that is cancelled after its timeout, and before its function has "
                  "returned, is cancelled");

  dag_task_set_timeout (task, 1);
  run_until_cancelled (task);
  dag_task_cancel (task);
  dag_task_return (task);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  test_release (task);
}

static void
test_unchecked (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("A task that does not check its cancellable times out all the same");

  dag_task_set_check_cancellable (task, FALSE);
  dag_task_set_timeout (task, 1);
  run_until_cancelled (task);
  dag_task_return_int (task, 1);
  test_finish (task);
  assert_timed_out (task);
  test_release (task);
}

/* Before it runs */

static void
test_deadline_waiting (void)
{
  DagTask *first = dag_task_new (test_body_pending, NULL, NULL);
  guint n_calls = 0;
  DagTask *task = dag_task_new_with_inputs (test_body_count, &n_calls, NULL, &first, 1);

  g_test_summary ("A task that waits for something has timed out when its deadline is over, and never "
                  "runs; what it waited for goes on");

  dag_task_set_deadline (task, 5);
  g_assert_cmpuint (dag_task_get_deadline (task), ==, 5);
  test_finish (task);
  assert_timed_out (task);
  g_assert_false (dag_task_is_cancelled (first));

  dag_task_return (first);
  test_settle (task);
  g_assert_cmpuint (n_calls, ==, 0);
  test_release (task);
  test_release (first);
}

static void
test_deadline_held (void)
{
  DagTask *task = g_object_new (DAG_TYPE_TASK, "held", TRUE, "deadline", 5, NULL);

  g_test_summary ("A deadline that a task is made with ends it though it is held");

  test_finish (task);
  assert_timed_out (task);
  dag_task_release (task);
  test_release (task);
}

static void
test_deadline_running (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("A deadline that comes while the function runs is like a timeout, and the first of "
                  "them counts");

  dag_task_set_timeout (task, LONG);
  dag_task_set_deadline (task, 5);
  run_until_cancelled (task);
  dag_task_return (task);
  test_finish (task);
  assert_timed_out (task);
  g_assert_nonnull (strstr (dag_task_get_error (task)->message, "deadline of 5 ms"));
  test_release (task);

  task = dag_task_new (test_body_pending, NULL, NULL);
  dag_task_set_timeout (task, 5);
  dag_task_set_deadline (task, LONG);
  run_until_cancelled (task);
  dag_task_return (task);
  test_finish (task);
  assert_timed_out (task);
  g_assert_nonnull (strstr (dag_task_get_error (task)->message, "timeout of 5 ms"));
  test_release (task);
}

static void
test_deadline_set_again (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *clock;

  g_test_summary ("A deadline that is set again counts from then, and 0 takes it back");

  dag_task_set_deadline (task, 5);
  dag_task_set_deadline (task, LONG);
  clock = dag_task_new_delay (10);
  test_finish (clock);
  g_assert_false (g_cancellable_is_cancelled (dag_task_get_cancellable (task)));
  dag_task_set_deadline (task, 1);
  dag_task_set_deadline (task, 0);
  g_clear_object (&clock);
  clock = dag_task_new_delay (10);
  test_finish (clock);
  dag_task_return_int (task, 7);
  test_finish (task);
  test_assert_int (task, 7);

  test_release (clock);
  test_release (task);
}

/* Properties */

static void
count_notify_cb (GObject    *object,
                 GParamSpec *pspec,
                 gpointer    user_data)
{
  (*(guint *) user_data)++;
}

static void
test_properties (void)
{
  DagTask *task = dag_task_new (test_body_succeed, NULL, NULL);
  const char *names[] = { "timeout", "deadline" };

  g_test_summary ("The properties notify when they change, and only then");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *signal = g_strconcat ("notify::", names[i], NULL);
      guint n_notified = 0, value;

      g_signal_connect (task, signal, G_CALLBACK (count_notify_cb), &n_notified);
      g_object_get (task, names[i], &value, NULL);
      g_assert_cmpuint (value, ==, 0);
      g_object_set (task, names[i], 0, NULL);
      g_assert_cmpuint (n_notified, ==, 0);
      g_object_set (task, names[i], G_MAXUINT, NULL);
      g_assert_cmpuint (n_notified, ==, 1);
      g_object_set (task, names[i], G_MAXUINT, NULL);
      g_assert_cmpuint (n_notified, ==, 1);
      g_object_get (task, names[i], &value, NULL);
      g_assert_cmpuint (value, ==, G_MAXUINT);
      g_signal_handlers_disconnect_by_data (task, &n_notified);
    }

  test_finish (task);
  test_release (task);
}

/* Many */

typedef struct {
  DagTask *task;
  gint64   due;  /* µs of the monotonic clock */
} Timed;

static void
check_due_cb (DagTask  *task,
              gpointer  user_data)
{
  g_assert_cmpint (g_get_monotonic_time (), >=, ((Timed *) user_data)->due);
}

static void
set_deadline (Timed *timed,
              guint  deadline)
{
  timed->due = deadline > 0 ? g_get_monotonic_time () + deadline * (gint64) 1000 : G_MAXINT64;
  dag_task_set_deadline (timed->task, deadline);
}

static void
test_many (void)
{
  guint n = test_size (20000);
  g_autofree Timed *timed = g_new (Timed, n);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  g_test_summary ("Any number of timers is set, moved and taken back in any order, and each expires, "
                  "not too early");

  for (guint i = 0; i < n; i++)
    {
      timed[i].task = dag_task_new (test_body_pending, NULL, NULL);
      dag_task_set_return_on_cancel (timed[i].task, TRUE);
      g_signal_connect (timed[i].task, "finished", G_CALLBACK (check_due_cb), &timed[i]);
      set_deadline (&timed[i], LONG + g_rand_int_range (rand, 0, 1000));
    }
  test_iterate ();
  for (guint i = 0; i < n; i++)
    if (i % 5 != 0)
      set_deadline (&timed[i], LONG - g_rand_int_range (rand, 0, 1000));
  test_iterate ();
  for (guint i = 0; i < n; i++)
    set_deadline (&timed[i], i % 5 != 0 ? g_rand_int_range (rand, 1, 50) : i % 2 == 0 ? 0 : LONG);

  for (guint i = 0; i < n; i++)
    if (i % 5 != 0)
      {
        test_finish (timed[i].task);
        assert_timed_out (timed[i].task);
      }

  for (guint i = 0; i < n; i++)
    {
      g_assert_true (dag_task_is_finished (timed[i].task) == (i % 5 != 0));
      while (dag_task_get_state (timed[i].task) < DAG_STATE_RUNNING)
        test_iterate ();
      timed[i].due = 0;
      dag_task_return (timed[i].task);
    }

  for (guint i = 0; i < n; i++)
    test_release (timed[i].task);
}

/* Threads and contexts */

static gpointer
set_timeout_thread (gpointer data)
{
  dag_task_set_timeout (data, 5);

  return NULL;
}

static void
test_other_thread (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  GThread *thread;

  g_test_summary ("Promise 12: A timeout can be set from any thread, and wakes the main context up");

  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();
  test_drain ();
  thread = g_thread_new ("setter", set_timeout_thread, task);
  run_until_cancelled (task);
  g_thread_join (thread);
  dag_task_return (task);
  test_finish (task);
  assert_timed_out (task);
  test_release (task);
}

static void
wait_thread (DagTask      *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  GPollFD fd;

  g_assert_true (g_cancellable_make_pollfd (cancellable, &fd));
  while (g_poll (&fd, 1, -1) <= 0)
    ;
  g_cancellable_release_fd (cancellable);
  dag_task_return_boolean (task, TRUE);
}

static void
test_thread_function (void)
{
  g_autoptr (GError) error = NULL;
  DagTask *task;

  g_test_summary ("A thread function that is late is told so by the cancellable");

  task = dag_task_new_for_callback (NULL, NULL, returned_cb, &error);
  dag_task_set_timeout (task, 5);
  dag_task_run_in_thread (task, wait_thread);
  while (!dag_task_get_completed (task))
    test_iterate ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  /* The thread may have it for a little longer. */
  g_object_unref (task);
}

static void
test_context_ends (void)
{
  GMainContext *context = g_main_context_new ();
  DagTask *tasks[3];

  g_test_summary ("Promise 14: A main context can end with timers in it");

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      tasks[i] = dag_task_new (test_body_pending, NULL, NULL);
      dag_task_set_timeout (tasks[i], LONG);
      dag_task_set_deadline (tasks[i], LONG + i);
    }
  test_drain ();
  g_main_context_pop_thread_default (context);
  dag_task_set_deadline (tasks[0], 1);
  g_main_context_unref (context);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      g_assert_error (dag_task_get_error (tasks[i]), DAG_ERROR, DAG_ERROR_ABANDONED);
      dag_task_set_timeout (tasks[i], 1);
      dag_task_set_deadline (tasks[i], 1);
      g_object_unref (tasks[i]);
    }
}

static void
test_report (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Promise 8: A timeout that nobody looks at is reported as any failure is");

  dag_task_set_name (task, "slow");
  dag_task_set_timeout (task, 1);
  run_until_cancelled (task);
  dag_task_return (task);
  test_settle (task);

  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, "*slow*longer than its timeout of 1 ms*");
  test_release (task);
  g_test_assert_expected_messages ();
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/time/timeout", test_timeout);
  g_test_add_func ("/time/whatever-it-returns", test_whatever_it_returns);
  g_test_add_func ("/time/in-time", test_in_time);
  g_test_add_func ("/time/from-running", test_from_running);
  g_test_add_func ("/time/return-on-cancel", test_return_on_cancel);
  g_test_add_func ("/time/following", test_following);
  g_test_add_func ("/time/change", test_change);
  g_test_add_func ("/time/callback", test_callback);
  g_test_add_func ("/time/blocking", test_blocking);
  g_test_add_func ("/time/cancelled-first", test_cancelled_first);
  g_test_add_func ("/time/cancelled-later", test_cancelled_later);
  g_test_add_func ("/time/unchecked", test_unchecked);
  g_test_add_func ("/time/deadline/waiting", test_deadline_waiting);
  g_test_add_func ("/time/deadline/held", test_deadline_held);
  g_test_add_func ("/time/deadline/running", test_deadline_running);
  g_test_add_func ("/time/deadline/set-again", test_deadline_set_again);
  g_test_add_func ("/time/properties", test_properties);
  g_test_add_func ("/time/many", test_many);
  g_test_add_func ("/time/other-thread", test_other_thread);
  g_test_add_func ("/time/thread-function", test_thread_function);
  g_test_add_func ("/time/context-ends", test_context_ends);
  g_test_add_func ("/time/report", test_report);

  return g_test_run ();
}
