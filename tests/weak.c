/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Arguments that are objects and are not kept. */

#include "owner-util.h"

/* What the last function got */
static GObject *got;
static guint n_calls;

static void
get_body (DagTask  *task,
          gpointer  user_data)
{
  n_calls++;
  got = dag_task_get_argument_object (task, 0);
}

/* Runs a task until its function has got what it gets, which the test ends. */
static void
run_body (DagTask *task)
{
  guint before = n_calls;

  while (n_calls == before)
    test_iterate ();
}

static DagTask *
new_with_weak (GObject *object)
{
  g_autoptr (DagWeak) weak = dag_weak_new (object);
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, DAG_TYPE_WEAK);
  g_value_set_boxed (&value, weak);

  return dag_task_new_with_arguments (get_body, NULL, NULL, &value, 1, NULL, 0);
}

static DagTask *
new_in_steps (GObject *object)
{
  DagTask *task = dag_task_new (get_body, NULL, NULL);

  dag_task_add_argument_weak_object (task, object);

  return task;
}

DAG_DEFINE_TASK (show, (TestWindow *, window, TEST_TYPE_WINDOW), (const char *, text))
{
  n_calls++;
  got = (GObject *) window;
  g_assert_cmpstr (text, ==, "text");
}

static DagTask *
new_call (GObject *object)
{
  return g_object_ref (dag_call (show, dag_weak (object), "text"));
}

static DagTask *(* const ways[]) (GObject *object) = { new_with_weak, new_in_steps, new_call };

static void
test_kept_while_it_runs (void)
{
  g_test_summary ("A weak argument keeps nothing until the function is called, which gets the object, "
                  "and "
                  "keeps it until it has returned");

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      GObject *window = test_window_new ();
      DagTask *task = ways[i] (window);
      gpointer weak = window;

      g_object_add_weak_pointer (window, &weak);
      g_assert_cmpuint (window->ref_count, ==, 1);
      run_body (task);
      g_assert_true (got == window);

      g_object_unref (window);
      g_assert_nonnull (weak);
      g_assert_cmpuint (window->ref_count, ==, 1);

      dag_task_return (task);
      test_settle (task);
      g_assert_null (weak);
      test_release (task);
    }
}

static void
test_gone (void)
{
  g_test_summary ("A function whose weak argument is gone gets NULL");

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      GObject *window = test_window_new ();
      DagTask *task = ways[i] (window);

      test_dispose (window);
      got = G_OBJECT (task);
      run_body (task);
      g_assert_null (got);
      dag_task_return (task);
      test_release (task);

      /* And if there was nothing in the first place. */
      task = ways[i] (NULL);
      got = G_OBJECT (task);
      run_body (task);
      g_assert_null (got);
      dag_task_return (task);
      test_release (task);
    }
}

static void
test_owner_gone (void)
{
  g_test_summary ("A function is not called if a weak argument is gone that owned the task");

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      GObject *window = test_window_new ();
      DagTask *task = ways[i] (window);
      guint before = n_calls;

      dag_task_set_owner (task, window, NULL);
      test_dispose (window);
      test_settle (task);
      g_assert_cmpuint (n_calls, ==, before);
      g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_CANCELLED);
      test_release (task);
    }
}

static void
test_never_called (void)
{
  g_test_summary ("A task that is never run lets go of its weak arguments");

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      GObject *window = test_window_new ();
      DagTask *task = ways[i] (window);

      dag_task_cancel (task);
      test_release (task);
      test_dispose (window);
    }
}

static void
test_copies (void)
{
  GObject *window = test_window_new (), *object;
  DagWeak *weak = dag_weak_new (window), *copy;
  GParamSpec *title = g_object_class_find_property (G_OBJECT_GET_CLASS (window), "title");
  g_auto (GValue) value = G_VALUE_INIT, other = G_VALUE_INIT;

  g_test_summary ("Copies are weak, too");

  copy = g_boxed_copy (DAG_TYPE_WEAK, weak);
  g_value_init (&value, DAG_TYPE_WEAK);
  g_value_take_boxed (&value, weak);
  g_value_init (&other, DAG_TYPE_WEAK);
  g_value_copy (&value, &other);
  g_assert_cmpuint (window->ref_count, ==, 1);

  object = dag_weak_get (copy);
  g_assert_true (object == window);
  g_assert_cmpuint (window->ref_count, ==, 2);
  g_object_unref (object);

  test_dispose (window);
  g_assert_null (dag_weak_get (copy));
  g_assert_null (dag_weak_get (g_value_get_boxed (&other)));
  dag_weak_unref (copy);

  test_assert_critical ("*dag_weak_new*G_IS_OBJECT*", dag_weak_new ((gpointer) title));
  test_assert_critical ("*dag_weak_get*self*", dag_weak_get (NULL));
}

/* Other parameters */

DAG_DEFINE_TASK (keep_weak, (DagWeak *, weak, DAG_TYPE_WEAK))
{
  g_autoptr (GObject) object = dag_weak_get (weak);

  n_calls++;
  got = object;
}

static void
test_weak_parameter (void)
{
  GObject *window = test_window_new ();
  g_autoptr (DagTask) task = g_object_ref (dag_call (keep_weak, dag_weak (window)));

  g_test_summary ("A parameter that is itself weak keeps nothing while the function runs either");

  run_body (task);
  g_assert_true (got == window);
  test_dispose (window);
  dag_task_return (task);
  test_settle (task);
}

DAG_DEFINE_TASK (take_raw, (DagTask *, window), (GPtrArray *, others, DAG_RAW))
{
  n_calls++;
  got = g_value_get_object (dag_task_get_value (window));
  g_assert_cmpuint (others->len, ==, 1);
  g_assert_true (g_value_get_object (dag_task_get_value (g_ptr_array_index (others, 0))) == got);
}

static void
test_raw_parameter (void)
{
  GObject *window = test_window_new ();
  g_autoptr (DagTask) task = NULL;

  g_test_summary ("For a raw parameter a weak argument arrives as a finished task, made when the "
                  "function "
                  "is called");

  task = g_object_ref (dag_call (take_raw, dag_weak (window), dag_weak (window)));
  g_assert_cmpuint (window->ref_count, ==, 1);
  run_body (task);
  g_assert_true (got == window);
  dag_task_return (task);
  test_settle (task);
  test_dispose (window);
}

DAG_DEFINE_TASK (take_pointer, (gpointer, pointer, DAG_POINTER))
{
  n_calls++;
  got = pointer;
}

DAG_DEFINE_TASK (take_interface, (GAction *, action, G_TYPE_ACTION))
{
  n_calls++;
  got = (GObject *) action;
}

static void
test_other_parameters (void)
{
  GObject *window = test_window_new ();
  g_autoptr (GSimpleAction) action = g_simple_action_new ("action", NULL);
  g_autoptr (DagTask) first = g_object_ref (dag_call (take_pointer, dag_weak (window)));
  g_autoptr (DagTask) second = NULL;

  g_test_summary ("A weak argument fits a parameter of any pointer and of an interface");

  run_body (first);
  g_assert_true (got == window);
  second = g_object_ref (dag_call (take_interface, dag_weak (action)));
  run_body (second);
  g_assert_true (got == G_OBJECT (action));

  dag_task_return (first);
  dag_task_return (second);
  test_settle (first);
  test_settle (second);
  test_dispose (window);
}

DAG_DEFINE_TASK (take_number, (int, number))
{
  g_assert_not_reached ();
}

static void
assert_misfit (DagTask *task)
{
  g_test_assert_expected_messages ();
  test_settle (task);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE);
  g_object_unref (task);
}

static void
expect_critical (const char *pattern)
{
  g_test_expect_message ("Dag", G_LOG_LEVEL_CRITICAL, pattern);
}

static void
test_misfits (void)
{
  g_autoptr (GCancellable) object = g_cancellable_new ();
  DagTask *task;

  g_test_summary ("A weak argument that does not fit is a programmer error, and fails the task");

  expect_critical ("*show ()*'window' has to be a TestWindow, not a GCancellable*");
  assert_misfit (dag_call_full (show, dag_weak (object), "text"));
  expect_critical ("*take_number ()*'number' has to be a gint, not a GObject*");
  assert_misfit (dag_call_full (take_number, dag_weak (object)));
  task = dag_task_new (test_body_succeed, NULL, NULL);
  expect_critical ("*take_pointer ()*'pointer' has to be an object, not*task*");
  assert_misfit (dag_call_full (take_pointer, dag_weak (task)));
  test_release (task);

  task = dag_task_new (test_body_succeed, NULL, NULL);
  test_settle (task);
  test_assert_critical ("*dag_task_add_argument_weak_object*has*started*",
                        dag_task_add_argument_weak_object (task, object));
  test_release (task);
}

/* Threads */

static gpointer
unref_in_thread (gpointer data)
{
  g_object_unref (data);

  return NULL;
}

static void
see_body (DagTask  *task,
          gpointer  user_data)
{
  GObject *window = dag_task_get_argument_object (task, 0);
  g_autofree char *title = NULL;

  if (window != NULL)
    {
      g_object_get (window, "title", &title, NULL);
      g_assert_cmpstr (title, ==, "Title");
    }
  dag_task_return (task);
}

static void
test_threads (void)
{
  g_test_summary ("The object may be let go of in another thread while tasks start: each gets it whole, "
                  "or "
                  "NULL");

  for (guint round = 0; round < 100; round++)
    {
      GObject *window = g_object_new (TEST_TYPE_WINDOW, "title", "Title", NULL);
      DagTask *tasks[10];
      GThread *thread;

      for (guint i = 0; i < 10; i++)
        {
          tasks[i] = dag_task_new (see_body, NULL, NULL);
          dag_task_add_argument_weak_object (tasks[i], window);
        }

      thread = g_thread_new ("letting-go", unref_in_thread, window);
      for (guint i = 0; i < 10; i++)
        test_release (tasks[i]);
      g_thread_join (thread);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-5/weak/kept-while-it-runs", test_kept_while_it_runs);
  g_test_add_func ("/promise-5/weak/gone", test_gone);
  g_test_add_func ("/promise-9/weak/owner-gone", test_owner_gone);
  g_test_add_func ("/promise-5/weak/never-called", test_never_called);
  g_test_add_func ("/weak/copies", test_copies);
  g_test_add_func ("/weak/weak-parameter", test_weak_parameter);
  g_test_add_func ("/weak/raw-parameter", test_raw_parameter);
  g_test_add_func ("/weak/other-parameters", test_other_parameters);
  g_test_add_func ("/weak/misfits", test_misfits);
  g_test_add_func ("/promise-12/weak/threads", test_threads);

  return g_test_run ();
}
