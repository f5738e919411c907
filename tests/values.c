/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include <string.h>

/* Results and arguments of every type. How long they live is in values-life.c. */

/* Returns its first argument. */
static void
echo (DagTask  *task,
      gpointer  user_data)
{
  g_assert_cmpuint (dag_task_get_n_arguments (task), ==, 1);
  dag_task_return_value (task, dag_task_get_argument (task, 0));
}

static const GValue *
finish (DagTask *task)
{
  test_settle (task);
  if (dag_task_get_state (task) != DAG_STATE_SUCCEEDED)
    g_error ("%s", dag_task_get_error (task)->message);

  return dag_task_get_value (task);
}

static gboolean
values_are_equal (const GValue *a,
                  const GValue *b)
{
  g_autofree char *left = g_strdup_value_contents (a), *right = g_strdup_value_contents (b);

  return G_VALUE_TYPE (a) == G_VALUE_TYPE (b) && g_str_equal (left, right);
}

/* Sends a value through tasks in every way there is: as a result, as an argument, as both. */
static void
check_value (const GValue *value)
{
  DagTask *source = dag_task_new_for_value (value);
  DagTask *input = dag_task_new_with_inputs (echo, NULL, NULL, &source, 1);
  DagTask *plain = dag_task_new_with_arguments (echo, NULL, NULL, value, 1, NULL, 0);
  DagTask *added = dag_task_new (echo, NULL, NULL);

  dag_task_add_argument (added, value);

  g_assert_true (values_are_equal (finish (source), value));
  g_assert_true (values_are_equal (finish (input), value));
  g_assert_true (values_are_equal (finish (plain), value));
  g_assert_true (values_are_equal (finish (added), value));

  test_release (added);
  test_release (plain);
  test_release (input);
  test_release (source);
}

#define CHECK(type, set) \
  G_STMT_START \
  { \
    g_auto (GValue) value = G_VALUE_INIT; \
    \
    g_value_init (&value, type); \
    set; \
    check_value (&value); \
  } \
  G_STMT_END

static void
test_types (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GFile) file = g_file_new_for_path ("/");
  g_autoptr (GDateTime) date = g_date_time_new_utc (2026, 1, 2, 3, 4, 5.0);
  const char *strings[] = { "a", "", "ü", NULL };

  g_test_summary ("A value of any type goes from task to task as it is");

  CHECK (G_TYPE_CHAR, g_value_set_schar (&value, G_MININT8));
  CHECK (G_TYPE_UCHAR, g_value_set_uchar (&value, G_MAXUINT8));
  CHECK (G_TYPE_BOOLEAN, g_value_set_boolean (&value, TRUE));
  CHECK (G_TYPE_BOOLEAN, g_value_set_boolean (&value, FALSE));
  CHECK (G_TYPE_INT, g_value_set_int (&value, G_MININT));
  CHECK (G_TYPE_UINT, g_value_set_uint (&value, G_MAXUINT));
  CHECK (G_TYPE_LONG, g_value_set_long (&value, G_MINLONG));
  CHECK (G_TYPE_ULONG, g_value_set_ulong (&value, G_MAXULONG));
  CHECK (G_TYPE_INT64, g_value_set_int64 (&value, G_MININT64));
  CHECK (G_TYPE_UINT64, g_value_set_uint64 (&value, G_MAXUINT64));
  CHECK (G_TYPE_FLOAT, g_value_set_float (&value, 0.5f));
  CHECK (G_TYPE_DOUBLE, g_value_set_double (&value, G_MAXDOUBLE));
  CHECK (G_TYPE_STRING, g_value_set_string (&value, "grün"));
  CHECK (G_TYPE_STRING, g_value_set_string (&value, ""));
  CHECK (G_TYPE_STRING, g_value_set_string (&value, NULL));
  CHECK (DAG_TYPE_STATE, g_value_set_enum (&value, DAG_STATE_SKIPPED));
  CHECK (G_TYPE_APPLICATION_FLAGS, g_value_set_flags (&value, 5));
  CHECK (G_TYPE_OBJECT, g_value_set_object (&value, object));
  CHECK (G_TYPE_OBJECT, g_value_set_object (&value, NULL));
  CHECK (G_TYPE_FILE, g_value_set_object (&value, file));
  CHECK (G_TYPE_DATE_TIME, g_value_set_boxed (&value, date));
  CHECK (G_TYPE_DATE_TIME, g_value_set_boxed (&value, NULL));
  CHECK (G_TYPE_STRV, g_value_set_boxed (&value, strings));
  CHECK (G_TYPE_VARIANT, g_value_set_variant (&value, g_variant_new ("(si)", "a", 1)));
  CHECK (G_TYPE_VARIANT, g_value_set_variant (&value, NULL));
  CHECK (G_TYPE_POINTER, g_value_set_pointer (&value, object));
  CHECK (G_TYPE_POINTER, g_value_set_pointer (&value, NULL));
  CHECK (G_TYPE_GTYPE, g_value_set_gtype (&value, G_TYPE_FILE));
  CHECK (G_TYPE_PARAM, g_value_set_param (&value, g_object_class_find_property (
                                            g_type_class_peek (DAG_TYPE_TASK), "name")));
}

/* These are whole numbers and halves. */
static gboolean
is_double (double value,
           double expected)
{
  return !(value < expected) && !(value > expected);
}

/* The typed ways to return and to add, each read with the typed getter. */

static GObject *an_object;
static const char *some_strings[] = { "x", "y", NULL };

#define RETURNS(X) \
  X (dag_task_return_boolean (task, TRUE), G_TYPE_BOOLEAN, g_value_get_boolean (value) == TRUE) \
  X (dag_task_return_int (task, -3), G_TYPE_INT, g_value_get_int (value) == -3) \
  X (dag_task_return_int (task, G_MININT), G_TYPE_INT, g_value_get_int (value) == G_MININT) \
  X (dag_task_return_int (task, (gssize) G_MAXINT + 1), G_TYPE_INT64, \
     g_value_get_int64 (value) == (gint64) G_MAXINT + 1) \
  X (dag_task_return_int (task, G_MINSSIZE), G_TYPE_INT64, \
     g_value_get_int64 (value) == G_MINSSIZE) \
  X (dag_task_return_uint (task, G_MAXUINT), G_TYPE_UINT, g_value_get_uint (value) == G_MAXUINT) \
  X (dag_task_return_int64 (task, G_MININT64), G_TYPE_INT64, \
     g_value_get_int64 (value) == G_MININT64) \
  X (dag_task_return_uint64 (task, G_MAXUINT64), G_TYPE_UINT64, \
     g_value_get_uint64 (value) == G_MAXUINT64) \
  X (dag_task_return_double (task, -0.5), G_TYPE_DOUBLE, \
     is_double (g_value_get_double (value), -0.5)) \
  X (dag_task_return_string (task, "s"), G_TYPE_STRING, \
     g_str_equal (g_value_get_string (value), "s")) \
  X (dag_task_return_string (task, NULL), G_TYPE_STRING, g_value_get_string (value) == NULL) \
  X (dag_task_return_take_string (task, g_strdup ("t")), G_TYPE_STRING, \
     g_str_equal (g_value_get_string (value), "t")) \
  X (dag_task_return_strv (task, some_strings), G_TYPE_STRV, \
     g_strv_equal (g_value_get_boxed (value), some_strings) && \
       g_value_get_boxed (value) != some_strings) \
  X (dag_task_return_strv (task, NULL), G_TYPE_STRV, g_value_get_boxed (value) == NULL) \
  X (dag_task_return_take_strv (task, g_strdupv ((char **) some_strings)), G_TYPE_STRV, \
     g_strv_equal (g_value_get_boxed (value), some_strings)) \
  X (dag_task_return_enum (task, DAG_TYPE_RULE, DAG_RULE_FAILED), DAG_TYPE_RULE, \
     g_value_get_enum (value) == DAG_RULE_FAILED) \
  X (dag_task_return_flags (task, G_TYPE_APPLICATION_FLAGS, 3), G_TYPE_APPLICATION_FLAGS, \
     g_value_get_flags (value) == 3) \
  X (dag_task_return_object (task, an_object), G_TYPE_CANCELLABLE, \
     g_value_get_object (value) == an_object) \
  X (dag_task_return_object (task, NULL), G_TYPE_OBJECT, g_value_get_object (value) == NULL) \
  X (dag_task_return_take_object (task, g_object_ref (an_object)), G_TYPE_CANCELLABLE, \
     g_value_get_object (value) == an_object) \
  X (dag_task_return_take_object (task, NULL), G_TYPE_OBJECT, g_value_get_object (value) == NULL) \
  X (dag_task_return_boxed (task, G_TYPE_STRV, some_strings), G_TYPE_STRV, \
     g_strv_equal (g_value_get_boxed (value), some_strings)) \
  X (dag_task_return_take_boxed (task, G_TYPE_BYTES, g_bytes_new ("b", 1)), G_TYPE_BYTES, \
     g_bytes_get_size (g_value_get_boxed (value)) == 1) \
  X (dag_task_return_variant (task, g_variant_new_int32 (8)), G_TYPE_VARIANT, \
     g_variant_get_int32 (g_value_get_variant (value)) == 8 && \
       !g_variant_is_floating (g_value_get_variant (value))) \
  X (dag_task_return_take_variant (task, g_variant_ref_sink (g_variant_new_int32 (9))), \
     G_TYPE_VARIANT, g_variant_get_int32 (g_value_get_variant (value)) == 9) \
  X (dag_task_return_take_variant (task, g_variant_new_int32 (10)), G_TYPE_VARIANT, \
     g_variant_get_int32 (g_value_get_variant (value)) == 10 && \
       !g_variant_is_floating (g_value_get_variant (value))) \
  X (dag_task_return_variant (task, NULL), G_TYPE_VARIANT, g_value_get_variant (value) == NULL) \
  X (dag_task_return_pointer (task, some_strings, NULL), G_TYPE_POINTER, \
     g_value_get_pointer (value) == some_strings) \
  X (dag_task_return (task), G_TYPE_POINTER, g_value_get_pointer (value) == NULL) \
  X (dag_task_return_value (task, NULL), G_TYPE_POINTER, g_value_get_pointer (value) == NULL)

#define RETURN_FUNCTION(call, type, check) \
  { \
    DagTask *task = dag_task_new (test_body_pending, NULL, NULL); \
    const GValue *value; \
    \
    test_drain (); \
    call; \
    value = finish (task); \
    g_assert_cmpstr (G_VALUE_TYPE_NAME (value), ==, g_type_name (type)); \
    g_assert_true (check); \
    test_release (task); \
  }

static void
test_returns (void)
{
  g_test_summary ("Each way to return makes a result of its type");

  an_object = G_OBJECT (g_cancellable_new ());
  RETURNS (RETURN_FUNCTION)
  g_assert_finalize_object (an_object);
}

static void
read_arguments (DagTask  *task,
                gpointer  user_data)
{
  g_assert_cmpuint (dag_task_get_n_arguments (task), ==, 13);
  g_assert_true (dag_task_get_argument_boolean (task, 0));
  g_assert_cmpint (dag_task_get_argument_int (task, 1), ==, -1);
  g_assert_cmpuint (dag_task_get_argument_uint (task, 2), ==, G_MAXUINT);
  g_assert_cmpint (dag_task_get_argument_int64 (task, 3), ==, G_MININT64);
  g_assert_cmpuint (dag_task_get_argument_uint64 (task, 4), ==, G_MAXUINT64);
  g_assert_true (is_double (dag_task_get_argument_double (task, 5), 2.5));
  g_assert_cmpstr (dag_task_get_argument_string (task, 6), ==, "six");
  g_assert_true (dag_task_get_argument_object (task, 7) == an_object);
  g_assert_true (g_strv_equal (dag_task_get_argument_boxed (task, 8), some_strings));
  g_assert_cmpint (g_variant_get_int32 (dag_task_get_argument_variant (task, 9)), ==, 9);
  g_assert_false (g_variant_is_floating (dag_task_get_argument_variant (task, 9)));
  g_assert_cmpint (dag_task_get_argument_enum (task, 10), ==, DAG_RULE_FAILED);
  g_assert_cmpuint (dag_task_get_argument_flags (task, 11), ==, 6);
  g_assert_null (dag_task_get_argument_string (task, 12));

  /* Whatever is a pointer can be had as one. */
  g_assert_cmpstr (dag_task_get_argument_pointer (task, 6), ==, "six");
  g_assert_true (dag_task_get_argument_pointer (task, 7) == an_object);
  g_assert_nonnull (dag_task_get_argument_pointer (task, 8));
  g_assert_null (dag_task_get_argument_pointer (task, 12));

  /* And NULL as anything that can be NULL. */
  g_assert_null (dag_task_get_argument_object (task, 12));
  g_assert_null (dag_task_get_argument_boxed (task, 12));
  g_assert_null (dag_task_get_argument_variant (task, 12));
  g_assert_null (dag_task_get_argument_task (task, 12));

  dag_task_return (task);
}

static void
test_arguments (void)
{
  DagTask *task = dag_task_new (read_arguments, NULL, NULL);
  g_auto (GValue) value = G_VALUE_INIT;

  g_test_summary ("Each way to add an argument gives the function one of its type, in order");

  an_object = G_OBJECT (g_cancellable_new ());
  dag_task_add_argument_boolean (task, TRUE);
  dag_task_add_argument_int (task, -1);
  dag_task_add_argument_uint (task, G_MAXUINT);
  dag_task_add_argument_int64 (task, G_MININT64);
  dag_task_add_argument_uint64 (task, G_MAXUINT64);
  dag_task_add_argument_double (task, 2.5);
  dag_task_add_argument_string (task, "six");
  dag_task_add_argument_object (task, an_object);
  dag_task_add_argument_boxed (task, G_TYPE_STRV, some_strings);
  dag_task_add_argument_variant (task, g_variant_new_int32 (9));
  g_value_init (&value, DAG_TYPE_RULE);
  g_value_set_enum (&value, DAG_RULE_FAILED);
  dag_task_add_argument (task, &value);
  g_value_unset (&value);
  g_value_init (&value, G_TYPE_APPLICATION_FLAGS);
  g_value_set_flags (&value, 6);
  dag_task_add_argument (task, &value);
  dag_task_add_argument_string (task, NULL);

  finish (task);
  g_assert_finalize_object (an_object);
  test_release (task);
}

static void
convert_arguments (DagTask  *task,
                   gpointer  user_data)
{
  /* An int of 65, a string, a double of 2.75, and no value. */
  g_assert_true (dag_task_get_argument_boolean (task, 0));
  g_assert_cmpuint (dag_task_get_argument_uint (task, 0), ==, 65);
  g_assert_cmpint (dag_task_get_argument_int64 (task, 0), ==, 65);
  g_assert_cmpuint (dag_task_get_argument_uint64 (task, 0), ==, 65);
  g_assert_true (is_double (dag_task_get_argument_double (task, 0), 65.0));
  g_assert_cmpint (dag_task_get_argument_enum (task, 0), ==, 65);
  g_assert_cmpuint (dag_task_get_argument_flags (task, 0), ==, 65);
  g_assert_cmpint (dag_task_get_argument_int (task, 2), ==, 2);

  test_assert_critical ("dag_task_get_argument_string: reader (*) has a gint and not a gchararray "
                        "as argument 0",
                        g_assert_null (dag_task_get_argument_string (task, 0)));
  test_assert_critical ("dag_task_get_argument_object: reader (*) has a gint and not a GObject "
                        "as argument 0",
                        g_assert_null (dag_task_get_argument_object (task, 0)));
  test_assert_critical ("dag_task_get_argument_boxed: reader (*) has a gchararray and not a GBoxed "
                        "as argument 1",
                        g_assert_null (dag_task_get_argument_boxed (task, 1)));
  test_assert_critical ("dag_task_get_argument_variant: reader (*) has a gchararray and not a "
                        "GVariant as argument 1",
                        g_assert_null (dag_task_get_argument_variant (task, 1)));
  test_assert_critical ("dag_task_get_argument_task: reader (*) has a gchararray and not a DagTask "
                        "as argument 1",
                        g_assert_null (dag_task_get_argument_task (task, 1)));
  test_assert_critical ("dag_task_get_argument_pointer: reader (*) has a gint and not a pointer "
                        "as argument 0",
                        g_assert_null (dag_task_get_argument_pointer (task, 0)));
  test_assert_critical ("dag_task_get_argument_int: reader (*) has a gchararray and not a gint "
                        "as argument 1",
                        g_assert_cmpint (dag_task_get_argument_int (task, 1), ==, 0));
  test_assert_critical ("dag_task_get_argument_double: reader (*) has a gchararray and not a "
                        "gdouble as argument 1",
                        g_assert_true (is_double (dag_task_get_argument_double (task, 1), 0.0)));
  test_assert_critical ("dag_task_get_argument_boolean: reader (*) has a gpointer and not a "
                        "gboolean as argument 3",
                        g_assert_false (dag_task_get_argument_boolean (task, 3)));
  test_assert_critical ("dag_task_get_argument_enum: reader (*) has a gchararray*",
                        g_assert_cmpint (dag_task_get_argument_enum (task, 1), ==, 0));
  test_assert_critical ("dag_task_get_argument_flags: reader (*) has a gchararray*",
                        g_assert_cmpint (dag_task_get_argument_flags (task, 1), ==, 0));
  g_assert_null (dag_task_get_argument_string (task, 3));
  g_assert_null (dag_task_get_argument_object (task, 3));

  test_assert_critical ("dag_task_get_argument_int: reader (*) has no argument 4",
                        g_assert_cmpint (dag_task_get_argument_int (task, 4), ==, 0));
  test_assert_critical ("dag_task_get_argument: reader (*) has no argument 4294967295",
                        g_assert_null (dag_task_get_argument (task, G_MAXUINT)));

  dag_task_return (task);
}

static void
test_conversions (void)
{
  DagTask *task = dag_task_new (convert_arguments, NULL, NULL);
  DagTask *nothing = dag_task_new_for_value (NULL);

  g_test_summary ("A typed getter converts a number; what it cannot convert, or is not there, is a "
                  "critical that says which");

  dag_task_set_name (task, "reader");
  dag_task_add_argument_int (task, 65);
  dag_task_add_argument_string (task, "text");
  dag_task_add_argument_double (task, 2.75);
  dag_task_add_argument_object (task, nothing);
  finish (task);

  test_release (task);
  g_assert_finalize_object (nothing);
}

/* Declared parameters */

static GType
get_types (guint index)
{
  GType types[] = { G_TYPE_INT, G_TYPE_STRING, G_TYPE_FILE, DAG_TYPE_TASK };

  return types[index];
}

static guint n_called;

static void
declared_body (DagTask  *task,
               gpointer  user_data)
{
  DagTask *raw = dag_task_get_argument_task (task, 3);

  n_called++;
  g_assert_true (G_VALUE_HOLDS_INT (dag_task_get_argument (task, 0)));
  g_assert_true (G_VALUE_HOLDS_STRING (dag_task_get_argument (task, 1)));
  g_assert_cmpint (dag_task_get_argument_int (task, 0), ==, 7);
  g_assert_cmpstr (dag_task_get_argument_string (task, 1), ==, "8");
  g_assert_true (dag_task_is_finished (raw));
  if (dag_task_get_value (raw) != NULL)
    g_assert_cmpint (g_value_get_int (dag_task_get_value (raw)), ==, 9);
  dag_task_return (task);
}

static const DagFunction declared = { "declared", declared_body, 4, get_types };

static DagTask *
new_for_int (int number)
{
  g_auto (GValue) value = G_VALUE_INIT;
  DagTask *task;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, number);
  task = dag_task_new_for_value (&value);
  dag_task_set_name (task, "number");

  return task;
}

static void
set_task (GValue  *value,
          DagTask *task)
{
  g_value_init (value, DAG_TYPE_TASK);
  g_value_take_object (value, task);
}

/* 7.0, 8, a file, 9, and then as results of tasks. */
static void
set_declared (GValue   *values,
              gboolean  tasks)
{
  g_value_init (&values[0], G_TYPE_DOUBLE);
  g_value_set_double (&values[0], 7.0);
  g_value_init (&values[2], G_TYPE_OBJECT);
  g_value_take_object (&values[2], g_file_new_for_path ("/"));

  if (tasks)
    {
      for (guint i = 0; i <= 2; i += 2)
        {
          DagTask *task = dag_task_new_for_value (&values[i]);

          g_value_unset (&values[i]);
          set_task (&values[i], task);
        }
      set_task (&values[1], new_for_int (8));
      set_task (&values[3], new_for_int (9));
    }
  else
    {
      g_value_init (&values[1], G_TYPE_INT);
      g_value_set_int (&values[1], 8);
      g_value_init (&values[3], G_TYPE_INT);
      g_value_set_int (&values[3], 9);
    }
}

static void
clear_values (GValue *values,
              guint   n_values)
{
  for (guint i = 0; i < n_values; i++)
    g_value_unset (&values[i]);
}

static void
test_declared (void)
{
  g_test_summary ("Declared parameters get their types, of plain values and of results; a plain "
                  "value for a task arrives as a finished one");

  for (guint tasks = 0; tasks < 2; tasks++)
    {
      GValue values[4] = { G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT };
      DagTask *task;

      n_called = 0;
      set_declared (values, tasks);
      task = dag_task_new_for_function (&declared, values, 4);
      clear_values (values, 4);
      finish (task);
      g_assert_cmpuint (n_called, ==, 1);
      test_release (task);
    }
}

static void
check_mismatch (guint       index,
                DagTask    *dependency,
                const char *message)
{
  GValue values[4] = { G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT };
  DagTask *task;

  n_called = 0;
  set_declared (values, FALSE);
  g_value_unset (&values[index]);
  set_task (&values[index], dependency);
  task = dag_task_new_for_function (&declared, values, 4);
  clear_values (values, 4);

  test_settle (task);
  g_assert_cmpuint (n_called, ==, 0);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_true (dag_task_get_origin (task) == task);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE);
  if (!g_pattern_match_simple (message, dag_task_get_error (task)->message))
    g_error ("“%s” is not “%s”", dag_task_get_error (task)->message, message);
  test_release (task);
}

static void
test_mismatch (void)
{
  GValue value = G_VALUE_INIT;
  DagDependency *raw;
  GValue values[4] = { G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT };
  DagTask *task, *dependency;

  g_test_summary ("A result that does not fit fails the task: which argument, what was expected, "
                  "what came, from which task");

  check_mismatch (2, new_for_int (1),
                  "Argument 2 of declared (*values.c:*) has to be a GFile, but it is a gint from "
                  "number*");

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "x");
  check_mismatch (0, dag_task_new_for_value (&value),
                  "Argument 0 of declared (*) has to be a gint, but it is a gchararray from "
                  "unnamed task*");
  g_value_unset (&value);

  g_value_init (&value, G_TYPE_OBJECT);
  g_value_take_object (&value, g_object_new (G_TYPE_CANCELLABLE, NULL));
  check_mismatch (2, dag_task_new_for_value (&value), "Argument 2 of declared (*) has to be a "
                                                      "GFile, but it is a G* from unnamed task*");
  g_value_unset (&value);

  /* A raw input for a parameter that is no task. */
  set_declared (values, FALSE);
  g_value_unset (&values[1]);
  g_value_init (&values[1], DAG_TYPE_DEPENDENCY);
  dependency = new_for_int (1);
  raw = dag_dependency_new (dependency, DAG_RULE_FINISHED, TRUE);
  g_value_take_boxed (&values[1], raw);
  n_called = 0;
  task = dag_task_new_for_function (&declared, values, 4);
  clear_values (values, 4);
  test_settle (task);
  g_assert_cmpuint (n_called, ==, 0);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE);
  test_release (task);
  g_object_unref (dependency);
}

static void
test_plain_mismatch (void)
{
  GValue values[4] = { G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT };
  DagTask *task;

  g_test_summary ("So does a plain value, when the task starts");

  n_called = 0;
  set_declared (values, FALSE);
  g_value_unset (&values[0]);
  g_value_init (&values[0], G_TYPE_STRV);
  task = dag_task_new_for_function (&declared, values, 4);
  g_value_set_boxed (&values[0], some_strings);
  clear_values (values, 4);
  test_settle (task);
  g_assert_cmpuint (n_called, ==, 0);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE);
  g_assert_nonnull (strstr (dag_task_get_error (task)->message, "has to be a gint, but it is a "
                                                                "GStrv"));
  g_assert_null (strstr (dag_task_get_error (task)->message, " from "));
  test_release (task);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_type_ensure (DAG_TYPE_TASK);

  g_test_add_func ("/values/types", test_types);
  g_test_add_func ("/values/returns", test_returns);
  g_test_add_func ("/values/arguments", test_arguments);
  g_test_add_func ("/values/conversions", test_conversions);
  g_test_add_func ("/values/declared", test_declared);
  g_test_add_func ("/values/mismatch/result", test_mismatch);
  g_test_add_func ("/values/mismatch/plain", test_plain_mismatch);

  return g_test_run ();
}
