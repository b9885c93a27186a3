"""The policy of the bundle, evaluated as a point of decision would."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from regopy import Interpreter

from graphinv.export import opa
from graphinv.model.facts import EdgeFact, NodeFact
from tests.analyze.estates import estate_of
from tests.export.findings import RULES
from tests.export.test_policy_data import results

LEAD, BOT, HELPER, TOOL = ("Agent", "lead"), ("Agent", "bot"), ("Agent", "helper"), ("Tool", "look")
PAST, FAR = "2020-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
SCOPES = {"scopes": ["read:crm/*"]}
HARMLESS = {"effects": ["read"], "schema_digest": "sha256:aa", "approved_digest": "aa"}
ACTIVE = NodeFact(*HELPER, {"status": "active"})


def decided(question: dict[str, Any], *facts: NodeFact | EdgeFact) -> str:
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
    point = loaded(opa.render(results(estate), estate, RULES))
    point.set_input({"subject": {"type": "agent", "id": "bot"}, "context": {"task": "T-1"}} | question)
    answer = json.loads(str(point.query("data.graphinv.authz.verdict")))
    return str(answer["expressions"][0]["decision"])


def loaded(bundle: bytes) -> Interpreter:
    """A point of decision that has the policies and the data of a bundle."""
    point, data = Interpreter(), dict[str, Any]()
    with tarfile.open(fileobj=io.BytesIO(bundle)) as files:
        for member in files:
            content = files.extractfile(member)
            text = content.read().decode() if content else ""
            *folders, name = member.name.split("/")
            if name.endswith(".rego"):
                point.add_module(member.name, text)
            elif name == "data.json":
                data[folders[-1]] = json.loads(text.replace(':00Z"', ':00+00:00"'))  # the same time, as this evaluator can read it
    point.add_data({"graphinv": data})
    return point


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
def test_calls(facts: list[NodeFact | EdgeFact], decision: str) -> None:
    assert decided(CALL, *facts) == decision


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
def test_delegations(facts: list[NodeFact | EdgeFact], decision: str) -> None:
    assert decided(delegation("agent:bot"), *facts) == decision


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
def test_how_far_authority_is_passed_on(before: list[dict[str, Any]], decision: str) -> None:
    to_us = [EdgeFact("DELEGATES_TO", LEAD, BOT, props) for props in before]
    assert decided(delegation("agent:lead", "agent:bot"), passes_on(**SCOPES), ACTIVE, *to_us) == decision


def test_without_a_chain_somebody_is_asked() -> None:
    assert decided(delegation(), passes_on(**SCOPES), ACTIVE) == "step_up"
