/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-runner-private.h"
#include "dag-task-private.h"

/* A wait, as data of the cancellable that ends it. It goes with that, and so with the wait. */
typedef struct {
  DagRunner *runner;       /* (owned) */
  GWeakRef   cancellable;  /* which may be going while it is looked up */
  gint64     id;
} DagRunnerWait;

static void
dag_runner_wait_free (gpointer data)
{
  DagRunnerWait *self = data;

  g_mutex_lock (&self->runner->lock);
  if (g_hash_table_lookup (self->runner->waits, &self->id) == self)
    g_hash_table_remove (self->runner->waits, &self->id);
  g_mutex_unlock (&self->runner->lock);

  g_weak_ref_clear (&self->cancellable);
  g_object_unref (self->runner);
  g_free (self);
}

static void
waited_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  DagRunnerWait *wait = user_data;
  gboolean wanted;

  g_mutex_lock (&wait->runner->lock);
  wanted = g_hash_table_remove (wait->runner->waits, &wait->id);
  g_mutex_unlock (&wait->runner->lock);

  if (wanted)
    dag_runner_post (wait->runner, wait->id, NULL);
}

static void
dag_runner_start_wait (DagRunner *self,
                       DagTask   *task,
                       gint64     id,
                       gboolean   settle)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  DagRunnerWait *wait = g_new (DagRunnerWait, 1);

  wait->runner = g_object_ref (self);
  g_weak_ref_init (&wait->cancellable, cancellable);
  wait->id = id;
  g_object_set_data_full (G_OBJECT (cancellable), "dag-runner-wait", wait, dag_runner_wait_free);

  g_mutex_lock (&self->lock);
  g_hash_table_replace (self->waits, &wait->id, wait);
  g_mutex_unlock (&self->lock);

  dag_task_start_wait (task, self->queue, settle, cancellable, waited_cb, wait);
}

/**
 * dag_runner_await:
 * @self: a runner
 * @task: a task
 * @id: the id of the wait, more than 0 and never used before
 *
 * Waits for a task to finish, as [method@Dag.Task.await_async] does: then there is @id to be taken.
 * From any thread.
 *
 * Since: 1.0
 */
void
dag_runner_await (DagRunner *self,
                  DagTask   *task,
                  gint64     id)
{
  g_return_if_fail (DAG_IS_RUNNER (self));
  g_return_if_fail (DAG_IS_TASK (task));
  g_return_if_fail (id > 0);

  dag_runner_start_wait (self, task, id, FALSE);
}

/**
 * dag_runner_settle:
 * @self: a runner
 * @task: a task
 * @id: the id of the wait, more than 0 and never used before
 *
 * Waits for a task to settle, as [method@Dag.Task.settle_async] does: then there is @id to be taken.
 * From any thread.
 *
 * Since: 1.0
 */
void
dag_runner_settle (DagRunner *self,
                   DagTask   *task,
                   gint64     id)
{
  g_return_if_fail (DAG_IS_RUNNER (self));
  g_return_if_fail (DAG_IS_TASK (task));
  g_return_if_fail (id > 0);

  dag_runner_start_wait (self, task, id, TRUE);
}

/**
 * dag_runner_forget:
 * @self: a runner
 * @id: the id of a wait
 *
 * Ends a wait, unless it is over: then its id may be taken all the same. From any thread.
 *
 * Since: 1.0
 */
void
dag_runner_forget (DagRunner *self,
                   gint64     id)
{
  GCancellable *cancellable = NULL;
  DagRunnerWait *wait;

  g_return_if_fail (DAG_IS_RUNNER (self));

  g_mutex_lock (&self->lock);
  wait = g_hash_table_lookup (self->waits, &id);
  if (wait != NULL)
    {
      cancellable = g_weak_ref_get (&wait->cancellable);
      g_hash_table_remove (self->waits, &id);
    }
  g_mutex_unlock (&self->lock);

  if (cancellable != NULL)
    {
      g_cancellable_cancel (cancellable);
      g_object_unref (cancellable);
    }
}
