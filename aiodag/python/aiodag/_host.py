# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What there is to do in an asyncio loop, and in the main context under it."""

import asyncio
import contextlib
import contextvars
import itertools
import sys
import threading
import weakref

from gi.module import get_introspection_module
from gi.repository import GLib, GObject

Dag = get_introspection_module('Dag')

# What is added to ids; see Runner.
_MARKS = Dag.RUNNER_AGAIN | Dag.RUNNER_LENDS

# Ids that were counted are multiples of 4. Those of most tasks are their addresses, which are
# multiples of 8.
new_id = itertools.count(4, 8).__next__

# A method that is not bound is called faster.
_take = Dag.Runner.take

lock = threading.RLock()
hosts = weakref.WeakSet()


def find(task):
    """The host where the function of a task runs, or None if nobody knows. From any thread."""
    with lock:
        found = list(hosts)
    for host in found:
        if hash(task) in host.jobs:
            return host
    # It has another id if it was made in another thread, and is no job while it is on the stack.
    context = task.get_context()
    for host in found:
        if context is not None and host.context == context and not host.loop.is_closed():
            return host
    return None


def acquire(context):
    """Has this thread own a main context."""
    if not context.acquire():
        raise RuntimeError('The main context of this thread is iterated by another one: push one '
                           'of its own as thread-default, or make tasks there')


class _Target(GObject.Object):
    """What the runner of a host tells that there is something to do."""

    __gtype_name__ = 'DagPythonTarget'
    __gproperties__ = {
        'ready': (bool, None, None, False, GObject.ParamFlags.READWRITE),
    }

    def do_set_property(self, pspec, value):
        host = self.host()
        if host is not None:
            host.pull()
            return
        # Nobody is left who wants them.
        runner = self.runner()
        while runner.take(False) != 0:
            pass


class Host:
    """An asyncio loop, the main context under it, and what there is to do in them.

    A job has start() for when the runner has its id, and returns whether C need not know more; if
    something was added to the id, mark() is called with that before;
    stop() for when it has that with a minus sign; cancel() for when the loop shuts down, which
    returns what has to be waited for, if anything; and abandon() for when nothing will run here any
    more.

    The loop keeps the host, and that its jobs: what nobody will ever run again is garbage.
    """

    def __init__(self, loop, context):
        self.loop = loop
        # What is to be called when the runner has this id; see Runner for the minus sign.
        self.jobs = {}
        self.n_pulls = 0
        target = _Target()
        target.host = weakref.ref(self)
        self.runner = Dag.Runner.new(context, target, 'ready')
        target.runner = self.runner.weak_ref()
        with lock:
            hosts.add(self)

    @property
    def context(self):
        # No reference is kept: who owns the context decides when that ends.
        return self.runner.get_context()

    @contextlib.contextmanager
    def entered(self):
        """Has the context be thread-default."""
        context = self.context
        if context == GLib.MainContext.ref_thread_default():
            yield
            return
        context.push_thread_default()
        try:
            yield
        finally:
            context.pop_thread_default()

    def pull(self):
        """Does what the runner has, with the loop as the one that is running."""
        loop = self.loop
        self.n_pulls += 1
        if loop.is_closed():
            self.abandon()
        # Another loop may iterate the context, or a main loop inside of a body or a callback.
        outer = asyncio._get_running_loop()
        current = asyncio.current_task(outer) if outer is not None else None
        if current is not None:
            asyncio._leave_task(outer, current)
        asyncio._set_running_loop(loop)
        try:
            self.run()
        except BaseException as exception:
            self.reraise(exception)
        finally:
            asyncio._set_running_loop(outer)
            if current is not None:
                asyncio._enter_task(outer, current)

    def run(self):
        """Does what the runner has."""
        runner = self.runner
        jobs = self.jobs
        done = False
        while (id := _take(runner, done)) != 0:
            done = False
            if id > 0:
                job = jobs.pop(id, None)
                if job is None:
                    job = jobs.pop(id & ~_MARKS, None)
                    if job is not None:
                        job.mark(id & _MARKS)
                if job is not None:
                    done = job.start()
            else:
                job = jobs.get(-id)
                if job is not None:
                    job.stop()
            # The frames of an exception may lead to this one.
            job = None

    def kick(self):
        """Has sources looked at that were attached to the context in this thread."""

    def reraise(self, exception):
        """Raises an exception where it ends the loop. From any thread."""
        self.loop.call_soon_threadsafe(_raise, exception)

    # The end

    def watch(self):
        """Notices how the loop ends."""
        self.loop._dag_host = self
        # It may shut down, which awaits the aclose() of asynchronous generators...
        firstiter = sys.get_asyncgen_hooks().firstiter
        if firstiter is not None:
            firstiter(self)
        # ...or just be closed, which throws away its timers.
        timer = _EndlessTimer(self.loop)
        weakref.finalize(timer, _abandon, weakref.ref(self)).atexit = False
        timer()

    async def aclose(self):
        """Ends what there is to do, as the loop would do it."""
        await self.finish()
        self.abandon()

    async def finish(self):
        """Cancels what there is to do, and waits for it to settle."""
        while ends := [end for job in list(self.jobs.values()) if (end := job.cancel()) is not None]:
            await asyncio.wait(ends)

    def abandon(self):
        """Ends what there is to do, of which nothing will run any more. Can be called twice."""
        for id in list(self.jobs):
            job = self.jobs.pop(id, None)
            if job is not None:
                job.abandon()
        self.leave()

    def leave(self):
        """Leaves the loop alone. If it is run again it gets another host."""
        if getattr(self.loop, '_dag_host', None) is self:
            del self.loop._dag_host

    def __del__(self):
        self.abandon()


def _raise(exception):
    raise exception


def _abandon(reference):
    host = reference()
    if host is not None:
        host.abandon()


class _EndlessTimer:
    """A timer that goes when its loop is closed."""

    def __init__(self, loop):
        self._loop = loop

    def __call__(self):
        # No loop can wait for ever.
        self._loop.call_later(1000000, self, context=contextvars.Context())
