"""What is kept of a C# document: types with their methods, tools and constants, where servers are made, and, where it has to do with
agents, the expressions that may make them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from graphinv.ingest.support.compiled import Call as Noted


@dataclass(frozen=True, slots=True)
class Ref:
    """A constant by name: ``Name`` or ``Type.Name``."""

    name: str


Words: TypeAlias = "tuple[str | Ref | None, ...]"
"""A text: its constant parts, constants by name, None for what is known only when it runs."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that stands in an expression."""

    words: Words
    line: int


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, field, method or type, with its members: ``agent``, ``this.agent``, ``Tools.Refund``. ``at`` is where it ends."""

    path: str
    line: int
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call: ``path`` says what is called as in :class:`~graphinv.ingest.support.compiled.Call`, ``base`` what it is called on."""

    path: str
    args: tuple[tuple[str, Expr], ...]
    line: int
    at: int
    types: tuple[str, ...] = ()
    base: Expr | None = None

    @property
    def name(self) -> str:
        """The last name of what is called."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class New:
    """An object that is made: its type, arguments, and the properties (with their names) or elements that are set with it."""

    type: str
    args: tuple[tuple[str, Expr], ...]
    items: tuple[tuple[str, Expr], ...]
    line: int
    at: int


@dataclass(frozen=True, slots=True)
class Many:
    """A collection; also what is one of several."""

    items: tuple[Expr, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Func:
    """A lambda, by what it may give."""

    gives: tuple[Expr, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Other:
    """Any other expression: what stands in it."""

    parts: tuple[Expr, ...]
    line: int


Expr: TypeAlias = "Text | Name | Call | New | Many | Func | Other"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a variable is given, and where that ends; ``fresh`` where the variable is declared there."""

    value: Expr
    at: int
    fresh: bool


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
    calls: list[Noted] = field(default_factory=list)
    variables: list[tuple[str, int]] = field(default_factory=list)
    """Variables of the environment that it reads."""
    tool: Tool | None = None
    function: Tool | None = None
    """What an attribute says that makes it a function of a kernel."""
    exprs: list[Expr] = field(default_factory=list)
    """What its statements evaluate, in order."""
    locals: dict[str, list[Kept]] = field(default_factory=dict)
    gives: list[Expr] = field(default_factory=list)
    """What it returns."""
    outer: Method | None = field(default=None, repr=False, compare=False)
    """The method that a local function stands in."""


@dataclass
class Type:
    """A class, record or struct."""

    name: str
    line: int
    tools: bool = False
    """Whether an attribute says that it holds tools."""
    methods: list[Method] = field(default_factory=list)
    constants: dict[str, Words] = field(default_factory=dict)
    fields: dict[str, list[Expr]] = field(default_factory=dict)
    """What its fields and properties are given."""


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
