"""Functions that need no engine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from . import _byop
from ._face import plain
from ._secret import Secret
from .exceptions import InvalidInputError
from .ports import Generator

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .types import AppSettings, AppSpec, HostSpec, Preview, ServiceFound, Source

_ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")


def preview(
    source: str | os.PathLike[str],
    *,
    name: str | None = None,
    domains: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
    port: int | None = None,
    settings: Mapping[str, Any] | None = None,
    generators: Iterable[Generator] = (),
) -> Preview:
    """Return what byop would do with a source tree; nothing is changed.

    Needs no Docker, network or database. Other threads run meanwhile.

    Args:
        source: The folder of the application.
        name: The name of the app; derived from the folder's name when absent.
        domains: Host names at which it will answer.
        env: Plain environment variables.
        port: The port it listens on; detected when absent.
        settings: Further keys of an app's spec, such as ``{"build": {"start": "node server.js"}}``; see
            ``byop.types.AppSpec``. They take precedence over the ``byop.yaml`` of the folder, and that over what is
            detected.
        generators: Technology stacks of your own, asked before the built-in ones.

    Returns:
        What the tree was found to be, how it will be built and started, the generated files, and open questions.

    Raises:
        InvalidInputError: A name, domain, variable, port or setting is wrong, or a file cannot be parsed.
        NotFoundError: There is no such folder.
        PermissionDeniedError: The folder or a file in it cannot be read.
        UnsupportedError: No technology stack was recognised.
    """
    if isinstance(domains, str):
        raise TypeError("domains must be a list of host names, not a single string")
    if isinstance(port, int) and not 0 < port < 1 << 16:
        raise InvalidInputError(
            "`port` must be between 1 and 65535", operation="app.validate", context={"key": "port", "value": str(port)}
        )
    given = None if settings is None else json.dumps(plain(settings, "settings"))
    text = _byop.preview(source, name, list(domains), dict(env or {}), port, given, list(generators))
    return cast("Preview", json.loads(text))


def app(
    source: str | os.PathLike[str] | Source,
    *,
    name: str | None = None,
    domains: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    port: int | None = None,
    **settings: Unpack[AppSettings],
) -> AppSpec:
    """Return the spec of an app, for ``deploy``, ``plan`` and ``preview`` of an engine.

    It is a plain dictionary; ``byop.recipes`` has examples for each source and for common settings.

    Args:
        source: A folder, the URL of a Git repository, ``image:shop:1``, or the path of an archive (``.tar``,
            ``.tar.gz``, ``.tgz`` or ``.zip``); or what they stand for: ``{"directory": ...}``, ``{"git": {"url":
            ...}}``, ``{"image": ...}``, ``{"archive": {"path": ...}}``. A ``Path`` is always a folder.
        name: The name of the app; derived from the source when absent.
        domains: Host names at which it will answer. Without one, only the engine can reach it.
        env: Plain environment variables.
        secrets: Variable name to secret name: ``{"DB_URL": "db-url"}``.
        port: The port it listens on; detected when absent.
        **settings: Further keys of the spec, such as ``health={"path": "/healthz"}``; see ``byop.types.AppSpec``.

    Raises:
        TypeError: ``domains`` is a single string.

    >>> spec = app("/srv/shop", domains=["shop.example.com"])
    >>> spec["name"], spec["source"]
    ('shop', {'directory': '/srv/shop'})
    >>> app("https://git.example.com/team/blog.git")
    {'name': 'blog', 'source': {'git': {'url': 'https://git.example.com/team/blog.git'}}}
    """
    if isinstance(domains, str):
        raise TypeError("domains must be a list of host names, not a single string")
    whence = _source(source)
    given = {
        "name": _name(whence) if name is None else name,
        "source": whence,
        # An empty list or dictionary here is the same as none.
        "domains": list(domains) or None,
        "env": dict(env or {}) or None,
        "secrets": dict(secrets or {}) or None,
        "port": port,
    }
    spec: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    return cast("AppSpec", {**spec, **settings})


def _source(source: str | os.PathLike[str] | Source) -> Any:
    """Give a source as a spec has it: a string may be any kind of source, a path is that of a folder."""
    if isinstance(source, Mapping):
        return dict(source)
    if isinstance(source, str):
        if source.startswith("image:"):
            return {"image": source.removeprefix("image:")}
        if "://" in source or re.match(r"[\w.-]+@[\w.-]+:", source):
            return {"git": {"url": source}}
        if source.endswith(_ARCHIVES):
            return {"archive": {"path": os.path.abspath(source)}}
    # Absolute, because the job may go on in a process that works elsewhere.
    return {"directory": os.path.abspath(source)}


def _name(source: Any) -> str:
    """Derive the name of an app from where it comes from."""
    if "image" in source:
        text = str(source["image"]).partition("@")[0].rpartition("/")[2].partition(":")[0]
    elif "git" in source:
        text = re.split("[/:]", str(dict(source["git"]).get("url", "")).rstrip("/"))[-1].removesuffix(".git")
    elif "archive" in source:
        text = os.path.basename(str(dict(source["archive"]).get("path", "")))
        text = next((text.removesuffix(end) for end in _ARCHIVES if text.endswith(end)), text)
    else:
        text = str(source.get("directory", ""))
    return _byop.name_of(text)


def cloud_init(host: HostSpec) -> Secret:
    """Return the ``#cloud-config`` that turns a fresh server into a host for apps: the same text for the same host.

    The server gets Docker, an administrator who logs in by key only, a firewall and, once all of that holds, the file
    ``/var/lib/byop/ready``. The text is a secret when the host has a key of its own.

    Raises:
        InvalidInputError: A value is wrong, or the text is larger than 16 KiB, the most that clouds take.

    >>> text = cloud_init({"name": "web-1", "authorized_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHm ann@example"]})
    >>> text.expose().splitlines()[0]
    '#cloud-config'
    """
    whole: dict[str, Any] = dict(host)
    own = whole.get("host_key")
    if isinstance(own, Mapping) and isinstance(own.get("private"), Secret):
        whole["host_key"] = {**own, "private": own["private"].expose()}
    return Secret(_byop.cloud_init(json.dumps(plain(whole, "host"))))


def services(folder: str | os.PathLike[str], *, generators: Iterable[Generator] = ()) -> list[ServiceFound]:
    """Return the apps of a repository with several, and the packages of it that they need, in order of name.

    Deploy each with its ``root`` as ``build={"root": ...}``. Folders whose files cannot be parsed are left out. At most
    64 are returned.

    Args:
        folder: The repository.
        generators: Technology stacks of your own, asked before the built-in ones.

    Raises:
        NotFoundError: There is no such folder.
        PermissionDeniedError: The folder or a file in it cannot be read.
    """
    return cast("list[ServiceFound]", json.loads(_byop.services(folder, list(generators))))


def schema(kind: Literal["app", "project"]) -> dict[str, Any]:
    """Return the JSON Schema of what users write.

    Args:
        kind: ``app`` for the spec of an app, ``project`` for the ``byop.yaml`` in its tree.

    Raises:
        InvalidInputError: There is no such kind.
    """
    return cast("dict[str, Any]", json.loads(_byop.schema(kind)))
