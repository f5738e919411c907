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

#define DAG_TYPE_RESULTS (dag_results_get_type ())

typedef struct _DagResults DagResults;

DAG_AVAILABLE_IN_1_0
GType         dag_results_get_type   (void) G_GNUC_CONST;
DAG_AVAILABLE_IN_1_0
DagResults   *dag_results_ref        (DagResults *self);
DAG_AVAILABLE_IN_1_0
void          dag_results_unref      (DagResults *self);
DAG_AVAILABLE_IN_1_0
guint         dag_results_get_length (DagResults *self);
DAG_AVAILABLE_IN_1_0
DagTask      *dag_results_get_task   (DagResults *self,
                                      guint       index);
DAG_AVAILABLE_IN_1_0
const GValue *dag_results_get_value  (DagResults *self,
                                      guint       index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DagResults, dag_results_unref)

G_END_DECLS
