// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Waiting for tasks, and tasks that are made of others.

import Dag from 'gi://Dag?version=1';
import Gio from 'gi://Gio';

import {
    assert, assertAlike, assertCancelled, assertEquals, assertIsError, assertMatches, idle, pending,
    stateOf, test, thrownIn, throwsIn,
} from './harness.js';

const echo = Dag.task(async function echo(value) {
    return value;
});

const fail = Dag.task(async function fail(thrown) {
    throw thrown;
});

function addPromising() {
    test('Tasks do as promises do, those of C too', async () => {
        const makers = [() => Dag.Task.new_delay(1), () => Dag.Task.new_for_value(null), () => echo()];
        for (const make of makers) {
            assertEquals(await make(), undefined);
            assertEquals(await make().then(() => 'then'), 'then');
            assertEquals(await make().finally(() => 'ignored'), undefined);
            assertEquals(await make().catch(() => 'ignored'), undefined);
            assertAlike(await Promise.all([make(), echo(1)]), [null, 1]);
            assertEquals(await Promise.race([make(), new Promise(() => {})]), undefined);
            assertEquals(await Promise.resolve(make()), undefined);
        }
    });

    test('A failed task does as a rejected promise does', async () => {
        const error = new Error('on purpose');
        assertEquals(await fail(error).catch(thrown => thrown), error);
        assertEquals(await fail(error).then(null, thrown => thrown), error);
        assertEquals(await thrownIn(fail(error).then(() => 'not called')), error);
        assertEquals(await thrownIn(fail(error).finally(() => 'ignored')), error);
        assertEquals(await thrownIn(Promise.all([echo(1), fail(error)])), error);
        assertEquals(await Promise.any([fail(error), echo(1)]), 1);
        const [{reason}] = await Promise.allSettled([fail(error)]);
        assertEquals(reason, error);
    });

    test('Who waits hears in the order of asking, before and after the end', async () => {
        const task = pending();
        const notes = [];
        for (const i of [1, 2, 3])
            task.then(() => notes.push(i));
        await idle();
        task.then(() => notes.push(4));
        task.door.open();
        await task;
        assertAlike(notes, [1, 2, 3, 4]);
        task.then(() => notes.push(5));
        assertAlike(notes, [1, 2, 3, 4]);
        await idle();
        assertAlike(notes, [1, 2, 3, 4, 5]);
    });

    test('The result of a task can be had when it has finished, and not before', async () => {
        const task = pending();
        assertMatches(throwsIn(() => task.result()).message, /^pending has not finished$/);
        await idle();
        assertMatches(throwsIn(() => task.result()).message, /^pending has not finished$/);
        assertMatches(throwsIn(() => Dag.task(() => {})().result()).message, /^The task has not/);
        task.door.open('value');
        await task;
        assertEquals(task.result(), 'value');

        const bad = fail('thrown');
        await thrownIn(bad);
        assertEquals(throwsIn(() => bad.result()), 'thrown');
        const skipped = Dag.task(Dag.skip)();
        await skipped.settle();
        assertIsError(throwsIn(() => skipped.result()), Dag.Error, Dag.Error.NOT_NEEDED);
    });

    test('A wait ends with its cancellable, and as the task does', async () => {
        const cancelled = new Gio.Cancellable();
        cancelled.cancel();
        const task = pending();
        const {CANCELLED} = Gio.IOErrorEnum;
        assertIsError(await thrownIn(task.await(cancelled)), Gio.IOErrorEnum, CANCELLED);
        assertMatches(throwsIn(() => task.await({})).message, /cancellable/);

        const error = new Error('broken');
        const waits = [null, undefined, new Gio.Cancellable()].map(each => task.await(each));
        task.door.fail(error);
        for (const wait of waits)
            assertEquals(await thrownIn(wait), error);
        assertEquals(await echo('value').await(null), 'value');
    });

    test('A script can run the main loop until a task or a promise has ended', () => {
        const object = {};
        const error = new Error('on purpose');
        for (const make of [Dag.task(value => value), async value => value]) {
            assertEquals(Dag.run(make(object)), object);
            assertEquals(Dag.run(make()), undefined);
        }
        for (const make of [fail, Promise.reject.bind(Promise)])
            assertEquals(throwsIn(() => Dag.run(make(error))), error);
        assertMatches(throwsIn(() => Dag.run(5)).message, /5 is neither a task nor a promise/);
    });

    test('Waiting until a task has settled never fails', async () => {
        const tasks = [echo(), Dag.Task.new_delay(1), Dag.Task.new_for_value(null), echo()];
        tasks.at(-1).cancel();
        for (const task of tasks) {
            assertEquals(await task.settle(), undefined);
            assert(task.settled);
        }
        const bad = fail('looked at');
        bad.catch(() => {});
        assertEquals(await bad.settle(), undefined);
    });
}

function addCombining() {
    test('All takes promises and plain values, nested too, and any iterable', async () => {
        const object = {};
        const list = [echo(1), Promise.resolve(2), 3, object, [echo(4)], {five: echo(5)}];
        assertAlike(await Dag.all(list), [1, 2, 3, {}, [4], {five: 5}]);
        assertEquals((await Dag.all(list))[3], object);
        assertAlike(await Dag.all(new Set([echo(1), 2])), [1, 2]);

        const plain = [1, 2];
        assert(await Dag.all(plain) !== plain);
        assertAlike(await Dag.all(plain), plain);
        assertEquals(Dag.all([]).get_name(), 'all');
    });

    test('Settled, any and race take promises and plain values, and any iterable', async () => {
        const object = {};
        const rejected = Promise.reject(new Error('looked at'));
        const tasks = await Dag.settled(new Set([rejected, object, echo(1)]));
        assertAlike(tasks.map(stateOf), ['FAILED', 'SUCCEEDED', 'SUCCEEDED']);
        assertEquals(tasks[1].result(), object);
        assertEquals(await Dag.any([fail('passed over'), object]), object);
        assertEquals(await Dag.any([rejected, Promise.resolve(object)]), object);
        assertEquals(await Dag.race(new Set([object])), object);
    });

    test('What is no list is a TypeError', () => {
        for (const combine of [Dag.all, Dag.any, Dag.race, Dag.settled]) {
            for (const value of [undefined, null, 5])
                assert(throwsIn(() => combine(value)) instanceof TypeError);
        }
    });

    test('Any and race cancel the others if they are told to', async () => {
        for (const combine of [Dag.any, Dag.race]) {
            const left = [pending(), pending()];
            const shared = pending();
            const first = combine([echo('first'), left[0], shared], {cancelOthers: true});
            const second = combine([echo('second'), left[1]]);
            const user = echo(shared);
            assertEquals(await first, 'first');
            assertEquals(await second, 'second');
            await idle();
            assertAlike([...left, shared].map(task => task.is_cancelled()), [true, false, false]);
            shared.door.open('shared');
            assertEquals(await user, 'shared');
            left.forEach(task => task.door.open());
        }
    });

    test('A delay has a value, and begins when that is there', async () => {
        const object = {};
        assertEquals(await Dag.delay(1, object), object);
        assertEquals(await Dag.delay(1, echo(object)), object);
        assertEquals(await Dag.any([Dag.delay(1, object)]), object);
        assertEquals(Dag.delay(1).get_name(), 'delay');
        assertEquals(Dag.delay(1, 2).get_name(), 'delay');
        const bad = Dag.delay(1, fail('no value'));
        assertEquals(await thrownIn(bad), 'no value');
        assertEquals(stateOf(bad), 'SKIPPED');
    });

    test('Of a delay that is cancelled nothing is left', async () => {
        const delay = Dag.delay(2 ** 30, 'never');
        await idle();
        delay.cancel();
        await assertCancelled(delay);
        await delay.settle();
    });

    test('Results of C are lists', async () => {
        const tasks = [echo(1), echo({})];
        const results = await Dag.Task.new_all(tasks);
        const seen = [];
        for (const task of results)
            seen.push(task);
        assertEquals(seen.length, 2);
        seen.forEach((task, i) => assertEquals(task, tasks[i]));
        assertEquals([...await Dag.Task.new_all([])].length, 0);
    });

    test('A task that has to decline is skipped, wherever it says so', async () => {
        const {NOT_NEEDED} = Dag.Error;
        for (const fn of [Dag.skip, async () => Dag.skip(), () => Dag.task(Dag.skip)()]) {
            const task = Dag.task(fn)();
            assertIsError(await thrownIn(task), Dag.Error, NOT_NEEDED);
            assertEquals(stateOf(task), 'SKIPPED');
            assertEquals(task.get_reason(), Dag.Reason.NOT_NEEDED);
        }
    });
}

export function addWaiting() {
    addPromising();
    addCombining();
}
