"""What the native formats share: facts that people or other programs wrote down are checked one by one, and a bad one costs only itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from graphinv.ingest import Document
from graphinv.ingest.support.secret_shapes import shapes
from graphinv.model.errors import FactError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, check_edge, check_node

MAX_PROBLEMS = 100
"""Problems of one document that are told one by one; the rest is counted."""

SHORTEST = 12
"""No secret is shorter."""
_SHORT = 200

# A cheap sieve before the long list of known forms: nearly every text of a real estate falls through it.
_RUN = re.compile(r"[A-Za-z0-9_-]{16,}+")
_DENSE = re.compile(
    "(?=[A-Za-z]{0,64}[0-9])(?=[0-9]{0,64}[A-Za-z])[A-Za-z0-9]{8}|(?=[a-z0-9]{0,64}[A-Z])(?=[A-Z0-9]{0,64}[a-z])[A-Za-z0-9]{16}"
)
_DIGEST = re.compile(r"[0-9a-fA-F-]+")
_URL_PASSWORD = re.compile(r"://[^/?#\s:@]{0,256}:[^/?#\s@]{1,256}@")


def node_fact(document: Document, line: int, kind: str, id: str, props: Props) -> NodeFact:
    """A checked node, with its place as its source where it names none.

    Raises:
        FactError: it breaks the vocabulary or holds a secret value.
    """
    _refuse_secrets((id,), props, document, line)
    if props.get("sources") is None:
        props["sources"] = [document.source(line)]
    return check_node(NodeFact(kind, id, props), document=document.path, where=f"L{line}")


def edge_fact(document: Document, line: int, kind: str, source: NodeKey, target: NodeKey, props: Props) -> EdgeFact:
    """A checked edge, likewise.

    Raises:
        FactError: as :func:`node_fact`.
    """
    _refuse_secrets((source[1], target[1]), props, document, line)
    if props.get("sources") is None:
        props["sources"] = [document.source(line)]
    return check_edge(EdgeFact(kind, source, target, props), document=document.path, where=f"L{line}")


def problem_of(error: FactError, ingestor: str) -> Problem:
    """A bad fact as what the scan reports of it."""
    message = f"{error.message} ({error.remedy})" if error.remedy else error.message
    return Problem(error.document, error.where, message, "error", ingestor)


def capped(facts: Iterable[Fact], document: Document, ingestor: str) -> Iterator[Fact]:
    """``facts``, of whose problems the first hundred are told and the others counted, each severity apart."""
    told = 0
    untold: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact, Problem):
            told += 1
            if told > MAX_PROBLEMS:
                untold[fact.severity] = untold.get(fact.severity, 0) + 1
                continue
        yield fact
    for severity, count in sorted(untold.items()):
        yield Problem(document.path, "", f"{count}{_MORE}", severity, ingestor)


_MORE = " more of its facts have problems"


def united(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of the parts of one document, in their order, as :func:`capped` would tell those of the whole."""
    told: list[Problem] = []
    more: dict[str, Problem] = {}
    for problem in problems:
        counted = problem.message.removesuffix(_MORE)
        counts = problem.where == "" and counted != problem.message and counted.isdecimal()
        if not counts and len(told) < MAX_PROBLEMS:
            told.append(problem)
            continue
        before = more.get(problem.severity)
        count = (int(counted) if counts else 1) + (int(before.message.removesuffix(_MORE)) if before else 0)
        more[problem.severity] = replace(problem, where="", message=f"{count}{_MORE}")
    return told + [problem for _, problem in sorted(more.items())]


def _refuse_secrets(ids: tuple[str, ...], props: Props, document: Document, line: int) -> None:
    # A graph never holds a value, so a fact that does is a mistake of its author, whatever property it stands in.
    if any(map(_suspicious, ids)) or any(map(_suspicious_value, props.values())):
        raise FactError(
            "holds what looks like the value of a secret",
            document=document.path,
            where=f"L{line}",
            remedy="name the secret, never state it; where it is none, write it differently",
        )


def _suspicious_value(value: object) -> bool:
    if isinstance(value, str):
        return _suspicious(value)
    return isinstance(value, list) and any(isinstance(item, str) and _suspicious(item) for item in value)


def _suspicious(text: str) -> bool:
    if len(text) < SHORTEST:
        return False
    return _seen_before(text) if len(text) <= _SHORT else _suspect(text)


def _suspect(text: str) -> bool:
    if "://" in text and _URL_PASSWORD.search(text):
        return True
    for run in _RUN.findall(text):
        if _DENSE.search(run) and not _DIGEST.fullmatch(run):
            return _is_secret(text)
    return "PRIVATE KEY" in text and _is_secret(text)


_seen_before = lru_cache(maxsize=65536)(_suspect)
"""For texts that are short: ends of edges come again and again."""


@lru_cache(maxsize=4096)
def _is_secret(text: str) -> bool:
    # The id of a key is no secret: it is how its issuer names it.
    return any(not shape.type.endswith("_key_id") for shape in shapes(text))
