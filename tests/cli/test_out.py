"""What comes out of the demo: the graph again, and findings in every format of others."""

from __future__ import annotations

import csv
import io
import json
import socket
import tarfile
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from graphinv.export import exports
from graphinv.model.estate import EdgeRecord, Estate
from graphinv.store import open_store
from tests.cli.conftest import AT, Demo
from tests.cli.running import graphinv, refused


def estate(store: Path) -> Estate:
    with open_store(store) as opened:
        return opened.estate()


def same(one: Estate, other: Estate) -> None:
    assert one.nodes == other.nodes

    def by_key(edges: tuple[EdgeRecord, ...]) -> dict[object, EdgeRecord]:
        return {(edge.kind, edge.source, edge.target, edge.key): edge for edge in edges}

    assert by_key(one.edges) == by_key(other.edges)


def test_facts_come_back_as_the_same_graph(demo: Demo, tmp_path: Path) -> None:
    text = graphinv("export", "facts", "--store", demo.store).out
    file = tmp_path / "demo.facts.jsonl"
    file.write_text(text, "utf-8")
    (record,) = graphinv("ingest", file, "--store", tmp_path / "graph", "--at", AT, "--format", "json").json
    assert (record["outcome"], record["problems"]) == ("complete", [])
    same(estate(tmp_path / "graph"), estate(demo.store))
    assert graphinv("export", "facts", "--store", tmp_path / "graph").out == text


def test_tables_come_back_as_the_same_graph(demo: Demo, tmp_path: Path) -> None:
    assert graphinv("export", "facts-csv", "--output", tmp_path / "tables", "--store", demo.store).out == ""
    (record,) = graphinv("ingest", tmp_path / "tables", "--store", tmp_path / "graph", "--at", AT, "--format", "json").json
    assert (record["outcome"], record["problems"]) == ("complete", [])
    same(estate(tmp_path / "graph"), estate(demo.store))


@pytest.mark.parametrize("name", sorted(exports()))
def test_every_format_runs_to_a_file_and_to_the_screen(demo: Demo, tmp_path: Path, name: str) -> None:
    target = tmp_path / "out"
    assert graphinv("export", name, "--output", target, "--store", demo.store).out == ""
    if target.is_dir():
        assert all(path.stat().st_size for path in target.iterdir())
    elif name == "opa":
        assert tarfile.is_tarfile(target)
        assert refused("export", name, "--store", demo.store) == "opa is no text; say where with --output FILE"
    else:
        written = target.read_bytes().decode("utf-8")
        assert written == graphinv("export", name, "--store", demo.store).out
        assert len(written) > 1000
    listed = graphinv("export", "--list").out
    assert name in listed
    assert exports()[name].TITLE in listed


def test_every_finding_is_one_row_everywhere(demo: Demo) -> None:
    keys = [finding["key"] for finding in graphinv("findings", "--store", demo.store, "--format", "json").json]
    assert len(set(keys)) == len(keys)
    for name, column in (("csv", "key"), ("jira", None), ("servicenow", "correlation_id")):
        rows = list(csv.reader(io.StringIO(graphinv("export", name, "--store", demo.store).out)))
        place = rows[0].index(column) if column else 0
        assert sorted(row[place] for row in rows[1:]) == sorted(keys)
    assert sorted(finding["key"] for finding in graphinv("export", "json", "--store", demo.store).json["findings"]) == sorted(keys)
    (run,) = graphinv("export", "sarif", "--store", demo.store).json["runs"]
    assert sorted(result["partialFingerprints"]["graphinv/v1"] for result in run["results"]) == sorted(keys)


def test_places_in_sarif_are_files_of_the_scanned_tree(demo: Demo) -> None:
    (run,) = graphinv("export", "sarif", "--store", demo.store).json["runs"]
    assert run["results"]
    assert set(run["originalUriBaseIds"]) == {"demo"}
    made_up = 0
    for result in run["results"]:
        for location in result["locations"]:
            place = location["physicalLocation"]
            uri = place["artifactLocation"]["uri"]
            if uri.startswith("graphinv/"):
                made_up += 1  # only edges speak of its subject, so no line declares it
                assert "uriBaseId" not in place["artifactLocation"]
                continue
            assert place["artifactLocation"]["uriBaseId"] == "demo"
            lines = (demo.root / unquote(uri)).read_text("utf-8").splitlines()
            assert 1 <= place["region"]["startLine"] <= max(1, len(lines))
    assert made_up <= 1


def test_places_in_sarif_are_relative_whatever_the_root_is_called(tmp_path: Path) -> None:
    """A checkout is called after its remote, with a slash in its name; a code scanner looks inside the checkout."""
    root = tmp_path / "work"
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "config").write_text('[remote "origin"]\n\turl = https://example.test/acme/shop.git\n')
    (root / "api").mkdir()
    (root / "api" / ".mcp.json").write_text(json.dumps({"mcpServers": {"x": {"command": "npx", "args": ["-y", "x-mcp"]}}}))
    (root / "own.facts.jsonl").write_text('{"edge": "OWNS", "from": ["Owner", "a@b.test"], "to": ["Agent", "else"]}\n')
    lone = tmp_path / "lone.facts.jsonl"
    lone.write_text('{"node": "Agent", "id": "stray"}\n')
    graphinv("scan", root, lone, "--store", tmp_path / "graph")
    (run,) = graphinv("export", "sarif", "--store", tmp_path / "graph").json["runs"]
    places = {
        (location["physicalLocation"]["artifactLocation"].get("uriBaseId"), location["physicalLocation"]["artifactLocation"]["uri"])
        for result in run["results"]
        for location in result["locations"]
    }
    assert places >= {("acme/shop", "api/.mcp.json"), (None, "lone.facts.jsonl")}
    assert {base for base, _ in places} == {"acme/shop", None}


def test_the_summary_reads_as_it_should(demo: Demo) -> None:
    lines = demo.summary.splitlines()
    headings = ["Found", "Top risky paths", "The gap", "Findings", "Recognised, not fully read", "Unknown (never taken for safe)"]
    assert [line for line in lines if line in headings] == headings
    assert lines[0].startswith("demo: ")
    assert " files, documents read: " in lines[0]
    assert "; complete" in demo.summary
    assert str(demo.root) not in demo.summary


def test_a_document_with_many_problems_hides_no_other(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "a.facts.jsonl").write_text('{"node": "Agent", "id": 1}\n' * 30)
    (root / "z.facts.jsonl").write_text('{"node": "Agent", "id": 1}\n')
    for number in range(20):
        (root / f"{number:02}.facts.jsonl").write_text('{"node": "Agent", "id": "a", "props": {"colour": "red"}}\n')
    told = graphinv("scan", root, "--store", tmp_path / "graph", code=2).out.split("Recognised, not fully read\n")[1].splitlines()
    assert sum("/a.facts.jsonl#" in line for line in told) <= 1
    assert sum(".facts.jsonl#" in line for line in told) == 20
    assert any(line.startswith("… and 2 more documents: ") for line in told), told


def test_a_port_that_is_taken_is_named(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("app", "--store", demo.store, "--port", str(port), "--no-browser")
    assert said == f"port {port} cannot be had (Address already in use); name another with --port"


def test_the_dashboard_starts_without_a_question(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("os.execve", lambda program, command, environment: started.append(command))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    graphinv("app", "--store", demo.store, "--port", str(port))
    (command,) = started
    told = dict(pairwise(command))
    assert (told["--server.headless"], told["--server.showEmailPrompt"]) == ("false", "false")
    assert (told["--server.address"], told["--browser.gatherUsageStats"]) == ("127.0.0.1", "false")
