/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A whole program: two tasks, the second of the first, and the main loop that runs them.
 *
 *   greet --- shout --- shouted_cb
 */

#include <aiodag.h>
#include <stdlib.h>

DAG_DEFINE_TASK (greet, (const char *, name))
{
  dag_task_return_take_string (task, g_strdup_printf ("hello, %s", name));
}

DAG_DEFINE_TASK (shout, (const char *, text))
{
  dag_task_return_take_string (task, g_ascii_strup (text, -1));
}

static void
shouted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = dag_task_await_finish (DAG_TASK (source), result, &error);

  if (value != NULL)
    g_print ("%s\n", g_value_get_string (value));
  else
    g_printerr ("%s\n", error->message);
  g_main_loop_quit (user_data);
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  DagTask *greeting = dag_call (greet, "world");

  dag_task_await_async (dag_call (shout, greeting), NULL, shouted_cb, loop);
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}
