// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Waiting, cancelling and combining.

import Dag from 'gi://Dag?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {
    assert, assertAlike, assertCancelled, assertEquals, assertIsError, idle, pending, stateOf, test,
    thrownIn, until,
} from '../javascript/harness.js';

const echo = Dag.task(async function echo(value) {
    return value;
});

const fail = Dag.task(async function fail(thrown) {
    throw thrown;
});

const join = Dag.task(async function join(left, right) {
    return left + right;
});

/** Notes what comes of a promise. */
function listen(promise) {
    const heard = [];
    promise.then(value => heard.push(value), thrown => heard.push(thrown));
    return heard;
}

async function assertSkipped(task, thrown) {
    assertEquals(await thrownIn(task), thrown);
    assertEquals(stateOf(task), 'SKIPPED');
}

function addAwaiting() {
    test('await-value', async () => {
        const task = pending();
        const heard = listen(task);
        await idle();
        task.door.open('value');
        assertAlike(heard, []);
        assertEquals(await task, 'value');
        assertAlike(heard, ['value']);
    });

    test('await-error', async () => {
        const error = new Error('error');
        const failing = fail(error);
        const heard = await Promise.allSettled([failing, echo(echo(failing))]);
        for (const {status, reason} of heard) {
            assertEquals(status, 'rejected');
            assertEquals(reason, error);
        }
    });

    test('await-finished', async () => {
        const error = new Error('error');
        const good = echo('value');
        const bad = fail(error);
        const heard = listen(bad);
        await good.settle();
        await bad.settle();
        for (let i = 0; i < 3; i++) {
            assertEquals(await good, 'value');
            assertEquals(await thrownIn(bad), error);
        }
        assertEquals(heard.length, 1);
    });

    test('many-waiters', async () => {
        const error = new Error('error');
        const good = pending();
        const bad = pending();
        await idle();
        const goods = Array.from({length: 10}, () => listen(good));
        const bads = Array.from({length: 10}, () => listen(bad));
        good.door.open('value');
        bad.door.fail(error);
        await idle();
        for (const heard of goods)
            assertAlike(heard, ['value']);
        for (const heard of bads) {
            assertEquals(heard.length, 1);
            assertEquals(heard[0], error);
        }
    });

    test('cancelled-wait', async () => {
        const cancellable = new Gio.Cancellable();
        const task = pending();
        const stays = listen(task);
        const staysToo = listen(task.await(new Gio.Cancellable()));
        const leaves = task.await(cancellable);
        await idle();
        cancellable.cancel();
        assertIsError(await thrownIn(leaves), Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);

        await idle();
        assertAlike(stays, []);
        assertEquals(stateOf(task), 'RUNNING');
        assert(!task.is_cancelled());
        task.door.open('value');
        await task.settle();
        await idle();
        assertAlike(stays, ['value']);
        assertAlike(staysToo, ['value']);
    });

    test('settle', async () => {
        const running = pending();
        const error = new Error('early');
        const task = join(fail(error), running);
        const settled = listen(task.settle());
        await assertSkipped(task, error);
        await idle();
        assert(!task.settled);
        assertAlike(settled, []);

        running.door.open();
        await task.settle();
        assert(task.settled);
        await idle();
        assertEquals(settled.length, 1);
        assertEquals(settled[0], undefined);
    });
}

function addCancelling() {
    test('cancel-waiting', async () => {
        let nCalls = 0;
        const count = Dag.task(() => ++nCalls);
        const head = pending();
        const waiting = count(head);
        const ready = count();

        ready.cancel();
        assert(ready.is_cancelled());
        await assertCancelled(ready);
        assertEquals(stateOf(ready), 'CANCELLED');

        await idle();
        waiting.cancel();
        await assertCancelled(waiting);
        assertEquals(stateOf(waiting), 'CANCELLED');
        head.door.open('head');
        await waiting.settle();
        assertEquals(nCalls, 0);
    });

    test('cancel-running', async () => {
        let current;
        const door = pending().door;
        const task = Dag.task(async () => {
            current = Dag.current();
            await door.promise;
            return 'too late';
        })();
        const dependent = echo(task);
        await idle();
        assertEquals(current, task);
        assert(!current.get_cancellable().is_cancelled());

        task.cancel();
        assert(current.is_cancelled());
        await idle();
        assert(current.get_cancellable().is_cancelled());
        assertEquals(stateOf(task), 'RUNNING');
        assertEquals(stateOf(dependent), 'WAITING');

        door.open();
        await assertCancelled(task);
        assertEquals(stateOf(task), 'CANCELLED');
        await assertCancelled(dependent);
        assertEquals(stateOf(dependent), 'SKIPPED');
    });

    test('cancel-spares-inputs', async () => {
        const input = pending();
        const task = echo(input);
        const other = echo(input);
        await idle();
        task.cancel();
        await assertCancelled(task);
        await idle();
        assert(!input.is_cancelled());
        assertEquals(stateOf(input), 'RUNNING');

        input.door.open('value');
        assertEquals(await other, 'value');
        assertEquals(await input, 'value');
    });

    test('cancel-unneeded', async () => {
        const shared = pending();
        const own = pending();
        const above = echo(own);
        const task = join(above, shared);
        const other = echo(shared);
        await idle();
        task.cancel_unneeded();
        await assertCancelled(task);
        await assertCancelled(above);
        await idle();
        assert(own.is_cancelled());
        assert(!shared.is_cancelled());

        own.door.open('');
        await assertCancelled(own);
        shared.door.open('shared');
        assertEquals(await other, 'shared');
    });

    test('parent-cancellable', async () => {
        const cancellable = new Gio.Cancellable();
        const open = pending();
        const follow = Dag.task(() => open.door.promise, {cancellable});
        const first = follow();
        const second = follow();
        const waiting = Dag.task(echo, {cancellable})(second);
        await idle();
        first.cancel();
        await idle();
        assert(!cancellable.is_cancelled());
        assert(!second.is_cancelled());
        assertEquals(stateOf(second), 'RUNNING');

        cancellable.cancel();
        await assertCancelled(waiting);
        assert(second.get_cancellable().is_cancelled());
        open.door.open();
        await assertCancelled(first);
        await assertCancelled(second);
        await assertCancelled(Dag.task(echo, {cancellable})('late'));
    });

    test('owner', async () => {
        const owner = new Gio.SimpleAction({name: 'owner'});
        const calls = [];
        const finished = echo('value');
        assertEquals(await finished, 'value');
        const open = pending();
        const running = Dag.task(() => open.door.promise, {owner})();
        const noting = Dag.task(value => calls.push(value), {owner});
        const signalled = Dag.task(noting, {owner, ownerSignal: 'activate'})(open);
        const disposed = noting(running);
        finished.set_owner(owner, null);
        await idle();
        owner.activate(null);
        await assertCancelled(signalled);
        assert(!disposed.is_cancelled());

        owner.run_dispose();
        await assertCancelled(disposed);
        assert(running.is_cancelled() && !finished.is_cancelled());
        open.door.open();
        await assertCancelled(running);
        assertAlike(calls, []);
    });

    test('weak-argument', async () => {
        const here = new Gio.SimpleAction({name: 'here'});
        const gate = pending();
        const tasks = [];
        const watched = [];
        // The stack may have one.
        for (let i = 0; i < 10; i++) {
            const action = new Gio.SimpleAction({name: 'gone'});
            watched.push(Dag.Weak.new(action));
            tasks.push(Dag.task((...args) => args)(Dag.weak(here), Dag.weak(action), gate));
        }
        await until(() => {
            System.gc();
            return watched.some(weak => weak.get() === null);
        });
        const gone = watched.findIndex(weak => weak.get() === null);
        gate.door.open('value');
        assertAlike((await tasks[gone]).slice(1), [null, 'value']);
        assertEquals((await tasks[gone])[0], here);
        await Dag.all(tasks);
    });
}

function addCombining() {
    test('timeout', async () => {
        const {door} = pending();
        const task = Dag.task(() => door.promise, {timeout: 1})();
        while (!task.get_cancellable().is_cancelled())
            await idle();
        assert(task.is_late());
        assertEquals(stateOf(task), 'RUNNING');
        door.open('too late');
        const error = await thrownIn(task);
        assertIsError(error, Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
        assertEquals(stateOf(task), 'FAILED');
    });

    test('deadline', async () => {
        const input = pending();
        const task = Dag.task(() => assert(false), {deadline: 1})(input);
        const error = await thrownIn(task);
        assertIsError(error, Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
        assert(!input.is_cancelled());
        input.door.open('too late');
        await task.settle();
    });

    const flaky = (seen, failures) => {
        const attempt = Dag.current().get_attempt();
        seen.push(attempt);
        if (attempt <= failures)
            throw seen[`error${attempt}`] = new Error(`attempt ${attempt}`);
        return 'at last';
    };

    test('retry', async () => {
        const retried = Dag.task(flaky, {retry: {attempts: 3, delay: 1}});
        let seen = [];
        assertEquals(await echo(retried(seen, 2)), 'at last');
        assertAlike(seen, [1, 2, 3]);

        seen = [];
        assertEquals(await thrownIn(retried(seen, 9)), seen.error3);
        assertAlike(seen, [1, 2, 3]);
    });

    test('retry-earlier-errors', async () => {
        const seen = [];
        const task = Dag.task(flaky, {retry: {}})(seen, 2);
        await task;
        assertEquals(task.attemptErrors().length, 2);
        assertEquals(task.attemptErrors()[0], seen.error1);
        assertEquals(task.attemptErrors()[1], seen.error2);
    });

    test('limiter', async () => {
        const limiter = new Dag.Limiter({limit: 2});
        const doors = [1, 2, 3, 4].map(() => pending().door);
        const tasks = doors.map(door => Dag.task(() => door.promise, {limiter})());
        await idle();
        assertAlike(tasks.map(stateOf), ['RUNNING', 'RUNNING', 'READY', 'READY']);
        assertEquals(limiter.get_n_running(), 2);
        assertEquals(limiter.get_n_waiting(), 2);

        doors[0].open();
        await tasks[0];
        await idle();
        assertAlike(tasks.slice(1).map(stateOf), ['RUNNING', 'RUNNING', 'READY']);

        limiter.limit = 3;
        await idle();
        assertEquals(stateOf(tasks[3]), 'RUNNING');
        doors.forEach(door => door.open());
        await Dag.all(tasks);
    });

    test('limiter-nested', async () => {
        const limiter = Dag.Limiter.new(1);
        const inner = Dag.task(async value => value, {limiter});
        const nest = Dag.task(async () => {
            const creator = Dag.current();
            await inner('first');
            return Dag.task(inner, {creator})('value');
        }, {limiter});
        assertEquals(await nest(), 'value');
    });

    test('all', async () => {
        const a = pending();
        const b = pending();
        const error = new Error('one of all');
        const all = Dag.all([a, b]);
        const bad = Dag.all([a, fail(error)]);
        assertAlike(await Dag.all([]), []);
        await assertSkipped(bad, error);
        assertEquals(stateOf(a), 'RUNNING');

        b.door.open('b');
        await idle();
        assertEquals(stateOf(all), 'WAITING');
        a.door.open('a');
        assertAlike(await all, ['a', 'b']);
    });

    test('settled', async () => {
        const running = pending();
        const early = join(fail('early'), running);
        const declined = Dag.task(() => Dag.skip())();
        const failing = fail(new Error('looked at'));
        const tasks = [early, declined, failing, running];
        const settled = Dag.settled(tasks);
        assertAlike(await Dag.settled([]), []);
        await assertSkipped(early, 'early');
        await idle();
        assertEquals(stateOf(settled), 'WAITING');
        running.door.open();

        const list = await settled;
        assertEquals(list.length, tasks.length);
        list.forEach((task, i) => assertEquals(task, tasks[i]));
        assertAlike(list.map(stateOf), ['SKIPPED', 'SKIPPED', 'FAILED', 'SUCCEEDED']);
    });

    test('any', async () => {
        const a = pending();
        const b = pending();
        const any = Dag.any([fail('not this'), a, b]);
        const bad = Dag.any([a, fail('earliest')]);
        await idle();
        assertEquals(stateOf(any), 'WAITING');
        b.door.open('b');
        assertEquals(await any, 'b');
        assertEquals(stateOf(a), 'RUNNING');
        assert(!a.is_cancelled());

        assertEquals(stateOf(bad), 'WAITING');
        a.door.fail('latest');
        await assertSkipped(bad, 'earliest');
        assertIsError(await thrownIn(Dag.any([])), Dag.Error, Dag.Error.EMPTY);
    });

    test('race', async () => {
        const [a, b, c] = [pending(), pending(), pending()];
        const good = Dag.race([a, b]);
        const bad = Dag.race([b, c]);
        await idle();
        a.door.open('a');
        assertEquals(await good, 'a');
        c.door.fail('c');
        await assertSkipped(bad, 'c');
        assertEquals(bad.get_origin(), c);

        assertEquals(stateOf(b), 'RUNNING');
        assert(!b.is_cancelled());
        b.door.open('b');
        assertEquals(await b, 'b');
        assertIsError(await thrownIn(Dag.race([])), Dag.Error, Dag.Error.EMPTY);
    });

    test('delay', async () => {
        const start = GLib.get_monotonic_time();
        for (const value of [undefined, 'on time']) {
            const never = Dag.delay(2 ** 30, value);
            assertEquals(await echo(Dag.delay(20, value)), value);
            await idle();
            assertEquals(stateOf(never), 'RUNNING');
            never.cancel();
            await assertCancelled(never);
        }
        assert(GLib.get_monotonic_time() - start >= 2 * 20 * 1000);
    });
}

export function addWaiting() {
    addAwaiting();
    addCancelling();
    addCombining();
}
