# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How many tasks may be at work at once."""

import asyncio
import concurrent.futures
import threading
import time

import harness
from harness import Dag, Door, fails, idle, pending, raises, test, until

import aiodag
from aiodag import task


@task
async def echo(value=None):
    return value


class Gauge:
    """How many are at work, and how many there were at most."""

    def __init__(self):
        self.now = self.most = self.calls = 0
        self._lock = threading.Lock()

    def __enter__(self):
        with self._lock:
            self.calls += 1
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *_):
        with self._lock:
            self.now -= 1


@test
async def limit():
    """No more than that many are at work at once, and as many as may be."""
    gauge = Gauge()
    limiter = Dag.Limiter(limit=3)

    async def work(value):
        with gauge:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return value

    made = [task(work, limiter=limiter)(echo(i)) for i in range(20)]
    assert await Dag.gather(*made) == list(range(20))
    assert gauge.most == 3 and gauge.calls == 20
    assert (limiter.get_n_running(), limiter.get_n_waiting()) == (0, 0)

    def block():
        with gauge:
            time.sleep(0.001)

    gauge.most = 0
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        await Dag.gather(*[task(block, limiter=limiter, executor=pool)() for i in range(20)])
        await Dag.gather(*[task(block, limiter=limiter, thread=True)() for i in range(20)])
    assert gauge.most <= 3


@test
async def several():
    """A task may have several limiters, and needs a slot of all of them."""
    server, all_ = Dag.Limiter(limit=1), Dag.Limiter(limit=2)
    doors = [Door() for _ in range(4)]
    made = [task(pending, limiter=[server, all_])(doors[0]),
            task(pending, limiter=(all_, server))(doors[1]),
            task(pending, limiter=all_)(doors[2]), task(pending, limiter=[])(doors[3])]
    await idle()
    assert [door.reached for door in doors] == [1, 0, 1, 1]
    assert (server.get_n_running(), server.get_n_waiting()) == (1, 1)
    assert made[0].get_limiter() is server and made[3].get_limiter() is None
    doors[2].open()
    await idle()
    assert not doors[1].reached
    doors[0].open()
    await until(lambda: doors[1].reached)
    doors[1].open()
    doors[3].open()
    await Dag.gather(*made)


@test
async def changed():
    """The limit can be changed at any time; 0 is a pause. What is said later counts."""
    limiter = Dag.Limiter(limit=0)
    made = [task(task(echo, limiter=Dag.Limiter(limit=0)), limiter=limiter)(i) for i in range(3)]
    await idle()
    assert limiter.get_n_waiting() == 3 and made[0].get_state() == Dag.State.READY
    limiter.set_limit(1)
    assert await Dag.gather(*made) == [0, 1, 2]

    limiter.props.limit = 0
    made = task(echo, limiter=limiter)()
    await idle()
    made.cancel()
    await fails(asyncio.CancelledError, made)
    assert limiter.get_n_waiting() == 0


@test
async def nested():
    """What a body makes may run on its slot: before and after an await, in helpers and in threads."""
    limiter = Dag.Limiter(limit=1)

    @task(limiter=limiter)
    async def leaf(value):
        await asyncio.sleep(0)
        return value

    async def helper(value):
        await asyncio.sleep(0)
        return await leaf(value)

    @task(limiter=limiter)
    async def body():
        values = [await leaf(1)]
        await asyncio.sleep(0)
        values.append(await leaf(echo(2)))
        values.append(await helper(3))
        values.append(await asyncio.create_task(helper(4)))
        values += await asyncio.gather(helper(5), helper(6))
        values += await Dag.gather(leaf(7), helper(8))
        # Those that have no limiter themselves hand it on.
        values.append(await task(helper)(9))
        values.append(await task(lambda value: task(helper)(value))(10))
        return values

    assert await body() == list(range(1, 11))
    assert await task(lambda: task(helper)(1), limiter=limiter)() == 1

    @task(limiter=limiter, thread=True)
    def in_thread():
        return leaf(11).wait(), leaf(12).wait()

    assert await in_thread() == (11, 12)
    assert await task(in_thread)() == (11, 12)
    assert limiter.get_n_running() == 0


@test
async def property_set():
    """That is so however a task got its limiter."""
    limiter = Dag.Limiter.new(1)

    async def leaf():
        await asyncio.sleep(0)

    async def body():
        await asyncio.sleep(0)
        made = task(leaf)()
        made.props.limiter = limiter
        await made

    made = task(body)()
    made.set_limiter(limiter)
    await made
    made = task(body)()
    made.props.limiter = limiter
    await made


@test
async def deep():
    """Promise 12: Nesting under one limiter never comes to a standstill, however deep and wide."""
    for number in 1, 2, 5:
        limiter = Dag.Limiter(limit=number)
        gauge = Gauge()

        @task(limiter=limiter)
        async def descend(depth, gauge=gauge):
            await asyncio.sleep(0)
            if depth == 0:
                with gauge:
                    await asyncio.sleep(0)
                return 1
            return sum(await Dag.gather(*[descend(depth - 1, gauge) for _ in range(3)]))

        assert await descend(4) == 81 and gauge.calls == 81


@test
async def others_wait():
    """What somebody else has made does not run on a slot, and waits."""
    limiter = Dag.Limiter(limit=1)
    door = Door()
    made = task(pending, limiter=limiter)(door)
    await until(lambda: door.reached)
    other = task(echo, limiter=limiter)()
    await idle()
    assert other.get_state() == Dag.State.READY
    door.open()
    await other
    await made
    # A body that has ended has no slot either, though what it started goes on.
    late = []

    async def later():
        await door.wait()
        late.append(task(echo, limiter=limiter)())

    async def body():
        late.append(asyncio.create_task(later()))

    door = Door()
    await task(body, limiter=limiter)()
    second = Door()
    holder = task(pending, limiter=limiter)(second)
    await until(lambda: second.reached)
    door.open()
    await late[0]
    await idle()
    assert late[1].get_state() == Dag.State.READY
    second.open()
    await late[1]
    await holder


@test
async def retries():
    """Between two attempts a task has no slot; what an attempt makes runs on the slot of that."""
    limiter = Dag.Limiter(limit=1)
    story = []

    @task(limiter=limiter)
    async def leaf(value):
        story.append(value)

    @task(limiter=limiter, retries=Dag.retry(2, delay=0.02))
    async def body():
        await asyncio.sleep(0)
        attempt = Dag.current().get_attempt()
        await leaf(attempt)
        if attempt == 1:
            raise ValueError()

    made = body()
    while not story:
        await asyncio.sleep(0)
    await leaf('between')
    await made
    assert story == [1, 'between', 2]


@test
def options():
    """Options that make no sense are refused when they are given."""
    for limiter in 4, 'abc', [4], Dag.Limiter, Dag.Retry():
        raises(TypeError, task, limiter=limiter)
    assert aiodag.Limiter is Dag.Limiter


harness.main()
