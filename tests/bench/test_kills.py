"""A few of the kills of :mod:`tests.bench.kills`; ``python -m tests.bench.kills`` does many."""

from __future__ import annotations

from tests.bench.kills import main


def test_a_kill_loses_nothing() -> None:
    assert main(8, 12) == 8
