"""The behaviour suite of generators."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ._byop import SourceTree
from ._preview import preview
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
            name = behaviour.__name__.removeprefix("_")
            failed.append(f"{name}: {error or type(error).__name__}")
    if failed:
        raise AssertionError("the generator lacks behaviours:\n" + "\n".join(failed))


class _Trial:
    def __init__(self, generator: Generator, files: dict[str, str], foreign: list[dict[str, str]]) -> None:
        self.generator = generator
        self.files = files
        self.foreign = foreign
        self.tree = SourceTree.from_files(files)

    def detected(self) -> dict[str, Any]:
        found = self.generator.detect(self.tree)
        _expect(found is not None, "its own tree is not recognised")
        return dict(found or {})

    def planned(self) -> dict[str, Any]:
        detection: Any = self.detected()
        spec: Any = dict(_SPEC)
        return dict(self.generator.plan(self.tree, detection, spec))

    def preview(self, **how: Any) -> Any:
        """The way through the engine."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in self.files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return preview(folder, name="app", generators=[self.generator], **how)


def _expect(condition: bool, text: str) -> None:
    if not condition:
        raise AssertionError(text)


def _the_name_is_short_and_in_lower_case(trial: _Trial) -> None:
    _expect(re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", trial.generator.name) is not None, repr(trial.generator.name))


def _its_own_tree_is_recognised(trial: _Trial) -> None:
    trial.detected()


def _the_confidence_is_between_0_and_1(trial: _Trial) -> None:
    confidence = trial.detected().get("confidence")
    _expect(isinstance(confidence, (int, float)) and 0 < confidence <= 1, f"confidence: {confidence!r}")


def _a_detection_has_evidence_from_the_tree(trial: _Trial) -> None:
    evidence = trial.detected().get("evidence", [])
    _expect(bool(evidence), "there is no evidence")
    for each in evidence:
        _expect(trial.tree.has_file(each["file"]), f"the tree has no {each['file']!r}")
        _expect(bool(each["fact"] and each["reason"]), "an empty fact or reason")


def _an_empty_tree_is_left_alone(trial: _Trial) -> None:
    _expect(trial.generator.detect(SourceTree.from_files({})) is None, "an empty tree is recognised")


def _trees_of_other_stacks_are_left_alone(trial: _Trial) -> None:
    for files in trial.foreign:
        found = trial.generator.detect(SourceTree.from_files(files))
        _expect(found is None, f"a tree of {sorted(files)} is recognised")


def _the_same_tree_gives_the_same_detection(trial: _Trial) -> None:
    again = SourceTree.from_files(dict(reversed(list(trial.files.items()))))
    _expect(_same(trial.detected(), trial.generator.detect(again)), "two detections differ")


def _the_same_tree_gives_the_same_plan(trial: _Trial) -> None:
    _expect(_same(trial.planned(), trial.planned()), "two plans differ")


def _a_plan_says_how_to_start(trial: _Trial) -> None:
    plan = trial.planned()
    keys = ("start", "command", "static_dir", "dockerfile")
    _expect(any(plan.get(key) for key in keys), "one of " + ", ".join(keys) + " is needed")


def _a_plan_is_what_the_engine_takes(trial: _Trial) -> None:
    plan = trial.preview()["plan"]
    _expect(plan["stack"] == trial.generator.name, f"another stack: {plan['stack']!r}")


def _the_port_of_the_owner_wins(trial: _Trial) -> None:
    for port in (4321, 4322):
        _expect(trial.preview(port=port)["plan"]["port"] == port, "the port of the spec is not taken")


def _the_start_command_of_the_owner_wins(trial: _Trial) -> None:
    start = "run-it --as-the-owner-says"
    found = trial.preview(settings={"build": {"start": start}})["plan"]
    _expect(found["start"] == start or bool(found["dockerfile"]), "the start command of the spec is not taken")


def _there_is_a_dockerfile(trial: _Trial) -> None:
    made = trial.preview()
    name = made["plan"]["dockerfile"] or "Dockerfile"
    text = made["files"].get(name, {}).get("contents", "")
    _expect(re.search(r"^FROM \S+", text, re.MULTILINE | re.IGNORECASE) is not None, f"{name} has no FROM")


def _images_are_pinned(trial: _Trial) -> None:
    for image in re.findall(r"^FROM (\S+)", _dockerfile(trial), re.MULTILINE | re.IGNORECASE):
        # An earlier stage has neither a tag nor a registry.
        is_stage = re.search(rf"^FROM .* AS {re.escape(image)}$", _dockerfile(trial), re.MULTILINE | re.IGNORECASE)
        tag = image.rpartition("/")[2].partition(":")[2]
        fits = is_stage or image == "scratch" or "@sha256:" in image or (tag and tag != "latest")
        _expect(bool(fits), f"the image {image!r} has no version")


def _files_stay_in_the_tree(trial: _Trial) -> None:
    for path in trial.preview()["files"]:
        _expect(not path.startswith("/") and ".." not in path.split("/"), f"the file {path!r} is outside")


def _the_same_plan_gives_the_same_files(trial: _Trial) -> None:
    _expect(trial.preview()["files"] == trial.preview()["files"], "two renderings differ")


def _what_it_looks_for_is_a_list_of_texts(trial: _Trial) -> None:
    looks_for = getattr(trial.generator, "looks_for", None)
    if looks_for is not None:
        _expect(all(isinstance(each, str) and each for each in looks_for()), "no list of texts")


def _dockerfile(trial: _Trial) -> str:
    made = trial.preview()
    text: str = made["files"][made["plan"]["dockerfile"] or "Dockerfile"]["contents"]
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
