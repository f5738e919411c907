/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

#include <libdex.h>

/* Blocks that make two more */

static guint n_tasks, n_left;
static guint32 sum;

static void spawn (guint number);

static DexFuture *
dynamic_body (DexFuture *future,
              gpointer   data)
{
  guint number = g_value_get_uint (dex_future_get_value (future, NULL));

  sum += number;
  n_left--;
  for (guint child = 2 * number; child <= 2 * number + 1 && child <= n_tasks; child++)
    spawn (child);

  return dex_future_new_for_uint (number);
}

static void
spawn (guint number)
{
  dex_future_disown (dex_future_then (dex_future_new_for_uint (number), dynamic_body, NULL, NULL));
}

static gboolean
spawn_cb (gpointer data)
{
  spawn (GPOINTER_TO_UINT (data));

  return G_SOURCE_REMOVE;
}

guint32
bench_dynamic (guint n)
{
  sum = 0;
  n_tasks = n_left = n;
  g_idle_add (spawn_cb, GUINT_TO_POINTER (1));
  while (n_left > 0)
    bench_iterate ();

  return sum;
}

/* A promise around an operation of GIO */

static gint64 returned, started;

static void
read_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  DexPromise *promise = user_data;
  GBytes *bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, NULL);

  returned = bench_now ();
  dex_promise_resolve_boxed (promise, G_TYPE_BYTES, bytes);
  dex_unref (promise);
}

static DexFuture *
use_body (DexFuture *future,
          gpointer   data)
{
  started = bench_now ();

  return dex_future_new_for_uint64 (
    g_bytes_get_size (g_value_get_boxed (dex_future_get_value (future, NULL))));
}

void
bench_latency (guint   n,
               gint64 *times)
{
  g_autofree char *data = g_malloc0 (n);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (data, n, NULL);

  for (guint i = 0; i < n; i++)
    {
      DexPromise *promise = dex_promise_new ();
      DexFuture *user = dex_future_then (dex_ref (DEX_FUTURE (promise)), use_body, NULL, NULL);

      g_input_stream_read_bytes_async (stream, 1, G_PRIORITY_DEFAULT, NULL, read_cb, promise);
      while (dex_future_is_pending (user))
        bench_iterate ();
      dex_unref (user);
      times[i] = started - returned;
    }
}
