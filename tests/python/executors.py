# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Functions that executors call: in threads, in processes and on a cluster."""

import asyncio
import concurrent.futures
import contextlib
import contextvars
import importlib.util
import multiprocessing
import os
import pickle
import threading
import time
import warnings
from concurrent.futures.process import BrokenProcessPool

import harness
import remote
from harness import Dag, Skip, fails, raises, test

task = Dag.task

variable = contextvars.ContextVar('variable', default=None)


@task
async def here(value):
    await asyncio.sleep(0)
    return value


@contextlib.contextmanager
def processes(method, n=2):
    with warnings.catch_warnings():
        # About fork() in a process that has threads.
        warnings.simplefilter('ignore', DeprecationWarning)
        with concurrent.futures.ProcessPoolExecutor(
                n, multiprocessing.get_context(method)) as pool:
            yield pool


# In threads


@test
async def thread_pool():
    """A ThreadPoolExecutor does what thread=True does, with its own threads."""
    with concurrent.futures.ThreadPoolExecutor(2, 'mine') as pool:
        @task(executor=pool)
        def look(value, *, other=None):
            return (value, other, variable.get(), Dag.current(),
                    threading.current_thread().name.partition('_')[0])

        variable.set('set')
        one = look(here(1), other=here(2))
        assert await one == (1, 2, 'set', one, 'mine')
        error = LookupError('as it should')
        assert await fails(LookupError, task(remote.fail, executor=pool)(lambda: error)) is error
        assert await task(remote.add, executor=pool)(1, 2) == 3
    error = await fails(RuntimeError, look(1))
    assert 'shutdown' in str(error)


@test
async def executors_of_others():
    """Whatever has a submit() is an executor, also one that calls functions at once."""
    class AtOnce(concurrent.futures.Executor):
        def submit(self, function, /, *args, **kwargs):
            future = concurrent.futures.Future()
            try:
                future.set_result(function(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)
            return future

    class Never(concurrent.futures.Executor):
        def submit(self, function, /, *args, **kwargs):
            futures.append(concurrent.futures.Future())
            return futures[-1]

    class Broken(concurrent.futures.Executor):
        def submit(self, function, /, *args, **kwargs):
            raise OSError('no line')

    futures = []
    add = task(remote.add, executor=AtOnce())
    assert await add(here(1), add(2, scale=3)) == 7
    await fails(ZeroDivisionError, task(lambda: 1 / 0, executor=AtOnce())())
    await fails(OSError, task(remote.add, executor=Broken())(1))

    waiting = task(remote.add, executor=Never())(1)
    other = task(remote.add, executor=Never())(1)
    await harness.until(lambda: len(futures) == 2)
    futures[0].set_result('at last')
    assert await waiting == 'at last'
    # The other end may do that too.
    futures[1].cancel()
    futures[1].set_running_or_notify_cancel()
    await fails(asyncio.CancelledError, other)


@test
async def wrong():
    """What cannot be called by an executor is refused where it is decorated."""
    async def coroutine():
        pass

    with concurrent.futures.ThreadPoolExecutor() as pool:
        raises(TypeError, task, coroutine, executor=pool)
        raises(TypeError, task(executor=pool), coroutine)
    for wrong in 5, 'threads', concurrent.futures.ThreadPoolExecutor, object():
        raises(TypeError, task, remote.add, executor=wrong)


# In processes


async def check_values(pool):
    add = task(remote.add, executor=pool)
    assert await add(1, 2, 3, scale=10) == 60
    assert await add(here(1), add(2), scale=add(here(2), 1)) == 9
    assert await task(remote.get_pid, executor=pool)() != os.getpid()
    assert await task(print, executor=pool)(end='') is None
    big = bytes(1000000)
    assert await task(bytes, executor=pool)(big) == big
    assert await asyncio.gather(*(add(number, 1) for number in range(100))) == \
        list(range(1, 101))
    last = add(0)
    for _ in range(50):
        last = add(last, 1)
    assert await last == 50


async def check_functions(pool):
    """Functions of every kind, decorated where they are and not."""
    thing = remote.Thing(5)
    inner = remote.Outer.Inner
    for function, value in (
            (remote.decorated, 1), (remote.decorated_twice, 1), (inner.static, 1),
            (inner.task_of_static, 1), (inner.plain, 1), (inner.of_class, (inner, 1)),
            (thing.method, (5, 1)), (thing, (5, 1))):
        pid, got = await task(function, executor=pool)(here(1))
        assert pid != os.getpid() and got == value, function
    # Decorated, they are called here.
    assert (await inner.static(1))[0] == os.getpid()
    assert await task(remote.partial, executor=pool)(2) == 6
    assert await task(len, executor=pool)(here([1, 2])) == 2
    # So they are when that is said, with the executor, where they are defined.
    assert pickle.loads(pickle.dumps(remote.decorated)) is remote.decorated


async def check_exceptions(pool):
    fail = task(remote.fail, executor=pool)
    error = await fails(remote.Strange, here(fail(remote.Strange, 1, 2)))
    assert type(error) is remote.Strange and error.two == 2
    assert 'remote.py' in str(error.__cause__) and 'raise kind(*args)' in str(error.__cause__)
    assert (await fails(KeyError, fail(KeyError, 'key'))).args == ('key',)
    assert (await fails(SystemExit, fail(SystemExit, 3))).code == 3
    await fails(asyncio.CancelledError, fail(asyncio.CancelledError))


async def check_unpicklable(pool):
    """Each of these fails, says why, and leaves the pool as it was."""
    def local():
        pass

    add = task(remote.add, executor=pool)
    errors = [
        await fails(pickle.PicklingError, task(local, executor=pool)()),
        await fails(pickle.PicklingError, task(lambda: 1, executor=pool)()),
        await fails(pickle.PicklingError, add(threading.Lock())),
        await fails(pickle.PicklingError, task(remote.add, executor=pool, raw=True)(here(1))),
        await fails(TypeError, task(remote.give_lock, executor=pool)()),
    ]
    for error in errors:
        assert 'pickle' in str(error) and not isinstance(error, BrokenProcessPool), error
    for error, what in zip(errors, ['local', 'lambda', 'lock', 'Task', 'lock']):
        assert what in str(error), error

    error = await fails(LookupError, add(remote.Unwilling()))
    assert 'it does not want to' in str(error)
    error = await fails(RuntimeError, task(remote.fail, executor=pool)(remote.Stranger, 1, 2))
    assert 'remote.Stranger: 1 and 2' in str(error), error
    assert 'raise kind(*args)' in str(error.__cause__)
    error = await fails(RuntimeError, task(remote.fail_with_lock, executor=pool)())
    assert 'LookupError' in str(error) and 'lock' in str(error), error
    assert await add(1, 2) == 3


async def check_broken(pool):
    """The tasks in a pool whose process was killed fail, and so do later ones."""
    # Python may not notice the end of a process that was started for the last call so far.
    await asyncio.gather(*(task(time.sleep, executor=pool)(0.01) for _ in range(4)))
    pending = [task(time.sleep, executor=pool)(3600) for _ in range(3)]
    await fails(BrokenProcessPool, task(remote.die, executor=pool)())
    for each in pending:
        await fails(BrokenProcessPool, each)
    await fails(BrokenProcessPool, here(task(remote.add, executor=pool)(1)))


for name in 'fork', 'spawn', 'forkserver':
    @test(f'Values, functions and exceptions in a ProcessPoolExecutor: {name}.')
    async def process_pool(method=name):
        with processes(method) as pool:
            await check_values(pool)
            await check_functions(pool)
            await check_exceptions(pool)
            await check_unpicklable(pool)
        error = await fails(RuntimeError, task(remote.add, executor=pool)(1))
        assert 'shutdown' in str(error)

    @test(f'A process that is killed is a failure of what it was at: {name}.')
    async def broken_pool(method=name):
        # One for each of them.
        with processes(method, 4) as pool:
            await check_broken(pool)


@test
async def unwilling_results():
    """A result that cannot be unpickled is a failure."""
    with processes('fork', 1) as pool:
        await fails(Exception, task(remote.give_unwilling, executor=pool)())


@test
async def cancelling():
    """A function that no process has begun with is cancelled at once."""
    with processes('fork', 1) as pool:
        # As many as the pool hands out before they are needed.
        busy = [task(time.sleep, executor=pool)(0.1) for _ in range(3)]
        waiting = [task(remote.add, executor=pool)(1) for _ in range(5)]
        await here(0)
        await asyncio.sleep(0.01)
        for each in waiting:
            each.cancel()
        start = time.monotonic()
        for each in waiting:
            await fails(asyncio.CancelledError, each)
        assert time.monotonic() - start < 0.05
        await asyncio.gather(*busy)


# On a cluster


@contextlib.contextmanager
def cluster():
    if not importlib.util.find_spec('distributed'):
        raise Skip('There is no distributed')
    # What it says of itself is its own affair.
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        import dask
        import distributed
        dask.config.set({'distributed.worker.daemon': True})
        with distributed.LocalCluster(processes=True, n_workers=2, threads_per_worker=1,
                                      dashboard_address=None, silence_logs=50) as here, \
                distributed.Client(here) as client:
            yield client
    harness.said()


@test
def dask():
    """A graph of functions on a cluster of Dask's distributed."""
    with cluster() as client:
        pool = client.get_executor()

        async def main():
            add = task(remote.add, executor=pool)
            assert await add(1, 2, 3, scale=10) == 60
            # Each result feeds the next, and what was here or there makes no difference.
            last = add(0)
            for _ in range(10):
                last = add(here(last), 1)
            assert await last == 10
            assert await asyncio.gather(*(add(number, 1) for number in range(30))) == \
                list(range(1, 31))
            pids = await asyncio.gather(*(task(remote.get_pid, executor=pool)(number)
                                          for number in range(20)))
            assert os.getpid() not in pids
            # Keywords are the function's.
            assert await task(remote.key, executor=pool)(key=1, pure=2, workers=3) == (1, 2, 3)
            await check_functions(pool)

            fail = task(remote.fail, executor=pool)
            error = await fails(remote.Strange, here(fail(remote.Strange, 1, 2)))
            assert type(error) is remote.Strange and error.two == 2
            await fails(Exception, fail(remote.Stranger, 1, 2))
            # (Of a result that cannot be pickled Dask never tells.)
            await fails(Exception, task(remote.fail_with_lock, executor=pool)())
            await fails(Exception, add(threading.Lock()))
            await fails(Exception, add(remote.Unwilling()))
            # This one sends code.
            seven = 7
            assert await task(lambda value: value + seven, executor=pool)(add(1)) == 8
            assert await add(1) == 1

        harness.run(main())


if __name__ == '__main__':
    harness.main()
