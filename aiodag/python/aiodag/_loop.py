# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Where tasks run: the asyncio loops, and the main contexts under them.

There are three kinds of asyncio loop:

- our own, for programs that have nothing but a GLib main loop;
- those that run on a main context themselves, as those of gi.events and gbulb do;
- all others, plain asyncio among them. There nobody iterates the main context, so it is iterated
  from callbacks of the loop.
"""

import asyncio
import atexit
import contextlib
import contextvars
import os
import threading
import weakref

from gi.repository import GLib

from aiodag import _host
from aiodag._bridge import Bridge
from aiodag._host import Host, acquire
from aiodag._main_loop import MainLoop

get_running_loop = asyncio._get_running_loop

# The call that a piece of code belongs to, also in a thread that it started.
current_call = contextvars.ContextVar('dag-call', default=None)

_own_loops = weakref.WeakValueDictionary()  # by the addresses of main contexts


_is_forked = False


def _forget_loops():
    """In a process that was forked, what the parent has to do is not to be done twice."""
    global _is_forked
    _is_forked = True
    _own_loops.clear()
    current_call.set(None)


os.register_at_fork(after_in_child=_forget_loops)


# Finding them


def _is_default(context):
    return context == GLib.MainContext.default()


def _get_context():
    """A main context that this thread can iterate."""
    context = GLib.MainContext.ref_thread_default()
    # Nobody but the main thread is expected to iterate the default context.
    if _is_default(context) and \
            (_is_forked or threading.current_thread() is not threading.main_thread()):
        context = GLib.MainContext.new()
    return context


def _get_own_loop():
    """Our own loop in the main context that is thread-default."""
    context = GLib.MainContext.ref_thread_default()
    loop = _own_loops.get(hash(context))
    if loop is None or loop.is_closed():
        with _host.lock:
            loop = _own_loops.get(hash(context))
            if loop is None or loop.is_closed():
                loop = _own_loops[hash(context)] = MainLoop(context)
    return loop


def _make_bridge(loop):
    """The host of a loop that knows nothing of GLib."""
    context = _get_context()
    acquire(context)
    return Bridge(loop, context)


def _make_host(loop):
    context = getattr(loop, '_context', None)
    host = Host(loop, context) if isinstance(context, GLib.MainContext) else _make_bridge(loop)
    host.watch()
    return host


def _find_host_of_thread():
    call = current_call.get()
    # In a thread the tasks are those of the loop that started it.
    if call is not None and not call.host.loop.is_closed() and \
            _is_default(GLib.MainContext.ref_thread_default()):
        return call.host
    return _get_own_loop().host


def get_host():
    """The host of the loop that is running, or of the thread-default main context."""
    loop = get_running_loop()
    if loop is None:
        return _find_host_of_thread()
    try:
        return loop._dag_host
    except AttributeError:
        return _make_host(loop)


# The start and the end


@contextlib.contextmanager
def _own_context():
    """Has this thread own its main context. Other threads than the main one get one for that."""
    context = _get_context()
    acquire(context)
    context.push_thread_default()
    try:
        yield
    finally:
        context.pop_thread_default()
        context.release()


def run(main):
    """Runs our own loop until something that can be awaited has ended. Gives its result."""
    if get_running_loop() is not None:
        raise RuntimeError('Dag.run() cannot be called while a loop is running')
    with _own_context():
        loop = _get_own_loop()
        if loop.is_run():
            raise RuntimeError('Dag.run() cannot be called inside of Dag.run()')
        try:
            return loop.run_until_complete(main)
        finally:
            loop.run_until_complete(loop.shutdown())


@atexit.register
def _end():
    with _host.lock:
        hosts = list(_host.hosts)
    for host in hosts:
        context = host.context
        # What other threads run goes on until they end.
        if context is not None and context.acquire():
            host.abandon()
            context.release()
