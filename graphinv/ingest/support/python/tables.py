"""Which statements of a body give a name its value, in the order of the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphinv.ingest.support.python import ir

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

    @property
    def loops(self) -> bool:
        """Whether a ``for`` gives the name one value after the other."""
        return isinstance(self.statement, ir.Assign) and self.statement.op == "in"


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
