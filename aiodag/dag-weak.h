/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include <gio/gio.h>

#include "dag-version-macros.h"

G_BEGIN_DECLS

#define DAG_TYPE_WEAK (dag_weak_get_type ())

typedef struct _DagWeak DagWeak;

DAG_AVAILABLE_IN_1_0
GType    dag_weak_get_type (void) G_GNUC_CONST;
DAG_AVAILABLE_IN_1_0
DagWeak *dag_weak_new      (GObject *object);
DAG_AVAILABLE_IN_1_0
DagWeak *dag_weak_ref      (DagWeak *self);
DAG_AVAILABLE_IN_1_0
void     dag_weak_unref    (DagWeak *self);
DAG_AVAILABLE_IN_1_0
GObject *dag_weak_get      (DagWeak *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DagWeak, dag_weak_unref)

G_END_DECLS
