/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* expect: wrong number of arguments to concatenate (): 0 */

#include <aiodag.h>

DAG_DEFINE_TASK (concatenate, (const char *, left), (const char *, right))
{
  dag_task_return_take_string (task, g_strconcat (left, right, NULL));
}

DagTask *make (void);

DagTask *
make (void)
{
  return dag_call_full (concatenate);
}
