/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Promise 12: who waits for a main context is woken up when there is something to do, whatever kind of
 * loop that is; and nobody is woken up for nothing.
 */

#define _GNU_SOURCE

#include "loop-util.h"

#include <dlfcn.h>

/* The library's calls come here, because a program's own functions go before those of the libraries. */
static guint n_rung;               /* how often a source was made ready; atomic */
static gboolean keeps_context;     /* whether it keeps the context meanwhile, as from GLib 2.86 on */
static gint is_kept;               /* atomic; whether it does */
static gint may_drop;              /* atomic; whether it may drop it */

void
g_source_set_ready_time (GSource *source,
                         gint64   ready_time)
{
  static void (*real) (GSource *source, gint64 ready_time);
  GMainContext *context = NULL;

  if (g_once_init_enter (&real))
    g_once_init_leave (&real, dlsym (RTLD_NEXT, "g_source_set_ready_time"));

  if (ready_time == 0)
    {
      g_atomic_int_inc (&n_rung);
      if (keeps_context)
        context = g_main_context_ref (g_source_get_context (source));
    }

  real (source, ready_time);

  if (context != NULL)
    {
      g_atomic_int_set (&is_kept, TRUE);
      while (!g_atomic_int_get (&may_drop))
        g_thread_yield ();
      g_main_context_unref (context);
    }
}

/* A main loop of somebody else's, which has asked a context what to wait for. */
typedef struct {
  int   *polls;
  gsize  n_polls;
} Sleeper;

static Sleeper
fall_asleep (GMainContext *context)
{
  Sleeper self;
  int timeout;

  self.polls = dag_context_query (context, &timeout, &self.n_polls);
  g_assert_cmpint (timeout, ==, -1);

  return self;
}

static gboolean
is_woken (Sleeper *self)
{
  return wait_for_polls (g_steal_pointer (&self->polls), self->n_polls, 0);
}

static void
attach_idle (GMainContext *context,
             GSourceFunc   function,
             gpointer      data)
{
  GSource *source = g_idle_source_new ();

  g_source_set_callback (source, function, data, NULL);
  g_source_attach (source, context);
  g_source_unref (source);
}

static void
test_own_thread (void)
{
  GMainContext *context = begin ();
  DagTask *pending, *task;
  Sleeper sleeper;

  g_test_summary ("Another main loop is woken by what its own thread does, the first task included");

  sleeper = fall_asleep (context);
  pending = dag_task_new (test_body_pending, NULL, NULL);
  g_assert_true (is_woken (&sleeper));
  test_drain ();

  sleeper = fall_asleep (context);
  task = dag_task_new (NULL, NULL, NULL);
  g_assert_true (is_woken (&sleeper));
  test_drain ();

  sleeper = fall_asleep (context);
  dag_task_return_int (pending, 1);
  g_assert_true (is_woken (&sleeper));
  test_drain ();

  test_release (task);
  test_release (pending);
  end (context);
}

static gboolean
return_cb (gpointer user_data)
{
  dag_task_return_int (user_data, 1);

  return G_SOURCE_REMOVE;
}

static void
test_dispatch (void)
{
  GMainContext *context = begin ();
  DagTask *pending = dag_task_new (test_body_pending, NULL, NULL);
  guint n;

  g_test_summary ("What happens in a dispatch of the only loop wakes nobody: it asks again before it "
                  "waits");

  test_drain ();
  n = g_atomic_int_get (&n_rung);
  attach_idle (context, return_cb, pending);
  test_finish (pending);
  g_assert_cmpuint (g_atomic_int_get (&n_rung), ==, n);

  test_release (pending);
  end (context);
}

/* Returns a task while a loop sleeps that was started in the same dispatch. */
typedef struct {
  GMainContext *context;
  DagTask      *pending;
  gboolean      woken;
} Nested;

static gboolean
nested_cb (gpointer user_data)
{
  Nested *self = user_data;
  Sleeper sleeper;

  test_drain ();
  sleeper = fall_asleep (self->context);
  dag_task_return_int (self->pending, 1);
  self->woken = is_woken (&sleeper);

  return G_SOURCE_REMOVE;
}

static void
nested_body (DagTask  *task,
             gpointer  user_data)
{
  nested_cb (user_data);
  dag_task_return (task);
}

static void
test_nested (void)
{
  g_test_summary ("A loop that waits inside of a dispatch of the same context is woken, be it that of "
                  "another source or a task's");

  for (guint i = 0; i < 2; i++)
    {
      GMainContext *context = begin ();
      Nested self = { context, dag_task_new (test_body_pending, NULL, NULL) };

      test_drain ();
      if (i == 0)
        attach_idle (context, nested_cb, &self);
      else
        g_object_unref (dag_task_new (nested_body, &self, NULL));
      test_drain ();
      g_assert_true (self.woken);

      test_release (self.pending);
      end (context);
    }
}

static void
test_around (void)
{
  GMainContext *context = begin ();
  DagTask *pending = dag_task_new (test_body_pending, NULL, NULL);
  Sleeper sleeper;

  g_test_summary ("A loop that has asked the context is woken, though that was iterated since, and by "
                  "what happened in that");

  test_drain ();
  sleeper = fall_asleep (context);
  attach_idle (context, return_cb, pending);
  g_assert_true (g_main_context_iteration (context, FALSE));
  g_assert_true (is_woken (&sleeper));

  test_release (pending);
  end (context);
}

static void
test_other_context (void)
{
  GMainContext *context = begin (), *other = g_main_context_new ();
  DagTask *task, *dependent;
  Sleeper sleeper;

  g_test_summary ("A loop that has asked one context is woken by what an iteration of another one does");

  g_main_context_push_thread_default (other);
  task = dag_task_new (NULL, NULL, NULL);
  g_main_context_pop_thread_default (other);
  dependent = dag_task_new_with_inputs (NULL, NULL, NULL, &task, 1);
  test_drain ();

  sleeper = fall_asleep (context);
  g_assert_true (dag_task_wait (task, NULL, NULL));
  g_assert_true (is_woken (&sleeper));

  while (g_main_context_iteration (other, FALSE))
    ;
  test_release (dependent);
  test_release (task);
  g_main_context_unref (other);
  end (context);
}

/* A thread that takes over a context which another one has iterated. */
typedef struct {
  GMainContext *context;
  DagTask      *pending;
  gint          sleeps;  /* atomic */
} Successor;

static gpointer
successor_thread (gpointer user_data)
{
  Successor *self = user_data;
  Sleeper sleeper;

  g_assert_true (g_main_context_acquire (self->context));
  g_main_context_push_thread_default (self->context);

  sleeper = fall_asleep (self->context);
  g_atomic_int_set (&self->sleeps, TRUE);
  g_assert_true (wait_for_polls (sleeper.polls, sleeper.n_polls, -1));
  test_finish (self->pending);

  test_drain ();
  g_main_context_pop_thread_default (self->context);
  g_main_context_release (self->context);

  return NULL;
}

static gboolean
return_to_successor_cb (gpointer user_data)
{
  Successor *self = user_data;

  while (!g_atomic_int_get (&self->sleeps))
    g_thread_yield ();
  dag_task_return_int (self->pending, 1);

  return G_SOURCE_REMOVE;
}

static void
test_successor (void)
{
  g_test_summary ("A thread that has iterated a context before wakes the one that does so now, also from "
                  "a dispatch of another context");

  for (guint i = 0; i < 200; i++)
    {
      Successor self = { begin () };
      GThread *thread;

      self.pending = dag_task_new (test_body_pending, NULL, NULL);
      test_drain ();
      g_main_context_pop_thread_default (self.context);
      g_main_context_release (self.context);

      thread = g_thread_new ("successor", successor_thread, &self);
      attach_idle (NULL, return_to_successor_cb, &self);
      test_drain ();
      g_thread_join (thread);

      g_object_unref (self.pending);
      g_main_context_unref (self.context);
    }
}

static void
test_last_reference (void)
{
  GMainContext *context = begin ();
  DagTask *pending = dag_task_new (test_body_pending, NULL, NULL);
  GThread *thread;

  g_test_summary ("Promise 14: a thread that wakes a context may turn out to be the last that keeps it, "
                  "and destroy it");

  test_drain ();
  g_main_context_pop_thread_default (context);
  g_main_context_release (context);

  keeps_context = TRUE;
  thread = g_thread_new ("return", return_thread, pending);
  while (!g_atomic_int_get (&is_kept))
    g_thread_yield ();
  g_main_context_unref (context);
  g_atomic_int_set (&may_drop, TRUE);
  g_thread_join (thread);
  keeps_context = FALSE;

  g_assert_true (dag_task_is_finished (pending));
  g_assert_finalize_object (pending);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-12/wake/own-thread", test_own_thread);
  g_test_add_func ("/promise-12/wake/dispatch", test_dispatch);
  g_test_add_func ("/promise-12/wake/nested", test_nested);
  g_test_add_func ("/promise-12/wake/around", test_around);
  g_test_add_func ("/promise-12/wake/other-context", test_other_context);
  g_test_add_func ("/promise-12/wake/successor", test_successor);
  g_test_add_func ("/promise-14/wake/last-reference", test_last_reference);

  return g_test_run ();
}
