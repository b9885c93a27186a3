"""Overview, agents and blast radius, and what every page says where there is nothing to show; on small stores."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from widgets import UNKNOWN

from graphinv.model.results import LENSES, LEVELS, Analysis, Lens
from graphinv.model.text import counted
from graphinv.pipeline.blast import blast_radius
from graphinv.pipeline.stages import engine, ingest, roots_of, scan
from graphinv.pipeline.summary import summarise
from graphinv.store import open_store
from tests.app.pages import VIEWS, opened, picture, table

# --------------------------------------------------------------------------------------------------------------------------------
# Overview


def test_overview_headline(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch)
    numbers = {metric.label: metric.value for metric in page.metric}
    assert numbers["Agents"] == "3"
    assert numbers["Ungoverned pairs"] == "4 of 5"
    assert numbers["Documents not read"] == "1"
    unjudged = sum(table(page, "rule", "outcome")["outcome"] == "not judged")
    assert unjudged > 0
    assert numbers["Rules not judged"] == f"{unjudged} of {len(table(page, 'rule', 'outcome'))}"
    partly = table(page, "rule", "outcome", "missing").query("outcome != 'not judged' and missing != ''")
    [below] = [metric.delta for metric in page.metric if metric.label == "Rules not judged"]
    assert below == f"{len(partly)} more in part"
    assert "2026-07-01 08:30 UTC" in page.caption[0].value
    assert "posture lens" in page.caption[0].value


def test_overview_agents_and_paths(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch)
    agents = table(page, "agent", "why", "owner")
    assert list(agents["agent"]) == ["Clerk", "Helper", "Reader"]
    assert list(agents["owner"]) == ["finance@example.org", "finance@example.org", "unknown"]
    assert "Path without an enforcement point" in agents["why"][0]
    paths = table(page, "target", "runtime decision on this path")
    assert (paths["agent"][0], paths["can"][0], paths["target"][0]) == ("Clerk", "write", "Ledger")
    assert paths["runtime decision on this path"][0] == "hop 1: deny"
    hops = table(page, "hop", "allows", "stated in")
    assert list(hops["allows"]) == ["may call post", "may write Ledger"]
    assert hops["stated in"][0].startswith("estate/all.facts.jsonl#L")
    assert hops["runtime decision"][0] == "gate (enforce): deny"
    assert 'class="path"' in picture(page)


def test_overview_says_what_is_not_known(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch)
    unread = table(page, "severity", "place", "message")
    assert list(unread["severity"]) == ["error"]
    assert unread["place"][0].startswith("estate/.mcp.json")
    rules = table(page, "rule", "outcome")
    unjudged = rules[rules["outcome"] == "not judged"]
    assert len(unjudged) > 0
    assert unjudged["findings"].isna().all()
    assert unjudged["missing"].str.len().gt(0).all()
    assert unjudged["agents judged"].eq("0 of 3").all()
    assert any("could not be judged" in caption.value for caption in page.caption)
    unknown = table(page, "kind", "property", "unknown", "of")
    row = unknown[(unknown["kind"] == "Resource") & (unknown["property"] == "sensitivity")].iloc[0]
    assert (row["unknown"], row["of"]) == (1, 3)


def test_a_document_read_with_gaps_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "root").mkdir()
    names = "spec:\n  modelRef: {name: default}\n  tools: [{type: custom, name: nowhere}]\n"
    (tmp_path / "root" / "agent.yaml").write_text(
        f"apiVersion: ark.mckinsey.com/v1alpha1\nkind: Agent\nmetadata: {{name: writer}}\n{names}"
    )
    scan(str(tmp_path / "graph"), [tmp_path / "root"])
    page = opened(tmp_path / "graph", monkeypatch)
    assert set(table(page, "severity", "place", "message")["severity"]) == {"warning"}
    [metric] = [one for one in page.metric if one.label == "Documents not read"]
    assert (metric.value, metric.delta) == ("0", "1 read with gaps")


@pytest.mark.parametrize("view", VIEWS[:5])
def test_what_is_unknown_is_amber_wherever_it_stands(store: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    page = opened(store, monkeypatch, view, agent="reader")
    if view == "views/findings.py":
        page.segmented_control(key="findings_how").set_value("one by one").run()
        page.multiselect(key="findings_rule").set_value(["GI-OWN-001"]).run()
    told = 0
    for one in page.dataframe:
        for place, column in enumerate(one.value.columns):
            for row, cell in enumerate(one.value[column]):
                if isinstance(cell, str) and cell == UNKNOWN:
                    assert f"row{row}_col{place}" in one.proto.arrow_data.styler.styles, (column, cell)
                    told += 1
    assert told or view == "views/changes.py"


def test_overview_says_of_which_agents_a_rule_could_not_be_judged(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch)
    rules = table(page, "rule", "agents judged")
    place = list(rules["outcome"]).index("not judged")
    page.session_state["overview_rules"] = {"selection": {"rows": [place], "columns": [], "cells": []}}
    page.run()
    [of_whom] = [one for one in page.expander if "could not be judged of" in one.label]
    assert of_whom.label == f"{rules['rule'][place]} could not be judged of 3 agents"
    agents = table(page, "agent", "missing")
    assert sorted(agents["agent"]) == ["Clerk", "Helper", "Reader"]
    assert agents["missing"].str.contains("no source states").all()


def test_overview_shows_the_blast_radius_of_the_riskiest_agent(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch)
    assert [button.label for button in page.button] == ["Show its blast radius", "Open in Agents"]
    page.session_state["overview_agents"] = {"selection": {"rows": [2], "columns": [], "cells": []}}
    page.run()
    page.button[0].click().run()
    assert not page.exception
    assert page.session_state["agent"] == "reader"


# --------------------------------------------------------------------------------------------------------------------------------
# Agents


def test_agents_inventory(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[1])
    agents = table(page, "agent", "framework", "autonomy")
    assert list(agents["agent"]) == ["Clerk", "Helper", "Reader"]
    assert list(agents["autonomy"]) == ["autonomous", "unknown", "unknown"]
    assert list(agents["environment"]) == ["prod", "prod", "unknown"]


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("agents_search", "READ", ["Reader"]),
        ("agents_search", "finance@", ["Clerk", "Helper"]),
        ("agents_framework", ["n8n"], ["Reader"]),
        ("agents_environment", ["unknown"], ["Reader"]),
        ("agents_level", ["medium"], ["Clerk", "Helper"]),
        ("agents_owner", "unknown", ["Reader"]),
        ("agents_owner", "known", ["Clerk", "Helper"]),
    ],
)
def test_agents_are_filtered(store: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, left: list[str]) -> None:
    page = opened(store, monkeypatch, VIEWS[1])
    found = next(one for kind in (page.text_input, page.multiselect, page.selectbox) for one in kind if one.key == name)
    found.set_value(value).run()
    assert not page.exception
    assert list(table(page, "agent", "framework", "autonomy")["agent"]) == left


def test_no_agent_fits(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[1])
    page.text_input[0].set_value("nobody of that name").run()
    assert [info.value for info in page.info] == ["No agent fits the filters."]


def test_agent_in_full(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[1])
    parts = table(page, "part", "amount", "because")
    risk = next(metric for metric in page.metric if metric.label == "Risk")
    assert f"{parts['amount'].sum():.1f}" == risk.value
    findings = table(page, "severity", "rule", "finding", "key")
    assert set(findings["rule"]) >= {"GI-GOV-001"}
    edges = table(page, "edge", "kind", "name", "about it")
    assert ("USES", "post", "guards: gate") in set(zip(edges["edge"], edges["name"], edges["about it"], strict=True))
    properties = table(page, "property", "value").set_index("property")["value"]
    assert properties["autonomy"] == "autonomous"
    assert properties["version"] == "unknown"


def test_the_agent_of_another_view_is_opened(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch)
    page.session_state["agent"] = "reader"
    page.switch_page(VIEWS[1]).run()
    assert any(text.value.startswith("Reader") for text in page.text)
    page.switch_page(VIEWS[2]).run()
    assert page.selectbox[0].value == "reader"


# --------------------------------------------------------------------------------------------------------------------------------
# Blast radius


def test_blast_radius_starts_with_the_riskiest_agent_and_its_heaviest_target(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[2])
    assert [box.value for box in page.selectbox] == ["clerk", ("Resource", "ledger"), "strongest", 40]
    assert page.segmented_control[0].value == "posture"
    dot = picture(page)
    assert dot.count('class="path"') == 2
    assert "gate" in dot
    assert "deny" in dot
    assert any("The way around" in one.value for one in page.header)


@pytest.mark.parametrize("lens", LENSES)
def test_the_lens_changes_the_numbers(store: Path, monkeypatch: pytest.MonkeyPatch, lens: Lens) -> None:
    page = opened(store, monkeypatch, VIEWS[2])
    page.segmented_control[0].set_value(lens).run()
    assert not page.exception
    with open_store(store) as opened_store:
        analysis = opened_store.analysis()
        assert analysis is not None
        reach = engine(opened_store, at=analysis.at).reach(("Agent", "clerk"), lens)
    caption = next(one.value for one in page.caption if "On the way" in one.value)
    counts = f"**{counted(reach.targets, 'target')}** ({counted(len(reach.atoms or ()), 'atom')})"
    assert caption.startswith(f"{counts}, **impact {reach.impact:.0f}** under the {lens} lens")
    assert set(table(page, "lens", "impact")["lens"]) == {"posture", "ungoverned", "runtime", lens}


def test_before_and_after(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[2])
    counts = table(page, "sensitivity", "read", "write").set_index("sensitivity")
    assert counts.loc["restricted", "read"] == "2 → 1 → 1"
    assert counts.loc["restricted", "write"] == "1 → 1 → 1"
    assert counts.loc["public", "read"] == ""


def test_a_target_that_a_decision_takes_away(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[2], agent="clerk", lens="ungoverned", target="Resource:vault")
    assert page.segmented_control[0].value == "ungoverned"
    assert page.selectbox[1].value == ("Resource", "vault")
    assert [warning.value for warning in page.warning] == [
        "Under the ungoverned lens no path to the target is left; the picture shows what is still within reach."
    ]
    assert 'class="path"' not in picture(page)
    page.segmented_control[0].set_value("posture").run()
    assert [one.value for one in page.success] == ["Every path to it meets an enforcing runtime decision, and none lets it pass."]


def test_an_address_that_names_nothing_is_no_harm(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[2], agent="<b>", lens="x-ray", target="Resource:?", action="fly")
    assert [box.value for box in page.selectbox] == ["clerk", ("Resource", "ledger"), "strongest", 40]


def test_a_monitored_hop_and_an_unknown_sensitivity_are_shown_as_such(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dot = picture(opened(store, monkeypatch, VIEWS[2], agent="reader"))
    assert "nothing:\\nonly monitors" in dot
    assert "style=dashed" in dot
    assert "sensitivity\\nunknown" in dot
    assert 'style="filled,dashed"' in dot


# --------------------------------------------------------------------------------------------------------------------------------
# Nothing to show


@pytest.mark.parametrize("view", VIEWS)
def test_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    page = opened(tmp_path / "nowhere", monkeypatch, view)
    assert [warning.value for warning in page.warning] == ["The store cannot be opened."]
    assert any("nowhere" in text.value for text in page.text)
    assert "graphinv demo" in page.code[0].value
    assert not page.metric


def test_a_store_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "graph").write_bytes(b"something else")
    page = opened(tmp_path / "graph", monkeypatch)
    assert [warning.value for warning in page.warning] == ["The store cannot be opened."]


@pytest.mark.parametrize("view", VIEWS)
def test_not_analyzed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.facts.jsonl").write_text('{"node": "Agent", "id": "a"}\n')
    with open_store(tmp_path / "graph", write=True) as store:
        ingest(store, roots_of([tmp_path / "root"]))
    page = opened(tmp_path / "graph", monkeypatch, view)
    assert [warning.value for warning in page.warning] == ["The store was not analyzed yet."]
    assert page.code[0].value == "graphinv analyze"


@pytest.mark.parametrize("view", VIEWS)
def test_a_scan_that_found_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "notes.txt").write_text("nothing of ours\n")
    scan(str(tmp_path / "graph"), [tmp_path / "root"])
    page = opened(tmp_path / "graph", monkeypatch, view)
    assert page.info or page.warning


def test_where_nothing_could_be_read_nothing_is_said_to_be_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / ".mcp.json").write_text('{"mcpServers": {')
    scan(str(tmp_path / "graph"), [tmp_path / "root"])
    said = [caption.value for caption in opened(tmp_path / "graph", monkeypatch).caption]
    assert "There is nothing in the graph: all is unknown." in said
    assert "Nothing that the analysis leans on is unknown." not in said
    for view in VIEWS[1:4]:
        assert "What 1 document would tell is unknown" in opened(tmp_path / "graph", monkeypatch, view).info[0].value


def test_an_agent_that_reaches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.facts.jsonl").write_text('{"node": "Agent", "id": "a"}\n')
    scan(str(tmp_path / "graph"), [tmp_path / "root"])
    page = opened(tmp_path / "graph", monkeypatch, VIEWS[2])
    assert [info.value for info in page.info] == ["It reaches nothing that can be acted on, as far as the graph knows."]
    opened(tmp_path / "graph", monkeypatch, VIEWS[1])


def test_results_of_an_older_generation_are_called_that(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(store.parent, tmp_path / "store")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.facts.jsonl").write_text('{"node": "Agent", "id": "late"}\n')
    with open_store(tmp_path / "store" / "graph", write=True) as written:
        ingest(written, roots_of([tmp_path / "more"]))
    page = opened(tmp_path / "store" / "graph", monkeypatch)
    assert [warning.value for warning in page.warning] == [
        "The store is at generation 2, the results are of generation 1. Run `graphinv analyze`, then reload."
    ]
    page = opened(tmp_path / "store" / "graph", monkeypatch, VIEWS[1])
    agents = table(page, "agent", "level").set_index("agent")
    assert agents.loc["late", "level"] == "not scored"


def test_a_new_scan_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "root").mkdir()
    facts = tmp_path / "root" / "a.facts.jsonl"
    facts.write_text('{"node": "Agent", "id": "one"}\n')
    scan(str(tmp_path / "graph"), [tmp_path / "root"])
    page = opened(tmp_path / "graph", monkeypatch)
    assert page.metric[0].value == "1"
    facts.write_text('{"node": "Agent", "id": "one"}\n{"node": "Agent", "id": "two"}\n')
    scan(str(tmp_path / "graph"), [tmp_path / "root"])
    page.run()
    assert page.metric[0].value == "2"


def test_a_server_is_read_again_only_when_it_was_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is a file here; what counts is that it has an address of one."""
    (tmp_path / "root").mkdir()
    facts = tmp_path / "root" / "a.facts.jsonl"
    facts.write_text('{"node": "Agent", "id": "one"}\n')
    scan(str(tmp_path / "graph"), [tmp_path / "root"])
    counted_reads = Mock(side_effect=summarise)
    clock = count(1_000_000, 60)
    monkeypatch.setattr("widgets.open_store", lambda url: open_store(tmp_path / "graph"))
    monkeypatch.setattr("widgets.summarise", counted_reads)
    monkeypatch.setattr("widgets.time", SimpleNamespace(time=lambda: next(clock)))
    page = opened("bolt://store.example.test", monkeypatch, VIEWS[1])
    page.run()
    assert counted_reads.call_count == 1
    facts.write_text('{"node": "Agent", "id": "one"}\n{"node": "Agent", "id": "two"}\n')
    scan(str(tmp_path / "graph"), [tmp_path / "root"])
    page.run()
    assert counted_reads.call_count == 2
    assert sorted(table(page, "agent", "framework")["agent"]) == ["one", "two"]


def test_the_views_show_what_the_pipeline_says(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(store) as opened_store:
        analysis = opened_store.analysis()
        assert isinstance(analysis, Analysis)
        radius = blast_radius(engine(opened_store, at=analysis.at), ("Agent", "clerk"), "posture", max_nodes=40)
    dot = picture(opened(store, monkeypatch, VIEWS[2]))
    assert dot.count("[label=") == len({node.key for node in radius.nodes} | {("Agent", "helper"), ("Identity", "payer")})
    assert len(radius.targets) == len(table(opened(store, monkeypatch, VIEWS[2]), "target", "weight"))


def test_accepted_risks_are_hidden_and_counted_on_every_page(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(store) as opened_store:
        analysis = opened_store.analysis()
        assert isinstance(analysis, Analysis)
    rule = next(one.rule for one in analysis.findings)
    hidden = sum(one.rule == rule for one in analysis.findings)
    file = tmp_path / "accepted.toml"
    file.write_text(f'[[accepted]]\nrule = "{rule}"\nowner = "ana"\nreason = "known"\nuntil = 2099-12-31\n', "utf-8")
    monkeypatch.setenv("GRAPHINV_ACCEPTED", str(file))
    for view in VIEWS:
        page = opened(store, monkeypatch, view)
        assert any(f"{hidden} finding" in one.value and "accepted risk" in one.value for one in page.text), view
    shown = sum(int(one.value.replace(",", "")) for one in opened(store, monkeypatch, "views/findings.py").metric[: len(LEVELS)])
    assert shown == len(analysis.findings) - hidden
    file.write_text("no toml", "utf-8")
    page = opened(store, monkeypatch)
    assert [one.value for one in page.warning] == ["The file of accepted risks cannot be read."]
