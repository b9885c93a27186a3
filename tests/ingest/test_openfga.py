"""Models and tuples of OpenFGA. The models are of the forms that its documentation uses; what they grant is told by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from graphinv.ingest import HEAD_BYTES, openfga
from graphinv.ingest.support import openfga as reading
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Problem, Ref, check_edge, check_node
from tests.ingest.bad_inputs import EVERYWHERE, read
from tests.ingest.reading import document, fake

MODEL = """
model
  schema 1.1
type user
type agent
type team
  relations
    define lead: [user, agent]
    define member: [user, agent] or lead
type folder
  relations
    define parent: [folder]
    define viewer: [user, user:*, team#member] or viewer from parent
type document
  relations
    define parent: [folder]
    define blocked: [user]
    define owner: [user, agent]
    define editor: [user, team#member] or owner  # those who write
    define can_view: (editor or viewer from parent) but not blocked
    define can_delete: owner and editor
type tool
  relations
    define can_call: [agent, team#member]
condition office(hour: int) {
  hour < 18
}
"""


def store(*tuples: str, model: str = MODEL, **more: Any) -> str:
    """A store file; each tuple is ``user relation object``, with a condition after it where there is one."""
    made = []
    for one in tuples:
        user, relation, thing, *condition = one.split()
        made.append({"user": user, "relation": relation, "object": thing, **({"condition": {"name": condition[0]}} if condition else {})})
    return yaml.safe_dump({"model": model, "tuples": made, **more}, sort_keys=False)


class Drawn:
    def __init__(self, files: dict[str, str]) -> None:
        documents = {path: document(data, path) for path, data in files.items()}
        assert all(openfga.detect(path, one.data[:HEAD_BYTES]) for path, one in documents.items())
        facts = list(openfga.link("shop", {path: openfga.summarise(one) for path, one in documents.items()}))
        self.nodes = {fact.key: check_node(fact).props for fact in facts if isinstance(fact, NodeFact)}
        checked = [check_edge(fact) for fact in facts if isinstance(fact, EdgeFact)]
        self.edges = {(fact.kind, _short(fact.source), _short(fact.target)) for fact in checked}
        self.props = {(fact.kind, _short(fact.source), _short(fact.target)): fact.props for fact in checked}
        self.grants = [(_short(fact.source), _short(fact.target), fact.props) for fact in checked if fact.kind == "CAN_ACCESS"]
        self.problems = [(fact.where, fact.severity) for fact in facts if isinstance(fact, Problem)]

    def may(self, who: str, what: str) -> dict[str | None, list[str]]:
        """Actions of an access, by its condition."""
        found = [props for one, other, props in self.grants if (one, other) == (who, what)]
        return {props.get("condition"): props.get("actions", []) for props in found}


def _short(end: NodeKey | Ref) -> str:
    assert not isinstance(end, Ref)
    return end[1].removeprefix("principal:shop#").removeprefix("object:shop#").removeprefix("called:shop#")


def test_a_relation_lets_do_what_its_name_and_those_it_brings_say() -> None:
    drawn = Drawn({"s.fga.yaml": store("user:ana editor document:plan")})
    assert drawn.may("user:ana", "document:plan") == {None: ["read", "write"], "another relation decides too": ["delete"]}
    for *_, props in drawn.grants:
        assert (props["evidence"], props["confidence"]) == (["declared", "inferred"], 0.8)


def test_what_takes_two_relations_or_may_be_taken_away_is_conditional() -> None:
    relations = ("blocked: [user]", "can_view: [user] or staff but not blocked", "staff: [user]")
    model = "type doc\n  relations\n" + "".join(f"    define {one}\n" for one in relations)
    drawn = Drawn({"s.fga.yaml": store("user:ana staff doc:1", "user:eve blocked doc:1", model=model)})
    assert drawn.may("user:ana", "doc:1") == {"another relation decides too": ["read"]}
    assert drawn.may("user:eve", "doc:1") == {None: []}  # nothing is known that it lets do


def test_members_of_what_others_refer_to_are_a_group() -> None:
    drawn = Drawn({"s.fga.yaml": store("user:ana member team:pay", "user:ben lead team:pay", "team:pay#member editor document:plan")})
    assert ("MEMBER_OF", "user:ana", "team:pay#member") in drawn.edges
    assert ("MEMBER_OF", "user:ben", "team:pay#member") in drawn.edges  # a lead is a member by the model
    assert drawn.may("team:pay#member", "document:plan")[None] == ["read", "write"]
    assert drawn.nodes["Identity", "principal:shop#team:pay#member"]["type"] == "group"


def test_what_lies_in_a_thing_is_reached_through_it_however_deep() -> None:
    tuples = ("user:ana viewer folder:top", "folder:top parent folder:sub", "folder:sub parent document:plan")
    drawn = Drawn({"s.fga.yaml": store(*tuples)})
    assert drawn.may("user:ana", "folder:sub") == {None: ["read"]}
    assert drawn.may("user:ana", "document:plan") == {"another relation decides too": ["read"]}
    assert not {one for kind, one, _ in drawn.edges if "folder" in one}  # a folder is nobody


def test_everybody_is_a_group_of_all_that_are_known() -> None:
    drawn = Drawn({"s.fga.yaml": store("user:* viewer folder:public", "user:ana editor document:plan")})
    assert ("CAN_ACCESS", "openfga:shop/s.fga.yaml#every user", "folder:public") in drawn.edges
    assert ("MEMBER_OF", "user:ana", "openfga:shop/s.fga.yaml#every user") in drawn.edges


def test_a_condition_of_a_tuple_is_kept_by_its_name_and_never_widened() -> None:
    drawn = Drawn({"s.fga.yaml": store("user:ana editor document:plan office", "user:ben editor document:plan")})
    assert drawn.may("user:ana", "document:plan") == {"office": ["read", "write"], "office; another relation decides too": ["delete"]}
    assert drawn.may("user:ben", "document:plan")[None] == ["read", "write"]
    members = Drawn({"s.fga.yaml": store("user:ana member team:pay office", "team:pay#member editor document:plan")})
    assert not {one for one in members.edges if one[0] == "MEMBER_OF"}
    assert members.problems == [("L11", "warning")]


def test_agents_ask_under_their_own_names_and_call_tools() -> None:
    tuples = (
        "agent:bot can_call tool:refund",
        "agent:lead lead team:pay",
        "team:pay#member can_call tool:pay",
        "user:ana can_call tool:pay",
    )
    drawn = Drawn({"s.fga.yaml": store(*tuples)})
    assert ("RUNS_AS", "bot", "agent:bot") in drawn.edges
    assert {one for one in drawn.edges if one[0] == "USES"} == {("USES", "bot", "refund"), ("USES", "lead", "pay")}
    assert drawn.props["USES", "bot", "refund"]["evidence"] == ["declared"]


def test_models_and_tuples_in_files_of_their_own() -> None:
    tuples = yaml.safe_dump([{"user": "user:ana", "relation": "editor", "object": "document:plan"}])
    named = Drawn({"a/s.fga.yaml": "model_file: ../m.fga\ntuple_file: t.yaml\n", "m.fga": MODEL, "a/t.yaml": tuples})
    beside = Drawn({"m.fga": MODEL, "t.yaml": tuples})
    assert named.edges == beside.edges == {("CAN_ACCESS", "user:ana", "document:plan")}
    modules = {
        "fga/core.fga": "module core\ntype user\ntype team\n  relations\n    define member: [user]\n",
        "fga/wiki.fga": "module wiki\nextend type team\n  relations\n    define can_edit: member\n",
        "s.fga.yaml": "model_file: fga/fga.mod\ntuples:\n  - {user: 'user:ana', relation: member, object: 'wiki:a'}\n",
    }
    assert ("CAN_ACCESS", "user:ana", "wiki:a") in Drawn(modules).edges


def test_a_model_as_the_interface_has_it() -> None:
    rewrite = {"union": {"child": [{"this": {}}, {"computedUserset": {"relation": "owner"}}]}}
    through = {"tupleToUserset": {"tupleset": {"relation": "parent"}, "computedUserset": {"relation": "viewer"}}}
    less = {"difference": {"base": {"computedUserset": {"relation": "editor"}}, "subtract": {"computedUserset": {"relation": "blocked"}}}}
    relations = {"owner": {"this": {}}, "editor": rewrite, "can_view": less, "viewer": through}
    model = json.dumps({"schema_version": "1.1", "type_definitions": [{"type": "document", "relations": relations}, {"type": "user"}]})
    tuples = [
        {"key": {"user": "user:ana", "relation": "editor", "object": "document:a"}, "timestamp": "2026-01-01T00:00:00Z"},
        {"key": {"user": "user:ben", "relation": "viewer", "object": "folder:f"}, "timestamp": "2026-01-01T00:00:00Z"},
        {"key": {"user": "folder:f", "relation": "parent", "object": "document:a"}, "timestamp": "2026-01-01T00:00:00Z"},
    ]
    drawn = Drawn({"model.json": model, "tuples.json": json.dumps({"tuples": tuples})})
    assert drawn.may("user:ana", "document:a") == {None: ["read", "write"]}
    assert drawn.may("user:ben", "document:a") == {None: ["read"]}
    assert drawn.props["CAN_ACCESS", "user:ben", "document:a"]["evidence"] == ["granted", "inferred"]


def test_tuples_of_tests_grant_nothing() -> None:
    tests = [{"name": "x", "tuples": [{"user": "user:eve", "relation": "owner", "object": "document:plan"}], "check": []}]
    assert not Drawn({"s.fga.yaml": store(tests=tests)}).edges
    listed = yaml.safe_dump(tests[0]["tuples"])
    assert not Drawn({"s.fga.yaml": store(tests=[{"name": "x", "tuple_file": "./t.yaml"}]), "t.yaml": listed}).edges


def test_relations_that_bring_each_other_end() -> None:
    model = "type doc\n  relations\n    define a: [user] or b\n    define b: [user] or a or b from up\n    define up: [doc]\n"
    drawn = Drawn({"s.fga.yaml": store("user:ana a doc:1", "doc:1 up doc:2", "doc:2 up doc:1", model=model)})
    assert ("CAN_ACCESS", "user:ana", "doc:2") in drawn.edges


def test_all_that_lies_in_a_large_thing_is_reached() -> None:
    tuples = ["user:ana viewer folder:top", *(f"folder:top parent folder:f{at}" for at in range(6_000))]
    listed = [dict(zip(("user", "relation", "object"), one.split(), strict=True)) for one in tuples]
    drawn = Drawn({"m.fga": MODEL, "tuples.json": json.dumps(listed)})
    assert len(drawn.grants) == 6_001
    assert not drawn.problems


@pytest.mark.parametrize("bound", ["MAX_STEPS", "MAX_EDGES"])
def test_what_is_too_much_is_told(monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(reading if bound == "MAX_STEPS" else openfga, bound, 1)
    drawn = Drawn({"s.fga.yaml": store("user:ana viewer folder:top", "folder:top parent folder:sub", "folder:sub parent folder:low")})
    assert 0 < len(drawn.grants) < 3
    assert [severity for _, severity in drawn.problems] == ["error"]


def test_a_secret_in_the_place_of_a_name_is_not_told() -> None:
    secret = fake("u", "gh" + "p_")
    made = document(store(f"user:{secret} editor document:{secret}", f"agent:{secret} can_call tool:{secret} {secret}"), "s.fga.yaml")
    file = openfga.summarise(made)
    assert secret not in repr(file)
    assert secret not in repr(list(openfga.link("shop", {"s.fga.yaml": file})))


@pytest.mark.parametrize("data", EVERYWHERE.values(), ids=EVERYWHERE)
@pytest.mark.parametrize("path", ["a.fga", "a.fga.yaml", "a.json"])
def test_any_bytes_are_borne(path: str, data: bytes) -> None:
    read(openfga, path, data)


@pytest.mark.parametrize("value", [7, "x", [7], {"a": 1}, [[]], None, "a:b", {"key": 7}, [{"user": 1, "object": "a:b"}]])
def test_any_type_is_borne(value: object) -> None:
    for field in ("model", "tuples", "model_file", "tuple_files", "writes", "type_definitions", "authorization_model", "relation"):
        read(openfga, "a.fga.yaml", yaml.safe_dump({"model": MODEL, "tuples": [], field: value}).encode())
    for field in ("user", "relation", "object", "condition"):
        stated = {"user": "user:a", "relation": "b", "object": "c:d", field: value}
        read(openfga, "a.json", json.dumps([stated, {"key": stated}]).encode())
    for rewrite in (value, {"union": value}, {"union": {"child": [value]}}, {"tupleToUserset": value}, {"difference": {"base": value}}):
        read(
            openfga,
            "a.json",
            json.dumps({"schema_version": "1.1", "type_definitions": [{"type": "a", "relations": {"b": rewrite}}]}).encode(),
        )
