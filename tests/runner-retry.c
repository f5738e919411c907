/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Functions of another language that are called again, and that have slots of limiters. The binding
 * has to know what to keep, and until when.
 */

#include "runner-util.h"

static gboolean
fail_busy (TestJob *job)
{
  dag_task_return_new_error (job->task, G_IO_ERROR, G_IO_ERROR_BUSY, "Busy");

  return FALSE;
}

/* Fails as often as the data says. */
static gboolean
fail_often (TestJob *job)
{
  return job->n_called > GPOINTER_TO_UINT (job->data) || fail_busy (job);
}

static gboolean
go_on (TestJob *job)
{
  return FALSE;
}

static TestJob *
call_with_retry (TestBinding *binding,
                 TestFunc     func,
                 gpointer     data,
                 guint        attempts,
                 guint        delay,
                 DagTask    **task)
{
  g_autoptr (DagRetry) retry = dag_retry_new (attempts, delay);
  TestJob *job = test_binding_call (binding, "job", func, data, NULL, 0, task);

  dag_task_set_retry (*task, retry);

  return job;
}

static void
test_again (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task;
  TestJob *job;

  g_test_summary ("The id of a task with a retry comes for each attempt, and with a minus sign once "
                  "there will be no other one: after a success, and after the last failure");

  job = call_with_retry (binding, fail_often, GUINT_TO_POINTER (2), 5, 1, &task);
  test_finish (task);
  assert_state (task, DAG_STATE_SUCCEEDED);
  test_settle (task);
  assert_story ("job job job -job");
  g_assert_cmpuint (job->marks, ==, DAG_RUNNER_AGAIN);
  test_release (task);

  job = call_with_retry (binding, fail_often, GUINT_TO_POINTER (2), 2, 0, &task);
  test_settle (task);
  assert_state (task, DAG_STATE_FAILED);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_BUSY);
  assert_story ("job job -job");
  test_release (task);
  assert_job (job, 2, 1);
  test_binding_free (binding);
}

static gboolean
fail_for_good (TestJob *job)
{
  dag_task_set_retry (job->task, NULL);

  return fail_busy (job);
}

static void
test_taken_back (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task;
  TestJob *job;

  g_test_summary ("A function that gives up its retry is not called again, and the binding hears of "
                  "that; of one that was given up before, too");

  job = call_with_retry (binding, fail_for_good, NULL, 5, 0, &task);
  test_settle (task);
  assert_state (task, DAG_STATE_FAILED);
  dag_task_get_error (task);
  test_release (task);
  assert_job (job, 1, 1);

  job = call_with_retry (binding, fail_busy, NULL, 5, 0, &task);
  dag_task_set_retry (task, NULL);
  test_settle (task);
  dag_task_get_error (task);
  test_release (task);
  g_assert_cmpuint (job->n_stopped, ==, job->marks == DAG_RUNNER_AGAIN ? 1 : 0);
  assert_story ("job -job job -job");
  test_binding_free (binding);
}

static void
test_pause (void)
{
  g_test_summary ("A task that is cancelled between two attempts, or is late then, has its id come "
                  "with a minus sign, once");

  for (guint late = 0; late < 2; late++)
    {
      TestBinding *binding = test_binding_new (NULL);
      DagTask *task;
      TestJob *job = call_with_retry (binding, fail_busy, NULL, 2, G_MAXUINT, &task);

      while (dag_task_get_attempt_error (task, 1) == NULL)
        test_iterate ();
      test_drain ();
      assert_job (job, 1, 0);

      if (late)
        dag_task_set_deadline (task, 1);
      else
        dag_task_cancel (task);
      test_settle (task);
      assert_state (task, late ? DAG_STATE_FAILED : DAG_STATE_CANCELLED);
      dag_task_get_error (task);
      test_release (task);
      assert_job (job, 1, 1);
      assert_story ("job -job");
      test_binding_free (binding);
    }
}

/* Has the attempt before it be late, and fail before the binding was told so. */
static gboolean
be_late (TestJob *job)
{
  if (job->n_called > 1)
    return FALSE;

  dag_task_set_timeout (job->task, 1);

  return FALSE;
}

static void
fail_late_body (DagTask  *task,
                gpointer  user_data)
{
  TestJob *job = user_data;

  while (!dag_task_is_late (job->task))
    g_thread_yield ();
  fail_busy (job);
  dag_task_return (task);
}

static void
test_stale (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task, *other;
  TestJob *job;
  guint n_stopped;

  g_test_summary ("A binding is not told to end an attempt that is over: a minus sign while none is "
                  "at work says that there will be no other one");

  for (guint i = 0; i < 20; i++)
    {
      job = call_with_retry (binding, be_late, NULL, 2, i % 2 * 5, &task);
      while (job->n_called == 0)
        test_iterate ();
      other = dag_task_new (fail_late_body, job, NULL);

      /* The timer is there already when that returns. */
      while (job->n_called == 1)
        {
          n_stopped = job->n_stopped;
          test_iterate ();
          g_assert_true (job->n_stopped == n_stopped ||
                         dag_task_get_attempt_error (task, 1) == NULL);
        }
      n_stopped = job->n_stopped;
      dag_task_set_timeout (task, 0);
      dag_task_return (task);
      test_settle (task);
      test_release (task);
      g_assert_cmpuint (job->n_stopped, ==, n_stopped + 1);
      test_settle (other);
      test_release (other);
    }
  g_clear_pointer (&story, test_story_free);
  test_binding_free (binding);
}

static void
test_too_late (void)
{
  TestBinding *binding = test_binding_new (NULL);
  g_autoptr (DagRetry) retry = dag_retry_new (3, 0);
  DagTask *task;
  TestJob *job = test_binding_call (binding, "job", go_on, NULL, NULL, 0, &task);

  g_test_summary ("A task without a retry that runs cannot get one: the binding has nothing left to "
                  "call again");

  while (job->n_called == 0)
    test_iterate ();
  g_assert_cmpuint (job->marks, ==, 0);
  test_assert_critical ("dag_task_set_retry: * has been started", dag_task_set_retry (task, retry));
  g_assert_null (dag_task_get_retry (task));
  fail_busy (job);
  test_settle (task);
  dag_task_get_error (task);
  test_release (task);
  assert_job (job, 1, 0);
  assert_story ("job");
  test_binding_free (binding);
}

typedef struct {
  DagLimiter *limiter;
  DagTask    *inner;
  TestJob    *inner_job;
} Nest;

static gboolean
make_inner (TestJob *job)
{
  Nest *nest = job->data;

  nest->inner_job = test_binding_call (job->binding, "inner", NULL, NULL, NULL, 0, &nest->inner);
  dag_task_set_limiter (nest->inner, nest->limiter);

  return FALSE;
}

static void
test_lends (void)
{
  TestBinding *binding = test_binding_new (NULL);
  g_autoptr (DagLimiter) limiter = dag_limiter_new (1);
  Nest nest = { .limiter = limiter };
  DagTask *outer, *late;
  TestJob *job, *late_job;

  g_test_summary ("What a function makes while the binding calls it may run on its slot; of what it "
                  "makes later the binding says so, and knows by the mark of which tasks it has to");

  job = test_binding_call (binding, "outer", make_inner, &nest, NULL, 0, &outer);
  dag_task_set_limiter (outer, limiter);
  while (nest.inner == NULL || !dag_task_get_settled (nest.inner))
    test_iterate ();
  g_assert_cmpuint (job->marks, ==, DAG_RUNNER_LENDS);
  g_assert_cmpuint (nest.inner_job->marks, ==, DAG_RUNNER_LENDS);

  late_job = test_binding_call (binding, "late", NULL, NULL, NULL, 0, &late);
  dag_task_set_limiter (late, limiter);
  test_drain ();
  assert_job (late_job, 0, 0);
  dag_task_set_creator (late, outer);
  test_settle (late);
  assert_job (late_job, 1, 0);

  dag_task_return (outer);
  test_settle (outer);
  assert_story ("outer inner late");
  test_release (outer);
  test_release (late);
  test_release (nest.inner);
  test_binding_free (binding);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/runner-retry/again", test_again);
  g_test_add_func ("/runner-retry/taken-back", test_taken_back);
  g_test_add_func ("/runner-retry/pause", test_pause);
  g_test_add_func ("/runner-retry/stale", test_stale);
  g_test_add_func ("/runner-retry/too-late", test_too_late);
  g_test_add_func ("/runner-retry/lends", test_lends);

  return g_test_run ();
}
