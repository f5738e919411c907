// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What has to compile with aiodag.d.ts, and what must not.

import Dag from 'gi://Dag?version=1';
import Gio from 'gi://Gio?version=2.0';
import GObject from 'gi://GObject?version=2.0';

const measure = Dag.task(async (text: string) => text.length);
const add = Dag.task((a: number, b: number) => a + b);

// Dependencies stand for values, nested too, and the type of the value is known.

const task: Dag.TaskOf<number> = add(measure('one'), 1);
const value: number = await task;
const state: Dag.State = task.get_state();

const count = Dag.task((list: number[], names: {first: string}) => list.length);
const length: number = await count(
    [measure('one'), 1, Promise.resolve(3)], {first: Dag.delay(1, 'a')});
const followed: number = await Dag.task(() => measure('followed'))();

class Adder {
    sum = 1;

    add = Dag.task(async function (this: Adder, by: number) {
        this.sum += by;
        return this.sum;
    });
}
const sum: number = await new Adder().add(measure('one'));

// Raw functions get tasks.

const combine = Dag.task(
    (a: Dag.TaskOf<number>, b: Dag.TaskOf<string>) => a.result() + b.result(),
    {raw: true, after: [task, Dag.failed(task), Dag.finished(Promise.resolve())]});
const text: string = await combine(measure('one'), 'plain');
const chosen: Dag.State = await Dag.task(
    (a: Dag.TaskOf<number>) => a.get_state(),
    {trigger: Dag.Trigger.ANY, rule: Dag.Rule.SUCCEEDED})(task);

// Waiting, and tasks that are made of others.

const caught: Promise<number | string> = task.catch(() => 'caught').finally(() => {});
const waited: number = await task.await(new Gio.Cancellable());
const both: [number, void] = await Promise.all([task, task.settle()]);
const [number, string] = await Dag.all([measure('one'), Promise.resolve('two')]);
const sumOf: string = string.repeat(number);
const [first] = await Dag.settled([measure('one'), 'two']);
const result: number = first.result();
const any: number = await Dag.any([measure('one'), measure('two')], {cancelOthers: true});
const race: number | string = await Dag.race(new Set([measure('one'), 'two']));
const ran: number = Dag.run(measure('one'));
const nothing: undefined = await Dag.delay(1);
const current: Dag.Task | null = Dag.current();
const window = new GObject.Object();
const shown: Dag.Task = Dag.task((_window: GObject.Object | null) => {},
    {owner: window, ownerSignal: 'unmap'})(Dag.weak(window));
const command = Dag.subprocess(['head', '-n', 3, measure('file')], {input: task, timeout: 500});
const written: string | null = (await command).stdout_text;
for (const each of await Dag.Task.new_all([task]) as Dag.Results)
    each.result();

const limiter = Dag.Limiter.new(2);
const tried: number = await Dag.task(measure, {
    limiter: [limiter],
    retry: {attempts: 5, delay: 100, maxDelay: 1000, when: thrown => thrown instanceof Error},
    creator: Dag.current(),
})('one');
const triedAgain = Dag.task(measure, {limiter, retry: Dag.Retry.new(3, 100)})('one');
const thrown: any[] = triedAgain.attemptErrors();

// @ts-expect-error
add('one', 1);
// @ts-expect-error
add(Dag.delay(1, 'one'), 1);
// @ts-expect-error
Dag.task(5);
// @ts-expect-error
Dag.task(() => 1, {timeouts: 1});
// @ts-expect-error
Dag.task(() => 1, {retry: {tries: 3}});
// @ts-expect-error
Dag.task(() => 1, {limiter: 3});
// @ts-expect-error
Dag.failed(1);
// @ts-expect-error
Dag.weak(1);
// @ts-expect-error
Dag.subprocess('ls');
// @ts-expect-error
Dag.subprocess(['ls'], {shell: true});
// @ts-expect-error
const wrong: string = await task;
