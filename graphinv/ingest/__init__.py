"""Ingestors: bytes of one format in, facts out. No network, no file system, no store, no sibling.

One module of this package is one format and has

    NAME      short and stable, such as ``mcp_config``
    TITLE     for people
    FILES     what it reads, as patterns for the documentation
    detect(path, head) -> bool
              whether the document is ours, from its path relative to the root and its first bytes; cheap, never raises
    read(document) -> Iterator[Fact]
              its facts; raises IngestError and nothing else, for any bytes. What it can't understand inside a document that is otherwise
              fine it yields as a Problem, and goes on
    MAX_BYTES (optional) the largest document it takes
    by_line(path, head) -> bool
              (optional) whether each line of the document means itself alone, so that a large one may be read in parts: documents that
              begin at some :attr:`Document.line`

A format whose meaning spreads over several documents, such as source code with imports, has in place of ``read``

    summarise(document) -> object
              what its documents' meaning needs of this one; picklable, without secret values; raises as ``read`` does. Called once per
              document, in any order and in any process; kept for the next scan as long as the document and graphinv stay the same
    link(root, summaries) -> Iterator[Fact]
              the facts of all documents of a root, from their summaries by path; never raises

and, where not every document of a root can have to do with every other, both of

    outline(document) -> object
              what of the summary tells which documents belong together, found at less cost; picklable, without secret values; raises as
              ``read`` does. Only documents of a part are summarised
    parts(outlines) -> list[list[str]]
              paths of the documents of each part: linking the parts one by one gives the same facts as linking everything. A document
              that stands in none adds nothing

:func:`facts_of` reads a single document with either kind. Adding a module is all it takes: :func:`ingestors` finds it. What several
formats share is in :mod:`graphinv.ingest.support`.
"""

from __future__ import annotations

import csv
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import Any, Protocol, cast

from typing_extensions import TypeIs

from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, source_of

HEAD_BYTES = 4096
MAX_BYTES = 16 * 1024 * 1024
PACKED = ".gz"
"""How the names of files end that the pipeline unpacks; ``detect`` sees their names without it, and what is in them."""
MAX_CELL = 1024 * 1024
"""Characters of one cell of a table."""
csv.field_size_limit(MAX_CELL)  # the module has one limit for all its readers


@dataclass(frozen=True, slots=True)
class Document:
    """One file as an ingestor sees it.

    ``root`` is the name of the root it was found under, ``path`` its POSIX path relative to that root. ``fingerprint`` turns a secret
    value into its keyed fingerprint (32 hex digits); it is the only thing that may leave the ingestor in the value's place. ``line`` is
    the number of its first line, where it is a part of a larger file.
    """

    root: str
    path: str
    data: bytes = field(repr=False)
    fingerprint: Callable[[str], str] = field(repr=False)
    line: int = 1

    @property
    def folder(self) -> str:
        """Folder it lies in, relative to the root; ``""`` for the root itself."""
        parent = str(PurePosixPath(self.path).parent)
        return "" if parent == "." else parent

    @property
    def name(self) -> str:
        """Its name; of a packed file that of what is in it."""
        name = PurePosixPath(self.path).name
        return name[: -len(PACKED)] if name.lower().endswith(PACKED) else name

    def text(self) -> str:
        """The document as text: UTF-8 with or without a mark, or UTF-16 with one.

        Raises:
            IngestError: it is neither, or holds NUL characters.
        """
        encoding = "utf-16" if self.data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            text = self.data.decode(encoding)
        except UnicodeDecodeError as error:
            raise IngestError(
                f"is not {encoding.removesuffix('-sig').upper()} text (byte {error.start})", document=self.path, remedy="save it as UTF-8"
            ) from None
        if "\0" in text:
            raise IngestError("holds NUL characters; it is not text", document=self.path)
        return text

    def source(self, line: int | None = None) -> str:
        """A place in it for ``sources``: ``root/path#L12``, or ``root/path`` without a line."""
        return source_of(self.root, self.path, line)


class Format(Protocol):
    """What every module of this package offers; see the package's docstring."""

    NAME: str
    TITLE: str
    FILES: tuple[str, ...]

    def detect(self, path: str, head: bytes) -> bool: ...


class Ingestor(Format, Protocol):
    """A format of which each document is read alone."""

    def read(self, document: Document) -> Iterator[Fact]: ...


class Linking(Format, Protocol):
    """A format of which the documents of a root are understood together."""

    def summarise(self, document: Document) -> Any: ...

    def link(self, root: str, summaries: Mapping[str, Any]) -> Iterator[Fact]: ...


@cache
def ingestors() -> tuple[Ingestor | Linking, ...]:
    """All ingestors, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return tuple(cast("Ingestor | Linking", importlib.import_module(f"{__name__}.{name}")) for name in names)


def links(ingestor: Ingestor | Linking) -> TypeIs[Linking]:
    """Whether the documents of a root are understood together."""
    return hasattr(ingestor, "link")


def facts_of(ingestor: Ingestor | Linking, document: Document) -> Iterator[Fact]:
    """Facts of a document that stands alone.

    Raises:
        IngestError: it could not be read.
    """
    if links(ingestor):
        return ingestor.link(document.root, {document.path: ingestor.summarise(document)})
    return ingestor.read(document)
