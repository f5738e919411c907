/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-task-private.h"

/**
 * dag_task_new: (constructor)
 * @function: (scope notified) (closure function_data) (destroy function_data_destroy) (nullable):
 *   the function; a task that has none succeeds with no value
 * @function_data: what @function gets
 * @function_data_destroy: (nullable): frees @function_data in the main context of the task, when
 *   the function has returned or it is clear that it will not be called
 *
 * Makes a task that depends on nothing, for now.
 *
 * It runs in the main context that is thread-default, in a later dispatch. See
 * [method@Dag.Task.add_input] for what it can be given until then.
 *
 * Returns: (transfer full): the task, which runs whether the reference is kept or not
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new) (DagTaskFunc    function,
                gpointer       function_data,
                GDestroyNotify function_data_destroy)
{
  return (dag_task_new_with_inputs) (function, function_data, function_data_destroy, NULL, 0);
}

static DagTask *
dag_task_create_for_body (DagTaskFunc    function,
                          gpointer       function_data,
                          GDestroyNotify function_data_destroy)
{
  DagTask *self = dag_task_create ();

  self->function = function;
  self->function_data = function_data;
  self->function_data_destroy = function_data_destroy;

  return self;
}

/*< private >
 * dag_task_are_tasks:
 *
 * Whether an array has nothing but tasks.
 */
gboolean
dag_task_are_tasks (DagTask * const *tasks,
                    gsize            n_tasks)
{
  for (gsize i = 0; i < n_tasks; i++)
    if (!DAG_IS_TASK (tasks[i]))
      return FALSE;

  return TRUE;
}

/*< private >
 * dag_task_are_arguments:
 *
 * Whether an array has nothing but values, and tasks in those that are for some.
 */
gboolean
dag_task_are_arguments (const GValue *values,
                        gsize         n_values)
{
  for (gsize i = 0; i < n_values; i++)
    {
      if (!G_IS_VALUE (&values[i]))
        return FALSE;

      if (G_VALUE_HOLDS (&values[i], DAG_TYPE_DEPENDENCY))
        {
          DagDependency *dependency = g_value_get_boxed (&values[i]);

          if (dependency != NULL && !DAG_IS_TASK (dag_dependency_get_task (dependency)))
            return FALSE;
        }
    }

  return TRUE;
}

/**
 * dag_task_new_with_inputs: (constructor)
 * @function: (scope notified) (closure function_data) (destroy function_data_destroy) (nullable):
 *   the function; a task that has none succeeds with no value
 * @function_data: what @function gets
 * @function_data_destroy: (nullable): frees @function_data
 * @inputs: (array length=n_inputs) (nullable): the tasks whose results are its arguments
 * @n_inputs: how many there are
 *
 * Makes a task that gets the results of others.
 *
 * Returns: (transfer full): the task, which runs whether the reference is kept or not
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new_with_inputs) (DagTaskFunc      function,
                            gpointer         function_data,
                            GDestroyNotify   function_data_destroy,
                            DagTask * const *inputs,
                            gsize            n_inputs)
{
  DagTask *self;

  g_return_val_if_fail (inputs != NULL || n_inputs == 0, NULL);
  g_return_val_if_fail (dag_task_are_tasks (inputs, n_inputs), NULL);

  self = dag_task_create_for_body (function, function_data, function_data_destroy);
  dag_task_take_inputs (self, inputs, n_inputs, DAG_RULE_SUCCEEDED, FALSE);
  dag_task_publish (self);

  return self;
}

/**
 * dag_task_new_with_arguments: (constructor)
 * @function: (scope notified) (closure function_data) (destroy function_data_destroy) (nullable):
 *   the function; a task that has none succeeds with no value
 * @function_data: what @function gets
 * @function_data_destroy: (nullable): frees @function_data
 * @arguments: (array length=n_arguments) (nullable): its arguments
 * @n_arguments: how many there are
 * @prerequisites: (array length=n_prerequisites) (nullable): the tasks that have to succeed before
 * @n_prerequisites: how many there are
 *
 * Makes a task that has arguments and prerequisites.
 *
 * An argument that is a task is an input, whose result the function gets; one that is a
 * [struct@Dag.Dependency] is an input too, and says itself what is asked of the task and whether it
 * is raw. A [struct@Dag.Weak] stands for an object that is not kept until then. Everything else is
 * copied.
 *
 * Returns: (transfer full): the task, which runs whether the reference is kept or not
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new_with_arguments) (DagTaskFunc      function,
                               gpointer         function_data,
                               GDestroyNotify   function_data_destroy,
                               const GValue    *arguments,
                               gsize            n_arguments,
                               DagTask * const *prerequisites,
                               gsize            n_prerequisites)
{
  DagTask *self;

  g_return_val_if_fail (arguments != NULL || n_arguments == 0, NULL);
  g_return_val_if_fail (dag_task_are_arguments (arguments, n_arguments), NULL);
  g_return_val_if_fail (prerequisites != NULL || n_prerequisites == 0, NULL);
  g_return_val_if_fail (dag_task_are_tasks (prerequisites, n_prerequisites), NULL);

  self = dag_task_create_for_body (function, function_data, function_data_destroy);

  for (gsize i = 0; i < n_arguments; i++)
    dag_task_init_argument (self, &arguments[i], FALSE);

  for (gsize i = 0; i < n_prerequisites; i++)
    dag_node_attach (DAG_NODE (self), DAG_NODE (prerequisites[i]), DAG_EDGE_PREREQUISITE,
                     DAG_RULE_SUCCEEDED, FALSE);

  dag_task_publish (self);

  return self;
}

/**
 * dag_task_new_for_function: (skip)
 * @function: a function whose parameters are declared
 * @arguments: (array length=n_arguments) (nullable): its arguments
 * @n_arguments: how many there are, as many as it has parameters
 *
 * Makes a task of a declared function, as `dag_call ()` does.
 *
 * Arguments are as in [ctor@Dag.Task.new_with_arguments], and get the declared types when the task
 * starts, as [method@GObject.Value.transform] converts them. One that does not fit ends the task
 * with %DAG_ERROR_ARGUMENT_TYPE. A parameter that is a task is raw: a plain value arrives there as
 * a task that has succeeded.
 *
 * Returns: (transfer full): the task, which runs whether the reference is kept or not
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new_for_function) (const DagFunction *function,
                             const GValue      *arguments,
                             gsize              n_arguments)
{
  DagTask *self;

  g_return_val_if_fail (function != NULL, NULL);
  g_return_val_if_fail (arguments != NULL || n_arguments == 0, NULL);
  g_return_val_if_fail (n_arguments == function->n_parameters, NULL);
  g_return_val_if_fail (dag_task_are_arguments (arguments, n_arguments), NULL);

  self = dag_task_create_for_body (function->function, NULL, NULL);
  self->definition = function;

  for (gsize i = 0; i < n_arguments; i++)
    dag_task_init_argument (self, &arguments[i],
                            function->get_parameter_type != NULL &&
                                function->get_parameter_type (i) == DAG_TYPE_TASK);

  dag_task_publish (self);

  return self;
}

/**
 * dag_task_new_for_value: (constructor)
 * @value: (nullable): the result; %NULL for none
 *
 * Makes a task that has succeeded already.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_task_new_for_value (const GValue *value)
{
  DagTask *self;

  g_return_val_if_fail (value == NULL || G_IS_VALUE (value), NULL);

  self = dag_task_create ();

  if (value != NULL)
    dag_outcome_init_value (&self->outcome, value);
  else
    dag_outcome_init_nothing (&self->outcome);

  self->returned = TRUE;
  self->waits_over = TRUE;
  self->settle_waits_over = TRUE;
  self->released = TRUE;
  self->phase = DAG_PHASE_DONE;
  DAG_NODE (self)->n_holds = 0;
  DAG_NODE (self)->unpublished = FALSE;
  DAG_NODE (self)->started = TRUE;
  DAG_NODE (self)->released = TRUE;
  DAG_NODE (self)->finished = TRUE;
  DAG_NODE (self)->settled = TRUE;
  DAG_NODE (self)->state = DAG_STATE_SUCCEEDED;

  return self;
}
