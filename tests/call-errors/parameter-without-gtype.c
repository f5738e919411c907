/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* expect: load (): the parameter file needs a third part */

#include <aiodag.h>

DAG_DEFINE_TASK (load, (int, size), (GFile *, file))
{
  dag_task_return_object (task, file);
}
