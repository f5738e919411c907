/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include <malloc.h>
#include <pthread.h>

/* A million of everything. All of it is done in threads with a small stack, where a recursion of the
 * library's over tasks would end the program.
 */

#define STACK_SIZE (256 * 1024)

typedef void (*StackFunc) (guint n);

typedef struct {
  StackFunc func;
  guint     n;
} Stack;

static void *
run_with_context (void *data)
{
  Stack *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  self->func (self->n);
  test_drain ();
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
run_with_stack (StackFunc func,
                guint     n)
{
  Stack self = { func, n };
  pthread_attr_t attributes;
  pthread_t thread;

  g_assert_cmpint (pthread_attr_init (&attributes), ==, 0);
  g_assert_cmpint (pthread_attr_setstacksize (&attributes, STACK_SIZE), ==, 0);
  g_assert_cmpint (pthread_create (&thread, &attributes, run_with_context, &self), ==, 0);
  g_assert_cmpint (pthread_join (thread, NULL), ==, 0);
  pthread_attr_destroy (&attributes);
}

/* How many of what is counted are there, and how many were there at most. */
static guint alive;
static guint most_alive;

static gpointer
counted_new (void)
{
  alive++;
  most_alive = MAX (most_alive, alive);

  return &alive;
}

static void
counted_free (gpointer data)
{
  alive--;
}

static void
weak_cb (gpointer  data,
         GObject  *object)
{
  alive--;
}

/* Counts the task for as long as it is there. */
static void
count_task (DagTask *task)
{
  counted_new ();
  g_object_weak_ref (G_OBJECT (task), weak_cb, NULL);
}

static guint runs;

static void
run_body (DagTask  *task,
          gpointer  user_data)
{
  runs++;
  dag_task_return_pointer (task, counted_new (), counted_free);
}

/* Makes @n tasks, each of which has the one before as its input.
 *
 * Returns: (transfer full): the last
 */
static DagTask *
make_chain (DagTask *head,
            guint    n)
{
  DagTask *last = g_object_ref (head);

  runs = 0;

  for (guint i = 0; i < n; i++)
    {
      DagTask *next = dag_task_new_with_inputs (run_body, NULL, NULL, &last, 1);

      g_object_unref (last);
      last = next;
    }

  return last;
}

static void
run_chain (guint n)
{
  g_autoptr (DagTask) head = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *last = make_chain (head, n);

  alive = most_alive = 0;
  test_drain ();
  dag_task_return (head);
  test_settle (last);

  g_assert_cmpint (dag_task_get_state (last), ==, DAG_STATE_SUCCEEDED);
  g_assert_cmpuint (runs, ==, n);
  g_assert_cmpuint (alive, ==, 1);
  g_test_message ("%u results at the same time", most_alive);
  g_assert_cmpuint (most_alive, <=, 3);

  test_release (last);
  g_assert_cmpuint (alive, ==, 0);
}

static void
test_chain_runs (void)
{
  g_test_summary ("A chain of a million tasks runs in a small stack, and holds few results at any "
                  "time");

  run_with_stack (run_chain, test_size (1000000));
}

/* Ends the head in some way, which skips the rest. */
static void
skip_chain (guint       n,
            DagTaskFunc end,
            DagReason   reason)
{
  DagTask *head = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *last = make_chain (head, n);

  test_drain ();
  end (head, NULL);
  test_settle (last);

  g_assert_cmpint (dag_task_get_state (last), ==, DAG_STATE_SKIPPED);
  g_assert_cmpint (dag_task_get_reason (last), ==, reason);
  g_assert_true (dag_task_get_origin (last) == head);
  g_assert_cmpint (dag_task_get_error (last)->code, ==, dag_task_get_error (head)->code);
  g_assert_cmpuint (runs, ==, 0);

  if (reason == DAG_REASON_FAILURE)
    {
      g_autofree char *description = dag_task_describe_failure (last);
      guint lines = 1;

      for (const char *c = description; *c != '\0'; c++)
        lines += *c == '\n';
      g_assert_cmpuint (lines, ==, n + 1);
    }

  /* The way from the head is kept by the last, and nothing else is. */
  test_release (last);
  test_release (head);
}

static void
run_failing (guint n)
{
  skip_chain (n, test_body_fail, DAG_REASON_FAILURE);
}

static void
test_chain_fails (void)
{
  g_test_summary ("A chain of a million tasks that fails from its head is skipped, and described, in "
                  "a small stack");

  run_with_stack (run_failing, test_size (1000000));
}

static void
run_declining (guint n)
{
  skip_chain (n, test_body_skip, DAG_REASON_NOT_NEEDED);
}

static void
test_chain_skips (void)
{
  g_test_summary ("A long chain of tasks whose head declines is skipped in a small stack");

  run_with_stack (run_declining, test_size (200000));
}

static void
cancel_head (DagTask  *head,
             gpointer  user_data)
{
  dag_task_set_return_on_cancel (head, TRUE);
  dag_task_cancel (head);
  test_finish (head);
  dag_task_return (head);
}

static void
run_cancelling (guint n)
{
  skip_chain (n, cancel_head, DAG_REASON_CANCELLATION);
}

static void
test_chain_cancelled (void)
{
  g_test_summary ("A chain of a million tasks that is cancelled at its head ends in a small stack");

  run_with_stack (run_cancelling, test_size (1000000));
}

static void
run_unneeded (guint n)
{
  DagTask *head = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *last = make_chain (head, n);

  test_drain ();
  dag_task_cancel_unneeded (last);
  test_finish (last);
  test_drain ();

  g_assert_cmpint (dag_task_get_state (last), ==, DAG_STATE_CANCELLED);
  g_assert_true (dag_task_is_cancelled (head));
  g_assert_cmpint (dag_task_get_state (head), ==, DAG_STATE_RUNNING);
  g_assert_false (dag_task_get_settled (last));

  dag_task_return (head);
  test_release (last);
  test_release (head);
  g_assert_cmpuint (runs, ==, 0);
}

static void
test_chain_unneeded (void)
{
  g_test_summary ("A long chain of tasks that is cancelled from its end upward ends in a small stack, "
                  "and settles from its head");

  run_with_stack (run_unneeded, test_size (200000));
}

static void
run_following (guint n)
{
  DagTask **tasks = g_new (DagTask *, n);
  GError *error = NULL;

  alive = 0;
  for (guint i = 0; i < n; i++)
    tasks[i] = dag_task_new (test_body_pending, NULL, NULL);
  test_drain ();

  for (guint i = 0; i + 1 < n; i++)
    dag_task_return_task (tasks[i], tasks[i + 1]);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (tasks[0]), ==, DAG_STATE_RUNNING);

  dag_task_return_pointer (tasks[n - 1], counted_new (), counted_free);
  test_settle (tasks[0]);

  g_assert_cmpint (dag_task_get_state (tasks[0]), ==, DAG_STATE_SUCCEEDED);
  for (guint i = 1; i < n; i++)
    g_object_unref (tasks[i]);
  test_drain ();

  /* The first has the result still, whoever made it. */
  g_assert_cmpuint (alive, ==, 1);
  g_assert_true (g_value_get_pointer (dag_task_get_value (tasks[0])) == &alive);
  g_assert_null (dag_task_propagate_pointer (tasks[0], &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_SHARED);
  g_clear_error (&error);
  test_release (tasks[0]);
  g_assert_cmpuint (alive, ==, 0);

  g_free (tasks);
}

static void
test_chain_following (void)
{
  g_test_summary ("Many tasks that each end as the next one do so in a small stack, and the first "
                  "keeps the result of the last");

  run_with_stack (run_following, test_size (300000));
}

static void
run_following_cancelled (guint n)
{
  DagTask **tasks = g_new (DagTask *, n);

  for (guint i = 0; i < n; i++)
    tasks[i] = dag_task_new (test_body_pending, NULL, NULL);
  test_drain ();

  for (guint i = 0; i + 1 < n; i++)
    dag_task_return_task (tasks[i], tasks[i + 1]);
  test_drain ();

  dag_task_cancel (tasks[0]);
  test_finish (tasks[0]);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (tasks[0]), ==, DAG_STATE_CANCELLED);
  g_assert_cmpint (dag_task_get_state (tasks[n - 2]), ==, DAG_STATE_CANCELLED);
  g_assert_true (dag_task_is_cancelled (tasks[n - 1]));
  g_assert_cmpint (dag_task_get_state (tasks[n - 1]), ==, DAG_STATE_RUNNING);

  dag_task_return (tasks[n - 1]);
  for (guint i = 0; i < n; i++)
    test_release (tasks[i]);
  g_free (tasks);
}

static void
test_chain_following_cancelled (void)
{
  g_test_summary ("Cancelling the first of many tasks that each end as the next one cancels all");

  run_with_stack (run_following_cancelled, test_size (200000));
}

static gboolean
ignore_abandoned (const char     *log_domain,
                  GLogLevelFlags  log_level,
                  const char     *message,
                  gpointer        user_data)
{
  return g_strcmp0 (log_domain, "Dag") != 0 || (log_level & G_LOG_LEVEL_WARNING) == 0;
}

static void
count_abandoned (const char     *log_domain,
                 GLogLevelFlags  log_level,
                 const char     *message,
                 gpointer        user_data)
{
  guint *n = user_data;

  (*n)++;
}

/* Destroys a context with a chain that has never run, iterated before or not. */
static void
destroy_chain (guint    n,
               gboolean iterate)
{
  GMainContext *context = g_main_context_new ();
  DagTask *head, *last;
  guint abandoned = 0, handler;

  g_main_context_push_thread_default (context);
  alive = 0;
  head = dag_task_new (test_body_pending, NULL, NULL);
  last = g_object_ref (head);
  runs = 0;
  for (guint i = 0; i < n; i++)
    {
      DagTask *next = dag_task_new_with_inputs (run_body, NULL, NULL, &last, 1);

      count_task (next);
      g_object_unref (last);
      last = next;
    }
  if (iterate)
    test_drain ();
  g_main_context_pop_thread_default (context);

  g_assert_cmpuint (alive, ==, n);
  g_object_unref (last);

  g_test_log_set_fatal_handler (ignore_abandoned, NULL);
  handler = g_log_set_handler ("Dag", G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL, count_abandoned,
                               &abandoned);
  g_main_context_unref (context);
  g_assert_cmpuint (alive, ==, 0);
  g_assert_cmpint (dag_task_get_state (head), ==, DAG_STATE_FAILED);
  g_assert_true (g_error_matches (dag_task_get_error (head), DAG_ERROR, DAG_ERROR_ABANDONED));
  g_object_unref (head);
  g_log_remove_handler ("Dag", handler);

  g_test_message ("%u were reported", abandoned);
  g_assert_cmpuint (runs, ==, 0);
}

static void
run_destroying (guint n)
{
  destroy_chain (n, TRUE);
}

static void
run_destroying_fresh (guint n)
{
  destroy_chain (n, FALSE);
}

static void
test_chain_destroyed (void)
{
  g_test_summary ("A chain of a million tasks that never ran is freed in a small stack with its "
                  "context");

  run_with_stack (run_destroying, test_size (1000000));
  run_with_stack (run_destroying_fresh, test_size (200000));
}

/* What an edge costs */

static void
build_fan_out (guint n)
{
  DagTask *source = dag_task_new (test_body_pending, NULL, NULL);

  runs = 0;
  alive = most_alive = 0;
  for (guint i = 0; i < n; i++)
    g_object_unref (dag_task_new_with_inputs (run_body, NULL, NULL, &source, 1));
  test_drain ();

  dag_task_return (source);
  test_drain ();
  g_assert_cmpuint (runs, ==, n);
  g_assert_cmpuint (alive, ==, 0);
  test_release (source);
}

static void
build_fan_in (guint n)
{
  DagTask *collector = dag_task_new (run_body, NULL, NULL);

  runs = 0;
  alive = most_alive = 0;
  dag_task_hold (collector);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DagTask) task = dag_task_new (run_body, NULL, NULL);

      g_assert_true (dag_task_add_input (collector, task, DAG_RULE_SUCCEEDED, NULL));
    }
  dag_task_release (collector);

  test_settle (collector);
  g_assert_cmpint (dag_task_get_state (collector), ==, DAG_STATE_SUCCEEDED);
  g_assert_cmpuint (runs, ==, n + 1);
  g_assert_cmpuint (alive, ==, 1);
  test_release (collector);
}

/* ns per edge of as many graphs of this size as make so many edges. */
static double
measure (StackFunc build,
         guint     n,
         guint     edges)
{
  gint64 start = g_get_monotonic_time ();

  for (guint done = 0; done < edges; done += n)
    build (n);

  return (g_get_monotonic_time () - start) * 1000.0 / edges;
}

/* A cost that grows with the number would be a thousand times as much; memory that is not in the caches
 * costs something.
 */
static void
compare_sizes (const char *what,
               StackFunc   build,
               guint       n)
{
  double small = measure (build, 1000, n / 4);
  double large = measure (build, n, n);

  g_test_message ("%s: %.0f ns an edge, %.0f ns with %u of them", what, small, large, n);
  g_assert_cmpfloat (large, <, small * 8);
}

static void
run_fan_out (guint n)
{
  compare_sizes ("fan-out", build_fan_out, n);
}

static void
test_fan_out (void)
{
  g_test_summary ("A fan-out of a million edges costs per edge what a small one does");

  run_with_stack (run_fan_out, test_size (1000000));
}

static void
run_fan_in (guint n)
{
  compare_sizes ("fan-in", build_fan_in, n);
}

static void
test_fan_in (void)
{
  g_test_summary ("A fan-in of a million edges costs per edge what a small one does");

  run_with_stack (run_fan_in, test_size (1000000));
}

/* A fan-in that grows while somebody waits for it, so that every edge is searched for a cycle. */
static void
build_collector (guint n)
{
  DagTask *collector = dag_task_new (run_body, NULL, NULL);
  DagTask *waiting = dag_task_new_with_inputs (run_body, NULL, NULL, &collector, 1);
  DagTask *waiting_too = dag_task_new_with_inputs (run_body, NULL, NULL, &waiting, 1);

  runs = 0;
  alive = most_alive = 0;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DagTask) task = dag_task_new (run_body, NULL, NULL);
      g_autoptr (DagTask) next = dag_task_new_with_inputs (run_body, NULL, NULL, &task, 1);

      g_assert_true (dag_task_add_input (collector, next, DAG_RULE_SUCCEEDED, NULL));
    }

  test_settle (waiting_too);
  g_assert_cmpuint (runs, ==, 2 * n + 3);
  test_release (waiting_too);
  test_release (waiting);
  test_release (collector);
}

static void
run_collector (guint n)
{
  compare_sizes ("growing collector", build_collector, n);
}

static void
test_collector (void)
{
  g_test_summary ("A collector that grows while others wait for it costs per edge what a small one "
                  "does");

  run_with_stack (run_collector, test_size (200000));
}

/* Every task has a priority of its own. */
static void
build_priorities (guint n)
{
  runs = 0;
  alive = most_alive = 0;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DagTask) task = dag_task_new (run_body, NULL, NULL);

      dag_task_set_priority (task, (int) (i * 7919 % n) - (int) n / 2);
    }
  test_drain ();
  g_assert_cmpuint (runs, ==, n);
}

static void
run_priorities (guint n)
{
  compare_sizes ("priorities", build_priorities, n);
}

static void
test_priorities (void)
{
  g_test_summary ("Tasks that all have different priorities cost what tasks with few do");

  run_with_stack (run_priorities, test_size (50000));
}

/* Memory */

#define N_MEASURED 10000

static void
measure_memory (void)
{
  DagTask *inputs[3];
  DagTask **tasks = g_new (DagTask *, N_MEASURED);
  gsize before, used;

  for (guint i = 0; i < G_N_ELEMENTS (inputs); i++)
    inputs[i] = dag_task_new (test_body_pending, NULL, NULL);
  test_drain ();

  before = mallinfo2 ().uordblks;
  for (guint i = 0; i < N_MEASURED; i++)
    tasks[i] = dag_task_new_with_inputs (test_body_succeed, NULL, NULL, inputs, G_N_ELEMENTS (inputs));
  test_drain ();
  used = mallinfo2 ().uordblks - before;

  g_print ("# %" G_GSIZE_FORMAT " bytes a task\n", used / N_MEASURED);

  for (guint i = 0; i < G_N_ELEMENTS (inputs); i++)
    dag_task_return_int (inputs[i], i);
  for (guint i = 0; i < N_MEASURED; i++)
    test_release (tasks[i]);
  for (guint i = 0; i < G_N_ELEMENTS (inputs); i++)
    test_release (inputs[i]);
  g_free (tasks);

  g_assert_cmpuint (used / N_MEASURED, >, 0);
}

static void
test_memory (void)
{
  g_test_summary ("What a waiting task with three inputs takes, edges included, is known");

  if (test_size (20) != 20)
    {
      g_test_skip ("the allocator is not the usual one");
      return;
    }

  /* In a fresh process: no memory is left over from what others freed. */
  if (g_test_subprocess ())
    {
      measure_memory ();
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDOUT);
  g_test_trap_assert_passed ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-11/chain/runs", test_chain_runs);
  g_test_add_func ("/promise-11/chain/fails", test_chain_fails);
  g_test_add_func ("/promise-11/chain/skips", test_chain_skips);
  g_test_add_func ("/promise-11/chain/cancelled", test_chain_cancelled);
  g_test_add_func ("/promise-11/chain/unneeded", test_chain_unneeded);
  g_test_add_func ("/promise-11/chain/following", test_chain_following);
  g_test_add_func ("/promise-11/chain/following-cancelled", test_chain_following_cancelled);
  g_test_add_func ("/promise-11/chain/context-destroyed", test_chain_destroyed);
  g_test_add_func ("/promise-11/cost/fan-out", test_fan_out);
  g_test_add_func ("/promise-11/cost/fan-in", test_fan_in);
  g_test_add_func ("/promise-11/cost/collector", test_collector);
  g_test_add_func ("/promise-11/cost/priorities", test_priorities);
  g_test_add_func ("/promise-11/cost/memory", test_memory);

  return g_test_run ();
}
