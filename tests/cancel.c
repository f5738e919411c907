/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Cancelling one task, from wherever. Parents and what is not needed: cancel-parent.c,
 * cancel-unneeded.c.
 */

#include "thread-util.h"

static void
assert_cancelled (DagTask  *task,
                  DagState  state)
{
  g_assert_cmpint (dag_task_get_state (task), ==, state);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_CANCELLATION);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (dag_task_get_value (task));
}

static void
count_destroy (gpointer data)
{
  (*(guint *) data)++;
}

static void
count_cancelled_cb (GCancellable *cancellable,
                    gpointer      user_data)
{
  (*(guint *) user_data)++;
}

static DagTask *
new_dependent (DagTaskFunc  function,
               gpointer     data,
               DagTask     *dependency)
{
  return dag_task_new_with_inputs (function, data, NULL, &dependency, 1);
}

static DagTask *
new_running (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();

  return task;
}

/* When */

static void
test_before_start (void)
{
  DagTask *task, *dependent, *last;
  guint n_calls = 0, n_destroyed = 0;

  g_test_summary ("A task that is cancelled before it starts never starts, and what needs it is skipped");

  task = dag_task_new (test_body_count, &n_destroyed, count_destroy);
  dependent = new_dependent (test_body_count, &n_calls, task);
  last = new_dependent (test_body_count, &n_calls, dependent);

  dag_task_cancel (task);
  g_assert_true (dag_task_is_cancelled (task));
  g_assert_false (dag_task_is_cancelled (dependent));
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);

  test_settle (last);

  assert_cancelled (task, DAG_STATE_CANCELLED);
  assert_cancelled (dependent, DAG_STATE_SKIPPED);
  assert_cancelled (last, DAG_STATE_SKIPPED);
  g_assert_true (dag_task_get_origin (last) == task);
  g_assert_cmpuint (n_calls, ==, 0);
  /* The destroy notify and nothing else has counted. */
  g_assert_cmpuint (n_destroyed, ==, 1);

  test_release (last);
  test_release (dependent);
  test_release (task);
}

static void
cancel_when_ready_cb (DagTask    *task,
                      GParamSpec *pspec,
                      gpointer    user_data)
{
  guint *n_ready = user_data;

  if (dag_task_get_state (task) == DAG_STATE_READY)
    {
      (*n_ready)++;
      dag_task_cancel (task);
    }
}

static void
test_ready (void)
{
  DagTask *task;
  guint n_calls = 0, n_ready = 0;

  g_test_summary ("A task that is cancelled when it is ready never starts");

  task = dag_task_new (test_body_count, &n_calls, NULL);
  g_signal_connect (task, "notify::state", G_CALLBACK (cancel_when_ready_cb), &n_ready);
  test_settle (task);

  g_assert_cmpuint (n_ready, ==, 1);
  g_assert_cmpuint (n_calls, ==, 0);
  assert_cancelled (task, DAG_STATE_CANCELLED);
  test_release (task);
}

static void
return_value (DagTask *task)
{
  dag_task_return_int (task, 1);
}

static void
return_failure (DagTask *task)
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "No such thing");
}

static void
return_if_cancelled (DagTask *task)
{
  g_assert_true (dag_task_return_error_if_cancelled (task));
}

static void
return_other (DagTask *task)
{
  g_autoptr (DagTask) other = dag_task_new (test_body_succeed, GINT_TO_POINTER (3), NULL);

  dag_task_return_task (task, other);
}

static void (* const returns[]) (DagTask *task) = {
  return_value,
  return_failure,
  dag_task_return_skip,
  return_if_cancelled,
  return_other,
};

static void
test_running (void)
{
  g_test_summary ("A running task has its cancellable cancelled and ends as cancelled whatever it "
                  "returns, when it returns");

  for (guint i = 0; i < G_N_ELEMENTS (returns); i++)
    {
      DagTask *task = new_running ();
      DagTask *dependent = new_dependent (test_body_pending, NULL, task);
      GCancellable *cancellable = dag_task_get_cancellable (task);

      g_assert_false (g_cancellable_is_cancelled (cancellable));
      dag_task_cancel (task);
      test_drain ();

      g_assert_true (g_cancellable_is_cancelled (cancellable));
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
      g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_WAITING);

      returns[i] (task);
      test_settle (task);

      assert_cancelled (task, DAG_STATE_CANCELLED);
      test_settle (dependent);
      assert_cancelled (dependent, DAG_STATE_SKIPPED);

      test_release (dependent);
      test_release (task);
    }
}

static void
test_after_return (void)
{
  DagTask *task = new_running ();

  g_test_summary ("An outcome that is set stays, also when the main loop has not seen it yet");

  dag_task_return_int (task, 4);
  dag_task_cancel (task);
  test_settle (task);

  test_assert_int (task, 4);
  test_release (task);
}

static void
test_after_finish (void)
{
  DagTask *task = dag_task_new (test_body_succeed, GINT_TO_POINTER (4), NULL);
  DagTask *dependent;
  GCancellable *cancellable;

  g_test_summary ("A task that has finished cannot be cancelled");

  cancellable = dag_task_get_cancellable (task);
  test_settle (task);
  dag_task_cancel (task);
  dag_task_cancel_unneeded (task);
  g_assert_false (dag_task_is_cancelled (task));

  dependent = new_dependent (test_body_succeed, GINT_TO_POINTER (5), task);
  test_settle (dependent);

  test_assert_int (task, 4);
  test_assert_int (dependent, 5);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  test_release (dependent);
  test_release (task);
}

static void
test_often (void)
{
  DagTask *task = new_running ();
  guint n_cancelled = 0, n_finished = 0;

  g_test_summary ("Cancelling again makes no difference");

  g_cancellable_connect (dag_task_get_cancellable (task), G_CALLBACK (count_cancelled_cb),
                         &n_cancelled, NULL);
  g_signal_connect_swapped (task, "finished", G_CALLBACK (count_destroy), &n_finished);

  for (guint i = 0; i < 3; i++)
    {
      dag_task_cancel (task);
      dag_task_cancel (task);
      test_drain ();
    }

  g_assert_cmpuint (n_cancelled, ==, 1);
  dag_task_return_int (task, 1);
  dag_task_cancel (task);
  test_settle (task);

  g_assert_cmpuint (n_cancelled, ==, 1);
  g_assert_cmpuint (n_finished, ==, 1);
  assert_cancelled (task, DAG_STATE_CANCELLED);
  test_release (task);
}

/* What goes on */

static void
test_leaves_dependency (void)
{
  DagTask *dependency, *task, *sibling, *both, *other;
  DagTask *inputs[2];
  guint n_calls = 0;

  g_test_summary ("What a cancelled task needed goes on, and so does whatever else its dependents need");

  dependency = new_running ();
  other = new_running ();
  task = new_dependent (test_body_count, &n_calls, dependency);
  sibling = new_dependent (test_body_succeed, GINT_TO_POINTER (2), dependency);
  inputs[0] = task;
  inputs[1] = other;
  both = dag_task_new_with_inputs (test_body_count, &n_calls, NULL, inputs, 2);

  dag_task_cancel (task);
  test_finish (both);

  assert_cancelled (task, DAG_STATE_CANCELLED);
  assert_cancelled (both, DAG_STATE_SKIPPED);
  g_assert_false (dag_task_get_settled (task));
  g_assert_false (dag_task_get_settled (both));
  g_assert_cmpint (dag_task_get_state (dependency), ==, DAG_STATE_RUNNING);
  g_assert_cmpint (dag_task_get_state (other), ==, DAG_STATE_RUNNING);
  g_assert_false (dag_task_is_cancelled (dependency));
  g_assert_false (dag_task_is_cancelled (other));

  dag_task_return_int (dependency, 7);
  test_settle (sibling);
  test_assert_int (dependency, 7);
  test_assert_int (sibling, 2);
  g_assert_true (dag_task_get_settled (task));
  g_assert_false (dag_task_get_settled (both));

  dag_task_return_int (other, 8);
  test_settle (both);
  test_assert_int (other, 8);
  g_assert_cmpuint (n_calls, ==, 0);

  test_release (both);
  test_release (sibling);
  test_release (task);
  test_release (other);
  test_release (dependency);
}

static void
test_held (void)
{
  DagTask *task = g_object_new (DAG_TYPE_TASK, "held", TRUE, NULL);

  g_test_summary ("A task that is held can be cancelled");

  dag_task_cancel (task);
  test_settle (task);
  assert_cancelled (task, DAG_STATE_CANCELLED);
  dag_task_release (task);
  test_drain ();
  assert_cancelled (task, DAG_STATE_CANCELLED);
  test_release (task);
}

static void
test_many (void)
{
  DagTask *source = new_running (), *tasks[5000], *last = source;
  guint n_calls = 0;

  g_test_summary ("A wide and deep graph is skipped from its head, in whatever order it was built");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    last = tasks[i] = new_dependent (test_body_count, &n_calls, i % 2 ? source : last);

  dag_task_cancel (source);
  dag_task_return_int (source, 1);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      test_settle (tasks[i]);
      assert_cancelled (tasks[i], DAG_STATE_SKIPPED);
      g_assert_true (dag_task_get_origin (tasks[i]) == source);
    }

  g_assert_cmpuint (n_calls, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    g_object_unref (tasks[i]);
  test_release (source);
}

/* From where: every kind of code of the user's cancels a task that waits, one that runs and its own,
 * twice each.
 */

typedef struct {
  DagTask *own;
  DagTask *waiting;
  DagTask *running;
  guint    n_done;
} Place;

static void
cancel_here (Place *place)
{
  if (place->n_done++ > 0)
    return;

  for (guint i = 0; i < 2; i++)
    {
      dag_task_cancel (place->own);
      dag_task_cancel (place->waiting);
      dag_task_cancel (place->running);
      dag_task_cancel_unneeded (place->own);
    }

  g_assert_true (dag_task_is_cancelled (place->waiting));
  g_assert_true (dag_task_is_cancelled (place->running));
  /* Never inside of the call. */
  g_assert_cmpint (dag_task_get_state (place->waiting), ==, DAG_STATE_WAITING);
  g_assert_cmpint (dag_task_get_state (place->running), ==, DAG_STATE_RUNNING);
  g_assert_false (g_cancellable_is_cancelled (dag_task_get_cancellable (place->running)));
}

static void
cancel_here_swapped (gpointer data)
{
  cancel_here (data);
}

static void
cancel_body (DagTask  *task,
             gpointer  user_data)
{
  cancel_here (user_data);
  dag_task_return_int (task, 1);
}

static void
cancel_await_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  cancel_here (user_data);
}

static void
return_here (DagTask  *task,
             gpointer  user_data)
{
  dag_task_return_pointer (task, user_data, cancel_here_swapped);
}

typedef enum {
  IN_FUNCTION,
  IN_STARTED,
  IN_FINISHED,
  IN_NOTIFY_STATE,
  IN_NOTIFY_SETTLED,
  IN_AWAIT,
  IN_SETTLE,
  IN_DATA_DESTROY,
  IN_VALUE_DESTROY,
  IN_OWN_CANCELLABLE,
  IN_PARENT_CANCELLABLE,
  IN_CALLBACK,
} Where;

static DagTask *
new_place (Place *place,
           Where  where)
{
  static const char * const signals[] = {
    [IN_STARTED] = "started",
    [IN_FINISHED] = "finished",
    [IN_NOTIFY_STATE] = "notify::state",
    [IN_NOTIFY_SETTLED] = "notify::settled",
  };
  GValue value = G_VALUE_INIT;
  g_autoptr (GCancellable) parent = NULL;
  DagTask *task;

  g_value_init (&value, G_TYPE_INT);

  switch (where)
    {
    case IN_FUNCTION:
      return dag_task_new (cancel_body, place, NULL);

    case IN_STARTED:
    case IN_FINISHED:
    case IN_NOTIFY_STATE:
    case IN_NOTIFY_SETTLED:
      task = dag_task_new (test_body_succeed, NULL, NULL);
      g_signal_connect_swapped (task, signals[where], G_CALLBACK (cancel_here_swapped), place);
      return task;

    case IN_AWAIT:
      task = dag_task_new (test_body_succeed, NULL, NULL);
      dag_task_await_async (task, NULL, cancel_await_cb, place);
      return task;

    case IN_SETTLE:
      task = dag_task_new (test_body_succeed, NULL, NULL);
      dag_task_settle_async (task, NULL, cancel_await_cb, place);
      return task;

    case IN_DATA_DESTROY:
      return dag_task_new (test_body_succeed, place, cancel_here_swapped);

    case IN_VALUE_DESTROY:
      /* The value dies with the task that nobody keeps. */
      task = dag_task_new (return_here, place, NULL);
      g_object_unref (task);
      return dag_task_new_for_value (&value);

    case IN_OWN_CANCELLABLE:
      task = dag_task_new (test_body_pending, NULL, NULL);
      g_signal_connect_swapped (dag_task_get_cancellable (task), "cancelled",
                                G_CALLBACK (cancel_here_swapped), place);
      dag_task_cancel (task);
      return task;

    case IN_PARENT_CANCELLABLE:
      task = dag_task_new (test_body_pending, NULL, NULL);
      parent = g_cancellable_new ();
      dag_task_set_parent_cancellable (task, parent);
      /* Handlers that were connected later are called later. */
      g_signal_connect_swapped (parent, "cancelled", G_CALLBACK (cancel_here_swapped), place);
      place->own = task;
      g_cancellable_cancel (parent);
      return task;

    case IN_CALLBACK:
    default:
      task = dag_task_new_for_callback (NULL, NULL, cancel_await_cb, place);
      dag_task_return_int (task, 1);
      return task;
    }
}

static void
test_inside (gconstpointer data)
{
  Place place = { NULL };
  DagTask *dependent;
  guint n_calls = 0;

  g_test_summary ("Any callback may cancel any task, its own as well; nothing happens inside the call");

  place.running = new_running ();
  place.waiting = new_dependent (test_body_count, &n_calls, place.running);
  dependent = new_dependent (test_body_count, &n_calls, place.waiting);
  place.own = new_place (&place, GPOINTER_TO_INT (data));

  test_settle (place.own);
  test_finish (dependent);

  g_assert_cmpuint (place.n_done, >=, 1);
  g_assert_cmpuint (n_calls, ==, 0);
  assert_cancelled (place.waiting, DAG_STATE_CANCELLED);
  assert_cancelled (dependent, DAG_STATE_SKIPPED);
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (place.running)));
  g_assert_cmpint (dag_task_get_state (place.running), ==, DAG_STATE_RUNNING);

  dag_task_return_int (place.running, 1);
  test_settle (dependent);
  assert_cancelled (place.running, DAG_STATE_CANCELLED);

  /* A task that had no outcome when that happened has none now, either. */
  switch ((Where) GPOINTER_TO_INT (data))
    {
    case IN_FUNCTION:
    case IN_STARTED:
    case IN_NOTIFY_STATE:
    case IN_OWN_CANCELLABLE:
    case IN_PARENT_CANCELLABLE:
      assert_cancelled (place.own, DAG_STATE_CANCELLED);
      break;
    case IN_FINISHED:
    case IN_NOTIFY_SETTLED:
    case IN_AWAIT:
    case IN_SETTLE:
    case IN_DATA_DESTROY:
    case IN_VALUE_DESTROY:
    case IN_CALLBACK:
    default:
      g_assert_cmpint (dag_task_get_state (place.own), ==, DAG_STATE_SUCCEEDED);
      break;
    }

  test_release (dependent);
  test_release (place.waiting);
  test_release (place.running);
  test_release (place.own);
}

/* From other threads */

typedef struct {
  TestBarrier *barrier;
  DagTask    **tasks;
  guint        n_tasks;
  guint        first;
} Storm;

static gpointer
cancel_all (gpointer data)
{
  Storm *storm = data;

  test_barrier_wait (storm->barrier);

  for (guint i = 0; i < storm->n_tasks; i++)
    dag_task_cancel (storm->tasks[(storm->first + i) % storm->n_tasks]);

  return NULL;
}

static void
test_threads (void)
{
  DagTask *tasks[400];
  GThread *threads[3];
  Storm storms[3];
  TestBarrier barrier;

  g_test_summary ("Threads that cancel while tasks wait, start, run, return and finish change nothing "
                  "but how they end");

  test_barrier_init (&barrier, G_N_ELEMENTS (threads) + 1);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = i % 4 == 0 ? dag_task_new (test_body_succeed, GINT_TO_POINTER (1), NULL)
                          : new_dependent (test_body_succeed, GINT_TO_POINTER (1), tasks[i - 1]);

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      storms[i] = (Storm) { &barrier, tasks, G_N_ELEMENTS (tasks), i * 100 };
      threads[i] = g_thread_new ("storm", cancel_all, &storms[i]);
    }

  test_barrier_wait (&barrier);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_finish (tasks[i]);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      if (dag_task_get_state (tasks[i]) == DAG_STATE_SUCCEEDED)
        test_assert_int (tasks[i], 1);
      else
        assert_cancelled (tasks[i], dag_task_get_state (tasks[i]));

      /* Whoever succeeded had all that it needed. */
      if (i % 4 != 0 && dag_task_get_state (tasks[i]) == DAG_STATE_SUCCEEDED)
        g_assert_cmpint (dag_task_get_state (tasks[i - 1]), ==, DAG_STATE_SUCCEEDED);
    }

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_release (tasks[i]);
  test_barrier_clear (&barrier);
}

int
main (int   argc,
      char *argv[])
{
  static const char * const places[] = {
    [IN_FUNCTION] = "function",
    [IN_STARTED] = "started",
    [IN_FINISHED] = "finished",
    [IN_NOTIFY_STATE] = "notify-state",
    [IN_NOTIFY_SETTLED] = "notify-settled",
    [IN_AWAIT] = "await",
    [IN_SETTLE] = "settle",
    [IN_DATA_DESTROY] = "data-destroy",
    [IN_VALUE_DESTROY] = "value-destroy",
    [IN_OWN_CANCELLABLE] = "own-cancellable",
    [IN_PARENT_CANCELLABLE] = "parent-cancellable",
    [IN_CALLBACK] = "callback",
  };

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-9/cancel/before-start", test_before_start);
  g_test_add_func ("/promise-9/cancel/ready", test_ready);
  g_test_add_func ("/promise-9/cancel/running", test_running);
  g_test_add_func ("/promise-9/cancel/after-return", test_after_return);
  g_test_add_func ("/promise-9/cancel/after-finish", test_after_finish);
  g_test_add_func ("/promise-9/cancel/often", test_often);
  g_test_add_func ("/promise-9/cancel/leaves-dependency", test_leaves_dependency);
  g_test_add_func ("/promise-9/cancel/held", test_held);
  g_test_add_func ("/promise-9/cancel/many", test_many);

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = g_strconcat ("/promise-9/cancel/inside/", places[i], NULL);

      g_test_add_data_func (path, GINT_TO_POINTER (i), test_inside);
    }

  g_test_add_func ("/promise-9/cancel/threads", test_threads);

  return g_test_run ();
}
