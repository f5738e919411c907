/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-queue-private.h"

/* A main context looks at each of its sources whenever it is iterated, so that a source for every
 * timer would make all of them dear. Here is one source, which becomes ready when the first timer
 * in a heap does. When very many expire at once it leaves them to the queue, which has a budget.
 */
struct _DagTimers
{
  DagItem    item;      /* in the queue while that goes on */
  DagQueue  *queue;     /* (unowned): const */
  GSource   *source;    /* (unowned) (nullable): the context's; NULL when that was destroyed */
  GPtrArray *heap;      /* (element-type DagTimer): none is owned; the first element is not used */
  guint64    n_set;
  gint64     armed;     /* µs of the monotonic clock: what the source is set for; else G_MAXINT64 */
  gint64     now;       /* the same: when the source was ready */
  gboolean   expiring;  /* the item is in the queue */
};

/* So many timers expire without a look at the budget, and between two looks at it. */
#define N_AT_ONCE 256
#define BATCH 16

typedef struct {
  GSource    source;
  DagTimers *timers;  /* (unowned) */
} DagTimersSource;

static DagTimer *
dag_timers_get (DagTimers *self,
                guint      position)
{
  return g_ptr_array_index (self->heap, position);
}

static guint
dag_timers_get_last (DagTimers *self)
{
  return self->heap->len - 1;
}

static void
dag_timers_put (DagTimers *self,
                guint      position,
                DagTimer  *timer)
{
  g_ptr_array_index (self->heap, position) = timer;
  timer->position = position;
}

static gboolean
dag_timer_is_before (DagTimer *self,
                     DagTimer *other)
{
  return self->time != other->time ? self->time < other->time : self->order < other->order;
}

/* Finds the place for a timer from a position on which is free, upward or downward. */
static void
dag_timers_sift (DagTimers *self,
                 guint      position,
                 DagTimer  *timer)
{
  guint last = dag_timers_get_last (self);
  guint child;

  while (position > 1 && dag_timer_is_before (timer, dag_timers_get (self, position / 2)))
    {
      dag_timers_put (self, position, dag_timers_get (self, position / 2));
      position /= 2;
    }

  while ((child = 2 * position) <= last)
    {
      if (child < last &&
          dag_timer_is_before (dag_timers_get (self, child + 1), dag_timers_get (self, child)))
        child++;
      if (!dag_timer_is_before (dag_timers_get (self, child), timer))
        break;

      dag_timers_put (self, position, dag_timers_get (self, child));
      position = child;
    }

  dag_timers_put (self, position, timer);
}

static void
dag_timers_remove (DagTimers *self,
                   DagTimer  *timer)
{
  guint position = timer->position;
  DagTimer *last = dag_timers_get (self, dag_timers_get_last (self));

  g_ptr_array_set_size (self->heap, dag_timers_get_last (self));
  if (timer != last)
    dag_timers_sift (self, position, last);
  timer->position = 0;
}

static void
dag_timers_arm (DagTimers *self,
                gint64     time)
{
  if (self->source == NULL || self->armed == time)
    return;

  self->armed = time;
  g_source_set_ready_time (self->source, time != G_MAXINT64 ? time : -1);
}

static void
dag_timers_rearm (DagTimers *self)
{
  dag_timers_arm (self, dag_timers_get_last (self) > 0 && !self->expiring
                            ? dag_timers_get (self, 1)->time
                            : G_MAXINT64);
}

/* Has the first timer expire. Returns whether its time is over. */
static gboolean
dag_timers_expire_next (DagTimers *self)
{
  DagTimer *timer;

  if (dag_timers_get_last (self) == 0 || dag_timers_get (self, 1)->time > self->now)
    return FALSE;

  timer = dag_timers_get (self, 1);
  dag_timers_remove (self, timer);
  timer->expire (timer);

  return TRUE;
}

static void
dag_timers_run (DagItem *item)
{
  DagTimers *self = (DagTimers *) item;
  guint n = 0;

  while (self->source != NULL && dag_timers_expire_next (self))
    if (++n % BATCH == 0 && dag_queue_is_late ())
      {
        dag_queue_push_front (item);
        return;
      }

  self->expiring = FALSE;
  dag_timers_rearm (self);
}

static const DagItemClass dag_timers_class = {
  .run = dag_timers_run,
};

static gboolean
dag_timers_dispatch (GSource     *source,
                     GSourceFunc  callback,
                     gpointer     user_data)
{
  DagTimers *self = ((DagTimersSource *) source)->timers;
  guint n = 0;

  /* It had been ready before the last ones were left to the queue. */
  if (self->expiring)
    return G_SOURCE_CONTINUE;

  self->now = g_source_get_time (source);
  while (n < N_AT_ONCE && dag_timers_expire_next (self))
    n++;

  if (n == N_AT_ONCE)
    {
      self->expiring = TRUE;
      dag_queue_push (self->queue, &self->item);
    }

  dag_timers_rearm (self);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
  .dispatch = dag_timers_dispatch,
};

/*< private >
 * dag_timers_new:
 * @queue: the queue of the context, which has the timers
 *
 * Returns: (transfer full): timers for a context, which has to outlive them or to close them
 */
DagTimers *
dag_timers_new (DagQueue     *queue,
                GMainContext *context)
{
  DagTimers *self = g_new0 (DagTimers, 1);

  self->item.klass = &dag_timers_class;
  self->queue = queue;
  self->armed = G_MAXINT64;
  self->heap = g_ptr_array_new ();
  g_ptr_array_add (self->heap, NULL);

  self->source = g_source_new (&source_funcs, sizeof (DagTimersSource));
  ((DagTimersSource *) self->source)->timers = self;
  g_source_set_static_name (self->source, "[aiodag] timers");
  /* That cannot recurse, so that to set it in its own dispatch does not wake the context. */
  g_source_attach (self->source, context);
  g_source_unref (self->source);  /* the context has it */

  return self;
}

/*< private >
 * dag_timers_close:
 *
 * The context is being destroyed: no timer will expire any more.
 */
void
dag_timers_close (DagTimers *self)
{
  self->source = NULL;
}

void
dag_timers_free (DagTimers *self)
{
  g_assert (dag_timers_get_last (self) == 0);

  g_ptr_array_unref (self->heap);
  g_free (self);
}

/*< private >
 * dag_timers_set:
 * @time: in µs of the monotonic clock
 *
 * Has a timer expire at a time, in the place of any that was set before. Those of one time expire in
 * the order in which they were set.
 */
void
dag_timers_set (DagTimers *self,
                DagTimer  *timer,
                gint64     time)
{
  if (timer->position == 0)
    {
      g_ptr_array_add (self->heap, timer);
      timer->position = dag_timers_get_last (self);
    }

  timer->time = time;
  timer->order = self->n_set++;
  dag_timers_sift (self, timer->position, timer);

  if (time < self->armed && !self->expiring)
    dag_timers_arm (self, time);
}

/*< private >
 * dag_timers_unset:
 *
 * Has a timer not expire, if it is set.
 *
 * The source stays as it is: to set it wakes the context, and to find once that there is nothing to
 * do costs no more than that.
 */
void
dag_timers_unset (DagTimers *self,
                  DagTimer  *timer)
{
  if (timer->position != 0)
    dag_timers_remove (self, timer);
}
