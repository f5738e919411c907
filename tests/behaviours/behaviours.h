/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "../call-util.h"
#include "../test-util.h"

/* The behaviours, in C. What each test proves is the sentence in `list` by the same name. */

void add_failing (void);
void add_waiting (void);

/* The task functions that several tests use */

DAG_DECLARE_TASK (echo, (const char *, text))
DAG_DECLARE_TASK (join, (const char *, left), (const char *, right))
DAG_DECLARE_TASK (note, (GString *, notes, DAG_POINTER), (const char *, text))
DAG_DECLARE_TASK (increment, (int, value))
DAG_DECLARE_TASK (fail, (const char *, message))
DAG_DECLARE_TASK (decline)
DAG_DECLARE_TASK (pending)

/* The state of a task in a word. */
G_GNUC_UNUSED static const char *
state_nick (DagTask *task)
{
  g_autoptr (GEnumClass) states = g_type_class_ref (DAG_TYPE_STATE);

  return g_enum_get_value (states, dag_task_get_state (task))->value_nick;
}

G_GNUC_UNUSED static void
fail_now (DagTask    *task,
          const char *message)
{
  dag_task_return_new_error_literal (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, message);
}

/* For a task that is pending and of no interest any more. */
G_GNUC_UNUSED static void
end_now (DagTask *task)
{
  dag_task_return (task);
  test_settle (task);
}

G_GNUC_UNUSED static void
assert_state (DagTask  *task,
              DagState  state)
{
  g_assert_cmpint (dag_task_get_state (task), ==, state);
}

/* These wait for a task, which may be borrowed, to finish, and do not wait until it has settled. */

G_GNUC_UNUSED static void
assert_value (DagTask    *borrowed,
              const char *expected)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);

  g_assert_cmpstr (g_value_get_string (finish (task)), ==, expected);
}

G_GNUC_UNUSED static void
assert_ended (DagTask  *borrowed,
              DagState  state,
              GQuark    domain,
              int       code)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);

  test_finish (task);
  assert_state (task, state);
  g_assert_error (dag_task_get_error (task), domain, code);
  g_assert_null (dag_task_get_value (task));
}

G_GNUC_UNUSED static void
assert_failed (DagTask    *borrowed,
               DagState    state,
               const char *message)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);

  assert_ended (task, state, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (dag_task_get_error (task)->message, ==, message);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_FAILURE);
}

G_GNUC_UNUSED static void
assert_cancelled (DagTask  *borrowed,
                  DagState  state)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);

  assert_ended (task, state, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_CANCELLATION);
}

G_GNUC_UNUSED static void
assert_not_needed (DagTask *borrowed)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);

  assert_ended (task, DAG_STATE_SKIPPED, DAG_ERROR, DAG_ERROR_NOT_NEEDED);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_NOT_NEEDED);
}
