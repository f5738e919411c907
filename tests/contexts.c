/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Main contexts that end while tasks live in them. */

#include "thread-util.h"

/* A source that tells when its context is gone. */

static void
count_destroy (gpointer data)
{
  (*(guint *) data)++;
}

static GMainContext *
new_context (guint *n_ended)
{
  static GSourceFuncs never_ready = { NULL };
  GMainContext *context = g_main_context_new ();
  GSource *source = g_source_new (&never_ready, sizeof (GSource));

  g_source_set_callback (source, NULL, n_ended, count_destroy);
  g_source_attach (source, context);
  g_source_unref (source);

  return context;
}

static void
end_context (GMainContext *context,
             guint        *n_ended)
{
  g_assert_cmpuint (*n_ended, ==, 0);
  g_main_context_unref (context);
  g_assert_cmpuint (*n_ended, ==, 1);
}

static DagTask *
new_in (GMainContext     *context,
        DagTaskFunc       function,
        gpointer          data,
        GDestroyNotify    destroy)
{
  DagTask *task;

  g_main_context_push_thread_default (context);
  task = dag_task_new (function, data, destroy);
  g_main_context_pop_thread_default (context);

  return task;
}

static void
run_in (GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
}

static void
assert_abandoned (DagTask *task)
{
  g_assert_true (dag_task_is_finished (task));
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
}

/* The last reference is the caller's. */
static void
assert_last (DagTask *task)
{
  gpointer weak = task;

  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  g_object_unref (task);
  g_assert_null (weak);
}

static void
test_unfinished (void)
{
  guint n_ended = 0, n_destroyed = 0;
  GMainContext *context = new_context (&n_ended);
  DagTask *running, *waiting, *fresh, *held, *cancelled;

  g_test_summary ("The unfinished tasks of a context that ends are abandoned, whatever they are at, and "
                  "no function runs");

  running = new_in (context, test_body_pending, &n_destroyed, count_destroy);
  run_in (context);
  g_assert_cmpint (dag_task_get_state (running), ==, DAG_STATE_RUNNING);

  g_main_context_push_thread_default (context);
  waiting = dag_task_new_with_inputs (test_body_count, &n_destroyed, count_destroy, &running, 1);
  g_main_context_pop_thread_default (context);
  run_in (context);
  fresh = new_in (context, test_body_count, &n_destroyed, count_destroy);
  held = g_object_new (DAG_TYPE_TASK, "context", context, "held", TRUE, NULL);
  dag_task_set_function (held, test_body_count, &n_destroyed, count_destroy);
  cancelled = new_in (context, test_body_count, &n_destroyed, count_destroy);
  dag_task_cancel (cancelled);

  end_context (context, &n_ended);

  assert_abandoned (running);
  assert_abandoned (fresh);
  assert_abandoned (held);
  g_assert_true (dag_task_is_finished (waiting));
  g_assert_error (dag_task_get_error (waiting), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_cmpint (dag_task_get_state (cancelled), ==, DAG_STATE_CANCELLED);
  /* A function that ran would have counted as well. */
  g_assert_cmpuint (n_destroyed, ==, 5);
  g_assert_null (dag_task_get_context (running));

  /* A function that returns now does so in silence. */
  dag_task_return_pointer (running, &n_destroyed, count_destroy);
  g_assert_cmpuint (n_destroyed, ==, 6);
  dag_task_cancel (running);
  dag_task_release (held);

  g_assert_true (dag_task_get_settled (waiting));
  assert_last (cancelled);
  assert_last (held);
  assert_last (fresh);
  assert_last (waiting);
  assert_last (running);
}

static void
test_no_reference (void)
{
  guint n_ended = 0, n_calls = 0;
  GMainContext *context = new_context (&n_ended);
  DagTask *finished = new_in (context, test_body_count, &n_calls, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_test_summary ("Neither tasks, nor waits, nor what is left in a queue keep a context");

  run_in (context);
  g_assert_cmpuint (n_calls, ==, 1);

  g_main_context_push_thread_default (context);
  dag_task_await_async (finished, cancellable, NULL, NULL);
  g_main_context_pop_thread_default (context);

  end_context (context, &n_ended);

  /* It stays what it was. */
  g_assert_cmpint (g_value_get_int (dag_task_get_value (finished)), ==, 1);
  assert_last (finished);
}

static void
count_finished_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dag_task_await_finish (DAG_TASK (object), result, &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_ABANDONED);
  (*(guint *) user_data)++;
}

static void
test_dependents_elsewhere (void)
{
  guint n_ended = 0, n_waited = 0, n_calls = 0;
  GMainContext *context = new_context (&n_ended);
  DagTask *task = new_in (context, test_body_pending, NULL, NULL), *dependent, *cleanup;

  g_test_summary ("Dependents and waiters elsewhere hear that a task is abandoned");

  run_in (context);
  dependent = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &task, 1);
  cleanup = dag_task_new (NULL, NULL, NULL);
  dag_task_hold (cleanup);
  g_assert_true (dag_task_add_prerequisite (cleanup, task, DAG_RULE_FINISHED, NULL));
  dag_task_set_function (cleanup, test_body_count, &n_calls, NULL);
  dag_task_release (cleanup);
  dag_task_await_async (task, NULL, count_finished_cb, &n_waited);

  end_context (context, &n_ended);
  test_settle (cleanup);
  test_settle (dependent);

  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SKIPPED);
  g_assert_error (dag_task_get_error (dependent), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_true (dag_task_get_origin (dependent) == task);
  g_assert_cmpuint (n_waited, ==, 1);
  g_assert_cmpuint (n_calls, ==, 1);

  test_release (cleanup);
  test_release (dependent);
  assert_last (task);
}

static void
test_dependency_elsewhere (void)
{
  guint n_ended = 0;
  GMainContext *context = new_context (&n_ended);
  DagTask *dependency = dag_task_new (test_body_pending, NULL, NULL), *task;

  g_test_summary ("A task that was abandoned settles when what it needed elsewhere has");

  g_main_context_push_thread_default (context);
  task = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &dependency, 1);
  g_main_context_pop_thread_default (context);
  test_drain ();
  run_in (context);

  end_context (context, &n_ended);
  assert_abandoned (task);
  g_assert_false (dag_task_get_settled (task));

  dag_task_return_int (dependency, 1);
  test_settle (dependency);
  g_assert_cmpint (dag_task_get_state (dependency), ==, DAG_STATE_SUCCEEDED);
  g_assert_true (dag_task_get_settled (task));
  assert_last (task);
  test_release (dependency);
}

static void
never_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_assert_not_reached ();
}

static void
test_waits_end (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  g_autoptr (GCancellable) first = g_cancellable_new ();
  g_autoptr (GCancellable) second = g_cancellable_new ();
  gpointer weak_first = first, weak_second = second;
  guint n_ended = 0;
  GMainContext *context = new_context (&n_ended);

  g_test_summary ("A wait whose context has ended is never called, and leaves nothing behind");

  g_main_context_push_thread_default (context);
  dag_task_await_async (task, first, never_cb, NULL);
  dag_task_settle_async (task, NULL, never_cb, NULL);
  dag_task_await_async (task, second, never_cb, NULL);
  g_main_context_pop_thread_default (context);
  end_context (context, &n_ended);

  g_cancellable_cancel (first);
  test_drain ();
  dag_task_return_int (task, 1);
  test_settle (task);

  g_object_add_weak_pointer (G_OBJECT (first), &weak_first);
  g_object_add_weak_pointer (G_OBJECT (second), &weak_second);
  g_clear_object (&first);
  g_clear_object (&second);
  g_assert_null (weak_first);
  g_assert_null (weak_second);
  test_release (task);
}

static void
test_delivered_wait (void)
{
  DagTask *task = dag_task_new (test_body_succeed, NULL, NULL);
  guint n_ended = 0;
  GMainContext *context = new_context (&n_ended);

  g_test_summary ("A wait that is over but was not dispatched when its context ends is not called");

  test_settle (task);
  g_main_context_push_thread_default (context);
  dag_task_await_async (task, NULL, never_cb, NULL);
  g_main_context_pop_thread_default (context);
  end_context (context, &n_ended);
  test_release (task);
}

static void
callback_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  assert_abandoned (DAG_TASK (result));
  (*(guint *) user_data)++;
}

static void
test_for_callback (void)
{
  guint n_ended = 0, n_called = 0;
  GMainContext *context = new_context (&n_ended);
  DagTask *kept, *dropped;

  g_test_summary ("A task in the place of a GTask is abandoned too, and keeps nothing");

  g_main_context_push_thread_default (context);
  kept = dag_task_new_for_callback (NULL, NULL, callback_cb, &n_called);
  dropped = dag_task_new_for_callback (NULL, NULL, callback_cb, &n_called);
  g_main_context_pop_thread_default (context);
  g_object_unref (dropped);

  end_context (context, &n_ended);
  assert_abandoned (kept);
  g_assert_cmpuint (n_called, ==, 2);
  dag_task_return_int (kept, 1);
  assert_last (kept);
}

/* So many that preparing them takes more than one dispatch. */
#define N_MANY 400000

static guint n_many_started;

static void
many_body (DagTask  *task,
           gpointer  user_data)
{
  n_many_started++;
  dag_task_return (task);
}

static GType
many_type (guint index)
{
  return G_TYPE_STRING;
}

static void
test_starting (void)
{
  static const DagFunction many = { "many", many_body, N_MANY, many_type };
  guint n_ended = 0;
  GMainContext *context = new_context (&n_ended);
  GValue *numbers = g_new0 (GValue, N_MANY);
  DagTask *task;

  g_test_summary ("A task whose arguments are being prepared when its context ends does not run");

  for (guint i = 0; i < N_MANY; i++)
    g_value_init (&numbers[i], G_TYPE_INT);

  g_main_context_push_thread_default (context);
  task = dag_task_new_for_function (&many, numbers, N_MANY);
  g_main_context_pop_thread_default (context);

  while (dag_task_get_state (task) != DAG_STATE_READY)
    g_main_context_iteration (context, FALSE);

  end_context (context, &n_ended);
  assert_abandoned (task);
  g_assert_cmpuint (n_many_started, ==, 0);

  assert_last (task);
  g_free (numbers);
}

static void
fail_body (DagTask  *task,
           gpointer  user_data)
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "Boom");
}

static void
test_gone_waiter (void)
{
  guint n_ended = 0;
  GMainContext *context = new_context (&n_ended);
  DagTask *task = dag_task_new (fail_body, NULL, NULL);

  g_test_summary ("Promise 8: a waiter whose context ended before it heard has not looked");

  g_main_context_push_thread_default (context);
  dag_task_await_async (task, NULL, NULL, NULL);
  g_main_context_pop_thread_default (context);
  test_settle (task);
  end_context (context, &n_ended);
  test_drain ();

  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, "*contexts.c:*nobody looked at it: Boom");
  assert_last (task);
  g_test_assert_expected_messages ();
}

static gpointer
unref_thread (gpointer user_data)
{
  g_object_unref (user_data);

  return NULL;
}

static void
test_last_release (void)
{
  g_test_summary ("The last reference may go in another thread while the context ends");

  for (guint i = 0; i < 200; i++)
    {
      guint n_ended = 0;
      GMainContext *context = new_context (&n_ended);
      GThread *thread;
      DagTask *task;

      g_main_context_push_thread_default (context);
      task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
      g_main_context_pop_thread_default (context);
      run_in (context);

      g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, "*nobody looked at it*");
      thread = g_thread_new ("unref", unref_thread, task);
      end_context (context, &n_ended);
      g_thread_join (thread);
      g_test_assert_expected_messages ();
    }
}

static void
test_same_address (void)
{
  g_test_summary ("Contexts that come and go, maybe at the same address, have nothing to do with each "
                  "other");

  for (guint i = 0; i < 200; i++)
    {
      guint n_ended = 0, n_calls = 0;
      GMainContext *context = new_context (&n_ended);
      DagTask *done = new_in (context, test_body_count, &n_calls, NULL), *left;

      run_in (context);
      g_assert_cmpint (dag_task_get_state (done), ==, DAG_STATE_SUCCEEDED);
      left = new_in (context, test_body_count, &n_calls, NULL);
      end_context (context, &n_ended);
      assert_abandoned (left);
      g_assert_cmpuint (n_calls, ==, 1);
      assert_last (left);
      assert_last (done);
    }
}

/* While other threads are at it */

typedef struct {
  TestBarrier *barrier;
  DagTask    **tasks;
  guint        n_tasks;
  guint        n_freed;  /* atomic */
} Storm;

static void
count_freed (gpointer data)
{
  g_atomic_int_inc ((guint *) data);
}

static gpointer
return_all (gpointer data)
{
  Storm *storm = data;

  test_barrier_wait (storm->barrier);
  for (guint i = 0; i < storm->n_tasks; i++)
    dag_task_return_pointer (storm->tasks[i], &storm->n_freed, count_freed);

  return NULL;
}

static gpointer
cancel_all (gpointer data)
{
  Storm *storm = data;

  test_barrier_wait (storm->barrier);
  for (guint i = storm->n_tasks; i > 0; i--)
    dag_task_cancel (storm->tasks[i - 1]);

  return NULL;
}

static gpointer
wait_all (gpointer data)
{
  Storm *storm = data;

  test_barrier_wait (storm->barrier);
  for (guint i = 0; i < storm->n_tasks; i++)
    dag_task_wait (storm->tasks[i], NULL, NULL);

  return NULL;
}

static void
ignore_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  dag_task_await_finish (DAG_TASK (object), result, NULL);
}

static void
test_storm (void)
{
  g_test_summary ("A context may end while its tasks are returned, cancelled and waited for by other "
                  "threads, and while their dependencies finish elsewhere");

  for (guint round = 0; round < 60; round++)
    {
      guint n_ended = 0;
      GMainContext *context = new_context (&n_ended);
      DagTask *tasks[40], *others[40], *crossed[40];
      TestBarrier barrier;
      Storm storm = { &barrier, tasks, G_N_ELEMENTS (tasks) };
      GThreadFunc functions[] = { return_all, cancel_all, wait_all };
      GThread *threads[G_N_ELEMENTS (functions)];
      GMainContext *default_context = g_main_context_default ();

      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        tasks[i] = new_in (context, test_body_pending, NULL, NULL);
      run_in (context);
      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        {
          others[i] = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &tasks[i], 1);
          dag_task_await_async (tasks[i], NULL, ignore_cb, NULL);
          g_main_context_push_thread_default (context);
          crossed[i] = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &others[i], 1);
          g_main_context_pop_thread_default (context);
        }

      /* Nobody but this thread can iterate either of them. */
      g_assert_true (g_main_context_acquire (context));
      g_assert_true (g_main_context_acquire (default_context));
      test_barrier_init (&barrier, G_N_ELEMENTS (functions) + 1);
      for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
        threads[i] = g_thread_new ("storm", functions[i], &storm);
      test_barrier_wait (&barrier);

      for (guint i = 0; i < round % 8; i++)
        {
          g_main_context_iteration (context, FALSE);
          g_main_context_iteration (default_context, FALSE);
        }
      /* Not released before: the waiting thread would have it then, and keep it while it waits. */
      g_main_context_unref (context);

      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        {
          test_finish (others[i]);
          g_assert_true (dag_task_is_finished (tasks[i]));
          g_assert_true (dag_task_is_finished (crossed[i]));
        }
      for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
        g_thread_join (threads[i]);
      test_drain ();
      g_main_context_release (default_context);

      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        {
          g_assert_true (dag_task_get_settled (crossed[i]));
          dag_task_get_error (tasks[i]);
          dag_task_get_error (others[i]);
          dag_task_get_error (crossed[i]);
          assert_last (crossed[i]);
          test_release (others[i]);
          assert_last (tasks[i]);
        }

      /* Nothing that was returned is lost. */
      g_assert_cmpuint (storm.n_freed, ==, G_N_ELEMENTS (tasks));
      g_assert_cmpuint (n_ended, ==, 1);
      test_barrier_clear (&barrier);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-14/contexts/unfinished", test_unfinished);
  g_test_add_func ("/promise-14/contexts/no-reference", test_no_reference);
  g_test_add_func ("/promise-14/contexts/dependents-elsewhere", test_dependents_elsewhere);
  g_test_add_func ("/promise-14/contexts/dependency-elsewhere", test_dependency_elsewhere);
  g_test_add_func ("/promise-14/contexts/waits-end", test_waits_end);
  g_test_add_func ("/promise-14/contexts/delivered-wait", test_delivered_wait);
  g_test_add_func ("/promise-14/contexts/for-callback", test_for_callback);
  g_test_add_func ("/promise-14/contexts/starting", test_starting);
  g_test_add_func ("/promise-8/contexts/gone-waiter", test_gone_waiter);
  g_test_add_func ("/promise-14/contexts/last-release", test_last_release);
  g_test_add_func ("/promise-14/contexts/same-address", test_same_address);
  g_test_add_func ("/promise-14/contexts/storm", test_storm);

  return g_test_run ();
}
