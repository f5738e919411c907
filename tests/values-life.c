/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* How long results, arguments and function data live, and where they are freed. */

/* What can be counted while it lives. */

static gint n_alive;  /* atomic */
static gint max_alive;
static GThread *freed_in;

static void
freed_cb (gpointer data)
{
  freed_in = g_thread_self ();
  g_atomic_int_add (&n_alive, -1);
}

static gpointer
new_object (void)
{
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
  gint before = g_atomic_int_add (&n_alive, 1);

  max_alive = MAX (max_alive, before + 1);
  g_object_set_data_full (object, "alive", object, freed_cb);

  return object;
}

static void
make_object (DagTask  *task,
             gpointer  user_data)
{
  dag_task_return_take_object (task, new_object ());
}

static void
destroy_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
}

static void
use_object (DagTask  *task,
            gpointer  user_data)
{
  for (guint i = 0; i < dag_task_get_n_arguments (task); i++)
    g_assert_true (G_IS_OBJECT (dag_task_get_argument_object (task, i)));

  dag_task_return (task);
}

static void
test_shared (void)
{
  DagTask *source = dag_task_new (make_object, NULL, NULL);
  DagTask *twice = dag_task_new_with_inputs (use_object, NULL, NULL,
                                             (DagTask *[]) { source, source }, 2);
  DagTask *pending = dag_task_new_with_inputs (test_body_pending, NULL, NULL, &source, 1);
  DagTask *follower = dag_task_new_with_inputs (NULL, NULL, NULL, &pending, 1);

  g_test_summary ("A result feeds any number of dependents, twice in one call too, and is freed "
                  "when the last that needs it has returned");

  g_object_unref (source);
  test_finish (twice);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (pending), ==, DAG_STATE_RUNNING);
  g_assert_true (G_IS_OBJECT (dag_task_get_argument_object (pending, 0)));
  g_assert_cmpint (n_alive, ==, 1);

  dag_task_return (pending);
  test_settle (follower);
  g_assert_cmpint (n_alive, ==, 0);

  test_release (twice);
  test_release (follower);
  test_release (pending);
}

static void
test_holder (void)
{
  DagTask *source = dag_task_new (make_object, NULL, NULL);
  DagTask *dependent = dag_task_new_with_inputs (use_object, NULL, NULL, &source, 1);

  g_test_summary ("A result lives as long as somebody has its task, whoever has finished");

  test_release (dependent);
  g_assert_cmpint (n_alive, ==, 1);
  g_assert_true (G_IS_OBJECT (g_value_get_object (dag_task_get_value (source))));
  test_release (source);
  g_assert_cmpint (n_alive, ==, 0);
}

static void
pass_on (DagTask  *task,
         gpointer  user_data)
{
  g_assert_nonnull (dag_task_get_argument_object (task, 0));
  dag_task_return_take_object (task, new_object ());
}

static void
test_chain (void)
{
  guint n = test_size (20000);
  DagTask *last = dag_task_new (make_object, NULL, NULL);

  g_test_summary ("A long chain does not hold all its results, but those of a task and the one "
                  "before");

  max_alive = 0;
  for (guint i = 1; i < n; i++)
    {
      DagTask *task = dag_task_new_with_inputs (pass_on, NULL, NULL, &last, 1);

      g_object_unref (last);
      last = task;
    }

  test_release (last);
  g_assert_cmpint (n_alive, ==, 0);
  g_assert_cmpint (max_alive, ==, 2);
}

/* Function data and arguments */

typedef struct {
  gboolean destroyed;
  gpointer argument;   /* (weak) */
  gboolean checked;
} Used;

static void
check_unused (DagTask  *task,
              gpointer  user_data)
{
  Used *used = user_data;

  g_assert_true (used->destroyed);
  g_assert_null (used->argument);
  used->checked = TRUE;
  dag_task_return (task);
}

static DagTask *
new_using (DagTaskFunc  function,
           Used        *used)
{
  DagTask *task = dag_task_new (function, &used->destroyed, destroy_cb);
  GObject *object = new_object ();

  used->destroyed = FALSE;
  used->argument = object;
  g_object_add_weak_pointer (object, &used->argument);
  dag_task_add_argument_object (task, object);
  g_object_unref (object);

  return task;
}

static void
test_before_dependents (void)
{
  Used used = { FALSE, };
  DagTask *task = new_using (use_object, &used);
  DagTask *dependent = dag_task_new (check_unused, &used, NULL);

  g_test_summary ("Function data is destroyed and arguments are dropped before dependents start, "
                  "with the task itself still there");

  g_assert_true (dag_task_add_prerequisite (dependent, task, DAG_RULE_SUCCEEDED, NULL));
  test_settle (dependent);
  g_assert_true (used.checked);
  g_assert_cmpuint (dag_task_get_n_arguments (task), ==, 0);

  test_release (dependent);
  test_release (task);
}

static void
skipped_cb (DagTask  *task,
            gpointer  user_data)
{
  g_assert_not_reached ();
}

static void
test_not_started (void)
{
  Used cancelled = { FALSE, }, skipped = { FALSE, };
  DagTask *failing = dag_task_new (test_body_fail, NULL, NULL);
  DagTask *slow = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *tasks[2];

  g_test_summary ("A task that will not run lets go of what it has at once, though it has not "
                  "settled");

  tasks[0] = new_using (skipped_cb, &cancelled);
  tasks[1] = new_using (skipped_cb, &skipped);
  for (guint i = 0; i < 2; i++)
    g_assert_true (dag_task_add_prerequisite (tasks[i], slow, DAG_RULE_SUCCEEDED, NULL));
  g_assert_true (dag_task_add_prerequisite (tasks[1], failing, DAG_RULE_SUCCEEDED, NULL));
  dag_task_cancel (tasks[0]);
  g_assert_false (cancelled.destroyed);
  test_finish (tasks[0]);
  test_finish (tasks[1]);
  g_assert_false (dag_task_get_settled (tasks[0]));
  g_assert_true (cancelled.destroyed);
  g_assert_null (cancelled.argument);
  g_assert_true (skipped.destroyed);
  g_assert_null (skipped.argument);
  g_assert_nonnull (dag_task_get_error (tasks[1]));

  test_drain ();
  dag_task_return (slow);
  test_release (tasks[0]);
  test_release (tasks[1]);
  test_release (slow);
  test_release (failing);
}

/* While the function is on the stack */

static gpointer
return_in_thread (gpointer task)
{
  dag_task_return_int (task, 2);

  return NULL;
}

static gboolean
mark_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

/* Runs a main loop for a while, as a modal dialog does: until what has the least priority had its
 * turn.
 */
static void
run_nested (void)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  gboolean done = FALSE;

  g_source_set_priority (source, G_MAXINT);
  g_source_set_callback (source, mark_cb, &done, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  while (!done)
    test_iterate ();
}

typedef enum {
  RETURN_BEFORE,
  RETURN_IN_THREAD,
  RETURN_NESTED,
  RETURN_ON_CANCEL,
  N_WAYS,
} Way;

static Way way;

static gboolean
return_cb (gpointer user_data)
{
  dag_task_return_int (user_data, 2);

  return G_SOURCE_REMOVE;
}

static void
nested_body (DagTask  *task,
             gpointer  user_data)
{
  gboolean *destroyed = user_data;

  switch (way)
    {
    case RETURN_BEFORE:
      dag_task_return_int (task, 2);
      break;
    case RETURN_IN_THREAD:
      g_thread_join (g_thread_new ("return", return_in_thread, task));
      break;
    case RETURN_NESTED:
      g_idle_add (return_cb, task);
      break;
    case RETURN_ON_CANCEL:
      dag_task_set_return_on_cancel (task, TRUE);
      dag_task_cancel (task);
      break;
    case N_WAYS:
    default:
      g_assert_not_reached ();
    }

  run_nested ();

  g_assert_false (*destroyed);
  g_assert_cmpuint (dag_task_get_n_arguments (task), ==, 1);
  g_assert_true (G_IS_OBJECT (dag_task_get_argument_object (task, 0)));
  g_assert_false (dag_task_get_settled (task));

  if (way == RETURN_ON_CANCEL)
    {
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
      dag_task_return (task);
      run_nested ();
      g_assert_false (*destroyed);
      g_assert_true (G_IS_OBJECT (dag_task_get_argument_object (task, 0)));
    }
}

static void
test_on_stack (void)
{
  g_test_summary ("Neither function data nor arguments go while the function is on the stack, "
                  "also if it runs a main loop after it has returned, in whatever way");

  for (way = 0; way < N_WAYS; way++)
    {
      Used used = { FALSE, };
      DagTask *task = new_using (nested_body, &used);
      DagTask *dependent = dag_task_new (check_unused, &used, NULL);

      g_assert_true (dag_task_add_prerequisite (dependent, task, DAG_RULE_FINISHED, NULL));
      test_settle (dependent);
      g_assert_true (used.checked);
      g_assert_cmpint (dag_task_get_state (task), ==,
                       way == RETURN_ON_CANCEL ? DAG_STATE_CANCELLED : DAG_STATE_SUCCEEDED);
      test_release (dependent);
      test_release (task);
    }
}

static void
other_body (DagTask  *task,
            gpointer  user_data)
{
  ++*(guint *) user_data;
  dag_task_return (task);
}

static void
nested_others (DagTask  *task,
               gpointer  user_data)
{
  guint n = 0;

  for (guint i = 0; i < 100; i++)
    g_object_unref (dag_task_new (other_body, &n, NULL));
  while (n < 100)
    test_iterate ();
  dag_task_return (task);
}

static void
test_nested (void)
{
  DagTask *task = dag_task_new (nested_others, NULL, NULL);

  g_test_summary ("A main loop inside of a function keeps other tasks going");

  test_finish (task);
  test_release (task);
}

/* Where things are freed */

static gpointer
unref_in_thread (gpointer object)
{
  g_object_unref (object);

  return NULL;
}

static void
pointer_body (DagTask  *task,
              gpointer  user_data)
{
  g_atomic_int_inc (&n_alive);
  dag_task_return_pointer (task, &n_alive, freed_cb);
}

static void
boxed_body (DagTask  *task,
            gpointer  user_data)
{
  g_atomic_int_inc (&n_alive);
  dag_task_return_take_boxed (task, G_TYPE_BYTES,
                              g_bytes_new_with_free_func ("", 1, freed_cb, NULL));
}

static void
data_body (DagTask  *task,
           gpointer  user_data)
{
  g_atomic_int_inc (&n_alive);
  dag_task_set_task_data (task, &n_alive, freed_cb);
  dag_task_return (task);
}

static void
test_thread (void)
{
  DagTaskFunc bodies[] = { make_object, pointer_body, boxed_body, data_body };

  g_test_summary ("What a task has is freed in the context that owns it, when another thread "
                  "drops the last reference");

  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      DagTask *task = dag_task_new (bodies[i], NULL, NULL);
      gpointer weak = task;

      g_object_add_weak_pointer (G_OBJECT (task), &weak);
      test_settle (task);
      g_assert_cmpint (n_alive, ==, 1);
      freed_in = NULL;
      g_thread_join (g_thread_new ("unref", unref_in_thread, task));
      g_assert_cmpint (n_alive, ==, 1);
      test_drain ();
      g_assert_cmpint (n_alive, ==, 0);
      g_assert_true (freed_in == g_thread_self ());
      g_assert_null (weak);
    }
}

static gpointer
return_object_in_thread (gpointer task)
{
  dag_task_return_take_object (task, new_object ());

  return NULL;
}

static void
test_discarded (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("So is what is returned in another thread and not wanted any more");

  dag_task_set_return_on_cancel (task, TRUE);
  test_drain ();
  dag_task_cancel (task);
  test_finish (task);
  freed_in = NULL;
  g_thread_join (g_thread_new ("return", return_object_in_thread, task));
  g_assert_cmpint (n_alive, ==, 1);
  test_settle (task);
  g_assert_cmpint (n_alive, ==, 0);
  g_assert_true (freed_in == g_thread_self ());
  test_release (task);
}

static gpointer
build_in_thread (gpointer task)
{
  GObject *object = new_object ();

  /* It was cancelled meanwhile. */
  dag_task_add_argument_object (task, object);
  g_object_unref (object);
  g_atomic_int_inc (&n_alive);
  dag_task_set_function (task, use_object, &n_alive, freed_cb);
  dag_task_release (task);

  return NULL;
}

static void
test_built (void)
{
  DagTask *task = g_object_new (DAG_TYPE_TASK, "held", TRUE, NULL);

  g_test_summary ("So is what another thread gives to a task that was cancelled meanwhile");

  dag_task_cancel (task);
  test_finish (task);
  freed_in = NULL;
  g_thread_join (g_thread_new ("build", build_in_thread, task));
  g_assert_cmpint (n_alive, ==, 2);
  test_drain ();
  g_assert_cmpint (n_alive, ==, 0);
  g_assert_true (freed_in == g_thread_self ());
  test_release (task);
}

static void
test_no_context (void)
{
  GMainContext *context = g_main_context_new ();
  DagTask *task;

  g_test_summary ("If the context is gone a result is freed on the spot");

  g_main_context_push_thread_default (context);
  task = dag_task_new (make_object, NULL, NULL);
  test_settle (task);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  g_assert_cmpint (n_alive, ==, 1);
  freed_in = NULL;
  g_thread_join (g_thread_new ("unref", unref_in_thread, task));
  g_assert_cmpint (n_alive, ==, 0);
  g_assert_nonnull (freed_in);
  g_assert_false (freed_in == g_thread_self ());
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-5/result/shared", test_shared);
  g_test_add_func ("/promise-5/result/holder", test_holder);
  g_test_add_func ("/promise-5/result/chain", test_chain);
  g_test_add_func ("/promise-5/early/before-dependents", test_before_dependents);
  g_test_add_func ("/promise-5/early/not-started", test_not_started);
  g_test_add_func ("/promise-5/stack/returned", test_on_stack);
  g_test_add_func ("/promise-5/stack/others", test_nested);
  g_test_add_func ("/promise-5/where/thread", test_thread);
  g_test_add_func ("/promise-5/where/discarded", test_discarded);
  g_test_add_func ("/promise-5/where/built", test_built);
  g_test_add_func ("/promise-5/where/no-context", test_no_context);

  return g_test_run ();
}
