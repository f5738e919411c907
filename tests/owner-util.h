/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "thread-util.h"

/* An object as an application has it: it is shown, moved and closed. */

#define TEST_TYPE_WINDOW (test_window_get_type ())
G_DECLARE_FINAL_TYPE (TestWindow, test_window, TEST, WINDOW, GObject)

struct _TestWindow
{
  GObject parent_instance;

  char    *title;
};

enum {
  PROP_TITLE = 1,
};

G_DEFINE_TYPE (TestWindow, test_window, G_TYPE_OBJECT)

static void
test_window_get_property (GObject    *object,
                          guint       id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  g_value_set_string (value, TEST_WINDOW (object)->title);
}

static void
test_window_set_property (GObject      *object,
                          guint         id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  g_free (TEST_WINDOW (object)->title);
  TEST_WINDOW (object)->title = g_value_dup_string (value);
}

static void
test_window_finalize (GObject *object)
{
  g_free (TEST_WINDOW (object)->title);
  G_OBJECT_CLASS (test_window_parent_class)->finalize (object);
}

static void
test_window_class_init (TestWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  object_class->get_property = test_window_get_property;
  object_class->set_property = test_window_set_property;
  object_class->finalize = test_window_finalize;

  g_object_class_install_property (object_class, PROP_TITLE,
                                   g_param_spec_string ("title", NULL, NULL, NULL,
                                                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));

  g_signal_new ("unmap", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("moved", type, G_SIGNAL_RUN_FIRST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_STRING);
  g_signal_new ("close-request", type, G_SIGNAL_RUN_LAST, 0,
                g_signal_accumulator_true_handled, NULL, NULL, G_TYPE_BOOLEAN, 0);
}

static void
test_window_init (TestWindow *self)
{
}

static GObject *
test_window_new (void)
{
  return g_object_new (TEST_TYPE_WINDOW, NULL);
}

/* Drops the last reference of an object, and expects nobody else to have one. */
G_GNUC_UNUSED static void
test_dispose (gpointer object)
{
  gpointer weak = object;

  g_object_add_weak_pointer (object, &weak);
  g_object_unref (object);
  g_assert_null (weak);
}

/* Tasks */

G_GNUC_UNUSED static void
assert_cancelled (DagTask *task)
{
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A task that is at work until the test returns for it. */
G_GNUC_UNUSED static DagTask *
new_running (void)
{
  DagTask *task = dag_task_new (test_body_pending, NULL, NULL);

  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();

  return task;
}

/* A task that counts the calls of its function. */
G_GNUC_UNUSED static DagTask *
new_owned (GObject    *owner,
           const char *signal_name,
           guint      *n_calls)
{
  DagTask *task = dag_task_new (test_body_count, n_calls, NULL);

  dag_task_set_owner (task, owner, signal_name);

  return task;
}
