/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What threads get that tell another one of the end of each body, which sleeps in between as a main
 * context does: a descriptor that is written to, waited for and read, and nothing besides.
 */

typedef struct {
  guint n;             /* bodies of each thread */
  guint microseconds;
  int   fd;            /* counts those that have ended */
} Bodies;

static gpointer
wake_thread (gpointer data)
{
  const Bodies *bodies = data;
  const guint64 one = 1;

  for (guint i = 0; i < bodies->n; i++)
    {
      bench_spin (bodies->microseconds);
      if (write (bodies->fd, &one, sizeof one) != sizeof one)
        g_error ("An event descriptor cannot be written to");
    }

  return NULL;
}

static void
measure_threads (guint n,
                 guint n_threads,
                 guint microseconds)
{
  Bodies bodies = { n / n_threads, microseconds, eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK) };
  struct pollfd pollfd = { .fd = bodies.fd, .events = POLLIN };
  g_autofree GThread **threads = g_new (GThread *, n_threads);
  guint64 n_left = (guint64) bodies.n * n_threads, n_ended;

  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("wake", wake_thread, &bodies);

  while (n_left > 0)
    {
      poll (&pollfd, 1, -1);
      if (read (bodies.fd, &n_ended, sizeof n_ended) == sizeof n_ended)
        n_left -= n_ended;
    }

  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
  close (bodies.fd);
}

int
main (int   argc,
      char *argv[])
{
  const BenchPeer peer = {
    .name = "wake",
    .threads = measure_threads,
  };

  return bench_main (argc, argv, &peer);
}
