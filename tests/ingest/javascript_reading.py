"""How the tests of JavaScript source read a project: all its documents, linked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphinv.ingest import Document, javascript_source
from tests.ingest.reading import FIXTURES, Facts, document


class _Linked:
    """Reads a project the way the pipeline does, in the place of a reader of one document."""

    def __init__(self, files: Mapping[str, str], root: str) -> None:
        self.files = files
        self.root = root

    def read(self, _: Document) -> Any:
        summaries = {
            path: javascript_source.summarise(document(text, path, self.root))
            for path, text in self.files.items()
            if javascript_source.detect(path, text.encode()[:4096])
        }
        return javascript_source.link(self.root, summaries)


def linked(files: Mapping[str, str], root: str = "shop") -> Facts:
    """The facts of ``files`` (text by path)."""
    return Facts(_Linked(files, root), document("", "x", root))


def project(name: str, root: str = "shop") -> Facts:
    """The facts of a fixture project."""
    top = FIXTURES / "javascript" / name
    return linked({path.relative_to(top).as_posix(): path.read_text("utf-8") for path in sorted(top.rglob("*")) if path.is_file()}, root)


def source(text: str, path: str = "src/agents.ts", root: str = "shop") -> Facts:
    """The facts of one document."""
    return linked({path: text}, root)


def delegations(facts: Facts) -> set[tuple[str, str, str, str]]:
    """(from, to, mode, mechanism) of every delegation, with the names that stand behind ``#``."""
    return {
        (_name(edge.source), _name(edge.target), edge.props["mode"], edge.props["kind_detail"])
        for edge in facts.edges
        if edge.kind == "DELEGATES_TO"
    }


def names(facts: Facts, kind: str) -> set[str]:
    """Names of the nodes of a kind."""
    return {props["name"] for (found, _), props in facts.nodes.items() if found == kind}


def pairs(facts: Facts, kind: str) -> set[tuple[str, str]]:
    """The edges of a kind, each end by the name that stands behind ``#``."""
    return {(_name(edge.source), _name(edge.target)) for edge in facts.edges if edge.kind == kind}


def _name(end: Any) -> str:
    text = end[1] if isinstance(end, tuple) else end.name
    return str(text).rpartition("#")[2]
