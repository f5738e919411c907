/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thread-util.h"

/* What the tests of commands share. Each test ends with no child left, not even a dead one, and as
 * many pipes as it began with.
 */

#define LONG 3600000  /* ms: it never comes */

/* Not all files: the C library opens one now and then in any thread. */
static inline guint
count_pipes (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      if (target != NULL && g_str_has_prefix (target, "pipe:"))
        n++;
    }

  return n;
}

static inline void
assert_no_child (void)
{
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint (errno, ==, ECHILD);
}

static inline void
run_test (gconstpointer data)
{
  void (*func) (void) = (void (*) (void)) data;
  guint n_pipes = count_pipes ();

  func ();
  assert_no_child ();
  g_assert_cmpuint (count_pipes (), ==, n_pipes);
}

#define add_test(path, func) g_test_add_data_func (path, (gconstpointer) func, run_test)

/* Drops the last reference. Another thread keeps a task for a moment after it has returned from it,
 * and what a task has then is freed in the main loop.
 */
static inline void
release_object (gpointer object)
{
  gpointer weak = object;

  g_object_add_weak_pointer (G_OBJECT (object), &weak);
  g_object_unref (object);
  while (g_atomic_pointer_get (&weak) != NULL)
    {
      test_drain ();
      g_thread_yield ();
    }
  test_drain ();
}

static inline void
release (DagTask *task)
{
  test_settle (task);
  release_object (task);
}

/* A task that runs a script with `sh`; the argument is its $1. */
static inline DagTask *
new_script (GSubprocessLauncher *launcher,
            const char          *script,
            const char          *argument,
            gboolean             check,
            guint                grace_time)
{
  const char *words[] = { "sh", "-c", script, "sh", argument };
  GValue argv[G_N_ELEMENTS (words)] = { G_VALUE_INIT };
  DagTask *task;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_value_init (&argv[i], G_TYPE_STRING);
      g_value_set_static_string (&argv[i], words[i]);
    }

  task = dag_task_new_subprocess (launcher, argv, argument != NULL ? 5 : 4, NULL, check,
                                  grace_time);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_value_unset (&argv[i]);

  return task;
}

static inline DagTask *
script (const char *text)
{
  return new_script (NULL, text, NULL, TRUE, LONG);
}

/* What the standard output of a command has to be. */
static inline void
assert_output (DagTask    *task,
               const char *expected)
{
  test_settle (task);
  g_assert_no_error ((GError *) dag_task_get_error (task));
  g_assert_cmpstr (dag_process_result_get_stdout_text (dag_task_get_process_result (task)), ==,
                   expected);
}

static inline void
assert_failed (DagTask    *task,
               GQuark      domain,
               int         code,
               const char *pattern)
{
  const GError *error;

  test_settle (task);
  error = dag_task_get_error (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
  g_assert_error (error, domain, code);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("“%s” is not like “%s”", error->message, pattern);
}

static inline void
assert_cancelled (DagTask *task)
{
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (dag_task_get_process_result (task));
}

/* A launcher whose children can write to a pipe as their file 3, and read from one as their file 4.
 * They are told apart from the pipes that are the command's, so that a test can talk to a child.
 */
typedef struct {
  GSubprocessLauncher *launcher;  /* (owned) (nullable) */
  int                  from;      /* what the child writes to 3 */
  int                  to;        /* what the child reads from 4 */
} TestLine;

static inline void
line_init (TestLine             *self,
           GSubprocessFlags      flags)
{
  int up[2], down[2];

  g_assert_true (g_unix_open_pipe (up, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_open_pipe (down, FD_CLOEXEC, NULL));

  self->launcher = g_subprocess_launcher_new (flags);
  g_subprocess_launcher_take_fd (self->launcher, up[1], 3);
  g_subprocess_launcher_take_fd (self->launcher, down[0], 4);
  self->from = up[0];
  self->to = down[1];
}

/* From now on only children have the other ends. */
static inline void
line_hang_up (TestLine *self)
{
  if (self->launcher != NULL)
    g_subprocess_launcher_close (self->launcher);
  g_clear_object (&self->launcher);
}

static inline void
line_clear (TestLine *self)
{
  line_hang_up (self);
  close (self->from);
  close (self->to);
}

/* Waits until a child has said something. */
static inline char
line_hear (TestLine *self)
{
  char c = 0;
  gssize n;

  do
    n = read (self->from, &c, 1);
  while (n < 0 && errno == EINTR);

  return n == 1 ? c : '\0';
}

/* Waits until there is nobody who could say something, and nothing is left to be heard. */
static inline void
line_hear_nothing (TestLine *self)
{
  line_hang_up (self);
  g_assert_cmpint (line_hear (self), ==, '\0');
}

static inline void
line_say (TestLine *self)
{
  g_assert_cmpint (write (self->to, "go\n", 3), ==, 3);
}

/* Waits until the task runs, and its child has said that it does. */
static inline void
run_until_heard (DagTask  *task,
                 TestLine *line)
{
  while (dag_task_get_state (task) != DAG_STATE_RUNNING)
    test_iterate ();
  g_assert_cmpint (line_hear (line), ==, 'r');
}

#define STDIO (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE)
