/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

#include <libdex.h>

/* libdex, on its main scheduler: a task is a block on its input, or on the set of all its inputs,
 * which is rejected with the first of them. Its callback returns a future that has the value. The
 * roots wait for a promise.
 */

static const BenchGraph *current;
static DexPromise *gate;

static guint32
get_value (const GValue *value)
{
  switch (current->kind)
    {
    case BENCH_STRING: return bench_string_get (g_value_get_string (value));
    case BENCH_OBJECT: return bench_number_get (g_value_get_object (value));
    case BENCH_INT:
    default:           return (guint32) g_value_get_int (value);
    }
}

static DexFuture *
make_value (guint32 value)
{
  switch (current->kind)
    {
    case BENCH_STRING: return dex_future_new_take_string (bench_string_new (value));
    case BENCH_OBJECT: return dex_future_new_take_object (bench_number_new (value));
    case BENCH_INT:
    default:           return dex_future_new_for_int ((gint32) value);
    }
}

static DexFuture *
root_body (DexFuture *future,
           gpointer   data)
{
  guint number = GPOINTER_TO_UINT (data);

  if (current->ending == BENCH_FAIL && number == 0)
    return dex_future_new_reject (G_IO_ERROR, G_IO_ERROR_FAILED, "No such number");

  return make_value (number);
}

static DexFuture *
single_body (DexFuture *future,
             gpointer   data)
{
  return make_value (GPOINTER_TO_UINT (data) + get_value (dex_future_get_value (future, NULL)));
}

static DexFuture *
set_body (DexFuture *future,
          gpointer   data)
{
  DexFutureSet *set = DEX_FUTURE_SET (future);
  guint n = dex_future_set_get_size (set);
  guint32 sum = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < n; i++)
    sum += get_value (dex_future_set_get_value_at (set, i, NULL));

  return make_value (sum);
}

static void
build (BenchGraph *graph)
{
  DexFuture **futures = (DexFuture **) graph->handles;
  DexFuture *few[8], **inputs;

  current = graph;
  gate = dex_promise_new ();

  for (guint i = 0; i < graph->n; i++)
    {
      guint n_inputs = bench_graph_n_inputs (graph, i);
      gpointer number = GUINT_TO_POINTER (i);

      inputs = n_inputs <= G_N_ELEMENTS (few) ? few : g_new (DexFuture *, n_inputs);
      for (guint j = 0; j < n_inputs; j++)
        inputs[j] = futures[graph->inputs[graph->first[i] + j]];

      if (n_inputs == 0)
        futures[i] = dex_future_then (dex_ref (DEX_FUTURE (gate)), root_body, number, NULL);
      else if (n_inputs == 1)
        futures[i] = dex_future_then (dex_ref (inputs[0]), single_body, number, NULL);
      else
        futures[i] = dex_future_then (dex_future_all_racev (inputs, n_inputs), set_body, number,
                                      NULL);

      if (inputs != few)
        g_free (inputs);
      for (guint j = graph->first_drop[i]; j < graph->first_drop[i + 1]; j++)
        dex_unref (futures[graph->drops[j]]);
    }
}

static gboolean
open_gate_cb (gpointer data)
{
  dex_promise_resolve_boolean (gate, TRUE);

  return G_SOURCE_REMOVE;
}

static guint32
run (BenchGraph *graph)
{
  DexFuture **futures = (DexFuture **) graph->handles;
  guint32 sum = 0;

  /* What follows happens at once, which is to be seen as an iteration of the main loop. */
  g_idle_add (open_gate_cb, NULL);

  for (guint i = 0; i < graph->n_sinks; i++)
    {
      guint sink = graph->sinks[i];
      DexFuture *future = futures[sink];

      while (dex_future_is_pending (future))
        bench_iterate ();
      if (graph->ending == BENCH_SUCCEED)
        sum += get_value (dex_future_get_value (future, NULL));
      else
        sum += bench_graph_count_failed (graph, sink, dex_future_is_rejected (future));
    }

  return sum;
}

static void
free_graph (BenchGraph *graph)
{
  for (guint i = 0; i < graph->n_sinks; i++)
    dex_unref (graph->handles[graph->sinks[i]]);
  dex_clear (&gate);
  bench_drain ();
}

int
main (int   argc,
      char *argv[])
{
  const BenchPeer peer = {
    .name = "libdex",
    .build = build,
    .run = run,
    .free = free_graph,
    .kinds = 1 << BENCH_INT | 1 << BENCH_STRING | 1 << BENCH_OBJECT,
    .endings = 1 << BENCH_SUCCEED | 1 << BENCH_FAIL,
    .has_loop = TRUE,
    .dynamic = bench_dynamic,
    .latency = bench_latency,
  };

  dex_init ();

  return bench_main (argc, argv, &peer);
}
