# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Timeouts and deadlines."""

import asyncio
import threading
import time

import harness
from harness import Dag, Door, fails, idle, pending, said, test

from aiodag import task


@task
async def echo(value=None):
    return value


@test
async def timeout():
    """A body that takes longer than its timeout gets CancelledError, and everybody TimeoutError."""
    story = []

    @task(timeout=0.01)
    async def forever():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            story.append(Dag.current().is_late())
            raise

    made = forever()
    dependent = echo([made])
    error = await fails(TimeoutError, dependent)
    assert error is await fails(TimeoutError, made) is made.exception()
    assert 'timeout of 10 ms' in str(error)
    assert story == [True] and not made.cancelled() and not made.is_cancelled()
    assert made.get_state() == Dag.State.FAILED
    assert dependent.get_state() == Dag.State.SKIPPED and dependent.get_origin() is made


@test
async def whatever():
    """Whatever a body does that is late, its task has timed out."""
    async def swallow():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return 1

    async def convert():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError() from None

    def block():
        time.sleep(0.01)
        return 1

    for body in swallow, convert, block, lambda: pending(Door()):
        await fails(TimeoutError, task(body, timeout=0.001)())


@test
async def in_time():
    """A body that ends in time has its result, and may wait for its inputs as long as it takes."""
    door = Door()
    made = task(lambda value: value, timeout=0.01, deadline=1000)(pending(door))
    await asyncio.sleep(0.03)
    door.open(17)
    assert await made == 17


@test
async def deadline():
    """A task that waits for something too long has timed out, and its body never runs."""
    door = Door()
    first = pending(door)
    called = []
    made = task(called.append, deadline=0.001)(first)
    await fails(TimeoutError, made)
    door.open()
    await first
    await made.settle()
    assert not called
    await fails(TimeoutError, task(pending.__wrapped__, deadline=0.001)(door := Door()))


@test
async def thread():
    """A function in a thread cannot be stopped, but is late all the same, and is waited for."""
    begun = threading.Event()
    called = []

    def block():
        begun.set()
        time.sleep(0.02)
        called.append(True)

    made = task(block, thread=True)()
    while not begun.is_set():
        await asyncio.sleep(0.001)
    made.set_timeout(1)
    await fails(TimeoutError, made)
    assert called


@test
async def cancelled():
    """Promise 9: What is cancelled before it returns is cancelled, late or not."""
    door = Door()

    async def wait():
        try:
            await door.wait()
        except asyncio.CancelledError:
            await door.wait()

    made = task(wait, timeout=0.001)()
    while not made.is_late() or door.reached < 2:
        await asyncio.sleep(0.001)
    made.cancel()
    door.open()
    await fails(asyncio.CancelledError, made)


@test
async def options():
    """0 is no time at all, fractions of a millisecond are rounded up, and what is said later counts."""
    function = task(pending.__wrapped__, timeout=0)
    await fails(TimeoutError, function(Door()))
    assert task(echo, timeout=0.0001)().get_timeout() == 1
    assert task(echo, deadline=2.5)().get_deadline() == 2500
    longer = task(function, timeout=100)
    door = Door()
    made = longer(door)
    await idle()
    door.open(1)
    assert made.get_timeout() == 100000 and await made == 1
    assert not said()


harness.main()
