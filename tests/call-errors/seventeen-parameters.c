/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* expect: sum (): there are more than 16 parameters */

#include <aiodag.h>

DAG_DEFINE_TASK (sum, (int, a), (int, b), (int, c), (int, d), (int, e), (int, f), (int, g),
                 (int, h), (int, i), (int, j), (int, k), (int, l), (int, m), (int, n), (int, o),
                 (int, p), (int, q))
{
  dag_task_return_int (task, 0);
}
