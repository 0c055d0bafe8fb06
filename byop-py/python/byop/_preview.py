"""The typed face of the pure functions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from . import _byop
from .types import Preview


def preview(
    source: str | os.PathLike[str],
    *,
    name: str | None = None,
    domains: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
    port: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Preview:
    """Say what byop would do with a source tree, and change nothing.

    Needs no Docker, no network and no database. Other threads run meanwhile.

    Args:
        source: The folder of the application.
        name: The name of the app; from the folder's name when absent.
        domains: Host names at which it will answer.
        env: Plain environment variables.
        port: The port that it listens on; detected when absent.
        settings: Further keys of an app's spec, such as ``{"build": {"start": "node server.js"}}``: the schema
            ``byop.schema("app")`` names them. They win over the ``byop.yaml`` of the folder, and that over what is
            detected.

    Returns:
        What the tree was found to be, how it will be built and started, and the files for that.

    Raises:
        InvalidInputError: A name, domain, variable, port or setting is wrong, or a file of the tree cannot be understood.
        NotFoundError: There is no such folder.
        PermissionDeniedError: The folder or a file in it cannot be read.
        UnsupportedError: No technology stack was recognised.
    """
    if isinstance(domains, str):
        raise TypeError("domains must be a list of host names, not one text")
    given = None if settings is None else json.dumps(dict(settings))
    text = _byop.preview(source, name, list(domains), dict(env or {}), port, given)
    return cast(Preview, json.loads(text))


def schema(kind: Literal["app", "project"]) -> dict[str, Any]:
    """Return the JSON Schema of what users write.

    Args:
        kind: ``app`` for the spec of an app, ``project`` for the ``byop.yaml`` in its tree.

    Raises:
        InvalidInputError: There is no such kind.
    """
    return cast(dict[str, Any], json.loads(_byop.schema(kind)))
