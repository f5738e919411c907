# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""An asyncio loop that runs on a main context."""

import asyncio
import collections
import concurrent.futures
import heapq
import itertools
import math
import sys
import time
import weakref

from gi.repository import GLib

from aiodag._host import Host, acquire

_NEVER = 2**32 - 1  # milliseconds
_LATEST = 2**40  # seconds: what GLib can count in microseconds


class _LoopHost(Host):
    """The host of our own loop, which runs whenever there is something to do."""

    def run(self):
        self.loop.run_hooked(self._run)

    def _run(self):
        try:
            super().run()
        finally:
            self.loop.run_ready()

    def reraise(self, exception):
        self.loop.raise_in_run(exception)

    def leave(self):
        # It is there as long as the loop is.
        pass


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
        self._wake()
        return handle

    def _wake(self):
        if not self._awake:
            self._awake = True
            self.host.runner.wake()

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
        self._alarm.set_ready_time(math.ceil(min(self._timers[0][0], _LATEST) * 1000000))

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
        if len(self._ready) > 1:
            # One may raise an exception, or run a main loop, where the others are not to wait.
            self._wake()
        for _ in range(len(self._ready)):
            if not self._ready:
                break
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()
        # The frames of an exception may lead to this one.
        handle = None

    # Running

    def run_forever(self):
        if self._closed:
            raise RuntimeError('Event loop is closed')
        context = self.host.context
        acquire(context)
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

    def is_run(self):
        """Whether it was told to run, and not only somebody else iterates the context."""
        return bool(self._runs)

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
