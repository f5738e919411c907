# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What aiodag may cost, and whether that is so."""

import sys


class Rows:
    def __init__(self, rows):
        self.rows = {(row['shape'], row['name']): row for row in rows if 'error' not in row}

    def get(self, shape, name, key='total'):
        """None if that was not measured."""
        return self.rows.get((shape, name), {}).get(key)

    def count(self, shape):
        """How many tasks there are, in words."""
        tasks = self.get(shape, 'aiodag', 'tasks')
        return 'many' if tasks is None else f'{tasks:,}'

    def divide(self, shape, name, other_shape, other_name, key='total'):
        one, other = self.get(shape, name, key), self.get(other_shape, other_name, key)
        return one / other if one is not None and other else None


def at_most(what, limit, unit, value):
    return {'what': what, 'goal': f'at most {limit:g}{unit}', 'unit': unit, 'value': value,
            'met': None if value is None else value <= limit}


def at_least(what, limit, unit, value):
    return {'what': what, 'goal': f'at least {limit:g}{unit}', 'unit': unit, 'value': value,
            'met': None if value is None else value >= limit}


def of_floor(rows):
    """What a task costs in terms of an object of that size alone."""
    build, free = rows.get('floor', 'floor', 'build'), rows.get('floor', 'floor', 'free')
    ours = rows.get('layers', 'aiodag')
    value = ours / (build + free) if None not in (build, free, ours) else None
    return {'what': 'layers, to the floor: g_object_new () and g_object_unref ()', 'goal': '',
            'unit': ' ×', 'value': value, 'met': None}


def of_threads(rows, microseconds):
    """Beside what threads get that do nothing but wake another one, and plain threads."""
    shape = f'threads-{microseconds}-2'
    goal = at_least(f'bodies of {microseconds} µs in threads on 2 cores', 0.95, ' × 2',
                    rows.get(shape, 'aiodag', 'efficiency'))
    for name, what in ('wake', 'wakes alone'), ('floor', 'plain threads'):
        value = rows.get(shape, name, 'efficiency')
        if value is not None:
            goal['what'] += f'; {what} {value:.2f}'
    return goal


def judge(all_rows):
    rows = Rows(all_rows)
    original = 5 if sys.version_info < (3, 13) else 3
    stall = rows.get('stall', 'aiodag', 'longest')
    return [
        at_most('layers, to Taskflow on one worker', 1, ' ×',
                rows.divide('layers', 'aiodag', 'layers', 'taskflow')),
        at_most('layers, to GTask by hand', 0.5, ' ×',
                rows.divide('layers', 'aiodag', 'layers', 'gtask')),
        at_most('layers, to libdex', 0.25, ' ×',
                rows.divide('layers', 'aiodag', 'layers', 'libdex')),
        at_most('layers, to the same without locks', 1.1, ' ×',
                rows.divide('layers', 'aiodag', 'layers', 'aiodag without locks')),
        of_floor(rows),
        at_most(f"one of {rows.count('fan-out')} feeding the others, to each feeding one",
                1.2, ' ×',
                rows.divide('fan-out', 'aiodag', 'one-to-one', 'aiodag')),
        at_most('memory of a waiting task with 3 inputs', 300, ' bytes',
                rows.get('layers', 'aiodag', 'waiting')),
        at_least('Python: how much faster than the original', original, ' ×',
                 rows.divide('python', 'the original', 'python', 'aiodag on asyncio')),
        at_most('Python: memory, to the original', 0.33, ' ×',
                rows.divide('python', 'aiodag on asyncio', 'python', 'the original', 'memory')),
        at_most('JavaScript: to plain Promises', 1, ' ×',
                rows.divide('javascript', 'aiodag', 'javascript', 'Promise.all by hand')),
        of_threads(rows, 100),
        of_threads(rows, 1000),
        at_most(f"longest stall of the loop while {rows.count('stall')} tasks run", 8, ' ms',
                None if stall is None else stall / 1e6),
        at_most(f"left after {rows.count('leak')} tasks", 0, ' bytes',
                rows.get('leak', 'aiodag', 'leaked')),
    ]


def print_all(goals, with_missing):
    for goal in goals:
        if goal['value'] is None:
            continue
        verdict = {True: 'met', False: 'NOT MET', None: ''}[goal['met']]
        value = f"{goal['value']:.2f}".rstrip('0').rstrip('.')
        aim = f"goal {goal['goal']}: " if goal['goal'] else ''
        print(f"{goal['what']}: {aim}{value}{goal['unit']} {verdict}".rstrip())
    missing = [goal['what'] for goal in goals if goal['value'] is None]
    if missing and with_missing:
        print('not measured: ' + '; '.join(missing))
