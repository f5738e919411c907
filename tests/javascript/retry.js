// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Functions that are called again when they have failed, and how many are at work at once.

import Dag from 'gi://Dag?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';
import {
    assert, assertAlike, assertCancelled, assertEquals, assertIsError, assertMatches, Door, idle, main,
    pending, said, stateOf, test, throwsIn, thrownIn, turn, until,
} from './harness.js';

const echo = Dag.task(function echo(value) {
    return value;
});

class Busy extends Error {}

/** Fails as often as it is told, and then gives what it is given. */
class Server {
    constructor(failures) {
        this.failures = failures;
        this.calls = [];
    }

    ask(...args) {
        this.calls.push(args);
        System.gc();
        if (this.calls.length <= this.failures)
            throw new Busy(`attempt ${this.calls.length}`);
        return args;
    }

    async askLater(...args) {
        await turn();
        return this.ask(...args);
    }

    askByTask(...args) {
        return Dag.task(() => this.ask(...args))();
    }
}

const KINDS = ['ask', 'askLater', 'askByTask'];

/** Waits for a condition that a timer brings, which has to get its turn. */
async function later(condition) {
    while (!condition())
        await Dag.delay(1);
}

function call(server, kind, retry, ...args) {
    return Dag.task((...given) => server[kind](...given), {retry})(...args);
}

// Trying again

test('A function of any kind is called again with the same arguments until it succeeds', async () => {
    for (const kind of KINDS) {
        const server = new Server(2);
        const given = {};
        const task = call(server, kind, {}, given, [given], echo(1), [echo(2)]);
        const value = await task;
        assertEquals(value[0], given);
        assertAlike(value, [{}, [{}], 1, [2]]);
        assertEquals(server.calls.length, 3);
        assert(server.calls.every(args => args[0] === given && args[1][0] === given));
        assertAlike(server.calls[0], server.calls[2]);
        assertEquals(task.get_attempt(), 3);
        assertAlike(task.attemptErrors().map(error => error.message), ['attempt 1', 'attempt 2']);
    }
});

test('What is thrown in every attempt can be had as itself, whatever it is', async () => {
    const values = ['text', {}, null, undefined, 5, new Busy('last')];
    let n = 0;
    const task = Dag.task(() => {
        throw values[n++];
    }, {retry: {attempts: values.length}})();
    const dependent = echo(task);
    assertEquals(await thrownIn(dependent), values.at(-1));
    assertEquals(await thrownIn(task), values.at(-1));
    System.gc();
    task.attemptErrors().forEach((error, i) => assertEquals(error, values[i]));
    assertEquals(task.attemptErrors().length, values.length - 1);
    assertAlike(echo().attemptErrors(), []);
});

test('Values of all kinds come after failures, and what a method is called on stays', async () => {
    for (const value of [undefined, null, 0, 'text', {}, [1], () => {}, new Door()]) {
        const thing = {
            n: 0,
            get: Dag.task(async function get() {
                await turn();
                if (this.n++ < 1)
                    throw new Busy();
                return value;
            }, {retry: {}}),
        };
        const task = thing.get();
        assertEquals(await task, value);
        assertEquals(await echo(task), value);
    }
});

test('Each attempt has its own time, and its own cancellable', async () => {
    for (const isTask of [false, true]) {
        const cancellables = [];
        const followed = [];
        const fn = () => {
            cancellables.push(Dag.current().get_cancellable());
            if (cancellables.length > 2) {
                Dag.current().set_timeout(0);
                return 'in time';
            }
            if (isTask) {
                followed.push(pending());
                return followed.at(-1);
            }
            const cancellable = cancellables.at(-1);
            return later(() => cancellable.is_cancelled()).then(() => 'too late');
        };
        for (const when of [undefined, thrown => thrown.matches(Gio.IOErrorEnum,
            Gio.IOErrorEnum.TIMED_OUT)]) {
            cancellables.length = 0;
            const task = Dag.task(fn, {timeout: 10, retry: {attempts: 5, when}})();
            assertEquals(await task, 'in time');
            assertEquals(new Set(cancellables).size, 3);
            assertEquals(task.attemptErrors().length, 2);
            for (const error of task.attemptErrors())
                assertIsError(error, Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
        }
        // Nobody needs these any more.
        for (const other of followed) {
            await later(() => other.is_cancelled());
            other.door.open();
            await assertCancelled(other);
        }
    }
    const late = Dag.task(() => pending(), {timeout: 1, retry: {attempts: 5, when: () => false}})();
    assertIsError(await thrownIn(late), Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
    assertEquals(late.get_attempt(), 1);
});

test('After the deadline there is no other attempt, and what it ends with is that', async () => {
    const server = new Server(9);
    const task = Dag.task(() => server.ask(), {deadline: 1000, retry: {delay: 2 ** 31}})();
    assertIsError(await thrownIn(task), Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
    assertIsError(throwsIn(() => task.result()), Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
    assertEquals(server.calls.length, 1);
    assertEquals(task.attemptErrors()[0].message, 'attempt 1');
});

test('A function says after what there is another attempt', async () => {
    for (const kind of KINDS) {
        const asked = [];
        const when = thrown => {
            System.gc();
            asked.push(thrown);
            return thrown.message !== 'attempt 2';
        };
        const server = new Server(9);
        const task = call(server, kind, {attempts: 9, when});
        const thrown = await thrownIn(task);
        assertEquals(thrown.message, 'attempt 2');
        assertEquals(asked.length, 2);
        assertEquals(asked[0], task.attemptErrors()[0]);
        assertEquals(asked[1], thrown);

        // Nobody is asked about the last one.
        asked.length = 0;
        assertEquals((await thrownIn(call(new Server(9), kind, {attempts: 1, when}))).message,
            'attempt 1');
        assertEquals(asked.length, 0);
    }
});

test('What is asked and throws has said no, and that is reported', async () => {
    const when = () => {
        throw new Error('a mistake');
    };
    assertEquals((await thrownIn(call(new Server(9), 'ask', {when}))).message, 'attempt 1');
    assertMatches(said(), /not tried again[^]*a mistake/);
});

test('A cancellation and a skip are never tried again', async () => {
    let n = 0;
    const when = () => true;
    for (const retry of [{}, {when}]) {
        n = 0;
        const skipped = Dag.task(() => {
            n++;
            Dag.skip();
        }, {retry})();
        await skipped.settle();
        assertEquals(stateOf(skipped), 'SKIPPED');
        assertEquals(n, 1);

        const inner = pending();
        const tasks = [
            Dag.task(() => {
                n++;
                return inner;
            }, {retry})(),
            Dag.task(() => {
                n++;
                throw new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, 'by itself');
            }, {retry})(),
        ];
        await idle();
        tasks[0].cancel();
        await assertCancelled(tasks[0]);
        await assertCancelled(tasks[1]);
        await until(() => inner.is_cancelled());
        inner.door.open();
        await assertCancelled(inner);
        assertEquals(n, 3);
    }
});

test('A task waits between two attempts, and ends at once when it is cancelled there', async () => {
    const server = new Server(9);
    const task = call(server, 'ask', {delay: 2 ** 31});
    await until(() => task.get_attempt_error(1) !== null);
    await idle();
    assertEquals(stateOf(task), 'WAITING');
    assertEquals(task.attemptErrors()[0].message, 'attempt 1');
    task.cancel();
    await assertCancelled(task);
    assertEquals(server.calls.length, 1);
});

test('A retry can be of C, a property, a method, and taken back', async () => {
    const retry = new Dag.Retry({attempts: 2});
    const made = [
        call(new Server(1), 'ask', retry),
        Dag.task(Dag.task(() => {}, {retry}), {retry: null})(),
    ];
    await made[0];
    assertEquals(made[0].get_attempt(), 2);
    assertEquals(made[1].retry, null);

    const server = new Server(1);
    const task = Dag.task((...args) => server.ask(...args))(7);
    task.retry = retry;
    assertAlike(await task, [7]);

    const options = {attempts: 4, delay: 100, factor: 3, maxDelay: 500, jitter: 0, when: undefined};
    const described = call(new Server(0), 'ask', options).get_retry();
    assertAlike([1, 2, 3].map(n => described.get_pause(n)), [100, 300, 500]);
    assertEquals(described.attempts, 4);

    const given = Dag.task(function () {
        Dag.current().set_retry(null);
        throw new Busy('final');
    }, {retry})();
    assertEquals((await thrownIn(given)).message, 'final');
    assertEquals(given.get_attempt(), 1);
});

test('Only the last failure is reported, unless somebody has looked at it', async () => {
    for (const kind of KINDS) {
        await call(new Server(2), kind, {});
        await idle();
        assertEquals(said(), '');

        for (const when of [undefined, thrown => thrown.message !== 'attempt 3']) {
            await call(new Server(9), kind, {attempts: when === undefined ? 3 : 9, when}).settle();
            await idle();
            await idle();
            const text = said();
            assertMatches(text, /attempt 3/);
            assert(!/attempt [12]/.test(text), text);
        }
    }
});

test('Options that make no sense are refused', () => {
    for (const retry of [3, 'x', [], {attempts: 0}, {attempts: 1.5}, {attempts: '3'}, {delay: -1},
        {delay: 2 ** 32}, {factor: 0.5}, {factor: Infinity}, {factor: true}, {jitter: 2},
        {jitter: null}, {when: true}, {tries: 3}])
        assert(throwsIn(() => Dag.task(() => {}, {retry})) instanceof TypeError);
    for (const limiter of [3, null, [3], Dag.Limiter])
        assert(throwsIn(() => Dag.task(() => {}, {limiter})) instanceof TypeError);
    assert(throwsIn(() => Dag.task(() => {}, {creator: 3})) instanceof TypeError);
});

// How many at once

test('No more than the limiter says are at work at once', async () => {
    const limiter = new Dag.Limiter({limit: 2});
    const other = Dag.Limiter.new(1);
    let door = new Door();
    let now = 0, most = 0;
    const work = async value => {
        most = Math.max(most, ++now);
        await door.promise;
        now--;
        return value;
    };
    const limited = Dag.task(work, {limiter});
    const all = Dag.all([1, 2, 3, 4, 5].map(i => limited(echo(i))));
    await idle();
    assertEquals(now, 2);
    assertAlike([limiter.get_n_running(), limiter.get_n_waiting()], [2, 3]);
    door.open();
    assertAlike(await all, [1, 2, 3, 4, 5]);
    assertEquals(most, 2);

    most = 0;
    door = new Door();
    const both = Dag.task(work, {limiter: [limiter, other]});
    const some = [1, 2, 3].map(i => both(i));
    await idle();
    assertEquals(now, 1);
    door.open();
    await Dag.all(some);
    assertEquals(most, 1);
    assertEquals(both(1).limiter, limiter);
    assertEquals(Dag.task(both, {limiter: []})(1).limiter, null);
});

test('What a function makes may run on its slot, after an await if it says so', async () => {
    const limiter = Dag.Limiter.new(1);
    const leaf = Dag.task(async function leaf(value) {
        await turn();
        return value;
    }, {limiter});
    const body = Dag.task(async function body(depth) {
        const creator = Dag.current();
        const first = depth > 0 ? await body(depth - 1) : 0;
        const second = await Dag.task(leaf, {creator})(1);
        return first + second;
    }, {limiter});
    assertEquals(await body(3), 4);
    assertEquals(await Dag.task(() => leaf(leaf(5)), {limiter})(), 5);

    // Others wait.
    const made = Dag.task(async function () {
        await turn();
        const others = leaf(1);
        await idle();
        assertEquals(stateOf(others), 'READY');
        return [others];
    }, {limiter})();
    assertEquals(await (await made)[0], 1);
    assertEquals(limiter.get_n_running(), 0);
});

test('Between two attempts a task has no slot', async () => {
    const limiter = Dag.Limiter.new(1);
    const story = [];
    const task = Dag.task(() => {
        story.push(Dag.current().get_attempt());
        if (story.length < 2)
            throw new Busy();
    }, {limiter, retry: {delay: 20}})();
    await until(() => task.get_attempt_error(1) !== null);
    await Dag.task(() => {
        story.push('between');
    }, {limiter})();
    await task;
    assertAlike(story, [1, 'between', 2]);
});

main();
