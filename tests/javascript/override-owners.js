// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Tasks that belong to an object, arguments that are not kept, and how long a dispatch lasts.

import Dag from 'gi://Dag?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

import {
    assert, assertAlike, assertCancelled, assertEquals, assertMatches, idle, pending, stateOf, test,
    throwsIn, until,
} from './harness.js';

const Window = GObject.registerClass({
    GTypeName: 'DagTestWindow',
    Properties: {
        title: GObject.ParamSpec.string('title', '', '', GObject.ParamFlags.READWRITE, null),
    },
    Signals: {
        'unmap': {},
        'moved': {param_types: [GObject.TYPE_INT]},
    },
}, class extends GObject.Object {});

const N = 10;

/** Calls a function with some objects that nobody keeps after that. */
function withLost(fn) {
    const results = [];
    for (let i = 0; i < N; i++)
        results.push(fn(new Window()));
    return results;
}

/** Collects garbage until some of those are gone: not all, because the stack may have one. */
async function untilGone(isGone) {
    await until(() => {
        System.gc();
        return isGone();
    });
}

function assertTypeError(fn, pattern) {
    const error = throwsIn(fn);
    assert(error instanceof TypeError, `${error} should be a TypeError`);
    assertMatches(error.message, pattern);
}

export function addOwners() {
    test('A task whose owner is disposed of is cancelled, and does not start', async () => {
        const window = new Window();
        const gate = pending();
        const calls = [];
        const call = Dag.task(value => calls.push(value), {owner: window});
        const ready = call(1);
        const waiting = call(gate);
        const needs = Dag.task(value => calls.push(value))(waiting);
        window.run_dispose();
        assert(ready.is_cancelled() && waiting.is_cancelled() && !gate.is_cancelled());
        await assertCancelled(ready);
        await assertCancelled(waiting);
        await assertCancelled(needs);
        assertEquals(stateOf(needs), 'SKIPPED');
        gate.door.open();
        await gate;
        await waiting.settle();
        assertAlike(calls, []);
    });

    test('A task that runs is asked to end when its owner is disposed of', async () => {
        const window = new Window();
        let cancellable;
        const task = Dag.task(async () => {
            cancellable = Dag.current().get_cancellable();
            await Dag.delay(1);
            return 17;
        }, {owner: window})();
        await until(() => cancellable !== undefined);
        window.run_dispose();
        await assertCancelled(task);
        assert(cancellable.is_cancelled());
    });

    test('A signal of the owner cancels, with its detail', async () => {
        const window = new Window();
        const tasks = ['unmap', 'moved', 'notify::title'].map(ownerSignal =>
            Dag.task(() => 17, {owner: window, ownerSignal})(pending()));
        window.emit('moved', 17);
        assertAlike(tasks.map(task => task.is_cancelled()), [false, true, false]);
        window.title = 'Title';
        assertAlike(tasks.map(task => task.is_cancelled()), [false, true, true]);
        window.emit('unmap');
        for (const task of tasks)
            await assertCancelled(task);
    });

    test('A task whose owner stays has its value, and any can be given one later', async () => {
        const window = new Window();
        const task = Dag.task(() => 17, {owner: window})();
        const other = pending();
        other.set_owner(window, 'unmap');
        other.set_owner(null, null);
        window.emit('unmap');
        assertEquals(await task, 17);
        window.run_dispose();
        assert(!task.is_cancelled() && !other.is_cancelled());
        other.door.open();
        await other;
    });

    test('Neither a function nor its calls keep their owner', async () => {
        const functions = [];
        const tasks = withLost(window => {
            const fn = Dag.task(() => 17, {owner: window, ownerSignal: 'unmap'});
            functions.push(Dag.task(fn, {name: 'decorated again'}));
            return fn(pending());
        });
        await untilGone(() => tasks.some(task => task.is_cancelled()));

        // And where it is gone, what is called is cancelled.
        const late = functions[tasks.findIndex(task => task.is_cancelled())]();
        assert(late.is_cancelled());
        await assertCancelled(late);
        tasks.forEach(task => task.cancel());
        for (const task of tasks)
            await assertCancelled(task);
    });

    test('What cannot be an owner is refused', () => {
        const owner = new Window();
        assertTypeError(() => Dag.task(() => {}, {owner: {}}), /owner.*an object of Object/);
        assertTypeError(() => Dag.task(() => {}, {owner, ownerSignal: 17}), /ownerSignal.*17/);
        assertTypeError(() => Dag.task(() => {}, {owner, ownerSignal: 'mapped'}),
            /has no signal mapped/);
        assertTypeError(() => Dag.task(() => {}, {ownerSignal: 'unmap'}), /needs an owner/);
        Dag.task(() => {}, {owner: null});
    });

    test('Another owner takes the place of that of a function', async () => {
        const first = new Window();
        const second = new Window();
        const fn = Dag.task(() => 17, {owner: first, ownerSignal: 'unmap'});
        const task = Dag.task(fn, {owner: second})(pending());
        const none = Dag.task(fn, {owner: null})();
        first.emit('unmap');
        second.emit('unmap');
        assert(!task.is_cancelled());
        second.run_dispose();
        await assertCancelled(task);
        assertEquals(await none, 17);
    });

    test('A weak argument arrives as the object, wherever it stands', async () => {
        const window = new Window();
        const list = Dag.task((...args) => args);
        const [first, second, {key}] = await list(
            Dag.weak(window), [Dag.weak(window), 1], {key: {window: Dag.weak(window)}});
        assertEquals(first, window);
        assertEquals(second[0], window);
        assertEquals(second[1], 1);
        assertEquals(key.window, window);

        const raw = Dag.task((...args) => args.map(arg => arg.result()), {raw: true});
        const [third, [fourth]] = await raw(Dag.weak(window), [Dag.weak(window)]);
        assertEquals(third, window);
        assertEquals(fourth, window);
    });

    test('A weak argument is not kept until the function is called, and null if it is gone', async () => {
        const gate = pending();
        const get = Dag.task((...args) => args[1]);
        const getRaw = Dag.task((...args) => args[1].result(), {raw: true});
        const watched = [];
        const tasks = withLost(window => {
            watched.push(Dag.Weak.new(window));
            return [get(gate, Dag.weak(window)), getRaw(gate, Dag.weak(window))];
        });
        await idle();
        await untilGone(() => watched.some(weak => weak.get() === null));
        const gone = watched.map(weak => weak.get() === null);
        gate.door.open();
        for (let i = 0; i < N; i++) {
            for (const task of tasks[i]) {
                const value = await task;
                assert(value === null || !gone[i] && value instanceof Window);
            }
        }
    });

    test('Only what is a GObject can be weak', () => {
        assertTypeError(() => Dag.weak({}), /is no GObject/);
        assertTypeError(() => Dag.weak(null), /null is no GObject/);
        assertTypeError(() => Dag.task(() => {}, {after: [Dag.weak(new Window())]}), /neither a task/);
    });

    test('Tasks of C take weak arguments', async () => {
        const action = new Gio.SimpleAction({name: 'action'});
        const weak = Dag.Weak.new(action);
        assertEquals(weak.get(), action);
        assertEquals(Dag.Weak.new(null).get(), null);
        const task = new Dag.Task({held: true});
        task.add_argument_weak_object(action);
        task.release();
        await task;
    });

    test('The budget and the background priority of the main context can be set', async () => {
        assertEquals(Dag.context_get_budget(null), 2000);
        assertEquals(Dag.context_get_background_priority(null), GLib.PRIORITY_HIGH_IDLE + 21);
        Dag.context_set_budget(null, 0);
        Dag.context_set_background_priority(null, GLib.PRIORITY_DEFAULT_IDLE);
        assertEquals(Dag.context_get_budget(null), 0);
        assertEquals(Dag.context_get_background_priority(null), GLib.PRIORITY_DEFAULT_IDLE);
        const tasks = [1, 2, 3].map(value => Dag.task(() => value)());
        assertAlike(await Dag.all(tasks), [1, 2, 3]);
        Dag.context_set_budget(null, 2000);
        Dag.context_set_background_priority(null, GLib.PRIORITY_HIGH_IDLE + 21);
    });
}
