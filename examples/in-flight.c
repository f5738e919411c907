/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Work in flight: no more than two photos are in memory, whichever step each of them is at.
 *
 *   photo: load --- scale     at most 2 at once
 *   photo: load --- scale
 *   ...
 *
 * The limit is on whole photos. If it were on loading alone, which is quicker, they would pile up before
 * they are scaled.
 */

#include "example.h"

static guint n_loaded, most_loaded;

static gboolean
loaded_cb (gpointer task)
{
  n_loaded++;
  most_loaded = MAX (most_loaded, n_loaded);
  dag_task_return_take_string (task, g_strdup (dag_task_get_argument_string (task, 0)));

  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (load, (const char *, name))
{
  after (task, 0.1, loaded_cb);
}

static gboolean
scaled_cb (gpointer task)
{
  n_loaded--;
  dag_task_return (task);

  return G_SOURCE_REMOVE;
}

/* Takes longer than loading. */
DAG_DEFINE_TASK (scale, (const char *, photo))
{
  after (task, 0.3, scaled_cb);
}

DAG_DEFINE_TASK (photo, (const char *, name))
{
  dag_task_return_task (task, dag_call (scale, dag_call (load, name)));
}

int
main (void)
{
  const char *names[] = { "beach.jpg", "harbour.jpg", "cliffs.jpg", "tower.jpg", "supper.jpg" };
  g_autoptr (DagLimiter) in_flight = dag_limiter_new (2);
  g_autoptr (DagTask) album = NULL;
  DagTask *photos[G_N_ELEMENTS (names)];

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    photos[i] = dag_with (dag_call (photo, names[i]), "limiter", in_flight, NULL);

  album = dag_task_new_all (photos, G_N_ELEMENTS (photos));
  if (dag_task_wait (album, NULL, NULL) == NULL)
    return EXIT_FAILURE;

  g_print ("%u photos, no more than %u in memory\n", (guint) G_N_ELEMENTS (names), most_loaded);
  return EXIT_SUCCESS;
}
