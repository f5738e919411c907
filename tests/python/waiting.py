#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Who waits for a task and how, and what a body sees around it."""

import asyncio
import contextvars
import threading
import time

import harness
from harness import Dag, Door, GLib, fails, idle, pending, raises, test, until

from gi.repository import Gio

from aiodag import task


@task
async def echo(value=None):
    return value


@task
async def fail(exception):
    raise exception


# Waiters


@test
async def many_waiters():
    """Any number can wait for a task, before and after the end, and all get the same outcome."""
    value, error = object(), OSError()
    for door, end in (Door(), Door.open), (Door(), Door.fail):
        made = pending(door)

        async def wait():
            try:
                return await made
            except OSError as exception:
                return exception

        outcome = value if end is Door.open else error
        waiters = [asyncio.ensure_future(wait()) for _ in range(500)]
        await idle()
        assert not any(waiter.done() for waiter in waiters)
        end(door, outcome)
        assert all(got is outcome for got in await asyncio.gather(*waiters))
        for _ in range(3):
            assert await wait() is outcome


@test
async def waits_in_later_turn():
    """Awaiting a task that has not finished suspends whoever does, and one that has finished not."""
    notes = []

    async def wait(made):
        notes.append('before')
        await made
        notes.append('after')

    made = echo()
    waiter = wait(made)
    waiter.send(None)
    assert notes == ['before']
    waiter.close()
    await made
    raises(StopIteration, wait(made).send, None)
    assert notes == ['before', 'before', 'after']


@test
async def waits_in_bodies():
    """A body can await tasks, which is no dependency: those that it made and others."""
    @task
    async def fibonacci(n):
        if n < 2:
            return n
        left, right = fibonacci(n - 1), fibonacci(n - 2)
        return await left + await right

    assert await fibonacci(12) == 144


@test
async def waits_for_each_other():
    """Two waiters of one loop wait in turn, each for what the other starts."""
    doors = [Door(), Door()]

    async def ping():
        doors[0].open(1)
        return await pending(doors[1])

    async def pong():
        got = await pending(doors[0])
        doors[1].open(got + 1)
        return got

    assert await asyncio.gather(ping(), pong()) == [2, 1]


# What asyncio has


@test
async def asyncio_gather():
    """asyncio.gather() takes tasks, with and without return_exceptions."""
    error = OSError()
    assert await asyncio.gather(echo(1), echo(2), asyncio.sleep(0, 3)) == [1, 2, 3]
    assert await asyncio.gather(fail(error), echo(1), return_exceptions=True) == [error, 1]
    assert await fails(OSError, asyncio.gather(fail(error), echo(1))) is error
    made = echo(1)
    assert await asyncio.gather(made, made) == [1, 1]


@test
async def asyncio_wait():
    """asyncio.wait() takes tasks, gives those very tasks, and knows all its return_when."""
    doors = Door(), Door(), Door()
    made = [pending(door) for door in doors]

    done, rest = await asyncio.wait(made, timeout=0.001)
    assert done == set() and rest == set(made)

    waiting = asyncio.ensure_future(asyncio.wait(made, return_when=asyncio.FIRST_COMPLETED))
    await idle()
    doors[1].open()
    done, rest = await waiting
    assert done == {made[1]} and rest == {made[0], made[2]}

    waiting = asyncio.ensure_future(asyncio.wait(made, return_when=asyncio.FIRST_EXCEPTION))
    await idle()
    assert not waiting.done()
    doors[2].fail(OSError())
    done, rest = await waiting
    assert done == {made[1], made[2]} and rest == {made[0]}

    waiting = asyncio.ensure_future(asyncio.wait(made))
    await idle()
    assert not waiting.done()
    doors[0].open()
    done, rest = await waiting
    assert done == set(made) and rest == set()
    assert type(made[2].exception()) is OSError
    # Nothing of it is left in the tasks.
    assert all(each.remove_done_callback(print) == 0 and not each._waits for each in made)


@test
async def asyncio_wait_for():
    """asyncio.wait_for() gives the result, or times out and leaves the task alone."""
    assert await asyncio.wait_for(echo(1), 100) == 1
    door = Door()
    made = pending(door)
    await fails(asyncio.TimeoutError, asyncio.wait_for(made, 0.001))
    assert not made.done() and not made.is_cancelled()
    door.open('late')
    assert await asyncio.wait_for(made, None) == 'late'


@test
async def asyncio_timeout():
    """asyncio.timeout() around an await ends the wait and leaves the task alone."""
    door = Door()
    made = pending(door)
    try:
        async with asyncio.timeout(0.001):
            await made
    except TimeoutError:
        pass
    else:
        raise AssertionError('It did not time out')
    assert not made.done() and not made.is_cancelled()
    door.open(1)
    async with asyncio.timeout(100):
        assert await made == 1


@test
async def asyncio_timeout_in_body():
    """asyncio.timeout() in a body ends what the body awaits, and the body goes on."""
    @task
    async def body():
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            await asyncio.sleep(0)
            return 'in time'

    assert await body() == 'in time'


@test
async def asyncio_as_completed():
    """asyncio.as_completed() gives the results in the order in which the tasks end."""
    doors = [Door() for _ in range(5)]
    got = []
    made = [pending(door) for door in doors]
    for number, each in enumerate(asyncio.as_completed(made)):
        doors[-1 - number].open(number)
        got.append(await each)
    assert got == [0, 1, 2, 3, 4]


@test
async def asyncio_shield():
    """asyncio.shield() takes tasks."""
    door = Door()
    made = pending(door)
    shielded = asyncio.shield(made)
    await idle()
    shielded.cancel()
    await fails(asyncio.CancelledError, shielded)
    assert not made.is_cancelled()
    door.open(1)
    assert await asyncio.shield(made) == 1


@test
async def asyncio_task_group():
    """A task group, around tasks and in bodies, waits for its own and cancels them on a failure."""
    made = echo(1)

    async def wait(each):
        return await each

    async with asyncio.TaskGroup() as group:
        first, second = group.create_task(wait(made)), group.create_task(wait(echo(2)))
    assert (first.result(), second.result()) == (1, 2)

    door = Door()
    other = pending(door)
    ended = []

    async def wait_for_ever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    @task
    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(wait(other))
            group.create_task(wait_for_ever())
            await asyncio.sleep(0)
            group.create_task(wait(fail(OSError('one'))))

    error = await fails(ExceptionGroup, body())
    assert [str(each) for each in error.exceptions] == ['one']
    assert ended == [1] and not other.is_cancelled()
    door.open()
    await other


@test
async def asyncio_ensure_future():
    """asyncio.ensure_future() and loop.create_task() of a coroutine that awaits a task work."""
    made = echo(5)
    assert await asyncio.ensure_future(made) == 5
    future = asyncio.ensure_future(fail(OSError()))
    await fails(OSError, future)


@test
def run_task():
    """A loop can run until a task is complete."""
    loop = {'asyncio': asyncio.new_event_loop}.get(harness.KIND)
    if loop is None:
        raise harness.Skip('Those of the other loops are run in all tests')
    loop = loop()

    async def make():
        made = echo(1)
        return made, echo(made)

    try:
        first, second = loop.run_until_complete(make())
        assert loop.run_until_complete(second) == 1
        assert loop.run_until_complete(first) == 1
        error = OSError()
        assert raises(OSError, loop.run_until_complete, fail(error)) is error
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


@test
def run_coroutine_and_task():
    """Dag.run() takes a coroutine, a task, and whatever can be awaited, again and again."""
    async def main():
        return await echo(1)

    for _ in range(3):
        assert Dag.run(main()) == 1
        assert Dag.run(echo(2)) == 2
        assert Dag.run(echo(echo([3]))) == [3]
        error = OSError()
        assert raises(OSError, Dag.run, fail(error)) is error


@test
async def run_inside():
    """Dag.run() while a loop runs is refused with RuntimeError."""
    coroutine = asyncio.sleep(0)
    raises(RuntimeError, Dag.run, coroutine)
    coroutine.close()


@test
def run_cancels_the_rest():
    """What has not ended when main ends is cancelled, cleans up, and is not reported."""
    notes = []

    @task
    async def endless():
        notes.append('begun')
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            notes.append('cleaned up')

    async def main():
        kept.extend([endless(), echo(endless())])
        await until(lambda: len(notes) == 2)
        return 1

    kept = []
    assert harness.run(main()) == 1
    assert sorted(notes) == ['begun', 'begun', 'cleaned up', 'cleaned up']
    assert [each.cancelled() for each in kept] == [True, True]


# What a body sees


@test
async def real_asyncio_tasks():
    """A body is a real asyncio task: it has a name, sleeps, uses locks, queues and executors."""
    queue, lock = asyncio.Queue(), asyncio.Lock()

    @task
    async def produce():
        assert asyncio.current_task().get_name() == 'produce'
        assert asyncio.current_task().get_loop() is asyncio.get_running_loop()
        async with lock:
            await asyncio.sleep(0.001)
            await queue.put(await asyncio.get_running_loop().run_in_executor(None, lambda: 5))

    @task
    async def consume():
        got = await queue.get()
        async with lock:
            return got

    consumer = consume()
    produce()
    assert await consumer == 5


@test
async def plain_body_sees_loop():
    """A plain body sees the loop that is running, and can make asyncio tasks and timers."""
    loop = asyncio.get_running_loop()
    called = []

    @task
    def body():
        assert asyncio.get_running_loop() is loop
        loop.call_soon(called.append, 1)
        return asyncio.ensure_future(asyncio.sleep(0, 'slept'))

    assert await body() == 'slept'
    assert called == [1]


@test
async def side_by_side():
    """Promise 3: Tasks that do not need each other run at the same time."""
    doors = [Door() for _ in range(50)]
    made = [pending(door) for door in doors]
    await idle()
    assert all(door.reached for door in doors)
    for door in doors:
        door.open()
    await Dag.gather(*made)


@test
async def not_inside_the_call():
    """Promise 2: A body never runs inside of the call that made its task."""
    running, inside = [], []

    @task
    def outer(depth):
        running.append(depth)
        inner = outer(depth - 1) if depth else None
        inside.append(running[-1] == depth)
        running.pop()
        return inner

    await outer(50)
    assert all(inside) and len(inside) == 51


@test
async def order():
    """Promise 13: Ready tasks start by priority, and then in the order in which they were made."""
    for kind in 'plain', 'coroutine':
        notes = []

        async def note_later(value):
            notes.append(value)

        body = notes.append if kind == 'plain' else note_later
        task(body, priority=GLib.PRIORITY_LOW)(5)
        task(body)(3)
        task(body, priority=GLib.PRIORITY_HIGH)(1)
        task(body)(4)
        task(body, priority=GLib.PRIORITY_HIGH)(2)
        await until(lambda: len(notes) == 5)
        assert notes == [1, 2, 3, 4, 5]


@test
async def waiters_before_dependents():
    """Promise 13: Who waits for a task has its outcome before its dependents start."""
    door, notes = Door(), []
    made = pending(door)
    waited = next(made.__await__())
    dependent = task(lambda _: notes.append(waited.result()))(made)
    await idle()
    door.open('outcome')
    await dependent
    assert notes == ['outcome']


# Context variables


variable = contextvars.ContextVar('variable', default='default')


@test
async def context_of_call():
    """A body sees the context variables as they were at its call."""
    def get():
        return variable.get()

    async def get_later():
        await asyncio.sleep(0)
        return variable.get()

    for function in task(get), task(get_later), task(get, thread=True):
        variable.set('one')
        first, again = function(), task(function, echo())()
        variable.set('two')
        second = function()
        variable.set('three')
        assert await asyncio.gather(first, again, second) == ['one', 'one', 'two']


@test
async def context_stays_inside():
    """What a body changes in context variables is seen by what it calls, and nowhere else."""
    @task
    def get():
        return variable.get()

    @task
    def change():
        variable.set('changed')
        return get()

    @task
    async def change_later():
        variable.set('changed')
        await asyncio.sleep(0)
        return await get()

    @task(thread=True)
    def change_in_thread():
        variable.set('changed')
        return variable.get()

    variable.set('outside')
    for function in change, change_later, change_in_thread:
        assert await function() == 'changed'
        assert variable.get() == 'outside'
        assert await get() == 'outside'


@test
async def context_of_dependents():
    """A dependent sees the context of its own call, not that of its dependency."""
    @task
    async def change(value):
        variable.set(value)
        return value

    @task
    async def get(_):
        return variable.get()

    variable.set('mine')
    assert await get(change('other')) == 'mine'


# The current task


@test
async def current():
    """Dag.current() is the task of the body, after awaits too, and None outside of bodies."""
    got = []

    async def body():
        got.append(Dag.current())
        await asyncio.sleep(0)
        got.append(Dag.current())
        await echo()
        got.append(Dag.current())

    assert Dag.current() is None
    made = task(body)()
    await made
    assert [each is made for each in got] == [True] * 3
    got.clear()
    made = task(lambda: got.append(Dag.current()))()
    await made
    assert got[0] is made
    assert Dag.current() is None


@test
async def current_around():
    """Dag.current() is that task too in asyncio tasks, callbacks and threads that the body starts."""
    loop = asyncio.get_running_loop()

    async def get():
        await asyncio.sleep(0)
        return Dag.current()

    @task
    async def body():
        called = loop.create_future()
        loop.call_soon(lambda: called.set_result(Dag.current()))
        return [await asyncio.create_task(get()), await called,
                await asyncio.to_thread(Dag.current), await asyncio.gather(get(), get())]

    made = body()
    in_task, in_callback, in_thread, (first, second) = await made
    assert in_task is in_callback is in_thread is first is second is made


@test
async def current_in_thread():
    """Dag.current() in a body that runs in a thread is its task."""
    made = task(lambda: (Dag.current(), threading.current_thread()), thread=True)()
    got, thread = await made
    assert got is made and thread is not threading.current_thread()


@test
async def current_nested():
    """In a task that a body makes, Dag.current() is that one."""
    @task
    async def inner():
        return Dag.current().get_name()

    @task
    async def outer():
        names = [Dag.current().get_name(), await inner(), Dag.current().get_name()]
        return names

    assert await outer() == ['outer', 'inner', 'outer']


@test
async def current_after_the_end():
    """What a body started and left behind has no current task any more."""
    left = []

    async def stay(door):
        await door.wait()
        return Dag.current()

    door = Door()

    @task
    async def body():
        left.append(asyncio.ensure_future(stay(door)))

    await body()
    door.open()
    assert await left[0] is None


# Threads


@test
async def tasks_from_threads():
    """Promise 12: A body in a thread can make tasks, which run in the loop, with all their edges."""
    here = threading.current_thread()
    door = Door()
    first = pending(door)
    notes = []

    @task
    async def note(*values):
        assert threading.current_thread() is here
        notes.append(values)
        return values

    @task(thread=True)
    def make(number):
        assert threading.current_thread() is not here
        return [task(note, first)(number, 0, [echo(1)]), note(first, number),
                task(note, raw=True)(Dag.finished(first), number),
                note(echo(number)), task(note, priority=5)()]

    made = await Dag.gather(*(make(number) for number in range(50)))
    await Dag.gather(*(each for five in made for each in five[3:]))
    assert len(notes) == 100
    door.open('opened')
    for number, (ordered, needing, raw, _, _) in enumerate(made):
        assert await ordered == (number, 0, [1])
        assert await needing == ('opened', number)
        assert (await raw)[0] is first


@test
async def thread_does_not_block():
    """A body in a thread leaves the loop alone, and its value and exception arrive as themselves."""
    opened = threading.Event()
    value, error = object(), OSError()

    @task(thread=True)
    def wait_and_return():
        assert opened.wait(100)
        return value

    @task(thread=True)
    def raise_error():
        raise error

    made = wait_and_return()
    assert await echo(1) == 1
    await until(lambda: made.get_state() == Dag.State.RUNNING)
    opened.set()
    assert await echo(made) is value
    assert await fails(OSError, echo(raise_error())) is error


@test
async def thread_result_followed():
    """A body in a thread that returns a coroutine or a task ends as that does, in the loop."""
    here = threading.current_thread()

    async def bare():
        assert threading.current_thread() is here
        await asyncio.sleep(0)
        return 'value'

    assert await task(lambda: bare(), thread=True)() == 'value'
    assert await task(lambda: echo('task'), thread=True)() == 'task'


@test
async def await_from_thread():
    """Promise 12: A thread can wait for a task of the loop with wait()."""
    door = Door()
    made = pending(door)

    @task(thread=True)
    def wait():
        return made.wait()

    waiting = wait()
    await until(lambda: waiting.get_state() == Dag.State.RUNNING)
    value = [1]
    door.open(value)
    assert await waiting is value


# GIO


@test
async def gio():
    """Dag.gio() awaits a call of GIO, in bodies and elsewhere, and gives what its finish gives."""
    file = Gio.File.new_for_path(__file__)

    @task
    async def load():
        return (await Dag.gio(file.load_contents_async)).contents

    with open(__file__, 'rb') as opened:
        contents = opened.read()
    assert await load() == contents
    assert (await Dag.gio(file.load_contents_async))[1] == contents
    info = await Dag.gio(file.query_info_async, 'standard::size', Gio.FileQueryInfoFlags.NONE,
                         GLib.PRIORITY_DEFAULT)
    assert info.get_size() == len(contents)
    assert len(await Dag.gather(*(load() for _ in range(20)))) == 20


@test
async def gio_function():
    """Dag.gio() takes functions with their finish too, and as an argument it is a dependency."""
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b'abc'))
    read = await echo(Dag.gio(stream.read_bytes_async, 10, GLib.PRIORITY_DEFAULT))
    assert read.get_data() == b'abc'
    process = Gio.Subprocess.new(['true'], Gio.SubprocessFlags.NONE)
    assert await Dag.gio(process.wait_async) is True
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b'abc'))
    got = await Dag.gio(stream.read_bytes_async, 2, 0, finish=stream.read_bytes_finish)
    assert got.get_data() == b'ab'


@test
async def gio_error():
    """An error of GIO is raised as a GLib.Error, and a bad call at once."""
    missing = Gio.File.new_for_path('/nowhere/at/all')

    @task
    async def load():
        return await Dag.gio(missing.load_contents_async)

    for awaitable in Dag.gio(missing.load_contents_async), load(), echo(load()):
        error = await fails(GLib.Error, awaitable)
        assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND)
    raises(TypeError, Dag.gio, missing.load_contents_async, 'too', 'many')
    error = await fails(TypeError, Dag.gio(Gio.bus_get, Gio.BusType.SESSION))
    assert 'finish=' in str(error)

    def broken(result):
        raise ValueError('finish')

    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b'abc'))
    await fails(ValueError, Dag.gio(stream.read_bytes_async, 1, 0, finish=broken))


@test
async def gio_cancelled():
    """A call of GIO is cancelled with the body that awaits it, and with any other waiter."""
    process = Gio.Subprocess.new(['sleep', '1000'], Gio.SubprocessFlags.NONE)
    notes = []

    @task
    async def wait():
        try:
            await Dag.gio(process.wait_async)
        except asyncio.CancelledError:
            notes.append('cancelled')
            raise

    made = wait()
    await until(lambda: made.get_state() == Dag.State.RUNNING)
    await idle()
    made.cancel()
    await fails(asyncio.CancelledError, made)
    assert notes == ['cancelled'] and made.cancelled()

    await fails(asyncio.TimeoutError, asyncio.wait_for(Dag.gio(process.wait_async), 0.001))
    process.force_exit()
    await Dag.gio(process.wait_async)


# Delays


@test
async def delay():
    """Dag.delay() succeeds with its result after its time and not before, and can be cancelled."""
    start = time.monotonic()
    marker = object()
    made = Dag.delay(0.02, marker)
    assert await task(lambda value: value, made)(made) is marker
    assert time.monotonic() - start >= 0.02
    assert await Dag.delay(0) is None
    assert await Dag.delay(0, echo(5)) == 5
    never = Dag.delay(100000)
    await until(lambda: never.get_state() == Dag.State.RUNNING)
    never.cancel()
    await fails(asyncio.CancelledError, never)
    assert await Dag.delay(echo(0.001), 6) == 6
    raises(TypeError, Dag.delay, 'soon')


harness.main()
