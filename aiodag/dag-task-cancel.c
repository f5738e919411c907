/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-task-private.h"

/* What the handler of a parent cancellable holds: it may run in any thread, and even after it was
 * disconnected, so it must not count on the task.
 */
struct _DagParentLink
{
  gatomicrefcount  ref_count;
  GMutex           lock;
  DagTask         *task;  /* (unowned) (nullable): under the lock */
};

static void
dag_parent_link_unref (gpointer data)
{
  DagParentLink *self = data;

  if (g_atomic_ref_count_dec (&self->ref_count))
    {
      g_mutex_clear (&self->lock);
      g_free (self);
    }
}

static void
parent_cancelled_cb (GCancellable *cancellable,
                     gpointer      user_data)
{
  DagParentLink *link = user_data;
  DagTask *task = NULL;

  /* The task leaves its parent before it settles, and until then it is there. */
  g_mutex_lock (&link->lock);
  if (link->task != NULL)
    task = g_object_ref (link->task);
  g_mutex_unlock (&link->lock);

  if (task != NULL)
    {
      dag_task_cancel (task);
      g_object_unref (task);
    }
}

/*< private >
 * dag_task_leave_parent:
 *
 * Follows no cancellable any more.
 */
void
dag_task_leave_parent (DagTask *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self);
  DagParentLink *link;
  GCancellable *parent;
  gulong handler;

  if (rare == NULL)
    return;

  dag_node_lock (DAG_NODE (self));
  link = g_steal_pointer (&rare->parent_link);
  parent = g_steal_pointer (&rare->parent);
  handler = rare->parent_handler;
  rare->parent_handler = 0;
  dag_node_unlock (DAG_NODE (self));

  if (link != NULL)
    {
      g_mutex_lock (&link->lock);
      link->task = NULL;
      g_mutex_unlock (&link->lock);

      /* Not g_cancellable_disconnect(), which waits for a handler that may be waiting for this. */
      if (handler != 0)
        g_signal_handler_disconnect (parent, handler);

      dag_parent_link_unref (link);
    }

  g_clear_object (&parent);
}

/**
 * dag_task_get_parent_cancellable: (get-property cancellable)
 * @self: a task
 *
 * Gets the cancellable that the task follows.
 *
 * Returns: (transfer none) (nullable): the cancellable, %NULL if there is none or the task has
 *   finished
 *
 * Since: 1.0
 */
GCancellable *
dag_task_get_parent_cancellable (DagTask *self)
{
  DagTaskRare *rare;
  GCancellable *parent = NULL;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  rare = dag_task_peek_rare (self);
  if (rare != NULL)
    {
      dag_node_lock (DAG_NODE (self));
      parent = rare->parent;
      dag_node_unlock (DAG_NODE (self));
    }

  return parent;
}

/**
 * dag_task_set_parent_cancellable: (set-property cancellable)
 * @self: a task
 * @cancellable: (nullable): a cancellable
 *
 * Has the task be cancelled when @cancellable is, from whatever thread. The task never cancels it
 * itself, and takes no notice of it any more once it has finished.
 *
 * To be called in the thread that made the task, or that its main context belongs to.
 *
 * Since: 1.0
 */
void
dag_task_set_parent_cancellable (DagTask      *self,
                                 GCancellable *cancellable)
{
  DagTaskRare *rare;
  DagParentLink *link;
  gulong handler;
  gboolean finished;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  if (dag_task_get_parent_cancellable (self) == cancellable)
    return;

  dag_task_leave_parent (self);

  if (cancellable != NULL && !dag_task_is_finished (self))
    {
      link = g_new0 (DagParentLink, 1);
      g_atomic_ref_count_init (&link->ref_count);
      g_atomic_ref_count_inc (&link->ref_count);
      g_mutex_init (&link->lock);
      link->task = self;

      rare = dag_task_get_rare (self);

      /* When it has finished it leaves its parent, once. */
      dag_node_lock (DAG_NODE (self));
      finished = DAG_NODE (self)->finished;
      if (!finished)
        {
          rare->parent_link = link;
          rare->parent = g_object_ref (cancellable);
        }
      dag_node_unlock (DAG_NODE (self));

      if (finished)
        {
          dag_parent_link_unref (link);
          dag_parent_link_unref (link);
          return;
        }

      handler = g_cancellable_connect (cancellable, G_CALLBACK (parent_cancelled_cb), link,
                                       dag_parent_link_unref);

      /* It may have done so meanwhile. */
      dag_node_lock (DAG_NODE (self));
      finished = rare->parent_link == NULL;
      if (!finished)
        rare->parent_handler = handler;
      dag_node_unlock (DAG_NODE (self));

      if (finished && handler != 0)
        g_signal_handler_disconnect (cancellable, handler);
    }

  g_object_notify (G_OBJECT (self), "cancellable");
}

/**
 * dag_task_cancel:
 * @self: a task
 *
 * Asks for the task to end without a result.
 *
 * It may be called from any thread, from inside any callback, and as often as one likes. It is
 * asynchronous: [method@Dag.Task.is_cancelled] is true at once, the rest follows in the main
 * context of the task. If this is the thread of that context, a function that had not started will
 * not.
 *
 * A task that has not started becomes %DAG_STATE_CANCELLED. One that runs has its cancellable
 * cancelled, and becomes %DAG_STATE_CANCELLED when its function returns, whatever that returned; or
 * at once, with [property@Dag.Task:return-on-cancel]. What needs it is skipped with the same
 * %G_IO_ERROR_CANCELLED. What it needed goes on, because others may need that too:
 * [method@Dag.Task.cancel_unneeded] looks after it.
 *
 * Nothing happens to a task that has finished.
 *
 * Since: 1.0
 */
void
dag_task_cancel (DagTask *self)
{
  g_return_if_fail (DAG_IS_TASK (self));

  dag_node_cancel (DAG_NODE (self), DAG_NODE_CANCELLED);
}

/**
 * dag_task_cancel_unneeded:
 * @self: a task
 *
 * Asks for the task to end without a result, as [method@Dag.Task.cancel] does, and with it
 * everything upward of it that then has no other dependent that is unfinished, and that nobody
 * awaits.
 *
 * Since: 1.0
 */
void
dag_task_cancel_unneeded (DagTask *self)
{
  g_return_if_fail (DAG_IS_TASK (self));

  dag_node_cancel (DAG_NODE (self), DAG_NODE_CANCELLED | DAG_NODE_UNNEEDED);
}

/**
 * dag_task_is_cancelled:
 * @self: a task
 *
 * Gets whether the task was asked to end without a result, before it had finished.
 *
 * Returns: whether it was
 *
 * Since: 1.0
 */
gboolean
dag_task_is_cancelled (DagTask *self)
{
  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  return (g_atomic_int_get (&DAG_NODE (self)->flags) & DAG_NODE_CANCELLED) != 0;
}

/**
 * dag_task_get_cancellable:
 * @self: a task
 *
 * Gets the cancellable of the task, which is cancelled when the task is: the one to give to what
 * its function calls.
 *
 * It is the task's own, and made when first asked for. The one that the task follows is
 * [property@Dag.Task:cancellable].
 *
 * Returns: (transfer none): the cancellable, never %NULL
 *
 * Since: 1.0
 */
GCancellable *
dag_task_get_cancellable (DagTask *self)
{
  DagTaskRare *rare;
  GCancellable *cancellable, *unused = NULL;
  gboolean cancel = FALSE;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  rare = dag_task_get_rare (self);

  dag_node_lock (DAG_NODE (self));
  cancellable = rare->cancellable;
  dag_node_unlock (DAG_NODE (self));

  if (cancellable != NULL)
    return cancellable;

  unused = g_cancellable_new ();

  dag_node_lock (DAG_NODE (self));
  if (rare->cancellable == NULL)
    {
      rare->cancellable = g_steal_pointer (&unused);
      cancel = self->cancelling;
    }
  cancellable = rare->cancellable;
  dag_node_unlock (DAG_NODE (self));

  if (cancel)
    g_cancellable_cancel (cancellable);

  g_clear_object (&unused);

  return cancellable;
}

/*< private >
 * dag_task_cancel_own:
 *
 * Cancels the cancellable of the task, which runs the handlers of others.
 */
void
dag_task_cancel_own (DagTask *self)
{
  DagTaskRare *rare;
  GCancellable *cancellable = NULL;

  dag_node_lock (DAG_NODE (self));
  self->cancelling = TRUE;
  rare = dag_task_peek_rare (self);
  if (rare != NULL && rare->cancellable != NULL)
    cancellable = g_object_ref (rare->cancellable);
  dag_node_unlock (DAG_NODE (self));

  if (cancellable != NULL)
    {
      dag_node_again (DAG_NODE (self));
      g_cancellable_cancel (cancellable);
      g_object_unref (cancellable);
    }
}

/**
 * dag_clear_task: (skip)
 * @task_ptr: (inout) (nullable): where a reference to a task is kept
 *
 * Cancels the task, if there is one, and drops the reference.
 *
 * Since: 1.0
 */
void
dag_clear_task (DagTask **task_ptr)
{
  DagTask *task = g_steal_pointer (task_ptr);

  if (task != NULL)
    {
      dag_task_cancel (task);
      g_object_unref (task);
    }
}
