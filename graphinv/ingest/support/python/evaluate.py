"""What an expression evaluates to, over all modules of a root, without running anything."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

from graphinv.ingest.support.python import calls, ir
from graphinv.ingest.support.python.modules import Modules
from graphinv.ingest.support.python.scope import Entry, Owner, Scope, Table, table_of
from graphinv.ingest.support.python.values import (
    Bound,
    ClassV,
    Const,
    DictV,
    Either,
    EnvVar,
    External,
    FunctionV,
    ListV,
    Made,
    ModuleV,
    Place,
    Unknown,
    Value,
    either,
)

MAX_DEPTH = 90
"""Expressions that are evaluated inside each other."""
MAX_ITEMS = 2000
MAX_SPENT = 600
"""Expressions that are evaluated in called functions and turns of loops for the sake of one."""
MAX_SHARE = 20_000
"""The same for the sake of all that one framework asks for of one document, so that a knotty one leaves the others theirs."""
MAX_LOOP = 64
MAX_COUNTED = 16
"""Turns of a loop over a range that are told apart."""
MAX_LOOPS = 3
_PLAIN = {"agents": ("agents/handoffs/__init__.py", "agents/guardrail.py"), "swarm": ("swarm/core.py", "swarm/repl/repl.py")}
"""What tells the own package of a framework that is called by a plain word from any other folder of that name: two files of it."""
_BUILTINS = frozenset(dir(builtins))


class Evaluator:
    """Evaluates expressions of ``modules`` (by path). Results are kept in the scopes."""

    def __init__(self, modules: Mapping[str, ir.Module], outside: Iterable[str] = ()) -> None:
        self.modules = modules
        others = {name for name, files in _PLAIN.items() if not _holds(modules, *files)}
        self._outside = frozenset(outside) - others
        self.places = Modules(modules)
        self._scopes: dict[str, Scope] = {}
        self._tables: dict[int, Table] = {}
        self._names: dict[int, frozenset[str]] = {}
        self._spent = 0
        self._total = 0
        self.max_total = 100_000
        """The same for the sake of all that one framework asks for."""
        self._shares: dict[str, int] = {}
        """What was followed for the sake of each document."""
        self.cut: set[str] = set()
        """Documents in which not all calls were followed; ``""`` for the program as a whole."""
        self._busy: set[tuple[int, int]] = set()
        self.calling: dict[int, int] = {}
        """How often each function is being evaluated right now, by identity."""
        self.later: Callable[[Made, str, Value | None], Value | None] = lambda made, attr, value: value
        """What later assignments and changes make of an attribute; set by who knows all statements."""
        self._attributes: dict[Any, Value | None] = {}
        self._self_tables: dict[int, dict[str, list[tuple[ir.Function, ir.Stmt]]]] = {}

    def fuel(self) -> bool:
        """Whether one more call of a function may be followed: what they cost is bounded, for one expression and for all."""
        return self._spent < MAX_SPENT and self._total < self.max_total

    def renew(self) -> None:
        """Another framework may have followed as much again."""
        self._total = 0
        self._shares.clear()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is followed here is bounded by half as much, and leaves what may be followed afterwards as it was."""
        kept = self._total, self._shares
        self._total, self._shares = self.max_total // 2, {}
        try:
            yield
        finally:
            self._total, self._shares = kept

    def exhausted(self, module: ir.Module) -> bool:
        """Whether what one framework may ask for, of all or of this document, is used up: calls are no longer followed there."""
        if self._total >= self.max_total:
            self.cut.add("")
            return True
        if self._shares.get(module.path, 0) >= MAX_SHARE:
            self.cut.add(module.path)
            return True
        return False

    # ---- scopes

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

    # ---- expressions

    def evaluate(self, expr: ir.Expr, scope: Scope) -> Value:
        """The value of ``expr`` in ``scope``; an :class:`Unknown` where it cannot be followed. Never raises."""
        found = scope.memo.get(id(expr))
        if found is not None:
            return found
        key = id(expr), id(scope)
        before = None
        if not self._busy:
            self._spent = 0
            before = self._total
        if scope.key:
            self._spent += 1
            self._total += 1
            if self._spent > MAX_SPENT or self._total > self.max_total:
                return Unknown(scope.module, expr.line, "too much would have to be followed")
        if key in self._busy:
            return Unknown(scope.module, expr.line, "it depends on itself")
        if len(self._busy) >= MAX_DEPTH:
            return Unknown(scope.module, expr.line, "it is nested too deeply")
        self._busy.add(key)
        try:
            value = self._evaluate(expr, scope)
        finally:
            self._busy.discard(key)
            if before is not None and self._total > before:
                self._shares[scope.module.path] = self._shares.get(scope.module.path, 0) + self._total - before
        scope.memo[id(expr)] = value
        return value

    def _evaluate(self, expr: ir.Expr, scope: Scope) -> Value:
        module, line = scope.module, expr.line
        if isinstance(expr, ir.Const):
            return Const(module, line, expr.value, True, expr.secrets)
        if isinstance(expr, ir.Name):
            return self.lookup(expr.id, scope, line)
        if isinstance(expr, ir.Attr):
            return self.attribute(self.evaluate(expr.base, scope), expr.attr, scope, line)
        if isinstance(expr, ir.Call):
            return calls.call(self, expr, scope)
        if isinstance(expr, ir.Items):
            found = list(self.spread_placed(expr.items, scope))
            return ListV(module, line, tuple(one for one, _ in found), tuple(place for _, place in found))
        if isinstance(expr, ir.Dict):
            return self._mapping(expr, scope)
        if isinstance(expr, ir.Joined):
            return self._text(expr.parts, scope, line)
        if isinstance(expr, ir.Add):
            return self._add(self.evaluate(expr.left, scope), expr.op, self.evaluate(expr.right, scope), scope, line)
        if isinstance(expr, ir.Choice):
            options = expr.options[-1:] if expr.kind == "and" else expr.options
            values = [self.evaluate(option, scope) for option in options]
            if expr.kind == "or":
                values = [value for value in values[:-1] if not (isinstance(value, Const) and not value.value)] + values[-1:]
                values = values[:1] if isinstance(values[0], Const) else values
            return either(module, line, values)
        if isinstance(expr, ir.Sub):
            return self._item(self.evaluate(expr.base, scope), self.evaluate(expr.index, scope), scope, line)
        if isinstance(expr, ir.Comp):
            return self._comprehension(expr, scope)
        if isinstance(expr, ir.Function):
            return FunctionV(module, line, expr, scope)
        if isinstance(expr, ir.Star):
            return self.evaluate(expr.value, scope)
        if isinstance(expr, ir.Opaque) and expr.what == "order":
            pairs = [self.evaluate(pair, scope) for pair in expr.parts]
            if all(isinstance(option, Made) for pair in pairs for side in getattr(pair, "items", ()) for option in side.options()):
                return ListV(module, line, tuple(pairs))
        return Unknown(module, line, f"it is the result of {expr.what}" if expr.what != "nothing" else "nothing is assigned to it")

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

    def _mapping(self, expr: ir.Dict, scope: Scope) -> Value:
        items: list[tuple[Value, Value]] = []
        rest: list[Value] = []
        for key, value in expr.items:
            if key is not None:
                items.append((self.evaluate(key, scope), self.evaluate(value, scope)))
                continue
            for option in self.evaluate(value, scope).options():
                if isinstance(option, DictV):
                    items.extend(option.items)
                    rest.extend(option.rest)
                else:
                    rest.append(option)
        return DictV(scope.module, expr.line, tuple(items), tuple(rest))

    def _text(self, parts: tuple[ir.Expr, ...], scope: Scope, line: int) -> Value:
        texts: list[str] = []
        secrets: list[Any] = []
        complete = True
        for part in parts:
            value = self.evaluate(part, scope)
            known = as_text(value)
            if isinstance(value, Const):
                secrets.extend(value.secrets)
            complete = complete and known is not None and not (isinstance(value, Const) and not value.complete)
            texts.append(known if known is not None else f"{{{shown(part)}}}")
        return Const(scope.module, line, "".join(texts)[:2000], complete, tuple(secrets))

    def _add(self, left: Value, op: str, right: Value, scope: Scope, line: int) -> Value:
        if isinstance(left, Either) and isinstance(right, Either):
            left = left.values[0] if not isinstance(left.values[0], Unknown) else left.values[-1]
        for option, other, first in ((left, right, True), (right, left, False)):
            if isinstance(option, Either):
                pairs = [(one, other) if first else (other, one) for one in option.values]
                return either(scope.module, line, [self._add(a, op, b, scope, line) for a, b in pairs])
        if isinstance(left, ListV) or isinstance(right, ListV):
            joined = [pair for side in (left, right) for pair in (side.placed() if isinstance(side, ListV) else ((side, None),))][
                :MAX_ITEMS
            ]
            places = tuple(place or (scope.module, line) for _, place in joined)
            return ListV(scope.module, line, tuple(one for one, _ in joined), places)
        if isinstance(left, DictV) and isinstance(right, DictV):
            return DictV(scope.module, line, (*left.items, *right.items)[:MAX_ITEMS], (*left.rest, *right.rest))
        if op in {"+", "-"} and isinstance(left, Const) and isinstance(right, Const) and type(left.value) is type(right.value) is int:
            number = left.value + right.value if op == "+" else left.value - right.value
            # Counting backwards past the beginning is what a condition before it excludes.
            return Const(scope.module, line, number) if number >= 0 else Unknown(scope.module, line, "it is less than nothing")
        if op == "%" and isinstance(left, Const) and isinstance(left.value, str):
            return Const(scope.module, line, left.value, False, left.secrets)
        if op == "+" and any(isinstance(side, Const) and isinstance(side.value, str) for side in (left, right)):
            known = [as_text(side) for side in (left, right)]
            complete = None not in known and all(not isinstance(side, Const) or side.complete for side in (left, right))
            text = "".join("{…}" if one is None else one for one in known)
            secrets = tuple(secret for side in (left, right) if isinstance(side, Const) for secret in side.secrets)
            return Const(scope.module, line, text[:2000], complete, secrets)
        if op in {"|", ">>", "<<"} and any(isinstance(side, (Made, Bound, FunctionV, External)) for side in (left, right)):
            return ListV(scope.module, line, (left, right))  # a pipeline: what is in it is what it does
        if (
            op == "+"
            and any(isinstance(side, (Made, Bound)) for side in (left, right))
            and not any(isinstance(side, Const) for side in (left, right))
        ):
            return ListV(scope.module, line, (left, right))  # lists that calls returned, one after the other
        return Unknown(scope.module, line, f"it is the result of {op}")

    def _item(self, base: Value, index: Value, scope: Scope, line: int) -> Value:
        if isinstance(base, Either):
            return either(scope.module, line, [self._item(one, index, scope, line) for one in base.values])
        if isinstance(base, External):
            name = as_text(index)
            if base.dotted == "os.environ" and name is not None:
                return EnvVar(scope.module, line, name)
            return base  # a generic such as Agent[Context], or something of another package
        if isinstance(base, (ClassV, FunctionV)):
            return base
        if isinstance(base, DictV):
            if isinstance(index, Const):
                found = [value for key, value in base.items if isinstance(key, Const) and key.value == index.value][-1:]
                found = found or list(base.rest)
                return (
                    either(scope.module, line, found)
                    if found
                    else Unknown(scope.module, line, "its key is in no known part of the mapping")
                )
            return either(scope.module, line, [*(value for _, value in base.items), *base.rest])
        if isinstance(base, ListV) and isinstance(index, Const) and isinstance(index.value, int):
            try:
                return base.items[index.value]
            except IndexError:
                return Unknown(scope.module, line, "its index is in no known part of the list")
        if isinstance(base, ListV) and base.items:
            return either(scope.module, line, list(base.items)) if not isinstance(index, Unknown) else base
        if isinstance(base, (Made, Bound)):
            name = as_text(index)
            return Bound(scope.module, line, base, f"[{name}]" if name is not None else "[]")
        return base if isinstance(base, Unknown) else Unknown(scope.module, line, "it is an item of something unknown")

    def _comprehension(self, expr: ir.Comp, scope: Scope) -> Value:
        items: list[Value] = []
        pairs: list[tuple[Value, Value]] = []
        for inner in self.comp_scopes(expr, scope):
            value = self.evaluate(expr.element, inner)
            if expr.key is None:
                items.append(value)
            else:
                pairs.append((self.evaluate(expr.key, inner), value))
        if expr.key is not None:
            return DictV(scope.module, expr.line, tuple(pairs))
        return ListV(scope.module, expr.line, tuple(items))

    def comp_scopes(self, comp: ir.Comp, scope: Scope) -> list[Scope]:
        """``scope`` once for every turn of a comprehension; once with its names unknown where what it loops over is not known."""
        scopes = [scope]
        for target, source in comp.loops:
            scopes = [inner for outer in scopes for inner in self._turns(target, source, outer)][:MAX_LOOP]
        return scopes

    def _turns(self, target: ir.Expr, source: ir.Expr, scope: Scope) -> list[Scope]:
        value = self.evaluate(source, scope)
        return self._turns_of(target, source.line, self.iterated(value, scope, source.line), scope)

    def _turns_of(self, target: ir.Expr, line: int, turns: list[Value], scope: Scope) -> list[Scope]:
        limit = MAX_LOOP if not scope.depth else MAX_LOOP // 4
        self._spent += len(turns[:limit])
        return [scope.bound(dict(self.destructure(target, turn, scope)), ("turn", line, index)) for index, turn in enumerate(turns[:limit])]

    def iterated(self, value: Value, scope: Scope, line: int) -> list[Value]:
        """The values that a loop over ``value`` takes."""
        found: list[Value] = []
        for option in value.options():
            if isinstance(option, ListV):
                found.extend(option.items)
            elif isinstance(option, DictV):
                found.extend(key for key, _ in option.items)
            elif isinstance(option, Unknown):
                found.append(option)
            else:
                found.extend(_numbers(option) or (Unknown(scope.module, line, "what is looped over is not known"),))
        return found

    def destructure(self, target: ir.Expr, value: Value, scope: Scope) -> Iterator[tuple[str, Value]]:
        """Names in ``target`` with the parts of ``value`` that they get."""
        if isinstance(target, ir.Name):
            yield target.id, value
        elif isinstance(target, ir.Star):
            yield from self.destructure(target.value, value, scope)
        elif isinstance(target, ir.Items):
            for index, part in enumerate(target.items):
                known = isinstance(value, ListV) and index < len(value.items) and not isinstance(part, ir.Star)
                inner = value.items[index] if known and isinstance(value, ListV) else None
                if inner is None and isinstance(value, (Made, Bound)):
                    inner = Bound(scope.module, target.line, value, f"[{index}]")
                elif inner is None:
                    inner = Unknown(scope.module, target.line, "it is a part of something unknown")
                yield from self.destructure(part, inner, scope)

    # ---- names

    def lookup(self, name: str, scope: Scope, line: int | None) -> Value:
        """What ``name`` means on ``line`` of ``scope``."""
        current: Scope | None = scope
        while current is not None:
            if current is scope or not isinstance(current.owner, ir.Class):
                found = self._local(name, current, line if current is scope else None)
                if found is not None:
                    return found
            current = current.parent
        if name in _BUILTINS:
            return External(scope.module, line or 1, f"builtins.{name}")
        return Unknown(scope.module, line or 1, f"nothing defines {name[:60]}")

    def _local(self, name: str, scope: Scope, line: int | None) -> Value | None:
        entries = scope.table.names.get(name, [])
        base = scope.bindings.get(name)
        if base is not None:
            entries = [entry for entry in entries if not _is_loop(entry)]
        elif isinstance(scope.owner, ir.Function):
            base = self._parameter(name, scope)
        if line is not None and entries:
            seen = [entry for entry in entries if entry.end < line]
            entries = seen or ([] if base is not None else entries)
        if entries:
            return self._follow(name, entries, base, scope)
        if base is not None:
            return base
        for star in scope.table.stars:
            place = self.places.find(scope.module, star.module, star.level)
            if place is not None and place != scope.module.path and not name.startswith("_"):
                member = self.member(place, name)
                if member is not None:
                    return member
        return None

    def _follow(self, name: str, entries: list[Entry], base: Value | None, scope: Scope) -> Value | None:
        first = next((i for i in range(len(entries) - 1, -1, -1) if not (entries[i].changes or entries[i].conditional)), None)
        options: list[Value] = [base] if base is not None and first is None else []
        for entry in entries[first or 0 :]:
            if entry.changes:
                options = [self.changed(option, entry.statement, scope) for option in options]
            else:
                value = self._given(name, entry.statement, scope)
                options = [*options, value] if entry.conditional else [value]
        return either(scope.module, entries[0].statement.line, options) if options else None

    def _given(self, name: str, statement: ir.Stmt, scope: Scope) -> Value:
        if isinstance(statement, ir.Function):
            return self.function_value(statement, scope)
        if isinstance(statement, ir.Class):
            return ClassV(scope.module, statement.line, statement, scope)
        if isinstance(statement, ir.Import):
            return self._imported(statement, scope)
        if isinstance(statement, ir.Assign):
            return self._assigned(name, statement, scope)
        return Unknown(scope.module, statement.line, "it is not assigned")

    def _assigned(self, name: str, statement: ir.Assign, scope: Scope) -> Value:
        value = self.evaluate(statement.value, scope)  # of ``with … as name`` too: for all that is known, the object itself
        values = self.iterated(value, scope, statement.line) if statement.op == "in" else value.options()
        if not isinstance(statement.target, ir.Name):
            values = [dict(self.destructure(statement.target, one, scope)).get(name, one) for one in values]
        return either(scope.module, statement.line, list(values))

    def function_value(self, function: ir.Function, scope: Scope, owner: Value | None = None) -> FunctionV:
        """The value of a function's definition; in a class's scope it knows its class."""
        cls = (
            ClassV(scope.module, scope.owner.line, scope.owner, scope.parent)
            if isinstance(scope.owner, ir.Class) and scope.parent
            else None
        )
        return FunctionV(scope.module, function.line, function, scope, owner, cls)

    def changed(self, value: Value, statement: ir.Stmt, scope: Scope) -> Value:
        """``value`` after ``x.append(…)``, ``x += …`` or ``x[…] = …``; in a loop over known items, after all its turns."""
        for inner in self.loop_scopes(scope, statement):
            value = self._changed(value, statement, inner)
        return value

    def _changed(self, value: Value, statement: ir.Stmt, scope: Scope) -> Value:
        module, line = scope.module, statement.line
        if isinstance(value, Either):
            return either(module, line, [self._changed(one, statement, scope) for one in value.values])
        if isinstance(statement, ir.Assign):
            if statement.op == "+=":
                return self._add(value, "+", self.evaluate(statement.value, scope), scope, line) if not isinstance(value, Made) else value
            if isinstance(value, DictV) and isinstance(statement.target, ir.Sub):
                pair = self.evaluate(statement.target.index, scope), self.evaluate(statement.value, scope)
                return DictV(value.module, value.line, (*value.items, pair)[:MAX_ITEMS], value.rest)
            return value
        call = statement.value if isinstance(statement, ir.Do) else None
        if not isinstance(call, ir.Call) or not isinstance(call.func, ir.Attr) or not isinstance(value, (ListV, DictV, Unknown)):
            return value
        return self.mutated(value, call.func.attr, list(self.spread(call.args, scope)), scope, line)

    def mutated(self, value: Value, method: str, args: list[Value], scope: Scope, line: int) -> Value:
        """A list or mapping after a call of one of its methods."""
        if isinstance(value, DictV):
            extra = args[0] if args else None
            if method == "update" and isinstance(extra, DictV):
                return DictV(value.module, value.line, (*value.items, *extra.items)[:MAX_ITEMS], (*value.rest, *extra.rest))
            if method == "setdefault" and len(args) == 2:
                return DictV(value.module, value.line, (*value.items, (args[0], args[1])), value.rest)
            return value
        pairs: list[tuple[Value, Place | None]] = list(value.placed()) if isinstance(value, ListV) else [(value, None)]
        here = scope.module, line
        if method in {"append", "add"}:
            pairs.extend((one, here) for one in args[:1])
        elif method == "insert":
            pairs.extend((one, here) for one in args[1:2])
        elif method in {"extend", "update"} and args:
            for option in args[0].options():
                pairs.extend(option.placed() if isinstance(option, ListV) else ((option, here),))
        pairs = pairs[:MAX_ITEMS]
        return ListV(value.module, value.line, tuple(one for one, _ in pairs), tuple(place or here for _, place in pairs))

    def _parameter(self, name: str, scope: Scope) -> Value | None:
        """What a parameter is where no call is looked at: its default, or unknown; ``self`` is some instance of the class."""
        function = scope.owner
        assert isinstance(function, ir.Function)
        for index, param in enumerate(function.params):
            if param.name != name:
                continue
            if index == 0 and scope.parent is not None and isinstance(scope.parent.owner, ir.Class) and not _is_static(function):
                return scope.instance or self._some(scope.parent, function)
            if param.default is not None and not (isinstance(param.default, ir.Const) and param.default.value is None):
                return self.evaluate(param.default, _outer(scope))
            return Unknown(scope.module, function.line, f"{name[:60]} is given by the caller")
        return None

    def argument(self, made: Made, name: str, position: int | None, later: bool) -> Value | None:
        """See :meth:`Made.arg` and :meth:`Made.passed`."""
        value = calls.argument(self, made, name, position)
        return self.later(made, name, value) if later else value

    def _some(self, scope: Scope, function: ir.Function) -> Value:
        """``self`` or ``cls`` of a method of the class whose scope is given, as some instance or the class."""
        assert isinstance(scope.owner, ir.Class)
        cls = ClassV(scope.module, scope.owner.line, scope.owner, scope.parent or scope)
        if any(isinstance(one, ir.Name) and one.id == "classmethod" for one in function.decorators):
            return cls
        return self.some(cls)

    def some(self, cls: ClassV) -> Made:
        """Some instance of a class of the tree; nothing is known of what it was made with."""
        key = ("class", cls.module.path, cls.line)
        call = ir.Call(ir.Name(cls.name, cls.line), (), (), cls.line, 0)
        return Made(cls.module, cls.line, self.base_name(cls), call, cls.scope, key, cls, reader=self.argument)

    def loop_scopes(self, scope: Scope, node: Any) -> list[Scope]:
        """``scope`` once for every turn of the loops whose names ``node`` depends on."""
        if not scope.table.loops:
            return [scope]
        return self.turn_scopes(scope, self.depends(scope, self.names(node))[1], getattr(node, "line", None))

    def turn_scopes(self, scope: Scope, names: Iterable[str], line: int | None = None) -> list[Scope]:
        """``scope`` once for every turn of the loops that give ``names`` their values on ``line``."""
        scopes = [scope]
        loops = {name: scope.table.loop(name, line) for name in names}
        for name in sorted(loops, key=lambda one: (loops[one].line, one))[:MAX_LOOPS]:
            loop = loops[name]
            if name in scopes[0].bindings:
                continue
            known = [inner for outer in scopes for inner in self._known_turns(loop, outer)]
            scopes = known[:MAX_LOOP] or scopes
        return scopes

    def _known_turns(self, loop: ir.Assign, scope: Scope) -> list[Scope]:
        """A scope for each turn where all that is looped over is known; else none."""
        value = self.evaluate(loop.value, scope)
        if not all(isinstance(option, (ListV, DictV)) or _numbers(option) for option in value.options()):
            return []
        turns = self.iterated(value, scope, loop.line)
        return self._turns_of(loop.target, loop.line, turns, scope)

    def depends(self, scope: Scope, names: Iterable[str]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """Names that ``names`` depend on through the assignments of its body: parameters, names of loops, and names of further out.

        O(names in the statements on the way).
        """
        table = scope.table
        params = {param.name for param in scope.owner.params} if isinstance(scope.owner, ir.Function) else set()
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
            entries = table.names.get(name)
            if entries is None:
                outer.add(name)
                continue
            for entry in entries:
                statement = entry.statement
                if _is_loop(entry) and not through_change:
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

    # ---- imports

    def _imported(self, statement: ir.Import, scope: Scope) -> Value:
        module, line = scope.module, statement.line
        place = self.places.find(module, statement.module, statement.level)
        if not statement.level and (place == module.path or self._is_framework(statement.module)):
            place = None
        dotted = statement.module if not statement.symbol else f"{statement.module}.{statement.symbol}"
        outside = External(module, line, dotted) if not statement.level else Unknown(module, line, f"{dotted[:80]} is not in the tree")
        if place is None:
            return outside
        if not statement.symbol:
            return ModuleV(module, line, place)
        found = self.member(place, statement.symbol) if place != module.path else None
        if found is None:
            inside = self.places.inside(place, statement.symbol)
            found = ModuleV(module, line, inside) if inside else None
        return found if found is not None else outside

    def _is_framework(self, dotted: str) -> bool:
        """Whether an import means a framework even where the tree holds it: in the framework's own repository."""
        packages = accumulate(dotted.split("."), lambda above, name: f"{above}.{name}")
        return any(package in self._outside for package in packages)

    def member(self, place: str, name: str) -> Value | None:
        """What ``name`` is in the module at ``place``; None where nothing there defines it."""
        if place.endswith("/"):
            return None
        return self._local(name, self.module_scope(self.modules[place]), None)

    # ---- attributes

    def attribute(self, value: Value, attr: str, scope: Scope, line: int) -> Value:
        """``value.attr``"""
        module = scope.module
        if isinstance(value, Either):
            return either(module, line, [self.attribute(one, attr, scope, line) for one in value.values])
        if isinstance(value, External):
            return External(module, line, f"{value.dotted}.{attr}")
        if isinstance(value, ModuleV):
            found = self.member(value.place, attr)
            inside = None if found is not None else self.places.inside(value.place, attr)
            if inside:
                return ModuleV(module, line, inside)
            if found is None:
                name = value.place.rstrip("/").removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
                return External(module, line, f"{name}.{attr}")
            return found
        if isinstance(value, Made):
            found = self.instance_attribute(value, attr)
            if found is None and value.cls is None:
                found = value.passed(attr)
            return found if found is not None else Bound(module, line, value, attr)
        if isinstance(value, ClassV):
            found = self.class_attribute(value, attr, None)
            return found if found is not None else Bound(module, line, value, attr)
        if isinstance(value, Const) and attr == "value":
            return value
        if isinstance(value, Unknown):
            return value
        return Bound(module, line, value, attr)

    def class_attribute(self, cls: ClassV, attr: str, owner: Value | None) -> Value | None:
        """An attribute or method of a class of the tree or of the classes of the tree that it inherits from."""
        for one in self.ancestry(cls):
            body = self.inner(one.scope, one.cls)
            entries = body.table.names.get(attr)
            if not entries:
                continue
            last = entries[-1].statement
            if isinstance(last, ir.Function):
                method = self.function_value(last, body, owner)
                if owner is not None and any(_last(name) in {"property", "cached_property"} for name in last.decorators):
                    return calls.result(self, method)
                return method
            return self._follow(attr, entries, None, body)
        return None

    def ancestry(self, cls: ClassV) -> list[ClassV]:
        """The class and those of the tree that it inherits from, nearest first."""
        found: list[ClassV] = []
        stack = [cls]
        while stack and len(found) < 20:
            one = stack.pop(0)
            if any(one.cls is other.cls for other in found):
                continue
            found.append(one)
            for base in one.cls.bases:
                stack.extend(option for option in self.evaluate(base, one.scope).options() if isinstance(option, ClassV))
        return found

    def base_name(self, cls: ClassV) -> str:
        """Dotted name of the first base outside of the tree; ``""`` where there is none."""
        for one in self.ancestry(cls):
            for base in one.cls.bases:
                for option in self.evaluate(base, one.scope).options():
                    if isinstance(option, External) and not option.dotted.startswith(("builtins.", "typing.", "abc.")):
                        return option.dotted
        return ""

    def instance_attribute(self, made: Made, attr: str) -> Value | None:
        """An attribute of an instance of a class of the tree: what methods assign to ``self.attr``, else what the class says."""
        if made.cls is None:
            return None
        key = (made.key, attr)
        if key not in self._attributes:
            self._attributes[key] = Unknown(made.module, made.line, f"{attr[:60]} depends on itself")
            self._attributes[key] = self._instance_attribute(made, made.cls, attr)
        return self._attributes[key]

    def _instance_attribute(self, made: Made, cls: ClassV, attr: str) -> Value | None:
        options: list[Value] = []
        ancestry = self.ancestry(cls)
        for one in ancestry:
            for function, statement in self._self_statements(one.cls).get(attr, ()):
                scope = self.method_scope(one, function, made)
                if isinstance(statement, ir.Assign) and statement.op != "+=" and isinstance(statement.target, ir.Attr):
                    value = self.evaluate(statement.value, scope)
                    options = [value] if function.name == "__init__" and not statement.conditional else [*options, value]
                else:
                    options = [self.changed(option, statement, scope) for option in options]
            if options:
                return either(made.module, made.line, options)
        if calls.initialiser(self, cls) is None and made.call.kwargs:
            given = calls.stated(self, made, attr, None)
            if given is not None:
                return given
        if calls.initialiser(self, cls) is None and made.call.args:
            fields = [
                statement.target.id
                for statement in cls.cls.body
                if isinstance(statement, ir.Assign) and statement.annotation is not None and isinstance(statement.target, ir.Name)
            ]
            if attr in fields and fields.index(attr) < len(made.call.args):
                return self.evaluate(made.call.args[fields.index(attr)], made.scope)
        return self.class_attribute(cls, attr, made)

    def _self_statements(self, cls: ir.Class) -> dict[str, list[tuple[ir.Function, ir.Stmt]]]:
        """What the methods of a class assign to or change of attributes of their first parameter, by attribute."""
        found = self._self_tables.get(id(cls))
        if found is None:
            found = {}
            for function in cls.body:
                if isinstance(function, ir.Function) and function.params:
                    me = function.params[0].name
                    for statement in function.body:
                        attr = _changed_attribute(statement, me)
                        if attr is not None:
                            found.setdefault(attr, []).append((function, statement))
            self._self_tables[id(cls)] = found
        return found

    def method_scope(self, cls: ClassV, function: ir.Function, made: Made) -> Scope:
        """The scope of a method called on ``made``; of ``__init__`` with the arguments that it was made with."""
        body = self.inner(cls.scope, cls.cls)
        scope = self.inner(body, function)
        bindings: dict[str, Value] = {function.params[0].name: made} if function.params else {}
        if function.name == "__init__" and made.key[:1] != ("class",):
            bindings |= calls.bind(self, function, made.call, made.scope, body, skip=1, given=made.given)
        return scope.bound(bindings, ("self", made.key), made)


def _holds(modules: Mapping[str, ir.Module], one: str, other: str) -> bool:
    """Whether two files stand in the tree as they do in a package."""
    return any(path.endswith(one) and path.removesuffix(one) + other in modules for path in modules)


def as_text(value: Value) -> str | None:
    """A constant as it stands in a text; of an incomplete one the known parts."""
    if isinstance(value, Const):
        return None if value.value is None else str(value.value)
    return value.text()


def shown(expr: ir.Expr) -> str:
    """An expression's name, for the unknown part of a text."""
    if isinstance(expr, ir.Name):
        return expr.id[:40]
    return expr.attr[:40] if isinstance(expr, ir.Attr) else "…"


def _numbers(value: Value) -> list[Value]:
    """What ``range(3)`` counts, where that is few."""
    if not isinstance(value, Made) or value.callee != "builtins.range" or not 0 < len(value.call.args) < 3 or value.call.kwargs:
        return []
    ends = [given.value if isinstance(given := value.passed("", place), Const) else None for place in range(len(value.call.args))]
    whole = [end for end in ends if isinstance(end, int)]
    if len(whole) < len(ends) or not 0 < (counted := range(*whole)).stop - counted.start <= MAX_COUNTED:
        return []
    return [Const(value.module, value.line, number) for number in counted]


def _is_loop(entry: Entry) -> bool:
    return isinstance(entry.statement, ir.Assign) and entry.statement.op == "in"


def _is_static(function: ir.Function) -> bool:
    return any(_last(one) == "staticmethod" for one in function.decorators)


def _last(expr: ir.Expr) -> str:
    return expr.id if isinstance(expr, ir.Name) else expr.attr if isinstance(expr, ir.Attr) else ""


def _outer(scope: Scope) -> Scope:
    return scope.parent if scope.parent is not None else scope


def _changed_attribute(statement: ir.Stmt, me: str) -> str | None:
    """The attribute of ``me`` that a statement assigns to or changes."""
    target: ir.Expr | None = None
    if isinstance(statement, ir.Assign):
        target = statement.target.base if isinstance(statement.target, ir.Sub) else statement.target
    elif isinstance(statement, ir.Do) and isinstance(statement.value, ir.Call) and isinstance(statement.value.func, ir.Attr):
        target = statement.value.func.base
    if isinstance(target, ir.Attr) and isinstance(target.base, ir.Name) and target.base.id == me:
        return target.attr
    return None
