# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tasks of Python functions.

    from gi.repository import Dag

    @Dag.task
    async def fetch(some_id): ...

Calling a function that was decorated makes a Dag.Task, and a task among the arguments is a
dependency: the function gets its result. The engine is the C library. Here is only what Python
functions need: how they are called, how they wait, what becomes of their values and exceptions.
"""

import asyncio
import concurrent.futures
import contextlib
import contextvars
import functools
import gc
import inspect
import itertools
import math
import os
import sys
import traceback
import types
import weakref

from gi.repository import Gio, GLib, GObject

from aiodag import _arguments, _executors, _loop
from aiodag._arguments import PLAIN, Nested, is_awaitable

from ..module import get_introspection_module

Dag = get_introspection_module('Dag')
Task = Dag.Task

__all__ = []


def _export(item):
    __all__.append(item.__name__)
    return item


_ERRORS = GLib.quark_from_string('dag-python-error-quark')

# In the place of a result: it is that of the task which was returned.
_ELSEWHERE = object()

# What is to be done with arguments before a function gets them.
_NOTHING = 0
_GET_OURS = 1  # tasks of ours stand for their results
_GET = 2  # tasks stand for their results
_RESOLVE = 3  # what _Inputs has put there

_NO_KEYWORDS = {}

# What C can have of the values of Python.
_RETURNS = {
    bool: Task.return_boolean,
    float: Task.return_double,
    int: Task.return_int64,
    str: Task.return_string,
}

_ids = itertools.count(1)

# Where the calls are that have not ended, by the hash of their task, which they keep meanwhile.
_calls = {}

# An asyncio task for a coroutine, which begins at once where that can be.
if sys.version_info >= (3, 12):
    _Work = functools.partial(asyncio.Task, eager_start=True)
else:
    _Work = asyncio.Task


def _to_utf8(text):
    """Text as C can have it."""
    return text.encode('utf-8', 'backslashreplace').decode().replace('\0', '\\0')


# How a task ended


def _cancelled_error():
    return GLib.Error.new_literal(Gio.io_error_quark(), 'Operation was cancelled',
                                  Gio.IOErrorEnum.CANCELLED)


def _is_int(value):
    """Whether C has such an int."""
    return isinstance(value, int) and -1 << 31 <= value < 1 << 31


def _to_error(exception):
    """What C has of an exception."""
    if isinstance(exception, GLib.Error) and isinstance(exception.domain, str) and \
            isinstance(exception.message, str) and _is_int(exception.code):
        return GLib.Error(_to_utf8(exception.message), _to_utf8(exception.domain), exception.code)
    message = ''.join(traceback.format_exception_only(type(exception), exception))
    return GLib.Error.new_literal(_ERRORS, _to_utf8(message.strip()), 0)


# Results other than None are kept here. An attribute lives as long as the task, but costs more than
# all the rest of a call, so None is what C has where it has no value.
Task._value = None

# What a task of ours has failed with.
Task._failure = None


class _Failure:
    """An exception, and the traceback that it had when a task failed with it."""

    __slots__ = ('exception', 'trace', 'raised')

    def __init__(self, exception, trace):
        self.exception = exception
        self.trace = trace
        self.raised = trace

    def get(self):
        # Whoever raises it adds to its traceback.
        return self.exception.with_traceback(self.trace)

    def forget_raisers(self):
        """Leaves out who has raised it again, unless that has happened since the last time."""
        raised = self.exception.__traceback__
        if raised is self.raised:
            self.get()
        else:
            self.raised = raised


_failed = weakref.WeakSet()


def _forget_raisers(phase, info):
    """Is called by the garbage collector, which does not see what tasks of C have.

    An exception has the frames where it was raised. These may have tasks that were skipped because
    of the task that has failed with it, and they have that.
    """
    if phase == 'start' and info['generation'] == 2:
        for task in list(_failed):
            task._failure.forget_raisers()


gc.callbacks.append(_forget_raisers)


def _get_value(task):
    """The result of a task that has succeeded."""
    value = task._value
    if value is None or value is _ELSEWHERE:
        owner = _get_value_owner(task)
        if owner is not task:
            return _get_value(owner)
        value = _get_c_value(task)
        if isinstance(value, GObject.GBoxed):
            # What PyGObject gives is the task's, and goes with it.
            value = value.copy()
    return value


def _get_exception(task):
    """The exception of a task that has not succeeded."""
    error = task.get_error()
    if task.get_reason() == Dag.Reason.CANCELLATION:
        return asyncio.CancelledError()
    failure = getattr(task.get_origin(), '_failure', None)
    return error if failure is None else failure.get()


_FILES = {__file__, _arguments.__file__, _executors.__file__, _loop.__file__}
_FUTURES = os.path.dirname(concurrent.futures.__file__)


def _strip(trace):
    """Leaves out the frames on top of a traceback that are not of the program."""
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if path not in _FILES and os.path.dirname(path) != _FUTURES:
            break
        trace = trace.tb_next
    return trace


# Calling functions


class _Result:
    """Stands for the result of a task."""

    __slots__ = ('task',)

    def __init__(self, task):
        self.task = task


def _resolve(item):
    """What is in the place of what _Inputs has put there."""
    kind = type(item)
    if kind is _Result:
        return _get_value(item.task)
    if kind is Nested:
        return item.resolve(_resolve)
    return item


class _Call:
    """A call of a function of ours, until that has returned: a job of its host."""

    __slots__ = ('host', 'id', 'function', 'args', 'kwargs', 'pending', 'context', 'code', 'lasti',
                 'task', 'work', 'is_stopped')

    def __init__(self, host, id, function, args, kwargs, pending, frame):
        self.host = host
        self.id = id
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.pending = pending
        self.context = contextvars.copy_context()
        # Where it is, which is asked for if it fails.
        self.code = frame and frame.f_code
        self.lasti = frame and frame.f_lasti
        self.work = None

    def start(self):
        """Calls the function. Returns whether it has succeeded, and C need not know the value."""
        function = self.function
        args = self.args
        kwargs = self.kwargs
        context = self.context
        self.args = self.kwargs = self.context = None
        try:
            if self.pending == _GET_OURS:
                args = [item if type(item) is not Task
                        else value if (value := item._value) is not _ELSEWHERE
                        else _get_value(item) for item in args]
            elif self.pending == _GET:
                args = [item if type(item) is not Task else _get_value(item) for item in args]
            elif self.pending == _RESOLVE:
                args = [_resolve(item) for item in args]
                kwargs = {name: _resolve(item) for name, item in kwargs.items()}
            context.run(_set_current_call, self)
            if function.is_coroutine:
                work = _Work(function.body(*args, **kwargs), loop=self.host.loop,
                             name=function.name, context=context)
            elif function.executor is not None:
                work = _executors.submit(function.executor, context, function.body, args, kwargs)
            else:
                result = context.run(function.body, *args, **kwargs)
                if type(result) is not types.CoroutineType:
                    return self._end_with(result)
                work = _Work(result, loop=self.host.loop, name=function.name, context=context)
            if work.done():
                return self._end_with(work.result())
        except BaseException as exception:
            if isinstance(exception, (KeyboardInterrupt, SystemExit)):
                self.host.reraise(exception)
            # The frames of the body lead to this one, which must not lead back to the exception.
            args = kwargs = context = work = None
            return self._fail(exception)
        self._go_on(work)
        return False

    def _go_on(self, work):
        """Waits for what the function has started."""
        self.work = work
        self.is_stopped = False
        self.host.jobs[self.id] = self
        if isinstance(work, asyncio.Task):
            # What is to be said of it is said of ours.
            work._log_destroy_pending = False
            work.add_done_callback(self._work_is_done)
        else:
            work.add_done_callback(self._work_is_done_elsewhere)

    def _work_is_done_elsewhere(self, work):
        if self.id not in self.host.jobs:
            # It was abandoned.
            return
        try:
            self.host.loop.call_soon_threadsafe(self._work_is_done, work)
        except RuntimeError:
            # The loop has just been closed.
            pass

    def _work_is_done(self, work):
        if self.host.jobs.pop(self.id, None) is None:
            # It was abandoned.
            return
        task = self.task
        try:
            succeeded = self._end_with(work.result())
        except BaseException as exception:
            succeeded = self._fail(exception)
        if succeeded:
            task.return_()

    def _end_with(self, result):
        other = None
        if result is not None and is_awaitable(result) and self.function.follows:
            other = _as_task(result)
            if other.get_settled() and other.get_state() == Dag.State.SUCCEEDED:
                other, result = None, _get_value(other)
        task = self.task
        del _calls[hash(task)]
        self.task = self.work = None
        if result is None:
            return True
        if other is not None:
            task._value = _ELSEWHERE
            task.return_task(other)
            return False
        task._value = result
        put = _RETURNS.get(type(result))
        if put is None:
            if not isinstance(result, GObject.Object):
                return True
            put = Task.return_object
        try:
            put(task, result)
        except (OverflowError, TypeError, ValueError):
            # C has no such number or string.
            return True
        return False

    def _fail(self, exception):
        task = self.task
        del _calls[hash(task)]
        self.task = self.work = None
        if isinstance(exception, (asyncio.CancelledError, concurrent.futures.CancelledError)):
            task.return_error(_cancelled_error())
            return False
        trace = _strip(exception.__traceback__)
        exception = exception.with_traceback(trace)
        if isinstance(exception, StopIteration):
            # As in a coroutine: nobody could await it.
            stopped = exception
            exception = RuntimeError(f'{self.function.name} raised StopIteration')
            exception.__cause__ = stopped
        task._failure = _Failure(exception, trace)
        _failed.add(task)
        if isinstance(exception, GLib.Error) and \
                exception.matches(Dag.Error.quark(), Dag.Error.NOT_NEEDED):
            task.return_skip()
            return False
        details = ''.join(traceback.format_exception(type(exception), exception, trace))
        self.host.runner.fail(task, _to_error(exception), _to_utf8(self._get_location()),
                              _to_utf8(details.rstrip()))
        return False

    def _get_location(self):
        if self.code is None:
            return 'C'
        for start, end, line in self.code.co_lines():
            if start <= self.lasti < end:
                return f'{self.code.co_filename}:{line}'
        return self.code.co_filename

    def stop(self):
        """The function will not be called, or has to end."""
        if self.work is None:
            self.host.jobs.pop(self.id, None)
            _calls.pop(hash(self.task), None)
            self.task = self.args = self.kwargs = self.context = None
        elif not self.is_stopped:
            # Once: it may take its time to clean up.
            self.is_stopped = True
            self.work.cancel()

    def cancel(self):
        """Has the call end. Returns what is to be waited for, if anything."""
        task = self.task
        work = self.work
        task.cancel()
        if not task.is_finished():
            return _wait(task)
        if work is None or isinstance(work, asyncio.Task):
            return work
        return asyncio.wrap_future(work)

    def abandon(self):
        """Nothing runs where the call was made any more."""
        work = self.work
        if work is None:
            self.task.cancel()
            self.stop()
            return
        self._fail(asyncio.CancelledError())
        if not isinstance(work, asyncio.Task):
            work.cancel()
            return
        try:
            work.get_coro().close()
        except BaseException as exception:
            self.host.loop.call_exception_handler({
                'message': f'{self.function.name} did not end when its loop was closed',
                'exception': exception,
                'task': work,
            })


_set_current_call = _loop.current_call.set


def _make_task(host, function, inputs, args, kwargs, pending, frame):
    id = next(_ids)
    call = _Call(host, id, function, args, kwargs, pending, frame)
    host.jobs[id] = call
    call.task = task = host.new_task(id, function.quark, inputs)
    _calls[hash(task)] = host.reference
    return task


@contextlib.contextmanager
def _held(host):
    """While a task is made step by step: gives what it is to wait for, because another thread may
    be at it already."""
    context = host.context
    if _loop.get_running_loop() is host.loop or context is None:
        yield []
    elif context.acquire():
        try:
            yield []
        finally:
            context.release()
    else:
        own = GLib.MainContext.new()
        own.push_thread_default()
        try:
            gate = Task(held=True)
        finally:
            own.pop_thread_default()
        try:
            yield [gate]
        finally:
            gate.release()
            while not gate.get_settled():
                own.iteration(False)


# Waiting


class _NoLoop:
    """The loop of futures that have their outcome already."""

    @staticmethod
    def get_debug():
        return False


_no_loop = _NoLoop()


def _fill(future, task):
    """Gives a future the outcome of a task that has finished."""
    if task.get_state() == Dag.State.SUCCEEDED:
        future.set_result(_get_value(task))
        return
    exception = _get_exception(task)
    if isinstance(exception, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(exception)
        future._log_traceback = False


class _Wait:
    """Somebody waits for a task: a job of the host where they do."""

    __slots__ = ('host', 'id', 'task', 'callback')

    def __init__(self, task, callback, settle=False):
        self.host = host = _loop.get_host()
        self.id = next(_ids)
        self.task = task
        self.callback = callback
        host.jobs[self.id] = self
        (host.runner.settle if settle else getattr(host.runner, 'await'))(task, self.id)

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
        self.host.runner.forget(self.id)


def _wait(task, settle=False):
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

        def ended(task):
            if not future.done():
                _fill(future, task)

    wait = _Wait(task, ended, settle)

    def cancelled(future):
        if future.cancelled():
            wait.stop()

    future.add_done_callback(cancelled)
    return future


# Dependencies


class _Edge:
    """A dependency with a rule of its own."""

    __slots__ = ('task', 'rule')

    def __init__(self, task, rule):
        self.task = _as_task(task)
        self.rule = rule


def _as_task(value):
    """The task that something which can be awaited is."""
    if type(value) is Task:
        return value
    if is_awaitable(value):
        return _adopt(value)
    raise TypeError(f'a {type(value).__name__} is nothing that can be waited for')


async def _await(awaitable):
    return await awaitable


async def _share(future):
    # Others may wait for it too.
    return await asyncio.shield(future)


def _find_frame():
    """The frame of the program that called us, if any."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_filename in _FILES:
        frame = frame.f_back
    return frame


def _call_with(body, awaitable, name):
    function = _Function(body, {'name': name})
    # What it gives can be anything, an awaitable too.
    function.follows = False
    return function.call((awaitable,), _NO_KEYWORDS, _find_frame(), 1)


# By the ids of awaitables: their task, and what it is that is awaited. A coroutine can be awaited
# once in its life, so that its task is kept as long as it is; others until their task has ended.
_adopted = {}


def _adopt(awaitable):
    """Makes a task of a coroutine, a future or what else can be awaited."""
    if asyncio.isfuture(awaitable):
        return _call_with(_share, awaitable, 'future')
    key = id(awaitable)
    if key in _adopted:
        return _adopted[key][0]
    name = getattr(awaitable, '__name__', None) or type(awaitable).__name__
    if type(awaitable) is types.CoroutineType:
        function = _Function(lambda: awaitable, {'name': name})
        task = function.call((), _NO_KEYWORDS, _find_frame(), 0)
    else:
        task = _call_with(_await, awaitable, name)
    if isinstance(awaitable, (types.CoroutineType, types.GeneratorType)):
        _adopted[key] = task, weakref.ref(awaitable, lambda _: _adopted.pop(key))
    else:
        _adopted[key] = task, awaitable
        _Wait(task, lambda _: _adopted.pop(key), settle=True)
    return task


def _finished_task(value):
    """A task that has succeeded already."""
    task = Task.new_for_value(None)
    if value is not None:
        task._value = value
    return task


class _Inputs:
    """Finds the dependencies among the arguments of one call."""

    def __init__(self, function):
        self.raw = function.raw
        self.rule = function.rule
        self.plain = []
        self.edges = []  # (task, rule)

    def adopt(self, item):
        """What is put in the place of an item that is no container."""
        if type(item) is _Edge:
            self.edges.append((item.task, item.rule))
            return item.task
        if not is_awaitable(item):
            return item
        item = _as_task(item)
        if self.raw:
            self.edges.append((item, self.rule))
            return item
        self.plain.append(item)
        return _Result(item)

    def take(self, argument):
        """What is put in the place of an argument."""
        item = _arguments.scan(argument, self.adopt)
        if not self.raw or type(item) is Task:
            return item
        return _finished_task(_resolve(item))


# Decorated functions


def _get_code(function):
    """What is behind partials and objects that can be called."""
    while isinstance(function, functools.partial):
        function = function.func
    return function if inspect.isroutine(function) else type(function).__call__


def _get_name(function):
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, '__name__', None) or type(function).__name__


class _Function:
    """A function whose calls are tasks."""

    # What the function has is there too, and these come first.
    __slots__ = ('body', 'options', 'prerequisites', 'raw', 'rule', 'name', 'quark', 'executor',
                 'is_coroutine', 'follows', 'signature', 'forms', 'n_fixed', 'method',
                 '__dict__', '__weakref__')

    def __init__(self, function, options, prerequisites=(), n_fixed=0):
        if isinstance(function, _Function):
            options = _add_options(function.options, options)
            prerequisites = (*function.prerequisites, *prerequisites)
            n_fixed = n_fixed or function.n_fixed
            function = function.body
        functools.update_wrapper(self, function, updated=())
        self.body = function
        self.options = options
        self.prerequisites = prerequisites
        self.rule = options.get('rule')
        self.raw = self.rule is not None or 'trigger' in options or options.get('raw', False)
        if self.rule is None:
            # By a trigger inputs are raw, but which one counts is another question.
            self.rule = Dag.Rule.FINISHED if options.get('raw') else Dag.Rule.SUCCEEDED
        self.name = options.get('name') or _to_utf8(_get_name(function))
        self.quark = GLib.quark_from_string(self.name)
        self.executor = options.get('executor') or \
            (_executors.get_threads() if options.get('thread') else None)
        code = _get_code(function)
        if inspect.isasyncgenfunction(code):
            raise TypeError(f'{self.name} is an asynchronous generator function: what it yields '
                            f'is no result')
        self.is_coroutine = inspect.iscoroutinefunction(function)
        if self.executor is not None and inspect.iscoroutinefunction(code):
            raise TypeError(f'{self.name} is a coroutine function: threads and executors run '
                            f'ordinary ones')
        self.follows = True
        self.signature = _arguments.Signature(function, self.name)
        # The calls that can be made without looking further.
        is_simple = not prerequisites and not options.keys() - {'name', 'executor', 'thread'}
        self.forms = self.signature.forms if is_simple else ()
        # So many arguments are handed on as they are.
        self.n_fixed = n_fixed
        self.method = None

    def __repr__(self):
        return f'<Dag.task {self.name}>'

    def __reduce__(self):
        # As functions are pickled: by name.
        return self.__qualname__

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return getattr(self.body, name)

    @property
    def __isabstractmethod__(self):
        return getattr(self.body, '__isabstractmethod__', False)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        if self.method is None:
            self.method = _Function(self, _NO_KEYWORDS, n_fixed=1)
        return types.MethodType(self.method, instance)

    def __call__(self, /, *args, **kwargs):
        try:
            frame = sys._getframe(1)
        except ValueError:
            # C has called it.
            frame = None
        if kwargs or len(args) not in self.forms or _loop.get_running_loop() is None:
            return self.call(args, kwargs, frame, self.n_fixed)
        inputs = []
        pending = _NOTHING
        for argument in args[1:] if self.n_fixed else args:
            kind = type(argument)
            if kind is Task:
                inputs.append(argument)
                if hash(argument) not in _calls:
                    pending = _GET
                elif pending == _NOTHING:
                    pending = _GET_OURS
            elif kind not in PLAIN:
                return self.call(args, kwargs, frame, self.n_fixed)
        return _make_task(_loop.get_host(), self, inputs, args, _NO_KEYWORDS, pending, frame)

    def call(self, args, kwargs, frame, n_fixed):
        """Makes a task, whatever the arguments are."""
        self.signature.check(args, kwargs)
        given = args, kwargs
        found = _Inputs(self)
        args = [*args[:n_fixed], *(found.take(argument) for argument in args[n_fixed:])]
        kwargs = {name: found.take(argument) for name, argument in kwargs.items()}
        prerequisites = [item if type(item) is _Edge else _Edge(item, Dag.Rule.SUCCEEDED)
                         for item in self.prerequisites]

        host = _loop.get_host()
        with _held(host) as gate:
            if gate and 'trigger' in self.options:
                # There the gate would count. Another task makes it where nothing is in the way.
                make = _Function(lambda: self.call(*given, None, n_fixed), {'name': self.name})
                return _make_task(host, make, gate, (), _NO_KEYWORDS, _NOTHING, frame)
            task = _make_task(host, self, found.plain + gate, args, kwargs, _RESOLVE, frame)
            for dependency, rule in found.edges:
                task.add_raw_input(dependency, rule)
            for edge in prerequisites:
                task.add_prerequisite(edge.task, edge.rule)
            if 'trigger' in self.options:
                task.set_trigger(self.options['trigger'])
            if 'priority' in self.options:
                task.set_priority(self.options['priority'])
        return task


# The types of options
_OPTIONS = {
    'executor': object,
    'name': str,
    'priority': int,
    'raw': bool,
    'rule': Dag.Rule,
    'thread': bool,
    'trigger': Dag.Trigger,
}


def _check_options(options):
    """Raises TypeError or ValueError if there is anything wrong with options of task()."""
    for name, value in options.items():
        kind = _OPTIONS.get(name)
        if kind is None:
            raise TypeError(f'task() got an unexpected option {name!r}')
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f'task() takes a {kind.__name__} as {name}, and no '
                            f'{type(value).__name__}')
    name = options.get('name', 'a name')
    if not name or name != _to_utf8(name):
        raise ValueError(f'{name!r} cannot be the name of a task')
    if not _is_int(options.get('priority', 0)):
        raise ValueError(f"{options['priority']} is no priority")
    if 'executor' in options:
        executor = options['executor']
        if isinstance(executor, type) or not callable(getattr(executor, 'submit', None)):
            raise TypeError('An executor has a method submit(), as those of concurrent.futures')
        if options.get('thread'):
            raise ValueError('A function is called in a thread or by an executor, not by both')
    if options.get('raw') is False and options.keys() & {'rule', 'trigger'}:
        raise ValueError('With a rule or a trigger, inputs are always raw')


def _add_options(options, later):
    """The options of a function that is decorated again: what is said later counts."""
    options = dict(options)
    if later.keys() & {'executor', 'thread'}:
        options.pop('executor', None)
        options.pop('thread', None)
    if later.get('raw') is False:
        options.pop('rule', None)
        options.pop('trigger', None)
    options.update(later)
    return options


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
      thread: whether to call the function, which may block, in a thread
      executor: a concurrent.futures.Executor to call the function with
    """
    options = {name: value for name, value in options.items() if value is not None}
    _check_options(options)
    prerequisites = tuple(item if type(item) is _Edge else _as_task(item)
                          for item in prerequisites)
    if function is None:
        return functools.partial(_decorate, options, prerequisites)
    return _decorate(options, prerequisites, function)


def _decorate(options, prerequisites, function):
    if isinstance(function, (classmethod, staticmethod)):
        return type(function)(_decorate(options, prerequisites, function.__func__))
    if isinstance(function, types.MethodType) and isinstance(function.__func__, _Function):
        return types.MethodType(_Function(function.__func__, options, prerequisites),
                                function.__self__)
    if not callable(function):
        raise TypeError(f'a {type(function).__name__} cannot be called')
    return _Function(function, options, prerequisites)


@_export
def failed(task):
    """A dependency that has to fail: as an argument, where it is raw, or as a prerequisite."""
    return _Edge(task, Dag.Rule.FAILED)


@_export
def finished(task):
    """A dependency that has to settle, in whatever way: as an argument, where it is raw, or as a
    prerequisite."""
    return _Edge(task, Dag.Rule.FINISHED)


@_export
def current():
    """The task that the calling code belongs to, or None."""
    call = _loop.current_call.get()
    return call.task if call is not None else None


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
        return constructor([_as_task(task) for task in tasks], *args)


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
    return _delay(seconds, result)


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
    return [_get_value(task) if task.get_state() == Dag.State.SUCCEEDED else _get_exception(task)
            for task in tasks]


_gather = _Function(lambda *results: list(results), {'name': 'gather'})
_gather_all = _Function(_list_outcomes, {'name': 'gather', 'raw': True})
_settled = _Function(lambda *tasks: list(tasks), {'name': 'settled', 'raw': True})
_delay = _Function(_sleep, {'name': 'delay'})


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


_get_value_owner = Task.get_value_owner
_get_c_value = Task.get_value
_cancel = Task.cancel


def _method(function):
    setattr(Task, function.__name__, function)
    return function


@_method
def __await__(self):
    return _wait(self).__await__()


@_method
def __repr__(self):
    return f'<Dag.Task {self.get_name()} {self.get_state().value_nick}>'


def _get_future(self):
    """A future that has the outcome, if there is one."""
    future = asyncio.Future(loop=_no_loop)
    if self.is_finished():
        _fill(future, self)
    return future


# Methods of a future, so that a traceback has no frames of ours.
Task.result = property(lambda self: _get_future(self).result, doc="""
    The result, or raises why there is none; as that of asyncio.Task.
""")
Task.exception = property(lambda self: _get_future(self).exception, doc="""
    The exception that the task ended with, None if it has succeeded; as that of asyncio.Task.
""")


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
    return _get_value(self) if self.get_state() == Dag.State.SUCCEEDED else None


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
    """Blocks until the task has finished. Gives the result; see Dag.Task.wait in C."""
    return _finish(self, _c_wait, cancellable)


@_method
def await_finish(self, result):
    """Gives the result that await_async() has waited for."""
    return _finish(self, _c_await_finish, result)


@_method
def get_loop(self):
    """The loop that runs the function."""
    host = _calls.get(hash(self), _loop.get_host)()
    return host.loop


@_method
def settle(self):
    """Waits for the task to settle, however it ended."""
    return _wait(self, settle=True)


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

    wait = _Wait(self, finished)
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
