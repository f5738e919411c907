# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

# Prints 42, with the decorator.

import asyncio

from aiodag import run, task


@task
async def six():
    await asyncio.sleep(0.001)
    return 6


@task(thread=True)
def multiply(left, right):
    return left * right


async def main():
    print(await multiply(six(), right=7))


run(main())
