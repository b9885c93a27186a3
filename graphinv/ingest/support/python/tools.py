"""What a tool does, from its body: effects, content of strangers, credentials, resources, roles.

The body is followed through the functions of the tree that it calls, with the arguments they are called with. What is called outside
of the tree is looked up in :mod:`graphinv.ingest.support.effects`; what no table knows leaves the tool *partly followed*: what was seen
stands, and nothing is said about the rest. Where nothing was seen, effects are absent, unless all calls are known to do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.classes import initialiser
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.frames import frame, method_scope
from graphinv.ingest.support.python.loops import comp_scopes
from graphinv.ingest.support.python.tool_calls import GIVEN, METHODS, OutsideCalls, called
from graphinv.ingest.support.python.tool_seen import Seen
from graphinv.ingest.support.python.tree import Tree
from graphinv.ingest.support.python.values import (
    Bound,
    ClassV,
    Const,
    DictV,
    EnvVar,
    External,
    FunctionV,
    ListV,
    Made,
    Scope,
    Unknown,
    Value,
)
from graphinv.ingest.support.secret_words import looks_connection_name, looks_secret_name
from graphinv.model.facts import Fact, NodeFact, NodeKey

MAX_DEPTH = 4
"""Functions calling functions that are followed."""
MAX_BODIES = 60
MAX_NODES = 20_000
"""Expressions of one tool that are looked at."""
ENTRIES = (
    "_run",
    "_arun",
    "run",
    "arun",
    "run_async",
    "run_json",
    "forward",
    "aforward",
    "__call__",
    "execute",
    "aexecute",
    "_execute",
    "invoke",
    "ainvoke",
    "call",
    "acall",
    "on_invoke_tool",
)
"""Methods by which a tool class is called."""
_RUNNERS = frozenset(
    {"to_thread", "run_in_executor", "run_sync", "submit", "partial", "Thread", "run_coroutine_threadsafe", "apply_async", "map"}
)


def tool_facts(tree: Tree, function: Value, key: NodeKey, *, served: bool = False) -> Iterator[Fact]:
    """Facts about the Tool ``key`` from the body of ``function``: its ``effects`` and ``ingests_untrusted``, HOLDS for credentials,
    CAN_ACCESS for resources that are named by constants, RUNS_AS for roles that it assumes.

    Args:
        tree: the root's modules.
        function: a function, or a class whose methods are the tool.
        key: its node.
        served: whether a server provides it. Then accesses are stated only where the whole body could be followed: a tool that has any acts
            no longer with its server's means.
    """
    body = Body(tree)
    if isinstance(function, FunctionV):
        body.follow(function)
    elif isinstance(function, ClassV):
        entries = [method for method in tree.methods(function) if method.name in ENTRIES]
        for method in entries:
            body.follow(method)
        body.seen.partly = body.seen.partly or not entries
    yield from body.facts(key, tree.source(function), served=served)


class Body:
    """The body of one tool, followed into what it calls."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.ev = tree.ev
        self.seen = Seen(tree)
        self.outside = OutsideCalls(tree.ev, self.seen)
        self._looked = 0
        self._done: set[tuple[object, ...]] = set()
        self._functions: set[int] = set()
        self._packages: set[str] = set()
        self._modules: dict[str, ir.Module] = {}

    # ---- following

    def follow(self, function: FunctionV) -> None:
        """Look at the body of the tool itself: whatever its parameters are called with."""
        scope = self.ev.inner(function.scope, function.function)
        if isinstance(function.owner, Made) and function.cls is not None:
            scope = method_scope(self.ev, function.cls, function.function, function.owner)
        self.statements(function.function.body, self.given(function, scope))
        self.seen.partly = self.seen.partly or not function.function.full

    def statements(self, body: Iterable[ir.Stmt], scope: Scope) -> None:
        """Look at some statements of a function in ``scope``."""
        stack: list[tuple[tuple[ir.Stmt, ...], Scope, int]] = [(tuple(body), scope, 0)]
        while stack:
            one, inner, depth = stack.pop()
            self._modules[inner.module.path] = inner.module
            for node, where in _nodes(one, inner, self.ev):
                self._looked += 1
                if self._looked > MAX_NODES:
                    self.seen.partly = True
                    return
                self._look(node, where)
                if isinstance(node, ir.Call):
                    for callee, its_scope in self._call(node, where):
                        mark = (id(callee.function), *its_scope.key)
                        if depth < MAX_DEPTH and len(self._done) < MAX_BODIES and mark not in self._done:
                            self._done.add(mark)
                            self._functions.add(id(callee.function))
                            self.seen.partly = self.seen.partly or not callee.function.full
                            stack.append((callee.function.body, its_scope, depth + 1))
                        elif mark not in self._done and id(callee.function) not in self._functions:
                            self.seen.partly = True

    def given(self, function: FunctionV, scope: Scope) -> Scope:
        """``scope`` with the parameters bound to what is known of them when a model calls the function: nothing but their types."""
        bindings: dict[str, Value] = {}
        bound = set(scope.bindings)
        method = function.cls is not None and function.function.params[:1]
        for param in function.function.params[1 if method else 0 :]:
            if param.name not in bound:
                bindings[param.name] = self.typed(param, scope) or Unknown(function.module, function.line, GIVEN)
        return scope.bound(bindings, ("tool",)) if bindings else scope

    def typed(self, param: ir.Param, scope: Scope) -> Value | None:
        """What a parameter is by its annotation, where that is a class from outside of the tree: its client, session, context."""
        if param.annotation is None:
            return None
        value = self.ev.evaluate(param.annotation, scope.parent or scope)
        useful = isinstance(value, External) and not value.dotted.startswith(
            ("builtins.", "typing.", "typing_extensions.", "collections.", "datetime.")
        )
        return value if useful else None

    # ---- calls

    def _call(self, call: ir.Call, scope: Scope) -> Iterator[tuple[FunctionV, Scope]]:
        """Note what a call does; functions of the tree that it runs, with the scope they run in."""
        if isinstance(call.func, ir.Attr) and call.func.attr in METHODS and _is_changed(call.func.base, scope):
            return
        for callee in self.ev.evaluate(call.func, scope).options():
            if isinstance(callee, FunctionV):
                yield callee, self._typed(callee, frame(self.ev, callee, call, scope))
            elif isinstance(callee, ClassV):
                found = initialiser(self.ev, callee)
                made = self.ev.evaluate(call, scope)
                if found is not None and isinstance(made, Made):
                    cls, function = found
                    yield (
                        FunctionV(cls.scope.module, function.line, function, cls.scope, made, cls),
                        method_scope(self.ev, cls, function, made),
                    )
            else:
                self._outside(call, callee, scope)
        last = call.func.attr if isinstance(call.func, ir.Attr) else call.func.id if isinstance(call.func, ir.Name) else ""
        if last in _RUNNERS:
            for value in (option for one in self._arguments(call) for option in self.ev.evaluate(one, scope).options()):
                if isinstance(value, FunctionV):
                    yield value, self._typed(value, self.ev.inner(value.scope, value.function))
                elif isinstance(value, (External, Bound)):
                    self._outside(call, value, scope)

    def _typed(self, function: FunctionV, scope: Scope) -> Scope:
        """``scope`` with parameters of unknown value bound to their types."""
        bindings: dict[str, Value] = {}
        for param in function.function.params:
            if isinstance(scope.bindings.get(param.name), Unknown) or param.name not in scope.bindings:
                typed = self.typed(param, scope)
                if typed is not None:
                    bindings[param.name] = typed
        return scope.bound(bindings, ("typed",)) if bindings else scope

    def _arguments(self, call: ir.Call) -> list[ir.Expr]:
        return [*call.args, *(value for _, value in call.kwargs)]

    def _outside(self, call: ir.Call, callee: Value, scope: Scope) -> None:
        """Note what a call of something outside of the tree does."""
        path = called(callee, call)
        action = self.outside.action(path)
        if action is None:
            self.seen.partly = True
            return
        self._packages.add(path.partition(".")[0])
        self._receivers(callee)
        exact = self.outside.exact(action, path, call, callee, scope)
        if exact is None:
            self.seen.partly = True
            return
        self.seen.effects |= exact.effects
        self.seen.untrusted = self.seen.untrusted or exact.untrusted

    def _receivers(self, callee: Value) -> None:
        """The arguments that the objects before the last dot were made with: keys of clients, addresses of databases."""
        value: Value | None = callee
        for _ in range(20):
            if isinstance(value, Bound):
                value = value.receiver
            elif isinstance(value, Made):
                for one in self._arguments(value.call):
                    for node, where in _nodes((one,), value.scope, self.ev):
                        self._look(node, where)
                value = value.receiver
            else:
                return

    # ---- credentials

    def _look(self, node: object, scope: Scope) -> None:
        """Note a credential, a database or a bucket that an expression names."""
        if isinstance(node, ir.Const):
            for secret in node.secrets:
                self.seen.secret(secret)
            if isinstance(node.value, str) and "://" in node.value:
                self._address(Const(scope.module, node.line, node.value, True, node.secrets))
            return
        if not isinstance(node, (ir.Name, ir.Attr, ir.Sub, ir.Call)) or _is_local(node, scope):
            return
        for value in self.ev.evaluate(node, scope).options():
            self._value(value)

    def _value(self, value: Value) -> None:
        if isinstance(value, EnvVar):
            if looks_secret_name(value.name) or looks_connection_name(value.name):
                self.seen.variables.setdefault(value.name, value)
            if isinstance(value.default, Const):
                self._value(value.default)
        elif isinstance(value, Const):
            for secret in value.secrets:
                self.seen.secret(secret)
            for variable in value.variables:
                self._value(variable)
            if isinstance(value.value, str) and "://" in value.value:
                self._address(value)
        elif isinstance(value, (DictV, ListV)):
            parts = [item for _, item in value.items] if isinstance(value, DictV) else list(value.items)
            for part in parts[:50]:
                if isinstance(part, (EnvVar, Const)):
                    self._value(part)

    def _address(self, value: Const) -> None:
        text = str(value.value)
        bucket = re.match(r"s3a?://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/|$)", text)
        if bucket:
            self.seen.bucket(bucket[1], [], value)
        elif not text.startswith("http"):
            self.seen.addresses.setdefault(text, value)

    def _configured(self) -> None:
        """``stripe.api_key = os.environ["X"]``: what modules that were looked at give to a library that is called."""
        for module in self._modules.values():
            scope = self.ev.module_scope(module)
            for statement in module.body:
                if not isinstance(statement, ir.Assign) or not isinstance(statement.target, ir.Attr):
                    continue
                base = self.ev.evaluate(statement.target.base, scope)
                if isinstance(base, External) and base.dotted.partition(".")[0] in self._packages:
                    for value in self.ev.evaluate(statement.value, scope).options():
                        self._value(value)

    def facts(self, key: NodeKey, source: str, *, served: bool) -> Iterator[Fact]:
        """What was seen, as facts about ``key``."""
        self._configured()
        yield from self.seen.facts(key, source, served=served)


def _nodes(body: tuple[object, ...], scope: Scope, ev: Evaluation) -> Iterator[tuple[object, Scope]]:
    """All expressions of some statements with the scope they stand in, functions that are defined there left out until they are called,
    lambdas included; without recursion."""
    stack: list[tuple[object, Scope]] = [(one, scope) for one in reversed(body)]
    while stack:
        node, where = stack.pop()
        if isinstance(node, ir.Function):
            if node.name == "<lambda>":
                inner = ev.inner(where, node)
                stack.extend((one, inner) for one in reversed(node.body))
            continue
        if isinstance(node, (ir.Class, ir.Import, NodeFact)):
            continue
        if isinstance(node, ir.Comp):
            turns = comp_scopes(ev, node, where)[:8]
            stack.extend((source, where) for _, source in node.loops)
            stack.extend((one, turn) for turn in turns for one in (node.element, node.key) if one is not None)
            continue
        if isinstance(node, ir.Assign):
            stack.append((node.value, where))
            if isinstance(node.target, (ir.Sub, ir.Attr)):
                stack.append((node.target, where))
            continue
        if isinstance(node, tuple):
            if hasattr(node, "line"):
                yield node, where
            stack.extend((part, where) for part in reversed(node) if isinstance(part, tuple))


def _is_local(node: object, scope: Scope) -> bool:
    """Whether an expression starts from a name that the function itself assigns: what it is assigned is looked at where that stands."""
    for _ in range(50):
        if isinstance(node, (ir.Attr, ir.Sub)):
            node = node.base
        elif isinstance(node, ir.Call):
            node = node.func
        else:
            break
    return isinstance(node, ir.Name) and scope.function is not None and node.id in scope.table.names and node.id not in scope.bindings


def _is_changed(node: object, scope: Scope) -> bool:
    """Whether a name stands for a list, set or mapping that the function fills: following every step of that would take long."""
    return isinstance(node, ir.Name) and any(entry.changes for entry in scope.table.names.get(node.id, ()))
