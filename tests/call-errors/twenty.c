/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* expect: wrong number of arguments to concatenate (): 20 */

#include <aiodag.h>

DAG_DEFINE_TASK (concatenate, (const char *, left), (const char *, right))
{
  dag_task_return_take_string (task, g_strconcat (left, right, NULL));
}

DagTask *make (void);

DagTask *
make (void)
{
  return dag_call (concatenate, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                   12, 13, 14, 15, 16, 17, 18, 19, 20);
}
