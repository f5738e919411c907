# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

# Two tasks from Python through the typelib alone: the second gets what the first returned.

import gi
gi.require_version('Dag', '1')
from gi.repository import Dag, GLib

six = Dag.Task.new(lambda task, *data: task.return_int(6))
product = Dag.Task.new(lambda task, *data: task.return_int(task.get_argument_int64(0) * 7))
product.add_input(six, Dag.Rule.SUCCEEDED)
assert not product.get_cancellable().is_cancelled()

loop = GLib.MainLoop()
values = []


def finished_cb(task, result):
    values.append(task.await_finish(result))
    loop.quit()


product.await_async(None, finished_cb)
loop.run()
assert values == [42], values
assert product.get_state() == Dag.State.SUCCEEDED
