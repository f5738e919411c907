/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Commands as tasks: what they get, and what comes of them. */

#include "subprocess-util.h"

#define MEGABYTE (1 << 20)

static void
return_bytes (DagTask  *task,
              gpointer  user_data)
{
  dag_task_return_boxed (task, G_TYPE_BYTES, user_data);
}

static GBytes *
make_bytes (gsize size)
{
  guchar *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (guchar) (i * 7 + i / 251);

  return g_bytes_new_take (data, size);
}

DAG_DEFINE_TASK (text, (const char *, value))
{
  dag_task_return_string (task, value);
}

/* What comes of it */

static void
test_result (void)
{
  DagTask *task = script ("printf out; printf err >&2");
  g_autoptr (GBytes) output = NULL;
  g_autofree char *messages = NULL;
  DagProcessResult *result;
  gboolean successful;
  int status, signal;

  g_test_summary ("The result of a command has what it wrote, and how it ended");

  g_assert_cmpstr (dag_task_get_name (task), ==, "sh");
  g_assert_null (dag_task_get_process_result (task));
  test_settle (task);

  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
  result = dag_task_get_process_result (task);
  g_assert_true (g_value_get_object (dag_task_get_value (task)) == result);
  g_assert_true (dag_process_result_get_successful (result));
  g_assert_cmpint (dag_process_result_get_status (result), ==, 0);
  g_assert_cmpint (dag_process_result_get_signal (result), ==, 0);
  g_assert_cmpmem (g_bytes_get_data (dag_process_result_get_stdout (result), NULL),
                   g_bytes_get_size (dag_process_result_get_stdout (result)), "out", 3);
  g_assert_cmpmem (g_bytes_get_data (dag_process_result_get_stderr (result), NULL),
                   g_bytes_get_size (dag_process_result_get_stderr (result)), "err", 3);
  g_assert_cmpstr (dag_process_result_get_stderr_text (result), ==, "err");

  g_object_get (result, "successful", &successful, "status", &status, "signal", &signal,
                "stdout", &output, "stderr-text", &messages, NULL);
  g_assert_true (successful);
  g_assert_cmpint (status + signal, ==, 0);
  g_assert_true (output == dag_process_result_get_stdout (result));
  g_assert_cmpstr (messages, ==, "err");

  g_object_ref (result);
  release (task);
  g_assert_cmpstr (dag_process_result_get_stdout_text (result), ==, "out");
  release_object (result);
}

static void
test_nothing_written (void)
{
  DagTask *task = script (":");
  DagProcessResult *result;

  g_test_summary ("A command that writes nothing has empty output, and reads the end of the file");

  test_settle (task);
  result = dag_task_get_process_result (task);
  g_assert_cmpuint (g_bytes_get_size (dag_process_result_get_stdout (result)), ==, 0);
  g_assert_cmpstr (dag_process_result_get_stdout_text (result), ==, "");
  g_assert_cmpstr (dag_process_result_get_stderr_text (result), ==, "");
  release (task);

  task = script ("cat");
  assert_output (task, "");
  release (task);
}

static void
test_no_text (void)
{
  DagTask *task = script ("printf 'a\\377b\\0c'");
  DagProcessResult *result;

  g_test_summary ("What is no text is there as bytes, and is replaced in the text");

  test_settle (task);
  result = dag_task_get_process_result (task);
  g_assert_cmpmem (g_bytes_get_data (dag_process_result_get_stdout (result), NULL),
                   g_bytes_get_size (dag_process_result_get_stdout (result)), "a\377b\0c", 5);
  g_assert_cmpstr (dag_process_result_get_stdout_text (result), ==, "a\357\277\275b\357\277\275c");
  release (task);
}

/* What it reads */

static DagTask *
cat (DagArgument input)
{
  return g_object_ref (dag_subprocess_with (NULL, input, TRUE, LONG, "cat"));
}

static void
test_input (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("bytes", 5);
  DagTask *tasks[6];

  g_test_summary ("A command reads text, bytes, or the result of a task, which may be another "
                  "command");

  tasks[0] = cat (dag_argument_const_string ("text"));
  tasks[1] = cat (dag_argument_bytes (bytes));
  tasks[2] = cat (dag_argument_task (dag_call (text, "of a task")));
  tasks[3] = cat (dag_argument_task (tasks[2]));
  tasks[4] = dag_task_new (return_bytes, bytes, NULL);
  tasks[5] = cat (dag_argument_task (tasks[4]));

  assert_output (tasks[0], "text");
  assert_output (tasks[1], "bytes");
  assert_output (tasks[2], "of a task");
  assert_output (tasks[3], "of a task");
  assert_output (tasks[5], "bytes");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    release (tasks[G_N_ELEMENTS (tasks) - 1 - i]);
}

static void
test_empty_input (void)
{
  DagTask *nothing = dag_task_new (NULL, NULL, NULL);
  DagTask *tasks[] = {
    cat (dag_argument_const_string ("")),
    cat (dag_argument_const_string (NULL)),
    cat (dag_argument_none ()),
    cat (dag_argument_task (nothing)),
  };

  g_test_summary ("A command that gets nothing to read, in whatever way, reads the end of the file");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      assert_output (tasks[i], "");
      release (tasks[i]);
    }
  release (nothing);
}

static void
test_failed_input (void)
{
  TestLine line;
  DagTask *input = dag_task_new (test_body_fail, NULL, NULL);
  DagTask *task;

  g_test_summary ("Promise 7: a command whose input fails is skipped, and never runs");

  line_init (&line, G_SUBPROCESS_FLAGS_STDIN_PIPE);
  task = g_object_ref (dag_subprocess_with (line.launcher, input, TRUE, LONG, "sh", "-c",
                                            "echo r >&3"));
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SKIPPED);
  g_assert_error (dag_task_get_error (task), G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_null (dag_task_get_process_result (task));
  line_hear_nothing (&line);

  release (task);
  release (input);
  line_clear (&line);
}

static void
test_big (void)
{
  g_autoptr (GBytes) bytes = make_bytes (4 * MEGABYTE);
  DagTask *task = g_object_ref (dag_subprocess_with (NULL, bytes, TRUE, LONG, "sh", "-c",
                                                     "tee /dev/fd/2"));
  DagProcessResult *result;

  g_test_summary ("Megabytes go into a command and out of both its streams at the same time");

  test_settle (task);
  g_assert_no_error ((GError *) dag_task_get_error (task));
  result = dag_task_get_process_result (task);
  g_assert_true (g_bytes_equal (dag_process_result_get_stdout (result), bytes));
  g_assert_true (g_bytes_equal (dag_process_result_get_stderr (result), bytes));
  release (task);
}

static void
test_unread (void)
{
  g_autoptr (GBytes) bytes = make_bytes (MEGABYTE);
  DagTask *tasks[] = {
    g_object_ref (dag_subprocess_with (NULL, bytes, TRUE, LONG, "true")),
    g_object_ref (dag_subprocess_with (NULL, bytes, TRUE, LONG, "head", "-c", 3)),
    g_object_ref (dag_subprocess_with (NULL, bytes, TRUE, LONG, "sh", "-c",
                                       "exec <&-; printf done")),
  };

  g_test_summary ("A command may leave unread what it gets, without harm to it or to the program");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    test_settle (tasks[i]);

  g_assert_cmpint (dag_task_get_state (tasks[0]), ==, DAG_STATE_SUCCEEDED);
  g_assert_cmpuint (g_bytes_get_size (dag_process_result_get_stdout (
      dag_task_get_process_result (tasks[1]))), ==, 3);
  assert_output (tasks[2], "done");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    release (tasks[i]);
}

/* What is run */

static void
return_strv (DagTask  *task,
             gpointer  user_data)
{
  const char *words[] = { "b", "c d", NULL };

  dag_task_return_strv (task, words);
}

static void
test_words (void)
{
  const char *more[] = { "x", "y z", NULL };
  g_autoptr (GFile) file = g_file_new_for_path ("/nowhere/at all");
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\303\244", 2);
  DagTask *list = dag_task_new (return_strv, NULL, NULL);
  DagTask *echo = script ("printf 'two lines\\n\\n\\n'");
  DagTask *task;

  g_test_summary ("The words of a command are text, numbers, files, bytes, several words, and what "
                  "tasks return of these");

  task = g_object_ref (dag_subprocess (NULL, "printf", "<%s>", dag_call (text, "a"), list, more, 7,
                                       -1.5, file, bytes, echo, ""));
  assert_output (task, "<a><b><c d><x><y z><7><-1.5></nowhere/at all><ä><two lines><>");
  release (task);
  release (list);
  release (echo);

  task = g_object_ref (dag_subprocess (NULL, dag_call (text, "echo"), "a"));
  g_assert_cmpstr (dag_task_get_name (task), ==, "subprocess");
  assert_output (task, "a\n");
  release (task);
}

static void
test_numbers (void)
{
  DagTask *task;

  g_test_summary ("A number in a command is the same number, whatever the locale is");

  task = g_object_ref (dag_subprocess (NULL, "printf", "<%s>", 0.5, 0.1f, 0.1, 1e-7, 1e300, 1.0 / 3.0,
                                       G_MAXUINT64, G_MININT64));
  assert_output (task, "<0.5><0.1><0.1><1e-07><1e+300><0.3333333333333333><18446744073709551615>"
                       "<-9223372036854775808>");
  release (task);
}

static void
test_bad_words (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("a\0b", 3);
  g_autoptr (GFile) file = g_file_new_for_uri ("http://localhost/");
  DagTask *nothing = dag_task_new (NULL, NULL, NULL);
  DagTask *raw = dag_task_new (NULL, NULL, NULL);
  DagTask *tasks[] = {
    g_object_ref (dag_subprocess (NULL, "true", (const char *) NULL)),
    g_object_ref (dag_subprocess (NULL, "true", bytes)),
    g_object_ref (dag_subprocess (NULL, "true", file)),
    g_object_ref (dag_subprocess (NULL, "true", nothing)),
    g_object_ref (dag_subprocess (NULL, "true", dag_finished (raw))),
  };
  DagTask *input = g_object_ref (dag_subprocess_with (NULL, 7, TRUE, LONG, "cat"));
  const char *none[] = { NULL };
  DagTask *empty;

  g_test_summary ("What is no word of a command, and nothing to read, is refused when it starts");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      assert_failed (tasks[i], DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "Word 1 of a command *");
      release (tasks[i]);
    }
  assert_failed (input, DAG_ERROR, DAG_ERROR_ARGUMENT_TYPE, "What a command reads *gint*");
  release (input);

  empty = g_object_ref (dag_subprocess (NULL, none));
  assert_failed (empty, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "*empty*");
  release (empty);
  empty = g_object_ref (dag_subprocess (NULL, ""));
  assert_failed (empty, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "*empty*");
  release (empty);

  release (nothing);
  release (raw);
}

static void
test_misuse (void)
{
  GValue none = G_VALUE_INIT;

  g_test_summary ("What cannot be a command at all is a programmer error that names the function");

  test_assert_critical ("*dag_task_new_subprocess*n_argv > 0*",
                        dag_task_new_subprocess (NULL, &none, 0, NULL, TRUE, 0));
  test_assert_critical ("*dag_task_new_subprocess*are_arguments*",
                        dag_task_new_subprocess (NULL, &none, 1, NULL, TRUE, 0));
  test_assert_critical ("*subprocess.c:*dag_subprocess ()*",
                        dag_call_new_subprocess (NULL, G_STRLOC, dag_argument_none (), TRUE, 0,
                                                 &(DagArgument) { .type = G_TYPE_POINTER }, 1));
  test_assert_critical ("*dag_process_result_get_stdout*", dag_process_result_get_stdout (NULL));
}

/* How it fails */

static void
test_not_found (void)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (STDIO);
  DagTask *task = g_object_ref (dag_subprocess (NULL, "/no/such command", "-x"));

  g_test_summary ("A command that cannot be run is an error that names it");

  assert_failed (task, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT, "Cannot run '/no/such command' -x: ?*");
  release (task);

  g_subprocess_launcher_set_cwd (launcher, "/no/such/folder");
  task = g_object_ref (dag_subprocess (launcher, "true"));
  assert_failed (task, G_SPAWN_ERROR, G_SPAWN_ERROR_CHDIR, "Cannot run true: ?*");
  release (task);
}

static void
test_status (void)
{
  DagTask *task = script ("echo out; echo oops >&2; exit 3");
  DagTask *dependent = cat (dag_argument_task (task));
  g_autoptr (GError) copy = NULL;
  DagProcessResult *result;

  g_test_summary ("Promise 7: a status other than 0 fails the task, with the command and the last "
                  "lines of its standard error, and the result can be read all the same");

  assert_failed (task, DAG_ERROR, DAG_ERROR_PROCESS_FAILED,
                 "sh -c 'echo out; echo oops >&2; exit 3' sh ended with status 3: oops");
  result = dag_task_get_process_result (task);
  g_assert_false (dag_process_result_get_successful (result));
  g_assert_cmpint (dag_process_result_get_status (result), ==, 3);
  g_assert_cmpstr (dag_process_result_get_stdout_text (result), ==, "out\n");
  g_assert_cmpstr (dag_process_result_get_stderr_text (result), ==, "oops\n");

  test_settle (dependent);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SKIPPED);
  g_assert_true (dag_task_get_process_result (dependent) == result);
  g_assert_true (dag_task_get_origin (dependent) == task);

  copy = g_error_copy (dag_task_get_error (task));
  g_object_ref (result);
  release (dependent);
  release (task);
  g_clear_error (&copy);
  release_object (result);
}

static void
test_long_failure (void)
{
  DagTask *task = script ("i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i >&2; done; exit 1");
  g_autofree char *shown = NULL;

  g_test_summary ("Of a long command and of much that it said only as much is in the message as one "
                  "can read");

  assert_failed (task, DAG_ERROR, DAG_ERROR_PROCESS_FAILED, "*:\nline 21\n*\nline 30");
  g_assert_null (strstr (dag_task_get_error (task)->message, "line 20\n"));
  release (task);

  /* In the middle of a character it is not cut, whatever the length of what comes after. */
  for (guint i = 0; i < 3; i++)
    {
      task = new_script (NULL, "yes €$1 | head -n 3000 | tr -d '\\n' >&2; exit 1", &"abc"[i], TRUE,
                         LONG);
      assert_failed (task, DAG_ERROR, DAG_ERROR_PROCESS_FAILED, "sh -c *");
      g_assert_cmpuint (strlen (dag_task_get_error (task)->message), <, 2200);
      g_assert_null (strstr (dag_task_get_error (task)->message, "\357\277\275"));
      release (task);
    }

  shown = g_strnfill (500, 'x');
  task = new_script (NULL, "exit 1", shown, TRUE, LONG);
  assert_failed (task, DAG_ERROR, DAG_ERROR_PROCESS_FAILED, "sh -c 'exit 1' sh xxx*x… ended with *");
  g_assert_cmpuint (strlen (dag_task_get_error (task)->message), <, 200);
  release (task);

  task = new_script (NULL, "exit 1", "\377ä", TRUE, LONG);
  assert_failed (task, DAG_ERROR, DAG_ERROR_PROCESS_FAILED,
                 "sh -c 'exit 1' sh \357\277\275ä ended with status 1");
  release (task);
}

static void
test_signal (void)
{
  DagTask *task = script ("kill -9 $$");
  DagProcessResult *result;

  g_test_summary ("A command that a signal ended has failed, and says which one");

  assert_failed (task, DAG_ERROR, DAG_ERROR_PROCESS_FAILED, "* was ended by signal 9, ?*");
  result = dag_task_get_process_result (task);
  g_assert_false (dag_process_result_get_successful (result));
  g_assert_cmpint (dag_process_result_get_signal (result), ==, 9);
  g_assert_cmpint (dag_process_result_get_status (result), ==, -1);
  release (task);
}

static void
test_unchecked (void)
{
  DagTask *task = new_script (NULL, "echo out; exit 3", NULL, FALSE, LONG);
  DagProcessResult *result;

  g_test_summary ("Without the check every end of a command is a success");

  assert_output (task, "out\n");
  result = dag_task_get_process_result (task);
  g_assert_cmpint (dag_process_result_get_status (result), ==, 3);
  g_assert_false (dag_process_result_get_successful (result));
  release (task);

  task = new_script (NULL, "kill -15 $$", NULL, FALSE, LONG);
  test_settle (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);
  g_assert_cmpint (dag_process_result_get_signal (dag_task_get_process_result (task)), ==, 15);
  release (task);

  /* That is another thing. */
  task = g_object_ref (dag_subprocess_with (NULL, NULL, FALSE, LONG, "/no/such/command"));
  assert_failed (task, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT, "*");
  release (task);
}

/* Launchers */

static void
test_launcher (void)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (STDIO);
  DagTask *task;

  g_test_summary ("A launcher gives a command its environment and its folder, as it is when the task "
                  "starts");

  g_subprocess_launcher_set_cwd (launcher, "/");
  task = new_script (launcher, "printf '%s %s' \"$PWD\" \"$DAG_TEST_WORD\"", NULL, TRUE, LONG);
  g_subprocess_launcher_setenv (launcher, "DAG_TEST_WORD", "secret", TRUE);
  assert_output (task, "/ secret");
  release (task);
  g_assert_finalize_object (g_steal_pointer (&launcher));
}

static void
test_streams (void)
{
  g_autoptr (GSubprocessLauncher) silent =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                                 G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GSubprocessLauncher) merging =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GSubprocessLauncher) piping =
      g_subprocess_launcher_new (STDIO | G_SUBPROCESS_FLAGS_STDIN_PIPE);
  DagTask *task = new_script (silent, "echo out; echo err >&2", NULL, TRUE, LONG);
  DagProcessResult *result;

  g_test_summary ("What a launcher does not pipe is not collected; a pipe into a command that gets "
                  "nothing is at its end");

  test_settle (task);
  result = dag_task_get_process_result (task);
  g_assert_null (dag_process_result_get_stdout (result));
  g_assert_null (dag_process_result_get_stderr (result));
  g_assert_null (dag_process_result_get_stdout_text (result));
  release (task);

  task = new_script (silent, "echo err >&2; exit 1", NULL, TRUE, LONG);
  assert_failed (task, DAG_ERROR, DAG_ERROR_PROCESS_FAILED, "* ended with status 1");
  release (task);

  task = new_script (merging, "echo out; echo err >&2", NULL, TRUE, LONG);
  assert_output (task, "out\nerr\n");
  g_assert_null (dag_process_result_get_stderr (dag_task_get_process_result (task)));
  release (task);

  task = new_script (piping, "cat", NULL, TRUE, LONG);
  assert_output (task, "");
  release (task);
}

static void
test_no_pipe_for_input (void)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (STDIO);
  DagTask *task = g_object_ref (dag_subprocess_with (launcher, "text", TRUE, LONG, "sleep", 1000));

  g_test_summary ("A command that gets something to read through a launcher without a pipe for it is "
                  "killed");

  assert_failed (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "sleep 1000 gets *");
  release (task);
}

/* When it ends */

static void
test_pipe_of_others (void)
{
  TestLine line;
  DagTask *task;

  g_test_summary ("A command that has left its standard output to others ends when they have closed "
                  "it");

  line_init (&line, STDIO);
  task = new_script (line.launcher, "printf a; { read go <&4; printf b; } & echo r >&3", NULL, TRUE,
                     LONG);
  run_until_heard (task, &line);
  g_assert_cmpint (line_hear (&line), ==, '\n');
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);

  line_say (&line);
  assert_output (task, "ab");
  line_hear_nothing (&line);
  release (task);
  line_clear (&line);
}

static void
test_many (void)
{
  DagTask *tasks[100];

  g_test_summary ("A hundred commands run side by side");

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    tasks[i] = cat (dag_argument_task (dag_subprocess (NULL, "echo", i)));

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      g_autofree char *expected = g_strdup_printf ("%u\n", i);

      assert_output (tasks[i], expected);
    }

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    release (tasks[i]);
}

static void
run_in_worker (gpointer data)
{
  DagTask **task = data;

  *task = g_object_ref (dag_subprocess (NULL, "echo", "elsewhere"));
}

static void
test_other_context (void)
{
  TestWorker *worker = test_worker_new ();
  DagTask *task, *dependent;

  g_test_summary ("Promise 12: commands run for any main context, and feed one another across them");

  test_worker_call (worker, run_in_worker, &task);
  dependent = cat (dag_argument_task (task));
  assert_output (dependent, "elsewhere\n");
  release (dependent);
  release (task);
  test_worker_free (worker);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/command/result", test_result);
  add_test ("/command/nothing-written", test_nothing_written);
  add_test ("/command/no-text", test_no_text);
  add_test ("/command/input", test_input);
  add_test ("/command/empty-input", test_empty_input);
  add_test ("/command/failed-input", test_failed_input);
  add_test ("/command/big", test_big);
  add_test ("/command/unread", test_unread);
  add_test ("/command/words", test_words);
  add_test ("/command/numbers", test_numbers);
  add_test ("/command/bad-words", test_bad_words);
  add_test ("/command/misuse", test_misuse);
  add_test ("/command/not-found", test_not_found);
  add_test ("/command/status", test_status);
  add_test ("/command/long-failure", test_long_failure);
  add_test ("/command/signal", test_signal);
  add_test ("/command/unchecked", test_unchecked);
  add_test ("/command/launcher", test_launcher);
  add_test ("/command/streams", test_streams);
  add_test ("/command/no-pipe-for-input", test_no_pipe_for_input);
  add_test ("/command/pipe-of-others", test_pipe_of_others);
  add_test ("/command/many", test_many);
  add_test ("/command/other-context", test_other_context);

  return g_test_run ();
}
