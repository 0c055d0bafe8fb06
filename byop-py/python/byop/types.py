"""The data of byop, as it comes out of ``json.loads``: plain dictionaries with these keys.

Made from the Rust types by ``tests/typed_dicts.py``: change them there. Times are milliseconds since 1970. A newer byop
may add keys, and values where a fixed set is named.
"""

import sys
from typing import Any, Literal, TypeAlias

if sys.version_info >= (3, 11):
    from typing import NotRequired, TypedDict
else:
    from typing_extensions import NotRequired, TypedDict

#: Who asked for something.
Actor = TypedDict(
    "Actor",
    {
        "from": str | None,
        "who": str,
    },
)


class AddonNeed(TypedDict):
    """A database, cache or other service that an application needs beside itself."""

    #: The environment variable that the application takes its address from, where that is known.
    env: str | None
    #: The file that says so.
    file: str
    #: What it is: ``postgresql``, ``mysql``, ``mongodb``, ``redis``, ...
    kind: str
    #: What in the file says so, such as "the dependency ``pg``".
    reason: str


#: Milliseconds since 1970-01-01 00:00 UTC.
Timestamp: TypeAlias = int


class ResourceLimits(TypedDict):
    """What a container may use."""

    #: Processors; 0.5 is half of one.
    cpus: NotRequired[float]
    #: Memory in bytes; going beyond ends the process.
    memory_bytes: NotRequired[int]
    #: Processes and threads.
    pids: NotRequired[int]


class UserSpec(TypedDict):
    """A user and group, by number."""

    #: Group id.
    gid: int
    #: User id.
    uid: int


#: The name of an app: a DNS label of at most 40 characters, so that it also fits into names of containers, networks and
#: image repositories.
AppName: TypeAlias = str


class VolumeSpec(TypedDict):
    """A folder of the app that outlives its releases."""

    #: Unique within the app.
    name: AppName
    #: Where the app finds it; absolute.
    path: str


class ReleaseConfig(TypedDict):
    """What the container of a release is made from, beside its image, its port and its ports of the host: enough to
    make it again, and to tell whether what runs is still the same. Secrets are references.
    """

    #: The command in place of the image's.
    command: list[str] | None
    #: Plain environment variables: the owner's, and what was planned.
    env: dict[str, str]
    #: Memory, processors, processes.
    resources: ResourceLimits
    #: Environment variables whose values are secrets.
    secrets: dict[str, Any]
    #: Runs as this user instead of the image's.
    user: UserSpec | None
    #: Folders that outlive a release.
    volumes: list[VolumeSpec]
    #: Folders in memory that the app writes to besides ``/tmp``.
    writable: list[str]


#: A SHA-256 digest.
Digest: TypeAlias = str

#: How much a diagnostic matters.
Severity: TypeAlias = Literal["info", "warning", "error"]


class Diagnostic(TypedDict):
    """Something a person should know about a detection or plan."""

    #: The values of the setting to choose from, where only a few can be right; empty when any may be.
    choices: list[str]
    #: A stable code, such as ``several-binaries``.
    code: str
    #: One sentence.
    message: str
    #: What to set, such as ``build.start``, where that would settle it.
    setting: str | None
    #: How bad it is.
    severity: Severity


class Evidence(TypedDict):
    """A conclusion and the file it rests on."""

    #: What was concluded, such as ``framework = fastapi``.
    fact: str
    #: The deciding file, relative to the root.
    file: str
    #: Why the file says so.
    reason: str


#: How a JavaScript application is served.
Variant: TypeAlias = Literal["spa", "ssr"]


class Detection(TypedDict):
    """A stack that fits a source tree, with the reasons."""

    #: How sure the generator is, from 0 to 1. Below 0.5 the answer is "unsure".
    confidence: float
    #: What is doubtful, and what would settle it.
    diagnostics: list[Diagnostic]
    #: Which files led to which conclusion.
    evidence: list[Evidence]
    #: The web framework, such as ``fastapi``.
    framework: str | None
    #: The package manager, such as ``pnpm``.
    package_manager: str | None
    #: Its version: the one that the project asks for, else the one that is used.
    package_manager_version: str | None
    #: The app's folder inside the tree, with ``/`` between its parts; empty when it is the root.
    root: str
    #: The stack, such as ``node``; the name of the generator that found it.
    stack: str
    #: Whether a JavaScript front end is served as files or rendered on a server.
    variant: Variant | None
    #: The version of the language or runtime, such as ``22`` or ``3.13``.
    version: str | None


class HealthSpec(TypedDict):
    """How the health of an app is judged: an HTTP request through the proxy."""

    #: Seconds that a new release has to become healthy.
    deadline_seconds: NotRequired[int]
    #: Seconds between probes of the running container.
    interval_seconds: NotRequired[int]
    #: The path to ask; detected when absent, else ``/``.
    path: NotRequired[str | None]
    #: Failed probes in a row that make it unhealthy.
    retries: NotRequired[int]
    #: The highest good status. Left at its default, any status below 500 is good where the path is only a guess.
    status_max: NotRequired[int]
    #: The lowest good status.
    status_min: NotRequired[int]
    #: Seconds after which a probe counts as failed.
    timeout_seconds: NotRequired[int]


#: The id of a job: ``job_`` and 20 characters (100 random bits).
JobId: TypeAlias = str


class HealthCheck(TypedDict):
    """How a container checks itself."""

    #: The check as an argument list, run inside the container without a shell; none when the image has nothing that
    #: could ask.
    command: list[str] | None
    #: Seconds between checks.
    interval_seconds: int
    #: Whether the path was found in the source or given. Otherwise it is ``/``, and ``command`` counts any answer that
    #: is no server error, because nobody knows whether the app has such a page.
    is_known: bool
    #: The path that answers with a good status.
    path: str
    #: Failed checks in a row that make the container unhealthy.
    retries: int
    #: Seconds at the start during which failures do not count.
    start_seconds: int
    #: Seconds after which a check counts as failed.
    timeout_seconds: int


class EnvNeed(TypedDict):
    """An environment variable that an application reads."""

    #: The file that reads or lists it.
    file: str
    #: Whether its name speaks for a secret, such as a key or a password.
    is_secret: bool
    #: Its name.
    name: str


class BuildStepWorkdir(TypedDict):
    """Sets the working folder."""

    workdir: str


class BuildStepEnvEnv(TypedDict):
    #: Why, for the comment; empty for none.
    reason: str
    #: Values by name.
    values: dict[str, str]


class BuildStepEnv(TypedDict):
    """Sets environment variables, with the reason."""

    env: BuildStepEnvEnv


#: Copies files of the tree, an earlier stage or another image.
CopySpec = TypedDict(
    "CopySpec",
    {
        "from": str | None,
        "reason": str,
        "sources": list[str],
        "target": str,
    },
)


class BuildStepCopy(TypedDict):
    """Copies files of the tree, of an earlier stage or of another image."""

    copy: CopySpec


class BuildStepPackagesPackages(TypedDict):
    #: Their names.
    names: list[str]
    #: Why, for the comment.
    reason: str


class BuildStepPackages(TypedDict):
    """Installs distribution packages."""

    packages: BuildStepPackagesPackages


class CacheMount(TypedDict):
    """A cache folder that outlives a build."""

    #: Identifies the cache; independent of paths. The name of the app is put before it.
    id: str
    #: Whether only one build at a time may use it.
    is_locked: bool
    #: Where the tool expects it.
    target: str


class RunSpec(TypedDict):
    """A command line of a build."""

    #: Cache folders, mounted where the builder can.
    caches: list[CacheMount]
    #: The command line for the classic builder, where it is another; empty leaves the step out.
    classic: str | None
    #: The command line for BuildKit.
    command: str
    #: Why, for the comment; empty for none.
    reason: str
    #: Names of build secrets that the command needs: each is a file below ``/run/secrets`` while it runs, and part of
    #: no layer. Only BuildKit has them.
    secrets: list[str]


class BuildStepRun(TypedDict):
    """Runs a command line."""

    run: RunSpec


#: One instruction of a stage.
BuildStep: TypeAlias = BuildStepWorkdir | BuildStepEnv | BuildStepCopy | BuildStepPackages | BuildStepRun


class Stage(TypedDict):
    """One stage of a multi-stage Dockerfile, as data."""

    #: Its base: an image with tag, or the name of an earlier stage.
    image: str
    #: Its name, such as ``build``.
    name: str
    #: Why this base, for the comment above ``FROM``.
    reason: str
    #: What happens in it, in order.
    steps: list[BuildStep]


class Plan(TypedDict):
    """Everything that the files are written from."""

    #: Databases and the like that the application seems to need.
    addons: list[AddonNeed]
    #: The build command line.
    build: str | None
    #: The start command as the image has it: an argument list, with a shell only where a variable needs one. Absent
    #: when the image brings its own, and when no start command is known.
    command: list[str] | None
    #: The name of the compose file; another than ``compose.yaml`` when the tree has a compose file of its own.
    compose_file: str
    #: The folder of the tree that is sent to the builder, with ``/`` between its parts; empty for the whole tree.
    context: str
    #: Files that byop adds to the build context, with their texts, such as a web server's configuration below
    #: ``.byop/``.
    context_files: dict[str, str]
    #: What a person should know.
    diagnostics: list[Diagnostic]
    #: The Dockerfile in the build context to use as it is, for the stacks ``dockerfile`` and ``compose``.
    dockerfile: str | None
    #: The public folder of a server-side application, such as ``public``.
    document_root: str | None
    #: The binary, script, module or package that is built or started.
    entry: str | None
    #: Environment variables of the running container.
    env: dict[str, str]
    #: The web framework.
    framework: str | None
    #: How the container checks itself.
    health: HealthCheck
    #: What ``.dockerignore`` leaves out beside what it always does.
    ignore: list[str]
    #: Whether unknown paths are answered with the index page (a router in the browser).
    index_fallback: bool
    #: The install command line.
    install: str | None
    #: Files of the tree that stay as they are, with their texts: an own Dockerfile or ``.dockerignore``.
    kept: dict[str, str]
    #: The package manager.
    package_manager: str | None
    #: Its version: the one that the project asks for, else the one that is used.
    package_manager_version: str | None
    #: The port that the application listens on.
    port: int
    #: Further processes by name, from a Procfile: command lines beside ``web``. ``release`` is meant to be run once
    #: before a release starts.
    processes: dict[str, str]
    #: Environment variables that the application reads and that have no value yet.
    required_env: list[EnvNeed]
    #: The app's folder inside the tree, with ``/`` between its parts; empty when it is the root.
    root: str
    #: The stack, such as ``node``.
    stack: str
    #: The build stages, in order; the last is the run stage. Empty for an own Dockerfile.
    stages: list[Stage]
    #: The start command line, as a person would type it.
    start: str | None
    #: The folder of built or given files that a web server serves.
    static_dir: str | None
    #: The signal that asks the application to stop, where its server wants another than SIGTERM.
    stop_signal: str | None
    #: The user that the container runs as; absent for an own Dockerfile that does not name one by number.
    user: UserSpec | None
    #: How a JavaScript application is served.
    variant: Variant | None
    #: The version of the language or runtime.
    version: str | None
    #: Folders that outlive a release: those that an own Dockerfile declares as ``VOLUME``.
    volumes: list[VolumeSpec]
    #: Absolute folders that the application writes to besides ``/tmp``, and whose contents need not last.
    writable: list[str]


#: What carries the bytes of a port. TCP and UDP ports of the same number have nothing to do with one another.
Protocol: TypeAlias = Literal["tcp", "udp"]


class PublishedPort(TypedDict):
    """A port of an app with the port of the host that leads to it."""

    #: The port of the container.
    container_port: int
    #: The port of the host.
    host_port: int
    #: Its name in the app's spec.
    name: AppName
    #: TCP or UDP.
    protocol: Protocol


class Release(TypedDict):
    """A numbered, immutable version of an app: image, plan and configuration."""

    #: What its container is made from; none of a release that an earlier version of byop has made.
    config: ReleaseConfig | None
    #: Digest of everything that the container is made from. Equal digests mean nothing to do.
    config_digest: Digest
    #: When it was made.
    created_at: Timestamp
    #: What the source was found to be; none for a prebuilt image.
    detection: Detection | None
    #: How its health is judged: what its owner says, and the app itself where the owner does not.
    health: HealthSpec | None
    #: The health path.
    health_path: str
    #: The image's name.
    image: str
    #: The image's id on the engine.
    image_id: str
    #: The job that made it.
    job: JobId | None
    #: Counted from 1 within the app.
    number: int
    #: How it was built; none for a prebuilt image.
    plan: Plan | None
    #: The port that it listens on.
    port: int
    #: The ports of the host that lead into it, beside HTTP.
    ports: list[PublishedPort]
    #: The secrets that it was given, each with what tells that value from others and nothing more; none for one that
    #: was given by an engine without a keyring.
    secret_versions: dict[str, str | None]
    #: Digest of the source tree; none for a prebuilt image.
    source_digest: Digest | None


class PackagesSpec(TypedDict):
    """Packages of the distribution that an image is based on, by their names there."""

    #: Needed to install and build, such as ``libpq-dev``.
    build: NotRequired[list[str]]
    #: Needed to run, such as ``libpq5``.
    run: NotRequired[list[str]]


class BuildSpec(TypedDict):
    """Overrides of what detection found about the build. Absent: as detected."""

    #: The build command line.
    build: NotRequired[str | None]
    #: Processor limit of the build; 0 is none.
    cpus: NotRequired[float]
    #: The public folder of a server-side application, relative to the app's folder, such as ``public``.
    document_root: NotRequired[str | None]
    #: The web framework, such as ``fastapi``.
    framework: NotRequired[str | None]
    #: Base images to use in place of those that the table names, such as a mirror's.
    images: NotRequired[dict[str, str]]
    #: Whether unknown paths are answered with the index page (a router in the browser).
    index_fallback: NotRequired[bool | None]
    #: The install command line.
    install: NotRequired[str | None]
    #: Memory limit of the build, in bytes; 0 is none.
    memory_bytes: NotRequired[int]
    #: The package manager, such as ``pnpm``.
    package_manager: NotRequired[str | None]
    #: Packages of the distribution, added to those that detection found.
    packages: NotRequired[PackagesSpec]
    #: The folder of the application, where a repository has several; relative to its root.
    root: NotRequired[str | None]
    #: Names of build secrets that installing and building need. Each is a file ``/run/secrets/<name>`` meanwhile, and
    #: part of no layer.
    secrets: NotRequired[list[str]]
    #: The generator to use, by name, such as ``node``.
    stack: NotRequired[str | None]
    #: The start command line.
    start: NotRequired[str | None]
    #: The folder of built files that a web server serves, relative to the app's folder, such as ``dist``.
    static_dir: NotRequired[str | None]
    #: The version of the language.
    version: NotRequired[str | None]


#: A host name in lower case, such as ``shop.example.com`` (RFC 1123; at most 253 characters).
DomainName: TypeAlias = str


class PortSpec(TypedDict):
    """A port of an app that clients reach directly, not through the proxy: raw TCP or UDP."""

    #: The port that the app listens on, inside its container.
    container_port: int
    #: The port of the host; the engine chooses one when absent.
    host_port: NotRequired[int | None]
    #: Unique within the app.
    name: AppName
    #: TCP unless said otherwise.
    protocol: NotRequired[Protocol]


#: The name of an environment variable (POSIX: letters, digits and ``_``, not starting with a digit).
EnvName: TypeAlias = str

#: What an app speaks behind the proxy.
BackendProtocol: TypeAlias = Literal["http", "h2c"]


class RateLimit(TypedDict):
    """How many requests one address may send."""

    #: Requests in a period, in the long run.
    average: int
    #: Requests at once.
    burst: NotRequired[int]
    #: Seconds of the period.
    period_seconds: NotRequired[int]


class RoutingSpec(TypedDict):
    """How requests reach an app. WebSockets pass without a setting."""

    #: Addresses and networks, such as ``203.0.113.7`` or ``10.0.0.0/8``, that may enter; others get 403. Empty: all.
    allowed_ips: NotRequired[list[str]]
    #: Who may enter, as lines of ``htpasswd -B``: ``name:$2y$...``. Only bcrypt of cost 10 and more is taken: such a
    #: hash is made to be stored as plain data, weaker ones and plain passwords are refused. The app does not see the
    #: credentials.
    basic_auth: NotRequired[list[str]]
    #: The largest request body; larger ones are answered with 413. Requests and answers are then read as a whole before
    #: they are passed on, so this is not for apps that stream.
    body_limit_bytes: NotRequired[int | None]
    #: Compresses answers for browsers that ask for it; streams of events are left as they are.
    compress: NotRequired[bool]
    #: Seconds between the moment new requests go to the new release and the stop of the old one.
    drain_seconds: NotRequired[int]
    #: Headers that every answer gets, in place of those of the same name. An empty value takes a header away.
    headers: NotRequired[dict[str, str]]
    #: Answers plain HTTP with a redirect (301) to HTTPS. Off until certificates are set up.
    https_redirect: NotRequired[bool]
    #: Only requests to this path and below it, such as ``/shop``, reach the app. Probes of a new release ask the app
    #: directly.
    path_prefix: NotRequired[str | None]
    #: What the app speaks behind the proxy.
    protocol: NotRequired[BackendProtocol]
    #: Requests that one address may send; more are answered with 429.
    rate_limit: NotRequired[RateLimit | None]
    #: Adds ``X-Content-Type-Options``, ``X-Frame-Options`` and ``Referrer-Policy``, and with ``https_redirect`` also
    #: ``Strict-Transport-Security``.
    security_headers: NotRequired[bool]
    #: The name of a cookie that leads a browser back to the same container.
    sticky: NotRequired[str | None]
    #: Takes the prefix off before the app sees the path. The app is told it in ``X-Forwarded-Prefix``.
    strip_prefix: NotRequired[bool]


class SourceDirectory(TypedDict):
    """A folder on this machine."""

    directory: str


class Archive(TypedDict):
    """An archive file."""

    #: The file.
    path: str


class SourceArchive(TypedDict):
    """A ``.tar``, ``.tar.gz``, ``.tgz`` or ``.zip`` file on this machine."""

    archive: Archive


#: The name under which a ``SecretSource`` knows a secret. This is what specs and stores hold.
SecretRef: TypeAlias = str


class GitSource(TypedDict):
    """A Git repository and what to take from it."""

    #: For ``https``, a PEM file with the authorities to trust: what a server with a private one needs.
    ca_file: NotRequired[str | None]
    #: The token or password for ``https``, by name; ``user:token`` where the server wants a user of its own.
    credential: NotRequired[SecretRef | None]
    #: For ``ssh``, the private key, by name: in OpenSSH's or PEM form and without a passphrase. With it, neither other
    #: keys nor the ssh configuration of the user that runs byop count; without it, both do.
    identity: NotRequired[SecretRef | None]
    #: For ``ssh``, the file with the keys of hosts to trust, as in ``known_hosts``; the one of the user that runs byop
    #: when absent. A host whose key is not there is refused in any case.
    known_hosts: NotRequired[str | None]
    #: A branch, tag or full commit id; the default branch when absent.
    reference: NotRequired[str | None]
    #: ``https://``, ``ssh://``, ``git@host:path``, or a local path. Never with credentials in it.
    url: str


class SourceGit(TypedDict):
    """A Git repository."""

    git: GitSource


#: A reference to an image: ````registry/``repository``:tag````@digest````.
ImageRef: TypeAlias = str


class SourceImage(TypedDict):
    """An image that the host's engine has or can pull; detection and build are left out."""

    image: ImageRef


#: Where an application comes from.
Source: TypeAlias = SourceDirectory | SourceArchive | SourceGit | SourceImage


class AppSpec(TypedDict):
    """An application as its owner wants it: the input of preview and deploy."""

    #: The add-ons that it needs, by kind, such as ``postgresql``: in place of those detected. An empty list is none.
    addons: NotRequired[list[str] | None]
    #: Overrides of what detection found.
    build: NotRequired[BuildSpec]
    #: Host names at which it answers. None: reachable by no one but the engine.
    domains: NotRequired[list[DomainName]]
    #: Plain environment variables.
    env: NotRequired[dict[str, Any]]
    #: How its health is judged.
    health: NotRequired[HealthSpec]
    #: Unique within a store.
    name: AppName
    #: The port it listens on; detected when absent.
    port: NotRequired[int | None]
    #: Ports beside HTTP that lead straight into it.
    ports: NotRequired[list[PortSpec]]
    #: Further processes by name, with their command lines: added to those of a Procfile, or in their place. An empty
    #: line takes one away. ``web`` is the start command.
    processes: NotRequired[dict[str, str]]
    #: The environment variables that it cannot do without: in place of those detected.
    required_env: NotRequired[list[EnvName] | None]
    #: Memory, processors, processes.
    resources: NotRequired[ResourceLimits]
    #: How requests reach it.
    routing: NotRequired[RoutingSpec]
    #: Environment variables whose values are secrets, by reference.
    secrets: NotRequired[dict[str, Any]]
    #: Where its files come from.
    source: Source
    #: Runs as this user instead of the image's.
    user: NotRequired[UserSpec | None]
    #: Folders that outlive a release.
    volumes: NotRequired[list[VolumeSpec]]
    #: Absolute folders that it writes to besides ``/tmp``, and whose contents need not last: added to those detected.
    writable: NotRequired[list[str]]


#: Whether an app runs.
AppState: TypeAlias = Literal["running", "unhealthy", "stopped", "absent"]


class App(TypedDict):
    """An app as stored: the wanted state and the release that serves."""

    #: When it was made.
    created_at: Timestamp
    #: The release that serves; none before the first success.
    current: Release | None
    #: The host it runs on.
    host: str
    #: Its name.
    name: AppName
    #: The number that the next release gets; never given twice.
    next_release: int
    #: What was last asked for and came to serve.
    spec: AppSpec
    #: When it last changed.
    updated_at: Timestamp
    #: Whether its owner wants it to run.
    wanted: AppState


class PortBinding(TypedDict):
    """A port of the host that leads to a port of a container."""

    #: The port of the container.
    container_port: int
    #: The address of the host to listen on, such as ``127.0.0.1``.
    host_ip: str
    #: The port of the host; 0 lets the engine choose.
    host_port: int
    #: TCP unless said otherwise.
    protocol: Protocol


#: What a container is doing.
ContainerState: TypeAlias = Literal["created", "running", "paused", "restarting", "exited", "dead"]


class ContainerInfo(TypedDict):
    """A container as the engine sees it."""

    #: Its addresses, by network.
    addresses: dict[str, str]
    #: When it was made.
    created_at: Timestamp | None
    #: The engine's own error, such as a missing program.
    error: str
    #: The exit code of the last run; meaningful when it has exited.
    exit_code: int
    #: ``true`` or ``false`` once the engine's check has decided; ``None`` without a check or before.
    healthy: bool | None
    #: The engine's id.
    id: str
    #: The image, as it was asked for.
    image: str
    #: The id of the image that really runs.
    image_id: str
    #: Its labels.
    labels: dict[str, str]
    #: Its name, without a leading slash.
    name: str
    #: Whether the last run was ended for using too much memory.
    oom_killed: bool
    #: Published ports.
    ports: list[PortBinding]
    #: How often the engine has restarted it.
    restarts: int
    #: When its last run began; none before the first.
    started_at: Timestamp | None
    #: What it is doing.
    state: ContainerState


class AppReport(TypedDict):
    """An app with what really runs of it."""

    #: As stored.
    app: App
    #: The containers of the app, as observed; the serving one first.
    containers: list[ContainerInfo]
    #: The ports of the host that are the app's.
    ports: list[PublishedPort]
    #: As observed.
    state: AppState
    #: The URL at which it answers; none without a domain.
    url: str | None


#: The id of a client, the business that uses the platform: by the same rule as the name of an app, so that it is good
#: as a DNS label and in the name of an image.
ClientId: TypeAlias = str


class AuditRecord(TypedDict):
    """An entry as it is kept. Each holds the hash of the one before, so that a change or a gap shows."""

    #: What, as ``noun.verb``, such as ``job.create``.
    action: str
    #: By whom, when the embedding program said so.
    actor: Actor | None
    #: Whose it is; none when it is the platform's.
    client: ClientId | None
    #: More, as JSON. Never a secret.
    details: Any
    #: The SHA-256 of the JSON of position, time, entry and previous hash.
    hash: Digest
    #: The digest of the plan that was carried out.
    plan: Digest | None
    #: Counted from 1 over the whole store.
    position: int
    #: The hash of the record before; none for the first.
    previous: Digest | None
    #: What came of it, such as ``succeeded``.
    result: str | None
    #: To what, such as ``app/shop``.
    subject: str
    #: When.
    time: Timestamp


class AuditReport(TypedDict):
    """What a walk through the whole audit found: that it is as it was written."""

    #: The hash of the last; none without records. Kept elsewhere, it shows later whether the end was cut off.
    last: Digest | None
    #: How many records there are.
    records: int


#: What the caller can do about an error.
ErrorKind: TypeAlias = Literal[
    "invalid_input",
    "not_found",
    "already_exists",
    "conflict",
    "unauthenticated",
    "permission_denied",
    "quota_exceeded",
    "rate_limited",
    "unavailable",
    "timeout",
    "unsupported",
    "unhealthy",
    "cancelled",
    "lease_lost",
    "corrupt",
    "internal",
]


class Duration(TypedDict):
    nanos: int
    secs: int


class RetryAfter(TypedDict):
    """Try again, but not before this much time has passed."""

    after: Duration


#: Whether and when doing the same again can help.
Retry: TypeAlias = Literal["never", "now", "exhausted"] | RetryAfter


class ErrorReport(TypedDict):
    """An ``Error`` as plain data. Context is a list of pairs to keep its order."""

    #: The chain of underlying errors, outermost first.
    causes: list[str]
    #: Facts, in the order in which they were added.
    context: list[list[str]]
    #: What the caller can do about it.
    kind: ErrorKind
    #: One sentence.
    message: str
    #: ``noun.verb``.
    operation: str
    #: What the user can do.
    remedy: str | None
    #: Whether doing the same again can help.
    retry: Retry


#: How far a build is. A build passes through the first four in this order, perhaps not all of them, and ends in one of
#: the others.
BuildState: TypeAlias = Literal["pending", "fetching", "building", "pushing", "success", "failed", "cancelled"]


class BuildReport(TypedDict):
    """A build: the part of a deployment that makes an image from a source. Its log is in the events of its job."""

    #: The app.
    app: AppName
    #: How often the build was begun; more than once after the engine was ended at it.
    attempt: int
    #: Whose it is; none when it is the platform's.
    client: ClientId | None
    #: Why it failed or was cancelled.
    error: ErrorReport | None
    #: When it ended.
    finished_at: Timestamp | None
    #: The image's name, once it is built.
    image: str | None
    #: The image's id on the engine, once it is built.
    image_id: str | None
    #: The job that it is part of.
    job: JobId
    #: When it was asked for.
    requested_at: Timestamp
    #: The commit, for a source from Git that is fetched.
    revision: str | None
    #: The digest of the source tree, once it is fetched.
    source_digest: Digest | None
    #: When work on it began.
    started_at: Timestamp | None
    #: How far it is.
    state: BuildState


#: Which builder reads a Dockerfile.
Builder: TypeAlias = Literal["build_kit", "classic"]

#: What kind of thing an object is.
ObjectKind: TypeAlias = Literal["container", "image", "network", "volume", "route"]


class CensusObject(TypedDict):
    """Something on a host."""

    #: The app that its label names; none for a proxy.
    app: str | None
    #: The host.
    host: str
    #: The job that its label names: the one that made it.
    job: str | None
    #: What it is.
    kind: ObjectKind
    #: Its name.
    name: str
    #: Why it is listed, for people.
    reason: str
    #: The release that its label names.
    release: int | None


class Census(TypedDict):
    """What a count of labelled objects found. Nothing is changed by it."""

    #: Objects that the store knows and that are not there.
    missing: list[CensusObject]
    #: Objects that carry byop's label and that the store does not know.
    unknown: list[CensusObject]
    #: Hosts that could not be asked: of them nothing is said.
    unreachable: list[str]


#: What happens to a part.
ChangeAction: TypeAlias = Literal["add", "change", "remove"]

#: A part of an app that can change.
ChangedPart: TypeAlias = Literal[
    "app",
    "source",
    "build",
    "image",
    "env",
    "secret",
    "port",
    "volume",
    "domain",
    "routing",
    "health",
    "resources",
    "setting",
    "container",
]

#: One thing that a deployment would change.
Change = TypedDict(
    "Change",
    {
        "action": ChangeAction,
        "from": str | None,
        "name": str,
        "part": ChangedPart,
        "to": str | None,
    },
)


class ClaimedRuns(TypedDict):
    """Times that an engine has taken."""

    #: The times.
    due: list[Timestamp]
    #: The engine.
    owner: str
    #: Until when the others wait for it.
    until: Timestamp


#: An e-mail address as it stands in a mail's envelope, such as ``ops@acme.example``: without a name beside it, quotes
#: or comments.
EmailAddress: TypeAlias = str


class ClientLimits(TypedDict):
    """How much a client may have. Nothing named: as much as it likes."""

    #: Apps.
    apps: NotRequired[int | None]


#: How a client stands with the platform.
ClientState: TypeAlias = Literal["active", "suspended", "deleted"]


class Client(TypedDict):
    """A client as stored."""

    #: When it was made.
    created_at: Timestamp
    #: Where to reach it.
    email: EmailAddress
    #: Its id.
    id: ClientId
    #: How much it may have.
    limits: ClientLimits
    #: Its name, for people.
    name: str
    #: How it stands with the platform.
    state: ClientState
    #: When it last changed.
    updated_at: Timestamp


class ClientSpec(TypedDict):
    """A client to make, or what a client is to become."""

    #: Where to reach it.
    email: EmailAddress
    #: Its id: good as a DNS label and in the name of an image, and never given twice.
    id: ClientId
    #: How much it may have.
    limits: NotRequired[ClientLimits]
    #: Its name, for people.
    name: str
    #: Whether its work is done.
    state: NotRequired[ClientState]


class CloudCapabilities(TypedDict):
    """What a provider does otherwise than others. What it cannot do at all it has no sub-port for."""

    #: Servers have addresses of version 6.
    ipv6: bool
    #: It makes one server of one key by itself, however often it is asked. Without this a lost answer is followed by
    #: looking for the key as long as its lists may be late.
    keyed_create: bool
    #: Servers keep the labels of their spec. Their name and key they keep in any case.
    labels: bool
    #: How long, in seconds, a thing that was made may be missing from lists.
    list_lag_seconds: int
    #: The most bytes of user data that it takes.
    max_user_data: int
    #: Servers can be given another size.
    resize: bool


#: What a part of an app is.
ComponentKind: TypeAlias = Literal["web", "worker", "addon"]


class Component(TypedDict):
    """A part of an app: the process that answers requests, one beside it, or an add-on that it needs."""

    #: The app.
    app: AppName
    #: The command line, where it is known.
    command: str | None
    #: The image, where the app's own is used.
    image: str | None
    #: Whether requests from outside reach it.
    is_public: bool
    #: What it is.
    kind: ComponentKind
    #: Its name, unique within the app for its kind.
    name: str
    #: The port that it listens on.
    port: int | None
    #: How it is; none for a part that this engine does not run.
    state: AppState | None


class ContainerStats(TypedDict):
    """What a container uses at one moment."""

    #: Bytes read from disk since the start; 0 where the kernel does not count.
    block_read_bytes: int
    #: Bytes written to disk since the start; 0 where the kernel does not count.
    block_write_bytes: int
    #: The container's name.
    container: str
    #: Processor time since the start, in nanoseconds.
    cpu_nanos: int
    #: Share of one processor in percent: 150 is one and a half. Since the last reading by the same client, or since the
    #: start.
    cpu_percent: float
    #: Memory in use in bytes, without the page cache that can be reclaimed.
    memory_bytes: int
    #: The memory limit in bytes.
    memory_limit_bytes: int
    #: Bytes received since the start.
    network_rx_bytes: int
    #: Bytes sent since the start.
    network_tx_bytes: int
    #: Processes and threads.
    pids: int


class ContainerSummary(TypedDict):
    """A line of a list of containers."""

    #: The engine's id.
    id: str
    #: The image, as it was asked for.
    image: str
    #: The id of the image that it was made from.
    image_id: str
    #: Its labels.
    labels: dict[str, str]
    #: Its name.
    name: str
    #: The networks that it is in, running or not: name to the network's id.
    networks: dict[str, str]
    #: Published ports.
    ports: list[PortBinding]
    #: What it is doing.
    state: ContainerState
    #: The volumes that it mounts, by name.
    volumes: list[str]


#: The id of a customer: ``cus_`` and 24 characters; those of later customers come first in order.
CustomerId: TypeAlias = str


class Customer(TypedDict):
    """A customer as stored."""

    #: The client whose customer it is.
    client: ClientId
    #: When it was made.
    created_at: Timestamp
    #: Where to reach it.
    email: EmailAddress | None
    #: Its id.
    id: CustomerId
    #: Its name, for people.
    name: str
    #: What the client's own system calls it.
    reference: str | None
    #: When it last changed.
    updated_at: Timestamp


class CustomerSpec(TypedDict):
    """A customer to make, or what a customer is to become."""

    #: The client whose customer it is.
    client: ClientId
    #: Where to reach it.
    email: NotRequired[EmailAddress | None]
    #: Its name, for people.
    name: str
    #: What the client's own system calls it.
    reference: NotRequired[str | None]


#: What becomes of an app's volumes.
Data: TypeAlias = Literal["keep", "delete"]

#: How far a deployment is.
DeploymentState: TypeAlias = Literal["serving", "unchanged"]


class Deployment(TypedDict):
    """A release on a host."""

    #: The app.
    app: AppName
    #: The container.
    container: str
    #: The host.
    host: str
    #: The number of the release.
    release: int
    #: How far it is.
    state: DeploymentState
    #: The URL at which it answers; none without a domain.
    url: str | None


class DeploymentReport(TypedDict):
    """A release on a host: what was wanted from the store, what runs from the host."""

    #: The host's address, where the platform rented it.
    address: str | None
    #: The app.
    app: AppName
    #: Whose it is; none when it is the platform's.
    client: ClientId | None
    #: Digest of everything that the container is made from, of the current release.
    config_digest: Digest | None
    #: The container's name.
    container: str
    #: When the current release was made.
    deployed_at: Timestamp | None
    #: The host names that lead to it; none but for the current release.
    domains: list[DomainName]
    #: The host.
    host: str
    #: The image's name, of the current release.
    image: str | None
    #: The image's id on the engine: of the container, if there is one.
    image_id: str
    #: Whether this is the release that requests go to.
    is_current: bool
    #: The number of the release, where the container says so.
    release: int | None
    #: How the container is.
    state: AppState
    #: The URL at which it answers; none without a domain.
    url: str | None


#: The name of a record, in lower case and without a dot at its end: a host name such as ``www.example.com``, in which
#: labels may begin with ``_``, and the first label may be ``*``.
DnsName: TypeAlias = str


class DnsRecordKindOther(TypedDict):
    """Another kind, in upper case, such as ``MX``: byop shows it and never writes it."""

    other: str


#: What a record says.
DnsRecordKind: TypeAlias = Literal["a", "aaaa", "cname", "txt"] | DnsRecordKindOther


class DnsRecord(TypedDict):
    """The set of records that share a name and a kind."""

    #: The kind.
    kind: DnsRecordKind
    #: The whole name.
    name: DnsName
    #: How long others may keep it, in seconds.
    ttl_seconds: int
    #: The values, in any order: addresses, one host name without a dot at its end, or texts without quotes.
    values: list[str]


class Domain(TypedDict):
    """A host name that an app has, so that no other gets it."""

    #: The app that answers at it, or is about to.
    app: AppName
    #: The host name.
    name: DomainName


#: The kinds of difference.
DriftKind: TypeAlias = Literal[
    "host_unknown",
    "host_unreachable",
    "proxy_missing",
    "proxy_stopped",
    "proxy_changed",
    "container_missing",
    "container_renamed",
    "container_stopped",
    "container_paused",
    "container_restarting",
    "container_unhealthy",
    "container_running",
    "image_changed",
    "image_missing",
    "image_retagged",
    "env_changed",
    "labels_changed",
    "command_changed",
    "entrypoint_changed",
    "user_changed",
    "ports_changed",
    "mounts_changed",
    "tmpfs_changed",
    "limits_changed",
    "root_changed",
    "capabilities_changed",
    "box_opened",
    "restart_policy_changed",
    "health_check_changed",
    "init_changed",
    "secret_unknown",
    "network_missing",
    "network_foreign",
    "network_changed",
    "container_disconnected",
    "network_added",
    "proxy_disconnected",
    "network_intruder",
    "volume_missing",
    "volume_replaced",
    "volume_shared",
    "route_missing",
    "route_changed",
    "route_unwanted",
    "route_foreign",
    "candidate_left",
    "second_copy",
    "release_unknown",
    "foreign_copy",
]

#: What makes a difference right again, in the order in which a repair does it.
RepairStep: TypeAlias = Literal[
    "replace_proxy",
    "start_proxy",
    "name_image",
    "replace",
    "start",
    "stop",
    "join_proxy",
    "apply_route",
    "remove_copies",
    "deploy",
    "decide",
]


class Drift(TypedDict):
    """One difference."""

    #: The app; none for a host and its proxy.
    app: AppName | None
    #: What should be. Values of environment variables are never shown.
    expected: str
    #: What is.
    found: str
    #: The host.
    host: str
    #: What kind of difference it is.
    kind: DriftKind
    #: What differs: the name of a container, network, volume, image or route.
    object: str
    #: What makes it right again.
    repair: RepairStep
    #: How much it matters.
    severity: Severity


class DriftReport(TypedDict):
    """What a comparison found."""

    #: The apps that were compared, in order of name.
    apps: list[AppName]
    #: Apps that were left out because a job works on them: what there is of them is about to change.
    busy: list[AppName]
    #: When it began.
    checked_at: Timestamp
    #: The differences, in order of app and kind; those of hosts and their proxies come first.
    findings: list[Drift]


#: How far a job is.
JobState: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class EventBodyJob(TypedDict):
    """The job changed its state."""

    #: Why it failed.
    error: ErrorReport | None
    #: The new state.
    state: JobState
    type: Literal["job"]


class EventBodyStepStarted(TypedDict):
    """A step begins."""

    #: What it is about to do, for people.
    message: str
    #: The stage.
    stage: str
    type: Literal["step_started"]


class EventBodyStepFinished(TypedDict):
    """A step ended."""

    #: Milliseconds that it took; 0 when a recorded answer was used.
    millis: int
    #: Whether the answer had been recorded by an earlier run.
    replayed: bool
    #: The stage.
    stage: str
    type: Literal["step_finished"]


class EventBodyDetected(TypedDict):
    """The source was understood."""

    #: What it was found to be.
    detection: Detection
    #: How it will be built.
    plan: Plan
    type: Literal["detected"]


class EventBodyLog(TypedDict):
    """A line of output, of a build or of the application."""

    #: The line.
    line: str
    #: The stage.
    stage: str
    type: Literal["log"]


class Progress(TypedDict):
    """How far a step is."""

    #: Done so far.
    current: int
    #: What is being done, for people.
    message: str
    #: The stage.
    stage: str
    #: In all; 0 when unknown.
    total: int


class EventBodyProgress(Progress):
    """A step moved on."""

    type: Literal["progress"]


class EventBodyWarning(TypedDict):
    """Something that a person should know."""

    #: One sentence.
    message: str
    type: Literal["warning"]


class EventBodyDeployed(Deployment):
    """A release serves."""

    type: Literal["deployed"]


#: What happened.
EventBody: TypeAlias = (
    EventBodyJob
    | EventBodyStepStarted
    | EventBodyStepFinished
    | EventBodyDetected
    | EventBodyLog
    | EventBodyProgress
    | EventBodyWarning
    | EventBodyDeployed
)


class Event(TypedDict):
    """Something that happened in a job."""

    #: What.
    body: EventBody
    #: The job.
    job: JobId
    #: Counted from 1 over all jobs of what the job works on; the cursor for reading those on.
    position: int
    #: Counted from 1 within the job, without gaps; the cursor for reading on.
    sequence: int
    #: When.
    time: Timestamp


class GeneratedFile(TypedDict):
    """One generated file."""

    #: Its text.
    contents: str
    #: Whether the tree had such a file already, which stays as it is and is not replaced.
    kept: bool


#: Files by relative path, in order of path.
FileSet: TypeAlias = dict[str, GeneratedFile]

#: The provider's id of a firewall.
FirewallId: TypeAlias = str


class FirewallRule(TypedDict):
    """Something that may reach a server."""

    #: The port.
    port: int
    #: The protocol.
    protocol: Protocol
    #: Networks in CIDR notation, such as ``203.0.113.0/24``; empty lets in everyone.
    sources: list[str]


#: The provider's id of a region, such as ``fra1``.
RegionId: TypeAlias = str


class FirewallSpec(TypedDict):
    """A filter of traffic to make: it lets in what its rules name and nothing else, and everything out."""

    #: As that of ``ServerSpec``: the same key is the same firewall.
    key: str
    #: The name of the server that it is for.
    name: str
    #: Where.
    region: RegionId
    #: What it lets in.
    rules: list[FirewallRule]


#: What a job does.
JobKind: TypeAlias = Literal[
    "deploy",
    "rollback",
    "stop",
    "start",
    "restart",
    "remove",
    "repair",
    "create_server",
    "destroy_server",
]

#: What a job works on. Two jobs never work on one subject at the same time.
Subject: TypeAlias = str


class Job(TypedDict):
    """A piece of work that outlives the call that asked for it."""

    #: Who asked for it, when the embedding program said so.
    actor: Actor | None
    #: Whether it was asked to end. Only ``Store::request_cancel`` sets it.
    cancel_requested: bool
    #: Whose it is; none when it is the platform's.
    client: ClientId | None
    #: When it was asked for.
    created_at: Timestamp
    #: When it fails for lack of time.
    deadline: Timestamp | None
    #: Why it failed.
    error: ErrorReport | None
    #: When it ended.
    finished_at: Timestamp | None
    #: Its id.
    id: JobId
    #: What it was asked to do with, as JSON.
    input: Any
    #: What it does.
    kind: JobKind
    #: What came out, as JSON, when it succeeded.
    output: Any
    #: The digest of the plan that it carries out, when it was asked for with one.
    plan: Digest | None
    #: How far it is.
    state: JobState
    #: The stage of the step that was begun last. Only ``Store::put_steps`` sets it.
    step: str | None
    #: What it works on.
    subject: Subject


#: Tells keys apart: derived from the key, and no help in finding it.
KeyId: TypeAlias = str


class KeyRotation(TypedDict):
    """What a change of keys has done."""

    #: Secrets that were under this key already.
    kept: int
    #: The key under which every secret is now.
    key: KeyId
    #: Secrets that were sealed anew.
    resealed: int


#: The place of a line in a container's log, finer than its time. Text in JSON, where numbers are too coarse.
LogCursor: TypeAlias = str

#: Where a log line came from.
LogStream: TypeAlias = Literal["stdout", "stderr"]


class LogLine(TypedDict):
    """One line of a container's log."""

    #: The container's name.
    container: str
    #: Its place, for ``after``.
    cursor: LogCursor
    #: Where it came from.
    stream: LogStream
    #: The text, without its line end.
    text: str
    #: When the engine read it.
    time: Timestamp


class MissedRunsSkip(TypedDict):
    """They are left out."""

    type: Literal["skip"]


class MissedRunsRunOnce(TypedDict):
    """However many they are, there is one run for all of them."""

    type: Literal["run_once"]


class MissedRunsRunAll(TypedDict):
    """There is a run for each of them, the latest ones if there are more."""

    #: At most so many; 1 to 100.
    most: int
    type: Literal["run_all"]


#: What happens to times at which no engine ran, and which are over by more than a minute.
MissedRuns: TypeAlias = MissedRunsSkip | MissedRunsRunOnce | MissedRunsRunAll

#: A change of the power state.
PowerAction: TypeAlias = Literal["start", "stop", "restart"]


class Question(TypedDict):
    """A question whose answer settles something that the tree does not say. The answer is given by setting
    ``setting`` in the spec of the app, or in its ``byop.yaml``; then it is not asked again.
    """

    #: The values to choose from; empty when any may be right.
    choices: list[str]
    #: The code of the diagnostic that it comes from, such as ``unsure``.
    code: str
    #: What the answer is given to, such as ``build.start``; ``env.<NAME>`` or ``secrets.<NAME>`` for a variable.
    setting: str
    #: ``Error``: nothing can be deployed before it is answered.
    severity: Severity
    #: What is used when nobody answers; none when there is nothing to use.
    suggested: str | None
    #: What is not known, in one sentence.
    text: str


class Preview(TypedDict):
    """A detection, the plan that follows from it and the files that the plan is written to."""

    #: What the tree was found to be.
    detection: Detection
    #: Dockerfile, ``.dockerignore``, compose file and what these need.
    files: FileSet
    #: How it is built and started.
    plan: Plan
    #: What a person can be asked, those questions first without whose answer nothing is deployed.
    questions: list[Question]
    #: The spec with what the ``byop.yaml`` of the tree adds to it: what a deployment runs by.
    spec: NotRequired[AppSpec | None]


class PreviewAppSpec(TypedDict):
    """A preview app to make: another app with the spec of one that is there."""

    #: The host name at which it answers, in place of those of the app; none when absent.
    domain: NotRequired[DomainName | None]
    #: Seconds that it lives, at most 90 days.
    lifetime_seconds: int
    #: Its own name, which no other app has.
    name: AppName
    #: The app that it is a preview of.
    of: AppName
    #: A branch, tag or commit of the app's Git source; that of the app when absent.
    reference: NotRequired[str | None]


class PreviewApp(TypedDict):
    """A preview app as stored. What runs of it is an app of its name."""

    #: Whose it is; none when it is the platform's.
    client: ClientId | None
    #: When it was made.
    created_at: Timestamp
    #: When it is removed with its data.
    expires_at: Timestamp
    #: The job that deploys it.
    job: JobId
    #: What was asked for.
    spec: PreviewAppSpec


class Price(TypedDict):
    """An amount of money, exact."""

    #: ISO 4217, such as ``EUR``.
    currency: str
    #: Millionths of the currency's unit.
    micros: int


class Proposal(TypedDict):
    """What a deployment would change. It is good for as long as neither the app nor its source changes."""

    #: The app.
    app: AppName
    #: What would change, in the order in which it would. Empty: nothing.
    changes: list[Change]
    #: The digest of all of this, which names the proposal.
    digest: Digest
    #: The release that serves; none before the first.
    serving: int | None
    #: The source as it was read; none for a prebuilt image.
    source: Digest | None
    #: What is wanted.
    spec: AppSpec
    #: The version of the app's record that it was made from; none for an app that is not there yet.
    version: int | None


#: How far a server of the platform is.
ProvisionState: TypeAlias = Literal["creating", "ready", "removing"]


class RebuiltApp(TypedDict):
    """An app that was found again."""

    #: Its name.
    app: AppName
    #: Its host.
    host: str
    #: The release that serves.
    release: int
    #: What is written as its owner's wish: running if its container runs.
    wanted: AppState


class Unrecovered(TypedDict):
    """Something that could not be recovered."""

    #: The app, as its label names it.
    app: str
    #: The host.
    host: str
    #: Why, and what to do about it.
    reason: str
    #: What is missing, such as ``spec.build`` or ``release``.
    what: str


class Rebuilt(TypedDict):
    """What a lost store was filled with again."""

    #: Apps that were written, with the release that serves and whether it runs.
    apps: list[RebuiltApp]
    #: Apps that the store knew already: they were left as they were.
    known: list[AppName]
    #: Hosts that could not be asked.
    unreachable: list[str]
    #: What could not be recovered.
    unrecovered: list[Unrecovered]


class Region(TypedDict):
    """A place in which servers can be made."""

    #: The provider's id.
    id: RegionId
    #: For people, such as ``Frankfurt 1``.
    name: str


class RepairReport(TypedDict):
    """What a repair did: the output of its job."""

    #: The steps, in order.
    done: list[RepairStep]
    #: What is still not as it should be: what needs a deployment or a person.
    left: list[Drift]


#: The provider's id of a reserved address.
ReservedIpId: TypeAlias = str

#: The provider's id of a server. Where ids are unique within a region only, the region is part of it.
ServerId: TypeAlias = str


class ReservedIp(TypedDict):
    """An address that stays when its server goes."""

    #: The address.
    address: str
    #: The provider's id.
    id: ReservedIpId
    #: The server that it leads to.
    server: ServerId | None


#: What a thing at a provider is.
ResourceKind: TypeAlias = Literal[
    "server",
    "ssh_key",
    "firewall",
    "reserved_ip",
    "volume",
    "snapshot",
    "dns_record",
]


class Resource(TypedDict):
    """A thing at a provider that bears our mark."""

    #: When it was made, where the provider tells it.
    created_at: Timestamp | None
    #: The provider's id.
    id: str
    #: The key that it was made with, where the provider can carry one.
    key: str | None
    #: What it is.
    kind: ResourceKind
    #: What it costs a month, where that is known.
    monthly_price: Price | None
    #: Its name.
    name: str
    #: Where it is.
    region: RegionId | None
    #: The server that it belongs to now.
    server: ServerId | None


class RunOutcomeJob(TypedDict):
    """It made a job; how that went is in the job."""

    #: The job.
    job: JobId
    type: Literal["job"]


class RunOutcomeTold(TypedDict):
    """It told the embedding program, by an audit record."""

    #: The position of the record.
    position: int
    type: Literal["told"]


class RunOutcomeSkipped(TypedDict):
    """Nothing: this and earlier times were over, and the schedule leaves missed times out."""

    type: Literal["skipped"]


class RunOutcomeFailed(TypedDict):
    """No job could be made."""

    #: Why.
    error: ErrorReport
    type: Literal["failed"]


#: What an engine did at a due time.
RunOutcome: TypeAlias = RunOutcomeJob | RunOutcomeTold | RunOutcomeSkipped | RunOutcomeFailed


class ScheduledRun(TypedDict):
    """What became of one due time."""

    #: The time by the expression; the moment of the call for one that was asked for by ``run_schedule``.
    due_at: Timestamp
    #: What it did.
    outcome: RunOutcome
    #: When an engine dealt with it.
    time: Timestamp


class ScheduledActionDeploy(TypedDict):
    """Deploys the app again by the spec that it has then: from a branch, what is on it by then."""

    #: The app.
    app: AppName
    type: Literal["deploy"]


class ScheduledActionStart(TypedDict):
    """Starts the app."""

    #: The app.
    app: AppName
    type: Literal["start"]


class ScheduledActionStop(TypedDict):
    """Stops the app."""

    #: The app.
    app: AppName
    type: Literal["stop"]


class ScheduledActionRestart(TypedDict):
    """Stops the app and starts it again."""

    #: The app.
    app: AppName
    type: Literal["restart"]


class ScheduledActionCustom(TypedDict):
    """Something that the embedding program does: it reads the audit records of the action ``schedule.due``."""

    #: What it needs to know. Never a secret.
    input: NotRequired[Any]
    #: What, by a name that the program chose.
    name: AppName
    type: Literal["custom"]


#: What a schedule does.
ScheduledAction: TypeAlias = (
    ScheduledActionDeploy | ScheduledActionStart | ScheduledActionStop | ScheduledActionRestart | ScheduledActionCustom
)


class ScheduleSpec(TypedDict):
    """A recurring job as its owner wants it."""

    #: What to do.
    action: ScheduledAction
    #: When, as a cron expression of five fields, or ``@hourly``, ``@daily``, ``@weekly``, ``@monthly``, ``@yearly``.
    expression: str
    #: What happens to times at which no engine ran.
    missed: NotRequired[MissedRuns]
    #: Unique among the schedules of its owner.
    name: AppName
    #: Whether it stands still.
    paused: NotRequired[bool]
    #: The place whose clock counts, such as ``Europe/Paris``; ``UTC`` unless set.
    time_zone: NotRequired[str]


class Schedule(TypedDict):
    """A recurring job as stored."""

    #: The times that an engine has taken and not yet dealt with.
    claimed: ClaimedRuns | None
    #: Whose it is; none when it is the platform's.
    client: ClientId | None
    #: When it was made.
    created_at: Timestamp
    #: When it is due next; none while it is paused, and when its expression names no further time.
    next_run_at: Timestamp | None
    #: What became of the last times, the latest last.
    runs: list[ScheduledRun]
    #: What its owner wants.
    spec: ScheduleSpec
    #: When its owner last changed it.
    updated_at: Timestamp


#: How a server is.
ServerState: TypeAlias = Literal["starting", "running", "stopping", "stopped", "deleting", "failed"]


class Server(TypedDict):
    """A server as its provider sees it."""

    #: Public addresses, version 4 first; empty until the provider has given one.
    addresses: list[str]
    #: When it was made, where the provider tells it.
    created_at: Timestamp | None
    #: Why it failed, in the provider's words.
    failure: str | None
    #: The provider's id.
    id: ServerId
    #: The key that it was made with; ``None`` for one that was not made through byop.
    key: str | None
    #: Its labels, as far as the provider keeps them.
    labels: dict[str, str]
    #: Its name.
    name: str
    #: Where it is.
    region: RegionId
    #: The provider's id of its size.
    size: str
    #: How it is.
    state: ServerState


class ServerFilter(TypedDict):
    """Which of our servers to list."""

    #: Only those that were made with this key.
    key: str | None
    #: Only those that have all of these labels. A provider that keeps no labels finds none.
    labels: dict[str, str]
    #: Only those in this region.
    region: RegionId | None


class ServerImage(TypedDict):
    """An operating system that servers can be made from."""

    #: Architecture, such as ``x86_64``; a size of another cannot run it.
    architecture: str
    #: The provider's id, in the region that was asked for.
    id: str
    #: The smallest disk that it fits on, in bytes; 0 when any will do.
    min_disk_bytes: int
    #: For people, such as ``Debian 12``.
    name: str
    #: The user that its maker lets in with a key, where that is known.
    user: str | None


class ServerPrice(TypedDict):
    """What a server costs, running or not."""

    #: An hour.
    hourly: Price
    #: A whole month.
    monthly: Price


class ServerSize(TypedDict):
    """A size of server that a region offers."""

    #: Architecture, such as ``x86_64``.
    architecture: str
    #: Processors.
    cpus: int
    #: Disk in bytes.
    disk_bytes: int
    #: The provider's id, such as ``s-1vcpu-1gb``.
    id: str
    #: Memory in bytes.
    memory_bytes: int
    #: What it costs, where the provider tells it.
    price: ServerPrice | None


class ServerPlan(TypedDict):
    """What a server would be made from, and its price, before anything is made."""

    #: The image.
    image: ServerImage
    #: What the server costs, where the provider tells it. What it has beyond its size, such as a reserved address, may
    #: cost more.
    price: ServerPrice | None
    #: The cloud.
    provider: str
    #: The region.
    region: RegionId
    #: The size, with what it has.
    size: ServerSize


class ServerReport(TypedDict):
    """A server as its owner sees it: what is noted, and what is really there."""

    #: When it was asked for.
    created_at: Timestamp
    #: Why it is being removed, when that is not its owner's wish.
    error: ErrorReport | None
    #: How many servers the provider could not start before this one.
    failed: int
    #: Its name.
    name: AppName
    #: What it costs.
    price: ServerPrice | None
    #: The cloud.
    provider: str
    #: The address that outlives it.
    reserved_ip: str | None
    #: As the provider sees it now; none when there is none.
    server: Server | None
    #: How far it is.
    state: ProvisionState


class ServerRequest(TypedDict):
    """A server that is wanted."""

    #: What may reach it; without rules the provider's own default holds.
    firewall: NotRequired[list[FirewallRule]]
    #: The image, as ``find_image`` takes it; ``debian-12`` unless set.
    image: NotRequired[str]
    #: Labels at the provider, where it keeps them.
    labels: NotRequired[dict[str, str]]
    #: Its name in this platform, and its host name.
    name: AppName
    #: The cloud, by its name; may be left out when the engine has only one.
    provider: NotRequired[str | None]
    #: The provider's id of the region.
    region: RegionId
    #: Whether it gets an address that outlives it.
    reserved_ip: NotRequired[bool]
    #: The provider's id of the size.
    size: str
    #: Public keys of those who may enter.
    ssh_keys: NotRequired[list[str]]
    #: What it runs at its first start (cloud-init), by the name of the secret that holds it.
    user_data: NotRequired[SecretRef | None]


#: The provider's id of an SSH key.
SshKeyId: TypeAlias = str


class ServerSpec(TypedDict):
    """A server to make: what a provider is asked for."""

    #: What filters its traffic from its first moment on.
    firewall: FirewallId | None
    #: The provider's id of the image, as ``find_image`` gives it.
    image: str
    #: Chosen by the caller before the first try; the same key is the same server. At most 20 lower-case letters and
    #: digits, so that every provider can carry it, if need be in the server's name.
    key: str
    #: Labels besides the name and the key: lower-case letters, digits, ``-`` and ``_``, at most 63 characters each.
    labels: dict[str, str]
    #: Its host name: a DNS label of at most 40 characters.
    name: str
    #: Where.
    region: RegionId
    #: The provider's id of the size.
    size: str
    #: Who may enter as the image's user: keys that the provider has.
    ssh_keys: list[SshKeyId]


#: The provider's id of a snapshot.
SnapshotId: TypeAlias = str


class Snapshot(TypedDict):
    """A copy of a server's disk, from which servers can be made."""

    #: When it was made, where the provider tells it.
    created_at: Timestamp | None
    #: The provider's id.
    id: SnapshotId
    #: The id for ``image``, once it is ready.
    image: str | None


class StoredSecret(TypedDict):
    """A secret in the store, without its value."""

    #: When it was put for the first time.
    created_at: Timestamp
    #: The key that it is sealed with.
    key: KeyId
    #: Its name; unique for the client that owns it.
    name: SecretRef
    #: When it got this value.
    updated_at: Timestamp
    #: Counted from 1, and raised with each new value.
    version: int


#: Why a thing should not be there.
SweepReason: TypeAlias = Literal["unknown", "duplicate", "elsewhere"]


class SweepFinding(TypedDict):
    """A thing with our mark that the store does not know."""

    #: How old it is, in seconds, where the provider tells.
    age_seconds: int | None
    #: Why it could not be removed.
    error: ErrorReport | None
    #: The installation of byop that made it, where its key tells.
    installation: str | None
    #: The cloud.
    provider: str
    #: Why it should not be there.
    reason: SweepReason
    #: Whether its removal was begun.
    removed: bool
    #: The thing, with what it costs a month.
    resource: Resource
    #: The zone, of a record.
    zone: DomainName | None


class SweepReport(TypedDict):
    """What a sweep found."""

    #: Clouds that could not be asked, and why.
    errors: list[list[str | ErrorReport]]
    #: The things, in order of cloud, kind and id.
    findings: list[SweepFinding]
    #: This installation's id: what keys of its own begin with.
    installation: str
    #: What they cost a month together, one sum for each currency; things without a known price are not in it.
    monthly_price: list[Price]


class Target(TypedDict):
    """What the files are generated for."""

    #: The name of the app, for labels, networks and volumes.
    app: AppName
    #: Which builder will read the Dockerfile.
    builder: Builder
    #: The proxy's certificate resolver; none gives routes over plain HTTP.
    certificate_resolver: str | None
    #: The host names of the route; none gives no route.
    domains: list[DomainName]
    #: The environment in the compose file.
    env: dict[str, str]
    #: Images to use in place of those that the compose file names, such as a mirror's.
    images: dict[str, str]
    #: The raw ports in the compose file.
    ports: list[PortSpec]
    #: The limits in the compose file.
    resources: ResourceLimits
    #: How requests reach the app, in the compose file.
    routing: RoutingSpec
    #: Names of variables whose values the person running compose supplies.
    secret_names: list[str]
    #: The named volumes in the compose file.
    volumes: list[VolumeSpec]


#: The id of a ticket: ``tkt_`` and 24 characters; those of later tickets come first in order.
TicketId: TypeAlias = str

#: How urgent a ticket is.
TicketPriority: TypeAlias = Literal["low", "normal", "high", "urgent"]


class TicketReply(TypedDict):
    """A further letter."""

    #: Who wrote it.
    author: str
    #: What.
    body: str
    #: When.
    time: Timestamp


#: Whether a ticket waits for something.
TicketState: TypeAlias = Literal["open", "closed"]


class Ticket(TypedDict):
    """A ticket as stored."""

    #: The app that it is about.
    app: AppName | None
    #: Who takes care of it.
    assignee: str | None
    #: Who wrote it.
    author: str
    #: The first letter.
    body: str
    #: The client whose ticket it is.
    client: ClientId
    #: When it was closed, if it is.
    closed_at: Timestamp | None
    #: When it was opened.
    created_at: Timestamp
    #: The client's customer who asks.
    customer: CustomerId | None
    #: Its id. Those of later tickets come first in order.
    id: TicketId
    #: How urgent it is.
    priority: TicketPriority
    #: The further letters, in order.
    replies: list[TicketReply]
    #: Whether it waits for something.
    state: TicketState
    #: One line.
    subject: str
    #: When it last changed.
    updated_at: Timestamp


class TicketSpec(TypedDict):
    """A ticket to open."""

    #: The app that it is about.
    app: NotRequired[AppName | None]
    #: The first letter.
    body: str
    #: The client whose ticket it is.
    client: ClientId
    #: The client's customer who asks.
    customer: NotRequired[CustomerId | None]
    #: How urgent it is.
    priority: NotRequired[TicketPriority]
    #: One line.
    subject: str
