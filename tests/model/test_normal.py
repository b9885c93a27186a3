"""What is taken for normal without asking the model is what the model would make of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from graphinv.model.facts import Props, check_edge, check_node, edge_key
from graphinv.model.kinds import DECIDES_AUTHORITY, EDGE_KINDS, NODE_KINDS
from graphinv.model.normal import normal
from tests import strategies

KINDS = {**NODE_KINDS, **EDGE_KINDS}


class _Text(str):
    __slots__ = ()


ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**63 - 1, 2**63, 1.0, 0.5, 1.5, -0.0, float("nan"), float("inf"), {}, (), ("a", "b"), b"a"),
    *("", "a", _Text("a"), "é", "\ud800", "read", "prod", "declared", "person"),
    *([], ["a"], ["a", "b"], ["b", "a"], ["a", "a"], ["read"], ["read", "write"], ["write", "read"], ["declared", 1], [_Text("a")]),
    *(["\ud800"], ["a", "\ud800"], [None], [["a"]], [True], ["read", "a"]),
    *("2026-07-10T00:00:00Z", "2026-07-10T02:00:00+02:00", "2026-07-10", " 2026-07-10T00:00:00Z", "2026-07-10T00:00:00.100000Z"),
    *("2026-07-10T00:00:00.1Z", "2026-07-10T00:00:00", "2026-07-10T24:00:00Z", "20260710T000000Z", "2026-13-01T00:00:00Z"),
)
"""Values that are normal for some property, or nearly."""


def _of_model(kind: str, props: Props) -> Props | None:
    """What the model makes of ``props``; None where it refuses them."""
    try:
        return KINDS[kind].model_validate(props).model_dump(exclude_none=True)
    except ValidationError:
        return None


@st.composite
def _near(draw: st.DrawFn) -> tuple[str, Props]:
    """A kind, and properties that are normal, or of which one or two are odd, in any order."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    props = dict(draw(strategies.props(kind)))
    names = st.sampled_from([*KINDS[kind].model_fields, "no_such", "id"])
    props |= draw(st.dictionaries(names, st.sampled_from(ODD), max_size=2))
    return kind, dict(draw(st.permutations(list(props.items()))))


def _same(kind: str, props: Props) -> None:
    found = normal(kind, props)
    if found is not None:
        # By their text, too: 1 and True are equal, and so are texts and subclasses of text; it tells the order as well.
        assert (found, repr(found)) == (_of_model(kind, props), repr(_of_model(kind, props)))
        assert found.get("sources") != []
        json.dumps(found, ensure_ascii=False).encode()


@given(_near())
def test_what_is_told_to_be_normal_is_what_the_model_makes_of_it(drawn: tuple[str, Props]) -> None:
    _same(*drawn)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_property_with_every_odd_value(kind: str) -> None:
    for name in KINDS[kind].model_fields:
        for value in ODD:
            _same(kind, {name: value})


@given(strategies.node_facts() | strategies.edge_facts())
def test_what_was_checked_is_told_to_be_normal(fact: Any) -> None:
    assert normal(fact.kind, fact.props) is fact.props
    check = check_node if fact.kind in NODE_KINDS else check_edge
    assert check(fact) is fact


@given(strategies.edge_facts())
def test_the_key_of_an_edge_is_a_digest_of_json(fact: Any) -> None:
    deciding = {name: fact.props[name] for name in DECIDES_AUTHORITY if fact.props.get(name) is not None}
    text = json.dumps([fact.kind, fact.source, fact.target, deciding], sort_keys=True, separators=(",", ":"))
    assert edge_key(fact.kind, fact.source, fact.target, fact.props) == hashlib.sha256(text.encode()).hexdigest()[:32]
