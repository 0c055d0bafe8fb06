"""Figures of the installed package, each beside its goal: ``figures.py WHEEL [NAME...]``.

What is compared is measured in turns in this one run, so that a busy machine counts for both.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import byop

PREFIX = "byop-test-figures"
IMAGE = "busybox:1.37-musl"


def show(what: str, goal: str, seen: str) -> None:
    print(f"| {what} | {goal} | {seen} |", flush=True)


def run(code: str) -> str:
    """Run code in an interpreter of its own."""
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def timed(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def imported(_: Path) -> None:
    bare, whole, command = [], [], []
    for _round in range(15):
        bare.append(timed(lambda: run("pass")))
        whole.append(timed(lambda: run("import byop")))
        command.append(timed(lambda: run("import byop.cli")))
    empty = statistics.median(bare)
    package, cli = (1000 * (statistics.median(each) - empty) for each in (whole, command))
    show("`import byop`, above an empty interpreter", "150 ms", f"{package:.0f} ms")
    show("the same with the command line (`byop.cli`)", "", f"{cli:.0f} ms")


def wheel(file: Path) -> None:
    show("the wheel", "15 MB", f"{file.stat().st_size / 1e6:.1f} MB")


def idle(_: Path) -> None:
    code = """
        import tempfile, time
        def memory():
            status = dict(line.split(":", 1) for line in open("/proc/self/status"))
            return int(status["VmRSS"].split()[0]) * 1024 / 1e6
        bare = memory()
        import byop
        folder = tempfile.TemporaryDirectory()
        engine = byop.Engine(store=byop.SqliteStore(folder.name + "/byop.db"))
        engine.list_apps()
        engine.drift()
        time.sleep(1)
        print(bare, memory())
    """
    bare, whole = map(float, run(code).split())
    own = f"{whole:.1f} MB; an empty interpreter {bare:.1f} MB"
    show("resident memory of a process with an engine on Docker and SQLite", "40 MB", own)


def speed(seconds: float) -> float:
    """Rounds of work in Python a second, by the clock on the wall."""
    end, rounds, begin = time.perf_counter() + seconds, 0, time.perf_counter()
    while time.perf_counter() < end:
        for _ in range(1000):
            pass
        rounds += 1
    return rounds / (time.perf_counter() - begin)


def threads(_: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        # It is slow to listen, so that the deployment waits.
        dockerfile = f"FROM {IMAGE}\nUSER 1000\nEXPOSE 8080\nCMD sleep 6; exec httpd -f -p 8080 -h /etc\n"
        Path(folder, "Dockerfile").write_text(dockerfile)
        engine = byop.Engine(http_port=8397, proxy_prefix=PREFIX)
        spec = byop.app(folder, name=PREFIX, health={"path": "/passwd", "interval_seconds": 1})
        engine.wait(engine.deploy(byop.app(folder, name=PREFIX)))
        alone, beside = [], []
        try:
            for count in range(3):
                alone += [speed(0.25) for _ in range(16)]
                job = engine.deploy({**spec, "env": {"ROUND": str(count)}})
                waiter = threading.Thread(target=engine.wait, args=(job,))
                waiter.start()
                while waiter.is_alive():
                    beside.append(speed(0.25))
                waiter.join()
        finally:
            engine.wait(engine.remove(PREFIX, data="delete"))
        share = statistics.median(beside) / statistics.median(alone)
        show("speed of another thread while a deployment is waited for", "90 %", f"{share:.1%}")


HANDLES = """
    import asyncio, gc, threading, byop, byop.testing
    host = byop.testing.FakeRuntime()
    host.add_image("slow:1", port=8080, boot_seconds=0.1)
    engine = byop.AsyncEngine(runtimes=host)

    def memory():
        gc.collect()
        lines = open("/proc/self/status").readlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) * 1024 / 1e6

    async def last(events):
        async for event in events:
            pass

    async def rounds(count, width):
        for number in range(count):
            spec = byop.app({"image": "slow:1"}, name="slow", env={"N": str(number)})
            job = await engine.deploy({**spec, "routing": {"drain_seconds": 0}})
            waits = [engine.wait(job) for _ in range(width)]
            await asyncio.gather(*waits, *[last(engine.events(job)) for _ in range(width)])

    asyncio.run(rounds(30, WIDTH))
    before, threads = memory(), threading.active_count()
    asyncio.run(rounds(60, WIDTH))
    print(memory() - before, threading.active_count() - threads)
"""


def handles(_: Path) -> None:
    # What the store keeps of the jobs themselves grows with one handle as well.
    many, threads = map(float, run(HANDLES.replace("WIDTH", "500")).split())
    few, _threads = map(float, run(HANDLES.replace("WIDTH", "1")).split())
    seen = f"{many:+.1f} MB and {threads:+.0f} threads over 60 jobs; {few:+.1f} MB over 60 with two handles each"
    show("500 waits for a running job and 500 streams of its events at once", "no growth", seen)


@contextmanager
def containers(count: int) -> Iterator[Any]:
    import docker  # type: ignore[import-untyped]

    client = docker.from_env(timeout=600)
    labels = {PREFIX: "1"}

    def start(number: int) -> None:
        client.containers.run(IMAGE, "sleep 3600", name=f"{PREFIX}-{number}", labels=labels, detach=True, init=True)

    def stop(container: Any) -> None:
        container.remove(force=True)

    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(start, range(count)))
        yield client
    finally:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(stop, client.containers.list(all=True, filters={"label": PREFIX})))


def listed(_: Path) -> None:
    count = 200
    with containers(count) as client:
        host = byop.Docker()

        def ours() -> None:
            assert len(host.list_containers(labels={PREFIX: ""})) == count
            assert len(host.list_stats(labels={PREFIX: ""})) == count

        def theirs() -> None:
            found = client.containers.list(filters={"label": PREFIX})
            assert len([each.stats(stream=False) for each in found]) == count

        def theirs_at_once() -> None:
            found = client.containers.list(filters={"label": PREFIX})
            with ThreadPoolExecutor(16) as pool:
                assert len(list(pool.map(lambda each: each.stats(stream=False), found))) == count

        def theirs_one_shot() -> None:
            found = client.containers.list(filters={"label": PREFIX})
            assert len([client.api.stats(each.id, stream=False, one_shot=True) for each in found]) == count

        ours()
        took: dict[str, list[float]] = {"byop": [], "threads": [], "one shot": []}
        for _round in range(3):
            took["byop"].append(timed(ours))
            took["threads"].append(timed(theirs_at_once))
            took["one shot"].append(timed(theirs_one_shot))
        plain = timed(theirs)
        mine = statistics.median(took["byop"])
        show(f"{count} containers with what they use: `list_containers` and `list_stats`", "", f"{mine:.2f} s")
        for what, seconds in [
            ("`docker` SDK: `containers.list()`, then `stats(stream=False)` of each", plain),
            ("`docker` SDK in 16 threads", statistics.median(took["threads"])),
            ("`docker` SDK's plain API with `one_shot`, no processor share", statistics.median(took["one shot"])),
        ]:
            goal = "5 times" if what.endswith("of each") else ""
            show(f"the same by {what}", goal, f"{seconds:.2f} s, {seconds / mine:.1f} times")


FIGURES = {
    "import": imported,
    "wheel": wheel,
    "idle": idle,
    "threads": threads,
    "handles": handles,
    "list": listed,
}

if __name__ == "__main__":
    print("| figure | goal | seen |\n| --- | --- | --- |")
    for name in sys.argv[2:] or FIGURES:
        FIGURES[name](Path(sys.argv[1]))
