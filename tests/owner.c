/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Tasks that belong to an object, and end with it. */

#include "owner-util.h"

/* The end of the owner */

static void
test_before_start (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0;
  DagTask *gate = new_running ();
  DagTask *ready = new_owned (window, NULL, &n_calls);
  DagTask *waiting = dag_task_new_with_inputs (test_body_count, &n_calls, NULL, &gate, 1);
  DagTask *held = dag_task_new (test_body_count, &n_calls, NULL);
  DagTask *dependent = dag_task_new_with_inputs (test_body_count, &n_calls, NULL, &waiting, 1);

  g_test_summary ("When its owner is disposed of, a task that has not started is cancelled and its "
                  "function is not called; what needs it is skipped, what it needed goes on");

  dag_task_hold (held);
  dag_task_set_owner (waiting, window, NULL);
  dag_task_set_owner (held, window, NULL);

  test_dispose (window);
  g_assert_true (dag_task_is_cancelled (ready));
  g_assert_true (dag_task_is_cancelled (waiting));
  g_assert_true (dag_task_is_cancelled (held));

  test_settle (ready);
  test_finish (waiting);
  test_settle (held);
  test_finish (dependent);
  assert_cancelled (ready);
  assert_cancelled (waiting);
  assert_cancelled (held);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SKIPPED);
  g_assert_error (dag_task_get_error (dependent), G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (dag_task_is_cancelled (gate));
  g_assert_cmpuint (n_calls, ==, 0);

  dag_task_return (gate);
  dag_task_release (held);
  test_release (dependent);
  test_release (waiting);
  test_release (ready);
  test_release (held);
  test_release (gate);
}

static void
test_running (void)
{
  GObject *window = test_window_new ();
  DagTask *task = new_running (), *eager = new_running ();

  g_test_summary ("A task that runs is asked to end, and ends as cancelled when it returns, or at "
                  "once "
                  "with return-on-cancel");

  dag_task_set_owner (task, window, NULL);
  dag_task_set_owner (eager, window, NULL);
  dag_task_set_return_on_cancel (eager, TRUE);
  test_dispose (window);
  test_drain ();

  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (task)));
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
  assert_cancelled (eager);
  g_assert_false (dag_task_get_settled (eager));

  dag_task_return_int (task, 17);
  dag_task_return_int (eager, 17);
  test_settle (task);
  assert_cancelled (task);

  test_release (task);
  test_release (eager);
}

static void
test_finished (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0;
  DagTask *first = new_owned (window, "unmap", &n_calls);
  DagTask *second = new_owned (window, NULL, &n_calls);

  g_test_summary ("A task that has finished has no owner: neither keeps the other, and the end of "
                  "the "
                  "owner is nothing to it");

  test_settle (first);
  test_settle (second);
  test_release (first);

  dag_task_set_owner (second, window, "unmap");
  g_signal_emit_by_name (window, "unmap");
  test_dispose (window);
  g_assert_false (dag_task_is_cancelled (second));
  test_assert_int (second, 1);
  test_release (second);
}

static void
test_not_kept (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0;

  g_test_summary ("A task that nobody else has is freed when it has run, while its owner stays");

  for (guint i = 0; i < 3; i++)
    {
      DagTask *task = new_owned (window, i == 0 ? NULL : "unmap", &n_calls);
      gpointer weak = task;

      g_object_add_weak_pointer (weak, &weak);
      g_object_unref (task);
      test_drain ();
      g_assert_null (weak);
    }

  g_assert_cmpuint (n_calls, ==, 3);
  g_assert_cmpuint (window->ref_count, ==, 1);
  g_signal_emit_by_name (window, "unmap");
  test_dispose (window);
}

static void
test_changed (void)
{
  GObject *first = test_window_new (), *second = test_window_new ();
  guint n_calls = 0;
  DagTask *moved = new_owned (first, "unmap", &n_calls);
  DagTask *freed = new_owned (first, "unmap", &n_calls);
  DagTask *same = new_owned (first, "unmap", &n_calls);

  g_test_summary ("Another owner, or signal, takes the place of the last one, and none is possible");

  dag_task_set_owner (moved, second, NULL);
  dag_task_set_owner (freed, NULL, NULL);
  dag_task_set_owner (freed, NULL, NULL);
  dag_task_set_owner (same, first, "close-request");

  g_signal_emit_by_name (first, "unmap");
  g_assert_false (dag_task_is_cancelled (moved));
  g_assert_false (dag_task_is_cancelled (same));
  test_dispose (first);
  g_assert_false (dag_task_is_cancelled (moved));
  g_assert_false (dag_task_is_cancelled (freed));
  g_assert_true (dag_task_is_cancelled (same));
  test_dispose (second);
  g_assert_true (dag_task_is_cancelled (moved));

  test_release (moved);
  test_release (freed);
  test_release (same);
  g_assert_cmpuint (n_calls, ==, 1);
}

static void
test_disposed_twice (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0;
  DagTask *first = new_owned (window, "unmap", &n_calls), *second, *third;

  g_test_summary ("An object that was disposed of and is referenced still can be an owner again");

  g_object_run_dispose (window);
  g_assert_true (dag_task_is_cancelled (first));

  second = new_owned (window, "unmap", &n_calls);
  third = new_owned (window, "unmap", &n_calls);
  g_assert_false (dag_task_is_cancelled (second));
  dag_task_set_owner (third, window, NULL);
  g_signal_emit_by_name (window, "unmap");
  g_assert_true (dag_task_is_cancelled (second));
  g_assert_false (dag_task_is_cancelled (third));
  test_dispose (window);
  g_assert_true (dag_task_is_cancelled (third));

  test_release (first);
  test_release (second);
  test_release (third);
  g_assert_cmpuint (n_calls, ==, 0);
}

static void
own_more_cb (gpointer  data,
             GObject  *object)
{
  dag_task_set_owner (data, object, "unmap");
}

static void
test_owned_in_dispose (void)
{
  guint n_calls = 0;
  DagTask *task = dag_task_new (test_body_count, &n_calls, NULL);
  GObject *window = test_window_new ();

  g_test_summary ("What is given to an owner that is being disposed of ends with it all the same");

  g_object_weak_ref (window, own_more_cb, task);
  g_object_unref (window);

  test_settle (task);
  assert_cancelled (task);
  g_assert_cmpuint (n_calls, ==, 0);
  test_release (task);
}

static void
unref_body (DagTask  *task,
            gpointer  user_data)
{
  g_object_unref (user_data);
  dag_task_return (task);
}

static void
test_in_function (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0;
  DagTask *last, *closing = dag_task_new (unref_body, window, NULL);
  DagTask *next = new_owned (window, NULL, &n_calls);

  g_test_summary ("A function can be where its owner is disposed of: its task is cancelled, and so "
                  "are "
                  "those that would have started next");

  dag_task_set_owner (closing, window, NULL);
  test_settle (closing);
  test_settle (next);
  assert_cancelled (closing);
  assert_cancelled (next);
  g_assert_cmpuint (n_calls, ==, 0);

  /* The same with a reference that an argument has. */
  window = test_window_new ();
  last = dag_task_new (test_body_succeed, NULL, NULL);
  dag_task_add_argument_object (last, window);
  g_object_unref (window);
  dag_task_set_owner (last, window, NULL);
  test_settle (last);
  test_assert_int (last, 0);

  test_release (closing);
  test_release (next);
  test_release (last);
}

static void
external_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (dag_task_propagate_boolean (DAG_TASK (result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  (*(guint *) user_data)++;
}

static void
test_external (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0;
  DagTask *task = dag_task_new_for_callback (window, NULL, external_cb, &n_calls);
  DagTask *abandoned = dag_task_new_for_callback (NULL, NULL, NULL, NULL);

  g_test_summary ("A task in the place of a GTask can have an owner, and keeps its source object as "
                  "always");

  dag_task_set_owner (task, window, "unmap");
  g_signal_emit_by_name (window, "unmap");
  g_assert_true (dag_task_return_error_if_cancelled (task));
  g_object_unref (task);
  while (n_calls == 0)
    test_iterate ();

  /* One that is released before it returned leaves its owner, too. */
  dag_task_set_owner (abandoned, window, "unmap");
  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, "*released before it returned*");
  g_object_unref (abandoned);
  test_drain ();
  g_test_assert_expected_messages ();

  test_dispose (window);
}

static void
test_context_gone (void)
{
  GMainContext *context = g_main_context_new ();
  GObject *window = test_window_new ();
  guint n_calls = 0;
  DagTask *task;

  g_test_summary ("A task whose context is destroyed leaves its owner");

  g_main_context_push_thread_default (context);
  task = new_owned (window, "unmap", &n_calls);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
  test_dispose (window);
  g_assert_false (dag_task_is_cancelled (task));
  g_assert_cmpuint (n_calls, ==, 0);
  g_assert_finalize_object (task);
}

/* Signals */

static void
test_signal (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0;
  DagTask *unmapped = new_owned (window, "unmap", &n_calls);
  DagTask *moved = new_owned (window, "moved", &n_calls);
  DagTask *closed = new_owned (window, "close-request", &n_calls);
  DagTask *disposed = new_owned (window, "unmap", &n_calls);
  gboolean handled = TRUE;

  g_test_summary ("A signal that was named cancels as well, whatever its arguments and its result are");

  g_signal_emit_by_name (window, "moved", 17, "far");
  g_assert_true (dag_task_is_cancelled (moved));
  g_assert_false (dag_task_is_cancelled (closed));

  g_signal_emit_by_name (window, "close-request", &handled);
  g_assert_true (dag_task_is_cancelled (closed));
  g_assert_false (handled);
  g_assert_false (dag_task_is_cancelled (unmapped));

  dag_task_set_owner (disposed, window, "moved");
  g_signal_emit_by_name (window, "unmap");
  g_assert_true (dag_task_is_cancelled (unmapped));
  g_assert_false (dag_task_is_cancelled (disposed));

  test_dispose (window);
  g_assert_true (dag_task_is_cancelled (disposed));

  test_settle (disposed);
  assert_cancelled (unmapped);
  assert_cancelled (moved);
  g_assert_cmpuint (n_calls, ==, 0);
  test_release (unmapped);
  test_release (moved);
  test_release (closed);
  test_release (disposed);
}

static gboolean
handle_cb (void)
{
  return TRUE;
}

static void
test_signal_stopped (void)
{
  GObject *window = test_window_new ();
  gulong handler = g_signal_connect (window, "close-request", G_CALLBACK (handle_cb), NULL);
  guint n_calls = 0;
  DagTask *task = new_owned (window, "close-request", &n_calls);
  gboolean handled = FALSE;

  g_test_summary ("A handler that was there before and stops the emission keeps it from the tasks");

  g_signal_emit_by_name (window, "close-request", &handled);
  g_assert_true (handled);
  g_assert_false (dag_task_is_cancelled (task));

  g_signal_handler_disconnect (window, handler);
  g_signal_emit_by_name (window, "close-request", &handled);
  g_assert_true (dag_task_is_cancelled (task));

  test_settle (task);
  assert_cancelled (task);
  test_release (task);
  test_dispose (window);
}

static void
test_signal_again (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0, id;
  gulong handler;
  DagTask *task;

  g_test_summary ("A signal cancels the tasks that there are when it is emitted, each time, and "
                  "however "
                  "many there were there is one handler");

  for (guint i = 0; i < 5; i++)
    {
      DagTask *first = new_owned (window, "unmap", &n_calls);
      DagTask *second = new_owned (window, "unmap", &n_calls);

      g_signal_emit_by_name (window, "unmap");
      test_settle (second);
      assert_cancelled (first);
      assert_cancelled (second);
      test_release (first);
      test_release (second);
    }

  g_assert_cmpuint (n_calls, ==, 0);
  id = g_signal_lookup ("unmap", TEST_TYPE_WINDOW);
  handler = g_signal_handler_find (window, G_SIGNAL_MATCH_ID, id, 0, NULL, NULL, NULL);
  g_assert_cmpuint (handler, !=, 0);
  g_signal_handler_disconnect (window, handler);
  handler = g_signal_handler_find (window, G_SIGNAL_MATCH_ID, id, 0, NULL, NULL, NULL);
  g_assert_cmpuint (handler, ==, 0);

  /* Somebody may do that. */
  task = new_owned (window, "unmap", &n_calls);
  g_signal_emit_by_name (window, "unmap");
  g_assert_true (dag_task_is_cancelled (task));
  test_release (task);
  g_assert_cmpuint (n_calls, ==, 0);
  test_dispose (window);
}

static void
test_detail (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0;
  DagTask *titled = new_owned (window, "notify::title", &n_calls);
  DagTask *other = new_owned (window, "notify::other", &n_calls);
  DagTask *any = new_owned (window, "notify", &n_calls);

  g_test_summary ("The detail of a signal counts");

  g_object_set (window, "title", "Title", NULL);
  g_assert_true (dag_task_is_cancelled (titled));
  g_assert_false (dag_task_is_cancelled (other));
  g_assert_true (dag_task_is_cancelled (any));
  test_dispose (window);

  test_release (titled);
  test_release (other);
  test_release (any);
  g_assert_cmpuint (n_calls, ==, 0);
}

static void
test_misuse (void)
{
  GObject *window = test_window_new ();
  GParamSpec *title = g_object_class_find_property (G_OBJECT_GET_CLASS (window), "title");
  guint n_calls = 0;
  DagTask *task = new_owned (window, "unmap", &n_calls);

  g_test_summary ("A signal that the owner has not is a programmer error, and leaves everything as "
                  "it "
                  "was; so is a signal of no owner, and an owner that is none");

  test_assert_critical ("*dag_task_set_owner: a TestWindow has no signal 'mapped'*",
                        dag_task_set_owner (task, window, "mapped"));
  test_assert_critical ("*dag_task_set_owner: a TestWindow has no signal 'unmap::'*",
                        dag_task_set_owner (task, window, "unmap::"));
  test_assert_critical ("*dag_task_set_owner: a TestWindow has no signal ''*",
                        dag_task_set_owner (task, window, ""));
  test_assert_critical ("*dag_task_set_owner*owner != NULL || signal_name == NULL*",
                        dag_task_set_owner (task, NULL, "unmap"));
  test_assert_critical ("*dag_task_set_owner*G_IS_OBJECT*",
                        dag_task_set_owner (task, (gpointer) title, NULL));
  test_assert_critical ("*dag_task_set_owner*DAG_IS_TASK*",
                        dag_task_set_owner (NULL, window, NULL));

  g_signal_emit_by_name (window, "unmap");
  g_assert_true (dag_task_is_cancelled (task));
  test_release (task);
  test_dispose (window);
}

static void
test_task_as_owner (void)
{
  guint n_calls = 0;
  DagTask *owner = new_running ();
  DagTask *owned = new_owned (G_OBJECT (owner), "finished", &n_calls);
  DagTask *own = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("A task can be the owner of another one, and of itself");

  dag_task_set_owner (own, G_OBJECT (own), "started");
  dag_task_hold (owned);
  dag_task_return (owner);
  test_settle (owner);
  dag_task_release (owned);
  assert_cancelled (owned);

  test_drain ();
  g_assert_true (dag_task_is_cancelled (own));
  test_release (own);
  test_release (owned);
  test_release (owner);
  g_assert_cmpuint (n_calls, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-9/owner/before-start", test_before_start);
  g_test_add_func ("/promise-9/owner/running", test_running);
  g_test_add_func ("/promise-9/owner/finished", test_finished);
  g_test_add_func ("/promise-9/owner/not-kept", test_not_kept);
  g_test_add_func ("/promise-9/owner/changed", test_changed);
  g_test_add_func ("/promise-9/owner/disposed-twice", test_disposed_twice);
  g_test_add_func ("/promise-9/owner/owned-in-dispose", test_owned_in_dispose);
  g_test_add_func ("/promise-9/owner/in-function", test_in_function);
  g_test_add_func ("/promise-9/owner/external", test_external);
  g_test_add_func ("/promise-14/owner/context-gone", test_context_gone);
  g_test_add_func ("/promise-9/owner/signal", test_signal);
  g_test_add_func ("/owner/signal/stopped", test_signal_stopped);
  g_test_add_func ("/promise-9/owner/signal-again", test_signal_again);
  g_test_add_func ("/promise-9/owner/detail", test_detail);
  g_test_add_func ("/promise-9/owner/misuse", test_misuse);
  g_test_add_func ("/promise-9/owner/task-as-owner", test_task_as_owner);

  return g_test_run ();
}
