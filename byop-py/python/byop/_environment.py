"""What the environment says about an engine: for ``Engine.from_env`` and for the command."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import _byop
from ._handles import Docker, SqliteStore, home_of_state
from ._secret import Secret
from .clouds import Aws, Cloud, DigitalOcean, DockerCloud, Ovh
from .exceptions import CorruptError, InvalidInputError, NotFoundError, UnauthenticatedError, UnavailableError

#: How each cloud is opened, and the variables of which one is set where it is used.
KNOWN: dict[str, tuple[Callable[[], Cloud], tuple[str, ...]]] = {
    "aws": (Aws.from_env, ("AWS_ACCESS_KEY_ID",)),
    "digitalocean": (DigitalOcean.from_env, ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN")),
    "ovh": (Ovh.from_env, ("OVH_APPLICATION_KEY", "OVH_CLIENT_ID")),
    "docker": (DockerCloud.from_env, ()),
}


def settings(home: Path | None = None) -> dict[str, Any]:
    """Return the arguments of ``Engine`` that keep its state in ``home`` and follow the environment otherwise."""
    home = home or Path(home_of_state())
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    proxy = _remembered(home)
    return {
        "store": SqliteStore(home / "byop.db"),
        "keys": keys(home),
        "work_dir": home / "work",
        "http_port": _http_port() or proxy.get("http_port"),
        # For several installations on one host.
        "proxy_prefix": os.environ.get("BYOP_PROXY_PREFIX") or proxy.get("proxy_prefix"),
    }


def remember(home: Path, **proxy: Any) -> None:
    """Keep settings of the proxy for those who come later and do not give them: it is one for all apps."""
    kept = _remembered(home)
    wanted = {**kept, **{name: value for name, value in proxy.items() if value is not None}}
    if wanted != kept:
        file = home / "settings.json"
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(wanted))
        draft.replace(file)


def _remembered(home: Path) -> dict[str, Any]:
    file = home / "settings.json"
    try:
        return dict(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return {}
    except (TypeError, ValueError) as error:
        raise CorruptError(
            "the settings of the proxy cannot be read",
            operation="settings.read",
            context={"file": str(file)},
            remedy="remove the file, and give --http-port and BYOP_PROXY_PREFIX once more if you use them",
        ) from error


def everything() -> dict[str, Any]:
    """Return the arguments of ``Engine`` for all that the environment has: Docker, and the clouds that are set up."""
    found = open_clouds(local=False)
    try:
        docker = {"local": Docker.from_env()}
    except UnavailableError:
        if not found:
            raise
        docker = {}
    return {**settings(), "runtimes": docker, "clouds": found}


def keys(home: Path) -> list[Secret]:
    """Return the keys of ``BYOP_KEY``, or of the file in the home, which is created when it is missing.

    Raises:
        NotFoundError: There is no file ``BYOP_KEY_FILE``.
        CorruptError: The file is empty.
    """
    given = os.environ.get("BYOP_KEY")
    if given:
        return [Secret(key) for key in given.split()]
    named = os.environ.get("BYOP_KEY_FILE")
    file = Path(named or home / "key")
    if not file.exists():
        if named:
            # A new key instead of one that is elsewhere would seal secrets that nobody else can read.
            raise NotFoundError(
                "there is no such file with keys",
                operation="key.read",
                context={"file": named},
                remedy="correct BYOP_KEY_FILE, or restore the file",
            )
        _create(file, _byop.Engine.generate_key() + "\n")
    found = [Secret(key) for key in file.read_text(errors="replace").split()]
    if not found:
        raise CorruptError(
            "the file has no key in it",
            operation="key.read",
            context={"file": str(file)},
            remedy="restore it; without any stored secrets, remove it, and a new key is generated",
        )
    return found


def _create(file: Path, text: str) -> None:
    """Create a file with all of its text at once, unless another process was faster."""
    # Made with mode 0600.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.link(name, file)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)


def _http_port() -> int | None:
    text = os.environ.get("BYOP_HTTP_PORT")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InvalidInputError(
            "BYOP_HTTP_PORT must be a number", operation="engine.build", context={"value": text[:40]}
        )
    return int(text)


def open_cloud(name: str) -> Cloud:
    """Open a cloud by its name."""
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


def open_clouds(wanted: str | None = None, *, local: bool = True) -> list[Cloud]:
    """Open the one that is wanted; otherwise those in ``BYOP_CLOUDS``, and those whose credentials the environment has.

    The cloud on this machine's engine is for whoever asks for it, and for looking at what there is (``local``).
    """
    if wanted:
        return [open_cloud(wanted)]
    found = [open_cloud(name) for name in dict.fromkeys(_named())]
    for name, (_, variables) in KNOWN.items():
        if name in _named() or not (variables or local):
            continue
        try:
            check_configured(name)
        except UnauthenticatedError:
            continue
        try:
            found.append(open_cloud(name))
        except UnavailableError:
            if variables:
                raise
    return found


def _named() -> list[str]:
    return [name.strip() for name in os.environ.get("BYOP_CLOUDS", "").split(",") if name.strip()]
