/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

#include <aiodag.h>

/* What cannot be had for less: an object as large as a task, one turn of the main context with a
 * source that is ready, and threads without anything around them.
 */

static gboolean
dispatch_cb (GSource     *source,
             GSourceFunc  callback,
             gpointer     user_data)
{
  g_source_set_ready_time (source, -1);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = dispatch_cb };

static void
measure_floor (guint   n,
               gint64 *times)
{
  GTypeQuery task;
  GTypeInfo info = { .class_size = sizeof (GObjectClass) };
  g_autofree GObject **objects = g_new0 (GObject *, n);
  GSource *source = g_source_new (&source_funcs, sizeof (GSource));
  GType type;
  gint64 begin;

  g_type_query (DAG_TYPE_TASK, &task);
  info.instance_size = (guint16) task.instance_size;
  type = g_type_register_static (G_TYPE_OBJECT, "BenchFloor", &info, G_TYPE_FLAG_FINAL);
  g_source_attach (source, NULL);

  begin = bench_now ();
  for (guint i = 0; i < n; i++)
    objects[i] = g_object_new (type, NULL);
  times[0] = bench_now () - begin;

  begin = bench_now ();
  for (guint i = 0; i < n; i++)
    {
      g_source_set_ready_time (source, 0);
      g_main_context_iteration (NULL, FALSE);
    }
  times[1] = bench_now () - begin;

  begin = bench_now ();
  for (guint i = 0; i < n; i++)
    g_object_unref (objects[i]);
  times[2] = bench_now () - begin;

  g_source_destroy (source);
  g_source_unref (source);
}

typedef struct
{
  guint n;
  guint microseconds;
} Bodies;

static gpointer
spin_thread (gpointer data)
{
  const Bodies *bodies = data;

  for (guint i = 0; i < bodies->n; i++)
    bench_spin (bodies->microseconds);

  return NULL;
}

static void
measure_threads (guint n,
                 guint n_threads,
                 guint microseconds)
{
  Bodies bodies = { n / n_threads, microseconds };
  g_autofree GThread **threads = g_new (GThread *, n_threads);

  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("spin", spin_thread, &bodies);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
}

int
main (int   argc,
      char *argv[])
{
  const BenchPeer peer = {
    .name = "floor",
    .threads = measure_threads,
    .floor = measure_floor,
  };

  return bench_main (argc, argv, &peer);
}
