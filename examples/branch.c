/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A graph with branches: each of them declines what is not for it, and the first that does not
 * decides how it goes on.
 *
 *                          +-- as_picture --+
 *   name -- guess_kind ----+                +-- any -- show
 *                          +-- as_text -----+
 */

#include "example.h"

#include <string.h>

DAG_DEFINE_TASK (guess_kind, (const char *, name))
{
  const char *dot = strrchr (name, '.');

  dag_task_return_string (task, dot != NULL ? dot + 1 : "");
}

DAG_DEFINE_TASK (as_picture, (const char *, name), (const char *, kind))
{
  if (!g_str_equal (kind, "jpg"))
    dag_task_return_skip (task);
  else
    dag_task_return_take_string (task, g_strdup_printf ("a frame with %s", name));
}

DAG_DEFINE_TASK (as_text, (const char *, name), (const char *, kind))
{
  if (!g_str_equal (kind, "txt"))
    dag_task_return_skip (task);
  else
    dag_task_return_take_string (task, g_strdup_printf ("a page with %s", name));
}

DAG_DEFINE_TASK (show, (const char *, view))
{
  g_print ("%s\n", view);
  dag_task_return (task);
}

/* Runs however the other one ended. */
DAG_DEFINE_TASK (note, (const char *, name), (DagTask *, shown))
{
  if (dag_task_get_reason (shown) == DAG_REASON_NOT_NEEDED)
    g_print ("nothing that shows %s\n", name);
  dag_task_return (task);
}

static DagTask *
open_file (const char *name)
{
  DagTask *kind = dag_call (guess_kind, name);
  DagTask *view = dag_any (dag_call (as_picture, name, kind), dag_call (as_text, name, kind));

  return dag_call (note, name, dag_call (show, view));
}

int
main (void)
{
  static const char *const names[] = { "holiday.jpg", "notes.txt", "song.mp3" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    dag_task_wait (open_file (names[i]), NULL, NULL);

  return EXIT_SUCCESS;
}
