#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-snippets.py FOLDER PAGE…: looks for the snippets of Markdown pages in what is compiled.

Every block of C has to stand in a program in FOLDER, line for line, and every block without a
language in a comment there or in what a program is expected to print.
"""

import pathlib
import re
import sys
import textwrap

BLOCK = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def contains(text, snippet):
    lines = text.splitlines()
    wanted = textwrap.dedent(snippet).splitlines()
    return any(lines[i].strip() == wanted[0].strip() and
               textwrap.dedent('\n'.join(lines[i:i + len(wanted)])).splitlines() == wanted
               for i in range(len(lines) - len(wanted) + 1))


def main():
    folder = pathlib.Path(sys.argv[1])
    programs = [path.read_text(encoding='utf-8') for path in folder.glob('*.c')]
    comments = [re.sub(r'^ \* ?', '', text, flags=re.MULTILINE) for text in programs]
    outputs = [path.read_text(encoding='utf-8') for path in folder.glob('*.expected')]

    missing = 0
    for page in sys.argv[2:]:
        text = pathlib.Path(page).read_text(encoding='utf-8')
        for language, snippet in BLOCK.findall(text):
            places = {'c': programs, '': comments + outputs}.get(language)
            if places is not None and not any(contains(place, snippet) for place in places):
                print(f'{page}: in no example:\n{snippet}')
                missing += 1
    sys.exit(missing > 0)


if __name__ == '__main__':
    main()
