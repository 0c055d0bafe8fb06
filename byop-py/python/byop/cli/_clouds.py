"""The clouds that the command knows."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..clouds import Aws, Cloud, DigitalOcean, DockerCloud, Ovh
from ..exceptions import InvalidInputError, UnauthenticatedError, UnavailableError

#: How each is opened, and the variables of which one is set where it is used.
KNOWN: dict[str, tuple[Callable[[], Cloud], tuple[str, ...]]] = {
    "aws": (Aws.from_env, ("AWS_ACCESS_KEY_ID",)),
    "digitalocean": (DigitalOcean.from_env, ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN")),
    "ovh": (Ovh.from_env, ("OVH_APPLICATION_KEY", "OVH_CLIENT_ID")),
    "docker": (DockerCloud.from_env, ()),
}


def open_cloud(name: str) -> Cloud:
    """Open one by its name."""
    if name not in KNOWN:
        raise InvalidInputError(
            "there is no cloud of this name",
            operation="cloud.open",
            context={"name": name, "known": ", ".join(KNOWN)},
            remedy="use one of the known names",
        )
    return KNOWN[name][0]()


def check_configured(name: str) -> None:
    """Refuse a cloud that nobody set up here: a machine's own role, which AWS has, is asked for by name only."""
    _, variables = KNOWN[name]
    if variables and name not in _named() and not any(os.environ.get(variable) for variable in variables):
        raise UnauthenticatedError(
            "the environment has no credentials for it",
            operation="cloud.open",
            context={"name": name},
            remedy=f"set {variables[0]}, or name it in BYOP_CLOUDS",
        )


def from_env(wanted: str | None = None, *, local: bool = True) -> list[Cloud]:
    """Open the one that is wanted, those that ``BYOP_CLOUDS`` names, and those whose credentials the environment has.

    The cloud on this machine's engine is for whoever asks for it, and for looking at what there is (``local``).
    """
    sure = [name for name in (wanted, *_named()) if name]
    found = [open_cloud(name) for name in dict.fromkeys(sure)]
    for name, (_, variables) in KNOWN.items():
        if name not in sure and (variables or local):
            try:
                check_configured(name)
                found.append(open_cloud(name))
            except UnauthenticatedError:
                pass
            except UnavailableError:
                if variables:
                    raise
    return found


def _named() -> list[str]:
    return [name.strip() for name in os.environ.get("BYOP_CLOUDS", "").split(",") if name.strip()]
