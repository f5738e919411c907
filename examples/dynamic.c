/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Tasks that are added while others run, from outside and from inside a running function.
 *
 *   count_pages "home" =
 *
 *     count_pages "news" =
 *
 *       count_pages "today" ----+
 *                               +-- add_up --+
 *       count_pages "archive" --+            +-- add_up ---- announce
 *                                            |
 *     count_pages "about" -------------------+
 *
 * Which pages there are is only known when the page that links to them was read. Its function then
 * makes the tasks for them and one that adds up, and ends with whatever that one will end with.
 */

#include "example.h"

static const struct {
  const char *page;
  const char *links[3];
} site[] = {
  { "home",    { "news", "about" } },
  { "news",    { "today", "archive" } },
  { "about",   { NULL } },
  { "today",   { NULL } },
  { "archive", { NULL } },
};

static const char * const *
find_links (const char *page)
{
  for (gsize i = 0; i < G_N_ELEMENTS (site); i++)
    {
      if (g_str_equal (site[i].page, page))
        return site[i].links;
    }
  g_assert_not_reached ();
}

DAG_DEFINE_TASK (add_up, (GPtrArray *, parts, DAG_RAW))
{
  int sum = 1;

  for (guint i = 0; i < parts->len; i++)
    {
      g_autoptr (GError) error = NULL;

      sum += (int) dag_task_propagate_int (g_ptr_array_index (parts, i), &error);
      if (error != NULL)
        {
          dag_task_return_error (task, g_steal_pointer (&error));
          return;
        }
    }
  dag_task_return_int (task, sum);
}

static gboolean page_read_cb (gpointer user_data);

DAG_DEFINE_TASK (count_pages, (const char *, page))
{
  after (task, 1, page_read_cb);
}

static gboolean
page_read_cb (gpointer user_data)
{
  DagTask *task = user_data;
  DAG_ARGS (count_pages, task, page);
  const char * const *links = find_links (page);
  g_autoptr (GPtrArray) parts = g_ptr_array_new ();

  say ("read \"%s\", which has %u links", page, g_strv_length ((char **) links));
  for (; *links != NULL; links++)
    g_ptr_array_add (parts, dag_call (count_pages, *links));
  dag_task_return_task (task, dag_call (add_up, parts));
  return G_SOURCE_REMOVE;
}

DAG_DEFINE_TASK (announce, (int, n_pages))
{
  say ("%d pages", n_pages);
  dag_task_return (task);
}

/* Long after the counting began, somebody wants to know as well. */
static void
wish_cb (gpointer user_data)
{
  DagTask **count = user_data;

  say ("a wish: announce the number, once it is there");
  dag_call (announce, *count);
}

int
main (void)
{
  g_autoptr (DagTask) count = NULL;
  g_autoptr (GError) error = NULL;

  start_clock ();
  count = g_object_ref (dag_call (count_pages, "home"));
  g_timeout_add_once (real_ms (1.5), wish_cb, &count);
  if (dag_task_wait (count, NULL, &error) == NULL)
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }

  /* Nobody waits for the announcement; it is made in the dispatches that are due. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return EXIT_SUCCESS;
}
