"""The blocking engine, on a host in memory."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import byop
import pytest
from byop.testing import FakeCloud, FakeRuntime

SHOP = byop.app({"image": "app:1"}, name="shop", domains=["shop.example.com"])


def python(code: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter of its own."""
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def test_an_app_lives_its_life(byop_engine: byop.Engine) -> None:
    engine = byop_engine
    assert engine.plan(SHOP)["changes"]
    assert engine.wait(engine.deploy(SHOP))["state"] == "succeeded"
    assert engine.plan(SHOP)["changes"] == []
    assert engine.get_app("shop")["url"] == "http://shop.example.com/"
    assert engine.stats("shop")["memory_bytes"] > 0
    assert [release["number"] for release in engine.list_releases("shop")] == [1]
    for verb, state in [(engine.stop, "stopped"), (engine.start, "running"), (engine.restart, "running")]:
        engine.wait(verb("shop"))
        assert engine.get_app("shop")["state"] == state
    assert engine.drift("shop")["findings"] == []
    engine.wait(engine.remove("shop", data="delete"))
    assert engine.list_apps() == []


def test_what_was_proposed_is_applied_once(byop_engine: byop.Engine) -> None:
    proposal = byop_engine.plan(SHOP)
    byop_engine.wait(byop_engine.apply(proposal))
    with pytest.raises(byop.ConflictError):
        byop_engine.apply(proposal)


def test_events_are_replayed_and_end_with_the_job(byop_engine: byop.Engine) -> None:
    job = byop_engine.deploy(SHOP)
    events = list(byop_engine.events(job))
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["body"] == {"type": "job", "state": "succeeded", "error": None}
    assert list(byop_engine.events(job, after=3)) == events[3:]


def test_a_stream_that_is_closed_gives_no_more(byop_engine: byop.Engine) -> None:
    with byop_engine.events(byop_engine.deploy(SHOP)) as events:
        assert next(events)["sequence"] == 1
    assert list(events) == []


def test_logs_are_those_of_the_program(byop_host: FakeRuntime, byop_engine: byop.Engine) -> None:
    byop_host.add_image("talks:1", port=8080, lines=["hello", "again"])
    byop_engine.wait(byop_engine.deploy(byop.app({"image": "talks:1"}, name="talks")))
    assert [line["text"] for line in byop_engine.logs("talks")] == ["hello", "again"]
    assert [line["text"] for line in byop_engine.logs("talks", tail=1)] == ["again"]


def test_a_failed_job_raises_its_own_error(byop_engine: byop.Engine) -> None:
    job = byop_engine.deploy(byop.app({"image": "missing:1"}, name="shop"))
    with pytest.raises(byop.ByopError) as caught:
        byop_engine.wait(job)
    assert caught.value.operation and caught.value.kind != "internal"
    assert byop_engine.get_job(job)["state"] == "failed"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))


def test_a_wait_that_is_too_short_times_out_and_the_job_goes_on(
    byop_host: FakeRuntime, byop_engine: byop.Engine
) -> None:
    byop_host.add_image("slow:1", port=8080, boot_seconds=1)
    job = byop_engine.deploy(byop.app({"image": "slow:1"}, name="slow"))
    with pytest.raises(TimeoutError) as caught:
        byop_engine.wait(job, timeout=0.1)
    assert isinstance(caught.value, byop.TimeoutError)
    byop_engine.cancel(job)
    with pytest.raises(byop.CancelledError):
        byop_engine.wait(job)


def test_clients_see_only_their_own(byop_engine: byop.Engine) -> None:
    for client in ("acme", "beta"):
        byop_engine.create_client({"id": client, "name": client, "email": "ops@acme.example"})
    acme, beta = byop_engine.for_client("acme"), byop_engine.for_client("beta").acting_as("eve")
    acme.wait(acme.deploy(SHOP))
    assert beta.list_apps() == []
    with pytest.raises(byop.NotFoundError):
        beta.get_app("shop")
    with pytest.raises(byop.AlreadyExistsError):
        beta.deploy(SHOP)
    beta.open_ticket({"client": "beta", "subject": "Help", "body": "Please"})
    assert [each["subject"] for each in byop_engine.list_tickets(state="open")] == ["Help"]
    assert {each["actor"]["who"] for each in byop_engine.list_audit(who="eve") if each["actor"]} == {"eve"}
    assert byop_engine.verify_audit()["records"] > 0


def test_a_busy_app_refuses_or_lets_wait(byop_host: FakeRuntime, byop_engine: byop.Engine) -> None:
    byop_host.add_image("slow:1", port=8080, boot_seconds=0.3)
    slow = byop.app({"image": "slow:1"}, name="slow")
    first = byop_engine.deploy(slow)
    with pytest.raises(byop.ConflictError):
        byop_engine.deploy(slow)
    second = byop_engine.when_busy(wait=True).deploy(slow)
    assert [byop_engine.wait(job)["state"] for job in (first, second)] == ["succeeded"] * 2


def test_a_host_lists_its_containers_and_what_they_use(byop_host: FakeRuntime, byop_engine: byop.Engine) -> None:
    byop_engine.wait(byop_engine.deploy(SHOP))
    of_apps = {"byop.app": ""}
    (container,) = byop_host.list_containers(labels=of_apps)
    assert (container["labels"]["byop.app"], container["state"]) == ("shop", "running")
    (used,) = byop_host.list_stats(labels=of_apps)
    assert used["container"] == container["name"] and used["memory_bytes"] > 0
    byop_engine.wait(byop_engine.stop("shop"))
    assert byop_host.list_stats(labels=of_apps) == [] and byop_host.list_containers(labels={"byop.app": "none"}) == []


def test_secrets_are_kept_and_never_shown(byop_engine: byop.Engine) -> None:
    kept = byop_engine.put_secret("db", byop.Secret("canary-1"))
    assert kept["name"] == "db" and "canary" not in str(kept)
    spec = byop.app({"image": "app:1"}, name="shop", secrets={"DATABASE_URL": "db"})
    job = byop_engine.deploy(spec)
    byop_engine.wait(job)
    assert "canary" not in str(list(byop_engine.events(job))) + str(byop_engine.get_app("shop"))
    assert byop_engine.rotate_keys()["kept"] == 1


def test_the_program_s_own_secrets_come_from_a_dictionary_or_an_object(byop_host: FakeRuntime) -> None:
    class Vault:
        name = "vault"

        async def get_secret(self, name: str) -> str | None:
            return "from the vault" if name == "db" else None

    spec = byop.app({"image": "app:1"}, name="shop", secrets={"DATABASE_URL": "db"})
    other = byop.app({"image": "app:1"}, name="other", secrets={"DATABASE_URL": "none"})
    for secrets in ({"db": byop.Secret("of a dictionary")}, Vault()):
        engine = byop.Engine(runtimes=byop_host, secrets=secrets)
        assert engine.wait(engine.deploy(spec))["state"] == "succeeded"
        with pytest.raises(byop.NotFoundError):
            engine.wait(engine.deploy(other))
        engine.wait(engine.remove("shop"))


def test_servers_are_rented_and_given_back(byop_engine: byop.Engine, byop_cloud: FakeCloud) -> None:
    request = {"name": "web-1", "region": "here", "size": "small"}
    price = byop_engine.plan_server(request)["price"]  # type: ignore[arg-type]
    assert price and price["monthly"]["currency"] == "USD"
    byop_engine.wait(byop_engine.create_server(request))  # type: ignore[arg-type]
    (report,) = byop_engine.list_servers()
    assert report["server"] and report["server"]["state"] == "running"
    assert byop_engine.sweep()["findings"] == []
    byop_engine.wait(byop_engine.destroy_server("web-1"))
    assert byop_cloud.alive() == [] and byop_engine.list_servers() == []


def test_a_sweep_finds_what_nobody_knows(byop_engine: byop.Engine, byop_cloud: FakeCloud) -> None:
    byop_cloud.plant("server", "lost")
    byop_cloud.plant("server", "somebody-else", foreign=True)
    assert [each["resource"]["name"] for each in byop_engine.sweep()["findings"]] == ["lost"]


def test_schedules_and_preview_apps_are_data(byop_engine: byop.Engine) -> None:
    byop_engine.wait(byop_engine.deploy(SHOP))
    schedule = byop_engine.put_schedule(
        {"name": "nightly", "expression": "@daily", "action": {"type": "restart", "app": "shop"}}
    )
    assert schedule["next_run_at"] and byop_engine.pause_schedule("nightly")["spec"]["paused"]
    assert byop_engine.run_schedule("nightly")["outcome"]["type"] == "job"
    byop_engine.delete_schedule("nightly")
    assert byop_engine.list_schedules() == []


def test_a_file_keeps_the_state(byop_host: FakeRuntime, tmp_path: Path) -> None:
    for _ in range(2):
        engine = byop.Engine(store=byop.SqliteStore(tmp_path / "byop.db"), runtimes=byop_host)
        engine.wait(engine.deploy(SHOP))
        assert engine.resume() == []
    assert len(engine.list_jobs(subject="app/shop")) == 2


def test_two_engines_share_a_store(byop_host: FakeRuntime) -> None:
    store = byop.MemoryStore()
    one, other = (byop.Engine(store=store, runtimes=byop_host) for _ in range(2))
    one.wait(one.deploy(SHOP))
    assert other.get_app("shop")["state"] == "running"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"port_range": (0, 10)}, byop.InvalidInputError),
        ({"lease_seconds": -1}, byop.InvalidInputError),
        ({"http_port": 70_000}, byop.InvalidInputError),
        ({"keys": ["short"]}, byop.InvalidInputError),
        ({"keys": "one text"}, TypeError),
        ({"clouds": [object()]}, TypeError),
    ],
)
def test_wrong_settings_are_refused(byop_host: FakeRuntime, wrong: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        byop.Engine(runtimes=byop_host, **wrong)  # type: ignore[arg-type]
    assert "short" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda engine: engine.deploy({"name": "shop"}),
        lambda engine: engine.deploy({**SHOP, "prot": 80}),
        lambda engine: engine.get_app("Not A Name"),
        lambda engine: engine.remove("shop", data="burn"),
        lambda engine: engine.wait("job_x", timeout=-1),
        lambda engine: engine.list_jobs(subject="shop"),
    ],
)
def test_wrong_arguments_are_invalid_input(byop_engine: byop.Engine, call: object) -> None:
    with pytest.raises(ValueError) as caught:
        call(byop_engine)  # type: ignore[operator]
    assert isinstance(caught.value, byop.InvalidInputError)


def test_what_is_no_data_is_a_type_error(byop_engine: byop.Engine) -> None:
    with pytest.raises(TypeError):
        byop_engine.deploy({**SHOP, "env": {"A": byop.Secret("canary")}})  # type: ignore[dict-item]


def test_other_threads_keep_their_speed_while_a_job_is_waited_for(
    byop_host: FakeRuntime, byop_engine: byop.Engine
) -> None:
    byop_host.add_image("slow:1", port=8080, boot_seconds=60)
    job = byop_engine.deploy(byop.app({"image": "slow:1"}, name="slow"))

    def speed() -> float:
        # Time of this thread's own work, so that a busy machine does not count.
        begin, rounds = time.thread_time(), 300_000
        for _ in range(rounds):
            pass
        return rounds / (time.thread_time() - begin)

    alone = max(speed() for _ in range(10))

    def wait() -> None:
        with pytest.raises(byop.CancelledError):
            byop_engine.wait(job)

    waiter = threading.Thread(target=wait)
    waiter.start()
    beside = max(speed() for _ in range(10))
    byop_engine.cancel(job)
    waiter.join()
    assert beside > 0.9 * alone


def test_ctrl_c_ends_the_waiting_at_once() -> None:
    done = python(
        """
        import byop, byop.testing, os, signal, threading, time
        host = byop.testing.FakeRuntime()
        host.add_image("slow:1", port=8080, boot_seconds=60)
        engine = byop.Engine(runtimes=host)
        job = engine.deploy(byop.app({"image": "slow:1"}, name="slow"))
        begun = []
        def press():
            begun.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)
        for wait in (lambda: engine.wait(job), lambda: list(engine.events(job))):
            threading.Timer(0.2, press).start()
            try:
                wait()
            except KeyboardInterrupt:
                print(time.monotonic() - begun.pop() < 0.5)
        print(engine.get_job(job)["state"])
        """
    )
    assert done.stdout.split() == ["True", "True", "running"], done.stderr


def test_a_forked_child_is_told_so_and_can_make_its_own() -> None:
    done = python(
        """
        import byop, byop.testing, os, sys
        def make():
            host = byop.testing.FakeRuntime()
            host.add_image("app:1", port=8080)
            engine = byop.Engine(runtimes=host)
            engine.wait(engine.deploy(byop.app({"image": "app:1"}, name="shop")))
            return engine
        engine = make()
        child = os.fork()
        if child == 0:
            try:
                engine.list_apps()
            except byop.UnsupportedError as error:
                print("spawn" in error.remedy, flush=True)
            del engine
            print(len(make().list_apps()), flush=True)
            sys.exit(0)
        print(os.waitpid(child, 0)[1], len(engine.list_apps()))
        """
    )
    assert done.stdout.split() == ["True", "1", "0", "1"], done.stderr


def test_an_interpreter_ends_while_jobs_run() -> None:
    done = python(
        """
        import byop, byop.testing, threading
        host = byop.testing.FakeRuntime()
        host.add_image("slow:1", port=8080, boot_seconds=60)
        engine = byop.Engine(runtimes=host)
        job = engine.deploy(byop.app({"image": "slow:1"}, name="slow"))
        threading.Thread(target=lambda: list(engine.events(job)), daemon=True).start()
        print("end")
        """
    )
    assert (done.returncode, done.stdout.strip()) == (0, "end"), done.stderr


def test_many_threads_use_one_engine(byop_engine: byop.Engine) -> None:
    byop_engine.wait(byop_engine.deploy(SHOP))
    states: list[str] = []
    threads = [
        threading.Thread(target=lambda: states.extend(byop_engine.get_app("shop")["state"] for _ in range(20)))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["running"] * 320


def test_an_idle_engine_takes_little_memory() -> None:
    done = python(
        """
        import byop, byop.testing
        host = byop.testing.FakeRuntime()
        host.add_image("app:1", port=8080)
        engine = byop.Engine(runtimes=host)
        engine.wait(engine.deploy(byop.app({"image": "app:1"}, name="shop")))
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(int(status["RssAnon"].split()[0]) // 1024)
        """
    )
    assert int(done.stdout) <= 40, done.stderr


ENDS = """
    import asyncio, byop, byop.testing
    host = byop.testing.FakeRuntime()
    host.add_image("slow:1", port=8080, boot_seconds=0.1)
    engine = byop.AsyncEngine(runtimes=host)

    async def last(events):
        async for event in events:
            pass

    async def main():
        for number in range(2):
            spec = byop.app({"image": "slow:1"}, name="slow", env={"N": str(number)})
            job = await engine.deploy({**spec, "routing": {"drain_seconds": 0}})
            await asyncio.gather(engine.wait(job), last(engine.events(job)))

    asyncio.run(main())
"""


def test_a_script_may_end_while_answers_are_on_their_way() -> None:
    ends = [python(ENDS) for _ in range(12)]
    assert [(end.returncode, end.stderr) for end in ends] == [(0, "")] * 12
