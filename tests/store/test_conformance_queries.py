"""What every store does alike with queries: what they see, what is refused, what has a limit."""

from __future__ import annotations

import json

import pytest

from graphinv.model.errors import QueryError, QueryLimit, ReadOnly
from graphinv.model.facts import NodeFact, edge_key
from tests.store.conftest import Factory
from tests.store.support import BOT, EDGES, NODES, ROLE, analysis, committed, day, one, scan


def test_cypher_sees_the_properties_by_their_names(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        found = store.query(
            "MATCH (a:Agent)-[u:RUNS_AS]->(i:Identity)-[c:CAN_ACCESS]->(r:Resource)"
            " RETURN a.id AS id, a.name, a.type, a.kind_detail, a.labels, i.name, i.type, r.type, r.crown_jewel, r.external, r.tenant,"
            " c.actions, c.confidence, c.scopes, u.evidence, u.key, a.gone_at, labels(a) AS kinds, type(c) AS edge"
        )
    assert found.columns[:3] == ("id", "a.name", "a.type")
    assert found.rows == (
        (
            *("bot", "Billing bot", None, None, ["team=pay"], "role", "iam_role", "database", True, False, None),
            *(["read", "write"], 0.9, None, ["declared"], edge_key("RUNS_AS", BOT, ROLE, {}), None, ["Agent"], "CAN_ACCESS"),
        ),
    )


def test_an_absent_property_is_null_on_every_kind(store_factory: Factory) -> None:
    from graphinv.model.kinds import NODE_KINDS

    with store_factory() as store:
        store.commit(scan(), [NodeFact(kind, "x") for kind in NODE_KINDS], [])
        for kind, model in NODE_KINDS.items():
            names = [name for name in {*model.model_fields, "type"} if name not in ("name", "first_seen")]
            found = store.query(f"MATCH (n:{kind}) RETURN " + ", ".join(f"n.{name} AS {name}" for name in names))
            assert found.rows == ((None,) * len(names),), kind
            assert one(store, f"MATCH (n:{kind}) WHERE n.type IS NULL AND n.status IS NULL RETURN n.name") == "x"
            for name in names:
                assert store.query(f"MATCH (n:{kind} {{{name}: 'nothing'}}) RETURN n.id").rows == ()


def test_a_type_that_is_called_like_its_kind_is_a_type(store_factory: Factory) -> None:
    with store_factory() as store:
        store.commit(scan(), [NodeFact("Identity", "a", {"type": "Identity"}), NodeFact("Identity", "b")], [])
        assert store.query("MATCH (n:Identity) RETURN n.id, n.type ORDER BY n.id").rows == (("a", "Identity"), ("b", None))
        assert one(store, "MATCH (n:Identity {type: 'Identity'}) RETURN n.id") == "a"


def test_unknown_kinds_and_empty_answers_are_no_errors(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        assert store.query("MATCH (n:Workflow)-[:USES]->(t:Tool) WHERE n.vendor = 'x' RETURN n.id").rows == ()
        assert store.query("MATCH (:Agent)-[r:USES {approved: true}]->() RETURN r.key").rows == ()


def test_nodes_edges_and_paths_are_plain_and_without_bookkeeping(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        store.commit(scan(2, root="lab"), NODES, EDGES)
        store.put_analysis(analysis(generation=2))
        found = store.query("MATCH p = (a:Agent)-[r:RUNS_AS]->(i:Identity) RETURN a, r, p, [i] AS listed, {x: i} AS mapped")
        everything = store.query("MATCH (n) WHERE n.id IN ['bot', 'role', 'db'] RETURN n")
    (bot, edge, path, listed, mapped) = found.rows[0]
    key = edge_key("RUNS_AS", BOT, ROLE, {})
    role = {"kind": "Identity", "id": "role", "props": {"name": "role", "first_seen": day(1), **NODES[1].props}}
    assert {name: bot[name] for name in ("kind", "id")} == {"kind": "Agent", "id": "bot"}
    assert bot["props"]["name"] == "Billing bot"
    assert bot["props"]["risk"] == 44.25
    assert edge == {"kind": "RUNS_AS", "key": key, "props": {"first_seen": day(1), **EDGES[0].props}}
    assert path == {"nodes": [bot, role], "edges": [{**edge, "from": ["Agent", "bot"], "to": ["Identity", "role"]}]}
    assert (listed, mapped) == ([role], {"x": role})
    assert not [name for (node,) in everything.rows for name in node["props"] if name.startswith("_") or name == "title"]
    json.dumps(found.rows)


def test_values_are_plain_json(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        found = store.query(
            "RETURN date('2026-01-02') AS d, 1.5 AS f, true AS b, null AS n, [1, [2]] AS l, {a: {b: 'c'}} AS m, 1e308 * 10 AS i"
        )
    assert found.rows == (("2026-01-02", 1.5, True, None, [1, [2]], {"a": {"b": "c"}}, None),)
    assert found.dicts()[0]["b"] is True


def test_parameters_are_values_never_cypher(store_factory: Factory) -> None:
    attack = "x'}) DETACH DELETE n //"
    with store_factory() as store:
        committed(store)
        assert one(store, "RETURN $p AS p", p=attack) == attack
        assert store.query("MATCH (n:Agent {name: $p}) RETURN n", {"p": attack}).rows == ()
        with pytest.raises(QueryError):
            store.query("RETURN $absent AS x")
        with pytest.raises(QueryError):
            store.query("RETURN $p AS x", {"p": object()})
        with pytest.raises(QueryError):
            store.query("RETURN $p AS x", {"p": 2**70})
        assert len(store.estate().nodes) == 3


ATTACKS = (
    "CREATE (n:Agent {id: 'x'})",
    "create (n:Agent)",
    "  \n\tCrEaTe (n)",
    "MERGE (n:Agent {id: 'x'})",
    "MATCH (n) SET n.name = 'x'",
    "MATCH (n) SET n += {name: 'x'}",
    "MATCH (n) SET n:Owner",
    "MATCH (n) DELETE n",
    "MATCH (n) DETACH DELETE n",
    "MATCH (n) NODETACH DELETE n",
    "MATCH ()-[r]->() DELETE r",
    "MATCH (n) REMOVE n.name",
    "MATCH (n) REMOVE n:Agent",
    "MATCH (a:Agent), (b:Identity) CREATE (a)-[:RUNS_AS]->(b) RETURN a",
    "MATCH (n) WITH n CREATE (m:Agent) RETURN m",
    "MATCH (n) WITH collect(n) AS all FOREACH (x IN all | SET x.name = 'x')",
    "FOREACH (x IN [1] | CREATE (:Agent))",
    "INSERT (:Agent {id: 'x'})",
    "RETURN 1 AS x UNION CREATE (n) RETURN 1 AS x",
    "CALL { CREATE (n:Agent) RETURN n } RETURN n",
    "MATCH (n) CALL { WITH n SET n.name = 'x' RETURN 1 AS one } RETURN one",
    "MATCH (n) CALL (n) { DELETE n } RETURN 1 AS x",
    "MATCH (n) CALL { WITH n DETACH DELETE n } IN TRANSACTIONS OF 1 ROWS",
    "RETURN 1 AS x; MATCH (n) DETACH DELETE n",
    "MATCH (n) RETURN n; DROP INDEX x;",
    "// only reading\nMATCH (n) DETACH DELETE n",
    "MATCH (n) // x\nDETACH // y\nDELETE n",
    "MATCH (n) RETURN '// x' AS x, n.id UNION MATCH (n) DELETE n RETURN 1 AS x",
    "CREATE INDEX FOR (n:Agent) ON (n.name)",
    "CREATE CONSTRAINT FOR (n:Agent) REQUIRE n.name IS UNIQUE",
    "DROP INDEX x",
    "DROP CONSTRAINT x IF EXISTS",
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "LOAD CSV WITH HEADERS FROM '/etc/passwd' AS line RETURN line",
    "load\ncsv from '/etc/passwd' as line return line",
    "LOAD //\nCSV FROM '/etc/passwd' AS line RETURN line",
    "WITH 1 AS x LOAD CSV FROM '/etc/passwd' AS line RETURN line",
    "MATCH (n) CALL { LOAD CSV FROM '/etc/passwd' AS l RETURN l } RETURN l",
    "CALL db.labels()",
    "CALL db.labels() YIELD label RETURN label",
    "MATCH (n) CALL db.cdc.enable() RETURN n",
    "CALL apoc.load.json('file:///etc/passwd') YIELD value RETURN value",
    "CALL apoc.cypher.runWrite('CREATE (n)', {})",
    "CALL dbms.setConfigValue('a', 'b')",
    "ALTER DATABASE neo4j SET ACCESS READ ONLY",
    "GRANT ROLE admin TO bob",
)
WRONG = (
    "",
    "// nothing",
    "hello",
    "MATCH (n",
    "MATCH (n) RETURN m",
    "RETURN 'open",
    "SHOW INDEXES",
    "EXPLAIN MATCH (n) RETURN n",
    "PROFILE MATCH (n) RETURN n",
    "USE other MATCH (n) RETURN n",
    "CYPHER runtime=slotted MATCH (n) RETURN n",
    "MATCH (n) RETURN n.id FORMAT CSV",
    "FOR VALID_TIME ALL MATCH (n) RETURN n",
    "RETURN " + "(" * 5000 + "1" + ")" * 5000 + " AS x",
    "RETURN " + "[" * 50_000 + " AS x",
    "RETURN '" + "x" * 100_001 + "' AS x",
)
NOT_PORTABLE = (
    ("MATCH (a)-[*]->(b) RETURN a", "upper bound"),
    ("MATCH (a)-[:DELEGATES_TO*]->(b) RETURN a", "upper bound"),
    ("MATCH (a)<-[r:DELEGATES_TO*2..]-(b) RETURN a", "upper bound"),
    ("MATCH p = shortestPath((a:Agent)-[*]-(b:Resource)) RETURN p", "upper bound"),
    ("MATCH ((a)-[:DELEGATES_TO]->(b)){1,3} RETURN a", "variable-length"),
    ("MATCH (x)((a)-[:DELEGATES_TO]->(b))+(y) RETURN x", "variable-length"),
    ("MATCH (a)-[:DELEGATES_TO]->{1,3}(b) RETURN a", "variable-length"),
    ("MATCH (a)-->+(b) RETURN a", "variable-length"),
    ("MATCH (n) /* all */ RETURN n", "write //"),
    ("MATCH (n) RETURN properties(n) AS p", "one by one"),
    ("MATCH (n) RETURN keys (n) AS k", "one by one"),
    ("MATCH (n) RETURN n['type'] AS t", r"write \.type"),
)


@pytest.mark.parametrize("cypher", ATTACKS)
def test_nothing_writes_whatever_is_typed(store_factory: Factory, cypher: str) -> None:
    with store_factory() as store:
        committed(store)
        before = store.estate()
        with pytest.raises(ReadOnly):
            store.query(cypher)
        assert store.estate() == before
        assert one(store, "MATCH (n) WHERE n.id IN ['bot', 'role', 'db'] RETURN count(n)") == 3
        assert one(store, "MATCH (n:Agent) RETURN n.name") == "Billing bot"


def test_a_query_that_is_wrong_is_quoted(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        for cypher in WRONG:
            with pytest.raises(QueryError) as caught:
                store.query(cypher)
            assert not isinstance(caught.value, ReadOnly)
            assert len(str(caught.value)) < 1500
            assert " ".join(cypher.split())[:200] in str(caught.value) or not cypher or cypher.startswith("//")


@pytest.mark.parametrize(("cypher", "instead"), NOT_PORTABLE)
def test_what_engines_answer_differently_is_refused_with_what_to_write(store_factory: Factory, cypher: str, instead: str) -> None:
    with store_factory() as store:
        committed(store)
        with pytest.raises(QueryError, match=instead):
            store.query(cypher)


def test_words_of_writing_are_only_words_in_strings_names_and_comments(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        for cypher in (
            "MATCH (n:Agent) WHERE n.name <> 'CREATE (n) /* x */ -[*]-> keys(n); DELETE n' RETURN n.id AS x // DELETE n; /* y */",
            'MATCH (n:Agent) WHERE n.name <> "it\'s; MERGE (n)" RETURN n.id AS x;',
            "MATCH (n:Agent) RETURN n.id AS `delete; x`",
            "MATCH (`set`:Agent) RETURN `set`.id AS `remove`",
            "MATCH (n:Agent) WITH n.id AS `create` RETURN `create`",
            "MATCH (n:Agent) WITH {set: n.id, keys: 2} AS m RETURN m.set AS x",
            "MATCH (n:Agent)-[:RUNS_AS|DELETE*1..2]->(m) RETURN n.id AS x",
            "MATCH (n:Agent) WHERE (1 + 2) * 3 = 9 AND size([1, 2]) + 1 = 3 RETURN n.id AS x",
            "MATCH (n:Agent) CALL { WITH n MATCH (n)-->(m) RETURN m.id AS y } RETURN n.id AS x",
        ):
            assert one(store, cypher) == "bot", cypher


def test_time_has_a_limit(store_factory: Factory) -> None:
    nodes = [NodeFact("Agent", f"a{i}") for i in range(2000)]
    with store_factory() as store:
        store.commit(scan(), nodes, [])
        with pytest.raises(QueryLimit, match=r"longer than 0\.2 s"):
            store.query(
                "MATCH (a:Agent), (b:Agent), (c:Agent), (d:Agent) WHERE a.name > b.name AND c.name > d.name RETURN count(*) AS x",
                timeout=0.2,
            )
        assert one(store, "MATCH (a:Agent) RETURN count(a)") == 2000


def test_rows_have_a_limit(store_factory: Factory) -> None:
    nodes = [NodeFact("Agent", f"a{i}") for i in range(20)]
    with store_factory() as store:
        store.commit(scan(), nodes, [])
        assert len(store.query("MATCH (a:Agent) RETURN a.id", max_rows=20).rows) == 20
        with pytest.raises(QueryLimit, match="more than 19 rows"):
            store.query("MATCH (a:Agent) RETURN a.id", max_rows=19)
        with pytest.raises(QueryLimit):
            store.query("UNWIND range(1, 1000000000) AS x RETURN count(x) AS x", timeout=2)
