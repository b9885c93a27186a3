"""Rules about memories: what is written into one is believed by whoever reads it later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from graphinv.analyze.checks_flows import UNSEEN, Brought
from graphinv.analyze.legs import reader_of
from graphinv.analyze.reaching import WORSE_BITS
from graphinv.analyze.rows import Params, Row, about, active, hop_of, in_force, of_several
from graphinv.model.facts import NodeKey

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


def mixed_memory(engine: Engine, params: Params) -> Iterator[Row]:
    """Memories into which strangers' content comes and that agents with power read, and those that several owners write for everybody.

    Content comes in by whoever takes it in and writes it, or at second hand, over other agents and memories; whoever lies on that way has
    it without the memory.
    """
    estate, reader = engine.estate, reader_of(engine)
    for memory in estate.of_kind("Memory"):
        edges = [edge for edge in estate.incoming.get(memory.key, ()) if in_force(edge, reader.at) and active(estate.nodes[edge.source])]
        writers = [edge for edge in edges if edge.kind == "WRITES"]
        bringing = [edge for edge in writers if reader.legs(edge.source).untrusted]
        bringing.sort(key=lambda edge: edge.source[0] != "Agent")
        powerful = [edge for edge in edges if edge.kind == "READS" and _powerful(engine, edge.source)]
        scope = memory.props.get("scope")
        apart = scope in ("session", "user")
        crossing = [
            ([hop_of(estate, write)], read, UNSEEN if write.source[0] == "Workflow" else 1.0)
            for write in bringing
            for read in powerful
            if not (apart and read.source == write.source)
        ]
        hand, brought = "", None if bringing else Brought.to(engine, memory.key)
        if brought:
            hand = " at second hand"
            crossing = [(list(brought.hops), read, brought.confidence) for read in powerful if read.source not in brought.over]
        several = of_several(estate, {edge.source for edge in writers}) if scope in (None, "tenant", "global") else 0
        if not crossing and not (several and scope):
            if several:
                yield about(memory.key) | {"unknown": True}
            continue
        reason = f"strangers' content comes into it{hand}, and agents that can do worse than read rely on it" if crossing else ""
        yield about(memory.key) | {
            "reason": reason or f"agents of {several} owners write it for everybody",
            "writers": sorted({":".join(edge.source) for edge in writers}),
            "readers": sorted({":".join(edge.source) for edge in powerful}),
            "confidence": crossing[0][2] if crossing else 1.0,
            "path": [*crossing[0][0], hop_of(estate, crossing[0][1], backwards=True)] if crossing else [],
        }


def _powerful(engine: Engine, actor: NodeKey) -> bool:
    _, bits = engine.privileges("posture").row(actor)
    return bool((bits & WORSE_BITS).any())
