/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <aiodag.h>

/* What most tests need. Every condition is waited for by iterating the main context that is
 * thread-default; nothing sleeps.
 */

static inline void
test_iterate (void)
{
  g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
}

/* Runs what is ready, and what becomes ready by that. */
G_GNUC_UNUSED static void
test_drain (void)
{
  while (g_main_context_iteration (g_main_context_get_thread_default (), FALSE))
    ;
}

G_GNUC_UNUSED static void
test_finish (DagTask *task)
{
  while (!dag_task_is_finished (task))
    test_iterate ();
}

G_GNUC_UNUSED static void
test_settle (DagTask *task)
{
  while (!dag_task_get_settled (task))
    test_iterate ();
  test_drain ();
}

/* Drops the last reference of a task from outside, and expects nobody else to have one. */
G_GNUC_UNUSED static void
test_release (DagTask *task)
{
  gpointer weak = task;

  test_settle (task);
  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  g_object_unref (task);
  test_drain ();
  g_assert_null (weak);
}

/* Does so when a thread that has called its function may have the task for a moment still. */
G_GNUC_UNUSED static void
test_release_from_thread (DagTask *task)
{
  test_settle (task);
  while (g_atomic_int_get (&G_OBJECT (task)->ref_count) > 1)
    test_drain ();
  test_release (task);
}

/* A function that never returns by itself: the test does it. */
G_GNUC_UNUSED static void
test_body_pending (DagTask  *task,
                   gpointer  user_data)
{
}

G_GNUC_UNUSED static void
test_body_succeed (DagTask  *task,
                   gpointer  user_data)
{
  dag_task_return_int (task, GPOINTER_TO_INT (user_data));
}

G_GNUC_UNUSED static void
test_body_fail (DagTask  *task,
                gpointer  user_data)
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "No such thing");
}

G_GNUC_UNUSED static void
test_body_skip (DagTask  *task,
                gpointer  user_data)
{
  dag_task_return_skip (task);
}

/* Counts its calls. */
G_GNUC_UNUSED static void
test_body_count (DagTask  *task,
                 gpointer  user_data)
{
  (*(guint *) user_data)++;
  dag_task_return_int (task, 1);
}

/* Expects the task to have succeeded with this number. */
G_GNUC_UNUSED static void
test_assert_int (DagTask *task,
                 int      value)
{
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
  g_assert_cmpint (g_value_get_int (dag_task_get_value (task)), ==, value);
}

/* Expects the call to be reported as a programmer error of this pattern. */
#define test_assert_critical(pattern, call) \
  G_STMT_START \
  { \
    g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, pattern); \
    call; \
    g_test_assert_expected_messages (); \
  } \
  G_STMT_END

/* How many of something a big test makes: a twentieth where a tool makes everything slow. */
G_GNUC_UNUSED static guint
test_size (guint full)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return full / 20;
#else
  const char *preload = g_getenv ("LD_PRELOAD");

  /* That is how valgrind gets into a program. */
  return preload != NULL && g_strrstr (preload, "vgpreload") != NULL ? full / 20 : full;
#endif
}
