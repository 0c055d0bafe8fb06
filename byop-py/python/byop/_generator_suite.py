"""The behaviour suite of generators."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import tempfile
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ._byop import SourceTree
from ._preview import preview
from .exceptions import ByopError
from .ports import Generator

_SPEC: dict[str, Any] = {"name": "app", "source": {"directory": "."}}


def check(generator: Generator, files: Mapping[str, str], foreign: Iterable[Mapping[str, str]]) -> None:
    """Run every behaviour and report all that fail."""
    failed = []
    trial = _Trial(generator, dict(files), [dict(tree) for tree in foreign])
    for behaviour in _BEHAVIOURS:
        try:
            behaviour(trial)
        except Exception as error:
            said = str(error) if isinstance(error, (AssertionError, ByopError)) else f"it raised {_trace(error)}"
            failed.append(f"{behaviour.__name__.removeprefix('_')}: {said}")
    if failed:
        raise AssertionError("the generator lacks behaviours:\n" + "\n".join(failed))


def _trace(error: Exception) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()


class _Trial:
    def __init__(self, generator: Generator, files: dict[str, str], foreign: list[dict[str, str]]) -> None:
        self.generator = generator
        self.files = files
        self.foreign = foreign
        self.tree = SourceTree.from_files(files)

    def detected(self) -> dict[str, Any]:
        found = _answer(self.generator.detect(self.tree))
        _expect(found is not None, f"detect must recognise its own tree of {sorted(self.files)}; it gave None")
        return dict(found or {})

    def planned(self) -> dict[str, Any]:
        detection: Any = self.detected()
        spec: Any = dict(_SPEC)
        return dict(_answer(self.generator.plan(self.tree, detection, spec)))

    def preview(self, **how: Any) -> Any:
        """The way through the engine."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in self.files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return preview(folder, name="app", generators=[self.generator], **how)


def _answer(value: Any) -> Any:
    """Wait for the answer of a coroutine; any other value is the answer."""

    async def wait() -> Any:
        return await value

    return asyncio.run(wait()) if inspect.isawaitable(value) else value


def _expect(condition: bool, text: str) -> None:
    if not condition:
        raise AssertionError(text)


def _the_name_is_short_and_in_lower_case(trial: _Trial) -> None:
    name = trial.generator.name
    rule = "the name must be of at most 40 lower-case letters, digits, hyphens and underscores and begin with a letter"
    _expect(re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name) is not None, f"{rule}; it is {name!r}")


def _its_own_tree_is_recognised(trial: _Trial) -> None:
    trial.detected()


def _the_confidence_is_between_0_and_1(trial: _Trial) -> None:
    confidence = trial.detected().get("confidence")
    fits = isinstance(confidence, (int, float)) and 0 < confidence <= 1
    _expect(fits, f"detect must give a confidence above 0 and at most 1; it gave {confidence!r}")


def _a_detection_has_evidence_from_the_tree(trial: _Trial) -> None:
    evidence = trial.detected().get("evidence", [])
    _expect(bool(evidence), "detect must give evidence for what it recognises; it gave none")
    for each in evidence:
        known = trial.tree.has_file(each["file"])
        _expect(known, f"the file of an evidence must be in the tree; detect gave {each['file']!r}")
        said = bool(each["fact"] and each["reason"])
        _expect(said, f"an evidence must have a fact and a reason; detect gave {each!r}")


def _an_empty_tree_is_left_alone(trial: _Trial) -> None:
    found = _answer(trial.generator.detect(SourceTree.from_files({})))
    _expect(found is None, f"detect must give None for an empty tree; it gave {found!r}")


def _trees_of_other_stacks_are_left_alone(trial: _Trial) -> None:
    for files in trial.foreign:
        found = _answer(trial.generator.detect(SourceTree.from_files(files)))
        _expect(found is None, f"detect must give None for a tree of {sorted(files)}; it gave {found!r}")


def _the_same_tree_gives_the_same_detection(trial: _Trial) -> None:
    tree = SourceTree.from_files(dict(reversed(list(trial.files.items()))))
    one, other = trial.detected(), _answer(trial.generator.detect(tree))
    _expect(_same(one, other), f"detect must give the same for the same tree; it gave {one!r} and then {other!r}")


def _the_same_tree_gives_the_same_plan(trial: _Trial) -> None:
    one, other = trial.planned(), trial.planned()
    _expect(_same(one, other), f"plan must give the same for the same tree; it gave {one!r} and then {other!r}")


def _a_plan_says_how_to_start(trial: _Trial) -> None:
    plan = trial.planned()
    keys = ("start", "command", "static_dir", "dockerfile")
    _expect(any(plan.get(key) for key in keys), f"plan must give one of {', '.join(keys)}; it gave {plan!r}")


def _a_plan_is_what_the_engine_takes(trial: _Trial) -> None:
    plan = trial.preview()["plan"]
    name = trial.generator.name
    _expect(
        plan["stack"] == name, f"the stack of a plan must be the generator's name, {name!r}; it is {plan['stack']!r}"
    )


def _the_port_of_the_owner_wins(trial: _Trial) -> None:
    for port in (4321, 4322):
        found = trial.preview(port=port)["plan"]["port"]
        _expect(found == port, f"plan must take the port of the spec, {port}; it gave {found!r}")


def _the_start_command_of_the_owner_wins(trial: _Trial) -> None:
    start = "run-it --as-the-owner-says"
    found = trial.preview(settings={"build": {"start": start}})["plan"]
    taken = found["start"] == start or bool(found["dockerfile"])
    _expect(taken, f"plan must take the start command of the spec, {start!r}; it gave {found['start']!r}")


def _there_is_a_dockerfile(trial: _Trial) -> None:
    text = _dockerfile(trial)
    has_from = re.search(r"^FROM \S+", text, re.MULTILINE | re.IGNORECASE) is not None
    _expect(has_from, f"there must be a Dockerfile with a line FROM; its text is {text!r}")


def _images_are_pinned(trial: _Trial) -> None:
    text = _dockerfile(trial)
    for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE | re.IGNORECASE):
        # An earlier stage has neither a tag nor a registry.
        is_stage = re.search(rf"^FROM .* AS {re.escape(image)}$", text, re.MULTILINE | re.IGNORECASE)
        tag = image.rpartition("/")[2].partition(":")[2]
        fits = is_stage or image == "scratch" or "@sha256:" in image or (tag and tag != "latest")
        _expect(bool(fits), f"an image must have a tag other than latest, or a digest; FROM names {image!r}")


def _files_stay_in_the_tree(trial: _Trial) -> None:
    for path in trial.preview()["files"]:
        inside = not path.startswith("/") and ".." not in path.split("/")
        _expect(inside, f"files must stay in the tree; generate gave {path!r}")


def _the_same_plan_gives_the_same_files(trial: _Trial) -> None:
    one, other = trial.preview()["files"], trial.preview()["files"]
    differ = sorted(path for path in {*one, *other} if one.get(path) != other.get(path))
    _expect(not differ, f"generate must give the same files for the same plan; these differ: {differ}")


def _what_it_looks_for_is_a_list_of_texts(trial: _Trial) -> None:
    looks_for = getattr(trial.generator, "looks_for", None)
    if looks_for is not None:
        given = list(looks_for())
        _expect(all(isinstance(each, str) and each for each in given), f"looks_for must give texts; it gave {given!r}")


def _dockerfile(trial: _Trial) -> str:
    made = trial.preview()
    text: str = made["files"].get(made["plan"]["dockerfile"] or "Dockerfile", {}).get("contents", "")
    return text


def _same(one: object, other: object) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


_BEHAVIOURS: list[Callable[[_Trial], None]] = [
    _the_name_is_short_and_in_lower_case,
    _its_own_tree_is_recognised,
    _the_confidence_is_between_0_and_1,
    _a_detection_has_evidence_from_the_tree,
    _an_empty_tree_is_left_alone,
    _trees_of_other_stacks_are_left_alone,
    _the_same_tree_gives_the_same_detection,
    _the_same_tree_gives_the_same_plan,
    _a_plan_says_how_to_start,
    _a_plan_is_what_the_engine_takes,
    _the_port_of_the_owner_wins,
    _the_start_command_of_the_owner_wins,
    _there_is_a_dockerfile,
    _images_are_pinned,
    _files_stay_in_the_tree,
    _the_same_plan_gives_the_same_files,
    _what_it_looks_for_is_a_list_of_texts,
]
