/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* A task in the place of a GTask. What should be equal is done with both, by the same code, and told
 * line by line; the two stories have to be the same.
 */
typedef struct {
  const char   *name;
  gpointer    (*new)                 (gpointer source_object, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
  void        (*report_error)        (gpointer source_object, GAsyncReadyCallback callback,
                                      gpointer user_data, gpointer source_tag, GError *error);
  gboolean    (*is_valid)            (gpointer result, gpointer source_object);
  gpointer    (*get_source_object)   (gpointer task);
  gpointer    (*get_source_tag)      (gpointer task);
  void        (*set_source_tag)      (gpointer task, gpointer tag);
  gpointer    (*get_task_data)       (gpointer task);
  void        (*set_task_data)       (gpointer task, gpointer data, GDestroyNotify destroy);
  const char *(*get_name)            (gpointer task);
  void        (*set_name)            (gpointer task, const char *name);
  int         (*get_priority)        (gpointer task);
  void        (*set_priority)        (gpointer task, int priority);
  GMainContext *(*get_context)       (gpointer task);
  gboolean    (*get_check)           (gpointer task);
  void        (*set_check)           (gpointer task, gboolean check);
  gboolean    (*get_return_on_cancel) (gpointer task);
  gboolean    (*set_return_on_cancel) (gpointer task, gboolean return_on_cancel);
  void        (*attach_source)       (gpointer task, GSource *source, GSourceFunc callback);
  void        (*run_in_thread)       (gpointer task, gpointer function);
  void        (*return_boolean)      (gpointer task, gboolean value);
  void        (*return_int)          (gpointer task, gssize value);
  void        (*return_pointer)      (gpointer task, gpointer value, GDestroyNotify destroy);
  void        (*return_value)        (gpointer task, GValue *value);
  void        (*return_error)        (gpointer task, GError *error);
  void        (*return_new_error)    (gpointer task, GQuark domain, int code, const char *format, ...);
  gboolean    (*return_if_cancelled) (gpointer task);
  gboolean    (*propagate_boolean)   (gpointer task, GError **error);
  gssize      (*propagate_int)       (gpointer task, GError **error);
  gpointer    (*propagate_pointer)   (gpointer task, GError **error);
  gboolean    (*propagate_value)     (gpointer task, GValue *value, GError **error);
  gboolean    (*had_error)           (gpointer task);
  gboolean    (*get_completed)       (gpointer task);
} Face;

static gpointer
new_task (gpointer            source_object,
          GCancellable       *cancellable,
          GAsyncReadyCallback callback,
          gpointer            user_data)
{
  return dag_task_new_for_callback (source_object, cancellable, callback, user_data);
}

#define FACE(prefix, constructor) \
  { \
    .name = #prefix, \
    .new = (gpointer) constructor, \
    .report_error = (gpointer) prefix##_report_error, \
    .is_valid = (gpointer) prefix##_is_valid, \
    .get_source_object = (gpointer) prefix##_get_source_object, \
    .get_source_tag = (gpointer) prefix##_get_source_tag, \
    .set_source_tag = (gpointer) prefix##_set_source_tag, \
    .get_task_data = (gpointer) prefix##_get_task_data, \
    .set_task_data = (gpointer) prefix##_set_task_data, \
    .get_name = (gpointer) prefix##_get_name, \
    /* One of them is a macro too. */ \
    .set_name = (gpointer) (prefix##_set_name), \
    .get_priority = (gpointer) prefix##_get_priority, \
    .set_priority = (gpointer) prefix##_set_priority, \
    .get_context = (gpointer) prefix##_get_context, \
    .get_check = (gpointer) prefix##_get_check_cancellable, \
    .set_check = (gpointer) prefix##_set_check_cancellable, \
    .get_return_on_cancel = (gpointer) prefix##_get_return_on_cancel, \
    .set_return_on_cancel = (gpointer) prefix##_set_return_on_cancel, \
    .attach_source = (gpointer) prefix##_attach_source, \
    .run_in_thread = (gpointer) prefix##_run_in_thread, \
    .return_boolean = (gpointer) prefix##_return_boolean, \
    .return_int = (gpointer) prefix##_return_int, \
    .return_pointer = (gpointer) prefix##_return_pointer, \
    .return_value = (gpointer) prefix##_return_value, \
    .return_error = (gpointer) prefix##_return_error, \
    .return_new_error = (gpointer) prefix##_return_new_error, \
    .return_if_cancelled = (gpointer) prefix##_return_error_if_cancelled, \
    .propagate_boolean = (gpointer) prefix##_propagate_boolean, \
    .propagate_int = (gpointer) prefix##_propagate_int, \
    .propagate_pointer = (gpointer) prefix##_propagate_pointer, \
    .propagate_value = (gpointer) prefix##_propagate_value, \
    .had_error = (gpointer) prefix##_had_error, \
    .get_completed = (gpointer) prefix##_get_completed, \
  }

static const Face faces[] = { FACE (g_task, g_task_new), FACE (dag_task, new_task) };
static const Face *face;

static GString *story;

static void tell (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
tell (const char *format,
      ...)
{
  va_list args;

  va_start (args, format);
  g_string_append_vprintf (story, format, args);
  va_end (args);
  g_string_append_c (story, '\n');
}

/* Tells of an error, which it takes. */
static void
tell_error (const char *what,
            GError     *error)
{
  if (error == NULL)
    tell ("%s", what);
  else
    tell ("%s, %s %d %s", what, g_quark_to_string (error->domain), error->code, error->message);

  g_clear_error (&error);
}

typedef void (*Scenario) (GObject *object);

/* Runs the scenario with both, each with an object that nobody else has afterwards. */
static void
compare (Scenario scenario)
{
  g_autofree char *first = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (faces); i++)
    {
      GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
      gpointer weak = object;

      face = &faces[i];
      g_string_truncate (story, 0);
      g_object_add_weak_pointer (object, &weak);

      scenario (object);
      test_drain ();
      g_object_unref (object);
      g_assert_null (weak);

      if (i == 0)
        first = g_strdup (story->str);
    }

  g_assert_cmpstr (first, !=, "");
  g_assert_cmpstr (story->str, ==, first);
}

static guint freed;  /* atomic: a GTask may be freed in its thread */

static void
count_free (gpointer data)
{
  g_atomic_int_inc (&freed);
}

static void
wait_freed (void)
{
  while (g_atomic_int_get (&freed) == 0)
    {
      g_main_context_iteration (NULL, FALSE);
      g_thread_yield ();
    }
}

static int result_pointer;

/* How a callback gets the result. */
typedef enum {
  GET_BOOLEAN,
  GET_INT,
  GET_POINTER,
  GET_VALUE,
  GET_NOTHING,
} Get;

static void
get_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  GError *error = NULL;
  GValue value = G_VALUE_INIT;
  gpointer pointer;

  tell ("callback, had error %d, completed %d", face->had_error (result),
        face->get_completed (result));

  switch ((Get) GPOINTER_TO_INT (user_data))
    {
    case GET_BOOLEAN:
      tell ("boolean %d", face->propagate_boolean (result, &error));
      tell_error ("after boolean", error);
      break;
    case GET_INT:
      tell ("int %" G_GSSIZE_FORMAT, face->propagate_int (result, &error));
      tell_error ("after int", error);
      break;
    case GET_POINTER:
      pointer = face->propagate_pointer (result, &error);
      tell ("pointer %d", pointer == &result_pointer);
      tell_error ("after pointer", error);
      break;
    case GET_VALUE:
      tell ("value %d", face->propagate_value (result, &value, &error));
      if (error == NULL)
        {
          tell ("%s %s", G_VALUE_TYPE_NAME (&value), g_value_get_string (&value));
          g_value_unset (&value);
        }
      tell_error ("after value", error);
      break;
    case GET_NOTHING:
    default:
      break;
    }

  tell ("had error %d", face->had_error (result));
}

/* Lets the callback be called, and drops the task. */
static void
finish_face (gpointer task)
{
  gpointer weak = task;

  g_object_add_weak_pointer (task, &weak);
  test_drain ();
  tell ("completed %d", face->get_completed (task));
  g_object_unref (task);
  g_assert_null (weak);
  tell ("freed %u", freed);
}

static gpointer
begin_face (GObject      *object,
            GCancellable *cancellable,
            Get           get)
{
  gpointer task = face->new (object, cancellable, get_cb, GINT_TO_POINTER (get));

  freed = 0;
  tell ("begins %d", face->get_completed (task));

  return task;
}

static void
returns_scenario (GObject *object)
{
  const gssize numbers[] = { 0, -1, 42, G_MAXINT, G_MININT, G_MAXSSIZE, G_MINSSIZE };
  g_auto (GValue) value = G_VALUE_INIT;
  gpointer task;

  for (guint i = 0; i < 2; i++)
    {
      task = begin_face (object, NULL, GET_BOOLEAN);
      face->return_boolean (task, i);
      finish_face (task);
    }

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      task = begin_face (object, NULL, GET_INT);
      face->return_int (task, numbers[i]);
      finish_face (task);
    }

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "text");
  task = begin_face (object, NULL, GET_VALUE);
  face->return_value (task, &value);
  finish_face (task);
}

static void
test_returns (void)
{
  g_test_summary ("What is returned is what is propagated, as with a GTask");

  compare (returns_scenario);
}

static void
pointer_scenario (GObject *object)
{
  gpointer task;

  /* Handed over: the caller would free it. */
  task = begin_face (object, NULL, GET_POINTER);
  face->return_pointer (task, &result_pointer, count_free);
  finish_face (task);

  /* Nobody wanted it. */
  task = begin_face (object, NULL, GET_NOTHING);
  face->return_pointer (task, &result_pointer, count_free);
  finish_face (task);

  task = begin_face (object, NULL, GET_POINTER);
  face->return_pointer (task, &result_pointer, NULL);
  finish_face (task);

  task = begin_face (object, NULL, GET_POINTER);
  face->return_pointer (task, NULL, NULL);
  finish_face (task);
}

static void
test_pointer (void)
{
  g_test_summary ("A pointer with a destroy notify is handed over or freed, as with a GTask");

  compare (pointer_scenario);
}

static void
errors_scenario (GObject *object)
{
  for (Get get = GET_BOOLEAN; get <= GET_VALUE; get++)
    {
      gpointer task;

      task = begin_face (object, NULL, get);
      face->return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "number %d", 7);
      tell ("had error %d", face->had_error (task));
      finish_face (task);

      task = begin_face (object, NULL, get);
      face->return_error (task, g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_PERM, "no"));
      finish_face (task);

      face->report_error (object, get_cb, GINT_TO_POINTER (get), compare,
                          g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "at once"));
      test_drain ();
    }
}

static void
test_errors (void)
{
  g_test_summary ("Errors come as they were returned, and with them what a GTask gives for a value");

  compare (errors_scenario);
}

/* Cancellation */

static void
cancel_scenario (GObject *object)
{
  for (guint check = 0; check < 2; check++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      gpointer task = begin_face (object, cancellable, GET_POINTER);

      tell ("check %d", face->get_check (task));
      face->set_check (task, check);
      tell ("if cancelled %d", face->return_if_cancelled (task));
      g_cancellable_cancel (cancellable);
      face->return_pointer (task, &result_pointer, count_free);
      finish_face (task);
    }

  {
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    gpointer task = begin_face (object, cancellable, GET_INT);

    g_cancellable_cancel (cancellable);
    tell ("if cancelled %d", face->return_if_cancelled (task));
    finish_face (task);
  }

  {
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    gpointer task;

    g_cancellable_cancel (cancellable);
    task = begin_face (object, cancellable, GET_BOOLEAN);
    face->return_boolean (task, TRUE);
    finish_face (task);
  }

  /* An error of the operation's own is not the cancellation's. */
  {
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    gpointer task = begin_face (object, cancellable, GET_BOOLEAN);

    face->set_check (task, FALSE);
    g_cancellable_cancel (cancellable);
    face->return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
    finish_face (task);
  }
}

static void
test_cancel (void)
{
  g_test_summary ("A cancelled task ends as cancelled if it checks its cancellable, as a GTask");

  compare (cancel_scenario);
}

/* The thread function waits until it is let go of, and is seen to have started. */
static gint thread_started, thread_released;

static void
wait_for (gint *flag)
{
  while (!g_atomic_int_get (flag))
    g_thread_yield ();
}

static void
slow_thread (gpointer      task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  g_atomic_int_set (&thread_started, TRUE);
  wait_for (&thread_released);
  face->return_pointer (task, &result_pointer, count_free);
}

static void
return_on_cancel_scenario (GObject *object)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gpointer task = begin_face (object, cancellable, GET_POINTER);

  thread_started = thread_released = FALSE;
  tell ("%d", face->get_return_on_cancel (task));
  tell ("set %d", face->set_return_on_cancel (task, TRUE));
  tell ("%d", face->get_return_on_cancel (task));
  face->run_in_thread (task, slow_thread);
  wait_for (&thread_started);

  g_cancellable_cancel (cancellable);
  while (!face->get_completed (task))
    test_iterate ();
  tell ("freed %u", freed);

  g_object_unref (task);
  g_atomic_int_set (&thread_released, TRUE);
  wait_freed ();
}

static void
test_return_on_cancel (void)
{
  g_test_summary ("A task that returns on cancel has its callback called while its thread function "
                  "goes on, whose result is freed");

  compare (return_on_cancel_scenario);
}

/* What it knows */

static void
object_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  GObject *other = user_data;
  g_autoptr (GObject) source_object = g_async_result_get_source_object (result);

  tell ("source %d %d %d", source != NULL, source == source_object,
        face->get_source_object (result) == source);
  tell ("valid %d %d %d", face->is_valid (result, source), face->is_valid (result, other),
        face->is_valid (result, NULL));
  tell ("user data %d", g_async_result_get_user_data (result) == user_data);
  tell ("tagged %d %d %d", g_async_result_is_tagged (result, object_cb),
        g_async_result_is_tagged (result, compare), face->get_source_tag (result) == object_cb);
  tell ("data %d", face->get_task_data (result) == &result_pointer);
  tell ("name %s, priority %d", face->get_name (result), face->get_priority (result));
  tell ("legacy %d", g_async_result_legacy_propagate_error (result, NULL));
}

static void
object_scenario (GObject *object)
{
  g_autoptr (GObject) other = g_object_new (G_TYPE_OBJECT, NULL);
  gpointer task = face->new (object, NULL, object_cb, other);

  freed = 0;
  tell ("%d %d %d", face->get_source_tag (task) == NULL, face->get_task_data (task) == NULL,
        face->get_priority (task));
  tell ("context %d", face->get_context (task) == g_main_context_default ());
  face->set_source_tag (task, object_cb);
  face->set_task_data (task, &result_pointer, count_free);
  face->set_task_data (task, &result_pointer, count_free);
  tell ("freed %u", freed);
  face->set_name (task, "name");
  face->set_priority (task, 17);
  face->return_boolean (task, TRUE);
  finish_face (task);

  task = face->new (NULL, NULL, object_cb, other);
  face->return_boolean (task, TRUE);
  finish_face (task);
}

static void
test_object (void)
{
  g_test_summary ("A task knows its source object, tag, data, name and priority, and is a "
                  "GAsyncResult, as a GTask");

  compare (object_scenario);
}

/* Sources */

static gboolean
source_cb (gpointer task)
{
  GSource *source = g_main_current_source ();

  tell ("source with %d at %d, named %s", DAG_IS_TASK (task) || G_IS_TASK (task),
        g_source_get_priority (source), g_source_get_name (source));
  face->return_int (task, 5);

  return G_SOURCE_REMOVE;
}

static void
source_scenario (GObject *object)
{
  GSource *source = g_idle_source_new ();
  gpointer task = begin_face (object, NULL, GET_INT);

  face->set_priority (task, 3);
  face->set_name (task, "sourcerer");
  g_source_set_name (source, NULL);
  face->attach_source (task, source, source_cb);
  tell ("attached to %d", g_source_get_context (source) == face->get_context (task));
  g_source_unref (source);
  finish_face (task);
}

static void
test_attach_source (void)
{
  g_test_summary ("attach_source () gives a source the task, its context, priority and name, as with "
                  "a GTask");

  compare (source_scenario);
}

/* Contexts */

static void
context_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  tell ("in its context %d", g_main_context_get_thread_default () == user_data);
}

static void
context_scenario (GObject *object)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  gpointer task;

  g_main_context_push_thread_default (context);
  task = face->new (object, NULL, context_cb, context);
  g_main_context_pop_thread_default (context);

  tell ("context %d", face->get_context (task) == context);
  face->return_boolean (task, TRUE);
  test_drain ();
  tell ("completed %d", face->get_completed (task));
  while (g_main_context_iteration (context, FALSE))
    ;
  tell ("completed %d", face->get_completed (task));
  g_object_unref (task);
}

static void
test_context (void)
{
  g_test_summary ("The callback is called in the context in which the task was made, as with a GTask");

  compare (context_scenario);
}

/* Threads */

static gpointer thread_self;

static void
thread_function (gpointer      task,
                 gpointer      source_object,
                 gpointer      task_data,
                 GCancellable *cancellable)
{
  thread_self = g_thread_self ();
  tell ("thread with %d %d %d", source_object == face->get_source_object (task),
        task_data == &result_pointer, cancellable != NULL);
  face->return_int (task, 11);
}

static void
thread_scenario (GObject *object)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gpointer task = begin_face (object, cancellable, GET_INT);

  face->set_task_data (task, &result_pointer, count_free);
  face->run_in_thread (task, thread_function);
  while (!face->get_completed (task))
    test_iterate ();
  g_assert_true (thread_self != g_thread_self ());

  g_object_unref (task);
  wait_freed ();
}

static void
test_thread (void)
{
  g_test_summary ("run_in_thread () calls the function in a thread with what the task has");

  compare (thread_scenario);
}

int
main (int   argc,
      char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);

  story = g_string_new (NULL);

  g_test_add_func ("/gtask/same/returns", test_returns);
  g_test_add_func ("/gtask/same/pointer", test_pointer);
  g_test_add_func ("/gtask/same/errors", test_errors);
  g_test_add_func ("/gtask/same/cancel", test_cancel);
  g_test_add_func ("/gtask/same/return-on-cancel", test_return_on_cancel);
  g_test_add_func ("/gtask/same/object", test_object);
  g_test_add_func ("/gtask/same/attach-source", test_attach_source);
  g_test_add_func ("/gtask/same/context", test_context);
  g_test_add_func ("/gtask/same/thread", test_thread);

  result = g_test_run ();

  g_string_free (story, TRUE);

  return result;
}
