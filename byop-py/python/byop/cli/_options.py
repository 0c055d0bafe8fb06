"""Options that several verbs have."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from ..exceptions import InvalidInputError

App = Annotated[str, typer.Argument(help="The name of the app.")]
Name = Annotated[Optional[str], typer.Option("--name", "-n", help="Its name; by default that of the source.")]
Domains = Annotated[Optional[list[str]], typer.Option("--domain", "-d", help="One of its host names; may be repeated.")]
Env = Annotated[
    Optional[list[str]],
    typer.Option("--env", "-e", metavar="NAME=VALUE", help="An environment variable; may be repeated."),
]
Secrets = Annotated[
    Optional[list[str]],
    typer.Option("--secret", metavar="NAME=SECRET", help="An environment variable set to a secret; may be repeated."),
]
Port = Annotated[
    Optional[int], typer.Option("--port", "-p", min=1, max=65535, help="The port that the app listens on.")
]


def pairs(texts: list[str] | None, option: str = "--env NAME=VALUE") -> dict[str, str]:
    """Read what an option that is used as ``option`` was given."""
    found = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign or not name:
            # Not quoted: it may be the value of a secret.
            usage = option.partition(" ")[2]
            raise InvalidInputError(f"expected {usage}", operation="command.read", remedy=f"write {option}")
        found[name] = value
    return found
