# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs tests and speaks TAP, on the kind of loop that DAG_TEST_LOOP says.

    import harness
    from harness import test

    @test
    async def none():
        '''A body that returns nothing has the result None.'''
        assert await task(lambda: None)() is None

    harness.main()

The first paragraph of the docstring is the name of a test, unless @test('name') gives another. One
that is an asynchronous function runs on a loop of its own. A test fails too if anything was written
to stderr that it did not ask for with said(), and if it leaves calls behind.

  PROGRAM [-l] [NAME…]

-l prints the names, and NAME… runs only the tests whose names contain one of them. With DAG_TEST_GC
set, garbage is collected between any two steps.
"""

import asyncio
import faulthandler
import functools
import gc
import importlib.util
import inspect
import os
import sys
import tempfile
import traceback

TIMEOUT = 120  # seconds, for a test


def _capture():
    """Has stderr go to a file. Who dies cannot tell any more: a parent process does."""
    capture = tempfile.TemporaryFile()
    child = os.fork()
    if child != 0:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        capture.seek(0)
        text = capture.read().decode(errors='replace')
        _comment(text)
        if code < 0:
            print(f'Bail out! Killed by signal {-code}')
        elif text:
            print('Bail out! There was something to say at the end')
        sys.stdout.flush()
        os._exit(1 if text else code & 0xff)
    os.dup2(capture.fileno(), sys.stderr.fileno())
    return capture


def _comment(text):
    lines = text.splitlines()
    if len(lines) > 60:
        lines[30:-30] = ['…']
    for line in lines:
        print(f'# {line}')
    sys.stdout.flush()


# (Not in a process that the program starts for an executor.)
_program = sys.modules['__main__']
if __name__ != '__main__' and sys.modules.get('__mp_main__', _program) is _program:
    _captured = _capture()

import gi  # noqa: E402

gi.require_version('Dag', '1')
from gi.repository import Dag, GLib  # noqa: E402
from aiodag import _calls, _host, _loop, _waits  # noqa: E402

KIND = os.environ.get('DAG_TEST_LOOP', 'asyncio')

_tests = []


# Tests


def test(function, name=None):
    """Registers a test; with a string, gives what does so by that name."""
    if isinstance(function, str):
        return lambda actual: test(actual, function)
    _tests.append((name or ' '.join(inspect.getdoc(function).partition('\n\n')[0].split()),
                   function))
    return function


class Skip(Exception):
    """A test cannot be run here, and why."""


def said():
    """What was written to stderr since the last time."""
    sys.stderr.flush()
    _captured.seek(0)
    text = _captured.read().decode(errors='replace')
    _captured.seek(0)
    _captured.truncate()
    return text


def get_calls():
    """The calls that have not ended."""
    return [job for host in _host.hosts for job in host.jobs.values()
            if isinstance(job, _calls.Call)]


def _run_test(function):
    if inspect.iscoroutinefunction(function):
        run(function())
    else:
        function()
    gc.collect()
    text = said()
    assert not text, f'It wrote to stderr:\n{text}'
    assert not get_calls(), f'It left calls behind: {get_calls()}'


def _get_problem(function):
    """Why a test has failed, if it has."""
    try:
        _run_test(function)
    except Skip:
        raise
    except BaseException:
        return traceback.format_exc() + said()
    return None


def main():
    arguments = sys.argv[1:]
    if '-l' in arguments:
        print(*(name for name, _ in _tests), sep='\n')
        return
    chosen = [item for item in _tests
              if not arguments or any(argument in item[0] for argument in arguments)]
    if os.environ.get('DAG_TEST_GC'):
        _collect_always()
    faulthandler.enable()
    failed = False
    print(f'1..{len(chosen)}', flush=True)
    for number, (name, function) in enumerate(chosen, 1):
        faulthandler.dump_traceback_later(TIMEOUT, exit=True)
        try:
            problem = _get_problem(function)
        except Skip as skip:
            print(f'ok {number} {name} # SKIP {skip}', flush=True)
            continue
        finally:
            faulthandler.cancel_dump_traceback_later()
        failed |= problem is not None
        print(f"{'ok' if problem is None else 'not ok'} {number} {name}", flush=True)
        _comment(problem or '')
    sys.exit(failed)


def _collect_always():
    """Collects garbage whenever an object is made, and all of it between any two steps."""
    gc.collect()
    # So that what is there already does not cost anything.
    gc.freeze()
    gc.set_threshold(1, 1, 1)

    def surround(cls, name):
        step = getattr(cls, name)

        @functools.wraps(step)
        def collect_around(*args):
            gc.collect()
            result = step(*args)
            gc.collect()
            return result
        setattr(cls, name, collect_around)

    for name in 'start', 'stop', '_work_is_done':
        surround(_calls.Call, name)
    for name in 'start', 'stop':
        surround(_waits.Wait, name)


# Loops


def _run_with(make_loop, coroutine):
    with asyncio.Runner(loop_factory=make_loop) as runner:
        return runner.run(coroutine)


def _run_on_gi(coroutine):
    import gi.events
    return _run_with(gi.events.GLibEventLoopPolicy().get_event_loop, coroutine)


def _run_on_gbulb(coroutine):
    import gbulb
    return _run_with(gbulb.GLibEventLoopPolicy().new_event_loop, coroutine)


_RUN = {
    'asyncio': asyncio.run,
    'glib': Dag.run,
    'gi': _run_on_gi,
    'gbulb': _run_on_gbulb,
}


def run(coroutine):
    """Runs a coroutine on a new loop."""
    return _RUN[KIND](coroutine)


def get_available():
    """The kinds of loops that there are here."""
    if importlib.util.find_spec('gi.events'):
        # Its main loops run with no loop that is not its own, as gbulb's.
        return ['asyncio', 'glib', 'gi']
    if importlib.util.find_spec('gbulb'):
        return ['asyncio', 'glib', 'gbulb']
    return ['asyncio', 'glib']


# Conditions


async def until(condition):
    """Waits for a condition."""
    while not condition():
        await asyncio.sleep(0)


async def idle():
    """Waits until there is nothing more to do that could be done now."""
    host = _loop.get_host()
    for _ in range(3):
        await asyncio.sleep(0)
        future = asyncio.get_running_loop().create_future()
        source = GLib.idle_source_new()
        source.set_priority(GLib.PRIORITY_LOW)
        source.set_callback(lambda *_, future=future: future.set_result(None))
        source.attach(host.context)
        host.kick()
        await future


class Door:
    """Where a body waits until the test lets it go on."""

    def __init__(self):
        self.reached = 0
        self._opened = asyncio.Event()
        self._value = None
        self._exception = None

    async def wait(self):
        self.reached += 1
        await self._opened.wait()
        if self._exception is not None:
            raise self._exception
        return self._value

    def open(self, value=None):
        self._value = value
        self._opened.set()

    def fail(self, exception):
        self._exception = exception
        self._opened.set()


@Dag.task
async def pending(door):
    """Ends as the test says."""
    return await door.wait()


def raises(kind, function, *args, **kwargs):
    """The exception of this type that a call raises."""
    try:
        result = function(*args, **kwargs)
    except kind as exception:
        return exception
    raise AssertionError(f'{kind.__name__} was not raised, but the result is {result!r}')


async def fails(kind, awaitable):
    """The exception of this type that something ends with."""
    try:
        result = await awaitable
    except kind as exception:
        return exception
    raise AssertionError(f'{kind.__name__} was not raised, but the result is {result!r}')


if __name__ == '__main__':
    print(*get_available(), sep='\n')
