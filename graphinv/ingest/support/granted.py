"""Grants as the languages of providers take them apart, and what the edges that they give have in common."""

from __future__ import annotations

import json
from typing import Any

from graphinv.model.facts import Grant, Problem, Props


def body_of(grant: Grant) -> Any:
    """The body as JSON; None where it is none."""
    try:
        return json.loads(grant.body)
    except (ValueError, RecursionError):
        return None


def object_of(grant: Grant) -> dict[str, Any]:
    """The body as a JSON object; an empty one where it is none."""
    body = body_of(grant)
    return body if isinstance(body, dict) else {}


def granted_props(grant: Grant) -> Props:
    """Evidence and sources of an edge that rests on ``grant``."""
    return {"evidence": [grant.evidence], "sources": sources_of(grant)}


def sources_of(grant: Grant) -> list[str]:
    """Where ``grant`` is stated."""
    return [grant.source] if grant.source else []


def problem_of(grant: Grant, message: str, severity: str = "error") -> Problem:
    """What of ``grant`` was not understood."""
    place, _, where = grant.source.partition("#")
    return Problem(place, where, message, severity, "grants")


def unread(grant: Grant) -> Problem:
    """A grant whose role or body its language does not know."""
    return problem_of(grant, f"a grant for {grant.role or 'nothing'} is not in the form that is read")
