/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-queue-end-private.h"
#include "dag-queue-private.h"
#include "dag-queue-struct-private.h"
#include "dag-ring-private.h"

/* Two sources run the queue of a context. One has the default priority and does the work as long
 * as it stays within the budget. When a dispatch used that up, the other takes over, which runs
 * only when there is nothing to draw, and the first comes back after a pause: redraws always get
 * their turn, and beside a busy application tasks get theirs.
 *
 * They ask the queue whether they are ready, each time that the context is iterated, and without a
 * lock. A third source, the bell, does nothing: it is made ready where somebody may be waiting for
 * the context at the moment and has to be woken up.
 */
#define BUDGET              2000                        /* µs, unless another one is set */
#define PAUSE               14000                       /* µs */
#define PRIORITY            G_PRIORITY_DEFAULT
#define BACKGROUND_PRIORITY (G_PRIORITY_HIGH_IDLE + 21) /* GDK_PRIORITY_REDRAW + 1, the same */

/* So many items that run nobody's code are done between two looks at the clock. */
#define STEPS              32
#define NOTIFICATION_STEPS 8

typedef struct {
  GSource   source;
  DagQueue *queue;  /* (unowned): the callback data keeps it */
} DagQueueSource;

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

/* Whether somebody may be waiting for the context.
 *
 * Who iterates it asks its sources, waits, and has them check. The thread that does so has nobody to
 * wake outside of that, as it asks again before it waits. But if it was once asked in between, there
 * is a main loop of some other kind around, which waits for the descriptors of the context on its own
 * terms.
 *
 * Who asks says so first, and `awake` is set before this is called: one of the two sees the other.
 */
static gboolean
dag_queue_is_waited_for (DagQueue *self)
{
  return g_atomic_int_get (&self->asked) || g_atomic_int_get (&self->surrounded) ||
         g_atomic_pointer_get (&self->asker) != g_thread_self ();
}

/* Not under the lock: newer versions of GLib keep the context meanwhile, and if nobody else does any
 * longer, it is destroyed right here.
 */
static void
dag_queue_ring (DagQueue *self)
{
  g_rec_mutex_lock (&self->bell_lock);
  if (self->bell != NULL)
    g_source_set_ready_time (self->bell, 0);
  g_rec_mutex_unlock (&self->bell_lock);
}

/* Has a dispatch come. Under the lock, which it leaves. */
static void
dag_queue_rouse (DagQueue *self)
{
  gboolean asleep = self->context != NULL && !g_atomic_int_get (&self->awake);

  g_atomic_int_set (&self->awake, TRUE);

  /* What was put in may be done, and all else with it, as soon as the lock is left. */
  if (asleep)
    dag_queue_ref (self);

  g_mutex_unlock (&self->lock);

  if (asleep)
    {
      if (dag_queue_is_waited_for (self))
        dag_queue_ring (self);
      dag_queue_unref (self);
    }
}

/*< private >
 * dag_queue_stir:
 *
 * The owning context put something in, from a dispatch: has another one come, where one inside of
 * this very one found nothing left to do before.
 */
void
dag_queue_stir (DagQueue *self)
{
  if (g_atomic_int_get (&self->awake))
    return;

  g_mutex_lock (&self->lock);
  dag_queue_rouse (self);
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

/* Sets the sources by what is left to do. */
static void
dag_queue_rearm (DagQueue *self,
                 gboolean  late)
{
  gboolean more;

  ring_take (&self->items, &self->later);

  g_mutex_lock (&self->lock);
  more = self->items != NULL || self->inbox != NULL || dag_levels_get_first (self->levels) != NULL;
  g_atomic_int_set (&self->awake, more);
  g_mutex_unlock (&self->lock);

  if (more && late)
    {
      int priority = dag_queue_get_background_priority (self);

      /* Here, where the context is in nobody's walk over its sources. */
      if (priority != g_source_get_priority (self->background))
        g_source_set_priority (self->background, priority);

      self->pausing = TRUE;
      g_source_set_ready_time (self->source, g_get_monotonic_time () + PAUSE);
    }
  else if (self->pausing)
    {
      self->pausing = FALSE;
      g_source_set_ready_time (self->source, -1);
    }
}

static gboolean
dag_queue_is_ready (DagQueue *self,
                    GSource  *source)
{
  return g_atomic_int_get (&self->awake) && self->pausing == (source == self->background);
}

static gboolean
dag_queue_prepare (GSource *source,
                   int     *timeout)
{
  DagQueue *self = ((DagQueueSource *) source)->queue;

  *timeout = -1;

  if (source == self->source)
    {
      if (g_atomic_int_get (&self->asked))
        g_atomic_int_set (&self->surrounded, TRUE);
      g_atomic_pointer_set (&self->asker, g_thread_self ());
      g_atomic_int_set (&self->asked, TRUE);
    }

  return dag_queue_is_ready (self, source);
}

static gboolean
dag_queue_check (GSource *source)
{
  DagQueue *self = ((DagQueueSource *) source)->queue;

  if (source == self->source)
    g_atomic_int_set (&self->asked, FALSE);

  return dag_queue_is_ready (self, source);
}

static gboolean
dag_queue_dispatch (GSource     *source,
                    GSourceFunc  callback,
                    gpointer     user_data)
{
  DagQueue *self = dag_queue_ref (((DagQueueSource *) source)->queue);
  GMainContext *context = g_source_get_context (source);
  DagQueue *outer_queue = dag_current_queue;
  GThread *outer_inside = g_atomic_pointer_get (&self->inside);
  gint64 outer_deadline = self->deadline;
  guint budget = dag_queue_get_budget (self);
  gboolean late;

  dag_current_queue = self;
  g_atomic_pointer_set (&self->inside, g_thread_self ());
  g_atomic_pointer_set (&self->home, g_thread_self ());
  /* A source that is ready when it is asked need not check. */
  g_atomic_int_set (&self->asked, FALSE);
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

  dag_queue_rearm (self, late);
  dag_queue_unref (self);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
  .prepare = dag_queue_prepare,
  .check = dag_queue_check,
  .dispatch = dag_queue_dispatch,
};

/* As it cannot recurse, this one is let go of without waking the context once more. */
static gboolean
dag_queue_dispatch_bell (GSource     *source,
                         GSourceFunc  callback,
                         gpointer     user_data)
{
  g_source_set_ready_time (source, -1);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs bell_funcs = {
  .dispatch = dag_queue_dispatch_bell,
};

static GSource *
dag_queue_make_source (DagQueue       *self,
                       GSourceFuncs   *funcs,
                       const char     *name,
                       int             priority,
                       GDestroyNotify  destroy)
{
  GSource *source = g_source_new (funcs, sizeof (DagQueueSource));

  ((DagQueueSource *) source)->queue = self;
  g_source_set_callback (source, NULL, dag_queue_ref (self), destroy);
  g_source_set_static_name (source, name);
  g_source_set_priority (source, priority);
  g_source_set_can_recurse (source, funcs == &source_funcs);

  return source;
}

static void
dag_queue_attach_source (DagQueue *self,
                         GSource  *source)
{
  g_source_attach (source, self->context);
  g_source_unref (source);  /* the context has it */
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

  self->source = dag_queue_make_source (self, &source_funcs, "[aiodag] tasks", PRIORITY,
                                        (GDestroyNotify) dag_queue_close);
  self->bell = dag_queue_make_source (self, &bell_funcs, "[aiodag] bell", PRIORITY,
                                      (GDestroyNotify) dag_queue_unref);
  self->background = dag_queue_make_source (self, &source_funcs,
                                            "[aiodag] tasks in the background",
                                            BACKGROUND_PRIORITY,
                                            (GDestroyNotify) dag_queue_unref);

  /* From here on whoever iterates the context comes to them. */
  dag_queue_attach_source (self, self->source);
  dag_queue_attach_source (self, self->bell);
  dag_queue_attach_source (self, self->background);

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
