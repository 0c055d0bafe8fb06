"""The clouds that the command knows."""

from __future__ import annotations

from collections.abc import Callable

from ..clouds import Cloud
from ..exceptions import InvalidInputError, UnauthenticatedError

#: How each is opened; what is not here is not built in.
KNOWN: dict[str, Callable[[], Cloud]] = {}


def open_cloud(name: str) -> Cloud:
    """Open one by its name."""
    if name not in KNOWN:
        raise InvalidInputError(
            "there is no cloud of this name",
            operation="cloud.open",
            context={"name": name, "known": ", ".join(KNOWN) or "none"},
            remedy="use one of the known names",
        )
    return KNOWN[name]()


def from_env() -> list[Cloud]:
    """Open those whose credentials the environment has."""
    found = []
    for make in KNOWN.values():
        try:
            found.append(make())
        except UnauthenticatedError:
            continue
    return found
