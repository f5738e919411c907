/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

#include "dag-enums.h"

G_BEGIN_DECLS

/* Why a task did not succeed, and by which way that came to it.
 *
 * The task where it began has a root with the error; every task that was skipped for it has a hop
 * whose cause is the trace of the dependency. Traces are immutable but for counters, and may be
 * used from any thread.
 *
 * A failure is carried by the tasks that it ended, until somebody looks at it there or it is handed
 * on to those that depend on them. It is reported when the last task that carries it lets go of it.
 */
typedef struct _DagTrace DagTrace;

DagTrace     *dag_trace_new_root     (GError     *error,
                                      DagReason   reason,
                                      gpointer    origin,
                                      const char *name,
                                      const char *location,
                                      const char *details);
DagTrace     *dag_trace_new_hop      (DagTrace   *cause);
void          dag_trace_set_name     (DagTrace   *self,
                                      const char *name,
                                      const char *location);
DagTrace     *dag_trace_ref          (DagTrace   *self);
void          dag_trace_unref        (DagTrace   *self);
DagTrace     *dag_trace_unref_some   (DagTrace   *self,
                                      guint       n);

const GError *dag_trace_get_error    (DagTrace   *self);
DagReason     dag_trace_get_reason   (DagTrace   *self);
gpointer      dag_trace_get_origin   (DagTrace   *self);
DagTrace     *dag_trace_get_cause    (DagTrace   *self);
DagTrace     *dag_trace_get_root     (DagTrace   *self);
char         *dag_trace_describe     (DagTrace   *self);

void          dag_trace_hand_on      (DagTrace   *self,
                                      DagTrace   *carried);
void          dag_trace_look         (DagTrace   *self);
gboolean      dag_trace_is_looked    (DagTrace   *self);
void          dag_trace_let_go       (DagTrace   *self);
void          dag_trace_ask          (DagTrace   *self);
gboolean      dag_trace_answer       (DagTrace   *self);
gboolean      dag_trace_postpone     (DagTrace   *self);

/* Traces of which each is in one ring at most: the handle is the last one. */

void          dag_traces_append      (DagTrace  **traces,
                                      DagTrace   *trace);
DagTrace     *dag_traces_take        (DagTrace  **traces);
DagTrace     *dag_traces_get_next    (DagTrace   *traces,
                                      DagTrace   *trace);

G_END_DECLS
