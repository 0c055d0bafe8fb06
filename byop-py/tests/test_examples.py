"""The examples do what they say, on hosts and clouds in memory."""

from __future__ import annotations

import importlib.util
import json
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import byop
import pytest
from byop.testing import FakeRuntime
from fastapi.testclient import TestClient

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    # Classes of pydantic look up their own module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_ten_lines_deploy_a_folder(
    tmp_path: Path,
    home: Path,
    byop_host: FakeRuntime,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<h1>hello</h1>")
    # What is built from a static site listens here.
    monkeypatch.setattr(byop, "Engine", lambda store: engine(store, byop_host))
    monkeypatch.setattr(sys, "argv", ["deploy.py", str(site), "site.localhost"])
    runpy.run_path(str(EXAMPLES / "deploy.py"), run_name="__main__")
    lines = [line for line in (EXAMPLES / "deploy.py").read_text().splitlines() if line and not line.startswith('"""')]
    assert len([line for line in lines if not line.startswith("import")]) <= 10
    assert capsys.readouterr().out.splitlines()[-1] == "http://site.localhost/"


def engine(store: Any, host: FakeRuntime) -> Any:
    """An engine whose host builds nothing: the folder's image is there."""

    class Deploys:
        def __init__(self) -> None:
            self.engine = _Engine(store=store, runtimes=host)

        def deploy(self, spec: Any) -> str:
            wanted: Any = {**spec, "source": {"image": "app:1"}}
            return self.engine.deploy(wanted)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.engine, name)

    return Deploys()


_Engine = byop.Engine


def test_the_provider_behaves_and_rents(capsys: pytest.CaptureFixture[str]) -> None:
    load("provider").main()
    assert capsys.readouterr().out.splitlines() == ["the rack behaves", "web-1 ['192.0.2.2']"]


def test_the_panel_deploys_and_keeps_clients_apart(byop_engine: byop.Engine) -> None:
    panel = load("panel")
    assert len((EXAMPLES / "panel.py").read_text().splitlines()) < 300
    acme, beta = {"X-Client": "acme"}, {"X-Client": "beta"}
    with TestClient(panel.make(byop_engine.awaitable())) as http:
        assert "A panel on byop" in http.get("/").text
        wanted = {"name": "shop", "image": "app:1", "domains": ["shop.example.com"]}
        started = http.post("/apps", json=wanted, headers=acme)
        assert started.status_code == 202
        job = started.json()["job"]
        lines = http.get(f"/jobs/{job}/events", headers=acme).text.splitlines()
        bodies = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        assert bodies[-2] == {"type": "job", "state": "succeeded", "error": None}
        assert http.get("/apps", headers=acme).json()[0]["url"] == "http://shop.example.com/"
        assert http.get("/apps/shop/stats", headers=acme).json()["memory_bytes"] > 0
        assert http.get("/apps/shop/releases", headers=acme).json()[0]["number"] == 1
        assert http.get("/apps/shop/logs", headers=acme).json() == []
        assert http.get(f"/jobs/{job}", headers=acme).json()["state"] == "succeeded"
        assert http.get("/apps", headers=beta).json() == []
        refused = http.get("/apps/shop/stats", headers=beta)
        assert (refused.status_code, refused.json()["kind"]) == (404, "not_found")
        assert http.post("/apps/shop/fly", headers=acme).status_code == 404
        assert http.post("/apps", json={**wanted, "name": "No"}, headers=acme).status_code == 422


def test_statistics_are_plotted(byop_engine: byop.Engine, tmp_path: Path) -> None:
    byop_engine.wait(byop_engine.deploy(byop.app({"image": "app:1"}, name="shop")))
    stats = load("stats")
    samples = stats.sample(byop_engine, "shop", seconds=0.05, every=0.01)
    stats.plot(samples, 0.01, str(tmp_path / "stats.png"))
    assert (tmp_path / "stats.png").read_bytes().startswith(b"\x89PNG")
