"""Verbs that need no engine: what byop would make of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import preview as pure_preview
from ..exceptions import AlreadyExistsError
from ._options import Domains, Env, Name, Port, pairs
from ._output import Json, line, notes, out, print_json


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (preview, generate):
        app.command()(verb)


def preview(
    source: Annotated[Path, typer.Argument(help="A folder.")] = Path("."),
    name: Name = None,
    domain: Domains = None,
    env: Env = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Show how a folder would be built; changes nothing."""
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
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")],
    name: Name = None,
    domain: Domains = None,
    env: Env = None,
    port: Port = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    json: Json = False,
) -> None:
    """Write the Dockerfile and the compose file."""
    made = pure_preview(source, name=name, domains=domain or (), env=pairs(env), port=port)
    files = {path: each["contents"] for path, each in made["files"].items() if not each["kept"]}
    there = [path for path in files if (out_dir / path).exists()]
    if there and not force:
        raise AlreadyExistsError(
            "files exist already",
            operation="files.write",
            context={"files": ", ".join(there)},
            remedy="choose another folder, or give --force",
        )
    for path, text in files.items():
        target = out_dir / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    if json:
        return print_json(sorted(files))
    for path in sorted(files):
        out().print(line(out_dir / path))
    for path in sorted(made["files"].keys() - files.keys()):
        notes().print(line("kept: ", path, " (your own; it is used as it is)"))
