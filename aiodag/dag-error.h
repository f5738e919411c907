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

/**
 * DAG_ERROR:
 *
 * The error domain of aiodag; its codes are [error@Dag.Error].
 *
 * Since: 1.0
 */
#define DAG_ERROR (dag_error_quark ())

/**
 * DagError:
 * @DAG_ERROR_ABANDONED: the task can never return: its thread function came back without an
 *   outcome, its last outside reference is gone, or its main context was destroyed
 * @DAG_ERROR_CYCLE: the dependency would have made the task wait for itself;
 *   [func@Dag.Error.get_tasks] has the tasks on the way
 * @DAG_ERROR_STARTED: the task has started or finished, it is too late for another dependency
 * @DAG_ERROR_ARGUMENT_TYPE: the result of a dependency does not fit the argument that it is for
 * @DAG_ERROR_NOT_NEEDED: there was nothing to do for the task; not a failure
 * @DAG_ERROR_EMPTY: there was nothing to choose from
 * @DAG_ERROR_WOULD_BLOCK: waiting here could never end
 * @DAG_ERROR_SHARED: the result belongs to the dependents too and cannot be handed over
 * @DAG_ERROR_PROCESS_FAILED: the command ended with a status other than 0, or by a signal;
 *   [method@Dag.Task.get_process_result] has what came of it
 *
 * What can go wrong with the tasks themselves, besides what their functions fail with.
 *
 * Since: 1.0
 */
typedef enum {
  DAG_ERROR_ABANDONED,
  DAG_ERROR_CYCLE,
  DAG_ERROR_STARTED,
  DAG_ERROR_ARGUMENT_TYPE,
  DAG_ERROR_NOT_NEEDED,
  DAG_ERROR_EMPTY,
  DAG_ERROR_WOULD_BLOCK,
  DAG_ERROR_SHARED,
  DAG_ERROR_PROCESS_FAILED,
} DagError;

DAG_AVAILABLE_IN_1_0
GQuark    dag_error_quark     (void);
DAG_AVAILABLE_IN_1_0
DagTask **dag_error_get_tasks (const GError *error,
                               gsize        *n_tasks);

G_END_DECLS
