"""One factory for each engine. A new engine joins ENGINES and passes the same tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graphinv.store import Store, open_store

Factory = Callable[..., Store]

ENGINES = ("embedded",)


@pytest.fixture(params=ENGINES)
def store_factory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """``store_factory(name="one", write=True)`` opens the store of that name on the engine; stores of different names are apart."""
    folder: Path = tmp_path_factory.mktemp("stores")

    def embedded(name: str = "one", *, write: bool = True) -> Store:
        return open_store(folder / name / "graph", write=write)

    return {"embedded": embedded}[request.param]
