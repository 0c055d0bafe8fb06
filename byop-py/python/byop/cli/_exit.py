"""How the command ends: exit codes, and the signals that end it early."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Any, NoReturn

#: The exit code of each kind of error; 0 is success, 2 also a mistake on the command line.
EXIT_CODES = {
    "internal": 1,
    "invalid_input": 2,
    "not_found": 3,
    "already_exists": 4,
    "conflict": 5,
    "unauthenticated": 6,
    "permission_denied": 7,
    "quota_exceeded": 8,
    "rate_limited": 9,
    "unavailable": 10,
    "timeout": 11,
    "unsupported": 12,
    "unhealthy": 13,
    "cancelled": 14,
    "lease_lost": 15,
    "corrupt": 16,
}
#: A comparison found differences.
DIFFERENCES = 20
#: 128 and the number of the signal, as shells have it.
INTERRUPTED, BROKEN_PIPE = 130, 141


class Stopped(BaseException):
    """The command has to end: because of a signal, or because nobody reads what it prints."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def stop_on_signals() -> None:
    """Let signals that end a process raise ``Stopped``, so that whoever waits for a job can cancel it."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What `nohup` or a shell has switched off stays off.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, _: Any) -> NoReturn:
    if number == getattr(signal, "SIGHUP", None):
        # The terminal is gone.
        silence()
    raise Stopped(128 + number)


def prepare_streams() -> None:
    """Make streams that are closed empty ones, and let the others write every character and notice a closed pipe."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # The lowest number that is free: the one of this stream.
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(descriptor, "r" if number == 0 else "w"))  # noqa: SIM115
    sys.stdout, sys.stderr = _Output(sys.stdout), _Output(sys.stderr)


class _Output(io.TextIOWrapper):
    """A stream whose reader may go away."""

    def __init__(self, stream: Any) -> None:
        encoding, buffered = stream.encoding, not stream.line_buffering
        super().__init__(stream.detach(), encoding, "backslashreplace", line_buffering=not buffered)

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            _reader_is_gone()

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            _reader_is_gone()


def _reader_is_gone() -> NoReturn:
    silence()
    raise Stopped(BROKEN_PIPE)


def silence() -> None:
    """Throw away what is still to be printed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
