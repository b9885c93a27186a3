"""A store of each engine that is filled with one graph after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from graphinv.store import Store, open_store
from graphinv.store.merge import State
from tests.neo4j_server import server
from tests.queries.graphs import Case, Order, fill

Filled = Callable[[Case, Order], Store]
"""``filled(case, order)`` is the store with the graph of that case and no results, stored in that order."""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with open_store(tmp_path_factory.mktemp("cases") / "graph", write=True) as store:

        def filled(case: Case, order: Order) -> Store:
            fill(store, case, order)
            return store

        yield filled


@pytest.fixture(scope="module")
def neo4j() -> Iterator[Filled]:
    """For tests of the group ``neo4j``: there is one database in the server."""
    server().wipe()
    with pytest.MonkeyPatch.context() as patch:
        server().enter(patch)
        with open_store(server().uri, write=True) as store:

            def filled(case: Case, order: Order) -> Store:
                store.replace(State(), None)  # what a server already has stays where it is
                fill(store, case, order)
                return store

            yield filled
