// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What Dag.js adds to the types that ts-for-gir makes of Dag-1.gir. Name both in tsconfig.json.

declare module 'gi://Dag?version=1' {
    import type Gio from 'gi://Gio?version=2.0';
    import type GLib from 'gi://GLib?version=2.0';
    import type GObject from 'gi://GObject?version=2.0';

    export namespace Dag {
        /** What may stand for an argument: dependencies in the place of values, nested too. */
        type Input<T> =
            | T
            | PromiseLike<T>
            | (T extends (...args: any[]) => any ? never
                : T extends readonly any[] | {[key: string]: any} ? {[K in keyof T]: Input<T[K]>}
                    : never);

        /** What may stand for an argument of a function that gets tasks as such. */
        type RawInput<T> =
            | T
            | PromiseLike<any>
            | Dependency
            | (T extends Task & {result(): infer V} ? Input<V> : never);

        type Inputs<A extends readonly any[]> = {[K in keyof A]: Input<A[K]>};
        type RawInputs<A extends readonly any[]> = {[K in keyof A]: RawInput<A[K]>};

        /** A task, and the type of its value. */
        interface TaskOf<T> extends Task {
            then<V = T, W = never>(
                onFulfilled?: ((value: T) => V | PromiseLike<V>) | null,
                onRejected?: ((thrown: any) => W | PromiseLike<W>) | null,
            ): Promise<V | W>;
            catch<W = never>(
                onRejected?: ((thrown: any) => W | PromiseLike<W>) | null,
            ): Promise<T | W>;
            finally(onFinally?: (() => void) | null): Promise<T>;
            await(cancellable?: Gio.Cancellable | null): Promise<T>;
            result(): T;
        }

        /** What every task can do, whoever made it. */
        interface Task {
            /** Waits for the task: with this it can be awaited as a promise can. */
            then<V = any, W = never>(
                onFulfilled?: ((value: any) => V | PromiseLike<V>) | null,
                onRejected?: ((thrown: any) => W | PromiseLike<W>) | null,
            ): Promise<V | W>;
            catch<W = never>(
                onRejected?: ((thrown: any) => W | PromiseLike<W>) | null,
            ): Promise<any>;
            finally(onFinally?: (() => void) | null): Promise<any>;

            /** Waits until the task has finished, or the cancellable ends the wait, and only that. */
            await(cancellable?: Gio.Cancellable | null): Promise<any>;

            /** Waits until the task has settled, in whatever way. */
            settle(): Promise<void>;

            /** The value of the task, which has to have finished; throws what it failed with. */
            result(): any;

            /** What the attempts have thrown that were followed by others. */
            attemptErrors(): any[];
        }

        interface Results {
            [Symbol.iterator](): IterableIterator<Task>;
        }

        interface RetryOptions {
            /** How often the function is called at most, the first time included; 3. */
            attempts?: number;
            /** The pause after the first attempt, in milliseconds; 0. */
            delay?: number;
            /** By what each further pause is longer than the one before; 2. */
            factor?: number;
            /** Which part of each pause is left to chance, from 0 to 1; 0. */
            jitter?: number;
            /** What no pause is longer than, in milliseconds. */
            maxDelay?: number;
            /** Whether to try again after this was thrown. */
            when?: (thrown: any) => boolean;
        }

        interface TaskOptions {
            /** What has to succeed before: tasks, promises, and what failed() or finished() makes. */
            after?: readonly (PromiseLike<any> | Dependency)[];
            /** What cancels the tasks. */
            cancellable?: Gio.Cancellable | null;
            /** The task whose function makes the tasks after an await, for the slots that it has. */
            creator?: Task | null;
            /** After what time the tasks have to have finished, in milliseconds. */
            deadline?: number;
            /** How many tasks may be at work at once; with several, all of them have to allow it. */
            limiter?: Limiter | readonly Limiter[];
            /** The name of the tasks, in the place of that of the function. */
            name?: string;
            /** What the tasks belong to: they are cancelled when it is disposed of. It is not kept. */
            owner?: GObject.Object | null;
            /** A signal of the owner that cancels them, too. */
            ownerSignal?: string;
            /** The priority of the tasks, as of GLib sources. */
            priority?: number;
            /** Whether the function gets tasks as such, finished in whatever way. */
            raw?: boolean;
            /** How often the function is called until it succeeds. */
            retry?: Retry | RetryOptions | null;
            /** What is asked of tasks among the arguments, which are raw then. */
            rule?: Rule;
            /** How long the function may take, in milliseconds. */
            timeout?: number;
            /** How these combine, which are raw then. */
            trigger?: Trigger;
        }

        type RawTaskOptions = TaskOptions & ({raw: true} | {rule: Rule} | {trigger: Trigger});

        /** Makes a function whose calls are tasks, and which gets tasks as such. */
        function task<This, A extends any[], R>(
            fn: (this: This, ...args: A) => R,
            options: RawTaskOptions,
        ): (this: This, ...args: RawInputs<A>) => TaskOf<Awaited<R>>;

        /** Makes a function whose calls are tasks, and which gets the values of tasks. */
        function task<This, A extends any[], R>(
            fn: (this: This, ...args: A) => R,
            options?: TaskOptions,
        ): (this: This, ...args: Inputs<A>) => TaskOf<Awaited<R>>;

        /** A dependency that may end in whatever way, and settles first; as an argument it is raw. */
        function finished(dependency: PromiseLike<any>): Dependency;

        /** A dependency that has to fail, and settles first; as an argument it is raw. */
        function failed(dependency: PromiseLike<any>): Dependency;

        /** An argument that the call does not keep: the function gets null if it is gone by then. */
        function weak<T extends GObject.Object>(object: T): T | null;

        /** The task whose function is being called: that is until its first `await`. */
        function current(): Task | null;

        /** Ends the function that calls it, which has nothing to do: its task is skipped. */
        function skip(): never;

        /** Runs a main loop until a task or a promise has ended. Returns its value, or throws. */
        function run<T>(dependency: PromiseLike<T>): T;

        /** Has the values of all; is skipped with the first failure, while the others go on. */
        function all<T extends readonly any[] | []>(
            list: T,
        ): TaskOf<{-readonly [K in keyof T]: Awaited<T[K]>}>;
        function all<T>(list: Iterable<T>): TaskOf<Awaited<T>[]>;

        /** Has the tasks themselves, when each has settled, in whatever way. */
        function settled<T extends readonly any[] | []>(
            list: T,
        ): TaskOf<{-readonly [K in keyof T]: TaskOf<Awaited<T[K]>>}>;
        function settled<T>(list: Iterable<T>): TaskOf<TaskOf<Awaited<T>>[]>;

        /** Has the value of the first that succeeds; is skipped with the earliest failure if none does. */
        function any<T>(
            list: Iterable<T>,
            options?: {cancelOthers?: boolean},
        ): TaskOf<Awaited<T>>;

        /** Ends as the first that ends. */
        function race<T>(
            list: Iterable<T>,
            options?: {cancelOthers?: boolean},
        ): TaskOf<Awaited<T>>;

        /** What a word of a command may be. */
        type Word =
            | string
            | number
            | Uint8Array
            | GLib.Bytes
            | Gio.File
            | ProcessResult
            | PromiseLike<any>
            | readonly Word[];

        interface SubprocessOptions extends Omit<TaskOptions, 'raw' | 'rule' | 'trigger'> {
            /** Whether a status other than 0 is a failure: it is, unless this is false. */
            check?: boolean;
            /** The folder. */
            cwd?: string | null;
            /** The whole environment. */
            env?: {[name: string]: string} | null;
            /** How long it may go on when it was asked to end, in milliseconds. */
            graceTime?: number;
            /** What it reads: text, bytes, what another command wrote, or what will be one of these. */
            input?:
                | string | Uint8Array | GLib.Bytes | ProcessResult | PromiseLike<any> | null;
            /** In the place of `env` and `cwd`, for everything that can be said of a child. */
            launcher?: Gio.SubprocessLauncher | null;
        }

        /** Runs a command, and has what came of it. What is thrown if it fails has that as `result`. */
        function subprocess(
            argv: readonly Word[],
            options?: SubprocessOptions,
        ): TaskOf<ProcessResult>;

        /** Succeeds with a value when some time has passed. */
        function delay(milliseconds: number): TaskOf<undefined>;
        function delay<T>(milliseconds: number, value: T): TaskOf<Awaited<T>>;
    }
}
