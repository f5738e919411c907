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

/**
 * DAG_RUNNER_AGAIN:
 *
 * Is added to the id of a task whose function may be called again. See [class@Dag.Runner].
 *
 * Since: 1.0
 */
#define DAG_RUNNER_AGAIN 1

/**
 * DAG_RUNNER_LENDS:
 *
 * Is added to the id of a task if what its function makes may run on slots of limiters that are
 * there. See [class@Dag.Runner].
 *
 * Since: 1.0
 */
#define DAG_RUNNER_LENDS 2

#define DAG_TYPE_RUNNER (dag_runner_get_type ())

DAG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DagRunner, dag_runner, DAG, RUNNER, GObject)

DAG_AVAILABLE_IN_1_0
DagRunner    *dag_runner_new         (GMainContext  *context,
                                      GObject       *target,
                                      const char    *property);
DAG_AVAILABLE_IN_1_0
GMainContext *dag_runner_get_context (DagRunner     *self);

/* Tasks */

DAG_AVAILABLE_IN_1_0
DagTask      *dag_runner_new_task    (DagRunner     *self,
                                      gint64         id,
                                      GQuark         name,
                                      DagTask * const *inputs,
                                      gsize          n_inputs);
DAG_AVAILABLE_IN_1_0
DagTask      *dag_runner_new_small_task (DagRunner  *self,
                                         gint64      id,
                                         GQuark      name,
                                         DagTask    *first,
                                         DagTask    *second,
                                         DagTask    *third);
DAG_AVAILABLE_IN_1_0
void          dag_runner_fail        (DagRunner     *self,
                                      DagTask       *task,
                                      const GError  *error,
                                      const char    *location,
                                      const char    *details);

/* Waiting */

DAG_AVAILABLE_IN_1_0
void          dag_runner_await       (DagRunner     *self,
                                      DagTask       *task,
                                      gint64         id);
DAG_AVAILABLE_IN_1_0
void          dag_runner_settle      (DagRunner     *self,
                                      DagTask       *task,
                                      gint64         id);
DAG_AVAILABLE_IN_1_0
void          dag_runner_forget      (DagRunner     *self,
                                      gint64         id);

/* What is to be done */

DAG_AVAILABLE_IN_1_0
gint64        dag_runner_take        (DagRunner     *self,
                                      gboolean       succeeded);
DAG_AVAILABLE_IN_1_0
void          dag_runner_wake        (DagRunner     *self);
DAG_AVAILABLE_IN_1_0
gboolean      dag_runner_get_reports_early (DagRunner *self);
DAG_AVAILABLE_IN_1_0
void          dag_runner_set_reports_early (DagRunner *self,
                                            gboolean   reports_early);

G_END_DECLS
