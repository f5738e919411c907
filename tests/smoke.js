// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Two tasks from JavaScript through the typelib alone: the second gets what the first returned.

import Dag from 'gi://Dag?version=1';
import GLib from 'gi://GLib';
import System from 'system';

const six = Dag.Task.new(task => task.return_int(6));
const product = Dag.Task.new(task => task.return_int(task.get_argument_int64(0) * 7));
product.add_input(six, Dag.Rule.SUCCEEDED);
if (product.get_cancellable().is_cancelled())
    System.exit(1);

const loop = GLib.MainLoop.new(null, false);
let value = null;
product.await_async(null, (task, result) => {
    value = task.await_finish(result);
    loop.quit();
});
loop.run();

if (value !== 42 || product.get_state() !== Dag.State.SUCCEEDED) {
    printerr(`expected 42, got ${value}`);
    System.exit(1);
}
