/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Tasks whose functions another language calls: how they are called, end, and in which order. */

#include "runner-util.h"

static void
test_succeeded (void)
{
  TestBinding *binding = test_binding_new (NULL);
  TestJob *job;
  DagTask *task;

  g_test_summary ("A task runs in a later dispatch, and what is said when the next id is taken ends "
                  "it, with no value");

  job = test_binding_call (binding, "a", NULL, NULL, NULL, 0, &task);
  g_assert_true (dag_task_get_context (task) == g_main_context_default ());
  g_assert_true (dag_runner_get_context (binding->runner) == g_main_context_default ());
  assert_job (job, 0, 0);

  test_settle (task);
  assert_job (job, 1, 0);
  assert_story ("a");
  assert_state (task, DAG_STATE_SUCCEEDED);
  g_assert_true (G_VALUE_HOLDS_POINTER (dag_task_get_value (task)));
  g_assert_null (g_value_get_pointer (dag_task_get_value (task)));
  g_assert_cmpuint (binding->n_set, ==, 1);

  test_release (task);
  test_binding_free (binding);
}

static void
test_unreferenced (void)
{
  TestBinding *binding = test_binding_new (NULL);

  g_test_summary ("Promise 1: nobody has to keep the task, which keeps its runner");

  g_object_unref (test_binding_task (binding, "a", NULL, NULL));
  g_clear_object (&binding->runner);

  /* The runner finds its binding still, which has no more to take from. */
  binding->most = 0;
  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING,
                         "a failed and nobody looked at it: "
                         "The language of the function did not call it");
  test_drain ();
  g_test_assert_expected_messages ();

  /* For the task, and when its id came with a minus sign. */
  g_assert_cmpuint (binding->n_set, ==, 2);
  g_assert_finalize_object (binding);
  assert_story ("");
}

static gboolean
skip (TestJob *job)
{
  dag_task_return_skip (job->task);

  return FALSE;
}

static gboolean
follow (TestJob *job)
{
  dag_task_return_task (job->task, job->data);

  return FALSE;
}

static void
test_at_once (void)
{
  TestBinding *binding = test_binding_new (NULL);
  g_autoptr (DagTask) inner = dag_task_new (test_body_succeed, GINT_TO_POINTER (3), NULL);
  const struct { TestFunc func; gpointer data; DagState state; int value; } rows[] = {
    { return_int, GINT_TO_POINTER (7), DAG_STATE_SUCCEEDED, 7 },
    { follow, inner, DAG_STATE_SUCCEEDED, 3 },
    { skip, NULL, DAG_STATE_SKIPPED, 0 },
    { fail, NULL, DAG_STATE_FAILED, 0 },
  };

  g_test_summary ("A function can end its task by any return function, while it is called");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DagTask *task;
      TestJob *job = test_binding_call (binding, NULL, rows[i].func, rows[i].data, NULL, 0, &task);

      test_settle (task);
      assert_job (job, 1, 0);
      assert_state (task, rows[i].state);
      if (rows[i].state == DAG_STATE_SUCCEEDED)
        g_assert_cmpint (g_value_get_int (dag_task_get_value (task)), ==, rows[i].value);
      else
        g_assert_nonnull (dag_task_get_error (task));
      test_release (task);
    }

  test_binding_free (binding);
}

static gboolean
returned_cb (gpointer user_data)
{
  dag_task_return_int (user_data, 5);

  return G_SOURCE_REMOVE;
}

static gboolean
return_from_timeout (TestJob *job)
{
  g_timeout_add (1, returned_cb, job->task);

  return FALSE;
}

static gpointer
return_thread (gpointer user_data)
{
  returned_cb (user_data);

  return NULL;
}

static gboolean
return_from_thread (TestJob *job)
{
  job->data = g_thread_new ("return", return_thread, job->task);

  return FALSE;
}

static gboolean
return_in_thread (TestJob *job)
{
  g_thread_join (g_thread_new ("return", return_thread, job->task));

  return FALSE;
}

static void
test_later (void)
{
  TestBinding *binding = test_binding_new (NULL);
  TestFunc functions[] = { return_from_timeout, return_from_thread, return_in_thread };

  g_test_summary ("A function can return later, from a callback or a thread, and dependents of both "
                  "kinds start then");

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      DagTask *task, *dependents[2];
      TestJob *job = test_binding_call (binding, "a", functions[i], NULL, NULL, 0, &task);

      dependents[0] = test_binding_task (binding, "b", NULL, task);
      dependents[1] = dag_task_new_with_inputs (tell_body, NULL, NULL, &task, 1);
      dag_task_set_name (dependents[1], "c");
      test_settle (dependents[0]);
      test_settle (dependents[1]);
      g_clear_pointer ((GThread **) &job->data, g_thread_join);
      assert_story ("a b c");
      g_assert_cmpint (g_value_get_int (dag_task_get_value (task)), ==, 5);
      test_release (dependents[0]);
      test_release (dependents[1]);
      test_release (task);
    }

  test_binding_free (binding);
}

static void
test_side_by_side (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *tasks[100];

  g_test_summary ("Functions that go on do so at the same time, and are ended in any order");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = test_binding_task (binding, NULL, pend, NULL);
  test_drain ();

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    assert_state (tasks[i], DAG_STATE_RUNNING);

  for (guint i = G_N_ELEMENTS (tasks); i > 0; i--)
    {
      dag_task_return (tasks[i - 1]);
      test_release (tasks[i - 1]);
    }

  test_binding_free (binding);
}

static gboolean
return_and_go_on (TestJob *job)
{
  dag_task_return_int (job->task, 1);

  /* It has returned, and is on the stack all the same. */
  assert_state (job->task, DAG_STATE_RUNNING);
  test_assert_critical ("dag_task_return_int: a has already returned",
                        dag_task_return_int (job->task, 2));

  return FALSE;
}

static gboolean
return_and_succeed (TestJob *job)
{
  dag_task_return_int (job->task, 1);
  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "dag_task_return: a has already returned");

  return TRUE;
}

static void
test_twice (void)
{
  TestBinding *binding = test_binding_new (NULL);
  TestFunc functions[] = { return_and_go_on, return_and_succeed };

  g_test_summary ("Promise 4: a second return is a programmer error, and what is said with the next "
                  "take is one");

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      DagTask *task = test_binding_task (binding, "a", functions[i], NULL);

      test_settle (task);
      g_test_assert_expected_messages ();
      g_assert_cmpint (g_value_get_int (dag_task_get_value (task)), ==, 1);
      test_release (task);
    }

  assert_story ("a a");
  test_binding_free (binding);
}

static void
test_names (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *named, *same, *unnamed;

  g_test_summary ("A task has the name of its function, unless it was given one");

  named = dag_runner_new_task (binding->runner, 1, g_quark_from_string ("fetch"), NULL, 0);
  same = dag_runner_new_task (binding->runner, 2, g_quark_from_string ("fetch"), NULL, 0);
  unnamed = dag_runner_new_task (binding->runner, 3, 0, NULL, 0);
  g_assert_cmpstr (dag_task_get_name (named), ==, "fetch");
  g_assert_true (dag_task_get_name (named) == dag_task_get_name (same));
  g_assert_null (dag_task_get_name (unnamed));

  dag_task_set_name (same, "other");
  g_assert_cmpstr (dag_task_get_name (same), ==, "other");
  g_assert_cmpstr (dag_task_get_name (named), ==, "fetch");

  dag_task_cancel (named);
  dag_task_cancel (same);
  dag_task_cancel (unnamed);
  test_release (named);
  test_release (same);
  test_release (unnamed);
  g_assert_cmpuint (binding->n_unknown, ==, 3);
  test_binding_free (binding);
}

static void
test_small (void)
{
  TestBinding *binding = test_binding_new (NULL);

  g_test_summary ("A task that is made without an array waits for each of its inputs, whichever of "
                  "the three there are");

  for (guint given = 0; given < 8; given++)
    {
      DagTask *inputs[] = { NULL, NULL, NULL };
      DagTask *task;
      TestJob *job;

      for (guint i = 0; i < G_N_ELEMENTS (inputs); i++)
        if (given & (1 << i))
          inputs[i] = test_binding_task (binding, NULL, pend, NULL);

      job = test_binding_add (binding, "small", NULL, NULL);
      task = dag_runner_new_small_task (binding->runner, job->id, g_quark_from_string ("fetch"),
                                        inputs[0], inputs[1], inputs[2]);
      g_assert_cmpstr (dag_task_get_name (task), ==, "fetch");

      for (guint i = 0; i < G_N_ELEMENTS (inputs); i++)
        if (inputs[i] != NULL)
          {
            test_drain ();
            assert_job (job, 0, 0);
            dag_task_return (inputs[i]);
          }

      test_settle (task);
      assert_job (job, 1, 0);
      assert_story ("small");
      assert_state (task, DAG_STATE_SUCCEEDED);
      test_release (task);
      for (guint i = 0; i < G_N_ELEMENTS (inputs); i++)
        if (inputs[i] != NULL)
          test_release (inputs[i]);
    }

  test_binding_free (binding);
}

/* Order */

#define N_GRAPH 6

static DagTask *
new_either (TestBinding     *binding,
            gboolean         ours,
            const char      *name,
            int              priority,
            DagTask * const *inputs,
            gsize            n_inputs)
{
  DagTask *task;

  if (ours)
    {
      test_binding_call (binding, name, NULL, NULL, inputs, n_inputs, &task);
    }
  else
    {
      task = dag_task_new_with_inputs (tell_body, NULL, NULL, inputs, n_inputs);
      dag_task_set_name (task, name);
    }

  dag_task_set_priority (task, priority);

  return task;
}

static void
test_order (void)
{
  g_test_summary ("Promise 13: with priorities, chains, fan-out and a diamond the order is the same, "
                  "whichever of the tasks are C's and whichever the binding's");

  for (guint ours = 0; ours < 1 << N_GRAPH; ours++)
    {
      TestBinding *binding = test_binding_new (NULL);
      DagTask *tasks[N_GRAPH];

      tasks[0] = new_either (binding, ours & 1, "a", 0, NULL, 0);
      tasks[1] = new_either (binding, ours & 2, "b", -1, NULL, 0);
      tasks[2] = new_either (binding, ours & 4, "c", 0, &tasks[0], 1);
      tasks[3] = new_either (binding, ours & 8, "d", -2, &tasks[0], 1);
      tasks[4] = new_either (binding, ours & 16, "e", 0, &tasks[2], 2);
      tasks[5] = new_either (binding, ours & 32, "f", 0, NULL, 0);

      for (guint i = 0; i < N_GRAPH; i++)
        test_release (tasks[i]);
      assert_story ("b a d f c e");
      test_binding_free (binding);
    }
}

/* The order in which the tasks of a big graph were called. */
static GArray *called;

static void
note_called (gpointer data)
{
  guint index = GPOINTER_TO_UINT (data);

  g_array_append_val (called, index);
}

static gboolean
note_job (TestJob *job)
{
  note_called (job->data);

  return TRUE;
}

static void
note_body (DagTask  *task,
           gpointer  user_data)
{
  note_called (user_data);
  dag_task_return (task);
}

#define N_RANDOM 300

/* Runs the graph of a seed. Of @share in a hundred the function is the binding's. */
static GArray *
run_random (guint32 seed,
            int     share)
{
  TestBinding *bindings[] = { test_binding_new (NULL), test_binding_new (NULL) };
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  DagTask *tasks[N_RANDOM];

  called = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < N_RANDOM; i++)
    {
      guint n = i > 0 ? g_rand_int_range (rand, 0, 4) : 0;
      int priority = g_rand_int_range (rand, -2, 3);
      gboolean ours = g_rand_int_range (rand, 0, 100) < share;
      TestBinding *binding = bindings[g_rand_int_range (rand, 0, 2)];
      DagTask *inputs[3];

      for (guint j = 0; j < n; j++)
        inputs[j] = tasks[g_rand_int_range (rand, MAX (0, (int) i - 50), i)];

      if (ours)
        test_binding_call (binding, NULL, note_job, GUINT_TO_POINTER (i), inputs, n, &tasks[i]);
      else
        tasks[i] = dag_task_new_with_inputs (note_body, GUINT_TO_POINTER (i), NULL, inputs, n);
      dag_task_set_priority (tasks[i], priority);
    }

  for (guint i = 0; i < N_RANDOM; i++)
    test_settle (tasks[i]);
  for (guint i = 0; i < N_RANDOM; i++)
    test_release (tasks[i]);
  test_binding_free (bindings[0]);
  test_binding_free (bindings[1]);

  return g_steal_pointer (&called);
}

static void
test_random_order (void)
{
  g_test_summary ("Promise 13: in big graphs too, and with two runners in one context");

  for (guint i = 0; i < 20; i++)
    {
      guint32 seed = g_test_rand_int ();
      g_autoptr (GArray) expected = run_random (seed, 0);

      g_assert_cmpuint (expected->len, ==, N_RANDOM);
      for (int share = 30; share <= 100; share += 35)
        {
          g_autoptr (GArray) order = run_random (seed, share);

          g_assert_cmpmem (order->data, order->len * sizeof (guint),
                           expected->data, expected->len * sizeof (guint));
        }
    }
}

/* Building */

static void
test_skipped (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *failing = test_binding_task (binding, "failing", fail, NULL);
  DagTask *declining = dag_task_new (test_body_skip, NULL, NULL);
  TestJob *jobs[4];
  DagTask *tasks[4];

  g_test_summary ("The id of a task that is skipped comes once, with a minus sign, and so do those of "
                  "what needs it");

  jobs[0] = test_binding_call (binding, "a", NULL, NULL, &failing, 1, &tasks[0]);
  jobs[1] = test_binding_call (binding, "b", NULL, NULL, &tasks[0], 1, &tasks[1]);
  jobs[2] = test_binding_call (binding, "c", NULL, NULL, tasks, 2, &tasks[2]);
  jobs[3] = test_binding_call (binding, "d", NULL, NULL, &declining, 1, &tasks[3]);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      test_settle (tasks[i]);
      assert_state (tasks[i], DAG_STATE_SKIPPED);
      g_assert_nonnull (dag_task_get_error (tasks[i]));
      assert_job (jobs[i], 0, 1);
    }
  assert_story ("failing -a -b -c -d");

  for (guint i = G_N_ELEMENTS (tasks); i > 0; i--)
    test_release (tasks[i - 1]);
  test_release (failing);
  test_release (declining);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    assert_job (jobs[i], 0, 1);
  test_binding_free (binding);
}

static gboolean
look_at_arguments (TestJob *job)
{
  DagTask **inputs = job->data;

  /* Inputs of the constructor are no arguments. */
  g_assert_cmpuint (dag_task_get_n_arguments (job->task), ==, 2);
  g_assert_true (dag_task_get_argument_task (job->task, 0) == inputs[0]);
  g_assert_true (dag_task_get_argument_task (job->task, 1) == inputs[1]);

  return TRUE;
}

static void
test_edges (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *inputs[2], *before, *input, *task;
  TestJob *job;

  g_test_summary ("Raw inputs and prerequisites can be added right after a task was made, which waits "
                  "for them");

  inputs[0] = test_binding_task (binding, "failing", fail, NULL);
  inputs[1] = test_binding_task (binding, "good", pend, NULL);
  before = test_binding_task (binding, "before", pend, NULL);
  input = test_binding_task (binding, "input", pend, NULL);
  job = test_binding_call (binding, "task", look_at_arguments, inputs, &input, 1, &task);
  g_assert_true (dag_task_add_raw_input (task, inputs[0], DAG_RULE_FINISHED, NULL));
  g_assert_true (dag_task_add_raw_input (task, inputs[1], DAG_RULE_FINISHED, NULL));
  g_assert_true (dag_task_add_prerequisite (task, before, DAG_RULE_SUCCEEDED, NULL));

  test_drain ();
  assert_story ("failing good before input");
  dag_task_return (input);
  test_drain ();
  dag_task_return (inputs[1]);
  test_drain ();
  assert_story ("");
  dag_task_return (before);
  test_settle (task);
  assert_story ("task");
  assert_job (job, 1, 0);
  assert_state (task, DAG_STATE_SUCCEEDED);

  test_release (task);
  test_release (inputs[0]);
  test_release (inputs[1]);
  test_release (before);
  test_release (input);
  test_binding_free (binding);
}

static gboolean
add_here (TestJob *job)
{
  DagTask **tasks = job->data;

  /* It is ready by now, and waits again. */
  assert_state (tasks[0], DAG_STATE_READY);
  g_assert_true (dag_task_add_prerequisite (tasks[0], tasks[1], DAG_RULE_SUCCEEDED, NULL));

  return TRUE;
}

static void
test_add_to_ready (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *first, *tasks[2];
  TestJob *job;

  g_test_summary ("Promise 6: a function can add a dependency to a task that is ready, which is next");

  job = test_binding_call (binding, "first", add_here, tasks, NULL, 0, &first);
  tasks[0] = test_binding_task (binding, "ready", NULL, NULL);
  tasks[1] = test_binding_task (binding, "late", pend, NULL);
  test_drain ();
  assert_story ("first late");
  assert_job (job, 1, 0);
  dag_task_return (tasks[1]);
  test_release (tasks[0]);
  assert_story ("ready");
  test_release (tasks[1]);
  test_release (first);
  test_binding_free (binding);
}

static void
test_add_late (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, "a", pend, NULL);
  DagTask *other = test_binding_task (binding, "b", NULL, NULL);

  g_test_summary ("Promise 6: nothing can be added to a task that has started");

  test_drain ();
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      if (i == 0)
        g_assert_false (dag_task_add_input (task, other, DAG_RULE_SUCCEEDED, &error));
      else if (i == 1)
        g_assert_false (dag_task_add_raw_input (task, other, DAG_RULE_FINISHED, &error));
      else
        g_assert_false (dag_task_add_prerequisite (task, other, DAG_RULE_SUCCEEDED, &error));
      g_assert_error (error, DAG_ERROR, DAG_ERROR_STARTED);
    }

  dag_task_return (task);
  test_settle (task);
  assert_state (task, DAG_STATE_SUCCEEDED);
  assert_story ("a b");
  test_release (task);
  test_release (other);
  test_binding_free (binding);
}

static void
test_held (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task;
  TestJob *job = test_binding_call (binding, "a", NULL, NULL, NULL, 0, &task);

  g_test_summary ("A task of a runner can be held");

  dag_task_hold (task);
  test_drain ();
  assert_job (job, 0, 0);
  test_assert_critical ("dag_task_set_function: a has a function already",
                        dag_task_set_function (task, test_body_succeed, NULL, NULL));
  dag_task_release (task);
  test_release (task);
  assert_job (job, 1, 0);
  assert_story ("a");
  test_binding_free (binding);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/runner/succeeded", test_succeeded);
  g_test_add_func ("/promise-1/runner/unreferenced", test_unreferenced);
  g_test_add_func ("/runner/at-once", test_at_once);
  g_test_add_func ("/runner/later", test_later);
  g_test_add_func ("/runner/side-by-side", test_side_by_side);
  g_test_add_func ("/promise-4/runner/twice", test_twice);
  g_test_add_func ("/runner/names", test_names);
  g_test_add_func ("/runner/small", test_small);
  g_test_add_func ("/promise-13/runner/order", test_order);
  g_test_add_func ("/promise-13/runner/random-order", test_random_order);
  g_test_add_func ("/runner/skipped", test_skipped);
  g_test_add_func ("/runner/edges", test_edges);
  g_test_add_func ("/promise-6/runner/add-to-ready", test_add_to_ready);
  g_test_add_func ("/promise-6/runner/add-late", test_add_late);
  g_test_add_func ("/runner/held", test_held);

  return g_test_run ();
}
