// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Runs tests and speaks TAP.
//
//     import {assertEquals, main, test} from './harness.js';
//
//     test('A function that returns nothing has the value undefined', async () => {
//         assertEquals(await Dag.task(() => {})(), undefined);
//     });
//
//     main();
//
// A test fails too if anything was written to stderr that it did not ask for with said().
//
//   PROGRAM [-l] [NAME…]
//
// -l prints the names, and NAME… runs only the tests whose names contain one of them. With
// DAG_TEST_GC set, garbage is collected between any two steps.

import Dag from 'gi://Dag?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

/** Whether garbage is collected between any two steps, so that these cost more. */
export const collects = GLib.getenv('DAG_TEST_GC') !== null;

const STDERR = 'DAG_TEST_STDERR';
const tests = [];

// Assertions

export class AssertionError extends Error {
    get name() {
        return 'AssertionError';
    }
}

export function show(value) {
    try {
        return typeof value === 'string' ? JSON.stringify(value) : String(value);
    } catch {
        return Object.prototype.toString.call(value);
    }
}

export function assert(condition, message = 'This should be true') {
    if (!condition)
        throw new AssertionError(message);
}

export function assertEquals(actual, expected, message = '') {
    assert(Object.is(actual, expected),
        `${message}${message && ': '}${show(actual)} should be ${show(expected)}`);
}

/** That two things look the same in JSON. */
export function assertAlike(actual, expected) {
    assertEquals(JSON.stringify(actual), JSON.stringify(expected));
}

export function assertMatches(text, pattern) {
    assert(pattern.test(text), `${show(text)} should match ${pattern}`);
}

/** Returns what a function throws. */
export function throwsIn(fn) {
    try {
        fn();
    } catch (thrown) {
        return thrown;
    }
    throw new AssertionError(`${fn} should throw`);
}

/** Returns what a promise or a task is rejected with. */
export function thrownIn(promise) {
    return promise.then(
        value => {
            throw new AssertionError(`This should fail, and has the value ${show(value)}`);
        },
        thrown => thrown);
}

export function assertIsError(thrown, domain, code) {
    assert(thrown instanceof GLib.Error && thrown.matches(domain, code),
        `${show(thrown)} should be an error ${code} of ${domain}`);
}

export async function assertCancelled(task) {
    assertIsError(await thrownIn(task), Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
    assertEquals(task.get_reason(), Dag.Reason.CANCELLATION);
}

// The main loop. Nothing here waits for a callback, which could be lost while garbage is collected.

const context = GLib.MainContext.default();
let turners = [];
let idlers = [];

function callAll(functions) {
    for (const each of functions)
        each();
}

/** Iterates the main loop until a promise is settled. */
export function run(promise) {
    let end;
    promise.then(value => {
        end = () => value;
    }, thrown => {
        end = () => {
            throw thrown;
        };
    });
    while (end === undefined) {
        const wasBusy = context.iteration(false);
        if (collects)
            System.gc();
        callAll(turners.splice(0));
        if (wasBusy)
            continue;
        if (idlers.length > 0)
            callAll(idlers.splice(0));
        else if (!context.pending())
            context.iteration(true);
    }
    return end();
}

/** Waits until the main loop has gone round once. */
export function turn() {
    return new Promise(resolve => turners.push(resolve));
}

/** Waits until there is nothing that could be done now. */
export function idle() {
    return new Promise(resolve => idlers.push(resolve));
}

/** Waits for a condition. */
export async function until(condition) {
    while (!condition())
        await turn();
}

// Tasks

/** Where a function waits until the test lets it go on. */
export class Door {
    constructor() {
        this.promise = new Promise((resolve, reject) => {
            this.open = resolve;
            this.fail = reject;
        });
        // Nobody may have come to it yet.
        this.promise.catch(() => {});
    }
}

/** Makes a task that ends as the test says, through `task.door`. */
export function pending(...after) {
    const door = new Door();
    const task = Dag.task(function pending() {
        return door.promise;
    }, {after})();
    task.door = door;
    return task;
}

/** The name of the state of a task. */
export function stateOf(task) {
    return Object.keys(Dag.State).find(key => Dag.State[key] === task.get_state());
}

// Tests

/** Has `test` run, which may be asynchronous. */
export function test(name, fn) {
    tests.push({name, fn});
}

let nSeen = 0;

/** What was written to stderr since the last time. */
export function said() {
    const [, contents] = GLib.file_get_contents(GLib.getenv(STDERR));
    const text = new TextDecoder().decode(contents.subarray(nSeen));
    nSeen = contents.length;
    return text;
}

function comment(text) {
    const lines = text.trimEnd().split('\n');
    if (lines.length > 60)
        lines.splice(30, lines.length - 60, '…');
    for (const line of lines)
        print(`# ${line}`);
}

/** Collects garbage before and after every call of the library. */
function collectAlways() {
    const collectAround = (prototype, name) => {
        const original = prototype[name];
        prototype[name] = function (...args) {
            System.gc();
            const result = original.apply(this, args);
            System.gc();
            return result;
        };
    };
    for (const name of ['await', 'fail', 'new_small_task', 'new_task', 'settle', 'take'])
        collectAround(Dag.Runner.prototype, name);
    for (const name of ['then', 'return', 'return_skip', 'return_task', 'return_value'])
        collectAround(Dag.Task.prototype, name);

    // The functions that become tasks, and what they go on with.
    const {task} = Dag;
    const made = new WeakSet();
    Dag.task = (fn, options) => {
        let wrapped = fn;
        if (typeof fn === 'function' && !made.has(fn)) {
            wrapped = function (...args) {
                System.gc();
                try {
                    return fn.apply(this, args);
                } finally {
                    System.gc();
                }
            };
            Object.defineProperty(wrapped, 'name', {value: fn.name});
        }
        const result = task(wrapped, options);
        made.add(result);
        return result;
    };
}

if (collects)
    collectAlways();

function runTest({fn}) {
    try {
        run((async () => {
            await fn();
            await idle();
        })());
    } catch (thrown) {
        return `${thrown}\n${thrown?.stack ?? ''}\n${said()}`;
    }
    const text = said();
    return text === '' ? null : `It wrote to stderr:\n${text}`;
}

function runTests(args) {
    const chosen = tests.filter(({name}) =>
        args.length === 0 || args.some(arg => name.includes(arg)));
    print(`1..${chosen.length}`);
    let nFailed = 0;
    chosen.forEach((each, i) => {
        const problem = runTest(each);
        print(`${problem === null ? 'ok' : 'not ok'} ${i + 1} ${each.name}`);
        if (problem !== null) {
            nFailed++;
            comment(problem);
        }
    });
    return nFailed > 0 ? 1 : 0;
}

/** Runs the program once more, with stderr in a file. */
function runElsewhere() {
    const [, path] = GLib.file_open_tmp('dag-test-XXXXXX');
    const launcher = Gio.SubprocessLauncher.new(Gio.SubprocessFlags.NONE);
    launcher.setenv(STDERR, path, true);
    launcher.set_stderr_file_path(path);
    const child = launcher.spawnv(['gjs', '-m', System.programPath, ...ARGV]);
    child.wait(null);

    if (!child.get_if_exited()) {
        const [, contents] = GLib.file_get_contents(path);
        comment(new TextDecoder().decode(contents));
        print(`Bail out! Killed by signal ${child.get_term_sig()}`);
    }
    GLib.unlink(path);
    return child.get_if_exited() ? child.get_exit_status() : 1;
}

export function main() {
    let status = 0;
    if (ARGV.includes('-l'))
        print(tests.map(({name}) => name).join('\n'));
    else if (GLib.getenv(STDERR) === null)
        status = runElsewhere();
    else
        status = runTests(ARGV);
    System.exit(status);
}
