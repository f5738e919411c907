// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Failing

const Dag.State[] ENDS = {
  Dag.State.SUCCEEDED, Dag.State.FAILED, Dag.State.SKIPPED, Dag.State.CANCELLED
};

// A task that will end so.
Dag.Task ending (Dag.State end) {
  var task = end == Dag.State.FAILED ? fail ("failed")
           : end == Dag.State.SKIPPED ? decline ()
           : echo ("ended");

  if (end == Dag.State.CANCELLED)
    task.cancel ();

  return task;
}

Value raw (Dag.Task task, Dag.Rule rule = Dag.Rule.FINISHED) {
  return new Dag.Dependency (task, rule, true);
}

// The arguments are raw.
Dag.Task states_of (Value[] others) {
  return new Dag.Task.with_arguments (t => {
    string[] nicks = {};

    for (int i = 0; i < t.get_n_arguments (); i++)
      nicks += nick (t.get_argument_task (i).state);
    t.return_string (string.joinv (" ", nicks));
  }, others);
}

void check_failure () throws Error {
  var task = fail ("on purpose");
  var plain = new Dag.Task (t => t.return_from (() => parse ("x")));
  var typed = new Dag.Task (t => t.return_void_from (() => t.add_input (t)));

  assert_failed (task, Dag.State.FAILED, "on purpose");
  assert (task.get_origin () == task);
  assert_failed (plain, Dag.State.FAILED, "x is not a number");
  assert_ended (typed, Dag.State.FAILED, new Dag.TaskError.STARTED (""));
}

void check_failure_passes_on () throws Error {
  var notes = new Notes ();
  var origin = fail ("far away");
  var near = note (notes, origin);
  var middle = note (notes, "middle");
  var last = join (echo ("good"), note (notes, middle));

  middle.add_prerequisite (near);

  assert_failed (origin, Dag.State.FAILED, "far away");
  assert_failed (near, Dag.State.SKIPPED, "far away");
  assert_failed (middle, Dag.State.SKIPPED, "far away");
  assert_failed (last, Dag.State.SKIPPED, "far away");
  assert (near.get_origin () == origin);
  assert (last.get_origin () == origin);
  assert (notes.text == "");
}

void check_all_failures () throws Error {
  var left = pending ();
  var right = pending ();
  var task = join (left, right);

  drain ();
  fail_now (right, "first");
  assert_failed (task, Dag.State.SKIPPED, "first");
  assert (left.state == Dag.State.RUNNING);

  fail_now (left, "second");
  settle (task);
  assert_failed (task, Dag.State.SKIPPED, "first");
  var failures = task.get_failures ();
  assert (failures.length == 2);
  assert (failures[0] == right);
  assert (failures[1] == left);
}

void check_raw_input () throws Error {
  foreach (var end in ENDS) {
    var other = ending (end);
    var task = new Dag.Task (t => t.return_string (nick (t.get_argument_task (0).state)));

    task.add_raw_input (other);
    assert_string (task, nick (end));
    assert_string (states_of ({ raw (other) }), nick (end));
  }
}

void check_raw_plain_value () throws Error {
  var task = new Dag.Task (t => {
    assert (t.get_argument_task (0).settled);
    t.return_value (t.get_argument_task (0).get_value ());
  });

  task.add_raw_input (new Dag.Task.for_value ("plain"));
  assert_string (task, "plain");
  assert_string (states_of ({ raw (fail ("looked at")), raw (new Dag.Task.for_value (0.5)),
                              raw (echo ("")) }),
                 "failed succeeded succeeded");
}

void check_rule_finished () throws Error {
  var running = pending ();
  // It fails at once, though what is above it runs.
  var unsettled = join (running, fail ("early"));

  foreach (var end in ENDS) {
    var task = ending (end);
    var input = new Dag.Task (t => t.return_string (nick (t.get_argument_task (0).state)));
    var prerequisite = echo ("ran");

    input.add_input (task, Dag.Rule.FINISHED);
    prerequisite.add_prerequisite (task, Dag.Rule.FINISHED);
    assert_value (input, nick (end));
    assert_string (prerequisite, "ran");
  }

  var cleaned = echo ("clean");
  cleaned.add_prerequisite (unsettled, Dag.Rule.FINISHED);
  assert_failed (unsettled, Dag.State.SKIPPED, "early");
  drain ();
  assert (cleaned.state == Dag.State.WAITING);
  running.return_string ("");
  assert_string (cleaned, "clean");
}

// A task that runs after the failure of another.
Dag.Task undo (Dag.Task task) throws Error {
  var undone = echo ("undone");

  undone.add_prerequisite (task, Dag.Rule.FAILED);
  return undone;
}

void check_rule_failed () throws Error {
  var running = pending ();
  var unsettled = join (running, fail ("early"));
  var undone = undo (unsettled);

  assert_string (states_of ({ new Dag.Dependency (fail ("looked at"), Dag.Rule.FAILED) }),
                 "failed");
  assert_not_needed (undo (echo ("good")));
  assert_not_needed (undo (decline ()));
  assert_cancelled (undo (ending (Dag.State.CANCELLED)), Dag.State.SKIPPED);

  assert_failed (unsettled, Dag.State.SKIPPED, "early");
  drain ();
  assert (undone.state == Dag.State.WAITING);
  running.return_string ("");
  assert_string (undone, "undone");
}

Dag.Task choice (Dag.Trigger trigger, Dag.Task a, Dag.Task b, Dag.Task c) {
  var task = states_of ({ a, b, c });

  task.trigger = trigger;
  return task;
}

void check_trigger_any () throws Error {
  var a = pending ();
  var b = pending ();
  var c = pending ();
  var first = fail ("first");
  var second = fail ("second");
  var task = choice (Dag.Trigger.ANY, a, b, c);
  var none = choice (Dag.Trigger.ANY, a, second, first);

  drain ();
  fail_now (a, "third");
  assert_failed (none, Dag.State.SKIPPED, "first");
  assert (task.state == Dag.State.WAITING);

  b.return_string ("");
  assert_value (task, "failed succeeded running");
  end_now (c);
}

void check_trigger_first () throws Error {
  var a = pending ();
  var b = pending ();
  var c = pending ();
  var d = pending ();
  var good = choice (Dag.Trigger.FIRST, a, b, c);
  var bad = choice (Dag.Trigger.FIRST, b, c, d);

  drain ();
  a.return_string ("");
  assert_value (good, "succeeded running running");

  assert (bad.state == Dag.State.WAITING);
  fail_now (c, "decided");
  assert_failed (bad, Dag.State.SKIPPED, "decided");
  assert (b.state == Dag.State.RUNNING);
  end_now (b);
  end_now (d);
}

void check_skip () throws Error {
  var declined = decline ();
  var dependent = echo (declined);

  assert_not_needed (declined);
  assert_not_needed (dependent);
  assert (dependent.get_failures ().length == 0);

  // Nor is it reported: a warning would be fatal.
  echo (decline ());
  drain ();
}

void check_unlooked_failure () throws Error {
  make_unlooked_failure ();
  Test.expect_message ("Dag", LogLevelFlags.LEVEL_WARNING, "fetch (*) failed*: on purpose");
  drain ();
  Test.assert_expected_messages ();
}

void make_unlooked_failure () {
  var task = fail ("on purpose");

  task.name = "fetch";
  echo (echo (task));
  echo (task);
}

async void look (Dag.Task task, string message) {
  try {
    yield task.await ();
    assert_not_reached ();
  } catch (Error error) {
    assert (error is IOError.NOT_FOUND);
    assert (error.message == message);
  }
}

void check_looked_failure () throws Error {
  var read = fail ("read");

  // A warning would be fatal.
  settle (read);
  assert (read.get_error () != null);
  read = null;

  look.begin (fail ("awaited"), "awaited");
  look.begin (echo (echo (fail ("awaited below"))), "awaited below");
  states_of ({ raw (fail ("got raw")) });
  states_of ({ raw (echo (fail ("got raw below"))) });
  drain ();
}

void add_failing () {
  add ("failure", check_failure);
  add ("failure-passes-on", check_failure_passes_on);
  add ("all-failures", check_all_failures);
  add ("raw-input", check_raw_input);
  add ("raw-plain-value", check_raw_plain_value);
  add ("rule-finished", check_rule_finished);
  add ("rule-failed", check_rule_failed);
  add ("trigger-any", check_trigger_any);
  add ("trigger-first", check_trigger_first);
  add ("skip", check_skip);
  add ("unlooked-failure", check_unlooked_failure);
  add ("looked-failure", check_looked_failure);
}
