/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "dag-call-private.h"

#include "dag-combinators.h"
#include "dag-dependency.h"
#include "dag-error.h"
#include "dag-task.h"
#include "dag-weak.h"

/* The part of the functional form that is not macros. Here: what goes into a call becomes GValues.
 */

/* What is being called, and the first thing that is wrong with it. */
typedef struct
{
  const DagDefinition *definition;
  const char          *location;
  GError              *error;  /* (owned) (nullable) */
} Call;

/* The last parameter takes all the arguments that are left. */
static gboolean
is_raw (const DagDefinition *definition,
        guint                index)
{
  return index < definition->function.n_parameters &&
         definition->parameters[index].kind == DAG_PARAMETER_RAW;
}

static void
report_misfit (Call       *call,
               guint       index,
               const char *expected,
               const char *came)
{
  g_autoptr (GError) error = NULL;

  error = g_error_new (DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE,
                       "%s: %s (): the argument '%s' has to be %s, not %s",
                       call->location,
                       call->definition->function.name,
                       call->definition->parameters[index].name,
                       expected, came);
  g_critical ("%s", error->message);

  if (call->error == NULL)
    call->error = g_steal_pointer (&error);
}

static void
report_wrong_type (Call  *call,
                   guint  index,
                   GType  expected,
                   GType  came)
{
  g_autofree char *expected_text = g_strconcat ("a ", g_type_name (expected), NULL);
  g_autofree char *came_text = g_strconcat ("a ", g_type_name (came), NULL);

  report_misfit (call, index, expected_text, came_text);
}

static void
set_plain_pointer (GValue        *value,
                   gconstpointer  pointer)
{
  g_value_init (value, G_TYPE_POINTER);
  g_value_set_pointer (value, (gpointer) pointer);
}

static void
set_task (GValue            *value,
          Call              *call,
          guint              index,
          GType              type,
          const DagArgument *argument)
{
  DagTask *task = (DagTask *) argument->v_pointer;

  if (task == NULL || !DAG_IS_TASK (task))
    {
      report_misfit (call, index, "a DagTask", task == NULL ? "NULL" : "something else");
    }
  else if (argument->rule < 0)
    {
      g_value_init (value, DAG_TYPE_TASK);
      g_value_set_object (value, task);
    }
  else if (argument->rule != DAG_RULE_SUCCEEDED &&
           type != DAG_TYPE_TASK && type != G_TYPE_INVALID)
    {
      report_misfit (call, index, "a result",
                     "a task with another rule, which only a DagTask * parameter gets");
    }
  else
    {
      g_value_init (value, DAG_TYPE_DEPENDENCY);
      g_value_take_boxed (value, dag_dependency_new (task, (DagRule) argument->rule,
                                                     type == DAG_TYPE_TASK));
    }
}

/* A pointer to something whose first field says what it is. If that is a task, it is an input. */
static void
set_instance (GValue   *value,
              Call     *call,
              guint     index,
              GType     type,
              gpointer  instance)
{
  if (instance == NULL)
    {
      g_value_init (value, type);
    }
  else if (DAG_IS_TASK (instance))
    {
      DagArgument argument = dag_argument_task (instance);

      set_task (value, call, index, type, &argument);
    }
  else if (G_TYPE_CHECK_INSTANCE_TYPE (instance, type != DAG_TYPE_TASK ? type : G_TYPE_OBJECT))
    {
      g_value_init (value, type != DAG_TYPE_TASK ? type : G_TYPE_OBJECT);
      g_value_set_instance (value, instance);
    }
  else
    {
      report_wrong_type (call, index, type, G_TYPE_FROM_INSTANCE (instance));
    }
}

/* A pointer has the type that the parameter was declared with. */
static void
set_pointer (GValue        *value,
             Call          *call,
             guint          index,
             GType          type,
             gconstpointer  pointer)
{
  switch (G_TYPE_FUNDAMENTAL (type))
    {
    case G_TYPE_INVALID:
    case G_TYPE_POINTER:
      set_plain_pointer (value, pointer);
      break;

    case G_TYPE_STRING:
      g_value_init (value, type);
      g_value_set_static_string (value, pointer);
      break;

    case G_TYPE_BOXED:
      g_value_init (value, type);
      g_value_set_static_boxed (value, pointer);
      break;

    case G_TYPE_VARIANT:
      g_value_init (value, type);
      g_value_set_variant (value, (GVariant *) pointer);
      break;

    default:
      if (type == DAG_TYPE_TASK && pointer == NULL)
        set_plain_pointer (value, NULL);
      else if (G_TYPE_IS_INSTANTIATABLE (type) || G_TYPE_IS_INTERFACE (type))
        set_instance (value, call, index, type, (gpointer) pointer);
      else
        report_wrong_type (call, index, type, G_TYPE_POINTER);
      break;
    }
}

/*< private >
 * dag_argument_get_number:
 * @argument: a number
 * @value: (out caller-allocates): where to put it
 *
 * Gets a number as a value of the type that goes with its C type.
 */
void
dag_argument_get_number (const DagArgument *argument,
                         GValue            *value)
{
  g_value_init (value, argument->type);

  switch (argument->type)
    {
    case G_TYPE_BOOLEAN:
      g_value_set_boolean (value, argument->v_unsigned != 0);
      break;
    case G_TYPE_CHAR:
      g_value_set_schar (value, (gint8) argument->v_integer);
      break;
    case G_TYPE_UCHAR:
      g_value_set_uchar (value, (guchar) argument->v_unsigned);
      break;
    case G_TYPE_INT:
      g_value_set_int (value, (int) argument->v_integer);
      break;
    case G_TYPE_UINT:
      g_value_set_uint (value, (guint) argument->v_unsigned);
      break;
    case G_TYPE_LONG:
      g_value_set_long (value, (long) argument->v_integer);
      break;
    case G_TYPE_ULONG:
      g_value_set_ulong (value, (gulong) argument->v_unsigned);
      break;
    case G_TYPE_INT64:
      g_value_set_int64 (value, argument->v_integer);
      break;
    case G_TYPE_UINT64:
      g_value_set_uint64 (value, argument->v_unsigned);
      break;
    case G_TYPE_FLOAT:
      g_value_set_float (value, (float) argument->v_double);
      break;
    case G_TYPE_DOUBLE:
      g_value_set_double (value, argument->v_double);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* An object that is not kept. */
static void
set_weak (GValue   *value,
          Call     *call,
          guint     index,
          GType     type,
          gpointer  object)
{
  GType wanted = type == DAG_TYPE_TASK || type == DAG_TYPE_WEAK || type == G_TYPE_INVALID ?
                 G_TYPE_OBJECT : type;

  if (object != NULL && (!G_IS_OBJECT (object) || DAG_IS_TASK (object)))
    {
      report_misfit (call, index, "an object", "something else, or a task");
    }
  else if (!g_type_is_a (wanted, G_TYPE_OBJECT) && !G_TYPE_IS_INTERFACE (wanted))
    {
      report_wrong_type (call, index, type, G_TYPE_OBJECT);
    }
  else if (object != NULL && !g_type_is_a (G_OBJECT_TYPE (object), wanted))
    {
      report_wrong_type (call, index, type, G_OBJECT_TYPE (object));
    }
  else
    {
      g_value_init (value, DAG_TYPE_WEAK);
      g_value_take_boxed (value, dag_weak_new (object));
    }
}

/* A value that does not fit at all stays without a type: the call fails then. */
static void
set_value (GValue            *value,
           Call              *call,
           guint              index,
           GType              type,
           const DagArgument *argument)
{
  switch (argument->type)
    {
    case G_TYPE_OBJECT:
      if (argument->is_weak)
        set_weak (value, call, index, type, (gpointer) argument->v_pointer);
      else
        set_task (value, call, index, type, argument);
      break;
    case G_TYPE_POINTER:
      set_pointer (value, call, index, type, argument->v_pointer);
      break;
    case G_TYPE_STRING:
      /* To any other type a string converts or not, as every value. */
      if (type == G_TYPE_INVALID || type == G_TYPE_POINTER)
        set_plain_pointer (value, argument->v_pointer);
      else
        set_pointer (value, call, index, G_TYPE_STRING, argument->v_pointer);
      break;
    default:
      dag_argument_get_number (argument, value);
      break;
    }
}

/* The tasks of an array are the last arguments, each one an input. */
static guint
set_raw_values (GValue          *values,
                Call            *call,
                guint            index,
                const GPtrArray *tasks)
{
  guint n = 0;

  for (guint i = 0; tasks != NULL && i < tasks->len; i++)
    {
      DagTask *task = g_ptr_array_index (tasks, i);

      if (task == NULL || !DAG_IS_TASK (task))
        {
          report_misfit (call, index, "an array of DagTask", "one with something else in it");
        }
      else
        {
          DagArgument argument = dag_argument_task (task);

          set_task (&values[n++], call, index, DAG_TYPE_TASK, &argument);
        }
    }

  return n;
}

/* Makes a task with another number of arguments than the function has parameters: it gets a
 * description of its own, in which the last parameter is there as often as it has to be. */
static DagTask *
new_for_values (const DagFunction *function,
                const GValue      *values,
                guint              n_values)
{
  DagFunction *copy;
  DagTask *task;

  if (n_values == function->n_parameters)
    return (dag_task_new_for_function) (function, values, n_values);

  copy = g_new (DagFunction, 1);
  *copy = *function;
  copy->n_parameters = n_values;

  task = (dag_task_new_for_function) (copy, values, n_values);
  g_object_set_data_full (G_OBJECT (task), "dag-call-function", copy, g_free);

  return task;
}

static void
fail_cb (DagTask  *task,
         gpointer  user_data)
{
  dag_task_return_error (task, g_error_copy (user_data));
}

/* Makes a task in the place of a call that something is wrong with. */
static DagTask *
new_for_error (const DagFunction *function,
               GError            *error)
{
  DagTask *task = (dag_task_new) (fail_cb, error, (GDestroyNotify) g_error_free);

  dag_task_set_name (task, function->name);

  return task;
}

/* So many values are on the stack. */
#define N_ON_STACK 16

/**
 * dag_call_new: (skip)
 * @definition: what to call
 * @location: where from
 * @arguments: (array length=n_arguments): one for each parameter
 * @n_arguments: how many there are
 *
 * Makes a task of a task function, for `dag_call ()`.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_call_new (const DagDefinition *definition,
              const char          *location,
              const DagArgument   *arguments,
              guint                n_arguments)
{
  GValue on_stack[N_ON_STACK] = { G_VALUE_INIT };
  g_autofree GValue *on_heap = NULL;
  GValue *values = on_stack;
  guint n_values = n_arguments;
  const GPtrArray *tasks = NULL;
  Call call = { definition, location, NULL };
  DagTask *task;

  g_return_val_if_fail (definition != NULL, NULL);
  g_return_val_if_fail (n_arguments == definition->function.n_parameters, NULL);

  if (n_arguments > 0 && is_raw (definition, n_arguments - 1) &&
      arguments[n_arguments - 1].type == G_TYPE_POINTER)
    {
      n_values = n_arguments - 1;
      tasks = arguments[n_values].v_pointer;
      if (tasks != NULL && n_values + tasks->len > N_ON_STACK)
        values = on_heap = g_new0 (GValue, n_values + tasks->len);
    }

  for (guint i = 0; i < n_values; i++)
    set_value (&values[i], &call, i, definition->function.get_parameter_type (i), &arguments[i]);

  n_values += set_raw_values (values + n_values, &call, n_values, tasks);

  if (call.error != NULL)
    task = new_for_error (&definition->function, call.error);
  else
    task = new_for_values (&definition->function, values, n_values);

  for (guint i = 0; i < n_values; i++)
    {
      if (G_IS_VALUE (&values[i]))
        g_value_unset (&values[i]);
    }

  return dag_task_at (task, location);
}

/* An element of an array as what it would be as an argument. */
static void
read_item (DagArgument   *argument,
           gconstpointer  item,
           gsize          size,
           GType          type)
{
  gboolean is_signed = type == G_TYPE_CHAR || type == G_TYPE_INT || type == G_TYPE_LONG ||
                       type == G_TYPE_INT64;

  *argument = (DagArgument) { .type = type, .rule = -1 };

  switch (type)
    {
    case G_TYPE_FLOAT:
      argument->v_double = *(const float *) item;
      break;
    case G_TYPE_DOUBLE:
      argument->v_double = *(const double *) item;
      break;
    case G_TYPE_STRING:
    case G_TYPE_OBJECT:
    case G_TYPE_POINTER:
      argument->v_pointer = *(const gconstpointer *) item;
      break;
    default:
      if (size == 1 && is_signed)
        argument->v_integer = *(const gint8 *) item;
      else if (size == 1)
        argument->v_unsigned = *(const guint8 *) item;
      else if (size == 2 && is_signed)
        argument->v_integer = *(const gint16 *) item;
      else if (size == 2)
        argument->v_unsigned = *(const guint16 *) item;
      else if (size == 4 && is_signed)
        argument->v_integer = *(const gint32 *) item;
      else if (size == 4)
        argument->v_unsigned = *(const guint32 *) item;
      else
        memcpy (&argument->v_integer, item, sizeof argument->v_integer);
      break;
    }
}

/**
 * dag_call_new_map: (skip)
 * @definition: what to call
 * @location: where from
 * @items: an array
 * @n_items: how many items it has
 * @item_size: how large each is
 * @item_type: what a DagArgument of an item says about its type
 *
 * Calls a task function for each item of an array, for `dag_map ()`.
 *
 * Returns: (transfer full): a task that has all the results
 *
 * Since: 1.0
 */
DagTask *
dag_call_new_map (const DagDefinition *definition,
                  const char          *location,
                  gconstpointer        items,
                  gsize                n_items,
                  gsize                item_size,
                  GType                item_type)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  DagTask *all;

  g_return_val_if_fail (definition != NULL, NULL);
  g_return_val_if_fail (items != NULL || n_items == 0, NULL);

  for (gsize i = 0; i < n_items; i++)
    {
      DagArgument argument;

      read_item (&argument, (const char *) items + i * item_size, item_size, item_type);
      g_ptr_array_add (tasks, dag_call_new (definition, location, &argument, 1));
    }

  all = (dag_task_new_all) ((DagTask * const *) tasks->pdata, tasks->len);

  return dag_task_at (all, location);
}

/**
 * dag_call_lend: (skip)
 * @task: (transfer full) (nullable): a new task
 *
 * Leaves a task to the engine, which holds it until it has settled. In the thread that owns its
 * context that does not happen before control is back in the main loop.
 *
 * Returns: (transfer none) (nullable): @task
 *
 * Since: 1.0
 */
DagTask *
dag_call_lend (DagTask *task)
{
  if (task != NULL)
    g_object_unref (task);

  return task;
}

/**
 * dag_call_depend: (skip)
 * @task: the task that shall wait
 * @location: where it is said
 * @dependencies: (array length=n_dependencies): what it shall wait for
 * @n_dependencies: how many there are
 *
 * Adds prerequisites to a task, for `dag_depends_on ()`.
 *
 * Returns: (transfer none): @task
 *
 * Since: 1.0
 */
DagTask *
dag_call_depend (DagTask           *task,
                 const char        *location,
                 const DagArgument *dependencies,
                 guint              n_dependencies)
{
  g_return_val_if_fail (DAG_IS_TASK (task), task);

  for (guint i = 0; i < n_dependencies; i++)
    {
      g_autoptr (GError) error = NULL;
      DagTask *dependency = (DagTask *) dependencies[i].v_pointer;

      if (dependency == NULL || !DAG_IS_TASK (dependency))
        g_critical ("%s: dag_depends_on (): dependency %u of %s is not a DagTask",
                    location, i + 1, dag_task_get_name (task));
      else if (!dag_task_add_prerequisite (task, dependency,
                                           (DagRule) MAX (dependencies[i].rule, 0), &error))
        g_critical ("%s: dag_depends_on (): %s", location, error->message);
    }

  return task;
}

/**
 * dag_with: (skip)
 * @task: a task
 * @first_property_name: the name of a property
 * @...: its value, followed by more names and values, and %NULL
 *
 * Sets properties of a task, as g_object_set () does, and returns it:
 * `dag_with (dag_call (fetch, "b1"), "name", "b", NULL)`.
 *
 * Returns: (transfer none): @task
 *
 * Since: 1.0
 */
DagTask *
dag_with (DagTask    *task,
          const char *first_property_name,
          ...)
{
  va_list args;

  g_return_val_if_fail (DAG_IS_TASK (task), task);

  va_start (args, first_property_name);
  g_object_set_valist (G_OBJECT (task), first_property_name, args);
  va_end (args);

  return task;
}
