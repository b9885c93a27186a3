"""Reading one document and looking at its facts, for the tests of the MCP ingestors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from graphinv.ingest import Document, Ingestor
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref, check_edge, check_node

FIXTURES = Path(__file__).parent / "fixtures" / "mcp"

# Built here, so that no file of the repository holds anything that looks like a credential.
GITHUB = "gh" + "p_" + "a1B2c3D4e5F6" * 3
ANTHROPIC = "sk-" + "ant-" + "api03-" + "Qw3rTy9u" * 4
PASSWORD = "r7Kq" + "Zx2Lm9"
PLANTED = {"@GITHUB@": GITHUB, "@ANTHROPIC@": ANTHROPIC, "@PASSWORD@": PASSWORD}


def fingerprint(value: str) -> str:
    return hashlib.sha256(b"test" + value.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def document(path: str, data: str | bytes | object, root: str = "acme") -> Document:
    """A document of ``data``: bytes, text, or a value to write as JSON."""
    if not isinstance(data, (str, bytes)):
        data = json.dumps(data, indent=2)
    return Document(root, path, data if isinstance(data, bytes) else data.encode(), fingerprint)


def fixture(name: str) -> str:
    """A file of tests/fixtures/mcp with the stand-ins for secrets replaced."""
    text = (FIXTURES / name).read_text(encoding="utf-8")
    for stand_in, secret in PLANTED.items():
        text = text.replace(stand_in, secret)
    return text


def name_of(end: NodeKey | Ref) -> str:
    return f"{end.kind}~{end.space}~{end.name}" if isinstance(end, Ref) else f"{end[0]}:{end[1]}"


class Facts:
    """Facts of one document, all checked against the vocabulary."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.all = [self._checked(fact) for fact in facts]

    @staticmethod
    def _checked(fact: Fact) -> Fact:
        if isinstance(fact, NodeFact):
            return check_node(fact)
        return check_edge(fact) if isinstance(fact, EdgeFact) else fact

    def nodes(self, kind: str) -> dict[str, Props]:
        return {fact.id: fact.props for fact in self.all if isinstance(fact, NodeFact) and fact.kind == kind}

    def server(self, name: str) -> Props:
        found = [props for props in self.nodes("ToolServer").values() if props["name"] == name]
        assert len(found) == 1, f"{name}: {len(found)} servers"
        return found[0]

    def edges(self, kind: str) -> list[EdgeFact]:
        return [fact for fact in self.all if isinstance(fact, EdgeFact) and fact.kind == kind]

    def pairs(self, kind: str) -> set[tuple[str, str]]:
        return {(name_of(edge.source), name_of(edge.target)) for edge in self.edges(kind)}

    def held(self, holder: str) -> set[str]:
        """What the node whose id ends in ``holder`` holds, secrets with a value by the name of the value."""
        known = {f"Secret:secret:{fingerprint(value)}": key for key, value in PLANTED.items()}
        return {known.get(target, target) for source, target in self.pairs("HOLDS") if source.endswith(holder)}

    def bindings(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {(fact.space, fact.name): (fact.target[1], fact.folder) for fact in self.all if isinstance(fact, Binding)}

    def problems(self) -> list[tuple[str, str, str]]:
        return [(fact.where, fact.severity, fact.message) for fact in self.all if isinstance(fact, Problem)]

    def packages(self) -> set[str]:
        return set(self.nodes("Package"))


def read(ingestor: Any, path: str, data: str | bytes | object, root: str = "acme") -> Facts:
    module: Ingestor = ingestor
    made = document(path, data, root)
    assert module.detect(path, made.data[:4096]), f"{module.NAME} does not take {path}"
    return Facts(module.read(made))


def mcp_ingestors() -> Iterator[Ingestor]:
    from graphinv.ingest import ingestors, links

    return (ingestor for ingestor in ingestors() if not links(ingestor) and ingestor.NAME.startswith("mcp_"))
