# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Iterating a main context from an asyncio loop that does not do so itself."""

import contextvars
import select

from gi.module import get_introspection_module

from aiodag._host import Host

Dag = get_introspection_module('Dag')

# The events of poll() that epoll has too.
_EVENTS = select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP


class Bridge(Host):
    """Iterates a main context in a loop that does not do so itself.

    GLib tells when another thread has attached a source to the context, but not when this one has.
    That is looked at after everything that was run from the context, when it is kicked, and besides
    from time to time, the more seldom the longer there has been nothing.
    """

    _SHORTEST_PAUSE = 0.001  # seconds
    _LONGEST_PAUSE = 0.1

    def __init__(self, loop, context):
        super().__init__(loop, context)
        # Acquired: who does not own it is not woken up by the threads of GIO.
        self._context = context
        self._epoll = None
        self._fds = {}
        self._pause = self._SHORTEST_PAUSE
        self._handle = None
        self._due = False
        self.kick()

    def pull(self):
        super().pull()
        # It may have come from a main loop that somebody runs.
        self.kick()

    def kick(self):
        if not self._due and self._context is not None:
            self._turn_after(0)

    def _turn_after(self, delay):
        if self._handle is not None:
            self._handle.cancel()
        self._due = delay <= 0
        # Not in the context of whoever has kicked it, which would be kept for ever.
        context = contextvars.Context()
        if self._due:
            self._handle = self.loop.call_soon(self._turn, context=context)
        else:
            self._handle = self.loop.call_later(delay, self._turn, context=context)

    def _turn(self):
        """Lets the context do what there is to do, and the loop wait for what that waits for."""
        self._due = True
        if self._context.iteration(False):
            self._pause = self._SHORTEST_PAUSE
        else:
            self._pause = min(2 * self._pause, self._LONGEST_PAUSE)
        if self._context is None:
            return
        polls, timeout = Dag.context_query(self._context)
        if not self._watch(dict(zip(polls[::2], polls[1::2]))):
            timeout = 0
        self._turn_after(min(timeout / 1000, self._pause) if timeout >= 0 else self._pause)

    def _watch(self, fds):
        """Waits for file descriptors. Returns whether all of them can be waited for."""
        try:
            for fd in self._fds.keys() - fds.keys():
                self._epoll.unregister(fd)
            for fd, events in fds.items():
                # Also if it has not changed: it may be another file now.
                if fd in self._fds:
                    self._epoll.modify(fd, events & _EVENTS)
                else:
                    self._epoll.register(fd, events & _EVENTS)
        except (AttributeError, OSError):
            return self._watch_anew(fds)
        finally:
            self._fds = fds
        return True

    def _watch_anew(self, fds):
        self._unwatch()
        self._epoll = select.epoll()
        contextvars.Context().run(self.loop.add_reader, self._epoll, self._turn)
        for fd, events in fds.items():
            try:
                self._epoll.register(fd, events & _EVENTS)
            except OSError:
                # Ordinary files are always ready, as what was closed is for poll().
                return False
        return True

    def _unwatch(self):
        if self._epoll is not None:
            if not self.loop.is_closed():
                self.loop.remove_reader(self._epoll)
            self._epoll.close()
            self._epoll = None

    def leave(self):
        super().leave()
        if self._context is None:
            return
        self._handle.cancel()
        self._unwatch()
        self._context.release()
        self._context = None
