/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* How many tasks may be at work at once. */

#include "thread-util.h"

#define MANY 20

static gboolean
is_running (DagTask *task)
{
  return dag_task_get_state (task) == DAG_STATE_RUNNING;
}

static DagTask *
new_limited (DagLimiter *limiter,
             int         priority)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_object_set (task, "limiter", limiter, "priority", priority, NULL);

  return task;
}

static void
assert_counts (DagLimiter *limiter,
               guint       n_running,
               guint       n_waiting)
{
  test_drain ();
  g_assert_cmpuint (dag_limiter_get_n_running (limiter), ==, n_running);
  g_assert_cmpuint (dag_limiter_get_n_waiting (limiter), ==, n_waiting);
}

static void
return_and_release (DagTask *task)
{
  test_drain ();
  g_assert_true (is_running (task));
  dag_task_return (task);
  test_release (task);
}

static void
test_at_most (void)
{
  g_test_summary ("No more tasks of a limiter are at work than it says, and all of them get their turn in "
                  "the order in which they became ready");

  for (guint limit = 1; limit < MANY; limit += 3)
    {
      DagLimiter *limiter = dag_limiter_new (limit);
      DagTask *tasks[MANY];

      for (guint i = 0; i < MANY; i++)
        tasks[i] = new_limited (limiter, 0);
      assert_counts (limiter, limit, MANY - limit);

      for (guint i = 0; i < MANY; i++)
        {
          for (guint j = i; j < MANY; j++)
            g_assert_cmpint (dag_task_get_state (tasks[j]), ==,
                             j < i + limit ? DAG_STATE_RUNNING : DAG_STATE_READY);
          return_and_release (tasks[i]);
        }

      assert_counts (limiter, 0, 0);
      g_assert_finalize_object (limiter);
    }
}

static void
test_priority (void)
{
  DagLimiter *limiter = dag_limiter_new (1);
  DagTask *first = new_limited (limiter, 0);
  DagTask *late, *soon, *changed;

  g_test_summary ("Who waits gets a slot by priority, then in order; a priority can be changed while "
                  "it waits");

  test_drain ();
  late = new_limited (limiter, 10);
  test_drain ();
  soon = new_limited (limiter, -10);
  changed = new_limited (limiter, 20);
  assert_counts (limiter, 1, 3);

  dag_task_set_priority (changed, -20);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (changed), ==, DAG_STATE_READY);
  return_and_release (first);
  return_and_release (changed);
  return_and_release (soon);
  return_and_release (late);
  g_assert_finalize_object (limiter);
}

static void
test_limit (void)
{
  DagLimiter *limiter = dag_limiter_new (0);
  DagTask *tasks[4];
  guint n_notified = 0;

  g_test_summary ("The limit can be changed at any time: with more of it tasks start, with less of it "
                  "those that are at work go on, and with 0 none starts");

  g_signal_connect_swapped (limiter, "notify::limit", G_CALLBACK (g_atomic_int_inc), &n_notified);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = new_limited (limiter, 0);
  assert_counts (limiter, 0, 4);
  dag_limiter_set_limit (limiter, 3);
  assert_counts (limiter, 3, 1);
  dag_limiter_set_limit (limiter, 3);
  g_object_set (limiter, "limit", 1, NULL);
  g_assert_cmpuint (n_notified, ==, 2);
  g_assert_cmpuint (dag_limiter_get_limit (limiter), ==, 1);
  assert_counts (limiter, 3, 1);

  return_and_release (tasks[0]);
  return_and_release (tasks[1]);
  assert_counts (limiter, 1, 1);
  return_and_release (tasks[2]);
  return_and_release (tasks[3]);
  g_assert_finalize_object (limiter);
}

static void
test_several (void)
{
  DagLimiter *server = dag_limiter_new (1), *all = dag_limiter_new (2);
  DagTask *first = new_limited (server, 0), *second = new_limited (server, 0);
  DagTask *other = new_limited (all, 0), *another = new_limited (all, 0);

  g_test_summary ("A task with several limiters gets a slot of each at once or none, and lets pass who "
                  "lacks nothing");

  dag_task_add_limiter (first, all);
  dag_task_add_limiter (first, all);
  dag_task_add_limiter (second, all);
  g_assert_true (dag_task_get_limiter (second) == server);
  test_drain ();

  /* The second waits for the server. */
  g_assert_true (is_running (first));
  g_assert_false (is_running (second));
  g_assert_true (is_running (other));
  g_assert_false (is_running (another));
  assert_counts (all, 2, 2);
  assert_counts (server, 1, 1);

  return_and_release (other);
  g_assert_true (is_running (another));

  /* Now for both. */
  return_and_release (first);
  g_assert_true (is_running (second));
  return_and_release (another);
  return_and_release (second);

  g_assert_finalize_object (server);
  g_assert_finalize_object (all);
}

static void
test_several_priority (void)
{
  DagLimiter *one = dag_limiter_new (1), *other = dag_limiter_new (1);
  DagTask *first = new_limited (one, 0);
  DagTask *both, *urgent;

  g_test_summary ("When slots of several limiters are given back together, who is more urgent comes "
                  "first, whichever it waits for");

  for (int i = 0; i < 2; i++)
    {
      DagLimiter *single = i == 0 ? one : other;

      if (i > 0)
        first = new_limited (one, 0);
      dag_task_add_limiter (first, other);
      test_drain ();
      both = new_limited (one, 5);
      dag_task_add_limiter (both, other);
      urgent = new_limited (single, 1);
      test_drain ();
      return_and_release (first);
      g_assert_true (is_running (urgent));
      g_assert_false (is_running (both));
      return_and_release (urgent);
      return_and_release (both);
    }

  g_assert_finalize_object (one);
  g_assert_finalize_object (other);
}

static void
test_dependencies (void)
{
  DagLimiter *limiter = dag_limiter_new (1);
  DagTask *input = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *task = dag_task_new_with_inputs (test_body_pending, NULL, NULL, &input, 1);
  DagTask *other;

  g_test_summary ("Promise 12: a task that waits for its dependencies holds no slot, also when it has "
                  "waited for one before");

  dag_task_set_limiter (task, limiter);
  other = new_limited (limiter, 0);
  assert_counts (limiter, 1, 0);
  g_assert_true (is_running (other));

  dag_task_return (input);
  assert_counts (limiter, 1, 1);
  g_clear_object (&input);

  /* It has to wait for something else now. */
  input = dag_task_new (test_body_pending, NULL, NULL);
  g_assert_true (dag_task_add_prerequisite (task, input, DAG_RULE_SUCCEEDED, NULL));
  assert_counts (limiter, 1, 0);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);
  return_and_release (other);
  assert_counts (limiter, 0, 0);
  dag_task_return (input);
  return_and_release (task);
  test_release (input);
  g_assert_finalize_object (limiter);
}

static void
test_ends_while_it_waits (void)
{
  DagLimiter *limiter = dag_limiter_new (1);
  DagTask *first = new_limited (limiter, 0);
  DagTask *cancelled, *late, *last;

  g_test_summary ("A task that is cancelled or too late while it waits for a slot ends at once, and is "
                  "out of the way");

  test_drain ();
  cancelled = new_limited (limiter, 0);
  late = new_limited (limiter, 0);
  last = new_limited (limiter, 0);
  assert_counts (limiter, 1, 3);

  dag_task_cancel (cancelled);
  dag_task_set_deadline (late, 1);
  test_settle (late);
  test_settle (cancelled);
  g_assert_error (dag_task_get_error (late), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpint (dag_task_get_state (cancelled), ==, DAG_STATE_CANCELLED);
  assert_counts (limiter, 1, 1);

  return_and_release (first);
  g_assert_true (is_running (last));
  return_and_release (last);
  test_release (cancelled);
  test_release (late);
  g_assert_finalize_object (limiter);
}

static void
test_cancelled_with_slot (void)
{
  DagLimiter *limiter = dag_limiter_new (1);
  DagTask *first = new_limited (limiter, 0);
  DagTask *second, *third;

  g_test_summary ("A task that is cancelled when it has been given a slot, and has not started, gives it to "
                  "the next one");

  test_drain ();
  second = new_limited (limiter, 0);
  third = new_limited (limiter, 0);
  test_drain ();
  dag_limiter_set_limit (limiter, 2);
  dag_task_cancel (second);
  test_settle (second);
  g_assert_true (is_running (third));
  test_release (second);
  return_and_release (first);
  return_and_release (third);
  g_assert_finalize_object (limiter);
}

static void
test_body_keeps_slot (void)
{
  DagLimiter *limiter = dag_limiter_new (1);
  DagTask *first = new_limited (limiter, 0);
  DagTask *second = new_limited (limiter, 0);

  g_test_summary ("Promise 12: a body holds its slot until it returns, also when its task has ended "
                  "before");

  dag_task_set_return_on_cancel (first, TRUE);
  test_drain ();
  dag_task_cancel (first);
  test_finish (first);
  assert_counts (limiter, 1, 1);
  g_assert_false (is_running (second));
  dag_task_return (first);
  test_release (first);
  return_and_release (second);
  g_assert_finalize_object (limiter);
}

DAG_DEFINE_TASK (stage, (GPtrArray *, log, G_TYPE_PTR_ARRAY), (int, number))
{
  g_ptr_array_add (log, g_object_ref (task));
}

DAG_DEFINE_TASK (photo, (GPtrArray *, log, G_TYPE_PTR_ARRAY), (int, number))
{
  DagTask *load = dag_call (stage, log, number);

  dag_task_return_task (task, dag_depends_on (dag_call (stage, log, -number), load));
}

static void
test_in_flight (void)
{
  DagLimiter *limiter = dag_limiter_new (2);
  g_autoptr (GPtrArray) log = g_ptr_array_new_with_free_func (g_object_unref);
  DagTask *photos[5];

  g_test_summary ("A task that ends as another one keeps its slot until that has finished: that is how to "
                  "limit a whole pipeline");

  for (int i = 0; i < 5; i++)
    {
      photos[i] = dag_call_full (photo, log, i + 1);
      dag_task_set_limiter (photos[i], limiter);
    }

  /* Each photo has two stages. */
  for (guint n = 0; n < 10; n++)
    {
      test_drain ();
      g_assert_cmpuint (dag_limiter_get_n_running (limiter), <=, 2);
      g_assert_cmpuint (log->len, <=, n + 2);
      g_assert_cmpuint (log->len, >, n);
      dag_task_return (g_ptr_array_index (log, n));
    }

  assert_counts (limiter, 0, 0);
  g_ptr_array_set_size (log, 0);
  for (int i = 0; i < 5; i++)
    test_release (photos[i]);
  g_assert_finalize_object (limiter);
}

static void
test_retry (void)
{
  DagLimiter *limiter = dag_limiter_new (1);
  g_autoptr (DagRetry) retry = dag_retry_new (2, 1);
  DagTask *task = new_limited (limiter, 0);
  DagTask *other = new_limited (limiter, 0);

  g_test_summary ("Between two attempts a task has no slot, and waits for one again");

  dag_task_set_retry (task, retry);
  test_drain ();
  dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "Once");
  while (!is_running (other))
    test_iterate ();
  while (dag_limiter_get_n_waiting (limiter) == 0)
    test_iterate ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_READY);
  return_and_release (other);
  g_assert_cmpuint (dag_task_get_attempt (task), ==, 2);
  return_and_release (task);
  g_assert_finalize_object (limiter);
}

static void
test_misuse (void)
{
  DagLimiter *limiter = dag_limiter_new (1);
  DagTask *task = new_limited (limiter, 0);
  DagTask *none = new_limited (NULL, 0);
  DagTask *changed = new_limited (limiter, 0);

  g_test_summary ("Limiters can be changed until a task starts; after that it is a programmer error");

  test_drain ();
  test_assert_critical ("dag_task_set_limiter:*has been started*", dag_task_set_limiter (task, NULL));
  test_assert_critical ("dag_task_add_limiter:*has been started*",
                        dag_task_add_limiter (none, limiter));
  test_assert_critical ("dag_task_set_creator:*has been started*",
                        dag_task_set_creator (none, task));
  g_assert_null (dag_task_get_limiter (none));
  g_assert_false (is_running (changed));
  dag_task_set_limiter (changed, NULL);
  assert_counts (limiter, 1, 0);
  g_assert_true (is_running (changed));

  return_and_release (changed);
  return_and_release (none);
  return_and_release (task);
  g_assert_finalize_object (limiter);
}

static void
test_context_ends (void)
{
  DagLimiter *limiter = dag_limiter_new (1);
  g_autoptr (GMainContext) context = g_main_context_new ();
  DagTask *works, *waits, *other;

  g_test_summary ("Promise 14: when a context is destroyed its tasks wait for no slot, and what has not "
                  "started has none");

  g_main_context_push_thread_default (context);
  works = new_limited (limiter, 0);
  test_drain ();
  waits = new_limited (limiter, 0);
  test_drain ();
  g_main_context_pop_thread_default (context);
  other = new_limited (limiter, 0);
  assert_counts (limiter, 1, 2);

  g_clear_pointer (&context, g_main_context_unref);
  g_assert_error (dag_task_get_error (waits), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_error (dag_task_get_error (works), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_finalize_object (works);
  g_assert_finalize_object (waits);
  assert_counts (limiter, 1, 0);
  return_and_release (other);
  g_assert_finalize_object (limiter);
}

/* Across threads */

typedef struct {
  DagLimiter *limiter;
  guint       n_tasks;
  gint        n_inside;  /* atomic */
  gint        n_done;    /* atomic */
} Shared;

static void
count_inside (DagTask  *task,
              gpointer  user_data)
{
  Shared *shared = user_data;

  g_assert_cmpint (g_atomic_int_add (&shared->n_inside, 1), <, 2);
  g_thread_yield ();
  g_atomic_int_add (&shared->n_inside, -1);
  g_atomic_int_inc (&shared->n_done);
  dag_task_return (task);
}

static void
make_counting (gpointer data)
{
  Shared *shared = data;

  for (guint i = 0; i < shared->n_tasks; i++)
    {
      DagTask *task = dag_task_new (count_inside, shared, NULL);

      dag_task_set_limiter (task, shared->limiter);
      g_object_unref (task);
    }
}

static void
test_contexts (void)
{
  Shared shared = { .n_tasks = test_size (2000) };
  TestWorker *workers[4];
  gint n;

  g_test_summary ("A limiter can be shared by any number of contexts and threads");

  shared.limiter = dag_limiter_new (2);
  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    workers[i] = test_worker_new ();
  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    test_worker_call (workers[i], make_counting, &shared);

  n = (gint) (shared.n_tasks * G_N_ELEMENTS (workers));
  while (g_atomic_int_get (&shared.n_done) < n)
    g_thread_yield ();
  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    test_worker_free (workers[i]);

  assert_counts (shared.limiter, 0, 0);
  g_assert_finalize_object (shared.limiter);
}

static void
test_many (void)
{
  const guint n = test_size (200000);
  DagLimiter *limiter = dag_limiter_new (1);
  guint n_done = 0;
  DagTask *task = NULL;

  g_test_summary ("Promise 11: any number of tasks may wait for a slot");

  for (guint i = 0; i < n; i++)
    {
      g_clear_object (&task);
      task = dag_task_new (test_body_count, &n_done, NULL);
      g_object_set (task, "limiter", limiter, NULL);
    }
  test_finish (task);
  g_assert_cmpuint (n_done, ==, n);
  test_release (task);
  g_assert_finalize_object (limiter);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/limiter/at-most", test_at_most);
  g_test_add_func ("/limiter/priority", test_priority);
  g_test_add_func ("/limiter/limit", test_limit);
  g_test_add_func ("/limiter/several", test_several);
  g_test_add_func ("/limiter/several-priority", test_several_priority);
  g_test_add_func ("/promise-12/limiter/dependencies", test_dependencies);
  g_test_add_func ("/limiter/ends-while-it-waits", test_ends_while_it_waits);
  g_test_add_func ("/limiter/cancelled-with-slot", test_cancelled_with_slot);
  g_test_add_func ("/promise-12/limiter/body-keeps-slot", test_body_keeps_slot);
  g_test_add_func ("/limiter/in-flight", test_in_flight);
  g_test_add_func ("/limiter/retry", test_retry);
  g_test_add_func ("/limiter/misuse", test_misuse);
  g_test_add_func ("/promise-14/limiter/context-ends", test_context_ends);
  g_test_add_func ("/limiter/contexts", test_contexts);
  g_test_add_func ("/promise-11/limiter/many", test_many);

  return g_test_run ();
}
