# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How tasks end: with values and exceptions of Python, and what C has of them."""

import asyncio
import gc
import traceback
import weakref

from gi.module import get_introspection_module
from gi.repository import Gio, GLib, GObject

Dag = get_introspection_module('Dag')
Task = Dag.Task

_ERRORS = GLib.quark_from_string('dag-python-error-quark')

# As they are in C; the override puts others in the place of some.
_get_c_value = Task.get_value
_get_value_owner = Task.get_value_owner


# What C has


def to_utf8(text):
    """Text as C can have it."""
    return text.encode('utf-8', 'backslashreplace').decode().replace('\0', '\\0')


def is_int(value):
    """Whether C has such an int."""
    return isinstance(value, int) and -1 << 31 <= value < 1 << 31


# By the types of values
_RETURNS = {
    bool: Task.return_boolean,
    float: Task.return_double,
    int: Task.return_int64,
    str: Task.return_string,
}


def return_value(task, value):
    """Ends a task with a value other than None. Returns False if C can have no such value."""
    task._value = value
    put = _RETURNS.get(type(value))
    if put is None:
        if not isinstance(value, GObject.Object):
            return False
        put = Task.return_object
    try:
        put(task, value)
    except (OverflowError, TypeError, ValueError):
        # No such number or string.
        return False
    return True


def describe(exception, trace):
    """What there is to read about an exception, whose methods may be anything of the program's."""
    try:
        return ''.join(traceback.format_exception(type(exception), exception, trace,
                                                  chain=trace is not None))
    except Exception as problem:
        return f'{type(exception).__qualname__} (that it cannot be shown is because of a ' \
               f'{type(problem).__qualname__})'


def to_error(exception):
    """What C has of an exception."""
    if isinstance(exception, GLib.Error) and isinstance(exception.domain, str) and \
            isinstance(exception.message, str) and is_int(exception.code):
        return GLib.Error(to_utf8(exception.message), to_utf8(exception.domain), exception.code)
    return GLib.Error.new_literal(_ERRORS, to_utf8(describe(exception, None).strip()), 0)


def make_cancelled_error():
    return GLib.Error.new_literal(Gio.io_error_quark(), 'Operation was cancelled',
                                  Gio.IOErrorEnum.CANCELLED)


# What Python has

# In the place of a result: it is that of the task which was returned.
ELSEWHERE = object()

# Results other than None are kept here. An attribute lives as long as the task, but costs more than
# all the rest of a call, so None is what C has where it has no value.
Task._value = None

# What a task of ours has failed with.
Task._failure = None

# What its attempts have failed with, if it may have several: by their number, a Failure or the task
# that was returned.
Task._attempts = None


def get_value(task):
    """The result of a task that has succeeded."""
    value = task._value
    if value is None or value is ELSEWHERE:
        owner = _get_value_owner(task)
        if owner is not task:
            return get_value(owner)
        value = _get_c_value(task)
        if isinstance(value, GObject.GBoxed):
            # What PyGObject gives is the task's, and goes with it.
            value = value.copy()
    return value


class Failure:
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


# References to all tasks that have one. To make a list of a WeakSet takes several steps.
_failed = set()


def keep_failure(task, exception, trace):
    """Has the exception of a task be there as long as the task."""
    task._failure = Failure(exception, trace)
    _failed.add(weakref.ref(task, _failed.discard))


def get_exception(task):
    """The exception of a task that has not succeeded."""
    return _find_exception(task, task.get_error())


def _find_exception(task, error):
    """The same, with what C has. This is not to look at the failure."""
    if task.get_reason() == Dag.Reason.CANCELLATION:
        return asyncio.CancelledError()
    origin = task.get_origin()
    if origin is None:
        return error
    if origin._failure is not None:
        return origin._failure.get()
    if origin._attempts is not None:
        attempt = origin.get_attempt()
        failure = origin._attempts.get(attempt)
        # Or it has ended in the pause after that.
        if type(failure) is Failure and origin.get_attempt_error(attempt) is None:
            keep_failure(origin, failure.exception, failure.trace)
            return origin._failure.get()
    if origin.is_late() and _is_timeout(error):
        keep_failure(origin, TimeoutError(error.message), None)
        return origin._failure.get()
    if error.matches(Dag.Error.quark(), Dag.Error.PROCESS_FAILED):
        error.result = task.get_process_result()
        keep_failure(origin, error, None)
    return error


# Attempts


def begin_attempt(task):
    """Forgets what another attempt has ended with."""
    if task._value is not None:
        task._value = None


def keep_attempt(task, failure):
    """Remembers what the attempt that is at work ends with: a Failure, or the task that it returns."""
    if task._attempts is None:
        task._attempts = {}
    task._attempts[task.get_attempt()] = failure


def get_attempt_exception(task, attempt, error):
    """The exception of an attempt that has failed, of which C has this error."""
    failure = task._attempts.get(attempt) if task._attempts is not None else None
    if type(failure) is Failure:
        return failure.get()
    # It ended as another task, unless that took too long.
    if failure is not None and failure.is_finished() and \
            failure.get_state() != Dag.State.SUCCEEDED and \
            not (_is_timeout(error) and failure.get_error().message != error.message):
        return _find_exception(failure, error)
    if not _is_timeout(error):
        return error
    exception = TimeoutError(error.message)
    if task._attempts is None:
        task._attempts = {}
    task._attempts[attempt] = Failure(exception, None)
    return exception


def get_attempt_exceptions(task):
    """The exceptions of the attempts that were followed by others."""
    found = []
    while (error := task.get_attempt_error(len(found) + 1)) is not None:
        found.append(get_attempt_exception(task, len(found) + 1, error))
    return found


def _is_timeout(error):
    return error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)


def _forget_raisers(phase, info):
    """Is called by the garbage collector, which does not see what tasks of C have.

    An exception has the frames where it was raised. These may have tasks that were skipped because
    of the task that has failed with it, and they have that.
    """
    if phase == 'start' and info['generation'] == 2:
        for reference in list(_failed):
            task = reference()
            if task is not None:
                task._failure.forget_raisers()


gc.callbacks.append(_forget_raisers)
