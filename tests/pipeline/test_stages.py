"""The stages on small estates: roots, generations, and what analyzing writes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphinv.model.errors import NotFound, StoreError, UsageError
from graphinv.pipeline.stages import analyze, engine, ingest, library, render, roots_of, rules, scan, settings
from graphinv.store import open_store

AT = "2026-03-01T00:00:00Z"
SERVER = json.dumps({"mcpServers": {"x": {"command": "npx", "args": ["x-mcp"]}}})


def folder(path: Path, *files: str) -> Path:
    for file in files or (".mcp.json",):
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).write_text(SERVER if file.endswith(".mcp.json") else "")
    return path


def test_roots_keep_the_order_they_were_given_in(tmp_path: Path) -> None:
    two, one = folder(tmp_path / "two"), folder(tmp_path / "one")
    assert [root.name for root in roots_of([two, one])] == ["two", "one"]


def test_a_root_given_twice_is_read_once(tmp_path: Path) -> None:
    one = folder(tmp_path / "one")
    assert len(roots_of([one, f"{one}/.", tmp_path / "one" / ".." / "one"])) == 1


def test_names_differ_and_do_not_hang_on_the_order(tmp_path: Path) -> None:
    places = [folder(tmp_path / parent / "app") for parent in ("a", "b", "c")]
    names = {root.path: root.name for root in roots_of(places)}
    assert sorted(names.values()) == ["app", "b/app", "c/app"]
    assert {root.path: root.name for root in roots_of(reversed(places))} == names


def test_files_of_one_project_share_its_root(tmp_path: Path) -> None:
    one = folder(tmp_path / "a" / "app", ".mcp.json", ".env")
    other = folder(tmp_path / "b" / "app", ".mcp.json", ".env")
    roots = roots_of([other / ".env", one / ".env", one / ".mcp.json", other, other / ".mcp.json"])
    assert [(root.name, root.only) for root in roots] == [
        ("b/app", ".env"),
        ("app", ".env"),
        ("app", ".mcp.json"),
        ("b/app", None),
        ("b/app", ".mcp.json"),
    ]


def test_nothing_is_written_when_one_root_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file or folder"):
        scan(str(tmp_path / "graph"), [folder(tmp_path / "one"), tmp_path / "missing"])
    assert not (tmp_path / "graph").exists()


def test_each_root_is_a_generation_and_progress_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    done = scan(str(tmp_path / "graph"), [folder(tmp_path / "one"), folder(tmp_path / "two")], lambda stage, *_: told.append(stage), at=AT)
    assert [(root.scan.root, root.committed.generation) for root in done.roots] == [("one", 1), ("two", 2)]
    assert list(dict.fromkeys(told)) == ["walking", "reading", "joining", "storing", "analyzing"]
    assert done.analysis is not None
    assert (done.analysis.generation, done.analysis.at) == (2, AT)


def test_a_scan_remembers_what_it_read_and_no_place_of_the_machine(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", ".mcp.json", "node_modules/x/.mcp.json")
    scan(str(tmp_path / "graph"), [one], at=AT)
    with open_store(tmp_path / "graph") as store:
        (remembered,) = store.scans()
    assert remembered.at > AT, "what is read now was first seen now, whatever time it is judged at"
    assert dict(remembered.counts) == {"mcp_claude_code": 1, "files": 1, "vendored_folders": 1}
    assert (remembered.documents, remembered.outcome) == (1, "complete")
    assert len(remembered.location) == 16
    assert str(tmp_path) not in repr(remembered)


DUMP = {
    "UserDetailList": [
        {
            "Arn": "arn:aws:iam::111122223333:user/bot",
            "UserPolicyList": [
                {
                    "PolicyName": "own",
                    "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::quillmere-*"}]},
                }
            ],
            "GroupList": [],
        }
    ]
}


def account_and_code(tmp_path: Path) -> tuple[Path, Path]:
    account, code = tmp_path / "account", tmp_path / "code"
    account.mkdir()
    code.mkdir()
    (account / "account.json").write_text(json.dumps(DUMP))
    (code / "main.tf").write_text('resource "aws_s3_bucket" "b" { bucket = "quillmere-orders" }\n')
    return account, code


def reached(store: str) -> set[str]:
    with open_store(store) as opened:
        return {edge.target[1] for edge in opened.estate().edges if edge.kind == "CAN_ACCESS" and edge.source[1].endswith("user/bot")}


def test_policies_reach_what_other_commands_scanned_before(tmp_path: Path) -> None:
    account, code = account_and_code(tmp_path)
    together, apart = str(tmp_path / "together"), str(tmp_path / "apart")
    scan(together, [account, code], at=AT)
    assert reached(together) == {"arn:aws:s3:::quillmere-orders"}
    scan(apart, [account], at=AT)
    assert reached(apart) == {"arn:aws:s3:::quillmere-*"}
    told = scan(apart, [code], at=AT).problems
    assert ["'account', scanned before by themselves" in problem.message for problem in told] == [True], "the pattern is not evaluated anew"
    assert scan(apart, [account], at=AT).problems == ()
    assert "arn:aws:s3:::quillmere-orders" in reached(apart)


def test_what_the_root_itself_said_before_is_not_known_beside_it(tmp_path: Path) -> None:
    account, code = account_and_code(tmp_path)
    store = str(tmp_path / "graph")
    scan(store, [code], at=AT)
    scan(store, [account], at=AT)
    assert reached(store) == {"arn:aws:s3:::quillmere-orders"}
    (account / "account.json").write_text(json.dumps({"UserDetailList": []}))
    scan(store, [account], at=AT)
    assert reached(store) == set()


def test_roots_within_each_other_are_told(tmp_path: Path) -> None:
    outer = folder(tmp_path / "outer")
    inner = folder(tmp_path / "outer" / "inner")
    done = scan(str(tmp_path / "graph"), [outer, inner], at=AT)
    assert [(problem.severity, problem.message.partition(":")[0]) for problem in done.roots[1].scan.problems] == [
        ("warning", "lies within the root 'outer', which was scanned too")
    ]
    assert not done.roots[0].scan.problems


def test_a_root_that_holds_nothing_any_more_closes_nothing_and_says_so(tmp_path: Path) -> None:
    root, url = folder(tmp_path / "shop"), str(tmp_path / "graph")
    scan(url, [root])
    (root / ".mcp.json").unlink()
    again = scan(url, [root])
    assert [problem.message[:23] for problem in again.problems] == ["holds no file at all, t"]
    with open_store(url) as store:
        assert any(key[0] == "ToolServer" for key in store.estate().nodes)
    (root / "README.md").write_text("# Nothing here\n")
    scan(url, [root])
    with open_store(url) as store:
        assert not any(key[0] == "ToolServer" for key in store.estate().nodes)


def test_vendored_folders_are_read_when_asked_for(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", "node_modules/x/.mcp.json")
    for vendored, agents in ((False, 0), (True, 1)):
        scan(str(tmp_path / f"graph{agents}"), [one], at=AT, vendored=vendored)
        with open_store(tmp_path / f"graph{agents}") as store:
            assert len(list(store.estate().of_kind("Agent"))) == agents


def test_findings_keep_when_they_were_first_seen(tmp_path: Path) -> None:
    one = folder(tmp_path / "one")
    scan(str(tmp_path / "graph"), [one], at=AT)
    later = "2026-04-01T00:00:00Z"
    with open_store(tmp_path / "graph", write=True) as store:
        first = store.analysis()
        again = analyze(store, at=later)
    assert first is not None
    assert again.at == later
    assert first.findings
    assert {f.key: f.first_seen for f in again.findings} == {f.key: AT for f in first.findings}


def test_an_empty_store_cannot_be_analyzed(tmp_path: Path) -> None:
    with open_store(tmp_path / "graph", write=True) as store, pytest.raises(StoreError, match="commit a scan first"):
        analyze(store)


def test_exports_of_results_want_results_and_those_of_facts_do_not(tmp_path: Path) -> None:
    with open_store(tmp_path / "graph", write=True) as store:
        ingest(store, roots_of([folder(tmp_path / "one")]), at=AT)
        with pytest.raises(NotFound, match="run `graphinv analyze`"):
            render(store, "sarif")
        assert isinstance(render(store, "facts"), str)
        assert isinstance(render(store, "facts-csv"), dict)
        analyze(store, at=AT)
        assert '"ruleId"' in str(render(store, "sarif"))


def test_the_time_of_an_engine_is_the_one_asked_for(tmp_path: Path) -> None:
    scan(str(tmp_path / "graph"), [folder(tmp_path / "one")], at=AT)
    with open_store(tmp_path / "graph") as store:
        assert engine(store, at="2031-01-01T00:00:00Z").at == "2031-01-01T00:00:00Z"
        assert engine(store).at > AT


def test_who_asks_first_keeps_the_arrays_for_who_asks_next(tmp_path: Path) -> None:
    url = str(tmp_path / "graph")
    with open_store(url, write=True) as store:
        ingest(store, roots_of([folder(tmp_path / "one")]))
    with open_store(url) as store:
        assert store.aside is not None
        engine(store, at=AT)
        assert not store.aside.exists()  # whoever asks many things of its own, and says nothing of others, keeps nothing
        before = engine(store, at=AT, keeping=True)
        assert store.aside.exists()
    with open_store(url) as store:
        after = engine(store, at=AT, keeping=True)
        assert "estate" not in after.structure.__dict__
        assert list(after.reach_all()) == list(before.reach_all())


def test_arrays_that_were_damaged_are_made_again(tmp_path: Path) -> None:
    url = str(tmp_path / "graph")
    scan(url, [folder(tmp_path / "one")])
    with open_store(url) as store:
        assert store.aside is not None
        whole = (store.aside / "arcs.target.npy").read_bytes()
        (store.aside / "arcs.target.npy").write_bytes(whole[:-1] + b"\x7f")
        engine(store, at=AT, keeping=True)
        assert (store.aside / "arcs.target.npy").read_bytes() == whole


def test_where_nothing_can_be_kept_answers_are_the_same(tmp_path: Path) -> None:
    url = str(tmp_path / "graph")
    with open_store(url, write=True) as store:
        ingest(store, roots_of([folder(tmp_path / "one")]))
    (tmp_path / "graph.arrays").write_text("in the way")
    with open_store(url) as store:
        assert [reach.subject for reach in engine(store, at=AT, keeping=True).reach_all()]
    (tmp_path / "graph.arrays").unlink()
    (tmp_path / "graph.key").unlink()
    with open_store(url) as store:
        assert [reach.subject for reach in engine(store, at=AT, keeping=True).reach_all()]
    assert not (tmp_path / "graph.key").exists()
    assert not (tmp_path / "graph.arrays").exists()


def test_what_is_bundled_loads() -> None:
    assert len(rules()) >= 10
    assert len(library()) >= 10
    assert settings().actions
