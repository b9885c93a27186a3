"""Agents of compiled languages: what frameworks for Go and C# declare, and the facts about it.

Drawn:
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model), (:Agent)-[:HOLDS]->(:Secret)
    (:Agent|Workflow)-[:DELEGATES_TO {mode, kind_detail}]->(:Agent|Workflow)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphinv.ingest import Document
from graphinv.ingest.support.asking import asked
from graphinv.ingest.support.compiled import MAX_NAME, SourceTool, defined_tool
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secret_words import looks_secret_name
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import server_facts
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref, source_of

_SUFFIX = re.compile(r"\.(?:go|cs)$")
_UNREAD = "unread"
_NO_MODEL = re.compile(r"[\s{}…*]|://")
_MAKES = re.compile(
    r"(?:Create|Make|Build|Get|New|Init|Setup|Load|Define|Configure|Run|Main|Execute|Invoke|Start)(?=[A-Z]|$)", re.IGNORECASE
)


@dataclass(eq=False, slots=True)
class Actor:
    """An agent or workflow of the source."""

    key: NodeKey
    name: str
    framework: str
    path: str
    line: int
    detail: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """A tool that a framework or provider brings along: its name, what it does, whether it takes in what strangers wrote."""

    name: str
    effects: tuple[str, ...] = ()
    untrusted: bool | None = None


class Actors:
    """The agents and workflows of a root, and the facts that are stated of them."""

    def __init__(self, root: str, ingestor: str) -> None:
        self.root = root
        self.ingestor = ingestor
        self.all: list[Actor] = []
        self._taken: set[NodeKey] = set()
        self._told: set[tuple[object, ...]] = set()
        self._names: dict[str, list[Actor]] = defaultdict(list)

    def declare(
        self, name: str, framework: str, path: str, line: int, *, kind: str = "Agent", detail: str, type_: str = "", around: str = ""
    ) -> Actor:
        """An agent, or with another ``kind`` what runs several. ``around``, what it stands in, tells those of one name apart."""
        called = redact(" ".join(name.split())[:MAX_NAME]) or "agent"
        start = f"{framework}:{self.root}/{_SUFFIX.sub('', path)}#"
        key = (kind, f"{start}{called}")
        if key in self._taken and around:
            key = (kind, f"{start}{redact(around[:MAX_NAME])}/{called}")
        base, number = key[1], 1
        while key in self._taken:
            number += 1
            key = (kind, f"{base}~{number}")
        self._taken.add(key)
        actor = Actor(key, called, framework, path, line, detail, type_)
        self.all.append(actor)
        return actor

    def nodes(self) -> Iterator[Fact]:
        """The nodes of all of them."""
        for one in self.all:
            props: Props = {
                "name": one.name,
                "kind_detail": one.detail,
                "environment": environment_of(one.path),
                "sources": [self.source(one.path, one.line)],
            }
            props |= {"framework": one.framework} if one.key[0] == "Agent" else {"type": one.type or one.framework}
            yield NodeFact(*one.key, {name: value for name, value in props.items() if value is not None})

    def source(self, path: str, line: int) -> str:
        """A place, as ``sources`` hold it."""
        return source_of(self.root, path, line)

    def edge(self, kind: str, source: NodeKey, target: NodeKey, path: str, line: int, **props: object) -> EdgeFact:
        """An edge that the document declares."""
        return EdgeFact(kind, source, target, {**props, "evidence": ["declared"], "sources": [self.source(path, line)]})

    def delegates(self, source: Actor, target: Actor, path: str, line: int, detail: str, mode: str = "invoke") -> Iterator[Fact]:
        """(source)-[:DELEGATES_TO]->(target), once, and not to itself."""
        if source is not target and (source.key, target.key, detail) not in self._told:
            self._told.add((source.key, target.key, detail))
            yield self.edge("DELEGATES_TO", source.key, target.key, path, line, mode=mode, kind_detail=detail)

    def brings(self, actor: Actor, tool: Brought, path: str, line: int, *, asks: bool = False) -> Iterator[Fact]:
        """A tool that the framework or the model's provider brings along, and its use."""
        key: NodeKey = ("Tool", f"{actor.framework}:{tool.name}")
        props: Props = {"name": tool.name, "kind_detail": "hosted tool", "sources": [self.source(path, line)]}
        if tool.effects:
            props["effects"] = list(tool.effects)
        if tool.untrusted is not None:
            props["ingests_untrusted"] = tool.untrusted
        yield NodeFact(*key, props)
        edge = self.edge("USES", actor.key, key, path, line)
        yield from asked(edge) if asks else (edge,)

    def uses(self, actor: Actor, tool: SourceTool, detail: str, path: str, line: int, *, asks: bool = False) -> Iterator[Fact]:
        """A tool that the tree defines, and its use at ``path``, ``line``."""
        name = redact(tool.name[:MAX_NAME])
        key: NodeKey = ("Tool", f"tool:{self.root}/{_SUFFIX.sub('', tool.path)}#{name}")
        if key not in self._told:
            self._told.add(key)
            yield from defined_tool(self.root, key, tool, detail)
        edge = self.edge("USES", actor.key, key, path, line)
        yield from asked(edge) if asks else (edge,)

    def model(self, actor: Actor, name: str | None, path: str, line: int) -> Iterator[Fact]:
        """The model that it runs on, where ``name`` can be one."""
        if name and len(name) <= MAX_NAME and not _NO_MODEL.search(name):
            yield NodeFact("Model", name, {"name": name, "sources": [self.source(path, line)]})
            yield self.edge("USES_MODEL", actor.key, ("Model", name), path, line)

    def holds(self, actor: Actor, variable: str, path: str, line: int) -> Iterator[Fact]:
        """A credential that it is given by a variable of the environment, if the name says so."""
        if looks_secret_name(variable):
            target = Ref("Secret", "env", variable, fallback=f"env:{self.root}#{variable}")
            yield EdgeFact("HOLDS", actor.key, target, {"place": "env", "evidence": ["declared"], "sources": [self.source(path, line)]})

    def connects(self, actor: Actor, name: str, entry: Mapping[str, object], path: str, line: int) -> Iterator[Fact]:
        """An MCP server, from its entry in the shape of a configuration."""
        document = Document(self.root, path, b"", lambda _: _UNREAD)
        if not {"command", "url"} & entry.keys():
            label = redact(name[:MAX_NAME]) or "mcp"
            key: NodeKey = ("ToolServer", f"mcp:{self.root}/{path}#{label}")
            yield NodeFact(*key, {"name": label, "protocol": "mcp", "sources": [self.source(path, line)]})
            yield self.edge("CONNECTS_TO", actor.key, key, path, line)
            yield self.problem(path, line, f"what the MCP server {label!r} of {actor.name!r} is started from is not known")
            return
        for fact in server_facts(
            document, client=actor.framework, host=actor.key, name=name, entry=dict(entry), where=lambda *_: line, folder=document.folder
        ):
            if not isinstance(fact, Binding) and not _is_unread(fact):
                yield fact

    def problem(self, path: str, line: int, message: str) -> Problem:
        """What could not be followed."""
        return Problem(path, f"L{line}", message, "warning", self.ingestor)


def _is_unread(fact: Fact) -> bool:
    """Whether it speaks of a credential whose value was hidden when the document was summarised."""
    if isinstance(fact, NodeFact):
        return fact.id == f"secret:{_UNREAD}"
    return isinstance(fact, EdgeFact) and ("Secret", f"secret:{_UNREAD}") in (fact.source, fact.target)


def subject(function: str) -> str:
    """What a function that makes something is named after; ``""`` where its name says nothing of that.

    >>> subject("CreateTravelAgentAsync"), subject("newReviewer"), subject("Main"), subject("run")
    ('TravelAgent', 'Reviewer', '', '')
    """
    name = function.removesuffix("Async")
    return _MAKES.sub("", name, count=1)
