/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* expect: sum () has other parameters here than in DAG_DECLARE_TASK () */

#include <aiodag.h>

DAG_DECLARE_TASK (sum, (int, a), (int, b))

DAG_DEFINE_SHARED_TASK (sum, (int, a))
{
  dag_task_return_int (task, a);
}
