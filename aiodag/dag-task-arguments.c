/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error-private.h"
#include "dag-path-private.h"
#include "dag-task-private.h"

/* So many arguments are freed between two looks at the budget. */
#define BATCH 64

/* An input that is not raw has no value of its own: the function reads that of the dependency. */
#define IS_INPUT(value)   (G_VALUE_TYPE (value) == 0)
#define INPUT_EDGE(value) ((DagEdge *) (value)->data[0].v_pointer)

/*< private >
 * dag_task_take_argument:
 * @value: (transfer full) (nullable): a value, which is moved
 * @edge: (nullable): an input
 *
 * Adds an argument. Under the lock, or while nobody else knows the task.
 */
void
dag_task_take_argument (DagTask      *self,
                        const GValue *value,
                        DagEdge      *edge)
{
  GValue *argument;

  if (self->n_arguments == self->n_allocated_arguments)
    {
      self->n_allocated_arguments = MAX (2, self->n_allocated_arguments * 2);
      self->arguments = g_renew (GValue, self->arguments, self->n_allocated_arguments);
    }

  argument = &self->arguments[self->n_arguments++];

  if (edge != NULL)
    {
      *argument = (GValue) G_VALUE_INIT;
      argument->data[0].v_pointer = edge;
    }
  else
    {
      *argument = *value;
    }
}

/*< private >
 * dag_task_init_argument:
 * @value: a value, a task or a dependency
 * @raw: whether an input is raw unless it says so itself
 *
 * Adds an argument while nobody else knows the task.
 */
void
dag_task_init_argument (DagTask      *self,
                        const GValue *value,
                        gboolean      raw)
{
  DagTask *dependency = NULL;
  DagRule rule = raw ? DAG_RULE_FINISHED : DAG_RULE_SUCCEEDED;
  GValue copy = G_VALUE_INIT;

  if (G_VALUE_HOLDS (value, DAG_TYPE_TASK))
    {
      dependency = g_value_get_object (value);
    }
  else if (G_VALUE_HOLDS (value, DAG_TYPE_DEPENDENCY) && g_value_get_boxed (value) != NULL)
    {
      DagDependency *description = g_value_get_boxed (value);

      dependency = dag_dependency_get_task (description);
      rule = dag_dependency_get_rule (description);
      raw = raw || dag_dependency_get_raw (description);
    }

  if (dependency != NULL)
    {
      dag_task_take_argument (self, NULL,
                              dag_node_attach (DAG_NODE (self), DAG_NODE (dependency),
                                               DAG_EDGE_INPUT, rule, raw));
      return;
    }

  g_value_init (&copy, G_VALUE_TYPE (value));
  g_value_copy (value, &copy);
  dag_task_take_argument (self, &copy, NULL);
}

/* Whether arguments can be added; else says why they cannot. Under the lock. */
static gboolean
dag_task_is_open (DagTask *self)
{
  return !DAG_NODE (self)->started && !DAG_NODE (self)->released && !DAG_NODE (self)->finished;
}

static void
dag_task_add_gvalue (DagTask    *self,
                     GValue     *value,
                     const char *caller)
{
  gboolean open, started;

  dag_node_lock (DAG_NODE (self));
  started = DAG_NODE (self)->started;
  open = dag_task_is_open (self);
  if (open)
    dag_task_take_argument (self, value, NULL);
  dag_node_unlock (DAG_NODE (self));

  if (!open)
    {
      g_value_unset (value);

      /* One that was cancelled or skipped while it was built has no use for it, and that is all. */
      if (started)
        {
          g_autofree char *description = dag_task_describe (self);

          g_critical ("%s: %s has already started", caller, description);
        }
    }
}

/**
 * dag_task_add_argument:
 * @self: a task that has not started
 * @value: the argument
 *
 * Adds a copy of @value to what the function gets.
 *
 * In the main loop's own thread a task cannot start before control is back in the main loop, so that
 * it can be given its arguments one by one. Elsewhere it has to be held meanwhile: see
 * [method@Dag.Task.hold].
 *
 * A @value that is a task or a [struct@Dag.Dependency] is an input, as in
 * [ctor@Dag.Task.new_with_arguments]; where that would make a cycle it is a programmer error, which
 * [method@Dag.Task.add_input] reports as an error instead.
 *
 * Since: 1.0
 */
void
dag_task_add_argument (DagTask      *self,
                       const GValue *value)
{
  GValue copy = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (G_IS_VALUE (value));

  if (G_VALUE_HOLDS (value, DAG_TYPE_TASK) && g_value_get_object (value) != NULL)
    {
      if (!dag_task_add_input (self, g_value_get_object (value), DAG_RULE_SUCCEEDED, &error))
        g_critical ("%s: %s", G_STRFUNC, error->message);
      return;
    }

  if (G_VALUE_HOLDS (value, DAG_TYPE_DEPENDENCY) && g_value_get_boxed (value) != NULL)
    {
      DagDependency *dependency = g_value_get_boxed (value);
      DagTask *task = dag_dependency_get_task (dependency);
      DagRule rule = dag_dependency_get_rule (dependency);

      if (dag_dependency_get_raw (dependency)
              ? !dag_task_add_raw_input (self, task, rule, &error)
              : !dag_task_add_input (self, task, rule, &error))
        g_critical ("%s: %s", G_STRFUNC, error->message);
      return;
    }

  g_value_init (&copy, G_VALUE_TYPE (value));
  g_value_copy (value, &copy);
  dag_task_add_gvalue (self, &copy, G_STRFUNC);
}

/**
 * dag_task_add_argument_boolean:
 * @self: a task that has not started
 * @value: the argument
 *
 * Adds a %G_TYPE_BOOLEAN to what the function gets.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_boolean (DagTask  *self,
                               gboolean  value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&argument, G_TYPE_BOOLEAN);
  g_value_set_boolean (&argument, value);
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/**
 * dag_task_add_argument_int:
 * @self: a task that has not started
 * @value: the argument
 *
 * Adds a %G_TYPE_INT to what the function gets.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_int (DagTask *self,
                           int      value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&argument, G_TYPE_INT);
  g_value_set_int (&argument, value);
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/**
 * dag_task_add_argument_uint:
 * @self: a task that has not started
 * @value: the argument
 *
 * Adds a %G_TYPE_UINT to what the function gets.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_uint (DagTask *self,
                            guint    value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&argument, G_TYPE_UINT);
  g_value_set_uint (&argument, value);
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/**
 * dag_task_add_argument_int64:
 * @self: a task that has not started
 * @value: the argument
 *
 * Adds a %G_TYPE_INT64 to what the function gets.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_int64 (DagTask *self,
                             gint64   value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&argument, G_TYPE_INT64);
  g_value_set_int64 (&argument, value);
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/**
 * dag_task_add_argument_uint64:
 * @self: a task that has not started
 * @value: the argument
 *
 * Adds a %G_TYPE_UINT64 to what the function gets.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_uint64 (DagTask *self,
                              guint64  value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&argument, G_TYPE_UINT64);
  g_value_set_uint64 (&argument, value);
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/**
 * dag_task_add_argument_double:
 * @self: a task that has not started
 * @value: the argument
 *
 * Adds a %G_TYPE_DOUBLE to what the function gets.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_double (DagTask *self,
                              double   value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&argument, G_TYPE_DOUBLE);
  g_value_set_double (&argument, value);
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/**
 * dag_task_add_argument_string:
 * @self: a task that has not started
 * @value: (nullable): the argument
 *
 * Adds a copy of a string to what the function gets.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_string (DagTask    *self,
                              const char *value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&argument, G_TYPE_STRING);
  g_value_set_string (&argument, value);
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/**
 * dag_task_add_argument_object:
 * @self: a task that has not started
 * @value: (type GObject.Object) (nullable): the argument
 *
 * Adds a reference to an object to what the function gets. A task is an input: see
 * [method@Dag.Task.add_argument].
 *
 * Since: 1.0
 */
void
dag_task_add_argument_object (DagTask  *self,
                              gpointer  value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (value == NULL || G_IS_OBJECT (value));

  g_value_init (&argument, value != NULL ? G_OBJECT_TYPE (value) : G_TYPE_OBJECT);
  g_value_set_object (&argument, value);

  if (value != NULL && DAG_IS_TASK (value))
    {
      dag_task_add_argument (self, &argument);
      g_value_unset (&argument);
    }
  else
    {
      dag_task_add_gvalue (self, &argument, G_STRFUNC);
    }
}

/**
 * dag_task_add_argument_boxed:
 * @self: a task that has not started
 * @type: the type of the argument, a boxed type
 * @value: (nullable): the argument
 *
 * Adds a copy of a boxed value to what the function gets.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_boxed (DagTask       *self,
                             GType          type,
                             gconstpointer  value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (G_TYPE_IS_BOXED (type));

  g_value_init (&argument, type);
  g_value_set_boxed (&argument, value);
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/**
 * dag_task_add_argument_variant:
 * @self: a task that has not started
 * @value: (nullable): the argument
 *
 * Adds a reference to a variant to what the function gets, which is sunk if it is floating.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_variant (DagTask  *self,
                               GVariant *value)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));

  g_value_init (&argument, G_TYPE_VARIANT);
  g_value_set_variant (&argument, value);
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/*< private >
 * dag_task_new_cycle_error:
 * @path: (element-type DagNode): the way from @self to what it would wait for
 */
GError *
dag_task_new_cycle_error (DagTask   *self,
                          GPtrArray *path)
{
  g_autoptr (GString) message = g_string_new (NULL);
  g_autofree char *description = dag_task_describe (self);

  g_string_append_printf (message, "%s would wait for itself: ", description);

  for (guint i = 0; i < path->len; i++)
    {
      g_autofree char *name = dag_task_describe (g_ptr_array_index (path, i));

      g_string_append_printf (message, "%s → ", name);
    }

  g_string_append (message, description);

  return dag_error_new_cycle (g_ptr_array_ref (path), message->str);
}

static gboolean
dag_task_connect (DagTask      *self,
                  DagTask      *dependency,
                  DagEdgeKind   kind,
                  DagRule       rule,
                  gboolean      raw,
                  GError      **error)
{
  DagNode *node = DAG_NODE (self);
  g_autoptr (GPtrArray) path = NULL;
  gboolean open, started;
  DagEdge *edge;

  dag_node_lock (node);
  started = node->started;
  open = dag_task_is_open (self);
  if (open)
    node->n_holds++;
  dag_node_unlock (node);

  if (!open)
    {
      g_autofree char *description = dag_task_describe (self);

      g_set_error (error, DAG_ERROR, DAG_ERROR_STARTED, "%s has already %s", description,
                   started ? "started" : "finished");
      return FALSE;
    }

  path = dag_path_connect (node, DAG_NODE (dependency), kind, rule, raw, &edge);

  if (path != NULL)
    {
      g_propagate_error (error, dag_task_new_cycle_error (self, path));
    }
  else if (kind == DAG_EDGE_INPUT && edge != NULL)
    {
      dag_node_lock (node);
      if (dag_task_is_open (self))
        dag_task_take_argument (self, NULL, edge);
      dag_node_unlock (node);
    }

  dag_node_release (node);

  /* One that was ready has to wait now. */
  if (g_atomic_int_get (&node->state) == DAG_STATE_READY)
    dag_node_raise (node, DAG_EVENT_READY);

  return path == NULL;
}

/**
 * dag_task_add_input:
 * @self: a task that has not started
 * @dependency: the task to wait for
 * @rule: what is asked of it
 * @error: return location for an error
 *
 * Makes @self wait for @dependency, whose result is its next argument.
 *
 * With another rule than %DAG_RULE_SUCCEEDED the input is raw: the function gets the task itself.
 *
 * A task that was ready waits again. In the thread of its main context, and while it is held, a task
 * cannot start between this call and the one before. If the task was skipped or cancelled
 * meanwhile, that is an error like any other: %DAG_ERROR_STARTED.
 *
 * Where the dependency would close a cycle the error is %DAG_ERROR_CYCLE; its message names the
 * tasks on it, and [func@Dag.error_get_tasks] has them. It is not looked for if nothing depends on
 * @self yet, or if @dependency has settled.
 *
 * Returns: whether it was added; if not, nothing has changed
 *
 * Since: 1.0
 */
gboolean
dag_task_add_input (DagTask  *self,
                    DagTask  *dependency,
                    DagRule   rule,
                    GError  **error)
{
  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);
  g_return_val_if_fail (DAG_IS_TASK (dependency), FALSE);
  g_return_val_if_fail (rule <= DAG_RULE_FAILED, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return dag_task_connect (self, dependency, DAG_EDGE_INPUT, rule, rule != DAG_RULE_SUCCEEDED,
                           error);
}

/**
 * dag_task_add_raw_input:
 * @self: a task that has not started
 * @dependency: the task to wait for
 * @rule: what is asked of it, %DAG_RULE_FINISHED as a rule
 * @error: return location for an error
 *
 * Makes @self wait for @dependency, which itself is the next argument, finished in whatever way the
 * rule permits.
 *
 * What is said at [method@Dag.Task.add_input] is true here too.
 *
 * Returns: whether it was added; if not, nothing has changed
 *
 * Since: 1.0
 */
gboolean
dag_task_add_raw_input (DagTask  *self,
                        DagTask  *dependency,
                        DagRule   rule,
                        GError  **error)
{
  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);
  g_return_val_if_fail (DAG_IS_TASK (dependency), FALSE);
  g_return_val_if_fail (rule <= DAG_RULE_FAILED, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return dag_task_connect (self, dependency, DAG_EDGE_INPUT, rule, TRUE, error);
}

/**
 * dag_task_add_prerequisite:
 * @self: a task that has not started
 * @dependency: the task to wait for
 * @rule: what is asked of it
 * @error: return location for an error
 *
 * Makes @self wait for @dependency and get nothing from it.
 *
 * What is said at [method@Dag.Task.add_input] is true here too.
 *
 * Returns: whether it was added; if not, nothing has changed
 *
 * Since: 1.0
 */
gboolean
dag_task_add_prerequisite (DagTask  *self,
                           DagTask  *dependency,
                           DagRule   rule,
                           GError  **error)
{
  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);
  g_return_val_if_fail (DAG_IS_TASK (dependency), FALSE);
  g_return_val_if_fail (rule <= DAG_RULE_FAILED, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return dag_task_connect (self, dependency, DAG_EDGE_PREREQUISITE, rule, FALSE, error);
}

/* Makes of a value one of another type, if it is one. */
static gboolean
dag_convert_value (const GValue *value,
                   GType         type,
                   GValue       *converted)
{
  gpointer pointer = NULL;

  if (g_value_fits_pointer (value))
    pointer = g_value_peek_pointer (value);

  g_value_init (converted, type);

  /* The type of the value says nothing of what the object really is, and %NULL is all of them. */
  if (g_type_is_a (type, G_TYPE_OBJECT) || G_TYPE_IS_INTERFACE (type))
    {
      if (pointer == NULL && g_value_fits_pointer (value))
        return TRUE;

      if (G_VALUE_HOLDS_OBJECT (value) && g_type_is_a (G_OBJECT_TYPE (pointer), type))
        {
          g_value_set_object (converted, pointer);
          return TRUE;
        }
    }
  else if (pointer == NULL && g_value_fits_pointer (value) && g_value_fits_pointer (converted))
    {
      return TRUE;
    }
  else if (g_value_transform (value, converted))
    {
      return TRUE;
    }

  g_value_unset (converted);

  return FALSE;
}

/* Gives a raw input its value, which is the task. What fails after this is known to be looked at,
 * because the function has it.
 */
static void
dag_task_prepare_raw (GValue  *argument,
                      DagTask *dependency)
{
  *argument = (GValue) G_VALUE_INIT;
  g_value_init (argument, DAG_TYPE_TASK);
  g_value_take_object (argument, dependency);

  if (dag_task_is_finished (dependency))
    dag_node_look (DAG_NODE (dependency));
}

/* The dependency of an input: if it was not satisfied it may go as soon as it has settled. */
static DagTask *
dag_task_ref_dependency (DagTask *self,
                         DagEdge *edge)
{
  DagTask *dependency;

  dag_node_lock (DAG_NODE (self));
  dependency = g_object_ref (DAG_NODE_TASK (edge->dependency));
  dag_node_unlock (DAG_NODE (self));

  return dependency;
}

static gboolean
dag_task_prepare_argument (DagTask  *self,
                           guint     index,
                           GError  **error)
{
  const DagFunction *definition = self->definition;
  GValue *argument = &self->arguments[index];
  const GValue *value = argument;
  DagTask *dependency = NULL;
  GType type = G_TYPE_INVALID;
  GValue converted = G_VALUE_INIT;

  if (definition != NULL && definition->get_parameter_type != NULL && index < definition->n_parameters)
    type = definition->get_parameter_type (index);

  if (IS_INPUT (argument))
    {
      DagEdge *edge = INPUT_EDGE (argument);

      if (edge->raw)
        {
          dag_task_prepare_raw (argument, dag_task_ref_dependency (self, edge));
          return TRUE;
        }

      dependency = DAG_NODE_TASK (edge->dependency);
      value = &dependency->outcome.value;
    }
  else if (type == DAG_TYPE_TASK)
    {
      dependency = dag_task_new_for_value (value);
      g_value_unset (argument);
      dag_task_prepare_raw (argument, dependency);
      return TRUE;
    }

  if (type == G_TYPE_INVALID || G_VALUE_TYPE (value) == type)
    return TRUE;

  if (!dag_convert_value (value, type, &converted))
    {
      g_autofree char *description = dag_task_describe (self);
      g_autofree char *origin = dependency != NULL ? dag_task_describe (dependency) : NULL;

      g_set_error (error, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE,
                   "Argument %u of %s has to be a %s, but it is a %s%s%s", index, description,
                   g_type_name (type), G_VALUE_TYPE_NAME (value),
                   origin != NULL ? " from " : "", origin != NULL ? origin : "");
      return FALSE;
    }

  if (!IS_INPUT (argument))
    g_value_unset (argument);
  *argument = converted;

  return TRUE;
}

/*< private >
 * dag_task_prepare_arguments:
 *
 * The task starts: has every argument be what the function expects.
 */
gboolean
dag_task_prepare_arguments (DagTask  *self,
                            GError  **error)
{
  if (DAG_NODE (self)->trigger != DAG_TRIGGER_ALL && !DAG_NODE (self)->satisfied)
    {
      g_set_error_literal (error, DAG_ERROR, DAG_ERROR_EMPTY, "There was nothing to choose from");
      return FALSE;
    }

  for (guint i = 0; i < self->n_arguments; i++)
    if (!dag_task_prepare_argument (self, i, error))
      return FALSE;

  return TRUE;
}

/*< private >
 * dag_task_free_arguments:
 *
 * Returns: whether that is done; else the budget is used up
 */
gboolean
dag_task_free_arguments (DagTask *self)
{
  guint n = 0;

  while (self->n_arguments > 0)
    {
      GValue argument = self->arguments[--self->n_arguments];

      if (!IS_INPUT (&argument))
        g_value_unset (&argument);

      if (++n % BATCH == 0 && dag_queue_is_late ())
        return FALSE;
    }

  g_clear_pointer (&self->arguments, g_free);
  self->n_allocated_arguments = 0;

  return TRUE;
}

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

static const GValue *
dag_task_peek_argument (DagTask    *self,
                        guint       index,
                        const char *caller)
{
  gboolean running = g_atomic_int_get (&DAG_NODE (self)->state) >= DAG_STATE_RUNNING;
  const GValue *argument;

  if (!running || index >= self->n_arguments)
    {
      g_autofree char *description = dag_task_describe (self);

      g_critical ("%s: %s has no argument %u%s", caller, description, index, running ? "" : " yet");
      return NULL;
    }

  argument = &self->arguments[index];
  if (IS_INPUT (argument))
    argument = &DAG_NODE_TASK (INPUT_EDGE (argument)->dependency)->outcome.value;

  return argument;
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
  g_autofree char *description = NULL;

  if (argument == NULL || G_VALUE_HOLDS (argument, type))
    return argument;

  if (dag_convert_value (argument, type, converted))
    return converted;

  description = dag_task_describe (self);
  g_critical ("%s: argument %u of %s is a %s and not a %s", caller, index, description,
              G_VALUE_TYPE_NAME (argument), g_type_name (type));

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
  g_autofree char *description = NULL;

  if (argument == NULL || G_VALUE_HOLDS (argument, type))
    return argument;

  if (g_value_fits_pointer (argument) && g_value_peek_pointer (argument) == NULL)
    return NULL;

  description = dag_task_describe (self);
  g_critical ("%s: argument %u of %s is a %s and not a %s", caller, index, description,
              G_VALUE_TYPE_NAME (argument), g_type_name (type));

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
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  argument = dag_task_peek_argument (self, index, G_STRFUNC);
  if (argument != NULL && G_VALUE_HOLDS_ENUM (argument))
    return g_value_get_enum (argument);

  return argument != NULL ? dag_task_get_argument_int (self, index) : 0;
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
  const GValue *argument;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  argument = dag_task_peek_argument (self, index, G_STRFUNC);
  if (argument != NULL && G_VALUE_HOLDS_FLAGS (argument))
    return g_value_get_flags (argument);

  return argument != NULL ? dag_task_get_argument_uint (self, index) : 0;
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
      g_autofree char *description = dag_task_describe (self);

      g_critical ("%s: argument %u of %s is a %s and not a pointer", G_STRFUNC, index, description,
                  G_VALUE_TYPE_NAME (argument));
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
