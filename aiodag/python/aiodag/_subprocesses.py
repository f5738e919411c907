# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Commands as tasks."""

import asyncio
import numbers
import os

from gi.module import get_introspection_module
from gi.repository import Gio, GLib

from aiodag import _loop
from aiodag._times import to_milliseconds

Dag = get_introspection_module('Dag')
Task = Dag.Task


def _add_words(words, item):
    """Adds what C has of a word, or of the words in a list."""
    if isinstance(item, (list, tuple)):
        for each in item:
            _add_words(words, each)
        return
    if isinstance(item, (Dag.ProcessResult, Gio.File)):
        words.append(item)
        return
    if isinstance(item, numbers.Real) and not isinstance(item, bool):
        item = str(item)
    if not isinstance(item, (bytes, str, os.PathLike)):
        raise TypeError(f"'{type(item).__name__}' object cannot be a word of a command")
    item = os.fsencode(item)
    if b'\0' in item:
        raise ValueError('A word of a command cannot have a null character in it')
    try:
        words.append(item.decode())
    except UnicodeDecodeError:
        words.append(GLib.Bytes.new(item))


def _get_input(value):
    """What C has of what a command reads."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return GLib.Bytes.new(bytes(value))
    if value is None or isinstance(value, (Dag.ProcessResult, GLib.Bytes)):
        return value
    raise TypeError(f"'{type(value).__name__}' object cannot be what a command reads")


def _get_variable(name, value):
    name = os.fsdecode(name)
    if not name or '=' in name:
        raise ValueError(f'{name!r} cannot be the name of a variable')
    return f'{name}={os.fsdecode(value)}'


def _make_launcher(has_input, env, cwd):
    flags = Gio.SubprocessFlags.STDOUT_PIPE | Gio.SubprocessFlags.STDERR_PIPE
    if has_input:
        flags |= Gio.SubprocessFlags.STDIN_PIPE
    launcher = Gio.SubprocessLauncher.new(flags)
    if env is not None:
        launcher.set_environ([_get_variable(name, value) for name, value in env.items()])
    if cwd is not None:
        launcher.set_cwd(os.fsdecode(cwd))
    return launcher


async def run(argv, input, env, cwd, check, grace_time, launcher):
    """Runs a command until it is gone. Gives the task that knows how it ended."""
    words = []
    _add_words(words, argv)
    if not words:
        raise ValueError('The command is empty')
    input = _get_input(input)
    if launcher is None:
        launcher = _make_launcher(input is not None, env, cwd)
    elif env is not None or cwd is not None:
        raise ValueError('A launcher has the environment and the folder itself')
    with _loop.get_host().entered():
        child = Task.new_subprocess(launcher, words, input, bool(check),
                                    to_milliseconds(grace_time, 'a grace time'))
    try:
        await child.settle()
    except asyncio.CancelledError:
        child.cancel()
        await child.settle()
        raise
    except GeneratorExit:
        # The loop is closed: there is nobody to hear of it.
        child.get_cancellable().cancel()
        raise
    return child


def _get_bytes(get):
    def get_bytes(self):
        content = get(self)
        return None if content is None else content.get_data() or b''
    return get_bytes


def _repr(self):
    end = f'signal {self.signal}' if self.signal else f'status {self.status}'
    return f'<Dag.ProcessResult {end}>'


Result = Dag.ProcessResult
Result.stdout = property(_get_bytes(Result.get_stdout), doc="""
    What the command wrote to its standard output, as bytes; None if that was not a pipe.
""")
Result.stderr = property(_get_bytes(Result.get_stderr), doc="""
    What the command wrote to its standard error, as bytes; None if that was not a pipe.
""")
Result.stdout_text = property(Result.get_stdout_text)
Result.stderr_text = property(Result.get_stderr_text)
Result.status = property(Result.get_status, doc="""
    The exit status, -1 if a signal ended the command.
""")
Result.signal = property(Result.get_signal, doc="""
    The number of the signal that ended the command, 0 if none did.
""")
Result.successful = property(Result.get_successful)
Result.__repr__ = _repr
