// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Waiting, cancelling and combining

class Waiter {
  public int n_calls = 0;
  public string? value = null;
  public Error? error = null;

  public async void wait (Dag.Task task, Cancellable? cancellable = null) {
    try {
      value = (string) yield task.await (cancellable);
    } catch (Error e) {
      error = e;
    }
    n_calls++;
  }

  // Waits for the call; with a message for an error, and otherwise for a value.
  public void assert_awaited (string? expected, string? message) {
    while (n_calls == 0)
      iterate ();
    drain ();

    assert (n_calls == 1);
    assert (value == expected);
    assert ((error != null ? error.message : null) == message);
    assert (error == null || error is IOError.NOT_FOUND);
    n_calls = 0;
    value = null;
    error = null;
  }
}

void check_await_value () throws Error {
  var task = pending ();
  var waiter = new Waiter ();

  waiter.wait.begin (task);
  drain ();
  task.return_string ("value");
  assert (waiter.n_calls == 0);
  waiter.assert_awaited ("value", null);
}

async void check_await_error () throws Error {
  var failing = fail ("error");
  Dag.Task[] tasks = { failing, echo (failing), echo (echo (failing)) };
  int n_errors = 0;

  foreach (var task in tasks) {
    try {
      yield task.await ();
    } catch (IOError.NOT_FOUND error) {
      assert (error.message == "error");
      n_errors++;
    }
  }
  assert (n_errors == 3);
}

void check_await_finished () throws Error {
  var good = echo ("value");
  var bad = fail ("error");
  var waiter = new Waiter ();

  settle (good);
  settle (bad);
  for (int i = 0; i < 3; i++) {
    waiter.wait.begin (good);
    assert (waiter.n_calls == 0);
    waiter.assert_awaited ("value", null);

    waiter.wait.begin (bad);
    assert (waiter.n_calls == 0);
    waiter.assert_awaited (null, "error");
  }
}

void check_many_waiters () throws Error {
  var good = pending ();
  var bad = pending ();
  Waiter[] goods = {};
  Waiter[] bads = {};

  drain ();
  for (int i = 0; i < 10; i++) {
    goods += new Waiter ();
    bads += new Waiter ();
    goods[i].wait.begin (good);
    bads[i].wait.begin (bad);
  }
  good.return_string ("value");
  fail_now (bad, "error");
  for (int i = 0; i < 10; i++) {
    goods[i].assert_awaited ("value", null);
    bads[i].assert_awaited (null, "error");
  }
}

void check_cancelled_wait () throws Error {
  var cancellable = new Cancellable ();
  var task = pending ();
  var stays = new Waiter ();
  var leaves = new Waiter ();

  stays.wait.begin (task);
  leaves.wait.begin (task, cancellable);
  drain ();
  cancellable.cancel ();
  while (leaves.n_calls == 0)
    iterate ();
  assert (leaves.error is IOError.CANCELLED);

  drain ();
  assert (stays.n_calls == 0);
  assert (task.state == Dag.State.RUNNING);
  assert (!task.is_cancelled ());
  task.return_string ("value");
  stays.assert_awaited ("value", null);
  assert (leaves.n_calls == 1);
}

async void settle_both (Dag.Task task, Dag.Task running) throws Error {
  yield task.settle ();
  assert (task.settled);
  assert (running.is_finished ());
  yield task.settle ();
}

void check_settle () throws Error {
  var running = pending ();
  var task = join (fail ("early"), running);
  AsyncResult? result = null;

  settle_both.begin (task, running, (object, r) => result = r);
  assert_failed (task, Dag.State.SKIPPED, "early");
  drain ();
  assert (!task.settled);
  assert (result == null);

  running.return_void ();
  while (result == null)
    iterate ();
  settle_both.end (result);
}

// Cancelling

void check_cancel_waiting () throws Error {
  var notes = new Notes ();
  var head = pending ();
  var waiting = note (notes, head);
  var unstarted = note (notes, "new");

  unstarted.cancel ();
  assert (unstarted.is_cancelled ());
  assert_cancelled (unstarted, Dag.State.CANCELLED);

  drain ();
  waiting.cancel ();
  assert_cancelled (waiting, Dag.State.CANCELLED);
  head.return_string ("head");
  settle (waiting);
  assert (notes.text == "");
}

void check_cancel_running () throws Error {
  var task = pending ();
  var dependent = echo (task);
  var cancellable = task.get_cancellable ();

  drain ();
  assert (!cancellable.is_cancelled ());
  task.cancel ();
  assert (task.is_cancelled ());
  drain ();
  assert (cancellable.is_cancelled ());
  assert (task.state == Dag.State.RUNNING);
  assert (dependent.state == Dag.State.WAITING);

  task.return_string ("too late");
  assert_cancelled (task, Dag.State.CANCELLED);
  assert_cancelled (dependent, Dag.State.SKIPPED);
}

void check_cancel_spares_inputs () throws Error {
  var input = pending ();
  var task = echo (input);
  var other = echo (input);

  drain ();
  task.cancel ();
  assert_cancelled (task, Dag.State.CANCELLED);
  drain ();
  assert (!input.is_cancelled ());
  assert (input.state == Dag.State.RUNNING);

  input.return_string ("value");
  assert_string (other, "value");
  assert_string (input, "value");
}

void check_cancel_unneeded () throws Error {
  var shared = pending ();
  var own = pending ();
  var above = echo (own);
  var task = join (above, shared);
  var other = echo (shared);

  drain ();
  task.cancel_unneeded ();
  assert_cancelled (task, Dag.State.CANCELLED);
  assert_cancelled (above, Dag.State.CANCELLED);
  drain ();
  assert (own.is_cancelled ());
  assert (!shared.is_cancelled ());

  own.return_string ("");
  assert_cancelled (own, Dag.State.CANCELLED);
  shared.return_string ("shared");
  assert_string (other, "shared");
}

void check_parent_cancellable () throws Error {
  var parent = new Cancellable ();
  var first = pending ();
  var second = pending ();
  var waiting = echo (second);

  first.parent_cancellable = parent;
  second.parent_cancellable = parent;
  waiting.parent_cancellable = parent;
  assert (waiting.parent_cancellable == parent);
  drain ();
  first.cancel ();
  first.return_void ();
  assert_cancelled (first, Dag.State.CANCELLED);
  assert (!parent.is_cancelled ());
  assert (second.state == Dag.State.RUNNING);

  parent.cancel ();
  assert_cancelled (waiting, Dag.State.CANCELLED);
  assert (second.get_cancellable ().is_cancelled ());
  second.return_void ();
  assert_cancelled (second, Dag.State.CANCELLED);

  var late = echo ("late");
  late.parent_cancellable = parent;
  assert_cancelled (late, Dag.State.CANCELLED);
}

void check_owner () throws Error {
  var owner = new SimpleAction ("owner", null);
  var notes = new Notes ();
  var running = pending ();
  var finished = echo ("value");
  var waiter = new Waiter ();

  assert_value (finished, "value");
  var signalled = note (notes, "signalled");
  var disposed = note (notes, running);
  signalled.set_owner (owner, "activate");
  disposed.set_owner (owner);
  running.set_owner (owner);
  finished.set_owner (owner);

  owner.activate (null);
  assert_cancelled (signalled, Dag.State.CANCELLED);
  assert (!disposed.is_cancelled ());

  owner = null;
  assert (running.is_cancelled ());
  waiter.wait.begin (disposed);
  while (waiter.n_calls == 0)
    iterate ();
  assert (waiter.error is IOError.CANCELLED);
  assert_cancelled (disposed, Dag.State.CANCELLED);
  running.return_void ();
  assert_cancelled (running, Dag.State.CANCELLED);
  assert (!finished.is_cancelled ());
  assert (notes.text == "");
}

Dag.Task get_name (SimpleAction action, Dag.Task gate) {
  return new Dag.Task.with_arguments (t => {
    var got = (SimpleAction?) t.get_argument_object (0);

    t.return_string (got != null ? got.name : "nothing");
  }, { new Dag.Weak (action), gate });
}

void check_weak_argument () throws Error {
  var here = new SimpleAction ("here", null);
  var gone = new SimpleAction ("gone", null);
  var weak_gone = WeakRef (gone);
  var gate = pending ();
  var with_here = get_name (here, gate);
  var with_gone = get_name (gone, gate);

  drain ();
  gone = null;
  assert (weak_gone.get () == null);
  gate.return_int (1);
  assert_string (with_here, "here");
  assert_string (with_gone, "nothing");
  assert (here.ref_count == 1);
}

// Combining

void assert_timed_out (Dag.Task task) {
  while (!task.is_finished ())
    MainContext.default ().iteration (true);
  assert (task.state == Dag.State.FAILED);
  assert (task.get_error ().matches (IOError.quark (), IOError.TIMED_OUT));
}

void check_timeout () throws Error {
  var task = pending ();
  var cancellable = task.get_cancellable ();

  task.timeout = 1;
  while (!cancellable.is_cancelled ())
    MainContext.default ().iteration (true);
  assert (task.is_late ());
  assert (task.state == Dag.State.RUNNING);
  task.return_string ("too late");
  assert_timed_out (task);
}

void check_deadline () throws Error {
  var input = pending ();
  var task = echo (input);

  task.deadline = 1;
  assert_timed_out (task);
  assert (!input.is_cancelled ());
  input.return_string ("too late");
  drain ();
}

// Fails as often as it is told.
Dag.Task flaky (Notes notes, uint failures) {
  return new Dag.Task (t => {
    notes.add (t.get_attempt ().to_string ());
    if (t.get_attempt () <= failures)
      fail_now (t, "attempt %u".printf (t.get_attempt ()));
    else
      t.return_string ("at last");
  });
}

void check_retry () throws Error {
  var notes = new Notes ();
  var good = flaky (notes, 2);

  good.retry = new Dag.Retry (3, 1);
  assert_string (echo (good), "at last");
  assert (notes.text == "123");

  var bad = flaky (notes, 9);
  bad.retry = new Dag.Retry (3, 0);
  bad.retry.set_function ((task, error) => error.matches (IOError.quark (), IOError.NOT_FOUND) &&
                                           error.message != "attempt 2");
  assert_failed (bad, Dag.State.FAILED, "attempt 2");
  assert (bad.get_attempt () == 2);
}

void check_retry_earlier_errors () throws Error {
  var task = flaky (new Notes (), 2);

  task.retry = new Dag.Retry (3, 0) { factor = 1.5, max_delay = 10, jitter = 0.5 };
  assert_string (task, "at last");
  assert (task.get_attempt_error (1).matches (IOError.quark (), IOError.NOT_FOUND));
  assert (task.get_attempt_error (1).message == "attempt 1");
  assert (task.get_attempt_error (2).message == "attempt 2");
  assert (task.get_attempt_error (3) == null);
}

void check_limiter () throws Error {
  var limiter = new Dag.Limiter (2);
  Dag.Task[] tasks = {};

  for (int i = 0; i < 4; i++) {
    tasks += pending ();
    tasks[i].limiter = limiter;
  }
  drain ();
  assert (limiter.get_n_running () == 2);
  assert (limiter.get_n_waiting () == 2);
  assert (tasks[2].state == Dag.State.READY);

  end_now (tasks[0]);
  drain ();
  assert (tasks[2].state == Dag.State.RUNNING);
  assert (tasks[3].state == Dag.State.READY);

  limiter.limit = 3;
  drain ();
  assert (tasks[3].state == Dag.State.RUNNING);
  for (int i = 1; i < 4; i++)
    end_now (tasks[i]);
}

async string nest (Dag.Task task) throws Error {
  var first = echo ("first");
  first.limiter = task.limiter;
  yield first.await ();

  var second = echo ("value");
  second.set_creator (task);
  second.limiter = task.limiter;
  return (string) yield second.await ();
}

void check_limiter_nested () throws Error {
  var task = new Dag.Task (t => nest.begin (t, (o, r) => t.return_from (() => nest.end (r))));

  task.limiter = new Dag.Limiter (1);
  assert_string (task, "value");
}

void check_all () throws Error {
  var a = pending ();
  var b = pending ();
  var both = new Dag.Task.all ({ a, b });
  var none = new Dag.Task.all ({});
  var bad = new Dag.Task.all ({ a, fail ("one of all") });

  assert (((Dag.Results) none.wait ()).length == 0);
  assert_failed (bad, Dag.State.SKIPPED, "one of all");
  assert (a.state == Dag.State.RUNNING);

  b.return_string ("b");
  drain ();
  assert (both.state == Dag.State.WAITING);
  a.return_string ("a");

  var results = (Dag.Results) both.wait ();
  assert (results.length == 2);
  assert ((string) results[0] == "a");
  assert ((string) results[1] == "b");
}

async void check_settled () throws Error {
  var running = pending ();
  var early = join (running, fail ("early"));
  var task = new Dag.Task.all_settled ({ early, decline (), fail ("looked at"), running });
  Dag.State[] states = {
    Dag.State.SKIPPED, Dag.State.SKIPPED, Dag.State.FAILED, Dag.State.SUCCEEDED
  };

  yield look (early, "early");
  assert (task.state == Dag.State.WAITING);
  running.return_string ("last");

  var results = (Dag.Results) yield task.await ();
  assert (results.length == states.length);
  for (int i = 0; i < states.length; i++)
    assert (results.get_task (i).state == states[i]);
  assert (results.get_task (0) == early);
  assert (results[0] == null);
  assert ((string) results[3] == "last");
}

void check_any () throws Error {
  var a = pending ();
  var b = pending ();
  var task = new Dag.Task.any ({ fail ("not this"), a, b });
  var bad = new Dag.Task.any ({ a, fail ("earliest") });

  drain ();
  assert (task.state == Dag.State.WAITING);
  b.return_string ("b");
  assert_value (task, "b");
  assert (a.state == Dag.State.RUNNING);
  assert (!a.is_cancelled ());

  assert (bad.state == Dag.State.WAITING);
  fail_now (a, "latest");
  assert_failed (bad, Dag.State.SKIPPED, "earliest");
  assert_ended (new Dag.Task.any ({}), Dag.State.FAILED, new Dag.TaskError.EMPTY (""));
}

void check_race () throws Error {
  var a = pending ();
  var b = pending ();
  var c = pending ();
  var good = new Dag.Task.race ({ a, b });
  var bad = new Dag.Task.race ({ b, c });

  drain ();
  a.return_string ("a");
  assert_value (good, "a");
  fail_now (c, "c");
  assert_failed (bad, Dag.State.SKIPPED, "c");
  assert (bad.get_origin () == c);

  assert (b.state == Dag.State.RUNNING);
  assert (!b.is_cancelled ());
  b.return_string ("b");
  assert_string (b, "b");
  assert_ended (new Dag.Task.race ({}), Dag.State.FAILED, new Dag.TaskError.EMPTY (""));
}

void check_delay () throws Error {
  var start = get_monotonic_time (); // µs
  var dependent = echo ("on time");
  var never = new Dag.Task.delay (int.MAX);

  dependent.add_prerequisite (new Dag.Task.delay (20));
  assert_string (dependent, "on time");
  assert (get_monotonic_time () - start >= 20 * 1000);
  assert (never.state == Dag.State.RUNNING);
  never.cancel ();
  assert_cancelled (never, Dag.State.CANCELLED);
}

void add_waiting () {
  add ("await-value", check_await_value);
  add_async ("await-error", d => check_await_error.begin (d), r => check_await_error.end (r));
  add ("await-finished", check_await_finished);
  add ("many-waiters", check_many_waiters);
  add ("cancelled-wait", check_cancelled_wait);
  add ("settle", check_settle);
  add ("cancel-waiting", check_cancel_waiting);
  add ("cancel-running", check_cancel_running);
  add ("cancel-spares-inputs", check_cancel_spares_inputs);
  add ("cancel-unneeded", check_cancel_unneeded);
  add ("parent-cancellable", check_parent_cancellable);
  add ("owner", check_owner);
  add ("weak-argument", check_weak_argument);
  add ("timeout", check_timeout);
  add ("deadline", check_deadline);
  add ("retry", check_retry);
  add ("retry-earlier-errors", check_retry_earlier_errors);
  add ("limiter", check_limiter);
  add ("limiter-nested", check_limiter_nested);
  add ("all", check_all);
  add_async ("settled", d => check_settled.begin (d), r => check_settled.end (r));
  add ("any", check_any);
  add ("race", check_race);
  add ("delay", check_delay);
}
