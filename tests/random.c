/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* Random graphs. Everything that can be seen happen gets a number, and what is said of a task by the
 * numbers and ends of its dependencies has to be what it did. That is checked whenever the main loop
 * has nothing left to do, and at the end. The seed is always the same, but in a soak test, where it is
 * the one that the program prints.
 */

#define MOST_TASKS 60
#define MOST_EDGES 8

typedef struct _Node Node;

typedef enum {
  PLAN_SUCCEED,
  PLAN_FAIL,
  PLAN_DECLINE,
  PLAN_FOLLOW,
} Plan;

typedef struct {
  Node     *dependency;
  DagRule   rule;
  gboolean  input;
  gboolean  raw;
  guint     attached;
} Edge;

struct _Node
{
  DagTask    *task;
  guint       index;
  Plan        plan;
  gboolean    later;     /* it returns after its function has */
  DagTrigger  trigger;
  Edge        edges[MOST_EDGES];
  guint       n_edges;
  Node       *followed;
  gboolean    cycle;     /* it would have followed itself */

  /* When it happened; 0: never */
  guint       started;
  guint       returned;
  guint       finished;
  guint       settled;
  guint       cancelled;
};

static Node nodes[MOST_TASKS];
static guint n_nodes;
static guint limit;
static guint now;
static GPtrArray *pending;  /* (element-type Node) */

/* How much happened, so that no kind of end is left out. */
static guint n_states[DAG_STATE_CANCELLED + 1];
static guint n_cycles, n_late;

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

static Node *
pick_node (void)
{
  return &nodes[random_range (0, n_nodes)];
}

/* Whether @node still waits for @other, in whatever way. */
static gboolean
waits_for (Node *node,
           Node *other)
{
  if (node->settled > 0)
    return FALSE;

  if (node == other || (node->followed != NULL && waits_for (node->followed, other)))
    return TRUE;

  for (guint i = 0; i < node->n_edges; i++)
    if (waits_for (node->edges[i].dependency, other))
      return TRUE;

  return FALSE;
}

static void
finished_cb (DagTask *task,
             Node    *node)
{
  g_assert_cmpuint (node->finished, ==, 0);
  node->finished = ++now;
}

static void
settled_cb (DagTask    *task,
            GParamSpec *pspec,
            Node       *node)
{
  g_assert_cmpuint (node->settled, ==, 0);
  g_assert_cmpuint (node->finished, >, 0);
  node->settled = ++now;
}

static void
cancel_node (Node *node)
{
  /* Who follows would hand it on. */
  if (node->plan == PLAN_FOLLOW || node->finished > 0 || dag_task_is_finished (node->task))
    return;

  dag_task_cancel (node->task);
  if (node->cancelled == 0)
    node->cancelled = ++now;
}

static int
sum_inputs (Node *node)
{
  int sum = node->index;

  for (guint i = 0; i < node->n_edges; i++)
    if (node->edges[i].input && !node->edges[i].raw)
      sum += g_value_get_int (dag_task_get_value (node->edges[i].dependency->task));

  return sum;
}

/* The function has got what it asked for. */
static void
assert_arguments (Node *node)
{
  guint n = 0;

  for (guint i = 0; i < node->n_edges; i++)
    {
      Edge *edge = &node->edges[i];

      if (!edge->input)
        continue;

      if (edge->raw)
        g_assert_true (dag_task_get_argument_task (node->task, n) == edge->dependency->task);
      else
        g_assert_true (dag_task_get_argument (node->task, n) ==
                       dag_task_get_value (edge->dependency->task));
      n++;
    }

  g_assert_cmpuint (dag_task_get_n_arguments (node->task), ==, n);
}

static void
return_node (Node *node)
{
  node->returned = ++now;

  switch (node->plan)
    {
    case PLAN_SUCCEED:
      dag_task_return_int (node->task, sum_inputs (node));
      break;
    case PLAN_FAIL:
      dag_task_return_new_error (node->task, G_FILE_ERROR, node->index, "number %u", node->index);
      break;
    case PLAN_DECLINE:
      dag_task_return_skip (node->task);
      break;
    case PLAN_FOLLOW:
    default:
      {
        Node *other = pick_node ();

        node->cycle = waits_for (other, node);
        if (!node->cycle)
          node->followed = other;
        dag_task_return_task (node->task, other->task);
      }
      break;
    }
}

static void add_node (void);
static void add_edge (Node *node);

static void
random_body (DagTask  *task,
             gpointer  user_data)
{
  Node *node = user_data;

  g_assert_cmpuint (node->started, ==, 0);
  node->started = ++now;
  assert_arguments (node);

  if (chance (20))
    add_node ();
  if (chance (20))
    add_edge (pick_node ());
  if (chance (8))
    cancel_node (pick_node ());

  if (node->later)
    g_ptr_array_add (pending, node);
  else
    return_node (node);
}

/* Adds a dependency to a task that may have started, or be what the other waits for. */
static void
add_edge (Node *node)
{
  g_autoptr (GError) error = NULL;
  Node *dependency = pick_node ();
  Edge edge = { .dependency = dependency, .rule = random_range (0, 3) };
  DagState state = dag_task_get_state (node->task);
  gboolean added, cycle;

  /* The others want raw inputs, and may have been decided by those that they had. */
  if (node->n_edges == MOST_EDGES || node->trigger != DAG_TRIGGER_ALL)
    return;

  edge.input = chance (50);
  edge.raw = edge.rule != DAG_RULE_SUCCEEDED || chance (30);

  cycle = waits_for (dependency, node);

  if (!edge.input)
    added = dag_task_add_prerequisite (node->task, dependency->task, edge.rule, &error);
  else if (edge.raw)
    added = dag_task_add_raw_input (node->task, dependency->task, edge.rule, &error);
  else
    added = dag_task_add_input (node->task, dependency->task, edge.rule, &error);

  if (state >= DAG_STATE_RUNNING || node->started > 0)
    {
      g_assert_error (error, DAG_ERROR, DAG_ERROR_STARTED);
      n_late++;
    }
  else if (cycle)
    {
      g_assert_error (error, DAG_ERROR, DAG_ERROR_CYCLE);
      n_cycles++;
    }
  else
    {
      g_assert_no_error (error);
    }

  g_assert_true (added == (error == NULL));
  if (added)
    {
      edge.attached = ++now;
      node->edges[node->n_edges++] = edge;
    }
}

static void
add_node (void)
{
  const Plan plans[] = { PLAN_SUCCEED, PLAN_SUCCEED, PLAN_SUCCEED, PLAN_FAIL, PLAN_DECLINE, PLAN_FOLLOW };
  Node *node = &nodes[n_nodes];
  guint n_edges;

  if (n_nodes == limit)
    return;

  *node = (Node) {
    .index = n_nodes,
    .plan = plans[random_range (0, G_N_ELEMENTS (plans))],
    .later = chance (50),
    .trigger = chance (70) ? DAG_TRIGGER_ALL : random_range (0, 3),
  };
  node->task = dag_task_new (random_body, node, NULL);
  dag_task_set_trigger (node->task, node->trigger);
  dag_task_set_priority (node->task, random_range (-2, 3));
  g_signal_connect (node->task, "finished", G_CALLBACK (finished_cb), node);
  g_signal_connect (node->task, "notify::settled", G_CALLBACK (settled_cb), node);

  n_edges = n_nodes > 0 ? random_range (0, 5) : 0;
  now++;

  /* These need something to choose from. */
  if (node->trigger != DAG_TRIGGER_ALL && n_edges == 0)
    {
      node->trigger = DAG_TRIGGER_ALL;
      dag_task_set_trigger (node->task, node->trigger);
    }

  for (guint i = 0; i < n_edges; i++)
    {
      Edge *edge = &node->edges[node->n_edges++];
      g_autoptr (GError) error = NULL;

      edge->dependency = pick_node ();
      edge->rule = chance (70) ? DAG_RULE_SUCCEEDED : random_range (0, 3);
      edge->input = chance (60) || (i == 0 && node->trigger != DAG_TRIGGER_ALL);
      edge->raw = edge->rule != DAG_RULE_SUCCEEDED || node->trigger != DAG_TRIGGER_ALL || chance (20);
      edge->attached = now;

      if (!edge->input)
        dag_task_add_prerequisite (node->task, edge->dependency->task, edge->rule, &error);
      else if (edge->raw)
        dag_task_add_raw_input (node->task, edge->dependency->task, edge->rule, &error);
      else
        dag_task_add_input (node->task, edge->dependency->task, edge->rule, &error);
      g_assert_no_error (error);
    }

  n_nodes++;
}

/* The model */

/* When an edge was decided; 0: not yet. */
static guint
edge_decided (Edge *edge)
{
  Node *dependency = edge->dependency;
  guint when = dependency->finished;

  /* One that settles as it finishes tells both at once. */
  if (edge->rule != DAG_RULE_SUCCEEDED && dependency->settled != when + 1)
    when = dependency->settled;

  return when > 0 ? MAX (when, edge->attached) : 0;
}

static gboolean
edge_satisfied (Edge *edge)
{
  DagReason reason = dag_task_get_reason (edge->dependency->task);

  switch (edge->rule)
    {
    case DAG_RULE_FINISHED:
      return TRUE;
    case DAG_RULE_FAILED:
      return reason == DAG_REASON_FAILURE;
    case DAG_RULE_SUCCEEDED:
    default:
      return reason == DAG_REASON_NONE;
    }
}

static DagReason
edge_reason (Edge *edge)
{
  DagReason reason = dag_task_get_reason (edge->dependency->task);

  return reason == DAG_REASON_NONE ? DAG_REASON_NOT_NEEDED : reason;
}

/* Goes through what was decided in its order, until the task has to be skipped.
 *
 * @open: (out): whether it cannot start yet
 *
 * Returns: (nullable): the edge for which it is skipped
 */
static Edge *
find_refusal (Node     *node,
              guint     until,
              gboolean *open)
{
  Edge *best = NULL;
  gboolean satisfied = FALSE;
  guint inputs = 0, others = 0, done = 0;

  for (guint i = 0; i < node->n_edges; i++)
    {
      if (node->edges[i].input)
        inputs++;
      else
        others++;
    }

  for (;;)
    {
      Edge *next = NULL;

      for (guint i = 0; i < node->n_edges; i++)
        {
          Edge *edge = &node->edges[i];
          guint when = edge_decided (edge);

          /* Of two that were decided at once, the earlier attached one is told first. */
          if (when > done && when <= until && (next == NULL || when < edge_decided (next)))
            next = edge;
        }

      if (next == NULL)
        break;

      done = edge_decided (next);

      /* What is known from the start is known at once. */
      if (node->trigger == DAG_TRIGGER_ANY && done == next->attached)
        for (Edge *edge = next; edge < &node->edges[node->n_edges]; edge++)
          if (edge_decided (edge) == done && !edge->input && !edge_satisfied (edge))
            return edge;

      for (Edge *edge = next; edge < &node->edges[node->n_edges]; edge++)
        {
          if (edge_decided (edge) != done)
            continue;

          if (edge->input)
            inputs--;
          else
            others--;

          if (edge_satisfied (edge))
            {
              satisfied |= edge->input;
              continue;
            }

          if (!edge->input || node->trigger == DAG_TRIGGER_ALL)
            return edge;

          if (satisfied)
            continue;

          if (best == NULL || edge_reason (edge) < edge_reason (best))
            best = edge;
          if (node->trigger == DAG_TRIGGER_FIRST || inputs == 0)
            return best;
        }
    }

  *open = others > 0 || (inputs > 0 && (node->trigger == DAG_TRIGGER_ALL || !satisfied));

  return NULL;
}

/* Nothing is left to do: what can have happened has. */
static void
check_progress (void)
{
  for (guint i = 0; i < n_nodes; i++)
    {
      Node *node = &nodes[i];
      gboolean open = FALSE;

      if (node->started > 0 || node->finished > 0)
        continue;

      g_assert_cmpuint (node->cancelled, ==, 0);
      g_assert_null (find_refusal (node, now, &open));
      g_assert_true (open);
      g_assert_cmpint (dag_task_get_state (node->task), ==, DAG_STATE_WAITING);
    }
}

static void
assert_end (Node      *node,
            DagState   state,
            DagReason  reason,
            Node      *origin)
{
  g_assert_cmpint (dag_task_get_state (node->task), ==, state);
  g_assert_cmpint (dag_task_get_reason (node->task), ==, reason);

  if (origin == NULL)
    {
      g_assert_null (dag_task_get_origin (node->task));
      g_assert_null (dag_task_get_error (node->task));
    }
  else
    {
      DagTask *begin = dag_task_get_origin (origin->task);

      g_assert_true (dag_task_get_origin (node->task) == (begin != NULL ? begin : origin->task));
      if (begin != NULL)
        g_assert_true (dag_task_get_error (node->task) == dag_task_get_error (begin));
    }
}

static void
check_skipped (Node *node)
{
  gboolean open;
  Edge *edge = find_refusal (node, node->finished, &open);

  g_assert_nonnull (edge);
  g_assert_cmpint (dag_task_get_state (node->task), ==, DAG_STATE_SKIPPED);
  g_assert_cmpint (dag_task_get_reason (node->task), ==, edge_reason (edge));

  if (dag_task_get_reason (edge->dependency->task) != DAG_REASON_NONE)
    assert_end (node, DAG_STATE_SKIPPED, edge_reason (edge), edge->dependency);
  else
    g_assert_true (g_error_matches (dag_task_get_error (node->task), DAG_ERROR, DAG_ERROR_NOT_NEEDED));
}

static void
check_ran (Node *node)
{
  const DagState follow_states[] = {
    DAG_STATE_SUCCEEDED, DAG_STATE_FAILED, DAG_STATE_CANCELLED, DAG_STATE_SKIPPED,
  };
  DagReason reason;
  gboolean open;

  g_assert_null (find_refusal (node, node->started, &open));
  g_assert_false (open);
  g_assert_cmpuint (node->returned, >=, node->started);

  /* Asked for before the function returned; before it started it would not have. */
  if (node->cancelled > 0 && node->cancelled < node->returned)
    {
      g_assert_cmpuint (node->cancelled, >, node->started);
      assert_end (node, DAG_STATE_CANCELLED, DAG_REASON_CANCELLATION, node);
      return;
    }

  switch (node->plan)
    {
    case PLAN_SUCCEED:
      assert_end (node, DAG_STATE_SUCCEEDED, DAG_REASON_NONE, NULL);
      g_assert_cmpint (g_value_get_int (dag_task_get_value (node->task)), ==, sum_inputs (node));
      break;
    case PLAN_FAIL:
      assert_end (node, DAG_STATE_FAILED, DAG_REASON_FAILURE, node);
      g_assert_true (g_error_matches (dag_task_get_error (node->task), G_FILE_ERROR, node->index));
      break;
    case PLAN_DECLINE:
      assert_end (node, DAG_STATE_SKIPPED, DAG_REASON_NOT_NEEDED, node);
      break;
    case PLAN_FOLLOW:
    default:
      if (node->cycle)
        {
          assert_end (node, DAG_STATE_FAILED, DAG_REASON_FAILURE, node);
          g_assert_true (g_error_matches (dag_task_get_error (node->task), DAG_ERROR, DAG_ERROR_CYCLE));
          n_cycles++;
          break;
        }

      reason = dag_task_get_reason (node->followed->task);
      assert_end (node, follow_states[reason], reason,
                  reason != DAG_REASON_NONE ? node->followed : NULL);
      if (reason == DAG_REASON_NONE)
        g_assert_cmpint (g_value_get_int (dag_task_get_value (node->task)), ==,
                         g_value_get_int (dag_task_get_value (node->followed->task)));
      break;
    }
}

static void
check_node (Node *node)
{
  g_assert_cmpuint (node->finished, >, 0);
  g_assert_cmpuint (node->settled, >, node->finished);

  for (guint i = 0; i < node->n_edges; i++)
    g_assert_cmpuint (node->edges[i].dependency->settled, <, node->settled);
  if (node->followed != NULL)
    g_assert_cmpuint (node->followed->settled, <, node->settled);

  if (node->started > 0)
    check_ran (node);
  else if (node->cancelled > 0 && dag_task_get_state (node->task) == DAG_STATE_CANCELLED)
    assert_end (node, DAG_STATE_CANCELLED, DAG_REASON_CANCELLATION, node);
  else
    check_skipped (node);

  n_states[dag_task_get_state (node->task)]++;
}

/* Something from outside. */
static void
act (void)
{
  guint action = random_range (0, 100);

  if (action < 60 && pending->len > 0)
    return_node (g_ptr_array_steal_index_fast (pending, random_range (0, pending->len)));
  else if (action < 70)
    cancel_node (pick_node ());
  else if (action < 80)
    add_edge (pick_node ());
  else
    add_node ();
}

static void
run_graph (void)
{
  gpointer weak[MOST_TASKS];

  n_nodes = now = 0;
  limit = random_range (2, MOST_TASKS + 1);
  g_ptr_array_set_size (pending, 0);

  for (guint i = random_range (1, limit); i > 0; i--)
    add_node ();

  while (n_nodes < limit || pending->len > 0)
    {
      for (guint i = random_range (1, 4); i > 0; i--)
        act ();
      if (chance (70))
        {
          test_drain ();
          check_progress ();
        }
    }

  do
    {
      test_drain ();
      check_progress ();
      while (pending->len > 0)
        return_node (g_ptr_array_steal_index_fast (pending, 0));
    }
  while (g_main_context_pending (NULL));

  for (guint i = 0; i < n_nodes; i++)
    check_node (&nodes[i]);

  for (guint i = 0; i < n_nodes; i++)
    {
      /* So that nothing is reported. */
      dag_task_get_error (nodes[i].task);
      weak[i] = nodes[i].task;
      g_object_add_weak_pointer (G_OBJECT (nodes[i].task), &weak[i]);
    }
  for (guint i = 0; i < n_nodes; i++)
    g_object_unref (nodes[i].task);
  test_drain ();
  for (guint i = 0; i < n_nodes; i++)
    if (weak[i] != NULL)
      g_error ("task %u was not freed: plan %d, cycle %d", i, nodes[i].plan, nodes[i].cycle);
}

static void
test_model (void)
{
  g_test_summary ("Random graphs that grow, fail, decline, follow and are cancelled do what the rules "
                  "say, at once, and leave nothing");

  random_begin ();
  pending = g_ptr_array_new ();
  for (guint i = test_size (g_test_slow () ? 100000 : 4000); i > 0; i--)
    run_graph ();
  g_ptr_array_unref (pending);
  g_rand_free (source);

  g_test_message ("%u succeeded, %u failed, %u skipped, %u cancelled, %u cycles, %u too late",
                  n_states[DAG_STATE_SUCCEEDED], n_states[DAG_STATE_FAILED],
                  n_states[DAG_STATE_SKIPPED], n_states[DAG_STATE_CANCELLED], n_cycles, n_late);
  for (DagState state = DAG_STATE_SUCCEEDED; state <= DAG_STATE_CANCELLED; state++)
    g_assert_cmpuint (n_states[state], >, 0);
  g_assert_cmpuint (n_cycles, >, 0);
  g_assert_cmpuint (n_late, >, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-6/random/model", test_model);

  return g_test_run ();
}
