"""A few of the kills of :mod:`tests.bench.kills`, on every store; ``python -m tests.bench.kills`` does many."""

from __future__ import annotations

import pytest

from tests.bench.kills import main
from tests.neo4j_server import server


def test_a_kill_loses_nothing() -> None:
    assert main("embedded", 12, 12) == 12


@pytest.mark.xdist_group("neo4j")
def test_a_kill_loses_nothing_in_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    server().wipe()
    server().enter(monkeypatch)
    monkeypatch.setenv("NEO4J_URI", server().uri)
    assert main("neo4j", 9, 12) == 9
