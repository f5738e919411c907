/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-pool-private.h"
#include "dag-task-private.h"

/* So many waits are delivered between two looks at the budget. */
#define BATCH 64

/* One who waits for a task: an asynchronous result, or a thread that is blocked.
 *
 * The task has it in a ring until it finishes, or settles. Whoever ends the wait first, the task or
 * a cancellable, hands it over to the queue of the context that waits. A wait has no reference to a
 * task that has not finished, so that it does not keep one that nobody else wants.
 */
#define DAG_TYPE_WAIT (dag_wait_get_type ())
static GType dag_wait_get_type (void);

typedef enum {
  DAG_WAIT_NEW,
  DAG_WAIT_PENDING,
  DAG_WAIT_DONE,
  DAG_WAIT_CANCELLED,
} DagWaitState;

struct _DagWait
{
  GObject              parent_instance;

  DagItem              item;
  DagQueue            *queue;        /* (owned) (nullable): NULL if a thread is blocked */
  gint                 state;        /* atomic DagWaitState */
  gboolean             settle;       /* const: whether for the task to settle */

  /* Under the lock of the task */
  DagTask             *task;         /* owned if `owned` */
  DagWait             *prev;
  DagWait             *next;         /* NULL while not in the ring */
  gboolean             owned;

  GCancellable        *cancellable;  /* (owned) (nullable) */
  gulong               handler;
  GCond                cond;         /* of a thread that is blocked */
  GAsyncReadyCallback  callback;     /* (nullable) */
  gpointer             user_data;
};

typedef struct { GObjectClass parent_class; } DagWaitClass;

static void dag_wait_async_result_init (GAsyncResultIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DagWait, dag_wait, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_RESULT,
                                                      dag_wait_async_result_init))

/* For the threads that are blocked */
static GMutex block_lock;

static GObject *
dag_wait_get_source_object (GAsyncResult *result)
{
  return g_object_ref (G_OBJECT (((DagWait *) result)->task));
}

static gpointer
dag_wait_get_user_data (GAsyncResult *result)
{
  return ((DagWait *) result)->user_data;
}

static gboolean
dag_wait_is_tagged (GAsyncResult *result,
                    gpointer      source_tag)
{
  return source_tag == (((DagWait *) result)->settle ? (gpointer) dag_task_settle_async
                                                     : (gpointer) dag_task_await_async);
}

static void
dag_wait_async_result_init (GAsyncResultIface *iface)
{
  iface->get_source_object = dag_wait_get_source_object;
  iface->get_user_data = dag_wait_get_user_data;
  iface->is_tagged = dag_wait_is_tagged;
}

static void
dag_wait_finalize (GObject *object)
{
  DagWait *self = (DagWait *) object;

  g_assert (self->next == NULL);

  if (self->owned)
    g_object_unref (self->task);
  if (self->queue == NULL)
    g_cond_clear (&self->cond);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->queue, dag_queue_unref);

  G_OBJECT_CLASS (dag_wait_parent_class)->finalize (object);
}

static void
dag_wait_class_init (DagWaitClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dag_wait_finalize;
}

static void
dag_wait_init (DagWait *self)
{
}

static DagWait **
dag_wait_get_ring (DagWait *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self->task);

  return self->settle ? &rare->settle_waits : &rare->waits;
}

/* Under the lock of the task. */
static void
dag_wait_link (DagWait *self)
{
  DagWait **last = dag_wait_get_ring (self);

  if (*last != NULL)
    {
      self->prev = *last;
      self->next = (*last)->next;
      self->prev->next = self;
      self->next->prev = self;
    }
  else
    {
      self->prev = self->next = self;
    }

  *last = g_object_ref (self);
  DAG_NODE (self->task)->n_needed++;
}

/* Under the lock of the task. Returns whether the caller has the reference of the ring now. */
static gboolean
dag_wait_unlink (DagWait *self)
{
  DagWait **last = dag_wait_get_ring (self);

  if (self->next == NULL)
    return FALSE;

  if (*last == self)
    *last = self->prev != self ? self->prev : NULL;

  self->prev->next = self->next;
  self->next->prev = self->prev;
  self->prev = self->next = NULL;
  DAG_NODE (self->task)->n_needed--;

  return TRUE;
}

/* Who waited for the task to finish, and not in vain, looks at it, or has no place to do so. */
static void
dag_wait_answer (DagWait  *self,
                 gboolean  look)
{
  DagNode *node = DAG_NODE (self->task);

  if (self->settle || g_atomic_int_get (&self->state) != DAG_WAIT_DONE)
    return;

  if (look)
    dag_node_look (node);
  dag_node_answer (node);
}

static void
dag_wait_run (DagItem *item)
{
  DagWait *self = (DagWait *) ((char *) item - G_STRUCT_OFFSET (DagWait, item));
  gboolean linked, own, closed;

  if (self->handler != 0)
    g_signal_handler_disconnect (self->cancellable, self->handler);
  self->handler = 0;

  /* One that was cancelled may be in the ring of the task still, which is there then. */
  dag_node_lock (DAG_NODE (self->task));
  linked = dag_wait_unlink (self);
  own = !self->owned;
  self->owned = TRUE;
  if (own)
    g_object_ref (self->task);
  dag_node_unlock (DAG_NODE (self->task));

  if (linked)
    g_object_unref (self);

  /* A context that was destroyed hears of nothing any more. */
  closed = dag_queue_is_closed (self->queue);
  dag_wait_answer (self, !closed);

  if (!closed && self->callback != NULL)
    {
      dag_queue_note_call ();
      self->callback (G_OBJECT (self->task), G_ASYNC_RESULT (self), self->user_data);
    }

  g_object_unref (self);
}

static const DagItemClass dag_wait_item_class = {
  .run = dag_wait_run,
};

/* Hands the wait over to who waits. */
static void
dag_wait_deliver (DagWait *self)
{
  if (self->queue == NULL)
    {
      g_mutex_lock (&block_lock);
      g_cond_signal (&self->cond);
      g_mutex_unlock (&block_lock);
    }
  else
    {
      g_object_ref (self);
      dag_queue_push (self->queue, &self->item);
    }
}

static void
wait_cancelled_cb (GCancellable *cancellable,
                   gpointer      user_data)
{
  DagWait *self = user_data;

  /* Not yet pending: who makes it looks after it. */
  if (g_atomic_int_compare_and_exchange (&self->state, DAG_WAIT_NEW, DAG_WAIT_CANCELLED))
    return;

  if (g_atomic_int_compare_and_exchange (&self->state, DAG_WAIT_PENDING, DAG_WAIT_CANCELLED))
    dag_wait_deliver (self);
}

/* Whether what is waited for has happened. Under the lock of the task. */
static gboolean
dag_wait_is_over (DagWait *self)
{
  return self->settle ? self->task->settle_waits_over : self->task->waits_over;
}

/* What was waited for has happened, unless the wait was cancelled before. Who waited is on the way
 * to look then; a thread that was blocked may even be ahead of this, and has looked.
 */
static gboolean
dag_wait_end (DagWait      *self,
              DagWaitState  state)
{
  if (!g_atomic_int_compare_and_exchange (&self->state, state, DAG_WAIT_DONE))
    return FALSE;

  if (!self->settle)
    dag_node_ask (DAG_NODE (self->task));

  return TRUE;
}

/* Starts to wait: hands the wait over at once if there is nothing to wait for. */
static void
dag_wait_start (DagWait *self)
{
  DagNode *node = DAG_NODE (self->task);
  gboolean over;

  dag_task_get_rare (self->task);

  if (self->cancellable != NULL)
    self->handler = g_cancellable_connect (self->cancellable, G_CALLBACK (wait_cancelled_cb),
                                           g_object_ref (self), g_object_unref);

  dag_node_lock (node);

  over = g_atomic_int_get (&self->state) == DAG_WAIT_CANCELLED;
  if (!over && dag_wait_is_over (self))
    over = dag_wait_end (self, DAG_WAIT_NEW);

  if (!over)
    {
      dag_wait_link (self);
      over = !g_atomic_int_compare_and_exchange (&self->state, DAG_WAIT_NEW, DAG_WAIT_PENDING);
    }
  else
    {
      self->owned = TRUE;
      g_object_ref (self->task);
    }

  dag_node_unlock (node);

  if (over)
    dag_wait_deliver (self);
}

/*< private >
 * dag_task_deliver_waits:
 * @settled: whether those that wait for the task to settle, or to finish
 *
 * Hands the waits over to those who wait, in the order in which they came. In the owning context.
 *
 * Returns: whether that is done; else the budget is used up
 */
gboolean
dag_task_deliver_waits (DagTask  *self,
                        gboolean  settled)
{
  DagNode *node = DAG_NODE (self);
  DagTaskRare *rare;
  guint n = 0;

  dag_node_lock (node);
  rare = dag_task_peek_rare (self);

  while (rare != NULL && (settled ? rare->settle_waits : rare->waits) != NULL)
    {
      DagWait *wait = (settled ? rare->settle_waits : rare->waits)->next;

      dag_wait_unlink (wait);
      if (!wait->owned)
        {
          wait->owned = TRUE;
          g_object_ref (self);
        }

      dag_node_unlock (node);

      if (dag_wait_end (wait, DAG_WAIT_PENDING))
        dag_wait_deliver (wait);
      g_object_unref (wait);

      if (++n % BATCH == 0 && dag_queue_is_late ())
        return FALSE;

      dag_node_lock (node);
      rare = dag_task_peek_rare (self);
    }

  /* Those who come from now on need not wait. */
  if (settled || (node->settled && (rare == NULL || rare->settle_waits == NULL)))
    self->settle_waits_over = TRUE;
  if (!settled)
    self->waits_over = TRUE;

  dag_node_unlock (node);

  return TRUE;
}

static DagWait *
dag_wait_new (DagTask             *task,
              DagQueue            *queue,
              gboolean             settle,
              GCancellable        *cancellable,
              GAsyncReadyCallback  callback,
              gpointer             user_data)
{
  DagWait *self = g_object_new (DAG_TYPE_WAIT, NULL);

  self->item.klass = &dag_wait_item_class;
  self->queue = queue;
  self->settle = settle;
  self->task = task;
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->callback = callback;
  self->user_data = user_data;

  return self;
}

/*< private >
 * dag_task_start_wait:
 * @queue: of the context that waits
 *
 * Waits for a task to finish or to settle. From any thread.
 */
void
dag_task_start_wait (DagTask             *self,
                     DagQueue            *queue,
                     gboolean             settle,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  DagWait *wait = dag_wait_new (self, dag_queue_ref (queue), settle, cancellable,
                                callback, user_data);

  dag_wait_start (wait);
  g_object_unref (wait);
}

static DagWait *
dag_wait_check (DagTask      *task,
                GAsyncResult *result,
                gboolean      settle)
{
  DagWait *self;

  if (!G_TYPE_CHECK_INSTANCE_TYPE (result, DAG_TYPE_WAIT))
    return NULL;

  self = (DagWait *) result;

  return self->task == task && self->settle == settle ? self : NULL;
}

/*< private >
 * dag_task_propagate_outcome:
 *
 * Gets the outcome of a task for who waited for it.
 */
const GValue *
dag_task_propagate_outcome (DagTask  *self,
                            GError  **error)
{
  const GError *outcome = dag_task_get_error (self);

  if (outcome != NULL)
    {
      g_propagate_error (error, g_error_copy (outcome));
      return NULL;
    }

  return dag_task_get_value (self);
}

/**
 * dag_task_await_async:
 * @self: a task
 * @cancellable: (nullable): a cancellable for the wait, not for the task
 * @callback: (scope async) (closure user_data): called when the task has finished
 * @user_data: what @callback gets
 *
 * Waits for the task to finish.
 *
 * @callback is called in the main context that is thread-default here, in a later dispatch, and
 * before dependents in the same context start. Any number may wait, before and after the finish. If
 * @cancellable is cancelled only the wait ends.
 *
 * Who waited for a failure has looked at it. A wait does not keep a task of
 * `dag_task_new_for_callback ()` from being abandoned.
 *
 * Since: 1.0
 */
void
dag_task_await_async (DagTask             *self,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data)
{
  DagQueue *queue;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  queue = dag_queue_get (NULL);
  dag_task_start_wait (self, queue, FALSE, cancellable, callback, user_data);
  dag_queue_unref (queue);
}

/**
 * dag_task_await_finish:
 * @self: a task
 * @result: what the callback got
 * @error: return location for an error
 *
 * Gets the outcome of the task that was awaited.
 *
 * The error is the one that the task ended with, or %G_IO_ERROR_CANCELLED if the wait was
 * cancelled.
 *
 * Returns: (transfer none): the result, which belongs to the task; %NULL if @error is set, and a
 *   %G_TYPE_POINTER of %NULL if the task has no value
 *
 * Since: 1.0
 */
const GValue *
dag_task_await_finish (DagTask       *self,
                       GAsyncResult  *result,
                       GError       **error)
{
  DagWait *wait;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  wait = dag_wait_check (self, result, FALSE);
  g_return_val_if_fail (wait != NULL, NULL);

  if (g_atomic_int_get (&wait->state) == DAG_WAIT_CANCELLED)
    {
      g_propagate_error (error, dag_task_new_cancelled_error ());
      return NULL;
    }

  return dag_task_propagate_outcome (self, error);
}

/**
 * dag_task_settle_async:
 * @self: a task
 * @cancellable: (nullable): a cancellable for the wait, not for the task
 * @callback: (scope async) (closure user_data): called when the task has settled
 * @user_data: what @callback gets
 *
 * Waits for the task to settle: to finish, and for everything that it depends on to have come to
 * rest.
 *
 * What is said at [method@Dag.Task.await_async] is true here too; but nobody has looked at a
 * failure by this.
 *
 * Since: 1.0
 */
void
dag_task_settle_async (DagTask             *self,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  DagQueue *queue;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  queue = dag_queue_get (NULL);
  dag_task_start_wait (self, queue, TRUE, cancellable, callback, user_data);
  dag_queue_unref (queue);
}

/**
 * dag_task_settle_finish:
 * @self: a task
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what [method@Dag.Task.settle_async] began.
 *
 * The only error is %G_IO_ERROR_CANCELLED, if the wait was cancelled: how the task ended makes no
 * difference.
 *
 * Returns: whether the task has settled
 *
 * Since: 1.0
 */
gboolean
dag_task_settle_finish (DagTask       *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  DagWait *wait;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  wait = dag_wait_check (self, result, TRUE);
  g_return_val_if_fail (wait != NULL, FALSE);

  if (g_atomic_int_get (&wait->state) == DAG_WAIT_CANCELLED)
    {
      g_propagate_error (error, dag_task_new_cancelled_error ());
      return FALSE;
    }

  return TRUE;
}

/*< private >
 * dag_wait_block:
 * @cancellable: (nullable): what ends the wait
 *
 * Blocks this thread until the task has finished in another one.
 */
void
dag_wait_block (DagTask      *task,
                GCancellable *cancellable)
{
  DagWait *wait = dag_wait_new (task, NULL, FALSE, cancellable, NULL, NULL);
  gboolean linked;

  g_cond_init (&wait->cond);
  dag_pool_begin_blocking ();
  dag_wait_start (wait);

  g_mutex_lock (&block_lock);
  while (g_atomic_int_get (&wait->state) == DAG_WAIT_PENDING)
    g_cond_wait (&wait->cond, &block_lock);
  g_mutex_unlock (&block_lock);

  dag_pool_end_blocking ();

  if (wait->handler != 0)
    g_signal_handler_disconnect (cancellable, wait->handler);

  dag_wait_answer (wait, TRUE);

  dag_node_lock (DAG_NODE (task));
  linked = dag_wait_unlink (wait);
  dag_node_unlock (DAG_NODE (task));

  if (linked)
    g_object_unref (wait);

  g_object_unref (wait);
}
