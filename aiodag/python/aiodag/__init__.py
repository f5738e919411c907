# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Build and execute DAGs of asynchronous tasks.

This is the namespace Dag of GObject Introspection under the name of the project:

    from aiodag import task

is the same as

    from gi.repository import Dag
    task = Dag.task
"""

import gi

try:
    gi.require_version('Dag', '1')
except AttributeError:
    # That is only our own folder of overrides.
    raise ModuleNotFoundError('PyGObject is not there for this Python', name='gi') from None

__all__ = [
    'Error', 'Limiter', 'Retry', 'Rule', 'State', 'Task', 'Trigger', 'Worker', 'any', 'blocking',
    'current', 'delay', 'failed', 'finished', 'gather', 'gio', 'race', 'retry', 'run', 'settled',
    'skip', 'subprocess', 'task', 'weak',
]


def __getattr__(name):
    # Not at import: the override is made of modules of this package.
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    try:
        from gi.repository import Dag
    except AttributeError as error:
        # That would be taken for a name that is not here.
        raise ImportError(f'The namespace Dag is not the one that this is for: {error}') from error
    return getattr(Dag, name)


def __dir__():
    return sorted([*globals(), *__all__])
