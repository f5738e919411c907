/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "behaviours.h"

/* Calling, building, watching and running; the others are in behaviours-failing.c and
 * behaviours-waiting.c.
 */

DAG_DEFINE_SHARED_TASK (echo, (const char *, text))
{
  dag_task_return_string (task, text);
}

DAG_DEFINE_SHARED_TASK (join, (const char *, left), (const char *, right))
{
  dag_task_return_take_string (task, g_strconcat (left, right, NULL));
}

DAG_DEFINE_SHARED_TASK (note, (GString *, notes, DAG_POINTER), (const char *, text))
{
  g_string_append (notes, text);
  dag_task_return_string (task, text);
}

DAG_DEFINE_SHARED_TASK (increment, (int, value))
{
  dag_task_return_int (task, value + 1);
}

DAG_DEFINE_SHARED_TASK (fail, (const char *, message))
{
  fail_now (task, message);
}

DAG_DEFINE_SHARED_TASK (decline)
{
  dag_task_return_skip (task);
}

/* It does not return: the test does. */
DAG_DEFINE_SHARED_TASK (pending)
{
}

/* Calling */

static void
check_calling_schedules (void)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  gpointer task = dag_call (note, notes, "ran");

  g_object_add_weak_pointer (task, &task);
  g_assert_cmpstr (notes->str, ==, "");
  while (task != NULL)
    test_iterate ();
  g_assert_cmpstr (notes->str, ==, "ran");
}

DAG_DEFINE_TASK (none)
{
  dag_task_return (task);
}

DAG_DEFINE_TASK (boolean, (gboolean, value))
{
  dag_task_return_boolean (task, value);
}

DAG_DEFINE_TASK (integer, (int, value))
{
  dag_task_return_int (task, value);
}

DAG_DEFINE_TASK (signed_integer, (gint64, value))
{
  dag_task_return_int64 (task, value);
}

DAG_DEFINE_TASK (unsigned_integer, (guint64, value))
{
  dag_task_return_uint64 (task, value);
}

DAG_DEFINE_TASK (number, (double, value))
{
  dag_task_return_double (task, value);
}

DAG_DEFINE_TASK (object, (GObject *, value, G_TYPE_OBJECT))
{
  dag_task_return_object (task, value);
}

static void
check_results (void)
{
  g_autoptr (GObject) thing = g_object_new (G_TYPE_OBJECT, NULL);
  DagTask *tasks[] = {
    dag_call_full (none),
    dag_call_full (boolean, dag_call (boolean, TRUE)),
    dag_call_full (integer, dag_call (integer, -7)),
    dag_call_full (signed_integer, dag_call (signed_integer, G_MININT64)),
    dag_call_full (signed_integer, dag_call (signed_integer, G_MAXINT64)),
    dag_call_full (unsigned_integer, dag_call (unsigned_integer, G_MAXUINT64)),
    dag_call_full (number, dag_call (number, 0.1)),
    dag_call_full (echo, dag_call (echo, "f\xc3\xbcnf")),
    dag_call_full (object, dag_call (object, thing)),
  };
  const GValue *values[G_N_ELEMENTS (tasks)];

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    values[i] = finish (tasks[i]);

  g_assert_null (g_value_get_pointer (values[0]));
  g_assert_true (G_VALUE_HOLDS_BOOLEAN (values[1]));
  g_assert_true (g_value_get_boolean (values[1]));
  g_assert_true (G_VALUE_HOLDS_INT (values[2]));
  g_assert_cmpint (g_value_get_int (values[2]), ==, -7);
  g_assert_cmpint (g_value_get_int64 (values[3]), ==, G_MININT64);
  g_assert_cmpint (g_value_get_int64 (values[4]), ==, G_MAXINT64);
  g_assert_cmpuint (g_value_get_uint64 (values[5]), ==, G_MAXUINT64);
  g_assert_cmpfloat_with_epsilon (g_value_get_double (values[6]), 0.1, G_MINDOUBLE);
  g_assert_cmpstr (g_value_get_string (values[7]), ==, "f\xc3\xbcnf");
  g_assert_true (g_value_get_object (values[8]) == thing);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    g_object_unref (tasks[i]);
}

static void
check_inputs (void)
{
  g_autoptr (DagTask) left = dag_call_full (pending);
  g_autoptr (DagTask) both = dag_call_full (join, left, dag_call (echo, "b"));

  test_drain ();
  assert_state (both, DAG_STATE_WAITING);
  dag_task_return_string (left, "a");
  assert_string (both, "ab");
}

DAG_DEFINE_TASK (print, (gboolean, yes), (int, small), (gint64, big), (double, half),
                 (const char *, text), (const char *, nothing))
{
  g_assert_null (nothing);
  dag_task_return_take_string (task, g_strdup_printf ("%d %d %" G_GINT64_FORMAT " %.1f %s",
                                                      yes, small, big, half, text));
}

static void
check_plain_arguments (void)
{
  char text[] = "text";
  g_autoptr (DagTask) plain = dag_call_full (print, TRUE, -7, G_MAXINT64, 0.5, text, NULL);
  g_autoptr (DagTask) mixed = dag_call_full (print, FALSE, dag_call (increment, 1), G_MININT64,
                                             -0.5, dag_call (echo, text), NULL);

  text[0] = 'n';
  assert_string (plain, "1 -7 9223372036854775807 0.5 text");
  assert_string (mixed, "0 2 -9223372036854775808 -0.5 text");
}

static void
check_shared_result (void)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  DagTask *shared = dag_call (note, notes, "s");

  assert_string (dag_call (join, dag_call (join, shared, "x"), dag_call (join, shared, shared)),
                 "sxss");
  g_assert_cmpstr (notes->str, ==, "s");
}

static void
check_prerequisite (void)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (DagTask) first = dag_call_full (pending);
  g_autoptr (DagTask) second = g_object_ref (dag_depends_on (dag_call (note, notes, "2"), first));

  test_drain ();
  g_assert_cmpstr (notes->str, ==, "");
  dag_task_return_string (first, "1");
  assert_string (second, "2");

  assert_failed (dag_depends_on (dag_call (note, notes, "3"), dag_call (fail, "not before")),
                 DAG_STATE_SKIPPED, "not before");
  g_assert_cmpstr (notes->str, ==, "2");
}

static void
check_side_by_side (void)
{
  g_autoptr (DagTask) a = dag_call_full (pending);
  g_autoptr (DagTask) b = dag_call_full (pending);
  g_autoptr (DagTask) after_a = dag_call_full (echo, a);
  g_autoptr (DagTask) after_both = dag_call_full (join, a, b);

  test_drain ();
  assert_state (a, DAG_STATE_RUNNING);
  assert_state (b, DAG_STATE_RUNNING);

  dag_task_return_string (a, "a");
  assert_string (after_a, "a");
  assert_state (b, DAG_STATE_RUNNING);
  assert_state (after_both, DAG_STATE_WAITING);

  dag_task_return_string (b, "b");
  assert_string (after_both, "ab");
}

static gboolean return_later_cb (gpointer user_data);

DAG_DEFINE_TASK (later, (const char *, text))
{
  g_idle_add (return_later_cb, task);
}

static gboolean
return_later_cb (gpointer user_data)
{
  DAG_ARGS (later, user_data, text);

  dag_task_return_string (user_data, text);

  return G_SOURCE_REMOVE;
}

static void
check_later_return (void)
{
  g_autoptr (DagTask) task = dag_call_full (later, "late");
  g_autoptr (DagTask) dependent = dag_call_full (echo, task);

  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();
  assert_state (dependent, DAG_STATE_WAITING);
  assert_string (dependent, "late");
}

DAG_DEFINE_TASK (follow, (gboolean, good))
{
  dag_task_return_task (task, good ? dag_call (later, "followed") : dag_call (fail, "followed"));
}

static void
check_followed_task (void)
{
  g_autoptr (DagTask) bad = dag_call_full (follow, FALSE);

  assert_string (dag_call (join, dag_call (follow, TRUE), "!"), "followed!");

  assert_failed (bad, DAG_STATE_FAILED, "followed");
  g_assert_cmpstr (dag_task_get_name (dag_task_get_origin (bad)), ==, "fail");
}

/* Building */

DAG_DEFINE_TASK (repeat, (DagTask *, text), (int, times))
{
  DagTask *last = text;

  for (int i = 1; i < times; i++)
    last = dag_call (join, last, text);

  dag_task_return_task (task, last);
}

static void
check_dynamic (void)
{
  assert_string (dag_call (repeat, dag_call (echo, "ab"), dag_call (increment, 2)), "ababab");
}

/* Dependent and dependency. */
DAG_DEFINE_TASK (add, (DagTask **, pair, DAG_POINTER))
{
  assert_state (pair[0], DAG_STATE_READY);
  g_assert_true (dag_task_add_prerequisite (pair[0], pair[1], DAG_RULE_SUCCEEDED, NULL));
  dag_task_return (task);
}

static void
check_added_dependency (void)
{
  DagTask *pair[2];
  g_autoptr (DagTask) adder = dag_call_full (add, pair);
  g_autoptr (DagTask) first = dag_call_full (pending);
  g_autoptr (DagTask) second = dag_call_full (pending);
  g_autoptr (DagTask) task = dag_call_full (echo, "at last");

  pair[0] = task;
  pair[1] = first;
  assert_nothing (adder);
  assert_state (task, DAG_STATE_WAITING);

  g_assert_true (dag_task_add_prerequisite (task, second, DAG_RULE_SUCCEEDED, NULL));
  dag_task_return (first);
  test_drain ();
  assert_state (task, DAG_STATE_WAITING);

  dag_task_return (second);
  assert_string (task, "at last");
}

static void
assert_refused (DagTask  *task,
                DagTask  *dependency,
                DagError  code)
{
  g_autoptr (GError) error = NULL;
  DagState state = dag_task_get_state (task);

  g_assert_false (dag_task_add_prerequisite (task, dependency, DAG_RULE_SUCCEEDED, &error));
  g_assert_error (error, DAG_ERROR, code);
  test_drain ();
  assert_state (task, state);
}

static void
check_late_dependency (void)
{
  g_autoptr (DagTask) other = dag_call_full (pending);
  g_autoptr (DagTask) task = dag_call_full (pending);

  test_drain ();
  assert_state (task, DAG_STATE_RUNNING);
  assert_refused (task, other, DAG_ERROR_STARTED);

  dag_task_return_string (task, "done");
  assert_string (task, "done");
  assert_refused (task, other, DAG_ERROR_STARTED);
  end_now (other);
}

static void
check_cycle (void)
{
  g_autoptr (DagTask) head = dag_call_full (pending);
  g_autoptr (DagTask) above = dag_call_full (echo, head);
  g_autoptr (DagTask) middle = dag_call_full (echo, above);
  g_autoptr (DagTask) below = dag_call_full (echo, middle);

  assert_refused (above, below, DAG_ERROR_CYCLE);
  assert_refused (above, above, DAG_ERROR_CYCLE);
  dag_task_return_string (head, "straight");
  assert_string (below, "straight");
}

static void
check_hold (void)
{
  g_autoptr (DagTask) task = dag_call_full (echo, "let go");

  dag_task_hold (task);
  dag_task_hold (task);
  test_drain ();
  assert_state (task, DAG_STATE_WAITING);

  dag_task_release (task);
  test_drain ();
  assert_state (task, DAG_STATE_WAITING);

  dag_task_release (task);
  assert_string (task, "let go");
}

/* Watching */

static void
check_name (void)
{
  g_autoptr (DagTask) task = dag_call_full (echo, "");
  g_autoptr (DagTask) named = g_object_ref (dag_with (dag_call (echo, ""), "name", "sound", NULL));

  g_assert_cmpstr (dag_task_get_name (task), ==, "echo");
  g_assert_cmpstr (dag_task_get_name (named), ==, "sound");
  dag_task_set_name (named, "noise");
  g_assert_cmpstr (dag_task_get_name (named), ==, "noise");

  settle (task);
  settle (named);
}

static void
note_state_cb (DagTask    *task,
               GParamSpec *pspec,
               GString    *notes)
{
  g_string_append_printf (notes, "%s ", state_nick (task));
}

static void
note_started_cb (DagTask *task,
                 GString *notes)
{
  g_string_append_printf (notes, "started:%s ", state_nick (task));
}

static void
note_finished_cb (DagTask *task,
                  GString *notes)
{
  g_string_append_printf (notes, "finished:%s ", state_nick (task));
}

static void
check_signals (void)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (DagTask) task = dag_call_full (note, notes, "body ");
  g_autoptr (DagTask) dependent = dag_call_full (note, notes, dag_call (join, task, "again"));

  g_signal_connect (task, "notify::state", G_CALLBACK (note_state_cb), notes);
  g_signal_connect (task, "started", G_CALLBACK (note_started_cb), notes);
  g_signal_connect (task, "finished", G_CALLBACK (note_finished_cb), notes);

  settle (dependent);
  g_assert_cmpstr (notes->str, ==, "ready running started:running body "
                                   "succeeded finished:succeeded body again");
}

/* Running */

static void
check_priority (void)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  DagTask *low = dag_call (note, notes, "5");
  DagTask *usual = dag_call (note, notes, "3");
  DagTask *high = dag_call (note, notes, "1");
  DagTask *next_usual = dag_call (note, notes, "4");
  DagTask *next_high = dag_call (note, notes, "2");

  dag_with (low, "priority", G_PRIORITY_LOW, NULL);
  dag_with (high, "priority", G_PRIORITY_HIGH, NULL);
  dag_with (next_high, "priority", G_PRIORITY_HIGH, NULL);
  assert_nothing (dag_all (low, usual, high, next_usual, next_high));
  g_assert_cmpstr (notes->str, ==, "12345");
}

DAG_DEFINE_TASK_IN_THREAD (receive, (GAsyncQueue *, queue, DAG_POINTER))
{
  dag_task_return_boolean (task, g_async_queue_pop (queue) != g_thread_self ());
}

DAG_DEFINE_TASK (send, (GAsyncQueue *, queue, DAG_POINTER))
{
  g_async_queue_push (queue, g_thread_self ());
  dag_task_return (task);
}

DAG_DEFINE_TASK (in_thread, (GThread *, thread, DAG_POINTER), (gboolean, received))
{
  g_assert_true (g_thread_self () == thread);
  dag_task_return_boolean (task, received);
}

static void
check_thread (void)
{
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  g_autoptr (DagTask) receiver = dag_call_full (receive, queue);
  g_autoptr (DagTask) here = dag_call_full (in_thread, g_thread_self (), receiver);

  /* The body is blocked until the main loop sends. */
  while (dag_task_get_state (receiver) != DAG_STATE_RUNNING)
    test_iterate ();
  dag_call (send, queue);
  assert_int (here, TRUE);
}

DAG_DEFINE_TASK_IN_THREAD (block, (GAsyncQueue *, queue, DAG_POINTER))
{
  const GValue *value = dag_task_wait (g_async_queue_pop (queue), NULL, NULL);

  g_assert_cmpint (g_value_get_int (value), ==, 7);
  dag_task_return_pointer (task, g_thread_self (), NULL);
}

DAG_DEFINE_TASK_IN_THREAD (note_thread, (GString *, notes, DAG_POINTER), (const char *, word))
{
  g_string_append (notes, word);
  dag_task_return_pointer (task, g_thread_self (), NULL);
}

static void
check_worker (void)
{
  g_autoptr (DagWorker) worker = dag_worker_new ("one", 1);
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (DagTask) first = dag_call_full (block, queue);
  g_autoptr (DagTask) here = dag_call_full (integer, 7);
  g_autoptr (DagTask) low = NULL, high = NULL;
  gpointer thread;

  /* The thread must not iterate this context. */
  g_main_context_push_thread_default (g_main_context_default ());
  dag_with (first, "worker", worker, NULL);
  while (dag_task_get_state (first) != DAG_STATE_RUNNING)
    test_iterate ();

  low = dag_call_full (note_thread, notes, "2");
  high = dag_call_full (note_thread, notes, "1");
  dag_with (low, "worker", worker, NULL);
  dag_with (high, "worker", worker, "priority", G_PRIORITY_HIGH, NULL);
  test_drain ();

  /* The body is blocked until the main loop sends, and then until a task of the main loop ends. */
  g_async_queue_push (queue, here);
  test_finish (low);

  g_assert_cmpstr (notes->str, ==, "12");
  thread = g_value_get_pointer (dag_task_get_value (first));
  g_assert_true (thread != g_thread_self ());
  g_assert_true (g_value_get_pointer (dag_task_get_value (low)) == thread);
  g_assert_true (g_value_get_pointer (dag_task_get_value (high)) == thread);
  g_main_context_pop_thread_default (g_main_context_default ());
}

DAG_DEFINE_TASK (swallow, (GObject *, value, G_TYPE_OBJECT))
{
  dag_task_return (task);
}

static void
watch (gpointer *object)
{
  g_object_add_weak_pointer (*object, object);
}

static void
check_freed (void)
{
  gpointer passed = g_object_new (G_TYPE_OBJECT, NULL);
  gpointer result = g_object_new (G_TYPE_OBJECT, NULL);
  gpointer not_kept = dag_call (object, (GObject *) passed);
  gpointer swallower = dag_call_full (swallow, (DagTask *) not_kept);
  gpointer kept = dag_call_full (object, (GObject *) result);

  watch (&passed);
  watch (&result);
  watch (&not_kept);
  watch (&swallower);
  watch (&kept);
  g_object_unref (passed);
  g_object_unref (result);

  test_settle (swallower);
  test_settle (kept);
  g_assert_null (not_kept);
  g_assert_null (passed);
  g_assert_nonnull (result);
  g_assert_true (g_value_get_object (dag_task_get_value (kept)) == result);

  g_object_unref (swallower);
  g_object_unref (kept);
  g_assert_null (swallower);
  g_assert_null (kept);
  g_assert_null (result);
}

static void
check_deep_chain (void)
{
  DagTask *good = dag_call (increment, 0);
  DagTask *bad = dag_call (increment, dag_call (fail, "at the head"));

  for (guint i = 1; i < 10000; i++)
    {
      good = dag_call (increment, good);
      bad = dag_call (increment, bad);
    }

  g_object_ref (bad);
  assert_int (good, 10000);
  assert_failed (bad, DAG_STATE_SKIPPED, "at the head");
  g_object_unref (bad);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/behaviours/calling-schedules", check_calling_schedules);
  g_test_add_func ("/behaviours/results", check_results);
  g_test_add_func ("/behaviours/inputs", check_inputs);
  g_test_add_func ("/behaviours/plain-arguments", check_plain_arguments);
  g_test_add_func ("/behaviours/shared-result", check_shared_result);
  g_test_add_func ("/behaviours/prerequisite", check_prerequisite);
  g_test_add_func ("/behaviours/side-by-side", check_side_by_side);
  g_test_add_func ("/behaviours/later-return", check_later_return);
  g_test_add_func ("/behaviours/followed-task", check_followed_task);
  g_test_add_func ("/behaviours/dynamic", check_dynamic);
  g_test_add_func ("/behaviours/added-dependency", check_added_dependency);
  g_test_add_func ("/behaviours/late-dependency", check_late_dependency);
  g_test_add_func ("/behaviours/cycle", check_cycle);
  g_test_add_func ("/behaviours/hold", check_hold);
  add_failing ();
  add_waiting ();
  g_test_add_func ("/behaviours/name", check_name);
  g_test_add_func ("/behaviours/signals", check_signals);
  g_test_add_func ("/behaviours/priority", check_priority);
  g_test_add_func ("/behaviours/thread", check_thread);
  g_test_add_func ("/behaviours/worker", check_worker);
  g_test_add_func ("/behaviours/freed", check_freed);
  g_test_add_func ("/behaviours/deep-chain", check_deep_chain);

  return g_test_run ();
}
