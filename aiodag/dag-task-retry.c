/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-retry-private.h"
#include "dag-task-private.h"

/* What a task has that may be tried again. */
struct _DagTaskRetry
{
  DagTimer   timer;     /* the owning context: the end of the pause */
  DagTask   *task;      /* (unowned): const */

  /* Under the lock */
  DagRetry  *policy;    /* (owned) (nullable) */
  guint      attempt;   /* the one that is at work, or was last; counted from 1 */
  GPtrArray *errors;    /* (element-type GError): of the attempts before that one */

  /* The owning context */
  gboolean   asking;    /* somebody is being asked whether to try again */
  gboolean   over;      /* there is no other attempt */
};

static DagTaskRetry *
dag_task_peek_retry (DagTask *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self);

  return rare != NULL ? g_atomic_pointer_get (&rare->retry) : NULL;
}

/* In the owning context. The task is there: it has left its timer before it goes. */
static void
dag_task_retry_expire (DagTimer *timer)
{
  DagTaskRetry *retry = (DagTaskRetry *) ((char *) timer - G_STRUCT_OFFSET (DagTaskRetry, timer));

  dag_node_raise (DAG_NODE (retry->task), DAG_EVENT_RETRY);
}

/*< private >
 * dag_task_retry_free:
 *
 * The task is being freed.
 */
void
dag_task_retry_free (DagTaskRetry *self)
{
  g_clear_object (&self->policy);
  g_ptr_array_unref (self->errors);
  g_free (self);
}

/* From any thread. */
static DagTaskRetry *
dag_task_make_retry (DagTask *self)
{
  DagTaskRare *rare = dag_task_get_rare (self);
  DagTaskRetry *retry = g_atomic_pointer_get (&rare->retry);

  if (retry == NULL)
    {
      retry = g_new0 (DagTaskRetry, 1);
      retry->timer.expire = dag_task_retry_expire;
      retry->task = self;
      retry->errors = g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);

      if (!g_atomic_pointer_compare_and_exchange (&rare->retry, NULL, retry))
        {
          dag_task_retry_free (retry);
          retry = g_atomic_pointer_get (&rare->retry);
        }
    }

  return retry;
}

/*< private >
 * dag_task_has_retry:
 *
 * Whether the function may be called again after it has failed. Under the lock.
 */
gboolean
dag_task_has_retry (DagTask *self)
{
  DagTaskRetry *retry = dag_task_peek_retry (self);

  return retry != NULL && retry->policy != NULL;
}

/*< private >
 * dag_task_has_attempts:
 *
 * Whether there is another attempt if this one fails, as far as can be told before it does. Under
 * the lock.
 */
gboolean
dag_task_has_attempts (DagTask *self)
{
  DagTaskRetry *retry = dag_task_peek_retry (self);

  return retry != NULL && retry->policy != NULL &&
         MAX (retry->attempt, 1) < dag_retry_get_attempts (retry->policy) &&
         !dag_task_is_cancelled (self) && !dag_task_is_past_deadline (self);
}

/*< private >
 * dag_task_counts_attempts:
 *
 * Whether the task had a retry when its function was called, so that it may be called again. In the
 * owning context.
 */
gboolean
dag_task_counts_attempts (DagTask *self)
{
  DagTaskRetry *retry = dag_task_peek_retry (self);
  gboolean counts;

  if (retry == NULL)
    return FALSE;

  dag_node_lock (DAG_NODE (self));
  counts = retry->attempt > 0;
  dag_node_unlock (DAG_NODE (self));

  return counts;
}

/*< private >
 * dag_task_begin_attempt:
 *
 * The function is about to be called. Under the lock.
 */
void
dag_task_begin_attempt (DagTask *self)
{
  DagTaskRetry *retry = dag_task_peek_retry (self);

  DAG_NODE (self)->started = TRUE;

  if (retry != NULL)
    {
      retry->attempt++;
      self->pausing = FALSE;
      self->returned = FALSE;
    }
}

/* What the attempt has failed with, if the next one can follow. Under the lock. */
static const GError *
dag_task_get_attempt_failure (DagTask *self)
{
  const GError *error = NULL;

  /* What the function needs may be gone, where there was no retry when it returned. */
  if (self->ended || DAG_NODE (self)->released || !dag_task_has_attempts (self))
    return NULL;

  if (self->outcome.kind == DAG_OUTCOME_ERROR)
    error = self->outcome.error;
  else if (self->outcome.kind == DAG_OUTCOME_TRACE && self->following &&
           dag_trace_get_reason (self->outcome.trace) == DAG_REASON_FAILURE)
    error = dag_trace_get_error (self->outcome.trace);

  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? NULL : error;
}

/*< private >
 * dag_task_may_try_again:
 *
 * Whether the function has failed and may be called again, which the owning context has not come to
 * yet. Under the lock; from any thread.
 */
gboolean
dag_task_may_try_again (DagTask *self)
{
  return !DAG_NODE (self)->finished && dag_task_get_attempt_failure (self) != NULL;
}

/* Asks whether another attempt makes sense, which may run anybody's code. */
static gboolean
dag_task_ask_for_retry (DagTask      *self,
                        DagTaskRetry *retry,
                        const GError *error)
{
  g_autoptr (GError) copy = g_error_copy (error);
  g_autoptr (DagRetry) policy = NULL;
  gboolean again;

  dag_node_lock (DAG_NODE (self));
  policy = g_object_ref (retry->policy);
  dag_node_unlock (DAG_NODE (self));

  retry->asking = TRUE;
  dag_queue_note_call ();
  again = dag_retry_makes_sense (policy, self, copy);
  retry->asking = FALSE;

  /* Anything may have happened meanwhile. */
  dag_node_lock (DAG_NODE (self));
  again = again && dag_task_get_attempt_failure (self) != NULL;
  dag_node_unlock (DAG_NODE (self));

  return again;
}

/* Gives up the outcome, and all else that only the last attempt had. */
static void
dag_task_rewind (DagTask      *self,
                 DagTaskRetry *retry)
{
  DagTaskRare *rare = dag_task_peek_rare (self);
  DagOutcome outcome = DAG_OUTCOME_INIT;
  g_autoptr (GCancellable) cancellable = NULL;
  g_autofree char *details = NULL;
  GError *error;
  gboolean following;

  dag_node_lock (DAG_NODE (self));

  dag_outcome_move (&outcome, &self->outcome);
  if (outcome.kind == DAG_OUTCOME_ERROR)
    error = g_steal_pointer (&outcome.error);
  else
    error = g_error_copy (dag_trace_get_error (outcome.trace));
  g_ptr_array_add (retry->errors, error);

  cancellable = g_steal_pointer (&rare->cancellable);
  details = g_steal_pointer (&rare->details);
  self->cancelling = FALSE;
  self->late = FALSE;
  following = self->following;
  self->following = FALSE;
  self->pausing = TRUE;

  dag_node_unlock (DAG_NODE (self));

  /* That is enough of a look at it. */
  if (outcome.kind == DAG_OUTCOME_TRACE)
    {
      dag_trace_look (outcome.trace);
      dag_outcome_clear (&outcome);
    }

  dag_task_end_timeout (self);

  /* That took too long. */
  if (following)
    dag_node_drop_followed (DAG_NODE (self));
}

/*< private >
 * dag_task_try_again:
 *
 * The function has returned. In the owning context.
 *
 * Returns: whether the outcome is none, because there is or may be another attempt
 */
gboolean
dag_task_try_again (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  DagTaskRetry *retry = dag_task_peek_retry (self);
  const GError *error;
  guint pause;

  if (retry == NULL || retry->over || dag_queue_is_closed (node->queue))
    return FALSE;

  if (retry->asking)
    return TRUE;

  dag_node_lock (node);
  error = dag_task_get_attempt_failure (self);
  dag_node_unlock (node);

  if (error == NULL || !dag_task_ask_for_retry (self, retry, error))
    {
      retry->over = TRUE;
      return FALSE;
    }

  dag_task_rewind (self, retry);
  dag_task_leave_limiters (self);
  g_atomic_int_set (&node->state, DAG_STATE_WAITING);

  pause = dag_retry_get_pause (retry->policy, retry->attempt);
  if (pause > 0)
    dag_queue_set_timer (node->queue, &retry->timer,
                         g_get_monotonic_time () + pause * DAG_MILLISECOND);
  else
    dag_node_raise (node, DAG_EVENT_RETRY);

  dag_task_notify_state (self);

  return TRUE;
}

/*< private >
 * dag_task_handle_pause_over:
 *
 * The next attempt may start. In the owning context.
 */
void
dag_task_handle_pause_over (DagTask *self)
{
  DagNode *node = DAG_NODE (self);

  if (!self->pausing || self->outcome.kind != DAG_OUTCOME_UNSET)
    return;

  g_atomic_int_set (&node->state, DAG_STATE_READY);
  dag_task_make_ready (self);
  dag_task_notify_state (self);
}

/*< private >
 * dag_task_leave_retry:
 *
 * The outcome is there. In the owning context.
 */
void
dag_task_leave_retry (DagTask *self)
{
  DagTaskRetry *retry = dag_task_peek_retry (self);

  if (retry != NULL)
    dag_queue_unset_timer (DAG_NODE (self)->queue, &retry->timer);
}

/**
 * dag_task_get_retry: (get-property retry)
 * @self: a task
 *
 * Gets how the task is tried again.
 *
 * Returns: (transfer none) (nullable): the description, %NULL if it is not
 *
 * Since: 1.0
 */
DagRetry *
dag_task_get_retry (DagTask *self)
{
  DagTaskRetry *retry;
  DagRetry *policy = NULL;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  retry = dag_task_peek_retry (self);
  if (retry != NULL)
    {
      dag_node_lock (DAG_NODE (self));
      policy = retry->policy;
      dag_node_unlock (DAG_NODE (self));
    }

  return policy;
}

/**
 * dag_task_set_retry: (set-property retry)
 * @self: a task that has a function
 * @retry: (nullable): how to try again; %NULL for not at all
 *
 * Sets whether the function of the task is called again when it has failed, how often, and after
 * what pauses.
 *
 * The arguments are the same in each attempt; the cancellable is a new one, and
 * [property@Dag.Task:timeout] begins anew. Only the last error counts, the others can be had from
 * [method@Dag.Task.get_attempt_error]. There is no other attempt after a cancellation, after
 * [method@Dag.Task.return_skip], at the end of the [property@Dag.Task:deadline], and when the library
 * ended the task.
 *
 * It may be called in the thread that owns the main context of the task, elsewhere while the task is
 * held, and from the function, wherever that runs: with %NULL, what it then returns is final. It is
 * too late for a retry when the function has returned and there was none. A function of another
 * language than C can only be called again if the task had a retry when it started.
 *
 * Since: 1.0
 */
void
dag_task_set_retry (DagTask  *self,
                    DagRetry *retry)
{
  DagTaskRetry *own;
  DagRetry *old;
  gboolean too_late;

  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (retry == NULL || DAG_IS_RETRY (retry));

  if (self->external)
    {
      dag_task_complain (self, G_STRFUNC, "has no function that could be called again");
      return;
    }

  if (dag_task_get_retry (self) == retry)
    return;

  /* A binding has given up what its function needs. */
  dag_node_lock (DAG_NODE (self));
  too_late = self->foreign && DAG_NODE (self)->started;
  dag_node_unlock (DAG_NODE (self));

  if (too_late && !dag_task_counts_attempts (self))
    {
      dag_task_complain (self, G_STRFUNC, "has been started");
      return;
    }

  own = dag_task_make_retry (self);

  dag_node_lock (DAG_NODE (self));
  old = own->policy;
  own->policy = retry != NULL ? g_object_ref (retry) : NULL;
  if (own->attempt == 0 && DAG_NODE (self)->started)
    own->attempt = 1;
  dag_node_unlock (DAG_NODE (self));

  g_clear_object (&old);

  g_object_notify (G_OBJECT (self), "retry");
}

/**
 * dag_task_get_attempt:
 * @self: a task
 *
 * Gets which attempt the task is at: the one whose function is at work, or was last. See
 * [property@Dag.Task:retry].
 *
 * Returns: the number, counted from 1; 0 if the task has not started
 *
 * Since: 1.0
 */
guint
dag_task_get_attempt (DagTask *self)
{
  DagTaskRetry *retry;
  guint attempt;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  retry = dag_task_peek_retry (self);

  dag_node_lock (DAG_NODE (self));
  attempt = retry != NULL ? retry->attempt : DAG_NODE (self)->started;
  dag_node_unlock (DAG_NODE (self));

  return attempt;
}

/**
 * dag_task_get_attempt_error:
 * @self: a task
 * @attempt: the number of an attempt, from 1 on
 *
 * Gets what an attempt failed with that was followed by another one. What the last one ended with is
 * the outcome of the task: [method@Dag.Task.get_error].
 *
 * Returns: (transfer none) (nullable): the error, %NULL if there was no such attempt
 *
 * Since: 1.0
 */
const GError *
dag_task_get_attempt_error (DagTask *self,
                            guint    attempt)
{
  DagTaskRetry *retry;
  const GError *error = NULL;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);
  g_return_val_if_fail (attempt > 0, NULL);

  retry = dag_task_peek_retry (self);
  if (retry != NULL)
    {
      dag_node_lock (DAG_NODE (self));
      if (attempt <= retry->errors->len)
        error = g_ptr_array_index (retry->errors, attempt - 1);
      dag_node_unlock (DAG_NODE (self));
    }

  return error;
}
