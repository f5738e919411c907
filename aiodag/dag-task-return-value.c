/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-task-private.h"

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
 * This and the functions beside it end the function of a task: exactly one of them has to be
 * called, once, while the function is called or later, from any thread. A second one is a
 * programmer error: it is reported, and what it was given is freed and ignored. If the library has
 * ended the task meanwhile, because it was cancelled with [property@Dag.Task:return-on-cancel] or
 * its main context was destroyed, what is returned after that is freed in silence.
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
 * A value that is a task is a result like any other; see [method@Dag.Task.return_task] for ending
 * as another task does.
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
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_STRING);
  g_value_set_string (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
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
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_STRV);
  g_value_set_boxed (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
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
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&result, G_TYPE_STRV);
  g_value_take_boxed (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
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
  GValue result = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (value == NULL || G_IS_OBJECT (value));

  g_value_init (&result, value != NULL ? G_OBJECT_TYPE (value) : G_TYPE_OBJECT);
  g_value_set_object (&result, value);
  dag_task_return_gvalue (self, &result, G_STRFUNC);
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
 * dag_task_return_boxed: (skip)
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
 * @value_destroy is called in the main context of the task when the last holder of the result has
 *   let
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
