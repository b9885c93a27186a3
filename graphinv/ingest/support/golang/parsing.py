"""Bytes of a Go document → syntax tree, and what can be told without one."""

from __future__ import annotations

import re
from functools import cache

import tree_sitter_go
from tree_sitter import Language, Parser, Tree

from graphinv.ingest.support.syntax_trees import MAX_SOURCE, tree_of
from graphinv.model.errors import IngestError

SDKS = ("github.com/modelcontextprotocol/go-sdk/mcp", "github.com/mark3labs/mcp-go/mcp", "github.com/mark3labs/mcp-go/server")
AGENTS = (
    "google.golang.org/adk/",
    "github.com/cloudwego/eino/adk",
    "github.com/cloudwego/eino/flow/agent",
    "github.com/tmc/langchaingo/agents",
    "github.com/firebase/genkit/go/genkit",
)
"""Beginnings of the imports of documents that make agents."""
_IMPORTS = re.compile(rb'^import\s*(?:\(([^)]{0,20000})\)|(?:[\w.]+\s+)?"([^"\n]{1,300})")', re.MULTILINE)
_QUOTED = re.compile(rb'^\s*(?:[\w.]+\s+)?["`]([^"`\n]{1,300})["`]', re.MULTILINE)
_MODULE = re.compile(r'^module\s+"?([\w./~-]{1,300})"?\s*(?://.*)?$', re.MULTILINE)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_go.language()))


def parse(data: bytes, path: str) -> Tree:
    """The syntax tree of a document; where its syntax is broken, of what can be read of it.

    Raises:
        IngestError: it is too large, brackets are nested without end, or it is made to take long.
    """
    if len(data) > MAX_SOURCE:
        raise IngestError(f"is larger than {MAX_SOURCE} bytes of source", document=path)
    return tree_of(_parser(), data, path)


def imports_of(data: bytes) -> tuple[str, ...]:
    """Paths that a document imports, without a syntax tree; O(size)."""
    found: dict[str, None] = {}
    for block, single in _IMPORTS.findall(data):
        for path in [single] if single else _QUOTED.findall(block):
            found[path.decode("utf-8", "replace")] = None
    return tuple(found)


def module_of(text: str) -> str:
    """What a ``go.mod`` calls its module; empty where it does not say."""
    found = _MODULE.search(text)
    return found[1] if found else ""
