"""Which names an expression depends on, through the assignments of the body it stands in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.values import Scope

Found = tuple[frozenset[str], frozenset[str], frozenset[str]]


class Dependencies:
    """Answers are kept by the identity of what was asked about: the modules and their tables must outlive it."""

    def __init__(self) -> None:
        self._names: dict[int, frozenset[str]] = {}
        self._found: dict[tuple[int, frozenset[str]], Found] = {}

    def of(self, scope: Scope, names: Iterable[str]) -> Found:
        """Names that ``names`` depend on through the assignments of its body: parameters, names of loops, and names of further out.

        O(names in the statements on the way), once for all scopes of a body.
        """
        key = id(scope.table), frozenset(names)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._of(scope, key[1])
        return found

    def _of(self, scope: Scope, names: frozenset[str]) -> Found:
        table = scope.table
        listed = scope.owner.params if isinstance(scope.owner, ir.Function) else ()
        params = {param.name for param in listed}
        seen: set[tuple[str, bool]] = set()
        stack = [(name, False) for name in names]
        own: set[str] = set()
        loops: set[str] = set()
        outer: set[str] = set()
        while stack:
            name, through_change = stack.pop()
            if (name, through_change) in seen or (through_change and (name, False) in seen):
                continue
            seen.add((name, through_change))
            if name in params:
                own.add(name)
            elif name == "super" and listed:
                own.add(listed[0].name)  # it stands for the object that the method is called on
            entries = table.names.get(name)
            if entries is None:
                outer.add(name)
                continue
            for entry in entries:
                statement = entry.statement
                if entry.loops and not through_change:
                    loops.add(name)  # where a list grows in a loop, all turns of it count: they are no dependency
                if isinstance(statement, (ir.Assign, ir.Do)):
                    stack.extend((one, through_change or entry.changes) for one in self.names(statement.value))
                elif isinstance(statement, ir.Function):
                    stack.extend((one, through_change) for one in self.names(statement))
        return frozenset(own), frozenset(loops), frozenset(outer - own)

    def names(self, node: Any) -> frozenset[str]:
        """All names in an expression or statement."""
        found = self._names.get(id(node))
        if found is None:
            names: set[str] = set()
            stack = [node]
            while stack:
                one = stack.pop()
                if type(one) is ir.Name:
                    names.add(one.id)
                else:
                    stack.extend(part for part in one if isinstance(part, tuple) and type(part) is not ir.Const)
            found = frozenset(names)
            self._names[id(node)] = found
        return found
