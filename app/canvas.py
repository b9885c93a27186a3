"""The picture of a blast radius or of one path, in the language of Graphviz. Every text in it is escaped and shortened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from widgets import plain, short

from graphinv.model.facts import NodeKey
from graphinv.model.results import Hop

SHAPES = {
    "Agent": "box",
    "Workflow": "box",
    "Tool": "cds",
    "ToolServer": "component",
    "Identity": "octagon",
    "Secret": "note",
    "Runtime": "box3d",
    "Resource": "cylinder",
}
FILLS = {
    "Agent": "#dbe7fb",
    "Workflow": "#d3eef0",
    "Tool": "#ece4f8",
    "ToolServer": "#e2d9f3",
    "Identity": "#fbe6f0",
    "Secret": "#fff3c4",
    "Runtime": "#e8e8e8",
}
TARGET_FILLS = {"restricted": "#f5b5ae", "confidential": "#fbd0a6", "internal": "#fbeeb0", "public": "#dcecf7"}
UNKNOWN_FILL = "#f3f4f6"

PATH, STOPPED, WATCHED = "#c81e1e", "#15803d", "#c27803"
"""Colours of the highlighted path, of a hop with an enforcing decision, of one that is only monitored."""

_LINES = {True: "#9aa3af", False: "#8a93a0"}
_WORDS = {True: "#cbd2da", False: "#4b5563"}
_EDGE_WORDS = {
    "RUNS_AS": "runs as",
    "RUNS_ON": "runs on",
    "HOLDS": "holds",
    "AUTHENTICATES_AS": "signs in as",
    "ASSUMES": "assumes",
    "MEMBER_OF": "member of",
    "CAN_ACCESS": "can access",
    "USES": "calls",
    "CONNECTS_TO": "connects to",
    "PROVIDES": "provides",
    "DELEGATES_TO": "delegates to",
    "CALLS_BACK": "calls back",
}


@dataclass(frozen=True)
class Dot:
    """A node to draw."""

    key: NodeKey
    name: str
    sensitivity: str | None = None
    crown_jewel: bool = False
    detail: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Line:
    """A hop to draw; ``strong`` ones are the path."""

    hop: Hop
    strong: bool = False
    words: str = ""


def quoted(text: str, limit: int) -> str:
    r"""``text`` as a quoted string in which Graphviz finds nothing to interpret: no escapes, no entities, no end.

    >>> quoted('a"b\\N&lt;', 40)
    '"a\\"b\\\\N&amp;lt;"'
    """
    return '"' + _inner(text, limit) + '"'


def _inner(text: str, limit: int) -> str:
    return short(plain(text), limit).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def _label(parts: Iterable[str], limit: int) -> str:
    return '"' + "\\n".join(_inner(part, limit) for part in parts if part) + '"'


def draw(dots: Sequence[Dot], lines: Sequence[Line], *, dark: bool = False, name_limit: int = 30) -> str:
    """DOT source of a picture, left to right. Nodes are called n0, n1 …; what strangers wrote is in labels and tool tips only."""
    number: Mapping[NodeKey, str] = {dot.key: f"n{place}" for place, dot in enumerate(dots)}
    return "\n".join(
        [
            "digraph {",
            '  graph [rankdir=LR, bgcolor=transparent, nodesep=0.16, ranksep="0.55", pad=0.1, margin=0]',
            '  node [fontname="Arial", fontsize=11, style=filled, color="#6b7280", fontcolor="#111827", height=0.34, margin="0.12,0.05"]',
            f'  edge [fontname="Arial", fontsize=9, color="{_LINES[dark]}", fontcolor="{_WORDS[dark]}", arrowsize=0.7]',
            *(f"  {number[dot.key]} [{_node(dot, name_limit)}]" for dot in dots),
            *(f"  {number[line.hop.source]} -> {number[line.hop.target]} [{_edge(line)}]" for line in lines),
            "}",
        ]
    )


def _node(dot: Dot, limit: int) -> str:
    kind = dot.key[0]
    sensitivity = "" if kind != "Resource" else f"{dot.sensitivity or 'sensitivity unknown'}{', crown jewel' if dot.crown_jewel else ''}"
    fill = FILLS.get(kind, "#ffffff") if kind != "Resource" else TARGET_FILLS.get(dot.sensitivity or "", UNKNOWN_FILL)
    style = "filled,rounded" if kind in ("Agent", "Workflow") else "filled"
    if kind == "Resource" and fill == UNKNOWN_FILL:
        style += ",dashed"
    attributes = [
        f"label={_label([dot.name, sensitivity or dot.detail or kind], limit)}",
        f"tooltip={quoted(f'{kind} {dot.key[1]}', 300)}",
        f"shape={SHAPES.get(kind, 'box')}",
        f'style="{style}"',
        f'fillcolor="{fill}"',
    ]
    if dot.strong:
        attributes += [f'color="{PATH}"', "penwidth=2.2"]
    elif dot.crown_jewel:
        attributes.append("penwidth=2.2")
    return ", ".join(attributes)


def _edge(line: Line) -> str:
    return ", ".join(_edge_attributes(line))


def _edge_attributes(line: Line) -> Iterator[str]:
    hop = line.hop
    enforced = [guard for guard in hop.guards if guard.mode == "enforce"]
    words = [line.words or edge_words(hop)]
    yield f"tooltip={quoted(hop.words, 300)}"
    if enforced:
        yield f'color="{STOPPED}", fontcolor="{STOPPED}"'
        words += [f"{guard.id}: {guard.would}" for guard in enforced]
    elif hop.guards:
        yield f'color="{WATCHED}", fontcolor="{WATCHED}", style=dashed'
        words += [f"{guard.id}: {guard.would}" for guard in hop.guards]
    elif line.strong:
        yield f'color="{PATH}", fontcolor="{PATH}"'
    if hop.confidence is not None and hop.confidence < 1:
        words.append(f"{hop.confidence:.0%} sure")
    if line.strong:
        yield 'penwidth=3, class="path"'
    yield f"label={_label(words, 34)}"


def edge_words(hop: Hop) -> str:
    """An edge in two words."""
    back = hop.edge.startswith("<")
    kinds = hop.edge.lstrip("<").split("+")
    if kinds[0] == "DELEGATES_TO" and back:
        return "acts for caller"
    if kinds == ["CONNECTS_TO", "PROVIDES"]:
        return "calls"
    return _EDGE_WORDS.get(kinds[-1], kinds[-1].lower())
