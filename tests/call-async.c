/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "call-util.h"

#include <glib/gstdio.h>

/* Arguments in a callback */

static gboolean concatenate_cb (gpointer user_data);

DAG_DEFINE_TASK (concatenate, (const char *, left), (const char *, right))
{
  g_assert_nonnull (left);
  g_idle_add (concatenate_cb, task);
}

static gboolean
concatenate_cb (gpointer user_data)
{
  DagTask *task = user_data;
  DAG_ARGS (concatenate, task, right, left);

  dag_task_return_take_string (task, g_strconcat (left, right, NULL));

  return G_SOURCE_REMOVE;
}

static gboolean gather_cb (gpointer user_data);

static GPtrArray *given;

DAG_DEFINE_TASK (gather, (int, base), (GPtrArray *, tasks, DAG_RAW))
{
  given = tasks;
  g_idle_add (gather_cb, task);
}

static gboolean
gather_cb (gpointer user_data)
{
  int sum;
  DAG_ARGS (gather, user_data, base, tasks);

  g_assert_true (tasks == given);
  sum = base;
  for (guint i = 0; i < tasks->len; i++)
    sum += strlen (g_value_get_string (dag_task_get_value (tasks->pdata[i])));
  dag_task_return_int (user_data, sum);

  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (echo, (const char *, text))
{
  dag_task_return_string (task, text);
}

static void
test_arguments_later (void)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();

  g_test_summary ("DAG_ARGS () brings the arguments that are asked for into scope in a callback");

  assert_string (dag_call (concatenate, "left", dag_call (echo, "right")), "leftright");

  g_ptr_array_add (tasks, dag_call (echo, "four"));
  g_ptr_array_add (tasks, dag_call (concatenate, "fo", "ur"));
  assert_int (dag_call (gather, 100, tasks), 108);
}

/* GIO */

static char *folder;

static GFile *
get_file (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_new_for_path (path);
}

DAG_DEFINE_ASYNC (load, G_TYPE_BYTES,
                  g_file_load_bytes_finish (G_FILE (source), result, NULL, error))

DAG_DEFINE_TASK (load, (GFile *, file, G_TYPE_FILE))
{
  g_file_load_bytes_async (file, dag_task_get_cancellable (task), load_ready, task);
}

DAG_DEFINE_TASK (size_of, (GBytes *, bytes, G_TYPE_BYTES))
{
  dag_task_return_uint64 (task, g_bytes_get_size (bytes));
}

DAG_DEFINE_ASYNC (make_folder, G_TYPE_BOOLEAN,
                  g_file_make_directory_finish (G_FILE (source), result, error))

DAG_DEFINE_TASK (make_folder, (GFile *, file, G_TYPE_FILE))
{
  g_file_make_directory_async (file, G_PRIORITY_DEFAULT, dag_task_get_cancellable (task),
                               make_folder_ready, task);
}

DAG_DEFINE_ASYNC (delete_file, G_TYPE_NONE, g_file_delete_finish (G_FILE (source), result, error))

DAG_DEFINE_TASK (delete_file, (GFile *, file, G_TYPE_FILE))
{
  g_file_delete_async (file, G_PRIORITY_DEFAULT, dag_task_get_cancellable (task),
                       delete_file_ready, task);
}

DAG_DEFINE_ASYNC (open_file, G_TYPE_INPUT_STREAM,
                  g_file_read_finish (G_FILE (source), result, error))

DAG_DEFINE_TASK (open_file, (GFile *, file, G_TYPE_FILE))
{
  g_file_read_async (file, G_PRIORITY_DEFAULT, dag_task_get_cancellable (task), open_file_ready,
                     task);
}

DAG_DEFINE_ASYNC (skip, G_TYPE_INT64,
                  g_input_stream_skip_finish (G_INPUT_STREAM (source), result, error))

DAG_DEFINE_TASK (skip, (GInputStream *, stream, G_TYPE_INPUT_STREAM), (gsize, n))
{
  g_input_stream_skip_async (stream, n, G_PRIORITY_DEFAULT, dag_task_get_cancellable (task),
                             skip_ready, task);
}

DAG_DEFINE_ASYNC (read_line, G_TYPE_STRING,
                  g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL,
                                                        error))

DAG_DEFINE_TASK (read_line, (GInputStream *, stream, G_TYPE_INPUT_STREAM))
{
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (stream);

  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, dag_task_get_cancellable (task),
                                       read_line_ready, task);
}

static void
test_gio (void)
{
  g_autoptr (GFile) file = get_file ("file");
  g_autoptr (GFile) subfolder = get_file ("folder");
  g_autoptr (GError) error = NULL;
  DagTask *made;

  g_test_summary ("A GIO pair is a body of one call, whether it finishes with a boxed value, an "
                  "object, a string, a number, a boolean, or nothing");

  g_file_set_contents (g_file_peek_path (file), "first\nsecond\n", -1, &error);
  g_assert_no_error (error);

  assert_int (dag_call (size_of, dag_call (load, file)), 13);
  assert_int (dag_call (skip, dag_call (open_file, file), 6), 6);
  assert_string (dag_call (read_line, dag_call (open_file, file)), "first");

  made = dag_call (make_folder, subfolder);
  assert_nothing (dag_depends_on (dag_call (delete_file, subfolder), made));
  g_assert_false (g_file_query_exists (subfolder, NULL));
  assert_int (dag_call (make_folder, subfolder), TRUE);
  assert_nothing (dag_call (delete_file, subfolder));
  assert_nothing (dag_call (delete_file, file));
}

static void
test_gio_errors (void)
{
  g_autoptr (GFile) file = get_file ("missing");
  g_autoptr (GFile) self = g_file_new_for_path (folder);
  g_autoptr (DagTask) cancelled = NULL;

  g_test_summary ("A GIO pair that fails is a task that fails with the same error");

  assert_error (dag_call (size_of, dag_call (load, file)), G_IO_ERROR, G_IO_ERROR_NOT_FOUND, NULL);
  assert_error (dag_call (open_file, file), G_IO_ERROR, G_IO_ERROR_NOT_FOUND, NULL);
  assert_error (dag_call (delete_file, file), G_IO_ERROR, G_IO_ERROR_NOT_FOUND, NULL);
  assert_error (dag_call (make_folder, self), G_IO_ERROR, G_IO_ERROR_EXISTS, NULL);

  cancelled = g_object_ref (dag_call (load, file));
  dag_task_cancel (cancelled);
  assert_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
}

/* The other types of results, which GIO has few examples of: every operation ends in an idle
 * callback, and what it finishes with is a function of ours. */

static void
start (gpointer             source,
       GAsyncReadyCallback  callback,
       gpointer             user_data)
{
  g_autoptr (GTask) task = g_task_new (source, NULL, callback, user_data);

  g_task_return_boolean (task, TRUE);
}

static gpointer
make_object (GObject **weak)
{
  *weak = G_OBJECT (g_cancellable_new ());
  g_object_add_weak_pointer (*weak, (gpointer *) weak);

  return *weak;
}

static GObject *weak_object;
static char constant[] = "constant";

DAG_DEFINE_ASYNC (object, G_TYPE_OBJECT, make_object (&weak_object))
DAG_DEFINE_ASYNC (no_object, G_TYPE_FILE, (GFile *) NULL)
DAG_DEFINE_ASYNC (constant, G_TYPE_STRING, (const char *) constant)
DAG_DEFINE_ASYNC (strv, G_TYPE_STRV, g_strsplit ("a b c", " ", -1))
DAG_DEFINE_ASYNC (variant, G_TYPE_VARIANT, g_variant_new_int32 (5))
DAG_DEFINE_ASYNC (enumeration, DAG_TYPE_RULE, DAG_RULE_FAILED)
DAG_DEFINE_ASYNC (flags, G_TYPE_APPLICATION_FLAGS, G_APPLICATION_NON_UNIQUE)
DAG_DEFINE_ASYNC (converted, G_TYPE_DOUBLE, 5)
DAG_DEFINE_ASYNC (pointer, G_TYPE_POINTER, (gpointer) constant)
DAG_DEFINE_ASYNC (source_name, G_TYPE_STRING, g_strdup (G_OBJECT_TYPE_NAME (source)))
DAG_DEFINE_ASYNC (task_name, G_TYPE_STRING, dag_task_get_name (task))
DAG_DEFINE_ASYNC (error_beside_value, G_TYPE_INT,
                  (g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "busy"), -1))
DAG_DEFINE_ASYNC (no_number, G_TYPE_OBJECT, 5)
DAG_DEFINE_ASYNC (no_pointer, G_TYPE_INT, (gpointer) constant)

DAG_DEFINE_TASK (run, (GAsyncReadyCallback, ready, DAG_POINTER))
{
  g_autoptr (GCancellable) source = g_cancellable_new ();

  start (source, ready, task);
}

/* A function is no `const void *` in ISO C, but a gpointer will do for GLib. */
#define RUN(ready) dag_call_full (run, (gpointer) (ready))

static void
test_results (void)
{
  g_autoptr (DagTask) strv = RUN (strv_ready);
  g_autoptr (DagTask) variant = RUN (variant_ready);
  g_autoptr (DagTask) enumeration = RUN (enumeration_ready);
  g_autoptr (DagTask) flags = RUN (flags_ready);
  g_autoptr (DagTask) converted = RUN (converted_ready);
  g_autoptr (DagTask) pointer = RUN (pointer_ready);
  g_autoptr (DagTask) object = RUN (object_ready);
  g_autoptr (DagTask) no_object = RUN (no_object_ready);
  g_autoptr (DagTask) constant_task = RUN (constant_ready);
  g_autoptr (DagTask) source_name = RUN (source_name_ready);
  g_autoptr (DagTask) task_name = RUN (task_name_ready);
  g_autoptr (DagTask) beside = RUN (error_beside_value_ready);
  g_autoptr (DagTask) no_number = RUN (no_number_ready);
  g_autoptr (DagTask) no_pointer = RUN (no_pointer_ready);

  g_test_summary ("What finishes an operation can be of any type, and is taken");

  g_assert_cmpuint (g_strv_length (g_value_get_boxed (finish (strv))), ==, 3);
  g_assert_cmpint (g_variant_get_int32 (g_value_get_variant (finish (variant))), ==, 5);
  g_assert_cmpint (g_value_get_enum (finish (enumeration)), ==, DAG_RULE_FAILED);
  g_assert_cmpuint (g_value_get_flags (finish (flags)), ==, G_APPLICATION_NON_UNIQUE);
  g_assert_cmpfloat_with_epsilon (g_value_get_double (finish (converted)), 5.0, 1e-9);
  g_assert_true (g_value_get_pointer (finish (pointer)) == constant);
  g_assert_true (G_IS_CANCELLABLE (g_value_get_object (finish (object))));
  g_assert_null (g_value_get_object (finish (no_object)));
  assert_string (constant_task, "constant");
  assert_string (source_name, "GCancellable");
  assert_string (task_name, "run");
  assert_error (beside, G_IO_ERROR, G_IO_ERROR_BUSY, "busy", NULL);
  assert_error (no_number, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "run", "gint", "GObject", NULL);
  assert_error (no_pointer, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "run", "gint", NULL);

  settle (object);
  g_assert_nonnull (weak_object);
  g_clear_object (&object);
  g_assert_null (weak_object);
}

/* Threads */

static GThread *main_thread;

DAG_DEFINE_TASK_IN_THREAD (join, (const char *, separator), (GPtrArray *, tasks, DAG_RAW))
{
  GString *text = g_string_new (NULL);

  g_assert_true (g_thread_self () != main_thread);
  g_assert_true (cancellable == dag_task_get_cancellable (task));
  for (guint i = 0; i < tasks->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? separator : "",
                            g_value_get_string (dag_task_get_value (tasks->pdata[i])));
  dag_task_return_take_string (task, g_string_free (text, FALSE));
}

DAG_DEFINE_TASK_IN_THREAD (nothing)
{
  g_assert_true (g_thread_self () != main_thread);
  dag_task_return (task);
}

DAG_DEFINE_TASK_IN_THREAD (forgetful, (int, n))
{
  g_assert_cmpint (n, ==, 1);
}

DAG_DEFINE_TASK_IN_THREAD (only_pointers, (gpointer, any, DAG_POINTER))
{
  dag_task_return_boolean (task, any == NULL);
}

static void
test_threads (void)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
  GWeakRef weak;
  DagTask *task;

  g_test_summary ("The body of DAG_DEFINE_TASK_IN_THREAD () runs in a thread with its arguments");

  g_ptr_array_add (tasks, dag_call (echo, "a"));
  g_ptr_array_add (tasks, dag_call (concatenate, "b", "c"));
  assert_string (dag_call (join, dag_call (echo, "-"), tasks), "a-bc");
  assert_nothing (dag_call (nothing));
  assert_int (dag_call (only_pointers, NULL), TRUE);
  assert_error (dag_call (only_pointers, 5), DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "any", NULL);

  task = dag_call_full (forgetful, 1);
  g_weak_ref_init (&weak, task);
  assert_error (task, DAG_ERROR, DAG_ERROR_ABANDONED, NULL);
  g_clear_object (&task);

  /* The thread may be on its way out, with a reference. */
  while ((task = g_weak_ref_get (&weak)) != NULL)
    {
      g_clear_object (&task);
      g_main_context_iteration (NULL, FALSE);
      g_thread_yield ();
    }
  g_weak_ref_clear (&weak);
}

static gpointer
build_cb (G_GNUC_UNUSED gpointer data)
{
  g_autoptr (DagTask) inner = dag_call_full (echo, "a");

  return dag_call_full (concatenate, inner, "b");
}

static void
test_other_thread (void)
{
  g_autoptr (GThread) thread = g_thread_ref (g_thread_new ("build", build_cb, NULL));
  g_autoptr (DagTask) task = g_thread_join (thread);

  g_test_summary ("Promise 1: dag_call_full () works in a thread that does not own the context");

  assert_string (task, "ab");
}

int
main (int   argc,
      char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);

  main_thread = g_thread_self ();
  folder = g_dir_make_tmp ("aiodag-XXXXXX", NULL);
  g_assert_nonnull (folder);

  g_test_add_func ("/call-async/arguments-later", test_arguments_later);
  g_test_add_func ("/call-async/gio", test_gio);
  g_test_add_func ("/call-async/gio-errors", test_gio_errors);
  g_test_add_func ("/call-async/results", test_results);
  g_test_add_func ("/call-async/threads", test_threads);
  g_test_add_func ("/call-async/other-thread", test_other_thread);

  status = g_test_run ();

  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_free (folder);

  return status;
}
