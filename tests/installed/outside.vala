// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Prints 42, with async methods.

async int six () throws Error {
  Idle.add (six.callback);
  yield;
  return 6;
}

Dag.Task multiply (Value left, int right) {
  return new Dag.Task.with_arguments (
    t => t.return_int (t.get_argument_int (0) * t.get_argument_int (1)),
    { left, right });
}

async void run () throws Error {
  var left = new Dag.Task (t => six.begin ((o, r) => t.return_from (() => six.end (r))));
  print ("%d\n", (int) yield multiply (left, 7).await ());
}

int main () {
  var loop = new MainLoop ();
  int status = 0;

  run.begin ((object, result) => {
    try {
      run.end (result);
    } catch (Error error) {
      printerr ("%s\n", error.message);
      status = 1;
    }
    loop.quit ();
  });
  loop.run ();
  return status;
}
