"""How Python objects that implement a port are called.

Rust puts calls into a queue. Threads that are made here take them out, as many as are needed: such threads the
interpreter knows when it ends, and it does not wait for them. Coroutines run in an event loop of byop's own.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import json
import os
import threading
import traceback
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any

from . import _byop, exceptions
from ._face import _plain
from ._secret import Secret

_lock = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}
#: The coroutines that run, by the numbers of their calls.
_running: dict[int, asyncio.Task[None]] = {}


def serve() -> None:
    """Start a thread that takes calls."""
    threading.Thread(target=_serve, name="byop-port", daemon=True).start()


def _serve() -> None:
    patient = True
    while _serve_one(patient):
        patient = False


def _serve_one(patient: bool) -> bool:
    taken = _byop.next_call(patient)
    if taken is None:
        return False
    call, is_last = taken
    if is_last:
        # Without another thread, the next call waits for those that are there.
        with suppress(RuntimeError):
            serve()
    if call.abandoned:
        _loop().call_soon_threadsafe(_cancel, call.id)
        return True
    try:
        result = getattr(call.target, call.method)(*_arguments(call))
        if inspect.isawaitable(result):
            _loop().call_soon_threadsafe(_begin, call, result)
        else:
            call.answer(_dump(result))
    except BaseException as error:
        _fail(call, error)
    return True


def _arguments(call: _byop.Call) -> list[Any]:
    values: list[Any] = json.loads(call.arguments)
    if call.method == "create_server" and isinstance(values[0].get("user_data"), str):
        values[0]["user_data"] = Secret(values[0]["user_data"])
    return values if call.source is None else [call.source, *values]


def _begin(call: _byop.Call, result: Awaitable[Any]) -> None:
    """Run a coroutine, in the thread of the loop, until it has ended or nobody waits for it any more."""
    task = _running[call.id] = asyncio.ensure_future(_finish(call, result))
    task.add_done_callback(functools.partial(_end, call.id, result))
    if call.abandoned:
        task.cancel()


async def _finish(call: _byop.Call, result: Awaitable[Any]) -> None:
    try:
        call.answer(_dump(await result))
    except BaseException as error:
        # SystemExit too: it must not end the loop.
        _fail(call, error)


def _end(number: int, result: Awaitable[Any], _: asyncio.Task[None]) -> None:
    del _running[number]
    if inspect.iscoroutine(result):
        result.close()  # One that was cancelled before it began.


def _cancel(number: int) -> None:
    if number in _running:
        _running[number].cancel()


def _fail(call: _byop.Call, error: BaseException) -> None:
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    error = error.with_traceback(frames)
    text = "".join(traceback.format_exception(type(error), error, frames)).rstrip()
    call.fail(error, _report(error), exceptions._clean(text))


def _report(error: BaseException) -> str:
    """Write what an exception says about itself; a group of one, which task groups make, is that one."""
    leaves = getattr(error, "exceptions", None)
    if isinstance(leaves, tuple) and len(leaves) == 1:
        return _report(leaves[0])
    if isinstance(error, exceptions.ByopError):
        # A class without our constructor has only its kind.
        with suppress(AttributeError):
            return error._to_report()
        kind: type[exceptions.ByopError] = exceptions._CLASSES.get(error.kind, exceptions.InternalError)
    elif isinstance(error, (TimeoutError, asyncio.TimeoutError, concurrent.futures.TimeoutError)):
        kind = exceptions.TimeoutError
    elif isinstance(error, ConnectionError):
        kind = exceptions.UnavailableError
    elif isinstance(error, NotImplementedError):
        kind = exceptions.UnsupportedError
    else:
        # A slip such as a KeyError must not look like a thing that is gone.
        kind = exceptions.InternalError
    return kind("the code in Python raised an exception")._to_report()


def capabilities(target: Any) -> str:
    """Return what a provider supports: its attribute, or the answer of its method."""
    value = getattr(target, "capabilities", None)
    value = value() if callable(value) else value
    if inspect.iscoroutine(value):
        value.close()
        raise TypeError("capabilities must be an attribute or a plain method, not a coroutine")
    if value is not None and not isinstance(value, Mapping):
        raise TypeError(f"capabilities must be a dictionary, not {type(value).__name__}")
    return _dump(value or {})


def _dump(value: Any) -> str:
    return json.dumps(value, default=_written)


def _written(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.expose()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
        return list(value)
    return _plain(value)


def _loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of this process, run by a thread of its own; a forked child gets another."""
    with _lock:
        loop = _loops.get(os.getpid())
        if loop is None:
            loop = _loops[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=_turn, args=(loop,), name="byop-ports", daemon=True).start()
        return loop


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    _byop.turns_loop()
    while not loop.is_closed():
        # What a task raises that a method began; who awaits the task gets it as well.
        with suppress(SystemExit, KeyboardInterrupt):
            loop.run_forever()


def _forget() -> None:
    global _lock
    _lock = threading.Lock()
    _running.clear()


if hasattr(os, "register_at_fork"):
    # Whoever holds the lock stays behind.
    os.register_at_fork(after_in_child=_forget)
