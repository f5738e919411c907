/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A web server in the same process, which is not always in the mood.
 *
 *   /busy     is there from the third time on that somebody asks for it
 *   /slow     is not answered at all the first time
 *   /closed   is never there, and that may change: 503
 *   /missing  is not there, and that will not change: 404
 *   others    are there
 */

#pragma once

#include <gio/gio.h>

#include <string.h>

typedef struct {
  GSocketService *service;
  guint16         port;
  GHashTable     *visits;   /* (element-type utf8 guint): how often somebody has asked for a page */
  GPtrArray      *ignored;  /* (element-type GSocketConnection): who will not get an answer */
} Server;

/* One request. */
typedef struct {
  Server            *server;
  GSocketConnection *connection;
  char               text[1024];
  char              *answer;
} Request;

static void
request_free (Request *request)
{
  g_object_unref (request->connection);
  g_free (request->answer);
  g_free (request);
}

static void
answer_written_cb (GObject      *stream,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  /* Whoever is gone by now has not waited for it. */
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (stream), result, NULL, NULL);
  request_free (user_data);
}

static const char *
server_get_status (const char *page,
                   guint       visit)
{
  if (g_str_equal (page, "closed") || (g_str_equal (page, "busy") && visit < 3))
    return "503 Service Unavailable";
  if (g_str_equal (page, "missing"))
    return "404 Not Found";

  return "200 OK";
}

static void
request_read_cb (GObject      *stream,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  Request *request = user_data;
  Server *server = request->server;
  gssize length = g_input_stream_read_finish (G_INPUT_STREAM (stream), result, NULL);
  g_auto (GStrv) words = NULL;
  const char *page;
  guint visit;

  request->text[MAX (length, 0)] = '\0';
  words = g_strsplit (request->text, " ", 3);
  if (g_strv_length (words) < 3)
    {
      request_free (request);
      return;
    }

  page = words[1] + 1;
  visit = GPOINTER_TO_UINT (g_hash_table_lookup (server->visits, page)) + 1;
  g_hash_table_insert (server->visits, g_strdup (page), GUINT_TO_POINTER (visit));

  if (g_str_equal (page, "slow") && visit == 1)
    {
      g_ptr_array_add (server->ignored, g_object_ref (request->connection));
      request_free (request);
      return;
    }

  request->answer = g_strdup_printf ("HTTP/1.0 %s\r\n\r\nThis is %s.\n",
                                     server_get_status (page, visit), page);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (request->connection)),
                                   request->answer, strlen (request->answer), G_PRIORITY_DEFAULT,
                                   NULL, answer_written_cb, request);
}

static gboolean
server_incoming_cb (Server            *server,
                    GSocketConnection *connection)
{
  Request *request = g_new0 (Request, 1);

  request->server = server;
  request->connection = g_object_ref (connection);
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (connection)), request->text,
                             sizeof request->text - 1, G_PRIORITY_DEFAULT, NULL, request_read_cb,
                             request);

  return TRUE;
}

static gboolean
server_start (Server  *server,
              GError **error)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) effective = NULL;

  server->visits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  server->ignored = g_ptr_array_new_with_free_func (g_object_unref);
  server->service = g_socket_service_new ();
  g_signal_connect_swapped (server->service, "incoming", G_CALLBACK (server_incoming_cb), server);

  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (server->service), address,
                                      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &effective,
                                      error))
    return FALSE;

  server->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));

  return TRUE;
}

static void
server_stop (Server *server)
{
  g_signal_handlers_disconnect_by_data (server->service, server);
  g_socket_service_stop (server->service);
  g_clear_object (&server->service);
  g_ptr_array_unref (server->ignored);
  g_hash_table_unref (server->visits);
}
