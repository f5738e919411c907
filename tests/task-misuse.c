/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include <string.h>

/* What programmers do wrong is reported, and leaves everything as it was. */

static guint n_freed;

static void
count_free (gpointer data)
{
  n_freed++;
}

static void
unused_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_assert_not_reached ();
}

static void
unused_thread (DagTask      *task,
               gpointer      source_object,
               gpointer      task_data,
               GCancellable *cancellable)
{
  g_assert_not_reached ();
}

/* Every method, with what it needs besides a task. */
#define METHODS(X) \
  X (dag_task_hold (bad)) \
  X (dag_task_release (bad)) \
  X (dag_task_set_function (bad, test_body_fail, NULL, NULL)) \
  X (dag_task_add_argument (bad, &value)) \
  X (dag_task_add_argument_boolean (bad, TRUE)) \
  X (dag_task_add_argument_int (bad, 1)) \
  X (dag_task_add_argument_uint (bad, 1)) \
  X (dag_task_add_argument_int64 (bad, 1)) \
  X (dag_task_add_argument_uint64 (bad, 1)) \
  X (dag_task_add_argument_double (bad, 1.0)) \
  X (dag_task_add_argument_string (bad, "a")) \
  X (dag_task_add_argument_object (bad, good)) \
  X (dag_task_add_argument_boxed (bad, G_TYPE_STRV, NULL)) \
  X (dag_task_add_argument_variant (bad, NULL)) \
  X (dag_task_add_input (bad, good, DAG_RULE_SUCCEEDED, NULL)) \
  X (dag_task_add_input (good, bad, DAG_RULE_SUCCEEDED, NULL)) \
  X (dag_task_add_raw_input (bad, good, DAG_RULE_FINISHED, NULL)) \
  X (dag_task_add_raw_input (good, bad, DAG_RULE_FINISHED, NULL)) \
  X (dag_task_add_prerequisite (bad, good, DAG_RULE_FINISHED, NULL)) \
  X (dag_task_add_prerequisite (good, bad, DAG_RULE_FINISHED, NULL)) \
  X (dag_task_get_n_arguments (bad)) \
  X (dag_task_get_argument (bad, 0)) \
  X (dag_task_get_argument_boolean (bad, 0)) \
  X (dag_task_get_argument_int (bad, 0)) \
  X (dag_task_get_argument_uint (bad, 0)) \
  X (dag_task_get_argument_int64 (bad, 0)) \
  X (dag_task_get_argument_uint64 (bad, 0)) \
  X (dag_task_get_argument_double (bad, 0)) \
  X (dag_task_get_argument_string (bad, 0)) \
  X (dag_task_get_argument_enum (bad, 0)) \
  X (dag_task_get_argument_flags (bad, 0)) \
  X (dag_task_get_argument_object (bad, 0)) \
  X (dag_task_get_argument_boxed (bad, 0)) \
  X (dag_task_get_argument_variant (bad, 0)) \
  X (dag_task_get_argument_pointer (bad, 0)) \
  X (dag_task_get_argument_task (bad, 0)) \
  X (dag_task_return (bad)) \
  X (dag_task_return_value (bad, &value)) \
  X (dag_task_return_boolean (bad, TRUE)) \
  X (dag_task_return_int (bad, 1)) \
  X (dag_task_return_uint (bad, 1)) \
  X (dag_task_return_int64 (bad, 1)) \
  X (dag_task_return_uint64 (bad, 1)) \
  X (dag_task_return_double (bad, 1.0)) \
  X (dag_task_return_string (bad, "a")) \
  X (dag_task_return_take_string (bad, NULL)) \
  X (dag_task_return_strv (bad, NULL)) \
  X (dag_task_return_take_strv (bad, NULL)) \
  X (dag_task_return_enum (bad, DAG_TYPE_STATE, 0)) \
  X (dag_task_return_flags (bad, G_TYPE_APPLICATION_FLAGS, 0)) \
  X (dag_task_return_object (bad, good)) \
  X (dag_task_return_take_object (bad, NULL)) \
  X (dag_task_return_boxed (bad, G_TYPE_STRV, NULL)) \
  X (dag_task_return_take_boxed (bad, G_TYPE_STRV, NULL)) \
  X (dag_task_return_variant (bad, NULL)) \
  X (dag_task_return_take_variant (bad, NULL)) \
  X (dag_task_return_pointer (bad, NULL, NULL)) \
  X (dag_task_return_error (bad, error)) \
  X (dag_task_return_error (good, NULL)) \
  X (dag_task_return_error_copy (bad, error)) \
  X (dag_task_return_error_copy (good, NULL)) \
  X (dag_task_return_new_error (bad, G_IO_ERROR, 0, "%s", "a")) \
  X (dag_task_return_new_error (good, 0, 0, "%s", "a")) \
  X (dag_task_return_new_error_literal (bad, G_IO_ERROR, 0, "a")) \
  X (dag_task_return_new_error_literal (good, G_IO_ERROR, 0, NULL)) \
  X (dag_task_return_prefixed_error (bad, error, "%s", "a")) \
  X (dag_task_return_error_if_cancelled (bad)) \
  X (dag_task_return_skip (bad)) \
  X (dag_task_return_task (bad, good)) \
  X (dag_task_return_task (good, bad)) \
  X (dag_task_get_state (bad)) \
  X (dag_task_get_reason (bad)) \
  X (dag_task_get_settled (bad)) \
  X (dag_task_get_held (bad)) \
  X (dag_task_get_value (bad)) \
  X (dag_task_get_error (bad)) \
  X (dag_task_get_origin (bad)) \
  X (dag_task_get_failures (bad, &n)) \
  X (dag_task_get_failures (good, NULL)) \
  X (dag_task_describe_failure (bad)) \
  X (dag_task_get_name (bad)) \
  X (dag_task_set_name (bad, "a")) \
  X (dag_task_get_context (bad)) \
  X (dag_task_get_priority (bad)) \
  X (dag_task_set_priority (bad, 0)) \
  X (dag_task_get_trigger (bad)) \
  X (dag_task_set_trigger (bad, DAG_TRIGGER_ALL)) \
  X (dag_task_get_check_cancellable (bad)) \
  X (dag_task_set_check_cancellable (bad, TRUE)) \
  X (dag_task_get_return_on_cancel (bad)) \
  X (dag_task_set_return_on_cancel (bad, TRUE)) \
  X (dag_task_get_location (bad)) \
  X (dag_task_cancel (bad)) \
  X (dag_task_cancel_unneeded (bad)) \
  X (dag_task_is_cancelled (bad)) \
  X (dag_task_get_cancellable (bad)) \
  X (dag_task_get_parent_cancellable (bad)) \
  X (dag_task_set_parent_cancellable (bad, NULL)) \
  X (dag_task_set_parent_cancellable (good, (GCancellable *) good)) \
  X (dag_task_await_async (bad, NULL, unused_cb, NULL)) \
  X (dag_task_await_async (good, (GCancellable *) good, unused_cb, NULL)) \
  X (dag_task_await_finish (bad, result, NULL)) \
  X (dag_task_await_finish (good, result, NULL)) \
  X (dag_task_settle_async (bad, NULL, unused_cb, NULL)) \
  X (dag_task_settle_finish (bad, result, NULL)) \
  X (dag_task_settle_finish (good, result, NULL)) \
  X (dag_task_wait (bad, NULL, NULL)) \
  X (dag_task_wait (good, NULL, &error)) \
  X (dag_task_get_source_object (bad)) \
  X (dag_task_get_source_tag (bad)) \
  X (dag_task_set_source_tag (bad, NULL)) \
  X (dag_task_get_task_data (bad)) \
  X (dag_task_set_task_data (bad, NULL, NULL)) \
  X (dag_task_attach_source (bad, source, NULL)) \
  X (dag_task_attach_source (good, NULL, NULL)) \
  X (dag_task_run_in_thread (bad, unused_thread)) \
  X (dag_task_run_in_thread (good, NULL)) \
  X (dag_task_propagate_boolean (bad, NULL)) \
  X (dag_task_propagate_int (bad, NULL)) \
  X (dag_task_propagate_pointer (bad, NULL)) \
  X (dag_task_propagate_value (bad, &unset, NULL)) \
  X (dag_task_propagate_value (good, NULL, NULL)) \
  X (dag_task_had_error (bad)) \
  X (dag_task_get_completed (bad))

/* The name of the function is what the call begins with. */
static char *
get_pattern (const char *call)
{
  g_autofree char *name = g_strndup (call, strcspn (call, " "));

  return g_strdup_printf ("%s: assertion*", name);
}

static void
call_all (DagTask *bad,
          DagTask *good)
{
  g_auto (GValue) value = G_VALUE_INIT;
  GValue unset = G_VALUE_INIT;
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, 0, "a");
  g_autoptr (GSource) source = g_idle_source_new ();
  g_autoptr (GTask) gtask = g_task_new (NULL, NULL, NULL, NULL);
  GAsyncResult *result = G_ASYNC_RESULT (gtask);
  gsize n;

  g_value_init (&value, G_TYPE_INT);
  g_task_return_boolean (gtask, TRUE);

#define CALL(call) \
  { \
    g_autofree char *pattern = get_pattern (#call); \
    \
    test_assert_critical (pattern, call); \
  }
  METHODS (CALL)
}

static void
test_other_objects (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  DagTask *good = dag_task_new (test_body_succeed, GINT_TO_POINTER (3), NULL);

  g_test_summary ("NULL, or an object of another type, in the place of a task or of another "
                  "argument is a critical that names the function, and harms nothing");

  call_all (NULL, good);
  call_all ((DagTask *) object, good);

  g_assert_cmpint (dag_task_get_state (good), ==, DAG_STATE_WAITING);
  test_settle (good);
  g_assert_cmpint (g_value_get_int (dag_task_get_value (good)), ==, 3);
  test_release (good);
}

static const DagFunction pair_function = { "pair", test_body_fail, 2, NULL };

static void
test_constructors (void)
{
  GValue values[2] = { G_VALUE_INIT, G_VALUE_INIT };
  DagTask *inputs[2];

  g_test_summary ("A constructor that is given something wrong makes nothing");

  inputs[0] = dag_task_new_for_value (NULL);
  inputs[1] = NULL;
  g_value_init (&values[0], G_TYPE_INT);

  test_assert_critical ("*dag_task_new_with_inputs*",
                        g_assert_null (dag_task_new_with_inputs (NULL, NULL, NULL, inputs, 2)));
  test_assert_critical ("*dag_task_new_with_inputs*",
                        g_assert_null (dag_task_new_with_inputs (NULL, NULL, NULL, NULL, 1)));
  test_assert_critical ("*dag_task_new_with_arguments*",
                        g_assert_null (dag_task_new_with_arguments (NULL, NULL, NULL, NULL, 1,
                                                                    NULL, 0)));
  test_assert_critical ("*dag_task_new_with_arguments*",
                        g_assert_null (dag_task_new_with_arguments (NULL, NULL, NULL, values, 2,
                                                                    NULL, 0)));
  test_assert_critical ("*dag_task_new_with_arguments*",
                        g_assert_null (dag_task_new_with_arguments (NULL, NULL, NULL, values, 1,
                                                                    inputs, 2)));
  test_assert_critical ("*dag_task_new_for_function*",
                        g_assert_null (dag_task_new_for_function (&pair_function, values, 1)));
  test_assert_critical ("*dag_task_new_for_function*",
                        g_assert_null (dag_task_new_for_function (&pair_function, values, 2)));
  test_assert_critical ("*dag_task_new_for_function*",
                        g_assert_null (dag_task_new_for_function (NULL, values, 1)));
  test_assert_critical ("*dag_task_new_for_value*",
                        g_assert_null (dag_task_new_for_value (&values[1])));
  test_assert_critical ("*dag_task_new_for_callback*",
                        g_assert_null (dag_task_new_for_callback (NULL, (GCancellable *) inputs[0],
                                                                  unused_cb, NULL)));

  g_assert_finalize_object (inputs[0]);
}

/* In the wrong state */

static void
test_waiting (void)
{
  DagTask *task = dag_task_new (test_body_succeed, GINT_TO_POINTER (4), NULL);
  g_auto (GValue) value = G_VALUE_INIT;

  g_test_summary ("What only a running or a finished task can do is refused before it starts");

  dag_task_set_name (task, "early");
  dag_task_add_argument_int (task, 1);

  n_freed = 0;
  test_assert_critical ("dag_task_return_pointer: early (*) has not been started",
                        dag_task_return_pointer (task, &n_freed, count_free));
  test_assert_critical ("dag_task_return_skip: early (*) has not been started",
                        dag_task_return_skip (task));
  test_assert_critical ("dag_task_return_task: early (*) has not been started",
                        dag_task_return_task (task, task));
  test_assert_critical ("dag_task_get_argument_int: early (*) has no argument 0 yet",
                        g_assert_cmpint (dag_task_get_argument_int (task, 0), ==, 0));
  test_assert_critical ("dag_task_release: *held*", dag_task_release (task));
  test_assert_critical ("dag_task_run_in_thread: early (*) is not running",
                        dag_task_run_in_thread (task, unused_thread));
  test_assert_critical ("dag_task_propagate_boolean: early (*) has not finished",
                        g_assert_false (dag_task_propagate_boolean (task, NULL)));
  test_assert_critical ("dag_task_propagate_int: early (*) has not finished",
                        g_assert_cmpint (dag_task_propagate_int (task, NULL), ==, -1));
  test_assert_critical ("dag_task_propagate_pointer: early (*) has not finished",
                        g_assert_null (dag_task_propagate_pointer (task, NULL)));
  test_assert_critical ("dag_task_propagate_value: early (*) has not finished",
                        g_assert_false (dag_task_propagate_value (task, &value, NULL)));

  test_settle (task);
  g_assert_cmpuint (n_freed, ==, 1);
  g_assert_cmpint (g_value_get_int (dag_task_get_value (task)), ==, 4);
  test_release (task);
}

static void
test_twice_function (void)
{
  DagTask *task = dag_task_new (test_body_succeed, GINT_TO_POINTER (4), NULL);
  DagTask *data = dag_task_new (NULL, &n_freed, count_free);

  g_test_summary ("A task has one function: another is refused, and its data freed");

  dag_task_set_name (task, "busy");
  n_freed = 0;
  test_assert_critical ("dag_task_set_function: busy (*) has a function already",
                        dag_task_set_function (task, test_body_fail, &n_freed, count_free));
  test_settle (task);
  g_assert_cmpuint (n_freed, ==, 1 + 1);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);

  test_release (task);
  test_release (data);
}

static void
test_started (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  g_auto (GValue) value = G_VALUE_INIT;

  g_test_summary ("What is for a task that has not started is refused afterwards");

  g_value_init (&value, G_TYPE_OBJECT);
  g_value_set_object (&value, object);
  dag_task_set_name (task, "late");
  dag_task_add_argument_int (task, 7);

  for (int i = 0; i < 2; i++)
    {
      test_drain ();

      n_freed = 0;
      test_assert_critical ("dag_task_set_function: late (*) has already started",
                            dag_task_set_function (task, test_body_fail, &n_freed, count_free));
      test_assert_critical ("dag_task_hold: late (*) has already started", dag_task_hold (task));
      test_assert_critical ("dag_task_add_argument: late (*) has already started",
                            dag_task_add_argument (task, &value));
      test_assert_critical ("dag_task_add_argument_int: late (*) has already started",
                            dag_task_add_argument_int (task, 1));
      test_assert_critical ("dag_task_add_argument_string: late (*) has already started",
                            dag_task_add_argument_string (task, "x"));
      test_assert_critical ("dag_task_add_argument_object: late (*) has already started",
                            dag_task_add_argument_object (task, object));
      test_drain ();
      g_assert_cmpuint (n_freed, ==, 1);
      g_assert_false (dag_task_get_held (task));

      if (i == 0)
        {
          g_assert_cmpuint (dag_task_get_n_arguments (task), ==, 1);
          g_assert_cmpint (dag_task_get_argument_int (task, 0), ==, 7);
          dag_task_return (task);
          test_settle (task);
        }
    }

  test_assert_critical ("dag_task_get_argument: late (*) has no argument 0",
                        g_assert_null (dag_task_get_argument (task, 0)));
  g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 2);
  test_release (task);
}

static void
test_ended (void)
{
  DagTask *task = dag_task_new (NULL, NULL, NULL);

  g_test_summary ("One that was cancelled while it was built takes what it is given, and frees it");

  dag_task_cancel (task);
  test_settle (task);

  n_freed = 0;
  dag_task_hold (task);
  dag_task_set_function (task, test_body_fail, &n_freed, count_free);
  dag_task_add_argument_int (task, 1);
  dag_task_set_trigger (task, DAG_TRIGGER_ANY);
  dag_task_release (task);
  test_drain ();
  g_assert_cmpuint (n_freed, ==, 1);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);

  test_release (task);
}

static void
test_mismatched_results (void)
{
  DagTask *task = dag_task_new_for_value (NULL);
  g_auto (GValue) value = G_VALUE_INIT;
  DagTask *number;

  g_test_summary ("A result that is asked for as what it is not is a critical, and stays as it is");

  test_assert_critical ("dag_task_propagate_boolean: * has a gpointer and not a gboolean as its "
                        "result",
                        g_assert_false (dag_task_propagate_boolean (task, NULL)));
  test_assert_critical ("dag_task_propagate_int: * has a gpointer and not a gint64 as its result",
                        g_assert_cmpint (dag_task_propagate_int (task, NULL), ==, -1));
  g_assert_null (dag_task_propagate_pointer (task, NULL));

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, 9);
  number = dag_task_new_for_value (&value);
  test_assert_critical ("dag_task_propagate_pointer: * has a gint and not a pointer as its result",
                        g_assert_null (dag_task_propagate_pointer (number, NULL)));
  g_assert_cmpint (dag_task_propagate_int (number, NULL), ==, 9);

  g_object_unref (task);
  g_object_unref (number);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/misuse/other-objects", test_other_objects);
  g_test_add_func ("/misuse/constructors", test_constructors);
  g_test_add_func ("/misuse/waiting", test_waiting);
  g_test_add_func ("/misuse/two-functions", test_twice_function);
  g_test_add_func ("/misuse/started", test_started);
  g_test_add_func ("/misuse/ended", test_ended);
  g_test_add_func ("/misuse/results", test_mismatched_results);

  return g_test_run ();
}
