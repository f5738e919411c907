# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The options of functions that are decorated."""

import math
import numbers

from gi.module import get_introspection_module

from aiodag import _outcomes

Dag = get_introspection_module('Dag')

_PROPERTIES = {
    'deadline': Dag.Task.set_deadline,
    'priority': Dag.Task.set_priority,
    'timeout': Dag.Task.set_timeout,
    'trigger': Dag.Task.set_trigger,
}

# In seconds: C has no such number of milliseconds.
_FOREVER = (1 << 32) / 1000

# The types of options
_OPTIONS = {
    'deadline': numbers.Real,
    'executor': object,
    'name': str,
    'priority': int,
    'raw': bool,
    'rule': Dag.Rule,
    'thread': bool,
    'timeout': numbers.Real,
    'trigger': Dag.Trigger,
}


def check(options):
    """Raises TypeError or ValueError if there is anything wrong with options of task()."""
    for name, value in options.items():
        kind = _OPTIONS.get(name)
        if kind is None:
            raise TypeError(f'task() got an unexpected option {name!r}')
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise TypeError(f"'{type(value).__name__}' object cannot be the {name} of a task: that "
                            f"is of the type '{kind.__name__}'")
        if kind is numbers.Real and not 0 <= value < _FOREVER:
            raise ValueError(f'{value} s cannot be the {name} of a task')
    name = options.get('name', 'a name')
    if not name or name != _outcomes.to_utf8(name):
        raise ValueError(f'{name!r} cannot be the name of a task')
    if not _outcomes.is_int(options.get('priority', 0)):
        raise ValueError(f"{options['priority']} is no priority")
    if 'executor' in options:
        executor = options['executor']
        if isinstance(executor, type) or not callable(getattr(executor, 'submit', None)):
            raise TypeError('An executor has a method submit(), as those of concurrent.futures')
        if options.get('thread'):
            raise ValueError('A function is called in a thread or by an executor, not by both')
    if options.get('raw') is False and options.keys() & {'rule', 'trigger'}:
        raise ValueError('With a rule or a trigger, inputs are always raw')


def set_properties(options, task):
    """Sets those of the options that are properties of a task."""
    for name, value in options.items():
        if name in ('deadline', 'timeout'):
            # C counts milliseconds, and 0 would be none.
            value = max(math.ceil(value * 1000), 1)
        if name in _PROPERTIES:
            _PROPERTIES[name](task, value)


def add(options, later):
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
