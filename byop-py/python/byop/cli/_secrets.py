"""Verbs about secrets; their values are read from the standard input and never printed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .. import Secret
from ..exceptions import InvalidInputError, NotFoundError
from ._output import Json, notes, print_json, table, when
from ._state import State

app = typer.Typer(help="Secrets for apps.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The name of the secret.")]


@app.command("list")
def list_(context: typer.Context, json: Json = False) -> None:
    """List the names of secrets."""
    state: State = context.obj
    found = state.engine(docker=False).list_secrets()
    if json:
        return print_json(found)
    table(("NAME", "VERSION", "CHANGED"), [(s["name"], s["version"], when(s["updated_at"])) for s in found])


@app.command()
def put(context: typer.Context, name: Name, json: Json = False) -> None:
    """Store a secret.

    Asks for the value without echoing it, or reads it from a pipe, without the newline at its end.
    """
    state: State = context.obj
    engine = state.engine(docker=False)
    is_terminal = sys.stdin.isatty()
    value = typer.prompt("value", hide_input=True, err=True) if is_terminal else sys.stdin.read().removesuffix("\n")
    if not value:
        raise InvalidInputError(
            "the value is empty", operation="secret.put", context={"name": name}, remedy="pipe a value into the command"
        )
    stored = engine.put_secret(name, Secret(value))
    print_json(stored) if json else notes().print("stored")


@app.command()
def rm(context: typer.Context, name: Name, json: Json = False) -> None:
    """Delete a secret."""
    state: State = context.obj
    engine = state.engine(docker=False)
    if name not in [each["name"] for each in engine.list_secrets()]:
        raise NotFoundError(
            "there is no secret of this name",
            operation="secret.delete",
            context={"name": name},
            remedy="see `byop secrets list`",
        )
    engine.delete_secret(name)
    print_json({"deleted": name}) if json else notes().print("deleted")
