/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* Tasks and dependencies that are added while others run, and those that must not be. */

static DagTask *
new_named (const char  *name,
           DagTaskFunc  function)
{
  DagTask *task = dag_task_new (function, NULL, NULL);

  dag_task_set_name (task, name);

  return task;
}

static void
add (DagTask *task,
     DagTask *dependency,
     DagRule  rule)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (dag_task_add_prerequisite (task, dependency, rule, &error));
  g_assert_no_error (error);
}

static void
sum (DagTask  *task,
     gpointer  user_data)
{
  int result = 0;

  for (guint i = 0; i < dag_task_get_n_arguments (task); i++)
    result += dag_task_get_argument_int (task, i);

  dag_task_return_int (task, result);
}

static void
grow (DagTask  *task,
      gpointer  user_data)
{
  DagTask *collector = user_data;

  for (int i = 1; i <= 10; i++)
    {
      g_autoptr (DagTask) part = dag_task_new (test_body_succeed, GINT_TO_POINTER (i), NULL);

      g_assert_true (dag_task_add_input (collector, part, DAG_RULE_SUCCEEDED, NULL));
    }

  dag_task_return (task);
}

static void
test_inside (void)
{
  DagTask *collector = dag_task_new (sum, NULL, NULL);
  DagTask *grower = dag_task_new (grow, collector, NULL);
  DagTask *dependent = dag_task_new_with_inputs (sum, NULL, NULL, &collector, 1);

  g_test_summary ("A running function adds tasks, and dependencies to a task that waits for it");

  add (collector, grower, DAG_RULE_SUCCEEDED);
  test_settle (dependent);
  g_assert_cmpint (g_value_get_int (dag_task_get_value (dependent)), ==, 55);

  test_release (dependent);
  test_release (collector);
  test_release (grower);
}

/* Adds `added` to a task that has become ready. */

static DagTask *added;
static guint n_ready, n_waiting, n_started;

static void
state_cb (GObject    *object,
          GParamSpec *pspec,
          gpointer    user_data)
{
  DagTask *task = DAG_TASK (object);

  switch (dag_task_get_state (task))
    {
    case DAG_STATE_READY:
      if (n_ready++ == 0)
        add (task, added, DAG_RULE_SUCCEEDED);
      break;
    case DAG_STATE_WAITING:
      n_waiting++;
      break;
    case DAG_STATE_RUNNING:
      n_started++;
      break;
    case DAG_STATE_SUCCEEDED:
    case DAG_STATE_FAILED:
    case DAG_STATE_SKIPPED:
    case DAG_STATE_CANCELLED:
    default:
      break;
    }
}

static void
test_ready_again (void)
{
  DagTask *task = new_named ("task", NULL);

  g_test_summary ("A task that is ready waits again when it is given another dependency");

  added = dag_task_new (test_body_pending, NULL, NULL);
  n_ready = n_waiting = n_started = 0;
  g_signal_connect (task, "notify::state", G_CALLBACK (state_cb), NULL);
  test_drain ();
  g_assert_cmpuint (n_ready, ==, 1);
  g_assert_cmpuint (n_waiting, ==, 1);
  g_assert_cmpuint (n_started, ==, 0);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);

  dag_task_return (added);
  test_settle (task);
  g_assert_cmpuint (n_ready, ==, 2);
  g_assert_cmpuint (n_started, ==, 1);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);

  test_release (task);
  test_release (added);
}

static void
test_ready_refused (void)
{
  DagTask *task;

  g_test_summary ("A task that is ready is skipped when it is given a dependency that was "
                  "cancelled");

  added = dag_task_new (NULL, NULL, NULL);
  dag_task_cancel (added);
  test_settle (added);
  task = new_named ("task", test_body_fail);
  n_ready = n_waiting = n_started = 0;
  g_signal_connect (task, "notify::state", G_CALLBACK (state_cb), NULL);
  test_settle (task);
  g_assert_cmpuint (n_started, ==, 0);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SKIPPED);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_CANCELLATION);

  test_release (task);
  test_release (added);
}

/* Too late */

static void
assert_started (DagTask    *task,
                DagTask    *dependency,
                const char *message)
{
  gboolean (*adders[]) (DagTask *, DagTask *, DagRule, GError **) = {
    dag_task_add_input, dag_task_add_raw_input, dag_task_add_prerequisite,
  };

  for (guint i = 0; i < G_N_ELEMENTS (adders); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (adders[i] (task, dependency, DAG_RULE_FINISHED, &error));
      g_assert_error (error, DAG_ERROR, DAG_ERROR_STARTED);
      g_assert_true (g_pattern_match_simple (message, error->message));

      /* Nor does it need somebody who wants to know. */
      g_assert_false (adders[i] (task, dependency, DAG_RULE_FINISHED, NULL));
    }
}

static void
test_started_error (void)
{
  DagTask *dependency = new_named ("dependency", NULL);
  DagTask *running = new_named ("running", test_body_pending);
  DagTask *external = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  DagTask *value = dag_task_new_for_value (NULL);
  DagTask *cancelled = new_named ("gone", test_body_pending);
  guint ref_count;

  g_test_summary ("A dependency of a task that has started or finished is refused with an error");

  dag_task_hold (dependency);
  dag_task_cancel (cancelled);
  test_drain ();
  ref_count = G_OBJECT (dependency)->ref_count;

  assert_started (running, dependency, "running (*dynamic.c:*) has already started");
  assert_started (external, dependency, "unnamed task (*) has already started");
  assert_started (value, dependency, "unnamed task* has already *");
  assert_started (cancelled, dependency, "gone (*) has already finished");
  g_assert_cmpuint (G_OBJECT (dependency)->ref_count, ==, ref_count);
  g_assert_cmpuint (dag_task_get_n_arguments (running), ==, 0);

  dag_task_return (running);
  test_settle (running);
  assert_started (running, dependency, "running (*) has already *");

  dag_task_return (external);
  dag_task_release (dependency);
  test_release (running);
  test_release (external);
  test_release (cancelled);
  test_release (dependency);
  g_assert_finalize_object (value);
}

/* Cycles */

/* Expects the dependency to be refused because of a cycle, with these tasks on it. */
static void
assert_cycle (DagTask    *task,
              DagTask    *dependency,
              DagRule     rule,
              const char *message,
              guint       n,
              ...)
{
  g_autoptr (GError) error = NULL, copy = NULL;
  guint ref_count = G_OBJECT (task)->ref_count;

  g_assert_false (dag_task_add_prerequisite (task, dependency, rule, NULL));
  g_assert_false (dag_task_add_raw_input (task, dependency, rule, NULL));
  g_assert_false (dag_task_add_input (task, dependency, rule, &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_CYCLE);
  if (!g_pattern_match_simple (message, error->message))
    g_error ("“%s” is not “%s”", error->message, message);

  copy = g_error_copy (error);
  g_clear_error (&error);

  if (n > 0)
    {
      g_autofree DagTask **tasks = NULL;
      gsize n_tasks;
      va_list expected;

      tasks = dag_error_get_tasks (copy, &n_tasks);
      g_assert_cmpuint (n_tasks, ==, n);
      va_start (expected, n);
      for (guint i = 0; i < n; i++)
        g_assert_true (tasks[i] == va_arg (expected, DagTask *));
      va_end (expected);
    }

  g_clear_error (&copy);
  g_assert_cmpuint (G_OBJECT (task)->ref_count, ==, ref_count);
}

static void
test_itself (void)
{
  DagTask *task = new_named ("self", NULL);
  g_auto (GValue) value = G_VALUE_INIT;

  g_test_summary ("A task cannot wait for itself");

  assert_cycle (task, task, DAG_RULE_SUCCEEDED,
                "self (*dynamic.c:*) would wait for itself: self (*) -> self (*)", 1, task);

  g_value_init (&value, DAG_TYPE_TASK);
  g_value_set_object (&value, task);
  test_assert_critical ("dag_task_add_argument: self (*) would wait for itself*",
                        dag_task_add_argument (task, &value));
  g_value_unset (&value);

  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
  test_release (task);
}

static void
test_chain (void)
{
  DagTask *a = new_named ("a", NULL), *b = new_named ("b", NULL), *c = new_named ("c", NULL);
  gsize n_tasks = 7;
  g_autoptr (GError) other = g_error_new (DAG_ERROR, DAG_ERROR_STARTED, "Too late");

  g_test_summary ("A dependency that closes a cycle is refused with the tasks on it, and nothing "
                  "has changed");

  add (b, a, DAG_RULE_SUCCEEDED);
  add (c, b, DAG_RULE_FINISHED);
  assert_cycle (a, b, DAG_RULE_SUCCEEDED, "a (*) would wait for itself: a (*) -> b (*) -> a (*)",
                2, a, b);
  assert_cycle (a, c, DAG_RULE_FAILED, "a (*) would wait for itself: a (*) -> b (*) -> c (*) -> a (*)",
                3, a, b, c);

  g_assert_null (dag_error_get_tasks (other, &n_tasks));
  g_assert_cmpuint (n_tasks, ==, 0);

  test_settle (c);
  g_assert_cmpint (dag_task_get_state (a), ==, DAG_STATE_SUCCEEDED);
  g_assert_cmpint (dag_task_get_state (c), ==, DAG_STATE_SUCCEEDED);
  test_release (c);
  test_release (b);
  test_release (a);
}

static void
test_long_path (void)
{
  DagTask *tasks[50], *sides[50];

  g_test_summary ("A cycle is found however far away, among many ways that are none");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      tasks[i] = new_named ("link", NULL);
      dag_task_hold (tasks[i]);
      sides[i] = new_named ("side", NULL);
      add (sides[i], tasks[i], DAG_RULE_SUCCEEDED);
      if (i > 0)
        {
          add (tasks[i], tasks[i - 1], DAG_RULE_SUCCEEDED);
          add (tasks[i], sides[i - 1], DAG_RULE_SUCCEEDED);
        }
    }

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    for (guint j = i; j < G_N_ELEMENTS (tasks); j++)
      {
        g_autoptr (GError) error = NULL;
        g_autofree DagTask **path = NULL;
        gsize n;

        g_assert_false (dag_task_add_prerequisite (tasks[i], sides[j], DAG_RULE_SUCCEEDED, &error));
        g_assert_error (error, DAG_ERROR, DAG_ERROR_CYCLE);
        path = dag_error_get_tasks (error, &n);
        g_assert_cmpuint (n, >=, j - i + 2);
        g_assert_true (path[0] == tasks[i]);
        g_assert_true (path[n - 1] == sides[j]);
      }

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      dag_task_release (tasks[i]);
      g_object_unref (tasks[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_release (sides[i]);
}

static void
test_settling (void)
{
  DagTask *loser = new_named ("loser", test_body_pending);
  DagTask *winner = new_named ("winner", NULL);
  DagTask *any, *after;

  g_test_summary ("A task that would wait for another to settle, which waits for it to settle, is "
                  "a cycle though all between have finished");

  dag_task_hold (loser);
  any = dag_task_new_any ((DagTask *[]) { winner, loser }, 2, FALSE);
  after = dag_task_new_with_inputs (NULL, NULL, NULL, &any, 1);
  dag_task_set_name (after, "after");
  test_finish (after);

  /* It has finished, and settles when the loser does. */
  g_assert_cmpint (dag_task_get_state (after), ==, DAG_STATE_SUCCEEDED);
  g_assert_false (dag_task_get_settled (after));
  assert_cycle (loser, after, DAG_RULE_FINISHED,
                "loser (*) would wait for itself: loser (*) -> any* -> after (*) -> loser (*)",
                3, loser, any, after);
  assert_cycle (loser, any, DAG_RULE_FAILED,
                "loser (*) would wait for itself: loser (*) -> any* -> loser (*)", 2, loser, any);

  dag_task_release (loser);
  test_drain ();
  dag_task_return (loser);
  test_release (after);
  test_release (any);
  test_release (winner);
  test_release (loser);
}

static void
test_skipped (void)
{
  DagTask *failing = new_named ("failing", test_body_fail), *slow = new_named ("slow", NULL);
  DagTask *skipped;

  g_test_summary ("A task that was skipped waits for what it depends on all the same, to settle");

  dag_task_hold (slow);
  skipped = dag_task_new_with_inputs (NULL, NULL, NULL, (DagTask *[]) { failing, slow }, 2);
  dag_task_set_name (skipped, "skipped");
  test_finish (skipped);
  assert_cycle (slow, skipped, DAG_RULE_FINISHED,
                "slow (*) would wait for itself: slow (*) -> skipped (*) -> slow "
                "(*)", 2, slow, skipped);

  /* What has settled waits for nothing. */
  add (slow, failing, DAG_RULE_FINISHED);
  dag_task_release (slow);
  test_settle (skipped);
  g_assert_cmpint (dag_task_get_state (slow), ==, DAG_STATE_SUCCEEDED);
  g_assert_nonnull (dag_task_get_error (skipped));

  test_release (skipped);
  test_release (slow);
  test_release (failing);
}

static void
test_following (void)
{
  DagTask *inner = new_named ("inner", NULL), *outer;

  g_test_summary ("A task that ends as another does waits for it");

  dag_task_hold (inner);
  outer = new_named ("outer", test_body_pending);
  test_drain ();
  dag_task_return_task (outer, inner);
  assert_cycle (inner, outer, DAG_RULE_SUCCEEDED,
                "inner (*) would wait for itself: inner (*) -> outer (*) -> inner "
                "(*)", 2, inner, outer);

  dag_task_release (inner);
  test_release (outer);
  test_release (inner);
}

/* A collector that grows while somebody waits for it: the time for a number of dependencies. */
static double
time_growing (guint n)
{
  DagTask *collector = new_named ("collector", NULL);
  DagTask *dependent = dag_task_new_with_inputs (NULL, NULL, NULL, &collector, 1);
  g_autoptr (DagTask) last = NULL;
  gint64 begin;
  double elapsed;

  begin = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    {
      /* Each of them depends on the one before, so that there is something above. */
      g_autoptr (DagTask) part = dag_task_new_with_inputs (NULL, NULL, NULL, &last,
                                                           last != NULL ? 1 : 0);

      add (collector, part, DAG_RULE_SUCCEEDED);
      g_set_object (&last, part);
    }
  elapsed = (double) (g_get_monotonic_time () - begin);

  test_settle (dependent);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SUCCEEDED);
  test_release (dependent);
  test_release (collector);

  return elapsed / n;
}

static void
test_growing (void)
{
  guint n = test_size (60000);
  double few[2], many[2];

  g_test_summary ("A collector that grows while it has dependents costs the same for each "
                  "dependency, however many it has");

  /* Thirty times as many; what is quadratic costs thirty times as much for each, then. */
  for (guint i = 0; i < 2; i++)
    {
      few[i] = time_growing (n / 30);
      many[i] = time_growing (n);
      g_test_message ("%.2f µs each of few, %.2f µs each of many", few[i], many[i]);
    }

  g_assert_cmpfloat (MIN (many[0], many[1]), <, MIN (few[0], few[1]) * 8 + 1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-6/add/inside", test_inside);
  g_test_add_func ("/promise-6/add/ready-again", test_ready_again);
  g_test_add_func ("/promise-6/add/ready-refused", test_ready_refused);
  g_test_add_func ("/promise-6/add/started", test_started_error);
  g_test_add_func ("/promise-6/cycle/itself", test_itself);
  g_test_add_func ("/promise-6/cycle/chain", test_chain);
  g_test_add_func ("/promise-6/cycle/long-path", test_long_path);
  g_test_add_func ("/promise-6/cycle/settling", test_settling);
  g_test_add_func ("/promise-6/cycle/skipped", test_skipped);
  g_test_add_func ("/promise-6/cycle/following", test_following);
  g_test_add_func ("/promise-6/growing", test_growing);

  return g_test_run ();
}
