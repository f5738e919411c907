/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-pool-private.h"
#include "dag-task-private.h"

/* Functions in threads. */

/* The task whose thread function this thread runs. */
static GPrivate thread_current;

/*< private >
 * dag_task_get_thread_current:
 *
 * Returns: (nullable): the task whose thread function this thread runs
 */
DagTask *
dag_task_get_thread_current (void)
{
  return g_private_get (&thread_current);
}

typedef struct {
  DagTask           *task;  /* (owned) */
  DagTaskThreadFunc  function;
} DagThreadCall;

static void
dag_thread_call_run (gpointer data)
{
  DagThreadCall *self = data;
  DagTask *task = self->task;
  gboolean abandoned;

  g_private_set (&thread_current, task);
  self->function (task, dag_task_get_source_object (task), dag_task_get_task_data (task),
                  dag_task_get_cancellable (task));
  g_private_set (&thread_current, NULL);

  dag_node_lock (DAG_NODE (task));
  task->n_threads--;
  abandoned = !task->returned;
  if (abandoned)
    task->ended = TRUE;
  dag_node_unlock (DAG_NODE (task));

  if (abandoned)
    {
      g_autofree char *description = dag_task_describe (task);

      dag_task_return_new_error (task, DAG_ERROR, DAG_ERROR_ABANDONED,
                                 "The thread function of %s came back without an outcome",
                                 description);
    }

  g_object_unref (task);
  g_free (self);
}

/**
 * dag_task_run_in_thread:
 * @self: a running task
 * @function: (scope async): what to run
 *
 * Runs @function in a thread of a pool, from where it returns the outcome.
 *
 * To be called from the function of the task, or by whoever made it with
 * `dag_task_new_for_callback ()`. Arguments and task data stay as they are until @function has
 * returned an outcome; if it comes back without one the task fails with %DAG_ERROR_ABANDONED.
 * [method@Dag.Task.wait] there for another task never takes the last thread away from it.
 *
 * Since: 1.0
 */
void
dag_task_run_in_thread (DagTask           *self,
                        DagTaskThreadFunc  function)
{
  DagThreadCall *call;
  gboolean running;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (function != NULL);

  /* One that was cancelled may have finished, and settles only when its function has returned. */
  dag_node_lock (DAG_NODE (self));
  running = DAG_NODE (self)->started && !self->returned;
  if (running)
    self->n_threads++;
  dag_node_unlock (DAG_NODE (self));

  if (!running)
    {
      dag_task_complain (self, G_STRFUNC, "is not running");
      return;
    }

  call = g_new (DagThreadCall, 1);
  call->task = g_object_ref (self);
  call->function = function;

  dag_pool_push (dag_thread_call_run, call);
}
