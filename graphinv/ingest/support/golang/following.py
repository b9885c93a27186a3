"""What expressions of Go mean: which values a name, a call or a parameter may stand for."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from graphinv.ingest.support.golang import ir
from graphinv.ingest.support.golang.program import Key, Program, walk
from graphinv.ingest.support.golang.tools import Tools

MAX_STEPS = 14
"""Names and calls, one through the other, that are followed."""
MAX_WORK = 2_000
"""Expressions that are looked at to find what one stands for."""
MAX_CALLERS = 20


class Scope(NamedTuple):
    """Where an expression stands. ``caller`` is the one call of the function that is meant, where only one is."""

    key: Key
    caller: tuple[ir.Call, Scope] | None = None


class Found(NamedTuple):
    """A value and where it stands."""

    value: ir.Expr
    scope: Scope


class Following:
    """The expressions of a root."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.tools = Tools(program)
        self._callers: dict[Key, list[tuple[ir.Call, Scope]]] = defaultdict(list)
        self._grown: dict[Key, dict[str, list[ir.Expr]]] = {}
        self.made: list[tuple[ir.Call | ir.Obj, Scope, str]] = []
        """All calls and literals with where they stand and the variable that is given them."""
        for path, module in program.modules.items():
            for index, function in enumerate(module.functions):
                self._note(Scope(Key(path, index)), function.exprs, {id(value): name for name, value in function.locals.items()})
            for name, value in module.variables.items():
                self._note(Scope(Key(path, 0, name)), [value], {id(value): name})

    def _note(self, scope: Scope, exprs: list[ir.Expr], names: dict[int, str]) -> None:
        folder, seen = posixpath.dirname(scope.key.path), set[int]()
        for top in exprs:
            for one in walk(top):
                if isinstance(one, (ir.Call, ir.Obj)) and id(one) not in seen:
                    seen.add(id(one))
                    self.made.append((one, scope, names.get(id(one), "")))
                    if isinstance(one, ir.Call):
                        for key in (*self.program.resolve(one.path, folder), *self._literals(one, scope)):
                            self._callers[key].append((one, scope))

    def _literals(self, call: ir.Call, scope: Scope) -> list[Key]:
        """The function literal that the called variable of the same function holds."""
        if not isinstance(call.base, ir.Name) or not call.base.local or call.base.path != call.path or scope.key.variable:
            return []
        value = self.program.function(scope.key).locals.get(call.base.local)
        return [Key(scope.key.path, value.index)] if isinstance(value, ir.Func) else []

    # ---- texts --------------------------------------------------------------------------------------------------------------

    def text(self, value: ir.Expr | None, scope: Scope) -> str | None:
        """The constant text that a value is; None where there is none, or not only one."""
        if value is None:
            return None
        plain = self.tools.text(value, scope.key)
        if plain is not None:
            return plain
        texts = {text for one in self.values(value, scope) if (text := self.tools.text(one.value, one.scope.key)) is not None}
        return texts.pop() if len(texts) == 1 else None

    # ---- values -------------------------------------------------------------------------------------------------------------

    def values(self, value: ir.Expr | None, scope: Scope) -> list[Found]:
        """What a value may be: names, parameters and what functions of the root give are followed, lists are opened. Bounded."""
        found: list[Found] = []
        seen: set[tuple[int, int]] = set()
        work: list[tuple[Found, int]] = [(Found(value, scope), 0)] if value is not None else []
        for _ in range(MAX_WORK):
            if not work:
                break
            one, depth = work.pop()
            place = (id(one.value), id(one.scope.caller))
            if place in seen or depth > MAX_STEPS:
                continue
            seen.add(place)
            inner = self.step(one)
            if inner is None:
                found.append(one)
            else:
                work.extend((each, depth + 1) for each in reversed(inner))
        return found

    def step(self, found: Found) -> list[Found] | None:
        """What a name, a call or a list stands for; None where it stands for itself."""
        value, scope = found
        if isinstance(value, ir.Name):
            return self._named(value, scope) or None
        if isinstance(value, ir.Obj) and value.items and not any(name for name, _ in value.items):
            return [Found(one, scope) for _, one in value.items]
        if isinstance(value, ir.Other):
            return [Found(one, scope) for one in value.parts] or None
        if isinstance(value, ir.Call):
            if value.path == ".append":
                return [Found(one, scope) for one in value.args]
            return self.given(value, scope) or None
        return None

    def given(self, call: ir.Call, scope: Scope) -> list[Found]:
        """What a call of a function of the root gives."""
        found: list[Found] = []
        for key in [*self.program.resolve(call.path, posixpath.dirname(scope.key.path)), *self._literals(call, scope)]:
            if not key.variable:
                inner = Scope(key, (call, scope))
                found += [Found(one[0], inner) for one in self.program.function(key).returns]
        return found

    def _named(self, name: ir.Name, scope: Scope) -> list[Found]:
        if name.local:
            return self._local(name.local, scope)
        folder = posixpath.dirname(scope.key.path)
        return [Found(self.program.variable(one), Scope(one)) for one in self.program.resolve(name.path, folder) if one.variable]

    def _local(self, name: str, scope: Scope) -> list[Found]:
        key, caller = scope
        for _ in range(MAX_STEPS):
            if key.variable:
                break
            function = self.program.function(key)
            place = Scope(key, caller)
            found = [Found(function.locals[name], place)] if name in function.locals else []
            found += [Found(one, place) for one in self._growth(key).get(name, ())]
            if found:
                return found
            position = next((index for index, (param, _) in enumerate(function.params) if param == name), None)
            if position is not None:
                calls = [caller] if caller is not None else self._callers.get(key, [])[:MAX_CALLERS]
                return [Found(call.args[position], where) for call, where in calls if position < len(call.args)]
            if function.outer is None:
                break
            key = Key(key.path, function.outer)
        return []

    def _growth(self, key: Key) -> dict[str, list[ir.Expr]]:
        """What is appended to each list of a function; found once."""
        if key not in self._grown:
            grown = self._grown[key] = defaultdict(list)
            for one in self.program.function(key).exprs:
                if isinstance(one, ir.Call) and one.path == ".append" and one.args and isinstance(one.args[0], ir.Name):
                    grown[one.args[0].local] += one.args[1:]
        return self._grown[key]

    def callers(self, scope: Scope) -> list[tuple[ir.Call, Scope]]:
        """The calls of the function in which something stands."""
        return self._callers.get(scope.key, [])[:MAX_CALLERS]

    def around(self, scope: Scope) -> Iterator[ir.Function]:
        """The function in which something stands, and those around it."""
        key = scope.key
        for _ in range(MAX_STEPS):
            if key.variable:
                return
            function = self.program.function(key)
            yield function
            if function.outer is None:
                return
            key = Key(key.path, function.outer)
