/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error-private.h"
#include "dag-task-private.h"

/* How a task goes from its outcome to being settled. Everything here runs in the owning context,
 * called by its queue.
 */

/*< private >
 * dag_task_end:
 * @error: (transfer full): what the library ends the task with
 *
 * Sets the outcome in the place of the function, unless it is set already.
 */
void
dag_task_end (DagTask *self,
              GError  *error)
{
  DagNode *node = DAG_NODE (self);

  dag_node_lock (node);

  if (self->outcome.kind == DAG_OUTCOME_UNSET)
    {
      dag_outcome_init_error (&self->outcome, g_steal_pointer (&error));
      self->ended = TRUE;
    }

  dag_node_unlock (node);

  g_clear_error (&error);
}

/* Frees what only the function needed. Under the lock, which it leaves. Returns whether that is done:
 * if not, the task is in the queue again.
 */
static gboolean
dag_task_release_body (DagTask *self)
{
  GDestroyNotify destroy;
  gpointer data;

  DAG_NODE (self)->released = TRUE;
  /* Who builds it elsewhere may have given it a function only now. */
  destroy = g_steal_pointer (&self->function_data_destroy);
  data = g_steal_pointer (&self->function_data);

  if (destroy != NULL)
    {
      dag_node_unlock (DAG_NODE (self));
      dag_node_again (DAG_NODE (self));
      destroy (data);

      return FALSE;
    }

  if (!dag_node_drop_dependencies (DAG_NODE (self)) || !dag_task_free_arguments (self))
    {
      dag_node_again (DAG_NODE (self));
      return FALSE;
    }

  self->released = TRUE;

  return TRUE;
}

/*< private >
 * dag_task_inherit:
 * @hop: (transfer full): the trace of a dependency, which did not succeed
 *
 * Ends as the dependency did. Under the lock.
 */
void
dag_task_inherit (DagTask  *self,
                  DagTrace *hop)
{
  dag_trace_set_name (hop, dag_task_get_name (self), g_atomic_pointer_get (&self->location));
  dag_outcome_init_trace (&self->outcome, hop);
}

static DagState
dag_task_get_end_state (DagTask   *self,
                        gboolean   started,
                        DagReason  reason)
{
  /* The library may have ended it before it started. */
  gboolean own = started ||
                 (self->outcome.kind == DAG_OUTCOME_TRACE &&
                  self->outcome.trace == dag_trace_get_root (self->outcome.trace));

  switch (reason)
    {
    case DAG_REASON_FAILURE:
      return own ? DAG_STATE_FAILED : DAG_STATE_SKIPPED;
    case DAG_REASON_CANCELLATION:
      return own ? DAG_STATE_CANCELLED : DAG_STATE_SKIPPED;
    case DAG_REASON_NOT_NEEDED:
      return DAG_STATE_SKIPPED;
    case DAG_REASON_NONE:
    default:
      return DAG_STATE_SUCCEEDED;
    }
}

/* There is no result: gives an error its trace.
 *
 * Returns: (transfer full): the trace
 */
static DagTrace *
dag_task_record_trace (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  DagTaskRare *rare = dag_task_peek_rare (self);
  DagReason reason = DAG_REASON_NONE;
  DagTrace *trace;
  GError *error = NULL;

  if (self->outcome.kind == DAG_OUTCOME_ERROR)
    dag_error_weaken (self->outcome.error);

  dag_node_lock (node);

  if (self->outcome.kind == DAG_OUTCOME_SKIP)
    {
      error = g_error_new_literal (DAG_ERROR, DAG_ERROR_NOT_NEEDED, "There was nothing to do");
      reason = DAG_REASON_NOT_NEEDED;
    }
  else if (self->outcome.kind == DAG_OUTCOME_ERROR)
    {
      error = self->outcome.error;
      reason = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? DAG_REASON_CANCELLATION
                                                                       : DAG_REASON_FAILURE;
    }

  if (error != NULL)
    dag_outcome_init_trace (&self->outcome,
                            dag_trace_new_root (error, reason, self, dag_task_get_name (self),
                                                g_atomic_pointer_get (&self->location),
                                                rare != NULL ? rare->details : NULL));

  trace = dag_trace_ref (self->outcome.trace);

  dag_node_unlock (node);

  return trace;
}

/* The outcome is there, and will not change: sets the state. */
static void
dag_task_record_end (DagTask  *self,
                     gboolean  over)
{
  DagNode *node = DAG_NODE (self);
  DagReason reason = DAG_REASON_NONE;
  DagTrace *trace = NULL;

  if (!dag_outcome_has_value (&self->outcome))
    {
      trace = dag_task_record_trace (self);
      reason = dag_trace_get_reason (trace);
    }

  dag_node_lock (node);
  /* Who comes from now on need not wait. */
  self->waits_over = dag_task_peek_rare (self) == NULL;
  self->settle_waits_over = self->waits_over && over && node->n_unsettled == 0;
  dag_node_finish (node, dag_task_get_end_state (self, node->started, reason), reason, trace, over);

  /* Not before: from now on the edge cannot come or get a reference any more. */
  if (self->following)
    dag_node_drop_followed (node);
}

/* A task whose failure is reported early. */
typedef struct {
  DagItem  item;
  DagTask *task;  /* (owned) */
} DagReport;

static void
dag_report_run (DagItem *item)
{
  DagReport *self = (DagReport *) item;
  DagTask *task = self->task;

  g_free (self);
  dag_node_let_go (DAG_NODE (task));
  g_object_unref (task);
}

static const DagItemClass dag_report_class = {
  .run = dag_report_run,
};

/* What else is in the main loop gets a turn first, and may look at it. */
static void
dag_task_report_later (DagTask *self)
{
  DagReport *report = g_new0 (DagReport, 1);

  report->item.klass = &dag_report_class;
  report->task = g_object_ref (self);
  dag_queue_push_later (DAG_NODE (self)->queue, &report->item);
}

/* Takes the next step of the end of a task, if it is due.
 *
 * @over: whether its own work is over
 *
 * Returns: whether to go on at once; not if that has to wait, or the budget is used up, or
 *   somebody's code was called, which is the last thing that is done here. The task is in the queue
 *   again then if there is more to do.
 */
static gboolean
dag_task_take_step (DagTask  *self,
                    gboolean  over)
{
  DagNode *node = DAG_NODE (self);

  switch ((DagPhase) self->phase)
    {
    case DAG_PHASE_OPEN:
      dag_task_record_end (self, over);
      dag_task_leave_parent (self);
      dag_task_leave_owner (self);
      dag_task_leave_time (self);
      dag_task_leave_retry (self);
      self->phase = dag_task_is_observed (self) ? DAG_PHASE_NOTIFY : DAG_PHASE_CALLBACK;
      /* Who comes from now on finds that it has settled. */
      self->unobserved = self->phase == DAG_PHASE_CALLBACK && node->settled;
      return TRUE;

    case DAG_PHASE_NOTIFY:
      self->phase++;
      dag_node_again (node);
      dag_task_notify_state (self);
      return FALSE;

    case DAG_PHASE_FINISHED:
      self->phase++;
      dag_node_again (node);
      dag_task_emit_finished (self);
      return FALSE;

    case DAG_PHASE_CALLBACK:
      self->phase++;
      if (self->external)
        {
          DagTaskRare *rare = dag_task_peek_rare (self);

          if (rare->callback != NULL)
            {
              self->unobserved = FALSE;
              dag_node_again (node);
              dag_node_look (node);
              rare->callback (rare->source_object, G_ASYNC_RESULT (self), rare->callback_data);
              g_atomic_int_or ((guint *) &node->flags, DAG_NODE_COMPLETED);
              return FALSE;
            }

          g_atomic_int_or ((guint *) &node->flags, DAG_NODE_COMPLETED);
        }
      return TRUE;

    case DAG_PHASE_WAITS:
      if (!self->waits_over && !dag_task_deliver_waits (self, FALSE))
        {
          dag_node_again (node);
          return FALSE;
        }
      self->phase++;
      return TRUE;

    case DAG_PHASE_SETTLE_WAITS:
      if (!self->settle_waits_over && !dag_task_deliver_waits (self, TRUE))
        {
          dag_node_again (node);
          return FALSE;
        }
      self->phase++;
      return TRUE;

    case DAG_PHASE_TELL_FINISHED:
    case DAG_PHASE_TELL_SETTLED:
      if (!dag_node_tell_dependents (node))
        {
          dag_node_again (node);
          return FALSE;
        }
      self->phase++;
      return TRUE;

    case DAG_PHASE_SETTLE:
      if (!node->settled && (!over || !dag_node_settle (node)))
        return FALSE;
      self->phase++;
      return TRUE;

    case DAG_PHASE_NOTIFY_SETTLED:
      self->phase++;
      if (self->unobserved || !dag_task_is_observed (self))
        return TRUE;
      dag_node_again (node);
      dag_task_notify_settled (self);
      return FALSE;

    case DAG_PHASE_LEAVE:
      self->phase++;
      if (node->member.next != NULL)
        dag_queue_remove_member (node->queue, &node->member);
      if (self->reports_early && node->trace != NULL)
        dag_task_report_later (self);
      if (self->kept)
        dag_node_unkeep (node);
      return FALSE;

    case DAG_PHASE_DONE:
    default:
      return FALSE;
    }
}

/* The function has returned, but for those that few tasks have that is all.
 *
 * @ready: whether the outcome is there; else it is that of another task
 *
 * Returns: whether it will not be called again
 */
static gboolean
dag_task_end_attempt (DagTask  *self,
                      gboolean  ready)
{
  gboolean again;

  if (self->phase == DAG_PHASE_OPEN)
    {
      dag_node_lock (DAG_NODE (self));
      again = !ready && (self->pausing || dag_task_has_retry (self));
      dag_node_unlock (DAG_NODE (self));

      if (again || (ready && dag_task_try_again (self)))
        return FALSE;
    }

  if (ready)
    dag_task_close_limiters (self);

  return TRUE;
}

/*< private >
 * dag_task_advance:
 *
 * Goes on with the end of the task, as far as it has come.
 */
void
dag_task_advance (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  gboolean ready, over, ended;

  dag_node_lock (node);
  ready = self->outcome.kind != DAG_OUTCOME_UNSET;
  over = node->started ? self->returned && self->n_threads == 0 : ready;
  ended = self->ended;
  /* The first of them is told soon. */
  if (node->dependents != NULL)
    __builtin_prefetch (node->dependents->next);

  /* Never while the function, which may use what it has, is on the stack. */
  if (over && !self->released && self->on_stack > 0)
    over = FALSE;

  if (over && dag_task_peek_rare (self) != NULL)
    {
      dag_node_unlock (node);
      if (!dag_task_end_attempt (self, ready))
        return;
      dag_node_lock (node);
    }

  if (!over || self->released)
    dag_node_unlock (node);
  else if (!dag_task_release_body (self))
    return;

  if (self->phase == DAG_PHASE_OPEN && (!ready || (!over && !ended)))
    return;

  while (dag_task_take_step (self, over))
    ;

  self->unobserved = FALSE;
}
