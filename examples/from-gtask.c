/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Code that was written for GTask, moved over by renaming.
 *
 *   reader_count_async ---- thread: count ---- reader_count_finish
 *   reader_next_async  ---- thread: wait  ---- reader_next_finish
 *
 * The whole work was
 *
 *   sed 's/g_task_new /dag_task_new_for_callback /; s/g_task_/dag_task_/g;
 *        s/GTask/DagTask/g; s/G_TASK/DAG_TASK/g'
 *
 * and the tests undo it: they build this file with GTask too and ask it for the same output. What
 * differs, and does not show here:
 *
 *  - the callback is always called in a later dispatch, never from within a return;
 *  - a cancelled task fails when its outcome is set, not when the outcome is propagated;
 *  - propagating gives a copy or a reference and can be repeated; only a pointer with a destroy
 *    notify is handed over, once, and DAG_ERROR_SHARED tells if others depend on it;
 *  - a failure that no callback propagates is reported when the task goes away;
 *  - dag_task_get_cancellable () is the task's own, which follows the caller's, and never NULL;
 *  - there is no dag_task_run_in_thread_sync (): that is dag_task_wait ().
 */

#include <aiodag.h>

#include <stdlib.h>

#define READER_TYPE (reader_get_type ())
G_DECLARE_FINAL_TYPE (Reader, reader, , READER, GObject)

struct _Reader
{
  GObject      parent_instance;

  GAsyncQueue *lines; /* of char * */
};

G_DEFINE_FINAL_TYPE (Reader, reader, G_TYPE_OBJECT)

static void
reader_finalize (GObject *object)
{
  g_async_queue_unref (((Reader *) object)->lines);

  G_OBJECT_CLASS (reader_parent_class)->finalize (object);
}

static void
reader_class_init (ReaderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = reader_finalize;
}

static void
reader_init (Reader *self)
{
  self->lines = g_async_queue_new_full (g_free);
}

/* How often a letter occurs in a text: stops between two letters when it is cancelled. */

typedef struct {
  char *text;
  char  letter;
} CountData;

static void
count_data_free (gpointer data)
{
  g_free (((CountData *) data)->text);
  g_free (data);
}

static void
count_thread (DagTask      *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  CountData *data = task_data;
  gssize n = 0;

  for (const char *c = data->text; *c != '\0'; c++)
    {
      if (dag_task_return_error_if_cancelled (task))
        return;
      n += *c == data->letter;
    }

  if (n > 0)
    dag_task_return_int (task, n);
  else
    dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no %c", data->letter);
}

static void
reader_count_async (Reader              *self,
                    const char          *text,
                    char                 letter,
                    GCancellable        *cancellable,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  g_autoptr (DagTask) task = dag_task_new_for_callback (self, cancellable, callback, user_data);
  CountData *data = g_new (CountData, 1);

  data->text = g_strdup (text);
  data->letter = letter;
  dag_task_set_source_tag (task, reader_count_async);
  dag_task_set_task_data (task, data, count_data_free);
  dag_task_run_in_thread (task, count_thread);
}

static gssize
reader_count_finish (Reader *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (dag_task_is_valid (result, self), -1);
  g_return_val_if_fail (dag_task_get_source_tag (DAG_TASK (result)) == reader_count_async, -1);

  return dag_task_propagate_int (DAG_TASK (result), error);
}

/* The next line that somebody types: knows nothing of cancellables, so it is left behind. */

static void
next_thread (DagTask      *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Reader *self = source_object;

  dag_task_return_pointer (task, g_async_queue_pop (self->lines), g_free);
}

static void
reader_next_async (Reader              *self,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  g_autoptr (DagTask) task = dag_task_new_for_callback (self, cancellable, callback, user_data);

  dag_task_set_source_tag (task, reader_next_async);
  dag_task_set_return_on_cancel (task, TRUE);
  dag_task_run_in_thread (task, next_thread);
}

static char *
reader_next_finish (Reader *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (dag_task_is_valid (result, self), NULL);
  g_return_val_if_fail (dag_task_get_source_tag (DAG_TASK (result)) == reader_next_async, NULL);

  return dag_task_propagate_pointer (DAG_TASK (result), error);
}

/* Who calls it, unchanged */

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gssize n = reader_count_finish ((Reader *) source, result, &error);

  if (error == NULL)
    g_print ("counted %d\n", (int) n);
  else
    g_print ("not counted: %s\n", error->message);
  g_main_loop_quit (user_data);
}

static void
next_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = reader_next_finish ((Reader *) source, result, &error);

  g_print ("next line: %s\n", line != NULL ? line : error->message);
  g_main_loop_quit (user_data);
}

/* In the thread that was the last to have it. */
static void
reader_gone_cb (gpointer data, GObject *reader)
{
  g_atomic_int_set ((gboolean *) data, TRUE);
  g_main_context_wakeup (NULL);
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Reader *reader = g_object_new (READER_TYPE, NULL);
  gboolean gone = FALSE;

  reader_count_async (reader, "a sentence of some letters", 'e', NULL, counted_cb, loop);
  g_main_loop_run (loop);
  reader_count_async (reader, "a sentence of some letters", 'z', NULL, counted_cb, loop);
  g_main_loop_run (loop);

  g_async_queue_push (reader->lines, g_strdup ("hello"));
  reader_next_async (reader, cancellable, next_cb, loop);
  g_main_loop_run (loop);

  /* Nothing is typed. The thread waits on, until a line comes that nobody wants any more. */
  reader_next_async (reader, cancellable, next_cb, loop);
  g_timeout_add_once (50, (GSourceOnceFunc) g_cancellable_cancel, cancellable);
  g_main_loop_run (loop);
  g_async_queue_push (reader->lines, g_strdup ("too late"));

  /* Cancelled before it begins. */
  reader_count_async (reader, "e", 'e', cancellable, counted_cb, loop);
  g_main_loop_run (loop);

  /* A thread may have it still. */
  g_object_weak_ref (G_OBJECT (reader), reader_gone_cb, &gone);
  g_object_unref (reader);
  while (!g_atomic_int_get (&gone))
    g_main_context_iteration (NULL, TRUE);

  return EXIT_SUCCESS;
}
