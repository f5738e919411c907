/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-levels-private.h"
#include "dag-pool-private.h"
#include "dag-ring-private.h"

/* Why this is no GThreadPool: that takes a job out of its queue only to run it, so that neither
 * what was cancelled can leave nor what became urgent can move; it sorts by walking the queue, under
 * its lock; and it cannot tell a thread that waits from one that works.
 */

/* How long a thread stays that has nothing to do. */
#define IDLE_TIME (15 * G_TIME_SPAN_SECOND)

/* So often a thread looks for more before it goes to sleep: waking it would take longer, both for
 * itself and for who has a job.
 */
#define LOOKS 100

struct _DagPool
{
  char      *name;         /* const */
  guint      max_threads;  /* const */

  GMutex     lock;

  /* Under the lock */
  DagLevels *levels;       /* the jobs that wait for a thread */
  guint      n_jobs;       /* of these; atomic, for those who look without it */
  guint      n_threads;    /* all that there are */
  guint      n_busy;       /* that run a job and do not wait in it */
  guint      n_coming;     /* that were woken or made, and have not looked for a job yet */
  guint      n_idle;       /* that wait to be woken */
  guint      n_woken;      /* that were, and have not noticed yet */
  gboolean   closed;       /* there will be no more jobs */
  GCond      wake;
};

/* Of the threads of a pool */
static _Thread_local DagPool *current_pool;
static _Thread_local guint n_blocking;

static gpointer dag_pool_thread (gpointer data);

static inline void
pause_cpu (void)
{
#if defined(__i386__) || defined(__x86_64__)
  __builtin_ia32_pause ();
#endif
}

static void
dag_pool_free (DagPool *self)
{
  dag_levels_free (self->levels);
  g_cond_clear (&self->wake);
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

/*< private >
 * dag_pool_new:
 * @name: what its threads are called
 * @max_threads: how many threads may be at work at one time
 *
 * Makes a pool. Its threads are made when they are needed.
 *
 * Returns: (transfer full): the pool
 */
DagPool *
dag_pool_new (const char *name,
              guint       max_threads)
{
  DagPool *self = g_new0 (DagPool, 1);

  self->name = g_strdup (name);
  self->max_threads = max_threads;
  self->levels = dag_levels_new ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);

  return self;
}

/*< private >
 * dag_pool_close:
 *
 * There will be no more jobs: when those that wait have run, the threads end, and the pool is
 * freed.
 */
void
dag_pool_close (DagPool *self)
{
  gboolean unused;

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  self->n_woken += self->n_idle;
  self->n_coming += self->n_idle;
  self->n_idle = 0;
  unused = self->n_threads == 0;
  if (!unused)
    g_cond_broadcast (&self->wake);
  g_mutex_unlock (&self->lock);

  if (unused)
    dag_pool_free (self);
}

/* Returns: (nullable): the job that is next. Under the lock. */
static DagJob *
dag_pool_get_first (DagPool *self)
{
  return self->n_jobs > 0 ? (DagJob *) dag_levels_get_first (self->levels) : NULL;
}

/* Under the lock. */
static void
dag_pool_link (DagPool *self,
               DagJob  *job,
               int      priority)
{
  member_link (dag_levels_get_ring (self->levels, priority), &job->member);
  g_atomic_int_inc (&self->n_jobs);
}

/* Under the lock. */
static void
dag_pool_unlink (DagPool *self,
                 DagJob  *job)
{
  member_unlink (&job->member);
  g_atomic_int_add (&self->n_jobs, -1);
}

/* Makes a thread. If the system has none left to give, those that there are have to do; without any
 * there is no going on. Under the lock.
 */
static void
dag_pool_add_thread (DagPool *self)
{
  GThread *thread = NULL;

  self->n_threads++;
  self->n_coming++;

  if (self->n_threads == 1)
    thread = g_thread_new (self->name, dag_pool_thread, self);
  else
    thread = g_thread_try_new (self->name, dag_pool_thread, self, NULL);

  if (thread != NULL)
    {
      g_thread_unref (thread);
    }
  else
    {
      self->n_threads--;
      self->n_coming--;
    }
}

/* Has one more thread look for a job, if that may have one. Under the lock.
 *
 * Returns: whether `wake` has to be signalled
 */
static gboolean
dag_pool_summon (DagPool *self)
{
  if (self->n_coming >= self->n_jobs || self->n_busy + self->n_coming >= self->max_threads)
    return FALSE;

  if (self->n_idle > 0)
    {
      self->n_idle--;
      self->n_woken++;
      self->n_coming++;
      return TRUE;
    }

  /* The one of a pool of one is not replaced while it waits. */
  if (self->max_threads > 1 || self->n_threads == 0)
    dag_pool_add_thread (self);

  return FALSE;
}

/* Looks for a job for a moment, as one thread at a time does. Under the lock, which it leaves. */
static void
dag_pool_look (DagPool *self)
{
  if (self->n_coming > 0 || self->n_busy > 0 || g_get_num_processors () == 1)
    return;

  self->n_coming++;
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < LOOKS && g_atomic_int_get (&self->n_jobs) == 0; i++)
    pause_cpu ();

  g_mutex_lock (&self->lock);
  self->n_coming--;
}

/* Waits until there may be a job. Under the lock.
 *
 * Returns: whether to look; else the thread is not needed any longer
 */
static gboolean
dag_pool_idle (DagPool *self)
{
  gint64 end;

  dag_pool_look (self);
  if ((self->n_jobs > 0 && self->n_busy < self->max_threads) || self->closed)
    return TRUE;

  /* More were needed while some waited. */
  if (self->n_idle >= self->max_threads)
    return FALSE;

  end = g_get_monotonic_time () + IDLE_TIME;
  self->n_idle++;

  while (self->n_woken == 0)
    {
      if (self->max_threads == 1)
        {
          /* Always the same. */
          g_cond_wait (&self->wake, &self->lock);
        }
      else if (!g_cond_wait_until (&self->wake, &self->lock, end) && self->n_woken == 0)
        {
          self->n_idle--;
          return FALSE;
        }
    }

  self->n_woken--;
  self->n_coming--;

  return TRUE;
}

static gpointer
dag_pool_thread (gpointer data)
{
  DagPool *self = data;
  gboolean last;

  current_pool = self;

  g_mutex_lock (&self->lock);
  self->n_coming--;

  while (TRUE)
    {
      DagJob *job = self->n_busy < self->max_threads ? dag_pool_get_first (self) : NULL;

      if (job != NULL)
        {
          dag_pool_unlink (self, job);
          self->n_busy++;
          g_mutex_unlock (&self->lock);

          job->run (job);

          if (G_UNLIKELY (n_blocking > 0))
            {
              g_critical ("A function came back without dag_worker_end_blocking ()");
              n_blocking = 1;
              dag_pool_end_blocking ();
            }

          g_mutex_lock (&self->lock);
          self->n_busy--;
        }
      else if (self->closed || !dag_pool_idle (self))
        {
          /* What may still be there is for those who are at work, and look when they have done. */
          break;
        }
    }

  self->n_threads--;
  last = self->closed && self->n_threads == 0;
  g_mutex_unlock (&self->lock);

  if (last)
    dag_pool_free (self);

  return NULL;
}

/*< private >
 * dag_pool_push:
 * @job: a job that is in no pool
 * @priority: its priority
 *
 * Has a thread run @job. From any thread.
 */
void
dag_pool_push (DagPool *self,
               DagJob  *job,
               int      priority)
{
  gboolean wake;

  g_mutex_lock (&self->lock);
  dag_pool_link (self, job, priority);
  wake = dag_pool_summon (self);
  g_mutex_unlock (&self->lock);

  if (wake)
    g_cond_signal (&self->wake);
}

/*< private >
 * dag_pool_move:
 * @job: a job
 * @priority: its new priority
 *
 * Has @job be the last of those of another priority.
 *
 * Returns: %FALSE if a thread has taken it
 */
gboolean
dag_pool_move (DagPool *self,
               DagJob  *job,
               int      priority)
{
  gboolean waits;

  g_mutex_lock (&self->lock);
  waits = job->member.next != NULL;
  if (waits)
    {
      dag_pool_unlink (self, job);
      dag_pool_link (self, job, priority);
    }
  g_mutex_unlock (&self->lock);

  return waits;
}

/*< private >
 * dag_pool_withdraw:
 * @job: a job
 *
 * Takes @job back.
 *
 * Returns: %FALSE if a thread has taken it
 */
gboolean
dag_pool_withdraw (DagPool *self,
                   DagJob  *job)
{
  gboolean waits;

  g_mutex_lock (&self->lock);
  waits = job->member.next != NULL;
  if (waits)
    dag_pool_unlink (self, job);
  g_mutex_unlock (&self->lock);

  return waits;
}

/*< private >
 * dag_pool_get_single:
 *
 * Returns: (nullable): the pool whose only thread this is
 */
DagPool *
dag_pool_get_single (void)
{
  return current_pool != NULL && current_pool->max_threads == 1 ? current_pool : NULL;
}

/*< private >
 * dag_pool_begin_blocking:
 *
 * The calling thread is going to wait. If it is one of a pool, another takes its place, so that what
 * is waited for is never short of a thread. Brackets may be nested.
 */
void
dag_pool_begin_blocking (void)
{
  DagPool *self = current_pool;
  gboolean wake;

  if (n_blocking++ > 0 || self == NULL || self->max_threads == 1)
    return;

  g_mutex_lock (&self->lock);
  self->n_busy--;
  wake = dag_pool_summon (self);
  g_mutex_unlock (&self->lock);

  if (wake)
    g_cond_signal (&self->wake);
}

/*< private >
 * dag_pool_end_blocking:
 *
 * The calling thread goes on, even if as many as may be are at work: of these, the first that has
 * done its job takes no other.
 *
 * Returns: %FALSE if there was no dag_pool_begin_blocking()
 */
gboolean
dag_pool_end_blocking (void)
{
  DagPool *self = current_pool;

  if (n_blocking == 0)
    return FALSE;

  if (--n_blocking == 0 && self != NULL && self->max_threads > 1)
    {
      g_mutex_lock (&self->lock);
      self->n_busy++;
      g_mutex_unlock (&self->lock);
    }

  return TRUE;
}
