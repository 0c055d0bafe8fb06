"""Ports that code of Python fills."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import traceback
from pathlib import Path
from typing import Any

import byop
import pytest
from byop import _byop
from byop.ports import SourceTree
from byop.testing import FakeCloud, FakeRuntime, check_cloud_provider, check_generator
from providers import FAULTS, AsyncProvider, Provider

TRIED: dict[str, Any] = {
    "region": "here",
    "size": "small",
    "image": "debian-12",
    "larger_size": "medium",
    "foreign_server": lambda provider: provider.cloud.plant("server", "somebody-elses", foreign=True),
    "pause_seconds": 0.002,
    "deadline_seconds": 0.3,
}


@pytest.mark.parametrize("provider", [FakeCloud, Provider, AsyncProvider])
def test_a_provider_passes_the_suite(provider: type) -> None:
    foreign = (lambda each: each.plant("server", "other", foreign=True)) if provider is FakeCloud else None
    settings = TRIED if foreign is None else {**TRIED, "foreign_server": foreign}
    skipped = check_cloud_provider(provider, **{**settings, "deadline_seconds": 30})
    assert skipped == ["a_unique_key_gives_one_server_at_the_same_time"]


def test_what_does_not_apply_is_named_as_skipped() -> None:
    class Plain(Provider):
        def __getattr__(self, name: str) -> Any:
            if name in ("apply_ssh_key", "apply_firewall", "reserve_ip", "create_snapshot"):
                raise AttributeError(name)
            return super().__getattr__(name)

    skipped = check_cloud_provider(Plain, region="here", size="small", image="debian-12", pause_seconds=0.002)
    assert skipped == [
        "the_same_key_for_another_spec_is_a_conflict",
        "a_unique_key_gives_one_server_at_the_same_time",
        "a_running_server_cannot_be_resized",
        "a_stopped_server_is_resized",
        "what_was_not_made_by_byop_is_left_alone",
        "an_ssh_key_is_brought_once",
        "what_is_no_ssh_key_is_refused",
        "a_server_is_made_with_an_ssh_key",
        "deleting_an_ssh_key_twice_is_ok",
        "a_firewall_is_made_once",
        "a_rule_that_cannot_be_is_refused",
        "a_firewall_goes_after_its_server",
        "an_address_is_reserved_once",
        "a_reserved_address_is_led_to_another_server",
        "a_reserved_address_outlives_its_server",
        "an_address_for_a_missing_server_is_not_found",
        "a_snapshot_is_made_once_and_becomes_an_image",
    ]


def test_what_makes_a_foreign_server_takes_the_provider_by_its_own_type() -> None:
    def foreign(cloud: FakeCloud) -> str:
        return cloud.plant("server", "somebody-elses", foreign=True)

    skipped = check_cloud_provider(
        FakeCloud,
        region="here",
        size="small",
        image="debian-12",
        foreign_server=foreign,
        only=["what_was_not_made_by_byop_is_left_alone"],
    )
    assert skipped == []


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_of_a_provider_is_caught(fault: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_cloud_provider(FAULTS[fault], **TRIED, fail_fast=True)
    assert "the provider lacks behaviours" in str(caught.value)


def test_thirty_faults_were_seeded() -> None:
    assert len(FAULTS) >= 30


#: A fault, the behaviour that it lacks, and what is said of it.
SAID = [
    (
        "the name is not plain",
        "the_provider_has_a_name",
        'the name of a provider must be of lower-case letters, digits and hyphens; it is "My Cloud"',
    ),
    (
        "an unknown image is taken",
        "an_unknown_image_is_refused",
        "create_server with the image byop-no-such-image must be refused with NotFound or InvalidInput; "
        'it gave the id "server-2"',
    ),
    (
        "an unknown image is found",
        "an_unknown_image_is_none",
        'find_image with byop-no-such-image must give none; it gave the id "debian-12"',
    ),
    (
        "the same key makes two servers",
        "the_same_key_gives_the_same_server",
        'create_server with the key of a server must give the id of that server: "server-2"; it gave "server-3"',
    ),
    (
        "labels are lost",
        "a_server_is_told_as_it_was_asked_for",
        'get_server must give the label byop-suite that create_server was given: "KEY"; it gave none',
    ),
    (
        "a server never runs",
        "a_server_comes_to_run_and_can_be_reached",
        "get_server must eventually give a server that runs and has an address; "
        'after 300ms it gave the state "starting" and the addresses [203.0.113.2]',
    ),
    (
        "what is somebody else's is deleted without a word",
        "what_was_not_made_by_byop_is_left_alone",
        "delete_server of the server server-1, which byop did not make, must be refused with PermissionDenied; "
        "it succeeded",
    ),
    (
        "a power state that is there is an error",
        "a_power_state_that_it_has_already_is_ok",
        "power to start a server that runs must succeed; it failed with Conflict: mine.power: as it likes",
    ),
]


@pytest.mark.parametrize(("fault", "behaviour", "sentence"), SAID)
def test_a_failure_says_the_rule_what_was_asked_and_what_came(
    fault: str, behaviour: str, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AssertionError) as caught:
        check_cloud_provider(FAULTS[fault], **TRIED, only=[behaviour])
    said = re.sub(r'"t[a-z0-9]{12}"', '"KEY"', str(caught.value).splitlines()[1])
    assert said == f"{behaviour}: {sentence}"
    assert capfd.readouterr() == ("", "")


def test_a_failure_shows_where_the_provider_raised() -> None:
    with pytest.raises(AssertionError) as caught:
        check_cloud_provider(Broken(ValueError("odd")), **TRIED, only=["a_size_is_found_by_its_id"])
    assert "in deeper" in str(caught.value) and str(caught.value).endswith("ValueError: odd")


def test_a_panic_becomes_an_error_with_its_place_and_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    settings = {"region": "here", "size": "none", "image": "none", "pause_seconds": 0, "deadline_seconds": 0}
    with pytest.raises(byop.InternalError) as caught:
        _byop.check_cloud_provider(Provider(), "regions_are_listed", json.dumps({**settings, "region": "nowhere"}))
    assert re.search(r"catalog\.rs:\d+:\d+$", caught.value.context["at"])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("provider", [Provider, AsyncProvider])
def test_the_engine_rents_from_a_provider_in_python(provider: type[Provider]) -> None:
    mine = provider()
    engine = byop.Engine(clouds=[mine])
    engine.wait(engine.create_server({"name": "web-1", "region": "here", "size": "small", "provider": "mine"}))
    (report,) = engine.list_servers()
    assert report["provider"] == "mine" and report["server"] and report["server"]["state"] == "running"
    engine.wait(engine.destroy_server("web-1"))
    assert mine.cloud.alive() == []


def test_user_data_is_a_secret_on_its_way_to_the_provider() -> None:
    seen: list[Any] = []

    class Watches(Provider):
        def create_server(self, spec: Any) -> Any:
            seen.append(spec.get("user_data"))
            return super().create_server(spec)

    engine = byop.Engine(clouds=[Watches()], secrets={"boot": "#cloud-config canary"})
    request: Any = {"name": "web-1", "region": "here", "size": "small", "user_data": "boot"}
    engine.wait(engine.create_server(request))
    assert isinstance(seen[0], byop.Secret) and "canary" in seen[0].expose()


class Broken(Provider):
    """A provider whose lists raise what it is told."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def list_sizes(self, region: str) -> Any:
        def deeper() -> None:
            raise self.error

        deeper()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("odd"), "internal"),
        (KeyError("odd"), "internal"),
        (TimeoutError("odd"), "timeout"),
        (ConnectionRefusedError("odd"), "unavailable"),
        (NotImplementedError("odd"), "unsupported"),
        (byop.QuotaExceededError("odd", remedy="ask for more"), "quota_exceeded"),
        (byop.RateLimitedError("odd", retry_after=2.5), "rate_limited"),
    ],
)
def test_an_exception_becomes_an_error_and_stays_its_cause(error: Exception, kind: str) -> None:
    engine = byop.Engine(clouds=[Broken(error)])
    with pytest.raises(byop.ByopError) as caught:
        engine.plan_server({"name": "web-1", "region": "here", "size": "small"})
    raised = caught.value
    assert (raised.kind, raised.operation) == (kind, "mine.list_sizes")
    assert raised.__cause__ is error
    assert "deeper" in "".join(traceback.format_exception(type(raised), raised, raised.__traceback__))
    assert raised.cause and "deeper" in raised.cause and "odd" in raised.cause
    if isinstance(error, byop.ByopError):
        assert (raised.remedy, raised.retry_after) == (error.remedy, error.retry_after)


def test_a_job_keeps_the_traceback_as_text() -> None:
    class Fails(Provider):
        def create_server(self, spec: Any) -> Any:
            raise byop.QuotaExceededError("the account is full")

    engine = byop.Engine(clouds=[Fails()])
    job = engine.create_server({"name": "web-1", "region": "here", "size": "small"})
    with pytest.raises(byop.QuotaExceededError) as caught:
        engine.wait(job)
    assert any("create_server" in cause for cause in caught.value.causes)


def test_what_is_no_answer_is_a_defect_of_the_provider() -> None:
    class Odd(Provider):
        def list_sizes(self, region: str) -> Any:
            return [{"id": 7}]

    with pytest.raises(byop.InternalError) as caught:
        byop.Engine(clouds=[Odd()]).plan_server({"name": "web-1", "region": "here", "size": "small"})
    assert caught.value.operation == "mine.list_sizes"


@pytest.mark.parametrize("provider", [Provider, AsyncProvider])
def test_load_does_not_end_in_a_deadlock(provider: type[Provider]) -> None:
    # A provider that asks the engine itself, from many calls at once.
    class Asks(provider):  # type: ignore[misc, valid-type]
        def list_sizes(self, region: str) -> Any:
            assert inner.list_servers() == []
            return super().list_sizes(region)

    inner = byop.Engine(clouds=[provider()])
    engine = byop.Engine(clouds=[Asks()]).awaitable()

    async def work() -> None:
        calls = [engine.plan_server({"name": "web-1", "region": "here", "size": "small"}) for _ in range(300)]
        await asyncio.wait_for(asyncio.gather(*calls), 60)

    asyncio.run(work())


class Cobweb:
    """A stack of our own."""

    name = "cobweb"

    def detect(self, source: SourceTree) -> dict[str, Any] | None:
        if not source.has_file("web.cob"):
            return None
        evidence = {"fact": "stack", "file": "web.cob", "reason": "a web of cob"}
        return {"confidence": 0.9, "version": "1", "evidence": [evidence]}

    def plan(self, source: SourceTree, detection: Any, spec: Any) -> dict[str, Any]:
        start = (spec.get("build") or {}).get("start") or f"cob {source.read_text('web.cob') or ''}".strip()
        return {"start": start, "version": detection["version"]}

    def generate(self, plan: Any, target: Any) -> dict[str, str]:
        return {"Dockerfile": f"FROM debian:13\nEXPOSE {plan['port']}\nCMD {plan['start']}\n"}


class AsyncCobweb(Cobweb):
    """The same with coroutines."""

    async def detect(self, source: SourceTree) -> dict[str, Any] | None:  # type: ignore[override]
        await asyncio.sleep(0)
        return Cobweb.detect(self, source)


FILES = {"web.cob": "weave", "readme.md": "text"}
FOREIGN = [{"package.json": "{}"}, {"go.mod": "module a"}]


def test_a_generator_passes_the_suite() -> None:
    check_generator(Cobweb(), files=FILES, foreign=FOREIGN)


@pytest.mark.parametrize("generator", [Cobweb(), AsyncCobweb()])
def test_a_preview_asks_a_generator_in_python(tmp_path: Path, generator: Any) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    made = byop.preview(tmp_path, name="web", port=4000, generators=[generator])
    assert made["detection"]["stack"] == "cobweb"
    assert made["files"]["Dockerfile"]["contents"] == "FROM debian:13\nEXPOSE 4000\nCMD cob weave\n"
    engine = byop.Engine(runtimes=FakeRuntime(), generators=[generator])
    assert engine.preview(byop.app(tmp_path, name="web"))["plan"]["start"] == "cob weave"


def test_what_a_generator_raises_keeps_its_traceback(tmp_path: Path) -> None:
    class Fails(Cobweb):
        def detect(self, source: SourceTree) -> dict[str, Any] | None:
            raise ZeroDivisionError("odd")

    with pytest.raises(byop.InternalError) as caught:
        byop.preview(tmp_path, name="web", generators=[Fails()])
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.operation == "cobweb.detect"


class Counting(Cobweb):
    """Gives another answer each time."""

    count = 0

    def again(self) -> int:
        self.count += 1
        return self.count


def found(generator: Cobweb, source: SourceTree) -> dict[str, Any]:
    return dict(Cobweb.detect(generator, source) or {})


def faulty(method: str, answer: Any) -> Any:
    """A generator with one method of another kind."""
    return type("Faulty", (Counting,), {method: answer})()


GENERATOR_FAULTS = {
    "another name": faulty("name", "Cob Web"),
    "its own tree is left alone": faulty("detect", lambda self, source: None),
    "everything is recognised": faulty("detect", lambda self, source: {"confidence": 1.0}),
    "no confidence": faulty("detect", lambda self, s: Cobweb.detect(self, s) and {**found(self, s), "confidence": 0}),
    "too sure": faulty("detect", lambda self, s: Cobweb.detect(self, s) and {**found(self, s), "confidence": 7}),
    "no evidence": faulty("detect", lambda self, s: Cobweb.detect(self, s) and {"confidence": 0.9, "version": "1"}),
    "evidence from elsewhere": faulty(
        "detect",
        lambda self, s: (
            (
                s.has_file("web.cob")
                and {
                    "confidence": 1.0,
                    "version": "1",
                    "evidence": [{"fact": "a", "file": "/etc/passwd", "reason": "b"}],
                }
            )
            or None
        ),
    ),
    "a detection that changes": faulty(
        "detect",
        lambda self, s: (s.has_file("web.cob") and {**found(self, s), "version": str(self.again())}) or None,
    ),
    "a plan that changes": faulty(
        "plan", lambda self, s, d, spec: {**Cobweb.plan(self, s, d, spec), "entry": str(self.again())}
    ),
    "a plan without a start": faulty("plan", lambda self, s, d, spec: {}),
    "a plan with an unknown key": faulty("plan", lambda self, s, d, spec: {"start": "a", "prot": 80}),
    "the owner's port is not taken": faulty(
        "plan", lambda self, s, d, spec: {**Cobweb.plan(self, s, d, spec), "port": 9}
    ),
    "the owner's start is not taken": faulty("plan", lambda self, s, d, spec: {"start": "mine"}),
    "no Dockerfile": faulty("generate", lambda self, plan, target: {"readme": "none"}),
    "an empty Dockerfile": faulty("generate", lambda self, plan, target: {"Dockerfile": ""}),
    "an image without a version": faulty("generate", lambda self, plan, target: {"Dockerfile": "FROM debian\nCMD a\n"}),
    "a file outside": faulty("generate", lambda self, plan, target: {"Dockerfile": "FROM a:1", "../b": "c"}),
    "files that change": faulty("generate", lambda self, plan, target: {"Dockerfile": f"FROM a:{self.again()}\n"}),
    "a stack of another name": faulty(
        "plan", lambda self, s, d, spec: {**Cobweb.plan(self, s, d, spec), "stack": "node"}
    ),
    "looks for numbers": faulty("looks_for", lambda self: [1, 2]),
}


@pytest.mark.parametrize("fault", sorted(GENERATOR_FAULTS))
def test_a_fault_of_a_generator_is_caught(fault: str) -> None:
    with pytest.raises(AssertionError):
        check_generator(GENERATOR_FAULTS[fault], files=FILES, foreign=FOREIGN)


def test_a_failure_of_a_generator_says_the_rule_and_what_came() -> None:
    with pytest.raises(AssertionError) as caught:
        check_generator(GENERATOR_FAULTS["the owner's port is not taken"], files=FILES, foreign=FOREIGN)
    said = "the_port_of_the_owner_wins: plan must take the port of the spec, 4321; it gave 9"
    assert str(caught.value).splitlines()[1:] == [said]


def test_what_a_generator_raises_in_the_suite_is_shown_with_its_place() -> None:
    broken = faulty("plan", lambda self, source, detection, spec: {"start": detection["start"]})
    with pytest.raises(AssertionError) as caught:
        check_generator(broken, files=FILES)
    assert "test_ports.py" in str(caught.value) and "KeyError: 'start'" in str(caught.value)


def test_a_port_is_asked_from_threads_of_its_own(tmp_path: Path) -> None:
    seen: set[str] = set()

    class Watches(Provider):
        def list_sizes(self, region: str) -> Any:
            seen.add(threading.current_thread().name)
            return super().list_sizes(region)

    class AsyncWatches(Provider):
        async def list_sizes(self, region: str) -> Any:
            seen.add(threading.current_thread().name)
            return super().list_sizes(region)

    for cloud in (Watches(), AsyncWatches()):
        byop.Engine(clouds=[cloud]).plan_server({"name": "web-1", "region": "here", "size": "small"})
    assert "MainThread" not in seen and "byop-ports" in seen
