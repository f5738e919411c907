/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

#include <stdlib.h>

/* Results */

static void
print_number (const char *name,
              double      value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_print (", \"%s\": %s", name, g_ascii_formatd (text, sizeof text, "%.2f", value));
}

static void
print_begin (const BenchPeer *peer,
             const char      *shape,
             guint64          n)
{
  g_print ("{\"shape\": \"%s\", \"name\": \"%s\", \"tasks\": %" G_GUINT64_FORMAT,
           shape, peer->name, n);
}

static void
print_end (guint32 sum)
{
  g_print (", \"sum\": %u}\n", sum);
}

/* Graphs */

static gboolean
can_do_shape (const BenchPeer  *peer,
              const BenchShape *shape)
{
  return peer->build != NULL && (peer->kinds & 1u << shape->kind) != 0 &&
         (peer->endings & 1u << shape->ending) != 0 && (!shape->is_stall || peer->has_loop);
}

guint32
bench_graph_once (const BenchPeer  *peer,
                  const BenchShape *shape,
                  BenchGraph       *graph,
                  gint64           *times,
                  gsize            *waiting)
{
  gint64 begin = bench_now (), built, ran, end;
  guint32 sum;

  peer->build (graph);
  built = bench_now ();
  if (waiting != NULL)
    *waiting = bench_get_allocated ();
  if (shape->is_stall)
    bench_watch_loop ();

  ran = bench_now ();
  sum = peer->run (graph);
  end = bench_now ();
  peer->free (graph);

  times[0] += built - begin;
  times[1] += end - ran;
  times[2] += bench_now () - end;

  return sum;
}

static void
measure_shape (const BenchPeer  *peer,
               const BenchShape *shape,
               guint             size)
{
  BenchGraph *graph = bench_graph_new (shape, size);
  guint n_times = shape->times[size];
  double n = (double) graph->n * n_times;
  gint64 times[3] = { 0 }, memory, peak;
  gsize before, waiting = 0, after = 0;
  guint32 sum = 0;
  gint64 longest, lateness;
  double leaked;

  memory = bench_reset_peak ();
  before = bench_get_allocated ();
  for (guint i = 0; i < n_times; i++)
    {
      sum += bench_graph_once (peer, shape, graph, times, i == 0 ? &waiting : NULL);
      if (i == 0)
        after = bench_get_allocated ();
    }
  peak = bench_get_status ("VmHWM:") - memory;
  /* The first graph may leave something that is there once. */
  leaked = (double) bench_get_allocated () - (double) after;

  print_begin (peer, shape->name, (guint64) n);
  print_number ("build", times[0] / n);
  print_number ("run", times[1] / n);
  print_number ("free", times[2] / n);
  print_number ("memory", (double) peak / graph->n);
  print_number ("waiting", (double) (waiting - before) / graph->n);
  if (n_times > 1)
    print_number ("leaked", leaked);
  if (shape->is_stall)
    {
      bench_unwatch_loop (&longest, &lateness);
      print_number ("longest", (double) longest);
      print_number ("lateness", (double) lateness);
    }
  print_end (sum);

  bench_graph_free (graph);
}

/* What is no graph. Each function returns whether the peer can do it, and does it if n is not 0. */

typedef struct _Measure Measure;

struct _Measure
{
  const char *name;
  gboolean (* measure) (const BenchPeer *peer,
                        const Measure   *self,
                        guint            n);
  guint       n[3];  /* for each size */
  guint       n_threads;
  guint       microseconds;
};

static gboolean
measure_dynamic (const BenchPeer *peer,
                 const Measure   *self,
                 guint            n)
{
  gint64 memory, begin, end;
  guint32 sum;

  if (peer->dynamic == NULL || n == 0)
    return peer->dynamic != NULL;

  memory = bench_reset_peak ();
  begin = bench_now ();
  sum = peer->dynamic (n);
  bench_drain ();
  end = bench_now ();

  print_begin (peer, self->name, n);
  print_number ("run", (double) (end - begin) / n);
  print_number ("memory", (double) (bench_get_status ("VmHWM:") - memory) / n);
  print_end (sum);

  return TRUE;
}

static gboolean
measure_ping_pong (const BenchPeer *peer,
                   const Measure   *self,
                   guint            n)
{
  gint64 begin;
  guint32 sum;

  if (peer->ping_pong == NULL || n == 0)
    return peer->ping_pong != NULL;

  begin = bench_now ();
  sum = peer->ping_pong (n);

  print_begin (peer, self->name, n);
  print_number ("run", (double) (bench_now () - begin) / n);
  print_end (sum);

  return TRUE;
}

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 first = *(const gint64 *) a, second = *(const gint64 *) b;

  return (first > second) - (first < second);
}

/* The median, and what one in a hundred takes at least. */
static gboolean
measure_latency (const BenchPeer *peer,
                 const Measure   *self,
                 guint            n)
{
  g_autofree gint64 *times = NULL;

  if (peer->latency == NULL || n == 0)
    return peer->latency != NULL;

  times = g_new0 (gint64, n);
  peer->latency (n, times);
  qsort (times, n, sizeof *times, compare_times);

  print_begin (peer, self->name, n);
  print_number ("run", (double) times[n / 2]);
  print_number ("late", (double) times[n - 1 - n / 100]);
  print_end (0);

  return TRUE;
}

static gboolean
measure_threads (const BenchPeer *peer,
                 const Measure   *self,
                 guint            n)
{
  double time;
  gint64 begin;

  if (peer->threads == NULL || n == 0)
    return peer->threads != NULL;

  begin = bench_now ();
  peer->threads (n, self->n_threads, self->microseconds);
  time = (double) (bench_now () - begin);

  print_begin (peer, self->name, n);
  print_number ("run", time / n);
  /* How much of the time of that many processors went to the bodies. */
  if (self->microseconds > 0)
    print_number ("efficiency", (double) bench_get_spun () / (time * self->n_threads));
  print_end (0);

  return TRUE;
}

static gboolean
measure_floor (const BenchPeer *peer,
               const Measure   *self,
               guint            n)
{
  gint64 times[3] = { 0 };

  if (peer->floor == NULL || n == 0)
    return peer->floor != NULL;

  peer->floor (n, times);

  print_begin (peer, self->name, n);
  print_number ("build", (double) times[0] / n);
  print_number ("run", (double) times[1] / n);
  print_number ("free", (double) times[2] / n);
  print_end (0);

  return TRUE;
}

static const Measure measures[] = {
  { "dynamic",        measure_dynamic,   { (1 << 20) - 1, (1 << 17) - 1, 127 } },
  { "ping-pong",      measure_ping_pong, { 200000,  20000,  100 } },
  { "latency",        measure_latency,   { 20000,   5000,   100 } },
  { "floor",          measure_floor,     { 1000000, 100000, 100 } },
  { "threads-0-1",    measure_threads,   { 100000,  20000,  100 }, 1, 0 },
  { "threads-0-2",    measure_threads,   { 100000,  20000,  100 }, 2, 0 },
  { "threads-10-1",   measure_threads,   { 50000,   10000,  100 }, 1, 10 },
  { "threads-10-2",   measure_threads,   { 100000,  20000,  100 }, 2, 10 },
  { "threads-100-1",  measure_threads,   { 10000,   2000,   20 },  1, 100 },
  { "threads-100-2",  measure_threads,   { 20000,   4000,   20 },  2, 100 },
  { "threads-1000-1", measure_threads,   { 1000,    400,    4 },   1, 1000 },
  { "threads-1000-2", measure_threads,   { 2000,    800,    4 },   2, 1000 },
};

/* The program */

static guint
get_size (const char *name)
{
  const char *sizes[] = { "full", "quick", "tiny" };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (g_str_equal (name, sizes[i]))
      return i;

  g_printerr ("%s: full, quick or tiny?\n", name);
  exit (2);
}

int
bench_main (int              argc,
            char            *argv[],
            const BenchPeer *peer)
{
  const char *name = argc > 1 ? argv[1] : "--list";
  gboolean is_list = g_str_equal (name, "--list");
  guint size = get_size (argc > 2 ? argv[2] : "full");

  for (const BenchShape *shape = bench_shapes; shape->name != NULL; shape++)
    if (!can_do_shape (peer, shape))
      continue;
    else if (is_list)
      g_print ("%s\n", shape->name);
    else if (g_str_equal (name, shape->name))
      {
        measure_shape (peer, shape, size);
        return EXIT_SUCCESS;
      }

  for (guint i = 0; i < G_N_ELEMENTS (measures); i++)
    if (!measures[i].measure (peer, &measures[i], 0))
      continue;
    else if (is_list)
      g_print ("%s\n", measures[i].name);
    else if (g_str_equal (name, measures[i].name))
      {
        measures[i].measure (peer, &measures[i], measures[i].n[size]);
        return EXIT_SUCCESS;
      }

  if (!is_list)
    g_printerr ("%s cannot do %s\n", peer->name, name);

  return is_list ? EXIT_SUCCESS : 2;
}
