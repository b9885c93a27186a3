from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze.arcs import project
from graphinv.analyze.origins import origins
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reading import structure_of
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import LENSES, Lens, Origin
from tests.analyze.estates import AT, build, edge, estate_of, examples, facts, key, node, some_of


def split(subject: str, *given: NodeFact | EdgeFact) -> dict[str, set[str]]:
    """Origin → targets, those that bring something."""
    found = origins(project(structure_of(build(*given)), "posture", AT), key(subject))
    return {origin: {atom[1] for atom in atoms} for origin, atoms in found.items() if atoms}


def access(identity: str, target: str) -> EdgeFact:
    return edge(f"{identity} CAN_ACCESS {target}", actions=["read"])


@examples(120)
@given(facts(), st.sampled_from(LENSES), st.data())
def test_every_atom_has_one_origin(drawn: list[NodeFact | EdgeFact], lens: Lens, data: st.DataObject) -> None:
    estate = estate_of(drawn)
    arcs = project(structure_of(estate), lens, AT)
    privileges = Privileges(arcs)
    for subject in data.draw(some_of(estate)):
        found = origins(arcs, subject)
        assert tuple(found) == get_args(Origin)
        atoms = [atom for one in found.values() for atom in one]
        assert sorted(atoms) == list(privileges.atoms_of(subject))


def test_what_an_identity_gives_to_one_agent_is_its_own_and_what_it_gives_to_two_is_shared() -> None:
    mine = edge("a1 RUNS_AS i1"), access("i1", "r1"), edge("a1 RUNS_AS i2"), access("i2", "r2")
    assert split("a1", *mine) == {"own": {"r1", "r2"}}
    assert split("a1", *mine, edge("a2 RUNS_AS i2")) == {"own": {"r1"}, "shared": {"r2"}}


def test_sub_agents_call_backs_and_workflow_steps_are_told_apart() -> None:
    chain = (
        edge("a1 DELEGATES_TO a2"),
        edge("a2 RUNS_AS i1"),
        access("i1", "r1"),
        edge("a1 USES t1"),
        edge("t1 CALLS_BACK a3"),
        edge("a3 RUNS_AS i2"),
        access("i2", "r2"),
        edge("a1 DELEGATES_TO w1"),
        edge("w1 RUNS_AS i3"),
        access("i3", "r3"),
        edge("w1 DELEGATES_TO a4"),
        edge("a4 RUNS_AS i4"),
        access("i4", "r4"),
    )
    assert split("a1", *chain) == {"sub-agents": {"r1"}, "call-backs": {"r2"}, "workflows": {"r3", "r4"}}
    assert split("w1", *chain) == {"own": {"r3"}, "sub-agents": {"r4"}}


def test_the_node_that_stands_for_any_agent_is_no_workflow_on_the_way() -> None:
    chain = edge("a1 DELEGATES_TO w1"), edge("w1 DELEGATES_TO a2"), edge("a2 RUNS_AS i1"), access("i1", "r1")
    assert split("a1", *chain) == {"workflows": {"r1"}}
    assert split("a1", *chain, node("w1", kind_detail="any-agent")) == {"sub-agents": {"r1"}}


def test_who_acts_on_behalf_of_a_caller_has_that_from_the_caller() -> None:
    assert split("a2", edge("a1 DELEGATES_TO a2", mode="on_behalf_of"), edge("a1 RUNS_AS i1"), access("i1", "r1")) == {"callers": {"r1"}}
