# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each kind of loop by itself, several of them, and none."""

import asyncio
import contextlib
import gc
import importlib.util
import os
import signal
import sys
import threading
import warnings

import harness
from harness import Dag, GLib, Skip, fails, raises, test
from aiodag import _loop

task = Dag.task


@task
async def slowly(value):
    await asyncio.sleep(0.01)
    return value


@task
def add(*values):
    return sum(values)


@task
async def get_loop():
    await asyncio.sleep(0)
    return asyncio.get_running_loop()


def make_context():
    return GLib.MainContext.new()


@contextlib.contextmanager
def thread_default(context):
    context.push_thread_default()
    try:
        yield context
    finally:
        context.pop_thread_default()


def iterate(condition, context=None):
    """Iterates a main context until a condition is true."""
    context = context or GLib.MainContext.default()
    while not condition():
        context.iteration(True)


def in_threads(*functions):
    """Calls functions in threads of their own. Gives their results, or raises."""
    results = [None] * len(functions)
    errors = []

    def call(number, function):
        try:
            results[number] = function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=call, args=item) for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


# No asyncio loop but ours


@test
def only_a_main_loop():
    """With nothing but a GLib main loop tasks are made and run, coroutines and functions."""
    main_loop = GLib.MainLoop()
    total = add(slowly(1), add(2, slowly(3)))
    total.add_done_callback(lambda task: main_loop.quit())
    assert not total.done()
    main_loop.run()
    assert total.result() == 6


@test
def await_async():
    """await_async() and its callback do for a task of Python what they do for those of C."""
    main_loop = GLib.MainLoop()
    seen = []

    def finished(source, result):
        seen.append(source.await_finish(result))
        main_loop.quit()

    def make():
        one = slowly('value')
        one.await_async(None, finished)
        return GLib.SOURCE_REMOVE

    GLib.idle_add(make)
    main_loop.run()
    assert seen == ['value']


@test
def waiting_without_a_loop():
    """wait() of a task runs its main context where nobody else does."""
    assert add(slowly(20), slowly(22)).wait() == 42


@test
def from_callbacks():
    """Tasks can be made in callbacks of GLib, and belong to the loop of that main context."""
    main_loop = GLib.MainLoop()
    made = []

    def make():
        made.append(get_loop())
        if len(made) == 3:
            asyncio_loop = get_loop()
            asyncio_loop.add_done_callback(lambda task: main_loop.quit())
            made.append(asyncio_loop)
        return len(made) < 3

    GLib.idle_add(make)
    main_loop.run()
    loops = {each.result() for each in made}
    assert len(loops) == 1
    loop = loops.pop()
    assert loop.is_running() and not loop.is_closed()
    # And that stays the same one.
    again = get_loop()
    assert again.wait() is loop


@test
def exceptions_in_a_main_loop():
    """What a body raises fails its task, and the GLib main loop goes on."""
    main_loop = GLib.MainLoop()

    @task
    async def fail(kind):
        await asyncio.sleep(0)
        raise kind('as it should')

    one = fail(ValueError)
    two = add(fail(KeyError), 1)
    three = slowly(3)
    three.add_done_callback(lambda task: main_loop.quit())
    main_loop.run()
    assert type(one.exception()) is ValueError
    iterate(two.done)
    assert type(two.exception()) is KeyError


# Dag.run()


@test
def run():
    """Dag.run() gives the result of a coroutine or task, any number of times."""
    async def main(value):
        return await add(slowly(value), 1)

    assert [Dag.run(main(value)) for value in range(3)] == [1, 2, 3]
    assert Dag.run(slowly('a task')) == 'a task'

    async def none():
        pass

    assert Dag.run(none()) is None
    before = slowly(41)
    assert Dag.run(main(before)) == 42


@test
def run_exceptions():
    """Dag.run() raises what the coroutine raised, and can be called again."""
    error = LookupError('as it should')

    async def fail():
        await slowly(1)
        raise error

    for _ in range(2):
        assert raises(LookupError, Dag.run, fail()) is error

    async def cancelled():
        raise asyncio.CancelledError

    raises(asyncio.CancelledError, Dag.run, cancelled())

    @task
    async def leave():
        await asyncio.sleep(0)
        sys.exit(3)

    async def main():
        await leave()

    assert raises(SystemExit, Dag.run, main()).code == 3
    assert Dag.run(slowly(5)) == 5


@test
def run_leftovers():
    """What has not ended when Dag.run() does is cancelled, and can still clean up."""
    ended = []

    async def stay(name):
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    left = []

    async def main():
        running = task(stay)('task')
        left.extend([running, slowly(running), task(lambda: 1, running)(), slowly(1)])
        left.append(slowly(left[-1]))
        asyncio.create_task(stay('asyncio task'))
        await asyncio.sleep(0.001)
        return 'result'

    assert Dag.run(main()) == 'result'
    assert sorted(ended) == ['asyncio task', 'task']
    assert [each.cancelled() for each in left] == [True] * 5
    assert not asyncio.all_tasks(_loop.get_host().loop)


@test
def run_in_run():
    """Dag.run() cannot be called inside of itself, not from a source of GLib either."""
    errors = []

    def call_again():
        async def nothing():
            pass

        coroutine = nothing()
        errors.append(raises(RuntimeError, Dag.run, coroutine))
        coroutine.close()

    async def main():
        GLib.timeout_add(1, call_again)
        while not errors:
            await asyncio.sleep(0.001)
        return await slowly(3)

    assert Dag.run(main()) == 3


@test
def nested_main_loop():
    """While a callback or a coroutine runs a main loop, what was ready with it goes on."""
    async def main():
        loop = asyncio.get_running_loop()
        go, gone = asyncio.Event(), []
        main_loop = GLib.MainLoop()

        def run_main_loop():
            loop.call_soon(main_loop.quit)
            main_loop.run()

        @task
        async def dialog():
            await go.wait()
            while len(gone) < 5:
                GLib.MainContext.default().iteration(True)

        @task
        async def other():
            await go.wait()
            gone.append(True)

        loop.call_soon(run_main_loop)
        for _ in range(3):
            loop.call_soon(gone.append, True)
        made = dialog(), other(), other()
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(*made)

    Dag.run(main())


@test
def exit_from_a_callback():
    """What a callback ends a run with does not take the callbacks after it along."""
    called = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.call_soon(sys.exit, 17)
        loop.call_soon(called.append, True)
        while not called:
            await asyncio.sleep(0)

    assert raises(SystemExit, Dag.run, main()).code == 17
    assert Dag.run(slowly(4)) == 4


@test
def forked():
    """A process that was forked does not go on with what its parent was at, and can do its own."""
    called = []

    @task
    async def once():
        await asyncio.sleep(0.01)
        called.append(True)

    async def add_in_thread():
        return await task(lambda value: value + 1, thread=True)(slowly(1))

    async def main():
        made = once(), task(called.append, thread=True)(True)
        await made[1]
        called.clear()
        with warnings.catch_warnings():
            # That there are threads is the point.
            warnings.simplefilter('ignore', DeprecationWarning)
            child = os.fork()
        if child == 0:
            status = 1
            try:
                asyncio._set_running_loop(None)
                if Dag.run(add_in_thread()) == 2 and not called:
                    status = 0
            finally:
                os._exit(status)
        await made[0]
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert called == [True]

    Dag.run(main())


@test
def run_interrupted():
    """Ctrl-C ends Dag.run(), after what goes on was cancelled."""
    ended = []
    handler = signal.getsignal(signal.SIGINT)

    @task
    async def stay():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append('body')

    async def main():
        left = stay()
        await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await left
        finally:
            ended.append('main')

    raises(KeyboardInterrupt, Dag.run, main())
    assert sorted(ended) == ['body', 'main'], ended
    assert signal.getsignal(signal.SIGINT) is handler
    assert Dag.run(slowly(5)) == 5

    @task
    def interrupted():
        raise KeyboardInterrupt

    async def other():
        await interrupted()

    raises(KeyboardInterrupt, Dag.run, other())
    assert Dag.run(slowly(6)) == 6


@test
def run_in_threads():
    """Dag.run() in other threads, several at a time, each in a main context of its own."""
    meeting = threading.Barrier(4, timeout=20)
    contexts = set()

    async def main(value):
        meeting.wait()
        contexts.add(hash(_loop.get_host().context))
        return await add(slowly(value), slowly(1))

    assert in_threads(*(lambda value=value: Dag.run(main(value)) for value in range(4))) == \
        [1, 2, 3, 4]
    assert len(contexts) == 4 and hash(GLib.MainContext.default()) not in contexts


# Loops that run on a main context themselves


@test
def gi_events():
    """The loop of gi.events, by its policy and by a Runner that gets it from there."""
    if not importlib.util.find_spec('gi.events'):
        raise Skip('PyGObject has no gi.events')
    import gi.events

    async def main():
        assert _loop.get_host().context == asyncio.get_running_loop()._context
        assert await get_loop() is asyncio.get_running_loop()
        return await add(slowly(1), slowly(2))

    policy = gi.events.GLibEventLoopPolicy()
    loop = policy.get_event_loop()
    for _ in range(3):
        assert loop.run_until_complete(main()) == 3
    loop.close()
    for _ in range(3):
        with asyncio.Runner(loop_factory=policy.get_event_loop) as runner:
            assert runner.run(main()) == 3
            assert runner.run(main()) == 3

    # This one has a main context of its own.
    loop = policy.new_event_loop()
    assert loop._context != GLib.MainContext.default()
    assert loop.run_until_complete(main()) == 3
    loop.close()

    before = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(policy)
    try:
        # In a main loop of GLib's, it is there by itself.
        main_loop = GLib.MainLoop()

        def make():
            one = add(slowly(1), 2)
            one.add_done_callback(lambda task: main_loop.quit())
            results.append(one)

        results = []
        GLib.idle_add(make)
        main_loop.run()
        assert results[0].result() == 3
        assert results[0].get_loop() is not None
    finally:
        policy.get_event_loop().close()
        asyncio.set_event_loop_policy(before)


@test
def gbulb():
    """The loop of gbulb, made by its policy and by itself."""
    if importlib.util.find_spec('gi.events') or not importlib.util.find_spec('gbulb'):
        raise Skip('There is no gbulb that works with this PyGObject')
    import gbulb

    async def main():
        assert _loop.get_host().context == asyncio.get_running_loop()._context
        return await add(slowly(1), slowly(2))

    for _ in range(3):
        loop = gbulb.GLibEventLoopPolicy().new_event_loop()
        assert loop.run_until_complete(main()) == 3
        assert loop.run_until_complete(main()) == 3
        loop.close()
    loop = gbulb.GLibEventLoop()
    assert loop.run_until_complete(main()) == 3
    loop.close()


# Several loops


@test
def one_after_the_other():
    """All kinds of loop in one thread, one after the other."""
    async def main(value):
        return await add(slowly(value), 1)

    for _ in range(3):
        assert asyncio.run(main(1)) == 2
        assert Dag.run(main(2)) == 3
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(main(3)) == 4
        assert Dag.run(main(4)) == 5
        assert asyncio.run(main(5)) == 6
        assert loop.run_until_complete(main(6)) == 7
        loop.close()
        with asyncio.Runner() as runner:
            assert runner.run(main(7)) == 8


@test
def stopped_loop():
    """A loop that was stopped goes on with its tasks when it is run again."""
    steps = []

    @task
    async def body():
        for number in range(6):
            steps.append(number)
            await asyncio.sleep(0.005)
        return steps

    for loop in asyncio.new_event_loop(), _loop.MainLoop(GLib.MainContext.default()):
        steps.clear()

        async def make():
            return body(), add(body(), 1), slowly(5)

        one, failing, other = loop.run_until_complete(make())
        assert not one.done()
        loop.run_until_complete(asyncio.sleep(0.011))
        assert not one.done() and steps
        loop.call_later(0.001, loop.stop)
        loop.run_forever()

        async def wait():
            await fails(TypeError, failing)
            return await other, await one

        assert loop.run_until_complete(wait()) == (5, steps)
        loop.close()


@test
def alternating():
    """Two loops that take turns in a thread run their own tasks, and wait for the other's."""
    first = asyncio.new_event_loop()
    second = asyncio.new_event_loop()

    @task
    async def which(*others):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0)
        return [*others, loop]

    @task
    def which_function(before):
        return [*before, asyncio.get_running_loop()]

    async def make(other=None):
        return which_function(which(*([other] if other else [])))

    async def result(task):
        async with asyncio.timeout(0.05):
            return await asyncio.shield(task)

    async def turn():
        await asyncio.sleep(0.005)

    one = first.run_until_complete(make())
    two = second.run_until_complete(make(one))
    three = first.run_until_complete(make(two))
    for _ in range(20):
        second.run_until_complete(turn())
        first.run_until_complete(turn())
    assert first.run_until_complete(result(one)) == [first, first]
    assert second.run_until_complete(result(two)) == [[first, first], second, second]
    assert second.run_until_complete(result(three)) == \
        [[[first, first], second, second], first, first]
    assert first.run_until_complete(result(two))[1:] == [second, second]
    first.close()
    # What was closed is no obstacle.
    assert second.run_until_complete(result(one)) == [first, first]
    second.close()


@test
def between_threads():
    """Tasks of loops in several threads depend on each other and wait for each other."""
    n_threads = 6
    meeting = threading.Barrier(n_threads, timeout=20)
    shared = [None] * n_threads

    async def main(number):
        loop = asyncio.get_running_loop()

        @task
        async def here(*values):
            assert asyncio.get_running_loop() is loop
            await asyncio.sleep(0.001)
            return number, *values

        @task
        def function(values):
            assert asyncio.get_running_loop() is loop
            return number, values

        shared[number] = here()
        meeting.wait()
        others = [here(*shared), function(shared[number - 1]),
                  here(function(here(shared[number - 2])))]
        results = await asyncio.gather(*others)
        awaited = await asyncio.gather(*shared)
        # Nobody goes before the others have what they need.
        await asyncio.to_thread(meeting.wait)
        return results == [(number, *((each,) for each in range(n_threads))),
                           (number, ((number - 1) % n_threads,)),
                           (number, (number, (number, ((number - 2) % n_threads,))))] and \
            awaited == [(each,) for each in range(n_threads)]

    def run(number):
        return (Dag.run if number % 3 == 0 else asyncio.run)(main(number))

    for _ in range(10):
        assert in_threads(*(lambda number=number: run(number) for number in range(n_threads))) == \
            [True] * n_threads


@test
def failures_between_threads():
    """A failure and a cancellation get from one thread's loop to the other's."""
    meeting = threading.Barrier(2, timeout=20)
    made = []
    error = LookupError('in another thread')

    async def there():
        door = asyncio.Event()

        @task
        async def fail():
            await door.wait()
            raise error

        @task
        async def stay():
            await asyncio.sleep(3600)

        made.extend([fail(), stay()])
        meeting.wait()
        door.set()
        await asyncio.to_thread(meeting.wait)
        assert made[1].cancelled()

    async def here():
        meeting.wait()
        failing, staying = made
        dependents = [slowly(failing), slowly(staying)]
        assert await fails(LookupError, failing) is error
        assert await fails(LookupError, dependents[0]) is error
        staying.cancel()
        await fails(asyncio.CancelledError, dependents[1])
        await fails(asyncio.CancelledError, staying)
        await asyncio.to_thread(meeting.wait)

    in_threads(lambda: asyncio.run(there()), lambda: asyncio.run(here()))


# Main contexts


@test
def thread_default_context():
    """In a thread with a thread-default main context of its own tasks belong to that."""
    def main():
        with thread_default(make_context()) as context:
            one = add(slowly(1), slowly(2))
            iterate(one.done, context)

            async def main():
                host = _loop.get_host()
                return host.context == context, await add(slowly(1), 1)

            return one.result(), Dag.run(main()), asyncio.run(main())

    assert in_threads(main, main) == [(3, (True, 2), (True, 2))] * 2


@test
def contexts_in_one_thread():
    """Main contexts that take turns in a thread have tasks and a loop each."""
    contexts = [make_context(), make_context(), GLib.MainContext.default()]
    tasks = []
    for context in contexts:
        with thread_default(context):
            tasks.append(get_loop())
    for context, one in zip(contexts, tasks):
        iterate(one.done, context)
    assert len({one.result() for one in tasks}) == 3

    # Those of one wait for those of another.
    with thread_default(contexts[0]):
        one = slowly(1)
    with thread_default(contexts[1]):
        two = add(one, slowly(2))
    while not two.done():
        for context in contexts:
            context.iteration(False)
    assert two.result() == 3


@test
def before_the_loop():
    """Tasks that were made before there was a loop run with the one that comes."""
    one = add(slowly(1), 2)
    two = slowly(one)

    async def main():
        # By now the main context is being iterated.
        return await two, await add(one, slowly(1))

    assert asyncio.run(main()) == (3, 4)

    three = slowly(3)
    main_loop = GLib.MainLoop()
    three.add_done_callback(lambda task: main_loop.quit())
    main_loop.run()
    assert three.result() == 3


@test
def contexts_end():
    """A main context that ends takes its tasks and its loop with it, and nothing is left."""
    ended = []

    async def stay():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append('body')

    before = len(_loop._own_loops)
    context = make_context()
    with thread_default(context):
        running = task(stay)()
        waiting = slowly(running)
        loop = _loop.get_host().loop
    while running.get_state() != Dag.State.RUNNING:
        context.iteration(False)
    with thread_default(GLib.MainContext.default()):
        elsewhere = add(waiting, 1)
    assert len(_loop._own_loops) == before + 1
    del context
    gc.collect()
    assert loop.is_closed()
    iterate(elsewhere.done)
    assert ended == ['body']
    for each in running, waiting, elsewhere:
        assert each.cancelled()
    del loop, running, waiting, elsewhere, each
    gc.collect()
    assert len(_loop._own_loops) == before
    harness.said()


@test
def released():
    """A loop that has ended lets go of the main context, so that another thread can have it."""
    context = GLib.MainContext.default()

    def get():
        if not context.acquire():
            return False
        context.release()
        return True

    async def main():
        await slowly(1)
        return in_threads(get)

    assert asyncio.run(main()) == [False]
    assert in_threads(get) == [True]
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(main()) == [False]
    loop.close()
    assert in_threads(get) == [True]
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(main()) == [False]
    loop.run_until_complete(loop.shutdown_asyncgens())
    assert in_threads(get) == [True]
    loop.close()
    # Nobody closes this one.
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(main()) == [False]
    loop = None
    gc.collect()
    harness.said()
    assert in_threads(get) == [True]
    assert Dag.run(main()) == [False]
    assert in_threads(get) == [True]


@test
def someone_elses_context():
    """Where another thread iterates the main context, that is said, and what to do about it."""
    ours = make_context()
    main_loop = GLib.MainLoop.new(ours, False)
    thread = threading.Thread(target=main_loop.run)
    started = threading.Event()
    source = GLib.idle_source_new()
    source.set_callback(lambda *_: started.set())
    source.attach(ours)
    thread.start()
    started.wait(20)

    async def main():
        return slowly(1)

    coroutine = asyncio.sleep(0)
    # The thread-default one, which cannot be pushed where it is another's.
    ref_thread_default = GLib.MainContext.ref_thread_default
    GLib.MainContext.ref_thread_default = lambda: ours
    try:
        assert 'another' in str(raises(RuntimeError, asyncio.run, main()))
        assert 'another' in str(raises(RuntimeError, Dag.run, coroutine))
    finally:
        GLib.MainContext.ref_thread_default = ref_thread_default
        coroutine.close()
        main_loop.quit()
        thread.join()

    # In another thread than the main one plain asyncio does without the default one.
    async def there():
        return await add(slowly(1), 1)

    async def here():
        await slowly(1)
        return await asyncio.to_thread(lambda: asyncio.run(there()))

    assert asyncio.run(here()) == 2


harness.main()
