/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

/* Tasks that are made of others. Several pending tasks are ended by the tests, in any order. */

#define N 5

static DagTask *tasks[N];

G_GNUC_UNUSED static void
make_tasks (guint n)
{
  for (guint i = 0; i < n; i++)
    tasks[i] = dag_task_new (test_body_pending, NULL, NULL);
  test_drain ();
}

/* Expects that nobody else has them. */
G_GNUC_UNUSED static void
release_tasks (guint n)
{
  for (guint i = 0; i < n; i++)
    {
      if (dag_task_get_state (tasks[i]) == DAG_STATE_RUNNING)
        dag_task_return (tasks[i]);
      test_release (g_steal_pointer (&tasks[i]));
    }
}

G_GNUC_UNUSED static void
fail (guint i)
{
  test_body_fail (tasks[i], NULL);
  test_drain ();
}

G_GNUC_UNUSED static void
succeed (guint i)
{
  dag_task_return_int (tasks[i], 100 + i);
  test_drain ();
}

G_GNUC_UNUSED static void
decline (guint i)
{
  dag_task_return_skip (tasks[i]);
  test_drain ();
}

G_GNUC_UNUSED static void
cancel (guint i)
{
  dag_task_cancel (tasks[i]);
  dag_task_return (tasks[i]);
  test_drain ();
}

G_GNUC_UNUSED static void
assert_state (DagTask  *task,
              DagState  state)
{
  g_assert_cmpint (dag_task_get_state (task), ==, state);
}

G_GNUC_UNUSED static void
assert_value (DagTask *task,
              int      expected)
{
  assert_state (task, DAG_STATE_SUCCEEDED);
  g_assert_cmpint (g_value_get_int (dag_task_get_value (task)), ==, expected);
}

G_GNUC_UNUSED static void
assert_ended (DagTask  *task,
              DagState  state,
              GQuark    domain,
              int       code)
{
  assert_state (task, state);
  g_assert_true (g_error_matches (dag_task_get_error (task), domain, code));
}
