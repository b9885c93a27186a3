"""How the tests of permission languages read documents and look at what their grants give."""

from __future__ import annotations

from collections.abc import Sequence

from graphinv.ingest import Document, ingestors, links
from graphinv.ingest.grants import Known, evaluate
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props, check_edge, check_node, merge_props


class Granted:
    """Nodes, edges and problems of documents, what their grants give included; checked against the vocabulary."""

    def __init__(self, *documents: Document, more: Sequence[NodeFact | EdgeFact] = ()) -> None:
        facts = [*more]
        grants: list[Grant] = []
        self.problems: list[tuple[str, str]] = []
        self.readers: list[str] = []
        for document in documents:
            for ingestor in ingestors():
                if links(ingestor) or not ingestor.detect(document.path, document.data[:4096]):
                    continue
                self.readers.append(ingestor.NAME)
                for fact in ingestor.read(document):
                    if isinstance(fact, Grant):
                        grants.append(fact)
                    elif isinstance(fact, Problem):
                        self.problems.append((fact.severity, fact.message))
                    elif isinstance(fact, NodeFact | EdgeFact):
                        facts.append(fact)
        nodes = [check_node(fact) for fact in facts if isinstance(fact, NodeFact)]
        edges = [check_edge(fact) for fact in facts if isinstance(fact, EdgeFact)]
        for fact in evaluate(grants, Known.of(nodes, edges)):
            if isinstance(fact, NodeFact):
                nodes.append(check_node(fact))
            elif isinstance(fact, EdgeFact):
                edges.append(check_edge(fact))
            else:
                self.problems.append((fact.severity, fact.message))
        self.edges = edges
        self.nodes: dict[NodeKey, Props] = {}
        for node in nodes:
            before = self.nodes.get(node.key)
            self.nodes[node.key] = node.props if before is None else merge_props(node.kind, before, node.props)

    def access(self, who: str) -> dict[str, str]:
        """Target → actions of the edges from the identity ``who``, united."""
        found: dict[str, set[str]] = {}
        for edge in self.edges:
            if edge.kind == "CAN_ACCESS" and edge.source == ("Identity", who) and isinstance(edge.target, tuple):
                found.setdefault(edge.target[1], set()).update(edge.props["actions"])
        return {target: " ".join(sorted(actions)) for target, actions in found.items()}

    def drawn(self, kind: str) -> set[tuple[str, str]]:
        """(source id, target id) of the edges of a kind."""
        return {
            (edge.source[1], edge.target[1]) for edge in self._of(kind) if isinstance(edge.source, tuple) and isinstance(edge.target, tuple)
        }

    def props(self, kind: str, source: str, target: str) -> Props:
        """Properties of the one edge of that kind between these ends."""
        (found,) = [edge.props for edge in self._of(kind) if (edge.source[1], edge.target[1]) == (source, target)]  # type: ignore[index]
        return found

    def _of(self, kind: str) -> list[EdgeFact]:
        return [edge for edge in self.edges if edge.kind == kind]
