/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-levels-private.h"
#include "dag-queue-private.h"

G_BEGIN_DECLS

/* For the files of the queue alone */

struct _DagQueue
{
  gatomicrefcount  ref_count;

  /* Under the lock */
  GMutex           lock;
  GMainContext    *context;     /* (unowned) (nullable): NULL when it was destroyed; atomic too */
  GSource         *source;      /* (unowned): the context's */
  GSource         *background;  /* (unowned): the context's */
  DagItem         *inbox;       /* last of a ring */
  DagMember        newcomers;   /* the head of a ring: of the idle, but that others than the owning
                                 * context made them members; `n_newcomers` is atomic too */
  guint            n_newcomers;
  gboolean         awake;       /* whether a source is ready; atomic too */
  gboolean         draining;    /* whether a thread runs what is left to do without a context */

  /* Atomic */
  GThread         *inside;      /* (unowned) (nullable): the thread of the dispatch that goes on */
  GThread         *home;        /* (unowned): the thread that had the last one */
  GThread         *asker;       /* (unowned) (nullable): the thread that asked the source last */
  gboolean         asked;       /* whether it has not had that check yet */
  gboolean         surrounded;  /* that was so once when it was asked again */
  guint            budget;      /* of a dispatch, in µs */
  int              background_priority;

  /* The owning context */
  DagItem         *items;       /* last of a ring */
  DagItem         *later;       /* last of a ring: not in this dispatch */
  DagMember        idle;        /* the head of a ring */
  DagLevels       *levels;      /* those that are ready */
  DagTimers       *timers;      /* (nullable) */
  gint64           deadline;    /* of this dispatch, in µs of the monotonic clock */
  guint            stride;      /* steps between two looks at the clock */
  guint            steps;       /* left until the next one */
  gboolean         late;
  gboolean         pausing;     /* only the source in the background is ready, until the time that
                                 * is set for the other one */

  /* Under a lock of its own, which this thread may have when the context is destroyed */
  GRecMutex        bell_lock;
  GSource         *bell;        /* (unowned): the context's; NULL when that was destroyed */

  DagItem          remains;     /* stands for the inbox in the queue of another context; whose it
                                 * is while draining */
};

/* The queue whose dispatch goes on in this thread */
extern _Thread_local DagQueue *dag_current_queue;

void dag_queue_dispatch       (DagQueue     *self,
                               GMainContext *context);
void dag_queue_take_newcomers (DagQueue     *self);
void dag_queue_unregister     (DagQueue     *self);

void dag_queue_attach_sources (DagQueue     *self);
void dag_queue_rouse          (DagQueue     *self);
void dag_queue_stir           (DagQueue     *self);
void dag_queue_pause          (DagQueue     *self,
                               gboolean      late);

G_END_DECLS
