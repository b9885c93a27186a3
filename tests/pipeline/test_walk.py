from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphinv.model.errors import UsageError
from graphinv.pipeline.walk import Root, Walk, load, root_of, walk


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
