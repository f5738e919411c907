/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A library function foo_load_async () that is a small graph inside, and foo_load () for graphs.
 *
 *   foo_load
 *     fetch_part "head"  1 s --+
 *                              +-- parse --+-- foo_load_async's callback
 *     fetch_part "body"  2 s --+           +-- or a dependent: print
 *
 * Who calls foo_load_async () sees a pair as every other in GIO and never a task: its callback is
 * called in the context that it came from, and its GCancellable stops the graph, because every task
 * in there follows it. Who has a graph calls foo_load () and depends on what that returns.
 */

#include "example.h"

/* foo.c */

DAG_DEFINE_TASK (fetch_part, (const char *, name), (const char *, part))
{
  say ("%s: the %s is there", name, part);
  dag_task_return_take_string (task, g_strdup_printf ("%s's %s", name, part));
}

DAG_DEFINE_TASK (parse, (const char *, head), (const char *, body))
{
  dag_task_return_take_string (task, g_strdup_printf ("<%s, %s>", head, body));
}

/* The delays stand for the network.
 *
 * Returns: (transfer none): a task whose result is a string, valid until control is back in the
 * main loop
 */
static DagTask *
foo_load (const char *name, GCancellable *cancellable)
{
  DagTask *head = dag_call (fetch_part, name, "head");
  DagTask *body = dag_call (fetch_part, name, "body");

  dag_depends_on (dag_with (head, "cancellable", cancellable, NULL), dag_delay (real_ms (1)));
  dag_depends_on (dag_with (body, "cancellable", cancellable, NULL), dag_delay (real_ms (2)));
  return dag_call (parse, head, body);
}

static void
foo_load_async (const char          *name,
                GCancellable        *cancellable,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  g_autoptr (DagTask) task = dag_task_new_for_callback (NULL, cancellable, callback, user_data);

  dag_task_set_source_tag (task, foo_load_async);
  dag_task_return_task (task, foo_load (name, cancellable));
}

static char *
foo_load_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (dag_task_is_valid (result, NULL), NULL);

  return dag_task_propagate_pointer (DAG_TASK (result), error);
}

/* An application */

static int n_loading;

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  const char *name = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *foo = foo_load_finish (result, &error);

  if (foo != NULL)
    say ("%s: loaded %s", name, foo);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say ("%s: cancelled", name);
  else
    say ("%s: %s", name, error->message);
  n_loading--;
}

DAG_DEFINE_TASK (print, (const char *, foo))
{
  say ("in a graph: loaded %s", foo);
  dag_task_return (task);
}

static void
cancel_cb (gpointer user_data)
{
  GCancellable *cancellable = user_data;

  say ("cancelling the load of carrots");
  g_cancellable_cancel (cancellable);
}

int
main (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (DagTask) printed = NULL;

  start_clock ();
  foo_load_async ("apples", NULL, loaded_cb, (gpointer) "apples");
  g_set_object (&printed, dag_call (print, foo_load ("berries", NULL)));
  foo_load_async ("carrots", cancellable, loaded_cb, (gpointer) "carrots");
  n_loading = 2;
  g_timeout_add_once (real_ms (1.5), cancel_cb, cancellable);

  while (n_loading > 0 || !dag_task_is_finished (printed))
    g_main_context_iteration (NULL, TRUE);
  return EXIT_SUCCESS;
}
