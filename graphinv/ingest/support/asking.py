"""Approvals in code: calls before which a framework stops until somebody has said yes.

(:EnforcementPoint approval:<tool> {mode: enforce, effect: step_up}) guards (agent)-[:USES]->(tool) or (agent)-[:CONNECTS_TO]->(server)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Ref

FLAGS = ("needs_approval", "requires_approval", "requires_confirmation", "require_confirmation", "needsApproval", "requireApproval")
"""Settings of tools that are true where each call waits for somebody, in the words of the frameworks."""
ALWAYS = frozenset({"always", "always_require"})
"""What ``require_approval`` and ``approval_mode`` say for the same."""


def asked(edge: EdgeFact) -> Iterator[Fact]:
    """``edge`` with the point that asks before each call, and that point."""
    end = "" if isinstance(edge.target, Ref) else edge.target[1]
    point = f"approval:{end}"
    name = redact(end.rpartition("#")[2].rpartition("/")[2])
    yield NodeFact(
        "EnforcementPoint",
        point,
        {
            "name": f"approval of {name}",
            "kind_detail": "approval in code",
            "mode": "enforce",
            "effect": "step_up",
            "distinguishes": "agent",
            "sources": list(edge.props.get("sources", ())),
        },
    )
    yield replace(edge, props={**edge.props, "guards": [point]})
