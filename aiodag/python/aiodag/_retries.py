# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How functions are tried again when they have failed."""

import math

from gi.module import get_introspection_module

from aiodag import _host, _loop, _outcomes
from aiodag._times import to_milliseconds

Dag = get_introspection_module('Dag')

# What C has no such number of.
_MANY = 1 << 32


def check(retries):
    """Raises ValueError if an option says nothing that there can be."""
    if isinstance(retries, int) and not 0 <= retries < _MANY - 1:
        raise ValueError(f'A function cannot be called again {retries} times')


def from_option(retries):
    """What C has of an option, None if that is nothing."""
    return Dag.Retry.new(retries + 1, 0) if isinstance(retries, int) and retries > 0 else \
        retries or None


def _to_function(when):
    """What says by an exception whether to try again."""
    if isinstance(when, type) or isinstance(when, tuple):
        kinds = when if isinstance(when, tuple) else (when,)
        if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
            raise TypeError(f'{when!r} are not all exceptions')
        return lambda exception: isinstance(exception, kinds)
    if not callable(when):
        raise TypeError(f"'{type(when).__name__}' object cannot say when to try again")
    return when


def _ask(task, error, when):
    try:
        return bool(when(_outcomes.get_attempt_exception(task, task.get_attempt(), error)))
    except BaseException as exception:
        host = _host.find(task) or _loop.get_host()
        if isinstance(exception, Exception):
            host.loop.call_exception_handler({
                'message': f'{task.get_name()} is not tried again: what was asked has failed',
                'exception': exception,
            })
        else:
            host.reraise(exception)
    return False


def make(attempts, delay, factor, max_delay, jitter, when):
    """Makes a description of how to try again."""
    if not isinstance(attempts, int) or isinstance(attempts, bool):
        raise TypeError(f"'{type(attempts).__name__}' object is no number of attempts")
    if not 1 <= attempts < _MANY:
        raise ValueError(f'There cannot be {attempts} attempts')
    if not 1 <= factor < math.inf:
        raise ValueError(f'{factor} cannot be the factor of a retry: it is at least 1')
    if not 0 <= jitter <= 1:
        raise ValueError(f'{jitter} cannot be the jitter of a retry: it is from 0 to 1')
    retry = Dag.Retry.new(attempts, to_milliseconds(delay, 'the delay of a retry'))
    retry.set_factor(factor)
    retry.set_jitter(jitter)
    if max_delay is not None:
        retry.set_max_delay(to_milliseconds(max_delay, 'the max_delay of a retry'))
    if when is not None:
        retry.set_function(_ask, _to_function(when))
    return retry
