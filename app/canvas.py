"""The picture of a blast radius or of one path, in the language of Graphviz. Every text in it is escaped and shortened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from widgets import short

from graphinv.model.facts import NodeKey
from graphinv.model.results import Hop
from graphinv.model.text import plain

SHAPES = {
    "Agent": "box",
    "Workflow": "box",
    "Tool": "box",
    "ToolServer": "component",
    "Identity": "box",
    "Secret": "note",
    "Runtime": "box3d",
    "Resource": "cylinder",
}
_STYLES = {"Agent": "filled,rounded", "Workflow": "filled,rounded", "Identity": "filled,diagonals"}
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


@dataclass(frozen=True)
class Ink:
    """Colours of lines and words: the highlighted path, a hop with an enforcing decision, one that is only monitored, and all others."""

    path: str
    stopped: str
    watched: str
    line: str
    words: str


LIGHT = Ink("#c81e1e", "#15803d", "#b45309", "#8a93a0", "#4b5563")
DARK = Ink("#f0524f", "#4ade80", "#f5b041", "#9aa3af", "#cbd2da")

_SHORT, _WIDTH = 16, 20
"""Characters of a text that stays in one line, and of each line of one that is broken."""

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


def _label(parts: Iterable[str]) -> str:
    """Parts one below the other."""
    return '"' + "\\n".join(_inner(line, 2 * _WIDTH) for part in parts if part for line in _lines(plain(part))) + '"'


def _lines(text: str) -> list[str]:
    """``text`` in one line if it is short, else in two of about equal length, broken between words if it can be."""
    if len(text) <= _SHORT:
        return [text]
    text = short(text, 2 * _WIDTH)
    ends = [place for place in range(max(1, len(text) - _WIDTH), min(_WIDTH, len(text) - 1) + 1) if text[place - 1] in " /:-_.@#"]
    if not ends and len(text) <= _WIDTH:
        return [text]
    end = min(ends, key=lambda place: abs(2 * place - len(text)) - 8 * (text[place - 1] == " "), default=(len(text) + 1) // 2)
    return [line for line in (text[:end].rstrip(), text[end:]) if line]


def draw(dots: Sequence[Dot], lines: Sequence[Line], *, dark: bool = False) -> str:
    """DOT source of a picture, left to right. Nodes are called n0, n1 …; what strangers wrote is in labels and tool tips only."""
    ink = DARK if dark else LIGHT
    number: Mapping[NodeKey, str] = {dot.key: f"n{place}" for place, dot in enumerate(dots)}
    return "\n".join(
        [
            "digraph {",
            '  graph [rankdir=LR, bgcolor=transparent, nodesep=0.14, ranksep="0.22", pad=0.1, margin=0]',
            '  node [fontname="Arial", fontsize=11, style=filled, color="#6b7280", fontcolor="#111827", height=0.3, margin="0.08,0.04"]',
            f'  edge [fontname="Arial", fontsize=9, color="{ink.line}", fontcolor="{ink.words}", arrowsize=0.7]',
            *(f"  {number[dot.key]} [{_node(dot, ink)}]" for dot in dots),
            *(f"  {number[line.hop.source]} -> {number[line.hop.target]} [{_edge(line, ink)}]" for line in lines),
            "}",
        ]
    )


def _node(dot: Dot, ink: Ink) -> str:
    kind = dot.key[0]
    sensitivity = "" if kind != "Resource" else f"{dot.sensitivity or 'sensitivity unknown'}{', crown jewel' if dot.crown_jewel else ''}"
    fill = FILLS.get(kind, "#ffffff") if kind != "Resource" else TARGET_FILLS.get(dot.sensitivity or "", UNKNOWN_FILL)
    style = _STYLES.get(kind, "filled")
    if kind == "Resource" and fill == UNKNOWN_FILL:
        style += ",dashed"
    attributes = [
        f"label={_label([dot.name, sensitivity or dot.detail or kind])}",
        f"tooltip={quoted(f'{kind} {dot.key[1]}', 300)}",
        f"shape={SHAPES.get(kind, 'box')}",
        f'style="{style}"',
        f'fillcolor="{fill}"',
    ]
    if dot.strong:
        attributes += [f'color="{ink.path}"', "penwidth=2.2"]
    elif dot.crown_jewel:
        attributes.append("penwidth=2.2")
    return ", ".join(attributes)


def _edge(line: Line, ink: Ink) -> str:
    return ", ".join(_edge_attributes(line, ink))


def _edge_attributes(line: Line, ink: Ink) -> Iterator[str]:
    hop = line.hop
    enforced = [guard for guard in hop.guards if guard.mode == "enforce"]
    words = [line.words or edge_words(hop)]
    yield f"tooltip={quoted(hop.words, 300)}"
    if enforced:
        yield f'color="{ink.stopped}", fontcolor="{ink.stopped}"'
        words += [part for guard in enforced for part in (guard.id, guard.would)]
    elif hop.guards:
        yield f'color="{ink.watched}", fontcolor="{ink.watched}", style=dashed'
        words += [part for guard in hop.guards for part in (guard.id, guard.would)]
    elif line.strong:
        yield f'color="{ink.path}", fontcolor="{ink.path}"'
    if hop.confidence is not None and hop.confidence < 1:
        words.append(f"{hop.confidence:.0%} sure")
    if line.strong:
        yield 'penwidth=2.6, class="path"'
        words.append(" ")  # an empty line between the words and the thick line
    yield f"label={_label(words)}"


def edge_words(hop: Hop) -> str:
    """An edge in two words."""
    back = hop.edge.startswith("<")
    kinds = hop.edge.lstrip("<").split("+")
    if kinds[0] == "DELEGATES_TO" and back:
        return "acts for caller"
    if kinds == ["CONNECTS_TO", "PROVIDES"]:
        return "calls"
    return _EDGE_WORDS.get(kinds[-1], kinds[-1].lower())
