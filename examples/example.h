/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What the examples share: a clock.
 *
 * With DAG_EXAMPLE_SPEED=5 in the environment five seconds of an example pass in one, which is how
 * the tests run them.
 */

#pragma once

#include <aiodag.h>

#include <stdlib.h>

static gint64 clock_start; /* µs */

static inline double
clock_speed (void)
{
  const char *speed = g_getenv ("DAG_EXAMPLE_SPEED");

  return speed != NULL ? MAX (g_ascii_strtod (speed, NULL), 0.1) : 1.0;
}

static inline void
start_clock (void)
{
  clock_start = g_get_monotonic_time ();
}

/* What the clock shows, in seconds. */
static inline double
read_clock (void)
{
  return (double) (g_get_monotonic_time () - clock_start) / G_USEC_PER_SEC * clock_speed ();
}

/* How long that many seconds of an example take, in milliseconds. */
static inline guint
real_ms (double seconds)
{
  return (guint) (seconds * 1000 / clock_speed () + 0.5);
}

/* Prints a line with the time in front, rounded down to a tenth of a second; to half a second when
 * the speed was set, because then being late by a little counts as much more.
 */
static inline void G_GNUC_PRINTF (1, 2)
say (const char *format, ...)
{
  int parts = g_getenv ("DAG_EXAMPLE_SPEED") != NULL ? 2 : 10; /* of a second */
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%4.1f s  %s\n", (double) (int) (read_clock () * parts) / parts, text);
}

/* Calls @callback with @task when that many seconds have passed. */
static inline void
after (DagTask *task, double seconds, GSourceFunc callback)
{
  g_autoptr (GSource) source = g_timeout_source_new (real_ms (seconds));

  dag_task_attach_source (task, source, callback);
}
