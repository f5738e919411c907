/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Many tasks that belong to an object, and objects that end in other threads. */

#include "owner-util.h"

static void
test_many (void)
{
  guint n = test_size (200000);
  GObject *window = test_window_new ();
  g_autofree DagTask **tasks = g_new (DagTask *, n);
  guint n_calls = 0;

  g_test_summary ("Each of many tasks of one owner comes and goes in constant time, in any order");

  for (guint i = 0; i < n; i++)
    tasks[i] = new_owned (window, i % 2 ? NULL : "unmap", &n_calls);

  for (guint i = 0; i < n; i += 3)
    dag_task_cancel (tasks[i]);
  for (guint i = n; i-- > 1;)
    if (i % 3 == 1)
      dag_task_set_owner (tasks[i], NULL, NULL);
  g_signal_emit_by_name (window, "unmap");
  test_dispose (window);

  for (guint i = 0; i < n; i++)
    g_assert_cmpint (dag_task_is_cancelled (tasks[i]), ==, i % 3 != 1);
  test_drain ();
  g_assert_cmpuint (n_calls, ==, (n + 1) / 3);

  for (guint i = 0; i < n; i++)
    g_assert_finalize_object (tasks[i]);
}

/* Threads */

typedef struct {
  TestBarrier *barrier;
  GObject     *window;  /* (owned) */
} Closing;

static gpointer
close_in_thread (gpointer data)
{
  Closing *self = data;

  test_barrier_wait (self->barrier);
  g_signal_emit_by_name (self->window, "unmap");
  g_object_unref (self->window);

  return NULL;
}

static void
test_disposed_elsewhere (void)
{
  g_test_summary ("An owner may emit its signal and be disposed of in one thread while its tasks "
                  "start, "
                  "finish, leave and come in another one");

  for (guint round = 0; round < 100; round++)
    {
      TestBarrier barrier;
      Closing closing = { &barrier, test_window_new () };
      GObject *window = g_object_ref (closing.window);
      DagTask *tasks[30];
      guint n_calls = 0;
      GThread *thread;

      test_barrier_init (&barrier, 2);
      for (guint i = 0; i < 20; i++)
        tasks[i] = new_owned (window, i % 2 ? NULL : "unmap", &n_calls);
      thread = g_thread_new ("closing", close_in_thread, &closing);

      test_barrier_wait (&barrier);
      for (guint i = 20; i < 30; i++)
        tasks[i] = new_owned (window, i % 2 ? NULL : "unmap", &n_calls);
      g_object_unref (window);
      dag_task_set_owner (tasks[0], NULL, NULL);

      for (guint i = 0; i < 30; i++)
        {
          test_settle (tasks[i]);
          if (dag_task_get_state (tasks[i]) != DAG_STATE_SUCCEEDED)
            assert_cancelled (tasks[i]);
        }
      g_thread_join (thread);

      /* The thread may have cancelled one that finished at that moment. */
      test_drain ();

      for (guint i = 0; i < 30; i++)
        g_assert_finalize_object (tasks[i]);
    }
}

static void
start_ten (gpointer data)
{
  DagTask **tasks = data;

  for (guint i = 0; i < 10; i++)
    tasks[i] = new_running ();
}

static gpointer
return_in_thread (gpointer data)
{
  DagTask **tasks = data;

  for (guint i = 0; i < 10; i++)
    dag_task_return_int (tasks[i], 17);

  return NULL;
}

static void
test_worker_tasks (void)
{
  TestWorker *worker = test_worker_new ();

  g_test_summary ("Tasks of a thread's own context may have an owner that is disposed of here, while "
                  "they "
                  "return in a third thread");

  for (guint round = 0; round < 100; round++)
    {
      GObject *window = test_window_new ();
      DagTask *tasks[10];
      GThread *thread;

      test_worker_call (worker, start_ten, tasks);
      for (guint i = 0; i < 10; i++)
        dag_task_set_owner (tasks[i], window, i % 2 ? NULL : "unmap");

      thread = g_thread_new ("returning", return_in_thread, tasks);
      g_signal_emit_by_name (window, "unmap");
      test_dispose (window);
      g_thread_join (thread);

      for (guint i = 0; i < 10; i++)
        {
          g_autoptr (GError) error = NULL;

          if (dag_task_wait (tasks[i], NULL, &error) == NULL)
            g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          g_object_unref (tasks[i]);
        }
    }

  test_worker_free (worker);
}

static gpointer
set_in_thread (gpointer data)
{
  DagTask *task = data;
  GObject *windows[] = { test_window_new (), test_window_new () };

  for (guint i = 0; i < 100; i++)
    dag_task_set_owner (task, windows[i % 2], i % 4 < 2 ? "unmap" : NULL);
  dag_task_set_owner (task, NULL, NULL);
  g_object_unref (windows[0]);
  g_object_unref (windows[1]);
  g_object_unref (task);

  return NULL;
}

static void
test_set_elsewhere (void)
{
  g_test_summary ("An owner may be set in several threads while the task finishes");

  for (guint round = 0; round < 50; round++)
    {
      DagTask *task = dag_task_new (test_body_succeed, NULL, NULL);
      GThread *threads[2];

      for (guint i = 0; i < 2; i++)
        threads[i] = g_thread_new ("setting", set_in_thread, g_object_ref (task));
      test_settle (task);
      for (guint i = 0; i < 2; i++)
        g_thread_join (threads[i]);

      test_release (task);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-11/owner-threads/many", test_many);
  g_test_add_func ("/promise-12/owner-threads/disposed-elsewhere", test_disposed_elsewhere);
  g_test_add_func ("/promise-12/owner-threads/worker-tasks", test_worker_tasks);
  g_test_add_func ("/promise-12/owner-threads/set-elsewhere", test_set_elsewhere);

  return g_test_run ();
}
