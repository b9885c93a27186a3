"""A few of the kills of tests/bench/kills_neo4j.py, which says what is seen of each."""

from __future__ import annotations

import pytest

from tests.bench import kills_neo4j
from tests.neo4j_server import server

pytestmark = pytest.mark.xdist_group("neo4j")


@pytest.mark.parametrize(("name", "staged"), [("ingest", False), ("ingest", True), ("analyze", False), ("prune", True), ("copy", True)])
def test_a_writer_that_is_killed_loses_nothing(monkeypatch: pytest.MonkeyPatch, name: str, staged: bool) -> None:
    server().wipe()
    server().enter(monkeypatch)
    counts = kills_neo4j.kill(server().uri, name, staged, 1, 7)
    assert counts.kills == 1
