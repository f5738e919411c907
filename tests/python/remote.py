# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What runs in other processes."""

import functools
import os
import signal
import threading

from aiodag import task


class Strange(Exception):
    """It takes more than one argument, and can be pickled."""

    def __init__(self, one, two):
        super().__init__(one, two)
        self.two = two


class Stranger(Exception):
    """It takes more than it tells pickle of, so that it can be pickled, but not unpickled."""

    def __init__(self, one, two):
        super().__init__(f'{one} and {two}')


class Unwilling:
    """It can be pickled, but not unpickled."""

    def __reduce__(self):
        return refuse, ()


def refuse():
    raise LookupError('it does not want to')


def add(left, right=0, *others, scale=1):
    return (left + right + sum(others)) * scale


def get_pid(*_):
    return os.getpid()


def key(key, pure=False, workers=None):
    """Its arguments have the names of options of Dask."""
    return key, pure, workers


def fail(kind, *args):
    raise kind(*args)


def give_lock():
    return threading.Lock()


def give_unwilling():
    return Unwilling()


def fail_with_lock():
    raise LookupError(threading.Lock())


def die():
    os.kill(os.getpid(), signal.SIGKILL)


@task
def decorated(value):
    return os.getpid(), value


@task
@task(name='twice')
def decorated_twice(value):
    return os.getpid(), value


class Outer:
    class Inner:
        @staticmethod
        @task
        def static(value):
            return os.getpid(), value

        @task
        @staticmethod
        def task_of_static(value):
            return os.getpid(), value

        @task
        @classmethod
        def of_class(cls, value):
            return os.getpid(), (cls, value)

        @staticmethod
        def plain(value):
            return os.getpid(), value


class Thing:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Thing) and self.value == other.value

    @task
    def method(self, value):
        return os.getpid(), (self.value, value)

    def __call__(self, value):
        return os.getpid(), (self.value, value)


partial = functools.partial(add, 1, scale=2)
