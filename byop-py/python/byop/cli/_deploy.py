"""Verbs that deploy an app, and what they make of their options."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from .. import Engine
from .. import app as spec_of
from ..exceptions import InvalidInputError, NotFoundError
from ..types import AppSpec
from ._follow import follow
from ._options import Domains, Env, Name, Port, Secrets, pairs
from ._output import Json, line, notes, out, print_json, table
from ._state import State

Source = Annotated[
    str, typer.Argument(help="A folder, an archive, the URL of a Git repository, or image:NAME.", show_default=True)
]
Ref = Annotated[Optional[str], typer.Option("--ref", help="A branch, tag or commit of the Git repository.")]
Reset = Annotated[bool, typer.Option("--reset", help="Forget what the app was given before.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the build's output; --json always shows it.")]


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (plan, up):
        app.command()(verb)


def plan(
    context: typer.Context,
    source: Source = ".",
    ref: Ref = None,
    name: Name = None,
    domain: Domains = None,
    env: Env = None,
    secret: Secrets = None,
    port: Port = None,
    reset: Reset = False,
    json: Json = False,
) -> None:
    """Show what `up` would change."""
    state: State = context.obj
    engine = state.engine()
    proposal = engine.plan(_spec(engine, source, ref, name, domain, env, secret, port, reset))
    if json:
        return print_json(proposal)
    if not proposal["changes"]:
        return notes().print("nothing would change")
    rows = [(c["action"], c["part"], c["name"], c["from"], c["to"]) for c in proposal["changes"]]
    table(("", "PART", "NAME", "FROM", "TO"), rows)


def up(
    context: typer.Context,
    source: Source = ".",
    ref: Ref = None,
    name: Name = None,
    domain: Domains = None,
    env: Env = None,
    secret: Secrets = None,
    port: Port = None,
    reset: Reset = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Deploy an app and wait until it serves.

    Without --domain, a new app answers at NAME.localhost. An existing app keeps its domains, variables, secrets, port
    and other settings: --domain replaces all domains, --env and --secret change single variables, and --reset starts
    anew.
    """
    state: State = context.obj
    engine = state.engine(changes=True)
    spec = _spec(engine, source, ref, name, domain, env, secret, port, reset)
    job = follow(engine, engine.deploy(spec), as_json=json, verbose=verbose)
    if json:
        return print_json(job)
    out().print(line(engine.get_app(spec["name"])["url"] or spec["name"]))


def _spec(
    engine: Engine,
    source: str,
    ref: str | None,
    name: str | None,
    domains: list[str] | None,
    env: list[str] | None,
    secrets: list[str] | None,
    port: int | None,
    reset: bool,
) -> AppSpec:
    fresh: Any = spec_of(source, name=name)
    if ref is not None:
        if "git" not in fresh["source"]:
            raise InvalidInputError("--ref is for Git repositories", operation="command.read")
        fresh["source"]["git"]["reference"] = ref
    before: Any = {} if reset else _before(engine, fresh["name"])
    variables, hidden = pairs(env), pairs(secrets, "--secret NAME=SECRET")
    spec = {"domains": [f"{fresh['name']}.localhost"], "env": {}, "secrets": {}, **before, **fresh}
    # A variable is plain or a secret: what is given last counts.
    spec["env"] = {key: value for key, value in spec["env"].items() if key not in hidden} | variables
    spec["secrets"] = {key: value for key, value in spec["secrets"].items() if key not in variables} | hidden
    if domains:
        spec["domains"] = domains
    if port is not None:
        spec["port"] = port
    return spec  # type: ignore[return-value]


def _before(engine: Engine, name: str) -> Any:
    try:
        return engine.get_app(name)["app"]["spec"]
    except NotFoundError:
        return {}
