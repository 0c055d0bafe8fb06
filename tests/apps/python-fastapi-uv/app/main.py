import os

from fastapi import FastAPI

app = FastAPI(title="Orders")
currency = os.environ.get("CURRENCY", "EUR")


@app.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/")
def index() -> dict[str, str]:
    return {"currency": currency}
