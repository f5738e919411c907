/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Waits that another language has by their ids. */

#include "runner-util.h"
#include "thread-util.h"

static void
test_await (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, "a", pend, NULL);

  g_test_summary ("The id of a wait comes once, in a later dispatch, when the task has finished, or "
                  "had");

  test_binding_await (binding, "early", NULL, task);
  test_drain ();
  test_binding_await (binding, "running", NULL, task);
  test_binding_settle (binding, "settled", NULL, task);
  test_drain ();
  assert_story ("a");

  dag_task_return (task);
  assert_story ("");
  test_settle (task);
  assert_story ("early running settled");

  test_binding_await (binding, "late", NULL, task);
  test_binding_settle (binding, "late-settled", NULL, task);
  assert_story ("");
  test_drain ();
  assert_story ("late late-settled");

  test_release (task);
  test_binding_free (binding);
}

static void
test_settle_later (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *inputs[] = { test_binding_task (binding, "failing", fail, NULL),
                        test_binding_task (binding, "slow", pend, NULL) };
  DagTask *task;

  g_test_summary ("Who awaits a task that is skipped hears of it at once, and who waits for it to "
                  "settle when what it depended on has ended");

  test_binding_call (binding, "task", NULL, NULL, inputs, 2, &task);
  test_binding_settle (binding, "settled", NULL, task);
  test_binding_await (binding, "finished", NULL, task);
  test_drain ();
  assert_story ("failing -task finished slow");
  dag_task_return (inputs[1]);
  test_drain ();
  assert_story ("settled");
  test_release (task);
  test_release (inputs[0]);
  test_release (inputs[1]);
  test_binding_free (binding);
}

static void
test_order (void)
{
  TestBinding *binding = test_binding_new (NULL);

  g_test_summary ("Promise 13: waits are over in the order in which they began, and before dependents "
                  "start, whose task it may be");

  for (guint ours = 0; ours < 2; ours++)
    {
      DagTask *task = ours ? test_binding_task (binding, NULL, NULL, NULL)
                           : dag_task_new (NULL, NULL, NULL);
      DagTask *dependents[2];

      dependents[0] = test_binding_task (binding, "dependent", NULL, task);
      dependents[1] = dag_task_new_with_inputs (tell_body, NULL, NULL, &task, 1);
      dag_task_set_name (dependents[1], "dependent-in-C");
      dag_task_set_priority (dependents[1], -1);
      test_binding_await (binding, "1", NULL, task);
      test_binding_await (binding, "2", NULL, task);
      test_binding_await (binding, "3", NULL, task);
      test_release (dependents[1]);
      test_release (dependents[0]);
      test_release (task);
      assert_story ("1 2 3 dependent-in-C dependent");
    }

  test_binding_free (binding);
}

static gboolean
await_again (TestJob *job)
{
  guint *n_left = job->data;

  if (--*n_left > 0)
    test_binding_await (job->binding, NULL, await_again, job->task)->data = n_left;

  return FALSE;
}

static void
test_many (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, NULL, pend, NULL);
  TestJob *jobs[1000];

  g_test_summary ("Any number can wait, and begin to while they are told");

  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    jobs[i] = i % 2 ? test_binding_await (binding, NULL, NULL, task)
                    : test_binding_settle (binding, NULL, NULL, task);
  test_drain ();
  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    assert_job (jobs[i], 0, 0);
  dag_task_return (task);
  test_release (task);
  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    assert_job (jobs[i], 1, 0);
  test_binding_free (binding);
}

static void
test_again (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, NULL, NULL, NULL);
  guint n_left = 50;
  TestJob *job;

  g_test_summary ("Who was told can wait again for the same task");

  job = test_binding_await (binding, NULL, await_again, task);
  job->data = &n_left;
  test_drain ();
  g_assert_cmpuint (n_left, ==, 0);
  test_release (task);
  test_binding_free (binding);
}

static void
test_forget (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, NULL, pend, NULL);
  TestJob *jobs[6];

  g_test_summary ("A wait that is forgotten before the task has finished never comes, and to forget "
                  "one that has come, or what is none, does nothing");

  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    jobs[i] = i < 3 ? test_binding_await (binding, NULL, NULL, task)
                    : test_binding_settle (binding, NULL, NULL, task);

  /* At once, later, and twice. */
  dag_runner_forget (binding->runner, jobs[0]->id);
  test_drain ();
  dag_runner_forget (binding->runner, jobs[3]->id);
  dag_runner_forget (binding->runner, jobs[3]->id);
  dag_runner_forget (binding->runner, 12345);
  test_drain ();

  dag_task_return (task);
  dag_runner_forget (binding->runner, jobs[1]->id);
  dag_runner_forget (binding->runner, jobs[4]->id);
  test_settle (task);

  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    {
      assert_job (jobs[i], i == 2 || i == 5 ? 1 : 0, 0);
      dag_runner_forget (binding->runner, jobs[i]->id);
    }
  test_release (task);
  test_binding_free (binding);
}

static void
test_forget_finished (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, NULL, NULL, NULL);
  TestJob *forgotten, *other;

  g_test_summary ("A wait for a task that has finished can be forgotten until it is over");

  test_settle (task);
  forgotten = test_binding_await (binding, NULL, NULL, task);
  other = test_binding_await (binding, NULL, NULL, task);
  dag_runner_forget (binding->runner, forgotten->id);
  test_drain ();
  assert_job (forgotten, 0, 0);
  assert_job (other, 1, 0);
  test_release (task);
  test_binding_free (binding);
}

static void
test_needed (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *dependency = test_binding_task (binding, NULL, pend, NULL);
  TestJob *wait = test_binding_await (binding, NULL, NULL, dependency);

  g_test_summary ("Promise 9: what somebody waits for is needed, until that is forgotten");

  for (guint forget = 0; forget < 2; forget++)
    {
      g_autoptr (DagTask) dependent = test_binding_task (binding, NULL, NULL, dependency);

      if (forget)
        dag_runner_forget (binding->runner, wait->id);
      test_drain ();
      dag_task_cancel_unneeded (dependent);
      test_drain ();
      g_assert_true (dag_task_is_cancelled (dependency) == forget);
    }

  dag_task_return (dependency);
  test_release (dependency);
  assert_job (wait, 0, 0);
  test_binding_free (binding);
}

static void
test_looked (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, "failing", fail, NULL);

  g_test_summary ("Promise 8: who awaited a failure has looked at it; who waited for it to settle has "
                  "not, nor who forgot");

  test_binding_await (binding, NULL, NULL, task);
  test_release (task);

  task = test_binding_task (binding, "failing", fail, NULL);
  test_binding_settle (binding, NULL, NULL, task);
  test_settle (task);
  expect_report (REPORT ("failing"));
  test_release (task);
  g_test_assert_expected_messages ();

  task = test_binding_task (binding, "failing", fail, NULL);
  dag_runner_forget (binding->runner, test_binding_await (binding, NULL, NULL, task)->id);
  test_settle (task);
  expect_report (REPORT ("failing"));
  test_release (task);
  g_test_assert_expected_messages ();

  assert_story ("failing failing failing");
  test_binding_free (binding);
}

/* Contexts and threads */

static void
test_context_ended (void)
{
  GMainContext *context = g_main_context_new ();
  TestBinding *binding = test_binding_new (context);
  gpointer weak = binding->runner;
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *done = dag_task_new (test_body_fail, NULL, NULL);
  TestJob *jobs[4];

  g_test_summary ("Promise 14: waits in a context that was destroyed are never over, leave nothing "
                  "behind, and have not looked");

  test_settle (done);
  jobs[0] = test_binding_await (binding, NULL, NULL, task);
  jobs[1] = test_binding_settle (binding, NULL, NULL, task);
  jobs[2] = test_binding_await (binding, NULL, NULL, done);
  jobs[3] = test_binding_settle (binding, NULL, NULL, done);
  g_main_context_unref (context);
  g_assert_null (dag_runner_get_context (binding->runner));

  dag_runner_forget (binding->runner, jobs[0]->id);
  test_drain ();
  dag_task_return (task);
  test_settle (task);
  test_release (task);

  /* One that begins now is none. */
  test_binding_await (binding, NULL, NULL, done);
  dag_runner_wake (binding->runner);

  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, "*nobody looked at it*");
  test_release (done);
  g_test_assert_expected_messages ();

  g_assert_cmpuint (binding->n_set, ==, 0);
  g_object_add_weak_pointer (G_OBJECT (binding->runner), &weak);
  g_clear_object (&binding->runner);
  g_assert_null (weak);
  g_assert_finalize_object (binding);
}

static void
test_task_ended (void)
{
  TestBinding *binding = test_binding_new (NULL);
  GMainContext *context = g_main_context_new ();
  DagTask *task;
  TestJob *jobs[2];

  g_test_summary ("Promise 14: who waits for a task whose context is destroyed hears of it");

  g_main_context_push_thread_default (context);
  task = dag_task_new (NULL, NULL, NULL);
  g_main_context_pop_thread_default (context);
  jobs[0] = test_binding_await (binding, NULL, NULL, task);
  jobs[1] = test_binding_settle (binding, NULL, NULL, task);
  test_drain ();
  assert_job (jobs[0], 0, 0);
  g_main_context_unref (context);
  test_drain ();
  assert_job (jobs[0], 1, 0);
  assert_job (jobs[1], 1, 0);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
  test_release (task);
  test_binding_free (binding);
}

typedef struct {
  TestBinding *binding;
  DagTask     *tasks[50];
} Elsewhere;

static void
elsewhere_begin (gpointer data)
{
  Elsewhere *self = data;

  self->binding = test_binding_new (g_main_context_get_thread_default ());
  for (guint i = 0; i < G_N_ELEMENTS (self->tasks); i++)
    self->tasks[i] = test_binding_task (self->binding, NULL, i % 2 ? pend : NULL, NULL);
  test_drain ();
}

static void
elsewhere_return (gpointer data)
{
  Elsewhere *self = data;

  for (guint i = 1; i < G_N_ELEMENTS (self->tasks); i += 2)
    dag_task_return (self->tasks[i]);
}

static void
elsewhere_end (gpointer data)
{
  Elsewhere *self = data;

  for (guint i = 0; i < G_N_ELEMENTS (self->tasks); i++)
    {
      test_settle (self->tasks[i]);
      g_clear_object (&self->tasks[i]);
    }
  test_binding_drop (self->binding);
}

static void
test_thread (void)
{
  TestBinding *binding = test_binding_new (NULL);
  TestWorker *worker = test_worker_new ();
  Elsewhere elsewhere;
  TestJob *jobs[2][G_N_ELEMENTS (elsewhere.tasks)], *forgotten[G_N_ELEMENTS (elsewhere.tasks)];
  guint n_called;

  g_test_summary ("Promise 12: a runner can wait for tasks of another context, in another thread");

  test_worker_call (worker, elsewhere_begin, &elsewhere);
  for (guint i = 0; i < G_N_ELEMENTS (elsewhere.tasks); i++)
    {
      jobs[0][i] = test_binding_await (binding, NULL, NULL, elsewhere.tasks[i]);
      jobs[1][i] = test_binding_settle (binding, NULL, NULL, elsewhere.tasks[i]);
      forgotten[i] = test_binding_await (binding, NULL, NULL, elsewhere.tasks[i]);
    }
  test_drain ();
  for (guint i = 1; i < G_N_ELEMENTS (elsewhere.tasks); i += 2)
    dag_runner_forget (binding->runner, forgotten[i]->id);
  test_worker_call (worker, elsewhere_return, &elsewhere);

  do
    {
      test_iterate ();
      n_called = 0;
      for (guint i = 0; i < G_N_ELEMENTS (elsewhere.tasks); i++)
        n_called += jobs[0][i]->n_called + jobs[1][i]->n_called;
    }
  while (n_called < 2 * G_N_ELEMENTS (elsewhere.tasks));

  test_worker_call (worker, elsewhere_end, &elsewhere);
  test_worker_free (worker);
  test_drain ();
  for (guint i = 0; i < G_N_ELEMENTS (elsewhere.tasks); i++)
    {
      assert_job (jobs[0][i], 1, 0);
      assert_job (jobs[1][i], 1, 0);
      assert_job (forgotten[i], i % 2 ? 0 : 1, 0);
    }
  test_binding_free (binding);
}

/* What threads that do not own the context do with its runner. */
typedef struct {
  DagRunner   *runner;
  DagTask     *task;
  TestBarrier *barrier;
  gint64       first;
} Stranger;

#define N_STRANGE 300

static gpointer
await_thread (gpointer user_data)
{
  Stranger *self = user_data;

  test_barrier_wait (self->barrier);
  for (guint i = 0; i < N_STRANGE; i++)
    {
      dag_runner_await (self->runner, self->task, self->first + i);
      if (i % 3 == 0)
        dag_runner_forget (self->runner, self->first + i);
      if (i % 3 == 1)
        dag_runner_forget (self->runner, self->first + i - 1);
    }

  return NULL;
}

static gboolean
count_unknown (TestJob *job)
{
  return FALSE;
}

static void
test_strangers (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, NULL, pend, NULL);
  Stranger strangers[2];
  GThread *threads[G_N_ELEMENTS (strangers)];
  TestBarrier barrier;

  g_test_summary ("Promise 12: any thread can begin and forget waits, which are over in the context "
                  "of the runner");

  binding->func = count_unknown;
  test_drain ();
  test_barrier_init (&barrier, G_N_ELEMENTS (strangers) + 1);
  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++)
    {
      strangers[i] = (Stranger) { binding->runner, task, &barrier, 1000 + i * N_STRANGE };
      threads[i] = g_thread_new ("stranger", await_thread, &strangers[i]);
    }
  test_barrier_wait (&barrier);
  test_drain ();
  dag_task_return (task);
  test_settle (task);
  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++)
    g_thread_join (threads[i]);
  test_drain ();

  /* A third of them was forgotten, some too late. */
  g_assert_cmpuint (binding->n_unknown, >=, 2 * N_STRANGE / 3 * G_N_ELEMENTS (strangers));
  test_release (task);
  test_barrier_clear (&barrier);
  test_binding_free (binding);
}

static gpointer
forget_thread (gpointer user_data)
{
  Stranger *self = user_data;

  test_barrier_wait (self->barrier);
  for (guint i = 0; i < N_STRANGE; i++)
    dag_runner_forget (self->runner, self->first + i);

  return NULL;
}

static void
test_ended_race (void)
{
  g_test_summary ("Promise 14: a wait can be forgotten while its context ends and the task finishes "
                  "elsewhere");

  for (guint round = 0; round < 100; round++)
    {
      GMainContext *context = g_main_context_new ();
      TestBinding *binding = test_binding_new (context);
      DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
      gpointer weak = binding->runner;
      TestBarrier barrier;
      Stranger stranger = { binding->runner, task, &barrier, 1 };
      GThread *thread;

      for (guint i = 0; i < N_STRANGE; i++)
        dag_runner_await (binding->runner, task, 1 + i);
      test_drain ();
      dag_task_return (task);
      if (round % 2)
        g_clear_pointer (&context, g_main_context_unref);

      test_barrier_init (&barrier, 2);
      thread = g_thread_new ("forget", forget_thread, &stranger);
      test_barrier_wait (&barrier);
      if (round % 4 == 2)
        g_clear_pointer (&context, g_main_context_unref);
      test_settle (task);
      g_clear_pointer (&context, g_main_context_unref);
      g_thread_join (thread);
      test_drain ();
      test_release (task);
      test_barrier_clear (&barrier);

      g_assert_cmpuint (binding->n_unknown, ==, 0);
      g_object_add_weak_pointer (G_OBJECT (binding->runner), &weak);
      g_clear_object (&binding->runner);
      g_assert_null (weak);
      g_assert_finalize_object (binding);
    }
}

static void
test_dropped (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
  gpointer weak = binding->runner;

  g_test_summary ("A wait keeps its runner");

  dag_runner_await (binding->runner, task, 1);
  binding->most = 0;
  g_object_add_weak_pointer (G_OBJECT (binding->runner), &weak);
  g_clear_object (&binding->runner);
  test_drain ();
  g_assert_nonnull (weak);
  dag_task_return (task);
  test_release (task);
  g_assert_cmpuint (binding->n_set, ==, 1);
  g_assert_null (weak);
  g_assert_finalize_object (binding);
}

static void
test_unkept (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = dag_task_new_for_callback (NULL, NULL, NULL, NULL);
  TestJob *job = test_binding_await (binding, NULL, NULL, task);

  g_test_summary ("A wait does not keep a task in the place of a GTask from being abandoned");

  test_drain ();
  assert_job (job, 0, 0);
  g_object_unref (task);
  test_drain ();
  assert_job (job, 1, 0);
  test_binding_free (binding);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/runner/wait/await", test_await);
  g_test_add_func ("/runner/wait/settle-later", test_settle_later);
  g_test_add_func ("/promise-13/runner/wait/order", test_order);
  g_test_add_func ("/runner/wait/many", test_many);
  g_test_add_func ("/runner/wait/again", test_again);
  g_test_add_func ("/runner/wait/forget", test_forget);
  g_test_add_func ("/runner/wait/forget-finished", test_forget_finished);
  g_test_add_func ("/promise-9/runner/wait/needed", test_needed);
  g_test_add_func ("/promise-8/runner/wait/looked", test_looked);
  g_test_add_func ("/promise-14/runner/wait/context-ended", test_context_ended);
  g_test_add_func ("/promise-14/runner/wait/task-ended", test_task_ended);
  g_test_add_func ("/promise-12/runner/wait/thread", test_thread);
  g_test_add_func ("/promise-12/runner/wait/strangers", test_strangers);
  g_test_add_func ("/promise-14/runner/wait/ended-race", test_ended_race);
  g_test_add_func ("/runner/wait/dropped", test_dropped);
  g_test_add_func ("/runner/wait/unkept", test_unkept);

  return g_test_run ();
}
