/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* What happens to a task in which order, where, and how often. */

/* What happened, in words. */
static GString *story;

/* Whether a call into the library goes on, out of which nothing may be called back. */
static gboolean calling;

/* What has to be thread-default in everything that is called back. */
static GMainContext *home;

static void
tell (const char *word)
{
  g_autoptr (GMainContext) current = g_main_context_ref_thread_default ();

  g_assert_false (calling);
  g_assert_true (current == home);
  g_assert_true (g_main_context_is_owner (home));

  g_string_append_printf (story, "%s%s", story->len > 0 ? " " : "", word);
}

#define assert_story(expected) \
  G_STMT_START \
  { \
    g_assert_cmpstr (story->str, ==, expected); \
    g_string_truncate (story, 0); \
  } \
  G_STMT_END

/* What a program does from its main loop. */
#define outside(statement) \
  G_STMT_START \
  { \
    calling = TRUE; \
    statement; \
    calling = FALSE; \
  } \
  G_STMT_END

/* Every lock of the task is taken by one of these. */
static void
look_around (DagTask *task)
{
  dag_task_get_settled (task);
  dag_task_get_held (task);
  dag_task_had_error (task);
  dag_task_get_cancellable (task);
  dag_task_is_cancelled (task);
}

static void
notify_cb (GObject    *object,
           GParamSpec *pspec,
           gpointer    user_data)
{
  g_auto (GValue) value = G_VALUE_INIT;
  G_GNUC_UNUSED g_auto (GValue) string = G_VALUE_INIT;
  DagTask *task = DAG_TASK (object);
  g_autofree char *word = NULL;

  look_around (task);

  if (g_str_equal (pspec->name, "settled"))
    {
      g_assert_true (dag_task_get_settled (task));
      tell ("settled");
      return;
    }

  g_object_get_property (object, pspec->name, &value);
  word = g_strdup (g_enum_get_value (g_type_class_peek (G_VALUE_TYPE (&value)),
                                     g_value_get_enum (&value))->value_nick);
  tell (word);
}

static void
signal_cb (DagTask  *task,
           gpointer  user_data)
{
  look_around (task);
  tell (user_data);
}

static DagTask *
observe (DagTask *task)
{
  g_signal_connect (task, "notify::state", G_CALLBACK (notify_cb), NULL);
  g_signal_connect (task, "notify::reason", G_CALLBACK (notify_cb), NULL);
  g_signal_connect (task, "notify::settled", G_CALLBACK (notify_cb), NULL);
  g_signal_connect (task, "started", G_CALLBACK (signal_cb), (gpointer) "started");
  g_signal_connect (task, "finished", G_CALLBACK (signal_cb), (gpointer) "finished");

  return task;
}

static void
destroy_cb (gpointer data)
{
  tell (data);
}

/* Functions that tell that they are called. */

static void
pending_body (DagTask  *task,
              gpointer  user_data)
{
  look_around (task);
  tell ("body");
}

#define DEFINE_BODY(name, statement) \
  static void \
  name (DagTask  *task, \
        gpointer  user_data) \
  { \
    tell ("body"); \
    outside (statement); \
    tell ("back"); \
  }

DEFINE_BODY (succeed_body, dag_task_return_int (task, 1))
DEFINE_BODY (fail_body, test_body_fail (task, NULL))
DEFINE_BODY (skip_body, dag_task_return_skip (task))
DEFINE_BODY (cancelled_body,
             dag_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "No"))

static DagTask *
new_task (DagTaskFunc function)
{
  return observe (dag_task_new (function, (gpointer) "destroyed", destroy_cb));
}

/* Runs a test in the global default context, and in one of its own. */
static void
in_contexts (void (*test) (void))
{
  home = g_main_context_ref_thread_default ();
  g_main_context_push_thread_default (home);
  story = g_string_new (NULL);
  test ();
  g_main_context_pop_thread_default (home);
  g_main_context_unref (home);

  home = g_main_context_new ();
  g_main_context_push_thread_default (home);
  test ();
  test_drain ();
  g_main_context_pop_thread_default (home);
  g_clear_pointer (&home, g_main_context_unref);

  g_assert_cmpstr (story->str, ==, "");
  g_string_free (story, TRUE);
}

static void
check_story (DagTaskFunc  function,
             const char  *expected)
{
  DagTask *task;

  outside (task = new_task (function));
  test_settle (task);
  if (dag_task_get_state (task) == DAG_STATE_FAILED)
    g_assert_nonnull (dag_task_get_error (task));
  assert_story (expected);
  test_release (task);
  assert_story ("");
}

static void
run_states (void)
{
  check_story (succeed_body,
               "ready running started body back destroyed succeeded finished settled");
  check_story (fail_body,
               "ready running started body back destroyed failed failure finished settled");
  check_story (skip_body,
               "ready running started body back destroyed skipped not-needed finished settled");
  check_story (cancelled_body,
               "ready running started body back destroyed cancelled cancellation finished settled");
}

static void
test_states (void)
{
  g_test_summary ("States, signals and the destroy notify come in order, in the context of the "
                  "task which is thread-default then, and never inside the call that causes them");

  in_contexts (run_states);
}

static void
run_later (void)
{
  DagTask *task;

  outside (task = new_task (pending_body));
  test_drain ();
  assert_story ("ready running started body");

  outside (dag_task_return_int (task, 1));
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
  g_assert_null (dag_task_get_value (task));
  assert_story ("");

  test_settle (task);
  assert_story ("destroyed succeeded finished settled");
  test_release (task);
}

static void
test_later (void)
{
  g_test_summary ("A function that returns later is finished in a later dispatch");

  in_contexts (run_later);
}

static void
run_cancelled (void)
{
  DagTask *task;

  outside (task = new_task (pending_body));
  outside (dag_task_cancel (task));
  assert_story ("");
  test_settle (task);
  assert_story ("destroyed cancelled cancellation finished settled");
  test_release (task);

  outside (task = new_task (pending_body));
  test_drain ();
  assert_story ("ready running started body");
  outside (dag_task_cancel (task));
  test_drain ();
  assert_story ("");
  outside (dag_task_return (task));
  test_settle (task);
  assert_story ("destroyed cancelled cancellation finished settled");
  test_release (task);

  outside (task = new_task (pending_body));
  dag_task_set_return_on_cancel (task, TRUE);
  test_drain ();
  assert_story ("ready running started body");
  outside (dag_task_cancel (task));
  test_drain ();
  assert_story ("cancelled cancellation finished");
  outside (dag_task_return (task));
  test_settle (task);
  assert_story ("destroyed settled");
  test_release (task);
}

static void
test_cancelled (void)
{
  g_test_summary ("A task that is cancelled before it starts, while it runs, or with "
                  "return-on-cancel, tells so in order");

  in_contexts (run_cancelled);
}

static void
run_skipped (void)
{
  DagTask *fast = dag_task_new (test_body_fail, NULL, NULL);
  DagTask *slow = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *task;

  outside (task = observe (dag_task_new_with_inputs (pending_body, (gpointer) "destroyed",
                                                     destroy_cb, (DagTask *[]) { fast, slow }, 2)));
  test_drain ();
  assert_story ("destroyed skipped failure finished");
  g_assert_false (dag_task_get_settled (task));

  outside (dag_task_return (slow));
  assert_story ("");
  test_settle (task);
  assert_story ("settled");

  g_assert_nonnull (dag_task_get_error (task));
  test_release (task);
  test_release (fast);
  test_release (slow);
}

static void
test_skipped (void)
{
  g_test_summary ("A task is skipped at once, and settles when its last dependency has");

  in_contexts (run_skipped);
}

/* Promise 4 */

static guint n_freed;

static void
count_free (gpointer data)
{
  n_freed++;
}

static gpointer
new_object (void)
{
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);

  g_object_set_data_full (object, "freed", object, count_free);

  return object;
}

static GBytes *
new_bytes (void)
{
  return g_bytes_new_with_free_func ("x", 1, count_free, NULL);
}

static GVariant *
new_variant (void)
{
  g_autoptr (GBytes) bytes = new_bytes ();

  return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTE, bytes, TRUE);
}

static void
return_object_value (DagTask *task)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_OBJECT);
  g_value_take_object (&value, new_object ());
  dag_task_return_value (task, &value);
}

static void
return_object (DagTask *task)
{
  g_autoptr (GObject) object = new_object ();

  dag_task_return_object (task, object);
}

static void
return_boxed (DagTask *task)
{
  g_autoptr (GBytes) bytes = new_bytes ();

  dag_task_return_boxed (task, G_TYPE_BYTES, bytes);
}

#define STRINGS ((const char *[]) { "a", "b", NULL })

/* Every way to return: its name, how often something that can be counted is freed, and a call. */
#define RETURNS(X) \
  X ("", 0, dag_task_return (task)) \
  X ("_value", 1, return_object_value (task)) \
  X ("_boolean", 0, dag_task_return_boolean (task, TRUE)) \
  X ("_int", 0, dag_task_return_int (task, 1)) \
  X ("_uint", 0, dag_task_return_uint (task, 1)) \
  X ("_int64", 0, dag_task_return_int64 (task, 1)) \
  X ("_uint64", 0, dag_task_return_uint64 (task, 1)) \
  X ("_double", 0, dag_task_return_double (task, 1.0)) \
  X ("_string", 0, dag_task_return_string (task, "a")) \
  X ("_take_string", 0, dag_task_return_take_string (task, g_strdup ("a"))) \
  X ("_strv", 0, dag_task_return_strv (task, STRINGS)) \
  X ("_take_strv", 0, dag_task_return_take_strv (task, g_strdupv ((char **) STRINGS))) \
  X ("_enum", 0, dag_task_return_enum (task, DAG_TYPE_STATE, 1)) \
  X ("_flags", 0, dag_task_return_flags (task, G_TYPE_APPLICATION_FLAGS, 1)) \
  X ("_object", 1, return_object (task)) \
  X ("_take_object", 1, dag_task_return_take_object (task, new_object ())) \
  X ("_boxed", 1, return_boxed (task)) \
  X ("_take_boxed", 1, dag_task_return_take_boxed (task, G_TYPE_BYTES, new_bytes ())) \
  X ("_variant", 1, dag_task_return_variant (task, new_variant ())) \
  X ("_take_variant", 1, dag_task_return_take_variant (task, g_variant_ref_sink (new_variant ()))) \
  X ("_pointer", 1, dag_task_return_pointer (task, &n_freed, count_free)) \
  X ("_error", 0, dag_task_return_error (task, g_error_new (G_IO_ERROR, 1, "a"))) \
  X ("_error_copy", 0, dag_task_return_error_copy (task, &static_error)) \
  X ("_new_error", 0, dag_task_return_new_error (task, G_IO_ERROR, 1, "%s", "a")) \
  X ("_new_error_literal", 0, dag_task_return_new_error_literal (task, G_IO_ERROR, 1, "a")) \
  X ("_prefixed_error", 0, \
     dag_task_return_prefixed_error (task, g_error_new (G_IO_ERROR, 1, "a"), "%s: ", "b")) \
  X ("_skip", 0, dag_task_return_skip (task)) \
  X ("_task", 0, dag_task_return_task (task, other))

static GError static_error = { 0, 1, (char *) "a" };

static const struct {
  const char *name;
  guint       n_freed;
} returns[] = {
#define RETURN_ROW(name, n, call) { "dag_task_return" name, n },
  RETURNS (RETURN_ROW)
};

static void
do_return (DagTask *task,
           guint    index,
           DagTask *other)
{
  guint i = 0;

#define RETURN_CALL(name, n, call) \
  if (i++ == index) \
    call;
  RETURNS (RETURN_CALL)
}

static void
return_twice (DagTask  *task,
              gpointer  user_data)
{
  guint index = GPOINTER_TO_UINT (user_data);
  g_autofree char *message = g_strdup_printf ("%s: twice (*task-order.c:*) has already returned",
                                              returns[index].name);
  g_autoptr (DagTask) other = dag_task_new_for_value (NULL);

  dag_task_return_int (task, 5);

  n_freed = 0;
  test_assert_critical (message, do_return (task, index, other));
}

static void
test_twice (void)
{
  g_test_summary ("A second return is a programmer error that names the function and the task: "
                  "the first counts, and what the second was given is freed in the context of the "
                  "task");

  static_error.domain = G_IO_ERROR;

  for (guint i = 0; i < G_N_ELEMENTS (returns); i++)
    {
      DagTask *task = dag_task_new (return_twice, GUINT_TO_POINTER (i), NULL);

      dag_task_set_name (task, "twice");
      test_settle (task);
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
      g_assert_cmpint (g_value_get_int (dag_task_get_value (task)), ==, 5);
      g_assert_cmpuint (n_freed, ==, returns[i].n_freed);
      test_release (task);
    }
}

static void
test_twice_later (void)
{
  G_GNUC_UNUSED g_autoptr (GError) error = NULL;
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  g_test_summary ("A second return is one after the task has settled too, and from another "
                  "callback");

  test_drain ();
  dag_task_cancel (task);
  g_assert_true (dag_task_return_error_if_cancelled (task));
  test_assert_critical ("dag_task_return_error_if_cancelled: *has already returned",
                        dag_task_return_error_if_cancelled (task));
  test_assert_critical ("dag_task_return_boolean: *has already returned",
                        dag_task_return_boolean (task, TRUE));
  test_settle (task);
  test_assert_critical ("dag_task_return_take_object: *has already returned",
                        dag_task_return_take_object (task, new_object ()));
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);

  test_release (task);
}

static void
test_too_late (void)
{
  g_test_summary ("What is returned after the task returned on cancel is freed in silence");

  for (guint i = 0; i < G_N_ELEMENTS (returns); i++)
    {
      DagTask *task = dag_task_new (test_body_pending, NULL, NULL);
      g_autoptr (DagTask) other = dag_task_new_for_value (NULL);

      dag_task_set_return_on_cancel (task, TRUE);
      test_drain ();
      dag_task_cancel (task);
      test_finish (task);
      g_assert_false (dag_task_get_settled (task));

      n_freed = 0;
      do_return (task, i, other);
      test_settle (task);
      g_assert_cmpuint (n_freed, ==, returns[i].n_freed);
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
      test_release (task);
    }
}

static void
test_no_context (void)
{
  g_test_summary ("What is returned after the context was destroyed is freed in silence");

  for (guint i = 0; i < G_N_ELEMENTS (returns); i++)
    {
      g_autoptr (DagTask) other = dag_task_new_for_value (NULL);
      GMainContext *context = g_main_context_new ();
      DagTask *task;

      g_main_context_push_thread_default (context);
      task = dag_task_new (test_body_pending, NULL, NULL);
      test_drain ();
      g_main_context_pop_thread_default (context);
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
      g_main_context_unref (context);

      n_freed = 0;
      do_return (task, i, other);
      g_assert_cmpuint (n_freed, ==, returns[i].n_freed);
      g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
      g_assert_finalize_object (task);
    }
}

/* Promise 13 */

static void
name_body (DagTask  *task,
           gpointer  user_data)
{
  tell (dag_task_get_name (task));
  dag_task_return (task);
}

static DagTask *
new_named (const char *name,
           int         priority)
{
  DagTask *task = dag_task_new (name_body, NULL, NULL);

  dag_task_set_name (task, name);
  dag_task_set_priority (task, priority);

  return task;
}

static void
run_priorities (void)
{
  const struct { const char *name; int priority; } tasks[] = {
    { "c", 0 }, { "f", 5 }, { "d", 0 }, { "a", G_MININT }, { "b", -1 }, { "g", G_MAXINT },
    { "e", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    g_object_unref (new_named (tasks[i].name, tasks[i].priority));

  test_drain ();
  assert_story ("a b c d e f g");
}

static void
test_priorities (void)
{
  g_test_summary ("Ready tasks start by priority, and then in the order in which they were ready");

  in_contexts (run_priorities);
}

/* When this one is ready, those before it are ready too. */
static void
change_priorities_cb (DagTask    *last,
                      GParamSpec *pspec,
                      gpointer    user_data)
{
  DagTask **tasks = user_data;

  if (dag_task_get_state (last) != DAG_STATE_READY)
    return;

  for (guint i = 0; tasks[i] != NULL; i++)
    g_assert_cmpint (dag_task_get_state (tasks[i]), ==, DAG_STATE_READY);

  dag_task_set_priority (tasks[4], -1);
  dag_task_set_priority (tasks[0], 1);
  dag_task_set_priority (tasks[3], -1);
  /* There and back again: behind all that have it. */
  dag_task_set_priority (tasks[1], 7);
  dag_task_set_priority (tasks[1], 0);
  /* It starts nevertheless, and only once. */
  dag_task_set_priority (tasks[2], 0);
}

static void
run_changed_priorities (void)
{
  const char *names[] = { "a", "b", "c", "d", "e" };
  DagTask *tasks[G_N_ELEMENTS (names) + 1] = { NULL, };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    tasks[i] = new_named (names[i], 0);
  g_signal_connect (tasks[4], "notify::state", G_CALLBACK (change_priorities_cb), tasks);

  test_drain ();
  assert_story ("e d c b a");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      dag_task_set_priority (tasks[i], 3);
      g_object_unref (tasks[i]);
    }
}

static void
test_changed_priorities (void)
{
  g_test_summary ("The priority of a task that is ready already can be changed");

  in_contexts (run_changed_priorities);
}

static gpointer
raise_thread (gpointer data)
{
  dag_task_set_priority (data, G_PRIORITY_HIGH);

  return NULL;
}

/* Has a thread change the priority of what waits behind it. */
static void
raise_body (DagTask  *task,
            gpointer  user_data)
{
  g_thread_join (g_thread_new ("raise", raise_thread, user_data));
  tell ("raised");
  dag_task_return (task);
}

static void
run_priority_from_thread (void)
{
  DagTask *last = new_named ("last", 2);
  DagTask *raising = dag_task_new (raise_body, last, NULL);

  g_object_unref (new_named ("next", 1));
  test_drain ();
  assert_story ("raised last next");

  g_object_unref (raising);
  g_object_unref (last);
}

static void
test_priority_from_thread (void)
{
  g_test_summary ("Promise 12: The priority of a task can be changed from another thread");

  in_contexts (run_priority_from_thread);
}

static gpointer
end_context_thread (gpointer data)
{
  GMainContext *context = g_main_context_new ();
  DagTask *task;

  g_main_context_push_thread_default (context);
  task = new_named ("never", 0);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  dag_task_set_priority (task, 1);
  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
  g_object_unref (task);

  return NULL;
}

static void
test_priority_without_context (void)
{
  g_test_summary ("Promise 14: A priority means nothing when the main context was destroyed");

  g_thread_join (g_thread_new ("end", end_context_thread, NULL));
}

static void
awaited_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_assert_nonnull (dag_task_await_finish (DAG_TASK (object), result, NULL));
  tell (user_data);
}

static void
run_told (void)
{
  g_autoptr (DagTask) first = dag_task_new (test_body_pending, NULL, NULL);
  g_autoptr (DagTask) second = dag_task_new (test_body_pending, NULL, NULL);
  const char *names[] = { "a", "b", "c", "d" };
  DagTask *tasks[G_N_ELEMENTS (names)];

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    tasks[i] = new_named (names[i], 0);

  /* Attached neither in the order in which they were made nor all to the same. */
  g_assert_true (dag_task_add_prerequisite (tasks[2], first, DAG_RULE_SUCCEEDED, NULL));
  g_assert_true (dag_task_add_prerequisite (tasks[0], first, DAG_RULE_FINISHED, NULL));
  g_assert_true (dag_task_add_input (tasks[3], first, DAG_RULE_SUCCEEDED, NULL));
  g_assert_true (dag_task_add_prerequisite (tasks[1], second, DAG_RULE_SUCCEEDED, NULL));
  test_drain ();
  assert_story ("");

  dag_task_await_async (first, NULL, awaited_cb, (gpointer) "waiter-1");
  dag_task_await_async (first, NULL, awaited_cb, (gpointer) "waiter-2");
  g_signal_connect (first, "finished", G_CALLBACK (signal_cb), (gpointer) "finished");

  dag_task_return (second);
  dag_task_return (first);
  test_drain ();

  /* With FINISHED it may start when the dependency has settled, which is told after it finished. */
  assert_story ("finished waiter-1 waiter-2 b c a d");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    test_release (tasks[i]);
}

static void
test_told (void)
{
  g_test_summary ("Dependents are told in the order in which they were attached, after the finish "
                  "was seen and waiters were called");

  in_contexts (run_told);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/promise-2/order/states", test_states);
  g_test_add_func ("/promise-2/order/later", test_later);
  g_test_add_func ("/promise-2/order/cancelled", test_cancelled);
  g_test_add_func ("/promise-2/order/skipped", test_skipped);
  g_test_add_func ("/promise-4/twice", test_twice);
  g_test_add_func ("/promise-4/twice-later", test_twice_later);
  g_test_add_func ("/promise-4/too-late/return-on-cancel", test_too_late);
  g_test_add_func ("/promise-4/too-late/no-context", test_no_context);
  g_test_add_func ("/promise-13/priorities", test_priorities);
  g_test_add_func ("/promise-13/priorities/changed", test_changed_priorities);
  g_test_add_func ("/promise-13/priorities/thread", test_priority_from_thread);
  g_test_add_func ("/promise-13/priorities/no-context", test_priority_without_context);
  g_test_add_func ("/promise-13/told", test_told);

  return g_test_run ();
}
