"""Dockerfiles: what an image is built from, what it runs, and the credentials that are baked into it.

Drawn:
    (:Runtime image)-[:HOLDS]->(:Secret), (:Runtime image)-[:DEPENDS_ON]->(:Package base image)

Which agents run in it the pipeline finds (:mod:`graphinv.pipeline.deployments`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.docker.instructions import brought, instructions, pairs, stages
from graphinv.ingest.support.docker.running import image_facts, safe, told
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import recognise_all, secret_key, secret_node
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

NAME = "dockerfile"
TITLE = "Dockerfiles"
FILES = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile")
MAX_BYTES = 2 * 1024 * 1024

_NAME = re.compile(r"(?:Dockerfile|Containerfile)(?:[._-][\w.-]+)?|[\w.-]+\.[Dd]ockerfile")
_NO_FILE = re.compile(r".*\.(?:md|txt|ya?ml|json|py|[jt]s|sh|go|dockerignore|tmpl|j2|template)", re.IGNORECASE)


def detect(path: str, head: bytes) -> bool:
    """Whether it is called like one."""
    name = path.rpartition("/")[2]
    return _NAME.fullmatch(name) is not None and _NO_FILE.fullmatch(name) is None


def read(document: Document) -> Iterator[Fact]:
    """The image that the last stage makes.

    Raises:
        IngestError: not text, no ``FROM``, or more than 5,000 instructions.
    """
    found = list(instructions(document.text(), document.path))
    built = stages(found)
    if not built:
        raise IngestError("builds nothing: it has no FROM", document=document.path)
    last = built[-1]
    key = image_key(document.root, document.path)
    labels = [f"dockerfile={document.path}"] if safe(document.path) else []
    labels += told(last.words(), last.source_of)
    copied = brought(found)
    labels += [f"copy={path}" for path in (copied if all(map(safe, copied)) else ["."])]
    if last.user in ("", "root", "0"):
        labels.append("user=root")
    props: Props = {
        "name": f"image of {document.folder or document.root}",
        "type": "container",
        "kind_detail": "container image",
        "environment": environment_of(document.path),
        "labels": sorted(set(labels)),
        "sources": [document.source(last.line)],
    }
    yield NodeFact(*key, {name: value for name, value in props.items() if value})
    yield from image_facts(document, last.line, key, last.base)
    for name, value, line in last.variables:
        yield from _baked(document, key, name, value, line)
    for one in found:
        if one.name == "ARG":
            for name, value in pairs(one.text):
                yield from _baked(document, key, name, value, one.line)
        elif one.name in ("RUN", "CMD", "ENTRYPOINT", "LABEL"):
            yield from _baked(document, key, "", one.text, one.line)


def image_key(root: str, path: str) -> NodeKey:
    """The node of the image that the Dockerfile at ``path`` makes."""
    return "Runtime", f"image:{root}/{path}" if path else f"image:{root}"


def _baked(document: Document, key: NodeKey, name: str, value: str, line: int) -> Iterator[Fact]:
    """Credentials in an instruction: each layer of an image can be read by whoever has it."""
    for secret in recognise_all(name, value):
        yield secret_node(document, line, secret)
        yield EdgeFact("HOLDS", key, secret_key(document, secret), _held(document, line))


def _held(document: Document, line: int) -> Props:
    return {"place": "repo", "evidence": ["declared"], "sources": [document.source(line)]}
