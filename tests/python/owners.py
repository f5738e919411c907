# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Tasks that belong to an object, arguments that are not kept, and how long a dispatch lasts."""

import asyncio
import gc
import weakref

import harness
from harness import Dag, Door, GLib, fails, idle, pending, raises, test, until

from gi.repository import Gio, GObject

from aiodag import task, weak

State = Dag.State


class Window(GObject.Object):
    title = GObject.Property(type=str)

    @GObject.Signal
    def unmap(self):
        pass

    @GObject.Signal(arg_types=(int,), return_type=bool,
                    accumulator=GObject.signal_accumulator_true_handled)
    def close_request(self, _time):
        pass


def is_there(window):
    gc.collect()
    return window.get() is not None


@test
async def owner():
    """Promise 9: When the owner is gone a body that has not started never does, and awaits are
    cancelled."""
    window = Window()
    door = Door()
    called = []
    ready = task(called.append, owner=window)(1)
    waiting = task(called.append, owner=window)(pending(door))
    dependent = task(called.append)(waiting)
    assert window.__grefcount__ == 1
    del window
    gc.collect()
    assert ready.is_cancelled() and waiting.is_cancelled() and not dependent.is_cancelled()
    for each in ready, waiting, dependent:
        await fails(asyncio.CancelledError, each)
    assert dependent.get_state() == State.SKIPPED
    door.open()
    await waiting.settle()
    assert not called


@test
async def running():
    """A coroutine that runs gets CancelledError when its owner is gone, and its end counts."""
    window = Window()
    story = []

    async def wait(door):
        try:
            await door.wait()
        except asyncio.CancelledError:
            story.append('asked to end')
            return 17

    door = Door()
    made = task(wait, owner=window)(door)
    await until(lambda: door.reached)
    del window
    gc.collect()
    await fails(asyncio.CancelledError, made)
    assert story == ['asked to end'] and made.get_state() == State.CANCELLED


@test
async def signal():
    """A signal of the owner cancels, with its detail, and whatever its arguments are."""
    window = Window()
    names = 'unmap', 'close-request', 'notify::title', 'notify'
    doors = [Door() for _ in names]
    made = [task(pending.__wrapped__, owner=(window, name))(door)
            for name, door in zip(names, doors)]
    await idle()
    window.emit('unmap')
    assert [each.is_cancelled() for each in made] == [True, False, False, False]
    assert window.emit('close-request', 17) is False
    assert [each.is_cancelled() for each in made] == [True, True, False, False]
    window.title = 'Title'
    assert [each.is_cancelled() for each in made] == [True, True, True, True]
    for each in made:
        await fails(asyncio.CancelledError, each)


@test
async def succeeds():
    """A task whose owner stays has its result, and what has finished is left alone."""
    window = Window()
    made = task(lambda: 17, owner=(window, 'unmap'))()
    assert await made == 17
    window.emit('unmap')
    del window
    gc.collect()
    assert not made.is_cancelled() and await made == 17


@test
async def later_owner():
    """A task of any kind can be given an owner, another one, and none."""
    window, other = Window(), Window()
    door = Door()
    made = pending(door)
    made.set_owner(window, 'unmap')
    made.set_owner(other, None)
    window.emit('unmap')
    assert not made.is_cancelled()
    made.set_owner(None, None)
    del other
    gc.collect()
    assert not made.is_cancelled()
    door.open(1)
    assert await made == 1


@test
async def decorated():
    """A decorated function does not keep its owner, and its calls are cancelled once that is gone."""
    window = Window()
    window.function = task(lambda: 17, owner=window)
    function = task(window.function, name='function')
    assert await function() == 17
    watched = Dag.Weak.new(window)
    del window
    assert not is_there(watched)
    made = function()
    assert made.is_cancelled()
    await fails(asyncio.CancelledError, made)


@test
def owner_options():
    """What cannot be an owner, or a signal of it, is refused where it is said."""
    window = Window()
    for wrong in 17, 'window', (window,), (window, 17), (17, 'unmap'), Window:
        assert 'GObject' in str(raises(TypeError, task, len, owner=wrong))
    error = raises(ValueError, task, len, owner=(window, 'mapped'))
    assert str(error) == "a Window has no signal 'mapped'"
    assert task(len, owner=None)


@test
async def weak_argument():
    """Promise 5: A weak argument is not kept until the body runs, and then until that is over."""
    window = Window(title='Title')
    watched = Dag.Weak.new(window)
    door, gate = Door(), Door()
    got = []

    async def show(window, *others):
        got.append(window.title)
        await door.wait()
        got.append(window.title)

    made = task(show)(weak(window), pending(gate))
    assert window.__grefcount__ == 1
    gate.open()
    await until(lambda: door.reached)
    del window
    assert is_there(watched)
    door.open()
    await made
    assert got == ['Title', 'Title'] and not is_there(watched)


@test
async def weak_gone():
    """A body whose weak argument is gone gets None, wherever in a container it stands."""
    window, kept = Window(), Window()
    door = Door()
    made = task(lambda *args, **kwargs: (args, kwargs))(
        weak(window), [weak(window), weak(kept), 1], pending(door), key={'window': weak(window)})
    del window
    gc.collect()
    door.open(2)
    assert await made == ((None, [None, kept, 1], 2), {'key': {'window': None}})


@test
async def weak_with_owner():
    """A body is not called for an owner that is gone, whatever its arguments are."""
    window = Window()
    called = []
    made = task(called.append, owner=window)(weak(window))
    del window
    gc.collect()
    await fails(asyncio.CancelledError, made)
    assert not called


@test
async def weak_raw():
    """For a raw function a weak argument arrives as a task that has succeeded with the object."""
    window, kept = Window(), Window()
    door = Door()

    def show(first, second, third, other):
        return [each.result() for each in (first, second, third)]

    made = task(show, raw=True)(weak(window), weak(kept), [weak(window), weak(kept)], pending(door))
    assert kept.__grefcount__ == 1
    del window
    gc.collect()
    door.open()
    assert await made == [None, kept, [None, kept]]


@test
async def weak_python():
    """What is no GObject can be weak as well, where Python has weak references to it."""
    class Thing:
        pass

    thing = Thing()
    watched = weakref.ref(thing)
    made = task(lambda thing: thing)(weak(thing))
    assert await made is thing
    made = task(lambda thing: thing)(weak(thing))
    del thing
    gc.collect()
    assert await made is None and watched() is None
    raises(TypeError, weak, 17)
    raises(TypeError, weak, None)


@test
async def weak_thread():
    """A function in a thread gets its weak arguments, too."""
    window = Window(title='Title')
    assert await task(lambda window: window.title, thread=True)(weak(window)) == 'Title'


@test
async def introspected():
    """Tasks of C take weak arguments by Dag.Weak and by a method."""
    action = Gio.SimpleAction.new('action', None)
    watched = Dag.Weak.new(action)
    got = []

    def body(made, *_):
        got.append(made.get_argument_object(0))
        made.return_()

    first = Dag.Task.new_with_arguments(body, None, [Dag.Weak.new(action)], [])
    second = Dag.Task(held=True)
    second.set_function(body)
    second.add_argument_weak_object(action)
    await first
    assert got == [action]
    got.clear()
    del action
    assert not is_there(watched)
    second.release()
    await second
    await Dag.Task.new_with_arguments(body, None, [Dag.Weak.new(None)], [])
    assert got == [None, None]


@test
async def budget():
    """Promise 10: The budget and the background priority of a context can be set; with none, other
    sources have a turn between any two bodies."""
    context = pending(door := Door()).get_context()
    door.open()
    assert Dag.context_get_budget(context) == 2000
    assert Dag.context_get_background_priority(context) == GLib.PRIORITY_HIGH_IDLE + 21
    Dag.context_set_background_priority(context, GLib.PRIORITY_LOW)
    assert Dag.context_get_background_priority(context) == GLib.PRIORITY_LOW
    Dag.context_set_background_priority(context, GLib.PRIORITY_HIGH_IDLE + 21)

    story = []
    source = GLib.idle_source_new()
    source.set_priority(GLib.PRIORITY_DEFAULT)
    source.set_callback(lambda *_: story.append('turn') or True)
    Dag.context_set_budget(context, 0)
    # It is that of the next dispatch, and this may be one.
    await idle()
    try:
        made = [task(story.append)('body') for _ in range(5)]
        source.attach(context)
        await Dag.gather(*made)
    finally:
        source.destroy()
        Dag.context_set_budget(context, 2000)
    indices = [index for index, what in enumerate(story) if what == 'body']
    assert len(indices) == 5
    assert all(second - first > 1 for first, second in zip(indices, indices[1:])), story


harness.main()
