/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-queue-end-private.h"
#include "dag-queue-struct-private.h"

/* Two sources run the queue of a context. One has the default priority and does the work as long
 * as it stays within the budget. When a dispatch used that up, the other takes over, which runs
 * only when there is nothing to draw, and the first comes back after a pause: redraws always get
 * their turn, and beside a busy application tasks get theirs.
 *
 * They ask the queue whether they are ready, each time that the context is iterated, and without a
 * lock. A third source, the bell, does nothing: it is made ready where somebody may be waiting for
 * the context at the moment and has to be woken up.
 */
#define PRIORITY G_PRIORITY_DEFAULT
#define PAUSE    14000  /* µs */

typedef struct {
  GSource   source;
  DagQueue *queue;  /* (unowned): the callback data keeps it */
} DagQueueSource;

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

/*< private >
 * dag_queue_rouse:
 *
 * Has a dispatch come. Under the lock, which it leaves.
 */
void
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
 * dag_queue_pause:
 * @late: whether the dispatch has used up its budget, and there is more to do
 *
 * Has the source in the background take over for a while, or no longer. At the end of a dispatch.
 */
void
dag_queue_pause (DagQueue *self,
                 gboolean  late)
{
  if (late)
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
dag_queue_dispatch_source (GSource     *source,
                           GSourceFunc  callback,
                           gpointer     user_data)
{
  DagQueue *self = ((DagQueueSource *) source)->queue;

  /* A source that is ready when it is asked need not check. */
  g_atomic_int_set (&self->asked, FALSE);
  dag_queue_dispatch (self, g_source_get_context (source));

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
  .prepare = dag_queue_prepare,
  .check = dag_queue_check,
  .dispatch = dag_queue_dispatch_source,
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

/*< private >
 * dag_queue_attach_sources:
 *
 * Gives a new queue to its context.
 */
void
dag_queue_attach_sources (DagQueue *self)
{
  self->source = dag_queue_make_source (self, &source_funcs, "[aiodag] tasks", PRIORITY,
                                        (GDestroyNotify) dag_queue_close);
  self->bell = dag_queue_make_source (self, &bell_funcs, "[aiodag] bell", PRIORITY,
                                      (GDestroyNotify) dag_queue_unref);
  self->background = dag_queue_make_source (self, &source_funcs,
                                            "[aiodag] tasks in the background",
                                            dag_queue_get_background_priority (self),
                                            (GDestroyNotify) dag_queue_unref);

  /* From here on whoever iterates the context comes to them. */
  dag_queue_attach_source (self, self->source);
  dag_queue_attach_source (self, self->bell);
  dag_queue_attach_source (self, self->background);
}
