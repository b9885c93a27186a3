"""`snapshot` and `diff` as a user meets them: forms, keys, exit codes, what is left out, and names of strangers."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import AT, Demo
from tests.cli.running import graphinv, refused
from tests.cli.test_strangers import EVIL, _facts, unseen
from tests.pipeline.test_diff import FACTS, later, written

WHOLE_KEYS = {"before", "after", "notes", "nodes", "edges", "seen_anew", "lenses", "findings", "accepted", "scores"}
SIDE_KEYS = {"name", "at", "generation", "roots", "agents", "nodes", "edges", "findings"}
NODE_KEYS = {"node", "name", "change", "properties", "sources", "because"}
EDGE_KEYS = {"edge", "key_before", "change", "moves_authority", "properties", "sources", "because"}
LENS_KEYS = {
    "lens", "before", "after", "gained", "lost", "grave", "agents", "gains", "gains_left_out", "losses", "losses_left_out",
}  # fmt: skip
MOVE_KEYS = {"target", "name", "actions", "sensitivity", "crown_jewel", "agents", "first", "because", "path"}
FINDING_KEYS = {"key", "rule", "severity", "title", "subject", "target", "change", "severity_before", "reopened", "because"}
SCORE_KEYS = {"agent", "risk", "level", "impact", "impact_ungoverned", "impact_runtime"}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A snapshot, and the store a month later."""
    folder = tmp_path_factory.mktemp("diff")
    file = written(folder / "estate.facts.jsonl", FACTS)
    graphinv("scan", file, "--store", folder / "graph", "--at", "2026-10-24")
    graphinv("snapshot", folder / "october.snapshot", "--store", folder / "graph")
    written(file, later())
    graphinv("scan", file, "--store", folder / "graph", "--at", AT)
    return folder / "october.snapshot", folder / "graph"


def test_a_snapshot_says_what_it_holds_and_is_restored(two: tuple[Path, Path], tmp_path: Path) -> None:
    sizes = graphinv("snapshot", tmp_path / "a", "--store", two[1], "--format", "json").json
    assert set(sizes) == {"generation", "nodes", "edges"}
    assert graphinv("snapshot", tmp_path / "b", "--store", two[1]).out.startswith(f"{sizes['nodes']} nodes and {sizes['edges']} edges")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    assert refused("snapshot", tmp_path / "a", "--store", two[1]) == f"{tmp_path / 'a'} is there already; name a new file"
    graphinv("store", "restore", tmp_path / "a", "--store", tmp_path / "again" / "graph")
    assert (
        graphinv("agents", "--store", tmp_path / "again" / "graph", "-f", "json").json
        == graphinv("agents", "--store", two[1], "-f", "json").json
    )


def test_keys_of_a_difference(two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    data = graphinv("diff", *two, "--format", "json").json
    assert set(data) == WHOLE_KEYS
    assert set(data["before"]) == set(data["after"]) == SIDE_KEYS
    keys_of = {"nodes": NODE_KEYS, "edges": EDGE_KEYS, "lenses": LENS_KEYS, "findings": FINDING_KEYS, "scores": SCORE_KEYS}
    for name, keys in keys_of.items():
        assert data[name], name
        assert all(set(one) == keys for one in data[name]), name
    assert [one["lens"] for one in data["lenses"]] == ["posture", "ungoverned"]
    assert all(set(move) == MOVE_KEYS for one in data["lenses"] for move in one["gains"])
    assert set(data["nodes"][0]["properties"][0]) == {"name", "before", "after"}
    assert set(data["lenses"][0]["agents"][0]) == {"agent", "gained", "lost", "grave"}
    assert set(data["lenses"][0]["gains"][0]["because"][0]) == {"words", "edge", "node"}
    monkeypatch.setenv("GRAPHINV_STORE", str(two[1]))
    assert graphinv("diff", two[0], "--format", "json").json == data
    assert graphinv("diff", two[0], "--store", two[1], "--format", "json").json == data
    assert graphinv("diff", *two, "--lens", "observed", "-l", "declared", "-f", "json").json["lenses"][1]["lens"] == "declared"
    some = graphinv("diff", *two, "--only", "nodes", "--only", "scores", "-f", "json").json
    assert set(some) == WHOLE_KEYS - {"edges", "lenses", "findings"}


def test_lines_and_rows_tell_the_same(two: tuple[Path, Path]) -> None:
    data = graphinv("diff", *two, "--format", "json").json
    lines = graphinv("diff", *two, "--format", "jsonl").lines
    counts = {what: sum(line["what"] == what for line in lines) for what in {line["what"] for line in lines}}
    assert (counts["node"], counts["edge"], counts["finding"], counts["score"]) == tuple(
        len(data[name]) for name in ("nodes", "edges", "findings", "scores")
    )
    assert counts["gain"] == sum(len(one["gains"]) for one in data["lenses"])
    rows = list(csv.DictReader(io.StringIO(graphinv("diff", *two, "--format", "csv").out)))
    assert [row["what"] for row in rows] == [line["what"] for line in lines]
    (gain,) = [row for row in rows if row["what"] == "gain" and row["lens"] == "posture"]
    assert (gain["subject"], gain["kind"], gain["target"]) == ("Agent:chief", "read", "Resource:db")
    assert gain["because"] == "DELEGATES_TO Agent:chief → Agent:bot is new"
    (tool,) = [row for row in rows if row["subject"] == "Tool:pay" and row["what"] == "node"]
    assert (json.loads(tool["before"]), json.loads(tool["after"])) == ({"schema_digest": "a"}, {"schema_digest": "b"})


def test_it_fails_on_new_findings_of_a_level_and_on_reach_that_matters(two: tuple[Path, Path]) -> None:
    new = [one["severity"] for one in graphinv("diff", *two, "--format", "json").json["findings"] if one["change"] == "new"]
    assert "critical" not in new or "high" in new
    ran = graphinv("diff", *two, "--fail-on", "info", code=1)
    assert f"{len(new)} findings of level info or worse new (--fail-on): exit 1" in ran.err
    graphinv("diff", *two[::-1], "--fail-on", "info", code=int(_opposite(two)))
    assert "1 pair of an agent and a target that matters gained" in graphinv("diff", *two, "--fail-on-reach", code=1).err
    graphinv("diff", *two[::-1], "--fail-on-reach")
    graphinv("diff", two[1], two[1], "--fail-on", "info", "--fail-on-reach")


def test_accepted_risks_are_hidden_and_counted(two: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    entry = '[[accepted]]\nrule = "GI-*"\nsubject = "Agent:*"\nowner = "ana@acme.example"\nreason = "known"\nuntil = 2026-12-31\n'
    file.write_text(entry)
    whole, left = (graphinv("diff", *two, *more, "-f", "json").json for more in ((), ("--accepted", file)))
    hidden = [one for one in whole["findings"] if one["subject"][0] == "Agent" and one["change"] != "gone"]
    assert hidden
    assert left["accepted"] == len(hidden)
    assert left["findings"] == [one for one in whole["findings"] if one not in hidden]
    assert f"{len(hidden)} findings hidden as accepted risk" in graphinv("diff", *two, "--accepted", file).out
    file.write_text(entry.replace('"Agent:*"', '"*:*"'))
    graphinv("diff", *two, "--accepted", file, "--fail-on", "info")


def _opposite(two: tuple[Path, Path]) -> bool:
    found = graphinv("diff", *two[::-1], "--format", "json").json["findings"]
    return any(one["change"] in ("new", "maybe_new", "changed") for one in found)


def test_what_is_left_out_is_told(two: tuple[Path, Path], tmp_path: Path) -> None:
    shown = graphinv("diff", *two, "--top", "1").out
    assert "(--top 0 lists all)" in shown
    assert "--top 0" not in graphinv("diff", *two, "--top", "0").out
    grants = [{"edge": "CAN_ACCESS", "from": ["Identity", "role"], "to": ["Resource", id], "props": {"actions": ["read"]}} for id in "xyz"]
    after = tmp_path / "graph"
    graphinv("scan", written(tmp_path / "estate.facts.jsonl", [*FACTS, *grants]), "--store", after, "--at", AT)
    assert "… and 2 more targets or sets of actions" in graphinv("diff", two[0], after, "--top", "1", "--only", "reach").out
    lines = graphinv("diff", two[0], after, "--top", "1", "--only", "reach", "--format", "jsonl").lines
    assert [line["because"] for line in lines if line["what"] == "note" and "lens" in line] == ["2 more gains, of less weight"] * 2


def test_on_the_screen_the_change_and_what_it_gave(two: tuple[Path, Path]) -> None:
    shown = graphinv("diff", *two).out
    for line in (
        "schema_digest: a → b",
        "owners: ana@acme.example → not stated",
        "DELEGATES_TO Agent:chief → Agent:bot is new",
        "read Resource:db (restricted, crown jewel)",
        "1. may ask bot to act, unscoped",
    ):
        assert line in shown
    same = graphinv("diff", two[1], two[1]).out
    assert "No fact and no finding differs." in same
    assert "No agent can do more or less than before (lens posture, ungoverned)" in same
    assert graphinv("diff", *two, "--only", "edges").out.count("Changed:") == 0


def test_files_that_cannot_be_read_whole_are_told_and_end_with_2(two: tuple[Path, Path], tmp_path: Path) -> None:
    broken = written(tmp_path / "x.facts.jsonl", FACTS[:2])
    broken.write_text(broken.read_text() + '{"node": \n')
    ran = graphinv("diff", two[0], broken, code=2)
    assert "not known: estate.facts.jsonl was read in part only" in ran.out
    assert "Perhaps gone: where it is stated was not read again" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing", "."), "there is no store at nothing"),
        (("{0}", "{1}", "--lens", "dark"), "no lens 'dark'; one of posture,"),
        (("{0}", "{1}", "--at", "soon"), "--at is not an ISO 8601 time"),
        (("{0}", "{1}", "--only", "all"), "Invalid value for '--only'"),
        ((), "Missing argument 'A'"),
    ],
)
def test_wrong_usage(two: tuple[Path, Path], arguments: tuple[str, ...], said: str) -> None:
    assert said in refused("diff", *(argument.format(*two) for argument in arguments))


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_names_of_strangers_are_harmless(tmp_path: Path, form: str) -> None:
    facts = _facts()
    before = tmp_path / "evil.facts.jsonl"
    before.write_text("\n".join(json.dumps(fact) for fact in facts if fact.get("edge") != "DELEGATES_TO"))
    graphinv("scan", before, "--store", tmp_path / "graph", "--at", AT)
    after = [{**fact, "props": {**fact["props"], "kind_detail": f"=1+{EVIL}"}} if "node" in fact else fact for fact in facts]
    for name, these in (("evil2.facts.jsonl", after), ("evil3.facts.jsonl", [{"node": "Agent", "id": f"z{EVIL}", "props": {}}])):
        (tmp_path / name).write_text("\n".join(map(json.dumps, these)))
        ran = graphinv("diff", tmp_path / "graph", tmp_path / name, "--format", form, "--at", AT)
        assert ran.out
        assert not unseen(ran.out + ran.err)
        if form == "csv":
            cells = [cell for row in csv.reader(io.StringIO(ran.out)) for cell in row]
            assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "＝")]
    assert not unseen(refused("diff", tmp_path / EVIL.replace("/", ""), tmp_path / "graph"))


def test_the_demo_with_a_change(demo: Demo, tmp_path: Path) -> None:
    graphinv("snapshot", tmp_path / "demo.snapshot", "--store", demo.store)
    more = {"edge": "DELEGATES_TO", "from": ["Agent", "finance:invoice-matcher"], "to": ["Agent", "finance:controller"]}
    (demo.root / "zz.facts.jsonl").write_text(json.dumps({**more, "props": {"mode": "handoff", "evidence": ["declared"]}}) + "\n")
    try:
        found = graphinv("diff", tmp_path / "demo.snapshot", demo.root, "--store", demo.store, "--at", AT, "--format", "json").json
    finally:
        (demo.root / "zz.facts.jsonl").unlink()
    assert [(one["edge"]["edge"], one["change"]) for one in found["edges"]] == [("DELEGATES_TO", "new")]
    assert not found["nodes"]
    posture = found["lenses"][0]
    assert {one["agent"][1] for one in posture["agents"]} == {"finance:invoice-matcher"}
    assert posture["gains"][0]["target"] == ["Resource", "saas:bank-gateway/quillmere"]
    assert all(move["because"][0]["edge"]["edge"] == "DELEGATES_TO" for move in posture["gains"])
    new = {(one["rule"], one["subject"][1]) for one in found["findings"] if one["change"] == "new"}
    assert ("GI-GOV-001", "finance:invoice-matcher") in new
