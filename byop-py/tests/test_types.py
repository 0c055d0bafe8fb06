"""The types, as libraries and type checkers read them."""

from __future__ import annotations

from typing import Any

import byop
import pydantic
import pytest
from byop import testing, types
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typing_extensions import get_type_hints

NAMES = sorted(name for name, value in vars(types).items() if hasattr(value, "__required_keys__"))
#: What holds a secret is no plain data.
WITH_SECRETS = {"HostKey", "HostSpec", "ServerSpec", "ServerSpecInput"}


@pytest.mark.parametrize("name", NAMES)
def test_a_type_is_read_by_a_library(name: str) -> None:
    kind = getattr(types, name)
    assert get_type_hints(kind, include_extras=True)
    if name not in WITH_SECRETS:
        pydantic.TypeAdapter(kind).json_schema()


def test_the_types_of_fakes_are_read_too() -> None:
    assert "kind" in get_type_hints(testing.LedgerEntry)
    pydantic.TypeAdapter(testing.LedgerEntry)


def test_a_web_framework_answers_with_a_report(byop_engine: byop.Engine) -> None:
    byop_engine.wait(byop_engine.deploy(byop.app("image:app:1", name="shop")))
    web = FastAPI()

    # The annotation is an object, as in a module without annotations from the future.
    def apps() -> Any:
        return byop_engine.list_apps()

    apps.__annotations__["return"] = list[types.AppReport]
    web.get("/apps")(apps)
    with TestClient(web) as http:
        assert http.get("/apps").json() == byop_engine.list_apps()
        assert "AppReport" in http.get("/openapi.json").json()["components"]["schemas"]


def test_what_a_checker_needs_to_know_is_in_the_types() -> None:
    hints = {
        ("AppSpec", "env"): dict[str, str],
        ("AppSpec", "secrets"): dict[str, str],
        ("ReleaseConfig", "secrets"): dict[str, str],
        ("ServerSpec", "user_data"): byop.Secret | None,
        ("SweepReport", "errors"): list[tuple[str, types.ErrorReport]],
        ("ErrorReport", "context"): list[tuple[str, str]],
    }
    for (name, key), hint in hints.items():
        assert get_type_hints(getattr(types, name))[key] == hint, (name, key)


def test_of_an_argument_a_part_is_enough(byop_engine: byop.Engine, byop_cloud: testing.FakeCloud) -> None:
    # mypy, which runs with these tests, says the same.
    byop_cloud.create_server({"key": "k1", "name": "web-1", "region": "here", "size": "small", "image": "debian-12"})
    assert [server["name"] for server in byop_cloud.list_servers({"region": "here"})] == ["web-1"]
    assert byop_cloud.list_servers({"region": "there"}) == []
    mine = byop_engine.acting_as({"who": "ann"})
    mine.wait(mine.deploy(byop.app("image:app:1", name="shop")))
    assert [job["actor"] for job in mine.list_jobs()] == [{"who": "ann", "from": None}]


def test_the_further_arguments_of_app_are_the_keys_of_a_spec() -> None:
    named = {"name", "source", "domains", "env", "secrets", "port"}
    keys = types.AppSpec.__required_keys__ | types.AppSpec.__optional_keys__
    assert types.AppSettings.__optional_keys__ == keys - named and not types.AppSettings.__required_keys__
