/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-node-private.h"

/* So many edges are told between two looks at the budget. */
#define BATCH 64

void
dag_node_init (DagNode            *self,
               const DagItemClass *klass,
               GMainContext       *context)
{
  self->member.item.klass = klass;
  self->queue = dag_queue_get (context);
}

/* When no edge can come any more; somebody may still look at those that there are. */
static void
dag_node_free_blocks (DagNode *self)
{
  DagEdgeBlock *block;

  if (self->blocks == NULL)
    return;

  dag_node_lock (self);
  block = g_steal_pointer (&self->blocks);
  dag_node_unlock (self);

  while (block != NULL)
    {
      DagEdgeBlock *next = block->next;

      g_free (block);
      block = next;
    }
}

void
dag_node_clear (DagNode *self)
{
  g_assert (self->dependents == NULL);

  dag_node_free_blocks (self);
  dag_node_free_failures (self);
  g_clear_pointer (&self->queue, dag_queue_unref);
}

/*< private >
 * dag_node_keep_first:
 *
 * Does what dag_node_keep() does where nobody may keep the node yet.
 */
void
dag_node_keep_first (DagNode *self)
{
  guint n = 0;

  /* Whoever finds it kept relies on the reference. */
  g_object_ref (self);

  if (!__atomic_compare_exchange_n (&self->n_keepers, &n, 1, FALSE,
                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
    {
      dag_node_keep (self);
      g_object_unref (self);
    }
}

/*< private >
 * dag_node_raise:
 * @events: what happened
 *
 * Has the node looked after in its context. From any thread that has a reference, or knows that
 * there is one.
 */
void
dag_node_raise (DagNode *self,
                guint    events)
{
  guint old = g_atomic_int_or ((guint *) &self->flags, events | DAG_NODE_QUEUED);

  if (!(old & DAG_NODE_QUEUED))
    {
      dag_node_keep (self);
      dag_queue_push (self->queue, &self->member.item);
    }
}

/*< private >
 * dag_node_raise_and_unref:
 * @self: (transfer full): the node
 *
 * Does what dag_node_raise() does, and drops a reference, in the owning context if that can be.
 */
void
dag_node_raise_and_unref (DagNode *self,
                          guint    events)
{
  guint old = g_atomic_int_or ((guint *) &self->flags, events | DAG_NODE_QUEUED);

  if (!(old & DAG_NODE_QUEUED))
    dag_node_keep (self);

  /* Where the queue keeps it now, this is not the last one. */
  g_object_unref (self);

  if (!(old & DAG_NODE_QUEUED))
    dag_queue_push (self->queue, &self->member.item);
}

/*< private >
 * dag_node_again:
 *
 * Has the node looked after once more and before everything else: for what is left to do before
 * calling somebody's code, and when the budget is used up.
 */
void
dag_node_again (DagNode *self)
{
  guint old = g_atomic_int_or ((guint *) &self->flags, DAG_EVENT_AGAIN | DAG_NODE_QUEUED);

  dag_queue_note_call ();

  if (!(old & DAG_NODE_QUEUED))
    {
      dag_node_keep (self);
      dag_queue_push_front (&self->member.item);
    }
}

/*< private >
 * dag_node_take_events:
 *
 * Takes the events when the node is run; the caller keeps it now in the place of the queue.
 */
guint
dag_node_take_events (DagNode *self)
{
  guint old = g_atomic_int_and ((guint *) &self->flags,
                                ~(guint) (DAG_EVENTS | DAG_NODE_QUEUED));

  return old & DAG_EVENTS;
}

/* Rings of edges, as those of items */

static inline void
edge_ring_append (DagEdge **last,
                  DagEdge  *edge)
{
  if (*last != NULL)
    {
      edge->next = (*last)->next;
      (*last)->next = edge;
    }
  else
    {
      edge->next = edge;
    }

  *last = edge;
}

static inline DagEdge *
edge_ring_open (DagEdge **last)
{
  DagEdge *first = NULL;

  if (*last != NULL)
    {
      first = (*last)->next;
      (*last)->next = NULL;
      *last = NULL;
    }

  return first;
}

/* Makes room for edges. Under the lock, or while nobody knows the node. */
static DagEdgeBlock *
dag_node_reserve (DagNode *self,
                  guint    n_edges)
{
  DagEdgeBlock *block;

  block = g_malloc (sizeof (DagEdgeBlock) + n_edges * sizeof (DagEdge));
  block->next = self->blocks;
  block->node = self;
  block->size = n_edges;
  block->length = 0;
  block->dropped = 0;
  g_atomic_pointer_set (&self->blocks, block);

  return block;
}

/* Under the lock. */
static DagEdge *
dag_node_allocate_edge (DagNode *self)
{
  DagEdge *edge;

  if (self->blocks == NULL && self->n_edges < DAG_NODE_EDGES)
    {
      edge = &self->edges[self->n_edges];
      edge->index = self->n_edges++;
    }
  else
    {
      DagEdgeBlock *block = self->blocks;

      if (block == NULL || block->length == block->size)
        block = dag_node_reserve (self, block != NULL ? MIN (block->size * 2, 1024) : 4);

      edge = &block->edges[block->length];
      edge->index = DAG_NODE_EDGES + block->length++;
    }

  return edge;
}

/*< private >
 * dag_node_need:
 * @n: 1 or -1
 *
 * Somebody needs the node, or does so no longer.
 */
void
dag_node_need (DagNode *self,
               int      n)
{
  dag_node_lock (self);
  self->n_needed += n;
  dag_node_unlock (self);
}

/* Adds an edge that its dependency does not know yet. Under the lock, or while nobody knows the
 * node.
 */
static DagEdge *
dag_node_add_edge (DagNode     *self,
                   DagNode     *dependency,
                   DagEdgeKind  kind,
                   DagRule      rule,
                   gboolean     raw)
{
  DagEdge *edge = dag_node_allocate_edge (self);

  edge->next = NULL;
  edge->dependency = dependency;
  edge->kind = kind;
  edge->rule = rule;
  edge->raw = raw;
  edge->foreign = self->queue != dependency->queue;
  edge->told = FALSE;
  edge->satisfied = FALSE;
  edge->settled = FALSE;
  edge->owned = FALSE;

  if (kind == DAG_EDGE_INPUT)
    self->n_undecided_inputs++;
  else
    self->n_undecided_others++;
  self->n_unsettled++;

  return edge;
}

/* Has the dependency know the edge, or the edge how the dependency ended.
 *
 * @n_needed: 1 if the dependency does not know yet that it is needed
 */
static void
dag_edge_connect (DagEdge     *edge,
                  DagNode     *dependency,
                  DagEdgeKind  kind,
                  guint        n_needed)
{
  DagReason reason;
  gboolean finished, settled;

  dag_node_lock (dependency);
  if (kind != DAG_EDGE_PREREQUISITE)
    dependency->shared = TRUE;
  finished = dependency->finished;
  settled = dependency->settled;
  reason = dependency->reason;
  if (!finished)
    edge_ring_append (&dependency->dependents, edge);
  dependency->n_needed += n_needed;
  dag_node_unlock (dependency);

  if (!finished)
    return;

  /* The edge keeps it under a lock, where nobody must be the first: a second reference runs the code
   * of others who have a toggle reference.
   */
  dag_node_keep (dependency);

  /* Nobody else knows the edge yet, so it stays as long as it has not been told to settle. */
  dag_edge_tell (edge, reason, dependency->trace, settled);

  if (!settled)
    {
      dag_node_lock (dependency);
      settled = dependency->settled;
      if (!settled)
        edge_ring_append (&dependency->dependents, edge);
      dag_node_unlock (dependency);

      if (settled)
        dag_edge_tell (edge, reason, dependency->trace, TRUE);
    }

  dag_node_unkeep (dependency);
}

/*< private >
 * dag_node_attach:
 * @dependency: a node that the caller has a reference to, and that does not depend on @self
 *
 * Makes @self depend on @dependency. The caller made sure that @self cannot start or settle
 * meanwhile, unless it has been cancelled or refused: then there is nothing left to attach.
 *
 * Returns: (nullable): the edge, %NULL if @self has finished
 */
DagEdge *
dag_node_attach (DagNode     *self,
                 DagNode     *dependency,
                 DagEdgeKind  kind,
                 DagRule      rule,
                 gboolean     raw)
{
  DagEdge *edge = NULL;
  gboolean known = !self->unpublished;

  /* Before the owning context can drop the edge, and the need with it. */
  if (known)
    dag_node_need (dependency, 1);

  /* Dependencies that were attached before know the node. */
  dag_node_lock (self);
  if (!self->finished && (!self->released || kind == DAG_EDGE_FOLLOW))
    edge = dag_node_add_edge (self, dependency, kind, rule, raw);
  dag_node_unlock (self);

  if (edge != NULL)
    dag_edge_connect (edge, dependency, kind, known ? 0 : 1);
  else if (known)
    dag_node_need (dependency, -1);

  return edge;
}

/*< private >
 * dag_node_attach_inputs:
 * @dependencies: nodes that the caller has references to
 *
 * Makes @self, which nobody knows and which has no edges, depend on several nodes as inputs.
 */
void
dag_node_attach_inputs (DagNode        *self,
                        DagNode *const *dependencies,
                        gsize           n_dependencies,
                        DagRule         rule,
                        gboolean        raw)
{
  DagEdge *edges;

  self->apart = n_dependencies > DAG_NODE_EDGES;
  if (self->apart)
    dag_node_reserve (self, n_dependencies);

  for (gsize i = 0; i < n_dependencies; i++)
    dag_node_add_edge (self, dependencies[i], DAG_EDGE_INPUT, rule, raw);

  edges = dag_node_get_first_edges (self);
  for (gsize i = 0; i < n_dependencies; i++)
    dag_edge_connect (&edges[i], dependencies[i], DAG_EDGE_INPUT, 1);
}

/* Gives up one of those that keep the node from starting. Under the lock, which it leaves. */
static void
dag_node_end_hold (DagNode *self)
{
  guint events = 0;

  self->n_holds--;
  if (!self->started && !self->finished && self->n_holds == 0)
    events = dag_node_decide (self);

  dag_node_unlock (self);

  if (events != 0)
    dag_node_raise (self, events);
}

/*< private >
 * dag_node_publish:
 *
 * From now on others may know the node, and something can come of it.
 */
void
dag_node_publish (DagNode *self)
{
  dag_node_lock (self);
  self->unpublished = FALSE;
  dag_node_end_hold (self);
}

void
dag_node_release (DagNode *self)
{
  dag_node_lock (self);
  dag_node_end_hold (self);
}

/*< private >
 * dag_node_cancel:
 * @flags: what to ask for
 *
 * Asks for cancellation, unless the node has finished. From any thread.
 */
void
dag_node_cancel (DagNode *self,
                 guint    flags)
{
  gboolean finished;

  dag_node_lock (self);
  finished = self->finished;
  if (!finished)
    g_atomic_int_or ((guint *) &self->flags, flags);
  dag_node_unlock (self);

  if (!finished)
    dag_node_raise (self, DAG_EVENT_CANCEL);
}

/* Dependents are all over the memory, and were last used when they were made: has the processor bring
 * what telling this one needs, and the next edge.
 */
static inline void
dag_edge_prefetch (DagEdge *edge)
{
  if (edge != NULL)
    {
      __builtin_prefetch (&dag_edge_get_dependent (edge)->flags, 1);
      __builtin_prefetch (edge->next);
    }
}

/*< private >
 * dag_node_finish:
 * @state: how it ended
 * @reason: why it did not succeed, if it did not
 * @trace: (transfer full) (nullable): the trace of that
 * @over: whether its own work is over
 *
 * The end is known. In the owning context; dag_node_tell_dependents() has to follow. Under the lock,
 * which it leaves.
 */
void
dag_node_finish (DagNode   *self,
                 DagState   state,
                 DagReason  reason,
                 DagTrace  *trace,
                 gboolean   over)
{
  self->reason = reason;
  self->trace = trace;
  self->finished = TRUE;
  g_atomic_int_set (&self->state, state);
  self->settled = over && self->n_unsettled == 0;
  self->walk = edge_ring_open (&self->dependents);
  dag_edge_prefetch (self->walk);

  dag_node_unlock (self);
}

/*< private >
 * dag_node_settle:
 *
 * Its own work is over: has it settled, if all its dependencies have. In the owning context, after
 * the dependents were told that it has finished; dag_node_tell_dependents() has to follow.
 *
 * Returns: whether it has settled now
 */
gboolean
dag_node_settle (DagNode *self)
{
  gboolean settle;

  dag_node_lock (self);

  settle = !self->settled && self->n_unsettled == 0;
  if (settle)
    {
      self->settled = TRUE;
      self->walk = edge_ring_open (&self->dependents);
    }

  dag_node_unlock (self);

  return settle;
}

/*< private >
 * dag_node_tell_dependents:
 *
 * Tells those that depend on it, in the order in which they were attached, what the last
 * dag_node_finish() or dag_node_settle() brought. In the owning context.
 *
 * Returns: whether all were told; else the budget is used up
 */
gboolean
dag_node_tell_dependents (DagNode *self)
{
  gboolean settled = self->settled;
  guint n = 0;

  while (self->walk != NULL)
    {
      DagEdge *edge = self->walk;

      self->walk = edge->next;
      dag_edge_prefetch (self->walk);

      if (settled)
        {
          dag_edge_tell (edge, self->reason, self->trace, TRUE);
        }
      else
        {
          edge_ring_append (&self->kept, edge);
          dag_edge_tell (edge, self->reason, self->trace, FALSE);
        }

      if (++n % BATCH == 0 && self->walk != NULL && dag_queue_is_late ())
        return FALSE;
    }

  if (settled)
    {
      dag_node_free_blocks (self);
    }
  else if (self->kept != NULL)
    {
      /* Those that were attached since come after these. */
      dag_node_lock (self);

      if (self->dependents != NULL)
        {
          DagEdge *first = self->kept->next;

          self->kept->next = self->dependents->next;
          self->dependents->next = first;
        }
      else
        {
          self->dependents = self->kept;
        }

      self->kept = NULL;

      dag_node_unlock (self);
    }

  return TRUE;
}

/*< private >
 * dag_node_ask:
 *
 * Somebody is on the way to look at the failure of a node that has finished, or to carry it, or
 * maybe not: dag_node_answer() has to follow. From any thread.
 */
void
dag_node_ask (DagNode *self)
{
  if (self->trace != NULL)
    dag_trace_ask (self->trace);
}

/*< private >
 * dag_node_answer:
 *
 * Who asked has done so, or never will. From any thread.
 */
void
dag_node_answer (DagNode *self)
{
  if (self->trace != NULL && dag_trace_answer (self->trace))
    dag_node_let_go (self);
}

/*< private >
 * dag_node_look:
 *
 * Somebody looked at the failure of a node that has finished. From any thread.
 */
void
dag_node_look (DagNode *self)
{
  if (self->trace != NULL)
    dag_trace_look (self->trace);
}
