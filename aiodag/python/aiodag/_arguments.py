# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What a call is made of: how many arguments, and which of them, however deep in containers, stand
for results."""

import collections
import copy
import dataclasses
import inspect
import itertools
import types
import weakref

# Values of these types are never looked into.
PLAIN = frozenset({
    bool, bytearray, bytes, complex, float, int, memoryview, range, slice, str, type, type(None),
    types.BuiltinFunctionType, types.FunctionType, types.MethodType, types.ModuleType,
})


# Whether a call fits


class Signature:
    """How a function may be called."""

    # What is known of ordinary functions, which are often decorated where they are called.
    _known = weakref.WeakKeyDictionary()

    def __init__(self, function, name):
        self._function = function
        self._name = name
        # The calls that are known to fit, each as the number of its arguments; with keywords, a
        # tuple of that and of those.
        if type(function) is types.FunctionType:
            self.forms = self._known.setdefault(function, set())
        else:
            self.forms = set()

    def check(self, args, kwargs):
        """Raises TypeError if that is no call of the function."""
        form = (len(args), *kwargs) if kwargs else len(args)
        if form in self.forms:
            return
        try:
            signature = inspect.signature(self._function)
        except (TypeError, ValueError):
            # Some built-in functions do not tell.
            pass
        else:
            try:
                signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f'{self._name}(): {error}') from None
        # There is no end of them where any keyword will do.
        if len(self.forms) < 1000:
            self.forms.add(form)


# What stands for results


def is_awaitable(value):
    """Whether a value can be awaited."""
    kind = type(value)
    if kind is types.GeneratorType:
        return bool(value.gi_code.co_flags & inspect.CO_ITERABLE_COROUTINE)
    return getattr(kind, '__await__', None) is not None


_MISSING = object()


def _get_children(value):
    """What is in a container, as a list. None if it is none, or none that could be made anew."""
    kind = type(value)
    if kind is list or kind is tuple:
        return list(value)
    if is_awaitable(value):
        return None
    if issubclass(kind, dict):
        return list(itertools.chain.from_iterable(value.items()))
    if issubclass(kind, (collections.deque, list, set)) or kind is frozenset or \
            issubclass(kind, tuple) and hasattr(kind, '_make'):
        return list(value)
    if dataclasses.is_dataclass(kind):
        return [getattr(value, field.name, _MISSING) for field in dataclasses.fields(kind)]
    return None


class Nested:
    """A container to be made anew: it has in it what stands for a result, or another such one."""

    __slots__ = ('container', 'children')

    def __init__(self, container, children):
        self.container = container
        self.children = children

    def is_fixed(self):
        """Whether it cannot be changed after it was made."""
        return isinstance(self.container, (frozenset, tuple))

    def make(self, children):
        kind = type(self.container)
        return kind._make(children) if hasattr(kind, '_make') else kind(children)

    def fill(self, copied, children):
        if isinstance(copied, dict):
            copied.clear()
            pairs = iter(children)
            for key, value in zip(pairs, pairs):
                copied[key] = value
        elif isinstance(copied, set):
            copied.clear()
            copied.update(children)
        elif isinstance(copied, (collections.deque, list)):
            copied.clear()
            copied.extend(children)
        else:
            for field, child in zip(dataclasses.fields(copied), children):
                if child is not _MISSING:
                    # Also where it is frozen.
                    object.__setattr__(copied, field.name, child)

    def sort(self):
        """It and what is in it, as far as that is to be made anew too; what is inside comes first."""
        order, reached = [], {self}
        stack = [(self, iter(self.children))]
        while stack:
            nested, rest = stack[-1]
            for child in rest:
                if type(child) is Nested and child not in reached:
                    reached.add(child)
                    stack.append((child, iter(child.children)))
                    break
            else:
                order.append(nested)
                stack.pop()
        return order

    def resolve(self, get):
        """Makes it anew, with get(child) for what is in it."""
        order = self.sort()
        # These are there from the beginning, because they may contain themselves.
        made = {nested: copy.copy(nested.container) for nested in order if not nested.is_fixed()}

        def get_children(nested):
            return [made[child] if type(child) is Nested else get(child)
                    for child in nested.children]

        while order:
            # What contains a tuple that contains it has to wait for that.
            late = []
            for nested in order:
                if not all(child in made for child in nested.children if type(child) is Nested):
                    late.append(nested)
                elif nested.is_fixed():
                    made[nested] = nested.make(get_children(nested))
                else:
                    nested.fill(made[nested], get_children(nested))
            order = late
        return made[self]


def scan(value, adopt):
    """Looks for what stands for results in a value, in all the containers in it too.

    adopt(item) gives what is to be put in the place of an item that is no container: the item itself
    if it stands for nothing. If all do so the result is the value itself.
    """
    children = _get_children(value)
    if children is None:
        return adopt(value)
    if PLAIN.issuperset(map(type, children)):
        return value

    root = Nested(value, children)
    reached = {id(value): root}
    holders = collections.defaultdict(list)  # by what is in them: (holder, index)
    changed = set()
    queue = [root]
    for nested in queue:
        for index, child in enumerate(nested.children):
            if type(child) in PLAIN:
                continue
            inner = reached.get(id(child))
            if inner is None:
                children = _get_children(child)
                if children is None:
                    item = adopt(child)
                    if item is not child:
                        nested.children[index] = item
                        changed.add(nested)
                    continue
                inner = reached[id(child)] = Nested(child, children)
                queue.append(inner)
            holders[inner].append((nested, index))

    # What contains something new is new itself.
    queue = list(changed)
    for nested in queue:
        for holder, index in holders[nested]:
            holder.children[index] = nested
            if holder not in changed:
                changed.add(holder)
                queue.append(holder)
    return root if root in changed else value
