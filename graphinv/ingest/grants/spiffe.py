"""Who is given a SPIFFE ID in a Kubernetes cluster.

Grants of ``provider`` ``spiffe``; ``body`` is a JSON object, ``root`` in each the name of the cluster in ids:

    role      subject                     body
    workload  ("Identity", SPIFFE ID)     {"ns": namespace, "sa": service account, "labels": {key: value} of the pod}
    template  ("Resource", "k8s:<root>")  {"template": …, "namespaces": selector, "pods": selector, "selectors": [template, …],
                                          "admin": bool}
    domain    ("Resource", "k8s:<root>")  {"domain": trust domain, "cluster": name, "ignored": [namespace, …]}

A selector is {"labels": {key: value}, "expressions": [{"key", "operator", "values"}]}. Of pods the labels that their workload states are
known, of namespaces only their name: a match that rests on others is a guess.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphinv.ingest.grants import Known
from graphinv.ingest.support.federation import workloads
from graphinv.ingest.support.granted import granted_props, object_of, problem_of, sources_of, unread
from graphinv.ingest.support.kubernetes.names import DEFAULT, object_id, parse_id
from graphinv.ingest.support.parts import items, texts
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "spiffe"
_PART = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_LABEL = re.compile(r"(?:index\s+\.PodMeta\.Labels\s+[\"'`]([^\"'`]+)[\"'`]|\.PodMeta\.Labels\.([\w-]+))")
_NAMESPACE_NAME = "kubernetes.io/metadata.name"
_GUESS: Props = {"evidence": ["inferred"], "confidence": 0.5}


class _Workload(NamedTuple):
    runtime: NodeKey
    namespace: str
    name: str
    account: str
    labels: Mapping[str, str]


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """Edges and SPIFFE IDs; O(templates · workloads of their cluster + entries · known service accounts)."""
    bodies = [(grant, object_of(grant)) for grant in grants]
    domains = _domains([body for grant, body in bodies if grant.role == "domain"])
    running = _running(known)
    for grant, body in bodies:
        root = str(body.get("root") or "")
        if grant.role == "workload":
            yield from _selected(known, grant, body, root, running.get(root, []))
        elif grant.role == "template" and isinstance(body.get("template"), str):
            yield from _templated(grant, body, domains.get(root, {}), running.get(root, []))
        elif grant.role != "domain":
            yield unread(grant)


def _domains(stated: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Cluster → what is stated of its trust domain; nothing where several are, of which nobody sees which is meant."""
    found: dict[str, Mapping[str, Any]] = {}
    for body in sorted(stated, key=lambda one: str(one.get("cluster") or "")):  # whoever states the cluster's name comes last
        root = str(body.get("root"))
        before = found.get(root, body)
        found[root] = body if before.get("domain") == body.get("domain") else {}
    return found


def _running(known: Known) -> dict[str, list[_Workload]]:
    """Cluster → workloads that are known in it."""
    accounts: dict[NodeKey, str] = {}
    for edge in known.edges:
        if edge.kind == "RUNS_AS" and isinstance(edge.source, tuple) and isinstance(edge.target, tuple):
            target = parse_id(edge.target[1])
            if edge.source[0] == "Runtime" and target and target.kind == "ServiceAccount":
                accounts.setdefault(edge.source, target.name)
    found: dict[str, list[_Workload]] = defaultdict(list)
    for id in known.ids("Runtime", prefix="k8s:"):
        parts = parse_id(id)
        if parts is None:
            continue
        key: NodeKey = ("Runtime", id)
        stated = (one.removeprefix("pod:").partition("=") for one in known.nodes[key].get("labels") or () if one.startswith("pod:"))
        labels = {name: value for name, _, value in stated}
        found[parts.cluster].append(_Workload(key, parts.namespace, parts.name, accounts.get(key, DEFAULT), labels))
    return found


def _selected(known: Known, grant: Grant, body: Mapping[str, Any], root: str, running: Sequence[_Workload]) -> Iterator[EdgeFact]:
    """(:Identity service account)-[:ASSUMES]->(:Identity SPIFFE ID), or (:Runtime)-[:RUNS_AS]->(it) where it asks for labels of pods."""
    namespace, account = str(body.get("ns") or "*"), str(body.get("sa") or "*")
    labels = body.get("labels")
    if isinstance(labels, dict) and labels:
        wanted = {str(name): str(value) for name, value in labels.items()}
        chosen = [
            one.runtime
            for one in running
            if namespace in ("*", one.namespace) and account in ("*", one.account) and wanted.items() <= dict(one.labels).items()
        ]
        yield from (EdgeFact("RUNS_AS", runtime, grant.subject, granted_props(grant)) for runtime in chosen)
        if chosen or account == "*":
            return
    found = list(workloads(known, (namespace, account), grant.subject, granted_props(grant)))
    if not found and "*" not in (namespace, account):
        found = [
            EdgeFact("ASSUMES", ("Identity", object_id(root, namespace, "ServiceAccount", account)), grant.subject, granted_props(grant))
        ]
    yield from found


def _templated(
    grant: Grant, body: Mapping[str, Any], domain: Mapping[str, Any], running: Sequence[_Workload]
) -> Iterator[NodeFact | EdgeFact | Problem]:
    """(:Runtime)-[:RUNS_AS]->(:Identity SPIFFE ID) for each workload that a ClusterSPIFFEID selects."""
    told = False
    for workload in running:
        if workload.namespace in texts(domain.get("ignored")):
            continue
        sure = _holds(body.get("namespaces"), {_NAMESPACE_NAME: workload.namespace}, whole=False)
        pods = _holds(body.get("pods"), workload.labels, whole=bool(workload.labels))
        asked = _asked(body.get("selectors"), workload, domain)
        if False in (sure, pods, asked):
            continue
        id = _filled(str(body["template"]), workload, domain)
        if id is None:
            if not told:
                told = True
                yield problem_of(grant, "a template of SPIFFE IDs has parts that are not understood", "warning")
            continue
        key: NodeKey = ("Identity", id)
        trust = id.removeprefix("spiffe://").partition("/")[0]
        props: Props = {"name": id.removeprefix("spiffe://"), "type": "spiffe", "provider": "spiffe", "binding": "attested"}
        yield NodeFact(*key, {**props, "trust_domain": trust, "sources": sources_of(grant)})
        yield EdgeFact("RUNS_AS", workload.runtime, key, granted_props(grant) | (_GUESS if None in (sure, pods) else {}))
        if body.get("admin"):
            place: NodeKey = ("Resource", f"spiffe://{trust}")
            yield NodeFact(*place, {"name": trust, "type": "trust_domain", "sources": sources_of(grant)})
            yield EdgeFact("CAN_ACCESS", key, place, {"actions": ["admin"], **granted_props(grant)})


def _holds(selector: object, labels: Mapping[str, str], *, whole: bool) -> bool | None:
    """Whether a selector matches; None where it asks for a label that is not known. ``whole`` says that ``labels`` are all there are."""
    if not isinstance(selector, dict):
        return True
    unknown = False
    wanted = selector.get("labels")
    for name, value in wanted.items() if isinstance(wanted, dict) else ():
        if name not in labels and not whole:
            unknown = True
        elif labels.get(name) != value:
            return False
    for one in items(selector.get("expressions")):
        name, operator, values = str(one.get("key")), one.get("operator"), texts(one.get("values"))
        if name not in labels and not whole:
            unknown = True
            continue
        has = labels.get(name)
        met = {"In": has in values, "NotIn": has not in values, "Exists": has is not None, "DoesNotExist": has is None}.get(str(operator))
        if met is False:
            return False
        unknown |= met is None
    return None if unknown else True


def _asked(selectors: object, workload: _Workload, domain: Mapping[str, Any]) -> bool:
    """Whether a workload is what further selectors of the template ask for, as far as they name namespace and account."""
    for one in texts(selectors):
        kind, _, value = one.partition(":")
        field, _, wanted = value.partition(":")
        filled = _filled(wanted, workload, domain)
        if kind == "k8s" and filled is not None and {"ns": workload.namespace, "sa": workload.account}.get(field, filled) != filled:
            return False
    return True


def _filled(template: str, workload: _Workload, domain: Mapping[str, Any]) -> str | None:
    """A template with what is known of a workload; None where a part is not understood."""
    parts = parse_id(workload.runtime[1])
    root = parts.cluster if parts else ""
    values = {
        ".TrustDomain": str(domain.get("domain") or f"trust-domain({root})"),
        ".ClusterName": str(domain.get("cluster") or root),
        ".ClusterDomain": "cluster.local",
        ".PodMeta.Namespace": workload.namespace,
        ".PodSpec.ServiceAccountName": workload.account,
        ".PodMeta.Name": f"{workload.name}*",
        ".PodMeta.UID": "*",
        ".NodeMeta.Name": "*",
        ".PodSpec.NodeName": "*",
    }
    found: list[str] = []
    position = 0
    for match in _PART.finditer(template):
        label = _LABEL.fullmatch(match[1])
        value = workload.labels.get(label[1] or label[2]) if label else values.get(match[1])
        if value is None:
            return None
        found += [template[position : match.start()], value]
        position = match.end()
    return "".join([*found, template[position:]])
