#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Checks that a program has a test of every behaviour in the list, by its name, and no other.

  check.py LIST LANGUAGE -- COMMAND ARG…

Every program understands `-l`, as those of GLib's test framework do: it prints the names of its
tests, one a line, with or without `/behaviours/` before them, and runs none. What TAP says around
them does not count.

Speaks TAP.
"""

import pathlib
import re
import subprocess
import sys

LANGUAGES = ['c', 'python', 'javascript', 'vala']

BEHAVIOUR = re.compile(r'([a-z][a-z0-9-]*)  (\S.*)')
EXCEPTION = re.compile(r'\s+not in (\w+): (\S.*)')
NO_NAME = re.compile(r'\s*(#.*|\d+\.\.\d+\s*|TAP version \d+)?')


def read_list(path):
    """The behaviours, each with why a language cannot have it, by language; and what is wrong."""
    behaviours, faults = {}, []
    name = None
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        if match := BEHAVIOUR.fullmatch(line):
            name = match[1]
            if name in behaviours:
                faults.append(f'{path.name}:{number}: {name} is there twice')
            behaviours.setdefault(name, {})
        elif name and (match := EXCEPTION.fullmatch(line)) and match[1] in LANGUAGES:
            behaviours[name][match[1]] = match[2]
        else:
            faults.append(f'{path.name}:{number}: neither `name  sentence` nor '
                          f'`  not in LANGUAGE: why`: {line}')
    if not behaviours:
        faults.append(f'{path.name} lists nothing')
    return behaviours, faults


def read_program(command):
    """The names that a program prints; and what is wrong."""
    result = subprocess.run(command + ['-l'], text=True, check=False, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE)
    # GLib since 2.80 prints them as comments.
    lines = [re.sub('^(# )?/behaviours/', '', line.strip()) for line in result.stdout.splitlines()]
    names = [line for line in lines if not NO_NAME.fullmatch(line)]
    faults = [f'{name} is there twice' for name in sorted(set(names)) if names.count(name) > 1]
    if result.returncode != 0:
        faults.append(f"{' '.join(command)} -l ended with {result.returncode}")
    if not names:
        faults.append(f"{' '.join(command)} -l printed no name")
    return names, faults


def main():
    if len(sys.argv) < 5 or sys.argv[2] not in LANGUAGES or sys.argv[3] != '--':
        sys.exit(f"Usage: check.py LIST {'|'.join(LANGUAGES)} -- COMMAND ARG…")
    language = sys.argv[2]
    behaviours, list_faults = read_list(pathlib.Path(sys.argv[1]))
    names, program_faults = read_program(sys.argv[4:])
    checks = {
        'the list can be read': list_faults,
        'the program says what it tests': program_faults,
        f'no behaviour is missing in {language}':
            [f'{name} is missing' for name, why in behaviours.items()
             if language not in why and name not in names],
        f'no behaviour is in {language} alone':
            [f'{name} is not in the list' for name in names if name not in behaviours],
        f'none is there that {language} cannot have':
            [f'{name} is there, and the list says: {behaviours[name][language]}'
             for name in names if language in behaviours.get(name, {})],
    }
    print(f'1..{len(checks)}')
    for number, (check, faults) in enumerate(checks.items(), 1):
        print(f"{'not ok' if faults else 'ok'} {number} {check}")
        for fault in faults:
            print(f'# {fault}')
    return any(checks.values())


if __name__ == '__main__':
    sys.exit(main())
