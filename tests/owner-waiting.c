/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Who hears of the end of a task that belongs to an object, and whose own end comes first. */

#include "owner-util.h"

/* Awaits */

static void
await_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dag_task_await_finish (DAG_TASK (source), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  (*(guint *) user_data)++;
}

static void
test_await (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0, n_awaits = 0;
  DagTask *task = new_owned (window, NULL, &n_calls);
  DagTask *dependent = dag_task_new_with_inputs (test_body_count, &n_calls, NULL, &task, 1);
  g_autoptr (GError) error = NULL;

  g_test_summary ("Who awaits a task whose owner is gone, or what needs that task, gets "
                  "G_IO_ERROR_CANCELLED, once");

  dag_task_await_async (task, NULL, await_cb, &n_awaits);
  dag_task_await_async (dependent, NULL, await_cb, &n_awaits);
  test_dispose (window);
  g_assert_cmpuint (n_awaits, ==, 0);
  g_assert_null (dag_task_wait (dependent, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  test_drain ();

  g_assert_cmpuint (n_awaits, ==, 2);
  g_assert_cmpuint (n_calls, ==, 0);
  test_release (dependent);
  test_release (task);
}

/* Handlers of a task's end that are tied to an object */

typedef struct {
  GObject  *window;     /* (unowned): the handler is gone when that is */
  guint     n_calls;
  guint     n_destroys;
  gboolean  on_stack;
  gboolean  close;
} Handler;

static void
handler_cb (DagTask  *task,
            gpointer  user_data)
{
  Handler *self = user_data;

  g_assert_true (TEST_IS_WINDOW (self->window));
  self->n_calls++;
  self->on_stack = TRUE;
  if (self->close)
    g_object_run_dispose (self->window);
  g_assert_cmpuint (self->n_destroys, ==, 0);
  self->on_stack = FALSE;
}

static void
handler_destroy (gpointer  data,
                 GClosure *closure)
{
  Handler *self = data;

  g_assert_false (self->on_stack);
  self->n_destroys++;
}

static void
connect_for (DagTask *task,
             GObject *window,
             Handler *handler)
{
  GClosure *closure = g_cclosure_new (G_CALLBACK (handler_cb), handler, handler_destroy);

  handler->window = window;
  g_object_watch_closure (window, closure);
  g_signal_connect_closure (task, "finished", closure, FALSE);
}

static void
test_handler (void)
{
  GObject *window = test_window_new ();
  DagTask *task = dag_task_new (test_body_succeed, NULL, NULL);
  Handler handler = { 0 };

  g_test_summary ("A handler that is tied to an object is called when the task finishes while that "
                  "is "
                  "there, and keeps neither");

  connect_for (task, window, &handler);
  g_assert_cmpuint (window->ref_count, ==, 1);
  test_settle (task);
  g_assert_cmpuint (handler.n_calls, ==, 1);
  g_assert_cmpuint (handler.n_destroys, ==, 0);

  test_release (task);
  g_assert_cmpuint (handler.n_destroys, ==, 1);
  test_dispose (window);
  g_assert_cmpuint (handler.n_destroys, ==, 1);
}

static void
test_handler_dropped (void)
{
  GObject *window = test_window_new ();
  DagTask *task = new_running ();
  Handler handler = { 0 };

  g_test_summary ("A handler whose object is gone is dropped, its data is destroyed at once, and the "
                  "failure that it did not see is reported");

  connect_for (task, window, &handler);
  test_dispose (window);
  g_assert_cmpuint (handler.n_destroys, ==, 1);

  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "No such thing");
  test_settle (task);
  g_assert_cmpuint (handler.n_calls, ==, 0);

  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, "*No such thing*");
  test_release (task);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (handler.n_destroys, ==, 1);
}

static void
test_handler_both (void)
{
  GObject *window = test_window_new ();
  guint n_calls = 0;
  DagTask *task = new_owned (window, NULL, &n_calls);
  Handler handler = { 0 };

  g_test_summary ("Of a task that is cancelled because its owner is gone, a handler for that owner "
                  "hears "
                  "nothing");

  connect_for (task, window, &handler);
  test_dispose (window);
  g_assert_cmpuint (handler.n_destroys, ==, 1);
  test_settle (task);
  assert_cancelled (task);
  g_assert_cmpuint (handler.n_calls, ==, 0);
  test_release (task);
}

static void
test_handler_closes (void)
{
  GObject *window = test_window_new ();
  DagTask *task = dag_task_new (test_body_succeed, NULL, NULL);
  Handler handler = { .close = TRUE };

  g_test_summary ("A handler can be where its object is disposed of: its data is destroyed when it "
                  "has "
                  "come back");

  connect_for (task, window, &handler);
  test_settle (task);
  g_assert_cmpuint (handler.n_calls, ==, 1);
  g_assert_cmpuint (handler.n_destroys, ==, 1);
  test_dispose (window);
  test_release (task);
  g_assert_cmpuint (handler.n_destroys, ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-9/owner-waiting/await", test_await);
  g_test_add_func ("/promise-9/owner-waiting/handler", test_handler);
  g_test_add_func ("/promise-8/owner-waiting/handler-dropped", test_handler_dropped);
  g_test_add_func ("/promise-9/owner-waiting/handler-both", test_handler_both);
  g_test_add_func ("/promise-9/owner-waiting/handler-closes", test_handler_closes);

  return g_test_run ();
}
