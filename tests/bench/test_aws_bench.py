"""How fast an AWS account is read and evaluated (``pytest tests/bench --benchmark-enable``; ``python -m tests.bench.aws`` for a large one).

Times are shown, never judged; that the edges stay few is.
"""

from __future__ import annotations

from typing import Any

from tests.bench.aws import account, read_and_evaluate

ROLES, POLICIES = 500, 2_000


def test_an_account(benchmark: Any) -> None:
    data = account(ROLES, POLICIES)
    counts, _, _ = benchmark(read_and_evaluate, data)
    assert counts["CAN_ACCESS"] > POLICIES  # every policy names something
    # Roles × resources would be a million.
    assert sum(counts.values()) < 20 * POLICIES
