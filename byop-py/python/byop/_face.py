"""What both engines share: how a call crosses to Rust and how its answer comes back."""

from __future__ import annotations

import asyncio
import functools
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, TypeVar, cast

from . import _byop

T = TypeVar("T")


def dump(value: Any) -> str:
    """Serialise what goes to Rust; paths become strings."""
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no plain data")


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
    except asyncio.CancelledError:
        asked.task.cancel()
        raise


class _Asked:
    """What was started in Rust, and the future of its answer."""

    def __init__(self, start: Start) -> None:
        loop = asyncio.get_running_loop()
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

    An error, such as ``NotFoundError`` for an unknown job, is raised with the first item.
    """

    def __init__(self, native: _byop.Stream) -> None:
        self._native: _byop.Stream | None = native

    def __next__(self) -> T:
        text = None if self._native is None else self._native.next()
        if text is None:
            self.close()
            raise StopIteration
        return cast(T, json.loads(text))

    def close(self) -> None:
        """Stop the iteration."""
        self._native = None

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream(AsyncIterator[T], Generic[T]):
    """An asynchronous iterator over items as they arrive. Iterate with ``async for``; ``aclose`` ends it early.

    An error, such as ``NotFoundError`` for an unknown job, is raised with the first item. A cancelled ``anext``, such
    as one in ``asyncio.wait_for``, loses nothing: the next one continues where it was.
    """

    def __init__(self, native: _byop.Stream) -> None:
        self._native: _byop.Stream | None = native
        self._asked: _Asked | None = None

    async def __anext__(self) -> T:
        while self._native is not None:
            if self._asked is None:
                self._asked = _Asked(self._native.start_next)
            asked = self._asked
            try:
                text = await asyncio.shield(asked.future)
            except asyncio.CancelledError:
                raise
            except BaseException:
                self._asked = None
                raise
            if self._asked is not asked:
                continue  # Another one that waited has taken it.
            self._asked = None
            if text is not None:
                return cast(T, json.loads(text))
            self._native = None
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop the iteration; a task that waits for an item gets to the end of the stream."""
        self._native = None
        if self._asked is not None:
            self._asked.task.cancel()
            _settle(self._asked.future, None, None)

    def __del__(self) -> None:
        if self._asked is not None:
            self._asked.task.cancel()

    async def __aenter__(self) -> AsyncStream[T]:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
