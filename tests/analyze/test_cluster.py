"""The fixpoint on a cluster of processes of its own, one of which is killed on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from distributed import Client, LocalCluster

from graphinv.analyze.arcs import project
from graphinv.analyze.cluster import Cluster, connect
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reading import structure_of
from graphinv.model.errors import UsageError
from tests.analyze.estates import AT
from tests.bench.synthetic import synthetic

pytestmark = pytest.mark.filterwarnings("default")  # of Dask, when a worker of its goes away


@pytest.fixture
def client() -> Iterator[Client]:
    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client


def test_a_cluster_gives_the_same_also_when_a_worker_is_killed(client: Client) -> None:
    arcs = project(structure_of(synthetic(300)), "posture", AT)
    alone = Privileges(arcs)
    plain = Cluster(client)
    killed: list[int] = []

    def murderous(*arguments: Any) -> Iterator[Any]:
        for block in plain(*arguments):
            if not killed:
                pid = next(iter(client.run(os.getpid).values()))
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            yield block

    spread = Privileges(arcs, solver=murderous)
    assert killed
    for record in arcs.structure.estate.of_kind("Agent"):
        assert spread.atoms_of(record.key) == alone.atoms_of(record.key)
    assert (spread.measures.sums == alone.measures.sums).all()
    assert (spread.measures.holders == alone.measures.holders).all()


def test_what_is_no_cluster_is_said() -> None:
    with pytest.raises(UsageError, match="looks like dask://"):
        connect("tcp://somewhere")
    with pytest.raises(UsageError, match="no Dask scheduler answers"):
        connect("dask://127.0.0.1:9")
