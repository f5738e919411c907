/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Inputs, whose results are passed, and prerequisites, which only order, on the same tasks.
 *
 *   delay 2 s . . . fetch  1 s ---- "data" ----+
 *                                              +-- process  1 s ---- "processed data"
 *   delay 4 s . . . . . . . . . . . . . . . . .+
 *
 *   ---- an input        . . . . a prerequisite
 *
 * fetch takes no parameters and knows nothing of a delay: the order comes from whoever builds the
 * graph, and no function is changed for it.
 */

#include "example.h"

static gboolean fetched_cb   (gpointer user_data);
static gboolean processed_cb (gpointer user_data);

DAG_DEFINE_TASK (fetch)
{
  say ("fetch starts");
  after (task, 1, fetched_cb);
}

static gboolean
fetched_cb (gpointer user_data)
{
  DagTask *task = user_data;

  say ("fetched");
  dag_task_return_string (task, "data");
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (process, (const char *, data))
{
  say ("process starts with \"%s\"", data);
  after (task, 1, processed_cb);
}

static gboolean
processed_cb (gpointer user_data)
{
  DagTask *task = user_data;
  DAG_ARGS (process, task, data);

  say ("processed");
  dag_task_return_take_string (task, g_strconcat ("processed ", data, NULL));
  return G_SOURCE_REMOVE;
}

int
main (void)
{
  g_autoptr (DagTask) processed = NULL;
  g_autoptr (GError) error = NULL;
  const GValue *value;
  DagTask *fetched;

  start_clock ();
  fetched = dag_depends_on (dag_call (fetch), dag_delay (real_ms (2)));
  processed = g_object_ref (dag_depends_on (dag_call (process, fetched), dag_delay (real_ms (4))));

  value = dag_task_wait (processed, NULL, &error);
  if (value == NULL)
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }

  g_print ("result: \"%s\"\n", g_value_get_string (value));
  return EXIT_SUCCESS;
}
