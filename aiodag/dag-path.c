/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-path-private.h"

/* Dependencies are added to nodes that are known already under this lock, one at a time, so that
 * two threads cannot close a cycle between them. A node that nobody knows yet has no dependents and
 * needs no check.
 *
 * Whether an edge closes a cycle is searched from both of its ends in turn, the cheaper step first,
 * until the searches meet or one of them comes to its end. Collectors that grow while somebody
 * waits for them and long chains are found harmless in a few steps that way.
 */
static GMutex path_lock;

/* Marks of the last search; under the lock. */
static guint last_mark;

/* One end of a search. */
typedef struct {
  GPtrArray *nodes;    /* (element-type DagNode) (owned elements): in the order of discovery */
  GArray    *parents;  /* (element-type guint): the index of the one that led there */
  guint      next;     /* the next to be expanded */
  gsize      cost;     /* edges seen so far */
  guint      mark;
} DagSearch;

static void
dag_search_init (DagSearch *self,
                 DagNode   *start)
{
  guint none = 0;

  self->nodes = g_ptr_array_new_with_free_func (g_object_unref);
  self->parents = g_array_new (FALSE, FALSE, sizeof (guint));
  self->next = 0;
  self->cost = 0;

  /* After four thousand million searches an old mark may be taken for one of this search. */
  self->mark = ++last_mark != 0 ? last_mark : ++last_mark;

  start->mark = self->mark;
  g_ptr_array_add (self->nodes, g_object_ref (start));
  g_array_append_val (self->parents, none);
}

static void
dag_search_clear (DagSearch *self)
{
  g_ptr_array_unref (self->nodes);
  g_array_unref (self->parents);
}

static inline DagNode *
dag_search_get_next (DagSearch *self)
{
  return self->next < self->nodes->len ? g_ptr_array_index (self->nodes, self->next) : NULL;
}

/* Finds @node on the way; returns whether the other search has been there. */
static gboolean
dag_search_find (DagSearch *self,
                 DagSearch *other,
                 DagNode   *node)
{
  self->cost++;

  if (node->mark == self->mark)
    return FALSE;

  g_ptr_array_add (self->nodes, g_object_ref (node));
  g_array_append_val (self->parents, self->next);

  if (other != NULL && node->mark == other->mark)
    return TRUE;

  node->mark = self->mark;

  return FALSE;
}

static gboolean
dag_node_is_settled (DagNode *self)
{
  gboolean settled;

  dag_node_lock (self);
  settled = self->settled;
  dag_node_unlock (self);

  return settled;
}

/* What it has cost and will have cost after the next step, about. */
static gsize
dag_search_estimate (DagSearch *self,
                     gboolean   up)
{
  DagNode *next = dag_search_get_next (self);
  gsize n;

  dag_node_lock (next);
  n = up ? next->n_unsettled : next->n_needed;
  dag_node_unlock (next);

  return self->cost + n;
}

/* Goes on to the dependencies of the next node. What has settled waits for nothing. */
static gboolean
dag_search_expand_up (DagSearch *self,
                      DagSearch *other)
{
  DagNode *node = dag_search_get_next (self);
  gboolean met = FALSE;

  dag_node_lock (node);

  for (DagEdgeSpan span = dag_node_get_newest_span (node); span.edges != NULL && !met;
       span = dag_node_get_older_span (node, &span))
    for (guint i = 0; i < span.length && !met; i++)
      {
        DagEdge *edge = &span.edges[i];

        if (edge->dependency != NULL && !edge->settled)
          met = dag_search_find (self, other, edge->dependency);
      }

  dag_node_unlock (node);

  self->next++;

  return met;
}

/* Goes on to the dependents of the next node.
 *
 * @complete: (out): set to %FALSE if some may be missing, because the node is telling them just now
 */
static gboolean
dag_search_expand_down (DagSearch *self,
                        DagSearch *other,
                        gboolean  *complete)
{
  DagNode *node = dag_search_get_next (self);
  gboolean met = FALSE;

  dag_node_lock (node);

  if (node->finished)
    *complete = FALSE;

  if (node->dependents != NULL)
    {
      DagEdge *edge = node->dependents;

      do
        {
          edge = edge->next;
          met = dag_search_find (self, other, dag_edge_get_dependent (edge));
        }
      while (!met && edge != node->dependents);
    }

  dag_node_unlock (node);

  self->next++;

  return met;
}

/* The ways of both searches to where they met, from the dependent to the dependency. */
static GPtrArray *
dag_search_get_path (DagSearch *down,
                     DagSearch *up)
{
  GPtrArray *path = g_ptr_array_new_with_free_func (g_object_unref);
  DagNode *last_down = g_ptr_array_index (down->nodes, down->nodes->len - 1);
  DagNode *last_up = g_ptr_array_index (up->nodes, up->nodes->len - 1);
  guint i_down = down->nodes->len - 1, i_up = up->nodes->len - 1;

  /* One of the two found the meeting point last, the other some time before. */
  if (last_down != last_up)
    {
      guint index;

      if (g_ptr_array_find (up->nodes, last_down, &index))
        i_up = index;
      else if (g_ptr_array_find (down->nodes, last_up, &index))
        i_down = index;
    }

  for (guint i = i_down;; i = g_array_index (down->parents, guint, i))
    {
      g_ptr_array_add (path, g_object_ref (g_ptr_array_index (down->nodes, i)));
      if (i == 0)
        break;
    }

  /* That was the way back. */
  for (guint i = 0; i < path->len / 2; i++)
    {
      gpointer *first = &path->pdata[i], *last = &path->pdata[path->len - 1 - i];
      gpointer node = *first;

      *first = *last;
      *last = node;
    }

  while (i_up != 0)
    {
      i_up = g_array_index (up->parents, guint, i_up);
      g_ptr_array_add (path, g_object_ref (g_ptr_array_index (up->nodes, i_up)));
    }

  return path;
}

/*< private >
 * dag_path_connect:
 * @edge: (out) (nullable): the edge, %NULL if the dependent has finished
 *
 * Makes @dependent depend on @dependency, unless that closes a cycle.
 *
 * Returns: (transfer full) (nullable) (element-type DagNode): the nodes that each depend on the one
 *   before, from @dependent to @dependency, if there was such a way already
 */
GPtrArray *
dag_path_connect (DagNode      *dependent,
                  DagNode      *dependency,
                  DagEdgeKind   kind,
                  DagRule       rule,
                  gboolean      raw,
                  DagEdge     **edge)
{
  DagSearch down, up;
  GPtrArray *path = NULL;
  gboolean met = FALSE, complete = TRUE;
  gboolean has_dependents;

  *edge = NULL;

  if (dependent == dependency)
    {
      path = g_ptr_array_new_with_free_func (g_object_unref);
      g_ptr_array_add (path, g_object_ref (dependent));
      return path;
    }

  g_mutex_lock (&path_lock);

  dag_node_lock (dependent);
  has_dependents = dependent->dependents != NULL;
  dag_node_unlock (dependent);

  if (!has_dependents || dag_node_is_settled (dependency))
    {
      *edge = dag_node_attach (dependent, dependency, kind, rule, raw);
      g_mutex_unlock (&path_lock);
      return NULL;
    }

  dag_search_init (&down, dependent);
  dag_search_init (&up, dependency);

  while (!met)
    {
      DagNode *next_down = dag_search_get_next (&down);
      DagNode *next_up = dag_search_get_next (&up);

      if (next_up == NULL || (next_down == NULL && complete))
        break;

      if (next_down == NULL ||
          dag_search_estimate (&up, TRUE) <= dag_search_estimate (&down, FALSE))
        met = dag_search_expand_up (&up, &down);
      else
        met = dag_search_expand_down (&down, &up, &complete);
    }

  if (met)
    path = dag_search_get_path (&down, &up);
  else
    *edge = dag_node_attach (dependent, dependency, kind, rule, raw);

  g_mutex_unlock (&path_lock);

  /* Which may have been the last references. */
  dag_search_clear (&down);
  dag_search_clear (&up);

  return path;
}

/*< private >
 * dag_path_find_upstream:
 *
 * Whether there is a node for which @predicate holds among @node and all that it still waits for.
 */
gboolean
dag_path_find_upstream (DagNode          *node,
                        DagNodePredicate  predicate,
                        gpointer          user_data)
{
  DagSearch up;
  DagNode *next;
  gboolean found = FALSE;

  g_mutex_lock (&path_lock);

  dag_search_init (&up, node);

  while (!found && (next = dag_search_get_next (&up)) != NULL)
    {
      found = predicate (next, user_data);
      if (!found)
        dag_search_expand_up (&up, NULL);
    }

  g_mutex_unlock (&path_lock);

  dag_search_clear (&up);

  return found;
}
