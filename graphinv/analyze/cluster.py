"""The fixpoint on a Dask cluster, for estates that one machine is too small or too slow for.

Blocks of target columns do not depend on each other. Each task solves a range of them and sends back the words that are not zero, from
which the blocks are put together here, so that everything after it is the same as on one machine. A worker that dies is replaced by the
others: the scheduler gives them its tasks again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze import kernels
from graphinv.analyze.plan import Plan
from graphinv.analyze.scopes import Array, MaskTable
from graphinv.model.errors import UsageError

if TYPE_CHECKING:
    from distributed import Client

TASKS_PER_WORKER = 4

Sparse = tuple[int, int, Array, Array, Array]
"""First word and width of a block; row, word and bits of what is not zero."""


class Cluster:
    """A solver of blocks on the cluster behind ``client``; for :class:`graphinv.analyze.privilege.Privileges`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(
        self, plan: Plan, total: int, row: Array, word: Array, bits: Array, masks: MaskTable
    ) -> Iterator[tuple[int, Array, Array]]:
        """As :meth:`Plan.blocks`."""
        width = plan.width(total)
        workers = max(1, len(self.client.scheduler_info()["workers"]))
        blocks = -(-total // width)
        step = width * max(1, -(-blocks // (workers * TASKS_PER_WORKER)))
        shared = self.client.scatter((plan, masks), broadcast=True, hash=False)
        tasks = []
        for first in range(0, total, step):
            inside = (word >= first) & (word < first + step)
            if inside.any():
                tasks.append(self.client.submit(solve, shared, total, row[inside], word[inside], bits[inside], pure=False))
        slot = np.empty(plan.rows, dtype=np.int32)
        for task in tasks:
            for first, wide, rows, words, found in task.result():
                yield first, slot, _dense(slot, wide, rows, words - first, found)
            task.release()


def solve(shared: tuple[Plan, MaskTable], total: int, row: Array, word: Array, bits: Array) -> list[Sparse]:
    """On a worker: the blocks that own bits lie in."""
    plan, masks = shared
    everything = np.ones(plan.rows, dtype=bool)
    none = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint64)
    done: list[Sparse] = []
    for first, slot, rows in plan.blocks(total, row, word, bits, masks):
        sizes = np.zeros(plan.rows, dtype=np.int64)
        count = kernels.gather(slot, rows, first, everything, sizes, *none)
        part = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int32), np.empty(count, dtype=np.uint64)
        kernels.gather(slot, rows, first, everything, sizes, *part)
        done.append((first, rows.shape[1], *part))
    return done


def _dense(slot: Array, width: int, row: Array, word: Array, bits: Array) -> Array:
    """Rows of a block; ``slot`` receives where each is."""
    present = np.unique(row)
    slot[:] = -1
    slot[present] = np.arange(len(present))
    rows = np.zeros((len(present), width), dtype=np.uint64)
    rows[slot[row], word] = bits
    return rows


def connect(address: str) -> Client:
    """A client of the scheduler at ``dask://host:port``.

    Raises:
        UsageError: it is no such address, Dask is not installed, or nobody answers there.
    """
    scheme, separator, place = address.partition("://")
    if scheme != "dask" or not separator or not place:
        raise UsageError(f"{address!r} is no address of workers; it looks like dask://host:8786")
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--workers needs Dask: pip install 'graphinv[dask]'") from None
    try:
        return Client(f"tcp://{place}", timeout="10s")
    except (OSError, TimeoutError, ValueError):
        raise UsageError(f"no Dask scheduler answers at {place}") from None
