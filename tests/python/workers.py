# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Functions in the threads of workers, which are never exhausted by waiting."""

import asyncio
import gc
import sqlite3
import threading
import weakref

import harness
from harness import Dag, GLib, KIND, fails, raises, test
from aiodag import _executors

task = Dag.task


@task
async def here(value):
    await asyncio.sleep(0)
    return value


def would_block(function, *args):
    error = raises(GLib.Error, function, *args)
    return error.matches(Dag.Error.quark(), Dag.Error.WOULD_BLOCK)


@test
async def same_thread():
    """A worker of one thread always has the same one, as SQLite's connections want it."""
    worker = Dag.Worker.new('database', 1)
    seen = set()
    local = threading.local()

    @task(worker=worker)
    def connect():
        seen.add(threading.get_ident())
        local.connection = sqlite3.connect(':memory:')
        local.connection.execute('CREATE TABLE numbers (number)')
        assert threading.current_thread().name.startswith('database')

    @task(worker=worker)
    def insert(number):
        seen.add(threading.get_ident())
        local.connection.execute('INSERT INTO numbers VALUES (?)', (number,))

    @task(worker=worker)
    def add_up():
        seen.add(threading.get_ident())
        return local.connection.execute('SELECT SUM(number) FROM numbers').fetchone()[0]

    connected = connect()
    inserted = [task(insert, connected)(here(number)) for number in range(100)]
    assert await task(add_up, *inserted)() == 4950
    await task(lambda: local.connection.close(), worker=worker)()
    assert len(seen) == 1


@test
async def chain():
    """Promise 12: Hundreds of functions that wait for one another, nested three deep."""
    for options in {'thread': True}, {'worker': Dag.Worker.new('two', 2)}:
        @task(**options)
        def nest(depth):
            return nest(depth - 1).wait() + 1 if depth else 0

        made = [None] * 201

        @task(**options)
        def link(number):
            inner = nest(2)
            return (made[number + 1].wait() if made[number + 1] else 0) + inner.wait()

        # Those that others wait for come last.
        for number in reversed(range(200)):
            made[number] = task(link, priority=number)(number)
        assert await made[0] == 400


@test
async def number():
    """As many threads as a worker is made for are at work, and one that waits has a stand-in."""
    worker = Dag.Worker(name='two', max_threads=2)
    lock = threading.Lock()
    inside = most = 0

    @task(worker=worker)
    def enter():
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.0005)
        with lock:
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(50)))
    assert most == 2

    meeting = threading.Barrier(30, timeout=20)

    @task(worker=worker)
    def meet(bracket):
        with bracket():
            return meeting.wait()

    def by_hand():
        class Bracket:
            __enter__ = staticmethod(Dag.Worker.begin_blocking)

            def __exit__(self, *_):
                Dag.Worker.end_blocking()
        return Bracket()

    brackets = [Dag.blocking, by_hand]
    assert sorted(await asyncio.gather(*(meet(brackets[number % 2]) for number in range(30)))) == \
        list(range(30))
    most = 0
    await asyncio.gather(*(enter() for _ in range(50)))
    assert most == 2
    # Elsewhere it means nothing.
    with Dag.blocking():
        pass


@test
async def in_vain():
    """The only thread of a worker cannot wait for what needs that thread."""
    worker = Dag.Worker.new('single', 1)

    @task(worker=worker)
    def nothing():
        pass

    @task(worker=worker)
    def wait():
        return would_block(nothing().wait)

    assert await wait()


@test
async def priorities():
    """Promise 13: Threads take what is next by its priority at that time, then by age."""
    worker = Dag.Worker.new('single', 1)
    door, begun = threading.Event(), threading.Event()
    order = []

    @task(worker=worker)
    def block():
        begun.set()
        door.wait(20)

    blocked = block()
    await harness.until(begun.is_set)
    note = task(order.append, worker=worker)
    made = {name: task(note, priority=priority)(name)
            for name, priority in zip('abcdef', [0, 0, -10, 10, 0, -10])}
    await asyncio.sleep(0.01)
    made['d'].set_priority(-100)
    made['e'].props.priority = 20
    made['b'].cancel()
    await fails(asyncio.CancelledError, made['b'])
    door.set()
    await blocked
    await asyncio.gather(*(each for name, each in made.items() if name != 'b'))
    assert order == list('dcfae'), order


@test
async def options():
    """A worker is one of the options, and goes with none of the others for threads."""
    worker = Dag.Worker.new('options', 1)
    raises(ValueError, task, print, worker=worker, executor=_executors.get_threads())
    raises(ValueError, task, print, worker=worker, thread=False)
    raises(TypeError, task, print, worker='options')
    raises(TypeError, task, here.__wrapped__, worker=worker)

    @task(thread=True)
    def which():
        return threading.current_thread().name

    assert (await which()).startswith('aiodag')
    assert (await task(which, worker=worker)()).startswith('options')
    assert (await task(task(which, worker=worker), thread=True)()).startswith('aiodag')


@test
async def nothing_left():
    """A worker that nobody has any more goes, and so do its threads."""
    before = threading.active_count()
    worker = Dag.Worker.new('gone', 3)
    ended = weakref.ref(worker)

    @task(worker=worker)
    def nothing():
        pass

    await asyncio.gather(*(nothing() for _ in range(20)))
    del worker, nothing

    def is_over():
        gc.collect()
        return ended() is None and threading.active_count() <= before

    await harness.until(is_over)


assert KIND
harness.main()
