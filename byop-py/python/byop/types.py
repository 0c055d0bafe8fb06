"""The data of byop, as it comes out of ``json.loads``: plain dictionaries with these keys.

A newer byop may add keys.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Evidence(TypedDict):
    """A conclusion and the file it rests on."""

    fact: str
    file: str
    reason: str


class Diagnostic(TypedDict):
    """Something a person should know about a detection or plan."""

    code: str
    severity: Literal["info", "warning", "error"]
    message: str
    setting: str | None
    choices: list[str]


class Detection(TypedDict):
    """What a source tree was found to be, with the reasons."""

    stack: str
    version: str | None
    framework: str | None
    variant: Literal["spa", "ssr"] | None
    package_manager: str | None
    package_manager_version: str | None
    confidence: float
    root: str
    evidence: list[Evidence]
    diagnostics: list[Diagnostic]


class User(TypedDict):
    """A user and group, by number."""

    uid: int
    gid: int


class HealthCheck(TypedDict):
    """How a container checks itself."""

    path: str
    is_known: bool
    command: list[str] | None
    interval_seconds: int
    timeout_seconds: int
    start_seconds: int
    retries: int


class CacheMount(TypedDict):
    """A cache folder that outlives a build."""

    id: str
    target: str
    is_locked: bool


class EnvStep(TypedDict):
    """Variables that are set while building."""

    values: dict[str, str]
    reason: str


#: What is copied, and from where. Not a class, because ``from`` cannot be the name of an attribute.
CopyStep = TypedDict(
    "CopyStep",
    {"from": str | None, "sources": list[str], "target": str, "reason": str},
)


class PackagesStep(TypedDict):
    """Distribution packages that are installed."""

    names: list[str]
    reason: str


class RunStep(TypedDict):
    """A command line of the build."""

    command: str
    classic: str | None
    caches: list[CacheMount]
    secrets: list[str]
    reason: str


class BuildStep(TypedDict, total=False):
    """One instruction of a stage: exactly one of these keys."""

    workdir: str
    env: EnvStep
    copy: CopyStep
    packages: PackagesStep
    run: RunStep


class Stage(TypedDict):
    """One stage of a multi-stage Dockerfile."""

    name: str
    image: str
    reason: str
    steps: list[BuildStep]


class AddonNeed(TypedDict):
    """A database, cache or other service that an application needs beside itself."""

    kind: str
    file: str
    reason: str
    env: str | None


class EnvNeed(TypedDict):
    """An environment variable that an application reads and that has no value yet."""

    name: str
    file: str
    is_secret: bool


class Plan(TypedDict):
    """How an application is built and started."""

    stack: str
    version: str | None
    framework: str | None
    variant: Literal["spa", "ssr"] | None
    package_manager: str | None
    package_manager_version: str | None
    install: str | None
    build: str | None
    start: str | None
    command: list[str] | None
    entry: str | None
    static_dir: str | None
    index_fallback: bool
    document_root: str | None
    port: int
    health: HealthCheck
    env: dict[str, str]
    processes: dict[str, str]
    volumes: list[dict[str, str]]
    writable: list[str]
    user: User | None
    root: str
    stages: list[Stage]
    dockerfile: str | None
    context: str
    kept: dict[str, str]
    context_files: dict[str, str]
    stop_signal: str | None
    addons: list[AddonNeed]
    required_env: list[EnvNeed]
    ignore: list[str]
    compose_file: str
    diagnostics: list[Diagnostic]


class GeneratedFile(TypedDict):
    """One generated file."""

    contents: str
    kept: bool


class Question(TypedDict):
    """What a person can be asked, as a form shows it; the answer is the value of ``setting``."""

    setting: str
    text: str
    choices: list[str]
    suggested: str | None
    code: str
    severity: Literal["info", "warning", "error"]


class Preview(TypedDict):
    """What byop would do with a source tree."""

    detection: Detection
    plan: Plan
    files: dict[str, GeneratedFile]
    #: The spec with what the ``byop.yaml`` of the tree adds to it; ``byop.schema("app")`` describes it.
    spec: dict[str, Any]
    #: Those first without whose answer nothing is deployed.
    questions: list[Question]
