"""Tickets in the Atlassian Document Format, which Jira Cloud keeps texts in. A text in it is a text, whatever it looks like."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from graphinv.export.support.tickets import Line, fitting
from graphinv.model.text import plain

PART = "graphinv keeps this part up to date; what is written outside of it stays"
"""Title of the expandable part that is ours."""

Node = dict[str, Any]


def part(lines: Iterable[Line], room: int) -> Node:
    """The part of a document that holds ``lines``, as many whole ones from the first as ``room`` characters of JSON take."""
    sized = fitting(((line, _piece(line)) for line in lines), room, lambda pair: len(json.dumps(pair[1])) + 60)
    content: list[Node] = []
    for kind, pairs in groupby(sized, key=lambda pair: pair[0].kind):
        pieces = [piece for _, piece in pairs]
        if kind in ("item", "step"):
            content.append({"type": "orderedList" if kind == "step" else "bulletList", "content": pieces})
        else:
            content += pieces
    return {"type": "expand", "attrs": {"title": PART}, "content": content or [paragraph("…")]}


def paragraph(text: str) -> Node:
    """A paragraph of plain text."""
    return {"type": "paragraph", "content": [{"type": "text", "text": text}]}


def document(*nodes: Node) -> Node:
    """A whole text."""
    return {"type": "doc", "version": 1, "content": list(nodes)}


def renewed(body: object, ours: Node) -> Node:
    """The document ``body`` with ``ours`` in place of the part that it holds; at its end where it holds none."""
    content = _content(body)
    places = [place for place, node in enumerate(content) if _is_ours(node)]
    if not places:
        return document(*content, ours)
    return document(*content[: places[0]], ours, *content[places[0] + 1 :])


def others_size(body: object) -> int:
    """Characters of JSON that the rest of the document ``body`` takes."""
    return sum(len(json.dumps(node)) for node in _content(body) if not _is_ours(node))


def _content(body: object) -> list[Any]:
    content = body.get("content") if isinstance(body, Mapping) else None
    return content if isinstance(content, list) else []


def _is_ours(node: object) -> bool:
    return isinstance(node, Mapping) and node.get("type") == "expand" and (node.get("attrs") or {}).get("title") == PART


def _piece(line: Line) -> Node:
    if line.kind == "heading":
        return {"type": "heading", "attrs": {"level": 3}, "content": [{"type": "text", "text": line.label}]}
    label = f"{line.label}: " if line.kind == "field" else f"{line.label} "
    texts = [{"type": "text", "text": label, "marks": [{"type": "strong"}]}] if line.label else []
    if line.text:
        marks = {"marks": [{"type": "code"}]} if line.code else {}
        texts.append({"type": "text", "text": plain(line.text), **marks})
    body = {"type": "paragraph", "content": texts}
    return body if line.kind == "field" else {"type": "listItem", "content": [body]}
