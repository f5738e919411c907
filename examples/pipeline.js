// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The pipeline of pipeline.c in JavaScript: its steps are ordinary async functions.
//
//   fetch a1  1 s   --+
//                     +-- concatenate --+------------------ stripNumbers --+
//   fetch a2  2 s   --+                 |                                  |
//                                       +-- concatenate --- stripNumbers --+
//   fetch b1  4 s   --+                 |                                  |
//                     +-- concatenate --+                                  +-- upload
//   fetch b2  0.5 s --+                                                    |
//                                                                          |
//   fetch c1  6 s   --+                                                    |
//                     +-- concatenate --------------------- stripNumbers --+
//   fetch c2  3.5 s --+
//
// With DAG_EXAMPLE_SPEED=5 in the environment five of these seconds pass in one.

import Dag from 'gi://Dag?version=1';
import GLib from 'gi://GLib';

const CRITICAL_PATH = 9; // s

// The steps. None of them knows of another; each stands for a request to some service.

const fetch = Dag.task(async function fetch(id, seconds) {
    await sleep(seconds);
    say(`fetched ${id}`);
    return `${id}x`;
});

const concatenate = Dag.task(async function concatenate(left, right) {
    await sleep(1);
    say(`concatenated ${left} and ${right}`);
    return left + right;
});

const stripNumbers = Dag.task(async function stripNumbers(text) {
    await sleep(1);
    say(`stripped ${text}`);
    return text.replace(/\d/g, '');
});

const upload = Dag.task(async function upload(a, b, c) {
    await sleep(1);
    say(`uploaded ${a}, ${b} and ${c}`);
});

// The pipeline: calling a step schedules it, a task among the arguments is waited for.

function buildPipeline() {
    const a1 = fetch('a1', 1);
    const a2 = fetch('a2', 2);
    const b1 = fetch('b1', 4);
    const b2 = fetch('b2', 0.5);
    const c1 = fetch('c1', 6);
    const c2 = fetch('c2', 3.5);

    const ca = concatenate(a1, a2);
    const cb = concatenate(b1, b2);
    const cc = concatenate(c1, c2);
    const cab = concatenate(ca, cb);

    const sa = stripNumbers(ca); // ca a second time: a result can be shared
    const sab = stripNumbers(cab);
    const sc = stripNumbers(cc);

    return upload(sa, sab, sc);
}

// The clock

const isHurried = GLib.getenv('DAG_EXAMPLE_SPEED') !== null;
const speed = isHurried ? Math.max(Number(GLib.getenv('DAG_EXAMPLE_SPEED')), 0.1) : 1;
const clockStart = GLib.get_monotonic_time();

function readClock() {
    return (GLib.get_monotonic_time() - clockStart) / 1e6 * speed;
}

function sleep(seconds) {
    return Dag.delay(Math.round(seconds * 1000 / speed));
}

// Prints a line with the time in front, rounded down to a tenth of a second; to half a second when
// in a hurry, because then being late by a little counts as much more.
function say(text) {
    const parts = isHurried ? 2 : 10; // of a second
    const time = Math.floor(readClock() * parts) / parts;
    print(`${time.toFixed(1).padStart(4)} s  ${text}`);
}

Dag.run(buildPipeline());
print(`makespan ${readClock().toFixed(3)} s, critical path ${CRITICAL_PATH} s`);
