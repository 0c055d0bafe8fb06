"""Verbs about apps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from .. import app as spec_of
from .. import preview as pure_preview
from ..exceptions import AlreadyExistsError, InvalidInputError
from ..types import AppSpec
from ._follow import follow
from ._output import Json, line, notes, out, plain, print_json, size, table, when
from ._state import State

Source = Annotated[str, typer.Argument(help="A folder, an archive, the URL of a Git repository, or image:NAME.")]
Name = Annotated[Optional[str], typer.Option("--name", "-n", help="The name of the app; the folder's when absent.")]
Domains = Annotated[Optional[list[str]], typer.Option("--domain", "-d", help="A host name; may be repeated.")]
Env = Annotated[Optional[list[str]], typer.Option("--env", "-e", help="NAME=VALUE; may be repeated.")]
Secrets = Annotated[Optional[list[str]], typer.Option("--secret", help="NAME=NAME-OF-SECRET; may be repeated.")]
Port = Annotated[Optional[int], typer.Option("--port", "-p", help="The port that it listens on.")]
App = Annotated[str, typer.Argument(help="The name of the app.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the output of the build.")]


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (preview, generate, plan, up, ps, logs, stats, stop, start, restart, rm, rollback, releases, repair):
        app.command()(verb)


def preview(
    source: Annotated[Path, typer.Argument(help="A folder.")] = Path("."),
    name: Name = None,
    domain: Domains = None,
    env: Env = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Show what would be built and how; nothing is touched."""
    made = pure_preview(source, name=name, domains=domain or (), env=pairs(env), port=port)
    if json:
        return print_json(made)
    found, planned = made["detection"], made["plan"]
    console = out()
    version = f" {found['version']}" if found["version"] else ""
    console.print(line((found["stack"] + version, "bold"), " ", found["framework"]))
    for evidence in found["evidence"]:
        file = f" ({evidence['file']})" if evidence["file"] else ""
        console.print(line("  ", evidence["fact"], ": ", evidence["reason"], file))
    for key in ("install", "build", "start"):
        if planned.get(key):
            console.print(line(key, ": ", planned[key]))
    console.print(line("port: ", planned["port"]))
    for question in made["questions"]:
        severity = (f"{question['severity']}:", "yellow")
        console.print(line(severity, " ", question["text"], " (", question["setting"], ")"))
    console.print(line("files: ", ", ".join(made["files"])))


def generate(
    source: Annotated[Path, typer.Argument(help="A folder.")],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="Where the files go.")],
    name: Name = None,
    domain: Domains = None,
    env: Env = None,
    port: Port = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    json: Json = False,
) -> None:
    """Write the Dockerfile, the compose file and what belongs to them."""
    made = pure_preview(source, name=name, domains=domain or (), env=pairs(env), port=port)
    files = {path: each["contents"] for path, each in made["files"].items() if not each["kept"]}
    there = [path for path in files if (out_dir / path).exists()]
    if there and not force:
        raise AlreadyExistsError(
            "files are there already",
            operation="files.write",
            context={"files": ", ".join(there)},
            remedy="choose another folder, or give --force",
        )
    for path, text in files.items():
        target = out_dir / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    if json:
        return print_json(sorted(files))
    for path in sorted(files):
        out().print(line(out_dir / path))


def plan(
    context: typer.Context,
    source: Source = ".",
    name: Name = None,
    domain: Domains = None,
    env: Env = None,
    secret: Secrets = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Show what `up` would change."""
    state: State = context.obj
    proposal = state.engine().plan(_spec(source, name, domain, env, secret, port))
    if json:
        return print_json(proposal)
    if not proposal["changes"]:
        return notes().print("nothing would change")
    rows = [(c["action"], c["part"], c["name"], c["from"], c["to"]) for c in proposal["changes"]]
    table(("", "PART", "NAME", "FROM", "TO"), rows)


def up(
    context: typer.Context,
    source: Source = ".",
    name: Name = None,
    domain: Domains = None,
    env: Env = None,
    secret: Secrets = None,
    port: Port = None,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Deploy an app and wait until it serves."""
    state: State = context.obj
    engine = state.engine()
    spec = _spec(source, name, domain, env, secret, port)
    if not spec.get("domains"):
        spec["domains"] = [f"{spec['name']}.localhost"]
    job = follow(engine, engine.deploy(spec), as_json=json, verbose=verbose)
    if json:
        return print_json(job)
    out().print(line(engine.get_app(spec["name"])["url"] or spec["name"]))


def ps(context: typer.Context, json: Json = False) -> None:
    """List apps with what really runs of them."""
    state: State = context.obj
    apps = state.engine().list_apps()
    if json:
        return print_json(apps)
    rows = []
    for each in apps:
        current = each["app"]["current"]
        rows.append((each["app"]["name"], each["state"], current["number"] if current else "", each["url"]))
    table(("NAME", "STATE", "RELEASE", "URL"), rows)


def logs(
    context: typer.Context,
    name: App,
    wait: Annotated[bool, typer.Option("--follow", "-f", help="Wait for further lines.")] = False,
    tail: Annotated[Optional[int], typer.Option("--tail", help="Only the last lines.")] = None,
    json: Json = False,
) -> None:
    """Print the log of an app."""
    state: State = context.obj
    for each in state.engine().logs(name, follow=wait, tail=tail):
        print_json(each) if json else typer.echo(plain(each["text"]))


def stats(context: typer.Context, name: App, json: Json = False) -> None:
    """Show what an app uses now."""
    state: State = context.obj
    used = state.engine().stats(name)
    if json:
        return print_json(used)
    memory = f"{size(used['memory_bytes'])} of {size(used['memory_limit_bytes'])}"
    network = f"{size(used['network_rx_bytes'])} in, {size(used['network_tx_bytes'])} out"
    row = (name, f"{used['cpu_percent']:.1f} %", memory, network, used["pids"])
    table(("NAME", "CPU", "MEMORY", "NETWORK", "PROCESSES"), [row])


def stop(context: typer.Context, name: App, json: Json = False) -> None:
    """Stop an app; it keeps its data."""
    _run(context, "stop", json, app=name)


def start(context: typer.Context, name: App, json: Json = False) -> None:
    """Start an app again."""
    _run(context, "start", json, app=name)


def restart(context: typer.Context, name: App, json: Json = False) -> None:
    """Stop an app and start it again."""
    _run(context, "restart", json, app=name)


def rm(
    context: typer.Context,
    name: App,
    volumes: Annotated[bool, typer.Option("--volumes", help="Its volumes too, with all that is in them.")] = False,
    json: Json = False,
) -> None:
    """Remove everything of an app but its volumes."""
    _run(context, "remove", json, app=name, data="delete" if volumes else "keep")


def rollback(
    context: typer.Context,
    name: App,
    to: Annotated[
        Optional[int], typer.Option("--to", help="The number of the release; the one before it if absent.")
    ] = None,
    json: Json = False,
) -> None:
    """Let an earlier release serve again."""
    _run(context, "rollback", json, app=name, to=to)


def repair(context: typer.Context, name: App, json: Json = False) -> None:
    """Make an app again what it should be."""
    _run(context, "repair", json, app=name)


def releases(context: typer.Context, name: App, json: Json = False) -> None:
    """List the releases of an app."""
    state: State = context.obj
    found = state.engine().list_releases(name)
    if json:
        return print_json(found)
    table(("RELEASE", "IMAGE", "MADE"), [(r["number"], r["image"], when(r["created_at"])) for r in found])


def _run(context: typer.Context, verb: str, json: bool, **arguments: Any) -> None:
    state: State = context.obj
    engine = state.engine()
    job = follow(engine, engine._call(verb, **arguments), as_json=json)
    print_json(job) if json else notes().print("done")


def _spec(
    source: str,
    name: str | None,
    domains: list[str] | None,
    env: list[str] | None,
    secrets: list[str] | None,
    port: int | None,
) -> AppSpec:
    return spec_of(source, name=name, domains=domains or (), env=pairs(env), secrets=pairs(secrets), port=port)


def pairs(texts: list[str] | None) -> dict[str, str]:
    """Read NAME=VALUE."""
    found = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign:
            # Not quoted: it may be the value of a secret.
            raise InvalidInputError("this is no NAME=VALUE", operation="app.read", remedy="write --env NAME=VALUE")
        found[name] = value
    return found
