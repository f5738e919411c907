# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The options of functions that are decorated."""

from gi.module import get_introspection_module

from aiodag import _outcomes

Dag = get_introspection_module('Dag')

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


def check(options):
    """Raises TypeError or ValueError if there is anything wrong with options of task()."""
    for name, value in options.items():
        kind = _OPTIONS.get(name)
        if kind is None:
            raise TypeError(f'task() got an unexpected option {name!r}')
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f'task() takes a {kind.__name__} as {name}, and no '
                            f'{type(value).__name__}')
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
