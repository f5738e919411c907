/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

/* What the tests of workers need. */

/* Something that threads wait at until it is opened. */
typedef struct {
  GMutex lock;
  GCond  cond;
  guint  n_inside;
  guint  n_most;
  gboolean open;
} Gate;

G_GNUC_UNUSED static void
gate_init (Gate *gate)
{
  memset (gate, 0, sizeof *gate);
  g_mutex_init (&gate->lock);
  g_cond_init (&gate->cond);
}

G_GNUC_UNUSED static void
gate_pass (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->n_inside++;
  gate->n_most = MAX (gate->n_most, gate->n_inside);
  g_cond_broadcast (&gate->cond);
  while (!gate->open)
    g_cond_wait (&gate->cond, &gate->lock);
  gate->n_inside--;
  g_mutex_unlock (&gate->lock);
}

G_GNUC_UNUSED static void
gate_wait_for (Gate  *gate,
               guint  n)
{
  g_mutex_lock (&gate->lock);
  while (gate->n_inside < n)
    g_cond_wait (&gate->cond, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

G_GNUC_UNUSED static void
gate_open (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->open = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->lock);
}

G_GNUC_UNUSED static void
gate_clear (Gate *gate)
{
  g_mutex_clear (&gate->lock);
  g_cond_clear (&gate->cond);
}

G_GNUC_UNUSED static void
pass (DagTask  *task,
      gpointer  user_data)
{
  gate_pass (user_data);
  dag_task_return (task);
}

G_GNUC_UNUSED static DagTask *
new_on (DagWorker      *worker,
        DagTaskFunc     function,
        gpointer        data)
{
  DagTask *task = dag_task_new (function, data, NULL);

  dag_task_set_worker (task, worker);

  return task;
}

/* A worker of one thread that is busy until the gate opens. */
G_GNUC_UNUSED static DagWorker *
new_busy (Gate     *gate,
          DagTask **task)
{
  DagWorker *worker = dag_worker_new ("busy", 1);

  gate_init (gate);
  *task = new_on (worker, pass, gate);
  test_drain ();
  gate_wait_for (gate, 1);
  while (dag_task_get_state (*task) != DAG_STATE_RUNNING)
    test_iterate ();

  return worker;
}

G_GNUC_UNUSED static void
release_busy (Gate      *gate,
              DagTask   *task,
              DagWorker *worker)
{
  gate_open (gate);
  test_release_from_thread (task);
  gate_clear (gate);
  g_object_unref (worker);
}

static GThread *main_thread;

G_GNUC_UNUSED static void
note_home (gpointer data)
{
  g_assert_true (g_thread_self () == main_thread);
  (*(int *) data)++;
}

G_GNUC_UNUSED static void
add_up (DagTask  *task,
        gpointer  user_data)
{
  int sum = 0;

  g_assert_true (user_data == NULL || g_thread_self () != user_data);
  for (guint i = 0; i < dag_task_get_n_arguments (task); i++)
    sum += dag_task_get_argument_int (task, i);
  dag_task_return_int (task, sum);
}
