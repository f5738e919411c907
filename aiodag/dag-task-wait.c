/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-path-private.h"
#include "dag-pool-private.h"
#include "dag-task-private.h"

/* Waiting for a task without going back to the main loop. */

typedef struct {
  DagQueue *iterated;  /* (nullable): of the context that the wait iterates */
  DagTask  *current;   /* (nullable): whose function waits */
  DagPool  *single;    /* (nullable): the one whose only thread waits */
} DagObstacle;

/* Whether a task can never finish while this thread waits here. */
static gboolean
is_obstacle (DagNode  *node,
             gpointer  user_data)
{
  DagObstacle *obstacle = user_data;

  if (g_atomic_int_get (&node->state) > DAG_STATE_RUNNING)
    return FALSE;

  if (DAG_NODE_TASK (node) == obstacle->current)
    return TRUE;

  if (obstacle->single != NULL && dag_task_needs_pool (DAG_NODE_TASK (node), obstacle->single))
    return TRUE;

  return node->queue != obstacle->iterated && dag_queue_is_ours (node->queue);
}

static void
wake_context_cb (GCancellable *cancellable,
                 gpointer      user_data)
{
  g_main_context_wakeup (user_data);
}

static void
dag_task_wait_iterating (DagTask      *self,
                         GMainContext *context,
                         GCancellable *cancellable)
{
  gulong handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (wake_context_cb),
                                     g_main_context_ref (context),
                                     (GDestroyNotify) g_main_context_unref);

  dag_node_need (DAG_NODE (self), 1);
  dag_pool_begin_blocking ();

  while (!dag_task_is_finished (self) && !g_cancellable_is_cancelled (cancellable))
    g_main_context_iteration (context, TRUE);

  dag_pool_end_blocking ();
  dag_node_need (DAG_NODE (self), -1);

  if (handler != 0)
    g_signal_handler_disconnect (cancellable, handler);
}

/* Drops a reference when control is back in the main loop, if it is the last: who waited may have
 * nothing but a borrowed task, and reads the result now.
 */
static void
dag_task_release_later (DagTask *self)
{
  DagOutcome reference;

  if (g_atomic_int_get (&G_OBJECT (self)->ref_count) > 1)
    {
      g_object_unref (self);
      return;
    }

  dag_outcome_init_pointer (&reference, self, g_object_unref);
  dag_task_discard_outcome (self, &reference);
}

/**
 * dag_task_wait:
 * @self: a task
 * @cancellable: (nullable): a cancellable for the wait, not for the task
 * @error: return location for an error
 *
 * Waits for the task to finish, without going back to the main loop.
 *
 * Where this thread can acquire the main context of the task, it iterates that; where another one
 * has it, it blocks. That is for threads, tests and small programs: an application awaits.
 *
 * The error is the one that the task ended with, or %G_IO_ERROR_CANCELLED if the wait was
 * cancelled. Where the wait could never end it is %DAG_ERROR_WOULD_BLOCK: inside a function,
 * callback or signal of the task's main context, and where the task, or one that it depends on,
 * could only be brought forward by this thread, as the only one of a [class@Dag.Worker] has to.
 *
 * A task that nobody has a reference to is kept until control is back in the main loop, where this
 * thread iterated its context.
 *
 * Returns: (transfer none): the result, which belongs to the task; %NULL if @error is set, and a
 *   %G_TYPE_POINTER of %NULL if the task has no value
 *
 * Since: 1.0
 */
const GValue *
dag_task_wait (DagTask       *self,
               GCancellable  *cancellable,
               GError       **error)
{
  DagObstacle obstacle = { NULL, dag_task_get_thread_current (), dag_pool_get_single () };
  DagQueue *queue;
  GMainContext *context = NULL;
  const GValue *value;
  gboolean inside, iterate;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (dag_task_is_finished (self))
    return dag_task_propagate_outcome (self, error);

  queue = DAG_NODE (self)->queue;
  inside = dag_queue_is_inside (queue);
  if (!inside)
    context = dag_queue_acquire (queue);
  iterate = context != NULL;
  if (iterate)
    obstacle.iterated = queue;

  if (inside || dag_path_find_upstream (DAG_NODE (self), is_obstacle, &obstacle))
    {
      g_autofree char *description = dag_task_describe (self);

      g_set_error (error, DAG_ERROR, DAG_ERROR_WOULD_BLOCK,
                   "Waiting here for %s could never end", description);

      if (iterate)
        {
          g_main_context_release (context);
          g_main_context_unref (context);
        }
      return NULL;
    }

  g_object_ref (self);

  if (iterate)
    {
      dag_task_wait_iterating (self, context, cancellable);
      g_main_context_release (context);
      g_main_context_unref (context);
    }
  else
    {
      dag_wait_block (self, cancellable);
    }

  if (!dag_task_is_finished (self))
    {
      g_propagate_error (error, dag_task_new_cancelled_error ());
      g_object_unref (self);
      return NULL;
    }

  value = dag_task_propagate_outcome (self, error);

  if (iterate)
    dag_task_release_later (self);
  else
    g_object_unref (self);

  return value;
}
