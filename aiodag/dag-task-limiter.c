/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-task-private.h"

/* The task whose function this thread is calling. */
static _Thread_local DagTask *current;

/*< private >
 * dag_task_swap_current:
 * @task: (nullable): whose function this thread is calling now
 *
 * Returns: (nullable): whose function it was calling, as far as anybody needs to know
 */
DagTask *
dag_task_swap_current (DagTask *task)
{
  DagTask *outer;

  if (!g_atomic_int_get (&dag_claims_exist))
    return NULL;

  outer = current;
  current = task;

  return outer;
}

static DagClaim *
dag_task_peek_claim (DagTask *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self);

  return rare != NULL ? rare->claim : NULL;
}

/* What those that the function of the task makes may run on. */
static DagClaim *
dag_task_peek_claim_for_others (DagTask *self)
{
  DagTaskRare *rare = dag_task_peek_rare (self);

  if (rare == NULL)
    return NULL;

  return rare->claim != NULL ? rare->claim : rare->creator;
}

/*< private >
 * dag_task_lends:
 *
 * Whether what the function of the task makes may run on slots that are there. In the owning context.
 */
gboolean
dag_task_lends (DagTask *self)
{
  return dag_task_peek_claim_for_others (self) != NULL;
}

static void
dag_task_take_creator (DagTask *self,
                       DagTask *creator)
{
  DagClaim *claim = creator != NULL ? dag_task_peek_claim_for_others (creator) : NULL;
  DagTaskRare *rare;

  if (claim == NULL && dag_task_peek_rare (self) == NULL)
    return;

  rare = dag_task_get_rare (self);
  g_clear_pointer (&rare->creator, dag_claim_unref);
  rare->creator = claim != NULL ? dag_claim_ref (claim) : NULL;
  if (rare->claim != NULL)
    dag_claim_set_creator (rare->claim, claim);
}

/*< private >
 * dag_task_note_creator:
 *
 * The task is being made by the function that this thread is calling, if it is.
 */
void
dag_task_note_creator (DagTask *self)
{
  DagTask *creator;

  if (!g_atomic_int_get (&dag_claims_exist))
    return;

  creator = current != NULL ? current : dag_task_get_thread_current ();
  if (creator != NULL)
    dag_task_take_creator (self, creator);
}

static void
claim_granted_cb (GObject *owner)
{
  dag_node_raise (DAG_NODE (owner), DAG_EVENT_TURN);
}

static DagClaim *
dag_task_get_claim (DagTask *self)
{
  DagTaskRare *rare = dag_task_get_rare (self);

  if (rare->claim == NULL)
    {
      DagClaim *claim = dag_claim_new (G_OBJECT (self), claim_granted_cb);

      dag_claim_set_creator (claim, rare->creator);
      g_atomic_pointer_set (&rare->claim, claim);
    }

  return rare->claim;
}

/*< private >
 * dag_task_ask_limiters:
 *
 * The task could be started. In the owning context.
 *
 * Returns: whether nothing is against it; else it waits for its turn
 */
gboolean
dag_task_ask_limiters (DagTask *self)
{
  DagClaim *claim = dag_task_peek_claim (self);

  return claim == NULL || dag_claim_ask (claim, dag_task_get_priority (self));
}

/*< private >
 * dag_task_leave_limiters:
 *
 * The task is not at work, or does not wait for its turn any longer. In the owning context.
 */
void
dag_task_leave_limiters (DagTask *self)
{
  DagClaim *claim = dag_task_peek_claim (self);

  if (claim != NULL)
    dag_claim_release (claim);
}

/*< private >
 * dag_task_close_limiters:
 *
 * The function of the task will not be called again. In the owning context.
 */
void
dag_task_close_limiters (DagTask *self)
{
  DagClaim *claim = dag_task_peek_claim (self);

  if (claim != NULL)
    dag_claim_close (claim);
}

/*< private >
 * dag_task_change_turn:
 *
 * The task has another priority. In the owning context.
 *
 * Returns: whether it waits for its turn, and has another place there
 */
gboolean
dag_task_change_turn (DagTask *self)
{
  DagClaim *claim = dag_task_peek_claim (self);

  return claim != NULL && dag_claim_set_priority (claim, dag_task_get_priority (self));
}

/*< private >
 * dag_task_handle_turn:
 *
 * It is the turn of the task, or it has to ask again. In the owning context.
 */
void
dag_task_handle_turn (DagTask *self)
{
  DagNode *node = DAG_NODE (self);
  gboolean open;

  dag_node_lock (node);
  open = dag_task_is_to_start (self) && self->outcome.kind == DAG_OUTCOME_UNSET &&
         !self->starting;
  dag_node_unlock (node);

  if (!open || g_atomic_int_get (&node->state) != DAG_STATE_READY)
    return;

  /* It may wait for a thread, which may just have begun with it. */
  if (dag_task_take_back (self))
    dag_task_make_ready (self);
}

/* Whether limiters can still be changed: gives up what the task has of them if so, and its place
 * among those that wait for a thread, which could take it without them.
 */
static gboolean
dag_task_begin_limiters (DagTask    *self,
                         const char *caller)
{
  DagClaim *claim = dag_task_peek_claim (self);
  gboolean started;

  dag_node_lock (DAG_NODE (self));
  started = DAG_NODE (self)->started;
  dag_node_unlock (DAG_NODE (self));

  if (started || !dag_task_take_back (self))
    {
      dag_task_complain (self, caller, "has been started");
      return FALSE;
    }

  if (claim != NULL)
    dag_claim_release (claim);

  return TRUE;
}

/**
 * dag_task_add_limiter:
 * @self: a task that has not started
 * @limiter: a limiter
 *
 * Has the task start only when @limiter too has a slot for it. It gets those of all its limiters at
 * once. One that it has already changes nothing.
 *
 * It is for tasks that are built: in the thread that owns the main context, where one cannot start
 * before control is back in the main loop, or elsewhere while the task is held.
 *
 * Since: 1.0
 */
void
dag_task_add_limiter (DagTask    *self,
                      DagLimiter *limiter)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (DAG_IS_LIMITER (limiter));

  if (!dag_task_begin_limiters (self, G_STRFUNC))
    return;

  dag_claim_add_limiter (dag_task_get_claim (self), limiter);
  dag_node_raise (DAG_NODE (self), DAG_EVENT_TURN);

  g_object_notify (G_OBJECT (self), "limiter");
}

/**
 * dag_task_get_limiter: (get-property limiter)
 * @self: a task
 *
 * Gets the limiter of the task; if there are several, that which was added first.
 *
 * Returns: (transfer none) (nullable): the limiter, %NULL if there is none
 *
 * Since: 1.0
 */
DagLimiter *
dag_task_get_limiter (DagTask *self)
{
  DagClaim *claim;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  claim = dag_task_peek_claim (self);

  return claim != NULL ? dag_claim_get_limiter (claim) : NULL;
}

/**
 * dag_task_set_limiter: (set-property limiter)
 * @self: a task that has not started
 * @limiter: (nullable): a limiter; %NULL for none
 *
 * Sets how many tasks may be at work together with this one, in the place of all limiters that it
 * had. See [class@Dag.Limiter].
 *
 * It is for tasks that are built: in the thread that owns the main context, where one cannot start
 * before control is back in the main loop, or elsewhere while the task is held.
 *
 * Since: 1.0
 */
void
dag_task_set_limiter (DagTask    *self,
                      DagLimiter *limiter)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (limiter == NULL || DAG_IS_LIMITER (limiter));

  if (limiter == NULL && dag_task_get_limiter (self) == NULL)
    return;

  if (!dag_task_begin_limiters (self, G_STRFUNC))
    return;

  dag_claim_clear (dag_task_get_claim (self));
  if (limiter != NULL)
    dag_claim_add_limiter (dag_task_get_claim (self), limiter);
  dag_node_raise (DAG_NODE (self), DAG_EVENT_TURN);

  g_object_notify (G_OBJECT (self), "limiter");
}

/**
 * dag_task_set_creator:
 * @self: a task that has not started
 * @creator: (nullable): the task whose function has made it; %NULL for none
 *
 * Says by the function of which task this one was made, so that it may run on the slots which that
 * has of its limiters. See [class@Dag.Limiter].
 *
 * While a function is being called, and in a thread function, that is known. It has to be said of a
 * task that is made later, by a callback which the function has left behind.
 *
 * It is for tasks that are built: in the thread that owns the main context, where one cannot start
 * before control is back in the main loop, or elsewhere while the task is held.
 *
 * Since: 1.0
 */
void
dag_task_set_creator (DagTask *self,
                      DagTask *creator)
{
  g_return_if_fail (DAG_IS_TASK (self));
  g_return_if_fail (creator == NULL || DAG_IS_TASK (creator));
  g_return_if_fail (creator != self);

  if (!dag_task_begin_limiters (self, G_STRFUNC))
    return;

  dag_task_take_creator (self, creator);
  dag_node_raise (DAG_NODE (self), DAG_EVENT_TURN);
}
