"""Where a program calls what, and with which arguments a piece of its source runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.classes import ancestry, base_name, initialiser
from graphinv.ingest.support.python.evaluate import Evaluator
from graphinv.ingest.support.python.frames import frame, method_scope
from graphinv.ingest.support.python.loops import comp_scopes, loop_scopes, turn_scopes
from graphinv.ingest.support.python.tables import MUTATORS
from graphinv.ingest.support.python.values import Bound, ClassV, External, FunctionV, Made, Partial, Scope, Unknown, Value

MAX_FRAMES = 200
"""Calls of one function that are looked at one by one."""
_LEAVES = frozenset({ir.Const, ir.Name, ir.Import})
MAX_DEPTH = 3
"""Callers of callers that are looked at."""


@dataclass(eq=False, slots=True)
class Site:
    """A call, in the scope it stands in with nothing bound, inside these comprehensions (outermost first)."""

    call: ir.Call
    scope: Scope
    comps: tuple[ir.Comp, ...]


@dataclass(eq=False, slots=True)
class Walked:
    """What one body holds, functions and classes in it included."""

    sites: list[Site]
    functions: list[tuple[ir.Function, Scope]]
    """Functions and the scopes they are defined in."""
    classes: list[tuple[ir.Class, Scope]]
    changes: list[tuple[ir.Assign | ir.Do, Scope]]
    """Assignments to and changes of attributes."""
    targets: dict[int, str]
    """Names that calls' results are assigned to, by ``id`` of the call."""


class Sites:
    """Calls in ``modules``, and the frames in which they run."""

    def __init__(self, ev: Evaluator, modules: Iterable[ir.Module]) -> None:
        self.ev = ev
        self._walked: dict[int, Walked] = {}
        self.all: list[Site] = []
        self.bodies: list[Walked] = []
        for module in modules:
            walked = self.walked(module, ev.module_scope(module))
            self.bodies.append(walked)
            self.all.extend(walked.sites)
        ev.budget.max_total += 2 * len(self.all)
        self._callers: dict[int, list[Site]] | None = None
        self._by_symbol: dict[str, list[Site]] = {}
        self._dynamic: list[Site] = []
        self._active: set[int] = set()
        self._frames: dict[int, list[Scope]] = {}

    # ---- walking

    def walked(self, owner: ir.Module | ir.Function, scope: Scope) -> Walked:
        """What the body of ``owner``, whose scope is given, holds; O(its size), once."""
        found = self._walked.get(id(owner))
        if found is None:
            found = Walked([], [], [], [], {})
            self._walked[id(owner)] = found
            stack: list[tuple[object, Scope, tuple[ir.Comp, ...]]] = [(one, scope, ()) for one in reversed(owner.body)]
            while stack:
                self._step(*stack.pop(), stack, found)
            found.sites.sort(key=lambda site: (site.call.line, site.call.place))
        return found

    def _step(
        self,
        node: object,
        scope: Scope,
        comps: tuple[ir.Comp, ...],
        stack: list[tuple[object, Scope, tuple[ir.Comp, ...]]],
        found: Walked,
    ) -> None:
        if isinstance(node, ir.Function):
            if node.name != "<lambda>":
                found.functions.append((node, scope))
            inner = self.ev.inner(scope, node)
            stack.extend((one, inner, ()) for one in reversed(node.body))
            stack.extend((one, scope, comps) for one in (*node.decorators, *(param.default for param in node.params)) if one is not None)
            return
        if isinstance(node, ir.Class):
            found.classes.append((node, scope))
            inner = self.ev.inner(scope, node)
            stack.extend((one, inner, ()) for one in reversed(node.body))
            stack.extend((one, scope, comps) for one in (*node.decorators, *node.bases))
            return
        if isinstance(node, ir.Comp):
            for _, source in node.loops:
                stack.append((source, scope, comps))
            stack.extend((one, scope, (*comps, node)) for one in (node.element, node.key) if one is not None)
            return
        if isinstance(node, ir.Call):
            found.sites.append(Site(node, scope, comps))
        elif isinstance(node, (ir.Assign, ir.Do)):
            _note_change(node, scope, found)
        if isinstance(node, tuple):
            stack.extend([(part, scope, comps) for part in node if isinstance(part, tuple) and part and type(part) not in _LEAVES])

    # ---- who calls what

    def callers(self, node: ir.Function) -> list[Site]:
        """Calls whose callee is certainly this function, or the class whose ``__init__`` it is."""
        if self._callers is None:
            self._index()
        assert self._callers is not None
        return self._callers.get(id(node), [])

    def _outside_tests(self, node: ir.Function, home: ir.Module) -> list[Site]:
        """The callers that say what a function is for: tests only where it stands among tests, or nothing else calls it."""
        found = self.callers(node)
        if _is_test(home.path):
            return found
        return [site for site in found if not _is_test(site.scope.module.path)] or found

    def of_symbol(self, name: str) -> list[Site]:
        """Calls whose callee, or its base outside of the tree, ends with this name."""
        if self._callers is None:
            self._index()
        return self._by_symbol.get(name, [])

    @property
    def dynamic(self) -> list[Site]:
        """Calls whose callee depends on what the function around them is given."""
        if self._callers is None:
            self._index()
        return self._dynamic

    def _index(self) -> None:
        self._callers = {}
        for site in self.all:
            symbols: set[str] = set()
            for callee in self.ev.evaluate(site.call.func, site.scope).options():
                option = callee
                while isinstance(option, Partial):
                    option = option.target
                if isinstance(option, FunctionV):
                    self._callers.setdefault(id(option.function), []).append(site)
                elif isinstance(option, ClassV):
                    found = initialiser(self.ev, option)
                    if found is not None:
                        self._callers.setdefault(id(found[1]), []).append(site)
                    symbols.update((base_name(self.ev, option).rpartition(".")[2], option.name))
                elif isinstance(option, External):
                    symbols.add(option.symbol)
                elif isinstance(option, Bound):
                    symbols.add(option.attr)
                elif isinstance(option, Unknown):
                    if isinstance(site.call.func, ir.Attr):
                        symbols.add(site.call.func.attr)
                    elif isinstance(site.call.func, ir.Name) and site.scope.function is not None:
                        self._dynamic.append(site)
            for symbol in symbols:
                self._by_symbol.setdefault(symbol, []).append(site)

    # ---- frames

    def scopes(self, site: Site) -> list[Scope]:
        """The scopes in which a call runs: one for each known set of arguments and each turn of a loop over known items."""
        if self.ev.budget.exhausted(site.scope.module):
            return [site.scope]
        found = self.frames(site.scope, site.call)
        for comp in site.comps:
            found = [inner for outer in found for inner in comp_scopes(self.ev, comp, outer)][:MAX_FRAMES]
        return found

    def values(self, site: Site) -> Iterator[Value]:
        """What a call may return, in all scopes in which it runs; where too much would have to be followed, with nothing bound."""
        for scope in self.scopes(site):
            if self.ev.budget.exhausted(site.scope.module):
                yield from self.ev.evaluate(site.call, site.scope).options()
                return
            yield from self.ev.evaluate(site.call, scope).options()

    def frames(self, scope: Scope, node: object, depth: int = 0) -> list[Scope]:
        """``scope`` with what ``node`` in it depends on bound, for every known call; ``[scope]`` where no call is known."""
        found = self._bound(scope, self.ev.dependencies.names(node), depth)
        return [inner for outer in found for inner in loop_scopes(self.ev, outer, node)][:MAX_FRAMES]

    def _bound(self, scope: Scope, names: Iterable[str], depth: int) -> list[Scope]:
        own, _, outer = self.ev.dependencies.of(scope, names)
        function = scope.function
        if function is not None and own:
            return self._called(scope, function, own, depth)
        parent = scope.parent
        if parent is None or not outer or not isinstance(scope.owner, (ir.Function, ir.Class)):
            return [scope]
        above = self._bound(parent, outer, depth) if parent.parent is not None else [parent]
        loops = self.ev.dependencies.of(parent, outer)[1] if parent.table.loops else frozenset()
        if loops:
            above = [inner for one in above for inner in turn_scopes(self.ev, one, loops)]
        owner = scope.owner
        return [scope if one is parent else self.ev.inner(one, owner) for one in above]

    def _called(self, scope: Scope, function: ir.Function, own: frozenset[str], depth: int) -> list[Scope]:
        key = id(scope)
        if key in self._frames:
            return self._frames[key]
        if key in self._active or depth > MAX_DEPTH + 1:
            return [scope]
        me = function.params[0].name if isinstance(getattr(scope.parent, "owner", None), ir.Class) and function.params else None
        self._active.add(key)
        try:
            found = {id(one): one for one in self._framed(scope, function, depth)} if depth <= MAX_DEPTH else {}
            if not found and me in own:  # also where callers of callers are looked at no further: the object is still the same
                found = {id(one): one for one in self._instances(scope, function, depth)}
        finally:
            self._active.discard(key)
        frames = list(found.values())[:MAX_FRAMES] or [scope]
        if depth <= MAX_DEPTH:
            self._frames[key] = frames
        return frames

    def _framed(self, scope: Scope, function: ir.Function, depth: int) -> Iterator[Scope]:
        for site in self._outside_tests(function, scope.module)[:MAX_FRAMES]:
            if self.ev.budget.exhausted(site.scope.module):
                return
            for around in self._around(site, depth):
                for option in self.ev.evaluate(site.call.func, around).options():
                    if isinstance(option, FunctionV) and option.function is function:
                        yield frame(self.ev, option, site.call, around)
                    elif isinstance(option, (ClassV, Partial)):
                        yield from self._initialised(site.call, around, function)

    def _around(self, site: Site, depth: int) -> list[Scope]:
        found = self.frames(site.scope, site.call, depth + 1)
        for comp in site.comps:
            found = [inner for outer in found for inner in comp_scopes(self.ev, comp, outer)][:MAX_FRAMES]
        return found

    def _initialised(self, call: ir.Call, around: Scope, function: ir.Function) -> Iterator[Scope]:
        for made in self.ev.evaluate(call, around).options():
            if isinstance(made, Made) and made.cls is not None:
                found = initialiser(self.ev, made.cls)
                if found is not None and found[1] is function:
                    yield method_scope(self.ev, found[0], function, made)

    def _instances(self, scope: Scope, function: ir.Function, depth: int) -> Iterator[Scope]:
        """Frames of a method that nobody calls by name: one for each known instance of its class, where its ``__init__`` takes anything."""
        owner = scope.parent.owner if scope.parent is not None else None
        if not isinstance(owner, ir.Class) or scope.parent is None:
            return
        cls = ClassV(scope.module, owner.line, owner, scope.parent.parent or scope.parent)
        found = initialiser(self.ev, cls)
        if found is None or len(found[1].params) < 2:
            return
        for site in self._outside_tests(found[1], scope.module)[:MAX_FRAMES]:
            for around in self._around(site, depth):
                for made in self.ev.evaluate(site.call, around).options():
                    if isinstance(made, Made) and made.cls is not None and any(one.cls is owner for one in ancestry(self.ev, made.cls)):
                        yield method_scope(self.ev, cls, function, made)


@lru_cache(maxsize=8192)
def _is_test(path: str) -> bool:
    return environment_of(path) == "test"


def _note_change(node: ir.Assign | ir.Do, scope: Scope, found: Walked) -> None:
    if isinstance(node, ir.Assign):
        target = node.target.base if isinstance(node.target, ir.Sub) else node.target
        if isinstance(target, ir.Attr) and node.op in {"=", "+="} and not (isinstance(target.base, ir.Name) and target.base.id == "self"):
            found.changes.append((node, scope))
        name = target.id if isinstance(target, ir.Name) else target.attr if isinstance(target, ir.Attr) else ""
        if isinstance(node.target, ir.Sub) and isinstance(node.target.index, ir.Const) and isinstance(node.target.index.value, str):
            name = node.target.index.value
        value = node.value
        while isinstance(value, ir.Call) and name:
            found.targets.setdefault(id(value), name)
            value = value.func.base if isinstance(value.func, ir.Attr) else value.func
        if isinstance(value, ir.Dict) and name:
            for key, item in value.items:
                if isinstance(item, ir.Call) and isinstance(key, ir.Const) and isinstance(key.value, str):
                    found.targets.setdefault(id(item), key.value)
        return
    call = node.value
    if isinstance(call, ir.Call) and isinstance(call.func, ir.Attr) and call.func.attr in MUTATORS and isinstance(call.func.base, ir.Attr):
        found.changes.append((node, scope))


def relevant(modules: Mapping[str, ir.Module], ev: Evaluator) -> list[ir.Module]:
    """Modules that import a framework, or a module of the tree that does, in the order of their paths; O(imports)."""
    importers: dict[str, list[str]] = {}
    for path, module in modules.items():
        for dotted, level in module.imports:
            place = ev.places.find(module, dotted, level)
            if place is not None and not place.endswith("/") and place != path:
                importers.setdefault(place, []).append(path)
    found = {path for path, module in modules.items() if module.marked}
    stack = list(found)
    while stack:
        for path in importers.get(stack.pop(), ()):
            if path not in found:
                found.add(path)
                stack.append(path)
    return [modules[path] for path in sorted(found)]
