#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What is true in every language, in Python. The list beside this file says what each name means."""

import asyncio
import gc
import os
import sys
import threading
import weakref

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'python'))

import harness  # noqa: E402
from harness import Door, fails, idle, pending, raises, test, until  # noqa: E402

from gi.repository import Dag, Gio, GLib, GObject  # noqa: E402

task = Dag.task
State = Dag.State
Rule = Dag.Rule


@task
def echo(value, *others):
    return value


@task
def fail(message):
    raise ValueError(message)


@task
def decline():
    Dag.skip()


@task
def join(*texts):
    return ' '.join(texts)


def join_states(*others):
    return ' '.join(other.get_state().value_nick for other in others)


states = task(join_states, raw=True)
states_of_any = task(join_states, trigger=Dag.Trigger.ANY)
states_of_first = task(join_states, trigger=Dag.Trigger.FIRST)


def ending(end):
    """A task that will end so."""
    if end == State.FAILED:
        return fail('failed')
    if end == State.SKIPPED:
        return decline()
    result = echo('ended')
    if end == State.CANCELLED:
        result.cancel()
    return result


ENDS = (State.SUCCEEDED, State.FAILED, State.SKIPPED, State.CANCELLED)


async def assert_ends(what, state, message=None):
    """How a task ends, and with what error."""
    await until(what.done)
    assert what.get_state() == state, what
    if message is not None:
        assert message in what.get_error().message, what.get_error()


# Calling


@test('calling-schedules')
async def calling_schedules():
    calls = []
    task(calls.append)('called')
    assert calls == []
    await until(lambda: calls)
    assert calls == ['called']


@test('results')
async def results():
    thing = GObject.Object()
    for value in (None, True, False, 7, -2 ** 63, 2 ** 63 - 1, 0.1, 'text', '', thing):
        result = await echo(echo(value))
        assert result is value or (result == value and type(result) is type(value)), value
    # C has what it can have.
    number = echo(2 ** 40)
    await number
    assert Dag.Task.get_value_owner(number) is number


@test('inputs')
async def inputs():
    left, right = echo('left'), echo('right')
    both = join(left, right)
    assert both.get_state() == State.WAITING
    assert await both == 'left right'
    assert left.done() and right.done()


@test('plain-arguments')
async def plain_arguments():
    gathered = []
    numbers = [1]
    await task(lambda *args: gathered.append(args))(1, echo('two'), 3.0, None, numbers)
    assert gathered == [(1, 'two', 3.0, None, [1])]
    assert gathered[0][4] is numbers


@test('shared-result')
async def shared_result():
    made = []

    def make():
        made.append(object())
        return made[-1]

    one = task(make)()
    pair = task(lambda left, right: (left, right))(one, one)
    assert await pair == (made[0], made[0])
    assert await echo(one) is made[0]
    assert len(made) == 1


@test('prerequisite')
async def prerequisite():
    door = Door()
    before = pending(door)
    calls = []
    after = task(lambda *args: calls.append(args), before)()
    await idle()
    assert calls == [] and after.get_state() == State.WAITING
    door.open('not passed')
    await after
    assert calls == [()]

    await assert_ends(task(calls.append, fail('before'))(1), State.SKIPPED, 'before')
    assert calls == [()]


@test('side-by-side')
async def side_by_side():
    left, right, slow = Door(), Door(), Door()
    first, second, third = pending(left), pending(right), pending(slow)
    both = join(first, second)
    await until(lambda: left.reached and right.reached and slow.reached)
    right.open('b')
    await second
    assert both.get_state() == State.WAITING
    left.open('a')
    assert await both == 'a b'
    assert third.get_state() == State.RUNNING
    slow.open()
    await third


@test('later-return')
async def later_return():
    door = Door()
    later = pending(door)
    after = echo(later)
    await until(lambda: door.reached)
    assert later.get_state() == State.RUNNING and after.get_state() == State.WAITING
    door.open('later')
    assert await after == 'later'


@test('followed-task')
async def followed_task():
    door = Door()
    inner = pending(door)
    outer = task(lambda: inner)()
    dependent = echo(outer)
    await until(lambda: door.reached)
    await idle()
    assert not outer.done()
    thing = object()
    door.open(thing)
    assert await outer is thing and await dependent is thing

    origin = fail('inside')
    follower = task(lambda: origin)()
    error = await fails(ValueError, follower)
    assert str(error) == 'inside' and follower.get_origin() is origin


# Building


@test('dynamic')
async def dynamic():
    outside = echo('outside')

    @task
    async def build():
        return join(echo('inside'), outside, join(echo('a'), echo('b')))

    assert await build() == 'inside outside a b'


@test('added-dependency')
async def added_dependency():
    door = Door()
    late = pending(door)
    calls = []
    waiting = task(calls.append, echo(1))('waiting')
    ready = task(calls.append)('ready')

    @task
    def add():
        waiting.add_prerequisite(late, Rule.SUCCEEDED)
        ready.add_prerequisite(late, Rule.SUCCEEDED)

    adding = add()
    adding.set_priority(GLib.PRIORITY_HIGH)
    await adding
    await idle()
    assert calls == [] and {waiting.get_state(), ready.get_state()} == {State.WAITING}
    door.open()
    await waiting
    await ready
    assert sorted(calls) == ['ready', 'waiting']


@test('late-dependency')
async def late_dependency():
    door = Door()
    running = pending(door)
    await until(lambda: door.reached)
    for add in (running.add_prerequisite, running.add_input, running.add_raw_input):
        error = raises(GLib.Error, add, echo(1), Rule.SUCCEEDED)
        assert error.matches(Dag.Error.quark(), Dag.Error.STARTED), error
    door.open('well')
    assert await running == 'well'


@test('cycle')
async def cycle():
    above = echo('above')
    below = echo(echo(above))
    for first, last in ((above, below), (above, above)):
        error = raises(GLib.Error, first.add_prerequisite, last, Rule.SUCCEEDED)
        assert error.matches(Dag.Error.quark(), Dag.Error.CYCLE), error
    assert await below == 'above'


@test('hold')
async def hold():
    calls = []
    held = task(calls.append)('held')
    held.hold()
    held.hold()
    await idle()
    held.release()
    await idle()
    assert calls == [] and held.props.held
    held.release()
    await held
    assert calls == ['held']


# Failing


@test('failure')
async def failure():
    error = KeyError('on purpose')

    async def throw():
        raise error

    failed = task(throw)()
    assert await fails(KeyError, failed) is error
    assert failed.get_state() == State.FAILED and failed.get_reason() == Dag.Reason.FAILURE
    assert failed.get_origin() is failed


@test('failure-passes-on')
async def failure_passes_on():
    calls = []
    origin = fail('far away')
    near = task(calls.append)(origin)
    middle = task(calls.append, near)('middle')
    last = join(echo('good'), task(calls.append)(middle))
    errors = {await fails(ValueError, which) for which in (origin, near, middle, last)}
    assert len(errors) == 1 and str(errors.pop()) == 'far away'
    assert {which.get_state() for which in (near, middle, last)} == {State.SKIPPED}
    assert near.get_origin() is origin and last.get_origin() is origin
    assert calls == []


@test('all-failures')
async def all_failures():
    left, right = Door(), Door()
    first, second = pending(left), pending(right)
    both = join(first, second)
    await until(lambda: left.reached and right.reached)
    right.fail(ValueError('first'))
    await assert_ends(both, State.SKIPPED, 'first')
    assert first.get_state() == State.RUNNING
    left.fail(ValueError('second'))
    await both.settle()
    assert both.get_failures() == [second, first]


@test('raw-input')
async def raw_input():
    for end in ENDS:
        assert await states(ending(end)) == end.value_nick


@test('raw-plain-value')
async def raw_plain_value():
    thing = object()

    @task(raw=True)
    def get(item):
        return type(item) is Dag.Task and item.done() and item.result() is thing

    assert await get(thing)


@test('rule-finished')
async def rule_finished():
    for end in ENDS:
        assert await states(Dag.finished(ending(end))) == end.value_nick
        before = ending(end)
        assert await task(lambda: 'ran', Dag.finished(before))() == 'ran'
        assert before.get_state() == end
        # As a prerequisite nobody has looked at it.
        before.get_error()
    # Finished, and not settled: what is above it runs.
    door = Door()
    unsettled = join(pending(door), fail('early'))
    after = task(lambda: 'ran', Dag.finished(unsettled))()
    await assert_ends(unsettled, State.SKIPPED, 'early')
    await idle()
    assert after.get_state() == State.WAITING
    door.open('')
    assert await after == 'ran'


@test('rule-failed')
async def rule_failed():
    for end, reason in ((State.SUCCEEDED, Dag.Reason.NOT_NEEDED),
                        (State.SKIPPED, Dag.Reason.NOT_NEEDED),
                        (State.CANCELLED, Dag.Reason.CANCELLATION)):
        after = task(lambda: 'ran', Dag.failed(ending(end)))()
        await assert_ends(after, State.SKIPPED)
        assert after.get_reason() == reason
    before = fail('failed')
    assert await task(lambda: 'ran', Dag.failed(before))() == 'ran'
    assert isinstance(before.exception(), ValueError)
    assert await states(Dag.failed(fail('failed'))) == 'failed'


@test('trigger-any')
async def trigger_any():
    slow = Door()
    running = pending(slow)
    either = states_of_any(fail('one'), running, echo('two'))
    assert await either == 'failed running succeeded'
    slow.open()
    await running
    none = states_of_any(fail('earliest'), fail('later'))
    await assert_ends(none, State.SKIPPED, 'earliest')


@test('trigger-first')
async def trigger_first():
    slow = Door()
    running = pending(slow)
    started = states_of_first(running, echo('first'))
    skipped = states_of_first(running, fail('first'))
    assert await started == 'running succeeded'
    await assert_ends(skipped, State.SKIPPED, 'first')
    slow.open()
    await running


@test('skip')
async def skip():
    declined = decline()
    needs = echo(declined)
    for which in (declined, needs):
        error = await fails(GLib.Error, which)
        assert error.matches(Dag.Error.quark(), Dag.Error.NOT_NEEDED)
        assert which.get_state() == State.SKIPPED
        assert which.get_reason() == Dag.Reason.NOT_NEEDED
    assert needs.get_origin() is declined


@test('unlooked-failure')
async def unlooked_failure():
    def quietly():
        raise ValueError('nobody looks')

    echo(echo(task(quietly)()))
    await idle()
    gc.collect()
    report = harness.said()
    assert report.count('nobody looked at it') == 1, report
    assert 'quietly' in report and 'nobody looks' in report, report


@test('looked-failure')
async def looked_failure():
    await fails(ValueError, fail('awaited'))
    await fails(ValueError, echo(fail('awaited further down')))
    read = fail('read')
    await until(read.done)
    assert isinstance(read.exception(), ValueError)
    await states(fail('raw'))
    # Whatever was reported fails the test.


# Waiting


@test('await-value')
async def await_value():
    text = echo('value')
    assert not text.done()
    assert await text == 'value'


@test('await-error')
async def await_error():
    failed = fail('awaited')
    error = await fails(ValueError, failed)
    assert await fails(ValueError, echo(failed)) is error


@test('await-finished')
async def await_finished():
    text, failed = echo('value'), fail('failed')
    await until(lambda: text.done() and failed.done())
    error = await fails(ValueError, failed)
    for _ in range(3):
        assert await text == 'value'
        assert await fails(ValueError, failed) is error


@test('many-waiters')
async def many_waiters():
    door = Door()
    awaited = pending(door)

    async def wait():
        return await awaited

    waiters = [asyncio.ensure_future(wait()) for _ in range(100)]
    await until(lambda: door.reached)
    door.open('all')
    assert await asyncio.gather(*waiters) == ['all'] * 100


@test('cancelled-wait')
async def cancelled_wait():
    door = Door()
    awaited = pending(door)

    async def wait():
        return await awaited

    given_up, patient = asyncio.ensure_future(wait()), asyncio.ensure_future(wait())
    await until(lambda: door.reached)
    given_up.cancel()
    await fails(asyncio.CancelledError, given_up)
    assert awaited.get_state() == State.RUNNING and not awaited.is_cancelled()
    door.open('went on')
    assert await patient == 'went on'


@test('settle')
async def settle():
    door = Door()
    unsettled = join(pending(door), fail('early'))
    settling = asyncio.ensure_future(unsettled.settle())
    await until(unsettled.done)
    await idle()
    assert not settling.done() and not unsettled.props.settled
    door.open('')
    await settling
    assert unsettled.props.settled
    assert isinstance(unsettled.exception(), ValueError)


# Cancelling


@test('cancel-waiting')
async def cancel_waiting():
    calls = []
    waiting = task(calls.append)('called')
    waiting.cancel()
    await fails(asyncio.CancelledError, waiting)
    assert waiting.get_state() == State.CANCELLED
    await idle()
    assert calls == []


@test('cancel-running')
async def cancel_running():
    entered, told = [], []

    @task
    async def stubborn():
        entered.append(True)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append(Dag.current().get_cancellable().is_cancelled())
        return 'whatever'

    running = stubborn()
    needs = echo(running)
    await until(lambda: entered)
    assert running.get_state() == State.RUNNING
    running.cancel()
    await fails(asyncio.CancelledError, running)
    assert told == [True] and running.get_state() == State.CANCELLED
    await fails(asyncio.CancelledError, needs)
    assert needs.get_state() == State.SKIPPED


@test('cancel-spares-inputs')
async def cancel_spares_inputs():
    door = Door()
    needed = pending(door)
    cancelled, other = echo(needed), echo(needed)
    await until(lambda: door.reached)
    cancelled.cancel()
    await fails(asyncio.CancelledError, cancelled)
    assert needed.get_state() == State.RUNNING
    door.open('served')
    assert await other == 'served'


@test('cancel-unneeded')
async def cancel_unneeded():
    alone, shared = Door(), Door()
    unneeded, needed = pending(alone), pending(shared)
    both, other = join(unneeded, needed), echo(needed)
    await until(lambda: alone.reached and shared.reached)
    both.cancel_unneeded()
    await assert_ends(both, State.CANCELLED)
    await assert_ends(unneeded, State.CANCELLED)
    assert needed.get_state() == State.RUNNING
    shared.open('needed')
    assert await other == 'needed'


@test('parent-cancellable')
async def parent_cancellable():
    parent = Gio.Cancellable()
    first, second = pending(Door()), pending(Door())
    first.props.cancellable = parent
    second.props.cancellable = parent
    first.cancel()
    await assert_ends(first, State.CANCELLED)
    assert not parent.is_cancelled() and not second.done()
    parent.cancel()
    await assert_ends(second, State.CANCELLED)


@test('owner')
async def owner():
    window = Gio.SimpleAction.new('window', None)
    calls = []
    finished = echo('value')
    assert await finished == 'value'
    running = task(pending.__wrapped__, owner=window)(Door())
    signalled = task(calls.append, owner=(window, 'activate'))(pending(door := Door()))
    disposed = task(calls.append, owner=window)(running)
    finished.set_owner(window, None)
    await idle()
    window.activate(None)
    await assert_ends(signalled, State.CANCELLED)
    assert not disposed.is_cancelled()
    del window
    gc.collect()
    for each in disposed, running:
        await fails(asyncio.CancelledError, each)
        assert each.get_state() == State.CANCELLED
    assert not finished.is_cancelled() and not calls
    door.open()


@test('weak-argument')
async def weak_argument():
    here, gone = Gio.SimpleAction.new('here', None), Gio.SimpleAction.new('gone', None)
    both = task(lambda *args: args)(Dag.weak(here), Dag.weak(gone), pending(door := Door()))
    watched = Dag.Weak.new(gone)
    del gone
    gc.collect()
    assert watched.get() is None
    door.open('value')
    assert await both == (here, None, 'value')


# Combining


@test('timeout')
async def timeout():
    told = []

    @task(timeout=0.001)
    async def stubborn():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append(Dag.current().is_late())
        return 'too late'

    late = stubborn()
    await fails(TimeoutError, late)
    assert told == [True] and late.get_state() == State.FAILED
    assert late.get_error().matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)


@test('deadline')
async def deadline():
    door = Door()
    given = pending(door)
    called = []
    late = task(called.append, deadline=0.001)(given)
    await fails(TimeoutError, late)
    assert late.get_error().matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)
    assert not given.is_cancelled()
    door.open()
    await late.settle()
    assert not called


def flaky(seen, failures):
    attempt = Dag.current().get_attempt()
    if attempt <= failures:
        seen.append(ValueError(attempt))
        raise seen[-1]
    return attempt


@test('retry')
async def retry():
    retried = task(flaky, retries=Dag.retry(3, delay=0.001))
    seen = []
    assert await echo(retried(seen, 2)) == 3 and len(seen) == 2
    seen = []
    failed = retried(seen, 9)
    error = await fails(ValueError, failed)
    assert error is seen[2] and len(seen) == 3


@test('retry-earlier-errors')
async def retry_earlier_errors():
    seen = []
    made = task(flaky, retries=2)(seen, 2)
    await made
    earlier = made.attempt_exceptions()
    assert len(earlier) == 2 and all(error is other for error, other in zip(earlier, seen))


@test('limiter')
async def limiter():
    limiter = Dag.Limiter(limit=2)
    doors = [Door() for _ in range(4)]
    tasks = [task(pending, limiter=limiter)(door) for door in doors]
    await idle()
    assert [door.reached for door in doors] == [1, 1, 0, 0]
    assert (limiter.get_n_running(), limiter.get_n_waiting()) == (2, 2)
    assert tasks[2].get_state() == State.READY
    doors[0].open()
    await until(lambda: doors[2].reached)
    await idle()
    assert not doors[3].reached
    limiter.set_limit(3)
    await until(lambda: doors[3].reached)
    for door in doors:
        door.open()
    await Dag.gather(*tasks)


@test('limiter-nested')
async def limiter_nested():
    limiter = Dag.Limiter(limit=1)
    inner = task(echo, limiter=limiter)

    @task(limiter=limiter)
    async def nest():
        first = await inner('first')
        await asyncio.sleep(0)
        return first, await inner('second')

    assert await nest() == ('first', 'second')


@test('all')
async def all_of_them():
    slow, running = Door(), Door()
    all_tasks = Dag.gather(pending(slow), echo('b'), 'c')
    await until(lambda: slow.reached)
    slow.open('a')
    assert await all_tasks == ['a', 'b', 'c']
    assert await Dag.gather() == []
    other = pending(running)
    await assert_ends(Dag.gather(other, fail('first')), State.SKIPPED, 'first')
    assert not other.done()
    running.open()
    await other


@test('settled')
async def settled():
    door = Door()
    ends = [ending(end) for end in ENDS] + [pending(door)]
    every = Dag.settled(*ends)
    await idle()
    assert not every.done()
    door.open()
    assert await every == ends
    assert [which.get_state() for which in ends] == [*ENDS, State.SUCCEEDED]
    # They are looked at by that: nothing is reported.
    assert await Dag.settled() == []


@test('any')
async def any_of_them():
    door = Door()
    running = pending(door)
    thing = object()
    assert await Dag.any(fail('one'), running, echo(thing)) is thing
    assert running.get_state() == State.RUNNING
    door.open()
    await running
    await assert_ends(Dag.any(fail('earliest'), fail('later')), State.SKIPPED, 'earliest')
    error = await fails(GLib.Error, Dag.any())
    assert error.matches(Dag.Error.quark(), Dag.Error.EMPTY)


@test('race')
async def race():
    door = Door()
    running = pending(door)
    thing = object()
    assert await Dag.race(running, echo(thing)) is thing
    await assert_ends(Dag.race(running, fail('first')), State.SKIPPED, 'first')
    assert running.get_state() == State.RUNNING
    door.open()
    await running
    error = await fails(GLib.Error, Dag.race())
    assert error.matches(Dag.Error.quark(), Dag.Error.EMPTY)


@test('delay')
async def delay():
    begin = GLib.get_monotonic_time()
    assert await Dag.delay(0.02, 'late') == 'late'
    assert GLib.get_monotonic_time() - begin >= 20000
    never = Dag.delay(1000)
    await until(lambda: never.get_state() == State.RUNNING)
    never.cancel()
    await fails(asyncio.CancelledError, never)


# Watching


@test('name')
async def name():
    plain = echo(1)
    named = task(echo, name='given')(1)
    assert plain.get_name() == 'echo' and named.get_name() == 'given'
    plain.set_name('another')
    assert plain.props.name == 'another'
    await Dag.gather(plain, named)


@test('signals')
async def signals():
    seen = []
    watched = task(lambda: seen.append('body'))()
    after = task(seen.append, watched)('dependent')
    watched.connect('notify::state', lambda which, _: seen.append(which.props.state.value_nick))
    watched.connect('started', lambda which: seen.append('started'))
    watched.connect('finished', lambda which: seen.append('finished'))
    await after
    assert seen == ['ready', 'running', 'started', 'body', 'succeeded', 'finished',
                    'dependent'], seen


# Running


@test('priority')
async def priority():
    calls = []
    last = task(calls.append, priority=GLib.PRIORITY_LOW)('low')
    second = task(calls.append)('default')
    third = task(calls.append)('default too')
    first = task(calls.append, priority=GLib.PRIORITY_HIGH)('high')
    await Dag.gather(last, second, third, first)
    assert calls == ['high', 'default', 'default too', 'low']


@test('thread')
async def thread():
    entered, leave = threading.Event(), threading.Event()

    @task(thread=True)
    def block(value):
        entered.set()
        leave.wait()
        return value, threading.current_thread()

    blocking = block(echo('value'))
    await until(entered.is_set)
    # The loop goes on.
    assert await echo('meanwhile') == 'meanwhile'
    assert not blocking.done()
    leave.set()
    value, where = await blocking
    assert value == 'value' and where is not threading.current_thread()


@test('worker')
async def worker():
    one = Dag.Worker.new('one', 1)
    entered, leave = threading.Event(), threading.Event()
    notes = []

    @task(worker=one)
    def block():
        entered.set()
        leave.wait()
        return here.wait(), threading.current_thread()

    @task(worker=one)
    def note(word):
        notes.append(word)
        return threading.current_thread()

    here = echo(7)
    blocking = block()
    await until(entered.is_set)
    low = note('2')
    high = task(note, priority=GLib.PRIORITY_HIGH)('1')
    leave.set()
    value, thread = await blocking
    assert value == 7 and thread is not threading.current_thread()
    assert await low is await high is thread
    assert notes == ['1', '2']


@test('freed')
async def freed():
    class Thing:
        pass

    given, made = Thing(), Thing()
    watched = [weakref.ref(given), weakref.ref(made)]

    def make(thing, result=[made]):
        return result.pop()

    making = task(make)(given)
    dropped = weakref.ref(making)
    await making
    del given, made
    gc.collect()
    assert watched[0]() is None and watched[1]() is not None
    del making
    await idle()
    gc.collect()
    assert watched[1]() is None and dropped() is None


@test('deep-chain')
async def deep_chain():
    add = task(lambda number: number + 1)
    number, failed = echo(0), fail('at the head')
    for _ in range(10000):
        number, failed = add(number), add(failed)
    assert await number == 10000
    await assert_ends(failed, State.SKIPPED, 'at the head')


if __name__ == '__main__':
    harness.main()
