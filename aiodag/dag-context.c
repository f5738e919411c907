/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-context.h"

/* So many file descriptors are asked for at first. */
#define N_FDS 16

/**
 * dag_context_query:
 * @context: a main context that the caller has acquired
 * @timeout: (out): when there is something to do, in milliseconds from now; -1 for not before one
 *   of the file descriptors is ready
 * @n_polls: (out): the length of the array
 *
 * Gets what a main context waits for, so that another main loop can wait for it and then call
 * [method@GLib.MainContext.iteration].
 *
 * Only bindings that bring a loop of their own need it.
 *
 * Returns: (array length=n_polls) (transfer full): a file descriptor and the [flags@GLib.IOCondition]
 *   that is waited for, in turn
 *
 * Since: 1.0
 */
int *
dag_context_query (GMainContext *context,
                   int          *timeout,
                   gsize        *n_polls)
{
  g_autofree GPollFD *fds = NULL;
  int n_fds, n_allocated = N_FDS;
  int priority, *polls;

  g_return_val_if_fail (context != NULL, NULL);
  g_return_val_if_fail (g_main_context_is_owner (context), NULL);
  g_return_val_if_fail (timeout != NULL, NULL);
  g_return_val_if_fail (n_polls != NULL, NULL);

  g_main_context_prepare (context, &priority);

  fds = g_new (GPollFD, n_allocated);
  while ((n_fds = g_main_context_query (context, priority, timeout, fds, n_allocated)) >
         n_allocated)
    {
      n_allocated = n_fds;
      fds = g_renew (GPollFD, fds, n_allocated);
    }

  polls = g_new (int, 2 * MAX (1, n_fds));
  for (int i = 0; i < n_fds; i++)
    {
      polls[2 * i] = fds[i].fd;
      polls[2 * i + 1] = fds[i].events;
    }
  *n_polls = 2 * n_fds;

  return polls;
}
