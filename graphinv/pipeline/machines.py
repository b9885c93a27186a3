"""Which agents run on the machine whose home folder a root holds: those that are configured in that folder, for whatever they are used.

Drawn:
    (:Agent client of a coding agent)-[:RUNS_ON]->(:Runtime home folder)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from graphinv.ingest.support.machines import MACHINE
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey

THERE = 0.8
"""How sure it is that a coding agent that is configured in a home folder runs there, with that person's means."""
_CHATS = frozenset({"claude-desktop", "lm-studio", "librechat", "mcp-client"})
"""Clients that start nothing by themselves: what lies on the machine they reach by servers alone."""


def on_machines(nodes: Iterable[NodeFact]) -> Iterator[EdgeFact]:
    """The edges of one root, one for each agent, whatever number of files tells of it. That a client has a sandbox does not isolate it: one
    of macOS lets everything be read. O(nodes)."""
    nodes = list(nodes)
    homes = {node.id for node in nodes if node.kind == "Runtime" and node.id.startswith(MACHINE)}
    there: dict[NodeKey, set[str]] = defaultdict(set)
    for node in nodes if homes else ():
        client, _, place = node.id.partition(":")
        host = node.kind == "Agent" and node.props.get("kind_detail") == f"{client} host"
        if host and client not in _CHATS and f"{MACHINE}{place}" in homes:
            there[node.key].update(node.props.get("sources") or ())
    for agent, sources in there.items():
        home = ("Runtime", f"{MACHINE}{agent[1].partition(':')[2]}")
        yield EdgeFact("RUNS_ON", agent, home, {"evidence": ["inferred"], "confidence": THERE, "sources": sorted(sources)})
