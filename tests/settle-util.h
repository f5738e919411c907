/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

/* Finished against settled: a skip comes at once, and what tidies up does not begin while anything
 * above it is at work.
 */

/* How many bodies are at work: those of begin_work () that have not returned. */
static gint working;

G_GNUC_UNUSED static void
begin_work (DagTask  *task,
            gpointer  user_data)
{
  g_atomic_int_inc (&working);
}

G_GNUC_UNUSED static void
end_work (DagTask *task)
{
  g_assert_cmpint (g_atomic_int_add (&working, -1), >, 0);
  dag_task_return_int (task, 1);
}

G_GNUC_UNUSED static void
fail_work (DagTask *task)
{
  g_assert_cmpint (g_atomic_int_add (&working, -1), >, 0);
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "Went wrong");
}

/* What tidies up: counts how often it did, and expects to be the only one at work. */
G_GNUC_UNUSED static void
tidy_up (DagTask  *task,
         gpointer  user_data)
{
  guint *n_runs = user_data;

  g_assert_cmpint (g_atomic_int_get (&working), ==, 0);
  (*n_runs)++;
  dag_task_return (task);
}

G_GNUC_UNUSED static void
count_run (DagTask  *task,
           gpointer  user_data)
{
  guint *n_runs = user_data;

  (*n_runs)++;
  dag_task_return (task);
}

G_GNUC_UNUSED static void
never_run (DagTask  *task,
           gpointer  user_data)
{
  g_assert_not_reached ();
}

static void
require (DagTask *task,
         DagTask *dependency,
         DagRule  rule)
{
  g_autoptr (GError) error = NULL;

  dag_task_add_prerequisite (task, dependency, rule, &error);
  g_assert_no_error (error);
}

G_GNUC_UNUSED static DagTask *
new_after (DagTaskFunc  function,
           gpointer     user_data,
           DagTask     *dependency,
           DagRule      rule)
{
  DagTask *task = dag_task_new (function, user_data, NULL);

  require (task, dependency, rule);

  return task;
}

G_GNUC_UNUSED static void
count_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  guint *n = user_data;

  (*n)++;
}

G_GNUC_UNUSED static void
count_notify_cb (DagTask    *task,
                 GParamSpec *pspec,
                 guint      *n)
{
  g_assert_true (dag_task_is_finished (task));
  g_assert_true (dag_task_get_settled (task));
  (*n)++;
}

#define assert_state(task, expected) \
  g_assert_cmpint (dag_task_get_state (task), ==, (expected))

G_GNUC_UNUSED static void
assert_waits (DagTask *task)
{
  assert_state (task, DAG_STATE_WAITING);
  g_assert_false (dag_task_get_settled (task));
}
