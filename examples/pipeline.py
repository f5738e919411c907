# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The pipeline of pipeline.c in Python: its steps are ordinary coroutine functions.

  fetch a1  1 s   --+
                    +-- concatenate --+------------------ strip_numbers --+
  fetch a2  2 s   --+                 |                                   |
                                      +-- concatenate --- strip_numbers --+
  fetch b1  4 s   --+                 |                                   |
                    +-- concatenate --+                                   +-- upload
  fetch b2  0.5 s --+                                                     |
                                                                          |
  fetch c1  6 s   --+                                                     |
                    +-- concatenate --------------------- strip_numbers --+
  fetch c2  3.5 s --+

With DAG_EXAMPLE_SPEED=5 in the environment five of these seconds pass in one.
"""

import asyncio
import os
import time

from aiodag import run, task

CRITICAL_PATH = 9  # s


# The steps. None of them knows of another; each stands for a request to some service.


@task
async def fetch(some_id, seconds):
    await sleep(seconds)
    say(f'fetched {some_id}')
    return some_id + 'x'


@task
async def concatenate(left, right):
    await sleep(1)
    say(f'concatenated {left} and {right}')
    return left + right


# Not decorated: it can be made a task where it is called.
async def strip_numbers(text):
    await sleep(1)
    say(f'stripped {text}')
    return ''.join(character for character in text if not character.isdigit())


@task
async def upload(a, b, c):
    await sleep(1)
    say(f'uploaded {a}, {b} and {c}')


# The pipeline: calling a step schedules it, a task among the arguments is waited for.


async def main():
    a1 = fetch('a1', 1)
    a2 = fetch('a2', 2)
    b1 = fetch('b1', 4)
    b2 = fetch('b2', 0.5)
    c1 = fetch('c1', 6)
    c2 = fetch('c2', 3.5)

    ca = concatenate(a1, a2)
    cb = concatenate(b1, b2)
    cc = concatenate(c1, c2)
    cab = concatenate(ca, cb)

    sa = task(strip_numbers)(ca)  # ca a second time: a result can be shared
    sab = task(strip_numbers)(cab)
    sc = task(strip_numbers)(cc)

    await upload(sa, sab, sc)


# The clock

hurried = 'DAG_EXAMPLE_SPEED' in os.environ
speed = max(float(os.environ['DAG_EXAMPLE_SPEED']), 0.1) if hurried else 1
clock_start = time.monotonic()


def read_clock():
    return (time.monotonic() - clock_start) * speed


async def sleep(seconds):
    await asyncio.sleep(seconds / speed)


def say(text):
    """Prints a line with the time in front, rounded down to a tenth of a second; to half a second
    when in a hurry, because then being late by a little counts as much more."""
    parts = 2 if hurried else 10  # of a second
    print(f'{int(read_clock() * parts) / parts:4.1f} s  {text}', flush=True)


if __name__ == '__main__':
    run(main())
    print(f'makespan {read_clock():.3f} s, critical path {CRITICAL_PATH} s')
