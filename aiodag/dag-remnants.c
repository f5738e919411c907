/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-node-private.h"

/* So many hops of a way are let go of between two looks at the budget. */
#define BATCH 64

/* What a node that is gone knew of failures: they may be many, each of a long way, and with them go
 * tasks that have failures themselves. So the queue lets go of them.
 */
typedef struct {
  DagItem    item;
  GPtrArray *failures;  /* (owned) (nullable) */
  guint      next;      /* of the failures */
  DagTrace  *root;      /* (unowned) (nullable): of the one that decided, if they are carried */
  gboolean   looked;    /* whether somebody looked at the node */
  DagTrace  *trace;     /* (owned) (nullable) */
} DagRemnants;

/* Lets go of a failure that is carried beside the one that decided, unless it is the same.
 *
 * @looked: whether somebody looked at the node, and so at all of them
 */
static void
let_go_beside (DagTrace *hop,
               DagTrace *root,
               gboolean  looked)
{
  if (dag_trace_get_root (hop) == root)
    return;

  if (looked)
    dag_trace_look (hop);
  else
    dag_trace_let_go (hop);
}

/* Takes the next failure, which is no longer carried. */
static DagTrace *
dag_remnants_take_failure (DagRemnants *self)
{
  DagTrace *hop = g_steal_pointer (&g_ptr_array_index (self->failures, self->next));

  self->next++;

  if (self->root != NULL)
    let_go_beside (hop, self->root, self->looked);

  return hop;
}

static void
dag_remnants_run (DagItem *item)
{
  DagRemnants *self = (DagRemnants *) item;

  while (self->trace != NULL || (self->failures != NULL && self->next < self->failures->len))
    {
      self->trace = self->trace != NULL ? dag_trace_unref_some (self->trace, BATCH)
                                        : dag_remnants_take_failure (self);

      if (dag_queue_is_late ())
        {
          dag_queue_push_front (item);
          return;
        }
    }

  g_clear_pointer (&self->failures, g_ptr_array_unref);
  g_free (self);
}

static const DagItemClass dag_remnants_class = {
  .run = dag_remnants_run,
};

/*< private >
 * dag_node_free_failures:
 *
 * The node is gone: nothing that it carried can be looked at there any more.
 */
void
dag_node_free_failures (DagNode *self)
{
  DagTrace *trace = g_steal_pointer (&self->trace);
  g_autoptr (GPtrArray) failures = dag_node_peek_failures (self);
  gboolean looked = trace != NULL && dag_trace_is_looked (trace);
  gboolean refused = dag_node_is_refused_by_failure (self);
  DagRemnants *remnants;

  g_clear_pointer (&self->verdicts, g_free);

  if (trace != NULL)
    dag_trace_let_go (trace);

  /* One that is all there was keeps what the trace of the node keeps too. */
  if (failures != NULL && failures->len == 1 && trace != NULL &&
      dag_trace_get_root (g_ptr_array_index (failures, 0)) == dag_trace_get_root (trace))
    g_clear_pointer (&failures, g_ptr_array_unref);

  if (trace != NULL)
    trace = dag_trace_unref_some (trace, BATCH);

  if (trace == NULL && failures == NULL)
    return;

  remnants = g_new0 (DagRemnants, 1);
  remnants->item.klass = &dag_remnants_class;
  remnants->looked = looked;
  if (refused && failures != NULL)
    remnants->root = dag_trace_get_root (g_ptr_array_index (failures, 0));
  remnants->failures = g_steal_pointer (&failures);
  remnants->trace = trace;
  dag_queue_push (self->queue, &remnants->item);
}

/*< private >
 * dag_node_let_go:
 *
 * The failures of the node, which has settled, are to be reported, though that is still there: those
 * at which nobody looked elsewhere either, and not before all who asked have their answers.
 */
void
dag_node_let_go (DagNode *self)
{
  GPtrArray *failures = dag_node_peek_failures (self);
  gboolean looked;

  if (dag_trace_postpone (self->trace))
    return;

  looked = dag_trace_is_looked (self->trace);
  dag_trace_let_go (self->trace);

  if (!dag_node_is_refused_by_failure (self))
    return;

  for (guint i = 1; i < failures->len; i++)
    let_go_beside (g_ptr_array_index (failures, i), dag_trace_get_root (self->trace), looked);
}
