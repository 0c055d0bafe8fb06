"""What ``--json`` prints, as JSON Schemas."""

from __future__ import annotations

import json
from typing import Any

from .. import _byop
from ..exceptions import NotFoundError


def _one(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _one(name)}


def _lines(name: str) -> dict[str, Any]:
    return {**_one(name), "description": "One a line."}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


_TEXT = {"type": "string"}
_TRUTH = {"type": "boolean"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_FINDING = _object(name=_TEXT, ok=_TRUTH, needed=_TRUTH, detail=_TEXT, remedy=_TEXT_OR_NULL)

#: By the words of a command. Those that wait for a job also print its events, one a line, to the standard error.
COMMANDS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("up", "stop", "start", "restart", "rm", "rollback", "repair", "cancel"), _one("Job")),
    **dict.fromkeys(("servers create", "servers destroy"), _one("Job")),
    "preview": _one("Preview"),
    "generate": {"type": "array", "items": _TEXT},
    "plan": _one("Proposal"),
    "ps": _list("AppReport"),
    "logs": _lines("LogLine"),
    "stats": _one("ContainerStats"),
    "releases": _list("Release"),
    "jobs": _list("Job"),
    "events": _lines("Event"),
    "resume": _list("Job"),
    "serve": _lines("AuditRecord"),
    "drift": _one("DriftReport"),
    "census": _one("Census"),
    "sweep": _one("SweepReport"),
    "doctor": {"type": "array", "items": _FINDING},
    "servers create dry-run": _one("ServerPlan"),
    "servers list": _list("ServerReport"),
    "servers regions": _list("Region"),
    "servers sizes": _list("ServerSize"),
    "secrets list": _list("StoredSecret"),
    "secrets put": _one("StoredSecret"),
    "secrets rm": _object(deleted=_TEXT),
    # The last line of the standard error of any command that failed.
    "error": _object(error=_one("ErrorReport")),
}


def names() -> dict[str, list[str]]:
    """Give the names of all schemas."""
    return {"commands": sorted(COMMANDS), "types": sorted(json.loads(_byop.model()))}


def schema(name: str) -> dict[str, Any]:
    """Give the schema of what a command prints, or of a type, with all that it refers to.

    Raises:
        NotFoundError: There is no such schema.
    """
    model = json.loads(_byop.model())
    top = COMMANDS.get(name) or model.get(name)
    if top is None:
        raise NotFoundError(
            "there is no schema of this name",
            operation="schema.get",
            context={"name": name},
            remedy="`byop schema` prints the names",
        )
    needed: dict[str, Any] = {}
    open_names = _references(top)
    while open_names:
        each = open_names.pop()
        if each not in needed:
            needed[each] = model[each]
            open_names += _references(model[each])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **top, "$defs": needed}


def _references(schema: Any) -> list[str]:
    return [part.partition('"')[0] for part in json.dumps(schema).split('"#/$defs/')[1:]]
