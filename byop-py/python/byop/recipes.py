"""Short examples of common tasks. They run on a host in memory; with Docker, leave out ``runtimes``.

>>> import asyncio, functools, json, time
>>> import byop, byop.testing
>>> host = byop.testing.FakeRuntime()
>>> host.add_image("shop:1", port=8080)
>>> host.add_image("shop:2", port=8080)
>>> store, key = byop.MemoryStore(), byop.Engine.generate_key()
>>> engine = byop.Engine(store=store, runtimes=host, keys=[key])
>>> engine.resume()
[]

# Domains

The DNS records of the names must lead to the host. byop serves plain HTTP: terminate TLS in front of it. After an
update the old release gets ``drain_seconds`` to finish its requests, 10 unless set.

>>> spec = byop.app({"image": "shop:1"}, name="shop", routing={"drain_seconds": 0})
>>> spec["domains"] = ["shop.example.com", "www.shop.example.com"]
>>> engine.wait(engine.deploy(spec))["state"]
'succeeded'
>>> engine.get_app("shop")["url"]
'http://shop.example.com/'

# Limits

Memory is in bytes; a process that exceeds it is killed. The keys that are not given have defaults.

>>> small = byop.app({"image": "shop:1"}, name="small", resources={"memory_bytes": 256 * 2**20, "cpus": 0.5})
>>> engine.wait(engine.deploy(small))["state"]
'succeeded'

# A branch of a Git repository

The URL has no credentials in it: the token is a secret, and the spec has its name.

>>> stored = engine.put_secret("git-token", byop.Secret("hunter2-hunter2"))
>>> source = {"url": "https://git.example.com/acme/shop.git", "reference": "main", "credential": "git-token"}
>>> branch = byop.app({"git": source}, name="shop")

Deploying the same spec again builds the latest commit of the branch.

# A private image

The engine has no credentials for registries. Pull the image on the host first; an image that is there is not pulled:

    docker login registry.example.com
    docker pull registry.example.com/acme/shop:3

>>> private = byop.app({"image": "registry.example.com/acme/shop:3"}, name="shop", port=8080)

# Secrets

The engine needs ``keys`` to store secrets. Keep the text of ``key.expose()`` where the program finds it again, but not
in the store. The app gets the value in an environment variable; a new value comes with the next deployment.

>>> engine.put_secret("db-url", byop.Secret("postgresql://shop:hunter2@db/shop"))["version"]
1
>>> spec["secrets"] = {"DB_URL": "db-url"}  # As the argument of app: byop.app(..., secrets={"DB_URL": "db-url"})
>>> engine.wait(engine.deploy(spec))["state"]
'succeeded'
>>> engine.put_secret("db-url", byop.Secret("postgresql://shop:hunter3@db/shop"))["version"]
2
>>> engine.wait(engine.deploy(spec))["output"]["state"]
'serving'

# Another key, with several processes

Restart all processes at each step: first every process can read the new key, then it seals, then the old one goes.

>>> new = byop.Engine.generate_key()
>>> engine = byop.Engine(store=store, runtimes=host, keys=[key, new])
>>> engine = byop.Engine(store=store, runtimes=host, keys=[new, key])
>>> engine.rotate_keys()["resealed"]
2
>>> engine = byop.Engine(store=store, runtimes=host, keys=[new])
>>> [secret["name"] for secret in engine.list_secrets()]
['db-url', 'git-token']

# Rollback

A rollback is a new release with the image and spec of an earlier one.

>>> spec["source"] = {"image": "shop:2"}
>>> engine.wait(engine.deploy(spec))["state"]
'succeeded'
>>> engine.wait(engine.rollback("shop"))["state"]
'succeeded'
>>> [(release["number"], release["image"]) for release in engine.list_releases("shop")][:2]
[(5, 'shop:1'), (4, 'shop:2')]

# Schedules

Call ``engine.resume()`` once in every process, at its start: schedules run in processes that have done so.

>>> nightly = {"name": "nightly", "expression": "30 2 * * *", "time_zone": "Europe/Paris"}
>>> schedule = engine.put_schedule({**nightly, "action": {"type": "restart", "app": "shop"}})
>>> run = engine.run_schedule("nightly")
>>> engine.wait(run["outcome"]["job"])["kind"]
'restart'

# Errors

The class says what to do, ``retryable`` whether it helps to try again, ``retry_after`` how many seconds to wait first.

>>> def patiently(call, tries=5):
...     for attempt in range(tries):
...         try:
...             return call()
...         except byop.ByopError as error:
...             if not error.retryable or attempt + 1 == tries:
...                 raise
...             time.sleep(error.retry_after or 2**attempt)
>>> patiently(lambda: engine.get_app("shop")["state"])
'running'
>>> try:
...     engine.wait(engine.deploy(byop.app({"image": "absent:1"}, name="broken")))
... except byop.ByopError as error:
...     print(type(error).__name__, error.retryable)
NotFoundError False

``wait`` raises the error of the job. A job that was refused because the app is busy is queued by
``engine.when_busy(wait=True).deploy(spec)``.

# Several processes

Create one engine in every process, after the fork: an engine that was created before raises ``UnsupportedError``.

>>> @functools.cache
... def get_engine():
...     engine = byop.Engine(store=byop.SqliteStore.from_env())
...     engine.resume()
...     return engine

gunicorn, in ``gunicorn.conf.py``:

    def post_fork(server, worker):
        get_engine()

Celery:

    @celery.signals.worker_process_init.connect
    def start(**_):
        get_engine()

``multiprocessing``:

    pool = multiprocessing.get_context("spawn").Pool(initializer=get_engine)

# Server-sent events

An unknown job raises ``NotFoundError`` with the first item, when a web view may have sent its status already: call
``get_job`` first. In a blocking view of Django or Flask, return this generator as a streaming response of the type
``text/event-stream``; a client that reconnects sends the ``id`` of the last event as ``Last-Event-ID``.

>>> def progress(engine, job, last_id=0):
...     engine.get_job(job)  # NotFoundError, while the status can still be 404.
...     return (
...         f"id: {event['sequence']}\\ndata: {json.dumps(event['body'])}\\n\\n"
...         for event in engine.events(job, after=last_id)
...     )
>>> job = engine.deploy(spec)
>>> list(progress(engine, job))[0].splitlines()[0]
'id: 1'

In an asynchronous view, with a heartbeat while nothing happens. ``wait_for`` loses no event: the next ``__anext__``
continues where the cancelled one was.

>>> async def follow(engine, job, seconds=15):
...     stream = engine.events(job)
...     while True:
...         try:
...             event = await asyncio.wait_for(stream.__anext__(), seconds)
...             yield f"data: {json.dumps(event['body'])}\\n\\n"
...         except asyncio.TimeoutError:
...             yield ": still there\\n\\n"
...         except StopAsyncIteration:
...             return
>>> async def lines(job):
...     return [line async for line in follow(engine.awaitable(), job)]
>>> asyncio.run(lines(job))[-1]
'data: {"type": "job", "state": "succeeded", "error": null}\\n\\n'
"""
