# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""GLib's sources, GIO and main loops inside of main loops, on every kind of loop."""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
import threading
import time

import harness
from harness import Dag, GLib, KIND, Skip, fails, test
from aiodag import _bridge, _loop
from gi.repository import Gio

task = Dag.task

needs_nesting = 'gi.events and plain asyncio let no coroutine go on inside of another one'


def make_future():
    return asyncio.get_running_loop().create_future()


def attach(source, function, context=None):
    source.set_callback(function)
    source.attach(context)
    return source


async def median_of(n, measure):
    return sorted([await measure() for _ in range(n)])[n // 2]


# GIO


@test
async def files():
    """A file operation of GIO is awaited, and its error is an exception."""
    with tempfile.TemporaryDirectory() as folder:
        file = Gio.File.new_for_path(os.path.join(folder, 'file'))

        @task
        async def write(data):
            await Dag.gio(file.replace_contents_async, data, None, False,
                          Gio.FileCreateFlags.NONE)
            return len(data)

        @task
        async def read(written):
            ok, contents, _ = await Dag.gio(file.load_contents_async)
            return ok and len(contents) == written and contents

        assert await read(write(b'abc' * 1000)) == b'abc' * 1000
        missing = Gio.File.new_for_path(os.path.join(folder, 'missing'))

        @task
        async def read_missing():
            await Dag.gio(missing.load_contents_async)

        error = await fails(GLib.Error, read_missing())
        assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND)


@test
async def many_files():
    """Hundreds of operations at once end, a hundred times in a row too."""
    file = Gio.File.new_for_path(__file__)
    infos = await asyncio.gather(
        *(Dag.gio(file.query_info_async, 'standard::size', 0, 0) for _ in range(300)))
    assert {info.get_size() for info in infos} == {os.path.getsize(__file__)}
    for _ in range(100):
        await Dag.gio(file.query_info_async, 'standard::size', 0, 0)


@test
async def cancelled_gio():
    """An operation is cancelled with who awaits it, in a body too."""
    reached = asyncio.Event()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    connection = Gio.SocketConnection(socket=Gio.Socket.new_from_fd(os.dup(ours.fileno())))
    stream = connection.get_input_stream()

    @task
    async def read():
        reached.set()
        data = await Dag.gio(stream.read_bytes_async, 100, 0)
        return data.get_data()

    one = read()
    await reached.wait()
    one.cancel()
    await fails(asyncio.CancelledError, one)
    await harness.until(lambda: not stream.has_pending())

    two = read()
    await harness.until(stream.has_pending)
    theirs.send(b'hello')
    assert await two == b'hello'
    theirs.close()
    ours.close()
    connection.close()


@test
async def subprocesses():
    """Processes of GIO are awaited, several of them at once and one after the other."""
    @task
    async def run(text):
        process = Gio.Subprocess.new(
            ['cat'], Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE)
        _, out, _ = await Dag.gio(process.communicate_utf8_async, text)
        return out

    assert await asyncio.gather(*(run(str(number)) for number in range(10))) == \
        [str(number) for number in range(10)]
    start = time.monotonic()
    last = None
    for number in range(10):
        last = run(last if last is not None else 'first')
    assert await last == 'first'
    # They start in about 5 ms each: nobody sleeps until something else happens.
    assert time.monotonic() - start < 1

    @task
    async def fail():
        process = Gio.Subprocess.new(['false'], Gio.SubprocessFlags.NONE)
        await Dag.gio(process.wait_check_async)

    await fails(GLib.Error, fail())


# Sources


@test
async def source_in_function():
    """A source that a function attaches is called in time, on the main context of the loop."""
    @task
    def wait(seconds):
        future = make_future()
        start = time.monotonic()
        GLib.timeout_add(int(seconds * 1000), lambda: future.set_result(time.monotonic() - start))
        return future

    times = await asyncio.gather(*(wait(number / 100) for number in range(1, 11)))
    late = sorted(took - number / 100 for number, took in enumerate(times, 1))
    assert late[0] >= -0.002 and late[5] < 0.02, late


@test
async def source_in_coroutine():
    """A source that a coroutine attaches to the main context is noticed."""
    # So that there is something that iterates it.
    await Dag.delay(0)

    async def wait(make):
        future = make_future()
        start = time.monotonic()
        make(lambda: future.set_result(None))
        await future
        return time.monotonic() - start

    # GLib does not tell plain asyncio, which looks every tenth of a second then.
    most = 0.15 if KIND == 'asyncio' else 0.02
    assert await median_of(5, lambda: wait(GLib.idle_add)) < most
    # Late is only what is due before that.
    took = await median_of(5, lambda: wait(lambda function: GLib.timeout_add(150, function)))
    assert 0.148 <= took < 0.17, took

    @task
    async def body():
        await asyncio.sleep(0.01)
        return await wait(GLib.idle_add)

    assert await body() < most + 0.1


@test
async def source_in_other_thread():
    """A source that another thread attaches is noticed at once."""
    await Dag.delay(0)
    # Until there has been nothing for long.
    await asyncio.sleep(0.3)

    async def measure():
        future = make_future()
        start = None

        def attach_there():
            nonlocal start
            start = time.monotonic()
            attach(GLib.idle_source_new(), lambda *_: future.set_result(None))

        timer = threading.Timer(0.05, attach_there)
        timer.start()
        await future
        timer.join()
        return time.monotonic() - start

    assert await median_of(5, measure) < 0.01


@test
async def return_from_thread():
    """A task that is returned in another thread is noticed at once."""
    await Dag.delay(0)
    await asyncio.sleep(0.3)

    async def measure():
        @task(thread=True)
        def body():
            return time.monotonic()

        return time.monotonic() - await body()

    assert await median_of(9, measure) < 0.01


@test
async def source_chains():
    """Sources that attach sources go on without a pause."""
    future = make_future()
    left = 1000

    def again():
        nonlocal left
        left -= 1
        if left == 0:
            future.set_result(None)
        else:
            GLib.idle_add(again)
        return GLib.SOURCE_REMOVE

    start = time.monotonic()
    Dag.task(lambda: GLib.idle_add(again))()
    await future
    assert time.monotonic() - start < 1


@test
async def idle():
    """Where there is nothing to do, next to nothing is done."""
    if KIND != 'asyncio':
        raise Skip('Only plain asyncio has to look at the main context')
    await Dag.delay(0)
    GLib_timeout = GLib.timeout_add(3600000, lambda: None)
    n_calls = 0
    query = _bridge.Dag.context_query

    def count(context):
        nonlocal n_calls
        n_calls += 1
        return query(context)

    _bridge.Dag.context_query = count
    try:
        await asyncio.sleep(0.5)
        # In between there is a pause that is twice as long each time.
        assert n_calls <= 14, n_calls
        n_calls = 0
        await asyncio.sleep(0.5)
        assert n_calls <= 6, n_calls
    finally:
        _bridge.Dag.context_query = query
        GLib.source_remove(GLib_timeout)
    cpu = time.thread_time()
    await asyncio.sleep(0.5)
    assert time.thread_time() - cpu < 0.02


# File descriptors


def watch(fd, condition, function):
    """Has a function called while something can be done with a file descriptor."""
    return GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, fd, condition, function)


@test
async def many_sockets():
    """Hundreds of sockets are watched, and each of them is noticed."""
    with contextlib.ExitStack() as stack:
        pairs = [socket.socketpair() for _ in range(300)]
        for pair in pairs:
            stack.enter_context(pair[0])
            stack.enter_context(pair[1])
        got = []
        sources = []

        @task
        def watch_all():
            for number, (ours, _) in enumerate(pairs):
                def read(fd, condition, ours=ours, number=number):
                    got.append((number, ours.recv(10)))
                    return GLib.SOURCE_CONTINUE

                sources.append(watch(ours.fileno(), GLib.IOCondition.IN, read))

        await watch_all()
        for number in range(0, 300, 7):
            pairs[number][1].send(b'%d' % number)
        await harness.until(lambda: len(got) == 43)
        assert sorted(got) == [(number, b'%d' % number) for number in range(0, 300, 7)]

        async def measure():
            got.clear()
            start = time.monotonic()
            pairs[123][1].send(b'again')
            while not got:
                await asyncio.sleep(0)
            assert got == [(123, b'again')]
            return time.monotonic() - start

        assert await median_of(21, measure) < 0.02
        # Those that go are not watched any longer.
        for source in sources[:200]:
            GLib.source_remove(source)
        got.clear()
        pairs[5][1].send(b'unheard')
        pairs[250][1].send(b'heard')
        await harness.until(lambda: got)
        await harness.idle()
        assert got == [(250, b'heard')]
        for source in sources[200:]:
            GLib.source_remove(source)


@test
async def same_number():
    """A file descriptor that has the number of one that was closed is another one."""
    await Dag.delay(0)
    future = make_future()
    left = 50
    pair = None
    start = time.monotonic()

    def make():
        nonlocal pair
        pair = socket.socketpair()
        watch(pair[0].fileno(), GLib.IOCondition.IN, read)
        threading.Timer(0.001, pair[1].send, [b'x']).start()

    def read(fd, condition):
        nonlocal left
        left -= 1
        for each in pair:
            each.close()
        if left == 0:
            future.set_result(None)
        else:
            make()
            assert pair[0].fileno() == fd
        return GLib.SOURCE_REMOVE

    await task(make)()
    await future
    # Not when somebody happens to look.
    assert time.monotonic() - start < 1


@test
async def writable():
    """Waiting until something can be written, and for the other end to go."""
    await Dag.delay(0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        seen = asyncio.Queue()
        with contextlib.suppress(BlockingIOError):
            while True:
                ours.send(bytes(65536))

        def tell(fd, condition):
            seen.put_nowait(condition)
            return GLib.SOURCE_REMOVE

        @task
        def watch_it(condition):
            watch(ours.fileno(), condition, tell)

        await watch_it(GLib.IOCondition.OUT)
        await harness.idle()
        assert seen.empty()
        theirs.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                theirs.recv(65536)
        assert await seen.get() == GLib.IOCondition.OUT
        await watch_it(GLib.IOCondition.HUP)
        await harness.idle()
        assert seen.empty()
        theirs.close()
        assert await seen.get() & GLib.IOCondition.HUP


@test
async def always_ready():
    """What is always ready, as an ordinary file, is always ready."""
    await Dag.delay(0)
    future = make_future()
    left = 20
    with tempfile.TemporaryFile() as file:
        def count(fd, condition):
            nonlocal left
            left -= 1
            if left == 0:
                future.set_result(None)
            return left > 0

        await task(lambda: watch(file.fileno(), GLib.IOCondition.IN, count) and None)()
        await future
    # And one that is no file descriptor any more does no harm.
    ours, theirs = socket.socketpair()
    source = watch(ours.fileno(), GLib.IOCondition.IN, lambda *_: GLib.SOURCE_CONTINUE)
    await Dag.delay(0.01)
    ours.close()
    theirs.close()
    await Dag.delay(0.01)
    GLib.source_remove(source)
    await Dag.delay(0.01)


# Main loops inside of main loops


def run_until(condition):
    """What a dialog does."""
    main_loop = GLib.MainLoop()

    def look():
        if condition():
            main_loop.quit()
        return GLib.SOURCE_CONTINUE

    source = GLib.timeout_add(1, look)
    main_loop.run()
    GLib.source_remove(source)


@test
async def nested_in_function():
    """A main loop in a function keeps tasks that are functions going."""
    if KIND == 'gi':
        raise Skip('gi.events does not allow it')
    done = []

    @task
    def step(name, *before):
        done.append(name)
        return name

    @task
    def dialog():
        last = step('c', step('b', step('a')))
        assert Dag.current().get_name() == 'dialog'
        run_until(last.done)
        assert Dag.current().get_name() == 'dialog'
        return last.result()

    assert await dialog() == 'c'
    assert done == ['a', 'b', 'c']


@test
async def nested_coroutines():
    """A main loop in a function keeps coroutines going."""
    if KIND in ('asyncio', 'gi'):
        raise Skip(needs_nesting)

    @task
    async def count(n):
        for _ in range(n):
            await asyncio.sleep(0.001)
        return n

    @task
    def dialog():
        one = count(10)
        run_until(one.done)
        return one.result()

    before = count(15)
    assert await dialog() == 10
    assert await before == 15
    assert asyncio.current_task() is not None


@test
async def nested_in_coroutine():
    """A main loop in a coroutine keeps the others going, and asyncio knows which one runs."""
    if KIND != 'glib':
        raise Skip(needs_nesting)

    @task
    async def count(n):
        await asyncio.sleep(0.001)
        async with asyncio.timeout(10):
            for _ in range(n):
                await asyncio.sleep(0)
        return n

    @task
    async def dialog(depth):
        mine = asyncio.current_task()
        one = count(10)
        other = dialog(depth - 1) if depth > 0 else count(1)
        run_until(lambda: one.done() and other.done())
        assert asyncio.current_task() is mine
        await asyncio.sleep(0)
        assert asyncio.current_task() is mine
        return one.result()

    assert await dialog(3) == 10


@test
async def nested_in_callback():
    """A main loop in a callback of GLib's keeps tasks going."""
    if KIND == 'gi':
        raise Skip('gi.events does not allow it')
    shown = make_future()

    @task
    def work(value):
        return 2 * value

    def callback():
        one = work(work(10))
        run_until(one.done)
        shown.set_result(one.result())
        return GLib.SOURCE_REMOVE

    await task(lambda: GLib.idle_add(callback) and None)()
    assert await shown == 40


@test
async def main_context_of_functions():
    """In a function the main context of the loop is thread-default, as it is for Dag.gio()."""
    host = _loop.get_host()

    @task
    def look():
        return GLib.MainContext.ref_thread_default() == host.context

    assert await look()
    with host.entered():
        assert GLib.MainContext.ref_thread_default() == host.context


if sys.platform != 'linux':
    sys.exit('1..0 # SKIP File descriptors are watched with epoll')

harness.main()
