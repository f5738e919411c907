/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* The shortest time: the clock is a simulated one, by which every task takes some time. */

static GRand *source;

static void
random_begin (void)
{
  source = g_rand_new_with_seed (g_test_slow () ? g_test_rand_int () : 1);
}

static int
random_range (int begin,
              int end)
{
  return g_rand_int_range (source, begin, end);
}

static gboolean
chance (guint percent)
{
  return (guint) random_range (0, 100) < percent;
}

typedef struct {
  guint start;     /* when it can start at the earliest */
  guint duration;
  guint finish;
} Span;

#define N_SPANS 3000

static Span spans[N_SPANS];
static DagTask *span_tasks[N_SPANS];
static guint n_spans;
static guint width;
static guint clock_time;
static GTree *running;  /* (element-type guint GPtrArray): the tasks that end at a time */

static int
compare_times (gconstpointer a,
               gconstpointer b,
               gpointer      user_data)
{
  return GPOINTER_TO_INT (a) - GPOINTER_TO_INT (b);
}

static void add_span (void);

static void
span_body (DagTask  *task,
           gpointer  user_data)
{
  Span *span = user_data;
  GPtrArray *ending;

  g_assert_cmpuint (clock_time, ==, span->start);

  if (chance (30))
    add_span ();

  ending = g_tree_lookup (running, GUINT_TO_POINTER (span->finish));
  if (ending == NULL)
    {
      ending = g_ptr_array_new ();
      g_tree_insert (running, GUINT_TO_POINTER (span->finish), ending);
    }
  g_ptr_array_add (ending, task);
}

/* Makes a task that depends on some of the last ones. */
static void
add_span (void)
{
  Span *span = &spans[n_spans];
  DagTask *prerequisites[4];
  guint n = 0;

  if (n_spans == N_SPANS)
    return;

  span->start = clock_time;
  span->duration = random_range (0, 50);

  if (n_spans > 0)
    for (n = 0; n < (guint) random_range (0, G_N_ELEMENTS (prerequisites) + 1) &&
                n < G_N_ELEMENTS (prerequisites); n++)
      {
        guint i = n_spans - 1 - random_range (0, MIN (n_spans, width));

        prerequisites[n] = span_tasks[i];
        span->start = MAX (span->start, spans[i].finish);
      }

  span->finish = span->start + span->duration;
  span_tasks[n_spans++] = dag_task_new_with_arguments (span_body, span, NULL, NULL, 0, prerequisites, n);
}

static void
run_spans (void)
{
  guint critical = 0;

  n_spans = clock_time = 0;
  running = g_tree_new_full (compare_times, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < N_SPANS / 2; i++)
    add_span ();
  test_drain ();

  while (g_tree_nnodes (running) > 0)
    {
      GTreeNode *first = g_tree_node_first (running);
      g_autoptr (GPtrArray) ending = g_ptr_array_ref (g_tree_node_value (first));

      clock_time = GPOINTER_TO_UINT (g_tree_node_key (first));
      g_tree_remove (running, GUINT_TO_POINTER (clock_time));

      for (guint i = 0; i < ending->len; i++)
        dag_task_return (ending->pdata[i]);
      test_drain ();
    }

  for (guint i = 0; i < n_spans; i++)
    {
      critical = MAX (critical, spans[i].finish);
      g_assert_cmpint (dag_task_get_state (span_tasks[i]), ==, DAG_STATE_SUCCEEDED);
      g_object_unref (span_tasks[i]);
    }

  g_test_message ("%u tasks over %u: %u", n_spans, width, clock_time);
  g_assert_cmpuint (clock_time, ==, critical);
  g_tree_unref (running);
}

static void
test_makespan (void)
{
  const guint widths[] = { 1, 3, 10, 100, N_SPANS };

  g_test_summary ("Without limits every task starts when its last dependency ends, and a graph takes "
                  "as long as its critical path");

  random_begin ();
  for (guint i = 0; i < G_N_ELEMENTS (widths); i++)
    {
      width = widths[i];
      run_spans ();
    }
  g_rand_free (source);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-3/makespan", test_makespan);

  return g_test_run ();
}
