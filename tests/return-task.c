/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* dag_task_return_task (): a task that ends as another does. */

static void
follow (DagTask  *task,
        gpointer  user_data)
{
  dag_task_return_task (task, user_data);
}

static DagTask *
new_following (DagTask *other)
{
  return dag_task_new (follow, g_object_ref (other), g_object_unref);
}

static void
test_value (void)
{
  g_test_summary ("A task ends with the value of another, finished before or later");

  for (guint later = 0; later < 2; later++)
    {
      DagTask *other = dag_task_new (test_body_pending, NULL, NULL);
      DagTask *task = new_following (other);

      if (!later)
        {
          dag_task_hold (task);
          test_drain ();
          dag_task_return_string (other, "same");
          test_settle (other);
          dag_task_release (task);
        }
      else
        {
          test_drain ();
          g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
          g_assert_null (dag_task_get_value (task));
          dag_task_return_string (other, "same");
        }

      test_settle (task);
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
      g_assert_cmpstr (g_value_get_string (dag_task_get_value (task)), ==, "same");
      test_release (task);
      test_release (other);
    }
}

static void
check_failure (DagTaskFunc function,
               DagState    state,
               DagReason   reason)
{
  DagTask *other = dag_task_new (function, NULL, NULL);
  DagTask *task = new_following (other);
  g_autofree char *description = NULL;

  dag_task_set_name (other, "inner");
  dag_task_set_name (task, "outer");
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, state);
  g_assert_cmpint (dag_task_get_reason (task), ==, reason);
  g_assert_true (dag_task_get_origin (task) == other);
  g_assert_true (g_error_matches (dag_task_get_error (task), dag_task_get_error (other)->domain,
                                  dag_task_get_error (other)->code));
  g_assert_cmpstr (dag_task_get_error (task)->message, ==, dag_task_get_error (other)->message);

  description = dag_task_describe_failure (task);
  g_assert_true (g_pattern_match_simple ("inner (*return-task.c:*\n-> outer (*return-task.c:*)",
                                         description));

  test_release (task);
  test_release (other);
}

static void
cancelled_body (DagTask  *task,
                gpointer  user_data)
{
  dag_task_cancel (task);
  dag_task_return (task);
}

static void
test_failure (void)
{
  g_test_summary ("A task ends with the failure, skip or cancellation of another, and its origin");

  check_failure (test_body_fail, DAG_STATE_FAILED, DAG_REASON_FAILURE);
  check_failure (test_body_skip, DAG_STATE_SKIPPED, DAG_REASON_NOT_NEEDED);
  check_failure (cancelled_body, DAG_STATE_CANCELLED, DAG_REASON_CANCELLATION);
}

static void
test_cancel (void)
{
  DagTask *other, *task, *needy;

  g_test_summary ("Cancelling a task that follows another cancels that, unless somebody else "
                  "needs it");

  other = dag_task_new (test_body_pending, NULL, NULL);
  task = new_following (other);
  test_drain ();
  dag_task_cancel (task);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_true (dag_task_is_cancelled (other));
  g_assert_false (dag_task_get_settled (task));
  dag_task_return (other);
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (other), ==, DAG_STATE_CANCELLED);
  test_release (task);
  test_release (other);

  other = dag_task_new (test_body_pending, NULL, NULL);
  task = new_following (other);
  needy = dag_task_new_with_inputs (NULL, NULL, NULL, &other, 1);
  test_drain ();
  dag_task_cancel (task);
  test_finish (task);
  g_assert_false (dag_task_is_cancelled (other));
  dag_task_return (other);
  test_settle (needy);
  g_assert_cmpint (dag_task_get_state (needy), ==, DAG_STATE_SUCCEEDED);
  test_release (needy);
  test_release (task);
  test_release (other);
}

/* A function that returns a task though it was cancelled. */

static DagTask *inner;

static void
cancelled_follow (DagTask  *task,
                  gpointer  user_data)
{
  dag_task_cancel (task);
  test_drain ();
  dag_task_return_task (task, inner);
}

static void
test_cancelled_before (void)
{
  DagTask *task;

  g_test_summary ("A task that was cancelled before it returned another ends as cancelled, and "
                  "that is not needed");

  inner = dag_task_new (test_body_pending, NULL, NULL);
  task = dag_task_new (cancelled_follow, NULL, NULL);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_true (dag_task_is_cancelled (inner));
  if (dag_task_get_state (inner) == DAG_STATE_RUNNING)
    dag_task_return (inner);
  test_release (task);
  test_release (inner);
}

static void
follow_itself (DagTask  *task,
               gpointer  user_data)
{
  dag_task_return_task (task, task);
}

static void
test_cycle (void)
{
  DagTask *task = dag_task_new (follow_itself, NULL, NULL), *other, *after;

  g_test_summary ("A task that would end as itself, or as what waits for it, fails with the cycle");

  dag_task_set_name (task, "snake");
  test_settle (task);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_CYCLE);
  g_assert_true (g_pattern_match_simple ("snake (*) would wait for itself: snake (*) -> snake (*)",
                                         dag_task_get_error (task)->message));
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  test_release (task);

  task = dag_task_new (test_body_pending, NULL, NULL);
  dag_task_set_name (task, "task");
  other = dag_task_new_with_inputs (NULL, NULL, NULL, &task, 1);
  dag_task_set_name (other, "other");
  after = dag_task_new_with_inputs (NULL, NULL, NULL, &other, 1);
  dag_task_set_name (after, "after");
  test_drain ();
  dag_task_return_task (task, after);
  test_settle (after);
  g_assert_error (dag_task_get_error (after), DAG_ERROR, DAG_ERROR_CYCLE);
  g_assert_true (dag_task_get_origin (after) == task);
  g_assert_true (g_pattern_match_simple ("task (*) would wait for itself: task (*) -> other (*) -> "
                                         "after (*) -> task "
                                         "(*)", dag_task_get_error (task)->message));
  {
    g_autofree DagTask **tasks = NULL;
    gsize n;

    tasks = dag_error_get_tasks (dag_task_get_error (after), &n);
    g_assert_cmpuint (n, ==, 3);
    g_assert_true (tasks[0] == task && tasks[1] == other && tasks[2] == after);
  }
  test_release (after);
  test_release (other);
  test_release (task);
}

static void
test_mutual (void)
{
  DagTask *first = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *second = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("Of two tasks that would end as each other the second to say so fails, and so "
                  "the first");

  test_drain ();
  dag_task_return_task (first, second);
  dag_task_return_task (second, first);
  test_settle (first);
  test_settle (second);
  g_assert_error (dag_task_get_error (second), DAG_ERROR, DAG_ERROR_CYCLE);
  g_assert_error (dag_task_get_error (first), DAG_ERROR, DAG_ERROR_CYCLE);
  g_assert_true (dag_task_get_origin (first) == second);
  test_release (first);
  test_release (second);
}

/* Pointers */

static guint n_freed;

static void
count_free (gpointer data)
{
  g_assert_true (data == &n_freed);
  n_freed++;
}

static void
pointer_body (DagTask  *task,
              gpointer  user_data)
{
  dag_task_return_pointer (task, &n_freed, count_free);
}

static void
test_pointer (void)
{
  DagTask *tasks[5];

  g_test_summary ("A pointer lives until the last task that ended with it goes, whichever that is");

  for (guint order = 0; order < 2; order++)
    {
      n_freed = 0;
      tasks[0] = dag_task_new (pointer_body, NULL, NULL);
      for (guint i = 1; i < G_N_ELEMENTS (tasks); i++)
        tasks[i] = new_following (tasks[i - 1]);
      test_settle (tasks[G_N_ELEMENTS (tasks) - 1]);

      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        {
          DagTask *task = tasks[order ? G_N_ELEMENTS (tasks) - 1 - i : i];

          g_assert_cmpuint (n_freed, ==, 0);
          g_assert_true (g_value_get_pointer (dag_task_get_value (task)) == &n_freed);
          g_object_unref (task);
          test_drain ();
        }

      g_assert_cmpuint (n_freed, ==, 1);
    }
}

static void
test_pointer_shared (void)
{
  DagTask *other = dag_task_new (pointer_body, NULL, NULL);
  DagTask *task = new_following (other);
  g_autoptr (GError) error = NULL;

  g_test_summary ("A pointer that several tasks ended with is not handed over by any of them");

  n_freed = 0;
  test_settle (task);
  g_assert_null (dag_task_propagate_pointer (task, &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_SHARED);
  g_clear_error (&error);
  g_assert_null (dag_task_propagate_pointer (other, &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_SHARED);
  test_release (task);
  g_assert_cmpuint (n_freed, ==, 0);
  test_release (other);
  g_assert_cmpuint (n_freed, ==, 1);
}

/* Long chains */

typedef enum {
  END_VALUE,
  END_POINTER,
  END_FAILURE,
  END_CANCEL,
  N_ENDS,
} End;

static void
run_chain (End end)
{
  guint n = test_size (100000);
  DagTask *first = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *last = g_object_ref (first);

  n_freed = 0;
  for (guint i = 0; i < n; i++)
    {
      DagTask *task = new_following (last);

      g_object_unref (last);
      last = task;
    }
  test_drain ();
  g_assert_cmpint (dag_task_get_state (last), ==, DAG_STATE_RUNNING);

  switch (end)
    {
    case END_VALUE:
      dag_task_return_int (first, 5);
      test_settle (last);
      g_assert_cmpint (g_value_get_int (dag_task_get_value (last)), ==, 5);
      break;
    case END_POINTER:
      pointer_body (first, NULL);
      test_settle (last);
      g_assert_true (g_value_get_pointer (dag_task_get_value (last)) == &n_freed);
      break;
    case END_FAILURE:
      test_body_fail (first, NULL);
      test_settle (last);
      g_assert_error (dag_task_get_error (last), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
      g_assert_true (dag_task_get_origin (last) == first);
      break;
    case END_CANCEL:
      dag_task_cancel (last);
      while (!dag_task_is_cancelled (first))
        test_iterate ();
      dag_task_return (first);
      test_settle (last);
      g_assert_cmpint (dag_task_get_state (first), ==, DAG_STATE_CANCELLED);
      break;
    case N_ENDS:
    default:
      g_assert_not_reached ();
    }

  g_object_unref (first);
  test_release (last);
  g_assert_cmpuint (n_freed, ==, end == END_POINTER);
}

static void
test_chain (void)
{
  g_test_summary ("A chain of 100,000 tasks, each of which ends as the one before, is finished, "
                  "failed, cancelled and freed in constant stack");

  /* With the usual 8 MiB, 80 bytes for each would be too much already. */
  for (End end = 0; end < N_ENDS; end++)
    run_chain (end);
}

/* A boxed type whose copy asks the task that is to have it. */

typedef char Asking;

static DagTask *asked;
static guint n_asked;

static gpointer
asking_copy (gpointer boxed)
{
  g_assert_false (dag_task_get_held (asked));
  n_asked++;

  return g_strdup (boxed);
}

static GType asking_get_type (void);

G_DEFINE_BOXED_TYPE (Asking, asking, asking_copy, g_free)

static void
asking_body (DagTask  *task,
             gpointer  user_data)
{
  dag_task_return_take_boxed (task, asking_get_type (), g_strdup ("x"));
}

static void
follow_asking_body (DagTask  *task,
                    gpointer  user_data)
{
  g_autoptr (DagTask) other = dag_task_new (asking_body, NULL, NULL);

  dag_task_return_task (task, other);
}

static void
test_copy_unlocked (void)
{
  g_test_summary ("Copying the value of the task that is followed may call the one that follows");

  asked = dag_task_new (follow_asking_body, NULL, NULL);
  test_settle (asked);
  g_assert_cmpuint (n_asked, ==, 1);
  test_release (asked);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/return-task/value", test_value);
  g_test_add_func ("/promise-7/return-task/failure", test_failure);
  g_test_add_func ("/return-task/cancel", test_cancel);
  g_test_add_func ("/return-task/cancelled-before", test_cancelled_before);
  g_test_add_func ("/promise-6/return-task/cycle", test_cycle);
  g_test_add_func ("/promise-6/return-task/mutual", test_mutual);
  g_test_add_func ("/promise-5/return-task/pointer", test_pointer);
  g_test_add_func ("/promise-5/return-task/pointer-shared", test_pointer_shared);
  g_test_add_func ("/promise-11/return-task/chain", test_chain);
  g_test_add_func ("/promise-2/return-task/copy-unlocked", test_copy_unlocked);

  return g_test_run ();
}
