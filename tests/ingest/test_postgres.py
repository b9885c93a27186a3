"""Grants of PostgreSQL: dumps, scripts and tables, and which database they are of."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import pytest

from graphinv.ingest import HEAD_BYTES, database_grants, postgres_schema
from graphinv.ingest.grants import Known, evaluate
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, Grant, NodeFact, NodeKey, Problem, check_edge, check_node
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of
from tests.ingest.reading import document, fake, fixture

DB = "postgres://db.acme.example:5432/shop"


class Access:
    """What grants come to where ``known`` nodes are known."""

    def __init__(self, facts: list[Fact], *known: NodeKey) -> None:
        grants = [fact for fact in facts if isinstance(fact, Grant)]
        found = list(evaluate(grants, Known.of([NodeFact(*key) for key in known], [])))
        self.nodes = {check_node(fact).key: fact.props for fact in found if isinstance(fact, NodeFact)}
        self.edges = [check_edge(fact) for fact in found if isinstance(fact, EdgeFact)]
        self.problems = [fact.message for fact in (*facts, *found) if isinstance(fact, Problem)]

    def may(self, target: str) -> dict[str, set[str]]:
        """Role → what it can do to ``target``."""
        found: dict[str, set[str]] = {}
        for edge in self.edges:
            if edge.kind == "CAN_ACCESS" and edge.target == ("Resource", target) and isinstance(edge.source, tuple):
                found.setdefault(_role(edge.source), set()).update(edge.props["actions"])
        return found

    @property
    def members(self) -> set[tuple[str, str]]:
        return {(_role(edge.source), _role(edge.target)) for edge in self.edges if edge.kind == "MEMBER_OF"}


def _role(key: Any) -> str:
    return str(key[1]).rpartition("postgres:")[2].partition("@")[0]


def dump(name: str, **values: str) -> list[Fact]:
    made = fixture(f"postgres/{name}", f"db/{name}", values)
    assert postgres_schema.detect(made.path, made.data[:HEAD_BYTES])
    return list(postgres_schema.read(made))


def script(text: str, path: str = "db/init.sql") -> list[Fact]:
    made = document(text, path)
    assert postgres_schema.detect(path, made.data[:HEAD_BYTES])
    return list(postgres_schema.read(made))


def test_a_dump_says_what_each_role_can_do_to_the_database_and_its_tables() -> None:
    found = Access(dump("shop-schema.sql"), ("Resource", DB), ("Identity", "postgres:app@db.acme.example:5432"))
    assert found.problems == []
    assert found.may(DB) == {
        "app": {"read", "write"},
        "shop_owner": {"admin"},
        "deployer": {"write"},
        "migrator": {"write"},
        "refunds": {"execute"},
        "hr_owner": {"read", "write", "delete"},
        "hr_clerk": {"read", "write"},
        "reporting": {"read"},
        "Mixed Case": {"delete"},
        "public": {"read"},
    }
    assert found.may(f"{DB}/public.payroll") == {"hr_owner": {"admin"}, "hr_clerk": {"read", "write"}}
    assert found.may(f"{DB}/public.Odd Name") == {"Mixed Case": {"delete"}}
    assert found.nodes["Resource", f"{DB}/public.payroll"]["type"] == "table"
    (edge,) = (edge for edge in found.edges if edge.target == ("Resource", DB) and _role(edge.source) == "app")
    assert edge.props["condition"] == "tables public.orders"
    assert edge.props["sources"] == ["shop/db/shop-schema.sql#L65"]
    assert ("app", "public") in found.members
    assert ("intern", "public") in found.members


def test_a_grant_in_a_function_a_literal_or_data_is_none() -> None:
    found = Access(dump("shop-schema.sql"), ("Resource", DB))
    assert "intern" not in found.may(f"{DB}/public.payroll")
    assert {"mallory", "nobody"}.isdisjoint(_role(key) for key in found.nodes)


def test_what_makes_it_sure_of_which_database_a_dump_is() -> None:
    facts = dump("shop-schema.sql")
    user = ("Identity", "postgres:app@db.acme.example:5432")
    other = "postgres://other.acme.example:5432/shop"

    def sure(*known: NodeKey) -> dict[str, float | None]:
        edges = [edge for edge in Access(facts, *known).edges if edge.kind == "CAN_ACCESS" and _role(edge.source) == "shop_owner"]
        return {str(edge.target[1]): edge.props.get("confidence") for edge in edges if "/public." not in str(edge.target)}  # type: ignore[index]

    assert sure(("Resource", DB), user) == {DB: 0.9}
    assert sure(("Resource", DB)) == {DB: 0.8}
    assert sure(("Resource", DB), user, ("Resource", other)) == {DB: 0.9}
    own = "db:shop#postgres://?/shop"
    assert sure() == {own: None}
    assert sure(("Resource", "postgres://db.acme.example:5432/else")) == {own: None}
    # What another root has on its own machine is not meant.
    assert sure(("Resource", "db:other#postgres://localhost:5432/shop")) == {own: None}
    assert sure(("Resource", "db:shop#postgres://localhost:5432/shop")) == {"db:shop#postgres://localhost:5432/shop": 0.8}
    unclear = Access(facts, ("Resource", DB), ("Resource", other))
    assert any("could be of any of 2 databases" in message for message in unclear.problems)
    assert "shop_owner" in unclear.may(own)


def test_evidence_is_granted_for_a_dump_and_declared_for_a_script() -> None:
    (edge,) = Access(script("GRANT SELECT ON orders TO app;")).edges[-1:]
    assert edge.props["evidence"] == ["declared"]
    assert Access(dump("shop-schema.sql")).edges[0].props["evidence"] == ["granted"]
    assert Access(dump("shop-schema.sql"), ("Resource", DB)).edges[0].props["evidence"] == ["granted", "inferred"]


def test_roles_of_a_cluster_their_members_and_what_predefined_ones_can_do() -> None:
    stored = fake("stored")
    facts = dump("roles.sql", STORED=stored)
    assert stored not in repr(facts)
    found = Access(facts, ("Resource", DB), ("Identity", "postgres:app@db.acme.example:5432"))
    assert found.members == {("app", "readers"), ("ops", "pg_read_all_data"), ("ops", "pg_execute_server_program")}
    assert found.may(DB) == {
        "postgres": {"admin"},
        "pg_read_all_data": {"read"},
        "pg_execute_server_program": {"admin"},
        "boss": {"admin"},
    }
    assert found.nodes["Identity", "postgres:app@db.acme.example:5432"]["type"] == "database_user"
    assert found.nodes["Identity", "postgres:boss@db.acme.example:5432"]["type"] == "database_role"


def test_creating_roles_is_no_admin_from_version_16_on() -> None:
    text = "-- PostgreSQL database dump\n-- Dumped from database version {}\nCREATE ROLE boss CREATEROLE;\nGRANT SELECT ON t TO boss;\n"
    assert "admin" in next(iter(Access(script(text.format("15.2"))).may("db:shop#postgres://?/db/init.sql").values()))
    assert "admin" not in next(iter(Access(script(text.format("16.0"))).may("db:shop#postgres://?/db/init.sql").values()))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("grant select, insert on all tables in schema sales to app", {"app": {"read", "write"}}),
        ("GRANT ALL PRIVILEGES ON TABLE orders TO GROUP app, b", {"app": {"read", "write", "delete"}, "b": {"read", "write", "delete"}}),
        ("GRANT TRUNCATE ON orders TO app WITH GRANT OPTION", {"app": {"delete"}}),
        ("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO app", {"app": {"execute"}}),
        ("GRANT EXECUTE ON FUNCTION f(a int, b int), g() TO app", {"app": {"execute"}}),
        ("GRANT USAGE ON SCHEMA public TO app", {}),
        ("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO app", {}),
        ("GRANT USAGE ON FOREIGN SERVER s TO app", {}),
        ("GRANT SELECT ON orders TO app; REVOKE ALL PRIVILEGES ON orders FROM app CASCADE", {}),
        ("GRANT SELECT, DELETE ON orders TO app; REVOKE GRANT OPTION FOR DELETE ON orders FROM app", {"app": {"read"}}),
        ("CREATE USER app WITH SUPERUSER PASSWORD 'x'", {"app": {"admin"}}),
        ("GRANT SELECT ON orders TO app; CREATE TABLE x (a int); ALTER TABLE x OWNER TO app", {"app": {"read", "write", "delete"}}),
        ("GRANT a ON b", {}),
        ('CREATE ROLE :"web"; GRANT SELECT ON orders TO :"web"', {":web": {"read"}}),
        (
            "GRANT DELETE ON orders TO :app, ${OTHER}, {{ third }}_ro",
            {":app": {"delete"}, "${OTHER}": {"delete"}, "{{third}}_ro": {"delete"}},
        ),
        ('GRANT :"web" TO app; GRANT SELECT ON orders TO :"web"', {":web": {"read"}}),
    ],
)
def test_statements(statement: str, expected: dict[str, set[str]]) -> None:
    found = Access(script(f"GRANT SELECT ON t TO x;\n{statement};\n"))
    assert {role: actions for role, actions in found.may("db:shop#postgres://?/db/init.sql").items() if role != "x"} == expected


def test_what_is_not_understood_is_told() -> None:
    assert Access(script("GRANT SELECT ON t TO x;\nGRANT SELECT ON orders;\n")).problems == [
        "grants or revokes in a way that is not understood"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "GRANT SELECT ON shop.* TO 'app'@'%';",
        "CREATE USER app IDENTIFIED BY 'x';",
        "GRANT USAGE ON WAREHOUSE w TO ROLE x;",
        "CREATE TABLE t (a int);",
        "-- a comment that says GRANT SELECT ON t TO x\nSELECT 1;",
    ],
)
def test_sql_of_other_dialects_and_without_grants_is_left_alone(text: str) -> None:
    assert not postgres_schema.detect("db/init.sql", text.encode())


def test_databases_of_a_cluster_are_kept_apart() -> None:
    text = (
        "-- PostgreSQL database cluster dump\nCREATE ROLE app LOGIN;\nCREATE DATABASE one;\nCREATE DATABASE two;\n"
        "GRANT ALL ON DATABASE two TO app;\n\\connect one\nGRANT SELECT ON TABLE public.a TO app;\n"
        "\\connect -reuse-previous=on \"dbname='two'\"\nGRANT DELETE ON TABLE public.b TO app;\n"
    )
    found = Access(script(text))
    assert found.may("db:shop#postgres://?/one") == {"app": {"read"}}
    assert found.may("db:shop#postgres://?/two") == {"app": {"write", "delete"}}


def test_dumps_as_newer_versions_write_them_and_of_whole_clusters() -> None:
    text = (
        "--\n-- PostgreSQL database cluster dump\n--\n\n\\restrict UvtthpsA8sJOc4Q5\n\nCREATE ROLE converter;\n"
        "ALTER ROLE converter WITH NOSUPERUSER LOGIN PASSWORD 'md5x';\n\\unrestrict UvtthpsA8sJOc4Q5\n\n"
        "CREATE DATABASE converter WITH TEMPLATE = template0 OWNER = converter;\n"
        "REVOKE CONNECT,TEMPORARY ON DATABASE template1 FROM PUBLIC;\nGRANT CONNECT ON DATABASE template1 TO PUBLIC;\n"
        "\\connect template1\n\n-- Dumped from database version 10.3\nGRANT ALL ON SCHEMA public TO nobody;\n\\connect converter\n"
        "GRANT SELECT ON TABLE public.a TO reader;\n"
    )
    found = Access(script(text))
    assert found.may("db:shop#postgres://?/converter") == {"converter": {"admin"}, "reader": {"read"}}
    assert not [key for key in found.nodes if "template1" in key[1]]


def test_what_runs_what_it_selects_ends_a_statement() -> None:
    text = (
        "GRANT SELECT ON t TO x;\nSELECT format('GRANT CONNECT ON DATABASE %I TO y', current_database()) \\gexec\nGRANT DELETE ON t TO z;\n"
    )
    assert Access(script(text)).may("db:shop#postgres://?/db/init.sql") == {"x": {"read"}, "z": {"delete"}}


def test_a_migration_that_was_made_of_a_dump() -> None:
    head = "SET statement_timeout = 0;\nSET lock_timeout = 0;\n" + "-- x\n" * 2_000
    found = Access(script(head + 'GRANT ALL ON TABLE "public"."tasks" TO "anon";\n', "supabase/migrations/1.sql"))
    assert found.may("db:shop#postgres://?/supabase/migrations/1.sql") == {"anon": {"read", "write", "delete"}}
    assert found.edges[0].props["evidence"] == ["declared"]


def test_many_tables_are_drawn_as_the_database_alone() -> None:
    text = "".join(f"GRANT SELECT ON TABLE public.t{index} TO app;\n" for index in range(60))
    found = Access(script(text))
    assert found.may("db:shop#postgres://?/db/init.sql") == {"app": {"read"}}
    assert len(found.edges) == 1


# --------------------------------------------------------------------------------------------------------------------------------
# Tables


def table(text: str, path: str = "db/grants.csv") -> list[Fact]:
    made = document(text, path)
    assert database_grants.detect(path, made.data[:HEAD_BYTES])
    return list(database_grants.read(made))


GRANTS = """grantor,grantee,table_catalog,table_schema,table_name,privilege_type,is_grantable,with_hierarchy
owner,app,shop,public,orders,SELECT,NO,YES
owner,app,shop,public,orders,INSERT,NO,NO
owner,PUBLIC,shop,public,prices,SELECT,NO,YES
owner,app,shop,pg_catalog,pg_class,SELECT,NO,YES
owner,"My ""App\""",shop,public,orders,DELETE,YES,NO
"""


def test_table_grants_of_information_schema() -> None:
    found = Access(table(GRANTS), ("Resource", DB))
    assert found.problems == []
    assert found.may(DB) == {"app": {"read", "write"}, "public": {"read"}, 'My "App"': {"delete"}}
    assert found.may(f"{DB}/public.prices") == {"public": {"read"}}
    assert ("app", "public") in found.members


def test_roles_members_and_routines_of_information_schema() -> None:
    members = Access(
        table("grantee,role_name,is_grantable\napp,readers,NO\n"), ("Resource", DB), ("Identity", "postgres:app@db.acme.example:5432")
    )
    assert members.members == {("app", "readers")}
    routines = "GRANTEE;ROUTINE_CATALOG;ROUTINE_SCHEMA;ROUTINE_NAME;PRIVILEGE_TYPE\napp;shop;public;refund;EXECUTE\n"
    assert Access(table(routines), ("Resource", DB)).may(DB) == {"app": {"execute"}}
    roles = "rolname,rolsuper,rolinherit,rolcreaterole,rolcreatedb,rolcanlogin\npostgres,t,t,t,t,t\nreaders,f,t,f,f,f\n"
    found = Access(table(roles), ("Resource", DB), ("Identity", "postgres:postgres@db.acme.example:5432"))
    assert found.may(DB) == {"postgres": {"admin"}}


def test_mysql_writes_users_otherwise() -> None:
    text = "GRANTEE,TABLE_CATALOG,TABLE_SCHEMA,TABLE_NAME,PRIVILEGE_TYPE,IS_GRANTABLE\n'app'@'%',def,shop,orders,SELECT,NO\n"
    assert Access(table(text)).problems == ["1 of its rows are not of PostgreSQL or lack a value"]


# --------------------------------------------------------------------------------------------------------------------------------


def test_from_an_address_in_env_to_the_tables_that_its_user_can_write(tmp_path: Path) -> None:
    top = tmp_path / "shop"
    (top / "db").mkdir(parents=True)
    (top / ".env").write_text(f"DATABASE_URL=postgres://app:{fake('db')}@db.acme.example:5432/shop\n")
    (top / "db/schema.sql").write_bytes(fixture("postgres/shop-schema.sql", "x").data)
    reading = read_root(root_of(top), Fingerprinter(b"k" * 32))
    together([reading])
    reached = {
        (edge.target[1], *edge.props["evidence"]): edge.props["actions"]
        for edge in reading.edges
        if edge.kind == "CAN_ACCESS" and edge.source == ("Identity", "postgres:app@db.acme.example:5432") and isinstance(edge.target, tuple)
    }
    assert reached == {
        (DB, "granted", "inferred"): ["read", "write"],
        (f"{DB}/public.orders", "granted", "inferred"): ["read", "write"],
    }


def test_an_estate_file_tells_which_database_a_dump_is_of(tmp_path: Path) -> None:
    top = tmp_path / "shop"
    (top / "db").mkdir(parents=True)
    (top / "db/schema.sql").write_bytes(fixture("postgres/shop-schema.sql", "x").data)
    (top / "graphinv.toml").write_text(f'[[name]]\nfiles = ["db/**"]\ndatabase = "{DB}"\n')
    reading = read_root(root_of(top), Fingerprinter(b"k" * 32))
    together([reading])
    (edge,) = (edge for edge in reading.edges if edge.target == ("Resource", DB) and edge.source[1].startswith("postgres:shop_owner@"))  # type: ignore[index]
    assert (edge.props["evidence"], edge.props.get("confidence")) == (["granted"], None)


HOSTILE = {
    "quote": "GRANT a TO b;\n'" + "''" * 100_000,
    "dollar": "GRANT a TO b;\n" + "$a$ $b$ " * 50_000,
    "comment": "GRANT a TO b;\n" + "/* " * 100_000,
    "spaces": "GRANT a TO b;\nGRANT " + " " * 200_000 + "ON",
    "commas": "GRANT a TO b;\n" + ("GRANT SELECT ON " + "(," * 9_000 + " TO b;\n") * 20,
    "ons": "GRANT a TO b;\n" + ("GRANT " + "ON " * 6_000 + ";\n") * 50,
    "names": "GRANT a TO b;\nGRANT " + ", ".join('"' + "x" * 150 + '"' for _ in range(5_000)) + " TO b",
    "backslash": "GRANT a TO b;\nSELECT E'" + "\\'" * 100_000,
    "many": "GRANT a TO b;\n" * 100_000,
    "connect": "GRANT a TO b;\n" + "".join(f"\\connect d{index}\nGRANT SELECT ON t TO a;\n" for index in range(20_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sql_takes_no_time_and_raises_nothing_else(name: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(IngestError):
        Access(script(HOSTILE[name]))
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "text",
    [
        "grantee,table_name,privilege_type\n",
        'grantee,table_name,privilege_type\n"a',
        "grantee,table_name,privilege_type\na\n,,\na,b,c,d,e\n",
    ],
)
def test_odd_tables(text: str) -> None:
    with contextlib.suppress(IngestError):
        Access(table(text))
