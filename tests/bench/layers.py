#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The layered graph in Python: every task of a layer needs three of the layer before, at random.

Runs it with aiodag on each of two loops, and with what there is without aiodag: tasks of asyncio
that await asyncio.gather () of their inputs. With --original=DIR also with the asyncio library
whose idea aiodag carries on, from that folder. All in one go, in turns, each in a process of its
own; what counts is the best of several. Prints the time and the memory of a task, and ratios.
"""

import argparse
import asyncio
import importlib
import json
import random
import resource
import subprocess
import sys
import time

INPUTS = 3


async def body(*args):
    return None


def choose_inputs(width):
    """For each task of a layer, which of the layer before it needs: the same in all layers."""
    choose = random.Random(1).randrange
    return [[choose(width) for _ in range(INPUTS)] for _ in range(width)]


def make_graph(call, chosen, depth):
    """Calls call () with the tasks that each task needs. Returns the last layer."""
    layer = [call() for _ in chosen]
    for _ in range(depth - 1):
        layer = [call(layer[i], layer[j], layer[k]) for i, j, k in chosen]
    return layer


async def run_graph(call, width, depth):
    chosen = choose_inputs(width)
    begin = time.perf_counter()
    layer = make_graph(call, chosen, depth)
    built = time.perf_counter()
    await asyncio.gather(*layer)
    return built - begin, time.perf_counter() - built


def by_hand():
    async def call_body(inputs):
        return await body(*await asyncio.gather(*inputs))

    return lambda *inputs: asyncio.create_task(call_body(inputs)), asyncio.run


def with_aiodag():
    from aiodag import task
    return task(body), asyncio.run


def with_aiodag_on_glib():
    from aiodag import run, task
    return task(body), run


def with_original(folder):
    sys.path.insert(0, folder)
    module = importlib.import_module('aiodag')

    # It has no *args.
    @module.task
    async def three(a=None, b=None, c=None):
        return None

    return three, asyncio.run


CONTENDERS = {
    'aiodag on asyncio': with_aiodag,
    'aiodag on the GLib loop': with_aiodag_on_glib,
    'asyncio.gather by hand': by_hand,
    'the original': with_original,
}


def get_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def contend(options):
    """Runs one contender and prints what it took, for the process that started this one."""
    arguments = [options.original] if options.contender == 'the original' else []
    call, run = CONTENDERS[options.contender](*arguments)
    before = get_memory()
    build, execution = run(run_graph(call, options.width, options.depth))
    n = options.width * options.depth
    print(json.dumps({'build': build / n * 1e6, 'run': execution / n * 1e6,
                      'memory': (get_memory() - before) / n}))


def compare(options):
    names = [name for name in CONTENDERS if name != 'the original' or options.original]
    results = {name: [] for name in names}
    for _ in range(options.repeat):
        for name in names:
            output = subprocess.run([sys.executable, *sys.argv, f'--contender={name}'],
                                    check=True, stdout=subprocess.PIPE, text=True).stdout
            results[name].append(json.loads(output))
    best = {name: min(runs, key=lambda result: result['build'] + result['run'])
            for name, runs in results.items()}
    ours = best['aiodag on asyncio']

    if options.json:
        print(json.dumps(best))
        return
    print(f'{options.width} wide, {options.depth} deep, {INPUTS} inputs, '
          f'Python {sys.version.split()[0]}, best of {options.repeat}\n')
    print(f"{'':24} {'build':>8} {'run':>8} {'µs a task':>10} {'ratio':>6} "
          f"{'bytes':>7} {'ratio':>6}")
    for name, result in best.items():
        time_of = result['build'] + result['run']
        print(f"{name:24} {result['build']:8.2f} {result['run']:8.2f} {time_of:10.2f} "
              f"{time_of / (ours['build'] + ours['run']):6.2f} {result['memory']:7.0f} "
              f"{result['memory'] / ours['memory']:6.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--width', type=int, default=1000)
    parser.add_argument('--depth', type=int, default=100)
    parser.add_argument('--repeat', type=int, default=5)
    parser.add_argument('--original', metavar='DIR', help='where the original library is')
    parser.add_argument('--json', action='store_true', help='print JSON')
    parser.add_argument('--contender', help=argparse.SUPPRESS)
    options = parser.parse_args()
    (contend if options.contender else compare)(options)


if __name__ == '__main__':
    main()
