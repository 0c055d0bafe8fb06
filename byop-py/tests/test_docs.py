"""The documentation: its examples run, and nothing goes without it."""

from __future__ import annotations

import doctest
import html
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import byop
import pytest
from byop import exceptions

MODULES = [
    "byop",
    *(
        name
        for _, name, _ in pkgutil.walk_packages(byop.__path__, "byop.")
        if not name.endswith(("__main__", "_byop")) and ".cli" not in name
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(name) for name in MODULES]
    assert sum(len(test.examples) for module in modules for test in finder.find(module)) > 20


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, name
    for what, value in vars(module).items():
        if what.startswith("_") or not inspect.isclass(value) or value.__module__ != name:
            continue
        # Some fields of variants of Rust have types without a name there.
        assert value.__doc__ or name == "byop.types", f"{name}.{what}"
        for method, function in vars(value).items():
            if inspect.isfunction(function) and not method.startswith("_"):
                assert function.__doc__, f"{name}.{what}.{method}"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference")
    script = Path(__file__).parent.parent / "reference.py"
    done = subprocess.run([sys.executable, str(script), str(folder)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def page(reference: Path, name: str) -> str:
    return html.unescape((reference / name).read_text())


@pytest.mark.parametrize(
    "face", [byop.Engine, byop.AsyncEngine, byop.Aws, byop.DigitalOcean, byop.Ovh, byop.DockerCloud]
)
def test_the_reference_has_every_verb(reference: Path, face: type) -> None:
    text = page(reference, "byop.html")
    verbs = [name for name in dir(face) if not name.startswith("_")]
    assert len(verbs) > 20
    assert [verb for verb in verbs if f'id="{face.__name__}.{verb}"' not in text] == []


def test_the_reference_has_every_exception(reference: Path) -> None:
    text = page(reference, "byop/exceptions.html")
    classes = [name for name, value in vars(exceptions).items() if inspect.isclass(value) and name.endswith("Error")]
    assert len(classes) > 16
    assert [name for name in classes if f'<section id="{name}">' not in text] == []


def test_the_reference_has_the_texts_of_fields(reference: Path) -> None:
    text = page(reference, "byop/types.html")
    domains = text.split('<div id="AppSpec.domains"', 1)[1].split("<div id=", 1)[0]
    assert "Host names at which it answers" in domains


def test_the_reference_has_the_texts_of_values(reference: Path) -> None:
    text = page(reference, "byop/types.html")
    assert "The request itself is wrong" in text.split('id="ErrorKind"', 1)[1].split("<section", 1)[0]


@pytest.mark.parametrize("name", ["ports", "testing", "recipes"])
def test_the_reference_has_every_module(reference: Path, name: str) -> None:
    assert page(reference, f"byop/{name}.html")
