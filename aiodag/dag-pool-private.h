/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-queue-private.h"

G_BEGIN_DECLS

/* Threads of the library's own, which run jobs by priority, and those of one priority in the order
 * in which they came.
 *
 * No more of them are at work at one time than the pool is made for, not counting those that wait.
 * A pool of one has one thread from its first job on, always the same, which no other ever stands
 * in for.
 */
typedef struct _DagPool DagPool;
typedef struct _DagJob DagJob;

struct _DagJob
{
  DagMember  member;  /* the pool's: among those of its priority */
  void     (*run) (DagJob *job);
};

DagPool    *dag_pool_new            (const char *name,
                                     guint       max_threads);
void        dag_pool_close          (DagPool    *self);

void        dag_pool_push           (DagPool    *self,
                                     DagJob     *job,
                                     int         priority);
gboolean    dag_pool_move           (DagPool    *self,
                                     DagJob     *job,
                                     int         priority);
gboolean    dag_pool_withdraw       (DagPool    *self,
                                     DagJob     *job);

/* Of the calling thread */
DagPool    *dag_pool_get_single     (void);
void        dag_pool_begin_blocking (void);
gboolean    dag_pool_end_blocking   (void);

G_END_DECLS
