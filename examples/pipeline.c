/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Six fetches, joined, stripped and uploaded, each step as soon as what it needs is there.
 *
 *   fetch a1  1 s   --+
 *                     +-- concatenate --+------------------ strip_numbers --+
 *   fetch a2  2 s   --+                 |                                   |
 *                                       +-- concatenate --- strip_numbers --+
 *   fetch b1  4 s   --+                 |                                   |
 *                     +-- concatenate --+                                   +-- upload
 *   fetch b2  0.5 s --+                                                     |
 *                                                                           |
 *   fetch c1  6 s   --+                                                     |
 *                     +-- concatenate --------------------- strip_numbers --+
 *   fetch c2  3.5 s --+
 *
 * Everything but a fetch takes 1 s, so the longest way through is c1's: 6 + 1 + 1 + 1 = 9 s. No
 * order in which the steps could run is shorter than that, and this one is not longer.
 */

#include "example.h"

#define CRITICAL_PATH 9     /* s */
#define TOLERANCE     0.020 /* s */

static gboolean fetched_cb      (gpointer user_data);
static gboolean concatenated_cb (gpointer user_data);
static gboolean stripped_cb     (gpointer user_data);
static gboolean uploaded_cb     (gpointer user_data);

/* The steps. None of them knows of another; each stands for a request to some service. */

DAG_DEFINE_TASK (fetch, (const char *, id), (double, seconds))
{
  after (task, seconds, fetched_cb);
}

static gboolean
fetched_cb (gpointer user_data)
{
  DagTask *task = user_data;
  DAG_ARGS (fetch, task, id, seconds);

  say ("fetched %s", id);
  dag_task_return_take_string (task, g_strconcat (id, "x", NULL));
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (concatenate, (const char *, left), (const char *, right))
{
  after (task, 1, concatenated_cb);
}

static gboolean
concatenated_cb (gpointer user_data)
{
  DagTask *task = user_data;
  DAG_ARGS (concatenate, task, left, right);

  say ("concatenated %s and %s", left, right);
  dag_task_return_take_string (task, g_strconcat (left, right, NULL));
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (strip_numbers, (const char *, text))
{
  after (task, 1, stripped_cb);
}

static gboolean
stripped_cb (gpointer user_data)
{
  DagTask *task = user_data;
  DAG_ARGS (strip_numbers, task, text);
  GString *letters = g_string_new (NULL);

  for (const char *c = text; *c != '\0'; c++)
    {
      if (!g_ascii_isdigit (*c))
        g_string_append_c (letters, *c);
    }

  say ("stripped %s", text);
  dag_task_return_take_string (task, g_string_free (letters, FALSE));
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (upload, (const char *, a), (const char *, b), (const char *, c))
{
  after (task, 1, uploaded_cb);
}

static gboolean
uploaded_cb (gpointer user_data)
{
  DagTask *task = user_data;
  DAG_ARGS (upload, task, a, b, c);

  say ("uploaded %s, %s and %s", a, b, c);
  dag_task_return (task);
  return G_SOURCE_REMOVE;
}

/* The pipeline: calling a step schedules it, a task among the arguments is waited for. */

static DagTask *
build_pipeline (void)
{
  DagTask *a1 = dag_call (fetch, "a1", 1);
  DagTask *a2 = dag_call (fetch, "a2", 2);
  DagTask *b1 = dag_call (fetch, "b1", 4);
  DagTask *b2 = dag_call (fetch, "b2", 0.5);
  DagTask *c1 = dag_call (fetch, "c1", 6);
  DagTask *c2 = dag_call (fetch, "c2", 3.5);

  DagTask *ca = dag_call (concatenate, a1, a2);
  DagTask *cb = dag_call (concatenate, b1, b2);
  DagTask *cc = dag_call (concatenate, c1, c2);
  DagTask *cab = dag_call (concatenate, ca, cb);

  DagTask *sa = dag_call (strip_numbers, ca); /* ca a second time: a result can be shared */
  DagTask *sab = dag_call (strip_numbers, cab);
  DagTask *sc = dag_call (strip_numbers, cc);

  return dag_call (upload, sa, sab, sc);
}

int
main (void)
{
  g_autoptr (DagTask) pipeline = NULL;
  g_autoptr (GError) error = NULL;
  double makespan; /* s */

  start_clock ();
  pipeline = g_object_ref (build_pipeline ());
  if (dag_task_wait (pipeline, NULL, &error) == NULL)
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }

  makespan = read_clock ();
  g_print ("makespan %.3f s, critical path %d s\n", makespan, CRITICAL_PATH);
  if (g_getenv ("DAG_EXAMPLE_SPEED") == NULL && makespan > CRITICAL_PATH + TOLERANCE)
    {
      g_printerr ("That is late by more than %.0f ms.\n", TOLERANCE * 1000);
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
