"""What programs may rely on: where the store is, exit codes, one line an error, and the keys of what is printed."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import graphinv as package
from graphinv.model.results import LEVELS
from tests.cli.conftest import AT, Demo
from tests.cli.running import graphinv, process_environment, refused

COMMANDS = (
    "scan", "demo", "ingest", "analyze", "reach", "paths", "exposure", "findings", "agents", "show", "query", "export", "formats", "app",
    "snapshot", "diff",
)  # fmt: skip
PROGRAM = Path(sys.executable).with_name("graphinv")

FACTS = """\
{"node": "Agent", "id": "bot", "props": {"name": "Bot", "environment": "prod"}}
{"node": "Identity", "id": "role", "props": {"binding": "none"}}
{"node": "Resource", "id": "db", "props": {"sensitivity": "restricted"}}
{"edge": "RUNS_AS", "from": ["Agent", "bot"], "to": ["Identity", "role"], "props": {"evidence": ["declared"]}}
{"edge": "CAN_ACCESS", "from": ["Identity", "role"], "to": ["Resource", "db"], "props": {"actions": ["read"]}}
"""


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "estate.facts.jsonl"
    path.write_text(FACTS)
    return path


# --------------------------------------------------------------------------------------------------------------------------------
# Where the store is


def test_the_store_before_the_command_after_it_and_in_the_environment(facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graphinv("ingest", facts, "--store", tmp_path / "after")
    graphinv("--store", tmp_path / "before", "ingest", facts)
    monkeypatch.setenv("GRAPHINV_STORE", str(tmp_path / "environment"))
    graphinv("ingest", facts)
    for name in ("after", "before", "environment"):
        assert (tmp_path / name).is_file()
    wanted = graphinv("agents", "--format", "json").json
    monkeypatch.delenv("GRAPHINV_STORE")
    assert graphinv("--store", tmp_path / "before", "agents", "--format", "json").json == wanted
    assert graphinv("agents", "--store", f"file://{tmp_path}/after", "--format", "json").json == wanted


def test_the_nearer_one_holds(facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHINV_STORE", str(tmp_path / "environment"))
    graphinv("--store", tmp_path / "before", "ingest", facts)
    graphinv("--store", tmp_path / "before", "ingest", facts, "--store", tmp_path / "after")
    assert {path.name for path in tmp_path.iterdir() if path.suffix == ""} == {"before", "after"}


def test_the_default_store_lies_in_the_working_directory(facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    graphinv("ingest", facts)
    assert (place / ".graphinv" / "graph").is_file()
    assert (place / ".graphinv").stat().st_mode & 0o777 == 0o700
    assert (place / ".graphinv" / "graph").stat().st_mode & 0o777 == 0o600
    assert [agent["id"] for agent in graphinv("agents", "--format", "json").json] == ["bot"]


def test_the_demo_makes_a_private_folder_too(demo: Demo) -> None:
    assert demo.store.parent.stat().st_mode & 0o777 == 0o700


def test_an_address_of_no_engine_is_refused(facts: Path) -> None:
    assert "ftp://" in refused("ingest", facts, "--store", "ftp://x/y")


# --------------------------------------------------------------------------------------------------------------------------------
# Exit codes and errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("scan",), "PATH"),
        (("scan", "/nowhere/at/all"), "/nowhere/at/all: there is no such file or folder"),
        (("ingest", "/nowhere/at/all"), "there is no such file or folder"),
        (("reach",), "reach takes either subjects or --all"),
        (("reach", "bot", "--all"), "reach takes either subjects or --all"),
        (("reach", "--all", "--lens", "rose"), "'rose' is not one of 'posture'"),
        (("reach", "--all", "--at", "yesterday"), "--at is not an ISO 8601 time"),
        (("reach", "--all", "--format", "xml"), "'xml' is not one of"),
        (("reach", "--all", "--kind", "Robot"), "--kind 'Robot' is no node kind (one of Agent,"),
        (("reach", "nobody"), "nothing in the graph is called 'nobody'"),
        (("paths", "nobody", "db"), "nothing in the graph is called 'nobody'"),
        (("paths", "bot", "nothing"), "nothing in the graph is called 'nothing'"),
        (("paths", "bot", "db", "--action", "fly"), "'fly' is not one of"),
        (("exposure", "nothing"), "nothing in the graph is called 'nothing'"),
        (("show", "nothing"), "nothing in the graph is called 'nothing'"),
        (("findings",), "the store was not analyzed yet; run `graphinv analyze`"),
        (("findings", "--severity", "worst"), "'worst' is not one of"),
        (("findings", "--by-cause", "--full"), "it goes with neither --fixed nor --full"),
        (("score", "--sensitivity", "--cvss", "5"), "goes with neither AGENT nor --explain nor --cvss"),
        (("what-if", "--then", "soon", "--no-findings"), "--then is not an ISO 8601 time"),
        (("export", "sarif"), "the store was not analyzed yet"),
        (("export",), "export takes a format: authzen, cedar, csv, facts,"),
        (("export", "excel"), "export takes a format: authzen, cedar, csv, facts,"),
        (("export", "facts-csv"), "facts-csv is several files; say where with --output FOLDER"),
        (("export", "facts", "--output", "/dev/null/x"), "/dev/null/x cannot be written"),
        (("export", "facts-csv", "--output", "/dev/null/x"), "/dev/null/x cannot be made a folder"),
        (("query",), "query takes the name of a query"),
        (("query", "no-such-query"), "the library has no query 'no-such-query'"),
        (("query", "-", "--param", "x"), "--param 'x' is not name=value"),
        (("query", "-", "--timeout", "0"), "0"),
        (("query", "-", "--max-rows", "none"), "valid integer"),
        (("agents", "--colour"), "No such option: --colour"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("GRAPHINV_STORE", str(tmp_path / "graph"))
    graphinv("ingest", facts)
    assert said in refused(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze",),
        ("reach", "--all"),
        ("paths", "a", "b"),
        ("exposure", "a"),
        ("findings",),
        ("agents",),
        ("show", "a"),
        ("query", "riskiest-agents"),
        ("export", "json"),
        ("app",),
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_a_missing_store_is_named_with_what_to_do(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    missing = tmp_path / "none" / "graph"
    said = refused(*arguments, "--store", missing)
    assert f"there is no store at {missing}" in said
    assert not missing.parent.exists()


def test_a_file_that_is_no_store_is_refused_and_left_alone(facts: Path, tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear Sir or Madam\n")
    assert "not a graphinv store" in refused("agents", "--store", other)
    assert "not a graphinv store" in refused("ingest", facts, "--store", other)
    assert other.read_text() == "Dear Sir or Madam\n"


def test_an_ambiguous_name_lists_what_it_may_mean(tmp_path: Path) -> None:
    facts = tmp_path / "two.facts.jsonl"
    facts.write_text(
        '{"node": "Agent", "id": "a", "props": {"name": "twin"}}\n{"node": "Resource", "id": "b", "props": {"name": "twin"}}\n'
    )
    graphinv("ingest", facts, "--store", tmp_path / "graph")
    assert "Agent:a, Resource:b" in refused("show", "twin", "--store", tmp_path / "graph")
    assert graphinv("show", "Resource:b", "--store", tmp_path / "graph", "--format", "json").json["id"] == "b"


def test_fail_on_is_met_from_its_level_on(tmp_path: Path) -> None:
    facts, store = tmp_path / "small.facts.jsonl", tmp_path / "graph"
    owned = '{"edge": "OWNS", "from": ["Owner", "ops@example.org"], "to": ["Agent", "other"], "props": {"evidence": ["declared"]}}'
    facts.write_text('{"node": "Agent", "id": "bot", "props": {"environment": "dev"}}\n' + owned + "\n")
    graphinv("scan", facts, "--store", store, "--at", AT)
    worst = min(LEVELS.index(finding["severity"]) for finding in graphinv("findings", "--store", store, "--format", "json").json)
    assert worst > 0, "without a critical finding both outcomes are seen"
    for number, level in enumerate(LEVELS):
        code = 1 if number >= worst else 0
        graphinv("scan", facts, "--store", store, "--at", AT, "--fail-on", level, code=code)
        graphinv("analyze", "--store", store, "--at", AT, "--fail-on", level, code=code)


def test_what_could_not_be_read_is_exit_code_2_and_the_answer_is_still_there(facts: Path, tmp_path: Path) -> None:
    with facts.open("a") as file:
        file.write('{"node": "Agent", "id": \n')
    ran = graphinv("scan", facts, "--store", tmp_path / "graph", "--format", "json", code=2)
    (unread,) = ran.json["unread"]
    assert (unread["document"], unread["where"], unread["severity"]) == ("estate.facts.jsonl", "L6", "error")
    assert ran.json["nodes"]["Agent"] == 1
    assert ran.json["roots"][0]["outcome"] == "partial"
    ran = graphinv("ingest", facts, "--store", tmp_path / "graph", code=2)
    assert "error: estate.facts.jsonl#L6: " in ran.err
    assert "partial" in ran.out


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("command", ["scan", "demo", "analyze"])
def test_a_summary_that_cannot_be_is_refused_before_anything_is_read(facts: Path, tmp_path: Path, command: str, form: str) -> None:
    paths = (facts,) if command == "scan" else ()
    assert "a summary is a table or json" in refused(command, *paths, "--store", tmp_path / "deep" / "graph", "--format", form)
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize(
    ("command", "columns"),
    [
        (("reach", "--all"), "subject,lens,at,targets,atoms,agents,identities,secrets,tools,impact"),
        (("reach", "--all", "--summary"), "subject,lens,at,targets,agents,identities,secrets,tools,impact"),
        (
            ("score",),
            "subject,impact,likelihood,risk,level,impact_ungoverned,impact_runtime,targets,atoms,atoms_ungoverned,hidden_atoms,parts",
        ),
        (("coverage", "--all"), "rule,agent,outcome,missing"),
    ],
)
def test_a_table_of_no_rows_has_its_columns(tmp_path: Path, command: tuple[str, ...], columns: str) -> None:
    (tmp_path / "empty").mkdir()
    graphinv("scan", tmp_path / "empty", "--store", tmp_path / "graph")
    assert graphinv(*command, "--store", tmp_path / "graph", "--format", "csv").out == f"{columns}\n"


def test_another_writer_is_named(facts: Path, tmp_path: Path) -> None:
    from graphinv.store import open_store

    with open_store(tmp_path / "graph", write=True):
        assert "is being written by process" in refused("ingest", facts, "--store", tmp_path / "graph")


# --------------------------------------------------------------------------------------------------------------------------------
# Version, help, pipes: what only a process shows


def process(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=120, env=process_environment(), **options
    )


def test_version() -> None:
    ran = process("--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"graphinv {package.__version__}\n", "")


def test_a_process_says_no_more_about_an_error(tmp_path: Path) -> None:
    ran = process("agents", "--store", tmp_path / "none")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"graphinv: there is no store at {tmp_path}/none; run `graphinv scan PATH` first\n"


@pytest.mark.parametrize("arguments", [("export", "facts"), ("agents",), ("findings", "--format", "json"), ("--help",)], ids=" ".join)
def test_a_reader_that_goes_away_is_no_error(demo: Demo, arguments: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=process_environment(GRAPHINV_STORE=str(demo.store)),
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
@pytest.mark.parametrize("arguments", [("agents",), ("export", "json")])
def test_output_that_cannot_be_written_is_one_line_and_no_finding(demo: Demo, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        command: list[str | Path] = [PROGRAM, *arguments, "--store", demo.store]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=process_environment(), check=False)
    assert (ran.returncode, ran.stderr) == (2, "graphinv: the output cannot be written: No space left on device\n")


def test_what_an_encoding_lacks_is_escaped(demo: Demo) -> None:
    command: list[str | Path] = [PROGRAM, "findings", "--full", "--severity", "critical", "--store", demo.store]
    ran = subprocess.run(command, capture_output=True, env=process_environment(PYTHONIOENCODING="ascii"), check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b" \\u2192 " in ran.stdout


def test_no_command_shows_the_help() -> None:
    assert graphinv().out == graphinv("--help").out


def test_help_lists_every_command() -> None:
    shown = graphinv("--help").out
    assert all(f" {command} " in shown for command in COMMANDS)


def test_help_breaks_no_line_but_at_the_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    commands = graphinv("--help").out.partition(" Commands ")[2]
    assert [line for line in commands.splitlines() if line.startswith("│   ")] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_every_option_and_says_what_each_is_for(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    from graphinv.cli import app

    monkeypatch.setenv("COLUMNS", "200")
    shown = graphinv(command, "--help").out
    parameters = typer.main.get_command(app).commands[command].params  # type: ignore[attr-defined]
    assert {"store"} & {parameter.name for parameter in parameters} or command == "formats"
    for parameter in parameters:
        for name in (*parameter.opts, *parameter.secondary_opts):
            if name.startswith("-"):
                assert name in shown
        assert getattr(parameter, "help", None), parameter.name
        if parameter.name == "store":
            assert "GRAPHINV_STORE" in shown


# --------------------------------------------------------------------------------------------------------------------------------
# Keys

SUMMARY_KEYS = {
    "store", "generation", "at", "roots", "nodes", "edges", "agents", "agents_total", "paths", "causes",
    "causes_total", "gap", "reach_left_out", "severities", "rules", "partly", "unread", "unknown", "accepted", "known",
    "graver", "unmatched", "expired",
}  # fmt: skip
PATH_KEYS = {"subject", "target", "action", "lens", "at", "hops"}
HOP_KEYS = {"from", "edge", "to", "words", "evidence", "confidence", "sources", "scopes", "guards", "edges"}
SCORE_KEYS = {
    "subject", "impact", "likelihood", "risk", "level", "impact_ungoverned", "impact_runtime", "targets", "atoms", "atoms_ungoverned",
    "hidden_atoms", "parts",
}  # fmt: skip
FINDING_KEYS = {
    "key", "rule", "title", "severity", "confidence", "subject", "target", "why", "remediation", "path", "frameworks", "owners", "sources",
    "likelihood", "severity_parts", "priority", "details", "first_seen", "last_seen", "fixed_at", "reopened", "reopened_at", "unconfirmed",
    "cause",
}  # fmt: skip
AGENT_KEYS = {
    "id", "name", "framework", "kind_detail", "environment", "status", "autonomy", "owners", "servers", "tools", "sub_agents", "identities",
    "secrets", "risk", "level", "impact", "impact_ungoverned", "findings", "sources",
}  # fmt: skip


def test_keys_of_a_scan(demo: Demo, tmp_path: Path) -> None:
    data = graphinv("scan", demo.root, "--store", tmp_path / "graph", "--at", AT, "--format", "json").json
    assert set(data) == SUMMARY_KEYS
    assert set(data["roots"][0]) == {"root", "at", "outcome", "files", "documents", "vendored_folders"}
    assert set(data["agents"][0]) == {"name", "score", "owners", "because"}
    assert set(data["agents"][0]["score"]) == SCORE_KEYS
    assert set(data["agents"][0]["score"]["parts"][0]) == {"what", "amount", "because"}
    assert set(data["paths"][0]) == PATH_KEYS
    assert set(data["paths"][0]["hops"][0]) == HOP_KEYS
    assert set(data["gap"]) == {"posture", "ungoverned", "runtime", "agents", "targets"}
    assert list(data["severities"]) == list(LEVELS)
    assert set(data["rules"][0]) == {"rule", "title", "outcome", "findings", "reason"}
    assert set(data["unread"][0]) == {"document", "where", "message", "severity", "ingestor"}
    assert data["at"] == AT
    again = graphinv("analyze", "--store", tmp_path / "graph", "--at", AT, "--format", "json").json
    assert again == data


def test_keys_of_findings(demo: Demo) -> None:
    found = graphinv("findings", "--store", demo.store, "--format", "json").json
    assert all(set(finding) == FINDING_KEYS for finding in found)
    assert all(set(hop) == HOP_KEYS for finding in found for hop in finding["path"])
    assert [LEVELS.index(finding["severity"]) for finding in found] == sorted(LEVELS.index(finding["severity"]) for finding in found)
    assert graphinv("findings", "--store", demo.store, "--format", "jsonl").lines == found
    assert {finding["severity"] for finding in graphinv("findings", "--store", demo.store, "-s", "high", "-f", "json").json} <= {
        "critical",
        "high",
    }
    one = found[0]
    assert graphinv("findings", one["key"], "--store", demo.store, "--format", "json").json == [one]
    assert {f["rule"] for f in graphinv("findings", "--rule", "GI-SEC", "--store", demo.store, "-f", "json").json} == {
        f["rule"] for f in found if f["rule"].startswith("GI-SEC")
    }
    subject = ":".join(one["subject"])
    about = graphinv("findings", "--subject", subject, "--store", demo.store, "--format", "json").json
    assert about == [finding for finding in found if one["subject"] in (finding["subject"], finding["target"])]
    assert "no finding has the key 0123456789abcdef" in refused("findings", one["key"], "0123456789abcdef", "--store", demo.store)


def test_keys_of_agents(demo: Demo) -> None:
    found = graphinv("agents", "--store", demo.store, "--format", "json").json
    assert len(found) > 30
    assert all(set(agent) == AGENT_KEYS for agent in found)
    assert [agent["risk"] for agent in found] == sorted((agent["risk"] for agent in found), reverse=True)
    assert graphinv("agents", "--store", demo.store, "--format", "jsonl").lines == found
    rows = list(csv.DictReader(io.StringIO(graphinv("agents", "--store", demo.store, "--format", "csv").out)))
    assert [row["id"] for row in rows] == [agent["id"] for agent in found]
    assert [json.loads(row["owners"]) for row in rows] == [agent["owners"] for agent in found]


def test_keys_of_show(demo: Demo) -> None:
    data = graphinv("show", "finance:controller", "--store", demo.store, "--format", "json").json
    assert set(data) == {"kind", "id", "props", "out", "in", "score", "findings"}
    assert (data["kind"], data["id"]) == ("Agent", "finance:controller")
    assert set(data["out"][0]) == {"edge", "from", "to", "key", "props"}
    assert all(edge["from"] == ["Agent", "finance:controller"] for edge in data["out"])
    assert all(edge["to"] == ["Agent", "finance:controller"] for edge in data["in"])
    assert set(data["score"]) == SCORE_KEYS
    assert all(set(finding) == FINDING_KEYS for finding in data["findings"])


def test_keys_of_paths_and_exposure(demo: Demo) -> None:
    found = graphinv("paths", "finance:controller", "saas:bank-gateway/quillmere", "--store", demo.store, "--at", AT, "-f", "json").json
    assert all(set(path) == PATH_KEYS and all(set(hop) == HOP_KEYS for hop in path["hops"]) for path in found)
    guards = [
        guard
        for path in graphinv("scan", demo.root, "--store", demo.store.parent / "other", "-f", "json").json["paths"]
        for hop in path["hops"]
        for guard in hop["guards"]
    ]
    assert all(set(guard) == {"id", "mode", "effect", "would"} for guard in guards)
    exposed = graphinv("exposure", "saas:bank-gateway/quillmere", "--store", demo.store, "--at", AT, "-f", "json").json
    assert all(set(one) == {"subject", "target", "actions", "lens", "at", "hops"} for one in exposed)
    assert {one["subject"][1] for one in exposed} >= {"finance:controller"}


def test_keys_of_ingest(facts: Path, tmp_path: Path) -> None:
    (record,) = graphinv("ingest", facts, "--store", tmp_path / "graph", "--format", "json").json
    assert set(record) == {
        "root", "outcome", "generation", "files", "documents", "nodes", "edges", "created", "updated", "closed", "problems",
    }  # fmt: skip
    assert (record["root"], record["generation"], record["created"]) == ("estate.facts.jsonl", 1, 5)
    assert graphinv("ingest", facts, "--store", tmp_path / "graph", "--format", "jsonl").lines[0]["generation"] == 2


def test_keys_of_the_lists() -> None:
    formats = graphinv("formats", "--format", "json").json
    assert all(set(one) == {"name", "title", "files"} for one in formats)
    queries = graphinv("query", "--list", "--format", "json").json
    assert all(set(one) == {"name", "title", "topic", "parameters"} for one in queries)
    assert "(--format json lists them)" in graphinv("formats").out


def test_a_finding_and_an_agent_on_the_screen(demo: Demo) -> None:
    (gap, *_) = graphinv("findings", "--rule", "GI-COV-002", "--store", demo.store, "--format", "json").json
    shown = graphinv("findings", gap["key"], "--store", demo.store).out
    assert f"Noted: {gap['details']['messages'][0]}." in shown.replace("\n", " ")
    assert "finance:controller" in graphinv("agents", "--store", demo.store).out
    shown = graphinv("exposure", "saas:bank-gateway/quillmere", "--store", demo.store).out
    assert "read write execute" in shown
    assert graphinv("exposure", "saas:bank-gateway/quillmere", "--action", "delete", "--store", demo.store).out.startswith("0 can act on")


def test_the_command_starts_without_what_only_analyses_need() -> None:
    heavy = "{'numba', 'scipy', 'pandas', 'networkx', 'streamlit', 'tree_sitter'}"
    code = f"import sys, graphinv.cli; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=process_environment())
    assert ran.stdout == "[]\n"
