/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#include "dag-process-private.h"

/* Not in the main context of whoever wants it: GIO's own operations keep a context for as long as
 * they last, so that one which is destroyed would never know; and a main loop that is busy keeps no
 * process waiting. GLib itself reaps them, in yet another thread.
 */

/* So many bytes are read at once. */
#define CHUNK 65536

/* And so many in all from one pipe: a GByteArray that is larger would end the program. */
#define LIMIT (1u << 31)

/* One end of a pipe. */
typedef struct {
  DagProcess *process;  /* (unowned): const */
  GObject    *stream;   /* (owned) (nullable): NULL when it is closed, or not there */
  GSource    *source;   /* (owned) (nullable) */
  GByteArray *bytes;    /* (owned) (nullable): what was read */
} DagPipe;

struct _DagProcess
{
  gatomicrefcount  ref_count;
  DagProcessFunc   done;        /* const */
  gpointer         data;        /* const */
  guint            grace_time;  /* ms: const */
  gint             over;        /* atomic */

  /* The thread of the processes */
  GSubprocess     *subprocess;  /* (owned) (nullable): NULL when it is over */
  GBytes          *input;       /* (owned) (nullable) */
  gsize            n_written;   /* of the input */
  DagPipe          in;
  DagPipe          out;
  DagPipe          err;
  GSource         *grace;       /* (owned) (nullable): until it is killed */
  gboolean         exited;
  gboolean         terminated;
  DagProcessEnd    end;
};

/* The thread of the processes */

static gpointer
run_thread (gpointer data)
{
  GMainContext *context = data;
  sigset_t signals;

  /* A process that does not read what it is given is its own affair. Only this thread writes. */
  sigemptyset (&signals);
  sigaddset (&signals, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);

  g_main_context_push_thread_default (context);
  while (TRUE)
    g_main_context_iteration (context, TRUE);

  return NULL;
}

static GMainContext *
get_context (void)
{
  static GMainContext *context;

  if (g_once_init_enter (&context))
    {
      GMainContext *created = g_main_context_new ();

      g_thread_unref (g_thread_new ("dag-processes", run_thread, created));
      g_once_init_leave (&context, created);
    }

  return context;
}

/* Calls a function there, in the order of these calls. */
static void
dag_process_push (DagProcess  *self,
                  GSourceFunc  func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, dag_process_ref (self), (GDestroyNotify) dag_process_unref);
  g_source_attach (source, get_context ());
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Pipes. Everything from here on is in the thread of the processes. */

static void
dag_pipe_close (DagPipe *self)
{
  clear_source (&self->source);

  if (G_IS_INPUT_STREAM (self->stream))
    g_input_stream_close (G_INPUT_STREAM (self->stream), NULL, NULL);
  else if (G_IS_OUTPUT_STREAM (self->stream))
    g_output_stream_close (G_OUTPUT_STREAM (self->stream), NULL, NULL);

  g_clear_object (&self->stream);
}

/* Nothing more can come of it. */
static void
dag_process_finish_if_over (DagProcess *self)
{
  DagProcessEnd end;

  if (!self->exited || self->out.stream != NULL || self->err.stream != NULL ||
      self->subprocess == NULL)
    return;

  if (self->out.bytes != NULL)
    self->end.output = g_byte_array_free_to_bytes (g_steal_pointer (&self->out.bytes));
  if (self->err.bytes != NULL)
    self->end.messages = g_byte_array_free_to_bytes (g_steal_pointer (&self->err.bytes));
  end = self->end;
  self->end = (DagProcessEnd) { 0 };

  g_clear_object (&self->subprocess);
  g_clear_pointer (&self->input, g_bytes_unref);
  g_atomic_int_set (&self->over, TRUE);

  self->done (&end, self->terminated, self->data);

  g_clear_pointer (&end.output, g_bytes_unref);
  g_clear_pointer (&end.messages, g_bytes_unref);
  g_clear_error (&end.error);
}

static gboolean
write_cb (int          fd,
          GIOCondition condition,
          gpointer     user_data)
{
  DagProcess *self = user_data;
  gsize size;
  const char *data = g_bytes_get_data (self->input, &size);
  gssize n;

  n = size > self->n_written ? write (fd, data + self->n_written, size - self->n_written) : 0;

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;

  if (n > 0)
    self->n_written += n;

  /* Nobody reads any more, or there is no more. */
  if (n < 0 || self->n_written == size)
    dag_pipe_close (&self->in);

  return G_SOURCE_CONTINUE;
}

static gboolean
read_cb (int          fd,
         GIOCondition condition,
         gpointer     user_data)
{
  DagPipe *pipe = user_data;
  DagProcess *self = pipe->process;
  guint length = pipe->bytes->len;
  int saved_errno;
  gssize n;

  if (length > LIMIT - CHUNK)
    {
      n = -1;
      saved_errno = EMSGSIZE;
    }
  else
    {
      g_byte_array_set_size (pipe->bytes, length + CHUNK);
      n = read (fd, pipe->bytes->data + length, CHUNK);
      saved_errno = errno;
      g_byte_array_set_size (pipe->bytes, length + MAX (n, 0));
    }

  if (n > 0 || (n < 0 && (saved_errno == EINTR || saved_errno == EAGAIN)))
    return G_SOURCE_CONTINUE;

  if (n < 0 && self->end.error == NULL)
    self->end.error = g_error_new_literal (G_IO_ERROR, g_io_error_from_errno (saved_errno),
                                           g_strerror (saved_errno));

  dag_pipe_close (pipe);
  dag_process_finish_if_over (self);

  return G_SOURCE_CONTINUE;
}

/* The source has no reference to the process, which is there until it is over. */
static void
dag_pipe_open (DagPipe      *self,
               DagProcess   *process,
               gpointer      stream,
               GIOCondition  condition,
               GSourceFunc   callback)
{
  int fd;

  if (stream == NULL)
    return;

  self->process = process;
  self->stream = g_object_ref (stream);

  g_object_get (stream, "fd", &fd, NULL);
  g_unix_set_fd_nonblocking (fd, TRUE, NULL);

  self->source = g_unix_fd_source_new (fd, condition);
  g_source_set_callback (self->source, callback,
                         condition == G_IO_IN ? (gpointer) self : (gpointer) process, NULL);
  g_source_attach (self->source, get_context ());
}

/* The process itself */

static void
dag_process_give_up (DagProcess *self)
{
  /* Others may have the pipes too. */
  dag_pipe_close (&self->out);
  dag_pipe_close (&self->err);
}

static void
exited_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  DagProcess *self = user_data;

  g_subprocess_wait_finish (self->subprocess, result, NULL);

  self->exited = TRUE;
  self->end.exit_status = -1;
  if (g_subprocess_get_if_exited (self->subprocess))
    self->end.exit_status = g_subprocess_get_exit_status (self->subprocess);
  else if (g_subprocess_get_if_signaled (self->subprocess))
    self->end.signal = g_subprocess_get_term_sig (self->subprocess);

  clear_source (&self->grace);
  dag_pipe_close (&self->in);
  if (self->terminated)
    dag_process_give_up (self);

  dag_process_finish_if_over (self);
  dag_process_unref (self);
}

static gboolean
start_cb (gpointer user_data)
{
  DagProcess *self = user_data;
  GInputStream *out = g_subprocess_get_stdout_pipe (self->subprocess);
  GInputStream *err = g_subprocess_get_stderr_pipe (self->subprocess);
  GOutputStream *in = g_subprocess_get_stdin_pipe (self->subprocess);

  if (out != NULL)
    self->out.bytes = g_byte_array_new ();
  if (err != NULL)
    self->err.bytes = g_byte_array_new ();

  dag_pipe_open (&self->out, self, out, G_IO_IN, G_SOURCE_FUNC (read_cb));
  dag_pipe_open (&self->err, self, err, G_IO_IN, G_SOURCE_FUNC (read_cb));

  if (self->input == NULL)
    {
      if (in != NULL)
        g_output_stream_close (in, NULL, NULL);
    }
  else
    {
      dag_pipe_open (&self->in, self, in, G_IO_OUT, G_SOURCE_FUNC (write_cb));
    }

  g_subprocess_wait_async (self->subprocess, NULL, exited_cb, dag_process_ref (self));

  return G_SOURCE_REMOVE;
}

static gboolean
kill_cb (gpointer user_data)
{
  DagProcess *self = user_data;

  clear_source (&self->grace);
  g_subprocess_force_exit (self->subprocess);

  return G_SOURCE_CONTINUE;
}

static gboolean
terminate_cb (gpointer user_data)
{
  DagProcess *self = user_data;

  if (self->terminated || self->subprocess == NULL)
    return G_SOURCE_REMOVE;

  self->terminated = TRUE;

  if (self->exited)
    {
      dag_process_give_up (self);
      dag_process_finish_if_over (self);
    }
  else if (self->grace_time == 0)
    {
      g_subprocess_force_exit (self->subprocess);
    }
  else
    {
      g_subprocess_send_signal (self->subprocess, SIGTERM);

      self->grace = g_timeout_source_new (self->grace_time);
      g_source_set_callback (self->grace, kill_cb, self, NULL);
      g_source_attach (self->grace, get_context ());
    }

  return G_SOURCE_REMOVE;
}

/* From any thread */

/*< private >
 * dag_process_new:
 * @subprocess: a process that has just been spawned
 * @input: (nullable): what it can read, if its standard input is a pipe
 * @grace_time: how long it may go on when it was asked to end, in milliseconds
 * @done: called when it is over, once it was started
 */
DagProcess *
dag_process_new (GSubprocess    *subprocess,
                 GBytes         *input,
                 guint           grace_time,
                 DagProcessFunc  done,
                 gpointer        data)
{
  DagProcess *self = g_new0 (DagProcess, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->subprocess = g_object_ref (subprocess);
  self->input = input != NULL ? g_bytes_ref (input) : NULL;
  self->grace_time = grace_time;
  self->done = done;
  self->data = data;

  return self;
}

DagProcess *
dag_process_ref (DagProcess *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
dag_process_unref (DagProcess *self)
{
  if (g_atomic_ref_count_dec (&self->ref_count))
    {
      g_assert (self->subprocess == NULL);
      g_free (self);
    }
}

/*< private >
 * dag_process_start:
 *
 * Looks after the process from now on. To be called once.
 */
void
dag_process_start (DagProcess *self)
{
  dag_process_push (self, start_cb);
}

/*< private >
 * dag_process_terminate:
 *
 * Asks the process to end, with SIGTERM, and kills it if it has not when the grace time is over.
 * What it may have started itself is left alone, and not waited for. Nothing happens to one that is
 * over.
 */
void
dag_process_terminate (DagProcess *self)
{
  if (!g_atomic_int_get (&self->over))
    dag_process_push (self, terminate_cb);
}
