"""Expressions of GitHub workflows (``${{ … }}``): which of them carry text that strangers write, and what flows from step to step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphinv.ingest.support.agent_commands import FILLED

MAX_TEXT = 200_000
MAX_VALUES = 2_000

TRIGGERS: Mapping[str, str] = {
    "issues": "issues",
    "issue_comment": "comments on issues and pull requests",
    "pull_request": "pull requests",
    "pull_request_target": "pull requests, with the base repository's rights",
    "pull_request_review": "reviews of pull requests",
    "pull_request_review_comment": "comments on code of pull requests",
    "discussion": "discussions",
    "discussion_comment": "comments on discussions",
    "workflow_run": "what another workflow ran on",
    "gollum": "wiki pages",
}
"""Trigger → what strangers can write there (where the repository is open to them)."""

_UNTRUSTED = re.compile(
    r"github\.event\.(?:issue\.(?:title|body)|comment\.body|review\.body|review_comment\.body|discussion\.(?:title|body)"
    r"|pull_request\.(?:title|body|head\.(?:ref|label)|head\.repo\.(?:description|homepage|default_branch))"
    r"|head_commit\.(?:message|author\.(?:name|email))|commits[\w.*\[\]]{0,40}\.(?:message|author\.(?:name|email))"
    r"|workflow_run\.(?:head_branch|display_title|head_commit\.message)|pages[\w.*\[\]]{0,40}\.page_name)\b"
    r"|github\.head_ref\b|toJSON\(\s*github(?:\.event(?:\.[\w.]{1,60})?)?\s*\)",
    re.IGNORECASE,
)
_SCRIPTED = re.compile(r"context\.payload\.((?:issue|comment|review|discussion|pull_request)\.(?:title|body))\b")
"""The same in a step that is JavaScript (``actions/github-script``)."""
_FAMILIES = (
    ("review_comment", ("pull_request_review_comment",)),
    ("event.comment", ("issue_comment", "pull_request_review_comment", "discussion_comment")),
    ("event.review", ("pull_request_review",)),
    ("event.issue", ("issues", "issue_comment")),
    ("event.discussion", ("discussion", "discussion_comment")),
    (
        "event.pull_request",
        ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"),
    ),
    ("head_ref", ("pull_request", "pull_request_target")),
    ("event.workflow_run", ("workflow_run",)),
    ("event.pages", ("gollum",)),
    ("commit", ("push",)),
)
_SECRET = re.compile(r"\bsecrets\.([A-Za-z_]\w{0,100})|\bsecrets\[\s*'([A-Za-z_]\w{0,100})'\s*\]")
_STEP = re.compile(r"\bsteps\.([\w-]{1,100})\.outputs|\bsteps\[\s*'([\w-]{1,100})'\s*\]")
_NEED = re.compile(r"\bneeds\.([\w-]{1,100})\.outputs")
_INPUT = re.compile(r"\binputs\.([\w-]{1,100})|\binputs\[\s*'([\w-]{1,100})'\s*\]")
_SECRETS_ALL = re.compile(r"toJSON\(\s*secrets\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Flow:
    """What fills the texts of one step (or of anything else): expressions of strangers, outputs of steps and jobs, inputs, secrets."""

    untrusted: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    all_secrets: bool = False


def texts(value: Any) -> Iterator[str]:
    """All texts in a parsed value, at most 2,000."""
    pending = [value]
    count = 0
    while pending and count < MAX_VALUES:
        item = pending.pop()
        count += 1
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending += list(item.values())[:MAX_VALUES]
        elif isinstance(item, list):
            pending += item[:MAX_VALUES]


def flow(*values: Any) -> Flow:
    """What fills the texts in ``values``. O(length)."""
    found = [text[:MAX_TEXT] for value in values for text in texts(value)]
    inside = "\n".join(match[1] for text in found for match in FILLED.finditer(text))
    scripted = frozenset(f"github.event.{match[1]}" for text in found for match in _SCRIPTED.finditer(text))
    return Flow(
        scripted | frozenset(re.sub(r"\s", "", match[0]) for match in _UNTRUSTED.finditer(inside)),
        _names(_STEP, inside),
        _names(_NEED, inside),
        _names(_INPUT, inside),
        _names(_SECRET, inside) - {"GITHUB_TOKEN", "github_token"},
        bool(_SECRETS_ALL.search(inside)),
    )


def _names(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(next(filter(None, match.groups())) for match in pattern.finditer(text))


def triggers_of(path: str) -> tuple[str, ...]:
    """Triggers on which an expression of strangers has a value, the most usual first.

    >>> triggers_of("github.event.comment.body")[0]
    'issue_comment'
    """
    if "json" in path.lower():
        return tuple(TRIGGERS)
    return next((found for part, found in _FAMILIES if part in path), ())


def reaching(one: Flow, steps: Mapping[str, frozenset[str]], jobs: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Expressions of strangers that reach ``one``, given those that reach ``steps`` and ``jobs``."""
    reached = set(one.untrusted)
    for name in one.steps:
        reached |= steps.get(name, frozenset())
    for name in one.needs:
        reached |= jobs.get(name, frozenset())
    return frozenset(reached)


_EVENT = re.compile(r"github\.event_name\s*==\s*['\"](\w{1,60})['\"]")
MAX_CONDITION = 5_000
MAX_PARENTHESES = 20


def events_let_in(condition: object) -> frozenset[str] | None:
    """Events that a condition lets in by their names; None where it lets in any. O(length · depth of its parentheses).

    >>> sorted(events_let_in("${{ (github.event_name == 'issues' && contains(x, 'a||b')) || github.event_name == 'push' }}") or ())
    ['issues', 'push']
    >>> events_let_in("github.event_name == 'issues' || contains(x, 'y')") is None
    True
    """
    if not isinstance(condition, str) or len(condition) > MAX_CONDITION or "event_name" not in condition:
        return None
    return _let_in(condition.strip().removeprefix("${{").removesuffix("}}"), MAX_PARENTHESES)


def _let_in(text: str, depth: int) -> frozenset[str] | None:
    text = text.strip()
    for operator in ("||", "&&"):
        parts = _split(text, operator)
        if len(parts) > 1:
            found = [_let_in(part, depth) for part in parts]
            known = [one for one in found if one is not None]
            if operator == "||":
                return frozenset().union(*known) if len(known) == len(found) else None
            return frozenset.intersection(*known) if known else None
    if text.startswith("(") and text.endswith(")") and depth:
        return _let_in(text[1:-1], depth - 1)
    match = _EVENT.fullmatch(text)
    return frozenset({match[1].lower()}) if match else None  # GitHub compares texts whatever their case


def _split(text: str, operator: str) -> list[str]:
    """``text`` at each ``operator`` that stands in no parentheses and no quotes."""
    parts, start, level, quoted = [], 0, 0, False
    for index, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted:
            level += (character in "([") - (character in ")]")
            if level == 0 and text.startswith(operator, index) and index >= start:
                parts.append(text[start:index])
                start = index + len(operator)
    return [*parts, text[start:]]
