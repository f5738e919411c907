/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-queue-end-private.h"
#include "dag-queue-struct-private.h"
#include "dag-ring-private.h"

static void
dag_queue_pin_member (DagMember *member)
{
  member->item.klass->pin (member);
}

static void
dag_queue_pin_members (DagQueue *self)
{
  for (DagMember *m = self->idle.next; m != &self->idle; m = m->next)
    dag_queue_pin_member (m);

  dag_levels_foreach (self->levels, dag_queue_pin_member);
}

/* Takes the next item of a queue whose context was destroyed. When there is none, the next thread
 * that pushes one has to see to it.
 */
static DagItem *
dag_queue_take_remains (DagQueue *self)
{
  DagItem *item = ring_pop (&self->items);

  if (item == NULL)
    {
      g_mutex_lock (&self->lock);

      self->items = g_steal_pointer (&self->inbox);
      if (self->items == NULL)
        {
          self->draining = FALSE;
          g_atomic_pointer_set (&self->inside, NULL);
        }
      item = ring_pop (&self->items);

      g_mutex_unlock (&self->lock);
    }

  return item;
}

/* Runs what is left to do for a context that was destroyed. Only one thread does so at a time, and
 * that stands in for the owning context meanwhile.
 */
static void
dag_queue_drain (DagQueue *self)
{
  DagQueue *outer_queue = dag_current_queue;
  DagItem *item;

  dag_current_queue = self;
  g_atomic_pointer_set (&self->inside, g_thread_self ());

  while ((item = dag_queue_take_remains (self)) != NULL)
    item->klass->run (item);

  dag_current_queue = outer_queue;
}

static void
dag_queue_run_remains (DagItem *item)
{
  DagQueue *self = (DagQueue *) ((char *) item - G_STRUCT_OFFSET (DagQueue, remains));

  dag_queue_drain (self);
  dag_queue_unref (self);
}

static const DagItemClass remains_class = {
  .run = dag_queue_run_remains,
};

/*< private >
 * dag_queue_init_end:
 *
 * Prepares for the end of the context.
 */
void
dag_queue_init_end (DagQueue *self)
{
  self->remains.klass = &remains_class;
}

/*< private >
 * dag_queue_close:
 * @self: (transfer full): the queue
 *
 * The context is being destroyed, and with it its sources: ends all that lives in it.
 */
void
dag_queue_close (DagQueue *self)
{
  DagQueue *outer_queue = dag_current_queue;
  DagMember *member;
  DagItem *item;

  dag_queue_unregister (self);

  dag_current_queue = self;
  g_atomic_pointer_set (&self->inside, g_thread_self ());
  g_atomic_pointer_set (&self->home, g_thread_self ());

  /* The context waits here for those who are about to wake it. */
  g_rec_mutex_lock (&self->bell_lock);
  self->bell = NULL;
  g_rec_mutex_unlock (&self->bell_lock);

  g_mutex_lock (&self->lock);
  /* Who sees that it is closed has been pinned. */
  dag_queue_take_newcomers (self);
  dag_queue_pin_members (self);
  self->draining = TRUE;
  g_atomic_pointer_set (&self->context, NULL);
  self->source = self->background = NULL;
  if (self->timers != NULL)
    dag_timers_close (self->timers);
  ring_take (&self->items, &self->inbox);
  g_mutex_unlock (&self->lock);

  ring_take (&self->items, &self->later);

  /* What was on its way comes first. */
  self->deadline = G_MAXINT64;
  while ((item = ring_pop (&self->items)) != NULL)
    item->klass->run (item);

  while ((member = dag_levels_get_first (self->levels)) != NULL)
    dag_queue_make_idle (self, member);

  while (!member_ring_is_empty (&self->idle))
    {
      member = self->idle.next;
      member_unlink (member);
      member->item.klass->abandon (member);
    }

  dag_queue_drain (self);
  dag_current_queue = outer_queue;

  dag_queue_unref (self);
}

/*< private >
 * dag_queue_find_drainer:
 *
 * Has somebody run what is left to do for a context that was destroyed: this thread, with the rest
 * of what it is at, or at once.
 */
void
dag_queue_find_drainer (DagQueue *self)
{
  DagQueue *current = dag_current_queue;

  dag_queue_ref (self);

  if (current != NULL)
    {
      ring_append (&current->items, &self->remains);
      dag_queue_stir (current);
    }
  else
    {
      dag_queue_run_remains (&self->remains);
    }
}
