"""The data that byop takes and returns: plain dictionaries with these keys, as ``json.loads`` returns them.

Times are milliseconds since 1970. A newer version of byop may add keys, and values to fixed sets of values.
"""

# Generated from the Rust types by tests/typed_dicts.py: change them there.

import sys
from typing import Any, Literal, TypeAlias

from ._secret import Secret

# Libraries that read types, such as pydantic, want the newer one before 3.12.
if sys.version_info >= (3, 12):
    from typing import NotRequired, TypedDict
else:
    from typing_extensions import NotRequired, TypedDict

_Actor = TypedDict(
    "_Actor",
    {
        "from": str | None,
    },
)


class Actor(_Actor, TypedDict):
    """Who asked for something.

    ``from``: Where the request came from, such as an address.
    """

    who: str
    """A user's or a program's name, as the embedding program knows it."""


_ActorInput = TypedDict(
    "_ActorInput",
    {
        "from": NotRequired[str | None],
    },
)


class ActorInput(_ActorInput, TypedDict):
    """``Actor`` as an argument: what is left out has its default.

    ``from``: Where the request came from, such as an address.
    """

    who: str
    """A user's or a program's name, as the embedding program knows it."""


class AddonNeed(TypedDict):
    """A database, cache or other service that an application needs."""

    env: str | None
    """The environment variable from which the application reads its address, where that is known."""
    file: str
    """The file that says so."""
    kind: str
    """Its kind: ``postgresql``, ``mysql``, ``mongodb``, ``redis``, ..."""
    reason: str
    """What in the file says so, such as "the dependency ``pg``"."""


class AddressPool(TypedDict):
    """Addresses that the engine makes networks of."""

    base: str
    """A private network, such as ``10.201.0.0/16``."""
    size: int
    """The prefix length of each network made of it."""


Timestamp: TypeAlias = int
"""Milliseconds since 1970-01-01 00:00 UTC."""


class ResourceLimits(TypedDict):
    """What a container may use."""

    cpus: NotRequired[float]
    """Processors; 0.5 is half of one. 1 unless set."""
    memory_bytes: NotRequired[int]
    """Memory in bytes; a process that exceeds it is killed. 512 MiB (536870912) unless set."""
    pids: NotRequired[int]
    """How many processes and threads it may have; 512 unless set."""


SecretRef: TypeAlias = str
"""The name of a secret. Specs and stores hold names, never values."""


class UserSpec(TypedDict):
    """A user and group, by number."""

    gid: int
    """Group id."""
    uid: int
    """User id."""


AppName: TypeAlias = str
"""The name of an app: a DNS label of at most 40 characters, so that it also fits into names of containers, networks and
image repositories.
"""


class VolumeSpec(TypedDict):
    """A folder of the app that persists across releases."""

    name: AppName
    """Unique within the app."""
    path: str
    """The absolute path at which the app finds it."""


class ReleaseConfig(TypedDict):
    """What the container of a release is made from besides its image and ports: enough to make it again, and to tell
    whether it has changed. Secrets are names.
    """

    command: list[str] | None
    """The command in place of the image's."""
    env: dict[str, str]
    """Plain environment variables: those of the spec, and planned ones."""
    resources: ResourceLimits
    """Limits of memory, processors and processes."""
    secrets: dict[str, SecretRef]
    """Environment variables whose values are secrets."""
    user: UserSpec | None
    """The user that it runs as, in place of the image's."""
    volumes: list[VolumeSpec]
    """Folders that persist across releases."""
    writable: list[str]
    """Folders in memory to which the app writes, besides ``/tmp``."""


Digest: TypeAlias = str
"""A SHA-256 digest."""

Severity: TypeAlias = Literal["info", "warning", "error"]
"""How much a diagnostic matters.

- ``info``: Good to know.
- ``warning``: Works, but perhaps not as wanted.
- ``error``: Cannot be deployed without an answer.
"""


class Diagnostic(TypedDict):
    """A remark about a detection or plan, for people."""

    choices: list[str]
    """The possible values of the setting, where there are only a few; else empty."""
    code: str
    """A stable code, such as ``several-binaries``."""
    message: str
    """One sentence."""
    setting: str | None
    """The setting that would settle it, such as ``build.start``, if there is one."""
    severity: Severity
    """How severe it is."""


class Evidence(TypedDict):
    """A conclusion and the file that led to it."""

    fact: str
    """What was concluded, such as ``framework = fastapi``."""
    file: str
    """The deciding file, relative to the root."""
    reason: str
    """What in the file led to it."""


Variant: TypeAlias = Literal["spa", "ssr"]
"""How a JavaScript application is served.

- ``spa``: Built to files and served as they are.
- ``ssr``: Rendered by a server process.
"""


class Detection(TypedDict):
    """The stack that was recognised in a source tree, with the evidence."""

    confidence: float
    """How sure the generator is, from 0 to 1. Below 0.5 the answer is "unsure"."""
    diagnostics: list[Diagnostic]
    """Doubts, and what would settle them."""
    evidence: list[Evidence]
    """Which files led to which conclusion."""
    framework: str | None
    """The web framework, such as ``fastapi``."""
    package_manager: str | None
    """The package manager, such as ``pnpm``."""
    package_manager_version: str | None
    """Its version: the one that the project requires, else the default."""
    root: str
    """The app's folder inside the tree, with ``/`` between its parts; empty when it is the root."""
    stack: str
    """The stack, such as ``node``; the name of the generator that found it."""
    variant: Variant | None
    """Whether a JavaScript front end is served as files or rendered on a server."""
    version: str | None
    """The version of the language or runtime, such as ``22`` or ``3.13``."""


class HealthSpec(TypedDict):
    """How the health of an app is checked: by an HTTP request through the proxy."""

    deadline_seconds: NotRequired[int]
    """Seconds that a new release has to become healthy; 60 unless set."""
    interval_seconds: NotRequired[int]
    """Seconds between checks of the running container; 10 unless set."""
    path: NotRequired[str | None]
    """The path to request; detected when absent, else ``/``."""
    retries: NotRequired[int]
    """Failed checks in a row that make it unhealthy; 3 unless set."""
    status_max: NotRequired[int]
    """The highest status that counts as healthy; 399 unless set. Unless set, any status below 500 is healthy where the
    path is only a guess.
    """
    status_min: NotRequired[int]
    """The lowest status that counts as healthy; 200 unless set."""
    timeout_seconds: NotRequired[int]
    """Seconds after which a check counts as failed; 5 unless set."""


JobId: TypeAlias = str
"""The id of a job: ``job_`` and 20 characters (100 random bits)."""


class HealthCheck(TypedDict):
    """How a container checks itself."""

    command: list[str] | None
    """The check as an argument list, run inside the container without a shell; ``None`` when the image has no program
    for it.
    """
    interval_seconds: int
    """Seconds between checks."""
    is_known: bool
    """Whether the path was given or found in the source. Otherwise it is ``/``, and any answer but a server error
    counts as healthy, since the app may have no such page.
    """
    path: str
    """The path to request."""
    retries: int
    """Failed checks in a row that make the container unhealthy."""
    start_seconds: int
    """Seconds at the start during which failures do not count."""
    timeout_seconds: int
    """Seconds after which a check counts as failed."""


class EnvNeed(TypedDict):
    """An environment variable that an application reads."""

    file: str
    """The file that reads or lists it."""
    is_secret: bool
    """Whether its name suggests a secret, such as a key or a password."""
    name: str
    """Its name."""


class BuildStepWorkdir(TypedDict):
    """Sets the working folder."""

    workdir: str


class BuildStepEnvEnv(TypedDict):
    reason: str
    """Why, for the comment; empty for none."""
    values: dict[str, str]
    """Values by name."""


class BuildStepEnv(TypedDict):
    """Sets environment variables, with the reason."""

    env: BuildStepEnvEnv


_CopySpec = TypedDict(
    "_CopySpec",
    {
        "from": str | None,
    },
)


class CopySpec(_CopySpec, TypedDict):
    """Copies files of the tree, an earlier stage or another image.

    ``from``: The stage or image; the tree when absent.
    """

    reason: str
    """Why, for the comment; empty for none."""
    sources: list[str]
    """The paths there."""
    target: str
    """The path here."""


class BuildStepCopy(TypedDict):
    """Copies files of the tree, of an earlier stage or of another image."""

    copy: CopySpec


class BuildStepPackagesPackages(TypedDict):
    names: list[str]
    """Their names."""
    reason: str
    """Why, for the comment."""


class BuildStepPackages(TypedDict):
    """Installs distribution packages."""

    packages: BuildStepPackagesPackages


class CacheMount(TypedDict):
    """A cache folder that persists across builds."""

    id: str
    """Identifies the cache, independently of paths. It is prefixed with the name of the app."""
    is_locked: bool
    """Whether only one build at a time may use it."""
    target: str
    """Where the tool expects it."""


class RunSpec(TypedDict):
    """A command line of a build."""

    caches: list[CacheMount]
    """Cache folders, mounted where the builder can."""
    classic: str | None
    """The command line for the classic builder, if it is another; empty skips the step."""
    command: str
    """The command line for BuildKit."""
    reason: str
    """Why, for the comment; empty for none."""
    secrets: list[str]
    """Names of build secrets that the command needs: each is a file below ``/run/secrets`` while it runs, and part of
    no layer. Needs BuildKit.
    """


class BuildStepRun(TypedDict):
    """Runs a command line."""

    run: RunSpec


BuildStep: TypeAlias = BuildStepWorkdir | BuildStepEnv | BuildStepCopy | BuildStepPackages | BuildStepRun
"""One instruction of a stage."""


class Stage(TypedDict):
    """One stage of a multi-stage Dockerfile, as data."""

    image: str
    """Its base: an image with tag, or the name of an earlier stage."""
    name: str
    """Its name, such as ``build``."""
    reason: str
    """Why this base, for the comment above ``FROM``."""
    steps: list[BuildStep]
    """What happens in it, in order."""


class Plan(TypedDict):
    """How an application is built and started: everything that the files are generated from."""

    addons: list[AddonNeed]
    """Databases and similar services that the application seems to need."""
    build: str | None
    """The build command line."""
    command: list[str] | None
    """The start command as the image has it: an argument list, with a shell only where a variable needs one. Absent
    when the image brings its own, and when no start command is known.
    """
    compose_file: str
    """The name of the compose file; another than ``compose.yaml`` when the tree has a compose file of its own."""
    context: str
    """The folder of the tree that is sent to the builder, with ``/`` between its parts; empty for the whole tree."""
    context_files: dict[str, str]
    """Files that byop adds to the build context, with their texts, such as a web server's configuration below
    ``.byop/``.
    """
    diagnostics: list[Diagnostic]
    """Remarks for people."""
    dockerfile: str | None
    """The app's own Dockerfile, inside the build context, for the stacks ``dockerfile`` and ``compose``."""
    document_root: str | None
    """The public folder of a server-side application, such as ``public``."""
    entry: str | None
    """The binary, script, module or package that is built or started."""
    env: dict[str, str]
    """Environment variables of the running container."""
    framework: str | None
    """The web framework."""
    health: HealthCheck
    """How the container checks itself."""
    ignore: list[str]
    """What ``.dockerignore`` excludes besides what it always excludes."""
    index_fallback: bool
    """Whether unknown paths are answered with the index page, for apps that route in the browser."""
    install: str | None
    """The install command line."""
    kept: dict[str, str]
    """Files of the tree that stay as they are, with their texts: the app's own Dockerfile or ``.dockerignore``."""
    package_manager: str | None
    """The package manager."""
    package_manager_version: str | None
    """Its version: the one that the project requires, else the default."""
    port: int
    """The port that the application listens on."""
    processes: dict[str, str]
    """Further processes by name, with their command lines, from a Procfile. ``release`` is meant to run once before a
    release starts. A deployment runs none of them.
    """
    required_env: list[EnvNeed]
    """Environment variables that the application reads and that have no value yet."""
    root: str
    """The app's folder inside the tree, with ``/`` between its parts; empty when it is the root."""
    stack: str
    """The stack, such as ``node``."""
    stages: list[Stage]
    """The build stages, in order; the last is the run stage. Empty for an own Dockerfile."""
    start: str | None
    """The start command line, as a person would type it."""
    static_dir: str | None
    """The folder of built or given files that a web server serves."""
    stop_signal: str | None
    """The signal that stops the application, if it is not SIGTERM."""
    user: UserSpec | None
    """The user that the container runs as; ``None`` for an own Dockerfile that names none by number."""
    variant: Variant | None
    """How a JavaScript application is served."""
    version: str | None
    """The version of the language or runtime."""
    volumes: list[VolumeSpec]
    """Folders that persist across releases: those that the app's own Dockerfile declares as ``VOLUME``."""
    writable: list[str]
    """Absolute paths of folders that the application writes to besides ``/tmp``, and whose contents need not persist.
    """


Protocol: TypeAlias = Literal["tcp", "udp"]
"""The transport of a port. TCP and UDP ports of the same number are different ports.

- ``tcp``: TCP.
- ``udp``: UDP.
"""


class PublishedPort(TypedDict):
    """A port of an app with the port of the host that leads to it."""

    container_port: int
    """The port of the container."""
    host_port: int
    """The port of the host."""
    name: AppName
    """Its name in the app's spec."""
    protocol: Protocol
    """TCP or UDP."""


class Release(TypedDict):
    """A numbered, immutable version of an app: image, plan and configuration."""

    config: ReleaseConfig | None
    """What its container is made from; ``None`` for a release made by an earlier version of byop."""
    config_digest: Digest
    """Digest of everything that the container is made from. Deploying the same digest again changes nothing."""
    created_at: Timestamp
    """When it was made."""
    detection: Detection | None
    """What the source was found to be; none for a prebuilt image."""
    health: HealthSpec | None
    """How its health is checked: as the spec says, else as the app's ``byop.yaml`` says."""
    health_path: str
    """The health path."""
    image: str
    """The image's name."""
    image_id: str
    """The image's id on the engine."""
    job: JobId | None
    """The job that made it."""
    number: int
    """Counted from 1 within the app."""
    plan: Plan | None
    """How it was built; none for a prebuilt image."""
    port: int
    """The port that it listens on."""
    ports: list[PublishedPort]
    """The ports of the host that lead into it, beside HTTP."""
    secret_versions: dict[str, str | None]
    """The names of its secrets, each with a fingerprint of the value; ``None`` for one given by an engine without keys.
    """
    source_digest: Digest | None
    """Digest of the source tree; none for a prebuilt image."""


class PackagesSpec(TypedDict):
    """Packages of the image's distribution, by their names there."""

    build: NotRequired[list[str]]
    """Packages needed to install and build, such as ``libpq-dev``."""
    run: NotRequired[list[str]]
    """Packages needed to run, such as ``libpq5``."""


class BuildSpec(TypedDict):
    """Overrides of what detection found about the build. What is absent is as detected."""

    build: NotRequired[str | None]
    """The build command line."""
    cpus: NotRequired[float]
    """Processor limit of the build; 0 is no limit."""
    document_root: NotRequired[str | None]
    """The public folder of a server-side application, relative to the app's folder, such as ``public``."""
    framework: NotRequired[str | None]
    """The web framework, such as ``fastapi``."""
    images: NotRequired[dict[str, str]]
    """Base images to use in place of byop's own, such as those of a mirror: name to name."""
    index_fallback: NotRequired[bool | None]
    """Whether unknown paths are answered with the index page, for apps that route in the browser."""
    install: NotRequired[str | None]
    """The install command line."""
    memory_bytes: NotRequired[int]
    """Memory limit of the build, in bytes; 0 is no limit."""
    package_manager: NotRequired[str | None]
    """The package manager, such as ``pnpm``."""
    packages: NotRequired[PackagesSpec]
    """Packages of the distribution, in addition to those detected."""
    root: NotRequired[str | None]
    """The folder of the application inside the source, where it has several."""
    secrets: NotRequired[list[str]]
    """Names of secrets that installing and building need, each as a file ``/run/secrets/<name>`` that is part of no
    layer. For generated files only: a deployment with build secrets is refused (``Unsupported``).
    """
    stack: NotRequired[str | None]
    """The stack to use, such as ``node``."""
    start: NotRequired[str | None]
    """The start command line."""
    static_dir: NotRequired[str | None]
    """The folder of built files that a web server serves, relative to the app's folder, such as ``dist``."""
    version: NotRequired[str | None]
    """The version of the language."""


DomainName: TypeAlias = str
"""A host name in lower case, such as ``shop.example.com`` (RFC 1123; at most 253 characters)."""


class PortSpec(TypedDict):
    """A TCP or UDP port of an app that clients reach directly, not through the proxy."""

    container_port: int
    """The port that the app listens on, inside its container."""
    host_port: NotRequired[int | None]
    """The port of the host; chosen from the engine's port range when absent. The app finds it in the environment
    variable ``BYOP_PORT_<NAME>``.
    """
    name: AppName
    """Unique within the app."""
    protocol: NotRequired[Protocol]
    """``tcp`` unless set."""


EnvName: TypeAlias = str
"""The name of an environment variable (POSIX: letters, digits and ``_``, not starting with a digit)."""

BackendProtocol: TypeAlias = Literal["http", "h2c"]
"""What an app speaks behind the proxy.

- ``http``: HTTP/1.1.
- ``h2c``: HTTP/2 without TLS, as gRPC servers speak it.
"""


class RateLimit(TypedDict):
    """How many requests one address may send."""

    average: int
    """Requests per period on average."""
    burst: NotRequired[int]
    """Requests that may come at once; 1 unless set."""
    period_seconds: NotRequired[int]
    """Seconds of the period; 1 unless set."""


class RoutingSpec(TypedDict):
    """How the proxy treats requests to an app. The proxy serves plain HTTP; WebSockets work without a setting."""

    allowed_ips: NotRequired[list[str]]
    """Addresses and networks with access, such as ``203.0.113.7`` or ``10.0.0.0/8``; others get 403. Everybody when
    empty. Behind another proxy, that proxy's address is the one that counts.
    """
    basic_auth: NotRequired[list[str]]
    """Users with access, as lines of ``htpasswd -B``: ``name:$2y$...``. Only bcrypt of cost 10 or more is accepted,
    which can be stored as plain data; weaker hashes and plain passwords are refused. The app does not see the
    credentials.
    """
    body_limit_bytes: NotRequired[int | None]
    """The largest request body in bytes; larger ones are answered with 413. Requests and answers are then buffered
    whole, so do not set it for apps that stream.
    """
    compress: NotRequired[bool]
    """Compresses answers for clients that accept it; event streams are left as they are."""
    drain_seconds: NotRequired[int]
    """Seconds for which the old release goes on, to finish its requests, after new ones go to the new release; 10
    unless set.
    """
    headers: NotRequired[dict[str, str]]
    """Headers that every answer gets, replacing those of the same name. An empty value removes a header."""
    https_redirect: NotRequired[bool]
    """Answers every request with a redirect (301) to HTTPS. byop's proxy serves plain HTTP only and trusts no
    ``X-Forwarded-Proto``, so leave this off for apps that are deployed: behind a proxy that terminates TLS it would
    redirect for ever. Let that proxy redirect. It is useful in generated compose files with a certificate resolver.
    """
    path_prefix: NotRequired[str | None]
    """Only requests to this path and below it, such as ``/shop``, reach the app. Health checks of a new release are not
    affected.
    """
    protocol: NotRequired[BackendProtocol]
    """The protocol between the proxy and the app."""
    rate_limit: NotRequired[RateLimit | None]
    """How many requests one address may send; more are answered with 429."""
    security_headers: NotRequired[bool]
    """Adds ``X-Content-Type-Options``, ``X-Frame-Options`` and ``Referrer-Policy`` to answers, and with
    ``https_redirect`` also ``Strict-Transport-Security``. On unless set.
    """
    sticky: NotRequired[str | None]
    """The name of a cookie that keeps a browser on the same container."""
    strip_prefix: NotRequired[bool]
    """Removes the prefix from the path that the app sees. ``X-Forwarded-Prefix`` tells it to the app."""


class SourceDirectory(TypedDict):
    """A folder on this machine."""

    directory: str


class Archive(TypedDict):
    """An archive file."""

    path: str
    """The file."""


class SourceArchive(TypedDict):
    """A ``.tar``, ``.tar.gz``, ``.tgz`` or ``.zip`` file on this machine."""

    archive: Archive


class GitSource(TypedDict):
    """A Git repository and the revision to use."""

    ca_file: NotRequired[str | None]
    """For ``https``, a PEM file with the certificate authorities to trust, for servers with a private one."""
    credential: NotRequired[SecretRef | None]
    """For ``https``, the name of the secret with the token or password, or with ``user:token`` where the server expects
    a user name.
    """
    identity: NotRequired[SecretRef | None]
    """For ``ssh``, the name of the secret with the private key, in OpenSSH or PEM form without a passphrase. With it,
    other keys and the ssh configuration of the user that runs byop are ignored; without it, they are used.
    """
    known_hosts: NotRequired[str | None]
    """For ``ssh``, a ``known_hosts`` file; that of the user that runs byop when absent. A host whose key is not in it
    is always refused.
    """
    reference: NotRequired[str | None]
    """A branch, tag or full commit id; the default branch when absent."""
    url: str
    """``https://``, ``ssh://``, ``git@host:path``, or a local path, without credentials in it."""


class SourceGit(TypedDict):
    """A Git repository."""

    git: GitSource


ImageRef: TypeAlias = str
"""A reference to an image: ``[registry/]repository[:tag][@digest]``."""


class SourceImage(TypedDict):
    """A prebuilt image, which is not detected or built. It is pulled without credentials if the host does not have it:
    ``docker pull`` private images on the host first.
    """

    image: ImageRef


Source: TypeAlias = SourceDirectory | SourceArchive | SourceGit | SourceImage
"""Where an application comes from: exactly one of these keys."""


class AppSpec(TypedDict):
    """An application as its owner wants it: the input of ``preview``, ``plan`` and ``deploy``."""

    addons: NotRequired[list[str] | None]
    """The add-ons that it needs, by kind, such as ``postgresql``, in place of those detected. They are written into the
    generated compose file; a deployment does not start them.
    """
    build: NotRequired[BuildSpec]
    """Overrides of what detection found about the build."""
    domains: NotRequired[list[DomainName]]
    """Host names at which it answers, by plain HTTP. With an empty list, only the engine can reach the app."""
    env: NotRequired[dict[str, str]]
    """Plain environment variables."""
    health: NotRequired[HealthSpec]
    """How its health is checked."""
    name: AppName
    """Unique within a store."""
    port: NotRequired[int | None]
    """The port it listens on; detected when absent."""
    ports: NotRequired[list[PortSpec]]
    """TCP and UDP ports of the host that lead directly to it, besides HTTP."""
    processes: NotRequired[dict[str, str]]
    """Further processes by name, with their command lines: added to those of a Procfile, or replacing them; an empty
    line removes one. ``web`` is the start command. A deployment runs ``web`` only: the others are written into the
    generated compose file and are not started.
    """
    required_env: NotRequired[list[EnvName] | None]
    """The environment variables that it cannot run without, in place of those detected."""
    resources: NotRequired[ResourceLimits]
    """Limits of memory, processors and processes."""
    routing: NotRequired[RoutingSpec]
    """How the proxy treats requests to it."""
    secrets: NotRequired[dict[str, SecretRef]]
    """Environment variables whose values are secrets: variable name to secret name, such as ``DB_URL`` to ``db-url``.
    """
    source: Source
    """Where its files come from."""
    user: NotRequired[UserSpec | None]
    """The user that it runs as, in place of the image's."""
    volumes: NotRequired[list[VolumeSpec]]
    """Folders that persist across releases."""
    writable: NotRequired[list[str]]
    """Absolute paths of folders that it writes to besides ``/tmp``, and whose contents need not persist: added to those
    detected.
    """


AppState: TypeAlias = Literal["running", "unhealthy", "stopped", "absent"]
"""Whether an app runs.

- ``running``: Its container runs and is healthy, or has no check.
- ``unhealthy``: Its container runs but is not healthy.
- ``stopped``: Its container has ended or was stopped.
- ``absent``: There is no container.
"""


class App(TypedDict):
    """An app as stored: the wanted state and the current release."""

    created_at: Timestamp
    """When it was made."""
    current: Release | None
    """The release that serves; ``None`` before the first success."""
    host: str
    """The host it runs on."""
    name: AppName
    """Its name."""
    next_release: int
    """The number of the next release. Numbers are never reused."""
    spec: AppSpec
    """The spec that was last deployed with success."""
    updated_at: Timestamp
    """When it last changed."""
    wanted: AppState
    """Whether its owner wants it to run."""


class PortBinding(TypedDict):
    """A port of the host that leads to a port of a container."""

    container_port: int
    """The port of the container."""
    host_ip: str
    """The address of the host to listen on, such as ``127.0.0.1``."""
    host_port: int
    """The port of the host; 0 lets the engine choose."""
    protocol: Protocol
    """``tcp`` unless set."""


ContainerState: TypeAlias = Literal["created", "running", "paused", "restarting", "exited", "dead"]
"""What a container is doing.

- ``created``: Made, never started.
- ``running``: Its process runs.
- ``paused``: Frozen.
- ``restarting``: It ended and the engine starts it again.
- ``exited``: It ended.
- ``dead``: The engine could not remove or stop it properly.
"""


class ContainerInfo(TypedDict):
    """A container as the engine sees it."""

    addresses: dict[str, str]
    """Its addresses, by network."""
    created_at: Timestamp | None
    """When it was made."""
    error: str
    """The engine's own error, such as a missing program."""
    exit_code: int
    """The exit code of the last run; meaningful when it has exited."""
    healthy: bool | None
    """Whether Docker's health check passes; ``None`` without a check, or before its first result."""
    id: str
    """The engine's id."""
    image: str
    """The image, as it was asked for."""
    image_id: str
    """The id of the image that really runs."""
    labels: dict[str, str]
    """Its labels."""
    name: str
    """Its name, without a leading slash."""
    oom_killed: bool
    """Whether the last run was killed for using too much memory."""
    ports: list[PortBinding]
    """Published ports."""
    restarts: int
    """How often the engine has restarted it."""
    started_at: Timestamp | None
    """When its last run began; none before the first."""
    state: ContainerState
    """What it is doing."""


class AppReport(TypedDict):
    """An app as stored, with the containers observed on its host."""

    app: App
    """As stored."""
    containers: list[ContainerInfo]
    """The containers of the app, as observed; the serving one first."""
    ports: list[PublishedPort]
    """The ports of the host that are the app's."""
    state: AppState
    """As observed."""
    url: str | None
    """The URL at which it answers; none without a domain."""


class Duration(TypedDict):
    nanos: int
    secs: int


class Retention(TypedDict):
    """How much of the past stays. What a limit does not name is kept for ever."""

    events_per_subject: NotRequired[int | None]
    """Events of each subject that stay: the oldest ended jobs go, whole, until no more are left."""
    job_age: NotRequired[Duration | None]
    """How long an ended job stays, counted from its end."""
    jobs_per_subject: NotRequired[int | None]
    """Ended jobs of each subject that stay, the newest first. At least the last one always stays."""


class AppRetention(TypedDict):
    """How much of an app's past stays, enforced after each deployment. The release that serves and the one before it
    stay whatever this says, so that there is always a way back.
    """

    image_bytes: NotRequired[int | None]
    """Bytes that those images may have together, as the engine counts them."""
    images: NotRequired[int]
    """Images of earlier releases on the host, the newest first."""
    jobs: NotRequired[Retention]
    """Ended jobs with their events."""
    releases: NotRequired[int]
    """Releases on record."""


class AppSettings(TypedDict):
    """The further arguments of ``byop.app``: keys of ``AppSpec``."""

    addons: NotRequired[list[str] | None]
    """The add-ons that it needs, by kind, such as ``postgresql``, in place of those detected. They are written into the
    generated compose file; a deployment does not start them.
    """
    build: NotRequired[BuildSpec]
    """Overrides of what detection found about the build."""
    health: NotRequired[HealthSpec]
    """How its health is checked."""
    ports: NotRequired[list[PortSpec]]
    """TCP and UDP ports of the host that lead directly to it, besides HTTP."""
    processes: NotRequired[dict[str, str]]
    """Further processes by name, with their command lines: added to those of a Procfile, or replacing them; an empty
    line removes one. ``web`` is the start command. A deployment runs ``web`` only: the others are written into the
    generated compose file and are not started.
    """
    required_env: NotRequired[list[EnvName] | None]
    """The environment variables that it cannot run without, in place of those detected."""
    resources: NotRequired[ResourceLimits]
    """Limits of memory, processors and processes."""
    routing: NotRequired[RoutingSpec]
    """How the proxy treats requests to it."""
    user: NotRequired[UserSpec | None]
    """The user that it runs as, in place of the image's."""
    volumes: NotRequired[list[VolumeSpec]]
    """Folders that persist across releases."""
    writable: NotRequired[list[str]]
    """Absolute paths of folders that it writes to besides ``/tmp``, and whose contents need not persist: added to those
    detected.
    """


ClientId: TypeAlias = str
"""The id of a client, the business that uses the platform: by the same rule as the name of an app, so that it is good
as a DNS label and in the name of an image.
"""


class AuditRecord(TypedDict):
    """A record of the audit. Each holds the hash of the one before, so that a change or a gap is detected."""

    action: str
    """What was done, as ``noun.verb``, such as ``job.create``."""
    actor: Actor | None
    """Who did it, if the program said so with ``acting_as``."""
    client: ClientId | None
    """The client that owns it; ``None`` when it is the platform's."""
    details: Any
    """More, as JSON. Never a secret."""
    hash: Digest
    """The SHA-256 of the JSON of position, time, entry and previous hash."""
    plan: Digest | None
    """The digest of the plan that was carried out."""
    position: int
    """Counted from 1 over the whole store."""
    previous: Digest | None
    """The hash of the record before; none for the first."""
    result: str | None
    """What came of it, such as ``succeeded``."""
    subject: str
    """To what, such as ``app/shop``."""
    time: Timestamp
    """When."""


class AuditReport(TypedDict):
    """The result of a check of the whole audit that found no change."""

    last: Digest | None
    """The hash of the last record; ``None`` without records. Kept elsewhere, it shows later whether the end was cut
    off.
    """
    records: int
    """How many records there are."""


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
"""The kind of an error: what the caller can do about it.

- ``invalid_input``: The request itself is wrong; change it.
- ``not_found``: The named thing does not exist.
- ``already_exists``: The named thing exists already and differs from what was asked for.
- ``conflict``: Someone else changed or holds the thing; look again, then decide.
- ``unauthenticated``: Credentials are missing or were refused.
- ``permission_denied``: Credentials are good but do not allow this.
- ``quota_exceeded``: A limit of the account or host is reached.
- ``rate_limited``: Too many requests; ``retry`` says when to come back.
- ``unavailable``: The other side cannot be reached or is out of order.
- ``timeout``: The answer did not come in time; the outcome may be unknown.
- ``unsupported``: This implementation or version cannot do it.
- ``unhealthy``: It runs but does not pass its health check.
- ``cancelled``: The work was cancelled.
- ``lease_lost``: Another worker owns the job now.
- ``corrupt``: Stored data cannot be read.
- ``internal``: A defect in byop or in an implementation of one of its ports.
"""


class RetryAfter(TypedDict):
    """Try again, but not before this much time has passed."""

    after: Duration


Retry: TypeAlias = Literal["never", "now", "exhausted"] | RetryAfter
"""Whether and when it helps to try the same again.

- ``never``: The same request gives the same error.
- ``now``: Try again, with the usual back-off.
- ``exhausted``: It was worth trying again, and the retries did not help; an outer layer must not repeat them.
"""


class ErrorReport(TypedDict):
    """An error as plain data. Context is a list of pairs, to keep its order."""

    causes: list[str]
    """The chain of underlying errors, outermost first."""
    context: list[tuple[str, str]]
    """Facts, in the order in which they were added."""
    kind: ErrorKind
    """What the caller can do about it."""
    message: str
    """One sentence."""
    operation: str
    """``noun.verb``."""
    remedy: str | None
    """What the user can do about it."""
    retry: Retry
    """Whether it helps to try the same again."""


BuildState: TypeAlias = Literal["pending", "fetching", "building", "pushing", "success", "failed", "cancelled"]
"""How far a build is. A build passes through the first four in this order, perhaps not all of them, and ends in one of
the others.

- ``pending``: Not begun.
- ``fetching``: The source is being brought and understood.
- ``building``: The image is being built.
- ``pushing``: The image is being brought to where it will run.
- ``success``: The image is there.
- ``failed``: It ended without an image.
- ``cancelled``: It ended because it was asked to.
"""


class BuildReport(TypedDict):
    """A build: the part of a deployment that makes an image from a source. Its log is in the events of its job."""

    app: AppName
    """The app."""
    attempt: int
    """How often the build was begun; more than once after the engine was ended at it."""
    client: ClientId | None
    """The client that owns it; ``None`` when it is the platform's."""
    error: ErrorReport | None
    """Why it failed or was cancelled."""
    finished_at: Timestamp | None
    """When it ended."""
    image: str | None
    """The image's name, once it is built."""
    image_id: str | None
    """The image's id on the engine, once it is built."""
    job: JobId
    """The job that it is part of."""
    requested_at: Timestamp
    """When it was asked for."""
    revision: str | None
    """The commit, for a source from Git that is fetched."""
    source_digest: Digest | None
    """The digest of the source tree, once it is fetched."""
    started_at: Timestamp | None
    """When work on it began."""
    state: BuildState
    """How far it is."""


Builder: TypeAlias = Literal["build_kit", "classic"]
"""Which builder reads a Dockerfile.

- ``build_kit``: BuildKit: cache and secret mounts.
- ``classic``: The engine's first builder, without mounts.
"""

ObjectKind: TypeAlias = Literal["container", "image", "network", "volume", "route"]
"""What kind of thing an object is.

- ``container``: A container.
- ``image``: An image.
- ``network``: A network.
- ``volume``: A volume.
- ``route``: A rule of the proxy.
"""


class CensusObject(TypedDict):
    """An object on a host."""

    app: str | None
    """The app that its label names; none for a proxy."""
    host: str
    """The host."""
    job: str | None
    """The job that its label names: the one that made it."""
    kind: ObjectKind
    """What it is."""
    name: str
    """Its name."""
    reason: str
    """Why it is listed, for people."""
    release: int | None
    """The release that its label names."""


class Census(TypedDict):
    """The result of ``census``: how byop's objects on all hosts differ from the store."""

    missing: list[CensusObject]
    """Objects that the store knows and that do not exist."""
    unknown: list[CensusObject]
    """Objects that carry byop's label and that the store does not know."""
    unreachable: list[str]
    """Hosts that did not answer: nothing is known of them."""


ChangeAction: TypeAlias = Literal["add", "change", "remove"]
"""What happens to a part.

- ``add``: It is made.
- ``change``: It becomes another.
- ``remove``: It goes.
"""

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
"""A part of an app that can change.

- ``app``: The app itself.
- ``source``: The source, and so the image that is built from it.
- ``build``: How the image is built.
- ``image``: A prebuilt image.
- ``env``: A plain environment variable; values are not shown.
- ``secret``: A secret environment variable, or the value that it has.
- ``port``: A port beside HTTP.
- ``volume``: A folder that outlives a release.
- ``domain``: A host name.
- ``routing``: How the proxy treats requests to it.
- ``health``: How its health is checked.
- ``resources``: Limits of memory, processors and processes.
- ``setting``: Anything else of its spec, by name of the key.
- ``container``: Its container, which is not as the serving release says.
"""

_Change = TypedDict(
    "_Change",
    {
        "from": str | None,
    },
)


class Change(_Change, TypedDict):
    """One thing that a deployment would change.

    ``from``: How it is now, where that is short and no secret.
    """

    action: ChangeAction
    """Whether it comes, goes, or becomes another."""
    name: str
    """Which one, such as the name of a variable or a host name."""
    part: ChangedPart
    """What kind of thing."""
    to: str | None
    """How it would be, where that is short and no secret."""


class ClaimedRuns(TypedDict):
    """Due times that an engine process has claimed."""

    due: list[Timestamp]
    """The times."""
    owner: str
    """The engine."""
    until: Timestamp
    """Until when the others wait for it."""


EmailAddress: TypeAlias = str
"""An e-mail address as it stands in a mail's envelope, such as ``ops@acme.example``: without a name beside it, quotes
or comments.
"""


class ClientLimits(TypedDict):
    """Limits of a client. What is absent is unlimited."""

    apps: NotRequired[int | None]
    """Apps."""


ClientState: TypeAlias = Literal["active", "suspended", "deleted"]
"""Whether a client may use the platform.

- ``active``: Its work is done.
- ``suspended``: It may look, stop and remove, but start and change nothing. What runs goes on.
- ``deleted``: It is gone; only its id is kept, so that nobody else gets it and with it a stranger's past.
"""


class Client(TypedDict):
    """A client as stored."""

    created_at: Timestamp
    """When it was made."""
    email: EmailAddress
    """Where to reach it."""
    id: ClientId
    """Its id."""
    limits: ClientLimits
    """How much it may have."""
    name: str
    """Its name, for people."""
    state: ClientState
    """Whether it may use the platform."""
    updated_at: Timestamp
    """When it last changed."""


class ClientSpec(TypedDict):
    """A client to make, or what a client is to become."""

    email: EmailAddress
    """Where to reach it."""
    id: ClientId
    """Its id: good as a DNS label and in the name of an image, and never given twice."""
    limits: NotRequired[ClientLimits]
    """How much it may have."""
    name: str
    """Its name, for people."""
    state: NotRequired[ClientState]
    """Whether it may use the platform; ``active`` unless set."""


class CloudCapabilities(TypedDict):
    """What a provider supports, and its limits."""

    ipv6: bool
    """Whether servers have IPv6 addresses."""
    keyed_create: bool
    """Whether the provider itself creates only one server per key. If not, after a lost answer the engine looks for the
    key for ``list_lag_seconds``.
    """
    labels: bool
    """Whether servers keep the labels of their spec. They always keep name and key."""
    list_lag_seconds: int
    """Seconds for which lists may miss what was just created."""
    max_user_data: int
    """The largest user data, in bytes."""
    resize: bool
    """Whether servers can be resized."""


ComponentKind: TypeAlias = Literal["web", "worker", "addon"]
"""What a part of an app is.

- ``web``: It answers requests.
- ``worker``: It works beside the web process, from the same image.
- ``addon``: A database or the like.
"""


class Component(TypedDict):
    """A part of an app: the process that answers requests, one beside it, or an add-on that it needs."""

    app: AppName
    """The app."""
    command: str | None
    """The command line, where it is known."""
    image: str | None
    """The image, where the app's own is used."""
    is_public: bool
    """Whether requests from outside reach it."""
    kind: ComponentKind
    """What it is."""
    name: str
    """Its name, unique within the app for its kind."""
    port: int | None
    """The port that it listens on."""
    state: AppState | None
    """Its state; ``None`` for a part that the engine does not run, such as a worker or an add-on."""


class ContainerStats(TypedDict):
    """What a container uses at one moment."""

    block_read_bytes: int
    """Bytes read from disk since the start; 0 where the kernel does not count."""
    block_write_bytes: int
    """Bytes written to disk since the start; 0 where the kernel does not count."""
    container: str
    """The container's name."""
    cpu_nanos: int
    """Processor time since the start, in nanoseconds."""
    cpu_percent: float
    """Share of one processor in percent: 150 is one and a half. Since the last reading by the same client, or since the
    start.
    """
    memory_bytes: int
    """Memory in use in bytes, without the page cache that can be reclaimed."""
    memory_limit_bytes: int
    """The memory limit in bytes."""
    network_rx_bytes: int
    """Bytes received since the start."""
    network_tx_bytes: int
    """Bytes sent since the start."""
    pids: int
    """Processes and threads."""


class ContainerSummary(TypedDict):
    """A line of a list of containers."""

    id: str
    """The engine's id."""
    image: str
    """The image, as it was asked for."""
    image_id: str
    """The id of the image that it was made from."""
    labels: dict[str, str]
    """Its labels."""
    name: str
    """Its name."""
    networks: dict[str, str]
    """The networks that it is in, running or not: name to the network's id."""
    ports: list[PortBinding]
    """Published ports."""
    state: ContainerState
    """What it is doing."""
    volumes: list[str]
    """The volumes that it mounts, by name."""


CustomerId: TypeAlias = str
"""The id of a customer: ``cus_`` and 24 characters; those of later customers come first in order."""


class Customer(TypedDict):
    """A customer as stored."""

    client: ClientId
    """The client whose customer it is."""
    created_at: Timestamp
    """When it was made."""
    email: EmailAddress | None
    """Where to reach it."""
    id: CustomerId
    """Its id."""
    name: str
    """Its name, for people."""
    reference: str | None
    """What the client's own system calls it."""
    updated_at: Timestamp
    """When it last changed."""


class CustomerSpec(TypedDict):
    """A customer to make, or what a customer is to become."""

    client: ClientId
    """The client whose customer it is."""
    email: NotRequired[EmailAddress | None]
    """Where to reach it."""
    name: str
    """Its name, for people."""
    reference: NotRequired[str | None]
    """What the client's own system calls it."""


Data: TypeAlias = Literal["keep", "delete"]
"""What happens to an app's volumes.

- ``keep``: They stay, and a later app of the same name finds them.
- ``delete``: They are removed with all that is in them.
"""

DeploymentState: TypeAlias = Literal["serving", "unchanged"]
"""How far a deployment is.

- ``serving``: It receives the app's requests.
- ``unchanged``: Nothing had to change: this release was serving already.
"""


class Deployment(TypedDict):
    """A release on a host."""

    app: AppName
    """The app."""
    container: str
    """The container."""
    host: str
    """The host."""
    release: int
    """The number of the release."""
    state: DeploymentState
    """How far it is."""
    url: str | None
    """The URL at which it answers; none without a domain."""


class DeploymentReport(TypedDict):
    """A release on a host: what was wanted from the store, what runs from the host."""

    address: str | None
    """The host's address, where the platform rented it."""
    app: AppName
    """The app."""
    client: ClientId | None
    """The client that owns it; ``None`` when it is the platform's."""
    config_digest: Digest | None
    """Digest of everything that the container is made from, of the current release."""
    container: str
    """The container's name."""
    deployed_at: Timestamp | None
    """When the current release was made."""
    domains: list[DomainName]
    """The host names that lead to it; only the current release has any."""
    host: str
    """The host."""
    image: str | None
    """The image's name, of the current release."""
    image_id: str
    """The image's id on the engine: of the container, if there is one."""
    is_current: bool
    """Whether this is the release that requests go to."""
    release: int | None
    """The number of the release, where the container says so."""
    state: AppState
    """How the container is."""
    url: str | None
    """The URL at which it answers; none without a domain."""


DnsName: TypeAlias = str
"""The name of a record, in lower case and without a dot at its end: a host name such as ``www.example.com``, in which
labels may begin with ``_``, and the first label may be ``*``.
"""


class DnsRecordKindOther(TypedDict):
    """Another kind, in upper case, such as ``MX``: byop shows it and never writes it."""

    other: str


DnsRecordKind: TypeAlias = Literal["a", "aaaa", "cname", "txt"] | DnsRecordKindOther
"""What a record says.

- ``a``: An address of version 4.
- ``aaaa``: An address of version 6.
- ``cname``: Another name.
- ``txt``: Text.
"""


class DnsRecord(TypedDict):
    """The set of records that share a name and a kind."""

    kind: DnsRecordKind
    """The kind."""
    name: DnsName
    """The whole name."""
    ttl_seconds: int
    """For how long resolvers may cache it, in seconds."""
    values: list[str]
    """The values, in any order: addresses, one host name without a dot at its end, or texts without quotes."""


class Domain(TypedDict):
    """A host name that belongs to an app; no other app can have it."""

    app: AppName
    """The app that answers at it, or is about to."""
    name: DomainName
    """The host name."""


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
"""The kinds of difference.

- ``host_unknown``: The engine was given no runtime of the host's name.
- ``host_unreachable``: The host does not answer.
- ``proxy_missing``: The proxy has no container.
- ``proxy_stopped``: The proxy does not run, or does not answer.
- ``proxy_changed``: The proxy was set up in another way.
- ``container_missing``: The serving release has no container.
- ``container_renamed``: The release's container has another name.
- ``container_stopped``: The container has ended or was stopped.
- ``container_paused``: The container is frozen.
- ``container_restarting``: The container ends again and again.
- ``container_unhealthy``: The container's own check fails.
- ``container_running``: The container runs, though its owner stopped the app.
- ``image_changed``: The container runs another image than that of its release.
- ``image_missing``: The release's image is gone: the container cannot be made again.
- ``image_retagged``: The image's name leads to another image, or nowhere.
- ``env_changed``: Environment variables were added, changed or taken away.
- ``labels_changed``: Labels of byop were changed or taken away.
- ``command_changed``: The container runs another command.
- ``entrypoint_changed``: The container has another entry point.
- ``user_changed``: The container runs as another user.
- ``ports_changed``: Ports are published in another way.
- ``mounts_changed``: Other volumes are mounted, or elsewhere.
- ``tmpfs_changed``: Other folders are in memory, or of another size.
- ``limits_changed``: The limits of memory, processors or processes are others.
- ``root_changed``: The root file system can be written to, or no longer.
- ``capabilities_changed``: The container has other capabilities.
- ``box_opened``: Something lets the container out of its box: privileges, namespaces or folders of the host, devices.
- ``restart_policy_changed``: What happens when the container ends is other.
- ``health_check_changed``: The container's own health check is another.
- ``init_changed``: The container's first process is another.
- ``secret_unknown``: A secret of the app cannot be had, so its variable could not be compared.
- ``network_missing``: The app's network is gone.
- ``network_foreign``: A network that is not byop's has the name of the app's network.
- ``network_changed``: The app's network was made anew in another way.
- ``container_disconnected``: The container is not in the app's network.
- ``network_added``: The container is in further networks.
- ``proxy_disconnected``: The proxy is not in the app's network.
- ``network_intruder``: A container that is not the app's is in its network.
- ``volume_missing``: A volume is gone, with all that was in it.
- ``volume_replaced``: A volume of the name is there, but not the one that byop made.
- ``volume_shared``: A container that is not the app's mounts its volume.
- ``route_missing``: The proxy sends the app's requests nowhere.
- ``route_changed``: The proxy sends the app's requests elsewhere, or does something else to them.
- ``route_unwanted``: The proxy serves the app, though its owner stopped it.
- ``route_foreign``: A rule that is not byop's is for a host name of the app.
- ``candidate_left``: A release that is not being deployed is still reachable by probes.
- ``second_copy``: A further container carries the app's label.
- ``release_unknown``: A container carries a release of the app that the store does not know.
- ``foreign_copy``: A container without labels runs the app's own image.
"""

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
"""What corrects a difference, in the order in which a repair does it.

- ``replace_proxy``: The proxy is made anew; requests to its host fail for a moment.
- ``start_proxy``: The proxy is started and told all routes.
- ``name_image``: The image gets its name again.
- ``replace``: The release gets a new container beside what is there, is judged by the gate, and takes over.
- ``start``: The container is started and judged by the gate.
- ``stop``: The container is stopped.
- ``join_proxy``: The proxy joins the network of the app again.
- ``apply_route``: The route is written again.
- ``remove_copies``: Containers that carry the app's label and are not its own are removed.
- ``deploy``: The app has to be deployed again: what is there cannot be made again from what is known.
- ``decide``: A person has to decide: what is in the way is not byop's.
"""


class Drift(TypedDict):
    """One difference."""

    app: AppName | None
    """The app; none for a host and its proxy."""
    expected: str
    """What should be. Values of environment variables are never shown."""
    found: str
    """What was found."""
    host: str
    """The host."""
    kind: DriftKind
    """What kind of difference it is."""
    object: str
    """What differs: the name of a container, network, volume, image or route."""
    repair: RepairStep
    """What corrects it."""
    severity: Severity
    """How much it matters."""


class DriftReport(TypedDict):
    """What a comparison found."""

    apps: list[AppName]
    """The apps that were compared, in order of name."""
    busy: list[AppName]
    """Apps that were left out because a job works on them."""
    checked_at: Timestamp
    """When it began."""
    findings: list[Drift]
    """The differences, in order of app and kind; those of hosts and their proxies come first."""


JobState: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
"""How far a job is.

- ``queued``: Not begun.
- ``running``: Some worker holds its lease.
- ``succeeded``: Done.
- ``failed``: Ended without success; see its error.
- ``cancelled``: Ended because it was asked to.
"""


class EventBodyJob(TypedDict):
    """The job changed state."""

    error: ErrorReport | None
    """Why it failed."""
    state: JobState
    """The new state."""
    type: Literal["job"]


class EventBodyStepStarted(TypedDict):
    """A step begins."""

    message: str
    """What it will do, for people."""
    stage: str
    """The stage."""
    type: Literal["step_started"]


class EventBodyStepFinished(TypedDict):
    """A step ended."""

    millis: int
    """Milliseconds that it took; 0 when a recorded result was used."""
    replayed: bool
    """Whether an earlier run had recorded the result."""
    stage: str
    """The stage."""
    type: Literal["step_finished"]


class EventBodyDetected(TypedDict):
    """The source was understood."""

    detection: Detection
    """What it was found to be."""
    plan: Plan
    """How it will be built."""
    type: Literal["detected"]


class EventBodyLog(TypedDict):
    """A line of output, of a build or of the application."""

    line: str
    """The line."""
    stage: str
    """The stage."""
    type: Literal["log"]


class Progress(TypedDict):
    """How far a step is."""

    current: int
    """Done so far."""
    message: str
    """What is being done, for people."""
    stage: str
    """The stage."""
    total: int
    """In all; 0 when unknown."""


class EventBodyProgress(Progress, TypedDict):
    """A step moved on."""

    type: Literal["progress"]


class EventBodyWarning(TypedDict):
    """A warning for people."""

    message: str
    """One sentence."""
    type: Literal["warning"]


class EventBodyDeployed(Deployment, TypedDict):
    """A release serves."""

    type: Literal["deployed"]


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
"""What happened; ``type`` says which of these it is."""


class Event(TypedDict):
    """Something that happened in a job."""

    body: EventBody
    """What."""
    job: JobId
    """The job."""
    position: int
    """Counted from 1 over all jobs of the app or server: the cursor (``after``) for ``subject_events``."""
    sequence: int
    """Counted from 1 within the job, without gaps: the cursor (``after``) for ``events``."""
    time: Timestamp
    """When."""


class GeneratedFile(TypedDict):
    """One generated file."""

    contents: str
    """Its text."""
    kept: bool
    """Whether the tree already has such a file, which then stays as it is."""


FileSet: TypeAlias = dict[str, GeneratedFile]
"""Files by relative path, in order of path."""

FirewallId: TypeAlias = str
"""The provider's id of a firewall."""


class FirewallRule(TypedDict):
    """Traffic that may reach a server."""

    port: int
    """The port."""
    protocol: Protocol
    """The protocol."""
    sources: list[str]
    """Networks in CIDR notation, such as ``203.0.113.0/24``; everybody when empty."""


RegionId: TypeAlias = str
"""The provider's id of a region, such as ``fra1``."""


class FirewallSpec(TypedDict):
    """A filter of traffic to make: it lets in what its rules name and nothing else, and everything out."""

    key: str
    """Chosen by the caller; the same key is the same firewall."""
    name: str
    """The name of the server that it is for."""
    region: RegionId
    """Where."""
    rules: list[FirewallRule]
    """What it lets in."""


class HostKey(TypedDict):
    """A machine's own key pair."""

    private: str | Secret
    """The private key, an Ed25519 one in the format of OpenSSH."""
    public: str
    """The public key: ``ssh-ed25519 ...``."""


class HostSpec(TypedDict):
    """A machine as byop wants it: what ``cloud_init`` writes the first boot from."""

    address_pools: NotRequired[list[AddressPool]]
    """The networks that the engine takes its own from, and the size of each, such as ``10.201.0.0/16`` and 24."""
    admin: NotRequired[str]
    """The user who may do everything, over SSH and with a key only."""
    authorized_keys: list[str]
    """Who may enter as that user: public keys, one a line."""
    firewall: NotRequired[list[FirewallRule]]
    """Who may connect to the machine itself; SSH is always let in. Ports that the engine publishes for containers are
    the engine's affair.
    """
    host_key: NotRequired[HostKey | None]
    """The machine's own key, made by byop so that it can be pinned before the first connection."""
    name: str
    """Its host name: one label, such as ``web-1``."""
    packages: NotRequired[list[str]]
    """Distribution packages besides the engine."""
    registry_authorities: NotRequired[dict[str, str]]
    """Authorities (PEM) of registries by ``host`` or ``host:port``."""
    swap_bytes: NotRequired[int]
    """Swap space in bytes; 0 is none."""
    unattended_upgrades: NotRequired[bool]
    """Whether security updates are installed by themselves."""


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
"""What a job does.

- ``deploy``: Makes a release and lets it serve.
- ``rollback``: Lets an earlier release serve again.
- ``stop``: Stops the container.
- ``start``: Starts the container again.
- ``restart``: Stops and starts the container.
- ``remove``: Removes everything of the app.
- ``repair``: Makes the app again what the store says it is.
- ``create_server``: Rents a server.
- ``destroy_server``: Gives a server back.
"""

Subject: TypeAlias = str
"""What a job works on, such as ``app/shop`` or ``server/web-1``. Two jobs never work on one subject at the same time.
"""


class Job(TypedDict):
    """A piece of work that outlives the call that started it."""

    actor: Actor | None
    """Who asked for it, if the program said so with ``acting_as``."""
    cancel_requested: bool
    """Whether ``cancel`` was called for it."""
    client: ClientId | None
    """The client that owns it; ``None`` when it is the platform's."""
    created_at: Timestamp
    """When it was asked for."""
    deadline: Timestamp | None
    """When it fails because it took too long."""
    error: ErrorReport | None
    """Why it failed."""
    finished_at: Timestamp | None
    """When it ended."""
    id: JobId
    """Its id."""
    input: Any
    """Its input, such as the spec of the app."""
    kind: JobKind
    """What it does."""
    output: Any
    """Its result, when it succeeded."""
    plan: Digest | None
    """The digest of the plan that it carries out, when it was asked for with one."""
    state: JobState
    """How far it is."""
    step: str | None
    """The stage of the step that was started last."""
    subject: Subject
    """What it works on."""


KeyId: TypeAlias = str
"""Identifies a key without revealing it."""


class KeyRotation(TypedDict):
    """The result of ``rotate_keys``."""

    kept: int
    """Secrets that were under this key already."""
    key: KeyId
    """The key under which every secret is now."""
    resealed: int
    """Secrets that were sealed anew."""


LogCursor: TypeAlias = str
"""The position of a line in a container's log, more precise than its time."""

LogStream: TypeAlias = Literal["stdout", "stderr"]
"""Where a log line came from.

- ``stdout``: Standard output.
- ``stderr``: Standard error.
"""


class LogLine(TypedDict):
    """One line of a container's log."""

    container: str
    """The container's name."""
    cursor: LogCursor
    """Its position, for ``after`` of ``logs``."""
    stream: LogStream
    """Where it came from."""
    text: str
    """The text, without its line end."""
    time: Timestamp
    """When the engine read it."""


class MissedRunsSkip(TypedDict):
    """They are skipped."""

    type: Literal["skip"]


class MissedRunsRunOnce(TypedDict):
    """One run makes up for all of them."""

    type: Literal["run_once"]


class MissedRunsRunAll(TypedDict):
    """There is a run for each of them, the latest ones if there are more."""

    most: int
    """At most this many; 1 to 100."""
    type: Literal["run_all"]


MissedRuns: TypeAlias = MissedRunsSkip | MissedRunsRunOnce | MissedRunsRunAll
"""What happens to due times that were missed by more than a minute because no engine ran."""

PowerAction: TypeAlias = Literal["start", "stop", "restart"]
"""A change of the power state.

- ``start``: Switches it on.
- ``stop``: Asks the operating system to stop.
- ``restart``: Stops it in an orderly way and starts it again.
"""


class Question(TypedDict):
    """Something that the tree does not say. Answer it by setting ``setting`` in the spec of the app, or in its
    ``byop.yaml``.
    """

    choices: list[str]
    """The values to choose from; empty when any may be right."""
    code: str
    """The code of the diagnostic that it comes from, such as ``unsure``."""
    setting: str
    """The setting that answers it, such as ``build.start``; ``env.<NAME>`` or ``secrets.<NAME>`` for a variable."""
    severity: Severity
    """``error``: a deployment fails until it is answered."""
    suggested: str | None
    """What is used without an answer; ``None`` when there is nothing to use."""
    text: str
    """What is not known, in one sentence."""


class Preview(TypedDict):
    """A detection, the plan that follows from it and the files that the plan is written to."""

    detection: Detection
    """What the tree was found to be."""
    files: FileSet
    """Dockerfile, ``.dockerignore``, compose file and what these need."""
    plan: Plan
    """How it is built and started."""
    questions: list[Question]
    """Open questions, first those without whose answer a deployment fails."""
    spec: NotRequired[AppSpec | None]
    """The spec together with the ``byop.yaml`` of the tree, as a deployment would use it."""


class PreviewAppSpec(TypedDict):
    """A preview app to create: a temporary copy of an app."""

    domain: NotRequired[DomainName | None]
    """The host name at which it answers, in place of those of the app; it has none when absent."""
    lifetime_seconds: int
    """Seconds until it expires; at most 90 days (7776000)."""
    name: AppName
    """Its own name, which no other app has."""
    of: AppName
    """The app that it is a preview of."""
    reference: NotRequired[str | None]
    """A branch, tag or commit of the app's Git source; that of the app when absent."""


class PreviewApp(TypedDict):
    """A preview app as stored. What runs of it is an app of its name."""

    client: ClientId | None
    """The client that owns it; ``None`` when it is the platform's."""
    created_at: Timestamp
    """When it was made."""
    expires_at: Timestamp
    """When it is removed with its data."""
    job: JobId
    """The job that deploys it."""
    spec: PreviewAppSpec
    """What was asked for."""


class Price(TypedDict):
    """An exact amount of money."""

    currency: str
    """ISO 4217, such as ``EUR``."""
    micros: int
    """Millionths of the currency's unit."""


class Proposal(TypedDict):
    """What a deployment would change. It can be applied as long as neither the app nor its source changes."""

    app: AppName
    """The app."""
    changes: list[Change]
    """What would change, in order; empty when nothing would."""
    digest: Digest
    """The digest of all of this, which names the proposal."""
    serving: int | None
    """The number of the release that serves; ``None`` before the first."""
    source: Digest | None
    """The source as it was read; none for a prebuilt image."""
    spec: AppSpec
    """The spec that it was made from."""
    version: int | None
    """The version of the app's record that it was made from; none for an app that is not there yet."""


ProvisionState: TypeAlias = Literal["creating", "ready", "removing"]
"""How far a server of the platform is.

- ``creating``: It is being made.
- ``ready``: It was made.
- ``removing``: It is being removed, because its owner asked for it or it could not be made. If that fails it stays in
  this state: destroy it again.
"""


class RebuiltApp(TypedDict):
    """An app that was recovered."""

    app: AppName
    """Its name."""
    host: str
    """Its host."""
    release: int
    """The release that serves."""
    wanted: AppState
    """Its wanted state: running if its container runs."""


class Unrecovered(TypedDict):
    """Something that could not be recovered."""

    app: str
    """The app, as its label names it."""
    host: str
    """The host."""
    reason: str
    """Why, and what to do about it."""
    what: str
    """What is missing, such as ``spec.build`` or ``release``."""


class Rebuilt(TypedDict):
    """The result of ``rebuild_store``: what was recovered."""

    apps: list[RebuiltApp]
    """Apps that were written, with the release that serves and whether it runs."""
    known: list[AppName]
    """Apps that the store knew already, and that were left as they were."""
    unreachable: list[str]
    """Hosts that did not answer."""
    unrecovered: list[Unrecovered]
    """What could not be recovered."""


class Region(TypedDict):
    """A place in which servers can be made."""

    id: RegionId
    """The provider's id."""
    name: str
    """For people, such as ``Frankfurt 1``."""


class RepairReport(TypedDict):
    """What a repair did: the output of its job."""

    done: list[RepairStep]
    """The steps, in order."""
    left: list[Drift]
    """Differences that are left: they need a deployment or a person."""


ReservedIpId: TypeAlias = str
"""The provider's id of a reserved address."""

ServerId: TypeAlias = str
"""The provider's id of a server; it includes the region where ids are unique only within one."""


class ReservedIp(TypedDict):
    """An address that stays when its server goes."""

    address: str
    """The address."""
    id: ReservedIpId
    """The provider's id."""
    server: ServerId | None
    """The server that it is assigned to."""


ResourceKind: TypeAlias = Literal[
    "server",
    "ssh_key",
    "firewall",
    "reserved_ip",
    "volume",
    "snapshot",
    "dns_record",
]
"""The kind of a resource at a provider.

- ``server``: A server.
- ``ssh_key``: An SSH key.
- ``firewall``: A firewall.
- ``reserved_ip``: A reserved address.
- ``volume``: A disk.
- ``snapshot``: A snapshot of a server.
- ``dns_record``: A record of a name server.
"""


class Resource(TypedDict):
    """A resource at a provider that bears byop's mark."""

    created_at: Timestamp | None
    """When it was made, where the provider tells it."""
    id: str
    """The provider's id."""
    key: str | None
    """The key that it was made with, where the provider can carry one."""
    kind: ResourceKind
    """What it is."""
    monthly_price: Price | None
    """What it costs a month, where that is known."""
    name: str
    """Its name."""
    region: RegionId | None
    """Where it is."""
    server: ServerId | None
    """The server that it belongs to now."""


class RunOutcomeJob(TypedDict):
    """It made a job; how that went is in the job."""

    job: JobId
    """The job."""
    type: Literal["job"]


class RunOutcomeTold(TypedDict):
    """It told the program that embeds byop, with an audit record."""

    position: int
    """The position of the record."""
    type: Literal["told"]


class RunOutcomeSkipped(TypedDict):
    """Nothing: this and earlier times were missed, and the schedule skips missed times."""

    type: Literal["skipped"]


class RunOutcomeFailed(TypedDict):
    """No job could be made."""

    error: ErrorReport
    """Why."""
    type: Literal["failed"]


RunOutcome: TypeAlias = RunOutcomeJob | RunOutcomeTold | RunOutcomeSkipped | RunOutcomeFailed
"""What an engine did at a due time."""


class ScheduledRun(TypedDict):
    """The run of a schedule at one due time."""

    due_at: Timestamp
    """When it was due; the moment of the call for a run by ``run_schedule``."""
    outcome: RunOutcome
    """What it did."""
    time: Timestamp
    """When an engine dealt with it."""


class ScheduledActionDeploy(TypedDict):
    """Deploys the app again with its current spec: of a branch, its latest commit."""

    app: AppName
    """The app."""
    type: Literal["deploy"]


class ScheduledActionStart(TypedDict):
    """Starts the app."""

    app: AppName
    """The app."""
    type: Literal["start"]


class ScheduledActionStop(TypedDict):
    """Stops the app."""

    app: AppName
    """The app."""
    type: Literal["stop"]


class ScheduledActionRestart(TypedDict):
    """Stops the app and starts it again."""

    app: AppName
    """The app."""
    type: Literal["restart"]


class ScheduledActionCustom(TypedDict):
    """Something that your program does: it follows the audit records of the action ``schedule.due``."""

    input: NotRequired[Any]
    """Its input, as JSON. Never a secret."""
    name: AppName
    """Its name, which your program chooses."""
    type: Literal["custom"]


ScheduledAction: TypeAlias = (
    ScheduledActionDeploy | ScheduledActionStart | ScheduledActionStop | ScheduledActionRestart | ScheduledActionCustom
)
"""What a schedule does."""


class ScheduleSpec(TypedDict):
    """A recurring job as its owner wants it."""

    action: ScheduledAction
    """What to do."""
    expression: str
    """When, as a cron expression of five fields, or ``@hourly``, ``@daily``, ``@weekly``, ``@monthly``, ``@yearly``."""
    missed: NotRequired[MissedRuns]
    """What happens to times at which no engine ran; one run makes up for them unless set."""
    name: AppName
    """Unique among the schedules of its owner."""
    paused: NotRequired[bool]
    """Whether it is paused."""
    time_zone: NotRequired[str]
    """The time zone of the expression, such as ``Europe/Paris``; ``UTC`` unless set."""


class Schedule(TypedDict):
    """A recurring job as stored."""

    claimed: ClaimedRuns | None
    """The times that an engine has taken and not yet dealt with."""
    client: ClientId | None
    """The client that owns it; ``None`` when it is the platform's."""
    created_at: Timestamp
    """When it was made."""
    next_run_at: Timestamp | None
    """When it is due next; ``None`` while it is paused, or when its expression has no further time."""
    runs: list[ScheduledRun]
    """The last runs, the latest last."""
    spec: ScheduleSpec
    """What its owner wants."""
    updated_at: Timestamp
    """When its owner last changed it."""


ServerState: TypeAlias = Literal["starting", "running", "stopping", "stopped", "deleting", "failed"]
"""The state of a server.

- ``starting``: It is being made or started.
- ``running``: It runs; whether it answers is another question.
- ``stopping``: It is being stopped.
- ``stopped``: It is off, and usually still costs money.
- ``deleting``: It is being removed.
- ``failed``: The provider could not make it or broke it.
"""


class Server(TypedDict):
    """A server as its provider sees it."""

    addresses: list[str]
    """Public addresses, version 4 first; empty until the provider has given one."""
    created_at: Timestamp | None
    """When it was made, where the provider tells it."""
    failure: str | None
    """Why it failed, in the provider's words."""
    id: ServerId
    """The provider's id."""
    key: str | None
    """The key that it was created with; ``None`` for one that byop did not create."""
    labels: dict[str, str]
    """Its labels, as far as the provider keeps them."""
    name: str
    """Its name."""
    region: RegionId
    """Where it is."""
    size: str
    """The provider's id of its size."""
    state: ServerState
    """Its state."""


class ServerFilter(TypedDict):
    """Which of byop's servers to list."""

    key: str | None
    """Only those that were made with this key."""
    labels: dict[str, str]
    """Only those that have all of these labels. A provider that keeps no labels finds none."""
    region: RegionId | None
    """Only those in this region."""


class ServerFilterInput(TypedDict):
    """``ServerFilter`` as an argument: what is left out has its default."""

    key: NotRequired[str | None]
    """Only those that were made with this key."""
    labels: NotRequired[dict[str, str]]
    """Only those that have all of these labels. A provider that keeps no labels finds none."""
    region: NotRequired[RegionId | None]
    """Only those in this region."""


class ServerImage(TypedDict):
    """An operating system that servers can be made from."""

    architecture: str
    """Architecture, such as ``x86_64``; a size of another cannot run it."""
    id: str
    """The provider's id, in the region that was asked for."""
    min_disk_bytes: int
    """The smallest disk that it fits on, in bytes; 0 when any will do."""
    name: str
    """For people, such as ``Debian 12``."""
    user: str | None
    """The user that can log in with an SSH key, where that is known."""


class ServerPrice(TypedDict):
    """What a server costs, running or not."""

    hourly: Price
    """An hour."""
    monthly: Price
    """A whole month."""


class ServerSize(TypedDict):
    """A size of server that a region offers."""

    architecture: str
    """Architecture, such as ``x86_64``."""
    cpus: int
    """Processors."""
    disk_bytes: int
    """Disk in bytes."""
    id: str
    """The provider's id, such as ``s-1vcpu-1gb``."""
    memory_bytes: int
    """Memory in bytes."""
    price: ServerPrice | None
    """What it costs, if the provider says so."""


class ServerPlan(TypedDict):
    """What a server would be made from, and its price, before anything is made."""

    image: ServerImage
    """The image."""
    price: ServerPrice | None
    """What the server costs, where the provider tells it. What it has beyond its size, such as a reserved address, may
    cost more.
    """
    provider: str
    """The cloud."""
    region: RegionId
    """The region."""
    size: ServerSize
    """The size, with what it has."""


class ServerReport(TypedDict):
    """A server as stored, with what its provider says of it."""

    created_at: Timestamp
    """When it was asked for."""
    error: ErrorReport | None
    """Why it is being removed, unless its owner asked for it."""
    failed: int
    """How many servers the provider failed to start before this one."""
    name: AppName
    """Its name."""
    price: ServerPrice | None
    """What it costs."""
    provider: str
    """The cloud."""
    reserved_ip: str | None
    """Its reserved address, which stays when the server is replaced."""
    server: Server | None
    """What the provider says of it now; ``None`` when it does not exist."""
    state: ProvisionState
    """How far it is."""


class ServerRequest(TypedDict):
    """A server to create."""

    firewall: NotRequired[list[FirewallRule]]
    """The traffic that may reach it; the provider's default without rules."""
    image: NotRequired[str]
    """The image, as ``find_image`` takes it; ``debian-12`` unless set."""
    labels: NotRequired[dict[str, str]]
    """Labels at the provider, where it keeps them."""
    name: AppName
    """Its name in this platform, and its host name."""
    provider: NotRequired[str | None]
    """The cloud, by its name; may be left out when the engine has only one."""
    region: RegionId
    """The provider's id of the region."""
    reserved_ip: NotRequired[bool]
    """Whether it gets a reserved address, which stays when the server is replaced."""
    size: str
    """The provider's id of the size."""
    ssh_keys: NotRequired[list[str]]
    """Public SSH keys that can log in."""
    user_data: NotRequired[SecretRef | None]
    """The name of the secret with its user data, which cloud-init runs at its first start."""


SshKeyId: TypeAlias = str
"""The provider's id of an SSH key."""


class ServerSpec(TypedDict):
    """A server to create, as a provider gets it."""

    firewall: FirewallId | None
    """The firewall that it has from its start."""
    image: str
    """The provider's id of the image, as ``find_image`` gives it."""
    key: str
    """Chosen by the caller before the first try; the same key is the same server. At most 20 lower-case letters and
    digits, so that every provider can carry it, if need be in the server's name.
    """
    labels: dict[str, str]
    """Labels besides the name and the key: lower-case letters, digits, ``-`` and ``_``, at most 63 characters each."""
    name: str
    """Its host name: a DNS label of at most 40 characters."""
    region: RegionId
    """Where."""
    size: str
    """The provider's id of the size."""
    ssh_keys: list[SshKeyId]
    """SSH keys, known to the provider, that can log in as the image's user."""
    user_data: NotRequired[Secret | None]
    """What the server runs at its first start (cloud-init)."""


class ServerSpecInput(TypedDict):
    """``ServerSpec`` as an argument: what is left out has its default."""

    firewall: NotRequired[FirewallId | None]
    """The firewall that it has from its start."""
    image: str
    """The provider's id of the image, as ``find_image`` gives it."""
    key: str
    """Chosen by the caller before the first try; the same key is the same server. At most 20 lower-case letters and
    digits, so that every provider can carry it, if need be in the server's name.
    """
    labels: NotRequired[dict[str, str]]
    """Labels besides the name and the key: lower-case letters, digits, ``-`` and ``_``, at most 63 characters each."""
    name: str
    """Its host name: a DNS label of at most 40 characters."""
    region: RegionId
    """Where."""
    size: str
    """The provider's id of the size."""
    ssh_keys: NotRequired[list[SshKeyId]]
    """SSH keys, known to the provider, that can log in as the image's user."""
    user_data: NotRequired[Secret | None]
    """What the server runs at its first start (cloud-init)."""


ServiceKind: TypeAlias = Literal["web", "worker", "static", "library"]
"""What a program of a repository does.

- ``web``: Answers requests.
- ``worker``: Works without being asked by anybody.
- ``static``: Files that a web server serves.
- ``library``: Runs as a part of others only.
"""


class ServiceFound(TypedDict):
    """One of the programs of a repository, or a package of it that they need."""

    depends_on: list[str]
    """The names of the others that it needs: packages that it is built with, and for a worker the app it belongs to."""
    framework: str | None
    """Its web framework."""
    kind: ServiceKind
    """What it is."""
    name: str
    """Its name, unlike that of any other."""
    port: int | None
    """The port that it listens on, for what answers requests."""
    root: str
    """Its folder, with ``/`` between the parts: the ``build.root`` to deploy it with. Empty for the root."""
    stack: str | None
    """Its stack; none where that was not looked for."""
    start: str | None
    """How it is started; none for files and libraries, and where its image says it."""


SnapshotId: TypeAlias = str
"""The provider's id of a snapshot."""


class Snapshot(TypedDict):
    """A copy of a server's disk, from which servers can be made."""

    created_at: Timestamp | None
    """When it was made, where the provider tells it."""
    id: SnapshotId
    """The provider's id."""
    image: str | None
    """The id for ``image``, once it is ready."""


class SourceLimits(TypedDict):
    """Bounds on what a source may contain, and on where it may come from."""

    allow_private_hosts: NotRequired[bool]
    """Whether a repository may be on a private, loopback or link-local address. Off, so that a user of the embedding
    program cannot look into its network.
    """
    bytes: NotRequired[int]
    """Bytes of all files together, after unpacking."""
    depth: NotRequired[int]
    """Folders inside folders."""
    entries: NotRequired[int]
    """Files, folders and links together."""


class StepPolicy(TypedDict):
    """How long a step may take, and how often it is tried when trying again can help."""

    attempts: NotRequired[int]
    """Tries in one run of the job, the first included."""
    deadline_seconds: NotRequired[int]
    """Seconds after which a try fails with ``Timeout``."""
    delay_millis: NotRequired[int]
    """Milliseconds before the second try; doubled before each further one, up to 15 seconds. A wait that the other side
    asked for counts instead.
    """


class StoredSecret(TypedDict):
    """A secret in the store, without its value."""

    created_at: Timestamp
    """When it was put for the first time."""
    key: KeyId
    """The key that it is sealed with."""
    name: SecretRef
    """Its name; unique for the client that owns it."""
    updated_at: Timestamp
    """When it got this value."""
    version: int
    """Counted from 1; each new value gets the next."""


SweepReason: TypeAlias = Literal["unknown", "duplicate", "elsewhere"]
"""Why a resource should not exist.

- ``unknown``: The store does not know it.
- ``duplicate``: The store knows another one that was made for the same purpose.
- ``elsewhere``: Another installation of byop made it. It stays, unless that installation is named.
"""


class SweepFinding(TypedDict):
    """A resource that byop created and that the store does not know."""

    age_seconds: int | None
    """Its age in seconds, if the provider says so."""
    error: ErrorReport | None
    """Why it could not be removed."""
    installation: str | None
    """The installation of byop that created it, if its key says so."""
    provider: str
    """The cloud."""
    reason: SweepReason
    """Why it should not exist."""
    removed: bool
    """Whether its removal was begun."""
    resource: Resource
    """The resource, with what it costs a month."""
    zone: DomainName | None
    """The zone, of a record."""


class SweepReport(TypedDict):
    """What a sweep found."""

    errors: list[tuple[str, ErrorReport]]
    """Clouds that did not answer, each with its error."""
    findings: list[SweepFinding]
    """The resources, in order of cloud, kind and id."""
    installation: str
    """The id of this installation."""
    monthly_price: list[Price]
    """What they cost a month together, one sum per currency; resources without a known price are not counted."""


class Target(TypedDict):
    """The target of generated files."""

    app: AppName
    """The name of the app, for labels, networks and volumes."""
    builder: Builder
    """Which builder will read the Dockerfile."""
    certificate_resolver: str | None
    """The proxy's certificate resolver; ``None`` gives routes over plain HTTP."""
    domains: list[DomainName]
    """The host names of the route; without one there is no route."""
    env: dict[str, str]
    """The environment in the compose file."""
    images: dict[str, str]
    """Images to use in place of those that the compose file names, such as a mirror's."""
    ports: list[PortSpec]
    """The raw ports in the compose file."""
    resources: ResourceLimits
    """The limits in the compose file."""
    routing: RoutingSpec
    """How requests reach the app, in the compose file."""
    secret_names: list[str]
    """Names of variables whose values the person running compose supplies."""
    volumes: list[VolumeSpec]
    """The named volumes in the compose file."""


TicketId: TypeAlias = str
"""The id of a ticket: ``tkt_`` and 24 characters; those of later tickets come first in order."""

TicketPriority: TypeAlias = Literal["low", "normal", "high", "urgent"]
"""How urgent a ticket is.

- ``low``: It can wait.
- ``normal``: As most.
- ``high``: Something does not work as it should.
- ``urgent``: Something does not work at all.
"""


class TicketReply(TypedDict):
    """A reply to a ticket."""

    author: str
    """Who wrote it."""
    body: str
    """What."""
    time: Timestamp
    """When."""


TicketState: TypeAlias = Literal["open", "closed"]
"""Whether a ticket is open.

- ``open``: Somebody has to do something.
- ``closed``: It is done with.
"""


class Ticket(TypedDict):
    """A ticket as stored."""

    app: AppName | None
    """The app that it is about."""
    assignee: str | None
    """To whom it is assigned."""
    author: str
    """Who wrote it."""
    body: str
    """The text."""
    client: ClientId
    """The client whose ticket it is."""
    closed_at: Timestamp | None
    """When it was closed, if it is."""
    created_at: Timestamp
    """When it was opened."""
    customer: CustomerId | None
    """The client's customer who asks."""
    id: TicketId
    """Its id. Those of later tickets come first in order."""
    priority: TicketPriority
    """How urgent it is."""
    replies: list[TicketReply]
    """The replies, in order."""
    state: TicketState
    """Whether it is open."""
    subject: str
    """One line."""
    updated_at: Timestamp
    """When it last changed."""


class TicketSpec(TypedDict):
    """A ticket to open."""

    app: NotRequired[AppName | None]
    """The app that it is about."""
    body: str
    """The text."""
    client: ClientId
    """The client whose ticket it is."""
    customer: NotRequired[CustomerId | None]
    """The client's customer who asks."""
    priority: NotRequired[TicketPriority]
    """How urgent it is."""
    subject: str
    """One line."""
