/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A rollback and a clean-up start only when nothing above them runs any more.
 *
 *   reserve --+-- charge (fails after 1 s) --+
 *             |                              +-- ship . . . failed . . . roll_back
 *             +-- pack (takes 2.5 s) --------+     . . . . finished . . clean_up
 *
 * The failure goes down at once: ship is skipped and a waiter hears of it while pack still works,
 * undisturbed. An edge that asks for "failed" or "finished" waits until everything above it has
 * settled, so roll_back does not pull the parcel from under pack's hands.
 */

#include "example.h"

static int n_busy; /* functions that are at work */

static gboolean
reserved_cb (gpointer user_data)
{
  DagTask *task = user_data;

  say ("reserved");
  dag_task_return (task);
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (reserve)
{
  after (task, 0.5, reserved_cb);
}

static gboolean
charged_cb (gpointer user_data)
{
  DagTask *task = user_data;

  say ("charging fails");
  n_busy--;
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "the card is declined");
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (charge)
{
  say ("charging");
  n_busy++;
  after (task, 1, charged_cb);
}

static gboolean
packed_cb (gpointer user_data)
{
  DagTask *task = user_data;

  say ("packed");
  n_busy--;
  dag_task_return_string (task, "parcel");
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (pack)
{
  say ("packing");
  n_busy++;
  after (task, 2.5, packed_cb);
}

DAG_DEFINE_TASK (ship, (const char *, parcel))
{
  say ("shipping the %s", parcel);
  dag_task_return (task);
}

DAG_DEFINE_TASK (roll_back)
{
  say ("rolling back, %d still at work", n_busy);
  dag_task_return (task);
}

DAG_DEFINE_TASK (clean_up)
{
  say ("cleaning up, %d still at work", n_busy);
  dag_task_return (task);
}

static void
shipped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (dag_task_await_finish (DAG_TASK (source), result, &error) == NULL)
    say ("heard that it is not shipped: %s, %d still at work", error->message, n_busy);
}

int
main (void)
{
  g_autoptr (DagTask) cleaned_up = NULL;
  DagTask *reserved, *charged, *packed, *shipped;

  start_clock ();
  reserved = dag_call (reserve);
  charged = dag_depends_on (dag_call (charge), reserved);
  packed = dag_depends_on (dag_call (pack), reserved);
  shipped = dag_depends_on (dag_call (ship, packed), charged);
  dag_task_await_async (shipped, NULL, shipped_cb, NULL);

  dag_depends_on (dag_call (roll_back), dag_failed (shipped));
  g_set_object (&cleaned_up, dag_depends_on (dag_call (clean_up), dag_finished (shipped)));
  dag_task_wait (cleaned_up, NULL, NULL);
  return EXIT_SUCCESS;
}
