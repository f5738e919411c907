/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* expect: sum_dag_count */

#include <aiodag.h>

DAG_DEFINE_SHARED_TASK (sum, (int, a))
{
  dag_task_return_int (task, a);
}
