"""What a step of a bench takes, on the clock and of memory."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class Held:
    """The most memory that this process and those that it started hold together, in MB, looked at twice a second. What they share counts
    once."""

    def __init__(self) -> None:
        self.most = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Held:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.5):
            self.most = max(self.most, min(_together(), _together()))  # what ends or begins while one looks is counted double


def _together() -> float:
    return sum(bytes_of(one, "Pss:") for one in below(os.getpid())) / 2**20


def step(what: str, work: Callable[[], T], held: Held) -> T:
    """What ``work`` gives; prints what it took, and the most memory so far."""
    begun = time.perf_counter()
    result = work()
    print(f"{what:<28} {time.perf_counter() - begun:6.2f} s   {held.most:,.0f} MB", flush=True)
    return result


def below(top: int) -> list[int]:
    """A process and those that it started, directly or not."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, pending = [], [top]
    while pending:
        found.append(pending.pop())
        pending.extend(children.get(found[-1], ()))
    return found


def bytes_of(process: int, what: str) -> int:
    """Memory of a process: ``Rss:`` all of it, ``Pss:`` of what it shares with others its part."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(what)), 0)
