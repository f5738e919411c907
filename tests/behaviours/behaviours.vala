// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The behaviours, in Vala. What each test proves is the sentence in `list` by the same name.
//
// Here are calling, building, watching and running; the others are in behaviours-failing.vala and
// behaviours-waiting.vala, and what they share is in behaviours-util.vala.

// Calling

void check_calling_schedules () throws Error {
  var notes = new Notes ();
  var weak = WeakRef (note (notes, "ran"));

  assert (notes.text == "");
  while (weak.get () != null)
    iterate ();
  assert (notes.text == "ran");
}

Dag.Task same (Value value) {
  return new Dag.Task.with_arguments (t => t.return_value (t.get_argument (0)), { value });
}

async void check_results () throws Error {
  var thing = new Object ();
  var nothing = yield new Dag.Task (t => t.return_void ()).await ();
  var integer = yield same (same (-7)).await ();

  assert (nothing.holds (typeof (void*)) && nothing.get_pointer () == null);
  assert ((bool) (yield same (same (true)).await ()));
  assert (integer.holds (typeof (int)) && (int) integer == -7);
  assert ((int64) (yield same (same (int64.MIN)).await ()) == int64.MIN);
  assert ((int64) (yield same (same (int64.MAX)).await ()) == int64.MAX);
  assert ((uint64) (yield same (same (uint64.MAX)).await ()) == uint64.MAX);
  assert ((double) (yield same (same (0.1)).await ()) == 0.1);
  assert ((string) (yield same (same ("fünf")).await ()) == "fünf");
  assert ((Object) (yield same (same (thing)).await ()) == thing);
  assert ((Dag.Rule) (yield same (same (Dag.Rule.FAILED)).await ()) == Dag.Rule.FAILED);
}

void check_inputs () throws Error {
  var left = pending ();
  var both = join (left, echo ("b"));

  drain ();
  assert (both.state == Dag.State.WAITING);
  left.return_string ("a");
  assert_string (both, "ab");
}

Dag.Task describe (Value yes, Value small, Value big, Value half, Value words) {
  return new Dag.Task.with_arguments (
    t => t.return_string ("%s %d %s %.1f %s".printf (
      t.get_argument_boolean (0).to_string (), t.get_argument_int (1),
      t.get_argument_int64 (2).to_string (), t.get_argument_double (3),
      string.joinv ("+", (string[]) t.get_argument (4)))),
    { yes, small, big, half, words });
}

void check_plain_arguments () throws Error {
  string[] words = { "some", "words" };
  var plain = describe (true, -7, int64.MAX, 0.5, words);
  var mixed = describe (false, increment (1), int64.MIN, -0.5, same (words));

  words[0] = "other";
  assert_string (plain, "true -7 9223372036854775807 0.5 some+words");
  assert_string (mixed, "false 2 -9223372036854775808 -0.5 some+words");
}

void check_shared_result () throws Error {
  var notes = new Notes ();
  var shared = note (notes, "s");

  assert_string (join (join (shared, "x"), join (shared, shared)), "sxss");
  assert (notes.text == "s");
}

void check_prerequisite () throws Error {
  var notes = new Notes ();
  var first = pending ();
  var second = note (notes, "2");
  var third = note (notes, "3");

  second.add_prerequisite (first);
  third.add_prerequisite (fail ("not before"));
  drain ();
  assert (notes.text == "");
  first.return_string ("1");
  assert_string (second, "2");
  assert (second.get_n_arguments () == 0);

  assert_failed (third, Dag.State.SKIPPED, "not before");
  assert (notes.text == "2");
}

void check_side_by_side () throws Error {
  var a = pending ();
  var b = pending ();
  var after_a = echo (a);
  var after_both = join (a, b);

  drain ();
  assert (a.state == Dag.State.RUNNING);
  assert (b.state == Dag.State.RUNNING);

  a.return_string ("a");
  assert_string (after_a, "a");
  assert (b.state == Dag.State.RUNNING);
  assert (after_both.state == Dag.State.WAITING);

  b.return_string ("b");
  assert_string (after_both, "ab");
}

async string come_later (string text) {
  Idle.add (come_later.callback);
  yield;
  return text;
}

Dag.Task later (Value text) {
  return new Dag.Task.with_arguments (
    t => come_later.begin (t.get_argument_string (0),
                           (o, r) => t.return_from (() => come_later.end (r))),
    { text });
}

void check_later_return () throws Error {
  var task = later ("late");
  var dependent = echo (task);

  while (task.state != Dag.State.RUNNING)
    iterate ();
  assert (dependent.state == Dag.State.WAITING);
  assert_string (dependent, "late");
}

void check_followed_task () throws Error {
  var origin = fail ("followed");
  var bad = new Dag.Task (t => t.return_task (origin));

  assert_string (join (new Dag.Task (t => t.return_task (later ("followed"))), "!"), "followed!");

  assert_failed (bad, Dag.State.FAILED, "followed");
  assert (bad.get_origin () == origin);
}

// Building

Dag.Task repeat (Dag.Task text, Value times) {
  return new Dag.Task.with_arguments (t => {
    var one = t.get_argument_task (0);
    var last = one;

    for (int i = 1; i < t.get_argument_int (1); i++)
      last = join (last, one);

    t.return_task (last);
  }, { new Dag.Dependency (text, Dag.Rule.SUCCEEDED, true), times });
}

void check_dynamic () throws Error {
  assert_string (repeat (echo ("ab"), increment (2)), "ababab");
}

void check_added_dependency () throws Error {
  Dag.Task? task = null;
  var first = pending ();
  var second = pending ();
  var adder = new Dag.Task (t => t.return_void_from (() => {
    assert (task.state == Dag.State.READY);
    task.add_prerequisite (first);
  }));

  task = echo ("at last");
  assert_nothing (adder);
  assert (task.state == Dag.State.WAITING);

  task.add_prerequisite (second);
  first.return_void ();
  drain ();
  assert (task.state == Dag.State.WAITING);

  second.return_void ();
  assert_string (task, "at last");
}

void assert_refused (Dag.Task task, Dag.Task dependency, Error expected) {
  var state = task.state;

  try {
    task.add_prerequisite (dependency);
    assert_not_reached ();
  } catch (Dag.TaskError error) {
    assert (error.matches (expected.domain, expected.code));
  }
  drain ();
  assert (task.state == state);
}

void check_late_dependency () throws Error {
  var other = pending ();
  var task = pending ();

  drain ();
  assert (task.state == Dag.State.RUNNING);
  assert_refused (task, other, new Dag.TaskError.STARTED (""));

  task.return_string ("done");
  assert_string (task, "done");
  assert_refused (task, other, new Dag.TaskError.STARTED (""));
  end_now (other);
}

void check_cycle () throws Error {
  var head = pending ();
  var above = echo (head);
  var middle = echo (above);
  var below = echo (middle);

  assert_refused (above, below, new Dag.TaskError.CYCLE (""));
  assert_refused (above, above, new Dag.TaskError.CYCLE (""));
  try {
    above.add_input (below);
    assert_not_reached ();
  } catch (Dag.TaskError.CYCLE error) {
    assert (middle in Dag.TaskError.get_tasks (error));
  }
  head.return_string ("straight");
  assert_string (below, "straight");
}

void check_hold () throws Error {
  var task = echo ("let go");

  task.hold ();
  task.hold ();
  assert (task.held);
  drain ();
  assert (task.state == Dag.State.WAITING);

  task.release ();
  drain ();
  assert (task.state == Dag.State.WAITING);

  task.release ();
  assert (!task.held);
  assert_string (task, "let go");
}

// Watching

void check_name () throws Error {
  // A lambda has no name, but the functions of the library have.
  var all = new Dag.Task.all ({});
  var unnamed = echo ("");
  var named = echo ("");

  assert (all.name == "all");
  assert (unnamed.name == null);
  named.name = "sound";
  assert (named.name == "sound");
  named.name = "noise";
  assert (named.name == "noise");
  settle (named);
}

void check_signals () throws Error {
  var notes = new Notes ();
  var task = note (notes, "body ");
  var dependent = note (notes, join (task, "again"));

  task.notify["state"].connect ((object, property) => {
    notes.add ("%s ".printf (nick (((Dag.Task) object).state)));
  });
  task.started.connect (t => notes.add ("started:%s ".printf (nick (t.state))));
  task.finished.connect (t => notes.add ("finished:%s ".printf (nick (t.state))));

  settle (dependent);
  assert (notes.text == "ready running started:running body " +
                        "succeeded finished:succeeded body again");
}

// Running

void check_priority () throws Error {
  var notes = new Notes ();
  var low = note (notes, "5");
  var usual = note (notes, "3");
  var high = note (notes, "1");
  var next_usual = note (notes, "4");
  var next_high = note (notes, "2");

  low.priority = Priority.LOW;
  high.priority = Priority.HIGH;
  next_high.priority = Priority.HIGH;
  assert_nothing (new Dag.Task.all ({ low, usual, high, next_usual, next_high }));
  assert (notes.text == "12345");
}

AsyncQueue<string> queue;

void receive (Dag.Task task) {
  task.return_string (queue.pop () + (is_main_thread () ? " here" : " there"));
}

void check_thread () throws Error {
  queue = new AsyncQueue<string> ();
  var receiver = new Dag.Task (t => t.run_in_thread (receive));
  var here = new Dag.Task.with_inputs (t => {
    assert (is_main_thread ());
    t.return_string (t.get_argument_string (0));
  }, { receiver });
  var failing = new Dag.Task.with_arguments (
    t => t.run_in_thread (t => t.return_from (() => parse (t.get_argument_string (0)))), { "x" });

  // The body is blocked until the main loop sends.
  while (receiver.state != Dag.State.RUNNING)
    iterate ();
  new Dag.Task (t => { queue.push ("received"); t.return_void (); });
  assert_string (here, "received there");
  assert_failed (failing, Dag.State.FAILED, "x is not a number");
}

AsyncQueue<Dag.Task> tasks;

void check_worker () throws Error {
  tasks = new AsyncQueue<Dag.Task> ();
  var worker = new Dag.Worker ("one", 1);
  var notes = new StringBuilder ();
  unowned Thread<void*>? thread = null;
  assert (worker.name == "one" && worker.max_threads == 1);
  assert (Dag.Worker.get_default ().max_threads == get_num_processors ());

  var first = new Dag.Task.in_thread (t => t.return_void_from (() => {
    thread = Thread.self<void*> ();
    assert (!is_main_thread ());
    assert (tasks.pop ().wait ().get_int () == 7);
  }));
  var here = new Dag.Task (t => t.return_int (7));

  // The thread must not iterate this context.
  MainContext.default ().push_thread_default ();
  assert (first.worker == Dag.Worker.get_default ());
  first.worker = worker;
  while (first.state != Dag.State.RUNNING)
    iterate ();

  var low = new Dag.Task (t => t.return_void_from (() => {
    assert (thread == Thread.self<void*> ());
    notes.append ("2");
  }));
  var high = new Dag.Task (t => t.return_void_from (() => {
    assert (thread == Thread.self<void*> ());
    notes.append ("1");
  }));
  low.worker = worker;
  high.worker = worker;
  high.priority = Priority.HIGH;
  while (low.state != Dag.State.READY || high.state != Dag.State.READY)
    iterate ();

  // The body is blocked until the main loop sends, and then until a task of the main loop ends.
  tasks.push (here);
  assert_nothing (low);
  assert (notes.str == "12");
  MainContext.default ().pop_thread_default ();
}

int parse (string text) throws Error {
  int number;

  if (!int.try_parse (text, out number))
    throw new IOError.NOT_FOUND ("%s is not a number", text);
  return number;
}

void check_freed () throws Error {
  var argument = new Object ();
  var result = new Object ();
  var weak_argument = WeakRef (argument);
  var weak_result = WeakRef (result);
  var weak_dropped = WeakRef (same (same (argument)));
  var kept = same (result);
  var weak_kept = WeakRef (kept);

  argument = null;
  result = null;
  while (weak_dropped.get () != null || !kept.settled)
    iterate ();
  assert (weak_argument.get () == null);
  assert (kept.get_value ().get_object () == weak_result.get ());

  kept = null;
  assert (weak_kept.get () == null);
  assert (weak_result.get () == null);
}

void check_deep_chain () throws Error {
  var good = increment (0);
  var bad = increment (fail ("at the head"));

  for (int i = 1; i < 10000; i++) {
    good = increment (good);
    bad = increment (bad);
  }

  assert ((int) good.wait () == 10000);
  assert_failed (bad, Dag.State.SKIPPED, "at the head");
}

int main (string[] args) {
  Test.init (ref args);

  add ("calling-schedules", check_calling_schedules);
  add_async ("results", d => check_results.begin (d), r => check_results.end (r));
  add ("inputs", check_inputs);
  add ("plain-arguments", check_plain_arguments);
  add ("shared-result", check_shared_result);
  add ("prerequisite", check_prerequisite);
  add ("side-by-side", check_side_by_side);
  add ("later-return", check_later_return);
  add ("followed-task", check_followed_task);
  add ("dynamic", check_dynamic);
  add ("added-dependency", check_added_dependency);
  add ("late-dependency", check_late_dependency);
  add ("cycle", check_cycle);
  add ("hold", check_hold);
  add_failing ();
  add_waiting ();
  add ("name", check_name);
  add ("signals", check_signals);
  add ("priority", check_priority);
  add ("thread", check_thread);
  add ("worker", check_worker);
  add ("freed", check_freed);
  add ("deep-chain", check_deep_chain);

  return Test.run ();
}
