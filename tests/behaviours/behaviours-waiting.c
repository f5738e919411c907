/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "behaviours.h"

/* Waiting, cancelling and combining. */

typedef struct {
  guint   n_calls;
  char   *value;
  GError *error;
} Waiter;

static void
awaited_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  Waiter *waiter = user_data;
  const GValue *value = dag_task_await_finish (DAG_TASK (object), result, &waiter->error);

  waiter->n_calls++;
  waiter->value = value != NULL ? g_value_dup_string (value) : NULL;
}

/* Waits for the callback; with a message for an error, and otherwise for a value. */
static void
assert_awaited (Waiter     *waiter,
                const char *value,
                const char *message)
{
  while (waiter->n_calls == 0)
    test_iterate ();
  test_drain ();

  g_assert_cmpuint (waiter->n_calls, ==, 1);
  g_assert_cmpstr (waiter->value, ==, value);
  g_assert_cmpstr (waiter->error != NULL ? waiter->error->message : NULL, ==, message);
  g_clear_pointer (&waiter->value, g_free);
  g_clear_error (&waiter->error);
  waiter->n_calls = 0;
}

static void
check_await_value (void)
{
  g_autoptr (DagTask) task = dag_call_full (pending);
  Waiter waiter = { 0 };

  dag_task_await_async (task, NULL, awaited_cb, &waiter);
  test_drain ();
  dag_task_return_string (task, "value");
  g_assert_cmpuint (waiter.n_calls, ==, 0);
  assert_awaited (&waiter, "value", NULL);
}

static void
check_await_error (void)
{
  DagTask *failing = dag_call (fail, "error");
  Waiter at = { 0 }, below = { 0 };

  dag_task_await_async (failing, NULL, awaited_cb, &at);
  dag_task_await_async (dag_call (echo, dag_call (echo, failing)), NULL, awaited_cb, &below);
  while (below.n_calls == 0)
    test_iterate ();
  g_assert_error (at.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_error (below.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  assert_awaited (&at, NULL, "error");
  assert_awaited (&below, NULL, "error");
}

static void
check_await_finished (void)
{
  g_autoptr (DagTask) good = dag_call_full (echo, "value");
  g_autoptr (DagTask) bad = dag_call_full (fail, "error");
  Waiter waiter = { 0 };

  test_settle (good);
  test_settle (bad);
  for (guint i = 0; i < 3; i++)
    {
      dag_task_await_async (good, NULL, awaited_cb, &waiter);
      g_assert_cmpuint (waiter.n_calls, ==, 0);
      assert_awaited (&waiter, "value", NULL);

      dag_task_await_async (bad, NULL, awaited_cb, &waiter);
      g_assert_cmpuint (waiter.n_calls, ==, 0);
      assert_awaited (&waiter, NULL, "error");
    }
}

static void
check_many_waiters (void)
{
  g_autoptr (DagTask) good = dag_call_full (pending);
  g_autoptr (DagTask) bad = dag_call_full (pending);
  Waiter goods[10] = { { 0 } }, bads[10] = { { 0 } };

  test_drain ();
  for (guint i = 0; i < G_N_ELEMENTS (goods); i++)
    {
      dag_task_await_async (good, NULL, awaited_cb, &goods[i]);
      dag_task_await_async (bad, NULL, awaited_cb, &bads[i]);
    }
  dag_task_return_string (good, "value");
  fail_now (bad, "error");
  for (guint i = 0; i < G_N_ELEMENTS (goods); i++)
    {
      assert_awaited (&goods[i], "value", NULL);
      assert_awaited (&bads[i], NULL, "error");
    }
}

static void
check_cancelled_wait (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (DagTask) task = dag_call_full (pending);
  Waiter stays = { 0 }, leaves = { 0 };

  dag_task_await_async (task, NULL, awaited_cb, &stays);
  dag_task_await_async (task, cancellable, awaited_cb, &leaves);
  test_drain ();
  g_cancellable_cancel (cancellable);
  while (leaves.n_calls == 0)
    test_iterate ();
  g_assert_error (leaves.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&leaves.error);

  test_drain ();
  g_assert_cmpuint (stays.n_calls, ==, 0);
  assert_state (task, DAG_STATE_RUNNING);
  g_assert_false (dag_task_is_cancelled (task));
  dag_task_return_string (task, "value");
  assert_awaited (&stays, "value", NULL);
  g_assert_cmpuint (leaves.n_calls, ==, 1);
}

static void
settled_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (dag_task_settle_finish (DAG_TASK (object), result, &error));
  g_assert_no_error (error);
  g_assert_true (dag_task_get_settled (DAG_TASK (object)));
  ++*(guint *) user_data;
}

static void
check_settle (void)
{
  g_autoptr (DagTask) running = dag_call_full (pending);
  g_autoptr (DagTask) task = dag_call_full (join, dag_call (fail, "early"), running);
  guint n_settled = 0;

  dag_task_settle_async (task, NULL, settled_cb, &n_settled);
  assert_failed (task, DAG_STATE_SKIPPED, "early");
  test_drain ();
  g_assert_false (dag_task_get_settled (task));
  g_assert_cmpuint (n_settled, ==, 0);

  dag_task_return (running);
  while (n_settled == 0)
    test_iterate ();
  dag_task_settle_async (task, NULL, settled_cb, &n_settled);
  while (n_settled == 1)
    test_iterate ();
}

/* Cancelling */

static void
check_cancel_waiting (void)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (DagTask) head = dag_call_full (pending);
  g_autoptr (DagTask) waiting = dag_call_full (note, notes, head);
  g_autoptr (DagTask) new = dag_call_full (note, notes, "new");

  dag_task_cancel (new);
  g_assert_true (dag_task_is_cancelled (new));
  assert_cancelled (new, DAG_STATE_CANCELLED);

  test_drain ();
  dag_task_cancel (waiting);
  assert_cancelled (waiting, DAG_STATE_CANCELLED);
  dag_task_return_string (head, "head");
  test_settle (waiting);
  g_assert_cmpstr (notes->str, ==, "");
}

static void
check_cancel_running (void)
{
  g_autoptr (DagTask) task = dag_call_full (pending);
  g_autoptr (DagTask) dependent = dag_call_full (echo, task);
  GCancellable *cancellable = dag_task_get_cancellable (task);

  test_drain ();
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  dag_task_cancel (task);
  g_assert_true (dag_task_is_cancelled (task));
  test_drain ();
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  assert_state (task, DAG_STATE_RUNNING);
  assert_state (dependent, DAG_STATE_WAITING);

  dag_task_return_string (task, "too late");
  assert_cancelled (task, DAG_STATE_CANCELLED);
  assert_cancelled (dependent, DAG_STATE_SKIPPED);
}

static void
check_cancel_spares_inputs (void)
{
  g_autoptr (DagTask) input = dag_call_full (pending);
  g_autoptr (DagTask) task = dag_call_full (echo, input);
  g_autoptr (DagTask) other = dag_call_full (echo, input);

  test_drain ();
  dag_task_cancel (task);
  assert_cancelled (task, DAG_STATE_CANCELLED);
  test_drain ();
  g_assert_false (dag_task_is_cancelled (input));
  assert_state (input, DAG_STATE_RUNNING);

  dag_task_return_string (input, "value");
  assert_string (other, "value");
  assert_string (input, "value");
}

static void
check_cancel_unneeded (void)
{
  g_autoptr (DagTask) shared = dag_call_full (pending);
  g_autoptr (DagTask) own = dag_call_full (pending);
  g_autoptr (DagTask) above = dag_call_full (echo, own);
  g_autoptr (DagTask) task = dag_call_full (join, above, shared);
  g_autoptr (DagTask) other = dag_call_full (echo, shared);

  test_drain ();
  dag_task_cancel_unneeded (task);
  assert_cancelled (task, DAG_STATE_CANCELLED);
  assert_cancelled (above, DAG_STATE_CANCELLED);
  test_drain ();
  g_assert_true (dag_task_is_cancelled (own));
  g_assert_false (dag_task_is_cancelled (shared));

  dag_task_return_string (own, "");
  assert_cancelled (own, DAG_STATE_CANCELLED);
  dag_task_return_string (shared, "shared");
  assert_string (other, "shared");
}

static void
check_parent_cancellable (void)
{
  g_autoptr (GCancellable) parent = g_cancellable_new ();
  g_autoptr (DagTask) first = dag_with (dag_call_full (pending), "cancellable", parent, NULL);
  g_autoptr (DagTask) second = dag_with (dag_call_full (pending), "cancellable", parent, NULL);
  g_autoptr (DagTask) waiting = dag_with (dag_call_full (echo, second),
                                          "cancellable", parent, NULL);

  test_drain ();
  dag_task_cancel (first);
  dag_task_return (first);
  assert_cancelled (first, DAG_STATE_CANCELLED);
  g_assert_false (g_cancellable_is_cancelled (parent));
  assert_state (second, DAG_STATE_RUNNING);

  g_cancellable_cancel (parent);
  assert_cancelled (waiting, DAG_STATE_CANCELLED);
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (second)));
  dag_task_return (second);
  assert_cancelled (second, DAG_STATE_CANCELLED);

  assert_cancelled (dag_with (dag_call (echo, "late"), "cancellable", parent, NULL),
                    DAG_STATE_CANCELLED);
}

static void
check_owner (void)
{
  GSimpleAction *owner = g_simple_action_new ("owner", NULL);
  g_autoptr (GString) notes = g_string_new ("");
  g_autoptr (DagTask) running = dag_call_full (pending);
  g_autoptr (DagTask) finished = dag_call_full (echo, "value");
  g_autoptr (DagTask) signalled = NULL, disposed = NULL;
  Waiter waiter = { 0 };

  assert_value (finished, "value");
  signalled = dag_call_full (note, notes, "signalled");
  disposed = dag_call_full (note, notes, running);
  dag_task_set_owner (signalled, G_OBJECT (owner), "activate");
  dag_task_set_owner (disposed, G_OBJECT (owner), NULL);
  dag_task_set_owner (running, G_OBJECT (owner), NULL);
  dag_task_set_owner (finished, G_OBJECT (owner), NULL);
  dag_task_await_async (disposed, NULL, awaited_cb, &waiter);

  g_action_activate (G_ACTION (owner), NULL);
  assert_cancelled (signalled, DAG_STATE_CANCELLED);
  g_assert_false (dag_task_is_cancelled (disposed));

  g_assert_finalize_object (owner);
  assert_awaited (&waiter, NULL, "Operation was cancelled");
  assert_cancelled (disposed, DAG_STATE_CANCELLED);
  assert_state (running, DAG_STATE_RUNNING);
  dag_task_return (running);
  assert_cancelled (running, DAG_STATE_CANCELLED);
  g_assert_false (dag_task_is_cancelled (finished));
  g_assert_cmpstr (notes->str, ==, "");
}

DAG_DEFINE_TASK (get_name, (GAction *, action, G_TYPE_ACTION), (DagTask *, gate))
{
  dag_task_return_string (task, action != NULL ? g_action_get_name (action) : "nothing");
}

static void
check_weak_argument (void)
{
  GSimpleAction *here = g_simple_action_new ("here", NULL);
  GSimpleAction *gone = g_simple_action_new ("gone", NULL);
  g_autoptr (DagTask) gate = dag_call_full (pending);
  g_autoptr (DagTask) with_here = dag_call_full (get_name, dag_weak (here), gate);
  g_autoptr (DagTask) with_gone = dag_call_full (get_name, dag_weak (gone), gate);

  test_drain ();
  g_assert_finalize_object (gone);
  dag_task_return (gate);
  assert_value (with_here, "here");
  assert_value (with_gone, "nothing");
  test_settle (with_here);
  g_assert_finalize_object (here);
}

/* Combining */

static DagResults *
get_results (DagTask *task)
{
  return g_value_get_boxed (finish (task));
}

static void
assert_timed_out (DagTask *task)
{
  test_finish (task);
  assert_state (task, DAG_STATE_FAILED);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static void
check_timeout (void)
{
  g_autoptr (DagTask) task = dag_with (dag_call_full (pending), "timeout", 1, NULL);
  GCancellable *cancellable = dag_task_get_cancellable (task);

  while (!g_cancellable_is_cancelled (cancellable))
    test_iterate ();
  g_assert_true (dag_task_is_late (task));
  assert_state (task, DAG_STATE_RUNNING);
  dag_task_return_string (task, "too late");
  assert_timed_out (task);
}

static void
check_deadline (void)
{
  g_autoptr (DagTask) input = dag_call_full (pending);
  g_autoptr (DagTask) task = dag_with (dag_call_full (echo, input), "deadline", 1, NULL);

  assert_timed_out (task);
  g_assert_false (dag_task_is_cancelled (input));
  dag_task_return_string (input, "too late");
  test_settle (task);
}

/* Fails as often as it is told. */
DAG_DEFINE_TASK (flaky, (GString *, notes, DAG_POINTER), (guint, failures))
{
  g_string_append_printf (notes, "%u", dag_task_get_attempt (task));
  if (dag_task_get_attempt (task) <= failures)
    dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "attempt %u",
                               dag_task_get_attempt (task));
  else
    dag_task_return_string (task, "at last");
}

static void
check_retry (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (3, 1);
  g_autoptr (GString) notes = g_string_new (NULL);
  DagTask *good = dag_with (dag_call (flaky, notes, 2), "retry", retry, NULL);

  assert_value (dag_call (echo, good), "at last");
  g_assert_cmpstr (notes->str, ==, "123");

  g_string_truncate (notes, 0);
  assert_failed (dag_with (dag_call (flaky, notes, 9), "retry", retry, NULL), DAG_STATE_FAILED,
                 "attempt 3");
  g_assert_cmpstr (notes->str, ==, "123");
}

static void
check_retry_earlier_errors (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (3, 0);
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (DagTask) task = dag_with (dag_call_full (flaky, notes, 2), "retry", retry, NULL);

  assert_value (task, "at last");
  g_assert_error (dag_task_get_attempt_error (task, 1), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (dag_task_get_attempt_error (task, 1)->message, ==, "attempt 1");
  g_assert_cmpstr (dag_task_get_attempt_error (task, 2)->message, ==, "attempt 2");
  g_assert_null (dag_task_get_attempt_error (task, 3));
}

static void
check_limiter (void)
{
  g_autoptr (DagLimiter) limiter = dag_limiter_new (2);
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 4; i++)
    g_ptr_array_add (tasks, dag_with (dag_call_full (pending), "limiter", limiter, NULL));
  test_drain ();
  g_assert_cmpuint (dag_limiter_get_n_running (limiter), ==, 2);
  g_assert_cmpuint (dag_limiter_get_n_waiting (limiter), ==, 2);
  assert_state (g_ptr_array_index (tasks, 2), DAG_STATE_READY);

  end_now (g_ptr_array_index (tasks, 0));
  test_drain ();
  assert_state (g_ptr_array_index (tasks, 2), DAG_STATE_RUNNING);
  assert_state (g_ptr_array_index (tasks, 3), DAG_STATE_READY);

  dag_limiter_set_limit (limiter, 3);
  test_drain ();
  assert_state (g_ptr_array_index (tasks, 3), DAG_STATE_RUNNING);
  for (guint i = 1; i < 4; i++)
    end_now (g_ptr_array_index (tasks, i));
}

static void
inner_awaited_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  DagTask *task = user_data;
  DagLimiter *limiter = dag_task_get_limiter (task);
  g_autoptr (DagTask) late = dag_with (dag_call_full (echo, "value"), "limiter", limiter, NULL);

  dag_task_await_finish (DAG_TASK (object), result, NULL);
  dag_task_set_creator (late, task);
  dag_task_return_task (task, late);
}

DAG_DEFINE_TASK (nest)
{
  dag_task_await_async (dag_with (dag_call (echo, "first"), "limiter", dag_task_get_limiter (task),
                                  NULL),
                        NULL, inner_awaited_cb, task);
}

static void
check_limiter_nested (void)
{
  g_autoptr (DagLimiter) limiter = dag_limiter_new (1);

  assert_value (dag_with (dag_call (nest), "limiter", limiter, NULL), "value");
}

static void
check_all (void)
{
  g_autoptr (DagTask) a = dag_call_full (pending);
  g_autoptr (DagTask) b = dag_call_full (pending);
  g_autoptr (DagTask) all = g_object_ref (dag_all (a, b));
  g_autoptr (DagTask) none = g_object_ref (dag_all ());
  g_autoptr (DagTask) bad = g_object_ref (dag_all (a, dag_call (fail, "one of all")));

  g_assert_cmpuint (dag_results_get_length (get_results (none)), ==, 0);
  assert_failed (bad, DAG_STATE_SKIPPED, "one of all");
  assert_state (a, DAG_STATE_RUNNING);

  dag_task_return_string (b, "b");
  test_drain ();
  assert_state (all, DAG_STATE_WAITING);
  dag_task_return_string (a, "a");
  g_assert_cmpuint (dag_results_get_length (get_results (all)), ==, 2);
  g_assert_cmpstr (g_value_get_string (dag_results_get_value (get_results (all), 0)), ==, "a");
  g_assert_cmpstr (g_value_get_string (dag_results_get_value (get_results (all), 1)), ==, "b");
}

static void
check_settled (void)
{
  g_autoptr (DagTask) running = dag_call_full (pending);
  g_autoptr (DagTask) early = dag_call_full (join, running, dag_call (fail, "early"));
  g_autoptr (DagTask) settled = g_object_ref (dag_settled (early, dag_call (decline),
                                                           dag_call (fail, "looked at"), running));
  const DagState states[] = {
    DAG_STATE_SKIPPED, DAG_STATE_SKIPPED, DAG_STATE_FAILED, DAG_STATE_SUCCEEDED,
  };

  test_finish (early);
  test_drain ();
  assert_state (settled, DAG_STATE_WAITING);
  dag_task_return_string (running, "last");

  g_assert_cmpuint (dag_results_get_length (get_results (settled)), ==, G_N_ELEMENTS (states));
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    assert_state (dag_results_get_task (get_results (settled), i), states[i]);
  g_assert_true (dag_results_get_task (get_results (settled), 0) == early);
  g_assert_true (dag_results_get_task (get_results (settled), 3) == running);
}

static void
check_any (void)
{
  g_autoptr (DagTask) a = dag_call_full (pending);
  g_autoptr (DagTask) b = dag_call_full (pending);
  g_autoptr (DagTask) c = dag_call_full (pending);
  g_autoptr (DagTask) any = g_object_ref (dag_any (dag_call (fail, "not this"), a, b));
  g_autoptr (DagTask) bad = g_object_ref (dag_any (c, dag_call (fail, "earliest")));

  test_drain ();
  assert_state (any, DAG_STATE_WAITING);
  dag_task_return_string (b, "b");
  assert_value (any, "b");
  test_drain ();
  assert_state (a, DAG_STATE_RUNNING);
  g_assert_false (dag_task_is_cancelled (a));
  end_now (a);

  assert_state (bad, DAG_STATE_WAITING);
  fail_now (c, "latest");
  assert_failed (bad, DAG_STATE_SKIPPED, "earliest");
  assert_ended (dag_any (), DAG_STATE_FAILED, DAG_ERROR, DAG_ERROR_EMPTY);
}

static void
check_race (void)
{
  g_autoptr (DagTask) a = dag_call_full (pending);
  g_autoptr (DagTask) b = dag_call_full (pending);
  g_autoptr (DagTask) c = dag_call_full (pending);
  g_autoptr (DagTask) good = g_object_ref (dag_race (a, b));
  g_autoptr (DagTask) bad = g_object_ref (dag_race (b, c));

  test_drain ();
  dag_task_return_string (a, "a");
  assert_value (good, "a");
  fail_now (c, "c");
  assert_failed (bad, DAG_STATE_SKIPPED, "c");
  g_assert_true (dag_task_get_origin (bad) == c);

  assert_state (b, DAG_STATE_RUNNING);
  g_assert_false (dag_task_is_cancelled (b));
  dag_task_return_string (b, "b");
  assert_string (b, "b");
  assert_ended (dag_race (), DAG_STATE_FAILED, DAG_ERROR, DAG_ERROR_EMPTY);
}

static void
check_delay (void)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (DagTask) delay = g_object_ref (dag_delay (20));
  g_autoptr (DagTask) dependent = g_object_ref (dag_depends_on (dag_call (echo, "on time"), delay));
  g_autoptr (DagTask) never = g_object_ref (dag_delay (G_MAXINT));

  assert_string (dependent, "on time");
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 20 * 1000);
  assert_state (never, DAG_STATE_RUNNING);
  dag_task_cancel (never);
  assert_cancelled (never, DAG_STATE_CANCELLED);
}

void
add_waiting (void)
{
  g_test_add_func ("/behaviours/await-value", check_await_value);
  g_test_add_func ("/behaviours/await-error", check_await_error);
  g_test_add_func ("/behaviours/await-finished", check_await_finished);
  g_test_add_func ("/behaviours/many-waiters", check_many_waiters);
  g_test_add_func ("/behaviours/cancelled-wait", check_cancelled_wait);
  g_test_add_func ("/behaviours/settle", check_settle);
  g_test_add_func ("/behaviours/cancel-waiting", check_cancel_waiting);
  g_test_add_func ("/behaviours/cancel-running", check_cancel_running);
  g_test_add_func ("/behaviours/cancel-spares-inputs", check_cancel_spares_inputs);
  g_test_add_func ("/behaviours/cancel-unneeded", check_cancel_unneeded);
  g_test_add_func ("/behaviours/parent-cancellable", check_parent_cancellable);
  g_test_add_func ("/behaviours/owner", check_owner);
  g_test_add_func ("/behaviours/weak-argument", check_weak_argument);
  g_test_add_func ("/behaviours/timeout", check_timeout);
  g_test_add_func ("/behaviours/deadline", check_deadline);
  g_test_add_func ("/behaviours/retry", check_retry);
  g_test_add_func ("/behaviours/retry-earlier-errors", check_retry_earlier_errors);
  g_test_add_func ("/behaviours/limiter", check_limiter);
  g_test_add_func ("/behaviours/limiter-nested", check_limiter_nested);
  g_test_add_func ("/behaviours/all", check_all);
  g_test_add_func ("/behaviours/settled", check_settled);
  g_test_add_func ("/behaviours/any", check_any);
  g_test_add_func ("/behaviours/race", check_race);
  g_test_add_func ("/behaviours/delay", check_delay);
}
