/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-task-private.h"

static DagTaskTime *
dag_task_peek_time (DagTask *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self);

  return rare != NULL ? g_atomic_pointer_get (&rare->time) : NULL;
}

/* In the owning context. The task is there: it has left its timer before it goes. */
static void
dag_task_time_expire (DagTimer *timer)
{
  DagTaskTime *time = (DagTaskTime *) ((char *) timer - G_STRUCT_OFFSET (DagTaskTime, timer));

  dag_node_raise (DAG_NODE (time->task), DAG_EVENT_LATE);
}

/* From any thread. */
static DagTaskTime *
dag_task_get_time (DagTask *self)
{
  DagTaskRare *rare = dag_task_get_rare (self);
  DagTaskTime *time = g_atomic_pointer_get (&rare->time);

  if (time == NULL)
    {
      time = g_new0 (DagTaskTime, 1);
      time->timer.expire = dag_task_time_expire;
      time->task = self;

      if (!g_atomic_pointer_compare_and_exchange (&rare->time, NULL, time))
        {
          g_free (time);
          time = g_atomic_pointer_get (&rare->time);
        }
    }

  return time;
}

/* When the task is late, in µs of the monotonic clock; G_MAXINT64 for never. Under the lock. */
static gint64
dag_task_time_get_due (DagTaskTime *self)
{
  gint64 due = G_MAXINT64;

  if (self->timeout > 0 && self->begin > 0)
    due = self->begin + self->timeout * DAG_MILLISECOND;
  if (self->deadline > 0)
    due = MIN (due, self->end);

  return due;
}

/*< private >
 * dag_task_handle_time:
 *
 * How long the task may take was set, or it begins to count. In the owning context.
 */
void
dag_task_handle_time (DagTask *self)
{
  DagTaskTime *time = dag_task_peek_time (self);
  gint64 due;

  if (self->phase != DAG_PHASE_OPEN || time == NULL)
    return;

  dag_node_lock (DAG_NODE (self));
  due = dag_task_time_get_due (time);
  dag_node_unlock (DAG_NODE (self));

  if (due == G_MAXINT64)
    dag_queue_unset_timer (DAG_NODE (self)->queue, &time->timer);
  else
    dag_queue_set_timer (DAG_NODE (self)->queue, &time->timer, due);
}

/*< private >
 * dag_task_begin_time:
 *
 * The function is about to be called. In the owning context.
 *
 * Returns: (transfer full) (nullable): why it must not be called: it is too late already
 */
GError *
dag_task_begin_time (DagTask *self)
{
  DagTaskTime *time = dag_task_peek_time (self);
  GError *error = NULL;

  if (time == NULL)
    return NULL;

  dag_node_lock (DAG_NODE (self));
  dag_task_note_begin (self);
  self->late = dag_task_is_past_deadline (self);
  if (self->late)
    error = dag_task_new_late_error (self);
  dag_node_unlock (DAG_NODE (self));

  if (error == NULL)
    dag_task_handle_time (self);

  return error;
}

/*< private >
 * dag_task_end_timeout:
 *
 * The function has returned and will be called again: until then only the deadline counts. In the
 * owning context.
 */
void
dag_task_end_timeout (DagTask *self)
{
  DagTaskTime *time = dag_task_peek_time (self);

  if (time == NULL)
    return;

  dag_node_lock (DAG_NODE (self));
  time->begin = 0;
  dag_node_unlock (DAG_NODE (self));

  dag_task_handle_time (self);
}

/*< private >
 * dag_task_is_past_deadline:
 *
 * Whether the task should have finished by now. Under the lock; from any thread.
 */
gboolean
dag_task_is_past_deadline (DagTask *self)
{
  DagTaskTime *time = dag_task_peek_time (self);

  return time != NULL && time->deadline > 0 && g_get_monotonic_time () >= time->end;
}

/*< private >
 * dag_task_note_begin:
 *
 * The function is about to be called, here or in a thread; dag_task_handle_time() follows in the
 * owning context. Under the lock.
 */
void
dag_task_note_begin (DagTask *self)
{
  DagTaskTime *time = dag_task_peek_time (self);

  if (time != NULL)
    time->begin = g_get_monotonic_time ();
}

/*< private >
 * dag_task_check_late:
 *
 * Whether the task takes longer than it may, by the clock and not only by what the main loop has
 * come to. Under the lock; from any thread.
 */
gboolean
dag_task_check_late (DagTask *self)
{
  DagTaskTime *time = dag_task_peek_time (self);

  return self->late ||
         (time != NULL && g_get_monotonic_time () >= dag_task_time_get_due (time));
}

/*< private >
 * dag_task_leave_time:
 *
 * The outcome is there. In the owning context.
 */
void
dag_task_leave_time (DagTask *self)
{
  DagTaskTime *time = dag_task_peek_time (self);

  if (time != NULL)
    dag_queue_unset_timer (DAG_NODE (self)->queue, &time->timer);
}

/*< private >
 * dag_task_new_late_error:
 *
 * Returns: (transfer full): what a task ends with that takes too long. Under the lock.
 */
GError *
dag_task_new_late_error (DagTask *self)
{
  DagTaskTime *time = dag_task_peek_time (self);

  if (time->timeout > 0 && time->begin > 0 &&
      dag_task_time_get_due (time) == time->begin + time->timeout * DAG_MILLISECOND)
    return g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                        "The task took longer than its timeout of %u ms", time->timeout);

  return g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                      "The task was not done at its deadline of %u ms", time->deadline);
}

/**
 * dag_task_is_late:
 * @self: a task
 *
 * Gets whether the task takes, or took, longer than its [property@Dag.Task:timeout] or
 * [property@Dag.Task:deadline], so that it ends with %G_IO_ERROR_TIMED_OUT, unless it is cancelled.
 * From any thread.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
dag_task_is_late (DagTask *self)
{
  gboolean late;

  g_return_val_if_fail (DAG_IS_TASK (self), FALSE);

  dag_node_lock (DAG_NODE (self));
  late = self->outcome.kind == DAG_OUTCOME_UNSET ? dag_task_check_late (self) : self->late;
  dag_node_unlock (DAG_NODE (self));

  return late;
}

/**
 * dag_task_get_timeout: (get-property timeout)
 * @self: a task
 *
 * Gets how long the function of the task may take.
 *
 * Returns: the time in milliseconds, 0 if there is no limit
 *
 * Since: 1.0
 */
guint
dag_task_get_timeout (DagTask *self)
{
  DagTaskTime *time;
  guint timeout = 0;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  time = dag_task_peek_time (self);
  if (time != NULL)
    {
      dag_node_lock (DAG_NODE (self));
      timeout = time->timeout;
      dag_node_unlock (DAG_NODE (self));
    }

  return timeout;
}

/**
 * dag_task_set_timeout: (set-property timeout)
 * @self: a task
 * @timeout: the time in milliseconds, 0 for no limit
 *
 * Sets how long the function of the task may take, from when it is called; or from now, if it is at
 * work already.
 *
 * A function that takes longer is asked to end: the cancellable of the task is cancelled. When it
 * returns, the task fails with %G_IO_ERROR_TIMED_OUT, whatever it returned; or at once, with
 * [property@Dag.Task:return-on-cancel], and settles when it returns. If the task is cancelled before
 * that it ends as cancelled.
 *
 * It may be called from any thread, and has no effect on a task that has finished.
 *
 * Since: 1.0
 */
void
dag_task_set_timeout (DagTask *self,
                      guint    timeout)
{
  DagTaskTime *time;

  g_return_if_fail (DAG_IS_TASK (self));

  if (dag_task_get_timeout (self) == timeout)
    return;

  time = dag_task_get_time (self);

  dag_node_lock (DAG_NODE (self));
  time->timeout = timeout;
  if (DAG_NODE (self)->started && !self->pausing)
    time->begin = g_get_monotonic_time ();
  dag_node_unlock (DAG_NODE (self));

  dag_node_raise (DAG_NODE (self), DAG_EVENT_TIME);

  g_object_notify (G_OBJECT (self), "timeout");
}

/**
 * dag_task_get_deadline: (get-property deadline)
 * @self: a task
 *
 * Gets after what time the task has to have finished.
 *
 * Returns: the time in milliseconds from when it was set, 0 if there is no limit
 *
 * Since: 1.0
 */
guint
dag_task_get_deadline (DagTask *self)
{
  DagTaskTime *time;
  guint deadline = 0;

  g_return_val_if_fail (DAG_IS_TASK (self), 0);

  time = dag_task_peek_time (self);
  if (time != NULL)
    {
      dag_node_lock (DAG_NODE (self));
      deadline = time->deadline;
      dag_node_unlock (DAG_NODE (self));
    }

  return deadline;
}

/**
 * dag_task_set_deadline: (set-property deadline)
 * @self: a task
 * @deadline: the time in milliseconds from now, 0 for no limit
 *
 * Sets after what time the task has to have finished, whether it has started by then or not.
 *
 * One that waits for something then fails with %G_IO_ERROR_TIMED_OUT at once, and its function will
 * not be called. What becomes of one that runs is what becomes of it with
 * [property@Dag.Task:timeout].
 *
 * It may be called from any thread, and has no effect on a task that has finished.
 *
 * Since: 1.0
 */
void
dag_task_set_deadline (DagTask *self,
                       guint    deadline)
{
  DagTaskTime *time;
  gboolean changed;

  g_return_if_fail (DAG_IS_TASK (self));

  if (deadline == 0 && dag_task_get_deadline (self) == 0)
    return;

  time = dag_task_get_time (self);

  dag_node_lock (DAG_NODE (self));
  changed = time->deadline != deadline;
  time->deadline = deadline;
  time->end = g_get_monotonic_time () + deadline * DAG_MILLISECOND;
  dag_node_unlock (DAG_NODE (self));

  dag_node_raise (DAG_NODE (self), DAG_EVENT_TIME);

  if (changed)
    g_object_notify (G_OBJECT (self), "deadline");
}
