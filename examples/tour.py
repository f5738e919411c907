#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the decorator does: arguments, rules, threads, GIO, cancellation."""

import asyncio
import hashlib

from gi.repository import Gio

import aiodag
from aiodag import task


@task
async def add(left, right):
    await asyncio.sleep(0.01)
    return left + right


@task
def average(numbers):
    return sum(numbers) / len(numbers)


@task
def divide(number, divisor):
    return number / divisor


@task(raw=True)
def consolidate(*quotients):
    """Gets its inputs as tasks, which have succeeded or not."""
    good = [quotient.result() for quotient in quotients if not quotient.exception()]
    return f'{len(good)} of {len(quotients)}'


@task(thread=True)
def digest(text):
    """May block: it runs in a thread."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@task(retries=aiodag.retry(5, delay=0.01, when=OSError), limiter=aiodag.Limiter(limit=2))
async def download(page):
    """Is called up to five times, while the server is busy, and no more than twice at once."""
    if aiodag.current().get_attempt() < 3:
        raise ConnectionRefusedError('busy')
    return f'{page} in attempt {aiodag.current().get_attempt()}'


async def read(path):
    """No task by itself. Awaits a call of GIO, which is cancelled with whoever awaits it."""
    contents = await aiodag.gio(Gio.File.new_for_path(path).load_contents_async)
    return contents.contents.decode().strip()


def announce(what):
    print(what)


@task
async def wait_for_ever():
    try:
        await asyncio.Event().wait()
    finally:
        print('cleaned up')


async def main():
    # A task among the arguments is a dependency, in a container too.
    three = add(1, 2)
    print(await add(three, three))
    print(await average([three, add(three, 4), 11]))

    # So is whatever can be awaited.
    print(await add(asyncio.sleep(0.01, 'slow'), 'ly'))

    # A function that is not decorated, and what has to happen before.
    told = task(announce, three)('three is there')
    await told

    # What fails is raised in everything that needs it, as itself.
    quotient = divide(1, 0)
    try:
        await add(quotient, 1)
    except ZeroDivisionError as error:
        print(f'{error}, first in {quotient.get_name()}')
    print(await consolidate(quotient, divide(6, 3), 5))

    # Rules of single edges: this runs because that has failed.
    await task(announce, aiodag.failed(quotient))('rolled back')

    # Threads, and GIO.
    print(await digest(task(read)('/dev/null')))

    # Trying again, and not all at once.
    downloads = [download(page) for page in ('one', 'two', 'three')]
    print(await aiodag.gather(*downloads), downloads[0].attempt_exceptions())

    # Cancelling reaches the await in the body.
    waiting = wait_for_ever()
    await asyncio.sleep(0.01)
    waiting.cancel()
    try:
        await waiting
    except asyncio.CancelledError:
        print(waiting)


aiodag.run(main())
