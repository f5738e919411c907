/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Cancelling a task stops its GIO operation, skips what needs it and leaves what it needed.
 *
 *   open_door --+-- wait_for_visitor --+-- greet          cancelled, and skipped for it
 *               |                      +-- write_down     runs: it asks for "finished" only
 *               |
 *               +-- sweep                                 goes on
 *
 * A function that hands dag_task_get_cancellable () to GIO need not do more for it.
 */

#include "example.h"

static gboolean door_open_cb (gpointer user_data);

DAG_DEFINE_TASK (open_door)
{
  after (task, 0.5, door_open_cb);
}

static gboolean
door_open_cb (gpointer user_data)
{
  DagTask *task = user_data;
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GError) error = NULL;

  if (g_socket_listener_add_any_inet_port (listener, NULL, &error) == 0)
    {
      dag_task_return_error (task, g_steal_pointer (&error));
      return G_SOURCE_REMOVE;
    }

  say ("the door is open");
  dag_task_return_object (task, listener);
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_ASYNC (accept, G_TYPE_SOCKET_CONNECTION,
                  g_socket_listener_accept_finish (G_SOCKET_LISTENER (source), result, NULL, error))

/* Nobody is going to come. */
DAG_DEFINE_TASK (wait_for_visitor, (GSocketListener *, door, G_TYPE_SOCKET_LISTENER))
{
  say ("waiting for a visitor");
  g_socket_listener_accept_async (door, dag_task_get_cancellable (task), accept_ready, task);
}

DAG_DEFINE_TASK (greet, (GSocketConnection *, visitor, G_TYPE_SOCKET_CONNECTION))
{
  say ("good day");
  dag_task_return (task);
}

DAG_DEFINE_TASK (write_down, (DagTask *, visit))
{
  const GError *error = dag_task_get_error (visit);

  say ("in the book: %s", error != NULL ? error->message : "a visitor");
  dag_task_return (task);
}

static gboolean
swept_cb (gpointer user_data)
{
  DagTask *task = user_data;

  say ("swept");
  dag_task_return (task);
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (sweep)
{
  say ("sweeping");
  after (task, 2, swept_cb);
}

static void
close_cb (gpointer user_data)
{
  DagTask **visit = user_data;

  say ("closing time: cancelling wait_for_visitor");
  dag_task_cancel (*visit);
  say ("it is %s, but has %sfinished: that takes the main loop",
       dag_task_is_cancelled (*visit) ? "cancelled" : "as it was",
       dag_task_is_finished (*visit) ? "" : "not ");
}

static void
show (DagTask *task)
{
  g_autofree char *state = g_enum_to_string (DAG_TYPE_STATE, dag_task_get_state (task));
  gboolean cancelled = g_error_matches (dag_task_get_error (task),
                                        G_IO_ERROR, G_IO_ERROR_CANCELLED);

  g_print ("%-16s  %-19s  %s\n", dag_task_get_name (task), state,
           cancelled ? "G_IO_ERROR_CANCELLED" : "-");
}

int
main (void)
{
  g_autoptr (DagTask) door = NULL;
  g_autoptr (DagTask) visit = NULL;
  g_autoptr (DagTask) greeting = NULL;
  g_autoptr (DagTask) note = NULL;
  g_autoptr (DagTask) sweeping = NULL;

  start_clock ();
  g_set_object (&door, dag_call (open_door));
  g_set_object (&visit, dag_call (wait_for_visitor, door));
  g_set_object (&greeting, dag_call (greet, visit));
  g_set_object (&note, dag_call (write_down, visit));
  g_set_object (&sweeping, dag_depends_on (dag_call (sweep), door));

  g_timeout_add_once (real_ms (1), close_cb, &visit);
  dag_task_wait (sweeping, NULL, NULL);

  show (door);
  show (visit);
  show (greeting);
  show (note);
  show (sweeping);
  return EXIT_SUCCESS;
}
