/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A GIO _async and _finish pair becomes a task in three lines, and its errors arrive as themselves.
 *
 *   load "left"  ---- count_lines --+
 *                                   +-- add -- show      4 lines
 *   load "right" ---- count_lines --+
 *
 *   load "left" ----- count_lines --+
 *                                   +-- add -- show      G_IO_ERROR_NOT_FOUND, three tasks later
 *   load "missing" -- count_lines --+
 *
 * DAG_DEFINE_ASYNC makes load_bytes_ready (), a GAsyncReadyCallback that finishes the operation and
 * ends the task that it is given with what came out.
 */

#include "example.h"

#include <glib/gstdio.h>

DAG_DEFINE_ASYNC (load_bytes, G_TYPE_BYTES,
                  g_file_load_bytes_finish (G_FILE (source), result, NULL, error))

DAG_DEFINE_TASK (load, (GFile *, file, G_TYPE_FILE))
{
  g_file_load_bytes_async (file, dag_task_get_cancellable (task), load_bytes_ready, task);
}

DAG_DEFINE_TASK (count_lines, (GBytes *, bytes, G_TYPE_BYTES))
{
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);
  int n_lines = 0;

  for (gsize i = 0; i < size; i++)
    n_lines += text[i] == '\n';
  dag_task_return_int (task, n_lines);
}

DAG_DEFINE_TASK (add, (int, left), (int, right))
{
  dag_task_return_int (task, left + right);
}

DAG_DEFINE_TASK (show, (int, n_lines))
{
  g_print ("%d lines\n", n_lines);
  dag_task_return (task);
}

static void
run (GFile *left, GFile *right)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DagTask) shown = NULL;

  g_set_object (&shown, dag_call (show, dag_call (add,
                                                  dag_call (count_lines, dag_call (load, left)),
                                                  dag_call (count_lines, dag_call (load, right)))));
  if (dag_task_wait (shown, NULL, &error) != NULL)
    return;

  /* The failure came at once; the other file is still being read. */
  while (!dag_task_get_settled (shown))
    g_main_context_iteration (NULL, TRUE);

  g_print ("%s has no lines to show: %s, which began in %s\n", dag_task_get_name (shown),
           g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ? "a file was not found"
                                                                     : error->message,
           dag_task_get_name (dag_task_get_origin (shown)));
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("gio-pair-XXXXXX", &error);
  g_autofree char *left = NULL;
  g_autofree char *right = NULL;
  g_autofree char *missing = NULL;
  g_autoptr (GFile) left_file = NULL;
  g_autoptr (GFile) right_file = NULL;
  g_autoptr (GFile) missing_file = NULL;

  if (folder == NULL)
    g_error ("%s", error->message);
  left = g_build_filename (folder, "left", NULL);
  right = g_build_filename (folder, "right", NULL);
  missing = g_build_filename (folder, "missing", NULL);
  if (!g_file_set_contents (left, "one\ntwo\nthree\n", -1, &error)
      || !g_file_set_contents (right, "four\n", -1, &error))
    g_error ("%s", error->message);

  left_file = g_file_new_for_path (left);
  right_file = g_file_new_for_path (right);
  missing_file = g_file_new_for_path (missing);
  run (left_file, right_file);
  run (left_file, missing_file);

  g_unlink (left);
  g_unlink (right);
  g_rmdir (folder);
  return EXIT_SUCCESS;
}
