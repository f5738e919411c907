/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include <time.h>

/* The loop stays alive: how long a dispatch lasts, and who has a turn between two of them.
 *
 * Where the machine's noise could decide, the clock is a simulated one.
 */

#define BUDGET 2000 /* µs, of a dispatch */

/* The most that is done between two looks at the clock: edges come in batches, and not every batch
 * looks.
 */
#define MOST_STEPS 4096

/* How far the clock goes with each look at it, in µs; 0: it is the real one. */
static gint64 clock_step;
static gint64 clock_now;

/* The library's calls come here, because a program's own functions go before those of the libraries;
 * GLib's own do not.
 */
gint64
g_get_monotonic_time (void)
{
  struct timespec now;

  if (clock_step > 0)
    return clock_now += clock_step;

  clock_gettime (CLOCK_MONOTONIC, &now);

  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* From now on every look at the clock says that the budget is used up. */
static void
clock_hurry (void)
{
  clock_now = g_get_monotonic_time ();
  clock_step = BUDGET + 1;
}

static void
clock_relax (void)
{
  clock_step = 0;
}

static void
spin (gint64 duration)
{
  gint64 end = g_get_monotonic_time () + duration;

  while (g_get_monotonic_time () < end)
    ;
}

/* Bodies of a known length */

static guint bodies;

static void
spinning_body (DagTask  *task,
               gpointer  user_data)
{
  spin (GPOINTER_TO_INT (user_data));
  bodies++;
  dag_task_return (task);
}

static void
make_bodies (guint       n,
             DagTaskFunc function,
             gint64      duration)
{
  bodies = 0;

  for (guint i = 0; i < n; i++)
    g_object_unref (dag_task_new (function, GINT_TO_POINTER (duration), NULL));
}

/* Another user of the main loop, who always has something to do, and sees how many bodies ran between
 * two of its turns.
 */
typedef struct {
  guint turns;
  guint last;     /* bodies at the last turn */
  guint longest;  /* bodies between two turns */
  guint many;     /* times when there were more than what fits in a dispatch */
  guint fit;
} Other;

static gboolean
other_cb (gpointer user_data)
{
  Other *self = user_data;
  guint n = bodies - self->last;

  self->turns++;
  self->longest = MAX (self->longest, n);
  if (n > self->fit)
    self->many++;
  self->last = bodies;

  return G_SOURCE_CONTINUE;
}

static void
run_beside (guint   n,
            int     duration,
            int     priority,
            Other  *other)
{
  guint id;

  *other = (Other) { .fit = (BUDGET + duration - 1) / duration };
  make_bodies (n, spinning_body, duration);
  id = g_idle_add_full (priority, other_cb, other, NULL);

  while (bodies < n)
    test_iterate ();

  g_source_remove (id);
  test_drain ();
}

static void
test_dispatch (void)
{
  g_test_summary ("A dispatch ends when 2 ms are used up, and the rest comes in the next ones");

  make_bodies (20, spinning_body, 700);

  while (bodies < 20)
    {
      guint before = bodies;

      test_iterate ();

      /* Three of them take 2.1 ms at least. */
      g_assert_cmpuint (bodies - before, <=, 3);
    }

  test_drain ();
}

static void
test_beside_redraw (void)
{
  Other other;

  g_test_summary ("Beside tasks that are always ready, redraws have a turn between any two "
                  "dispatches, and beside redraws that never end the tasks have theirs");

  run_beside (40, 1000, G_PRIORITY_HIGH_IDLE + 20, &other);

  g_test_message ("%u turns of redraws, at most %u tasks between two", other.turns, other.longest);
  g_assert_cmpuint (other.turns, >=, 20);

  /* There may be two dispatches in a row if the machine takes a break of 14 ms. */
  g_assert_cmpuint (other.many, <=, 4);
}

static void
test_beside_default (void)
{
  Other other;

  g_test_summary ("A source of default priority that is always ready, and tasks that are, both go on");

  run_beside (200, 200, G_PRIORITY_DEFAULT, &other);

  g_test_message ("%u turns, at most %u tasks between two", other.turns, other.longest);
  g_assert_cmpuint (other.longest, <=, other.fit);
  g_assert_cmpuint (other.turns, >=, 200 / other.fit);
}

static void
test_beside_low (void)
{
  Other other;

  g_test_summary ("Beside what is less urgent than tasks but more than redraws, tasks go on, because "
                  "they come back at their own priority");

  run_beside (40, 1000, G_PRIORITY_DEFAULT + 50, &other);

  g_test_message ("%u turns, at most %u tasks between two", other.turns, other.longest);
  g_assert_cmpuint (other.turns, >=, 10);
}

static void
test_beside_idle (void)
{
  Other other;

  g_test_summary ("With nothing to draw tasks go on at once: what is idle waits until they are done");

  run_beside (40, 1000, G_PRIORITY_DEFAULT_IDLE, &other);

  g_test_message ("%u turns", other.turns);
  g_assert_cmpuint (other.turns, ==, 0);
}

/* A clock of 60 Hz at the priority of redraws. */
typedef struct {
  gint64 due;
  gint64 latest;
  guint  frames;
  guint  late;  /* frames that were late by more than half a frame */
} Frames;

#define FRAME (G_USEC_PER_SEC / 60)

static gboolean
frame_cb (gpointer user_data)
{
  GSource *source = g_main_current_source ();
  Frames *self = user_data;
  gint64 now = g_get_monotonic_time ();

  self->frames++;
  self->latest = MAX (self->latest, now - self->due);
  if (now - self->due > FRAME / 2)
    self->late++;
  self->due = now + FRAME;
  g_source_set_ready_time (source, self->due);

  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_ready_time (GSource     *source,
                     GSourceFunc  callback,
                     gpointer     user_data)
{
  return callback (user_data);
}

static GSourceFuncs frame_source_funcs = {
  .dispatch = dispatch_ready_time,
};

static void
counting_body (DagTask  *task,
               gpointer  user_data)
{
  bodies++;
  dag_task_return (task);
}

static void
test_frames (void)
{
  guint n = test_size (1000000);
  GSource *source = g_source_new (&frame_source_funcs, sizeof (GSource));
  Frames frames = { 0 };

  g_test_summary ("While a million tasks are ready a 60 Hz source at redraw priority is not late for "
                  "their sake");

  make_bodies (n, counting_body, 0);

  g_source_set_callback (source, frame_cb, &frames, NULL);
  g_source_set_priority (source, G_PRIORITY_HIGH_IDLE + 20);
  frames.due = g_get_monotonic_time () + FRAME;
  g_source_set_ready_time (source, frames.due);
  g_source_attach (source, NULL);

  while (bodies < n)
    test_iterate ();

  g_source_destroy (source);
  g_source_unref (source);
  test_drain ();

  g_test_message ("%u frames, %u late, the latest by %.1f ms", frames.frames, frames.late,
                  frames.latest / 1000.0);
  g_assert_cmpuint (frames.frames, >, 0);

  /* The machine may be late for its own sake now and then. */
  g_assert_cmpuint (frames.late, <=, MAX (2, frames.frames / 4));
  g_assert_cmpint (frames.latest, <, 10 * FRAME);
}

/* Long walks: under a clock that hurries every look at it ends the dispatch, so the number of steps
 * between two looks shows.
 */
static guint steps;

static void
count_step (gpointer data)
{
  steps++;
}

/* Runs until @n steps were done; none is done twice. */
static void
assert_walk (guint n,
             guint most)
{
  guint longest = 0, dispatches = 0;

  clock_hurry ();

  while (steps < n)
    {
      guint before = steps;

      g_assert_true (g_main_context_iteration (NULL, TRUE));
      longest = MAX (longest, steps - before);
      dispatches++;
    }

  clock_relax ();
  test_drain ();

  g_test_message ("%u steps in %u dispatches, at most %u in one", n, dispatches, longest);
  g_assert_cmpuint (steps, ==, n);
  g_assert_cmpuint (longest, <=, most);
  g_assert_cmpuint (longest, <, n / 2);
}

/* The same where the steps cannot be seen: they take so many dispatches at least. */
static void
assert_walk_dispatches (guint n)
{
  guint dispatches = 0;

  clock_hurry ();
  while (g_main_context_iteration (NULL, FALSE))
    dispatches++;
  clock_relax ();

  g_test_message ("%u steps in %u dispatches", n, dispatches);
  g_assert_cmpuint (dispatches, >=, n / MOST_STEPS);
}

static void
test_walk_telling (void)
{
  guint n = test_size (1000000);
  DagTask *gate = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *dependency = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *prerequisites[] = { dependency, gate };

  g_test_summary ("Telling a million dependents that a task has finished takes several dispatches");

  steps = 0;
  for (guint i = 0; i < n; i++)
    g_object_unref (dag_task_new_with_arguments (NULL, NULL, count_step, NULL, 0, prerequisites, 2));
  test_drain ();

  dag_task_return (dependency);
  assert_walk_dispatches (n);
  g_assert_cmpuint (steps, ==, 0);

  /* Their starts are under the budget as well. */
  dag_task_return (gate);
  assert_walk (n, MOST_STEPS);

  test_release (dependency);
  test_release (gate);
}

static void
wait_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_assert_nonnull (dag_task_await_finish (DAG_TASK (source), result, NULL));
  steps++;
}

static void
test_walk_waiters (void)
{
  guint n = test_size (1000000);
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Telling a million who wait takes several dispatches");

  steps = 0;
  for (guint i = 0; i < n; i++)
    dag_task_await_async (task, NULL, wait_cb, NULL);
  test_drain ();

  dag_task_return (task);
  assert_walk (n, MOST_STEPS);
  test_release (task);
}

static void
test_walk_skipping (void)
{
  guint n = test_size (1000000);
  DagTask *dependency = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Skipping a million tasks takes several dispatches");

  steps = 0;
  for (guint i = 0; i < n; i++)
    g_object_unref (dag_task_new_with_arguments (NULL, NULL, count_step, NULL, 0, &dependency, 1));
  test_drain ();

  dag_task_return_skip (dependency);
  assert_walk (n, MOST_STEPS);
  test_release (dependency);
}

static void
test_walk_cancelling (void)
{
  guint n = test_size (1000000);
  DagTask **tasks = g_new (DagTask *, n);
  DagTask *gate = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Cancelling a million tasks takes several dispatches");

  steps = 0;
  for (guint i = 0; i < n; i++)
    tasks[i] = dag_task_new_with_arguments (NULL, NULL, count_step, NULL, 0, &gate, 1);
  test_drain ();

  for (guint i = 0; i < n; i++)
    dag_task_cancel (tasks[i]);
  assert_walk (n, MOST_STEPS);

  for (guint i = 0; i < n; i++)
    g_object_unref (tasks[i]);
  g_free (tasks);
  dag_task_return (gate);
  test_release (gate);
}

static gpointer
copy_counted (gpointer data)
{
  return data;
}

static GType
get_counted_type (void)
{
  static GType type;

  if (type == 0)
    type = g_boxed_type_register_static ("TestCounted", copy_counted, count_step);

  return type;
}

static void
test_walk_arguments (void)
{
  guint n = test_size (1000000);
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Freeing a million arguments takes several dispatches");

  for (guint i = 0; i < n; i++)
    dag_task_add_argument_boxed (task, get_counted_type (), &steps);
  test_drain ();

  steps = 0;
  dag_task_return (task);
  assert_walk (n, MOST_STEPS);
  test_release (task);
}

static void
return_counted_body (DagTask  *task,
                     gpointer  user_data)
{
  dag_task_return_pointer (task, &steps, count_step);
}

/* Makes a collector of many tasks that nobody else has. */
static DagTask *
collect (guint       n,
         DagTaskFunc function,
         DagRule     rule)
{
  DagTask *collector = dag_task_new (test_body_pending, NULL, NULL);

  dag_task_hold (collector);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DagTask) task = dag_task_new (function, NULL, NULL);

      dag_task_add_input (collector, task, rule, &error);
      g_assert_no_error (error);
    }
  dag_task_release (collector);

  return collector;
}

static void
test_walk_dependencies (void)
{
  guint n = test_size (1000000);
  DagTask *collector = collect (n, return_counted_body, DAG_RULE_SUCCEEDED);

  g_test_summary ("Letting go of a million dependencies, and with them of their results, takes "
                  "several dispatches");

  steps = 0;
  test_drain ();
  g_assert_cmpint (dag_task_get_state (collector), ==, DAG_STATE_RUNNING);
  g_assert_cmpuint (steps, ==, 0);

  dag_task_return (collector);
  assert_walk (n, MOST_STEPS);
  test_release (collector);
}

static void
test_walk_unneeded (void)
{
  guint n = test_size (200000);
  DagTask *gate = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *collector = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Cancelling what is not needed any more takes several dispatches");

  steps = 0;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DagTask) task = dag_task_new_with_arguments (NULL, NULL, count_step, NULL, 0, &gate, 1);

      g_assert_true (dag_task_add_input (collector, task, DAG_RULE_SUCCEEDED, NULL));
    }
  test_drain ();
  g_assert_cmpuint (steps, ==, 0);

  dag_task_cancel_unneeded (collector);
  assert_walk (n, MOST_STEPS);
  g_assert_cmpint (dag_task_get_state (collector), ==, DAG_STATE_CANCELLED);
  g_assert_cmpint (dag_task_get_state (gate), ==, DAG_STATE_RUNNING);
  g_assert_true (dag_task_is_cancelled (gate));

  dag_task_return (gate);
  test_release (collector);
  test_release (gate);
}

static void
weak_step_cb (gpointer  data,
              GObject  *object)
{
  steps++;
}

static void
watch_body (DagTask  *task,
            gpointer  user_data)
{
  g_object_weak_ref (G_OBJECT (task), weak_step_cb, NULL);
  test_body_fail (task, user_data);
}

static void
test_walk_failures (void)
{
  guint n = test_size (200000);
  DagTask *collector;

  g_test_summary ("Letting go of a task whose dependencies all failed takes several dispatches, though "
                  "it alone has kept the origins of the failures");

  steps = 0;
  collector = collect (n, watch_body, DAG_RULE_SUCCEEDED);
  test_settle (collector);
  g_assert_nonnull (dag_task_get_error (collector));
  g_assert_cmpuint (steps, ==, 0);

  g_object_unref (collector);
  g_assert_cmpuint (steps, <, n / 2);
  assert_walk (n, MOST_STEPS);
}

/* Delays that return when their time is over have an error at once. */
static void
make_delays (DagTask **tasks,
             guint     n,
             guint     timeout)
{
  for (guint i = 0; i < n; i++)
    {
      tasks[i] = dag_task_new_delay (timeout);
      dag_task_set_timeout (tasks[i], timeout);
    }

  test_drain ();
}

static void
release_delays (DagTask **tasks,
                guint     n)
{
  for (guint i = 0; i < n; i++)
    {
      test_finish (tasks[i]);
      g_assert_error (dag_task_get_error (tasks[i]), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
      g_object_unref (tasks[i]);
    }

  test_drain ();
}

static void
test_walk_timers (void)
{
  guint n = test_size (200000), n_over = 0, longest = 0, timeout = 300;
  DagTask **tasks = g_new (DagTask *, n);

  g_test_summary ("A great many timers that expire at once take several dispatches");

  /* On a slow machine the first are over before the last have begun. */
  make_delays (tasks, n, timeout);
  while (dag_task_had_error (tasks[0]))
    {
      release_delays (tasks, n);
      timeout *= 2;
      make_delays (tasks, n, timeout);
    }

  spin (timeout * 1000);

  clock_hurry ();
  while (n_over < n)
    {
      guint before = n_over;

      g_assert_true (g_main_context_iteration (NULL, TRUE));
      while (n_over < n && dag_task_had_error (tasks[n_over]))
        n_over++;
      longest = MAX (longest, n_over - before);
    }
  clock_relax ();
  test_drain ();

  g_test_message ("%u timers, at most %u in one dispatch", n, longest);
  g_assert_cmpuint (longest, <=, MOST_STEPS);
  g_assert_cmpuint (longest, <, n / 2);

  release_delays (tasks, n);
  g_free (tasks);
}

static void
test_handlers (void)
{
  DagTask *gate = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *tasks[100];
  guint longest = 0;

  g_test_summary ("A handler that hears of a state is looked at by the clock as a function is: with no "
                  "budget, no more is called in a dispatch than goes with one step of one task");

  steps = 0;
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      tasks[i] = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &gate, 1);
      g_signal_connect_swapped (tasks[i], "notify::state", G_CALLBACK (count_step), NULL);
    }
  test_drain ();

  dag_context_set_budget (NULL, 0);
  dag_task_return (gate);
  while (steps < 3 * G_N_ELEMENTS (tasks))
    {
      guint before = steps;

      test_iterate ();
      longest = MAX (longest, steps - before);
    }
  dag_context_set_budget (NULL, BUDGET);

  g_test_message ("at most %u handlers in one dispatch", longest);
  g_assert_cmpuint (longest, <=, 4);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_release (tasks[i]);
  test_release (gate);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-10/budget/dispatch", test_dispatch);
  g_test_add_func ("/promise-10/budget/beside-redraw", test_beside_redraw);
  g_test_add_func ("/promise-10/budget/beside-default", test_beside_default);
  g_test_add_func ("/promise-10/budget/beside-low", test_beside_low);
  g_test_add_func ("/promise-10/budget/beside-idle", test_beside_idle);
  g_test_add_func ("/promise-10/budget/frames", test_frames);
  g_test_add_func ("/promise-10/walk/telling", test_walk_telling);
  g_test_add_func ("/promise-10/walk/waiters", test_walk_waiters);
  g_test_add_func ("/promise-10/walk/skipping", test_walk_skipping);
  g_test_add_func ("/promise-10/walk/cancelling", test_walk_cancelling);
  g_test_add_func ("/promise-10/walk/arguments", test_walk_arguments);
  g_test_add_func ("/promise-10/walk/dependencies", test_walk_dependencies);
  g_test_add_func ("/promise-10/walk/unneeded", test_walk_unneeded);
  g_test_add_func ("/promise-10/walk/failures", test_walk_failures);
  g_test_add_func ("/promise-10/walk/timers", test_walk_timers);
  g_test_add_func ("/promise-10/budget/handlers", test_handlers);

  return g_test_run ();
}
