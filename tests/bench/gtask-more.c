/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

/* Operations that start two more when they are done */

static guint n_tasks, n_left;
static guint32 sum;

static void spawn (guint number);

static void
dynamic_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  guint number = (guint) g_task_propagate_int (G_TASK (result), NULL);

  sum += number;
  n_left--;
  for (guint child = 2 * number; child <= 2 * number + 1 && child <= n_tasks; child++)
    spawn (child);
}

static void
spawn (guint number)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, dynamic_cb, NULL);

  g_task_set_source_tag (task, spawn);
  g_task_return_int (task, number);
}

guint32
bench_dynamic (guint n)
{
  sum = 0;
  n_tasks = n_left = n;
  spawn (1);
  while (n_left > 0)
    bench_iterate ();

  return sum;
}

/* Sources, each attached to the main context of the other thread by the one before */

static GMainContext *contexts[2];
static int value;  /* touched by the thread whose turn it is */
static int last_value;  /* atomic */

static void
post (GMainContext *context,
      GSourceFunc   func,
      gpointer      data)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, context);
  g_source_unref (source);
}

static gboolean
ping_pong_cb (gpointer data)
{
  int n = GPOINTER_TO_INT (data);

  value++;
  if (value < n)
    post (contexts[value % 2], ping_pong_cb, data);
  else
    {
      g_atomic_int_set (&last_value, value);
      g_main_context_wakeup (contexts[0]);
    }

  return G_SOURCE_REMOVE;
}

static gpointer
loop_thread (gpointer data)
{
  g_main_context_push_thread_default (contexts[1]);
  g_main_loop_run (data);
  g_main_context_pop_thread_default (contexts[1]);

  return NULL;
}

guint32
bench_ping_pong (guint n)
{
  GMainLoop *loop;
  GThread *thread;

  contexts[0] = g_main_context_default ();
  contexts[1] = g_main_context_new ();
  loop = g_main_loop_new (contexts[1], FALSE);
  thread = g_thread_new ("pong", loop_thread, loop);

  post (contexts[0], ping_pong_cb, GUINT_TO_POINTER (n));
  while (g_atomic_int_get (&last_value) == 0)
    bench_iterate ();

  g_main_loop_quit (loop);
  g_thread_join (thread);
  g_main_loop_unref (loop);
  g_main_context_unref (contexts[1]);

  return (guint32) last_value;
}

/* An operation of our own around one of GIO's */

static gint64 returned, started;

static void
read_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr (GTask) task = user_data;
  GBytes *bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, NULL);

  returned = bench_now ();
  g_task_return_pointer (task, bytes, (GDestroyNotify) g_bytes_unref);
}

static void
use_cb (GObject      *object,
        GAsyncResult *result,
        gpointer      user_data)
{
  started = bench_now ();
  g_bytes_unref (g_task_propagate_pointer (G_TASK (result), NULL));
}

void
bench_latency (guint   n,
               gint64 *times)
{
  g_autofree char *data = g_malloc0 (n);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (data, n, NULL);

  for (guint i = 0; i < n; i++)
    {
      GTask *task = g_task_new (NULL, NULL, use_cb, NULL);

      g_task_set_source_tag (task, bench_latency);
      started = 0;
      g_input_stream_read_bytes_async (stream, 1, G_PRIORITY_DEFAULT, NULL, read_cb, task);
      while (started == 0)
        bench_iterate ();
      times[i] = started - returned;
    }
}

/* A GThreadPool whose ends are posted to the main context */

static gboolean
posted_cb (gpointer data)
{
  n_left--;

  return G_SOURCE_REMOVE;
}

static void
pool_func (gpointer data,
           gpointer user_data)
{
  bench_spin (GPOINTER_TO_UINT (user_data));
  post (NULL, posted_cb, NULL);
}

void
bench_threads (guint n,
               guint n_threads,
               guint microseconds)
{
  GThreadPool *pool = g_thread_pool_new (pool_func, GUINT_TO_POINTER (microseconds),
                                         (int) n_threads, FALSE, NULL);

  n_left = n;
  for (guint i = 0; i < n; i++)
    g_thread_pool_push (pool, GUINT_TO_POINTER (i + 1), NULL);
  while (n_left > 0)
    bench_iterate ();
  g_thread_pool_free (pool, FALSE, TRUE);
}
