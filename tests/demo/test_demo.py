"""What docs/demo.md says is in the demo is in it: scanned for real, row by row of expected.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from graphinv.analyze.engine import Engine
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis
from graphinv.pipeline.bundled import bundled
from graphinv.pipeline.coverage import unknowns
from graphinv.pipeline.demo import materialise
from graphinv.pipeline.stages import Scanned, scan
from graphinv.store import open_store

AT = "2026-11-24T12:00:00Z"
YEARS_LATER = "2031-06-01T00:00:00Z"
ROWS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("expected.yaml").read_text("utf-8"))
FOUND = [row for row in ROWS if "finding" in row]

QUIET: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("quiet.yaml").read_text("utf-8"))

WELL_RUN = (
    "analytics:report-writer",
    "analytics:warehouse-loader",
    "hr:onboarding-guide",
    "hr:payroll-explainer",
    "it:helpdesk",
    "platform:release-bot",
)


def key(text: str) -> NodeKey:
    kind, _, id = text.partition(":")
    return kind, id


def title(row: dict[str, Any]) -> str:
    return str(row["title"])


@dataclass(frozen=True)
class Demo:
    scanned: Scanned
    analysis: Analysis
    estate: Estate
    engine: Engine


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    top = tmp_path_factory.mktemp("demo")
    materialise(bundled("data") / "demo", top / "demo")
    scanned = scan(str(top / "graph"), [top / "demo"], at=AT)
    with open_store(top / "graph") as store:
        estate, analysis = store.estate(), store.analysis()
    assert analysis is not None
    return Demo(scanned, analysis, estate, Engine(estate, AT))


def test_all_of_it_is_read(demo: Demo) -> None:
    (root,) = demo.scanned.roots
    assert [problem for problem in root.reading.problems if problem.severity == "error"] == []
    assert (root.scan.root, root.scan.outcome) == ("demo", "complete")


def test_every_rule_finds_something_or_is_said_not_to(demo: Demo) -> None:
    of = {outcome: {status.rule for status in demo.analysis.rules if status.outcome == outcome} for outcome in ("clear", "not_available")}
    assert of == {"clear": set(QUIET["clear"]), "not_available": set(QUIET["not_available"])}
    assert [status for status in demo.analysis.rules if status.outcome == "error"] == []


@pytest.mark.parametrize("row", ROWS, ids=title)
def test_the_path_is_there_and_passes_what_it_should(demo: Demo, row: dict[str, Any]) -> None:
    stated = row["path"]
    engine = Engine(demo.estate, stated.get("at", AT))
    path = engine.witness(key(stated["agent"]), key(stated["target"]), stated["action"])
    assert path is not None
    nodes = [path.subject, *(hop.target for hop in path.hops)]
    passed = [node for node in nodes if node in {key(text) for text in stated["via"]}]
    assert passed == [key(text) for text in stated["via"]], nodes
    assert path.target == key(stated["target"])
    assert 3 <= len(path.hops) <= 8
    assert all(hop.sources for hop in path.hops)


@pytest.mark.parametrize("row", ROWS, ids=title)
def test_lenses_show_and_hide_it(demo: Demo, row: dict[str, Any]) -> None:
    stated = row["path"]
    engine = Engine(demo.estate, stated.get("at", AT))
    for lens in [*row["lenses"]["present"], *row["lenses"]["absent"]]:
        held = engine.privileges(lens).actions_on(key(stated["agent"]), key(stated["target"]))
        assert (stated["action"] in held) is (lens in row["lenses"]["present"]), lens


@pytest.mark.parametrize("row", ROWS, ids=title)
def test_time_does_not_wear_it_out(demo: Demo, row: dict[str, Any]) -> None:
    stated = row["path"]
    later = Engine(demo.estate, YEARS_LATER)
    there = later.witness(key(stated["agent"]), key(stated["target"]), stated["action"]) is not None
    assert there is ("at" not in stated)


@pytest.mark.parametrize("row", FOUND, ids=title)
def test_the_finding_is_there(demo: Demo, row: dict[str, Any]) -> None:
    stated = row["finding"]
    of_rule = [finding for finding in demo.analysis.findings if finding.rule == stated["rule"]]
    ends = {(finding.subject, finding.target) for finding in of_rule}
    about = {end for pair in ends for end in pair if end}
    if "holders" in stated:
        holders = [str(finding.details) for finding in of_rule]
        assert any(all(holder in text for holder in stated["holders"]) for text in holders), holders
    elif "target" in stated:
        assert (key(stated["subject"]), key(stated["target"])) in ends
    else:
        assert key(stated["subject"]) in about, about
    quiet = stated.get("quiet")
    if quiet and "target" in quiet:
        assert (key(quiet["subject"]), key(quiet["target"])) not in ends
    elif quiet:
        assert key(quiet["subject"]) not in about


def test_it_is_about_forty_agents_of_seven_teams(demo: Demo) -> None:
    agents = list(demo.estate.of_kind("Agent"))
    assert 30 <= len(agents) <= 45
    clients = {str(agent.props.get("framework")) for agent in agents}
    assert clients >= {"claude-code", "claude-desktop", "cursor", "vscode", "gemini-cli", "codex", "opencode"}
    assert sum(agent.props.get("status") == "retired" for agent in agents) == 1


def test_everybody_but_the_price_scout_has_an_owner(demo: Demo) -> None:
    owned = {edge.target for edge in demo.estate.edges if edge.kind == "OWNS"}
    orphans = {agent.id for agent in demo.estate.of_kind("Agent") if agent.key not in owned}
    assert orphans == {
        "a2a:https://agents.fennimark.example/enrichment",
        "claude-code:demo/labs/price-scout",
        "claude-code:demo/labs/price-scout#page-reader",
    }


def test_one_token_in_two_files_is_one_secret(demo: Demo) -> None:
    holders: dict[NodeKey, set[str]] = {}
    for edge in demo.estate.edges:
        if edge.kind == "HOLDS":
            holders.setdefault(edge.target, set()).add(edge.source[1])
    wanted = {"mcp:demo/labs/price-scout/.mcp.json#github", "mcp:demo/platform/storefront/.cursor/mcp.json#github"}
    (shared,) = [secret for secret, ids in holders.items() if wanted <= ids]
    assert demo.estate.nodes[shared].props["fingerprint"]


def test_well_run_agents_are_far_from_the_top(demo: Demo) -> None:
    ungoverned = demo.engine.privileges("ungoverned")
    for id in WELL_RUN:
        assert ungoverned.atoms_of(("Agent", id)) == (), id
        assert demo.engine.privileges("posture").atoms_of(("Agent", id)) != (), id
        assert [f.rule for f in demo.analysis.findings if f.subject == ("Agent", id) and f.severity not in ("low", "info")] == [], id
    ranked = [score.subject[1] for score in sorted(demo.analysis.scores, key=lambda score: -score.risk)]
    assert not set(WELL_RUN) & set(ranked[: len(ranked) // 2])


def test_what_is_unknown_is_counted(demo: Demo) -> None:
    table = unknowns(demo.estate)
    assert table["Resource"]["sensitivity"][0] >= 1
    assert table["Identity"]["binding"][0] >= 1
    undeclared = [finding.subject[1] for finding in demo.analysis.findings if finding.rule == "GI-COV-003"]
    assert "a2a:https://agents.fennimark.example/enrichment" in undeclared


def test_no_value_comes_out(demo: Demo) -> None:
    from graphinv.pipeline.demo import MARK, fake

    text = "\n".join(map(str, (*demo.estate.nodes.values(), *demo.estate.edges, demo.analysis)))
    for path in (bundled("data") / "demo").rglob("*"):
        for name, shape in MARK.findall(path.read_bytes()) if path.is_file() else ():
            # The id of an access key is how its issuer names it, and no secret.
            assert shape == b"aws-id" or fake(name.decode(), shape.decode()) not in text
