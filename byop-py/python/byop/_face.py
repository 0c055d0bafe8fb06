"""What both engines share: how a call crosses to Rust and how its answer comes back."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from . import _byop
from .exceptions import InvalidInputError

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


def dump(arguments: Mapping[str, Any]) -> str:
    """Serialise what goes to Rust; paths become strings.

    Raises:
        TypeError: A value is no plain data; the text names its key.
        InvalidInputError: A number or a string cannot be written as JSON.
    """
    return json.dumps({name: plain(value, name) for name, value in arguments.items()})


def plain(value: Any, path: str) -> Any:
    """Give a value as JSON has it; ``path`` is the key to name when it cannot be."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise _refused(path, "holds half of a character, a lone surrogate")
        return value
    if isinstance(value, int):
        if not -(1 << 63) <= value < 1 << 64:
            raise _refused(path, "is too large a number")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _refused(path, "must be a finite number")
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"`{path}` has a key that is no string but {type(key).__name__}")
        return {plain(key, path): plain(each, f"{path}.{key}") for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each, f"{path}[{index}]") for index, each in enumerate(value)]
    if isinstance(value, (set, frozenset, os.PathLike)):
        return plain(_plain(value), path)
    raise TypeError(f"`{path}` is {type(value).__name__}, which is no plain data")


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no plain data")


def _refused(path: str, text: str) -> InvalidInputError:
    return InvalidInputError(f"`{path}` {text}", operation="call.read", context={"key": path})


class Blocking:
    """Calls that block; other threads run meanwhile, and Ctrl-C interrupts the waiting."""

    _native: _byop.Engine

    def _call(self, verb: str, **arguments: Any) -> Any:
        return json.loads(self._native.call(verb, dump(arguments)))

    def _stream(self, verb: str, **arguments: Any) -> Stream[Any]:
        return Stream(self._native.stream(verb, dump(arguments)))


class Awaitable:
    """Calls that are awaited, in an event loop of ``asyncio``."""

    _native: _byop.Engine

    async def _call(self, verb: str, **arguments: Any) -> Any:
        text = await answer(functools.partial(self._native.start, verb, dump(arguments)))
        return json.loads(cast(str, text))

    def _stream(self, verb: str, **arguments: Any) -> AsyncStream[Any]:
        return AsyncStream(self._native.stream(verb, dump(arguments)))


Start = Callable[[Callable[[str | None, BaseException | None], None]], _byop.Task]


async def answer(start: Start) -> str | None:
    """Start something in Rust and wait for it; cancelling the wait cancels it there."""
    asked = _Asked(start)
    try:
        return await asked.future
    except BaseException:
        # Ended already, unless this was cancelled.
        asked.task.cancel()
        raise


def _running_loop() -> asyncio.AbstractEventLoop:
    # Late: it takes more time and memory than all of this package, and a blocking engine needs none of it.
    import asyncio

    return asyncio.get_running_loop()


class _Asked:
    """What was started in Rust, and the future of its answer."""

    def __init__(self, start: Start) -> None:
        loop = _running_loop()
        self.future = future = cast("asyncio.Future[str | None]", loop.create_future())

        def settle(text: str | None, error: BaseException | None) -> None:
            # From another thread; a loop that is closed has nobody who waits.
            loop.call_soon_threadsafe(_settle, future, text, error)

        self.task = start(settle)


def _settle(future: asyncio.Future[str | None], text: str | None, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(text)
    else:
        future.set_exception(error)


class Stream(Iterator[T], Generic[T]):
    """An iterator over items as they arrive. Iterate over it; ``close``, or leaving its ``with`` block, ends it early.

    An error, such as ``NotFoundError`` for an unknown job, is raised with the first item. Several threads may share a
    stream: each item goes to one of them. Ctrl-C while waiting loses nothing.

    >>> import byop, byop.testing
    >>> host = byop.testing.FakeRuntime()
    >>> host.add_image("shop:1", port=8080)
    >>> engine = byop.Engine(runtimes=host)
    >>> with engine.events(engine.deploy(byop.app("image:shop:1"))) as events:
    ...     events.next(timeout=5)["sequence"]
    1
    """

    def __init__(self, native: _byop.Stream) -> None:
        self._native: _byop.Stream | None = native

    def __next__(self) -> T:
        return self.next()

    def next(self, timeout: float | None = None) -> T:
        """Return the next item, as ``next(stream)`` does, but wait for at most ``timeout`` seconds.

        With it a server that sends events to a browser can send a comment now and then, and so notices that the
        browser is gone.

        Raises:
            StopIteration: The stream has ended or was closed.
            TimeoutError: No item has come in time. Nothing is lost: ask again.
        """
        native = self._native
        text = None if native is None else native.next(timeout)
        if text is None:
            self.close()
            raise StopIteration
        return cast(T, json.loads(text))

    def close(self) -> None:
        """Stop the iteration, from any thread; one that waits for an item gets to the end of the stream."""
        native, self._native = self._native, None
        if native is not None:
            native.close()

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream(AsyncIterator[T], Generic[T]):
    """An asynchronous iterator over items as they arrive. Iterate with ``async for``; ``aclose`` ends it early.

    An error, such as ``NotFoundError`` for an unknown job, is raised with the first item. Several tasks may share a
    stream: each item goes to one of them. A cancelled ``anext``, such as one in ``asyncio.wait_for``, loses nothing:
    the next one, in this event loop or another, continues where it was.
    """

    def __init__(self, native: _byop.Stream) -> None:
        self._native: _byop.Stream | None = native
        self._item: _Item | None = None

    async def __anext__(self) -> T:
        while self._native is not None:
            if self._item is None:
                self._item = _Item(self._native.start_next)
            item = self._item
            text, error = await item.wait()
            if self._item is not item:
                continue  # Another one that waited has taken it.
            self._item = None
            if error is not None:
                raise error
            if text is not None:
                return cast(T, json.loads(text))
            self._native = None
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop the iteration; a task that waits for an item gets to the end of the stream."""
        self._native = None
        if self._item is not None:
            self._item.task.cancel()
            self._item.settle(None, None)

    def __del__(self) -> None:
        if self._item is not None:
            self._item.task.cancel()

    async def __aenter__(self) -> AsyncStream[T]:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class _Item:
    """An item that was asked for. It stays here until somebody takes it, in whichever event loop."""

    def __init__(self, start: Start) -> None:
        self._lock = threading.Lock()
        self._outcome: tuple[str | None, BaseException | None] | None = None
        self._waiting: set[asyncio.Future[str | None]] = set()
        self.task = start(self.settle)

    def settle(self, text: str | None, error: BaseException | None) -> None:
        with self._lock:
            if self._outcome is None:
                self._outcome = (text, error)
            waiting = list(self._waiting)
        for future in waiting:
            # The loop of one that was given up may be closed by now.
            with contextlib.suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(_settle, future, None, None)

    async def wait(self) -> tuple[str | None, BaseException | None]:
        future: asyncio.Future[str | None] = _running_loop().create_future()
        with self._lock:
            if self._outcome is not None:
                return self._outcome
            self._waiting.add(future)
        try:
            await future
        finally:
            with self._lock:
                self._waiting.discard(future)
        assert self._outcome is not None
        return self._outcome
