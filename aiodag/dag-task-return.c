/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-path-private.h"
#include "dag-task-private.h"

GError *
dag_task_new_cancelled_error (void)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled");
}

/* Whether the return is one: notes it if so. Under the lock.
 *
 * @message: (out): what is wrong with it
 */
static gboolean
dag_task_accept_return (DagTask     *self,
                        const char **message)
{
  if (!DAG_NODE (self)->started)
    {
      /* A body that was never started may have been ended by the library all the same. */
      if (!self->ended)
        *message = "has not been started";
      return FALSE;
    }

  if (self->returned)
    {
      if (!self->ended)
        *message = "has already returned";
      return FALSE;
    }

  self->returned = TRUE;

  if (self->external)
    dag_task_pin (self);

  return TRUE;
}

/* Whether the function is being called by the queue that the caller is in: then the task is kept, and
 * is looked after when that comes back.
 */
static gboolean
dag_task_is_being_called (DagTask *self)
{
  return dag_queue_is_inside (DAG_NODE (self)->queue) && self->on_stack > 0;
}

/*< private >
 * dag_task_return_outcome:
 * @outcome: (transfer full): the outcome
 * @caller: the public function
 *
 * The function has returned. From any thread.
 */
void
dag_task_return_outcome (DagTask    *self,
                         DagOutcome *outcome,
                         const char *caller)
{
  DagNode *node = DAG_NODE (self);
  DagOutcome unused = DAG_OUTCOME_INIT;
  const char *message = NULL;
  gboolean being_called = dag_task_is_being_called (self);
  gboolean accepted, cancelled, in_thread;

  /* Once it has returned nobody else may. */
  if (!being_called)
    dag_node_keep (node);

  dag_node_lock (node);

  accepted = dag_task_accept_return (self, &message);
  in_thread = self->n_threads > 0;
  cancelled = dag_task_is_cancelled (self) && !self->ignore_cancellable;

  if (accepted && self->outcome.kind == DAG_OUTCOME_UNSET)
    {
      self->late = dag_task_check_late (self);

      if (self->late && !cancelled)
        {
          dag_outcome_move (&unused, outcome);
          dag_outcome_init_error (&self->outcome, dag_task_new_late_error (self));
        }
      else if (!cancelled ||
          (outcome->kind == DAG_OUTCOME_ERROR &&
           g_error_matches (outcome->error, G_IO_ERROR, G_IO_ERROR_CANCELLED)))
        {
          dag_outcome_move (&self->outcome, outcome);
        }
      else
        {
          dag_outcome_move (&unused, outcome);
          dag_outcome_init_error (&self->outcome, dag_task_new_cancelled_error ());
        }
    }
  else
    {
      dag_outcome_move (&unused, outcome);
    }

  dag_node_unlock (node);

  /* While thread functions are at work nothing comes of it: the last of them raises it. */
  if (accepted && !in_thread && !being_called)
    dag_node_raise (node, DAG_EVENT_RETURNED);
  else if (message != NULL)
    dag_task_complain (self, caller, "%s", message);

  dag_task_discard_outcome (self, &unused);

  if (!being_called)
    dag_node_unkeep (node);
}

static void
dag_task_return_error_for (DagTask    *self,
                           GError     *error,
                           const char *caller)
{
  DagOutcome outcome;

  dag_outcome_init_error (&outcome, error);
  dag_task_return_outcome (self, &outcome, caller);
}

/*< private >
 * dag_task_return_detailed_error:
 * @error: (transfer full): what went wrong
 * @details: (nullable): what else to report if nobody looks at it
 *
 * Ends the task with a failure. From any thread.
 */
void
dag_task_return_detailed_error (DagTask    *self,
                                GError     *error,
                                const char *details,
                                const char *caller)
{
  if (details != NULL)
    {
      DagTaskRare *rare = dag_task_get_rare (self);
      char *old;

      dag_node_lock (DAG_NODE (self));
      old = self->returned ? g_strdup (details) : g_steal_pointer (&rare->details);
      if (!self->returned)
        rare->details = g_strdup (details);
      dag_node_unlock (DAG_NODE (self));

      g_free (old);
    }

  dag_task_return_error_for (self, error, caller);
}

/**
 * dag_task_return_error:
 * @self: a task
 * @error: (transfer full): what went wrong
 *
 * Ends the task with a failure; or as cancelled, if @error is %G_IO_ERROR_CANCELLED.
 *
 * Since: 1.0
 */
void
dag_task_return_error (DagTask *self,
                       GError  *error)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (error != NULL);

  dag_task_return_error_for (self, error, G_STRFUNC);
}

/**
 * dag_task_return_error_copy: (rename-to dag_task_return_error)
 * @self: a task
 * @error: what went wrong
 *
 * Ends the task with a copy of @error.
 *
 * This is [method@Dag.Task.return_error] for languages other than C.
 *
 * Since: 1.0
 */
void
dag_task_return_error_copy (DagTask      *self,
                            const GError *error)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (error != NULL);

  dag_task_return_error_for (self, g_error_copy (error), G_STRFUNC);
}

/**
 * dag_task_return_new_error:
 * @self: a task
 * @domain: an error domain
 * @code: an error code
 * @format: a format as of `printf ()`
 * @...: the arguments of @format
 *
 * Ends the task with a new error.
 *
 * Since: 1.0
 */
void
dag_task_return_new_error (DagTask    *self,
                           GQuark      domain,
                           int         code,
                           const char *format,
                           ...)
{
  GError *error;
  va_list args;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (domain != 0);
  g_return_if_fail (format != NULL);

  va_start (args, format);
  error = g_error_new_valist (domain, code, format, args);
  va_end (args);

  dag_task_return_error_for (self, error, G_STRFUNC);
}

/**
 * dag_task_return_new_error_literal: (rename-to dag_task_return_new_error)
 * @self: a task
 * @domain: an error domain
 * @code: an error code
 * @message: an error message
 *
 * Ends the task with a new error.
 *
 * Since: 1.0
 */
void
dag_task_return_new_error_literal (DagTask    *self,
                                   GQuark      domain,
                                   int         code,
                                   const char *message)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (domain != 0);
  g_return_if_fail (message != NULL);

  dag_task_return_error_for (self, g_error_new_literal (domain, code, message), G_STRFUNC);
}

/**
 * dag_task_return_prefixed_error: (skip)
 * @self: a task
 * @error: (transfer full): what went wrong
 * @format: a format as of `printf ()`
 * @...: the arguments of @format
 *
 * Ends the task with an error, putting something before its message.
 *
 * Since: 1.0
 */
void
dag_task_return_prefixed_error (DagTask    *self,
                                GError     *error,
                                const char *format,
                                ...)
{
  g_autofree char *prefix = NULL;
  va_list args;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (error != NULL);
  g_return_if_fail (format != NULL);

  va_start (args, format);
  prefix = g_strdup_vprintf (format, args);
  va_end (args);

  g_prefix_error (&error, "%s", prefix);
  dag_task_return_error_for (self, error, G_STRFUNC);
}

/**
 * dag_task_return_error_if_cancelled:
 * @self: a task
 *
 * Ends the task as cancelled if cancellation was asked for, or if it is to end because it takes too
 * long: see [property@Dag.Task:timeout].
 *
 * Returns: whether it did
 *
 * Since: 1.0
 */
gboolean
dag_task_return_error_if_cancelled (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  if (!dag_task_is_cancelled (self) && !dag_task_is_late (self))
    return FALSE;

  dag_task_return_error_for (self, dag_task_new_cancelled_error (), G_STRFUNC);

  return TRUE;
}

/**
 * dag_task_return_skip:
 * @self: a task
 *
 * Ends the task as skipped by its own decision: there was nothing to do.
 *
 * Its dependents are skipped too, unless their rule says otherwise. That is not a failure: the
 * reason is %DAG_REASON_NOT_NEEDED, and who asks for the result gets %DAG_ERROR_NOT_NEEDED.
 *
 * Since: 1.0
 */
void
dag_task_return_skip (DagTask *self)
{
  DagOutcome outcome = { DAG_OUTCOME_SKIP, { G_VALUE_INIT } };

  g_return_if_fail (DAG_IS_TASK (self));

  dag_task_return_outcome (self, &outcome, G_STRFUNC);
}

/**
 * dag_task_return_task:
 * @self: a task
 * @other: the task to end as
 *
 * Ends the task with the outcome of another one, when that has finished.
 *
 * Until then @self is running, though its function has returned. If @other does not succeed, @self
 * ends with the same error and the same origin. Cancelling @self then cancels @other, if nobody
 * else needs it. If @other waits for @self, @self fails with %DAG_ERROR_CYCLE.
 *
 * Since: 1.0
 */
void
dag_task_return_task (DagTask *self,
                      DagTask *other)
{
  DagNode *node = DAG_NODE (self);
  g_autoptr (GPtrArray) path = NULL;
  const char *message = NULL;
  gboolean accepted, following, late;
  DagEdge *edge;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (DAG_IS_TASK (other));

  /* Once it has returned nobody else may. */
  dag_node_keep (node);

  dag_node_lock (node);
  accepted = dag_task_accept_return (self, &message);
  following = accepted && self->outcome.kind == DAG_OUTCOME_UNSET;
  if (following)
    self->following = TRUE;
  late = following && dag_task_check_late (self);
  dag_node_unlock (node);

  if (!accepted)
    {
      if (message != NULL)
        dag_task_complain (self, G_STRFUNC, "%s", message);
      dag_node_unkeep (node);
      return;
    }

  if (following)
    {
      path = dag_path_connect (node, DAG_NODE (other), DAG_EDGE_FOLLOW, DAG_RULE_FINISHED, FALSE,
                               &edge);

      if (path != NULL)
        dag_task_end (self, dag_task_new_cycle_error (self, path));
      else if (dag_task_is_cancelled (self) && dag_task_get_check_cancellable (self))
        dag_node_raise (node, DAG_EVENT_CANCEL);
      else if (late)
        dag_node_raise (node, DAG_EVENT_LATE);
    }

  if (!dag_task_is_being_called (self))
    dag_node_raise (node, DAG_EVENT_RETURNED);

  dag_node_unkeep (node);
}
