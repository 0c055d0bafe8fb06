"""Verbs for programs: any call of the engine, and the schemas of what is printed."""

from __future__ import annotations

import inspect
import json as jsons
import re
import sys
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Optional

import typer

from .. import Stream, _byop
from .._environment import open_clouds
from ..exceptions import InvalidInputError, NotFoundError, UnavailableError
from . import _schemas
from ._follow import follow
from ._output import print_json
from ._state import State

#: Verbs that may ask a cloud.
_CLOUDS = re.compile("server|sweep|^resume$")
#: Accepted as everywhere.
Always = Annotated[bool, typer.Option("--json", show_default=False, help="Print JSON, as always.")]
_JOB = re.compile("job_[0-9a-z]{20}")


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (call, schema):
        app.command()(verb)


def call(
    context: typer.Context,
    verb: Annotated[str, typer.Argument(help="A verb of the engine, such as list_clients; without one, all.")] = "",
    arguments: Annotated[str, typer.Argument(help="Its arguments by name in a JSON object; - reads stdin.")] = "{}",
    json: Always = True,
) -> None:
    """Call any verb of the engine and print its answer as JSON.

    If it starts jobs, waits for them and prints their events to stderr.
    """
    known = [*_byop.engine_verbs(), *_byop.engine_streams()]
    if not verb:
        return print_json(known)
    if verb not in known:
        raise NotFoundError(
            "there is no verb of this name",
            operation="call.read",
            context={"verb": verb},
            remedy="`byop call` prints the names",
        )
    given = _read(sys.stdin.read() if arguments == "-" else arguments)
    state: State = context.obj
    clouds = open_clouds() if _CLOUDS.search(verb) else ()
    # To resume jobs, it must be able to do their work.
    engine = state.engine(docker=verb == "resume" and not clouds, clouds=clouds)
    try:
        answer = _ask(getattr(engine, verb), given)
        if isinstance(answer, Stream):
            for item in answer:
                print_json(item)
            return
        print_json(answer)
        if not verb.startswith(("get_", "list_", "wait")):
            for job in _jobs(answer):
                follow(engine, job, as_json=True)
    except (UnavailableError, NotFoundError) as error:
        if state.no_docker and not clouds and (error.kind == "unavailable" or error.operation == "host.get"):
            raise state.no_docker from error
        raise


def _read(text: str) -> dict[str, Any]:
    try:
        given = jsons.loads(text)
    except (RecursionError, ValueError):
        given = None
    if not isinstance(given, dict):
        # Neither quoted nor a cause: it may hold a secret.
        raise InvalidInputError("the arguments must be a JSON object", operation="call.read")
    return given


def _ask(method: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Call a verb with its arguments by name; those that Python takes by position are a list."""
    signature = inspect.signature(method)
    several = [each.name for each in signature.parameters.values() if each.kind is each.VAR_POSITIONAL]
    named = {name: value for name, value in given.items() if name not in several}
    try:
        bound = signature.bind(*[value for name in several for value in given.get(name, [])], **named)
        return method(*bound.args, **bound.kwargs)
    except TypeError as error:
        names = ", ".join(signature.parameters) or "none"
        raise InvalidInputError(str(error), operation="call.read", remedy=f"its arguments: {names}") from None


def _jobs(answer: Any) -> Iterator[str]:
    """Find the ids of jobs in an answer."""
    if isinstance(answer, str) and _JOB.fullmatch(answer):
        yield answer
    elif isinstance(answer, (dict, list)):
        for each in answer.values() if isinstance(answer, dict) else answer:
            yield from _jobs(each)


def schema(
    name: Annotated[
        Optional[list[str]], typer.Argument(help="A command, such as servers list, or a type; without it, all names.")
    ] = None,
    json: Always = True,
) -> None:
    """Print the JSON Schema of what a command prints with `--json`."""
    print_json(_schemas.schema(" ".join(name)) if name else _schemas.names())
