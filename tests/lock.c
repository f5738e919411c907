/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <glib.h>

#include "dag-lock-private.h"

/* The lock of a node, which shares its word with other bits. */

#define N_THREADS 4
#define N_ROUNDS  50000
#define OTHER     (1 << 8)  /* a bit that is changed without the lock */

static gint word;
static guint count;  /* under the lock */

static gpointer
count_thread (gpointer data)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      dag_lock (&word);
      count++;
      /* So that the others come while it is held, however many cores there are. */
      if (i % 64 == 0)
        g_thread_yield ();
      dag_unlock (&word);

      g_atomic_int_or ((guint *) &word, OTHER);
      g_atomic_int_and ((guint *) &word, ~(guint) OTHER);
    }

  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[N_THREADS];

  g_test_summary ("One thread at a time has the lock, and who waits for it is woken");

  word = 0;
  count = 0;

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("count", count_thread, NULL);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);

  g_assert_cmpuint (count, ==, N_THREADS * N_ROUNDS);
  g_assert_cmpint (word & ~DAG_LOCK_SHARED, ==, 0);
}

static gpointer
lock_thread (gpointer data)
{
  dag_lock (&word);
  count++;
  dag_unlock (&word);

  return NULL;
}

static void
test_wait (void)
{
  GThread *thread;

  g_test_summary ("Who finds it taken waits, though it was taken in place");

  word = OTHER;
  count = 0;

  dag_lock (&word);
  thread = g_thread_new ("lock", lock_thread, NULL);
  while (!DAG_LOCK_IS_GLIBS && !(g_atomic_int_get (&word) & DAG_LOCK_SHARED))
    g_thread_yield ();
  g_assert_cmpuint (count, ==, 0);
  dag_unlock (&word);
  g_thread_join (thread);

  g_assert_cmpuint (count, ==, 1);
  g_assert_cmpint (word, ==, OTHER | (DAG_LOCK_IS_GLIBS ? 0 : DAG_LOCK_SHARED));
}

static void
test_alone (void)
{
  g_test_summary ("In one thread nothing else is changed");

  word = OTHER;
  for (guint i = 0; i < 3; i++)
    {
      dag_lock (&word);
      g_assert_true (word & DAG_LOCK_HELD);
      dag_unlock (&word);
      g_assert_cmpint (word, ==, OTHER);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lock/alone", test_alone);
  g_test_add_func ("/lock/wait", test_wait);
  g_test_add_func ("/lock/threads", test_threads);

  return g_test_run ();
}
