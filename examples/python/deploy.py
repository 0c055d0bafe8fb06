"""Deploys a folder in ten lines: ``python deploy.py ./shop shop.localhost``. Needs Docker on this machine."""

import sys

import byop

folder, domain = sys.argv[1:3]
engine = byop.Engine(store=byop.SqliteStore.from_env())
job = engine.deploy(byop.app(folder, domains=[domain]))
for event in engine.events(job):
    if event["body"]["type"] == "step_started":
        print(event["body"]["message"])
app = engine.wait(job)["subject"].removeprefix("app/")
print(engine.get_app(app)["url"])
