"""What the formats of agents in Markdown files share: the agent of one file, its model, its servers, whom it may hand over to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.prose import held, written
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import server_facts
from graphinv.ingest.support.yamldoc import Loose, front_matter
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref


@dataclass(frozen=True)
class AgentFile:
    """An agent that one file declares, in ``folder`` of the root, for ``client``."""

    document: Document
    meta: Located
    client: str
    folder: str
    name: str
    detail: str

    @classmethod
    def of(cls, document: Document, ours: re.Pattern[str], client: str, detail: str) -> AgentFile:
        """The agent of a file with front matter whose place is one of ``ours``, of which the group ``folder`` is what holds the client's.

        Raises:
            IngestError: not text, or front matter that never ends.
        """
        match = ours.fullmatch(document.path)
        meta, _ = front_matter(document)
        folder = (match["folder"] if match else None) or ""
        return cls(document, meta, client, folder, given_name(document, meta.value), detail)

    @property
    def settings(self) -> dict[str, Any]:
        value: dict[str, Any] = self.meta.value
        return value

    @property
    def host(self) -> NodeKey:
        return clients.host_key(self.document, self.client, self.folder)

    @property
    def key(self) -> NodeKey:
        return clients.host_key(self.document, self.client, self.folder, self.name)

    def line(self, *pointer: str | int) -> int:
        return self.meta.line(*pointer)

    def props(self, *pointer: str | int, **props: Any) -> Props:
        """Properties of an edge that the part at ``pointer`` states."""
        return {"evidence": ["declared"], "sources": [self.document.source(self.line(*pointer))], **props}

    def problem(self, pointer: str, message: str, severity: str, ingestor: str) -> Problem:
        return Problem(self.document.path, f"L{self.line(pointer)}", message, severity, ingestor)

    def notes(self, ingestor: str) -> Iterator[Problem]:
        """What is odd about its front matter. Without any it is no agent."""
        if not self.settings:
            yield self.problem("", "has no front matter, so that it is no agent", "note", ingestor)
        elif isinstance(self.meta, Loose):
            yield self.problem("", "has front matter that is not valid YAML; it was read line by line", "note", ingestor)

    def agent(self, *, called: bool = True, mechanism: str = "sub-agent", **props: Any) -> Iterator[Fact]:
        """The agent, its host, its name, and (where it may be ``called`` at all) the host's delegation to it."""
        stated: Props = {
            "name": self.name,
            "framework": self.client,
            "kind_detail": self.detail,
            "status": "active",
            "environment": environment_of(self.document.path),
            "sources": [self.document.source(self.line("name"))],
            **props,
        }
        yield NodeFact(*self.key, {name: value for name, value in stated.items() if value is not None})
        yield clients.host_fact(self.document, self.client, self.folder)
        if self.document.name.lower().endswith(".md"):
            yield from held(self.key, written(self.document))
        if called:
            yield EdgeFact("DELEGATES_TO", self.host, self.key, self.props("name", mode="invoke", kind_detail=mechanism))

    def bound(self, *spaces: str) -> Iterator[Binding]:
        """Its name (and the file's, where that differs) in ``spaces``."""
        names = dict.fromkeys([self.name, redact(stem(self.document.name))])
        for space in spaces:
            for name in names:
                yield Binding(space, name, self.key, self.folder, self.document.path)

    def models(self) -> Iterator[Fact]:
        """The model, or each of a list of them."""
        value = self.settings.get("model")
        for model in value[:50] if isinstance(value, list) else [value]:
            yield from claude.model_facts(self.document, self.line("model"), self.key, model)

    def inline_servers(self, field: str, space: str) -> Iterator[Fact]:
        """Servers that the file defines for this agent alone; ``space`` is the client whose form they have."""
        value = self.settings.get(field)
        for name, entry in list(value.items())[: claude.MAX_ITEMS] if isinstance(value, dict) else ():
            where = clients.at(self.meta, (field, name))
            for fact in server_facts(
                self.document, client=space, host=self.key, name=str(name), entry=entry, where=where, folder=self.folder
            ):
                if not isinstance(fact, Binding):
                    yield fact

    def server_ref(self, space: str, name: str) -> Ref:
        """A server by its name in the client ``space``; ``*`` for all that are visible."""
        name = redact(name[: claude.MAX_NAME])
        return Ref("ToolServer", space, name, fallback="" if name == "*" else f"mcp:{self.document.root}#{name}")

    def agent_ref(self, space: str, name: str) -> Ref:
        """Another agent by name; ``*`` for all that are visible."""
        name = redact(name[: claude.MAX_NAME])
        return Ref("Agent", space, name, fallback="" if name == "*" else f"{self.client}:{self.document.root}#{name}")


def stem(name: str) -> str:
    """A file's name without the endings that agents have.

    >>> stem("code-reviewer.agent.md")
    'code-reviewer'
    """
    for ending in (".agent.md", ".chatmode.md", ".md", ".mdc", ".yaml", ".yml", ".toml", ".json"):
        if name.lower().endswith(ending):
            return name[: -len(ending)] or name
    return name


def given_name(document: Document, settings: dict[str, Any]) -> str:
    """The name that the author gave, or else the file's."""
    name = settings.get("name")
    return redact((name.strip() if isinstance(name, str) and name.strip() else stem(document.name))[: claude.MAX_NAME])
