"""A value that is never shown."""

from __future__ import annotations


class Secret:
    """A string that is never shown: printing, formatting and logging it give ``[redacted]``.

    >>> token = Secret("hunter2")
    >>> print(token, repr(token), f"{token}")
    [redacted] Secret([redacted]) [redacted]
    >>> token.expose()
    'hunter2'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError("a secret is a text")
        self._value = value

    def expose(self) -> str:
        """Return the value itself. Call it as late as possible."""
        return self._value

    def __repr__(self) -> str:
        return "Secret([redacted])"

    def __str__(self) -> str:
        return "[redacted]"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not pickled; pass its name, and look it up on the other side")


def exposed(value: str | Secret) -> str:
    """Return the text of a secret, or the text itself."""
    return value.expose() if isinstance(value, Secret) else value
