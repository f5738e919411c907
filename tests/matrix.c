/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Everything that a task can be told, with everything else: time × attempts × limiter × cancellation ×
 * thread × rule × return-on-cancel. What comes of it is worked out from the promises, and not from the code.
 */

#include "test-util.h"

#define ATTEMPTS 3
#define SHORT    1        /* ms: it comes soon */
#define LONG     3600000  /* ms: it never comes */

typedef enum {
  TIME_NONE,
  TIME_ENOUGH,    /* a timeout and a deadline that never come */
  TIME_SHORT,     /* attempts that fail do so because they take too long */
  N_TIMES,
} Time;

typedef enum {
  CANCEL_NOT,
  CANCEL_BEFORE,   /* it starts */
  CANCEL_INSIDE,   /* the first attempt */
  CANCEL_BETWEEN,  /* attempts */
  N_CANCELS,
} Cancel;

typedef enum {
  PLACE_CONTEXT,
  PLACE_THREAD,  /* by dag_task_run_in_thread() */
  PLACE_WORKER,
  N_PLACES,
} Place;

typedef struct {
  Time     time;
  Cancel   cancel;
  guint    failures;         /* attempts that fail */
  gboolean retry;
  gboolean limiter;
  Place    place;
  gboolean return_on_cancel;
  DagRule  rule;
} Case;

/* A run of a case */
typedef struct {
  const Case *what;
  gint        n_inside;  /* atomic: how many bodies are at work */
  gint        n_calls;   /* atomic */
  guint       n_freed;
} Run;

/* What has to come of it */
typedef struct {
  DagState state;
  guint    attempts;
  GQuark   domain;
  int      code;
  DagState dependent;
} Result;

static Result
expect (const Case *what)
{
  guint allowed = what->retry ? ATTEMPTS : 1;
  Result result = { DAG_STATE_SUCCEEDED, MIN (what->failures + 1, allowed), 0, 0, 0 };

  if (what->cancel == CANCEL_BEFORE)
    result = (Result) { DAG_STATE_CANCELLED, 0, G_IO_ERROR, G_IO_ERROR_CANCELLED, 0 };
  else if (what->cancel == CANCEL_INSIDE || what->cancel == CANCEL_BETWEEN)
    result = (Result) { DAG_STATE_CANCELLED, 1, G_IO_ERROR, G_IO_ERROR_CANCELLED, 0 };
  else if (what->failures >= allowed)
    result = (Result) { DAG_STATE_FAILED, allowed, G_IO_ERROR,
                        what->time == TIME_SHORT ? G_IO_ERROR_TIMED_OUT : G_IO_ERROR_BUSY, 0 };

  switch (what->rule)
    {
    case DAG_RULE_FINISHED:
      result.dependent = DAG_STATE_SUCCEEDED;
      break;
    case DAG_RULE_FAILED:
      result.dependent = result.state == DAG_STATE_FAILED ? DAG_STATE_SUCCEEDED : DAG_STATE_SKIPPED;
      break;
    case DAG_RULE_SUCCEEDED:
    default:
      result.dependent = result.state == DAG_STATE_SUCCEEDED ? DAG_STATE_SUCCEEDED
                                                             : DAG_STATE_SKIPPED;
    }

  return result;
}

/* There is no pause to be cancelled in if nothing fails, and nothing takes too long that does not
 * fail.
 */
static gboolean
makes_sense (const Case *what)
{
  if (what->cancel == CANCEL_BETWEEN)
    return what->retry && what->failures > 0;

  return what->time != TIME_SHORT || what->failures > 0;
}

static void
end_attempt (DagTask *task,
             Run     *run)
{
  gboolean fails = dag_task_get_attempt (task) <= run->what->failures;

  g_assert_cmpint (g_atomic_int_add (&run->n_inside, -1), ==, 1);

  if (run->what->cancel == CANCEL_INSIDE || (fails && run->what->time == TIME_SHORT) || !fails)
    dag_task_return_int (task, 17);
  else
    dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "Busy");
}

/* Whether the attempt goes on until it is told to end. */
static gboolean
goes_on (DagTask *task,
         Run     *run)
{
  return run->what->cancel == CANCEL_INSIDE ||
         (run->what->time == TIME_SHORT && dag_task_get_attempt (task) <= run->what->failures);
}

static gboolean
told_to_end_cb (GCancellable *cancellable,
                gpointer      user_data)
{
  DagTask *task = user_data;

  end_attempt (task, g_object_get_data (G_OBJECT (task), "run"));

  return G_SOURCE_REMOVE;
}

static void
work (DagTask *task,
      Run     *run)
{
  GCancellable *cancellable = dag_task_get_cancellable (task);

  g_assert_cmpint (g_atomic_int_add (&run->n_inside, 1), ==, 0);
  g_assert_cmpint (g_atomic_int_add (&run->n_calls, 1) + 1, ==, dag_task_get_attempt (task));
  g_assert_cmpint (dag_task_get_argument_int (task, 0), ==, 3);

  if (run->what->cancel == CANCEL_INSIDE)
    dag_task_cancel (task);
  else if (goes_on (task, run))
    dag_task_set_timeout (task, SHORT);

  if (!goes_on (task, run))
    {
      end_attempt (task, run);
    }
  else if (run->what->place != PLACE_CONTEXT)
    {
      GPollFD fd;

      g_assert_true (g_cancellable_make_pollfd (cancellable, &fd));
      g_poll (&fd, 1, -1);
      g_cancellable_release_fd (cancellable);
      end_attempt (task, run);
    }
  else
    {
      g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

      g_source_set_callback (source, G_SOURCE_FUNC (told_to_end_cb), g_object_ref (task),
                             g_object_unref);
      g_source_attach (source, g_main_context_get_thread_default ());
    }
}

static void
work_thread (DagTask      *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  work (task, task_data);
}

static void
work_body (DagTask  *task,
           gpointer  user_data)
{
  Run *run = user_data;

  if (run->what->place == PLACE_THREAD)
    dag_task_run_in_thread (task, work_thread);
  else
    work (task, run);
}

/* Before an attempt: whether it takes too long is not a question of how soon it begins. */
static void
state_changed_cb (DagTask    *task,
                  GParamSpec *pspec,
                  Run        *run)
{
  if (run->what->time == TIME_SHORT && dag_task_get_state (task) == DAG_STATE_WAITING)
    dag_task_set_timeout (task, LONG);
}

static void
run_free (gpointer user_data)
{
  ((Run *) user_data)->n_freed++;
}

static DagTask *
new_task (Run        *run,
          DagLimiter *limiter)
{
  const Case *what = run->what;
  DagTask *task = g_object_new (DAG_TYPE_TASK, "held", TRUE, NULL);

  dag_task_set_function (task, work_body, run, run_free);
  dag_task_add_argument_int (task, 3);
  dag_task_set_return_on_cancel (task, what->return_on_cancel);
  dag_task_set_task_data (task, run, NULL);
  g_object_set_data (G_OBJECT (task), "run", run);
  g_signal_connect (task, "notify::state", G_CALLBACK (state_changed_cb), run);

  if (what->place == PLACE_WORKER)
    dag_task_set_worker (task, dag_worker_get_default ());
  if (what->time != TIME_NONE)
    g_object_set (task, "timeout", LONG, "deadline", LONG, NULL);
  if (what->limiter)
    dag_task_set_limiter (task, limiter);
  if (what->retry)
    {
      g_autoptr (DagRetry) retry =
        dag_retry_new (ATTEMPTS, what->cancel == CANCEL_BETWEEN ? LONG : SHORT);

      dag_task_set_retry (task, retry);
    }

  dag_task_release (task);

  return task;
}

static void
check_end (DagTask *task,
           DagTask *dependent,
           Run     *run)
{
  Result result = expect (run->what);
  int failure = run->what->time == TIME_SHORT ? G_IO_ERROR_TIMED_OUT : G_IO_ERROR_BUSY;

  g_assert_cmpint (dag_task_get_state (task), ==, result.state);
  g_assert_cmpint (dag_task_get_state (dependent), ==, result.dependent);
  g_assert_cmpuint (dag_task_get_attempt (task), ==, result.attempts);
  g_assert_cmpint (run->n_calls, ==, result.attempts);
  g_assert_cmpint (run->n_freed, ==, 1);

  if (result.state == DAG_STATE_SUCCEEDED)
    test_assert_int (task, 17);
  else
    g_assert_true (g_error_matches (dag_task_get_error (task), result.domain, result.code));

  if (result.dependent == DAG_STATE_SKIPPED && result.state != DAG_STATE_SUCCEEDED)
    g_assert_true (g_error_matches (dag_task_get_error (dependent), result.domain, result.code));

  for (guint i = 1; i < result.attempts; i++)
    g_assert_true (g_error_matches (dag_task_get_attempt_error (task, i), G_IO_ERROR, failure));
}

/* The thread of its function may still have it for a moment. */
static void
release (gpointer object)
{
  while (g_atomic_int_get (&G_OBJECT (object)->ref_count) > 1)
    {
      test_drain ();
      g_thread_yield ();
    }
  g_assert_finalize_object (object);
}

static void
run_case (const Case *what)
{
  Run run = { .what = what };
  DagLimiter *limiter = dag_limiter_new (1);
  DagTask *plug = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *task, *dependent;

  dag_task_set_limiter (plug, limiter);
  test_drain ();

  task = new_task (&run, limiter);
  dependent = dag_task_new (test_body_succeed, NULL, NULL);
  g_assert_true (dag_task_add_raw_input (dependent, task, what->rule, NULL));

  if (what->limiter)
    {
      /* The slot is taken. */
      test_drain ();
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_READY);
    }
  if (what->cancel == CANCEL_BEFORE)
    dag_task_cancel (task);
  dag_task_return (plug);
  test_settle (plug);

  if (what->cancel == CANCEL_BETWEEN)
    {
      while (dag_task_get_attempt (task) != 1 || dag_task_get_state (task) != DAG_STATE_WAITING)
        test_iterate ();
      g_assert_cmpuint (dag_limiter_get_n_running (limiter), ==, 0);
      dag_task_cancel (task);
    }

  test_settle (task);
  test_settle (dependent);
  check_end (task, dependent, &run);
  g_assert_cmpuint (dag_limiter_get_n_running (limiter), ==, 0);

  release (dependent);
  release (task);
  release (plug);
  release (limiter);
}

static void
test_matrix (void)
{
  guint n = 0;
  Case what;

  g_test_summary ("Timeouts, retries, limiters, cancellation, threads and rules: any of these with any "
                  "other does what each of them promises");

  for (what.time = 0; what.time < N_TIMES; what.time++)
    for (what.cancel = 0; what.cancel < N_CANCELS; what.cancel++)
      for (what.failures = 0; what.failures <= ATTEMPTS; what.failures++)
        for (what.place = 0; what.place < N_PLACES; what.place++)
          for (what.rule = DAG_RULE_SUCCEEDED; what.rule <= DAG_RULE_FAILED; what.rule++)
            for (guint bits = 0; bits < 8; bits++)
              {
                what.retry = (bits & 1) != 0;
                what.limiter = (bits & 2) != 0;
                what.return_on_cancel = (bits & 4) != 0;

                if (!makes_sense (&what))
                  continue;

                run_case (&what);
                n++;
              }

  g_test_message ("%u cases", n);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/matrix", test_matrix);

  return g_test_run ();
}
