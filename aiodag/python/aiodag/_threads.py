# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Threads of Python's for functions that block.

These are not the threads of C: a thread of C has no thread-local data in Python that would last from
one function to the next, and cannot end properly when the interpreter does.
"""

import concurrent.futures
import contextlib
import heapq
import itertools
import threading

_count = itertools.count().__next__
_local = threading.local()

# By the ids of tasks: their jobs, while these wait for a thread.
_waiting = {}


class _Job:
    """A call that waits for a thread."""

    __slots__ = ('threads', 'task', 'future', 'call', 'entry')

    def run(self):
        future, call = self.future, self.call
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = call()
        except BaseException as exception:
            future.set_exception(exception)
            # The frames of the exception lead to this one.
            self = future = call = None
        else:
            future.set_result(result)

    def get_priority(self):
        return self.task.get_priority() if self.task is not None else 0


class Threads(concurrent.futures.Executor):
    """An executor that takes what is next by the priority of its task.

    No more threads are at work at one time than it is made for, not counting those that wait: one
    that does is stood in for by another, which ends when there is nothing left to do. An executor of
    one thread always has the same.
    """

    def __init__(self, name, max_threads):
        self.max_threads = max_threads
        self._name = name
        self._lock = threading.Lock()
        self._jobs = []  # a heap
        self._n_busy = 0  # of threads that call functions, and do not wait there
        self._n_coming = 0  # of those that have not looked for a job yet
        self._n_lasting = 0  # of those that are not only stand-ins
        # It also knows what to do when the interpreter ends.
        self._lasting = concurrent.futures.ThreadPoolExecutor(max_threads, name)

    def submit(self, function, /, *args, **kwargs):
        return self.submit_for(None, lambda: function(*args, **kwargs))

    def submit_for(self, task, call):
        """Has a thread make a call. Returns a future."""
        job = _Job()
        job.threads = self
        job.task = task
        job.future = concurrent.futures.Future()
        job.call = call
        with self._lock:
            self._push(job)
            if task is not None:
                _waiting[hash(task)] = job
            try:
                self._summon()
            except RuntimeError:
                # The interpreter ends.
                job.entry = None
                _waiting.pop(hash(task), None)
                raise
        return job.future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._lasting.shutdown(wait)

    def _push(self, job):
        job.entry = [job.get_priority(), _count(), job]
        heapq.heappush(self._jobs, job.entry)

    def _pop(self):
        while self._jobs:
            entry = heapq.heappop(self._jobs)
            job = entry[2]
            if job.entry is not entry:
                # It has another place.
                continue
            if job.get_priority() > entry[0]:
                self._push(job)
                continue
            job.entry = None
            if job.task is not None:
                _waiting.pop(hash(job.task), None)
            return job
        return None

    def move(self, job):
        """The task of a job has another priority."""
        with self._lock:
            if job.entry is not None:
                self._push(job)

    def _summon(self):
        """Has one more thread look for a job, if there may be one."""
        if not self._jobs or self._n_busy + self._n_coming >= self.max_threads:
            return
        if self._n_lasting < self.max_threads:
            self._lasting.submit(self._work, True)
            self._n_lasting += 1
        elif self.max_threads > 1:
            threading.Thread(target=self._work, args=(False,), name=self._name).start()
        else:
            return
        self._n_coming += 1

    def _work(self, lasting):
        """Does what there is to do, in a thread."""
        _local.threads = self
        _local.n_blocking = 0
        with self._lock:
            self._n_coming -= 1
        while True:
            with self._lock:
                job = self._pop() if self._n_busy < self.max_threads else None
                if job is None:
                    self._n_lasting -= lasting
                    break
                self._n_busy += 1
            job.run()
            # Whatever it has is not kept while the thread waits.
            job = None
            with self._lock:
                self._n_busy -= 1
        _local.threads = None

    def begin_blocking(self):
        if self.max_threads > 1:
            with self._lock:
                self._n_busy -= 1
                with contextlib.suppress(RuntimeError):
                    self._summon()

    def end_blocking(self):
        if self.max_threads > 1:
            with self._lock:
                self._n_busy += 1


def get_current():
    """The threads that this one is of, or None."""
    return getattr(_local, 'threads', None)


def begin_blocking():
    """This thread is going to wait: if it is one of ours, another takes its place."""
    threads = get_current()
    if threads is not None:
        _local.n_blocking += 1
        if _local.n_blocking == 1:
            threads.begin_blocking()


def end_blocking():
    """This thread goes on."""
    threads = get_current()
    if threads is not None:
        _local.n_blocking -= 1
        if _local.n_blocking == 0:
            threads.end_blocking()


@contextlib.contextmanager
def blocking():
    begin_blocking()
    try:
        yield
    finally:
        end_blocking()


def move(task):
    """A task has another priority."""
    job = _waiting.get(hash(task))
    if job is not None:
        job.threads.move(job)


def forget():
    """This process was forked, and has none of the threads."""
    global _local
    _local = threading.local()
    _waiting.clear()
