#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Checks that the layers of the library only look down, by what the files include.

  - A file of aiodag/ includes headers of its own layer and of lower ones.
  - A public header includes no private one, and aiodag.h includes every public one.
  - The engine, layer 2, does not know of tasks: not even a comment names one.
  - Every file has a layer, and every source and public header is in aiodag/meson.build.

Speaks TAP. The argument is the folder of the project.
"""

import pathlib
import re
import sys

# A name stands for itself and for its -private.h; with a star, for whatever begins so. The first
# that fits counts.
LAYERS = [
    (0, ['config', 'dag-enum-types', 'dag-enums', 'dag-error', 'dag-function', 'dag-types',
         'dag-version', 'dag-version-macros']),
    (1, ['dag-dependency', 'dag-failure', 'dag-outcome', 'dag-weak']),
    (2, ['dag-claim', 'dag-drop', 'dag-edge', 'dag-levels', 'dag-limiter', 'dag-line', 'dag-lock',
         'dag-node', 'dag-path', 'dag-pool', 'dag-process', 'dag-queue*', 'dag-remnants',
         'dag-ring', 'dag-timers']),
    (3, ['dag-retry', 'dag-task*', 'dag-wait', 'dag-worker']),
    (4, ['aiodag', 'dag-call*', 'dag-combinators', 'dag-context', 'dag-process-result',
         'dag-results', 'dag-runner*', 'dag-subprocess']),
]
ENGINE = 2
UMBRELLA = 'aiodag.h'
GENERATED = {'config.h', 'dag-enum-types.h', 'dag-version.h'}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
TASK = re.compile(r'\b_?(DagTask|dag_task|DAG_TASK|DAG_TYPE_TASK|DAG_IS_TASK)')


def layer_of(name):
    stem = re.sub(r'(-private)?\.[ch](\.in)?$', '', name)
    for layer, names in LAYERS:
        for pattern in names:
            if stem == pattern or pattern.endswith('*') and stem.startswith(pattern[:-1]):
                return layer
    return None


def is_private(name):
    return name.endswith('-private.h')


class Tree:
    def __init__(self, top):
        self.folder = top / 'aiodag'
        self.texts = {path.name: path.read_text(encoding='utf-8')
                      for path in sorted(self.folder.iterdir())
                      if re.search(r'\.(c|h|h\.in)$', path.name)}
        # The project's own headers, by the names that they are included with.
        self.headers = {re.sub(r'\.in$', '', name) for name in self.texts
                        if not name.endswith('.c')} | GENERATED
        self.public = sorted(name for name in self.headers - {'config.h', UMBRELLA}
                             if not is_private(name))
        self.includes = {name: [header for _, header in INCLUDE.findall(text)
                                if header in self.headers or re.match(r'aiodag|dag-', header)]
                         for name, text in self.texts.items()}

    def files_have_layers(self):
        for name in self.texts:
            if layer_of(name) is None:
                yield f'{name} has no layer: add it to tests/layers.py'

    def includes_look_down(self):
        for name, headers in self.includes.items():
            for header in headers:
                if header not in self.headers:
                    yield f'{name} includes {header}, which is not there'
                elif (layer_of(header) or 0) > (layer_of(name) or 0):
                    yield (f'{name}, of layer {layer_of(name)}, includes {header}, '
                           f'of layer {layer_of(header)}')

    def public_headers_include_no_private_ones(self):
        for name, headers in self.includes.items():
            if name.endswith('.c') or is_private(name):
                continue
            for header in headers:
                if is_private(header) or header == 'config.h':
                    yield f'{name} is public and includes {header}, which is not'

    def umbrella_lists_every_public_header(self):
        listed = self.includes[UMBRELLA]
        for name in self.public:
            if listed.count(name) != 1:
                yield f'{UMBRELLA} includes {name} {listed.count(name)} times'

    def engine_knows_no_task(self):
        for name, text in self.texts.items():
            if layer_of(name) != ENGINE:
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if TASK.search(line):
                    yield f'{name}:{number}: {line.strip()}'

    def files_are_built(self):
        build = (self.folder / 'meson.build').read_text(encoding='utf-8')
        built = re.findall(r"'([\w.-]+\.(?:c|h|h\.in))'", build)
        for name in self.texts:
            if not is_private(name) and name not in built:
                yield f'{name} is not in aiodag/meson.build'


def main():
    tree = Tree(pathlib.Path(sys.argv[1]))
    checks = [tree.files_have_layers, tree.includes_look_down,
              tree.public_headers_include_no_private_ones,
              tree.umbrella_lists_every_public_header, tree.engine_knows_no_task,
              tree.files_are_built]
    print(f'1..{len(checks)}')
    status = 0
    for number, check in enumerate(checks, 1):
        faults = list(check())
        print(f"{'not ok' if faults else 'ok'} {number} {check.__name__.replace('_', ' ')}")
        for fault in faults:
            print(f'# {fault}')
        status |= bool(faults)
    return status


if __name__ == '__main__':
    sys.exit(main())
