"""How methods of ports are called: in which threads, with which loop, and what happens when something ends."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import byop
import pytest
from byop.ports import SourceTree
from byop.testing import FakeCloud, FakeRuntime
from providers import AsyncProvider, Provider

REQUEST: Any = {"name": "web-1", "region": "here", "size": "small"}
#: For programs of their own: a provider, and what is asked of it.
MINE = """
    import asyncio, atexit, os, signal, sys, threading, time
    import byop
    from providers import Provider

    REQUEST = {"name": "web-1", "region": "here", "size": "small"}
"""


def program(*parts: str, timeout: float = 20) -> tuple[int, str, str]:
    """Run code in an interpreter of its own: its exit code and what it printed."""
    path = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    command = [sys.executable, "-W", "ignore", "-c", path + "".join(map(textwrap.dedent, parts))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    return done.returncode, done.stdout, done.stderr


def plan(provider: Any) -> Any:
    return byop.Engine(clouds=[provider]).plan_server(REQUEST)


def test_any_number_of_methods_may_wait_for_another_engine() -> None:
    class Asks(Provider):
        def list_sizes(self, region: str) -> Any:
            inner.plan_server(REQUEST)
            return super().list_sizes(region)

    inner = byop.Engine(clouds=[Provider()])
    engine = byop.Engine(clouds=[Asks()]).awaitable()

    async def work() -> None:
        await asyncio.wait_for(asyncio.gather(*[engine.plan_server(REQUEST) for _ in range(600)]), 30)

    asyncio.run(work())


def leave() -> None:
    sys.exit("no configuration")


def press() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("stop", [leave, press])
def test_a_coroutine_that_would_end_the_program_fails_alone(stop: Any) -> None:
    class Stops(Provider):
        async def list_sizes(self, region: str) -> Any:
            stop()

    class StopsInATask(Provider):
        async def list_sizes(self, region: str) -> Any:
            await asyncio.ensure_future(self.deeper())

        async def deeper(self) -> None:
            stop()

    for provider in (Stops(), StopsInATask()):
        with pytest.raises(byop.InternalError) as caught:
            plan(provider)
        assert isinstance(caught.value.__cause__, (SystemExit, KeyboardInterrupt))
        assert plan(AsyncProvider())["provider"] == "mine"


def test_a_coroutine_is_told_not_to_call_a_blocking_engine(tmp_path: Path) -> None:
    inner = byop.Engine(clouds=[AsyncProvider()], runtimes=FakeRuntime())

    class Blocks(Provider):
        async def list_sizes(self, region: str) -> Any:
            for call in (
                lambda: inner.plan_server(REQUEST),
                lambda: list(inner.events("job_none")),
                lambda: byop.preview(tmp_path, generators=[Quick()]),
            ):
                with pytest.raises(RuntimeError, match=r"use byop\.AsyncEngine here"):
                    call()
            await inner.awaitable().plan_server(REQUEST)
            await asyncio.to_thread(inner.plan_server, REQUEST)
            return super().list_sizes(region)

    assert plan(Blocks())["provider"] == "mine"


def test_a_cancelled_verb_cancels_the_coroutine_that_it_waits_for() -> None:
    begun, ended = threading.Event(), threading.Event()

    class Sleeps(Provider):
        async def list_sizes(self, region: str) -> Any:
            try:
                begun.set()
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ended.set()
                raise

    async def work() -> None:
        asking = asyncio.ensure_future(byop.AsyncEngine(clouds=[Sleeps()]).plan_server(REQUEST))
        await asyncio.to_thread(begun.wait, 10)
        asking.cancel()
        await asyncio.to_thread(ended.wait, 10)

    asyncio.run(work())
    assert ended.is_set()


def test_coroutines_that_are_cancelled_before_they_begin_leave_no_trace(recwarn: pytest.WarningsRecorder) -> None:
    engine = byop.AsyncEngine(clouds=[AsyncProvider()])

    async def work() -> None:
        for _ in range(20):
            asking = [asyncio.ensure_future(engine.plan_server(REQUEST)) for _ in range(50)]
            await asyncio.sleep(0.001)
            for each in asking:
                each.cancel()
            await asyncio.wait(asking)
        await engine.plan_server(REQUEST)

    asyncio.run(work())
    assert [str(warning.message) for warning in recwarn] == []


class Quick:
    """A stack that recognises everything."""

    name = "quick"

    def detect(self, source: SourceTree) -> Any:
        return {"confidence": 1.0}

    def plan(self, source: SourceTree, detection: Any, spec: Any) -> Any:
        return {"start": "run"}


def test_a_generator_may_use_an_engine(tmp_path: Path) -> None:
    inner = byop.Engine(runtimes=FakeRuntime())

    class Asks(Quick):
        def detect(self, source: SourceTree) -> Any:
            assert inner.list_apps() == []
            return super().detect(source)

    class AsyncAsks(Quick):
        async def detect(self, source: SourceTree) -> Any:
            assert await inner.awaitable().list_apps() == []
            return super().detect(source)

    spec = byop.app(tmp_path, name="web")
    generators: list[Any] = [Asks(), AsyncAsks()]
    for generator in generators:
        assert byop.preview(tmp_path, generators=[generator])["plan"]["start"] == "run"
        engine = byop.AsyncEngine(runtimes=FakeRuntime(), generators=[generator])

        async def several(engine: byop.AsyncEngine = engine) -> Any:
            return await asyncio.wait_for(asyncio.gather(*[engine.preview(spec) for _ in range(8)]), 20)

        assert [made["plan"]["start"] for made in asyncio.run(several())] == ["run"] * 8


@pytest.mark.parametrize(
    "wait",
    ["time.sleep(30)", "[time.sleep(0.0005) for _ in range(60_000)]", "[None for _ in range(10**10)]"],
)
def test_a_program_ends_at_once_while_a_method_runs(wait: str) -> None:
    code = f"""
        class Waits(Provider):
            def list_sizes(self, region):
                begun.set()
                {wait}

        class AsyncWaits(Provider):
            async def list_sizes(self, region):
                begun.set()
                await asyncio.sleep(30)

        for provider in (Waits(), AsyncWaits()):
            begun = threading.Event()
            engine = byop.Engine(clouds=[provider])
            threading.Thread(target=engine.plan_server, args=(REQUEST,), daemon=True).start()
            begun.wait()
        print("end")
    """
    assert program(MINE, code, timeout=4.5) == (0, "end\n", "")


def test_ctrl_c_ends_a_preview_that_waits_for_a_generator(tmp_path: Path) -> None:
    code = f"""
        class Waits:
            name = "waits"
            def detect(self, source):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(10)
            def plan(self, source, detection, spec):
                pass

        class AsyncWaits(Waits):
            async def detect(self, source):
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(10)

        for generator in (Waits(), AsyncWaits()):
            try:
                byop.preview({str(tmp_path)!r}, generators=[generator])
            except KeyboardInterrupt:
                print("interrupted")
    """
    assert program(MINE, code, timeout=8) == (0, "interrupted\n" * 2, "")


def test_a_cloud_from_before_a_fork_is_refused() -> None:
    code = """
        from byop.testing import FakeCloud
        clouds = [FakeCloud(), byop.DigitalOcean(token="none")]
        child = os.fork()
        if child == 0:
            for cloud in clouds:
                try:
                    byop.Engine(clouds=[cloud])
                except byop.UnsupportedError as error:
                    print(error.message, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
    """
    assert program(MINE, code) == (0, "this was made before the process was forked\n" * 2, "")


def test_a_child_that_is_forked_while_a_method_runs_works_and_ends_at_once() -> None:
    code = """
        class Waits(Provider):
            def list_sizes(self, region):
                begun.set()
                time.sleep(20)
                return super().list_sizes(region)

        class Async(Provider):
            async def list_sizes(self, region):
                return super().list_sizes(region)

        begun = threading.Event()
        byop.Engine(clouds=[Async()]).plan_server(REQUEST)
        engine = byop.Engine(clouds=[Waits()])
        threading.Thread(target=engine.plan_server, args=(REQUEST,), daemon=True).start()
        begun.wait()
        child = os.fork()
        if child == 0:
            print(byop.Engine(clouds=[Async()]).plan_server(REQUEST)["provider"], flush=True)
            sys.exit(0)
        begin = time.monotonic()
        print(os.waitpid(child, 0)[1], time.monotonic() - begin < 2)
    """
    assert program(MINE, code) == (0, "mine\n0 True\n", "")


@pytest.mark.parametrize("how", ["with_a_loop", "in_a_thread", "with_a_provider"])
def test_an_exit_handler_that_is_too_late_is_told_so(how: str) -> None:
    handler = f"""
        import asyncio, atexit, threading

        def tell(call):
            try:
                call()
            except byop.UnavailableError as error:
                print(error.message)

        def with_a_loop():
            async def work():
                await engine.awaitable().list_servers()
            tell(lambda: asyncio.run(work()))

        def in_a_thread():
            is_late.set()
            thread.join()

        def with_a_provider():
            tell(lambda: engine.plan_server(REQUEST))

        atexit.register({how})
        is_late = threading.Event()
        thread = threading.Thread(target=lambda: (is_late.wait(), tell(engine.list_servers)), daemon=True)
        thread.start()
    """
    code = "engine = byop.Engine(clouds=[Provider()])"
    assert program(handler, MINE, code) == (0, "the interpreter of Python ends\n", "")


def test_an_exit_handler_in_time_uses_the_engine() -> None:
    code = """
        @atexit.register
        def last():
            print(engine.plan_server(REQUEST)["provider"])
            async def work():
                return await engine.awaitable().list_servers()
            print(asyncio.run(work()))

        engine = byop.Engine(clouds=[Provider()])
    """
    assert program(MINE, code) == (0, "mine\n[]\n", "")


def test_a_fake_cloud_may_be_asked_in_a_coroutine() -> None:
    cloud = FakeCloud()

    class Wraps(Provider):
        async def list_sizes(self, region: str) -> Any:
            return cloud.list_sizes(region)

    assert plan(Wraps())["size"]["id"] == "small"
