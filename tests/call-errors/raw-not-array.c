/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* expect: gather (): the DAG_RAW parameter tasks has to be a GPtrArray * and the last one */

#include <aiodag.h>

DAG_DEFINE_TASK (gather, (DagTask **, tasks, DAG_RAW))
{
  dag_task_return (task);
}
