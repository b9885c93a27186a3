"""A large tree made of the project's own fixtures, and what a scan of it takes: ``python -m tests.bench.tree FILES [FOLDER]``."""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.stages import scan
from graphinv.pipeline.walk import root_of

FIXTURES = Path(__file__).parent.parent / "fixtures"
IRRELEVANT = 3
"""Files of no format that graphinv reads, for each one that may be."""


def build(top: Path, files: int) -> int:
    """Fill ``top`` with at least ``files`` files: copies of the fixtures, each in a folder of its own among ordinary files of a project.

    Returns the number of files.
    """
    fixtures = [path for path in sorted(FIXTURES.rglob("*")) if path.is_file() and path.stat().st_size < 200_000]
    module = "\n".join(f"def step_{number}(value: int) -> int:\n    return value * {number} + len(str(value))\n" for number in range(40))
    made = 0
    copy = 0
    while made < files:
        service = top / f"team{copy // 20:03}" / f"service{copy:04}"
        for fixture in fixtures:
            place = service / fixture.relative_to(FIXTURES)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fixture, place)
            made += 1
            for number in range(IRRELEVANT):
                suffix, text = ((".py", module), (".md", "# Notes\n" * 40), (".ts", "export const limit = 3;\n" * 60))[number % 3]
                (place.parent / f"{place.name}.{number}{suffix}").write_text(text)
                made += 1
            if made >= files:
                break
        copy += 1
    return made


def main() -> None:
    """Build the tree, scan it twice, print what that took."""
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp(prefix="graphinv-tree-"))
    made = build(folder / "estate", files)
    started = time.perf_counter()
    reading = read_root(root_of(folder / "estate"), Fingerprinter(b"k" * 32))
    alone = time.perf_counter() - started
    facts = f"{len(reading.nodes)} node and {len(reading.edges)} edge facts"
    print(f"{made} files; {sum(reading.documents.values())} documents; {facts}; read in {alone:.1f} s")
    for run in ("first", "second"):
        started = time.perf_counter()
        done = scan(str(folder / "store" / "graph"), [folder / "estate"])
        agents = len(done.analysis.scores) if done.analysis else 0
        print(f"{run} scan {time.perf_counter() - started:.1f} s, {agents} agents scored")
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(f"peak memory of one process {most:.0f} MB")


if __name__ == "__main__":
    main()
