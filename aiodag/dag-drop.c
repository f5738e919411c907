/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-node-private.h"

/* How a node lets go of its dependencies. */

/* So many edges are dropped between two looks at the budget. */
#define BATCH 64

/* Keeps a dependency in the place of the edge. As long as that has not settled, the node waits for
 * it all the same, and the search for cycles goes on to it: it is there, because that it has settled
 * would be told under the lock of @self. Under the lock.
 */
static DagNode *
dag_edge_steal_dependency (DagEdge *edge)
{
  DagNode *dependency = edge->dependency;

  edge->owned = FALSE;
  if (edge->settled)
    edge->dependency = NULL;

  return dependency;
}

/*< private >
 * dag_edge_asks:
 *
 * Whether the dependent may have to look at a failure of the dependency, or to carry it, as long as
 * it has the reference. Under the lock.
 */
gboolean
dag_edge_asks (DagEdge *edge)
{
  return edge->owned && (!edge->satisfied || edge->kind == DAG_EDGE_FOLLOW);
}

/* A dependency that is not needed any more: what is left to do about it without the lock. */
typedef struct {
  DagNode  *node;      /* (nullable): kept */
  gboolean  finished;
  gboolean  asked;     /* whether dag_node_answer() has to follow */
} DagDrop;

/* Gives up a dependency, or the need of it. Under the lock. */
static DagDrop
dag_node_drop_edge (DagNode *self,
                    DagEdge *edge)
{
  DagDrop drop = { NULL, edge->owned, dag_edge_asks (edge) };

  if (edge->owned)
    {
      drop.node = dag_edge_steal_dependency (edge);

      if (!edge->satisfied && drop.node->reason == DAG_REASON_FAILURE &&
          dag_node_is_refused_by_failure (self))
        dag_node_carry (self, drop.node->trace);
    }
  else if (edge->dependency != NULL)
    {
      /* It is there, because that it has settled would have been told under this lock. */
      drop.node = edge->dependency;
      dag_node_keep (drop.node);
    }

  return drop;
}

/* @cancel: what to ask of a dependency that nobody else needs, in flags */
static void
dag_drop_end (DagDrop *self,
              guint    cancel)
{
  if (self->node == NULL)
    return;

  if (!self->finished)
    {
      gboolean unneeded;

      dag_node_lock (self->node);
      unneeded = !self->node->finished && --self->node->n_needed == 0;
      dag_node_unlock (self->node);

      if (unneeded && cancel != 0)
        dag_node_cancel (self->node, cancel);
    }

  if (self->asked)
    dag_node_answer (self->node);

  dag_node_unkeep (self->node);
}

/*< private >
 * dag_node_drop_dependencies:
 *
 * Lets go of the dependencies of a node that was released. Where it was cancelled with what is not
 * needed, what nobody else needs is cancelled. Under the lock, which it leaves.
 *
 * Returns: whether that is done; else the budget is used up
 */
gboolean
dag_node_drop_dependencies (DagNode *self)
{
  guint flags = g_atomic_int_get (&self->flags);
  guint cancel = 0;
  DagEdgeSpan span;

  /* One that was only cancelled itself leaves what it needed alone. */
  if (flags & DAG_NODE_UNNEEDED || ((flags & DAG_NODE_CHOOSY) && !(flags & DAG_NODE_CANCELLED)))
    cancel = DAG_NODE_CANCELLED | DAG_NODE_UNNEEDED;

  /* What is attached meanwhile is only what it follows. */
  span = dag_node_get_newest_span (self);

  while (span.edges != NULL)
    {
      DagDrop drops[BATCH];
      guint n = 0;

      while (span.edges != NULL && n < BATCH)
        {
          if (*span.dropped < span.length)
            {
              DagEdge *edge = &span.edges[(*span.dropped)++];

              if (edge->kind < DAG_EDGE_FOLLOW)
                drops[n++] = dag_node_drop_edge (self, edge);
            }
          else
            {
              span = dag_node_get_older_span (self, &span);
            }
        }

      dag_node_unlock (self);

      for (guint i = 0; i < n; i++)
        dag_drop_end (&drops[i], cancel);

      if (span.edges == NULL)
        return TRUE;

      if (dag_queue_is_late ())
        return FALSE;

      dag_node_lock (self);
    }

  dag_node_unlock (self);

  return TRUE;
}

/* Returns: (nullable): the edge to what the node follows. Under the lock. */
static DagEdge *
dag_node_get_followed (DagNode *self)
{
  DagEdgeSpan span = dag_node_get_newest_span (self);
  DagEdge *edge;

  if (span.length == 0)
    return NULL;

  /* It is always the last, if it is there yet. */
  edge = &span.edges[span.length - 1];

  return edge->kind == DAG_EDGE_FOLLOW ? edge : NULL;
}

/*< private >
 * dag_node_is_to_end:
 *
 * Whether the node follows a dependency that has finished.
 */
gboolean
dag_node_is_to_end (DagNode *self)
{
  DagEdge *edge;
  gboolean to_end;

  dag_node_lock (self);
  edge = dag_node_get_followed (self);
  to_end = edge != NULL && edge->owned;
  dag_node_unlock (self);

  return to_end;
}

/*< private >
 * dag_node_stop_following:
 *
 * Gives up the dependency that the node follows. If that has not finished, and nobody else needs
 * it, it is cancelled.
 *
 * Returns: (nullable): the dependency, if it has finished, which the caller keeps;
 *   dag_node_answer() and dag_node_unkeep() have to follow
 */
DagNode *
dag_node_stop_following (DagNode *self)
{
  DagEdge *edge;
  DagNode *dependency = NULL;
  DagDrop drop = { NULL, };

  dag_node_lock (self);

  edge = dag_node_get_followed (self);
  if (edge != NULL)
    {
      edge->kind = DAG_EDGE_FOLLOWED;
      if (edge->owned)
        dependency = dag_edge_steal_dependency (edge);
      else
        drop = dag_node_drop_edge (self, edge);
    }

  dag_node_unlock (self);

  dag_drop_end (&drop, DAG_NODE_CANCELLED | (g_atomic_int_get (&self->flags) & DAG_NODE_UNNEEDED));

  return dependency;
}

/*< private >
 * dag_node_drop_followed:
 *
 * Gives up the dependency that the node follows, whatever came of it.
 */
void
dag_node_drop_followed (DagNode *self)
{
  DagNode *dependency = dag_node_stop_following (self);

  if (dependency == NULL)
    return;

  dag_node_answer (dependency);
  dag_node_unkeep (dependency);
}
