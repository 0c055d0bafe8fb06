import os

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse

VERSION = os.environ.get("APP_VERSION", "1")

app = FastAPI()


@app.get("/", response_class=HTMLResponse)
def index() -> str:
    return "<h1>Hello from Python</h1>"


@app.get("/healthz", response_class=PlainTextResponse)
def healthz() -> str:
    return "ok"


@app.get("/version")
def version() -> dict[str, str]:
    return {"app": "python", "version": VERSION}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8000")))
