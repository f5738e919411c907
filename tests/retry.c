/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Functions that are called again when they have failed. */

#include "retry-util.h"

/* What happens */

static void
test_succeeds (void)
{
  g_test_summary ("A function that fails is called again until it succeeds, and only that counts; the "
                  "earlier errors can be read, and what the function needs is freed once, at the end");

  for (int in_thread = FALSE; in_thread <= TRUE; in_thread++)
    {
      Flaky flaky = { .failures = 3, .in_thread = in_thread };
      DagTask *task = flaky_task (&flaky, 5, 0);

      g_assert_cmpuint (dag_task_get_attempt (task), ==, 0);
      test_settle (task);
      test_assert_int (task, 4);
      g_assert_cmpuint (flaky.calls, ==, 4);
      g_assert_cmpuint (flaky.freed, ==, 1);
      g_assert_cmpuint (dag_task_get_attempt (task), ==, 4);
      assert_earlier_errors (task, 3);
      test_release_from_thread (task);
    }
}

static void
test_fails (void)
{
  Flaky flaky = { .failures = 10 };
  DagTask *task = flaky_task (&flaky, 3, 0);
  DagTask *dependent = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, &task, 1);

  g_test_summary ("After the last attempt the task ends with the last error, which is that of its "
                  "dependents");

  test_settle (dependent);
  g_assert_cmpuint (flaky.calls, ==, 3);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_cmpstr (dag_task_get_error (task)->message, ==, "Attempt 3");
  g_assert_cmpstr (dag_task_get_error (dependent)->message, ==, "Attempt 3");
  g_assert_true (dag_task_get_origin (dependent) == task);
  assert_earlier_errors (task, 2);

  test_release (dependent);
  test_release (task);
}

static void
read_arguments (DagTask  *task,
                gpointer  user_data)
{
  GString *log = user_data;

  g_string_append_printf (log, "%s %d;", dag_task_get_argument_string (task, 0),
                          dag_task_get_argument_int (task, 1));
  g_assert_true (DAG_IS_TASK (dag_task_get_argument_task (task, 2)));
  test_body_fail (task, NULL);
}

static void
test_arguments (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (3, 1);
  g_autoptr (GString) log = g_string_new (NULL);
  DagTask *input = dag_task_new (test_body_succeed, GINT_TO_POINTER (17), NULL);
  DagTask *raw = dag_task_new (test_body_fail, NULL, NULL);
  DagTask *task = g_object_new (DAG_TYPE_TASK, "held", TRUE, "retry", retry, NULL);

  g_test_summary ("Every attempt has the same arguments: values, results and raw inputs");

  dag_task_set_function (task, read_arguments, log, NULL);
  dag_task_add_argument_string (task, "cake");
  g_assert_true (dag_task_add_input (task, input, DAG_RULE_SUCCEEDED, NULL));
  g_assert_true (dag_task_add_raw_input (task, raw, DAG_RULE_FAILED, NULL));
  dag_task_release (task);
  g_clear_object (&input);
  g_clear_object (&raw);

  test_settle (task);
  g_assert_cmpstr (log->str, ==, "cake 17;cake 17;cake 17;");
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  test_release (task);
}

static void
note_cancellable (DagTask  *task,
                  gpointer  user_data)
{
  GPtrArray *seen = user_data;
  GCancellable *cancellable = dag_task_get_cancellable (task);

  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_assert_false (g_ptr_array_find (seen, cancellable, NULL));
  g_ptr_array_add (seen, g_object_ref (cancellable));
}

static void
test_timeout (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (3, 1);
  g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_object_unref);
  DagTask *task;

  g_test_summary ("A timeout is one for each attempt, which has a cancellable of its own; with "
                  "return-on-cancel the task waits for the function as long as there is another "
                  "attempt");

  for (int on_cancel = FALSE; on_cancel <= TRUE; on_cancel++)
    {
      task = dag_task_new (note_cancellable, seen, NULL);
      g_object_set (task, "retry", retry, "timeout", 2, "return-on-cancel", on_cancel, NULL);

      for (guint attempt = 1; attempt <= 3; attempt++)
        {
          while (dag_task_get_attempt (task) != attempt || seen->len != attempt)
            test_iterate ();
          while (!g_cancellable_is_cancelled (g_ptr_array_index (seen, attempt - 1)))
            test_iterate ();
          test_drain ();
          g_assert_cmpint (dag_task_is_finished (task), ==, on_cancel && attempt == 3);
          dag_task_return_int (task, 1);
        }

      test_settle (task);
      g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
      for (guint attempt = 1; attempt < 3; attempt++)
        g_assert_error (dag_task_get_attempt_error (task, attempt), G_IO_ERROR,
                        G_IO_ERROR_TIMED_OUT);
      g_assert_null (dag_task_get_attempt_error (task, 3));
      g_ptr_array_set_size (seen, 0);
      test_release (task);
    }
}

static void
test_deadline (void)
{
  Flaky flaky = { .failures = 10 };
  DagTask *task = flaky_task (&flaky, 3, LONG);

  g_test_summary ("A deadline is for all attempts together, and ends a pause at once");

  dag_task_set_deadline (task, 20);
  test_settle (task);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_cmpuint (flaky.calls, ==, 1);
  g_assert_cmpuint (flaky.freed, ==, 1);
  assert_earlier_errors (task, 1);
  test_release (task);
}

static void
test_cancel_pause (void)
{
  g_test_summary ("Promise 9: a task that is cancelled in a pause ends at once, from any thread");

  for (int check = FALSE; check <= TRUE; check++)
    {
      Flaky flaky = { .failures = 10 };
      DagTask *task = flaky_task (&flaky, 3, LONG);

      dag_task_set_check_cancellable (task, check);
      run_until_pause (task, 1);
      if (check)
        dag_task_cancel (task);
      else
        g_thread_join (g_thread_new ("cancels", (GThreadFunc) dag_task_cancel, task));
      test_settle (task);
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
      g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (flaky.calls, ==, 1);
      g_assert_cmpuint (flaky.freed, ==, 1);
      test_release (task);
    }
}

static void
cancel_and_fail (DagTask  *task,
                 gpointer  user_data)
{
  dag_task_cancel (task);
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "Attempt 1");
}

static void
return_cancelled (DagTask  *task,
                  gpointer  user_data)
{
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Somebody did");
}

static void
never_return (DagTask      *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
}

static void
run_never_return (DagTask  *task,
                  gpointer  user_data)
{
  dag_task_run_in_thread (task, never_return);
}

static void
test_never_again (void)
{
  const struct {
    DagTaskFunc function;
    DagState state;
    int code;
  } cases[] = {
    { cancel_and_fail, DAG_STATE_CANCELLED, G_IO_ERROR_CANCELLED },
    { return_cancelled, DAG_STATE_CANCELLED, G_IO_ERROR_CANCELLED },
    { test_body_skip, DAG_STATE_SKIPPED, DAG_ERROR_NOT_NEEDED },
    { run_never_return, DAG_STATE_FAILED, DAG_ERROR_ABANDONED },
  };

  g_test_summary ("There is no other attempt after a cancellation, a skip, and when the function can "
                  "never return");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DagRetry) retry = dag_retry_new (5, 0);
      DagTask *task = dag_task_new (cases[i].function, NULL, NULL);

      dag_task_set_retry (task, retry);
      test_settle (task);
      g_assert_cmpint (dag_task_get_state (task), ==, cases[i].state);
      g_assert_cmpint (dag_task_get_error (task)->code, ==, cases[i].code);
      g_assert_cmpuint (dag_task_get_attempt (task), ==, 1);
      g_assert_null (dag_task_get_attempt_error (task, 1));
      test_release_from_thread (task);
    }
}

DAG_DEFINE_TASK (add_one, (int, number))
{
  dag_task_return_int (task, number + 1);
}

static void
test_wrong_argument (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (5, 0);
  DagTask *object = dag_call_full (add_one, "cake");

  g_test_summary ("There is no other attempt with an argument that does not fit");

  dag_task_set_retry (object, retry);
  test_settle (object);
  g_assert_error (dag_task_get_error (object), DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE);
  g_assert_null (dag_task_get_attempt_error (object, 1));
  test_release (object);
}

static void
follow_new (DagTask  *task,
            gpointer  user_data)
{
  guint *calls = user_data;
  g_autoptr (DagTask) other = NULL;

  if (++*calls < 3)
    other = dag_task_new (test_body_fail, NULL, NULL);
  else
    other = dag_task_new (test_body_succeed, GINT_TO_POINTER (5), NULL);
  dag_task_return_task (task, other);
}

static void
test_following (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (5, 1);
  guint calls = 0;
  DagTask *task = dag_task_new (follow_new, &calls, NULL);

  g_test_summary ("A function that ends as another task is called again when that has failed, which "
                  "then is no failure that nobody looked at");

  dag_task_set_retry (task, retry);
  test_settle (task);
  test_assert_int (task, 5);
  g_assert_cmpuint (calls, ==, 3);
  g_assert_error (dag_task_get_attempt_error (task, 1), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_error (dag_task_get_attempt_error (task, 2), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  test_release (task);
}

/* Ends as one that never ends, and in the last attempt as one that does. */
static void
follow_endless (DagTask  *task,
                gpointer  user_data)
{
  GPtrArray *others = user_data;
  DagTask *other;

  if (dag_task_get_attempt (task) < 3)
    other = dag_task_new (test_body_pending, NULL, NULL);
  else
    other = dag_task_new_delay (1);
  g_ptr_array_add (others, other);
  if (dag_task_get_attempt (task) == 3)
    dag_task_set_timeout (task, 0);
  dag_task_return_task (task, other);
}

static void
test_following_too_long (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (3, 0);
  GPtrArray *others = g_ptr_array_new ();
  DagTask *needed = NULL, *task;
  guint calls = 0;

  g_test_summary ("A function that ends as another task which takes too long is called again, and that "
                  "is cancelled, unless somebody else needs it; its end means nothing any more");

  task = dag_task_new (follow_endless, others, NULL);
  dag_task_set_retry (task, retry);
  dag_task_set_timeout (task, 2);
  while (others->len < 2)
    {
      test_iterate ();
      if (others->len == 1 && needed == NULL)
        {
          needed = dag_task_new (test_body_count, &calls, NULL);
          dag_task_add_prerequisite (needed, others->pdata[0], DAG_RULE_SUCCEEDED, NULL);
        }
    }

  g_assert_false (dag_task_is_cancelled (others->pdata[0]));
  dag_task_return (others->pdata[0]);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
  g_assert_cmpuint (dag_task_get_attempt (task), ==, 3);
  g_assert_error (dag_task_get_attempt_error (task, 1), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_error (dag_task_get_attempt_error (task, 2), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_true (dag_task_is_cancelled (others->pdata[1]));
  g_assert_false (dag_task_get_settled (task));
  dag_task_return (others->pdata[1]);

  test_release (task);
  test_release (needed);
  for (guint i = 0; i < others->len; i++)
    test_release (others->pdata[i]);
  g_ptr_array_unref (others);
}

typedef struct {
  DagTask *other;
  guint    calls;
  guint   *freed;
} Follower;

static void
follow (DagTask  *task,
        gpointer  user_data)
{
  Follower *self = user_data;

  self->calls++;
  dag_task_return_task (task, self->other);
}

static void
follower_free (gpointer data)
{
  Follower *self = data;

  (*self->freed)++;
  g_free (self);
}

static void
test_too_late (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (3, 0);
  DagTask *other = dag_task_new (test_body_pending, NULL, NULL);
  Follower *follower = g_new0 (Follower, 1);
  guint freed = 0;
  DagTask *task;

  g_test_summary ("A retry that is set after the function has returned another task, when its data is "
                  "gone, does not have it called again (5)");

  follower->other = other;
  follower->freed = &freed;
  task = dag_task_new (follow, follower, follower_free);
  test_drain ();
  g_assert_cmpuint (freed, ==, 1);

  dag_task_set_retry (task, retry);
  fail_attempt (other, 1);
  test_settle (task);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpuint (freed, ==, 1);
  g_assert_null (dag_task_get_attempt_error (task, 1));

  test_release (task);
  test_release (other);
}

/* Threads */

typedef struct {
  TestBarrier returned, go_on;
  gint        inside;   /* atomic */
} Slow;

static void
slow_thread (DagTask      *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Slow *slow = task_data;

  g_assert_cmpint (g_atomic_int_add (&slow->inside, 1), ==, 0);
  if (dag_task_get_attempt (task) == 1)
    {
      fail_attempt (task, 1);
      test_barrier_wait (&slow->returned);
      test_barrier_wait (&slow->go_on);
      g_assert_true (G_IS_CANCELLABLE (cancellable));
      g_atomic_int_add (&slow->inside, -1);
    }
  else
    {
      g_atomic_int_add (&slow->inside, -1);
      dag_task_return_int (task, 2);
    }
}

static void
run_slow_thread (DagTask  *task,
                 gpointer  user_data)
{
  dag_task_set_task_data (task, user_data, NULL);
  dag_task_run_in_thread (task, slow_thread);
}

static void
test_thread_comes_back (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (2, 0);
  Slow slow = { .inside = 0 };
  DagTask *task;

  g_test_summary ("The next attempt starts when the thread function of the last one has come back, and "
                  "not when it has returned");

  test_barrier_init (&slow.returned, 2);
  test_barrier_init (&slow.go_on, 2);

  task = dag_task_new (run_slow_thread, &slow, NULL);
  dag_task_set_retry (task, retry);
  while (dag_task_get_attempt (task) == 0)
    test_iterate ();
  test_barrier_wait (&slow.returned);
  test_drain ();
  g_assert_cmpuint (dag_task_get_attempt (task), ==, 1);
  g_assert_false (dag_task_is_finished (task));
  test_barrier_wait (&slow.go_on);

  test_settle (task);
  test_assert_int (task, 2);
  test_release_from_thread (task);

  test_barrier_clear (&slow.returned);
  test_barrier_clear (&slow.go_on);
}

static void
nothing_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
}

static void
test_callback (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (3, 10);
  DagTask *task = dag_task_new_for_callback (NULL, NULL, nothing_cb, NULL);

  g_test_summary ("A task in the place of a GTask has no function that could be called again");

  test_assert_critical ("dag_task_set_retry:*has no function*", dag_task_set_retry (task, retry));
  g_assert_null (dag_task_get_retry (task));
  g_assert_cmpuint (dag_task_get_attempt (task), ==, 1);
  dag_task_return (task);
  test_release (task);
}

static void
test_return_in_pause (void)
{
  Flaky flaky = { .failures = 1 };
  DagTask *task = flaky_task (&flaky, 2, 1);

  g_test_summary ("Promise 4: a second return is a programmer error in a pause too");

  run_until_pause (task, 1);
  test_assert_critical ("dag_task_return_int:*has already returned*", dag_task_return_int (task, 7));
  test_settle (task);
  test_assert_int (task, 2);
  test_release (task);
}

static void
state_changed_cb (DagTask    *task,
                  GParamSpec *pspec,
                  GString    *log)
{
  static const char letters[] = "WRrSF--";

  g_string_append_c (log, letters[dag_task_get_state (task)]);
}

static void
test_states (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Flaky flaky = { .failures = 1 };
  DagTask *task = flaky_task (&flaky, 2, 1);

  g_test_summary ("Between two attempts a task is waiting, then ready, and says so; nobody hears that it "
                  "has failed");

  g_signal_connect (task, "notify::state", G_CALLBACK (state_changed_cb), log);
  test_settle (task);
  g_assert_cmpstr (log->str, ==, "RrWRrS");
  test_release (task);
}

static void
test_context_ends (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Flaky flaky = { .failures = 10 };
  DagTask *task;

  g_test_summary ("Promise 14: a task whose context is destroyed in a pause is abandoned");

  g_main_context_push_thread_default (context);
  task = flaky_task (&flaky, 3, LONG);
  run_until_pause (task, 1);
  g_main_context_pop_thread_default (context);
  g_clear_pointer (&context, g_main_context_unref);

  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_cmpuint (flaky.freed, ==, 1);
  assert_earlier_errors (task, 1);
  g_assert_finalize_object (task);
}

static void
test_priority_in_pause (void)
{
  Flaky flaky = { .failures = 1 };
  DagTask *task = flaky_task (&flaky, 2, 1);

  g_test_summary ("A priority can be changed in a pause");

  run_until_pause (task, 1);
  dag_task_set_priority (task, G_PRIORITY_LOW);
  test_settle (task);
  test_assert_int (task, 2);
  test_release (task);
}

static void
test_many (void)
{
  const guint attempts = test_size (20000);
  g_autoptr (DagRetry) retry = dag_retry_new (attempts, 0);
  Flaky flaky = { .failures = attempts - 1 };
  DagTask *task = dag_task_new (flaky_body, &flaky, flaky_free);

  g_test_summary ("Promise 11: any number of attempts needs no stack");

  dag_task_set_retry (task, retry);
  test_settle (task);
  test_assert_int (task, attempts);
  test_release (task);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/retry/succeeds", test_succeeds);
  g_test_add_func ("/retry/fails", test_fails);
  g_test_add_func ("/retry/arguments", test_arguments);
  g_test_add_func ("/retry/timeout", test_timeout);
  g_test_add_func ("/retry/deadline", test_deadline);
  g_test_add_func ("/promise-9/retry/cancel-pause", test_cancel_pause);
  g_test_add_func ("/retry/never-again", test_never_again);
  g_test_add_func ("/retry/wrong-argument", test_wrong_argument);
  g_test_add_func ("/retry/following", test_following);
  g_test_add_func ("/retry/following-too-long", test_following_too_long);
  g_test_add_func ("/retry/too-late", test_too_late);
  g_test_add_func ("/retry/thread-comes-back", test_thread_comes_back);
  g_test_add_func ("/retry/callback", test_callback);
  g_test_add_func ("/promise-4/retry/return-in-pause", test_return_in_pause);
  g_test_add_func ("/retry/states", test_states);
  g_test_add_func ("/promise-14/retry/context-ends", test_context_ends);
  g_test_add_func ("/retry/priority-in-pause", test_priority_in_pause);
  g_test_add_func ("/promise-11/retry/many", test_many);

  return g_test_run ();
}
