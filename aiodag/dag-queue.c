/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-queue-end-private.h"
#include "dag-queue-private.h"
#include "dag-queue-struct-private.h"
#include "dag-ring-private.h"

/* Unless others are set */
#define BUDGET              2000                        /* µs */
#define BACKGROUND_PRIORITY (G_PRIORITY_HIGH_IDLE + 21) /* GDK_PRIORITY_REDRAW + 1, the same */

/* So many items that run nobody's code are done between two looks at the clock. */
#define STEPS              32
#define NOTIFICATION_STEPS 8

static GMutex registry_lock;
static GHashTable *registry;  /* (element-type GMainContext DagQueue): neither is owned */

/* The queue that this thread asked for last */
static GPrivate last_queue = G_PRIVATE_INIT ((GDestroyNotify) dag_queue_unref);

_Thread_local DagQueue *dag_current_queue;

DagQueue *
dag_queue_ref (DagQueue *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dag_queue_unref (DagQueue *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->items == NULL);
  g_assert (self->later == NULL);
  g_assert (self->inbox == NULL);

  g_clear_pointer (&self->timers, dag_timers_free);
  dag_levels_free (self->levels);
  g_rec_mutex_clear (&self->bell_lock);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
dag_queue_check_late (DagQueue *self)
{
  if (!self->late && self->steps-- == 0)
    {
      self->steps = self->stride;
      self->late = g_get_monotonic_time () >= self->deadline;
    }

  return self->late;
}

/*< private >
 * dag_queue_take_newcomers:
 *
 * Takes over the members that were made elsewhere. Under the lock, in the owning context.
 */
void
dag_queue_take_newcomers (DagQueue *self)
{
  if (self->n_newcomers == 0)
    return;

  g_atomic_int_set (&self->n_newcomers, 0);
  member_ring_take (&self->idle, &self->newcomers);
}

/* Takes over what other threads have pushed. */
static gboolean
dag_queue_fetch (DagQueue *self)
{
  g_mutex_lock (&self->lock);
  dag_queue_take_newcomers (self);
  ring_take (&self->items, &self->inbox);
  g_mutex_unlock (&self->lock);

  return self->items != NULL;
}

/* Does one thing.
 *
 * @may_start: (nullable): which members may be started, %NULL for all
 *
 * Returns: whether there was one
 */
static gboolean
dag_queue_do_next (DagQueue *self,
                   gboolean (*may_start) (DagMember *member,
                                          gpointer   data),
                   gpointer  data)
{
  DagItem *item;
  DagMember *member;

  if (self->items != NULL || dag_queue_fetch (self))
    {
      item = ring_pop (&self->items);
      item->klass->run (item);

      return TRUE;
    }

  member = dag_levels_get_first (self->levels);
  if (member == NULL || (may_start != NULL && !may_start (member, data)))
    return FALSE;

  dag_queue_make_idle (self, member);
  member->item.klass->start (member);

  /* That was somebody's function and may have taken any time. */
  self->steps = 0;

  return TRUE;
}

static void
dag_queue_work (DagQueue *self)
{
  while (dag_queue_do_next (self, NULL, NULL) && !dag_queue_check_late (self))
    ;
}

/*< private >
 * dag_queue_dispatch:
 * @context: the context, which calls this
 *
 * Does what there is to do until the budget is used up.
 */
void
dag_queue_dispatch (DagQueue     *self,
                    GMainContext *context)
{
  DagQueue *outer_queue = dag_current_queue;
  GThread *outer_inside = g_atomic_pointer_get (&self->inside);
  gint64 outer_deadline = self->deadline;
  guint budget = dag_queue_get_budget (self);
  gboolean more, late;

  dag_queue_ref (self);
  dag_current_queue = self;
  g_atomic_pointer_set (&self->inside, g_thread_self ());
  g_atomic_pointer_set (&self->home, g_thread_self ());
  self->deadline = g_get_monotonic_time () + budget;
  self->stride = budget > 0 ? STEPS : 0;
  self->steps = self->stride;
  self->late = FALSE;

  g_main_context_push_thread_default (context);
  dag_queue_work (self);
  g_main_context_pop_thread_default (context);

  late = self->late;
  self->late = FALSE;
  self->steps = 0;
  self->deadline = outer_deadline;
  g_atomic_pointer_set (&self->inside, outer_inside);
  dag_current_queue = outer_queue;

  ring_take (&self->items, &self->later);

  g_mutex_lock (&self->lock);
  more = self->items != NULL || self->inbox != NULL || dag_levels_get_first (self->levels) != NULL;
  g_atomic_int_set (&self->awake, more);
  g_mutex_unlock (&self->lock);

  dag_queue_pause (self, more && late);
  dag_queue_unref (self);
}

static DagQueue *
dag_queue_new (GMainContext *context)
{
  DagQueue *self = g_new0 (DagQueue, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_rec_mutex_init (&self->bell_lock);
  self->context = context;
  self->home = g_thread_self ();
  dag_queue_set_budget (self, BUDGET);
  dag_queue_set_background_priority (self, BACKGROUND_PRIORITY);
  dag_queue_init_end (self);
  member_ring_init (&self->idle);
  member_ring_init (&self->newcomers);
  self->levels = dag_levels_new ();
  dag_queue_attach_sources (self);

  return self;
}

/*< private >
 * dag_queue_get:
 * @context: (nullable): a main context; %NULL for the one that is thread-default
 *
 * Gets the queue of a context, making it if need be.
 *
 * Returns: (transfer full): the queue
 */
DagQueue *
dag_queue_get (GMainContext *context)
{
  DagQueue *self = g_private_get (&last_queue);

  if (context == NULL)
    context = g_main_context_get_thread_default ();
  if (context == NULL)
    context = g_main_context_default ();

  /* The queue of a context that was destroyed has none: the address alone would say nothing. */
  if (self != NULL && g_atomic_pointer_get (&self->context) == context)
    return dag_queue_ref (self);

  g_mutex_lock (&registry_lock);

  if (registry == NULL)
    registry = g_hash_table_new (NULL, NULL);

  self = g_hash_table_lookup (registry, context);
  if (self == NULL)
    {
      self = dag_queue_new (context);
      g_hash_table_insert (registry, context, self);
    }
  else
    {
      dag_queue_ref (self);
    }

  g_mutex_unlock (&registry_lock);

  g_private_replace (&last_queue, dag_queue_ref (self));

  return self;
}

/*< private >
 * dag_queue_unregister:
 *
 * The context is being destroyed, and at its address there can soon be another one.
 */
void
dag_queue_unregister (DagQueue *self)
{
  g_mutex_lock (&registry_lock);
  if (g_hash_table_lookup (registry, self->context) == self)
    g_hash_table_remove (registry, self->context);
  g_mutex_unlock (&registry_lock);
}

/*< private >
 * dag_queue_get_context:
 *
 * Returns: (transfer none) (nullable): the context, %NULL if it was destroyed
 */
GMainContext *
dag_queue_get_context (DagQueue *self)
{
  GMainContext *context;

  g_mutex_lock (&self->lock);
  context = self->context;
  g_mutex_unlock (&self->lock);

  return context;
}

/*< private >
 * dag_queue_acquire:
 *
 * Acquires the context, unless another thread has it.
 *
 * Returns: (transfer full) (nullable): the context, to be released
 */
GMainContext *
dag_queue_acquire (DagQueue *self)
{
  GMainContext *context = NULL;

  /* Under the lock it cannot be freed. */
  g_mutex_lock (&self->lock);
  if (self->context != NULL && g_main_context_acquire (self->context))
    context = g_main_context_ref (self->context);
  g_mutex_unlock (&self->lock);

  return context;
}

/*< private >
 * dag_queue_is_closed:
 *
 * Whether the context was destroyed.
 */
gboolean
dag_queue_is_closed (DagQueue *self)
{
  return g_atomic_pointer_get (&self->context) == NULL;
}

/*< private >
 * dag_queue_is_home:
 *
 * Whether this is the thread that iterates the context, as far as that is known, so that what
 * belongs to the context can be freed here.
 */
gboolean
dag_queue_is_home (DagQueue *self)
{
  return self == dag_current_queue || g_atomic_pointer_get (&self->home) == g_thread_self ();
}

/*< private >
 * dag_queue_is_inside:
 *
 * Whether the caller was called by this queue.
 */
gboolean
dag_queue_is_inside (DagQueue *self)
{
  return self == dag_current_queue || g_atomic_pointer_get (&self->inside) == g_thread_self ();
}

/*< private >
 * dag_queue_is_ours:
 *
 * Whether no other thread than this one can iterate the context at the moment.
 */
gboolean
dag_queue_is_ours (DagQueue *self)
{
  gboolean ours;

  g_mutex_lock (&self->lock);
  ours = self->context != NULL && g_main_context_is_owner (self->context);
  g_mutex_unlock (&self->lock);

  return ours;
}

/*< private >
 * dag_queue_push:
 * @item: an item that is in no queue
 *
 * Has @item run in the context, after what was pushed before.
 *
 * Where the context was destroyed, the queue that is at work in this thread runs it, and where none
 * is, it is run at once: what still has to be done then is bookkeeping.
 */
void
dag_queue_push (DagQueue *self,
                DagItem  *item)
{
  if (dag_queue_is_inside (self))
    {
      ring_append (&self->items, item);
      dag_queue_stir (self);
      return;
    }

  g_mutex_lock (&self->lock);

  ring_append (&self->inbox, item);

  if (self->context == NULL)
    {
      gboolean drain = !self->draining;

      self->draining = TRUE;
      g_mutex_unlock (&self->lock);

      if (drain)
        dag_queue_find_drainer (self);
    }
  else
    {
      dag_queue_rouse (self);
    }
}

/*< private >
 * dag_queue_push_later:
 * @item: an item that is in no queue
 *
 * Has @item run in a later dispatch than the one that runs the caller, after what is in the queue
 * until then.
 */
void
dag_queue_push_later (DagQueue *self,
                      DagItem  *item)
{
  if (dag_queue_is_closed (self))
    {
      dag_queue_push (self, item);
      return;
    }

  ring_append (&self->later, item);
  dag_queue_stir (self);
}

/*< private >
 * dag_queue_push_front:
 * @item: an item that is in no queue
 *
 * Has @item run next, by the queue that runs the caller.
 */
void
dag_queue_push_front (DagItem *item)
{
  DagQueue *current = dag_current_queue;

  ring_prepend (&current->items, item);
  dag_queue_stir (current);
}

/*< private >
 * dag_queue_note_call:
 *
 * Somebody's code is going to be called, which may take any time.
 */
void
dag_queue_note_call (void)
{
  DagQueue *current = dag_current_queue;

  current->steps = 0;
}

/*< private >
 * dag_queue_note_notification:
 *
 * A property is going to be notified, which is mostly heard by nobody: to find that out takes as long
 * as some steps.
 */
void
dag_queue_note_notification (void)
{
  DagQueue *current = dag_current_queue;

  current->steps -= MIN (current->steps, NOTIFICATION_STEPS);
}

/*< private >
 * dag_queue_step:
 * @may_start: which members may be started
 *
 * Does the next thing that there is to do in the dispatch that the caller is in, unless that should
 * come to an end.
 *
 * Returns: whether there was one
 */
gboolean
dag_queue_step (DagQueue *self,
                gboolean (*may_start) (DagMember *member,
                                       gpointer   data),
                gpointer  data)
{
  return !dag_queue_check_late (self) && dag_queue_do_next (self, may_start, data);
}

/*< private >
 * dag_queue_is_late:
 *
 * Whether the dispatch that the caller is in should come to an end. A loop over many things asks
 * now and then, and puts itself back into the queue when it hears so.
 */
gboolean
dag_queue_is_late (void)
{
  return dag_queue_check_late (dag_current_queue);
}

/*< private >
 * dag_queue_add_member:
 *
 * Has @member be one of those that are abandoned when the context is destroyed. From any thread.
 *
 * Returns: %FALSE if it was destroyed
 */
gboolean
dag_queue_add_member (DagQueue  *self,
                      DagMember *member)
{
  gboolean open;

  if (dag_queue_is_inside (self))
    {
      open = !dag_queue_is_closed (self);
      if (open)
        member_link (&self->idle, member);

      return open;
    }

  g_mutex_lock (&self->lock);

  open = self->context != NULL;
  if (open)
    {
      member_link (&self->newcomers, member);
      g_atomic_int_inc (&self->n_newcomers);
    }

  g_mutex_unlock (&self->lock);

  return open;
}

/* In the owning context, which may be the first to do something with the member. */
static void
dag_queue_unlink_member (DagQueue  *self,
                         DagMember *member)
{
  if (G_UNLIKELY (g_atomic_int_get (&self->n_newcomers) > 0))
    {
      g_mutex_lock (&self->lock);
      dag_queue_take_newcomers (self);
      g_mutex_unlock (&self->lock);
    }

  member_unlink (member);
}

void
dag_queue_make_ready (DagQueue  *self,
                      DagMember *member,
                      int        priority)
{
  dag_queue_unlink_member (self, member);
  member_link (dag_levels_get_ring (self->levels, priority), member);
  dag_queue_stir (self);
}

void
dag_queue_make_idle (DagQueue  *self,
                     DagMember *member)
{
  dag_queue_unlink_member (self, member);
  member_link (&self->idle, member);
}

void
dag_queue_remove_member (DagQueue  *self,
                         DagMember *member)
{
  dag_queue_unlink_member (self, member);
}

/*< private >
 * dag_queue_set_timer:
 * @time: in µs of the monotonic clock
 *
 * Has a timer expire at a time, in the place of any that was set before; not if the context was
 * destroyed.
 */
void
dag_queue_set_timer (DagQueue *self,
                     DagTimer *timer,
                     gint64    time)
{
  if (dag_queue_is_closed (self))
    return;

  if (self->timers == NULL)
    self->timers = dag_timers_new (self, self->context);

  dag_timers_set (self->timers, timer, time);
}

void
dag_queue_unset_timer (DagQueue *self,
                       DagTimer *timer)
{
  if (self->timers != NULL)
    dag_timers_unset (self->timers, timer);
}
