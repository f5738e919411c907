# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Functions that block, in threads, processes and on other machines."""

import concurrent.futures
import importlib
import sys
import threading

CancelledError = concurrent.futures.CancelledError
Future = concurrent.futures.Future

_lock = threading.Lock()
_threads = None


def get_threads():
    """The executor of functions that are to run in a thread."""
    global _threads
    with _lock:
        if _threads is None:
            _threads = concurrent.futures.ThreadPoolExecutor(thread_name_prefix='aiodag')
    return _threads


def _find(module, path):
    found = importlib.import_module(module)
    for name in path.split('.'):
        found = getattr(found, name)
    return found


def _call_decorated(module, path, args, kwargs):
    return _find(module, path).__wrapped__(*args, **kwargs)


def _is_hidden(function):
    """Whether the name of a function is that of a decorated one, so that pickle cannot find it."""
    try:
        found = sys.modules[function.__module__]
        for name in function.__qualname__.split('.'):
            found = getattr(found, name)
    except (AttributeError, KeyError):
        return False
    return found is not function and getattr(found, '__wrapped__', None) is function


def submit(executor, context, function, args, kwargs):
    """Has an executor call a function. Returns a future."""
    if isinstance(executor, concurrent.futures.ThreadPoolExecutor):
        return executor.submit(context.run, function, *args, **kwargs)
    # A function goes to another process by its name.
    if _is_hidden(function):
        return executor.submit(_call_decorated, function.__module__, function.__qualname__,
                               args, kwargs)
    return executor.submit(function, *args, **kwargs)
