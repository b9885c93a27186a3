"""Stores: keep facts, answer Cypher. One contract, whichever engine is behind it; :func:`open_store` chooses by the address.

What stores have in common
    scans, merge               what one reading of a root brings, and what a commit does to the contents
    layout, columns, packing   contents as rows, rows as an estate, results as one text
    upkeep                     backups, copies, pruning, verification
The dialect
    dialect                    what every store answers alike; what else is refused before an engine sees it
    tokens, expressions        a query cut up, and what its expressions may be
    portable, portable_shapes, portable_kinds, portable_values    what engines answer differently, by where it shows
    rewriting                  parts of a query put otherwise
The embedded store (kglite)
    embedded, embedded_graph, embedded_estate    the store, its contents in the engine, the estate out of it
    embedded_query, embedded_rows, guarded       queries, their answers, and queries that anybody may type
The store in a server
    neo4j, neo4j_client, neo4j_errors            the store, the way to the server, its complaints
    neo4j_contents, neo4j_bulk                   its contents, also those that are more than a transaction holds
    neo4j_query, neo4j_labels, neo4j_rows        queries and their answers
    neo4j_local                                  a server of one's own
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from graphinv.model.errors import UsageError
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Analysis
from graphinv.store.scans import Committed, Scan

if TYPE_CHECKING:
    from graphinv.store.merge import State

# What the embedded engine's allocator has free goes back to the system after a millisecond, not ten; it looks when the engine is loaded.
os.environ.setdefault("MIMALLOC_PURGE_DELAY", "1")

__all__ = ["Committed", "Rows", "Scan", "Store", "open_store", "store_url"]


@dataclass(frozen=True, slots=True)
class Rows:
    """Answer to a query: column names and rows of plain JSON values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Store(Protocol):
    """The contract. All of it is held by tests/store/test_conformance*.py on every engine.

    - Keys are unique per kind; every node also has a ``name``; edges carry their ``key``.
    - :meth:`commit` is one generation: all of it becomes visible at once or, if the process dies, nothing. The same commit again changes
      nothing but the generation. What a root states replaces what that root stated before when the scan is complete, and adds to it when
      it is partial; what no root states any more is closed (``gone_at``, ``last_seen``), never deleted. Roots never close each other's.
    - Readers see whole generations only. What one reader says of its contents (:meth:`estate`, :meth:`scans`, :attr:`generation`) is of one
      generation: the newest when it was opened, or when it was first asked. A query is answered from one generation too: that one in the
      embedded store, the newest in a server.
    """

    @property
    def url(self) -> str:
        """Its address, without credentials."""
        ...

    @property
    def generation(self) -> int:
        """Number of the newest committed generation; 0 when empty."""
        ...

    @property
    def stamp(self) -> Hashable:
        """Another one after each commit and each :meth:`put_analysis`; the same for all who open the same contents. Reads none of them."""
        ...

    @property
    def aside(self) -> Path | None:
        """Where what was worked out of its facts may be kept for the next process, in files or folders; another path for other contents.
        None where there is no such place. What lies beside it is of earlier contents.
        """
        ...

    def commit(self, scan: Scan, nodes: Iterable[NodeFact], edges: Iterable[EdgeFact]) -> Committed:
        """Merge checked and resolved facts (no Ref ends) of one root, as one generation.

        Raises:
            StoreLocked: another process is writing.
            StoreError: nothing was written.
        """
        ...

    def estate(self) -> Estate:
        """Everything that lives, at the newest generation. O(nodes + edges)."""
        ...

    def scans(self) -> Sequence[Scan]:
        """The newest scan of each root, by root."""
        ...

    def query(
        self,
        cypher: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float = 30.0,
        max_rows: int = 100_000,
    ) -> Rows:
        """Read-only Cypher of the portable dialect (:mod:`graphinv.store.dialect`) on one snapshot.

        In the answer a node is ``{"kind", "id", "props"}``, an edge ``{"kind", "key", "props"}``, a path ``{"nodes", "edges"}`` whose edges
        also say ``from`` and ``to`` as ``[kind, id]``; times are text.

        Raises:
            ReadOnly: it tried to write.
            QueryError: it is wrong.
            QueryLimit: it ran past ``timeout`` seconds or ``max_rows`` rows.
        """
        ...

    def rest(self) -> None:
        """Nothing will be asked for a while: what only answering needs is let go, and is there again with the next question."""
        ...

    def put_analysis(self, analysis: Analysis) -> None:
        """Replace the results: scores on nodes, CAN_REACH edges, Finding nodes. ``first_seen`` of a finding survives."""
        ...

    def analysis(self) -> Analysis | None:
        """The results last written, or None."""
        ...

    def state(self) -> State:
        """Everything it holds, what is closed included, at the newest generation. O(nodes + edges)."""
        ...

    def replace(self, state: State, analysis: Analysis | None) -> None:
        """Make it hold ``state`` and these results and nothing else, all at once: what :mod:`graphinv.store.upkeep` is made of.

        Raises:
            StoreError: nothing was written.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


DEFAULT_STORE = "./.graphinv/graph"


def store_url(given: str | None = None) -> str:
    """Address of the store that is meant: the one ``given``, else that of GRAPHINV_STORE, else the default."""
    return given or os.environ.get("GRAPHINV_STORE") or DEFAULT_STORE


def open_store(url: str | PathLike[str], *, write: bool = False, older: bool = False) -> Store:
    """The store at ``url``: a file path for the embedded one, ``bolt://`` or ``neo4j://`` for a server. With ``older`` it may be in the
    form of an older version: for who writes it anew.

    Raises:
        UsageError: an address of another kind.
        StoreError: it cannot be opened; a missing one only when not ``write``.
        StoreLocked: ``write`` and another process is writing.
    """
    text = str(url)
    scheme, separator, _ = text.partition("://")
    if not separator or scheme == "file":
        from graphinv.store.embedded import EmbeddedStore

        return EmbeddedStore(text.removeprefix("file://"), write=write, older=older)
    if scheme in ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"):
        from graphinv.store.neo4j import Neo4jStore

        return Neo4jStore(text, write=write, older=older)
    raise UsageError(f"no store for {scheme}:// addresses (a file path opens the embedded store, bolt:// and neo4j:// a Neo4j server)")
