"""A root through the ingestors: what is read, what is named when it cannot be, and that one document never costs another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphinv.ingest import Document, env_file
from graphinv.model.facts import Fact
from graphinv.pipeline.read import Reading, now, read_root
from graphinv.pipeline.walk import root_of

SERVER = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "files-mcp@1.0.0"]}}}


def fingerprint(value: str) -> str:
    return f"{len(value):032x}"


def read(path: Path) -> Reading:
    return read_root(root_of(path), fingerprint)


def write(top: Path, **files: str | bytes) -> None:
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    top = tmp_path / "shop"
    write(
        top,
        **{
            ".mcp.json": json.dumps(SERVER),
            "api/.env": "LOG_LEVEL=debug\n",
            "api/.mcp.json": json.dumps(SERVER),
            "estate.facts.jsonl": '{"node": "Agent", "id": "bot"}\n',
            "README.md": "# Shop\n",
        },
    )
    return top


def named(reading: Reading) -> list[tuple[str, str, str]]:
    return [(problem.document, problem.where, problem.severity) for problem in reading.problems]


def test_what_is_recognised_is_read_and_counted(shop: Path) -> None:
    reading = read(shop)
    assert reading.documents == Counter({"mcp_claude_code": 2, "env_file": 1, "native_facts": 1})
    assert (reading.files, reading.vendored, reading.problems, reading.complete) == (5, 0, [], True)
    assert {node.id for node in reading.nodes if node.kind == "Agent"} == {"bot", "claude-code:shop", "claude-code:shop/api"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_what_is_redirected_on_windows_is_recognised(tmp_path: Path, encoding: str) -> None:
    text = (
        "\ufeff" if encoding == "utf-16-be" else ""
    ) + "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: pay}\nspec: {}\n"
    write(tmp_path, **{"teams.yaml": text.encode(encoding)})
    assert read(tmp_path).documents == {"backstage": 1}


def test_progress_is_told_of_every_file_and_document_in_order(shop: Path) -> None:
    told: list[tuple[str, int, str]] = []
    reading = read_root(root_of(shop), fingerprint, lambda *step: told.append(step))
    walked = [step for step in told if step[0] == "walking"]
    assert [count for _, count, _ in walked] == list(range(1, reading.files + 1))
    assert [path for _, _, path in walked] == [".mcp.json", "README.md", "estate.facts.jsonl", "api/.env", "api/.mcp.json"]
    assert [(count, path) for stage, count, path in told if stage == "reading"] == [
        (1, ".mcp.json"),
        (2, "estate.facts.jsonl"),
        (3, "api/.env"),
        (4, "api/.mcp.json"),
    ]


@pytest.mark.parametrize("content", [b"", b"{", b'{"mcpServers": {', b"\xff\xfe\x00", b"[" * 100_000, b"\0" * 100], ids=range(6))
def test_a_document_that_cannot_be_read_is_named_once_and_the_rest_is_read(shop: Path, content: bytes) -> None:
    write(shop, **{"api/.mcp.json": content})
    reading = read(shop)
    assert [document for document, _, severity in named(reading) if severity == "error"] == ["api/.mcp.json"]
    assert not reading.complete
    assert {node.id for node in reading.nodes if node.kind == "Agent"} >= {"bot", "claude-code:shop"}


def test_every_unreadable_document_is_named(shop: Path) -> None:
    broken = [f"part{number}/.mcp.json" for number in range(5)]
    write(shop, **dict.fromkeys(broken, '{"mcpServers": '))
    assert [document for document, _, _ in named(read(shop))] == broken


def test_a_document_that_is_too_large_is_named_and_not_loaded(shop: Path) -> None:
    with (shop / "api" / ".mcp.json").open("wb") as file:
        file.write(b'{"mcpServers": {')
        file.truncate(1 << 30)
    reading = read(shop)
    (problem,) = reading.problems
    assert (problem.document, problem.severity) == ("api/.mcp.json", "error")
    assert "too large" in problem.message
    assert not reading.complete


def test_a_fault_of_a_reader_costs_its_document_alone(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hunter2-" + "X" * 20

    def faulty(document: Document) -> Iterator[Fact]:
        raise RuntimeError(f"{secret} in {document.path}")

    monkeypatch.setattr(env_file, "read", faulty)
    reading = read(shop)
    (problem,) = reading.problems
    assert (problem.document, problem.severity, problem.ingestor) == ("api/.env", "error", "env_file")
    assert "a fault in graphinv (RuntimeError)" in problem.message
    assert secret not in repr(reading)
    assert reading.documents == Counter({"mcp_claude_code": 2, "native_facts": 1})


def test_a_fault_in_the_middle_keeps_nothing_of_that_document(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from graphinv.model.facts import NodeFact

    def half(document: Document) -> Iterator[Fact]:
        yield NodeFact("Agent", "half", {"sources": [document.source(1)]})
        raise KeyError("x")

    monkeypatch.setattr(env_file, "read", half)
    assert "half" not in {node.id for node in read(shop).nodes}


def test_a_fact_outside_the_vocabulary_is_named_with_its_place(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from graphinv.model.facts import NodeFact

    def wrong(document: Document) -> Iterator[Fact]:
        yield NodeFact("Agent", "good", {"sources": [document.source(1)]})
        yield NodeFact("Agent", "bad", {"colour": "red", "sources": [document.source(7)]})

    monkeypatch.setattr(env_file, "read", wrong)
    reading = read(shop)
    assert named(reading) == [("api/.env", "L7", "error")]
    assert "Agent has no property 'colour'" in reading.problems[0].message
    assert "good" in {node.id for node in reading.nodes}


def test_a_file_of_facts_is_a_root_of_its_own(shop: Path) -> None:
    path = shop / "estate.facts.jsonl"
    reading = read(path)
    assert reading.complete
    assert [(node.id, node.props["sources"]) for node in reading.nodes] == [("bot", ["estate.facts.jsonl#L1"])]
    path.write_text('{"node": "Robot", "id": "x"}\n{"node"')
    assert named(read(path)) == [("", "L1", "error"), ("", "L2", "error")]


def test_one_file_of_a_project_is_never_the_whole_of_it(shop: Path) -> None:
    reading = read(shop / "api" / ".mcp.json")
    assert (reading.root.name, reading.files, reading.complete) == ("api", 1, False)


def test_a_file_that_was_named_and_is_in_no_format_is_an_error(shop: Path) -> None:
    assert named(read(shop / "README.md")) == [("README.md", "", "error")]
    (shop / "notes.csv").write_text("colour,taste\nred,sweet\n")
    assert named(read(shop / "notes.csv")) == [("", "", "error")]
    assert named(read(Path("/dev/null"))) == [("null", "", "error")]


def test_a_variable_finds_its_definition_further_up(shop: Path) -> None:
    write(
        shop,
        **{
            ".env": "PAY_TOKEN=" + "q7Wz3Tn9Kd5Rf1Yb8Mc2" + "Hs6Vx4\n",
            "api/.mcp.json": json.dumps({"mcpServers": {"pay": {"command": "pay-mcp", "env": {"PAY_TOKEN": "${PAY_TOKEN}"}}}}),
        },
    )
    edges = [edge for edge in read(shop).edges if edge.kind == "HOLDS" and edge.source == ("ToolServer", "mcp:shop/api/.mcp.json#pay")]
    assert [edge.target for edge in edges] == [("Secret", f"secret:{26:032x}")]


def test_now_is_a_whole_second_in_utc() -> None:
    moment = now()
    assert len(moment) == len("2026-11-24T12:00:00Z")
    assert moment.endswith("Z")
