"""How Rust calls Python objects that implement a port."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import threading
import traceback
from collections.abc import Awaitable
from typing import Any

from ._face import _plain
from ._secret import Secret

_lock = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def call(target: Any, method: str, arguments: str, leading: list[Any]) -> str:
    """Call a method with plain data; a coroutine runs in byop's own event loop while this thread waits."""
    values = json.loads(arguments)
    if method == "create_server" and isinstance(values[0].get("user_data"), str):
        values[0]["user_data"] = Secret(values[0]["user_data"])
    result = getattr(target, method)(*leading, *values)
    if inspect.isawaitable(result):
        result = asyncio.run_coroutine_threadsafe(_wait(result), _loop()).result()
    return json.dumps(result, default=_written)


def capabilities(target: Any) -> str:
    """Return what a provider supports: its attribute, or the answer of its method."""
    value = getattr(target, "capabilities", None) or {}
    return json.dumps(value() if callable(value) else value)


def describe(error: BaseException) -> str:
    """Return an exception with its traceback as text, without the frames of this file."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []
    return "".join([*lines, *traceback.format_exception_only(type(error), error)]).rstrip()


async def _wait(result: Awaitable[Any]) -> Any:
    return await result


def _written(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.expose()
    if isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
        return list(value)
    return _plain(value)


def _loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of this process, run by a thread of its own; a forked child gets another."""
    with _lock:
        loop = _loops.get(os.getpid())
        if loop is None:
            loop = _loops[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="byop-ports", daemon=True).start()
        return loop
