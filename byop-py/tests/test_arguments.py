"""Wrong arguments: the error names the argument, in the words of Python and JSON, and never quotes a secret."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable
from typing import Any

import byop
import pytest
from byop.testing import FakeCloud, FakeRuntime

CANARY = 4711987654


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"store": "byop.db"}, "store must be a store, such as byop.SqliteStore"),
        ({"store": byop.SqliteStore}, "not the class SqliteStore"),
        ({"runtimes": "unix:///run/docker.sock"}, "runtimes must be a host, such as byop.Docker()"),
        ({"runtimes": [FakeRuntime()]}, "runtimes must be a host, such as byop.Docker(), or hosts by name, not list"),
        ({"runtimes": {"local": None}}, "not NoneType"),
        ({"clouds": byop.Aws}, "clouds must be a list of objects, not the class Aws"),
        ({"clouds": [byop.Aws]}, "each of clouds must be an object that implements its port, not the class Aws"),
        ({"clouds": FakeCloud()}, "clouds must be a list of objects, not FakeCloud"),
        ({"clouds": "aws"}, "clouds must be a list of objects, not str"),
        ({"generators": object()}, "generators must be a list of objects"),
        ({"secrets": {"db": None}}, "a secret is a string or a Secret, not NoneType"),
        ({"secrets": 7}, "secrets must be a dictionary, or an object with get_secret, not int"),
        ({"keys": [CANARY]}, "a secret is a string or a Secret, not int"),
        ({"limits": {"entries": object()}}, "`limits.entries` is object, which is no plain data"),
    ],
)
@pytest.mark.parametrize("face", [byop.Engine, byop.AsyncEngine])
def test_what_an_engine_is_not_made_of_is_a_type_error(face: Any, wrong: dict[str, Any], expected: str) -> None:
    with pytest.raises(TypeError) as caught:
        face(**{"runtimes": FakeRuntime(), **wrong})
    assert expected in str(caught.value) and str(CANARY) not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"http_port": 70_000}, "`settings.http_port` must be an integer from 0 to 65535"),
        ({"port_range": (1, 2, 3)}, "`settings.port_range` must have 2 items"),
        ({"limits": {"allow_private_host": True}}, "`settings.limits.allow_private_host` is no key that is known here"),
        ({"retention": {"jobs": {"jobs_per_subject": "7"}}}, "`settings.retention.jobs.jobs_per_subject` must be"),
        ({"policies": {"build": {"attempts": 1.5}}}, "`settings.policies.build.attempts` must be an integer"),
    ],
)
def test_a_wrong_setting_is_named(byop_host: FakeRuntime, wrong: dict[str, Any], expected: str) -> None:
    with pytest.raises(byop.InvalidInputError) as caught:
        byop.Engine(runtimes=byop_host, **wrong)
    assert caught.value.message.startswith(expected), caught.value


@pytest.mark.parametrize("awaitable", [False, True])
@pytest.mark.parametrize("client", [None, 7, b"acme", ["acme"], byop.Secret("acme")])
def test_no_client_is_not_every_client(byop_engine: byop.Engine, awaitable: bool, client: Any) -> None:
    engine = byop_engine.awaitable() if awaitable else byop_engine
    with pytest.raises(TypeError):
        engine.for_client(client)
    with pytest.raises(TypeError):
        engine.acting_as(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ['{"client": null}', '{"actor": null}', '{"waits": null}'])
def test_rust_refuses_no_client_too(byop_engine: byop.Engine, how: str) -> None:
    with pytest.raises(byop.InvalidInputError):
        byop_engine._native.view(how)


@pytest.mark.parametrize("id", ["", "Not An Id", "a--b"])
def test_a_bad_id_is_told_by_its_own_error(byop_engine: byop.Engine, id: str) -> None:
    calls: list[Callable[[], Any]] = [lambda: byop_engine.for_client(id), lambda: byop_engine.get_client(id)]
    for call in calls:
        with pytest.raises(byop.InvalidInputError) as caught:
            call()
        error = caught.value
        assert (error.operation, error.context) == ("client.id", {"id": id})
        assert "lower-case letters" in str(error.remedy) and "line 1" not in str(error)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda engine: engine.deploy("shop"), "`spec` must be an object, not a string"),
        (lambda engine: engine.deploy({"name": "shop"}), "`spec` must have the key `source`"),
        (
            lambda engine: engine.deploy(byop.app("image:a", port="80")),  # type: ignore[arg-type]
            "`spec.port` must be an integer from 0 to 65535, not a string",
        ),
        (lambda engine: engine.remove("shop", data="burn"), '`data` must be "keep" or "delete"'),
        (lambda engine: engine.get_app(7), "`name` must be a string, not a number"),
        (lambda engine: engine.rollback("shop", to="2"), "`to` must be an integer from 0 on, not a string"),
        (lambda engine: engine.wait("job_x", timeout=math.inf), "`timeout` must be a finite number"),
        (lambda engine: engine.wait("job_x", timeout=math.nan), "`timeout` must be a finite number"),
        (lambda engine: engine.list_jobs(limit=10**400), "`filter.limit` is too large a number"),
        (
            lambda engine: engine.deploy(byop.app("image:a", env={"A": "half \ud83d"})),
            "`spec.env.A` holds half of a character, a lone surrogate",
        ),
        (
            lambda engine: engine.put_schedule(
                {"name": "a", "expression": "@daily", "action": {"type": "restart", "app": 7}}
            ),
            "`spec.action.app` must be a string, not a number",
        ),
    ],
)
def test_a_wrong_argument_is_named_by_its_path(byop_engine: byop.Engine, call: Any, expected: str) -> None:
    with pytest.raises(byop.InvalidInputError) as caught:
        call(byop_engine)
    assert caught.value.message == expected
    assert "key" in caught.value.context


@pytest.mark.parametrize("value", [b"bytes", 1j, object()])
def test_what_is_no_plain_data_is_named_by_its_path(byop_engine: byop.Engine, value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        byop_engine.deploy(byop.app("image:a", env={"A": value}))
    assert str(caught.value).startswith("`spec.env.A` is ")


def test_the_value_of_a_secret_is_in_no_error_and_no_event(byop_host: FakeRuntime) -> None:
    class Vault:
        name = "vault"

        def get_secret(self, name: str) -> Any:
            return CANARY

    engine = byop.Engine(runtimes=byop_host, secrets=Vault(), keys=[byop.Engine.generate_key()])
    with pytest.raises(TypeError) as refused:
        engine.put_secret("db", CANARY)  # type: ignore[arg-type]
    job = engine.deploy(byop.app("image:app:1", name="shop", secrets={"DATABASE_URL": "db"}))
    with pytest.raises(byop.InternalError) as caught:
        engine.wait(job)
    told = [refused.value, caught.value, caught.value.causes, engine.get_job(job), list(engine.events(job))]
    assert str(CANARY) not in str(told) and "no string" in caught.value.message


def test_a_server_is_not_made_without_the_user_data_that_was_given(byop_cloud: FakeCloud) -> None:
    def given(user_data: Any) -> Any:
        return {
            "key": "k1",
            "name": "web-1",
            "region": "here",
            "size": "small",
            "image": "debian-12",
            "user_data": user_data,
        }

    for wrong in (["canary"], 5):
        with pytest.raises(byop.InvalidInputError) as caught:
            byop_cloud.create_server(given(wrong))
        assert "user_data" in caught.value.message and "canary" not in str(caught.value)
    assert byop_cloud.alive() == []
    byop_cloud.create_server(given(byop.Secret("#cloud-config")))
    assert [server["name"] for server in byop_cloud.list_servers({"key": "k1"})] == ["web-1"]


def test_a_secret_is_copied_with_what_holds_it() -> None:
    @dataclasses.dataclass
    class Settings:
        token: byop.Secret

    token = byop.Secret("canary")
    assert copy.copy(token) is token and copy.deepcopy([token])[0] is token
    assert dataclasses.asdict(Settings(token))["token"] is token


@pytest.mark.parametrize("face", [byop.Engine, byop.AsyncEngine])
def test_a_class_of_the_user_stays_one(face: Any, byop_host: FakeRuntime) -> None:
    class Mine(face):  # type: ignore[misc]
        def greet(self) -> str:
            return f"hello from {self.place}"

    mine = Mine(runtimes=byop_host)
    mine.place = "here"
    assert mine.for_client("acme").acting_as("ann").when_busy(wait=True).greet() == "hello from here"
