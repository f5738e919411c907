// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Tasks of JavaScript functions.
//
//     import Dag from 'gi://Dag?version=1';
//
//     const fetch = Dag.task(async function fetch(id) { … });
//     const both = concatenate(fetch('a1'), fetch('a2'));
//     print(await both);
//
// Calling such a function makes a Dag.Task, and a task among the arguments is a dependency: the
// function gets its value. The engine is the C library. Here is only what JavaScript functions need:
// how they are called, how they wait, what becomes of their values and of what they throw.
//
// Nothing here rests on a callback or a signal, because gjs before 1.81.90 drops those while it
// collects garbage. The runner sets a property, and what there is to do is taken from it then.

/* exported _init */

// All of it is in a function, whose names gjs knows the places of. Those of a script like this one, and
// global ones, it looks up by their letters each time.
var _init = (function (Promise, undefined) {

'use strict';

const {Gio, GLib, GObject} = imports.gi;

const ERRORS = GLib.quark_from_string('dag-javascript-error-quark');
const SCRIPT = new Error().fileName;

// A property of a task lives as long as that does, whoever has it, and costs more than all the rest
// of a call. So this is only for what would be lost otherwise.
const KEPT = Symbol('dag-kept');

// What of a string does not come back from C.
const LOST = /\0|\p{Surrogate}/u;

let Dag, Task, Dependency, Weak, runner;

/** By id: what to do when the runner says so. */
const jobs = new Map();
let lastId = 0;

// Less than that may be added to an id; see Runner.
const ID_STEP = 4;

/** By task: the call that it stands for. */
const calls = new WeakMap();

/** The task whose function is being called. */
let current = null;

// How a task has ended

function getValue(task) {
    const call = calls.get(task);
    return call === undefined ? getForeignValue(task) : call.getValue();
}

/** The value of a task that has it from elsewhere: from C, or from another task. */
function getForeignValue(task) {
    const owner = task.get_value_owner();
    const call = owner === task ? undefined : calls.get(owner);
    return call === undefined ? task.get_value() ?? undefined : call.value;
}

function getThrown(task) {
    const error = task.get_error();
    const origin = task.get_origin();
    const call = calls.get(origin);
    if (!call?.hasThrown)
        return error;
    // Or it has ended in the pause after what was thrown.
    return call.attempts !== undefined && origin.get_attempt_error(origin.get_attempt()) !== null
        ? error : call.value;
}

/** What the attempts of a task have thrown that were followed by others. */
function getAttemptErrors(task) {
    const ends = calls.get(task)?.attempts;
    const errors = [];
    let error;
    while ((error = task.get_attempt_error(errors.length + 1)) !== null)
        errors.push(getEnd(ends?.get(errors.length + 1), error));
    return errors;
}

/** What an attempt has thrown, of which C has the error. */
function getEnd(end, error) {
    if (end === undefined)
        return error;
    if (end.task === undefined)
        return end.thrown;
    // It ended as another task, unless that took too long.
    const isTask = end.task.is_finished() && end.task.get_state() !== Dag.State.SUCCEEDED &&
        end.task.get_error().message === error.message;
    return isTask ? getThrown(end.task) : error;
}

function getResult(task) {
    switch (task.get_state()) {
    case Dag.State.WAITING:
    case Dag.State.READY:
    case Dag.State.RUNNING:
        throw new Error(`${task.get_name() ?? 'The task'} has not finished`);
    case Dag.State.SUCCEEDED:
        return getValue(task);
    default:
        throw getThrown(task);
    }
}

/** What C has in the place of something that was thrown. */
function toError(thrown) {
    if (thrown instanceof GLib.Error)
        return thrown;
    let message;
    try {
        message = String(thrown);
    } catch {
        message = Object.prototype.toString.call(thrown);
    }
    return new GLib.Error(ERRORS, 0, message);
}

/** The stack of something that was thrown, without the frames of this script. */
function getStack(thrown) {
    const stack = thrown?.stack;
    if (typeof stack !== 'string')
        return null;
    return stack.split('\n').filter(line => line && !line.includes(SCRIPT)).join('\n') || null;
}

/** Whether C has such values. */
function isForC(value) {
    switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'string':
        return true;
    case 'bigint':
        return value === BigInt.asIntN(64, value) || value === BigInt.asUintN(64, value);
    default:
        return value instanceof GObject.Object || value instanceof GLib.Variant;
    }
}

/** Whether a value comes back from C as it was. */
function isFromC(value) {
    switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
        return true;
    case 'string':
        return !LOST.test(value);
    default:
        return value instanceof GObject.Object;
    }
}

/** Whether a task that fails now ends with that error. */
function isTold(task, error) {
    // One that was cancelled, or is late, has an error of its own, whatever is thrown after that.
    if (task.is_cancelled() && task.check_cancellable)
        return error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
    return !task.is_late();
}

function makeLateError() {
    return new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT, 'The attempt took too long');
}

/** Puts values where they go: in the place of the dependencies among the arguments, if places is null. */
function fill(args, places) {
    if (places !== null) {
        for (const {holder, key, task, isRaw = false} of places) {
            const value = task instanceof Weak ? task.get() : getValue(task);
            holder[key] = isRaw ? toFinishedTask(value) : value;
        }
        return;
    }
    for (let i = 0; i < args.length; i++) {
        const argument = args[i];
        if (argument instanceof Call)
            args[i] = argument.getValue();
        else if (argument instanceof Task)
            args[i] = getValue(argument);
    }
}

/**
 * A call of a function, and what has come of it.
 *
 * There are few that may have several attempts. They are kept until the runner says that there will be
 * no other one, and have `attempts`: by number, what those have ended with.
 */
class Call {
    constructor(id, fn, self, args, places) {
        this.id = id;
        this.fn = fn;
        this.self = self;
        this.args = args;
        this.places = places;
        this.task = null;
        this.value = undefined;
        this.hasThrown = false;
        /** The task of the call itself, if that has ended as another one. */
        this.follower = null;
    }

    getValue() {
        return this.follower === null ? this.value : getForeignValue(this.follower);
    }

    /**
     * Calls the function. Returns whether the task has succeeded, with no value.
     *
     * It is called right here, because a promise notes all callers of the function that makes it: each
     * one of them costs.
     */
    start() {
        const {fn, self, args, places} = this;
        if (this.isKept)
            this.begin();
        else
            this.forget();
        const outer = current;
        current = this.task;
        let result;
        try {
            fill(args, places);
            result = fn.apply(self, args);
        } catch (thrown) {
            this.fail(thrown);
            return false;
        } finally {
            current = outer;
        }
        if (result === undefined) {
            this.leave();
            return true;
        }
        if (result instanceof Promise)
            this.follow(result);
        else if (result instanceof Task && this.when !== null)
            this.await(result);
        else if (result instanceof Task)
            this.become(result);
        else if (isThenable(result))
            this.follow(Promise.resolve(result));
        else
            this.succeed(result);
        return false;
    }

    /** What belongs to the function is to be kept for other attempts. */
    keep() {
        this.isKept = true;
        this.isAtWork = false;
        this.attempts ??= new Map();
    }

    /** An attempt begins: what another one has ended with does not count. */
    begin() {
        this.isAtWork = true;
        this.value = undefined;
        this.hasThrown = false;
        this.follower = null;
    }

    /** The task was cancelled, or skipped. If the function is not at work it will not be called. */
    stop() {
        if (this.isKept && this.isAtWork) {
            this.handOver?.();
        } else if (this.fn !== null) {
            this.isKept = false;
            this.forget();
            this.leave();
        }
        return false;
    }

    /** Ends as a promise does. */
    follow(promise) {
        promise.then(value => this.succeed(value), thrown => this.fail(thrown));
    }

    /** Ends as a task does. */
    become(task) {
        const call = calls.get(task);
        if (call?.follower === null && task.get_state() === Dag.State.SUCCEEDED) {
            this.succeed(call.value);
        } else {
            this.follower = this.leave();
            this.attempts?.set(this.follower.get_attempt(), {task});
            this.follower.return_task(task);
        }
    }

    /** Ends as a task does, of whose failure somebody is to be asked. */
    await(task) {
        const id = lastId += ID_STEP;
        const start = () => {
            jobs.delete(id);
            if (task.get_state() === Dag.State.SUCCEEDED)
                this.become(task);
            else
                this.fail(getThrown(task));
            return false;
        };
        this.handOver = () => {
            jobs.delete(id);
            runner.forget(id);
            this.ask(makeLateError());
            this.become(task);
        };
        jobs.set(id, {start, task});
        runner.await(task, id);
    }

    /** Asks whether there should be another attempt, if there can be. */
    ask(thrown) {
        const {task, when} = this;
        const retry = when === null || task.is_cancelled() ? null : task.get_retry();
        if (retry === null || task.get_attempt() >= retry.get_attempts())
            return;
        let again = false;
        try {
            again = when(task.is_late() ? makeLateError() : thrown);
        } catch (error) {
            logError(error, `${task.get_name() ?? 'A task'} is not tried again: what was asked threw`);
        }
        if (!again)
            task.set_retry(null);
    }

    succeed(value) {
        if (this.when !== null && this.task.is_late())
            this.ask(undefined);
        const task = this.leave();
        if (value === undefined) {
            task.return();
            return;
        }
        this.value = value;
        if (!isFromC(value))
            task[KEPT] = this;
        if (isForC(value))
            task.return_value(value);
        else
            task.return();
    }

    fail(thrown) {
        const error = toError(thrown);
        if (error.matches(Dag.Error, Dag.Error.NOT_NEEDED)) {
            this.leave().return_skip();
            return;
        }
        if (this.when !== null)
            this.ask(thrown);
        const task = this.leave();
        if (isTold(task, error)) {
            this.value = thrown;
            this.hasThrown = true;
            task[KEPT] = this;
            this.attempts?.set(task.get_attempt(), {thrown});
        }
        runner.fail(task, error, null, getStack(thrown));
    }

    forget() {
        this.fn = this.self = this.args = this.places = null;
    }

    /** Whatever becomes of the task now, the function has done its work. */
    leave() {
        const task = this.task;
        if (this.isKept) {
            this.isAtWork = false;
            this.handOver = null;
        } else {
            this.task = null;
            jobs.delete(this.id);
        }
        return task;
    }
}

// Those that few calls have are no properties of the others.
Object.assign(Call.prototype, {isKept: false, attempts: undefined, handOver: null, when: null});

// What is waited for

function isThenable(value) {
    return typeof value === 'object' && value !== null && typeof value.then === 'function';
}

/** Whether something else takes the place of a value when the function is called. */
function isPlaceholder(value) {
    return value instanceof Task || value instanceof Dependency || value instanceof Weak ||
        isThenable(value);
}

/** Whether there may be placeholders in it. */
function isContainer(value) {
    if (typeof value !== 'object' || value === null)
        return false;
    if (Array.isArray(value))
        return true;
    const prototype = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === null;
}

/** Of a container and those in it, which may lead back to it, the ones that lead to placeholders. */
function findHolders(container) {
    const parents = new Map([[container, []]]);
    const holders = new Set();
    // Both grow on the way.
    for (const each of parents.keys()) {
        for (const item of Object.values(each)) {
            if (isPlaceholder(item))
                holders.add(each);
            else if (parents.has(item))
                parents.get(item).push(each);
            else if (isContainer(item))
                parents.set(item, [each]);
        }
    }
    for (const each of holders)
        parents.get(each).forEach(parent => holders.add(parent));
    return holders;
}

/** What a message calls a value. */
function describe(value) {
    switch (typeof value) {
    case 'function':
        return `the function ${value.name}`.trimEnd();
    case 'object':
        return value === null ? 'null' : `an object of ${value.constructor?.name ?? 'no class'}`;
    default:
        return String(value);
    }
}

/** By promise: the task that ends as it does. */
const adopted = new WeakMap();

function toTask(value) {
    if (value instanceof Task)
        return value;
    if (!isThenable(value))
        throw new TypeError(`${describe(value)} is neither a task nor a promise`);
    let task = adopted.get(value);
    if (task === undefined) {
        const promise = Promise.resolve(value);
        // The task answers for it, but only from when it has started.
        promise.catch(() => {});
        task = ours.promise.schedule(undefined, [promise], [], []);
        adopted.set(value, task);
    }
    return task;
}

/** The tasks that the items of a list are. What is no task and no promise is a value. */
function toTasks(list) {
    return [...list].map(item => item instanceof Task || isThenable(item)
        ? toTask(item) : ours.value.schedule(undefined, [item], [], []));
}

/** A task that has succeeded already. */
function toFinishedTask(value) {
    const task = Task.new_for_value(isForC(value) ? value : null);
    const call = new Call(0, null, null, null, null);
    call.value = value;
    calls.set(task, call);
    if (!isFromC(value))
        task[KEPT] = call;
    return task;
}

/** A task and what is asked of it, as a prerequisite. */
function toEdge(value) {
    return value instanceof Dependency
        ? {task: value.get_task(), rule: value.get_rule()}
        : {task: toTask(value), rule: Dag.Rule.SUCCEEDED};
}

/** What a call waits for, and what the function gets in its place. */
class Dependencies {
    constructor(isRaw, rule) {
        this.isRaw = isRaw;
        this.rule = rule;
        /** Tasks whose values the function gets, and where those go. */
        this.inputs = [];
        this.places = [];
        /** Tasks that the function gets as such, and what is asked of them. */
        this.edges = [];
    }

    /** Looks into an argument. */
    take(args, index) {
        const argument = args[index];
        if (argument instanceof Weak && this.isRaw) {
            this.places.push({holder: args, key: index, task: argument, isRaw: true});
            return;
        }
        if (isPlaceholder(argument)) {
            this.put(args, index, argument);
            return;
        }
        const holders = isContainer(argument) ? findHolders(argument) : null;
        if (holders?.size > 0)
            args[index] = this.copy(holders, argument);
        if (this.isRaw)
            args[index] = toFinishedTask(args[index]);
    }

    put(holder, key, dependency) {
        if (dependency instanceof Weak) {
            this.places.push({holder, key, task: dependency});
            return;
        }
        let task, {isRaw, rule} = this;
        if (dependency instanceof Dependency) {
            task = dependency.get_task();
            rule = dependency.get_rule();
            isRaw ||= dependency.get_raw() || rule !== Dag.Rule.SUCCEEDED;
        } else {
            task = toTask(dependency);
        }
        if (isRaw) {
            holder[key] = task;
            this.edges.push({task, rule});
        } else {
            this.inputs.push(task);
            this.places.push({holder, key, task});
        }
    }

    /** Copies what leads to dependencies. */
    copy(holders, container) {
        const copies = new Map();
        for (const holder of holders) {
            copies.set(holder, Array.isArray(holder) ? holder.slice()
                : Object.assign(Object.create(Object.getPrototypeOf(holder)), holder));
        }
        for (const copy of copies.values()) {
            for (const [key, item] of Object.entries(copy)) {
                if (copies.has(item))
                    copy[key] = copies.get(item);
                else if (isPlaceholder(item))
                    this.put(copy, key, item);
            }
        }
        return copies.get(container);
    }
}

// Functions whose calls are tasks

/** By what an option retry may have in it: whether a value is one for it. */
const RETRY_OPTIONS = {
    attempts: value => isTime(value) && value > 0,
    delay: isTime,
    factor: value => Number.isFinite(value) && value >= 1,
    jitter: value => Number.isFinite(value) && value >= 0 && value <= 1,
    maxDelay: isTime,
    when: value => typeof value === 'function',
};

/** Makes a Dag.Retry of an option that is not one. */
function toRetry(option) {
    if (option === undefined || option === null || option instanceof Dag.Retry)
        return option ?? null;
    const {attempts = 3, delay = 0, factor = 2, jitter = 0, maxDelay} = option;
    const retry = Dag.Retry.new(attempts, delay);
    retry.set_factor(factor);
    retry.set_jitter(jitter);
    if (maxDelay !== undefined)
        retry.set_max_delay(maxDelay);
    return retry;
}

function isRetry(value) {
    if (value === null || value instanceof Dag.Retry)
        return true;
    if (!isContainer(value) || Array.isArray(value))
        return false;
    return Object.entries(value).every(([key, item]) => Object.hasOwn(RETRY_OPTIONS, key) &&
        (item === undefined || RETRY_OPTIONS[key](item)));
}

function isLimiter(value) {
    return value instanceof Dag.Limiter ||
        Array.isArray(value) && value.every(item => item instanceof Dag.Limiter);
}

/** Whether a value is a number of milliseconds. */
function isTime(value) {
    return Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

/** By option: whether a value is one for it. */
const OPTIONS = {
    after: Array.isArray,
    cancellable: value => value === null || value instanceof Gio.Cancellable,
    creator: value => value === null || value instanceof Task,
    deadline: isTime,
    limiter: isLimiter,
    name: value => typeof value === 'string',
    owner: value => value === null || value instanceof GObject.Object,
    ownerSignal: value => typeof value === 'string',
    priority: Number.isInteger,
    raw: value => typeof value === 'boolean',
    retry: isRetry,
    rule: value => Object.values(Dag.Rule).includes(value),
    timeout: isTime,
    trigger: value => Object.values(Dag.Trigger).includes(value),
};

/** Of the options that are properties of the tasks: the methods that set them. */
const SETTERS = [
    ['cancellable', 'set_parent_cancellable'],
    ['creator', 'set_creator'],
    ['deadline', 'set_deadline'],
    ['priority', 'set_priority'],
    ['timeout', 'set_timeout'],
    ['trigger', 'set_trigger'],
];

function checkOptions(options) {
    const checked = {};
    for (const [key, value] of Object.entries(options)) {
        if (!Object.hasOwn(OPTIONS, key))
            throw new TypeError(`A task has no option ${key}`);
        if (value !== undefined) {
            if (!OPTIONS[key](value))
                throw new TypeError(`The option ${key} of a task cannot be ${describe(value)}`);
            checked[key] = value;
        }
    }
    const {owner, ownerSignal = null} = checked;
    if (ownerSignal !== null) {
        if (!owner)
            throw new TypeError('The option ownerSignal of a task needs an owner');
        if (!GObject.signal_parse_name(ownerSignal, owner.constructor.$gtype, true)[0])
            throw new TypeError(`${describe(owner)} has no signal ${ownerSignal}`);
        delete checked.ownerSignal;
    }
    if (owner)
        checked.owner = {weak: Weak.new(owner), signal: ownerSignal};
    return checked;
}

/** Ties a task to an object that may be gone already. */
function setOwner(task, {weak, signal}) {
    const owner = weak.get();
    if (owner === null)
        task.cancel();
    else
        task.set_owner(owner, signal);
}

/** To hand an array over to C costs half as much as the task that is made. */
function newTask(id, quark, inputs) {
    const [first = null, second = null, third = null] = inputs;
    return inputs.length > 3 ? runner.new_task(id, quark, inputs)
        : runner.new_small_task(id, quark, first, second, third);
}

/** How calls of a function become tasks. */
class Definition {
    constructor(fn, options) {
        const {after = [], name = fn.name, raw = false, rule, trigger} = options;
        this.fn = fn;
        this.options = options;
        this.name = name;
        this.quark = name === '' ? 0 : GLib.quark_from_string(name);
        this.isRaw = raw || rule !== undefined || trigger !== undefined;
        this.rule = rule ?? (raw ? Dag.Rule.FINISHED : Dag.Rule.SUCCEEDED);
        this.edges = after.map(toEdge);
        this.retry = toRetry(options.retry);
        this.limiters = options.limiter === undefined ? [] : [options.limiter].flat();
        this.isSimple = !this.isRaw && after.length === 0 && !options.owner &&
            this.retry === null && this.limiters.length === 0 &&
            !SETTERS.some(([key]) => options[key] !== undefined);
    }

    call(self, args) {
        if (this.isSimple) {
            const inputs = [];
            let i = 0;
            for (; i < args.length; i++) {
                const argument = args[i];
                if (argument instanceof Task)
                    inputs.push(argument);
                else if (typeof argument === 'object' && argument !== null)
                    break;
            }
            if (i === args.length) {
                // Looking them up is much cheaper now, while they are in the caches of the machine.
                for (i = 0; i < args.length; i++)
                    args[i] = calls.get(args[i]) ?? args[i];
                return this.schedule(self, args, null, inputs);
            }
        }

        const found = new Dependencies(this.isRaw, this.rule);
        for (let i = 0; i < args.length; i++)
            found.take(args, i);

        const task = this.schedule(self, args, found.places, found.inputs);
        for (const edge of found.edges)
            task.add_raw_input(edge.task, edge.rule);
        for (const edge of this.edges)
            task.add_prerequisite(edge.task, edge.rule);
        for (const [key, set] of SETTERS) {
            if (this.options[key] !== undefined)
                task[set](this.options[key]);
        }
        if (this.options.owner)
            setOwner(task, this.options.owner);
        for (const limiter of this.limiters)
            task.add_limiter(limiter);
        if (this.retry !== null) {
            task.set_retry(this.retry);
            const {when} = this.options.retry;
            if (when !== undefined)
                calls.get(task).when = when;
        }
        return task;
    }

    /** Makes a task. Where values go is null if that is wherever there is a task among args. */
    schedule(self, args, places, inputs) {
        const id = lastId += ID_STEP;
        const call = new Call(id, this.fn, self, args, places);
        const task = newTask(id, this.quark, inputs);
        call.task = task;
        jobs.set(id, call);
        calls.set(task, call);
        return task;
    }
}

/** By function that task() has made: its definition. */
const definitions = new WeakMap();

/**
 * Makes a function whose calls are tasks.
 *
 * What it is called with are the arguments of the function. A task or a promise among them, or in
 * an array or a plain object there, is a dependency: the function runs when that has succeeded, and
 * gets the value in its place. An async function, one that returns a promise and one that returns a
 * task end as that does.
 *
 * @param {Function} fn - a function, which may be one that was made by this
 * @param {object} [options]
 * @param {any[]} [options.after] - tasks and promises that have to succeed before; see also
 *   `Dag.finished()` and `Dag.failed()`
 * @param {boolean} [options.raw] - the function gets tasks as such, finished in whatever way, and
 *   all other arguments as tasks that have succeeded
 * @param {Dag.Rule} [options.rule] - what is asked of tasks among the arguments, which are raw then
 * @param {Dag.Trigger} [options.trigger] - how these combine, which are raw then
 * @param {string} [options.name] - the name of the tasks, in the place of that of the function
 * @param {number} [options.priority] - the priority of the tasks, as of GLib sources
 * @param {?Gio.Cancellable} [options.cancellable] - what cancels the tasks
 * @param {number} [options.timeout] - how long the function may take, in milliseconds
 * @param {object} [options.retry] - how often the function is called until it succeeds: a Dag.Retry, or
 *   an object with some of `attempts` (3), `delay` (0) and `maxDelay` in milliseconds, `factor` (2),
 *   `jitter` (0), and `when`, a function that gets what was thrown and says whether to try again
 * @param {Dag.Limiter|Dag.Limiter[]} [options.limiter] - how many tasks may be at work at once
 * @param {?Dag.Task} [options.creator] - the task whose function makes the tasks after an `await`, so
 *   that they may run on the slots that it has of its limiters
 * @param {number} [options.deadline] - after what time the tasks have to have finished, in milliseconds
 * @param {?GObject.Object} [options.owner] - an object, which is not kept: the tasks are cancelled
 *   when it is disposed of
 * @param {string} [options.ownerSignal] - a signal of the owner that cancels them, too
 * @returns {function(...any): Dag.Task}
 */
function task(fn, options = {}) {
    if (typeof fn !== 'function')
        throw new TypeError(`${describe(fn)} is not a function`);
    if (!isContainer(options) || Array.isArray(options))
        throw new TypeError(`${describe(options)} cannot be the options of a task`);
    let checked = checkOptions(options);
    const inner = definitions.get(fn);
    if (inner !== undefined) {
        const after = [...inner.options.after ?? [], ...checked.after ?? []];
        checked = {...inner.options, ...checked, after};
    }

    const definition = new Definition(inner?.fn ?? fn, checked);
    const made = function (...args) {
        return definition.call(this, args);
    };
    Object.defineProperty(made, 'name', {value: definition.name, configurable: true});
    definitions.set(made, definition);
    return made;
}

/** A dependency that may end in whatever way, and settles first: as an argument it is raw. */
function finished(dependency) {
    return Dependency.new(toTask(dependency), Dag.Rule.FINISHED, true);
}

/** A dependency that has to fail, and settles first: as an argument it is raw. */
function failed(dependency) {
    return Dependency.new(toTask(dependency), Dag.Rule.FAILED, true);
}

/** An argument that the call does not keep: the function gets null if it is gone by then. */
function weak(object) {
    if (!(object instanceof GObject.Object))
        throw new TypeError(`${describe(object)} is no GObject`);
    return Weak.new(object);
}

/** Ends the function that calls it, which has nothing to do: its task is skipped. */
function skip() {
    throw new GLib.Error(Dag.Error, Dag.Error.NOT_NEEDED, 'There was nothing to do');
}

// Tasks that are made of others. In their lists promises and plain values may stand for tasks.

/** A text for a command; C would take it to end at a null character. */
function checkText(text) {
    if (text.includes('\0'))
        throw new TypeError('A text for a command cannot have a null character in it');
    return text;
}

/** Of the environment of a command, the variables that C has. */
function toVariables(env) {
    return Object.entries(env).map(([name, value]) => {
        if (name === '' || name.includes('='))
            throw new TypeError(`'${name}' cannot be the name of a variable`);
        return checkText(`${name}=${value}`);
    });
}

/** Of a word of a command, or an array of them, the values that C has. */
function toWords(value) {
    if (Array.isArray(value))
        return value.flatMap(toWords);
    if (typeof value === 'string')
        return [checkText(value)];
    if (typeof value === 'number')
        return [String(value)];
    if (value instanceof Uint8Array)
        return [new GLib.Bytes(value)];
    if (value instanceof GLib.Bytes || value instanceof Gio.File ||
        value instanceof Dag.ProcessResult)
        return [value];
    throw new TypeError(`${describe(value)} cannot be a word of a command`);
}

function toCommandInput(value) {
    if (typeof value === 'string')
        return new GLib.Bytes(new TextEncoder().encode(value));
    if (value instanceof Uint8Array)
        return new GLib.Bytes(value);
    if (value === null || value === undefined)
        return null;
    if (value instanceof GLib.Bytes || value instanceof Dag.ProcessResult)
        return value;
    throw new TypeError(`${describe(value)} cannot be what a command reads`);
}

/** Runs a command, for the task whose function is being called. */
async function runCommand(argv, input, {check, cwd, env, graceTime, launcher}) {
    const words = toWords(argv);
    if (words.length === 0)
        throw new TypeError('The command is empty');
    const bytes = toCommandInput(input);
    if (launcher === null) {
        let flags = Gio.SubprocessFlags.STDOUT_PIPE | Gio.SubprocessFlags.STDERR_PIPE;
        if (bytes !== null)
            flags |= Gio.SubprocessFlags.STDIN_PIPE;
        launcher = Gio.SubprocessLauncher.new(flags);
        if (env !== null)
            launcher.set_environ(toVariables(env));
        if (cwd !== null)
            launcher.set_cwd(checkText(cwd));
    }
    const child = Task.new_subprocess(launcher, words, bytes, check, graceTime);
    child.set_parent_cancellable(current.get_cancellable());
    try {
        return await child;
    } catch (error) {
        const result = child.get_process_result();
        if (result !== null)
            error.result = result;
        throw error;
    }
}

/** By name: the definitions of functions of our own. */
let ours;

function defineOurs() {
    const delay = async (milliseconds, value) => {
        const timer = Task.new_delay(milliseconds);
        timer.set_parent_cancellable(current.get_cancellable());
        await timer;
        return value;
    };
    const define = (name, fn, raw = false) => new Definition(fn, {name, raw});
    ours = {
        all: define('all', values => values),
        delay: define('delay', delay),
        promise: define('promise', promise => promise),
        settled: define('settled', list => list.result(), true),
        value: define('value', value => value),
    };
}

/** Has the values of all; is skipped with the first failure, while the others go on. */
function all(list) {
    return ours.all.call(undefined, [[...list]]);
}

/** Has the tasks themselves, when each has settled, in whatever way. */
function settled(list) {
    return ours.settled.call(undefined, [toTasks(list)]);
}

/** Has the value of the first that succeeds; is skipped with the earliest failure if none does. */
function any(list, {cancelOthers = false} = {}) {
    return Task.new_any(toTasks(list), cancelOthers);
}

/** Ends as the first that ends. */
function race(list, {cancelOthers = false} = {}) {
    return Task.new_race(toTasks(list), cancelOthers);
}

/** Succeeds with a value when some time has passed. */
function delay(milliseconds, value = undefined) {
    return value === undefined ? Task.new_delay(milliseconds)
        : ours.delay.call(undefined, [milliseconds, value]);
}

/** By option: whether a value is one for subprocess (). */
const COMMAND_OPTIONS = {
    check: value => typeof value === 'boolean',
    cwd: value => value === null || typeof value === 'string',
    env: value => value === null || (isContainer(value) && !Array.isArray(value)),
    graceTime: isTime,
    launcher: value => value === null || value instanceof Gio.SubprocessLauncher,
};

/**
 * Makes a task that runs a command, and has a Dag.ProcessResult when that has ended.
 *
 *     const {stdout_text: text} = await Dag.subprocess(['sort', '-u'], {input: lines});
 *
 * @param {any[]} argv - the words: strings, numbers, files, bytes, arrays of these, and tasks and
 *   promises that have such a value
 * @param {object} [options] - those of task(), too
 * @param {any} [options.input] - what it reads: text, bytes, what another command wrote, or a task or
 *   promise that has such a value
 * @param {?object} [options.env] - the whole environment
 * @param {?string} [options.cwd] - the folder
 * @param {boolean} [options.check] - whether a status other than 0 is a failure; what is thrown then
 *   has what came of the command as its property `result`
 * @param {number} [options.graceTime] - how long it may go on when it was asked to end, in milliseconds
 * @param {?Gio.SubprocessLauncher} [options.launcher] - in the place of `env` and `cwd`, for
 *   everything that can be said of a child
 * @returns {Dag.Task}
 */
function subprocess(argv, options = {}) {
    if (!Array.isArray(argv) || argv.length === 0)
        throw new TypeError(`${describe(argv)} is not the words of a command`);
    const {input = null, ...others} = options;
    const command = {
        check: true, cwd: null, env: null, graceTime: Dag.DEFAULT_GRACE_TIME, launcher: null,
    };
    for (const key of Object.keys(command)) {
        if (others[key] !== undefined) {
            if (!COMMAND_OPTIONS[key](others[key]))
                throw new TypeError(`The option ${key} of a command cannot be ${describe(others[key])}`);
            command[key] = others[key];
        }
        delete others[key];
    }
    if (command.launcher !== null && (command.env ?? command.cwd) !== null)
        throw new TypeError('A launcher has the environment and the folder itself');
    const name = typeof argv[0] === 'string' ? GLib.path_get_basename(argv[0]) : 'subprocess';
    return new Definition(runCommand, checkOptions({name, ...others}))
        .call(undefined, [argv, input, command]);
}

/**
 * Runs a main loop until a task or a promise has ended, for scripts. Returns its value, or throws
 * what it failed with.
 */
function run(dependency) {
    const loop = new GLib.MainLoop(null, false);
    const task = toTask(dependency);
    const quit = () => loop.quit();
    toPromise(task).then(quit, quit);
    loop.run();
    return getResult(task);
}

// What every task can do, whoever made it

/** A promise that is fulfilled when the runner has seen a task finish, or settle. */
function wait(method, task) {
    return new Promise(resolve => {
        const id = lastId += ID_STEP;
        const start = () => {
            jobs.delete(id);
            resolve();
            return false;
        };
        jobs.set(id, {start, task});
        runner[method](task, id);
    });
}

/** By task: the promise that ends as it does. */
const promises = new WeakMap();

function toPromise(task) {
    let promise = promises.get(task);
    if (promise === undefined) {
        promise = wait('await', task).then(() => getResult(task));
        promises.set(task, promise);
    }
    return promise;
}

const methods = {
    /** With this a task can be awaited as a promise can. */
    then(onFulfilled, onRejected) {
        return toPromise(this).then(onFulfilled, onRejected);
    },

    catch(onRejected) {
        return toPromise(this).catch(onRejected);
    },

    finally(onFinally) {
        return toPromise(this).finally(onFinally);
    },

    /** Waits until the task has finished, or a cancellable ends the wait, and only that. */
    await(cancellable) {
        const options = checkOptions({name: 'await', cancellable});
        return toPromise(new Definition(ours.value.fn, options).call(undefined, [this]));
    },

    /** Waits until the task has settled, in whatever way. */
    settle() {
        return wait('settle', this);
    },

    /** What the attempts before the last one have thrown, in an array. */
    attemptErrors() {
        return getAttemptErrors(this);
    },

    /** The value of the task, if it has one; throws what it failed with. */
    result() {
        return getResult(this);
    },

    toString() {
        const state = Object.keys(Dag.State).find(key => Dag.State[key] === this.get_state());
        return `[Dag.Task ${this.get_name() ?? ''} ${state.toLowerCase()}]`.replace('  ', ' ');
    },
};

// The runner

const Target = GObject.registerClass({
    GTypeName: 'GjsDagTarget',
    Properties: {
        ready: GObject.ParamSpec.boolean('ready', '', '', GObject.ParamFlags.WRITABLE, false),
    },
}, class extends GObject.Object {
    set ready(ready) {
        let succeeded = false;
        let id;
        while ((id = runner.take(succeeded)) !== 0)
            succeeded = id > 0 ? (jobs.get(id) ?? findMarked(id)).start() : jobs.get(-id)?.stop() ?? false;
    }
});

/** The call whose id this is, with what is added to that. */
function findMarked(id) {
    const marks = id % ID_STEP;
    const call = jobs.get(id - marks);
    if (marks & Dag.RUNNER_AGAIN)
        call.keep();
    return call;
}

return function () {
    Dag = this;
    ({Task, Dependency, Weak} = Dag);

    runner = Dag.Runner.new(GLib.MainContext.default(), new Target(), 'ready');
    runner.set_reports_early(true);

    defineOurs();
    Object.assign(Task.prototype, methods);
    Object.assign(Dag, {
        all, any, delay, failed, finished, race, run, settled, skip, subprocess, task,
        weak,
    });

    /** The task whose function is being called: that is until its first `await`. */
    Dag.current = () => current;

    Dag.Results.prototype[Symbol.iterator] = function* () {
        for (let i = 0; i < this.get_length(); i++)
            yield this.get_task(i);
    };
};

})(Promise);
