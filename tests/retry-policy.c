/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What says how often, and after what pauses, a function is called again. */

#include "retry-util.h"

/* What is asked */

typedef struct {
  guint asked;
  guint yes;     /* so often */
  guint freed;
  DagTask *task;
} Judge;

static gboolean
judge (DagTask      *task,
       const GError *error,
       gpointer      user_data)
{
  Judge *self = user_data;

  g_assert_true (task == self->task);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpuint (dag_task_get_attempt (task), ==, ++self->asked);

  return self->asked <= self->yes;
}

static void
judge_free (gpointer user_data)
{
  ((Judge *) user_data)->freed++;
}

static void
test_function (void)
{
  DagRetry *retry = dag_retry_new (10, 0);
  Judge question = { .yes = 2 };
  Flaky flaky = { .failures = 10 };

  g_test_summary ("A function can look at each error, and say that no other attempt makes sense");

  dag_retry_set_function (retry, judge, &question, judge_free);
  question.task = dag_task_new (flaky_body, &flaky, flaky_free);
  dag_task_set_retry (question.task, retry);
  test_settle (question.task);
  g_assert_cmpuint (question.asked, ==, 3);
  g_assert_cmpuint (flaky.calls, ==, 3);
  g_assert_cmpstr (dag_task_get_error (question.task)->message, ==, "Attempt 3");
  test_release (question.task);

  g_assert_cmpuint (question.freed, ==, 0);
  g_assert_finalize_object (retry);
  g_assert_cmpuint (question.freed, ==, 1);
}

static gboolean
cancel_when_asked (DagTask      *task,
                   const GError *error,
                   gpointer      user_data)
{
  DagRetry *retry = user_data;

  /* A dialog, say. */
  dag_task_cancel (task);
  test_drain ();
  g_assert_false (dag_task_is_finished (task));
  dag_retry_set_function (retry, NULL, NULL, NULL);

  return TRUE;
}

static void
test_cancel_when_asked (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (10, 0);
  Flaky flaky = { .failures = 10 };
  DagTask *task = dag_task_new (flaky_body, &flaky, flaky_free);

  g_test_summary ("A main loop may run in what is asked, and the task may be cancelled there: it "
                  "had failed before that");

  dag_retry_set_function (retry, cancel_when_asked, retry, NULL);
  dag_task_set_retry (task, retry);
  test_settle (task);
  g_assert_cmpuint (flaky.calls, ==, 1);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpuint (flaky.freed, ==, 1);
  test_release (task);
}

static void
give_up (DagTask  *task,
         gpointer  user_data)
{
  if (dag_task_get_attempt (task) == 2)
    dag_task_set_retry (task, NULL);
  fail_attempt (task, dag_task_get_attempt (task));
}

static void
test_give_up (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (10, 0);
  DagTask *task = dag_task_new (give_up, NULL, NULL);

  g_test_summary ("A function can say itself that its error is the last one");

  dag_task_set_retry (task, retry);
  test_settle (task);
  g_assert_cmpstr (dag_task_get_error (task)->message, ==, "Attempt 2");
  assert_earlier_errors (task, 1);
  test_release (task);
}

/* Pauses */

static void
test_pauses (void)
{
  g_autoptr (DagRetry) retry = dag_retry_new (10, 100);
  g_autoptr (DagRetry) twin = dag_retry_new (10, 100);
  guint first[5];
  gboolean differ = FALSE;

  g_test_summary ("Pauses grow by the factor up to the longest one; what is left to chance is the same "
                  "with the same seed");

  g_assert_cmpuint (dag_retry_get_pause (retry, 1), ==, 100);
  g_assert_cmpuint (dag_retry_get_pause (retry, 2), ==, 200);
  g_assert_cmpuint (dag_retry_get_pause (retry, 4), ==, 800);
  g_assert_cmpuint (dag_retry_get_pause (retry, G_MAXUINT), ==, G_MAXUINT);
  g_object_set (retry, "factor", 1.5, "max-delay", 300, NULL);
  g_assert_cmpuint (dag_retry_get_pause (retry, 3), ==, 225);
  g_assert_cmpuint (dag_retry_get_pause (retry, 4), ==, 300);
  g_assert_cmpuint (dag_retry_get_pause (retry, 4000), ==, 300);
  g_object_set (retry, "factor", 1.0, NULL);
  g_assert_cmpuint (dag_retry_get_pause (retry, 4000), ==, 100);
  g_object_set (retry, "delay", 0, "factor", 3.0, NULL);
  g_assert_cmpuint (dag_retry_get_pause (retry, 4000), ==, 0);

  g_object_set (retry, "delay", 1000, "max-delay", G_MAXUINT, "jitter", 0.5, "seed", 7, NULL);
  g_object_set (twin, "delay", 1000, "factor", 3.0, "jitter", 0.5, "seed", 7, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    {
      first[i] = dag_retry_get_pause (retry, 1);
      g_assert_cmpuint (first[i], >=, 500);
      g_assert_cmpuint (first[i], <=, 1000);
      g_assert_cmpuint (dag_retry_get_pause (twin, 1), ==, first[i]);
      differ = differ || first[i] != first[0];
    }
  g_assert_true (differ);

  /* It begins again. */
  dag_retry_set_seed (retry, 7);
  g_assert_cmpuint (dag_retry_get_pause (retry, 1), ==, first[0]);
}

static void
test_pause_is_kept (void)
{
  Flaky flaky = { .failures = 2 };
  DagTask *task = flaky_task (&flaky, 3, 10);
  gint64 begin;

  g_test_summary ("No attempt comes before its pause is over");

  run_until_pause (task, 1);
  begin = g_get_monotonic_time ();
  run_until_pause (task, 2);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 9 * 1000);
  test_settle (task);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 29 * 1000);
  test_assert_int (task, 3);
  test_release (task);
}

static void
count_notify_cb (guint *n_notified)
{
  ++*n_notified;
}

static void
test_properties (void)
{
  DagRetry *retry = dag_retry_new (3, 10);
  guint n_notified = 0;
  guint attempts, delay, max_delay, seed;
  double factor, jitter;

  g_test_summary ("A retry has properties, which notify when they change, and refuses what makes no "
                  "sense");

  g_signal_connect_swapped (retry, "notify", G_CALLBACK (count_notify_cb), &n_notified);
  g_object_set (retry, "attempts", 3, "delay", 10, "factor", 2.0, "max-delay", G_MAXUINT,
                "jitter", 0.0, "seed", 0, NULL);
  g_assert_cmpuint (n_notified, ==, 0);
  g_object_set (retry, "attempts", 4, "delay", 20, "factor", 3.0, "max-delay", 50, "jitter", 0.25,
                "seed", 5, NULL);
  g_assert_cmpuint (n_notified, ==, 6);
  g_object_get (retry, "attempts", &attempts, "delay", &delay, "factor", &factor,
                "max-delay", &max_delay, "jitter", &jitter, "seed", &seed, NULL);
  g_assert_cmpuint (attempts, ==, 4);
  g_assert_cmpuint (delay, ==, 20);
  g_assert_cmpfloat_with_epsilon (factor, 3.0, 1e-9);
  g_assert_cmpuint (max_delay, ==, 50);
  g_assert_cmpfloat_with_epsilon (jitter, 0.25, 1e-9);
  g_assert_cmpuint (seed, ==, 5);

  test_assert_critical ("*dag_retry_set_attempts*", dag_retry_set_attempts (retry, 0));
  test_assert_critical ("*dag_retry_set_factor*", dag_retry_set_factor (retry, 0.5));
  test_assert_critical ("*dag_retry_set_jitter*", dag_retry_set_jitter (retry, 1.5));
  test_assert_critical ("*dag_retry_new*", g_assert_null (dag_retry_new (0, 0)));
  test_assert_critical ("*dag_retry_get_pause*", dag_retry_get_pause (retry, 0));

  g_assert_finalize_object (retry);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/retry-policy/function", test_function);
  g_test_add_func ("/retry-policy/cancel-when-asked", test_cancel_when_asked);
  g_test_add_func ("/retry-policy/give-up", test_give_up);
  g_test_add_func ("/retry-policy/pauses", test_pauses);
  g_test_add_func ("/retry-policy/pause-is-kept", test_pause_is_kept);
  g_test_add_func ("/retry-policy/properties", test_properties);

  return g_test_run ();
}
