/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-combinators.h"
#include "dag-results-private.h"
#include "dag-task-private.h"

/* Tasks that are made of others. They are ordinary tasks with raw inputs. */

static void
collect_results (DagTask  *task,
                 gpointer  user_data)
{
  guint n = dag_task_get_n_arguments (task);
  DagResults *results = dag_results_new (n);

  for (guint i = 0; i < n; i++)
    dag_results_set (results, i, dag_task_get_argument_task (task, i));

  dag_task_return_take_boxed (task, DAG_TYPE_RESULTS, results);
}

static void
return_winner (DagTask  *task,
               gpointer  user_data)
{
  dag_task_return_task (task, DAG_NODE_TASK (DAG_NODE (task)->winner));
}

static DagTask *
dag_task_new_combined (const char       *name,
                       DagTaskFunc       function,
                       DagRule           rule,
                       DagTrigger        trigger,
                       gboolean          cancel_others,
                       DagTask * const  *tasks,
                       gsize             n_tasks)
{
  DagTask *self = dag_task_create ();
  DagNode *node = DAG_NODE (self);

  self->function = function;
  dag_task_set_name (self, name);
  node->trigger = trigger;
  node->cancel_others = cancel_others;

  dag_node_reserve (node, n_tasks);
  for (gsize i = 0; i < n_tasks; i++)
    dag_task_take_argument (self, NULL,
                            dag_node_attach (node, DAG_NODE (tasks[i]), DAG_EDGE_INPUT, rule, TRUE));

  dag_task_publish (self);

  return self;
}

/**
 * dag_task_new_all: (constructor)
 * @tasks: (array length=n_tasks) (nullable): tasks
 * @n_tasks: how many there are
 *
 * Makes a task that succeeds when all of @tasks have, with [struct@Dag.Results] in their order. It is
 * skipped with the first failure, while the others go on. All of nothing succeeds.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_task_new_all (DagTask * const *tasks,
                  gsize            n_tasks)
{
  g_return_val_if_fail (tasks != NULL || n_tasks == 0, NULL);
  g_return_val_if_fail (dag_task_are_tasks (tasks, n_tasks), NULL);

  return dag_task_new_combined ("all", collect_results, DAG_RULE_SUCCEEDED, DAG_TRIGGER_ALL, FALSE,
                                tasks, n_tasks);
}

/**
 * dag_task_new_settled: (constructor)
 * @tasks: (array length=n_tasks) (nullable): tasks
 * @n_tasks: how many there are
 *
 * Makes a task that succeeds when all of @tasks have settled, in whatever way, with
 * [struct@Dag.Results] in their order. Failures among them have been looked at by that.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_task_new_settled (DagTask * const *tasks,
                      gsize            n_tasks)
{
  g_return_val_if_fail (tasks != NULL || n_tasks == 0, NULL);
  g_return_val_if_fail (dag_task_are_tasks (tasks, n_tasks), NULL);

  return dag_task_new_combined ("settled", collect_results, DAG_RULE_FINISHED, DAG_TRIGGER_ALL,
                                FALSE, tasks, n_tasks);
}

/**
 * dag_task_new_any: (constructor)
 * @tasks: (array length=n_tasks) (nullable): tasks
 * @n_tasks: how many there are
 * @cancel_others: whether to cancel those that are not needed then
 *
 * Makes a task that ends with the result of the first of @tasks that succeeds. If none does it is
 * skipped with the earliest failure. Any of nothing fails with %DAG_ERROR_EMPTY.
 *
 * The others go on; with @cancel_others those that nobody else needs are cancelled, and so is what
 * only they need, as by [method@Dag.Task.cancel_unneeded].
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_task_new_any (DagTask * const *tasks,
                  gsize            n_tasks,
                  gboolean         cancel_others)
{
  g_return_val_if_fail (tasks != NULL || n_tasks == 0, NULL);
  g_return_val_if_fail (dag_task_are_tasks (tasks, n_tasks), NULL);

  return dag_task_new_combined ("any", return_winner, DAG_RULE_SUCCEEDED, DAG_TRIGGER_ANY,
                                cancel_others, tasks, n_tasks);
}

/**
 * dag_task_new_race: (constructor)
 * @tasks: (array length=n_tasks) (nullable): tasks
 * @n_tasks: how many there are
 * @cancel_others: whether to cancel those that are not needed then
 *
 * Makes a task that ends as the first of @tasks that finishes, whether that succeeds or not. A race of
 * nothing fails with %DAG_ERROR_EMPTY.
 *
 * The others go on; with @cancel_others those that nobody else needs are cancelled, and so is what
 * only they need, as by [method@Dag.Task.cancel_unneeded].
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_task_new_race (DagTask * const *tasks,
                   gsize            n_tasks,
                   gboolean         cancel_others)
{
  g_return_val_if_fail (tasks != NULL || n_tasks == 0, NULL);
  g_return_val_if_fail (dag_task_are_tasks (tasks, n_tasks), NULL);

  return dag_task_new_combined ("race", return_winner, DAG_RULE_SUCCEEDED, DAG_TRIGGER_FIRST,
                                cancel_others, tasks, n_tasks);
}

static gboolean
delay_over_cb (gpointer user_data)
{
  DagTask *task = user_data;

  if (!dag_task_return_error_if_cancelled (task))
    dag_task_return (task);

  return G_SOURCE_REMOVE;
}

static void
start_delay (DagTask  *task,
             gpointer  user_data)
{
  g_autoptr (GSource) source = g_timeout_source_new (GPOINTER_TO_UINT (user_data));
  g_autoptr (GSource) cancelled = g_cancellable_source_new (dag_task_get_cancellable (task));

  /* The delay ends when the time is over or the task is cancelled. */
  g_source_set_dummy_callback (cancelled);
  g_source_add_child_source (source, cancelled);

  dag_task_attach_source (task, source, delay_over_cb);
}

/**
 * dag_task_new_delay: (constructor)
 * @milliseconds: how long
 *
 * Makes a task that succeeds, with no value, some time after it has started.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_task_new_delay (guint milliseconds)
{
  DagTask *self = dag_task_create ();

  self->function = start_delay;
  self->function_data = GUINT_TO_POINTER (milliseconds);
  dag_task_set_name (self, "delay");
  dag_task_publish (self);

  return self;
}
