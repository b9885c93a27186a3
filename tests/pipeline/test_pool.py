"""Reading over several processes gives what reading in one gives; a document that kills its process costs itself alone."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from graphinv.pipeline import pool
from graphinv.pipeline.documents import Job, Outcome, jobs
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.walk import Root, Walk, root_of, walk


@dataclass(frozen=True)
class Deadly:
    """A fingerprint that kills the process which asks for it."""

    def __call__(self, value: str) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return value


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Root, list[Job]]:
    monkeypatch.setattr(pool, "WORTH_JOBS", 1)
    for number in range(70):
        file = tmp_path / "shop" / f"part{number:02}" / ".mcp.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"mcpServers": {"s": {"command": "npx", "args": ["-y", f"server-{number}@1.0.0"]}}}))
    (tmp_path / "shop" / "part33" / ".env").write_text("ACME_TOKEN=" + "a1B2c3D4" * 5 + "\n")
    (tmp_path / "shop" / "part34" / ".mcp.json").write_text("{")
    root = root_of(tmp_path / "shop")
    return root, [job for found in walk(root, Walk()) for job in jobs(found, [])]


def both(root: Root, work: list[Job]) -> tuple[list[tuple[Job, Outcome]], list[tuple[Job, Outcome]]]:
    key = Fingerprinter(b"k" * 32)
    return list(pool.outcomes(work, root, key, cores=1)), list(pool.outcomes(work, root, key, cores=2))


def test_two_processes_read_what_one_reads_in_the_same_order(estate: tuple[Root, list[Job]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHINV_CACHE", "off")
    one, two = both(*estate)
    assert one == two
    assert [outcome.read for job, outcome in one if job.found.path == "part34/.mcp.json"] == [False]


def test_a_document_that_ends_its_process_is_named_and_the_rest_is_read(
    estate: tuple[Root, list[Job]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHINV_CACHE", "off")
    root, work = estate
    few = [job for job in work if "part3" in job.found.path]
    done = list(pool.outcomes(few, root, Deadly(), cores=2))
    assert [job for job, _ in done] == few
    lost = [(problem.document, problem.message) for _, outcome in done for problem in outcome.problems if "process" in problem.message]
    assert lost == [("part33/.env", "ended the process that read it; it is left out")]
    assert sum(outcome.read for _, outcome in done) == len(few) - 2
