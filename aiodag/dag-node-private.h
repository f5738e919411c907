/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-enums.h"
#include "dag-failure-private.h"
#include "dag-lock-private.h"
#include "dag-queue-private.h"

G_BEGIN_DECLS

/* A node of the graph: what is known of a task when it comes to dependencies.
 *
 * A node has a list of the edges from its dependencies, which are its own memory, and a list of
 * those to its dependents, in the order in which they were attached. When its end is known it tells
 * its dependents; each of them counts what is undecided, and raises an event in its own context
 * when it may start or has to be skipped. When nothing above it runs any more it tells them that it
 * has settled.
 *
 * An edge keeps the dependency from the moment on in which it was satisfied or refused until the
 * dependent drops it. Before that the dependency is kept by itself, because it is not settled.
 *
 * Those who keep a node share one reference, so that keeping one that is kept is an addition.
 */
typedef struct _DagNode DagNode;
typedef struct _DagEdge DagEdge;
typedef struct _DagEdgeBlock DagEdgeBlock;

typedef enum {
  DAG_EDGE_INPUT,
  DAG_EDGE_PREREQUISITE,
  DAG_EDGE_FOLLOW,        /* ends as the dependency ends */
  DAG_EDGE_FOLLOWED,      /* no longer does; only waits for it to settle */
} DagEdgeKind;

/* The dependent's lock, but for `next`, which is under the dependency's. */
struct _DagEdge
{
  DagEdge *next;           /* ring of the dependents of the dependency */
  DagNode *dependency;     /* (nullable): kept if `owned`; else NULL when it has settled */
  guint32  index;          /* const: its place in the node, or that in its block behind those */
  guint8   kind;
  guint8   rule;           /* const */
  guint8   raw : 1;        /* const */
  guint8   foreign : 1;    /* const; whether they are of different contexts */
  guint8 : 0;
  guint8   told : 1;       /* whether it was satisfied or refused */
  guint8   satisfied : 1;
  guint8   settled : 1;    /* whether the dependent was told that it has */
  guint8   owned : 1;
};

/* So many edges have room in the node: most tasks need no block. */
#define DAG_NODE_EDGES 3

struct _DagEdgeBlock
{
  DagEdgeBlock *next;
  DagNode      *node;     /* (unowned): const */
  guint         size;
  guint         length;
  guint         dropped;  /* the owning context */
  DagEdge       edges[];
};

/* Bits of `flags`, which is atomic; the lowest are the lock. What an event says is known before it is
 * raised.
 */
enum {
  DAG_NODE_QUEUED    = 1 << 2,  /* it is in the queue, which keeps it */
  DAG_NODE_CANCELLED = 1 << 3,  /* cancellation was asked for before it finished */
  DAG_NODE_UNNEEDED  = 1 << 4,  /* and of what nobody else needs, too */
  DAG_NODE_CHOOSY    = 1 << 5,  /* const: it cancels what it no longer needs */
  DAG_NODE_COMPLETED = 1 << 6,  /* the callback that the task stands for has come back */
  DAG_NODE_RACES     = 1 << 7,  /* const: the first of its inputs that is satisfied is noted */

  DAG_EVENT_CLOSED   = 1 << 8,  /* its context was destroyed before it belonged to that */
  DAG_EVENT_READY    = 1 << 9,   /* everything that it waits for is satisfied */
  DAG_EVENT_REFUSED  = 1 << 10,
  DAG_EVENT_CANCEL   = 1 << 11,
  DAG_EVENT_RETURNED = 1 << 12,
  DAG_EVENT_FOLLOWED = 1 << 13,  /* what it follows has finished */
  DAG_EVENT_SETTLED  = 1 << 14,  /* all its dependencies have, and it has finished */
  DAG_EVENT_AGAIN    = 1 << 15,  /* there is more to do */
  DAG_EVENT_TIME     = 1 << 16,  /* how long it may take was set */
  DAG_EVENT_LATE     = 1 << 17,  /* it takes longer than that */
  DAG_EVENT_PRIORITY = 1 << 18,  /* it has another one */
  DAG_EVENT_RETRY    = 1 << 19,  /* the pause after its last attempt is over */
  DAG_EVENT_TURN     = 1 << 20,  /* it may start, or ask again whether it may */
  DAG_EVENT_THREAD   = 1 << 21,  /* a thread has begun with it, or given it back */
  DAG_EVENTS         = 0xffff00,
};

/* What few nodes have: those of which something was refused, or that race. Under the lock. */
typedef struct {
  DagNode  *winner;    /* (unowned) (nullable): the first input that is satisfied, if it races */
  DagEdge  *refusal;   /* (nullable): what it may have to be skipped for */
  DagTrace *decisive;  /* (unowned) (nullable): of the failures, that of the refusal */
  DagTrace *failures;  /* (owned) (nullable): the last of a ring; of all that were refused */
  gboolean  refused_by_failure; /* that is how it ended */
} DagVerdicts;

struct _DagNode
{
  GObject       parent_instance;

  DagMember     member;
  DagQueue     *queue;       /* (owned): const */
  gint          flags;       /* atomic */
  guint         n_keepers;   /* atomic */
  gint          state;       /* atomic DagState; written in the owning context */
  guint         mark;        /* the search for cycles, under its lock */

  /* Under the lock */
  DagEdge      *dependents;  /* last of a ring */
  DagEdgeBlock *blocks;      /* (owned): the newest first; atomic too */
  DagEdge       edges[DAG_NODE_EDGES]; /* the oldest, unless `apart` */
  guint         n_undecided_inputs;
  guint         n_undecided_others;
  guint         n_unsettled; /* dependencies */
  guint         n_needed;    /* unfinished dependents, and waits */
  guint         n_holds;
  guint         n_dropped;   /* of the edges in the node; the owning context */
  guint8        n_edges;     /* of those in the node */
  guint8        apart;       /* const once it is known: all edges are in blocks */
  guint8        trigger;     /* DagTrigger */
  guint8        reason;      /* DagReason; const once finished */
  guint8        satisfied;    /* one of the inputs is */
  guint8        prerequisite_refused;
  guint8        input_refused;
  guint8        first_refused; /* before one of the inputs was satisfied */
  guint8        started;
  guint8        released;     /* takes no more references to dependencies */
  guint8        finished;
  guint8        settled;
  guint8        shared;       /* dependents got the result, or will */
  guint8        unpublished;  /* nobody else knows it, nothing can come of it yet */
  DagVerdicts  *verdicts;    /* (owned) (nullable) */

  DagTrace     *trace;       /* (owned) (nullable): const once finished */

  /* The owning context */
  DagEdge      *walk;        /* the next to be told; a ring that was broken open */
  DagEdge      *kept;        /* last of a ring: told that it finished, not yet that it settled */
};

#define DAG_NODE(ptr) ((DagNode *) (ptr))
#define DAG_NODE_MEMBER(ptr) ((DagNode *) ((char *) (ptr) - G_STRUCT_OFFSET (DagNode, member)))

void     dag_node_keep_first        (DagNode            *self);

static inline void
dag_node_lock (DagNode *self)
{
  dag_lock (&self->flags);
}

static inline void
dag_node_unlock (DagNode *self)
{
  dag_unlock (&self->flags);
}

/* The caller knows that it is there. */

static inline void
dag_node_keep (DagNode *self)
{
  guint n = __atomic_load_n (&self->n_keepers, __ATOMIC_RELAXED);

  while (n > 0)
    if (__atomic_compare_exchange_n (&self->n_keepers, &n, n + 1, TRUE,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
      return;

  dag_node_keep_first (self);
}

static inline void
dag_node_unkeep (DagNode *self)
{
  if (__atomic_sub_fetch (&self->n_keepers, 1, __ATOMIC_ACQ_REL) == 0)
    g_object_unref (self);
}

/* What those did who kept it comes before what is done when they do so no longer. */

static inline gboolean
dag_node_is_kept (DagNode *self)
{
  return __atomic_load_n (&self->n_keepers, __ATOMIC_ACQUIRE) > 0;
}

/* Returns: the edges that were the first to be attached, if there are any. Under the lock, or while
 * it cannot settle: another one may be attached meanwhile.
 */

static inline DagEdge *
dag_node_get_first_edges (DagNode *self)
{
  DagEdgeBlock *block;

  if (!self->apart)
    return self->edges;

  block = g_atomic_pointer_get (&self->blocks);
  while (block->next != NULL)
    block = block->next;

  return block->edges;
}

/* Edges side by side, from the newest to the oldest: those of the blocks, and then those in the node.
 * Under the lock.
 */
typedef struct {
  DagEdge      *edges;    /* (nullable): NULL when there are no more */
  guint         length;
  guint        *dropped;  /* of these; the owning context */
  DagEdgeBlock *block;    /* (nullable) */
} DagEdgeSpan;

static inline DagEdgeSpan
dag_node_get_span (DagNode      *self,
                   DagEdgeBlock *block)
{
  if (block != NULL)
    return (DagEdgeSpan) { block->edges, block->length, &block->dropped, block };

  return (DagEdgeSpan) { self->edges, self->n_edges, &self->n_dropped, NULL };
}

static inline DagEdgeSpan
dag_node_get_newest_span (DagNode *self)
{
  return dag_node_get_span (self, self->blocks);
}

static inline DagEdgeSpan
dag_node_get_older_span (DagNode     *self,
                         DagEdgeSpan *span)
{
  if (span->block != NULL)
    return dag_node_get_span (self, span->block->next);

  return (DagEdgeSpan) { NULL };
}

static inline DagNode *
dag_edge_get_dependent (DagEdge *self)
{
  DagEdge *first;

  if (G_LIKELY (self->index < DAG_NODE_EDGES))
    {
      first = self - self->index;
      return (DagNode *) ((char *) first - G_STRUCT_OFFSET (DagNode, edges));
    }

  first = self - (self->index - DAG_NODE_EDGES);

  return ((DagEdgeBlock *) ((char *) first - G_STRUCT_OFFSET (DagEdgeBlock, edges)))->node;
}

void     dag_node_init              (DagNode            *self,
                                     const DagItemClass *klass,
                                     GMainContext       *context);
void     dag_node_clear             (DagNode            *self);
void     dag_node_raise             (DagNode            *self,
                                     guint               events);
void     dag_node_raise_and_unref   (DagNode            *self,
                                     guint               events);
void     dag_node_again             (DagNode            *self);
guint    dag_node_take_events       (DagNode            *self);

DagEdge *dag_node_attach            (DagNode            *self,
                                     DagNode            *dependency,
                                     DagEdgeKind         kind,
                                     DagRule             rule,
                                     gboolean            raw);
void     dag_node_attach_inputs     (DagNode            *self,
                                     DagNode *const     *dependencies,
                                     gsize               n_dependencies,
                                     DagRule             rule,
                                     gboolean            raw);
void     dag_node_need              (DagNode            *self,
                                     int                 n);
void     dag_node_publish           (DagNode            *self);
void     dag_node_release           (DagNode            *self);
gboolean dag_node_set_trigger       (DagNode            *self,
                                     DagTrigger          trigger);
gboolean dag_node_is_startable      (DagNode            *self);
gboolean dag_node_is_refused        (DagNode            *self);
DagTrace *dag_node_take_refusal     (DagNode            *self);
DagTrace *dag_node_peek_failures    (DagNode            *self);
gboolean dag_node_is_refused_by_failure (DagNode        *self);
guint    dag_node_decide            (DagNode            *self);
gboolean dag_edge_asks              (DagEdge            *edge);
void     dag_edge_tell              (DagEdge            *edge,
                                     DagReason           reason,
                                     DagTrace           *trace,
                                     gboolean            settled);

void     dag_node_carry             (DagNode            *self,
                                     DagTrace           *trace);
void     dag_node_cancel            (DagNode            *self,
                                     guint               flags);
gboolean dag_node_drop_dependencies (DagNode            *self);
gboolean dag_node_is_to_end         (DagNode            *self);
DagNode *dag_node_stop_following    (DagNode            *self);
void     dag_node_drop_followed     (DagNode            *self);
void     dag_node_finish            (DagNode            *self,
                                     DagState            state,
                                     DagReason           reason,
                                     DagTrace           *trace,
                                     gboolean            over);
gboolean dag_node_settle            (DagNode            *self);
gboolean dag_node_tell_dependents   (DagNode            *self);
void     dag_node_ask               (DagNode            *self);
void     dag_node_answer            (DagNode            *self);
void     dag_node_look              (DagNode            *self);
void     dag_node_free_failures     (DagNode            *self);
void     dag_node_let_go            (DagNode            *self);

G_END_DECLS
