// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

import Dag from 'gi://Dag?version=1';

import {
    assert, assertAlike, assertCancelled, assertEquals, assertIsError, assertMatches, idle, pending,
    said, stateOf, test, thrownIn,
} from '../javascript/harness.js';

const echo = Dag.task(async function echo(value) {
    return value;
});

const fail = Dag.task(async function fail(thrown) {
    throw thrown;
});

const decline = Dag.task(function decline() {
    Dag.skip();
});

const pass = Dag.task(async function pass(...args) {
    return args;
});

const rawStates = Dag.task(function rawStates(...tasks) {
    return tasks.map(stateOf);
}, {raw: true});

/** What makes a task that will end in a state. */
const endings = {
    SUCCEEDED: () => echo('ended'),
    FAILED: () => fail(new Error('failed')),
    SKIPPED: () => decline(),
    CANCELLED: () => {
        const task = echo('cancelled');
        task.cancel();
        return task;
    },
};

async function assertNotNeeded(task) {
    assertIsError(await thrownIn(task), Dag.Error, Dag.Error.NOT_NEEDED);
    assertEquals(stateOf(task), 'SKIPPED');
    assertEquals(task.get_reason(), Dag.Reason.NOT_NEEDED);
}

async function assertEnded(task, state, thrown) {
    assertEquals(await thrownIn(task), thrown);
    assertEquals(stateOf(task), state);
    assertEquals(task.get_reason(), Dag.Reason.FAILURE);
}

/** A task that is skipped by a failure at once, and settles when the pending one has returned. */
function makeUnsettled() {
    const running = pending();
    const error = new Error('early');
    return {running, error, task: pass(running, fail(error))};
}

export function addFailing() {
    test('failure', async () => {
        for (const thrown of [new RangeError('on purpose'), 'a string', 7, null, undefined, {}]) {
            const task = fail(thrown);
            await assertEnded(task, 'FAILED', thrown);
            assertEquals(task.get_origin(), task);
        }
    });

    test('failure-passes-on', async () => {
        const error = new Error('far away');
        const origin = fail(error);
        let nCalls = 0;
        const count = Dag.task(() => ++nCalls);
        const near = count(origin);
        const middle = Dag.task(count, {after: [near]})();
        const last = pass(echo('good'), count(middle));

        await assertEnded(last, 'SKIPPED', error);
        await assertEnded(middle, 'SKIPPED', error);
        await assertEnded(near, 'SKIPPED', error);
        await assertEnded(origin, 'FAILED', error);
        assertEquals(near.get_origin(), origin);
        assertEquals(last.get_origin(), origin);
        assertEquals(nCalls, 0);
    });

    test('all-failures', async () => {
        const left = pending();
        const right = pending();
        const task = pass(left, right);
        const [first, second] = [new Error('first'), new Error('second')];
        await idle();
        right.door.fail(first);
        await assertEnded(task, 'SKIPPED', first);
        assertEquals(stateOf(left), 'RUNNING');

        left.door.fail(second);
        await task.settle();
        await assertEnded(task, 'SKIPPED', first);
        const failures = task.get_failures();
        assertEquals(failures.length, 2);
        assertEquals(failures[0], right);
        assertEquals(failures[1], left);
    });

    test('raw-input', async () => {
        for (const [state, make] of Object.entries(endings)) {
            const task = make();
            const [raw] = await Dag.task((...args) => args, {raw: true})(task);
            assertEquals(raw, task);
            assertAlike(await rawStates(task), [state]);
        }
    });

    test('raw-plain-value', async () => {
        const getResult = Dag.task(task => task.result(), {raw: true});
        const values = [undefined, null, 'plain', 42, 0.5, true, 2n ** 70n, {}, [], new Map()];
        for (const value of values)
            assertEquals(await getResult(value), value);
        assertAlike(await rawStates(fail(new Error('looked at')), 0.5, echo('')),
            ['FAILED', 'SUCCEEDED', 'SUCCEEDED']);
    });

    test('rule-finished', async () => {
        for (const [state, make] of Object.entries(endings)) {
            const task = make();
            assertEquals(await Dag.task(stateOf)(Dag.finished(task)), state);
            assertEquals(await Dag.task(stateOf, {rule: Dag.Rule.FINISHED})(task), state);
            assertEquals(await Dag.task(echo, {after: [Dag.finished(task)]})('ran'), 'ran');
        }

        const unsettled = makeUnsettled();
        const cleaned = Dag.task(echo, {after: [Dag.finished(unsettled.task)]})('clean');
        await assertEnded(unsettled.task, 'SKIPPED', unsettled.error);
        await idle();
        assertEquals(stateOf(cleaned), 'WAITING');
        unsettled.running.door.open();
        assertEquals(await cleaned, 'clean');
    });

    test('rule-failed', async () => {
        const getState = Dag.task(stateOf);
        assertEquals(await getState(Dag.failed(fail(new Error('looked at')))), 'FAILED');
        await assertNotNeeded(getState(Dag.failed(echo('good'))));
        await assertNotNeeded(Dag.task(echo, {after: [Dag.failed(echo('good'))]})());
        await assertNotNeeded(Dag.task(echo, {after: [Dag.failed(decline())]})());
        await assertCancelled(Dag.task(echo, {after: [Dag.failed(endings.CANCELLED())]})());

        const unsettled = makeUnsettled();
        const undone = Dag.task(echo, {after: [Dag.failed(unsettled.task)]})('undone');
        await assertEnded(unsettled.task, 'SKIPPED', unsettled.error);
        await idle();
        assertEquals(stateOf(undone), 'WAITING');
        unsettled.running.door.open();
        assertEquals(await undone, 'undone');
    });

    test('trigger-any', async () => {
        const [a, b, c] = [pending(), pending(), pending()];
        const first = fail('first');
        const second = fail('second');
        const choose = Dag.task((...tasks) => tasks.map(stateOf),
            {trigger: Dag.Trigger.ANY, rule: Dag.Rule.SUCCEEDED});
        const task = choose(a, b, c);
        const none = choose(a, second, first);

        await idle();
        a.door.fail('third');
        await assertEnded(none, 'SKIPPED', 'first');
        assertEquals(stateOf(task), 'WAITING');
        b.door.open();
        assertAlike(await task, ['FAILED', 'SUCCEEDED', 'RUNNING']);
        c.door.open();
    });

    test('trigger-first', async () => {
        const [a, b, c, d] = [pending(), pending(), pending(), pending()];
        const choose = Dag.task((...tasks) => tasks.map(stateOf),
            {trigger: Dag.Trigger.FIRST, rule: Dag.Rule.SUCCEEDED});
        const good = choose(a, b, c);
        const bad = choose(b, c, d);

        await idle();
        a.door.open();
        assertAlike(await good, ['SUCCEEDED', 'RUNNING', 'RUNNING']);
        assertEquals(stateOf(bad), 'WAITING');
        c.door.fail('decided');
        await assertEnded(bad, 'SKIPPED', 'decided');
        assertEquals(stateOf(b), 'RUNNING');
        b.door.open();
        d.door.open();
    });

    test('skip', async () => {
        const declined = decline();
        const dependent = echo(declined);
        await assertNotNeeded(declined);
        await assertNotNeeded(dependent);
        assertEquals(dependent.get_failures().length, 0);

        // After an await too, and a skip that a function hears of is its own.
        await assertNotNeeded(Dag.task(async () => {
            await echo();
            Dag.skip();
        })());
        await assertNotNeeded(Dag.task(async () => {
            await decline();
        })());

        // Nobody looks at this one, and it is not reported.
        echo(decline());
    });

    test('unlooked-failure', async () => {
        const task = Dag.task(fail, {name: 'fetch'})(new Error('on purpose'));
        echo(echo(task));
        echo(task);
        await idle();
        const report = said();
        assertMatches(report, /fetch failed and nobody looked at it: Error: on purpose/);
        assertEquals(report.match(/nobody looked/g).length, 1);
    });

    test('looked-failure', async () => {
        const read = fail(new Error('read'));
        await read.settle();
        assert(read.get_error() !== null);

        await thrownIn(fail(new Error('awaited')));
        await thrownIn(echo(fail(new Error('below'))));
        assertAlike(await rawStates(fail(new Error('got raw'))), ['FAILED']);
        assertAlike(await rawStates(echo(fail(new Error('below')))), ['SKIPPED']);
        await idle();
        assertEquals(said(), '');
    });
}
