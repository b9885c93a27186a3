"""Cortex: entities and the people and teams that own them (``cortex.yaml``, an OpenAPI document with ``x-cortex-`` keys).

Drawn, by the pipeline from the rules that are read here:
    (:Owner)-[:OWNS]->(whatever is stated in the entity's repository or folder, and its workloads in the cluster)

and, of entities of type ``ai-agent``:
    (:Owner)-[:OWNS]->(:Agent)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.owners import owner_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.service_catalogue import AGENTS, TEMPLATE, Component, component_facts, listed_agent, slug
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem

NAME = "cortex"
TITLE = "Cortex entities"
FILES = ("cortex.yaml", "cortex.yml", ".cortex/catalog/*.yaml")

_KEY = re.compile(rb"^[ \t]*+[\"']?x-cortex-[a-z-]+[\"']?\s*:", re.MULTILINE)
_NAME = re.compile(r"[\w .:@/-]{1,200}")
_WORKLOAD = re.compile(r"(?P<space>[a-z0-9-]{1,63})/(?P<name>[a-z0-9.-]{1,253})")
_KINDS = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "cronjob": "CronJob",
    "argorollout": "Rollout",
    "daemonset": "DaemonSet",
}
MAX_WORKLOADS = 500


def detect(path: str, head: bytes) -> bool:
    """Whether it is YAML with a key of Cortex near its beginning."""
    return path.lower().endswith((".yaml", ".yml")) and _KEY.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Owners of one file.

    Raises:
        IngestError: not text or not YAML.
    """
    components = []
    for found in yamldoc.parse(document.text(), document):
        info = found.value.get("info") if isinstance(found.value, dict) else None
        if not isinstance(info, dict):
            continue
        repository, path = _repository(info.get("x-cortex-git"))
        line = found.line("info", "x-cortex-owners")
        source = document.source(line)
        tag = info.get("x-cortex-tag")
        if isinstance(tag, str) and TEMPLATE.search(tag):
            yield Problem(document.path, f"L{line}", "is a template from which an entity is made later", "note", NAME)
            continue
        stated = [entry for entry in _listed(info, "x-cortex-owners") if not _is_channel(entry)]
        owners = tuple(owner for entry in stated if (owner := _owner(entry, repository, source)))
        if len(owners) < len(stated):
            yield Problem(document.path, f"L{line}", "names owners that are neither a team nor an e-mail address", "warning", NAME)
        name = tag if isinstance(tag, str) else ""
        if name and info.get("x-cortex-type") in AGENTS:
            yield from _agent(document, name, info, found.line("info"), owners)
        components.append(Component(name, owners, line, source, repository, path, nodes=tuple(_workloads(info.get("x-cortex-k8s")))))
    yield from component_facts(components, document.root, _folder(document.folder))


def _agent(document: Document, tag: str, info: dict[str, Any], line: int, owners: tuple[NodeFact, ...]) -> Iterator[Fact]:
    """An agent that the catalogue lists, and its owners."""
    key: NodeKey = ("Agent", f"cortex:{document.root}#{hide(tag[:200])}")
    title = info.get("title")
    name = hide(title.strip()[:200]) if isinstance(title, str) and title.strip() else hide(tag[:200])
    yield listed_agent(key, name, document.source(line))
    for owner in owners:
        yield owner
        yield EdgeFact("OWNS", owner.key, key, {"evidence": ["declared"], "sources": owner.props["sources"]})


def _folder(folder: str) -> str:
    """The folder that a file describes: the one above ``.cortex/catalog``."""
    return re.sub(r"(?:^|/)\.cortex(?:/.*)?$", "", folder)


def _listed(info: dict[str, Any], key: str) -> list[Any]:
    value = info.get(key)
    return value if isinstance(value, list) else []


def _repository(git: object) -> tuple[str, str]:
    """Repository and path in it."""
    for host in ("github", "gitlab", "bitbucket", "azure"):
        place = git.get(host) if isinstance(git, dict) else None
        if isinstance(place, dict) and slug(place.get("repository")):
            base = place.get("basepath")
            path = base.strip("/") if isinstance(base, str) and re.fullmatch(r"[\w./-]{1,500}", base) else ""
            return slug(place.get("repository")), path
    return "", ""


def _is_channel(entry: object) -> bool:
    """Whether it says where owners are told of things, and not who they are."""
    return isinstance(entry, dict) and str(entry.get("type")).lower() == "slack"


def _owner(entry: object, repository: str, source: str) -> NodeFact | None:
    if not isinstance(entry, dict):
        return None
    email, name = entry.get("email"), entry.get("name")
    if isinstance(email, str):
        return owner_of(email, source)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or hide(name) != name:
        return None
    provider = str(entry.get("provider") or "").upper()
    company = repository.partition("/")[0].lower()
    # A team of the code host where its provider says so, or where it is written as one of the very organisation of the repository.
    if "/" in name and (provider == "GITHUB" or (not provider and company and name.lower().startswith(f"{company}/"))):
        return owner_of(f"@{name}", source, kind="team")
    return owner_of(name, source) or NodeFact("Owner", f"cortex:group:{name.lower()}", {"name": name, "type": "team", "sources": [source]})


def _workloads(clusters: object) -> Iterator[str]:
    count = 0
    for key, kind in _KINDS.items():
        entries = clusters.get(key) if isinstance(clusters, dict) else None
        for entry in entries if isinstance(entries, list) else []:
            match = _WORKLOAD.fullmatch(str(entry.get("identifier"))) if isinstance(entry, dict) else None
            cluster = entry.get("cluster") if match else None
            count += 1
            if match and count <= MAX_WORKLOADS:
                where = cluster if isinstance(cluster, str) and re.fullmatch(r"[\w.:-]{1,200}", cluster) else "*"
                yield f"Runtime:k8s:{where}/{match['space']}/{kind}/{match['name']}"
