/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Time */

gint64
bench_now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);

  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

/* By all threads, in nanoseconds; atomic. */
static gint64 spun;

static gint64
thread_now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);

  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

/* A count of turns cannot be trusted, as the speed of the processor changes; and the clock takes a
 * while itself. So it is looked at eight times in a body, when about an eighth should have passed.
 */
void
bench_spin (guint microseconds)
{
  static _Thread_local double turns = 100;  /* in a microsecond, as seen last */
  gint64 begin, now;

  if (microseconds == 0)
    return;

  begin = now = thread_now ();
  while (now - begin < microseconds * 1000)
    {
      guint n = (guint) (turns * microseconds / 8) + 1;
      gint64 before = now;

      for (volatile guint i = 0; i < n; i++)
        ;
      now = thread_now ();
      turns = CLAMP (n * 1000.0 / MAX (now - before, 1), 1, 10000);
    }
  __atomic_add_fetch (&spun, now - begin, __ATOMIC_RELAXED);
}

gint64
bench_get_spun (void)
{
  return __atomic_load_n (&spun, __ATOMIC_RELAXED);
}

/* The main context. How long it takes for one iteration, and how late a source comes that wants to
 * draw at 60 Hz, tells how much a user would notice. The first is by the clock of the thread, so
 * that what other programs take does not count.
 */

#define FRAME    16667  /* µs */
#define PRIORITY 120    /* GDK_PRIORITY_REDRAW */

static GSource *frames;  /* (nullable): while it is watched */
static gint64 longest_iteration, worst_lateness;  /* ns */

void
bench_iterate (void)
{
  gint64 begin;

  if (G_LIKELY (frames == NULL))
    {
      g_main_context_iteration (NULL, TRUE);
      return;
    }

  begin = thread_now ();
  g_main_context_iteration (NULL, TRUE);
  longest_iteration = MAX (longest_iteration, thread_now () - begin);
}

void
bench_drain (void)
{
  while (g_main_context_pending (NULL))
    bench_iterate ();
}

static gboolean
frame_cb (gpointer data)
{
  GSource *source = data;
  gint64 wanted = g_source_get_ready_time (source);
  gint64 now = g_get_monotonic_time ();

  worst_lateness = MAX (worst_lateness, (now - wanted) * 1000);
  g_source_set_ready_time (source, MAX (wanted + FRAME, now + 1));

  return G_SOURCE_CONTINUE;
}

static gboolean
frame_dispatch (GSource     *source,
                GSourceFunc  callback,
                gpointer     user_data)
{
  return callback (user_data);
}

static GSourceFuncs frame_funcs = { .dispatch = frame_dispatch };

/* From now on it counts how long iterations take. */
void
bench_watch_loop (void)
{
  frames = g_source_new (&frame_funcs, sizeof (GSource));
  g_source_set_priority (frames, PRIORITY);
  g_source_set_callback (frames, frame_cb, frames, NULL);
  g_source_set_ready_time (frames, g_get_monotonic_time () + FRAME);
  g_source_attach (frames, NULL);
}

/* Both are in nanoseconds. */
void
bench_unwatch_loop (gint64 *longest,
                    gint64 *lateness)
{
  gint64 wanted = g_source_get_ready_time (frames);

  /* It may still be waiting for its turn. */
  *longest = longest_iteration;
  *lateness = MAX (worst_lateness, (g_get_monotonic_time () - wanted) * 1000);
  g_source_destroy (frames);
  g_clear_pointer (&frames, g_source_unref);
}

/* Memory */

/* A field of /proc/self/status, in bytes. */
gint64
bench_get_status (const char *field)
{
  g_autofree char *contents = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &contents, NULL, NULL))
    return 0;
  line = strstr (contents, field);

  return line == NULL ? 0 : g_ascii_strtoll (line + strlen (field), NULL, 10) * 1024;
}

/* From now on the peak, which is "VmHWM:", counts.
 *
 * Returns: how much memory there is now, in bytes
 */
gint64
bench_reset_peak (void)
{
  FILE *file;

  malloc_trim (0);
  file = fopen ("/proc/self/clear_refs", "w");
  if (file != NULL)
    {
      fputs ("5\n", file);
      fclose (file);
    }

  return bench_get_status ("VmRSS:");
}

/* What malloc () has given out, in bytes. */
gsize
bench_get_allocated (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}
