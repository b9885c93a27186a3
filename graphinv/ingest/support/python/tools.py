"""What a tool does, from its body: effects, content of strangers, credentials, resources, roles.

The body is followed through the functions of the tree that it calls, with the arguments they are called with. What is called outside
of the tree is looked up in :mod:`graphinv.ingest.support.effects`; what no table knows leaves the tool *partly followed*: what was seen
stands, and nothing is said about the rest. Where nothing was seen, effects are absent, unless all calls are known to do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from graphinv.ingest import Document
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.effects import (
    ANY_SQL,
    NOTHING,
    Action,
    actions_of,
    aws_action,
    call_action,
    http_action,
    open_action,
    split_words,
    sql_action,
    takes_statement,
)
from graphinv.ingest.support.python import calls, ir
from graphinv.ingest.support.python.scope import Scope
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
    Unknown,
    Value,
)
from graphinv.ingest.support.secret_words import looks_connection_name, looks_secret_name
from graphinv.ingest.support.secrets import url_parts
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.ingest.support.words import names
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

if TYPE_CHECKING:
    from graphinv.ingest.support.python.program import Program

MAX_DEPTH = 4
"""Functions calling functions that are followed."""
MAX_BODIES = 60
MAX_NODES = 20_000
"""Expressions of one tool that are looked at."""
GIVEN = "the caller of the tool gives it"
ENTRIES = ("_run", "_arun", "run", "arun", "forward", "__call__", "execute", "invoke", "call", "acall", "on_invoke_tool")
"""Methods by which a tool class is called."""
INFERRED: Props = {"evidence": ["inferred"], "confidence": 0.7}
_METHODS = names(
    """get items keys values append extend insert pop update add setdefault copy sort reverse index count join format split
    rsplit splitlines strip lstrip rstrip lower upper title replace startswith endswith encode decode isdigit isalpha find
    rfind partition rpartition json dict model_dump model_dump_json model_validate to_dict isoformat strftime total_seconds
    group groups match search findall raise_for_status zfill capitalize read readlines readline close commit rollback
    cursor fetchall fetchone mean sum tolist head info debug warning error exception critical report_progress acquire
    release result done clear discard remove intersection union hexdigest date time timestamp is_file is_dir exists resolve
    relative_to aclose wait is_set set_result text __aenter__ __enter__ __exit__ log as_posix with_suffix joinpath to_json
    to_string iterrows"""
)
"""Methods of texts, lists, mappings, answers and loggers: harmless on whatever they are called."""
_RUNNERS = frozenset(
    {"to_thread", "run_in_executor", "run_sync", "submit", "partial", "Thread", "run_coroutine_threadsafe", "apply_async", "map"}
)
_STATEMENTS = frozenset({"sql", "statement", "querystring", "sqlstatements"})
"""Arguments of operations of AWS that are given a statement."""
_STATEMENT = re.compile(r"(?i)sql|query|statement|stmt|cypher|command")


def tool_facts(program: Program, function: Value, key: NodeKey, *, served: bool = False) -> Iterator[Fact]:
    """Facts about the Tool ``key`` from the body of ``function``: its ``effects`` and ``ingests_untrusted``, HOLDS for credentials,
    CAN_ACCESS for resources that are named by constants, RUNS_AS for roles that it assumes.

    Args:
        program: the root's modules.
        function: a function, or a class whose methods are the tool.
        key: its node.
        served: whether a server provides it. Then accesses are stated only where the whole body could be followed: a tool that has any acts
            no longer with its server's means.
    """
    body = Body(program)
    if isinstance(function, FunctionV):
        body.follow(function)
    elif isinstance(function, ClassV):
        for method in program.methods(function):
            if method.name in ENTRIES:
                body.follow(method)
    yield from body.facts(key, program.source(function), served=served)


@dataclass
class Body:
    """What was seen of one tool."""

    program: Program
    effects: set[str] = field(default_factory=set)
    untrusted: bool = False
    partly: bool = False
    """Whether something was called of which nothing is known."""
    seen: int = 0
    variables: dict[str, Value] = field(default_factory=dict)
    secrets: dict[NodeKey, NodeFact] = field(default_factory=dict)
    resources: dict[NodeKey, tuple[NodeFact, set[str], Value]] = field(default_factory=dict)
    roles: dict[str, Value] = field(default_factory=dict)
    addresses: dict[str, Const] = field(default_factory=dict)
    _done: set[tuple[object, ...]] = field(default_factory=set)
    _functions: set[int] = field(default_factory=set)
    _packages: set[str] = field(default_factory=set)
    _modules: dict[str, ir.Module] = field(default_factory=dict)

    # ---- following

    def follow(self, function: FunctionV) -> None:
        """Look at the body of the tool itself: whatever its parameters are called with."""
        scope = self.program.ev.inner(function.scope, function.function)
        if isinstance(function.owner, Made) and function.cls is not None:
            scope = self.program.ev.method_scope(function.cls, function.function, function.owner)
        self.statements(function.function.body, self.given(function, scope))
        self.partly = self.partly or not function.function.full

    def statements(self, body: Iterable[ir.Stmt], scope: Scope) -> None:
        """Look at some statements of a function in ``scope``."""
        stack: list[tuple[tuple[ir.Stmt, ...], Scope, int]] = [(tuple(body), scope, 0)]
        while stack:
            one, inner, depth = stack.pop()
            self._modules[inner.module.path] = inner.module
            for node, where in _nodes(one, inner, self.program):
                self.seen += 1
                if self.seen > MAX_NODES:
                    self.partly = True
                    return
                self._look(node, where)
                if isinstance(node, ir.Call):
                    for callee, frame in self._call(node, where):
                        mark = (id(callee.function), *frame.key)
                        if depth < MAX_DEPTH and len(self._done) < MAX_BODIES and mark not in self._done:
                            self._done.add(mark)
                            self._functions.add(id(callee.function))
                            self.partly = self.partly or not callee.function.full
                            stack.append((callee.function.body, frame, depth + 1))
                        elif mark not in self._done and id(callee.function) not in self._functions:
                            self.partly = True

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
        value = self.program.ev.evaluate(param.annotation, scope.parent or scope)
        useful = isinstance(value, External) and not value.dotted.startswith(
            ("builtins.", "typing.", "typing_extensions.", "collections.", "datetime.")
        )
        return value if useful else None

    # ---- calls

    def _call(self, call: ir.Call, scope: Scope) -> Iterator[tuple[FunctionV, Scope]]:
        """Note what a call does; functions of the tree that it runs, with the scope they run in."""
        ev = self.program.ev
        if isinstance(call.func, ir.Attr) and call.func.attr in _METHODS and _is_changed(call.func.base, scope):
            return
        for callee in ev.evaluate(call.func, scope).options():
            if isinstance(callee, FunctionV):
                yield callee, self._typed_frame(callee, calls.frame(ev, callee, call, scope))
            elif isinstance(callee, ClassV):
                found = calls.initialiser(ev, callee)
                made = ev.evaluate(call, scope)
                if found is not None and isinstance(made, Made):
                    cls, function = found
                    yield FunctionV(cls.scope.module, function.line, function, cls.scope, made, cls), ev.method_scope(cls, function, made)
            else:
                self._outside(call, callee, scope)
        last = call.func.attr if isinstance(call.func, ir.Attr) else call.func.id if isinstance(call.func, ir.Name) else ""
        if last in _RUNNERS:
            for value in (option for one in self._arguments(call) for option in ev.evaluate(one, scope).options()):
                if isinstance(value, FunctionV):
                    yield value, self._typed_frame(value, ev.inner(value.scope, value.function))
                elif isinstance(value, (External, Bound)):
                    self._outside(call, value, scope)

    def _typed_frame(self, function: FunctionV, frame: Scope) -> Scope:
        """``frame`` with parameters of unknown value bound to their types."""
        bindings: dict[str, Value] = {}
        for param in function.function.params:
            if isinstance(frame.bindings.get(param.name), Unknown) or param.name not in frame.bindings:
                typed = self.typed(param, frame)
                if typed is not None:
                    bindings[param.name] = typed
        return frame.bound(bindings, ("typed",)) if bindings else frame

    def _arguments(self, call: ir.Call) -> list[ir.Expr]:
        return [*call.args, *(value for _, value in call.kwargs)]

    def _outside(self, call: ir.Call, callee: Value, scope: Scope) -> None:
        """Note what a call of something outside of the tree does."""
        path = _path(callee, call)
        action = self._action(path)
        if action is None:
            self.partly = True
            return
        self._packages.add(path.partition(".")[0])
        self._receivers(callee)
        exact = self._exact(action, path, call, callee, scope)
        if exact is None:
            self.partly = True
            return
        self.effects |= exact.effects
        self.untrusted = self.untrusted or exact.untrusted

    def _action(self, path: str) -> Action | None:
        if not path:
            return None
        found = call_action(path, "python")
        if found is not None:
            return found
        head, dot, last = path.rpartition(".")
        if last in _METHODS and dot:
            return NOTHING
        while head and head != "?":
            if call_action(head, "python") is not None:
                return NOTHING  # a method of what a known call returned
            head = head.rpartition(".")[0]
        return None

    def _receivers(self, callee: Value) -> None:
        """The arguments that the objects before the last dot were made with: keys of clients, addresses of databases."""
        value: Value | None = callee
        for _ in range(20):
            if isinstance(value, Bound):
                value = value.receiver
            elif isinstance(value, Made):
                for one in self._arguments(value.call):
                    for node, where in _nodes((one,), value.scope, self.program):
                        self._look(node, where)
                value = value.receiver
            else:
                return

    def _exact(self, action: Action, path: str, call: ir.Call, callee: Value, scope: Scope) -> Action | None:
        if action.refine == "http":
            return self._http(action, path, call, callee, scope)
        if action.refine == "sql":
            return self._sql(path, call, scope)
        if action.refine == "open":
            place = 0 if path.startswith("pathlib.") else 1
            mode = self._argument(call, scope, place, "mode")
            return open_action(mode.text() if mode is not None else None)
        if action.refine == "aws":
            return self._aws(path, call, callee, scope)
        if action.effects == {"destructive"}:
            gone = self._argument(call, scope, 0, "path", "src") if path.startswith(("os.", "shutil.")) else callee
            return NOTHING if gone is not None and all(map(_is_temporary, gone.options())) else action
        if "irreversible" in action.effects or "egress" in action.effects:
            self._hosts(call, scope, action)
        return action

    def _argument(self, call: ir.Call, scope: Scope, place: int | None, *names: str) -> Value | None:
        ev = self.program.ev
        for name, value in call.kwargs:
            if name in names:
                return ev.evaluate(value, scope)
        if place is not None and len(call.args) > place and not any(isinstance(one, ir.Star) for one in call.args[: place + 1]):
            return ev.evaluate(call.args[place], scope)
        return None

    # ---- requests

    def _http(self, action: Action, path: str, call: ir.Call, callee: Value, scope: Scope) -> Action:
        last = path.rpartition(".")[2]
        method: str | None = action.method
        place = 0
        if method == "*":
            stated = self._argument(call, scope, 0, "method")
            method = stated.text() if stated is not None and last != "send" else None
            place = 1
        if last == "stream" or (last == "request" and path.startswith("http.client")):
            stated = self._argument(call, scope, 0, "method")
            method, place = (stated.text() if stated is not None else None), 1
        address = self._argument(call, scope, place, "url", "fullurl")
        if isinstance(address, Made) and address.symbol == "Request":
            stated = address.passed("method")
            method = (stated.text() if stated is not None else None) or ("POST" if address.passed("data", 1) is not None else "GET")
            address = address.passed("url", 0)
        elif path.startswith("urllib.request") and self._argument(call, scope, 1, "data") is not None and last == "urlopen":
            method = "POST"
        if method is not None and not re.fullmatch(r"[A-Za-z]{3,10}", method):
            method = None
        text = _start(address)
        if text is None or "://" not in text:
            text = _start(self._base(callee)) or text
        parts = url_parts(re.sub(r"\{.*", "", text.split("?")[0], flags=re.DOTALL)) if text and re.match(r"https?://[^{/]+", text) else None
        whole = parts is not None and not re.match(r"https?://[^/]*\{", text or "")
        host = parts.host if parts is not None and whole else None
        found = http_action(method, host, _start(address) or "")
        if parts is not None and host and address is not None:
            self._host(parts.scheme, host, parts.port, found, address)
        return found

    def _base(self, callee: Value) -> Value | None:
        value: Value | None = callee
        for _ in range(20):
            if isinstance(value, Bound):
                value = value.receiver
            elif isinstance(value, Made):
                base = value.passed("base_url")
                if base is not None:
                    return base
                value = value.receiver
            else:
                return None
        return None

    def _host(self, scheme: str, host: str, port: str, action: Action, at: Value) -> None:
        scope = f"{self.program.root}#" if is_here(host) else ""
        key = ("Resource", f"{scope}{scheme}://{host}{':' + port if port else ''}")
        props: Props = {"name": host, "type": "api", "external": not is_internal(host)}
        self._resource(key, props, actions_of(action.effects), at)

    def _hosts(self, call: ir.Call, scope: Scope, action: Action) -> None:
        """Hosts that stand as constants among the arguments of a call that leaves the machine: a page that is opened, a socket."""
        for one in call.args[:2]:
            text = _start(self.program.ev.evaluate(one, scope))
            parts = url_parts(text.split("{")[0]) if text and re.match(r"https?://[^{/\s]+(?:[/?]|$)", text) else None
            if parts is not None and parts.host:
                self._host(parts.scheme, parts.host, parts.port, action, self.program.ev.evaluate(one, scope))

    # ---- statements, clouds

    def _sql(self, path: str, call: ir.Call, scope: Scope) -> Action | None:
        first = (
            call.args[0]
            if call.args
            else next((value for name, value in call.kwargs if name in ("query", "sql", "statement", "operation")), None)
        )
        if first is None:
            return None
        return self._stated(self.program.ev.evaluate(first, scope), path, first.id if isinstance(first, ir.Name) else "")

    def _stated(self, statement: Value, path: str, name: str) -> Action | None:
        """What a statement does that ``path`` is called with and ``name`` stands for; None where nothing of it is known."""
        found: Action | None = None
        for value in statement.options():
            one: Action | None = None
            if isinstance(value, Const) and isinstance(value.value, str):
                one = sql_action(value.value)
                if one is None and not value.complete and value.value.startswith("{"):
                    one = ANY_SQL if not path.startswith("?") else None
            elif isinstance(value, Unknown) and value.reason == GIVEN:
                one = ANY_SQL if not path.startswith("?") or _STATEMENT.search(name) else None
            elif isinstance(value, Made) and value.callee:
                one = NOTHING if self._action(value.callee) is not None else None
            if one is None:
                self.partly = True
            else:
                found = one if found is None else Action(found.effects | one.effects)
        return found

    def _aws(self, path: str, call: ir.Call, callee: Value, scope: Scope) -> Action | None:
        operation = path.rpartition(".")[2]
        if takes_statement(split_words(operation)):
            statement = next((value for key, value in self._named(call, scope) if key.lower() in _STATEMENTS), None)
            return self._stated(statement, path, "") if statement is not None else None
        action = Action() if operation.startswith("assume_role") else aws_action(operation)
        if action is None:
            return NOTHING if operation[:1].isupper() or operation in ("get_paginator", "get_waiter", "close", "all", "paginate") else None
        actions = actions_of(action.effects)
        for name, expr in call.kwargs:
            value = self.program.ev.evaluate(expr, scope)
            text = value.text()
            if not text or not re.fullmatch(r"[\w.:/+=@-]{1,300}", text):
                continue
            if name == "RoleArn" and operation.startswith("assume_role"):
                self.roles[text] = value
            elif text.startswith("arn:aws"):
                self._resource(("Resource", text), {"name": text.rpartition(":")[2], "type": text.split(":")[2]}, actions, value)
            elif name == "Bucket":
                self._bucket(text, actions, value)
            elif name == "TableName":
                self._table(text, actions, value)
        for made in _chain(callee):
            text = _text(made.passed("name", 0)) if made.symbol in ("Bucket", "Table", "Object") else None
            if text and re.fullmatch(r"[\w.-]{1,255}", text):
                if made.symbol == "Table":
                    self._table(text, actions, made)
                else:
                    self._bucket(text, actions, made)
        return action

    def _named(self, call: ir.Call, scope: Scope) -> Iterator[tuple[str, Value]]:
        """Arguments by name, those of mappings that are unpacked included."""
        for name, expr in call.kwargs:
            value = self.program.ev.evaluate(expr, scope)
            if name:
                yield name, value
            elif isinstance(value, DictV):
                yield from ((key.text() or "", item) for key, item in value.items)

    def _bucket(self, name: str, actions: list[str], at: Value) -> None:
        self._resource(("Resource", f"arn:aws:s3:::{name}"), {"name": name, "type": "bucket"}, actions, at)

    def _table(self, name: str, actions: list[str], at: Value) -> None:
        # Which account and region it is in, only the one who runs it knows.
        self._resource(
            ("Resource", f"dynamodb:{self.program.root}#{name}"), {"name": name, "type": "table", "kind_detail": "dynamodb"}, actions, at
        )

    def _resource(self, key: NodeKey, props: Props, actions: Iterable[str], at: Value) -> None:
        node = NodeFact(*key, {**props, "sources": [self.program.source(at)]})
        known = self.resources.setdefault(key, (node, set(), at))
        known[1].update(actions)

    # ---- credentials

    def _look(self, node: object, scope: Scope) -> None:
        """Note a credential, a database or a bucket that an expression names."""
        if isinstance(node, ir.Const):
            for secret in node.secrets:
                self.secrets.setdefault(secret.key, secret)
            if isinstance(node.value, str) and "://" in node.value:
                self._address(Const(scope.module, node.line, node.value, True, node.secrets))
            return
        if not isinstance(node, (ir.Name, ir.Attr, ir.Sub, ir.Call)) or _is_local(node, scope):
            return
        for value in self.program.ev.evaluate(node, scope).options():
            self._value(value)

    def _value(self, value: Value) -> None:
        if isinstance(value, EnvVar):
            if looks_secret_name(value.name) or looks_connection_name(value.name):
                self.variables.setdefault(value.name, value)
        elif isinstance(value, Const):
            for secret in value.secrets:
                self.secrets.setdefault(secret.key, secret)
            if isinstance(value.value, str) and "://" in value.value:
                self._address(value)
        elif isinstance(value, Bound):
            name = self._setting(value)
            if name is not None and (looks_secret_name(name) or looks_connection_name(name)):
                self.variables.setdefault(name, value)
        elif isinstance(value, (DictV, ListV)):
            parts = [item for _, item in value.items] if isinstance(value, DictV) else list(value.items)
            for part in parts[:50]:
                if isinstance(part, (EnvVar, Const)):
                    self._value(part)

    def _setting(self, value: Bound) -> str | None:
        """The variable that a field of pydantic settings is filled from."""
        made = value.receiver
        if not isinstance(made, Made) or made.cls is None or not made.callee.startswith(("pydantic_settings.", "pydantic.BaseSettings")):
            return None
        config = self.program.ev.class_attribute(made.cls, "model_config", None)
        prefix = None
        if isinstance(config, Made):
            prefix = _text(config.passed("env_prefix"))
        elif isinstance(config, DictV):
            prefix = _text(config.get("env_prefix"))
        return f"{prefix or ''}{value.attr}".upper()

    def _address(self, value: Const) -> None:
        text = str(value.value)
        bucket = re.match(r"s3a?://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/|$)", text)
        if bucket:
            self._bucket(bucket[1], [], value)
        elif not text.startswith("http"):
            self.addresses.setdefault(text, value)

    def _configured(self) -> None:
        """``stripe.api_key = os.environ["X"]``: what modules that were looked at give to a library that is called."""
        ev = self.program.ev
        for module in self._modules.values():
            scope = ev.module_scope(module)
            for statement in module.body:
                if not isinstance(statement, ir.Assign) or not isinstance(statement.target, ir.Attr):
                    continue
                base = ev.evaluate(statement.target.base, scope)
                if isinstance(base, External) and base.dotted.partition(".")[0] in self._packages:
                    for value in ev.evaluate(statement.value, scope).options():
                        self._value(value)

    # ---- facts

    def facts(self, key: NodeKey, source: str, *, served: bool) -> Iterator[Fact]:
        """What was seen, as facts about ``key``."""
        self._configured()
        props: Props = {"sources": [source]}
        if self.effects or not self.partly:
            props["effects"] = sorted(self.effects)
        if self.untrusted or not self.partly:
            props["ingests_untrusted"] = self.untrusted
        if self.partly:
            props["labels"] = ["body=partly followed"]
        yield NodeFact(*key, props)
        yield from self._held(key)
        yield from self._databases(key, served)
        for role, at in self.roles.items():
            identity = ("Identity", role)
            sources = [self.program.source(at)]
            yield NodeFact(*identity, {"name": role.rpartition("/")[2], "type": "iam_role", "provider": "aws", "sources": sources})
            yield EdgeFact("RUNS_AS", key, identity, {**INFERRED, "sources": sources})
        if served and self.partly:
            return
        for resource, (node, actions, at) in self.resources.items():
            allowed = sorted(actions) or actions_of(self.effects)
            if allowed:
                yield node
                yield EdgeFact("CAN_ACCESS", key, resource, {**INFERRED, "actions": allowed, "sources": [self.program.source(at)]})

    def _held(self, key: NodeKey) -> Iterator[Fact]:
        for secret in self.secrets.values():
            yield secret
            yield EdgeFact("HOLDS", key, secret.key, {"place": "repo", "evidence": ["declared"], "sources": list(secret.props["sources"])})
        for name, at in self.variables.items():
            target = Ref("Secret", "env", name, fallback=f"env:{self.program.root}#{name}")
            yield EdgeFact("HOLDS", key, target, {"place": "env", "evidence": ["declared"], "sources": [self.program.source(at)]})

    def _databases(self, key: NodeKey, served: bool) -> Iterator[Fact]:
        for text, value in self.addresses.items():
            # The password was taken out when the document was read: its place is kept by a reference, which then becomes the secret.
            address = re.sub(r":\*\*\*@", ":${password}@", text)
            document = Document(self.program.root, value.module.path, b"", lambda _: "0" * 32)
            for fact in database_facts(document, value.line, address, key):
                if isinstance(fact, EdgeFact) and isinstance(fact.source, Ref):
                    if value.secrets:
                        yield replace(fact, source=value.secrets[0].key)
                    continue
                yield fact
                if isinstance(fact, NodeFact) and fact.kind == "Resource" and not (served and self.partly):
                    actions = actions_of(self.effects - {"egress"})
                    if actions:
                        yield EdgeFact(
                            "CAN_ACCESS", key, fact.key, {**INFERRED, "actions": actions, "sources": [self.program.source(value)]}
                        )


def _nodes(body: tuple[object, ...], scope: Scope, program: Program) -> Iterator[tuple[object, Scope]]:
    """All expressions of some statements with the scope they stand in, functions that are defined there left out until they are called,
    lambdas included; without recursion."""
    stack: list[tuple[object, Scope]] = [(one, scope) for one in reversed(body)]
    while stack:
        node, where = stack.pop()
        if isinstance(node, ir.Function):
            if node.name == "<lambda>":
                inner = program.ev.inner(where, node)
                stack.extend((one, inner) for one in reversed(node.body))
            continue
        if isinstance(node, (ir.Class, ir.Import, NodeFact)):
            continue
        if isinstance(node, ir.Comp):
            turns = program.ev.comp_scopes(node, where)[:8]
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


def _is_temporary(value: Value) -> bool:
    """Whether it is a temporary file or folder that the program itself made: to take it away again destroys nothing."""
    one: Value | None = value
    for _ in range(20):
        if isinstance(one, Made) and one.callee.startswith("tempfile."):
            return True
        if isinstance(one, Made) and one.callee.startswith("pathlib."):
            one = one.passed("", 0)
        else:
            one = one.receiver if isinstance(one, (Made, Bound)) else None
    return False


def _is_changed(node: object, scope: Scope) -> bool:
    """Whether a name stands for a list, set or mapping that the function fills: following every step of that would take long."""
    return isinstance(node, ir.Name) and any(entry.changes for entry in scope.table.names.get(node.id, ()))


def _path(callee: Value, call: ir.Call) -> str:
    """What is called, as the tables name it; ``?.method`` where it is not known of what, ``""`` where nothing is known."""
    if isinstance(callee, External):
        return callee.dotted.removeprefix("builtins.")
    if isinstance(callee, (Bound, Made)):
        base = callee.receiver if isinstance(callee, Bound) else callee
        name = calls.dotted(callee).removeprefix("builtins.")
        if isinstance(base, (Const, ListV, DictV, EnvVar)):
            return "str." + name.rpartition(".")[2]
        if isinstance(base, Made) and base.cls is not None and not base.callee:
            return "?." + name.rpartition(".")[2]
        return name if not name.startswith(".") else f"?{name}"
    if isinstance(call.func, ir.Attr):
        return f"?.{call.func.attr}"
    return ""


def _chain(callee: Value) -> Iterator[Made]:
    value: Value | None = callee
    for _ in range(20):
        if isinstance(value, Made):
            yield value
        value = value.receiver if isinstance(value, (Bound, Made)) else None


def _text(value: Value | None) -> str | None:
    return value.text() if value is not None else None


def _start(value: Value | None) -> str | None:
    """A text as far as it is known from its beginning; unknown parts as ``{name}``."""
    if value is None:
        return None
    for option in value.options():
        if isinstance(option, Const) and isinstance(option.value, str):
            return option.value
        text = option.text()
        if text is not None:
            return text
    return None
