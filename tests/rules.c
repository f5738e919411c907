/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "rules-case.h"

/* Which cases there are. */

typedef void (* CaseFunc) (const Case *c,
                           gpointer    user_data);

/* How far a case is that is being put in order. */
typedef struct {
  guint n_attached;
  guint finished;  /* a bit for each dependency */
  guint settled;
} Progress;

static gboolean
step_is_possible (const Case *c,
                  Progress    progress,
                  StepKind    kind,
                  guint       edge)
{
  switch (kind)
    {
    case STEP_ATTACH:
      return edge == progress.n_attached && edge < (c->build == BUILT_AT_ONCE ? 1 : c->n_edges);
    case STEP_FINISH:
      return edge < case_get_n_dependencies (c) && !(progress.finished & 1u << edge);
    case STEP_SETTLE:
    case N_STEPS:
    default:
      return edge < case_get_n_dependencies (c) && c->edges[edge].lags &&
             progress.finished & 1u << edge && !(progress.settled & 1u << edge);
    }
}

static Progress
append_step (Case     *c,
             Progress  progress,
             StepKind  kind,
             guint     edge)
{
  c->steps[c->n_steps++] = (Step) { kind, edge };

  switch (kind)
    {
    case STEP_ATTACH:
      progress.n_attached++;
      break;
    case STEP_FINISH:
      progress.finished |= 1u << edge;
      break;
    case STEP_SETTLE:
    case N_STEPS:
    default:
      progress.settled |= 1u << edge;
      break;
    }

  return progress;
}

/* Every order in which the steps of a case can happen. */
static void
for_each_order (Case     *c,
                Progress  progress,
                CaseFunc  func,
                gpointer  user_data)
{
  gboolean complete = TRUE;

  for (StepKind kind = STEP_ATTACH; kind < N_STEPS; kind++)
    for (guint i = 0; i < c->n_edges; i++)
      if (step_is_possible (c, progress, kind, i))
        {
          complete = FALSE;
          for_each_order (c, append_step (c, progress, kind, i), func, user_data);
          c->n_steps--;
        }

  if (complete)
    func (c, user_data);
}

/* ANY and FIRST want raw inputs. */
static gboolean
case_is_valid (const Case *c)
{
  for (guint i = 0; i < c->n_edges; i++)
    if (c->trigger != DAG_TRIGGER_ALL && edge_is_input (&c->edges[i]) &&
        !edge_is_raw (&c->edges[i]))
      return FALSE;

  return TRUE;
}

/* That an input with another rule is a raw input is proved with one dependency. */
static gboolean
edge_is_redundant (const Case     *c,
                   const EdgeCase *edge,
                   guint           n_edges)
{
  if (c->shared && c->n_edges > 0 && edge->ending != c->edges[0].ending)
    return TRUE;

  return n_edges > 1 && edge->kind == KIND_INPUT && edge_is_raw (edge) && !g_test_slow ();
}

static void
for_each_edge (Case     *c,
               guint     n_edges,
               CaseFunc  func,
               gpointer  user_data)
{
  EdgeCase *edge = &c->edges[c->n_edges];

  if (c->n_edges == n_edges)
    {
      if (case_is_valid (c))
        for_each_order (c, (Progress) { 0, }, func, user_data);
      return;
    }

  for (edge->kind = 0; edge->kind < N_KINDS; edge->kind++)
    for (edge->rule = 0; edge->rule < N_RULES; edge->rule++)
      for (edge->ending = 0; edge->ending < N_ENDINGS; edge->ending++)
        {
          if (edge_is_redundant (c, edge, n_edges))
            continue;

          c->n_edges++;
          for_each_edge (c, n_edges, func, user_data);
          c->n_edges--;
        }
}

static void
run_case_cb (const Case *c,
             gpointer    user_data)
{
  run_case (c);
}

static DagTrigger
get_trigger (gconstpointer data)
{
  return GPOINTER_TO_INT (data);
}

/* All with so many edges; bit i of @lags says whether dependency i settles later. */
static void
run_all (DagTrigger trigger,
         guint      n_edges,
         guint      lags,
         gboolean   shared)
{
  for (Build build = 0; build < N_BUILDS; build++)
    for (guint burst = 0; burst < 2; burst++)
      {
        Case c = { 0, };

        /* One that is held while everything happens is much like one that is built at once. */
        if (burst && build == BUILT_IN_STEPS && n_edges > 1 && !g_test_slow ())
          continue;

        c.trigger = trigger;
        c.build = build;
        c.burst = burst;
        c.shared = shared;
        for (guint i = 0; i < n_edges; i++)
          c.edges[i].lags = lags >> i & 1;

        for_each_edge (&c, n_edges, run_case_cb, NULL);
      }
}

/* One of all with so many dependencies. */
static void
run_random (DagTrigger trigger,
            guint      n_edges)
{
  Case c = { 0, };
  Progress progress = { 0, };
  gboolean complete = FALSE;

  c.trigger = trigger;
  c.n_edges = n_edges;
  c.build = g_test_rand_int_range (0, N_BUILDS);
  c.burst = g_test_rand_bit ();

  for (guint i = 0; i < n_edges; i++)
    {
      EdgeCase *edge = &c.edges[i];

      edge->kind = g_test_rand_int_range (0, N_KINDS);
      edge->rule = g_test_rand_int_range (0, N_RULES);
      edge->ending = g_test_rand_int_range (0, N_ENDINGS);
      edge->lags = g_test_rand_bit ();

      if (trigger != DAG_TRIGGER_ALL && edge->kind == KIND_INPUT)
        edge->kind = KIND_RAW_INPUT;
    }

  while (!complete)
    {
      Step possible[MAX_STEPS];
      guint n = 0;

      for (StepKind kind = STEP_ATTACH; kind < N_STEPS; kind++)
        for (guint i = 0; i < n_edges; i++)
          if (step_is_possible (&c, progress, kind, i))
            possible[n++] = (Step) { kind, i };

      complete = n == 0;
      if (!complete)
        {
          Step step = possible[g_test_rand_int_range (0, n)];

          progress = append_step (&c, progress, step.kind, step.edge);
        }
    }

  run_case (&c);
}

static void
report_cases (void)
{
  g_assert_cmpuint (n_cases, >, 0);
  g_test_message ("%u cases", n_cases);
  n_cases = 0;
}

static void
test_one (gconstpointer data)
{
  g_test_summary ("A task with one dependency ends as the table says, whatever the kind, the rule, "
                  "the end and the moment of that");

  run_all (get_trigger (data), 1, 0, FALSE);
  run_all (get_trigger (data), 1, 1, FALSE);
  report_cases ();
}

static void
test_two (gconstpointer data)
{
  g_test_summary ("Two dependencies combine as the trigger says, in every order in which they end "
                  "and are attached");

  run_all (get_trigger (data), 2, 0, FALSE);
  report_cases ();
}

static void
test_shared (gconstpointer data)
{
  g_test_summary ("A dependency can be there several times, each time in another way, and its "
                  "failure is one failure");

  run_all (get_trigger (data), 2, 0, TRUE);
  run_all (get_trigger (data), 2, 1, TRUE);
  if (g_test_slow ())
    run_all (get_trigger (data), 3, 0, TRUE);
  report_cases ();
}

static void
test_two_settling (gconstpointer data)
{
  g_test_summary ("FINISHED and FAILED are decided when the dependency has settled, SUCCEEDED when "
                  "it has finished, whatever comes between");

  if (g_test_slow ())
    for (guint lags = 1; lags < 4; lags++)
      run_all (get_trigger (data), 2, lags, FALSE);
  else
    for (guint i = 0; i < 10000; i++)
      run_random (get_trigger (data), 2);

  report_cases ();
}

static void
test_three (gconstpointer data)
{
  g_test_summary ("Three dependencies combine as the trigger says");

  for (guint i = 0; i < (g_test_slow () ? 1000000 : 20000); i++)
    run_random (get_trigger (data), 3);

  report_cases ();
}

static void
add_tests (const char *trigger_name,
           DagTrigger  trigger)
{
  static const struct {
    const char   *name;
    GTestDataFunc func;
  } tests[] = {
    { "one", test_one },
    { "two", test_two },
    { "shared", test_shared },
    { "two-settling", test_two_settling },
    { "three", test_three },
  };

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strdup_printf ("/promise-7/rules/%s/%s", trigger_name,
                                               tests[i].name);

      g_test_add_data_func (path, GINT_TO_POINTER (trigger), tests[i].func);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_tests ("all", DAG_TRIGGER_ALL);
  add_tests ("any", DAG_TRIGGER_ANY);
  add_tests ("first", DAG_TRIGGER_FIRST);

  return g_test_run ();
}
