"""Two states of an estate, however they are given: what came, what went, and what cannot be told."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphinv.model.difference import Difference
from graphinv.model.errors import GraphinvError, StoreError, UsageError
from graphinv.pipeline.diff import Side, difference, sides
from graphinv.pipeline.stages import analyze, ingest, roots_of
from graphinv.store import open_store
from graphinv.store.upkeep import backup
from tests.analyze.estates import EXAMPLES

AT, LATER = "2026-07-10T00:00:00Z", "2026-08-10T00:00:00Z"
OWNED = [
    {"edge": "OWNS", "from": ["Owner", "ana@acme.example"], "to": ["Agent", "bot"], "props": {"evidence": ["declared"]}},
    {"edge": "OWNS", "from": ["Owner", "ana@acme.example"], "to": ["Agent", "chief"], "props": {"evidence": ["declared"]}},
]
FACTS: list[dict[str, Any]] = [
    {"node": "Agent", "id": "bot", "props": {"environment": "prod"}},
    {"node": "Agent", "id": "chief", "props": {"environment": "prod"}},
    {"node": "Agent", "id": "aide", "props": {"environment": "prod"}},
    {"node": "Tool", "id": "pay", "props": {"schema_digest": "a", "approved_digest": "a", "effects": ["write"]}},
    {"node": "Resource", "id": "db", "props": {"sensitivity": "restricted", "crown_jewel": True}},
    {"node": "Identity", "id": "role", "props": {"binding": "platform"}},
    {"edge": "USES", "from": ["Agent", "bot"], "to": ["Tool", "pay"], "props": {"evidence": ["declared"], "approved": True}},
    {"edge": "RUNS_AS", "from": ["Agent", "bot"], "to": ["Identity", "role"], "props": {"evidence": ["declared"]}},
    {"edge": "CAN_ACCESS", "from": ["Identity", "role"], "to": ["Resource", "db"], "props": {"actions": ["read"]}},
    {"edge": "DELEGATES_TO", "from": ["Agent", "bot"], "to": ["Agent", "aide"], "props": {"evidence": ["declared"]}},
    *OWNED,
]
DELEGATION = {"edge": "DELEGATES_TO", "from": ["Agent", "chief"], "to": ["Agent", "bot"], "props": {"evidence": ["declared"]}}


def later() -> list[dict[str, Any]]:
    """The facts as they may be a month later: a tool redefined, a delegation more, an owner less."""
    redefined = [{**fact, "props": {**fact["props"], "schema_digest": "b"}} if fact.get("id") == "pay" else fact for fact in FACTS]
    return [*(fact for fact in redefined if fact is not OWNED[0]), DELEGATION]


def written(path: Path, facts: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(fact) + "\n" for fact in facts))
    return path


def stored(place: Path, *roots: Path, at: str | None = AT) -> str:
    """The address of a store of ``roots``, which are analyzed unless there is no time."""
    with open_store(place / "graph", write=True) as store:
        ingest(store, roots_of(roots), at=at or AT)
        if at:
            analyze(store, at=at)
    return str(place / "graph")


def saved(store: str, path: Path) -> str:
    with open_store(store) as opened:
        backup(opened, path, closed=False)
    return str(path)


def compared(before: str | Path, after: str | Path, **more: Any) -> Difference:
    return difference(*sides(str(before), str(after), **more))


def names(changes: Any, change: str) -> set[str]:
    return {one.node[1] for one in changes if one.change == change}


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    """Stores of one file before and after."""
    file = written(tmp_path / "estate.facts.jsonl", FACTS)
    before = stored(tmp_path / "one", file)
    written(file, later())
    return before, stored(tmp_path / "two", file, at=LATER)


def check(found: Difference) -> None:
    """What must be told of the two, in whatever form they were given."""
    assert [(one.node, one.change) for one in found.nodes] == [(("Agent", "bot"), "changed"), (("Tool", "pay"), "changed")]
    assert [(one.name, one.before, one.after) for one in found.nodes[0].properties] == [("owners", ["ana@acme.example"], None)]
    assert [(one.name, one.before, one.after) for one in found.nodes[1].properties] == [("schema_digest", "a", "b")]
    assert [(one.edge.edge, one.change) for one in found.edges] == [("DELEGATES_TO", "new"), ("OWNS", "gone")]
    posture = found.lenses[0]
    assert [(one.agent[1], one.gained, one.lost, one.grave) for one in posture.agents] == [("chief", 1, 0, 1)]
    (gain,) = posture.gains
    assert (gain.target, gain.actions, gain.first) == (("Resource", "db"), ("read",), (("Agent", "chief"),))
    assert [reason.words for reason in gain.because] == ["DELEGATES_TO Agent:chief → Agent:bot is new"]
    assert not found.notes
    new = {(one.rule, one.subject[1]) for one in found.findings if one.change == "new"}
    assert ("GI-OWN-001", "bot") in new
    assert any(rule.startswith("GI-TOL") for rule, _ in new)
    (chief,) = [one for one in found.scores if one.agent[1] == "chief"]
    assert chief.impact[0] is not None
    assert chief.impact[1] is not None
    assert chief.impact[0] < chief.impact[1]


def test_snapshots_stores_and_files_tell_the_same(two: tuple[str, str], tmp_path: Path) -> None:
    snapshots = tuple(saved(store, tmp_path / f"{place}.snapshot") for place, store in enumerate(two))
    files = tuple(written(tmp_path / name, facts) for name, facts in (("old.facts.jsonl", FACTS), ("new.facts.jsonl", later())))
    for before in (two[0], snapshots[0], f"file://{two[0]}", files[0]):
        check(compared(before, snapshots[1]))
    for after in (two[1], files[1]):
        check(compared(snapshots[0], after))
    check(compared(*files))


def test_nothing_differs_from_itself_and_the_other_way_round_is_the_opposite(two: tuple[str, str]) -> None:
    same = compared(two[1], two[1])
    assert (same.nodes, same.edges, same.findings, same.scores, same.notes) == ((), (), (), (), ())
    assert all(not one.agents for one in same.lenses)
    there, back = compared(*two), compared(*two[::-1])
    opposite = {"new": "gone", "gone": "new", "changed": "changed"}
    assert {(one.key, one.change) for one in there.findings} == {(one.key, opposite[one.change]) for one in back.findings}
    assert there.findings
    assert {(one.agent, one.risk) for one in there.scores} == {(one.agent, one.risk[::-1]) for one in back.scores}


def test_a_root_that_was_not_read_again_is_not_gone(tmp_path: Path) -> None:
    shop, lab = written(tmp_path / "shop.facts.jsonl", FACTS), written(tmp_path / "lab.facts.jsonl", [{"node": "Agent", "id": "mouse"}])
    both, one = stored(tmp_path / "both", shop, lab), stored(tmp_path / "one", shop)
    found = compared(both, one)
    assert names(found.nodes, "maybe_gone") == {"mouse"}
    assert names(found.nodes, "gone") == set()
    lost = [change for change in found.findings if change.subject == ("Agent", "mouse")]
    assert lost
    assert {(change.change, change.because) for change in lost} == {("maybe_gone", "lab.facts.jsonl was not scanned")}
    assert f"lab.facts.jsonl was not scanned in {one}: 1 node or edge of {both} that it lacks may still be there" in found.notes
    back = compared(one, both)
    assert names(back.nodes, "maybe_new") == {"mouse"}
    assert {change.change for change in back.findings if change.subject == ("Agent", "mouse")} == {"maybe_new"}


def test_what_a_file_may_still_say_that_cannot_be_read_is_not_gone(tmp_path: Path) -> None:
    before = stored(tmp_path / "one", written(tmp_path / "shop" / "a.facts.jsonl", FACTS).parent)
    (tmp_path / "shop" / "a.facts.jsonl").write_text('{"node": "Agent", "id": "bot"}\n{"node": \n')
    both = sides(before, str(tmp_path / "shop"))
    assert (both[0].fresh, both[1].fresh, both[1].unread) == (False, True, 1)
    found = difference(*both)
    assert "chief" in names(found.nodes, "maybe_gone")
    assert not names(found.nodes, "gone")
    assert not [change for change in found.findings if change.change == "gone"]


def test_a_dump_that_was_not_made_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    written(folder / "a.facts.jsonl", FACTS)
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": {"x": {"command": "npx", "args": ["x-mcp"]}}}))
    before = stored(tmp_path / "one", folder)
    (folder / ".mcp.json").unlink()
    (note,) = [note for note in compared(before, folder).notes if "formats" in note]
    assert note.startswith(f"shop has documents of formats in {before} of which {folder} has none")
    assert note.endswith("counts as gone: mcp_claude_code (1)")
    (note,) = [note for note in compared(folder, before).notes if "formats" in note]
    assert note.endswith("counts as new: mcp_claude_code (1)")


@pytest.mark.parametrize("another", [False, True])
def test_what_cannot_be_judged_any_more_is_not_gone(tmp_path: Path, *, another: bool) -> None:
    gates = ["gate", "other"] if another else ["gate"]
    guarded = [
        {**DELEGATION, "props": {"evidence": ["declared"], "guards": gates}},
        {"node": "EnforcementPoint", "id": "gate", "props": {"mode": "enforce", "distinguishes": "none"}},
    ]
    other = [{"node": "EnforcementPoint", "id": "other", "props": {"mode": "enforce", "distinguishes": "agent"}}] if another else []
    silent = {**guarded[1], "props": {"mode": "enforce"}}
    file = written(tmp_path / "shop.facts.jsonl", [*FACTS, *guarded, *other])
    before = stored(tmp_path / "one", file)
    after = stored(tmp_path / "two", written(file, [*FACTS, guarded[0], silent, *other]))
    found = compared(before, after)
    (change,) = [change for change in found.findings if change.rule == "GI-GOV-005"]
    assert change.change == "maybe_gone"
    assert ("no longer stated" if another else "could not be judged") in change.because
    note = f"could be judged in {before} and not in {after}: GI-GOV-005"
    assert any(one.startswith(note) for one in found.notes) == (not another)


def test_a_finding_that_comes_back_is_reopened(tmp_path: Path) -> None:
    file = written(tmp_path / "shop.facts.jsonl", later())
    address = tmp_path / "store"
    stored(address, file)
    written(file, FACTS)
    mended = saved(stored(address, file, at=LATER), tmp_path / "mended.snapshot")
    written(file, later())
    found = compared(mended, stored(address, file, at="2026-09-10T00:00:00Z"))
    (back,) = [one for one in found.findings if (one.rule, one.subject[1]) == ("GI-OWN-001", "bot")]
    assert (back.change, back.reopened) == ("new", True)


def test_without_results_or_at_another_time_it_is_analyzed_and_stores_stay_as_they_are(two: tuple[str, str], tmp_path: Path) -> None:
    facts_only = stored(tmp_path / "three", written(tmp_path / "estate.facts.jsonl", later()), at=None)
    held = Path(facts_only).read_bytes()
    check(compared(two[0], facts_only))
    found = compared(*two, at=LATER)
    assert (found.before.at, found.after.at) == (LATER, LATER)
    assert compared(*two).before.at == AT
    assert Path(facts_only).read_bytes() == held


def test_secrets_are_fingerprinted_with_the_key_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHINV_STORE", str(tmp_path / "none" / "graph"))
    folder = tmp_path / "shop"
    folder.mkdir()
    server = {"command": "npx", "args": ["x-mcp"], "env": {"API_KEY": "sk-proj-" + "a1B2" * 12}}
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": {"x": server}}))
    before = stored(tmp_path / "one", folder)
    snapshot = saved(before, tmp_path / "one.snapshot")
    assert not compared(before, folder).nodes
    assert not compared(snapshot, folder, keeper=before).nodes
    strange = compared(snapshot, folder)
    assert {one.change for one in strange.nodes if one.node[0] == "Secret"} == {"new", "gone"}
    assert any("no secret whose value was seen is in both (1 and 1)" in note for note in strange.notes)


def test_a_folder_stands_for_the_only_root_of_the_other(tmp_path: Path) -> None:
    main, branch = (written(tmp_path / name / "a.facts.jsonl", facts).parent for name, facts in (("main", FACTS), ("branch", later())))
    check(compared(main, branch))
    found = compared(main, branch)
    assert found.before.roots == found.after.roots == {"branch": "complete"}


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda path: path / "nothing", StoreError, "there is no store at"),
        (lambda path: "redis://x", UsageError, "no store for redis:// addresses"),
        (lambda path: _file(path, b"\x1f\x8b no"), StoreError, "cannot be read as a backup"),
        (lambda path: _file(path, b"Dear Sir"), StoreError, "not a graphinv store"),
    ],
)
def test_what_is_nothing_to_compare_is_said(
    two: tuple[str, str], tmp_path: Path, make: Callable[[Path], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        sides(two[0], str(make(tmp_path)))


def _file(path: Path, content: bytes) -> Path:
    (path / "thing").write_bytes(content)
    return path / "thing"


def rewritten(snapshot: str, path: Path, change: Callable[[list[Any]], None]) -> str:
    """The snapshot with its lines changed, and a digest that fits."""
    lines = [json.loads(line) for line in gzip.decompress(Path(snapshot).read_bytes()).splitlines()[:-1]]
    change(lines)
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    ending = json.dumps({"sha256": hashlib.sha256(content).hexdigest()}).encode() + b"\n"
    path.write_bytes(gzip.compress(content + ending))
    return str(path)


def test_a_snapshot_of_a_newer_vocabulary_is_refused(two: tuple[str, str], tmp_path: Path) -> None:
    def wand(lines: list[Any]) -> None:
        (tool,) = [line for line in lines if line.get("n") == ["Tool", "pay"]]
        tool["n"][0] = "Wand"

    newer = rewritten(saved(two[0], tmp_path / "one.snapshot"), tmp_path / "newer.snapshot", wand)
    with pytest.raises(StoreError, match=r"is no sound snapshot: .*Wand.*; is it of a newer graphinv\?"):
        sides(two[0], newer)


@pytest.mark.parametrize("thing", ["n", "e"])
def test_a_snapshot_in_which_a_thing_stands_twice_is_refused(two: tuple[str, str], tmp_path: Path, thing: str) -> None:
    def again(lines: list[Any]) -> None:
        place = next(place for place, line in enumerate(lines) if thing in line)
        lines.insert(place, lines[place])
        lines[0]["nodes" if thing == "n" else "edges"] += 1

    twice = rewritten(saved(two[0], tmp_path / "one.snapshot"), tmp_path / "twice.snapshot", again)
    with pytest.raises(StoreError, match=r"is no sound snapshot: .* is not in its place"):
        sides(two[0], twice)


def test_findings_that_both_have_are_counted_and_not_kept(two: tuple[str, str], tmp_path: Path) -> None:
    snapshots = [saved(store, tmp_path / f"{number}.snapshot") for number, store in enumerate(two)]
    sizes, keys = [], []
    for store in two:
        with open_store(store) as opened:
            analysis = opened.analysis()
        assert analysis is not None
        sizes.append(len(analysis.findings))
        keys.append({finding.key for finding in analysis.findings})
    for given in (two, snapshots, (two[0], snapshots[1])):
        before, after = sides(*given)
        assert [before.compared().findings, after.compared().findings] == sizes
        assert before.alike == after.alike == keys[0] & keys[1] != set()
        assert before.open.keys() == keys[0] - keys[1]
        assert after.open.keys() == keys[1] - keys[0]


def test_whatever_a_snapshot_holds_is_compared_or_refused(two: tuple[str, str], tmp_path: Path) -> None:
    snapshot = saved(two[0], tmp_path / "one.snapshot")
    refused = 0
    for number in range(120 * EXAMPLES):
        dice = random.Random(number)

        def spoil(lines: list[Any], dice: random.Random = dice) -> None:
            place: Any = lines
            while isinstance(place, (dict, list)) and place:
                key = dice.choice(list(place) if isinstance(place, dict) else range(len(place)))
                if dice.random() < 0.3 or not isinstance(place[key], (dict, list)) or not place[key]:
                    place[key] = dice.choice([None, 7, -1.5, True, "", "soon", "\x1b[31m", [], [7], {}, {"a": []}, [["Agent", "bot"]]])
                    return
                place = place[key]

        try:
            difference(*sides(rewritten(snapshot, tmp_path / "spoilt.snapshot", spoil), snapshot), most=1)
        except GraphinvError:
            refused += 1
    assert refused > 40


def test_a_side_says_in_short_what_it_is(two: tuple[str, str]) -> None:
    side: Side = sides(*two)[0]
    assert side.compared().to_json() | {"findings": 0} == {
        "name": two[0], "at": AT, "generation": 1, "roots": {"estate.facts.jsonl": "complete"},
        "agents": 3, "nodes": 7, "edges": 6, "findings": 0,
    }  # fmt: skip
