"""The engine that is awaited."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import byop
import pytest
from byop.testing import FakeRuntime

SHOP = byop.app({"image": "app:1"}, name="shop", domains=["shop.example.com"])


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def test_an_app_is_deployed_and_followed(byop_host: FakeRuntime) -> None:
    async def work() -> None:
        engine = byop.AsyncEngine(runtimes=byop_host)
        job = await engine.deploy(SHOP)
        seen = [event["sequence"] async for event in engine.events(job)]
        assert seen == list(range(1, len(seen) + 1))
        assert (await engine.wait(job))["state"] == "succeeded"
        assert [line async for line in engine.logs("shop")] == []
        assert engine.blocking().get_app("shop")["state"] == "running"

    run(work())


def test_errors_are_those_of_the_blocking_engine(byop_host: FakeRuntime) -> None:
    async def work() -> None:
        engine = byop.AsyncEngine(runtimes=byop_host)
        with pytest.raises(byop.NotFoundError):
            await engine.get_app("shop")
        with pytest.raises(byop.InvalidInputError):
            await engine.get_app("Not A Name")
        with pytest.raises(byop.NotFoundError):
            async for _ in engine.events("job_none"):
                pass

    run(work())


def test_the_loop_turns_while_something_is_awaited(byop_host: FakeRuntime) -> None:
    async def work() -> None:
        byop_host.add_image("slow:1", port=8080, boot_seconds=0.5)
        engine = byop.AsyncEngine(runtimes=byop_host)
        waiting = asyncio.ensure_future(engine.wait(await engine.deploy(byop.app({"image": "slow:1"}, name="slow"))))
        turns = 0
        while not waiting.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 100

    run(work())


def test_what_is_cancelled_ends_and_the_job_goes_on(byop_host: FakeRuntime) -> None:
    async def work() -> None:
        byop_host.add_image("slow:1", port=8080, boot_seconds=0.5)
        engine = byop.AsyncEngine(runtimes=byop_host)
        job = await engine.deploy(byop.app({"image": "slow:1"}, name="slow"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(engine.wait(job), 0.05)
        assert (await engine.wait(job))["state"] == "succeeded"

    run(work())


def test_a_cancelled_look_at_a_stream_loses_nothing(byop_host: FakeRuntime) -> None:
    async def work() -> None:
        byop_host.add_image("slow:1", port=8080, boot_seconds=1)
        engine = byop.AsyncEngine(runtimes=byop_host)
        job = await engine.deploy(byop.app({"image": "slow:1"}, name="slow"))
        stream, seen, cancelled = engine.events(job), [], 0
        while True:
            try:
                event = await asyncio.wait_for(stream.__anext__(), 0.0005)
            except asyncio.TimeoutError:
                cancelled += 1
            except StopAsyncIteration:
                break
            else:
                seen.append(event["sequence"])
        assert cancelled > 10
        assert seen == list(range(1, len(seen) + 1)) == [event["sequence"] async for event in engine.events(job)]

    run(work())


def test_a_stream_is_shared_and_closed_under_those_who_wait(byop_host: FakeRuntime) -> None:
    async def work() -> None:
        engine = byop.AsyncEngine(runtimes=byop_host)
        await engine.wait(await engine.deploy(SHOP))
        stream = engine.subject_events("app/shop")

        everything = [event["sequence"] async for event in engine.events((await engine.list_jobs())[0]["id"])]
        seen: list[int] = []

        async def take() -> None:
            async for event in stream:
                seen.append(event["sequence"])

        takers = [asyncio.ensure_future(take()) for _ in range(3)]
        while len(seen) < len(everything):
            await asyncio.sleep(0)
        await stream.aclose()
        await asyncio.gather(*takers)
        assert sorted(seen) == everything

    run(work())


def test_a_loop_that_was_closed_is_nobody_s_trouble(byop_host: FakeRuntime) -> None:
    byop_host.add_image("slow:1", port=8080, boot_seconds=0.3)
    engine = byop.AsyncEngine(runtimes=byop_host)
    waiting: list[Any] = []

    async def begin() -> str:
        job = await engine.deploy(byop.app({"image": "slow:1"}, name="slow"))
        waiting.append(asyncio.ensure_future(engine.wait(job)))
        await asyncio.sleep(0)
        return job

    job = asyncio.run(begin())
    assert engine.blocking().wait(job)["state"] == "succeeded"


def test_several_loops_use_one_engine(byop_engine: byop.Engine) -> None:
    engine = byop_engine.awaitable()
    byop_engine.wait(byop_engine.deploy(SHOP))
    for _ in range(3):
        assert asyncio.run(engine.get_app("shop"))["state"] == "running"


def test_a_thousand_handles_of_jobs_do_not_grow(byop_engine: byop.Engine) -> None:
    engine = byop_engine.awaitable()
    job = byop_engine.deploy(SHOP)
    byop_engine.wait(job)

    async def look() -> None:
        states = await asyncio.gather(*[engine.wait(job) for _ in range(1000)])
        assert {each["state"] for each in states} == {"succeeded"}

    for _ in range(30):
        run(look())
    before = memory()
    for _ in range(10):
        run(look())
    # A handle that stayed would be ten thousand of them by now.
    assert memory() - before < 4 * 1024


def memory() -> int:
    """KiB that this process has for itself."""
    gc.collect()
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))
