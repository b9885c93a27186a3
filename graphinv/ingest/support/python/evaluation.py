"""What the pieces of the evaluator share: the modules, the scopes, what was found out so far, and the two questions they ask of the whole.

An expression may be a name, an attribute or a call, and each of these leads to further expressions. The pieces (:mod:`.names`,
:mod:`.objects`, :mod:`.frames`, :mod:`.calls` …) import only those below them and this one; :mod:`.evaluate` joins them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.budget import Budget
from graphinv.ingest.support.python.dependencies import Dependencies
from graphinv.ingest.support.python.modules import Modules
from graphinv.ingest.support.python.tables import Owner, Table, table_of
from graphinv.ingest.support.python.values import ListV, Made, Place, Scope, Value

_PLAIN = {"agents": ("agents/handoffs/__init__.py", "agents/guardrail.py"), "swarm": ("swarm/core.py", "swarm/repl/repl.py")}
"""What tells the own package of a framework that is called by a plain word from any other folder of that name: two files of it."""


class Evaluation(ABC):
    """The evaluation of the expressions of ``modules`` (by path); ``outside`` are packages that are never looked for in the tree."""

    def __init__(self, modules: Mapping[str, ir.Module], outside: Iterable[str] = ()) -> None:
        self.modules = modules
        others = {name for name, files in _PLAIN.items() if not _holds(modules, *files)}
        self._outside = frozenset(outside) - others
        self.places = Modules(modules)
        self.budget = Budget()
        self.dependencies = Dependencies()
        self.calling: dict[int, int] = {}
        """How often each function is being evaluated right now, by identity."""
        self.attributes: dict[Any, Value | None] = {}
        """Attributes of instances, by identity of the instance and name."""
        self.self_statements: dict[int, dict[str, list[tuple[ir.Function, ir.Stmt]]]] = {}
        """What methods assign to attributes of their instance, by identity of the class and name."""
        self._scopes: dict[str, Scope] = {}
        self._tables: dict[int, Table] = {}

    @abstractmethod
    def evaluate(self, expr: ir.Expr, scope: Scope) -> Value:
        """The value of ``expr`` in ``scope``; an :class:`Unknown` where it cannot be followed. Never raises."""

    @abstractmethod
    def argument(self, made: Made, name: str, position: int | None, later: bool) -> Value | None:
        """See :meth:`Made.arg` and :meth:`Made.passed`."""

    def module_scope(self, module: ir.Module) -> Scope:
        """The scope of a module's top level."""
        found = self._scopes.get(module.path)
        if found is None:
            found = Scope(module, module, None, self.table(module))
            self._scopes[module.path] = found
        return found

    def table(self, owner: Owner) -> Table:
        found = self._tables.get(id(owner))
        if found is None:
            found = table_of(owner)
            self._tables[id(owner)] = found
        return found

    def inner(self, scope: Scope, owner: ir.Function | ir.Class) -> Scope:
        """The scope of a function or class that is defined in ``scope``."""
        return scope.child(owner, self.table(owner))

    def spread(self, exprs: Iterable[ir.Expr], scope: Scope) -> Iterator[Value]:
        """Values of ``exprs``, starred lists spread out."""
        return (value for value, _ in self.spread_placed(exprs, scope))

    def spread_placed(self, exprs: Iterable[ir.Expr], scope: Scope) -> Iterator[tuple[Value, Place]]:
        """The same with where each was written."""
        for expr in exprs:
            here = scope.module, expr.line
            if isinstance(expr, ir.Star):
                for option in self.evaluate(expr.value, scope).options():
                    if isinstance(option, ListV):
                        yield from ((item, place or here) for item, place in option.placed())
                    else:
                        yield option, here
            else:
                yield self.evaluate(expr, scope), here

    def is_framework(self, dotted: str) -> bool:
        """Whether an import means a framework even where the tree holds it: in the framework's own repository."""
        packages = accumulate(dotted.split("."), lambda above, name: f"{above}.{name}")
        return any(package in self._outside for package in packages)


def _holds(modules: Mapping[str, ir.Module], one: str, other: str) -> bool:
    """Whether two files stand in the tree as they do in a package."""
    return any(path.endswith(one) and path.removesuffix(one) + other in modules for path in modules)
