"""What formats share that declare agents by name in one document, each with its model, tools, servers and the others it may call.

(:Agent)-[:DELEGATES_TO]->(:Agent)  (:Agent)-[:USES]->(:Tool)  (:Agent)-[:HOLDS]->(:Secret)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphinv.ingest.support.builtins import builtin_facts
from graphinv.ingest.support.cards import agent_address
from graphinv.ingest.support.leaves import leaves
from graphinv.ingest.support.lowcode import Flow, Where, host_of
from graphinv.ingest.support.lowcode_services import Does, does
from graphinv.ingest.support.secrets import redact, secret_facts, url_parts
from graphinv.model.facts import Fact, NodeFact, NodeKey, Props


@dataclass
class Declared(Flow):
    """One document of agents; ``where`` gives the line of a pointer below its top."""

    def declare(self, key: NodeKey, name: str, at: Where, **props: Any) -> NodeFact:
        """An agent that the document has."""
        return self.agent(key[1], name, at, status="active", **props)

    def uses(self, agent: NodeKey, name: str, action: Does, at: Where, **props: Any) -> Iterator[Fact]:
        """A tool that ``agent`` alone has; ``host``, ``kind_detail`` … are as :meth:`Flow.tool` takes them."""
        key = ("Tool", f"{agent[1]}/{name}")
        yield from self.tool(key, name, action, at, **props)
        yield self.edge("USES", agent, key, at)

    def brings(self, agent: NodeKey, name: str, at: Where, **props: Any) -> Iterator[Fact]:
        """A tool that the framework brings along, by its name in the table of built-in tools."""
        yield from builtin_facts(self.document, self.where(*at), agent, self.platform, [name], **props)

    def requests(self, agent: NodeKey, name: str, address: str, method: str, at: Where, detail: str) -> Iterator[Fact]:
        """A tool that sends requests to one address; ``method`` is empty where any may be sent."""
        host = host_of(address)
        parts = url_parts(host) if host else None
        action = does("http", method=method.upper() or "ANY", host=parts.host if parts else None)
        yield from self.uses(agent, name, action, at, host=host, kind_detail=detail)

    def remote(self, agent: NodeKey, name: str, address: str, at: Where) -> Iterator[Fact]:
        """An agent of somewhere else that ``agent`` calls by its address, over A2A."""
        parts = url_parts(address)
        if parts is None or not parts.host:
            yield from self.problem("calls an agent whose address is not known", at)
            return
        shared = agent_address(address)  # else it means this machine, another one for each reader
        key = ("Agent", f"a2a:{shared or f'{self.document.root}#{parts.url}'}")
        stated: Props = {"name": name or parts.host, "framework": "a2a", "kind_detail": "A2A agent", "sources": self.sources(at)}
        yield NodeFact(*key, stated)
        yield self.edge("DELEGATES_TO", agent, key, at, mode="invoke", kind_detail="a2a")

    def credentials(self, holder: NodeKey, value: object, at: Where, place: str = "config") -> Iterator[Fact]:
        """Credentials below ``value``, and the variables (``${NAME}``) that it is filled in with."""
        key = next((part for part in reversed(at) if isinstance(part, str)), "")
        for pointer, text in leaves(value):
            called = next((part for part in reversed(pointer) if isinstance(part, str)), key)
            yield from secret_facts(self.document, self.where(*at, *pointer), holder, redact(called), text, place)

    def variable(self, holder: NodeKey, name: object, at: Where) -> Iterator[Fact]:
        """An environment variable that ``holder`` reads a credential from, by its bare name."""
        if isinstance(name, str) and name.isidentifier():
            yield from secret_facts(self.document, self.where(*at), holder, "token", f"${{{name}}}", "config")
