"""What a document imports, found without parsing it: enough to tell which documents belong together."""

from __future__ import annotations

import re

from graphinv.ingest import Document
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.summary import MAX_SOURCE, MAX_UNMARKED, marker

_IMPORT = re.compile(  # possessive, so that no text takes more than linear time
    r"(?:^|[;:])[ \t\f]*+(?:"
    r"import[ \t\f]++(?P<modules>[^\n;#]++)"
    r"|from[ \t\f]*+(?P<dots>[. \t\f]*+)(?P<module>(?!import\b)[\w.]*+(?:[ \t\f]*+\.[ \t\f]*+[\w.]*+)*+)?"
    r"[ \t\f]*+import\b[ \t\f]*+(?P<names>\((?:[^)#]|\#[^\n]*+)*+|[^\n;#]++)"
    r")",
    re.MULTILINE,
)
_SPACES = re.compile(r"[ \t\f]+")
_COMMENT = re.compile(r"#[^\n]*")
_NAME = re.compile(r"([\w.]+|\*)(?:\s+as\s+\w+)?")


def outline(document: Document) -> ir.Module:
    """The module with what it imports and nothing else; of a notebook its summary's. What only looks like an import is among the imports.

    Raises:
        IngestError: it is no text.
    """
    notebook = document.path.endswith(".ipynb")
    marked = marker().search(document.data) is not None
    size = len(document.data)
    if size > (MAX_SOURCE if marked else MAX_UNMARKED) or (notebook and not marked):
        return ir.Module(document.path, document.root, (), marked, False)
    text = document.text()
    if notebook:  # a line of source is a JSON text, which begins and ends with what no name does
        text = text.replace('"', "\n").replace("\\n", "\n")
    return ir.Module(document.path, document.root, (), marked, False, "", imports(text))


def imports(text: str) -> frozenset[tuple[str, int]]:
    r"""Modules and names in them as dotted paths, with the number of dots before; O(length).

    >>> sorted(imports("import a.b as c, d\nfrom ..e import (f,  # (g)\n    h as i)\n"))
    [('a.b', 0), ('d', 0), ('e', 2), ('e.f', 2), ('e.h', 2)]
    """
    if "import" not in text:
        return frozenset()
    found: set[tuple[str, int]] = set()
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\\\n", " ")
    for match in _IMPORT.finditer(text):
        if match["modules"] is not None:
            modules = _SPACES.sub(" ", match["modules"]).replace(" .", ".").replace(". ", ".")
            found.update((name, 0) for name in _NAME.findall(modules))
            continue
        module = _SPACES.sub("", match["module"] or "")
        level = match["dots"].count(".")
        found.add((module, level))
        found.update((f"{module}.{name}".lstrip("."), level) for name in _NAME.findall(_COMMENT.sub("", match["names"])))
    return frozenset(found)
