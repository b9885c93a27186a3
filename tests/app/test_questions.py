"""Findings, changes before they are made, and queries: what an analyst asks of the graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphinv.analyze.causes import causes
from graphinv.pipeline.stages import engine, library, scan
from graphinv.store import open_store
from tests.app.pages import VIEWS, opened, table

# --------------------------------------------------------------------------------------------------------------------------------
# Changes


def test_changes_show_choke_points_as_the_engine_finds_them(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[3])
    points = table(page, "pairs", "share", "runtime decision")
    with open_store(store) as held:
        analysis = held.analysis()
        assert analysis
        found, pairs = engine(held, at=analysis.at).chokepoints("posture")
    assert list(points["pairs"]) == [point.pairs for point in found]
    assert list(points["key"]) == [point.edge.key[:12] for point in found]
    assert points["runtime decision"][list(points["to"]).index("post")] == "gate: deny"
    assert points["stated in"][0].startswith("estate/all.facts.jsonl#L")
    said = next(one.value for one in page.caption if "pairs with" in one.value)
    assert said.startswith(f"{pairs} pairs with 2 crown jewels")
    assert "Not counted: 1 resource of unknown sensitivity" in said


def test_changes_show_a_cut_and_what_it_would_do(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[3])
    page.selectbox(key="cut_target").select(("Resource", "ledger")).run()
    cut = table(page, "weight", "from", "to")
    with open_store(store) as held:
        analysis = held.analysis()
        assert analysis
        least = engine(held, at=analysis.at).cut(("Resource", "ledger"))
    assert [key[:12] for key in (edge.key for edge in least.edges)] == list(cut["key"])
    page.selectbox(key="change_edge").select(least.edges[0].key).run()
    assert not page.exception
    lenses = table(page, "lens", "gone", "new")
    assert lenses["gone"][0] > 0
    assert "Ledger" in set(table(page, "agent", "no longer")["target"])
    assert "risk" not in table(page, "impact after").columns
    assert any("not judged" in caption.value for caption in page.caption)
    page.toggle(key="change_findings").set_value(True).run()
    assert "risk" in table(page, "impact after").columns
    assert "goes" in set(table(page, "finding", "rule")["finding"])


def test_a_monitor_takes_nothing_away(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[3])
    page.selectbox(key="change_decision").select("monitor").run()
    assert not page.exception
    assert set(table(page, "lens", "gone", "new")["gone"]) == {0}
    assert any("No agent loses anything" in caption.value for caption in page.caption)


# --------------------------------------------------------------------------------------------------------------------------------
# Findings and queries


def test_findings_stand_under_the_changes_that_clear_them(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(store) as opened_store:
        analysis = opened_store.analysis()
        assert analysis is not None
        wanted = causes(analysis.findings, opened_store.estate())
    page = opened(store, monkeypatch, VIEWS[4])
    changes = table(page, "worst", "change")
    assert list(changes["findings"]) == [cause.findings for cause in wanted]
    assert changes["findings"].sum() == len(analysis.findings)
    assert len(table(page, "finding", "state")) == wanted[0].findings
    assert {metric.label: metric.value for metric in page.metric}["Critical"] == str(
        sum(one.severity == "critical" for one in analysis.findings)
    )


def test_a_document_that_was_not_read_is_named_where_its_finding_is_a_change(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = table(opened(store, monkeypatch, VIEWS[4]), "change", "takes away")
    [row] = [one for _, one in changes.iterrows() if one["rules"] == "GI-COV-001"]
    assert (row["change"], row["stated in"]) == ("estate/.mcp.json was recognised but not read", "estate/.mcp.json#L1")


def test_findings_one_by_one_are_filtered(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[4])
    page.segmented_control(key="findings_how").set_value("one by one").run()
    page.multiselect(key="findings_rule").set_value(["GI-OWN-001"]).run()
    found = table(page, "finding", "state")
    assert list(found["rule"]) == ["GI-OWN-001"]
    assert found.loc[0, "subject"] == "Agent Reader"
    assert found.loc[0, "owner"] == "unknown"
    assert str(found.loc[0, "state"]).startswith("open since 2026-07-01")
    page.text_input(key="findings_search").set_value("no such thing").run()
    assert "No finding fits the filters" in page.info[0].value


def test_a_page_that_lists_the_first_only_says_so(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("widgets.MOST_ROWS", 1)
    page = opened(store, monkeypatch, VIEWS[4])
    page.segmented_control(key="findings_how").set_value("one by one").run()
    assert len(table(page, "finding", "state")) == 1
    assert any("The first 1 of " in caption.value for caption in page.caption)
    page.session_state["agent"] = "reader"
    page.switch_page(VIEWS[1]).run()
    assert list(table(page, "agent", "autonomy")["agent"]) == ["Clerk", "Reader"]
    assert any(text.value.startswith("Reader") for text in page.text)


def test_what_is_fixed_is_shown_as_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "root").mkdir()
    facts = tmp_path / "root" / "a.facts.jsonl"
    owned = ['{"node": "Agent", "id": "a"}', '{"node": "Agent", "id": "b"}', '{"node": "Owner", "id": "o"}']
    facts.write_text("\n".join([*owned, '{"edge": "OWNS", "from": ["Owner", "o"], "to": ["Agent", "a"], "props": {}}']))
    scan(str(tmp_path / "graph"), [tmp_path / "root"], at="2026-07-01T00:00:00Z")
    owns = '{"edge": "OWNS", "from": ["Owner", "o"], "to": ["Agent", "%s"], "props": {}}'
    facts.write_text("\n".join([*owned, owns % "a", owns % "b"]))
    scan(str(tmp_path / "graph"), [tmp_path / "root"], at="2026-07-02T00:00:00Z")
    page = opened(tmp_path / "graph", monkeypatch, VIEWS[4])
    page.segmented_control(key="findings_how").set_value("one by one").run()
    page.selectbox(key="findings_state").set_value("fixed").run()
    found = table(page, "finding", "state").set_index("rule")
    assert found.loc["GI-OWN-001", "state"] == "fixed 2026-07-02 00:00 UTC"


def test_a_query_of_the_library_is_asked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[5])
    page.selectbox(key="queries_name").set_value("agents-without-owner").run()
    assert len(page.dataframe[0].value) == 1
    assert "reader" in page.dataframe[0].value.to_string()


def test_what_a_query_needs_is_said_before_it_is_asked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needy = next(one for one in library().values() if any(its.default_text is None for its in one.parameters.values()))
    page = opened(store, monkeypatch, VIEWS[5])
    page.selectbox(key="queries_name").set_value(needy.name).run()
    assert page.info[0].value.startswith("It needs ")
    assert not page.dataframe


def test_values_and_names_that_a_query_takes_are_offered(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[5])
    page.selectbox(key="queries_name").set_value("reach-of-an-agent").run()
    agent, lens = page.selectbox(key="queries_reach-of-an-agent_agent"), page.selectbox(key="queries_reach-of-an-agent_lens")
    assert [option.split("  ")[0] for option in agent.options] == ["Clerk", "Helper", "Reader"]
    assert (lens.value, lens.options) == ("posture", ["posture", "ungoverned", "runtime"])
    agent.set_value("reader").run()
    assert set(page.dataframe[0].value["target"]) >= {"wiki"}


def test_ones_own_cypher_reads_and_never_writes(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, VIEWS[5])
    page.selectbox(key="queries_topic").set_value("Cypher of one's own").run()
    page.text_area(key="queries_cypher").set_value("MATCH (a:Agent) RETURN a.name AS name ORDER BY name")
    page.button[0].click().run()
    assert list(page.dataframe[0].value["name"]) == ["Clerk", "Helper", "Reader"]
    page.text_area(key="queries_cypher").set_value("MATCH (a:Agent) DETACH DELETE a")
    page.button[0].click().run()
    assert page.error[0].value == "The query was refused."
    with open_store(store) as opened_store:
        assert opened_store.query("MATCH (a:Agent) RETURN count(a) AS n").rows == ((3,),)
