#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Rules, triggers, and tasks that are made of several others."""

import asyncio

import harness
from harness import Dag, Door, GLib, fails, idle, pending, raises, test, until

from aiodag import task


@task
async def echo(value=None):
    return value


@task
async def fail(exception):
    raise exception


def cancelled():
    made = pending(Door())
    made.cancel()
    return made


def get_states(*tasks):
    return [each.get_state().value_nick for each in tasks]


async def is_not_needed(made):
    error = await fails(GLib.Error, made)
    assert made.get_state() == Dag.State.SKIPPED
    return error.matches(Dag.Error.quark(), Dag.Error.NOT_NEEDED)


# Rules


@test
async def rule_table():
    """A dependency with a rule runs its dependent, or skips it, as the table of rules says."""
    for mark in Dag.finished, Dag.failed:
        for as_input in True, False:
            def depend(dependency):
                if as_input:
                    return task(lambda given: given.get_state())(mark(dependency))
                return task(dependency.get_state, mark(dependency))()

            for failed in fail(OSError()), echo(fail(OSError())):
                assert await depend(failed) == failed.get_state()
                assert type(failed.exception()) is OSError
            if mark is Dag.finished:
                assert await depend(echo()) == Dag.State.SUCCEEDED
                assert await depend(cancelled()) == Dag.State.CANCELLED
                assert await depend(task(Dag.skip)()) == Dag.State.SKIPPED
            else:
                assert await is_not_needed(depend(echo()))
                assert await is_not_needed(depend(task(Dag.skip)()))
                made = depend(cancelled())
                await fails(asyncio.CancelledError, made)
                assert made.get_state() == Dag.State.SKIPPED


@test
async def rules_wait_until_settled():
    """With a rule of its own, a dependent starts when nothing above it runs any more."""
    for mark in Dag.finished, Dag.failed:
        door = Door()
        made = task(lambda *_: None)(pending(door), fail(OSError()))
        undone = task(lambda: 'undone', mark(made))()
        await fails(OSError, made)
        await idle()
        assert undone.get_state() == Dag.State.WAITING
        door.open()
        assert await undone == 'undone'


@test
async def rule_option():
    """The option rule is that of all inputs, and makes them raw."""
    look = task(lambda *given: get_states(*given), rule=Dag.Rule.FAILED)
    assert await look(fail(OSError()), fail(OSError())) == ['failed', 'failed']
    assert await is_not_needed(look(fail(OSError()), echo()))
    error = OSError()
    look = task(lambda *given: get_states(*given), rule=Dag.Rule.SUCCEEDED)
    assert await look(echo(), [echo()], 1) == ['succeeded'] * 3
    assert await fails(OSError, look(echo(), fail(error))) is error
    # An edge may say otherwise.
    assert await look(echo(), Dag.finished(fail(error))) == ['succeeded', 'failed']


@test
async def rules_of_awaitables():
    """failed() and finished() take whatever can be awaited."""
    async def bad():
        raise OSError()

    assert await task(lambda given: type(given.exception()))(Dag.failed(bad())) is OSError
    future = asyncio.get_running_loop().create_future()
    made = task(lambda given: given.result())(Dag.finished(future))
    future.set_result(5)
    assert await made == 5


# Triggers


@test
async def trigger_any():
    """With the trigger ANY a task starts with the first input that is as asked for, or is skipped."""
    doors = [Door() for _ in range(3)]
    inputs = [pending(door) for door in doors]
    look = task(get_states, trigger=Dag.Trigger.ANY, rule=Dag.Rule.SUCCEEDED)
    made = look(*inputs)
    error = OSError()
    await idle()
    doors[0].fail(error)
    await idle()
    assert not made.done()
    doors[1].open()
    assert await made == ['failed', 'succeeded', 'running']
    doors[2].open()
    assert inputs[0].exception() is error

    door = Door()
    made = look(pending(door), fail(error))
    await idle()
    assert not made.done()
    door.fail(ValueError())
    assert await fails(OSError, made) is error


@test
async def trigger_first():
    """With the trigger FIRST the first input that ends decides."""
    look = task(get_states, trigger=Dag.Trigger.FIRST, rule=Dag.Rule.SUCCEEDED)
    doors = [Door() for _ in range(2)]
    made = look(*(pending(door) for door in doors))
    await idle()
    doors[1].open()
    assert await made == ['running', 'succeeded']
    error = OSError()
    assert await fails(OSError, look(pending(doors[0]), fail(error))) is error
    doors[0].open()


@test
async def trigger_of_containers():
    """Inputs in containers take part in the trigger."""
    door = Door()
    made = task(lambda items: get_states(*items.result()), trigger=Dag.Trigger.ANY)(
        [pending(door), echo()])
    assert (await made)[1] == 'succeeded'
    door.open()


# Combinations


@test
async def gather():
    """Dag.gather() has the results in order, of tasks and of whatever can be awaited."""
    doors = Door(), Door()
    made = Dag.gather(pending(doors[0]), pending(doors[1]), asyncio.sleep(0, 3), echo())
    await idle()
    doors[1].open(2)
    await idle()
    assert not made.done()
    doors[0].open(1)
    assert await made == [1, 2, 3, None]
    assert await Dag.gather() == []
    assert await Dag.gather(*(echo(i) for i in range(1000))) == list(range(1000))
    assert made.get_name() == 'gather'


@test
async def gather_failure():
    """Dag.gather() is skipped at once with the first failure, while the others go on."""
    door, error = Door(), OSError()
    running = pending(door)
    made = Dag.gather(running, fail(error))
    assert await fails(OSError, made) is error
    assert made.get_state() == Dag.State.SKIPPED
    assert running.get_state() == Dag.State.RUNNING and not running.is_cancelled()
    door.open()
    made = Dag.gather(echo(), cancelled())
    await fails(asyncio.CancelledError, made)


@test
async def gather_exceptions():
    """With return_exceptions the exceptions are among the results, CancelledError too."""
    class Falsy(Exception):
        def __bool__(self):
            return False

    errors = OSError(), Falsy()
    values = [None, errors[0], 0]
    got = await Dag.gather(*map(echo, values), *map(fail, errors), echo(fail(errors[0])),
                           cancelled(), task(Dag.skip)(), return_exceptions=True)
    assert got[:6] == [*values, *errors, errors[0]]
    assert type(got[6]) is asyncio.CancelledError
    assert got[7].matches(Dag.Error.quark(), Dag.Error.NOT_NEEDED)


@test
async def settled():
    """Dag.settled() has its tasks in order when each has settled, in whatever way."""
    door = Door()
    running = pending(door)
    early = task(lambda *_: None)(running, fail(OSError()))
    tasks = [early, task(Dag.skip)(), fail(OSError()), running, cancelled()]
    made = Dag.settled(*tasks)
    await fails(OSError, early)
    await idle()
    assert not made.done()
    door.open()
    got = await made
    assert got == tasks
    assert get_states(*got) == ['skipped', 'skipped', 'failed', 'succeeded', 'cancelled']
    assert await Dag.settled() == []


@test
async def any_of():
    """Dag.any() ends with the value of the first that succeeds, or the earliest failure."""
    value, doors = object(), [Door() for _ in range(3)]
    others = [pending(door) for door in doors]
    made = Dag.any(fail(OSError()), others[0], others[1])
    await idle()
    assert not made.done()
    doors[1].open(value)
    assert await made is value
    assert await echo(made) is value and made.result() is value
    await idle()
    assert not others[0].is_cancelled()
    doors[0].open()

    error = OSError()
    made = Dag.any(others[2], fail(error))
    await idle()
    doors[2].fail(ValueError())
    assert await fails(OSError, made) is error
    error = await fails(GLib.Error, Dag.any())
    assert error.matches(Dag.Error.quark(), Dag.Error.EMPTY)
    assert await Dag.any(asyncio.sleep(0, 'slept')) == 'slept'


@test
async def race():
    """Dag.race() ends as the first that ends, with its value or its failure."""
    doors = [Door() for _ in range(3)]
    tasks = [pending(door) for door in doors]
    good, bad = Dag.race(*tasks[:2]), Dag.race(*tasks[1:])
    value, error = object(), OSError()
    await idle()
    doors[0].open(value)
    assert await good is value
    doors[2].fail(error)
    assert await fails(OSError, bad) is error
    assert not tasks[1].done() and not tasks[1].is_cancelled()
    doors[1].open()
    error = await fails(GLib.Error, Dag.race())
    assert error.matches(Dag.Error.quark(), Dag.Error.EMPTY)
    made = Dag.race(pending(doors[1]), cancelled())
    await asyncio.wait([made])


@test
async def cancel_others():
    """Dag.any() and Dag.race() cancel the losers if they are told to."""
    for choose in Dag.any, Dag.race:
        doors = Door(), Door()
        lost, shared = pending(doors[0]), pending(doors[1])
        other = echo(shared)
        assert await choose(lost, shared, echo('won'), cancel_others=True) == 'won'
        await fails(asyncio.CancelledError, lost)
        assert not shared.is_cancelled()
        doors[1].open(1)
        assert await other == 1


@test
async def no_tasks():
    """What cannot be awaited is refused by any() and race(), and is a value for gather()."""
    for choose in Dag.any, Dag.race:
        raises(TypeError, choose, 1)
        raises(TypeError, choose, [echo()])
    assert await Dag.gather(1, [echo(2)]) == [1, [2]]


@test
async def combined():
    """Combinations can be combined, and be arguments of tasks."""
    made = echo([Dag.gather(Dag.any(echo(1), echo(1)), Dag.race(echo(2))),
                 Dag.gather(Dag.delay(0, 3), Dag.gather())])
    assert await made == [[1, 2], [3, []]]


@test
async def c_api():
    """What the C API has for tasks works with those of Python: hold, dependencies, cycles, state."""
    notes = []
    made = task(notes.append)('ran')
    made.hold()
    made.hold()
    made.release()
    await idle()
    assert notes == [] and made.get_held()
    made.release()
    await made
    assert notes == ['ran']

    door = Door()
    first = pending(door)
    second = task(notes.append)('second')
    assert second.add_prerequisite(first, Dag.Rule.SUCCEEDED)
    await idle()
    assert notes == ['ran']
    error = raises(GLib.Error, first.add_prerequisite, second, Dag.Rule.SUCCEEDED)
    assert error.matches(Dag.Error.quark(), Dag.Error.STARTED)
    third = echo(second)
    error = raises(GLib.Error, second.add_prerequisite, third, Dag.Rule.SUCCEEDED)
    assert error.matches(Dag.Error.quark(), Dag.Error.CYCLE)
    door.open()
    await third
    assert notes == ['ran', 'second']


@test
async def signals():
    """The signals and properties of a task are there as of any other object."""
    notes = []
    made = echo(1)
    made.connect('notify::state', lambda each, _: notes.append(each.props.state.value_nick))
    made.connect('started', lambda each: notes.append('started'))
    made.connect('finished', lambda each: notes.append('finished'))
    await made
    await until(lambda: made.get_settled())
    await idle()
    assert notes == ['ready', 'running', 'started', 'succeeded', 'finished']
    assert made.props.name == 'echo'


@test
async def failures():
    """get_failures() lists every failure in order, and describe_failure() tells the way in words."""
    door = Door()
    late, early = pending(door), fail(OSError('early'))
    made = task(lambda *_: None)(late, early)
    await fails(OSError, made)
    door.fail(ValueError('late'))
    await made.settle()
    assert made.get_failures() == [early, late]
    assert 'early' in made.describe_failure() and 'fail' in made.describe_failure()


harness.main()
