/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* A task that chooses among its inputs: what is known before it can decide, and who answers for the
 * failures that did not decide.
 */

#define UNLOOKED "*failed and nobody looked at it: No such thing"

static void
expect_report (void)
{
  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, UNLOOKED);
}

static void
return_failure (DagTask *task)
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "No such thing");
}

static void
never_run (DagTask  *task,
           gpointer  user_data)
{
  g_assert_not_reached ();
}

static DagTask *
new_pending (void)
{
  return dag_task_new (test_body_pending, NULL, NULL);
}

static void
add_choice (DagTask *task,
            DagTask *input)
{
  g_autoptr (GError) error = NULL;

  dag_task_add_raw_input (task, input, DAG_RULE_SUCCEEDED, &error);
  g_assert_no_error (error);
}

static DagTask *
new_choice (DagTaskFunc  function,
            DagTrigger   trigger,
            DagTask     *first,
            DagTask     *second)
{
  DagTask *task = dag_task_new (function, NULL, NULL);

  dag_task_set_trigger (task, trigger);
  add_choice (task, first);
  if (second != NULL)
    add_choice (task, second);

  return task;
}

/* Releases a task that somebody else still keeps. */
static void
release_kept (DagTask  *task,
              gpointer *weak)
{
  *weak = task;
  g_object_add_weak_pointer (G_OBJECT (task), weak);
  g_object_unref (task);
  test_drain ();
  g_assert_nonnull (*weak);
}

static void
test_one_more (void)
{
  DagTask *failed, *late, *choice;

  g_test_summary ("A choice whose inputs were all refused can be given another one before control "
                  "is back in the main loop, and waits for that");

  failed = new_pending ();
  late = new_pending ();
  test_drain ();
  return_failure (failed);
  test_drain ();

  choice = new_choice (test_body_succeed, DAG_TRIGGER_ANY, failed, NULL);
  add_choice (choice, late);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (choice), ==, DAG_STATE_WAITING);

  dag_task_return (late);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (choice), ==, DAG_STATE_SUCCEEDED);

  test_release (choice);
  test_release (late);
  test_release (failed);
}

static void
test_held (void)
{
  DagTask *failed, *late, *choice;

  g_test_summary ("A choice that is held is not skipped before it is complete, and is when it is "
                  "released");

  failed = new_pending ();
  late = new_pending ();
  choice = g_object_new (DAG_TYPE_TASK, "held", TRUE, "trigger", DAG_TRIGGER_ANY, NULL);
  add_choice (choice, failed);
  test_drain ();
  return_failure (failed);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (choice), ==, DAG_STATE_WAITING);

  add_choice (choice, late);
  test_drain ();
  dag_task_return_skip (late);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (choice), ==, DAG_STATE_WAITING);

  dag_task_release (choice);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (choice), ==, DAG_STATE_SKIPPED);
  g_assert_cmpint (dag_task_get_reason (choice), ==, DAG_REASON_FAILURE);
  g_assert_true (dag_task_get_origin (choice) == failed);
  g_assert_error (dag_task_get_error (choice), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

  test_release (choice);
  test_release (late);
  test_release (failed);
}

static void
test_trigger_afterwards (void)
{
  static const struct {
    DagTrigger trigger;
    DagState   state;
    DagReason  reason;
  } ends[] = {
    { DAG_TRIGGER_ANY, DAG_STATE_WAITING, DAG_REASON_NONE },
    { DAG_TRIGGER_FIRST, DAG_STATE_SKIPPED, DAG_REASON_FAILURE },
    { DAG_TRIGGER_ALL, DAG_STATE_SKIPPED, DAG_REASON_FAILURE },
  };

  g_test_summary ("The trigger counts for what was decided before it was set, too");

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      DagTask *failed = new_pending (), *late = new_pending ();
      DagTask *choice = new_choice (test_body_succeed, DAG_TRIGGER_ANY, failed, late);

      test_drain ();
      return_failure (failed);
      test_drain ();
      g_assert_cmpint (dag_task_get_state (choice), ==, DAG_STATE_WAITING);

      dag_task_set_trigger (choice, ends[i].trigger);
      test_drain ();
      g_assert_cmpint (dag_task_get_state (choice), ==, ends[i].state);
      g_assert_cmpint (dag_task_get_reason (choice), ==, ends[i].reason);

      dag_task_return (late);
      test_drain ();
      dag_task_get_error (choice);
      test_release (choice);
      test_release (late);
      test_release (failed);
    }
}

/* Unlooked-at failures */

static void
test_report_cancelled (gconstpointer data)
{
  gboolean look = GPOINTER_TO_INT (data);
  DagTask *failed, *late, *choice;
  gpointer weak;

  g_test_summary ("A failure among the inputs of a choice that was cancelled before it could "
                  "decide is still that of its own task, and reported with it unless it was looked "
                  "at");

  failed = new_pending ();
  late = new_pending ();
  choice = new_choice (never_run, DAG_TRIGGER_ANY, failed, late);
  test_drain ();
  return_failure (failed);
  test_drain ();
  dag_task_cancel (choice);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (choice), ==, DAG_STATE_CANCELLED);

  weak = failed;
  g_object_add_weak_pointer (weak, &weak);
  if (look)
    dag_task_get_error (failed);
  else
    expect_report ();
  dag_task_return (late);
  test_drain ();
  g_object_unref (choice);
  g_object_unref (failed);
  test_drain ();
  g_assert_null (weak);
  g_test_assert_expected_messages ();

  test_release (late);
}

static void
test_report_decided (void)
{
  DagTask *failed[2], *choice;
  gpointer weak[2];

  g_test_summary ("Who looks at the error of a choice that all inputs have failed has looked at "
                  "all of them");

  failed[0] = new_pending ();
  failed[1] = new_pending ();
  choice = new_choice (never_run, DAG_TRIGGER_ANY, failed[0], failed[1]);
  test_drain ();
  return_failure (failed[1]);
  test_drain ();
  release_kept (failed[1], &weak[1]);
  return_failure (failed[0]);
  test_drain ();
  g_assert_true (dag_task_get_origin (choice) == weak[1]);
  g_assert_error (dag_task_get_error (choice), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

  release_kept (failed[0], &weak[0]);
  test_release (choice);
  g_assert_null (weak[0]);
  g_assert_null (weak[1]);
}

static void
test_report_chosen (void)
{
  DagTask *failed, *late, *choice;
  gpointer weak;

  g_test_summary ("A function that chose has looked at the failures among its inputs, which are "
                  "kept for it until then and no longer");

  failed = new_pending ();
  late = new_pending ();
  choice = new_choice (test_body_succeed, DAG_TRIGGER_ANY, failed, late);
  test_drain ();
  return_failure (failed);
  test_drain ();
  release_kept (failed, &weak);

  dag_task_return (late);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (choice), ==, DAG_STATE_SUCCEEDED);

  test_release (late);
  test_release (choice);
  g_assert_null (weak);
}

static void
test_report_handed_on (void)
{
  DagTask *failed, *skipped;
  gpointer weak;

  g_test_summary ("A task that was skipped answers for the failure, and it is reported with the "
                  "last that does");

  failed = new_pending ();
  skipped = dag_task_new_with_inputs (never_run, NULL, NULL, &failed, 1);
  test_drain ();
  return_failure (failed);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (skipped), ==, DAG_STATE_SKIPPED);

  /* It is the origin, and can be asked for as long as there is somebody to ask. */
  release_kept (failed, &weak);

  expect_report ();
  g_object_unref (skipped);
  test_drain ();
  g_test_assert_expected_messages ();
  g_assert_null (weak);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-6/choice/one-more", test_one_more);
  g_test_add_func ("/promise-1/choice/held", test_held);
  g_test_add_func ("/promise-7/choice/trigger-afterwards", test_trigger_afterwards);
  g_test_add_data_func ("/promise-8/choice/cancelled", GINT_TO_POINTER (FALSE),
                        test_report_cancelled);
  g_test_add_data_func ("/promise-8/choice/cancelled-and-looked-at", GINT_TO_POINTER (TRUE),
                        test_report_cancelled);
  g_test_add_func ("/promise-8/choice/decided", test_report_decided);
  g_test_add_func ("/promise-8/choice/chosen", test_report_chosen);
  g_test_add_func ("/promise-8/choice/handed-on", test_report_handed_on);

  return g_test_run ();
}
