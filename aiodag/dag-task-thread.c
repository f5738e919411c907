/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-task-private.h"
#include "dag-worker-private.h"

/* Functions in threads.
 *
 * A task whose function runs in a thread stays READY, and has not started, until a thread takes it:
 * under the lock of the task, where it is clear whether it may start still. What comes of that is
 * for the owning context, which is told by an event. So it is with the end: while a thread function
 * is at work the task does not go on, and when the last of them has come back the context is told
 * of the return.
 */

/* A call that waits for a thread. */
struct _DagThreadCall
{
  DagJob             job;
  DagTask           *task;      /* (owned): const */
  DagPool           *pool;      /* (unowned): const; the task keeps its worker */
  DagTaskThreadFunc  function;  /* (nullable): const; NULL for the function of the task itself */

  /* Under the lock of the task */
  DagThreadCall     *next;
  gboolean           dropped;   /* no thread needs to do it any more */
};

/* The task whose thread function this thread runs. */
static GPrivate thread_current;

/*< private >
 * dag_task_get_thread_current:
 *
 * Returns: (nullable): the task whose thread function this thread runs
 */
DagTask *
dag_task_get_thread_current (void)
{
  return g_private_get (&thread_current);
}

/* Returns: (nullable): the worker for thread functions, if one was chosen. Under the lock, or in the
 * owning context.
 */
static DagWorker *
dag_task_peek_worker (DagTask *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self);

  if (rare != NULL && rare->worker != NULL)
    return rare->worker;

  return self->definition != NULL && self->definition->in_thread ? dag_worker_get_default () : NULL;
}

/*< private >
 * dag_task_is_for_thread:
 *
 * Whether a thread calls the function of the task. Under the lock.
 */
gboolean
dag_task_is_for_thread (DagTask *self)
{
  return dag_task_peek_worker (self) != NULL;
}

/*< private >
 * dag_task_needs_pool:
 *
 * Whether the task, which has not finished, will only do so when a thread of @pool has had its turn.
 */
gboolean
dag_task_needs_pool (DagTask *self,
                     DagPool *pool)
{
  DagWorker *worker;
  gboolean needs;

  dag_node_lock (DAG_NODE (self));
  worker = dag_task_peek_worker (self);
  needs = worker != NULL && dag_worker_get_pool (worker) == pool &&
          (dag_task_is_to_start (self) || self->n_threads > 0 || dag_task_may_try_again (self));
  dag_node_unlock (DAG_NODE (self));

  return needs;
}

/* Whether the function of the task itself waits for a thread. Under the lock. */
static gboolean
dag_task_is_queued (DagTask *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self);

  return rare != NULL && rare->calls != NULL && rare->calls->function == NULL;
}

/* Takes the call of the function of a task. Under the lock.
 *
 * Returns: whether to call it
 */
static gboolean
dag_task_take_by_thread (DagTask *self,
                         guint   *events)
{
  DagNode *node = DAG_NODE (self);

  *events = DAG_EVENT_THREAD;

  if (self->outcome.kind != DAG_OUTCOME_UNSET || dag_task_is_cancelled (self) ||
      !(self->pausing || dag_node_is_startable (node)) ||
      self->n_prepared_arguments < self->n_arguments)
    return FALSE;

  if (dag_task_check_late (self))
    {
      *events |= DAG_EVENT_LATE;
      return FALSE;
    }

  dag_task_begin_attempt (self);
  self->n_threads++;
  dag_task_note_begin (self);

  return TRUE;
}

static void
dag_task_call_in_thread (DagTask           *self,
                         DagTaskThreadFunc  function)
{
  g_private_set (&thread_current, self);

  if (function != NULL)
    function (self, dag_task_get_source_object (self), dag_task_get_task_data (self),
              dag_task_get_cancellable (self));
  else if (self->function != NULL)
    self->function (self, self->function_data);
  else
    dag_task_return (self);

  g_private_set (&thread_current, NULL);

  while (G_UNLIKELY (g_main_context_get_thread_default () != NULL))
    {
      dag_task_complain (self, "DagWorker", "has left a main context behind in its thread");
      g_main_context_pop_thread_default (g_main_context_get_thread_default ());
    }
}

/* A thread function has come back. */
static void
dag_task_leave_thread (DagTask *self)
{
  gboolean last, abandoned;

  dag_node_lock (DAG_NODE (self));
  last = --self->n_threads == 0;
  abandoned = last && !self->returned;
  if (abandoned)
    self->ended = TRUE;
  dag_node_unlock (DAG_NODE (self));

  if (abandoned)
    {
      g_autofree char *description = dag_task_describe (self);

      dag_task_return_new_error (self, DAG_ERROR, DAG_ERROR_ABANDONED,
                                 "The thread function of %s came back without an outcome",
                                 description);
    }

  /* The last reference may be this one: it is dropped in the owning context. */
  if (last)
    dag_node_raise_and_unref (DAG_NODE (self), DAG_EVENT_RETURNED);
  else
    g_object_unref (self);
}

static void
dag_thread_call_unlink (DagThreadCall *self)
{
  DagThreadCall **link = &dag_task_peek_rare (self->task)->calls;

  while (*link != self)
    link = &(*link)->next;
  *link = self->next;
}

static void
dag_thread_call_run (DagJob *job)
{
  DagThreadCall *self = (DagThreadCall *) job;
  DagTask *task = self->task;
  DagTaskThreadFunc function = self->function;
  guint events = 0;
  gboolean dropped, call;

  dag_node_lock (DAG_NODE (task));
  dropped = self->dropped;
  if (!dropped)
    dag_thread_call_unlink (self);
  call = !dropped && (function != NULL || dag_task_take_by_thread (task, &events));
  dag_node_unlock (DAG_NODE (task));

  g_free (self);

  if (call)
    {
      if (events != 0)
        dag_node_raise (DAG_NODE (task), events);
      dag_task_call_in_thread (task, function);
      dag_task_leave_thread (task);
    }
  else
    {
      dag_node_raise_and_unref (DAG_NODE (task), events);
    }
}

/* Makes a call, which dag_thread_call_push() has to follow. Under the lock. */
static DagThreadCall *
dag_task_add_call (DagTask           *self,
                   DagTaskThreadFunc  function)
{
  DagTaskRare *rare = dag_task_get_rare (self);
  DagWorker *worker = dag_task_peek_worker (self);
  DagThreadCall *call = g_new0 (DagThreadCall, 1);

  if (worker == NULL)
    worker = dag_worker_get_default ();

  call->job.run = dag_thread_call_run;
  call->task = g_object_ref (self);
  call->pool = dag_worker_get_pool (worker);
  call->function = function;
  call->next = rare->calls;
  rare->calls = call;

  return call;
}

/* The caller knows that the task is there still when a thread has done it. */
static void
dag_thread_call_push (DagThreadCall *self)
{
  DagTask *task = self->task;
  int priority = dag_task_get_priority (task);

  dag_pool_push (self->pool, &self->job, priority);

  /* Who changed it meanwhile may have looked for it before it was there. */
  if (dag_task_get_priority (task) != priority)
    dag_task_move_calls (task);
}

/*< private >
 * dag_task_queue_call:
 *
 * The task is ready, and so are its arguments: has a thread call its function. In the owning context.
 */
void
dag_task_queue_call (DagTask *self)
{
  DagThreadCall *call;

  dag_node_lock (DAG_NODE (self));
  call = dag_task_add_call (self, NULL);
  dag_node_unlock (DAG_NODE (self));

  dag_thread_call_push (call);
}

/*< private >
 * dag_task_move_calls:
 *
 * The task has another priority, which counts among the calls that wait for threads. From any
 * thread.
 */
void
dag_task_move_calls (DagTask *self)
{
  DagTaskRare *rare;

  dag_node_lock (DAG_NODE (self));

  rare = dag_task_peek_rare (self);
  for (DagThreadCall *call = rare != NULL ? rare->calls : NULL; call != NULL; call = call->next)
    dag_pool_move (call->pool, &call->job, dag_task_get_priority (self));

  dag_node_unlock (DAG_NODE (self));
}

/* Takes the first of the calls, which is done by no thread then. Under the lock.
 *
 * @withdrawn: those that are to be freed without the lock
 */
static void
dag_task_withdraw_call (DagTask        *self,
                        DagThreadCall **withdrawn)
{
  DagTaskRare *rare = dag_task_peek_rare (self);
  DagThreadCall *call = rare->calls;

  rare->calls = call->next;
  call->dropped = TRUE;

  /* Else a thread has just taken it and frees it. */
  if (dag_pool_withdraw (call->pool, &call->job))
    {
      call->next = *withdrawn;
      *withdrawn = call;
    }
}

static void
dag_thread_calls_free (DagThreadCall *calls)
{
  while (calls != NULL)
    {
      DagThreadCall *call = calls;

      calls = call->next;
      g_object_unref (call->task);
      g_free (call);
    }
}

/*< private >
 * dag_task_take_back:
 *
 * No thread is to begin with the function of the task, until dag_task_queue_call() says so again. In
 * the owning context, or where it is built.
 *
 * Returns: %FALSE if one has
 */
gboolean
dag_task_take_back (DagTask *self)
{
  DagThreadCall *withdrawn = NULL;
  gboolean open;

  dag_node_lock (DAG_NODE (self));
  open = dag_task_is_to_start (self);
  if (open && dag_task_is_queued (self))
    dag_task_withdraw_call (self, &withdrawn);
  dag_node_unlock (DAG_NODE (self));

  dag_thread_calls_free (withdrawn);

  return open;
}

/*< private >
 * dag_task_drop_calls:
 *
 * Calls that still wait for a thread are not needed any more. In the owning context.
 *
 * Returns: whether the function of the task, which is at work, has come to its end by that, without
 *   an outcome
 */
gboolean
dag_task_drop_calls (DagTask *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self);
  DagThreadCall *withdrawn = NULL;
  gboolean dropped = FALSE, over;

  if (rare == NULL)
    return FALSE;

  dag_node_lock (DAG_NODE (self));

  while (rare->calls != NULL)
    {
      if (rare->calls->function != NULL)
        {
          self->n_threads--;
          dropped = TRUE;
        }

      dag_task_withdraw_call (self, &withdrawn);
    }

  over = dropped && self->n_threads == 0 && !self->returned;
  if (over)
    {
      self->returned = TRUE;
      self->ended = TRUE;
      if (self->external)
        dag_task_pin (self);
    }

  dag_node_unlock (DAG_NODE (self));

  dag_thread_calls_free (withdrawn);

  return over;
}

/*< private >
 * dag_task_handle_thread:
 *
 * A thread has begun with the function, or found that it may not. In the owning context.
 *
 * @has_returned: whether it is known to have returned since
 *
 * Returns: whether it has begun
 */
gboolean
dag_task_handle_thread (DagTask *self,
                        gboolean has_returned)
{
  DagNode *node = DAG_NODE (self);
  gboolean started = has_returned, again = FALSE;

  if (self->phase != DAG_PHASE_OPEN || g_atomic_int_get (&node->state) != DAG_STATE_READY)
    return FALSE;

  if (!has_returned)
    {
      dag_node_lock (node);
      started = !dag_task_is_to_start (self);
      again = !started && self->outcome.kind == DAG_OUTCOME_UNSET &&
              (self->pausing || dag_node_is_startable (node)) && !dag_task_is_queued (self);
      dag_node_unlock (node);
    }

  if (started)
    {
      g_atomic_int_set (&node->state, DAG_STATE_RUNNING);
      dag_task_handle_time (self);

      if (dag_task_is_observed (self))
        {
          dag_task_enter_function (self);
          dag_task_notify_state (self);
          dag_task_emit_started (self);
          dag_task_leave_function (self);
        }
    }
  else if (again)
    {
      dag_task_make_ready (self);
    }

  return started;
}

/*< private >
 * dag_task_handle_priority:
 *
 * The task has another place among those that are ready, if it is still one of them. In the owning
 * context.
 */
void
dag_task_handle_priority (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  gboolean open;

  dag_node_lock (node);
  open = dag_task_is_to_start (self) && self->outcome.kind == DAG_OUTCOME_UNSET &&
         !self->starting && !dag_task_is_queued (self);
  dag_node_unlock (node);

  if (open && g_atomic_int_get (&node->state) == DAG_STATE_READY &&
      !dag_task_change_turn (self))
    dag_task_make_ready (self);
}

/**
 * dag_task_new_in_thread:
 * @function: (scope notified) (closure function_data) (destroy function_data_destroy): the function
 * @function_data: what @function gets
 * @function_data_destroy: (nullable): frees @function_data
 *
 * Makes a task whose function is called in a thread of the default worker.
 *
 * It is short for [ctor@Dag.Task.new] and [method@Dag.Task.set_worker] with
 * [func@Dag.Worker.get_default], which can follow any other constructor. The function gets its
 * arguments, and returns, as everywhere; if it comes back without an outcome the task fails with
 * %DAG_ERROR_ABANDONED. @function_data_destroy is called in the main context of the task.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new_in_thread) (DagTaskFunc    function,
                          gpointer       function_data,
                          GDestroyNotify function_data_destroy)
{
  DagTask *self;

  g_return_val_if_fail (function != NULL, NULL);

  self = dag_task_create ();
  self->function = function;
  self->function_data = function_data;
  self->function_data_destroy = function_data_destroy;
  dag_task_get_rare (self)->worker = g_object_ref (dag_worker_get_default ());
  dag_task_publish (self);

  return self;
}

/**
 * dag_task_get_worker: (get-property worker)
 * @self: a task
 *
 * Gets in whose threads the function of the task is called.
 *
 * Returns: (transfer none) (nullable): the worker, %NULL if it is called in the main context
 *
 * Since: 1.0
 */
DagWorker *
dag_task_get_worker (DagTask *self)
{
  DagWorker *worker;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  dag_node_lock (DAG_NODE (self));
  worker = dag_task_peek_worker (self);
  dag_node_unlock (DAG_NODE (self));

  return worker;
}

/**
 * dag_task_set_worker: (set-property worker)
 * @self: a task that has not started
 * @worker: (nullable): a worker, %NULL for none
 *
 * Sets in whose threads the function of the task is called, and also what
 * [method@Dag.Task.run_in_thread] runs. Without a worker the function is called in the main context
 * of the task, and run_in_thread() takes the default worker; so does a function that was defined
 * with DAG_DEFINE_TASK_IN_THREAD ().
 *
 * A task that waits for a thread is %DAG_STATE_READY. When a thread takes it, it starts and the
 * [property@Dag.Task:timeout] begins to count.
 *
 * It is for tasks that are built: in the thread that owns the main context, where one cannot start
 * before control is back in the main loop, or elsewhere while the task is held. In languages that
 * call their functions themselves it is a programmer error.
 *
 * Since: 1.0
 */
void
dag_task_set_worker (DagTask   *self,
                     DagWorker *worker)
{
  DagNode *node = DAG_NODE (self);
  DagTaskRare *rare;
  DagWorker *old;
  gboolean open;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (worker == NULL || DAG_IS_WORKER (worker));

  if (node->member.item.klass != &dag_task_item_class)
    {
      dag_task_complain (self, G_STRFUNC, "has a function that C cannot call in a thread");
      return;
    }

  rare = dag_task_get_rare (self);

  dag_node_lock (node);
  old = rare->worker;
  open = (!node->started || self->external) && rare->calls == NULL && self->n_threads == 0;
  if (open)
    rare->worker = worker != NULL ? g_object_ref (worker) : NULL;
  dag_node_unlock (node);

  if (!open)
    {
      dag_task_complain (self, G_STRFUNC, "has already started, or waits for a thread");
      return;
    }

  if (old != worker)
    g_object_notify (G_OBJECT (self), "worker");
  g_clear_object (&old);
}

/**
 * dag_task_run_in_thread:
 * @self: a running task
 * @function: (scope async): what to run
 *
 * Runs @function in a thread, from where it returns the outcome: one of the
 * [property@Dag.Task:worker] of the task, or of the default worker.
 *
 * To be called from the function of the task, or by whoever made it with
 * `dag_task_new_for_callback ()`. Arguments and task data stay as they are until @function has come
 * back, and the task does not end before that; if it comes back without an outcome, and no other is
 * at work, the task fails with %DAG_ERROR_ABANDONED. If the task is cancelled, or is late, before
 * there is a thread for @function, it ends and @function is not called, unless
 * [property@Dag.Task:check-cancellable] says otherwise. [method@Dag.Task.wait] there for another
 * task never takes the last thread away from it.
 *
 * Since: 1.0
 */
void
dag_task_run_in_thread (DagTask           *self,
                        DagTaskThreadFunc  function)
{
  DagThreadCall *call = NULL;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (function != NULL);

  /* One that was cancelled may have finished, and settles only when its function has returned. */
  dag_node_lock (DAG_NODE (self));
  if (DAG_NODE (self)->started && !self->returned)
    {
      self->n_threads++;
      call = dag_task_add_call (self, function);
    }
  dag_node_unlock (DAG_NODE (self));

  if (call == NULL)
    {
      dag_task_complain (self, G_STRFUNC, "is not running");
      return;
    }

  g_object_ref (self);
  dag_thread_call_push (call);

  /* There was nothing to give up yet when it was cancelled. */
  if (dag_task_is_cancelled (self))
    dag_node_raise (DAG_NODE (self), DAG_EVENT_CANCEL);
  g_object_unref (self);
}
