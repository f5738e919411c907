/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* expect: load_dag_argument */

#include <aiodag.h>

DAG_DEFINE_TASK (concatenate, (const char *, left), (const char *, right))
{
  dag_task_return_take_string (task, g_strconcat (left, right, NULL));
}

DAG_DEFINE_TASK (load, (const char *, name))
{
  dag_task_return_string (task, name);
}

DagTask *make (void);

DagTask *
make (void)
{
  GValue values[2] = { G_VALUE_INIT, G_VALUE_INIT };

  return dag_map (load, values, 2);
}
