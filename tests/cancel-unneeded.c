/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What goes with a cancelled task, and what does not: dag_task_cancel_unneeded(), tasks that return on
 * cancel, and those that do not mind.
 */

#include "thread-util.h"

static DagTask *
new_running (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();

  return task;
}

static DagTask *
new_dependent (DagTask *dependency)
{
  return dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &dependency, 1);
}

static void
assert_state (DagTask  *task,
              DagState  state)
{
  g_assert_cmpint (dag_task_get_state (task), ==, state);
}

static void
return_and_release (DagTask *task)
{
  dag_task_return_int (task, 1);
  test_settle (task);
  g_object_unref (task);
}

static void
count_destroy (gpointer data)
{
  (*(guint *) data)++;
}

static void
test_chain (void)
{
  DagTask *first = new_running (), *second = new_dependent (first), *third = new_dependent (second);
  DagTask *last = new_dependent (third);

  g_test_summary ("What only a cancelled task needed is cancelled with it, any number of steps up, and "
                  "what needs it is skipped");

  dag_task_cancel_unneeded (third);
  test_drain ();

  assert_state (third, DAG_STATE_CANCELLED);
  assert_state (last, DAG_STATE_SKIPPED);
  assert_state (second, DAG_STATE_CANCELLED);
  assert_state (first, DAG_STATE_RUNNING);
  g_assert_true (dag_task_is_cancelled (first));
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (first)));
  g_assert_false (dag_task_get_settled (last));

  dag_task_return_int (first, 1);
  test_settle (last);
  assert_state (first, DAG_STATE_CANCELLED);

  test_release (last);
  test_release (third);
  test_release (second);
  test_release (first);
}

static void
test_plain (void)
{
  DagTask *first = new_running (), *second = new_dependent (first);

  g_test_summary ("An ordinary cancel leaves what was needed, though nobody needs it any more");

  dag_task_cancel (second);
  test_drain ();
  assert_state (second, DAG_STATE_CANCELLED);
  g_assert_false (dag_task_is_cancelled (first));

  dag_task_return_int (first, 1);
  test_settle (second);
  assert_state (first, DAG_STATE_SUCCEEDED);
  test_release (second);
  test_release (first);
}

static void
test_other_dependent (void)
{
  DagTask *first = new_running ();
  DagTask *left = new_dependent (first), *right = new_dependent (first);

  g_test_summary ("What another unfinished task needs is left alone, until that is cancelled too");

  dag_task_cancel_unneeded (left);
  test_drain ();
  assert_state (left, DAG_STATE_CANCELLED);
  g_assert_false (dag_task_is_cancelled (first));

  dag_task_cancel_unneeded (right);
  test_drain ();
  assert_state (right, DAG_STATE_CANCELLED);
  g_assert_true (dag_task_is_cancelled (first));

  return_and_release (first);
  test_release (left);
  test_release (right);
}

static void
test_finished_dependent (void)
{
  DagTask *first = new_running ();
  DagTask *failing = dag_task_new (test_body_fail, NULL, NULL);
  DagTask *inputs[] = { first, failing };
  DagTask *skipped = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, inputs, 2);
  DagTask *task = new_dependent (first);

  g_test_summary ("A dependent that has been skipped needs nothing any more");

  test_finish (skipped);
  g_assert_error (dag_task_get_error (skipped), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  dag_task_cancel_unneeded (task);
  test_drain ();
  g_assert_true (dag_task_is_cancelled (first));

  dag_task_return_int (first, 1);
  test_settle (task);
  test_release (task);
  test_release (skipped);
  test_release (failing);
  test_release (first);
}

static void
test_twice (void)
{
  DagTask *first = new_running ();
  DagTask *inputs[] = { first, first, first };
  DagTask *task = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, inputs, 3);
  DagTask *other = new_dependent (first);

  g_test_summary ("A task that is needed three times by one is needed by one");

  g_assert_true (dag_task_add_prerequisite (task, first, DAG_RULE_FINISHED, NULL));
  dag_task_cancel_unneeded (task);
  test_drain ();
  g_assert_false (dag_task_is_cancelled (first));
  dag_task_cancel_unneeded (other);
  test_drain ();
  g_assert_true (dag_task_is_cancelled (first));

  return_and_release (first);
  test_release (task);
  test_release (other);
}

static void
ignore_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  (*(guint *) user_data)++;
}

static void
test_waiter (void)
{
  gboolean settle = FALSE;

  g_test_summary ("What somebody waits for is left alone; a wait that was cancelled does not count");

  do
    {
      DagTask *first = new_running (), *second = new_dependent (first), *third;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      guint n_called = 0;

      if (settle)
        dag_task_settle_async (first, cancellable, ignore_cb, &n_called);
      else
        dag_task_await_async (first, cancellable, ignore_cb, &n_called);
      dag_task_cancel_unneeded (second);
      test_drain ();
      assert_state (second, DAG_STATE_CANCELLED);
      g_assert_false (dag_task_is_cancelled (first));
      g_assert_cmpuint (n_called, ==, 0);

      third = new_dependent (first);
      g_cancellable_cancel (cancellable);
      test_drain ();
      g_assert_cmpuint (n_called, ==, 1);
      g_assert_false (dag_task_is_cancelled (first));
      dag_task_cancel_unneeded (third);
      test_drain ();
      g_assert_true (dag_task_is_cancelled (first));

      return_and_release (first);
      test_release (third);
      test_release (second);
      settle = !settle;
    }
  while (settle);
}

static void
test_diamond (void)
{
  DagTask *top = new_running (), *left = new_dependent (top), *right = new_dependent (top);
  DagTask *inputs[] = { left, right };
  DagTask *bottom = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, inputs, 2);

  g_test_summary ("Of a diamond everything goes, when both ways to the top have gone");

  dag_task_cancel_unneeded (bottom);
  test_drain ();
  assert_state (left, DAG_STATE_CANCELLED);
  assert_state (right, DAG_STATE_CANCELLED);
  g_assert_true (dag_task_is_cancelled (top));

  return_and_release (top);
  test_release (bottom);
  test_release (right);
  test_release (left);
}

static void
return_task_body (DagTask  *task,
                  gpointer  user_data)
{
  dag_task_return_task (task, user_data);
}

static void
test_following (void)
{
  g_test_summary ("A task that ends as another does takes that with it when it is cancelled, unless "
                  "that is needed");

  for (guint needed = 0; needed < 2; needed++)
    {
      DagTask *other = new_running ();
      DagTask *task = dag_task_new (return_task_body, other, NULL);
      DagTask *dependent = needed ? new_dependent (other) : NULL;

      test_drain ();
      assert_state (task, DAG_STATE_RUNNING);
      dag_task_cancel (task);
      test_drain ();
      assert_state (task, DAG_STATE_CANCELLED);
      g_assert_cmpint (dag_task_is_cancelled (other), ==, !needed);
      g_assert_false (dag_task_get_settled (task));

      dag_task_return_int (other, 1);
      test_settle (task);
      assert_state (other, needed ? DAG_STATE_SUCCEEDED : DAG_STATE_CANCELLED);
      if (needed)
        test_release (dependent);
      test_release (task);
      test_release (other);
    }
}

static gpointer
return_task_thread (gpointer data)
{
  gpointer *arguments = data;

  test_barrier_wait (arguments[2]);
  dag_task_return_task (arguments[0], arguments[1]);

  return NULL;
}

static void
test_following_race (void)
{
  g_test_summary ("A task may be cancelled while another thread has it follow a task, and while that "
                  "finishes");

  for (guint i = 0; i < 300; i++)
    {
      DagTask *task = new_running (), *other = new_running ();
      TestBarrier barrier;
      gpointer arguments[] = { task, other, &barrier };
      GThread *thread;

      test_barrier_init (&barrier, 2);
      thread = g_thread_new ("return", return_task_thread, arguments);
      test_barrier_wait (&barrier);
      if (i % 2 == 0)
        dag_task_return_int (other, 1);
      dag_task_cancel (task);
      if (i % 2 != 0)
        dag_task_return_int (other, 1);
      test_finish (task);
      g_thread_join (thread);
      test_settle (task);
      test_release (task);
      test_release (other);
      test_barrier_clear (&barrier);
    }
}

/* Properties */

static void
test_return_on_cancel (void)
{
  DagTask *task = new_running (), *dependent = new_dependent (task), *cleanup;
  guint n_freed = 0;

  g_test_summary ("A task that returns on cancel finishes at once, settles when its function returns, "
                  "and what that returns is freed in silence");

  g_assert_true (dag_task_set_return_on_cancel (task, TRUE));
  cleanup = dag_task_new (test_body_succeed, NULL, NULL);
  g_assert_true (dag_task_add_prerequisite (cleanup, task, DAG_RULE_FINISHED, NULL));
  dag_task_cancel (task);
  g_assert_false (dag_task_set_return_on_cancel (task, FALSE));
  g_assert_true (dag_task_get_return_on_cancel (task));
  test_drain ();

  assert_state (task, DAG_STATE_CANCELLED);
  assert_state (dependent, DAG_STATE_SKIPPED);
  assert_state (cleanup, DAG_STATE_WAITING);
  g_assert_false (dag_task_get_settled (task));
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (task)));

  dag_task_return_pointer (task, &n_freed, count_destroy);
  test_settle (cleanup);
  g_assert_cmpuint (n_freed, ==, 1);
  assert_state (task, DAG_STATE_CANCELLED);
  assert_state (cleanup, DAG_STATE_SUCCEEDED);

  test_release (cleanup);
  test_release (dependent);
  test_release (task);
}

static void
test_check_cancellable (void)
{
  DagTask *task = new_running (), *dependent = new_dependent (task), *waiting;

  g_test_summary ("A task that does not check its cancellable keeps what it returns; one that has not "
                  "started is cancelled all the same");

  waiting = new_dependent (task);
  dag_task_set_check_cancellable (task, FALSE);
  dag_task_set_check_cancellable (waiting, FALSE);
  dag_task_cancel (task);
  dag_task_cancel (waiting);
  test_drain ();
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (task)));

  dag_task_return_int (task, 5);
  test_settle (dependent);
  test_settle (waiting);
  assert_state (task, DAG_STATE_SUCCEEDED);
  assert_state (dependent, DAG_STATE_SUCCEEDED);
  assert_state (waiting, DAG_STATE_CANCELLED);

  test_release (waiting);
  test_release (dependent);
  test_release (task);
}

/* The own cancellable */

static void
test_own_cancellable (void)
{
  DagTask *before = new_running (), *after = new_running (), *waiting = new_dependent (before);
  GCancellable *cancellable = dag_task_get_cancellable (before);

  g_test_summary ("The cancellable of a task is one and the same, and is cancelled, whether it was asked "
                  "for before or after the cancel");

  g_assert_nonnull (cancellable);
  g_assert_true (dag_task_get_cancellable (before) == cancellable);
  dag_task_cancel (before);
  dag_task_cancel (after);
  dag_task_cancel (waiting);
  test_drain ();

  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_true (dag_task_get_cancellable (before) == cancellable);
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (after)));
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (waiting)));

  return_and_release (before);
  return_and_release (after);
  test_release (waiting);
}

static void
return_now_cb (GCancellable *cancellable,
               gpointer      user_data)
{
  dag_task_return_error_if_cancelled (user_data);
}

static void
test_return_in_handler (void)
{
  DagTask *task = new_running ();

  g_test_summary ("A function may return from the handler of its cancellable");

  g_cancellable_connect (dag_task_get_cancellable (task), G_CALLBACK (return_now_cb), task, NULL);
  dag_task_cancel (task);
  test_settle (task);
  assert_state (task, DAG_STATE_CANCELLED);
  test_release (task);
}

static void
test_clear (void)
{
  DagTask *task = NULL, *kept;

  g_test_summary ("Clearing a pointer cancels its task and drops it; NULL stays NULL");

  dag_clear_task (&task);
  g_assert_null (task);

  kept = task = dag_task_new (test_body_pending, NULL, NULL);
  g_object_ref (kept);
  dag_clear_task (&task);
  g_assert_null (task);
  g_assert_true (dag_task_is_cancelled (kept));
  test_settle (kept);
  assert_state (kept, DAG_STATE_CANCELLED);
  test_release (kept);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-9/unneeded/chain", test_chain);
  g_test_add_func ("/promise-9/unneeded/plain", test_plain);
  g_test_add_func ("/promise-9/unneeded/other-dependent", test_other_dependent);
  g_test_add_func ("/promise-9/unneeded/finished-dependent", test_finished_dependent);
  g_test_add_func ("/promise-9/unneeded/twice", test_twice);
  g_test_add_func ("/promise-9/unneeded/waiter", test_waiter);
  g_test_add_func ("/promise-9/unneeded/diamond", test_diamond);
  g_test_add_func ("/promise-9/unneeded/following", test_following);
  g_test_add_func ("/promise-9/unneeded/following-race", test_following_race);
  g_test_add_func ("/promise-9/cancel/return-on-cancel", test_return_on_cancel);
  g_test_add_func ("/promise-9/cancel/check-cancellable", test_check_cancellable);
  g_test_add_func ("/promise-9/cancel/own-cancellable", test_own_cancellable);
  g_test_add_func ("/promise-9/cancel/return-in-handler", test_return_in_handler);
  g_test_add_func ("/promise-9/cancel/clear", test_clear);

  return g_test_run ();
}
