/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-task-private.h"

/**
 * dag_task_hold:
 * @self: a task that has not started
 *
 * Keeps the task from starting until [method@Dag.Task.release] was called as often.
 *
 * That is how a task is built in steps where the main loop could start it between them: in another
 * thread, or over several dispatches. A task that is held can be skipped or cancelled all the same.
 *
 * Since: 1.0
 */
void
dag_task_hold (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  gboolean started;

  g_return_if_fail (DAG_IS_TASK (self));

  dag_node_lock (node);
  started = node->started;
  if (!started)
    node->n_holds++;
  dag_node_unlock (node);

  if (started)
    {
      dag_task_complain (self, G_STRFUNC, "has already started");
      return;
    }

  /* One that was ready has to wait now. */
  dag_node_raise (node, DAG_EVENT_READY);
}

/**
 * dag_task_release:
 * @self: a task that is held
 *
 * Takes back a [method@Dag.Task.hold].
 *
 * Since: 1.0
 */
void
dag_task_release (DagTask *self)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (dag_task_get_held (self));

  dag_node_release (DAG_NODE (self));
}

/**
 * dag_task_set_function:
 * @self: a task that has not started
 * @function: (scope notified) (closure function_data) (destroy function_data_destroy) (nullable):
 *   the function; a task that has none succeeds with no value
 * @function_data: what @function gets
 * @function_data_destroy: (nullable): frees @function_data
 *
 * Sets the function of a task that is built in steps; once.
 *
 * Since: 1.0
 */
void
dag_task_set_function (DagTask        *self,
                       DagTaskFunc     function,
                       gpointer        function_data,
                       GDestroyNotify  function_data_destroy)
{
  const char *message = NULL;
  gboolean open;

  g_return_if_fail (DAG_IS_TASK (self));

  dag_node_lock (DAG_NODE (self));
  if (DAG_NODE (self)->started)
    message = "has already started";
  else if (self->function != NULL || self->function_data_destroy != NULL)
    message = "has a function already";
  open = message == NULL && !DAG_NODE (self)->released;
  if (open)
    {
      self->function = function;
      self->function_data = function_data;
      self->function_data_destroy = function_data_destroy;
    }
  dag_node_unlock (DAG_NODE (self));

  /* One that was cancelled or skipped while it was built has no use for it, and that is all. */
  if (message != NULL)
    dag_task_complain (self, G_STRFUNC, "%s", message);

  if (!open)
    {
      DagOutcome unused;

      dag_outcome_init_pointer (&unused, function_data, function_data_destroy);
      dag_task_discard_outcome (self, &unused);
    }
}

/**
 * dag_task_get_name: (get-property name)
 * @self: a task
 *
 * Gets what messages call the task.
 *
 * Returns: (nullable): the name
 *
 * Since: 1.0
 */
const char *
dag_task_get_name (DagTask *self)
{
  DagTaskRare *rare;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  rare = dag_task_peek_rare (self);
  if (rare != NULL && g_atomic_pointer_get (&rare->name) != NULL)
    return g_atomic_pointer_get (&rare->name);

  return self->definition != NULL ? self->definition->name : NULL;
}

/**
 * dag_task_set_name: (set-property name)
 * @self: a task
 * @name: (nullable): a name
 *
 * Sets what messages call the task, for those to whom the name of the function does not say enough.
 * To be called in the thread that made the task, or that its main context belongs to.
 *
 * Since: 1.0
 */
void
dag_task_set_name (DagTask    *self,
                   const char *name)
{
  DagTaskRare *rare;
  char *old;

  g_return_if_fail (DAG_IS_TASK (self));

  if (g_strcmp0 (dag_task_get_name (self), name) == 0)
    return;

  rare = dag_task_get_rare (self);
  old = rare->name;
  g_atomic_pointer_set (&rare->name, g_strdup (name));
  g_free (old);

  g_object_notify (G_OBJECT (self), "name");
}

/**
 * dag_task_at: (skip)
 * @self: a task
 * @location: (nullable): a file and a line, as %G_STRLOC gives them; a static string
 *
 * Notes where the task was made, for messages. The constructors do it in C.
 *
 * Returns: (transfer none): @self
 *
 * Since: 1.0
 */
DagTask *
dag_task_at (DagTask    *self,
             const char *location)
{
  if (self != NULL)
    g_atomic_pointer_set (&self->location, location);

  return self;
}

/**
 * dag_task_get_location:
 * @self: a task
 *
 * Gets where the task was made.
 *
 * Returns: (nullable): a file and a line, or %NULL in languages other than C
 *
 * Since: 1.0
 */
const char *
dag_task_get_location (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  return g_atomic_pointer_get (&self->location);
}

/**
 * dag_task_get_context: (get-property context)
 * @self: a task
 *
 * Gets the main context that the task belongs to. The task does not keep it.
 *
 * Returns: (transfer none) (nullable): the main context, %NULL if it was destroyed
 *
 * Since: 1.0
 */
GMainContext *
dag_task_get_context (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  return dag_queue_get_context (DAG_NODE (self)->queue);
}

/**
 * dag_task_get_priority: (get-property priority)
 * @self: a task
 *
 * Gets the priority among the tasks that are ready.
 *
 * Returns: the priority
 *
 * Since: 1.0
 */
int
dag_task_get_priority (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), G_PRIORITY_DEFAULT);

  return g_atomic_int_get (&self->priority);
}

/**
 * dag_task_set_priority: (set-property priority)
 * @self: a task
 * @priority: the priority, as those of [struct@GLib.Source]: less is earlier
 *
 * Sets the priority among the tasks of the same main context that are ready, and among those that
 * wait for a thread of the same [property@Dag.Task:worker]. One that is ready already comes last
 * among those that have the same priority. It may be called from any thread, and means nothing to a
 * task that has started.
 *
 * Since: 1.0
 */
void
dag_task_set_priority (DagTask *self,
                       int      priority)
{
  g_return_if_fail (DAG_IS_TASK (self));

  if (dag_task_get_priority (self) == priority)
    return;

  g_atomic_int_set (&self->priority, priority);

  if (dag_task_get_state (self) == DAG_STATE_READY)
    dag_node_raise (DAG_NODE (self), DAG_EVENT_PRIORITY);
  dag_task_move_calls (self);

  g_object_notify (G_OBJECT (self), "priority");
}

/**
 * dag_task_get_trigger: (get-property trigger)
 * @self: a task
 *
 * Gets how the inputs of the task combine.
 *
 * Returns: the trigger
 *
 * Since: 1.0
 */
DagTrigger
dag_task_get_trigger (DagTask *self)
{
  DagTrigger trigger;

  g_return_val_if_fail (DAG_IS_TASK (self), DAG_TRIGGER_ALL);

  dag_node_lock (DAG_NODE (self));
  trigger = DAG_NODE (self)->trigger;
  dag_node_unlock (DAG_NODE (self));

  return trigger;
}

/**
 * dag_task_set_trigger: (set-property trigger)
 * @self: a task that has not started
 * @trigger: how the inputs combine
 *
 * Sets how the inputs of the task combine.
 *
 * Since: 1.0
 */
void
dag_task_set_trigger (DagTask    *self,
                      DagTrigger  trigger)
{
  DagNode *node = DAG_NODE (self);

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (trigger <= DAG_TRIGGER_FIRST);

  if (dag_task_get_trigger (self) == trigger)
    return;

  /* Inputs may become raw by that: there may be very many, and later it would be one step. */
  dag_node_lock (node);
  if (dag_task_is_open (self))
    dag_task_spell_out_arguments (self);
  dag_node_unlock (node);

  if (!dag_node_set_trigger (node, trigger))
    {
      dag_task_complain (self, G_STRFUNC, "has already started");
      return;
    }

  g_object_notify (G_OBJECT (self), "trigger");
}

/**
 * dag_task_get_check_cancellable: (get-property check-cancellable)
 * @self: a task
 *
 * Gets whether the task ends as cancelled if it was cancelled while it ran, whatever it returns.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
dag_task_get_check_cancellable (DagTask *self)
{
  gboolean check_cancellable;

  g_return_val_if_fail (DAG_IS_TASK (self), TRUE);

  dag_node_lock (DAG_NODE (self));
  check_cancellable = !self->ignore_cancellable;
  dag_node_unlock (DAG_NODE (self));

  return check_cancellable;
}

/**
 * dag_task_set_check_cancellable: (set-property check-cancellable)
 * @self: a task that has not returned
 * @check_cancellable: whether to end as cancelled
 *
 * Sets whether the task ends as cancelled if it was cancelled while it ran, whatever it returns. It
 * counts when it returns.
 *
 * Since: 1.0
 */
void
dag_task_set_check_cancellable (DagTask  *self,
                                gboolean  check_cancellable)
{
  g_return_if_fail (DAG_IS_TASK (self));

  if (dag_task_get_check_cancellable (self) == !!check_cancellable)
    return;

  dag_node_lock (DAG_NODE (self));
  self->ignore_cancellable = !check_cancellable;
  dag_node_unlock (DAG_NODE (self));

  g_object_notify (G_OBJECT (self), "check-cancellable");
}

/**
 * dag_task_get_return_on_cancel: (get-property return-on-cancel)
 * @self: a task
 *
 * Gets whether the task finishes at once when it is cancelled while it runs.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
dag_task_get_return_on_cancel (DagTask *self)
{
  gboolean return_on_cancel;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  dag_node_lock (DAG_NODE (self));
  return_on_cancel = self->return_on_cancel;
  dag_node_unlock (DAG_NODE (self));

  return return_on_cancel;
}

/**
 * dag_task_set_return_on_cancel: (set-property return-on-cancel)
 * @self: a task that has not returned
 * @return_on_cancel: whether to finish at once
 *
 * Sets whether the task finishes at once when it is cancelled while it runs. It settles when its
 * function returns, and what that returns is freed.
 *
 * Returns: %FALSE if the task was cancelled already, and this has no effect
 *
 * Since: 1.0
 */
gboolean
dag_task_set_return_on_cancel (DagTask  *self,
                               gboolean  return_on_cancel)
{
  gboolean cancelled;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  if (dag_task_get_return_on_cancel (self) == !!return_on_cancel)
    return TRUE;

  dag_node_lock (DAG_NODE (self));
  cancelled = dag_task_is_cancelled (self);
  if (!cancelled)
    self->return_on_cancel = !!return_on_cancel;
  dag_node_unlock (DAG_NODE (self));

  if (cancelled)
    return FALSE;

  g_object_notify (G_OBJECT (self), "return-on-cancel");

  return TRUE;
}
