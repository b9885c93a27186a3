"""What others can want of a document that is not about agents, without a syntax tree."""

from __future__ import annotations

import re

from graphinv.ingest import Document
from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.texts import constant

_REEXPORT = re.compile(rb"^export\s+(?:\*(?:\s+as\s+([\w$]+))?|\{([^}]{0,5000})\})\s*from\s*[\"']([^\"'\n]{1,300})[\"']", re.MULTILINE)
_CONSTANT = re.compile(rb"^export\s+const\s+([\w$]+)(?:\s*:\s*[\w<>\[\]]+)?\s*=\s*([\"'])([^\"'\\\n]{0,500})\2", re.MULTILINE)


def skim_module(document: Document) -> ir.Module:
    """What others can want of a document that is not about agents: what it passes on and its exported texts; without a syntax tree."""
    exports: dict[str, tuple[str, ir.Expr | str, str]] = {}
    stars: list[str] = []
    for match in _REEXPORT.finditer(document.data):
        specifier = match[3].decode("utf-8", "replace")
        if match[2] is not None:
            for part in match[2].decode("utf-8", "replace").split(","):
                words = part.replace("type ", " ").split()
                if words:
                    exports[words[-1]] = ("from", specifier, words[0])
        elif match[1]:
            exports[match[1].decode()] = ("from", specifier, "*")
        else:
            stars.append(specifier)
    for match in _CONSTANT.finditer(document.data):
        name = match[1].decode()
        line = document.data.count(b"\n", 0, match.start()) + 1
        exports[name] = ("local", constant(document, name, match[3].decode("utf-8", "replace"), line), "")
    return ir.Module(document.path, {}, exports, tuple(stars), frozenset(), False)
