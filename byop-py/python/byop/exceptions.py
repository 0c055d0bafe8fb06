"""The exceptions of byop: one class for each thing that a caller can do about an error.

Each is a ``ByopError``. Where Python has a natural base class it is that as well, so ``except LookupError`` and
``except ValueError`` catch them too.
"""

from __future__ import annotations

import builtins
import json
import math
import traceback
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

# Kinds after which the same request may succeed.
_RETRYABLE = frozenset({"rate_limited", "unavailable", "timeout"})
#: Seconds; Rust counts no further than some powers of ten more.
_LONGEST = 1e9


class ByopError(Exception):
    """An error of byop, with its facts as attributes; the text is for people."""

    kind: ClassVar[str] = "internal"
    """What the caller can do about it; the wire name, such as ``not_found``."""
    operation: str
    """Where it happened: ``noun.verb``."""
    message: str
    """One sentence, without the context."""
    context: dict[str, str]
    """Facts, such as ids and file names, in the order in which they were added."""
    causes: list[str]
    """The texts of the underlying errors, outermost first."""
    remedy: str | None
    """What the user can do, where byop knows it."""
    retryable: bool
    """Whether doing the same again can help."""
    retry_after: float | None
    """Seconds to wait first, when the other side said so."""

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        context: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        causes: Iterable[str] = (),
        remedy: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        # Whatever was given: who raises an error must not lose it to another one.
        self.message = str(message)
        super().__init__(self.message)
        self.operation = str(operation)
        self.context = {str(key): str(value) for key, value in dict(context).items()}
        self.causes = [_one_line(cause) for cause in causes]
        self.remedy = None if remedy is None else str(remedy)
        # As in Rust, unless whoever raises it knows better.
        self.retryable = self.kind in _RETRYABLE if retryable is None else retryable
        self.retry_after = _seconds(retry_after)

    def __str__(self) -> str:
        text = f"{self.operation}: {self.message}" if self.operation else self.message
        if self.context:
            text += " (" + ", ".join(f"{key}: {value}" for key, value in self.context.items()) + ")"
        if self.remedy:
            text += f"; {self.remedy}"
        return text

    @property
    def cause(self) -> str | None:
        """The text of the underlying error. ``__cause__`` is the exception itself if it was raised in Python."""
        return self.causes[0] if self.causes else None

    def _to_report(self) -> str:
        """Write the error as Rust reads it."""
        retry: object = "now" if self.retryable else "never"
        seconds = _seconds(self.retry_after)
        if seconds is not None:
            retry = {"after": {"secs": int(seconds), "nanos": int(seconds % 1 * 1e9)}}
        report = {
            "kind": self.kind,
            "operation": self.operation,
            "message": self.message,
            "context": [(str(key), str(value)) for key, value in self.context.items()],
            "retry": retry,
            "remedy": self.remedy,
            "causes": self.causes,
        }
        return _clean(json.dumps(report, ensure_ascii=False))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = dict(self.__dict__)
        return (_rebuild, (type(self), fields.pop("message"), fields))


class InvalidInputError(ByopError, ValueError):
    """The request itself is wrong: change it."""

    kind = "invalid_input"


class NotFoundError(ByopError, LookupError):
    """The named thing does not exist."""

    kind = "not_found"


class AlreadyExistsError(ByopError):
    """The named thing exists already and differs from what was asked for."""

    kind = "already_exists"


class ConflictError(ByopError):
    """Somebody else changed or holds the thing: look again, then decide."""

    kind = "conflict"


class UnauthenticatedError(ByopError):
    """Credentials are missing or were refused."""

    kind = "unauthenticated"


class PermissionDeniedError(ByopError, PermissionError):
    """Credentials are good but do not allow this."""

    kind = "permission_denied"


class QuotaExceededError(ByopError):
    """A limit of the account, host or client is reached."""

    kind = "quota_exceeded"


class RateLimitedError(ByopError):
    """Too many requests; ``retry_after`` says when to try again."""

    kind = "rate_limited"


class UnavailableError(ByopError, ConnectionError):
    """The other side cannot be reached, or is out of order."""

    kind = "unavailable"


class TimeoutError(ByopError, builtins.TimeoutError):
    """The answer did not come in time; the outcome may be unknown."""

    kind = "timeout"


class UnsupportedError(ByopError, NotImplementedError):
    """This implementation or version cannot do it."""

    kind = "unsupported"


class UnhealthyError(ByopError):
    """The app runs but does not pass its health check."""

    kind = "unhealthy"


class CancelledError(ByopError):
    """The work was cancelled."""

    kind = "cancelled"


class LeaseLostError(ByopError):
    """Another process has the job now."""

    kind = "lease_lost"


class CorruptError(ByopError):
    """Stored data cannot be read."""

    kind = "corrupt"


class InternalError(ByopError, RuntimeError):
    """A defect in byop, or in an implementation of one of its ports."""

    kind = "internal"


_CLASSES: dict[str, type[ByopError]] = {cls.kind: cls for cls in ByopError.__subclasses__()}


def _one_line(cause: object) -> str:
    if isinstance(cause, BaseException):
        return "".join(traceback.format_exception_only(type(cause), cause)).rstrip()
    return str(cause)


def _seconds(value: object) -> float | None:
    """Read how long to wait, as a header says it; what is no length of time says nothing."""
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST) if math.isfinite(seconds) else None


def _clean(text: str) -> str:
    """Replace what has no place in Unicode, such as a byte of a file's name that nobody could read."""
    return text.encode(errors="replace").decode()


def _rebuild(cls: type[ByopError], message: str, fields: dict[str, Any]) -> ByopError:
    error = cls.__new__(cls, message)
    ByopError.__init__(error, message)
    error.__dict__.update(fields)
    return error


def _from_report(text: str) -> ByopError:
    """Make an exception of an error report; a kind of a newer byop becomes a plain ``ByopError``."""
    report = json.loads(text)
    retry = report["retry"]
    after = retry["after"] if isinstance(retry, dict) else None
    return _CLASSES.get(report["kind"], ByopError)(
        report["message"],
        operation=report["operation"],
        context=_first_of_each(report["context"]),
        causes=report["causes"],
        remedy=report["remedy"],
        retryable=retry == "now" or after is not None,
        retry_after=after["secs"] + after["nanos"] / 1e9 if after else None,
    )


def _first_of_each(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Context as a dictionary; of a repeated key the first value counts, as in Rust."""
    context: dict[str, str] = {}
    for key, value in pairs:
        context.setdefault(key, value)
    return context
