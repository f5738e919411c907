/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Cancellables of the user's that tasks follow. */

#include "thread-util.h"

static DagTask *
new_running (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();

  return task;
}

static void
assert_cancelled (DagTask *task)
{
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Nobody else has it, and so no handler of a task is left. */
static void
assert_last (GCancellable *cancellable)
{
  guint signal = g_signal_lookup ("cancelled", G_TYPE_CANCELLABLE);
  gpointer weak = cancellable;

  g_object_add_weak_pointer (G_OBJECT (cancellable), &weak);
  g_assert_cmpuint (g_signal_handler_find (cancellable, G_SIGNAL_MATCH_ID, signal, 0, NULL, NULL,
                                           NULL), ==, 0);
  g_object_unref (cancellable);
  g_assert_null (weak);
}

static void
count_notify_cb (DagTask    *task,
                 GParamSpec *pspec,
                 gpointer    user_data)
{
  (*(guint *) user_data)++;
}

static void
test_follows (void)
{
  GCancellable *parent = g_cancellable_new ();
  DagTask *running = new_running (), *waiting = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Tasks follow a cancellable, before and after they start, from the very call");

  dag_task_set_parent_cancellable (running, parent);
  dag_task_set_parent_cancellable (waiting, parent);
  g_assert_true (dag_task_get_parent_cancellable (running) == parent);
  g_assert_true (dag_task_get_cancellable (running) != parent);

  g_cancellable_cancel (parent);
  g_assert_true (dag_task_is_cancelled (running));
  g_assert_true (dag_task_is_cancelled (waiting));
  g_assert_false (g_cancellable_is_cancelled (dag_task_get_cancellable (running)));
  test_drain ();
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (running)));

  dag_task_return_int (running, 1);
  test_settle (running);
  test_settle (waiting);
  assert_cancelled (running);
  assert_cancelled (waiting);
  g_assert_null (dag_task_get_parent_cancellable (running));
  test_release (running);
  test_release (waiting);
  assert_last (parent);
}

static void
test_already (void)
{
  GCancellable *parent = g_cancellable_new ();
  DagTask *task, *callback;

  g_test_summary ("A cancellable that is cancelled already cancels at once, and the function never "
                  "starts");

  g_cancellable_cancel (parent);
  task = g_object_new (DAG_TYPE_TASK, "cancellable", parent, NULL);
  g_assert_true (dag_task_is_cancelled (task));
  callback = dag_task_new_for_callback (NULL, parent, NULL, NULL);
  g_assert_true (dag_task_is_cancelled (callback));
  g_assert_cmpint (dag_task_get_state (callback), ==, DAG_STATE_RUNNING);
  dag_task_return_int (callback, 1);

  test_settle (task);
  test_settle (callback);
  assert_cancelled (task);
  assert_cancelled (callback);
  test_release (task);
  test_release (callback);
  assert_last (parent);
}

static void
test_never_cancelled (void)
{
  GCancellable *parent = g_cancellable_new ();
  DagTask *task = new_running ();

  g_test_summary ("A task never cancels what it follows, and leaves it when it has finished");

  dag_task_set_parent_cancellable (task, parent);
  dag_task_cancel (task);
  dag_task_return_int (task, 1);
  test_settle (task);
  assert_cancelled (task);
  g_assert_false (g_cancellable_is_cancelled (parent));

  /* Too late to follow. */
  dag_task_set_parent_cancellable (task, parent);
  g_assert_null (dag_task_get_parent_cancellable (task));
  assert_last (parent);
  test_release (task);
}

static void
test_replaced (void)
{
  GCancellable *first = g_cancellable_new (), *second = g_cancellable_new ();
  DagTask *task = new_running ();
  guint n_notified = 0;

  g_test_summary ("A cancellable that was replaced or taken away has no more to say");

  g_signal_connect (task, "notify::cancellable", G_CALLBACK (count_notify_cb), &n_notified);
  dag_task_set_parent_cancellable (task, first);
  dag_task_set_parent_cancellable (task, first);
  g_assert_cmpuint (n_notified, ==, 1);
  g_object_set (task, "cancellable", second, NULL);
  g_assert_cmpuint (n_notified, ==, 2);
  g_cancellable_cancel (first);
  g_assert_false (dag_task_is_cancelled (task));
  assert_last (first);

  dag_task_set_parent_cancellable (task, NULL);
  g_cancellable_cancel (second);
  g_assert_false (dag_task_is_cancelled (task));
  assert_last (second);

  dag_task_return_int (task, 1);
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
  test_release (task);
}

static void
test_shared (void)
{
  GCancellable *parent = g_cancellable_new ();
  DagTask *tasks[1000];

  g_test_summary ("A thousand tasks may follow one cancellable");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      tasks[i] = i % 2 ? new_running () : g_object_new (DAG_TYPE_TASK, "held", TRUE, NULL);
      dag_task_set_parent_cancellable (tasks[i], parent);
    }

  g_cancellable_cancel (parent);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      if (i % 2)
        dag_task_return_int (tasks[i], 1);
      test_settle (tasks[i]);
      assert_cancelled (tasks[i]);
      g_object_unref (tasks[i]);
    }

  assert_last (parent);
}

typedef struct {
  DagTask *task;
  DagTask *dependent;
  guint    n_nested;
} Nest;

static void
nested_loop_cb (GCancellable *cancellable,
                gpointer      user_data)
{
  Nest *self = user_data;
  g_autoptr (DagTask) fresh = NULL;

  self->n_nested++;
  test_settle (self->task);
  test_settle (self->dependent);

  fresh = dag_task_new (test_body_succeed, NULL, NULL);
  test_settle (fresh);
}

static void
test_nested_loop (void)
{
  GCancellable *parent = g_cancellable_new ();
  Nest state = { NULL };

  g_test_summary ("A handler of the user's may run a main loop in which the tasks that follow end");

  state.task = dag_task_new (test_body_pending, NULL, NULL);
  dag_task_set_parent_cancellable (state.task, parent);
  state.dependent = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &state.task, 1);
  g_signal_connect (parent, "cancelled", G_CALLBACK (nested_loop_cb), &state);

  g_cancellable_cancel (parent);
  g_assert_cmpuint (state.n_nested, ==, 1);
  assert_cancelled (state.task);
  g_assert_cmpint (dag_task_get_state (state.dependent), ==, DAG_STATE_SKIPPED);
  test_release (state.dependent);
  test_release (state.task);
  g_signal_handlers_disconnect_by_data (parent, &state);
  assert_last (parent);
}

static gpointer
cancel_thread (gpointer data)
{
  gpointer *arguments = data;

  test_barrier_wait (arguments[0]);
  g_cancellable_cancel (arguments[1]);

  return NULL;
}

static void
test_race (void)
{
  g_test_summary ("A cancellable may be cancelled by another thread while a task starts to follow it, "
                  "finishes and goes");

  for (guint i = 0; i < 400; i++)
    {
      GCancellable *parent = g_cancellable_new ();
      TestBarrier barrier;
      gpointer arguments[] = { &barrier, parent };
      GThread *thread;
      DagTask *tasks[8];

      test_barrier_init (&barrier, 2);
      thread = g_thread_new ("cancel", cancel_thread, arguments);

      if (i % 2 == 0)
        test_barrier_wait (&barrier);
      for (guint j = 0; j < G_N_ELEMENTS (tasks); j++)
        {
          tasks[j] = dag_task_new (test_body_succeed, NULL, NULL);
          dag_task_set_parent_cancellable (tasks[j], parent);
        }
      if (i % 2 != 0)
        test_barrier_wait (&barrier);

      for (guint j = 0; j < G_N_ELEMENTS (tasks); j++)
        {
          test_settle (tasks[j]);
          if (dag_task_get_state (tasks[j]) != DAG_STATE_SUCCEEDED)
            assert_cancelled (tasks[j]);
          g_object_unref (tasks[j]);
        }

      g_thread_join (thread);
      test_drain ();
      assert_last (parent);
      test_barrier_clear (&barrier);
    }
}

static void
test_foreign_setter (void)
{
  TestWorker *worker = test_worker_new ();
  GCancellable *parent = g_cancellable_new ();

  g_test_summary ("A task of another thread may be given a cancellable while it finishes, by the thread "
                  "that made it");

  for (guint i = 0; i < 500; i++)
    {
      DagTask *task = g_object_new (DAG_TYPE_TASK, "context", worker->context, NULL);

      dag_task_set_parent_cancellable (task, parent);
      dag_task_wait (task, NULL, NULL);
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
      g_object_unref (task);
    }

  /* All of them have left when it has nothing more to do. */
  test_worker_call (worker, (void (*) (gpointer)) test_drain, NULL);
  g_cancellable_cancel (parent);
  assert_last (parent);
  test_worker_free (worker);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-9/parent/follows", test_follows);
  g_test_add_func ("/promise-9/parent/already", test_already);
  g_test_add_func ("/promise-9/parent/never-cancelled", test_never_cancelled);
  g_test_add_func ("/promise-9/parent/replaced", test_replaced);
  g_test_add_func ("/promise-9/parent/shared", test_shared);
  g_test_add_func ("/promise-9/parent/nested-loop", test_nested_loop);
  g_test_add_func ("/promise-9/parent/race", test_race);
  g_test_add_func ("/promise-9/parent/foreign-setter", test_foreign_setter);

  return g_test_run ();
}
