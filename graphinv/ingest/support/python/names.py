"""What a name means where it stands: the statements that give it its value, followed in their order."""

from __future__ import annotations

import builtins

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.classes import base_name, is_class_method, is_static
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.loops import loop_scopes
from graphinv.ingest.support.python.operations import MAX_ITEMS, added, destructured, iterated, mutated
from graphinv.ingest.support.python.tables import Entry
from graphinv.ingest.support.python.values import (
    ClassV,
    Const,
    DictV,
    Either,
    External,
    FunctionV,
    ListV,
    Made,
    ModuleV,
    Scope,
    Unknown,
    Value,
    either,
)

_BUILTINS = frozenset(dir(builtins))


def lookup(ev: Evaluation, name: str, scope: Scope, line: int | None) -> Value:
    """What ``name`` means on ``line`` of ``scope``."""
    current: Scope | None = scope
    while current is not None:
        if current is scope or not isinstance(current.owner, ir.Class):
            found = _local(ev, name, current, line if current is scope else None)
            if found is not None:
                return found
        current = current.parent
    if name in _BUILTINS:
        return External(scope.module, line or 1, f"builtins.{name}")
    return Unknown(scope.module, line or 1, f"nothing defines {name[:60]}")


def _local(ev: Evaluation, name: str, scope: Scope, line: int | None) -> Value | None:
    entries = scope.table.names.get(name, [])
    base = scope.bindings.get(name)
    if base is not None:
        entries = [entry for entry in entries if not entry.loops]
    elif isinstance(scope.owner, ir.Function):
        base = _parameter(ev, name, scope)
    if line is not None and entries:
        seen = [entry for entry in entries if entry.end < line]
        entries = seen or ([] if base is not None else entries)
    if entries:
        return followed(ev, name, entries, base, scope)
    if base is not None:
        return base
    for star in scope.table.stars:
        place = ev.places.find(scope.module, star.module, star.level)
        if place is not None and place != scope.module.path and not name.startswith("_"):
            found = member(ev, place, name)
            if found is not None:
                return found
    return None


def followed(ev: Evaluation, name: str, entries: list[Entry], base: Value | None, scope: Scope) -> Value | None:
    """What a name is that had the value ``base`` (None: none) after these of its statements."""
    first = next((i for i in range(len(entries) - 1, -1, -1) if not (entries[i].changes or entries[i].conditional)), None)
    options: list[Value] = [base] if base is not None and first is None else []
    for entry in entries[first or 0 :]:
        if entry.changes:
            options = [changed(ev, option, entry.statement, scope) for option in options]
        else:
            value = _given(ev, name, entry.statement, scope)
            options = [*options, value] if entry.conditional else [value]
    return either(scope.module, entries[0].statement.line, options) if options else None


def _given(ev: Evaluation, name: str, statement: ir.Stmt, scope: Scope) -> Value:
    if isinstance(statement, ir.Function):
        return function_value(statement, scope)
    if isinstance(statement, ir.Class):
        return ClassV(scope.module, statement.line, statement, scope)
    if isinstance(statement, ir.Import):
        return _imported(ev, statement, scope)
    if isinstance(statement, ir.Assign):
        return _assigned(ev, name, statement, scope)
    return Unknown(scope.module, statement.line, "it is not assigned")


def _assigned(ev: Evaluation, name: str, statement: ir.Assign, scope: Scope) -> Value:
    value = ev.evaluate(statement.value, scope)  # of ``with … as name`` too: for all that is known, the object itself
    values = iterated(value, scope.module, statement.line) if statement.op == "in" else value.options()
    if not isinstance(statement.target, ir.Name):
        values = [dict(destructured(statement.target, one, scope.module)).get(name, one) for one in values]
    return either(scope.module, statement.line, list(values))


def function_value(function: ir.Function, scope: Scope, owner: Value | None = None) -> FunctionV:
    """The value of a function's definition; in a class's scope it knows its class."""
    cls = ClassV(scope.module, scope.owner.line, scope.owner, scope.parent) if isinstance(scope.owner, ir.Class) and scope.parent else None
    return FunctionV(scope.module, function.line, function, scope, owner, cls)


def changed(ev: Evaluation, value: Value, statement: ir.Stmt, scope: Scope) -> Value:
    """``value`` after ``x.append(…)``, ``x += …`` or ``x[…] = …``; in a loop over known items, after all its turns."""
    for inner in loop_scopes(ev, scope, statement):
        value = _changed(ev, value, statement, inner)
    return value


def _changed(ev: Evaluation, value: Value, statement: ir.Stmt, scope: Scope) -> Value:
    module, line = scope.module, statement.line
    if isinstance(value, Either):
        return either(module, line, [_changed(ev, one, statement, scope) for one in value.values])
    if isinstance(statement, ir.Assign):
        if isinstance(statement.target, ir.Sub):
            return _with_item(ev, value, statement, statement.target, scope) if isinstance(value, DictV) else value
        if statement.op == "+=" and not isinstance(value, Made):
            return added(value, "+", ev.evaluate(statement.value, scope), module, line)
        return value
    call = statement.value if isinstance(statement, ir.Do) else None
    if not isinstance(call, ir.Call) or not isinstance(call.func, ir.Attr) or not isinstance(value, (ListV, DictV, Unknown)):
        return value
    return mutated(value, call.func.attr, list(ev.spread(call.args, scope)), module, line)


def _with_item(ev: Evaluation, value: DictV, statement: ir.Assign, target: ir.Sub, scope: Scope) -> DictV:
    """``value`` after ``x[…] = …`` or ``x[…] += …``."""
    key, given = ev.evaluate(target.index, scope), ev.evaluate(statement.value, scope)
    before = value.get(key.value) if isinstance(key, Const) and isinstance(key.value, str) else None
    if statement.op == "+=" and before is not None:
        given = added(before, "+", given, scope.module, statement.line)
    return DictV(value.module, value.line, (*value.items, (key, given))[:MAX_ITEMS], value.rest)


CLIENTS = frozenset(
    {
        "anthropic.Anthropic",
        "anthropic.AsyncAnthropic",
        "anthropic.AnthropicBedrock",
        "anthropic.AsyncAnthropicBedrock",
        "anthropic.AnthropicVertex",
        "google.genai.Client",
        "groq.Groq",
        "groq.AsyncGroq",
        "mistralai.Mistral",
        "ollama.AsyncClient",
        "ollama.Client",
        "openai.AsyncAzureOpenAI",
        "openai.AsyncOpenAI",
        "openai.AzureOpenAI",
        "openai.OpenAI",
    }
)
"""Classes by which programs reach a model's interface."""
_CALLED = frozenset(one.rpartition(".")[2] for one in CLIENTS)


def _parameter(ev: Evaluation, name: str, scope: Scope) -> Value | None:
    """What a parameter is where no call is looked at: its default, or unknown; ``self`` is some instance of the class."""
    function = scope.owner
    assert isinstance(function, ir.Function)
    for index, param in enumerate(function.params):
        if param.name != name:
            continue
        if index == 0 and scope.parent is not None and isinstance(scope.parent.owner, ir.Class) and not is_static(function):
            return scope.instance or _some(ev, scope.parent, function)
        if param.default is not None and not (isinstance(param.default, ir.Const) and param.default.value is None):
            return ev.evaluate(param.default, scope.parent if scope.parent is not None else scope)
        return _client(ev, param, scope) or Unknown(scope.module, function.line, f"{name[:60]} is given by the caller")
    return None


def _client(ev: Evaluation, param: ir.Param, scope: Scope) -> External | None:
    """What a parameter is whose annotation is the class of a model's client: as good as any such client."""
    written = param.annotation
    name = written.id if isinstance(written, ir.Name) else written.attr if isinstance(written, ir.Attr) else ""
    stated = ev.evaluate(written, scope.parent or scope) if written is not None and name in _CALLED else None
    return stated if isinstance(stated, External) and stated.dotted in CLIENTS else None


def _some(ev: Evaluation, scope: Scope, function: ir.Function) -> Value:
    """``self`` or ``cls`` of a method of the class whose scope is given, as some instance or the class."""
    assert isinstance(scope.owner, ir.Class)
    cls = ClassV(scope.module, scope.owner.line, scope.owner, scope.parent or scope)
    if is_class_method(function):
        return cls
    return some_instance(ev, cls)


def some_instance(ev: Evaluation, cls: ClassV) -> Made:
    """Some instance of a class of the tree; nothing is known of what it was made with."""
    key = ("class", cls.module.path, cls.line)
    call = ir.Call(ir.Name(cls.name, cls.line), (), (), cls.line, 0)
    return Made(cls.module, cls.line, base_name(ev, cls), call, cls.scope, key, cls, reader=ev.argument)


def _imported(ev: Evaluation, statement: ir.Import, scope: Scope) -> Value:
    module, line = scope.module, statement.line
    place = ev.places.find(module, statement.module, statement.level)
    if not statement.level and (place == module.path or ev.is_framework(statement.module)):
        place = None
    dotted = statement.module if not statement.symbol else f"{statement.module}.{statement.symbol}"
    outside = External(module, line, dotted) if not statement.level else Unknown(module, line, f"{dotted[:80]} is not in the tree")
    if place is None:
        return outside
    if not statement.symbol:
        return ModuleV(module, line, place)
    found = member(ev, place, statement.symbol) if place != module.path else None
    if found is None:
        inside = ev.places.inside(place, statement.symbol)
        found = ModuleV(module, line, inside) if inside else None
    return found if found is not None else outside


def member(ev: Evaluation, place: str, name: str) -> Value | None:
    """What ``name`` is in the module at ``place``; None where nothing there defines it."""
    if place.endswith("/"):
        return None
    return _local(ev, name, ev.module_scope(ev.modules[place]), None)
