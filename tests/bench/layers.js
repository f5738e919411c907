#!/usr/bin/env -S gjs -m
// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The layered graph in JavaScript: every task of a layer needs three of the layer before, at random.
//
//   layers.js [--width=1000] [--depth=100] [--repeat=5] [--json]
//
// Runs it with aiodag, and with what there is without: async functions that await Promise.all () of
// their inputs. All in one go, in turns, each in a process of its own; what counts is the best of
// several. Prints the time and the memory of a task, and ratios.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const INPUTS = 3;

async function body() {
}

/** A generator of numbers that is the same for all. */
function makeChoose(n) {
    let seed = 1;
    return () => {
        seed = (seed * 69069 + 5) >>> 0;
        return Math.floor(seed / 2 ** 32 * n);
    };
}

/** Calls `call` with what each task needs, layer by layer. Returns the last one. */
function makeGraph(call, width, depth) {
    const choose = makeChoose(width);
    let layer = Array.from({length: width}, () => call());
    for (let i = 1; i < depth; i++) {
        const above = layer;
        layer = Array.from({length: width},
            () => call(above[choose()], above[choose()], above[choose()]));
    }
    return layer;
}

const contenders = {
    'aiodag': async () => {
        const {default: Dag} = await import('gi://Dag?version=1');
        return [Dag.task(body), Dag.all];
    },
    'Promise.all by hand': () =>
        [async (...inputs) => body(...await Promise.all(inputs)), layer => Promise.all(layer)],
};

/** The most memory that the process had, in bytes. */
function getMemory() {
    const [, status] = GLib.file_get_contents('/proc/self/status');
    return Number(/VmHWM:\s*(\d+) kB/.exec(new TextDecoder().decode(status))[1]) * 1024;
}

/** Runs one contender and prints what it took, for the process that started this one. */
async function contend({contender, width, depth}) {
    const [call, all] = await contenders[contender]();
    const n = width * depth;
    const before = getMemory();
    const begin = GLib.get_monotonic_time();
    const layer = makeGraph(call, width, depth);
    const built = GLib.get_monotonic_time();
    await all(layer);
    const end = GLib.get_monotonic_time();
    print(JSON.stringify({
        build: (built - begin) / n, run: (end - built) / n,
        memory: (getMemory() - before) / n,
    }));
}

function runProcess(args) {
    const process = Gio.Subprocess.new(args, Gio.SubprocessFlags.STDOUT_PIPE);
    const [, output] = process.communicate_utf8(null, null);
    if (!process.get_successful())
        throw new Error(`${args.join(' ')} failed`);
    return output;
}

function compare({width, depth, repeat, json}) {
    const results = Object.fromEntries(Object.keys(contenders).map(name => [name, []]));
    for (let i = 0; i < repeat; i++) {
        for (const name in contenders) {
            results[name].push(JSON.parse(runProcess(['gjs', '-m', System.programPath,
                `--width=${width}`, `--depth=${depth}`, `--contender=${name}`])));
        }
    }

    const timeOf = result => result.build + result.run;
    const best = {};
    for (const name in results)
        best[name] = results[name].reduce((a, b) => timeOf(b) < timeOf(a) ? b : a);
    if (json) {
        print(JSON.stringify(best));
        return;
    }

    const ours = best['aiodag'];
    const version = `${System.version / 10000 | 0}.${(System.version / 100 | 0) % 100}`;
    const row = (name, ...columns) => print(name.padEnd(24) +
        columns.map((column, i) => String(column).padStart([9, 9, 11, 7, 8, 7][i])).join(''));
    print(`${width} wide, ${depth} deep, ${INPUTS} inputs, gjs ${version}, best of ${repeat}\n`);
    row('', 'build', 'run', 'µs a task', 'ratio', 'bytes', 'ratio');
    for (const [name, result] of Object.entries(best)) {
        row(name, result.build.toFixed(2), result.run.toFixed(2), timeOf(result).toFixed(2),
            (timeOf(result) / timeOf(ours)).toFixed(2), result.memory.toFixed(0),
            (result.memory / ours.memory).toFixed(2));
    }
}

const options = {width: 1000, depth: 100, repeat: 5, json: false, contender: ''};
for (const argument of ARGV) {
    const [, name, value] = /^--(\w+)(?:=(.*))?$/.exec(argument) ?? [];
    if (!Object.hasOwn(options, name)) {
        printerr(`layers.js: ${argument}?`);
        System.exit(2);
    }
    options[name] = {boolean: () => true, number: Number, string: String}[typeof options[name]](value);
}
if (options.contender)
    await contend(options);
else
    compare(options);
