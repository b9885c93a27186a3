"""What each rule takes on a large invented estate: ``python -m tests.bench.rules AGENTS FOLDER [RULE…]``."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from graphinv.analyze.rules import run_rules
from graphinv.pipeline.stages import engine, rules
from graphinv.store import Scan, open_store
from tests.bench.library import facts
from tests.queries.graphs import AT


def main(agents: int, folder: Path, wanted: list[str]) -> None:
    """Print seconds of processor time, findings and outcome of each rule, and the sum."""
    address = folder / f"rules-{agents}" / "graph"
    if not address.exists():
        nodes, edges = facts(agents)
        with open_store(address, write=True) as store:
            store.commit(Scan("bench", AT, "complete"), nodes, edges)
    with open_store(address) as store:
        judge = engine(store, at=AT)
        print(f"{len(judge.estate.nodes):,} nodes, {len(judge.estate.edges):,} edges")
        judge.privileges("posture"), judge.privileges("ungoverned")
        whole = 0.0
        for id, rule in rules().items():
            if wanted and id not in wanted:
                continue
            begun = time.process_time()
            findings, [status] = run_rules({id: rule}, judge, store.query)
            taken = time.process_time() - begun
            whole += taken
            print(f"{id}  {taken:7.2f} s  {len(findings):8,} findings  {status.outcome} {status.reason[:100]}", flush=True)
        print(f"all of them {whole:.1f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
