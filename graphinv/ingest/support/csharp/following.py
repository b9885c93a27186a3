"""What expressions of C# mean: which agents of the root a variable, a property, a call or a parameter stands for."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from graphinv.ingest.support.compiled_agents import Actor, subject
from graphinv.ingest.support.csharp import ir
from graphinv.ingest.support.csharp.servers import Program
from graphinv.ingest.support.syntax_trees import MAX_SOURCE
from graphinv.ingest.support.words import names

MAX_STEPS = 16
"""Names and calls, one through the other, that are followed."""
MAX_WORK = 4_000
"""Expressions that are looked at to find what one stands for."""
MAX_CALLERS = 20
LOOKUPS = names("GetRequiredKeyedService GetKeyedService")
_NO_NAMES = names("agent aiagent app client builder result value args program main")


class Scope(NamedTuple):
    """Where an expression stands. ``caller`` is the one call of the method that is meant, where only one is."""

    path: str
    type: ir.Type
    method: ir.Method
    caller: tuple[ir.Call | ir.New, Scope] | None = None


class Found(NamedTuple):
    """A value and where it stands."""

    value: ir.Expr
    scope: Scope


class Following:
    """The expressions of a root. ``sites`` are the agents and workflows by the place where they are made."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.sites: dict[tuple[str, int], Actor] = {}
        self.registered: dict[tuple[str, str], list[Found]] = defaultdict(list)
        """What is registered under a name, by project and name."""
        self.scopes: list[Scope] = []
        self._calls: dict[tuple[str, str], list[tuple[ir.Call | ir.New, Scope]]] = defaultdict(list)
        for path, module in program.modules.items():
            for one in module.types:
                for method in one.methods:
                    self.scopes.append(Scope(path, one, method))
        self._roots: dict[int, dict[str, list[tuple[int, list[ir.Call]]]]] = {}
        self.made = list(self._all())

    def _all(self) -> Iterator[tuple[ir.Call | ir.New, Scope, str]]:
        """All calls and objects with where they stand and the variable that is given them, each once; in order."""
        seen: set[tuple[str, int]] = set()
        for scope in self.scopes:
            roots = [(name, kept.value) for name, values in scope.method.locals.items() for kept in values]
            roots += [("", value) for value in (*scope.method.exprs, *scope.method.gives)]
            if scope.method is scope.type.methods[0]:
                roots += [(name, value) for name, values in scope.type.fields.items() for value in values]
            for name, root in roots:
                for value, called in _inside(root, name):
                    if isinstance(value, (ir.Call, ir.New)) and (scope.path, value.at) not in seen:
                        seen.add((scope.path, value.at))
                        key = value.name if isinstance(value, ir.Call) else value.type
                        self._calls[self.program.project(scope.path), key].append((value, scope))
                        yield value, scope, called

    def called(self, scope: Scope, variable: str) -> str:
        """What something without a name of its own is called: its variable, what it stands in, its file or folder."""
        words = [variable.lstrip("_"), subject(scope.method.name), scope.type.name]
        found = next((one for one in words if one and one.lower() not in _NO_NAMES), "")
        stem = posixpath.basename(scope.path).removesuffix(".cs")
        folder = posixpath.basename(posixpath.dirname(scope.path))
        return found or (folder if stem.lower() in _NO_NAMES and folder else stem)

    # ---- texts --------------------------------------------------------------------------------------------------------------

    def text(self, value: ir.Expr | None, scope: Scope) -> str | None:
        """The constant text that a value is; None where there is none, or not only one."""
        texts = {text for one in self.values(value, scope) if (text := self._text(one)) is not None}
        return texts.pop() if len(texts) == 1 else None

    def _text(self, found: Found) -> str | None:
        value, scope = found
        if isinstance(value, ir.Text):
            return self.program.text(value.words, scope.path, scope.type)
        if isinstance(value, ir.Name):
            return self.program.text((ir.Ref(".".join(value.path.split(".")[-2:])),), scope.path, scope.type)
        return None

    def variables(self, value: ir.Expr | None, scope: Scope) -> Iterator[tuple[str, str, int]]:
        """Variables of the environment, or keys of a configuration, that a value is made with: (name, path, line)."""
        work = list(self.values(value, scope))
        for _ in range(200):
            if not work:
                return
            one, place = work.pop()
            if isinstance(one, ir.Call) and one.path == "Environment.GetEnvironmentVariable" and one.args:
                name = self.text(one.args[0][1], place)
                if name:
                    yield name, place.path, one.line
                continue
            parts = [one.base] if isinstance(one, ir.Call) else []
            for part in [*parts, *parts_of(one)]:
                if part is not None:
                    work.extend(self.values(part, place))

    # ---- values -------------------------------------------------------------------------------------------------------------

    def values(self, value: ir.Expr | None, scope: Scope) -> list[Found]:
        """What a value may be: names and parameters are followed, and what is one of several is each. Bounded."""
        found: list[Found] = []
        seen: set[tuple[str, int, str]] = set()
        work: list[tuple[ir.Expr, Scope, int]] = [(value, scope, 0)] if value is not None else []
        for _ in range(MAX_WORK):
            if not work:
                break
            one, place, depth = work.pop()
            if isinstance(one, ir.Many):
                work.extend((each, place, depth + 1) for each in reversed(one.items))
                continue
            if isinstance(one, ir.Name):
                key = (place.path, one.at, place.method.name)
                if key in seen or depth > MAX_STEPS:
                    continue
                seen.add(key)
                named = self.named(one, place)
                if named:
                    work.extend((each, where, depth + 1) for each, where in reversed(named))
                    continue
            found.append(Found(one, place))
        return found

    def named(self, name: ir.Name, scope: Scope) -> list[Found]:
        """What a name is given: as a variable, a field or property, a parameter, or a member of a type of the root."""
        first, _, rest = name.path.partition(".")
        if rest in ("Value", "Result", "Value.Id", "Id", "Object", "Name") or not rest:
            found = self._variable(first, name.at, scope)
            if found:
                return found
        owner, _, member = name.path.rpartition(".")
        for place, one in self.program.types(owner.rpartition(".")[2], scope.path) if owner else ():
            if member in one.fields:
                return [Found(value, Scope(place, one, one.methods[0])) for value in one.fields[member]]
        return []

    def same(self, name: str, at: int, scope: Scope) -> tuple[list[ir.Kept], int]:
        """What the variable that ``name`` means at a place is given, and where another of that name begins (or no more)."""
        kept = scope.method.locals.get(name, [])
        start = max((position for position, one in enumerate(kept) if one.fresh and one.at <= at), default=0)
        end = next((position for position, one in enumerate(kept) if position > start and one.fresh), len(kept))
        return kept[start:end], kept[end].at if end < len(kept) else MAX_SOURCE

    def calls_on(self, name: ir.Name, scope: Scope) -> Iterator[ir.Call]:
        """The calls of a method whose expressions begin with the variable that ``name`` means; those that stand around others first."""
        kept, end = self.same(name.path, name.at, scope)
        start = kept[0].at if kept else 0
        for at, chain in self._rooted(scope.method).get(name.path, ()):
            if start <= at < end:
                yield from chain

    def _rooted(self, method: ir.Method) -> dict[str, list[tuple[int, list[ir.Call]]]]:
        """The calls of a method by the variable that their expressions begin with, and where that stands; found once."""
        known = self._roots.get(id(method))
        if known is None:
            known = self._roots[id(method)] = defaultdict(list)
            for root in (*method.exprs, *(one.value for values in method.locals.values() for one in values)):
                chain: list[ir.Call] = []
                one: ir.Expr | None = root
                while isinstance(one, ir.Call):
                    chain.append(one)
                    one = one.base
                if isinstance(one, ir.Name):
                    known[one.path.partition(".")[0]].append((one.at, chain))
        return known

    def _variable(self, name: str, at: int, scope: Scope) -> list[Found]:
        kept, _ = self.same(name, at, scope)
        if kept:
            return [Found(one.value, scope) for one in kept]
        if name in scope.type.fields:
            return [Found(value, Scope(scope.path, scope.type, self._setter(scope, name))) for value in scope.type.fields[name]]
        top, outer = scope.type.methods[0], scope.method.outer
        for _ in range(MAX_STEPS):
            if outer is None:
                break
            if name in outer.locals:
                return [Found(one.value, scope._replace(method=outer)) for one in outer.locals[name]]
            outer = outer.outer
        return self._given(name, scope) or (self._given(name, scope._replace(method=top)) if scope.method is not top else [])

    def injected(self, name: ir.Name, scope: Scope) -> list[str]:
        """The type that a parameter is declared with: what a container of services makes where no call of the tree gives it."""
        params = (*scope.method.params, *(scope.type.methods[0].params if scope.type.methods else ()))
        return [one.type for one in params if one.name == name.path and one.type][:1]

    def _setter(self, scope: Scope, name: str) -> ir.Method:
        """The method that sets a field: what it is given may be a parameter of the constructor."""
        return next((one for one in scope.type.methods if name in one.locals and one.name == scope.type.name), scope.type.methods[0])

    def _given(self, name: str, scope: Scope) -> list[Found]:
        """What a parameter is given where its method, or the constructor of its type, is called."""
        position = next((index for index, one in enumerate(scope.method.params) if one.name == name), None)
        if position is None:
            return []
        found: list[Found] = []
        for call, place in [scope.caller] if scope.caller is not None else self.callers(scope):
            given = argument(call, name, position)
            if given is not None:
                found.append(Found(given, place))
        return found

    def callers(self, scope: Scope) -> list[tuple[ir.Call | ir.New, Scope]]:
        """The calls of a method, or of the constructor of a type, in its project; not those of another type's method of that name."""
        name, kind = scope.method.name or scope.type.name, scope.type.name
        found: list[tuple[ir.Call | ir.New, Scope]] = []
        for call, place in self._calls.get((self.program.project(scope.path), name), ())[:MAX_CALLERS]:
            owner = call.path.rpartition(".")[0] if isinstance(call, ir.Call) else kind
            if owner in ("?", kind, f"I{kind}") or (not owner and place.type is scope.type):
                found.append((call, place))
        return found

    # ---- agents -------------------------------------------------------------------------------------------------------------

    def actors(self, value: ir.Expr | None, scope: Scope) -> list[Actor]:
        """The agents and workflows that a value is, or is made around."""
        found: dict[int, Actor] = {}
        seen: set[tuple[str, int]] = set()
        work = [(one, 0) for one in self.values(value, scope)]
        for _ in range(MAX_WORK):
            if not work:
                break
            (one, place), depth = work.pop(0)
            at = getattr(one, "at", None)
            actor = self.sites.get((place.path, at)) if at is not None else None
            if actor is not None:
                found.setdefault(id(actor), actor)
                continue
            if depth > MAX_STEPS or (at is not None and (place.path, at) in seen):
                continue
            if at is not None:
                seen.add((place.path, at))
            work.extend((each, depth + 1) for inner, where in self._behind(one, place) for each in self.values(inner, where))
        return list(found.values())

    def _behind(self, value: ir.Expr, scope: Scope) -> list[Found]:
        """What a call gives, or an object is made around."""
        if isinstance(value, ir.Call):
            if value.name in LOOKUPS:
                name = self.text(value.args[0][1], scope) if value.args else None
                return self.registered.get((self.program.project(scope.path), name or ""), [])
            methods = self.methods(value, scope)
            if any(method.gives for _, _, method in methods):
                return [Found(given, Scope(*place)) for place in methods for given in place[2].gives]
            around = [value.base] if value.base is not None else []
            return [Found(one, scope) for one in (*around, *(one for _, one in value.args if value.name == "FromResult"))]
        if isinstance(value, ir.Func):
            return [Found(one, scope) for one in value.gives]
        if isinstance(value, ir.Name):
            methods = self.methods(ir.Call(value.path if "." in value.path else f".{value.path}", (), value.line, value.at), scope)
            return [Found(given, Scope(*place)) for place in methods for given in place[2].gives]
        return [Found(one, scope) for one in parts_of(value)] if isinstance(value, ir.New) else []

    def methods(self, call: ir.Call, scope: Scope) -> list[tuple[str, ir.Type, ir.Method]]:
        """The methods of the root that a call may mean."""
        return self.program.called(scope.path, scope.type, call.path)


def argument(call: ir.Call | ir.New, name: str, position: int | None = None) -> ir.Expr | None:
    """An argument by its name, or else by its position."""
    for label, value in call.args:
        if label == name:
            return value
    if position is None or position >= len(call.args) or call.args[position][0]:
        return None
    return call.args[position][1]


def item(value: ir.Expr | None, name: str) -> ir.Expr | None:
    """A property that an object is made with."""
    return next((one for label, one in value.items if label == name), None) if isinstance(value, ir.New) else None


def parts_of(value: ir.Expr) -> Iterable[ir.Expr]:
    """What stands in an expression, but for what it is called on."""
    if isinstance(value, ir.Call):
        return [one for _, one in value.args]
    if isinstance(value, ir.New):
        return [one for _, one in (*value.args, *value.items)]
    if isinstance(value, ir.Many):
        return value.items
    if isinstance(value, ir.Func):
        return value.gives
    return value.parts if isinstance(value, ir.Other) else ()


def _inside(value: ir.Expr, name: str) -> Iterator[tuple[ir.Expr, str]]:
    """An expression and all that stands in it, each with the variable that is given it: outer ones first."""
    stack = [(value, name)]
    while stack:
        one, called = stack.pop()
        yield one, called
        kept = isinstance(one, ir.Many) or (isinstance(one, ir.Call) and one.name.startswith("GetAIAgent"))
        stack.extend((each, called if kept else "") for each in reversed(list(parts_of(one))))
        if isinstance(one, ir.Call) and one.base is not None:
            stack.append((one.base, called))
