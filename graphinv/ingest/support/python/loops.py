"""A scope once for every turn of the loops and comprehensions that an expression or statement depends on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.operations import counted, destructured, iterated
from graphinv.ingest.support.python.values import DictV, ListV, Scope, Value

MAX_LOOP = 64
MAX_LOOPS = 3


def comp_scopes(ev: Evaluation, comp: ir.Comp, scope: Scope) -> list[Scope]:
    """``scope`` once for every turn of a comprehension; once with its names unknown where what it loops over is not known."""
    scopes = [scope]
    for target, source in comp.loops:
        scopes = [inner for outer in scopes for inner in _turns(ev, target, source, outer)][:MAX_LOOP]
    return scopes


def _turns(ev: Evaluation, target: ir.Expr, source: ir.Expr, scope: Scope) -> list[Scope]:
    value = ev.evaluate(source, scope)
    return _turns_of(ev, target, source.line, iterated(value, scope.module, source.line), scope)


def loop_scopes(ev: Evaluation, scope: Scope, node: Any) -> list[Scope]:
    """``scope`` once for every turn of the loops whose names ``node`` depends on."""
    if not scope.table.loops:
        return [scope]
    return turn_scopes(ev, scope, ev.dependencies.of(scope, ev.dependencies.names(node))[1], getattr(node, "line", None))


def turn_scopes(ev: Evaluation, scope: Scope, names: Iterable[str], line: int | None = None) -> list[Scope]:
    """``scope`` once for every turn of the loops that give ``names`` their values on ``line``."""
    scopes = [scope]
    loops = {name: scope.table.loop(name, line) for name in names}
    for name in sorted(loops, key=lambda one: (loops[one].line, one))[:MAX_LOOPS]:
        loop = loops[name]
        if name in scopes[0].bindings:
            continue
        known = [inner for outer in scopes for inner in _known_turns(ev, loop, outer)]
        scopes = known[:MAX_LOOP] or scopes
    return scopes


def _known_turns(ev: Evaluation, loop: ir.Assign, scope: Scope) -> list[Scope]:
    """A scope for each turn where all that is looped over is known; else none."""
    value = ev.evaluate(loop.value, scope)
    if not all(isinstance(option, (ListV, DictV)) or counted(option) for option in value.options()):
        return []
    turns = iterated(value, scope.module, loop.line)
    return _turns_of(ev, loop.target, loop.line, turns, scope)


def _turns_of(ev: Evaluation, target: ir.Expr, line: int, turns: list[Value], scope: Scope) -> list[Scope]:
    limit = MAX_LOOP if not scope.depth else MAX_LOOP // 4
    ev.budget.turn(len(turns[:limit]))
    return [scope.bound(dict(destructured(target, turn, scope.module)), ("turn", line, index)) for index, turn in enumerate(turns[:limit])]
