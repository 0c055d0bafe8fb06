"""Python has every verb that Rust has, and says of data what Rust says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path

import async_face
import byop
import pytest
import typed_dicts
from byop import _byop, clouds, testing

ROOT = Path(__file__).parents[2]
FACES = [byop.Engine, byop.AsyncEngine]
#: Verbs that Python has in another form, with the form.
OTHERWISE = {"builder": "__init__"}
#: What is set of an engine in Rust, and the arguments of Python for it; the last two are for tests of Rust.
SETTINGS: dict[str, set[str]] = {
    "with_store": {"store"},
    "with_shared_store": {"store"},
    "with_runtime": {"runtimes"},
    "with_ingress": {"http_port", "proxy_prefix"},
    "with_cloud": {"clouds"},
    "with_generator": {"generators"},
    "with_secrets": {"secrets"},
    "with_keyring": {"keys"},
    "with_work_dir": {"work_dir"},
    "with_limits": {"limits"},
    "with_port_range": {"port_range"},
    "with_lease": {"lease_seconds"},
    "without_takeover": {"takeover"},
    "with_retention": {"retention"},
    "with_policy": {"policies"},
    "with_clock": set(),
    "with_entropy": set(),
}


def verbs_of(sources: Iterable[str], kind: str = "Engine") -> set[str]:
    """The public methods of the engine in these sources."""
    found = set()
    for text in sources:
        for part in text.split(f"\nimpl {kind} {{")[1:]:
            body = part.split("\n}")[0]
            found |= set(re.findall(r"^    pub (?:async )?fn (\w+)", body, re.MULTILINE))
    return found


def rust_verbs() -> set[str]:
    folder = ROOT / "byop-core" / "src"
    files = [folder / "engine.rs", *sorted((folder / "engine").rglob("*.rs"))]
    return verbs_of(path.read_text() for path in files)


def test_the_verbs_are_found_in_the_sources() -> None:
    assert len(rust_verbs()) > 60
    assert {"deploy", "list_tickets", "sweep", "for_client"} <= rust_verbs()


@pytest.mark.parametrize("face", FACES)
def test_every_verb_of_rust_is_a_method(face: type) -> None:
    missing = [verb for verb in sorted(rust_verbs()) if not hasattr(face, OTHERWISE.get(verb, verb))]
    assert missing == [], "add a line to byop-py/src/verbs.rs and a method to byop/_blocking"


@pytest.mark.parametrize("face", FACES)
def test_every_setting_of_rust_is_an_argument(face: type) -> None:
    builder = (ROOT / "byop-core" / "src" / "engine" / "builder.rs").read_text()
    settings = verbs_of([builder], "EngineBuilder") - {"build"}
    assert settings == set(SETTINGS), "add an argument to byop/_engine.py and name it here"
    arguments = set(inspect.signature(face).parameters)
    assert arguments == set().union(*SETTINGS.values())


def test_a_verb_that_is_missing_would_be_noticed() -> None:
    found = verbs_of(["\nimpl Engine {\n    pub async fn fly(&self) {}\n    async fn hidden(&self) {}\n}\n"])
    assert found == {"fly"} and not hasattr(byop.Engine, "fly")


def test_every_line_in_rust_has_a_method_and_the_other_way_round() -> None:
    lines = {*_byop.engine_verbs(), *_byop.engine_streams()}
    source = "".join(path.read_text() for path in sorted((async_face.PACKAGE / "_blocking").glob("*.py")))
    assert set(re.findall(r'self\._(?:call|stream)\(\s*"(\w+)"', source)) == lines


def test_both_faces_take_the_same() -> None:
    names = [name for name in dir(byop.Engine) if not name.startswith("_") and name != "awaitable"]
    for name in names:
        one, other = (inspect.signature(getattr(face, name)) for face in FACES)
        assert list(one.parameters) == list(other.parameters), name
    assert {name for name in dir(byop.AsyncEngine) if not name.startswith("_")} ^ set(names) == {"blocking"} | set()


def test_the_awaitable_verbs_are_made_from_the_blocking_ones() -> None:
    for path, text in async_face.files().items():
        assert path.read_text() == text, f"run async_face.py: {path}"


def test_the_types_are_those_of_rust() -> None:
    assert typed_dicts.FILE.read_text() == typed_dicts.rendered(), "run typed_dicts.py"


def test_every_call_of_a_cloud_is_a_method() -> None:
    assert [verb for verb in _byop.cloud_verbs() if not hasattr(clouds.Cloud, verb)] == []
    port = (ROOT / "byop-core" / "src" / "cloud.rs").read_text()
    methods = set(re.findall(r"^    async fn (\w+)", port, re.MULTILINE))
    assert methods <= set(_byop.cloud_verbs()), "add a line to byop-py/src/clouds.rs"


def test_the_suite_of_clouds_is_the_one_of_rust() -> None:
    text = (ROOT / "byop-core" / "src" / "testing" / "cloud_provider_suite.rs").read_text()
    listed = text.split("@each $make;", 1)[1].split("}", 1)[0].split()
    assert list(testing.CLOUD_BEHAVIOURS) == listed
