#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-etl.py ETL: compares what the example prints and keeps with what it was given, which was
written for it, with broken files in between, or is installed here.
"""

import csv
import difflib
import glob
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

GOOD = {
    'people.csv': b'\xef\xbb\xbfname,born,note\r\n'
                  b'Ada,1815,"first, they say"\r\n'
                  b'"Grace\r\n""Amazing""",1906\r\n'
                  b'\r\n'
                  b'Zo\xc3\xab, ,\r\n',
    'header only.csv': b'a,b\n',
    'list.json': b'[{"id": 1, "tags": ["x", "y"]}, {}, {"id": null, "ok": true, "x": 0.5}]',
    'wrapped.json': b'{"things": [{"a": "", "b": "\\u20ac"}]}',
    'zones.tab': b'# A table\n#code\t\tplace\n#\nAD\tEurope/Andorra\n\n# More\nAQ\t\n',
    'other/LIST.json': b'[{"quoted \\"name\\"": "a"}]',
}

GOOD_SUMMARY = '''\
table          rows  columns  filled
people            3        3   66.7%
header only       0        2       -
list              3        4   33.3%
wrapped           1        2   50.0%
zones             2        2   75.0%
LIST (2)          1        1  100.0%
total            10
'''

# Of each table, the columns and the rows.
GOOD_TABLES = {
    'people': [('name', 'born', 'note'), ('Ada', '1815', 'first, they say'),
               ('Grace\r\n"Amazing"', '1906', None), ('Zoë', None, None)],
    'header only': [('a', 'b')],
    'list': [('id', 'tags', 'ok', 'x'), (1, '["x", "y"]', None, None), (None, None, None, None),
             (None, None, 1, 0.5)],
    'wrapped': [('a', 'b'), (None, '€')],
    'zones': [('code', 'place'), ('AD', 'Europe/Andorra'), ('AQ', None)],
    'LIST (2)': [('quoted "name"',), ('a',)],
}

BROKEN = {
    'cut off.json': b'{"things": [{"a": 1}, {"b"',
    'no table.json': b'{"a": 1, "b": 2}',
    'numbers.json': b'[1, 2, 3]',
    'huge number.json': b'[{"a": 1}, {"a": 123456789012345678901234567890}]',
    'row too long.csv': b'a,b\n1,2\n3,4,5\n',
    'quote left open.csv': b'a,b\n1,"2\n',
    'twice the same.csv': b'a,A\n1,2\n',
    'latin1.csv': b'name\nZo\xeb\n',
    'empty.csv': b'',
    'empty.json': b'',
    'empty.tab': b'',
    'sqlite_schema.csv': b'a\n1\n',
    'notes.txt': b'nothing of that kind',
}

failed = False


def compare(title, expected, actual):
    global failed
    if expected != actual:
        failed = True
        print(f'{title}:')
        if isinstance(expected, str):
            sys.stdout.writelines(difflib.unified_diff(
                expected.splitlines(True), actual.splitlines(True), 'expected', 'actual'))
        else:
            print(f'  expected {expected}\n  actual   {actual}')


def run(*arguments):
    done = subprocess.run([sys.executable, sys.argv[1], *map(str, arguments)], check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def write(folder, files):
    paths = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def read_database(path):
    database = sqlite3.connect(path)
    tables = {}
    for name, in database.execute('SELECT name FROM sqlite_schema').fetchall():
        rows = database.execute('SELECT * FROM "' + name.replace('"', '""') + '"')
        tables[name] = [tuple(column[0] for column in rows.description), *rows]
    database.close()
    return tables


def mix(good, bad):
    """The good ones in their order, each with some of the bad around it."""
    step = len(bad) // len(good) + 1
    return [path for i, one in enumerate(good) for path in [*bad[i * step:(i + 1) * step], one]]


def check_what_was_written(folder):
    good = write(folder, GOOD)
    compare('good files', (0, GOOD_SUMMARY, ''), run(*good))

    bad = write(folder, BROKEN)
    bad.append(folder / 'nowhere.csv')
    bad.append(folder / 'folder.csv')
    bad[-1].mkdir()
    database = folder / 'database'
    for title in ('with broken files', 'a second time'):
        status, output, errors = run('--database', database, *mix(good, bad))
        compare(f'{title}, status', 1, status)
        compare(f'{title}, summary', GOOD_SUMMARY, output)
        compare(f'{title}, tables', GOOD_TABLES, read_database(database))
        lines = errors.splitlines()
        compare(f'{title}, errors', len(bad), len(lines))
        for path, line in zip([path for path in mix(good, bad) if path in bad], lines):
            if not line.startswith(f'etl.py: {path}: ') or len(line) < len(f'etl.py: {path}: ....'):
                compare(f'{title}, error', f'etl.py: {path}: and why', line)

    compare('nothing but broken files', 'table    rows  columns  filled\ntotal       0\n',
            run(*bad)[1])

    status, output, errors = run('--database', folder / 'nowhere' / 'database', *good)
    compare('no database', (1, ''), (status, output))
    compare('no database, errors', 1, len(errors.splitlines()))


def check_many(folder):
    count = 300
    paths = write(folder, {f'{i:03}.csv': b'n\n' + b'1\n' * i for i in range(1, count + 1)})
    paths[count // 2].write_bytes(b'n\n1,2\n')
    status, output, errors = run(*paths)
    compare('many files, status', 1, status)
    compare('many files, errors', 1, len(errors.splitlines()))
    total = sum(range(1, count + 1)) - (count // 2 + 1)
    compare('many files, lines', count + 1, len(output.splitlines()))
    compare('many files, total', f'total  {total:6}', output.splitlines()[-1])


def read_installed(path):
    """The rows of a file as dictionaries, without empty cells."""
    text = pathlib.Path(path).read_text(encoding='utf-8')
    if path.endswith('.json'):
        rows = next(iter(json.loads(text).values()))
    elif path.endswith('.csv'):
        rows = list(csv.DictReader(text.splitlines()))
    else:
        lines = [line for line in text.splitlines() if not line.startswith('#')]
        rows = [dict(enumerate(line.split('\t'))) for line in lines]
    return [{key: value for key, value in row.items() if value not in (None, '')} for row in rows]


def check_what_is_installed():
    paths = [path for pattern in ('distro-info/*.csv', 'iso-codes/json/iso_*.json',
                                  'zoneinfo/*.tab')
             for path in sorted(glob.glob('/usr/share/' + pattern))]
    if not paths:
        status, output, errors = run()
        compare('nothing there', (1, ''), (status, output))
        compare('nothing there, errors', 1, len(errors.splitlines()))
        return

    expected = []
    for path in paths:
        rows = read_installed(path)
        columns = len({key for row in rows for key in row})
        if path.endswith('.csv'):
            with open(path, encoding='utf-8') as file:
                columns = len(file.readline().split(','))
        filled = sum(map(len, rows)) / (len(rows) * columns)
        expected.append([pathlib.Path(path).stem, str(len(rows)), str(columns), f'{filled:.1%}'])
    expected.append(['total', str(sum(int(row[1]) for row in expected))])

    status, output, errors = run()
    compare('what is installed, status', (0, ''), (status, errors))
    compare('what is installed', expected, [line.split() for line in output.splitlines()[1:]])


def main():
    for check in (check_what_was_written, check_many):
        with tempfile.TemporaryDirectory() as folder:
            check(pathlib.Path(folder))
    check_what_is_installed()
    sys.exit(failed)


if __name__ == '__main__':
    main()
