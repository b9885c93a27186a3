"""A large invented estate, and what the engine takes for it: ``python -m tests.bench.synthetic [AGENTS [mesh]]``."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import NodeKey
from graphinv.model.results import LENSES

AT = "2026-07-10T00:00:00Z"
TEAM = 50

# per agent: how many nodes of each kind
_NODES = {"Agent": 1.0, "Workflow": 0.1, "Identity": 1.5, "Secret": 2.0, "Tool": 1.0, "ToolServer": 0.25, "Runtime": 0.4, "Resource": 8.25}
# per agent: how many edges of each kind, and between which nodes
_EDGES = {
    "RUNS_AS": (1.5, "Agent", "Identity"),
    "HOLDS": (2.5, "Agent", "Secret"),
    "RUNS_ON": (1.0, "Agent", "Runtime"),
    "AUTHENTICATES_AS": (2.0, "Secret", "Identity"),
    "ASSUMES": (1.0, "Identity", "Identity"),
    "MEMBER_OF": (1.5, "Identity", "Identity"),
    "USES": (4.0, "Agent", "Tool"),
    "CONNECTS_TO": (2.0, "Agent", "ToolServer"),
    "PROVIDES": (1.0, "ToolServer", "Tool"),
    "DELEGATES_TO": (3.0, "Agent", "Agent"),
    "CALLS_BACK": (0.1, "Tool", "Agent"),
    "CAN_ACCESS": (20.4, "Identity", "Resource"),
}
_ACTIONS = (["read"], ["read", "write"], ["admin"], ["delete"], ["execute"])


def synthetic(agents: int, *, mesh: bool = False, seed: int = 1) -> Estate:
    """An estate of about 14.5 nodes and 40 edges an agent; a tenth of the edges is masked, a tenth guarded.

    Agents work in teams of 50, whose members mostly ask those of higher rank in the team and use what is the team's. One edge in a
    thousand leaves its team; with ``mesh`` one in ten, and nearly everybody reaches nearly everything.
    """
    dice = np.random.default_rng(seed)
    sizes = {kind: max(1, int(agents * share)) for kind, share in _NODES.items()}
    nodes = [
        NodeRecord(kind, f"{kind.lower()}-{number:07}", _props(kind, number)) for kind, size in sizes.items() for number in range(size)
    ]
    nodes += [NodeRecord("EnforcementPoint", f"pep-{number}", props) for number, props in enumerate(_GUARDS)]
    edges = []
    for kind, (share, start, stop) in _EDGES.items():
        count = int(agents * share)
        sources = dice.integers(sizes[start], size=count)
        team = sources * agents // sizes[start] // TEAM
        rank = dice.integers(TEAM, size=count) if start != stop else np.maximum(sources % TEAM + 1, dice.integers(TEAM, size=count))
        local = (team * TEAM + np.minimum(rank, TEAM - 1)) * sizes[stop] // agents
        near = dice.random(count) < (0.9 if mesh else 0.999)
        targets = np.where(near, np.minimum(local, sizes[stop] - 1), dice.integers(sizes[stop], size=count))
        extra = dice.integers(20, size=count)
        for index, (source, target, lot) in enumerate(zip(sources.tolist(), targets.tolist(), extra.tolist(), strict=True)):
            props: dict[str, Any] = {"actions": _ACTIONS[lot % 5]} if kind == "CAN_ACCESS" else {}
            if lot < 2:
                props["scopes"] = ["read:*", f"*:resource-{target % 500:03}*"]
            elif lot < 4:
                props["guards"] = [f"pep-{index % len(_GUARDS)}"]
            ends: tuple[NodeKey, NodeKey] = (start, f"{start.lower()}-{source:07}"), (stop, f"{stop.lower()}-{target:07}")
            edges.append(EdgeRecord(kind, *ends, f"{kind}-{index}", props))
    return Estate.of(nodes, edges)


_GUARDS: tuple[dict[str, Any], ...] = (
    {"mode": "enforce", "effect": "deny"},
    {"mode": "enforce", "effect": "evaluate", "allows": ["read:*"]},
    {"mode": "enforce", "effect": "step_up"},
    {"mode": "monitor", "effect": "deny"},
)


def _props(kind: str, number: int) -> dict[str, Any]:
    if kind != "Resource":
        return {}
    return {"sensitivity": ("public", "internal", "confidential", "restricted", "unknown")[number % 5], "crown_jewel": number % 1000 == 3}


def _timed(what: str, work: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    result = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:<34} {time.perf_counter() - start:8.2f} s   peak {peak:7.0f} MiB")
    return result


def main(agents: int, mesh: bool) -> None:
    """Measure and print."""
    estate: Estate = _timed("make the estate", lambda: synthetic(agents, mesh=mesh))
    print(f"{agents} agents, {len(estate.nodes)} nodes, {len(estate.edges)} edges{', mesh' if mesh else ''}")
    engine_module = _timed("import the engine", lambda: __import__("graphinv.analyze.engine", fromlist=["Engine"]))
    engine = engine_module.Engine(estate, AT)
    _timed("arcs, all lenses and times", lambda: engine.structure)
    for lens in LENSES:
        arcs = _timed(f"project {lens}", partial(engine.arcs, lens))
        privileges = _timed(f"  solve {lens}: {len(arcs.source)} arcs", partial(engine.privileges, lens))
        kept = "all" if privileges._kept.all() else "some" if privileges._kept.any() else "no"
        print(f"    {int(privileges.measures.sums[:, 0].sum())} atoms of agents' rows, {kept} rows kept in {len(privileges._words)} words")
    _timed("agents, identities … on the way", lambda: engine.privileges("posture").counts(("Agent", "agent-0000000")))
    scores = _timed("scores of all agents", lambda: engine.scores([]))
    reach, left_out = _timed("can_reach", engine.can_reach)
    print(f"    {len(reach)} written back, {left_out} left out")
    _timed("riskiest 25 paths", lambda: engine.riskiest_paths(25, scores))
    _timed("reach of all agents, no atoms", lambda: list(engine.reach_all(atoms=False)))
    _timed("exposure of a resource", lambda: engine.exposure(("Resource", "resource-0000003")))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, "mesh" in sys.argv[2:])
