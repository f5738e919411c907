/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

/* A language binding in C: an object with a property whose setter takes ids from a runner, and a
 * table of what is to be done for each.
 */

typedef struct _TestBinding TestBinding;
typedef struct _TestJob TestJob;

/* Returns: whether it has succeeded, with no value */
typedef gboolean (*TestFunc) (TestJob *job);

/* A task whose function is in the table, or a wait. */
struct _TestJob
{
  TestBinding *binding;    /* (unowned) */
  gint64       id;
  const char  *name;       /* static */
  TestFunc     func;
  gpointer     data;
  DagTask     *task;       /* (unowned): valid until its function has returned; or waited for */
  guint        n_called;
  guint        n_stopped;  /* how often its id came with a minus sign */
  guint        marks;      /* what was added to the id when it came last */
};

struct _TestBinding
{
  GObject     parent_instance;

  DagRunner  *runner;      /* (owned) (nullable) */
  GHashTable *jobs;        /* (element-type gint64 TestJob) (owned) */
  TestFunc    func;        /* (nullable): what to do for ids that are not in the table */
  gint64      last_id;
  guint       most;        /* that are taken while the property is being set once */
  guint       n_set;       /* how often it was */
  guint       n_unknown;   /* ids that were not in the table */
  guint       n_inside;    /* how many settings are on the stack */
  guint       deepest;
};

#define TEST_TYPE_BINDING (test_binding_get_type ())
G_DECLARE_FINAL_TYPE (TestBinding, test_binding, TEST, BINDING, GObject)
G_DEFINE_FINAL_TYPE (TestBinding, test_binding, G_TYPE_OBJECT)

/* What happened, in words. */
static GString *story;

static void
tell (const char *word)
{
  if (story == NULL)
    story = g_string_new (NULL);

  g_string_append_printf (story, "%s%s", story->len > 0 ? " " : "", word);
}

#define assert_story(expected) \
  G_STMT_START \
  { \
    g_assert_cmpstr (story != NULL ? story->str : "", ==, expected); \
    g_clear_pointer (&story, test_story_free); \
  } \
  G_STMT_END

G_GNUC_UNUSED static void
test_story_free (GString *string)
{
  g_string_free (string, TRUE);
}

static void
test_job_stop (TestJob *job)
{
  g_autofree char *word = NULL;

  job->n_stopped++;
  if (job->name == NULL)
    return;

  word = g_strconcat ("-", job->name, NULL);
  tell (word);
}

static gboolean
test_job_call (TestJob *job)
{
  job->n_called++;
  if (job->name != NULL)
    tell (job->name);

  return job->func != NULL ? job->func (job) : TRUE;
}

static void
test_binding_pull (TestBinding *self)
{
  gboolean succeeded = FALSE;
  gint64 id;

  for (guint n = 0; n < self->most && (id = dag_runner_take (self->runner, succeeded)) != 0; n++)
    {
      gint64 key = ABS (id) & ~(DAG_RUNNER_AGAIN | DAG_RUNNER_LENDS);
      TestJob *job = g_hash_table_lookup (self->jobs, &key);
      TestJob unknown = { .binding = self, .id = id, .func = self->func };

      succeeded = FALSE;

      if (job == NULL)
        {
          self->n_unknown++;
          if (self->func != NULL)
            succeeded = self->func (&unknown);
        }
      else if (id < 0)
        {
          test_job_stop (job);
        }
      else
        {
          job->marks = (guint) (id - job->id);
          succeeded = test_job_call (job);
        }
    }

  /* One that does not ask again has no other way to say so. */
  g_assert_true (!succeeded || self->most == G_MAXUINT);
}

static void
test_binding_set_property (GObject      *object,
                           guint         prop_id,
                           const GValue *value,
                           GParamSpec   *pspec)
{
  TestBinding *self = TEST_BINDING (object);

  g_assert_true (g_value_get_boolean (value));

  self->n_set++;
  self->n_inside++;
  self->deepest = MAX (self->deepest, self->n_inside);
  test_binding_pull (self);
  self->n_inside--;
}

static void
test_binding_finalize (GObject *object)
{
  TestBinding *self = TEST_BINDING (object);

  g_assert_null (self->runner);
  g_clear_pointer (&self->jobs, g_hash_table_unref);

  G_OBJECT_CLASS (test_binding_parent_class)->finalize (object);
}

static void
test_binding_class_init (TestBindingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = test_binding_finalize;
  object_class->set_property = test_binding_set_property;

  g_object_class_install_property (object_class, 1,
                                   g_param_spec_boolean ("ready", NULL, NULL, FALSE,
                                                         G_PARAM_WRITABLE |
                                                             G_PARAM_STATIC_STRINGS));
}

static void
test_binding_init (TestBinding *self)
{
  self->jobs = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->most = G_MAXUINT;
}

/* @context: (nullable): %NULL for the one that is thread-default */
G_GNUC_UNUSED static TestBinding *
test_binding_new (GMainContext *context)
{
  TestBinding *self = g_object_new (TEST_TYPE_BINDING, NULL);

  self->runner = dag_runner_new (context, G_OBJECT (self), "ready");

  return self;
}

/* Lets go of the runner, which has the binding too. */
G_GNUC_UNUSED static void
test_binding_drop (TestBinding *self)
{
  g_clear_object (&self->runner);
  g_object_unref (self);
}

/* Lets go of the runner, and expects nobody else to have it. */
G_GNUC_UNUSED static void
test_binding_free (TestBinding *self)
{
  gpointer weak = self->runner;

  test_drain ();
  g_object_add_weak_pointer (G_OBJECT (self->runner), &weak);
  g_clear_object (&self->runner);
  g_assert_null (weak);
  g_assert_finalize_object (self);
}

static TestJob *
test_binding_add (TestBinding *self,
                  const char  *name,
                  TestFunc     func,
                  gpointer     data)
{
  TestJob *job = g_new0 (TestJob, 1);

  job->binding = self;
  job->id = self->last_id += 4;
  job->name = name;
  job->func = func;
  job->data = data;
  g_hash_table_insert (self->jobs, &job->id, job);

  return job;
}

/* Makes a task. @name is what is told when its function is called; @func and it may be %NULL.
 *
 * Returns: (transfer none): its job
 */
G_GNUC_UNUSED static TestJob *
test_binding_call (TestBinding     *self,
                   const char      *name,
                   TestFunc         func,
                   gpointer         data,
                   DagTask * const *inputs,
                   gsize            n_inputs,
                   DagTask        **task)
{
  TestJob *job = test_binding_add (self, name, func, data);

  job->task = dag_runner_new_task (self->runner, job->id, g_quark_from_static_string (name), inputs,
                                   n_inputs);
  *task = job->task;

  return job;
}

/* The same, where nobody needs the job. */
G_GNUC_UNUSED static DagTask *
test_binding_task (TestBinding *self,
                   const char  *name,
                   TestFunc     func,
                   DagTask     *input)
{
  DagTask *task;

  test_binding_call (self, name, func, NULL, &input, input != NULL ? 1 : 0, &task);

  return task;
}

G_GNUC_UNUSED static TestJob *
test_binding_await (TestBinding *self,
                    const char  *name,
                    TestFunc     func,
                    DagTask     *task)
{
  TestJob *job = test_binding_add (self, name, func, NULL);

  job->task = task;
  dag_runner_await (self->runner, task, job->id);

  return job;
}

G_GNUC_UNUSED static TestJob *
test_binding_settle (TestBinding *self,
                     const char  *name,
                     TestFunc     func,
                     DagTask     *task)
{
  TestJob *job = test_binding_add (self, name, func, NULL);

  job->task = task;
  dag_runner_settle (self->runner, task, job->id);

  return job;
}

#define assert_job(job, called, stopped) \
  G_STMT_START \
  { \
    g_assert_cmpuint ((job)->n_called, ==, called); \
    g_assert_cmpuint ((job)->n_stopped, ==, stopped); \
  } \
  G_STMT_END

#define assert_state(task, expected) \
  g_assert_cmpint (dag_task_get_state (task), ==, (expected))

/* Functions */

/* One that goes on: the test returns it. */
G_GNUC_UNUSED static gboolean
pend (TestJob *job)
{
  return FALSE;
}

G_GNUC_UNUSED static gboolean
return_int (TestJob *job)
{
  dag_task_return_int (job->task, GPOINTER_TO_INT (job->data));

  return FALSE;
}

G_GNUC_UNUSED static gboolean
fail (TestJob *job)
{
  test_body_fail (job->task, NULL);

  return FALSE;
}

/* What is reported of a failure at which nobody looked. */
G_GNUC_UNUSED static void
expect_report (const char *text)
{
  g_test_expect_message ("Dag", G_LOG_LEVEL_WARNING, text);
}

G_GNUC_UNUSED static void
expected (void)
{
  g_test_assert_expected_messages ();
}

#define REPORT(name) name " failed and nobody looked at it: No such thing"

G_GNUC_UNUSED static gboolean
fail_detailed (TestJob *job)
{
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "No such %s", "file");

  dag_runner_fail (job->binding->runner, job->task, error, "script.js:12",
                   "inner@script.js:12\nouter@script.js:34");

  return FALSE;
}

/* A function of C that tells its name. */
G_GNUC_UNUSED static void
tell_body (DagTask  *task,
           gpointer  user_data)
{
  tell (dag_task_get_name (task));
  dag_task_return (task);
}
