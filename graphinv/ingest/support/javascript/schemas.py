"""Values of the source as plain data: constants, JSON Schema, zod schemas."""

from __future__ import annotations

from typing import Any

from graphinv.ingest.support.javascript.values import Const, DictV, EnvVar, External, ListV, Made, Value

MAX_DEPTH = 14
_TYPES = {
    "string": "string",
    "number": "number",
    "int": "integer",
    "boolean": "boolean",
    "date": "string",
    "email": "string",
    "url": "string",
    "uuid": "string",
    "array": "array",
    "object": "object",
    "strictObject": "object",
    "looseObject": "object",
    "record": "object",
    "null": "null",
}


def plain(value: Value | None, depth: int = 0) -> Any:  # noqa: PLR0911 - one case per kind of value
    """``value`` as dicts, lists, texts and numbers; variables as ``${X}``; what is not known as None."""
    if value is None or depth > MAX_DEPTH:
        return None
    value = value.options()[0]
    if isinstance(value, Const):
        return value.value
    if isinstance(value, EnvVar):
        return f"${{{value.name}}}"
    if isinstance(value, ListV):
        return [plain(item, depth + 1) for item in value.items[:500]]
    if isinstance(value, DictV):
        made = {name: plain(item, depth + 1) for name, item in value.items[:500]}
        return {name: item for name, item in made.items() if item is not None}
    if isinstance(value, Made) and value.callee == "URL":
        return plain(value.arg(0), depth + 1)
    if isinstance(value, Made) and value.callee.endswith(("require.resolve", "createRequire.resolve")):
        found = plain(value.arg(0), depth + 1)
        return f"node_modules/{found}" if isinstance(found, str) and not found.startswith((".", "/")) else found
    if isinstance(value, External) and value.dotted == "process.execPath":
        return "node"
    return None


def schema(value: Value | None, depth: int = 0) -> Any:
    """A zod schema, an object of zod schemas, or a constant JSON Schema, as JSON Schema; None where it is not known."""
    if value is None or depth > MAX_DEPTH:
        return None
    value = value.options()[0]
    if isinstance(value, DictV):
        fields = {name: schema(item, depth + 1) for name, item in value.items}
        if any(isinstance(item.options()[0], Made) for _, item in value.items):
            return _object(fields, value)
        return plain(value, depth)
    if isinstance(value, Made) and value.package.partition("/")[0] == "zod":
        return _zod(value, depth)
    if isinstance(value, Made) and value.symbol in ("jsonSchema", "zodSchema", "zodToJsonSchema", "toJSONSchema"):
        return schema(value.arg(0), depth + 1)
    return plain(value, depth) if not isinstance(value, Made) else None


def _zod(value: Made, depth: int) -> dict[str, Any]:
    chain: list[Made] = [value]
    while isinstance(chain[-1].receiver, Made) and len(chain) < 40:
        chain.append(chain[-1].receiver)
    base = chain[-1]
    found: dict[str, Any] = {"type": _TYPES[base.symbol]} if base.symbol in _TYPES else {}
    first = base.arg(0)
    if base.symbol in ("object", "strictObject", "looseObject") and isinstance(first, DictV):
        found = _object({name: schema(item, depth + 1) for name, item in first.items}, first)
    elif base.symbol == "array":
        found["items"] = schema(first, depth + 1) or {}
    elif base.symbol == "enum":
        found = {"type": "string", "enum": plain(first, depth + 1) or []}
    elif base.symbol == "literal":
        found = {"const": plain(first, depth + 1)}
    elif base.symbol in ("union", "discriminatedUnion"):
        options = base.arg(1) if base.symbol == "discriminatedUnion" else first
        found = {"anyOf": [schema(item, depth + 1) or {} for item in options.items] if isinstance(options, ListV) else []}
    for link in reversed(chain):
        argument = link.arg(0)
        if link.symbol == "describe" and argument is not None and argument.text():
            found["description"] = argument.text()
        elif link.symbol == "default" and argument is not None:
            found["default"] = plain(argument, depth + 1)
    return found


def _object(fields: dict[str, Any], value: DictV) -> dict[str, Any]:
    needed = [name for name, item in value.items if not _is_optional(item)]
    made: dict[str, Any] = {"type": "object", "properties": {name: field or {} for name, field in fields.items()}}
    return {**made, "required": sorted(set(needed))} if needed else made


def _is_optional(value: Value) -> bool:
    one: Value | None = value.options()[0]
    for _ in range(40):
        if not isinstance(one, Made):
            break
        if one.symbol in ("optional", "nullish", "default") and one.receiver is not None:
            return True
        one = one.receiver
    return False
