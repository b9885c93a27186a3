"""Logs of a proxy as its documentation shows them, the configuration of a gateway, and hooks that stand before tools."""

from __future__ import annotations

import re
from pathlib import Path

from graphinv.ingest import HEAD_BYTES, claude_plugins, context_forge, mcp_audit
from graphinv.model.facts import EdgeFact, Guarding, NodeFact, Problem
from tests.ingest.reading import Facts, document


def test_records_that_the_documentation_of_a_proxy_shows(corpus: Path) -> None:
    (page,) = (corpus / "mcp_audit_log").rglob("*.md")
    shown = re.search(r"```jsonl\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert shown
    assert not mcp_audit.detect(page.name, page.read_bytes()[:HEAD_BYTES])
    log = document(shown[1], "audit.jsonl")
    assert mcp_audit.detect(log.path, log.data[:HEAD_BYTES])
    facts = list(mcp_audit.link("shop", {log.path: mcp_audit.summarise(log)}))
    (point,) = (fact for fact in facts if isinstance(fact, NodeFact))
    # One call was blocked; none of the two names an agent, so that nothing can be said of whom.
    assert point.props["mode"] == "enforce"
    assert point.props["distinguishes"] == "none"
    assert point.props["last_heartbeat"] == "2026-05-08T18:58:00Z"
    assert not [fact for fact in facts if isinstance(fact, EdgeFact)]
    assert [fact.severity for fact in facts if isinstance(fact, Problem)] == ["note"]


def test_plugins_and_catalogue_of_a_gateway(corpus: Path) -> None:
    counts: dict[str, int] = {}
    modes = []
    for file in sorted((corpus / "mcp_gateway").rglob("*.y*ml")):
        made = document(file.read_bytes(), file.name)
        assert context_forge.detect(made.path, made.data[:HEAD_BYTES]), file
        found = Facts(context_forge, made)
        assert not found.problems, file
        for (kind, _), props in found.nodes.items():
            counts[kind] = counts.get(kind, 0) + 1
            modes += [(props["name"], props["mode"])] if kind == "EnforcementPoint" else []
    # Counted by hand: of 44 plugins in one file one is on, which only masks; 135 entries, of which two have one address.
    assert counts == {"EnforcementPoint": 2, "ToolServer": 134}
    assert sorted(modes) == [("CedarPolicyPlugin", "enforce"), ("PIIFilterPlugin", "monitor")]


def test_hooks_before_tools_are_points(corpus: Path) -> None:
    for file in (corpus / "claude_hooks").rglob("hooks.json"):
        path = "/".join(file.relative_to(corpus / "claude_hooks").parts[1:])
        found = Facts(claude_plugins, document(file.read_bytes(), path))
        (point,) = (key for key in found.nodes if key[0] == "EnforcementPoint")
        assert {(fact.kind, fact.stops) for fact in found.all if isinstance(fact, Guarding) and fact.guard == point[1]} == {
            ("USES", "Tool:*"),
            ("CONNECTS_TO", "ToolServer:*"),
        }
