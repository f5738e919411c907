/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-node-private.h"
#include "dag-results-private.h"

/* So many tasks are let go of at once. */
#define BATCH 64

/**
 * DagResults:
 *
 * What came of several tasks, in the order in which they were given.
 *
 * It is the result of [ctor@Dag.Task.new_all] and [ctor@Dag.Task.new_settled]. It is immutable,
 * keeps the tasks, and may be used from any thread.
 *
 * Since: 1.0
 */
struct _DagResults
{
  DagItem          item;       /* the queue's, once the last reference is gone */
  gatomicrefcount  ref_count;
  guint            length;
  DagTask         *tasks[];  /* (owned) */
};

G_DEFINE_BOXED_TYPE (DagResults, dag_results, dag_results_ref, dag_results_unref)

/* Lets go of the tasks: in the queue of one of them, where they are many. */
static void
dag_results_free (DagResults *self)
{
  guint n = 0;

  while (self->length > 0)
    {
      DagTask *task = self->tasks[--self->length];

      if (++n == BATCH && self->length > 0)
        {
          dag_queue_push (DAG_NODE (task)->queue, &self->item);
          g_object_unref (task);
          return;
        }

      g_object_unref (task);
    }

  g_free (self);
}

static void
dag_results_run (DagItem *item)
{
  dag_results_free ((DagResults *) item);
}

static const DagItemClass dag_results_item_class = {
  .run = dag_results_run,
};

/*< private >
 * dag_results_new:
 * @size: for how many there has to be room
 *
 * Makes empty results, which are complete before anybody else gets them.
 */
DagResults *
dag_results_new (guint size)
{
  DagResults *self = g_malloc (sizeof (DagResults) + size * sizeof (DagTask *));

  self->item.klass = &dag_results_item_class;
  g_atomic_ref_count_init (&self->ref_count);
  self->length = 0;

  return self;
}

void
dag_results_append (DagResults *self,
                    DagTask    *task)
{
  self->tasks[self->length++] = g_object_ref (task);
}

/**
 * dag_results_ref:
 * @self: results
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
DagResults *
dag_results_ref (DagResults *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/**
 * dag_results_unref:
 * @self: (transfer full): results
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
dag_results_unref (DagResults *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->ref_count))
    dag_results_free (self);
}

/**
 * dag_results_get_length:
 * @self: results
 *
 * Gets how many there are.
 *
 * Returns: the number of tasks
 *
 * Since: 1.0
 */
guint
dag_results_get_length (DagResults *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->length;
}

/**
 * dag_results_get_task:
 * @self: results
 * @index: which of them
 *
 * Gets a task, which has finished.
 *
 * Returns: (transfer none): the task
 *
 * Since: 1.0
 */
DagTask *
dag_results_get_task (DagResults *self,
                      guint       index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->length, NULL);

  return self->tasks[index];
}

/**
 * dag_results_get_value:
 * @self: results
 * @index: which of them
 *
 * Gets the result of a task.
 *
 * Returns: (transfer none) (nullable): the result, %NULL if that task did not succeed
 *
 * Since: 1.0
 */
const GValue *
dag_results_get_value (DagResults *self,
                       guint       index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->length, NULL);

  return dag_task_get_value (self->tasks[index]);
}
