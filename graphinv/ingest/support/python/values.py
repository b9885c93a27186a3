"""What an expression can evaluate to when nothing is run, and the scope it is evaluated in: a function keeps the one it was defined in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.tables import Owner, Table
from graphinv.model.facts import NodeFact

MAX_OPTIONS = 64
_TOOL_DEFINITIONS = ("toolSpec", "input_schema", "inputSchema")
"""Keys that only a tool which is written as data has."""
Place = tuple[ir.Module, int]
"""Module and line."""


@dataclass(frozen=True, eq=False)
class Value:
    """``module`` and ``line`` are where it was written."""

    module: ir.Module
    line: int

    def text(self) -> str | None:
        """The text it certainly is; None where it is none, or not wholly known."""
        return None

    def options(self) -> tuple[Value, ...]:
        """What it may be: itself, or the possibilities of an :class:`Either`."""
        return (self,)


@dataclass(frozen=True, eq=False)
class Const(Value):
    """A literal, or a text put together from literals. ``complete`` is false where a part is not known; it stands there as ``{name}``.
    ``variables`` are parts of it, too."""

    value: str | int | float | bool | None
    complete: bool = True
    secrets: tuple[NodeFact, ...] = ()
    variables: tuple[EnvVar, ...] = ()

    def text(self) -> str | None:
        return self.value if isinstance(self.value, str) and self.complete else None


@dataclass(frozen=True, eq=False)
class EnvVar(Value):
    """``os.environ["X"]``, ``os.getenv("X", default)``."""

    name: str
    default: Value | None = None

    def text(self) -> str | None:
        return self.default.text() if self.default is not None else None


@dataclass(frozen=True, eq=False)
class ListV(Value):
    """A list, tuple or set; what could not be followed in it is an :class:`Unknown` item."""

    items: tuple[Value, ...]
    places: tuple[Place, ...] = ()
    """Where each item was put into it, where that is known of all."""

    def placed(self) -> tuple[tuple[Value, Place | None], ...]:
        """Items with where they were put in."""
        places = self.places if len(self.places) == len(self.items) else (None,) * len(self.items)
        return tuple(zip(self.items, places, strict=True))


@dataclass(frozen=True, eq=False)
class DictV(Value):
    """A mapping; ``rest`` are values merged into it whose keys are not known."""

    items: tuple[tuple[Value, Value], ...]
    rest: tuple[Value, ...] = ()

    def get(self, key: str) -> Value | None:
        """The last value under a constant key."""
        found = None
        for name, value in self.items:
            if isinstance(name, Const) and name.value == key:
                found = value
        return found

    def is_definition(self) -> bool:
        """Whether it is one thing written as data (``{"type": "web_search_preview"}``, or a tool with its schema) rather than a mapping of
        things."""
        if self.rest:
            return False
        if any(self.get(key) is not None for key in _TOOL_DEFINITIONS) or (self.get("name") and self.get("parameters")):
            return True
        kind = self.get("type")
        return (
            isinstance(kind, Const)
            and isinstance(kind.value, str)
            and (kind.value == "function" or all(isinstance(value, (Const, EnvVar, ListV, DictV)) for _, value in self.items))
        )


@dataclass(frozen=True, eq=False)
class External(Value):
    """A name that is imported from outside of the tree (or built in: ``builtins.open``), not called."""

    dotted: str

    @property
    def symbol(self) -> str:
        return self.dotted.rpartition(".")[2]

    def within(self, *packages: str) -> bool:
        """Whether it comes from one of ``packages`` (dotted prefixes)."""
        return within(self.dotted, packages)


@dataclass(frozen=True, eq=False)
class ModuleV(Value):
    """A module or package of the tree: the path of its file, or of its folder with ``/`` at the end."""

    place: str


@dataclass(eq=False)
class Scope:
    """A body with what is bound in it. ``bindings`` are arguments of a call, or the items that loops are at; without any it stands for
    every call. ``key`` tells scopes of the same body apart."""

    module: ir.Module
    owner: Owner
    parent: Scope | None
    table: Table = field(repr=False)
    bindings: Mapping[str, Value] = field(default_factory=dict, repr=False)
    key: tuple[Any, ...] = ()
    instance: Value | None = field(default=None, repr=False)
    """In a method: the object it is called on."""
    parts: tuple[tuple[frozenset[str], Any], ...] = ()
    """Names that are bound in this body itself, each group with what tells this binding apart from others."""
    depth: int = 0
    """Calls of functions that lead to it."""
    memo: dict[int, Value] = field(default_factory=dict, repr=False)
    children: dict[Any, Scope] = field(default_factory=dict, repr=False)

    def child(self, owner: Owner, table: Table) -> Scope:
        """The scope of a body inside this one, with nothing bound."""
        found = self.children.get(id(owner))
        if found is None:
            found = Scope(self.module, owner, self, table, key=self.key, depth=self.depth)
            self.children[id(owner)] = found
        return found

    def bound(self, bindings: Mapping[str, Value], key: Any, instance: Value | None = None, depth: int = 0) -> Scope:
        """The same body with more bound; ``key`` says what tells this binding apart from others."""
        found = self.children.get(("bound", key))
        if found is None:
            found = Scope(
                self.module,
                self.owner,
                self.parent,
                self.table,
                {**self.bindings, **bindings},
                (*self.key, key),
                instance if instance is not None else self.instance,
                (*self.parts, (frozenset(bindings), key)),
                max(self.depth, depth),
            )
            self.children["bound", key] = found
        return found

    @property
    def function(self) -> ir.Function | None:
        return self.owner if isinstance(self.owner, ir.Function) else None


@dataclass(frozen=True, eq=False)
class FunctionV(Value):
    """A function of the tree. ``scope`` is where it was defined, with what is bound there; ``owner`` the object it is a method of."""

    function: ir.Function
    scope: Scope = field(repr=False)
    owner: Value | None = None
    cls: ClassV | None = None
    given: tuple[tuple[str | None, Value], ...] = ()
    """Arguments that a ``functools.partial`` brought along."""

    @property
    def name(self) -> str:
        return self.function.name


@dataclass(frozen=True, eq=False)
class ClassV(Value):
    """A class of the tree."""

    cls: ir.Class
    scope: Scope = field(repr=False)

    @property
    def name(self) -> str:
        return self.cls.name


@dataclass(frozen=True, eq=False)
class Made(Value):
    """What a call returns whose callee lies outside of the tree, or the instance of a class of the tree.

    ``callee`` is the dotted name of what was called: of the outside name (``agents.Agent``); of a class of the tree, its first base that
    lies outside, or ``""``; of a method, that of its receiver and the method's (``langgraph.graph.StateGraph.compile``).
    """

    callee: str
    call: ir.Call = field(repr=False)
    scope: Scope = field(repr=False)
    key: tuple[Any, ...] = ()
    """Identity: the same place in the source with the same arguments is the same object."""
    cls: ClassV | None = None
    receiver: Value | None = None
    given: tuple[tuple[str | None, Value], ...] = ()
    """Arguments that a ``functools.partial`` brought along."""
    reader: Callable[[Made, str, int | None, bool], Value | None] = field(default=lambda *_: None, repr=False)

    @property
    def symbol(self) -> str:
        """Last part of ``callee``."""
        return self.callee.rpartition(".")[2]

    def within(self, *packages: str) -> bool:
        return within(self.callee, packages)

    def arg(self, name: str, position: int | None = None) -> Value | None:
        """The argument of that name or position, later assignments to the attribute included; None where nothing is said."""
        return self.reader(self, name, position, True)

    def passed(self, name: str, position: int | None = None) -> Value | None:
        """The same without later assignments."""
        return self.reader(self, name, position, False)

    def root(self) -> Value:
        """The object at the beginning of a chain of method calls (``StateGraph(…).add_node(…).compile()`` → the ``StateGraph``)."""
        value: Value = self
        while isinstance(value, Made) and value.receiver is not None:
            value = value.receiver
        return value


PICKED = "[?]"
"""The attribute by which one of several is got that a condition on their names lets through."""


@dataclass(frozen=True, eq=False)
class Bound(Value):
    """An attribute of an object, not called: ``receiver.attr``."""

    receiver: Value
    attr: str


@dataclass(frozen=True, eq=False)
class Partial(Value):
    """``functools.partial(target, …)``."""

    target: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str | None, Value], ...]

    def opened(self) -> Value:
        """What it calls; a function of the tree with the arguments that it brings along."""
        if isinstance(self.target, FunctionV):
            return replace(self.target, given=(*((None, value) for value in self.args), *self.kwargs))
        return self.target


@dataclass(frozen=True, eq=False)
class Either(Value):
    """One of several; never nested, never fewer than two."""

    values: tuple[Value, ...]

    def options(self) -> tuple[Value, ...]:
        return self.values

    def text(self) -> str | None:
        """Its text where all possibilities that have one agree."""
        found = {text for text in (value.text() for value in self.values) if text is not None}
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, eq=False)
class Unknown(Value):
    """What could not be followed; ``reason`` completes "… because ": it names names, never values."""

    reason: str


def within(dotted: str, packages: tuple[str, ...]) -> bool:
    """Whether ``dotted`` is one of ``packages`` or lies in one."""
    return any(dotted == package or dotted.startswith(f"{package}.") for package in packages)


def either(module: ir.Module, line: int, values: list[Value]) -> Value:
    """One of ``values``; nested possibilities are flattened, at most 64 kept."""
    if len(values) == 1 and not isinstance(values[0], Either):
        return values[0]
    flat: dict[int, Value] = {}
    for option in (one for value in values for one in value.options()):
        flat[id(option)] = option
        if len(flat) == MAX_OPTIONS:
            break
    found = tuple(flat.values())
    if not found:
        return Unknown(module, line, "nothing is assigned to it")
    return found[0] if len(found) == 1 else Either(module, line, found)


def walk(value: Value | None) -> Iterator[Value]:
    """The single values in ``value``: items of lists, possibilities, values of mappings (but for definitions of things as data, which are
    one each); constants ``None`` are left out."""
    return (one for one, _ in placed(value))


def placed(value: Value | None) -> Iterator[tuple[Value, Place | None]]:
    """The same with where each was put into its list."""
    stack: list[tuple[Value, Place | None]] = [(value, None)] if value is not None else []
    while stack:
        one, place = stack.pop()
        if isinstance(one, Either):
            stack.extend((option, place) for option in reversed(one.values))
        elif isinstance(one, ListV):
            stack.extend((item, inner or place) for item, inner in reversed(one.placed()))
        elif isinstance(one, DictV) and not one.is_definition():
            stack.extend((item, place) for item in reversed([*(item for _, item in one.items), *one.rest]))
        elif not (isinstance(one, Const) and one.value is None):
            yield one, place
