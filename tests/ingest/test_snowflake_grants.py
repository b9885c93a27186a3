from __future__ import annotations

import json
import time

import pytest

from graphinv.ingest import database_grants, mysql_grants, postgres_schema, snowflake_grants
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document

ACCOUNT = "saas:snowflake/shop"
AGENT, ANALYST, USER = "snowflake:shop/role/AGENT", "snowflake:shop/role/ANALYST", "snowflake:shop/user/DESK_BOT"

SCRIPT = """
USE ROLE SECURITYADMIN;
CREATE ROLE agent;
GRANT ROLE analyst TO ROLE agent;
GRANT ROLE agent TO USER desk_bot;
GRANT USAGE ON DATABASE sales TO ROLE analyst;
GRANT USAGE ON WAREHOUSE small TO ROLE analyst;
GRANT SELECT, INSERT ON TABLE sales.public.orders TO ROLE analyst;
GRANT SELECT ON FUTURE TABLES IN SCHEMA sales.public TO ROLE analyst;
GRANT OWNERSHIP ON TABLE sales.public."Old Orders" TO ROLE agent COPY CURRENT GRANTS;
GRANT CREATE DATABASE, MANAGE GRANTS ON ACCOUNT TO ROLE agent;
GRANT USAGE ON PROCEDURE sales.public.close(varchar) TO ROLE agent;
REVOKE SELECT ON TABLE sales.public.x FROM ROLE analyst;
"""
SHOWN = """created_on,privilege,granted_on,name,granted_to,grantee_name,grant_option,granted_by
2026-01-01,SELECT,TABLE,SALES.PUBLIC.ORDERS,ROLE,ANALYST,false,SYSADMIN
2026-01-01,USAGE,ROLE,ANALYST,ROLE,AGENT,false,SECURITYADMIN
2026-01-01,USAGE,WAREHOUSE,SMALL,ROLE,ANALYST,false,SYSADMIN
2026-01-01,DELETE,TABLE,SALES.PUBLIC.ORDERS,ROLE,ANALYST,true,SYSADMIN
"""


def read(text: str, path: str) -> Facts:
    made = document(text, path)
    assert snowflake_grants.detect(made.path, made.data[:4096])
    for other in (postgres_schema, mysql_grants, database_grants):
        assert not other.detect(made.path, made.data[:4096])
    return Facts(snowflake_grants, made)


def access(facts: Facts) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], set[str]] = {}
    for edge in facts.edges:
        if edge.kind == "CAN_ACCESS":
            found.setdefault((str(edge.source[1]), str(edge.target[1]).removeprefix(ACCOUNT)), set()).update(edge.props["actions"])  # type: ignore[index]
    return {key: " ".join(sorted(actions)) for key, actions in found.items()}


def test_a_script_gives_what_it_grants() -> None:
    facts = read(SCRIPT, "grants.sql")
    assert facts.drawn("MEMBER_OF") == {(AGENT, ANALYST), (USER, AGENT)}
    assert access(facts) == {
        (ANALYST, "/SMALL"): "execute",
        (ANALYST, "/SALES.PUBLIC.ORDERS"): "read write",
        (ANALYST, "/SALES.PUBLIC"): "read",
        (AGENT, "/SALES.PUBLIC.Old Orders"): "admin",
        (AGENT, ""): "admin write",
        (AGENT, "/SALES.PUBLIC.CLOSE"): "execute",
    }
    assert facts.nodes["Identity", AGENT]["sources"] == ["shop/grants.sql#L4"]
    assert [message for *_, message in facts.problems] == ["1 statements that take privileges back are not followed"]


TEMPLATED = """
{% set db = 'x' %}
USE DATABASE {{ database_name }};
GRANT DATABASE ROLE raw_reader
    TO DATABASE ROLE all_analyst;
GRANT DATABASE ROLE all_analyst TO ROLE {{database_name}}_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA raw TO DATABASE ROLE raw_reader;
USE SCHEMA sales.raw;
GRANT SELECT ON VIEW orders TO ROLE ${TEAM}_reader;
GRANT DATABASE ROLE raw_reader TO ROLE analyst;
GRANT APPLICATION ROLE ads.viewer TO ROLE analyst;
GRANT OWNERSHIP ON ROLE agent TO ROLE analyst;
GRANT SELECT ON TABLE t1 TO THE MOON;
"""


def test_names_that_are_filled_in_and_names_of_the_database_in_use() -> None:
    facts = read(TEMPLATED, "V1__roles.sql")
    role = "snowflake:shop/role/"
    assert facts.drawn("MEMBER_OF") == {
        (f"{role}{{{{DATABASE_NAME}}}}.ALL_ANALYST", f"{role}{{{{DATABASE_NAME}}}}.RAW_READER"),
        (f"{role}{{{{DATABASE_NAME}}}}_ANALYST", f"{role}{{{{DATABASE_NAME}}}}.ALL_ANALYST"),
        (ANALYST, f"{role}SALES.RAW_READER"),
        (ANALYST, f"{role}ADS.VIEWER"),
    }
    assert access(facts) == {
        (f"{role}{{{{DATABASE_NAME}}}}.RAW_READER", "/{{DATABASE_NAME}}.RAW"): "read",
        (f"{role}${{TEAM}}_READER", "/SALES.RAW.ORDERS"): "read",
    }
    assert [(where, message) for where, _, message in facts.problems] == [("L13", "grants in a way that is not understood")]


def test_who_owns_a_role_or_a_user_can_become_it() -> None:
    facts = read(TEMPLATED, "V1__roles.sql")
    assert facts.drawn("ASSUMES") == {(ANALYST, AGENT)}
    rows = SHOWN + "2026-01-01,OWNERSHIP,ROLE,AGENT,ROLE,ANALYST,true,X\n2026-01-01,USAGE,DATABASE_ROLE,SALES.READER,ROLE,ANALYST,false,X\n"
    facts = read(rows + "2026-01-01,OWNERSHIP,USER,DESK_BOT,ROLE,ANALYST,true,X\n", "show.csv")
    assert facts.drawn("ASSUMES") == {(ANALYST, AGENT), (ANALYST, USER)}
    assert (ANALYST, "snowflake:shop/role/SALES.READER") in facts.drawn("MEMBER_OF")


def test_answers_are_what_is_in_force() -> None:
    facts = read(SHOWN, "show.csv")
    assert facts.drawn("MEMBER_OF") == {(AGENT, ANALYST)}
    assert access(facts) == {(ANALYST, "/SALES.PUBLIC.ORDERS"): "delete read", (ANALYST, "/SMALL"): "execute"}
    assert facts.props("MEMBER_OF", AGENT, ANALYST)["evidence"] == ["granted"]
    assert facts.problems == []


def test_views_of_account_usage_and_json() -> None:
    view = "CREATED_ON,DELETED_ON,ROLE,GRANTED_TO,GRANTEE_NAME,GRANTED_BY\n2026-01-01,,ACCOUNTADMIN,USER,DESK_BOT,X\n"
    view += "2026-01-01,2026-02-01,OLD,USER,DESK_BOT,X\n"
    facts = read(view, "grants_to_users.csv")
    assert facts.drawn("MEMBER_OF") == {(USER, "snowflake:shop/role/ACCOUNTADMIN")}
    assert access(facts) == {("snowflake:shop/role/ACCOUNTADMIN", ""): "admin"}
    assert facts.problems == []
    row = {"PRIVILEGE": "SELECT", "GRANTED_ON": "TABLE", "NAME": "ORDERS", "TABLE_CATALOG": "SALES", "TABLE_SCHEMA": "PUBLIC"}
    told = read(json.dumps([{**row, "GRANTED_TO": "ROLE", "GRANTEE_NAME": "ANALYST"}, {"x": 1}]), "grants.json")
    assert access(told) == {(ANALYST, "/SALES.PUBLIC.ORDERS"): "read"}
    assert [message for *_, message in told.problems] == ["1 of its rows give nothing that is understood"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.sql", "GRANT SELECT ON orders TO analyst;\n"),
        ("a.sql", "GRANT SELECT ON shop.* TO 'u'@'%';\n"),
        ("a.sql", "CREATE WAREHOUSE x;\n"),
        ("a.csv", "name,role\na,b\n"),
        ("a.json", '{"granted_on": "x"}'),
    ],
)
def test_other_files_are_left_alone(path: str, text: str) -> None:
    assert not snowflake_grants.detect(path, text.encode())


@pytest.mark.parametrize(
    "text",
    [
        ("GRANT " + "ON A " * 790 + ";\n") * 50,
        ("GRANT SELECT ON TABLE " + "&aaaa" * 40 + " TO ROLE !;\n") * 20,
        ("GRANT SELECT ON TABLE t TO ROLE " + "${a}{{b}}<%c%>" * 40 + "!;\n") * 20,
        ("GRANT ROLE " + "{{a}}.&{b}." * 60 + " TO USER u;\n") * 20,
        "{%" * 5000 + "\nGRANT ROLE a TO ROLE b;",
    ],
)
def test_long_statements_take_little_time(text: str) -> None:
    began = time.process_time()
    list(snowflake_grants.read(document("USE ROLE x;\n" + text, "a.sql")))
    assert time.process_time() - began < 5


def test_what_is_no_table_is_an_error() -> None:
    with pytest.raises(IngestError):
        list(snowflake_grants.read(document(SHOWN + '"a' + "x" * 10, "show.csv")))
