// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Commands as tasks.

import Dag from 'gi://Dag?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {
    assert, assertAlike, assertCancelled, assertEquals, assertIsError, assertMatches, idle, main, stateOf,
    test, thrownIn, throwsIn,
} from './harness.js';

const echo = Dag.task(async function echo(value) {
    return value;
});

async function outputOf(argv, options) {
    return (await Dag.subprocess(argv, options)).stdout_text;
}

test('A command gives what it wrote, as bytes and as text, and how it ended', async () => {
    const task = Dag.subprocess(['sh', '-c', 'printf "a\\0\\377"; printf err >&2']);
    const result = await task;
    assertAlike([...result.stdout.toArray()], [97, 0, 255]);
    assertEquals(result.stderr_text, 'err');
    assertEquals(result.status, 0);
    assertEquals(result.signal, 0);
    assert(result.successful);
    assertEquals(task.get_name(), 'sh');
    assertEquals(task.get_process_result(), result);
});

test('A command reads text, bytes, or what tasks and promises give', async () => {
    assertEquals(await outputOf(['sort', '-u'], {input: 'b\na\nb\n'}), 'a\nb\n');
    assertEquals(await outputOf(['cat'], {input: new Uint8Array([120])}), 'x');
    assertEquals(await outputOf(['cat'], {input: new GLib.Bytes([121])}), 'y');
    assertEquals(await outputOf(['cat'], {input: echo('tädst')}), 'tädst');
    assertEquals(await outputOf(['cat'], {input: Promise.resolve('p')}), 'p');
    assertEquals(await outputOf(['cat'], {input: Dag.subprocess(['echo', 'piped'])}), 'piped\n');
    assertEquals(await outputOf(['cat'], {input: echo()}), '');
    assertEquals(await outputOf(['cat']), '');
    assert(await thrownIn(Dag.subprocess(['cat'], {input: 7})) instanceof TypeError);
});

test('The words of a command are of many kinds', async () => {
    const words = ['a b', 7, 0.5, Gio.File.new_for_path('/tmp'), new Uint8Array([0xc3, 0xa4]), ['x'],
        echo('y'), [echo(['z'])], Dag.subprocess(['echo', 'said'])];
    assertEquals(await outputOf(['printf', '<%s>', ...words]),
        '<a b><7><0.5></tmp><ä><x><y><z><said>');
    assert(await thrownIn(Dag.subprocess(['true', {}])) instanceof TypeError);
    assert(await thrownIn(Dag.subprocess([[]])) instanceof TypeError);
    assert(await thrownIn(Dag.subprocess(['true', 'a\0b'])) instanceof TypeError);
});

test('A command gets an environment and a folder, and everything else from a launcher', async () => {
    const script = 'printf "%s %s" "$PWD" "$WORD"';
    const env = {PATH: GLib.getenv('PATH'), WORD: 'wörd'};
    assertEquals(await outputOf(['sh', '-c', script], {env, cwd: '/'}), '/ wörd');
    const launcher = Gio.SubprocessLauncher.new(Gio.SubprocessFlags.STDERR_PIPE);
    launcher.set_stdout_file_path('/dev/null');
    const result = await Dag.subprocess(['sh', '-c', 'echo out; echo err >&2'], {launcher});
    assertEquals(result.stdout, null);
    assertEquals(result.stderr_text, 'err\n');
});

test('What cannot be in an environment, or a folder, is refused', async () => {
    for (const wrong of [{'A=B': 'c'}, {'': 'c'}, {'A\0': 'c'}, {A: 'c\0'}])
        assert(await thrownIn(Dag.subprocess(['true'], {env: wrong})) instanceof TypeError);
    assert(await thrownIn(Dag.subprocess(['true'], {cwd: '/\0'})) instanceof TypeError);
});

test('Wrong options of a command are refused', () => {
    const refuse = (fn, pattern) => {
        const error = throwsIn(fn);
        assert(error instanceof TypeError, `${error} should be a TypeError`);
        assertMatches(error.message, pattern);
    };
    refuse(() => Dag.subprocess('ls -l'), /ls -l is not the words/);
    refuse(() => Dag.subprocess([]), /not the words/);
    refuse(() => Dag.subprocess(['true'], {shell: true}), /no option shell/);
    refuse(() => Dag.subprocess(['true'], {cwd: 7}), /option cwd .* 7/);
    refuse(() => Dag.subprocess(['true'], {graceTime: -1}), /option graceTime .* -1/);
    refuse(() => Dag.subprocess(['true'], {cwd: '/', launcher: new Gio.SubprocessLauncher()}),
        /launcher has/);
});

test('A command that fails throws its last words, and what came of it', async () => {
    const task = Dag.subprocess(['sh', '-c', 'echo out; echo oops >&2; exit 3']);
    const dependent = echo(task);
    const error = await thrownIn(task);
    assertIsError(error, Dag.Error, Dag.Error.PROCESS_FAILED);
    assertMatches(error.message, /^sh -c .* ended with status 3: oops$/);
    assertEquals(error.result.status, 3);
    assertEquals(error.result.stdout_text, 'out\n');
    assertEquals(await thrownIn(dependent), error);
    assertEquals(task.get_process_result(), error.result);
    assertIsError(await thrownIn(Dag.subprocess(['/no/such/command'])),
        GLib.SpawnError, GLib.SpawnError.NOENT);
});

test('Without the check any status is a result', async () => {
    const result = await Dag.subprocess(['sh', '-c', 'exit 3'], {check: false});
    assertEquals(result.status, 3);
    assert(!result.successful);
});

test('A command whose input fails never runs', async () => {
    const broken = Dag.task(() => {
        throw new Error('broken');
    });
    const task = Dag.subprocess(['cat'], {input: broken()});
    assertEquals((await thrownIn(task)).message, 'broken');
    assertEquals(stateOf(task), 'SKIPPED');
});

test('A command that is cancelled or late is ended', async () => {
    for (const script of ['exec sleep 1000', 'trap "" TERM; exec sleep 1000']) {
        const argv = ['sh', '-c', script];
        const task = Dag.subprocess(argv, {graceTime: 10});
        await idle();
        assertEquals(stateOf(task), 'RUNNING');
        task.cancel();
        await assertCancelled(task);
        assertIsError(await thrownIn(Dag.subprocess(argv, {graceTime: 10, timeout: 20})),
            Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
    }
});

main();
