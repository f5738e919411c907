/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Cancelling tasks whose functions another language calls. A function that is not called is never
 * called, and its id comes once, with a minus sign; one that is at work is told, and decides.
 */

#include "runner-util.h"

static gboolean
cancel_data (TestJob *job)
{
  dag_task_cancel (job->data);

  return TRUE;
}

static void
cancel_body (DagTask  *task,
             gpointer  user_data)
{
  dag_task_cancel (user_data);
  dag_task_return (task);
}

/* Has a task, which was cancelled and not called, be gone without a trace. */
static void
assert_never_called (DagTask *task,
                     TestJob *job)
{
  test_settle (task);
  assert_state (task, DAG_STATE_CANCELLED);
  assert_job (job, 0, 1);
  test_release (task);
  assert_job (job, 0, 1);
}

static void
test_before (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *gate = dag_task_new (test_body_pending, NULL, NULL), *tasks[3];
  TestJob *jobs[3];

  g_test_summary ("A function whose task is cancelled before it starts is never called: when it is "
                  "new, waits, or is held");

  jobs[0] = test_binding_call (binding, "new", NULL, NULL, NULL, 0, &tasks[0]);
  dag_task_cancel (tasks[0]);

  jobs[1] = test_binding_call (binding, "waiting", NULL, NULL, &gate, 1, &tasks[1]);
  test_drain ();
  dag_task_cancel (tasks[1]);

  jobs[2] = test_binding_call (binding, "held", NULL, NULL, NULL, 0, &tasks[2]);
  dag_task_hold (tasks[2]);
  test_drain ();
  dag_task_cancel (tasks[2]);
  test_drain ();
  dag_task_release (tasks[2]);

  dag_task_return (gate);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    assert_never_called (tasks[i], jobs[i]);
  assert_story ("-new -waiting -held");
  test_release (gate);
  test_binding_free (binding);
}

static void
test_ready (void)
{
  g_test_summary ("Promise 9: a function of either kind can cancel a task that is ready and would be "
                  "next, of either kind, and that does not start");

  for (guint kinds = 0; kinds < 4; kinds++)
    {
      TestBinding *binding = test_binding_new (NULL);
      DagTask *killer, *victim, *after;
      TestJob *job = NULL, *killer_job = NULL;

      if (kinds & 1)
        killer_job = test_binding_call (binding, "killer", cancel_data, NULL, NULL, 0, &killer);
      else
        killer = dag_task_new (NULL, NULL, NULL);

      if (kinds & 2)
        job = test_binding_call (binding, "victim", NULL, NULL, NULL, 0, &victim);
      else
        victim = dag_task_new (tell_body, NULL, NULL);

      if (killer_job != NULL)
        {
          killer_job->data = victim;
        }
      else
        {
          g_object_unref (killer);
          killer = dag_task_new (cancel_body, victim, NULL);
          dag_task_set_priority (killer, -1);
        }

      after = test_binding_task (binding, "after", NULL, NULL);
      test_settle (after);
      test_settle (victim);
      assert_state (victim, DAG_STATE_CANCELLED);
      if (job != NULL)
        assert_never_called (victim, job);
      else
        test_release (victim);
      test_release (killer);
      test_release (after);
      assert_story (kinds == 0 ? "after"
                    : kinds == 1 ? "killer after"
                    : kinds == 2 ? "-victim after" : "killer -victim after");
      test_binding_free (binding);
    }
}

static void
test_by_waiter (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *first = test_binding_task (binding, "first", NULL, NULL), *victim;
  TestJob *job = test_binding_call (binding, "victim", NULL, NULL, &first, 1, &victim);

  g_test_summary ("Promises 9 and 13: who waited for a task can cancel what needs it, which would be "
                  "next");

  test_binding_await (binding, "waiter", cancel_data, first)->data = victim;
  assert_never_called (victim, job);
  assert_story ("first waiter -victim");
  test_release (first);
  test_binding_free (binding);
}

static void
test_started (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task, *after;
  TestJob *job = test_binding_call (binding, "a", NULL, NULL, NULL, 0, &task);

  g_test_summary ("A task that is cancelled when it tells that it starts does not start");

  after = test_binding_task (binding, "after", NULL, NULL);
  g_signal_connect (task, "started", G_CALLBACK (dag_task_cancel), NULL);
  test_settle (after);
  assert_never_called (task, job);
  assert_story ("-a after");
  test_release (after);
  test_binding_free (binding);
}

static void
test_at_work (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task, *dependent;
  TestJob *job = test_binding_call (binding, "a", pend, NULL, NULL, 0, &task);
  TestJob *other = test_binding_call (binding, "b", NULL, NULL, &task, 1, &dependent);

  g_test_summary ("A function at work gets its id with a minus sign, as often as its task is "
                  "cancelled, and the task is cancelled when it returns, whatever that is");

  test_drain ();
  assert_story ("a");
  dag_task_cancel (task);
  g_assert_cmpuint (job->n_stopped, ==, 0);
  test_drain ();
  assert_story ("-a");
  assert_state (task, DAG_STATE_RUNNING);

  dag_task_cancel (task);
  test_drain ();
  assert_job (job, 1, 2);
  assert_story ("-a");

  dag_task_return_int (task, 3);
  test_settle (task);
  test_settle (dependent);
  assert_state (task, DAG_STATE_CANCELLED);
  assert_state (dependent, DAG_STATE_SKIPPED);
  assert_job (other, 0, 1);
  assert_story ("-b");

  /* It is over: nobody is told any more. */
  dag_task_cancel (task);
  dag_task_cancel (dependent);
  test_drain ();
  assert_story ("");
  test_release (dependent);
  test_release (task);
  test_binding_free (binding);
}

/* A task whose id is its address. */
static DagTask *addressed;

static gboolean
tell_address (TestJob *job)
{
  g_assert_nonnull (addressed);
  g_assert_cmpint (ABS (job->id), ==, (gint64) GPOINTER_TO_SIZE (addressed));
  tell (job->id > 0 ? "call" : "stop");

  return FALSE;
}

static void
test_address (void)
{
  TestBinding *binding = test_binding_new (NULL);

  g_test_summary ("With the id 0 a task has its address, which no other one gets before the id with "
                  "a minus sign was taken");

  binding->func = tell_address;
  addressed = dag_runner_new_task (binding->runner, 0, 0, NULL, 0);
  g_object_add_weak_pointer (G_OBJECT (addressed), (gpointer *) &addressed);
  test_drain ();
  assert_story ("call");

  dag_task_cancel (addressed);
  dag_task_return (addressed);
  g_object_unref (addressed);
  test_drain ();
  assert_story ("stop");
  g_assert_null (addressed);
  test_binding_free (binding);
}

static gboolean
cancel_itself (TestJob *job)
{
  gboolean *succeeded = job->data;

  dag_task_cancel (job->task);
  g_assert_true (dag_task_is_cancelled (job->task));

  return *succeeded;
}

static gboolean
cancel_and_return (TestJob *job)
{
  dag_task_cancel (job->task);
  dag_task_return_int (job->task, 1);

  return FALSE;
}

static gboolean
return_and_cancel (TestJob *job)
{
  dag_task_return_int (job->task, 1);
  dag_task_cancel (job->task);

  return FALSE;
}

static void
test_itself (void)
{
  TestBinding *binding = test_binding_new (NULL);
  gboolean succeeded[] = { TRUE, FALSE };
  const struct { TestFunc func; gpointer data; DagState state; guint n_stopped; } rows[] = {
    { cancel_itself, &succeeded[0], DAG_STATE_CANCELLED, 0 },
    { cancel_itself, &succeeded[1], DAG_STATE_RUNNING, 1 },
    { cancel_and_return, NULL, DAG_STATE_CANCELLED, 0 },
    { return_and_cancel, NULL, DAG_STATE_SUCCEEDED, 0 },
  };

  g_test_summary ("A function can cancel its own task: it is not told to end if it ends by itself, "
                  "and what it had returned before counts");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DagTask *task;
      TestJob *job = test_binding_call (binding, NULL, rows[i].func, rows[i].data, NULL, 0, &task);

      test_drain ();
      assert_state (task, rows[i].state);
      assert_job (job, 1, rows[i].n_stopped);
      if (rows[i].state == DAG_STATE_RUNNING)
        dag_task_return (task);
      test_release (task);
      assert_job (job, 1, rows[i].n_stopped);
    }

  test_binding_free (binding);
}

static void
test_return_on_cancel (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task;
  TestJob *job = test_binding_call (binding, "a", pend, NULL, NULL, 0, &task);

  g_test_summary ("A task that returns on cancel is over at once, and its function is told, and "
                  "settles it");

  dag_task_set_return_on_cancel (task, TRUE);
  test_drain ();
  dag_task_cancel (task);
  test_finish (task);
  test_drain ();
  assert_state (task, DAG_STATE_CANCELLED);
  assert_job (job, 1, 1);
  g_assert_false (dag_task_get_settled (task));

  dag_task_return_int (task, 1);
  test_release (task);
  assert_story ("a -a");
  test_binding_free (binding);
}

static void
test_unneeded (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *tasks[4];
  TestJob *jobs[4];

  g_test_summary ("What is not needed any more is cancelled as well, at work or not");

  jobs[0] = test_binding_call (binding, "at-work", pend, NULL, NULL, 0, &tasks[0]);
  jobs[1] = test_binding_call (binding, "needed", pend, NULL, NULL, 0, &tasks[1]);
  jobs[2] = test_binding_call (binding, "middle", NULL, NULL, tasks, 2, &tasks[2]);
  jobs[3] = test_binding_call (binding, "last", NULL, NULL, &tasks[2], 1, &tasks[3]);
  test_binding_await (binding, "waiter", NULL, tasks[1]);
  test_drain ();
  assert_story ("at-work needed");

  dag_task_cancel_unneeded (tasks[3]);
  test_drain ();
  assert_story ("-last -middle -at-work");
  assert_job (jobs[0], 1, 1);
  assert_job (jobs[1], 1, 0);
  assert_job (jobs[2], 0, 1);
  assert_job (jobs[3], 0, 1);

  dag_task_return (tasks[0]);
  dag_task_return (tasks[1]);
  for (guint i = G_N_ELEMENTS (tasks); i > 0; i--)
    test_release (tasks[i - 1]);
  assert_story ("waiter");
  test_binding_free (binding);
}

static void
test_parent (void)
{
  TestBinding *binding = test_binding_new (NULL);
  g_autoptr (GCancellable) parent = g_cancellable_new ();
  DagTask *running, *waiting;
  TestJob *first = test_binding_call (binding, "a", pend, NULL, NULL, 0, &running);
  TestJob *second = test_binding_call (binding, "b", NULL, NULL, &running, 1, &waiting);

  g_test_summary ("A cancellable that tasks follow cancels them, and theirs is cancelled");

  dag_task_set_parent_cancellable (running, parent);
  dag_task_set_parent_cancellable (waiting, parent);
  test_drain ();
  g_cancellable_cancel (parent);
  test_drain ();
  g_assert_true (g_cancellable_is_cancelled (dag_task_get_cancellable (running)));
  assert_job (first, 1, 1);
  assert_job (second, 0, 1);
  dag_task_return (running);
  test_release (waiting);
  test_release (running);
  assert_story ("a -a -b");
  test_binding_free (binding);
}

/* From another thread */

static gpointer
cancel_thread (gpointer user_data)
{
  dag_task_cancel (user_data);

  return NULL;
}

static gboolean
cancel_in_thread (TestJob *job)
{
  g_thread_join (g_thread_new ("cancel", cancel_thread, job->data));

  return TRUE;
}

static void
test_thread (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *at_work, *killer, *ready;
  TestJob *first = test_binding_call (binding, "at-work", pend, NULL, NULL, 0, &at_work), *second;

  g_test_summary ("Another thread can cancel a task at work, and one that is ready while a function "
                  "is called");

  test_drain ();
  test_binding_call (binding, "killer", cancel_in_thread, at_work, NULL, 0, &killer);
  test_release (killer);
  assert_job (first, 1, 1);
  dag_task_return (at_work);
  test_release (at_work);
  assert_story ("at-work killer -at-work");

  first = test_binding_call (binding, "killer", cancel_in_thread, NULL, NULL, 0, &killer);
  second = test_binding_call (binding, "ready", NULL, NULL, NULL, 0, &ready);
  first->data = ready;
  test_settle (killer);
  assert_never_called (ready, second);
  test_release (killer);
  assert_story ("killer -ready");
  test_binding_free (binding);
}

static gpointer
cancel_all_thread (gpointer user_data)
{
  GPtrArray *tasks = user_data;

  for (guint i = 0; i < tasks->len; i++)
    dag_task_cancel (g_ptr_array_index (tasks, i));

  return NULL;
}

static void
test_thread_race (void)
{
  TestBinding *binding = test_binding_new (NULL);

  g_test_summary ("Whenever another thread cancels a task, its function either is never called, or "
                  "is told if it is at work, or has succeeded");

  for (guint round = 0; round < 100; round++)
    {
      g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
      TestJob *jobs[100];
      GThread *thread;

      for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
        {
          DagTask *task;

          jobs[i] = test_binding_call (binding, NULL, i % 2 ? pend : NULL, NULL, NULL, 0, &task);
          g_ptr_array_add (tasks, task);
        }

      thread = g_thread_new ("cancel", cancel_all_thread, tasks);
      test_drain ();
      g_thread_join (thread);
      test_drain ();

      for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
        {
          DagTask *task = g_ptr_array_index (tasks, i);

          if (jobs[i]->n_called == 0)
            {
              assert_job (jobs[i], 0, 1);
              assert_state (task, DAG_STATE_CANCELLED);
            }
          else if (i % 2)
            {
              assert_job (jobs[i], 1, 1);
              assert_state (task, DAG_STATE_RUNNING);
              dag_task_return (task);
            }
          else
            {
              assert_job (jobs[i], 1, 0);
              g_assert_true (dag_task_is_finished (task));
            }
          test_release (task);
        }
      g_hash_table_remove_all (binding->jobs);
    }

  test_binding_free (binding);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-9/runner/before", test_before);
  g_test_add_func ("/promise-9/runner/ready", test_ready);
  g_test_add_func ("/promise-9/runner/by-waiter", test_by_waiter);
  g_test_add_func ("/promise-9/runner/started", test_started);
  g_test_add_func ("/promise-9/runner/at-work", test_at_work);
  g_test_add_func ("/promise-9/runner/address", test_address);
  g_test_add_func ("/promise-9/runner/itself", test_itself);
  g_test_add_func ("/promise-9/runner/return-on-cancel", test_return_on_cancel);
  g_test_add_func ("/promise-9/runner/unneeded", test_unneeded);
  g_test_add_func ("/promise-9/runner/parent", test_parent);
  g_test_add_func ("/promise-9/runner/thread", test_thread);
  g_test_add_func ("/promise-9/runner/thread-race", test_thread_race);

  return g_test_run ();
}
