"""The Python interface: what notebooks and scripts call. Exported as ``graphinv.open``, ``graphinv.to_networkx`` and so on.

>>> import graphinv
>>> with graphinv.open(demo_store, at="2026-07-10") as graph:
...     print(graph.paths("finance:controller", "saas:bank-gateway/quillmere")[0].hops[0].words)
...     print(list(graph.exposure("saas:bank-gateway/quillmere").columns))
may ask Payout helper to act, unscoped
['subject_kind', 'subject', 'actions', 'hops']
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from graphinv.model.errors import UsageError
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS, normal_time
from graphinv.model.results import Atom, Cut, Explained, Finding, Lens, Path, Reach, WhatIf
from graphinv.store import Store, open_store, store_url
from graphinv.store.guarded import GuardedQueries

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    from graphinv.analyze.engine import Engine

Name = str | NodeKey
"""A node: its key, ``Kind:id``, or an id or name that is unique."""


class Graph:
    """A store, opened for reading, and what can be asked about it at one time. A context manager."""

    def __init__(self, store: Store, at: str) -> None:
        from graphinv.pipeline.stages import engine

        self._store = store
        self._engine: Engine = engine(store, at=at)
        path = store.url.removeprefix("file://")
        self._path = None if "://" in path else os.path.abspath(path)
        self._guarded: GuardedQueries | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store."""
        if self._guarded:
            self._guarded.close()
        self._store.close()

    @property
    def at(self) -> str:
        """The time it judges at."""
        return self._engine.at

    @property
    def generation(self) -> int:
        """Of the store."""
        return self._store.generation

    def key(self, name: Name) -> NodeKey:
        """The node that ``name`` means.

        Raises:
            NotFound: none.
            Ambiguous: several.
        """
        return name if isinstance(name, tuple) else self._engine.structure.find(name)

    def nodes(self, kind: str) -> pd.DataFrame:
        """All nodes of a kind with their properties, a row each, ordered by id."""
        import pandas as pd

        return pd.DataFrame([{"id": node.id, **node.stated} for node in self._engine.estate.of_kind(kind)])

    def reach(self, subject: Name, lens: Lens = "posture") -> Reach:
        """The transitive privilege of one subject.

        Raises:
            NotFound, Ambiguous: ``subject`` is no node, or several.
            UsageError: no such lens.
        """
        return self._engine.reach(self.key(subject), lens)

    def reach_all(self, lens: Lens = "posture", kind: str = "Agent") -> pd.DataFrame:
        """The reach of every node of ``kind`` without its atoms, a row each: counts and impact, ordered by subject."""
        import pandas as pd

        rows = [one.to_json() for one in self._engine.reach_all(lens, kind, atoms=False)]
        frame = pd.DataFrame([{**row, "subject": row["subject"][1]} for row in rows])
        return frame.drop(columns=["lens", "at"], errors="ignore")

    def explain(self, subject: Name) -> Explained:
        """Through whom the privilege of a subject comes, per lens, and what runtime decisions stop of it."""
        return self._engine.explained(self.key(subject))

    def paths(self, subject: Name, target: Name, action: str | None = None, lens: Lens = "posture", *, k: int = 1) -> list[Path]:
        """Up to ``k`` shortest distinct witnesses for each action (or for ``action``); empty where there is no way.

        Raises:
            NotFound, Ambiguous: a name means no node, or several.
            UsageError: no such lens or action.
        """
        ends = self.key(subject), self.key(target)
        found: list[Path] = []
        for name in (action,) if action else ACTIONS:
            found += self._engine.alternatives(*ends, name, k, lens)[0]
        return found

    def exposure(self, target: Name, lens: Lens = "posture", action: str | None = None, kind: str | None = "Agent") -> pd.DataFrame:
        """Who can act on ``target``: a row a subject, with its actions and the hops of its shortest way."""
        import pandas as pd

        rows = [
            (one.subject[0], one.subject[1], one.actions, one.hops)
            for one in self._engine.exposure(self.key(target), lens, action, kind=kind)
        ]
        return pd.DataFrame(rows, columns=["subject_kind", "subject", "actions", "hops"])

    def chokepoints(self, targets: Sequence[Name] = (), lens: Lens = "posture") -> pd.DataFrame:
        """Edges on which pairs of agent and target depend, those with the most pairs first."""
        import pandas as pd

        points, _ = self._engine.chokepoints(lens, [self.key(target) for target in targets])
        rows = [
            (one.edge.key, one.edge.source[1], one.edge.edge, one.edge.target[1], one.pairs, one.share, len(one.targets)) for one in points
        ]
        return pd.DataFrame(rows, columns=["key", "source", "edge", "target", "pairs", "share", "targets"])

    def cut(self, target: Name, subjects: Sequence[Name] = (), lens: Lens = "posture") -> Cut:
        """The lightest set of edges to change so that no agent (or none of ``subjects``) reaches ``target``."""
        return self._engine.cut(self.key(target), [self.key(subject) for subject in subjects], lens)

    def what_if(
        self,
        *,
        remove: Sequence[str] = (),
        guard: Mapping[str, str] | None = None,
        retire: Sequence[str] = (),
        add: Sequence[str] = (),
        then: str | None = None,
        findings: bool = True,
    ) -> WhatIf:
        """What a change would do, before it is made.

        Args:
            remove: edges that nothing passes any more, each a key as paths have it (or its first digits) or ``SOURCE KIND TARGET``.
            guard: edge → decision (``deny``, ``step_up``, ``monitor`` or ``allow:SCOPE,…``).
            retire: agents and workflows to take out of service.
            add: further edges, ``SOURCE KIND TARGET`` and their properties as JSON.
            then: the time to judge the changed estate at.
            findings: judge the rules before and after as well.

        Raises:
            UsageError, NotFound, Ambiguous: a word means nothing, or more than one thing.
        """
        from graphinv.pipeline.what_if import parsed, what_if

        guards = [f"{edge}={decision}" for edge, decision in (guard or {}).items()]
        change = parsed(self._engine.estate, remove, guards, retire, add)
        return what_if(self._engine, change, then=then, findings=findings)

    def findings(self) -> tuple[Finding, ...]:
        """Those of the last analysis, in its order; empty where the store was not analyzed."""
        analysis = self._store.analysis()
        return analysis.findings if analysis else ()

    def query(self, cypher: str, **parameters: Any) -> pd.DataFrame:
        """Read-only Cypher, as a table.

        Raises:
            ReadOnly, QueryError, QueryLimit: it tried to write, is wrong, or took too much time or memory.
            StoreError: an embedded store was written to since it was opened.
        """
        import pandas as pd

        if self._path and not self._guarded:  # what takes all memory ends a process of its own; a server has limits of its own
            self._guarded = GuardedQueries(self._path, self.generation)
        rows = (self._guarded or self._store).query(cypher, parameters)
        return pd.DataFrame(rows.rows, columns=list(rows.columns))

    def to_networkx(self, lens: Lens = "posture") -> nx.DiGraph[NodeKey | Atom]:
        """The arcs in force as a networkx graph, for what networkx can do that graphinv does not.

        Nodes are keys ``(kind, id)`` with their properties, and atoms ``(kind, id, action)``. An edge u → v says that u can exercise the
        authority of v, an edge to an atom that u has it itself. Edges have the ``kinds`` of what they rest on, and ``masked`` (whether
        scopes limit what passes). The atoms that are reached from a node are those of :meth:`reach`, where nothing is masked; masks are not
        applied.
        """
        from graphinv.analyze.interchange import to_networkx

        return to_networkx(self._engine.arcs(lens))


def open(store: str | PathLike[str] | None = None, *, at: str | None = None) -> Graph:
    """Open a store for reading.

    Args:
        store: as ``--store``: a file, or ``bolt://``/``neo4j://``; GRAPHINV_STORE or ``./.graphinv/graph`` when absent.
        at: the time to judge at, ISO 8601; now when absent.

    Raises:
        StoreError: there is none.
        UsageError: ``at`` is no time.
    """
    from graphinv.pipeline.read import now

    try:
        moment = str(normal_time(at)) if at else now()
    except ValueError as error:
        raise UsageError(f"at {error}") from None
    return Graph(open_store(store_url(fspath(store) if store else None)), moment)


def to_networkx(store: Store | Graph, lens: Lens = "posture", *, at: str | None = None) -> nx.DiGraph[NodeKey | Atom]:
    """The arcs of a store under ``lens`` as a networkx graph; see :meth:`Graph.to_networkx`."""
    if isinstance(store, Graph):
        return store.to_networkx(lens)
    from graphinv.pipeline.read import now

    return Graph(store, at or now()).to_networkx(lens)
