#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Cancellation, of tasks and of waits. Almost all of it is promise 9."""

import asyncio
import threading

import harness
from harness import Dag, Door, fails, idle, pending, test, until

from gi.repository import Gio

from aiodag import _loop, task


@task
async def echo(value=None):
    return value


@test
async def told_in_the_first_step():
    """A body that is told of its cancellation while it runs a main loop hears of it at its next await."""
    context = _loop.get_host().context
    told = []

    @task
    async def body():
        Dag.current().cancel()
        while context.iteration(False):
            pass
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append(True)
            raise

    await fails(asyncio.CancelledError, body())
    assert told == [True]


class Body:
    """What happens in a body that waits."""

    def __init__(self, handle=None):
        self.notes = []
        self.handle = handle

    @task
    async def run(self):
        self.notes.append('begun')
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.notes.append('cancelled')
            if self.handle is not None:
                return await self.handle()
            raise
        finally:
            self.notes.append('over')

    async def begin(self):
        made = self.run()
        await until(lambda: self.notes)
        return made


@test
async def cancel_running():
    """Promise 9: cancel() raises CancelledError in the body at its await, and the task is CANCELLED."""
    body = Body()
    made = await body.begin()
    dependent = echo(made)
    assert made.cancel() is True
    assert made.is_cancelled() and not made.done()
    for each in made, dependent:
        await fails(asyncio.CancelledError, each)
        assert each.cancelled() and each.done()
    assert made.get_state() == Dag.State.CANCELLED
    assert dependent.get_state() == Dag.State.SKIPPED
    assert body.notes == ['begun', 'cancelled', 'over']
    assert made.cancel() is False


@test
async def cancel_swallowed():
    """Promise 9: A body that swallows its cancellation ends its task as cancelled all the same."""
    async def swallow():
        return 'a value'

    async def clean_up():
        for _ in range(3):
            await asyncio.sleep(0)
        return await echo('cleaned up')

    async def fail():
        raise OSError('while cleaning up')

    for handle in swallow, clean_up, fail:
        body = Body(handle)
        made = await body.begin()
        made.cancel()
        await fails(asyncio.CancelledError, made)
        assert made.get_state() == Dag.State.CANCELLED and made.get_value() is None
        assert body.notes == ['begun', 'cancelled', 'over']


@test
async def cancel_told_once():
    """Promise 9: cancel() can be called as often as one likes; the body is told once."""
    door = Door()

    async def wait():
        return await door.wait()

    body = Body(wait)
    made = await body.begin()
    for _ in range(5):
        made.cancel()
    await until(lambda: door.reached)
    for _ in range(5):
        made.cancel()
    await idle()
    assert not made.done() and body.notes == ['begun', 'cancelled']
    door.open()
    await fails(asyncio.CancelledError, made)


@test
async def cancel_unless_checked():
    """A task that does not check its cancellable ends as its body does."""
    async def swallow():
        return 'a value'

    made = await Body(swallow).begin()
    made.set_check_cancellable(False)
    made.cancel()
    assert await made == 'a value'


@test
async def cancel_before_start():
    """Promise 9: A task that is cancelled before it started ends so, and its body never runs."""
    body = Body()
    made = body.run()
    waiting = echo(pending(Door()))
    made.cancel()
    waiting.cancel()
    for each in made, waiting:
        await fails(asyncio.CancelledError, each)
        assert each.get_state() == Dag.State.CANCELLED
    await idle()
    assert body.notes == []


@test
async def cancel_finished():
    """Promise 9: A task that has finished stays as it is."""
    value = object()
    made = echo(value)
    await made
    assert made.cancel() is False
    await idle()
    assert await made is value and not made.cancelled()


@test
async def cancel_spares_inputs():
    """Promise 9: What a cancelled task needed goes on, and serves its other dependents."""
    door = Door()
    shared = pending(door)
    made, other = echo(shared), echo([shared])
    await idle()
    made.cancel()
    await fails(asyncio.CancelledError, made)
    assert not shared.is_cancelled() and shared.get_state() == Dag.State.RUNNING
    door.open('value')
    assert await other == ['value']


@test
async def cancel_unneeded():
    """Promise 9: cancel_unneeded() cancels upward what nobody else needs, and only that."""
    body, shared_door = Body(), Door()
    own = await body.begin()
    shared = pending(shared_door)
    above = echo(own)
    made = task(lambda *values: values)(above, shared)
    other = echo(shared)
    await idle()
    made.cancel_unneeded()
    for each in made, above, own:
        await fails(asyncio.CancelledError, each)
    assert not shared.is_cancelled() and body.notes[1] == 'cancelled'
    shared_door.open(1)
    assert await other == 1


@test
async def cancel_unneeded_waiter():
    """Promise 9: cancel_unneeded() spares what somebody waits for."""
    door = Door()
    above = pending(door)
    made = echo(above)

    async def wait():
        return await above

    waiter = asyncio.ensure_future(wait())
    await idle()
    made.cancel_unneeded()
    await fails(asyncio.CancelledError, made)
    await idle()
    assert not above.is_cancelled()
    door.open('value')
    assert await waiter == 'value'


@test
async def parent_cancellable():
    """A parent cancellable cancels the tasks that follow it, which never cancel it."""
    parent = Gio.Cancellable()
    bodies = Body(), Body()
    first, second = [await body.begin() for body in bodies]
    for made in first, second:
        made.set_parent_cancellable(parent)
    first.cancel()
    await fails(asyncio.CancelledError, first)
    assert not parent.is_cancelled() and not second.is_cancelled()
    parent.cancel()
    await fails(asyncio.CancelledError, second)
    late = echo()
    late.set_parent_cancellable(parent)
    await fails(asyncio.CancelledError, late)


@test
async def own_cancellable():
    """A task's cancellable is cancelled with it, for what the body does with GIO and in threads."""
    go_on = threading.Event()

    @task(thread=True)
    def work(cancellable):
        assert go_on.wait(100)
        return cancellable.is_cancelled()

    got = []
    body = Body()
    made = await body.begin()
    cancellable = made.get_cancellable()
    cancellable.connect(lambda *_: got.append(1))
    made.cancel()
    await fails(asyncio.CancelledError, made)
    assert cancellable.is_cancelled() and got == [1]
    go_on.set()
    assert await work(cancellable) is True


@test
async def cancel_thread():
    """Promise 9: A body in a thread cannot be stopped: its task is cancelled when it returns."""
    begun, go_on = threading.Event(), threading.Event()

    @task(thread=True)
    def work():
        begun.set()
        assert go_on.wait(100)
        return Dag.current().is_cancelled()

    made = work()
    await until(begun.is_set)
    made.cancel()
    await idle()
    assert not made.done()
    go_on.set()
    await fails(asyncio.CancelledError, made)


@test
async def cancel_queued_in_executor():
    """Promise 9: A body that an executor has not begun yet is not called when it was cancelled."""
    import concurrent.futures
    calls, go_on = [], threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        first = task(go_on.wait, executor=executor)(100)
        second = task(calls.append, executor=executor)(1)
        await until(lambda: second.get_state() == Dag.State.RUNNING)
        second.cancel()
        await fails(asyncio.CancelledError, second)
        go_on.set()
        assert await first is True
    assert calls == []


@test
async def cancel_from_thread():
    """Promise 9: A task can be cancelled from any thread."""
    body = Body()
    made = await body.begin()
    await asyncio.to_thread(made.cancel)
    await fails(asyncio.CancelledError, made)
    assert body.notes == ['begun', 'cancelled', 'over']


@test
async def cancel_itself():
    """A body can cancel its own task, and ends as cancelled whatever it returns."""
    def at_once():
        Dag.current().cancel()
        return 'a value'

    async def later():
        Dag.current().cancel()
        await asyncio.Event().wait()

    async def as_asyncio():
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    for body in at_once, later, as_asyncio:
        made = task(body)()
        await fails(asyncio.CancelledError, made)
        assert made.get_state() == Dag.State.CANCELLED


@test
async def cancel_followed():
    """Cancelling a task that stands for another cancels that one, if nobody else needs it."""
    body = Body()
    inner = await body.begin()
    made = task(lambda: inner)()
    await until(lambda: made.get_state() == Dag.State.RUNNING)
    await idle()
    made.cancel()
    await fails(asyncio.CancelledError, made)
    await fails(asyncio.CancelledError, inner)
    assert body.notes == ['begun', 'cancelled', 'over']

    door = Door()
    inner = pending(door)
    made = task(lambda: inner)()
    other = echo(inner)
    await idle()
    made.cancel()
    await idle()
    assert not inner.is_cancelled()
    door.open('value')
    assert await other == 'value'


@test
async def cancel_coroutine():
    """A bare coroutine is cancelled when the task that it became is not needed any more."""
    body = Body()

    async def bare():
        return await body.run.__wrapped__(body)

    made = echo(bare())
    await until(lambda: body.notes)
    made.cancel_unneeded()
    await fails(asyncio.CancelledError, made)
    await until(lambda: 'over' in body.notes)


# Waits


@test
async def cancelled_waiter():
    """Promise 9: Cancelling a waiter never cancels the task, nor the other waiters."""
    door = Door()
    made = pending(door)
    waiters = [asyncio.ensure_future(wait(made)) for wait in (_await, _gather, _wait, _settle)]
    staying = asyncio.ensure_future(_await(made))
    await idle()
    for waiter in waiters:
        waiter.cancel()
        await fails(asyncio.CancelledError, waiter)
    await idle()
    assert not made.is_cancelled() and not staying.done()
    door.open('value')
    assert await staying == 'value'


async def _await(made):
    return await made


async def _gather(made):
    return await asyncio.gather(made)


async def _wait(made):
    return await asyncio.wait([made])


async def _settle(made):
    return await made.settle()


@test
async def cancelled_body_waits():
    """Promise 9: Cancelling a task whose body awaits another one leaves that alone."""
    door = Door()
    inner = pending(door)

    @task
    async def wait():
        return await inner

    made, other = wait(), wait()
    await until(lambda: door.reached)
    await idle()
    made.cancel()
    await fails(asyncio.CancelledError, made)
    assert not inner.is_cancelled()
    door.open('value')
    assert await other == 'value'


@test
async def cancelled_wait_too_late():
    """Who is cancelled when the task has just ended is cancelled all the same, as by asyncio."""
    door = Door()
    made = pending(door)
    waiter = asyncio.ensure_future(_await(made))
    await idle()
    made.add_done_callback(lambda _: waiter.cancel())
    door.open()
    await asyncio.wait([waiter])
    assert waiter.cancelled() or waiter.result() is None
    assert await made is None


@test
async def awaiting_cancelled():
    """Awaiting a task that is cancelled raises CancelledError, which cancels a body that lets it."""
    body = Body()
    inner = await body.begin()

    @task
    async def wait():
        return await inner

    made = wait()
    await until(lambda: made.get_state() == Dag.State.RUNNING)
    inner.cancel()
    await fails(asyncio.CancelledError, made)
    assert made.get_state() == Dag.State.CANCELLED
    # It is nobody's cancellation but that.
    assert not asyncio.current_task().cancelling()


@test
async def cancel_many():
    """Promise 9: Thousands of tasks in all states are cancelled together."""
    door = Door()
    running = [pending(door) for _ in range(1000)]
    waiting = [echo(each) for each in running]
    await until(lambda: door.reached == 1000)
    new = [echo() for _ in range(1000)]
    for made in (*running, *waiting, *new):
        made.cancel()
    await asyncio.wait([*running, *waiting, *new])
    assert all(made.cancelled() for made in (*running, *waiting, *new))


harness.main()
