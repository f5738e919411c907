/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* What a task is before and after it runs: its properties. */

static void
count_cb (GObject    *object,
          GParamSpec *pspec,
          gpointer    user_data)
{
  ++*(guint *) user_data;
}

static gulong
count_notify (DagTask    *task,
              const char *property,
              guint      *count)
{
  g_autofree char *detailed = g_strconcat ("notify::", property, NULL);

  *count = 0;

  return g_signal_connect (task, detailed, G_CALLBACK (count_cb), count);
}

static void
test_defaults (void)
{
  DagTask *task = dag_task_new (test_body_succeed, NULL, NULL);

  g_test_summary ("A new task waits, has nothing yet, and follows the usual ways");

  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_NONE);
  g_assert_false (dag_task_is_finished (task));
  g_assert_false (dag_task_get_settled (task));
  g_assert_false (dag_task_get_held (task));
  g_assert_false (dag_task_is_cancelled (task));
  g_assert_false (dag_task_had_error (task));
  g_assert_null (dag_task_get_value (task));
  g_assert_null (dag_task_get_error (task));
  g_assert_null (dag_task_get_origin (task));
  g_assert_null (dag_task_describe_failure (task));
  g_assert_null (dag_task_get_name (task));
  g_assert_null (dag_task_get_parent_cancellable (task));
  g_assert_cmpint (dag_task_get_priority (task), ==, G_PRIORITY_DEFAULT);
  g_assert_cmpint (dag_task_get_trigger (task), ==, DAG_TRIGGER_ALL);
  g_assert_true (dag_task_get_check_cancellable (task));
  g_assert_false (dag_task_get_return_on_cancel (task));
  g_assert_true (dag_task_get_context (task) == g_main_context_default ());

  test_release (task);
}

/* A property that can be set: each through its getter, g_object_get () and g_object_set (). */

static void
test_name (void)
{
  DagTask *task = dag_task_new (NULL, NULL, NULL);
  guint count;
  char *name;

  g_test_summary ("DagTask:name is what was set last, and notifies when that is something else");

  count_notify (task, "name", &count);

  dag_task_set_name (task, "one");
  g_assert_cmpstr (dag_task_get_name (task), ==, "one");
  g_object_get (task, "name", &name, NULL);
  g_assert_cmpstr (name, ==, "one");
  g_free (name);
  g_assert_cmpuint (count, ==, 1);

  g_object_set (task, "name", "two", NULL);
  g_assert_cmpstr (dag_task_get_name (task), ==, "two");
  g_assert_cmpuint (count, ==, 2);

  dag_task_set_name (task, "two");
  g_assert_cmpuint (count, ==, 2);

  dag_task_set_name (task, NULL);
  g_assert_null (dag_task_get_name (task));
  g_assert_cmpuint (count, ==, 3);

  test_release (task);
}

static void
test_priority (void)
{
  DagTask *task = dag_task_new (NULL, NULL, NULL);
  guint count;
  int priority;

  g_test_summary ("DagTask:priority is any number, and notifies when it changes");

  count_notify (task, "priority", &count);

  dag_task_set_priority (task, G_MININT);
  g_assert_cmpint (dag_task_get_priority (task), ==, G_MININT);
  g_object_get (task, "priority", &priority, NULL);
  g_assert_cmpint (priority, ==, G_MININT);
  g_assert_cmpuint (count, ==, 1);

  g_object_set (task, "priority", G_MAXINT, NULL);
  g_assert_cmpint (dag_task_get_priority (task), ==, G_MAXINT);
  g_assert_cmpuint (count, ==, 2);

  dag_task_set_priority (task, G_MAXINT);
  g_assert_cmpuint (count, ==, 2);

  test_release (task);
}

static void
test_trigger (void)
{
  DagTask *task = dag_task_new (NULL, NULL, NULL);
  guint count;
  DagTrigger trigger;

  g_test_summary ("DagTask:trigger is one of three, and notifies when it changes");

  count_notify (task, "trigger", &count);

  dag_task_set_trigger (task, DAG_TRIGGER_ANY);
  g_assert_cmpint (dag_task_get_trigger (task), ==, DAG_TRIGGER_ANY);
  g_object_get (task, "trigger", &trigger, NULL);
  g_assert_cmpint (trigger, ==, DAG_TRIGGER_ANY);
  g_assert_cmpuint (count, ==, 1);

  g_object_set (task, "trigger", DAG_TRIGGER_ALL, NULL);
  g_assert_cmpint (dag_task_get_trigger (task), ==, DAG_TRIGGER_ALL);
  g_assert_cmpuint (count, ==, 2);

  dag_task_set_trigger (task, DAG_TRIGGER_ALL);
  g_assert_cmpuint (count, ==, 2);

  test_assert_critical ("*dag_task_set_trigger*trigger*", dag_task_set_trigger (task, 3));
  g_assert_cmpint (dag_task_get_trigger (task), ==, DAG_TRIGGER_ALL);

  test_settle (task);
  test_assert_critical ("dag_task_set_trigger: * has already started",
                        dag_task_set_trigger (task, DAG_TRIGGER_FIRST));
  g_assert_cmpint (dag_task_get_trigger (task), ==, DAG_TRIGGER_ALL);
  g_assert_cmpuint (count, ==, 2);

  test_release (task);
}

typedef gboolean (*BooleanGetter) (DagTask *task);

static void
check_boolean (const char    *property,
               BooleanGetter  get,
               gboolean       initial)
{
  DagTask *task = dag_task_new (NULL, NULL, NULL);
  guint count;
  gboolean value;

  count_notify (task, property, &count);
  g_assert_cmpint (get (task), ==, initial);

  for (int i = 1; i <= 2; i++)
    {
      gboolean expected = i % 2 == 1 ? !initial : initial;

      g_object_set (task, property, expected, NULL);
      g_assert_cmpint (get (task), ==, expected);
      g_object_get (task, property, &value, NULL);
      g_assert_cmpint (value, ==, expected);
      g_assert_cmpuint (count, ==, i);

      g_object_set (task, property, expected, NULL);
      g_assert_cmpuint (count, ==, i);
    }

  test_release (task);
}

static void
test_booleans (void)
{
  DagTask *task;

  g_test_summary ("check-cancellable and return-on-cancel are what was set, and notify when it "
                  "changes");

  check_boolean ("check-cancellable", dag_task_get_check_cancellable, TRUE);
  check_boolean ("return-on-cancel", dag_task_get_return_on_cancel, FALSE);

  /* The setters, with what is true but not TRUE. */
  task = dag_task_new (NULL, NULL, NULL);
  dag_task_set_check_cancellable (task, FALSE);
  g_assert_false (dag_task_get_check_cancellable (task));
  dag_task_set_check_cancellable (task, 4);
  g_assert_cmpint (dag_task_get_check_cancellable (task), ==, TRUE);

  g_assert_true (dag_task_set_return_on_cancel (task, 4));
  g_assert_cmpint (dag_task_get_return_on_cancel (task), ==, TRUE);
  dag_task_cancel (task);
  g_assert_false (dag_task_set_return_on_cancel (task, FALSE));
  g_assert_true (dag_task_get_return_on_cancel (task));

  test_release (task);
}

static void
test_cancellable (void)
{
  DagTask *task = dag_task_new (NULL, NULL, NULL);
  GCancellable *first = g_cancellable_new (), *second = g_cancellable_new ();
  GCancellable *value;
  guint count;

  g_test_summary ("DagTask:cancellable is the one that the task follows, and kept while it does");

  count_notify (task, "cancellable", &count);

  dag_task_set_parent_cancellable (task, first);
  g_assert_true (dag_task_get_parent_cancellable (task) == first);
  g_object_get (task, "cancellable", &value, NULL);
  g_assert_true (value == first);
  g_object_unref (value);
  g_assert_cmpuint (count, ==, 1);

  g_object_set (task, "cancellable", second, NULL);
  g_assert_true (dag_task_get_parent_cancellable (task) == second);
  g_assert_cmpuint (count, ==, 2);
  g_assert_finalize_object (first);

  dag_task_set_parent_cancellable (task, second);
  g_assert_cmpuint (count, ==, 2);

  /* Its own is another one. */
  g_assert_false (dag_task_get_cancellable (task) == second);

  test_settle (task);
  g_assert_null (dag_task_get_parent_cancellable (task));
  g_assert_finalize_object (second);

  test_release (task);
}

static void
test_read_only (void)
{
  DagTask *task = dag_task_new (test_body_fail, NULL, NULL);
  DagState state;
  DagReason reason;
  gboolean settled, held;

  g_test_summary ("DagTask:state, :reason, :settled and :held can be read and say what the getters "
                  "say");

  dag_task_hold (task);
  g_object_get (task, "state", &state, "reason", &reason, "settled", &settled, "held", &held, NULL);
  g_assert_cmpint (state, ==, DAG_STATE_WAITING);
  g_assert_cmpint (reason, ==, DAG_REASON_NONE);
  g_assert_false (settled);
  g_assert_true (held);

  dag_task_release (task);
  test_settle (task);
  g_object_get (task, "state", &state, "reason", &reason, "settled", &settled, "held", &held, NULL);
  g_assert_cmpint (state, ==, DAG_STATE_FAILED);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_cmpint (reason, ==, DAG_REASON_FAILURE);
  g_assert_cmpint (dag_task_get_reason (task), ==, DAG_REASON_FAILURE);
  g_assert_true (settled);
  g_assert_false (held);
  g_assert_nonnull (dag_task_get_error (task));

  for (guint i = 0; i < 3; i++)
    {
      const char *names[] = { "state", "reason", "settled" };
      GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (task), names[i]);

      g_assert_false (pspec->flags & G_PARAM_WRITABLE);
    }

  test_release (task);
}

static void
test_context (void)
{
  GMainContext *context = g_main_context_new ();
  GMainContext *value;
  DagTask *task;

  g_test_summary ("DagTask:context is given at construction, runs the task, and is not kept");

  task = g_object_new (DAG_TYPE_TASK, "context", context, NULL);
  g_assert_true (dag_task_get_context (task) == context);
  g_object_get (task, "context", &value, NULL);
  g_assert_true (value == context);
  g_main_context_unref (value);

  /* Not in the one that is thread-default here. */
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_WAITING);

  while (!dag_task_get_settled (task))
    g_main_context_iteration (context, TRUE);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);

  g_main_context_unref (context);
  g_assert_null (dag_task_get_context (task));
  g_object_get (task, "context", &value, NULL);
  g_assert_null (value);

  g_assert_finalize_object (task);
}

static void
test_thread_default (void)
{
  GMainContext *context = g_main_context_new ();
  DagTask *task, *explicit;

  g_test_summary ("Without a context of its own a task belongs to the one that is thread-default");

  g_main_context_push_thread_default (context);
  task = dag_task_new (NULL, NULL, NULL);
  explicit = g_object_new (DAG_TYPE_TASK, "context", NULL, NULL);
  g_main_context_pop_thread_default (context);

  g_assert_true (dag_task_get_context (task) == context);
  g_assert_true (dag_task_get_context (explicit) == context);

  while (!dag_task_get_settled (task) || !dag_task_get_settled (explicit))
    g_main_context_iteration (context, TRUE);

  g_assert_finalize_object (task);
  g_assert_finalize_object (explicit);
  g_main_context_unref (context);
}

static const DagFunction sum_function = { "sum", test_body_succeed, 0, NULL };

static void
test_names (void)
{
  g_autofree char *place = NULL;
  DagTask *task, *named;

  g_test_summary ("A task has the name of its function and the line that made it, unless told "
                  "otherwise");

  place = g_strdup_printf ("task.c:%d", __LINE__ + 1);
  task = dag_task_new_for_function (&sum_function, NULL, 0);
  g_assert_cmpstr (dag_task_get_name (task), ==, "sum");
  g_assert_true (g_str_has_suffix (dag_task_get_location (task), place));

  dag_task_set_name (task, "product");
  g_assert_cmpstr (dag_task_get_name (task), ==, "product");
  dag_task_set_name (task, NULL);
  g_assert_cmpstr (dag_task_get_name (task), ==, "sum");

  named = g_object_new (DAG_TYPE_TASK, "name", "built", NULL);
  g_assert_cmpstr (dag_task_get_name (named), ==, "built");
  g_assert_null (dag_task_get_location (named));
  g_assert_true (dag_task_at (named, "elsewhere:1") == named);
  g_assert_cmpstr (dag_task_get_location (named), ==, "elsewhere:1");

  test_release (task);
  test_release (named);
}

static void
concatenate (DagTask  *task,
             gpointer  user_data)
{
  g_assert_cmpuint (dag_task_get_n_arguments (task), ==, 2);
  dag_task_return_take_string (task, g_strconcat (dag_task_get_argument_string (task, 0),
                                                  user_data,
                                                  dag_task_get_argument_string (task, 1), NULL));
}

static void
test_value_task (void)
{
  GValue value = G_VALUE_INIT;
  DagTask *task, *empty, *dependent;

  g_test_summary ("A task for a value has succeeded and settled from its birth");

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_static_string (&value, "there");
  task = dag_task_new_for_value (&value);
  empty = dag_task_new_for_value (NULL);

  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
  g_assert_true (dag_task_get_settled (task));
  g_assert_true (dag_task_get_completed (task));
  g_assert_cmpstr (g_value_get_string (dag_task_get_value (task)), ==, "there");
  g_assert_true (G_VALUE_HOLDS_POINTER (dag_task_get_value (empty)));
  g_assert_null (g_value_get_pointer (dag_task_get_value (empty)));

  dependent = dag_task_new_with_inputs (concatenate, g_strdup ("+"), g_free,
                                        (DagTask *[]) { task, task }, 2);
  test_finish (dependent);
  g_assert_cmpstr (g_value_get_string (dag_task_get_value (dependent)), ==, "there+there");

  test_release (dependent);
  g_assert_finalize_object (empty);
  g_assert_finalize_object (task);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/task/properties/defaults", test_defaults);
  g_test_add_func ("/task/properties/name", test_name);
  g_test_add_func ("/task/properties/priority", test_priority);
  g_test_add_func ("/task/properties/trigger", test_trigger);
  g_test_add_func ("/task/properties/booleans", test_booleans);
  g_test_add_func ("/task/properties/cancellable", test_cancellable);
  g_test_add_func ("/task/properties/read-only", test_read_only);
  g_test_add_func ("/task/properties/context", test_context);
  g_test_add_func ("/task/properties/names", test_names);
  g_test_add_func ("/task/value-task", test_value_task);
  g_test_add_func ("/promise-2/context/thread-default", test_thread_default);

  return g_test_run ();
}
