/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "call-util.h"

static gboolean ran;

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

DAG_DEFINE_TASK (same_object, (GObject *, object, G_TYPE_OBJECT))
{
  dag_task_return_object (task, object);
}

/* What fits */

DAG_DEFINE_TASK (numbers,
                 (gboolean, b), (_Bool, truth), (char, c), (signed char, sc), (unsigned char, uc),
                 (short, s), (unsigned short, us), (int, i), (unsigned int, u), (long, l),
                 (unsigned long, ul), (long long, ll), (unsigned long long, ull), (float, f),
                 (double, d), (gint64, i64))
{
  g_assert_cmpint (b, ==, TRUE);
  g_assert_true (truth == 1);
  g_assert_cmpint (c, ==, 'c');
  g_assert_cmpint (sc, ==, G_MININT8);
  g_assert_cmpuint (uc, ==, G_MAXUINT8);
  g_assert_cmpint (s, ==, G_MINSHORT);
  g_assert_cmpuint (us, ==, G_MAXUSHORT);
  g_assert_cmpint (i, ==, G_MININT);
  g_assert_cmpuint (u, ==, G_MAXUINT);
  g_assert_cmpint (l, ==, G_MINLONG);
  g_assert_cmpuint (ul, ==, G_MAXULONG);
  g_assert_cmpint (ll, ==, G_MININT64);
  g_assert_cmpuint (ull, ==, G_MAXUINT64);
  g_assert_cmpfloat_with_epsilon (f, 0.5f, 1e-9);
  g_assert_cmpfloat_with_epsilon (d, -1e300, 1e-9);
  g_assert_cmpint (i64, ==, G_MAXINT64);
  ran = TRUE;
  dag_task_return (task);
}

static void
test_numbers (void)
{
  gboolean b = TRUE;
  _Bool truth = 1;
  char c = 'c';
  signed char sc = G_MININT8;
  unsigned char uc = G_MAXUINT8;
  short s = G_MINSHORT;
  unsigned short us = G_MAXUSHORT;
  int i = G_MININT;
  unsigned int u = G_MAXUINT;
  long l = G_MINLONG;
  unsigned long ul = G_MAXULONG;
  long long ll = G_MININT64;
  unsigned long long ull = G_MAXUINT64;
  float f = 0.5f;
  double d = -1e300;
  gint64 i64 = G_MAXINT64;

  g_test_summary ("A parameter of each C type of number gets the number, variable or constant");

  ran = FALSE;
  assert_nothing (dag_call (numbers, b, truth, c, sc, uc, s, us, i, u, l, ul, ll, ull, f, d, i64));
  g_assert_true (ran);

  ran = FALSE;
  assert_nothing (dag_call (numbers, TRUE, 1, 'c', -128, 255, -32768, 65535, G_MININT, 4294967295u,
                            G_MINLONG, G_MAXULONG, G_MININT64, G_MAXUINT64, 0.5f, -1e300,
                            G_MAXINT64));
  g_assert_true (ran);
}

DAG_DEFINE_TASK (check_double, (double, value), (double, expected))
{
  g_assert_cmpfloat_with_epsilon (value, expected, 1e-9);
  dag_task_return_double (task, value);
}

DAG_DEFINE_TASK (check_int64, (gint64, value), (gint64, expected))
{
  g_assert_cmpint (value, ==, expected);
  dag_task_return_int64 (task, value);
}

DAG_DEFINE_TASK (check_boolean, (gboolean, value, G_TYPE_BOOLEAN), (_Bool, also))
{
  dag_task_return_boolean (task, value && also);
}

DAG_DEFINE_TASK (int64_result, (gint64, value))
{
  dag_task_return_int64 (task, value);
}

DAG_DEFINE_TASK (boolean_result, (gboolean, value))
{
  dag_task_return_boolean (task, value);
}

static void
test_conversions (void)
{
  g_test_summary ("Numbers convert to the type of the parameter, as plain values and as results");

  assert_nothing (dag_call (check_double, 1, 1.0));
  assert_nothing (dag_call (check_double, 'a', 97L));
  assert_nothing (dag_call (check_double, 3000000000u, 3e9f));
  assert_nothing (dag_call (check_double, dag_call (number, 7), 7));
  assert_nothing (dag_call (check_double, dag_call (int64_result, 1LL << 40), 1LL << 40));
  assert_nothing (dag_call (check_int64, 2.75, 2));
  assert_nothing (dag_call (check_int64, dag_call (check_double, 2.75, 2.75), 2));
  assert_nothing (dag_call (check_int64, dag_call (boolean_result, TRUE), 1));
  assert_nothing (dag_call (check_int64, (guint8) 200, (gint8) -56 + 256));
  assert_int (dag_call (number, dag_call (boolean_result, TRUE)), 1);
  assert_int (dag_call (number, 5L), 5);
  assert_int (dag_call (number, 5.9), 5);
  assert_int (dag_call (check_boolean, TRUE, 1), TRUE);
  assert_int (dag_call (check_boolean, 17, dag_call (number, 256)), TRUE);
  assert_int (dag_call (check_boolean, FALSE, TRUE), FALSE);
  assert_string (dag_call (echo, 42), "42");
  assert_string (dag_call (concatenate, dag_call (number, -1), TRUE), "-11");
}

DAG_DEFINE_TASK (is_null, (const char *, text), (char *, other))
{
  dag_task_return_boolean (task, text == NULL && other == NULL);
}

static void
test_strings (void)
{
  char array[] = "array";
  char *variable = array;
  const char *constant = "constant";
  char * const *vector = &variable;
  gpointer any = array;
  g_autofree char *copied = g_strdup ("copied");
  DagTask *task;

  g_test_summary ("A string can be a literal, an array, a variable, or behind a gpointer; it is "
                  "copied by the call");

  assert_string (dag_call (echo, "literal"), "literal");
  assert_string (dag_call (echo, ""), "");
  assert_string (dag_call (echo, array), "array");
  assert_string (dag_call (echo, variable), "array");
  assert_string (dag_call (echo, constant), "constant");
  assert_string (dag_call (echo, vector[0]), "array");
  assert_string (dag_call (echo, any), "array");

  task = dag_call (concatenate, copied, constant + 1);
  memset (copied, 'x', strlen (copied));
  assert_string (task, "copiedonstant");

  assert_int (dag_call (is_null, NULL, (const char *) NULL), TRUE);
  assert_int (dag_call (is_null, dag_call (echo, NULL), NULL), TRUE);
}

DAG_DEFINE_TASK (enumeration, (DagRule, rule, DAG_TYPE_RULE), (DagRule, as_number),
                 (GApplicationFlags, flags, G_TYPE_APPLICATION_FLAGS))
{
  g_assert_cmpint (rule, ==, DAG_RULE_FAILED);
  g_assert_cmpint (as_number, ==, DAG_RULE_FINISHED);
  g_assert_cmpuint (flags, ==, G_APPLICATION_IS_SERVICE | G_APPLICATION_NON_UNIQUE);
  dag_task_return_enum (task, DAG_TYPE_RULE, rule);
}

DAG_DEFINE_TASK (flags_result)
{
  dag_task_return_flags (task, G_TYPE_APPLICATION_FLAGS,
                         G_APPLICATION_IS_SERVICE | G_APPLICATION_NON_UNIQUE);
}

static void
test_enums (void)
{
  DagRule rule = DAG_RULE_FAILED;

  g_test_summary ("Enums and flags can be constants, variables and results");

  assert_nothing (dag_call (enumeration, DAG_RULE_FAILED, DAG_RULE_FINISHED,
                            G_APPLICATION_IS_SERVICE | G_APPLICATION_NON_UNIQUE));
  assert_nothing (dag_call (enumeration,
                            dag_call (enumeration, rule, DAG_RULE_FINISHED,
                                      dag_call (flags_result)),
                            DAG_RULE_FINISHED, dag_call (flags_result)));
}

DAG_DEFINE_TASK (objects, (GFile *, file, G_TYPE_FILE),
                 (GInputStream *, stream, G_TYPE_INPUT_STREAM), (GParamSpec *, pspec, G_TYPE_PARAM))
{
  if (file != NULL)
    {
      g_assert_true (G_IS_FILE (file));
      g_assert_true (G_IS_MEMORY_INPUT_STREAM (stream));
      g_assert_cmpstr (pspec->name, ==, "property");
    }
  else
    {
      g_assert_null (stream);
      g_assert_null (pspec);
    }
  ran = TRUE;
  dag_task_return (task);
}

static void
test_objects (void)
{
  GFile *file = g_file_new_for_path ("/nowhere");
  GInputStream *stream = g_memory_input_stream_new ();
  GParamSpec *pspec = g_param_spec_ref_sink (g_param_spec_int ("property", NULL, NULL, 0, 1, 0, 0));
  gpointer any = stream;

  g_test_summary ("Objects of a class or an interface, and other instances, are referenced while "
                  "the task needs them, and no longer");

  ran = FALSE;
  assert_nothing (dag_call (objects, file, stream, pspec));
  g_assert_true (ran);
  assert_nothing (dag_call (objects, dag_call (same_object, file), any, pspec));

  ran = FALSE;
  assert_nothing (dag_call (objects, NULL, NULL, NULL));
  g_assert_true (ran);

  g_param_spec_unref (pspec);
  g_assert_finalize_object (file);
  g_assert_finalize_object (stream);
}

static gconstpointer seen_pointer;

DAG_DEFINE_TASK (boxes, (GBytes *, bytes, G_TYPE_BYTES), (char **, strv, G_TYPE_STRV),
                 (GVariant *, variant, G_TYPE_VARIANT), (const GDate *, date, G_TYPE_DATE))
{
  if (bytes != NULL)
    {
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, 3);
      g_assert_cmpuint (g_strv_length (strv), ==, 2);
      g_assert_cmpstr (strv[1], ==, "b");
      g_assert_cmpint (g_variant_get_int32 (variant), ==, 5);
      g_assert_cmpint (g_date_get_year (date), ==, 2026);
    }
  else
    {
      g_assert_true (strv == NULL && variant == NULL && date == NULL);
    }
  ran = TRUE;
  dag_task_return (task);
}

DAG_DEFINE_TASK (strv_result)
{
  dag_task_return_take_strv (task, g_strsplit ("a b", " ", -1));
}

DAG_DEFINE_TASK (variant_result)
{
  dag_task_return_variant (task, g_variant_new_int32 (5));
}

static void
test_boxed (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new ("abc", 3);
  g_auto (GStrv) strv = g_strsplit ("a b", " ", -1);
  const char * const strings[] = { "a", "b", NULL };
  GDate date;
  DagTask *task;

  g_test_summary ("Boxed values, string arrays and variants are copied by the call, and a floating "
                  "variant is taken");

  g_date_clear (&date, 1);
  g_date_set_dmy (&date, 22, 11, 2026);

  task = dag_call (boxes, bytes, strv, g_variant_new_int32 (5), &date);
  strv[1][0] = 'x';
  g_date_set_year (&date, 1);
  ran = FALSE;
  assert_nothing (task);
  g_assert_true (ran);

  g_date_set_year (&date, 2026);
  assert_nothing (dag_call (boxes, bytes, strings, dag_call (variant_result), &date));
  assert_nothing (dag_call (boxes, bytes, dag_call (strv_result), g_variant_new_int32 (5), &date));

  ran = FALSE;
  assert_nothing (dag_call (boxes, NULL, NULL, NULL, NULL));
  g_assert_true (ran);
}

DAG_DEFINE_TASK (pointer, (gpointer, any, DAG_POINTER))
{
  seen_pointer = any;
  dag_task_return_pointer (task, any, NULL);
}

static void
test_pointers (void)
{
  static const char text[] = "text";
  struct { int x; } data = { 1 };
  g_autoptr (GFile) file = g_file_new_for_path ("/nowhere");

  g_test_summary ("A DAG_POINTER parameter gets any pointer as it is, from a call or a dependency");

  assert_nothing (dag_call (pointer, &data));
  g_assert_true (seen_pointer == &data);
  assert_nothing (dag_call (pointer, text));
  g_assert_true (seen_pointer == text);
  assert_nothing (dag_call (pointer, NULL));
  g_assert_null (seen_pointer);
  assert_nothing (dag_call (pointer, dag_call (pointer, &data)));
  g_assert_true (seen_pointer == &data);
  assert_nothing (dag_call (pointer, dag_call (same_object, file)));
  g_assert_true (seen_pointer == file);

  assert_error (dag_call (pointer, 5), DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "pointer", "any", "gint",
                NULL);
  assert_error (dag_call (pointer, dag_call (check_double, 1, 1)), DAG_ERROR,
                DAG_ERROR_ARGUMENT_TYPE, "pointer", "any", "gdouble", NULL);
}

/* What does not */

static void
test_wrong_object (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GFile) file = g_file_new_for_path ("/nowhere");
  g_autofree char *pattern = NULL;
  DagTask *task;

  g_test_summary ("An object of another type is a critical warning with the place of the call, and "
                  "the task fails");

  pattern = g_strdup_printf ("*call-values.c:%d*objects ()*'file'*GFile*GCancellable*",
                             __LINE__ + 2);
  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, pattern);
  task = dag_call (objects, (gpointer) cancellable, NULL, NULL);
  g_test_assert_expected_messages ();
  assert_error (task, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "GFile", "GCancellable", NULL);

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*'stream'*GInputStream*");
  task = dag_call (objects, file, file, NULL);
  g_test_assert_expected_messages ();
  assert_error (task, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "GInputStream", NULL);

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*number ()*'value'*gint*gpointer*");
  task = dag_call (number, file);
  g_test_assert_expected_messages ();
  assert_error (task, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "gint", NULL);

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*number ()*'value'*DagTask*NULL*");
  task = dag_call (number, (DagTask *) NULL);
  g_test_assert_expected_messages ();
  assert_error (task, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "DagTask", "NULL", NULL);

  assert_error (dag_call (same_object, "text"), DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE,
                "GObject", "gchararray", NULL);
}

static void
test_wrong_result (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_test_summary ("A dependency whose result does not fit fails the task, and the message says "
                  "which argument, what was expected, what came and from where");

  ran = FALSE;
  assert_error (dag_call (objects, dag_call (same_object, cancellable), NULL, NULL),
                DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "objects", "GFile", "GCancellable",
                "same_object", NULL);
  assert_error (dag_call (concatenate, "a", dag_call (same_object, cancellable)),
                DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "concatenate", "gchararray", "GCancellable",
                "same_object", NULL);
  assert_error (dag_call (number, dag_call (echo, "text")),
                DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "number", "gint", "gchararray", "echo", NULL);
  g_assert_false (ran);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/call-values/numbers", test_numbers);
  g_test_add_func ("/call-values/conversions", test_conversions);
  g_test_add_func ("/call-values/strings", test_strings);
  g_test_add_func ("/call-values/enums", test_enums);
  g_test_add_func ("/call-values/objects", test_objects);
  g_test_add_func ("/call-values/boxed", test_boxed);
  g_test_add_func ("/call-values/pointers", test_pointers);
  g_test_add_func ("/call-values/wrong-object", test_wrong_object);
  g_test_add_func ("/call-values/wrong-result", test_wrong_result);

  return g_test_run ();
}
