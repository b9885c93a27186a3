"""The built-in policy: what the enforcement points on a hop would answer to a question, by what the graph knows of them.

It is asked where no decision point is, and says what posture counts on. What a real point would say only that point knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphinv.analyze.paths import listed
from graphinv.analyze.scopes import passes
from graphinv.model.estate import NodeRecord
from graphinv.model.verdicts import Answer, Decision, strongest


def supposed(question: Mapping[str, Any], points: Sequence[NodeRecord]) -> Answer:
    """What ``points``, those on the hop that ``question`` (as AuthZEN has it) is about, would answer together.

    A point that enforces denies, asks for step-up, or lets pass what its ``allows`` match of what the path ends in; where it states no
    bounds, or nobody states that it enforces, its answer is unknown. One that only monitors lets everything pass; one that is off is not
    asked.
    """
    answers = [(point, *_of_one(question, point)) for point in points]
    decision = strongest(decision for _, decision, _ in answers)
    reasons = [f"{point.id} {words}{_unsafe(point)}" for point, one, words in answers if one == decision]
    return Answer(decision, "; ".join(reasons) or "no point stands here")


_OF_MODE: Mapping[str | None, tuple[Decision, str]] = {
    "monitor": ("allow", "only monitors"),
    "off": ("not_asked", "is off"),
    None: ("unknown", "states no mode"),
}
_OF_EFFECT: Mapping[str | None, tuple[Decision, str]] = {
    "deny": ("deny", "denies"),
    "step_up": ("step_up", "asks for step-up"),
}


def _of_one(question: Mapping[str, Any], point: NodeRecord) -> tuple[Decision, str]:
    mode, effect, allows = (point.props.get(name) for name in ("mode", "effect", "allows"))
    if mode != "enforce":
        return _OF_MODE[mode]
    if effect in _OF_EFFECT:
        return _OF_EFFECT[effect]
    if effect is None or allows is None:
        return "unknown", "decides by bounds that nobody states"
    context = question["context"]
    if passes(allows, context["target"]["id"], context["deed"]):
        return "allow", f"lets {context['deed']} pass there"
    return "deny", f"lets pass only {listed(allows)}"


def _unsafe(point: NodeRecord) -> str:
    """What else of an enforcing point matters to whoever counts on it."""
    if point.props.get("mode") != "enforce":
        return ""
    told = [
        "cannot tell agents apart" if point.props.get("distinguishes") in ("none", "identity") else "",
        "lets all pass when it cannot be asked" if point.props.get("fail") == "open" else "",
    ]
    return "".join(f", {one}" for one in told if one)
