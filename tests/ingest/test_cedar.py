"""Policies and entities of Cedar."""

from __future__ import annotations

import json
from typing import Any, TypeGuard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import HEAD_BYTES, cedar
from graphinv.ingest.support import cedar as reading
from graphinv.ingest.support.cedar import CedarError, Policy, policies
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Problem, Ref, check_edge, check_node
from tests.ingest.bad_inputs import EVERYWHERE, read
from tests.ingest.reading import document, fake


def entity(uid: str, *parents: str) -> dict[str, Any]:
    def key(text: str) -> dict[str, str]:
        kind, _, id = text.partition("::")
        return {"type": kind, "id": id}

    return {"uid": key(uid), "attrs": {}, "parents": [key(one) for one in parents]}


ENTITIES = json.dumps(
    [
        entity("Agent::billing", "Team::pay"),
        entity("User::ana", "Team::pay"),
        entity("Folder::books"),
        entity("Ledger::2026", "Folder::books"),
        entity("Ledger::2025", "Folder::books"),
    ]
)
BILLING, ANA, PAY = "agent:billing", "user:ana", "team:pay"


class Drawn:
    def __init__(self, source: str, entities: str = ENTITIES, path: str = "p.cedar") -> None:
        documents = {path: document(source, path), "entities.json": document(entities, "entities.json")}
        assert all(cedar.detect(name, one.data[:HEAD_BYTES]) for name, one in documents.items())
        facts = list(cedar.link("shop", {name: cedar.summarise(one) for name, one in documents.items()}))
        self.nodes = {fact.key: check_node(fact).props for fact in facts if isinstance(fact, NodeFact)}
        checked = [check_edge(fact) for fact in facts if isinstance(fact, EdgeFact)]
        self.edges = {(edge.kind, _short(edge.source), _short(edge.target)) for edge in checked}
        self.grants = [(_short(edge.source), _short(edge.target), edge.props) for edge in checked if edge.kind == "CAN_ACCESS"]
        self.problems = [(fact.document, fact.where, fact.severity) for fact in facts if isinstance(fact, Problem)]

    @property
    def may(self) -> dict[tuple[str, str], tuple[str, str | None]]:
        """(who, what) → actions and condition."""
        return {(who, what): (" ".join(props.get("actions", [])), props.get("condition")) for who, what, props in self.grants}

    @property
    def point(self) -> dict[str, Any]:
        return next(props for (kind, _), props in self.nodes.items() if kind == "EnforcementPoint")


def _is_access(fact: object) -> TypeGuard[EdgeFact]:
    return isinstance(fact, EdgeFact) and fact.kind == "CAN_ACCESS"


def _short(end: NodeKey | Ref) -> str:
    assert not isinstance(end, Ref)
    return end[1].removeprefix("principal:shop#").removeprefix("object:shop#").removeprefix("called:shop#")


def test_a_plain_policy_grants_what_its_actions_say() -> None:
    drawn = Drawn(
        'permit (principal == Agent::"billing", action in [Action::"readLedger", Action::"updateLedger"], resource == Ledger::"2026");'
    )
    assert drawn.may == {(BILLING, "ledger:2026"): ("read write", None)}
    *_, props = drawn.grants[0]
    assert (props["evidence"], props["confidence"], props["sources"]) == (["declared", "inferred"], 0.8, ["shop/p.cedar#L1"])
    assert ("RUNS_AS", "billing", BILLING) in drawn.edges


def test_a_group_is_granted_to_and_its_members_are_members() -> None:
    drawn = Drawn('permit (principal in Team::"pay", action == Action::"read", resource in Folder::"books");')
    assert set(drawn.may) == {(PAY, "folder:books"), (PAY, "ledger:2025"), (PAY, "ledger:2026")}
    assert {("MEMBER_OF", ANA, PAY), ("MEMBER_OF", BILLING, PAY)} <= drawn.edges
    assert drawn.nodes["Identity", f"principal:shop#{PAY}"]["type"] == "group"


def test_everything_is_administration_of_what_is_known_and_of_all() -> None:
    drawn = Drawn('permit (principal == User::"ana", action, resource);')
    assert drawn.may[ANA, "ledger:2026"] == ("admin", None)
    assert drawn.may[ANA, "cedar:shop#everything"] == ("admin", None)


def test_a_condition_is_kept_and_never_widened() -> None:
    drawn = Drawn(
        'permit (principal, action == Action::"read", resource is Ledger)\nwhen { resource.owner == principal } unless { context.locked };'
    )
    assert drawn.may == {("cedar:shop#every principal", "ledger:*"): ("read", "when resource.owner == principal; unless context.locked")}
    assert {("MEMBER_OF", ANA, "cedar:shop#every principal"), ("MEMBER_OF", BILLING, "cedar:shop#every principal")} <= drawn.edges


def test_what_is_forbidden_whole_is_not_granted() -> None:
    permit = 'permit (principal == User::"ana", action, resource in Folder::"books");\n'
    drawn = Drawn(permit + 'forbid (principal, action == Action::"delete", resource == Ledger::"2025");')
    assert drawn.may[ANA, "ledger:2026"] == ("admin", None)
    assert drawn.may[ANA, "ledger:2025"] == ("execute read write", None)
    assert (ANA, "ledger:2025") not in Drawn(permit + 'forbid (principal in Team::"pay", action, resource is Ledger);').may


def test_what_is_forbidden_in_part_or_under_a_condition_is_conditional() -> None:
    permit = 'permit (principal in Team::"pay", action == Action::"read", resource == Ledger::"2026");\n'
    for forbid in (
        '@id("stop") forbid (principal == User::"ana", action, resource);',
        '@id("stop") forbid (principal, action, resource) when { context.night };',
    ):
        assert Drawn(permit + forbid).may[PAY, "ledger:2026"] == ("read", "unless forbidden by stop")


def test_what_is_forbidden_to_some_of_a_group_is_conditional_for_the_group() -> None:
    source = """permit (principal in Team::"pay", action == Action::"read", resource == Doc::"1");
        forbid (principal is User in Team::"pay", action == Action::"read", resource == Doc::"1");"""
    assert Drawn(source).may == {(PAY, "doc:1"): ("read", "unless forbidden by the policy of line 2")}


@pytest.mark.parametrize(
    ("bound", "document"),
    [("MAX_EDGES", "p.cedar"), ("MAX_STEPS", "p.cedar"), ("MAX_ENTITIES", "entities.json"), ("MAX_POLICIES", "p.cedar")],
)
def test_what_is_too_much_is_told(monkeypatch: pytest.MonkeyPatch, bound: str, document: str) -> None:
    monkeypatch.setattr(cedar if hasattr(cedar, bound) else reading, bound, 1)
    source = "permit (principal, action, resource); permit (principal, action, resource); forbid (principal, action, resource is Doc);"
    assert {(path, severity) for path, _, severity in Drawn(source).problems} == {(document, "error")}


def test_agents_call_tools_that_are_permitted_without_a_condition() -> None:
    permit = 'permit (principal in Team::"pay", action == Action::"call_tool", resource == Tool::"refund"){};'
    assert ("USES", "billing", "refund") in Drawn(permit.replace("{}", "")).edges
    assert not [one for one in Drawn(permit.replace("{}", " when { context.task }")).edges if one[0] == "USES"]
    forbid = 'forbid (principal, action == Action::"call_tool", resource == Tool::"refund");'
    assert not [one for one in Drawn(permit.replace("{}", "") + forbid).edges if one[0] == "USES"]


def test_the_point_tells_apart_what_its_policies_ask_for() -> None:
    def told(policy: str) -> tuple[str, list[str]]:
        point = Drawn(policy).point
        assert "mode" not in point
        return point["distinguishes"], point.get("labels", [])

    assert told('permit (principal == Agent::"billing", action, resource);') == ("agent", ["input=agent", "input=subject"])
    assert told('permit (principal, action, resource == Ledger::"2026");') == ("none", [])
    stated = 'permit (principal in Team::"pay", action, resource) when { context.task == "x" && resource.sensitivity == "low" };'
    assert told(stated) == ("identity", ["input=sensitivity", "input=subject", "input=task"])


def test_groups_of_actions_are_in_the_schema() -> None:
    schema = """
action "view", "print" in [Action::"EditActions", Action::"ViewActions"] appliesTo { principal: [User], resource: [Ledger] };
action remove in EditActions;
action EditActions;
"""
    policy = 'permit (principal == User::"ana", action in Action::"EditActions", resource == Ledger::"2026");'
    made = {path: cedar.summarise(document(text, path)) for path, text in (("p.cedar", policy), ("s.cedarschema", schema))}
    (access,) = (edge for edge in cedar.link("shop", made) if _is_access(edge))
    assert check_edge(access).props["actions"] == ["delete", "read", "write"]


TEMPLATE = '@id("view") permit (principal == ?principal, action == Action::"view", resource in ?resource);'


def test_a_template_grants_nothing_by_itself() -> None:
    assert not Drawn(TEMPLATE).grants


def test_what_has_a_template_of_another_kind_is_no_link_of_a_policy() -> None:
    assert cedar.detect("linked", b'[{"template_id": "view", "link_id": "a", "args": {"?principal": "x"}}]')
    assert not cedar.detect("roles.json", b'[{"id": "62e90394", "display_name": "Global Administrator", "template_id": "62e90394"}]')


def test_a_template_grants_what_it_is_linked_to() -> None:
    linked = {"template_id": "view", "link_id": "a", "args": {"?principal": 'User::"ana"', "?resource": 'Folder::"books"'}}
    lacking = {"template_id": "view", "link_id": "b", "args": {"?principal": 'User::"ben"'}}
    unknown = {**linked, "template_id": "edit"}
    made = {path: cedar.summarise(document(text, path)) for path, text in (("p.cedar", TEMPLATE), ("e.json", ENTITIES))}
    made["linked"] = cedar.summarise(document(json.dumps([linked, lacking, unknown]), "linked"))
    granted = {(_short(edge.source), _short(edge.target)) for edge in cedar.link("shop", made) if _is_access(edge)}
    assert granted == {(ANA, "folder:books"), (ANA, "ledger:2025"), (ANA, "ledger:2026")}


def test_templates_and_links_of_verified_permissions() -> None:
    end = {"entityType": "User", "entityId": "ana"}, {"entityType": "Ledger", "entityId": "2026"}
    linked = {"templateLinked": {"policyTemplateId": "PT", "principal": end[0], "resource": end[1]}}
    documents = {
        "template.json": {"policyTemplateId": "PT", "statement": TEMPLATE},
        "policies.json": {"policies": [{"policyStoreId": "PS", "policyType": "TEMPLATE_LINKED", "definition": linked}]},
    }
    assert all(cedar.detect(path, json.dumps(value).encode()) for path, value in documents.items())
    made = {path: cedar.summarise(document(json.dumps(value), path)) for path, value in documents.items()}
    assert [(_short(edge.source), _short(edge.target)) for edge in cedar.link("shop", made) if _is_access(edge)] == [(ANA, "ledger:2026")]


def test_policies_as_texts() -> None:
    statement = 'permit (principal == Agent::"billing", action == Action::"read", resource == Ledger::"2026");'
    entry = {"policyStoreId": "PS", "policyId": "P", "definition": {"static": {"description": "x", "statement": statement}}}
    assert Drawn(json.dumps(entry), path="policy.json").may == {(BILLING, "ledger:2026"): ("read", None)}
    toolhive = {"version": "1.0", "type": "cedarv1", "cedar": {"policies": [statement], "entities_json": '[{"uid": "Tool::weather"}]'}}
    assert Drawn(json.dumps(toolhive), path="authz.json").may == {(BILLING, "ledger:2026"): ("read", None)}


def test_what_is_no_policy_is_told_and_the_next_one_is_read() -> None:
    source = (
        'permit (principal, action);\nallow x;\npermit (principal == User::"a;b", action == Action::"read", resource == Doc::"1"); // end'
    )
    found = list(policies(source))
    assert [type(one) for one in found] == [CedarError, CedarError, Policy]
    assert Drawn(source).problems == [("p.cedar", "L1", "error"), ("p.cedar", "L2", "error")]


def test_what_a_comment_says_is_no_part_of_a_policy() -> None:
    source = """permit (principal == User::"ana", // anyone, even "x
        action == Action::"read", /// ) ;
        resource == Doc::"1") when { // {
        context.from == "https://a.example/b" };"""
    (policy,) = policies(source)
    assert isinstance(policy, Policy)
    assert (policy.principal.entities, policy.resource.entities) == ((("User", "ana"),), (("Doc", "1"),))
    assert policy.condition == 'when context.from == "https://a.example/b"'


def test_a_secret_in_a_policy_is_not_told() -> None:
    secret = fake("p", "gh" + "p_")
    scope = f'principal == Agent::"{secret}", action == Action::"read", resource == Doc::"{secret}"'
    source = f'permit ({scope}) when {{ context.t == "{secret}" }};'
    made = cedar.summarise(document(source, "p.cedar"))
    listed = cedar.summarise(document(json.dumps([entity(f"User::{secret}", f"Team::{secret}")]), "e.json"))
    assert secret not in repr([made, listed])
    assert secret not in repr(list(cedar.link("shop", {"p.cedar": made, "e.json": listed})))


@pytest.mark.parametrize("data", EVERYWHERE.values(), ids=EVERYWHERE)
@pytest.mark.parametrize("path", ["p.cedar", "entities.json"])
def test_any_bytes_are_borne(path: str, data: bytes) -> None:
    read(cedar, path, data)


@pytest.mark.parametrize(
    "data",
    [
        b"permit(" * 100_000,
        b"permit( ;" * 50_000,
        b'permit("' * 50_000,
        b"@id(" * 50_000,
        b"//" * 100_000,
        b"permit(a,b,c) when {" * 20_000,
        b'permit(x"' + b'\\"' * 200_000,
        (b"permit(principal == " + b"a" * 40_000 + b", action, resource);") * 20,
        (b"permit(principal == " + b"a::" * 13_000 + b", action, resource);") * 20,
        (b'permit(principal // "' + b'\\"' * 20_000 + b"\n, action, resource);") * 20,
    ],
    ids=["brackets", "ends", "texts", "annotations", "comments", "clauses", "text", "names", "paths", "comment"],
)
def test_no_text_takes_long(data: bytes) -> None:
    read(cedar, "p.cedar", data)


@given(
    st.lists(
        st.sampled_from(
            [
                "permit",
                "forbid",
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
                ",",
                ";",
                "when",
                "unless",
                "principal",
                "==",
                'A::"x"',
                '"',
                "@id",
                "is",
                "in",
                "//",
                "\n",
            ]
        )
    )
)
def test_any_order_of_words_is_borne(words: list[str]) -> None:
    read(cedar, "p.cedar", " ".join(words).encode())


@pytest.mark.parametrize("value", [7, "x", [7], {"a": 1}, [[]], None, {"uid": {"type": "A", "id": "b"}, "parents": 7}])
def test_any_type_is_borne(value: object) -> None:
    for field in ("uid", "attrs", "parents"):
        read(cedar, "e.json", json.dumps([{**entity("A::b", "C::d"), field: value}, value]).encode())
    for top in (
        {"definition": value},
        {"cedar": value},
        {"cedar": {"policies": value, "entities_json": value}},
        {"statement": value},
        value,
    ):
        read(cedar, "e.json", json.dumps(top).encode())
