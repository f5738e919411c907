/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-task-private.h"

/* What can be asked of a task. The state is set last, so that who sees that a task has finished can
 * read the rest, in whatever thread.
 */

/**
 * dag_task_get_state: (get-property state)
 * @self: a task
 *
 * Gets where the task stands.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
DagState
dag_task_get_state (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), DAG_STATE_WAITING);

  return g_atomic_int_get (&DAG_NODE (self)->state);
}

/**
 * dag_task_is_finished:
 * @self: a task
 *
 * Gets whether the outcome of the task is known.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
dag_task_is_finished (DagTask *self)
{
  return dag_task_get_state (self) > DAG_STATE_RUNNING;
}

/**
 * dag_task_get_reason: (get-property reason)
 * @self: a task
 *
 * Gets why the task did not succeed.
 *
 * Returns: the reason
 *
 * Since: 1.0
 */
DagReason
dag_task_get_reason (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), DAG_REASON_NONE);

  return dag_task_is_finished (self) ? DAG_NODE (self)->reason : DAG_REASON_NONE;
}

/**
 * dag_task_get_settled: (get-property settled)
 * @self: a task
 *
 * Gets whether the task has finished, its function has returned, and so it is with everything that
 * it depends on.
 *
 * Returns: whether it has settled
 *
 * Since: 1.0
 */
gboolean
dag_task_get_settled (DagTask *self)
{
  gboolean settled;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  dag_node_lock (DAG_NODE (self));
  settled = DAG_NODE (self)->settled;
  dag_node_unlock (DAG_NODE (self));

  return settled;
}

/**
 * dag_task_get_held: (get-property held)
 * @self: a task
 *
 * Gets whether the task is kept from starting by [method@Dag.Task.hold].
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
dag_task_get_held (DagTask *self)
{
  gboolean held;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  dag_node_lock (DAG_NODE (self));
  held = DAG_NODE (self)->n_holds > 0;
  dag_node_unlock (DAG_NODE (self));

  return held;
}

/**
 * dag_task_get_value:
 * @self: a task
 *
 * Gets the result.
 *
 * It belongs to the task, and is the same for all who ask.
 *
 * Returns: (transfer none) (nullable): the result, %NULL if the task has not succeeded
 *
 * Since: 1.0
 */
const GValue *
dag_task_get_value (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  return dag_task_get_state (self) == DAG_STATE_SUCCEEDED ? &self->outcome.value : NULL;
}

/**
 * dag_task_get_value_owner:
 * @self: a task
 *
 * Gets the task that keeps what belongs to the result: another one, if this one ended as a task
 * of another language did, as after [method@Dag.Task.return_task].
 *
 * Only bindings need it, which keep values that are none of C.
 *
 * Returns: (transfer none): the task
 *
 * Since: 1.0
 */
DagTask *
dag_task_get_value_owner (DagTask *self)
{
  DagTaskRare *rare;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  rare = dag_task_is_finished (self) ? dag_task_peek_rare (self) : NULL;

  return rare != NULL && rare->value_owner != NULL ? rare->value_owner : self;
}

/**
 * dag_task_get_error:
 * @self: a task
 *
 * Gets the error that the task ended with, and with that, looks at it.
 *
 * Returns: (transfer none) (nullable): the error, %NULL if the task has not finished or has
 *   succeeded
 *
 * Since: 1.0
 */
const GError *
dag_task_get_error (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  if (!dag_task_is_finished (self) || DAG_NODE (self)->trace == NULL)
    return NULL;

  dag_node_look (DAG_NODE (self));

  return dag_trace_get_error (DAG_NODE (self)->trace);
}

/**
 * dag_task_get_origin:
 * @self: a task
 *
 * Gets the task where it began that this one did not succeed, which may be itself.
 *
 * Returns: (transfer none) (nullable): the task, %NULL if this one has not finished or has
 *   succeeded
 *
 * Since: 1.0
 */
DagTask *
dag_task_get_origin (DagTask *self)
{
  DagTask *origin;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  if (!dag_task_is_finished (self) || DAG_NODE (self)->trace == NULL)
    return NULL;

  origin = dag_trace_get_origin (DAG_NODE (self)->trace);

  return origin != NULL ? origin : self;
}

static void
add_once (GPtrArray  *tasks,
          GHashTable *seen,
          DagTask    *task)
{
  if (g_hash_table_add (seen, task))
    g_ptr_array_add (tasks, task);
}

/**
 * dag_task_get_failures:
 * @self: a task
 * @n_failures: (out): how many there are
 *
 * Gets the tasks where the failures among its dependencies began, each once, the earliest first; or
 * the task itself if it failed by itself.
 *
 * The error of a task is that of the first. A dependency that several failures reached counts with
 * its own first: the others are asked of it. More may come until the task has settled.
 *
 * Returns: (array length=n_failures) (transfer container): the tasks where the failures began, and
 *   a %NULL after them; free the array with `g_free ()`
 *
 * Since: 1.0
 */
DagTask **
dag_task_get_failures (DagTask *self,
                       gsize   *n_failures)
{
  DagNode *node = DAG_NODE (self);
  g_autoptr (GHashTable) seen = NULL;
  DagTrace *failures, *failure = NULL;
  GPtrArray *tasks;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);
  g_return_val_if_fail (n_failures != NULL, NULL);

  seen = g_hash_table_new (NULL, NULL);
  tasks = g_ptr_array_new ();

  if (dag_task_get_reason (self) == DAG_REASON_FAILURE)
    {
      dag_node_look (node);
      add_once (tasks, seen, dag_task_get_origin (self));
    }

  dag_node_lock (node);

  failures = dag_node_peek_failures (node);

  /* The one that decided comes first, and may have come last. */
  if (dag_node_is_refused_by_failure (node))
    add_once (tasks, seen, dag_trace_get_origin (node->verdicts->decisive));

  while ((failure = dag_traces_get_next (failures, failure)) != NULL)
    add_once (tasks, seen, dag_trace_get_origin (failure));

  dag_node_unlock (node);

  *n_failures = tasks->len;
  g_ptr_array_add (tasks, NULL);

  return (DagTask **) g_ptr_array_free (tasks, FALSE);
}

/**
 * dag_task_describe_failure:
 * @self: a task
 *
 * Describes why the task did not succeed, for people who look for the cause: a line for the task
 * where it began, with the error, and one for each task on the way from there, with their names
 * and the places where they were made.
 *
 * Returns: (transfer full) (nullable): the description, %NULL if the task has not finished or has
 *   succeeded
 *
 * Since: 1.0
 */
char *
dag_task_describe_failure (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  if (!dag_task_is_finished (self) || DAG_NODE (self)->trace == NULL)
    return NULL;

  return dag_trace_describe (DAG_NODE (self)->trace);
}
