"""The schemas say what the types say: what they take is taken, what they refuse is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import byop
import jsonschema
import pytest
import yaml

PROJECT = """
port: 8080
build:
  version: 3.10
  packages: { run: [libpq5] }
processes:
  worker: celery -A shop worker
health: { path: /healthz }
env:
  LOG_LEVEL: info
  WORKERS: 4
volumes:
  - { name: media, path: /app/media }
addons: [postgresql, redis]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<h1>hello</h1>")
    return tmp_path


def takes(kind: Any, value: Any) -> bool:
    schema = byop.schema(kind)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    return validator.is_valid(value)


def app(**keys: Any) -> dict[str, Any]:
    return {"name": "shop", "source": {"directory": "."}, **keys}


@pytest.mark.parametrize(
    "spec",
    [
        app(),
        app(source={"image": "registry.example.com/shop:3"}),
        app(source={"git": {"url": "https://git.example.com/team/app", "reference": "v1"}}),
        app(domains=["shop.example.com"], env={"A": "b"}, secrets={"KEY": "vault/key"}, port=80),
        app(build={"start": "node a.js", "packages": {"run": ["curl"]}, "images": {"a:1": "b:1"}}),
        app(processes={"worker": "w"}, writable=["/cache"], addons=[], required_env=["API_URL"]),
        app(ports=[{"name": "play", "container_port": 7777, "protocol": "udp"}]),
        app(routing={"https_redirect": True}, user={"uid": 1, "gid": 1}, resources={"cpus": 0.5}),
    ],
)
def test_a_good_spec_is_taken_by_the_schema_and_the_types(site: Path, spec: dict[str, Any]) -> None:
    assert takes("app", spec)
    given = {key: value for key, value in spec.items() if key not in ("name", "source")}
    byop.preview(site, name="shop", settings=given)


@pytest.mark.parametrize(
    "keys",
    [
        {"nmae": "x"},
        {"port": "80"},
        {"port": 70_000},
        {"port": -1},
        {"domains": "a.b"},
        {"domains": ["http://a.b"]},
        {"domains": ["127.0.0.1"]},
        {"env": {"A-B": "x"}},
        {"env": {"A": 1}},
        {"build": {"strat": "x"}},
        {"build": {"packages": {"dev": []}}},
        {"build": {"secrets": "npm"}},
        {"health": {"pth": "/"}},
        {"resources": {"pids": "many"}},
        {"user": {"uid": 1}},
        {"volumes": [{"name": "A", "path": "/a"}]},
        {"ports": [{"name": "a", "container_port": 1, "protocol": "icmp"}]},
        {"routing": {"redirect": True}},
        {"addons": "redis"},
        {"required_env": ["A B"]},
    ],
)
def test_a_bad_spec_is_refused_by_the_schema_and_the_types(site: Path, keys: dict[str, Any]) -> None:
    assert not takes("app", app(**keys))
    with pytest.raises(byop.InvalidInputError):
        byop.preview(site, name="shop", settings=keys)


def test_a_spec_without_a_source_is_refused() -> None:
    assert not takes("app", {"name": "shop"})


@pytest.mark.parametrize(
    "text",
    [PROJECT, "{}", "build: {version: 22}", "build: {index_fallback: true}", "resources: {memory_bytes: 268435456}"],
)
def test_a_good_project_file_is_taken_by_the_schema_and_the_reader(site: Path, text: str) -> None:
    assert takes("project", yaml.safe_load(text))
    (site / "byop.yaml").write_text(text)
    byop.preview(site, name="shop")


@pytest.mark.parametrize(
    "text",
    [
        "prot: 80",
        "port: eighty",
        "name: shop",
        "domains: [a.b]",
        "build: {memory_bytes: 1}",
        "build: {cpus: 1}",
        "build: [x]",
        "env: [A=b]",
        "env: {A: {b: c}}",
        "volumes: [{name: a}]",
        "resources: {memory: 1g}",
        "processes: {worker: [a]}",
    ],
)
def test_a_bad_project_file_is_refused_by_the_schema_and_the_reader(site: Path, text: str) -> None:
    assert not takes("project", yaml.safe_load(text))
    (site / "byop.yaml").write_text(text)
    with pytest.raises(byop.InvalidInputError) as caught:
        byop.preview(site, name="shop")
    assert caught.value.context["file"] == "byop.yaml"
    assert caught.value.context["line"] == "1"


def test_every_key_is_described() -> None:
    for kind in ("app", "project"):
        schema = byop.schema(kind)
        for where in [schema, *schema["$defs"].values()]:
            for name, key in where.get("properties", {}).items():
                assert "description" in key or "$ref" in key, f"{kind}: {name}"


def test_every_default_is_one_that_the_schema_takes() -> None:
    schema = byop.schema("project")
    given = {name: key["default"] for name, key in schema["properties"].items() if "default" in key}
    assert "env" in given and takes("project", given)


def test_an_unknown_schema_is_refused() -> None:
    with pytest.raises(byop.InvalidInputError):
        byop.schema("server")  # type: ignore[arg-type]


def test_the_settings_win_over_the_file(site: Path) -> None:
    (site / "byop.yaml").write_text("port: 9000\n")
    assert byop.preview(site, name="shop")["plan"]["port"] == 9000
    assert byop.preview(site, name="shop", settings={"port": 9001})["plan"]["port"] == 9001


def test_what_is_not_known_is_a_question(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"lodash": "4"}}')
    questions = byop.preview(tmp_path, name="app")["questions"]
    assert questions[0]["setting"] == "build.start"
    assert questions[0]["severity"] == "error"


def test_a_memorable_name_is_the_same_every_time() -> None:
    assert byop.memorable_name("0d9a6f2c") == byop.memorable_name("0d9a6f2c")
