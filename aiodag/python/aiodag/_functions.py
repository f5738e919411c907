# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Functions whose calls are tasks, and what these depend on."""

import asyncio
import functools
import inspect
import sys
import types
import weakref

from gi.module import get_introspection_module
from gi.repository import GLib, GObject

from aiodag import _arguments, _calls, _executors, _frames, _loop, _options, _outcomes, _waits
from aiodag._arguments import PLAIN, is_awaitable
from aiodag._calls import GET, GET_OURS, NOTHING, RESOLVE, Late, Result, make_task, resolve

Dag = get_introspection_module('Dag')
Task = Dag.Task

_NO_KEYWORDS = {}


# Dependencies


class Edge:
    """A dependency with a rule of its own."""

    __slots__ = ('task', 'rule')

    def __init__(self, task, rule):
        self.task = as_task(task)
        self.rule = rule


class Weak:
    """An object that a call is not to keep."""

    __slots__ = ('get',)

    def __init__(self, item):
        # The wrapper of a GObject is not the object.
        self.get = Dag.Weak.new(item).get if isinstance(item, GObject.Object) else weakref.ref(item)


def as_task(value):
    """The task that something which can be awaited is."""
    if type(value) is Task:
        return value
    if is_awaitable(value):
        return _adopt(value)
    raise TypeError(f"'{type(value).__name__}' object is neither a task nor can it be awaited")


async def _await(awaitable):
    return await awaitable


async def _share(future):
    # Others may wait for it too.
    return await asyncio.shield(future)


def _call_with(body, awaitable, name, follows=False):
    function = Function(body, {'name': name}, n_fixed=1)
    # What it gives can be anything, an awaitable too.
    function.follows = follows
    return function.call((awaitable,), _NO_KEYWORDS, _frames.find())


# By the ids of coroutines: their task, and a reference to them. One can be awaited once in its life,
# so that its task is kept as long as it is.
_adopted = {}

# By the ids of other awaitables: their task, which keeps them.
_others = weakref.WeakValueDictionary()


def _adopt(awaitable):
    """Makes a task of a coroutine, a future or what else can be awaited."""
    if asyncio.isfuture(awaitable):
        return _call_with(_share, awaitable, 'future')
    key = id(awaitable)
    if key in _adopted:
        return _adopted[key][0]
    task = _others.get(key)
    if task is not None and not task.get_settled():
        return task
    name = getattr(awaitable, '__name__', None) or type(awaitable).__name__
    if type(awaitable) is types.CoroutineType:
        task = _call_with(lambda coroutine: coroutine, awaitable, name, follows=True)
    else:
        task = _call_with(_await, awaitable, name)
    if isinstance(awaitable, (types.CoroutineType, types.GeneratorType)):
        _adopted[key] = task, weakref.ref(awaitable, lambda _: _adopted.pop(key))
    else:
        task._awaitable = awaitable
        _others[key] = task
    return task


def _finished_task(value):
    """A task that has succeeded already."""
    task = Task.new_for_value(None)
    if value is not None:
        task._value = value
    return task


class _Inputs:
    """Finds the dependencies among the arguments of one call."""

    def __init__(self, function):
        self.raw = function.raw
        self.rule = function.rule
        self.plain = []
        self.edges = []  # (task, rule)
        self.is_late = False  # whether something in the argument is not there yet

    def adopt(self, item):
        """What is put in the place of an item that is no container."""
        if type(item) is Edge:
            self.edges.append((item.task, item.rule))
            return item.task
        if type(item) is Weak:
            self.is_late = True
            return Late(item.get)
        if not is_awaitable(item):
            return item
        item = as_task(item)
        if self.raw:
            self.edges.append((item, self.rule))
            return item
        self.plain.append(item)
        return Result(item)

    def take(self, argument):
        """What is put in the place of an argument."""
        self.is_late = False
        item = _arguments.scan(argument, self.adopt)
        if not self.raw or type(item) is Task:
            return item
        if self.is_late:
            return Late(lambda: _finished_task(resolve(item)))
        return _finished_task(resolve(item))


# Decorated functions


def _get_code(function):
    """What is behind partials and objects that can be called."""
    while isinstance(function, functools.partial):
        function = function.func
    return function if inspect.isroutine(function) else type(function).__call__


def _get_name(function):
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, '__name__', None) or type(function).__name__


class Function:
    """A function whose calls are tasks."""

    # What the function has is there too, and these come first.
    __slots__ = ('body', 'options', 'prerequisites', 'raw', 'rule', 'name', 'quark', 'executor',
                 'is_coroutine', 'follows', 'signature', 'forms', 'n_fixed', 'method',
                 '__dict__', '__weakref__')

    def __init__(self, function, options, prerequisites=(), n_fixed=0):
        if isinstance(function, Function):
            options = _options.add(function.options, options)
            prerequisites = (*function.prerequisites, *prerequisites)
            n_fixed = n_fixed or function.n_fixed
            function = function.body
        functools.update_wrapper(self, function, updated=())
        if getattr(function, '__isabstractmethod__', False):
            self.__isabstractmethod__ = True
        self.body = function
        self.options = options
        self.prerequisites = prerequisites
        self.rule = options.get('rule')
        self.raw = self.rule is not None or 'trigger' in options or options.get('raw', False)
        if self.rule is None:
            # By a trigger inputs are raw, but which one counts is another question.
            self.rule = Dag.Rule.FINISHED if options.get('raw') else Dag.Rule.SUCCEEDED
        self.name = options.get('name') or _outcomes.to_utf8(_get_name(function))
        self.quark = GLib.quark_from_string(self.name)
        self.executor = _executors.choose(options)
        code = _get_code(function)
        if inspect.isasyncgenfunction(code):
            raise TypeError(f'{self.name} is an asynchronous generator function: what it yields '
                            f'is no result')
        # And not one that only says so.
        self.is_coroutine = inspect.isroutine(function) and \
            bool(getattr(getattr(function, '__code__', None), 'co_flags', 0) & inspect.CO_COROUTINE)
        if self.executor is not None and inspect.iscoroutinefunction(code):
            raise TypeError(f'{self.name} is a coroutine function: threads and executors run '
                            f'ordinary ones')
        self.follows = True
        self.signature = _arguments.Signature(function, self.name)
        # The calls that can be made without looking further.
        is_simple = not prerequisites and not options.keys() - {'name', 'executor', 'thread', 'worker'}
        self.forms = self.signature.forms if is_simple else ()
        # So many arguments are handed on as they are.
        self.n_fixed = n_fixed
        self.method = None

    def __repr__(self):
        return f'<Dag.task {self.name}>'

    def __reduce__(self):
        # As functions are pickled: by name.
        return self.__qualname__

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return getattr(self.body, name)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        if self.method is None:
            self.method = Function(self, _NO_KEYWORDS, n_fixed=1)
        return types.MethodType(self.method, instance)

    def __call__(self, /, *args, **kwargs):
        try:
            frame = sys._getframe(1)
        except ValueError:
            # C has called it.
            frame = None
        if kwargs or len(args) not in self.forms or _loop.get_running_loop() is None:
            return self.call(args, kwargs, frame)
        host = _loop.get_host()
        jobs = host.jobs
        inputs = []
        pending = GET_OURS
        for argument in args[1:] if self.n_fixed else args:
            kind = type(argument)
            if kind is Task:
                inputs.append(argument)
                if hash(argument) not in jobs:
                    pending = GET
            elif kind not in PLAIN:
                return self.call(args, kwargs, frame)
        return make_task(host, self, inputs, args, _NO_KEYWORDS, pending if inputs else NOTHING,
                         frame)

    def follow(self, result):
        """The task that a result is or stands for, if any."""
        return as_task(result) if self.follows and is_awaitable(result) else None

    def call(self, args, kwargs, frame):
        """Makes a task, whatever the arguments are."""
        self.signature.check(args, kwargs)
        given = args, kwargs
        n_fixed = self.n_fixed
        if n_fixed == 0 and args and isinstance(args[0], type):
            # From Python 3.13 on class methods come without __get__().
            method = inspect.getattr_static(args[0], getattr(self, '__name__', ''), None)
            n_fixed = int(isinstance(method, classmethod) and method.__func__ is self)
        found = _Inputs(self)
        args = [*args[:n_fixed], *(found.take(argument) for argument in args[n_fixed:])]
        kwargs = {name: found.take(argument) for name, argument in kwargs.items()}
        prerequisites = [item if type(item) is Edge else Edge(item, Dag.Rule.SUCCEEDED)
                         for item in self.prerequisites]

        host = _loop.get_host()
        with _calls.held(host) as gate:
            if gate and 'trigger' in self.options:
                # There the gate would count. Another task makes it where nothing is in the way.
                make = Function(lambda: self.call(*given, None), {'name': self.name})
                return make_task(host, make, gate, (), _NO_KEYWORDS, NOTHING, frame, True)
            # With a gate another thread may be at the task already: nothing but that is there which
            # could skip it before it is complete.
            task = make_task(host, self, gate or found.plain, args, kwargs, RESOLVE, frame,
                             bool(gate))
            if gate:
                for dependency in found.plain:
                    task.add_input(dependency, Dag.Rule.SUCCEEDED)
            for dependency, rule in found.edges:
                task.add_raw_input(dependency, rule)
            for edge in prerequisites:
                task.add_prerequisite(edge.task, edge.rule)
            _options.set_properties(self.options, task)
        return task


def decorate(options, prerequisites, function):
    """Makes a function whose calls are tasks, of whatever can be decorated."""
    if isinstance(function, (classmethod, staticmethod)):
        return type(function)(decorate(options, prerequisites, function.__func__))
    if isinstance(function, types.MethodType) and isinstance(function.__func__, Function):
        return types.MethodType(Function(function.__func__, options, prerequisites, n_fixed=1),
                                function.__self__)
    if not callable(function):
        raise TypeError(f'a {type(function).__name__} cannot be called')
    return Function(function, options, prerequisites)
