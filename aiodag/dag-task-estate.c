/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-ring-private.h"
#include "dag-task-private.h"

/* Freeing what tasks have: that may run anybody's code, whose place is the owning context. */

/* So many tasks that went with another one are freed at once. */
#define BATCH 64

static void
dag_task_rare_free (DagTaskRare *rare)
{
  g_assert (rare->waits == NULL);
  g_assert (rare->settle_waits == NULL);
  g_assert (rare->owner_link == NULL);
  g_assert (rare->calls == NULL);

  if (rare->task_data_destroy != NULL)
    rare->task_data_destroy (rare->task_data);

  g_clear_object (&rare->source_object);
  g_clear_object (&rare->cancellable);
  g_clear_object (&rare->value_owner);
  g_clear_object (&rare->worker);
  g_free (rare->time);
  g_clear_pointer (&rare->retry, dag_task_retry_free);
  g_clear_pointer (&rare->claim, dag_claim_unref);
  g_clear_pointer (&rare->creator, dag_claim_unref);
  g_free (rare->details);
  g_free (rare->name);
  g_free (rare);
}

/* What a task has, on its way to where it may be freed. */
typedef struct {
  DagItem      item;
  DagOutcome   outcome;
  DagTaskRare *rare;  /* (owned) (nullable) */
} DagEstate;

/* The estates of tasks that went with that of another one, whose being freed goes on in this
 * thread: a result that has a task, which has a result that has a task, would go on for ever. A
 * ring.
 */
static _Thread_local gboolean freeing;
static _Thread_local DagItem *estates;

static void
dag_estate_run (DagItem *item)
{
  DagEstate *self = (DagEstate *) item;
  DagEstate estate = *self;

  g_free (self);
  dag_outcome_clear (&estate.outcome);
  g_clear_pointer (&estate.rare, dag_task_rare_free);
}

static const DagItemClass dag_estate_class = {
  .run = dag_estate_run,
};

/* Takes over both. */
static DagItem *
dag_estate_new (DagOutcome  *outcome,
                DagTaskRare *rare)
{
  DagEstate *self = g_new0 (DagEstate, 1);

  self->item.klass = &dag_estate_class;
  dag_outcome_move (&self->outcome, outcome);
  self->rare = rare;

  return &self->item;
}

/*< private >
 * dag_task_free_estate:
 *
 * Frees what the task has in the owning context, or here if that is gone.
 */
void
dag_task_free_estate (DagTask *self)
{
  DagQueue *queue = DAG_NODE (self)->queue;
  gboolean here = dag_queue_is_home (queue) || dag_queue_is_closed (queue);
  DagItem *item;
  guint n = 0;

  if (self->rare == NULL && dag_outcome_is_plain (&self->outcome))
    {
      dag_outcome_clear (&self->outcome);
      return;
    }

  if (here && !freeing)
    {
      freeing = TRUE;

      dag_outcome_clear (&self->outcome);
      g_clear_pointer (&self->rare, dag_task_rare_free);
      while ((item = ring_pop (&estates)) != NULL)
        if (n++ < BATCH)
          dag_estate_run (item);
        else
          dag_queue_push (queue, item);

      freeing = FALSE;
      return;
    }

  item = dag_estate_new (&self->outcome, g_steal_pointer (&self->rare));
  if (here)
    ring_append (&estates, item);
  else
    dag_queue_push (queue, item);
}

/*< private >
 * dag_task_discard_outcome:
 * @outcome: (transfer full): what nobody will read
 *
 * Frees an outcome, or anything else that makes one, in the owning context, where that makes a
 * difference.
 */
void
dag_task_discard_outcome (DagTask    *self,
                          DagOutcome *outcome)
{
  if (dag_outcome_is_plain (outcome))
    dag_outcome_clear (outcome);
  else
    dag_queue_push (DAG_NODE (self)->queue, dag_estate_new (outcome, NULL));
}
