/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* Making a task is all it takes to have it run, and holding it all to keep it from that. */

/* Sets the bit that its data is. */
static guint bits;

static void
set_bit (DagTask  *task,
         gpointer  user_data)
{
  g_assert_cmpuint (bits & GPOINTER_TO_UINT (user_data), ==, 0);
  bits |= GPOINTER_TO_UINT (user_data);
  dag_task_return (task);
}

static DagTask *
new_bit_task (guint bit)
{
  return dag_task_new (set_bit, GUINT_TO_POINTER (bit), NULL);
}

static void
test_unreferenced (void)
{
  DagTask *first = new_bit_task (1), *second = new_bit_task (2);
  gpointer weak = second;

  g_test_summary ("A task runs though nobody starts it, awaits it or has a reference, and goes "
                  "when it has settled");

  bits = 0;
  g_assert_true (dag_task_add_prerequisite (second, first, DAG_RULE_SUCCEEDED, NULL));
  g_object_add_weak_pointer (G_OBJECT (second), &weak);
  g_object_unref (first);
  g_object_unref (second);

  g_assert_cmpuint (bits, ==, 0);
  g_assert_nonnull (weak);
  test_drain ();
  g_assert_cmpuint (bits, ==, 3);
  g_assert_null (weak);
}

static DagTask *pending;

static void
test_unreferenced_running (void)
{
  gpointer weak;

  g_test_summary ("A task that nobody references stays valid while its function has not returned");

  pending = dag_task_new (test_body_pending, NULL, NULL);
  weak = pending;
  g_object_add_weak_pointer (G_OBJECT (pending), &weak);
  g_object_unref (pending);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (pending), ==, DAG_STATE_RUNNING);

  dag_task_cancel (pending);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (pending), ==, DAG_STATE_RUNNING);

  dag_task_return (pending);
  g_assert_nonnull (weak);
  test_drain ();
  g_assert_null (weak);
}

static void
test_hold (void)
{
  DagTask *task = new_bit_task (1);

  g_test_summary ("A task that is held starts after as many releases, however ready it is");

  bits = 0;
  dag_task_hold (task);
  dag_task_hold (task);
  g_assert_true (dag_task_get_held (task));
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);

  dag_task_release (task);
  g_assert_true (dag_task_get_held (task));
  test_drain ();
  g_assert_cmpuint (bits, ==, 0);

  dag_task_release (task);
  g_assert_false (dag_task_get_held (task));
  g_assert_cmpuint (bits, ==, 0);
  test_settle (task);
  g_assert_cmpuint (bits, ==, 1);

  test_release (task);
}

static void
hold_cb (GObject    *object,
         GParamSpec *pspec,
         gpointer    user_data)
{
  if (dag_task_get_state (DAG_TASK (object)) == DAG_STATE_READY)
    dag_task_hold (DAG_TASK (object));
}

static void
test_hold_ready (void)
{
  DagTask *task = new_bit_task (1);
  gulong handler;

  g_test_summary ("A task that is ready can be held: it waits again, and is ready when released");

  bits = 0;
  handler = g_signal_connect (task, "notify::state", G_CALLBACK (hold_cb), NULL);
  test_drain ();
  g_assert_cmpuint (bits, ==, 0);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);

  g_signal_handler_disconnect (task, handler);
  dag_task_release (task);
  test_settle (task);
  g_assert_cmpuint (bits, ==, 1);

  test_release (task);
}

static void
test_hold_ends (void)
{
  DagTask *cause = dag_task_new (test_body_fail, NULL, NULL);
  DagTask *skipped = new_bit_task (1), *cancelled = new_bit_task (2);

  g_test_summary ("A task that is held can be skipped or cancelled all the same");

  bits = 0;
  dag_task_hold (skipped);
  dag_task_hold (cancelled);
  g_assert_true (dag_task_add_prerequisite (skipped, cause, DAG_RULE_SUCCEEDED, NULL));
  dag_task_cancel (cancelled);
  test_settle (skipped);
  test_settle (cancelled);
  g_assert_cmpint (dag_task_get_state (skipped), ==, DAG_STATE_SKIPPED);
  g_assert_cmpint (dag_task_get_state (cancelled), ==, DAG_STATE_CANCELLED);
  g_assert_nonnull (dag_task_get_error (skipped));

  dag_task_release (skipped);
  dag_task_release (cancelled);
  test_drain ();
  g_assert_cmpuint (bits, ==, 0);

  test_release (skipped);
  test_release (cancelled);
  test_release (cause);
}

static void
concatenate (DagTask  *task,
             gpointer  user_data)
{
  g_assert_cmpuint (dag_task_get_n_arguments (task), ==, 2);
  dag_task_return_take_string (task, g_strconcat (dag_task_get_argument_string (task, 0),
                                                  user_data,
                                                  dag_task_get_argument_string (task, 1), NULL));
}

static void
test_held_property (void)
{
  DagTask *task = g_object_new (DAG_TYPE_TASK, "held", TRUE, NULL);
  DagTask *other = g_object_new (DAG_TYPE_TASK, "held", FALSE, NULL);

  g_test_summary ("A task made with :held is built in steps, over dispatches, until its release");

  g_assert_true (dag_task_get_held (task));
  test_settle (other);
  g_assert_cmpint (dag_task_get_state (other), ==, DAG_STATE_SUCCEEDED);
  g_assert_null (g_value_get_pointer (dag_task_get_value (other)));

  dag_task_add_argument_string (task, "a");
  test_drain ();
  dag_task_set_function (task, concatenate, g_strdup ("-"), g_free);
  test_drain ();
  dag_task_add_argument_string (task, "b");
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);

  dag_task_release (task);
  test_settle (task);
  g_assert_cmpstr (g_value_get_string (dag_task_get_value (task)), ==, "a-b");

  test_release (task);
  test_release (other);
}

/* A value whose copying takes until the main loop has gone round, in another thread. */

static GMutex slow_lock;
static GCond slow_cond;
static gboolean slow_copying, slow_released;

static gpointer
slow_copy (gpointer boxed)
{
  g_mutex_lock (&slow_lock);
  slow_copying = TRUE;
  g_main_context_wakeup (NULL);
  while (!slow_released)
    g_cond_wait (&slow_cond, &slow_lock);
  g_mutex_unlock (&slow_lock);

  return boxed;
}

static void
slow_free (gpointer boxed)
{
}

typedef void Slow;
static GType slow_get_type (void);
G_DEFINE_BOXED_TYPE (Slow, slow, slow_copy, slow_free)

static gboolean
is_slow_copying (void)
{
  gboolean copying;

  g_mutex_lock (&slow_lock);
  copying = slow_copying;
  g_mutex_unlock (&slow_lock);

  return copying;
}

static gpointer
make_skipped_task (gpointer user_data)
{
  GValue arguments[3] = { G_VALUE_INIT, G_VALUE_INIT, G_VALUE_INIT };
  DagTask *task;

  g_value_init (&arguments[0], DAG_TYPE_TASK);
  g_value_set_object (&arguments[0], user_data);
  g_value_init (&arguments[1], slow_get_type ());
  g_value_set_static_boxed (&arguments[1], &arguments);
  g_value_init (&arguments[2], G_TYPE_STRING);
  g_value_set_static_string (&arguments[2], "last");

  task = dag_task_new_with_arguments (set_bit, g_strdup ("data"), g_free, arguments, 3, NULL, 0);
  g_value_unset (&arguments[0]);

  return task;
}

static void
test_atomic (void)
{
  DagTask *cause = dag_task_new (test_body_fail, NULL, NULL);
  DagTask *task;
  GThread *thread;

  g_test_summary ("A constructor in another thread is atomic: the main loop sees nothing of a task "
                  "that it would skip, until it is complete");

  test_settle (cause);

  thread = g_thread_new ("maker", make_skipped_task, cause);
  while (!is_slow_copying ())
    test_iterate ();
  test_drain ();

  g_mutex_lock (&slow_lock);
  slow_released = TRUE;
  g_cond_broadcast (&slow_cond);
  g_mutex_unlock (&slow_lock);
  task = g_thread_join (thread);

  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SKIPPED);
  g_assert_true (dag_task_get_origin (task) == cause);
  g_assert_nonnull (dag_task_get_error (task));

  test_release (task);
  test_release (cause);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-1/schedules/unreferenced", test_unreferenced);
  g_test_add_func ("/promise-1/schedules/unreferenced-running", test_unreferenced_running);
  g_test_add_func ("/promise-1/hold/counts", test_hold);
  g_test_add_func ("/promise-1/hold/ready", test_hold_ready);
  g_test_add_func ("/promise-1/hold/ends", test_hold_ends);
  g_test_add_func ("/promise-1/hold/property", test_held_property);
  g_test_add_func ("/promise-1/atomic/other-thread", test_atomic);

  return g_test_run ();
}
