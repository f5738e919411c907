/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include "dag-types.h"

G_BEGIN_DECLS

#define DAG_TYPE_WORKER (dag_worker_get_type ())

DAG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DagWorker, dag_worker, DAG, WORKER, GObject)

DAG_AVAILABLE_IN_1_0
DagWorker  *dag_worker_new             (const char *name,
                                        guint       max_threads);
DAG_AVAILABLE_IN_1_0
DagWorker  *dag_worker_get_default     (void);

DAG_AVAILABLE_IN_1_0
const char *dag_worker_get_name        (DagWorker  *self);
DAG_AVAILABLE_IN_1_0
guint       dag_worker_get_max_threads (DagWorker  *self);

DAG_AVAILABLE_IN_1_0
void        dag_worker_begin_blocking  (void);
DAG_AVAILABLE_IN_1_0
void        dag_worker_end_blocking    (void);

G_END_DECLS
