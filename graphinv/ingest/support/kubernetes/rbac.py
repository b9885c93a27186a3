"""Roles, bindings and accounts, as they are written; what they allow is evaluated by :mod:`graphinv.ingest.grants.kubernetes`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest.support.kubernetes.pods import aws_role
from graphinv.ingest.support.kubernetes.readings import Account, Binding, Rules, SecretRef
from graphinv.ingest.support.kubernetes.secrets import ref
from graphinv.ingest.support.kubernetes.texts import Raw
from graphinv.ingest.support.parts import items, texts
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.facts import NodeFact

MAX_RULES = 2_000
MAX_WORDS = 2_000
_FIELDS = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
_EMAIL = re.compile(r"[\w.+-]{1,100}@[\w-]{1,100}\.iam\.gserviceaccount\.com")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def rules(raw: Raw) -> Rules:
    """``rules`` and ``aggregationRule`` of a Role or ClusterRole, with the labels that other roles collect it by."""
    found: dict[str, Any] = {"rules": list(_rules(raw.value.get("rules")))}
    selectors = raw.mapping("aggregationRule").get("clusterRoleSelectors")
    if selectors:
        found["aggregates"] = [_selector(item) for item in items(selectors)[:MAX_RULES]]
    labels = raw.mapping("metadata").get("labels")
    if isinstance(labels, dict):
        collected = {key: value for key, value in labels.items() if "/aggregate-" in key or selectors is None}
        found["labels"] = {hide(key): hide(value) for key, value in collected.items() if isinstance(value, str)}
    return Rules(json.dumps(found, sort_keys=True, separators=(",", ":")))


def _rules(value: object) -> Iterator[dict[str, list[str]]]:
    for item in items(value)[:MAX_RULES]:
        yield {field: [hide(text) for text in texts(item[field])[:MAX_WORDS]] for field in _FIELDS if field in item}


def _selector(item: dict[str, Any]) -> dict[str, Any]:
    labels = item.get("matchLabels")
    expressions = [
        {"key": one.get("key"), "operator": one.get("operator"), "values": texts(one.get("values"))}
        for one in items(item.get("matchExpressions"))[:MAX_RULES]
    ]
    return {"labels": labels if isinstance(labels, dict) else {}, "expressions": expressions}


def binding(raw: Raw) -> Binding | None:
    """A RoleBinding or ClusterRoleBinding; None where it names no role."""
    role = raw.mapping("roleRef")
    name, kind = role.get("name"), role.get("kind")
    if not isinstance(name, str) or not name or kind not in ("Role", "ClusterRole"):
        return None
    subjects = []
    for item in items(raw.value.get("subjects"))[:MAX_WORDS]:
        subject, of, namespace = item.get("name"), item.get("kind"), item.get("namespace")
        if isinstance(subject, str) and subject and of in ("ServiceAccount", "User", "Group"):
            subjects.append((of, namespace if isinstance(namespace, str) else "", hide(subject)))
    return Binding(kind, hide(name), tuple(subjects))


def account(raw: Raw) -> Account:
    """A ServiceAccount, and the cloud identities that its annotations let its pods act as."""
    mounted = raw.value.get("automountServiceAccountToken")
    annotations = raw.mapping("metadata", "annotations")
    secrets: list[SecretRef] = []
    for index, item in enumerate(items(raw.value.get("imagePullSecrets"))[:MAX_WORDS]):
        found = ref(item, raw.line("imagePullSecrets", index), "config")
        secrets += [found] if found else []
    return Account(
        mounted if isinstance(mounted, bool) else None,
        tuple(_assumed(raw, annotations)),
        tuple(secrets),
    )


def _assumed(raw: Raw, annotations: dict[str, Any]) -> Iterator[NodeFact]:
    source = raw.document.source(raw.line("metadata", "annotations"))
    role = annotations.get("eks.amazonaws.com/role-arn")
    if isinstance(role, str) and (found := aws_role(role, source)):
        yield found
    google = annotations.get("iam.gke.io/gcp-service-account")
    if isinstance(google, str) and _EMAIL.fullmatch(google.strip()):
        props = {"name": google.strip(), "type": "service_account", "provider": "gcp", "sources": [source]}
        yield NodeFact("Identity", f"gcp:{google.strip()}", props)
    client = annotations.get("azure.workload.identity/client-id")
    if isinstance(client, str) and _GUID.fullmatch(client.strip()):
        props = {"name": client.strip(), "type": "service_principal", "provider": "entra", "sources": [source]}
        yield NodeFact("Identity", f"entra:{client.strip().lower()}", props)
