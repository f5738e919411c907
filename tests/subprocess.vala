// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Commands as tasks, in Vala.

async Dag.ProcessResult result_of (Dag.Task task) throws Error {
  return (Dag.ProcessResult) yield task.await ();
}

async void check () throws Error {
  // What it writes, and how it ended.
  var result = yield result_of (new Dag.Task.subprocess (null, { "sh", "-c", "printf a; printf b >&2" }));
  assert (result.successful && result.status == 0 && result.signal == 0);
  assert (result.stdout.compare (new Bytes ("a".data)) == 0);
  assert (result.stdout_text == "a" && result.stderr_text == "b");

  // A task as a word, and another command as input.
  var word = new Dag.Task (t => t.return_string ("-u"));
  var lines = new Dag.Task.subprocess (null, { "printf", "%s\\n", "y", "x", "y" });
  result = yield result_of (new Dag.Task.subprocess (null, { "sort", word }, lines));
  assert (result.stdout_text == "x\ny\n");

  // The launcher says the rest; this one collects nothing.
  var launcher = new SubprocessLauncher (SubprocessFlags.STDOUT_SILENCE);
  launcher.set_cwd ("/");
  result = yield result_of (new Dag.Task.subprocess (launcher, { "pwd" }));
  assert (result.stdout == null && result.stderr_text == null);

  // Failing.
  var failing = new Dag.Task.subprocess (null, { "sh", "-c", "echo oops >&2; exit 3" });
  try {
    yield failing.await ();
    assert_not_reached ();
  } catch (Dag.TaskError.PROCESS_FAILED error) {
    assert (error.message.has_suffix ("ended with status 3: oops"));
    assert (failing.get_process_result ().status == 3);
  }

  result = yield result_of (new Dag.Task.subprocess (null, { "sh", "-c", "exit 3" }, null, false));
  assert (result.status == 3);

  // Being ended.
  var endless = new Dag.Task.subprocess (null, { "sleep", 1000 }, null, true, 10);
  Idle.add (() => {
    endless.cancel ();
    return Source.REMOVE;
  });
  try {
    yield endless.await ();
    assert_not_reached ();
  } catch (IOError.CANCELLED error) {
  }
}

int main () {
  var loop = new MainLoop ();

  check.begin ((o, r) => {
    try {
      check.end (r);
    } catch (Error error) {
      GLib.error ("%s", error.message);
    }
    loop.quit ();
  });
  loop.run ();
  return 0;
}
