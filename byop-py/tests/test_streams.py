"""Streams that are waited for: with an end, without a loss, from several threads and loops."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import textwrap
import threading
from typing import Any

import byop
import pytest
from byop.testing import FakeRuntime


def slow(host: FakeRuntime, engine: byop.Engine, seconds: float) -> str:
    """A job that takes so long."""
    host.add_image("slow:1", port=8080, boot_seconds=seconds)
    return engine.deploy(byop.app("image:slow:1", name="slow"))


def everything(engine: byop.Engine, job: str) -> list[int]:
    return [event["sequence"] for event in engine.events(job)]


def test_a_look_that_is_too_short_times_out_and_loses_nothing(byop_host: FakeRuntime, byop_engine: byop.Engine) -> None:
    job = slow(byop_host, byop_engine, 1)
    stream, seen, late = byop_engine.events(job), [], 0
    while True:
        try:
            seen.append(stream.next(timeout=0.002)["sequence"])
        except byop.TimeoutError:
            late += 1
        except StopIteration:
            break
    assert late > 10
    assert seen == everything(byop_engine, job)


@pytest.mark.parametrize("timeout", [-1, math.nan, math.inf])
def test_a_timeout_is_a_number_of_seconds(byop_engine: byop.Engine, timeout: float) -> None:
    with pytest.raises(byop.InvalidInputError) as caught:
        byop_engine.follow_audit().next(timeout)
    assert "`timeout`" in caught.value.message


def test_an_error_of_a_stream_comes_with_its_first_item(byop_engine: byop.Engine) -> None:
    with pytest.raises(byop.NotFoundError):
        byop_engine.events("job_none").next(timeout=5)


def test_closing_wakes_every_thread_that_waits(byop_engine: byop.Engine) -> None:
    stream = byop_engine.follow_audit()
    ends: list[str] = []

    def wait() -> None:
        list(stream)
        ends.append("end")

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    # They wait: nothing else has come.
    threads[0].join(0.2)
    assert threads[0].is_alive()
    stream.close()
    for thread in threads:
        thread.join(5)
    assert ends == ["end"] * 3 and list(stream) == []


def test_each_item_goes_to_one_of_several_threads(byop_host: FakeRuntime, byop_engine: byop.Engine) -> None:
    job = slow(byop_host, byop_engine, 0.1)
    stream, seen = byop_engine.events(job), []

    def take() -> None:
        for event in stream:
            seen.append(event["sequence"])

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(seen) == everything(byop_engine, job)


def test_ctrl_c_while_waiting_loses_nothing() -> None:
    code = """
        import byop, byop.testing, os, signal, threading
        host = byop.testing.FakeRuntime()
        host.add_image("slow:1", port=8080, boot_seconds=1.5)
        engine = byop.Engine(runtimes=host)
        job = engine.deploy(byop.app("image:slow:1", name="slow"))
        stream, seen, pressed = engine.events(job), [], 0
        while True:
            try:
                if pressed < 3:
                    seen.append(stream.next(timeout=0.1)["sequence"])
                else:
                    seen.append(next(stream)["sequence"])
            except byop.TimeoutError:
                # It boots, so nothing comes for a while.
                threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
                try:
                    seen.append(next(stream)["sequence"])
                except KeyboardInterrupt:
                    pressed += 1
            except StopIteration:
                break
        print(pressed, seen == [event["sequence"] for event in engine.events(job)])
        """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["3", "True"], done.stdout + done.stderr


def test_a_stream_goes_on_in_another_event_loop(byop_host: FakeRuntime, byop_engine: byop.Engine) -> None:
    job = slow(byop_host, byop_engine, 0.5)
    stream, seen = byop_engine.awaitable().events(job), []

    async def look() -> None:
        # The last look of this loop is given up while it waits.
        while True:
            event = await asyncio.wait_for(stream.__anext__(), 0.02)
            seen.append(event["sequence"])

    loops = 0
    while True:
        try:
            asyncio.run(look())
        except asyncio.TimeoutError:
            loops += 1
        except StopAsyncIteration:
            break
    assert loops > 2
    assert seen == everything(byop_engine, job)


def test_a_browser_hears_that_the_server_is_still_there(byop_host: FakeRuntime, byop_engine: byop.Engine) -> None:
    job = slow(byop_host, byop_engine, 0.5)

    def lines() -> Any:
        with byop_engine.events(job) as events:
            while True:
                try:
                    yield f"id: {events.next(timeout=0.05)['sequence']}"
                except byop.TimeoutError:
                    yield ": still there"
                except StopIteration:
                    return

    sent = list(lines())
    assert ": still there" in sent
    assert [line for line in sent if line.startswith("id")] == [f"id: {n}" for n in everything(byop_engine, job)]
