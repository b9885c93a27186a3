"""Components of a catalogue of services (Backstage, OpsLevel, Cortex): who owns what lies in their folders, repositories and clusters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.facts import Fact, NodeFact, NodeKey, OwnerRule, Statement

ORIGIN = "catalogue"
TEMPLATE = re.compile(r"\{\{|\{%|\$\{|<%")
"""Marks of a file that is filled in before it is used."""

AGENTS = ("ai-agent", "agent")
"""Types of components that are agents."""

_LOCATION = re.compile(
    r"(?:url:)?https?://[\w.-]{1,253}/(?P<slug>[\w.-]{1,100}(?:/[\w.-]{1,100}){1,5}?)(?:/-)?/(?:tree|blob|src)/[\w.-]{1,100}/?(?P<path>[\w./@-]{0,500})"
)
_SLUG = re.compile(r"[\w.-]{1,100}(?:/[\w.-]{1,100}){1,5}")


@dataclass(frozen=True, slots=True)
class Component:
    """One component. ``repository`` (``owner/repo``) and ``path`` in it where the catalogue tells; ``labels`` and ``nodes`` are what else
    it says that it consists of (as in :class:`~graphinv.model.facts.Statement`)."""

    name: str
    owners: tuple[NodeFact, ...]
    line: int
    source: str
    repository: str = ""
    path: str = ""
    labels: tuple[tuple[str, ...], ...] = ()
    nodes: tuple[str, ...] = ()


def location(text: str) -> tuple[str, str] | None:
    """Repository and path that an address such as ``url:https://github.com/acme/shop/tree/main/api/`` names.

    >>> location("url:https://github.com/acme/shop/tree/main/api/")
    ('acme/shop', 'api')
    """
    match = _LOCATION.fullmatch(text.strip())
    return (match["slug"], match["path"].strip("/")) if match else None


def slug(text: object) -> str:
    """``owner/repo``; empty where it is none."""
    return text if isinstance(text, str) and _SLUG.fullmatch(text) else ""


def listed_agent(key: NodeKey, name: str, source: str) -> NodeFact:
    """An agent that a catalogue lists; what it is and does, others say."""
    return NodeFact(*key, {"name": name, "kind_detail": "agent of a catalogue", "status": "active", "sources": [source]})


def component_facts(components: Sequence[Component], root: str, folder: str) -> Iterator[Fact]:
    """Owners, and what says of what they are the owners.

    A component without a repository, or of this root's own, is what lies in ``folder``, that of its document (or in its path); one of
    another repository is what lies in that one, where it is scanned too.
    """
    seen: set[str] = set()
    for component in components:
        for owner in component.owners:
            if owner.id not in seen:
                seen.add(owner.id)
                yield owner
        owners = tuple(owner.key for owner in component.owners)
        if not owners:
            continue
        repository = component.repository
        # A checkout may be the root itself, or lie in a folder of its name.
        name = repository.rpartition("/")[2]
        own = not repository or root in (repository, name) or name in folder.split("/")
        if own:
            place = component.path if repository and component.path else folder
            yield OwnerRule("*", owners, place, component.line, component.source, section=hide(component.name), origin=ORIGIN)
        else:
            files = (f"/{component.path}/",) if component.path else ("*",)
            yield Statement(component.source, ORIGIN, files=files, root=repository, owners=owners)
        for labels in component.labels:
            yield Statement(component.source, ORIGIN, labels=labels, owners=owners)
        if component.nodes:
            yield Statement(component.source, ORIGIN, nodes=component.nodes, owners=owners)
