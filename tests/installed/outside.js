// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Prints 42, with Dag.task.

import Dag from 'gi://Dag?version=1';

const six = Dag.task(async function six() {
    return 6;
});

const multiply = Dag.task(function multiply(left, right) {
    return left * right;
});

print(await multiply(six(), 7));
