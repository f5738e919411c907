# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Functions that block, in threads, processes and on other machines."""

import concurrent.futures
import functools
import importlib
import os
import pickle
import sys
import threading

from aiodag import _threads as _own
from aiodag._threads import Threads

_lock = threading.Lock()
_threads = None


def _forget_threads():
    """A process that was forked has none of them."""
    global _lock, _threads
    _lock, _threads = threading.Lock(), None
    _own.forget()


os.register_at_fork(after_in_child=_forget_threads)


def get_threads():
    """The executor of functions that are to run in a thread."""
    global _threads
    with _lock:
        if _threads is None:
            # Functions in Python seldom only compute: one thread at a time does.
            _threads = Threads('aiodag', min(32, (os.cpu_count() or 1) + 4))
    return _threads


def get_threads_of(worker):
    """The executor of functions that are to run in a thread of a Dag.Worker."""
    with _lock:
        pid, threads = getattr(worker, '_threads', (None, None))
        if pid != os.getpid():
            threads = Threads(worker.get_name(), worker.get_max_threads())
            worker._threads = os.getpid(), threads
    return threads


def choose(options):
    """What calls a function that has these options; None for the loop."""
    if 'executor' in options:
        return options['executor']
    if 'worker' in options:
        return get_threads_of(options['worker'])
    return get_threads() if options.get('thread') else None


def submit(executor, context, function, args, kwargs, task):
    """Has an executor call a function. Returns a future."""
    if isinstance(executor, Threads):
        return executor.submit_for(task, functools.partial(context.run, function, *args, **kwargs))
    if isinstance(executor, concurrent.futures.ThreadPoolExecutor):
        return executor.submit(context.run, function, *args, **kwargs)
    if isinstance(executor, concurrent.futures.ProcessPoolExecutor):
        return executor.submit(_call_pickled, _pickle_call(function, args, kwargs))
    # What is in the program itself is not found elsewhere, and such executors send its code.
    if getattr(function, '__module__', None) != '__main__':
        function = _make_picklable(function)
    # Some take keywords for themselves.
    return executor.submit(functools.partial(function, **kwargs) if kwargs else function, *args)


class _Decorated:
    """A function that is found by the name of a decorated one, behind which it is."""

    def __init__(self, function):
        self.__module__ = function.__module__
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__

    def find(self):
        found = importlib.import_module(self.__module__)
        for name in self.__qualname__.split('.'):
            found = getattr(found, name)
        return found.__wrapped__

    def __call__(self, /, *args, **kwargs):
        return self.find()(*args, **kwargs)


def _make_picklable(function):
    """Pickle finds a function by its name, and not if it is decorated."""
    try:
        found = sys.modules[function.__module__]
        for name in function.__qualname__.split('.'):
            found = getattr(found, name)
    except (AttributeError, KeyError):
        return function
    is_hidden = found is not function and getattr(found, '__wrapped__', None) is function
    return _Decorated(function) if is_hidden else function


def _pickle_call(function, args, kwargs):
    from multiprocessing.reduction import ForkingPickler
    try:
        return bytes(ForkingPickler.dumps((_make_picklable(function), args, kwargs)))
    except Exception as problem:
        raise pickle.PicklingError(f'This cannot be pickled for another process: {problem}') \
            from problem


def _call_pickled(call):
    """Calls a function in another process. What cannot be unpickled would break the pool."""
    function, args, kwargs = pickle.loads(call)
    try:
        return function(*args, **kwargs)
    except Exception as exception:
        try:
            pickle.loads(pickle.dumps(exception))
        except Exception as problem:
            kind = type(exception)
            raise RuntimeError(f'{kind.__module__}.{kind.__qualname__}: {exception} '
                               f'(itself it cannot be pickled: {problem})') from exception
        raise


def needs_this_thread(task):
    """Whether a task waits for this very thread, as the only one of its worker."""
    threads = _own.get_current()
    if threads is None or threads.max_threads > 1:
        return False
    return getattr(task, '_executor', None) is threads
