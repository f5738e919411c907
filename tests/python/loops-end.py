# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How loops end, with tasks left or without, and what is left of them."""

import asyncio
import gc
import importlib.util
import os
import resource
import subprocess
import sys
import textwrap
import threading
import weakref

import harness
from harness import Dag, GLib, Skip, test
from aiodag import _loop

task = Dag.task


@task
async def slowly(value):
    await asyncio.sleep(0)
    return value


async def main():
    return await slowly(slowly(1))


def make_gi():
    if not importlib.util.find_spec('gi.events'):
        raise Skip('PyGObject has no gi.events')
    import gi.events
    return gi.events.GLibEventLoopPolicy().new_event_loop()


def make_gbulb():
    if importlib.util.find_spec('gi.events') or not importlib.util.find_spec('gbulb'):
        raise Skip('There is no gbulb that works with this PyGObject')
    import gbulb
    return gbulb.GLibEventLoop()


def get_memory():
    gc.collect()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def get_n_fds():
    gc.collect()
    return len(os.listdir('/proc/self/fd'))


def get_n_objects():
    gc.collect()
    # What was abandoned goes when the main context is iterated.
    while GLib.MainContext.default().iteration(False):
        pass
    gc.collect()
    return len(gc.get_objects())


def check_flat(run, n=200):
    """Nothing grows while something is done again and again."""
    for _ in range(20):
        run()
    n_fds = get_n_fds()
    n_objects = get_n_objects()
    memory = get_memory()
    for _ in range(n):
        run()
    assert get_n_fds() <= n_fds, (get_n_fds(), n_fds)
    assert get_n_objects() <= n_objects + n / 10, get_n_objects() - n_objects
    # That of plain asyncio.run() grows too, by some pages.
    assert get_memory() <= memory + 2048, get_memory() - memory


def run_in_thread(function):
    errors = []

    def call():
        try:
            function()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


# Nothing is left


@test
def many_asyncio_runs():
    """Hundreds of asyncio.run() leave nothing behind."""
    check_flat(lambda: asyncio.run(main()))


@test
def many_dag_runs():
    """Hundreds of Dag.run() leave nothing behind, in other threads too."""
    check_flat(lambda: Dag.run(main()))
    check_flat(lambda: run_in_thread(lambda: Dag.run(main())))


@test
def many_threads():
    """Hundreds of asyncio.run(), each in a thread of its own, leave nothing behind."""
    check_flat(lambda: run_in_thread(lambda: asyncio.run(main())))


def check_loops(make, close=True):
    def run():
        loop = make()
        assert loop.run_until_complete(main()) == 1
        if close:
            loop.close()

    check_flat(run)
    harness.said()


@test
def many_loops():
    """Hundreds of loops, closed or just forgotten, leave nothing behind."""
    check_loops(asyncio.new_event_loop)
    check_loops(asyncio.new_event_loop, False)


@test
def many_gi_loops():
    """Hundreds of loops of gi.events leave nothing behind."""
    check_loops(make_gi)


@test
def many_gbulb_loops():
    """Hundreds of loops of gbulb leave nothing behind."""
    check_loops(make_gbulb)


@test
def many_contexts():
    """Hundreds of main contexts with a loop of ours each leave nothing behind."""
    def run():
        context = GLib.MainContext.new()
        context.push_thread_default()
        try:
            one = slowly(slowly(1))
            assert one.wait() == 1
        finally:
            context.pop_thread_default()

    check_flat(run)


@test
def forgotten_with_tasks():
    """A loop that is forgotten with tasks in it is garbage, and so are they."""
    ended = []

    async def stay():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(1)

    def run():
        loop = asyncio.new_event_loop()

        async def start():
            running = task(stay)()
            left.append(running)
            left.append(slowly(running))
            running.settle()
            await asyncio.sleep(0.001)

        left = []
        loop.run_until_complete(start())
        return weakref.ref(loop), left

    loop, left = run()
    gc.collect()
    assert loop() is None and ended == [1]
    # The main context lets it be known when it is iterated.
    assert asyncio.run(main()) == 1
    assert left[0].cancelled() and left[1].cancelled()
    del left
    check_flat(lambda: (run(), asyncio.run(main())))
    harness.said()


# Something is left


def check_left(make, end):
    """Leaves tasks in every state in a loop, ends it, and looks at what becomes of them."""
    loop = make()
    called = []
    cleaned = []
    meeting = threading.Event()

    @task
    async def stay():
        called.append('stay')
        try:
            await asyncio.sleep(3600)
        finally:
            cleaned.append('stay')

    @task
    async def never(*_):
        called.append('never')

    @task
    def function(*values):
        called.append('function')

    @task(thread=True)
    def block():
        meeting.wait(20)

    async def start():
        running = stay()
        blocking = block()
        waiting = never(running)
        following = task(lambda: waiting)()
        await asyncio.sleep(0.01)
        assert running.get_state() == Dag.State.RUNNING
        left.extend([running, waiting, following, function(waiting), slowly(blocking),
                     function(following)])
        # And some that are ready when it ends.
        n_ready.extend([function(), slowly(1), stay()])

    left = []
    n_ready = []
    loop.run_until_complete(start())
    n_called = len(called)
    end(loop)
    meeting.set()
    if not isinstance(loop, _loop.MainLoop):
        # Where it has a main context of its own, that goes with it, when the thread has returned.
        reference = weakref.ref(loop)
        loop = None
        while reference() is not None:
            gc.collect()
    assert cleaned.count('stay') == called.count('stay'), (cleaned, called)
    del called[n_called:]
    # Somebody else iterates the main context, and nothing of that is called any more.
    assert asyncio.run(main()) == 1
    assert Dag.run(main()) == 1
    assert len(called) == n_called
    assert [each.cancelled() for each in left] == [True] * len(left), left
    assert all(each.done() for each in n_ready), n_ready


KINDS = {
    'plain asyncio': asyncio.new_event_loop,
    'our own': lambda: _loop.MainLoop(GLib.MainContext.default()),
    'gi.events': make_gi,
    'gbulb': make_gbulb,
}

for kind, make in KINDS.items():
    @test(f'A loop that is closed ends the tasks in it: {kind}.')
    def closed(make=make):
        check_left(make, lambda loop: loop.close())

    @test(f'A loop that shuts down ends the tasks in it: {kind}.')
    def shut_down(make=make):
        if make is make_gbulb:
            raise Skip('It does not tell')

        def end(loop):
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

        check_cleaned(make(), end)


def check_cleaned(loop, end):
    """Leaves tasks in a loop, ends it, and looks at whether they could clean up."""
    ended = []

    @task
    async def stay():
        try:
            await asyncio.sleep(3600)
        finally:
            # It can still wait, and make tasks.
            await asyncio.sleep(0.001)
            ended.append(await slowly('ended'))

    async def start():
        running = stay()
        await asyncio.sleep(0.01)
        left.extend([running, slowly(running), task(lambda *_: 0, running)()])

    left = []
    loop.run_until_complete(start())
    end(loop)
    assert [each.cancelled() for each in left] == [True] * 3
    assert len(ended) == 1


@test
def threads_at_the_end():
    """asyncio.run() and Dag.run() wait for functions in threads, which cannot be cancelled."""
    for run in asyncio.run, Dag.run:
        events = []
        started = threading.Event()

        @task(thread=True)
        def block():
            started.set()
            threading.Event().wait(0.05)
            events.append('returned')

        async def start():
            block()
            await asyncio.to_thread(started.wait, 20)
            events.append('main')

        run(start())
        assert events == ['main', 'returned']


@test
def stubborn_body():
    """A body that takes its cancellation for a hint is waited for."""
    steps = []

    @task
    async def stubborn():
        for number in range(3):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                steps.append(number)
            if number == 0:
                await asyncio.sleep(0.01)
                return 'done'

    for run in asyncio.run, Dag.run:
        left = []

        async def start():
            left.append(stubborn())
            await asyncio.sleep(0.001)

        run(start())
        assert left[0].done()
    assert steps == [0, 0]


@test
def dependency_elsewhere():
    """A loop does not wait for the tasks of others when it ends."""
    async def there():
        async def here():
            slowly(staying)

        staying = task(lambda: asyncio.sleep(3600))()
        await asyncio.to_thread(lambda: asyncio.run(here()))
        return staying.done()

    assert asyncio.run(there()) is False


@test
def used_after_shutdown():
    """A loop that has shut down its generators and is run again has tasks all the same."""
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(main()) == 1
    loop.run_until_complete(loop.shutdown_asyncgens())
    import warnings
    with warnings.catch_warnings():
        # About generators.
        warnings.simplefilter('ignore', ResourceWarning)
        assert loop.run_until_complete(main()) == 1
    loop.close()


# The end of the program


def run_program(text, *options):
    """Runs a program. It has to end well and must not say anything but what it prints."""
    program = textwrap.dedent('''
        import asyncio, gc, sys, threading, time
        import gi
        gi.require_version('Dag', '1')
        from gi.repository import Dag, GLib
        from aiodag import _loop
        task = Dag.task

        def make_loop():
            return asyncio.new_event_loop()

        @task
        async def stay(*_):
            print('called')
            await asyncio.sleep(3600)

        @task
        def function(*_):
            return 1

        async def leave():
            running = stay()
            left = [running, function(running), stay(running)]
            await asyncio.sleep(0.01)
            return left, stay(), function(), function(stay())
    ''') + textwrap.dedent(text)
    result = subprocess.run(
        [sys.executable, '-X', 'dev', '-W', 'error::RuntimeWarning', '-W', 'ignore::ImportWarning',
         '-W', 'ignore::DeprecationWarning', *options, '-c', program],
        capture_output=True, text=True, timeout=60)
    assert result.stderr == '' and result.returncode == 0, (result.returncode, result.stderr)
    return result.stdout.split()


# asyncio complains of a loop that was not closed, as it should.
UNCLOSED = '-W', 'ignore::ResourceWarning'


@test
def exit_after_run():
    """A program ends in silence after asyncio.run() and Dag.run() with tasks left."""
    for run in 'asyncio.run', 'Dag.run':
        assert 'called' in run_program(f'{run}(leave())')
        assert 'called' in run_program(f'kept = {run}(leave())')


@test
def exit_unclosed():
    """A program ends in silence with a loop that was never closed, with tasks left."""
    for rest in '', 'kept = result', 'del loop', 'asyncio.run(leave())', 'Dag.run(leave())':
        run_program(f'''
            loop = make_loop()
            result = loop.run_until_complete(leave())
            del result
            {rest.replace('result', '1')}
        ''', *UNCLOSED)
    run_program('''
        loop = make_loop()
        kept = loop.run_until_complete(leave())
    ''', *UNCLOSED)
    run_program('''
        loop = make_loop()
        kept = loop.run_until_complete(leave())
        loop.close()
    ''')


@test
def exit_main_loop():
    """A program with only a GLib main loop ends in silence with tasks left."""
    run_program('''
        left = [function(stay()), stay(function())]
        main_loop = GLib.MainLoop()
        GLib.timeout_add(20, main_loop.quit)
        main_loop.run()
    ''')
    run_program('''
        left = [function(stay()), stay(function())]
    ''')
    run_program('''
        context = GLib.MainContext.new()
        context.push_thread_default()
        left = [function(stay()), stay(function())]
        for _ in range(10):
            context.iteration(False)
    ''')


@test
def exit_other_loops():
    """A program ends in silence on the loops of gi.events and gbulb, with tasks left."""
    if importlib.util.find_spec('gi.events'):
        # One that is not closed complains by itself.
        for ending in 'loop.close()', 'loop.close(); del loop':
            for make in 'new_event_loop', 'get_event_loop':
                run_program(f'''
                    import gi.events
                    loop = gi.events.GLibEventLoopPolicy().{make}()
                    kept = loop.run_until_complete(leave())
                    {ending}
                ''', *UNCLOSED)
    elif importlib.util.find_spec('gbulb'):
        for ending in 'loop.close()', '', 'del loop':
            run_program(f'''
                import gbulb
                loop = gbulb.GLibEventLoop()
                kept = loop.run_until_complete(leave())
                {ending}
            ''', *UNCLOSED)
    else:
        raise Skip('There are none')


@test
def exit_unstarted():
    """A program ends in silence where bodies were about to begin."""
    for number in range(6):
        run_program('''
        loop = make_loop()

        async def main():
            return [stay() for _ in range(10)]

        left = loop.run_until_complete(main())
        # One of the next steps of the loop is that in which they begin.
        for _ in range(number):
            loop.call_soon(loop.stop)
            loop.run_forever()
    '''.replace('number', str(number)), *UNCLOSED)


@test
def exit_in_threads():
    """A program ends in silence while threads run loops and functions."""
    run_program('''
        started = threading.Barrier(3)

        async def main():
            left = await leave()
            await asyncio.to_thread(started.wait)
            await asyncio.sleep(3600)

        for run in asyncio.run, Dag.run:
            threading.Thread(target=run, args=[main()], daemon=True).start()
        started.wait()
    ''')
    assert run_program('''
        started = threading.Barrier(3)

        @task(thread=True)
        def block():
            started.wait()
            time.sleep(0.1)
            # In one piece: print() writes two.
            sys.stdout.write('returned\\n')

        async def main():
            function(block())
            block()
            await asyncio.to_thread(started.wait)

        loop = make_loop()
        loop.run_until_complete(main())
    ''', *UNCLOSED) == ['returned', 'returned']


@test
def exit_by_body():
    """sys.exit() in a body ends the program, with its status."""
    for run in 'asyncio.run', 'Dag.run':
        for thread in '', '(thread=True)':
            run_program(f'''
                @task{thread}
                def leave_it():
                    sys.exit(0)

                async def main():
                    await function(leave_it())
                    print('not reached')

                try:
                    {run}(main())
                except SystemExit as exit:
                    assert exit.code == 0
                else:
                    sys.exit('It did not end')
            ''')


harness.main()
