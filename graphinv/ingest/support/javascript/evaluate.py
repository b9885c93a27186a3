"""What expressions of the modules of a root evaluate to when nothing is run: names, imports across files, objects, calls of the tree's own
functions. Bounded in depth, in steps and in the number of calls that are followed.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.modules import Modules
from graphinv.ingest.support.javascript.values import (
    Bound,
    ClassV,
    Const,
    DictV,
    EnvVar,
    External,
    Frame,
    FunctionV,
    ListV,
    Made,
    Namespace,
    SelfV,
    Unknown,
    Value,
    either,
)

MAX_DEPTH = 90
MAX_TEXTS = 24
MAX_TEXT = 20_000
ENVIRONMENTS = frozenset({"process.env", "import.meta.env", "Bun.env", "Deno.env"})
_GIVEN = ("runtimeEnv", "processEnv")
"""How libraries that check the variables of the environment are given them."""
STEPS_OF_ROOT = 400_000
STEPS_OF_MODULE = 6_000


class Expressions:
    """Evaluates expressions of ``modules`` (by path)."""

    def __init__(self, modules: Mapping[str, ir.Module], configs: Mapping[str, ir.Config]) -> None:
        self.modules = modules
        self.places = Modules(modules, configs)
        self.roots = {path: Frame(module, 0, None, None, ()) for path, module in modules.items()}
        self.steps = STEPS_OF_ROOT + STEPS_OF_MODULE * len(modules)
        self.depth = 0
        self.exported: dict[tuple[str, str], Value | None] = {}
        self.made: dict[tuple[object, ...], Made] = {}
        """Every object that came up, in order."""
        self.frames: dict[tuple[str, int], list[Frame]] = defaultdict(list)
        """Calls of each function of the tree."""
        self.entered: dict[tuple[object, ...], Frame] = {}
        self.makers: dict[tuple[str, int], bool] = {}
        self.pending: deque[tuple[FunctionV, Frame]] = deque()
        """Calls whose bodies are still to be looked through."""
        self.added: dict[tuple[str, int, str], list[tuple[str, ir.Expr, int]]] = {}
        """What is added to an array or object later: (module, scope, name) → (key or "", expression, function)."""
        for path, module in modules.items():
            self._additions(path, module)

    # ---- expressions --------------------------------------------------------------------------------------------------------

    def value(self, expr: ir.Expr, function: int, frame: Frame) -> Value:
        """What ``expr``, which stands in ``function`` of the frame's module, evaluates to."""
        path = frame.module.path
        if isinstance(expr, ir.Const):
            return Const(path, expr.line, expr.value, True, expr.secrets)
        self.steps -= 1
        if self.depth > MAX_DEPTH or self.steps < 0:
            return Unknown(path, expr.line, "it is more than is followed")
        self.depth += 1
        try:
            return self._value(expr, function, frame)
        finally:
            self.depth -= 1

    def _value(self, expr: ir.Expr, function: int, frame: Frame) -> Value:  # noqa: PLR0911, PLR0912 - one case per kind of expression
        path = frame.module.path
        match expr:
            case ir.Name():
                return self.name(expr, function, frame)
            case ir.Attr():
                return self.attribute(self.value(expr.base, function, frame), expr.attr, expr.line)
            case ir.Call():
                return self.call(expr, function, frame)
            case ir.Obj():
                return self._object(expr, function, frame)
            case ir.Arr():
                return ListV(path, expr.line, tuple(self._elements(expr.items, function, frame)))
            case ir.Fn():
                return FunctionV(path, expr.line, frame.module, expr.number, frame)
            case ir.Cls():
                return ClassV(path, expr.line, frame.module, expr.number, frame)
            case ir.Env():
                return EnvVar(path, expr.line, expr.name)
            case ir.Choice():
                return either(path, expr.line, [self.value(one, function, frame) for one in expr.options])
            case ir.Template():
                return self._template(expr, function, frame)
            case ir.Path():
                return self._inside(self.value(expr.base, function, frame), expr.path, expr.default, function, frame, expr.line)
            case ir.Arg():
                return self._argument(expr, frame)
            case ir.Each():
                return self._each(self.value(expr.base, function, frame), expr)
            case ir.Sub():
                return self._subscript(self.value(expr.base, function, frame), self.value(expr.key, function, frame), expr.line)
            case ir.Spread():
                return self.value(expr.value, function, frame)
        return Unknown(path, expr.line, "it is computed")

    def _object(self, expr: ir.Obj, function: int, frame: Frame) -> Value:
        items: list[tuple[str, Value]] = []
        rest: list[Value] = []
        for item in expr.items:
            if item.key is not None:
                key = self.value(item.key, function, frame)
                value = self.value(item.value, function, frame)
                name = key.value if isinstance(key, Const) and key.complete else None
                if isinstance(name, (str, int)):
                    items.append((str(name), value))
                else:
                    rest.append(value)
                continue
            for option in self.value(item.value, function, frame).options():
                if isinstance(option, DictV):
                    items.extend(option.items)
                    rest.extend(option.rest)
                elif not isinstance(option, Const):
                    rest.append(option)
        return DictV(frame.module.path, expr.line, tuple(items), tuple(rest))

    def _elements(self, items: tuple[ir.Expr, ...], function: int, frame: Frame) -> list[Value]:
        found: list[Value] = []
        for item in items:
            value = self.value(item, function, frame)
            if isinstance(item, ir.Spread):
                for option in value.options():
                    found.extend(option.items if isinstance(option, ListV) else [option])
            else:
                found.append(value)
        return found

    def _template(self, expr: ir.Template, function: int, frame: Frame) -> Value:
        """A text put together; one for each possibility where a part has some."""
        texts: list[tuple[str, bool]] = [("", True)]
        for part in expr.parts:
            options = self.value(part, function, frame).options()
            pieces = [_piece(option) for option in (options if len(texts) * len(options) <= MAX_TEXTS else options[:1])]
            texts = [((text + piece)[:MAX_TEXT], whole and complete) for text, whole in texts for piece, complete in pieces]
        path = frame.module.path
        return either(path, expr.line, [Const(path, expr.line, text, whole) for text, whole in texts])

    def _subscript(self, base: Value, index: Value, line: int) -> Value:
        if isinstance(index, Const) and isinstance(index.value, str) and index.complete:
            return self.attribute(base, index.value, line)
        found: list[Value] = []
        for option in base.options():
            if isinstance(option, ListV):
                at = index.value if isinstance(index, Const) else None
                found.extend([option.items[at]] if isinstance(at, int) and 0 <= at < len(option.items) else option.items)
            elif isinstance(option, DictV):
                found.extend([*(value for _, value in option.items), *option.rest])
        return either(base.path, line, found) if found else Unknown(base.path, line, "it is chosen when it runs")

    def _inside(self, value: Value, path: tuple[str | int, ...], default: ir.Expr | None, function: int, frame: Frame, line: int) -> Value:
        for step in path:
            if isinstance(step, str):
                value = self.attribute(value, step, line)
            else:
                value = self._subscript(value, Const(value.path, line, step), line)
        missing = isinstance(value, Unknown) or (isinstance(value, Const) and value.value is None)
        return self.value(default, function, frame) if default is not None and missing else value

    def _each(self, base: Value, expr: ir.Each) -> Value:
        found: list[Value] = []
        for option in base.options():
            if isinstance(option, ListV):
                found.extend(option.items)
            elif isinstance(option, DictV) and expr.keys:
                found.extend(Const(option.path, option.line, name) for name, _ in option.items)
            else:
                found.append(Unknown(option.path, expr.line, "what a loop runs over is known only when it runs"))
        return either(base.path, expr.line, found) if found else Unknown(base.path, expr.line, "a loop runs over nothing that is known")

    # ---- names --------------------------------------------------------------------------------------------------------------

    def name(self, expr: ir.Name, function: int, frame: Frame) -> Value:
        """What a name means in ``function``."""
        module = frame.module
        if expr.id == "this":
            return self._this(function, frame, expr.line)
        if expr.id == "undefined":
            return Const(module.path, expr.line, None)
        scope = module.functions[function].scope if module.functions else 0
        while scope >= 0 and module.scopes:
            if expr.id in module.scopes[scope].names:
                return self._declared(scope, expr.id, frame, expr.line)
            scope = module.scopes[scope].parent
        imported = module.imports.get(expr.id)
        if imported is not None:
            return self.imported(module.path, *imported)
        return External(module.path, expr.line, expr.id)

    def _declared(self, scope: int, name: str, frame: Frame, line: int) -> Value:
        module = frame.module
        owner = module.scopes[scope].function
        within = {owner}
        while owner > 0:
            owner = module.functions[owner].parent
            within.add(owner)
        while frame.parent is not None and (frame.function not in within or frame.module is not module):
            frame = frame.parent
        key = (scope, name)
        if key not in frame.names:
            frame.names[key] = Unknown(module.path, line, f"{name!r} is made from itself")
            owner = module.scopes[scope].function
            values = [self.value(expr, owner, frame) for expr in module.scopes[scope].names[name]]
            frame.names[key] = self._with_additions(either(module.path, line, values), (module.path, scope, name), frame)
        return frame.names[key]

    def _with_additions(self, value: Value, where: tuple[str, int, str], frame: Frame) -> Value:
        added = self.added.get(where)
        if not added or not isinstance(value, (ListV, DictV)):
            return value
        items: list[Value] = list(value.items) if isinstance(value, ListV) else []
        keyed: list[tuple[str, Value]] = list(value.items) if isinstance(value, DictV) else []
        rest: list[Value] = list(value.rest) if isinstance(value, DictV) else []
        for key, expr, function in added:
            one = self.value(expr, function, frame)
            if isinstance(value, ListV):
                spread = isinstance(expr, ir.Spread) and isinstance(one, ListV)
                items.extend(one.items if spread and isinstance(one, ListV) else [one])
            elif key == "*" and isinstance(one, DictV):
                keyed.extend(one.items)
                rest.extend(one.rest)
            elif key and key not in ("*", "[]"):
                keyed.append((key, one))
            else:
                rest.append(one)
        if isinstance(value, ListV):
            return ListV(value.path, value.line, tuple(items))
        return DictV(value.path, value.line, tuple(keyed), tuple(rest))

    def _additions(self, path: str, module: ir.Module) -> None:
        """Notes ``list.push(x)``, ``object.key = x`` and ``Object.assign(object, x)``."""
        for index, function in enumerate(module.functions):
            for call in function.calls:
                func = call.func
                if not isinstance(func, ir.Attr) or not isinstance(func.base, ir.Name):
                    continue
                if func.attr in ("push", "unshift"):
                    for arg in call.args:
                        self._addition(path, module, index, func.base.id, "", arg)
                elif func.attr == "assign" and func.base.id == "Object" and call.args and isinstance(call.args[0], ir.Name):
                    for arg in call.args[1:]:
                        self._addition(path, module, index, call.args[0].id, "*", arg)
        for one in module.assigned:
            if isinstance(one.target, ir.Name):
                self._addition(path, module, one.function, one.target.id, one.attr, one.value)

    def _addition(self, path: str, module: ir.Module, function: int, name: str, key: str, expr: ir.Expr) -> None:
        scope = module.functions[function].scope
        while scope >= 0:
            if name in module.scopes[scope].names:
                self.added.setdefault((path, scope, name), []).append((key, expr, function))
                return
            scope = module.scopes[scope].parent

    def _this(self, function: int, frame: Frame, line: int) -> Value:
        module = frame.module
        while function > 0 and module.functions[function].cls < 0:
            function = module.functions[function].parent
        one: Frame | None = frame
        while one is not None:
            if one.this is not None and one.function == function:
                return one.this
            one = one.parent
        cls = module.functions[function].cls if module.functions else -1
        if cls < 0:
            return Unknown(module.path, line, "'this' is known only when it runs")
        return SelfV(module.path, line, ClassV(module.path, line, module, cls, self.roots[module.path]))

    def _argument(self, expr: ir.Arg, frame: Frame) -> Value:
        path = frame.module.path
        one: Frame | None = frame
        while one is not None and not (one.function == expr.function and one.module is frame.module and one.args is not None):
            one = one.parent
        value: Value = Unknown(path, expr.line, "it is a parameter")
        if one is not None and one.args is not None:
            if expr.rest:
                value = ListV(path, expr.line, one.args[expr.position :])
            elif expr.position < len(one.args):
                value = one.args[expr.position]
            else:
                value = Const(path, expr.line, None)
        return self._inside(value, expr.path, expr.default, expr.function, one or frame, expr.line)

    # ---- modules ------------------------------------------------------------------------------------------------------------

    def imported(self, path: str, specifier: str, name: str, line: int) -> Value:
        """What an import of ``name`` (``*`` for all) means."""
        target = self.places.resolve(path, specifier)
        if target is not None:
            if name == "*":
                return Namespace(path, line, target)
            found = self.export(target, name)
            # Of a document that names no agent, tool or effect only what it passes on and its constants were read.
            skimmed = not self.modules[target].functions
            lacking = (
                "stands in a document that names no agent, tool or effect"
                if skimmed
                else "is not found in the document that should have it"
            )
            return found if found is not None else Unknown(path, line, f"{name!r} {lacking}")
        if specifier.startswith((".", "@/", "~/", "#", "$lib/")):
            return Unknown(path, line, "it is imported from a document that is not in the tree")
        package = specifier.removeprefix("node:")
        return External(path, line, package if name in ("*", "default") else f"{package}.{name}", package)

    def export(self, path: str, name: str) -> Value | None:
        """What the module at ``path`` exports under ``name``."""
        key = (path, name)
        if key not in self.exported:
            self.exported[key] = None
            self.exported[key] = self._export(path, name)
        return self.exported[key]

    def _export(self, path: str, name: str) -> Value | None:
        seen: set[tuple[str, str]] = set()
        stack = [(path, name)]
        while stack and len(seen) < 200:
            one = stack.pop()
            if one in seen:
                continue
            seen.add(one)
            module = self.modules[one[0]]
            found = module.exports.get(one[1])
            if found is not None and found[0] == "local" and not isinstance(found[1], str):
                return self.value(found[1], 0, self.roots[one[0]])
            if found is not None and isinstance(found[1], str):
                target = self.places.resolve(one[0], found[1])
                if target is None:
                    return self.imported(one[0], found[1], found[2], 1)
                if found[2] == "*":
                    return Namespace(one[0], 1, target)
                stack.append((target, found[2]))
                continue
            for specifier in reversed(module.stars):
                target = self.places.resolve(one[0], specifier)
                if target is not None and one[1] != "default":
                    stack.append((target, one[1]))
        return None

    # ---- members ------------------------------------------------------------------------------------------------------------

    def attribute(self, base: Value, attr: str, line: int) -> Value:
        """``base.attr``."""
        found = [
            EnvVar(option.path, line, attr) if _holds_variable(option, attr) else self._attribute(option, attr, line)
            for option in base.options()
        ]
        return found[0] if len(found) == 1 else either(base.path, line, found)

    def _attribute(self, base: Value, attr: str, line: int) -> Value:  # noqa: PLR0911 - one case per kind of value
        if isinstance(base, DictV):
            found = base.get(attr)
            if found is not None:
                return found
            return Unknown(base.path, line, f"{attr!r} is no key that is known") if base.rest else Bound(base.path, line, base, attr)
        if isinstance(base, Namespace):
            exported = self.export(base.module, attr)
            if exported is None and attr == "default":
                return base
            return exported if exported is not None else Unknown(base.path, line, f"{attr!r} is not found in the document it comes from")
        if isinstance(base, External):
            if base.dotted.partition(".")[0] in ("globalThis", "window"):
                return External(base.path, line, attr)
            return base if attr == "default" else External(base.path, line, f"{base.dotted}.{attr}", base.package)
        if isinstance(base, (Made, SelfV)):
            cls = base.cls
            member = self.member(cls, attr, base) if cls is not None else None
            return member if member is not None else Bound(base.path, line, base, attr)
        if isinstance(base, ClassV):
            return self.member(base, attr, base) or Bound(base.path, line, base, attr)
        if isinstance(base, Unknown):
            return base
        if isinstance(base, ListV) and attr == "length":
            return Unknown(base.path, line, "it is computed")
        return Bound(base.path, line, base, attr)

    def member(self, cls: ClassV, attr: str, owner: Value) -> Value | None:
        """A field or method of a class of the tree, its bases in the tree included."""
        for _ in range(8):
            frame = cls.frame
            inside = owner.inside if isinstance(owner, Made) and owner.cls is not None and owner.cls.cls is cls.cls else None
            declared = cls.cls.fields.get(attr)
            if declared is not None:
                function = cls.module.scopes[declared[1]].function
                key = (-1 - cls.index, attr)
                holder = inside if inside is not None and inside.function == function else frame
                if key not in holder.names:
                    holder.names[key] = Unknown(cls.path, cls.line, f"{attr!r} is made from itself")
                    value = self.value(declared[0], function, holder)
                    holder.names[key] = value
                return holder.names[key]
            method = cls.cls.methods.get(attr)
            if method is not None:
                bound = Frame(cls.module, method, None, frame, frame.key, owner if isinstance(owner, Made) else None)
                return FunctionV(cls.path, cls.line, cls.module, method, bound if bound.this is not None else frame)
            base = self.base(cls)
            if not isinstance(base, ClassV):
                return None
            cls = base
        return None

    def base(self, cls: ClassV) -> Value | None:
        """What a class extends."""
        if cls.cls.base is None:
            return None
        return next(iter(self.value(cls.cls.base, cls.module.scopes[cls.cls.scope].function, cls.frame).options()))

    # ---- what the evaluator of calls adds ---------------------------------------------------------------------------------------

    def call(self, expr: ir.Call, function: int, frame: Frame) -> Value:
        """What a call gives."""
        raise NotImplementedError


def _holds_variable(base: Value, attr: str) -> bool:
    """Whether a member is a variable: of the environment itself, or of what a check of it gives (``schema.parse(process.env)``,
    ``schema.safeParse(process.env).data``, ``createEnv({runtimeEnv: …})``)."""
    if isinstance(base, External):
        return base.dotted in ENVIRONMENTS
    if isinstance(base, Bound) and base.attr == "data":
        base = base.receiver
    if not attr.isupper() or not isinstance(base, Made) or base.cls is not None:
        return False
    given = base.args()[:2]
    objects = [one for one in given if isinstance(one, DictV)]
    inside = [one.get(name) for one in objects for name in _GIVEN]
    checked = any(isinstance(one, External) and one.dotted in ENVIRONMENTS for one in (*given, *inside))
    return checked or (base.symbol == "createEnv" and bool(objects))


def _piece(value: Value) -> tuple[str, bool]:
    """What a value adds to a text, and whether that is all of it."""
    given = value.value if isinstance(value, Const) else value.text()
    if isinstance(given, (str, int, float)) and not isinstance(given, bool):
        return str(given), not isinstance(value, Const) or value.complete
    return (f"${{{value.name}}}" if isinstance(value, EnvVar) else "{…}"), False
