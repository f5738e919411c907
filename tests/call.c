/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "call-util.h"

#include <stdio.h>

static gboolean ran;

DAG_DEFINE_TASK (tick)
{
  ran = TRUE;
  dag_task_return (task);
}

DAG_DEFINE_TASK (echo, (const char *, text))
{
  dag_task_return_string (task, text);
}

DAG_DEFINE_TASK (number, (int, value))
{
  dag_task_return_int (task, value);
}

DAG_DEFINE_TASK (concatenate, (const char *, left), (const char *, right))
{
  dag_task_return_take_string (task, g_strconcat (left, right, NULL));
}

DAG_DEFINE_TASK (fail, (const char *, message))
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s", message);
}

DAG_DEFINE_TASK (state_of, (DagTask *, other))
{
  g_assert_true (dag_task_is_finished (other));
  dag_task_return_int (task, dag_task_get_state (other));
}

/* Raw parameters and rules */

DAG_DEFINE_TASK (describe, (DagTask *, other))
{
  const GError *error = dag_task_get_error (other);
  const GValue *value = dag_task_get_value (other);

  if (error != NULL)
    dag_task_return_string (task, error->message);
  else
    dag_task_return_take_string (task, g_strdup_value_contents (value));
}

static void
test_raw (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/nowhere");
  gpointer any;

  g_test_summary ("A DagTask * parameter gets the dependency itself, however it ended, and a plain "
                  "value as a finished task");

  assert_string (dag_call (describe, dag_call (echo, "value")), "\"value\"");
  assert_string (dag_call (describe, dag_call (fail, "message")), "message");
  assert_string (dag_call (describe, "plain"), "\"plain\"");
  assert_string (dag_call (describe, 5), "5");
  assert_string (dag_call (describe, 2.5), "2.500000");
  assert_int (dag_call (state_of, file), DAG_STATE_SUCCEEDED);
  assert_int (dag_call (state_of, NULL), DAG_STATE_SUCCEEDED);

  any = dag_call (fail, "behind a gpointer");
  assert_string (dag_call (describe, any), "behind a gpointer");
}

static void
test_rules (void)
{
  g_test_summary ("dag_succeeded (), dag_finished () and dag_failed () give an input another rule");

  assert_string (dag_call (describe, dag_failed (dag_call (fail, "message"))), "message");
  assert_string (dag_call (describe, dag_finished (dag_call (fail, "message"))), "message");
  assert_string (dag_call (describe, dag_finished (dag_call (echo, "a"))), "\"a\"");
  assert_string (dag_call (describe, dag_succeeded (dag_call (echo, "a"))), "\"a\"");
  assert_string (dag_call (echo, dag_succeeded (dag_call (echo, "a"))), "a");

  assert_error (dag_call (describe, dag_failed (dag_call (echo, "a"))),
                DAG_ERROR, DAG_ERROR_NOT_NEEDED, NULL);
  assert_error (dag_call (describe, dag_succeeded (dag_call (fail, "message"))),
                G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "message", NULL);
}

static void
test_rule_for_a_result (void)
{
  DagTask *task;

  g_test_summary ("A rule that makes an input raw needs a DagTask * parameter");

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*call.c:*echo ()*'text'*another rule*");
  task = dag_call (echo, dag_finished (dag_call (echo, "a")));
  g_test_assert_expected_messages ();
  assert_error (task, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "echo", NULL);
}

DAG_DEFINE_TASK (gather, (const char *, separator), (GPtrArray *, tasks, DAG_RAW))
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < tasks->len; i++)
    {
      DagTask *other = tasks->pdata[i];

      g_assert_true (dag_task_is_finished (other));
      g_string_append_printf (text, "%s%s", i > 0 ? separator : "",
                              dag_task_get_error (other) != NULL
                                ? dag_task_get_error (other)->message
                                : g_value_get_string (dag_task_get_value (other)));
    }
  dag_task_return_take_string (task, g_string_free (text, FALSE));
}

static void
test_raw_array (void)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
  g_autoptr (GPtrArray) many = g_ptr_array_new ();
  g_autoptr (DagTask) kept = NULL;
  g_autofree char *long_text = NULL;

  g_test_summary ("A DAG_RAW parameter gets all the tasks of an array, however they ended");

  g_ptr_array_add (tasks, dag_call (echo, "a"));
  g_ptr_array_add (tasks, dag_call (fail, "b"));
  g_ptr_array_add (tasks, dag_call (concatenate, "c", (DagTask *) tasks->pdata[0]));
  assert_string (dag_call (gather, dag_call (echo, "-"), tasks), "a-b-ca");

  g_ptr_array_set_size (tasks, 0);
  assert_string (dag_call (gather, "-", tasks), "");
  assert_string (dag_call (gather, "-", NULL), "");
  assert_string (dag_call (gather, "-", dag_call (echo, "single")), "single");
  assert_string (dag_call (gather, "-", dag_finished (dag_call (echo, "single"))), "single");

  for (int i = 0; i < 100; i++)
    g_ptr_array_add (many, dag_call (echo, "x"));
  kept = g_object_ref (dag_call (gather, "", many));
  long_text = g_strnfill (100, 'x');
  assert_string (kept, long_text);
}

DAG_DEFINE_TASK (first_of, (GPtrArray *, tasks, DAG_RAW))
{
  for (guint i = 0; i < tasks->len; i++)
    {
      if (dag_task_is_finished (tasks->pdata[i]))
        {
          dag_task_return_int (task, i);
          return;
        }
    }
  g_assert_not_reached ();
}

static void
test_raw_array_first (void)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
  g_autoptr (DagTask) never = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  g_autoptr (DagTask) first = NULL;

  g_test_summary ("The tasks of a DAG_RAW array are inputs of their own: a trigger looks at each");

  g_ptr_array_add (tasks, never);
  g_ptr_array_add (tasks, dag_call (echo, "first"));
  first = g_object_ref (dag_with (dag_call (first_of, tasks), "trigger", DAG_TRIGGER_ANY, NULL));
  finish (first);
  g_assert_false (dag_task_is_finished (never));
  dag_task_return (never);
  assert_int (first, 1);
}

/* Calls */

DAG_DEFINE_TASK (twelve, (int, a), (int, b), (int, c), (int, d), (int, e), (int, f), (int, g),
                 (int, h), (int, i), (int, j), (int, k), (int, l))
{
  dag_task_return_take_string (task,
                               g_strdup_printf ("%d %d %d %d %d %d %d %d %d %d %d %d",
                                                a, b, c, d, e, f, g, h, i, j, k, l));
}

static void
test_counts (void)
{
  DagTask *one;

  g_test_summary ("A task function takes no argument, or twelve");

  ran = FALSE;
  assert_nothing (dag_call (tick));
  g_assert_true (ran);

  one = dag_call (number, 1);
  assert_string (dag_call (twelve, one, 2, 3, 4, 5, 6, dag_call (number, 7), 8, 9, 10, 11, one),
                 "1 2 3 4 5 6 7 8 9 10 11 1");
}

static void
test_nested (void)
{
  DagTask *shared = dag_call (echo, "s");

  g_test_summary ("Calls are arguments of calls, and a result is used as often as one likes");

  assert_string (dag_call (concatenate,
                           dag_call (concatenate, shared, dag_call (echo, shared)),
                           dag_call (concatenate, dag_call (echo, dag_call (echo, "x")), shared)),
                 "ssxs");
  assert_string (dag_call (echo, dag_call (echo, dag_call (echo, dag_call (echo, dag_call (echo,
                 dag_call (echo, dag_call (echo, dag_call (echo, "deep")))))))), "deep");
}

static guint n_evaluated;

static const char *
evaluate (void)
{
  n_evaluated++;

  return "once";
}

static void
test_evaluated_once (void)
{
  const char *names[] = { "a", "b" };
  guint n = 0;

  g_test_summary ("A macro evaluates its arguments once");

  assert_string (dag_call (echo, evaluate ()), "once");
  g_assert_cmpuint (n_evaluated, ==, 1);
  assert_string (dag_call (echo, dag_call (echo, dag_call (echo, evaluate ()))), "once");
  g_assert_cmpuint (n_evaluated, ==, 2);
  assert_nothing (dag_all (dag_call (echo, evaluate ())));
  g_assert_cmpuint (n_evaluated, ==, 3);
  assert_nothing (dag_map (echo, &names[n++], n_evaluated - 2));
  g_assert_cmpuint (n, ==, 1);
  assert_nothing (dag_depends_on (dag_call (echo, evaluate ()), dag_call (echo, evaluate ())));
  g_assert_cmpuint (n_evaluated, ==, 5);
}

/* Names of the C library */

DAG_DEFINE_TASK (remove, (const char *, index), (int, read))
{
  /* What is named is the parameter here, and the function of the C library elsewhere. */
  dag_task_return_take_string (task, g_strdup_printf ("%s %d", index, read));
}

DAG_DEFINE_TASK (time, (int, signal))
{
  dag_task_return_int (task, signal);
}

static void
test_names (void)
{
  int (*function) (const char *) = remove;

  g_test_summary ("A task function may be called like a function of the C library, and does not "
                  "stand in its way");

  g_assert_cmpint (function ("/nowhere/at/all"), ==, -1);
  assert_string (dag_call (remove, "path", 1), "path 1");
  assert_string (dag_call (remove, dag_call (echo, "path"), dag_call (time, 5)), "path 5");
}

static void
test_borrowed (void)
{
  DagTask *task, *other;

  g_test_summary ("Promise 1: a called task is there until control is back in the main loop, runs "
                  "without being held, and is gone when it has settled");

  task = dag_call (tick);
  other = dag_call (echo, "text");
  g_object_add_weak_pointer (G_OBJECT (task), (gpointer *) &task);
  g_object_add_weak_pointer (G_OBJECT (other), (gpointer *) &other);

  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);
  g_assert_cmpstr (dag_task_get_name (task), ==, "tick");

  ran = FALSE;
  while (task != NULL || other != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (ran);
}

static void
test_full (void)
{
  DagTask *task = dag_call_full (echo, "text");

  g_test_summary ("The reference of dag_call_full () is the caller's");

  finish (task);
  settle (task);
  g_assert_cmpstr (g_value_get_string (dag_task_get_value (task)), ==, "text");
  g_assert_finalize_object (task);
}

static void
assert_line (DagTask *task,
             int      line)
{
  g_autofree char *pattern = g_strdup_printf ("*call.c:%d*", line);

  if (!g_pattern_match_simple (pattern, dag_task_get_location (task)))
    g_error ("%s does not match %s", dag_task_get_location (task), pattern);
}

static void
test_places (void)
{
  const char *names[] = { "a" };
  DagTask *task;

  g_test_summary ("A task knows the line that it was called in");

  task = dag_call (echo, dag_call (echo, "text"));
  assert_line (task, __LINE__ - 1);
  task = dag_map (echo, names, 1);
  assert_line (task, __LINE__ - 1);
  task = dag_all (task);
  assert_line (task, __LINE__ - 1);
  task = dag_settled (task);
  assert_line (task, __LINE__ - 1);
  task = dag_any (task);
  assert_line (task, __LINE__ - 1);
  task = dag_race (task);
  assert_line (task, __LINE__ - 1);
  assert_nothing (task);
  task = dag_delay (0);
  assert_line (task, __LINE__ - 1);
  assert_nothing (task);
}

/* What a call is put into */

static void
test_depends_on (void)
{
  g_autoptr (DagTask) first = NULL;
  g_autoptr (DagTask) second = NULL;
  g_autoptr (DagTask) third = NULL;
  g_autoptr (DagTask) failing = NULL;

  g_test_summary ("dag_depends_on () only orders, takes rules, and returns its first argument");

  first = g_object_ref (dag_call (tick));
  second = g_object_ref (dag_call (tick));
  third = g_object_ref (dag_depends_on (dag_call (state_of, first), second, dag_finished (first)));
  g_assert_true (dag_depends_on (third) == third);
  assert_int (third, DAG_STATE_SUCCEEDED);
  g_assert_true (dag_task_is_finished (second));

  failing = g_object_ref (dag_call (fail, "seen"));
  ran = FALSE;
  assert_nothing (dag_depends_on (dag_call (tick), dag_failed (failing), (gpointer) first));
  g_assert_true (ran);
  assert_error (failing, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "seen", NULL);

  assert_error (dag_depends_on (dag_call (tick), dag_call (fail, "inherited")),
                G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "inherited", NULL);
  assert_error (dag_depends_on (dag_call (tick), dag_failed (dag_call (tick))),
                DAG_ERROR, DAG_ERROR_NOT_NEEDED, NULL);
}

static void
test_depends_on_refused (void)
{
  g_autoptr (DagTask) above = NULL;
  g_autoptr (DagTask) below = NULL;

  g_test_summary ("Promise 6: a prerequisite that would close a cycle, comes too late, or is no "
                  "task, is a critical warning, and the task is left as it was");

  above = g_object_ref (dag_call (echo, "a"));
  below = g_object_ref (dag_call (concatenate, above, "b"));

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL,
                         "*call.c:*dag_depends_on ()*echo*concatenate*");
  g_assert_true (dag_depends_on (above, below) == above);
  g_test_assert_expected_messages ();

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*call.c:*dag_depends_on ()*concatenate*");
  g_assert_true (dag_depends_on (below, (DagTask *) NULL) == below);
  g_test_assert_expected_messages ();

  assert_string (below, "ab");

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*call.c:*dag_depends_on ()*");
  dag_depends_on (below, above);
  g_test_assert_expected_messages ();
}

static void
test_with (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  DagTask *task;

  g_test_summary ("dag_with () sets properties and returns its first argument");

  task = dag_with (dag_call (echo, "text"), "name", "other", "priority", G_PRIORITY_HIGH, NULL);
  g_assert_cmpstr (dag_task_get_name (task), ==, "other");
  g_assert_cmpint (dag_task_get_priority (task), ==, G_PRIORITY_HIGH);
  assert_string (task, "text");

  g_cancellable_cancel (cancellable);
  assert_error (dag_with (dag_call (tick), "cancellable", cancellable, NULL),
                G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
}

/* Several tasks */

static void
assert_strings (DagTask *borrowed,
                ...)
{
  g_autoptr (DagTask) task = g_object_ref (borrowed);
  DagResults *results = g_value_get_boxed (finish (task));
  const char *expected;
  va_list args;
  guint n = 0;

  va_start (args, borrowed);
  while ((expected = va_arg (args, const char *)) != NULL)
    {
      g_auto (GValue) text = G_VALUE_INIT;

      g_assert_cmpuint (n, <, dag_results_get_length (results));
      g_value_init (&text, G_TYPE_STRING);
      g_assert_true (g_value_transform (dag_results_get_value (results, n), &text));
      g_assert_cmpstr (g_value_get_string (&text), ==, expected);
      n++;
    }
  va_end (args);
  g_assert_cmpuint (n, ==, dag_results_get_length (results));
  settle (task);
}

static void
test_combinators (void)
{
  DagTask *a = dag_call (echo, "a");
  DagTask *b = dag_call (echo, "b");
  DagTask *f = dag_call (fail, "f");
  g_autoptr (DagTask) settled = g_object_ref (dag_settled (a, f));
  g_autoptr (DagTask) never = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  g_autoptr (DagTask) failing = NULL;
  g_autoptr (DagTask) race = NULL;
  DagResults *results;

  g_test_summary ("dag_all (), dag_settled (), dag_any () and dag_race () take tasks, or none");

  assert_strings (dag_all (a, b, dag_call (concatenate, a, b)), "a", "b", "ab", NULL);
  a = dag_call (echo, "a");
  assert_strings (dag_all (a), "a", NULL);
  assert_strings (dag_all (), NULL);

  results = g_value_get_boxed (finish (settled));
  g_assert_cmpuint (dag_results_get_length (results), ==, 2);
  g_assert_cmpint (dag_task_get_state (dag_results_get_task (results, 0)), ==, DAG_STATE_SUCCEEDED);
  g_assert_cmpint (dag_task_get_state (dag_results_get_task (results, 1)), ==, DAG_STATE_FAILED);

  failing = g_object_ref (dag_call (fail, "f"));
  assert_string (dag_any (failing, dag_call (echo, "b")), "b");
  assert_error (failing, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "f", NULL);

  race = g_object_ref (dag_race (dag_call (echo, "a"), never));
  finish (race);
  g_assert_false (dag_task_is_finished (never));
  dag_task_return (never);
  assert_string (race, "a");

  assert_error (dag_any (), DAG_ERROR, DAG_ERROR_EMPTY, NULL);
  assert_error (dag_race (), DAG_ERROR, DAG_ERROR_EMPTY, NULL);
  assert_error (dag_all (dag_call (echo, "a"), dag_call (fail, "f")),
                G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "f", NULL);
}

DAG_DEFINE_TASK (half, (double, value))
{
  dag_task_return_double (task, value / 2);
}

DAG_DEFINE_TASK (base_name, (GFile *, file, G_TYPE_FILE))
{
  dag_task_return_take_string (task, g_file_get_basename (file));
}

static void
test_map (void)
{
  const char *names[] = { "a", "b", "c" };
  char buffer[] = "d";
  char *variables[] = { buffer };
  const int numbers[] = { 3, 1, 2 };
  gint8 bytes[] = { -1, 127 };
  guint16 shorts[] = { 65535 };
  gint64 longs[] = { 1LL << 33 };
  float floats[] = { 3 };
  DagTask *tasks[] = { dag_call (echo, "x"), dag_call (echo, "y") };
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  g_test_summary ("dag_map () calls a function for each item of an array of any type of argument, "
                  "and has the results in order");

  g_ptr_array_add (files, g_file_new_for_path ("/nowhere/one"));
  g_ptr_array_add (files, g_file_new_for_path ("/nowhere/two"));

  assert_strings (dag_map (echo, tasks, G_N_ELEMENTS (tasks)), "x", "y", NULL);
  assert_strings (dag_map (echo, names, 3), "a", "b", "c", NULL);
  assert_strings (dag_map (echo, variables, 1), "d", NULL);
  assert_strings (dag_map (number, numbers, 3), "3", "1", "2", NULL);
  assert_strings (dag_map (number, bytes, 2), "-1", "127", NULL);
  assert_strings (dag_map (number, shorts, 1), "65535", NULL);
  assert_strings (dag_map (half, longs, 1), "4294967296.000000", NULL);
  assert_strings (dag_map (half, floats, 1), "1.500000", NULL);
  assert_strings (dag_map (base_name, files->pdata, files->len), "one", "two", NULL);
  assert_strings (dag_map (echo, names, 0), NULL);
  assert_error (dag_map (fail, names, 1), G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "a", NULL);
}

/* Definitions as values, and in other files */

static DagTask *
apply (const DagFunction *function,
       const char        *text)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, text);

  return dag_task_new_for_function (function, &value, 1);
}

static void
test_function (void)
{
  g_autoptr (DagTask) task = apply (DAG_FUNCTION (echo), "text");

  g_test_summary ("DAG_FUNCTION () is a task function as a value");

  g_assert_cmpstr (DAG_FUNCTION (concatenate)->name, ==, "concatenate");
  g_assert_cmpuint (DAG_FUNCTION (concatenate)->n_parameters, ==, 2);
  g_assert_true (DAG_FUNCTION (concatenate)->get_parameter_type (1) == G_TYPE_STRING);
  g_assert_true (DAG_FUNCTION (state_of)->get_parameter_type (0) == DAG_TYPE_TASK);
  g_assert_true (DAG_FUNCTION (half)->get_parameter_type (0) == G_TYPE_DOUBLE);
  g_assert_cmpuint (DAG_FUNCTION (tick)->n_parameters, ==, 0);
  assert_string (task, "text");
}

DAG_DECLARE_TASK (shared, (const char *, text), (int, n))

static void
test_shared (void)
{
  g_test_summary ("DAG_DECLARE_TASK () is all that a file needs to know to call a task function");

  assert_string (dag_call (shared, "x", 3), "x3");
}

DAG_DEFINE_SHARED_TASK (shared, (const char *, text), (int, n))
{
  dag_task_return_take_string (task, g_strdup_printf ("%s%d", text, n));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/call/raw", test_raw);
  g_test_add_func ("/call/rules", test_rules);
  g_test_add_func ("/call/rule-for-a-result", test_rule_for_a_result);
  g_test_add_func ("/call/raw-array", test_raw_array);
  g_test_add_func ("/call/raw-array-first", test_raw_array_first);
  g_test_add_func ("/call/counts", test_counts);
  g_test_add_func ("/call/nested", test_nested);
  g_test_add_func ("/call/evaluated-once", test_evaluated_once);
  g_test_add_func ("/call/names", test_names);
  g_test_add_func ("/call/borrowed", test_borrowed);
  g_test_add_func ("/call/full", test_full);
  g_test_add_func ("/call/places", test_places);
  g_test_add_func ("/call/depends-on", test_depends_on);
  g_test_add_func ("/call/depends-on-refused", test_depends_on_refused);
  g_test_add_func ("/call/with", test_with);
  g_test_add_func ("/call/combinators", test_combinators);
  g_test_add_func ("/call/map", test_map);
  g_test_add_func ("/call/function", test_function);
  g_test_add_func ("/call/shared", test_shared);

  return g_test_run ();
}
