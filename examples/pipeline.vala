// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The pipeline of pipeline.c in Vala: its steps are ordinary async methods.
//
//   fetch a1  1 s   --+
//                     +-- concatenate --+------------------ strip_numbers --+
//   fetch a2  2 s   --+                 |                                   |
//                                       +-- concatenate --- strip_numbers --+
//   fetch b1  4 s   --+                 |                                   |
//                     +-- concatenate --+                                   +-- upload
//   fetch b2  0.5 s --+                                                     |
//                                                                           |
//   fetch c1  6 s   --+                                                     |
//                     +-- concatenate --------------------- strip_numbers --+
//   fetch c2  3.5 s --+
//
// With DAG_EXAMPLE_SPEED=5 in the environment five of these seconds pass in one.

const int CRITICAL_PATH = 9; // s

// The steps. None of them knows of another or of tasks; each stands for a request to some service.

async string fetch (string id, double seconds) throws Error {
  yield pass (seconds);
  say ("fetched %s", id);
  return id + "x";
}

async string concatenate (string left, string right) throws Error {
  yield pass (1);
  say ("concatenated %s and %s", left, right);
  return left + right;
}

async string strip_numbers (string text) throws Error {
  yield pass (1);
  say ("stripped %s", text);
  return /[0-9]/.replace (text, -1, 0, "");
}

async void upload (string a, string b, string c) throws Error {
  yield pass (1);
  say ("uploaded %s, %s and %s", a, b, c);
}

// The same as tasks. What they take is a value or a task, whose result the step gets then.

Dag.Task fetching (string id, double seconds) {
  return new Dag.Task (
    t => fetch.begin (id, seconds, (o, r) => t.return_from (() => fetch.end (r))));
}

Dag.Task concatenating (Value left, Value right) {
  return new Dag.Task.with_arguments (
    t => concatenate.begin (t.get_argument_string (0), t.get_argument_string (1),
                            (o, r) => t.return_from (() => concatenate.end (r))),
    { left, right });
}

Dag.Task stripping (Value text) {
  return new Dag.Task.with_arguments (
    t => strip_numbers.begin (t.get_argument_string (0),
                              (o, r) => t.return_from (() => strip_numbers.end (r))),
    { text });
}

Dag.Task uploading (Value a, Value b, Value c) {
  return new Dag.Task.with_arguments (
    t => upload.begin (t.get_argument_string (0), t.get_argument_string (1),
                       t.get_argument_string (2),
                       (o, r) => t.return_void_from (() => upload.end (r))),
    { a, b, c });
}

// The pipeline: making a task schedules it, a task among the arguments is waited for.

Dag.Task build_pipeline () {
  var a1 = fetching ("a1", 1);
  var a2 = fetching ("a2", 2);
  var b1 = fetching ("b1", 4);
  var b2 = fetching ("b2", 0.5);
  var c1 = fetching ("c1", 6);
  var c2 = fetching ("c2", 3.5);

  var ca = concatenating (a1, a2);
  var cb = concatenating (b1, b2);
  var cc = concatenating (c1, c2);
  var cab = concatenating (ca, cb);

  var sa = stripping (ca); // ca a second time: a result can be shared
  var sab = stripping (cab);
  var sc = stripping (cc);

  return uploading (sa, sab, sc);
}

async void run () throws Error {
  yield build_pipeline ().await ();
}

// The clock

int64 clock_start; // µs
double clock_speed = 1;

double read_clock () {
  return (double) (get_monotonic_time () - clock_start) / TimeSpan.SECOND * clock_speed;
}

// Comes back when that many seconds of the example have passed.
async void pass (double seconds) {
  Timeout.add ((uint) (seconds * 1000 / clock_speed + 0.5), pass.callback);
  yield;
}

// Prints a line with the time in front, rounded down to a tenth of a second; to half a second when
// the speed was set, because then being late by a little counts as much more.
[PrintfFormat]
void say (string format, ...) {
  int parts = Environment.get_variable ("DAG_EXAMPLE_SPEED") != null ? 2 : 10; // of a second
  string text = format.vprintf (va_list ());

  print ("%4.1f s  %s\n", (double) (int) (read_clock () * parts) / parts, text);
}

int main () {
  var loop = new MainLoop ();
  unowned string? speed = Environment.get_variable ("DAG_EXAMPLE_SPEED");
  int status = 0;

  if (speed != null)
    clock_speed = double.max (double.parse (speed), 0.1);
  clock_start = get_monotonic_time ();

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

  if (status == 0)
    print ("makespan %.3f s, critical path %d s\n", read_clock (), CRITICAL_PATH);
  return status;
}
