/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A main context that is iterated by another kind of main loop, which waits for what the context waits
 * for.
 */

#include "loop-util.h"
#include "runner-util.h"

#include <glib-unix.h>
#include <unistd.h>

/* A main loop of somebody else's: waits, and has the context do what there is to do. */
static void
foreign_turn (GMainContext *context)
{
  gsize n_polls;
  int timeout;
  int *polls = dag_context_query (context, &timeout, &n_polls);

  wait_for_polls (polls, n_polls, timeout);
  g_main_context_iteration (context, FALSE);
}

static int
get_timeout (GMainContext *context)
{
  gsize n_polls;
  int timeout;

  g_free (dag_context_query (context, &timeout, &n_polls));

  return timeout;
}

static void
test_tasks (void)
{
  GMainContext *context = begin ();
  TestBinding *binding = test_binding_new (context);
  DagTask *tasks[3];
  TestJob *waiter;

  g_test_summary ("Another main loop runs tasks of either kind, and waits no longer than they do");

  tasks[0] = test_binding_task (binding, "a", NULL, NULL);
  tasks[1] = dag_task_new_delay (2);
  g_assert_true (dag_task_add_prerequisite (tasks[1], tasks[0], DAG_RULE_SUCCEEDED, NULL));
  tasks[2] = test_binding_task (binding, "b", NULL, tasks[1]);
  waiter = test_binding_await (binding, "waiter", NULL, tasks[2]);

  /* There is something to do at once. */
  g_assert_cmpint (get_timeout (context), ==, 0);
  while (waiter->n_called == 0)
    foreign_turn (context);
  assert_story ("a b waiter");

  test_release (tasks[2]);
  test_release (tasks[1]);
  test_release (tasks[0]);
  test_binding_free (binding);
  end (context);
}

static void
test_thread (void)
{
  GMainContext *context = begin ();
  TestBinding *binding = test_binding_new (context);

  g_test_summary ("It is woken up by what other threads do, whether it waits already or not");

  for (guint i = 0; i < 200; i++)
    {
      DagTask *task = test_binding_task (binding, NULL, pend, NULL);
      GThread *thread;

      test_drain ();
      g_assert_cmpint (get_timeout (context), ==, -1);
      thread = g_thread_new ("return", return_thread, task);
      if (i % 2)
        g_thread_join (g_steal_pointer (&thread));

      while (!dag_task_is_finished (task))
        foreign_turn (context);
      if (thread != NULL)
        g_thread_join (thread);
      test_release (task);
    }

  test_binding_free (binding);
  end (context);
}

static gpointer
wake_thread (gpointer user_data)
{
  dag_runner_wake (user_data);

  return NULL;
}

static void
test_wake (void)
{
  GMainContext *context = begin ();
  TestBinding *binding = test_binding_new (context);

  g_test_summary ("It is woken up by a runner");

  for (guint i = 0; i < 200; i++)
    {
      GThread *thread = g_thread_new ("wake", wake_thread, binding->runner);

      while (binding->n_set == i)
        foreign_turn (context);
      g_assert_cmpuint (binding->n_set, ==, i + 1);
      g_thread_join (thread);
    }

  test_binding_free (binding);
  end (context);
}

static gboolean
count_cb (gpointer user_data)
{
  (*(guint *) user_data)++;

  return G_SOURCE_REMOVE;
}

static guint
attach (GSource      *source,
        GMainContext *context,
        guint        *n_called)
{
  guint id;

  g_source_set_callback (source, count_cb, n_called, NULL);
  id = g_source_attach (source, context);
  g_source_unref (source);

  return id;
}

static void
test_timeout (void)
{
  GMainContext *context = begin ();
  guint n_called = 0;
  guint id;

  g_test_summary ("The timeout is that of the first source that has one, in milliseconds, 0 if there "
                  "is something to do, and else -1");

  g_assert_cmpint (get_timeout (context), ==, -1);

  id = attach (g_timeout_source_new (100000), context, &n_called);
  g_assert_cmpint (get_timeout (context), >, 50000);
  g_assert_cmpint (get_timeout (context), <=, 100000);

  attach (g_timeout_source_new (5), context, &n_called);
  g_assert_cmpint (get_timeout (context), <=, 5);
  while (n_called == 0)
    foreign_turn (context);
  g_assert_cmpint (get_timeout (context), >, 50000);

  /* To ask does not use anything up. */
  attach (g_idle_source_new (), context, &n_called);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (get_timeout (context), ==, 0);
  g_assert_cmpuint (n_called, ==, 1);
  foreign_turn (context);
  g_assert_cmpuint (n_called, ==, 2);

  g_source_destroy (g_main_context_find_source_by_id (context, id));
  g_assert_cmpint (get_timeout (context), ==, -1);
  end (context);
}

#define N_PIPES 50

static gboolean
read_cb (int           fd,
         GIOCondition  condition,
         gpointer      user_data)
{
  char byte;

  g_assert_cmpint (condition, ==, G_IO_IN);
  g_assert_cmpint (read (fd, &byte, 1), ==, 1);
  (*(guint *) user_data)++;

  return G_SOURCE_CONTINUE;
}

static void
test_descriptors (void)
{
  GMainContext *context = begin ();
  int pipes[N_PIPES][2];
  GSource *sources[N_PIPES];
  g_autofree int *polls = NULL;
  gsize n_polls;
  guint n_called = 0, n_found = 0;
  int timeout;

  g_test_summary ("All descriptors are there that sources wait for, each with what for, however many");

  for (guint i = 0; i < N_PIPES; i++)
    {
      g_assert_true (g_unix_open_pipe (pipes[i], 0, NULL));
      sources[i] = g_unix_fd_source_new (pipes[i][0], G_IO_IN);
      g_source_set_callback (sources[i], G_SOURCE_FUNC (read_cb), &n_called, NULL);
      g_source_attach (sources[i], context);
    }

  polls = dag_context_query (context, &timeout, &n_polls);
  g_assert_cmpint (timeout, ==, -1);
  g_assert_cmpuint (n_polls, ==, 2 * (N_PIPES + 1));
  for (guint i = 0; i < N_PIPES; i++)
    for (gsize j = 0; j < n_polls; j += 2)
      if (polls[j] == pipes[i][0])
        {
          g_assert_cmpint (polls[j + 1] & (G_IO_IN | G_IO_OUT), ==, G_IO_IN);
          n_found++;
        }
  g_assert_cmpuint (n_found, ==, N_PIPES);

  g_assert_cmpint (write (pipes[N_PIPES - 1][1], "x", 1), ==, 1);
  while (n_called == 0)
    foreign_turn (context);
  g_assert_cmpuint (n_called, ==, 1);

  for (guint i = 0; i < N_PIPES; i++)
    {
      g_source_destroy (sources[i]);
      g_source_unref (sources[i]);
      close (pipes[i][0]);
      close (pipes[i][1]);
    }
  end (context);
}

static void
test_misuse (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  gsize n_polls;
  int timeout;

  g_test_summary ("Only who has acquired a context can ask what it waits for");

  test_assert_critical ("dag_context_query: *g_main_context_is_owner*",
                        g_assert_null (dag_context_query (context, &timeout, &n_polls)));
  test_assert_critical ("dag_context_query: *",
                        g_assert_null (dag_context_query (NULL, &timeout, &n_polls)));
  g_assert_true (g_main_context_acquire (context));
  test_assert_critical ("dag_context_query: *",
                        g_assert_null (dag_context_query (context, NULL, &n_polls)));
  test_assert_critical ("dag_context_query: *",
                        g_assert_null (dag_context_query (context, &timeout, NULL)));
  g_main_context_release (context);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/context-query/tasks", test_tasks);
  g_test_add_func ("/promise-12/context-query/thread", test_thread);
  g_test_add_func ("/promise-12/context-query/wake", test_wake);
  g_test_add_func ("/context-query/timeout", test_timeout);
  g_test_add_func ("/context-query/descriptors", test_descriptors);
  g_test_add_func ("/context-query/misuse", test_misuse);

  return g_test_run ();
}
