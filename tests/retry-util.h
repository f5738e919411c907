/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "thread-util.h"

/* What the tests of retries share. */

#define LONG 3600000  /* ms: it never comes */

/* A function that fails some times before it succeeds, with the number of the attempt. */
typedef struct {
  guint    failures;
  guint    calls;
  guint    freed;
  gboolean in_thread;
} Flaky;

G_GNUC_UNUSED static void
fail_attempt (DagTask *task,
              guint    attempt)
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "Attempt %u", attempt);
}

G_GNUC_UNUSED static void
flaky_thread (DagTask      *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  Flaky *self = g_object_get_data (G_OBJECT (task), "flaky");

  if (dag_task_get_attempt (task) <= self->failures)
    fail_attempt (task, dag_task_get_attempt (task));
  else
    dag_task_return_int (task, dag_task_get_attempt (task));
}

G_GNUC_UNUSED static void
flaky_body (DagTask  *task,
            gpointer  user_data)
{
  Flaky *self = user_data;

  self->calls++;
  g_assert_cmpuint (dag_task_get_attempt (task), ==, self->calls);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);

  if (self->in_thread)
    {
      g_object_set_data (G_OBJECT (task), "flaky", self);
      dag_task_run_in_thread (task, flaky_thread);
    }
  else if (self->calls <= self->failures)
    {
      fail_attempt (task, self->calls);
    }
  else
    {
      dag_task_return_int (task, self->calls);
    }
}

G_GNUC_UNUSED static void
flaky_free (gpointer user_data)
{
  ((Flaky *) user_data)->freed++;
}

G_GNUC_UNUSED static DagTask *
flaky_task (Flaky *flaky,
            guint  attempts,
            guint  delay)
{
  g_autoptr (DagRetry) retry = dag_retry_new (attempts, delay);
  DagTask *task = dag_task_new (flaky_body, flaky, flaky_free);

  dag_task_set_retry (task, retry);
  g_assert_true (dag_task_get_retry (task) == retry);

  return task;
}

G_GNUC_UNUSED static void
assert_earlier_errors (DagTask *task,
                       guint    n)
{
  for (guint i = 1; i <= n; i++)
    {
      g_autofree char *message = g_strdup_printf ("Attempt %u", i);

      g_assert_error (dag_task_get_attempt_error (task, i), G_IO_ERROR, G_IO_ERROR_BUSY);
      g_assert_cmpstr (dag_task_get_attempt_error (task, i)->message, ==, message);
    }
  g_assert_null (dag_task_get_attempt_error (task, n + 1));
}

G_GNUC_UNUSED static void
run_until_pause (DagTask *task,
                 guint    attempt)
{
  while (dag_task_get_attempt (task) != attempt ||
         dag_task_get_state (task) != DAG_STATE_WAITING)
    test_iterate ();
}
