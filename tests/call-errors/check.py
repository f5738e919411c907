#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Checks that what must not compile does not, and that the compiler says why.

Each file beside this one says in `/* expect: … */` what has to be in the compiler's messages; one
that expects nothing has to compile.

Speaks TAP. The arguments are the command that compiles, up to the name of the file. It is tried
with that compiler and with the others that are installed.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

EXPECT = re.compile(r'^/\* expect: (.*) \*/$', re.MULTILINE)


def compilers(command):
    """The command as given, and with gcc and clang in place of its compiler."""
    yield command
    first = pathlib.Path(command[0]).name
    for other in 'gcc', 'clang':
        if shutil.which(other) and not first.startswith(other) and \
                not (first == 'cc' and other == 'gcc'):
            yield [other] + command[1:]


def fault(command, path):
    """What is wrong with what the compiler makes of a file, or None."""
    expected = EXPECT.findall(path.read_text(encoding='utf-8'))
    result = subprocess.run(command + ['-fsyntax-only', str(path)], text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env={**os.environ, 'LC_ALL': 'C'})
    if not expected:
        return None if result.returncode == 0 else 'It does not compile.\n' + result.stdout
    if result.returncode == 0:
        return 'It compiles.'
    # Without the lines of the source that the compilers quote.
    messages = '\n'.join(re.findall(r'^\S+:\d+:\d+: (.*)$', result.stdout, re.MULTILINE))
    missing = [text for text in expected if text not in messages]
    return f'The compiler does not say {missing}.\n{result.stdout}' if missing else None


def main():
    paths = sorted(pathlib.Path(__file__).parent.glob('*.c'))
    cases = [(command, path) for command in compilers(sys.argv[1:]) for path in paths]
    print(f'1..{len(cases)}')
    status = 0
    for number, (command, path) in enumerate(cases, 1):
        what = fault(command, path)
        name = pathlib.Path(command[0]).name
        print(f"{'not ok' if what else 'ok'} {number} {name} {path.stem}")
        for line in (what or '').splitlines():
            print('#', line)
        status |= bool(what)
    return status


if __name__ == '__main__':
    sys.exit(main())
