"""Questions about changes: what they print agrees with what `reach` and `paths` say after the change."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import AT, Demo
from tests.cli.running import graphinv, refused

FACTS = """\
{"node": "Agent", "id": "bot", "props": {"name": "Bot"}}
{"node": "Agent", "id": "chief", "props": {"name": "Chief"}}
{"node": "Resource", "id": "db", "props": {"sensitivity": "restricted"}}
{"node": "Resource", "id": "log", "props": {"sensitivity": "internal"}}
{"node": "Identity", "id": "role", "props": {"binding": "none"}}
{"edge": "DELEGATES_TO", "from": ["Agent", "chief"], "to": ["Agent", "bot"], "props": {"evidence": ["declared"]}}
{"edge": "RUNS_AS", "from": ["Agent", "bot"], "to": ["Identity", "role"], "props": {"evidence": ["declared"]}}
{"edge": "CAN_ACCESS", "from": ["Identity", "role"], "to": ["Resource", "db"], "props": {"actions": ["read"], "valid_until": "2027-01-01T00:00:00Z"}}
{"edge": "CAN_ACCESS", "from": ["Identity", "role"], "to": ["Resource", "log"], "props": {"actions": ["write"]}}
{"edge": "CAN_ACCESS", "from": ["Identity", "other"], "to": ["Resource", "db"], "props": {"actions": ["read"]}}
"""  # noqa: E501 - a fact a line


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "estate.facts.jsonl").write_text(FACTS)
    graphinv("scan", tmp_path / "estate.facts.jsonl", "--store", tmp_path / "graph", "--at", AT)
    return tmp_path / "graph"


def answer(*words: str | Path | int) -> Any:
    return json.loads(graphinv(*map(str, words), "--format", "json").out)


def test_the_edge_that_everything_passes_comes_first(store: Path) -> None:
    points = answer("chokepoints", "--store", store, "--at", AT)
    assert [(point["edge"]["edge"], point["pairs"], point["share"]) for point in points] == [
        ("CAN_ACCESS", 2, 1.0),
        ("RUNS_AS", 2, 1.0),
        ("DELEGATES_TO", 1, 0.5),
    ]
    assert answer("chokepoints", "log", "--store", store, "--at", AT, "--top", 1)[0]["targets"] == [["Resource", "log"]]


def test_choke_points_say_what_they_do_not_count(tmp_path: Path) -> None:
    unknown = '{"edge": "CAN_ACCESS", "from": ["Identity", "role"], "to": ["Resource", "thing"], "props": {"actions": ["read"]}}\n'
    (tmp_path / "estate.facts.jsonl").write_text(FACTS + unknown)
    graphinv("scan", tmp_path / "estate.facts.jsonl", "--store", tmp_path / "graph", "--at", AT)
    shown = graphinv("chokepoints", "--store", tmp_path / "graph", "--at", AT).out
    assert "counted: 1 crown jewels, restricted and confidential targets" in shown
    assert "not counted: 1 resource of unknown sensitivity" in shown
    assert "counted" not in graphinv("chokepoints", "thing", "--store", tmp_path / "graph", "--at", AT).out


def test_a_cut_is_what_keeps_everybody_away_and_what_if_shows_it(store: Path) -> None:
    cut = answer("cut", "db", "--store", store, "--at", AT)
    assert (cut["possible"], cut["proven"], cut["subjects"], [edge["edge"] for edge in cut["edges"]]) == (True, True, 2, ["CAN_ACCESS"])
    keys = [word for edge in cut["edges"] for word in ("--remove", edge["key"][:12])]
    result = answer("what-if", *keys, "--store", store, "--at", AT)
    posture = next(lens for lens in result["lenses"] if lens["lens"] == "posture")
    assert posture["gone"] == [[["Agent", name], ["Resource", "db", "read"]] for name in ("bot", "chief")]
    assert (posture["before"], posture["after"], posture["new"]) == (4, 2, [])
    assert {score["subject"][1] for score in result["scores"]} == {"bot", "chief"}
    assert result["findings_gone"]
    assert not result["findings_new"]


def test_a_cut_for_one_subject_leaves_the_others(store: Path) -> None:
    cut = answer("cut", "db", "--from", "chief", "--store", store, "--at", AT)
    assert [edge["edge"] for edge in cut["edges"]] == ["DELEGATES_TO"]
    assert answer("cut", "db", "--action", "write", "--store", store, "--at", AT)["subjects"] == 0


def test_a_decision_a_retirement_a_new_edge_and_another_time_are_changes_too(store: Path) -> None:
    def lens(name: str, *words: str) -> dict[str, Any]:
        result = answer("what-if", *words, "--store", store, "--at", AT, "--no-findings")
        assert not result["findings_judged"]
        return next(one for one in result["lenses"] if one["lens"] == name)

    edge = "chief DELEGATES_TO bot"
    assert lens("posture", "--guard", f"{edge}=deny")["gone"] == []
    assert len(lens("runtime", "--guard", f"{edge}=deny")["gone"]) == 2
    assert len(lens("runtime", "--guard", f"{edge}=allow:read:*")["gone"]) == 1
    assert lens("ungoverned", "--guard", f"{edge}=monitor")["gone"] == []
    assert len(lens("posture", "--retire", "bot")["gone"]) == 2
    assert lens("posture", "--add", 'bot DELEGATES_TO chief {"mode": "handoff"}')["new"] == []
    assert len(lens("posture", "--then", "2027-02-01")["gone"]) == 2


def test_further_witnesses_explanations_and_turns(store: Path) -> None:
    paths = answer("paths", "chief", "db", "--k", 3, "--store", store, "--at", AT)
    assert [len(path["hops"]) for path in paths] == [3]
    explained = answer("reach", "chief", "--explain", "--store", store, "--at", AT)[0]
    assert explained["origins"]["posture"]["sub-agents"] == 2
    assert sum(explained["origins"]["posture"].values()) == 2
    over = answer("reach", "bot", "--over", "2026-11-01..2027-06-01", "--store", store)[0]
    assert [(turn["at"], turn["lost"]) for turn in over["turns"]] == [("2027-01-01T00:00:00Z", [["Resource", "db", "read"]])]
    assert "CAN_ACCESS role → db ends" in over["turns"][0]["because"][0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["what-if"], "takes a change"),
        (["what-if", "--remove", "ffffffffffff"], "no edge of the graph"),
        (["what-if", "--remove", "what?"], "names no edge"),
        (["what-if", "--guard", "chief DELEGATES_TO bot=perhaps"], "the decision is one of"),
        (["what-if", "--retire", "db"], "agents and workflows can be retired"),
        (["what-if", "--add", "bot FRIEND_OF chief"], "is not 'SOURCE KIND TARGET'"),
        (["what-if", "--add", "bot OWNS chief"], "OWNS does not run from Agent"),
        (["cut", "db", "--action", "eat"], "no action 'eat'"),
        (["cut", "bot"], "Agent:bot is no target"),
        (["exposure", "bot"], "Agent:bot is no target"),
        (["chokepoints", "db", "role"], "Identity:role is no target"),
        (["paths", "chief", "bot"], "Agent:bot is no target"),
        (["findings", "--rule", "GI-SECC"], "no rule's id starts with GI-SECC"),
        (["reach", "bot", "--over", "soon"], "is not START..END"),
        (["reach", "--all", "--explain"], "take subjects"),
    ],
)
def test_wrong_words_are_said_to_be_wrong(store: Path, words: list[str], says: str) -> None:
    assert says in refused(*words, "--store", store)


def test_the_demo_in_words(demo: Demo) -> None:
    shown = graphinv("chokepoints", "--store", demo.store, "--at", AT).out
    assert "pairs of agent and target" in shown
    paths = graphinv("paths", "finance:controller", "saas:bank-gateway/quillmere", "-k", "3", "--store", demo.store, "--at", AT).out
    key = re.search(r"DELEGATES_TO ([0-9a-f]{12}) ", paths)
    assert key
    assert "removed" in graphinv("what-if", "--remove", key[1], "--store", demo.store, "--at", AT).out
