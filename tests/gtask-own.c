/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* A task in the place of a GTask, where there is nothing to compare it with. */

static guint freed;

static void
count_free (gpointer data)
{
  freed++;
}

static int result_pointer;

static void
test_prefixed_error (void)
{
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  GError *error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "busy");

  g_test_summary ("return_prefixed_error () puts something before the message");

  dag_task_return_prefixed_error (task, error, "%s %d: ", "number", 3);
  test_drain ();
  error = NULL;
  g_assert_false (dag_task_propagate_boolean (task, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (error->message, ==, "number 3: busy");
  g_clear_error (&error);
  test_release (task);
}

static void
test_return_on_cancel_late (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  DagTask *task = dag_task_new_for_callback (NULL, cancellable, NULL, NULL);

  g_test_summary ("To return on cancel comes too late for a task that was cancelled, as a GTask's "
                  "documentation says");

  g_cancellable_cancel (cancellable);
  g_assert_false (dag_task_set_return_on_cancel (task, TRUE));
  g_assert_false (dag_task_get_return_on_cancel (task));
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
  dag_task_return (task);
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  test_release (task);
}

static void
test_is_valid (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GTask) other = g_task_new (object, NULL, NULL, NULL);

  g_test_summary ("A GTask is no valid result of a task");

  g_assert_false (dag_task_is_valid (NULL, NULL));
  g_assert_false (dag_task_is_valid (other, object));
  g_assert_false (dag_task_is_valid (object, object));
  g_task_return_boolean (other, TRUE);
  test_drain ();
}

static void
flag_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  gboolean *called = user_data;

  g_assert_false (*called);
  *called = TRUE;
}

static gboolean
return_in_loop_cb (gpointer user_data)
{
  DagTask *task = user_data;
  gboolean *called = dag_task_get_task_data (task);

  dag_task_return (task);
  g_assert_false (*called);

  return G_SOURCE_REMOVE;
}

static void
test_later (void)
{
  gboolean called = FALSE;
  DagTask *task = dag_task_new_for_callback (NULL, NULL, flag_cb, &called);

  g_test_summary ("The callback is never called from inside the return, not even where a GTask would");

  dag_task_set_task_data (task, &called, NULL);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
  g_idle_add (return_in_loop_cb, task);
  test_drain ();
  g_assert_true (called);
  g_assert_true (dag_task_get_completed (task));
  test_release (task);
}

static void
silent_thread (DagTask      *task,
               gpointer      source_object,
               gpointer      task_data,
               GCancellable *cancellable)
{
}

static void
test_thread_abandoned (void)
{
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);

  g_test_summary ("A thread function that comes back without an outcome has abandoned the task");

  dag_task_run_in_thread (task, silent_thread);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_true (g_error_matches (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED));
  test_release_from_thread (task);
}

static void
test_propagate_again (void)
{
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  GError *error = NULL;

  g_test_summary ("What is not handed over can be propagated again, as a copy or a reference");

  dag_task_return_string (task, "text");
  test_drain ();
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text = dag_task_propagate_pointer (task, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, "text");
    }
  test_release (task);

  task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
  test_drain ();
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (dag_task_propagate_int (task, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
      g_clear_error (&error);
    }
  test_release (task);

  freed = 0;
  task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  dag_task_return_pointer (task, &result_pointer, count_free);
  test_drain ();
  g_assert_true (dag_task_propagate_pointer (task, &error) == &result_pointer);
  g_assert_null (dag_task_propagate_pointer (task, &error));
  g_assert_no_error (error);
  test_release (task);
  g_assert_cmpuint (freed, ==, 0);
}

static void
propagate_early_cb (DagTask *task)
{
  g_assert_false (dag_task_propagate_boolean (task, NULL));
}

static void
test_propagate_wrong (void)
{
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);

  g_test_summary ("To propagate what is not there yet, or is of another type, is a programmer error");

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*has not finished");
  propagate_early_cb (task);
  g_test_assert_expected_messages ();

  dag_task_return_string (task, "text");
  test_drain ();
  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL,
                         "*has a gchararray and not a gboolean as its result");
  propagate_early_cb (task);
  g_test_assert_expected_messages ();
  test_release (task);
}

static void
pointer_body (DagTask  *task,
              gpointer  user_data)
{
  g_assert_true (dag_task_get_argument_pointer (task, 0) == &result_pointer);
  dag_task_return (task);
}

static void
test_shared (void)
{
  g_autoptr (GError) error = NULL;
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  DagTask *dependent = dag_task_new_with_inputs (pointer_body, NULL, NULL, &task, 1);

  g_test_summary ("A pointer is not handed over where dependents were attached, and freed with the "
                  "task");

  freed = 0;
  dag_task_return_pointer (task, &result_pointer, count_free);
  test_settle (dependent);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SUCCEEDED);
  g_assert_null (dag_task_propagate_pointer (task, &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_SHARED);
  g_assert_cmpuint (freed, ==, 0);

  test_release (dependent);
  test_release (task);
  g_assert_cmpuint (freed, ==, 1);
}

static void
test_shared_prerequisite (void)
{
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  DagTask *dependent = dag_task_new_with_arguments (NULL, NULL, NULL, NULL, 0, &task, 1);
  GError *error = NULL;

  g_test_summary ("A prerequisite gets nothing, so the pointer is handed over");

  freed = 0;
  dag_task_return_pointer (task, &result_pointer, count_free);
  test_settle (dependent);
  g_assert_true (dag_task_propagate_pointer (task, &error) == &result_pointer);
  g_assert_no_error (error);
  test_release (dependent);
  test_release (task);
  g_assert_cmpuint (freed, ==, 0);
}

static void
test_cancellable (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  DagTask *task = dag_task_new_for_callback (NULL, cancellable, NULL, NULL);

  g_test_summary ("The task's cancellable is its own: it follows the one that was given, and never "
                  "cancels it");

  g_assert_true (dag_task_get_parent_cancellable (task) == cancellable);
  g_assert_true (dag_task_get_cancellable (task) != cancellable);
  dag_task_cancel (task);
  test_drain ();
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (task)));
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  dag_task_return (task);
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_null (dag_task_get_parent_cancellable (task));
  test_release (task);
}

static void
test_dependents (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  DagTask *task = dag_task_new_for_callback (object, NULL, NULL, NULL);
  DagTask *dependent = dag_task_new_with_inputs (test_body_succeed, GINT_TO_POINTER (3), NULL, &task, 1);

  g_test_summary ("Tasks can depend on one that stands for a callback");

  test_drain ();
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_WAITING);
  dag_task_return_int (task, 2);
  test_settle (dependent);
  g_assert_cmpint (g_value_get_int (dag_task_get_value (dependent)), ==, 3);
  test_release (dependent);
  test_release (task);
}

static void
abandoned_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GError) error = NULL;
  gboolean *called = user_data;

  g_assert_false (dag_task_propagate_boolean (DAG_TASK (result), &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_ABANDONED);
  *called = TRUE;
}

static void
test_abandoned (void)
{
  gboolean called = FALSE;
  DagTask *task = dag_task_new_for_callback (NULL, NULL, abandoned_cb, &called);
  DagTask *dependent = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &task, 1);
  gpointer weak = task;

  g_test_summary ("A task that lost its last outside reference before it returned fails as abandoned, "
                  "and dependents and callback hear of it");

  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  test_drain ();
  g_object_unref (task);
  g_assert_false (called);
  test_settle (dependent);
  g_assert_true (called);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SKIPPED);
  g_assert_true (g_error_matches (dag_task_get_error (dependent), DAG_ERROR, DAG_ERROR_ABANDONED));
  test_release (dependent);
  g_assert_null (weak);
}

static void
test_abandoned_reported (void)
{
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);

  g_test_summary ("An abandoned task that nobody looks at is reported, before its context ran or after");

  dag_task_set_name (task, "lost");
  g_object_unref (task);
  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, "lost*failed and nobody looked at it*");
  test_drain ();
  g_test_assert_expected_messages ();
}

static void
test_abandoned_context (void)
{
  GMainContext *context = g_main_context_new ();
  DagTask *task;
  gpointer weak;

  g_test_summary ("A task that was released in a context that never ran is freed with that");

  g_main_context_push_thread_default (context);
  task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  g_main_context_pop_thread_default (context);

  dag_task_set_name (task, "lost");
  weak = task;
  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  g_object_unref (task);

  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, "lost*failed and nobody looked at it*");
  g_main_context_unref (context);
  g_test_assert_expected_messages ();
  g_assert_null (weak);
}

static void
return_twice (gpointer task)
{
  dag_task_return_pointer (task, &result_pointer, count_free);
}

static void
test_return_twice (void)
{
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);

  g_test_summary ("A second return is reported, and what it was given is freed");

  freed = 0;
  dag_task_return_int (task, 1);
  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*has already returned");
  return_twice (task);
  g_test_assert_expected_messages ();
  test_settle (task);
  g_assert_cmpuint (freed, ==, 1);
  g_assert_cmpint (dag_task_propagate_int (task, NULL), ==, 1);
  test_release (task);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/gtask/return-on-cancel-late", test_return_on_cancel_late);
  g_test_add_func ("/gtask/is-valid", test_is_valid);
  g_test_add_func ("/gtask/prefixed-error", test_prefixed_error);
  g_test_add_func ("/gtask/propagate/again", test_propagate_again);
  g_test_add_func ("/gtask/propagate/wrong", test_propagate_wrong);
  g_test_add_func ("/gtask/cancellable", test_cancellable);
  g_test_add_func ("/gtask/dependents", test_dependents);
  g_test_add_func ("/promise-2/gtask/later", test_later);
  g_test_add_func ("/promise-4/gtask/return-twice", test_return_twice);
  g_test_add_func ("/promise-5/gtask/shared", test_shared);
  g_test_add_func ("/promise-5/gtask/shared-prerequisite", test_shared_prerequisite);
  g_test_add_func ("/promise-8/gtask/abandoned", test_abandoned);
  g_test_add_func ("/promise-8/gtask/abandoned-reported", test_abandoned_reported);
  g_test_add_func ("/promise-8/gtask/abandoned-thread", test_thread_abandoned);
  g_test_add_func ("/promise-14/gtask/abandoned-context", test_abandoned_context);

  return g_test_run ();
}
