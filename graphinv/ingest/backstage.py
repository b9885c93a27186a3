"""Backstage: components, their owners, teams and people (``catalog-info.yaml``, several entities in one file).

Drawn, by the pipeline from the rules that are read here:
    (:Owner)-[:OWNS]->(whatever is stated in the component's folder or repository, or bears its labels in the cluster)

and, of components of type ``ai-agent`` and interfaces of type ``mcp-server``:
    (:Owner)-[:OWNS]->(:Agent)-[:CONNECTS_TO]->(:ToolServer), by the interfaces that the component consumes
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.offers import offered_server
from graphinv.ingest.support.owners import EMAIL, HANDLE, owner_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.service_catalogue import AGENTS, TEMPLATE, Component, component_facts, listed_agent, location, slug
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

NAME = "backstage"
TITLE = "Backstage's catalogue"
FILES = ("catalog-info.yaml", "catalog-info.yml", "any other YAML file of `backstage.io` entities")

MAX_ENTITIES = 20_000

_API = re.compile(rb"^[\"']?apiVersion[\"']?\s*:\s*[\"']?backstage\.io/", re.MULTILINE)
_OWNED = ("Component", "API", "Resource", "System", "Domain", "Template")
MAX_PARTS = 200
"""Addresses of one server, and interfaces of one agent, that are read."""
_REF = re.compile(r"(?:(?P<kind>[A-Za-z]+):)?(?:(?P<space>[\w.-]{1,63})/)?(?P<name>[\w.@-]{1,200})")
_KUBERNETES_ID = "backstage.io/kubernetes-id"
_SELECTOR = "backstage.io/kubernetes-label-selector"
_PLACES = ("backstage.io/source-location", "backstage.io/managed-by-location", "backstage.io/view-url")
_SLUGS = ("github.com/project-slug", "gitlab.com/project-slug", "bitbucket.org/project-slug")
_KEPT = (_KUBERNETES_ID, _SELECTOR, *_PLACES, *_SLUGS, "github.com/team-slug", "github.com/user-login")


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of a document, as far as it tells who owns what."""

    kind: str
    space: str
    name: str
    owner: str
    email: str
    annotations: Mapping[str, str]
    line: int
    type: str = ""
    title: str = ""
    consumes: tuple[str, ...] = ()
    """The interfaces it says that it consumes, as references."""
    servers: tuple[NodeKey, ...] = ()
    """The MCP server at each of its addresses."""

    @property
    def ref(self) -> str:
        return f"{self.kind}:{self.space}/{self.name}".lower()

    @property
    def is_agent(self) -> bool:
        return self.kind in ("Component", "Resource") and self.type in AGENTS


@dataclass(frozen=True, slots=True)
class Summary:
    """Entities of one document, and what is wrong with it."""

    folder: str
    source: str
    entities: tuple[Entity, ...] = ()
    problems: tuple[Problem, ...] = ()
    facts: tuple[Fact, ...] = ()
    """Of the servers among them."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is YAML that begins with an entity of Backstage."""
    return path.lower().endswith((".yaml", ".yml")) and _API.search(head) is not None


def summarise(document: Document) -> Summary:
    """Entities of one document; a template of which they are made later is none.

    Raises:
        IngestError: not text or not YAML, or more than 20,000 entities.
    """
    try:
        parsed = yamldoc.parse(document.text(), document)
    except IngestError:
        if TEMPLATE.search(document.text()):
            note = Problem(document.path, "", "is a template from which entities are made later; not read", "note", NAME)
            return Summary(document.folder, document.source(), problems=(note,))
        raise
    if len(parsed) > MAX_ENTITIES:
        raise IngestError(f"holds more than {MAX_ENTITIES:,} entities", document=document.path)
    entities, problems = [], []
    facts: list[Fact] = []
    for found in parsed:
        if not isinstance(found.value, dict) or not str(found.value.get("apiVersion", "")).startswith("backstage.io/"):
            continue
        entity = _entity(found.value, found.line("kind"))
        if entity is None:
            problems.append(Problem(document.path, f"L{found.line()}", "is an entity without kind or name", "warning", NAME))
        elif TEMPLATE.search(entity.owner) or TEMPLATE.search(entity.name):
            problems.append(Problem(document.path, f"L{entity.line}", "is a template from which an entity is made later", "note", NAME))
        elif entity.kind == "API" and entity.type == "mcp-server":
            keys, told = _servers(document, entity, found)
            entities.append(replace(entity, servers=keys))
            facts += told
        else:
            entities.append(entity)
    return Summary(document.folder, document.source(), tuple(entities), tuple(problems), tuple(facts))


def _servers(document: Document, entity: Entity, found: Located) -> tuple[tuple[NodeKey, ...], list[Fact]]:
    """Keys and facts of the MCP server at each address of an interface."""
    remotes = _mapping(found.value, "spec").get("remotes")
    keys: list[NodeKey] = []
    facts: list[Fact] = []
    for index, remote in enumerate(remotes[:MAX_PARTS]) if isinstance(remotes, list) else ():
        entry = {name: remote[name] for name in ("type", "url") if isinstance(remote, dict) and isinstance(remote.get(name), str)}
        if "url" not in entry:
            continue
        line = found.line("spec", "remotes", index)
        key, told = offered_server(document, NAME, entity.title or entity.name, entry, lambda *_, line=line: line, lambda _: {})
        facts += told
        keys += [key] if key else []
    return tuple(keys), facts


def _entity(value: dict[str, Any], line: int) -> Entity | None:
    metadata, spec = _mapping(value, "metadata"), _mapping(value, "spec")
    kind, name = value.get("kind"), metadata.get("name")
    if not isinstance(kind, str) or not isinstance(name, str) or not name:
        return None
    space, owner = metadata.get("namespace"), spec.get("owner")
    email = _mapping(spec, "profile").get("email")
    annotations = _mapping(metadata, "annotations")
    kept = {key: text for key in annotations if isinstance(text := annotations[key], str) and (key in _KEPT or arns.parse(text))}
    return Entity(
        kind,
        hide(space) if isinstance(space, str) and space else "default",
        hide(name),
        hide(owner) if isinstance(owner, str) else "",
        email.lower() if isinstance(email, str) and EMAIL.fullmatch(email) and hide(email) == email else "",
        {hide(key): hide(text) for key, text in kept.items()},
        line,
        _text(spec.get("type")),
        _text(metadata.get("title")),
        tuple(_text(one) for one in consumes[:MAX_PARTS]) if isinstance(consumes := spec.get("consumesApis"), list) else (),
    )


def _text(value: object) -> str:
    return hide(" ".join(value.split())[:200]) if isinstance(value, str) else ""


def _mapping(value: dict[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def link(root: str, summaries: Mapping[str, Summary]) -> Iterator[Fact]:
    """Owners of all documents of a root, whose teams and people may stand in others than the components."""
    known = {
        entity.ref: _owner(entity, f"{summary.source}#L{entity.line}")
        for summary in summaries.values()
        for entity in summary.entities
        if entity.kind in ("Group", "User")
    }
    servers = {entity.ref: entity.servers for summary in summaries.values() for entity in summary.entities if entity.servers}
    yield from known.values()
    for path in sorted(summaries):
        summary = summaries[path]
        yield from summary.problems
        yield from summary.facts
        for entity in summary.entities:
            if entity.is_agent or entity.servers:
                yield from _registered(entity, root, summary, known, servers)
        whole = [entity for entity in summary.entities if entity.kind in _OWNED]
        # Where a file has components, its folder is theirs; interfaces and systems beside them are wider or narrower than that.
        parts = [entity for entity in whole if entity.kind == "Component"] or whole
        components = [_component(entity, summary, known) for entity in parts if entity.owner]
        yield from component_facts(components, root, summary.folder)


def _registered(
    entity: Entity, root: str, summary: Summary, known: Mapping[str, NodeFact], servers: Mapping[str, tuple[NodeKey, ...]]
) -> Iterator[Fact]:
    """An agent or a server that the catalogue lists, who owns it, and the servers that an agent says it consumes."""
    source = f"{summary.source}#L{entity.line}"
    stated: Props = {"evidence": ["declared"], "sources": [source]}
    keys = entity.servers
    if entity.is_agent:
        agent: NodeKey = ("Agent", f"backstage:{root}#{entity.ref}")
        keys = (agent,)
        yield listed_agent(agent, entity.title or entity.name, source)
        for consumed in entity.consumes:
            match = _REF.fullmatch(consumed)
            ref = f"api:{match['space'] or entity.space}/{match['name']}".lower() if match else ""
            for server in servers.get(ref, ()):
                yield EdgeFact("CONNECTS_TO", agent, server, stated)
    owner = _named(entity, source, known) if entity.owner else None
    if owner is not None:
        yield owner
        for key in keys:
            yield EdgeFact("OWNS", owner.key, key, stated)


def _owner(entity: Entity, source: str) -> NodeFact:
    """A team or person, by the name that other sources know it by where the entity tells one."""
    props: Props = {"name": entity.name, "type": "person" if entity.kind == "User" else "team", "sources": [source]}
    if entity.email:
        props["email"] = entity.email
    key = "github.com/user-login" if entity.kind == "User" else "github.com/team-slug"
    handle = f"@{entity.annotations.get(key, '')}".lower()
    if entity.kind == "User" and entity.email:
        return NodeFact("Owner", entity.email, props)
    id = handle if HANDLE.fullmatch(handle) else f"backstage:{entity.ref}"
    return NodeFact("Owner", id, props)


def _component(entity: Entity, summary: Summary, known: Mapping[str, NodeFact]) -> Component:
    source = f"{summary.source}#L{entity.line}"
    owner = _named(entity, source, known)
    repository = next((found for key in _SLUGS if (found := slug(entity.annotations.get(key)))), "")
    path = ""
    place = next((there for key in _PLACES if (there := location(entity.annotations.get(key, "")))), None)
    if place is not None:
        repository, path = place
        path = path.rpartition("/")[0] if path.endswith((".yaml", ".yml")) else path
    labels: list[tuple[str, ...]] = []
    if _KUBERNETES_ID in entity.annotations:
        labels.append((f"{_KUBERNETES_ID}={entity.annotations[_KUBERNETES_ID]}",))
    selector = [part.strip() for part in entity.annotations.get(_SELECTOR, "").split(",") if part.strip()]
    if selector and all(re.fullmatch(r"[^=!()\s]+={1,2}[^=!()\s]+", part) for part in selector):
        labels.append(tuple(part.replace("==", "=") for part in selector))
    nodes = tuple(arns.canonical(text) for text in entity.annotations.values() if arns.parse(text))
    return Component(entity.ref, (owner,) if owner else (), entity.line, source, repository, path, tuple(labels), nodes)


def _named(entity: Entity, source: str, known: Mapping[str, NodeFact]) -> NodeFact | None:
    """The owner that a component names: a team unless it says otherwise."""
    plain = owner_of(entity.owner, source)
    if plain is not None:
        return plain
    match = _REF.fullmatch(entity.owner)
    if match is None:
        return None
    kind = (match["kind"] or "group").lower()
    name = match["name"].lower()
    ref = f"{kind}:{(match['space'] or 'default').lower()}/{name}"
    if ref in known:
        return known[ref]
    team = entity.annotations.get("github.com/team-slug", "").lower()
    if kind == "group" and team.rpartition("/")[2] == name and HANDLE.fullmatch(f"@{team}"):
        return owner_of(f"@{team}", source)
    return NodeFact(
        "Owner", f"backstage:{ref}", {"name": match["name"], "type": "person" if kind == "user" else "team", "sources": [source]}
    )
