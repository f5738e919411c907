# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tasks of Python functions.

    from gi.repository import Dag

    @Dag.task
    async def fetch(some_id): ...

Calling a function that was decorated makes a Dag.Task, and a task among the arguments is a
dependency: the function gets its result. The engine is the C library. Here is what there is to
call; how functions are called, wait and end is in the modules of the package aiodag.
"""

import contextvars
import functools
import math
import numbers
import os
import types

from gi.repository import Gio, GLib

from aiodag import _executors, _frames, _functions, _host, _loop, _options, _outcomes, _retries, \
    _subprocesses, _threads, _waits
from aiodag._arguments import is_awaitable
from aiodag._functions import Edge, Function, Weak, as_task

from ..module import get_introspection_module

Dag = get_introspection_module('Dag')
Task = Dag.Task

_frames.files.add(__file__)

__all__ = []


def _export(item):
    __all__.append(item.__name__)
    return item


# Decorated functions


@_export
def task(function=None, /, *prerequisites, **options):
    """Makes a function whose calls are tasks.

    It is a decorator, with options or without, and can be used where a function is called:

        @Dag.task
        async def fetch(some_id): ...

        @Dag.task(raw=True)
        def consolidate(a, b): ...

        Dag.task(upload, logged_in)(data)

    What is in the call after the function has to succeed before it runs; see Dag.failed() and
    Dag.finished() for other rules. Whatever can be awaited is a dependency, here and as an argument.

    Options:
      raw: the function gets its inputs as tasks, finished in whatever way, and everything else as
        a task that has succeeded
      rule: a Dag.Rule for all inputs, which are raw then
      trigger: a Dag.Trigger, how the inputs combine; they are raw then
      name: the name of the tasks, instead of that of the function
      priority: the priority of the tasks, as of GLib sources
      timeout: how long the function may take, in seconds
      deadline: in how many seconds the tasks have to be done
      retries: how often the function is called again after it has failed; or what Dag.retry() gives
      limiter: a Dag.Limiter, or several, which say how many tasks may be at work at once
      owner: a GObject; the tasks are cancelled when it is disposed of, or with a tuple of it and the
        name of a signal, when it emits that. It is not kept.
      thread: whether to call the function, which may block, in a thread
      worker: a Dag.Worker in whose threads to call the function
      executor: a concurrent.futures.Executor to call the function with
    """
    options = {name: value for name, value in options.items() if value is not None}
    options = _options.check(options)
    _options.weaken(options)
    prerequisites = tuple(item if type(item) is Edge else as_task(item)
                          for item in prerequisites)
    if function is None:
        return functools.partial(_functions.decorate, options, prerequisites)
    return _functions.decorate(options, prerequisites, function)


@_export
def failed(task):
    """A dependency that has to fail: as an argument, where it is raw, or as a prerequisite."""
    return Edge(task, Dag.Rule.FAILED)


@_export
def finished(task):
    """A dependency that has to settle, in whatever way: as an argument, where it is raw, or as a
    prerequisite."""
    return Edge(task, Dag.Rule.FINISHED)


@_export
def weak(item):
    """An argument that the call does not keep: the function gets None if it is gone by then."""
    return Weak(item)


@_export
def current():
    """The task that the calling code belongs to, or None."""
    call = _loop.current_call.get()
    return call.task if call is not None else None


@_export
def retry(attempts=3, *, delay=0, factor=2, max_delay=None, jitter=0, when=None):
    """Says how often a function is called until it succeeds: for the option retries of Dag.task().

        @Dag.task(retries=Dag.retry(5, delay=0.2, when=OSError))
        async def fetch(some_id): ...

    It gives a Dag.Retry, for any number of tasks. (That itself has milliseconds, as all of C.)

    Options:
      attempts: how often the function is called at most, the first time included
      delay: the pause after the first attempt, in seconds
      factor: by what each further pause is longer than the one before
      max_delay: what no pause is longer than, in seconds
      jitter: which part of each pause is left to chance, from 0 to 1
      when: after which exceptions there is another attempt: a type or a tuple of types, or a
        function that gets the exception and says so
    """
    return _retries.make(attempts, delay, factor, max_delay, jitter, when)


@_export
def skip():
    """Ends the function that calls it, which has nothing to do: its task is skipped.

    So is what needs the task, unless its rule says otherwise. That is not a failure.
    """
    raise GLib.Error.new_literal(Dag.Error.quark(), 'There was nothing to do',
                                 Dag.Error.NOT_NEEDED)


# Combinations


def _make_in_host(constructor, tasks, *args):
    """Makes a task of C in the main context of the loop that is running."""
    with _loop.get_host().entered():
        return constructor([as_task(task) for task in tasks], *args)


@_export
def gather(*tasks, return_exceptions=False):
    """Makes a task of several, which has the list of their results.

    It is skipped with the first failure, while the others go on, or has the exceptions among the
    results.
    """
    return (_gather_all if return_exceptions else _gather)(*tasks)


@_export
def settled(*tasks):
    """Makes a task that has the list of these tasks when each of them has settled."""
    return _settled(*tasks)


@_export
def any(*tasks, cancel_others=False):
    """Makes a task that ends as the first of these which succeeds."""
    return _make_in_host(Task.new_any, tasks, cancel_others)


@_export
def race(*tasks, cancel_others=False):
    """Makes a task that ends as the first of these which ends."""
    return _make_in_host(Task.new_race, tasks, cancel_others)


@_export
def delay(seconds, result=None):
    """Makes a task that has a result after some time."""
    if not isinstance(seconds, numbers.Real) and not is_awaitable(seconds):
        raise TypeError(f"'{type(seconds).__name__}' object is no number of seconds")
    return _delay(seconds, result)


@_export
def subprocess(*argv, input=None, env=None, cwd=None, check=True, grace_time=5, launcher=None,
               **options):
    """Makes a task that runs a command, and has a Dag.ProcessResult when that has ended.

        out = await Dag.subprocess('sort', '-u', input=lines)
        print(out.stdout.decode())

    Words are strings, bytes, paths, numbers, lists of these, and whatever can be awaited and has
    such a result. So it is with input, which is text, bytes, or what another command wrote.

    Options:
      env, cwd: the whole environment, a dictionary, and the folder
      check: whether a status other than 0 is a failure, of the code Dag.Error.PROCESS_FAILED; the
        exception has what came of the command as its attribute result
      grace_time: how long the command may go on after it was asked to end, in seconds
      launcher: a Gio.SubprocessLauncher, for everything else that can be said of a child
      name, priority, timeout, deadline: as in task()
    """
    if not argv:
        raise TypeError('subprocess() has no command')
    for option in options:
        if option not in ('name', 'priority', 'timeout', 'deadline'):
            raise TypeError(f'subprocess() got an unexpected option {option!r}')
    function = _subprocess
    options = {name: value for name, value in options.items() if value is not None}
    if isinstance(argv[0], str):
        options.setdefault('name', _outcomes.to_utf8(os.path.basename(argv[0])) or 'subprocess')
    if options:
        _options.check(options)
        function = Function(_subprocess, options)
    return function(argv, input, env, cwd, check, grace_time, launcher)


async def _sleep(seconds, result):
    # Some loops round down, and are too early.
    with _loop.get_host().entered():
        timer = Task.new_delay(math.ceil(max(seconds, 0) * 1000))
    try:
        await timer
    finally:
        timer.cancel()
    return result


def _list_outcomes(*tasks):
    return [_outcomes.get_value(task) if task.get_state() == Dag.State.SUCCEEDED
            else _outcomes.get_exception(task) for task in tasks]


_gather = Function(lambda *results: list(results), {'name': 'gather'})
_gather_all = Function(_list_outcomes, {'name': 'gather', 'raw': True})
_settled = Function(lambda *tasks: list(tasks), {'name': 'settled', 'raw': True})
_delay = Function(_sleep, {'name': 'delay'})
_subprocess = Function(_subprocesses.run, {'name': 'subprocess'})


# Threads


@_export
def blocking():
    """While this thread waits: `with Dag.blocking(): …`, in a function with the option thread or
    worker.

    Another thread takes its place meanwhile. A task's wait() does this by itself.
    """
    return _threads.blocking()


_c_begin_blocking = Dag.Worker.begin_blocking
_c_end_blocking = Dag.Worker.end_blocking


def _begin_blocking():
    _c_begin_blocking()
    _threads.begin_blocking()


def _end_blocking():
    _threads.end_blocking()
    _c_end_blocking()


Dag.Worker.begin_blocking = staticmethod(_begin_blocking)
Dag.Worker.end_blocking = staticmethod(_end_blocking)


# Loops


@_export
def gio(function, /, *args, finish=None):
    """Awaits an asynchronous call of GIO, which is cancelled with whoever awaits it.

        contents = await Dag.gio(file.load_contents_async)

    The arguments are those before the cancellable. What a static function began is ended by what
    is given as finish, as Gio.bus_get_finish.
    """
    host = _loop.get_host()
    future = host.loop.create_future()
    cancellable = Gio.Cancellable()

    def ready(source, result, *_):
        if future.done():
            return
        try:
            if finish is not None:
                value = finish(result)
            elif source is None:
                raise TypeError(f'{function.__name__}() is static, so that finish= has to say what '
                                f'ends it')
            else:
                name = function.__name__
                end = (name[:-len('_async')] if name.endswith('_async') else name) + '_finish'
                value = getattr(source, end)(result)
        except Exception as error:
            future.set_exception(error.with_traceback(None))
        else:
            future.set_result(value)

    future.add_done_callback(lambda future: future.cancelled() and cancellable.cancel())
    with host.entered():
        function(*args, cancellable, ready)
    host.kick()
    return future


@_export
def run(main):
    """Runs a coroutine, and the thread-default main context until it has ended; gives its result.

    What has not ended by then is cancelled. This is for scripts: where a main loop runs anyway, a
    task needs nothing.
    """
    return _loop.run(main)


# Tasks


_cancel = Task.cancel


def _method(function):
    setattr(Task, function.__name__, function)
    return function


# As with asyncio.Task, for annotations.
Task.__class_getitem__ = classmethod(types.GenericAlias)


@_method
def __await__(self):
    return _waits.wait(self).__await__()


@_method
def __repr__(self):
    return f'<Dag.Task {self.get_name()} {self.get_state().value_nick}>'


# Methods of a future, so that a traceback has no frames of ours.
Task.result = property(lambda self: _waits.get_future(self).result, doc="""
    The result, or raises why there is none; as that of asyncio.Task.
""")
Task.exception = property(lambda self: _waits.get_future(self).exception, doc="""
    The exception that the task ended with, None if it has succeeded; as that of asyncio.Task.
""")


@_method
def attempt_exceptions(self):
    """The exceptions that earlier attempts have failed with, as a list; see Dag.retry()."""
    return _outcomes.get_attempt_exceptions(self)


@_method
def done(self):
    """Whether the task has finished."""
    return self.is_finished()


@_method
def cancelled(self):
    """Whether the task was cancelled, or skipped because of that."""
    return self.get_reason() == Dag.Reason.CANCELLATION


@_method
def cancel(self, msg=None):
    """Asks for the task to end without a result. Returns whether it has not finished yet."""
    finished = self.is_finished()
    _cancel(self)
    return not finished


@_method
def get_value(self):
    """The result, None if there is none."""
    return _outcomes.get_value(self) if self.get_state() == Dag.State.SUCCEEDED else None


def _finish(self, end, *args):
    """Has C wait or finish waiting. Gives the result, or raises the exception itself."""
    try:
        end(self, *args)
    except GLib.Error:
        if not self.is_finished():
            raise
    return self.result()


_c_wait = Task.wait
_c_await_finish = Task.await_finish


@_method
def wait(self, cancellable=None):
    """Blocks until the task has finished. Gives the result; see Dag.Task.wait in C.

    That is for code outside of coroutines: here the loop that runs the task would be waiting too.
    """
    loop = _loop.get_running_loop()
    if loop is not None and not self.is_finished() and \
            self.get_context() == _loop.get_host().context:
        raise GLib.Error.new_literal(
            Dag.Error.quark(), f'Waiting here for {self.get_name()} could never end: await it',
            Dag.Error.WOULD_BLOCK)
    if not self.is_finished() and _executors.needs_this_thread(self):
        raise GLib.Error.new_literal(
            Dag.Error.quark(), f'Waiting here for {self.get_name()} could never end: it needs this '
            f'thread', Dag.Error.WOULD_BLOCK)
    with _threads.blocking():
        return _finish(self, _c_wait, cancellable)


_set_priority = Task.set_priority


@_method
def set_priority(self, priority):
    """Sets the priority, also among those that wait for a thread."""
    _set_priority(self, priority)
    _threads.move(self)


@_method
def await_finish(self, result):
    """Gives the result that await_async() has waited for."""
    return _finish(self, _c_await_finish, result)


@_method
def get_loop(self):
    """The loop that runs the function."""
    return (_host.find(self) or _loop.get_host()).loop


@_method
def settle(self):
    """Waits for the task to settle, however it ended."""
    return _waits.wait(self, settle=True)


@_method
def add_done_callback(self, callback, *, context=None):
    """Has the loop call callback(task) when the task has finished; as that of asyncio.Task."""
    loop = _loop.get_host().loop
    if context is None:
        context = contextvars.copy_context()

    def finished(task):
        waits = getattr(task, '_waits', [])
        if (callback, wait) in waits:
            waits.remove((callback, wait))
        loop.call_soon(callback, task, context=context)

    wait = _waits.Wait(self, finished)
    try:
        self._waits.append((callback, wait))
    except AttributeError:
        self._waits = [(callback, wait)]


@_method
def remove_done_callback(self, callback):
    """Takes back what add_done_callback() did. Returns how many there were."""
    found = [item for item in getattr(self, '_waits', []) if item[0] == callback]
    for item in found:
        self._waits.remove(item)
        item[1].stop()
    return len(found)


# Results of all and settled in C


def _get_item(self, index):
    if not -len(self) <= index < len(self):
        raise IndexError(index)
    return self.get_task(index % len(self)).get_value()


Dag.Results.__len__ = Dag.Results.get_length
Dag.Results.__getitem__ = _get_item
