#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs the programs of the benchmark side by side and prints one table, for ./tests/bench/run.

The Python that runs this is the one that is measured, too, and needs PyGObject for that.
"""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

import goals
import peers

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
OURS = 'aiodag'
BINDINGS = ['python', 'javascript']
TIMEOUT = 600  # seconds, for one process
ALONE = ['leak']  # that takes long, its time is that of layers, and only ours matters


def run_process(command, environment=None):
    """Returns what it printed. Raises RuntimeError, in a few words, if it did not end well."""
    try:
        process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 timeout=TIMEOUT, check=False,
                                 env={**os.environ, **(environment or {})})
    except subprocess.TimeoutExpired:
        raise RuntimeError(f'did not end in {TIMEOUT} s') from None
    except OSError as error:
        raise RuntimeError(error.strerror) from None
    if process.returncode != 0:
        said = process.stderr.strip().split('\n')[-1]
        ended = (f'killed by signal {-process.returncode}' if process.returncode < 0
                 else f'ended with {process.returncode}')
        raise RuntimeError(f'{ended}: {said}' if said else ended)
    return process.stdout


def time_of(row):
    return sum(row.get(part, 0) for part in ('build', 'run', 'free'))


def best_of(runs):
    """The fastest counts; what is not a time is the best of any, as noise only adds to it."""
    row = dict(min(runs, key=time_of))
    for key in ('memory', 'longest', 'lateness', 'late'):
        if key in row:
            row[key] = min(run[key] for run in runs)
    if 'efficiency' in row:
        row['efficiency'] = max(run['efficiency'] for run in runs)
    return row


def measure_shape(shape, programs, size, repeat):
    """All take turns, so that the noise of the machine is the same for all."""
    runs = {name: [] for name in programs}
    errors = {}
    for _ in range(repeat):
        for name, program in programs.items():
            if name in errors:
                continue
            try:
                runs[name].append(json.loads(run_process([program, shape, size])))
            except (RuntimeError, ValueError) as error:
                errors[name] = str(error)

    rows = [{'shape': shape, 'name': name, 'error': errors[name]} if name in errors
            else {**best_of(runs[name]), 'name': name} for name in programs]
    # Nobody is faster by doing something else.
    sums = [row['sum'] for row in rows if 'sum' in row]
    for row in rows:
        if 'sum' in row and row['sum'] != sums[0]:
            row['error'] = f"came to {row['sum']}, not {sums[0]}"
    return rows


def measure_c(options, size):
    programs, rows = peers.find(options)
    lists = {}
    shapes = []
    for name, program in programs.items():
        try:
            lists[name] = run_process([program, '--list']).split()
        except RuntimeError as error:
            rows.append({'shape': '', 'name': name, 'error': str(error)})
            lists[name] = []
        shapes += [shape for shape in lists[name] if shape not in shapes]
    # That is for cost.py.
    shapes = [shape for shape in shapes if shape != 'cost']
    known = [*shapes, *BINDINGS]
    if options.list:
        print(*known, sep='\n')
        sys.exit()
    for shape in options.shape:
        if shape not in known:
            sys.exit(f'no shape {shape}: see --list')

    for shape in shapes:
        if options.shape and shape not in options.shape:
            continue
        if sys.stderr.isatty():
            print(shape, file=sys.stderr)
        able = {name: program for name, program in programs.items()
                if shape in lists[name] and (shape not in ALONE or name == OURS)}
        if shape == 'layers' and options.no_locks:
            able['aiodag without locks'] = peers.program_of(options.no_locks, OURS)
        rows += measure_shape(shape, able, size, 1 if shape in ALONE else options.repeat)
    return rows


def measure_binding(shape, command, environment, repeat):
    """The bindings have programs of their own, which print microseconds."""
    try:
        results = json.loads(run_process([*command, f'--repeat={repeat}', '--json'], environment))
    except (RuntimeError, ValueError) as error:
        return [{'shape': shape, 'name': OURS, 'error': str(error)}]
    return [{'shape': shape, 'name': name, 'memory': result['memory'],
             'build': result['build'] * 1000, 'run': result['run'] * 1000}
            for name, result in results.items()]


def measure_bindings(options):
    library = os.path.join(options.build, 'aiodag')
    environment = {
        'GI_TYPELIB_PATH': library,
        'LD_LIBRARY_PATH': library,
        'PYTHONPATH': str(TOP / 'aiodag' / 'python'),
        'GJS_PATH': str(TOP / 'aiodag' / 'js'),
    }
    size = ['--depth=20'] if options.quick else []
    rows = []
    if not options.shape or 'python' in options.shape:
        original = [f'--original={options.original}'] if options.original else []
        command = [sys.executable, str(HERE / 'layers.py'), *size, *original]
        rows += measure_binding('python', command, environment, options.repeat)
    if not options.shape or 'javascript' in options.shape:
        rows += measure_binding('javascript', ['gjs', '-m', str(HERE / 'layers.js'), *size],
                                environment, options.repeat)
    return rows


def add_ratios(rows):
    """How much longer than aiodag a peer takes."""
    ours = {}
    for row in rows:
        # The first, if there are several.
        if row['name'].startswith(OURS) and 'run' in row:
            ours.setdefault(row['shape'], time_of(row))
    for row in rows:
        if 'run' in row:
            row['total'] = time_of(row)
            if row['shape'] in ours:
                row['ratio'] = row['total'] / ours[row['shape']]


def describe_machine(options):
    def first_line(*command):
        try:
            return run_process(command).split('\n')[0]
        except RuntimeError:
            return 'unknown'

    model = 'unknown'
    with open('/proc/cpuinfo', encoding='utf-8') as cpuinfo:
        for line in cpuinfo:
            if line.startswith('model name'):
                model = line.partition(':')[2].strip()
    return {
        'processor': model,
        'cores': os.cpu_count(),
        'system': f'{platform.system()} {platform.release()} {platform.machine()}',
        'compiler': first_line('gcc', '--version'),
        'glib': first_line('pkg-config', '--modversion', 'gio-2.0'),
        'load': os.getloadavg()[0],
        **peers.versions(options),
    }


COLUMNS = [
    ('build', 'ns', 0), ('run', 'ns', 0), ('free', 'ns', 0), ('total', 'ns', 0), ('ratio', '', 2),
    ('memory', 'bytes', 0), ('waiting', 'bytes', 0),
]


def remark(row):
    remarks = []
    if 'efficiency' in row:
        remarks.append(f"{row['efficiency']:.2f} of the processors' time")
    if 'longest' in row:
        remarks.append(f"longest iteration {row['longest'] / 1e6:.1f} ms, "
                       f"a redraw late by {row['lateness'] / 1e6:.1f} ms")
    if 'late' in row:
        remarks.append(f"one in a hundred {row['late']:.0f} ns")
    if 'leaked' in row:
        remarks.append(f"{row['leaked']:.0f} bytes left")
    if 'error' in row:
        remarks.append(f"FAILED: {row['error']}")
    return '; '.join(remarks)


def print_table(rows):
    print(f"{'shape':<15}{'name':<25}" + ''.join(f'{name:>9}' for name, _, _ in COLUMNS))
    print(' ' * 40 + ''.join(f'{unit:>9}' for _, unit, _ in COLUMNS))
    shape = None
    for row in rows:
        cells = ''.join(f'{row[name]:9.{digits}f}' if name in row else ' ' * 9
                        for name, _, digits in COLUMNS)
        shown = '' if row['shape'] == shape else row['shape']
        shape = row['shape']
        print(f"{shown:<15}{row['name']:<25}{cells}  {remark(row)}".rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build', required=True, help='where aiodag was built')
    parser.add_argument('--no-locks', metavar='BUILD', help='the same without locks')
    parser.add_argument('--taskflow', metavar='DIR')
    parser.add_argument('--libdex', metavar='PREFIX')
    parser.add_argument('--original', metavar='DIR')
    parser.add_argument('--shape', action='extend', default=[],
                        type=lambda names: names.split(','))
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--repeat', type=int, default=5)
    parser.add_argument('--no-bindings', action='store_true')
    parser.add_argument('--json', action='store_true')
    options = parser.parse_args()

    machine = describe_machine(options)
    rows = measure_c(options, 'quick' if options.quick else 'full')
    if not options.no_bindings:
        rows += measure_bindings(options)
    add_ratios(rows)
    reached = goals.judge(rows)

    if options.json:
        print(json.dumps({'machine': machine, 'rows': rows, 'goals': reached}, indent=2))
    else:
        for name, value in machine.items():
            print(f'{name:<10} {value}')
        print(f'\nBest of {options.repeat}. '
              'Times and memory are for one task; the ratio is to aiodag.\n')
        print_table(rows)
        print()
        goals.print_all(reached, not options.shape)
    return 1 if any('error' in row for row in rows) else 0


if __name__ == '__main__':
    sys.exit(main())
