/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "settle-util.h"

/* A graph in which one branch fails while another is slow:
 *
 *   quick ------> end -> rolled_back (FAILED)
 *   slow -> long _/   \-> tidied (FINISHED)
 */
typedef struct {
  DagTask *quick;
  DagTask *slow;
  DagTask *lengthy;
  DagTask *end;
  DagTask *rolled_back;
  DagTask *tidied;
  guint    n_rolled_back;
  guint    n_tidied;
  guint    n_heard;
  guint    n_settled;
  guint    n_notified;
} Branches;

static void
branches_init (Branches *b,
               gboolean  raw)
{
  *b = (Branches) { NULL, };

  b->quick = dag_task_new (begin_work, NULL, NULL);
  b->slow = dag_task_new (begin_work, NULL, NULL);
  b->lengthy = new_after (begin_work, NULL, b->slow, DAG_RULE_SUCCEEDED);
  b->end = new_after (never_run, NULL, b->lengthy, DAG_RULE_SUCCEEDED);
  require (b->end, b->quick, DAG_RULE_SUCCEEDED);
  b->rolled_back = dag_task_new (tidy_up, &b->n_rolled_back, NULL);
  b->tidied = dag_task_new (tidy_up, &b->n_tidied, NULL);

  if (raw)
    {
      dag_task_add_raw_input (b->rolled_back, b->end, DAG_RULE_FAILED, NULL);
      dag_task_add_raw_input (b->tidied, b->end, DAG_RULE_FINISHED, NULL);
    }
  else
    {
      require (b->rolled_back, b->end, DAG_RULE_FAILED);
      require (b->tidied, b->end, DAG_RULE_FINISHED);
    }

  dag_task_await_async (b->end, NULL, count_cb, &b->n_heard);
  dag_task_settle_async (b->end, NULL, count_cb, &b->n_settled);
  g_signal_connect (b->end, "notify::settled", G_CALLBACK (count_notify_cb), &b->n_notified);

  test_drain ();
  g_assert_cmpint (working, ==, 2);
}

static void
branches_check (Branches *b,
                gboolean  heard,
                gboolean  settled)
{
  g_assert_cmpuint (b->n_heard, ==, heard);
  g_assert_cmpuint (b->n_settled, ==, settled);
  g_assert_cmpuint (b->n_notified, ==, settled);
  g_assert_cmpint (dag_task_get_settled (b->end), ==, settled);
  g_assert_cmpuint (b->n_rolled_back, ==, settled);
  g_assert_cmpuint (b->n_tidied, ==, settled);

  if (!settled)
    {
      assert_waits (b->rolled_back);
      assert_waits (b->tidied);
    }
}

static void
branches_clear (Branches *b)
{
  g_assert_cmpint (working, ==, 0);

  dag_task_get_error (b->end);

  /* From the end on, because each keeps what it was told of until it has settled. */
  test_release (b->rolled_back);
  test_release (b->tidied);
  test_release (b->end);
  test_release (b->lengthy);
  test_release (b->slow);
  test_release (b->quick);
}

static void
test_rollback (gconstpointer data)
{
  Branches b;

  g_test_summary ("A rollback and a clean-up begin when nothing above them is at work, a waiter "
                  "hears of the failure at once, and the slow branch goes on undisturbed");

  branches_init (&b, GPOINTER_TO_INT (data));
  branches_check (&b, FALSE, FALSE);

  fail_work (b.quick);
  test_drain ();
  branches_check (&b, TRUE, FALSE);
  assert_state (b.end, DAG_STATE_SKIPPED);
  g_assert_true (dag_task_get_origin (b.end) == b.quick);
  assert_state (b.slow, DAG_STATE_RUNNING);
  assert_state (b.lengthy, DAG_STATE_WAITING);

  end_work (b.slow);
  test_drain ();
  branches_check (&b, TRUE, FALSE);
  assert_state (b.lengthy, DAG_STATE_RUNNING);

  end_work (b.lengthy);
  test_drain ();
  branches_check (&b, TRUE, TRUE);
  assert_state (b.lengthy, DAG_STATE_SUCCEEDED);
  assert_state (b.rolled_back, DAG_STATE_SUCCEEDED);
  assert_state (b.tidied, DAG_STATE_SUCCEEDED);

  branches_clear (&b);
}

static void
test_rollback_second_failure (void)
{
  g_autofree DagTask **failures = NULL;
  gsize n_failures = 0;
  Branches b;

  g_test_summary ("A slow branch that fails too does not start the rollback twice, and can be "
                  "read");

  branches_init (&b, FALSE);

  fail_work (b.quick);
  test_drain ();
  fail_work (b.slow);
  test_drain ();
  branches_check (&b, TRUE, TRUE);
  assert_state (b.lengthy, DAG_STATE_SKIPPED);
  g_assert_true (dag_task_get_origin (b.end) == b.quick);

  failures = dag_task_get_failures (b.end, &n_failures);
  g_assert_cmpuint (n_failures, ==, 2);
  g_assert_true (failures[0] == b.quick);
  g_assert_true (failures[1] == b.slow);

  branches_clear (&b);
}

static void
test_rollback_in_one_dispatch (void)
{
  Branches b;

  g_test_summary ("When all branches end in the same dispatch the waiter is called before what "
                  "tidies up begins, and that still finds nothing at work");

  branches_init (&b, FALSE);

  end_work (b.slow);
  test_drain ();
  end_work (b.lengthy);
  fail_work (b.quick);
  test_drain ();
  branches_check (&b, TRUE, TRUE);
  assert_state (b.end, DAG_STATE_SKIPPED);

  branches_clear (&b);
}

static void
test_rollback_not_needed (void)
{
  DagTask *quick, *rolled_back, *tidied;
  guint n_tidied = 0;

  g_test_summary ("A rollback of what went well is not needed, and a clean-up is");

  quick = dag_task_new (begin_work, NULL, NULL);
  rolled_back = new_after (never_run, NULL, quick, DAG_RULE_FAILED);
  tidied = new_after (tidy_up, &n_tidied, quick, DAG_RULE_FINISHED);
  test_drain ();

  end_work (quick);
  test_settle (tidied);
  assert_state (rolled_back, DAG_STATE_SKIPPED);
  g_assert_cmpint (dag_task_get_reason (rolled_back), ==, DAG_REASON_NOT_NEEDED);
  g_assert_cmpuint (n_tidied, ==, 1);

  test_release (rolled_back);
  test_release (tidied);
  test_release (quick);
}

/* A task that finishes at once when it is cancelled while its body goes on. */

static DagTask *
new_return_on_cancel (DagTaskFunc function)
{
  DagTask *task = dag_task_new (function, NULL, NULL);

  g_assert_true (dag_task_set_return_on_cancel (task, TRUE));

  return task;
}

static void
test_return_on_cancel (void)
{
  DagTask *task, *skipped, *rolled_back, *tidied;
  guint n_tidied = 0, n_notified = 0;

  g_test_summary ("With return-on-cancel a task is cancelled at once and settles when its body "
                  "returns; FAILED is refused and FINISHED satisfied no sooner than that");

  task = new_return_on_cancel (begin_work);
  skipped = new_after (never_run, NULL, task, DAG_RULE_SUCCEEDED);
  rolled_back = new_after (never_run, NULL, task, DAG_RULE_FAILED);
  tidied = new_after (tidy_up, &n_tidied, task, DAG_RULE_FINISHED);
  g_signal_connect (task, "notify::settled", G_CALLBACK (count_notify_cb), &n_notified);
  test_drain ();

  dag_task_cancel (task);
  test_drain ();
  assert_state (task, DAG_STATE_CANCELLED);
  g_assert_false (dag_task_get_settled (task));
  assert_state (skipped, DAG_STATE_SKIPPED);
  g_assert_cmpint (dag_task_get_reason (skipped), ==, DAG_REASON_CANCELLATION);
  g_assert_false (dag_task_get_settled (skipped));
  assert_waits (rolled_back);
  assert_waits (tidied);
  g_assert_cmpuint (n_notified, ==, 0);

  end_work (task);
  test_drain ();
  assert_state (task, DAG_STATE_CANCELLED);
  g_assert_true (dag_task_get_settled (task));
  g_assert_true (dag_task_get_settled (skipped));
  assert_state (rolled_back, DAG_STATE_SKIPPED);
  g_assert_cmpint (dag_task_get_reason (rolled_back), ==, DAG_REASON_CANCELLATION);
  g_assert_cmpuint (n_tidied, ==, 1);
  g_assert_cmpuint (n_notified, ==, 1);

  test_release (rolled_back);
  test_release (tidied);
  test_release (skipped);
  test_release (task);
}

static void
test_cancel_running (void)
{
  DagTask *task, *tidied;
  guint n_tidied = 0;

  g_test_summary ("Without return-on-cancel a cancelled task finishes and settles when its body "
                  "returns");

  task = dag_task_new (begin_work, NULL, NULL);
  tidied = new_after (tidy_up, &n_tidied, task, DAG_RULE_FINISHED);
  test_drain ();

  dag_task_cancel (task);
  test_drain ();
  assert_state (task, DAG_STATE_RUNNING);
  assert_waits (tidied);

  end_work (task);
  test_drain ();
  assert_state (task, DAG_STATE_CANCELLED);
  g_assert_true (dag_task_get_settled (task));
  g_assert_cmpuint (n_tidied, ==, 1);

  test_release (tidied);
  test_release (task);
}

static void
test_cancel_waiting (void)
{
  DagTask *slow, *task, *tidied;
  guint n_tidied = 0;

  g_test_summary ("A task that is cancelled while it waits has finished, and settles when what it "
                  "waited for does");

  slow = dag_task_new (begin_work, NULL, NULL);
  task = new_after (never_run, NULL, slow, DAG_RULE_SUCCEEDED);
  tidied = new_after (tidy_up, &n_tidied, task, DAG_RULE_FINISHED);
  test_drain ();

  dag_task_cancel (task);
  test_drain ();
  assert_state (task, DAG_STATE_CANCELLED);
  g_assert_false (dag_task_get_settled (task));
  assert_state (slow, DAG_STATE_RUNNING);
  assert_waits (tidied);

  end_work (slow);
  test_drain ();
  assert_state (slow, DAG_STATE_SUCCEEDED);
  g_assert_true (dag_task_get_settled (task));
  g_assert_cmpuint (n_tidied, ==, 1);

  test_release (tidied);
  test_release (task);
  test_release (slow);
}

/* Threads */

typedef struct {
  GMutex   lock;
  GCond    cond;
  gboolean begun;
  gboolean open;
} Gate;

static Gate gate;

static void
work_behind_gate (DagTask      *task,
                  gpointer      source_object,
                  gpointer      task_data,
                  GCancellable *cancellable)
{
  g_mutex_lock (&gate.lock);
  gate.begun = TRUE;
  g_cond_broadcast (&gate.cond);
  while (!gate.open)
    g_cond_wait (&gate.cond, &gate.lock);
  g_mutex_unlock (&gate.lock);

  end_work (task);
}

static void
begin_work_in_thread (DagTask  *task,
                      gpointer  user_data)
{
  begin_work (task, user_data);
  dag_task_run_in_thread (task, work_behind_gate);
}

static void
test_return_on_cancel_in_thread (void)
{
  DagTask *task, *tidied;
  gpointer weak;
  guint n_tidied = 0;

  g_test_summary ("A clean-up waits for the thread of a task that was cancelled");

  gate.begun = gate.open = FALSE;
  task = new_return_on_cancel (begin_work_in_thread);
  tidied = new_after (tidy_up, &n_tidied, task, DAG_RULE_FINISHED);
  test_drain ();

  g_mutex_lock (&gate.lock);
  while (!gate.begun)
    g_cond_wait (&gate.cond, &gate.lock);
  g_mutex_unlock (&gate.lock);

  dag_task_cancel (task);
  test_finish (task);
  test_drain ();
  assert_state (task, DAG_STATE_CANCELLED);
  g_assert_false (dag_task_get_settled (task));
  assert_waits (tidied);

  g_mutex_lock (&gate.lock);
  gate.open = TRUE;
  g_cond_broadcast (&gate.cond);
  g_mutex_unlock (&gate.lock);

  test_settle (tidied);
  g_assert_cmpuint (n_tidied, ==, 1);

  test_release (tidied);
  test_settle (task);

  /* The thread may have its reference for a moment yet. */
  weak = task;
  g_object_add_weak_pointer (G_OBJECT (task), &weak);
  g_object_unref (task);
  while (weak != NULL)
    test_iterate ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/promise-7/settle/rollback/prerequisite", GINT_TO_POINTER (FALSE),
                        test_rollback);
  g_test_add_data_func ("/promise-7/settle/rollback/raw-input", GINT_TO_POINTER (TRUE),
                        test_rollback);
  g_test_add_func ("/promise-7/settle/rollback/second-failure", test_rollback_second_failure);
  g_test_add_func ("/promise-7/settle/rollback/in-one-dispatch", test_rollback_in_one_dispatch);
  g_test_add_func ("/promise-7/settle/rollback/not-needed", test_rollback_not_needed);
  g_test_add_func ("/promise-9/settle/return-on-cancel", test_return_on_cancel);
  g_test_add_func ("/promise-9/settle/return-on-cancel/in-thread",
                   test_return_on_cancel_in_thread);
  g_test_add_func ("/promise-9/settle/cancel/running", test_cancel_running);
  g_test_add_func ("/promise-9/settle/cancel/waiting", test_cancel_waiting);

  return g_test_run ();
}
