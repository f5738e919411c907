/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-task-private.h"

/* What a function gets. */

/**
 * dag_task_get_n_arguments:
 * @self: a task
 *
 * Gets how many arguments the function gets.
 *
 * To be called from the function, or from what it started, until it has returned. After that there
 * are none.
 *
 * Returns: the number of arguments
 *
 * Since: 1.0
 */
guint
dag_task_get_n_arguments (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  return self->n_arguments;
}

/* Whether the arguments are there. The owning context may not know yet that a thread has begun. */
static gboolean
dag_task_has_arguments (DagTask *self)
{
  gboolean running = g_atomic_int_get (&DAG_NODE (self)->state) >= DAG_STATE_RUNNING;

  if (!running)
    {
      dag_node_lock (DAG_NODE (self));
      running = self->n_threads > 0;
      dag_node_unlock (DAG_NODE (self));
    }

  return running;
}

static const GValue *
dag_task_peek_argument (DagTask    *self,
                        guint       index,
                        const char *caller)
{
  gboolean running = dag_task_has_arguments (self);
  DagEdge *edge;

  if (!running || index >= self->n_arguments)
    {
      dag_task_complain (self, caller, "has no argument %u%s", index, running ? "" : " yet");
      return NULL;
    }

  edge = dag_task_peek_input (self, index);

  return edge != NULL ? &DAG_NODE_TASK (edge->dependency)->outcome.value : &self->arguments[index];
}

/**
 * dag_task_get_argument:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument: the plain value, or the result of the dependency.
 *
 * To be called from the function, or from what it started, until it has returned: after that there
 * are none. The functions beside this one get it as a C type, and convert it as
 * [method@GObject.Value.transform] does.
 *
 * Returns: (transfer none): the argument
 *
 * Since: 1.0
 */
const GValue *
dag_task_get_argument (DagTask *self,
                       guint    index)
{
  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  return dag_task_peek_argument (self, index, G_STRFUNC);
}

/* Gets an argument as a value of @type, in @converted if it is of another one. */
static const GValue *
dag_task_convert_argument (DagTask    *self,
                           guint       index,
                           GType       type,
                           GValue     *converted,
                           const char *caller)
{
  const GValue *argument = dag_task_peek_argument (self, index, caller);

  if (argument == NULL || G_VALUE_HOLDS (argument, type))
    return argument;

  if (dag_value_convert (argument, type, converted))
    return converted;

  dag_task_complain (self, caller, "has a %s and not a %s as argument %u",
                     G_VALUE_TYPE_NAME (argument), g_type_name (type), index);

  return NULL;
}

/**
 * dag_task_get_argument_boolean:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as a boolean.
 *
 * Returns: the argument
 *
 * Since: 1.0
 */
gboolean
dag_task_get_argument_boolean (DagTask *self,
                               guint    index)
{
  GValue converted = G_VALUE_INIT;
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  argument = dag_task_convert_argument (self, index, G_TYPE_BOOLEAN, &converted, G_STRFUNC);

  return argument != NULL ? g_value_get_boolean (argument) : FALSE;
}

/**
 * dag_task_get_argument_int:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as an integer.
 *
 * Returns: the argument
 *
 * Since: 1.0
 */
int
dag_task_get_argument_int (DagTask *self,
                           guint    index)
{
  GValue converted = G_VALUE_INIT;
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  argument = dag_task_convert_argument (self, index, G_TYPE_INT, &converted, G_STRFUNC);

  return argument != NULL ? g_value_get_int (argument) : 0;
}

/**
 * dag_task_get_argument_uint:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as an unsigned integer.
 *
 * Returns: the argument
 *
 * Since: 1.0
 */
guint
dag_task_get_argument_uint (DagTask *self,
                            guint    index)
{
  GValue converted = G_VALUE_INIT;
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  argument = dag_task_convert_argument (self, index, G_TYPE_UINT, &converted, G_STRFUNC);

  return argument != NULL ? g_value_get_uint (argument) : 0;
}

/**
 * dag_task_get_argument_int64:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as an integer of 64 bits.
 *
 * Returns: the argument
 *
 * Since: 1.0
 */
gint64
dag_task_get_argument_int64 (DagTask *self,
                             guint    index)
{
  GValue converted = G_VALUE_INIT;
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  argument = dag_task_convert_argument (self, index, G_TYPE_INT64, &converted, G_STRFUNC);

  return argument != NULL ? g_value_get_int64 (argument) : 0;
}

/**
 * dag_task_get_argument_uint64:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as an unsigned integer of 64 bits.
 *
 * Returns: the argument
 *
 * Since: 1.0
 */
guint64
dag_task_get_argument_uint64 (DagTask *self,
                              guint    index)
{
  GValue converted = G_VALUE_INIT;
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  argument = dag_task_convert_argument (self, index, G_TYPE_UINT64, &converted, G_STRFUNC);

  return argument != NULL ? g_value_get_uint64 (argument) : 0;
}

/**
 * dag_task_get_argument_double:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as a floating-point number.
 *
 * Returns: the argument
 *
 * Since: 1.0
 */
double
dag_task_get_argument_double (DagTask *self,
                              guint    index)
{
  GValue converted = G_VALUE_INIT;
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), 0.0);

  argument = dag_task_convert_argument (self, index, G_TYPE_DOUBLE, &converted, G_STRFUNC);

  return argument != NULL ? g_value_get_double (argument) : 0.0;
}

/* Gets an argument whose contents the argument itself has to keep, so that it cannot be converted
 * here: %NULL fits everywhere, and what is of another type nowhere.
 */
static const GValue *
dag_task_check_argument (DagTask    *self,
                         guint       index,
                         GType       type,
                         const char *caller)
{
  const GValue *argument = dag_task_peek_argument (self, index, caller);

  if (argument == NULL || G_VALUE_HOLDS (argument, type))
    return argument;

  if (g_value_fits_pointer (argument) && g_value_peek_pointer (argument) == NULL)
    return NULL;

  dag_task_complain (self, caller, "has a %s and not a %s as argument %u",
                     G_VALUE_TYPE_NAME (argument), g_type_name (type), index);

  return NULL;
}

/**
 * dag_task_get_argument_string:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as a string.
 *
 * Returns: (transfer none) (nullable): the argument
 *
 * Since: 1.0
 */
const char *
dag_task_get_argument_string (DagTask *self,
                              guint    index)
{
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  argument = dag_task_check_argument (self, index, G_TYPE_STRING, G_STRFUNC);

  return argument != NULL ? g_value_get_string (argument) : NULL;
}

/**
 * dag_task_get_argument_enum:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as a value of an enumeration.
 *
 * Returns: the argument
 *
 * Since: 1.0
 */
int
dag_task_get_argument_enum (DagTask *self,
                            guint    index)
{
  GValue converted = G_VALUE_INIT;
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  argument = dag_task_peek_argument (self, index, G_STRFUNC);
  if (argument != NULL && G_VALUE_HOLDS_ENUM (argument))
    return g_value_get_enum (argument);

  if (argument != NULL)
    argument = dag_task_convert_argument (self, index, G_TYPE_INT, &converted, G_STRFUNC);

  return argument != NULL ? g_value_get_int (argument) : 0;
}

/**
 * dag_task_get_argument_flags:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as a value of a flags type.
 *
 * Returns: the argument
 *
 * Since: 1.0
 */
guint
dag_task_get_argument_flags (DagTask *self,
                             guint    index)
{
  GValue converted = G_VALUE_INIT;
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  argument = dag_task_peek_argument (self, index, G_STRFUNC);
  if (argument != NULL && G_VALUE_HOLDS_FLAGS (argument))
    return g_value_get_flags (argument);

  if (argument != NULL)
    argument = dag_task_convert_argument (self, index, G_TYPE_UINT, &converted, G_STRFUNC);

  return argument != NULL ? g_value_get_uint (argument) : 0;
}

/**
 * dag_task_get_argument_object:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as an object.
 *
 * Returns: (type GObject.Object) (transfer none) (nullable): the argument
 *
 * Since: 1.0
 */
gpointer
dag_task_get_argument_object (DagTask *self,
                              guint    index)
{
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  argument = dag_task_check_argument (self, index, G_TYPE_OBJECT, G_STRFUNC);

  return argument != NULL ? g_value_get_object (argument) : NULL;
}

/**
 * dag_task_get_argument_boxed: (skip)
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as a boxed value.
 *
 * Returns: (transfer none) (nullable): the argument
 *
 * Since: 1.0
 */
gpointer
dag_task_get_argument_boxed (DagTask *self,
                             guint    index)
{
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  argument = dag_task_check_argument (self, index, G_TYPE_BOXED, G_STRFUNC);

  return argument != NULL ? g_value_get_boxed (argument) : NULL;
}

/**
 * dag_task_get_argument_variant:
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as a variant.
 *
 * Returns: (transfer none) (nullable): the argument
 *
 * Since: 1.0
 */
GVariant *
dag_task_get_argument_variant (DagTask *self,
                               guint    index)
{
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  argument = dag_task_check_argument (self, index, G_TYPE_VARIANT, G_STRFUNC);

  return argument != NULL ? g_value_get_variant (argument) : NULL;
}

/**
 * dag_task_get_argument_pointer: (skip)
 * @self: a running task
 * @index: which argument
 *
 * Gets an argument as a pointer, whatever it points to.
 *
 * Returns: (transfer none) (nullable): the argument
 *
 * Since: 1.0
 */
gpointer
dag_task_get_argument_pointer (DagTask *self,
                               guint    index)
{
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  argument = dag_task_peek_argument (self, index, G_STRFUNC);
  if (argument == NULL)
    return NULL;

  if (!g_value_fits_pointer (argument))
    {
      dag_task_complain (self, G_STRFUNC, "has a %s and not a pointer as argument %u",
                         G_VALUE_TYPE_NAME (argument), index);
      return NULL;
    }

  return g_value_peek_pointer (argument);
}

/**
 * dag_task_get_argument_task:
 * @self: a running task
 * @index: which argument, a raw one
 *
 * Gets a raw argument: the task, finished in whatever way.
 *
 * Returns: (transfer none) (nullable): the argument
 *
 * Since: 1.0
 */
DagTask *
dag_task_get_argument_task (DagTask *self,
                            guint    index)
{
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  argument = dag_task_check_argument (self, index, DAG_TYPE_TASK, G_STRFUNC);

  return argument != NULL ? g_value_get_object (argument) : NULL;
}
