"""All Python modules of a root: the objects that they make, the functions that they decorate, and where each stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphinv.ingest.support.located import Located
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.classes import base_name
from graphinv.ingest.support.python.evaluate import Evaluator
from graphinv.ingest.support.python.frames import body_scope, frame, result
from graphinv.ingest.support.python.names import changed, function_value
from graphinv.ingest.support.python.packaging import Package
from graphinv.ingest.support.python.sites import Site, Sites, relevant
from graphinv.ingest.support.python.values import (
    Bound,
    ClassV,
    DictV,
    Either,
    External,
    FunctionV,
    ListV,
    Made,
    Partial,
    Place,
    Scope,
    Value,
    placed,
)
from graphinv.model.facts import EdgeFact, Fact, NodeKey, Problem

MAX_PROBLEMS = 20
"""Problems of one document that are told one by one."""
MAX_DEPTH = 4
"""Functions calling functions that are followed to see what a function does."""
MAX_PARTS = 50
"""Items of a list that are asked whether it is one of objects."""
MAX_CALLS = 4_000
MAX_BODIES = 200
"""Calls, and functions with what they are called with, that are looked at for that."""


class Tree:
    """``modules`` by path; ``configs`` are the YAML and JSON documents that stand beside them (path → documents in it);
    ``outside`` the packages that are never looked for in the tree, as frameworks' own repositories hold them."""

    def __init__(
        self, root: str, modules: Mapping[str, ir.Module], configs: Mapping[str, list[Located]] | None = None, outside: Iterable[str] = ()
    ) -> None:
        self.root = root
        self.modules = modules
        self.configs = configs or {}
        self.packages: list[Package] = []
        """What commands of the tree's own packages start."""
        self.ev = Evaluator(modules, outside)
        self.ev.later = self._later
        self.relevant = relevant(modules, self.ev)
        self.sites = Sites(self.ev, self.relevant)
        self._changes: dict[object, dict[str, list[tuple[ir.Assign | ir.Do, Scope]]]] | None = None
        self._methods: dict[object, list[Made]] | None = None
        self._decorated: list[tuple[FunctionV, Value]] | None = None
        self._problems: dict[str, int] = {}
        self._tests: dict[str, bool] = {}
        self._targets: dict[int, str] | None = None
        self._places: dict[tuple[str, int, int], Site] | None = None
        self._written: dict[object, Place] = {}
        self._told: set[tuple[str, str, str]] = set()

    # ---- what it makes

    def made(self, packages: Iterable[str], *names: str) -> Iterator[Made]:
        """Objects made by calling one of ``names`` (last part of the callee) of ``packages`` (dotted prefixes), subclasses included; each
        once for every set of arguments that it is made with, in the order of the source, tests last. Where too much would have to be
        followed, those in the rest of the source are told with what stands at their own place."""
        prefixes = tuple(packages)
        seen: set[object] = set()
        sites = [site for name in names for site in self.sites.of_symbol(name)] + self.sites.dynamic
        for site in sorted(sites, key=lambda one: (self._is_test(one.scope.module), one.scope.module.path, one.call.line, one.call.place)):
            for value in self.sites.values(site):
                if isinstance(value, Made) and value.key not in seen and value.symbol in names and value.within(*prefixes):
                    seen.add(value.key)
                    yield value

    def _is_test(self, module: ir.Module) -> bool:
        found = self._tests.get(module.path)
        if found is None:
            found = self._tests[module.path] = environment_of(module.path) == "test"
        return found

    def calls_on(self, value: Value) -> tuple[Made, ...]:
        """Calls of methods of that object, in the order of the source; each with ``symbol`` (method) and ``arg``."""
        if self._methods is None:
            self._methods = {}
            with self.ev.budget.apart():
                for site in self.sites.all:
                    if isinstance(site.call.func, ir.Attr):
                        self._note_methods(site)
        return tuple(self._methods.get(value.key, ())) if isinstance(value, Made) else ()

    def _note_methods(self, site: Site) -> None:
        assert self._methods is not None
        for call in self.sites.values(site):
            receiver = call.receiver if isinstance(call, Made) else None
            while isinstance(receiver, (Made, Bound)):
                if isinstance(receiver, Made) and isinstance(call, Made):
                    known = self._methods.setdefault(receiver.key, [])
                    if all(one.key != call.key for one in known):
                        known.append(call)
                receiver = receiver.receiver

    def decorated(self, packages: Iterable[str], *names: str) -> Iterator[tuple[FunctionV, Value]]:
        """Functions under a decorator ``names`` from ``packages``, and that decorator: an ``External`` or, where it is called, a
        ``Made``."""
        prefixes = tuple(packages)
        for function, decorator in self._all_decorated():
            if isinstance(decorator, (External, Made)) and decorator.within(*prefixes) and decorator.symbol in names:
                yield function, decorator

    def decorated_by(self, value: Value) -> tuple[tuple[FunctionV, Value], ...]:
        """Functions under ``@value.something`` or ``@value.something(…)``; the decorator as a ``Bound`` or ``Made``."""
        if not isinstance(value, Made):
            return ()
        return tuple((function, decorator) for function, decorator in self._all_decorated() if _received(decorator, value))

    def _all_decorated(self) -> list[tuple[FunctionV, Value]]:
        if self._decorated is None:
            self._decorated = []
            with self.ev.budget.apart():
                for body in self.sites.bodies:
                    for function, scope in body.functions:
                        if not function.decorators:
                            continue
                        for inner in self.sites.frames(scope, function.decorators) if scope.function else [scope]:
                            value = function_value(function, inner)
                            self._decorated.extend((value, option) for option in self.decorators(value))
        return self._decorated

    def decorators(self, function: FunctionV) -> list[Value]:
        """What stands above a function with ``@``, evaluated."""
        return [option for one in function.function.decorators for option in self.ev.evaluate(one, function.scope).options()]

    def classes(self, packages: Iterable[str], *names: str) -> Iterator[ClassV]:
        """Classes of the tree whose first base outside of it is one of ``names`` of ``packages``, whether or not they are instantiated."""
        prefixes = tuple(packages)
        for body in self.sites.bodies:
            for cls, scope in body.classes:
                value = ClassV(scope.module, cls.line, cls, scope)
                base = External(scope.module, cls.line, base_name(self.ev, value))
                if base.symbol in names and base.within(*prefixes):
                    yield value

    def methods(self, cls: ClassV, owner: Made | None = None) -> Iterator[FunctionV]:
        """Methods that a class itself defines, as those of ``owner`` or, without it, of some instance."""
        body = self.ev.inner(cls.scope, cls.cls)
        for statement in cls.cls.body:
            if isinstance(statement, ir.Function):
                yield function_value(statement, body, owner)

    def calls_in(self, function: FunctionV) -> Iterator[Value]:
        """What the calls in a function's body evaluate to, those in functions of the tree that it calls included (four deep), with what
        they are called with."""
        for call, scope in self._running(function):
            yield from self.ev.evaluate(call, scope).options()

    def called_on(self, function: FunctionV, methods: frozenset[str]) -> Iterator[tuple[Value, str]]:
        """What ``methods`` are called on in the same bodies, with the name of the variable or attribute that it stands in (else ``""``)."""
        for call, scope in self._running(function):
            func = call.func
            if isinstance(func, ir.Attr) and func.attr in methods:
                base = func.base
                name = base.id if isinstance(base, ir.Name) else base.attr if isinstance(base, ir.Attr) else ""
                for value in self.ev.evaluate(base, scope).options():
                    yield value, name

    def _running(self, function: FunctionV) -> Iterator[tuple[ir.Call, Scope]]:
        """Calls that run when a function does, each in the scope it runs in."""
        stack = [(function, body_scope(self.ev, function), 0)]
        seen: set[object] = set()
        calls = 0
        while stack and calls < MAX_CALLS:
            one, scope, depth = stack.pop()
            mark = id(one.function), scope.key
            if mark in seen or len(seen) >= MAX_BODIES:
                continue
            seen.add(mark)
            for site in self.sites.walked(one.function, scope).sites:
                calls += 1
                inner = scope if site.scope.owner is one.function else site.scope
                if depth < MAX_DEPTH:
                    stack.extend(
                        (callee, self._entered(callee, site.call, inner), depth + 1)
                        for callee in self.ev.evaluate(site.call.func, inner).options()
                        if isinstance(callee, FunctionV)
                    )
                yield site.call, inner

    def _entered(self, callee: FunctionV, call: ir.Call, scope: Scope) -> Scope:
        """The scope that a call enters; the same for all calls that hand over nothing but texts and numbers."""
        entered = frame(self.ev, callee, call, scope, entered=True)
        given = (one for one in entered.bindings.values() if one is not callee.owner)
        return entered if any(_holds_object(one) for one in given) else body_scope(self.ev, callee)

    def items(self, value: Value | None, at: Value | None = None) -> list[Value]:
        """The single values in ``value``: items of lists, possibilities, values of mappings; ``None`` left out; each object once. ``at`` is
        what they stand in, where they are no items of a list themselves."""
        around = self._written.get(at.key if isinstance(at, Made) else id(at)) if at is not None else None
        found: dict[object, Value] = {}
        for one, place in placed(value):
            key = one.key if isinstance(one, Made) else id(one)
            found.setdefault(key, one)
            written = place or around
            if written is not None:
                self._written[key] = written
            else:
                self._written.pop(key, None)
        return list(found.values())

    def call(self, function: Value) -> Value:
        """What a function of the tree returns, with nothing known of its arguments."""
        return result(self.ev, function) if isinstance(function, FunctionV) else function

    def variable(self, value: Value) -> str | None:
        """Name of the variable, attribute or key that the result of a call is assigned to; None where there is none."""
        return self.kept_in(value.call) if isinstance(value, Made) else None

    def kept_in(self, call: ir.Call) -> str | None:
        """The same of a call as it stands in the source."""
        if self._targets is None:
            self._targets = {key: name for body in self.sites.bodies for key, name in body.targets.items()}
        return self._targets.get(id(call))

    def called_from(self, made: Made) -> Iterator[Site]:
        """The calls, of functions and classes of the tree, by which it comes to be made, the innermost first."""
        if self._places is None:
            self._places = {(site.scope.module.path, site.call.line, site.call.place): site for site in self.sites.all}
        stack = list(reversed(made.key[3:]))
        while stack:
            part = stack.pop()
            if not isinstance(part, tuple) or part[:1] not in {("call",), ("self",)}:
                continue
            place = part[1:] if part[0] == "call" else part[1]
            site = self._places.get(place[:3])
            if site is not None:
                yield site
            stack.extend(reversed(place[3:]))

    def _later(self, made: Made, attr: str, value: Value | None) -> Value | None:
        if self._changes is None:
            self._changes = {}
            with self.ev.budget.apart():
                for body in self.sites.bodies:
                    for statement, static in body.changes:
                        self._note_change(statement, static)
        for statement, scope in self._changes.get(made.key, {}).get(attr, ()):
            if isinstance(statement, ir.Assign) and statement.op == "=" and isinstance(statement.target, ir.Attr):
                given = self.ev.evaluate(statement.value, scope)
                value = (
                    given
                    if value is None or not statement.conditional
                    else Either(given.module, given.line, (*value.options(), *given.options()))
                )
            else:
                value = changed(self.ev, value if value is not None else ListV(made.module, made.line, ()), statement, scope)
        return value

    def _note_change(self, statement: ir.Assign | ir.Do, static: Scope) -> None:
        assert self._changes is not None
        target: ir.Expr
        if isinstance(statement, ir.Assign):
            target = statement.target.base if isinstance(statement.target, ir.Sub) else statement.target
        else:
            assert isinstance(statement.value, ir.Call)
            assert isinstance(statement.value.func, ir.Attr)
            target = statement.value.func.base
        assert isinstance(target, ir.Attr)
        for scope in self.sites.frames(static, target.base):
            for option in self.ev.evaluate(target.base, scope).options():
                if isinstance(option, Made) and (self._is_test(option.module) or not self._is_test(static.module)):
                    known = self._changes.setdefault(option.key, {}).setdefault(target.attr, [])
                    if all(one is not statement for one, _ in known) or scope is not static:
                        known.append((statement, scope))

    # ---- where it stands, and what is said there

    def source(self, at: Value) -> str:
        """The place of a value, for ``sources``."""
        path = at.module.path
        return f"{self.root}/{path}#L{at.line}" if path else f"{self.root}#L{at.line}"

    def place(self, at: Value) -> str:
        """Root and path of a value's document without its suffix, for ids."""
        return self.place_of(at.module.path)

    def place_of(self, path: str) -> str:
        """Root and path without suffix, for ids; that of a notebook stays where a script of the same name lies beside it."""
        if path.endswith(".ipynb") and path.removesuffix("ipynb") + "py" in self.modules:
            return f"{self.root}/{path}"
        stem = path.removesuffix(".py").removesuffix(".ipynb").removesuffix(".yaml").removesuffix(".yml")
        return f"{self.root}/{stem}" if stem else self.root

    def environment(self, path: str) -> str | None:
        """``test`` or ``dev`` for what lies among tests or examples."""
        return environment_of(path)

    def edge(self, kind: str, source: NodeKey, target: NodeKey, at: Value, **props: object) -> EdgeFact:
        """An edge of declared evidence whose source is the place of ``at``; properties that are None are left out."""
        stated = {"evidence": ["declared"], "sources": [self.source(at)], **props}
        return EdgeFact(kind, source, target, {name: value for name, value in stated.items() if value is not None})

    def problem(self, at: Value, message: str, severity: str = "warning") -> Iterator[Fact]:
        """A problem at the place of ``at``, at most 20 per document (the rest is counted)."""
        key = (at.module.path, f"L{at.line}", message)
        if key in self._told:
            return
        self._told.add(key)
        count = self._problems.get(at.module.path, 0) + 1
        self._problems[at.module.path] = count
        if count <= MAX_PROBLEMS:
            yield Problem(*key, severity, "python_source")

    def untold(self) -> Iterator[Fact]:
        """For each document with more problems than were told, one that counts the rest; and where not all calls were followed."""
        for path in sorted(self.ev.budget.cut):
            yield Problem(path, "", "not every call was followed into what it calls: there is too much of it", "warning", "python_source")
        for path, count in self._problems.items():
            if count > MAX_PROBLEMS:
                message = f"{count - MAX_PROBLEMS} more places could not be followed"
                yield Problem(path, "", message, "warning", "python_source")


def _received(decorator: Value, value: Made) -> bool:
    receiver: Value | None = decorator
    while isinstance(receiver, (Made, Bound)):
        receiver = receiver.receiver
        if isinstance(receiver, Made) and receiver.key == value.key:
            return True
    return False


def _holds_object(value: Value) -> bool:
    """Whether a value is, or is a list or mapping with, more than texts, numbers and what is not known."""
    parts = [part for option in value.options() for part in (option.items if isinstance(option, ListV) else (option,))]
    return any(isinstance(one, (Made, FunctionV, ClassV, Bound, Partial, DictV)) for one in parts[:MAX_PARTS])
