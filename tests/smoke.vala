// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Tasks from Vala through the vapi: an async method is their body, gets what other tasks returned,
// and throws.

using Dag;

async int divide (int number, int divisor) throws Error {
  Idle.add (divide.callback);
  yield;
  if (divisor == 0)
    throw new IOError.INVALID_ARGUMENT ("Division by zero");
  return number / divisor;
}

Dag.Task divided (Value number, Value divisor) {
  return new Dag.Task.with_arguments (
    t => divide.begin (t.get_argument_int (0), t.get_argument_int (1),
                       (o, r) => t.return_from (() => divide.end (r))),
    { number, divisor });
}

async void run () throws Error {
  var six = new Dag.Task (t => t.return_int (6));
  var task = divided (divided (84, 2), six);
  assert (!task.get_cancellable ().is_cancelled ());
  int seven = (int) yield task.await ();
  assert (seven == 7 && task.state == State.SUCCEEDED);

  try {
    yield divided (six, divided (0, 1)).await ();
    assert_not_reached ();
  } catch (IOError.INVALID_ARGUMENT error) {
    assert (error.message == "Division by zero");
  }
}

int main () {
  var loop = new MainLoop ();
  run.begin ((o, r) => {
    try {
      run.end (r);
    } catch (Error error) {
      GLib.error ("%s", error.message);
    }
    loop.quit ();
  });
  loop.run ();
  return 0;
}
