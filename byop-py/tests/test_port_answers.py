"""What becomes of what a method of a port returns and raises."""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import math
import sys
import types
from typing import Any

import byop
import pytest
from providers import Provider

REQUEST: Any = {"name": "web-1", "region": "here", "size": "small"}


class Raises(Provider):
    """A provider whose lists raise what it is told."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def list_sizes(self, region: str) -> Any:
        raise self.error


class AsyncRaises(Raises):
    """The same in a coroutine."""

    async def list_sizes(self, region: str) -> Any:
        raise self.error


def seen(provider: Provider) -> byop.ByopError:
    """The error of the engine."""
    with pytest.raises(byop.ByopError) as caught:
        byop.Engine(clouds=[provider]).plan_server(REQUEST)
    return caught.value


class WithoutConstructor(byop.QuotaExceededError):
    """A class that leaves the constructor of its base out."""

    def __init__(self) -> None:
        pass


# They are given what their types do not allow.
Quota: Any = byop.QuotaExceededError
Rate: Any = byop.RateLimitedError

ODD: dict[str, tuple[BaseException, str]] = {
    "an exception as message": (Quota(ValueError("odd")), "quota_exceeded"),
    "a number as remedy": (Quota("odd", remedy=3), "quota_exceeded"),
    "exceptions as causes": (Quota("odd", causes=[ValueError()]), "quota_exceeded"),
    "no text as context": (Quota("odd", context={"id": None}), "quota_exceeded"),
    "half a character": (Quota("odd \ud800 name"), "quota_exceeded"),
    "to wait without end": (Rate("odd", retry_after=math.inf), "rate_limited"),
    "to wait for no number": (Rate("odd", retry_after=math.nan), "rate_limited"),
    "to wait for ages": (Rate("odd", retry_after=1e300), "rate_limited"),
    "to wait for a date": (Rate("odd", retry_after="Mon"), "rate_limited"),
    "no constructor": (WithoutConstructor(), "quota_exceeded"),
    "asyncio's own timeout": (asyncio.TimeoutError("odd"), "timeout"),
    "a pool's own timeout": (concurrent.futures.TimeoutError("odd"), "timeout"),
    "the end of an iterator": (StopIteration(3), "internal"),
    "a cancelled coroutine": (asyncio.CancelledError("odd"), "internal"),
    "the end of the program": (SystemExit(2), "internal"),
}


@pytest.mark.parametrize("what", sorted(ODD))
@pytest.mark.parametrize("provider", [Raises, AsyncRaises])
def test_an_odd_exception_keeps_its_kind(provider: type[Raises], what: str) -> None:
    error, kind = ODD[what]
    raised = seen(provider(error))
    assert (raised.kind, raised.operation) == (kind, "mine.list_sizes")
    if not isinstance(error, StopIteration):  # Python replaces it in a coroutine.
        assert raised.__cause__ is error


def test_what_a_header_says_is_a_time_to_wait() -> None:
    assert seen(Raises(Rate("odd", retry_after="5"))).retry_after == 5


def test_the_causes_of_an_error_follow_its_traceback() -> None:
    raised = seen(Raises(Quota("odd", causes=["the plan is free", ValueError("odd")])))
    assert raised.causes[0].startswith("Traceback")
    assert raised.causes[1:] == ["the plan is free", "ValueError: odd"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python has groups of exceptions since 3.11")
def test_a_group_of_one_exception_is_that_exception() -> None:
    class Groups(Provider):
        async def list_sizes(self, region: str) -> Any:
            async def one() -> None:
                raise byop.RateLimitedError("the account is busy", retry_after=2)

            async with asyncio.TaskGroup() as inner, asyncio.TaskGroup() as outer:
                (outer or inner).create_task(one())

    raised = seen(Groups())
    assert (raised.kind, raised.retry_after, raised.message) == ("rate_limited", 2, "the account is busy")
    assert raised.cause and "in one" in raised.cause


def test_a_stored_job_has_the_chain_of_exceptions_without_our_own_frames() -> None:
    class Fails(Provider):
        def create_server(self, spec: Any) -> Any:
            try:
                raise ValueError("root reason")
            except ValueError as error:
                raise byop.QuotaExceededError("the account is full") from error

    engine = byop.Engine(clouds=[Fails()])
    job = engine.create_server(REQUEST)
    with pytest.raises(byop.QuotaExceededError) as caught:
        engine.wait(job)
    (text,) = [cause for cause in caught.value.causes if cause.startswith("Traceback")]
    assert "root reason" in text and "direct cause" in text and "create_server" in text
    assert "_ports.py" not in text


@pytest.mark.parametrize("mapping", [types.MappingProxyType, collections.UserDict, collections.ChainMap])
def test_a_mapping_of_another_class_is_a_dictionary(mapping: Any) -> None:
    class Maps(Provider):
        def list_sizes(self, region: str) -> Any:
            sizes = super().list_sizes(region)
            return tuple(mapping({**size, "price": size["price"] and mapping(size["price"])}) for size in sizes)

        def find_image(self, region: str, name: str) -> Any:
            return mapping(self.cloud.find_image(region, name))

    assert byop.Engine(clouds=[Maps()]).plan_server(REQUEST)["image"]["id"] == "debian-12"


class Coroutine(Provider):
    """A provider that looks up what it can do."""

    async def capabilities(self) -> Any:
        return {}


def able(capabilities: Any) -> Provider:
    provider: Provider = type("Able", (Provider,), {"capabilities": capabilities})()
    return provider


@pytest.mark.parametrize(
    ("provider", "error", "text"),
    [
        (able("labels"), TypeError, "capabilities must be a dictionary, not str"),
        (able(5), TypeError, "capabilities must be a dictionary, not int"),
        (able(["labels"]), TypeError, "capabilities must be a dictionary, not list"),
        (Coroutine(), TypeError, "not a coroutine"),
        (able({"zzz": 1}), byop.InvalidInputError, "there is no such key (key: zzz)"),
        (able({"max_user_data": "much"}), byop.InvalidInputError, "mine.capabilities"),
    ],
)
def test_wrong_capabilities_are_refused_when_the_engine_is_made(
    provider: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught:
        byop.Engine(clouds=[provider])
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "capabilities", [None, {}, types.MappingProxyType({"labels": True}), lambda self: {"ipv6": True}]
)
def test_right_capabilities_are_taken(capabilities: Any) -> None:
    assert byop.Engine(clouds=[able(capabilities)]).plan_server(REQUEST)["provider"] == "mine"
