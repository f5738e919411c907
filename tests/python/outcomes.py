#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How tasks end: values, exceptions and their tracebacks, and what is reported."""

import asyncio
import gc
import inspect
import traceback

import harness
from harness import Dag, Door, GLib, fails, idle, pending, raises, said, test, until

from gi.repository import Gio, GObject

from aiodag import task


@task
async def echo(value=None):
    return value


@task
def echo_at_once(value=None):
    return value


@task
async def echo_later(value=None):
    await asyncio.sleep(0)
    return value


@task
async def fail(exception):
    raise exception


@task
def fail_at_once(exception):
    raise exception


@task
async def fail_later(exception):
    await asyncio.sleep(0)
    raise exception


ECHOES = echo, echo_at_once, echo_later
FAILS = fail, fail_at_once, fail_later


def get_line(function):
    """Where a function begins."""
    return f'{__file__}:{inspect.getsourcelines(function)[1]}'


# Values


class Thing(GObject.Object):
    pass


class Odd:
    """Cannot be asked whether it is true, equal or hashable, as an array."""

    def __eq__(self, other):
        raise AssertionError('It was compared')

    def __bool__(self):
        raise ValueError('The truth value of an array is ambiguous')

    def __len__(self):
        raise AssertionError('It was measured')

    __hash__ = None


VALUES = [
    None, NotImplemented, ..., True, False, 0, -1, 2**31, -2**31 - 1, 2**63 - 1, -2**63, 2**63, 2**64,
    10**1000, 0.1, float('inf'), 1j, '', 'text', 'f\u00fcnf \U0001f600', 'a\0b', '\0', '\ud800 lone',
    b'\0', [], [1], (), {}, set(), object(), Odd(), Thing(), Gio.File.new_for_path('/'), len, Odd,
    ValueError('a value'), StopIteration(1), asyncio.CancelledError(), Dag.State.RUNNING,
    GLib.Variant('s', 'x'), GLib.Error('a value'), iter([]), (x for x in ()), lambda: None,
]


@test
async def values():
    """Any value is a result, and arrives as the very object in dependents and in everybody who asks."""
    for function in ECHOES:
        for value in VALUES:
            made = function(value)
            assert await made is value, value
            assert await echo(made) is value, value
            assert await echo_at_once(value=made) is value, value
            assert made.result() is value and made.get_value() is value, value
            assert made.exception() is None


@test
async def values_nan():
    """A result that does not equal itself is one too."""
    nan = float('nan')
    assert await echo(echo(nan)) is nan


@test
async def values_of_subclasses():
    """An instance of a class that is derived from int, str, float or bytes stays what it is."""
    class Number(int):
        pass

    class Text(str):
        pass

    for value in Number(3), Text('x'), Dag.Rule.FAILED:
        made = echo(value)
        assert await made is value and type(made.result()) is type(value)


@test
async def values_for_c():
    """What C can have of a result is there for tasks of C: numbers, truth, strings and objects."""
    thing = Thing()
    for value, get in [
            (True, Dag.Task.get_argument_boolean), (-7, Dag.Task.get_argument_int64),
            (2**63 - 1, Dag.Task.get_argument_int64), (0.5, Dag.Task.get_argument_double),
            ('f\u00fcnf', Dag.Task.get_argument_string), (thing, Dag.Task.get_argument_object)]:
        for function in ECHOES:
            got = []

            def look(called, *_):
                got.append(get(called, 0))
                called.return_()

            in_c = Dag.Task.new(look)
            in_c.add_input(function(value), Dag.Rule.SUCCEEDED)
            await in_c
            assert got == [value]


@test
async def values_from_c():
    """The result of a task of C is a value in Python, also through tasks of Python and back."""
    in_c = Dag.Task.new(lambda called, *_: called.return_int64(42))
    assert await in_c == 42
    assert await echo(in_c) == 42 and in_c.result() == 42
    assert await task(lambda: Dag.Task.new(lambda called, *_: called.return_string('x')))() == 'x'
    assert await echo(Dag.Task.new(lambda called, *_: called.return_())) is None
    assert await task(lambda *values: values)(Dag.Task.new_for_value(1), echo(2), 3) == (1, 2, 3)

    # What is the task's in C stays when that is gone.
    value = await Dag.Task.new_for_value(GLib.Bytes.new(b'boxed'))
    gc.collect()
    assert value.get_data() == b'boxed'
    assert await echo(Dag.Task.new_for_value(GLib.Variant('s', 'x'))) == GLib.Variant('s', 'x')


@test
async def followed():
    """A body that returns a task, a coroutine or a future ends as that does."""
    loop = asyncio.get_running_loop()
    marker = object()

    async def later(value):
        await asyncio.sleep(0)
        return value

    def get_future(value):
        future = loop.create_future()
        loop.call_soon(future.set_result, value)
        return future

    for value in marker, None, 5, [1]:
        for make in echo, echo_at_once, echo_later, later, get_future, \
                lambda value: asyncio.ensure_future(later(value)), \
                lambda value: echo(echo_at_once(later(value))):
            @task
            def at_once():
                return make(value)

            @task
            async def as_coroutine():
                await asyncio.sleep(0)
                return make(value)

            for function in at_once, as_coroutine:
                made = function()
                assert await made is value
                assert await echo(function()) is value
                assert await echo([function()]) == [value]
                assert made.result() is value and made.get_value() is value


@test
async def followed_finished():
    """A task that has finished already can be returned too, and so can one that was a raw input."""
    good = echo([1])
    bad, error = fail(OSError()), None
    await fails(OSError, bad)
    await good
    assert await task(lambda: good)() is good.result()
    error = await fails(OSError, task(lambda: bad)())
    assert error is bad.exception()
    for value in VALUES:
        assert await task(lambda given: given, raw=True)(value) is value
        assert await task(lambda given: given, raw=True)(echo(value)) is value


@test
async def followed_failure():
    """A body that returns a task which fails does so too, with the same exception and its origin."""
    error = OSError()
    origin = fail_later(error)
    made = task(lambda: origin)()
    assert await fails(OSError, made) is error
    assert made.get_state() == Dag.State.FAILED and made.get_origin() == origin
    assert await fails(OSError, echo(made)) is error

    door = Door()
    inner = pending(door)
    made = task(lambda: inner)()
    await idle()
    inner.cancel()
    await fails(asyncio.CancelledError, made)
    assert made.cancelled()


@test
async def followed_deep():
    """Promise 11: A body can return a task whose body returns a task, 100,000 times."""
    @task
    def descend(depth, end):
        return descend(depth - 1, end) if depth else end()

    value = object()
    made = descend(100000, lambda: value)
    assert await made is value
    assert await echo(made) is value
    error = OSError()
    assert await fails(OSError, descend(100000, lambda: fail(error))) is error


@test
async def followed_in_coroutines():
    """Promise 11: Coroutine functions can do so too."""
    @task
    async def descend(depth):
        return descend(depth - 1) if depth else 'end'

    assert await descend(10000) == 'end'


@test
async def followed_itself():
    """A body that returns its own task, or one that waits for it, fails and does not hang."""
    @task
    def itself():
        return Dag.current()

    assert (await fails(GLib.Error, itself())).matches(Dag.Error.quark(), Dag.Error.CYCLE)

    made = []

    @task
    async def dependent():
        await asyncio.sleep(0)
        return made[0]

    first = dependent()
    made.append(echo(first))
    for each in first, made[0]:
        assert (await fails(GLib.Error, each)).matches(Dag.Error.quark(), Dag.Error.CYCLE)


@test
async def tasks_in_results():
    """A task in a container that a body returns is a value as any other."""
    door = Door()
    inner = pending(door)
    got = await task(lambda: [inner])()
    assert got[0] is inner
    door.open()


@test
async def deep_chain():
    """Promise 11: A chain of 100,000 tasks brings a value from its head to its end."""
    @task
    def increment(value):
        return value + 1

    last = 0
    for _ in range(100000):
        last = increment(last)
    assert await last == 100000


@test
async def deep_failing_chain():
    """Promise 11: A chain of 100,000 tasks brings an exception from its head to its end."""
    error = OSError()
    last = fail(error)
    for _ in range(100000):
        last = echo(last)
    assert await fails(OSError, last) is error


# Exceptions


class Custom(Exception):
    def __init__(self, one, two):
        self.one, self.two = one, two


@test
async def same_exception():
    """Promise 7: Every dependent and waiter gets the original exception object, any hops away."""
    for function in FAILS:
        error = Custom(1, 2)
        origin = function(error)
        near = echo(origin)
        far = task(echo, echo([near]))(echo(1))
        for made in origin, near, far, origin, far:
            for _ in range(2):
                assert await fails(Custom, made) is error
            assert made.exception() is error
            assert raises(Custom, made.result) is error
            assert made.get_value() is None
        assert origin.get_state() == Dag.State.FAILED and near.get_state() == Dag.State.SKIPPED
        assert far.get_origin() == origin
        outcomes = await asyncio.gather(near, far, return_exceptions=True)
        assert outcomes[0] is outcomes[1] is error


@test
async def odd_exceptions():
    """Exceptions may be as odd as they like: frozen, falsy, without text, or with impossible text."""
    import dataclasses

    @dataclasses.dataclass(frozen=True)
    class Frozen(Exception):
        why: str

    class Falsy(Exception):
        def __bool__(self):
            return False

        def __len__(self):
            return 0

        def __eq__(self, other):
            raise AssertionError('It was compared')

        __hash__ = None

    class Mute(Exception):
        def __str__(self):
            raise ValueError('No')
        __repr__ = __str__

    class Notes(Exception):
        __notes__ = 'no list'

    loop = Exception('loop')
    loop.__cause__ = loop
    for error in (Frozen('why'), Falsy(), Mute(), Notes(), loop, Exception('a\0b'),
                  Exception('\ud800 lone'), Exception('x' * 1000000), Exception(), Exception(None),
                  ExceptionGroup('group', [OSError(), ValueError()]), AssertionError(),
                  RecursionError(), MemoryError(), GLib.Error('\ud800'), GLib.Error('a\0b'),
                  GLib.Error(), GLib.Error('x', 'no-domain', 2**40), GLib.Error('x', None, None),
                  asyncio.InvalidStateError(), asyncio.TimeoutError()):
        for function in FAILS:
            made = function(error)
            assert await fails(type(error), echo(made)) is error
            assert made.exception() is error
    gc.collect()
    assert not said()


@test
async def raised_class():
    """A body may raise a class, or raise from another exception, and chains stay as they are."""
    async def from_class():
        raise OSError

    async def from_cause():
        try:
            raise KeyError('cause')
        except KeyError as cause:
            raise OSError('effect') from cause

    async def from_context():
        try:
            raise KeyError('context')
        finally:
            raise OSError('effect')

    assert type(await fails(OSError, task(from_class)())) is OSError
    assert type((await fails(OSError, task(from_cause)())).__cause__) is KeyError
    assert type((await fails(OSError, task(from_context)())).__context__) is KeyError


@test
async def stop_iteration():
    """A body that raises StopIteration fails with RuntimeError, as a coroutine does."""
    stopped = StopIteration(5)
    for function in FAILS:
        error = await fails(RuntimeError, function(stopped))
        assert error.__cause__ is stopped
    stopped = StopAsyncIteration()
    for function in FAILS:
        error = await fails((StopAsyncIteration, RuntimeError), function(stopped))
        assert error is stopped or error.__cause__ is stopped


@test
async def base_exceptions():
    """BaseException and GeneratorExit are failures like any other."""
    class Base(BaseException):
        pass

    for error in Base(), GeneratorExit():
        for function in FAILS:
            origin = function(error)
            dependent = echo(origin)
            # Not by await: a GeneratorExit that is thrown into a coroutine closes it.
            await asyncio.wait([origin, dependent])
            assert origin.exception() is error and dependent.exception() is error
            assert raises(type(error), origin.result) is error
            assert origin.get_state() == Dag.State.FAILED


@test
def ending_exceptions():
    """SystemExit and KeyboardInterrupt in a body end what runs the loop, and the loop runs again."""
    if harness.KIND in ('gi', 'gbulb'):
        raise harness.Skip('On this loop an ordinary asyncio task does not do so either')
    for function in FAILS:
        for kind in SystemExit, KeyboardInterrupt:
            ends = []

            async def main():
                try:
                    await asyncio.wait([function(kind('over'))])
                    await asyncio.Event().wait()
                finally:
                    ends.append(1)

            error = raises(kind, harness.run, main())
            assert error.args == ('over',)
            gc.collect()
            # Main was cancelled, where the loop does so, or is garbage.
            assert ends == [1]
            assert harness.run(_answer()) == 42
    # As asyncio's tasks do, they tell that nobody looked at it.
    del error
    gc.collect()
    said()


async def _answer():
    return await echo(42)


@test
async def glib_errors():
    """A GLib.Error keeps its domain and its code, for C too."""
    error = GLib.Error.new_literal(Gio.io_error_quark(), 'not there', Gio.IOErrorEnum.NOT_FOUND)
    for function in FAILS:
        made = echo(function(error))
        assert await fails(GLib.Error, made) is error
        in_c = made.get_error()
        assert in_c.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND)
        assert in_c.message == 'not there'


@test
async def errors_for_c():
    """What C has of an exception is its type and its text, as the last line of a traceback."""
    for error, message in [(OSError(2, 'gone'), 'FileNotFoundError: [Errno 2] gone'),
                           (ValueError(), 'ValueError'), (Custom(1, 2), 'Custom: (1, 2)')]:
        made = fail(error)
        await fails(type(error), made)
        assert made.get_error().message == message


@test
async def errors_from_c():
    """An error of a task of C is a GLib.Error in whoever awaits it, and in dependents."""
    def end(called, *_):
        called.return_error(GLib.Error.new_literal(Gio.io_error_quark(), 'not there',
                                                   Gio.IOErrorEnum.NOT_FOUND))

    in_c = Dag.Task.new(end)
    for made in in_c, echo(in_c):
        error = await fails(GLib.Error, made)
        assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND)


@test
async def cancelled_error():
    """A body that raises CancelledError, or GIO's error for that, is cancelled and has not failed."""
    error = GLib.Error.new_literal(Gio.io_error_quark(), 'cancelled', Gio.IOErrorEnum.CANCELLED)
    for function in FAILS:
        for exception in asyncio.CancelledError(), error:
            made = function(exception)
            dependent = echo(made)
            for each in made, dependent:
                await fails(asyncio.CancelledError, each)
                assert each.cancelled() and each.done()
                raises(asyncio.CancelledError, each.result)
                raises(asyncio.CancelledError, each.exception)
            assert made.get_state() == Dag.State.CANCELLED
            assert dependent.get_state() == Dag.State.SKIPPED


@test
async def skip():
    """A body can decline: its task and what needs it are skipped, which is no failure."""
    async def decline():
        Dag.skip()

    async def decline_later():
        await asyncio.sleep(0)
        Dag.skip()

    for body in Dag.skip, decline, decline_later:
        made = task(body)()
        dependent = echo(made)
        error = await fails(GLib.Error, dependent)
        assert error.matches(Dag.Error.quark(), Dag.Error.NOT_NEEDED)
        for each in made, dependent:
            assert each.get_state() == Dag.State.SKIPPED
            assert each.get_reason() == Dag.Reason.NOT_NEEDED
            assert not each.cancelled()
        # Nor is it reported.
        echo(task(body)())
    # Who awaits a task that was not needed, and does nothing about it, is not needed.
    made = task(lambda: 1, Dag.failed(echo()))()
    waiting = task(lambda: _await(made))()
    await fails(GLib.Error, waiting)
    assert waiting.get_state() == Dag.State.SKIPPED
    await idle()


async def _await(awaitable):
    return await awaitable


# Tracebacks


def get_frames(error):
    """The names of the functions in a traceback, which have to be of this file or of the harness."""
    frames = list(traceback.walk_tb(error.__traceback__))
    for frame, _ in frames:
        assert frame.f_code.co_filename in (__file__, harness.__file__), frame
    return [frame.f_code.co_name for frame, _ in frames]


def dig(error):
    raise error


@task
async def digging(error):
    await asyncio.sleep(0)
    dig(error)


@task
def digging_at_once(error):
    dig(error)


@test
async def tracebacks():
    """A traceback has the frames of the program alone."""
    for function, name in (digging, 'digging'), (digging_at_once, 'digging_at_once'):
        error = OSError()
        made = function(error)
        for _ in range(3):
            assert get_frames(await fails(OSError, made)) == ['fails', name, 'dig']
            assert get_frames(await fails(OSError, echo(echo(made)))) == ['fails', name, 'dig']
            assert get_frames(raises(OSError, made.result)) == ['raises', name, 'dig']
            assert get_frames(made.exception()) == [name, 'dig']
        assert get_frames(error) == [name, 'dig']


@test
async def tracebacks_of_threads():
    """That of an exception in a thread has the frames of the program alone too."""
    made = task(digging_at_once, thread=True)(OSError())
    assert get_frames(await fails(OSError, made)) == ['fails', 'digging_at_once', 'dig']


@test
async def tracebacks_of_awaitables():
    """That of an exception in a coroutine or a future that was given begins there."""
    async def bare():
        dig(OSError())

    assert get_frames(await fails(OSError, echo(bare()))) == ['fails', 'bare', 'dig']
    future = asyncio.get_running_loop().create_task(bare())
    assert get_frames(await fails(OSError, echo(future))) == ['fails', 'bare', 'dig']


@test
async def tracebacks_do_not_grow():
    """A traceback is as long for the hundredth waiter as for the first, also at the same time."""
    door = Door()
    made = pending(door)
    waiters = [asyncio.ensure_future(fails(OSError, made)) for _ in range(100)]
    await idle()
    door.fail(OSError())
    await asyncio.wait(waiters)
    lengths = set()
    for waiter in waiters:
        lengths.add(len(get_frames(waiter.result())))
    for _ in range(100):
        lengths.add(len(get_frames(await fails(OSError, made))))
    assert lengths == {3}


@test
async def tracebacks_through_bodies():
    """Where a body lets the exception of another task pass, its frame is added, for itself alone."""
    origin = digging(OSError())

    @task
    async def pass_on():
        return await origin

    @task(raw=True)
    async def look(given):
        return given.result()

    for made, name in (pass_on(), 'pass_on'), (look(origin), 'look'):
        error = await fails(OSError, made)
        assert error is origin.exception()
        assert get_frames(await fails(OSError, made)) == ['fails', name, 'digging', 'dig']
        assert get_frames(await fails(OSError, origin)) == ['fails', 'digging', 'dig']


@test
async def same_exception_from_several():
    """An exception object that several tasks raise has in each the traceback that it had there."""
    error = OSError()
    first, second = digging(error), digging_at_once(error)
    for _ in range(2):
        assert get_frames(await fails(OSError, first))[:3] == ['fails', 'digging', 'dig']
        assert get_frames(await fails(OSError, second))[:3] == ['fails', 'digging_at_once', 'dig']


# What is reported


@test
async def unlooked():
    """Promise 8: A failure that nobody looks at is reported once: name, line, text and traceback."""
    @task
    async def burn(what):
        await asyncio.sleep(0)
        dig(ValueError(what))

    made = task(burn, name='oven')('burnt'); line = inspect.currentframe().f_lineno
    echo(echo(made))
    echo(made)
    del made
    await idle()
    gc.collect()
    text = said()
    assert text.count('failed and nobody looked at it') == 1, text
    assert f'oven ({__file__}:{line}) failed and nobody looked at it: ValueError: burnt' in text
    assert 'Traceback (most recent call last):' in text and 'in dig' in text, text
    assert 'Dag.py' not in text, text


@test
async def unlooked_each():
    """Promise 8: Two failures are two reports."""
    fail(ValueError('one'))
    fail_at_once(ValueError('two'))
    await idle()
    gc.collect()
    text = said()
    assert text.count('nobody looked at it') == 2 and 'one' in text and 'two' in text, text


@test
async def unlooked_kept():
    """Promise 8: A failure is not reported as long as somebody has the task, who may look at it."""
    made = fail(OSError('kept'))
    await idle()
    gc.collect()
    assert made.done() and not made.cancelled() and 'failed' in repr(made)
    assert made.get_state() == Dag.State.FAILED
    assert not said()
    # None of that was a look.
    del made
    gc.collect()
    assert 'kept' in said()


@test
async def unlooked_odd_text():
    """Promise 8: Neither impossible text nor a bad name keeps a failure from being reported."""
    def body(text):
        raise ValueError(text)
    body.__name__ = 'bad\0name\ud800'
    task(body)('a\0b')
    task(body)('\ud800')
    task(fail)(GLib.Error('a\0b', 'domain', 3))
    await idle()
    gc.collect()
    text = said()
    assert text.count('nobody looked at it') == 3, text
    assert r'a\0b' in text and r'\ud800' in text and r'bad\0name' in text, text


@test
async def unlooked_coroutine():
    """Promise 8: The failure of a coroutine that was given is reported at the line of the call."""
    async def bare():
        raise ValueError('bare')

    echo(bare()); line = inspect.currentframe().f_lineno
    await idle()
    gc.collect()
    text = said()
    assert f'bare ({__file__}:{line}) failed' in text, text


@test
async def unlooked_prerequisite():
    """Promise 8: A prerequisite with a rule has not looked at the failure."""
    task(lambda: None, Dag.failed(fail(OSError('not looked at'))))()
    await idle()
    gc.collect()
    assert 'not looked at' in said()


@test
async def looked():
    """Promise 8: A failure at which somebody looked is not reported, whoever that was."""
    @task(raw=True)
    def ignore(given):
        return None

    await fails(OSError, fail(OSError()))
    await fails(OSError, echo(echo(fail(OSError()))))
    made = fail(OSError())
    await until(made.done)
    raises(OSError, made.result)
    made = fail(OSError())
    await until(made.done)
    made.exception()
    made = fail(OSError())
    await until(made.done)
    made.get_error()
    await ignore(fail(OSError()))
    await ignore(echo(fail(OSError())))
    await ignore(Dag.failed(fail(OSError())))
    await echo([Dag.finished(fail(OSError()))])
    await asyncio.gather(fail(OSError()), return_exceptions=True)
    await Dag.gather(fail(OSError()), return_exceptions=True)
    await Dag.settled(fail(OSError()))
    await fails(OSError, Dag.gather(fail(OSError()), echo()))
    await fails(OSError, Dag.any(fail(OSError())))
    await fails(OSError, Dag.race(fail(OSError())))
    del made
    await idle()
    gc.collect()
    assert not said()


@test
async def not_looked_by_lost_wait():
    """Promise 8: Who waited, but was cancelled before the end, has not looked at the failure."""
    door = Door()
    made = pending(door)

    async def wait():
        await made

    waiter = asyncio.ensure_future(wait())
    await idle()
    waiter.cancel()
    await fails(asyncio.CancelledError, waiter)
    door.fail(OSError('not looked at'))
    await until(made.done)
    del made
    await idle()
    gc.collect()
    assert 'not looked at' in said()


@test
async def not_failures():
    """Promise 8: Cancellation, and what was not needed, are never reported."""
    pending(Door()).cancel()
    task(lambda: 1, Dag.failed(echo()))()
    task(Dag.skip)()
    fail(asyncio.CancelledError())
    await idle()
    gc.collect()
    assert not said()


# What a task tells


@test
async def before_the_end():
    """result() and exception() raise InvalidStateError before the end, and tell the same after it."""
    door = Door()
    for made in pending(door), echo(pending(door)):
        raises(asyncio.InvalidStateError, made.result)
        raises(asyncio.InvalidStateError, made.exception)
        assert not made.done() and not made.cancelled() and made.get_value() is None
        await idle()
        raises(asyncio.InvalidStateError, made.result)
        made.cancel()
        await fails(asyncio.CancelledError, made)
        assert made.done() and made.cancelled()
    value = object()
    made = echo(value)
    await made
    for _ in range(3):
        assert made.result() is value and made.exception() is None
    assert made.done() and not made.cancelled()
    # A method can be kept and called later.
    get = made.result
    assert get() is value


@test
async def representation():
    """repr() has the name and the state of a task."""
    door = Door()
    made = pending(door)
    assert repr(made) == '<Dag.Task pending waiting>'
    await idle()
    assert repr(made) == '<Dag.Task pending running>'
    dependent = task(echo, name='other')(made)
    assert repr(dependent) == '<Dag.Task other waiting>'
    door.open()
    await dependent
    assert repr(made) == '<Dag.Task pending succeeded>'
    assert 'succeeded' in repr(Dag.Task.new_for_value(1))


@test
async def identity():
    """Tasks are equal if they are the same one, can be hashed, and have no other truth."""
    first, second = echo(1), echo(1)
    assert first == first and first != second and len({first, second, first}) == 2
    assert bool(first)
    await Dag.gather(first, second)


@test
async def done_callbacks():
    """Callbacks are called with the task, once each and in order, in a later turn of the loop."""
    calls = []
    door = Door()
    for made in pending(door), echo('finished'):
        if made.get_name() == 'echo':
            await made

        def first(got):
            calls.append(('first', got))

        def second(got):
            calls.append(('second', got))

        made.add_done_callback(first)
        made.add_done_callback(second)
        made.add_done_callback(first)
        made.add_done_callback(lambda got: calls.append(('removed', got)) or 1)
        await asyncio.sleep(0)
        door.open()
        await until(lambda: len(calls) >= 4)
        await idle()
        assert [name for name, _ in calls] == ['first', 'second', 'first', 'removed']
        assert all(got is made for _, got in calls)
        calls.clear()


@test
async def remove_done_callback():
    """Callbacks can be removed, and it is told how many there were."""
    calls = []
    door = Door()
    made = pending(door)
    made.add_done_callback(calls.append)
    made.add_done_callback(print)
    made.add_done_callback(calls.append)
    assert made.remove_done_callback(calls.append) == 2
    assert made.remove_done_callback(calls.append) == 0
    assert made.remove_done_callback(print) == 1
    kept = []
    made.add_done_callback(kept.append)
    door.open()
    await until(lambda: kept)
    await idle()
    assert calls == [] and kept == [made]
    assert made.remove_done_callback(kept.append) == 0


@test
async def done_callback_context():
    """A callback runs in the context that it was given, or in that of the call."""
    import contextvars
    variable = contextvars.ContextVar('variable', default='none')
    got = []
    made = echo()
    context = contextvars.copy_context()
    context.run(variable.set, 'given')
    made.add_done_callback(lambda _: got.append(variable.get()), context=context)
    variable.set('of the call')
    made.add_done_callback(lambda _: got.append(variable.get()))
    variable.set('later')
    await until(lambda: len(got) == 2)
    assert got == ['given', 'of the call']


@test
async def failing_callback():
    """A callback that raises is reported by the loop, and keeps no other from being called."""
    reports, calls = [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    made = echo()

    def bad(_):
        raise ValueError('callback')

    made.add_done_callback(bad)
    made.add_done_callback(calls.append)
    await until(lambda: calls)
    assert [str(report['exception']) for report in reports] == ['callback']
    asyncio.get_running_loop().set_exception_handler(None)


@test
async def settle():
    """task.settle() ends when nothing above the task runs any more, and never fails."""
    door = Door()
    running = pending(door)
    made = task(lambda *_: None)(running, fail(OSError()))
    await fails(OSError, made)
    settling = made.settle()
    await idle()
    assert not settling.done() and not made.get_settled()
    door.open()
    assert await settling is None and made.get_settled()
    assert await made.settle() is None
    cancelled = pending(Door())
    cancelled.cancel()
    assert await cancelled.settle() is None


@test
def wait_in_a_script():
    """task.wait() blocks until the end without any loop, and gives the value or the exception."""
    value = [1]
    made = echo_later(value)
    assert made.wait() is value
    assert echo(made).wait() is value
    error = OSError()
    made = fail_later(error)
    assert raises(OSError, made.wait) is error
    assert raises(OSError, echo(made).wait) is error
    made = pending(None)
    made.cancel()
    raises(asyncio.CancelledError, made.wait)
    cancellable = Gio.Cancellable()
    cancellable.cancel()
    made = Dag.delay(1000)
    assert raises(GLib.Error, made.wait, cancellable).matches(Gio.io_error_quark(),
                                                              Gio.IOErrorEnum.CANCELLED)
    assert not made.done()
    made.cancel()
    raises(asyncio.CancelledError, made.wait)


@test
async def wait_would_block():
    """task.wait() in a body, where it could never end, is refused."""
    made = Dag.delay(1000)
    error = await fails(GLib.Error, task(lambda: made.wait())())
    assert error.matches(Dag.Error.quark(), Dag.Error.WOULD_BLOCK)
    # And where it is the loop that could not go on.
    error = raises(GLib.Error, made.wait)
    assert error.matches(Dag.Error.quark(), Dag.Error.WOULD_BLOCK) and 'delay' in error.message
    made.cancel()
    await fails(asyncio.CancelledError, made)
    raises(asyncio.CancelledError, made.wait)


@test
async def strange_exceptions():
    """An exception that cannot be shown is one all the same."""
    class Secretive(Exception):
        def __getattr__(self, name):
            raise ZeroDivisionError(name)

        def __str__(self):
            raise ZeroDivisionError()

    class Empty(ExceptionGroup):
        exceptions = 17

    for error in Secretive(), Empty('empty', [ValueError()]):
        made = fail_later(error)
        assert await fails(type(error), echo(made)) is error
        assert type(error).__name__ in made.get_error().message


@test
async def await_itself():
    """A body that awaits its own task is told so."""
    @task
    async def body():
        await Dag.current()

    assert 'cannot await itself' in str(await fails(RuntimeError, body()))


@test
async def await_by_callback():
    """await_async() and await_finish() give the value or the exception, as in C."""
    value, error = object(), OSError()
    got = []

    def ready(source, result, *_):
        try:
            got.append(source.await_finish(result))
        except OSError as exception:
            got.append(exception)

    good, bad = echo(value), fail(error)
    good.await_async(None, ready)
    await until(lambda: got)
    bad.await_async(None, ready)
    await until(lambda: len(got) == 2)
    assert got[0] is value and got[1] is error


@test
async def results_of_c():
    """What all and settled of C have is a sequence of values."""
    results = await Dag.Task.new_all([echo([1]), echo('two'), echo()])
    assert len(results) == 3 and list(results) == [[1], 'two', None]
    assert results[-2] == 'two' and results[0] == [1]
    raises(IndexError, lambda: results[3])
    raises(IndexError, lambda: results[-4])
    raises(TypeError, lambda: results['0'])


harness.main()
