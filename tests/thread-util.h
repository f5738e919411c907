/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

/* A thread with a main context of its own, which it iterates until it is told to stop. */
typedef struct {
  GThread      *thread;
  GMainContext *context;  /* (owned) */
  GMainLoop    *loop;     /* (owned) */
} TestWorker;

static gpointer
test_worker_run (gpointer user_data)
{
  TestWorker *self = user_data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  test_drain ();
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

typedef struct {
  void     (*func) (gpointer data);
  gpointer   data;
  GMutex     lock;
  GCond      cond;
  gboolean   done;
} TestCall;

static gboolean
test_call_cb (gpointer user_data)
{
  TestCall *call = user_data;

  call->func (call->data);

  g_mutex_lock (&call->lock);
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->lock);

  return G_SOURCE_REMOVE;
}

/* Calls a function in the thread, and waits until it comes back. */
G_GNUC_UNUSED static void
test_worker_call (TestWorker *self,
                  void      (*func) (gpointer data),
                  gpointer    data)
{
  TestCall call = { .func = func, .data = data };
  GSource *source = g_idle_source_new ();

  g_mutex_init (&call.lock);
  g_cond_init (&call.cond);

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, test_call_cb, &call, NULL);
  g_source_attach (source, self->context);
  g_source_unref (source);

  g_mutex_lock (&call.lock);
  while (!call.done)
    g_cond_wait (&call.cond, &call.lock);
  g_mutex_unlock (&call.lock);

  g_cond_clear (&call.cond);
  g_mutex_clear (&call.lock);
}

static void
test_worker_begin (gpointer data)
{
}

/* Returns when the thread has its context, so that no other can acquire it. */
G_GNUC_UNUSED static TestWorker *
test_worker_new (void)
{
  TestWorker *self = g_new0 (TestWorker, 1);

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("worker", test_worker_run, self);
  test_worker_call (self, test_worker_begin, NULL);

  return self;
}

static void
test_worker_quit (gpointer data)
{
  g_main_loop_quit (data);
}

/* Has the thread end; its context ends with it, here, unless somebody else has it too. */
G_GNUC_UNUSED static void
test_worker_free (TestWorker *self)
{
  test_worker_call (self, test_worker_quit, self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

/* Two or more threads that are to meet. */
typedef struct {
  GMutex lock;
  GCond  cond;
  guint  missing;
} TestBarrier;

G_GNUC_UNUSED static void
test_barrier_init (TestBarrier *self,
                   guint        n)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->missing = n;
}

G_GNUC_UNUSED static void
test_barrier_wait (TestBarrier *self)
{
  g_mutex_lock (&self->lock);
  self->missing--;
  g_cond_broadcast (&self->cond);
  while (self->missing > 0)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
}

G_GNUC_UNUSED static void
test_barrier_clear (TestBarrier *self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}
