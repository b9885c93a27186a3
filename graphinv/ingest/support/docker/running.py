"""What a command line in a container tells about itself, as labels of the runtime; :mod:`graphinv.pipeline.deployments` reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from graphinv.ingest import Document
from graphinv.ingest.support.launch import launch
from graphinv.ingest.support.packages import image as image_package
from graphinv.ingest.support.tellable import tellable, tellable_package
from graphinv.ingest.support.words import Word
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey

_SAFE = re.compile(r"[\w./@:+~-]{1,200}")
_SERVED = re.compile(r"([A-Za-z_]\w{0,99}(?:\.[A-Za-z_]\w{0,99}){0,12}):[A-Za-z_]\w{0,99}(?:\(\))?")
"""``package.module:app``, as uvicorn, gunicorn and their like are told what to serve."""


def told(words: Sequence[Word], source_of: Callable[[str], str] = lambda path: path) -> Iterator[str]:
    """``entry=<file>``, ``module=<module>`` and ``program=<name>`` of a command line.

    Args:
        words: the command line.
        source_of: path of a file of the container → where it lies in the source.
    """
    started = launch(words)
    found = [f"entry={source_of(started.entry)}"] if started.entry else []
    for word in words:
        if (match := _SERVED.fullmatch(word.text)) is not None:
            found.append(f"module={match[1]}")
        elif not started.entry and re.fullmatch(r"/?[\w./-]{1,200}\.(?:py|[cm]?[jt]s)", word.text):
            found.append(f"entry={source_of(word.text)}")
    found += [label for label in started.labels if label.startswith(("module=", "program="))]
    for label in dict.fromkeys(found):
        if safe(label.partition("=")[2]):
            yield label


def safe(text: str) -> bool:
    """Whether a path, an image or a name may stand in a label."""
    return _SAFE.fullmatch(text) is not None and tellable(text)


def image_facts(document: Document, line: int, runtime: NodeKey, reference: object) -> Iterator[Fact]:
    """(runtime)-[:DEPENDS_ON]->(the image that ``reference`` names), unless something else fills in which one."""
    named = isinstance(reference, str) and reference != "scratch" and "$" not in reference.partition(":")[0]
    package = tellable_package(image_package(reference)) if named and isinstance(reference, str) else None
    if package is not None:
        key: NodeKey = ("Package", package.purl)
        sources = [document.source(line)]
        yield NodeFact(*key, {"name": package.name, "purl": package.purl, "sources": sources})
        yield EdgeFact("DEPENDS_ON", runtime, key, {"evidence": ["declared"], "sources": sources})
