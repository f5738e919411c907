/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The budget of a dispatch, while another language takes ids. The clock is a simulated one. */

#include "runner-util.h"

#define BUDGET 2000 /* µs, of a dispatch */

/* The most that is done between two looks at the clock, as in budget.c. */
#define MOST_STEPS 4096

/* It stands still but for these. It is so far ahead of that of GLib that what is put off for some
 * milliseconds never comes, and only what goes on in the background does.
 */
static gint64 clock_now = G_MAXINT64 / 2;
static gint64 clock_step;  /* how far it goes with each look at it, in µs */

/* The library's calls come here, because a program's own functions go before those of the libraries;
 * GLib's own do not.
 */
gint64
g_get_monotonic_time (void)
{
  return clock_now += clock_step;
}

/* From now on every look at the clock says that the budget is used up. */
static void
clock_hurry (void)
{
  clock_step = BUDGET + 1;
}

static void
clock_stop (void)
{
  clock_step = 0;
}

/* Functions */

static guint steps;

static gboolean
count_job (TestJob *job)
{
  steps++;

  return TRUE;
}

static void
count_body (DagTask  *task,
            gpointer  user_data)
{
  steps++;
  dag_task_return (task);
}

#define DURATION 100 /* µs, of a function */

static gboolean
take_time (TestJob *job)
{
  clock_now += DURATION;

  return count_job (job);
}

static TestBinding *
new_counting (TestFunc func)
{
  TestBinding *binding = test_binding_new (NULL);

  binding->func = func;
  steps = 0;

  return binding;
}

static void
make_tasks (TestBinding *binding,
            guint        n,
            DagTask     *input)
{
  for (guint i = 0; i < n; i++)
    g_object_unref (dag_runner_new_task (binding->runner, 2 + i, 0, &input,
                                         input != NULL ? 1 : 0));
}

/* Runs until @n steps were done; none is done twice. Returns the most in one dispatch. */
static guint
run_steps (guint n)
{
  guint longest = 0;

  while (steps < n)
    {
      guint before = steps;

      test_iterate ();
      longest = MAX (longest, steps - before);
    }

  clock_stop ();
  g_assert_cmpuint (steps, ==, n);

  return longest;
}

/* Expects nothing to come twice. */
static void
end_counting (TestBinding *binding)
{
  guint n = steps;

  test_binding_free (binding);
  g_assert_cmpuint (steps, ==, n);
}

static void
test_chain (void)
{
  TestBinding *binding = new_counting (count_job);
  DagTask *task = NULL;

  g_test_summary ("A dependent starts in the dispatch in which its dependency finished, whosever "
                  "function it has");

  for (guint i = 0; i < 1000; i++)
    {
      guint n = task != NULL ? 1 : 0;
      DagTask *next = i % 3 == 0 ? dag_task_new_with_inputs (count_body, NULL, NULL, &task, n)
                                 : dag_runner_new_task (binding->runner, 1 + i, 0, &task, n);

      g_clear_object (&task);
      task = next;
    }

  test_iterate ();
  g_assert_cmpuint (steps, ==, 1000);
  test_release (task);
  end_counting (binding);
}

static void
test_fan_out (void)
{
  TestBinding *binding = new_counting (count_job);
  DagTask *task = dag_runner_new_task (binding->runner, 1, 0, NULL, 0);

  g_test_summary ("All dependents start in the dispatch in which their dependency finished, and the "
                  "property is set once for that");

  make_tasks (binding, 500, task);
  test_iterate ();
  g_assert_cmpuint (steps, ==, 501);
  g_assert_cmpuint (binding->n_set, ==, 1);
  test_release (task);
  end_counting (binding);
}

/* Draws what functions have changed, at the priority of redraws. */
typedef struct {
  GSource source;
  guint   turns;
  guint   last;     /* steps at the last turn */
  guint   longest;  /* steps between two turns */
} Redraw;

static gboolean
redraw_dispatch (GSource     *source,
                 GSourceFunc  callback,
                 gpointer     user_data)
{
  Redraw *self = (Redraw *) source;

  self->turns++;
  self->longest = MAX (self->longest, steps - self->last);
  self->last = steps;
  g_source_set_ready_time (source, -1);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs redraw_funcs = {
  .dispatch = redraw_dispatch,
};

static GSource *redraw;

static gboolean
change (TestJob *job)
{
  g_source_set_ready_time (redraw, 0);

  return take_time (job);
}

static void
test_redraw (void)
{
  guint n = test_size (200000);
  TestBinding *binding = new_counting (change);
  Redraw *self;

  g_test_summary ("A dispatch ends when functions have used up 2 ms, and what they changed is drawn "
                  "before the next one");

  redraw = g_source_new (&redraw_funcs, sizeof (Redraw));
  self = (Redraw *) redraw;
  g_source_set_priority (redraw, G_PRIORITY_HIGH_IDLE + 20);
  g_source_attach (redraw, NULL);

  make_tasks (binding, n, NULL);
  g_assert_cmpuint (run_steps (n), ==, BUDGET / DURATION);
  test_drain ();
  g_assert_cmpuint (self->turns, ==, n / (BUDGET / DURATION));
  g_assert_cmpuint (self->longest, ==, BUDGET / DURATION);
  g_source_destroy (redraw);
  g_source_unref (redraw);
  end_counting (binding);
}

static void
test_look (void)
{
  guint n = test_size (200000);
  TestBinding *binding = new_counting (count_job);
  DagTask *gate = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("The clock is looked at after every function");

  make_tasks (binding, n, gate);
  test_drain ();
  dag_task_return (gate);
  test_settle (gate);
  g_assert_cmpuint (steps, ==, n);
  test_release (gate);

  steps = 0;
  make_tasks (binding, n, NULL);
  clock_hurry ();
  g_assert_cmpuint (run_steps (n), ==, 1);
  end_counting (binding);
}

/* Floods of ids that are no functions */

static void
test_waits (void)
{
  guint n = test_size (100000);
  TestBinding *binding = new_counting (count_job);
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("The ids of many waits that are over at once come in several dispatches");

  for (guint i = 0; i < n; i++)
    dag_runner_await (binding->runner, task, 1 + i);
  test_drain ();
  dag_task_return (task);
  clock_hurry ();
  g_assert_cmpuint (run_steps (n), <=, 2);
  test_release (task);
  end_counting (binding);
}

static void
test_waits_at_once (void)
{
  guint n = test_size (100000);
  TestBinding *binding = new_counting (count_job);
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("The ids of many waits that are over at once come in one setting of the property");

  for (guint i = 0; i < n; i++)
    dag_runner_await (binding->runner, task, 1 + i);
  test_drain ();
  dag_task_return (task);
  test_iterate ();
  g_assert_cmpuint (steps, ==, n);
  g_assert_cmpuint (binding->n_set, ==, 1);
  test_release (task);
  end_counting (binding);
}

static void
test_skipped (void)
{
  guint n = test_size (100000);
  TestBinding *binding = new_counting (count_job);
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("The ids of many tasks that are skipped at once come in several dispatches");

  make_tasks (binding, n, task);
  test_drain ();
  g_assert_cmpuint (steps, ==, 0);
  dag_task_return_skip (task);
  clock_hurry ();
  g_assert_cmpuint (run_steps (n), <=, MOST_STEPS);
  test_release (task);
  end_counting (binding);
}

/* Tasks whose arguments take several dispatches */

#define N_ARGUMENTS (5 * MOST_STEPS)

static DagTask *
make_big (TestBinding *binding,
          gint64       id)
{
  g_autoptr (DagTask) input = dag_task_new_for_value (NULL);
  DagTask *task = dag_runner_new_task (binding->runner, id, 0, NULL, 0);

  for (guint i = 0; i < N_ARGUMENTS; i++)
    g_assert_true (dag_task_add_raw_input (task, input, DAG_RULE_FINISHED, NULL));

  return task;
}

static guint
run_until_settled (DagTask *task)
{
  guint n_dispatches = 0;

  clock_hurry ();
  while (!dag_task_get_settled (task))
    {
      test_iterate ();
      n_dispatches++;
    }
  clock_stop ();

  return n_dispatches;
}

static gboolean
say_stopped (TestJob *job)
{
  g_assert_cmpint (job->id, <, 0);

  return count_job (job);
}

static void
test_big (void)
{
  TestBinding *binding = new_counting (count_job);
  DagTask *tasks[2] = { make_big (binding, 1), make_big (binding, 2) }, *after;

  g_test_summary ("Tasks whose many arguments are prepared in several dispatches are called, each once");

  after = dag_runner_new_task (binding->runner, 3, 0, tasks, 2);
  g_assert_cmpuint (run_until_settled (after), >, 2 * N_ARGUMENTS / MOST_STEPS);
  g_assert_cmpuint (steps, ==, 3);
  test_release (after);
  test_release (tasks[0]);
  test_release (tasks[1]);
  end_counting (binding);

  /* One that is cancelled meanwhile is not. */
  binding = new_counting (say_stopped);
  tasks[0] = make_big (binding, 1);
  clock_hurry ();
  while (dag_task_get_state (tasks[0]) != DAG_STATE_READY)
    test_iterate ();
  for (guint i = 0; i < 3; i++)
    test_iterate ();
  assert_state (tasks[0], DAG_STATE_READY);
  dag_task_cancel (tasks[0]);
  run_until_settled (tasks[0]);
  assert_state (tasks[0], DAG_STATE_CANCELLED);
  test_release (tasks[0]);
  g_assert_cmpuint (steps, ==, 1);
  end_counting (binding);
}

/* Reports that come early */

static void
ignore_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
}

/* The task has the first id. */
static DagTask *failing;

static gboolean
fail_first (TestJob *job)
{
  if (job->id == 1)
    test_body_fail (failing, NULL);

  return job->id != 1;
}

static void
test_late_look (void)
{
  g_test_summary ("Promise 8: a failure is not reported early while somebody in the queue has yet to "
                  "look at it, though the budget is used up");

  for (guint i = 0; i < 3; i++)
    {
      TestBinding *binding = new_counting (fail_first);
      DagTask *dependent = NULL;

      dag_runner_set_reports_early (binding->runner, TRUE);
      failing = dag_runner_new_task (binding->runner, 1, 0, NULL, 0);
      if (i == 0)
        {
          dag_runner_await (binding->runner, failing, 2);
        }
      else if (i == 1)
        {
          dag_task_await_async (failing, NULL, ignore_cb, NULL);
        }
      else
        {
          dependent = dag_task_new_with_inputs (NULL, NULL, NULL, &failing, 1);
          dag_task_await_async (dependent, NULL, ignore_cb, NULL);
        }

      clock_hurry ();
      test_drain ();
      clock_stop ();
      if (dependent != NULL)
        test_release (dependent);
      test_release (failing);
      end_counting (binding);
    }
}

static void
count_gone (gpointer  data,
            GObject  *object)
{
  steps++;
}

static void
test_reports (void)
{
  guint n = test_size (100000);
  TestBinding *binding = new_counting (NULL);

  g_test_summary ("Many failures that are to be reported early are seen to in several dispatches");

  dag_runner_set_reports_early (binding->runner, TRUE);
  failing = dag_task_new (test_body_pending, NULL, NULL);
  for (guint i = 0; i < n; i++)
    {
      DagTask *task = dag_runner_new_task (binding->runner, 1 + i, 0, &failing, 1);

      g_object_weak_ref (G_OBJECT (task), count_gone, NULL);
      dag_task_await_async (task, NULL, ignore_cb, NULL);
      g_object_unref (task);
    }
  test_drain ();
  test_body_fail (failing, NULL);
  test_iterate ();
  g_assert_cmpuint (steps, ==, 0);
  clock_hurry ();
  g_assert_cmpuint (run_steps (n), <=, MOST_STEPS);
  test_release (failing);
  end_counting (binding);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-3/runner/budget/chain", test_chain);
  g_test_add_func ("/promise-3/runner/budget/fan-out", test_fan_out);
  g_test_add_func ("/promise-10/runner/budget/redraw", test_redraw);
  g_test_add_func ("/promise-10/runner/budget/look", test_look);
  g_test_add_func ("/promise-10/runner/budget/waits", test_waits);
  g_test_add_func ("/promise-10/runner/budget/waits-at-once", test_waits_at_once);
  g_test_add_func ("/promise-10/runner/budget/skipped", test_skipped);
  g_test_add_func ("/promise-10/runner/budget/big", test_big);
  g_test_add_func ("/promise-8/runner/budget/late-look", test_late_look);
  g_test_add_func ("/promise-10/runner/budget/reports", test_reports);

  return g_test_run ();
}
