/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <aiodag.h>

#include <string.h>

/* Waits for the outcome of a task. */

G_GNUC_UNUSED static const GValue *
finish (DagTask *task)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = dag_task_wait (task, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);

  return value;
}

/* Waits until nothing of a task runs any more. */

G_GNUC_UNUSED static void
settle (DagTask *task)
{
  while (!dag_task_get_settled (task))
    g_main_context_iteration (NULL, TRUE);
}

/* These take a borrowed task. */

G_GNUC_UNUSED static void
assert_string (DagTask    *borrowed,
               const char *expected)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);
  const GValue *value = finish (task);

  g_assert_true (G_VALUE_HOLDS_STRING (value));
  g_assert_cmpstr (g_value_get_string (value), ==, expected);
  settle (task);
}

G_GNUC_UNUSED static void
assert_int (DagTask *borrowed,
            int      expected)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);
  g_auto (GValue) number = G_VALUE_INIT;

  g_value_init (&number, G_TYPE_INT);
  g_assert_true (g_value_transform (finish (task), &number));
  g_assert_cmpint (g_value_get_int (&number), ==, expected);
  settle (task);
}

G_GNUC_UNUSED static void
assert_nothing (DagTask *borrowed)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);

  finish (task);
  settle (task);
}

/* The parts are what the message has to contain. */
G_GNUC_UNUSED G_GNUC_NULL_TERMINATED static void
assert_error (DagTask *borrowed,
              GQuark   domain,
              int      code,
              ...)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);
  g_autoptr (GError) error = NULL;
  va_list parts;
  const char *part;

  g_assert_null (dag_task_wait (task, NULL, &error));
  g_assert_error (error, domain, code);

  va_start (parts, code);
  while ((part = va_arg (parts, const char *)) != NULL)
    {
      if (strstr (error->message, part) == NULL)
        g_error ("“%s” does not contain “%s”", error->message, part);
    }
  va_end (parts);
  settle (task);
}
