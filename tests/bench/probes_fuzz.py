"""Queries drawn from a small grammar of Cypher, asked of both engines: ``python -m tests.bench.probes_fuzz [COUNT] [SEED] [--optimizer]``.

The graph is that of the probes. A query is made from its number alone, so what is found can be asked again. Expressions are drawn by type,
so that most queries are right; what an answer does not promise (the order of rows, or in which order things are collected) is not drawn,
unless the query says it. With ``--optimizer`` the embedded engine is asked twice instead, with its optimizer as the store uses it, and
without: that needs no server, and takes half a millisecond each. Prints how many queries were answered alike, refused before any engine
saw them and refused by both, and each that only one engine answers or that they answer differently.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import kglite
import pytest

from graphinv.model.errors import GraphinvError
from graphinv.store import Rows, Scan, Store, open_store
from graphinv.store.dialect import checked
from graphinv.store.embedded import EmbeddedStore
from graphinv.store.embedded_query import UNSOUND, adapted
from graphinv.store.embedded_rows import rows
from tests.queries.graphs import facts, plain_yaml

AnyStore = TypeVar("AnyStore", bound=Store)

GRAPH = Path(__file__).parents[1] / "store" / "probes" / "graph.yaml"
PARAMETERS: Mapping[str, Any] = {
    "n": 2,
    "text": "billing",
    "ids": ["billing", "refund", "db"],
    "none": None,
    "share": 0.5,
    "moment": "2026-02-01T02:00:00+02:00",
}

_TEXTS = ("''", "'a'", "'prod'", "'Billing bot'", "'é'", '"it\'s"', "'read:db'", "' x '", "'10'", "'1.10.0'", "'2026-02-01'")
_INTS = ("0", "1", "2", "3", "-1", "7", "90", "3600", "100", "$n")
_FLOATS = ("0.0", "0.5", "1.5", "-2.25", "10.0", "0.75", "$share")
_LITERALS = {"text": (*_TEXTS, "$text"), "int": _INTS, "float": _FLOATS, "bool": ("true", "false")}
_TRIPLES = (
    ("Owner", "OWNS", "Agent"),
    ("Agent", "DELEGATES_TO", "Agent"),
    ("Agent", "RUNS_AS", "Identity"),
    ("Identity", "ASSUMES", "Identity"),
    ("Agent", "HOLDS", "Secret"),
    ("ToolServer", "HOLDS", "Secret"),
    ("Secret", "AUTHENTICATES_AS", "Identity"),
    ("Identity", "CAN_ACCESS", "Resource"),
    ("Tool", "CAN_ACCESS", "Resource"),
    ("Agent", "USES", "Tool"),
    ("Agent", "CONNECTS_TO", "ToolServer"),
    ("ToolServer", "PROVIDES", "Tool"),
)
_PROPERTIES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "text": {
        "": ("id", "name", "status", "environment"),
        "Agent": ("version", "autonomy", "framework", "review_due"),
        "Owner": ("type", "email"),
        "Identity": ("type", "provider", "binding"),
        "Secret": ("type", "lifetime", "issued_at", "expires_at", "rotated_at"),
        "ToolServer": ("protocol", "transport", "origin"),
        "Resource": ("type", "sensitivity", "tenant"),
        "DELEGATES_TO": ("mode",),
        "HOLDS": ("place",),
        "CAN_ACCESS": ("valid_until",),
    },
    "int": {"Secret": ("rotate_every_days", "ttl_seconds"), "DELEGATES_TO": ("count", "max_depth"), "USES": ("count",)},
    "float": {"edge": ("confidence",)},
    "bool": {
        "Secret": ("renewable",),
        "Tool": ("ingests_untrusted",),
        "ToolServer": ("pinned",),
        "Resource": ("crown_jewel", "external"),
        "USES": ("approved",),
    },
    "texts": {
        "Agent": ("labels",),
        "Tool": ("effects",),
        "Secret": ("scopes",),
        "DELEGATES_TO": ("scopes",),
        "CONNECTS_TO": ("tools",),
        "CAN_ACCESS": ("actions", "guards"),
        "edge": ("evidence",),
    },
}
_ELEMENT = {"texts": "text", "ints": "int", "floats": "float"}
_LIST = {element: name for name, element in _ELEMENT.items()}
_SCALARS = ("text", "int", "float", "bool")


@dataclass
class _Drawer:
    """Draws one query. ``names`` are the variables in scope: what each is, and its label or kind (``""`` for any)."""

    random: Random
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    made: int = 0

    def fresh(self, sort: str, what: str = "", stem: str = "v") -> str:
        self.made += 1
        name = f"{stem}{self.made}"
        self.names[name] = (sort, what)
        return name

    def of(self, *sorts: str) -> list[str]:
        return [name for name, (sort, _) in self.names.items() if sort in sorts]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, *options: Callable[[], str]) -> str:
        return self.random.choice(options)()

    # Expressions

    def value(self, sort: str, depth: int = 2) -> str:
        """An expression of a type."""
        options: list[Callable[[], str]] = [lambda: self.literal(sort)]
        if held := self.of(sort):
            options += [lambda: self.random.choice(held)] * 3
        if seen := self.properties(sort):
            options += [lambda: self.random.choice(seen)] * 4
        if depth > 0:
            options += [lambda: self.operation(sort, depth - 1)] * 5
        return self.random.choice(options)()

    def literal(self, sort: str) -> str:
        if self.chance(0.06):
            return "null"
        if sort in _LITERALS:
            return self.random.choice(_LITERALS[sort])
        if sort == "texts" and self.chance(0.2):
            return "$ids"
        if sort == "ints" and self.chance(0.3):
            return f"range({self.random.randint(-1, 2)}, {self.random.randint(0, 4)})"
        return "[" + ", ".join(self.literal(_ELEMENT[sort]) for _ in range(self.random.randint(0, 3))) + "]"

    def properties(self, sort: str) -> list[str]:
        found = []
        for name, (kind, what) in self.names.items():
            if kind in ("node", "edge"):
                by_kind = _PROPERTIES.get(sort, {})
                keys = (what,) if what else ()
                common = ("" if kind == "node" else "edge",)
                found += [f"{name}.{key}" for group in (*keys, *common) for key in by_kind.get(group, ())]
        return found

    def operation(self, sort: str, depth: int) -> str:
        return str(getattr(self, f"_{sort}")(depth))

    def _any(self, depth: int) -> str:
        return self.value(self.random.choice(_SCALARS), depth)

    def _common(self, sort: str, depth: int) -> list[Callable[[], str]]:
        value = self.value
        return [
            lambda: f"coalesce({value(sort, depth)}, {value(sort, depth)})",
            lambda: f"CASE WHEN {value('bool', depth)} THEN {value(sort, depth)} ELSE {value(sort, depth)} END",
            lambda: f"CASE WHEN {value('bool', depth)} THEN {value(sort, depth)} END",
            lambda: f"CASE {value('text', depth)} WHEN {value('text', depth)} THEN {value(sort, depth)} ELSE {value(sort, depth)} END",
        ]

    def _element(self, sort: str, depth: int) -> list[Callable[[], str]]:
        value = self.value
        if sort not in _LIST:
            return []
        return [
            lambda: f"head({value(_LIST[sort], depth)})",
            lambda: f"last({value(_LIST[sort], depth)})",
            lambda: f"{self.bracketed(_LIST[sort], depth)}[{self.random.randint(-2, 2)}]",
        ]

    def bracketed(self, sort: str, depth: int) -> str:
        """An expression that brackets may follow."""
        found = self.value(sort, depth)
        return found if found.startswith("[") or found.replace(".", "").isalnum() else f"({found})"

    def _text(self, depth: int) -> str:
        value = self.value
        return self.pick(
            *self._common("text", depth),
            *self._element("text", depth),
            lambda: f"{value('text', depth)} + {value('text', depth)}",
            lambda: f"{value('text', 0)} + {value(self.random.choice(('int', 'float')), 0)}",
            lambda: f"toUpper({value('text', depth)})",
            lambda: f"toLower({value('text', depth)})",
            lambda: f"trim({value('text', depth)})",
            lambda: f"ltrim({value('text', depth)})",
            lambda: f"reverse({value('text', depth)})",
            lambda: f"replace({value('text', depth)}, {value('text', 0)}, {value('text', 0)})",
            lambda: f"substring({value('text', depth)}, {self.random.randint(0, 3)})",
            lambda: f"substring({value('text', depth)}, {self.random.randint(0, 3)}, {self.random.randint(0, 3)})",
            lambda: f"left({value('text', depth)}, {self.random.randint(0, 4)})",
            lambda: f"right({value('text', depth)}, {self.random.randint(0, 4)})",
            lambda: f"toString({value(self.random.choice(('int', 'bool', 'text', 'float')), depth)})",
            lambda: f"reduce(s = '', x IN {value('texts', depth)} | s + x)",
            *([lambda: f"type({self.random.choice(edges)})"] if (edges := self.of("edge")) else []),
            *([lambda: f"labels({self.random.choice(nodes)})[0]"] if (nodes := self.of("node")) else []),
        )

    def _int(self, depth: int) -> str:
        value = self.value
        lists = self.random.choice(("texts", "ints"))
        paths = self.of("path")
        return self.pick(
            *self._common("int", depth),
            *self._element("int", depth),
            lambda: f"({value('int', depth)} {self.random.choice('+-*')} {value('int', depth)})",
            lambda: f"{value('int', depth)} / {self.random.choice(('2', '3', '-2'))}",
            lambda: f"{value('int', depth)} % {self.random.choice(('2', '3', '-2'))}",
            lambda: f"abs({value('int', depth)})",
            lambda: f"sign({value('int', depth)})",
            lambda: f"size({value('text', depth)})",
            lambda: f"size({value(lists, depth)})",
            lambda: f"toInteger({value(self.random.choice(('int', 'float', 'text')), depth)})",
            lambda: f"reduce(s = 0, x IN {value('ints', depth)} | s + x)",
            lambda: f"size([x IN {value(lists, depth)} WHERE x IS NOT NULL])",
            *([lambda: f"length({self.random.choice(paths)})"] * 2 if paths else []),
            *([lambda: f"size(nodes({self.random.choice(paths)}))"] if paths else []),
            *([self.counted] * 2 if self.of("node") else []),
        )

    def _float(self, depth: int) -> str:
        value = self.value
        return self.pick(
            *self._common("float", depth),
            *self._element("float", depth),
            lambda: f"({value('float', depth)} {self.random.choice('+-*')} {value('float', depth)})",
            lambda: f"({value('float', depth)} {self.random.choice('+-*')} {value('int', depth)})",
            lambda: f"{value('float', depth)} / {self.random.choice(('2', '4.0', '-0.5'))}",
            lambda: f"{value('float', depth)} {self.random.choice('/%')} {self.dividing(depth)}",
            lambda: f"abs({value('float', depth)})",
            lambda: f"floor({value('float', depth)})",
            lambda: f"ceil({value('float', depth)})",
            lambda: f"round({value('float', depth)}, 1)",
            lambda: f"toFloat({value(self.random.choice(('int', 'float', 'text')), depth)})",
            lambda: f"{self.random.choice(('sqrt', 'log', 'log10'))}({value('float', depth)})",
        )

    def _bool(self, depth: int) -> str:
        value = self.value
        scalar = self.random.choice(("text", "int", "float"))
        lists = self.random.choice(("texts", "ints"))
        quantifier = self.random.choice(("all", "any", "none", "single"))
        return self.pick(
            *self._common("bool", depth),
            lambda: f"{value(scalar, depth)} {self.random.choice(('=', '<>', '<', '<=', '>', '>='))} {value(scalar, depth)}",
            lambda: f"{value(scalar, depth)} {self.random.choice(('=', '<>', '<', '>='))} {value(scalar, depth)}",
            lambda: f"({value('bool', depth)} {self.random.choice(('AND', 'OR', 'XOR'))} {value('bool', depth)})",
            lambda: f"NOT ({value('bool', depth)})",
            lambda: f"({value(scalar, depth)}) IS {self.random.choice(('NULL', 'NOT NULL'))}",
            lambda: f"{value('text', depth)} {self.random.choice(('STARTS WITH', 'ENDS WITH', 'CONTAINS'))} {value('text', 0)}",
            lambda: f"{value('text', depth)} =~ {self.random.choice(_REGEXES)}",
            lambda: f"{value('text', depth)} IN {value('texts', 0)}",
            lambda: f"{value('int', depth)} IN {value('ints', 0)}",
            lambda: f"{quantifier}(x IN {value(lists, depth)} WHERE {self.about(lists)})",
            lambda: f"{value(lists, depth)} = {value(lists, depth)}",
            lambda: f"toBoolean({value(self.random.choice(('text', 'bool')), depth)})",
            lambda: f"{self.random.choice(_TIMES)} {self.random.choice(('=', '<', '>='))} {self.random.choice(_TIMES)}",
            lambda: f"{self.random.choice(_TIMES)} < {value('text', 0)}",
            *([self.exists] * 3 if self.of("node") else []),
            *([self.same] if len(self.of("node")) > 1 else []),
            *([lambda: f"{self.random.choice(nodes)}:{self.random.choice(_TRIPLES)[0]}"] if (nodes := self.of("node")) else []),
        )

    def dividing(self, depth: int) -> str:
        found = self.value(self.random.choice(("float", "int")), depth)
        return found if found.replace(".", "").isalnum() else f"({found})"

    def about(self, lists: str) -> str:
        """A condition on ``x``, of a list."""
        element = _ELEMENT[lists]
        if element == "text":
            return self.random.choice(("x = 'read'", "x STARTS WITH 't'", "x IS NOT NULL", "size(x) > 4", "x <> $text"))
        return self.random.choice(("x > 1", "x % 2 = 0", "x IS NULL", "x <= $n", "x <> 1"))

    def _texts(self, depth: int) -> str:
        value = self.value
        return self.pick(
            *self._lists("texts", depth),
            lambda: f"split({value('text', depth)}, {self.random.choice(_SEPARATORS)})",
            lambda: f"[x IN {value('texts', depth)} | toUpper(x)]",
            lambda: f"[x IN {value('ints', depth)} | toString(x)]",
            *([lambda: f"labels({self.random.choice(nodes)})"] if (nodes := self.of("node")) else []),
            *([lambda: f"[x IN nodes({self.random.choice(paths)}) | x.id]"] * 3 if (paths := self.of("path")) else []),
            *([lambda: f"[x IN relationships({self.random.choice(paths)}) | type(x)]"] * 2 if paths else []),
        )

    def _ints(self, depth: int) -> str:
        value = self.value
        return self.pick(
            *self._lists("ints", depth),
            lambda: f"[x IN {value('ints', depth)} | x * 2]",
            lambda: f"[x IN {value('texts', depth)} | size(x)]",
            lambda: f"range(0, {self.random.randint(0, 5)}, {self.random.randint(1, 3)})",
        )

    def _floats(self, depth: int) -> str:
        return self.pick(*self._lists("floats", depth), lambda: f"[x IN {self.value('floats', depth)} | x + 0.5]")

    def _lists(self, sort: str, depth: int) -> list[Callable[[], str]]:
        value = self.value
        return [
            lambda: f"coalesce({value(sort, depth)}, [])",
            lambda: f"coalesce({value(sort, depth)}, []) + coalesce({value(sort, depth)}, [])",
            lambda: f"{value(sort, depth)} + {value(sort, depth)}",
            lambda: f"{value(sort, depth)} + {value(_ELEMENT[sort], 0)}",
            lambda: f"{self.bracketed(sort, depth)}[{self.random.randint(-2, 1)}..{self.random.randint(-1, 3)}]",
            lambda: f"{self.bracketed(sort, depth)}[..{self.random.randint(-1, 3)}]",
            lambda: f"tail({value(sort, depth)})",
            lambda: f"reverse({value(sort, depth)})",
            lambda: f"[x IN {value(sort, depth)} WHERE {'x > 0.5' if sort == 'floats' else self.about(sort)}]",
            lambda: f"[{value(_ELEMENT[sort], depth)}, {value(_ELEMENT[sort], depth)}]",
            lambda: f"CASE WHEN {value('bool', depth)} THEN {value(sort, depth)} ELSE {value(sort, depth)} END",
        ]

    # Patterns

    def from_node(self) -> str:
        """A pattern that begins at a node in scope and brings no names."""
        name = self.random.choice(self.of("node"))
        label = self.names[name][1]
        fitting = [triple for triple in _TRIPLES if label in (triple[0], triple[2])] or list(_TRIPLES)
        start, kind, stop = self.random.choice(fitting)
        outward = label == start if label else self.chance(0.5)
        other = stop if outward else start
        end = self.random.choice(("()", f"(:{other})", f"(:{other} {{id: {self.random.choice(_TEXTS)}}})"))
        length = self.random.choice(("", "", "", "*1..2", "*0..1", "*2"))
        edge = self.random.choice((f"[:{kind}{length}]", f"[{length}]" if length else "", f"[:{kind}|HOLDS{length}]"))
        return f"({name})-{edge}->{end}" if outward else f"({name})<-{edge}-{end}"

    def exists(self) -> str:
        return self.pick(
            lambda: f"EXISTS {{ {self.from_node()} }}",
            lambda: f"EXISTS {{ MATCH {self.from_node()} }}",
            self.from_node,
            lambda: f"NOT {self.from_node()}",
        )

    def counted(self) -> str:
        return self.pick(lambda: f"COUNT {{ {self.from_node()} }}", lambda: f"size([{self.from_node()} | 1])")

    def same(self) -> str:
        one, other = self.random.sample(self.of("node"), 2)
        return f"{one} {self.random.choice(('=', '<>'))} {other}"

    def pattern(self) -> str:
        """A pattern that brings names."""
        start, kind, stop = self.random.choice(_TRIPLES)
        held = [name for name in self.of("node") if self.names[name][1] in (start, "")]
        first = f"({self.random.choice(held)})" if held and self.chance(0.6) else self.node(start)
        form = self.random.random()
        if form < 0.2:
            return first
        if form < 0.35:
            name = self.fresh("path", stem="p")
            bounds = self.random.choice(("*1..2", "*1..3", "*0..2", "*2", "*..2"))
            some = self.random.choice((f":{kind}", "", ":DELEGATES_TO", ":DELEGATES_TO|HOLDS"))
            last = self.node(self.random.choice((stop, "Agent", "")))
            arrow = self.random.choice(("-[{}]->", "-[{}]->", "<-[{}]-", "-[{}]-"))
            return f"{name} = {first}{arrow.format(some + bounds)}{last}"
        hops = f"{first}{self.edge(kind)}{self.node(stop)}"
        if self.chance(0.25):
            following = [triple for triple in _TRIPLES if triple[0] == stop]
            if following:
                _, kind, stop = self.random.choice(following)
                hops += f"{self.edge(kind)}{self.node(stop)}"
        return hops

    def node(self, label: str) -> str:
        if self.chance(0.15):
            label = ""
        name = self.fresh("node", label, "n")
        given = f":{label}" if label else ""
        if self.chance(0.06) and label in _OF_KIND:
            given += f" {{id: {_OF_KIND[label]}}}"
        elif self.chance(0.1):
            given += f" {{id: {self.random.choice(('$text', chr(39) + 'db' + chr(39), chr(39) + 'refund' + chr(39)))}}}"
        return f"({name}{given})"

    def edge(self, kind: str) -> str:
        if self.chance(0.4):
            return f"-[:{kind}]->"
        if self.chance(0.15):
            return self.random.choice(("-->", "--", f"-[:{kind}]-"))
        return f"-[{self.fresh('edge', kind, 'r')}:{kind}]->"

    # Clauses

    def reading(self) -> str:
        form = self.random.random()
        if form < 0.12:
            sort = self.random.choice(tuple(_ELEMENT))
            return f"UNWIND {self.value(sort)} AS {self.fresh(_ELEMENT[sort])}"
        if form < 0.2 and self.of("node"):
            return self.subquery()
        if form < 0.25 and (nodes := self.of("node")):
            name = self.random.choice(nodes)
            return f"UNWIND [{name}, {name}] AS {self.fresh('node', self.names[name][1], 'h')}"
        word = "OPTIONAL MATCH" if self.chance(0.25) else "MATCH"
        patterns = self.pattern()
        if word == "MATCH" and self.chance(0.1):
            patterns += f", {self.pattern()}"
        return f"{word} {patterns}{self.where()}"

    def where(self) -> str:
        return f" WHERE {self.value('bool')}" if self.chance(0.45) else ""

    def subquery(self) -> str:
        name = self.random.choice(self.of("node"))
        outer, self.names = self.names, {name: self.names[name]}
        label = self.names[name][1]
        fitting = [triple for triple in _TRIPLES if triple[0] == label]
        inner = f"MATCH ({name}){self.edge(self.random.choice(fitting)[1])}{self.node('')}" if fitting else f"MATCH {self.pattern()}"
        sort, expression = self.aggregate()
        self.names = outer
        return f"CALL ({name}) {{ {inner} RETURN {expression} AS {self.fresh(sort)} }}"

    def aggregate(self) -> tuple[str, str]:
        """(type, expression) of an aggregate."""
        sort = self.random.choice(_SCALARS)
        value, distinct = self.value(sort, 1), self.random.choice(("", "", "DISTINCT "))
        form = self.random.random()
        if form < 0.2:
            return "int", "count(*)"
        if form < 0.5:
            return "int", f"count({distinct}{value})"
        if form < 0.75 and sort != "bool":
            return sort, f"{self.random.choice(('min', 'max'))}({value})"
        if form < 0.9:
            return "int", f"size(collect({distinct}{value}))"
        return "float", f"{self.random.choice(('sum', 'avg'))}({self.value('float', 1)})"

    def items(self) -> list[tuple[str, str]]:
        """(type, expression) of what is returned or kept."""
        found = [(sort, self.value(sort)) for sort in self.random.choices((*_SCALARS, "texts", "ints"), k=self.random.randint(1, 3))]
        if self.chance(0.35):
            found = [item for item in found if item[0] not in ("texts", "ints") and _names_in(item[1])][:2]
            found.append(self.aggregate())
        return found

    def kept(self) -> str:
        """WITH: some nodes and some values."""
        items = self.items()
        stay = self.random.sample(nodes, min(len(nodes), 2)) if (nodes := self.of("node")) else []
        before = self.names
        self.names = {name: before[name] for name in stay}
        columns = [*stay, *(f"{expression} AS {self.fresh(sort)}" for sort, expression in items)]
        distinct = "DISTINCT " if self.chance(0.15) else ""
        return f"WITH {distinct}{', '.join(columns)}{self.where()}"

    def returned(self) -> str:
        items = self.items()
        columns = [f"{expression} AS c{number}" for number, (_, expression) in enumerate(items)]
        distinct = "DISTINCT " if self.chance(0.2) else ""
        order = ""
        if self.chance(0.35):
            keys = [f"c{number}{self.random.choice(('', ' DESC'))}" for number in range(len(items))]
            self.random.shuffle(keys)
            order = f" ORDER BY {', '.join(keys)}"
            if self.chance(0.4):
                order += f" SKIP {self.random.randint(0, 2)}" if self.chance(0.3) else ""
                order += f" LIMIT {self.random.randint(1, 4)}"
        return f"RETURN {distinct}{', '.join(columns)}{order}"

    # What optimizers take apart: groups, counts, the first few

    def condition(self) -> str:
        """A condition that can be looked up, or be asked of each edge."""
        nodes, edges = self.of("node"), self.of("edge")
        node = self.random.choice(nodes)
        ids = self.random.sample(_IDS, 3)
        return self.pick(
            lambda: f"{node}.id = {ids[0]}",
            lambda: f"{node}.id = {ids[0]} OR {node}.id = {ids[1]}",
            lambda: f"{node}.id IN [{', '.join(ids)}]",
            lambda: f"{node}.id IN $ids AND {node}.status IS NULL",
            lambda: f"{node}.{self.random.choice(('status', 'name', 'environment', 'type'))} {self.random.choice(_COMPARED)}",
            lambda: f"{node}.{self.random.choice(('status', 'name', 'environment', 'type'))} {self.random.choice(_COMPARED)}",
            lambda: f"size({node}.id) > 2",
            lambda: f"{node}.id <> {ids[0]} AND NOT {node}.id STARTS WITH 'b'",
            lambda: f"{node}:{self.random.choice(_TRIPLES)[0]}",
            lambda: f"{node}:Agent OR {node}:Tool",
            lambda: f"labels({node})[0] IN ['Agent', 'Secret']",
            lambda: f"{node}.{self.random.choice(('type', 'status', 'environment'))} IS {self.random.choice(('NULL', 'NOT NULL'))}",
            self.exists,
            lambda: f"COUNT {{ {self.from_node()} }} {self.random.choice(('>', '=', '<='))} 1",
            *([self.same] if len(nodes) > 1 else []),
            *([lambda: f"type({self.random.choice(edges)}) <> 'HOLDS'"] if edges else []),
            *([lambda: f"{self.random.choice(edges)}.confidence >= 0.6"] if edges else []),
            *([lambda: f"'declared' IN {self.random.choice(edges)}.evidence"] if edges else []),
            *([lambda: f"({self.random.choice(edges)}.mode = 'invoke' OR {node}.id = {ids[0]})"] if edges else []),
        )

    def about_some(self) -> str:
        return f" WHERE {self.condition()}" + (f" AND ({self.condition()})" if self.chance(0.25) else "") if self.chance(0.5) else ""

    def chain(self) -> str:
        """A pattern of one to three hops, of named kinds or any, that may come back to where it was."""
        start, kind, stop = self.random.choice(_TRIPLES)
        held = [name for name in self.of("node") if self.names[name][1] in (start, "")]
        pattern = f"({self.random.choice(held)})" if held and self.chance(0.6) else self.node(start)
        for _ in range(self.random.choice((0, 1, 1, 1, 2, 2, 3))):
            some = self.random.choice((kind, kind, kind, "", f"{kind}|OWNS"))
            name = self.fresh("edge", kind, "r") if self.chance(0.35) else ""
            inner = f"[{name}{':' if some else ''}{some}]" if name or some else ""
            back = [held for held in self.of("node") if self.chance(0.1)]
            end = f"({back[0]})" if back else "()" if self.chance(0.1) else self.node(stop)
            pattern += f"{self.random.choice(('-{}->', '-{}->', '-{}->', '-{}-')).format(inner)}{end}"
            following = [triple for triple in _TRIPLES if triple[0] == stop]
            if not following:
                break
            start, kind, stop = self.random.choice(following)
        return pattern

    def group(self) -> str:
        """What rows are put together by."""
        name = self.random.choice(self.of("node", "edge"))
        if self.names[name][0] == "edge":
            return self.random.choice((name, f"type({name})", f"{name}.confidence"))
        return self.random.choice((name, f"{name}.id", f"{name}.status", f"labels({name})[0]", f"coalesce({name}.type, 'none')"))

    def count(self) -> str:
        name = self.random.choice(self.of("node", "edge"))
        return self.random.choice(
            ("count(*)", f"count({name})", f"count(DISTINCT {name})", "count(*)", f"size(collect(DISTINCT {name}))", "sum(1)")
            + ((f"count({name}.status)", f"min({name}.id)", f"max({name}.id)") if self.names[name][0] == "node" else ())
        )

    def table(self) -> str:
        """Matches, groups and counts."""
        parts = []
        for number in range(self.random.choice((1, 1, 2, 2, 3))):
            word = "OPTIONAL MATCH" if self.chance(0.3 if number else 0.1) else "MATCH"
            more = f", {self.chain()}" if self.chance(0.12) else ""
            parts.append(f"{word} {self.chain()}{more}{self.about_some()}")
        if self.chance(0.15):
            parts.insert(self.random.randint(0, 1), "UNWIND $ids AS u")
        if self.chance(0.5):
            groups = [self.group() for _ in range(self.random.choice((0, 1, 1, 2)))]
            bare = [name for name in groups if name in self.names]
            items = [*bare, *(f"{group} AS g{number}" for number, group in enumerate(groups) if group not in bare)]
            kept, counted = dict(self.names), self.count()
            self.names = {name: kept[name] for name in bare}
            clause = f"WITH {', '.join(dict.fromkeys((*items, f'{counted} AS n')))}"
            if self.chance(0.3) and "min" not in counted and "max" not in counted:
                clause += f" WHERE n > {self.random.randint(0, 2)}"
            parts.append(clause)
            shown = [
                *(f"{name}.{'id' if kept[name][0] == 'node' else 'key'}" for name in dict.fromkeys(bare)),
                *(f"g{i}" for i, g in enumerate(groups) if g not in bare),
                "n",
            ]
            if bare and self.of("node") and self.chance(0.4):
                parts.append(f"{self.random.choice(('MATCH', 'OPTIONAL MATCH'))} {self.chain()}")
                shown = [*shown, f"{self.random.choice(self.of('node'))}.id"]
        else:
            groups = [self.group() for _ in range(self.random.choice((0, 1, 1, 2, 2)))]
            shown = [f"{g}.{'id' if self.names[g][0] == 'node' else 'key'}" if g in self.names else g for g in groups]
            if not shown or self.chance(0.7):
                shown.append(self.count())
        columns = [f"{expression} AS c{number}" for number, expression in enumerate(shown)]
        text = f"RETURN {'DISTINCT ' if self.chance(0.2) else ''}{', '.join(columns)}"
        if self.chance(0.5):
            keys = [f"c{number}{self.random.choice(('', ' DESC'))}" for number in range(len(columns))]
            self.random.shuffle(keys)
            text += f" ORDER BY {', '.join(keys)}" + (f" LIMIT {self.random.randint(1, 3)}" if self.chance(0.6) else "")
        return " ".join((*parts, text))

    def query(self) -> str:
        if self.chance(0.5):
            return self.table()
        parts = [self.reading() for _ in range(self.random.randint(1, 2))]
        if self.chance(0.3):
            parts.append(self.kept())
            if self.chance(0.4):
                parts.append(self.reading())
        parts.append(self.returned())
        return " ".join(parts)


_OF_KIND = {
    "Agent": "'billing'",
    "Secret": "'key-1'",
    "Identity": "'role-a'",
    "Tool": "'pay'",
    "Resource": "'db'",
    "ToolServer": "'pay-mcp'",
}
_SEPARATORS = ("'.'", "':'", "' '")
_COMPARED = ("< 'c'", ">= 'c'", "<> 'prod'", "IN ['prod', 'active']", "> $text", "STARTS WITH 'a'", "=~ '.*i.*'", "CONTAINS 'e'")
_IDS = ("'billing'", "'refund'", "'db'", "'key-1'", "'role-a'", "'sa'", "'pay'", "'nothing'")
_TIMES = (
    "date('2026-02-01')",
    "date('2026-02-01') + duration({days: 1})",
    "datetime('2026-02-01T00:00:00Z')",
    "datetime($moment)",
    "datetime({datetime: datetime($moment), timezone: 'Z'})",
)
_REGEXES = ("'.*'", "'[a-z]+'", "'B.*'", "'.*[0-9]'", "''", "'(?iu)b.*'")


def _names_in(expression: str) -> bool:
    return "." in expression and "{" not in expression


def drawn(number: int) -> str:
    """The query of that number."""
    return _Drawer(Random(number)).query()


# --------------------------------------------------------------------------------------------------------------------------------


def normal(value: Any) -> Any:
    """``value`` such that what engines may add in different orders is equal."""
    if isinstance(value, float):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    return [normal(item) for item in value] if isinstance(value, (list, tuple)) else value


def comparable(rows: Rows, cypher: str) -> tuple[Any, ...]:
    lines = [json.dumps(normal(row), ensure_ascii=False) for row in rows.rows]
    return rows.columns, lines if "ORDER BY" in cypher else sorted(lines)


def answer(store: Store, cypher: str) -> tuple[Any, ...] | str:
    """The rows, or what the store says instead."""
    used = {name: value for name, value in PARAMETERS.items() if f"${name}" in cypher}
    try:
        return comparable(store.query(cypher, used, timeout=20), cypher)
    except GraphinvError as error:
        return f"{type(error).__name__}: {error}"


def differences(embedded: Store, neo4j: Store, numbers: Iterable[int]) -> Iterator[tuple[str, int, str, Any, Any]]:
    """(outcome, number, query, embedded answer, Neo4j's answer) of each query."""
    for number in numbers:
        cypher = drawn(number)
        try:
            checked(cypher, PARAMETERS)
        except GraphinvError as error:
            yield "refused", number, cypher, str(error), None
            continue
        one, other = answer(embedded, cypher), answer(neo4j, cypher)
        if isinstance(one, str) or isinstance(other, str):
            outcome = "both complain" if isinstance(one, str) and isinstance(other, str) else "one complains"
        else:
            outcome = "alike" if one == other else "DIFFERS"
        yield outcome, number, cypher, one, other


def unsound(store: EmbeddedStore, numbers: Iterable[int]) -> Iterator[tuple[str, int, str, Any, Any]]:
    """The same, of the embedded engine with its optimizer and without."""
    for number in numbers:
        cypher = drawn(number)
        one = _asked(store, cypher, adapted(cypher), disabled_passes=list(UNSOUND))
        other = _asked(store, cypher, adapted(cypher), disable_optimizer=True)
        both = isinstance(one, str) and isinstance(other, str)
        yield "both complain" if both else "alike" if one == other else "DIFFERS", number, cypher, one, other


def _asked(store: EmbeddedStore, cypher: str, text: str, **how: Any) -> tuple[Any, ...] | str:
    """What the engine says to ``text``, which is ``cypher`` put in another way."""
    given = {name: value for name, value in PARAMETERS.items() if f"${name}" in cypher}
    try:
        view = store._snapshot().cypher(text, params=given, timeout_ms=20_000, **how)
        assert isinstance(view, kglite.ResultView)
        return comparable(rows(view.columns, view.to_list()), cypher)
    except kglite.KgError as error:
        return str(error)


def loaded(store: AnyStore) -> AnyStore:
    """``store`` with the graph of the probes."""
    store.commit(Scan("probe", "2026-03-01T00:00:00Z", "complete"), *facts(plain_yaml(GRAPH)))
    return store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=2000)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--show", nargs="*", default=["DIFFERS", "one complains"])
    parser.add_argument("--optimizer", action="store_true")
    given = parser.parse_args()
    numbers = range(given.seed, given.seed + given.count)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, EmbeddedStore(Path(folder) / "graph", write=True) as embedded:
        loaded(embedded)
        for outcome, number, cypher, one, other in unsound(embedded, numbers) if given.optimizer else _beside_neo4j(embedded, numbers):
            counts[outcome] += 1
            if outcome in given.show:
                print(f"{outcome} {number}\n  {cypher}\n  {one}\n  {other}", flush=True)
    print(dict(counts))


def _beside_neo4j(embedded: Store, numbers: Iterable[int]) -> Iterator[tuple[str, int, str, Any, Any]]:
    from tests.neo4j_server import server

    own = server()
    own.wipe()
    with pytest.MonkeyPatch.context() as patch:
        own.enter(patch)
        with open_store(own.uri, write=True) as neo4j:
            yield from differences(embedded, loaded(neo4j), numbers)


if __name__ == "__main__":
    main()
