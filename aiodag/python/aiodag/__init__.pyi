# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

# A function that was decorated keeps its signature, and a task can be passed wherever its result is
# asked for. No type says "T, or what will be a T" of every parameter, so Task has Any as its last
# base, as unittest.mock.Mock has in its stub: it fits wherever it is passed, and what it has of its
# own is known. The price is that a forgotten await is not found.

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from contextvars import Context
from os import PathLike
from typing import Any, Concatenate, Generic, NoReturn, ParamSpec, TypeVar, overload

__all__ = [
    'Error', 'Limiter', 'Retry', 'Rule', 'State', 'Task', 'Trigger', 'Worker', 'any', 'blocking',
    'current', 'delay', 'failed', 'finished', 'gather', 'gio', 'race', 'retry', 'run', 'settled',
    'skip', 'subprocess', 'task', 'weak',
]

_P = ParamSpec('_P')
_P2 = ParamSpec('_P2')
_S = TypeVar('_S')
_T = TypeVar('_T')
_T1 = TypeVar('_T1')
_T2 = TypeVar('_T2')
_T3 = TypeVar('_T3')
_T4 = TypeVar('_T4')
_T5 = TypeVar('_T5')
_T_co = TypeVar('_T_co', covariant=True)

# Enumerations of the namespace Dag
Error: Any
Rule: Any
State: Any
Trigger: Any

# How often a function is called until it succeeds; see retry(). The times are in milliseconds.
class Retry:
    def __init__(
        self,
        *,
        attempts: int = ...,
        delay: int = ...,
        factor: float = ...,
        max_delay: int = ...,
        jitter: float = ...,
        seed: int = ...,
    ) -> None: ...
    def get_attempts(self) -> int: ...
    def set_attempts(self, attempts: int) -> None: ...
    def get_pause(self, attempt: int) -> int: ...
    def set_seed(self, seed: int) -> None: ...

# How many tasks may be at work at once.
class Limiter:
    def __init__(self, *, limit: int = ...) -> None: ...
    def get_limit(self) -> int: ...
    def set_limit(self, limit: int) -> None: ...
    def get_n_running(self) -> int: ...
    def get_n_waiting(self) -> int: ...

class Task(Awaitable[_T_co], Any):  # type: ignore[misc]
    def __await__(self) -> Generator[Any, None, _T_co]: ...
    def result(self) -> _T_co: ...
    def exception(self) -> BaseException | None: ...
    def attempt_exceptions(self) -> list[BaseException]: ...
    def get_attempt(self) -> int: ...
    def set_retry(self, retry: Retry | None) -> None: ...
    def add_limiter(self, limiter: Limiter) -> None: ...
    def set_creator(self, creator: Task[Any] | None) -> None: ...
    def done(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def cancel(self, msg: Any = None) -> bool: ...
    def settle(self) -> asyncio.Future[None]: ...
    def wait(self, cancellable: Any = None) -> _T_co: ...
    def get_name(self) -> str: ...
    def get_priority(self) -> int: ...
    def set_priority(self, priority: int) -> None: ...
    def get_loop(self) -> asyncio.AbstractEventLoop: ...
    def add_done_callback(
        self, callback: Callable[[Task[_T_co]], object], *, context: Context | None = None
    ) -> None: ...
    def remove_done_callback(self, callback: Callable[[Task[_T_co]], object]) -> int: ...

class Worker:
    def __init__(self, *, name: str | None = None, max_threads: int = 0) -> None: ...
    @staticmethod
    def new(name: str | None, max_threads: int) -> Worker: ...
    @staticmethod
    def get_default() -> Worker: ...
    def get_name(self) -> str: ...
    def get_max_threads(self) -> int: ...
    @staticmethod
    def begin_blocking() -> None: ...
    @staticmethod
    def end_blocking() -> None: ...

# A dependency with a rule of its own. Where it is an argument, the function gets the task.
class _Edge(Awaitable[_T_co], Any): ...  # type: ignore[misc]

# A function that gets tasks. It can be called with values too, of which tasks are made.
class _RawFunction(Generic[_P, _T_co]):
    @overload
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> Task[_T_co]: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Task[_T_co]: ...
    @overload
    def __get__(self, instance: None, owner: Any = None) -> _RawFunction[_P, _T_co]: ...
    @overload
    def __get__(
        self: _RawFunction[Concatenate[_S, _P2], _T_co], instance: _S, owner: Any = None
    ) -> _RawFunction[_P2, _T_co]: ...

class _Decorator:
    @overload
    def __call__(self, function: _RawFunction[_P, _T], /) -> _RawFunction[_P, _T]: ...
    @overload
    def __call__(self, function: Callable[_P, Awaitable[_T]], /) -> Callable[_P, Task[_T]]: ...
    @overload
    def __call__(self, function: Callable[_P, _T], /) -> Callable[_P, Task[_T]]: ...

class _RawDecorator:
    @overload
    def __call__(self, function: Callable[_P, Awaitable[_T]], /) -> _RawFunction[_P, _T]: ...
    @overload
    def __call__(self, function: Callable[_P, _T], /) -> _RawFunction[_P, _T]: ...

# @task and task(function, …). The overloads overlap where an option has been left out; the first
# one that fits is the right one.
@overload
def task(  # type: ignore[misc]
    function: _RawFunction[_P, _T],
    /,
    *prerequisites: Awaitable[Any],
    raw: bool = ...,
    rule: Any = ...,
    trigger: Any = ...,
    name: str = ...,
    priority: int = ...,
    timeout: float = ...,
    deadline: float = ...,
    retries: int | Retry = ...,
    limiter: Limiter | Sequence[Limiter] = ...,
    owner: Any = ...,
    thread: bool = ...,
    worker: Worker | None = ...,
    executor: Executor | None = ...,
) -> _RawFunction[_P, _T]: ...
@overload
def task(  # type: ignore[misc]
    function: Callable[_P, Awaitable[_T]],
    /,
    *prerequisites: Awaitable[Any],
    name: str = ...,
    priority: int = ...,
    timeout: float = ...,
    deadline: float = ...,
    retries: int | Retry = ...,
    limiter: Limiter | Sequence[Limiter] = ...,
    owner: Any = ...,
    thread: bool = ...,
    worker: Worker | None = ...,
    executor: Executor | None = ...,
) -> Callable[_P, Task[_T]]: ...
@overload
def task(  # type: ignore[misc]
    function: Callable[_P, _T],
    /,
    *prerequisites: Awaitable[Any],
    name: str = ...,
    priority: int = ...,
    timeout: float = ...,
    deadline: float = ...,
    retries: int | Retry = ...,
    limiter: Limiter | Sequence[Limiter] = ...,
    owner: Any = ...,
    thread: bool = ...,
    worker: Worker | None = ...,
    executor: Executor | None = ...,
) -> Callable[_P, Task[_T]]: ...

# The same with raw, rule or trigger
@overload
def task(
    function: Callable[_P, Awaitable[_T]],
    /,
    *prerequisites: Awaitable[Any],
    raw: bool = ...,
    rule: Any = ...,
    trigger: Any = ...,
    name: str = ...,
    priority: int = ...,
    timeout: float = ...,
    deadline: float = ...,
    retries: int | Retry = ...,
    limiter: Limiter | Sequence[Limiter] = ...,
    owner: Any = ...,
    thread: bool = ...,
    worker: Worker | None = ...,
    executor: Executor | None = ...,
) -> _RawFunction[_P, _T]: ...
@overload
def task(
    function: Callable[_P, _T],
    /,
    *prerequisites: Awaitable[Any],
    raw: bool = ...,
    rule: Any = ...,
    trigger: Any = ...,
    name: str = ...,
    priority: int = ...,
    timeout: float = ...,
    deadline: float = ...,
    retries: int | Retry = ...,
    limiter: Limiter | Sequence[Limiter] = ...,
    owner: Any = ...,
    thread: bool = ...,
    worker: Worker | None = ...,
    executor: Executor | None = ...,
) -> _RawFunction[_P, _T]: ...

# @task(…)
@overload
def task(  # type: ignore[misc]
    function: None = None,
    /,
    *,
    name: str = ...,
    priority: int = ...,
    timeout: float = ...,
    deadline: float = ...,
    retries: int | Retry = ...,
    limiter: Limiter | Sequence[Limiter] = ...,
    owner: Any = ...,
    thread: bool = ...,
    worker: Worker | None = ...,
    executor: Executor | None = ...,
) -> _Decorator: ...
@overload
def task(
    function: None = None,
    /,
    *,
    raw: bool = ...,
    rule: Any = ...,
    trigger: Any = ...,
    name: str = ...,
    priority: int = ...,
    timeout: float = ...,
    deadline: float = ...,
    retries: int | Retry = ...,
    limiter: Limiter | Sequence[Limiter] = ...,
    owner: Any = ...,
    thread: bool = ...,
    worker: Worker | None = ...,
    executor: Executor | None = ...,
) -> _RawDecorator: ...

def failed(task: Awaitable[_T]) -> _Edge[_T]: ...
def finished(task: Awaitable[_T]) -> _Edge[_T]: ...
def weak(item: _T) -> _T | None: ...
def current() -> Task[Any] | None: ...
def skip() -> NoReturn: ...
def retry(
    attempts: int = 3,
    *,
    delay: float = 0,
    factor: float = 2,
    max_delay: float | None = None,
    jitter: float = 0,
    when: type[BaseException]
    | tuple[type[BaseException], ...]
    | Callable[[Any], object]
    | None = None,
) -> Retry: ...

# The result is a list, but only the type of a tuple tells what every item is.
@overload
def gather(a: Awaitable[_T1], b: Awaitable[_T2], /) -> Task[tuple[_T1, _T2]]: ...
@overload
def gather(
    a: Awaitable[_T1], b: Awaitable[_T2], c: Awaitable[_T3], /
) -> Task[tuple[_T1, _T2, _T3]]: ...
@overload
def gather(
    a: Awaitable[_T1], b: Awaitable[_T2], c: Awaitable[_T3], d: Awaitable[_T4], /
) -> Task[tuple[_T1, _T2, _T3, _T4]]: ...
@overload
def gather(
    a: Awaitable[_T1],
    b: Awaitable[_T2],
    c: Awaitable[_T3],
    d: Awaitable[_T4],
    e: Awaitable[_T5],
    /,
) -> Task[tuple[_T1, _T2, _T3, _T4, _T5]]: ...
@overload
def gather(*tasks: Awaitable[_T]) -> Task[list[_T]]: ...
@overload
def gather(
    *tasks: Awaitable[_T], return_exceptions: bool
) -> Task[list[_T | BaseException]]: ...
def settled(*tasks: Awaitable[_T]) -> Task[list[Task[_T]]]: ...
def any(*tasks: Awaitable[_T], cancel_others: bool = False) -> Task[_T]: ...
def race(*tasks: Awaitable[_T], cancel_others: bool = False) -> Task[_T]: ...
@overload
def delay(seconds: float) -> Task[None]: ...
@overload
def delay(seconds: float, result: _T) -> Task[_T]: ...
@overload
def gio(
    function: Callable[..., Any], /, *args: Any, finish: Callable[..., _T]
) -> asyncio.Future[_T]: ...
@overload
def gio(
    function: Callable[..., Any], /, *args: Any, finish: None = None
) -> asyncio.Future[Any]: ...
def blocking() -> AbstractContextManager[None]: ...
def run(main: Awaitable[_T]) -> _T: ...

# Dag.ProcessResult
class _ProcessResult:
    @property
    def stdout(self) -> bytes: ...
    @property
    def stderr(self) -> bytes: ...
    @property
    def stdout_text(self) -> str: ...
    @property
    def stderr_text(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def signal(self) -> int: ...
    @property
    def successful(self) -> bool: ...

_Plain = str | bytes | PathLike[str] | PathLike[bytes] | int | float | _ProcessResult
_Word = _Plain | Sequence[Any] | Awaitable[Any]

def subprocess(
    *argv: _Word,
    input: str | bytes | _ProcessResult | Awaitable[Any] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | PathLike[str] | None = None,
    check: bool = True,
    grace_time: float = 5,
    launcher: Any = None,
    name: str = ...,
    priority: int = ...,
    timeout: float = ...,
    deadline: float = ...,
) -> Task[_ProcessResult]: ...
