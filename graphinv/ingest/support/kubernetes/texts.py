"""The Kubernetes objects that a document holds: YAML with several documents, JSON, lists, here-documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, yamldoc
from graphinv.ingest.support.kubernetes.heredocs import MAX_BLOCKS, python_blocks, shell_blocks
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import IngestError

MAX_OBJECTS = 50_000
MAX_BROKEN = 20
"""Documents of one file that are told as broken; with more, the rest is not read."""
MAX_NAME = 253

_TEMPLATE = re.compile(r"\{\{|\{%")
_FENCE = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:@/+-]{0,251}[A-Za-z0-9*])?")


@dataclass(frozen=True)
class Raw:
    """One object as it is written: ``value`` stands at ``pointer`` of ``located``."""

    document: Document
    located: Located
    pointer: Pointer
    value: dict[str, Any]
    group: str
    kind: str
    name: str
    namespace: str
    """``""`` where it names none."""

    def line(self, *below: str | int) -> int:
        """Line of the part at ``below``."""
        return self.located.line(*self.pointer, *below)

    def mapping(self, *path: str) -> dict[str, Any]:
        """The object at ``path``; empty where there is none."""
        value: Any = self.value
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}


@dataclass
class Holding:
    """What a document holds. ``problems`` are (line, message, severity)."""

    objects: list[Raw] = field(default_factory=list)
    templates: int = 0
    """Objects whose text a template engine still has to fill in."""
    unnamed: list[int] = field(default_factory=list)
    """Lines of objects whose name or namespace something else fills in, or is none that Kubernetes allows."""
    problems: list[tuple[int, str, str]] = field(default_factory=list)


def holding(document: Document) -> Holding:
    """All objects of a document. O(bytes).

    Raises:
        IngestError: it is no text, or JSON or YAML that cannot be parsed and holds no object that can.
    """
    found = Holding()
    for located in _located(document, found):
        for raw in _objects(located, document, found):
            if len(found.objects) >= MAX_OBJECTS:
                raise IngestError(f"holds more than {MAX_OBJECTS:,} objects", document=document.path)
            found.objects.append(raw)
    return found


def _located(document: Document, found: Holding) -> Iterator[Located]:
    name = document.name.lower()
    if name.endswith(".json"):
        broken: list[IngestError] = []
        for parsed in jsondoc.parse_all(document):
            if isinstance(parsed, IngestError):
                broken.append(parsed)
            else:
                yield parsed
        if broken:
            told = f"{len(broken)} of the values that follow one another here are not read; the first {broken[0].message}"
            found.problems.append((int(broken[0].where[1:] or 1), told, "error"))
    elif name.endswith((".sh", ".bash", ".py")):
        blocks = python_blocks if name.endswith(".py") else shell_blocks
        for number, (line, block) in enumerate(blocks(document.text()), 1):
            if number == MAX_BLOCKS:
                found.problems.append((line, f"holds {MAX_BLOCKS} manifests; what follows is not read", "warning"))
            yield from _documents(block, document, line, found)
    else:
        yield from _documents(document.text(), document, 1, found, whole=True)


def _documents(text: str, document: Document, first_line: int, found: Holding, *, whole: bool = False) -> Iterator[Located]:
    """The YAML documents of ``text``; where one of them is broken the others are read all the same.

    Raises:
        IngestError: with ``whole``, nothing of it is YAML, and it is no template.
    """
    try:
        yield from yamldoc.parse(text, document, first_line)
        return
    except IngestError as error:
        first = error
    good, start = 0, 0
    broken: list[IngestError] = []
    for fence in [*_FENCE.finditer(text), None]:
        end = fence.start() if fence else len(text)
        part, line = text[start:end], first_line + text.count("\n", 0, start)
        start = fence.end() if fence else end
        if not part.strip() or len(broken) > MAX_BROKEN:
            continue
        try:
            located = yamldoc.parse(part, document, line)
        except IngestError as problem:
            if _TEMPLATE.search(part):
                found.templates += 1
            else:
                broken.append(problem)
            continue
        good += sum(one.value is not None for one in located)
        yield from located
    if whole and broken and not good and not found.templates:
        raise first
    for one in broken[:MAX_BROKEN]:
        found.problems.append((int(one.where[1:] or first_line), f"one of its objects {one.message}", "error"))
    if len(broken) > MAX_BROKEN:
        found.problems.append((first_line, "most of its objects are not YAML; the rest is not read", "error"))


def _objects(located: Located, document: Document, found: Holding) -> Iterator[Raw]:
    """The objects of one parsed document; those of lists, and of a sequence of objects, one by one."""
    default = ("kustomize.config.k8s.io/v1beta1", "Kustomization") if document.name.lower().startswith("kustomization") else ("", "")
    waiting: list[tuple[Any, Pointer, str, str]] = [(located.value, (), *default)]
    while waiting:
        value, pointer, version, kind = waiting.pop()
        if isinstance(value, list) and not pointer:
            waiting.extend((item, (index,), "", "") for index, item in reversed(list(enumerate(value))))
            continue
        if not isinstance(value, dict):
            continue
        version = value["apiVersion"] if isinstance(value.get("apiVersion"), str) else version
        kind = value["kind"] if isinstance(value.get("kind"), str) else kind
        items = value.get("items")
        if isinstance(items, list) and (kind.endswith("List") or not kind):
            inner = kind.removesuffix("List")
            waiting.extend((item, (*pointer, "items", index), version, inner) for index, item in reversed(list(enumerate(items))))
        elif version and kind:
            raw = _object(value, pointer, version, kind, located, document, found)
            if raw is not None:
                yield raw


def _object(
    value: dict[str, Any], pointer: Pointer, version: str, kind: str, located: Located, document: Document, found: Holding
) -> Raw | None:
    meta = value.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    name, namespace = meta.get("name", meta.get("generateName")), meta.get("namespace")
    line = located.line(*pointer, "metadata")
    if kind == "Kustomization" and name is None:
        name = "kustomization"
    name = str(name) if isinstance(name, (int, float)) and not isinstance(name, bool) else name
    texts = [part for part in (version, kind, name, namespace) if isinstance(part, str)]
    if any(_TEMPLATE.search(text) for text in texts):
        found.templates += 1
        return None
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{0,62}", kind) or not re.fullmatch(r"[a-z0-9./-]{1,253}", version):
        return None
    if not meta and name is None:
        return None  # no object of a cluster: the configuration of some tool
    allowed = isinstance(name, str) and len(name) <= MAX_NAME and _NAME.fullmatch(name.rstrip("-"))
    if not isinstance(name, str) or not allowed or not (namespace is None or _is_namespace(namespace)):
        found.unnamed.append(line)
        return None
    group = version.rpartition("/")[0]
    return Raw(document, located, pointer, value, group, kind, hide(name), namespace or "")


def _is_namespace(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)?", value) is not None
