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

typedef struct _DagTask DagTask;
typedef struct _DagWorker DagWorker;

/**
 * DagTaskFunc:
 * @task: (transfer none): the task that runs
 * @user_data: the function data that the task was made with
 *
 * The function, or body, of a task.
 *
 * It is called in the main context of @task, once, with that context pushed as thread-default; or,
 * if the task has a [property@Dag.Task:worker], in one of its threads. It gets its arguments with [method@Dag.Task.get_argument] and ends with one of the
 * `dag_task_return_…` functions: at once, or later from any callback or thread. Until it has
 * returned, @task stays valid without a reference of the function's own.
 *
 * Since: 1.0
 */
typedef void (*DagTaskFunc) (DagTask  *task,
                             gpointer  user_data);

/**
 * DagTaskThreadFunc:
 * @task: (transfer none): the task that runs
 * @source_object: (type GObject.Object) (nullable): the source object of @task
 * @task_data: (nullable): the task data of @task
 * @cancellable: (transfer none) (not nullable): the cancellable of @task
 *
 * What [method@Dag.Task.run_in_thread] runs in a thread.
 *
 * If it comes back without having returned an outcome, the task fails with
 * %DAG_ERROR_ABANDONED.
 *
 * Since: 1.0
 */
typedef void (*DagTaskThreadFunc) (DagTask      *task,
                                   gpointer      source_object,
                                   gpointer      task_data,
                                   GCancellable *cancellable);

G_END_DECLS
