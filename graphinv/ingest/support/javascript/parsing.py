"""Bytes of a JavaScript or TypeScript document → syntax tree."""

from __future__ import annotations

import re
from functools import cache

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Parser, Tree

from graphinv.model.errors import IngestError

MAX_SOURCE = 2 * 1024 * 1024
MAX_NESTING = 2000
_BRACKETS = b"()[]{}"
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)


@cache
def _parser(grammar: str) -> Parser:
    if grammar == "typescript":
        return Parser(Language(tree_sitter_typescript.language_typescript()))
    if grammar == "tsx":
        return Parser(Language(tree_sitter_typescript.language_tsx()))
    return Parser(Language(tree_sitter_javascript.language()))


def grammar_of(path: str) -> str:
    """The grammar that a document's suffix asks for: ``typescript``, ``tsx`` or ``javascript``."""
    suffix = path.rpartition(".")[2].lower()
    return "tsx" if suffix == "tsx" else "typescript" if suffix in ("ts", "mts", "cts") else "javascript"


def is_bundle(data: bytes) -> bool:
    """Whether it was written by a bundler or minifier, not by a person: very long lines, or many small modules in a wrapper.

    O(size).
    """
    if len(data) > MAX_SOURCE:
        return True
    if b"__webpack_require__" in data[:20_000] or b"//# sourceMappingURL=" in data[-300:]:
        return True
    if len(data) < 5000:
        return False
    lines = data.count(b"\n") + 1
    return len(data) / lines > 500 or bool(len(data) > 50_000 and re.search(rb"[^\n]{20000}", data))


def nesting(data: bytes) -> int:
    """How deep brackets are nested at most, those in texts and comments included; O(size)."""
    depth = deepest = 0
    for byte in data.translate(None, _OTHERS):
        if byte in b"([{":
            depth += 1
            deepest = max(deepest, depth)
        elif depth:
            depth -= 1
    return deepest


def parse(data: bytes, path: str) -> Tree:
    """The syntax tree of a document; where its syntax is broken, of what can be read of it.

    Raises:
        IngestError: brackets are nested without end.
    """
    if nesting(data) > MAX_NESTING:
        raise IngestError(f"is nested more than {MAX_NESTING} brackets deep", document=path)
    return _parser(grammar_of(path)).parse(data)
