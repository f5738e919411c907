/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-node-private.h"

/* What the end of a dependency means for a dependent: the table of doc/failure.md. */

/*< private >
 * dag_node_decide:
 *
 * Whether the node may start or has to be skipped, as an event. Under the lock.
 */
guint
dag_node_decide (DagNode *self)
{
  if (self->unpublished || self->released)
    return 0;

  if (dag_node_is_refused (self))
    return DAG_EVENT_REFUSED;

  return dag_node_is_startable (self) ? DAG_EVENT_READY : 0;
}

/*< private >
 * dag_node_is_refused:
 *
 * Whether the node has to be skipped. Under the lock.
 */
gboolean
dag_node_is_refused (DagNode *self)
{
  if (self->prerequisite_refused || !self->input_refused)
    return self->prerequisite_refused;

  switch ((DagTrigger) self->trigger)
    {
    case DAG_TRIGGER_ANY:
      /* While it is held there may be more to come. */
      return !self->satisfied && self->n_undecided_inputs == 0 && self->n_holds == 0;
    case DAG_TRIGGER_FIRST:
      return self->first_refused;
    case DAG_TRIGGER_ALL:
    default:
      return TRUE;
    }
}

/*< private >
 * dag_node_is_startable:
 *
 * Whether nothing keeps the node from starting. Under the lock.
 */
gboolean
dag_node_is_startable (DagNode *self)
{
  if (self->n_holds > 0 || self->n_undecided_others > 0 || dag_node_is_refused (self))
    return FALSE;

  return self->n_undecided_inputs == 0 ||
         (self->trigger != DAG_TRIGGER_ALL && self->satisfied);
}

/* Whether the node waits for more, however what it knows came out. Under the lock. */
static inline gboolean
dag_node_is_waiting (DagNode *self)
{
  return self->n_undecided_others > 0 ||
         (self->n_undecided_inputs > 0 && self->trigger == DAG_TRIGGER_ALL);
}

/* Under the lock. */
static DagVerdicts *
dag_node_get_verdicts (DagNode *self)
{
  if (self->verdicts == NULL)
    self->verdicts = g_new0 (DagVerdicts, 1);

  return self->verdicts;
}

/*< private >
 * dag_node_peek_failures:
 *
 * Under the lock, or when nobody knows the node any more.
 *
 * Returns: (transfer none) (nullable): those of all that were refused, the last of a ring
 */
DagTrace *
dag_node_peek_failures (DagNode *self)
{
  return self->verdicts != NULL ? self->verdicts->failures : NULL;
}

/*< private >
 * dag_node_is_refused_by_failure:
 *
 * Whether it ended because a dependency failed. Under the lock, or when it has settled.
 */
gboolean
dag_node_is_refused_by_failure (DagNode *self)
{
  return self->verdicts != NULL && self->verdicts->refused_by_failure;
}

static DagReason
dag_edge_get_refusal_reason (DagEdge *edge)
{
  return edge->dependency->reason != DAG_REASON_NONE ? edge->dependency->reason
                                                     : DAG_REASON_NOT_NEEDED;
}

/* Finds what the node has to be skipped for by its trigger, or will have to be if no input is
 * satisfied. Of what is known already the order is that in which it was attached. Under the lock.
 */
static void
dag_node_find_refusal (DagNode     *self,
                       DagVerdicts *verdicts)
{
  DagEdge *decisive = NULL, *best = NULL;

  /* From the last to the first, as the spans are. */
  for (DagEdgeSpan span = dag_node_get_newest_span (self); span.edges != NULL;
       span = dag_node_get_older_span (self, &span))
    for (guint i = span.length; i > 0; i--)
      {
        DagEdge *edge = &span.edges[i - 1];

        if (!edge->told || edge->satisfied)
          continue;

        if (edge->kind != DAG_EDGE_INPUT || self->trigger == DAG_TRIGGER_ALL ||
            (self->trigger == DAG_TRIGGER_FIRST && self->first_refused))
          decisive = edge;
        else if (best == NULL ||
                 dag_edge_get_refusal_reason (edge) <= dag_edge_get_refusal_reason (best))
          best = edge;
      }

  verdicts->refusal = decisive != NULL ? decisive : best;
  verdicts->decisive = NULL;

  if (verdicts->refusal != NULL &&
      dag_edge_get_refusal_reason (verdicts->refusal) == DAG_REASON_FAILURE)
    do
      verdicts->decisive = dag_traces_get_next (verdicts->failures, verdicts->decisive);
    while (dag_trace_get_cause (verdicts->decisive) != verdicts->refusal->dependency->trace);
}

/*< private >
 * dag_node_set_trigger:
 *
 * Sets how the inputs combine, also of those that are there already, before it has started.
 *
 * Returns: whether it has not; one that was cancelled or skipped has no use for it, and that is all
 */
gboolean
dag_node_set_trigger (DagNode    *self,
                      DagTrigger  trigger)
{
  gboolean started;
  guint events = 0;

  dag_node_lock (self);

  started = self->started;
  if (!started && !self->released)
    {
      self->trigger = trigger;
      if (self->verdicts != NULL)
        dag_node_find_refusal (self, self->verdicts);
      events = dag_node_decide (self);
    }

  dag_node_unlock (self);

  if (events != 0)
    dag_node_raise (self, events);

  return !started;
}

/*< private >
 * dag_node_carry:
 * @trace: the trace of a dependency that failed
 *
 * The node, which a failure ended, carries another one beside that, unless it is the same. Under
 * the lock.
 */
void
dag_node_carry (DagNode  *self,
                DagTrace *trace)
{
  dag_trace_hand_on (trace, self->verdicts->decisive);
}

/*< private >
 * dag_node_take_refusal:
 *
 * The node ends as refused: takes over the question from the dependency that decided. Under the
 * lock.
 *
 * Returns: (transfer full) (nullable): its trace, %NULL if the dependency succeeded
 */
DagTrace *
dag_node_take_refusal (DagNode *self)
{
  DagEdge *refusal = g_steal_pointer (&self->verdicts->refusal);
  DagNode *dependency = refusal->dependency;

  self->verdicts->refused_by_failure =
    dag_edge_get_refusal_reason (refusal) == DAG_REASON_FAILURE;
  self->released = TRUE;

  if (dependency->trace == NULL)
    return NULL;

  dag_trace_hand_on (dependency->trace, NULL);

  if (self->verdicts->refused_by_failure)
    return dag_trace_ref (self->verdicts->decisive);

  return dag_trace_new_hop (dependency->trace);
}

/* Counts what came of an edge. Under the lock of @self.
 *
 * @reason: how the dependency ended
 * @trace: its trace, if it did not succeed
 */
static void
dag_node_judge (DagNode   *self,
                DagEdge   *edge,
                DagReason  reason,
                DagTrace  *trace)
{
  DagVerdicts *verdicts;
  DagTrace *failure = NULL;
  gboolean satisfied, refused;

  switch ((DagRule) edge->rule)
    {
    case DAG_RULE_FINISHED:
      satisfied = TRUE;
      break;
    case DAG_RULE_FAILED:
      satisfied = reason == DAG_REASON_FAILURE;
      break;
    case DAG_RULE_SUCCEEDED:
    default:
      satisfied = reason == DAG_REASON_NONE;
      break;
    }

  edge->told = TRUE;
  edge->satisfied = satisfied;
  refused = !satisfied && dag_node_is_refused (self);

  if (edge->kind == DAG_EDGE_INPUT)
    self->n_undecided_inputs--;
  else
    self->n_undecided_others--;

  /* A raw input is an argument whatever came of it, and of the others one that was refused is
   * wanted until it is clear which of them decides.
   */
  if (edge->kind == DAG_EDGE_FOLLOW ? !self->finished
                                    : edge->kind != DAG_EDGE_FOLLOWED && !self->released)
    {
      edge->owned = TRUE;
      dag_node_keep (edge->dependency);
      if (dag_edge_asks (edge))
        dag_node_ask (edge->dependency);
    }

  if (satisfied)
    {
      if (edge->kind == DAG_EDGE_INPUT)
        {
          if (!self->satisfied && (g_atomic_int_get (&self->flags) & DAG_NODE_RACES))
            dag_node_get_verdicts (self)->winner = edge->dependency;
          self->satisfied = TRUE;
          if (trace != NULL)
            dag_trace_look (trace);
        }

      return;
    }

  verdicts = dag_node_get_verdicts (self);

  if (reason == DAG_REASON_NONE)
    reason = DAG_REASON_NOT_NEEDED;

  if (reason == DAG_REASON_FAILURE)
    {
      failure = dag_trace_new_hop (trace);
      dag_traces_append (&verdicts->failures, failure);
    }

  if (self->started || self->released)
    {
      /* The function has the task, or the node carries the failure beside one that came first. */
      if (reason == DAG_REASON_FAILURE && self->started)
        dag_trace_look (trace);
      else if (reason == DAG_REASON_FAILURE && verdicts->refused_by_failure)
        dag_node_carry (self, trace);
    }
  else if (!refused)
    {
      /* A prerequisite decides, whatever inputs were refused before, and so does any input by ALL.
       * Else it is the earliest failure, or the earliest cancellation, or that there was nothing to
       * do.
       */
      if (edge->kind != DAG_EDGE_INPUT || self->trigger == DAG_TRIGGER_ALL ||
          verdicts->refusal == NULL ||
          reason < dag_edge_get_refusal_reason (verdicts->refusal))
        {
          verdicts->refusal = edge;
          verdicts->decisive = failure;
        }
    }

  if (edge->kind == DAG_EDGE_INPUT)
    {
      self->input_refused = TRUE;
      if (!self->satisfied)
        self->first_refused = TRUE;
    }
  else
    {
      self->prerequisite_refused = TRUE;
    }
}

/*< private >
 * dag_edge_tell:
 * @reason: how the dependency ended
 * @trace: its trace, if it did not succeed
 * @settled: whether it has settled too
 *
 * Tells a dependent how a dependency ended. The edge must not be touched afterwards if that has
 * settled.
 */
void
dag_edge_tell (DagEdge   *edge,
               DagReason  reason,
               DagTrace  *trace,
               gboolean   settled)
{
  DagNode *dependent = dag_edge_get_dependent (edge);
  gboolean foreign = edge->foreign;
  guint events = 0;

  /* In another thread it may go as soon as it is unlocked. */
  if (foreign)
    dag_node_keep (dependent);

  dag_node_lock (dependent);

  if (!edge->told &&
      (settled || edge->rule == DAG_RULE_SUCCEEDED || edge->kind == DAG_EDGE_FOLLOW))
    {
      dag_node_judge (dependent, edge, reason, trace);

      if (edge->kind == DAG_EDGE_FOLLOW)
        events |= DAG_EVENT_FOLLOWED;
      else if (!dependent->started && !(edge->satisfied && dag_node_is_waiting (dependent)))
        events |= dag_node_decide (dependent);
    }

  if (settled)
    {
      edge->settled = TRUE;
      if (!edge->owned)
        edge->dependency = NULL;

      if (--dependent->n_unsettled == 0 && dependent->finished)
        events |= DAG_EVENT_SETTLED;
    }

  dag_node_unlock (dependent);

  if (events != 0)
    dag_node_raise (dependent, events);

  if (foreign)
    dag_node_unkeep (dependent);
}
