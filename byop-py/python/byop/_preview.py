"""Functions that need no engine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from . import _byop
from .ports import Generator

if TYPE_CHECKING:
    from .types import AppSpec, Preview, Source


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
        raise TypeError("domains must be a list of host names, not one text")
    given = None if settings is None else json.dumps(dict(settings))
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
    **settings: Any,
) -> AppSpec:
    """Return the spec of an app, for ``deploy``, ``plan`` and ``preview`` of an engine.

    It is a plain dictionary; ``byop.recipes`` has examples for each source and for common settings.

    Args:
        source: The folder of the application; or ``{"git": {"url": ...}}``, ``{"archive": {"path": ...}}``, ``{"image":
            "shop:1"}``.
        name: The name of the app; derived from the folder's name when absent, and required for other sources.
        domains: Host names at which it will answer. Without one, only the engine can reach it.
        env: Plain environment variables.
        secrets: Variable name to secret name: ``{"DB_URL": "db-url"}``.
        port: The port it listens on; detected when absent.
        **settings: Further keys of the spec, such as ``health={"path": "/healthz"}``; see ``byop.types.AppSpec``.

    Raises:
        TypeError: There is no name, or ``domains`` is a single string.

    >>> spec = app("/srv/shop", domains=["shop.example.com"])
    >>> spec["name"], spec["source"]
    ('shop', {'directory': '/srv/shop'})
    """
    if isinstance(domains, str):
        raise TypeError("domains must be a list of host names, not one text")
    if isinstance(source, Mapping):
        spec: dict[str, Any] = {"source": source}
    else:
        # Absolute, because the job may go on in a process that works elsewhere.
        folder = os.path.abspath(source)
        spec = {"name": _byop.name_of(folder), "source": {"directory": folder}}
    given = {"name": name, "domains": list(domains), "env": env, "secrets": secrets, "port": port, **settings}
    spec.update({key: value for key, value in given.items() if value})
    if "name" not in spec:
        raise TypeError("an app from this source needs a name")
    return cast("AppSpec", spec)


def schema(kind: Literal["app", "project"]) -> dict[str, Any]:
    """Return the JSON Schema of what users write.

    Args:
        kind: ``app`` for the spec of an app, ``project`` for the ``byop.yaml`` in its tree.

    Raises:
        InvalidInputError: There is no such kind.
    """
    return cast("dict[str, Any]", json.loads(_byop.schema(kind)))
