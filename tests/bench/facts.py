"""What a root is read as, one fact a line, sorted: ``python -m tests.bench.facts PATH > FILE``, in two checkouts, and ``diff`` them.

Neither cores nor the cache may change it; two versions that claim to read the same can be held to it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import astuple

from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import Reading, read_root
from graphinv.pipeline.walk import root_of


def lines(reading: Reading) -> list[str]:
    """Facts, problems and counts of a reading."""
    told = [*reading.nodes, *reading.edges, *reading.grants, *reading.said, *reading.problems]
    facts = [json.dumps([type(one).__name__, *astuple(one)], sort_keys=True, default=str) for one in told]
    counts = [json.dumps(["documents", name, count]) for name, count in reading.documents.items()]
    return sorted([*facts, *counts, json.dumps(["files", reading.files, reading.vendored])])


def main() -> None:
    """Print them."""
    reading = read_root(root_of(sys.argv[1]), Fingerprinter(b"k" * 32))
    print("\n".join(lines(reading)))


if __name__ == "__main__":
    main()
