/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* expect: load (): the parameter value is neither a number nor a pointer */

#include <aiodag.h>

DAG_DEFINE_TASK (load, (GValue, value, G_TYPE_VALUE))
{
  dag_task_return (task);
}
