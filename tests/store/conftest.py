"""One factory for each engine. A new engine joins ENGINES and passes the same tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graphinv.store import Store, open_store
from tests.neo4j_server import Server, server

Factory = Callable[..., Store]

ENGINES = ("embedded", "neo4j")


@pytest.fixture
def store_factory(request: pytest.FixtureRequest, engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Factory]:
    """``store_factory(name="one", write=True)`` opens the store of that name on the engine; stores of different names are apart."""
    if engine == "embedded":
        folder: Path = tmp_path_factory.mktemp("stores")
        yield lambda name="one", *, write=True: open_store(folder / name / "graph", write=write)
        return
    used: dict[str, Server] = {}
    with pytest.MonkeyPatch.context() as patch:

        def opened(name: str = "one", *, write: bool = True) -> Store:
            if name not in used:
                used[name] = server(len(used))
                used[name].wipe()
            used[name].enter(patch)
            return open_store(used[name].uri, write=write)

        yield opened


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Every test that takes a store runs on every engine."""
    return str(request.param)
