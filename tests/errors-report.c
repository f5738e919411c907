/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* A failure that nobody looks at is reported, and no other. Warnings are fatal in these tests: what
 * is not expected here is known not to be reported.
 */

static void
expect_report (const char *name)
{
  g_autofree char *pattern = g_strdup_printf ("%s (*errors-report.c:*) failed and nobody looked "
                                              "at it: No such thing", name);

  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, pattern);
}

static void
expected (void)
{
  g_test_assert_expected_messages ();
}

static DagTask *
new_named (const char      *name,
           DagTaskFunc      function,
           DagTask * const *inputs,
           gsize            n_inputs)
{
  DagTask *task = dag_task_new_with_inputs (function, NULL, NULL, inputs, n_inputs);

  dag_task_set_name (task, name);

  return task;
}

static DagTask *
new_failing (const char *name)
{
  return new_named (name, test_body_fail, NULL, 0);
}

static DagTask *
new_pending (const char *name)
{
  return new_named (name, test_body_pending, NULL, 0);
}

static void
fail (DagTask *task)
{
  test_body_fail (task, NULL);
}

/* One that fails when told to, and a dependent. */
static DagTask *
new_after (DagTask    *dependency,
           const char *name)
{
  return new_named (name, NULL, &dependency, 1);
}

static void
test_released (void)
{
  DagTask *task = new_failing ("kept");

  g_test_summary ("A failure at which nobody looked is reported when its task is released, not "
                  "before");

  /* None of these is a look at it. */
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_FAILURE);
  g_assert_true (dag_task_get_origin (task) == task);
  g_assert_true (dag_task_had_error (task));
  g_assert_null (dag_task_get_value (task));

  expect_report ("kept");
  g_object_unref (task);
  expected ();
}

static void
test_unreferenced (void)
{
  DagTask *task = new_failing ("alone");

  g_test_summary ("A failure of a task that nobody has is reported when it has settled");

  g_object_unref (task);
  expect_report ("alone");
  test_drain ();
  expected ();
}

/* Who looks */

static void
awaited_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  ++*(guint *) user_data;
}

static void
raw_body (DagTask  *task,
          gpointer  user_data)
{
  ++*(guint *) user_data;
  dag_task_return (task);
}

static void
look_error (DagTask *task)
{
  test_settle (task);
  g_assert_nonnull (dag_task_get_error (task));
}

static void
look_failures (DagTask *task)
{
  gsize n;

  test_settle (task);
  g_free (dag_task_get_failures (task, &n));
  g_assert_cmpuint (n, ==, 1);
}

static void
look_propagate (DagTask *task)
{
  test_settle (task);
  g_assert_cmpint (dag_task_propagate_int (task, NULL), ==, -1);
}

static void
look_wait (DagTask *task)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dag_task_wait (task, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
look_await (DagTask *task)
{
  guint n_called = 0;

  /* The waiter gets it; whether it asks for it is its own affair. */
  dag_task_await_async (task, NULL, awaited_cb, &n_called);
  test_settle (task);
  g_assert_cmpuint (n_called, ==, 1);
}

static void
look_await_later (DagTask *task)
{
  test_settle (task);
  look_await (task);
}

static void
look_as_argument (DagTask *task,
                  DagRule  rule)
{
  guint n_called = 0;
  DagTask *dependent = dag_task_new (raw_body, &n_called, NULL);

  g_assert_true (dag_task_add_input (dependent, task, rule, NULL));
  test_settle (dependent);
  g_assert_cmpuint (n_called, ==, 1);
  test_release (dependent);
}

static void
look_finished (DagTask *task)
{
  look_as_argument (task, DAG_RULE_FINISHED);
}

static void
look_failed (DagTask *task)
{
  look_as_argument (task, DAG_RULE_FAILED);
}

static void
look_raw (DagTask *task)
{
  guint n_called = 0;
  DagTask *good = new_named ("good", NULL, NULL, 0);
  DagTask *dependent = dag_task_new (raw_body, &n_called, NULL);

  /* It is refused, and the function gets it all the same. */
  dag_task_set_trigger (dependent, DAG_TRIGGER_ANY);
  g_assert_true (dag_task_add_raw_input (dependent, task, DAG_RULE_SUCCEEDED, NULL));
  g_assert_true (dag_task_add_raw_input (dependent, good, DAG_RULE_SUCCEEDED, NULL));
  test_settle (task);
  test_settle (dependent);
  g_assert_cmpuint (n_called, ==, 1);
  test_release (dependent);
  test_release (good);
}

static void
look_satisfied (DagTask *task)
{
  DagTask *dependent = dag_task_new (NULL, NULL, NULL);

  /* Satisfied is enough, though the function never runs. */
  dag_task_hold (dependent);
  g_assert_true (dag_task_add_input (dependent, task, DAG_RULE_FINISHED, NULL));
  test_settle (task);
  dag_task_cancel (dependent);
  test_release (dependent);
}

static void
look_settled (DagTask *task)
{
  DagTask *settled = dag_task_new_settled (&task, 1);

  test_settle (settled);
  g_assert_cmpint (dag_task_get_state (settled), ==, DAG_STATE_SUCCEEDED);
  test_release (settled);
}

static void
test_looked (void)
{
  void (*looks[]) (DagTask *) = {
    look_error, look_failures, look_propagate, look_wait, look_await, look_await_later,
    look_finished, look_failed, look_raw, look_satisfied, look_settled,
  };

  g_test_summary ("Who reads the error, waits for it, gets the task as a raw argument, or has a "
                  "rule that it satisfies, has looked");

  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    {
      DagTask *task = new_failing ("looked-at");

      looks[i] (task);
      test_release (task);
    }
}

static void
test_callback (void)
{
  guint n_called = 0;
  DagTask *task = dag_task_new_for_callback (NULL, NULL, awaited_cb, &n_called);

  g_test_summary ("The callback of a task that stands in for a GTask has looked");

  fail (task);
  g_object_unref (task);
  test_drain ();
  g_assert_cmpuint (n_called, ==, 1);

  task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  dag_task_set_name (task, "without");
  fail (task);
  g_object_unref (task);
  expect_report ("without");
  test_drain ();
  expected ();
}

/* Who does not */

static void
test_not_looked (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  guint n_called = 0;
  DagTask *task = new_pending ("seen");
  DagTask *finished = dag_task_new (NULL, NULL, NULL), *failed = dag_task_new (NULL, NULL, NULL);

  g_test_summary ("A prerequisite whose rule a failure satisfies, a wait that was cancelled, and "
                  "one for the task to settle, are no looks at it");

  g_assert_true (dag_task_add_prerequisite (finished, task, DAG_RULE_FINISHED, NULL));
  g_assert_true (dag_task_add_prerequisite (failed, task, DAG_RULE_FAILED, NULL));
  test_drain ();
  dag_task_settle_async (task, NULL, awaited_cb, &n_called);
  dag_task_await_async (task, cancellable, awaited_cb, &n_called);
  g_cancellable_cancel (cancellable);
  test_drain ();
  g_assert_cmpuint (n_called, ==, 1);

  fail (task);
  test_settle (task);
  test_settle (finished);
  test_settle (failed);
  g_assert_cmpuint (n_called, ==, 2);
  g_assert_cmpint (dag_task_get_state (finished), ==, DAG_STATE_SUCCEEDED);
  g_assert_cmpint (dag_task_get_state (failed), ==, DAG_STATE_SUCCEEDED);
  test_release (finished);
  test_release (failed);

  expect_report ("seen");
  test_release (task);
  expected ();
}

/* Skips */

static void
test_handed_on (void)
{
  DagTask *origin = new_failing ("origin"), *middle, *last;

  g_test_summary ("A skip hands the question on: one report, with the name of the origin, when the "
                  "last of the chain is released");

  middle = new_after (origin, "middle");
  last = new_after (middle, "last");
  test_settle (last);
  test_release (middle);

  /* The failure keeps its origin. */
  g_object_unref (origin);
  expect_report ("origin");
  g_object_unref (last);
  expected ();
}

static void
test_handed_on_looked (void)
{
  DagTask *origin = new_failing ("origin"), *middle, *last;

  g_test_summary ("Who looks at the end of the chain has looked at all of it");

  middle = new_after (origin, "middle");
  last = new_after (middle, "last");
  look_error (last);
  test_release (middle);
  test_release (last);
  test_release (origin);
}

static void
test_diamond (void)
{
  g_test_summary ("A failure that reaches a task by two ways is one: one look or one report");

  for (guint look = 0; look < 2; look++)
    {
      DagTask *origin = new_failing ("tip"), *sides[2], *last;

      sides[0] = new_after (origin, "left");
      sides[1] = new_after (origin, "right");
      last = new_named ("last", NULL, sides, 2);
      test_settle (last);
      test_release (sides[0]);
      test_release (sides[1]);
      g_object_unref (origin);

      if (look)
        g_assert_nonnull (dag_task_get_error (last));
      else
        expect_report ("tip");
      g_object_unref (last);
      expected ();
    }
}

static void
test_last_carrier (void)
{
  DagTask *origin = new_failing ("fork"), *left, *right;

  g_test_summary ("With several dependents the report waits for the last that carries the failure, "
                  "and does not come if that was looked at");

  left = new_after (origin, "left");
  right = new_after (origin, "right");
  test_settle (left);
  test_settle (right);
  test_release (left);
  look_error (right);
  test_release (right);
  test_release (origin);

  origin = new_failing ("fork");
  left = new_after (origin, "left");
  right = new_after (origin, "right");
  test_settle (left);
  test_settle (right);
  test_release (right);
  g_object_unref (origin);
  expect_report ("fork");
  g_object_unref (left);
  expected ();
}

static void
test_several (void)
{
  g_test_summary ("Of several failures that reach a task each is reported once, unless somebody "
                  "looks at the task");

  for (guint look = 0; look < 2; look++)
    {
      DagTask *inputs[3] = { new_failing ("one"), new_failing ("two"), new_failing ("three") };
      DagTask *last = new_named ("last", NULL, inputs, 3);

      test_settle (last);
      if (look)
        g_assert_nonnull (dag_task_get_error (last));

      for (guint i = 0; i < 3; i++)
        g_object_unref (inputs[i]);

      if (!look)
        {
          expect_report ("one");
          expect_report ("two");
          expect_report ("three");
        }
      g_object_unref (last);
      test_drain ();
      expected ();
    }
}

static void
test_several_hops (void)
{
  g_test_summary ("Of several failures a task hands on the first alone: the others are reported "
                  "with it unless somebody looks at the task itself");

  /* The first comes to the last task by the one in the middle, and in the second round directly
   * too.
   */
  for (guint n_ways = 1; n_ways <= 2; n_ways++)
    for (guint look = 0; look < 4; look++)
      {
        DagTask *inputs[2] = { new_failing ("one"), new_failing ("two") };
        DagTask *middle = new_named ("middle", NULL, inputs, 2);
        DagTask *ways[2] = { inputs[0], middle };
        DagTask *last = new_named ("last", NULL, &ways[2 - n_ways], n_ways);

        test_settle (last);
        g_object_unref (inputs[0]);
        g_object_unref (inputs[1]);

        if (look & 1)
          g_assert_nonnull (dag_task_get_error (last));
        if (look & 2)
          g_assert_nonnull (dag_task_get_error (middle));
        else
          expect_report ("two");
        g_object_unref (middle);
        test_drain ();
        expected ();

        if (!(look & 1))
          expect_report ("one");
        g_object_unref (last);
        expected ();
      }
}

static void
test_later_failure (void)
{
  DagTask *inputs[2] = { new_failing ("one"), new_pending ("two") };
  DagTask *last = new_named ("last", NULL, inputs, 2);

  g_test_summary ("A failure that comes after the task was looked at has been looked at with it");

  test_finish (last);
  g_assert_nonnull (dag_task_get_error (last));
  fail (inputs[1]);
  test_settle (last);
  test_release (last);
  test_release (inputs[0]);
  test_release (inputs[1]);
}

static void
test_any (void)
{
  DagTask *inputs[2], *any;

  g_test_summary ("All that an any lost is carried by it, and nothing of what it did not need");

  for (guint look = 0; look < 2; look++)
    {
      inputs[0] = new_failing ("one");
      inputs[1] = new_failing ("two");
      any = dag_task_new_any (inputs, 2, FALSE);
      test_settle (any);
      g_object_unref (inputs[0]);
      g_object_unref (inputs[1]);
      g_assert_cmpint (dag_task_get_state (any), ==, DAG_STATE_SKIPPED);

      if (look)
        {
          g_assert_nonnull (dag_task_get_error (any));
        }
      else
        {
          expect_report ("one");
          expect_report ("two");
        }
      g_object_unref (any);
      test_drain ();
      expected ();
    }

  inputs[0] = new_failing ("one");
  inputs[1] = new_pending ("two");
  any = dag_task_new_any (inputs, 2, FALSE);
  test_drain ();
  dag_task_return (inputs[1]);
  test_settle (any);
  g_assert_cmpint (dag_task_get_state (any), ==, DAG_STATE_SUCCEEDED);
  test_release (any);
  test_release (inputs[0]);
  test_release (inputs[1]);
}

static void
cancel_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  dag_task_cancel (user_data);
}

static void
test_declined (void)
{
  DagTask *origin = new_pending ("origin"), *dependent = new_after (origin, "dependent");

  g_test_summary ("Where a dependent is cancelled and does not carry the failure, those who "
                  "looked at it have");

  test_drain ();
  dag_task_await_async (origin, NULL, cancel_cb, dependent);
  fail (origin);
  test_settle (dependent);
  test_release (dependent);
  test_release (origin);

  /* Nobody has looked yet, but somebody can. */
  origin = new_pending ("origin");
  dependent = new_after (origin, "dependent");
  test_drain ();
  fail (origin);
  g_signal_connect_swapped (origin, "finished", G_CALLBACK (dag_task_cancel), dependent);
  test_settle (dependent);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_CANCELLED);
  test_release (dependent);
  look_error (origin);
  test_release (origin);

  /* Nor does anybody. */
  origin = new_pending ("left-behind");
  dependent = new_after (origin, "dependent");
  test_drain ();
  fail (origin);
  g_signal_connect_swapped (origin, "finished", G_CALLBACK (dag_task_cancel), dependent);
  test_settle (dependent);
  test_release (dependent);
  expect_report ("left-behind");
  g_object_unref (origin);
  expected ();
}

static void
follow_body (DagTask  *task,
             gpointer  user_data)
{
  dag_task_return_task (task, user_data);
}

static void
test_followed (void)
{
  g_test_summary ("A task that ended as another did carries the failure in its place");

  for (guint look = 0; look < 2; look++)
    {
      DagTask *origin = new_failing ("inner");
      DagTask *task = dag_task_new (follow_body, origin, NULL);

      test_settle (task);
      if (look)
        g_assert_nonnull (dag_task_get_error (task));
      else
        expect_report ("inner");
      g_object_unref (origin);
      g_object_unref (task);
      expected ();
    }
}

static void
cancelled_body (DagTask  *task,
                gpointer  user_data)
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Not now");
}

static void
test_never (void)
{
  DagTask *cancelled = new_pending ("cancelled");
  DagTask *stopped = new_named ("stopped", cancelled_body, NULL, 0);
  DagTask *declined = new_named ("declined", test_body_skip, NULL, 0);
  DagTask *good = new_pending ("good");
  DagTask *unneeded = dag_task_new (NULL, NULL, NULL);

  g_test_summary ("Cancellation and what was not needed are never reported, nor what is skipped by "
                  "them");

  g_assert_true (dag_task_add_prerequisite (unneeded, good, DAG_RULE_FAILED, NULL));
  g_object_unref (new_after (cancelled, "after"));
  g_object_unref (new_after (stopped, "after"));
  g_object_unref (new_after (declined, "after"));
  g_object_unref (new_after (unneeded, "after"));
  dag_task_cancel (cancelled);
  test_drain ();
  dag_task_return (good);
  test_settle (unneeded);
  g_assert_cmpint (dag_task_get_state (cancelled), ==, DAG_STATE_CANCELLED);
  g_assert_cmpint (dag_task_get_state (stopped), ==, DAG_STATE_CANCELLED);
  g_assert_cmpint (dag_task_get_state (declined), ==, DAG_STATE_SKIPPED);
  g_assert_cmpint (dag_task_get_reason (unneeded), ==, DAG_REASON_NOT_NEEDED);

  test_release (cancelled);
  test_release (stopped);
  test_release (declined);
  test_release (unneeded);
  test_release (good);
}

static void
test_unskipped (void)
{
  DagTask *origin = new_pending ("origin"), *dependent = new_after (origin, "dependent");

  g_test_summary ("A dependent that was cancelled before does not carry a failure: its own task "
                  "does");

  test_drain ();
  dag_task_cancel (dependent);
  test_finish (dependent);
  fail (origin);
  test_settle (dependent);
  test_release (dependent);
  expect_report ("origin");
  g_object_unref (origin);
  expected ();
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-8/report/released", test_released);
  g_test_add_func ("/promise-8/report/unreferenced", test_unreferenced);
  g_test_add_func ("/promise-8/report/handed-on", test_handed_on);
  g_test_add_func ("/promise-8/report/handed-on-looked", test_handed_on_looked);
  g_test_add_func ("/promise-8/report/diamond", test_diamond);
  g_test_add_func ("/promise-8/report/last-carrier", test_last_carrier);
  g_test_add_func ("/promise-8/report/several", test_several);
  g_test_add_func ("/promise-8/report/several-hops", test_several_hops);
  g_test_add_func ("/promise-8/report/later-failure", test_later_failure);
  g_test_add_func ("/promise-8/report/any", test_any);
  g_test_add_func ("/promise-8/report/declined", test_declined);
  g_test_add_func ("/promise-8/report/followed", test_followed);
  g_test_add_func ("/promise-8/report/unskipped", test_unskipped);
  g_test_add_func ("/promise-8/looked/who", test_looked);
  g_test_add_func ("/promise-8/looked/callback", test_callback);
  g_test_add_func ("/promise-8/looked/who-not", test_not_looked);
  g_test_add_func ("/promise-8/never", test_never);

  return g_test_run ();
}
