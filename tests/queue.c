/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* In what order things happen, when a task starts, and main loops inside of main loops. */

/* The library's calls come here: the clock stands still, so that no dispatch ends by its budget. */
gint64
g_get_monotonic_time (void)
{
  return 0;
}

/* Notes the letter that is its data. */
static GString *order;

static void
note_body (DagTask  *task,
           gpointer  user_data)
{
  g_string_append_c (order, GPOINTER_TO_INT (user_data));
  dag_task_return (task);
}

static DagTask *
note_new (char letter,
          int  priority)
{
  DagTask *task = dag_task_new (note_body, GINT_TO_POINTER (letter), NULL);

  dag_task_set_priority (task, priority);

  return task;
}

static DagTask *
note_new_after (char     letter,
                DagTask *dependency)
{
  return dag_task_new_with_arguments (note_body, GINT_TO_POINTER (letter), NULL, NULL, 0,
                                      &dependency, 1);
}

static void
assert_order (const char *expected)
{
  g_assert_cmpstr (order->str, ==, expected);
  g_string_truncate (order, 0);
}

static void
test_order_priority (void)
{
  const int priorities[] = { 10, -5, 0, G_MAXINT, -5, G_MININT, 10, 0 };
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  g_test_summary ("Ready tasks start by priority, and where that is equal in the order in which "
                  "they became ready");

  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    g_ptr_array_add (tasks, note_new ('a' + i, priorities[i]));

  test_drain ();
  assert_order ("fbechagd");
}

static void
test_order_became_ready (void)
{
  g_autoptr (DagTask) first = note_new ('1', 0);
  G_GNUC_UNUSED g_autoptr (DagTask) waiting = note_new_after ('w', first);
  G_GNUC_UNUSED g_autoptr (DagTask) second = note_new ('2', 0);

  g_test_summary ("What counts is when a task became ready, not when it was made");

  test_drain ();
  assert_order ("12w");
}

static void
test_order_attached (void)
{
  g_autoptr (DagTask) dependency = dag_task_new (test_body_pending, NULL, NULL);
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  const char *attached = "hbdagfce";

  g_test_summary ("Dependents are told in the order in which they were attached");

  for (char letter = 'a'; letter <= 'h'; letter++)
    g_ptr_array_add (tasks, note_new (letter, 0));

  for (guint i = 0; i < tasks->len; i++)
    {
      g_autoptr (GError) error = NULL;

      dag_task_add_prerequisite (tasks->pdata[attached[i] - 'a'], dependency, DAG_RULE_SUCCEEDED,
                                 &error);
      g_assert_no_error (error);
    }

  test_drain ();
  assert_order ("");

  dag_task_return (dependency);
  test_drain ();
  assert_order (attached);
}

static void
late_urgent_body (DagTask  *task,
                  gpointer  user_data)
{
  DagTask **urgent = user_data;

  *urgent = note_new ('u', -10);
  dag_task_return (task);
}

static void
test_order_overtakes (void)
{
  DagTask *urgent = NULL;
  G_GNUC_UNUSED g_autoptr (DagTask) maker = dag_task_new (late_urgent_body, &urgent, NULL);
  G_GNUC_UNUSED g_autoptr (DagTask) a = note_new ('a', 0);
  G_GNUC_UNUSED g_autoptr (DagTask) b = note_new ('b', 0);

  g_test_summary ("A task that becomes ready goes before those that are ready with less priority");

  test_drain ();
  assert_order ("uab");
  g_object_unref (urgent);
}

static void
test_order_held (void)
{
  g_autoptr (DagTask) held = note_new ('h', 0);
  g_autoptr (DagTask) a = note_new ('a', 0);
  g_autoptr (DagTask) b = note_new ('b', -1);

  g_test_summary ("A ready task that was held becomes ready again when it is released, with the "
                  "priority that it has then");

  dag_task_hold (held);
  test_drain ();
  assert_order ("ba");

  g_clear_object (&a);
  g_clear_object (&b);
  a = note_new ('a', 0);
  b = note_new ('b', 7);
  dag_task_set_priority (held, 5);
  dag_task_release (held);
  test_drain ();
  assert_order ("ahb");
}

static void
note_finished_cb (DagTask  *task,
                  gpointer  user_data)
{
  g_string_append_c (order, 'f');
}

static void
note_state_cb (DagTask *task)
{
  if (dag_task_is_finished (task))
    g_string_append_c (order, 'n');
}

static void
note_wait_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_assert_nonnull (dag_task_await_finish (DAG_TASK (source), result, NULL));
  g_string_append_c (order, GPOINTER_TO_INT (user_data));
}

static void
test_order_finish (void)
{
  g_autoptr (DagTask) dependency = dag_task_new (test_body_succeed, NULL, NULL);
  g_autoptr (DagTask) dependent = note_new_after ('d', dependency);
  G_GNUC_UNUSED g_autoptr (DagTask) other = note_new_after ('e', dependency);

  g_test_summary ("A dependency's finish and its waiters are seen before its dependents start, "
                  "however urgent these are");

  dag_task_set_priority (dependent, G_MININT);
  dag_task_await_async (dependency, NULL, note_wait_cb, GINT_TO_POINTER ('1'));
  g_signal_connect (dependency, "finished", G_CALLBACK (note_finished_cb), NULL);
  g_signal_connect (dependency, "notify::state", G_CALLBACK (note_state_cb), NULL);
  dag_task_await_async (dependency, NULL, note_wait_cb, GINT_TO_POINTER ('2'));

  test_drain ();
  assert_order ("nf12de");
}

/* A dispatch is counted as one iteration of a context that has nothing else to do. */
typedef struct {
  GMainContext *context;
  guint         number;
} Dispatches;

static gboolean
dispatches_next (Dispatches *self)
{
  self->number++;

  return g_main_context_iteration (self->context, FALSE);
}

typedef struct {
  Dispatches *dispatches;
  DagTask    *dependencies[3];
  guint       ready;
  guint       started;
  guint       finished;
} Watched;

static void
watch_state_cb (DagTask    *task,
                GParamSpec *pspec,
                Watched    *self)
{
  switch (dag_task_get_state (task))
    {
    case DAG_STATE_READY:
      self->ready = self->dispatches->number;
      break;
    case DAG_STATE_RUNNING:
      self->started = self->dispatches->number;
      break;
    case DAG_STATE_SUCCEEDED:
      self->finished = self->dispatches->number;
      break;
    case DAG_STATE_WAITING:
    case DAG_STATE_FAILED:
    case DAG_STATE_SKIPPED:
    case DAG_STATE_CANCELLED:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
return_cb (gpointer user_data)
{
  dag_task_return (user_data);

  return G_SOURCE_REMOVE;
}

/* Returns at once, or in a later iteration. */
static void
watched_body (DagTask  *task,
              gpointer  user_data)
{
  if (GPOINTER_TO_UINT (user_data) % 3 == 0)
    dag_task_return (task);
  else
    g_idle_add_full (G_PRIORITY_DEFAULT + 1 + GPOINTER_TO_UINT (user_data) % 7, return_cb, task, NULL);
}

static void
test_start_dispatch (void)
{
  Dispatches dispatches = { NULL, 0 };
  Watched watched[60] = { 0 };
  DagTask *tasks[G_N_ELEMENTS (watched)];

  g_test_summary ("A task is ready in the dispatch in which its last dependency finished, and "
                  "started in that or the next one");

  for (guint i = 0; i < G_N_ELEMENTS (watched); i++)
    {
      tasks[i] = dag_task_new (watched_body, GUINT_TO_POINTER (i), NULL);
      watched[i].dispatches = &dispatches;
      g_signal_connect (tasks[i], "notify::state", G_CALLBACK (watch_state_cb), &watched[i]);

      for (guint j = 0; i >= 5 && j < G_N_ELEMENTS (watched[i].dependencies); j++)
        {
          guint k = (i * 7 + j * 31) % i;

          watched[i].dependencies[j] = tasks[k];
          g_assert_true (dag_task_add_prerequisite (tasks[i], tasks[k], DAG_RULE_SUCCEEDED, NULL));
        }
    }

  do
    dispatches_next (&dispatches);
  while (g_main_context_pending (NULL));

  for (guint i = 0; i < G_N_ELEMENTS (watched); i++)
    {
      guint learnt = 0;

      g_assert_cmpint (dag_task_get_state (tasks[i]), ==, DAG_STATE_SUCCEEDED);

      for (guint j = 0; j < G_N_ELEMENTS (watched[i].dependencies); j++)
        for (guint k = 0; k < i; k++)
          if (tasks[k] == watched[i].dependencies[j])
            learnt = MAX (learnt, watched[k].finished);

      if (learnt > 0)
        g_assert_cmpuint (watched[i].ready, ==, learnt);
      g_assert_cmpuint (watched[i].started, >=, watched[i].ready);
      g_assert_cmpuint (watched[i].started, <=, watched[i].ready + 1);
    }

  for (guint i = 0; i < G_N_ELEMENTS (watched); i++)
    g_object_unref (tasks[i]);
}

static void
test_start_foreign (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Dispatches dispatches = { NULL, 0 };
  Watched watched = { &dispatches };
  g_autoptr (DagTask) dependency = NULL;
  g_autoptr (DagTask) dependent = NULL;

  g_test_summary ("A task whose dependency belongs to another context is ready in the first "
                  "dispatch after that has finished");

  g_main_context_push_thread_default (context);
  dependency = dag_task_new (test_body_succeed, NULL, NULL);
  g_main_context_pop_thread_default (context);

  dependent = dag_task_new_with_arguments (test_body_succeed, NULL, NULL, NULL, 0, &dependency, 1);
  g_signal_connect (dependent, "notify::state", G_CALLBACK (watch_state_cb), &watched);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_WAITING);

  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_true (dag_task_is_finished (dependency));
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_WAITING);

  dispatches_next (&dispatches);
  g_assert_cmpuint (watched.ready, ==, 1);
  while (dispatches_next (&dispatches))
    ;
  g_assert_cmpuint (watched.started, <=, 2);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SUCCEEDED);
}

/* Main loops inside of main loops */

#define DEPTH 50

static guint depth;

static void
nested_body (DagTask  *task,
             gpointer  user_data)
{
  if (++depth < DEPTH)
    {
      DagTask *inner = dag_task_new (nested_body, NULL, NULL);

      test_finish (inner);
      g_assert_cmpint (dag_task_get_state (inner), ==, DAG_STATE_SUCCEEDED);
      g_object_unref (inner);
    }

  dag_task_return (task);
}

static void
test_nested_depth (void)
{
  DagTask *outer = dag_task_new (nested_body, NULL, NULL);

  g_test_summary ("A function that runs a main loop keeps no task from going on, itself in the same "
                  "way again and again");

  depth = 0;
  test_finish (outer);
  g_assert_cmpuint (depth, ==, DEPTH);
  g_assert_cmpint (dag_task_get_state (outer), ==, DAG_STATE_SUCCEEDED);
  test_release (outer);
}

/* What runs the nested loop, and which task has to finish in it. */
typedef struct {
  DagTask *goal;
  guint    called;
} Nest;

/* Everything that the library has to do goes on while the loop runs, and it comes to an end. */
static void
nest (gpointer user_data)
{
  Nest *self = user_data;
  DagTask *fresh = dag_task_new (test_body_succeed, NULL, NULL);
  g_autoptr (DagTask) goal = g_object_ref (self->goal);

  if (self->called++ == 0)
    {
      test_finish (fresh);
      test_finish (goal);
    }

  g_object_unref (fresh);
}

static void
nest_finished_cb (DagTask  *task,
                  gpointer  user_data)
{
  nest (user_data);
}

static void
nest_state_cb (DagTask    *task,
               GParamSpec *pspec,
               gpointer    user_data)
{
  if (dag_task_is_finished (task))
    nest (user_data);
}

static void
nest_async_cb (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  nest (user_data);
}

static void
nest_body (DagTask  *task,
           gpointer  user_data)
{
  dag_task_return (task);
}

/* The goal depends on the task in whose callback the loop runs. */
static void
run_nest (Nest    *self,
          DagTask *task)
{
  self->goal = dag_task_new_with_arguments (test_body_succeed, NULL, NULL, NULL, 0, &task, 1);

  while (self->called == 0)
    test_iterate ();
  test_settle (self->goal);
  g_assert_cmpint (dag_task_get_state (self->goal), ==, DAG_STATE_SUCCEEDED);
  test_release (g_steal_pointer (&self->goal));
  test_release (task);
}

static void
test_nested_callbacks (void)
{
  DagTask *task;

  g_test_summary ("A main loop run by any callback goes on with what is left to do for that task, "
                  "its dependents included");

  {
    Nest self = { NULL, 0 };

    task = dag_task_new (nest_body, NULL, NULL);
    g_signal_connect (task, "finished", G_CALLBACK (nest_finished_cb), &self);
    run_nest (&self, task);
  }

  {
    Nest self = { NULL, 0 };

    task = dag_task_new (nest_body, NULL, NULL);
    g_signal_connect (task, "notify::state", G_CALLBACK (nest_state_cb), &self);
    run_nest (&self, task);
  }

  {
    Nest self = { NULL, 0 };

    task = dag_task_new (nest_body, NULL, NULL);
    dag_task_await_async (task, NULL, nest_async_cb, &self);
    run_nest (&self, task);
  }

  {
    Nest self = { NULL, 0 };

    task = dag_task_new (nest_body, NULL, NULL);
    dag_task_settle_async (task, NULL, nest_async_cb, &self);
    run_nest (&self, task);
  }

  {
    Nest self = { NULL, 0 };

    task = dag_task_new (nest_body, &self, nest);
    run_nest (&self, task);
  }

  {
    Nest self = { NULL, 0 };

    task = dag_task_new_for_callback (NULL, NULL, nest_async_cb, &self);
    dag_task_return (task);
    run_nest (&self, task);
  }
}

static void
nest_cancelled_cb (GCancellable *cancellable,
                   gpointer      user_data)
{
  nest (user_data);
}

static void
test_nested_cancelled (void)
{
  Nest self = { NULL, 0 };
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("A main loop run by a handler of the task's cancellable goes on with the tasks "
                  "that are skipped by the cancellation");

  dag_task_set_return_on_cancel (task, TRUE);
  self.goal = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &task, 1);
  test_drain ();
  g_cancellable_connect (dag_task_get_cancellable (task), G_CALLBACK (nest_cancelled_cb), &self,
                         NULL);

  dag_task_cancel (task);
  while (self.called == 0)
    test_iterate ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_cmpint (dag_task_get_state (self.goal), ==, DAG_STATE_SKIPPED);

  dag_task_return (task);
  test_release (self.goal);
  test_release (task);
}

int
main (int   argc,
      char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);

  order = g_string_new (NULL);

  g_test_add_func ("/promise-13/order/priority", test_order_priority);
  g_test_add_func ("/promise-13/order/became-ready", test_order_became_ready);
  g_test_add_func ("/promise-13/order/attached", test_order_attached);
  g_test_add_func ("/promise-13/order/overtakes", test_order_overtakes);
  g_test_add_func ("/promise-13/order/held", test_order_held);
  g_test_add_func ("/promise-13/order/finish-before-dependents", test_order_finish);
  g_test_add_func ("/promise-3/start/dispatch", test_start_dispatch);
  g_test_add_func ("/promise-3/start/foreign-context", test_start_foreign);
  g_test_add_func ("/promise-10/nested/depth", test_nested_depth);
  g_test_add_func ("/promise-10/nested/callbacks", test_nested_callbacks);
  g_test_add_func ("/promise-10/nested/cancellable", test_nested_cancelled);

  result = g_test_run ();

  g_string_free (order, TRUE);

  return result;
}
