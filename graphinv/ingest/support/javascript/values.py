"""What an expression can evaluate to when nothing is run. Each value knows the document and line where it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from graphinv.ingest.support.javascript import ir
from graphinv.model.facts import Fact

MAX_OPTIONS = 64


@dataclass(eq=False)
class Frame:
    """One call of a function of the tree: what its parameters are; None where that is not known. The frame of a module has function 0."""

    module: ir.Module
    function: int
    args: tuple[Value, ...] | None
    parent: Frame | None
    key: tuple[object, ...]
    this: Value | None = None
    names: dict[tuple[int, str], Value] = field(default_factory=dict)
    sites: dict[int, Value] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Value:
    """``path`` and ``line`` are where it was written."""

    path: str
    line: int

    def text(self) -> str | None:
        """The text it certainly is; None where it is none, or not wholly known."""
        return None

    def options(self) -> tuple[Value, ...]:
        """What it may be: itself, or the possibilities of an :class:`Either`."""
        return (self,)


@dataclass(frozen=True, eq=False)
class Const(Value):
    """A literal, or a text put together from literals; where ``complete`` is false an unknown part stands in it as ``{…}``."""

    value: str | int | float | bool | None
    complete: bool = True
    secrets: tuple[Fact, ...] = ()

    def text(self) -> str | None:
        return self.value if isinstance(self.value, str) and self.complete else None


@dataclass(frozen=True, eq=False)
class EnvVar(Value):
    """``process.env.X``."""

    name: str


@dataclass(frozen=True, eq=False)
class ListV(Value):
    """An array; what could not be followed in it is an :class:`Unknown` item."""

    items: tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class DictV(Value):
    """An object; ``rest`` are values spread into it whose keys are not known."""

    items: tuple[tuple[str, Value], ...]
    rest: tuple[Value, ...] = ()

    def get(self, key: str) -> Value | None:
        """The last value under ``key``."""
        return next((value for name, value in reversed(self.items) if name == key), None)


@dataclass(frozen=True, eq=False)
class External(Value):
    """A name from outside of the tree, not called: ``pkg.name``; a global one bare: ``fetch``."""

    dotted: str
    package: str = ""
    """The import's specifier; empty for what is global."""


@dataclass(frozen=True, eq=False)
class Namespace(Value):
    """All that a module of the tree exports."""

    module: str


@dataclass(frozen=True, eq=False)
class FunctionV(Value):
    """A function of the tree, and what is bound around it."""

    module: ir.Module
    index: int
    frame: Frame = field(repr=False)

    @property
    def function(self) -> ir.Function:
        return self.module.functions[self.index]


@dataclass(frozen=True, eq=False)
class ClassV(Value):
    """A class of the tree."""

    module: ir.Module
    index: int
    frame: Frame = field(repr=False)

    @property
    def cls(self) -> ir.Class:
        return self.module.classes[self.index]


@dataclass(frozen=True, eq=False)
class SelfV(Value):
    """The object a method of a class of the tree is called on, where it is not known which instance."""

    cls: ClassV


@dataclass(frozen=True, eq=False)
class Made(Value):
    """What a call gives whose callee lies outside of the tree, or an instance of a class of the tree.

    ``callee`` is the path of what was called, with the parentheses of calls before it left out: ``@openai/agents.Agent``,
    ``@langchain/langgraph.StateGraph.compile``; of a class of the tree that of its outside base, or ``""``.
    """

    callee: str
    package: str
    call: ir.Call = field(repr=False)
    frame: Frame = field(repr=False)
    function: int
    """The function that the call stands in."""
    reader: Callable[[Made], tuple[Value, ...]] = field(repr=False)
    cls: ClassV | None = None
    receiver: Value | None = None
    inside: Frame | None = field(default=None, repr=False)
    """The frame of the constructor of a class of the tree."""
    known: list[tuple[Value, ...]] = field(default_factory=list, repr=False)

    @property
    def key(self) -> tuple[object, ...]:
        """Identity: the same place in the source in the same calls is the same object."""
        return (self.path, self.call.site, self.frame.key)

    @property
    def symbol(self) -> str:
        """Last part of ``callee``."""
        return self.callee.removeprefix(self.package).rpartition(".")[2] or self.callee

    def args(self) -> tuple[Value, ...]:
        """Its arguments; of a class of the tree those that reach its outside base."""
        if not self.known:
            self.known.append(self.reader(self))
        return self.known[0]

    def arg(self, position: int) -> Value | None:
        """The argument at a position."""
        given = self.args()
        return given[position] if position < len(given) else None

    def root(self) -> Value:
        """The object at the beginning of a chain of calls: ``new StateGraph().addNode().compile()`` → the ``StateGraph``."""
        value: Value = self
        while isinstance(value, Made) and value.receiver is not None:
            value = value.receiver
        return value

    def within(self, *packages: str) -> bool:
        """Whether its callee comes from one of ``packages``, deeper paths of them included."""
        return within(self.package, packages)


@dataclass(frozen=True, eq=False)
class Bound(Value):
    """A member of an object, not called."""

    receiver: Value
    attr: str


@dataclass(frozen=True, eq=False)
class Either(Value):
    """One of several; never nested, never fewer than two."""

    values: tuple[Value, ...]

    def options(self) -> tuple[Value, ...]:
        return self.values

    def text(self) -> str | None:
        found = {text for text in (value.text() for value in self.values) if text is not None}
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, eq=False)
class Unknown(Value):
    """What could not be followed; ``reason`` says why, in words and names of the source, never values."""

    reason: str


def within(package: str, packages: tuple[str, ...]) -> bool:
    """Whether a specifier is one of ``packages``, or a path of one (``@mastra/core/agent``)."""
    return any(package == one or package.startswith(f"{one}/") for one in packages)


def either(path: str, line: int, values: list[Value]) -> Value:
    """One of ``values``; nested possibilities are flattened, at most 64 kept."""
    if len(values) == 1:
        return values[0]
    flat: dict[int, Value] = {}
    for value in values:
        for option in value.options():
            flat.setdefault(id(option), option)
    found = list(flat.values())
    if len(found) > 1:  # null beside something is an absent value, not another possibility
        found = [one for one in found if not (isinstance(one, Const) and one.value is None)] or found[:1]
    if not found:
        return Unknown(path, line, "nothing is assigned to it")
    return found[0] if len(found) == 1 else Either(path, line, tuple(found[:MAX_OPTIONS]))


def walk(value: Value | None) -> Iterator[Value]:
    """The single values in ``value``: items of lists, possibilities, values of objects; ``null`` and ``false`` are left out."""
    stack = [value] if value is not None else []
    while stack:
        one = stack.pop()
        if isinstance(one, Either):
            stack.extend(reversed(one.values))
        elif isinstance(one, ListV):
            stack.extend(reversed(one.items))
        elif isinstance(one, DictV):
            stack.extend(reversed([*(item for _, item in one.items), *one.rest]))
        elif not (isinstance(one, Const) and (one.value is None or one.value is False)):
            yield one


def entries(value: Value | None) -> Iterator[tuple[str, Value]]:
    """The single values in ``value`` with the key each stands under; ``""`` where it has none."""
    stack: list[tuple[str, Value]] = [("", value)] if value is not None else []
    while stack:
        key, one = stack.pop()
        if isinstance(one, Either):
            stack.extend((key, item) for item in reversed(one.values))
        elif isinstance(one, ListV):
            stack.extend((key, item) for item in reversed(one.items))
        elif isinstance(one, DictV):
            stack.extend(("", item) for item in reversed(one.rest))
            stack.extend(reversed(one.items))
        elif not (isinstance(one, Const) and (one.value is None or one.value is False)):
            yield key, one
