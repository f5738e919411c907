/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "behaviours.h"

static const DagState ends[] = {
  DAG_STATE_SUCCEEDED, DAG_STATE_FAILED, DAG_STATE_SKIPPED, DAG_STATE_CANCELLED,
};

/* A task that will end in this state. */
static DagTask *
call_full_ending (DagState end)
{
  DagTask *task = end == DAG_STATE_FAILED ? dag_call_full (fail, "failed")
                : end == DAG_STATE_SKIPPED ? dag_call_full (decline)
                : dag_call_full (echo, "ended");

  if (end == DAG_STATE_CANCELLED)
    dag_task_cancel (task);

  return task;
}

DAG_DEFINE_TASK (state_of, (DagTask *, other))
{
  dag_task_return_string (task, state_nick (other));
}

DAG_DEFINE_TASK (states_of, (DagTask *, a), (DagTask *, b), (DagTask *, c))
{
  dag_task_return_take_string (task, g_strjoin (" ", state_nick (a), state_nick (b),
                                                state_nick (c), NULL));
}

static void
check_failure (void)
{
  g_autoptr (DagTask) task = dag_call_full (fail, "on purpose");

  assert_failed (task, DAG_STATE_FAILED, "on purpose");
  g_assert_true (dag_task_get_origin (task) == task);
}

static void
check_failure_passes_on (void)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (DagTask) origin = dag_call_full (fail, "far away");
  g_autoptr (DagTask) near = dag_call_full (note, notes, origin);
  g_autoptr (DagTask) middle = dag_call_full (note, notes, "middle");
  g_autoptr (DagTask) last = dag_call_full (join, dag_call (echo, "good"),
                                            dag_call (note, notes, middle));

  dag_depends_on (middle, near);

  assert_failed (origin, DAG_STATE_FAILED, "far away");
  assert_failed (near, DAG_STATE_SKIPPED, "far away");
  assert_failed (middle, DAG_STATE_SKIPPED, "far away");
  assert_failed (last, DAG_STATE_SKIPPED, "far away");
  g_assert_true (dag_task_get_origin (near) == origin);
  g_assert_true (dag_task_get_origin (last) == origin);
  g_assert_cmpstr (notes->str, ==, "");
}

static void
check_all_failures (void)
{
  g_autoptr (DagTask) left = dag_call_full (pending);
  g_autoptr (DagTask) right = dag_call_full (pending);
  g_autoptr (DagTask) task = dag_call_full (join, left, right);
  g_autofree DagTask **failures = NULL;
  gsize n_failures;

  test_drain ();
  fail_now (right, "first");
  assert_failed (task, DAG_STATE_SKIPPED, "first");
  assert_state (left, DAG_STATE_RUNNING);

  fail_now (left, "second");
  test_settle (task);
  assert_failed (task, DAG_STATE_SKIPPED, "first");
  failures = dag_task_get_failures (task, &n_failures);
  g_assert_cmpuint (n_failures, ==, 2);
  g_assert_true (failures[0] == right);
  g_assert_true (failures[1] == left);
}

static void
check_raw_input (void)
{
  const char *nicks[] = { "succeeded", "failed", "skipped", "cancelled" };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autoptr (DagTask) task = call_full_ending (ends[i]);

      assert_string (dag_call (state_of, task), nicks[i]);
    }
}

DAG_DEFINE_TASK (contents_of, (DagTask *, other))
{
  g_assert_true (dag_task_get_settled (other));
  dag_task_return_take_string (task, g_strdup_value_contents (dag_task_get_value (other)));
}

static void
check_raw_plain_value (void)
{
  assert_string (dag_call (state_of, "plain"), "succeeded");
  assert_string (dag_call (contents_of, "plain"), "\"plain\"");
  assert_string (dag_call (contents_of, 42), "42");
  assert_string (dag_call (states_of, dag_call (fail, "looked at"), 0.5, dag_call (echo, "")),
                 "failed succeeded succeeded");
}

/* A task that is skipped by a failure at once, and settles when the other has returned. */
static DagTask *
call_full_unsettled (DagTask **running)
{
  *running = dag_call_full (pending);

  return dag_call_full (join, *running, dag_call (fail, "early"));
}

static void
check_rule_finished (void)
{
  g_autoptr (DagTask) running = NULL;
  g_autoptr (DagTask) unsettled = call_full_unsettled (&running);
  g_autoptr (DagTask) cleaned = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autoptr (DagTask) task = call_full_ending (ends[i]);
      g_autoptr (DagTask) input = dag_call_full (state_of, dag_finished (task));
      g_autoptr (DagTask) prerequisite = g_object_ref (dag_depends_on (dag_call (echo, "ran"),
                                                                       dag_finished (task)));

      finish (input);
      assert_state (task, ends[i]);
      assert_string (prerequisite, "ran");
    }

  cleaned = g_object_ref (dag_depends_on (dag_call (echo, "clean"), dag_finished (unsettled)));
  assert_failed (unsettled, DAG_STATE_SKIPPED, "early");
  test_drain ();
  assert_state (cleaned, DAG_STATE_WAITING);
  dag_task_return_string (running, "");
  assert_string (cleaned, "clean");
}

static void
check_rule_failed (void)
{
  g_autoptr (DagTask) running = NULL;
  g_autoptr (DagTask) unsettled = call_full_unsettled (&running);
  g_autoptr (DagTask) undone = g_object_ref (dag_depends_on (dag_call (echo, "undone"),
                                                             dag_failed (unsettled)));
  g_autoptr (DagTask) cancelled = call_full_ending (DAG_STATE_CANCELLED);

  assert_string (dag_call (state_of, dag_failed (dag_call (fail, "looked at"))), "failed");
  assert_not_needed (dag_depends_on (dag_call (echo, ""), dag_failed (dag_call (echo, "good"))));
  assert_not_needed (dag_depends_on (dag_call (echo, ""), dag_failed (dag_call (decline))));
  assert_cancelled (dag_depends_on (dag_call (echo, ""), dag_failed (cancelled)),
                    DAG_STATE_SKIPPED);

  assert_failed (unsettled, DAG_STATE_SKIPPED, "early");
  test_drain ();
  assert_state (undone, DAG_STATE_WAITING);
  dag_task_return_string (running, "");
  assert_string (undone, "undone");
}

static DagTask *
call_full_choice (DagTrigger  trigger,
                  DagTask    *a,
                  DagTask    *b,
                  DagTask    *c)
{
  DagTask *task = dag_call_full (states_of, dag_succeeded (a), dag_succeeded (b),
                                 dag_succeeded (c));

  return dag_with (task, "trigger", trigger, NULL);
}

static void
check_trigger_any (void)
{
  g_autoptr (DagTask) a = dag_call_full (pending);
  g_autoptr (DagTask) b = dag_call_full (pending);
  g_autoptr (DagTask) c = dag_call_full (pending);
  g_autoptr (DagTask) first = dag_call_full (fail, "first");
  g_autoptr (DagTask) second = dag_call_full (fail, "second");
  g_autoptr (DagTask) task = call_full_choice (DAG_TRIGGER_ANY, a, b, c);
  g_autoptr (DagTask) none = call_full_choice (DAG_TRIGGER_ANY, a, second, first);

  test_drain ();
  fail_now (a, "third");
  assert_failed (none, DAG_STATE_SKIPPED, "first");
  assert_state (task, DAG_STATE_WAITING);

  dag_task_return_string (b, "");
  assert_value (task, "failed succeeded running");
  end_now (c);
}

static void
check_trigger_first (void)
{
  g_autoptr (DagTask) a = dag_call_full (pending);
  g_autoptr (DagTask) b = dag_call_full (pending);
  g_autoptr (DagTask) c = dag_call_full (pending);
  g_autoptr (DagTask) d = dag_call_full (pending);
  g_autoptr (DagTask) good = call_full_choice (DAG_TRIGGER_FIRST, a, b, c);
  g_autoptr (DagTask) bad = call_full_choice (DAG_TRIGGER_FIRST, b, c, d);

  test_drain ();
  dag_task_return_string (a, "");
  assert_value (good, "succeeded running running");

  assert_state (bad, DAG_STATE_WAITING);
  fail_now (c, "decided");
  assert_failed (bad, DAG_STATE_SKIPPED, "decided");
  assert_state (b, DAG_STATE_RUNNING);
  end_now (b);
  end_now (d);
}

static void
check_skip (void)
{
  g_autoptr (DagTask) declined = dag_call_full (decline);
  g_autoptr (DagTask) dependent = dag_call_full (echo, declined);
  gsize n_failures;

  assert_not_needed (declined);
  assert_not_needed (dependent);
  g_free (dag_task_get_failures (dependent, &n_failures));
  g_assert_cmpuint (n_failures, ==, 0);

  /* Nor is it reported: a warning would be fatal. */
  dag_call (echo, dag_call (decline));
  test_drain ();
}

static void
check_unlooked_failure (void)
{
  DagTask *task = dag_with (dag_call (fail, "on purpose"), "name", "fetch", NULL);

  dag_call (echo, dag_call (echo, task));
  dag_call (echo, task);
  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, "fetch (*) failed*: on purpose");
  test_drain ();
  g_test_assert_expected_messages ();
}

static void
look_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dag_task_await_finish (DAG_TASK (object), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  ++*(guint *) user_data;
}

static void
check_looked_failure (void)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  DagTask *read = dag_call_full (fail, "read");
  guint n_looked = 0;

  /* A warning would be fatal. */
  test_settle (read);
  g_assert_nonnull (dag_task_get_error (read));
  test_release (read);

  dag_task_await_async (dag_call (fail, "awaited"), NULL, look_cb, &n_looked);
  dag_task_await_async (dag_call (echo, dag_call (fail, "below")), NULL, look_cb, &n_looked);
  dag_call (note, notes, dag_call (state_of, dag_call (fail, "got raw")));
  dag_call (note, notes, dag_call (state_of, dag_call (echo, dag_call (fail, "below"))));
  test_drain ();
  g_assert_cmpuint (n_looked, ==, 2);
  g_assert_cmpstr (notes->str, ==, "failedskipped");
}

void
add_failing (void)
{
  g_test_add_func ("/behaviours/failure", check_failure);
  g_test_add_func ("/behaviours/failure-passes-on", check_failure_passes_on);
  g_test_add_func ("/behaviours/all-failures", check_all_failures);
  g_test_add_func ("/behaviours/raw-input", check_raw_input);
  g_test_add_func ("/behaviours/raw-plain-value", check_raw_plain_value);
  g_test_add_func ("/behaviours/rule-finished", check_rule_finished);
  g_test_add_func ("/behaviours/rule-failed", check_rule_failed);
  g_test_add_func ("/behaviours/trigger-any", check_trigger_any);
  g_test_add_func ("/behaviours/trigger-first", check_trigger_first);
  g_test_add_func ("/behaviours/skip", check_skip);
  g_test_add_func ("/behaviours/unlooked-failure", check_unlooked_failure);
  g_test_add_func ("/behaviours/looked-failure", check_looked_failure);
}
