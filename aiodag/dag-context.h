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

DAG_AVAILABLE_IN_1_0
guint  dag_context_get_budget              (GMainContext *context);
DAG_AVAILABLE_IN_1_0
void   dag_context_set_budget              (GMainContext *context,
                                            guint         microseconds);
DAG_AVAILABLE_IN_1_0
int    dag_context_get_background_priority (GMainContext *context);
DAG_AVAILABLE_IN_1_0
void   dag_context_set_background_priority (GMainContext *context,
                                            int           priority);

DAG_AVAILABLE_IN_1_0
int   *dag_context_query                   (GMainContext *context,
                                            int          *timeout,
                                            gsize        *n_polls);

G_END_DECLS
