from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.model.errors import FactError
from graphinv.model.facts import EdgeFact, NodeFact, check_edge, check_node, edge_key, merge_props, shown
from graphinv.model.kinds import DECIDES_AUTHORITY, EDGE_KINDS, NODE_KINDS, ends_fit, normal_time
from graphinv.model.schema import properties
from tests import strategies

KINDS = (*NODE_KINDS, *EDGE_KINDS)


@st.composite
def same_kind(draw: st.DrawFn, number: int) -> tuple[str, list[dict[str, Any]]]:
    kind = draw(st.sampled_from(KINDS))
    return kind, [draw(strategies.props(kind)) for _ in range(number)]


@given(strategies.node_facts())
def test_normal_form_of_a_node_is_final(fact: NodeFact) -> None:
    assert check_node(fact) == fact


@given(strategies.edge_facts())
def test_normal_form_of_an_edge_is_final(fact: EdgeFact) -> None:
    assert check_edge(fact) == fact


@given(same_kind(3))
@settings(max_examples=300)
def test_merging_minds_neither_order_nor_repetition(drawn: tuple[str, list[dict[str, Any]]]) -> None:
    kind, (a, b, c) = drawn
    ab = merge_props(kind, a, b)
    assert merge_props(kind, a, a) == a
    assert merge_props(kind, b, a) == ab
    assert merge_props(kind, ab, b) == ab
    assert merge_props(kind, ab, c) == merge_props(kind, a, merge_props(kind, b, c))


@pytest.mark.parametrize("kind", KINDS)
def test_merging_any_three_values_is_one_order(kind: str) -> None:
    for name, prop in properties(kind).items():
        free: dict[str, list[Any]] = {"yes/no": [True, False], "text": ["active", "unknown", "proposed", "q"]}
        listed: list[Any] = [*prop.values] or free.get(prop.type, [])
        if prop.type == "set of texts":
            listed = [[], ["a"], ["b"]] if not prop.values else [[value] for value in prop.values]
        for one in listed:
            for other in listed:
                for third in listed:
                    left = merge_props(kind, merge_props(kind, {name: one}, {name: other}), {name: third})
                    right = merge_props(kind, {name: one}, merge_props(kind, {name: other}, {name: third}))
                    assert left == right, (name, one, other, third)


@pytest.mark.parametrize(
    ("kind", "name", "worse", "better"),
    [
        ("DELEGATES_TO", "max_depth", 10, 2),
        ("DELEGATES_TO", "max_depth", 1, 0),
        ("Secret", "max_life_seconds", 7200, 3600),
        ("Secret", "rotate_every_days", 90, 180),
        ("Secret", "rotate_every_days", 30, 180),
    ],
)
def test_of_numbers_that_contradict_each_other_the_worse_one_stands(kind: str, name: str, worse: int, better: int) -> None:
    assert merge_props(kind, {name: worse}, {name: better}) == merge_props(kind, {name: better}, {name: worse}) == {name: worse}


@given(same_kind(2))
def test_what_is_known_is_never_forgotten(drawn: tuple[str, list[dict[str, Any]]]) -> None:
    kind, (a, b) = drawn
    assert set(merge_props(kind, a, b)) == {*a, *b}


@given(strategies.edge_facts(), st.data())
def test_an_edge_is_its_ends_and_what_decides_authority(fact: EdgeFact, data: st.DataObject) -> None:
    assert isinstance(fact.source, tuple)
    assert isinstance(fact.target, tuple)
    key = edge_key(fact.kind, fact.source, fact.target, fact.props)
    assert len(key) == 32
    assert key == edge_key(fact.kind, fact.source, fact.target, dict(reversed(fact.props.items())))
    other = data.draw(strategies.props(fact.kind))
    deciding = {name: fact.props[name] for name in DECIDES_AUTHORITY if name in fact.props}
    rest = {name: value for name, value in other.items() if name not in DECIDES_AUTHORITY}
    assert edge_key(fact.kind, fact.source, fact.target, {**rest, **deciding}) == key
    theirs = {name: other[name] for name in DECIDES_AUTHORITY if name in other}
    assert (edge_key(fact.kind, fact.source, fact.target, other) == key) == (theirs == deciding)
    assert edge_key(fact.kind, (fact.source[0], fact.source[1] + "x"), fact.target, fact.props) != key


def test_an_empty_list_of_scopes_is_not_an_absent_one() -> None:
    ends = ("Agent", "a"), ("Identity", "i")
    assert edge_key("RUNS_AS", *ends, {"scopes": []}) != edge_key("RUNS_AS", *ends, {})


WRONG: dict[str, list[Any]] = {
    "text": [7, ["x"], {"x": 1}, True, "\ud800"],
    "time": ["yesterday", 7, "0001-01-01T00:00:00+23:00", "2026-13-01"],
    "yes/no": ["yes", 1],
    "integer": [-1, 1.5, "1", 2**63, True],
    "number": [-0.1, 1.1, "1", float("nan"), float("inf")],
    "set of texts": ["x", [1], [["x"]], {"x": 1}, ["\udfff"]],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_wrong_value_is_refused_by_name_and_never_quoted(kind: str) -> None:
    secret = "hunter2-" + "A1b2" * 8
    for name, prop in properties(kind).items():
        quoted: list[Any] = [{secret: secret}]
        if prop.type != "text" or prop.values:
            quoted.append(secret)
        quoted.append([secret, 7])
        for value in [*WRONG[prop.type], *quoted]:
            with pytest.raises(FactError) as error:
                check(kind, {name: value})
            assert f"{kind}.{name}" in str(error.value)
            assert str(error.value).startswith("a.facts.jsonl#L3: ")
            assert secret not in str(error.value)


def check(kind: str, props: dict[str, Any]) -> object:
    if kind in NODE_KINDS:
        return check_node(NodeFact(kind, "x", props), document="a.facts.jsonl", where="L3")
    starts, stops = EDGE_KINDS[kind].ends[0]
    stop = "Agent" if stops == ("*",) else stops[0]
    return check_edge(EdgeFact(kind, (starts[0], "x"), (stop, "y"), props), document="a.facts.jsonl", where="L3")


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_property_is_named_where_it_is_a_name(kind: str) -> None:
    with pytest.raises(FactError, match="has no property 'colour'"):
        check(kind, {"colour": "red"})
    with pytest.raises(FactError) as error:
        check(kind, {"gh" + "p_" + "A1" * 18: "x"})
    assert "A1A1" not in str(error.value)


def test_unknown_kinds_and_wrong_ends_are_told_with_what_would_be_right() -> None:
    with pytest.raises(FactError, match=r"unknown node kind 'Agnt' \(one of Agent, Owner"):
        check_node(NodeFact("Agnt", "a"))
    with pytest.raises(FactError, match=r"unknown edge kind 'RUN_AS' \(one of OWNS"):
        check_edge(EdgeFact("RUN_AS", ("Agent", "a"), ("Identity", "i")))
    with pytest.raises(FactError, match="unknown node kind 'Agnt'"):
        check_edge(EdgeFact("RUNS_AS", ("Agnt", "a"), ("Identity", "i")))
    with pytest.raises(FactError, match=r"RUNS_AS does not run from Identity to Agent .*\[:RUNS_AS\]->"):
        check_edge(EdgeFact("RUNS_AS", ("Identity", "i"), ("Agent", "a")))


@pytest.mark.parametrize("id", ["", 7, None, "\ud800"])
def test_ids_are_text(id: Any) -> None:
    with pytest.raises(FactError, match="text"):
        check_node(NodeFact("Agent", id))
    with pytest.raises(FactError, match="text"):
        check_edge(EdgeFact("RUNS_AS", ("Agent", id), ("Identity", "i")))


def test_names_that_may_be_secrets_are_not_shown() -> None:
    assert shown("colour of hair") == "'colour of hair'"
    for name in ("AK" + "IA" + "0" * 16, "x" * 41, "a\nb", "", 7):
        assert shown(name) == "(name not shown)"


@given(strategies.times())
def test_normal_times_stay(time: str) -> None:
    assert normal_time(time) == time
    assert normal_time(time.replace("Z", "+00:00")) == time


@given(st.datetimes(), st.datetimes() | st.timedeltas(timedelta(0), timedelta(seconds=2)))
def test_texts_of_times_come_in_the_order_of_the_times(one: datetime, other: datetime | timedelta) -> None:
    """Rules compare them as texts: what is under a second is left out, so that all are equally long."""
    if isinstance(other, timedelta):
        other = min(datetime.max - one, other) + one  # near to each other
    before, after = sorted(moment.replace(microsecond=0) for moment in (one, other))
    first, second = (str(normal_time(moment.isoformat())) for moment in sorted((one, other)))
    assert (first < second, first == second) == (before < after, before == after)


def test_sets_are_sorted_and_absent_ones_stay_absent() -> None:
    fact = check_node(NodeFact("Agent", "a", {"labels": ["b=1", "a=1", "b=1"], "name": None}))
    assert fact.props == {"labels": ["a=1", "b=1"]}
    assert json.dumps(fact.props)


def test_no_sources_are_no_statement() -> None:
    assert check_node(NodeFact("Agent", "a", {"sources": [], "labels": []})).props == {"labels": []}


def test_every_edge_kind_can_be_drawn_between_some_nodes() -> None:
    for kind in EDGE_KINDS:
        assert any(ends_fit(kind, a, b) for a in NODE_KINDS for b in NODE_KINDS)


@pytest.mark.parametrize(
    ("stated", "end"),
    [
        ({"issued_at": "2026-07-10T02:00:00+02:00", "ttl_seconds": 60}, "2026-07-10T00:01:00Z"),
        ({"issued_at": "2026-07-10", "ttl_seconds": 60, "expires_at": "2026-07-11"}, "2026-07-11T00:00:00Z"),
        ({"issued_at": "2026-07-10", "ttl_seconds": 0}, None),
        ({"issued_at": "9999-12-31", "ttl_seconds": 86_400}, None),
        ({"issued_at": "2026-07-10", "ttl_seconds": 2**62}, None),
        ({"ttl_seconds": 60}, None),
    ],
)
def test_a_secret_ends_with_its_one_issue_where_no_end_is_stated(stated: dict[str, Any], end: str | None) -> None:
    assert check_node(NodeFact("Secret", "s", stated)).props.get("expires_at") == end
