/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include <glib-object.h>

#include "dag-version-macros.h"

G_BEGIN_DECLS

#define DAG_TYPE_LIMITER (dag_limiter_get_type ())

DAG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DagLimiter, dag_limiter, DAG, LIMITER, GObject)

DAG_AVAILABLE_IN_1_0
DagLimiter *dag_limiter_new           (guint       limit);
DAG_AVAILABLE_IN_1_0
guint       dag_limiter_get_limit     (DagLimiter *self);
DAG_AVAILABLE_IN_1_0
void        dag_limiter_set_limit     (DagLimiter *self,
                                       guint       limit);
DAG_AVAILABLE_IN_1_0
guint       dag_limiter_get_n_running (DagLimiter *self);
DAG_AVAILABLE_IN_1_0
guint       dag_limiter_get_n_waiting (DagLimiter *self);

G_END_DECLS
