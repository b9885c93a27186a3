from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from pathlib import Path

import pytest

from graphinv.model.errors import IngestError, UsageError
from graphinv.model.facts import place_of
from graphinv.pipeline.read import read_root
from graphinv.pipeline.walk import ALWAYS_UNPACKED, Found, Root, Walk, load, root_of, walk


def paths(root: Root, *, vendored: bool = False) -> tuple[list[str], Walk]:
    record = Walk()
    return [found.path for found in walk(root, record, vendored=vendored)], record


def write(top: Path, *names: str) -> None:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)


def test_files_come_in_order_and_vendored_folders_are_counted(tmp_path: Path) -> None:
    write(tmp_path, "b/x", "a", "b/node_modules/y", "c")
    found, record = paths(root_of(tmp_path))
    assert found == ["a", "c", "b/x"]
    assert (record.files, record.vendored) == (3, 1)
    assert "b/node_modules/y" in paths(root_of(tmp_path), vendored=True)[0]


def test_links_out_of_the_root_are_named_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "in/real.json", "out/secret.json")
    top = tmp_path / "in"
    (top / "inside.json").symlink_to(top / "real.json")
    (top / "outside.json").symlink_to(tmp_path / "out" / "secret.json")
    (top / "folder").symlink_to(tmp_path / "out")
    (top / "loop").symlink_to(top / "loop")
    (top / "gone").symlink_to(top / "nothing")
    (top / "up").symlink_to(top)
    found, record = paths(root_of(top))
    assert found == ["inside.json", "real.json"]
    assert {problem.document: (problem.severity, problem.message) for problem in record.problems} == {
        "outside.json": ("note", "is a link out of the root; not followed"),
        "folder": ("note", "is a link out of the root; not followed"),
        "loop": ("note", "is a link to nothing"),
        "gone": ("note", "is a link to nothing"),
    }


def test_special_files_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".mcp.json")
    assert paths(root_of(tmp_path))[0] == []


def test_a_huge_sparse_file_costs_its_head(tmp_path: Path) -> None:
    with (tmp_path / ".mcp.json").open("wb") as file:
        file.truncate(1 << 30)
    (found,) = walk(root_of(tmp_path), Walk())
    assert found.size == 1 << 30
    assert len(found.head) == 4096
    assert len(load(found, 100)) == 101


def test_names_that_are_no_text_are_still_names(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/a\xff\n\x1b[31m", "w"):
        pass
    assert paths(root_of(tmp_path))[0] == ["a\ufffd\n\x1b[31m"]


def test_roots_are_named_after_the_remote_then_the_folder(tmp_path: Path) -> None:
    plain, cloned = tmp_path / "plain", tmp_path / "work"
    write(plain, "x")
    write(cloned, ".git/config")
    (cloned / ".git" / "config").write_text('[core]\n[remote "origin"]\n\turl = git@example.test:acme/shop.git\n')
    assert root_of(plain).name == "plain"
    assert root_of(cloned).name == "acme/shop"


def test_two_roots_of_one_name_differ(tmp_path: Path) -> None:
    write(tmp_path, "a/app/x", "b/app/x")
    first = root_of(tmp_path / "a" / "app")
    assert root_of(tmp_path / "b" / "app", frozenset({first.name})).name == "b/app"


def test_a_single_file_is_read_as_part_of_its_project(tmp_path: Path) -> None:
    write(tmp_path, "shop/.cursor/mcp.json", "shop/other", "estate.facts.jsonl")
    root = root_of(tmp_path / "shop" / ".cursor" / "mcp.json")
    assert (root.name, paths(root)[0]) == ("shop", [".cursor/mcp.json"])
    facts = root_of(tmp_path / "estate.facts.jsonl")
    assert (facts.name, facts.own_file) == ("estate.facts.jsonl", True)


def test_nothing_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        root_of(tmp_path / "missing")


def packed(top: Path, name: str, data: bytes) -> Found:
    (top / name).write_bytes(data)
    return next(found for found in walk(root_of(top), Walk()) if found.path == name)


def test_a_packed_file_shows_what_is_in_it(tmp_path: Path) -> None:
    said = json.dumps({"mcpServers": {f"s{number}": {"command": "x"} for number in range(1000)}}).encode()
    found = packed(tmp_path, "a.json.gz", gzip.compress(said[:100]) + gzip.compress(said[100:]))
    assert (found.path, found.inner, found.size) == ("a.json.gz", "a.json", (tmp_path / "a.json.gz").stat().st_size)
    assert found.head == said[:100]
    assert load(found, len(said)) == said
    assert len(load(found, 500)) == 501


def test_what_is_only_called_packed_is_taken_as_it_is(tmp_path: Path) -> None:
    found = packed(tmp_path, "a.json.gz", b"{}")
    assert (found.inner, found.head, load(found, 10)) == ("a.json.gz", b"{}", b"{}")


@pytest.mark.parametrize(
    "data",
    [gzip.compress(b"x" * 5000)[:-4], b"\x1f\x8b\x08" + b"\0" * 20, gzip.compress(b"x" * 50)[:12] + b"\xff" * 9],
    ids=["cut off", "empty block", "damaged block"],  # the data itself holds the time at which it was packed
)
def test_a_broken_packed_file_is_told(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(IngestError, match="broken or cut off"):
        load(packed(tmp_path, "a.json.gz", data), 1 << 20)


def test_a_packed_file_that_would_fill_the_memory_is_not_unpacked(tmp_path: Path) -> None:
    found = packed(tmp_path, "bomb.json.gz", gzip.compress(b"0" * (ALWAYS_UNPACKED + 1_000_000)))
    tracemalloc.start()
    with pytest.raises(IngestError, match="more than 200 times"):
        load(found, 1 << 30)
    assert tracemalloc.get_traced_memory()[1] < 3 * ALWAYS_UNPACKED
    tracemalloc.stop()


def test_packed_documents_are_read_as_any_other(tmp_path: Path) -> None:
    (tmp_path / ".mcp.json.gz").write_bytes(gzip.compress(b'{"mcpServers": {"tickets": {"command": "npx"}}}'))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/.mcp.json.gz").write_bytes(gzip.compress(b'{"mcpServers": {"tickets": {"command": "npx"}}}')[:-3])
    reading = read_root(root_of(tmp_path), lambda value: "0" * 32)
    servers = [node for node in reading.nodes if node.kind == "ToolServer"]
    assert [place_of(source, reading.root.name)[0] for node in servers for source in node.props["sources"]] == [".mcp.json.gz"]
    assert [(one.document, one.message) for one in reading.problems] == [
        ("broken/.mcp.json.gz", "is packed with gzip, and broken or cut off")
    ]
