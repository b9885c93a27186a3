"""Attributes of modules, classes and instances of the tree."""

from __future__ import annotations

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.arguments import given_in, stated
from graphinv.ingest.support.python.classes import ancestry, decorator_name, initialiser
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.frames import method_scope, result
from graphinv.ingest.support.python.names import changed, followed, function_value, member
from graphinv.ingest.support.python.operations import item
from graphinv.ingest.support.python.settings import variable_of
from graphinv.ingest.support.python.values import Bound, ClassV, Const, Either, External, Made, ModuleV, Scope, Unknown, Value, either


def attribute(ev: Evaluation, value: Value, attr: str, scope: Scope, line: int) -> Value:
    """``value.attr``"""
    module = scope.module
    if isinstance(value, Either):
        return either(module, line, [attribute(ev, one, attr, scope, line) for one in value.values])
    if isinstance(value, External):
        return External(module, line, f"{value.dotted}.{attr}")
    if isinstance(value, ModuleV):
        found = member(ev, value.place, attr)
        inside = None if found is not None else ev.places.inside(value.place, attr)
        if inside:
            return ModuleV(module, line, inside)
        if found is None:
            name = value.place.rstrip("/").removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
            return External(module, line, f"{name}.{attr}")
        return found
    if isinstance(value, Made):
        if value.callee == "builtins.super" and attr != "__init__":
            return _inherited(ev, attr, scope, line) or Bound(module, line, value, attr)
        found = instance_attribute(ev, value, attr)
        if found is None and value.cls is None:
            found = value.passed(attr)
        return found if found is not None else Bound(module, line, value, attr)
    if isinstance(value, ClassV):
        found = class_attribute(ev, value, attr, None)
        return found if found is not None else Bound(module, line, value, attr)
    if isinstance(value, Const) and attr == "value":
        return value
    if isinstance(value, Unknown):
        return value
    return Bound(module, line, value, attr)


def _inherited(ev: Evaluation, attr: str, scope: Scope, line: int) -> Value | None:
    """``super().attr`` in a method: that of the nearest class of the tree above the method's own, on the object that it is called on."""
    body = scope.parent
    if body is None or body.parent is None or not isinstance(body.owner, ir.Class):
        return None
    own = ClassV(scope.module, body.owner.line, body.owner, body.parent)
    instance = scope.instance or Unknown(scope.module, line, "which object it is called on is not known")
    found = (class_attribute(ev, one, attr, instance) for one in ancestry(ev, own)[1:])
    return next((one for one in found if one is not None), None)


def class_attribute(ev: Evaluation, cls: ClassV, attr: str, owner: Value | None) -> Value | None:
    """An attribute or method of a class of the tree or of the classes of the tree that it inherits from."""
    for one in ancestry(ev, cls):
        body = ev.inner(one.scope, one.cls)
        entries = body.table.names.get(attr)
        if not entries:
            continue
        last = entries[-1].statement
        if isinstance(last, ir.Function):
            method = function_value(last, body, owner)
            if owner is not None and any(decorator_name(name) in {"property", "cached_property"} for name in last.decorators):
                return result(ev, method)
            return method
        return followed(ev, attr, entries, None, body)
    return None


def instance_attribute(ev: Evaluation, made: Made, attr: str) -> Value | None:
    """An attribute of an instance of a class of the tree: what methods assign to ``self.attr``, else what the class says."""
    if made.cls is None:
        return None
    key = (made.key, attr)
    if key not in ev.attributes:
        ev.attributes[key] = Unknown(made.module, made.line, f"{attr[:60]} depends on itself")
        ev.attributes[key] = _instance_attribute(ev, made, made.cls, attr)
    return ev.attributes[key]


def _instance_attribute(ev: Evaluation, made: Made, cls: ClassV, attr: str) -> Value | None:
    options: list[Value] = []
    for one in ancestry(ev, cls):
        for function, statement in _self_statements(ev, one.cls).get(attr, ()):
            scope = method_scope(ev, one, function, made)
            if isinstance(statement, ir.Assign) and statement.op != "+=" and isinstance(statement.target, (ir.Attr, ir.Items)):
                value = _part(ev.evaluate(statement.value, scope), statement.target, attr, made)
                options = [value] if function.name == "__init__" and not statement.conditional else [*options, value]
            else:
                options = [changed(ev, option, statement, scope) for option in options]
        if options:
            return either(made.module, made.line, options)
    if initialiser(ev, cls) is None and made.call.kwargs:
        given = stated(ev, made, attr, None)
        if given is not None:
            return given
    if initialiser(ev, cls) is None and made.call.args:
        fields = [
            statement.target.id
            for statement in cls.cls.body
            if isinstance(statement, ir.Assign) and statement.annotation is not None and isinstance(statement.target, ir.Name)
        ]
        if attr in fields and fields.index(attr) < len(made.call.args):
            return ev.evaluate(made.call.args[fields.index(attr)], made.scope)
    return variable_of(ev, made, attr) or class_attribute(ev, cls, attr, made)


def _self_statements(ev: Evaluation, cls: ir.Class) -> dict[str, list[tuple[ir.Function, ir.Stmt]]]:
    """What the methods of a class assign to or change of attributes of their first parameter, by attribute."""
    found = ev.self_statements.get(id(cls))
    if found is None:
        found = {}
        for function in cls.body:
            if isinstance(function, ir.Function) and function.params:
                me = function.params[0].name
                for statement in function.body:
                    for attr in _changed_attributes(statement, me):
                        found.setdefault(attr, []).append((function, statement))
        ev.self_statements[id(cls)] = found
    return found


def _changed_attributes(statement: ir.Stmt, me: str) -> list[str]:
    """The attributes of ``me`` that a statement assigns to or changes."""
    targets: list[ir.Expr] = []
    if isinstance(statement, ir.Assign):
        target = statement.target.base if isinstance(statement.target, ir.Sub) else statement.target
        targets = list(target.items) if isinstance(target, ir.Items) else [target]
    elif isinstance(statement, ir.Do) and isinstance(statement.value, ir.Call) and isinstance(statement.value.func, ir.Attr):
        targets = [statement.value.func.base]
    return [one.attr for one in targets if isinstance(one, ir.Attr) and isinstance(one.base, ir.Name) and one.base.id == me]


def _part(value: Value, target: ir.Attr | ir.Items, attr: str, made: Made) -> Value:
    """What of an assigned value one attribute gets: all of it, or its part of several (``self.a, self.b = …``)."""
    if isinstance(target, ir.Attr):
        return value
    index = next(place for place, one in enumerate(target.items) if isinstance(one, ir.Attr) and one.attr == attr)
    number = Const(made.module, target.line, index)
    return either(made.module, target.line, [item(option, number, made.module, target.line) for option in value.options()])


def argument(ev: Evaluation, made: Made, name: str, position: int | None) -> Value | None:
    """An argument of what was made: as stated, or, of a class of the tree, as its ``super().__init__`` and its body say."""
    if made.cls is None:
        return stated(ev, made, name, position)
    found = initialiser(ev, made.cls)
    if found is None:
        direct = stated(ev, made, name, position)
        return direct if direct is not None else instance_attribute(ev, made, name)
    cls, function = found
    scope = method_scope(ev, cls, function, made)
    for statement in function.body:
        inner = statement.value if isinstance(statement, (ir.Do, ir.Assign)) else None
        if isinstance(inner, ir.Call) and _is_super(inner):
            value = given_in(ev, inner, scope, name, position)
            if value is not None and not isinstance(value, Unknown):
                return value
    return instance_attribute(ev, made, name)


def _is_super(expr: ir.Call) -> bool:
    """``super().__init__(…)`` or ``Base.__init__(self, …)``"""
    return isinstance(expr.func, ir.Attr) and expr.func.attr == "__init__"
