#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-snippets.py FOLDER PAGE…: looks for the snippets of Markdown pages in what is run.

Every block of a programming language has to stand in a program of that language in FOLDER, line for
line, and every block without a language in a comment there or in what a program is expected to
print. A PAGE that is a folder stands for all pages in it.
"""

import pathlib
import re
import sys
import textwrap

# What the languages are called in pages, and the files that are programs in them.
LANGUAGES = {'c': '*.c', 'js': '*.js', 'python': '*.py', 'ts': '*.ts', 'vala': '*.vala'}
SYNONYMS = {'javascript': 'js', 'py': 'python', 'typescript': 'ts'}

BLOCK = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def contains(text, snippet):
    lines = text.splitlines()
    wanted = textwrap.dedent(snippet).splitlines()
    return any(lines[i].strip() == wanted[0].strip() and
               textwrap.dedent('\n'.join(lines[i:i + len(wanted)])).splitlines() == wanted
               for i in range(len(lines) - len(wanted) + 1))


def read(paths):
    return [path.read_text(encoding='utf-8') for path in sorted(paths)
            if not path.name.startswith('check-')]


def main():
    folder = pathlib.Path(sys.argv[1])
    pages = [page for argument in map(pathlib.Path, sys.argv[2:])
             for page in (sorted(argument.glob('*.md')) if argument.is_dir() else [argument])]

    places = {language: read(folder.glob(files)) for language, files in LANGUAGES.items()}
    comments = [re.sub('^(?: \\*|//) ?', '', text, flags=re.MULTILINE)
                for texts in places.values() for text in texts]
    places[''] = comments + read(folder.glob('*.expected'))

    missing = 0
    for page in pages:
        for language, snippet in BLOCK.findall(page.read_text(encoding='utf-8')):
            texts = places.get(SYNONYMS.get(language, language))
            if texts is not None and not any(contains(text, snippet) for text in texts):
                print(f'{page}: in no example:\n{snippet}')
                missing += 1
    sys.exit(missing > 0)


if __name__ == '__main__':
    main()
