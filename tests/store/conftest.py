"""One factory for each engine. A new engine joins ENGINES and passes the same tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graphinv.store import Store, open_store
from tests.neo4j_server import server

Factory = Callable[..., Store]

ENGINES = ("embedded", "neo4j")

# One worker runs all that needs the server: there is one database in it.
PARAMETERS = [pytest.param(engine, marks=pytest.mark.xdist_group(engine) if engine == "neo4j" else ()) for engine in ENGINES]


@pytest.fixture(params=PARAMETERS)
def engine(request: pytest.FixtureRequest) -> str:
    """Every test that takes a store runs on every engine."""
    return str(request.param)


@pytest.fixture
def new_stores(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Factory]]:
    """Each call gives a ``store_factory`` of its own, whose stores are empty."""
    if engine == "embedded":

        def beside() -> Factory:
            folder: Path = tmp_path_factory.mktemp("stores")
            return lambda name="one", *, write=True: open_store(folder / name / "graph", write=write)

        yield beside
        return
    with pytest.MonkeyPatch.context() as patch:
        server().enter(patch)

        def in_turn() -> Factory:
            names: list[str] = []

            def opened(name: str = "one", *, write: bool = True) -> Store:
                if name not in names:
                    server().wipe()
                    names.append(name)
                assert name == names[-1], "a server holds one store: one name after the other"
                return open_store(server().uri, write=write)

            return opened

        yield in_turn


@pytest.fixture
def store_factory(new_stores: Callable[[], Factory]) -> Factory:
    """``store_factory(name="one", write=True)`` opens the store of that name on the engine; stores of different names are apart, and
    used one after the other.
    """
    return new_stores()
