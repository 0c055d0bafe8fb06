"""A value that does not show itself."""

from __future__ import annotations


class Secret:
    """A text that never shows itself: printing, formatting and logging it give ``[redacted]``.

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
        """Give the value itself; call it at the last moment only."""
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

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not pickled; pass its name, and look it up on the other side")


def exposed(value: str | Secret) -> str:
    """Give the text of a secret, or of what is one already."""
    if isinstance(value, Secret):
        return value.expose()
    if isinstance(value, str):
        return value
    # The value is not quoted: it may be a secret all the same.
    raise TypeError(f"a secret is a text or a Secret, not {type(value).__name__}")
