"""How the tests of ingestors read fixtures and look at facts."""

from __future__ import annotations

import hashlib
import random
import re
import string
from pathlib import Path
from typing import Any, Protocol

from graphinv.ingest import Document
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref, check_edge, check_node

FIXTURES = Path(__file__).parents[1] / "fixtures"


def fingerprint(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:32]


def fake(name: str, prefix: str = "", length: int = 36) -> str:
    """A made-up credential, the same for the same name."""
    made = random.Random(name)
    return prefix + "".join(made.choice(string.ascii_letters + string.digits) for _ in range(length))


def document(data: str | bytes, path: str, root: str = "shop") -> Document:
    return Document(root, path, data if isinstance(data, bytes) else data.encode(), fingerprint)


def fixture(place: str, path: str, values: dict[str, str] | None = None) -> Document:
    """A fixture as a document of root ``shop``; ``%%NAME%%`` in it becomes the value of that name."""
    text = (FIXTURES / place).read_text("utf-8")
    return document(re.sub(r"%%(\w+)%%", lambda match: (values or {})[match[1]], text), path)


class Reader(Protocol):
    def read(self, document: Document) -> Any: ...


class Facts:
    """What a document said, checked against the vocabulary, by kind."""

    def __init__(self, reader: Reader, read: Document) -> None:
        self.all: list[Fact] = list(reader.read(read))
        self.nodes: dict[NodeKey, Props] = {}
        for fact in self.all:
            if isinstance(fact, NodeFact):
                checked = check_node(fact)
                self.nodes[checked.key] = {**self.nodes.get(checked.key, {}), **checked.props}
        self.edges = [check_edge(fact) for fact in self.all if isinstance(fact, EdgeFact)]
        self.bindings = {(fact.space, fact.name): fact for fact in self.all if isinstance(fact, Binding)}
        self.problems = [(fact.where, fact.severity, fact.message) for fact in self.all if isinstance(fact, Problem)]

    def drawn(self, kind: str, source: str | None = None) -> set[tuple[str, str]]:
        """(source id, target id or reference as ``space:name``) of the edges of a kind."""
        pairs = {(shown(edge.source), shown(edge.target)) for edge in self.edges if edge.kind == kind}
        return {pair for pair in pairs if source in (None, pair[0])}

    def targets(self, kind: str, source: str) -> set[str]:
        return {target for _, target in self.drawn(kind, source)}

    def props(self, kind: str, source: str, target: str) -> Props:
        (found,) = (e.props for e in self.edges if e.kind == kind and shown(e.source) == source and shown(e.target) == target)
        return found


def shown(end: NodeKey | Ref) -> str:
    """Id of the node an edge ends at, or the reference as ``space:name``."""
    return f"{end.space}:{end.name}" if isinstance(end, Ref) else end[1]
