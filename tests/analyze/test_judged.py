"""Of which agents a rule could be judged, and what is missing of the others."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from graphinv.analyze.judged import coverage, missing_of
from graphinv.analyze.reading import structure_of
from graphinv.analyze.rules import Ends, Rule
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Coverage, Finding, finding_key
from tests.analyze.estates import estate_of
from tests.analyze.test_rules import rules

ID = "GI-XXX-001"
FACTS: list[NodeFact | EdgeFact] = [
    EdgeFact("CONNECTS_TO", ("Agent", "dated"), ("ToolServer", "one")),
    EdgeFact("HOLDS", ("ToolServer", "one"), ("Secret", "known")),
    NodeFact("Secret", "known", {"lifetime": "static"}),
    EdgeFact("CONNECTS_TO", ("Agent", "undated"), ("ToolServer", "two")),
    EdgeFact("HOLDS", ("ToolServer", "two"), ("Secret", "dark")),
    NodeFact("Secret", "dark", {}),
    NodeFact("Agent", "without", {"environment": "prod"}),
    EdgeFact("DELEGATES_TO", ("Agent", "chief"), ("Agent", "dated")),
    EdgeFact("DELEGATES_TO", ("Agent", "dated"), ("Agent", "chief")),
]


def need(*needs: str) -> dict[str, Rule]:
    return rules(("// needs: [Agent]", f"// needs: [{', '.join(needs)}]"))


def lacking(
    loaded: Mapping[str, Rule],
    *found: Finding,
    unknowns: Mapping[str, frozenset[Ends]] | None = None,
    more: list[NodeFact | EdgeFact] = [],  # noqa: B006
) -> dict[str, str]:
    covered = coverage(structure_of(estate_of([*FACTS, *more])), loaded, loaded, unknowns or {}, found)
    assert covered.agents == 4
    assert sum(missing_of(covered, ID).values()) == sum(len(group.agents) for group in covered.groups)
    return {agent: group.missing[ID] for group in covered.groups for agent in group.agents}


def about(agent: str) -> Finding:
    key = finding_key(ID, ("Agent", agent), None)
    return Finding(key=key, rule=ID, title="t", severity="low", confidence=1, subject=("Agent", agent))


WHAT = "no source states {} of what is around it"


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        (["Secret.lifetime"], {"undated": WHAT.format("Secret.lifetime")}),
        (["Secret.lifetime|Secret.expires_at"], {"undated": WHAT.format("Secret.lifetime or Secret.expires_at")}),
        (["Secret.lifetime|HOLDS"], {}),
        (["Secret.lifetime|RUNS_AS"], {"undated": WHAT.format("Secret.lifetime or RUNS_AS")}),
        (["Secret", "HOLDS"], {}),
        (
            ["Agent.environment"],
            dict.fromkeys(("chief", "dated", "undated"), WHAT.format("Agent.environment")),
        ),
        (["CONNECTS_TO.tools"], dict.fromkeys(("chief", "dated", "undated"), WHAT.format("CONNECTS_TO.tools"))),
        (
            ["Secret.lifetime", "Agent.environment"],
            {
                "chief": WHAT.format("Agent.environment"),
                "dated": WHAT.format("Agent.environment"),
                "undated": WHAT.format("Secret.lifetime, Agent.environment"),
            },
        ),
    ],
)
def test_what_is_there_and_not_told(needs: list[str], expected: dict[str, str]) -> None:
    assert lacking(need(*needs)) == expected


def test_what_is_only_needed_for_a_pass_counts() -> None:
    loaded = rules(("// needs: [Agent]", "// needs: [Agent]\n// clear_needs: [Secret.lifetime]"))
    assert set(lacking(loaded)) == {"undated"}


def test_unknown_is_not_stated() -> None:
    more: list[NodeFact | EdgeFact] = [NodeFact("Agent", "chief", {"environment": "unknown"})]
    assert "chief" in lacking(need("Agent.environment"), more=more)


def test_owners_and_points_are_around() -> None:
    more: list[NodeFact | EdgeFact] = [
        EdgeFact("OWNS", ("Owner", "ana"), ("Agent", "without"), {"confidence": 0.5}),
        EdgeFact("USES", ("Agent", "without"), ("Tool", "t"), {"guards": ["gate", "nowhere"]}),
        NodeFact("EnforcementPoint", "gate", {"mode": "enforce"}),
    ]
    assert lacking(need("OWNS.count"), more=more) == {"without": WHAT.format("OWNS.count")}
    assert lacking(need("OWNS.confidence"), more=more) == {}
    assert lacking(need("EnforcementPoint.mode"), more=more) == {}
    assert set(lacking(need("EnforcementPoint.fail"), more=more)) == {"without"}


def test_an_agent_with_a_finding_was_judged() -> None:
    assert lacking(need("Secret.lifetime"), about("undated")) == {}


def test_what_the_rule_itself_could_not_tell() -> None:
    ends: frozenset[Ends] = frozenset(
        {(("Secret", "known"), None), (("Agent", "without"), ("Tool", "none")), (("ToolServer", "two"), ("Agent", "chief"))}
    )
    assert lacking(need("Agent"), unknowns={ID: ends}) == dict.fromkeys(("dated", "without", "undated", "chief"), "nobody says")
    assert set(lacking(need("Agent"), about("dated"), unknowns={ID: ends})) == {"without", "undated", "chief"}


def test_no_agents_and_nothing_asked() -> None:
    assert coverage(structure_of(estate_of([])), need("Agent.status"), [ID], {}, []) == Coverage(agents=0, found={})
    assert coverage(structure_of(estate_of(FACTS)), need("Agent.status"), [], {}, []).groups == ()


def test_more_names_than_a_word_holds() -> None:
    from graphinv.model.kinds import NODE_KINDS

    names = [f"{kind}.{name}" for kind, model in NODE_KINDS.items() for name in model.model_fields if kind not in ("Agent", "Secret")]
    assert len(names) > 70
    assert lacking(need(*names[:70], "Secret.lifetime")) == {
        "undated": lacking(need(*names[:70], "Secret.lifetime"))["undated"],
        **{agent: lacking(need(*names[:70]))[agent] for agent in lacking(need(*names[:70])) if agent != "undated"},
    }
    assert "Secret.lifetime" in lacking(need(*names[:70], "Secret.lifetime"))["undated"]
