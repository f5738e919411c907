/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-task-private.h"

/* A task in the place of a GTask, by the same names. */

/**
 * dag_task_new_for_callback: (skip)
 * @source_object: (type GObject.Object) (nullable): the object whose operation it is
 * @cancellable: (nullable): a cancellable that the task follows
 * @callback: (scope async) (closure user_data) (nullable): called when the task has finished
 * @user_data: what @callback gets
 *
 * Makes a task for an asynchronous operation that is written by hand, as [ctor@Gio.Task.new] does.
 *
 * Such a task has no function and is running from its birth. It belongs to the caller: if the last
 * reference from outside goes before it has returned, it fails with %DAG_ERROR_ABANDONED. Other
 * tasks can depend on it as on any other.
 *
 * @callback is called in the main context of the task, always in a later dispatch.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new_for_callback) (gpointer            source_object,
                             GCancellable       *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer            user_data)
{
  DagTask *self;
  DagTaskRare *rare;

  g_return_val_if_fail (source_object == NULL || G_IS_OBJECT (source_object), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);

  self = dag_task_create ();
  self->external = TRUE;
  DAG_NODE (self)->started = TRUE;
  DAG_NODE (self)->state = DAG_STATE_RUNNING;

  rare = dag_task_get_rare (self);
  rare->source_object = source_object != NULL ? g_object_ref (source_object) : NULL;
  rare->callback = callback;
  rare->callback_data = user_data;

  dag_task_publish (self);

  if (cancellable != NULL)
    dag_task_set_parent_cancellable (self, cancellable);

  return self;
}

/**
 * dag_task_report_error: (skip)
 * @source_object: (type GObject.Object) (nullable): the object whose operation it is
 * @callback: (scope async) (closure user_data) (nullable): called when the task has finished
 * @user_data: what @callback gets
 * @source_tag: (nullable): a tag
 * @error: (transfer full): what went wrong
 *
 * Makes a task for an asynchronous operation and returns an error from it, for one that fails
 * before it has begun.
 *
 * Since: 1.0
 */
void
dag_task_report_error (gpointer             source_object,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data,
                       gpointer             source_tag,
                       GError              *error)
{
  DagTask *self;

  g_return_if_fail (source_object == NULL || G_IS_OBJECT (source_object));
  g_return_if_fail (error != NULL);

  self = (dag_task_new_for_callback) (source_object, NULL, callback, user_data);
  dag_task_set_source_tag (self, source_tag);
  dag_task_return_error (self, error);
  g_object_unref (self);
}

/**
 * dag_task_report_new_error: (skip)
 * @source_object: (type GObject.Object) (nullable): the object whose operation it is
 * @callback: (scope async) (closure user_data) (nullable): called when the task has finished
 * @user_data: what @callback gets
 * @source_tag: (nullable): a tag
 * @domain: an error domain
 * @code: an error code
 * @format: a format as of `printf ()`
 * @...: the arguments of @format
 *
 * Does what `dag_task_report_error ()` does with a new error.
 *
 * Since: 1.0
 */
void
dag_task_report_new_error (gpointer             source_object,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data,
                           gpointer             source_tag,
                           GQuark               domain,
                           int                  code,
                           const char          *format,
                           ...)
{
  GError *error;
  va_list args;

  g_return_if_fail (source_object == NULL || G_IS_OBJECT (source_object));
  g_return_if_fail (domain != 0);
  g_return_if_fail (format != NULL);

  va_start (args, format);
  error = g_error_new_valist (domain, code, format, args);
  va_end (args);

  dag_task_report_error (source_object, callback, user_data, source_tag, error);
}

/**
 * dag_task_is_valid:
 * @result: (type Gio.AsyncResult): what a callback got
 * @source_object: (type GObject.Object) (nullable): the object whose operation it should be
 *
 * Gets whether @result is a task of @source_object.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
dag_task_is_valid (gpointer result,
                   gpointer source_object)
{
  return DAG_IS_TASK (result) && dag_task_get_source_object (result) == source_object;
}

/**
 * dag_task_get_source_object:
 * @self: a task
 *
 * Gets the object whose operation it is.
 *
 * Returns: (type GObject.Object) (transfer none) (nullable): the object
 *
 * Since: 1.0
 */
gpointer
dag_task_get_source_object (DagTask *self)
{
  DagTaskRare *rare;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  rare = dag_task_peek_rare (self);

  return rare != NULL ? rare->source_object : NULL;
}

/**
 * dag_task_get_source_tag: (skip)
 * @self: a task
 *
 * Gets the tag that tells which operation it is.
 *
 * Returns: (transfer none) (nullable): the tag
 *
 * Since: 1.0
 */
gpointer
dag_task_get_source_tag (DagTask *self)
{
  DagTaskRare *rare;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  rare = dag_task_peek_rare (self);

  return rare != NULL ? rare->source_tag : NULL;
}

/**
 * dag_task_set_source_tag: (skip)
 * @self: a task
 * @source_tag: (nullable): the tag, usually the address of the function that began it
 *
 * Sets the tag that tells which operation it is, for [method@Gio.AsyncResult.is_tagged].
 *
 * Since: 1.0
 */
void
dag_task_set_source_tag (DagTask  *self,
                         gpointer  source_tag)
{
  g_return_if_fail (DAG_IS_TASK (self));

  dag_task_get_rare (self)->source_tag = source_tag;
}

/**
 * dag_task_get_task_data: (skip)
 * @self: a task
 *
 * Gets the task data.
 *
 * Returns: (transfer none) (nullable): the task data
 *
 * Since: 1.0
 */
gpointer
dag_task_get_task_data (DagTask *self)
{
  DagTaskRare *rare;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  rare = dag_task_peek_rare (self);

  return rare != NULL ? rare->task_data : NULL;
}

/**
 * dag_task_set_task_data: (skip)
 * @self: a task
 * @task_data: (nullable): the task data
 * @task_data_destroy: (nullable): frees @task_data
 *
 * Sets data of the operation. It lives as long as the task, and is freed in its main context.
 *
 * Since: 1.0
 */
void
dag_task_set_task_data (DagTask        *self,
                        gpointer        task_data,
                        GDestroyNotify  task_data_destroy)
{
  DagTaskRare *rare;
  gpointer old;
  GDestroyNotify old_destroy;

  g_return_if_fail (DAG_IS_TASK (self));

  rare = dag_task_get_rare (self);
  old = rare->task_data;
  old_destroy = rare->task_data_destroy;

  rare->task_data = task_data;
  rare->task_data_destroy = task_data_destroy;

  if (old_destroy != NULL)
    old_destroy (old);
}

/**
 * dag_task_attach_source: (skip)
 * @self: a task
 * @source: a source
 * @callback: the callback of @source, which gets @self
 *
 * Attaches a source to the main context of the task, with its priority. The source keeps the task.
 *
 * Since: 1.0
 */
void
dag_task_attach_source (DagTask     *self,
                        GSource     *source,
                        GSourceFunc  callback)
{
  GMainContext *context;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (source != NULL);

  context = dag_task_get_context (self);
  g_return_if_fail (context != NULL);

  g_source_set_callback (source, callback, g_object_ref (self), g_object_unref);
  g_source_set_priority (source, dag_task_get_priority (self));
  if (g_source_get_name (source) == NULL && dag_task_get_name (self) != NULL)
    g_source_set_name (source, dag_task_get_name (self));

  g_source_attach (source, context);
}

/* The outcome of a task that has finished. */
static const GValue *
dag_task_propagate (DagTask     *self,
                    GError     **error,
                    const char  *caller)
{
  const GError *outcome = dag_task_get_error (self);
  const GValue *value;

  if (outcome != NULL)
    {
      g_propagate_error (error, g_error_copy (outcome));
      return NULL;
    }

  value = dag_task_get_value (self);
  if (value == NULL)
    dag_task_complain (self, caller, "has not finished");

  return value;
}

/* The outcome as a value of @type, in @converted if it is of another one. */
static const GValue *
dag_task_propagate_as (DagTask     *self,
                       GType        type,
                       GValue      *converted,
                       GError     **error,
                       const char  *caller)
{
  const GValue *value = dag_task_propagate (self, error, caller);

  if (value == NULL || G_VALUE_HOLDS (value, type))
    return value;

  g_value_init (converted, type);
  if (g_value_transform (value, converted))
    return converted;

  dag_task_complain (self, caller, "has a %s and not a %s as its result",
                     G_VALUE_TYPE_NAME (value), g_type_name (type));

  return NULL;
}

/**
 * dag_task_propagate_boolean:
 * @self: a task that has finished
 * @error: return location for an error
 *
 * Gets the result as a boolean. This and the functions beside it can be called any number of times.
 *
 * Returns: the result, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
dag_task_propagate_boolean (DagTask  *self,
                            GError  **error)
{
  GValue converted = G_VALUE_INIT;
  const GValue *value;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  value = dag_task_propagate_as (self, G_TYPE_BOOLEAN, &converted, error, G_STRFUNC);

  return value != NULL ? g_value_get_boolean (value) : FALSE;
}

/**
 * dag_task_propagate_int:
 * @self: a task that has finished
 * @error: return location for an error
 *
 * Gets the result as an integer.
 *
 * Returns: the result, -1 if @error is set
 *
 * Since: 1.0
 */
gssize
dag_task_propagate_int (DagTask  *self,
                        GError  **error)
{
  GValue converted = G_VALUE_INIT;
  const GValue *value;

  g_return_val_if_fail (DAG_IS_TASK (self), -1);
  g_return_val_if_fail (error == NULL || *error == NULL, -1);

  value = dag_task_propagate_as (self, G_TYPE_INT64, &converted, error, G_STRFUNC);

  return value != NULL ? (gssize) g_value_get_int64 (value) : -1;
}

/**
 * dag_task_propagate_pointer: (skip)
 * @self: a task that has finished
 * @error: return location for an error
 *
 * Gets the result as a pointer.
 *
 * A result of [method@Dag.Task.return_pointer] with a destroy notify is handed over, once: the
 * caller owns it then, and the task has %NULL. If dependents got it too, or it is that of another
 * task which this one ended as, that is not possible, and the error is %DAG_ERROR_SHARED. Without a
 * destroy notify it can be got any number of times.
 *
 * Of other results that are pointers the caller gets a new reference or a copy: a string, an
 * object, a boxed value or a variant.
 *
 * Returns: (transfer full) (nullable): the result, %NULL if @error is set
 *
 * Since: 1.0
 */
gpointer
dag_task_propagate_pointer (DagTask  *self,
                            GError  **error)
{
  DagTaskRare *rare;
  const GValue *value;
  gboolean shared;
  gpointer pointer = NULL;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  value = dag_task_propagate (self, error, G_STRFUNC);
  if (value == NULL)
    return NULL;

  rare = dag_task_peek_rare (self);

  if (self->outcome.kind == DAG_OUTCOME_POINTER || (rare != NULL && rare->value_owner != NULL))
    {
      dag_node_lock (DAG_NODE (self));
      shared = DAG_NODE (self)->shared || self->outcome.kind != DAG_OUTCOME_POINTER;
      if (!shared)
        pointer = dag_outcome_steal_pointer (&self->outcome);
      dag_node_unlock (DAG_NODE (self));

      if (shared)
        {
          g_autofree char *description = dag_task_describe (self);

          g_set_error (error, DAG_ERROR, DAG_ERROR_SHARED,
                       "The result of %s belongs to its dependents too", description);
        }

      return pointer;
    }

  if (G_VALUE_HOLDS_STRING (value))
    return g_value_dup_string (value);
  if (G_VALUE_HOLDS_OBJECT (value))
    return g_value_dup_object (value);
  if (G_VALUE_HOLDS_BOXED (value))
    return g_value_dup_boxed (value);
  if (G_VALUE_HOLDS_VARIANT (value))
    return g_value_dup_variant (value);
  if (G_VALUE_HOLDS_POINTER (value))
    return g_value_get_pointer (value);

  dag_task_complain (self, G_STRFUNC, "has a %s and not a pointer as its result",
                     G_VALUE_TYPE_NAME (value));

  return NULL;
}

/**
 * dag_task_propagate_value:
 * @self: a task that has finished
 * @value: (out caller-allocates): return location for the result, which is not initialised
 * @error: return location for an error
 *
 * Gets a copy of the result.
 *
 * Returns: whether there is one
 *
 * Since: 1.0
 */
gboolean
dag_task_propagate_value (DagTask  *self,
                          GValue   *value,
                          GError  **error)
{
  const GValue *result;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  result = dag_task_propagate (self, error, G_STRFUNC);
  if (result == NULL)
    return FALSE;

  g_value_init (value, G_VALUE_TYPE (result));
  g_value_copy (result, value);

  return TRUE;
}

/**
 * dag_task_had_error:
 * @self: a task
 *
 * Gets whether the task has ended, or will end, with an error.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
dag_task_had_error (DagTask *self)
{
  gboolean had_error;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  dag_node_lock (DAG_NODE (self));
  had_error = self->outcome.kind != DAG_OUTCOME_UNSET && !dag_outcome_has_value (&self->outcome);
  dag_node_unlock (DAG_NODE (self));

  return had_error;
}

/**
 * dag_task_get_completed:
 * @self: a task
 *
 * Gets whether the callback of the task was called and has come back, or would have been called where
 * there is none. A task that stands for no callback has completed when it has finished.
 *
 * Returns: whether it was
 *
 * Since: 1.0
 */
gboolean
dag_task_get_completed (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  if (!self->external)
    return dag_task_is_finished (self);

  return (g_atomic_int_get (&DAG_NODE (self)->flags) & DAG_NODE_COMPLETED) != 0;
}
