"""A hosting panel in FastAPI: apps, deployments with live progress, logs and statistics.

``pip install fastapi uvicorn``, then ``uvicorn panel:from_env --factory``, and open http://localhost:8000. Each user is
a client of byop and sees only what is their own; here the header ``X-Client`` says who it is: put your own login there.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import byop
from byop.types import AppReport, AppSpec, ContainerStats, Job, Preview, Release, Source
from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel

STATUS = {
    "invalid_input": 422,
    "not_found": 404,
    "already_exists": 409,
    "conflict": 409,
    "unauthenticated": 401,
    "permission_denied": 403,
    "quota_exceeded": 402,
    "rate_limited": 429,
    "unavailable": 503,
    "timeout": 504,
    "unsupported": 501,
}


class Wanted(BaseModel):
    """What the form of a deployment sends."""

    name: str
    git: str | None = None
    image: str | None = None
    domains: list[str] = []
    env: dict[str, str] = {}

    def spec(self) -> AppSpec:
        # In this form, so that nobody names a folder of the server.
        source: Source = {"git": {"url": self.git}} if self.git else {"image": self.image or ""}
        return byop.app(source, name=self.name, domains=self.domains, env=self.env)


async def mine(request: Request, x_client: Annotated[str, Header()]) -> byop.AsyncEngine:
    """The engine in the hands of whoever asks."""
    engine: byop.AsyncEngine = request.app.state.engine
    try:
        await engine.get_client(x_client)
    except byop.NotFoundError:
        await engine.create_client({"id": x_client, "name": x_client, "email": f"{x_client}@example.com"})
    return engine.for_client(x_client).acting_as(x_client)


Mine = Annotated[byop.AsyncEngine, Depends(mine)]
routes = APIRouter()


@routes.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@routes.get("/apps")
async def apps(engine: Mine) -> list[AppReport]:
    return await engine.list_apps()


@routes.post("/preview")
async def preview(wanted: Wanted, engine: Mine) -> Preview:
    return await engine.preview(wanted.spec())


@routes.post("/apps", status_code=202)
async def deploy(wanted: Wanted, engine: Mine) -> dict[str, str]:
    return {"job": await engine.deploy(wanted.spec())}


@routes.post("/apps/{name}/{verb}", status_code=202)
async def change(name: str, verb: str, engine: Mine) -> dict[str, str]:
    verbs = {"stop": engine.stop, "start": engine.start, "restart": engine.restart, "rollback": engine.rollback}
    if verb not in verbs:
        raise byop.NotFoundError("there is no such verb", operation="app.change", context={"verb": verb})
    return {"job": await verbs[verb](name)}


@routes.delete("/apps/{name}", status_code=202)
async def remove(name: str, engine: Mine) -> dict[str, str]:
    return {"job": await engine.remove(name)}


@routes.get("/apps/{name}/stats")
async def stats(name: str, engine: Mine) -> ContainerStats:
    return await engine.stats(name)


@routes.get("/apps/{name}/releases")
async def releases(name: str, engine: Mine) -> list[Release]:
    return await engine.list_releases(name)


@routes.get("/apps/{name}/logs")
async def logs(name: str, engine: Mine, tail: int = 100) -> list[str]:
    return [line["text"] async for line in engine.logs(name, tail=tail)]


@routes.get("/jobs/{job}")
async def get_job(job: str, engine: Mine) -> Job:
    return await engine.get_job(job)


@routes.post("/jobs/{job}/cancel", status_code=202)
async def cancel(job: str, engine: Mine) -> None:
    await engine.cancel(job)


@routes.get("/jobs/{job}/events")
async def events(job: str, engine: Mine, after: int = 0) -> StreamingResponse:
    """Server-sent events: replayed from ``after`` on, then live, until the job ends."""
    await engine.get_job(job)

    async def lines() -> AsyncIterator[str]:
        async for event in engine.events(job, after=after):
            yield f"id: {event['sequence']}\ndata: {json.dumps(event['body'])}\n\n"
        yield "event: end\ndata: {}\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")


async def failed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, byop.ByopError)
    body = {"kind": error.kind, "message": error.message, "context": error.context, "remedy": error.remedy}
    headers = {"Retry-After": str(int(error.retry_after) + 1)} if error.retry_after else None
    return JSONResponse(body, STATUS.get(error.kind, 500), headers)


def make(engine: byop.AsyncEngine, **how: Any) -> FastAPI:
    """The panel on an engine."""
    panel = FastAPI(title="A panel on byop", **how)
    panel.state.engine = engine
    panel.include_router(routes)
    panel.add_exception_handler(byop.ByopError, failed)
    return panel


def from_env() -> FastAPI:
    """The panel on this machine's Docker engine, with the apps of the command ``byop``."""
    engine = byop.AsyncEngine.from_env()

    @asynccontextmanager
    async def life(panel: FastAPI) -> AsyncIterator[None]:
        # Jobs that an earlier process left behind go on.
        await engine.resume()
        yield

    return make(engine, lifespan=life)


PAGE = """<!doctype html>
<meta charset="utf-8">
<title>A panel on byop</title>
<style>
  body { font: 16px/1.5 system-ui; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  td, th { padding: .25rem 1rem .25rem 0; text-align: left }
  pre { background: #f4f4f4; padding: 1rem; min-height: 6rem; overflow: auto }
</style>
<h1>Apps</h1>
<p>Client: <input id="client" value="acme"></p>
<table><thead><tr><th>Name<th>State<th>URL<th></tr></thead><tbody id="apps"></tbody></table>
<h2>Deploy</h2>
<form id="form">
  <input name="name" placeholder="name" required>
  <input name="image" placeholder="image">
  <input name="git" placeholder="or the URL of a Git repository">
  <input name="domain" placeholder="shop.localhost">
  <button>Deploy</button>
</form>
<pre id="log"></pre>
<script>
const at = id => document.getElementById(id)
const call = async (path, method = "GET", body) => {
  const headers = { "X-Client": at("client").value, "Content-Type": "application/json" }
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) })
  const value = await answer.json()
  if (!answer.ok) at("log").textContent = value.message + "\\n" + (value.remedy || "")
  return answer.ok ? value : null
}
const show = async () => {
  const rows = (await call("/apps") || []).map(({ app, state, url }) => {
    const row = document.createElement("tr")
    for (const text of [app.name, state, url]) row.insertCell().textContent = text || ""
    for (const verb of ["restart", "stop", "start", "rollback"]) {
      const button = document.createElement("button")
      button.textContent = verb
      button.onclick = async () => follow(await call(`/apps/${app.name}/${verb}`, "POST"))
      row.lastChild.after(button)
    }
    return row
  })
  at("apps").replaceChildren(...rows)
}
const follow = async started => {
  if (!started) return
  at("log").textContent = ""
  const headers = { "X-Client": at("client").value }
  const stream = (await fetch(`/jobs/${started.job}/events`, { headers })).body.pipeThrough(new TextDecoderStream())
  let rest = ""
  for await (const part of stream) {
    const lines = (rest + part).split("\\n")
    rest = lines.pop()
    for (const line of lines.filter(line => line.startsWith("data: "))) {
      const body = JSON.parse(line.slice(6))
      const text = body.message || body.line || (body.error && body.error.message) || body.state
      if (text) at("log").textContent += text + "\\n"
    }
  }
  show()
}
at("form").onsubmit = async event => {
  event.preventDefault()
  const form = Object.fromEntries(new FormData(event.target))
  const domains = form.domain ? [form.domain] : []
  const source = form.git ? { git: form.git } : { image: form.image }
  follow(await call("/apps", "POST", { name: form.name, domains, ...source }))
}
at("client").onchange = show
show()
</script>
"""
