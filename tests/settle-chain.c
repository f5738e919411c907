/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "settle-util.h"

/* What has finished and not settled: what hangs on it, what it was chosen from, and who waits. */

/* Chains */

#define LENGTH 50

static guint settle_order;

static void
note_settle_order_cb (DagTask    *task,
                      GParamSpec *pspec,
                      guint      *order)
{
  g_assert_cmpuint (*order, ==, 0);
  *order = ++settle_order;
}

static void
test_chain (void)
{
  DagTask *quick, *slow, *chain[LENGTH], *tidied;
  guint order[LENGTH] = { 0, };
  guint n_tidied = 0;

  g_test_summary ("A chain below a failure is skipped at once, and settles from above when the "
                  "slow branch at its head does");

  settle_order = 0;
  quick = dag_task_new (begin_work, NULL, NULL);
  slow = dag_task_new (begin_work, NULL, NULL);

  for (guint i = 0; i < LENGTH; i++)
    {
      chain[i] = new_after (never_run, NULL, i > 0 ? chain[i - 1] : quick, DAG_RULE_SUCCEEDED);
      g_signal_connect (chain[i], "notify::settled", G_CALLBACK (note_settle_order_cb), &order[i]);
    }
  require (chain[0], slow, DAG_RULE_SUCCEEDED);
  tidied = new_after (tidy_up, &n_tidied, chain[LENGTH - 1], DAG_RULE_FINISHED);
  test_drain ();

  fail_work (quick);
  test_drain ();
  for (guint i = 0; i < LENGTH; i++)
    {
      assert_state (chain[i], DAG_STATE_SKIPPED);
      g_assert_true (dag_task_get_origin (chain[i]) == quick);
      g_assert_false (dag_task_get_settled (chain[i]));
    }
  assert_waits (tidied);

  end_work (slow);
  test_drain ();
  g_assert_cmpuint (n_tidied, ==, 1);
  for (guint i = 0; i < LENGTH; i++)
    {
      g_assert_true (dag_task_get_settled (chain[i]));
      g_assert_cmpuint (order[i], ==, i + 1);
      dag_task_get_error (chain[i]);
    }

  test_release (tidied);
  for (guint i = LENGTH; i > 0; i--)
    test_release (chain[i - 1]);
  test_release (slow);
  test_release (quick);
}

static void
test_cleanups_in_a_row (void)
{
  DagTask *work, *first, *second, *third;
  guint n_third = 0;

  g_test_summary ("A clean-up of a clean-up waits for that one's own body");

  work = dag_task_new (begin_work, NULL, NULL);
  first = new_after (begin_work, NULL, work, DAG_RULE_FINISHED);
  second = new_after (begin_work, NULL, first, DAG_RULE_FAILED);
  third = new_after (tidy_up, &n_third, second, DAG_RULE_FINISHED);
  test_drain ();

  fail_work (work);
  test_drain ();
  assert_state (first, DAG_STATE_RUNNING);
  assert_waits (second);

  fail_work (first);
  test_drain ();
  assert_state (second, DAG_STATE_RUNNING);
  assert_waits (third);

  end_work (second);
  test_drain ();
  g_assert_cmpuint (n_third, ==, 1);

  dag_task_get_error (work);
  dag_task_get_error (first);
  test_release (third);
  test_release (second);
  test_release (first);
  test_release (work);
}

static void
test_attach_between (void)
{
  DagTask *quick, *slow, *end, *skipped, *tidied, *rolled_back;
  guint n_tidied = 0, n_rolled_back = 0;

  g_test_summary ("What is attached to a task that has finished and not settled is skipped at "
                  "once, or tidies up when that has settled");

  quick = dag_task_new (begin_work, NULL, NULL);
  slow = dag_task_new (begin_work, NULL, NULL);
  end = new_after (never_run, NULL, quick, DAG_RULE_SUCCEEDED);
  require (end, slow, DAG_RULE_SUCCEEDED);
  test_drain ();
  fail_work (quick);
  test_drain ();
  assert_state (end, DAG_STATE_SKIPPED);

  skipped = new_after (never_run, NULL, end, DAG_RULE_SUCCEEDED);
  tidied = new_after (tidy_up, &n_tidied, end, DAG_RULE_FINISHED);
  rolled_back = new_after (tidy_up, &n_rolled_back, end, DAG_RULE_FAILED);
  test_drain ();
  assert_state (skipped, DAG_STATE_SKIPPED);
  g_assert_false (dag_task_get_settled (skipped));
  assert_waits (tidied);
  assert_waits (rolled_back);

  end_work (slow);
  test_drain ();
  g_assert_true (dag_task_get_settled (skipped));
  g_assert_cmpuint (n_tidied, ==, 1);
  g_assert_cmpuint (n_rolled_back, ==, 1);

  dag_task_get_error (skipped);
  test_release (tidied);
  test_release (rolled_back);
  test_release (skipped);
  test_release (end);
  test_release (slow);
  test_release (quick);
}

/* Losers */

static void
test_any_loser (gconstpointer data)
{
  gboolean cancel_others = GPOINTER_TO_INT (data);
  DagTask *tasks[2], *any, *next, *tidied;
  guint n_next = 0, n_tidied = 0;

  g_test_summary ("A choice finishes with its winner, and settles when the loser does, whether "
                  "that was cancelled or not");

  tasks[0] = dag_task_new (begin_work, NULL, NULL);
  tasks[1] = dag_task_new (begin_work, NULL, NULL);
  any = dag_task_new_any (tasks, 2, cancel_others);
  next = new_after (count_run, &n_next, any, DAG_RULE_SUCCEEDED);
  tidied = new_after (tidy_up, &n_tidied, any, DAG_RULE_FINISHED);
  test_drain ();

  end_work (tasks[1]);
  test_drain ();
  assert_state (any, DAG_STATE_SUCCEEDED);
  g_assert_false (dag_task_get_settled (any));
  g_assert_cmpuint (n_next, ==, 1);
  assert_state (next, DAG_STATE_SUCCEEDED);
  g_assert_false (dag_task_get_settled (next));
  assert_state (tasks[0], DAG_STATE_RUNNING);
  g_assert_cmpint (dag_task_is_cancelled (tasks[0]), ==, cancel_others);
  assert_waits (tidied);

  end_work (tasks[0]);
  test_drain ();
  assert_state (tasks[0], cancel_others ? DAG_STATE_CANCELLED : DAG_STATE_SUCCEEDED);
  g_assert_true (dag_task_get_settled (any));
  g_assert_true (dag_task_get_settled (next));
  g_assert_cmpuint (n_tidied, ==, 1);

  test_release (tidied);
  test_release (next);
  test_release (any);
  test_release (tasks[0]);
  test_release (tasks[1]);
}

static void
test_race_failure (void)
{
  DagTask *tasks[2], *race, *rolled_back;
  guint n_rolled_back = 0;

  g_test_summary ("A race that a failure won is rolled back when the loser has come to rest");

  tasks[0] = dag_task_new (begin_work, NULL, NULL);
  tasks[1] = dag_task_new (begin_work, NULL, NULL);
  race = dag_task_new_race (tasks, 2, FALSE);
  rolled_back = new_after (tidy_up, &n_rolled_back, race, DAG_RULE_FAILED);
  test_drain ();

  fail_work (tasks[0]);
  test_drain ();
  g_assert_true (dag_task_is_finished (race));
  g_assert_cmpint (dag_task_get_reason (race), ==, DAG_REASON_FAILURE);
  g_assert_true (dag_task_get_origin (race) == tasks[0]);
  g_assert_false (dag_task_get_settled (race));
  assert_waits (rolled_back);

  end_work (tasks[1]);
  test_drain ();
  g_assert_cmpuint (n_rolled_back, ==, 1);

  dag_task_get_error (race);
  test_release (rolled_back);
  test_release (race);
  test_release (tasks[0]);
  test_release (tasks[1]);
}

static void
test_any_in_any_order (void)
{
  DagTask *tasks[2], *any;

  g_test_summary ("Any of a task that has failed already and one that goes on waits for that one");

  tasks[0] = dag_task_new (begin_work, NULL, NULL);
  tasks[1] = dag_task_new (begin_work, NULL, NULL);
  test_drain ();
  fail_work (tasks[0]);
  test_drain ();

  any = dag_task_new_any (tasks, 2, FALSE);
  test_drain ();
  g_assert_false (dag_task_is_finished (any));

  end_work (tasks[1]);
  test_drain ();
  assert_state (any, DAG_STATE_SUCCEEDED);

  dag_task_get_error (tasks[0]);
  test_release (any);
  test_release (tasks[0]);
  test_release (tasks[1]);
}

/* Following */

static void
follow (DagTask  *task,
        gpointer  user_data)
{
  dag_task_return_task (task, user_data);
}

/* A task that follows one which is skipped for `quick` while `slow` goes on. */
typedef struct {
  DagTask *quick;
  DagTask *slow;
  DagTask *other;
  DagTask *task;
  DagTask *tidied;
  guint    n_tidied;
} Followed;

static void
followed_init (Followed *f)
{
  *f = (Followed) { NULL, };

  f->quick = dag_task_new (begin_work, NULL, NULL);
  f->slow = dag_task_new (begin_work, NULL, NULL);
  f->other = new_after (test_body_succeed, GINT_TO_POINTER (7), f->quick, DAG_RULE_SUCCEEDED);
  require (f->other, f->slow, DAG_RULE_SUCCEEDED);
  f->task = dag_task_new (follow, g_object_ref (f->other), g_object_unref);
  f->tidied = new_after (tidy_up, &f->n_tidied, f->task, DAG_RULE_FINISHED);
  test_drain ();

  assert_state (f->task, DAG_STATE_RUNNING);
  assert_waits (f->tidied);
}

static void
followed_clear (Followed *f)
{
  g_assert_true (dag_task_get_settled (f->task));
  g_assert_cmpuint (f->n_tidied, ==, 1);
  dag_task_get_error (f->task);
  dag_task_get_error (f->other);

  test_release (f->tidied);
  test_release (f->task);
  test_release (f->other);
  test_release (f->slow);
  test_release (f->quick);
}

static void
test_follow_failure (void)
{
  Followed f;

  g_test_summary ("A task that ends as another one does so at once when that is skipped, and "
                  "settles with it");

  followed_init (&f);

  fail_work (f.quick);
  test_drain ();
  assert_state (f.other, DAG_STATE_SKIPPED);
  g_assert_true (dag_task_is_finished (f.task));
  g_assert_cmpint (dag_task_get_reason (f.task), ==, DAG_REASON_FAILURE);
  g_assert_error (dag_task_get_error (f.task), G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_true (dag_task_get_origin (f.task) == f.quick);
  g_assert_false (dag_task_get_settled (f.task));
  assert_waits (f.tidied);

  end_work (f.slow);
  test_drain ();
  followed_clear (&f);
}

static void
test_follow_value (void)
{
  Followed f;

  g_test_summary ("A task that ends as another one has its value, and settles with it");

  followed_init (&f);

  end_work (f.quick);
  test_drain ();
  assert_state (f.task, DAG_STATE_RUNNING);
  end_work (f.slow);
  test_drain ();
  assert_state (f.task, DAG_STATE_SUCCEEDED);
  g_assert_cmpint (g_value_get_int (dag_task_get_value (f.task)), ==, 7);

  followed_clear (&f);
}

static void
test_follow_cancel (void)
{
  Followed f;

  g_test_summary ("A task that is cancelled while it follows another has finished, and settles "
                  "when that has, which nobody else needed");

  followed_init (&f);

  dag_task_cancel (f.task);
  test_drain ();
  assert_state (f.task, DAG_STATE_CANCELLED);
  assert_state (f.other, DAG_STATE_CANCELLED);
  assert_state (f.quick, DAG_STATE_RUNNING);
  g_assert_false (dag_task_is_cancelled (f.quick));
  g_assert_false (dag_task_get_settled (f.task));
  assert_waits (f.tidied);

  end_work (f.quick);
  test_drain ();
  g_assert_false (dag_task_get_settled (f.task));
  end_work (f.slow);
  test_drain ();
  followed_clear (&f);
}

static void
test_follow_unsettled (void)
{
  Followed f;
  DagTask *late, *tidied;
  guint n_tidied = 0;

  g_test_summary ("A task that follows one which has finished and not settled ends at once");

  followed_init (&f);
  fail_work (f.quick);
  test_drain ();

  late = dag_task_new (follow, g_object_ref (f.other), g_object_unref);
  tidied = new_after (tidy_up, &n_tidied, late, DAG_RULE_FINISHED);
  test_drain ();
  g_assert_true (dag_task_is_finished (late));
  g_assert_true (dag_task_get_origin (late) == f.quick);
  g_assert_false (dag_task_get_settled (late));
  assert_waits (tidied);

  end_work (f.slow);
  test_drain ();
  g_assert_true (dag_task_get_settled (late));
  g_assert_cmpuint (n_tidied, ==, 1);

  dag_task_get_error (late);
  test_release (tidied);
  test_release (late);
  followed_clear (&f);
}

/* On the stack */

typedef enum {
  NESTED_RETURNED,
  NESTED_CANCELLED_AND_RETURNED,
  NESTED_CANCELLED,
} NestedCase;

typedef struct {
  NestedCase  kind;
  DagTask    *tidied;
  guint       n_others;
  gboolean    is_over;
} Nested;

static void
run_nested_loop (DagTask  *task,
                 gpointer  user_data)
{
  Nested *nested = user_data;
  G_GNUC_UNUSED g_autoptr (DagTask) other = dag_task_new (count_run, &nested->n_others, NULL);

  if (nested->kind != NESTED_RETURNED)
    {
      dag_task_set_return_on_cancel (task, TRUE);
      dag_task_cancel (task);
    }
  if (nested->kind != NESTED_CANCELLED)
    dag_task_return_int (task, 1);

  test_drain ();
  g_assert_cmpuint (nested->n_others, ==, 1);
  g_assert_cmpint (dag_task_is_finished (task), ==, nested->kind == NESTED_CANCELLED);
  g_assert_false (dag_task_get_settled (task));
  assert_waits (nested->tidied);

  if (nested->kind == NESTED_CANCELLED)
    {
      dag_task_return_int (task, 1);
      test_drain ();
      g_assert_false (dag_task_get_settled (task));
      assert_waits (nested->tidied);
    }

  nested->is_over = TRUE;
}

static void
check_nested_is_over (DagTask  *task,
                      gpointer  user_data)
{
  Nested *nested = user_data;

  g_assert_true (nested->is_over);
  dag_task_return (task);
}

static void
test_nested_loop (gconstpointer data)
{
  Nested nested = { GPOINTER_TO_INT (data), };
  DagTask *task;

  g_test_summary ("A task settles when its body is off the stack, also if that runs a main loop "
                  "after it returned an outcome or was cancelled");

  task = dag_task_new (run_nested_loop, &nested, NULL);
  nested.tidied = new_after (check_nested_is_over, &nested, task, DAG_RULE_FINISHED);
  test_settle (nested.tidied);
  assert_state (task, nested.kind == NESTED_RETURNED ? DAG_STATE_SUCCEEDED : DAG_STATE_CANCELLED);
  assert_state (nested.tidied, DAG_STATE_SUCCEEDED);

  test_release (nested.tidied);
  test_release (task);
}

/* Waiting */

typedef struct {
  guint    n_calls;
  gboolean settled;
  GError  *error;
} Settled;

static void
settled_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  Settled *self = user_data;

  self->n_calls++;
  self->settled = dag_task_settle_finish (DAG_TASK (object), result, &self->error);
  if (self->settled)
    g_assert_true (dag_task_get_settled (DAG_TASK (object)));
}

static void
check_settled_once (Settled *self)
{
  g_assert_cmpuint (self->n_calls, ==, 1);
  g_assert_true (self->settled);
  g_assert_no_error (self->error);
}

static void
test_settle_async (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Settled before = { 0, }, between = { 0, }, after = { 0, }, cancelled = { 0, };
  DagTask *quick, *slow, *end;
  guint n_heard = 0;

  g_test_summary ("settle_async() is called once when the task has settled, in a later dispatch, "
                  "and does not fail with the task; cancelling it ends only that wait");

  quick = dag_task_new (begin_work, NULL, NULL);
  slow = dag_task_new (begin_work, NULL, NULL);
  end = new_after (never_run, NULL, quick, DAG_RULE_SUCCEEDED);
  require (end, slow, DAG_RULE_SUCCEEDED);
  dag_task_settle_async (end, NULL, settled_cb, &before);
  dag_task_settle_async (end, cancellable, settled_cb, &cancelled);
  dag_task_await_async (end, NULL, count_cb, &n_heard);
  test_drain ();

  fail_work (quick);
  test_drain ();
  g_assert_cmpuint (n_heard, ==, 1);
  g_assert_cmpuint (before.n_calls, ==, 0);
  dag_task_settle_async (end, NULL, settled_cb, &between);
  test_drain ();
  g_assert_cmpuint (between.n_calls, ==, 0);

  g_cancellable_cancel (cancellable);
  g_assert_cmpuint (cancelled.n_calls, ==, 0);
  test_drain ();
  g_assert_cmpuint (cancelled.n_calls, ==, 1);
  g_assert_false (cancelled.settled);
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (before.n_calls, ==, 0);
  g_assert_false (dag_task_is_cancelled (slow));

  end_work (slow);
  test_drain ();
  check_settled_once (&before);
  check_settled_once (&between);

  dag_task_settle_async (end, NULL, settled_cb, &after);
  g_assert_cmpuint (after.n_calls, ==, 0);
  test_drain ();
  check_settled_once (&after);
  g_assert_cmpuint (cancelled.n_calls, ==, 1);
  g_assert_cmpuint (n_heard, ==, 1);

  g_clear_error (&cancelled.error);
  dag_task_get_error (end);
  test_release (end);
  test_release (slow);
  test_release (quick);
}

static void
test_notify_once (void)
{
  DagTask *value, *prompt, *failed;
  guint n_value = 0, n_prompt = 0, n_failed = 0;

  g_test_summary ("notify::settled comes once, also to a task that finishes and settles in one "
                  "step, and not to one that was settled from the start");

  value = dag_task_new_for_value (NULL);
  prompt = dag_task_new (test_body_succeed, NULL, NULL);
  failed = dag_task_new (test_body_fail, NULL, NULL);
  g_signal_connect (value, "notify::settled", G_CALLBACK (count_notify_cb), &n_value);
  g_signal_connect (prompt, "notify::settled", G_CALLBACK (count_notify_cb), &n_prompt);
  g_signal_connect (failed, "notify::settled", G_CALLBACK (count_notify_cb), &n_failed);
  g_assert_true (dag_task_get_settled (value));
  test_settle (prompt);
  test_settle (failed);

  g_assert_cmpuint (n_value, ==, 0);
  g_assert_cmpuint (n_prompt, ==, 1);
  g_assert_cmpuint (n_failed, ==, 1);

  dag_task_get_error (failed);
  test_release (failed);
  test_release (prompt);
  test_release (value);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-7/settle/chain", test_chain);
  g_test_add_func ("/promise-7/settle/cleanups-in-a-row", test_cleanups_in_a_row);
  g_test_add_func ("/promise-6/settle/attach-between", test_attach_between);
  g_test_add_data_func ("/promise-7/settle/any/loser-goes-on", GINT_TO_POINTER (FALSE),
                        test_any_loser);
  g_test_add_data_func ("/promise-9/settle/any/loser-is-cancelled", GINT_TO_POINTER (TRUE),
                        test_any_loser);
  g_test_add_func ("/promise-7/settle/any/after-a-failure", test_any_in_any_order);
  g_test_add_func ("/promise-7/settle/race/failure", test_race_failure);
  g_test_add_func ("/promise-7/settle/return-task/failure", test_follow_failure);
  g_test_add_func ("/promise-7/settle/return-task/value", test_follow_value);
  g_test_add_func ("/promise-7/settle/return-task/unsettled", test_follow_unsettled);
  g_test_add_func ("/promise-9/settle/return-task/cancel", test_follow_cancel);
  g_test_add_data_func ("/promise-2/settle/nested-loop/returned",
                        GINT_TO_POINTER (NESTED_RETURNED), test_nested_loop);
  g_test_add_data_func ("/promise-2/settle/nested-loop/cancelled-and-returned",
                        GINT_TO_POINTER (NESTED_CANCELLED_AND_RETURNED), test_nested_loop);
  g_test_add_data_func ("/promise-2/settle/nested-loop/cancelled",
                        GINT_TO_POINTER (NESTED_CANCELLED), test_nested_loop);
  g_test_add_func ("/promise-7/settle/settle-async", test_settle_async);
  g_test_add_func ("/promise-7/settle/notify-once", test_notify_once);

  return g_test_run ();
}
