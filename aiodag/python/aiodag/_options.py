# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The options of functions that are decorated."""

import collections.abc
import numbers

from gi.module import get_introspection_module
from gi.repository import GObject

from aiodag import _outcomes, _retries
from aiodag._times import to_milliseconds

Dag = get_introspection_module('Dag')


def _set_limiters(task, limiters):
    for limiter in (limiters,) if isinstance(limiters, Dag.Limiter) else limiters:
        task.add_limiter(limiter)


_SETTERS = {
    'deadline': Dag.Task.set_deadline,
    'limiter': _set_limiters,
    'priority': Dag.Task.set_priority,
    'retries': Dag.Task.set_retry,
    'timeout': Dag.Task.set_timeout,
    'trigger': Dag.Task.set_trigger,
}

# The types of options
_OPTIONS = {
    'deadline': numbers.Real,
    'executor': object,
    'limiter': (Dag.Limiter, collections.abc.Sequence),
    'name': str,
    'owner': object,
    'priority': int,
    'raw': bool,
    'retries': (int, Dag.Retry),
    'rule': Dag.Rule,
    'thread': bool,
    'timeout': numbers.Real,
    'trigger': Dag.Trigger,
    'worker': Dag.Worker,
}


def _name(kind):
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return ' or '.join(f"'{kind.__name__}'" for kind in kinds)


def check(options):
    """Raises TypeError or ValueError if there is anything wrong with options of task(). Gives them
    as they are kept."""
    for name, value in options.items():
        kind = _OPTIONS.get(name)
        if kind is None:
            raise TypeError(f'task() got an unexpected option {name!r}')
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise TypeError(f"'{type(value).__name__}' object cannot be the {name} of a task: that "
                            f"is of the type {_name(kind)}")
        if kind is numbers.Real:
            to_milliseconds(value, f'the {name} of a task')
    name = options.get('name', 'a name')
    if not name or name != _outcomes.to_utf8(name):
        raise ValueError(f'{name!r} cannot be the name of a task')
    if not _outcomes.is_int(options.get('priority', 0)):
        raise ValueError(f"{options['priority']} is no priority")
    if 'owner' in options:
        _check_owner(options['owner'])
    if 'retries' in options:
        _retries.check(options['retries'])
    limiter = options.get('limiter', ())
    for item in () if isinstance(limiter, Dag.Limiter) else limiter:
        if not isinstance(item, Dag.Limiter):
            raise TypeError(f"'{type(item).__name__}' object cannot be a limiter of a task")
    if 'executor' in options:
        executor = options['executor']
        if isinstance(executor, type) or not callable(getattr(executor, 'submit', None)):
            raise TypeError('An executor has a method submit(), as those of concurrent.futures')
        if options.get('thread') or 'worker' in options:
            raise ValueError('A function is called in a thread or by an executor, not by both')
    if options.get('thread') is False and 'worker' in options:
        raise ValueError('The threads of a worker are threads')
    if options.get('raw') is False and options.keys() & {'rule', 'trigger'}:
        raise ValueError('With a rule or a trigger, inputs are always raw')
    if 'retries' in options:
        options = {**options, 'retries': _retries.from_option(options['retries'])}
    return options


def _check_owner(owner):
    signal = None
    if isinstance(owner, tuple) and len(owner) == 2:
        owner, signal = owner
    if not isinstance(owner, GObject.Object) or not isinstance(signal, (str, type(None))):
        raise TypeError('The owner of a task is a GObject.Object, or that and the name of a signal')
    if signal is not None:
        try:
            GObject.signal_parse_name(signal, owner, True)
        except ValueError:
            raise ValueError(f'a {type(owner).__name__} has no signal {signal!r}') from None


def weaken(options):
    """Has options not keep the owner of their tasks."""
    if 'owner' in options:
        owner = options['owner']
        owner, signal = owner if isinstance(owner, tuple) else (owner, None)
        options['owner'] = Dag.Weak.new(owner), signal


def _set_owner(task, owner):
    weak, signal = owner
    item = weak.get()
    if item is None:
        # That is what would have become of it.
        Dag.Task.cancel(task)
    else:
        Dag.Task.set_owner(task, item, signal)


def set_properties(options, task):
    """Sets those of the options that are properties of a task."""
    for name, value in options.items():
        if name in ('deadline', 'timeout'):
            # 0 would be none.
            value = max(to_milliseconds(value, f'the {name} of a task'), 1)
        if name in _SETTERS:
            _SETTERS[name](task, value)
        elif name == 'owner':
            _set_owner(task, value)


def add(options, later):
    """The options of a function that is decorated again: what is said later counts."""
    options = dict(options)
    if later.keys() & {'executor', 'thread', 'worker'}:
        for name in 'executor', 'thread', 'worker':
            options.pop(name, None)
    if later.get('raw') is False:
        options.pop('rule', None)
        options.pop('trigger', None)
    options.update(later)
    return options
