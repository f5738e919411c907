// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How functions end: their values, what they throw, and what is reported.

import Dag from 'gi://Dag?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

import {
    Door, assert, assertAlike, assertCancelled, assertEquals, assertIsError, assertMatches, collects,
    idle, pending, said, stateOf, test, thrownIn,
} from './harness.js';

const echo = Dag.task(async function echo(value) {
    return value;
});

const fail = Dag.task(async function fail(thrown) {
    throw thrown;
});

/** Values of every kind. */
function makeValues() {
    return [
        undefined, null, true, false, 0, -0, -7, 2 ** 31, -(2 ** 31), 2 ** 53, 0.5, NaN, Infinity,
        5n, 2n ** 63n, -(2n ** 63n), 2n ** 80n, '', 'fünf', 'a\0b', 'lone \ud800', '😀', Symbol('s'),
        () => 1, {}, [], new Map(), new Date(), new Uint8Array(2), new Error('a result'),
        new GObject.Object(), new GLib.Variant('s', 'v'), new GLib.Bytes([1]), Dag.Task,
    ];
}

function addReturning() {
    test('A value of any kind comes back as that, however the function returns it', async () => {
        const functions = [
            value => value,
            async value => value,
            value => Promise.resolve(value),
            value => ({then: onFulfilled => onFulfilled(value)}),
            value => echo(value),
            async value => {
                await echo();
                return value;
            },
        ];
        for (const value of makeValues()) {
            for (const fn of functions) {
                const task = Dag.task(fn)(value);
                assertEquals(await task, value);
                assertEquals(await task, value);
                assertEquals(task.result(), value);
                assertEquals(await echo(task), value);
            }
        }
    });

    test('A value comes back when nobody in JavaScript has kept its task', async () => {
        const values = makeValues();
        const all = Dag.Task.new_all(values.map(value => echo(value)));
        await all.settle();
        await idle();
        System.gc();
        await idle();
        System.gc();
        const results = await all;
        values.forEach((value, i) => assertEquals(results.get_task(i).result(), value));
    });

    test('What a task of C ends as keeps a value of JavaScript', async () => {
        for (const value of makeValues()) {
            let task = echo(value);
            const race = Dag.race([Dag.race([task])]);
            await task.settle();
            task = null;
            await race.settle();
            System.gc();
            assertEquals(await race, value);
        }
    });

    test('C gets the values that it has the like of', async () => {
        const object = new GObject.Object();
        for (const value of [true, -7, 2 ** 40, 0.5, 'text', object]) {
            const task = echo(value);
            await task;
            assertEquals(task.get_value(), value);
        }
        for (const value of [2n ** 62n, -(2n ** 63n), 2n ** 64n - 1n]) {
            const task = echo(value);
            await task;
            assertEquals(task.get_value(), Number(value));
        }
        for (const value of [undefined, null, {}, [], 2n ** 64n, Symbol('s')]) {
            const task = echo(value);
            await task;
            assertEquals(task.get_value(), null);
        }
    });

    test('A function of C is called with values of JavaScript, and the other way round', async () => {
        const double = Dag.Task.new(task => task.return_int(task.get_argument_int64(0) * 2));
        double.add_input(echo(21), Dag.Rule.SUCCEEDED);
        assertEquals(await echo(double), 42);

        const nothing = Dag.Task.new(task => task.return());
        assertEquals(await echo(nothing), undefined);
        const strings = Dag.Task.new(task => task.return_strv(['a', 'b']));
        assertAlike(await echo(strings), ['a', 'b']);
    });

    test('A task that is returned decides, also if it has finished before', async () => {
        const finished = echo('before');
        await finished;
        assertEquals(await Dag.task(() => finished)(), 'before');
        const object = {};
        const chain = Dag.task(n => n === 0 ? echo(object) : chain(n - 1));
        assertEquals(await chain(5), object);
        const delay = Dag.task(() => Dag.Task.new_delay(1));
        assertEquals(await delay(), undefined);
    });

    test('A function that returns its own task fails', async () => {
        const error = await thrownIn(Dag.task(() => Dag.current())());
        assertIsError(error, Dag.Error, Dag.Error.CYCLE);
    });

    test('A function that runs a main loop keeps other tasks going', async () => {
        const notes = [];
        const note = Dag.task(value => {
            notes.push(value);
            return value;
        });
        let outer;
        const nested = Dag.task(function nested() {
            outer = Dag.current();
            let over = false;
            const inner = Dag.task(note, {after: [note('first')]})('second');
            inner.settle().then(() => {
                over = true;
            });
            while (inner.get_state() !== Dag.State.SUCCEEDED)
                GLib.MainContext.default().iteration(true);
            assertEquals(Dag.current(), outer);
            notes.push('outer');
            return over;
        });
        const [task, other] = [nested(), note('other')];
        await task;
        await other;
        assertEquals(outer, task);
        assertAlike(notes, ['other', 'first', 'second', 'outer']);
    });

    test('The current task is that whose function is called, until its first await', async () => {
        assertEquals(Dag.current(), null);
        const seen = [];
        const door = new Door();
        const task = Dag.task(async () => {
            seen.push(Dag.current());
            await door.promise;
            seen.push(Dag.current());
        })();
        await idle();
        assertEquals(Dag.current(), null);
        door.open();
        await task;
        assertEquals(seen[0], task);
        assertEquals(seen[1], null);

        await thrownIn(Dag.task(() => {
            throw new Error();
        })());
        assertEquals(Dag.current(), null);
    });
}

function addThrowing() {
    test('What is thrown comes back as that, in every dependent and to everybody who waits',
        async () => {
            for (const thrown of makeValues()) {
                const failing = [
                    fail(thrown),
                    Dag.task(() => {
                        throw thrown;
                    })(),
                    Dag.task(() => Promise.reject(thrown))(),
                    Dag.task(() => fail(thrown))(),
                    echo(echo(fail(thrown))),
                    Dag.race([fail(thrown)]),
                    Dag.all([echo(1), fail(thrown)]),
                    Dag.task(echo, {after: [fail(thrown)]})(),
                ];
                for (const {reason} of await Promise.allSettled(failing))
                    assertEquals(reason, thrown);
                for (const task of failing) {
                    assertEquals(await thrownIn(task), thrown);
                    let heard;
                    try {
                        task.result();
                    } catch (again) {
                        heard = [again];
                    }
                    assertEquals(heard[0], thrown);
                    assertEquals(task.get_reason(), Dag.Reason.FAILURE);
                }
            }
        });

    test('What was thrown comes back when nobody in JavaScript has kept the task', async () => {
        const thrown = {};
        let dependent = echo(fail(thrown));
        for (let i = 0; i < 5; i++)
            dependent = echo(dependent);
        dependent.catch(() => {});
        await dependent.settle();
        System.gc();
        await idle();
        System.gc();
        assertEquals(await thrownIn(dependent), thrown);
        assertEquals(await thrownIn(dependent.get_origin()), thrown);
    });

    test('An error of GLib keeps its domain and code for C', async () => {
        const error = new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND, 'not here');
        const task = echo(fail(error));
        assertEquals(await thrownIn(task), error);
        assertIsError(task.get_error(), Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND);
        assertEquals(task.get_error().message, 'not here');

        const real = await thrownIn(Dag.task(() => Gio.File.new_for_path('/not/there').read(null))());
        assertIsError(real, Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND);
    });

    test('Other errors are errors with their message for C', async () => {
        const messages = [
            [new RangeError('too far'), 'RangeError: too far'], ['text', 'text'], [7, '7'],
            [undefined, 'undefined'], [null, 'null'], [Symbol('s'), 'Symbol(s)'],
            [{}, '[object Object]'], [Object.create(null), '[object Object]'],
        ];
        for (const [thrown, message] of messages) {
            const task = fail(thrown);
            await thrownIn(task);
            assertEquals(task.get_error().message, message);
        }
    });

    test('An error of C comes as that', async () => {
        const failing = Dag.Task.new(task => task.return_new_error(
            Dag.error_quark(), Dag.Error.ABANDONED, 'from C'));
        const error = await thrownIn(echo(failing));
        assertIsError(error, Dag.Error, Dag.Error.ABANDONED);
        assertEquals(error.message, 'from C');
    });

    test('A task that was cancelled has that error, whatever its function throws then', async () => {
        const run = async (thrown, prepare = () => {}) => {
            const door = new Door();
            const task = Dag.task(() => door.promise)();
            prepare(task);
            await idle();
            task.cancel();
            door.fail(thrown);
            return [task, await thrownIn(task)];
        };
        const own = new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, 'given up');
        for (const thrown of [new Error('late'), own]) {
            const [task, error] = await run(thrown);
            assertIsError(error, Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
            assertEquals(stateOf(task), 'CANCELLED');
            assertEquals(error === own, thrown === own);
        }

        const late = new Error('late');
        const [task, error] = await run(late, t => t.set_check_cancellable(false));
        assertEquals(error, late);
        assertEquals(stateOf(task), 'FAILED');
    });

    test('A function that is late has the error of that, whatever it returns or throws', async () => {
        for (const end of ['open', 'fail']) {
            const door = new Door();
            const task = Dag.task(() => door.promise, {timeout: 1})();
            const dependent = echo(task);
            while (!task.get_cancellable().is_cancelled())
                await idle();
            assert(task.is_late() && !task.is_cancelled());
            door[end](new Error('late'));
            const error = await thrownIn(task);
            assertIsError(error, Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
            assertIsError(await thrownIn(dependent), Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
            assertEquals(stateOf(task), 'FAILED');
        }
    });

    test('A task that waits for something too long never runs', async () => {
        let called = false;
        const first = pending();
        const task = Dag.task(() => {
            called = true;
        }, {after: [first], deadline: 1})();
        const error = await thrownIn(task);
        assertIsError(error, Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT);
        first.door.open();
        await first;
        await task.settle();
        assert(!called);
    });

    test('A function that throws the error of cancellation cancels its task', async () => {
        const own = new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, 'given up');
        const task = fail(own);
        assertEquals(await thrownIn(task), own);
        assertEquals(stateOf(task), 'CANCELLED');
        assertEquals(stateOf(echo(fail(own))), 'WAITING');
    });

    test('With return-on-cancel a task ends at once, and what its function does then is ignored',
        async () => {
            for (const end of ['open', 'fail']) {
                const task = pending();
                await idle();
                task.set_return_on_cancel(true);
                task.cancel();
                await assertCancelled(task);
                assert(!task.settled);
                task.door[end](new Error('late'));
                await task.settle();
                await assertCancelled(task);
            }
        });

    test('A function can hand its cancellable on, and learn after an await that it was cancelled',
        async () => {
            const notes = [];
            const task = Dag.task(async () => {
                const self = Dag.current();
                const delay = Dag.task(() => Dag.delay(2 ** 30),
                    {cancellable: self.get_cancellable()});
                try {
                    await delay();
                } catch (error) {
                    notes.push(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED));
                }
                notes.push(self.is_cancelled());
            })();
            await idle();
            task.cancel();
            await assertCancelled(task);
            assertAlike(notes, [true, true]);
        });
}

function addReporting() {
    test('The report has the name of the function and the stack', async () => {
        async function burn() {
            await echo();
            throw new RangeError('on purpose');
        }
        echo(Dag.task(burn)());
        await idle();
        const text = said();
        assertMatches(text, /Dag-WARNING.*burn failed and nobody looked at it: RangeError: on purpose/);
        assertMatches(text, /burn@.*override-ending\.js:\d+/);
        assert(!text.includes('overrides/Dag.js'), 'Frames of the override are of no use');
    });

    test('A failure is reported once, and not before those who look have had their turn', async () => {
        fail('nobody');
        await idle();
        assertEquals(said().match(/nobody looked at it: nobody/g).length, 1);

        const task = fail('somebody');
        const length = collects ? 5 : 2000;
        let last = task;
        for (let i = 0; i < length; i++)
            last = echo(last);
        assertEquals(await thrownIn(last), 'somebody');
        const any = Dag.any([fail('passed over'), pending(), Dag.delay(20, 'chosen')]);
        assertEquals(await any, 'chosen');
        await idle();
        assertEquals(said(), '');
    });

    test('What nobody needs to know is not reported', async () => {
        Dag.task(Dag.skip)();
        echo(Dag.task(Dag.skip)());
        fail(new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, 'given up'));
        echo().cancel();
        Dag.settled([fail('looked at')]);
        fail('looked at').catch(() => {});
        await idle();
        assertEquals(said(), '');
    });
}

export function addEnding() {
    addReturning();
    addThrowing();
    addReporting();
}
