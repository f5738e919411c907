/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-combinators.h"
#include "dag-results-private.h"
#include "dag-task-private.h"

/* Tasks that are made of others. They are ordinary tasks with raw inputs. */

/* So many results are collected between two looks at the budget. */
#define BATCH 64

typedef struct {
  DagItem     item;
  DagTask    *task;     /* (owned) */
  DagResults *results;  /* (owned) */
} DagCollector;

static void
dag_collector_run (DagItem *item)
{
  DagCollector *self = (DagCollector *) item;

  guint n = dag_results_get_length (self->results);

  while (n < dag_task_get_n_arguments (self->task))
    {
      dag_results_append (self->results, dag_task_get_argument_task (self->task, n));

      if (++n % BATCH == 0 && dag_queue_is_late ())
        {
          dag_queue_push_front (item);
          return;
        }
    }

  dag_task_return_take_boxed (self->task, DAG_TYPE_RESULTS, self->results);
  g_object_unref (self->task);
  g_free (self);
}

static const DagItemClass dag_collector_class = {
  .run = dag_collector_run,
};

static void
collect_results (DagTask  *task,
                 gpointer  user_data)
{
  DagCollector *collector = g_new0 (DagCollector, 1);

  collector->item.klass = &dag_collector_class;
  collector->task = g_object_ref (task);
  collector->results = dag_results_new (dag_task_get_n_arguments (task));

  dag_collector_run (&collector->item);
}

static void
return_winner (DagTask  *task,
               gpointer  user_data)
{
  dag_task_return_task (task, DAG_NODE_TASK (DAG_NODE (task)->verdicts->winner));
}

static const DagFunction all_function = { "all", collect_results, 0, NULL };
static const DagFunction settled_function = { "settled", collect_results, 0, NULL };
static const DagFunction any_function = { "any", return_winner, 0, NULL };
static const DagFunction race_function = { "race", return_winner, 0, NULL };

static DagTask *
dag_task_new_combined (const DagFunction *definition,
                       DagRule            rule,
                       DagTrigger         trigger,
                       gboolean           cancel_others,
                       DagTask * const   *tasks,
                       gsize              n_tasks)
{
  DagTask *self = dag_task_create ();
  DagNode *node = DAG_NODE (self);

  self->definition = definition;
  self->function = definition->function;
  node->trigger = trigger;
  if (definition->function == return_winner)
    node->flags |= DAG_NODE_RACES;
  if (cancel_others)
    node->flags |= DAG_NODE_CHOOSY;

  dag_task_take_inputs (self, tasks, n_tasks, rule, TRUE);
  dag_task_publish (self);

  return self;
}

/**
 * dag_task_new_all: (constructor)
 * @tasks: (array length=n_tasks) (nullable): tasks
 * @n_tasks: how many there are
 *
 * Makes a task that succeeds when all of @tasks have, with [struct@Dag.Results] in their order. It
 * is skipped with the first failure, while the others go on. All of nothing succeeds.
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

  return dag_task_new_combined (&all_function, DAG_RULE_SUCCEEDED, DAG_TRIGGER_ALL, FALSE,
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

  return dag_task_new_combined (&settled_function, DAG_RULE_FINISHED, DAG_TRIGGER_ALL, FALSE,
                                tasks, n_tasks);
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
 * The others go on; with @cancel_others those that nobody else needs are cancelled when it is
 * decided, and so is what only they need, as by [method@Dag.Task.cancel_unneeded]. What becomes of
 * them then is of no interest, and not reported if it is a failure.
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

  return dag_task_new_combined (&any_function, DAG_RULE_SUCCEEDED, DAG_TRIGGER_ANY, cancel_others,
                                tasks, n_tasks);
}

/**
 * dag_task_new_race: (constructor)
 * @tasks: (array length=n_tasks) (nullable): tasks
 * @n_tasks: how many there are
 * @cancel_others: whether to cancel those that are not needed then
 *
 * Makes a task that ends as the first of @tasks that finishes, whether that succeeds or not. If it
 * does not, the race is skipped, with the same error. A race of nothing fails with
 * %DAG_ERROR_EMPTY.
 *
 * The others go on; with @cancel_others those that nobody else needs are cancelled when it is
 * decided, and so is what only they need, as by [method@Dag.Task.cancel_unneeded]. What becomes of
 * them then is of no interest, and not reported if it is a failure.
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

  return dag_task_new_combined (&race_function, DAG_RULE_SUCCEEDED, DAG_TRIGGER_FIRST,
                                cancel_others, tasks, n_tasks);
}

typedef struct {
  DagTimer  timer;
  DagTask  *task;          /* (unowned): const */
  guint     milliseconds;  /* const */
} DagDelay;

static void
dag_delay_expire (DagTimer *timer)
{
  dag_task_return (((DagDelay *) timer)->task);
}

static void
dag_delay_free (gpointer data)
{
  DagDelay *self = data;

  dag_queue_unset_timer (DAG_NODE (self->task)->queue, &self->timer);
  g_free (self);
}

static void
start_delay (DagTask  *task,
             gpointer  user_data)
{
  DagDelay *self = user_data;

  dag_queue_set_timer (DAG_NODE (task)->queue, &self->timer,
                       g_get_monotonic_time () + self->milliseconds * DAG_MILLISECOND);
}

/* The delay ends when the time is over or the task is cancelled. Asking for the latter here costs
 * no cancellable.
 */
static void
dag_delay_run_member (DagItem *item)
{
  DagTask *task = DAG_NODE_TASK (DAG_NODE_MEMBER (item));
  gboolean running;

  dag_node_lock (DAG_NODE (task));
  running = DAG_NODE (task)->started && !task->returned;
  dag_node_unlock (DAG_NODE (task));

  /* There may be another attempt: the time of this one must not be over in the pause before it. */
  if (running &&
      g_atomic_int_get (&DAG_NODE (task)->flags) & (DAG_EVENT_CANCEL | DAG_EVENT_LATE) &&
      dag_task_return_error_if_cancelled (task))
    dag_queue_unset_timer (DAG_NODE (task)->queue, &((DagDelay *) task->function_data)->timer);

  dag_task_run_item (item);
}

static const DagItemClass dag_delay_member_class = {
  .run = dag_delay_run_member,
  .start = dag_task_start_member,
  .pin = dag_task_pin_member,
  .abandon = dag_task_abandon_member,
};

static const DagFunction delay_function = { "delay", start_delay, 0, NULL };

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
  DagDelay *delay = g_new0 (DagDelay, 1);

  delay->timer.expire = dag_delay_expire;
  delay->task = self;
  delay->milliseconds = milliseconds;

  DAG_NODE (self)->member.item.klass = &dag_delay_member_class;
  self->definition = &delay_function;
  self->function = delay_function.function;
  self->function_data = delay;
  self->function_data_destroy = dag_delay_free;
  dag_task_publish (self);

  return self;
}
