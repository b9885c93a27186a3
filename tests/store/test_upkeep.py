"""Pruning, copies, backups and verification, the same on every engine."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graphinv.model.errors import GraphinvError, StoreError, UsageError
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.model.results import Finding
from graphinv.pipeline.diff import difference as difference_of
from graphinv.pipeline.diff import sides
from graphinv.store import Store, open_store, upkeep
from graphinv.store.merge import State
from graphinv.store.upkeep import FORMAT, Pruned, backup, copy, difference, problems, prune, read_backup, restore
from tests.store.conftest import Factory
from tests.store.support import BOT, DB, EDGES, NODES, ROLE, analysis, day, scan


def a_year(store: Store) -> None:
    """Two roots, scanned again and again: history, placeholders, results, what came back."""
    store.commit(scan(1), [*NODES, NodeFact("Tool", "old")], [*EDGES, EdgeFact("USES", BOT, ("Tool", "old"))])
    store.commit(scan(2, root="lab"), NODES[:1], [EdgeFact("HOLDS", BOT, ("Secret", "ghost"), {"scopes": []})])
    store.commit(scan(3), NODES, EDGES)
    store.commit(scan(4, outcome="partial"), NODES[:2], [])
    store.commit(scan(5), NODES[:2], EDGES[:1])
    store.put_analysis(analysis(6, generation=5))


def test_prune_takes_what_was_closed_before_and_nothing_else(store_factory: Factory) -> None:
    with store_factory() as store:
        a_year(store)
        estate, results = store.estate(), store.analysis()
        assert prune(store, day(4), dry_run=True) == Pruned(nodes=1, edges=1)
        assert store.query("MATCH (t:Tool) RETURN t.id").rows == (("old",),)
        assert prune(store, day(4)) == Pruned(nodes=1, edges=1)
        assert store.query("MATCH (t:Tool) RETURN t.id").rows == ()
        assert store.query("MATCH (r:Resource) RETURN r.id, r.gone_at").rows == (("db", day(5)),)
        assert (store.estate(), store.analysis()) == (estate, results)
        assert prune(store, day(4)) == Pruned(0, 0)
    with store_factory() as store:
        assert (store.estate(), store.analysis()) == (estate, results)
        assert prune(store, day(28)) == Pruned(nodes=1, edges=1)
        assert (store.estate(), store.generation) == (estate, 5)
        assert store.query("MATCH (n:Agent) RETURN n.risk").rows == ((44.25,),)
        # What went comes back as new.
        assert store.commit(scan(7), NODES, EDGES).created == 2
        assert store.estate().nodes[DB].props["first_seen"] == day(7)


def former(key: str, subject: NodeKey, fixed_at: str | None) -> Finding:
    """A finding of an earlier analysis."""
    about: dict[str, Any] = {"rule": "a-rule", "title": key, "severity": "high", "confidence": 0.9, "path": (), "owners": (), "details": {}}
    return Finding(key=key, subject=subject, target=None, first_seen=day(1), fixed_at=fixed_at, **about)


def test_prune_takes_findings_that_were_fixed_before(store_factory: Factory) -> None:
    known = (former("early", BOT, day(3)), former("later", BOT, day(5)), former("open", BOT, None))
    with store_factory() as store:
        store.commit(scan(1), NODES, EDGES)
        store.put_analysis(analysis(6, rules=()).model_copy(update={"former": known}))
        assert prune(store, day(3)) == Pruned(0, 0)
        assert prune(store, day(4), dry_run=True) == prune(store, day(4)) == Pruned(0, 0, findings=1)
        left = store.analysis()
        assert left
        assert [finding.key for finding in left.former] == ["later", "open"]
        assert store.query("MATCH (f:Finding) RETURN f.id").rows == (("later",),)


def test_what_was_pruned_is_restored_with_what_results_say_of_it(store_factory: Factory, tmp_path: Path) -> None:
    about = "MATCH (:Finding)-[:ABOUT]->(t:Tool) RETURN count(t) AS n"
    with store_factory() as store:
        a_year(store)
        store.put_analysis(analysis(7, generation=5).model_copy(update={"former": (former("old", ("Tool", "old"), day(9)),)}))
        backup(store, tmp_path / "kept")
        assert prune(store, day(4)) == Pruned(nodes=1, edges=1)
        assert store.query(about).rows == ((0,),)
        restore(tmp_path / "kept", store, force=True)
        assert store.query(about).rows == ((1,),)


def test_a_copy_is_equal_in_either_direction(store_factory: Factory, tmp_path: Path) -> None:
    with store_factory() as store:
        a_year(store)
        state, results = store.state(), store.analysis()
        with open_store(tmp_path / "there", write=True) as other:
            copy(store, other)
        with open_store(tmp_path / "there") as other:
            assert difference(state, other.state()) is None
            assert other.analysis() == results
            with pytest.raises(UsageError, match="--force"):
                copy(other, store)
    with open_store(tmp_path / "there") as other, store_factory("back") as store:
        copy(other, store)
    with store_factory("back", write=False) as store:
        assert difference(state, store.state()) is None
        assert (store.analysis(), store.generation) == (results, 5)
        assert store.query("MATCH ()-[r:CAN_REACH]->() RETURN count(r) AS n").rows == ((2,),)


def test_a_copy_replaces_everything(store_factory: Factory, tmp_path: Path) -> None:
    with open_store(tmp_path / "there", write=True) as other, store_factory() as store:
        a_year(store)
        other.commit(scan(9, root="other"), [NodeFact("Agent", "x")], [])
        copy(other, store, force=True)
        assert difference(other.state(), store.state()) is None
        assert store.analysis() is None
        assert store.query("MATCH (f:Finding) RETURN f.id").rows == ()
        assert store.query("MATCH (n:Agent) RETURN n.id, n.risk").rows == (("x", None),)
        assert store.query("MATCH (s:Scan) RETURN s.id").rows == (("other",),)


def test_a_backup_is_restored_equal(store_factory: Factory, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with store_factory() as store:
        a_year(store)
        state, results = store.state(), store.analysis()
        backup(store, file)
        with pytest.raises(UsageError, match="there already"):
            backup(store, file)
        with pytest.raises(UsageError, match="--force"):
            restore(file, store)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["backup"]
    with store_factory("new") as store:
        restore(file, store)
        assert difference(state, store.state()) is None
    with store_factory("new", write=False) as store:
        assert difference(state, store.state()) is None
        assert store.analysis() == results


def test_a_backup_without_what_is_closed_is_the_same_from_either_engine(store_factory: Factory, tmp_path: Path) -> None:
    with store_factory() as store:
        a_year(store)
        backup(store, tmp_path / "live", closed=False)
        with open_store(tmp_path / "there", write=True) as other:
            copy(store, other)
            backup(other, tmp_path / "again", closed=False)
            assert prune(other, day(28)) == Pruned(nodes=2, edges=2)
            left, results = other.state(), other.analysis()
    assert (tmp_path / "live").read_bytes() == (tmp_path / "again").read_bytes()
    state, analysis_ = read_backup(tmp_path / "live")
    assert all(entry.live for entry in (*state.nodes.values(), *state.edges.values()))
    assert difference(state, left) is None
    assert analysis_ == results


def test_a_snapshot_differs_in_nothing_from_what_it_is_of(store_factory: Factory, tmp_path: Path) -> None:
    with store_factory() as store:
        a_year(store)
        backup(store, tmp_path / "live", closed=False)
        url = store.url
    for ends in ((str(tmp_path / "live"), url), (url, str(tmp_path / "live"))):
        found = difference_of(*sides(*ends))
        assert found.before.nodes == found.after.nodes > 0
        assert found.before.findings == found.after.findings > 0
        assert (found.nodes, found.edges, found.seen_anew, found.findings, found.scores, found.notes) == ((), (), 0, (), (), ())


def test_results_of_any_size_are_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "MAX_LINE", 4096)
    results = analysis(6, generation=5)
    scores = tuple(replace(results.scores[0], subject=("Agent", f"a{number}")) for number in range(50))
    with open_store(tmp_path / "graph", write=True) as store:
        a_year(store)
        store.put_analysis(results.model_copy(update={"scores": scores}))
        backup(store, tmp_path / "kept")
        assert read_backup(tmp_path / "kept")[1] == store.analysis()


def test_a_backup_of_the_first_form_is_read(tmp_path: Path) -> None:
    with open_store(tmp_path / "graph", write=True) as store:
        a_year(store)
        state, results = store.state(), store.analysis()
        backup(store, tmp_path / "kept")
    assert results
    head, *lines = map(json.loads, gzip.decompress((tmp_path / "kept").read_bytes()).splitlines())
    whole = results.model_dump(mode="json", by_alias=True)
    first = [{**head, "graphinv-backup": 1, "analysis": whole}, *(line for line in lines if "n" in line or "e" in line)]
    del first[0]["results"], first[0]["packed"]
    written = b"".join(json.dumps(line).encode() + b"\n" for line in first)
    ending = json.dumps({"sha256": hashlib.sha256(written).hexdigest()}).encode() + b"\n"
    (tmp_path / "older").write_bytes(gzip.compress(written + ending))
    read, analysis_ = read_backup(tmp_path / "older")
    assert difference(read, state) is None
    assert analysis_ == results


def test_a_sound_store_has_no_problems(store_factory: Factory) -> None:
    with store_factory() as store:
        a_year(store)
        assert problems(store.state()) == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda s: replace(s, nodes={k: v for k, v in s.nodes.items() if k != ROLE}), "ends in what is not there"),
        (lambda s: replace(s, scans={}), "never scanned"),
        (lambda s: replace(s, nodes={**s.nodes, ("Wizard", "w"): s.nodes[BOT]}), "no kind of the vocabulary"),
        (lambda s: replace(s, edges={(*k[:3], "x"): v for k, v in s.edges.items()}), "key that is not its own"),
        (lambda s: replace(s, nodes={**s.nodes, BOT: s.nodes[BOT]._replace(gone_at=day(9))}), "closed and still stated"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, damage: Callable[[State], State], words: str) -> None:
    with open_store(tmp_path / "graph", write=True) as store:
        a_year(store)
        assert any(words in problem for problem in problems(damage(store.state())))


def test_a_damaged_backup_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with open_store(tmp_path / "graph", write=True) as store:
        a_year(store)
        backup(store, tmp_path / "whole")
    lines = gzip.decompress((tmp_path / "whole").read_bytes()).splitlines(keepends=True)
    head = json.loads(lines[0])
    newer = json.dumps({**head, "graphinv-backup": FORMAT + 1}).encode() + b"\n"
    cases = {
        "empty": b"",
        "text": b"hello",
        "cut": gzip.compress(b"".join(lines))[:-30],
        "short": gzip.compress(b"".join(lines[:-2])),
        "without digest": gzip.compress(b"".join(lines[:-1])),
        "changed": gzip.compress(b"".join(lines).replace(b"Billing bot", b"Willing bot")),
        "more": gzip.compress(b"".join([*lines, b"{}\n"])),
        "newer": gzip.compress(b"".join([newer, *lines[1:]])),
        "list": gzip.compress(b"[]\n"),
        "other": gzip.compress(b'{"a": 1}\n'),
        "deep": gzip.compress(b"[" * 200_000 + b"\n"),
        "counts": gzip.compress(json.dumps({**head, "nodes": 10**9}).encode() + b"\n" + b"".join(lines[1:])),
    }
    for name, content in cases.items():
        (tmp_path / "file").write_bytes(content)
        with open_store(tmp_path / "target", write=True) as store:
            with pytest.raises(StoreError):
                restore(tmp_path / "file", store)
            assert store.generation == 0, name
    with pytest.raises(StoreError):
        read_backup(tmp_path / "nothing")


def test_a_backup_cannot_be_written_where_there_is_no_folder(tmp_path: Path) -> None:
    with open_store(tmp_path / "graph", write=True) as store:
        a_year(store)
        with pytest.raises(GraphinvError, match="cannot write the backup"):
            backup(store, tmp_path / "no" / "file")
