"""The handles of clouds: settings, credentials that stay hidden, and calls over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import byop
import pytest
from byop import _byop, _environment
from byop.clouds import Cloud
from byop.testing import FakeRuntime

MAKE: dict[str, Callable[[], Cloud]] = {
    "aws": lambda: byop.Aws(access_key_id="AKIDEXAMPLE", secret_access_key=byop.Secret("canary"), region="eu-west-3"),
    "digitalocean": lambda: byop.DigitalOcean(token=byop.Secret("canary")),
    "ovh": lambda: byop.Ovh(
        endpoint="ovh-eu", application_key="ak", application_secret="canary", consumer_key="canary", project="p"
    ),
}
VARIABLES = {
    "aws": {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "canary", "AWS_REGION": "eu-west-3"},
    "digitalocean": {"DIGITALOCEAN_TOKEN": "canary"},
    "ovh": {
        "OVH_ENDPOINT": "ovh-eu",
        "OVH_APPLICATION_KEY": "ak",
        "OVH_APPLICATION_SECRET": "canary",
        "OVH_CONSUMER_KEY": "canary",
    },
}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without credentials and without an engine."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///none.sock")
    for variables in VARIABLES.values():
        for name in variables:
            monkeypatch.delenv(name, raising=False)


def test_every_vendor_of_rust_has_a_handle() -> None:
    assert set(_byop.cloud_names()) == {*MAKE, "docker"} == set(_environment.KNOWN)


@pytest.mark.parametrize("name", sorted(MAKE))
def test_a_handle_is_made_from_keywords_and_shows_no_credential(name: str) -> None:
    cloud = MAKE[name]()
    assert cloud.name == name and "canary" not in repr(cloud) + str(vars(cloud))
    assert cloud.capabilities()["max_user_data"] > 0


@pytest.mark.parametrize("name", sorted(MAKE))
def test_a_handle_is_made_from_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(byop.UnauthenticatedError):
        _environment.check_configured(name)
    assert _environment.open_clouds() == []
    for variable, value in VARIABLES[name].items():
        monkeypatch.setenv(variable, value)
    assert _environment.open_cloud(name).name == name
    assert [cloud.name for cloud in _environment.open_clouds()] == [name]


def test_a_cloud_that_is_named_needs_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    # AWS knows machines by their role.
    monkeypatch.setenv("BYOP_CLOUDS", "aws")
    assert [cloud.name for cloud in _environment.open_clouds()] == ["aws"]
    monkeypatch.delenv("BYOP_CLOUDS")
    assert [cloud.name for cloud in _environment.open_clouds("aws")] == ["aws"]


def test_the_cloud_on_an_engine_wants_one() -> None:
    with pytest.raises(byop.UnavailableError):
        _environment.open_clouds("docker")
    with pytest.raises(TypeError):
        byop.DockerCloud(FakeRuntime())  # type: ignore[arg-type]


def test_an_unknown_cloud_is_refused() -> None:
    with pytest.raises(byop.InvalidInputError):
        _environment.open_clouds("nimbus")
    with pytest.raises(byop.NotFoundError):
        _byop.Cloud.open("nimbus", {})


def test_a_wrong_address_is_invalid_input() -> None:
    with pytest.raises(byop.InvalidInputError) as caught:
        byop.DigitalOcean(token="canary", api_url="no address")
    assert "canary" not in str(caught.value)


@pytest.fixture
def server() -> Iterator[tuple[str, list[Any]]]:
    """An account of DigitalOcean with two regions, and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            region = {
                "slug": "fra1",
                "name": "Frankfurt 1",
                "available": True,
                "sizes": ["s-1vcpu-1gb"],
                "features": [],
            }
            is_known = self.headers["Authorization"] == "Bearer token"
            regions = [region, {**region, "slug": "ams3", "name": "Amsterdam 3"}]
            good = {"regions": regions, "links": {}, "meta": {"total": 2}}
            body = json.dumps(good if is_known else {"id": "unauthorized", "message": "who are you?"}).encode()
            self.send_response(200 if is_known else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", asked
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_cloud_is_asked_over_http(server: tuple[str, list[Any]]) -> None:
    url, asked = server
    cloud = byop.DigitalOcean(token="token", api_url=url)
    assert {region["id"]: region["name"] for region in cloud.list_regions()} == {
        "fra1": "Frankfurt 1",
        "ams3": "Amsterdam 3",
    }
    assert asked[0][1] == "Bearer token"


def test_a_wrong_token_is_unauthenticated(server: tuple[str, list[Any]]) -> None:
    with pytest.raises(byop.UnauthenticatedError) as caught:
        byop.DigitalOcean(token="canary", api_url=server[0]).list_regions()
    assert "canary" not in str(caught.value) + str(caught.value.causes) and caught.value.remedy
