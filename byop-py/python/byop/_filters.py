"""The filters of lists, in the form that crosses to Rust."""

from __future__ import annotations

from typing import Any


def page(prefix: str, after: str | None, limit: int | None) -> dict[str, Any]:
    """Filter a list that is in order of its keys."""
    return {"prefix": prefix, "after": after, "limit": limit}


def jobs(subject: str | None, unfinished: bool, before: str | None, limit: int | None) -> dict[str, Any]:
    """Filter a list of jobs."""
    return {"subject": subject, "unfinished": unfinished, "before": before, "limit": limit}


def audit(
    action: str | None,
    subject: str | None,
    who: str | None,
    since: int | None,
    until: int | None,
    after: int,
    limit: int | None,
) -> dict[str, Any]:
    """Filter the audit."""
    return {
        "action": action,
        "subject": subject,
        "who": who,
        "since": since,
        "until": until,
        "after": after,
        "limit": limit,
    }


def tickets(
    state: str | None,
    priority: str | None,
    customer: str | None,
    app: str | None,
    assignee: str | None,
    before: str | None,
    limit: int | None,
) -> dict[str, Any]:
    """Filter a list of tickets."""
    return {
        "state": state,
        "priority": priority,
        "customer": customer,
        "app": app,
        "assignee": assignee,
        "before": before,
        "limit": limit,
    }
