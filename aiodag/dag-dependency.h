/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include "dag-enums.h"
#include "dag-types.h"

G_BEGIN_DECLS

#define DAG_TYPE_DEPENDENCY (dag_dependency_get_type ())

typedef struct _DagDependency DagDependency;

DAG_AVAILABLE_IN_1_0
GType          dag_dependency_get_type (void) G_GNUC_CONST;
DAG_AVAILABLE_IN_1_0
DagDependency *dag_dependency_new      (DagTask       *task,
                                        DagRule        rule,
                                        gboolean       raw);
DAG_AVAILABLE_IN_1_0
DagDependency *dag_dependency_ref      (DagDependency *self);
DAG_AVAILABLE_IN_1_0
void           dag_dependency_unref    (DagDependency *self);
DAG_AVAILABLE_IN_1_0
DagTask       *dag_dependency_get_task (DagDependency *self);
DAG_AVAILABLE_IN_1_0
DagRule        dag_dependency_get_rule (DagDependency *self);
DAG_AVAILABLE_IN_1_0
gboolean       dag_dependency_get_raw  (DagDependency *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DagDependency, dag_dependency_unref)

G_END_DECLS
