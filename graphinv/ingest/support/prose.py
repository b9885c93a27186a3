"""Credentials that are written into the text of a prompt, an instruction or a skill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from graphinv.ingest import Document
from graphinv.ingest.support.secret_shapes import MAX_LENGTH
from graphinv.ingest.support.secrets import formed, secret_node
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey

MAX_FOUND = 50
"""Credentials of one document; more are a list of something else."""


def written(document: Document, *, whole: bool = False) -> list[NodeFact]:
    """A Secret for each credential with a form of its own, with its line: below the front matter, or in the ``whole`` text. O(text).

    What prose says of passwords is mostly said of none, so that what has no such form is passed over.

    Raises:
        IngestError: not text.
    """
    lines = document.text().split("\n")
    first = 0 if whole else _below_front_matter(lines)
    found = (
        secret_node(document, first + number, one) for number, line in enumerate(lines[first:], 1) for one in formed(line[:MAX_LENGTH])
    )
    return list(islice(found, MAX_FOUND))


def _below_front_matter(lines: list[str]) -> int:
    """Index of the first line below it; 0 where there is none."""
    fences = [number for number, line in enumerate(lines) if line.rstrip() == "---"][:2]
    return fences[1] + 1 if len(fences) == 2 and not any(line.strip() for line in lines[: fences[0]]) else 0


def held(holder: NodeKey, secrets: Iterable[NodeFact], place: str = "prompt") -> Iterator[Fact]:
    """(holder)-[:HOLDS {place}]->(:Secret) for each."""
    for secret in secrets:
        yield secret
        yield EdgeFact("HOLDS", holder, secret.key, {"evidence": ["declared"], "sources": secret.props["sources"], "place": place})
