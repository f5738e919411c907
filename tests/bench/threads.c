/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <aiodag.h>
#include <stdlib.h>

/* What threads cost and what they bring.
 *
 *   threads [REPEAT]
 *
 * Work: bodies of 100 µs that only compute, on one thread without any library, on as many plain
 * threads as there are cores, which is what the machine has to give, and on the default worker.
 * Overhead: bodies that do nothing, in the main context and on the default worker; the difference is
 * what the thread costs. A GThreadPool of as many threads, whose ends are posted to the main context,
 * does nothing as often. The best of some runs of each counts, taken in turns.
 */

#define N_WORK  20000
#define N_EMPTY 100000
#define WORK    100  /* µs */

static guint spins;  /* for WORK */

static void
spin (guint n)
{
  for (volatile guint i = 0; i < n; i++)
    ;
}

static double
now (void)
{
  return g_get_monotonic_time () / 1e6;
}

static void
calibrate (void)
{
  double best = G_MAXDOUBLE;

  for (guint i = 0; i < 200; i++)
    {
      double start = now ();

      spin (100000);
      best = MIN (best, now () - start);
    }

  spins = (guint) (100000 * WORK / (best * 1e6));
}

static double
run_alone (void)
{
  double start = now ();

  for (guint i = 0; i < N_WORK; i++)
    spin (spins);

  return now () - start;
}

static gpointer
spin_thread (gpointer data)
{
  for (guint i = 0; i < N_WORK / g_get_num_processors (); i++)
    spin (spins);

  return NULL;
}

static double
run_threads (void)
{
  guint n = g_get_num_processors ();
  g_autofree GThread **threads = g_new (GThread *, n);
  double start = now ();

  for (guint i = 0; i < n; i++)
    threads[i] = g_thread_new ("spin", spin_thread, NULL);
  for (guint i = 0; i < n; i++)
    g_thread_join (threads[i]);

  return now () - start;
}

/* Tasks */

static guint n_left;
static GMainLoop *loop;

static void
finished_cb (void)
{
  if (--n_left == 0)
    g_main_loop_quit (loop);
}

static void
work (DagTask  *task,
      gpointer  user_data)
{
  spin (GPOINTER_TO_UINT (user_data));
  dag_task_return (task);
}

/* The destroy notify of the data tells of the end, in the main context. */
static double
run_tasks (gboolean in_thread,
           guint    n,
           guint    n_spins)
{
  double start = now ();
  gpointer data = GUINT_TO_POINTER (n_spins);

  n_left = n;
  for (guint i = 0; i < n; i++)
    g_object_unref (in_thread ? dag_task_new_in_thread (work, data, (GDestroyNotify) finished_cb)
                              : dag_task_new (work, data, (GDestroyNotify) finished_cb));
  g_main_loop_run (loop);

  return now () - start;
}

/* A GThreadPool */

static gboolean
posted_cb (gpointer data)
{
  finished_cb ();

  return G_SOURCE_REMOVE;
}

static void
pool_func (gpointer data,
           gpointer user_data)
{
  GSource *source = g_idle_source_new ();

  spin (GPOINTER_TO_UINT (user_data));
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, posted_cb, NULL, NULL);
  g_source_attach (source, NULL);
  g_source_unref (source);
}

static double
run_pool (guint n,
          guint n_spins)
{
  GThreadPool *pool = g_thread_pool_new (pool_func, GUINT_TO_POINTER (n_spins),
                                         g_get_num_processors (), FALSE, NULL);
  double start = now ();

  n_left = n;
  for (guint i = 0; i < n; i++)
    g_thread_pool_push (pool, GUINT_TO_POINTER (i + 1), NULL);
  g_main_loop_run (loop);
  start = now () - start;
  g_thread_pool_free (pool, FALSE, TRUE);

  return start;
}

int
main (int   argc,
      char *argv[])
{
  guint n_runs = argc > 1 ? atoi (argv[1]) : 5;
  guint n_cores = g_get_num_processors ();
  double alone = G_MAXDOUBLE, together = G_MAXDOUBLE, pooled = G_MAXDOUBLE;
  double plain = G_MAXDOUBLE, here = G_MAXDOUBLE, tasks = G_MAXDOUBLE, pool = G_MAXDOUBLE;

  loop = g_main_loop_new (NULL, FALSE);
  calibrate ();

  for (guint i = 0; i < n_runs; i++)
    {
      alone = MIN (alone, run_alone ());
      plain = MIN (plain, run_threads ());
      together = MIN (together, run_tasks (TRUE, N_WORK, spins));
      pooled = MIN (pooled, run_pool (N_WORK, spins));
      here = MIN (here, run_tasks (FALSE, N_EMPTY, 0));
      tasks = MIN (tasks, run_tasks (TRUE, N_EMPTY, 0));
      pool = MIN (pool, run_pool (N_EMPTY, 0));
    }

  g_print ("cores             %10u\n", n_cores);
  g_print ("bodies of %u us:\n", WORK);
  g_print ("  alone           %10.2f us each\n", alone / N_WORK * 1e6);
  g_print ("  plain threads   %10.3f x cores\n", alone / plain / n_cores);
  g_print ("  GThreadPool     %10.3f x cores\n", alone / pooled / n_cores);
  g_print ("  tasks           %10.3f x cores, goal 0.95; %.3f x plain threads\n",
           alone / together / n_cores, plain / together);
  g_print ("empty bodies:\n");
  g_print ("  GThreadPool     %10.2f us each\n", pool / N_EMPTY * 1e6);
  g_print ("  tasks           %10.2f us each, %.2f us in the main context\n",
           tasks / N_EMPTY * 1e6, here / N_EMPTY * 1e6);
  g_print ("  what threads add %9.3f x GThreadPool, goal 1.5\n", (tasks - here) / pool);
  g_print ("  all             %10.3f x GThreadPool\n", tasks / pool);

  g_main_loop_unref (loop);

  return EXIT_SUCCESS;
}
