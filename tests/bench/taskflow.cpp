// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "bench.h"

#include <atomic>
#include <memory>
#include <taskflow/taskflow.hpp>
#include <vector>

// Taskflow, on an executor with one worker. It has neither values nor failures nor a main loop: a
// task writes its number to an array, where its dependents read it.

namespace {

std::unique_ptr<tf::Executor> executor;
std::unique_ptr<tf::Taskflow> taskflow;
std::vector<tf::Task> tasks;
std::vector<guint32> values;

void
build (BenchGraph *graph)
{
  taskflow = std::make_unique<tf::Taskflow> ();
  tasks.resize (graph->n);
  values.resize (graph->n);

  for (guint i = 0; i < graph->n; i++)
    {
      tasks[i] = taskflow->emplace ([graph, i] {
        guint32 sum = i;

        for (guint j = graph->first[i]; j < graph->first[i + 1]; j++)
          sum += values[graph->inputs[j]];
        values[i] = sum;
      });
      for (guint j = graph->first[i]; j < graph->first[i + 1]; j++)
        tasks[graph->inputs[j]].precede (tasks[i]);
    }
}

guint32
run (BenchGraph *graph)
{
  guint32 sum = 0;

  executor->run (*taskflow).wait ();
  for (guint i = 0; i < graph->n_sinks; i++)
    sum += values[graph->sinks[i]];

  return sum;
}

void
free_graph (BenchGraph *)
{
  taskflow.reset ();
  tasks.clear ();
  values.clear ();
}

// Each task is an asynchronous one of its own.
void
spawn (guint                 number,
       guint                 n,
       std::atomic<guint32> &sum)
{
  executor->silent_async ([=, &sum] {
    sum.fetch_add (number, std::memory_order_relaxed);
    for (guint child = 2 * number; child <= 2 * number + 1 && child <= n; child++)
      spawn (child, n, sum);
  });
}

guint32
dynamic (guint n)
{
  std::atomic<guint32> sum { 0 };

  spawn (1, n, sum);
  executor->wait_for_all ();

  return sum;
}

void
threads (guint n,
         guint n_threads,
         guint microseconds)
{
  tf::Executor workers (n_threads);
  tf::Taskflow bodies;

  for (guint i = 0; i < n; i++)
    bodies.emplace ([=] { bench_spin (microseconds); });
  workers.run (bodies).wait ();
}

}

int
main (int   argc,
      char *argv[])
{
  BenchPeer peer = {};

  peer.name = "taskflow";
  peer.build = build;
  peer.run = run;
  peer.free = free_graph;
  peer.kinds = 1 << BENCH_INT;
  peer.endings = 1 << BENCH_SUCCEED;
  peer.dynamic = dynamic;
  peer.threads = threads;

  executor = std::make_unique<tf::Executor> (1);

  return bench_main (argc, argv, &peer);
}
