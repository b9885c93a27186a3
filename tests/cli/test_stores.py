"""Commands that look after stores, as a user meets them: what they print, how they end, and what they leave alone."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from graphinv.store import open_store
from graphinv.store.neo4j_local import VERSION
from graphinv.store.upkeep import FORMAT, difference
from tests.cli.running import graphinv, process_environment, refused

FIRST, SECOND = "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"


def state(store: Path) -> Any:
    with open_store(store) as opened:
        return opened.state()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two generations of one file: an agent stays, another and its identity are closed by the second."""
    file, made = tmp_path / "x.facts.jsonl", tmp_path / "st" / "graph"
    edge = '{"edge": "RUNS_AS", "from": ["Agent", "leaving"], "to": ["Identity", "role"], "props": {"evidence": ["declared"]}}'
    file.write_text(f'{{"node": "Agent", "id": "a"}}\n{{"node": "Agent", "id": "leaving"}}\n{edge}\n')
    graphinv("ingest", file, "--store", made, "--at", FIRST)
    file.write_text('{"node": "Agent", "id": "a"}\n')
    graphinv("ingest", file, "--store", made, "--at", SECOND)
    return made


# --------------------------------------------------------------------------------------------------------------------------------
# scans, prune


def test_scans_in_every_form(store: Path) -> None:
    found = graphinv("scans", "--store", store, "--format", "json").json
    assert found == {
        "generation": 2,
        "scans": [{"root": "x.facts.jsonl", "at": SECOND, "outcome": "complete", "complete_at": SECOND, "documents": 1, "problems": 0}],
        "generations": [
            {"number": 1, "root": "x.facts.jsonl", "at": FIRST, "outcome": "complete", "created": 4, "updated": 0, "closed": 0},
            {"number": 2, "root": "x.facts.jsonl", "at": SECOND, "outcome": "complete", "created": 0, "updated": 0, "closed": 3},
        ],
    }
    assert graphinv("scans", "--store", store, "-f", "jsonl").lines == found["scans"]
    head, row = graphinv("scans", "--store", store, "-f", "csv").out.splitlines()
    assert head == "root,at,outcome,complete_at,documents,problems"
    assert row == f"x.facts.jsonl,{SECOND},complete,{SECOND},1,0"
    assert "The last generations" in graphinv("scans", "--store", store).out


def test_prune_says_what_would_go_and_takes_it(store: Path) -> None:
    before = store.read_bytes()
    would = graphinv("prune", "--before", "2026-04-01", "--dry-run", "--store", store, "-f", "json").json
    assert would == {"before": "2026-04-01T00:00:00Z", "dry_run": True, "nodes": 2, "edges": 1, "findings": 0}
    assert store.read_bytes() == before
    assert "would go" in graphinv("prune", "--before", "2026-04-01", "--dry-run", "--store", store).out
    assert graphinv("prune", "--before", FIRST, "--store", store).out == f"nothing was closed or fixed before {FIRST}\n"
    assert store.read_bytes() == before
    done = graphinv("prune", "--before", "2026-04-01", "--store", store, "-f", "json").json
    assert done == {**would, "dry_run": False}
    assert list(state(store).nodes) == [("Agent", "a")]
    assert state(store).generation == 2


def test_prune_needs_a_time(store: Path) -> None:
    assert "Missing option '--before'" in refused("prune", "--store", store)
    assert refused("prune", "--before", "soon", "--store", store).startswith("--before is not an ISO 8601 time")


# --------------------------------------------------------------------------------------------------------------------------------
# store backup, restore, copy, verify, migrate


def test_a_backup_goes_round(store: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "b.gz", tmp_path / "other" / "graph"
    sizes = {"generation": 2, "nodes": 3, "edges": 1}
    assert graphinv("store", "backup", file, "--store", store, "-f", "json").json == sizes
    assert file.stat().st_mode & 0o077 == 0
    assert graphinv("store", "restore", file, "--store", other, "-f", "json").json == sizes
    assert difference(state(store), state(other)) is None
    assert "--force replaces it" in refused("store", "restore", file, "--store", other)
    graphinv("prune", "--before", "2026-04-01", "--store", other)
    graphinv("store", "restore", file, "--store", other, "--force")
    assert difference(state(store), state(other)) is None


def test_a_backup_that_cannot_be_is_refused(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.gz"
    file.write_text("mine")
    assert refused("store", "backup", file, "--store", store) == f"{file} is there already; name a new file"
    assert file.read_text() == "mine"
    assert "No such file or directory" in refused("store", "backup", tmp_path / "no" / "b.gz", "--store", store)


def test_what_is_no_whole_backup_of_this_version_restores_nothing(store: Path, tmp_path: Path) -> None:
    whole, file, other = tmp_path / "whole.gz", tmp_path / "b.gz", tmp_path / "other" / "graph"
    assert refused("store", "restore", file, "--store", other) == f"there is no file {file}"
    assert not other.parent.exists()
    file.write_text("Dear Sir or Madam\n")
    assert "cannot be read as a backup" in refused("store", "restore", file, "--store", other)
    graphinv("store", "backup", whole, "--store", store)
    lines = gzip.decompress(whole.read_bytes()).splitlines(keepends=True)
    head = json.loads(lines[0])
    newer = json.dumps({**head, "graphinv-backup": 99}).encode() + b"\n"
    file.write_bytes(gzip.compress(b"".join([newer, *lines[1:]])))
    assert refused("store", "restore", file, "--store", other).endswith(f"(format 99, this one reads {FORMAT}); upgrade graphinv")
    file.write_bytes(gzip.compress(b"".join(lines[:-1])))
    assert "is not whole" in refused("store", "restore", file, "--store", other)
    assert "cut off" in refused("store", "restore", _cut(whole, file, lines), "--store", other)
    assert not other.exists()


def _cut(whole: Path, file: Path, lines: list[bytes]) -> Path:
    file.write_bytes(gzip.compress(b"".join(lines[:2])))
    return file


def test_a_copy_is_equal_and_replaces_only_on_request(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "graph"
    assert "are equal in both" in graphinv("store", "copy", store, other).out
    assert difference(state(store), state(other)) is None
    assert "--force replaces it" in refused("store", "copy", store, other)
    assert graphinv("store", "copy", store, f"file://{other}", "--force", "-f", "json").json["nodes"] == 3
    same = store.parent / ".." / store.parent.name / store.name
    for target in (store, same, f"file://{store}"):
        assert refused("store", "copy", store, target, "--force") == "a store cannot be copied to itself"
    missing = tmp_path / "none" / "graph"
    assert "there is no store at" in refused("store", "copy", missing, other, "--force")
    assert difference(state(store), state(other)) is None


def test_a_sound_store_is_called_so(store: Path) -> None:
    assert graphinv("store", "verify", "--store", store).out == "sound: 3 nodes, 1 edges\n"
    assert graphinv("store", "verify", "--store", store, "-f", "json").json == {"generation": 2, "nodes": 3, "edges": 1, "problems": []}


def test_what_is_wrong_in_a_store_is_exit_code_2(store: Path) -> None:
    with open_store(store, write=True) as opened:
        held = opened.state()
        key, entry = next(iter(held.edges.items()))
        broken = {(*key[:3], "another"): entry._replace(gone_at=None, last_seen=None, by={"x.facts.jsonl": entry.props})}
        opened.replace(type(held)(held.nodes, broken, held.scans, held.complete_at, held.generation, held.history), None)
    ran = graphinv("store", "verify", "--store", store, "-f", "json", code=2)
    assert any("has a key that is not its own" in problem for problem in ran.json["problems"])


@pytest.mark.parametrize("bytes_", [b"", b"RGF", b"Dear Sir or Madam\n"])
def test_what_is_no_store_is_refused_in_one_short_line(tmp_path: Path, bytes_: bytes) -> None:
    other = tmp_path / "letter"
    other.write_bytes(bytes_)
    for command in (("scans",), ("prune", "--before", FIRST), ("store", "verify"), ("store", "migrate")):
        said = refused(*command, "--store", other)
        assert said.startswith(f"{other} is damaged or not a graphinv store (")
        assert len(said) < len(str(other)) + 80
    assert other.read_bytes() == bytes_


def test_a_damaged_store_is_refused(store: Path) -> None:
    held = bytearray(store.read_bytes())
    held[len(held) // 2] ^= 0xFF
    store.write_bytes(bytes(held))
    assert "is damaged" in refused("store", "verify", "--store", store)


@pytest.mark.parametrize(
    "command", [("scans",), ("prune", "--before", FIRST), ("store", "verify"), ("store", "migrate"), ("store", "backup", "b")]
)
def test_there_is_no_such_store(tmp_path: Path, command: tuple[str, ...]) -> None:
    missing = tmp_path / "none" / "graph"
    assert f"there is no store at {missing}" in refused(*command, "--store", missing)
    assert "is a folder, not a graphinv store; name a file in it" in refused(*command, "--store", tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refused(*command, "--store", pipe).endswith("is no file and so no graphinv store")
    assert not missing.parent.exists()


# --------------------------------------------------------------------------------------------------------------------------------
# Versions


def _of_schema(store: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the store anew as a graphinv whose schema has that number does."""
    with monkeypatch.context() as patch:
        patch.setattr("graphinv.store.embedded_graph.SCHEMA", number)
        with open_store(store, write=True) as opened:
            opened.replace(opened.state(), opened.analysis())


def test_an_older_store_is_refused_with_the_command_that_migrates_it(store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    graphinv("analyze", "--store", store, "--at", SECOND)
    before = state(store)
    findings = graphinv("findings", "--store", store, "-f", "json").json
    _of_schema(store, 1, monkeypatch)
    for command in (
        ("agents",),
        ("scans",),
        ("prune", "--before", SECOND),
        ("query", "inventory"),
        ("analyze",),
        ("ingest", str(tmp_path / "x.facts.jsonl")),
        ("store", "backup", str(tmp_path / "b.gz")),
        ("store", "verify"),
    ):
        said = refused(*command, "--store", store)
        assert said == (
            f"{store} was written by an older graphinv (schema 1, this one writes 2); run `graphinv store migrate --store {store}`"
        )
    assert graphinv("store", "migrate", "--store", store).out == "generation 2 is in the form of this version\n"
    assert difference(before, state(store)) is None
    assert graphinv("findings", "--store", store, "-f", "json").json == findings
    graphinv("store", "migrate", "--store", store)
    assert difference(before, state(store)) is None


def test_a_newer_store_is_never_read_nor_written(store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _of_schema(store, 3, monkeypatch)
    held = store.read_bytes()
    for command in (("agents",), ("store", "verify"), ("store", "migrate"), ("ingest", str(tmp_path / "x.facts.jsonl"))):
        assert refused(*command, "--store", store).endswith("(schema 3, this one reads 2); upgrade graphinv")
    assert store.read_bytes() == held


# --------------------------------------------------------------------------------------------------------------------------------
# Two processes


def test_a_second_writer_is_told_who_holds_the_store(store: Path, tmp_path: Path) -> None:
    program = "import sys; from graphinv.store import open_store; s = open_store(sys.argv[1], write=True); print(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=process_environment()
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline()
        file = tmp_path / "b.gz"
        graphinv("store", "backup", file, "--store", store)
        for command in (("prune", "--before", FIRST), ("store", "migrate"), ("store", "restore", str(file), "--force"), ("analyze",)):
            assert refused(*command, "--store", store) == f"{store} is being written by process {holder.pid}; wait for it to end, or end it"
        assert len(graphinv("agents", "--store", store, "-f", "json").json) == 1  # who reads does not wait
        assert graphinv("prune", "--before", "2026-04-01", "--dry-run", "--store", store, "-f", "json").json["nodes"] == 2
        holder.kill()
    graphinv("prune", "--before", "2026-04-01", "--store", store)


# --------------------------------------------------------------------------------------------------------------------------------
# Help, and a Neo4j of one's own


def test_the_compose_file_is_of_the_tested_version_on_loopback_under_a_password_that_is_given() -> None:
    service = yaml.safe_load((Path(__file__).parents[2] / "compose.yaml").read_text("utf-8"))["services"]["neo4j"]
    assert service["image"] == f"neo4j:{VERSION}-community"
    assert service["ports"] == ["127.0.0.1:7687:7687"]
    assert service["environment"]["NEO4J_AUTH"].startswith("neo4j/${NEO4J_PASSWORD:?")


@pytest.mark.parametrize(
    ("group", "commands"), [("store", ("backup", "restore", "copy", "verify", "migrate")), ("neo4j", ("up", "down", "status"))]
)
def test_a_group_says_what_it_has(group: str, commands: tuple[str, ...]) -> None:
    alone = graphinv(group, code=2)
    assert alone.err == ""
    assert all(command in alone.out for command in commands)
    assert graphinv(group, "--help").out.split() == alone.out.split()
    assert "No such command 'nonsense'" in refused(group, "nonsense")


def test_a_server_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "neo4j"
    monkeypatch.setenv("GRAPHINV_NEO4J_HOME", str(home))
    found = graphinv("neo4j", "status", "-f", "json").json
    assert (found["home"], found["running"], found["uri"], found["password"], found["pid"]) == (str(home), False, None, None, None)
    assert "running" in graphinv("neo4j", "status").out
    down = graphinv("neo4j", "down")
    assert (down.out, down.err) == ("", "it does not run\n")
    assert not home.exists()


def test_a_process_of_another_program_is_not_taken_for_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHINV_NEO4J_HOME", str(tmp_path / "neo4j"))
    (tmp_path / "neo4j").mkdir()
    (tmp_path / "neo4j" / "pid").write_text(f"{os.getpid()}\n")
    assert graphinv("neo4j", "status", "-f", "json").json["running"] is False
    graphinv("neo4j", "down")


def test_a_server_needs_its_extra_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHINV_NEO4J_HOME", str(tmp_path / "neo4j"))
    monkeypatch.setattr("graphinv.store.neo4j_local.find_spec", lambda name: None)
    assert refused("neo4j", "up") == "a local Neo4j needs the extra neo4j-local: pip install 'graphinv[neo4j-local]'"
