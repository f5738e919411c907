/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Polite downloads: no more than two at once, and if the server is busy or takes too long, once more
 * after a pause that gets longer and longer.
 *
 *   download index ----+
 *   download busy  ----+
 *   download slow  ----+-- settled
 *   ...                |
 *   download map   ----+
 *
 * The server is one of our own, and does such things on purpose: downloads-server.h.
 */

#include "example.h"

#include "downloads-server.h"

static const char *pages[] = {
  "index", "busy", "slow", "about", "closed", "missing", "news", "map"
};

/* What came of the download, which began in download (). */
static void
page_read_cb (GObject      *stream,
              GAsyncResult *result,
              gpointer      user_data)
{
  DagTask *task = user_data;
  g_autofree char *status = NULL;
  GError *error = NULL;

  if (g_output_stream_splice_finish (G_OUTPUT_STREAM (stream), result, &error) < 0)
    {
      dag_task_return_error (task, error);
      return;
    }

  /* Between "HTTP/1.0 " and the end of the line. */
  status = g_strndup (g_memory_output_stream_get_data (G_MEMORY_OUTPUT_STREAM (stream)),
                      g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (stream)));
  status[strcspn (status, "\r\n")] = '\0';

  if (g_str_has_prefix (status, "HTTP/1.0 200"))
    dag_task_return_take_boxed (task, G_TYPE_BYTES,
                                g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (stream)));
  else
    dag_task_return_new_error (task, G_IO_ERROR,
                               strstr (status, "503") != NULL ? G_IO_ERROR_BUSY : G_IO_ERROR_NOT_FOUND,
                               "%s", status + MIN (strlen (status), strlen ("HTTP/1.0 ")));
}

static void
request_written_cb (GObject      *stream,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  DagTask *task = user_data;
  GIOStream *connection = dag_task_get_task_data (task);
  g_autoptr (GOutputStream) page = NULL;
  GError *error = NULL;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (stream), result, NULL, &error))
    {
      dag_task_return_error (task, error);
      return;
    }

  page = g_memory_output_stream_new_resizable ();
  g_output_stream_splice_async (page, g_io_stream_get_input_stream (connection),
                                G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, G_PRIORITY_DEFAULT,
                                dag_task_get_cancellable (task), page_read_cb, task);
}

static void
connected_cb (GObject      *client,
              GAsyncResult *result,
              gpointer      user_data)
{
  DagTask *task = user_data;
  const char *page = dag_task_get_argument_string (task, 0);
  GError *error = NULL;
  GSocketConnection *connection;
  char *request;

  connection = g_socket_client_connect_to_host_finish (G_SOCKET_CLIENT (client), result, &error);
  if (connection == NULL)
    {
      dag_task_return_error (task, error);
      return;
    }

  /* Each attempt has its own, and drops that of the one before. */
  dag_task_set_task_data (task, connection, g_object_unref);

  request = g_strdup_printf ("GET /%s HTTP/1.0\r\n\r\n", page);
  g_object_set_data_full (G_OBJECT (connection), "request", request, g_free);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
                                   strlen (request), G_PRIORITY_DEFAULT,
                                   dag_task_get_cancellable (task), request_written_cb, task);
}

DAG_DEFINE_TASK (download, (const char *, page), (guint, port))
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();

  /* The server is on this machine. */
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_to_host_async (client, "127.0.0.1", (guint16) port,
                                         dag_task_get_cancellable (task), connected_cb, task);
}

/* Whether it could be otherwise in a while. */
static gboolean
may_go_by (DagTask      *task,
           const GError *error,
           gpointer      user_data)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static void
download_finished_cb (guint *n_done)
{
  *n_done += 1;
  g_print ("%u of %u\n", *n_done, (guint) G_N_ELEMENTS (pages));
}

static void
print_download (const char *page,
                DagTask    *task)
{
  guint attempts = dag_task_get_attempt (task);

  if (dag_task_get_state (task) == DAG_STATE_SUCCEEDED)
    g_print ("%-8s got in attempt %u\n", page, attempts);
  else
    g_print ("%-8s given up after attempt %u: %s\n", page, attempts,
             dag_task_get_error (task)->message);

  for (guint i = 1; i < attempts; i++)
    {
      const GError *error = dag_task_get_attempt_error (task, i);

      g_print ("%10u: %s\n", i, error->code == G_IO_ERROR_TIMED_OUT ? "no answer" : error->message);
    }
}

int
main (void)
{
  g_autoptr (GPtrArray) downloads = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (DagLimiter) polite = NULL;
  g_autoptr (DagRetry) patient = NULL;
  g_autoptr (DagTask) all = NULL;
  g_autoptr (GError) error = NULL;
  Server server;
  guint n_done = 0;

  if (!server_start (&server, &error))
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }

  patient = dag_retry_new (4, real_ms (0.2));
  dag_retry_set_function (patient, may_go_by, NULL, NULL);

  polite = dag_limiter_new (2);

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      DagTask *task = dag_call (download, pages[i], server.port);

      dag_with (task, "limiter", polite, "retry", patient, "timeout", real_ms (4), NULL);
      g_signal_connect_swapped (task, "finished", G_CALLBACK (download_finished_cb), &n_done);
      g_ptr_array_add (downloads, g_object_ref (task));
    }

  all = dag_task_new_settled ((DagTask *const *) downloads->pdata, downloads->len);
  dag_task_wait (all, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    print_download (pages[i], g_ptr_array_index (downloads, i));

  server_stop (&server);
  return EXIT_SUCCESS;
}
