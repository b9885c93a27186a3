"""All Python modules of a root as one program: what its names mean, what it makes, and the facts about that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.values import FunctionV, Made, Value
from graphinv.model.facts import Fact, NodeKey


@dataclass(frozen=True, slots=True)
class Actor:
    """An agent or workflow that was declared."""

    key: NodeKey
    name: str
    framework: str
    value: Value

    @property
    def made(self) -> Made:
        """The object it was declared for."""
        assert isinstance(self.value, Made)
        return self.value


@dataclass(frozen=True, slots=True)
class Hosted:
    """A tool that a framework or provider brings along: ``id`` such as ``openai:web_search`` is the same for everybody."""

    id: str
    name: str
    effects: tuple[str, ...] = ()
    untrusted: bool | None = None


class Program:
    """``modules`` by path; ``configs`` are the YAML and JSON documents that stand beside them (path → ``Located``)."""

    root: str
    modules: Mapping[str, ir.Module]
    configs: Mapping[str, Any]

    # ---- what it makes
    def made(self, packages: Iterable[str], *names: str) -> Iterator[Made]:
        """Objects made by calling one of ``names`` (last part of the callee) of ``packages`` (dotted prefixes), subclasses included."""
    def calls_on(self, value: Value) -> tuple[Made, ...]:
        """Calls of methods of that object, in the order of the source; each with ``symbol`` (method) and ``arg``."""
    def decorated(self, packages: Iterable[str], *names: str) -> Iterator[tuple[FunctionV, Value]]:
        """Functions under a decorator from ``packages``, and that decorator: an ``External`` or, where it is called, a ``Made``."""
    def decorated_by(self, value: Value) -> tuple[tuple[FunctionV, Value], ...]:
        """Functions under ``@value.something`` or ``@value.something(…)``; the decorator as a ``Bound`` or ``Made``."""
    def calls_in(self, function: FunctionV) -> Iterator[Value]:
        """What the calls in a function's body (nested functions included) evaluate to, and what the functions of the tree that it
        calls call: to see whether it runs an agent or model, or hands over to one."""
    def items(self, value: Value | None) -> list[Value]:
        """``values.walk`` as a list."""

    # ---- declaring
    def declare(self, value: Value, *, name: Value | str | None, framework: str, kind: str = "Agent", detail: str = "",
                type: str = "", parent: Actor | None = None, line: int | None = None) -> Actor:
        """``value`` is an agent (or ``kind="Workflow"``) of that name (a Value, or text; None or unknown: the variable it is assigned to,
        with a note). The same value twice is the same actor."""
    def actors(self, framework: str) -> list[Actor]:
        """What was declared with that framework, in order of declaration."""
    def actor(self, value: Value | None) -> Actor | None:
        """The actor that a value is: also through ``.compile()``, ``.clone()`` and other methods of it. Not for ``Either``: see ``items``."""

    # ---- stating facts
    def uses_tools(self, actor: Actor, value: Value | None, *, hosted: Mapping[str, Hosted] | None = None, packages: tuple[str, ...] = (),
                   what: str = "tools") -> Iterator[Fact]:
        """USES for every tool in ``value``: functions (bare or decorated), tool objects wrapping one, classes of the tree, hosted tools
        (``hosted`` by last part of the callee within ``packages``), agents as tools (delegation), MCP servers (CONNECTS_TO);
        a problem for each that could not be followed."""
    def tool(self, function: Value, *, name: str | None = None) -> tuple[NodeKey | None, list[Fact]]:
        """The tool that a function, class or object of the tree is, and the facts about it (its effects, secrets and resources too)."""
    def connects(self, actor: Actor, value: Value | None) -> Iterator[Fact]:
        """CONNECTS_TO for every MCP server object in ``value`` (a class whose callee is known in ``mcp_clients``)."""
    def delegates(self, actor: Actor, value: Value | None, mode: str, detail: str, *, what: str = "delegates") -> Iterator[Fact]:
        """DELEGATES_TO for every agent in ``value``; a problem for each that could not be followed."""
    def edge(self, kind: str, source: NodeKey, target: NodeKey, at: Value, **props: Any) -> Fact:
        """An edge of declared evidence whose source is the place of ``at``."""
    def uses_model(self, actor: Actor, value: Value | None) -> Iterator[Fact]:
        """USES_MODEL for a model's name or model object."""
    def holds(self, actor: Actor, value: Value | None, key: str) -> Iterator[Fact]:
        """HOLDS for credentials in ``value``: literal ones, and environment variables by name."""
    def memory(self, actor: Actor, value: Value | None, scope: str | None = None) -> Iterator[Fact]:
        """READS and WRITES of a memory object."""
    def problem(self, at: Value, message: str, severity: str = "warning") -> Iterator[Fact]:
        """A problem at the place of ``at``, at most 20 per document (the rest is counted)."""
