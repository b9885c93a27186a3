from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from graphinv.export.facts import facts
from graphinv.model.estate import Estate
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.schema import facts_json_schema, neo4j_ddl, properties, vocabulary_table
from tests import strategies


@cache
def validator() -> Validator:
    schema = facts_json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@given(strategies.estates())
def test_every_exported_fact_fits_the_schema(estate: Estate) -> None:
    for fact in facts(estate):
        validator().validate(fact)


@pytest.mark.parametrize(
    "fact",
    [
        {"node": "Agnt", "id": "a"},
        {"node": "Agent"},
        {"node": "Agent", "id": ""},
        {"node": "Agent", "id": "a", "props": {"colour": "red"}},
        {"node": "Agent", "id": "a", "props": {"autonomy": "total"}},
        {"node": "Agent", "id": "a", "name": "A"},
        {"edge": "RUNS_AS", "from": ["Agent", "a"], "to": ["Resource", "r"]},
        {"edge": "RUNS_AS", "from": ["Agent", "a", "b"], "to": ["Identity", "i"]},
        {"edge": "RUNS_AS", "from": ["Agent", "a"]},
        {"edge": "RUNS_AS", "from": ["Agent", "a"], "to": ["Identity", "i"], "props": {"confidence": 2}},
        {"edge": "OWNS", "from": ["Agent", "a"], "to": ["Agent", "b"]},
        {"node": "Secret", "id": "s", "props": {"ttl_seconds": -1}},
        [],
    ],
)
def test_the_schema_refuses_what_ingest_refuses(fact: Any) -> None:
    assert not validator().is_valid(fact)


def test_ddl_makes_ids_unique_and_finds_edges_by_key() -> None:
    ddl = neo4j_ddl()
    assert "CREATE CONSTRAINT agent_id IF NOT EXISTS FOR (n:Agent) REQUIRE n.id IS UNIQUE" in ddl
    assert "CREATE INDEX can_access_key IF NOT EXISTS FOR ()-[r:CAN_ACCESS]-() ON (r.key)" in ddl
    assert len(ddl) == len(set(ddl)) == 2 * len(NODE_KINDS) + len(EDGE_KINDS)
    assert len({statement.split()[2] for statement in ddl}) == len(ddl), "names of constraints and indexes are unique"


def test_the_table_tells_every_kind_and_property() -> None:
    table = vocabulary_table()
    for kind in (*NODE_KINDS, *EDGE_KINDS):
        assert kind in table
        for prop in properties(kind).values():
            cells = (f"`{prop.name}`", prop.words, prop.description)
            assert "".join(f"| {cell.replace('|', chr(92) + '|')} " for cell in cells) in table


def test_types_come_from_the_declarations() -> None:
    secret, access, edge = properties("Secret"), properties("CAN_ACCESS"), properties("RUNS_ON")
    assert (secret["issued_at"].type, secret["ttl_seconds"].type, secret["renewable"].type) == ("time", "integer", "yes/no")
    assert (secret["scopes"].type, secret["lifetime"].values) == ("set of texts", ("static", "ephemeral"))
    assert access["actions"].values == ("read", "write", "execute", "delete", "admin")
    assert (edge["confidence"].type, edge["isolated"].type) == ("number", "yes/no")
    assert "name" in properties("Agent")
    assert "guards" not in properties("OWNS")
