// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Two tasks from Vala through the vapi: the second gets what the first returned.

async int64 multiply () throws Error {
  var six = new Dag.Task ((task) => task.return_int (6));
  var product = new Dag.Task ((task) => task.return_int64 (task.get_argument_int64 (0) * 7));
  product.add_input (six, Dag.Rule.SUCCEEDED);
  assert (!product.get_cancellable ().is_cancelled ());
  unowned Value value = yield product.await_async (null);
  assert (product.get_state () == Dag.State.SUCCEEDED);
  return value.get_int64 ();
}

int main () {
  var loop = new MainLoop ();
  multiply.begin ((object, result) => {
    try {
      assert (multiply.end (result) == 42);
    } catch (Error error) {
      assert_not_reached ();
    }
    loop.quit ();
  });
  loop.run ();
  return 0;
}
