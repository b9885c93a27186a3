"""What frameworks ask of a program and say about it: its objects, what is declared, and the facts about that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphinv.ingest.support.python import stating
from graphinv.ingest.support.python.actors import Actor, Declarations, Hosted
from graphinv.ingest.support.python.values import Const, Unknown, Value
from graphinv.model.facts import Fact, NodeKey

__all__ = ["Actor", "Hosted", "Program"]


class Program(Declarations):
    """The modules of a root with what can be said about them: see :class:`~.tree.Tree` for what it makes and
    :class:`~.actors.Declarations` for what is declared."""

    def uses_tools(
        self,
        actor: Actor,
        value: Value | None,
        *,
        hosted: Mapping[str, Hosted] | None = None,
        packages: tuple[str, ...] = (),
        what: str = "tools",
    ) -> Iterator[Fact]:
        """USES for every tool in ``value``: functions (bare or decorated), tool objects wrapping one, classes of the tree, hosted tools
        (``hosted`` by last part of the callee, of any of ``packages`` if given), tools of libraries, agents as tools (delegation), MCP
        servers (CONNECTS_TO); a problem for each that could not be followed."""
        for one in self.items(value):
            yield from stating.uses_tool(self, actor, one, hosted or {}, packages, what)

    def tool(self, function: Value, *, name: str | None = None) -> tuple[NodeKey | None, list[Fact]]:
        """The tool that a function, class or object of the tree is, and the facts about it (its effects, secrets and resources too)."""
        return stating.tool(self, function, name)

    def connects(self, actor: Actor, value: Value | None) -> Iterator[Fact]:
        """CONNECTS_TO for every MCP server object in ``value``; what is none is left out."""
        for one in self.items(value):
            yield from stating.connects(self, actor, one)

    def connects_to(self, actor: Actor, at: Value, entry: dict[str, object], name: str = "") -> Iterator[Fact]:
        """CONNECTS_TO for an MCP server that is described by an entry as configuration files have them."""
        yield from stating.connects_entry(self, actor, name, entry, at, [])

    def hosted(self, actor: Actor, at: Value, brought: Hosted) -> Iterator[Fact]:
        """USES for a tool that a framework or provider brings along."""
        yield from stating.hosted_tool(self, actor, at, brought)

    def own_memory(self, actor: Actor, at: Value, name: str, scope: str | None = None) -> Iterator[Fact]:
        """READS and WRITES of a memory that belongs to ``actor`` and that no object stands for."""
        yield from stating.own_memory(self, actor, at, name, scope)

    def delegates(self, actor: Actor, value: Value | None, mode: str, detail: str, *, what: str = "delegates") -> Iterator[Fact]:
        """DELEGATES_TO for every agent in ``value``; a problem for each that could not be followed."""
        for one in self.items(value):
            yield from stating.delegates(self, actor, one, mode, detail, what)

    def uses_model(self, actor: Actor, value: Value | None) -> Iterator[Fact]:
        """USES_MODEL for a model's name or model object; HOLDS for the credentials that such an object is given."""
        for one in self.items(value):
            yield from stating.uses_model(self, actor, one)

    def holds(self, actor: Actor, value: Value | None, key: str) -> Iterator[Fact]:
        """HOLDS for credentials in ``value``: literal ones, and environment variables by name. ``key`` is the name it is given."""
        for one in self.items(value):
            yield from stating.holds(self, actor.key, one, key)

    def memory(self, actor: Actor, value: Value | None, scope: str | None = None) -> Iterator[Fact]:
        """READS and WRITES of a memory object."""
        for one in self.items(value):
            if not isinstance(one, (Const, Unknown)):
                yield from stating.memory(self, actor, one, scope)
