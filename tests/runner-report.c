/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Promise 8: failures that are reported early, though their tasks are still there: that is how it is
 * where garbage is collected now and then. Warnings are fatal in these tests: what is not expected here
 * is known not to be reported.
 */

#include "runner-util.h"
#include "thread-util.h"

/* The library's calls come here, because a program's own functions go before those of the libraries.
 * The clock stands still, so that no dispatch uses up its budget because the machine is busy.
 */
gint64
g_get_monotonic_time (void)
{
  return G_USEC_PER_SEC;
}

static TestBinding *
new_early (void)
{
  TestBinding *binding = test_binding_new (NULL);

  g_assert_false (dag_runner_get_reports_early (binding->runner));
  dag_runner_set_reports_early (binding->runner, TRUE);
  g_assert_true (dag_runner_get_reports_early (binding->runner));

  return binding;
}

/* Runs one dispatch, in which a task has to settle. */
static void
settle_now (DagTask *task)
{
  test_iterate ();
  g_assert_true (dag_task_get_settled (task));
}

static void
test_reported (void)
{
  TestBinding *binding = new_early ();
  DagTask *task = test_binding_task (binding, "load", fail_detailed, NULL);

  g_test_summary ("A failure that is reported early is reported in the dispatch after that in which "
                  "the task has settled, though that is still there, and not again");

  settle_now (task);
  expect_report ("load (script.js:12) failed and nobody looked at it: No such file\ninner*\nouter*");
  test_iterate ();
  expected ();
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  test_release (task);
  assert_story ("load");
  test_binding_free (binding);
}

static void
test_released (void)
{
  TestBinding *binding = new_early ();

  g_test_summary ("One that is released is reported once");

  g_object_unref (test_binding_task (binding, "load", fail, NULL));
  expect_report (REPORT ("load"));
  test_drain ();
  expected ();
  assert_story ("load");
  test_binding_free (binding);
}

static void
test_not (void)
{
  TestBinding *binding = new_early ();
  DagTask *before, *after, *good;

  g_test_summary ("Whether it is reported early is decided when a task is made, and what succeeds is "
                  "never reported");

  good = test_binding_task (binding, NULL, NULL, NULL);
  before = test_binding_task (binding, "before", fail, NULL);
  dag_runner_set_reports_early (binding->runner, FALSE);
  after = test_binding_task (binding, "after", fail, NULL);
  expect_report (REPORT ("before"));
  test_drain ();
  expected ();

  expect_report (REPORT ("after"));
  g_object_unref (after);
  expected ();
  test_release (before);
  test_release (good);
  assert_story ("before after");
  test_binding_free (binding);
}

static void
ignore_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
}

static void
look_at_error (TestBinding *binding,
               DagTask     *task)
{
  settle_now (task);
  g_assert_nonnull (dag_task_get_error (task));
}

static void
look_await (TestBinding *binding,
            DagTask     *task)
{
  test_binding_await (binding, NULL, NULL, task);
}

static void
look_await_later (TestBinding *binding,
                  DagTask     *task)
{
  settle_now (task);
  test_binding_await (binding, NULL, NULL, task);
}

static void
look_await_in_C (TestBinding *binding,
                 DagTask     *task)
{
  dag_task_await_async (task, NULL, ignore_cb, NULL);
}

static void
look_input (TestBinding *binding,
            DagTask     *task)
{
  g_autoptr (DagTask) dependent = test_binding_task (binding, NULL, NULL, NULL);

  g_assert_true (dag_task_add_raw_input (dependent, task, DAG_RULE_FINISHED, NULL));
}

static void
look_dependent (TestBinding *binding,
                DagTask     *task)
{
  g_autoptr (DagTask) dependent = test_binding_task (binding, NULL, NULL, task);

  test_binding_await (binding, NULL, NULL, dependent);
}

static void
look_dependent_later (TestBinding *binding,
                      DagTask     *task)
{
  g_autoptr (DagTask) dependent = NULL;

  settle_now (task);
  dependent = test_binding_task (binding, NULL, NULL, task);
  test_binding_await (binding, NULL, NULL, dependent);
}

static void
test_looked (void)
{
  void (*looks[]) (TestBinding *, DagTask *) = {
    look_at_error, look_await, look_await_later, look_await_in_C, look_input, look_dependent,
    look_dependent_later,
  };
  TestBinding *binding = new_early ();

  g_test_summary ("It is not reported if somebody looks at it before, or in the dispatch after");

  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    {
      DagTask *task = test_binding_task (binding, NULL, fail, NULL);

      looks[i] (binding, task);
      test_drain ();
      g_assert_true (dag_task_get_settled (task));
      test_release (task);
    }

  test_binding_free (binding);
}

static void
test_dependents (void)
{
  TestBinding *binding = new_early ();
  DagTask *origin, *middle, *last, *other;

  g_test_summary ("A failure is reported when the last task that carries it is, early or not, under "
                  "the name of the task where it began");

  /* All of them early. */
  origin = test_binding_task (binding, "origin", fail, NULL);
  middle = test_binding_task (binding, NULL, NULL, origin);
  last = test_binding_task (binding, NULL, NULL, middle);
  expect_report (REPORT ("origin"));
  test_drain ();
  expected ();
  g_assert_true (dag_task_get_origin (last) == origin);
  test_release (last);
  test_release (middle);
  test_release (origin);

  /* One of C's has it too. */
  for (guint look = 0; look < 2; look++)
    {
      origin = test_binding_task (binding, "origin", fail, NULL);
      middle = test_binding_task (binding, NULL, NULL, origin);
      last = test_binding_task (binding, NULL, NULL, middle);
      other = dag_task_new_with_inputs (NULL, NULL, NULL, &origin, 1);
      test_drain ();
      if (look)
        g_assert_nonnull (dag_task_get_error (other));
      else
        expect_report (REPORT ("origin"));
      g_object_unref (other);
      expected ();
      test_release (last);
      test_release (middle);
      test_release (origin);
    }

  assert_story ("origin origin origin");
  test_binding_free (binding);
}

static void
test_diamond (void)
{
  TestBinding *binding = new_early ();
  DagTask *origin = test_binding_task (binding, "origin", fail, NULL), *sides[2], *last, *other;

  g_test_summary ("A failure that comes by two ways is carried once, and not reported while somebody "
                  "else carries it");

  sides[0] = test_binding_task (binding, NULL, NULL, origin);
  sides[1] = test_binding_task (binding, NULL, NULL, origin);
  test_binding_call (binding, NULL, NULL, NULL, sides, 2, &last);
  other = dag_task_new_with_inputs (NULL, NULL, NULL, &origin, 1);
  test_drain ();
  g_assert_nonnull (dag_task_get_error (other));
  test_release (other);
  test_release (last);
  test_release (sides[0]);
  test_release (sides[1]);
  test_release (origin);

  origin = test_binding_task (binding, "origin", fail, NULL);
  sides[0] = test_binding_task (binding, NULL, NULL, origin);
  sides[1] = test_binding_task (binding, NULL, NULL, origin);
  test_binding_call (binding, NULL, NULL, NULL, sides, 2, &last);
  expect_report (REPORT ("origin"));
  test_drain ();
  expected ();
  test_release (last);
  test_release (sides[0]);
  test_release (sides[1]);
  test_release (origin);
  assert_story ("origin origin");
  test_binding_free (binding);
}

static void
test_several (void)
{
  TestBinding *binding = new_early ();

  g_test_summary ("Of several failures that reach a task each is reported early, unless somebody "
                  "looks at it; all can be asked for afterwards");

  for (guint look = 0; look < 2; look++)
    {
      DagTask *inputs[2] = { test_binding_task (binding, "one", fail, NULL),
                             test_binding_task (binding, "two", fail, NULL) };
      g_autofree DagTask **failures = NULL;
      gsize n_failures;
      DagTask *last;

      test_binding_call (binding, NULL, NULL, NULL, inputs, 2, &last);
      if (look)
        {
          settle_now (last);
          g_assert_nonnull (dag_task_get_error (last));
        }
      else
        {
          expect_report (REPORT ("one"));
          expect_report (REPORT ("two"));
        }
      test_drain ();
      expected ();

      failures = dag_task_get_failures (last, &n_failures);
      g_assert_cmpuint (n_failures, ==, 2);
      g_assert_true (failures[0] == inputs[0]);
      g_assert_true (failures[1] == inputs[1]);
      test_release (last);
      test_release (inputs[0]);
      test_release (inputs[1]);
    }

  assert_story ("one two one two");
  test_binding_free (binding);
}

static void
test_any (void)
{
  TestBinding *binding = new_early ();

  g_test_summary ("What an any may have lost is not reported before that is decided: then it is if "
                  "that lost all, and not if it won");

  for (guint win = 0; win < 2; win++)
    {
      DagTask *inputs[2] = { test_binding_task (binding, "one", fail, NULL),
                             test_binding_task (binding, "two", pend, NULL) };
      DagTask *any = test_binding_task (binding, NULL, NULL, NULL);

      dag_task_set_trigger (any, DAG_TRIGGER_ANY);
      g_assert_true (dag_task_add_raw_input (any, inputs[0], DAG_RULE_SUCCEEDED, NULL));
      g_assert_true (dag_task_add_raw_input (any, inputs[1], DAG_RULE_SUCCEEDED, NULL));
      test_drain ();
      g_assert_false (dag_task_is_finished (any));

      if (win)
        {
          dag_task_return (inputs[1]);
        }
      else
        {
          test_body_fail (inputs[1], NULL);
          expect_report (REPORT ("one"));
          expect_report (REPORT ("two"));
        }
      test_drain ();
      expected ();
      assert_state (any, win ? DAG_STATE_SUCCEEDED : DAG_STATE_SKIPPED);
      test_release (any);
      test_release (inputs[0]);
      test_release (inputs[1]);
    }

  assert_story ("one two one two");
  test_binding_free (binding);
}

static void
test_abandoned (void)
{
  TestBinding *binding = new_early ();
  DagTask *task;

  g_test_summary ("A task whose id was not taken is reported early too");

  binding->most = 0;
  task = test_binding_task (binding, "lost", NULL, NULL);
  expect_report ("lost failed and nobody looked at it: The language of the function did not call it");
  test_drain ();
  expected ();
  test_release (task);
  assert_story ("");
  test_binding_free (binding);
}

static void
test_ended (void)
{
  GMainContext *context = g_main_context_new ();
  TestBinding *binding = test_binding_new (context);
  DagTask *running, *kept, *dropped;

  g_test_summary ("Where the context ends before that, a failure is reported then, and that the task "
                  "was abandoned is too");

  dag_runner_set_reports_early (binding->runner, TRUE);
  running = test_binding_task (binding, "running", pend, NULL);
  kept = test_binding_task (binding, "kept", fail, NULL);
  dropped = test_binding_task (binding, "dropped", fail, NULL);
  g_main_context_iteration (context, FALSE);
  g_assert_true (dag_task_get_settled (dropped));
  g_object_unref (dropped);
  expect_report (REPORT ("kept"));
  expect_report (REPORT ("dropped"));
  expect_report ("running failed and nobody looked at it: The main context of the task was destroyed");
  g_main_context_unref (context);
  expected ();
  g_assert_finalize_object (kept);
  g_assert_finalize_object (running);

  assert_story ("running kept dropped");
  test_binding_drop (binding);
}

static void
test_declined (void)
{
  TestBinding *binding = new_early ();
  DagTask *inputs[2] = { test_binding_task (binding, "one", fail, NULL),
                         test_binding_task (binding, "two", pend, NULL) };
  DagTask *any = test_binding_task (binding, NULL, NULL, NULL);

  g_test_summary ("If who might have looked is cancelled, it is reported then");

  dag_task_set_trigger (any, DAG_TRIGGER_ANY);
  g_assert_true (dag_task_add_raw_input (any, inputs[0], DAG_RULE_SUCCEEDED, NULL));
  g_assert_true (dag_task_add_raw_input (any, inputs[1], DAG_RULE_SUCCEEDED, NULL));
  test_drain ();
  dag_task_cancel (any);
  expect_report (REPORT ("one"));
  test_drain ();
  expected ();

  dag_task_return (inputs[1]);
  test_release (any);
  test_release (inputs[0]);
  test_release (inputs[1]);
  assert_story ("one two");
  test_binding_free (binding);
}

static void
test_waiter_ended (void)
{
  TestBinding *binding = new_early ();
  GMainContext *context = g_main_context_new ();
  DagTask *task = test_binding_task (binding, "load", fail, NULL);

  g_test_summary ("If who waited for it has no context any more, it is reported then");

  g_main_context_push_thread_default (context);
  dag_task_await_async (task, NULL, ignore_cb, NULL);
  g_main_context_pop_thread_default (context);
  test_settle (task);
  test_drain ();
  expect_report (REPORT ("load"));
  g_main_context_unref (context);
  expected ();
  test_release (task);
  assert_story ("load");
  test_binding_free (binding);
}

/* Somebody in another thread who has yet to hear of it */

typedef struct {
  TestWorker *worker;
  DagTask    *task;
  DagTask    *dependent;
  TestBarrier entered;
  TestBarrier left;
  guint       n_called;
} Elsewhere;

static void
count_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  (*(guint *) user_data)++;
}

static gboolean
block_cb (gpointer user_data)
{
  Elsewhere *self = user_data;

  test_barrier_wait (&self->entered);
  test_barrier_wait (&self->left);

  return G_SOURCE_REMOVE;
}

static void
elsewhere_await (gpointer data)
{
  Elsewhere *self = data;

  dag_task_await_async (self->task, NULL, count_cb, &self->n_called);
}

static void
elsewhere_depend (gpointer data)
{
  Elsewhere *self = data;

  self->dependent = dag_task_new_with_inputs (NULL, NULL, NULL, &self->task, 1);
  dag_task_await_async (self->dependent, NULL, count_cb, &self->n_called);
}

static void
follow_body (DagTask  *task,
             gpointer  user_data)
{
  dag_task_return_task (task, user_data);
}

static void
elsewhere_follow (gpointer data)
{
  Elsewhere *self = data;

  self->dependent = dag_task_new (follow_body, self->task, NULL);
  dag_task_await_async (self->dependent, NULL, count_cb, &self->n_called);
  test_drain ();
}

static void
elsewhere_finish (gpointer data)
{
  Elsewhere *self = data;

  while (self->n_called == 0)
    test_iterate ();
  if (self->dependent != NULL)
    test_settle (self->dependent);
  g_clear_object (&self->dependent);
}

static void
test_elsewhere (gconstpointer data)
{
  TestBinding *binding = new_early ();
  Elsewhere self = { test_worker_new () };
  GSource *source = g_idle_source_new ();

  g_test_summary ("It is not reported while another thread, which waits for it, or has a task that "
                  "needs or follows it, has yet to hear of it");

  test_barrier_init (&self.entered, 2);
  test_barrier_init (&self.left, 2);
  self.task = test_binding_task (binding, NULL, pend, NULL);
  test_drain ();
  test_worker_call (self.worker, (void (*) (gpointer)) data, &self);

  /* While that is busy, the task fails. */
  g_source_set_callback (source, block_cb, &self, NULL);
  g_source_attach (source, self.worker->context);
  g_source_unref (source);
  test_barrier_wait (&self.entered);
  test_body_fail (self.task, NULL);
  test_settle (self.task);
  test_drain ();

  test_barrier_wait (&self.left);
  test_worker_call (self.worker, elsewhere_finish, &self);
  test_worker_free (self.worker);
  test_drain ();
  test_release (self.task);
  test_barrier_clear (&self.entered);
  test_barrier_clear (&self.left);
  test_binding_free (binding);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-8/runner/early/reported", test_reported);
  g_test_add_func ("/promise-8/runner/early/released", test_released);
  g_test_add_func ("/promise-8/runner/early/not", test_not);
  g_test_add_func ("/promise-8/runner/early/looked", test_looked);
  g_test_add_func ("/promise-8/runner/early/dependents", test_dependents);
  g_test_add_func ("/promise-8/runner/early/diamond", test_diamond);
  g_test_add_func ("/promise-8/runner/early/several", test_several);
  g_test_add_func ("/promise-8/runner/early/any", test_any);
  g_test_add_func ("/promise-8/runner/early/abandoned", test_abandoned);
  g_test_add_func ("/promise-8/runner/early/ended", test_ended);
  g_test_add_func ("/promise-8/runner/early/declined", test_declined);
  g_test_add_func ("/promise-8/runner/early/waiter-ended", test_waiter_ended);
  g_test_add_data_func ("/promise-8/runner/early/elsewhere/await", elsewhere_await,
                        test_elsewhere);
  g_test_add_data_func ("/promise-8/runner/early/elsewhere/depend", elsewhere_depend,
                        test_elsewhere);
  g_test_add_data_func ("/promise-8/runner/early/elsewhere/follow", elsewhere_follow,
                        test_elsewhere);

  return g_test_run ();
}
