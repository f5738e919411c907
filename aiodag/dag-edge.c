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
  if (self->refused)
    return DAG_EVENT_REFUSED;

  return dag_node_is_startable (self) ? DAG_EVENT_READY : 0;
}

/*< private >
 * dag_node_is_startable:
 *
 * Whether nothing keeps the node from starting. Under the lock.
 */
gboolean
dag_node_is_startable (DagNode *self)
{
  if (self->n_holds > 0 || self->n_undecided_others > 0 || self->refused)
    return FALSE;

  return self->n_undecided_inputs == 0 ||
         (self->trigger != DAG_TRIGGER_ALL && self->satisfied);
}

/* Notes why the node may have to be skipped.
 *
 * Returns: (transfer full) (nullable): the reason that was noted before, to be declined out of the
 *   lock
 */
static DagTrace *
dag_node_note_refusal (DagNode   *self,
                       DagReason  reason,
                       DagTrace  *trace,
                       DagTrace  *hop)
{
  DagTrace *old = self->refusal;

  self->refusal_reason = reason;
  self->refusal = hop != NULL ? dag_trace_ref (hop) : NULL;
  if (trace != NULL)
    dag_trace_hand_on (trace);

  return old;
}

/* Counts what came of an edge. Under the lock of @self.
 *
 * @reason: how the dependency ended
 * @trace: its trace, if it did not succeed
 * @declined: (out): a refusal that does not matter any more
 */
static void
dag_node_judge (DagNode    *self,
                DagEdge    *edge,
                DagReason   reason,
                DagTrace   *trace,
                DagTrace  **declined)
{
  DagTrace *hop = NULL;
  gboolean satisfied;

  edge->told = TRUE;

  if (edge->kind == DAG_EDGE_INPUT)
    self->n_undecided_inputs--;
  else
    self->n_undecided_others--;

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

  edge->satisfied = satisfied;

  /* A raw input is an argument whatever came of it. */
  if ((satisfied || edge->raw) &&
      (edge->kind == DAG_EDGE_FOLLOW ? !self->finished : !self->released))
    {
      edge->owned = TRUE;
      g_object_ref (edge->dependency);
    }

  if (satisfied)
    {
      if (edge->kind == DAG_EDGE_INPUT)
        {
          if (!self->satisfied)
            self->winner = edge->dependency;
          self->satisfied = TRUE;
          if (trace != NULL)
            dag_trace_look (trace);
        }

      return;
    }

  if (reason == DAG_REASON_NONE)
    reason = DAG_REASON_NOT_NEEDED;

  if (trace != NULL)
    hop = dag_trace_new_hop (trace, edge->dependency);

  if (reason == DAG_REASON_FAILURE)
    {
      if (self->failures == NULL)
        self->failures = g_ptr_array_new_with_free_func ((GDestroyNotify) dag_trace_unref);
      g_ptr_array_add (self->failures, dag_trace_ref (hop));
    }

  if (self->refused || self->started || self->released)
    {
      /* The question was handed on already, with another failure that came first, or the function
       * has the task.
       */
      if (reason == DAG_REASON_FAILURE &&
          (self->started || self->refusal_reason == DAG_REASON_FAILURE))
        dag_trace_look (trace);
    }
  else if (edge->kind != DAG_EDGE_INPUT || self->trigger == DAG_TRIGGER_ALL)
    {
      /* This one decides, whatever other inputs were refused before. */
      *declined = dag_node_note_refusal (self, reason, trace, hop);
      self->refused = TRUE;
    }
  else if (!self->satisfied)
    {
      /* The earliest failure, else the earliest cancellation, else that there was nothing to do. */
      if (self->refusal_reason == DAG_REASON_NONE || reason < self->refusal_reason)
        *declined = dag_node_note_refusal (self, reason, trace, hop);
      else if (reason == DAG_REASON_FAILURE)
        dag_trace_look (trace);

      self->refused = self->trigger == DAG_TRIGGER_FIRST || self->n_undecided_inputs == 0;
    }

  if (hop != NULL)
    dag_trace_unref (hop);
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
  DagNode *dependent = edge->dependent;
  DagTrace *declined = NULL;
  gboolean foreign = edge->foreign;
  guint events = 0;

  /* In another thread it may go as soon as it is unlocked. */
  if (foreign)
    g_object_ref (dependent);

  dag_node_lock (dependent);

  if (!edge->told &&
      (settled || edge->rule == DAG_RULE_SUCCEEDED || edge->kind == DAG_EDGE_FOLLOW))
    {
      dag_node_judge (dependent, edge, reason, trace, &declined);

      if (edge->kind == DAG_EDGE_FOLLOW)
        events |= DAG_EVENT_FOLLOWED;
      else if (!dependent->started)
        events |= dag_node_decide (dependent);
    }

  if (settled)
    {
      if (!edge->owned)
        edge->dependency = NULL;

      if (--dependent->n_unsettled == 0 && dependent->finished)
        events |= DAG_EVENT_SETTLED;
    }

  dag_node_unlock (dependent);

  if (events != 0)
    dag_node_raise (dependent, events);

  if (foreign)
    g_object_unref (dependent);

  if (declined != NULL)
    {
      /* Where a failure took its place, it can be read beside that. */
      dag_trace_decline (declined, reason == DAG_REASON_FAILURE);
      dag_trace_unref (declined);
    }
}
