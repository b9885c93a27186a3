"""Reading over several processes gives what reading in one gives; a document that kills its process costs itself alone."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from graphinv.model.facts import Problem
from graphinv.pipeline import documents
from graphinv.pipeline import gather as gathering
from graphinv.pipeline.documents import Job, jobs
from graphinv.pipeline.gather import Gathered, gather, quiet
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.pool import Workers
from graphinv.pipeline.walk import Root, Walk, root_of, walk


@dataclass(frozen=True)
class Deadly:
    """A fingerprint that kills the process which asks for it."""

    def __call__(self, value: str) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return value


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Root, list[Job]]:
    monkeypatch.setattr(gathering, "WORTH_JOBS", 1)
    monkeypatch.setattr(gathering, "WORTH_LINKED", 1)
    monkeypatch.setenv("GRAPHINV_CACHE", "off")
    for number in range(70):
        file = tmp_path / "shop" / f"part{number:02}" / ".mcp.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"mcpServers": {"s": {"command": "npx", "args": ["-y", f"server-{number}@1.0.0"]}}}))
    (tmp_path / "shop" / "part33" / ".env").write_text("ACME_TOKEN=" + "a1B2c3D4" * 5 + "\n")
    (tmp_path / "shop" / "part34" / ".mcp.json").write_text("{")
    root = root_of(tmp_path / "shop")
    return root, [job for found in walk(root, Walk()) for job in jobs(found, [])]


def test_two_processes_read_what_one_reads_in_the_same_order(estate: tuple[Root, list[Job]]) -> None:
    root, work = estate
    key = Fingerprinter(b"k" * 32)
    one = gather(work, root, key, quiet, cores=1)
    assert gather(work, root, key, quiet, cores=2) == one
    assert [problem.document for problem in one.problems if problem.severity == "error"] == ["part34/.mcp.json"]
    assert one.documents["mcp_claude_code"] == 69


def test_documents_that_are_understood_together_are_linked_in_any_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHINV_CACHE", "off")
    for name, value in (("WORTH_JOBS", 1), ("WORTH_LINKED", 1), ("CHUNK", 2)):
        monkeypatch.setattr(gathering, name, value)
    for number in range(5):
        folder = tmp_path / "shop" / f"team{number}"
        folder.mkdir(parents=True)
        (folder / "tools.py").write_text("def refund(order: str) -> str:\n    open(order, 'w')\n")
        (folder / "bot.py").write_text("from agents import Agent\nfrom tools import refund\nbot = Agent(name='bot', tools=[refund])\n")
    (folder / "broken.py").write_text("from agents import Agent\nbot = Agent(\n")
    root = root_of(tmp_path / "shop")
    work = [job for found in walk(root, Walk()) for job in jobs(found, [])]

    def parts(cores: int) -> Gathered:
        done = gather(work, root, Fingerprinter(b"k" * 32), quiet, cores=cores)
        return Gathered(sorted(done.facts, key=repr), done.problems, done.documents)

    one = parts(1)
    assert parts(2) == one
    assert "EdgeFact(kind='USES', source=('Agent', 'openai-agents:shop/team3/bot#bot')" in repr(one.facts)
    assert (one.documents["python_source"], len(one.problems)) == (10, 1)


def test_a_document_that_ends_its_process_is_named_and_the_rest_is_read(estate: tuple[Root, list[Job]]) -> None:
    root, work = estate
    few = [job for job in work if "part3" in job.found.path]
    done = gather(few, root, Deadly(), quiet, cores=2)
    lost = [problem for problem in done.problems if "process" in problem.message]
    assert lost == [Problem("part33/.env", "", "ended the process that read it; it is left out", ingestor="env_file")]
    assert sum(done.documents.values()) == len(few) - 2


def doubled(chunk: Sequence[int]) -> list[int]:
    if 13 in chunk or 31 in chunk:
        os.kill(os.getpid(), signal.SIGKILL)
    return [2 * item for item in chunk]


def test_items_that_end_their_process_cost_themselves_alone_and_processes_serve_again() -> None:
    chunks = [range(start, start + 5) for start in range(0, 50, 5)]
    with Workers(2) as workers:
        assert [answer for _, answer in workers.map(doubled, chunks, spread=True)] == [None if n in (13, 31) else 2 * n for n in range(50)]
        assert list(workers.map(doubled, [[1, 2]], spread=True)) == [(1, 2), (2, 4)]


def test_little_work_starts_no_process() -> None:
    with Workers(2) as workers:
        assert list(workers.map(lambda chunk: [os.getpid() for _ in chunk], [[1]], spread=False)) == [(1, os.getpid())]


def _facts(count: int) -> str:
    """Agents that each hold a secret; every ninth line is none, and every seventh edge has no end."""
    lines = []
    for number in range(count):
        lines.append(json.dumps({"node": "Agent", "id": f"agent-{number:04}", "props": {"labels": ["a", "ä"]}}, ensure_ascii=False))
        holds = {"edge": "HOLDS", "from": ["Agent", f"agent-{number:04}"], "to": ["Secret", f"secret-{number % 10}"]}
        lines.append(json.dumps(holds if number % 7 else {**holds, "to": []}))
        if not number % 9:
            lines += ["{", ""]
    return "\n".join(lines)


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("count", [40, 2_000])
def test_a_large_document_of_lines_is_read_in_parts_as_it_is_read_whole(
    cores: int, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHINV_CACHE", "off")
    monkeypatch.setattr(gathering, "WORTH_BYTES", 1)
    file = tmp_path / "estate.facts.jsonl"
    file.write_text("\ufeff" + _facts(count), "utf-8")
    root = root_of(file)
    found = list(walk(root, Walk()))
    whole = gather([job for one in found for job in jobs(one, [])], root, str, quiet, cores=1)
    monkeypatch.setattr(documents, "PART_BYTES", file.stat().st_size // 11)
    parts = [job for one in found for job in jobs(one, [])]
    assert len(parts) > 8
    read = gather(parts, root, str, quiet, cores=cores)
    assert read == whole
    assert read.documents == {"native_facts": 1}
    assert len(read.problems) == min(101, -(-count // 7) + -(-count // 9))


def test_a_document_that_is_no_lines_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "PART_BYTES", 20)
    for name, data in (("a.facts.json", b"[" + b" " * 50 + b"]"), ("b.facts.jsonl", "\ufeff{}\n".encode("utf-16") * 20)):
        (tmp_path / name).write_bytes(data)
    root = root_of(tmp_path)
    assert [job.part for found in walk(root, Walk()) for job in jobs(found, [])] == [None, None]
