#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Counts what a task costs, in instructions, and compares that with cost.json.

  cost.py PROGRAM LIBRARY COMPILER GLIB [--update]

PROGRAM is bench-aiodag, which builds, runs and frees a layered graph of 30,000 tasks under
callgrind. Times say nothing on a machine that is busy; instructions are the same wherever the same
code runs.
Two figures are kept, for each compiler, as these make different code:

  aiodag  instructions within the library itself
  all     these and what they call in GLib and the C library, for each version of GLib

Fails if one of them has grown by more than 5 %; is skipped if there is no figure for the compiler,
or no valgrind. With --update it writes to cost.json what it counts: ./tests/bench/run --update-cost
does that for what ./tests/run builds. Speaks TAP.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FIGURES = pathlib.Path(__file__).with_name('cost.json')
TASKS = 30000
LIMIT = 1.05
FUNCTION = 'bench_graph_once'


def strip(source, folder):
    """Copies without what is there for debuggers: valgrind 3.19 cannot read that of clang."""
    target = folder / source.name
    subprocess.run(['strip', '--strip-debug', '-o', target, source], check=True)
    return target


def count(program, library):
    """Returns the instructions for a task: in the library itself, and in all."""
    library = pathlib.Path(library)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = strip(pathlib.Path(program), folder)
        strip(library, folder)
        for path in library.parent.iterdir():
            if path.is_symlink() and path.resolve() == library.resolve():
                (folder / path.name).symlink_to(library.name)

        # With the settings of tests GLib would do other things than usual.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(('G_', 'MALLOC_'))}
        environment['LD_LIBRARY_PATH'] = str(folder)
        output = folder / 'callgrind.out'
        process = subprocess.run(
            ['valgrind', '--tool=callgrind', f'--callgrind-out-file={output}',
             f'--toggle-collect={FUNCTION}', program, 'cost'],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        if process.returncode != 0:
            raise RuntimeError(process.stdout)
        objects = sum_objects(output.read_text(encoding='utf-8'))

    ours = sum(cost for path, cost in objects.items() if os.path.basename(path) == library.name)
    if ours == 0:
        raise RuntimeError(f'nothing was counted in {library.name}, of {sorted(objects)}')
    return {'aiodag': round(ours / TASKS), 'all': round(sum(objects.values()) / TASKS)}


def sum_objects(text):
    """Sums callgrind's self cost by object file."""
    names = {}
    objects = {}
    current = None
    is_call = False
    for line in text.splitlines():
        if line.startswith('ob='):
            # "(3) /path" says the name of 3, "(3)" means it.
            number, name = re.match(r'ob=\((\d+)\)(?: (.*))?', line).groups()
            current = names.setdefault(number, name)
        elif line.startswith('calls='):
            # The next line is what was called, which is counted where it is.
            is_call = True
        elif re.match(r'[+\-*\d]', line):
            if not is_call:
                objects[current] = objects.get(current, 0) + int(line.split()[1])
            is_call = False
        elif line.startswith('cob='):
            number, name = re.match(r'cob=\((\d+)\)(?: (.*))?', line).groups()
            names.setdefault(number, name)
    return objects


def read_figures():
    return json.loads(FIGURES.read_text(encoding='utf-8')) if FIGURES.exists() else {}


def update(program, library, compiler, glib):
    figures = read_figures()
    counted = count(program, library)
    of_compiler = figures.setdefault(compiler, {'aiodag': 0, 'all': {}})
    of_compiler['aiodag'] = counted['aiodag']
    of_compiler['all'][glib] = counted['all']
    FIGURES.write_text(json.dumps(figures, indent=2, sort_keys=True) + '\n', encoding='utf-8')
    print('1..1\nok 1 - update\n'
          f"# {compiler}, {glib}: {counted['aiodag']} instructions for a task, "
          f"{counted['all']} in all")


def check(program, library, compiler, glib):
    print('1..2')
    figures = read_figures().get(compiler)
    reason = None
    if shutil.which('valgrind') is None:
        reason = 'no valgrind'
    elif figures is None:
        reason = f'no figures for {compiler}: ./tests/bench/run --update-cost adds them'
    if reason:
        print(f'ok 1 - aiodag # SKIP {reason}\nok 2 - all # SKIP {reason}')
        return True

    counted = count(program, library)
    good = compare(1, 'aiodag', counted['aiodag'], figures['aiodag'])
    if glib not in figures['all']:
        print(f'ok 2 - all # SKIP no figure with {glib}: ./tests/bench/run --update-cost adds it')
        return good
    return compare(2, 'all', counted['all'], figures['all'][glib]) and good


def compare(number, name, counted, kept):
    good = counted <= kept * LIMIT
    print(f"{'ok' if good else 'not ok'} {number} - {name}")
    print(f'# {counted} instructions for a task; {kept} in cost.json')
    if not good:
        print('# It may not grow by more than 5 %. If it has to, say so with\n'
              '#   ./tests/bench/run --update-cost\n'
              '# and why in the commit that brings the new figures.')
    elif counted * LIMIT < kept:
        print('# It has become cheaper: ./tests/bench/run --update-cost keeps it so.')
    return good


def main():
    if sys.argv[-1] == '--update':
        update(*sys.argv[1:-1])
        return 0
    return 0 if check(*sys.argv[1:]) else 1


if __name__ == '__main__':
    sys.exit(main())
