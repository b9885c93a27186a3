"""The Cypher library, and Cypher of the user's own."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from graphinv.pipeline.bundled import bundled
from graphinv.pipeline.stages import library
from tests.cli.conftest import AT, Demo
from tests.cli.running import graphinv, process_environment, refused

PROGRAM = Path(sys.executable).with_name("graphinv")
AGENTS = "MATCH (a:Agent) RETURN a.id AS id ORDER BY id"


def test_cypher_from_standard_input(demo: Demo) -> None:
    found = graphinv("query", "-", "--store", demo.store, "--format", "json", stdin=AGENTS).json
    assert sorted(row["id"] for row in found) == sorted(a["id"] for a in graphinv("agents", "--store", demo.store, "-f", "json").json)
    assert graphinv("query", "-", "--store", demo.store, "--format", "jsonl", stdin=AGENTS).lines == found
    rows = list(csv.DictReader(io.StringIO(graphinv("query", "-", "--store", demo.store, "--format", "csv", stdin=AGENTS).out)))
    assert [row["id"] for row in rows] == [row["id"] for row in found]
    shown = graphinv("query", "-", "--store", demo.store, stdin=AGENTS)
    assert shown.err == f"{len(found)} rows\n"
    assert len(shown.out.splitlines()) == len(found) + 1


def test_an_answer_without_rows_still_has_its_columns(demo: Demo) -> None:
    cypher = "MATCH (a:Agent) WHERE a.id = 'nobody' RETURN a.id AS id, a.name AS name"
    assert graphinv("query", "-", "--store", demo.store, "--format", "json", stdin=cypher).json == []
    assert graphinv("query", "-", "--store", demo.store, "--format", "csv", stdin=cypher).out == "id,name\n"


def test_parameters_of_own_cypher_are_json_or_text(demo: Demo) -> None:
    cypher = "MATCH (a:Agent) WHERE a.environment = $environment AND a.id <> $id RETURN a.id AS id ORDER BY id LIMIT $limit"
    common = ("query", "-", "--store", demo.store, "--format", "json", "--param", "environment=prod", "-p", "limit=3")
    first = graphinv(*common, "-p", "id=", stdin=cypher).json
    assert len(first) == 3
    assert first[0] not in graphinv(*common, "-p", f"id={first[0]['id']}", stdin=cypher).json
    assert graphinv("query", "-", "--store", demo.store, "-f", "json", "-p", "a=b=c", stdin="RETURN $a AS a").json == [{"a": "b=c"}]
    assert graphinv("query", "-", "--store", demo.store, "-f", "json", "-p", 'a="7"', stdin="RETURN $a AS a").json == [{"a": "7"}]


def test_rows_and_time_are_bounded(demo: Demo) -> None:
    assert "more than 2 rows; add a LIMIT" in refused("query", "-", "--store", demo.store, "--max-rows", "2", stdin=AGENTS)
    slow = "MATCH (a), (b), (c), (d) RETURN count(*) AS n"
    assert "ran longer than 0.05 s" in refused("query", "-", "--store", demo.store, "--timeout", "0.05", stdin=slow)


@pytest.mark.parametrize(
    "cypher",
    [
        "CREATE (a:Agent {id: 'x'})",
        "MATCH (a:Agent) SET a.name = 'x' RETURN a",
        "MATCH (a:Agent) DETACH DELETE a",
        "MERGE (a:Agent {id: 'x'}) RETURN a",
        "MATCH (a:Agent) REMOVE a.name RETURN a",
    ],
)
def test_writing_is_refused(demo: Demo, cypher: str) -> None:
    before = demo.store.read_bytes()
    assert "reading" in refused("query", "-", "--store", demo.store, stdin=cypher)
    assert demo.store.read_bytes() == before


def test_wrong_cypher_is_quoted(demo: Demo) -> None:
    assert "MATCH (a:Agent RETURN a" in refused("query", "-", "--store", demo.store, stdin="MATCH (a:Agent RETURN a")
    refused("query", "-", "--store", demo.store, stdin="")


def test_the_list_holds_every_file_of_the_library() -> None:
    listed = graphinv("query", "--list", "--format", "json").json
    files = {(path.parent.name, path.stem) for path in (bundled("queries") / "explore").rglob("*.cypher")}
    assert {(one["topic"], one["name"]) for one in listed} == files
    assert len(listed) == len(files) > 10
    shown = graphinv("query", "--list").out
    assert all(name in shown for _, name in files)


def test_queries_of_the_library_run_by_name(demo: Demo) -> None:
    values = {"agent": "finance:controller", "secret": "vault:kv/finance/stripe-dunning", "resource": "saas:bank-gateway/quillmere"}
    for one in {one.topic: one for one in library().values()}.values():  # tests/queries runs them all
        needed = {parameter: its.type for parameter, its in one.parameters.items() if its.default is None}
        given = [f"--param={parameter}={values.get(parameter, AT if type == 'time' else 'x')}" for parameter, type in needed.items()]
        graphinv("query", one.name, *given, "--store", demo.store, "--format", "json")
    wanted = {
        row["agent"]
        for row in graphinv("query", "who-reaches", "-p", f"resource={values['resource']}", "--store", demo.store, "-f", "json").json
    }
    assert "finance:controller" in str(wanted)


def test_parameters_of_the_library_are_checked(demo: Demo) -> None:
    assert "parameter resource is needed" in refused("query", "who-reaches", "--store", demo.store)
    assert "there is no parameter 'nonsense'" in refused("query", "who-reaches", "-p", "nonsense=1", "--store", demo.store)
    assert "limit" in refused("query", "riskiest-agents", "-p", "limit=many", "--store", demo.store)


def test_a_topic_of_the_library() -> None:
    listed = graphinv("query", "--list", "--format", "json").json
    secrets = graphinv("query", "--list", "--topic", "secrets", "--format", "json").json
    assert secrets == [one for one in listed if one["topic"] == "secrets"]
    assert 1 < len(secrets) < len(listed)
    assert "has no topic 'sekrets' (one of coverage," in refused("query", "--list", "--topic", "sekrets")
    assert "--topic goes with --list" in refused("query", "who-reaches", "--topic", "reach")


def test_a_query_explains_itself_without_a_store() -> None:
    shown = graphinv("query", "two-agents-compared", "--explain").out
    for part in ("What can this agent do that the other one cannot?", "needed", "'posture'", "What lies between", "MATCH (a:Agent)\n"):
        assert part in shown
    record = graphinv("query", "two-agents-compared", "--explain", "--format", "json").json
    assert list(record["columns"]) == ["target_kind", "target", "more", "both", "via"]
    assert record["parameters"]["lens"]["default"] == "posture"
    assert record["cypher"] in shown
    assert graphinv("query", "two-agents-compared", "--explain", "--format", "jsonl").lines == [record]
    assert "--explain takes the name" in refused("query", "-", "--explain")


@pytest.mark.parametrize(
    ("line", "offered", "withheld"),
    [
        ("query who-", ["who-reaches", "who-can-ask"], ["whom-to-call"]),
        ("query --list --topic se", ["secrets"], ["reach"]),
        ("query reach-of-an-agent --param ", ["agent=", "lens=", "limit="], ["posture="]),
        ("query reach-of-an-agent -p agent=x -p le", ["lens="], ["limit="]),
        ("query reach-of-an-agent -p lens=", ["lens=posture"], ["agent="]),
        ("query unbound-identities -p unknown=", ["unknown=true", "unknown=false"], []),
        ("query -p ", [], ["limit="]),
    ],
)
def test_names_and_parameters_are_completed(line: str, offered: list[str], withheld: list[str]) -> None:
    environment = process_environment(_GRAPHINV_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=f"graphinv {line}")
    answer = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=True).stdout
    assert all(f'"{word}"' in answer for word in offered)
    assert not any(f'"{word}"' in answer for word in withheld)


def test_an_unknown_name_points_to_the_list(demo: Demo) -> None:
    assert refused("query", "riskiest-agent", "--store", demo.store).endswith("near to it: riskiest-agents")
    assert refused("query", "no-such", "--store", demo.store) == "the library has no query 'no-such'; `graphinv query --list` shows it"


def test_results_can_be_asked_about(demo: Demo, tmp_path: Path) -> None:
    cypher = "MATCH (a:Agent)-[r:CAN_REACH]->(t) WHERE r.lens = 'ungoverned' RETURN a.id AS agent, t.id AS target LIMIT 5"
    assert len(graphinv("query", "-", "--store", demo.store, "--format", "json", stdin=cypher).json) == 5
