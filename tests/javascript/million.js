// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Runs many tasks while garbage is collected, and checks that none is lost, that each runs once, and
// that every value is right.
//
//   million.js [N]
//
// N is 20,000 unless it is given; a run of 1,000,000 takes a few minutes. The tasks come in waves, of
// 2,000 each, of which every one depends on the one before: by its value, as a prerequisite, through
// an array, or raw. They return in every way that there is, and make garbage. It is collected in full
// now and then, and step by step whenever JavaScript sees fit. Speaks TAP.

import Dag from 'gi://Dag?version=1';
import GLib from 'gi://GLib';
import System from 'system';

const N = Number(ARGV[0] ?? 20000);
const WAVE = 2000;

const nCalls = new Uint8Array(N);
let nFaults = 0;
let garbage = [];

function check(condition, index, what) {
    if (condition)
        return;
    if (nFaults++ < 10)
        print(`# ${index}: ${what}`);
}

/** What the task of an index has as its value. */
const kinds = [
    index => index,
    index => `task ${index}`,
    index => ({index}),
    index => [index],
    index => BigInt(index) << 60n,
    () => undefined,
    () => null,
];

function getValue(index) {
    return kinds[index % kinds.length](index);
}

function isValue(value, index) {
    const expected = getValue(index);
    return typeof expected === 'object' && expected !== null
        ? JSON.stringify(value) === JSON.stringify(expected) : value === expected;
}

/** How a function ends with a value. */
const ends = [
    value => value,
    async value => value,
    async value => {
        await null;
        return value;
    },
    value => new Promise(resolve => resolve(value)),
    async value => {
        await Dag.delay(0);
        return value;
    },
    value => giveValue(value),
];

const giveValue = Dag.task(function giveValue(value) {
    return value;
});

/** Calls the function of an index, which has to be for the first time. */
function body(index, above, value) {
    nCalls[index]++;
    check(nCalls[index] === 1, index, 'it ran more than once');
    check(above < 0 || isValue(value, above), index, `it got ${String(value)} from ${above}`);
    garbage.push(Array.from({length: 200}, () => ({index})));
    if (garbage.length > 2000)
        garbage = [];
    if (index % 20000 === 9999)
        System.gc();
    return ends[index % ends.length](getValue(index));
}

const byValue = Dag.task(body);
const byArray = Dag.task((index, above, [value]) => body(index, above, value));
const raw = Dag.task((index, above, task) =>
    body(index.result(), above.result(), task.result()), {raw: true});
const isOne = Dag.task((index, above) => body(index, above, getValue(above)));

/** How a task depends on the one above. */
const dependencies = [
    (index, above, task) => byValue(index, above, task),
    (index, above, task) => byArray(index, above, [task]),
    (index, above, task) => raw(index, above, task),
    (index, above, task) => Dag.task(isOne, {after: [task]})(index, above),
];

function makeTask(index, above, task) {
    return task === undefined ? byValue(index, -1)
        : dependencies[index % dependencies.length](index, above, task);
}

async function runWave(first, length, last) {
    const tasks = [];
    for (let i = 0; i < length; i++) {
        // A few long chains, side by side, that begin where the wave before has ended.
        const task = i < 10 ? last : tasks[i - 10];
        tasks.push(makeTask(first + i, i < 10 ? first - 1 : first + i - 10, task));
    }
    const values = await Dag.all(tasks.slice(-10));
    values.forEach((value, i) => {
        const index = first + length - values.length + i;
        check(isValue(value, index), index, `it has the value ${String(value)}`);
    });
    return {last: tasks.at(-1)};
}

async function main() {
    let last;
    for (let i = 0; i < N; i += WAVE)
        ({last} = await runWave(i, Math.min(WAVE, N - i), last));
    nCalls.forEach((n, index) => check(n === 1, index, `it ran ${n} times`));
}

const start = GLib.get_monotonic_time();
let isOver = false;
main().catch(thrown => {
    nFaults++;
    print(`# ${thrown}\n# ${thrown.stack}`);
}).then(() => {
    isOver = true;
});
const context = GLib.MainContext.default();
while (!isOver)
    context.iteration(true);

const seconds = (GLib.get_monotonic_time() - start) / 1e6;
print('1..1');
print(`${nFaults === 0 ? 'ok' : 'not ok'} 1 ${N} tasks ran once and have their values`);
print(`# ${(seconds / N * 1e6).toFixed(1)} µs a task`);
System.exit(nFaults === 0 ? 0 : 1);
