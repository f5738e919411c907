# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Commands as tasks."""

import asyncio
import os
import pathlib

import harness
from harness import Dag, GLib, fails, pending, raises, test, until

from aiodag import subprocess, task


@task
async def echo(value=None):
    return value


@task
async def broken():
    raise OSError('No such thing')


def assert_no_child():
    """There is no child of ours, not even a dead one. (The harness is our parent.)"""
    raises(ChildProcessError, os.waitpid, -1, os.WNOHANG)


def is_process_failure(error):
    return error.matches(Dag.Error.quark(), Dag.Error.PROCESS_FAILED)


@test
async def result():
    """A command gives what it wrote, as bytes, and how it ended."""
    made = subprocess('sh', '-c', 'printf "a\\0b\\377"; printf err >&2')
    out = await made
    assert out.stdout == b'a\0b\xff' and out.stderr == b'err' and out.stderr_text == 'err'
    assert out.status == 0 and out.signal == 0 and out.successful
    assert made.get_name() == 'sh' and made.get_process_result() is out
    assert (await subprocess('true')).stdout == b''
    assert 'status 0' in repr(out)
    assert_no_child()


@test
async def given():
    """What a command reads is text, bytes, or what can be awaited and gives these."""
    assert (await subprocess('sort', '-u', input='b\na\nb\n')).stdout == b'a\nb\n'
    assert (await subprocess('cat', input=b'\0\xff')).stdout == b'\0\xff'
    assert (await subprocess('cat', input=memoryview(b'view'))).stdout == b'view'
    assert (await subprocess('cat', input=echo('tädst'))).stdout_text == 'tädst'
    assert (await subprocess('cat', input=asyncio.sleep(0, b'slept'))).stdout == b'slept'
    assert (await subprocess('cat', input=subprocess('echo', 'piped'))).stdout == b'piped\n'
    assert (await subprocess('cat', input=echo(None))).stdout == b''
    await fails(TypeError, subprocess('cat', input=7))


@test
async def words():
    """The words of a command are strings, bytes, paths, numbers, lists, results, and what can be
    awaited and gives these."""
    out = await subprocess('printf', '<%s>', 'a b', b'\xc3\xa4', pathlib.Path('/tmp'), 7, 0.5,
                           ['x', ('y',)], echo(['z', 1]), [echo('in'), Dag.gather(echo('all'))],
                           subprocess('echo', 'said'))
    assert out.stdout.decode() == '<a b><ä></tmp><7><0.5><x><y><z><1><in><all><said>'
    out = await subprocess('printf', '%s', os.fsdecode(b'\xff'))
    assert out.stdout == b'\xff'
    raises(TypeError, subprocess)
    raises(TypeError, subprocess, 'true', shell=True)
    await fails(TypeError, subprocess('true', object()))
    await fails(TypeError, subprocess('true', echo(None)))
    await fails(ValueError, subprocess('true', 'a\0b'))
    await fails(ValueError, subprocess([]))


@test
async def surroundings():
    """A command gets an environment and a folder, and everything else from a launcher."""
    from gi.repository import Gio
    show = 'printf "%s %s" "$PWD" "$DAG_WORD"'
    out = await subprocess('sh', '-c', show, env={**os.environ, 'DAG_WORD': 'wörd'},
                           cwd=pathlib.Path('/'))
    assert out.stdout.decode() == '/ wörd'
    launcher = Gio.SubprocessLauncher.new(Gio.SubprocessFlags.STDOUT_PIPE |
                                          Gio.SubprocessFlags.STDERR_MERGE)
    out = await subprocess('sh', '-c', 'echo err >&2', launcher=launcher)
    assert out.stdout == b'err\n' and out.stderr is None
    await fails(ValueError, subprocess('true', launcher=launcher, cwd='/'))
    for env in {'A=B': 'c'}, {'': 'c'}, {b'=': b'c'}, {'A\0': 'c'}, {'A': 'c\0'}:
        await fails(ValueError, subprocess('true', env=env))
    await fails(ValueError, subprocess('true', cwd='/\0'))


@test
async def failing():
    """A command that fails raises a GLib.Error with its last words, which has the result."""
    made = subprocess('sh', '-c', 'echo out; echo oops >&2; exit 3')
    dependent = echo(made)
    error = await fails(GLib.Error, made)
    assert is_process_failure(error)
    assert "sh -c 'echo out; echo oops >&2; exit 3' ended with status 3: oops" == error.message
    assert error.result.status == 3 and error.result.stdout == b'out\n'
    assert await fails(GLib.Error, dependent) is error is made.exception()
    assert dependent.get_state() == Dag.State.SKIPPED

    error = await fails(GLib.Error, subprocess('/no/such/command'))
    assert error.matches(GLib.spawn_error_quark(), GLib.SpawnError.NOENT)
    assert '/no/such/command' in error.message
    error = await fails(GLib.Error, subprocess('sh', '-c', 'kill -9 $$'))
    assert error.result.signal == 9 and error.result.status == -1


@test
async def unchecked():
    """With check=False any status is a result."""
    out = await subprocess('sh', '-c', 'exit 3', check=False)
    assert out.status == 3 and not out.successful


@test
async def skipped():
    """A command whose input fails never runs."""
    made = subprocess('cat', input=broken())
    await fails(OSError, made)
    assert made.get_state() == Dag.State.SKIPPED


@test
async def cancelled():
    """A command that is cancelled or late is ended, and has ended when its task has."""
    for script in 'exec sleep 1000', 'trap "" TERM; exec sleep 1000':
        made = subprocess('sh', '-c', script, grace_time=0.01)
        await until(lambda: made.get_state() == Dag.State.RUNNING)
        made.cancel()
        await fails(asyncio.CancelledError, made)
        assert made.cancelled()
        assert_no_child()

        made = subprocess('sh', '-c', script, grace_time=0.01, timeout=0.02)
        await fails(TimeoutError, made)
        assert_no_child()
    made = subprocess('true', deadline=0.01, input=pending(door := harness.Door()))
    await fails(TimeoutError, made)
    door.open()
    await fails(ValueError, subprocess('true', grace_time=-1))


@test
async def feeds():
    """A result of a command feeds functions, and their results feed commands."""
    @task
    def shout(out):
        return out.stdout.decode().upper()

    out = await subprocess('tr', 'A', 'O', input=shout(subprocess('echo', 'haha')))
    assert out.stdout == b'HOHO\n'


harness.main()
