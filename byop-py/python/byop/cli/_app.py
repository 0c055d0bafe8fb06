"""The command as a whole: what all of its verbs share, and how it ends."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from .. import __version__
from ..exceptions import (
    ByopError,
    CancelledError,
    InternalError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from . import _apps, _call, _deploy, _doctor, _jobs, _platform, _preview, _secrets, _servers
from ._exit import BROKEN_PIPE, DIFFERENCES, EXIT_CODES, INTERRUPTED, Stopped, prepare_streams, silence, stop_on_signals
from ._output import fail
from ._state import State

_CODES = ", ".join(f"{code} {kind.replace('_', ' ')}" for kind, code in EXIT_CODES.items())
_EPILOG = f"""Exit codes: 0 success, {_CODES}, {DIFFERENCES} differences were found, {INTERRUPTED} Ctrl-C.

Environment variables: BYOP_HOME and BYOP_HTTP_PORT set the options above; BYOP_PROXY_PREFIX names the proxy, for
several installations on one host; BYOP_KEY holds the keys that encrypt secrets, the newest first, and BYOP_KEY_FILE
names a file with them; BYOP_CLOUDS lists clouds to use, separated by commas; BYOP_TRACEBACK=1 shows where an internal
error happened; NO_COLOR turns colours off. DOCKER_HOST and the credentials of clouds are read as their own tools do."""

app = typer.Typer(
    name="byop",
    help="Deploy apps from source to a live URL. All it needs is Docker.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _verbs in (_preview, _deploy, _apps, _jobs, _platform, _call, _doctor):
    _verbs.add_to(app)
app.add_typer(_servers.app, name="servers")
app.add_typer(_secrets.app, name="secrets")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"byop {__version__}")
        raise typer.Exit()


@app.callback()
def _shared(
    context: typer.Context,
    home: Annotated[
        Optional[Path],
        typer.Option(envvar="BYOP_HOME", help="The folder for all state; by default ~/.local/share/byop."),
    ] = None,
    http_port: Annotated[
        Optional[int],
        typer.Option(
            envvar="BYOP_HTTP_PORT",
            min=1,
            max=65535,
            help="The port of the proxy; by default that of the last deployment, or 80.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    context.obj = State(home, http_port)


def main() -> None:
    """Run the command; the exit code says what went wrong."""
    prepare_streams()
    stop_on_signals()
    as_json = "--json" in sys.argv
    try:
        sys.exit(_run())
    except Stopped as end:
        if as_json and end.code != BROKEN_PIPE:
            fail(CancelledError("the command was interrupted", operation="command.run"), as_json=True)
        sys.exit(end.code)
    except Exception as error:
        if os.environ.get("BYOP_TRACEBACK"):
            traceback.print_exc()
        usage = getattr(error, "show", None)
        if usage is not None and not as_json:
            usage()
            sys.exit(EXIT_CODES["invalid_input"])
        told = _told(error)
        with contextlib.suppress(OSError):
            fail(told, as_json=as_json)
        # What could not be written is not tried once more at the end.
        silence()
        sys.exit(EXIT_CODES.get(told.kind, 1))


def _run() -> int:
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        # Ctrl-D where a value was asked for.
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _told(error: Any) -> ByopError:
    """Give any exception as an error with a kind and a remedy."""
    if isinstance(error, ByopError):
        return error
    if hasattr(error, "format_message"):
        place = error.ctx.command_path if getattr(error, "ctx", None) else "byop"
        return InvalidInputError(error.format_message(), operation="command.read", remedy=f"see `{place} --help`")
    if isinstance(error, OSError):
        # A file that was named on the command line, or one in the home.
        kinds = {FileNotFoundError: NotFoundError, PermissionError: PermissionDeniedError}
        context = {"path": str(error.filename)} if error.filename else {}
        message = error.strerror or str(error)
        return kinds.get(type(error), UnavailableError)(message, operation="file.open", context=context)
    # Its text stays out: it may quote a secret.
    return InternalError(
        "this is an error in byop itself",
        operation="command.run",
        context={"exception": type(error).__name__},
        remedy="set BYOP_TRACEBACK=1 to see where, and report it",
    )
