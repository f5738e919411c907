# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Functions that block, in threads, and tasks that are used from several threads."""

import asyncio
import concurrent.futures
import contextvars
import gc
import random
import sys
import threading
import time

import harness
from harness import Dag, GLib, KIND, fails, raises, test
from aiodag import _executors, _loop

task = Dag.task

variable = contextvars.ContextVar('variable', default=None)


def is_main_thread():
    return threading.current_thread() is threading.main_thread()


@task(thread=True)
def double(value):
    assert not is_main_thread()
    return 2 * value


@task
async def here(value):
    await asyncio.sleep(0)
    return value


# What a function in a thread is given and gives


@test
async def values():
    """A function that blocks runs in a thread, gets results, and gives one of any kind."""
    class Thing:
        pass

    thing = Thing()

    @task(thread=True)
    def give(value, *, other=None):
        assert not is_main_thread()
        return value if other is None else [value, other]

    for value in None, 0, False, '', 'text', 1 << 100, [1], {}, thing, Thing:
        assert await give(value) is value
    assert await give(here(thing), other=double(here(21))) == [thing, 42]
    assert await here(give(double(1))) == 2


@test
async def exceptions():
    """What a function raises in a thread is raised as itself, wherever the task is needed."""
    error = LookupError('in a thread')

    @task(thread=True)
    def fail():
        raise error

    one = fail()
    assert await fails(LookupError, one) is error
    assert await fails(LookupError, here(double(one))) is error
    names = []
    trace = error.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert names[-1] == 'fail' and 'run' not in names, names

    @task(thread=True)
    def cancel():
        raise asyncio.CancelledError

    await fails(asyncio.CancelledError, cancel())


@test
async def contexts():
    """In the thread there are the contextvars of the call, and Dag.current() is the task."""
    @task(thread=True)
    def look():
        seen = variable.get(), Dag.current()
        variable.set('set in the thread')
        return seen

    variable.set('at the call')
    one = look()
    variable.set('later')
    assert await one == ('at the call', one)
    assert variable.get() == 'later'


@test
async def methods():
    """Methods, callable objects, functions of C and what is decorated for one call."""
    class Thing:
        @task(thread=True)
        def method(self, value):
            return self, value, is_main_thread()

        def __call__(self, value):
            return value, is_main_thread()

    thing = Thing()
    assert await thing.method(here(1)) == (thing, 1, False)
    assert await task(thing, thread=True)(2) == (2, False)
    assert await task(sorted, thread=True)(here([2, 1])) == [1, 2]
    assert await task(is_main_thread, thread=True)() is False
    assert await task(task(is_main_thread), thread=True)() is False


@test
async def parallel():
    """Functions that block run at the same time, as many as there are threads."""
    n_threads = _executors.get_threads().max_threads
    assert n_threads >= 2
    meeting = threading.Barrier(n_threads, timeout=20)

    @task(thread=True)
    def meet():
        return meeting.wait()

    assert sorted(await asyncio.gather(*(meet() for _ in range(n_threads)))) == \
        list(range(n_threads))

    # Meanwhile the loop goes on.
    door = threading.Event()

    @task(thread=True)
    def block():
        return door.wait(20)

    blocked = [block() for _ in range(3 * n_threads)]
    await asyncio.sleep(0.01)
    assert await here('there') == 'there'
    door.set()
    assert await asyncio.gather(*blocked) == [True] * len(blocked)


@test
async def cancelled_before_start():
    """A function that was cancelled before there was a thread for it is not called."""
    n_threads = _executors.get_threads().max_threads
    door = threading.Event()
    called = []

    @task(thread=True)
    def block(name):
        called.append(name)
        door.wait(20)
        return name

    blocked = [block('first') for _ in range(n_threads)]
    await harness.until(lambda: len(called) == n_threads)
    waiting = [block('second') for _ in range(10)]
    await asyncio.sleep(0.01)
    assert {each.get_state() for each in waiting} == {Dag.State.RUNNING}
    for each in waiting:
        each.cancel()
        await fails(asyncio.CancelledError, each)
    # One that runs cannot be stopped, and is cancelled when it has returned.
    blocked[0].cancel()
    await asyncio.sleep(0.01)
    assert not blocked[0].done() and blocked[0].is_cancelled()
    door.set()
    await fails(asyncio.CancelledError, blocked[0])
    assert await asyncio.gather(*blocked[1:]) == ['first'] * (n_threads - 1)
    assert called == ['first'] * n_threads


@test
async def coroutine_functions():
    """A coroutine function is refused where it is decorated."""
    async def coroutine():
        pass

    error = raises(TypeError, task, coroutine, thread=True)
    assert 'coroutine' in str(error)

    class Thing:
        async def __call__(self):
            pass

    raises(TypeError, task, Thing(), thread=True)


@test
async def awaitable_results():
    """What a function in a thread gives that can be awaited is awaited, in the loop."""
    loop = asyncio.get_running_loop()

    async def coroutine(value):
        await asyncio.sleep(0)
        assert asyncio.get_running_loop() is loop
        return value

    made = here('made before')

    @task(thread=True)
    def give(how):
        if how == 'task':
            return made
        if how == 'new task':
            return here('made there')
        return coroutine('coroutine')

    assert await give('task') == 'made before'
    assert await give('new task') == 'made there'
    assert await give('coroutine') == 'coroutine'


# Tasks that are made in threads


@test
async def made_in_a_thread():
    """Tasks that a function in a thread makes belong to the loop of its task."""
    loop = asyncio.get_running_loop()

    @task
    async def which(*_):
        await asyncio.sleep(0)
        return asyncio.get_running_loop(), is_main_thread()

    @task
    def which_function():
        return asyncio.get_running_loop(), is_main_thread()

    @task(thread=True)
    def make():
        return [which(), which(which()), task(which, which_function())(), which_function(),
                task(which, raw=True)(double(1), [which()]), double(here(4))]

    made = await make()
    results = await asyncio.gather(*made)
    assert results.pop() == 8
    assert results == [(loop, True)] * 5

    # So do those of what the function and its body start in other threads.
    @task
    async def make_elsewhere():
        return await asyncio.to_thread(lambda: [which(), which()])

    for each in await make_elsewhere():
        assert await each == (loop, True)


@test
async def made_with_rules():
    """Rules, triggers and wrong calls are the same for tasks that are made in a thread."""
    door = threading.Event()

    @task
    async def fail():
        raise LookupError('as it should')

    @task
    async def slow():
        await asyncio.to_thread(door.wait, 20)
        return 'slow'

    @task(trigger=Dag.Trigger.ANY)
    def any_of(*inputs):
        return [each.result() for each in inputs if each.done() and not each.exception()]

    @task(raw=True)
    def look(*inputs):
        return [each.exception() is not None for each in inputs]

    def clean_up():
        return 'clean'

    @task(thread=True)
    def make():
        raises(TypeError, here)
        raises(TypeError, here, 1, 2)
        failing = fail()
        # Neither of its inputs is there yet.
        first = any_of(slow(), slow())
        return [first, look(failing, here(1)), task(clean_up, Dag.failed(failing))(),
                Dag.gather(here(1), here(2)), any_of(slow(), here('fast'))]

    first, looked, cleaned, gathered, fast = await make()
    assert await looked == [True, False]
    assert await cleaned == 'clean'
    assert await gathered == [1, 2]
    assert await fast == ['fast']
    await harness.idle()
    assert not first.done()
    door.set()
    assert 'slow' in await first


@test
async def made_again_and_again():
    """Thousands of tasks are made in threads while the loop runs them."""
    @task
    def add(*values):
        return sum(values)

    @task(thread=True)
    def make(n):
        last = add(0)
        for _ in range(n):
            last = add(last, here(1))
            if random.random() < 0.1:
                last = task(add, last)(last)
        return last

    assert await asyncio.gather(*(make(300) for _ in range(6))) == [300] * 6


@test
async def made_of_failures():
    """Tasks are made in threads of what has failed or was cancelled already, and of what just does."""
    @task
    def fail():
        raise LookupError('as it should')

    failed, cancelled = fail(), here(1)
    cancelled.cancel()
    await asyncio.wait([failed, cancelled])

    @task(thread=True)
    def make(n):
        failing = [fail() for _ in range(n)]
        made = [here(random.choice([failed, cancelled, each])) for each in failing]
        for _ in range(n):
            random.choice(made).cancel()
        for each in failing:
            raises(LookupError, each.wait)
        for each in made:
            raises((LookupError, asyncio.CancelledError), each.wait)
        return made

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for made in await asyncio.gather(*(make(200) for _ in range(3))):
            for each in made:
                await each.settle()
    finally:
        sys.setswitchinterval(interval)


@test
def made_in_any_thread():
    """Tasks that are made in threads without any loop belong to the default main context."""
    n_threads = 4
    main_loop = GLib.MainLoop()
    made = []
    seen = []

    @task
    async def body(value):
        seen.append((is_main_thread(), asyncio.get_running_loop()))
        await asyncio.sleep(0)
        return value

    def make():
        for number in range(200):
            made.append(body(task(lambda value: value)(body(number))))

    threads = [threading.Thread(target=make) for _ in range(n_threads)]

    def end():
        if any(thread.is_alive() for thread in threads) or not all(each.done() for each in made):
            return GLib.SOURCE_CONTINUE
        main_loop.quit()
        return GLib.SOURCE_REMOVE

    for thread in threads:
        thread.start()
    GLib.timeout_add(1, end)
    main_loop.run()
    assert sorted(each.result() for each in made) == sorted(list(range(200)) * n_threads)
    assert len(set(seen)) == 1 and seen[0][0]
    seen.clear()


# Tasks that are used in threads


@test
async def used_in_threads():
    """Other threads cancel tasks, look at them and wait for them."""
    door = harness.Door()
    one = harness.pending(door)
    other = harness.pending(harness.Door())
    error = LookupError('as it should')

    @task
    async def fail():
        await asyncio.sleep(0.01)
        raise error

    failing = fail()

    @task(thread=True)
    def use():
        raises(asyncio.InvalidStateError, one.result)
        raises(asyncio.InvalidStateError, one.exception)
        assert not one.done() and not one.cancelled()
        assert other.cancel() is True
        assert raises(LookupError, failing.wait) is error
        assert failing.exception() is error and failing.done()
        return repr(one)

    assert await use() == '<Dag.Task pending running>'
    await fails(asyncio.CancelledError, other)
    door.open('value')

    @task(thread=True)
    def wait():
        return one.wait(), one.result()

    assert await wait() == ('value', 'value')


@test
async def cancelled_from_threads():
    """Hundreds of tasks in all states are cancelled from threads, and each of them ends."""
    async def stay(seconds):
        await asyncio.sleep(seconds)
        return seconds

    for _ in range(5):
        tasks = []
        last = None
        for number in range(300):
            last = task(stay)(random.choice([0, 0.001, 0.01]))
            tasks.append(task(lambda *values: values)(last, random.choice(tasks or [last])))

        @task(thread=True)
        def cancel(number):
            for each in tasks[number::3]:
                each.cancel()
            return True

        assert await asyncio.gather(*(cancel(number) for number in range(3))) == [True] * 3
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(type(each) in (tuple, asyncio.CancelledError) for each in results)


@test
def loops_in_threads():
    """Eight threads run a loop each, with hundreds of tasks, in threads again some of them."""
    def run(seed):
        rng = random.Random(seed)

        @task
        async def add(*values):
            await asyncio.sleep(rng.choice([0, 0, 0.0001]))
            return sum(values) + 1

        @task
        def add_at_once(*values):
            return sum(values) + 1

        @task(thread=True)
        def add_in_thread(*values):
            return sum(values) + 1

        async def main():
            tasks = [add()]
            expected = [1]
            for _ in range(400):
                inputs = rng.choices(range(max(0, len(tasks) - 10), len(tasks)), k=2)
                function = rng.choices([add, add_at_once, add_in_thread], [6, 3, 1])[0]
                tasks.append(function(*(tasks[number] for number in inputs)))
                expected.append(sum(expected[number] for number in inputs) + 1)
                if rng.random() < 0.01:
                    await asyncio.sleep(0)
            return await asyncio.gather(*tasks) == expected

        return asyncio.run(main()) if seed % 2 else Dag.run(main())

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(16))) == [True] * 16


# How many


@test
async def chain():
    """Two hundred functions in threads, each of which needs the one before."""
    @task(thread=True)
    def add(value):
        return value + 1

    start = time.monotonic()
    last = 0
    for _ in range(200):
        last = add(last)
    assert await last == 200
    # A hand-over takes about 0.1 ms.
    assert time.monotonic() - start < 2


@test
async def many():
    """Five thousand functions in threads, and all of them in one."""
    @task(thread=True)
    def give(number):
        return number

    total = await task(lambda *values: sum(values))(*(give(number) for number in range(5000)))
    assert total == sum(range(5000))


@test
async def nothing_left():
    """Neither results, nor arguments, nor exceptions are kept by the threads."""
    class Thing:
        pass

    @task(thread=True)
    def give(thing, fail=False):
        if fail:
            raise LookupError(thing)
        return Thing()

    for _ in range(100):
        await give(Thing())
        await fails(LookupError, give(Thing(), True))
    # The threads have something else to hold on to.
    await asyncio.gather(*(double(number) for number in range(50)))
    await asyncio.sleep(0.01)
    gc.collect()
    left = sum(type(item) is Thing for item in gc.get_objects())
    assert left == 0, left


assert KIND and _loop
harness.main()
