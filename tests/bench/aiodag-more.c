/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

#include <aiodag.h>

static void
finish (DagTask *task)
{
  while (!dag_task_is_finished (task))
    bench_iterate ();
}

/* Tasks that create tasks */

static guint n_tasks, n_left;
static guint32 sum;

static void dynamic_body (DagTask  *task,
                          gpointer  data);

static void
spawn (guint number)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_UINT);
  g_value_set_uint (&value, number);
  g_object_unref (dag_task_new_with_arguments (dynamic_body, NULL, NULL, &value, 1, NULL, 0));
}

static void
dynamic_body (DagTask  *task,
              gpointer  data)
{
  guint number = dag_task_get_argument_uint (task, 0);

  sum += number;
  n_left--;
  for (guint child = 2 * number; child <= 2 * number + 1 && child <= n_tasks; child++)
    spawn (child);

  dag_task_return_uint (task, number);
}

guint32
bench_dynamic (guint n)
{
  sum = 0;
  n_tasks = n_left = n;
  spawn (1);
  while (n_left > 0)
    bench_iterate ();

  return sum;
}

/* Two threads, each with a main context of its own */

static void
ping_pong_body (DagTask  *task,
                gpointer  data)
{
  int value = dag_task_get_n_arguments (task) > 0 ? dag_task_get_argument_int (task, 0) : 0;

  dag_task_return_int (task, value + 1);
}

static gpointer
loop_thread (gpointer data)
{
  GMainLoop *loop = data;

  g_main_context_push_thread_default (g_main_loop_get_context (loop));
  g_main_loop_run (loop);
  g_main_context_pop_thread_default (g_main_loop_get_context (loop));

  return NULL;
}

guint32
bench_ping_pong (guint n)
{
  GMainContext *contexts[] = { g_main_context_default (), g_main_context_new () };
  GMainLoop *loop = g_main_loop_new (contexts[1], FALSE);
  GThread *thread = g_thread_new ("pong", loop_thread, loop);
  DagTask *last = NULL;
  guint32 value;

  /* The last is in the main context of this thread. */
  for (guint i = n; i-- > 0; )
    {
      DagTask *task = g_object_new (DAG_TYPE_TASK, "context", contexts[i % 2], "held", TRUE, NULL);

      dag_task_set_function (task, ping_pong_body, NULL, NULL);
      if (last != NULL)
        dag_task_add_input (task, last, DAG_RULE_SUCCEEDED, NULL);
      dag_task_release (task);
      g_clear_object (&last);
      last = task;
    }

  finish (last);
  value = (guint32) g_value_get_int (dag_task_get_value (last));
  g_object_unref (last);

  g_main_loop_quit (loop);
  g_thread_join (thread);
  g_main_loop_unref (loop);
  g_main_context_unref (contexts[1]);

  return value;
}

/* A task that reads from a stream, and one that needs what was read */

static gint64 returned, started;

static void
read_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  GBytes *bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, NULL);

  returned = bench_now ();
  dag_task_return_take_boxed (user_data, G_TYPE_BYTES, bytes);
}

static void
read_body (DagTask  *task,
           gpointer  data)
{
  g_input_stream_read_bytes_async (data, 1, G_PRIORITY_DEFAULT, NULL, read_cb, task);
}

static void
use_body (DagTask  *task,
          gpointer  data)
{
  started = bench_now ();
  dag_task_return_uint64 (task, g_bytes_get_size (dag_task_get_argument_boxed (task, 0)));
}

void
bench_latency (guint   n,
               gint64 *times)
{
  g_autofree char *data = g_malloc0 (n);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (data, n, NULL);

  for (guint i = 0; i < n; i++)
    {
      DagTask *source = dag_task_new (read_body, stream, NULL);
      DagTask *user = dag_task_new_with_inputs (use_body, NULL, NULL, &source, 1);

      g_object_unref (source);
      finish (user);
      g_object_unref (user);
      times[i] = started - returned;
    }
}

/* Bodies in threads */

static void
spin_body (DagTask  *task,
           gpointer  data)
{
  bench_spin (GPOINTER_TO_UINT (data));
  dag_task_return_int (task, 1);
}

void
bench_threads (guint n,
               guint n_threads,
               guint microseconds)
{
  g_autoptr (DagWorker) worker = dag_worker_new ("bench", n_threads);
  g_autofree DagTask **tasks = g_new (DagTask *, n);

  for (guint i = 0; i < n; i++)
    {
      tasks[i] = dag_task_new_in_thread (spin_body, GUINT_TO_POINTER (microseconds), NULL);
      dag_task_set_worker (tasks[i], worker);
    }
  for (guint i = 0; i < n; i++)
    {
      finish (tasks[i]);
      g_object_unref (tasks[i]);
    }
}
