"""Classes of settings (pydantic): which variable fills a field."""

from __future__ import annotations

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.classes import ancestry
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.names import followed
from graphinv.ingest.support.python.values import ClassV, Const, DictV, EnvVar, Made, Unknown, Value

_BASES = ("pydantic_settings.", "pydantic.BaseSettings", "pydantic.v1.BaseSettings", "pydantic.env_settings.")
_NAMED = ("validation_alias", "alias", "env")


def variable_of(ev: Evaluation, made: Made, attr: str) -> EnvVar | None:
    """The variable that fills a field of an instance of settings, with the field's default; None where it is no such field, or one for
    numbers and for objects, whose default tells more."""
    if made.cls is None or not made.callee.startswith(_BASES):
        return None
    for cls in ancestry(ev, made.cls):
        for statement in cls.cls.body:
            if isinstance(statement, ir.Assign) and statement.annotation is not None and _is_name(statement.target, attr):
                return _filled(ev, made.cls, cls, attr, statement)
    return None


def _filled(ev: Evaluation, made: ClassV, cls: ClassV, attr: str, field: ir.Assign) -> EnvVar | None:
    unset = isinstance(field.value, ir.Opaque) and field.value.what == "nothing"
    default = None if unset else ev.evaluate(field.value, ev.inner(cls.scope, cls.cls))
    name = None
    if isinstance(default, Made) and default.symbol == "Field":
        name = next((text for key in _NAMED if (text := _first(default.arg(key))) is not None), None)
        default = default.arg("default", 0)
    if isinstance(default, EnvVar):
        return default
    known = default.value if isinstance(default, Const) else None
    if known is not None and not isinstance(known, str):
        return None
    if default is not None and not isinstance(default, (Const, Unknown)):
        return None
    return EnvVar(cls.module, field.line, name or f"{_prefix(ev, made)}{attr}".upper(), default if known is not None else None)


def _first(value: Value | None) -> str | None:
    """The name, or the first of several (``AliasChoices("A", "B")``)."""
    if isinstance(value, Made):
        value = value.passed("", 0)
    return value.text() if value is not None else None


def _prefix(ev: Evaluation, cls: ClassV) -> str:
    """What the names of all variables begin with, as the class's ``model_config`` or, of old, its class ``Config`` says."""
    for one in ancestry(ev, cls):
        body = ev.inner(one.scope, one.cls)
        config = followed(ev, "model_config", body.table.names.get("model_config", []), None, body)
        stated: Value | None = None
        if isinstance(config, Made):
            stated = config.passed("env_prefix")
        elif isinstance(config, DictV):
            stated = config.get("env_prefix")
        for inner in one.cls.body:
            if isinstance(inner, ir.Class) and inner.name == "Config":
                scope = ev.inner(body, inner)
                stated = followed(ev, "env_prefix", scope.table.names.get("env_prefix", []), None, scope) or stated
        text = stated.text() if stated is not None else None
        if text is not None:
            return text
    return ""


def _is_name(target: ir.Expr, name: str) -> bool:
    return isinstance(target, ir.Name) and target.id == name
