/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error-private.h"
#include "dag-task-private.h"

/* How a task goes from waiting to settled. Everything here runs in the owning context, called by
 * its queue.
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

/* Frees what only the function needed. Returns whether that is done: if not, the task is in the
 * queue again.
 */
static gboolean
dag_task_release_body (DagTask *self)
{
  GDestroyNotify destroy;
  gpointer data;

  dag_node_close (DAG_NODE (self));

  /* Who builds it elsewhere may have given it a function only now. */
  dag_node_lock (DAG_NODE (self));
  destroy = g_steal_pointer (&self->function_data_destroy);
  data = g_steal_pointer (&self->function_data);
  dag_node_unlock (DAG_NODE (self));

  if (destroy != NULL)
    {
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

/* Ends as a dependency did, which did not succeed. Under the lock.
 *
 * @hop: (transfer full): its trace
 */
static void
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

/* The outcome is there: gives an error its trace, and sets the state. */
static void
dag_task_record_end (DagTask  *self,
                     gboolean  over)
{
  DagNode *node = DAG_NODE (self);
  DagTaskRare *rare = dag_task_peek_rare (self);
  DagReason reason = DAG_REASON_NONE;
  DagTrace *trace = NULL;
  GError *error = NULL;
  gboolean started, following;

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
                            dag_trace_new_root (error, reason, dag_task_get_name (self),
                                                g_atomic_pointer_get (&self->location),
                                                rare != NULL ? rare->details : NULL));

  if (self->outcome.kind == DAG_OUTCOME_TRACE)
    {
      trace = dag_trace_ref (self->outcome.trace);
      reason = dag_trace_get_reason (trace);
    }

  started = node->started;
  following = self->following;

  dag_node_unlock (node);

  dag_node_finish (node, dag_task_get_end_state (self, started, reason), reason, trace, over);

  /* Not before: from now on the edge cannot come or get a reference any more. */
  if (following)
    {
      DagNode *other = dag_node_stop_following (node);

      if (other != NULL)
        dag_node_answer (other);
      g_clear_object (&other);
    }
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
      dag_task_leave_time (self);
      self->phase = dag_task_is_observed (self) ? DAG_PHASE_NOTIFY : DAG_PHASE_CALLBACK;
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
              dag_node_again (node);
              dag_node_look (node);
              rare->callback (rare->source_object, G_ASYNC_RESULT (self), rare->callback_data);
              g_atomic_int_set (&self->completed, TRUE);
              return FALSE;
            }
        }
      g_atomic_int_set (&self->completed, TRUE);
      return TRUE;

    case DAG_PHASE_WAITS:
    case DAG_PHASE_SETTLE_WAITS:
      if (!dag_task_deliver_waits (self, self->phase == DAG_PHASE_SETTLE_WAITS))
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
      if (!dag_task_get_settled (self) && (!over || !dag_node_settle (node)))
        return FALSE;
      self->phase++;
      return TRUE;

    case DAG_PHASE_NOTIFY_SETTLED:
      self->phase++;
      if (!dag_task_is_observed (self))
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
        g_object_unref (self);
      return FALSE;

    case DAG_PHASE_DONE:
    default:
      return FALSE;
    }
}

static void
dag_task_advance (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  gboolean ready, over, ended;

  dag_node_lock (node);
  ready = self->outcome.kind != DAG_OUTCOME_UNSET;
  over = self->returned || (ready && !node->started);
  ended = self->ended;
  dag_node_unlock (node);

  if (over && !self->released)
    {
      /* Never while the function, which may use what it has, is on the stack. */
      if (self->on_stack > 0)
        over = FALSE;
      else if (!dag_task_release_body (self))
        return;
    }

  if (self->phase == DAG_PHASE_OPEN && (!ready || (!over && !ended)))
    return;

  while (dag_task_take_step (self, over))
    ;
}

/* Cancellation was asked for. */
static void
dag_task_handle_cancel (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  gboolean end;

  if (self->phase != DAG_PHASE_OPEN)
    return;

  dag_node_lock (node);
  end = !node->started || (self->returned ? self->following && !self->ignore_cancellable
                                          : self->return_on_cancel);
  dag_node_unlock (node);

  if (end)
    dag_task_end (self, dag_task_new_cancelled_error ());

  dag_task_cancel_own (self);
}

/* It takes longer than it may. */
static void
dag_task_handle_late (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  GError *error = NULL;

  if (self->phase != DAG_PHASE_OPEN)
    return;

  if (dag_task_is_cancelled (self) && dag_task_get_check_cancellable (self))
    return;

  dag_node_lock (node);
  self->late = TRUE;
  if (!node->started || (self->returned ? self->following : self->return_on_cancel))
    error = dag_task_new_late_error (self);
  dag_node_unlock (node);

  if (error != NULL)
    dag_task_end (self, error);

  dag_task_cancel_own (self);
}

/* All dependencies are there, or one refused. */
static void
dag_task_handle_decision (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  DagState state = g_atomic_int_get (&node->state);
  gboolean open, startable, refused;

  dag_node_lock (node);

  open = !node->started && !node->released && self->outcome.kind == DAG_OUTCOME_UNSET;
  startable = open && dag_node_is_startable (node);
  refused = open && dag_node_is_refused (node);
  if (refused)
    {
      DagTrace *refusal = dag_node_take_refusal (node);

      if (refusal != NULL)
        dag_task_inherit (self, refusal);
      else
        self->outcome.kind = DAG_OUTCOME_SKIP;
    }

  dag_node_unlock (node);

  if (startable && state == DAG_STATE_WAITING)
    {
      g_atomic_int_set (&node->state, DAG_STATE_READY);
      dag_queue_make_ready (node->queue, &node->member, dag_task_get_priority (self));
      dag_task_notify_state (self);
    }
  else if (open && !startable && state == DAG_STATE_READY)
    {
      /* Something was added that it has to wait for. */
      g_atomic_int_set (&node->state, DAG_STATE_WAITING);
      dag_queue_make_idle (node->queue, &node->member);
      dag_task_notify_state (self);
    }
}

/* It has another place among those that are ready, if it is still one of them. */
static void
dag_task_handle_priority (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  gboolean open;

  dag_node_lock (node);
  open = !node->started && self->outcome.kind == DAG_OUTCOME_UNSET;
  dag_node_unlock (node);

  if (open && g_atomic_int_get (&node->state) == DAG_STATE_READY)
    dag_queue_make_ready (node->queue, &node->member, dag_task_get_priority (self));
}

/* What it follows has finished. */
static void
dag_task_handle_followed (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  DagOutcome copy = DAG_OUTCOME_INIT;
  DagTask *other;

  if (self->outcome.kind != DAG_OUTCOME_UNSET)
    return;

  other = DAG_NODE_TASK (dag_node_stop_following (node));
  g_assert (other != NULL);

  /* That is anybody's code. */
  if (dag_outcome_has_value (&other->outcome))
    dag_outcome_copy (&copy, &other->outcome);

  dag_node_lock (node);

  if (dag_outcome_has_value (&other->outcome))
    {
      DagTaskRare *rare = dag_task_peek_rare (other);
      DagTask *owner = rare != NULL ? rare->value_owner : NULL;

      /* The first of tasks that follow one another has what is not in the value; all others keep
       * that.
       */
      if (owner == NULL && (other->outcome.kind == DAG_OUTCOME_POINTER || other->foreign))
        owner = other;
      if (owner != NULL)
        dag_task_get_rare (self)->value_owner = g_object_ref (owner);

      dag_outcome_move (&self->outcome, &copy);
    }
  else
    {
      DagTrace *cause = DAG_NODE (other)->trace;

      dag_trace_hand_on (cause, NULL);
      dag_task_inherit (self, dag_trace_new_hop (cause, other));
    }

  dag_node_unlock (node);

  dag_node_answer (DAG_NODE (other));
  g_object_unref (other);
}

/*< private >
 * dag_task_enter_function:
 *
 * The function is going to be called: until dag_task_leave_function(), what it uses is not freed.
 */
void
dag_task_enter_function (DagTask *self)
{
  g_object_ref (self);
  self->on_stack++;
}

/*< private >
 * dag_task_leave_function:
 *
 * The function has come back, whether it has returned an outcome or not.
 */
void
dag_task_leave_function (DagTask *self)
{
  self->on_stack--;

  dag_task_advance (self);
  g_object_unref (self);
}

/* Calls the function, when its arguments are there. */
static void
dag_task_call_function (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  g_autoptr (GError) error = NULL;

  self->starting = !dag_task_prepare_arguments (self, &error) && error == NULL;
  if (self->starting)
    {
      dag_node_again (node);
      return;
    }

  if (error == NULL)
    error = dag_task_begin_time (self);

  dag_task_enter_function (self);

  if (error != NULL)
    {
      dag_node_lock (node);
      self->returned = TRUE;
      dag_node_unlock (node);

      dag_task_end (self, g_steal_pointer (&error));
    }
  else
    {
      g_atomic_int_set (&node->state, DAG_STATE_RUNNING);
      dag_task_notify_state (self);
      dag_task_emit_started (self);

      if (dag_task_is_cancelled (self))
        dag_task_return_error (self, dag_task_new_cancelled_error ());
      else if (self->function != NULL)
        self->function (self, self->function_data);
      else
        dag_task_return (self);
    }

  dag_task_leave_function (self);
}

/*< private >
 * dag_task_pin:
 *
 * Takes a reference that is dropped when the task leaves the queue. Under the lock.
 */
void
dag_task_pin (DagTask *self)
{
  if (!self->kept)
    {
      self->kept = TRUE;
      g_object_ref (self);
    }
}

/* The context was destroyed. A function that is at work in a thread has its arguments all the same
 * until it returns.
 */
static void
dag_task_abandon (DagTask *self)
{
  DagNode *node = DAG_NODE (self);

  dag_task_end (self, g_error_new_literal (DAG_ERROR, DAG_ERROR_ABANDONED,
                                           "The main context of the task was destroyed"));

  self->starting = FALSE;

  dag_node_lock (node);
  dag_task_pin (self);
  self->ended = TRUE;
  if (self->n_threads == 0)
    self->returned = TRUE;
  dag_node_unlock (node);

  dag_node_raise (node, DAG_EVENT_RETURNED);
}

/*< private >
 * dag_task_run_item:
 *
 * Looks after the events of a task.
 */
void
dag_task_run_item (DagItem *item)
{
  DagTask *self = DAG_NODE_TASK (DAG_NODE_MEMBER (item));
  DagNode *node = DAG_NODE (self);
  guint events = dag_node_take_events (node);

  if ((events & DAG_EVENT_NEW) && !dag_queue_is_closed (node->queue))
    dag_queue_add_member (node->queue, &node->member);

  if (events & DAG_EVENT_CANCEL)
    dag_task_handle_cancel (self);

  if (events & DAG_EVENT_TIME)
    dag_task_handle_time (self);

  if (events & DAG_EVENT_LATE)
    dag_task_handle_late (self);

  /* It may come when its context is being destroyed, or is gone already. */
  if ((events & DAG_EVENT_NEW) && dag_queue_is_closed (node->queue))
    dag_task_abandon (self);

  if (events & (DAG_EVENT_READY | DAG_EVENT_REFUSED))
    dag_task_handle_decision (self);

  if (events & DAG_EVENT_PRIORITY)
    dag_task_handle_priority (self);

  if (events & DAG_EVENT_FOLLOWED)
    dag_task_handle_followed (self);

  if (self->starting && !dag_queue_is_closed (node->queue))
    dag_task_call_function (self);
  else
    dag_task_advance (self);

  /* The reference of the queue. */
  g_object_unref (self);
}

/*< private >
 * dag_task_start_member:
 *
 * Starts the task, when nothing has come between.
 */
void
dag_task_start_member (DagMember *member)
{
  DagTask *self = DAG_NODE_TASK (DAG_NODE_MEMBER (member));
  DagNode *node = DAG_NODE (self);
  gboolean open, start;

  dag_node_lock (node);
  open = self->outcome.kind == DAG_OUTCOME_UNSET && !dag_task_is_cancelled (self);
  start = open && dag_node_is_startable (node);
  if (start)
    node->started = TRUE;
  dag_node_unlock (node);

  if (!open)
    return;

  if (!start)
    {
      /* Something was added a moment ago that it has to wait for. */
      g_atomic_int_set (&node->state, DAG_STATE_WAITING);
      dag_node_raise (node, DAG_EVENT_READY);
      dag_task_notify_state (self);
      return;
    }

  dag_task_call_function (self);
}

void
dag_task_pin_member (DagMember *member)
{
  DagTask *self = DAG_NODE_TASK (DAG_NODE_MEMBER (member));

  dag_node_lock (DAG_NODE (self));
  dag_task_pin (self);
  dag_node_unlock (DAG_NODE (self));
}

void
dag_task_abandon_member (DagMember *member)
{
  dag_task_abandon (DAG_NODE_TASK (DAG_NODE_MEMBER (member)));
}

const DagItemClass dag_task_item_class = {
  .run = dag_task_run_item,
  .start = dag_task_start_member,
  .pin = dag_task_pin_member,
  .abandon = dag_task_abandon_member,
};
