"""All modules of a root as one program: which objects it makes, what is called on them, and which of them are agents and workflows."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from graphinv.ingest import Document
from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.calling import LOOKUPS, METHODS, Evaluator
from graphinv.ingest.support.javascript.values import Bound, ClassV, Const, DictV, Frame, FunctionV, ListV, Made, Unknown, Value, walk
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

MAX_PROBLEMS = 20
"""Problems of one document that are told one by one."""
MAX_NAME = 200
INGESTOR = "javascript_source"
_SUFFIX = re.compile(r"\.[cm]?[jt]sx?$")
_NO_NAMES = frozenset({"default", "agent", "result", "response", "route", "index", "main", "handler", ""})


@dataclass(frozen=True, slots=True)
class Called:
    """A method call on an object: ``name`` of the method and the call's arguments."""

    name: str
    args: tuple[Value, ...]
    path: str
    line: int
    function: int


@dataclass(eq=False)
class Actor:
    """An agent or workflow that was declared for ``value``."""

    key: NodeKey
    name: str
    framework: str
    value: Value
    props: Props = field(default_factory=dict)

    @property
    def made(self) -> Made:
        """The object it was declared for."""
        return cast("Made", self.value)


class Program(Evaluator):
    """``modules`` and ``configs`` of the root called ``root``, by path."""

    def __init__(self, root: str, modules: Mapping[str, ir.Module], configs: Mapping[str, ir.Config]) -> None:
        super().__init__(modules, configs)
        self.root = root
        self.actors: dict[tuple[object, ...], Actor] = {}
        self.by_key: dict[NodeKey, Actor] = {}
        self.called: dict[tuple[object, ...], list[Called]] = defaultdict(list)
        self.extras: dict[tuple[tuple[object, ...], str], list[Value]] = defaultdict(list)
        self.problems: Counter[str] = Counter()
        self.told: set[tuple[str, int, str]] = set()
        self.registries: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
        """Names that a framework looks agents, tools and workflows up by at run time: kind → name → values."""
        self.looked: set[tuple[str, int]] = set()
        """Functions of which a call was looked through."""
        self.imported_by: dict[str, list[str]] | None = None
        self._run()

    # ---- what it makes ------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Looks through all calls of the modules that have to do with agents, then of the calls that those make."""
        wanted = {path for path, module in self.modules.items() if module.marked}
        for path, module in self.modules.items():
            if path not in wanted and module.functions:
                used = {self.places.resolve(path, specifier) for specifier, _, _ in module.imports.values()}
                if used & wanted:
                    wanted.add(path)
        for path in sorted(wanted):
            module, frame = self.modules[path], self.roots[path]
            for index, function in enumerate(module.functions):
                for call in function.calls:
                    self._note(call, index, frame)
        self.look_through(3000 + 20 * len(wanted))
        for path in sorted(wanted):
            module, frame = self.modules[path], self.roots[path]
            for one in module.assigned:
                for target in self.value(one.target, one.function, frame).options():
                    if isinstance(target, Made):
                        self.extras[target.key, one.attr].append(self.value(one.value, one.function, frame))

    def look_through(self, limit: int) -> None:
        """Looks through the bodies of up to ``limit`` calls that came up meanwhile."""
        while self.pending and limit:
            callee, frame = self.pending.popleft()
            limit -= 1
            self.looked.add((callee.module.path, callee.index))
            for index in self.nested(callee.module, callee.index):
                for call in callee.module.functions[index].calls:
                    self._note(call, index, frame)

    def importers(self, path: str) -> list[str]:
        """Documents that import ``path``, or pass on what it exports."""
        if self.imported_by is None:
            self.imported_by = defaultdict(list)
            for importer, module in self.modules.items():
                specifiers = {specifier for specifier, _, _ in module.imports.values()} | set(module.stars)
                specifiers |= {found[1] for found in module.exports.values() if isinstance(found[1], str)}
                for target in sorted({self.places.resolve(importer, specifier) or "" for specifier in specifiers}):
                    self.imported_by[target].append(importer)
        return self.imported_by.get(path, [])

    def nested(self, module: ir.Module, index: int) -> list[int]:
        """A function and all functions that are written inside it."""
        found, stack = [], [index]
        while stack:
            one = stack.pop()
            found.append(one)
            stack.extend(reversed(module.functions[one].inner))
        return found

    def _note(self, call: ir.Call, function: int, frame: Frame) -> None:
        func = call.func
        if isinstance(func, ir.Attr) and func.attr not in METHODS and not self._is_followed(func.base, function, frame.module):
            return
        self.value(call, function, frame)
        if not isinstance(func, ir.Attr):
            return
        for base in self.value(func.base, function, frame).options():
            if isinstance(base, Made):
                arguments = self.arguments(call, function, frame)
                self.called[_root_key(base)].append(Called(func.attr, arguments, frame.module.path, call.line, function))
            elif isinstance(base, Bound) and isinstance(base.receiver, Made) and func.attr in ("push", "unshift"):
                self.extras[base.receiver.key, base.attr].extend(self.arguments(call, function, frame))
            elif isinstance(base, Bound) and func.attr == "registerToolTask":
                root = base.receiver.receiver if isinstance(base.receiver, Bound) else base.receiver
                if isinstance(root, Made):
                    arguments = self.arguments(call, function, frame)
                    self.called[_root_key(root)].append(Called("registerTool", arguments, frame.module.path, call.line, function))

    def _is_followed(self, base: ir.Expr, function: int, module: ir.Module) -> bool:
        """Whether a method's receiver may be of the tree: ``this``, something imported, or a class or function that is declared here."""
        while isinstance(base, (ir.Attr, ir.Call)):
            base = base.base if isinstance(base, ir.Attr) else base.func
        if not isinstance(base, ir.Name):
            return False
        scope = module.functions[function].scope
        while scope >= 0:
            found = module.scopes[scope].names.get(base.id)
            if found is not None:
                return any(isinstance(one, (ir.Fn, ir.Cls, ir.Obj, ir.Each)) or (isinstance(one, ir.Call) and one.new) for one in found)
            scope = module.scopes[scope].parent
        return base.id == "this" or base.id in module.imports

    def objects(self, packages: tuple[str, ...], *names: str) -> Iterator[Made]:
        """Objects made by calling one of ``names`` (last part of the callee) of ``packages``, classes of the tree that extend one included.
        Of an object that a factory makes there is one for each set of arguments the factory is called with."""
        for made in list(self.made.values()):
            if made.receiver is None and made.within(*packages) and made.symbol in names and not self.is_pattern(made):
                yield made

    def is_pattern(self, made: Made) -> bool:
        """Whether it stands for calls of its function that are known one by one."""
        if made.frame.key:
            return False
        module, index = made.frame.module, made.function
        while index > 0:
            if (module.path, index) in self.looked and module.functions[index].params > 0:
                return True
            index = module.functions[index].parent
        return False

    def calls_on(self, made: Made) -> list[Called]:
        """Method calls on an object, fluent ones too, in the order of the source."""
        return self.called.get(made.key, [])

    def option(self, made: Made, name: str, position: int = 0) -> Value | None:
        """The option ``name`` of the object at ``position`` of its arguments, with what is assigned or pushed to it later; None where
        nothing is said."""
        found: Value | None = None
        given = made.arg(position)
        for options in given.options() if given is not None else ():
            if isinstance(options, DictV):
                found = options.get(name) if found is None else found
                if found is None and options.rest:
                    found = Unknown(options.path, options.line, "its options are put together when it runs")
            elif not isinstance(options, Const):
                reason = options.reason if isinstance(options, Unknown) else "its options are put together when it runs"
                found = found or Unknown(made.path, made.line, reason)
        if found is None and made.cls is not None:
            field_value = self.member(made.cls, name, made)
            found = field_value if not isinstance(field_value, FunctionV) else None
        more = self.extras.get((made.key, name))
        if more:
            old = list(found.items) if isinstance(found, ListV) else [found] if found is not None else []
            found = ListV(made.path, made.line, (*old, *more))
        return found

    # ---- places -------------------------------------------------------------------------------------------------------------

    def source(self, path: str, line: int) -> str:
        return self.document(path).source(line)

    def document(self, path: str) -> Document:
        """The document without its bytes, for helpers that state facts about one."""
        return Document(self.root, path, b"", _no_fingerprint)

    def props(self, at: Value | Called, **props: object) -> Props:
        """Properties of an edge of declared evidence, stated at a place."""
        return {"evidence": ["declared"], "sources": [self.source(at.path, at.line)], **{k: v for k, v in props.items() if v is not None}}

    def edge(self, kind: str, source: NodeKey, target: NodeKey, at: Value | Called, **props: object) -> EdgeFact:
        """An edge of declared evidence whose source is the place of ``at``."""
        return EdgeFact(kind, source, target, self.props(at, **props))

    def place(self, path: str) -> str:
        """Root and path without suffix, for ids."""
        return _SUFFIX.sub("", f"{self.root}/{path}" if path else self.root)

    def problem(self, at: Value | Called, message: str, severity: str = "warning") -> Iterator[Fact]:
        """A problem at the place of ``at``; at most 20 of a document, :meth:`rest` counts the others."""
        told = (at.path, at.line, message)
        if told in self.told:
            return
        self.told.add(told)
        self.problems[at.path] += 1
        if self.problems[at.path] <= MAX_PROBLEMS:
            yield Problem(at.path, f"L{at.line}", message, severity, INGESTOR)

    def rest(self) -> Iterator[Fact]:
        """How many problems of each document were not told."""
        for path, count in sorted(self.problems.items()):
            if count > MAX_PROBLEMS:
                message = f"{count - MAX_PROBLEMS} more places that could not be followed are not listed"
                yield Problem(path, "", message, "warning", INGESTOR)

    # ---- declaring ----------------------------------------------------------------------------------------------------------

    def declare(
        self,
        made: Value,
        name: Value | str | None,
        framework: str,
        *,
        kind: str = "Agent",
        detail: str = "",
        parent: str = "",
        around: str = "",
        type_: str | None = None,
    ) -> Actor:
        """States that ``made`` is an agent or workflow. Without a name of its own it is called by the variable it is assigned to.
        ``parent`` becomes part of its id; ``around`` where another of its document has the same."""
        known = self.actors.get(_key(made))
        if known is not None:
            return known
        given = name if isinstance(name, str) else name.text() if name is not None else None
        if given is None and isinstance(name, Const) and isinstance(name.value, str) and name.value.strip("{…} "):
            given = name.value
        called = redact((given or self.variable(made)).strip()[:MAX_NAME]) or "agent"
        start = f"{framework}:{self.place(made.path)}#{parent}"
        place = f"{start}{called}"
        if self._is_another(kind, place, made):
            outer = next((one for one in (around, redact(self.variable(made)), redact(_function(made))) if one not in {"", called}), "")
            place = base = f"{start}{outer}/{called}" if outer else place
            number = 1
            while self._is_another(kind, place, made):
                number += 1
                place = f"{base}~{number}"
        props: Props = {
            "name": called,
            "kind_detail": detail or None,
            "status": "active",
            "environment": environment_of(made.path or self.root),
            "sources": [self.source(made.path, made.line)],
        }
        if kind == "Agent":
            props["framework"] = framework
        else:
            props["type"] = type_ or framework
        actor = Actor((kind, place), called, framework, made, {name: value for name, value in props.items() if value is not None})
        self.actors[_key(made)] = actor
        first = self.by_key.setdefault(actor.key, actor)
        if first is not actor:
            first.props["sources"] = sorted({*first.props["sources"], *props["sources"]})
        if name is not None and given is None:
            actor.props["labels"] = ["name=unknown"]
        return actor

    def _is_another(self, kind: str, place: str, made: Value) -> bool:
        """Whether that id is taken by what stands elsewhere in the same document; ``a.js`` beside ``a.ts`` says the same again."""
        other = self.by_key.get((kind, place))
        return other is not None and other.value.path == made.path and _site(other.value) != _site(made)

    def variable(self, value: Value) -> str:
        """What an object without a name is called: the variable it is assigned to, the function it stands in, its file or folder."""
        if isinstance(value, Made):
            if value.call.hint.lower() not in _NO_NAMES:
                return value.call.hint
            index, module = value.function, value.frame.module
            while index > 0:
                name = module.functions[index].name
                if name.lower() not in _NO_NAMES and not re.fullmatch(r"[A-Z]+|execute|func|tools?", name):
                    return name
                index = module.functions[index].parent
        folder, _, file = _SUFFIX.sub("", value.path or self.root).rpartition("/")
        return posixpath.basename(folder) if file.lower() in _NO_NAMES and folder else file

    def actor(self, value: Value | None) -> Actor | None:
        """The agent or workflow that a value is, also through methods such as ``.compile()`` and ``.clone()``."""
        while value is not None:
            found = self.actors.get(_key(value))
            if found is not None:
                return self.by_key[found.key]
            if isinstance(value, Made) and value.callee.removeprefix("?.") in LOOKUPS:
                return next(iter(self.looked_up(value)), None)
            value = value.receiver if isinstance(value, (Made, Bound)) else None
        return None

    def looked_up(self, made: Made) -> list[Actor]:
        """What is registered under the name that a call asks for; of several, those that lie nearest to the call."""
        registry = self.registries[LOOKUPS[made.callee.removeprefix("?.")]]
        given = made.arg(0)
        found: dict[NodeKey, Actor] = {}
        for option in given.options() if given is not None else ():
            known = [actor for value in registry.get(option.text() or "", ()) if (actor := self.actor(value)) is not None]
            near = max((_shared(made.path, actor.value.path) for actor in known), default=0)
            found.update({actor.key: actor for actor in known if _shared(made.path, actor.value.path) == near})
        return list(found.values())

    def of_framework(self, framework: str) -> list[Actor]:
        """What was declared with that framework, in the order of declaration."""
        return [actor for actor in self.actors.values() if actor.framework == framework]

    def nodes(self) -> Iterator[Fact]:
        """The nodes of all that was declared."""
        for actor in self.by_key.values():
            yield NodeFact(*actor.key, actor.props)

    def delegates(
        self, source: NodeKey, targets: Value | None, mode: str, detail: str, *, who: str, at: Value | Called | None = None
    ) -> Iterator[Fact]:
        """DELEGATES_TO for every agent or workflow in ``targets``, and a problem for each that could not be followed."""
        for one in walk(targets):
            target = self.actor(one)
            if target is not None:
                if target.key != source:
                    yield self.edge("DELEGATES_TO", source, target.key, at or targets or one, mode=mode, kind_detail=detail)
            else:
                yield from self.problem(at or one, f"{who} delegates to something that could not be followed: {why(one)}")


def why(value: Value) -> str:
    """Why a value is not what was looked for, in words."""
    if isinstance(value, Unknown):
        return value.reason
    return "it is not known what it is"


def texts(value: Value | None) -> list[str]:
    """The constant texts in a list, or the one."""
    return [text for text in (one.text() for one in walk(value)) if text]


def _key(value: Value) -> tuple[object, ...]:
    if isinstance(value, Made):
        return value.key
    if isinstance(value, FunctionV):
        return (value.module.path, "function", value.index)
    if isinstance(value, ClassV):
        return (value.module.path, "class", value.index)
    return (id(value),)


def _function(value: Value) -> str:
    """Name of the innermost function with one that something is made in."""
    index = value.function if isinstance(value, Made) else 0
    while index > 0 and isinstance(value, Made):
        function = value.frame.module.functions[index]
        if function.name:
            return function.name
        index = function.parent
    return ""


def _site(value: Value) -> int:
    """The place in its document that a value comes from."""
    return value.call.site if isinstance(value, Made) else -value.line


def _shared(one: str, other: str) -> int:
    """How many folders two documents have in common."""
    common = posixpath.commonpath([posixpath.dirname(one), posixpath.dirname(other)])
    return common.count("/") + 1 if common else 0


def _root_key(made: Made) -> tuple[object, ...]:
    root = made.root()
    return root.key if isinstance(root, Made) else made.key


def _no_fingerprint(_value: str) -> str:
    return "unread"


def is_unread(fact: Fact) -> bool:
    """Whether a fact speaks of a credential that was put together from parts, whose fingerprint is not known any more."""
    if isinstance(fact, NodeFact):
        return fact.id == "secret:unread"
    return isinstance(fact, EdgeFact) and ("Secret", "secret:unread") in (fact.source, fact.target)


def first(values: Iterable[Value | None]) -> Value | None:
    """The first that is said."""
    return next((value for value in values if value is not None), None)
