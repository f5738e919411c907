/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What is done for a window ends with the window, and does not keep it.
 *
 *   fetch_news --+-- show_news in the left window      is closed before the news are there
 *      1 s       |
 *                +-- show_news in the middle window    is hidden before that
 *                |
 *                +-- show_news in the right window
 *
 * The windows are only as much of one as this needs. Those of GTK have the signal "unmap", too.
 */

#include "example.h"

#define EXAMPLE_TYPE_WINDOW (window_get_type ())
G_DECLARE_FINAL_TYPE (Window, window, EXAMPLE, WINDOW, GObject)

struct _Window
{
  GObject     parent_instance;

  const char *title;
};

G_DEFINE_TYPE (Window, window, G_TYPE_OBJECT)

static void
window_finalize (GObject *object)
{
  say ("the %s window is gone", EXAMPLE_WINDOW (object)->title);
  G_OBJECT_CLASS (window_parent_class)->finalize (object);
}

static void
window_class_init (WindowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = window_finalize;
  g_signal_new ("unmap", EXAMPLE_TYPE_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
window_init (Window *self)
{
}

static gboolean fetched_cb (gpointer user_data);

DAG_DEFINE_TASK (fetch_news)
{
  after (task, 1, fetched_cb);
}

static gboolean
fetched_cb (gpointer user_data)
{
  say ("the news are there");
  dag_task_return_string (user_data, "all is well");
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (show_news, (Window *, window, EXAMPLE_TYPE_WINDOW), (const char *, news))
{
  say ("the %s window shows: %s", window->title, news);
  dag_task_return (task);
}

static void
shown_cb (Window *window, DagTask *task)
{
  say ("the %s window %s", window->title,
       dag_task_is_cancelled (task) ? "is not shown: nothing to do" : "is up to date");
}

/* Neither the task nor the handler has a reference to the window. */
static DagTask *
show (Window *window, DagTask *news)
{
  DagTask *shown = dag_call_full (show_news, dag_weak (window), news);

  dag_task_set_owner (shown, G_OBJECT (window), "unmap");
  g_signal_connect_object (shown, "finished", G_CALLBACK (shown_cb), window, G_CONNECT_SWAPPED);
  return shown;
}

static Window *
open_window (const char *title)
{
  Window *window = g_object_new (EXAMPLE_TYPE_WINDOW, NULL);

  window->title = title;
  return window;
}

static gboolean
close_cb (gpointer user_data)
{
  Window **windows = user_data;

  say ("closing the left window and hiding the middle one");
  g_clear_object (&windows[0]);
  g_signal_emit_by_name (windows[1], "unmap");
  return G_SOURCE_REMOVE;
}

int
main (void)
{
  Window *windows[] = { open_window ("left"), open_window ("middle"), open_window ("right") };
  g_autoptr (DagTask) news = dag_call_full (fetch_news);
  DagTask *shown[3];

  start_clock ();
  for (int i = 0; i < 3; i++)
    shown[i] = show (windows[i], news);
  g_timeout_add (real_ms (0.5), close_cb, windows);
  dag_task_wait (dag_settled (shown[0], shown[1], shown[2]), NULL, NULL);

  for (int i = 0; i < 3; i++)
    {
      g_autofree char *state = g_enum_to_string (DAG_TYPE_STATE, dag_task_get_state (shown[i]));

      g_print ("%s\n", state);
      g_object_unref (shown[i]);
    }
  g_object_unref (windows[1]);
  g_object_unref (windows[2]);
  return EXIT_SUCCESS;
}
