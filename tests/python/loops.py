# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What works on every kind of loop."""

import asyncio
import contextvars
import gc
import sys
import threading
import time

import harness
from harness import Dag, KIND, Skip, fails, raises, test

task = Dag.task

# What a loaded machine may be late by.
LATE = 0.25  # seconds


class Clock:
    """Measures time."""

    def __init__(self):
        self._start = time.monotonic()

    def check(self, least, most=None):
        """It is not too early, and not much too late."""
        took = time.monotonic() - self._start
        most = least if most is None else most
        # Some loops round down, to milliseconds.
        assert least - 0.002 <= took <= most + LATE, f'{took:.4f} s instead of {least} to {most} s'


@task
async def after(seconds, *values):
    await asyncio.sleep(seconds)
    return seconds, *values


# Tasks


@test
async def critical_path():
    """A graph takes as long as the longest way through it."""
    clock = Clock()
    first = after(0.1)
    second = after(0.2)
    slow = after(0.4)
    both = after(0.2, first, second)
    await asyncio.gather(after(0.1, both, first), after(0.05, slow))
    clock.check(0.5)


@test
async def forever():
    """To sleep for ever is allowed, and nothing else sleeps with it."""
    for seconds in float('inf'), 1e14:
        try:
            sleeping = asyncio.ensure_future(asyncio.sleep(seconds))
            assert await after(0.01, 1) == (0.01, 1)
        except OverflowError:
            # Some loops do not know what to do with it, and say so.
            assert KIND != 'glib'
        sleeping.cancel()


@test
async def running_loop():
    """In a body, coroutine or not, the loop that is running is the one of who called it."""
    loop = asyncio.get_running_loop()

    @task
    async def coroutine():
        return asyncio.get_running_loop(), asyncio.current_task()

    @task
    def function():
        return asyncio.get_running_loop(), asyncio.current_task()

    its_loop, its_task = await coroutine()
    assert its_loop is loop and its_task not in (None, asyncio.current_task())
    assert await function() == (loop, None)
    one = coroutine()
    assert one.get_loop() is loop
    await one


@test
async def any_number_of_steps():
    """A body can go on any number of times."""
    @task
    async def body():
        for _ in range(1000):
            await asyncio.sleep(0)
        return 'done'

    assert await asyncio.gather(body(), body()) == ['done', 'done']


@test
async def fair():
    """Tasks that are always there leave room for timers, and timers for tasks."""
    n_run = 0
    stopped = False

    @task
    def count():
        nonlocal n_run
        n_run += 1
        if not stopped:
            count()

    for _ in range(100):
        count()
    clock = Clock()
    await asyncio.sleep(0.1)
    clock.check(0.1)
    stopped = True
    assert n_run > 1000


# What asyncio has


@test
async def callbacks():
    """call_soon() keeps the order, and cancel() of a handle has it not called."""
    loop = asyncio.get_running_loop()
    called = []
    done = loop.create_future()
    loop.call_soon(called.append, 1)
    loop.call_soon(called.append, 2).cancel()
    loop.call_soon(called.append, 3)
    loop.call_soon(lambda: (called.append(4), loop.call_soon(done.set_result, None)))
    assert called == []
    await done
    assert called == [1, 3, 4]


@test
async def callback_contexts():
    """Callbacks have the contextvars of who asked for them, or those that were given."""
    loop = asyncio.get_running_loop()
    variable = contextvars.ContextVar('variable', default=0)
    seen = []
    done = loop.create_future()

    def look(end=False):
        seen.append(variable.get())
        if end:
            done.set_result(None)

    other = contextvars.copy_context()
    other.run(variable.set, 2)
    variable.set(1)
    loop.call_soon(look)
    loop.call_soon(look, context=other)
    loop.call_soon_threadsafe(look)
    loop.call_later(0.01, look)
    loop.call_later(0.02, look, True)
    variable.set(3)
    await done
    assert seen == [1, 2, 1, 1, 1], seen


@test
async def timers():
    """Timers are called in their order and not too early; those that were cancelled never."""
    loop = asyncio.get_running_loop()
    called = []
    done = loop.create_future()
    start = loop.time()

    def call(name, when):
        called.append(name)
        # Some loops round down, by a millisecond.
        assert loop.time() - start >= when - 0.002, (name, loop.time() - start)

    loop.call_later(0.06, call, 'c', 0.06)
    loop.call_at(start + 0.03, call, 'b', 0.03)
    loop.call_later(0.01, call, 'a', 0.01)
    cancelled = loop.call_later(0.005, call, 'never', 0)
    late = loop.call_later(0.05, call, 'never', 0)
    loop.call_later(0.02, late.cancel)
    loop.call_later(0.08, done.set_result, None)
    loop.call_later(-1, called.append, 'before')
    cancelled.cancel()
    assert cancelled.cancelled()
    await done
    assert called == ['before', 'a', 'b', 'c'], called


@test
async def sleeping():
    """asyncio.sleep() takes as long as it should, in bodies too."""
    clock = Clock()
    took = []

    @task
    async def sleep(seconds):
        start = time.monotonic()
        await asyncio.sleep(seconds)
        took.append(time.monotonic() - start - seconds)

    await asyncio.gather(*(sleep(number / 100) for number in range(20)))
    clock.check(0.19)
    # The median, because the machine may be busy with something else now and then.
    assert -0.002 <= min(took) and sorted(took)[10] < 0.02, took


@test
async def cancelled_timers():
    """Timers that were cancelled long before their time take no memory."""
    loop = asyncio.get_running_loop()
    if KIND == 'gbulb':
        raise Skip('Its timers are sources, and those of PyGObject are not ours')

    class Thing:
        pass

    def count():
        gc.collect()
        return sum(type(item) is Thing for item in gc.get_objects())

    keep = [loop.call_later(3600, lambda: None) for _ in range(10)]
    for _ in range(1000):
        thing = Thing()
        thing.itself = thing
        loop.call_later(3600, print, thing).cancel()
    del thing
    await asyncio.sleep(0)
    # asyncio's own throws them away when there are 100, and clears what they would have called.
    assert count() == 0
    for timer in keep:
        timer.cancel()


@test
async def executors():
    """run_in_executor() and to_thread() run functions in threads, at the same time."""
    loop = asyncio.get_running_loop()
    meeting = threading.Barrier(2, timeout=20)

    def meet(value):
        meeting.wait()
        return value, threading.current_thread() is threading.main_thread()

    assert await asyncio.gather(loop.run_in_executor(None, meet, 1), asyncio.to_thread(meet, 2)) \
        == [(1, False), (2, False)]

    def fail():
        raise KeyError('from a thread')

    await fails(KeyError, asyncio.to_thread(fail))


@test
async def from_other_threads():
    """call_soon_threadsafe() and run_coroutine_threadsafe() wake the loop up."""
    loop = asyncio.get_running_loop()
    called = loop.create_future()
    results = []

    async def double(value):
        return 2 * value

    def other():
        loop.call_soon_threadsafe(called.set_result, threading.current_thread())
        results.append(asyncio.run_coroutine_threadsafe(double(21), loop).result(20))

    thread = threading.Thread(target=other)
    thread.start()
    clock = Clock()
    assert await called is thread
    await harness.until(lambda: results)
    thread.join()
    clock.check(0)
    assert results == [42]


@test
async def thread_latency():
    """It takes no time worth mentioning until a coroutine hears of a thread."""
    if KIND == 'gbulb':
        raise Skip('It is not woken up by other threads')
    took = []
    for _ in range(20):
        future = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()

        def tell(future=future, loop=loop):
            took.append(time.monotonic())
            loop.call_soon_threadsafe(future.set_result, None)

        timer = threading.Timer(0.005, tell)
        timer.start()
        await future
        took[-1] = time.monotonic() - took[-1]
        timer.join()
    assert sorted(took)[10] < 0.01, took


@test
async def timeouts():
    """timeout() and wait_for() end a body's wait, and the task that was waited for goes on."""
    door = harness.Door()
    slow = harness.pending(door)

    @task
    async def impatient():
        async with asyncio.timeout(0.02):
            return await slow

    clock = Clock()
    await fails(TimeoutError, impatient())
    await fails(TimeoutError, asyncio.wait_for(slow, 0.02))
    clock.check(0.04)
    assert not slow.done()
    door.open('there')
    assert await slow == 'there'


@test
async def task_groups():
    """A TaskGroup in a body has all that it needs."""
    @task
    async def body():
        async with asyncio.TaskGroup() as group:
            first = group.create_task(asyncio.sleep(0.01, 'first'), name='one')
            second = group.create_task(asyncio.sleep(0.02, 'second'))
        assert first.get_name() == 'one'
        return first.result() + second.result()

    assert await body() == 'firstsecond'

    async def fail():
        raise LookupError

    @task
    async def failing():
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(3600))
            group.create_task(fail())

    group = await fails(ExceptionGroup, failing())
    assert [type(each) for each in group.exceptions] == [LookupError]


@test
async def synchronization():
    """Queues, locks, events, conditions and semaphores connect bodies."""
    queue = asyncio.Queue(2)
    lock = asyncio.Lock()
    condition = asyncio.Condition()
    semaphore = asyncio.Semaphore(2)
    event = asyncio.Event()
    inside = 0
    most = 0
    got = []

    @task
    async def produce():
        for number in range(10):
            await queue.put(number)
        await queue.put(None)

    @task
    async def consume():
        while (item := await queue.get()) is not None:
            async with lock:
                got.append(item)
        async with condition:
            condition.notify_all()

    @task
    async def enter():
        nonlocal inside, most
        await event.wait()
        async with semaphore:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    async with condition:
        consumer = consume()
        produce()
        await condition.wait()
    await consumer
    assert got == list(range(10))
    waiting = [enter() for _ in range(6)]
    event.set()
    await asyncio.gather(*waiting)
    assert most == 2


@test
async def exception_handler():
    """What a callback raises is for the exception handler of the loop, and the loop goes on."""
    loop = asyncio.get_running_loop()
    told = []
    loop.set_exception_handler(lambda loop, context: told.append((loop, context)))
    assert loop.get_exception_handler() is not None
    error = ZeroDivisionError('in a callback')

    def fail():
        raise error

    loop.call_soon(fail)
    await asyncio.sleep(0.01)
    loop.set_exception_handler(None)
    assert [(which, context['exception']) for which, context in told] == [(loop, error)]

    loop.call_soon(fail)
    await asyncio.sleep(0.01)
    assert 'ZeroDivisionError: in a callback' in harness.said()


@test
async def lost_exception():
    """An asyncio task whose exception nobody wants is reported as asyncio does."""
    async def fail():
        raise LookupError('that nobody wants')

    asyncio.get_running_loop().create_task(fail(), name='lonely')
    await asyncio.sleep(0.01)
    gc.collect()
    text = harness.said()
    assert 'Task exception was never retrieved' in text and 'LookupError' in text, text


@test
async def debug_mode():
    """Everything works in asyncio's debug mode."""
    loop = asyncio.get_running_loop()
    debug = loop.get_debug()
    loop.set_debug(True)
    try:
        assert loop.get_debug()
        first = after(0.01, 1)
        assert (await after(0, first))[1] == (0.01, 1)
        assert await asyncio.to_thread(lambda: 7) == 7

        @task
        async def fail():
            await asyncio.sleep(0)
            raise OSError('as it should')

        await fails(OSError, fail())
    finally:
        loop.set_debug(debug)


@test
async def task_factories():
    """A task factory makes the asyncio tasks of the program."""
    loop = asyncio.get_running_loop()
    made = []

    def factory(loop, coroutine, **options):
        made.append(asyncio.Task(coroutine, loop=loop, **options))
        return made[-1]

    loop.set_task_factory(factory)
    try:
        assert loop.get_task_factory() is factory
        one = asyncio.create_task(asyncio.sleep(0, 'made'), name='it')
        assert made == [one] and one.get_name() == 'it'
        assert await one == 'made'
        assert (await after(0, 1))[1] == 1
    finally:
        loop.set_task_factory(None)
    if sys.version_info >= (3, 12):
        loop.set_task_factory(asyncio.eager_task_factory)
        try:
            assert await asyncio.create_task(asyncio.sleep(0, 'eager')) == 'eager'
        finally:
            loop.set_task_factory(None)


@test
async def no_nesting():
    """A loop cannot be run inside of a loop, and says so."""
    loop = asyncio.get_running_loop()

    @task
    def inside():
        for run in Dag.run, asyncio.run:
            coroutine = asyncio.sleep(0)
            raises(RuntimeError, run, coroutine)
            coroutine.close()
        return True

    assert await inside()
    coroutine = asyncio.sleep(0)
    message = str(raises(RuntimeError, Dag.run, coroutine))
    coroutine.close()
    assert 'Dag.run()' in message and 'running' in message
    assert asyncio.get_running_loop() is loop


generators = []


@test
def asynchronous_generators():
    """An asynchronous generator that was not used up is ended by the loop."""
    events = []

    async def count():
        try:
            for number in range(10):
                yield number
        finally:
            await asyncio.sleep(0.001)
            events.append('ended')

    async def main():
        async for number in count():
            if number == 2:
                break
        gc.collect()
        # Its finalizer was told, and has the loop end it.
        await harness.until(lambda: events)
        generators.append(count())
        await anext(generators[0])

    if KIND == 'gbulb':
        raise Skip('It has no hooks for them')
    harness.run(main())
    # When the loop ended.
    assert events == ['ended', 'ended']
    generators.clear()


harness.main()
