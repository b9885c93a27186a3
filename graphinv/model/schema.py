"""What is made from the vocabulary: JSON Schema of facts, DDL of a Neo4j store, the table in the documentation.

Nothing here knows a kind or property by name; :mod:`graphinv.model.kinds` declares them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from graphinv.model.kinds import ANY, DECIDES_AUTHORITY, EDGE_KINDS, NODE_KINDS, AuthorityEdge, Edge, Node, normal_time

Type = Literal["text", "time", "yes/no", "integer", "number", "set of texts"]


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a kind. ``values`` lists all that are allowed; empty = any of its ``type``."""

    name: str
    type: Type
    values: tuple[str, ...]
    description: str

    @property
    def words(self) -> str:
        """Its type in words, as Markdown."""
        if self.values:
            allowed = ", ".join(f"`{value}`" for value in self.values)
            return f"set of {allowed}" if self.type == "set of texts" else allowed
        return self.type


@cache
def properties(kind: str) -> Mapping[str, Property]:
    """All properties of a node or edge kind, in the order of their declaration."""
    model = NODE_KINDS.get(kind) or EDGE_KINDS[kind]
    return {name: _property(name, info) for name, info in model.model_fields.items()}


def _property(name: str, info: FieldInfo) -> Property:
    annotation = next(part for part in get_args(info.annotation) if part is not type(None))
    checks: tuple[Any, ...] = tuple(info.metadata)
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        checks += tuple(more)
    return Property(name, _type(annotation, checks), _values(annotation), info.description or "")


def _type(annotation: Any, checks: Iterable[Any]) -> Type:
    if get_origin(annotation) is list:
        return "set of texts"
    if any(isinstance(check, BeforeValidator) and check.func is normal_time for check in checks):
        return "time"
    names: dict[Any, Type] = {bool: "yes/no", int: "integer", float: "number"}
    return names.get(annotation, "text")


def _values(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is list:
        return _values(get_args(annotation)[0])
    return tuple(get_args(annotation)) if get_origin(annotation) is Literal else ()


# --------------------------------------------------------------------------------------------------------------------------------
# JSON Schema


def facts_json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one fact: a line of ``*.facts.jsonl``.

    It is as strict as the check at ingest except that a time may be any text.
    """
    models: dict[str, type[Node] | type[Edge]] = {**NODE_KINDS, **EDGE_KINDS}
    definitions = {kind: {**model.model_json_schema(), "additionalProperties": False} for kind, model in models.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "graphinv fact",
        "description": "One node or edge with the properties that one source states about it",
        "oneOf": [*map(_node_schema, NODE_KINDS), *map(_edge_schema, EDGE_KINDS)],
        "$defs": definitions,
    }


def _object(required: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, "props": {"$ref": f"#/$defs/{kind}"}},
        "required": list(required),
        "additionalProperties": False,
    }


def _node_schema(kind: str) -> dict[str, Any]:
    return _object({"node": {"const": kind}, "id": {"type": "string", "minLength": 1}}, kind)


def _edge_schema(kind: str) -> dict[str, Any]:
    ((starts, stops),) = EDGE_KINDS[kind].ends
    return _object({"edge": {"const": kind}, "from": _end_schema(starts), "to": _end_schema(stops)}, kind)


def _end_schema(kinds: tuple[str, ...]) -> dict[str, Any]:
    allowed = list(NODE_KINDS) if kinds == ANY else list(kinds)
    return {
        "type": "array",
        "prefixItems": [{"enum": allowed}, {"type": "string", "minLength": 1}],
        "items": False,
        "minItems": 2,
        "description": "Kind and id",
    }


# --------------------------------------------------------------------------------------------------------------------------------
# Neo4j


def neo4j_ddl() -> list[str]:
    """Statements that give a Neo4j store its constraints and indexes; each can be run again without harm."""
    return [
        *(f"CREATE CONSTRAINT {kind.lower()}_id IF NOT EXISTS FOR (n:{kind}) REQUIRE n.id IS UNIQUE" for kind in NODE_KINDS),
        *(f"CREATE INDEX {kind.lower()}_name IF NOT EXISTS FOR (n:{kind}) ON (n.name)" for kind in NODE_KINDS),
        *(f"CREATE INDEX {kind.lower()}_key IF NOT EXISTS FOR ()-[r:{kind}]-() ON (r.key)" for kind in EDGE_KINDS),
    ]


# --------------------------------------------------------------------------------------------------------------------------------
# The documentation


def vocabulary_table() -> str:
    """The vocabulary as Markdown: node kinds, edge kinds, and the properties of each, for docs/vocabulary.md."""
    parts = [
        "## Nodes",
        "Every node has an `id`, stable and unique within its kind, and may have these properties:",
        _property_table(properties_of(Node)),
        *(_node_section(kind, model) for kind, model in NODE_KINDS.items()),
        "## Edges",
        _table(("edge", "meaning", "authority moves"), (_edge_row(kind, model) for kind, model in EDGE_KINDS.items())),
        "Every edge may have these properties:",
        _property_table(properties_of(Edge)),
        "An edge along which authority moves may also have:",
        _property_table(_own(properties_of(AuthorityEdge), properties_of(Edge))),
        *filter(None, (_edge_section(kind, model) for kind, model in EDGE_KINDS.items())),
        "Two edges of one kind between the same ends stay two when they differ in one of "
        + ", ".join(f"`{name}`" for name in DECIDES_AUTHORITY)
        + "; otherwise they are one.",
    ]
    return "\n\n".join(parts)


def properties_of(model: type[Node] | type[Edge]) -> Mapping[str, Property]:
    """All properties of a class of the vocabulary, those without a label included."""
    return {name: _property(name, info) for name, info in model.model_fields.items()}


def _own(mine: Mapping[str, Property], common: Mapping[str, Property]) -> Mapping[str, Property]:
    return {name: value for name, value in mine.items() if common.get(name) != value}


def _node_section(kind: str, model: type[Node]) -> str:
    own = _own(properties(kind), properties_of(Node))
    return f"### {kind}\n\n{model.__doc__}" + (f"\n\n{_property_table(own)}" if own else "")


def _edge_row(kind: str, model: type[Edge]) -> tuple[str, str, str]:
    return f"`{kind}`", f"`{model.__doc__}`", "yes" if model.moves_authority else "no"


def _edge_section(kind: str, model: type[Edge]) -> str:
    own = _own(properties(kind), properties_of(AuthorityEdge if issubclass(model, AuthorityEdge) else Edge))
    return f"### {kind}\n\n{_property_table(own)}" if own else ""


def _property_table(rows: Mapping[str, Property]) -> str:
    return _table(("property", "type", "meaning"), ((f"`{row.name}`", row.words, row.description) for row in rows.values()))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
