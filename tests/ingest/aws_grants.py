"""How the tests of AWS policies state grants and look at what they come to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.grants import Known, aws
from graphinv.model.facts import EdgeFact, Fact, Grant, NodeFact, NodeKey, Problem, Props, check_edge, check_node, merge_props
from tests.ingest.reading import Reader, shown

ACCOUNT = "123456789012"


def role(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def user(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


def group(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:group/{name}"


def allow(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": actions, "Resource": resources, **more}


def trust(**principal: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}


def grant(on: str | NodeKey, of: str, *statements: dict[str, Any] | str, origin: str = "p") -> Grant:
    """A grant on an identity (by ARN) or another node; a statement that is a text is a managed policy's ARN."""
    subject = on if isinstance(on, tuple) else ("Identity", on)
    body = statements[0] if statements and isinstance(statements[0], str) else {"Statement": list(statements)}
    return Grant("aws", subject, of, json.dumps(body), origin, f"shop/iam.json#/{of}", "granted")


class Evaluated:
    """What grants come to, checked against the vocabulary."""

    def __init__(
        self, grants: Iterable[Grant], nodes: Mapping[NodeKey, Props] | Iterable[NodeKey] = (), edges: Iterable[EdgeFact] = ()
    ) -> None:
        known = Known(dict(nodes) if isinstance(nodes, Mapping) else {key: {} for key in nodes}, tuple(edges))
        self.known = set(known.nodes)
        self.facts = list(aws.evaluate(list(grants), known))
        self.edges = [check_edge(fact) for fact in self.facts if isinstance(fact, EdgeFact)]
        self.problems = [fact.message for fact in self.facts if isinstance(fact, Problem)]
        self.nodes: dict[NodeKey, Props] = {}
        for fact in self.facts:
            if isinstance(fact, NodeFact):
                checked = check_node(fact)
                self.nodes[checked.key] = merge_props(checked.kind, self.nodes.get(checked.key, {}), checked.props)

    def can(self, identity: str) -> dict[str, set[str]]:
        """Target id → actions of an identity, without what others lend it."""
        found: dict[str, set[str]] = {}
        for edge in self.edges:
            if edge.kind == "CAN_ACCESS" and edge.source == ("Identity", identity):
                found.setdefault(shown(edge.target), set()).update(edge.props["actions"])
        return found

    def becomes(self, identity: str, kind: str = "ASSUMES") -> dict[str, str]:
        """Identity → by what means."""
        return {
            shown(edge.target): edge.props.get("kind_detail", "")
            for edge in self.edges
            if edge.kind == kind and edge.source == ("Identity", identity)
        }

    def edge(self, kind: str, source: str, target: str) -> Props:
        (found,) = (one.props for one in self.edges if one.kind == kind and shown(one.source) == source and shown(one.target) == target)
        return found


def whole(ingestor: Reader, *documents: Document) -> Evaluated:
    """What documents say, grants evaluated."""
    facts: list[Fact] = [fact for document in documents for fact in ingestor.read(document)]
    known = Known.of((one for one in facts if isinstance(one, NodeFact)), (one for one in facts if isinstance(one, EdgeFact)))
    return Evaluated((one for one in facts if isinstance(one, Grant)), known.nodes, known.edges)
