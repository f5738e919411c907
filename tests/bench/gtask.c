/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

/* GLib alone, the way such a graph is written by hand: a node counts the inputs that it waits for
 * and knows its dependents. When the last input is there it starts an asynchronous operation, with
 * a GTask, whose callback stores the result and tells the dependents.
 */

typedef struct _Node Node;

struct _Node
{
  guint     n_references;  /* one of the run's, until it is done; one of each dependent's */
  guint     number;
  guint     n_waiting;
  guint     n_inputs;
  gpointer  value;
  GError   *error;
  GSList   *dependents;
  Node     *inputs[];
};

static const BenchGraph *current;
static GCancellable *cancellable;
static guint n_left;

static void
free_value (gpointer value)
{
  if (current->kind == BENCH_STRING)
    g_free (value);
  else if (current->kind == BENCH_OBJECT)
    g_clear_object (&value);
}

static guint32
get_value (gconstpointer value)
{
  switch (current->kind)
    {
    case BENCH_STRING: return bench_string_get (value);
    case BENCH_OBJECT: return bench_number_get ((BenchNumber *) value);
    case BENCH_INT:
    default:           return GPOINTER_TO_UINT (value);
    }
}

static gpointer
make_value (guint32 value)
{
  switch (current->kind)
    {
    case BENCH_STRING: return bench_string_new (value);
    case BENCH_OBJECT: return bench_number_new (value);
    case BENCH_INT:
    default:           return GUINT_TO_POINTER (value);
    }
}

static void
node_unref (Node *self)
{
  if (--self->n_references > 0)
    return;

  free_value (self->value);
  g_clear_error (&self->error);
  g_free (self);
}

static void node_start (Node *self);

static void
node_finished_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  Node *self = user_data;

  self->value = g_task_propagate_pointer (G_TASK (result), &self->error);

  self->dependents = g_slist_reverse (self->dependents);
  for (GSList *l = self->dependents; l != NULL; l = l->next)
    {
      Node *dependent = l->data;

      if (--dependent->n_waiting == 0)
        node_start (dependent);
    }
  g_clear_pointer (&self->dependents, g_slist_free);

  n_left--;
  node_unref (self);
}

static void
node_start (Node *self)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, node_finished_cb, self);
  guint32 sum = self->number;
  const GError *error = NULL;

  g_task_set_source_tag (task, node_start);

  for (guint i = 0; i < self->n_inputs && error == NULL; i++)
    {
      error = self->inputs[i]->error;
      if (error == NULL)
        sum += get_value (self->inputs[i]->value);
    }

  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else if (current->ending == BENCH_FAIL && self->number == 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "No such number");
  else if (!g_task_return_error_if_cancelled (task))
    {
      if (current->ending == BENCH_CANCEL && self->number == current->n / 2)
        g_cancellable_cancel (cancellable);
      g_task_return_pointer (task, make_value (sum), free_value);
    }

  for (guint i = 0; i < self->n_inputs; i++)
    node_unref (self->inputs[i]);
  self->n_inputs = 0;
}

static void
build (BenchGraph *graph)
{
  Node **nodes = (Node **) graph->handles;

  current = graph;
  if (graph->ending == BENCH_CANCEL)
    cancellable = g_cancellable_new ();

  for (guint i = 0; i < graph->n; i++)
    {
      guint n_inputs = bench_graph_n_inputs (graph, i);
      Node *node = g_malloc0 (sizeof (Node) + n_inputs * sizeof (Node *));

      node->n_references = 1;
      node->number = i;
      node->n_inputs = node->n_waiting = n_inputs;
      for (guint j = 0; j < n_inputs; j++)
        {
          Node *input = nodes[graph->inputs[graph->first[i] + j]];

          node->inputs[j] = input;
          input->n_references++;
          input->dependents = g_slist_prepend (input->dependents, node);
        }
      nodes[i] = node;
    }

  /* To see what they come to. */
  for (guint i = 0; i < graph->n_sinks; i++)
    nodes[graph->sinks[i]]->n_references++;
}

static guint32
run (BenchGraph *graph)
{
  Node **nodes = (Node **) graph->handles;
  guint32 sum = 0;

  /* The roots come first in all graphs. */
  n_left = graph->n;
  for (guint i = 0; i < graph->n && bench_graph_n_inputs (graph, i) == 0; i++)
    node_start (nodes[i]);
  while (n_left > 0)
    bench_iterate ();

  for (guint i = 0; i < graph->n_sinks; i++)
    {
      guint sink = graph->sinks[i];

      if (graph->ending == BENCH_SUCCEED)
        sum += get_value (nodes[sink]->value);
      else
        sum += bench_graph_count_failed (graph, sink, nodes[sink]->error != NULL);
    }

  return sum;
}

static void
free_graph (BenchGraph *graph)
{
  for (guint i = 0; i < graph->n_sinks; i++)
    node_unref (graph->handles[graph->sinks[i]]);
  bench_drain ();
  g_clear_object (&cancellable);
}

int
main (int   argc,
      char *argv[])
{
  const BenchPeer peer = {
    .name = "gtask",
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
