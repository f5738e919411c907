/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <float.h>
#include <string.h>

#include "dag-call-private.h"
#include "dag-error-private.h"
#include "dag-process-result-private.h"
#include "dag-subprocess.h"
#include "dag-task-private.h"

/* A command as a task: its first argument is what the command reads, the others are its words. */

#define N_BEFORE_ARGV 1

/* So much of a command is in messages. */
#define COMMAND_LENGTH 120

/* What the task has: the function data. */
typedef struct {
  GSubprocessLauncher *launcher;    /* (owned) (nullable) */
  gboolean             has_input;
  gboolean             check;
  guint                grace_time;  /* ms */
  DagProcess          *process;     /* (owned) (nullable): the one of the last call */
} DagCommand;

/* One call of the function: who made it frees it in the thread of the processes. */
typedef struct {
  DagTask      *task;         /* (owned) */
  DagProcess   *process;      /* (owned) */
  GCancellable *cancellable;  /* (owned): of the task */
  gulong        handler;
  char         *command;      /* (owned) */
  gboolean      check;
  GError       *error;        /* (owned) (nullable): why it cannot go on */
} DagRun;

static void
dag_command_free (gpointer data)
{
  DagCommand *self = data;

  /* It may be still there if the main context was destroyed: nobody else would end it. */
  if (self->process != NULL)
    {
      dag_process_terminate (self->process);
      dag_process_unref (self->process);
    }

  g_clear_object (&self->launcher);
  g_free (self);
}

/* What is run */

static gboolean
is_plain_word (const char *word)
{
  if (*word == '\0')
    return FALSE;

  for (; *word != '\0'; word++)
    if (!g_ascii_isalnum (*word) && strchr ("_-+./:=,@%", *word) == NULL && (*word & 0x80) == 0)
      return FALSE;

  return TRUE;
}

/* A command as one would type it, shortened. */
static char *
describe_command (const char * const *argv)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *valid = NULL;

  for (gsize i = 0; argv[i] != NULL && text->len <= COMMAND_LENGTH; i++)
    {
      g_autofree char *quoted = is_plain_word (argv[i]) ? g_strdup (argv[i])
                                                        : g_shell_quote (argv[i]);

      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", quoted);
    }

  valid = g_utf8_make_valid (text->str, (gssize) text->len);
  if (g_utf8_strlen (valid, -1) <= COMMAND_LENGTH)
    return g_steal_pointer (&valid);

  *g_utf8_offset_to_pointer (valid, COMMAND_LENGTH) = '\0';

  return g_strconcat (valid, "…", NULL);
}

/* What a command wrote, as a shell puts it into another command. */
static GBytes *
strip_end_of_line (GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  while (size > 0 && data[size - 1] == '\n')
    size--;

  return g_bytes_new_from_bytes (bytes, 0, size);
}

/* Adds bytes as a word. Returns whether they can be one. */
static gboolean
take_word (GPtrArray *argv,
           GBytes    *bytes)
{
  gsize size = 0;
  const char *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  gboolean fits = bytes != NULL && (size == 0 || memchr (data, '\0', size) == NULL);

  if (fits)
    g_ptr_array_add (argv, g_strndup (size > 0 ? data : "", size));

  g_clear_pointer (&bytes, g_bytes_unref);

  return fits;
}

/* A number, with as many digits as it takes to have the same one again. GLib would write it as the
 * locale has it, and with six digits after the point.
 */
static char *
number_to_word (const GValue *value)
{
  gboolean is_float = G_VALUE_HOLDS_FLOAT (value);
  double number = is_float ? g_value_get_float (value) : g_value_get_double (value);
  char word[G_ASCII_DTOSTR_BUF_SIZE], format[8];

  for (int n_digits = is_float ? FLT_DIG : DBL_DIG; n_digits <= 17; n_digits++)
    {
      double read;

      g_snprintf (format, sizeof format, "%%.%dg", n_digits);
      g_ascii_formatd (word, sizeof word, format, number);
      read = g_ascii_strtod (word, NULL);
      if (is_float)
        read = (float) read;
      if (!(read < number || read > number))
        break;
    }

  return g_strdup (word);
}

/* Adds what an argument of the task stands for. Returns whether it can be that. */
static gboolean
add_words (GPtrArray    *argv,
           const GValue *value)
{
  GValue text = G_VALUE_INIT;
  char *word = NULL;

  if (G_VALUE_HOLDS_STRING (value))
    {
      word = g_value_dup_string (value);
    }
  else if (G_VALUE_HOLDS (value, G_TYPE_STRV))
    {
      const char * const *words = g_value_get_boxed (value);

      for (gsize i = 0; words != NULL && words[i] != NULL; i++)
        g_ptr_array_add (argv, g_strdup (words[i]));

      return TRUE;
    }
  else if (G_VALUE_HOLDS (value, G_TYPE_BYTES))
    {
      return take_word (argv, g_value_dup_boxed (value));
    }
  else if (G_VALUE_HOLDS_OBJECT (value))
    {
      gpointer object = g_value_get_object (value);

      if (DAG_IS_PROCESS_RESULT (object))
        {
          GBytes *output = dag_process_result_get_stdout (object);

          return output != NULL && take_word (argv, strip_end_of_line (output));
        }

      if (G_IS_FILE (object))
        word = g_file_get_path (object);
    }
  else if (G_VALUE_HOLDS_DOUBLE (value) || G_VALUE_HOLDS_FLOAT (value))
    {
      word = number_to_word (value);
    }
  else if (!g_value_fits_pointer (value))
    {
      /* A number of another kind. */
      g_value_init (&text, G_TYPE_STRING);
      if (g_value_transform (value, &text))
        word = g_value_dup_string (&text);
      g_value_unset (&text);
    }

  if (word != NULL)
    g_ptr_array_add (argv, word);

  return word != NULL;
}

static const char *
get_type_name (const GValue *value)
{
  gpointer object = G_VALUE_HOLDS_OBJECT (value) ? g_value_get_object (value) : NULL;

  return object != NULL ? G_OBJECT_TYPE_NAME (object) : G_VALUE_TYPE_NAME (value);
}

/* Returns: (transfer full) (nullable): the words of the command */
static char **
get_argv (DagTask  *task,
          GError  **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);

  for (guint i = N_BEFORE_ARGV; i < dag_task_get_n_arguments (task); i++)
    {
      const GValue *value = dag_task_get_argument (task, i);

      if (!add_words (argv, value))
        {
          g_set_error (error, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE,
                       "Word %u of a command has to be text, but it is a %s that is none",
                       i - N_BEFORE_ARGV, get_type_name (value));
          return NULL;
        }
    }

  if (argv->len == 0 || *(const char *) g_ptr_array_index (argv, 0) == '\0')
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The command is empty");
      return NULL;
    }

  g_ptr_array_add (argv, NULL);

  return (char **) g_ptr_array_free (g_steal_pointer (&argv), FALSE);
}

/* Returns: (transfer full) (nullable): what the command reads */
static GBytes *
get_input (DagTask  *task,
           GError  **error)
{
  const GValue *value = dag_task_get_argument (task, 0);
  gpointer content = g_value_fits_pointer (value) ? g_value_peek_pointer (value) : NULL;

  if (g_value_fits_pointer (value) && content == NULL)
    return g_bytes_new (NULL, 0);

  if (G_VALUE_HOLDS_STRING (value))
    return g_bytes_new (content, strlen (content));

  if (G_VALUE_HOLDS (value, G_TYPE_BYTES))
    return g_bytes_ref (content);

  if (G_VALUE_HOLDS_OBJECT (value) && DAG_IS_PROCESS_RESULT (content) &&
      dag_process_result_get_stdout (content) != NULL)
    return g_bytes_ref (dag_process_result_get_stdout (content));

  g_set_error (error, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE,
               "What a command reads has to be text or bytes, but it is a %s that has none",
               get_type_name (value));

  return NULL;
}

/* How it is run */

static void
run_free (DagRun *self)
{
  /* Not g_cancellable_disconnect(), which waits for handlers that may be anybody's. */
  if (self->handler != 0)
    g_signal_handler_disconnect (self->cancellable, self->handler);

  dag_process_unref (self->process);
  g_object_unref (self->cancellable);
  g_object_unref (self->task);
  g_free (self->command);
  g_clear_error (&self->error);
  g_free (self);
}

/* In the thread of the processes. */
static void
process_over (DagProcessEnd *end,
              gboolean       terminated,
              gpointer       data)
{
  DagRun *self = data;
  g_autoptr (DagProcessResult) result = dag_process_result_new (end);

  if (self->error != NULL)
    dag_task_return_error (self->task, g_steal_pointer (&self->error));
  else if (terminated)
    dag_task_return_error (self->task, dag_task_new_cancelled_error ());
  else if (end->error != NULL)
    dag_task_return_prefixed_error (self->task, g_steal_pointer (&end->error), "%s: ",
                                    self->command);
  else if (self->check && !dag_process_result_get_successful (result))
    dag_task_return_error (self->task, dag_process_result_to_error (result, self->command));
  else
    dag_task_return_take_object (self->task, g_steal_pointer (&result));

  run_free (self);
}

/* It may be called even after it was disconnected. */
static void
cancelled_cb (GCancellable *cancellable,
              gpointer      user_data)
{
  dag_process_terminate (user_data);
}

static void
dag_command_start (DagCommand  *self,
                   DagTask     *task,
                   GSubprocess *subprocess,
                   GBytes      *input,
                   const char  *command)
{
  DagRun *run = g_new0 (DagRun, 1);

  run->task = g_object_ref (task);
  run->cancellable = g_object_ref (dag_task_get_cancellable (task));
  run->command = g_strdup (command);
  run->check = self->check;
  run->process = dag_process_new (subprocess, input, self->grace_time, process_over, run);

  /* It may be another attempt. */
  g_clear_pointer (&self->process, dag_process_unref);
  self->process = dag_process_ref (run->process);

  if (input != NULL && g_subprocess_get_stdin_pipe (subprocess) == NULL)
    {
      run->error = g_error_new (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                "%s gets something to read, but its launcher makes no pipe of its "
                                "standard input", command);
      g_subprocess_force_exit (subprocess);
    }

  run->handler = g_cancellable_connect (run->cancellable, G_CALLBACK (cancelled_cb),
                                        dag_process_ref (run->process),
                                        (GDestroyNotify) dag_process_unref);
  dag_process_start (self->process);
}

static void
run_command (DagTask  *task,
             gpointer  user_data)
{
  DagCommand *self = user_data;
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GSubprocess) subprocess = NULL;
  g_autoptr (GBytes) input = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) argv = get_argv (task, &error);
  g_autofree char *command = NULL;

  if (argv != NULL && self->has_input)
    input = get_input (task, &error);

  if (error != NULL)
    {
      dag_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (self->launcher != NULL)
    launcher = g_object_ref (self->launcher);
  else
    launcher = g_subprocess_launcher_new (
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE |
        (input != NULL ? G_SUBPROCESS_FLAGS_STDIN_PIPE : G_SUBPROCESS_FLAGS_NONE));

  command = describe_command ((const char * const *) argv);
  subprocess = g_subprocess_launcher_spawnv (launcher, (const char * const *) argv, &error);

  if (subprocess == NULL)
    dag_task_return_prefixed_error (task, g_steal_pointer (&error), "Cannot run %s: ", command);
  else
    dag_command_start (self, task, subprocess, input, command);
}

static const DagFunction command_function = { "subprocess", run_command, 0, NULL };

/**
 * dag_task_new_subprocess: (constructor)
 * @launcher: (nullable): what says in which directory, with which environment and with which
 *   streams the command runs; %NULL for those of this process, and pipes
 * @argv: (array length=n_argv): the command and its arguments
 * @n_argv: how many there are, at least 1
 * @input: (nullable): what the command reads from its standard input; %NULL, or a value that is
 *   %NULL, for nothing
 * @check: whether a status other than 0 is a failure
 * @grace_time: how long the command may go on when it was asked to end, in milliseconds
 *
 * Makes a task that runs a command in a process of its own, and has a
 * [class@Dag.ProcessResult] when that has ended.
 *
 * Each of @argv is a string, a number, a [iface@Gio.File], which stands for its path, a
 * [struct@GLib.Bytes] for what is not UTF-8, a `GStrv`, which is several arguments, or a
 * [class@Dag.ProcessResult], which is what that command wrote, without the last end of line. Or it
 * is a task, and the command gets its result in this place. @input is a string, bytes, a
 * [class@Dag.ProcessResult], or a task with such a result: the command reads what the other one
 * wrote. It may stop reading at any time. What is none of these ends the task with
 * %DAG_ERROR_ARGUMENT_TYPE, and an empty command with %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * Without @launcher the command reads nothing but @input, and what it writes is collected. A launcher
 * is used when the task starts, and its flags say what is a pipe: what it writes to others goes where
 * they go. @input needs %G_SUBPROCESS_FLAGS_STDIN_PIPE, or the command is killed, and the task fails
 * with %G_IO_ERROR_INVALID_ARGUMENT.
 *
 * A command that cannot be run ends the task with an error of %G_SPAWN_ERROR, or of %G_UNIX_ERROR if
 * there could be no more pipes. With @check, one that ends with a status other than 0, or by a
 * signal, ends it with %DAG_ERROR_PROCESS_FAILED: the message has the command and the last lines
 * that it wrote to its standard error, and [method@Dag.Task.get_process_result] has the rest.
 *
 * What it writes to a pipe is limited to 2 GiB: with more the task fails with
 * %G_IO_ERROR_MESSAGE_TOO_LARGE. So does it with another error of reading, if there is one.
 *
 * When the task is cancelled, or takes too long, the command gets a `SIGTERM`; and `SIGKILL` if it
 * is still there after @grace_time, or at once if that is 0. The task has returned when the command
 * is gone. So it is when the main context of the task was destroyed. Processes that the command has
 * started itself are left alone. They are waited for as long as they have a pipe of the command,
 * unless it was ended in this way.
 *
 * Nothing is left of the command when the task has settled: it was waited for, and its pipes are
 * closed.
 *
 * Returns: (transfer full): the task, which runs whether the reference is kept or not
 *
 * Since: 1.0
 */
DagTask *
(dag_task_new_subprocess) (GSubprocessLauncher *launcher,
                           const GValue        *argv,
                           gsize                n_argv,
                           const GValue        *input,
                           gboolean             check,
                           guint                grace_time)
{
  GValue nothing = G_VALUE_INIT;
  DagCommand *command;
  DagTask *self;

  g_return_val_if_fail (launcher == NULL || G_IS_SUBPROCESS_LAUNCHER (launcher), NULL);
  g_return_val_if_fail (argv != NULL && n_argv > 0, NULL);
  g_return_val_if_fail (dag_task_are_arguments (argv, n_argv), NULL);
  g_return_val_if_fail (input == NULL || dag_task_are_arguments (input, 1), NULL);

  command = g_new0 (DagCommand, 1);
  command->launcher = launcher != NULL ? g_object_ref (launcher) : NULL;
  /* Some languages have no other NULL for a value. */
  command->has_input = input != NULL &&
                       !(g_value_fits_pointer (input) && g_value_peek_pointer (input) == NULL);
  command->check = check;
  command->grace_time = grace_time;

  self = dag_task_create ();
  self->definition = &command_function;
  self->function = command_function.function;
  self->function_data = command;
  self->function_data_destroy = dag_command_free;

  g_value_init (&nothing, G_TYPE_POINTER);
  dag_task_init_argument (self, input != NULL ? input : &nothing, FALSE);
  for (gsize i = 0; i < n_argv; i++)
    dag_task_init_argument (self, &argv[i], FALSE);

  if (G_VALUE_HOLDS_STRING (&argv[0]) && g_value_get_string (&argv[0]) != NULL)
    {
      g_autofree char *name = g_path_get_basename (g_value_get_string (&argv[0]));

      dag_task_set_name (self, name);
    }

  dag_task_publish (self);

  return self;
}

/**
 * dag_task_get_process_result:
 * @self: a task
 *
 * Gets what came of a command: of [ctor@Dag.Task.new_subprocess], whether it succeeded or failed
 * with %DAG_ERROR_PROCESS_FAILED; and of a task that was skipped because of that, or ended as it did.
 *
 * Returns: (transfer none) (nullable): the result, %NULL if the task has not finished, or ended in
 *   another way
 *
 * Since: 1.0
 */
DagProcessResult *
dag_task_get_process_result (DagTask *self)
{
  const GValue *value;
  const GError *error;
  gpointer object = NULL;

  g_return_val_if_fail (DAG_IS_TASK (self), NULL);

  value = dag_task_get_value (self);
  error = value == NULL ? dag_task_get_error (self) : NULL;

  if (value != NULL && G_VALUE_HOLDS_OBJECT (value))
    object = g_value_get_object (value);
  else if (error != NULL)
    object = dag_error_get_subject (error);

  return DAG_IS_PROCESS_RESULT (object) ? object : NULL;
}

/* The functional form */

/* Returns whether there is a value for it. */
static gboolean
set_word (GValue            *value,
          const DagArgument *argument)
{
  gpointer pointer = (gpointer) argument->v_pointer;

  if (argument->type == G_TYPE_POINTER)
    return FALSE;

  if (argument->type == G_TYPE_OBJECT)
    {
      if (!DAG_IS_TASK (pointer))
        return FALSE;

      g_value_init (value, DAG_TYPE_DEPENDENCY);
      g_value_take_boxed (value, dag_dependency_new (pointer, MAX (argument->rule, 0), FALSE));
    }
  else if (argument->type == G_TYPE_STRING)
    {
      g_value_init (value, G_TYPE_STRING);
      g_value_set_static_string (value, pointer);
    }
  else if (argument->type == G_TYPE_STRV || argument->type == G_TYPE_BYTES)
    {
      g_value_init (value, argument->type);
      g_value_set_static_boxed (value, pointer);
    }
  else if (argument->type == G_TYPE_FILE)
    {
      g_value_init (value, G_TYPE_FILE);
      g_value_set_object (value, pointer);
    }
  else
    {
      dag_argument_get_number (argument, value);
    }

  return TRUE;
}

/**
 * dag_call_new_subprocess: (skip)
 * @launcher: (nullable): a launcher
 * @location: where from
 * @input: what the command reads, %NULL for nothing
 * @check: whether a status other than 0 is a failure
 * @grace_time: how long the command may go on when it was asked to end, in milliseconds
 * @argv: (array length=n_argv): the command and its arguments
 * @n_argv: how many there are
 *
 * Makes a task of a command, for `dag_subprocess ()`.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
DagTask *
dag_call_new_subprocess (GSubprocessLauncher *launcher,
                         const char          *location,
                         DagArgument          input,
                         gboolean             check,
                         guint                grace_time,
                         const DagArgument   *argv,
                         guint                n_argv)
{
  gboolean has_input = input.type != G_TYPE_POINTER || input.v_pointer != NULL;
  g_autofree GValue *values = g_new0 (GValue, n_argv + 1);
  gboolean fits = !has_input || set_word (&values[n_argv], &input);
  DagTask *task = NULL;

  for (guint i = 0; i < n_argv; i++)
    fits = set_word (&values[i], &argv[i]) && fits;

  if (fits)
    task = (dag_task_new_subprocess) (launcher, values, n_argv,
                                      has_input ? &values[n_argv] : NULL, check, grace_time);
  else
    g_critical ("%s: dag_subprocess (): every word has to be text, a file, a number or a task",
                location);

  for (guint i = 0; i <= n_argv; i++)
    if (G_IS_VALUE (&values[i]))
      g_value_unset (&values[i]);

  return task != NULL ? dag_task_at (task, location) : NULL;
}
