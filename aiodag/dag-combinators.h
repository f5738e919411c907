/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include "dag-task.h"

G_BEGIN_DECLS

DAG_AVAILABLE_IN_1_0
DagTask *dag_task_new_all     (DagTask * const   *tasks,
                               gsize              n_tasks);
DAG_AVAILABLE_IN_1_0
DagTask *dag_task_new_settled (DagTask * const   *tasks,
                               gsize              n_tasks);
DAG_AVAILABLE_IN_1_0
DagTask *dag_task_new_any     (DagTask * const   *tasks,
                               gsize              n_tasks,
                               gboolean           cancel_others);
DAG_AVAILABLE_IN_1_0
DagTask *dag_task_new_race    (DagTask * const   *tasks,
                               gsize              n_tasks,
                               gboolean           cancel_others);
DAG_AVAILABLE_IN_1_0
DagTask *dag_task_new_delay   (guint              milliseconds);

G_END_DECLS
