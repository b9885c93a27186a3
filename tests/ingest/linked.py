"""Reading several documents together, for the tests of formats that are linked over a root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document, Linking
from graphinv.model.facts import Fact
from tests.ingest.reading import Facts, document


class _Whole:
    def __init__(self, reader: Linking, files: Mapping[str, str], root: str) -> None:
        self.reader = reader
        self.files = files
        self.root = root

    def read(self, _: Document) -> Iterator[Fact]:
        summaries: dict[str, Any] = {}
        for path, text in self.files.items():
            made = document(text, path, self.root)
            assert self.reader.detect(path, made.data[:4096]), f"{self.reader.NAME} does not take {path}"
            summaries[path] = self.reader.summarise(made)
        return self.reader.link(self.root, summaries)


def linked(reader: Any, files: Mapping[str, str], root: str = "shop") -> Facts:
    """Facts of ``files`` (text by path) of one root, read together."""
    return Facts(_Whole(reader, files, root), document("", "-", root))
