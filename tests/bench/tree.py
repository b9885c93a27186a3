"""A large tree made of the project's own fixtures, and what scans of it take: ``python -m tests.bench.tree [FILES…] [--folder FOLDER]``.

For each number of files two scans by ``python -m graphinv scan``, the first with an empty store and cache, the second with nothing changed;
then a tree of files of no format that is read, against a bare walk of it. What is printed is a table in Markdown. Processor time is that of
all processes together; memory is the most that one process held at once, and all together (shared pages counted once). Linux only.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.held import below, bytes_of

FIXTURES = Path(__file__).parent.parent / "fixtures"
IRRELEVANT = 3
"""Files of no format that graphinv reads, for each one that may be."""
NOISE_FILES, NOISE_BYTES = 5_000, 100_000
PR_SET_CHILD_SUBREAPER = 36
BARE_WALK = "import os, sys\nfor top, _, files in os.walk(sys.argv[1]):\n    for name in files:\n        os.stat(os.path.join(top, name))\n"


@dataclass(frozen=True)
class Taken:
    """What a command took: seconds on the clock and of processors, bytes of its largest process and of all together."""

    wall: float
    cpu: float
    largest: int
    together: int


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


def build_noise(top: Path) -> int:
    """Fill ``top`` with 500 MB of files that nothing reads, some of them in a vendored folder; returns the number outside of it."""
    for number in range(NOISE_FILES):
        place = top / f"part{number // 100:02}" / f"image{number:04}{('.png', '.bin', '.txt', '.go', '.css')[number % 5]}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(bytes([number % 251, 7]) * (NOISE_BYTES // 2))
    for number in range(1000):
        place = top / "node_modules" / f"package{number}" / "index.js"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("import { Agent } from '@mastra/core/agent';\n")
    return NOISE_FILES


def measure(command: list[str], environment: dict[str, str] | None = None) -> Taken:
    """Run ``command`` to its end, all of its processes included.

    Raises:
        RuntimeError: it failed.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # processes that outlive their parent are counted here, too
    before = _processor_time()
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
    held = [0, 0]
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, held, ended))
    watcher.start()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = code = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    ended.set()
    watcher.join()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    if code not in (0, 2):  # 2: some of the fixtures are broken on purpose
        raise RuntimeError(f"{command} ended with {code}")
    return Taken(wall, _processor_time() - before, max(held[0], used.ru_maxrss * 1024), held[1])


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(top: int, held: list[int], ended: threading.Event) -> None:
    while not ended.wait(0.5):
        processes = below(top)
        held[0] = max(held[0], *(bytes_of(one, "Rss:") for one in processes), 0)
        held[1] = max(held[1], sum(bytes_of(one, "Pss:") for one in processes))


def _scan(estate: Path, folder: Path) -> Taken:
    command = [sys.executable, "-m", "graphinv", "scan", str(estate), "--store", str(folder / "store" / "graph")]
    return measure(command, {"GRAPHINV_CACHE": str(folder / "cache")})


def _row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def _figures(taken: Taken) -> tuple[str, ...]:
    return f"{taken.wall:.1f}", f"{taken.cpu:.1f}", f"{taken.largest / 1e6:.0f}", f"{taken.together / 1e6:.0f}"


def main() -> None:
    """Build the trees, scan each twice, print what that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=int, default=[1_000, 5_000, 20_000, 50_000])
    parser.add_argument("--folder", type=Path, help="where trees are built, and found again")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="graphinv-tree-"))
    _row("files", "scan", "seconds", "processor seconds", "MB, largest process", "MB, all processes")
    _row("---:", "---", "---:", "---:", "---:", "---:")
    for files in given.files:
        estate = folder / f"tree{files}" / "estate"
        made = sum(path.is_file() for path in estate.rglob("*")) if estate.exists() else build(estate, files)
        for kept in ("store", "cache"):
            shutil.rmtree(estate.parent / kept, ignore_errors=True)
        for run in ("first", "second"):
            _row(f"{made:,}", run, *_figures(_scan(estate, estate.parent)))
    empty = folder / "empty" / "estate"
    empty.mkdir(parents=True, exist_ok=True)
    _row("0", "an empty folder", *_figures(_scan(empty, empty.parent)))
    noise = folder / "noise" / "estate"
    made = NOISE_FILES if noise.exists() else build_noise(noise)
    _row(f"{made:,}", "bare walk", *_figures(measure([sys.executable, "-c", BARE_WALK, str(noise)])))
    for kept in ("store", "cache"):
        shutil.rmtree(noise.parent / kept, ignore_errors=True)
    _row(f"{made:,}", "nothing to read", *_figures(_scan(noise, noise.parent)))


if __name__ == "__main__":
    main()
