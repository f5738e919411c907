/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What takes too long is ended, by a timeout or a deadline, and something else is done instead.
 *
 *   wait_for_visitor --+-- make_coffee    has to be ready by 1 s
 *   at most 2 s        |
 *                      +-- close_shop     runs because nobody came
 */

#include "example.h"

DAG_DEFINE_ASYNC (accept, G_TYPE_SOCKET_CONNECTION,
                  g_socket_listener_accept_finish (G_SOCKET_LISTENER (source), result, NULL, error))

/* Nobody is going to come. */
DAG_DEFINE_TASK (wait_for_visitor, (GSocketListener *, door, G_TYPE_SOCKET_LISTENER))
{
  say ("waiting for a visitor");
  g_socket_listener_accept_async (door, dag_task_get_cancellable (task), accept_ready, task);
}

DAG_DEFINE_TASK (make_coffee, (GSocketConnection *, visitor, G_TYPE_SOCKET_CONNECTION))
{
  say ("coffee for the visitor");
  dag_task_return (task);
}

DAG_DEFINE_TASK (close_shop)
{
  say ("nobody came: closing");
  dag_task_return (task);
}

static gboolean
has_timed_out (DagTask *task)
{
  return g_error_matches (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static void
coffee_finished_cb (DagTask *coffee)
{
  say ("the coffee %s", has_timed_out (coffee) ? "is too late" : "is ready");
}

int
main (void)
{
  g_autoptr (GSocketListener) door = g_socket_listener_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (DagTask) visit = NULL;
  g_autoptr (DagTask) closing = NULL;
  DagTask *coffee;

  if (g_socket_listener_add_any_inet_port (door, NULL, &error) == 0)
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }

  start_clock ();
  g_set_object (&visit, dag_with (dag_call (wait_for_visitor, door), "timeout", real_ms (2), NULL));
  coffee = dag_with (dag_call (make_coffee, visit), "deadline", real_ms (1), NULL);
  g_signal_connect (coffee, "finished", G_CALLBACK (coffee_finished_cb), NULL);
  g_set_object (&closing, dag_depends_on (dag_call (close_shop), dag_failed (visit)));

  dag_task_wait (closing, NULL, NULL);
  g_print ("the visit %s\n", has_timed_out (visit) ? "has timed out" : "took place");
  return EXIT_SUCCESS;
}
