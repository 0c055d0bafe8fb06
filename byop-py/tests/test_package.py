"""The package itself."""

from __future__ import annotations

import builtins
import subprocess
import sys
from importlib import metadata, resources

import byop


def test_the_version_is_that_of_the_wheel() -> None:
    assert byop.__version__ == metadata.version("byop")


def test_types_are_shipped() -> None:
    package = resources.files(byop)
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("_byop.pyi").is_file()


def test_types_and_fakes_are_there_without_an_import_of_their_own_and_cost_nothing_before() -> None:
    code = """
import sys, byop
print([name for name in ("types", "testing") if f"byop.{name}" in sys.modules])
print(byop.types.AppReport.__name__, byop.testing.FakeRuntime.__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.splitlines() == ["[]", "AppReport FakeRuntime"], done.stderr


def test_a_program_that_awaits_nothing_pays_for_no_event_loop() -> None:
    code = "import sys, byop; byop.MemoryStore(); print('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "False\n", done.stderr


def test_a_subinterpreter_is_refused() -> None:
    # In a process of its own, and by the name that this version of Python has for it.
    code = """
import importlib, sys
found = importlib.import_module("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
run = found.exec if hasattr(found, "exec") else found.run_string
try:
    print(run(found.create(), "import byop"))
except Exception as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert "ImportError" in done.stdout and "subinterpreter" in done.stdout, done.stdout + done.stderr


def test_a_star_import_leaves_the_builtins_alone() -> None:
    assert not set(byop.__all__) & set(dir(builtins))
