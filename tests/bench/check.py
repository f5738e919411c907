#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tries all that the programs of the benchmark can do, in a tiny size, whatever the times are.

The arguments are the programs. All that do the same graph have to come to the same sum. Speaks TAP.
"""

import json
import subprocess
import sys


def run(*command):
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             timeout=60, check=False)
    if process.returncode != 0 or process.stderr:
        raise RuntimeError(f"ended with {process.returncode}: {process.stderr.strip()}")
    return process.stdout


def main():
    sums = {}
    number = failed = 0
    for program in sys.argv[1:]:
        for shape in run(program, '--list').split():
            number += 1
            problem = None
            try:
                result = json.loads(run(program, shape, 'tiny'))
                # Every key that a table needs, and the sum of those that came before.
                if result['shape'] != shape or result['tasks'] <= 0 or result['run'] < 0:
                    problem = f'{result}'
                elif sums.setdefault(shape, result['sum']) != result['sum']:
                    problem = f"the sum is {result['sum']}, that of others {sums[shape]}"
            except (KeyError, RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
                problem = f'{error}'
            name = program.rpartition('/')[2]
            print(f"{'not ok' if problem else 'ok'} {number} - {name} {shape}")
            if problem:
                failed += 1
                print('# ' + problem.replace('\n', '\n# '))
    print(f'1..{number}')
    return 1 if failed or number == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
