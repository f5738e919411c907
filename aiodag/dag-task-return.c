/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-path-private.h"
#include "dag-task-private.h"

/* What nobody will read, on its way to where it may be freed. */
typedef struct {
  DagItem    item;
  DagOutcome outcome;
} DagGarbage;

static void
dag_garbage_run (DagItem *item)
{
  DagGarbage *self = (DagGarbage *) item;
  DagOutcome outcome = self->outcome;

  g_free (self);
  dag_outcome_clear (&outcome);
}

static const DagItemClass dag_garbage_class = {
  .run = dag_garbage_run,
};

/* Frees an outcome in the owning context, where that makes a difference. */
static void
dag_task_discard_outcome (DagTask    *self,
                          DagOutcome *outcome)
{
  DagGarbage *garbage;

  if (dag_outcome_is_plain (outcome))
    {
      dag_outcome_clear (outcome);
      return;
    }

  garbage = g_new0 (DagGarbage, 1);
  garbage->item.klass = &dag_garbage_class;
  dag_outcome_move (&garbage->outcome, outcome);
  dag_queue_push (DAG_NODE (self)->queue, &garbage->item);
}

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

static void
dag_task_raise_returned (DagTask *self)
{
  DagNode *node = DAG_NODE (self);

  /* A function that returns while it is being called is looked after when it comes back. */
  if (self->on_stack > 0 && dag_queue_is_inside (node->queue))
    return;

  dag_node_raise (node, DAG_EVENT_RETURNED);
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
  gboolean accepted, cancelled;

  dag_node_lock (node);

  accepted = dag_task_accept_return (self, &message);
  cancelled = dag_task_is_cancelled (self) && !self->ignore_cancellable;

  if (accepted && self->outcome.kind == DAG_OUTCOME_UNSET)
    {
      if (!cancelled ||
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

  if (accepted)
    dag_task_raise_returned (self);
  else if (message != NULL)
    {
      g_autofree char *description = dag_task_describe (self);

      g_critical ("%s: %s %s", caller, description, message);
    }

  dag_task_discard_outcome (self, &unused);
}

/* Every function below makes an outcome of what it was given. */

static void
dag_task_return_gvalue (DagTask    *self,
                        GValue     *value,
                        const char *caller)
{
  DagOutcome outcome = { DAG_OUTCOME_VALUE, { *value } };

  dag_task_return_outcome (self, &outcome, caller);
}

/**
 * dag_task_return:
 * @self: a task
 *
 * Ends the task with success and no value.
 *
 * This and the functions beside it end the function of a task: exactly one of them has to be called,
 * once, while the function is called or later, from any thread. A second one is a programmer error:
 * it is reported, and what it was given is freed and ignored. If the library has ended the task
 * meanwhile, because it was cancelled with [property@Dag.Task:return-on-cancel] or its main context
 * was destroyed, what is returned after that is freed in silence.
 *
 * What is returned is recorded at once. State, signals and dependents follow in the main context of
 * the task, in a later dispatch.
 *
 * "No value" is a %NULL pointer for those who ask for the value.
 *
 * Since: 1.0
 */
void
dag_task_return (DagTask *self)
{
  DagOutcome outcome;

  g_return_if_fail (DAG_IS_TASK (self));

  dag_outcome_init_nothing (&outcome);
  dag_task_return_outcome (self, &outcome, G_STRFUNC);
}

/**
 * dag_task_return_value:
 * @self: a task
 * @value: (nullable): a value; %NULL for none
 *
 * Ends the task with success and a copy of @value.
 *
 * A value that is a task is a result like any other; see [method@Dag.Task.return_task] for ending as
 * another task does.
 *
 * Since: 1.0
 */
void
dag_task_return_value (DagTask      *self,
                       const GValue *value)
{
  DagOutcome outcome;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (value == NULL || G_IS_VALUE (value));

  if (value != NULL)
    dag_outcome_init_value (&outcome, value);
  else
    dag_outcome_init_nothing (&outcome);

  dag_task_return_outcome (self, &outcome, G_STRFUNC);
}

/**
 * dag_task_return_boolean:
 * @self: a task
 * @value: the result
 *
 * Ends the task with success and a %G_TYPE_BOOLEAN.
 *
 * Since: 1.0
 */
void
dag_task_return_boolean (DagTask  *self,
                         gboolean  value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_BOOLEAN);
  g_value_set_boolean (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_int:
 * @self: a task
 * @value: the result
 *
 * Ends the task with success and a %G_TYPE_INT, or a %G_TYPE_INT64 if that is too small.
 *
 * Since: 1.0
 */
void
dag_task_return_int (DagTask *self,
                     gssize   value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  if (value < G_MININT || value > G_MAXINT)
    {
      g_value_init (&result, G_TYPE_INT64);
      g_value_set_int64 (&result, value);
    }
  else
    {
      g_value_init (&result, G_TYPE_INT);
      g_value_set_int (&result, value);
    }

  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_uint:
 * @self: a task
 * @value: the result
 *
 * Ends the task with success and a %G_TYPE_UINT.
 *
 * Since: 1.0
 */
void
dag_task_return_uint (DagTask *self,
                      guint    value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_UINT);
  g_value_set_uint (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_int64:
 * @self: a task
 * @value: the result
 *
 * Ends the task with success and a %G_TYPE_INT64.
 *
 * Since: 1.0
 */
void
dag_task_return_int64 (DagTask *self,
                       gint64   value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_INT64);
  g_value_set_int64 (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_uint64:
 * @self: a task
 * @value: the result
 *
 * Ends the task with success and a %G_TYPE_UINT64.
 *
 * Since: 1.0
 */
void
dag_task_return_uint64 (DagTask *self,
                        guint64  value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_UINT64);
  g_value_set_uint64 (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_double:
 * @self: a task
 * @value: the result
 *
 * Ends the task with success and a %G_TYPE_DOUBLE.
 *
 * Since: 1.0
 */
void
dag_task_return_double (DagTask *self,
                        double   value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_DOUBLE);
  g_value_set_double (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_string:
 * @self: a task
 * @value: (nullable): the result
 *
 * Ends the task with success and a copy of a string.
 *
 * Since: 1.0
 */
void
dag_task_return_string (DagTask    *self,
                        const char *value)
{
  dag_task_return_take_string (self, g_strdup (value));
}

/**
 * dag_task_return_take_string: (skip)
 * @self: a task
 * @value: (transfer full) (nullable): the result
 *
 * Ends the task with success and a string, which it takes.
 *
 * Since: 1.0
 */
void
dag_task_return_take_string (DagTask *self,
                             char    *value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_STRING);
  g_value_take_string (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_strv:
 * @self: a task
 * @value: (array zero-terminated=1) (nullable): the result
 *
 * Ends the task with success and a copy of a %NULL-terminated array of strings.
 *
 * Since: 1.0
 */
void
dag_task_return_strv (DagTask            *self,
                      const char * const *value)
{
  dag_task_return_boxed (self, G_TYPE_STRV, value);
}

/**
 * dag_task_return_take_strv: (skip)
 * @self: a task
 * @value: (array zero-terminated=1) (transfer full) (nullable): the result
 *
 * Ends the task with success and a %NULL-terminated array of strings, which it takes.
 *
 * Since: 1.0
 */
void
dag_task_return_take_strv (DagTask  *self,
                           char    **value)
{
  dag_task_return_take_boxed (self, G_TYPE_STRV, value);
}

/**
 * dag_task_return_enum:
 * @self: a task
 * @type: the type of the result, an enumeration
 * @value: the result
 *
 * Ends the task with success and a value of an enumeration.
 *
 * Since: 1.0
 */
void
dag_task_return_enum (DagTask *self,
                      GType    type,
                      int      value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (G_TYPE_IS_ENUM (type));

  g_value_init (&result, type);
  g_value_set_enum (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_flags:
 * @self: a task
 * @type: the type of the result, a flags type
 * @value: the result
 *
 * Ends the task with success and a value of a flags type.
 *
 * Since: 1.0
 */
void
dag_task_return_flags (DagTask *self,
                       GType    type,
                       guint    value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (G_TYPE_IS_FLAGS (type));

  g_value_init (&result, type);
  g_value_set_flags (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_object:
 * @self: a task
 * @value: (type GObject.Object) (nullable): the result
 *
 * Ends the task with success and a reference to an object.
 *
 * Since: 1.0
 */
void
dag_task_return_object (DagTask  *self,
                        gpointer  value)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (value == NULL || G_IS_OBJECT (value));

  dag_task_return_take_object (self, value != NULL ? g_object_ref (value) : NULL);
}

/**
 * dag_task_return_take_object: (skip)
 * @self: a task
 * @value: (type GObject.Object) (transfer full) (nullable): the result
 *
 * Ends the task with success and an object, whose reference it takes.
 *
 * Since: 1.0
 */
void
dag_task_return_take_object (DagTask  *self,
                             gpointer  value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (value == NULL || G_IS_OBJECT (value));

  g_value_init (&result, value != NULL ? G_OBJECT_TYPE (value) : G_TYPE_OBJECT);
  g_value_take_object (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_boxed:
 * @self: a task
 * @type: the type of the result, a boxed type
 * @value: (nullable): the result
 *
 * Ends the task with success and a copy of a boxed value.
 *
 * Since: 1.0
 */
void
dag_task_return_boxed (DagTask       *self,
                       GType          type,
                       gconstpointer  value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (G_TYPE_IS_BOXED (type));

  g_value_init (&result, type);
  g_value_set_boxed (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_take_boxed: (skip)
 * @self: a task
 * @type: the type of the result, a boxed type
 * @value: (transfer full) (nullable): the result
 *
 * Ends the task with success and a boxed value, which it takes.
 *
 * Since: 1.0
 */
void
dag_task_return_take_boxed (DagTask  *self,
                            GType     type,
                            gpointer  value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (G_TYPE_IS_BOXED (type));

  g_value_init (&result, type);
  g_value_take_boxed (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_variant:
 * @self: a task
 * @value: (nullable): the result
 *
 * Ends the task with success and a reference to a variant, which is sunk if it is floating.
 *
 * Since: 1.0
 */
void
dag_task_return_variant (DagTask  *self,
                         GVariant *value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_VARIANT);
  g_value_set_variant (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_take_variant: (skip)
 * @self: a task
 * @value: (transfer full) (nullable): the result
 *
 * Ends the task with success and a variant, whose reference it takes.
 *
 * Since: 1.0
 */
void
dag_task_return_take_variant (DagTask  *self,
                              GVariant *value)
{
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_VARIANT);
  g_value_take_variant (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
}

/**
 * dag_task_return_pointer: (skip)
 * @self: a task
 * @value: (transfer full) (nullable): the result
 * @value_destroy: (nullable): what frees it
 *
 * Ends the task with success and a pointer, which it takes.
 *
 * @value_destroy is called in the main context of the task when the last holder of the result has let
 * go of the task, unless [method@Dag.Task.propagate_pointer] has handed it over.
 *
 * Since: 1.0
 */
void
dag_task_return_pointer (DagTask        *self,
                         gpointer        value,
                         GDestroyNotify  value_destroy)
{
  DagOutcome outcome;

  g_return_if_fail (DAG_IS_TASK (self));

  dag_outcome_init_pointer (&outcome, value, value_destroy);
  dag_task_return_outcome (self, &outcome, G_STRFUNC);
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
 * Ends the task as cancelled if cancellation was asked for.
 *
 * Returns: whether it did
 *
 * Since: 1.0
 */
gboolean
dag_task_return_error_if_cancelled (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  if (!dag_task_is_cancelled (self))
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
 * Its dependents are skipped too, unless their rule says otherwise. That is not a failure: the reason
 * is %DAG_REASON_NOT_NEEDED, and who asks for the result gets %DAG_ERROR_NOT_NEEDED.
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
 * ends with the same error and the same origin. Cancelling @self then cancels @other, if nobody else
 * needs it. If @other waits for @self, @self fails with %DAG_ERROR_CYCLE.
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
  gboolean accepted, following;
  DagEdge *edge;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (DAG_IS_TASK (other));

  dag_node_lock (node);
  accepted = dag_task_accept_return (self, &message);
  following = accepted && self->outcome.kind == DAG_OUTCOME_UNSET;
  if (following)
    self->following = TRUE;
  dag_node_unlock (node);

  if (!accepted)
    {
      if (message != NULL)
        {
          g_autofree char *description = dag_task_describe (self);

          g_critical ("%s: %s %s", G_STRFUNC, description, message);
        }
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
    }

  dag_task_raise_returned (self);
}
