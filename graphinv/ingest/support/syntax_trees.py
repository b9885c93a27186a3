"""Bytes of source → syntax tree, of which a hostile text can make no more time and memory than is told here.

The grammars that are generated for tree-sitter follow several readings of a text at once, and mend what follows none. Of texts made
for it, such as ``-;-;-;…``, both may cost the square of the size: minutes for some kilobytes.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from tree_sitter import Parser, Point, Tree

from graphinv.model.errors import IngestError

MAX_SOURCE = 2 * 1024 * 1024
MAX_NESTING = 2000
MAX_ANGLES = 2500
"""``<`` that may each begin a list of types, in C# and TypeScript. The grammars keep all that may be open, and of each all before it: at
2,500 that is half a gigabyte for the moment in which they are given up. No document of some 25,000 that are public has 1,500."""

_SECONDS = 1.0
_SECONDS_OF_BYTE = 4e-6
"""More than ten times what honest texts take: a megabyte of them is read in a quarter of a second."""
_PIECE = 64
_BRACKETS = b"()[]{}"
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_NO_DECORATORS = bytes(byte for byte in range(256) if byte not in b"@<")
_ANGLE = re.compile(rb"<(?!\s*[0-9\"'=<])")
"""All but comparisons with constants. Those in texts and comments count: where these end, the grammar may see otherwise than a pattern."""


def nesting(data: bytes) -> int:
    """How deep brackets are nested at most, those in texts and comments included; O(size)."""
    depth = deepest = 0
    for byte in data.translate(None, _NO_BRACKETS):
        if byte in b"([{":
            depth += 1
            deepest = max(deepest, depth)
        elif depth:
            depth -= 1
    return deepest


def angles(data: bytes) -> int:
    """``<`` in C# that may begin a list of types, and ``>=`` twice, which may end one and assign; O(size)."""
    return sum(1 for _ in _ANGLE.finditer(data)) + 2 * data.count(b">=")


def decorated(data: bytes) -> int:
    """``<`` in TypeScript that may belong to a decorator, ``@a<``: the first after each ``@``; O(size)."""
    return data.translate(None, _NO_DECORATORS).count(b"@<")


class Allowance:
    """Seconds of the processor that parsing one document, or the parts of one together, may take.

    Args:
        size: its bytes.
    """

    def __init__(self, size: int) -> None:
        self.seconds = _SECONDS + size * _SECONDS_OF_BYTE


@dataclass
class _Source:
    """What the parser reads, piece by piece; it ends early when the time is over.

    A parser that is halted in another way cannot be used again. What takes long comes back here for its next bytes all the while.
    """

    data: bytes
    until: float
    ended: int | None = None
    """Where it ended early."""

    def __call__(self, offset: int, _point: Point) -> bytes:
        if self.ended is None and time.thread_time() > self.until:
            self.ended = offset
        return b"" if self.ended is not None else self.data[offset : offset + _PIECE]


def tree_of(
    parser: Parser,
    data: bytes,
    path: str,
    *,
    brackets: int = MAX_NESTING,
    angled: int = 0,
    first: int = 1,
    allowance: Allowance | None = None,
) -> Tree:
    """The syntax tree of a document; where its syntax is broken, of what can be read of it.

    Args:
        parser: of its language.
        data: its bytes.
        path: where it stands, for what is raised.
        brackets: how deep they may be nested.
        angled: how many ``<`` there are of those of which no more than :data:`MAX_ANGLES` may be.
        first: the line that it begins on.
        allowance: what is left of the time for the document of which it is a part; what it takes is taken from it.

    Raises:
        IngestError: brackets are nested deeper, there are more ``<``, or it takes far longer than texts of its size do.
    """
    if nesting(data) > brackets:
        raise IngestError(f"is nested more than {brackets} brackets deep", document=path)
    if angled > MAX_ANGLES:
        raise IngestError(f'has more than {MAX_ANGLES} "<" that may begin a list of types', document=path)
    allowance = allowance or Allowance(len(data))
    began = time.thread_time()
    source = _Source(data, began + allowance.seconds)
    tree = parser.parse(source)
    allowance.seconds -= time.thread_time() - began
    if source.ended is not None:
        line = data.count(b"\n", 0, source.ended) + first
        raise IngestError("takes too long to parse: its syntax is broken or repeated without end", document=path, where=f"L{line}")
    # The same tree once more, which takes its texts from the bytes: to ask the source for each costs more than parsing
    return parser.parse(data) if tree.root_node.has_error else parser.parse(data, tree)
