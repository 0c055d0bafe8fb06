"""Verbs about secrets; their values are read from the standard input and never printed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .. import Secret
from ._output import Json, notes, print_json, table, when
from ._state import State

app = typer.Typer(help="Secrets that apps refer to.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The name of the secret.")]


@app.command("list")
def list_(context: typer.Context, json: Json = False) -> None:
    """List the names of secrets."""
    state: State = context.obj
    found = state.engine().list_secrets()
    if json:
        return print_json(found)
    table(("NAME", "VERSION", "CHANGED"), [(s["name"], s["version"], when(s["updated_at"])) for s in found])


@app.command()
def put(context: typer.Context, name: Name, json: Json = False) -> None:
    """Keep a secret; its value is asked for without an echo, or read from a pipe."""
    is_terminal = sys.stdin.isatty()
    value = typer.prompt("value", hide_input=True, err=True) if is_terminal else sys.stdin.read().rstrip("\n")
    state: State = context.obj
    kept = state.engine().put_secret(name, Secret(value))
    print_json(kept) if json else notes().print("kept")


@app.command()
def rm(context: typer.Context, name: Name, json: Json = False) -> None:
    """Forget a secret."""
    state: State = context.obj
    state.engine().delete_secret(name)
    print_json({"deleted": name}) if json else notes().print("forgotten")
