"""The exceptions: every kind has a class, and each is plain data that survives a pickle."""

from __future__ import annotations

import builtins
import json
import pickle
from typing import Any

import byop
import pytest
from byop import _byop, exceptions

REPORT = {
    "kind": "rate_limited",
    "operation": "server.create",
    "message": "too many requests",
    "context": [["region", "fra1"], ["request", "r-1"], ["region", "other"]],
    "retry": {"after": {"secs": 2, "nanos": 500_000_000}},
    "remedy": "wait",
    "causes": ["http: 429", "inner"],
}


def make(**changes: object) -> byop.ByopError:
    return exceptions._from_report(json.dumps({**REPORT, **changes}))


@pytest.mark.parametrize("kind", _byop.error_kinds())
def test_every_kind_has_its_own_class(kind: str) -> None:
    error = make(kind=kind)
    assert type(error) is not byop.ByopError
    assert error.kind == kind
    assert type(error).__name__ == kind.title().replace("_", "") + "Error"
    assert getattr(byop, type(error).__name__) is type(error)


def test_no_class_is_without_a_kind() -> None:
    assert sorted(exceptions._CLASSES) == sorted(_byop.error_kinds())


@pytest.mark.parametrize("kind", _byop.error_kinds())
def test_every_exception_survives_a_pickle(kind: str) -> None:
    error = make(kind=kind)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.__dict__, again.args, str(again)) == (error.__dict__, error.args, str(error))


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("invalid_input", ValueError),
        ("not_found", LookupError),
        ("permission_denied", PermissionError),
        ("unavailable", ConnectionError),
        ("timeout", builtins.TimeoutError),
        ("unsupported", NotImplementedError),
        ("internal", RuntimeError),
    ],
)
def test_natural_bases_catch_too(kind: str, base: type[Exception]) -> None:
    with pytest.raises(base):
        raise make(kind=kind)


def test_the_report_becomes_attributes() -> None:
    error = make()
    assert error.operation == "server.create"
    assert error.message == "too many requests"
    assert error.context == {"region": "fra1", "request": "r-1"}
    assert error.causes == ["http: 429", "inner"]
    assert error.remedy == "wait"
    assert (error.retryable, error.retry_after) == (True, 2.5)


def test_the_text_is_one_plain_line() -> None:
    assert str(make()) == "server.create: too many requests (region: fra1, request: r-1); wait"


@pytest.mark.parametrize(("retry", "retryable"), [("never", False), ("exhausted", False), ("now", True)])
def test_retry_says_whether_to_try_again(retry: str, retryable: bool) -> None:
    error = make(retry=retry)
    assert (error.retryable, error.retry_after) == (retryable, None)


def test_a_kind_of_a_newer_byop_is_still_a_byop_error() -> None:
    assert type(make(kind="brand_new")) is byop.ByopError


def test_a_class_of_the_user_survives_a_pickle() -> None:
    again = pickle.loads(pickle.dumps(Own("text", 7)))
    assert (type(again), again.extra, again.message) == (Own, 7, "text")


class Own(byop.NotFoundError):
    """An exception with arguments of its own."""

    def __init__(self, message: str, extra: int) -> None:
        super().__init__(message)
        self.extra = extra


def test_whatever_an_exception_is_made_of_becomes_what_its_attributes_say() -> None:
    odd: Any = byop.RateLimitedError
    error = odd(ValueError("busy"), context={1: None}, causes=[KeyError("a"), "b"], remedy=3, retry_after="5")
    assert (error.message, error.context, error.remedy) == ("busy", {"1": "None"}, "3")
    assert (error.causes, error.retry_after) == (["KeyError: 'a'", "b"], 5.0)
    assert str(error) == "busy (1: None); 3"
