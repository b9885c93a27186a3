"""Bytes of a JavaScript or TypeScript document → syntax tree."""

from __future__ import annotations

import re
from functools import cache

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Language, Parser, Tree

from graphinv.ingest.support.syntax_trees import MAX_SOURCE, decorated, tree_of


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


def parse(data: bytes, path: str) -> Tree:
    """The syntax tree of a document; where its syntax is broken, of what can be read of it.

    Raises:
        IngestError: brackets are nested without end, or it is made to take long.
    """
    grammar = grammar_of(path)
    return tree_of(_parser(grammar), data, path, angled=0 if grammar == "javascript" else decorated(data))
