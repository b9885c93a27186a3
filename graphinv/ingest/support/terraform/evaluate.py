"""What expressions of Terraform come to: variables, locals, modules, references to resources, ``count`` and ``for_each``.

Evaluation is lazy and bounded in steps, depth and the size of values; what goes beyond, and whatever only a provider knows, is
:class:`~graphinv.ingest.support.partial.Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.partial import MAX_ITEMS, MAX_TEXT, TOP, Unknown, Value, is_known, text_of, within
from graphinv.ingest.support.terraform import functions, ir
from graphinv.ingest.support.terraform.operators import operate

MAX_STEPS = 2_000_000
MAX_DEPTH = 120
MAX_INSTANCES = 500


@dataclass(frozen=True, slots=True)
class Space:
    """A reference that is not complete yet: ``data``, ``data.TYPE``, ``module`` or the type of a resource."""

    kind: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a resource or data source; ``env`` holds its ``each`` and ``count``."""

    mode: str
    block: ir.Block
    path: str
    address: str
    key: str | int | None
    env: Env

    @property
    def type(self) -> str:
        return self.block.labels[0]


@dataclass(frozen=True, slots=True)
class Several:
    """The instances of a resource with ``count`` or ``for_each``, or of a module's call."""

    of: tuple[Any, ...]
    keyed: bool


@dataclass(frozen=True, slots=True)
class Called:
    """A module that is called; ``key`` is its place among the instances of one call."""

    scope: Scope
    key: str | int | None = None


class Body(dict[str, Value]):
    """What a block of a resource states; what it does not, its provider may tell."""

    def __init__(self, address: str, stated: Mapping[str, Value]) -> None:
        super().__init__(stated)
        self.address = address


@dataclass
class Module:
    """All configuration of one folder."""

    folder: str
    variables: dict[str, ir.Block] = field(default_factory=dict)
    locals: dict[str, ir.Expr] = field(default_factory=dict)
    outputs: dict[str, ir.Expr] = field(default_factory=dict)
    calls: dict[str, tuple[str, ir.Block]] = field(default_factory=dict)
    resources: dict[tuple[str, str, str], tuple[str, ir.Block]] = field(default_factory=dict)
    """(``managed`` or ``data``, type, name) → document and block."""
    providers: list[ir.Block] = field(default_factory=list)
    given: dict[str, ir.Expr] = field(default_factory=dict)
    """Variables that its files of variables set."""


@dataclass(eq=False)
class Scope:
    """A module as it is called: its address (``module.a.``) and what its variables are given."""

    world: World
    module: Module
    address: str = ""
    given: Mapping[str, tuple[ir.Expr, Env]] = field(default_factory=dict)
    depth: int = 0
    caller: Scope | None = None
    call: ir.Block | None = None
    known: dict[tuple[str, str], Value] = field(default_factory=dict)
    running: set[tuple[str, str]] = field(default_factory=set)
    expanded: dict[tuple[str, str, str], Value] = field(default_factory=dict)

    def env(self) -> Env:
        return Env(self, {})

    def once(self, kind: str, name: str, make: Callable[[], Value]) -> Value:
        """The value of a variable, local or output; one that needs itself is unknown."""
        key = (kind, name)
        if key not in self.known:
            if key in self.running:
                return Unknown(f"{self.address}{kind}.{name}")
            self.running.add(key)
            try:
                self.known[key] = make()
            finally:
                self.running.discard(key)
        return self.known[key]

    def variable(self, name: str) -> Value:
        def make() -> Value:
            if name in self.given:
                expr, env = self.given[name]
                value = self.world.value(expr, env)
                if value is not None:
                    return value
            block = self.module.variables.get(name)
            if not self.address and name in self.module.given:
                return self.world.value(self.module.given[name], self.env())
            if block is not None and "default" in block.attributes:
                return self.world.value(block.attributes["default"], self.env())
            return Unknown(f"{self.address}var.{name}")

        return self.once("var", name, make)

    def local(self, name: str) -> Value:
        expr = self.module.locals.get(name)
        return self.once("local", name, lambda: self.world.value(expr, self.env()) if expr else Unknown(f"{self.address}local.{name}"))

    def output(self, name: str) -> Value:
        expr = self.module.outputs.get(name)
        return self.once("output", name, lambda: self.world.value(expr, self.env()) if expr else Unknown(f"{self.address}{name}"))

    def resource(self, mode: str, kind: str, name: str) -> Value:
        """An :class:`Instance`, or :class:`Several`; Unknown where nothing of that name is declared."""
        key = (mode, kind, name)
        if key in self.expanded:
            return self.expanded[key]
        prefix = "data." if mode == "data" else ""
        address = f"{self.address}{prefix}{kind}.{name}"
        self.expanded[key] = Unknown(address)  # for one that needs itself
        found = self.module.resources.get(key)
        if found is not None:
            path, block = found
            made = [
                Instance(mode, block, path, address if index is None else f"{address}[{index!r}]".replace("'", '"'), index, env)
                for index, env in self.world.repeated(block, self.env(), address)
            ]
            repeats = "count" in block.attributes or "for_each" in block.attributes
            self.expanded[key] = Several(tuple(made), "for_each" in block.attributes) if repeats else made[0]
        return self.expanded[key]

    def called(self, name: str) -> Value:
        """The :class:`Called` module of a call, or :class:`Several` of them; Unknown where its source is not among the documents."""
        key = ("module", "", name)
        if key in self.expanded:
            return self.expanded[key]
        address = f"{self.address}module.{name}"
        self.expanded[key] = Unknown(address)
        found = self.module.calls.get(name)
        target = self.world.module_of(self.module, found[1]) if found and self.depth < 20 else None
        if found is None or target is None:
            return self.expanded[key]
        block = found[1]
        made: list[Called] = []
        for index, env in self.world.repeated(block, self.env(), address):
            given = {name: (expr, env) for name, expr in block.attributes.items() if name not in _META}
            inner = f"{address}." if index is None else f"{address}[{index!r}].".replace("'", '"')
            made.append(Called(Scope(self.world, target, inner, given, self.depth + 1, self, block), index))
        repeats = "count" in block.attributes or "for_each" in block.attributes
        self.expanded[key] = Several(tuple(made), "for_each" in block.attributes) if repeats else made[0]
        return self.expanded[key]


_META = frozenset({"source", "version", "count", "for_each", "providers", "depends_on"})


@dataclass(frozen=True, slots=True, eq=False)
class Env:
    """Where an expression stands: its module, and what ``each``, ``count`` and variables of ``for`` are."""

    scope: Scope
    names: Mapping[str, Value]

    def having(self, names: Mapping[str, Value]) -> Env:
        return Env(self.scope, {**self.names, **names})


@dataclass(eq=False)
class World:
    """All modules of a root, and what is left to spend.

    ``computed`` tells an attribute of a resource that its block does not state (an ARN, a document); Unknown where it can't.
    """

    modules: Mapping[str, Module]
    texts: Mapping[str, ir.Expr]
    computed: Callable[[Instance, str], Value]
    steps: int = 0
    depth: int = 0
    exhausted: bool = False
    place: str = ""
    """The folder that is applied."""
    cut: list[tuple[str, int]] = field(default_factory=list)
    """(address, instances) of what is repeated more often than is followed."""

    def module_of(self, caller: Module, block: ir.Block) -> Module | None:
        """The module that a call means, where its source is a folder of this root."""
        source = block.attributes.get("source")
        folder = within(caller.folder, source.value) if isinstance(source, ir.Literal) and isinstance(source.value, str) else None
        return self.modules.get(folder) if folder is not None else None

    def repeated(self, block: ir.Block, env: Env, address: str) -> list[tuple[str | int | None, Env]]:
        """Key and environment of each instance that ``count`` or ``for_each`` asks for; one where they can't be told."""
        made: list[tuple[str | int | None, Env]] = []
        if "count" in block.attributes:
            count = self.value(block.attributes["count"], env)
            if isinstance(count, bool) or not isinstance(count, (int, float)):
                return [(0, env.having({"count": {"index": Unknown("count.index")}}))]
            made = [(index, env.having({"count": {"index": index}})) for index in range(min(int(count), MAX_INSTANCES))]
            if count > MAX_INSTANCES:
                self.cut.append((address, int(min(count, 1e9))))
            return made
        if "for_each" not in block.attributes:
            return [(None, env)]
        pairs = self.pairs(self.value(block.attributes["for_each"], env))
        if pairs is None:
            return [("?", env.having({"each": {"key": Unknown("each.key"), "value": Unknown("each.value")}}))]
        for key, value in pairs[:MAX_INSTANCES]:
            made.append((text_of(key), env.having({"each": {"key": key, "value": value}})))
        if len(pairs) > MAX_INSTANCES:
            self.cut.append((address, len(pairs)))
        return made

    def pairs(self, of: Value, positions: bool = False) -> list[tuple[Value, Value]] | None:
        """Keys and values of a collection; of a set its items twice, of a list too unless ``positions`` are asked for. None if unknown."""
        if isinstance(of, Several):
            of = {instance.key: instance for instance in of.of} if of.keyed else list(of.of)
        if isinstance(of, dict):
            return list(of.items())
        if isinstance(of, list):
            return [(index if positions and not isinstance(of, functions.Set) else item, item) for index, item in enumerate(of)]
        return None

    # ----------------------------------------------------------------------------------------------------------------------------
    # Expressions

    def value(self, expr: ir.Expr, env: Env) -> Value:
        """What ``expr`` comes to in ``env``; never raises."""
        self.steps += 1
        if self.steps > MAX_STEPS or self.depth > MAX_DEPTH:
            self.exhausted = True
            return Unknown("?")
        self.depth += 1
        try:
            return self._value(expr, env)
        finally:
            self.depth -= 1

    def _value(self, expr: ir.Expr, env: Env) -> Value:
        match expr:
            case ir.Literal(value):
                return value
            case ir.Template(parts):
                return self.template(parts, env)
            case ir.Name(name):
                return self.start(name, env)
            case ir.Attribute(of, name):
                return self.attribute(self.value(of, env), name, env)
            case ir.Index(of, key):
                return self.item(self.value(of, env), self.value(key, env))
            case ir.Splat(of, names):
                whole = self.value(of, env)
                items = self.pairs(whole) if not isinstance(whole, (dict, Instance)) else [(0, whole)]
                if items is None:
                    return [] if whole is None else [self.steps_of(whole, names, env)]
                return [self.steps_of(item, names, env) for _, item in items]
            case ir.Call():
                return self.call(expr, env)
            case ir.Conditional(test, yes, no):
                return self.choice(self.value(test, env), yes, no, env)
            case ir.Operation(operator, operands):
                return operate(operator, [self.settled(self.value(one, env)) for one in operands])
            case ir.Tuple(items):
                return [self.value(item, env) for item in items]
            case ir.Object(pairs):
                return {text_of(self.value(key, env)): self.value(value, env) for key, value in pairs}
            case ir.For():
                return self.loop(expr, env)
        return Unknown("?")

    def template(self, parts: tuple[ir.Expr, ...], env: Env) -> Value:
        if len(parts) == 1:
            return self.value(parts[0], env)  # "${x}" is x, whatever it is
        text = "".join(text_of(self.settled(self.value(part, env))) for part in parts)
        self.steps += len(text) // 100
        return text if len(text) <= MAX_TEXT else Unknown("?")

    def settled(self, value: Value) -> Value:
        """What is left of a reference that is not complete: its address."""
        if isinstance(value, Instance):
            return Unknown(value.address)
        if isinstance(value, (Space, Several, Called)):
            return Unknown(value.type if isinstance(value, Space) else "?")
        return value

    def start(self, name: str, env: Env) -> Value:
        if name in env.names:
            return env.names[name]
        if name == "path":
            top = TOP + (self.place or ".")
            return {"module": TOP + (env.scope.module.folder or "."), "root": top, "cwd": top}
        if name == "resource":  # ``resource.type.name`` is ``type.name``
            return Space("managed")
        return Space(name) if name in ("var", "local", "data", "module", "each", "count", "self", "terraform") else Space("managed", name)

    def attribute(self, of: Value, name: str, env: Env) -> Value:
        match of:
            case Body():
                return of[name] if name in of else Unknown(f"{of.address}.{name}")
            case dict():
                return of.get(name)
            case Space("var"):
                return env.scope.variable(name)
            case Space("local"):
                return env.scope.local(name)
            case Space("data" | "managed" as mode, ""):
                return Space(mode, name)
            case Space("data" | "managed" as mode, kind):
                return env.scope.resource(mode, kind, name)
            case Space("module"):
                return env.scope.called(name)
            case Space(kind):
                return Unknown(f"{env.scope.address}{kind}.{name}")
            case Instance():
                return self.of_instance(of, name)
            case Called(scope):
                return scope.output(name)
            case Several(made) if made:
                return self.attribute(made[0], name, env)  # as Terraform before 0.12 took it
            case Unknown(text):
                return Unknown(f"{text}.{name}")
        return None if of is None else Unknown(f"?.{name}")

    def of_instance(self, of: Instance, name: str) -> Value:
        if name in of.block.attributes:
            return self.value(of.block.attributes[name], of.env)
        inner = of.block.inner(name)
        if inner:
            return [Body(f"{of.address}.{name}[{index}]", self.body(block, of.env)) for index, block in enumerate(inner)]
        return self.computed(of, name)

    def steps_of(self, value: Value, names: tuple[str, ...], env: Env) -> Value:
        for name in names:
            value = self.attribute(value, name, env)
        return value

    def item(self, of: Value, key: Value) -> Value:
        if isinstance(of, Several):
            found = [instance for instance in of.of if instance.key == key] if of.keyed else list(of.of)
            if not of.keyed and isinstance(key, int) and 0 <= key < len(of.of):
                return of.of[key]
            return found[0] if found else of.of[0] if of.of else None
        if isinstance(of, dict):
            return of.get(text_of(key)) if not isinstance(key, Unknown) else Unknown(f"?[{key.text}]")
        if isinstance(of, list) and isinstance(key, (int, float)) and not isinstance(key, bool):
            return of[int(key)] if 0 <= key < len(of) else None
        if isinstance(of, Unknown):
            return Unknown(f"{of.text}[{text_of(key)}]")
        return of if isinstance(of, Instance) else Unknown("?")

    def call(self, expr: ir.Call, env: Env) -> Value:
        if expr.name in ("file", "templatefile", "filebase64") and expr.arguments:
            return self.read(expr, env)
        arguments = [self.value(argument, env) for argument in expr.arguments]
        if expr.spread and arguments and isinstance(arguments[-1], list):
            arguments[-1:] = arguments[-1]
        settled = [self.collected(argument) for argument in arguments[:MAX_ITEMS]]
        result = functions.call(expr.name, settled)
        self.steps += _size(result)
        return result

    def collected(self, value: Value) -> Value:
        if isinstance(value, Several):
            return {text_of(one.key): one for one in value.of} if value.keyed else list(value.of)
        return value if isinstance(value, (list, dict)) else value if isinstance(value, Instance) else self.settled(value)

    def read(self, expr: ir.Call, env: Env) -> Value:
        """A text of this root that configuration reads."""
        path = self.value(expr.arguments[0], env)
        text = None
        for folder in (self.place, env.scope.module.folder) if isinstance(path, str) and is_known(path) else ():
            text = text or self.texts.get(within(folder, path) or "")
        if text is None:
            return Unknown(f"{expr.name}()")
        names = self.value(expr.arguments[1], env) if expr.name == "templatefile" and len(expr.arguments) > 1 else None
        return self.value(text, Env(env.scope, names if isinstance(names, dict) else {}))

    def choice(self, test: Value, yes: ir.Expr, no: ir.Expr, env: Env) -> Value:
        """Where it can't be told which of the two it is, what either may bring: lists and objects are put together, the larger number
        counts, what is known goes before what is not."""
        if isinstance(test, str) and test in ("true", "false"):
            test = test == "true"
        if isinstance(test, bool):
            return self.value(yes if test else no, env)
        one, other = self.value(yes, env), self.value(no, env)
        if isinstance(one, list) and isinstance(other, list):
            return one + [item for item in other if item not in one] if len(one) + len(other) <= MAX_ITEMS else one
        if isinstance(one, dict) and isinstance(other, dict):
            return {**other, **one}
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (one, other))
        if numbers:
            return max(one, other)
        return other if isinstance(one, Unknown) or one in (None, "", [], {}) else one

    def loop(self, expr: ir.For, env: Env) -> Value:
        of = self.value(expr.of, env)
        if isinstance(of, Instance):
            of = [of]
        pairs = self.pairs(of, positions=True)
        if pairs is None:
            return Unknown("for")
        items: list[Value] = []
        found: dict[str, Value] = {}
        for key, value in pairs[:MAX_ITEMS]:
            names = dict(zip(expr.names, (key, value) if len(expr.names) > 1 else (value,), strict=False))
            inner = env.having(names)
            if expr.test is not None and self.value(expr.test, inner) is False:
                continue
            result = self.value(expr.result, inner)
            if expr.key is None:
                items.append(result)
                continue
            name = text_of(self.settled(self.value(expr.key, inner)))
            if expr.grouped:
                found.setdefault(name, []).append(result)
            else:
                found[name] = result
        return items if expr.key is None else found

    # ----------------------------------------------------------------------------------------------------------------------------
    # Bodies

    def body(self, block: ir.Block, env: Env, depth: int = 0) -> dict[str, Value]:
        """Everything a block states: its attributes, and its blocks as lists of such, ``dynamic`` ones unrolled."""
        made: dict[str, Value] = {}
        for name, expr in block.attributes.items():
            made[name] = self.settled_deep(self.value(expr, env))
        for inner in block.blocks if depth < 20 else ():
            if inner.type == "dynamic" and inner.labels:
                made.setdefault(inner.labels[-1], []).extend(self.dynamic(inner, env, depth))
            else:
                made.setdefault(inner.type, [])
                if isinstance(made[inner.type], list):
                    made[inner.type].append(self.body(inner, env, depth + 1))
        return made

    def dynamic(self, block: ir.Block, env: Env, depth: int) -> Iterator[dict[str, Value]]:
        iterator = block.attributes.get("iterator")
        name = iterator.name if isinstance(iterator, ir.Name) else block.labels[-1]
        pairs = self.pairs(self.value(block.attributes.get("for_each", ir.Unread()), env), positions=True)
        for key, value in [(Unknown(f"{name}.key"), Unknown(f"{name}.value"))] if pairs is None else pairs[:MAX_INSTANCES]:
            for content in block.inner("content"):
                yield self.body(content, env.having({name: {"key": key, "value": value}}), depth + 1)

    def settled_deep(self, value: Value, depth: int = 0) -> Value:
        if isinstance(value, list) and depth < 50:
            return [self.settled_deep(item, depth + 1) for item in value]
        if isinstance(value, dict) and depth < 50:
            return {key: self.settled_deep(item, depth + 1) for key, item in value.items()}
        return self.settled(value)


def _size(value: Value) -> int:
    return len(value) // 100 if isinstance(value, str) else len(value) if isinstance(value, (list, dict)) else 1
