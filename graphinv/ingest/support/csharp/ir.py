"""What is kept of a C# document: types with their methods, tools and constants, and where servers are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from graphinv.ingest.support.compiled import Call


@dataclass(frozen=True, slots=True)
class Ref:
    """A constant by name: ``Name`` or ``Type.Name``."""

    name: str


Words: TypeAlias = "tuple[str | Ref | None, ...]"
"""A text: its constant parts, constants by name, None for what is known only when it runs."""


@dataclass
class Param:
    """A parameter of a tool."""

    name: str
    type: str
    optional: bool
    description: Words = ()


@dataclass
class Tool:
    """What the attributes of a tool, or the options it is created with, say. ``name`` is empty where they give none."""

    line: int
    name: Words = ()
    description: Words = ()
    title: Words = ()
    annotations: dict[str, object] = field(default_factory=dict)


@dataclass
class Method:
    """A method, local function or lambda. ``tool`` is set where attributes make it a tool."""

    name: str
    line: int
    params: list[Param] = field(default_factory=list)
    returns: str = ""
    calls: list[Call] = field(default_factory=list)
    variables: list[tuple[str, int]] = field(default_factory=list)
    """Variables of the environment that it reads."""
    tool: Tool | None = None


@dataclass
class Type:
    """A class, record or struct."""

    name: str
    line: int
    tools: bool = False
    """Whether an attribute says that it holds tools."""
    methods: list[Method] = field(default_factory=list)
    constants: dict[str, Words] = field(default_factory=dict)


@dataclass
class Created:
    """``McpServerTool.Create(…)``: of a named method, or of the function given."""

    tool: Tool
    method: str
    function: Method | None = None


@dataclass
class Server:
    """A server, and what is said of its tools beside it: their types, whole assemblies (``typeof`` in them, or empty)."""

    line: int
    name: Words = ()
    version: Words = ()
    transport: str | None = None
    types: list[str] = field(default_factory=list)
    assemblies: list[str] = field(default_factory=list)
    open: bool = False
    """Whether handlers answer which tools there are when it runs."""


@dataclass
class Module:
    """A document. ``named`` are the types that it names as arguments of types and in ``typeof``."""

    path: str
    types: list[Type] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    created: list[Created] = field(default_factory=list)
    named: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Project:
    """What a project file says: what is built, and under which name it is published."""

    path: str
    assembly: str
    package: str
