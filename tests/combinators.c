/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "combinators-util.h"

/* All, settled and delay, and what is said of every combinator. */

static DagResults *
get_results (DagTask *task)
{
  assert_state (task, DAG_STATE_SUCCEEDED);
  g_assert_true (G_VALUE_HOLDS (dag_task_get_value (task), DAG_TYPE_RESULTS));

  return g_value_get_boxed (dag_task_get_value (task));
}

/* All */

static void
test_all_order (void)
{
  const guint order[] = { 3, 0, 4, 2, 1 };
  DagTask *all;
  DagResults *results;

  g_test_summary ("The results of all are in the order in which the tasks were given, in whatever "
                  "order they came");

  make_tasks (N);
  all = dag_task_new_all (tasks, N);
  for (guint i = 0; i < N; i++)
    {
      assert_state (all, DAG_STATE_WAITING);
      succeed (order[i]);
    }

  results = get_results (all);
  g_assert_cmpuint (dag_results_get_length (results), ==, N);
  for (guint i = 0; i < N; i++)
    {
      g_assert_true (dag_results_get_task (results, i) == tasks[i]);
      g_assert_cmpint (g_value_get_int (dag_results_get_value (results, i)), ==, 100 + i);
    }

  test_release (all);
  release_tasks (N);
}

static void
test_all_same (void)
{
  DagTask *all, *twice[3];
  DagResults *results;

  g_test_summary ("A task may be given to all several times");

  make_tasks (1);
  twice[0] = twice[1] = twice[2] = tasks[0];
  all = dag_task_new_all (twice, 3);
  succeed (0);

  results = get_results (all);
  g_assert_cmpuint (dag_results_get_length (results), ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (g_value_get_int (dag_results_get_value (results, i)), ==, 100);

  test_release (all);
  release_tasks (1);
}

static void
test_all_failure (void)
{
  DagTask *all;

  g_test_summary ("All is skipped with the first failure at once, and the others go on");

  make_tasks (3);
  all = dag_task_new_all (tasks, 3);
  succeed (2);
  fail (1);

  assert_ended (all, DAG_STATE_SKIPPED, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_true (dag_task_get_origin (all) == tasks[1]);
  g_assert_false (dag_task_get_settled (all));
  assert_state (tasks[0], DAG_STATE_RUNNING);
  g_assert_false (dag_task_is_cancelled (tasks[0]));

  succeed (0);
  g_assert_true (dag_task_get_settled (all));
  test_release (all);
  release_tasks (3);
}

static void
test_all_other_ends (void)
{
  DagTask *all;

  g_test_summary ("All of tasks of which one was cancelled is skipped as cancelled, and where one "
                  "declined it is not needed");

  make_tasks (2);
  all = dag_task_new_all (tasks, 2);
  cancel (1);
  assert_ended (all, DAG_STATE_SKIPPED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (dag_task_get_reason (all), ==, DAG_REASON_CANCELLATION);
  succeed (0);
  test_release (all);
  release_tasks (2);

  make_tasks (2);
  all = dag_task_new_all (tasks, 2);
  decline (0);
  assert_ended (all, DAG_STATE_SKIPPED, DAG_ERROR, DAG_ERROR_NOT_NEEDED);
  g_assert_cmpint (dag_task_get_reason (all), ==, DAG_REASON_NOT_NEEDED);
  succeed (1);
  test_release (all);
  release_tasks (2);
}

static void
test_finished_inputs (void)
{
  g_auto (GValue) value = G_VALUE_INIT;
  DagTask *inputs[2], *all, *any, *race;

  g_test_summary ("Tasks that have finished already can be combined");

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 7);
  inputs[0] = dag_task_new_for_value (&value);
  inputs[1] = dag_task_new (test_body_fail, NULL, NULL);
  test_settle (inputs[1]);

  all = dag_task_new_all (inputs, 1);
  any = dag_task_new_any (inputs, 2, TRUE);
  race = dag_task_new_race (inputs, 2, FALSE);
  test_drain ();
  g_assert_cmpint (g_value_get_int (dag_results_get_value (get_results (all), 0)), ==, 7);
  assert_value (any, 7);
  assert_value (race, 7);

  g_assert_nonnull (dag_task_get_error (inputs[1]));
  test_release (all);
  test_release (any);
  test_release (race);
  test_release (inputs[0]);
  test_release (inputs[1]);
}

/* Settled */

static void
test_settled (void)
{
  const DagState states[] = {
    DAG_STATE_SUCCEEDED, DAG_STATE_FAILED, DAG_STATE_CANCELLED, DAG_STATE_SKIPPED,
  };
  DagTask *settled;
  DagResults *results;

  g_test_summary ("Settled never fails and has the finished tasks in order; failures among them are "
                  "looked at by that");

  make_tasks (4);
  settled = dag_task_new_settled (tasks, 4);
  decline (3);
  fail (1);
  cancel (2);
  assert_state (settled, DAG_STATE_WAITING);
  succeed (0);

  results = get_results (settled);
  for (guint i = 0; i < 4; i++)
    {
      assert_state (dag_results_get_task (results, i), states[i]);
      g_assert_true ((dag_results_get_value (results, i) != NULL) == (i == 0));
    }

  /* Had nobody looked at the failure, this would warn. */
  test_release (settled);
  release_tasks (4);
}

static void
test_settled_waits (void)
{
  DagTask *settled, *skipped, *both[2];

  g_test_summary ("Settled waits until nothing above the tasks runs any more, even where they have "
                  "finished");

  make_tasks (2);
  both[0] = tasks[0];
  both[1] = tasks[1];
  skipped = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, both, 2);
  settled = dag_task_new_settled (&skipped, 1);

  fail (0);
  assert_state (skipped, DAG_STATE_SKIPPED);
  assert_state (settled, DAG_STATE_WAITING);

  succeed (1);
  assert_state (settled, DAG_STATE_SUCCEEDED);
  test_release (settled);
  test_release (skipped);
  release_tasks (2);
}

/* Nothing */

static void
test_empty (void)
{
  DagTask *all = dag_task_new_all (NULL, 0);
  DagTask *settled = dag_task_new_settled (NULL, 0);
  DagTask *any = dag_task_new_any (NULL, 0, TRUE);
  DagTask *race = dag_task_new_race (NULL, 0, FALSE);
  DagTask *other = dag_task_new_any (NULL, 0, FALSE);

  g_test_summary ("All and settled of nothing succeed with no results, any and race of nothing fail, "
                  "by whatever trigger");

  dag_task_set_trigger (other, DAG_TRIGGER_ALL);

  test_drain ();
  g_assert_cmpuint (dag_results_get_length (get_results (all)), ==, 0);
  g_assert_cmpuint (dag_results_get_length (get_results (settled)), ==, 0);
  assert_ended (any, DAG_STATE_FAILED, DAG_ERROR, DAG_ERROR_EMPTY);
  assert_ended (race, DAG_STATE_FAILED, DAG_ERROR, DAG_ERROR_EMPTY);
  assert_ended (other, DAG_STATE_FAILED, DAG_ERROR, DAG_ERROR_EMPTY);

  test_release (all);
  test_release (settled);
  test_release (any);
  test_release (race);
  test_release (other);
}

/* One of many */

static void
test_nested (void)
{
  DagTask *inner[2], *any, *settled, *outer, *parts[2];
  DagResults *results;

  g_test_summary ("Combinators can be combined");

  make_tasks (N);
  inner[0] = dag_task_new_all (&tasks[0], 2);
  inner[1] = dag_task_new_all (&tasks[2], 2);
  any = dag_task_new_any (inner, 2, TRUE);
  settled = dag_task_new_settled (inner, 2);
  parts[0] = any;
  parts[1] = settled;
  outer = dag_task_new_all (parts, 2);

  fail (0);
  succeed (2);
  succeed (3);
  succeed (1);
  results = g_value_get_boxed (dag_task_get_value (any));
  g_assert_true (dag_results_get_task (results, 0) == tasks[2]);
  assert_state (dag_results_get_task (get_results (settled), 0), DAG_STATE_SKIPPED);
  g_assert_true (dag_results_get_task (get_results (outer), 0) == any);

  test_release (outer);
  test_release (settled);
  test_release (any);
  test_release (inner[0]);
  test_release (inner[1]);
  release_tasks (N);
}

static void
test_cancelled (void)
{
  DagTask *all;

  g_test_summary ("A combinator that is cancelled ends, and its tasks go on");

  make_tasks (2);
  all = dag_task_new_all (tasks, 2);
  dag_task_cancel (all);
  test_drain ();
  assert_ended (all, DAG_STATE_CANCELLED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (dag_task_is_cancelled (tasks[0]));
  succeed (0);
  succeed (1);
  assert_value (tasks[1], 101);
  test_release (all);
  release_tasks (2);
}

static void
test_invalid (void)
{
  DagTask *task = dag_task_new_for_value (NULL);
  DagTask *invalid[] = { task, NULL };

  g_test_summary ("What is not a task cannot be combined");

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*dag_task_new_all: assertion*failed");
  g_assert_null (dag_task_new_all (invalid, 2));
  g_test_assert_expected_messages ();

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*tasks != NULL*failed");
  g_assert_null (dag_task_new_any (NULL, 1, FALSE));
  g_test_assert_expected_messages ();

  test_release (task);
}

/* Results */

static void
test_results_lifetime (void)
{
  DagTask *all;
  DagResults *results;
  gpointer weak;

  g_test_summary ("Results keep their tasks, and nothing else, for as long as they are there");

  make_tasks (2);
  all = dag_task_new_all (tasks, 2);
  succeed (0);
  succeed (1);
  results = dag_results_ref (get_results (all));
  test_release (all);

  weak = tasks[0];
  g_object_add_weak_pointer (G_OBJECT (tasks[0]), &weak);
  g_clear_object (&tasks[0]);
  g_clear_object (&tasks[1]);
  g_assert_nonnull (weak);
  g_assert_cmpint (g_value_get_int (dag_results_get_value (results, 1)), ==, 101);

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*index < self->length*failed");
  g_assert_null (dag_results_get_value (results, 2));
  g_test_assert_expected_messages ();
  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*index < self->length*failed");
  g_assert_null (dag_results_get_task (results, G_MAXUINT));
  g_test_assert_expected_messages ();

  dag_results_unref (results);
  test_drain ();
  g_assert_null (weak);
}

static void
sum_body (DagTask  *task,
          gpointer  user_data)
{
  DagResults *results = dag_task_get_argument_boxed (task, 0);
  int sum = 0;

  for (guint i = 0; i < dag_results_get_length (results); i++)
    sum += g_value_get_int (dag_results_get_value (results, i));

  dag_task_return_int (task, sum);
}

static void
test_results_input (void)
{
  DagTask *all, *sum;

  g_test_summary ("Results are an argument like any other");

  make_tasks (3);
  all = dag_task_new_all (tasks, 3);
  sum = dag_task_new_with_inputs (sum_body, NULL, NULL, &all, 1);
  succeed (0);
  succeed (1);
  succeed (2);
  assert_value (sum, 303);
  test_release (sum);
  test_release (all);
  release_tasks (3);
}

/* Delay */

static void
test_delay (void)
{
  gint64 start = g_get_monotonic_time ();
  DagTask *delay = dag_task_new_delay (30);
  DagTask *none = dag_task_new_delay (0);

  g_test_summary ("A delay succeeds with no value, not before its time");

  test_finish (none);
  test_finish (delay);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 30 * 1000);
  assert_state (delay, DAG_STATE_SUCCEEDED);
  g_assert_null (g_value_get_pointer (dag_task_get_value (delay)));
  test_release (delay);
  test_release (none);
}

static void
test_delay_cancelled (void)
{
  DagTask *delay = dag_task_new_delay (G_MAXINT);
  DagTask *dependent = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &delay, 1);

  g_test_summary ("A delay that is cancelled ends at once, and nothing is left of it");

  test_drain ();
  assert_state (delay, DAG_STATE_RUNNING);
  dag_task_cancel_unneeded (dependent);
  test_settle (dependent);
  assert_state (dependent, DAG_STATE_CANCELLED);
  assert_state (delay, DAG_STATE_CANCELLED);
  g_assert_false (g_main_context_pending (NULL));

  test_release (dependent);
  test_release (delay);
}

static void
test_delay_again (void)
{
  DagTask *delay = dag_task_new_delay (20);
  DagRetry *retry = dag_retry_new (2, 60);

  g_test_summary ("The time of a delay that took too long is not over in the pause before it is tried "
                  "again");

  dag_task_set_timeout (delay, 5);
  dag_task_set_retry (delay, retry);
  test_settle (delay);
  assert_state (delay, DAG_STATE_FAILED);
  g_assert_error (dag_task_get_error (delay), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpuint (dag_task_get_attempt (delay), ==, 2);

  test_release (delay);
  g_object_unref (retry);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/combinators/all/order", test_all_order);
  g_test_add_func ("/combinators/all/same", test_all_same);
  g_test_add_func ("/combinators/all/failure", test_all_failure);
  g_test_add_func ("/combinators/all/other-ends", test_all_other_ends);
  g_test_add_func ("/combinators/settled/order", test_settled);
  g_test_add_func ("/combinators/settled/waits", test_settled_waits);
  g_test_add_func ("/combinators/finished-inputs", test_finished_inputs);
  g_test_add_func ("/combinators/empty", test_empty);
  g_test_add_func ("/promise-9/combinators/cancelled", test_cancelled);
  g_test_add_func ("/combinators/nested", test_nested);
  g_test_add_func ("/combinators/invalid", test_invalid);
  g_test_add_func ("/promise-5/results/lifetime", test_results_lifetime);
  g_test_add_func ("/combinators/results/input", test_results_input);
  g_test_add_func ("/combinators/delay/succeeds", test_delay);
  g_test_add_func ("/promise-9/delay/cancelled", test_delay_cancelled);
  g_test_add_func ("/combinators/delay/again", test_delay_again);

  return g_test_run ();
}
