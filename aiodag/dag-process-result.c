/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "dag-error-private.h"
#include "dag-process-result-private.h"

/* So much of the end of the standard error is in the message of a failure. */
#define TAIL_LINES 10
#define TAIL_BYTES 2000

/**
 * DagProcessResult:
 *
 * What came of a command: how it ended, and what it wrote.
 *
 * It is the result of [ctor@Dag.Task.new_subprocess], and is there too if that has failed because of
 * how the command ended: see [method@Dag.Task.get_process_result]. It is immutable, and may be used
 * from any thread.
 *
 * Since: 1.0
 */
struct _DagProcessResult
{
  GObject  parent_instance;

  int      status;
  int      signal;
  GBytes  *output;         /* (owned) (nullable) */
  GBytes  *messages;       /* (owned) (nullable) */
  char    *output_text;    /* (owned) (nullable): atomic; made when asked for */
  char    *messages_text;  /* (owned) (nullable): atomic; made when asked for */
};

enum {
  PROP_0,
  PROP_SUCCESSFUL,
  PROP_STATUS,
  PROP_SIGNAL,
  PROP_STDOUT,
  PROP_STDERR,
  PROP_STDOUT_TEXT,
  PROP_STDERR_TEXT,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (DagProcessResult, dag_process_result, G_TYPE_OBJECT)

static void
dag_process_result_finalize (GObject *object)
{
  DagProcessResult *self = DAG_PROCESS_RESULT (object);

  g_clear_pointer (&self->output, g_bytes_unref);
  g_clear_pointer (&self->messages, g_bytes_unref);
  g_free (self->output_text);
  g_free (self->messages_text);

  G_OBJECT_CLASS (dag_process_result_parent_class)->finalize (object);
}

static void
dag_process_result_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  DagProcessResult *self = DAG_PROCESS_RESULT (object);

  switch (prop_id)
    {
    case PROP_SUCCESSFUL:
      g_value_set_boolean (value, dag_process_result_get_successful (self));
      break;
    case PROP_STATUS:
      g_value_set_int (value, self->status);
      break;
    case PROP_SIGNAL:
      g_value_set_int (value, self->signal);
      break;
    case PROP_STDOUT:
      g_value_set_boxed (value, self->output);
      break;
    case PROP_STDERR:
      g_value_set_boxed (value, self->messages);
      break;
    case PROP_STDOUT_TEXT:
      g_value_set_string (value, dag_process_result_get_stdout_text (self));
      break;
    case PROP_STDERR_TEXT:
      g_value_set_string (value, dag_process_result_get_stderr_text (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
dag_process_result_class_init (DagProcessResultClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = dag_process_result_finalize;
  object_class->get_property = dag_process_result_get_property;

  /**
   * DagProcessResult:successful: (getter get_successful)
   *
   * Whether the command ended with the status 0.
   *
   * Since: 1.0
   */
  props[PROP_SUCCESSFUL] = g_param_spec_boolean ("successful", NULL, NULL, FALSE, flags);

  /**
   * DagProcessResult:status: (getter get_status)
   *
   * The exit status of the command, from 0 to 255; -1 if a signal ended it.
   *
   * Since: 1.0
   */
  props[PROP_STATUS] = g_param_spec_int ("status", NULL, NULL, -1, G_MAXINT, 0, flags);

  /**
   * DagProcessResult:signal: (getter get_signal)
   *
   * The number of the signal that ended the command, 0 if none did.
   *
   * Since: 1.0
   */
  props[PROP_SIGNAL] = g_param_spec_int ("signal", NULL, NULL, 0, G_MAXINT, 0, flags);

  /**
   * DagProcessResult:stdout: (getter get_stdout)
   *
   * What the command wrote to its standard output, %NULL if that was not a pipe.
   *
   * Since: 1.0
   */
  props[PROP_STDOUT] = g_param_spec_boxed ("stdout", NULL, NULL, G_TYPE_BYTES, flags);

  /**
   * DagProcessResult:stderr: (getter get_stderr)
   *
   * What the command wrote to its standard error, %NULL if that was not a pipe of its own.
   *
   * Since: 1.0
   */
  props[PROP_STDERR] = g_param_spec_boxed ("stderr", NULL, NULL, G_TYPE_BYTES, flags);

  /**
   * DagProcessResult:stdout-text: (getter get_stdout_text)
   *
   * What the command wrote to its standard output, as text.
   *
   * Since: 1.0
   */
  props[PROP_STDOUT_TEXT] = g_param_spec_string ("stdout-text", NULL, NULL, NULL, flags);

  /**
   * DagProcessResult:stderr-text: (getter get_stderr_text)
   *
   * What the command wrote to its standard error, as text.
   *
   * Since: 1.0
   */
  props[PROP_STDERR_TEXT] = g_param_spec_string ("stderr-text", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
dag_process_result_init (DagProcessResult *self)
{
}

/*< private >
 * dag_process_result_new:
 * @end: how it ended
 */
DagProcessResult *
dag_process_result_new (const DagProcessEnd *end)
{
  DagProcessResult *self = g_object_new (DAG_TYPE_PROCESS_RESULT, NULL);

  self->status = end->exit_status;
  self->signal = end->signal;
  self->output = end->output != NULL ? g_bytes_ref (end->output) : NULL;
  self->messages = end->messages != NULL ? g_bytes_ref (end->messages) : NULL;

  return self;
}

/* The last lines of what was written, valid and without the last end of line. */
static char *
get_tail (GBytes *bytes)
{
  gsize size = 0;
  const char *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  gsize begin;
  guint n_lines = 0;

  while (size > 0 && g_ascii_isspace (data[size - 1]))
    size--;

  for (begin = size; begin > 0 && size - begin < TAIL_BYTES; begin--)
    if (data[begin - 1] == '\n' && ++n_lines == TAIL_LINES)
      break;

  /* Not from the middle of a character. */
  while (begin > 0 && begin < size && ((guchar) data[begin] & 0xc0) == 0x80)
    begin++;

  return g_utf8_make_valid (size > 0 ? data + begin : "", (gssize) (size - begin));
}

/*< private >
 * dag_process_result_to_error:
 * @command: what was run
 *
 * Returns: (transfer full): an error that says how the command failed, and has the result
 */
GError *
dag_process_result_to_error (DagProcessResult *self,
                             const char       *command)
{
  g_autofree char *tail = get_tail (self->messages);
  g_autofree char *end = NULL;
  const char *separator = "";
  GError *error;

  if (self->signal != 0)
    end = g_strdup_printf ("was ended by signal %d, %s", self->signal, g_strsignal (self->signal));
  else
    end = g_strdup_printf ("ended with status %d", self->status);

  if (*tail != '\0')
    separator = strchr (tail, '\n') != NULL ? ":\n" : ": ";

  error = g_error_new (DAG_ERROR, DAG_ERROR_PROCESS_FAILED, "%s %s%s%s", command, end, separator,
                       tail);
  dag_error_set_subject (error, G_OBJECT (self));

  return error;
}

/* Makes the text of bytes when it is asked for, whoever is the first. */
static const char *
get_text (GBytes  *bytes,
          char   **text)
{
  char *made, *there = g_atomic_pointer_get (text);
  gconstpointer data;
  gsize size;

  if (there != NULL || bytes == NULL)
    return there;

  data = g_bytes_get_data (bytes, &size);
  made = g_utf8_make_valid (data != NULL ? data : "", (gssize) size);
  if (g_atomic_pointer_compare_and_exchange (text, NULL, made))
    return made;

  g_free (made);

  return g_atomic_pointer_get (text);
}

/**
 * dag_process_result_get_successful: (get-property successful)
 * @self: a result
 *
 * Gets whether the command ended with the status 0.
 *
 * Returns: whether it did
 *
 * Since: 1.0
 */
gboolean
dag_process_result_get_successful (DagProcessResult *self)
{
  g_return_val_if_fail (DAG_IS_PROCESS_RESULT (self), FALSE);

  return self->status == 0;
}

/**
 * dag_process_result_get_status: (get-property status)
 * @self: a result
 *
 * Gets the exit status of the command.
 *
 * Returns: the status, from 0 to 255; -1 if a signal ended it
 *
 * Since: 1.0
 */
int
dag_process_result_get_status (DagProcessResult *self)
{
  g_return_val_if_fail (DAG_IS_PROCESS_RESULT (self), -1);

  return self->status;
}

/**
 * dag_process_result_get_signal: (get-property signal)
 * @self: a result
 *
 * Gets the number of the signal that ended the command.
 *
 * Returns: the signal, 0 if none did
 *
 * Since: 1.0
 */
int
dag_process_result_get_signal (DagProcessResult *self)
{
  g_return_val_if_fail (DAG_IS_PROCESS_RESULT (self), 0);

  return self->signal;
}

/**
 * dag_process_result_get_stdout: (get-property stdout)
 * @self: a result
 *
 * Gets what the command wrote to its standard output.
 *
 * Returns: (transfer none) (nullable): the bytes, %NULL if its standard output was not a pipe
 *
 * Since: 1.0
 */
GBytes *
dag_process_result_get_stdout (DagProcessResult *self)
{
  g_return_val_if_fail (DAG_IS_PROCESS_RESULT (self), NULL);

  return self->output;
}

/**
 * dag_process_result_get_stderr: (get-property stderr)
 * @self: a result
 *
 * Gets what the command wrote to its standard error.
 *
 * Returns: (transfer none) (nullable): the bytes, %NULL if its standard error was not a pipe of its own
 *
 * Since: 1.0
 */
GBytes *
dag_process_result_get_stderr (DagProcessResult *self)
{
  g_return_val_if_fail (DAG_IS_PROCESS_RESULT (self), NULL);

  return self->messages;
}

/**
 * dag_process_result_get_stdout_text: (get-property stdout-text)
 * @self: a result
 *
 * Gets what the command wrote to its standard output, as text: what is not valid UTF-8 is replaced.
 *
 * Returns: (transfer none) (nullable): the text, %NULL if its standard output was not a pipe
 *
 * Since: 1.0
 */
const char *
dag_process_result_get_stdout_text (DagProcessResult *self)
{
  g_return_val_if_fail (DAG_IS_PROCESS_RESULT (self), NULL);

  return get_text (self->output, &self->output_text);
}

/**
 * dag_process_result_get_stderr_text: (get-property stderr-text)
 * @self: a result
 *
 * Gets what the command wrote to its standard error, as text: what is not valid UTF-8 is replaced.
 *
 * Returns: (transfer none) (nullable): the text, %NULL if its standard error was not a pipe of its own
 *
 * Since: 1.0
 */
const char *
dag_process_result_get_stderr_text (DagProcessResult *self)
{
  g_return_val_if_fail (DAG_IS_PROCESS_RESULT (self), NULL);

  return get_text (self->messages, &self->messages_text);
}
