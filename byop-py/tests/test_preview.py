"""The preview: what the engine would do, as plain dictionaries."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import byop
import pytest
from byop import types


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "package.json").write_text(
        json.dumps({"name": "shop", "scripts": {"start": "node server.js"}, "engines": {"node": "22"}})
    )
    (folder / "server.js").write_text("require('http').createServer().listen(process.env.PORT || 3000)\n")
    return folder


def test_a_preview_has_detection_plan_and_files(shop: Path) -> None:
    preview = byop.preview(shop)
    assert preview["detection"]["stack"] == "node"
    assert preview["plan"]["stack"] == "node"
    assert "FROM " in preview["files"]["Dockerfile"]["contents"]


def test_a_text_and_a_path_give_the_same(shop: Path) -> None:
    assert byop.preview(str(shop)) == byop.preview(shop)


def test_the_port_of_the_caller_wins(shop: Path) -> None:
    assert byop.preview(shop, port=4321)["plan"]["port"] == 4321


def test_domains_and_variables_reach_the_compose_file(shop: Path) -> None:
    preview = byop.preview(shop, name="store", domains=["shop.example.com"], env={"GREETING": "hello there"})
    compose = preview["files"][preview["plan"]["compose_file"]]["contents"]
    assert "shop.example.com" in compose
    assert "hello there" in compose
    assert "store" in compose


def test_nothing_is_written(shop: Path) -> None:
    before = sorted(os.listdir(shop))
    byop.preview(shop)
    assert sorted(os.listdir(shop)) == before


def test_a_missing_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(byop.NotFoundError) as caught:
        byop.preview(tmp_path / "none")
    assert str(tmp_path / "none") in str(caught.value)


def test_an_empty_folder_is_no_known_stack(tmp_path: Path) -> None:
    with pytest.raises(byop.UnsupportedError) as caught:
        byop.preview(tmp_path, name="empty")
    assert caught.value.operation == "source.detect"
    assert caught.value.remedy


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Not A Name"},
        {"domains": ["http://shop.example.com"]},
        {"env": {"NOT-A-NAME": "x"}},
        {"port": 0},
        {"port": 65536},
        {"port": -1},
    ],
)
def test_wrong_values_are_invalid_input(shop: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(byop.InvalidInputError):
        byop.preview(shop, **wrong)


@pytest.mark.parametrize("wrong", [{"domains": "shop.example.com"}, {"env": {"A": 1}}, {"port": "80"}])
def test_wrong_types_are_type_errors(shop: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        byop.preview(shop, **wrong)


def test_threads_preview_at_once(shop: Path) -> None:
    expected = byop.preview(shop)
    results: list[types.Preview] = []
    threads = [threading.Thread(target=lambda: results.append(byop.preview(shop))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


def test_other_threads_run_meanwhile(shop: Path) -> None:
    go, ran = threading.Event(), threading.Event()

    def other() -> None:
        go.wait()
        ran.set()

    thread = threading.Thread(target=other)
    thread.start()
    interval = sys.getswitchinterval()
    # From here on the other thread runs only when this one lets go of the interpreter by itself.
    sys.setswitchinterval(1000)
    try:
        go.set()
        for _ in range(1000):
            byop.preview(shop)
            if ran.is_set():
                break
        else:
            pytest.fail("the interpreter was held all the time")
    finally:
        sys.setswitchinterval(interval)
        thread.join()


@pytest.mark.parametrize(
    ("files", "stack"),
    [
        ({"package.json": '{"scripts": {"start": "node a.js"}, "dependencies": {"x": "1"}}', "a.js": ""}, "node"),
        ({"requirements.txt": "flask\ngunicorn", "app.py": "from flask import Flask\napp = Flask(__name__)"}, "python"),
        ({"go.mod": "module example.com/a\ngo 1.23\n", "main.go": "package main\nfunc main() {}\n"}, "go"),
        ({"Dockerfile": "FROM scratch\nEXPOSE 8080\n"}, "dockerfile"),
        ({"index.html": "<h1>hello</h1>"}, "static"),
    ],
)
def test_the_types_name_every_key(tmp_path: Path, files: dict[str, str], stack: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    preview = byop.preview(tmp_path, name="app", domains=["shop.example.com"])
    assert preview["detection"]["stack"] == stack
    assert mismatches(types.Preview, preview, "preview") == []


def test_a_wrong_key_would_be_noticed(shop: Path) -> None:
    preview: Any = byop.preview(shop)
    preview["plan"]["surprise"] = 1
    del preview["detection"]["stack"]
    assert len(mismatches(types.Preview, preview, "preview")) == 2


def is_typed_dict(hint: Any) -> bool:
    # Those of 3.10 come from typing_extensions.
    return hasattr(hint, "__required_keys__")


def mismatches(hint: Any, value: Any, where: str) -> list[str]:
    """Where a value and its declared type name different keys."""
    if is_typed_dict(hint):
        hints = get_type_hints(hint)
        wrong = (hint.__required_keys__ - value.keys()) | (value.keys() - hints.keys())
        found = [f"{where}: {sorted(wrong)}"] if wrong else []
        shared = hints.keys() & value.keys()
        return found + [text for key in shared for text in mismatches(hints[key], value[key], f"{where}.{key}")]
    origin, args = get_origin(hint), get_args(hint)
    if origin is list:
        return [text for item in value for text in mismatches(args[0], item, f"{where}[]")]
    if origin is dict:
        return [text for key, item in value.items() for text in mismatches(args[1], item, f"{where}[{key}]")]
    # Of several forms it has the one that fits best.
    forms = [arg for arg in args if is_typed_dict(arg)] if isinstance(value, dict) else []
    tried: list[list[str]] = [mismatches(form, value, where) for form in forms]
    return min(tried, key=len, default=[])
