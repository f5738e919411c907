/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Prints 42, with the plain API. */

#include <aiodag.h>

static void
six_cb (DagTask  *task,
        gpointer  user_data)
{
  (void) user_data;
  dag_task_return_int (task, 6);
}

static void
multiply_cb (DagTask  *task,
             gpointer  user_data)
{
  dag_task_return_int64 (task, dag_task_get_argument_int64 (task, 0) * *(int *) user_data);
}

int
main (void)
{
  int right = 7;
  DagTask *left = dag_task_new (six_cb, NULL, NULL);
  DagTask *product = dag_task_new_with_inputs (multiply_cb, &right, NULL, &left, 1);
  const GValue *value;
  GError *error = NULL;

  value = dag_task_wait (product, NULL, &error);
  g_assert_no_error (error);
  g_print ("%" G_GINT64_FORMAT "\n", g_value_get_int64 (value));

  g_object_unref (product);
  g_object_unref (left);
  return 0;
}
