#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""How functions become tasks, and what they are called with."""

import asyncio
import collections
import concurrent.futures
import copy
import dataclasses
import functools
import inspect
import operator
import pickle
import sys
import types
import typing

import harness
from harness import Dag, Door, GLib, fails, idle, pending, raises, test

import aiodag
from aiodag import task


@task
async def echo(value=None):
    return value


@task
def echo_at_once(value=None):
    return value


@task
async def join(left, right):
    return left + right


@task(raw=True)
async def results(*tasks):
    return [each.result() for each in tasks]


@task
async def fail(exception):
    raise exception


# The forms of the decorator


@test
async def forms():
    """A function can be decorated bare, with parentheses, with options, and where it is called."""
    @task
    async def bare(value):
        return value + 1

    @task()
    async def empty(value):
        return value + 1

    @task(raw=True)
    async def raw(value):
        return value.result() + 1

    async def plain(value):
        return value + 1

    for function in bare, empty, raw, task(plain), task(plain, echo(), echo()), task(bare), \
            task()(plain), task(raw=True)(raw), task(raw, echo()):
        first = function(1)
        assert type(first) is Dag.Task
        assert await function(first) == 3


@test
async def same_names():
    """What `from aiodag import task` gives is Dag.task, and all names of the override are there."""
    assert task is Dag.task
    for name in aiodag.__all__:
        assert getattr(aiodag, name) is getattr(Dag, name), name
    assert raises(AttributeError, getattr, aiodag, 'nothing')
    assert raises(AttributeError, getattr, Dag, 'nothing')


@test
async def schedules():
    """Promise 1: Calling a function makes a task, which runs though nobody waits for it or keeps it."""
    notes = []

    @task
    async def note(text):
        notes.append(text)

    note('async')
    task(lambda: notes.append('plain'))()
    assert notes == []
    await idle()
    assert sorted(notes) == ['async', 'plain']


@test
async def prerequisites():
    """Prerequisites have to succeed before the function runs, and pass nothing to it."""
    doors = Door(), Door()
    notes = []
    function = task(lambda *args: notes.append(args), *(pending(door) for door in doors))
    first, second = function(1), function(2, 3)
    await idle()
    doors[0].open('nothing of this')
    await idle()
    assert not notes and first.get_state() == Dag.State.WAITING
    doors[1].open()
    await Dag.gather(first, second)
    assert notes == [(1,), (2, 3)]

    error = OSError('not before')
    assert await fails(OSError, task(echo, fail(error))(4)) is error


@test
async def inputs_and_prerequisites():
    """Inputs and prerequisites can be mixed."""
    door, notes = Door(), []
    async def body(*args):
        notes.append(args)
        return sum(args)
    first = task(body, pending(door))(1, echo(2))
    second = task(body, first)(first, 10)
    await idle()
    assert not notes
    door.open()
    assert await second == 13
    assert notes == [(1, 2), (3, 10)]


@test
async def decorated_twice():
    """A function can be decorated any number of times, and is called once for each call."""
    calls = []

    async def body(value):
        calls.append(value)
        return value

    assert await task(task(task()(task(body))))(1) == 1
    assert calls == [1]


@test
async def prerequisites_add_up():
    """The prerequisites of a function that is decorated again are added to what it has."""
    doors = Door(), Door()
    inner = task(lambda: 'ran', pending(doors[0]))
    outer = task(inner, pending(doors[1]))
    called = outer()
    await idle()
    doors[1].open()
    await idle()
    assert called.get_state() == Dag.State.WAITING
    doors[0].open()
    assert await called == 'ran'


@test
async def raw_stays():
    """A raw function that is decorated again stays raw, with prerequisites too, unless told not to."""
    @task(raw=True)
    def kind(value):
        return type(value)

    for function in kind, task(kind), task(kind, echo()), task(name='other')(kind):
        assert await function(1) is Dag.Task
    assert await task(kind, raw=False)(1) is int
    assert await task(task(kind, raw=False), echo())(1) is int


@test
async def raw():
    """A raw function gets its inputs as tasks, finished in whatever way, and all else as tasks too."""
    @task(raw=True)
    def states(*tasks):
        return [each.get_state().value_nick for each in tasks]

    cancelled = pending(Door())
    cancelled.cancel()
    failed = fail(OSError())
    assert await states(echo(1), failed, echo(failed), cancelled, 2, None) == \
        ['succeeded', 'failed', 'skipped', 'cancelled', 'succeeded', 'succeeded']

    marker = object()
    assert (await results(marker, echo(marker)))[0] is marker
    assert await results(1, None, [2], echo([3])) == [1, None, [2], [3]]


@test
async def raw_very_task():
    """A raw input is the very task, by position and by name."""
    @task(raw=True)
    def same(*args, **kwargs):
        return [id(each) for each in (*args, *kwargs.values())]

    made = [echo(1), fail(OSError()), echo()]
    assert await same(made[0], made[1], third=made[2]) == [id(each) for each in made]


@test
async def raw_handles_failure():
    """A raw function decides what the failure of an input means."""
    @task(raw=True)
    async def consolidate(a, b, c):
        try:
            first = a.result()
        except OSError:
            first = 1
        return first + b.result() + c.result()

    assert await consolidate(fail(OSError()), echo(10), 100) == 111


@test
async def raw_prerequisite():
    """A raw function's prerequisite has to succeed all the same, unless a rule says otherwise."""
    error = OSError()
    failed = fail(error)
    assert await fails(OSError, task(results, failed)(1)) is error
    assert await task(results, Dag.failed(failed))(1) == [1]
    assert await task(results, Dag.finished(failed))(1) == [1]


@test
async def raw_containers():
    """A container for a raw function is a task that has it, with the tasks in it as they are."""
    @task(raw=True)
    def look(items, named):
        assert type(items) is type(named) is Dag.Task
        assert all(each.is_finished() for each in items.result())
        return items.result(), named.result()

    failed, good = fail(OSError()), echo(1)
    items, named = [failed, good], {'good': good}
    got_items, got_named = await look(items, named=named)
    assert got_items == items and got_named == named
    assert got_items is items and got_named is named

    async def value():
        return 5
    (adopted, plain), _ = await look([value(), echo()], named=(1, 2))
    assert adopted.result() == 5


# Arguments


@test
async def arguments():
    """Every kind of parameter gets what belongs to it, be it a value or a result."""
    def body(a, /, b, c=3, *args, d, e=5, **kwargs):
        return a, b, c, args, d, e, kwargs

    async def async_body(a, /, b, c=3, *args, d, e=5, **kwargs):
        return a, b, c, args, d, e, kwargs

    for function in task(body), task(async_body):
        assert await function(1, 2, d=4) == (1, 2, 3, (), 4, 5, {})
        assert await function(echo(1), b=echo(2), d=echo(4), a=echo('a'), self=echo('self')) == \
            (1, 2, 3, (), 4, 5, {'a': 'a', 'self': 'self'})
        assert await function(1, echo(2), echo(3), echo(4), 5, d=6, e=echo(7), function=echo(8)) == \
            (1, 2, 3, (4, 5), 6, 7, {'function': 8})
        assert await function(*[echo(i) for i in range(100)], d=None) == \
            (0, 1, 2, tuple(range(3, 100)), None, 5, {})


@test
async def awkward_names():
    """Keywords may have any name, those of the override's own parameters too."""
    names = ['self', 'args', 'kwargs', 'function', 'frame', 'raw', 'name', 'task', 'n_fixed', 'host']

    @task
    def collect(**kwargs):
        return kwargs

    expected = {name: number for number, name in enumerate(names)}
    assert await collect(**expected) == expected
    assert await collect(**{name: echo(value) for name, value in expected.items()}) == expected

    class Thing:
        @task
        def collect(*args, **kwargs):
            return kwargs

    assert await Thing().collect(**expected) == expected


@test
async def plain_values():
    """A value that is no task, nor contains one, is passed as the very same object."""
    class Anything:
        pass

    values = [None, True, 1, 1 << 100, 1.5, 'text', b'bytes', object(), Anything(), Anything, len,
              [1], (1, (2,)), {'a': [1]}, {1}, frozenset({1}), range(3), [[[[]]]], lambda: None,
              collections.OrderedDict(a=1), collections.deque([1]), iter([1]), asyncio,
              concurrent.futures.Future(), Dag.State.WAITING, GLib.Variant('i', 1),
              (x for x in range(3)), types.SimpleNamespace(a=1), Exception('value'),
              memoryview(b'a'), slice(1, 2), inspect.signature(len), sys._getframe(0)]
    for function in echo, echo_at_once:
        for value in values:
            assert await function(value) is value, value
            assert await function(value=value) is value, value
            assert (await results(value))[0] is value, value


@test
async def odd_values():
    """Nothing is asked of a value: neither whether it equals anything, nor its truth, hash or size."""
    class Odd:
        def refuse(self, *args):
            raise AssertionError('It was asked')
        __eq__ = __ne__ = __bool__ = __hash__ = __len__ = __iter__ = __contains__ = refuse
        __getattr__ = __getitem__ = __repr__ = __str__ = __call__ = refuse

    class Array:
        """As those of numpy."""
        def __eq__(self, other):
            return Array()

        def __bool__(self):
            raise ValueError('The truth value of an array is ambiguous')
        __hash__ = None

    for odd in Odd(), Array():
        for function in echo, echo_at_once:
            assert await function(odd) is odd
            assert await function(function(odd)) is odd
            assert (await function([odd, echo()]))[0] is odd
            assert (await function({1: odd, 2: echo()}))[1] is odd
            assert (await results(odd, echo(odd)))[1] is odd


@test
async def nested():
    """Tasks in lists, tuples, dicts, sets and frozensets stand for their results, at any depth."""
    Point = collections.namedtuple('Point', 'x y')

    class Checked(collections.namedtuple('Checked', 'x y')):
        def __new__(cls, *args):
            raise AssertionError('A copy is made without asking')

    value = echo('v')
    for given, expected in [
            ([value], ['v']),
            ((value, 1), ('v', 1)),
            ({'key': value}, {'key': 'v'}),
            ({value: 'value'}, {'v': 'value'}),
            ({value: value, 1: value}, {'v': 'v', 1: 'v'}),
            ({value, 1}, {'v', 1}),
            (frozenset({value}), frozenset({'v'})),
            (Point(value, 2), Point('v', 2)),
            (Checked._make((value, 2)), Checked._make(('v', 2))),
            ([[({'a': {(value, 2): [value]}},)]], [[({'a': {('v', 2): ['v']}},)]]),
            ([1, [2], [value]], [1, [2], ['v']]),
            ([value, value], ['v', 'v']),
            ({(value, frozenset({value})): 1}, {('v', frozenset({'v'})): 1})]:
        for function in echo, echo_at_once:
            for got in await function(given), await function(value=given):
                assert got == expected and type(got) is type(expected), (given, got)
        before = repr(given)
        await echo(given)
        assert repr(given) == before


@test
async def nested_subclasses():
    """Containers of a class that is derived from list, dict, set or deque keep their class."""
    class MyList(list):
        pass

    class MyDict(dict):
        pass

    class MySet(set):
        pass

    for given, expected in [
            (MyList([echo(1)]), MyList([1])),
            (MyDict(a=echo(1)), MyDict(a=1)),
            (MySet([echo(1)]), MySet([1])),
            (collections.OrderedDict([('b', echo(1)), ('a', 2)]),
             collections.OrderedDict([('b', 1), ('a', 2)])),
            (collections.Counter({'a': echo(3)}), collections.Counter({'a': 3})),
            (collections.deque([echo(1)], maxlen=4), collections.deque([1], maxlen=4))]:
        given_list = list(given)
        got = await echo(given)
        assert type(got) is type(expected) and got == expected
        assert list(given) == given_list

    groups = collections.defaultdict(list)
    for number in range(4):
        groups[number % 2].append(echo(number))
    got = await echo(groups)
    assert got == {0: [0, 2], 1: [1, 3]} and got['new'] == []
    assert (await echo(MyList([1]))).__class__ is MyList


@test
async def nested_dataclasses():
    """Tasks in the fields of dataclasses stand for their results, and the given one is left alone."""
    @dataclasses.dataclass
    class Plain:
        a: object
        b: object = 2

    @dataclasses.dataclass(frozen=True)
    class Frozen:
        a: object
        b: object = 2

    @dataclasses.dataclass(slots=True)
    class Slots:
        a: object
        b: object = 2

    @dataclasses.dataclass(frozen=True, slots=True)
    class FrozenSlots:
        a: object
        b: object = 2

    @dataclasses.dataclass(kw_only=True)
    class KeywordOnly:
        a: object
        b: object = 2

    value = echo('v')
    for cls in Plain, Frozen, Slots, FrozenSlots, KeywordOnly:
        given = cls(a=value)
        for function in echo, echo_at_once:
            got = await function(given)
            assert type(got) is cls and got == cls(a='v')
            assert given.a is value
        assert await echo([cls(a=[cls(a=value)])]) == [cls(a=[cls(a='v')])]
        plain = cls(a=1)
        assert await echo(plain) is plain
    assert await echo({Frozen(value): Frozen(value)}) == {Frozen('v'): Frozen('v')}
    assert await echo({FrozenSlots(value)}) == {FrozenSlots('v')}


@test
async def nested_dataclass_oddities():
    """Of a dataclass, __init__ is not called again, and what is not set or no field stays as it is."""
    @dataclasses.dataclass
    class Odd:
        a: object
        given: dataclasses.InitVar[int]
        shared: typing.ClassVar[list] = []
        unset: object = dataclasses.field(init=False)
        derived: object = dataclasses.field(init=False, default=None)

        def __post_init__(self, given):
            self.derived = [given]
            self.extra = [given]

    odd = Odd(echo('v'), 3)
    got = await echo(odd)
    assert got.a == 'v' and got.derived is odd.derived and got.extra is odd.extra
    assert not hasattr(got, 'unset') and not hasattr(odd, 'unset')
    assert got.shared is Odd.shared

    class Meta(type):
        pass

    @dataclasses.dataclass
    class WithMeta(metaclass=Meta):
        a: object = None

    assert await echo(WithMeta) is WithMeta
    assert await echo(Odd) is Odd
    assert (await echo(WithMeta(echo(1)))).a == 1


@test
async def nested_deep():
    """Containers may be nested deeper than Python recurses, with tasks at the bottom or without."""
    def nest(value):
        for _ in range(30000):
            value = [value]
        return value

    def get_bottom(value):
        while type(value) is list:
            value = value[0]
        return value

    plain = nest(1)
    assert await echo(plain) is plain
    # To compare, copy or show them would recurse.
    assert get_bottom(await task(lambda given: [given])(nest(echo(2)))) == 2
    for end in 'ab':
        plain = [plain]
    while plain != 1:
        plain = plain[0] if type(plain) is list else plain


@test
async def nested_shared():
    """What is in several containers is looked at once, and shared by their copies too."""
    inner = [1]
    for _ in range(100):
        inner = [inner, inner]
    assert await echo(inner) is inner

    inner = [echo(1)]
    for _ in range(100):
        inner = [inner, inner]
    got = await echo(inner)
    for _ in range(100):
        assert got[0] is got[1]
        got = got[0]
    assert got == [1]


@test
async def nested_cyclic():
    """Containers may contain themselves; if there are tasks in them, so do the copies."""
    plain = [1]
    plain.append(plain)
    assert await echo(plain) is plain

    items = [echo('v')]
    items.append(items)
    got = await echo(items)
    assert got is not items and got[0] == 'v' and got[1] is got

    named = {'task': echo('v')}
    named['self'] = named
    got = await echo(named)
    assert got['task'] == 'v' and got['self'] is got

    inner = [echo('v')]
    pair = (inner, 1)
    inner.append(pair)
    got = await echo(pair)
    assert got[0][0] == 'v' and got[0][1] is got and pair[0] is inner
    got = await echo(inner)
    assert got[0] == 'v' and got[1][0] is got and got[1][1] == 1


@test
async def nested_large():
    """A container of a million plain values costs little."""
    large = list(range(1000000))
    assert await echo(large) is large
    large.append(echo(-1))
    got = await echo(large)
    assert len(got) == len(large) and got[-1] == -1 and got[5] == 5


@test
async def as_called():
    """Containers of tasks can be changed after the call: the function gets what was in them then."""
    items, named = [echo(1), 2], {'a': echo(1), 'b': 2}
    first, second = echo(items), echo(named)
    items.clear()
    named['c'] = 3
    assert await first == [1, 2]
    assert await second == {'a': 1, 'b': 2}


@test
async def nested_failure():
    """A task in a container is a dependency like any other: its failure skips the call."""
    error = OSError()
    for container in [fail(error)], {'a': fail(error)}, ((fail(error),),):
        called = echo(container)
        assert await fails(OSError, called) is error
        assert called.get_state() == Dag.State.SKIPPED


@test
async def nested_rule():
    """A dependency with a rule of its own arrives as the task, in a container too."""
    failed, good = fail(OSError()), echo(1)
    got = await echo([Dag.failed(failed), {'good': Dag.finished(good)}, good])
    assert got[0] is failed and got[1]['good'] is good and got[2] == 1
    got, = await echo_at_once((Dag.failed(failed),))
    assert got is failed


@test
async def same_task_twice():
    """Promise 5: A result can be used in one call any number of times, and is made once."""
    calls = []
    shared = task(lambda: calls.append(1) or 'x')()
    assert await join(shared, shared) == 'xx'
    assert await join(join(shared, shared), right=join(shared, 'y')) == 'xxxy'
    assert await echo([shared, shared]) == ['x', 'x']
    assert calls == [1]


@test
async def many_inputs():
    """A call can have any number of inputs."""
    @task
    def add(*values):
        return sum(values)

    assert await add(*[echo(1) for _ in range(5000)]) == 5000
    shared = echo(1)
    assert await add(*[shared] * 5000) == 5000
    assert await task(sum)([echo(1) for _ in range(5000)]) == 5000


# Other things that can be awaited


class Awaitable:
    """An object that can be awaited."""

    def __init__(self, value):
        self.value = value
        self.count = 0

    def __await__(self):
        self.count += 1
        yield from asyncio.sleep(0).__await__()
        return self.value


@test
async def coroutines():
    """A bare coroutine is a dependency, as an argument, in containers and as a prerequisite."""
    calls = []

    async def bare(value):
        calls.append(value)
        await asyncio.sleep(0)
        return value

    assert await echo(bare(1)) == 1
    assert await echo(value=bare(2)) == 2
    assert await echo([{'a': (bare(3),)}]) == [{'a': (3,)}]
    assert await task(lambda: 'ran', bare(4))() == 'ran'
    assert await task(lambda: 'ran', Dag.finished(bare(5)))() == 'ran'
    assert await results(bare(6)) == [6]
    assert calls == [1, 2, 3, 4, 5, 6]


@test
async def shared_coroutine():
    """One coroutine can be given to any number of tasks, also when it has ended, and runs once."""
    calls = []

    async def bare():
        calls.append(1)
        await asyncio.sleep(0)
        return 'x'

    shared = bare()
    assert await asyncio.gather(echo(shared), join(shared, shared), echo([shared]),
                                task(echo, shared)(1), results(shared)) == \
        ['x', 'xx', ['x'], 1, ['x']]
    assert await echo(shared) == 'x'
    assert calls == [1]


@test
async def failing_coroutine():
    """A coroutine that fails does so for everybody whom it was given to."""
    error = OSError()

    async def bare():
        raise error

    shared = bare()
    for called in echo(shared), echo([shared]), task(echo, shared)(1), results(shared):
        assert await fails(OSError, called) is error


@test
async def futures():
    """A future of asyncio is a dependency, and is not cancelled with a task that waits for it."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    first, second = echo(future), echo([future])
    third = task(lambda: 'ran', future)()
    await idle()
    first.cancel()
    await idle()
    assert first.cancelled() and not future.done()
    future.set_result('value')
    assert await second == ['value']
    assert await third == 'ran'
    assert await echo(future) == 'value'
    assert await join(future, future) == 'valuevalue'

    future = loop.create_future()
    failing = echo(future), task(echo, future)(1)
    error = OSError()
    future.set_exception(error)
    for called in failing:
        assert await fails(OSError, called) is error

    future = loop.create_future()
    called = echo(future)
    future.cancel()
    await fails(asyncio.CancelledError, called)
    assert called.cancelled()


@test
async def asyncio_tasks():
    """A task of asyncio is a dependency."""
    async def bare(value):
        await asyncio.sleep(0)
        return value

    made = asyncio.ensure_future(bare(1))
    assert await join(made, asyncio.ensure_future(bare(2))) == 3
    assert await results(made) == [1]
    assert await echo(made) == 1


@test
async def other_awaitables():
    """Any object that can be awaited is a dependency, and is awaited once for one call."""
    for make_function in echo, echo_at_once:
        awaitable = Awaitable('x')
        assert await make_function(awaitable) == 'x'
        assert await task(make_function, Awaitable(None))(1) == 1
        assert awaitable.count == 1
        assert await join(awaitable, awaitable) == 'xx'
        assert awaitable.count == 2


@test
async def awaitables_by_identity():
    """Awaitables are told from one another by what they are, not by whether they say to be equal."""
    class Equal(Awaitable):
        def __eq__(self, other):
            return True

        def __hash__(self):
            return 1

    class Unhashable(Awaitable):
        def __eq__(self, other):
            raise AssertionError('It was asked')
        __hash__ = None

    class Slots:
        __slots__ = ('value',)

        def __init__(self, value):
            self.value = value

        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return self.value

    for cls in Equal, Unhashable, Slots:
        one, two = cls('1'), cls('2')
        assert await join(one, two) == '12'
        assert await echo([one, two, one]) == ['1', '2', '1']


@test
async def awaitable_that_gives_itself():
    """An awaitable whose value is itself, as that of a connection pool, is passed as such."""
    class Pool:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return self

    pool = Pool()
    assert await task(lambda given: given is pool)(pool)


@test
async def generator_coroutines():
    """A coroutine that is made of a generator is a dependency; a plain generator is a value."""
    @types.coroutine
    def old(value):
        yield from asyncio.sleep(0).__await__()
        return value

    assert await echo(old(1)) == 1
    assert await task(old)(2) == 2
    plain = (x for x in ())
    assert await echo(plain) is plain


@test
async def no_prerequisite():
    """What cannot be waited for is refused as a prerequisite, or by a rule, with TypeError."""
    for nothing in 1, 'text', None, object(), len, [echo()], asyncio.sleep:
        raises(TypeError, task, echo, nothing)
        raises(TypeError, task(), echo, nothing)
        raises(TypeError, Dag.failed, nothing)
        raises(TypeError, Dag.finished, nothing)


# What can be decorated


@test
async def plain_functions():
    """Plain functions, lambdas, partials and built-in functions can be tasks."""
    def add(a, b=10):
        return a + b

    assert await task(add)(echo(1)) == 11
    assert await task(lambda a, b: a * b)(echo(2), 3) == 6
    assert await task(functools.partial(add, 1))(echo(2)) == 3
    assert await task(functools.partial(add, b=5))(echo(2)) == 7
    assert await task(len)(echo('four')) == 4
    assert await task(max)(echo(1), 5, echo(3)) == 5
    assert await task(operator.itemgetter(1))(echo([1, 2])) == 2
    assert await task(str.upper)(echo('a')) == 'A'
    assert await task('-'.join)([echo('a'), 'b']) == 'a-b'
    assert await task(int)(echo('42')) == 42
    assert await task(dict)(a=echo(1)) == {'a': 1}
    assert await task(print, name='shout')(end='', file=open('/dev/null', 'w')) is None


@test
async def partial_coroutine_functions():
    """A partial of a coroutine function can be a task."""
    async def add(a, b):
        await asyncio.sleep(0)
        return a + b

    assert await task(functools.partial(add, 1))(echo(2)) == 3
    assert await task(functools.partial(functools.partial(add, 1), b=4))() == 5
    # And a partial of a task function calls it.
    assert await functools.partial(join, 'a')(echo('b')) == 'ab'


@test
async def callable_objects():
    """Objects that can be called, at once or asynchronously, can be tasks."""
    class Adder:
        """It adds."""
        call = name = shape = options = quark = prerequisites = 'an attribute of the object'
        function = least = most = executor = is_simple = is_coroutine = 'another one'

        def __init__(self):
            self.__dict__.update({name: 'of the instance' for name in vars(type(self))
                                  if not name.startswith('_')})
            self.calls = 0

        def __call__(self, a, b=1):
            self.calls += 1
            return a + b

    class AsyncAdder:
        async def __call__(self, a, b=1):
            await asyncio.sleep(0)
            return a + b

    adder = Adder()
    function = task(adder)
    assert await function(echo(1), b=echo(3)) == 4
    assert await function(2) == 3
    assert adder.calls == 2 and function.calls == 2
    assert function(1).get_name() == 'Adder'
    raises(TypeError, function)
    assert await task(AsyncAdder())(echo(1), 5) == 6
    assert await task(task(AsyncAdder()))(echo(1)) == 2
    await idle()


@test
async def classes():
    """A class can be a task, whose result is an instance."""
    class Thing:
        def __init__(self, value):
            self.value = value

    thing = await task(Thing)(echo(1))
    assert type(thing) is Thing and thing.value == 1


class Shelf:
    def __init__(self, value=10):
        self.value = value

    @task
    async def add(self, other):
        return self.value + other

    @task
    def add_at_once(self, other=1):
        return self.value + other

    @task(raw=True)
    async def get_kind(self, other):
        return type(self), type(other)

    @task
    @classmethod
    async def decorated_classmethod(cls, other):
        """A class method."""
        return cls, other

    @classmethod
    @task
    async def classmethod_of_task(cls, other):
        """A class method."""
        return cls, other

    @task
    @staticmethod
    async def decorated_staticmethod(other):
        """A static method."""
        return other

    @classmethod
    @task(raw=True)
    async def raw_classmethod(cls, other):
        return cls, type(other)

    @staticmethod
    @task
    async def staticmethod_of_task(other):
        """A static method."""
        return other

    async def undecorated(self, other):
        return self.value + other


@test
async def methods():
    """Methods can be tasks: decorated, bound, of the class, of a base class, and overridden."""
    class Lower(Shelf):
        @task
        async def add(self, other):
            return -await super().add(other)

    shelf, lower = Shelf(), Lower(20)
    assert await shelf.add(echo(1)) == 11
    assert await shelf.add(other=echo(1)) == 11
    assert await shelf.add_at_once() == 11
    assert await Shelf.add(shelf, echo(2)) == 12
    assert await lower.add(echo(1)) == -21
    assert await Shelf.add(lower, 1) == 21
    assert await task(shelf.add)(echo(3)) == 13
    assert await task(shelf.add, echo())(echo(3)) == 13
    assert await task(shelf.undecorated)(echo(4)) == 14
    assert await task(Shelf.undecorated)(shelf, echo(4)) == 14
    assert await shelf.get_kind(echo(1)) == (Shelf, Dag.Task)
    assert await task(shelf.get_kind, echo())(2) == (Shelf, Dag.Task)
    bound = shelf.add
    assert await asyncio.gather(bound(1), bound(2)) == [11, 12]
    assert await functools.partial(shelf.add, echo(5))() == 15


@test
async def class_and_static_methods():
    """Class methods and static methods can be tasks, in both orders of the decorators."""
    class Lower(Shelf):
        pass

    for name in 'decorated_classmethod', 'classmethod_of_task':
        for owner, cls in (Shelf, Shelf), (Shelf(), Shelf), (Lower, Lower), (Lower(), Lower):
            assert await getattr(owner, name)(echo(1)) == (cls, 1), name
        assert inspect.getdoc(getattr(Shelf, name)) == 'A class method.'
    for owner in Shelf, Shelf():
        assert await owner.raw_classmethod(1) == (Shelf, Dag.Task)
        assert await task(owner.raw_classmethod)(echo(1)) == (Shelf, Dag.Task)
    for name in 'decorated_staticmethod', 'staticmethod_of_task':
        for owner in Shelf, Shelf(), Lower, Lower():
            assert await getattr(owner, name)(echo(1)) == 1, name
        assert inspect.getdoc(getattr(Shelf, name)) == 'A static method.'


@test
async def method_of_container():
    """A method is called with the very object, whatever tasks that contains."""
    @dataclasses.dataclass
    class Job:
        first: object
        done: bool = False

        @task
        async def finish(self, value):
            self.done = True
            return self, value

        @task(raw=True)
        def finish_raw(self, value):
            return self, value.result()

    class Jobs(list):
        @task
        def count(self, extra):
            return self, len(self) + extra

    job = Job(pending(Door()))
    for method in job.finish, job.finish_raw:
        itself, value = await method(echo(1))
        assert itself is job and value == 1
    assert job.done
    jobs = Jobs([pending(Door())])
    itself, count = await jobs.count(echo(1))
    assert itself is jobs and count == 2


@test
async def awaitable_self():
    """A method of an object that can be awaited is called with the object, and does not await it."""
    class Connection(Awaitable):
        @task
        async def send(self, what):
            return self.value + what

    connection = Connection('x')
    assert await connection.send(echo('y')) == 'xy'
    assert connection.count == 0


@test
async def method_attributes():
    """A bound method that is a task says what it is, as others do."""
    shelf = Shelf()
    assert shelf.add.__self__ is shelf
    assert shelf.add == shelf.add and hash(shelf.add) == hash(shelf.add)
    assert shelf.add != Shelf().add
    assert shelf.add.__name__ == 'add'
    assert list(inspect.signature(shelf.add).parameters) == ['other']
    assert list(inspect.signature(Shelf.add).parameters) == ['self', 'other']
    assert list(inspect.signature(task(shelf.add)).parameters) == ['other']


@test
async def async_generators():
    """An async generator function is refused with TypeError: what it yields is no result."""
    async def generate():
        yield 1

    class Generator:
        async def __call__(self):
            yield 1

    raises(TypeError, task, generate)
    raises(TypeError, task(), generate)
    raises(TypeError, task, functools.partial(generate))
    raises(TypeError, task, Generator())

    # A generator is a value as any other.
    def count():
        yield 1

    assert list(await task(count)()) == [1]


@test
async def no_function():
    """What cannot be called cannot be decorated: TypeError."""
    for nothing in 1, 'text', [], echo(), object(), property(len):
        raises(TypeError, task, nothing)
        raises(TypeError, task(), nothing)
        raises(TypeError, task(raw=True), nothing)
    coroutine = asyncio.sleep(0)
    raises(TypeError, task, coroutine)
    coroutine.close()


# What a decorated function tells of itself


@test
async def introspection():
    """A decorated function has the name, the documentation and the signature of the function."""
    async def body(a: int, /, b: 'str' = 'b', *, c: float = 0.5) -> bytes:
        """What it does."""

    body.tag = ['an attribute']
    for function in task(body), task(raw=True)(body), task(task(body), echo()):
        assert function.__name__ == 'body'
        assert function.__qualname__ == body.__qualname__
        assert function.__module__ == __name__
        assert function.__doc__ == 'What it does.'
        assert function.__wrapped__ is body
        assert function.__annotations__ == body.__annotations__
        assert function.tag is body.tag
        assert inspect.signature(function) == inspect.signature(body)
        assert inspect.unwrap(function) is body
        assert typing.get_type_hints(function) == typing.get_type_hints(body)
        assert inspect.getsource(function) == inspect.getsource(body)
        assert callable(function) and 'body' in repr(function)
        # It makes tasks, and no coroutines.
        assert not inspect.iscoroutinefunction(function)
        assert not asyncio.iscoroutinefunction(function)


@test
async def names():
    """A task's name is its function's, unless it is told another."""
    def plain():
        pass

    class Thing:
        def __call__(self):
            pass

        @task
        def method(self):
            pass

    assert echo().get_name() == 'echo'
    assert task(plain)().get_name() == 'plain'
    assert task(functools.partial(plain))().get_name() == 'plain'
    assert task(functools.partial(functools.partial(plain)))().get_name() == 'plain'
    assert task(Thing())().get_name() == 'Thing'
    assert Thing().method().get_name() == 'method'
    assert task(lambda: None)().get_name() == '<lambda>'
    assert task(len)('').get_name() == 'len'
    assert task(plain, name='other')().get_name() == 'other'
    assert task(task(plain, name='other'))().get_name() == 'other'
    assert task(task(plain, name='other'), name='third')().get_name() == 'third'
    named = echo()
    named.set_name('mine')
    assert named.get_name() == 'mine'


@test
async def survives_copy_and_pickle():
    """A decorated function is copied and pickled as functions are: by its name."""
    assert copy.copy(echo) is echo
    assert copy.deepcopy([echo])[0] is echo
    assert pickle.loads(pickle.dumps(echo)) is echo


@test
async def as_attribute():
    """A decorated function can be hashed, compared, weakly referenced and given attributes."""
    import weakref
    assert {echo: 1}[echo] == 1 and echo == echo and echo != join
    assert weakref.ref(echo)() is echo
    function = task(lambda: None)
    function.tag = 1
    assert function.tag == 1


@test
async def abstract_methods():
    """An abstract method that is a task stays abstract, and is overridden by one that is not."""
    import abc

    class Base(abc.ABC):
        @task
        @abc.abstractmethod
        async def work(self):
            """It works."""

    class Worker(Base):
        @task
        async def work(self):
            return 'done'

    class Other(abc.ABC):
        @abc.abstractmethod
        @task
        async def work(self):
            """It works."""

    raises(TypeError, Base)
    raises(TypeError, Other)
    assert await Worker().work() == 'done'


# What is refused


@test
async def wrong_calls():
    """A call that does not fit raises TypeError at the call, and makes no task."""
    def body(a, /, b, *, c=1):
        pass

    class Thing:
        @task
        async def method(self, a):
            pass

    function = task(body)
    prerequisite = echo()
    for args, kwargs in [((), {}), ((1,), {}), ((1, 2, 3), {}), ((1, 2), {'b': 2}),
                         ((1, 2), {'d': 2}), ((1,), {'a': 1}), ((), {'a': 1, 'b': 2})]:
        error = raises(TypeError, function, *args, **kwargs)
        assert 'body()' in str(error), error
        raises(TypeError, body, *args, **kwargs)
        raises(TypeError, task(raw=True)(body), *args, **kwargs)
        raises(TypeError, task(body, prerequisite), *args, **kwargs)
    raises(TypeError, task(lambda *, c: None))
    raises(TypeError, task(lambda *, c: None), 1)
    raises(TypeError, echo, 1, 2)
    raises(TypeError, join)
    raises(TypeError, Thing().method)
    raises(TypeError, Thing().method, 1, 2)
    raises(TypeError, Thing.method)
    await idle()
    assert not harness.get_calls()


@test
async def wrong_call_leaves_coroutines():
    """A call that does not fit does not begin to wait for what it was given."""
    calls = []

    async def bare():
        calls.append(1)

    coroutine = bare()
    raises(TypeError, join, coroutine)
    raises(TypeError, join, coroutine, other=1)
    await idle()
    assert calls == []
    coroutine.close()


@test
async def call_line():
    """The traceback of a call that does not fit leads to the line of the call."""
    error = raises(TypeError, lambda: join(1))
    frames = [frame for frame, _ in _walk(error.__traceback__)]
    assert [frame.f_code.co_name for frame in frames if frame.f_code.co_filename == __file__] == \
        ['<lambda>']


def _walk(trace):
    import traceback
    return traceback.walk_tb(trace)


@test
async def wrong_options():
    """Unknown options raise TypeError, and bad values TypeError or ValueError, at once."""
    executor = concurrent.futures.ThreadPoolExecutor(1)
    executor.shutdown()
    for options in [{'wrong': 1}, {'timeout_': 1}, {'raw': 'yes'}, {'raw': 1}, {'name': 1},
                    {'name': ''}, {'name': 'a\0b'}, {'name': '\ud800'},
                    {'rule': 'failed'}, {'rule': 17},
                    {'trigger': 'any'}, {'trigger': Dag.Rule.FAILED}, {'rule': Dag.Trigger.ANY},
                    {'priority': '1'}, {'priority': 1 << 40}, {'priority': 1.5},
                    {'timeout': '1'}, {'timeout': True}, {'timeout': -1}, {'timeout': 1 << 32},
                    {'deadline': float('nan')}, {'deadline': float('inf')},
                    {'thread': 1}, {'executor': 'threads'},
                    {'executor': concurrent.futures.ThreadPoolExecutor},
                    {'thread': True, 'executor': executor},
                    {'raw': False, 'rule': Dag.Rule.FAILED},
                    {'raw': False, 'trigger': Dag.Trigger.ANY}]:
        for decorate in (lambda: task(**options), lambda: task(echo, **options),
                         lambda: task(len, **options)):
            raises((TypeError, ValueError), decorate)
    raises(TypeError, task, echo, thread=True)
    raises(TypeError, task, echo.__wrapped__, executor=executor)


@test
async def options_none():
    """An option that is None, or False where that is the default, is as if it was not given."""
    function = task(lambda value: value, name=None, rule=None, trigger=None, priority=None,
                    executor=None, thread=False, timeout=None, deadline=None)
    assert await function(echo(1)) == 1


@test
async def option_after_option():
    """What is said later of a function counts, and all else that was said stays."""
    def body(value):
        return value

    function = task(task(body, name='first', priority=5), name='second')
    made = function(echo(1))
    assert made.get_name() == 'second' and made.get_priority() == 5
    assert await made == 1
    made = task(task(body, raw=True), priority=3)(1)
    assert made.get_priority() == 3
    assert await made == 1


# Where calls come from


@test
def call_without_frame():
    """A decorated function can be called by C directly, where there is no frame of Python below."""
    import _thread
    import threading
    context = GLib.MainContext.new()
    notes, over = [], threading.Event()

    @task
    def note():
        notes.append(1)
        over.set()

    def iterate():
        while not over.is_set():
            GLib.MainContext.default().iteration(False)

    _thread.start_new_thread(note, ())
    iterate()
    assert notes == [1] and context is not None


@test
async def call_from_callbacks():
    """A task can be made in callbacks of the loop and of GLib."""
    loop = asyncio.get_running_loop()
    made = []
    loop.call_soon(lambda: made.append(echo(1)))
    loop.call_later(0.001, lambda: made.append(echo(2)))
    GLib.idle_add(lambda: made.append(echo(3)))
    await idle()
    await harness.until(lambda: len(made) == 3)
    assert sorted(await asyncio.gather(*made)) == [1, 2, 3]


@test
async def call_from_bodies():
    """Promise 6: Tasks can be made in bodies, which need each other and tasks from outside."""
    @task
    async def power(base, exponent):
        if exponent == 0:
            return 1
        return task(operator.mul)(base, power(base, exponent - 1))

    base = echo(2)
    assert await power(base, 100) == 1 << 100


harness.main()
