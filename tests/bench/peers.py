# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The programs that are compared. Those of peers which need more than GLib are compiled here."""

import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = ['-O3', '-DNDEBUG', '-DG_DISABLE_CAST_CHECKS', '-pthread']


def pkg_config(*arguments, path=''):
    environment = {**os.environ}
    if path:
        environment['PKG_CONFIG_PATH'] = path
    return subprocess.run(['pkg-config', *arguments], check=True, text=True, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout.split()


def find_libdex(prefix):
    """Returns the folder of its pkg-config file."""
    for path in sorted(pathlib.Path(prefix).glob('**/libdex-1.pc')):
        return str(path.parent)
    raise FileNotFoundError(f'no libdex-1.pc below {prefix}')


def libdex_command(prefix):
    path = find_libdex(prefix)
    folder = pkg_config('--variable=libdir', 'libdex-1', path=path)[0]
    return (['gcc', '-std=gnu11', *FLAGS, str(HERE / 'libdex.c'), str(HERE / 'libdex-more.c')],
            [*pkg_config('--cflags', '--libs', 'libdex-1', path=path), f'-Wl,-rpath,{folder}'])


def taskflow_command(folder):
    if not pathlib.Path(folder, 'taskflow', 'taskflow.hpp').exists():
        raise FileNotFoundError(f'no taskflow/taskflow.hpp below {folder}')
    return (['g++', '-std=c++20', *FLAGS, str(HERE / 'taskflow.cpp')],
            [f'-I{folder}', *pkg_config('--cflags', '--libs', 'gio-2.0')])


def program_of(build, name):
    return str(pathlib.Path(build, 'tests', 'bench', f'bench-{name}').resolve())


def find(options):
    """Returns the programs by name, and rows for those that could not be compiled."""
    programs = {name: program_of(options.build, name) for name in ('aiodag', 'gtask')}
    library = str(pathlib.Path(options.build, 'tests', 'bench', 'libbench.a'))
    rows = []
    for name, make, where in [('libdex', libdex_command, options.libdex),
                              ('taskflow', taskflow_command, options.taskflow)]:
        if not where:
            continue
        program = program_of(options.build, name)
        try:
            begin, end = make(os.path.abspath(where))
            subprocess.run([*begin, library, *end, '-o', program], check=True, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            programs[name] = program
        except subprocess.CalledProcessError as error:
            lines = [line for line in error.stderr.split('\n') if 'error' in line]
            rows.append({'shape': '', 'name': name,
                         'error': f"cannot be built: {(lines or [''])[0].strip()}"})
        except FileNotFoundError as error:
            rows.append({'shape': '', 'name': name, 'error': str(error)})
    programs |= {name: program_of(options.build, name) for name in ('wake', 'floor')}
    return programs, rows


def versions(options):
    found = {}
    if options.libdex:
        try:
            path = find_libdex(options.libdex)
            found['libdex'] = pkg_config('--modversion', 'libdex-1', path=path)[0]
        except (FileNotFoundError, subprocess.CalledProcessError):
            pass
    if options.taskflow:
        header = pathlib.Path(options.taskflow, 'taskflow', 'taskflow.hpp')
        if header.exists():
            # 400100 is 4.1.0.
            match = re.search(r'#define TF_VERSION (\d+)', header.read_text(encoding='utf-8'))
            number = int(match[1]) if match else 0
            found['taskflow'] = f'{number // 100000}.{number // 100 % 1000}.{number % 100}'
    return found
