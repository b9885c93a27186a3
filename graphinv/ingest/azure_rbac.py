"""Azure: role assignments and definitions, resources, managed identities, subscriptions, access policies of key vaults.

Read as ``az … list``, Azure Resource Graph and the REST interface print them. Drawn here, and by :mod:`graphinv.ingest.grants.azure` from
the grants:
    (:Identity principal)-[:CAN_ACCESS {actions, condition, inherited_from}]->(:Resource)
    (:Runtime)-[:RUNS_AS]->(:Identity managed identity)
    (:Identity by its application id)-[:ASSUMES]->(:Identity by its object id)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.azure import forms, hound, names
from graphinv.ingest.support.azure.roles import vault_actions
from graphinv.ingest.support.parts import inside, items, texts
from graphinv.ingest.support.records import Record, moment, problem, records, text
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.tags import about_any, owned, stated_tags, tagged
from graphinv.model.facts import OWNER_CONFIDENCE, EdgeFact, Fact, Grant, NodeFact, NodeKey, Props

NAME = "azure_rbac"
TITLE = "Azure role assignments, role definitions, resources and managed identities"
FILES = (
    "any JSON file as `az role assignment list`, `az role definition list`, `az resource list`, `az identity list` … print it",
    "role assignments and definitions of PowerShell, the portal and the SDK; files for `az role definition create`",
    "active and eligible assignments of Privileged Identity Management",
    "what AzureHound collects",
)
MAX_BYTES = 256 * 1024 * 1024

_ID = re.compile(rb'"id"\s*:\s*"/(?:subscriptions/[0-9a-fA-F-]{36}|providers/Microsoft\.(?:Management|Authorization))[^"]{0,800}"')
_OF_AZURE = re.compile(
    rb'"(?:roleDefinitionId|roleDefinitionName|assignableScopes|resourceGroup|subscriptionId|tenantId|type|location|properties)"\s*:'
)
_ACCOUNTS = re.compile(rb'"(?:homeTenantId|managedByTenants)"\s*:')
_TEMPLATE = re.compile(rb'"(?:\$schema|contentVersion)"\s*:')

_KINDS: Mapping[str, str] = {
    "microsoft.storage/storageaccounts": "storage_account",
    "microsoft.keyvault/vaults": "key_vault",
    "microsoft.sql/servers": "database",
    "microsoft.dbforpostgresql/flexibleservers": "database",
    "microsoft.documentdb/databaseaccounts": "database",
    "microsoft.containerservice/managedclusters": "cluster",
    "microsoft.cognitiveservices/accounts": "ai_service",
}
_RUNTIMES: Mapping[str, str] = {
    "microsoft.compute/virtualmachines": "vm",
    "microsoft.web/sites": "function",
    "microsoft.app/containerapps": "container",
    "microsoft.app/jobs": "container",
    "microsoft.containerinstance/containergroups": "container",
    "microsoft.logic/workflows": "saas",
}


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as an export of Azure: ids of its form, with fields that they come with."""
    if not path.lower().endswith((".json", ".jsonl", ".ndjson")) or _TEMPLATE.search(head):
        return False
    if hound.MARK.search(head) or forms.marked(head):
        return True
    return bool(_ID.search(head) and _OF_AZURE.search(head)) or _ACCOUNTS.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Nodes, and grants for what roles say.

    Raises:
        IngestError: not JSON.
    """
    for record in records(document, ("data",)):
        for one in hound.of_azure(record) if hound.is_item(record) else (record,):
            yield from _record(document, one)


def _record(document: Document, record: Record) -> Iterator[Fact]:
    value = forms.plain(record.value)
    inner = value.get("properties")
    properties = {**value, **inner} if isinstance(inner, dict) else value
    if "principalId" in properties and "roleDefinitionId" in properties:
        yield from _assignment(document, record, properties)
    elif "/denyassignments/" in text(value.get("id"), 2000).lower():
        yield from _denial(document, record, properties)
    elif isinstance(properties.get("permissions"), list) and "assignableScopes" in properties:
        yield from _definition(document, record, properties)
    elif "issuer" in properties and "/federatedidentitycredentials/" in text(value.get("id"), 2000).lower():
        yield from _federated(document, record, properties)
    elif names.is_guid(text(value.get("id"))) and names.is_guid(text(value.get("tenantId"))) and "state" in value:
        yield _subscription(document, record)
    elif names.resource_type(text(value.get("id"), 2000)):
        yield from _resource(document, record, properties)


def _assignment(document: Document, record: Record, value: dict[str, Any]) -> Iterator[Fact]:
    principal, scope, id = text(value.get("principalId")), text(value.get("scope"), 2000), text(value.get("id"), 2000)
    if forms.is_request(id):
        return
    role = text(value.get("roleDefinitionId"), 2000).rpartition("/")[2].lower() or text(value.get("roleDefinitionName"))
    if not names.is_guid(principal) or not scope or not role:
        yield problem(document, record.line(), "is a role assignment without principal, role or scope", NAME, "error")
        return
    kind = {"User": "human", "Group": "group", "ServicePrincipal": "service_principal"}.get(text(value.get("principalType")))
    key = names.identity(principal)
    called, role_called = forms.expanded(value)
    title = redact(text(value.get("principalName"), 200) or called)
    props: Props = {"name": title or None, "type": kind, "provider": "entra", "sources": [document.source(record.line())]}
    yield NodeFact(*key, props)
    conditions = [forms.ELIGIBLE] if forms.is_eligible(id) else []
    conditions += [redact(text(value.get("condition"), 5000))] if text(value.get("condition"), 5000) else []
    body = {"role": role, "scope": hide(scope), "condition": "; ".join(conditions), "from": moment(value.get("startDateTime"))}
    body["until"] = moment(value.get("endDateTime"))
    stated = {name: item for name, item in body.items() if item}
    name = redact(text(value.get("roleDefinitionName"), 200) or role_called) or role
    yield _grant(document, record, key, "assignment", stated, name)


def _denial(document: Document, record: Record, value: dict[str, Any]) -> Iterator[Fact]:
    """A deny assignment. One that only audits denies nothing."""
    scope = text(value.get("scope"), 2000)
    name = redact(text(value.get("denyAssignmentName"), 200)) or "without a name"
    if text(value.get("denyAssignmentEffect")).lower() == "audit":
        return
    if not scope or not isinstance(value.get("permissions"), list):
        yield problem(document, record.line(), f"the deny assignment {name} has no scope or no permissions; it is not applied", NAME)
        return
    who = {
        key: [{"id": text(one.get("id")).lower(), "type": text(one.get("type"))} for one in items(value.get(stated))[:5000]]
        for key, stated in (("principals", "principals"), ("excluded", "excludePrincipals"))
    }
    conditions = [value.get("condition"), *(block.get("condition") for block in items(value["permissions"]))]
    body = {
        "scope": hide(scope),
        "below": value.get("doNotApplyToChildScopes") is not True,
        "permissions": _blocks(value),
        **who,
        "condition": any(text(one, 5000) for one in conditions),
    }
    id = text(record.value.get("id"), 2000).rpartition("/")[2].lower()
    yield _grant(document, record, ("Resource", f"azure-denial:{hide(id)}"), "denial", body, name)


def _blocks(value: dict[str, Any]) -> list[dict[str, list[str]]]:
    """Blocks of operations that a role gives or a denial takes."""
    fields = ("actions", "notActions", "dataActions", "notDataActions")
    return [{name: texts(block.get(name))[:5000] for name in fields} for block in items(value["permissions"])]


def _definition(document: Document, record: Record, value: dict[str, Any]) -> Iterator[Fact]:
    """A custom role; those of Azure's own as well, for what the table may lack. A file for one that is to be made has no id: its name
    stands for it."""
    id = next(
        (one for one in (text(value.get("name")).lower(), text(value.get("id"), 2000).rpartition("/")[2].lower()) if names.is_guid(one)), ""
    )
    title = redact(text(value.get("roleName"), 200)) or id
    if id or title:
        body = {"name": title, "permissions": _blocks(value)}
        grant = _grant(document, record, ("Resource", f"azure-role:{id or title.lower()}"), "definition", body)
        yield grant if id else replace(grant, evidence="declared")


def _federated(document: Document, record: Record, value: dict[str, Any]) -> Iterator[Fact]:
    owner = text(record.value.get("id"), 2000).lower().partition("/federatedidentitycredentials/")[0]
    body = {"issuer": text(value.get("issuer")), "subject": redact(text(value.get("subject")))}
    where = document.source(record.line())
    yield Grant("entra", ("Identity", owner), "federated", json.dumps(body), "", where, "granted")


def _subscription(document: Document, record: Record) -> NodeFact:
    key, kind = names.scope(f"/subscriptions/{record.value['id']}")
    title = redact(text(record.value.get("name"), 200)) or None
    tenant = text(record.value.get("tenantId")).lower()
    return NodeFact(*key, {"name": title, "type": kind, "tenant": tenant, "sources": [document.source(record.line())]})


def _resource(document: Document, record: Record, value: dict[str, Any]) -> Iterator[Fact]:
    id = hide(text(record.value.get("id"), 2000)).lower().rstrip("/")
    kind = names.resource_type(id)
    sources = [document.source(record.line())]
    tags = stated_tags(record.value.get("tags"))
    about = tagged(tags)
    props: Props = {"name": id.rpartition("/")[2], "kind_detail": kind, "sources": sources}
    if kind == "microsoft.managedidentity/userassignedidentities":
        yield from _managed(document, record, id, value)
        return
    yield NodeFact("Resource", id, {**props, **about, "type": _KINDS.get(kind) or kind.rpartition("/")[2]})
    stated: Props = {"evidence": ["declared"], "confidence": OWNER_CONFIDENCE["tags"], "sources": sources}
    yield from owned(tags, [("Resource", id), *([("Runtime", id)] if kind in _RUNTIMES else [])], stated)
    for policy in items(value.get("accessPolicies")):
        yield from _vault_policy(document, record, id, policy)
    granted: Props = {"evidence": ["granted"], "sources": sources}
    identity = inside(record.value, "identity")
    principal = text(identity.get("principalId"))
    if names.is_guid(principal):
        own: Props = {"name": f"identity of {props['name']}", "type": "managed_identity", "provider": "entra", "binding": "platform"}
        yield NodeFact(*names.identity(principal), {**own, "sources": sources})
    if kind not in _RUNTIMES:
        return
    runtime: NodeKey = ("Runtime", id)
    yield NodeFact(*runtime, {**props, **about_any(about), "type": _RUNTIMES[kind]})
    if names.is_guid(principal):
        yield EdgeFact("RUNS_AS", runtime, names.identity(principal), granted)
    assigned = identity.get("userAssignedIdentities")
    for name in list(assigned)[:100] if isinstance(assigned, dict) else ():
        if names.resource_type(str(name)):
            yield EdgeFact("RUNS_AS", runtime, ("Identity", hide(str(name)).lower()), granted)


def _managed(document: Document, record: Record, id: str, value: dict[str, Any]) -> Iterator[Fact]:
    """A user-assigned identity, which has three names: its resource id, its client id and its principal's id."""
    props: Props = {"name": id.rpartition("/")[2], "type": "managed_identity", "provider": "entra", "binding": "platform"}
    granted: Props = {"evidence": ["granted"], "sources": [document.source(record.line())]}
    principal = text(value.get("principalId"))
    for other in ("clientId", "principalId"):
        if names.is_guid(text(value.get(other))):
            yield NodeFact(*names.identity(text(value[other])), {**props, "sources": granted["sources"]})
    yield NodeFact("Identity", id, {**props, "sources": granted["sources"]})
    if names.is_guid(principal):
        yield EdgeFact("ASSUMES", ("Identity", id), names.identity(principal), granted)
        if names.is_guid(text(value.get("clientId"))):
            yield EdgeFact("ASSUMES", names.identity(text(value["clientId"])), names.identity(principal), granted)


def _vault_policy(document: Document, record: Record, vault: str, policy: dict[str, Any]) -> Iterator[Fact]:
    principal = text(policy.get("objectId"))
    permissions = policy.get("permissions")
    if not names.is_guid(principal) or not isinstance(permissions, dict):
        return
    actions = vault_actions(word for kind in ("secrets", "keys", "certificates", "storage") for word in texts(permissions.get(kind)))
    if actions:
        props: Props = {"actions": actions, "evidence": ["granted"], "inherited_from": "access policy of the vault"}
        yield EdgeFact("CAN_ACCESS", names.identity(principal), ("Resource", vault), {**props, "sources": [document.source(record.line())]})


def _grant(document: Document, record: Record, subject: NodeKey, role: str, body: object, origin: str = "") -> Grant:
    return Grant("azure", subject, role, json.dumps(body, separators=(",", ":")), origin, document.source(record.line()), "granted")
