"""Scopes: which statements give a name its value, and with which arguments a function's body is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.values import Value

Owner = ir.Module | ir.Function | ir.Class
MUTATORS = frozenset({"append", "extend", "insert", "update", "add", "setdefault"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement that gives or changes the value of a name. It is seen by what stands below line ``end``."""

    statement: ir.Stmt
    end: int
    conditional: bool
    changes: bool = False
    """Whether it changes the value that the name has (``x.append(…)``, ``x += …``, ``x["k"] = …``)."""


@dataclass(slots=True)
class Table:
    """What one body says about names, in the order of the source."""

    names: dict[str, list[Entry]] = field(default_factory=dict)
    stars: list[ir.Import] = field(default_factory=list)
    loops: dict[str, list[ir.Assign]] = field(default_factory=dict)
    """Names that a ``for`` gives its values, with each that does."""
    returns: list[ir.Return] = field(default_factory=list)

    def add(self, name: str, entry: Entry) -> None:
        self.names.setdefault(name, []).append(entry)

    def loop(self, name: str, line: int | None) -> ir.Assign:
        """The ``for`` that gives ``name`` its values on ``line``: the last one before it, without a line the last of all."""
        loops = self.loops[name]
        return next((one for one in reversed(loops) if line is None or one.line <= line), loops[0])


def table_of(owner: Owner) -> Table:
    """The table of a module's, function's or class's body; O(statements)."""
    table = Table()
    for statement in owner.body:
        kind = type(statement)
        if kind is ir.Assign:
            _assigned(table, statement)
        elif kind is ir.Do:
            _changed(table, statement)
        elif kind is ir.Return:
            table.returns.append(statement)
        elif isinstance(statement, (ir.Function, ir.Class)):
            table.add(statement.name, Entry(statement, statement.line, False))
        elif isinstance(statement, ir.Import):
            if statement.symbol == "*":
                table.stars.append(statement)
            else:
                table.add(statement.name, Entry(statement, statement.line, statement.conditional))
    return table


def _assigned(table: Table, statement: ir.Assign) -> None:
    if isinstance(statement.value, ir.Opaque) and statement.value.what == "nothing":
        return
    changes = statement.op == "+="
    for name in target_names(statement.target):
        table.add(name, Entry(statement, statement.end, statement.conditional, changes))
        if statement.op == "in":
            table.loops.setdefault(name, []).append(statement)
    if isinstance(statement.target, ir.Sub) and isinstance(statement.target.base, ir.Name):
        table.add(statement.target.base.id, Entry(statement, statement.end, statement.conditional, True))


def _changed(table: Table, statement: ir.Do) -> None:
    call = statement.value
    if isinstance(call, ir.Call) and isinstance(call.func, ir.Attr) and call.func.attr in MUTATORS and isinstance(call.func.base, ir.Name):
        table.add(call.func.base.id, Entry(statement, statement.line, statement.conditional, True))


def target_names(target: ir.Expr) -> Iterator[str]:
    """Names that are assigned to in ``target``, those in tuples included."""
    stack = [target]
    while stack:
        one = stack.pop()
        if isinstance(one, ir.Name):
            yield one.id
        elif isinstance(one, ir.Items):
            stack.extend(one.items)
        elif isinstance(one, ir.Star):
            stack.append(one.value)


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
