# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""JSON, CSV and .tab files into tables of SQLite; a broken one does not spoil the others.

  extract --- transform --- load --+
  extract --- transform --- load --+-- summarize --- close
  extract --- transform --- load --+

From load on all need the connection to the database, which is the result of a task too.

Without arguments it takes what there is of the tables below /usr/share. --database keeps what was
loaded, to be queried with sqlite3.
"""

import argparse
import csv
import glob
import json
import os
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor

from aiodag import finished, run, task

DEFAULTS = (
    '/usr/share/distro-info/*.csv',
    '/usr/share/iso-codes/json/iso_*.json',
    '/usr/share/zoneinfo/*.tab',
)

# A connection of sqlite3 is for the thread that made it: all that use it run in this one, one at a
# time, while the others parse.
database = ThreadPoolExecutor(max_workers=1)


# The steps. Each blocks, so each runs in a thread, and none of them knows of another.


@task(thread=True)
def extract(path):
    """The names of the columns of a file, and its rows."""
    kind = os.path.splitext(path)[1]
    if kind not in PARSERS:
        raise ValueError('no .json, .csv or .tab file')
    with open(path, encoding='utf-8-sig', newline='') as file:
        return PARSERS[kind](file)


@task(thread=True)
def transform(table):
    """The same with as many cells in every row, and nothing in those that are empty."""
    columns, rows = table
    if not columns:
        raise ValueError('no columns')
    for number, row in enumerate(rows, 1):
        if len(row) > len(columns):
            raise ValueError(f'row {number} has {len(row)} cells for {len(columns)} columns')
    return columns, [[clean(cell) for cell in row] + [None] * (len(columns) - len(row))
                     for row in rows]


@task(executor=database)
def connect(filename):
    return sqlite3.connect(filename)


@task(executor=database)
def load(connection, name, table):
    """Makes a table of the database, as a whole or not at all."""
    columns, rows = table
    with connection:
        connection.execute('BEGIN')
        connection.execute(f'DROP TABLE IF EXISTS {quote(name)}')
        connection.execute(f'CREATE TABLE {quote(name)} ({", ".join(map(quote, columns))})')
        connection.executemany(
            f'INSERT INTO {quote(name)} VALUES ({", ".join("?" * len(columns))})', rows)


@task(executor=database)
def summarize(connection, names, *loads):
    """Name, rows, columns and filled cells of the tables. Gets the loads as tasks: some failed."""
    summary = []
    for name, loaded in zip(names, loads):
        if loaded.exception() is None:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info({quote(name)})')]
            filled = ' + '.join(f'count({quote(column)})' for column in columns)
            summary += connection.execute(
                f'SELECT ?, count(*), ?, {filled} FROM {quote(name)}', (name, len(columns)))
    return summary


@task(executor=database)
def close(connection):
    connection.close()


# The pipeline


async def main(paths, filename):
    connection = connect(filename)
    names = name_tables(paths)
    loads = [load(connection, name, transform(extract(path))) for name, path in zip(names, paths)]
    summary = summarize(connection, names, *map(finished, loads))
    closed = task(close, finished(summary))(connection)

    print_summary(await summary)
    await closed
    return {path: loaded.exception() for path, loaded in zip(paths, loads) if loaded.exception()}


# What the steps are made of


def parse_json(file):
    """A list of objects, or an object that has nothing but one."""
    content = json.load(file)
    if isinstance(content, dict) and len(content) == 1:
        content = next(iter(content.values()))
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise ValueError('no list of objects')
    columns = list(dict.fromkeys(key for item in content for key in item))
    return columns, [[item.get(column) for column in columns] for item in content]


def parse_csv(file):
    rows = [row for row in csv.reader(file, strict=True) if row]
    return (rows[0], rows[1:]) if rows else ([], [])


def parse_tab(file):
    """Tabs between cells, and the names of the columns in a comment before the first row."""
    columns = []
    rows = []
    for line in file.read().splitlines():
        if line and not line.startswith('#'):
            rows.append(line.split('\t'))
        elif not rows and '\t' in line:
            columns = [name for name in line[1:].split('\t') if name]
    return columns, rows


PARSERS = {'.csv': parse_csv, '.json': parse_json, '.tab': parse_tab}


def clean(cell):
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, (dict, list)):
        return json.dumps(cell)
    return cell


def quote(name):
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def name_tables(paths):
    """Names for the tables: those of the files, which are told apart where they are the same."""
    names = {}
    for path in paths:
        stem = name = os.path.splitext(os.path.basename(path))[0]
        number = 1
        while name.lower() in names:
            number += 1
            name = f'{stem} ({number})'
        names[name.lower()] = name
    return list(names.values())


def print_summary(summary):
    width = max([len('table')] + [len(name) for name, *_ in summary])
    print(f'{"table":{width}}  {"rows":>6}  columns  filled')
    for name, rows, columns, filled in summary:
        share = f'{filled / (rows * columns):.1%}' if rows > 0 else '-'
        print(f'{name:{width}}  {rows:6}  {columns:7}  {share:>6}')
    print(f'{"total":{width}}  {sum(rows for _, rows, *_ in summary):6}')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(prog='etl.py')
    parser.add_argument('--database', metavar='FILE', default=':memory:',
                        help='where to put the tables, instead of nowhere')
    parser.add_argument('path', nargs='*', help='a .json, .csv or .tab file')
    arguments = parser.parse_args()

    default_paths = [path for pattern in DEFAULTS for path in sorted(glob.glob(pattern))]
    paths = arguments.path or default_paths
    if not paths:
        sys.exit(f'etl.py: nothing at {", ".join(DEFAULTS)}: name some .json, .csv or .tab files')

    try:
        broken = run(main(paths, arguments.database))
    except sqlite3.Error as error:
        sys.exit(f'etl.py: {arguments.database}: {error}')
    for path, error in broken.items():
        reason = error.strerror if isinstance(error, OSError) else error
        print(f'etl.py: {path}: {reason}', file=sys.stderr)
    sys.exit(1 if broken else 0)
