# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A pipe of commands, and a command that fails."""

import asyncio

from aiodag import subprocess, task
from gi.repository import GLib


@task
def pick(result):
    return result.stdout.decode().split()[:2]


async def main():
    words = subprocess('sort', '-u', input='some\nwords\nand\nsome\nmore\n')
    out = await subprocess('echo', 'the first two are', pick(words))
    print(out.stdout.decode(), end='')

    try:
        await subprocess('sh', '-c', 'echo no such word >&2; exit 3')
    except GLib.Error as error:
        print(error.message)
        print('status', error.result.status)


asyncio.run(main())
