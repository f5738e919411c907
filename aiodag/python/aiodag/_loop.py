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
import collections
import concurrent.futures
import contextlib
import contextvars
import heapq
import itertools
import math
import select
import sys
import threading
import time
import weakref

from gi.module import get_introspection_module
from gi.repository import GLib, GObject

Dag = get_introspection_module('Dag')

get_running_loop = asyncio._get_running_loop
set_running_loop = asyncio._set_running_loop

# The call that a piece of code belongs to, also in a thread that it started.
current_call = contextvars.ContextVar('dag-call', default=None)

# The events of poll() that epoll has too.
_EVENTS = select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP
_NEVER = 2**32 - 1  # milliseconds

_lock = threading.RLock()
_hosts = weakref.WeakSet()
_own_loops = weakref.WeakValueDictionary()  # by the addresses of main contexts


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

    The loop keeps the host, and that its jobs: what nobody will ever run again is garbage.
    """

    def __init__(self, loop, context):
        self.loop = loop
        # What is to be called when the runner has this id; see Runner for the minus sign.
        self.jobs = {}
        target = _Target()
        target.host = self.reference = weakref.ref(self)
        self.runner = Dag.Runner.new(context, target, 'ready')
        target.runner = self.runner.weak_ref()
        self.new_task = self.runner.new_task
        with _lock:
            _hosts.add(self)

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
        if loop.is_closed():
            self.abandon()
        # Another loop may iterate the context, or a main loop inside of a body or a callback.
        outer = get_running_loop()
        current = asyncio.current_task(outer) if outer is not None else None
        if current is not None:
            asyncio._leave_task(outer, current)
        set_running_loop(loop)
        try:
            self.run()
        except BaseException as exception:
            self.reraise(exception)
        finally:
            set_running_loop(outer)
            if current is not None:
                asyncio._enter_task(outer, current)

    def run(self):
        """Does what the runner has."""
        take = self.runner.take
        jobs = self.jobs
        done = False
        while (id := take(done)) != 0:
            done = False
            if id > 0:
                job = jobs.pop(id, None)
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


class _Bridge(Host):
    """Iterates a main context in a loop that does not do so itself.

    GLib tells when another thread has attached a source to the context, but not when this one has.
    That is looked at after everything that was run from the context, when it is kicked, and besides
    from time to time, the more seldom the longer there has been nothing.
    """

    _SHORTEST_PAUSE = 0.001  # seconds
    _LONGEST_PAUSE = 0.1

    def __init__(self, loop, context):
        super().__init__(loop, context)
        # Acquired: who does not own it is not woken up by the threads of GIO.
        self._context = context
        self._epoll = None
        self._fds = {}
        self._pause = self._SHORTEST_PAUSE
        self._handle = None
        self._due = False
        self.kick()

    def pull(self):
        super().pull()
        # It may have come from a main loop that somebody runs.
        self.kick()

    def kick(self):
        if not self._due and self._context is not None:
            self._turn_after(0)

    def _turn_after(self, delay):
        if self._handle is not None:
            self._handle.cancel()
        self._due = delay <= 0
        # Not in the context of whoever has kicked it, which would be kept for ever.
        context = contextvars.Context()
        if self._due:
            self._handle = self.loop.call_soon(self._turn, context=context)
        else:
            self._handle = self.loop.call_later(delay, self._turn, context=context)

    def _turn(self):
        """Lets the context do what there is to do, and the loop wait for what that waits for."""
        self._due = True
        if self._context.iteration(False):
            self._pause = self._SHORTEST_PAUSE
        else:
            self._pause = min(2 * self._pause, self._LONGEST_PAUSE)
        if self._context is None:
            return
        polls, timeout = Dag.context_query(self._context)
        if not self._watch(dict(zip(polls[::2], polls[1::2]))):
            timeout = 0
        self._turn_after(min(timeout / 1000, self._pause) if timeout >= 0 else self._pause)

    def _watch(self, fds):
        """Waits for file descriptors. Returns whether all of them can be waited for."""
        try:
            for fd in self._fds.keys() - fds.keys():
                self._epoll.unregister(fd)
            for fd, events in fds.items():
                # Also if it has not changed: it may be another file now.
                if fd in self._fds:
                    self._epoll.modify(fd, events & _EVENTS)
                else:
                    self._epoll.register(fd, events & _EVENTS)
        except (AttributeError, OSError):
            return self._watch_anew(fds)
        finally:
            self._fds = fds
        return True

    def _watch_anew(self, fds):
        self._unwatch()
        self._epoll = select.epoll()
        contextvars.Context().run(self.loop.add_reader, self._epoll, self._turn)
        for fd, events in fds.items():
            try:
                self._epoll.register(fd, events & _EVENTS)
            except OSError:
                # Ordinary files are always ready, as what was closed is for poll().
                return False
        return True

    def _unwatch(self):
        if self._epoll is not None:
            if not self.loop.is_closed():
                self.loop.remove_reader(self._epoll)
            self._epoll.close()
            self._epoll = None

    def leave(self):
        super().leave()
        if self._context is None:
            return
        self._handle.cancel()
        self._unwatch()
        self._context.release()
        self._context = None


class MainLoop(asyncio.AbstractEventLoop):
    """An asyncio loop that needs nothing but a main context that somebody iterates.

    It has what tasks, futures, timers, locks, queues and executors of asyncio need. It has no
    transports, streams and subprocesses: with GLib's main loop those are GIO's.

    It lives as long as the main context does.
    """

    def __init__(self, context):
        self._ready = collections.deque()
        self._awake = False
        self._timers = []
        self._numbers = itertools.count()
        self._n_cancelled = 0
        self._asyncgens = weakref.WeakSet()
        self._runs = []
        self._raised = None
        self._executor = None
        self._exception_handler = None
        self._task_factory = None
        self._debug = sys.flags.dev_mode
        self._closed = False
        self.host = self._dag_host = _LoopHost(self, context)

        def ring(*_):
            self.host.runner.wake()
            return GLib.SOURCE_CONTINUE

        # The context has this source, and that us.
        self._alarm = GLib.timeout_source_new(_NEVER)
        self._alarm.set_name('[aiodag] timers of asyncio')
        self._alarm.set_callback(ring)
        self._alarm.attach(context)
        weakref.finalize(ring, self.close).atexit = False

    # Callbacks

    def call_soon(self, callback, *args, context=None):
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        if not self._awake:
            self._awake = True
            self.host.runner.wake()
        return handle

    def call_soon_threadsafe(self, callback, *args, context=None):
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        self.host.runner.wake()
        return handle

    def call_later(self, delay, callback, *args, context=None):
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(self, when, callback, *args, context=None):
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        if self._timers[0][2] is timer:
            self._set_alarm()
        return timer

    def time(self):
        return time.monotonic()

    def _set_alarm(self):
        # In microseconds, and not one too early.
        self._alarm.set_ready_time(math.ceil(self._timers[0][0] * 1000000))

    def _timer_handle_cancelled(self, timer):
        self._n_cancelled += 1
        if self._n_cancelled > max(100, len(self._timers) // 2):
            self._timers = [item for item in self._timers if not item[2].cancelled()]
            heapq.heapify(self._timers)
            self._n_cancelled = 0

    def run_ready(self):
        """Calls what was ready when it began, and what is due."""
        self._awake = False
        now = self.time()
        timers = self._timers
        while timers and timers[0][0] <= now:
            self._ready.append(heapq.heappop(timers)[2])
        if timers:
            self._set_alarm()
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()
        # The frames of an exception may lead to this one.
        handle = None
        if self._ready and not self._awake:
            self._awake = True
            self.host.runner.wake()

    # Running

    def run_forever(self):
        if self._closed:
            raise RuntimeError('Event loop is closed')
        context = self.host.context
        _acquire(context)
        try:
            main_loop = GLib.MainLoop.new(context, False)
            self._runs.append(main_loop)
            try:
                main_loop.run()
            finally:
                self._runs.remove(main_loop)
        finally:
            context.release()
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised

    def run_until_complete(self, future):
        future = asyncio.ensure_future(future, loop=self)
        future.add_done_callback(self._stop_for)
        try:
            self.run_forever()
        except BaseException:
            if future.done() and not future.cancelled():
                # It may be what is raised here, so that nobody has to be told.
                future.exception()
            raise
        finally:
            future.remove_done_callback(self._stop_for)
        if not future.done():
            raise RuntimeError('Event loop stopped before Future completed.')
        return future.result()

    def _stop_for(self, future):
        self.stop()

    def stop(self):
        if self._runs:
            self._runs[-1].quit()

    def raise_in_run(self, exception):
        """Ends a run with an exception that is not to be swallowed."""
        if self._runs:
            self._raised = exception
            self.stop()
        else:
            sys.excepthook(type(exception), exception, exception.__traceback__)

    def is_running(self):
        # Somebody else may well iterate the context.
        return not self._closed

    def is_closed(self):
        return self._closed

    def close(self):
        if self._closed:
            return
        self._closed = True
        self._alarm.destroy()
        self.host.abandon()
        self._ready.clear()
        self._timers.clear()
        if self._executor is not None:
            self._executor.shutdown(wait=False)

    def run_hooked(self, function):
        """Calls a function with the asynchronous generators that it begins being ours."""
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._asyncgens.add, self._finalize_asyncgen)
        try:
            function()
        finally:
            sys.set_asyncgen_hooks(*hooks)

    def _finalize_asyncgen(self, generator):
        self._asyncgens.discard(generator)
        if not self._closed:
            self.call_soon_threadsafe(self.create_task, generator.aclose())

    async def shutdown(self):
        """Ends all that goes on here. After that it can be run again."""
        tasks = asyncio.all_tasks(self) - {asyncio.current_task(self)}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.shutdown_asyncgens()

    async def shutdown_asyncgens(self):
        await self.host.finish()
        await asyncio.gather(*(generator.aclose() for generator in list(self._asyncgens)),
                             return_exceptions=True)

    async def shutdown_default_executor(self, timeout=None):
        executor, self._executor = self._executor, None
        if executor is not None:
            # Not here: what it is at may need us.
            helper = concurrent.futures.ThreadPoolExecutor(1)
            await asyncio.wrap_future(helper.submit(executor.shutdown), loop=self)
            helper.shutdown()

    # Tasks and futures

    def create_future(self):
        return asyncio.Future(loop=self)

    def create_task(self, coro, *, name=None, context=None, **kwargs):
        if context is not None:
            kwargs['context'] = context
        if self._task_factory is None:
            return asyncio.Task(coro, loop=self, name=name, **kwargs)
        task = self._task_factory(self, coro, **kwargs)
        if name is not None:
            task.set_name(name)
        return task

    def set_task_factory(self, factory):
        self._task_factory = factory

    def get_task_factory(self):
        return self._task_factory

    def run_in_executor(self, executor, func, *args):
        if executor is None:
            if self._executor is None:
                self._executor = concurrent.futures.ThreadPoolExecutor(
                    thread_name_prefix='aiodag')
            executor = self._executor
        return asyncio.wrap_future(executor.submit(func, *args), loop=self)

    def set_default_executor(self, executor):
        self._executor = executor

    # Errors

    def get_exception_handler(self):
        return self._exception_handler

    def set_exception_handler(self, handler):
        self._exception_handler = handler

    def default_exception_handler(self, context):
        asyncio.BaseEventLoop.default_exception_handler(self, context)

    def call_exception_handler(self, context):
        if self._exception_handler is not None:
            self._exception_handler(self, context)
        else:
            self.default_exception_handler(context)

    _current_handle = None

    def get_debug(self):
        return self._debug

    def set_debug(self, enabled):
        self._debug = enabled


class _LoopHost(Host):
    """The host of our own loop, which runs whenever there is something to do."""

    def run(self):
        self.loop.run_hooked(self._run)

    def _run(self):
        super().run()
        self.loop.run_ready()

    def reraise(self, exception):
        self.loop.raise_in_run(exception)

    def leave(self):
        # It is there as long as the loop is.
        pass


# Finding them


def _acquire(context):
    if not context.acquire():
        raise RuntimeError('The main context of this thread is iterated by another one: push one '
                           'of its own as thread-default, or make tasks there')


def _is_default(context):
    return context == GLib.MainContext.default()


def _get_context():
    """A main context that this thread can iterate."""
    context = GLib.MainContext.ref_thread_default()
    # Nobody but the main thread is expected to iterate the default context.
    if _is_default(context) and threading.current_thread() is not threading.main_thread():
        context = GLib.MainContext.new()
    return context


def _get_own_loop():
    """Our own loop in the main context that is thread-default."""
    context = GLib.MainContext.ref_thread_default()
    loop = _own_loops.get(hash(context))
    if loop is None or loop.is_closed():
        with _lock:
            loop = _own_loops.get(hash(context))
            if loop is None or loop.is_closed():
                loop = _own_loops[hash(context)] = MainLoop(context)
    return loop


def _make_bridge(loop):
    """The host of a loop that knows nothing of GLib."""
    context = _get_context()
    _acquire(context)
    return _Bridge(loop, context)


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
    _acquire(context)
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
        try:
            return loop.run_until_complete(main)
        finally:
            loop.run_until_complete(loop.shutdown())


@atexit.register
def _end():
    with _lock:
        hosts = list(_hosts)
    for host in hosts:
        context = host.context
        # What other threads run goes on until they end.
        if context is not None and context.acquire():
            host.abandon()
            context.release()
