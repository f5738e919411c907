/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error-private.h"
#include "dag-path-private.h"
#include "dag-task-private.h"
#include "dag-weak.h"

/* Building a task in steps. */

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
      DagOutcome unused = { DAG_OUTCOME_VALUE, { *value } };

      dag_task_discard_outcome (self, &unused);

      /* One that was cancelled or skipped while it was built has no use for it, and that is all. */
      if (started)
        dag_task_complain (self, caller, "has already started");
    }
}

/**
 * dag_task_add_argument:
 * @self: a task that has not started
 * @value: the argument
 *
 * Adds a copy of @value to what the function gets.
 *
 * In the main loop's own thread a task cannot start before control is back in the main loop, so
 * that it can be given its arguments one by one. Elsewhere it has to be held meanwhile: see
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
 * dag_task_add_argument_weak_object:
 * @self: a task that has not started
 * @object: (type GObject.Object) (nullable): an object
 *
 * Adds an object to what the function gets, without keeping it alive until then.
 *
 * When the function is called the task takes a reference, which lasts as long as those of other
 * arguments: until the function has returned, or has done so in its last attempt, if there is a
 * [property@Dag.Task:retry]. If the object is gone by then the function gets %NULL;
 * it is not called at all if the object is the task's owner, see [method@Dag.Task.set_owner].
 *
 * In a list of arguments a [struct@Dag.Weak] stands for such an object. A parameter of the type
 * %DAG_TYPE_WEAK gets that itself, for a function that does not want to keep the object either.
 *
 * Since: 1.0
 */
void
dag_task_add_argument_weak_object (DagTask  *self,
                                   gpointer  object)
{
  GValue argument = G_VALUE_INIT;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (object == NULL || G_IS_OBJECT (object));

  g_value_init (&argument, DAG_TYPE_WEAK);
  g_value_take_boxed (&argument, dag_weak_new (object));
  dag_task_add_gvalue (self, &argument, G_STRFUNC);
}

/**
 * dag_task_add_argument_boxed: (skip)
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

      g_string_append_printf (message, "%s -> ", name);
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
    {
      node->n_holds++;
      /* To find them among the edges would take the longer the more of these are added. */
      dag_task_spell_out_arguments (self);
    }
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
 * A task that was ready waits again. In the thread of its main context, and while it is held, a
 * task cannot start between this call and the one before. If the task was skipped or cancelled
 * meanwhile, that is an error like any other: %DAG_ERROR_STARTED.
 *
 * Where the dependency would close a cycle the error is %DAG_ERROR_CYCLE; its message names the
 * tasks on it, and [func@Dag.Error.get_tasks] has them. It is not looked for if nothing depends on
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
