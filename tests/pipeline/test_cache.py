"""What documents said is kept in the user's own cache, and only what changed is read again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from graphinv.ingest import Document, mcp_claude_code, python_source
from graphinv.pipeline.cache import cache_folder, opened_cache
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import Reading, read_root
from graphinv.pipeline.walk import root_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRAPHINV_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for part in ("api", "web"):
        file = tmp_path / "shop" / part / ".mcp.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"mcpServers": {"s": {"command": "npx", "env": {"ACME_TOKEN": "a1B2c3D4" * 5}}}}))
    return tmp_path / "shop"


@pytest.fixture
def read_documents(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the documents that were really read."""
    paths: list[str] = []
    read = mcp_claude_code.read

    def watched(document: Document) -> object:
        paths.append(document.path)
        return read(document)

    monkeypatch.setattr(mcp_claude_code, "read", watched)
    return paths


def read(shop: Path, key: bytes = b"k" * 32) -> Reading:
    return read_root(root_of(shop), Fingerprinter(key))


def test_a_second_scan_reads_only_what_changed(folder: Path, shop: Path, read_documents: list[str]) -> None:
    first = read(shop)
    assert read_documents == ["api/.mcp.json", "web/.mcp.json"]
    assert read(shop) == first
    assert len(read_documents) == 2
    (shop / "web" / ".mcp.json").write_text("{}")
    assert read(shop).nodes != first.nodes
    assert read_documents[2:] == ["web/.mcp.json"]


def test_another_key_or_root_is_read_anew(folder: Path, shop: Path, read_documents: list[str]) -> None:
    first = read(shop)
    assert read(shop, b"x" * 32).nodes != first.nodes, "fingerprints differ"
    renamed = shop.rename(shop.with_name("store"))
    assert {node.id for node in read(renamed).nodes}.isdisjoint({node.id for node in first.nodes if "shop" in node.id})
    assert len(read_documents) == 6


def test_it_is_the_users_alone_and_holds_no_value(folder: Path, shop: Path) -> None:
    read(shop)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = list(folder.iterdir())
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
    assert b"a1B2c3D4" not in files[0].read_bytes()


def test_a_folder_that_others_may_write_to_is_not_used(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    assert cache_folder() is None


def test_off_is_off(folder: Path, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHINV_CACHE", "off")
    read(shop)
    with opened_cache() as cache:
        assert cache is None
    assert not folder.exists()


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + bytes(5000)], ids=["empty", "foreign", "torn"])
def test_a_damaged_cache_is_no_cache(folder: Path, shop: Path, damage: bytes) -> None:
    first = read(shop)
    (folder / "readings.sqlite").write_bytes(damage)
    assert read(shop) == first


def test_a_damaged_entry_is_read_anew(folder: Path, shop: Path, read_documents: list[str]) -> None:
    first = read(shop)
    with sqlite3.connect(folder / "readings.sqlite") as base:
        base.execute("UPDATE kept SET value = x'80'")
    base.close()
    assert read(shop) == first
    assert len(read_documents) == 4


def test_what_is_linked_is_kept_by_part(folder: Path, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for team in ("red", "blue"):
        (shop / team).mkdir()
        (shop / team / "tools.py").write_text("def refund(order: str) -> str:\n    open(order, 'w')\n")
        (shop / team / "bot.py").write_text("from agents import Agent\nfrom tools import refund\nbot = Agent(name='bot', tools=[refund])\n")
    (shop / "helper.py").write_text("import json\n")
    told: list[tuple[str, list[str]]] = []
    summarise, link = python_source.summarise, python_source.link

    def summarised(one: Document) -> object:
        told.append(("summarise", [one.path]))
        return summarise(one)

    def linked(root: str, summaries: Mapping[str, object]) -> object:
        told.append(("link", list(summaries)))
        return link(root, summaries)

    monkeypatch.setattr(python_source, "summarise", summarised)
    monkeypatch.setattr(python_source, "link", linked)
    first = read(shop)
    assert sorted(told) == [
        ("link", ["blue/bot.py", "blue/tools.py"]),
        ("link", ["red/bot.py", "red/tools.py"]),
        *(("summarise", [f"{team}/{name}.py"]) for team in ("blue", "red") for name in ("bot", "tools")),
    ]
    assert first.documents["python_source"] == 5
    told.clear()
    assert read(shop) == first
    assert told == []
    (shop / "red" / "tools.py").write_text("def refund(order: str) -> str:\n    return order\n")
    changed = read(shop)
    assert told == [("summarise", ["red/tools.py"]), ("link", ["red/bot.py", "red/tools.py"])]
    assert [node for node in changed.nodes if "blue" in node.id] == [node for node in first.nodes if "blue" in node.id]
    assert changed.nodes != first.nodes
