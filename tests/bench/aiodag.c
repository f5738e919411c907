/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

#include <aiodag.h>

/* aiodag, as its README shows it: making a task schedules it, its inputs are tasks. */

static GCancellable *cancellable;

static void
int_body (DagTask  *task,
          gpointer  data)
{
  guint n = dag_task_get_n_arguments (task);
  guint32 sum = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < n; i++)
    sum += (guint32) dag_task_get_argument_int (task, i);

  dag_task_return_int (task, (gint32) sum);
}

static void
string_body (DagTask  *task,
             gpointer  data)
{
  guint n = dag_task_get_n_arguments (task);
  guint32 sum = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < n; i++)
    sum += bench_string_get (dag_task_get_argument_string (task, i));

  dag_task_return_take_string (task, bench_string_new (sum));
}

static void
object_body (DagTask  *task,
             gpointer  data)
{
  guint n = dag_task_get_n_arguments (task);
  guint32 sum = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < n; i++)
    sum += bench_number_get (dag_task_get_argument_object (task, i));

  dag_task_return_take_object (task, bench_number_new (sum));
}

static void
failing_body (DagTask  *task,
              gpointer  data)
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "No such number");
}

static void
cancelling_body (DagTask  *task,
                 gpointer  data)
{
  g_cancellable_cancel (cancellable);
  int_body (task, data);
}

static DagTaskFunc
choose_body (const BenchGraph *graph,
             guint             i)
{
  if (graph->ending == BENCH_FAIL && i == 0)
    return failing_body;
  if (graph->ending == BENCH_CANCEL && i == graph->n / 2)
    return cancelling_body;

  switch (graph->kind)
    {
    case BENCH_STRING: return string_body;
    case BENCH_OBJECT: return object_body;
    case BENCH_INT:
    default:           return int_body;
    }
}

static void
build (BenchGraph *graph)
{
  DagTask **tasks = (DagTask **) graph->handles;
  DagTask *few[8], **inputs;

  if (graph->ending == BENCH_CANCEL)
    cancellable = g_cancellable_new ();

  for (guint i = 0; i < graph->n; i++)
    {
      guint n_inputs = bench_graph_n_inputs (graph, i);

      inputs = n_inputs <= G_N_ELEMENTS (few) ? few : g_new (DagTask *, n_inputs);
      for (guint j = 0; j < n_inputs; j++)
        inputs[j] = tasks[graph->inputs[graph->first[i] + j]];
      tasks[i] = dag_task_new_with_inputs (choose_body (graph, i), GUINT_TO_POINTER (i), NULL,
                                           inputs, n_inputs);
      if (inputs != few)
        g_free (inputs);
      if (cancellable != NULL)
        dag_task_set_parent_cancellable (tasks[i], cancellable);

      for (guint j = graph->first_drop[i]; j < graph->first_drop[i + 1]; j++)
        g_object_unref (tasks[graph->drops[j]]);
    }
}

static guint32
get_value (const BenchGraph *graph,
           guint             i)
{
  DagTask *task = graph->handles[i];
  const GValue *value;

  if (graph->ending != BENCH_SUCCEED)
    return bench_graph_count_failed (graph, i, dag_task_get_error (task) != NULL);

  value = dag_task_get_value (task);
  switch (graph->kind)
    {
    case BENCH_STRING: return bench_string_get (g_value_get_string (value));
    case BENCH_OBJECT: return bench_number_get (g_value_get_object (value));
    case BENCH_INT:
    default:           return (guint32) g_value_get_int (value);
    }
}

static guint32
run (BenchGraph *graph)
{
  DagTask **tasks = (DagTask **) graph->handles;
  guint32 sum = 0;

  for (guint i = 0; i < graph->n_sinks; i++)
    {
      DagTask *task = tasks[graph->sinks[i]];

      while (!dag_task_is_finished (task))
        bench_iterate ();
      sum += get_value (graph, graph->sinks[i]);
    }

  return sum;
}

static void
free_graph (BenchGraph *graph)
{
  for (guint i = 0; i < graph->n_sinks; i++)
    g_object_unref (graph->handles[graph->sinks[i]]);
  bench_drain ();
  g_clear_object (&cancellable);
}

int
main (int   argc,
      char *argv[])
{
  const BenchPeer peer = {
    .name = "aiodag",
    .build = build,
    .run = run,
    .free = free_graph,
    .kinds = 1 << BENCH_INT | 1 << BENCH_STRING | 1 << BENCH_OBJECT,
    .endings = 1 << BENCH_SUCCEED | 1 << BENCH_FAIL | 1 << BENCH_CANCEL,
    .has_loop = TRUE,
    .dynamic = bench_dynamic,
    .ping_pong = bench_ping_pong,
    .latency = bench_latency,
    .threads = bench_threads,
  };

  return bench_main (argc, argv, &peer);
}
