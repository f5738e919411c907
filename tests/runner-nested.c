/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* When the property is set: main loops inside of functions, several runners in one context, waking,
 * and bindings that do not take what there is.
 */

#include "runner-util.h"

/* What a nested main loop has to bring to an end: tasks of both kinds, and waits. */
static void
nest (TestBinding *binding)
{
  for (guint i = 0; i < 2; i++)
    {
      DagTask *first = test_binding_task (binding, NULL, NULL, NULL);
      DagTask *second = dag_task_new_with_inputs (NULL, NULL, NULL, &first, 1);
      DagTask *third = test_binding_task (binding, NULL, NULL, second);
      TestJob *awaited = test_binding_await (binding, NULL, NULL, third);
      TestJob *settled = test_binding_settle (binding, NULL, NULL, first);

      while (awaited->n_called == 0 || settled->n_called == 0)
        test_iterate ();
      assert_state (third, DAG_STATE_SUCCEEDED);
      g_object_unref (first);
      g_object_unref (second);
      g_object_unref (third);
    }
}

static gboolean
nest_here (TestJob *job)
{
  guint n_inside = job->binding->n_inside;

  nest (job->binding);
  g_assert_cmpuint (job->binding->n_inside, ==, n_inside);

  return TRUE;
}

static void
test_function (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, "a", nest_here, NULL);
  DagTask *dependent = test_binding_task (binding, "b", NULL, task);
  DagTask *after = test_binding_task (binding, "c", NULL, NULL);

  g_test_summary ("A main loop inside of a function keeps all tasks and waits going, and the property "
                  "is set again from there");

  test_settle (dependent);
  assert_story ("a c b");
  g_assert_cmpuint (binding->deepest, ==, 2);
  test_release (dependent);
  test_release (task);
  test_release (after);
  test_binding_free (binding);
}

static void
test_waiter (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, "a", NULL, NULL), *dependent;

  g_test_summary ("A main loop may run where a wait is over, and brings the dependents forward");

  dependent = test_binding_task (binding, "b", NULL, task);
  test_binding_await (binding, "waiter", nest_here, task);
  test_settle (dependent);
  assert_story ("a waiter b");
  test_release (dependent);
  test_release (task);
  test_binding_free (binding);
}

static gboolean
climb (TestJob *job)
{
  guint *n_left = job->data;
  DagTask *task;

  if (--*n_left == 0)
    return TRUE;

  test_binding_call (job->binding, NULL, climb, n_left, NULL, 0, &task);
  test_finish (task);
  nest (job->binding);
  g_object_unref (task);

  return TRUE;
}

static void
test_tower (void)
{
  TestBinding *binding = test_binding_new (NULL);
  guint n_left = 20;
  DagTask *task;

  g_test_summary ("Main loops can be nested in functions that nested main loops call");

  test_binding_call (binding, NULL, climb, &n_left, NULL, 0, &task);
  test_release (task);
  g_assert_cmpuint (n_left, ==, 0);
  g_assert_cmpuint (binding->deepest, ==, 20);
  test_binding_free (binding);
}

static gboolean
tell_leaving (TestJob *job)
{
  g_autofree char *word = g_strconcat (job->name, "-back", NULL);

  if (job->data != NULL)
    test_finish (job->data);
  tell (word);

  return TRUE;
}

static void
test_leaving (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *outer, *inner, *other, *dependent;
  TestJob *job = test_binding_call (binding, "outer", tell_leaving, NULL, NULL, 0, &outer);

  g_test_summary ("A function that was called from inside of another comes back before it, and ends "
                  "its task before");

  inner = test_binding_task (binding, "inner", tell_leaving, NULL);
  other = test_binding_task (binding, "other", NULL, NULL);
  dependent = test_binding_task (binding, "dependent", NULL, inner);
  job->data = dependent;
  test_settle (outer);
  assert_story ("outer inner inner-back other dependent outer-back");
  test_release (outer);
  test_release (inner);
  test_release (other);
  test_release (dependent);
  test_binding_free (binding);
}

static gboolean
returned_cb (gpointer user_data)
{
  dag_task_return_int (user_data, 1);

  return G_SOURCE_REMOVE;
}

static gboolean
return_inside (TestJob *job)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, returned_cb, job->task, NULL);
  nest (job->binding);
  test_drain ();

  /* It has returned, but this is on the stack still. */
  g_assert_false (dag_task_is_finished (job->task));

  return FALSE;
}

static void
test_return_inside (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, "a", return_inside, NULL);
  DagTask *dependent = test_binding_task (binding, "b", NULL, task);

  g_test_summary ("A function may return by a callback of a main loop that runs inside of it");

  test_release (dependent);
  g_assert_cmpint (g_value_get_int (dag_task_get_value (task)), ==, 1);
  test_release (task);
  assert_story ("a b");
  test_binding_free (binding);
}

static gboolean
cancel_inside (TestJob *job)
{
  dag_task_cancel (job->task);
  while (job->n_stopped == 0)
    test_iterate ();
  nest (job->binding);
  assert_state (job->task, DAG_STATE_RUNNING);

  return TRUE;
}

static void
test_cancel_inside (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task;
  TestJob *job = test_binding_call (binding, "a", cancel_inside, NULL, NULL, 0, &task);

  g_test_summary ("A function that runs a main loop hears there that its task was cancelled");

  test_settle (task);
  assert_state (task, DAG_STATE_CANCELLED);
  assert_job (job, 1, 1);
  assert_story ("a -a");
  test_release (task);
  test_binding_free (binding);
}

/* Where the runner looks for the next id and somebody else's code is called */

static void
nest_once (TestBinding *binding)
{
  gboolean *nested = g_object_get_data (G_OBJECT (binding), "nested");

  if (*nested)
    return;

  *nested = TRUE;
  nest (binding);
}

static void
nest_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  nest_once (user_data);
}

static void
nest_destroy (gpointer data)
{
  nest_once (data);
}

static DagTask *
new_observed (TestBinding *binding,
              const char  *where)
{
  DagTask *task;

  if (g_str_equal (where, "callback"))
    {
      task = dag_task_new_for_callback (NULL, NULL, nest_cb, binding);
      dag_task_return (task);
    }
  else if (g_str_equal (where, "cancelled"))
    {
      task = test_binding_task (binding, "b", NULL, NULL);
      g_signal_connect_swapped (dag_task_get_cancellable (task), where, G_CALLBACK (nest_once),
                                binding);
      dag_task_cancel (task);
    }
  else if (g_str_equal (where, "data-destroy"))
    {
      g_autoptr (DagTask) gate = test_binding_task (binding, NULL, fail, NULL);

      task = dag_task_new_with_inputs (NULL, binding, nest_destroy, &gate, 1);
    }
  else
    {
      task = test_binding_task (binding, "b", NULL, NULL);

      if (g_str_equal (where, "await"))
        dag_task_await_async (task, NULL, nest_cb, binding);
      else
        g_signal_connect_swapped (task, where, G_CALLBACK (nest_once), binding);
    }

  return task;
}

static void
test_looking (gconstpointer data)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *before, *task, *dependent, *after;
  gboolean nested = FALSE;

  g_test_summary ("A main loop may run in a callback of C's that comes between two functions, and "
                  "keeps tasks and waits of the binding going");

  g_object_set_data (G_OBJECT (binding), "nested", &nested);
  before = test_binding_task (binding, "a", NULL, NULL);
  task = new_observed (binding, data);
  dependent = dag_task_new (NULL, NULL, NULL);
  g_assert_true (dag_task_add_prerequisite (dependent, task, DAG_RULE_FINISHED, NULL));
  after = test_binding_task (binding, "c", NULL, NULL);

  test_settle (dependent);
  test_settle (after);
  g_assert_true (nested);
  dag_task_get_error (task);

  test_release (dependent);
  test_release (task);
  test_release (before);
  test_release (after);
  g_clear_pointer (&story, test_story_free);
  test_binding_free (binding);
}

/* Waking */

static void
test_wake (void)
{
  TestBinding *binding = test_binding_new (NULL);

  g_test_summary ("Waking has the property set once in a later dispatch, though there is no id, and "
                  "however often it was asked for before that");

  test_drain ();
  g_assert_cmpuint (binding->n_set, ==, 0);
  dag_runner_wake (binding->runner);
  dag_runner_wake (binding->runner);
  g_assert_cmpuint (binding->n_set, ==, 0);
  test_drain ();
  g_assert_cmpuint (binding->n_set, ==, 1);
  dag_runner_wake (binding->runner);
  test_drain ();
  g_assert_cmpuint (binding->n_set, ==, 2);
  test_binding_free (binding);
}

static gboolean
wake_data (TestJob *job)
{
  TestBinding *binding = job->data;

  dag_runner_wake (binding->runner);

  return TRUE;
}

static void
test_wake_inside (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, NULL, NULL, NULL);

  g_test_summary ("Promise 11: waking from inside of functions has the property set again after that, "
                  "and not from inside of it");

  test_binding_await (binding, NULL, wake_data, task)->data = binding;
  for (guint i = 0; i < 1000; i++)
    {
      DagTask *next;

      test_binding_call (binding, NULL, wake_data, binding, &task, 1, &next);
      g_object_unref (task);
      task = next;
    }
  test_release (task);
  g_assert_cmpuint (binding->n_set, >, 1);
  g_assert_cmpuint (binding->deepest, ==, 1);

  /* None is lost. */
  test_binding_call (binding, NULL, wake_data, binding, NULL, 0, &task);
  test_drain ();
  binding->n_set = 0;
  test_drain ();
  g_assert_cmpuint (binding->n_set, ==, 0);
  test_release (task);
  test_binding_free (binding);
}

static gpointer
wake_thread (gpointer user_data)
{
  DagRunner *runner = user_data;

  for (guint i = 0; i < 1000; i++)
    dag_runner_wake (runner);

  return NULL;
}

static void
test_wake_threads (void)
{
  TestBinding *binding = test_binding_new (NULL);
  GThread *threads[4];
  DagTask *task = NULL;

  g_test_summary ("Any thread can wake, also while the property is being set");

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("wake", wake_thread, binding->runner);
  for (guint i = 0; i < 1000; i++)
    {
      g_clear_object (&task);
      task = test_binding_task (binding, NULL, NULL, NULL);
      g_main_context_iteration (NULL, FALSE);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  test_release (task);

  g_assert_cmpuint (binding->n_set, >=, 1);
  g_assert_cmpuint (binding->deepest, ==, 1);
  binding->n_set = 0;
  test_drain ();
  g_assert_cmpuint (binding->n_set, ==, 0);
  test_binding_free (binding);
}

/* Two runners */

static void
test_two (void)
{
  TestBinding *bindings[] = { test_binding_new (NULL), test_binding_new (NULL) };
  DagTask *tasks[40];

  g_test_summary ("Two runners share a context: the order is that of all tasks, and each gets its own");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_binding_call (bindings[i % 3 == 0], i % 3 == 0 ? "x" : "y", i % 5 == 0 ? wake_data : NULL,
                       bindings[i % 2], i > 0 ? &tasks[i - 1] : NULL, i > 0 ? 1 : 0, &tasks[i]);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_settle (tasks[i]);
  for (guint i = G_N_ELEMENTS (tasks); i > 0; i--)
    test_release (tasks[i - 1]);
  assert_story ("x y y x y y x y y x y y x y y x y y x y y x y y x y y x y y x y y x y y x y y x");
  g_assert_cmpuint (bindings[0]->deepest, ==, 1);
  g_assert_cmpuint (bindings[1]->deepest, ==, 1);
  test_binding_free (bindings[0]);
  test_binding_free (bindings[1]);
}

static gboolean
nest_other (TestJob *job)
{
  nest (job->data);
  nest (job->binding);

  return TRUE;
}

static void
test_two_nested (void)
{
  TestBinding *bindings[] = { test_binding_new (NULL), test_binding_new (NULL) };
  DagTask *tasks[20];

  g_test_summary ("A main loop in a function of one of two runners keeps those of the other going");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_binding_call (bindings[i % 2], NULL, nest_other, bindings[!(i % 2)], NULL, 0, &tasks[i]);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_release (tasks[i]);
  test_binding_free (bindings[0]);
  test_binding_free (bindings[1]);
}

/* Bindings that do not take what there is */

static void
test_takes_nothing (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *tasks[2], *dependent, *other;
  TestJob *job, *waiting;

  g_test_summary ("Promise 8: a task whose id is not taken is abandoned, what needs it is skipped, and "
                  "the main loop is not kept busy with what is not taken");

  binding->most = 0;
  job = test_binding_call (binding, "a", NULL, NULL, NULL, 0, &tasks[0]);
  tasks[1] = test_binding_task (binding, "b", NULL, NULL);
  waiting = test_binding_call (binding, "c", NULL, NULL, tasks, 1, &dependent);
  test_settle (dependent);
  test_settle (tasks[1]);

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      assert_state (tasks[i], DAG_STATE_FAILED);
      g_assert_error (dag_task_get_error (tasks[i]), DAG_ERROR, DAG_ERROR_ABANDONED);
      g_assert_cmpstr (dag_task_get_error (tasks[i])->message, ==,
                       "The language of the function did not call it");
    }
  assert_state (dependent, DAG_STATE_SKIPPED);
  g_assert_error (dag_task_get_error (dependent), DAG_ERROR, DAG_ERROR_ABANDONED);
  assert_job (job, 0, 0);
  assert_job (waiting, 0, 0);
  assert_story ("");

  /* When it takes again, it gets what it missed. */
  binding->most = G_MAXUINT;
  other = test_binding_task (binding, "d", NULL, NULL);
  test_release (other);
  assert_job (job, 0, 1);
  assert_job (waiting, 0, 1);
  assert_story ("d -a -c -b");

  test_release (dependent);
  test_release (tasks[0]);
  test_release (tasks[1]);
  test_binding_free (binding);
}

static gboolean
return_now (TestJob *job)
{
  dag_task_return (job->task);

  return FALSE;
}

static void
test_takes_one (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *first, *second, *third, *last;

  g_test_summary ("A binding may take one id at a time, and gets all of them in order");

  binding->most = 1;
  first = test_binding_task (binding, "a", return_now, NULL);
  second = test_binding_task (binding, "b", pend, NULL);
  third = test_binding_task (binding, "c", return_now, first);
  last = test_binding_task (binding, "d", return_now, second);
  test_binding_await (binding, "1", pend, first);
  test_binding_await (binding, "2", pend, first);
  test_binding_settle (binding, "3", pend, first);
  test_drain ();
  assert_story ("a 1 2 3 b c");
  dag_task_cancel (second);
  test_drain ();
  assert_story ("-b");
  dag_task_return (second);
  test_settle (last);
  assert_story ("-d");

  test_release (last);
  test_release (first);
  test_release (second);
  test_release (third);
  test_binding_free (binding);
}

static gboolean
take_cb (gpointer user_data)
{
  TestBinding *binding = user_data;

  test_assert_critical ("dag_runner_take: *", dag_runner_take (binding->runner, TRUE));

  return G_SOURCE_REMOVE;
}

static gboolean
take_inside (TestJob *job)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, take_cb, job->binding, NULL);
  nest (job->binding);
  test_drain ();

  return FALSE;
}

static void
test_take_inside (void)
{
  TestBinding *binding = test_binding_new (NULL);
  DagTask *task = test_binding_task (binding, NULL, take_inside, NULL);

  g_test_summary ("No id is taken in a main loop inside of a function but while the property is being "
                  "set from there");

  test_drain ();
  assert_state (task, DAG_STATE_RUNNING);
  dag_task_return (task);
  test_release (task);
  test_binding_free (binding);
}

static void
test_misuse (void)
{
  TestBinding *binding = test_binding_new (NULL);
  g_autoptr (DagTask) task = dag_task_new_for_value (NULL);
  GObject *object = G_OBJECT (binding);

  g_test_summary ("Ids are positive, and taken only while the property is being set");

  test_assert_critical ("dag_runner_take: *", dag_runner_take (binding->runner, FALSE));
  test_assert_critical ("dag_runner_new_task: *",
                        g_assert_null (dag_runner_new_task (binding->runner, -1, 0, NULL, 0)));
  test_assert_critical ("dag_runner_new_task: *",
                        g_assert_null (dag_runner_new_task (binding->runner, 1, 0, NULL, 1)));
  test_assert_critical ("dag_runner_new_task: *",
                        g_assert_null (dag_runner_new_task (binding->runner, 1, 0,
                                                            (DagTask **) &object, 1)));
  test_assert_critical ("dag_runner_new_small_task: *",
                        g_assert_null (dag_runner_new_small_task (binding->runner, -1, 0,
                                                                  NULL, NULL, NULL)));
  test_assert_critical ("dag_runner_new_small_task: *",
                        g_assert_null (dag_runner_new_small_task (binding->runner, 1, 0, task,
                                                                  (DagTask *) object, NULL)));
  test_assert_critical ("dag_runner_await: *", dag_runner_await (binding->runner, task, 0));
  test_assert_critical ("dag_runner_settle: *", dag_runner_settle (binding->runner, task, -1));
  test_assert_critical ("dag_runner_fail: *",
                        dag_runner_fail (binding->runner, task, NULL, NULL, NULL));
  test_assert_critical ("dag_runner_new: *", g_assert_null (dag_runner_new (NULL, object, NULL)));
  test_binding_free (binding);
}

int
main (int   argc,
      char *argv[])
{
  static const char * const places[] = {
    "started", "finished", "notify::state", "notify::settled", "await", "callback", "cancelled",
    "data-destroy",
  };

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/runner/nested/function", test_function);
  g_test_add_func ("/runner/nested/waiter", test_waiter);
  g_test_add_func ("/runner/nested/tower", test_tower);
  g_test_add_func ("/runner/nested/leaving", test_leaving);
  g_test_add_func ("/runner/nested/return-inside", test_return_inside);
  g_test_add_func ("/runner/nested/cancel-inside", test_cancel_inside);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = g_strconcat ("/runner/nested/looking/", places[i], NULL);

      g_test_add_data_func (path, places[i], test_looking);
    }
  g_test_add_func ("/runner/wake/once", test_wake);
  g_test_add_func ("/promise-11/runner/wake/inside", test_wake_inside);
  g_test_add_func ("/runner/wake/threads", test_wake_threads);
  g_test_add_func ("/runner/two/interleaved", test_two);
  g_test_add_func ("/runner/two/nested", test_two_nested);
  g_test_add_func ("/promise-8/runner/takes/nothing", test_takes_nothing);
  g_test_add_func ("/runner/takes/one", test_takes_one);
  g_test_add_func ("/runner/misuse/take-inside", test_take_inside);
  g_test_add_func ("/runner/misuse/arguments", test_misuse);

  return g_test_run ();
}
