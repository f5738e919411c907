/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-error.h"
#include "dag-task-private.h"

/* What happens to a task until its function has returned. Everything here runs in the owning
 * context, called by its queue.
 */

/* It will end without a result: no thread needs to begin with it. Returns what
 * dag_task_drop_calls() does.
 */
static gboolean
dag_task_drop_unless_asked (DagTask *self)
{
  /* What is on the stack may have more to do than wait for that. */
  return self->on_stack == 0 && dag_task_get_check_cancellable (self) &&
         dag_task_drop_calls (self);
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
  end = dag_task_is_to_start (self) ||
        (self->returned ? self->following && !self->ignore_cancellable : self->return_on_cancel);
  dag_node_unlock (node);

  end = dag_task_drop_unless_asked (self) || end;
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
  gboolean late, dropped, following = FALSE;

  if (self->phase != DAG_PHASE_OPEN)
    return;

  if (dag_task_is_cancelled (self) && dag_task_get_check_cancellable (self))
    return;

  dag_node_lock (node);

  /* It may have been an earlier attempt, or one that has returned in time, in a thread from which it
   * has not come back.
   */
  late = self->outcome.kind == DAG_OUTCOME_UNSET && dag_task_check_late (self);
  if (late)
    self->late = TRUE;

  /* If there is another attempt, that waits for the function. */
  if (late && (dag_task_is_to_start (self) ||
               (self->returned ? self->following
                               : self->return_on_cancel && !dag_task_has_attempts (self))))
    {
      error = dag_task_new_late_error (self);
      following = !dag_task_is_to_start (self) && self->returned;
    }

  dag_node_unlock (node);

  if (!late)
    return;

  dropped = dag_task_drop_unless_asked (self);
  if (dropped && error == NULL)
    {
      dag_node_lock (node);
      error = dag_task_new_late_error (self);
      dag_node_unlock (node);
    }

  if (error != NULL)
    dag_task_end (self, error);

  /* As if the function had returned that. */
  if (dropped || following)
    {
      dag_node_lock (node);
      self->ended = !dag_task_has_attempts (self);
      dag_node_unlock (node);
    }

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

  if (refused)
    dag_task_drop_calls (self);

  if (startable && state == DAG_STATE_WAITING)
    {
      g_atomic_int_set (&node->state, DAG_STATE_READY);
      dag_task_make_ready (self);
      dag_task_notify_state (self);
    }
  else if (open && !startable && state == DAG_STATE_READY && dag_task_take_back (self))
    {
      /* Something was added that it has to wait for. If that has just finished in another context, a
       * thread may have begun all the same.
       */
      dag_task_leave_limiters (self);
      g_atomic_int_set (&node->state, DAG_STATE_WAITING);
      dag_queue_make_idle (node->queue, &node->member);
      dag_task_notify_state (self);
    }
}

/* What it follows has finished. */
static void
dag_task_handle_followed (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  DagOutcome copy = DAG_OUTCOME_INIT;
  DagTask *other;

  /* It may have been an earlier attempt that followed. */
  if (self->outcome.kind != DAG_OUTCOME_UNSET || !dag_node_is_to_end (node))
    return;

  other = DAG_NODE_TASK (dag_node_stop_following (node));

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
      dag_task_inherit (self, dag_trace_new_hop (cause));
    }

  dag_node_unlock (node);

  dag_node_answer (DAG_NODE (other));
  dag_node_unkeep (DAG_NODE (other));
}

/*< private >
 * dag_task_enter_function:
 *
 * The function is going to be called: until dag_task_leave_function(), what it uses is not freed.
 */
void
dag_task_enter_function (DagTask *self)
{
  dag_node_keep (DAG_NODE (self));
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
  dag_node_unkeep (DAG_NODE (self));
}

/* Whether the task starts now, when nothing has come between, or waits for a thread to start it. */
static gboolean
dag_task_decide_start (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  gboolean open, start;

  /* It stays as it is until it is its turn. */
  if (!dag_task_ask_limiters (self))
    return FALSE;

  dag_node_lock (node);
  open = self->outcome.kind == DAG_OUTCOME_UNSET && !dag_task_is_cancelled (self);
  start = open && (self->pausing || dag_node_is_startable (node));
  if (start && !dag_task_is_for_thread (self))
    dag_task_begin_attempt (self);
  /* The last of a ring, which leads to the first when it has returned. */
  __builtin_prefetch (node->dependents, 1);
  dag_node_unlock (node);

  if (open && !start)
    {
      /* Something was added a moment ago that it has to wait for. */
      dag_task_leave_limiters (self);
      g_atomic_int_set (&node->state, DAG_STATE_WAITING);
      dag_node_raise (node, DAG_EVENT_READY);
      dag_task_notify_state (self);
    }

  return start;
}

/* Calls the function, or has a thread do that, when its arguments are there. */
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

  if (dag_task_is_to_start (self))
    {
      if (error == NULL)
        {
          dag_task_queue_call (self);
          return;
        }

      dag_node_lock (node);
      dag_task_begin_attempt (self);
      dag_node_unlock (node);
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
        {
          DagTask *outer = dag_task_swap_current (self);

          self->function (self, self->function_data);
          dag_task_swap_current (outer);
        }
      else
        dag_task_return (self);
    }

  dag_task_leave_function (self);
}

/*< private >
 * dag_task_pin:
 *
 * Keeps the task until it leaves the queue. Under the lock.
 */
void
dag_task_pin (DagTask *self)
{
  if (!self->kept)
    {
      self->kept = TRUE;
      dag_node_keep (DAG_NODE (self));
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
  dag_task_drop_calls (self);

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

  /* Where it was given back there is something new to decide. */
  if ((events & DAG_EVENT_THREAD) &&
      !dag_task_handle_thread (self, (events & DAG_EVENT_RETURNED) != 0))
    events |= DAG_EVENT_READY;

  if (events & DAG_EVENT_CANCEL)
    dag_task_handle_cancel (self);

  if (events & DAG_EVENT_TIME)
    dag_task_handle_time (self);

  if (events & DAG_EVENT_LATE)
    dag_task_handle_late (self);

  if (events & DAG_EVENT_CLOSED)
    dag_task_abandon (self);

  if (events & (DAG_EVENT_READY | DAG_EVENT_REFUSED))
    dag_task_handle_decision (self);

  if (events & DAG_EVENT_PRIORITY)
    dag_task_handle_priority (self);

  if (events & DAG_EVENT_RETRY)
    dag_task_handle_pause_over (self);

  if (events & DAG_EVENT_TURN)
    dag_task_handle_turn (self);

  if (events & DAG_EVENT_FOLLOWED)
    dag_task_handle_followed (self);

  /* One that a thread is going to start may have to wait again, or not start at all. */
  if (self->starting && dag_task_is_to_start (self) && !dag_task_decide_start (self))
    self->starting = FALSE;

  if (self->starting && !dag_queue_is_closed (node->queue))
    dag_task_call_function (self);
  else if (events != DAG_EVENT_READY || g_atomic_int_get (&node->state) != DAG_STATE_READY)
    dag_task_advance (self);

  /* The queue did so until now. */
  dag_node_unkeep (node);
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

  if (dag_task_decide_start (self))
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
