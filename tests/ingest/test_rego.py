from __future__ import annotations

import pytest

from graphinv.ingest import rego
from tests.ingest.bad_inputs import EVERYWHERE, read
from tests.ingest.reading import Facts, document

POLICY = """# package not.this
package mcp.authz

import rego.v1

default allow := false
default verdict := {"decision": "deny", "reason": "no_rule"}

allow if {
  input.subject.type == "agent"  # input.environment
  data.tools[input["tool_name"]].approved
  input.agent.id in data.agents
  input.context.task != ""
}
"""


def test_a_rule_with_a_default_is_a_point_and_what_it_looks_at_is_known() -> None:
    found = Facts(rego, document(POLICY, "policy/authz.rego"))
    assert set(found.nodes) == {("EnforcementPoint", "opa:shop#mcp/authz/allow"), ("EnforcementPoint", "opa:shop#mcp/authz/verdict")}
    point = found.nodes["EnforcementPoint", "opa:shop#mcp/authz/allow"]
    assert point == {
        "name": "OPA mcp/authz/allow",
        "kind_detail": "opa",
        "effect": "evaluate",
        "distinguishes": "agent",
        "labels": ["default=deny", "input=agent", "input=subject", "input=task"],
        "sources": ["shop/policy/authz.rego#L6"],
    }


def test_a_policy_that_looks_at_nobody_tells_nobody_apart() -> None:
    found = Facts(rego, document("package a\ndefault allow = true\nallow { input.method == 1 }\n", "a.rego"))
    (point,) = found.nodes.values()
    assert (point["distinguishes"], point["labels"]) == ("none", ["default=other"])


def test_checks_of_configurations_and_tests_are_no_points() -> None:
    assert not Facts(rego, document('package k8s\ndeny[msg] { input.kind == "Pod"; msg := "no" }\n', "k8s.rego")).nodes
    assert not rego.detect("policy/authz_test.rego", b"package a")


@pytest.mark.parametrize("data", EVERYWHERE.values(), ids=EVERYWHERE)
def test_any_bytes_are_borne(data: bytes) -> None:
    read(rego, "a.rego", data)


@pytest.mark.parametrize(
    "data", [b"package a\n" + b"default allow := false\n" * 20_000, b"package a\n" + b"input.a" * 100_000, b"#" * 900_000]
)
def test_no_text_takes_long(data: bytes) -> None:
    assert len(read(rego, "a.rego", data)) <= rego.MAX_RULES
