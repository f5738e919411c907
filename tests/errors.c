/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* How a failure goes down, and how a task ends that can never return. What is reported when nobody
 * looks is in errors-report.c.
 */

static DagTask *
new_failing (const char *name)
{
  DagTask *task = dag_task_new (test_body_fail, NULL, NULL);

  dag_task_set_name (task, name);

  return task;
}

static void
not_reached (DagTask  *task,
             gpointer  user_data)
{
  g_assert_not_reached ();
}

/* A task that gets nothing from the other and runs only after it. */
static DagTask *
new_after (DagTask    *dependency,
           const char *name)
{
  DagTask *task = dag_task_new_with_arguments (not_reached, NULL, NULL, NULL, 0, &dependency, 1);

  dag_task_set_name (task, name);

  return task;
}

static void
assert_no_such_thing (const GError *error)
{
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "No such thing");
}

#define HOPS 40

static void
test_same_error (void)
{
  DagTask *tasks[HOPS];

  g_test_summary ("A dependent of a failed task ends with the same error, any number of hops away, "
                  "over inputs and prerequisites");

  tasks[0] = new_failing ("origin");
  for (guint i = 1; i < HOPS; i++)
    tasks[i] = i % 2 == 0 ? new_after (tasks[i - 1], NULL)
                          : dag_task_new_with_inputs (not_reached, NULL, NULL, &tasks[i - 1], 1);

  test_settle (tasks[HOPS - 1]);

  for (guint i = 0; i < HOPS; i++)
    {
      assert_no_such_thing (dag_task_get_error (tasks[i]));
      g_assert_cmpint (dag_task_get_state (tasks[i]), ==,
                       i == 0 ? DAG_STATE_FAILED : DAG_STATE_SKIPPED);
      g_assert_cmpint (dag_task_get_reason (tasks[i]), ==, DAG_REASON_FAILURE);
      g_assert_true (dag_task_get_origin (tasks[i]) == tasks[0]);
      g_assert_true (dag_task_had_error (tasks[i]));
      g_assert_null (dag_task_get_value (tasks[i]));
    }

  for (guint i = HOPS; i > 0; i--)
    test_release (tasks[i - 1]);
}

static void
test_origin_stays (void)
{
  DagTask *origin = new_failing ("origin"), *middle, *last;
  gpointer weak_origin = origin, weak_middle;

  g_test_summary ("Where a failure began can be asked as long as anybody has it, and no longer");

  middle = new_after (origin, "middle");
  weak_middle = middle;
  last = new_after (middle, "last");
  g_object_add_weak_pointer (G_OBJECT (origin), &weak_origin);
  g_object_add_weak_pointer (G_OBJECT (middle), &weak_middle);
  g_object_unref (origin);
  g_object_unref (middle);
  test_settle (last);

  g_assert_null (weak_middle);
  g_assert_nonnull (weak_origin);
  g_assert_cmpstr (dag_task_get_name (dag_task_get_origin (last)), ==, "origin");
  assert_no_such_thing (dag_task_get_error (last));

  test_release (last);
  g_assert_null (weak_origin);
}

static void
test_describe (void)
{
  DagTask *origin = new_failing ("fetch"), *middle = new_after (origin, "parse");
  DagTask *last = new_after (middle, NULL);
  g_autofree char *description = NULL, *own = NULL;
  g_auto (GStrv) lines = NULL;

  g_test_summary ("A failure is described by a line for each task on its way, with names and "
                  "places");

  test_settle (last);
  own = dag_task_describe_failure (origin);
  g_assert_true (g_pattern_match_simple ("fetch (*errors.c:*) failed: No such thing", own));

  description = dag_task_describe_failure (last);
  lines = g_strsplit (description, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 3);
  g_assert_cmpstr (lines[0], ==, own);
  g_assert_true (g_pattern_match_simple ("-> parse (*errors.c:*)", lines[1]));
  g_assert_true (g_pattern_match_simple ("-> unnamed task (*errors.c:*)", lines[2]));

  g_assert_nonnull (dag_task_get_error (last));
  test_release (last);
  test_release (middle);
  test_release (origin);
}

static void
assert_failures (DagTask *task,
                 guint    n,
                 ...)
{
  g_autofree DagTask **failures = NULL;
  gsize n_failures;
  va_list expected;

  failures = dag_task_get_failures (task, &n_failures);
  g_assert_cmpuint (n_failures, ==, n);
  g_assert_null (failures[n]);

  va_start (expected, n);
  for (guint i = 0; i < n; i++)
    g_assert_true (failures[i] == va_arg (expected, DagTask *));
  va_end (expected);
}

static void
test_failures (void)
{
  DagTask *first = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *second = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *left, *right, *task, *cancelled, *good;

  g_test_summary ("A task has the error of the first failure that reached it; all of them can be "
                  "read, each once, by where it began");

  left = new_after (first, "left");
  right = new_after (first, "right");
  cancelled = dag_task_new (test_body_pending, NULL, NULL);
  good = dag_task_new (test_body_succeed, NULL, NULL);
  task = dag_task_new_with_arguments (not_reached, NULL, NULL, NULL, 0,
                                      (DagTask *[]) { good, right, cancelled, second, left }, 5);
  test_drain ();
  assert_failures (task, 0);

  dag_task_return_new_error (first, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "No such thing");
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SKIPPED);
  assert_failures (task, 1, first);

  dag_task_return_new_error (second, G_IO_ERROR, G_IO_ERROR_FAILED, "Later");
  dag_task_cancel (cancelled);
  dag_task_return (cancelled);
  test_settle (task);
  assert_failures (task, 2, first, second);
  assert_no_such_thing (dag_task_get_error (task));
  g_assert_true (dag_task_get_origin (task) == first);

  assert_failures (first, 1, first);
  assert_failures (left, 1, first);
  assert_failures (good, 0);
  assert_failures (cancelled, 0);

  test_release (task);
  test_release (left);
  test_release (right);
  test_release (first);
  test_release (second);
  test_release (cancelled);
  test_release (good);
}

static void
test_library_error (void)
{
  DagTask *task = dag_task_new (NULL, NULL, NULL), *dependent;

  g_test_summary ("What the library ends a task with goes down like any other error");

  dag_task_set_trigger (task, DAG_TRIGGER_ANY);
  dependent = new_after (task, "dependent");
  test_settle (dependent);
  g_assert_error (dag_task_get_error (dependent), DAG_ERROR, DAG_ERROR_EMPTY);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_true (dag_task_get_origin (dependent) == task);

  test_release (dependent);
  test_release (task);
}

/* Abandoned */

static guint n_called;

static void
abandoned_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_main_context_is_owner (NULL));
  g_assert_false (dag_task_propagate_boolean (DAG_TASK (result), &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_ABANDONED);
  n_called++;
}

static gpointer
unref_in_thread (gpointer object)
{
  g_object_unref (object);

  return NULL;
}

static void
test_drop (gboolean in_thread)
{
  g_autoptr (GObject) source = g_object_new (G_TYPE_OBJECT, NULL);
  DagTask *task = dag_task_new_for_callback (source, NULL, abandoned_cb, NULL);
  DagTask *dependent = new_after (task, "dependent");
  gpointer weak = task;

  n_called = 0;
  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);

  if (in_thread)
    g_thread_join (g_thread_new ("unref", unref_in_thread, task));
  else
    g_object_unref (task);

  /* It tells in a later dispatch. */
  g_assert_cmpuint (n_called, ==, 0);
  g_assert_nonnull (weak);
  test_settle (dependent);
  g_assert_cmpuint (n_called, ==, 1);
  g_assert_error (dag_task_get_error (dependent), DAG_ERROR, DAG_ERROR_ABANDONED);
  test_release (dependent);
  g_assert_null (weak);
  g_assert_cmpuint (G_OBJECT (source)->ref_count, ==, 1);
}

static void
test_dropped (void)
{
  g_test_summary ("A task for a callback that loses its last reference before it returned is "
                  "abandoned: callback and dependents hear of it");

  test_drop (FALSE);
  test_drop (TRUE);
}

static void
test_dropped_returned (void)
{
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  DagTask *dependent = dag_task_new_with_inputs (NULL, NULL, NULL, &task, 1);

  g_test_summary ("One that has returned is not abandoned, however early the reference goes");

  dag_task_return_int (task, 3);
  g_object_unref (task);
  test_settle (dependent);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SUCCEEDED);
  test_release (dependent);
}

static void
forgetful_thread (DagTask      *task,
                  gpointer      source_object,
                  gpointer      task_data,
                  GCancellable *cancellable)
{
}

static void
thread_body (DagTask  *task,
             gpointer  user_data)
{
  dag_task_run_in_thread (task, forgetful_thread);
}

/* As test_release (), but a thread that ran the task may have a reference for a moment. */
static void
release_after_thread (DagTask *task)
{
  gpointer weak = task;

  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  g_object_unref (task);
  while (weak != NULL)
    test_iterate ();
}

static void
test_thread (void)
{
  DagTask *task = dag_task_new (thread_body, NULL, NULL);
  DagTask *external = dag_task_new_for_callback (NULL, NULL, abandoned_cb, NULL);

  g_test_summary ("A task whose thread function comes back without an outcome is abandoned");

  n_called = 0;
  dag_task_run_in_thread (external, forgetful_thread);
  test_settle (task);
  test_settle (external);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_FAILURE);
  g_assert_cmpuint (n_called, ==, 1);

  release_after_thread (task);
  release_after_thread (external);
}

static void
test_destroyed_context (void)
{
  GMainContext *context = g_main_context_new ();
  DagTask *running, *waiting, *held, *new, *external, *here;

  g_test_summary ("The unfinished tasks of a context that is destroyed fail as abandoned, whatever "
                  "their state; their functions do not run, and dependents elsewhere are told");

  g_main_context_push_thread_default (context);
  running = dag_task_new (test_body_pending, NULL, NULL);
  external = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  waiting = dag_task_new_with_inputs (not_reached, NULL, NULL, &running, 1);
  held = dag_task_new (not_reached, NULL, NULL);
  dag_task_hold (held);
  while (dag_task_get_state (running) != DAG_STATE_RUNNING)
    g_main_context_iteration (context, TRUE);
  new = dag_task_new (not_reached, NULL, NULL);
  g_main_context_pop_thread_default (context);

  here = new_after (waiting, "here");
  test_drain ();
  g_main_context_unref (context);
  test_settle (here);

  g_assert_error (dag_task_get_error (here), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_cmpint (dag_task_get_state (here), ==, DAG_STATE_SKIPPED);

  {
    DagTask *tasks[] = { waiting, running, held, new, external };

    for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
      {
        g_assert_error (dag_task_get_error (tasks[i]), DAG_ERROR, DAG_ERROR_ABANDONED);
        g_assert_cmpint (dag_task_get_reason (tasks[i]), ==, DAG_REASON_FAILURE);
        g_assert_true (dag_task_get_settled (tasks[i]));
        g_assert_null (dag_task_get_context (tasks[i]));

        /* It never ran, but not because of a dependency. */
        if (dag_task_get_origin (tasks[i]) == tasks[i])
          g_assert_cmpint (dag_task_get_state (tasks[i]), ==, DAG_STATE_FAILED);
        else
          g_assert_cmpint (dag_task_get_state (tasks[i]), ==, DAG_STATE_SKIPPED);
      }

    g_assert_true (dag_task_get_origin (held) == held);
    test_release (here);
    for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
      g_assert_finalize_object (tasks[i]);
  }
}

static void
test_before_the_domain (void)
{
  GError *error = g_error_new_literal (g_quark_from_static_string ("DagError"),
                                       DAG_ERROR_NOT_NEEDED, "Made by the name of its domain");
  GError *copy = g_error_copy (error);

  g_test_summary ("An error that another language has made by the name of the domain, before anything "
                  "else, is one like all others");

  g_assert_error (copy, DAG_ERROR, DAG_ERROR_NOT_NEEDED);
  g_error_free (error);
  g_error_free (copy);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/errors/before-the-domain", test_before_the_domain);
  g_test_add_func ("/promise-7/same-error", test_same_error);
  g_test_add_func ("/promise-7/origin-stays", test_origin_stays);
  g_test_add_func ("/promise-7/describe", test_describe);
  g_test_add_func ("/promise-7/failures", test_failures);
  g_test_add_func ("/promise-7/library-error", test_library_error);
  g_test_add_func ("/promise-8/abandoned/dropped", test_dropped);
  g_test_add_func ("/promise-8/abandoned/dropped-returned", test_dropped_returned);
  g_test_add_func ("/promise-8/abandoned/thread", test_thread);
  g_test_add_func ("/promise-8/abandoned/destroyed-context", test_destroyed_context);

  return g_test_run ();
}
