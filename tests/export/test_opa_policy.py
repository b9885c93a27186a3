"""The policy of the bundle, as Open Policy Agent evaluates it, where that is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from graphinv.export import opa
from graphinv.model.facts import EdgeFact, NodeFact
from tests.analyze.estates import estate_of
from tests.export.findings import RULES
from tests.export.test_policy_data import results

OPA = shutil.which("opa")
pytestmark = pytest.mark.skipif(OPA is None, reason="policies are evaluated with opa")

LEAD, BOT, HELPER, TOOL = ("Agent", "lead"), ("Agent", "bot"), ("Agent", "helper"), ("Tool", "look")
PAST, FAR = "2020-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
SCOPES = {"scopes": ["read:crm/*"]}
HARMLESS = {"effects": ["read"], "schema_digest": "sha256:aa", "approved_digest": "aa"}
ACTIVE = NodeFact(*HELPER, {"status": "active"})


def decided(tmp_path: Path, question: dict[str, Any], *facts: NodeFact | EdgeFact) -> str:
    """What the policy says to ``question`` of ``bot``, who is active, has an owner who is, and a task that is open."""
    owner, task = ("Owner", "ana"), ("Task", "T-1")
    estate = estate_of(
        [
            NodeFact(*BOT, {"status": "active"}),
            NodeFact(*owner, {"status": "active"}),
            EdgeFact("OWNS", owner, BOT, {}),
            NodeFact(*task, {"opened_at": PAST, "closes_at": FAR}),
            EdgeFact("RUNS_TASK", BOT, task, {}),
            *facts,
        ]
    )
    (tmp_path / "bundle.tar.gz").write_bytes(opa.render(results(estate), estate, RULES))
    command = [str(OPA), "eval", "--bundle", "bundle.tar.gz", "--stdin-input", "--format", "raw", "data.graphinv.authz.verdict"]
    asked = {"subject": {"type": "agent", "id": "bot"}, "context": {"task": "T-1"}} | question
    ran = subprocess.run(command, input=json.dumps(asked), cwd=tmp_path, capture_output=True, text=True, check=True)
    return str(json.loads(ran.stdout)["decision"])


def delegation(*chain: str) -> dict[str, Any]:
    context = {"task": "T-1", **({"delegation_chain": list(chain)} if chain else {})}
    return {"action": {"name": "delegate"}, "resource": {"type": "agent", "id": "helper"}, "context": context}


CALL = {"action": {"name": "tools/call"}, "resource": {"type": "tool", "id": "look"}}


def passes_on(**props: Any) -> EdgeFact:
    return EdgeFact("DELEGATES_TO", BOT, HELPER, props)


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        ([EdgeFact("USES", BOT, TOOL, {"approved": True}), NodeFact(*TOOL, HARMLESS)], "allow"),
        ([EdgeFact("USES", BOT, TOOL, {"approved": True}), NodeFact(*TOOL, {**HARMLESS, "effects": ["execute"]})], "step_up"),
        ([EdgeFact("USES", BOT, TOOL, {"approved": True})], "step_up"),
        ([EdgeFact("USES", BOT, TOOL, {}), NodeFact(*TOOL, HARMLESS)], "deny"),
        ([EdgeFact("USES", BOT, TOOL, {"approved": True, "valid_until": PAST}), NodeFact(*TOOL, HARMLESS)], "deny"),
        ([NodeFact(*TOOL, HARMLESS)], "deny"),
    ],
)
def test_calls(tmp_path: Path, facts: list[NodeFact | EdgeFact], decision: str) -> None:
    assert decided(tmp_path, CALL, *facts) == decision


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        ([passes_on(**SCOPES), ACTIVE], "allow"),
        ([passes_on(**SCOPES)], "step_up"),
        ([passes_on(**SCOPES), NodeFact(*HELPER, {"status": "retired"})], "deny"),
        ([passes_on(), ACTIVE], "step_up"),
        ([passes_on(**SCOPES), passes_on(), ACTIVE], "step_up"),
        ([passes_on(**SCOPES, valid_until=PAST), passes_on(), ACTIVE], "step_up"),
        ([passes_on(**SCOPES), passes_on(valid_until=PAST), ACTIVE], "allow"),
        ([passes_on(**SCOPES, valid_until=PAST), ACTIVE], "deny"),
    ],
)
def test_delegations(tmp_path: Path, facts: list[NodeFact | EdgeFact], decision: str) -> None:
    assert decided(tmp_path, delegation("agent:bot"), *facts) == decision


@pytest.mark.parametrize(
    ("before", "decision"),
    [
        ([{}], "allow"),
        ([{"max_depth": 1}], "allow"),
        ([{"max_depth": 0}], "deny"),
        ([{"max_depth": 0}, {"max_depth": 1, **SCOPES}], "allow"),
        ([{"max_depth": 0}, {"valid_until": PAST}], "deny"),
    ],
)
def test_how_far_authority_is_passed_on(tmp_path: Path, before: list[dict[str, Any]], decision: str) -> None:
    to_us = [EdgeFact("DELEGATES_TO", LEAD, BOT, props) for props in before]
    assert decided(tmp_path, delegation("agent:lead", "agent:bot"), passes_on(**SCOPES), ACTIVE, *to_us) == decision


def test_without_a_chain_somebody_is_asked(tmp_path: Path) -> None:
    assert decided(tmp_path, delegation(), passes_on(**SCOPES), ACTIVE) == "step_up"
