"""The machine of a person, as far as files of a home folder show it: what lies there can be used by whatever runs there as that person.

Drawn:
    (:Runtime home folder)-[:HOLDS {place: laptop}]->(:Secret)

Which agents run there is seen when all files of a root are known (:mod:`graphinv.pipeline.machines`).
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey

MACHINE = "home:"
"""How the ids of these machines begin; the place of the home folder follows, as in the ids of agents that are configured there."""


def machine(document: Document, home: str) -> NodeFact:
    """The machine whose home folder is ``home``, relative to the root."""
    place = f"{document.root}/{home}" if home else document.root
    return NodeFact("Runtime", f"{MACHINE}{place}", {"name": f"home folder {place}", "type": "laptop", "sources": [document.source()]})


def home_of(path: str, *endings: str) -> str | None:
    """The home folder in which ``path`` is one of the files ``endings``; None where it is none of them.

    >>> home_of("ana/.kube/config", ".kube/config"), home_of("x.kube/config", ".kube/config")
    ('ana', None)
    """
    for ending in endings:
        if f"/{path}".endswith(f"/{ending}"):
            return path[: -len(ending)].rstrip("/")
    return None


def kept(document: Document, line: int | None, holder: NodeKey, secret: NodeKey) -> EdgeFact:
    """(holder)-[:HOLDS]->(what a file of its machine keeps)"""
    return EdgeFact("HOLDS", holder, secret, {"place": "laptop", "evidence": ["declared"], "sources": [document.source(line)]})


def kept_there(document: Document, home: str | None, secrets: dict[NodeKey, int | None]) -> Iterator[NodeFact | EdgeFact]:
    """What the machine of ``home`` holds, with the line of each; nothing where the file is none of a home folder."""
    if home is not None and secrets:
        held = machine(document, home)
        yield held
        yield from (kept(document, line, held.key, secret) for secret, line in secrets.items())
