"""What every query of the library takes on a large estate: ``python -m tests.bench.library [AGENTS] [--neo4j]``.

The invented estate of :mod:`tests.bench.synthetic`, with owners, content, memories, packages, tasks and the properties that the library
asks about, is stored and analyzed in FOLDER (a temporary one when absent; a store that is there already is asked as it is). With
``--neo4j`` it is copied into a local server of its own, which stays in FOLDER, and every query is asked of both, whose rows are compared.

Each query is first asked once, of a server six times, whose compiler needs as many; the table has the best of three more, slowest first.
Milliseconds are those on the clock, and of processors: of this process, in which the embedded engine works, and of the server, its compiler
and collector included. The latter change less on a machine that does other things. ``R`` marks queries over what an analysis wrote back.
Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphinv.analyze.library import Query
from graphinv.model.errors import QueryLimit
from graphinv.model.facts import EdgeFact, NodeFact, check_edge, check_node
from graphinv.pipeline.stages import analyze, library
from graphinv.store import Rows, Scan, Store, neo4j_local, open_store
from graphinv.store.layout import SCORES
from graphinv.store.upkeep import copy
from tests.bench.synthetic import AT, synthetic

TARGET = 0.2
"""Seconds within which a query is to answer."""
WARM = 6
"""Runs of a query before a server has compiled what it takes."""
GIVEN = {
    "agent": "agent-0000003",
    "document": "acme/agent.json#L1",
    "identity": "identity-0000003",
    "model": "model-0000001",
    "node": "toolserver-0000003",
    "other": "agent-0000004",
    "owner": "team-0000000",
    "package": "package-0000003",
    "point": "pep-0",
    "resource": "resource-0000003",
    "runtime": "runtime-0000003",
    "secret": "secret-0000003",
    "server": "toolserver-0000003",
    "since": "2026-07-01T00:00:00Z",
    "source": "contentsource-0000002",
    "until": "2026-12-31T00:00:00Z",
}
_AGENT: tuple[dict[str, Any], ...] = (
    {"status": "active", "autonomy": "autonomous", "environment": "prod", "framework": "langgraph"},
    {"status": "active", "autonomy": "approve_each", "environment": "dev", "review_due": "2026-01-01T00:00:00Z"},
    {"status": "active", "environment": "staging", "framework": "adk"},
    {"status": "retired", "environment": "prod"},
    {},
)
_SECRET: tuple[dict[str, Any], ...] = (
    {"type": "github_token", "lifetime": "static", "issued_at": "2024-01-01T00:00:00Z", "rotate_every_days": 90},
    {"type": "aws_access_key", "lifetime": "static", "last_used": "2025-01-01T00:00:00Z", "revocation_hook": True},
    {"type": "oauth_token", "lifetime": "ephemeral", "ttl_seconds": 3600, "renewable": True, "expires_at": "2026-07-11T00:00:00Z"},
    {"type": "certificate", "expires_at": "2026-06-01T00:00:00Z", "issued_at": "2026-01-01T00:00:00Z"},
    {},
)
_TOOL: tuple[dict[str, Any], ...] = (
    {"effects": ["read"], "ingests_untrusted": True},
    {"effects": ["write", "destructive"], "hints": ["destructiveHint=false"]},
    {"effects": ["execute"], "schema_digest": "a", "approved_digest": "b"},
    {"effects": ["egress"]},
    {},
)
_SERVER: tuple[dict[str, Any], ...] = (
    {"origin": "third_party", "pinned": False, "auth": "none", "package": "pkg:npm/notes", "transport": "stdio"},
    {"origin": "internal", "pinned": True, "auth": "oauth", "url": "https://tools.example/mcp", "transport": "http"},
    {"origin": "registry", "auth": "key", "package": "pkg:pypi/files", "version": "1.2.0"},
    {},
)
_IDENTITY: tuple[dict[str, Any], ...] = (
    {"type": "service_account", "provider": "gcp", "binding": "attested", "environment": "prod"},
    {"type": "human", "provider": "okta", "binding": "bearer"},
    {"type": "iam_role", "provider": "aws", "binding": "none", "environment": "dev"},
    {"type": "group", "provider": "okta"},
)
_PLACES = ("config", "env", "vault", "repo", "prompt")
_EVIDENCE = (["declared"], ["granted"], ["observed"], ["declared", "observed"], ["inferred"])
_PROPS: dict[str, tuple[dict[str, Any], ...]] = {
    "Agent": _AGENT,
    "Secret": _SECRET,
    "Tool": _TOOL,
    "ToolServer": _SERVER,
    "Identity": _IDENTITY,
    "Runtime": ({"type": "pod", "sandboxed": True}, {"type": "laptop", "sandboxed": False}, {}),
}


def _edge_props(kind: str, number: int) -> dict[str, Any]:
    props: dict[str, Any] = {"evidence": _EVIDENCE[number % 5], "sources": [f"acme/{kind.lower()}.json#L{number}"]}
    if kind == "HOLDS":
        props["place"] = _PLACES[number % 5]
    if kind == "DELEGATES_TO" and number % 3 == 0:
        props["mode"] = ("on_behalf_of", "passthrough", "handoff", "scoped")[number % 4]
    if kind in ("USES", "CONNECTS_TO") and number % 7 == 0:
        props["approved"] = number % 2 == 0
    return props


def facts(agents: int) -> tuple[list[NodeFact], list[EdgeFact]]:
    """The estate as facts."""
    estate = synthetic(agents)
    nodes = []
    for number, node in enumerate(estate.nodes.values()):
        several = _PROPS.get(node.kind)
        props = node.props | (several[number % len(several)] if several else {}) | {"sources": [f"acme/{node.kind.lower()}.json#L{number}"]}
        nodes.append(check_node(NodeFact(node.kind, node.id, props)))
    edges = [
        check_edge(EdgeFact(edge.kind, edge.source, edge.target, edge.props | _edge_props(edge.kind, number)))
        for number, edge in enumerate(estate.edges)
    ]
    nodes.extend(map(check_node, _around_nodes(agents)))
    edges.extend(map(check_edge, _around_edges(agents)))
    return nodes, edges


def _around_nodes(agents: int) -> Iterator[NodeFact]:
    for number in range(agents // 10):
        left = number % 20 == 0
        yield NodeFact("Owner", f"team-{number:07}", {"type": "person" if left else "team", "status": "left" if left else "active"})
        yield NodeFact("ContentSource", f"contentsource-{number:07}", {"trust": ("untrusted", "trusted")[number % 2]})
    for number in range(agents // 20):
        yield NodeFact("Memory", f"memory-{number:07}", {"scope": ("global", "tenant", "user", "session")[number % 4]})
        yield NodeFact(
            "Package", f"package-{number:07}", {"purl": f"pkg:npm/p{number}@1.0.0", "vulnerabilities": ["CVE-2026-1"][number % 2 :]}
        )
        yield NodeFact("Task", f"task-{number:07}", {"opened_at": "2026-07-01T00:00:00Z", "closed_at": "2026-07-02T00:00:00Z"})
    for number in range(20):
        yield NodeFact("Model", f"model-{number:07}", {"eol_at": "2026-01-01T00:00:00Z", "version": "1"})


def _around_edges(agents: int) -> Iterator[EdgeFact]:
    for number in range(agents):
        agent = ("Agent", f"agent-{number:07}")
        if number % 10:
            yield EdgeFact("OWNS", ("Owner", f"team-{number // 10:07}"), agent)
        if number % 5 == 0:
            yield EdgeFact("INGESTS", agent, ("ContentSource", f"contentsource-{number // 10:07}"))
            yield EdgeFact("USES_MODEL", agent, ("Model", f"model-{number % 20:07}"))
            yield EdgeFact("RUNS_TASK", agent, ("Task", f"task-{number // 20:07}"))
        if number % 4 == 0:
            yield EdgeFact(("READS", "WRITES")[number // 4 % 2], agent, ("Memory", f"memory-{number // 20:07}"))
            yield EdgeFact("DEPENDS_ON", agent, ("Package", f"package-{number // 20:07}"))
        if number % 3 == 0:
            secret, older = ("Secret", f"secret-{2 * number:07}"), ("Secret", f"secret-{2 * number + 1:07}")
            yield EdgeFact("DERIVED_FROM", secret, older, {"via": ("refresh", "renew", "exchange")[number % 3]})
            yield EdgeFact("ISSUED_FOR", secret, ("Task", f"task-{number // 20:07}"))


def asked(query: Query) -> dict[str, Any]:
    """Values for its parameters: the defaults, and a node of the estate where there is none."""
    given = {name: GIVEN[name] for name, parameter in query.parameters.items() if parameter.default is None}
    return query.bind(given, at=AT)


def over_results(query: Query) -> bool:
    """Whether it asks about what an analysis wrote back: who reaches what, findings, or scores as more than something to show."""
    asked_for = query.cypher[: query.cypher.rindex("RETURN")]
    return re.search(rf":(CAN_REACH|Finding|Rule)\b|\.({'|'.join(SCORES)})\b", asked_for) is not None


@dataclass(frozen=True)
class Taken:
    """Seconds on the clock and of processors, the least of several runs, and the rows (why there are none)."""

    clock: float
    worked: float
    rows: Rows | str


def timed(store: Store, query: Query, working: Callable[[], float], before: int = 1) -> Taken:
    """What ``query`` takes, the best of three runs after those ``before``; ``working`` says how long processors have worked. What runs into
    a limit is not asked again."""
    rows: Rows | str = ""
    clock = worked = float("inf")
    for turn in range(before + 3):
        start, worked_before = time.perf_counter(), working()
        try:
            rows = store.query(query.cypher, asked(query))
        except QueryLimit as limit:
            return Taken(time.perf_counter() - start, working() - worked_before, str(limit).partition(";")[0])
        if turn >= before:
            clock, worked = min(clock, time.perf_counter() - start), min(worked, working() - worked_before)
    return Taken(clock, worked, rows)


def _working(server: int) -> float:
    """Seconds that processors have worked for this process and that of a ``server``."""
    threads = 0
    for thread in Path(f"/proc/{server}/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            threads += int((thread / "schedstat").read_text().split()[0])
    return time.process_time() + threads / 1e9


@contextlib.contextmanager
def _opened(folder: Path, agents: int) -> Iterator[Store]:
    path = folder / "graph"
    if not path.exists():
        with open_store(path, write=True) as store:
            store.commit(Scan("bench", AT, "complete"), *facts(agents))
            analyze(store, at=AT)
    with open_store(path) as store:
        yield store


@contextlib.contextmanager
def _served(folder: Path, contents: Store) -> Iterator[tuple[Store, int]]:
    """A Neo4j that holds the same as ``contents``, and its process."""
    os.environ[neo4j_local.HOME_VARIABLE] = str(folder / "neo4j")
    status = neo4j_local.up()
    os.environ.update(NEO4J_USER=status.user, NEO4J_PASSWORD=status.password or "")
    try:
        with open_store(str(status.uri), write=True) as store:
            if store.generation != contents.generation:
                copy(contents, store, force=True)
        with open_store(str(status.uri)) as store:
            yield store, int(status.pid or 0)
    finally:
        neo4j_local.down()


def _told(seconds: float) -> str:
    return f"{seconds * 1000:,.0f}"


def main(agents: int, folder: Path, only: list[str], with_neo4j: bool) -> None:
    """Measure and print."""
    queries = {name: query for name, query in library().items() if not only or name in only}
    taken: dict[str, list[Taken]] = {}
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(_opened(folder, agents))
        stores: list[tuple[Store, Callable[[], float]]] = [(store, time.process_time)]
        if with_neo4j:
            other, server = stack.enter_context(_served(folder, store))
            stores.append((other, lambda: _working(server)))
        estate = store.estate()
        print(f"{len(estate.nodes):,} nodes, {len(estate.edges):,} edges\n", flush=True)
        del estate
        for (one, working), before in zip(stores, (1, WARM), strict=False):
            for name, query in queries.items():
                taken.setdefault(name, []).append(timed(one, query, working, before))
    heads = [f"{name} {what}" for name in ("embedded", "Neo4j")[: len(stores)] for what in ("ms", "processor ms")]
    print(f"| query | | {' | '.join(heads)} | rows |\n| --- | --- |{' ---: |' * len(heads)} ---: |")
    for name, both in sorted(taken.items(), key=lambda one: -max(each.worked for each in one[1])):
        rows = both[0].rows if isinstance(both[0].rows, str) else f"{len(both[0].rows.rows):,}"
        if any(each.rows != both[0].rows for each in both):
            rows += ", others in the other"
        cells = [_told(seconds) for each in both for seconds in (each.clock, each.worked)]
        print(f"| {name} | {'R' if over_results(queries[name]) else ''} | {' | '.join(cells)} | {rows} |")
    for place, name in enumerate(("embedded", "Neo4j")[: len(stores)]):
        for which, some in (("all", queries), ("R", [name for name, query in queries.items() if over_results(query)])):
            clock, worked = (sum(getattr(taken[one][place], what) > TARGET for one in some) for what in ("clock", "worked"))
            print(f"{name}: of {len(some)} ({which}), {clock} take more than {_told(TARGET)} ms on the clock, {worked} of processors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("agents", nargs="?", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="where the stores are; a temporary folder when absent")
    parser.add_argument("--neo4j", action="store_true", help="ask a local Neo4j too")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="queries to ask")
    options = parser.parse_args()
    if options.folder:
        main(options.agents, options.folder, options.only, options.neo4j)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(options.agents, Path(temporary), options.only, options.neo4j)
