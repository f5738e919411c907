# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Calls of functions, from when they are made until the function has returned."""

import asyncio
import concurrent.futures
import contextlib
import contextvars
import sys
import types

from gi.module import get_introspection_module
from gi.repository import GLib

from aiodag import _executors, _frames, _host, _loop, _outcomes, _waits
from aiodag._arguments import Nested
from aiodag._outcomes import ELSEWHERE, get_value

Dag = get_introspection_module('Dag')
Task = Dag.Task

# What is to be done with arguments before a function gets them.
NOTHING = 0
GET_OURS = 1  # tasks of ours stand for their results
GET = 2  # tasks stand for their results
RESOLVE = 3  # what resolve() is for

_new_object = object.__new__
_set_current_call = _loop.current_call.set

# What is added to ids; see Runner.
_AGAIN = Dag.RUNNER_AGAIN
_LENDS = Dag.RUNNER_LENDS

# That the work has been asked to end stands beside these.
_STOPPED = 4

# Whether there has been a call which lends slots: otherwise nobody need look for one.
_has_lenders = False

# A method that is not bound is called faster.
_new_task = Dag.Runner.new_task


class Result:
    """Stands for the result of a task."""

    __slots__ = ('task',)

    def __init__(self, task):
        self.task = task


class Late:
    """Stands for what is made when the function is called."""

    __slots__ = ('make',)

    def __init__(self, make):
        self.make = make


def resolve(item):
    """What is in the place of results, and of containers that are to be made anew."""
    kind = type(item)
    if kind is Result:
        return get_value(item.task)
    if kind is Nested:
        return item.resolve(resolve)
    if kind is Late:
        return item.make()
    return item


# Running coroutines


if sys.version_info >= (3, 12):
    # Itself: a partial would merge its keywords anew each time, and a function of ours would have
    # the coroutine in its frame, and so in a traceback.
    _begin = asyncio.Task
else:
    def _begin(coroutine, *, loop, name, context, eager_start):
        """Makes an asyncio task, which begins at once where that can be."""
        work = asyncio.Task(coroutine, loop=loop, name=name, context=context)
        # Its first step is the last thing that the loop has to do, unless another thread was
        # quicker. The handle stays where it is, with nothing left to do.
        ready = getattr(loop, '_ready', None)
        if ready:
            handle = ready[-1]
            step = handle._callback
            if getattr(step, '__self__', None) is work:
                handle.cancel()
                context.run(step)
        return work


class Call:
    """A call of a function of ours, until that has returned: a job of its host."""

    __slots__ = ('host', 'id', 'function', 'args', 'kwargs', 'pending', 'context', 'code', 'lasti',
                 'task', 'work', 'marks')

    def mark(self, marks):
        """Says what is known of the task now that it is to be started."""
        global _has_lenders
        self.marks = marks
        if marks & _LENDS:
            _has_lenders = True

    def start(self):
        """Calls the function. Returns whether it has succeeded, and C need not know the value."""
        function = self.function
        args = self.args
        kwargs = self.kwargs
        context = self.context
        n_pulls = self.host.n_pulls
        if self.marks and self.marks & _AGAIN:
            # There may be another attempt with the same arguments.
            context = context.copy()
            _outcomes.begin_attempt(self.task)
        else:
            self.args = self.kwargs = self.context = None
        try:
            if self.pending == GET_OURS:
                args = [item if type(item) is not Task
                        else value if (value := item._value) is not ELSEWHERE
                        else get_value(item) for item in args]
            elif self.pending == GET:
                args = [item if type(item) is not Task else get_value(item) for item in args]
            elif self.pending == RESOLVE:
                args = [resolve(item) for item in args]
                kwargs = {name: resolve(item) for name, item in kwargs.items()}
            context.run(_set_current_call, self)
            if function.is_coroutine:
                work = _begin(function.body(*args, **kwargs), loop=self.host.loop,
                              name=function.name, context=context, eager_start=True)
            elif function.executor is not None:
                work = _executors.submit(function.executor, context, function.body, args, kwargs,
                                         self.task)
                self._go_on(work)
                return False
            else:
                result = context.run(function.body, *args, **kwargs)
                if type(result) is not types.CoroutineType:
                    return self._end_with(result)
                work = _begin(result, loop=self.host.loop, name=function.name, context=context,
                              eager_start=True)
            if work.done():
                return self._end_with(work.result())
        except BaseException as exception:
            if isinstance(exception, (KeyboardInterrupt, SystemExit)):
                self.host.reraise(exception)
            # The frames of the body lead to this one, which must not lead back to the exception.
            args = kwargs = context = work = result = None
            return self._fail(exception)
        self._go_on(work)
        # If a main loop has run inside of it, that may have had a stop for it.
        if self.host.n_pulls != n_pulls and (self.task.is_cancelled() or self.task.is_late()):
            self.stop()
        return False

    def _go_on(self, work):
        """Waits for what the function has started."""
        self.work = work
        self.host.jobs[self.id] = self
        if isinstance(work, asyncio.Task):
            # What is to be said of it is said of ours.
            work._log_destroy_pending = False
            work.add_done_callback(self._work_is_done)
        else:
            work.add_done_callback(self._work_is_done_elsewhere)

    def _work_is_done_elsewhere(self, work):
        if self.task is None:
            # It was abandoned.
            return
        try:
            self.host.loop.call_soon_threadsafe(self._work_is_done, work)
        except RuntimeError:
            # The loop has just been closed.
            pass

    def _work_is_done(self, work):
        task = self.task
        if task is None:
            # It was abandoned.
            return
        self.host.jobs.pop(self.id, None)
        try:
            succeeded = self._end_with(work.result())
        except BaseException as exception:
            succeeded = self._fail(exception)
        if succeeded:
            task.return_()

    def _leave(self):
        """The task is not ours any more, unless there may be another attempt. If there is none, the
        host is told so."""
        task = self.task
        self.work = None
        if self.marks & _AGAIN:
            self.host.jobs[self.id] = self
        else:
            self.task = None
        return task

    def _end_with(self, result):
        if result is None:
            if self.marks:
                self._leave()
            else:
                self.task = self.work = None
            return True
        other = self.function.follow(result)
        if other is not None:
            if not other.get_settled() or other.get_state() != Dag.State.SUCCEEDED:
                task = self._leave()
                task._value = ELSEWHERE
                if self.marks & _AGAIN:
                    _outcomes.keep_attempt(task, other)
                task.return_task(other)
                return False
            result = get_value(other)
            if result is None:
                self._leave()
                return True
        return not _outcomes.return_value(self._leave(), result)

    def _fail(self, exception):
        task = self._leave()
        if isinstance(exception, (asyncio.CancelledError, concurrent.futures.CancelledError)) or \
                task.is_late():
            # If it is late, that is what it ends with.
            task.return_error(_outcomes.make_cancelled_error())
            return False
        trace = _frames.strip(exception.__traceback__)
        exception = exception.with_traceback(trace)
        if isinstance(exception, StopIteration):
            # As in a coroutine: nobody could await it.
            stopped = exception
            exception = RuntimeError(f'{self.function.name} raised StopIteration')
            exception.__cause__ = stopped
        if not self.marks & _AGAIN:
            _outcomes.keep_failure(task, exception, trace)
        else:
            _outcomes.keep_attempt(task, _outcomes.Failure(exception, trace))
            if not isinstance(exception, Exception):
                # It wants to get out of whatever is tried.
                task.set_retry(None)
        if isinstance(exception, GLib.Error) and \
                exception.matches(Dag.Error.quark(), Dag.Error.NOT_NEEDED):
            task.return_skip()
            return False
        details = _outcomes.describe(exception, trace)
        self.host.runner.fail(task, _outcomes.to_error(exception),
                              _outcomes.to_utf8(_frames.describe(self.code, self.lasti)),
                              _outcomes.to_utf8(details.rstrip()))
        return False

    def stop(self):
        """The function will not be called, or has to end."""
        if self.work is None:
            self.host.jobs.pop(self.id, None)
            self.task = self.args = self.kwargs = self.context = None
        elif not self.marks & _STOPPED:
            # Once: it may take its time to clean up.
            self.marks |= _STOPPED
            self.work.cancel()

    def cancel(self):
        """Has the call end. Returns what is to be waited for, if anything."""
        task = self.task
        work = self.work
        task.cancel()
        if not task.is_finished():
            return _waits.wait(task)
        if work is None or isinstance(work, asyncio.Task):
            return work
        future = asyncio.wrap_future(work)
        # What it ends with has been said.
        future.add_done_callback(lambda future: future.cancelled() or future.exception())
        return future

    def abandon(self):
        """Nothing runs where the call was made any more."""
        work = self.work
        if work is None:
            self.task.cancel()
            self.stop()
            return
        self.marks = 0
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


# Making calls


def make_task(host, function, inputs, args, kwargs, pending, frame, elsewhere=False):
    """Makes a task that calls a function, maybe for a loop in another thread."""
    # Classes with slots are slow to call: this is quicker than __init__().
    call = _new_object(Call)
    call.host = host
    call.function = function
    call.args = args
    call.kwargs = kwargs
    call.pending = pending
    call.context = contextvars.copy_context()
    # Where it is, which is asked for if it fails.
    call.code = frame and frame.f_code
    call.lasti = frame and frame.f_lasti
    call.work = None
    call.marks = 0
    if elsewhere:
        # That loop may have an end of the task sooner than we have the task.
        call.task = None
        call.id = id = _host.new_id()
        host.jobs[id] = call
        call.task = task = _new_task(host.runner, id, function.quark, inputs)
    else:
        call.task = task = _new_task(host.runner, 0, function.quark, inputs)
        # That is the address, and so the id.
        call.id = id = hash(task)
        host.jobs[id] = call
    if function.executor is not None:
        # For who waits for it in a thread.
        task._executor = function.executor
    if _has_lenders:
        _say_creator(task)
    return task


def _say_creator(task):
    """Says which task has made another one, in case that has slots for it. C knows it of what a
    function does before its first await, and not of what it does later or in another thread."""
    call = _loop.current_call.get()
    creator = call.task if call is not None else None
    if creator is not None and call.marks & _LENDS:
        task.set_creator(creator)


@contextlib.contextmanager
def held(host):
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
