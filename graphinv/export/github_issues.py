"""Findings as GitHub issues, as its interface takes them: title, body in Markdown, labels, state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from graphinv.export import RuleText
from graphinv.export.support.escape import code_span, markdown
from graphinv.export.support.tickets import Frame, Line, Ticket, fitting
from graphinv.export.support.words import ordered
from graphinv.model.estate import Estate
from graphinv.model.results import Analysis, Finding
from graphinv.model.text import plain

NAME = "github-issues"
TITLE = "Issues for GitHub's interface"
SUFFIX = ".github.json"

LABEL = "graphinv"
FRAME = Frame("<!-- ", " -->")
MAX_TITLE = 255
MAX_BODY = 55_000
"""GitHub takes 65,536 characters; the mark needs some of them."""
MOST_KEYS = 500


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """All findings, the worst first; an issue whose finding is fixed is closed."""
    return json.dumps(list(map(_record, ordered((*analysis.findings, *analysis.fixed)))), indent=2, ensure_ascii=True) + "\n"


def _record(finding: Finding) -> dict[str, object]:
    ticket = Ticket.of(finding.key, [finding])
    state = {"state": "closed", "state_reason": "completed"} if finding.fixed_at else {"state": "open"}
    return {"title": title(ticket), "body": part(ticket), "labels": ticket.labels(LABEL), **state}


def title(ticket: Ticket) -> str:
    """The title, which is no Markdown."""
    return plain(ticket.title, MAX_TITLE)


def part(ticket: Ticket, room: int = MAX_BODY) -> str:
    """What an issue's body holds of a ticket, in ``room`` characters at most but for the mark."""
    blocks = fitting(_blocks(ticket.lines), room, lambda block: len(block) + 1)
    return FRAME.part("\n" + "\n".join(blocks), ticket.mark(MOST_KEYS))


def _blocks(lines: Iterable[Line]) -> Iterable[str]:
    """Markdown blocks, each with the empty line that ends it; what is listed stays together."""
    before = ""
    for line in lines:
        text = code_span(line.text) if line.code else markdown(line.text)
        label = f"**{line.label}**"
        if before in ("item", "step") and line.kind != before:
            yield ""
        before = line.kind
        if line.kind == "heading":
            yield f"### {line.label}\n"
        elif line.kind == "field":
            yield f"**{line.label}:** {text}\n"
        else:
            yield ("1. " if line.kind == "step" else "- ") + " ".join(filter(None, [label if line.label else "", text]))
