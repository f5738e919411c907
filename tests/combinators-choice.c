/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "combinators-util.h"

/* Tasks that choose one of others. */

/* Any */

static void
test_any_success (void)
{
  DagTask *any;

  g_test_summary ("Any ends with the first result, whatever failed before, and the others go on");

  make_tasks (4);
  any = dag_task_new_any (tasks, 4, FALSE);
  fail (2);
  decline (0);
  assert_state (any, DAG_STATE_WAITING);
  succeed (3);
  assert_value (any, 103);
  assert_state (tasks[1], DAG_STATE_RUNNING);
  g_assert_false (dag_task_is_cancelled (tasks[1]));
  g_assert_false (dag_task_get_settled (any));

  /* A loser that fails later has failed in vain. */
  fail (1);
  assert_value (any, 103);
  test_release (any);
  release_tasks (4);
}

static void
test_any_by_all (void)
{
  DagTask *any;

  g_test_summary ("Whatever trigger it is given, the result of any is that of the first task that "
                  "succeeded");

  make_tasks (3);
  any = dag_task_new_any (tasks, 3, FALSE);
  dag_task_set_trigger (any, DAG_TRIGGER_ALL);
  succeed (1);
  assert_state (any, DAG_STATE_WAITING);
  succeed (0);
  succeed (2);
  assert_value (any, 101);
  test_release (any);
  release_tasks (3);
}

static void
test_any_refused (void)
{
  DagTask *any;

  g_test_summary ("Where no task succeeds, any is skipped with the earliest failure, else with a "
                  "cancellation, else because nothing was needed");

  make_tasks (4);
  any = dag_task_new_any (tasks, 4, FALSE);
  decline (0);
  cancel (1);
  fail (3);
  assert_state (any, DAG_STATE_WAITING);
  fail (2);
  assert_ended (any, DAG_STATE_SKIPPED, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_true (dag_task_get_origin (any) == tasks[3]);
  test_release (any);
  release_tasks (4);

  make_tasks (3);
  any = dag_task_new_any (tasks, 3, FALSE);
  decline (2);
  cancel (0);
  decline (1);
  assert_ended (any, DAG_STATE_SKIPPED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (dag_task_get_origin (any) == tasks[0]);
  test_release (any);
  release_tasks (3);

  make_tasks (2);
  any = dag_task_new_any (tasks, 2, FALSE);
  decline (0);
  decline (1);
  assert_ended (any, DAG_STATE_SKIPPED, DAG_ERROR, DAG_ERROR_NOT_NEEDED);
  test_release (any);
  release_tasks (2);
}

static void
test_any_failures (void)
{
  DagTask *any;
  g_autofree DagTask **failures = NULL;
  gsize n_failures;

  g_test_summary ("All failures of any can be asked for, the earliest first");

  make_tasks (3);
  any = dag_task_new_any (tasks, 3, FALSE);
  fail (1);
  fail (0);
  fail (2);

  failures = dag_task_get_failures (any, &n_failures);
  g_assert_cmpuint (n_failures, ==, 3);
  g_assert_true (failures[0] == tasks[1]);
  g_assert_true (failures[1] == tasks[0]);
  g_assert_true (failures[2] == tasks[2]);

  test_release (any);
  release_tasks (3);
}

/* Race */

static void
test_race (void)
{
  DagTask *race;

  g_test_summary ("A race ends as the first of the tasks that finishes, whether that succeeds or not");

  make_tasks (3);
  race = dag_task_new_race (tasks, 3, FALSE);
  succeed (1);
  assert_value (race, 101);
  fail (0);
  assert_value (race, 101);
  succeed (2);
  test_release (race);
  release_tasks (3);

  make_tasks (3);
  race = dag_task_new_race (tasks, 3, FALSE);
  fail (2);
  assert_ended (race, DAG_STATE_SKIPPED, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_true (dag_task_get_origin (race) == tasks[2]);
  succeed (0);
  assert_ended (race, DAG_STATE_SKIPPED, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  succeed (1);
  test_release (race);
  release_tasks (3);

  make_tasks (2);
  race = dag_task_new_race (tasks, 2, FALSE);
  decline (1);
  assert_ended (race, DAG_STATE_SKIPPED, DAG_ERROR, DAG_ERROR_NOT_NEEDED);
  succeed (0);
  test_release (race);
  release_tasks (2);
}

/* Cancelling the losers */

typedef DagTask *(*Choose) (DagTask * const *inputs,
                            gsize            n_inputs,
                            gboolean         cancel_others);

static const Choose choices[] = { dag_task_new_any, dag_task_new_race };

static void
test_cancel_others (void)
{
  g_test_summary ("With cancel_others the losers are cancelled that nobody else needs, and what only "
                  "they need; the rest goes on");

  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    {
      DagTask *upstream, *needed, *user, *choice, *inputs[3];

      make_tasks (2);
      upstream = dag_task_new (test_body_pending, NULL, NULL);
      needed = dag_task_new (test_body_pending, NULL, NULL);
      inputs[0] = tasks[0];
      inputs[1] = dag_task_new_with_inputs (test_body_pending, NULL, NULL, &upstream, 1);
      inputs[2] = needed;
      user = dag_task_new_with_inputs (test_body_succeed, GINT_TO_POINTER (1), NULL, &needed, 1);
      choice = choices[i] (inputs, 3, TRUE);
      test_drain ();

      succeed (0);
      assert_value (choice, 100);
      g_assert_false (dag_task_is_cancelled (tasks[0]));
      assert_state (inputs[1], DAG_STATE_CANCELLED);
      g_assert_true (dag_task_is_cancelled (upstream));
      g_assert_false (dag_task_is_cancelled (needed));
      g_assert_false (dag_task_get_settled (choice));

      dag_task_return (upstream);
      dag_task_return (needed);
      test_settle (user);
      assert_state (upstream, DAG_STATE_CANCELLED);
      assert_value (user, 1);

      test_release (choice);
      test_release (user);
      test_release (needed);
      test_release (inputs[1]);
      test_release (upstream);
      release_tasks (2);
    }
}

static void
ignore_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  gboolean *called = user_data;

  dag_task_await_finish (DAG_TASK (source), result, NULL);
  *called = TRUE;
}

static void
test_cancel_others_waiter (void)
{
  g_test_summary ("A loser that somebody awaits is needed");

  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    {
      gboolean called = FALSE;
      DagTask *choice;

      make_tasks (2);
      choice = choices[i] (tasks, 2, TRUE);
      dag_task_await_async (tasks[1], NULL, ignore_cb, &called);
      test_drain ();
      succeed (0);
      assert_value (choice, 100);
      g_assert_false (dag_task_is_cancelled (tasks[1]));

      succeed (1);
      g_assert_true (called);
      test_release (choice);
      release_tasks (2);
    }
}

static void
test_cancel_others_refused (void)
{
  DagTask *choice;

  g_test_summary ("A race that is lost by a failure cancels the others too; any does not");

  make_tasks (2);
  choice = dag_task_new_race (tasks, 2, TRUE);
  fail (0);
  assert_state (choice, DAG_STATE_SKIPPED);
  g_assert_nonnull (dag_task_get_error (choice));
  g_assert_true (dag_task_is_cancelled (tasks[1]));
  succeed (1);
  assert_state (tasks[1], DAG_STATE_CANCELLED);
  test_release (choice);
  release_tasks (2);

  make_tasks (2);
  choice = dag_task_new_any (tasks, 2, TRUE);
  fail (0);
  g_assert_false (dag_task_is_cancelled (tasks[1]));
  succeed (1);
  assert_value (choice, 101);
  test_release (choice);
  release_tasks (2);
}

static void
test_timeout (void)
{
  DagTask *delay, *race, *both[2];

  g_test_summary ("A race with a delay is a timeout");

  make_tasks (1);
  delay = dag_task_new_delay (1);
  both[0] = tasks[0];
  both[1] = delay;
  race = dag_task_new_race (both, 2, TRUE);
  test_finish (race);
  test_drain ();
  g_assert_true (dag_task_is_cancelled (tasks[0]));
  succeed (0);
  test_release (race);
  test_release (delay);
  release_tasks (1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/combinators/any/success", test_any_success);
  g_test_add_func ("/combinators/any/by-all", test_any_by_all);
  g_test_add_func ("/combinators/any/refused", test_any_refused);
  g_test_add_func ("/combinators/any/failures", test_any_failures);
  g_test_add_func ("/combinators/race", test_race);
  g_test_add_func ("/promise-9/cancel-others/need", test_cancel_others);
  g_test_add_func ("/promise-9/cancel-others/waiter", test_cancel_others_waiter);
  g_test_add_func ("/promise-9/cancel-others/refused", test_cancel_others_refused);
  g_test_add_func ("/combinators/delay/timeout", test_timeout);

  return g_test_run ();
}
