/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The timers of a main context, however many, with one source for all of them. Everything is done
 * in the owning context.
 */
#define DAG_MILLISECOND ((gint64) 1000)  /* µs */

typedef struct _DagQueue DagQueue;
typedef struct _DagTimers DagTimers;
typedef struct _DagTimer DagTimer;

struct _DagTimer
{
  void   (*expire) (DagTimer *self);  /* const; must not call anybody's code */
  gint64   time;                      /* µs of the monotonic clock */
  guint64  order;                     /* in which those of one time were set */
  guint    position;                  /* in the heap, counted from 1; 0 while it is not set */
};

DagTimers *dag_timers_new   (DagQueue     *queue,
                             GMainContext *context);
void       dag_timers_close (DagTimers    *self);
void       dag_timers_free  (DagTimers    *self);

void       dag_timers_set   (DagTimers    *self,
                             DagTimer     *timer,
                             gint64        time);
void       dag_timers_unset (DagTimers    *self,
                             DagTimer     *timer);

G_END_DECLS
