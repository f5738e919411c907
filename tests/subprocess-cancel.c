/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* How commands are ended: at every stage, and whether they like it or not. */

#include <signal.h>
#include <stdlib.h>

#include "subprocess-util.h"

/* It says that it runs, and then does nothing for ever. */
#define SLEEP "printf r >&3; exec sleep 1000"

/* The same, but it takes no notice of SIGTERM. */
#define STUBBORN "trap '' TERM; printf r >&3; exec sleep 1000"

/* This program itself goes on after SIGTERM until the test says so. A shell may miss the signal just
 * before it blocks.
 */
#define SLOW "exec \"$1\" --slow"

static const char *program;

static int
run_slowly (void)
{
  sigset_t signals;
  char c;
  int number;

  sigemptyset (&signals);
  sigaddset (&signals, SIGTERM);
  sigprocmask (SIG_BLOCK, &signals, NULL);

  if (write (3, "r", 1) != 1 || sigwait (&signals, &number) != 0 || write (3, "t", 1) != 1)
    return EXIT_FAILURE;

  return read (4, &c, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void
test_before_start (void)
{
  TestLine line;
  DagTask *input = dag_task_new (test_body_pending, NULL, NULL);
  DagTask *at_once, *waiting;

  g_test_summary ("Promise 9: a command that is cancelled before it starts never runs");

  line_init (&line, STDIO | G_SUBPROCESS_FLAGS_STDIN_PIPE);
  at_once = new_script (line.launcher, SLEEP, NULL, TRUE, LONG);
  dag_task_cancel (at_once);
  waiting = g_object_ref (dag_subprocess_with (line.launcher, input, TRUE, LONG, "sh", "-c", SLEEP));
  while (dag_task_get_state (input) != DAG_STATE_RUNNING)
    test_iterate ();
  dag_task_cancel (waiting);

  /* It settles when what it waited for has. */
  while (!dag_task_is_finished (waiting))
    test_iterate ();
  dag_task_return_string (input, "text");
  assert_cancelled (waiting);
  assert_cancelled (at_once);
  line_hear_nothing (&line);

  release (at_once);
  release (waiting);
  release (input);
  line_clear (&line);
}

static void
test_running (void)
{
  TestLine line;
  DagTask *task;
  DagTask *dependent;

  g_test_summary ("Promise 9: a running command that is cancelled gets SIGTERM, and its task is "
                  "cancelled when it is gone");

  line_init (&line, STDIO);
  task = new_script (line.launcher, SLEEP, NULL, TRUE, LONG);
  dependent = g_object_ref (dag_subprocess (NULL, "cat", task));
  run_until_heard (task, &line);

  dag_task_cancel (task);
  assert_cancelled (task);
  line_hear_nothing (&line);
  test_settle (dependent);
  g_assert_cmpint (dag_task_get_state (dependent), ==, DAG_STATE_SKIPPED);

  release (dependent);
  release (task);
  line_clear (&line);
}

static void
test_slow (void)
{
  TestLine line;
  DagTask *task;

  g_test_summary ("A command has the grace time to end as it likes, and its task runs until then");

  line_init (&line, STDIO);
  task = new_script (line.launcher, SLOW, program, TRUE, LONG);
  run_until_heard (task, &line);

  dag_task_cancel (task);
  test_drain ();
  g_assert_cmpint (line_hear (&line), ==, 't');
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);

  /* Once more makes no difference. */
  dag_task_cancel (task);
  test_drain ();

  line_say (&line);
  assert_cancelled (task);
  line_hear_nothing (&line);
  release (task);
  line_clear (&line);
}

static void
test_stubborn (void)
{
  g_test_summary ("A command that takes no notice of SIGTERM is killed when the grace time is over, or "
                  "at once if there is none");

  for (guint grace_time = 0; grace_time <= 20; grace_time += 10)
    {
      TestLine line;
      DagTask *task;
      gint64 begin;

      line_init (&line, STDIO);
      task = new_script (line.launcher, STUBBORN, NULL, FALSE, grace_time);
      run_until_heard (task, &line);

      begin = g_get_monotonic_time ();
      dag_task_cancel (task);
      assert_cancelled (task);
      g_assert_cmpint (g_get_monotonic_time () - begin, >=, grace_time * 1000);
      line_hear_nothing (&line);
      release (task);
      line_clear (&line);
    }
}

static void
test_no_grace (void)
{
  TestLine line;
  DagTask *task;

  g_test_summary ("Without a grace time a command gets no SIGTERM");

  line_init (&line, STDIO);
  task = new_script (line.launcher, SLOW, program, TRUE, 0);
  run_until_heard (task, &line);
  dag_task_cancel (task);
  assert_cancelled (task);
  line_hear_nothing (&line);
  release (task);
  line_clear (&line);
}

static void
test_return_on_cancel (void)
{
  TestLine line;
  DagTask *task;

  g_test_summary ("With return-on-cancel the task is cancelled at once, and settles when the command "
                  "is gone");

  line_init (&line, STDIO);
  task = new_script (line.launcher, SLOW, program, TRUE, LONG);
  dag_task_set_return_on_cancel (task, TRUE);
  run_until_heard (task, &line);

  dag_task_cancel (task);
  test_finish (task);
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_CANCELLED);
  g_assert_cmpint (line_hear (&line), ==, 't');
  test_drain ();
  g_assert_false (dag_task_get_settled (task));

  line_say (&line);
  assert_cancelled (task);
  line_hear_nothing (&line);
  release (task);
  line_clear (&line);
}

static void
test_late (void)
{
  g_test_summary ("A command that takes too long is ended in the same way, and its task has timed "
                  "out");

  for (guint i = 0; i < 2; i++)
    {
      TestLine line;
      DagTask *task;

      line_init (&line, STDIO);
      task = new_script (line.launcher, STUBBORN, NULL, TRUE, 1);
      run_until_heard (task, &line);
      if (i == 0)
        dag_task_set_timeout (task, 5);
      else
        dag_task_set_deadline (task, 5);

      assert_failed (task, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "*");
      line_hear_nothing (&line);
      release (task);
      line_clear (&line);
    }
}

static void
test_cancellables (void)
{
  g_test_summary ("The parent cancellable ends a command, and so does that of the task");

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GCancellable) parent = g_cancellable_new ();
      TestLine line;
      DagTask *task;

      line_init (&line, STDIO);
      task = new_script (line.launcher, SLEEP, NULL, TRUE, LONG);
      dag_task_set_parent_cancellable (task, parent);
      run_until_heard (task, &line);

      g_cancellable_cancel (i == 0 ? parent : dag_task_get_cancellable (task));
      assert_cancelled (task);
      line_hear_nothing (&line);
      release (task);
      line_clear (&line);
    }
}

static void
test_pipe_of_others (void)
{
  TestLine line;
  DagTask *task;

  g_test_summary ("What a command has left behind is not waited for when its task is cancelled, also "
                  "if the command itself is gone already");

  line_init (&line, STDIO);
  task = new_script (line.launcher, "read go <&4 & printf r >&3; exec sleep 1000", NULL, TRUE, LONG);
  run_until_heard (task, &line);
  dag_task_cancel (task);
  assert_cancelled (task);
  line_say (&line);
  line_hear_nothing (&line);
  release (task);
  line_clear (&line);

  line_init (&line, STDIO);
  task = new_script (line.launcher, "{ read go <&4; } 3>&- & printf r >&3", NULL, TRUE, LONG);
  run_until_heard (task, &line);
  /* The others do not have this. */
  line_hear_nothing (&line);
  test_drain ();
  g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_RUNNING);
  dag_task_cancel (task);
  assert_cancelled (task);
  release (task);
  line_clear (&line);
}

static void
test_endless (void)
{
  g_autofree char *data = g_strnfill (1 << 20, 'x');
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, 1 << 20);
  TestLine line;
  DagTask *task;

  g_test_summary ("A command can be ended while it writes without end, or does not read what it gets");

  line_init (&line, STDIO);
  task = new_script (line.launcher, "printf r >&3; exec yes", NULL, TRUE, LONG);
  run_until_heard (task, &line);
  dag_task_cancel (task);
  assert_cancelled (task);
  release (task);
  line_clear (&line);

  line_init (&line, STDIO | G_SUBPROCESS_FLAGS_STDIN_PIPE);
  task = g_object_ref (dag_subprocess_with (line.launcher, bytes, TRUE, LONG, "sh", "-c", SLEEP));
  run_until_heard (task, &line);
  dag_task_cancel (task);
  assert_cancelled (task);
  release (task);
  line_clear (&line);
}

static gpointer
cancel_in_thread (gpointer data)
{
  dag_task_cancel (data);
  g_object_unref (data);

  return NULL;
}

static void
test_race (void)
{
  guint n = test_size (200);
  guint n_cancelled = 0;

  g_test_summary ("A command may end at the moment at which another thread cancels it");

  for (guint i = 0; i < n; i++)
    {
      DagTask *task = g_object_ref (dag_subprocess (NULL, "true"));
      GThread *thread;

      while (dag_task_get_state (task) < DAG_STATE_RUNNING)
        test_iterate ();
      g_usleep (i % 20 * 100);
      thread = g_thread_new ("canceller", cancel_in_thread, g_object_ref (task));
      test_settle (task);

      if (dag_task_get_state (task) == DAG_STATE_CANCELLED)
        n_cancelled++;
      else
        g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_SUCCEEDED);

      g_thread_join (thread);
      release (task);
    }

  g_test_message ("%u of %u were cancelled", n_cancelled, n);
}

/* Until GLib has waited for it, when nobody else tells. */
static void
wait_for_no_child (void)
{
  siginfo_t info;

  while (waitid (P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
    g_thread_yield ();
}

static void
test_context_destroyed (void)
{
  const char *scripts[] = { SLEEP, STUBBORN, "printf r >&3; exec yes" };

  g_test_summary ("Promise 14: when the main context of a task is destroyed its command is ended, and "
                  "the task is abandoned");

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      GMainContext *context = g_main_context_new ();
      TestLine line;
      DagTask *task;

      line_init (&line, STDIO);
      g_main_context_push_thread_default (context);
      task = new_script (line.launcher, scripts[i], NULL, TRUE, 10);
      run_until_heard (task, &line);
      g_main_context_pop_thread_default (context);
      g_main_context_unref (context);

      g_assert_cmpint (dag_task_get_state (task), ==, DAG_STATE_FAILED);
      g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
      g_assert_true (dag_task_get_settled (task));

      line_hear_nothing (&line);
      wait_for_no_child ();

      release_object (task);
      line_clear (&line);
    }
}

static void
test_context_destroyed_before (void)
{
  GMainContext *context = g_main_context_new ();
  TestLine line;
  DagTask *task;

  g_test_summary ("Promise 14: a command whose main context is destroyed before it starts never runs");

  line_init (&line, STDIO);
  g_main_context_push_thread_default (context);
  task = new_script (line.launcher, SLEEP, NULL, TRUE, LONG);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  g_assert_error (dag_task_get_error (task), DAG_ERROR, DAG_ERROR_ABANDONED);
  line_hear_nothing (&line);
  release (task);
  line_clear (&line);
}

int
main (int   argc,
      char *argv[])
{
  if (argc > 1 && g_str_equal (argv[1], "--slow"))
    return run_slowly ();

  program = argv[0];
  g_test_init (&argc, &argv, NULL);

  add_test ("/command-cancel/before-start", test_before_start);
  add_test ("/command-cancel/running", test_running);
  add_test ("/command-cancel/slow", test_slow);
  add_test ("/command-cancel/stubborn", test_stubborn);
  add_test ("/command-cancel/no-grace", test_no_grace);
  add_test ("/command-cancel/return-on-cancel", test_return_on_cancel);
  add_test ("/command-cancel/late", test_late);
  add_test ("/command-cancel/cancellables", test_cancellables);
  add_test ("/command-cancel/pipe-of-others", test_pipe_of_others);
  add_test ("/command-cancel/endless", test_endless);
  add_test ("/command-cancel/race", test_race);
  add_test ("/command-cancel/context-destroyed", test_context_destroyed);
  add_test ("/command-cancel/context-destroyed-before", test_context_destroyed_before);

  return g_test_run ();
}
