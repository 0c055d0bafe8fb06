"""The spec that ``byop.app`` makes, and the other functions that need no engine."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import Any

import byop
import pytest


@pytest.mark.parametrize(
    ("text", "name", "source"),
    [
        ("https://git.example.com/team/shop.git", "shop", {"git": {"url": "https://git.example.com/team/shop.git"}}),
        ("git@git.example.com:team/my_shop.git", "my-shop", {"git": {"url": "git@git.example.com:team/my_shop.git"}}),
        ("ssh://git@git.example.com/shop/", "shop", {"git": {"url": "ssh://git@git.example.com/shop/"}}),
        ("image:nginx", "nginx", {"image": "nginx"}),
        ("image:registry.example.com:5000/team/shop:1.2", "shop", {"image": "registry.example.com:5000/team/shop:1.2"}),
        ("image:shop@sha256:ab", "shop", {"image": "shop@sha256:ab"}),
        ("/srv/shop-1.tar.gz", "shop-1", {"archive": {"path": "/srv/shop-1.tar.gz"}}),
        ("/srv/shop.zip", "shop", {"archive": {"path": "/srv/shop.zip"}}),
        ("/srv/My Shop", "my-shop", {"directory": "/srv/My Shop"}),
    ],
)
def test_a_string_may_be_any_kind_of_source(text: str, name: str, source: object) -> None:
    assert byop.app(text) == {"name": name, "source": source}


def test_a_path_is_a_folder_whatever_its_name() -> None:
    assert byop.app(Path("/srv/shop.zip"))["source"] == {"directory": "/srv/shop.zip"}
    assert byop.app(Path("image:nginx"))["source"] == {"directory": os.path.abspath("image:nginx")}


def test_a_source_in_its_own_form_has_a_name_too() -> None:
    assert byop.app({"image": "nginx:1.27"})["name"] == "nginx"
    assert byop.app({"git": {"url": "https://git.example.com/a/b"}}, name="mine")["name"] == "mine"


@pytest.mark.parametrize("given", [{"addons": []}, {"required_env": []}, {"port": 0}, {"name": ""}, {"health": None}])
def test_what_is_given_is_in_the_spec_even_when_it_is_empty(given: Any) -> None:
    spec: Any = byop.app("/srv/shop", **given)
    assert {key: spec[key] for key in given} == given


def test_nothing_is_in_the_spec_that_was_not_given() -> None:
    assert set(byop.app("/srv/shop", env={}, secrets={}, domains=[], name=None)) == {"name", "source"}


def test_a_slip_of_the_pen_is_seen_by_the_type_checker_and_by_the_engine(byop_engine: byop.Engine) -> None:
    # mypy, which runs with these tests, complains about an ignore that is not needed.
    spec = byop.app("image:app:1", healht={"path": "/"})  # type: ignore[call-arg]
    with pytest.raises(byop.InvalidInputError) as caught:
        byop_engine.deploy(spec)
    assert "`spec.healht`" in caught.value.message and "`health`" in str(caught.value.remedy)
    with pytest.raises(byop.InvalidInputError):
        byop_engine.deploy(byop.app("image:app:1", porrt=0))  # type: ignore[call-arg]


def test_any_mapping_is_taken(byop_engine: byop.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREETING", "hello")
    spec = byop.app("image:app:1", env=os.environ, health=MappingProxyType({"path": "/"}))  # type: ignore[arg-type]
    assert byop_engine.plan(spec)["spec"]["env"]["GREETING"] == "hello"


def test_the_settings_of_a_preview_may_be_any_mapping(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("hello")
    settings = MappingProxyType({"health": MappingProxyType({"path": "/up"})})
    assert byop.preview(tmp_path, name="a", settings=settings)["plan"]["health"]["path"] == "/up"


def test_a_port_that_is_out_of_range_is_invalid_input(tmp_path: Path) -> None:
    for port in (10**30, -(10**30), 0):
        with pytest.raises(byop.InvalidInputError):
            byop.preview(tmp_path, port=port)


def test_a_host_is_set_up_by_the_text_of_cloud_init() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHm ann@example"
    text = byop.cloud_init({"name": "web-1", "authorized_keys": [key], "packages": ["htop"]})
    assert isinstance(text, byop.Secret) and "- htop" in text.expose().replace('"', "")
    with pytest.raises(byop.InvalidInputError) as caught:
        byop.cloud_init({"name": "Not A Label", "authorized_keys": [key]})
    assert "name" in str(caught.value)
    with pytest.raises(byop.InvalidInputError) as caught:
        byop.cloud_init({"name": "web-1", "authorized_keys": key})  # type: ignore[typeddict-item]
    assert caught.value.message == "`host.authorized_keys` must be a list, not a string"


def test_a_private_key_of_a_host_may_be_a_secret_and_is_not_shown() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHm ann@example"
    own: Any = {"private": byop.Secret("canary"), "public": key}
    with pytest.raises(byop.InvalidInputError) as caught:
        byop.cloud_init({"name": "web-1", "authorized_keys": [key], "host_key": own})
    assert "host_key" in str(caught.value) and "canary" not in str(caught.value)


def test_a_repository_has_several_services(tmp_path: Path) -> None:
    for name, text in {
        "package.json": '{"workspaces": ["apps/*"]}',
        "apps/api/package.json": '{"name": "api", "scripts": {"start": "node server.js"}}',
        "apps/site/index.html": "<h1>Hello</h1>",
        "apps/site/package.json": '{"name": "site", "dependencies": {"vite": "7"}, "scripts": {"build": "vite build"}}',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert [(found["name"], found["root"]) for found in byop.services(tmp_path)] == [
        ("api", "apps/api"),
        ("site", "apps/site"),
    ]
    with pytest.raises(byop.NotFoundError):
        byop.services(tmp_path / "none")
