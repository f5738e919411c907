/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-pool-private.h"

/* Work for threads is mostly waiting, so there may be more of them than cores. */
#define THREADS_PER_CORE 4

typedef struct {
  DagPoolFunc func;
  gpointer    data;
} DagJob;

static GMutex pool_lock;
static int pool_blocked;  /* threads that only wait for others; under the lock */

/* Set in the threads of the pool. */
static GPrivate is_worker;

static void
dag_job_run (gpointer data,
             gpointer user_data)
{
  DagJob *job = data;
  DagJob copy = *job;

  g_free (job);

  g_private_set (&is_worker, GINT_TO_POINTER (TRUE));
  copy.func (copy.data);
  g_private_set (&is_worker, NULL);
}

static int
dag_pool_get_size (void)
{
  return (int) g_get_num_processors () * THREADS_PER_CORE;
}

static GThreadPool *
dag_pool_get (void)
{
  static GThreadPool *pool;

  if (g_once_init_enter (&pool))
    g_once_init_leave (&pool, g_thread_pool_new (dag_job_run, NULL, dag_pool_get_size (),
                                                         FALSE, NULL));

  return pool;
}

/*< private >
 * dag_pool_push:
 *
 * Has @func be called in a thread.
 */
void
dag_pool_push (DagPoolFunc func,
               gpointer    data)
{
  DagJob *job = g_new (DagJob, 1);

  job->func = func;
  job->data = data;

  g_thread_pool_push (dag_pool_get (), job, NULL);
}

static void
dag_pool_add_blocked (int n)
{
  if (g_private_get (&is_worker) == NULL)
    return;

  g_mutex_lock (&pool_lock);
  pool_blocked += n;
  g_thread_pool_set_max_threads (dag_pool_get (), dag_pool_get_size () + pool_blocked, NULL);
  g_mutex_unlock (&pool_lock);
}

/*< private >
 * dag_pool_begin_blocking:
 *
 * The calling thread is going to wait for tasks. If it is one of the pool, another takes its place,
 * so that what is waited for is never short of a thread.
 */
void
dag_pool_begin_blocking (void)
{
  dag_pool_add_blocked (1);
}

void
dag_pool_end_blocking (void)
{
  dag_pool_add_blocked (-1);
}
