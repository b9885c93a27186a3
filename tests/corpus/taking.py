"""Which files of a folder are taken, and by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from graphinv.ingest import HEAD_BYTES


def taken(folder: Path, readers: Sequence[ModuleType], counts: Counter[str]) -> Iterator[tuple[ModuleType, str, bytes]]:
    """The reader that takes a file, its path and its bytes, for all that are taken; no two readers take one. ``counts`` gets ``files`` and
    ``taken``.
    """
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        counts["files"] += 1
        path, data = "/".join(file.relative_to(folder).parts), file.read_bytes()
        takers = [reader for reader in readers if reader.detect(path, data[:HEAD_BYTES])]
        assert len(takers) <= 1, path
        for reader in takers:
            counts["taken"] += 1
            yield reader, path, data
