/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-node-private.h"

/* So many hops of a way are let go of between two looks at the budget. */
#define BATCH 64

/* So many ways are let go of at once, and so many hops of each: many tasks may go between two looks. */
#define FEW 4

/* What a node that is gone knew of failures: they may be many, each of a long way, and with them go
 * tasks that have failures themselves. So the queue lets go of what is more than a few.
 */
typedef struct {
  DagItem   item;
  DagTrace *failures;  /* (owned) (nullable): the last of a ring */
  DagTrace *root;      /* (unowned) (nullable): of the one that decided, if they are carried */
  gboolean  looked;    /* whether somebody looked at the node */
  DagTrace *trace;     /* (owned) (nullable) */
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

/* Lets go of the next hops of one way. Returns whether there is more. */
static gboolean
dag_remnants_step (DagRemnants *self)
{
  if (self->trace == NULL && self->failures != NULL)
    {
      self->trace = dag_traces_take (&self->failures);
      if (self->root != NULL)
        let_go_beside (self->trace, self->root, self->looked);
    }

  if (self->trace != NULL)
    self->trace = dag_trace_unref_some (self->trace, BATCH);

  return self->trace != NULL || self->failures != NULL;
}

static void
dag_remnants_run (DagItem *item)
{
  DagRemnants *self = (DagRemnants *) item;

  while (dag_remnants_step (self))
    if (dag_queue_is_late ())
      {
        dag_queue_push_front (item);
        return;
      }

  g_free (self);
}

static const DagItemClass dag_remnants_class = {
  .run = dag_remnants_run,
};

static void
dag_node_push_remnants (DagNode           *self,
                        const DagRemnants *remnants)
{
  if (remnants->trace != NULL || remnants->failures != NULL)
    dag_queue_push (self->queue, g_memdup2 (remnants, sizeof *remnants));
}

/*< private >
 * dag_node_free_failures:
 *
 * The node is gone: nothing that it carried can be looked at there any more.
 */
void
dag_node_free_failures (DagNode *self)
{
  DagRemnants remnants = { { &dag_remnants_class }, dag_node_peek_failures (self) };
  DagTrace *trace = g_steal_pointer (&self->trace);

  if (trace != NULL)
    remnants.looked = dag_trace_is_looked (trace);
  if (dag_node_is_refused_by_failure (self))
    remnants.root = dag_trace_get_root (self->verdicts->decisive);

  g_clear_pointer (&self->verdicts, g_free);

  if (trace == NULL)
    {
      dag_node_push_remnants (self, &remnants);
      return;
    }

  dag_trace_let_go (trace);

  /* No task goes with those that began where the trace of the node did, as long as that is there. */
  for (guint i = 0; i < FEW && remnants.failures != NULL; i++)
    {
      DagTrace *first = dag_traces_get_next (remnants.failures, NULL);
      DagRemnants rest = { { &dag_remnants_class } };

      if (dag_trace_get_root (first) != dag_trace_get_root (trace))
        break;

      rest.trace = dag_trace_unref_some (dag_traces_take (&remnants.failures), FEW);
      dag_node_push_remnants (self, &rest);
    }

  remnants.trace = dag_trace_unref_some (trace, FEW);
  dag_node_push_remnants (self, &remnants);
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
  DagTrace *failures, *failure = NULL;
  gboolean looked;

  if (dag_trace_postpone (self->trace))
    return;

  looked = dag_trace_is_looked (self->trace);
  dag_trace_let_go (self->trace);

  if (!dag_node_is_refused_by_failure (self))
    return;

  failures = dag_node_peek_failures (self);
  while ((failure = dag_traces_get_next (failures, failure)) != NULL)
    let_go_beside (failure, dag_trace_get_root (self->trace), looked);
}
