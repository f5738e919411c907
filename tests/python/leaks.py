#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What is freed, and when. With --soak, a million tasks and not fifty thousand.

With DAG_TEST_GC garbage is collected between any two steps, and what only counts is left out.
"""

import asyncio
import contextvars
import ctypes
import gc
import os
import resource
import sys
import weakref

import harness
from harness import Dag, Door, GLib, fails, get_calls, idle, pending, said, test, until

from gi.repository import GObject

from aiodag import _functions, _loop, task

SOAK = '--soak' in sys.argv
if SOAK:
    sys.argv.remove('--soak')


@task
async def echo(value=None):
    return value


@task
def echo_at_once(value=None):
    return value


@task
async def fail():
    raise ValueError()


class Value:
    """Something that can be watched."""


class Error(Exception):
    """An exception that can be watched."""


class Thing(GObject.Object):
    pass


def watch(value):
    return weakref.ref(value)


# What is freed when


@test
async def results():
    """Promise 5: A result is freed with the last reference to its task."""
    for function in echo, echo_at_once:
        for make in Value, Thing, lambda: {Value()}:
            made = function(make())
            await made
            result = watch(made.result())
            assert result() is not None
            dependent = echo(made)
            await dependent
            del made
            gc.collect()
            assert result() is not None
            del dependent
            # The step of a coroutine that has just waited keeps what it waited for.
            await idle()
            gc.collect()
            assert result() is None


@test
async def unkept():
    """Promise 5: What nobody keeps is freed when it has run: task, result, argument and function."""
    def make():
        value, given = Value(), Value()

        def body(_):
            return value

        made = task(body)(given)
        task(body)([given, made])
        return [watch(each) for each in (value, given, body, made)]

    watched = make()
    await idle()
    gc.collect()
    assert [each() for each in watched] == [None] * 4


@test
async def arguments():
    """Promise 5: Arguments are freed when the body has returned, before dependents start."""
    given = Value()
    watched = watch(given)

    @task
    def use(value, *more):
        return watched() is not None

    @task
    async def use_later(value, *more):
        del value, more
        await asyncio.sleep(0)
        return True

    for function in use, use_later:
        for wrap in (lambda value: value), (lambda value: [value, echo()]), echo:
            given = Value()
            watched = watch(given)
            made = function(wrap(given), wrap(given))
            del given
            assert await task(lambda used: used and (gc.collect(), watched())[1] is None)(made)
            assert made.result()


@test
async def chain():
    """Promise 5: A chain of tasks holds no more than the results that are still needed."""
    watched = []
    most = 0

    @task
    def step(_):
        nonlocal most
        gc.collect(0)
        most = max(most, sum(each() is not None for each in watched[-10:]))
        value = Value()
        watched.append(watch(value))
        return value

    last = echo()
    for _ in range(200):
        last = step(last)
    await last
    assert len(watched) == 200 and most <= 2


@test
async def exceptions():
    """An exception is freed with the last task that carries it, and its frames with it."""
    for later in False, True:
        local = Value()
        watched = watch(local)

        async def body(value):
            if later:
                await asyncio.sleep(0)
            raise Error()

        made = task(body)(local)
        dependent = echo(echo(made))
        del local
        for each in made, dependent:
            await fails(Error, each)
        error = made.exception()
        assert error is dependent.exception()
        watched_error = watch(error)
        # The frame of the body is in the traceback, and has the argument.
        assert watched() is not None
        del error, made, each
        gc.collect()
        assert watched_error() is not None
        del dependent
        await idle()
        gc.collect()
        assert watched() is None and watched_error() is None


@test
async def context():
    """The context of a call is freed when the call has ended, even if the task is kept."""
    variable = contextvars.ContextVar('variable')

    @task
    async def body():
        await asyncio.sleep(0)
        return variable.get() is not None

    def call():
        value = Value()
        context = contextvars.copy_context()
        context.run(variable.set, value)
        return context.run(body), watch(value)

    made, watched = call()
    assert await made
    await idle()
    gc.collect()
    assert watched() is None


@test
async def cancelled():
    """What a task was given that is cancelled is freed, whether it has started or not."""
    def make(start):
        value = Value()
        made = pending(Door())
        dependent = echo([made, value])
        return made, dependent, watch(value)

    for start in False, True:
        made, dependent, watched = make(start)
        if start:
            await idle()
        made.cancel()
        for each in made, dependent:
            await fails(asyncio.CancelledError, each)
        del made, each
        await idle()
        gc.collect()
        assert watched() is None


@test
async def skipped():
    """What a skipped task was given is freed when it has settled."""
    def make():
        value = Value()
        return echo([fail(), value]), watch(value)

    made, watched = make()
    await fails(ValueError, made)
    await made.settle()
    await idle()
    gc.collect()
    assert watched() is None


@test
async def cycles():
    """A task in its own result, exception or attributes is garbage like any other."""
    def make():
        keeper = Value()
        keeper.made = made = echo(keeper)
        return made, watch(keeper)

    made, watched = make()
    await made
    del made
    await idle()
    gc.collect()
    assert watched() is None

    made = echo()
    made.itself = made
    await made
    watched = watch(made)
    del made
    await idle()
    gc.collect()
    assert watched() is None

    async def body():
        mine = Dag.current()
        assert mine is not None
        raise Error()

    made = task(body)()
    await fails(Error, made)
    watched = watch(made.exception())
    del made
    await idle()
    gc.collect()
    assert watched() is None


@test
async def waiters():
    """A wait is freed when it is over, by the end of the task or because it was cancelled."""
    door = Door()
    made = pending(door)
    watched = []

    async def wait():
        value = Value()
        watched.append(watch(value))
        await made

    waiting = [asyncio.ensure_future(wait()) for _ in range(10)]
    await idle()
    for waiter in waiting[:5]:
        waiter.cancel()
        await fails(asyncio.CancelledError, waiter)
    del waiting[:5], waiter
    await idle()
    gc.collect()
    assert [each() is None for each in watched] == [True] * 5 + [False] * 5
    door.open()
    await asyncio.wait(waiting)
    waiting.clear()
    gc.collect()
    assert [each() for each in watched] == [None] * 10


@test
async def done_callbacks():
    """A callback is freed when it was called or removed."""
    door = Door()
    made = pending(door)

    class Callback:
        def __call__(self, _):
            pass

    def add():
        callback = Callback()
        made.add_done_callback(callback)
        return watch(callback)

    first, second = add(), add()
    made.remove_done_callback(first())
    gc.collect()
    assert first() is None and second() is not None
    door.open()
    await made
    await idle()
    gc.collect()
    assert second() is None


@test
async def coroutines():
    """A coroutine that was given is forgotten with it, and other awaitables with their tasks."""
    class Awaitable:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return self

    async def bare():
        await asyncio.sleep(0)

    def make():
        future = asyncio.get_running_loop().create_future()
        future.set_result(future)
        given = bare(), Awaitable(), future
        return [watch(each) for each in given], [echo_at_once([each]) for each in given]

    watched, made = make()
    await asyncio.wait(made)
    made.clear()
    await idle()
    gc.collect()
    assert [each() for each in watched] == [None] * 3
    assert not _functions._adopted, _functions._adopted


@test
async def failed_coroutines():
    """A coroutine that fails at once is freed with its task, and its exception with it."""
    async def bare():
        raise Error()

    watched = []
    for _ in range(5):
        given = bare()
        watched.append(watch(given))
        made = echo(given)
        error = await fails(Error, made)
        watched.append(watch(error))
        del given, made, error
    # First nobody has raised it for some time, then it goes, and then what it had.
    for _ in range(3):
        await idle()
        gc.collect()
    assert [each() for each in watched] == [None] * 10
    assert not _functions._adopted


@test
async def wrappers():
    """Attributes of a task are there as long as the task, though nothing of Python refers to it."""
    def make():
        door = Door()
        made = pending(door)
        made.tag = tag = Value()
        return door, task(lambda given: given.tag, raw=True)(made), watch(tag), watch(made)

    door, dependent, tag, made = make()
    gc.collect()
    await idle()
    gc.collect()
    assert tag() is not None
    door.open()
    assert await dependent is tag()
    del dependent
    await idle()
    gc.collect()
    assert tag() is None and made() is None


@test
async def wrappers_again():
    """A task that is dropped and met again is the same, and has its outcome."""
    value, error = Value(), OSError()
    door, bad_door = Door(), Door()

    def make():
        return task(lambda *given: given, raw=True)(pending(door), pending(bad_door))

    made = make()
    gc.collect()
    await idle()
    gc.collect()
    door.open(value)
    bad_door.fail(error)
    good, bad = await made
    del made
    gc.collect()
    assert good.result() is value and bad.exception() is error
    origin = echo(echo(bad))
    await fails(OSError, origin)
    assert origin.get_origin() == bad


@test
async def tables():
    """Nothing is left in the tables of the override."""
    host = _loop.get_host()
    made = [echo([echo(), fail()]) for _ in range(10)] + [pending(Door()) for _ in range(10)]
    await idle()
    waiting = asyncio.ensure_future(asyncio.wait(made))
    await idle()
    assert host.jobs and get_calls()
    for each in made:
        each.cancel()
    await waiting
    for each in made[:10]:
        await fails(ValueError, each)
    await idle()
    assert not host.jobs, host.jobs
    assert not get_calls() and not _functions._adopted


# How much is used

KINDS = {}


def kind(function):
    KINDS[function.__name__] = function
    return function


@kind
async def nothing(n):
    await Dag.gather(*[echo() for _ in range(n)])


@kind
async def objects(n):
    await Dag.gather(*[echo(echo_at_once([Value()])) for _ in range(n // 2)])


@kind
async def things(n):
    await Dag.gather(*[echo(Thing()) for _ in range(n)])


@kind
async def chained(n):
    last = echo(Value())
    for _ in range(n):
        last = echo(last)
    await last


@kind
async def awaited(n):
    for _ in range(n):
        await echo(1)


@kind
async def sleeping(n):
    @task
    async def sleep():
        await asyncio.sleep(0)
        return Value()

    await asyncio.gather(*[sleep() for _ in range(n)])


@kind
async def failing(n):
    made = [echo(fail()) for _ in range(n // 2)]
    await asyncio.wait(made)
    for each in made:
        each.exception()


@kind
async def failing_at_once(n):
    @task
    def raise_error(_):
        raise ValueError()

    made = [raise_error(Value()) for _ in range(n)]
    await asyncio.wait(made)
    for each in made:
        each.exception()


@kind
async def trying_again(n):
    async def flaky(value):
        await asyncio.sleep(0)
        if Dag.current().get_attempt() < 3:
            raise ValueError()

    def flaky_at_once(value):
        if Dag.current().get_attempt() < 3:
            raise ValueError()

    retry = Dag.retry(3, when=ValueError)
    made = [task(flaky, retries=2)([echo(Value())]) for _ in range(n // 4)]
    made += [task(flaky_at_once, retries=retry)(Value()) for _ in range(n // 4)]
    await asyncio.wait(made)
    assert len(made[-1].attempt_exceptions()) == 2


@kind
async def limited(n):
    limiter = Dag.Limiter(limit=2)

    @task(limiter=limiter)
    async def inner(depth):
        await asyncio.sleep(0)
        if depth:
            await inner(depth - 1)

    await asyncio.wait([inner(3) for _ in range(n // 4)])
    assert limiter.get_n_running() == 0


@kind
async def catching(n):
    async def catch(each):
        try:
            await each
        except ValueError:
            pass

    for _ in range(n // 2):
        await catch(echo(fail()))


@kind
async def cancelling(n):
    door = Door()
    made = [pending(door) for _ in range(n // 2)]
    made += [echo(each) for each in made]
    await idle()
    for each in made:
        each.cancel()
    await asyncio.wait(made)


@kind
async def skipping(n):
    made = [echo(task(Dag.skip)()) for _ in range(n // 2)]
    await asyncio.wait(made)


@kind
async def raw(n):
    look = task(lambda *given: [each.result() for each in given], raw=True)
    await Dag.gather(*[look(echo(Value()), 1, [echo()]) for _ in range(n // 4)])


@kind
async def prerequisites(n):
    first = echo()
    await Dag.gather(*[task(echo, first, Dag.finished(first))(1) for _ in range(n)])


@kind
async def followed(n):
    @task
    def descend(depth):
        return descend(depth - 1) if depth else Value()

    await descend(n)


@kind
async def awaitables(n):
    async def bare():
        return Value()

    future = asyncio.get_running_loop().create_future()
    future.set_result(1)
    await Dag.gather(*[echo([bare(), future]) for _ in range(n // 3)])


@kind
async def methods(n):
    class Shelf:
        @task
        def get(self, value, *, other):
            return value

    shelf = Shelf()
    await Dag.gather(*[shelf.get(1, other={2: 3}) for _ in range(n)])


@kind
async def waits(n):
    made = pending(Door())
    for _ in range(n // 10):
        waiting = [asyncio.ensure_future(made.settle()) for _ in range(10)]
        await asyncio.sleep(0)
        for each in waiting:
            each.cancel()
        made.add_done_callback(print)
        made.remove_done_callback(print)
    made.cancel()


@kind
async def threads(n):
    make = task(Value, thread=True)
    await Dag.gather(*[make() for _ in range(n // 4)])


@kind
async def unlooked(n):
    for _ in range(min(n, 1000)):
        fail()
    await idle()
    said()


class _Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        'arena', 'ordblks', 'smblks', 'hblks', 'hblkhd', 'usmblks', 'fsmblks', 'uordblks',
        'fordblks', 'keepcost')]


_mallinfo = ctypes.CDLL(None).mallinfo2
_mallinfo.restype = _Mallinfo


def get_allocated():
    """How many blocks Python has, and how many bytes C has from malloc()."""
    if gc.isenabled():
        # Twice: the first time, tracebacks may have been raised just now.
        gc.collect()
        gc.collect()
    info = _mallinfo()
    return sys.getallocatedblocks(), info.uordblks + info.hblkhd


async def measure(function, n):
    """Asserts that something leaves nothing behind."""
    for _ in range(2):
        await function(n)
        await idle()
    # A table may grow at any time, but what leaks does so every time.
    for _ in range(5):
        before = get_allocated()
        await function(n)
        await idle()
        after = get_allocated()
        blocks, size = after[0] - before[0], after[1] - before[1]
        # Not one block of Python for every fifth task, nor 16 bytes of C for each.
        if blocks < n / 5 and (size < n * 16 or harness.KIND == 'gbulb'):
            # With PyGObject 3.42, gbulb leaks 70 bytes for every callback.
            return
    raise AssertionError(f'{function.__name__}: {blocks} blocks, {size} bytes, after {n} tasks')


@test
async def nothing_is_left():
    """After a thousand tasks of any kind there is no more of anything than before."""
    if os.environ.get('DAG_TEST_GC'):
        raise harness.Skip('Nothing is counted when garbage is collected all the time')
    for function in KINDS.values():
        await measure(function, 1000)


@test
async def nothing_is_left_without_gc():
    """Nor is there with the garbage collector off: no cycles are made."""
    if os.environ.get('DAG_TEST_GC'):
        raise harness.Skip('Nothing is counted when garbage is collected all the time')
    gc.collect()
    gc.disable()
    try:
        # Where an exception is caught, it has the frame, which has the task, which has it.
        for name in KINDS.keys() - {'catching'}:
            await measure(KINDS[name], 1000)
    finally:
        gc.enable()


@test
async def flat():
    """Memory is flat over many thousand tasks: not 64 bytes a task are lost."""
    if harness.KIND == 'gbulb':
        raise harness.Skip('With PyGObject 3.42, gbulb leaks 70 bytes for every callback')
    if os.environ.get('DAG_TEST_GC'):
        raise harness.Skip('Nothing is counted when garbage is collected all the time')
    n_tasks = 1000000 if SOAK else 50000

    async def run(n):
        for function in KINDS.values():
            await function(n // len(KINDS))
            await idle()
        gc.collect()

    def get_size():
        with open('/proc/self/statm', encoding='ascii') as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()

    for _ in range(3):
        await run(n_tasks // 10)
    before = get_size()
    for _ in range(10):
        await run(n_tasks // 10)
    grown = get_size() - before
    assert grown < n_tasks * 64 / 2, f'{grown} bytes more after {n_tasks} tasks'


harness.main()
