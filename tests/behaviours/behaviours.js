// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The behaviours, in JavaScript. What each test proves is the sentence in `list` by the same name.
// Calling, building, watching and running are here, the others in files of their own.

import Dag from 'gi://Dag?version=1';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

import {
    Door, assert, assertAlike, assertEquals, assertIsError, collects, idle, main, pending, stateOf,
    test, thrownIn, throwsIn, until,
} from '../javascript/harness.js';
import {addFailing} from './behaviours-failing.js';
import {addWaiting} from './behaviours-waiting.js';

const echo = Dag.task(async function echo(value) {
    return value;
});

const join = Dag.task(async function join(left, right) {
    return left + right;
});

/** A function that notes what it was called with, and returns that. */
function makeNote() {
    const notes = [];
    const note = Dag.task(function note(value) {
        notes.push(value);
        return value;
    });
    return [note, notes];
}

// Calling

test('calling-schedules', async () => {
    const [note, notes] = makeNote();
    note('ran');
    assertAlike(notes, []);
    await until(() => notes.length > 0);
    assertAlike(notes, ['ran']);
});

test('results', async () => {
    const object = new GObject.Object();
    const values = [
        undefined, null, true, -7, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n, 0.1, 'fünf', object,
    ];
    for (const value of values) {
        assertEquals(await echo(value), value);
        assertEquals(await echo(echo(value)), value);
    }
});

test('inputs', async () => {
    const left = pending();
    const both = join(left, echo('b'));
    await idle();
    assertEquals(stateOf(both), 'WAITING');
    left.door.open('a');
    assertEquals(await both, 'ab');
});

test('plain-arguments', async () => {
    const list = Dag.task((...args) => args);
    const args = [undefined, null, true, -7, 2n ** 63n, 0.5, 'text', Symbol.iterator, Math.max];
    for (const first of ['first', echo('first')]) {
        const values = await list(first, ...args);
        assertEquals(values.length, args.length + 1);
        assertEquals(values[0], 'first');
        args.forEach((arg, i) => assertEquals(values[i + 1], arg));
    }
});

test('shared-result', async () => {
    const [note, notes] = makeNote();
    const shared = note('s');
    assertEquals(await join(join(shared, 'x'), join(shared, shared)), 'sxss');
    assertAlike(notes, ['s']);
});

test('prerequisite', async () => {
    const [note, notes] = makeNote();
    const first = pending();
    const second = Dag.task(note, {after: [first]})('2');
    await idle();
    assertAlike(notes, []);
    first.door.open('1');
    assertEquals(await second, '2');

    const error = new Error('not before');
    const failing = Dag.task(() => {
        throw error;
    })();
    assertEquals(await thrownIn(Dag.task(note, {after: [failing]})('3')), error);
    assertAlike(notes, ['2']);
});

test('side-by-side', async () => {
    const a = pending();
    const b = pending();
    const afterA = echo(a);
    const afterBoth = join(a, b);
    await idle();
    assertEquals(stateOf(a), 'RUNNING');
    assertEquals(stateOf(b), 'RUNNING');

    a.door.open('a');
    assertEquals(await afterA, 'a');
    assertEquals(stateOf(b), 'RUNNING');
    assertEquals(stateOf(afterBoth), 'WAITING');

    b.door.open('b');
    assertEquals(await afterBoth, 'ab');
});

test('later-return', async () => {
    const door = new Door();
    const task = Dag.task(async function later(text) {
        await door.promise;
        return text;
    })('late');
    const dependent = echo(task);
    await until(() => stateOf(task) === 'RUNNING');
    await idle();
    assertEquals(stateOf(dependent), 'WAITING');
    door.open();
    assertEquals(await dependent, 'late');
});

test('followed-task', async () => {
    const follow = Dag.task(task => {
        const followed = task();
        follow.last = followed;
        return followed;
    });
    assertEquals(await join(follow(() => echo('followed')), '!'), 'followed!');

    const error = new Error('followed');
    const bad = follow(() => Dag.task(() => {
        throw error;
    })());
    assertEquals(await thrownIn(bad), error);
    assertEquals(bad.get_origin(), follow.last);
    assertEquals(stateOf(bad), 'FAILED');
});

// Building

test('dynamic', async () => {
    const outside = echo('ab');
    const repeat = Dag.task(times => {
        let last = outside;
        for (let i = 1; i < times; i++)
            last = join(last, outside);
        return last;
    });
    assertEquals(await repeat(echo(3)), 'ababab');
});

test('added-dependency', async () => {
    const first = pending();
    const second = pending();
    const states = [];
    const adder = Dag.task(() => {
        states.push(stateOf(task));
        task.add_prerequisite(first, Dag.Rule.SUCCEEDED);
    })();
    const task = echo('at last');
    await adder;
    assertAlike(states, ['READY']);
    await idle();
    assertEquals(stateOf(task), 'WAITING');

    task.add_prerequisite(second, Dag.Rule.SUCCEEDED);
    first.door.open();
    await idle();
    assertEquals(stateOf(task), 'WAITING');
    second.door.open();
    assertEquals(await task, 'at last');
});

async function assertRefused(task, dependency, code) {
    const state = stateOf(task);
    const error = throwsIn(() => task.add_prerequisite(dependency, Dag.Rule.SUCCEEDED));
    assertIsError(error, Dag.Error, code);
    await idle();
    assertEquals(stateOf(task), state);
}

test('late-dependency', async () => {
    const other = pending();
    const task = pending();
    await idle();
    assertEquals(stateOf(task), 'RUNNING');
    await assertRefused(task, other, Dag.Error.STARTED);

    task.door.open('done');
    assertEquals(await task, 'done');
    await assertRefused(task, other, Dag.Error.STARTED);
    other.door.open();
});

test('cycle', async () => {
    const head = pending();
    const above = echo(head);
    const below = echo(echo(above));
    await assertRefused(above, below, Dag.Error.CYCLE);
    await assertRefused(above, above, Dag.Error.CYCLE);
    head.door.open('straight');
    assertEquals(await below, 'straight');
});

test('hold', async () => {
    const task = echo('let go');
    task.hold();
    task.hold();
    await idle();
    assertEquals(stateOf(task), 'WAITING');

    task.release();
    await idle();
    assertEquals(stateOf(task), 'WAITING');

    task.release();
    assertEquals(await task, 'let go');
});

addFailing();
addWaiting();

// Watching

test('name', async () => {
    const task = echo('');
    const named = Dag.task(echo, {name: 'sound'})('');
    assertEquals(task.get_name(), 'echo');
    assertEquals(named.name, 'sound');
    named.name = 'noise';
    assertEquals(named.name, 'noise');
    await Dag.all([task, named]);
});

test('signals', async () => {
    const [note, notes] = makeNote();
    const task = note('body');
    const dependent = note(join(task, ' again'));
    task.connect('notify::state', () => notes.push(stateOf(task)));
    task.connect('started', () => notes.push(`started: ${stateOf(task)}`));
    task.connect('finished', () => notes.push(`finished: ${stateOf(task)}`));
    await dependent;
    assertAlike(notes, [
        'READY', 'RUNNING', 'started: RUNNING', 'body', 'SUCCEEDED', 'finished: SUCCEEDED',
        'body again',
    ]);
});

// Running

test('priority', async () => {
    const [note, notes] = makeNote();
    const low = Dag.task(note, {priority: GLib.PRIORITY_LOW});
    const high = Dag.task(note, {priority: GLib.PRIORITY_HIGH});
    await Dag.all([low(5), note(3), high(1), note(4), high(2)]);
    assertAlike(notes, [1, 2, 3, 4, 5]);
});

/**
 * What JavaScript has in memory after garbage was collected, in bytes. This and no weak references,
 * because they keep what they refer to in older versions of gjs.
 */
async function getMemory() {
    const [, path] = GLib.file_open_tmp('dag-memory-XXXXXX');
    await idle();
    System.gc();
    await idle();
    System.gc();
    System.dumpMemoryInfo(path);
    const [, contents] = GLib.file_get_contents(path);
    GLib.unlink(path);
    const info = JSON.parse(/\{[^]*\}/.exec(new TextDecoder().decode(contents))[0]);
    return info.gcBytes + info.mallocBytes;
}

test('freed', async () => {
    const [count, length] = [50, 10000];
    const makeBig = () => new Array(length).fill(0.5);
    const make = Dag.task(makeBig);
    const refuse = Dag.task(() => {
        throw makeBig();
    });
    const swallow = Dag.task(async function swallow() {
    });
    const pass = () => swallow(makeBig(), [make()]);
    const call = async fn => {
        const tasks = Array.from({length: count}, fn);
        await Dag.settled(tasks);
        return tasks;
    };

    // What is made once stays.
    for (const fn of [make, refuse, pass])
        await call(fn);
    const before = await getMemory();
    const assertUsed = async (condition, name) => {
        const used = (await getMemory() - before) / (count * length * 8);
        assert(condition(used), `${name}: ${used.toFixed(2)} of it is in memory`);
    };

    for (const fn of [make, refuse]) {
        let tasks = await call(fn);
        await assertUsed(used => used > 0.9, 'What somebody keeps');
        assertEquals(tasks.length, count);
        tasks = null;
        await assertUsed(used => used < 0.1, 'What nobody keeps');
    }
    const tasks = await call(pass);
    await assertUsed(used => used < 0.1, 'What was passed');
    assertEquals(tasks.length, count);
});

test('deep-chain', async () => {
    const length = collects ? 20 : 10000;
    const increment = Dag.task(async function increment(value) {
        return value + 1;
    });
    const error = new Error('at the head');
    let good = increment(0);
    let bad = increment(Dag.task(() => {
        throw error;
    })());
    for (let i = 1; i < length; i++) {
        good = increment(good);
        bad = increment(bad);
    }
    const [value, thrown] = await Promise.all([good, thrownIn(bad)]);
    assertEquals(value, length);
    assertEquals(thrown, error);
    assertEquals(stateOf(bad), 'SKIPPED');
});

main();
