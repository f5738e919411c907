/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "dag-call-private.h"

#include "dag-error.h"
#include "dag-task.h"

/* The part of the functional form that is not macros. Here: what a function gets becomes C
 * variables, and what a GIO pair finishes with becomes an outcome.
 */

static void
store_integer (gpointer field,
               guint    size,
               gint64   number)
{
  switch (size)
    {
    case 1:
      *(gint8 *) field = (gint8) number;
      break;
    case 2:
      *(gint16 *) field = (gint16) number;
      break;
    case 4:
      *(gint32 *) field = (gint32) number;
      break;
    default:
      memcpy (field, &number, sizeof number);
      break;
    }
}

static void
store_double (gpointer field,
              guint    size,
              double   number)
{
  if (size == sizeof (float))
    *(float *) field = (float) number;
  else
    memcpy (field, &number, sizeof number);
}

static gboolean
store_number (gpointer      field,
              guint         size,
              const GValue *value)
{
  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value)))
    {
    case G_TYPE_BOOLEAN:
      store_integer (field, size, g_value_get_boolean (value));
      return TRUE;
    case G_TYPE_CHAR:
      store_integer (field, size, g_value_get_schar (value));
      return TRUE;
    case G_TYPE_UCHAR:
      store_integer (field, size, g_value_get_uchar (value));
      return TRUE;
    case G_TYPE_INT:
      store_integer (field, size, g_value_get_int (value));
      return TRUE;
    case G_TYPE_UINT:
      store_integer (field, size, g_value_get_uint (value));
      return TRUE;
    case G_TYPE_LONG:
      store_integer (field, size, g_value_get_long (value));
      return TRUE;
    case G_TYPE_ULONG:
      store_integer (field, size, (gint64) g_value_get_ulong (value));
      return TRUE;
    case G_TYPE_INT64:
      store_integer (field, size, g_value_get_int64 (value));
      return TRUE;
    case G_TYPE_UINT64:
      store_integer (field, size, (gint64) g_value_get_uint64 (value));
      return TRUE;
    case G_TYPE_ENUM:
      store_integer (field, size, g_value_get_enum (value));
      return TRUE;
    case G_TYPE_FLAGS:
      store_integer (field, size, g_value_get_flags (value));
      return TRUE;
    case G_TYPE_FLOAT:
      store_double (field, size, (double) g_value_get_float (value));
      return TRUE;
    case G_TYPE_DOUBLE:
      store_double (field, size, g_value_get_double (value));
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
store_pointer (gpointer      field,
               const GValue *value)
{
  if (!g_value_fits_pointer (value))
    return FALSE;

  *(gpointer *) field = g_value_peek_pointer (value);

  return TRUE;
}

/* The array lasts as long as the task, but owns nothing: the arguments hold the tasks in it, until
 * the body has returned. */
static gboolean
store_tasks (gpointer  field,
             DagTask  *task,
             guint     first)
{
  GPtrArray *tasks = g_object_get_data (G_OBJECT (task), "dag-call-tasks");

  if (tasks == NULL)
    {
      guint n = dag_task_get_n_arguments (task);

      tasks = g_ptr_array_sized_new (n - first);
      for (guint i = first; i < n; i++)
        g_ptr_array_add (tasks, dag_task_get_argument_task (task, i));
      g_object_set_data_full (G_OBJECT (task), "dag-call-tasks", tasks,
                              (GDestroyNotify) g_ptr_array_unref);
    }

  *(GPtrArray **) field = tasks;

  return TRUE;
}

static gboolean
store_argument (gpointer            arguments,
                DagTask            *task,
                guint               index,
                const DagParameter *parameter)
{
  gpointer field = (char *) arguments + parameter->offset;
  const GValue *value;

  if (parameter->kind == DAG_PARAMETER_RAW)
    return store_tasks (field, task, index);

  value = dag_task_get_argument (task, index);
  if (value == NULL)
    return FALSE;

  if (parameter->kind == DAG_PARAMETER_POINTER ? store_pointer (field, value)
                                               : store_number (field, parameter->size, value))
    return TRUE;

  /* The task checks what it can; this is for a parameter of any type that is a pointer, and for
   * one whose GType and C type are not the same. */
  dag_task_return_new_error (task, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE,
                             "Argument %u of %s, '%s', has to be a %s, but it is a %s",
                             index, dag_task_get_name (task), parameter->name,
                             parameter->kind == DAG_PARAMETER_POINTER ? "pointer" : "number",
                             G_VALUE_TYPE_NAME (value));

  return FALSE;
}

/**
 * dag_call_get_arguments: (skip)
 * @task: a task that runs
 * @parameters: (array length=n_parameters): what its function takes
 * @n_parameters: how many there are
 * @arguments: the struct to fill in
 *
 * Reads the arguments of a task into a struct, for `DAG_DEFINE_TASK ()` and `DAG_ARGS ()`.
 *
 * If one of them does not fit into its field, the task ends with %DAG_ERROR_ARGUMENT_TYPE.
 *
 * Returns: whether all are there
 *
 * Since: 1.0
 */
gboolean
dag_call_get_arguments (DagTask            *task,
                        const DagParameter *parameters,
                        guint               n_parameters,
                        gpointer            arguments)
{
  g_return_val_if_fail (DAG_IS_TASK (task), FALSE);

  for (guint i = 0; i < n_parameters; i++)
    {
      if (!store_argument (arguments, task, i, &parameters[i]))
        return FALSE;
    }

  return TRUE;
}

static void
return_number (DagTask           *task,
               GType              type,
               const DagArgument *number)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_auto (GValue) converted = G_VALUE_INIT;

  dag_argument_get_number (number, &value);
  g_value_init (&converted, type);
  if (g_value_transform (&value, &converted))
    dag_task_return_value (task, &converted);
  else
    dag_task_return_new_error (task, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE,
                               "%s: a %s does not convert to a %s",
                               dag_task_get_name (task),
                               g_type_name (number->type), g_type_name (type));
}

static void
return_pointer (DagTask  *task,
                GType     type,
                gpointer  pointer)
{
  switch (G_TYPE_FUNDAMENTAL (type))
    {
    case G_TYPE_STRING:
      dag_task_return_take_string (task, pointer);
      break;
    case G_TYPE_OBJECT:
    case G_TYPE_INTERFACE:
      dag_task_return_take_object (task, pointer);
      break;
    case G_TYPE_BOXED:
      dag_task_return_take_boxed (task, type, pointer);
      break;
    case G_TYPE_VARIANT:
      dag_task_return_take_variant (task, pointer);
      break;
    case G_TYPE_POINTER:
      dag_task_return_pointer (task, pointer, NULL);
      break;
    default:
      dag_task_return_new_error (task, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE,
                                 "%s: a pointer is no %s",
                                 dag_task_get_name (task), g_type_name (type));
      break;
    }
}

/**
 * dag_call_return: (skip)
 * @task: a task that runs
 * @type: the type of its result
 * @value: the result; what it points to is taken
 * @error: (transfer full) (nullable): an error, to return in its place
 *
 * Ends a task with what a `_finish ()` function returned, for `DAG_DEFINE_ASYNC ()`.
 *
 * Since: 1.0
 */
void
dag_call_return (DagTask     *task,
                 GType        type,
                 DagArgument  value,
                 GError      *error)
{
  g_return_if_fail (DAG_IS_TASK (task));

  if (error != NULL)
    dag_task_return_error (task, error);
  else if (type == G_TYPE_NONE)
    dag_task_return (task);
  else if (value.type == G_TYPE_STRING && value.is_const)
    dag_task_return_string (task, value.v_pointer);
  else if (value.type == G_TYPE_STRING || value.type == G_TYPE_POINTER ||
           value.type == G_TYPE_OBJECT)
    return_pointer (task, type, (gpointer) value.v_pointer);
  else
    return_number (task, type, &value);
}
