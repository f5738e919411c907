/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Prints 42, with the functional form. */

#include <aiodag.h>

DAG_DEFINE_TASK (six)
{
  dag_task_return_int (task, 6);
}

DAG_DEFINE_TASK (multiply, (gint64, left), (int, right))
{
  dag_task_return_int64 (task, left * right);
}

int
main (void)
{
  const GValue *value;
  GError *error = NULL;

  value = dag_task_wait (dag_call (multiply, dag_call (six), 7), NULL, &error);
  g_assert_no_error (error);
  g_print ("%" G_GINT64_FORMAT "\n", g_value_get_int64 (value));
  return 0;
}
