"""Which agents run on the machine whose home folder a root holds: those that are configured in that folder, for whatever they are used.

Drawn:
    (:Agent client of a coding agent)-[:RUNS_ON]->(:Runtime home folder)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphinv.ingest.support.machines import MACHINE
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props, merge_props

THERE = 0.8
"""How sure it is that a coding agent that is configured in a home folder runs there, with that person's means."""
_CHATS = frozenset({"claude-desktop", "lm-studio", "librechat", "mcp-client"})
"""Clients that start nothing by themselves: what lies on the machine they reach by servers alone."""


def on_machines(nodes: Iterable[NodeFact]) -> Iterator[EdgeFact]:
    """The edges of one root, one for each agent, whatever number of files tells of it. One that runs in a sandbox of its own is isolated.
    O(nodes)."""
    nodes = list(nodes)
    homes = {node.id for node in nodes if node.kind == "Runtime" and node.id.startswith(MACHINE)}
    there: dict[NodeKey, Props] = {}
    for node in nodes if homes else ():
        client, _, place = node.id.partition(":")
        host = node.kind == "Agent" and node.props.get("kind_detail") == f"{client} host"
        if host and client not in _CHATS and f"{MACHINE}{place}" in homes:
            there[node.key] = merge_props(node.kind, there.get(node.key, {}), node.props)
    for agent, told in there.items():
        home = ("Runtime", f"{MACHINE}{agent[1].partition(':')[2]}")
        apart = {"isolated": True} if "sandbox=true" in (told.get("labels") or ()) else {}
        sources = list(told.get("sources") or ())
        yield EdgeFact("RUNS_ON", agent, home, {"evidence": ["inferred"], "confidence": THERE, "sources": sources, **apart})
