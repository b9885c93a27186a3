"""Templates carried out as far as they are constant: which resources they deploy, with which ids and properties.

What only a deployment tells keeps the name of what would tell it (:class:`~graphinv.ingest.support.partial.Unknown`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from graphinv.ingest.support.arm import functions, ir, verified
from graphinv.ingest.support.arm.places import ABOUT, resource_id
from graphinv.ingest.support.arm.things import NO_NAMES, Env, Foreign, Instance, Outputs, Part, World
from graphinv.ingest.support.partial import MAX_ITEMS, Unknown, Value, is_known, references, text_of, within

MAX_STEPS = 2_000_000
MAX_DEPTH = 100
MAX_LEVELS = 8
MAX_DEPLOYED = 2_000
MAX_INSTANCES = 1_000
GROUP = "microsoft.resources/resourcegroups"


@dataclass(eq=False)
class Frame:
    """One deployment of a template.

    ``given`` are its parameters as values, ``scope`` the id of where it is deployed, ``subscription`` of the subscription around.
    """

    world: World
    template: ir.Template
    given: Mapping[str, Value]
    scope: str
    subscription: str
    level: int = 0
    parent: Frame | None = None
    """The one whose parameters and variables its expressions mean, where they are not its own."""
    made: dict[tuple[str, str], Value] = field(default_factory=dict)
    running: set[tuple[str, str]] = field(default_factory=set)
    symbols: dict[str, list[Value]] = field(default_factory=dict)

    # ---- what is declared ---------------------------------------------------------------------------------------------------

    def once(self, kind: str, name: str, make: Callable[[], Value]) -> Value:
        key = (kind, name)
        if key not in self.made:
            if key in self.running:
                return Unknown(name)
            self.running.add(key)
            try:
                self.made[key] = make()
            finally:
                self.running.discard(key)
        return self.made[key]

    def parameter(self, name: str) -> Value:
        if self.parent is not None:
            return self.parent.parameter(name)
        stated = self.template.parameters.get(name)
        if name in self.given:
            return self.given[name]
        if stated is None or stated.default is None:
            return Unknown(name)
        default = stated.default
        return self.once("parameter", name, lambda: self.value(default, NO_NAMES))

    def variable(self, name: str) -> Value:
        if self.parent is not None:
            return self.parent.variable(name)
        expr = self.template.variables.get(name)
        return Unknown(name) if expr is None else self.once("variable", name, lambda: self.value(expr, NO_NAMES))

    def output(self, name: str) -> Value:
        expr = self.template.outputs.get(name)
        return Unknown(f"outputs.{name}") if expr is None else self.once("output", name, lambda: self.value(expr, NO_NAMES))

    def by_symbol(self) -> dict[str, list[Value]]:
        """Resources and modules by their symbols: an :class:`Instance`, a :class:`Frame` or a :class:`Foreign` each."""
        return {symbol: self.of_symbol(symbol) or [] for symbol in self.stated}

    @cached_property
    def stated(self) -> dict[str, ir.Resource | ir.Module]:
        found: dict[str, ir.Resource | ir.Module] = {one.symbol: one for one in self.template.resources}
        return found | {one.symbol: one for one in self.template.modules}

    def of_symbol(self, symbol: str) -> list[Value] | None:
        """What is declared under a symbol; None where nothing is, or where it needs itself."""
        if symbol not in self.symbols:
            stated = self.stated.get(symbol)
            if stated is None or ("symbol", symbol) in self.running:
                return None
            self.running.add(("symbol", symbol))
            made = self.instances(stated) if isinstance(stated, ir.Resource) else self.deployments(stated)
            self.symbols[symbol] = made
            self.running.discard(("symbol", symbol))
        return self.symbols[symbol]

    def turns(self, loop: ir.Loop | None, condition: ir.Expr | None) -> Iterator[Env]:
        """Names of each turn of a loop that its condition does not rule out; one turn where there is no loop or it is not known."""
        for env in [NO_NAMES] if loop is None else self.looped(loop, NO_NAMES):
            if condition is None or self.value(condition, env) is not False:
                yield env

    def looped(self, loop: ir.Loop, env: Env) -> list[Env]:
        of = self.value(loop.of, env)
        items = [*of] if isinstance(of, list) else [Unknown(loop.names[0])]
        turns = []
        for index, item in enumerate(items[:MAX_INSTANCES]):
            names = dict(zip(loop.names, (item, index), strict=False))
            inner = env.having(names)
            if loop.test is None or self.value(loop.test, inner) is not False:
                turns.append(inner)
        self.world.exhausted = self.world.exhausted or len(items) > MAX_INSTANCES
        return turns

    def instances(self, resource: ir.Resource) -> list[Value]:
        found: list[Value] = []
        for env in self.turns(resource.loop, resource.condition):
            self.world.deployed += 1
            if self.world.deployed > MAX_DEPLOYED:
                self.world.exhausted = True
                break
            name = text_of(self.settled(self.value(resource.name, env))) or text_of(Unknown(resource.symbol))
            one = Instance(self, resource, env, self.id_of(resource, name, env).lower(), name)
            self.world.by_id.setdefault(one.id, one)
            found.append(one)
        return found

    def id_of(self, resource: ir.Resource, name: str, env: Env) -> str:
        parents = self.of_symbol(resource.parent) if resource.parent else None
        around = parents[0] if parents else None
        if isinstance(around, Instance):
            last = resource.type.rpartition("/")[2]
            return f"{around.id}/{last}/{name.rpartition('/')[2]}"
        scope = self.place(resource.scope, env) if resource.scope is not None else self.scope
        if resource.type.lower() == GROUP:
            return f"{self.subscription}/resourcegroups/{name}"
        return resource_id(scope, resource.type, name.split("/"))

    def place(self, scope: ir.Expr, env: Env) -> str:
        """Id of the scope that an expression means."""
        value = self.value(scope, env)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, Instance):
            return value.id
        if isinstance(value, dict):
            value = value.get("id")
        text = text_of(self.settled(value))
        if isinstance(value, str) and not text.startswith("/") and "/providers/" not in text:
            # A relative name: ``Microsoft.Storage/storageAccounts/x``.
            kind, _, name = text.rpartition("/")
            return resource_id(self.scope, kind, [name]) if "/" in kind else text
        return text.lower() if text.startswith("/") else text

    def deployments(self, module: ir.Module) -> list[Value]:
        found: list[Value] = []
        template = module.template or self.followed(module)
        for env in self.turns(module.loop, module.condition):
            self.world.deployed += 1
            if self.world.deployed > MAX_DEPLOYED or self.level >= MAX_LEVELS:
                self.world.exhausted = True
                break
            given = self.value(module.parameters, env)
            given = {str(key): value for key, value in given.items() if value is not None} if isinstance(given, dict) else {}
            scope = self.place(module.scope, env) if module.scope is not None else self.scope
            subscription = "/".join(scope.split("/")[:3]) if scope.startswith("/subscriptions/") else self.subscription
            if template is None:
                found.append(self.foreign(module, given, scope))
            else:
                outer = self if module.outer else None
                found.append(Frame(self.world, template, given, scope, subscription, self.level + 1, outer))
        return found

    def foreign(self, module: ir.Module, given: dict[str, Value], scope: str) -> Foreign:
        """A template that is not among the documents. Those of the public registry deploy a resource of their own name."""
        kind = verified.type_of(module.source)
        name = text_of(self.settled(given.get("name"))) or text_of(Unknown(module.symbol))
        return Foreign(self, module, given, kind, resource_id(scope, kind, [name]) if kind else "", name)

    def followed(self, module: ir.Module) -> ir.Template | None:
        path = within(self.template.path.rpartition("/")[0], module.source) if is_known(module.source) else None
        template = self.world.templates.get(path) if path is not None and module.source else None
        if template is None and not verified.type_of(module.source):
            self.world.unfollowed.append((self.template.path, module.line, module.source))
        return template

    def everything(self) -> Iterator[Instance | Foreign]:
        """Resources of this deployment and of those in it, and templates that are not known."""
        for made in self.by_symbol().values():
            for one in made:
                if isinstance(one, Frame):
                    yield from one.everything()
                else:
                    yield one

    # ---- expressions --------------------------------------------------------------------------------------------------------

    def value(self, expr: ir.Expr, env: Env) -> Value:
        """What ``expr`` comes to; never raises."""
        world = self.world
        world.steps += 1
        if world.steps > MAX_STEPS or world.depth > MAX_DEPTH:
            world.exhausted = True
            return Unknown("?")
        world.depth += 1
        try:
            return self._value(expr, env)
        finally:
            world.depth -= 1

    def _value(self, expr: ir.Expr, env: Env) -> Value:
        match expr:
            case ir.Literal(value):
                return value
            case ir.Name(name):
                return self.named(name, env)
            case ir.Member(of, name):
                return self.member(self.value(of, env), name)
            case ir.Index(of, key):
                return self.item(self.value(of, env), self.value(key, env))
            case ir.Array(items):
                made: list[Value] = []
                for item in items:
                    value = self.value(item.of if isinstance(item, ir.Spread) else item, env)
                    made += (
                        value if isinstance(item, ir.Spread) and isinstance(value, list) else [] if isinstance(item, ir.Spread) else [value]
                    )
                return made[:MAX_ITEMS]
            case ir.Object(pairs):
                return self.object(pairs, env)
            case ir.Each(loop, body):
                return [self.value(body, inner) for inner in self.looped(loop, env)]
            case ir.Call(name, arguments):
                return self.call(name, arguments, env)
        return Unknown("?")

    def object(self, pairs: tuple[tuple[ir.Expr, ir.Expr], ...], env: Env) -> dict[str, Value]:
        made: dict[str, Value] = {}
        for key, value in pairs:
            if isinstance(key, ir.Spread):
                spread = self.value(key.of, env)
                made |= spread if isinstance(spread, dict) else {}
            else:
                made[text_of(self.settled(self.value(key, env)))] = self.value(value, env)
        return made

    def named(self, name: str, env: Env) -> Value:
        if name in env.names:
            return env.names[name]
        if name in self.template.parameters or name in self.given:
            return self.parameter(name)
        if name in self.template.variables:
            return self.variable(name)
        found = self.symbol(name)
        return Unknown(name) if found is None else found

    def symbol(self, name: str) -> Value:
        """A resource or module by its symbol: itself, or a list of those that a loop makes."""
        made = self.of_symbol(name)
        if made is None:
            return None
        return made if self.stated[name].loop is not None else (made[0] if made else None)

    def settled(self, value: Value) -> Value:
        """``value`` without what stands for something that is deployed."""
        if isinstance(value, Instance):
            return value.id
        if isinstance(value, Part):
            return (
                value.value
                if value.value is not None and not isinstance(value.value, (dict, list))
                else self.world.told(value.of.id, value.path)
            )
        if isinstance(value, list):
            return [self.settled(item) for item in value]
        if isinstance(value, dict):
            return {key: self.settled(item) for key, item in value.items()}
        return Unknown("?") if isinstance(value, (Frame, Outputs, Foreign)) else value

    def member(self, of: Value, name: str) -> Value:
        match of:
            case Instance():
                return self.of_instance(of, name)
            case Part():
                return self.of_part(of, name)
            case Frame():
                return Outputs(of, boxed=False) if name == "outputs" else of.scope if name == "id" else Unknown(name)
            case Foreign():
                return of if name == "outputs" else of.output(self.world, name)
            case Outputs(frame, boxed):
                value = frame.output(name)
                return {"value": value} if boxed else value
            case dict():
                if name in of:
                    return of[name]
                return next((value for key, value in of.items() if str(key).lower() == name.lower()), None)
            case Unknown(text):
                return Unknown(f"{text}.{name}")
        return None if of is None else Unknown(name)

    def of_instance(self, of: Instance, name: str) -> Value:
        if name in ("id", "resourceId"):
            return of.id
        if name == "name":
            return of.name
        if name == "type":
            return of.type
        if name in ("properties", "identity"):
            return Part(of, name, of.body().get(name))
        stated = of.body().get(name)
        return self.world.told(of.id, name) if stated is None else stated

    def of_part(self, of: Part, name: str) -> Value:
        stated = self.member(of.value, name) if isinstance(of.value, dict) else None
        path = name if of.path in ("properties", "identity") else f"{of.path}.{name}"
        if isinstance(stated, dict):
            return Part(of.of, path, stated)
        return self.world.told(of.of.id, path) if stated is None else stated

    def item(self, of: Value, key: Value) -> Value:
        if isinstance(of, list):
            if isinstance(key, (int, float)) and not isinstance(key, bool):
                return of[int(key)] if -len(of) <= int(key) < len(of) else None
            return of[0] if of else None
        if isinstance(key, str):
            return self.member(of, key)
        return Unknown(f"{of.text}[{text_of(key)}]") if isinstance(of, Unknown) else Unknown("?")

    # ---- functions ----------------------------------------------------------------------------------------------------------

    def call(self, name: str, arguments: tuple[ir.Expr, ...], env: Env) -> Value:
        lowered = name.lower()
        if lowered == "if" and len(arguments) == 3:
            return self.choice(self.value(arguments[0], env), arguments[1], arguments[2], env)
        if lowered in _OVER and len(arguments) > 1:
            return self.over(lowered, arguments, env)
        own = self.template.functions.get(name)
        given = [self.value(one, env) for one in arguments]
        if own is not None:
            return self.value(own.body, Env({**dict(zip(own.names, given, strict=False)), "()": own.names}))
        if lowered == "parameters" and given:
            own_names = env.names.get("()", ())
            return env.names[given[0]] if given[0] in own_names else self.parameter(text_of(given[0]))
        if lowered == "variables" and given:
            return self.variable(text_of(given[0]))
        if lowered == "unknown":
            return Unknown(text_of(given[0]) if given else "?")
        if lowered.startswith("load"):  # a file beside it
            return Unknown(text_of(given[0]).rpartition("/")[2].partition(".")[0] if given else "?")
        if lowered == "copyindex":
            return self.copy_index(given, env)
        if lowered == "reference":
            return self.reference(given)
        if lowered in ABOUT:
            words = [text_of(self.settled(one)) for one in given]
            return ABOUT[lowered](self, words)
        if lowered.startswith("list") or lowered == "getsecret":
            return self.handed_out(lowered, given)
        return functions.call(name, [self.settled(one) for one in given])

    def choice(self, test: Value, yes: ir.Expr, no: ir.Expr, env: Env) -> Value:
        """Where it can't be told which it is, what either may bring: lists are put together, what is known goes before what is not."""
        if isinstance(test, bool):
            return self.value(yes if test else no, env)
        one, other = self.value(yes, env), self.value(no, env)
        if isinstance(one, list) and isinstance(other, list):
            return one + [item for item in other if item not in one]
        if isinstance(one, dict) and isinstance(other, dict):
            return {**other, **one}
        return other if isinstance(one, Unknown) or one in (None, "", [], {}) else one

    def over(self, name: str, arguments: tuple[ir.Expr, ...], env: Env) -> Value:
        """Functions that are given a lambda."""
        of, how = self.value(arguments[0], env), arguments[1]
        if not isinstance(of, list) or not isinstance(how, ir.Lambda):
            return Unknown(f"{name}()")
        turns = [env.having(dict(zip(how.names, (item, index), strict=False))) for index, item in enumerate(of[:MAX_ITEMS])]
        results = [self.value(how.body, inner) for inner in turns]
        if name == "map":
            return results
        if name == "filter":
            return [item for item, result in zip(of, results, strict=False) if result is not False]
        if name == "toobject":
            second = arguments[2] if len(arguments) > 2 else None
            values = [self.value(second.body, inner) for inner in turns] if isinstance(second, ir.Lambda) else of
            return {text_of(self.settled(key)): value for key, value in zip(results, values, strict=False)}
        return of

    def copy_index(self, given: list[Value], env: Env) -> Value:
        names = [name for name in env.names if name.startswith("copy:")]
        wanted = f"copy:{given[0]}" if given and isinstance(given[0], str) else names[-1] if names else ""
        offset = given[-1] if given and isinstance(given[-1], int) else 0
        found = env.names.get(wanted)
        return found + offset if isinstance(found, int) else Unknown("copyIndex()")

    def reference(self, given: list[Value]) -> Value:
        """A resource by its symbol or id: its properties, or all of it."""
        if not given:
            return Unknown("reference()")
        whole = len(given) > 2 and text_of(given[2]).lower() == "full"
        of = given[0]
        if isinstance(of, str):
            symbolic = self.symbol(of) if "/" not in of else None
            of = symbolic if symbolic is not None else self.world.by_id.get(of.lower()) or self.deployment(of) or of
        if isinstance(of, Frame):
            return {"outputs": Outputs(of, boxed=True)}
        if isinstance(of, str):
            of = Instance(None, None, None, of.lower(), of.rpartition("/")[2])
        if isinstance(of, Instance):
            return of if whole else Part(of, "properties", of.body().get("properties"))
        return of if isinstance(of, (list, Unknown)) else Unknown("reference()")

    def deployment(self, id: str) -> Value:
        """A template that is deployed here, by the id of its deployment."""
        head, _, name = id.rpartition("/")
        if not head.lower().endswith("/deployments"):
            return None
        for module in self.template.modules:
            for index, env in enumerate(self.turns(module.loop, module.condition)):
                if text_of(self.settled(self.value(module.name, env))).lower() == name.lower():
                    made = self.of_symbol(module.symbol) or []
                    return made[index] if index < len(made) else None
        return None

    def handed_out(self, name: str, given: list[Value]) -> Value:
        """What the service answers who asks it for keys: access to all that it holds."""
        of = given[0] if given else None
        id = of.id if isinstance(of, Instance) else text_of(self.settled(of))
        if name == "getsecret":
            secret = f"{id}/secrets/{text_of(self.settled(given[1])) if len(given) > 1 else '?'}".lower()
            told = self.world.told(secret, "secret")
        else:
            secret, told = id.lower(), self.world.told(id, "key")
        self.world.keys[references(text_of(told))[0]] = secret
        return told


_OVER = frozenset({"map", "filter", "sort", "reduce", "toobject", "groupby"})


def deployed(world: World, template: ir.Template, given: Mapping[str, ir.Expr]) -> Frame:
    """A template as it is deployed by itself, with the parameters of a file."""
    subscription = f"/subscriptions/{text_of(Unknown('subscription'))}"
    scopes = {
        "subscription": subscription,
        "managementGroup": f"/providers/microsoft.management/managementgroups/{text_of(Unknown('managementGroup'))}",
        "tenant": "/",
    }
    scope = scopes.get(template.scope, f"{subscription}/resourcegroups/{text_of(Unknown('resourceGroup'))}")
    empty = Frame(world, ir.Template(template.path), {}, scope, subscription)
    values = {name: empty.value(expr, NO_NAMES) for name, expr in given.items()}
    return Frame(world, template, {name: value for name, value in values.items() if value is not None}, scope, subscription)
