"""Reads a folder of Python fixtures the way the pipeline reads a root."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping

from graphinv.ingest import Document, python_source
from graphinv.model.facts import Fact
from tests.ingest.reading import FIXTURES, Facts, document


class _Linked:
    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.documents = {path: document(data, path) for path, data in files.items()}

    def read(self, _: Document) -> Iterator[Fact]:
        taken = {path: one for path, one in self.documents.items() if python_source.detect(path, one.data[:4096])}
        summaries = {path: python_source.summarise(one) for path, one in taken.items()}
        return python_source.link("shop", pickle.loads(pickle.dumps(summaries)))


def linked(files: Mapping[str, str | bytes]) -> Facts:
    """Facts of these files (path → text), which are all that root ``shop`` holds."""
    return Facts(_Linked(files), document("", ""))


def linked_folder(name: str) -> Facts:
    """Facts of the files in a folder of the fixtures."""
    folder = FIXTURES / name
    return linked({str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.py"))})
