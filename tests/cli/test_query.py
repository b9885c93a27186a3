"""The Cypher library, and Cypher of the user's own."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from graphinv.analyze.library import Parameter
from graphinv.model.facts import NodeFact
from graphinv.pipeline.absent import absent
from graphinv.pipeline.bundled import bundled
from graphinv.pipeline.stages import library
from graphinv.store import Scan
from graphinv.store.embedded import EmbeddedStore
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
    resource = "saas:bank-gateway/quillmere"
    first = "MATCH (n) WHERE labels(n)[0] IN $kinds RETURN min(n.id) AS id"

    def value(parameter: Parameter) -> str:
        if not parameter.of:
            return AT if parameter.type == "time" else "x"
        kinds = f"kinds={json.dumps(parameter.of)}"
        return str(graphinv("query", "-", "-p", kinds, "--store", demo.store, "-f", "json", stdin=first).json[0]["id"])

    for one in {one.topic: one for one in library().values()}.values():  # tests/queries runs them all
        given = [f"--param={name}={value(parameter)}" for name, parameter in one.parameters.items() if parameter.default is None]
        graphinv("query", one.name, *given, "--store", demo.store, "--format", "json")
    wanted = {
        row["agent"] for row in graphinv("query", "who-reaches", "-p", f"resource={resource}", "--store", demo.store, "-f", "json").json
    }
    assert "finance:controller" in str(wanted)


def test_parameters_of_the_library_are_checked(demo: Demo) -> None:
    assert "parameter resource is needed" in refused("query", "who-reaches", "--store", demo.store)
    assert "there is no parameter 'nonsense'" in refused("query", "who-reaches", "-p", "nonsense=1", "--store", demo.store)
    assert "limit takes a whole number, not 'many'" in refused("query", "riskiest-agents", "-p", "limit=many", "--store", demo.store)
    wrong = refused("query", "reach-of-an-agent", "-p", "agent=x", "-p", "lens=nothing", "--store", demo.store)
    assert "lens takes one of posture, ungoverned, runtime, not 'nothing'" in wrong


def test_a_name_that_nothing_has_is_no_empty_answer(demo: Demo) -> None:
    common = ("query", "leaked-secret", "--store", demo.store, "--format", "json", "-p")
    near = refused(*common, "secret=dunning")
    assert near == "no Secret is called 'dunning'; near to it: kv/finance/stripe-dunning"
    assert refused(*common, "secret=no such") == "no Secret is called 'no such'"
    assert graphinv(*common, "secret=kv/finance/stripe-dunning").json
    asks_nobody = "MATCH (a:Agent) WHERE NOT EXISTS { (a)-[:DELEGATES_TO]->() } RETURN min(a.id) AS id"
    alone = graphinv("query", "-", "--store", demo.store, "-f", "json", stdin=asks_nobody).json[0]["id"]
    assert graphinv("query", "delegation-chains", "-p", f"agent={alone}", "--store", demo.store, "-f", "json").json == []


def test_what_is_gone_is_said_to_be(tmp_path: Path) -> None:
    store, asked = tmp_path / "graph", {"secret": "s"}
    with EmbeddedStore(store, write=True) as opened:
        opened.commit(Scan("r", "2026-07-01T00:00:00Z", "complete"), [NodeFact("Secret", "s")], [])
        opened.commit(Scan("r", "2026-07-02T00:00:00Z", "complete"), [NodeFact("Secret", "t")], [])
        assert absent(opened, library()["leaked-secret"], asked) == ["s is gone since 2026-07-02T00:00:00Z; what is gone is left out"]
    told = graphinv("query", "leaked-secret", "-p", "secret=s", "--store", store, "-f", "json")
    assert (told.json, told.err) == ([], "s is gone since 2026-07-02T00:00:00Z; what is gone is left out\n")


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
        ("query reach-of-an-agent -p lens=", ["lens=posture", "lens=runtime"], ["agent="]),
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
