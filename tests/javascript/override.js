// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What Dag.js promises besides the behaviours that every language has. How functions are called is
// here, how they end and how they are waited for in files of their own.

import Dag from 'gi://Dag?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import {
    assert, assertAlike, assertEquals, assertMatches, idle, main, pending, stateOf, test, thrownIn,
    throwsIn,
} from './harness.js';
import {addEnding} from './override-ending.js';
import {addOwners} from './override-owners.js';
import {addWaiting} from './override-waiting.js';

const echo = Dag.task(async function echo(value) {
    return value;
});

const list = Dag.task(function list(...args) {
    return args;
});

const fail = Dag.task(async function fail(thrown) {
    throw thrown;
});

function assertTypeError(fn, pattern) {
    const error = throwsIn(fn);
    assert(error instanceof TypeError, `${error} should be a TypeError`);
    assertMatches(error.message, pattern);
}

// The module

test('imports.gi.Dag is the same as gi://Dag', () => {
    assertEquals(imports.gi.Dag, Dag);
});

test('A legacy script has the override', () => {
    const script = `
        imports.gi.versions.Dag = '1';
        const {Dag, GLib} = imports.gi;
        const loop = new GLib.MainLoop(null, false);
        Dag.task(value => value * 7)(Dag.task(async () => 6)()).then(print).then(() => loop.quit());
        loop.run();`;
    const process = Gio.Subprocess.new(['gjs', '-c', script], Gio.SubprocessFlags.STDOUT_PIPE);
    const [, output] = process.communicate_utf8(null, null);
    assertEquals(output, '42\n');
});

test('A module can wait for a task at its top level, without a main loop of its own', () => {
    const [, path] = GLib.file_open_tmp('dag-test-XXXXXX.js');
    GLib.file_set_contents(path, `
        import Dag from 'gi://Dag?version=1';
        const later = Dag.task(async value => {
            await Dag.delay(10);
            return value;
        });
        print(await later(later(42)));`);
    const process = Gio.Subprocess.new(['gjs', '-m', path], Gio.SubprocessFlags.STDOUT_PIPE);
    const [, output] = process.communicate_utf8(null, null);
    GLib.unlink(path);
    assertEquals(output, '42\n');
});

// Making tasks

test('A call makes an ordinary GObject at once', async () => {
    const task = echo(1);
    assert(task instanceof Dag.Task);
    assert(task instanceof GObject.Object);
    assertEquals(stateOf(task), 'WAITING');

    const store = Gio.ListStore.new(Dag.Task);
    store.append(task);
    assertEquals(store.get_item(0), task);
    assertEquals(await store.get_item(0), 1);
});

test('What is no function, and what is no option, is a TypeError', () => {
    for (const value of [undefined, null, 'function', {}, Object.create(null)])
        assertTypeError(() => Dag.task(value), /is not a function$/);
    assertTypeError(() => Dag.task(echo, {timeouts: 1}), /no option timeouts/);
    const wrong = {
        after: [echo(), 'echo', {}],
        cancellable: [{}, true],
        deadline: [-1, 0.5, 'soon', null],
        name: [1, null],
        priority: ['high', 0.5, null],
        raw: [1, 'yes', null],
        rule: [7, 'FAILED', null],
        timeout: [-1, NaN, 2 ** 32, '5'],
        trigger: [7, 'ANY', null],
    };
    for (const [option, values] of Object.entries(wrong)) {
        for (const value of values)
            assertTypeError(() => Dag.task(echo, {[option]: value}), new RegExp(option));
    }
    assertTypeError(() => Dag.task(echo, {after: ['echo']}), /echo is neither a task nor a promise/);
});

test('An option that is undefined is as if it was not there', async () => {
    const options = {};
    for (const option of ['after', 'cancellable', 'deadline', 'name', 'priority', 'raw', 'rule',
        'timeout', 'trigger'])
        options[option] = undefined;
    const same = Dag.task(echo, options);
    assertEquals(same.name, 'echo');
    assertEquals(await same(1), 1);
    assertEquals(await Dag.task(echo, {cancellable: null})(1), 1);
});

test('What is no object of options is refused, as prerequisites by themselves are', async () => {
    for (const options of [echo(), [echo()], 'raw', null, echo, Promise.resolve()])
        assertTypeError(() => Dag.task(echo, options), /cannot be the options of a task$/);
    assertTypeError(() => Dag.finished(echo), /^the function echo is neither/);
    assertTypeError(() => Dag.finished(new Date()), /^an object of Date is neither/);
});

test('A task as text tells its name and how it stands', async () => {
    const task = echo();
    assertEquals(String(task), '[Dag.Task echo waiting]');
    await task;
    assertEquals(`${task}`, '[Dag.Task echo succeeded]');
    assertEquals(String(Dag.task(() => {})()), '[Dag.Task waiting]');
});

test('Options reach the task', async () => {
    const cancellable = new Gio.Cancellable();
    const task = Dag.task(value => value, {
        cancellable, deadline: 40000, name: 'named', priority: GLib.PRIORITY_LOW, timeout: 30000,
        trigger: Dag.Trigger.ANY,
    })(echo(1));
    assertEquals(task.name, 'named');
    assertEquals(task.priority, GLib.PRIORITY_LOW);
    assertEquals(task.trigger, Dag.Trigger.ANY);
    assertEquals(task.cancellable, cancellable);
    assertEquals(task.timeout, 30000);
    assertEquals(task.deadline, 40000);
    await task;
});

test('A task has the name of its function, if that has one', async () => {
    assertEquals(echo().get_name(), 'echo');
    assertEquals(echo.name, 'echo');
    const arrow = () => 1;
    assertEquals(Dag.task(arrow)().get_name(), 'arrow');
    assertEquals(Dag.task(() => 1)().get_name(), null);
    assertEquals(Dag.task(echo, {name: 'sound'}).name, 'sound');
});

test('A function can be wrapped twice: what is said later counts, rawness and prerequisites stay',
    async () => {
        const first = pending();
        const second = pending();
        const getStates = Dag.task((...tasks) => tasks.map(stateOf), {raw: true, name: 'raw'});
        const outer = Dag.task(Dag.task(getStates, {after: [first]}), {after: [second]});
        const task = outer(echo(1));
        assertEquals(task.get_name(), 'raw');
        first.door.open();
        await idle();
        assertEquals(stateOf(task), 'WAITING');
        second.door.open();
        assertAlike(await task, ['SUCCEEDED']);

        assertAlike(await Dag.task(getStates, {raw: true})(echo(1)), ['SUCCEEDED']);
        assertEquals(await Dag.task(Dag.task(value => value, {raw: true}), {raw: false})(echo(1)), 1);
        assertEquals(Dag.task(getStates, {name: 'other'})(1).get_name(), 'other');
    });

test('Methods have their this', async () => {
    class Counter {
        count = 0;

        field = Dag.task(async function (by) {
            this.count += by;
            return this;
        });

        arrow = Dag.task(async by => {
            this.count += by;
        });

        static made = Dag.task(function () {
            return this;
        });
    }
    Counter.prototype.method = Dag.task(function method(by) {
        this.count += by;
        return this.count;
    });

    const counter = new Counter();
    assertEquals(await counter.field(echo(1)), counter);
    assertEquals(await counter.method(2), 3);
    await counter.arrow(3);
    assertEquals(counter.count, 6);
    assertEquals(await Counter.made(), Counter);

    const unbound = Dag.task(function () {
        'use strict';
        return this;
    });
    assertEquals(await unbound(), undefined);
});

// Arguments

test('Tasks and promises in arrays and plain objects are resolved, at any depth', async () => {
    const without = Object.assign(Object.create(null), {task: echo('c')});
    const [array, object] = await list(
        [echo('a'), 'plain', [[Promise.resolve('b')]], , 1],
        {without, list: [echo('d')], 'a key': {task: echo('e')}, f: undefined});
    assertAlike(array, ['a', 'plain', [['b']], , 1]);
    assert(!(3 in array));
    assertAlike(object, {without: {task: 'c'}, list: ['d'], 'a key': {task: 'e'}});
    assertEquals(Object.getPrototypeOf(object.without), null);
    assert('f' in object);
});

test('A container with no task in it is passed itself, and one with a task is copied', async () => {
    const plain = [1, {a: [2]}];
    const deep = {list: [echo(1)], plain};
    const frozen = Object.freeze([echo(2)]);
    const [same, copy, thawed] = await list(plain, deep, frozen);
    assertEquals(same, plain);
    assert(copy !== deep && copy.list !== deep.list);
    assert(deep.list[0] instanceof Dag.Task);
    assertEquals(copy.plain, plain);
    assertAlike([copy.list, thawed], [[1], [2]]);
});

test('What becomes of a container with a task in it after the call makes no difference', async () => {
    const items = [echo(1), 2];
    const task = list(items);
    items[1] = 3;
    items.push(4);
    assertAlike(await task, [[1, 2]]);
});

test('Containers may lead back to themselves, and to one another', async () => {
    const plain = [1];
    plain.push(plain);
    const [same] = await list(plain);
    assertEquals(same, plain);

    const shared = {task: echo('shared')};
    const circle = {shared, list: [shared]};
    circle.circle = circle;
    const [copy] = await list(circle);
    assert(copy !== circle);
    assertEquals(copy.circle, copy);
    assertEquals(copy.shared, copy.list[0]);
    assertEquals(copy.shared.task, 'shared');
});

test('Other values are passed untouched', async () => {
    class Item {
        task = echo(1);
    }
    const then = () => {};
    then.then = () => {};
    const values = [
        undefined, null, NaN, -0, 2n ** 80n, Symbol('s'), then, new Map([[1, echo(1)]]),
        new Set([1]), new Date(), new Uint8Array(3), new Item(), new Error('e'), /r/,
        Gio.File.new_for_path('/'), new GLib.Variant('s', 'v'),
    ];
    for (const value of values) {
        assertEquals((await list(value))[0], value);
        assertEquals((await list(echo(1), value))[1], value);
        assertEquals((await list([value, echo(1)]))[0][0], value);
    }
});

test('A big container with no task in it costs little, and a deep one no stack', async () => {
    const big = new Array(100000).fill(1);
    let deep = [];
    for (let i = 0; i < 20000; i++)
        deep = [deep];
    const [sameBig, sameDeep] = await list(big, deep);
    assertEquals(sameBig, big);
    assertEquals(sameDeep, deep);

    let copy = (await list([echo('bottom'), deep]))[0][1];
    while (copy.length > 0)
        [copy] = copy;
});

test('A promise is a dependency, and one task however often it is used', async () => {
    let resolve;
    const promise = new Promise(r => {
        resolve = r;
    });
    const first = list(promise, promise);
    const second = Dag.task(list, {after: [promise]})([promise]);
    await idle();
    assertEquals(stateOf(first), 'WAITING');
    assertEquals(stateOf(second), 'WAITING');
    resolve('kept');
    assertAlike(await first, ['kept', 'kept']);
    assertAlike(await second, [['kept']]);

    const [a] = await Dag.task(list, {raw: true})(promise);
    const [b] = await Dag.task(list, {raw: true})([promise]);
    assertEquals(a, b.result()[0]);
    assertEquals(a.get_name(), 'promise');
});

test('Anything with a then is a promise', async () => {
    let nCalls = 0;
    const thenable = {
        then(onFulfilled) {
            nCalls++;
            onFulfilled('then');
        },
    };
    assertAlike(await list(thenable, {thenable}), ['then', {thenable: 'then'}]);
    assertEquals(nCalls, 1);
});

test('A promise that is rejected is a failure, also if it was before', async () => {
    const error = new Error('broken');
    const early = Promise.reject(error);
    assertEquals(await thrownIn(list(early)), error);
    assertEquals(await thrownIn(Dag.task(list, {after: [Promise.reject(error)]})()), error);
    const task = list([Promise.reject(error)]);
    assertEquals(await thrownIn(task), error);
    assertEquals(task.get_origin().get_name(), 'promise');
});

test('A function may be called with many arguments, and with itself', async () => {
    const many = Array.from({length: 50}, (_, i) => echo(i));
    assertAlike(await list(...many), many.map((_, i) => i));
    assertEquals((await list(list))[0], list);
});

test('A function gets the value of every input, however many and whoever made them', async () => {
    const make = [
        () => echo('value'),
        () => Dag.task(() => echo({}))(),
        () => Dag.Task.new_for_value('from C'),
        () => 'no task',
        () => Dag.task(() => Dag.Task.new_delay(1))(),
        () => Dag.any([echo(null)]),
    ];
    for (let n = 0; n <= make.length; n++) {
        const args = make.slice(0, n).map(each => each());
        const values = ['value', {}, 'from C', 'no task', null, null].slice(0, n);
        assertAlike(await list(...args), values);
    }
});

// Raw arguments

test('A raw function gets all tasks themselves, and containers as tasks that have them', async () => {
    const good = echo(1);
    const bad = fail(new Error('looked at'));
    const [a, b, array, object, e] =
        await Dag.task(list, {raw: true})(good, bad, [good], {d: bad}, Promise.resolve('p'));
    assertEquals(a, good);
    assertEquals(b, bad);
    assertAlike(array.result(), [good]);
    assertEquals(object.result().d, bad);
    assertAlike((await Dag.task(list, {raw: true})([]))[0].result(), []);
    assertEquals(e.result(), 'p');
});

test('A raw function gets other values as tasks, which can be tasks for others too', async () => {
    const object = {};
    const [task] = await Dag.task(list, {raw: true})(object);
    assertEquals(stateOf(task), 'SUCCEEDED');
    assert(task.settled);
    assertEquals(task.result(), object);
    assertEquals(await task, object);
    assertEquals(await echo(task), object);
    assertEquals(await Dag.task(value => value, {raw: true})(object), object);
    assertEquals((await Dag.task(list, {raw: true})('for C'))[0].get_value(), 'for C');
});

test('An argument with a rule of its own is raw', async () => {
    const getStates = Dag.task((...args) => args.map(
        arg => arg instanceof Dag.Task ? stateOf(arg) : arg));
    const good = echo('value');
    const bad = fail(new Error('looked at'));
    assertAlike(await getStates(good, Dag.finished(bad), Dag.failed(bad), Dag.finished(good)),
        ['value', 'FAILED', 'FAILED', 'SUCCEEDED']);
    assertAlike(await getStates(Dag.finished(Promise.reject(new Error('looked at')))), ['FAILED']);

    const nested = await Dag.task(value => stateOf(value.list[0]))({list: [Dag.finished(bad)]});
    assertEquals(nested, 'FAILED');

    const {SUCCEEDED} = Dag.Rule;
    assertAlike(await getStates(Dag.Dependency.new(good, SUCCEEDED, true)), ['SUCCEEDED']);
    assertAlike(await getStates(Dag.Dependency.new(good, SUCCEEDED, false)), ['value']);
});

test('A rule is for tasks and promises only', () => {
    assertTypeError(() => Dag.failed(1), /1 is neither a task nor a promise/);
    assertTypeError(() => Dag.finished(undefined), /undefined is neither/);
    assertTypeError(() => Dag.finished({}), /an object of Object is neither/);
});

test('The option rule is that of all arguments', async () => {
    const bad = fail(new Error('looked at'));
    const undo = Dag.task(tasks => tasks.result().map(stateOf), {rule: Dag.Rule.FAILED});
    assertAlike(await undo([bad, bad]), ['FAILED', 'FAILED']);
    assertEquals((await thrownIn(undo([bad, echo(1)]))).code, Dag.Error.NOT_NEEDED);
});

addEnding();
addOwners();
addWaiting();
main();
