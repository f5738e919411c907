/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* dag_task_await_async(), dag_task_settle_async() and dag_task_wait(). Main loops inside of main
 * loops: nested.c.
 */

#include "thread-util.h"

/* One who waits, and what came of it. */
typedef struct {
  DagTask  *task;
  gboolean  settle;
  guint     n_called;
  int       value;
  int       code;      /* of a G_IO_ERROR, or -1 */
  GThread  *thread;
  guint     place;     /* among those with the same counter */
  guint    *counter;
} Waiter;

static void
waiter_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  Waiter *self = user_data;
  g_autoptr (GObject) source_object = g_async_result_get_source_object (result);
  g_autoptr (GError) error = NULL;

  g_assert_true (source_object == object);
  g_assert_true (object == G_OBJECT (self->task));
  g_assert_true (g_async_result_get_user_data (result) == user_data);

  self->n_called++;
  self->thread = g_thread_self ();
  if (self->counter != NULL)
    self->place = ++*self->counter;

  /* It can be read any number of times. */
  for (guint i = 0; i < 2; i++)
    {
      g_clear_error (&error);

      if (self->settle)
        {
          gboolean settled = dag_task_settle_finish (self->task, result, &error);

          g_assert_true (settled == (error == NULL));
          g_assert_true (error != NULL || dag_task_get_settled (self->task));
        }
      else
        {
          const GValue *value = dag_task_await_finish (self->task, result, &error);

          g_assert_true ((value == NULL) == (error != NULL));
          if (value != NULL)
            self->value = g_value_get_int (value);
        }
    }

  self->code = error != NULL && error->domain == G_IO_ERROR ? error->code : -1;
}

static void
start_waiting (Waiter       *self,
               DagTask      *task,
               gboolean      settle,
               GCancellable *cancellable)
{
  self->task = task;
  self->settle = settle;
  if (settle)
    dag_task_settle_async (task, cancellable, waiter_cb, self);
  else
    dag_task_await_async (task, cancellable, waiter_cb, self);
}

static void
assert_waited (Waiter *self,
               int     code,
               int     value)
{
  while (self->n_called == 0)
    test_iterate ();
  test_drain ();
  g_assert_cmpuint (self->n_called, ==, 1);
  g_assert_cmpint (self->code, ==, code);
  g_assert_cmpint (self->value, ==, value);
}

static DagTask *
new_running (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();

  return task;
}

/* Asynchronously */

static void
test_any_number (void)
{
  DagTask *task = dag_task_new (test_body_succeed, GINT_TO_POINTER (5), NULL);
  Waiter waiters[200] = { { NULL } };
  guint counter = 0;

  g_test_summary ("Any number may wait, before and after the finish, and all hear of it in their order");

  for (guint i = 0; i < 100; i++)
    {
      waiters[i].counter = &counter;
      start_waiting (&waiters[i], task, FALSE, NULL);
    }
  test_settle (task);

  for (guint i = 100; i < 200; i++)
    {
      waiters[i].counter = &counter;
      start_waiting (&waiters[i], task, FALSE, NULL);
      g_assert_cmpuint (waiters[i].n_called, ==, 0);
    }

  for (guint i = 0; i < 200; i++)
    {
      assert_waited (&waiters[i], -1, 5);
      g_assert_cmpuint (waiters[i].place, ==, i + 1);
    }

  test_release (task);
}

static void
test_settle_later (void)
{
  DagTask *slow = new_running ();
  DagTask *failing = dag_task_new (test_body_fail, NULL, NULL);
  DagTask *inputs[] = { slow, failing };
  DagTask *task = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, inputs, 2);
  Waiter finished = { NULL }, settled = { NULL }, late = { NULL };

  g_test_summary ("Who waits for a task to settle hears of it when nothing above it runs, who waits "
                  "for the finish hears at once; settling never fails");

  start_waiting (&settled, task, TRUE, NULL);
  start_waiting (&finished, task, FALSE, NULL);
  assert_waited (&finished, G_IO_ERROR_NOT_FOUND, 0);
  test_drain ();
  g_assert_cmpuint (settled.n_called, ==, 0);
  g_assert_false (dag_task_get_settled (task));

  dag_task_return_int (slow, 1);
  assert_waited (&settled, -1, 0);

  start_waiting (&late, task, TRUE, NULL);
  assert_waited (&late, -1, 0);

  test_release (task);
  test_release (failing);
  test_release (slow);
}

static void
test_no_callback (void)
{
  DagTask *task = dag_task_new (test_body_fail, NULL, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_test_summary ("A wait needs no callback; the failure was looked at all the same");

  dag_task_await_async (task, cancellable, NULL, NULL);
  dag_task_settle_async (task, NULL, NULL, NULL);
  test_settle (task);
  test_release (task);
}

static void
note_order_body (DagTask  *task,
                 gpointer  user_data)
{
  Waiter *self = user_data;

  self->place = ++*self->counter;
  dag_task_return_int (task, 1);
}

static void
note_order (gpointer data)
{
  Waiter *self = data;

  self->place = ++*self->counter;
}

static void
test_order (void)
{
  DagTask *task = new_running (), *dependent;
  guint counter = 0;
  Waiter before = { .counter = &counter }, start = before, after = before, finished = before;

  g_test_summary ("A finish is signalled first, then those who wait hear of it, then dependents start");

  start_waiting (&before, task, FALSE, NULL);
  dependent = dag_task_new_with_inputs (note_order_body, &start, NULL, &task, 1);
  start_waiting (&after, task, FALSE, NULL);
  g_signal_connect_swapped (task, "finished", G_CALLBACK (note_order), &finished);

  dag_task_return_int (task, 3);
  test_settle (dependent);

  g_assert_cmpuint (finished.place, ==, 1);
  g_assert_cmpuint (before.place, ==, 2);
  g_assert_cmpuint (after.place, ==, 3);
  g_assert_cmpuint (start.place, ==, 4);

  test_release (dependent);
  test_release (task);
}

static void
test_wrong_result (void)
{
  DagTask *task = dag_task_new (test_body_succeed, NULL, NULL);
  DagTask *other = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  g_autoptr (GTask) alien = g_task_new (NULL, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_test_summary ("A result that is not of the wait is a programmer error, and is refused");

  test_settle (task);

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*dag_task_await_finish*failed*");
  g_assert_null (dag_task_await_finish (task, G_ASYNC_RESULT (alien), &error));
  g_test_assert_expected_messages ();
  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*dag_task_await_finish*failed*");
  g_assert_null (dag_task_await_finish (task, G_ASYNC_RESULT (other), &error));
  g_test_assert_expected_messages ();
  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*dag_task_settle_finish*failed*");
  g_assert_false (dag_task_settle_finish (task, NULL, &error));
  g_test_assert_expected_messages ();
  g_assert_no_error (error);

  dag_task_return (other);
  test_release (other);
  test_release (task);
}

static void
wrong_finish_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  DagTask **other = user_data;
  g_autoptr (GError) error = NULL;

  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*dag_task_await_finish*failed*");
  g_assert_null (dag_task_await_finish (*other, result, &error));
  g_test_assert_expected_messages ();
  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, "*dag_task_settle_finish*failed*");
  g_assert_false (dag_task_settle_finish (DAG_TASK (object), result, &error));
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  *other = NULL;
}

static void
test_wrong_finish (void)
{
  g_autoptr (DagTask) other = dag_task_new_for_value (NULL);
  DagTask *task = dag_task_new (test_body_succeed, NULL, NULL), *pending = other;

  g_test_summary ("The result of a wait fits its own task and its own function only");

  dag_task_await_async (task, NULL, wrong_finish_cb, &pending);
  while (pending != NULL)
    test_iterate ();
  test_release (task);
}

/* Cancelling a wait */

static void
test_cancelled_wait (void)
{
  DagTask *task = new_running (), *dependent;
  g_autoptr (GCancellable) first = g_cancellable_new ();
  g_autoptr (GCancellable) second = g_cancellable_new ();
  Waiter waiters[4] = { { NULL } };
  gpointer weak = first;

  g_test_summary ("A cancelled wait ends, and neither the task nor another wait takes notice");

  dependent = dag_task_new_with_inputs (test_body_succeed, GINT_TO_POINTER (2), NULL, &task, 1);
  start_waiting (&waiters[0], task, FALSE, first);
  start_waiting (&waiters[1], task, TRUE, first);
  start_waiting (&waiters[2], task, FALSE, second);
  start_waiting (&waiters[3], task, FALSE, NULL);

  g_cancellable_cancel (first);
  g_assert_cmpuint (waiters[0].n_called, ==, 0);
  assert_waited (&waiters[0], G_IO_ERROR_CANCELLED, 0);
  assert_waited (&waiters[1], G_IO_ERROR_CANCELLED, 0);
  g_assert_false (dag_task_is_cancelled (task));
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
  g_assert_false (g_cancellable_is_cancelled (dag_task_get_cancellable (task)));

  dag_task_return_int (task, 9);
  assert_waited (&waiters[2], -1, 9);
  assert_waited (&waiters[3], -1, 9);
  test_settle (dependent);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SUCCEEDED);

  /* Nothing of a wait stays at its cancellable. */
  g_object_add_weak_pointer (G_OBJECT (first), &weak);
  g_clear_object (&first);
  g_assert_null (weak);
  weak = second;
  g_object_add_weak_pointer (G_OBJECT (second), &weak);
  g_clear_object (&second);
  g_assert_null (weak);

  test_release (dependent);
  test_release (task);
}

static void
test_cancelled_before (void)
{
  DagTask *task = new_running ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Waiter waiters[2] = { { NULL } };

  g_test_summary ("A wait that is cancelled already ends in a later dispatch");

  g_cancellable_cancel (cancellable);
  start_waiting (&waiters[0], task, FALSE, cancellable);
  start_waiting (&waiters[1], task, TRUE, cancellable);
  g_assert_cmpuint (waiters[0].n_called, ==, 0);
  assert_waited (&waiters[0], G_IO_ERROR_CANCELLED, 0);
  assert_waited (&waiters[1], G_IO_ERROR_CANCELLED, 0);

  dag_task_return_int (task, 1);
  test_release (task);
}

static void
test_cancelled_late (void)
{
  DagTask *task = new_running ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Waiter waiter = { NULL };

  g_test_summary ("A wait that is over is not called again when its cancellable is cancelled");

  start_waiting (&waiter, task, FALSE, cancellable);
  dag_task_return_int (task, 6);
  assert_waited (&waiter, -1, 6);
  g_cancellable_cancel (cancellable);
  test_drain ();
  g_assert_cmpuint (waiter.n_called, ==, 1);
  test_release (task);
}

static gpointer
cancel_thread (gpointer data)
{
  gpointer *arguments = data;

  test_barrier_wait (arguments[0]);
  g_cancellable_cancel (arguments[1]);

  return NULL;
}

static void
test_cancel_race (void)
{
  g_test_summary ("Where the finish and the cancellation of a wait come at once, one of them is told, "
                  "once");

  for (guint i = 0; i < 200; i++)
    {
      DagTask *task = new_running ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      TestBarrier barrier;
      gpointer arguments[] = { &barrier, cancellable };
      Waiter await = { NULL }, settle = { NULL };
      GThread *thread;

      test_barrier_init (&barrier, 2);
      thread = g_thread_new ("cancel", cancel_thread, arguments);

      if (i % 2 == 0)
        test_barrier_wait (&barrier);
      start_waiting (&await, task, FALSE, cancellable);
      start_waiting (&settle, task, TRUE, cancellable);
      if (i % 2 != 0)
        test_barrier_wait (&barrier);
      dag_task_return_int (task, 1);
      test_settle (task);
      g_thread_join (thread);
      test_drain ();

      g_assert_cmpuint (await.n_called, ==, 1);
      g_assert_cmpuint (settle.n_called, ==, 1);
      g_assert_true ((await.code == G_IO_ERROR_CANCELLED) == (await.value == 0));
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
      test_release (task);
      test_barrier_clear (&barrier);
    }
}

/* Waiting in place */

static void
test_wait_iterates (void)
{
  DagTask *first = dag_task_new (test_body_succeed, GINT_TO_POINTER (1), NULL);
  DagTask *task = dag_task_new_with_inputs (test_body_succeed, GINT_TO_POINTER (2), NULL, &first, 1);
  DagTask *failing = dag_task_new (test_body_fail, NULL, NULL);
  g_autoptr (GError) error = NULL;
  const GValue *value;

  g_test_summary ("Outside of callbacks a wait iterates the main context; after the finish it does not");

  value = dag_task_wait (task, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int (value), ==, 2);
  g_assert_true (dag_task_wait (task, NULL, NULL) == value);

  g_assert_null (dag_task_wait (failing, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

  test_release (failing);
  test_release (task);
  test_release (first);
}

static gboolean
cancel_cb (gpointer user_data)
{
  g_cancellable_cancel (user_data);

  return G_SOURCE_REMOVE;
}

static void
test_wait_cancelled (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_test_summary ("A wait in place can be cancelled, and that ends only the wait");

  g_idle_add (cancel_cb, cancellable);
  g_assert_null (dag_task_wait (task, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
  g_clear_error (&error);

  g_assert_null (dag_task_wait (task, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (dag_task_is_cancelled (task));

  dag_task_return_int (task, 1);
  test_release (task);
}

static gpointer
wait_thread (gpointer data)
{
  gpointer *arguments = data;
  g_autoptr (GError) error = NULL;
  const GValue *value;

  if (arguments[2] != NULL)
    test_barrier_wait (arguments[2]);

  value = dag_task_wait (arguments[0], arguments[1], &error);
  if (error != NULL)
    return GINT_TO_POINTER (-(error->code + 1));

  return GINT_TO_POINTER (g_value_get_int (value));
}

static void
test_wait_blocks (void)
{
  g_test_summary ("In another thread a wait blocks, for any number of threads, until the task finishes "
                  "or the wait is cancelled");

  for (guint round = 0; round < 20; round++)
    {
      GMainContext *context = g_main_context_default ();
      DagTask *task;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      TestBarrier barrier;
      gpointer plain[3], cancelled[3];
      GThread *threads[4];

      /* This thread has the context, so the others cannot iterate it. */
      g_assert_true (g_main_context_acquire (context));
      task = new_running ();

      test_barrier_init (&barrier, 5);
      plain[0] = cancelled[0] = task;
      plain[1] = NULL;
      cancelled[1] = cancellable;
      plain[2] = cancelled[2] = &barrier;

      for (guint i = 0; i < 4; i++)
        threads[i] = g_thread_new ("wait", wait_thread, i < 2 ? plain : cancelled);
      test_barrier_wait (&barrier);

      g_cancellable_cancel (cancellable);
      for (guint i = 2; i < 4; i++)
        g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (threads[i])), ==, -(G_IO_ERROR_CANCELLED + 1));

      dag_task_return_int (task, 8);
      test_settle (task);
      for (guint i = 0; i < 2; i++)
        g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (threads[i])), ==, 8);

      test_release (task);
      g_main_context_release (context);
      test_barrier_clear (&barrier);
    }
}

/* Waits that can never end */

static void
assert_would_block (DagTask *task)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dag_task_wait (task, NULL, &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_WOULD_BLOCK);
}

static void
wait_here (gpointer data)
{
  gpointer *arguments = data;

  assert_would_block (arguments[0]);
  arguments[1] = GUINT_TO_POINTER (GPOINTER_TO_UINT (arguments[1]) + 1);
}

static void
wait_here_body (DagTask  *task,
                gpointer  user_data)
{
  wait_here (user_data);
  assert_would_block (task);
  dag_task_return_int (task, 1);
}

static void
wait_here_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  wait_here (user_data);
}

static void
test_would_block (void)
{
  DagTask *other = dag_task_new (test_body_pending, NULL, NULL);
  gpointer arguments[] = { other, NULL };
  DagTask *task = dag_task_new (wait_here_body, arguments, wait_here);

  g_test_summary ("Inside a function, callback, signal or notify of its main context a wait is refused");

  g_signal_connect_swapped (task, "started", G_CALLBACK (wait_here), arguments);
  g_signal_connect_swapped (task, "finished", G_CALLBACK (wait_here), arguments);
  g_signal_connect_swapped (task, "notify::settled", G_CALLBACK (wait_here), arguments);
  g_signal_connect_swapped (dag_task_get_cancellable (other), "cancelled", G_CALLBACK (wait_here),
                            arguments);
  dag_task_await_async (task, NULL, wait_here_cb, arguments);
  dag_task_settle_async (task, NULL, wait_here_cb, arguments);
  test_settle (task);
  g_assert_cmpuint (GPOINTER_TO_UINT (arguments[1]), ==, 7);

  dag_task_cancel (other);
  test_drain ();
  g_assert_cmpuint (GPOINTER_TO_UINT (arguments[1]), ==, 8);

  dag_task_return (other);
  test_release (task);
  test_release (other);
}

static void
wait_for_dependent (DagTask      *task,
                    gpointer      source_object,
                    gpointer      task_data,
                    GCancellable *cancellable)
{
  assert_would_block (task_data);
  assert_would_block (task);
  dag_task_return_int (task, 1);
}

static void
test_own_dependent (void)
{
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL), *middle, *last;

  g_test_summary ("A thread function cannot wait for its own task or for what depends on it");

  /* The thread must not iterate this context. */
  g_main_context_push_thread_default (g_main_context_default ());

  middle = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &task, 1);
  last = dag_task_new_with_inputs (test_body_succeed, GINT_TO_POINTER (2), NULL, &middle, 1);
  dag_task_set_task_data (task, last, NULL);
  dag_task_run_in_thread (task, wait_for_dependent);
  test_settle (last);
  g_assert_cmpint (dag_task_get_state (last), ==, DAG_STATE_SUCCEEDED);

  test_release (last);
  test_release (middle);
  /* The thread may have it a little longer. */
  g_object_unref (task);
  g_main_context_pop_thread_default (g_main_context_default ());
}

static void
test_own_context (void)
{
  TestWorker *worker = test_worker_new ();
  GMainContext *context = g_main_context_default ();
  DagTask *mine = dag_task_new (test_body_succeed, GINT_TO_POINTER (1), NULL);
  DagTask *theirs;
  g_autoptr (GError) error = NULL;

  g_test_summary ("A thread cannot block for a task that depends on one of a context that it has");

  theirs = g_object_new (DAG_TYPE_TASK, "context", worker->context, "held", TRUE, NULL);
  dag_task_set_function (theirs, test_body_succeed, GINT_TO_POINTER (2), NULL);
  g_assert_true (dag_task_add_prerequisite (theirs, mine, DAG_RULE_SUCCEEDED, &error));
  dag_task_release (theirs);

  g_assert_true (g_main_context_acquire (context));
  assert_would_block (theirs);
  test_finish (mine);
  g_assert_nonnull (dag_task_wait (theirs, NULL, &error));
  g_assert_no_error (error);
  g_main_context_release (context);

  while (!dag_task_get_settled (theirs))
    g_thread_yield ();
  test_worker_free (worker);
  g_object_unref (theirs);
  test_release (mine);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-12/wait/any-number", test_any_number);
  g_test_add_func ("/promise-12/wait/settle", test_settle_later);
  g_test_add_func ("/promise-8/wait/no-callback", test_no_callback);
  g_test_add_func ("/promise-13/wait/order", test_order);
  g_test_add_func ("/promise-12/wait/wrong-result", test_wrong_result);
  g_test_add_func ("/promise-12/wait/wrong-finish", test_wrong_finish);
  g_test_add_func ("/promise-9/wait/cancelled", test_cancelled_wait);
  g_test_add_func ("/promise-9/wait/cancelled-before", test_cancelled_before);
  g_test_add_func ("/promise-9/wait/cancelled-late", test_cancelled_late);
  g_test_add_func ("/promise-9/wait/cancel-race", test_cancel_race);
  g_test_add_func ("/promise-12/wait/iterates", test_wait_iterates);
  g_test_add_func ("/promise-9/wait/in-place-cancelled", test_wait_cancelled);
  g_test_add_func ("/promise-12/wait/blocks", test_wait_blocks);
  g_test_add_func ("/promise-12/wait/would-block", test_would_block);
  g_test_add_func ("/promise-12/wait/own-dependent", test_own_dependent);
  g_test_add_func ("/promise-12/wait/own-context", test_own_context);

  return g_test_run ();
}
