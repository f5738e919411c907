/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

#include <poll.h>

/* A main context that this thread has acquired, and what another kind of main loop waits for. */

static GMainContext *
begin (void)
{
  GMainContext *context = g_main_context_new ();

  g_assert_true (g_main_context_acquire (context));
  g_main_context_push_thread_default (context);

  return context;
}

static void
end (GMainContext *context)
{
  g_main_context_pop_thread_default (context);
  g_main_context_release (context);
  g_main_context_unref (context);
}

/* Waits as such a loop does.
 *
 * @polls: (transfer full): what dag_context_query() gave
 * @timeout: in milliseconds; -1 for ever
 *
 * Returns: whether a descriptor is ready
 */
static gboolean
wait_for_polls (int   *polls,
                gsize  n_polls,
                int    timeout)
{
  g_autofree int *owned = polls;
  g_autofree struct pollfd *fds = g_new0 (struct pollfd, n_polls / 2);
  int n_ready;

  g_assert_nonnull (polls);
  g_assert_cmpuint (n_polls % 2, ==, 0);

  /* Without the descriptor by which other threads wake it, it would sleep for ever. */
  g_assert_cmpuint (n_polls, >, 0);

  for (gsize i = 0; i < n_polls / 2; i++)
    {
      fds[i].fd = owned[2 * i];
      fds[i].events = owned[2 * i + 1];
    }

  n_ready = poll (fds, n_polls / 2, timeout);
  g_assert_cmpint (n_ready, >=, 0);

  return n_ready > 0;
}

static gpointer
return_thread (gpointer user_data)
{
  dag_task_return_int (user_data, 1);

  return NULL;
}
