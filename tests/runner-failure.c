/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Promise 8: what is reported of failures of functions that another language calls. Warnings are fatal
 * in these tests: what is not expected here is known not to be reported.
 */

#include "runner-util.h"

static void
test_details (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, "load", fail_detailed, NULL);
  DagTask *dependent = dag_task_new_with_inputs (NULL, NULL, NULL, &task, 1);

  g_test_summary ("The report of a failure has the name of the task, where it was made, the message "
                  "and the details, and comes when it is released");

  test_settle (dependent);
  g_assert_cmpstr (dag_task_get_location (task), ==, "script.js:12");
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_FAILURE);
  g_object_unref (task);
  expect_report ("load (script.js:12) failed and nobody looked at it: No such file\n"
                 "inner@script.js:12\nouter@script.js:34");
  g_object_unref (dependent);
  expected ();
  assert_story ("load");
  test_binding_free (binding);
}

static void
test_looked (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, "load", fail_detailed, NULL);

  g_test_summary ("There is no report of a failure that was looked at, and its error has no details");

  test_settle (task);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (dag_task_get_error (task)->message, ==, "No such file");
  test_release (task);
  assert_story ("load");
  test_binding_free (binding);
}

static gboolean
fail_plainly (TestJob *job)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                                  "No such thing");

  dag_runner_fail (job->binding->runner, job->task, error, NULL, NULL);

  return FALSE;
}

static gboolean
fail_twice (TestJob *job)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_EXISTS, "Again");

  fail_plainly (job);
  test_assert_critical ("dag_runner_fail: load* has already returned",
                        dag_runner_fail (job->binding->runner, job->task, error, NULL, "never"));

  return FALSE;
}

static void
test_plain (void)
{
  TestBinding *binding = test_binding_new (NULL);
  TestFunc functions[] = { fail_plainly, fail_twice };

  g_test_summary ("A failure needs neither a place nor details, and those of a second are of no "
                  "account");

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      DagTask *task = test_binding_task (binding, "load", functions[i], NULL);

      test_settle (task);
      expect_report (REPORT ("load"));
      g_object_unref (task);
      expected ();
    }

  assert_story ("load load");
  test_binding_free (binding);
}

static gboolean
fail_cancelled (TestJob *job)
{
  dag_task_cancel (job->task);

  return fail_detailed (job);
}

static void
test_cancelled (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task;

  g_test_summary ("A task that was cancelled and then fails is cancelled, which is not reported, "
                  "early or not");

  for (guint early = 0; early < 2; early++)
    {
      dag_runner_set_reports_early (binding->runner, early);
      task = test_binding_task (binding, NULL, fail_cancelled, NULL);
      test_settle (task);
      assert_state (task, DAG_STATE_CANCELLED);
      test_release (task);
    }

  test_binding_free (binding);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-8/runner/failure/details", test_details);
  g_test_add_func ("/promise-8/runner/failure/looked", test_looked);
  g_test_add_func ("/promise-8/runner/failure/plain", test_plain);
  g_test_add_func ("/promise-8/runner/failure/cancelled", test_cancelled);

  return g_test_run ();
}
