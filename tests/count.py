#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Counts the test cases in a log of `meson test`.

Prints "PASSED FAILED SKIPPED", and on standard error what failed. A program that speaks TAP counts
with every point of its own, any other program as one. One that crashed, hung or ended badly counts
as a failure besides.
"""

import json
import re
import sys

POINT = re.compile(r'^(ok|not ok)\b(.*)$')


def count_program(entry):
    lines = (entry.get('stdout') or '').splitlines()
    passed = failed = skipped = 0
    for number, line in enumerate(lines):
        point = POINT.match(line)
        if not point:
            continue
        if re.search(r'#\s*(skip|todo)', point[2], re.IGNORECASE):
            skipped += 1
        elif point[1] == 'ok':
            passed += 1
        else:
            failed += 1
            print(f"{entry['name']}: {line}", file=sys.stderr)
            for remark in lines[number + 1:]:
                if not remark.startswith('# ') or remark.startswith(('# Start', '# End')):
                    break
                print(f'  {remark}', file=sys.stderr)

    result = entry['result']
    if result in ('OK', 'EXPECTEDFAIL'):
        passed += passed + failed + skipped == 0
    elif result == 'SKIP':
        skipped += passed + failed + skipped == 0
    elif failed == 0:
        failed = 1
        print(f"{entry['name']}: {result}", file=sys.stderr)
        # What other programs printed was shown already.
        for line in lines[-10:] if '1..' in (entry.get('stdout') or '') else []:
            print(f'  {line}', file=sys.stderr)
    return passed, failed, skipped


def main():
    with open(sys.argv[1], encoding='utf-8') as log:
        programs = [json.loads(line) for line in log]
    print(*(sum(column) for column in zip((0, 0, 0), *map(count_program, programs))))


if __name__ == '__main__':
    main()
