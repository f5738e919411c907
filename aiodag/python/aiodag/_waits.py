# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Waiting for tasks."""

import asyncio

from gi.module import get_introspection_module

from aiodag import _host, _loop
from aiodag._outcomes import get_exception, get_value

Dag = get_introspection_module('Dag')

_settle = Dag.Runner.settle
_await = getattr(Dag.Runner, 'await')


class _NoLoop:
    """The loop of futures that have their outcome already."""

    @staticmethod
    def get_debug():
        return False


def _fill(future, task):
    """Gives a future the outcome of a task that has finished."""
    if task.get_state() == Dag.State.SUCCEEDED:
        future.set_result(get_value(task))
        return
    exception = get_exception(task)
    if isinstance(exception, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(exception)
        future._log_traceback = False


def get_future(task):
    """A future that has the outcome of a task, if there is one. It cannot be waited for."""
    future = asyncio.Future(loop=_NoLoop)
    if task.is_finished():
        _fill(future, task)
    return future


class Wait:
    """Somebody waits for a task: a job of the host where they do."""

    __slots__ = ('host', 'id', 'task', 'callback')

    def __init__(self, task, callback, settle=False):
        self.host = host = _loop.get_host()
        self.id = id = _host.new_id()
        self.task = task
        self.callback = callback
        host.jobs[id] = self
        (_settle if settle else _await)(host.runner, task, id)

    def start(self):
        task, callback = self.task, self.callback
        self.task = self.callback = None
        callback(task)
        return False

    def stop(self):
        self.task = self.callback = None
        self.host.jobs.pop(self.id, None)
        self.host.runner.forget(self.id)

    def cancel(self):
        return None

    def abandon(self):
        self.stop()


def wait(task, settle=False):
    """A future of the running loop that ends with a task."""
    future = _loop.get_host().loop.create_future()

    if settle:
        def ended(task):
            if not future.done():
                future.set_result(None)
    else:
        if task.is_finished():
            _fill(future, task)
            return future
        call = _loop.current_call.get()
        if call is not None and call.task is task:
            raise RuntimeError(f'{task!r} cannot await itself')

        def ended(task):
            if not future.done():
                _fill(future, task)

    waiting = Wait(task, ended, settle)

    def cancelled(future):
        if future.cancelled():
            waiting.stop()

    future.add_done_callback(cancelled)
    return future
