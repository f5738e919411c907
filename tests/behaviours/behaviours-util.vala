// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the behaviours in Vala share.

// Tests

delegate void Check () throws Error;
delegate void Begin (AsyncReadyCallback done);
delegate void End (AsyncResult result) throws Error;

void add (string name, owned Check check) {
  Test.add_data_func ("/behaviours/" + name, () => {
    try {
      check ();
    } catch (Error error) {
      Test.message ("%s", error.message);
      assert_not_reached ();
    }
    drain ();
  });
}

// A test that is an async method.
void add_async (string name, owned Begin begin, owned End end) {
  add (name, () => {
    AsyncResult? result = null;

    begin ((object, r) => result = r);
    while (result == null)
      iterate ();
    end (result);
  });
}

// Tasks. An argument is a value or a task.

class Notes {
  public string text = "";

  public void add (string more) {
    text += more;
  }
}

Dag.Task echo (Value text) {
  return new Dag.Task.with_arguments (t => t.return_string (t.get_argument_string (0)), { text });
}

Dag.Task join (Value left, Value right) {
  return new Dag.Task.with_arguments (
    t => t.return_string (t.get_argument_string (0) + t.get_argument_string (1)),
    { left, right });
}

Dag.Task note (Notes notes, Value text) {
  return new Dag.Task.with_arguments (t => {
    notes.add (t.get_argument_string (0));
    t.return_string (t.get_argument_string (0));
  }, { text });
}

Dag.Task increment (Value number) {
  return new Dag.Task.with_arguments (t => t.return_int (t.get_argument_int (0) + 1), { number });
}

async void throw_error (string message) throws Error {
  throw new IOError.NOT_FOUND ("%s", message);
}

Dag.Task fail (string message) {
  return new Dag.Task (t => throw_error.begin (
    message, (o, r) => t.return_void_from (() => throw_error.end (r))));
}

Dag.Task decline () {
  return new Dag.Task (t => t.return_skip ());
}

// It does not return: the test does.
Dag.Task pending () {
  return new Dag.Task (t => {});
}

void fail_now (Dag.Task task, string message) {
  task.return_error (new IOError.NOT_FOUND ("%s", message));
}

// Ends a task that is pending, when the test does not care how.
void end_now (Dag.Task task) {
  task.return_void ();
  settle (task);
}

// What the library calls the state.
unowned string nick (Dag.State state) {
  return ((EnumClass) typeof (Dag.State).class_ref ()).get_value (state).value_nick;
}

// Waiting by iterating the main context; nothing sleeps.

void iterate () {
  MainContext.default ().iteration (true);
}

// Runs what is ready, and what becomes ready by that.
void drain () {
  while (MainContext.default ().iteration (false));
}

void settle (Dag.Task task) {
  while (!task.settled)
    iterate ();
  drain ();
}

bool is_main_thread () {
  return MainContext.default ().is_owner ();
}

// These wait for a task to finish, and do not wait until it has settled.

void assert_value (Dag.Task task, string expected) throws Error {
  assert ((string) task.wait () == expected);
}

void assert_ended (Dag.Task task, Dag.State state, Error expected) {
  while (!task.is_finished ())
    iterate ();
  assert (task.state == state);
  assert (task.get_error ().matches (expected.domain, expected.code));
  assert (task.get_value () == null);
}

void assert_failed (Dag.Task task, Dag.State state, string message) {
  assert_ended (task, state, new IOError.NOT_FOUND (""));
  assert (task.get_error ().message == message);
  assert (task.reason == Dag.Reason.FAILURE);
}

void assert_cancelled (Dag.Task task, Dag.State state) {
  assert_ended (task, state, new IOError.CANCELLED (""));
  assert (task.reason == Dag.Reason.CANCELLATION);
}

void assert_not_needed (Dag.Task task) {
  assert_ended (task, Dag.State.SKIPPED, new Dag.TaskError.NOT_NEEDED (""));
  assert (task.reason == Dag.Reason.NOT_NEEDED);
}

// These wait until it has settled.

void assert_string (Dag.Task task, string expected) throws Error {
  assert_value (task, expected);
  settle (task);
}

void assert_nothing (Dag.Task task) throws Error {
  task.wait ();
  settle (task);
}
