"""What the rules say to the items of a framework: which speak to it, what they found, whether they could be judged at all."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import Field

from graphinv.model.errors import Ambiguous, NotFound
from graphinv.model.results import LEVELS, Analysis, Level, Result
from graphinv.pipeline.bundled import bundled
from graphinv.pipeline.coverage import agents_judged

if TYPE_CHECKING:
    from graphinv.analyze.rules import Rule

_JUDGED = ("found", "clear")


class ItemCoverage(Result):
    """One item of a framework."""

    id: str
    title: str
    rules: tuple[str, ...] = Field(description="Rules that speak to it, to a part of it, or to what came after it in a newer edition")
    judged: tuple[str, ...] = Field(description="Those of them that could be judged in the last analysis")
    findings: int
    worst: Level | None
    agents: int = Field(description="Agents of whom at least one of these rules could be judged")
    unseen: str = Field(description="What cannot be seen of it from here, and why; empty where all rules that speak to it could be judged")


class FrameworkCoverage(Result):
    """A framework, or the items that a name stands for."""

    key: str
    name: str
    version: str
    note: str = Field(default="", description="How the name was understood, where it is not the framework's own")
    items: tuple[ItemCoverage, ...]


@cache
def catalogue() -> Mapping[str, Any]:
    """data/frameworks.json."""
    loaded: Mapping[str, Any] = json.loads((bundled("data") / "frameworks.json").read_text("utf-8"))
    return loaded


def framework_names() -> list[tuple[str, str, str, int]]:
    """(key, name, version, number of items) of every framework."""
    return [(one["key"], one["name"], one["version"], len(one["items"])) for one in catalogue()["frameworks"]]


def coverage(name: str, analysis: Analysis, rules: Mapping[str, Rule]) -> list[FrameworkCoverage]:
    """What the rules say to the framework, item or alias called ``name``; one entry for each framework that it touches.

    Raises:
        NotFound: nothing has that name, or what it stands for is not in the catalogue.
        Ambiguous: several frameworks have it in their names.
    """
    note, wanted = _understood(name)
    speaking = _speaking(rules)
    outcomes = {status.rule: status.outcome for status in analysis.rules}
    found = []
    for framework, items in wanted:
        covered = [_item(item, sorted(speaking.get(item["id"], ())), outcomes, analysis) for item in items]
        found.append(
            FrameworkCoverage(key=framework["key"], name=framework["name"], version=framework["version"], note=note, items=tuple(covered))
        )
    return found


def _speaking(rules: Mapping[str, Rule]) -> Mapping[str, Set[str]]:
    """Rules by the items they speak to."""
    found: dict[str, set[str]] = {}
    for id, rule in rules.items():
        for item in rule.frameworks:
            for whole in (item, *(item[:place] for place, letter in enumerate(item) if letter in ". ")):
                found.setdefault(whole, set()).add(id)
    for framework in catalogue()["frameworks"]:
        for item in framework["items"]:
            if item.get("predecessor"):
                found.setdefault(item["predecessor"], set()).update(found.get(item["id"], ()))
    return found


@cache
def _out_of_sight() -> Mapping[str, str]:
    """Why no rule can speak to an item, by its id."""
    return {item: reason["why"] for reason in catalogue()["unseen"] for item in reason["items"]}


def _item(item: Mapping[str, Any], rules: Sequence[str], outcomes: Mapping[str, str], analysis: Analysis) -> ItemCoverage:
    judged = tuple(rule for rule in rules if outcomes.get(rule) in _JUDGED)
    severities = [finding.severity for finding in analysis.findings if finding.rule in rules]
    missing = [rule for rule in rules if rule not in judged]
    partly = f"could not be judged: {', '.join(missing)}" if missing else ""
    unseen = partly if judged else "no source states what its rules need" if rules else _out_of_sight()[item["id"]]
    return ItemCoverage(
        id=item["id"],
        title=item["title"],
        rules=tuple(rules),
        judged=judged,
        findings=len(severities),
        worst=min(severities, key=LEVELS.index) if severities else None,
        agents=agents_judged(analysis, judged),
        unseen=unseen,
    )


_Wanted = list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]


def _understood(name: str) -> tuple[str, _Wanted]:
    frameworks = catalogue()["frameworks"]
    plain = name.strip().casefold()
    exact = [one for one in frameworks if one["key"].casefold() == plain]
    if exact:
        return "", [(one, one["items"]) for one in exact]
    for alias in catalogue()["aliases"]:
        if plain and _letters(plain) in (_letters(alias["name"]), _letters(alias["name"].rpartition("/")[2])):
            ids, reason = alias["resolves_to"], alias.get("reason", "")
            if not ids:
                raise NotFound(f"{name!r} stands for nothing in the catalogue: {reason}")
            return f"{name} is taken for {', '.join(ids)} (confidence {alias['confidence']}). {reason}".strip(), _holding(set(ids))
    items = _holding({item["id"] for one in frameworks for item in one["items"] if item["id"].casefold() == plain})
    if items:
        return "", items
    named = [one for one in frameworks if plain and plain in f"{one['name']} {one['key']}".casefold()]
    if not named:  # all its words, in whatever order and however they are joined
        named = [one for one in frameworks if _words(plain) and _words(plain) <= _words(f"{one['name']} {one['key']}".casefold())]
    if len(named) > 1:
        raise Ambiguous(f"{name!r} is in the names of several frameworks: {', '.join(one['key'] for one in named)}")
    if not named:
        raise NotFound(f"no framework, item or alias is called {name!r}; `graphinv frameworks list` shows them")
    return "", [(named[0], named[0]["items"])]


def _letters(text: str) -> str:
    """``text`` without case, blanks and punctuation, so that ``TM1`` is ``TM-1``."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text))


def _holding(ids: set[str]) -> _Wanted:
    """The items with these ids, by framework."""
    found = [(one, [item for item in one["items"] if item["id"] in ids]) for one in catalogue()["frameworks"]]
    return [(one, items) for one, items in found if items]
