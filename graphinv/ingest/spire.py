"""SPIRE: registration entries and the Kubernetes objects that stand for them. Who has a SPIFFE ID, attested by what.

Drawn here, and by :mod:`graphinv.ingest.grants.spiffe` from the grants:
    (:Runtime workload)-[:RUNS_AS]->(:Identity {type: spiffe, binding: attested})
    (:Identity service account)-[:ASSUMES]->(:Identity {type: spiffe})
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, yamldoc
from graphinv.ingest.support.clients import at
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.parts import inside, items, tells, texts
from graphinv.ingest.support.records import problem, text
from graphinv.ingest.support.scripts import commands
from graphinv.ingest.support.secrets import redact
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, Grant, NodeFact, NodeKey, Props

NAME = "spire"
TITLE = "SPIRE registration entries, ClusterSPIFFEIDs and static entries"
FILES = (
    "JSON or text (`*.txt`, `*.log`) of `spire-server entry show`, JSON for `entry create -data`",
    "manifests of ClusterSPIFFEID, ClusterStaticEntry, SpiffeID, ControllerManagerConfig, ZeroTrustWorkloadIdentityManager",
    "ConfigMaps and Helm values that state a cluster's trust domain",
    "shell scripts with `spire-server entry create`",
)
MAX_BYTES = 64 * 1024 * 1024

_ENTRIES = re.compile(rb'"(?:spiffe_id|spiffeId|parent_id)"\s*:')
_SELECTORS = re.compile(rb'"selectors"\s*:')
_SHOWN = re.compile(rb"(?m)^Entry ID[ \t]*:.*\r?\nSPIFFE ID[ \t]*:")
_FIELD = re.compile(r"(Entry ID|SPIFFE ID|Selector|Admin|Downstream)[ \t]*:[ \t]*(.{0,2000}?)[ \t\r]*")
_OBJECT = re.compile(rb"[\"']?apiVersion[\"']?\s*:\s*[\"']?(?:spire\.spiffe\.io|spiffeid\.spiffe\.io)/")
_TRUST_DOMAIN = re.compile(rb"\btrust_domain\s*=\s*[\"']|\btrustDomain[\"']?[ \t]*:[ \t]*[^\s]")
_IN_CONFIGURATION = re.compile(r"(?m)^[ \t]*trust_domain[ \t]*=[ \t]*[\"']([A-Za-z0-9._-]{1,255})[\"']")
_PRINTED = (".txt", ".log", ".out")
_CREATE = re.compile(rb"spire-server\s+(?:\S+\s+)?entry\s+create|entry create\b")
_ID = re.compile(r"spiffe://([A-Za-z0-9._-]{1,255}|trust-domain\([^()]{0,250}\))((?:/[A-Za-z0-9._-]+)*)/?")
_TEMPLATE = re.compile(rb"\{\{-?\s*(?:if|range|with|include|define|\.|\$|-)")
_OPEN_DOMAIN = re.compile(r"(?<=^spiffe://)(?:\$\{[\w:.-]{1,100}\}|\$\w{1,100}|\{\{[^{}]{1,200}\}\}|<[\w -]{1,100}>)(?=/|$)")


def detect(path: str, head: bytes) -> bool:
    """Whether it begins with entries, or with an object of SPIRE's own kinds."""
    lowered = path.lower()
    if lowered.endswith(".json") and _ENTRIES.search(head) and _SELECTORS.search(head):
        return True
    if lowered.endswith((".json", ".yaml", ".yml")):
        named = b"spire" in head or b"ZeroTrustWorkloadIdentityManager" in head
        return _OBJECT.search(head) is not None or (named and _TRUST_DOMAIN.search(head) is not None)
    if lowered.endswith(_PRINTED):
        return _SHOWN.search(head) is not None
    return lowered.endswith((".sh", ".bash")) and _CREATE.search(head) is not None and b"spire" in head


def read(document: Document) -> Iterator[Fact]:
    """Identities, and grants for who has them.

    Raises:
        IngestError: not JSON or YAML.
    """
    lowered = document.name.lower()
    if lowered.endswith((".sh", ".bash")):
        yield from _script(document)
        return
    if lowered.endswith(_PRINTED):
        yield from _printed(document)
        return
    for located in [jsondoc.parse(document)] if lowered.endswith(".json") else _documents(document):
        value = located.value
        listed = items(value.get("items")) if isinstance(value, dict) else []
        if isinstance(value, list):
            for index, entry in enumerate(items(value)):
                yield from _entry(document, entry, located.line(index), "declared")
        elif isinstance(value, dict) and isinstance(value.get("entries"), list):
            for index, entry in enumerate(items(value["entries"])):
                yield from _entry(document, entry, located.line("entries", index), "granted" if "id" in entry else "declared")
        elif listed:
            for index, one in enumerate(listed):
                yield from _object(document, one, at(located, ("items", index)))
        elif isinstance(value, dict) and ("spiffe_id" in value or "spiffeId" in value):
            yield from _entry(document, value, located.line(), "declared")
        elif isinstance(value, dict):
            yield from _object(document, value, located.line)


def _documents(document: Document) -> list[Located]:
    """The YAML documents; none of a template, which the reader of manifests tells of."""
    try:
        return list(yamldoc.parse(document.text(), document))
    except IngestError:
        if _TEMPLATE.search(document.data):
            return []
        raise


def _id(value: object, root: str) -> str:
    """A SPIFFE ID as one text, however it is written, with a stand-in for a trust domain that is filled in later; ``""`` for none."""
    if isinstance(value, dict):
        value = f"spiffe://{value.get('trust_domain', value.get('trustDomain', ''))}{value.get('path') or ''}"
    found = _ID.fullmatch(_OPEN_DOMAIN.sub(f"trust-domain({root})", text(value, 2048)))
    if found is None:
        return ""
    domain = found[1] if found[1].startswith("trust-domain(") else found[1].lower()
    return redact(f"spiffe://{domain}{found[2]}")


def _entry(document: Document, entry: dict[str, Any], line: int, evidence: str) -> Iterator[Fact]:
    """One registration entry."""
    id = _id(entry.get("spiffe_id", entry.get("spiffeId")), document.root)
    if not id:
        yield problem(document, line, "is a registration entry without a SPIFFE ID", NAME, "error")
        return
    selectors = [f"{text(one.get('type'))}:{text(one.get('value'), 1000)}" for one in items(entry.get("selectors")) if one]
    selectors += texts(entry.get("selectors"))
    yield from _identity(document, id, selectors, line, evidence)
    if entry.get("admin") is True or entry.get("downstream") is True:
        yield from _rules(document, id, line, evidence)


def _identity(document: Document, id: str, selectors: list[str], line: int, evidence: str) -> Iterator[Fact]:
    """A SPIFFE ID, and the workload that its selectors ask for."""
    domain = id.removeprefix("spiffe://").partition("/")[0]
    labels = sorted({f"selector={redact(one)}" for one in selectors[:50] if tells(one)})
    props: Props = {"name": id.removeprefix("spiffe://"), "type": "spiffe", "provider": "spiffe", "binding": "attested"}
    yield NodeFact("Identity", id, {**props, "trust_domain": domain, "labels": labels or None, "sources": [document.source(line)]})
    wanted: dict[str, str] = {}
    pods: dict[str, str] = {}
    for one in selectors:
        kind, _, rest = one.partition(":")
        field, _, value = rest.partition(":")
        if kind == "k8s" and field in ("ns", "sa") and value:
            wanted[field] = redact(value)
        elif kind == "k8s" and field == "pod-label":
            name, _, label = value.partition(":")
            pods[redact(name)] = redact(label)
    if wanted or pods:
        yield _grant(document, ("Identity", id), "workload", {**wanted, "labels": pods}, line, evidence)


def _rules(document: Document, id: str, line: int, evidence: str) -> Iterator[Fact]:
    """(:Identity)-[:CAN_ACCESS admin]->(:Resource trust domain) for who may write entries or sign for others."""
    domain: NodeKey = ("Resource", f"spiffe://{id.removeprefix('spiffe://').partition('/')[0]}")
    yield NodeFact(*domain, {"name": domain[1].removeprefix("spiffe://"), "type": "trust_domain", "sources": [document.source(line)]})
    props: Props = {"actions": ["admin"], "evidence": [evidence], "sources": [document.source(line)]}
    yield EdgeFact("CAN_ACCESS", ("Identity", id), domain, props)


def _object(document: Document, value: dict[str, Any], where: Callable[..., int]) -> Iterator[Fact]:
    """One Kubernetes object."""
    kind, spec = text(value.get("kind")), value.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    cluster: NodeKey = ("Resource", f"k8s:{document.root}")
    metadata = value.get("metadata")
    live = isinstance(metadata, dict) and "uid" in metadata
    evidence = "granted" if live else "declared"
    if kind == "ControllerManagerConfig":
        yield from _domain(document, value, where("trustDomain"), evidence)
    elif kind == "ZeroTrustWorkloadIdentityManager":
        yield from _domain(document, spec, where("spec", "trustDomain"), evidence)
    elif kind == "ConfigMap":
        for name, file in inside(value, "data").items():
            yield from _configured(document, text(file, 100_000), where("data", name), evidence)
    elif not kind:  # values of a chart
        yield from _domain(document, inside(inside(value, "global"), "spire"), where("global", "spire", "trustDomain"), evidence)
    elif kind == "ClusterSPIFFEID" and spec:
        template = text(spec.get("spiffeIDTemplate"), 2000)
        if template:
            described: dict[str, Any] = {
                "template": redact(template),
                "namespaces": _selector(spec.get("namespaceSelector")),
                "pods": _selector(spec.get("podSelector")),
                "selectors": [redact(one) for one in texts(spec.get("workloadSelectorTemplates"))[:50]],
                "admin": spec.get("admin") is True or spec.get("downstream") is True,
            }
            yield _grant(document, cluster, "template", described, where("spec", "spiffeIDTemplate"), evidence)
    elif kind == "ClusterStaticEntry" and spec:
        entry = {
            "spiffe_id": spec.get("spiffeID"),
            "selectors": spec.get("selectors"),
            "admin": spec.get("admin"),
            "downstream": spec.get("downstream"),
        }
        yield from _entry(document, entry, where("spec"), evidence)
    elif kind == "SpiffeID" and spec:
        yield from _old_object(document, spec, metadata if isinstance(metadata, dict) else {}, where("spec"), evidence)


def _domain(document: Document, stated: dict[str, Any], line: int, evidence: str) -> Iterator[Grant]:
    """What the trust domain of a cluster is called, where that is more than a variable."""
    domain = text(stated.get("trustDomain"))
    if _ID.fullmatch(f"spiffe://{domain}"):
        body = {"domain": redact(domain).lower(), "cluster": redact(text(stated.get("clusterName")))}
        ignored = {"ignored": [redact(one) for one in texts(stated.get("ignoreNamespaces"))[:200]]}
        yield _grant(document, ("Resource", f"k8s:{document.root}"), "domain", {**body, **ignored}, line, evidence)


def _configured(document: Document, file: str, line: int, evidence: str) -> Iterator[Fact]:
    """The same of a file in a ConfigMap: one of the server or its agents, or of the controller."""
    if "kind: ControllerManagerConfig" in file:
        try:
            found = [one.value for one in yamldoc.parse(file, document) if isinstance(one.value, dict)]
        except IngestError:
            # The object that holds it is whole; what it is filled with is not.
            yield problem(
                document, line, "is a file of the controller manager that is not YAML: which trust domain it states is not read", NAME
            )
            return
    else:
        stated = _IN_CONFIGURATION.search(file)
        found = [{"trustDomain": stated[1]}] if stated else []
    for one in found:
        yield from _domain(document, one, line, evidence)


def _old_object(document: Document, spec: dict[str, Any], metadata: dict[str, Any], line: int, evidence: str) -> Iterator[Fact]:
    """An entry of the registrar that came before the controller manager."""
    id, selector = _id(spec.get("spiffeId"), document.root), spec.get("selector")
    selector = selector if isinstance(selector, dict) else {}
    if not id:
        yield problem(document, line, "is a registration entry without a SPIFFE ID", NAME, "error")
        return
    namespace = text(selector.get("namespace")) or text(metadata.get("namespace"))
    account = text(selector.get("serviceAccount"))
    found = [f"k8s:ns:{namespace}"] if namespace else []
    yield from _identity(document, id, [*found, f"k8s:sa:{account}"] if account else found, line, evidence)


def _selector(value: object) -> dict[str, Any]:
    """A label selector as a grant keeps it."""
    if not isinstance(value, dict):
        return {}
    labels = value.get("matchLabels")
    found = {str(key)[:300]: redact(str(item))[:300] for key, item in list(labels.items())[:50]} if isinstance(labels, dict) else {}
    asked = [
        {
            "key": text(one.get("key")),
            "operator": text(one.get("operator")),
            "values": [redact(part) for part in texts(one.get("values"))[:200]],
        }
        for one in items(value.get("matchExpressions"))[:50]
    ]
    return {"labels": found, "expressions": asked}


def _printed(document: Document) -> Iterator[Fact]:
    """Entries as ``spire-server entry show`` prints them for people."""
    entry: dict[str, Any] = {}
    begun = 1
    for number, line in enumerate([*document.text().split("\n"), "Entry ID:"], 1):
        match = _FIELD.fullmatch(line)
        if match is None:
            continue
        name, value = match[1], match[2]
        if name == "Entry ID":
            if entry:
                yield from _entry(document, entry, begun, "granted")
            entry, begun = {"selectors": []}, number
        elif name == "Selector" and entry:
            entry["selectors"].append(value)
        elif entry:
            entry["spiffe_id" if name == "SPIFFE ID" else name.lower()] = value if name == "SPIFFE ID" else value == "true"


def _script(document: Document) -> Iterator[Fact]:
    """Entries that a script creates, as far as they are constant."""
    for command in commands(document.text(), "-spiffeID"):
        words = command.words()
        words = [part for word in words for part in (word.split("=", 1) if word.startswith("-") else [word])]
        given = [(name.lstrip("-").lower(), value) for name, value in pairwise(words) if name.startswith("-")]
        stated = next((value for name, value in given if name == "spiffeid"), "")
        id = _id(stated, document.root)
        if not id:
            if stated:
                yield problem(document, command.line, "creates an entry whose SPIFFE ID is filled in at run time", NAME, "note")
            continue
        selectors = [value for name, value in given if name == "selector" and "$" not in value]
        yield from _identity(document, id, selectors, command.line, "declared")
        if any(word.lstrip("-") in ("admin", "downstream") for word in words if word.startswith("-")):
            yield from _rules(document, id, command.line, "declared")


def _grant(document: Document, subject: NodeKey, role: str, body: dict[str, Any], line: int, evidence: str) -> Grant:
    stated = json.dumps({"root": document.root, **body}, separators=(",", ":"))
    return Grant("spiffe", subject, role, stated, "", document.source(line), evidence)
