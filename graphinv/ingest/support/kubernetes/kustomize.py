"""``kustomization.yaml``: which files it takes, and the namespace that it puts them into."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from graphinv.ingest.support.kubernetes.readings import Entry, Kustomization, Store, Summary
from graphinv.ingest.support.kubernetes.secrets import entry
from graphinv.ingest.support.kubernetes.texts import Raw
from graphinv.ingest.support.parts import items, texts
from graphinv.ingest.support.secret_shapes import hide

MAX_ITEMS = 2_000
MAX_NAMESPACES = 12
"""Namespaces that one file is put into at most."""
MAX_DEPTH = 12
MAX_STEPS = 500_000
"""Files that are followed from all kustomizations of a root together."""
_FIELDS = ("resources", "bases", "components", "patchesStrategicMerge")
_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def kustomization(raw: Raw) -> Kustomization:
    """What one says. Generated Secrets stand in it as literals."""
    value = raw.value
    namespace = value.get("namespace")
    named = [text for field in _FIELDS for text in texts(value.get(field))[:MAX_ITEMS]]
    named += [item["path"] for item in items(value.get("patches"))[:MAX_ITEMS] if isinstance(item.get("path"), str)]
    return Kustomization(
        namespace if isinstance(namespace, str) and re.fullmatch(r"[a-z0-9-]{1,63}", namespace) else "",
        tuple(path for path in named if "://" not in path and not path.startswith("/") and len(path) < 500 and hide(path) == path),
        renames=bool(value.get("namePrefix") or value.get("nameSuffix")),
        generated=tuple(_generated(raw)),
    )


def _generated(raw: Raw) -> Iterator[tuple[str, Store]]:
    for field, otherwise in (("secretGenerator", "secret"), ("configMapGenerator", "")):
        for index, item in enumerate(items(raw.value.get(field))[:MAX_ITEMS]):
            entries: list[Entry] = []
            for at, literal in enumerate(texts(item.get("literals"))[:MAX_ITEMS]):
                key, _, text = literal.partition("=")
                entries.append(entry(raw.document, raw.line(field, index, "literals", at), key, text.strip("\"'"), otherwise))
            name = item.get("name")
            if isinstance(name, str) and otherwise:
                yield hide(name), Store(tuple(entries), detail="generated secret")


def namespaces(summaries: Mapping[str, Summary]) -> dict[str, list[str]]:
    """Path of a document → the namespaces that kustomizations put it into; of several overlays, each. O(files named, transitively)."""
    folders: dict[str, Kustomization] = {}
    for path, summary in summaries.items():
        for read in summary.objects:
            if isinstance(read.content, Kustomization):
                folders[posixpath.dirname(path)] = read.content
    found: dict[str, set[str]] = {}
    left = MAX_STEPS
    for folder, one in folders.items():
        if one.namespace and left > 0:
            left -= _spread(folder, one.namespace, folders, found)
    return {path: sorted(names)[:MAX_NAMESPACES] for path, names in found.items()}


def _spread(folder: str, namespace: str, folders: Mapping[str, Kustomization], found: dict[str, set[str]]) -> int:
    """Put ``namespace`` to all files that the kustomization in ``folder`` takes; how many there are."""
    steps = 0
    waiting, seen = [(folder, 0)], {folder}
    while waiting:
        here, depth = waiting.pop()
        for file in _FILES:
            found.setdefault(posixpath.join(here, file), set()).add(namespace)
        steps += 1 + len(folders[here].resources)
        for named in folders[here].resources:
            path = posixpath.normpath(posixpath.join(here, named))
            if path in folders:
                if path not in seen and depth < MAX_DEPTH:
                    seen.add(path)
                    waiting.append((path, depth + 1))
            else:
                found.setdefault(path, set()).add(namespace)
    return steps
