# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Functions that are called again when they have failed."""

import asyncio
import concurrent.futures
import contextvars
import gc
import threading
import weakref

import harness
from harness import Dag, Door, GLib, fails, idle, raises, said, test, until

from gi.repository import Gio

import aiodag
from aiodag import task


@task
async def echo(value=None):
    return value


class Flaky(Exception):
    """What goes by."""


class Fatal(Exception):
    """What does not."""


class Server:
    """Fails as often as it is told, and then gives what it is given."""

    def __init__(self, failures, kind=Flaky):
        self.failures = failures
        self.kind = kind
        self.calls = []

    def ask(self, *args, **kwargs):
        self.calls.append((args, kwargs))
        if len(self.calls) <= self.failures:
            raise self.kind(f'attempt {len(self.calls)}')
        return args

    async def ask_at_once(self, *args, **kwargs):
        return self.ask(*args, **kwargs)

    async def ask_later(self, *args, **kwargs):
        await asyncio.sleep(0)
        return self.ask(*args, **kwargs)


@test
async def again():
    """A function of any kind is called again with the same arguments until it succeeds."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for name, options in ('ask', {}), ('ask_at_once', {}), ('ask_later', {}), \
                ('ask', {'thread': True}), ('ask', {'executor': pool}):
            server = Server(2)
            given = object()
            made = task(getattr(server, name), retries=3, **options)(given, key=[given])
            assert await made == (given,)
            assert server.calls == [((given,), {'key': [given]})] * 3
            assert made.get_attempt() == 3
            assert [str(error) for error in made.attempt_exceptions()] == ['attempt 1', 'attempt 2']


@test
async def last_failure():
    """A function that fails in all of its attempts ends with the last exception, itself."""
    raised = []

    @task(retries=2)
    def fail():
        raised.append(Flaky())
        raise raised[-1]

    made = fail()
    dependent = echo(made)
    assert await fails(Flaky, dependent) is raised[2]
    assert made.exception() is raised[2] and made.get_state() == Dag.State.FAILED
    earlier = made.attempt_exceptions()
    assert len(earlier) == 2 and earlier[0] is raised[0] and earlier[1] is raised[1]
    # The traceback has the frames of the program alone.
    trace = earlier[0].__traceback__
    assert trace.tb_frame.f_code.co_name == 'fail' and trace.tb_next is None


@test
async def inputs():
    """What a task waits for is made once, and every attempt gets its result."""
    calls = []

    @task
    async def source():
        calls.append('source')
        return calls

    async def coroutine():
        calls.append('coroutine')
        await asyncio.sleep(0)
        return 'result'

    server = Server(2)
    await task(server.ask_later, retries=2)(source(), [source()], coroutine(), key={1: coroutine()})
    assert sorted(calls) == ['coroutine'] * 2 + ['source'] * 2
    assert server.calls == [((calls, [calls], 'result'), {'key': {1: 'result'}})] * 3

    @task(raw=True, retries=2)
    def raw(failed, value):
        assert value.result() == 1
        server.calls.append(failed.exception())
        if len(server.calls) < 6:
            raise Flaky()

    failing = task(Server(1).ask)()
    await raw(failing, 1)
    assert server.calls[3:] == [failing.exception()] * 3


@test
async def contexts():
    """Every attempt has a copy of its own of the context in which the call was made."""
    variable = contextvars.ContextVar('variable')
    variable.set('before')
    seen = []

    @task(retries=2)
    async def change():
        seen.append((variable.get(), Dag.current().get_attempt()))
        variable.set('changed')
        await asyncio.sleep(0)
        assert variable.get() == 'changed'
        if len(seen) < 3:
            raise Flaky()

    made = change()
    variable.set('after')
    await made
    assert seen == [('before', attempt) for attempt in (1, 2, 3)]


@test
async def timeouts():
    """Each attempt has its own time: whatever a body does that is late, another attempt follows."""
    story = []
    door = Door()

    @task(timeout=0.01, retries=4)
    async def slow():
        attempt = Dag.current().get_attempt()
        try:
            if attempt == 2:
                raise Flaky()
            if attempt < 5:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            story.append(attempt)
            assert Dag.current().is_late()
            if attempt == 3:
                return 'too late'
            if attempt == 4:
                raise Fatal() from None
            raise
        # The last one is not.
        Dag.current().set_timeout(0)
        return await door.wait()

    made = slow()
    await until(lambda: door.reached)
    assert made.get_state() == Dag.State.RUNNING and not made.is_late()
    door.open('in time')
    assert await made == 'in time' and story == [1, 3, 4]
    errors = made.attempt_exceptions()
    assert [type(error) for error in errors] == [TimeoutError, Flaky, TimeoutError, TimeoutError]
    assert 'timeout of 10 ms' in str(errors[0])
    assert errors == made.attempt_exceptions()


@test
async def timeouts_of_tasks():
    """A returned task that takes too long is an attempt that has failed, as one in a thread is."""
    events = []

    def follow():
        if len(events) < 2:
            events.append(harness.pending(Door()))
            return events[-1]
        return 'done'

    made = task(follow, timeout=0.01, retries=2)()
    assert await made == 'done'
    assert [type(error) for error in made.attempt_exceptions()] == [TimeoutError] * 2
    for each in events:
        # Nobody else has needed it.
        await fails(asyncio.CancelledError, each)

    passing = threading.Event()
    called = []

    def block():
        called.append(Dag.current().get_attempt())
        if len(called) == 1:
            passing.wait()

    made = task(block, timeout=0.01, retries=1, thread=True)()
    while not made.is_late():
        await asyncio.sleep(0.001)
    # It is not called again while it is still at work.
    await idle()
    assert called == [1]
    made.set_timeout(0)
    passing.set()
    await made
    assert called == [1, 2]


@test
async def deadlines():
    """After the deadline there is no other attempt, and in a pause it counts too."""
    server = Server(5)
    made = task(server.ask, retries=Dag.retry(5, delay=1000), deadline=1)()
    await fails(TimeoutError, made)
    assert len(server.calls) == 1
    # It is not what the attempt before the pause has failed with.
    assert isinstance(made.exception(), TimeoutError)
    assert [str(error) for error in made.attempt_exceptions()] == ['attempt 1']


@test
async def tasks_returned():
    """A body that returns a task has failed when that fails, and makes another one."""
    server = Server(2)
    inner = []

    def follow():
        inner.append(task(server.ask_later)(len(inner)))
        return echo(inner[-1])

    made = task(follow, retries=2)()
    assert await made == (2,)
    assert [str(error) for error in made.attempt_exceptions()] == ['attempt 1', 'attempt 2']
    assert made.attempt_exceptions()[1] is inner[1].exception()

    server = Server(5)
    inner.clear()
    made = task(follow, retries=1)()
    error = await fails(Flaky, made)
    assert error is inner[1].exception() and made.get_origin() is inner[1]


@test
async def when():
    """A retry can be for some exceptions: types, or what a function says of the exception."""
    asked = []

    def ask(exception):
        asked.append(exception)
        return str(exception) != 'attempt 3'

    for condition in Flaky, (OSError, Flaky), Exception, lambda error: isinstance(error, Flaky):
        server = Server(1)
        assert await task(server.ask_later, retries=Dag.retry(when=condition))(1) == (1,)
        server = Server(1)
        await task(lambda server=server: task(server.ask)(), retries=Dag.retry(when=condition))()
    for condition in Fatal, (OSError, Fatal), lambda error: None:
        server = Server(1)
        await fails(Flaky, task(server.ask_later, retries=Dag.retry(when=condition))(1))
        assert len(server.calls) == 1

    server = Server(9)
    made = task(server.ask, retries=Dag.retry(9, when=ask))()
    error = await fails(Flaky, made)
    assert asked[2] is error and asked[:2] == made.attempt_exceptions() and len(asked) == 3
    # Nobody is asked about the last one.
    server = Server(9)
    await fails(Flaky, task(server.ask, retries=Dag.retry(2, when=ask))())
    assert len(asked) == 4


@test
async def when_late():
    """A function that is asked about a timeout gets a TimeoutError."""
    for condition, attempts in (TimeoutError, 2), (Flaky, 1):
        called = []

        async def wait(called=called):
            called.append(True)
            await asyncio.Event().wait()

        made = task(wait, timeout=0.01, retries=Dag.retry(2, when=condition))()
        await fails(TimeoutError, made)
        assert len(called) == attempts


@test
async def when_fails():
    """What is asked and raises something itself has said no, and that is reported."""
    def ask(exception):
        raise KeyError('a mistake')

    reports = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    server = Server(9)
    error = await fails(Flaky, task(server.ask, retries=Dag.retry(9, when=ask))())
    assert str(error) == 'attempt 1'
    assert [str(report['exception']) for report in reports] == ["'a mistake'"]


@test
async def final():
    """A cancellation, a skip and what is no Exception are never tried again."""
    called = []

    def run(kind):
        called.append(kind)
        raise kind

    for kind in asyncio.CancelledError, concurrent.futures.CancelledError:
        await fails(asyncio.CancelledError, task(run, retries=3)(kind))

    class Exit(BaseException):
        pass

    await fails(Exit, task(run, retries=3)(Exit))
    await fails(GLib.Error, task(Dag.skip, retries=3)())
    assert len(called) == 3

    door = Door()
    cancelled = task(harness.pending, retries=3)(door)
    await idle()
    cancelled.cancel()
    await fails(asyncio.CancelledError, cancelled)
    assert door.reached == 1

    @task(retries=3)
    def give_up():
        Dag.current().set_retry(None)
        run(Flaky)

    await fails(Flaky, give_up())
    assert len(called) == 4


@test
def interrupted():
    """KeyboardInterrupt and SystemExit end the loop, and not only an attempt."""
    if harness.KIND in ('gi', 'gbulb'):
        raise harness.Skip('On this loop an ordinary asyncio task does not do so either')
    for kind in KeyboardInterrupt, SystemExit:
        for make in (lambda body: body), _later:
            called = []

            def interrupt(kind=kind, called=called):
                called.append(True)
                raise kind

            async def main(make=make, interrupt=interrupt):
                await task(make(interrupt), retries=3)()

            raises(kind, harness.run, main())
            assert len(called) == 1, called
    said()


def _later(body):
    async def later():
        await asyncio.sleep(0)
        body()
    return later


@test
async def pauses():
    """A task waits between two attempts, and can be cancelled there; its options are in seconds."""
    retry = Dag.retry(5, delay=0.25, factor=3, max_delay=1.5, jitter=0)
    assert [retry.get_pause(n) for n in (1, 2, 3, 4)] == [250, 750, 1500, 1500]
    assert Dag.retry(delay=0.0001).get_delay() == 1 and Dag.retry().get_attempts() == 3
    retry = Dag.retry(delay=1, jitter=0.5)
    assert 500 <= retry.get_pause(1) <= 1000

    server = Server(9)
    made = task(server.ask, retries=Dag.retry(9, delay=1000))()
    while made.get_attempt_error(1) is None:
        await asyncio.sleep(0)
    await idle()
    assert made.get_state() == Dag.State.WAITING and not made.done()
    assert [str(error) for error in made.attempt_exceptions()] == ['attempt 1']
    made.cancel()
    await fails(asyncio.CancelledError, made)
    assert len(server.calls) == 1

    server = Server(1)
    made = task(server.ask, retries=Dag.retry(2, delay=0.001))()
    assert await made == ()


@test
async def ways():
    """A retry can be an option, a property, a method, and that of C; 0 retries are none."""
    retry = Dag.Retry(attempts=2)
    for options in {'retries': 1}, {'retries': retry}:
        for inner in Server(1).ask, task(Server(1).ask, retries=0), task(Server(1).ask, retries=9):
            made = task(inner, **options)()
            await made
            assert made.get_attempt() == 2

    server = Server(1)
    made = echo(echo(1))
    made.set_retry(retry)
    assert await made == 1
    made = task(server.ask)(7)
    made.props.retry = retry
    assert await made == (7,) and made.get_attempt() == 2

    for retries in 0, Dag.Retry(attempts=1):
        server.calls.clear()
        await fails(Flaky, task(task(server.ask, retries=5), retries=retries)())
        assert len(server.calls) == 1
    server.calls.clear()
    made = task(server.ask, retries=1)()
    made.set_retry(None)
    await fails(Flaky, made)

    # That of C, for a function that knows nothing of Python.
    retry.set_function(lambda task, error: error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY))
    calls = []

    def body(made, *_):
        calls.append(made)
        made.return_error(GLib.Error.new_literal(Gio.io_error_quark(), 'busy', Gio.IOErrorEnum.BUSY))

    made = Dag.Task.new(body)
    made.set_retry(retry)
    error = await fails(GLib.Error, made)
    assert len(calls) == 2 and made.attempt_exceptions()[0].message == 'busy' == error.message
    calls.clear()


@test
async def reports():
    """Only the last failure is reported, and only if nobody has looked at it."""
    made = task(Server(2).ask, retries=2)()
    await made
    del made
    made = task(Server(5).ask, retries=2)()
    await made.settle()
    del made
    gc.collect()
    await idle()
    text = said()
    assert 'Flaky: attempt 3' in text
    assert 'Flaky: attempt 1' not in text and 'Flaky: attempt 2' not in text

    # Somebody was asked about this one, but nobody has it.
    for body in task(Server(5).ask), lambda: task(Server(5).ask)():
        made = task(body, retries=Dag.retry(when=Fatal))()
        await made.settle()
        del made
        gc.collect()
        await idle()
        assert 'Flaky: attempt 1' in said()


@test
async def mixed_failures():
    """Every attempt may end otherwise, and what an earlier one has left is not in the way."""
    door = Door()
    raised = Flaky()

    @task(retries=5)
    async def change():
        attempt = Dag.current().get_attempt()
        if attempt == 1:
            return task(Server(1).ask)()
        if attempt == 2:
            raise raised
        if attempt == 3:
            return Dag.gather(echo(1), task(Server(1).ask)())
        await door.wait()
        return {'attempt': attempt}

    made = change()
    await until(lambda: door.reached)
    door.open()
    assert await made == {'attempt': 4}
    errors = made.attempt_exceptions()
    assert isinstance(errors[0], Flaky) and errors[1] is raised and len(errors) == 3

    # None after something.
    @task(retries=2, timeout=0.01)
    async def nothing():
        if Dag.current().get_attempt() == 1:
            await Dag.delay(0.02)
            return 'too late'
        return None

    made = nothing()
    made.add_done_callback(lambda made: None)
    assert await made is None and made.get_attempt() == 2


@test
async def freed():
    """What a task with a retry was given is freed when its body has returned for the last time."""
    class Value:
        pass

    for failures, retries in (0, 2), (2, 2), (3, 2):
        server = Server(failures)

        def use(value, server=server):
            # The frames of an exception would have it.
            del value
            server.ask()

        value = Value()
        watched = weakref.ref(value)
        made = task(use, retries=retries)([value, echo()])
        del value
        assert await task(lambda _: watched() is None, raw=True)(made)
        made.exception()


@test
def shutdown():
    """A loop that ends between two attempts leaves nothing behind."""
    async def main():
        made = task(Server(9).ask, retries=Dag.retry(9, delay=1000))()
        while made.get_attempt_error(1) is None:
            await asyncio.sleep(0)
        kept.append(made)
        kept.append(task(Server(1 << 20).ask_later, retries=1 << 20)())

    kept = []
    harness.run(main())
    for made in kept:
        assert made.is_cancelled() or made.cancelled(), made


@test
def options():
    """Options that make no sense are refused when they are given."""
    for retries in '3', 2.5, True, [1], Flaky:
        raises(TypeError, task, retries=retries)
    for retries in -1, 1 << 32:
        raises(ValueError, task, retries=retries)
    for given in {'attempts': 2.0}, {'attempts': True}, {'delay': 'x'}, {'when': 5}, \
            {'when': (OSError, 5)}, {'when': int}, {'max_delay': 'x'}, {'factor': 'x'}:
        raises(TypeError, Dag.retry, **given)
    for given in {'attempts': 0}, {'delay': -1}, {'factor': 0.5}, {'jitter': 2}, \
            {'delay': 1 << 32}, {'factor': float('nan')}, {'max_delay': float('nan')}:
        raises(ValueError, Dag.retry, **given)
    assert aiodag.retry is Dag.retry and aiodag.Retry is Dag.Retry


harness.main()
