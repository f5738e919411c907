/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* Functions that are called in the threads of workers. */

/* Something that threads wait at until it is opened. */
typedef struct {
  GMutex lock;
  GCond  cond;
  guint  n_inside;
  guint  n_most;
  gboolean open;
} Gate;

static void
gate_init (Gate *gate)
{
  memset (gate, 0, sizeof *gate);
  g_mutex_init (&gate->lock);
  g_cond_init (&gate->cond);
}

static void
gate_pass (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->n_inside++;
  gate->n_most = MAX (gate->n_most, gate->n_inside);
  g_cond_broadcast (&gate->cond);
  while (!gate->open)
    g_cond_wait (&gate->cond, &gate->lock);
  gate->n_inside--;
  g_mutex_unlock (&gate->lock);
}

static void
gate_wait_for (Gate  *gate,
               guint  n)
{
  g_mutex_lock (&gate->lock);
  while (gate->n_inside < n)
    g_cond_wait (&gate->cond, &gate->lock);
  g_mutex_unlock (&gate->lock);
}

static void
gate_open (Gate *gate)
{
  g_mutex_lock (&gate->lock);
  gate->open = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->lock);
}

static void
gate_clear (Gate *gate)
{
  g_mutex_clear (&gate->lock);
  g_cond_clear (&gate->cond);
}

/* Drops the last reference from outside. A thread that has just done with the task may have one for a
 * moment.
 */
static void
release (DagTask *task)
{
  GWeakRef weak;

  test_settle (task);
  g_weak_ref_init (&weak, task);
  g_object_unref (task);
  while ((task = g_weak_ref_get (&weak)) != NULL)
    {
      g_object_unref (task);
      test_drain ();
      g_thread_yield ();
    }
  g_weak_ref_clear (&weak);
  test_drain ();
}

static void
pass (DagTask  *task,
      gpointer  user_data)
{
  gate_pass (user_data);
  dag_task_return (task);
}

static DagTask *
new_on (DagWorker      *worker,
        DagTaskFunc     function,
        gpointer        data)
{
  DagTask *task = dag_task_new (function, data, NULL);

  dag_task_set_worker (task, worker);

  return task;
}

/* A worker of one thread that is busy until the gate opens. */
static DagWorker *
new_busy (Gate     *gate,
          DagTask **task)
{
  DagWorker *worker = dag_worker_new ("busy", 1);

  gate_init (gate);
  *task = new_on (worker, pass, gate);
  test_drain ();
  gate_wait_for (gate, 1);
  while (dag_task_get_state (*task) != DAG_STATE_RUNNING)
    test_iterate ();

  return worker;
}

static void
release_busy (Gate      *gate,
              DagTask   *task,
              DagWorker *worker)
{
  gate_open (gate);
  release (task);
  gate_clear (gate);
  g_object_unref (worker);
}

/* Basics */

static GThread *main_thread;

static void
note_home (gpointer data)
{
  g_assert_true (g_thread_self () == main_thread);
  (*(int *) data)++;
}

static int n_freed;

static void
free_result (gpointer data)
{
  note_home (&n_freed);
}

static void
return_pointer (DagTask  *task,
                gpointer  user_data)
{
  g_assert_true (g_thread_self () != main_thread);
  g_assert_null (g_main_context_get_thread_default ());
  g_assert_cmpint (*(int *) user_data, ==, 0);
  dag_task_return_pointer (task, user_data, free_result);
  /* It has returned, and its data is still there. */
  g_thread_yield ();
  g_assert_cmpint (*(int *) user_data, ==, 0);
}

static void
state_cb (DagTask    *task,
          GParamSpec *pspec,
          gpointer    user_data)
{
  g_autofree char *state = g_enum_to_string (DAG_TYPE_STATE, dag_task_get_state (task));

  g_assert_true (g_thread_self () == main_thread);
  g_string_append_printf (user_data, "%s ", state + strlen ("DAG_STATE_"));
}

static void
started_cb (DagTask  *task,
            gpointer  user_data)
{
  g_string_append (user_data, "started ");
}

static void
test_new_in_thread (void)
{
  g_autoptr (GString) story = g_string_new (NULL);
  int n_destroyed = 0;
  DagTask *task;

  g_test_summary ("Promise 2: A function is called in a thread, and everything else is in the context");

  n_freed = 0;
  task = dag_task_new_in_thread (return_pointer, &n_destroyed, note_home);
  g_assert_true (dag_task_get_worker (task) == dag_worker_get_default ());
  g_assert_nonnull (strstr (dag_task_get_location (task), "worker.c"));
  g_signal_connect (task, "notify::state", G_CALLBACK (state_cb), story);
  g_signal_connect (task, "started", G_CALLBACK (started_cb), story);
  test_finish (task);
  g_assert_cmpstr (story->str, ==, "READY RUNNING started SUCCEEDED ");
  g_assert_cmpint (n_destroyed, ==, 1);
  g_assert_cmpint (n_freed, ==, 0);
  release (task);
  while (n_freed == 0)
    test_iterate ();
  g_assert_cmpint (n_freed, ==, 1);
}

static void
add_up (DagTask  *task,
        gpointer  user_data)
{
  int sum = 0;

  g_assert_true (user_data == NULL || g_thread_self () != user_data);
  for (guint i = 0; i < dag_task_get_n_arguments (task); i++)
    sum += dag_task_get_argument_int (task, i);
  dag_task_return_int (task, sum);
}

static void
noted_cb (int *n_notified)
{
  (*n_notified)++;
}

static void
test_property (void)
{
  DagWorker *worker = dag_worker_new ("test", 3), *got;
  g_autofree char *name = NULL;
  GValue values[2] = { G_VALUE_INIT, G_VALUE_INIT };
  DagTask *one, *two, *plain;
  int n_notified = 0;
  guint n;

  g_test_summary ("Every constructor serves: a worker is a property of a task that is built");

  g_object_get (worker, "name", &name, "max-threads", &n, NULL);
  g_assert_cmpstr (name, ==, "test");
  g_assert_cmpstr (dag_worker_get_name (worker), ==, "test");
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpuint (dag_worker_get_max_threads (dag_worker_get_default ()), ==,
                    g_get_num_processors ());

  one = dag_task_new (test_body_succeed, GINT_TO_POINTER (1), NULL);
  g_signal_connect_swapped (one, "notify::worker", G_CALLBACK (noted_cb), &n_notified);
  g_assert_null (dag_task_get_worker (one));
  g_object_set (one, "worker", worker, NULL);
  g_object_set (one, "worker", worker, NULL);
  g_object_get (one, "worker", &got, NULL);
  g_assert_true (got == worker);
  g_object_unref (got);
  g_assert_cmpint (n_notified, ==, 1);

  g_value_init (&values[0], DAG_TYPE_TASK);
  g_value_set_object (&values[0], one);
  g_value_init (&values[1], G_TYPE_INT);
  g_value_set_int (&values[1], 41);
  two = dag_task_new_with_arguments (add_up, main_thread, NULL, values, 2, NULL, 0);
  dag_task_set_worker (two, worker);
  plain = dag_task_new_with_inputs (add_up, NULL, NULL, &two, 1);
  dag_task_set_worker (plain, worker);
  dag_task_set_worker (plain, NULL);
  g_value_unset (&values[0]);

  test_finish (plain);
  test_assert_int (plain, 42);
  release (plain);
  release (two);
  release (one);
  g_object_unref (worker);
}

DAG_DEFINE_TASK_IN_THREAD (square, (int, number), (GThread **, thread, DAG_POINTER))
{
  g_assert_true (cancellable == dag_task_get_cancellable (task));
  *thread = g_thread_self ();
  dag_task_return_int (task, number * number);
}

static void
test_functional (void)
{
  DagWorker *worker = dag_worker_new ("functional", 1);
  GThread *thread[3] = { NULL };
  DagTask *two, *four, *sixteen;

  g_test_summary ("DAG_DEFINE_TASK_IN_THREAD () runs on the default worker, or on the one it is given");

  two = dag_call_full (square, 2, &thread[0]);
  g_assert_true (dag_task_get_worker (two) == dag_worker_get_default ());
  dag_task_set_worker (two, worker);
  four = g_object_ref (dag_with (dag_call (square, two, &thread[1]), "worker", worker, NULL));
  sixteen = dag_call_full (square, four, &thread[2]);
  test_finish (sixteen);
  test_assert_int (sixteen, 256);
  g_assert_true (thread[0] == thread[1]);
  g_assert_true (thread[0] != thread[2]);
  release (sixteen);
  release (four);
  release (two);
  g_object_unref (worker);
}

static void
forget (DagTask  *task,
        gpointer  user_data)
{
}

static void
test_abandoned (void)
{
  DagTask *task = dag_task_new_in_thread (forget, NULL, NULL);

  g_test_summary ("Promise 8: A function that comes back from its thread without an outcome");

  test_finish (task);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
  release (task);
}

static void
push_context (DagTask  *task,
              gpointer  user_data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (DagTask) inner = NULL;

  g_main_context_push_thread_default (context);
  inner = dag_task_new (test_body_succeed, GINT_TO_POINTER (5), NULL);
  dag_task_return_value (task, dag_task_wait (inner, NULL, NULL));
  if (user_data == NULL)
    g_main_context_pop_thread_default (context);
}

static void
test_thread_default (void)
{
  DagWorker *worker = dag_worker_new ("contexts", 1);
  DagTask *task = new_on (worker, push_context, NULL);

  g_test_summary ("A function may push a main context in its thread, and has to pop it");

  test_finish (task);
  test_assert_int (task, 5);
  release (task);

  /* Messages of other threads are not for g_test_expect_message (). */
  if (g_test_subprocess ())
    {
      task = new_on (worker, push_context, task);
      test_finish (task);
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*left a main context behind*");
  g_object_unref (worker);
}

/* How many threads */

static void
note_thread (DagTask  *task,
             gpointer  user_data)
{
  GThread **thread = user_data;

  if (*thread == NULL)
    *thread = g_thread_self ();
  dag_task_return_boolean (task, *thread == g_thread_self ());
}

static void
test_same_thread (void)
{
  DagWorker *worker = dag_worker_new ("single", 1);
  GThread *thread = NULL;

  g_test_summary ("A worker of one thread always has the same one");

  for (guint i = 0; i < 50; i++)
    {
      DagTask *tasks[20];

      for (guint j = 0; j < G_N_ELEMENTS (tasks); j++)
        tasks[j] = new_on (worker, note_thread, &thread);
      for (guint j = 0; j < G_N_ELEMENTS (tasks); j++)
        {
          test_finish (tasks[j]);
          g_assert_true (g_value_get_boolean (dag_task_get_value (tasks[j])));
          release (tasks[j]);
        }
    }
  g_object_unref (worker);
}

static void
test_number (void)
{
  DagWorker *worker = dag_worker_new ("three", 3);
  DagTask *tasks[30];
  Gate gate;

  g_test_summary ("As many threads as a worker is made for are at work, and not more");

  gate_init (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = new_on (worker, pass, &gate);
  test_drain ();
  gate_wait_for (&gate, 3);
  test_drain ();
  gate_open (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    release (tasks[i]);
  g_assert_cmpuint (gate.n_most, ==, 3);
  gate_clear (&gate);
  g_object_unref (worker);
}

static void
pass_blocking (DagTask  *task,
               gpointer  user_data)
{
  dag_worker_begin_blocking ();
  dag_worker_begin_blocking ();
  gate_pass (user_data);
  dag_worker_end_blocking ();
  dag_worker_end_blocking ();
  dag_task_return (task);
}

static void
test_blocking (void)
{
  DagWorker *worker = dag_worker_new ("blocking", 2);
  DagTask *tasks[40], *last;
  Gate gate, last_gate;

  g_test_summary ("Functions that say that they block make room for others, until they go on");

  gate_init (&gate);
  gate_init (&last_gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = new_on (worker, pass_blocking, &gate);
  last = new_on (worker, pass, &last_gate);
  test_drain ();
  gate_wait_for (&gate, G_N_ELEMENTS (tasks));
  gate_wait_for (&last_gate, 1);
  gate_open (&last_gate);
  gate_open (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    release (tasks[i]);
  release (last);
  gate_clear (&gate);
  gate_clear (&last_gate);

  /* There are as few at work as before. */
  gate_init (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = new_on (worker, pass, &gate);
  test_drain ();
  gate_wait_for (&gate, 2);
  gate_open (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    release (tasks[i]);
  g_assert_cmpuint (gate.n_most, ==, 2);
  gate_clear (&gate);
  g_object_unref (worker);

  /* Where there is no worker it means nothing. */
  dag_worker_begin_blocking ();
  dag_worker_end_blocking ();
  test_assert_critical ("dag_worker_end_blocking: *", dag_worker_end_blocking ());
}

/* Chains */

typedef struct {
  DagWorker *worker;
  DagTask   *next;  /* (nullable) */
} Link;

static int
wait_for (DagTask *task)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = dag_task_wait (task, NULL, &error);

  g_assert_no_error (error);

  return g_value_get_int (value);
}

static void
nest (DagTask  *task,
      gpointer  user_data)
{
  DagWorker *worker = dag_task_get_worker (task);
  g_autoptr (DagTask) inner = NULL;
  int depth = GPOINTER_TO_INT (user_data);

  if (depth > 0)
    {
      inner = g_object_new (DAG_TYPE_TASK, "held", TRUE, "worker", worker, NULL);
      dag_task_set_function (inner, nest, GINT_TO_POINTER (depth - 1), NULL);
      dag_task_release (inner);
    }
  dag_task_return_int (task, inner != NULL ? wait_for (inner) + 1 : 0);
}

static void
wait_for_next (DagTask  *task,
               gpointer  user_data)
{
  Link *link = user_data;
  g_autoptr (DagTask) inner = g_object_new (DAG_TYPE_TASK, "held", TRUE, "worker", link->worker,
                                            NULL);
  int sum;

  dag_task_set_function (inner, nest, GINT_TO_POINTER (2), NULL);
  dag_task_release (inner);
  sum = link->next != NULL ? wait_for (link->next) : 0;
  dag_task_return_int (task, sum + wait_for (inner));
}

static void
check_chain (DagWorker *worker)
{
  guint n = test_size (1000);
  g_autofree Link *links = g_new0 (Link, n);
  g_autofree DagTask **tasks = g_new0 (DagTask *, n);
  GMainContext *context = g_main_context_default ();

  /* The threads must not iterate this context. */
  g_main_context_push_thread_default (context);

  /* Those that others wait for come last. */
  for (guint i = n; i-- > 0;)
    {
      links[i].worker = worker;
      links[i].next = i + 1 < n ? tasks[i + 1] : NULL;
      tasks[i] = g_object_new (DAG_TYPE_TASK, "held", TRUE, "worker", worker, NULL);
      dag_task_set_function (tasks[i], wait_for_next, &links[i], NULL);
    }
  for (guint i = 0; i < n; i++)
    dag_task_release (tasks[i]);
  for (guint i = 0; i < n; i++)
    {
      test_finish (tasks[i]);
      test_assert_int (tasks[i], 2 * (n - i));
    }
  for (guint i = 0; i < n; i++)
    release (tasks[i]);

  g_main_context_pop_thread_default (context);
}

static void
test_chain (void)
{
  DagWorker *worker = dag_worker_new ("two", 2);

  g_test_summary ("Promise 12: A thousand functions that wait for one another, nested three deep");

  check_chain (dag_worker_get_default ());
  check_chain (worker);
  g_object_unref (worker);
}

static void
wait_in_vain (DagTask  *task,
              gpointer  user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dag_task_wait (user_data, NULL, &error));
  g_assert_error (error, DAG_ERROR, DAG_ERROR_WOULD_BLOCK);
  dag_task_return (task);
}

static void
test_would_block (void)
{
  DagWorker *worker = dag_worker_new ("single", 1);
  DagTask *waiter, *other, *dependent;
  GMainContext *context = g_main_context_default ();

  g_test_summary ("The only thread of a worker cannot wait for what needs that thread");

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 2; i++)
    {
      other = new_on (worker, test_body_succeed, NULL);
      dag_task_hold (other);
      dependent = dag_task_new (test_body_succeed, NULL, NULL);
      dag_task_add_prerequisite (dependent, other, DAG_RULE_SUCCEEDED, NULL);
      waiter = new_on (worker, wait_in_vain, i == 0 ? other : dependent);
      test_finish (waiter);
      dag_task_release (other);
      test_finish (dependent);
      release (waiter);
      release (dependent);
      release (other);
    }
  g_main_context_pop_thread_default (context);
  g_object_unref (worker);
}

/* Order */

static GString *order;

static void
note_order (DagTask  *task,
            gpointer  user_data)
{
  /* There is only one thread. */
  g_string_append (order, user_data);
  dag_task_return (task);
}

static gpointer
set_first (gpointer task)
{
  dag_task_set_priority (task, -100);

  return NULL;
}

static void
test_priority (void)
{
  const char *names[] = { "a", "b", "c", "d", "e", "f" };
  int priorities[] = { 0, 0, -10, 10, 0, -10 };
  DagTask *busy, *tasks[6], *late;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("Promise 13: Threads take what is next by its priority at that time, then by age");

  worker = new_busy (&gate, &busy);
  order = g_string_new (NULL);
  for (guint i = 0; i < 6; i++)
    {
      tasks[i] = new_on (worker, note_order, (gpointer) names[i]);
      dag_task_set_priority (tasks[i], priorities[i]);
    }
  test_drain ();
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (dag_task_get_state (tasks[i]), ==, DAG_STATE_READY);

  /* d, which was the last, becomes the first; e goes behind. One comes later. */
  g_thread_join (g_thread_new ("priority", set_first, tasks[3]));
  dag_task_set_priority (tasks[4], 20);
  test_drain ();
  late = new_on (worker, note_order, (gpointer) "z");
  dag_task_set_priority (late, -50);
  test_drain ();

  release_busy (&gate, busy, worker);
  for (guint i = 0; i < 6; i++)
    release (tasks[i]);
  release (late);
  g_assert_cmpstr (order->str, ==, "dzcfabe");
  g_string_free (order, TRUE);
}

/* While it waits for a thread */

static void
never (DagTask  *task,
       gpointer  user_data)
{
  g_assert_not_reached ();
}

static void
never_thread (DagTask      *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  g_assert_not_reached ();
}

static void
never_data (gpointer data)
{
  note_home (data);
}

static void
test_cancelled (void)
{
  DagTask *busy, *task, *external;
  DagWorker *worker;
  Gate gate;
  int n_destroyed = 0;

  g_test_summary ("Promise 9: What is cancelled while it waits for a thread ends, and never starts");

  worker = new_busy (&gate, &busy);

  task = dag_task_new (never, &n_destroyed, never_data);
  dag_task_set_worker (task, worker);
  test_drain ();
  dag_task_cancel (task);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  release (task);
  g_assert_cmpint (n_destroyed, ==, 1);

  task = new_on (worker, never, NULL);
  test_drain ();
  dag_task_set_deadline (task, 1);
  test_finish (task);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  release (task);

  external = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  dag_task_set_worker (external, worker);
  dag_task_run_in_thread (external, never_thread);
  dag_task_run_in_thread (external, never_thread);
  test_drain ();
  dag_task_cancel (external);
  test_finish (external);
  g_assert_cmpint (dag_task_get_state (external), ==, DAG_STATE_CANCELLED);
  release (external);

  external = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  dag_task_set_worker (external, worker);
  dag_task_cancel (external);
  dag_task_run_in_thread (external, never_thread);
  test_finish (external);
  g_assert_cmpint (dag_task_get_state (external), ==, DAG_STATE_CANCELLED);
  release (external);

  release_busy (&gate, busy, worker);
}

static void
sum_thread (DagTask      *task,
            gpointer      source_object,
            gpointer      task_data,
            GCancellable *cancellable)
{
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  dag_task_return_int (task, 7);
}

static void
test_unchecked (void)
{
  DagTask *busy, *external;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("A function that wants to be called when it was cancelled, is");

  worker = new_busy (&gate, &busy);
  external = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  dag_task_set_check_cancellable (external, FALSE);
  dag_task_set_worker (external, worker);
  dag_task_run_in_thread (external, sum_thread);
  dag_task_cancel (external);
  test_drain ();
  release_busy (&gate, busy, worker);
  test_finish (external);
  test_assert_int (external, 7);
  release (external);
}

static void
until_cancelled (DagTask  *task,
                 gpointer  user_data)
{
  GPollFD fd;

  g_assert_true (g_cancellable_make_pollfd (dag_task_get_cancellable (task), &fd));
  while (g_poll (&fd, 1, -1) <= 0)
    ;
  g_cancellable_release_fd (dag_task_get_cancellable (task));
  if (user_data != NULL)
    gate_pass (user_data);
  dag_task_return_boolean (task, TRUE);
}

static void
test_timeout (void)
{
  DagTask *busy, *patient, *slow, *clock;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("A timeout counts from when a thread begins, not while one is waited for");

  worker = new_busy (&gate, &busy);
  patient = new_on (worker, test_body_succeed, GINT_TO_POINTER (3));
  dag_task_set_timeout (patient, 60000);
  slow = new_on (worker, until_cancelled, NULL);
  dag_task_set_timeout (slow, 2);
  clock = dag_task_new_delay (20);
  release (clock);
  g_assert_cmpint (dag_task_get_state (slow), ==, DAG_STATE_READY);
  g_assert_false (dag_task_is_late (slow));
  release_busy (&gate, busy, worker);
  test_finish (patient);
  test_assert_int (patient, 3);
  test_finish (slow);
  g_assert_error (dag_task_get_error (slow), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  release (patient);
  release (slow);
}

static void
test_return_on_cancel (void)
{
  DagTask *task;
  Gate gate;

  g_test_summary ("Promise 9: With return-on-cancel it is over at once, and settles when it comes back");

  gate_init (&gate);
  task = dag_task_new_in_thread (until_cancelled, &gate, NULL);
  dag_task_set_return_on_cancel (task, TRUE);
  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();
  dag_task_cancel (task);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  gate_wait_for (&gate, 1);
  test_drain ();
  g_assert_false (dag_task_get_settled (task));
  gate_open (&gate);
  release (task);
  gate_clear (&gate);
}

static void
test_changed (void)
{
  DagTask *busy, *task, *more;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("Promise 6: What waits for a thread can still get a dependency, or be held");

  worker = new_busy (&gate, &busy);
  more = dag_task_new (test_body_pending, NULL, NULL);
  task = new_on (worker, add_up, main_thread);
  dag_task_add_argument_int (task, 1);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_READY);
  dag_task_add_argument_int (task, 10);
  g_assert_true (dag_task_add_input (task, more, DAG_RULE_SUCCEEDED, NULL));
  test_assert_critical ("dag_task_set_worker: * waits for a thread",
                        dag_task_set_worker (task, NULL));

  release_busy (&gate, busy, worker);
  while (dag_task_get_state (task) != DAG_STATE_WAITING)
    test_iterate ();
  dag_task_hold (task);
  dag_task_return_int (more, 100);
  test_settle (more);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);
  dag_task_release (task);
  test_finish (task);
  test_assert_int (task, 111);
  test_assert_critical ("dag_task_set_worker: * has already started*",
                        dag_task_set_worker (task, NULL));
  release (task);
  release (more);
}

static void
test_refused (void)
{
  DagTask *busy, *task, *more;
  DagWorker *worker;
  Gate gate;

  g_test_summary ("What waits for a thread is skipped when something it needs turns out to fail");

  worker = new_busy (&gate, &busy);
  more = dag_task_new (test_body_fail, NULL, NULL);
  dag_task_hold (more);
  task = new_on (worker, never, NULL);
  test_drain ();
  dag_task_add_prerequisite (task, more, DAG_RULE_SUCCEEDED, NULL);
  dag_task_release (more);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SKIPPED);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  release (task);
  release (more);
  release_busy (&gate, busy, worker);
}

/* The end */

static int n_threads;  /* atomic */

static void
thread_ended (gpointer data)
{
  g_atomic_int_dec_and_test (&n_threads);
}

static GPrivate thread_mark = G_PRIVATE_INIT (thread_ended);

static void
mark_thread (DagTask  *task,
             gpointer  user_data)
{
  if (g_private_get (&thread_mark) == NULL)
    {
      g_private_set (&thread_mark, task);
      g_atomic_int_inc (&n_threads);
    }
  if (user_data != NULL)
    gate_pass (user_data);
  g_atomic_int_inc (&n_freed);
  dag_task_return (task);
}

static void
test_end (void)
{
  g_test_summary ("A worker that is let go of does what is queued, and then its threads end");

  for (guint max = 1; max <= 4; max++)
    {
      DagWorker *worker = dag_worker_new ("end", max);
      gpointer weak = worker;
      DagTask *tasks[30];
      Gate gate;

      gate_init (&gate);
      n_freed = 0;
      g_object_add_weak_pointer (G_OBJECT (worker), &weak);
      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        tasks[i] = new_on (worker, mark_thread, &gate);
      test_drain ();
      gate_wait_for (&gate, max);
      g_object_unref (worker);
      gate_open (&gate);
      for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
        release (tasks[i]);
      g_assert_cmpint (n_freed, ==, G_N_ELEMENTS (tasks));
      while (weak != NULL)
        test_iterate ();
      while (g_atomic_int_get (&n_threads) > 0)
        g_thread_yield ();
      gate_clear (&gate);
    }

  /* One that never had anything to do. */
  g_object_unref (dag_worker_new (NULL, 0));
}

static void
test_context_ends (void)
{
  GMainContext *context = g_main_context_new ();
  DagTask *running, *queued;
  DagWorker *worker = dag_worker_new ("end", 1);
  Gate gate;

  g_test_summary ("Promise 14: A main context can end while functions are in threads, or on the way");

  gate_init (&gate);
  g_main_context_push_thread_default (context);
  running = new_on (worker, pass, &gate);
  queued = new_on (worker, never, NULL);
  test_drain ();
  gate_wait_for (&gate, 1);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  g_assert_error (dag_task_get_error (queued), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_error (dag_task_get_error (running), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_assert_true (dag_task_get_settled (queued));
  g_assert_false (dag_task_get_settled (running));
  gate_open (&gate);
  while (!dag_task_get_settled (running))
    g_thread_yield ();
  g_object_unref (queued);
  g_object_unref (running);
  gate_clear (&gate);
  g_object_unref (worker);
}

/* Everything at once */

static void
busy_body (DagTask  *task,
           gpointer  user_data)
{
  int sum = 1;

  for (guint i = 0; i < dag_task_get_n_arguments (task); i++)
    sum += dag_task_get_argument_int (task, i) % 2;
  if (GPOINTER_TO_INT (user_data) == 1)
    dag_worker_begin_blocking ();
  g_thread_yield ();
  if (GPOINTER_TO_INT (user_data) == 1)
    dag_worker_end_blocking ();
  if (GPOINTER_TO_INT (user_data) == 2)
    dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "Busy");
  else
    dag_task_return_int (task, sum);
}

static gpointer
disturb (gpointer data)
{
  GPtrArray *tasks = data;
  GRand *rand = g_rand_new_with_seed (7);

  for (guint i = 0; i < tasks->len; i++)
    {
      DagTask *task = tasks->pdata[g_rand_int_range (rand, 0, tasks->len)];

      if (i % 5 == 0)
        dag_task_cancel (task);
      else
        dag_task_set_priority (task, g_rand_int_range (rand, -20, 20));
    }
  g_rand_free (rand);

  return NULL;
}

static void
test_random (void)
{
  guint n = test_size (4000);
  DagWorker *workers[4] = { dag_worker_get_default (), dag_worker_new ("1", 1),
                            dag_worker_new ("2", 2), NULL };
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);

  g_test_summary ("Priorities, cancellations and ends come from everywhere at any time");

  for (guint round = 0; round < 5; round++)
    {
      g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
      GThread *thread;

      for (guint i = 0; i < n; i++)
        {
          int kind = g_rand_int_range (rand, 0, 20);
          DagTask *inputs[2] = { NULL }, *task;
          guint n_inputs = MIN (i, 2);

          for (guint j = 0; j < n_inputs; j++)
            inputs[j] = tasks->pdata[g_rand_int_range (rand, i > 50 ? i - 50 : 0, i)];
          task = dag_task_new_with_inputs (busy_body, GINT_TO_POINTER (kind == 2 && i % 7 ? 0 : kind),
                                           NULL, inputs, n_inputs);
          dag_task_set_worker (task, workers[g_rand_int_range (rand, 0, 4)]);
          if (kind == 3)
            dag_task_set_timeout (task, 1);
          if (kind == 4)
            dag_task_set_return_on_cancel (task, TRUE);
          g_ptr_array_add (tasks, task);
        }
      thread = g_thread_new ("disturb", disturb, tasks);
      for (guint i = 0; i < n; i++)
        test_finish (tasks->pdata[i]);
      g_thread_join (thread);
      for (guint i = 0; i < n; i++)
        {
          dag_task_get_error (tasks->pdata[i]);
          test_settle (tasks->pdata[i]);
        }
      for (guint i = 0; i < n; i++)
        g_object_unref (tasks->pdata[i]);
      test_drain ();
    }

  g_object_unref (workers[1]);
  g_object_unref (workers[2]);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  main_thread = g_thread_self ();

  g_test_add_func ("/promise-2/worker/new-in-thread", test_new_in_thread);
  g_test_add_func ("/worker/property", test_property);
  g_test_add_func ("/worker/functional", test_functional);
  g_test_add_func ("/promise-8/worker/abandoned", test_abandoned);
  g_test_add_func ("/worker/thread-default", test_thread_default);
  g_test_add_func ("/worker/same-thread", test_same_thread);
  g_test_add_func ("/worker/number", test_number);
  g_test_add_func ("/worker/blocking", test_blocking);
  g_test_add_func ("/promise-12/worker/chain", test_chain);
  g_test_add_func ("/worker/would-block", test_would_block);
  g_test_add_func ("/promise-13/worker/priority", test_priority);
  g_test_add_func ("/promise-9/worker/cancelled", test_cancelled);
  g_test_add_func ("/worker/unchecked", test_unchecked);
  g_test_add_func ("/worker/timeout", test_timeout);
  g_test_add_func ("/promise-9/worker/return-on-cancel", test_return_on_cancel);
  g_test_add_func ("/promise-6/worker/changed", test_changed);
  g_test_add_func ("/worker/refused", test_refused);
  g_test_add_func ("/worker/end", test_end);
  g_test_add_func ("/promise-14/worker/context-ends", test_context_ends);
  g_test_add_func ("/worker/random", test_random);

  return g_test_run ();
}
