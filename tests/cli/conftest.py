from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.running import graphinv

AT = "2026-11-24T12:00:00Z"


@pytest.fixture(autouse=True)
def _no_store_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRAPHINV_STORE", "GRAPHINV_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class Demo:
    """The demo, scanned once: its store, the tree that was scanned, and the summary as text. Not to be written to."""

    store: Path
    root: Path
    summary: str


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo") / "deep"
    ran = graphinv("demo", "--store", folder / "graph", "--at", AT)
    return Demo(folder / "graph", folder / "demo", ran.out)
