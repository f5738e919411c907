/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-context.h"
#include "dag-queue-private.h"

/* So many file descriptors are asked for at first. */
#define N_FDS 16

/**
 * dag_context_get_budget:
 * @context: (nullable): a main context; %NULL for the one that is thread-default
 *
 * Gets after what time a dispatch of tasks in @context ends.
 *
 * It may be called from any thread.
 *
 * Returns: the time in microseconds
 *
 * Since: 1.0
 */
guint
dag_context_get_budget (GMainContext *context)
{
  DagQueue *queue = dag_queue_get (context);
  guint budget = dag_queue_get_budget (queue);

  dag_queue_unref (queue);

  return budget;
}

/**
 * dag_context_set_budget:
 * @context: (nullable): a main context; %NULL for the one that is thread-default
 * @microseconds: the time in microseconds
 *
 * Sets after what time a dispatch of tasks in @context ends, for all of its tasks and from the next
 * dispatch on.
 *
 * A dispatch calls the functions of tasks that are ready, and does all else that tasks need, until
 * the time is over. What is left then goes on at the priority of
 * [func@Dag.context_set_background_priority], and at %G_PRIORITY_DEFAULT again after 14 ms. A
 * function is never interrupted, so a dispatch takes longer than its budget by the last call that it
 * makes.
 *
 * The budget of a context is 2 ms until it is set. A shorter one keeps what else the main loop does
 * waiting for less time, and costs more iterations of it. With 0 a dispatch ends after each call of
 * a function, with the handlers that hear of its start, and of a callback or a handler.
 *
 * It may be called from any thread, and lasts as long as the context.
 *
 * Since: 1.0
 */
void
dag_context_set_budget (GMainContext *context,
                        guint         microseconds)
{
  DagQueue *queue = dag_queue_get (context);

  dag_queue_set_budget (queue, microseconds);
  dag_queue_unref (queue);
}

/**
 * dag_context_get_background_priority:
 * @context: (nullable): a main context; %NULL for the one that is thread-default
 *
 * Gets the priority at which tasks in @context go on after a dispatch that used up its budget.
 *
 * It may be called from any thread.
 *
 * Returns: the priority, as those of [struct@GLib.Source]: less is earlier
 *
 * Since: 1.0
 */
int
dag_context_get_background_priority (GMainContext *context)
{
  DagQueue *queue = dag_queue_get (context);
  int priority = dag_queue_get_background_priority (queue);

  dag_queue_unref (queue);

  return priority;
}

/**
 * dag_context_set_background_priority:
 * @context: (nullable): a main context; %NULL for the one that is thread-default
 * @priority: a priority, as those of [struct@GLib.Source]: less is earlier
 *
 * Sets the priority at which tasks in @context go on after a dispatch that used up its budget, from
 * the next dispatch on.
 *
 * It is `GDK_PRIORITY_REDRAW + 1`, or %G_PRIORITY_HIGH_IDLE + 21, until it is set, so that tasks go
 * on when there is nothing to draw. Sources of a higher priority have their turns before tasks go
 * on, but for once in 14 ms: the tasks come back at %G_PRIORITY_DEFAULT then, for one dispatch.
 *
 * It may be called from any thread, and lasts as long as the context.
 *
 * Since: 1.0
 */
void
dag_context_set_background_priority (GMainContext *context,
                                     int           priority)
{
  DagQueue *queue = dag_queue_get (context);

  dag_queue_set_background_priority (queue, priority);
  dag_queue_unref (queue);
}

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
