"""A second run holds no surprise: the same estate gives the same graph, and a graph forgets nothing that could not be read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from graphinv.model.estate import Estate
from graphinv.store import open_store
from tests.cli.running import graphinv

KEY = "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"
OTHER_KEY = "gh" + "p_" + "9fKq2LmX7RtVb3NcYw8ZsDhJ5pGa1uEoT6iB"
DAYS = [f"2026-03-{day:02}T00:00:00Z" for day in range(1, 20)]


def mcp(**servers: dict[str, Any]) -> str:
    return json.dumps({"mcpServers": servers}, indent=2)


def project(folder: Path, *, key: str = KEY) -> Path:
    """A root with a server that takes a variable, the file that defines it, and a sub-agent."""
    (folder / ".claude" / "agents").mkdir(parents=True)
    stripe = {"command": "npx", "args": ["-y", "@acme/stripe-mcp@1.2.0"], "env": {"STRIPE_API_KEY": "${STRIPE_API_KEY}"}}
    (folder / ".mcp.json").write_text(mcp(stripe=stripe))
    (folder / ".env").write_text(f"STRIPE_API_KEY={key}\n")
    (folder / ".claude" / "agents" / "reviewer.md").write_text("---\nname: reviewer\ndescription: reviews\ntools: Read\n---\nReview.\n")
    return folder


def estate(store: Path) -> Estate:
    with open_store(store) as opened:
        return opened.estate()


def ids(found: Estate, kind: str) -> list[str]:
    return [node.id for node in found.of_kind(kind)]


def ingested(store: Path, *paths: Path | str, day: int = 0, code: int = 0) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = graphinv("ingest", *paths, "--store", store, "--at", DAYS[day], "--format", "json", code=code).json
    return records


def changes(records: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    return [(record["created"], record["updated"], record["closed"]) for record in records]


def test_the_same_scan_again_changes_nothing(tmp_path: Path) -> None:
    root, store = project(tmp_path / "shop"), tmp_path / "graph"
    graphinv("scan", root, "--store", store, "--at", DAYS[0])
    before = estate(store)
    found = graphinv("findings", "--store", store, "--format", "json").json
    assert found
    assert changes(ingested(store, root, day=1)) == [(0, 0, 0)]
    graphinv("scan", root, "--store", store, "--at", DAYS[2])
    after = estate(store)
    assert after.nodes == before.nodes
    assert after.edges == before.edges
    again = graphinv("findings", "--store", store, "--format", "json").json
    assert {finding["key"]: finding["first_seen"] for finding in again} == {finding["key"]: DAYS[0] for finding in found}


def test_the_demo_again_changes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "graph"
    graphinv("demo", "--store", store, "--at", DAYS[0])
    before, keys = estate(store), graphinv("findings", "--store", store, "--format", "json").json
    assert changes(ingested(store, tmp_path / "demo", day=1)) == [(0, 0, 0)]
    graphinv("demo", "--store", store, "--at", DAYS[0])
    after = estate(store)
    assert (after.nodes, after.edges) == (before.nodes, before.edges)
    assert graphinv("findings", "--store", store, "--format", "json").json == keys


def test_what_is_deleted_is_closed_and_comes_back_as_it_was(tmp_path: Path) -> None:
    root, store = project(tmp_path / "shop"), tmp_path / "graph"
    ingested(store, root)
    before = estate(store)
    agent = root / ".claude" / "agents" / "reviewer.md"
    text = agent.read_text()
    agent.unlink()
    (record,) = ingested(store, root, day=1)
    assert record["created"] == 0
    assert record["closed"] > 0
    assert "claude-code:shop#reviewer" not in ids(estate(store), "Agent")
    agent.write_text(text)
    ingested(store, root, day=2)
    after = estate(store)
    assert after.nodes == before.nodes
    assert after.edges == before.edges


def test_a_truncated_file_closes_nothing_and_is_named(tmp_path: Path) -> None:
    root, store = project(tmp_path / "shop"), tmp_path / "graph"
    ingested(store, root)
    before = estate(store)
    config = root / ".mcp.json"
    whole = config.read_text()
    config.write_text(whole[: len(whole) // 2])
    (root / ".claude" / "agents" / "reviewer.md").unlink()
    (record,) = ingested(store, root, day=1, code=2)
    assert (record["outcome"], record["closed"]) == ("partial", 0)
    (problem,) = record["problems"]
    assert problem["document"] == "shop/.mcp.json"
    assert problem["where"].startswith("L")
    assert estate(store).nodes.keys() == before.nodes.keys()
    ran = graphinv("scan", root, "--store", store, "--at", DAYS[2], code=2)
    assert f"error: shop/.mcp.json#{problem['where']}: " in ran.out
    assert KEY not in ran.out + ran.err
    findings = graphinv("findings", "--rule", "GI-COV-001", "--store", store, "--format", "json").json
    assert [finding["subject"] for finding in findings] == [["Document", "shop/.mcp.json"]]
    config.write_text(whole)
    (record,) = ingested(store, root, day=3)
    assert record["outcome"] == "complete"
    assert ids(estate(store), "Agent") == ["claude-code:shop"]


def test_a_copy_in_another_place_by_any_path_gives_the_same_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHINV_KEY_FILE", str(tmp_path / "shared.key"))
    first = project(tmp_path / "one" / "shop")
    second = tmp_path / "two" / "shop"
    shutil.copytree(first, second)
    ingested(tmp_path / "first", first)
    wanted = estate(tmp_path / "first")
    monkeypatch.chdir(tmp_path / "two")
    for number, path in enumerate(("shop", "./shop/", "../two/shop", str(second))):
        ingested(tmp_path / f"copy{number}", path)
        found = estate(tmp_path / f"copy{number}")
        assert found.nodes == wanted.nodes
        assert found.edges == wanted.edges
    monkeypatch.chdir(second)
    ingested(tmp_path / "here", ".")
    assert estate(tmp_path / "here").nodes == wanted.nodes
    machine = str(tmp_path)
    with open_store(tmp_path / "here") as opened:
        assert machine not in repr(opened.scans()) + repr(opened.estate())


def test_another_folder_of_the_same_name_closes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "graph"
    ingested(store, project(tmp_path / "one" / "shop"))
    other = tmp_path / "two" / "shop"
    other.mkdir(parents=True)
    (other / ".mcp.json").write_text(mcp(other={"command": "node", "args": ["server.js"]}))
    (record,) = ingested(store, other, day=1)
    assert (record["outcome"], record["closed"]) == ("partial", 0)
    assert [(problem["document"], problem["severity"]) for problem in record["problems"]] == [("shop", "note")]
    assert "claude-code:shop#reviewer" in ids(estate(store), "Agent")


def test_agents_of_one_name_in_two_roots_are_two(tmp_path: Path) -> None:
    one, two = project(tmp_path / "one"), project(tmp_path / "two")
    ingested(tmp_path / "graph", one, two)
    agents = ids(estate(tmp_path / "graph"), "Agent")
    assert agents == ["claude-code:one", "claude-code:one#reviewer", "claude-code:two", "claude-code:two#reviewer"]


def test_roots_of_one_name_are_two_whatever_their_order(tmp_path: Path) -> None:
    one, two = project(tmp_path / "a" / "app"), project(tmp_path / "b" / "app")
    for name, paths in (("there", (one, two)), ("back", (two, one)), ("twice", (one, two, one))):
        records = ingested(tmp_path / name, *paths)
        assert sorted(record["root"] for record in records) == ["app", "b/app"]
    assert ids(estate(tmp_path / "there"), "Agent") == ids(estate(tmp_path / "back"), "Agent")
    assert len(ids(estate(tmp_path / "there"), "Agent")) == 4


def test_files_of_facts_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.facts.jsonl").write_text(f'{{"node": "Agent", "id": "{name}"}}\n')
        (tmp_path / name / "agents.csv").write_text(f"id,environment\n{name}-table,prod\n")
    files = [tmp_path / name / file for name in ("a", "b") for file in ("x.facts.jsonl", "agents.csv")]
    records = ingested(tmp_path / "graph", *files)
    assert sorted(record["root"] for record in records) == ["agents.csv", "b/agents.csv", "b/x.facts.jsonl", "x.facts.jsonl"]
    assert ids(estate(tmp_path / "graph"), "Agent") == ["a", "a-table", "b", "b-table"]
    assert estate(tmp_path / "graph").nodes["Agent", "b"].sources == ("b/x.facts.jsonl#L1",)


def test_one_file_of_a_project_is_a_part_of_its_root(tmp_path: Path) -> None:
    root, store = project(tmp_path / "shop"), tmp_path / "graph"
    ingested(store, root)
    before = estate(store)
    (record,) = ingested(store, root / ".mcp.json", day=1)
    assert (record["root"], record["outcome"], record["closed"], record["problems"]) == ("shop", "partial", 0, [])
    # Alone it does not know what the variable means; the whole project says it again.
    guess = ("Identity", "saas:stripe/?/service/env:shop#STRIPE_API_KEY")
    assert estate(store).nodes.keys() == {*before.nodes, ("Secret", "env:shop#STRIPE_API_KEY"), guess}
    (record,) = ingested(store, root, day=2)
    assert (record["outcome"], record["problems"]) == ("complete", [])
    assert estate(store).nodes.keys() == before.nodes.keys()
    assert [record["root"] for record in ingested(tmp_path / "two", root / ".mcp.json", root / ".env")] == ["shop", "shop"]


def holders(found: Estate, secret: str) -> set[str]:
    return {edge.source[1] for edge in found.incoming.get(("Secret", secret), ()) if edge.kind == "HOLDS"}


def test_a_variable_and_its_definition_are_one_secret_held_by_the_server(tmp_path: Path) -> None:
    ingested(tmp_path / "graph", project(tmp_path / "shop"))
    found = estate(tmp_path / "graph")
    (secret,) = ids(found, "Secret")
    assert secret.startswith("secret:")
    assert "mcp:shop/.mcp.json#stripe" in holders(found, secret)
    assert "env:" not in secret


def test_unrelated_roots_that_name_one_variable_share_nothing(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        server = {"command": "npx", "args": ["x-mcp"], "env": {"API_KEY": "${API_KEY}"}}
        (tmp_path / name / ".mcp.json").write_text(mcp(x=server))
    ingested(tmp_path / "graph", tmp_path / "one", tmp_path / "two")
    found = estate(tmp_path / "graph")
    assert ids(found, "Secret") == ["env:one#API_KEY", "env:two#API_KEY"]
    assert holders(found, "env:one#API_KEY") == {"mcp:one/.mcp.json#x"}


def test_one_value_in_two_roots_is_one_secret_and_two_values_are_two(tmp_path: Path) -> None:
    ingested(tmp_path / "same", project(tmp_path / "a"), project(tmp_path / "b"))
    found = estate(tmp_path / "same")
    (secret,) = ids(found, "Secret")
    assert holders(found, secret) >= {"mcp:a/.mcp.json#stripe", "mcp:b/.mcp.json#stripe"}
    ingested(tmp_path / "different", project(tmp_path / "c"), project(tmp_path / "d", key=OTHER_KEY))
    assert len(ids(estate(tmp_path / "different"), "Secret")) == 2


def test_stores_agree_on_fingerprints_only_under_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(tmp_path / "shop")
    ingested(tmp_path / "x" / "graph", root)
    ingested(tmp_path / "y" / "graph", root)
    assert ids(estate(tmp_path / "x" / "graph"), "Secret") != ids(estate(tmp_path / "y" / "graph"), "Secret")
    monkeypatch.setenv("GRAPHINV_KEY_FILE", str(tmp_path / "x" / "graph.key"))
    ingested(tmp_path / "z" / "graph", root)
    assert ids(estate(tmp_path / "z" / "graph"), "Secret") == ids(estate(tmp_path / "x" / "graph"), "Secret")
    assert not (tmp_path / "z" / "graph.key").exists()
