"""Entra: applications, service principals, agent identities and their blueprints, grants of permissions, owners and sponsors.

Read as Microsoft Graph and ``az ad … list`` print them, and as manifests of registrations. Drawn here, and by
:mod:`graphinv.ingest.grants.entra` from the grants:
    (:Secret credential)-[:AUTHENTICATES_AS]->(:Identity application)-[:ASSUMES]->(:Identity service principal)
    (:Identity blueprint)-[:ASSUMES]->(:Identity agent identity)<-[:RUNS_AS]-(:Agent)
    (:Identity)-[:CAN_ACCESS {actions, condition, inherited_from}]->(:Resource part of the tenant)
    (:Owner owner or sponsor)-[:OWNS]->(:Identity|Agent)

An application is one identity by its application id, its service principal another by its object id: what holds a credential or names a
client id is the first, what is granted something the second.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.azure import hound, names
from graphinv.ingest.support.azure.forms import ELIGIBLE
from graphinv.ingest.support.azure.permissions import APIS
from graphinv.ingest.support.parts import items, texts
from graphinv.ingest.support.records import Record, moment, problem, records, text
from graphinv.ingest.support.secrets import recognise, redact, secret_key, secret_node
from graphinv.model.facts import EdgeFact, Fact, Grant, NodeFact, NodeKey, Props

NAME = "entra"
TITLE = "Entra applications, service principals, agent identities and what they are granted"
FILES = (
    "any JSON file as Microsoft Graph or `az ad app list`, `az ad sp list` … print applications, service principals, users",
    "what PowerShell writes of them (`Get-MgApplication | ConvertTo-Json`)",
    "lists of app role assignments, OAuth2 permission grants, directory role assignments",
    "manifests of app registrations",
    "what AzureHound collects",
)
MAX_BYTES = 256 * 1024 * 1024
MAX_DEPTH = 20

_MARKS = re.compile(
    rb'"(?:servicePrincipalType|requiredResourceAccess|appRoleId|consentType|directoryScopeId|signInAudience|isFallbackPublicClient'
    rb'|agentIdentityBlueprintId|identityParentId|inheritablePermissions|userPrincipalName|oauth2PermissionScopes|identifierUris|passwordCredentials|employeeLeaveDateTime|securityEnabled)"\s*:'
    rb"|\$metadata#\w+\('[0-9a-f-]{36}'\)/federatedIdentityCredentials"
)
_SHELL = re.compile(
    rb'"(?:RequiredResourceAccess|AppRoleId|ServicePrincipalType|SignInAudience|IdentifierUris|ConsentType|DirectoryScopeId)"\s*:'
)
_OF_SHELL = re.compile(rb'"(?:AppId|PrincipalId|ClientId|ResourceId)"\s*:')
"""As PowerShell's modules for Graph write objects: the same fields, each with a capital letter."""
_OF_GRAPH = re.compile(
    rb"graph\.microsoft\.com/|#microsoft\.graph\.|\"(?:appId|principalId|clientId|resourceId|userPrincipalName|mailEnabled)\"\s*:"
)
_CONTEXT = re.compile(
    r"(?:applications|servicePrincipals)(?:\('([0-9a-f-]{36})'\)|/([0-9a-f-]{36}))/(?:[\w.]+/)?(federatedIdentityCredentials|owners|sponsors)",
    re.I,
)
_CREDENTIAL = re.compile(rb'\s*\{\s*"(?:name|issuer|subject|description|audiences)"\s*:')
"""A file for ``az ad app federated-credential create``."""
_FILLED_IN = re.compile(r"\$\{|\{\{|<[\w -]+>")
_KIND_OF_PAGE = re.compile(r"\$metadata#[\w('/.)-]*graph\.(agent\w+)", re.IGNORECASE)
_KINDS: Mapping[str, str] = {"ManagedIdentity": "managed_identity", "ServiceIdentity": "agent_identity", "Application": "service_principal"}


def detect(path: str, head: bytes) -> bool:
    """Whether it begins with fields that only Entra's objects have."""
    if not path.lower().endswith((".json", ".jsonl", ".ndjson")):
        return False
    if hound.MARK.search(head):
        return True
    if _CREDENTIAL.match(head) and b"api://AzureADTokenExchange" in head and b'"subject"' in head:
        return True
    graph = _MARKS.search(head) is not None and _OF_GRAPH.search(head) is not None
    return graph or (_SHELL.search(head) is not None and _OF_SHELL.search(head) is not None)


def read(document: Document) -> Iterator[Fact]:
    """Nodes, edges, and grants for permissions.

    Raises:
        IngestError: not JSON.
    """
    reading = _Reading(document)
    for record in records(document, ("data",)):
        if hound.is_item(record):
            yield from reading.collected(record)
        else:
            yield from reading.record(_as_graph(record))


def _as_graph(record: Record) -> Record:
    """An object of PowerShell's modules as Graph itself writes it; any other as it is."""
    if not any(name in record.value for name in ("AppId", "PrincipalId", "ClientId", "UserPrincipalName")):
        return record
    return replace(record, value=_uncapitalised(record.value))


def _uncapitalised(value: Any, depth: int = 0) -> Any:
    if isinstance(value, dict) and depth < MAX_DEPTH:
        return {f"{key[:1].lower()}{key[1:]}": _uncapitalised(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list) and depth < MAX_DEPTH:
        return [_uncapitalised(inner, depth + 1) for inner in value]
    return value


class _Reading:
    """One export. Everything it says is in force, except what an application merely asks for."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.tenant = f"tenant({document.root})"

    def record(self, record: Record) -> Iterator[Fact]:
        value = record.value
        page = _KIND_OF_PAGE.search(str(record.page.get("@odata.context", ""))[:1000])
        kind = text(value.get("@odata.type")).rpartition(".")[2].lower() or (page[1].lower() if page else "")
        if kind == "agentuser" or "identityParentId" in value:
            yield from self.agent_user(record)
        elif (
            "servicePrincipalType" in value
            or "agentIdentityBlueprintId" in value
            or kind in ("serviceprincipal", "agentidentity", "agentidentityblueprintprincipal")
            or ("passwordCredentials" in value and "$metadata#servicePrincipals" in str(record.page.get("@odata.context", ""))[:1000])
        ):
            yield from self.principal(record, kind)
        elif any(name in value for name in ("requiredResourceAccess", "identifierUris", "passwordCredentials")) or kind in (
            "application",
            "agentidentityblueprint",
        ):
            yield from self.application(record, kind)
        elif "appRoleId" in value and "principalId" in value:
            yield from self.app_role(record)
        elif "consentType" in value and "clientId" in value:
            yield from self.delegated(record)
        elif "directoryScopeId" in value and "roleDefinitionId" in value:
            yield from self.directory_role(record)
        elif "issuer" in value and "subject" in value:
            owner = _CONTEXT.search(str(record.page.get("@odata.context", ""))[:1000])
            if owner and owner[3].lower() == "federatedidentitycredentials":
                yield from self.federated(value, names.identity(owner[1] or owner[2]), record.line())
            else:
                yield problem(self.document, record.line(), "is a federated credential that does not say whose it is", NAME)
        elif text(value.get("userPrincipalName")):
            yield from self.person(value, record.line())
        elif (isinstance(value.get("members"), list) or "securityEnabled" in value) and names.is_guid(text(value.get("id"))):
            yield from self.group(record)

    def collected(self, record: Record) -> Iterator[Fact]:
        """An item of what AzureHound collected."""
        for one in hound.of_graph(record):
            yield from self.record(one)
        owned, owners = hound.owned(record)
        if names.is_guid(owned):
            yield from self.accountable(replace(record, value={"owners": owners}), names.identity(owned))

    # ---- objects ------------------------------------------------------------------------------------------------------------

    def application(self, record: Record, kind: str) -> Iterator[Fact]:
        value, line = record.value, record.line()
        app, object_id = text(value.get("appId")), text(value.get("id")) or text(value.get("objectId"))
        if _FILLED_IN.search(app):
            # A template: the id is filled in when the application is registered.
            app = f"application({self.document.root}/{self.document.path})"
        elif not names.is_guid(app):
            yield problem(self.document, line, "is an application without an application id", NAME, "error")
            return
        blueprint = kind == "agentidentityblueprint" or "inheritablePermissions" in value
        key = names.identity(app)
        title = redact(text(value.get("displayName")) or text(value.get("name"))) or app
        props: Props = {"name": title, "type": "agent_blueprint" if blueprint else "application", "provider": "entra"}
        labels = sorted(f"tag={redact(tag)}" for tag in texts(value.get("tags"))[:50] if len(tag) < 200)
        yield NodeFact(*key, {**props, "labels": labels or None, "sources": self.at(line)})
        if names.is_guid(object_id) and object_id.lower() != app.lower():
            # Other documents name the same registration by its object id.
            yield EdgeFact("ASSUMES", names.identity(object_id), key, self.stated(line))
        yield from self.credentials(record, key)
        yield from self.accountable(record, key)
        for index, one in enumerate(items(value.get("federatedIdentityCredentials"))):
            yield from self.federated(one, key, record.line("federatedIdentityCredentials", index))
        for index, asked in enumerate(items(value.get("requiredResourceAccess"))):
            resource = text(asked.get("resourceAppId"))
            for entry in items(asked.get("resourceAccess")):
                body = {"resource": redact(resource), "id": redact(text(entry.get("id"))), "delegated": entry.get("type") == "Scope"}
                yield self.grant(key, "requires", body, record.line("requiredResourceAccess", index), "declared")
        yield from self.defined(record, names.identity(app)[1])
        inherited = value.get("inheritablePermissions")
        for one in items(inherited):
            resource = text(one.get("resourceAppId")).lower()
            body = {
                "resource": resource,
                "scopes": _inheritable(one.get("inheritableScopes")),
                "roles": _inheritable(one.get("inheritableRoles")),
            }
            yield self.grant(key, "inheritable", body, record.line("inheritablePermissions"))

    def principal(self, record: Record, kind: str) -> Iterator[Fact]:
        value, line = record.value, record.line()
        id, app = text(value.get("id")) or text(value.get("objectId")), text(value.get("appId"))
        if not names.is_guid(id):
            yield problem(self.document, line, "is a service principal without an id", NAME, "error")
            return
        blueprint = text(value.get("agentIdentityBlueprintId"))
        agent = bool(blueprint) or kind == "agentidentity"
        key = names.identity(id)
        title = redact(text(value.get("displayName"))) or id
        enabled = value.get("accountEnabled")
        status = {True: "active", False: "suspended"}.get(enabled) if isinstance(enabled, bool) else None
        sort = "agent_identity" if agent else _KINDS.get(text(value.get("servicePrincipalType")), "service_principal")
        binding = "platform" if sort == "managed_identity" else None
        props: Props = {"name": title, "type": sort, "provider": "entra", "binding": binding, "status": status}
        yield NodeFact(*key, {**props, "sources": self.at(line)})
        for other in (app, blueprint):
            if names.is_guid(other) and other.lower() != id.lower():
                yield EdgeFact("ASSUMES", names.identity(other), key, self.stated(line))
        for name in texts(value.get("alternativeNames")):
            if names.resource_type(name):
                yield EdgeFact("ASSUMES", ("Identity", redact(name).lower()), key, self.stated(line))
        yield from self.credentials(record, key)
        yield from self.accountable(record, key)
        yield from self.defined(record, key[1])
        if agent:
            yield from self.agent(record, key, props)
            yield self.grant(key, "inherits", {"blueprint": blueprint.lower()}, line)
        for name in ("appRoleAssignments", "oauth2PermissionGrants"):
            for index, one in enumerate(items(value.get(name))):
                inner = Record(one, record.located, (*record.pointer, name, index))
                yield from self.app_role(inner, id) if name == "appRoleAssignments" else self.delegated(inner, id)

    def agent(self, record: Record, identity: NodeKey, props: Props) -> Iterator[Fact]:
        """What an agent identity is the identity of; one that is switched off is suspended."""
        agent: NodeKey = ("Agent", f"entra-agent:{identity[1].removeprefix('entra:')}")
        stated: Props = {"name": props["name"], "framework": "entra-agent-id", "kind_detail": "agent of Entra Agent ID"}
        yield NodeFact(*agent, {**stated, "status": props["status"], "sources": self.at(record.line())})
        yield EdgeFact("RUNS_AS", agent, identity, self.stated(record.line()))
        yield from self.accountable(record, agent)

    def agent_user(self, record: Record) -> Iterator[Fact]:
        """The account that an agent has as if it were a person: mail, chats and licences of its own."""
        value, line = record.value, record.line()
        id, parent = text(value.get("id")), text(value.get("identityParentId"))
        if not names.is_guid(id):
            return
        title = redact(text(value.get("displayName"))) or id
        yield NodeFact(*names.identity(id), {"name": title, "type": "agent_user", "provider": "entra", "sources": self.at(line)})
        if names.is_guid(parent):
            yield EdgeFact("ASSUMES", names.identity(parent), names.identity(id), self.stated(line))
        yield from self.accountable(record, names.identity(id))

    def credentials(self, record: Record, key: NodeKey) -> Iterator[Fact]:
        """Passwords and certificates of an application: each opens it, whoever holds it."""
        for name, kind in (("passwordCredentials", "client_secret"), ("keyCredentials", "certificate")):
            for index, one in enumerate(items(record.value.get(name))):
                line = record.line(name, index)
                id = text(one.get("keyId")).lower()
                props: Props = {"type": kind, "lifetime": "static", "sources": self.at(line)}
                title = redact(text(one.get("displayName"), 100)) or kind.replace("_", " ")
                times = {"issued_at": moment(one.get("startDateTime")), "expires_at": moment(one.get("endDateTime"))}
                found = recognise("client_secret", text(one.get("secretText"))) if one.get("secretText") else None
                if found is not None:
                    node = secret_node(self.document, line, found)
                    yield NodeFact(node.kind, node.id, {**node.props, **props, **times, "name": title})
                    yield EdgeFact("AUTHENTICATES_AS", secret_key(self.document, found), key, self.stated(line))
                if names.is_guid(id):
                    yield NodeFact("Secret", f"entra-credential:{id}", {**props, **times, "name": title})
                    yield EdgeFact("AUTHENTICATES_AS", ("Secret", f"entra-credential:{id}"), key, self.stated(line))

    def accountable(self, record: Record, key: NodeKey) -> Iterator[Fact]:
        """Owners and sponsors that are people; an application among the owners can act as what it owns."""
        for name in ("sponsors", "owners"):
            for index, one in enumerate(items(record.value.get(name))):
                line = record.line(name, index)
                mail = (text(one.get("mail")) or text(one.get("userPrincipalName"))).lower()
                if "@" in mail:
                    yield from self.person(one, line)
                    yield EdgeFact("OWNS", ("Owner", redact(mail)), key, self.stated(line))
                elif key[0] == "Identity" and name == "owners" and names.is_guid(text(one.get("id"))):
                    yield EdgeFact("ASSUMES", names.identity(text(one["id"])), key, self.stated(line))

    def person(self, value: dict[str, Any], line: int) -> Iterator[Fact]:
        mail = redact((text(value.get("mail")) or text(value.get("userPrincipalName"))).lower())
        enabled = value.get("accountEnabled")
        status = {True: "active", False: "disabled"}.get(enabled) if isinstance(enabled, bool) else None
        # Whoever has a day at which they leave counts as left, also where it lies ahead: what they own needs somebody else
        left = moment(value.get("employeeLeaveDateTime"))
        state: Props = {"status": "left", "status_since": left} if left else {"status": status}
        title = redact(text(value.get("displayName"))) or mail
        if "@" in mail:
            yield NodeFact("Owner", mail, {"name": title, "type": "person", "email": mail, **state, "sources": self.at(line)})
        id = text(value.get("id"))
        if names.is_guid(id):
            props: Props = {"name": title, "type": "human", "provider": "entra", "status": "suspended" if enabled is False else None}
            yield NodeFact(*names.identity(id), {**props, "sources": self.at(line)})

    def group(self, record: Record) -> Iterator[Fact]:
        key, line = names.identity(text(record.value["id"])), record.line()
        title = redact(text(record.value.get("displayName"))) or None
        yield NodeFact(*key, {"name": title, "type": "group", "provider": "entra", "sources": self.at(line)})
        for index, one in enumerate(items(record.value.get("members"))):
            if names.is_guid(text(one.get("id"))):
                yield EdgeFact("MEMBER_OF", names.identity(text(one["id"])), key, self.stated(record.line("members", index)))

    # ---- grants -------------------------------------------------------------------------------------------------------------

    def defined(self, record: Record, subject: str) -> Iterator[Grant]:
        """Names of the permissions that an interface of the organisation's own offers."""
        value = record.value
        api = value.get("api")
        lists = [value.get("appRoles"), value.get("oauth2PermissionScopes"), value.get("oauth2Permissions")]
        lists.append(api.get("oauth2PermissionScopes") if isinstance(api, dict) else None)
        entries = [one for part in lists for one in items(part)]
        found = {text(one.get("id")).lower(): redact(text(one.get("value"))) for one in entries if text(one.get("value"))}
        app = text(value.get("appId")).lower()
        if found and app not in APIS:
            body = {"permissions": found, "name": redact(text(value.get("displayName"))), "app": app}
            yield self.grant(("Resource", subject), "defines", body, record.line())

    def app_role(self, record: Record, principal: str = "") -> Iterator[Fact]:
        value = record.value
        id = text(value.get("principalId")) or principal
        if not names.is_guid(id):
            yield problem(self.document, record.line(), "assigns an app role to nobody", NAME, "error")
            return
        body = {
            "id": text(value.get("appRoleId")).lower(),
            "resource": text(value.get("resourceId")).lower(),
            "name": redact(text(value.get("resourceDisplayName"))),
        }
        yield self.named(value, id, record.line())
        yield self.grant(names.identity(id), "app-role", body, record.line())

    def delegated(self, record: Record, principal: str = "") -> Iterator[Fact]:
        value = record.value
        id = text(value.get("clientId")) or principal
        if not names.is_guid(id):
            yield problem(self.document, record.line(), "grants permissions to nobody", NAME, "error")
            return
        body = {
            "scope": redact(text(value.get("scope"), 5000)),
            "resource": text(value.get("resourceId")).lower(),
            "all": value.get("consentType") == "AllPrincipals",
        }
        yield self.grant(names.identity(id), "delegated", body, record.line())

    def directory_role(self, record: Record) -> Iterator[Fact]:
        value = record.value
        id, scope = text(value.get("principalId")), text(value.get("directoryScopeId"))
        # A request to Privileged Identity Management says what is to be done; what came of it is another object.
        if names.is_guid(id) and "action" not in value:
            body: dict[str, Any] = {"role": text(value.get("roleDefinitionId")).lower(), "scope": scope}
            if "roleEligibilityScheduleId" in value or "roleEligibilitySchedule" in str(record.page.get("@odata.context", "")):
                body["condition"] = ELIGIBLE
            yield self.grant(names.identity(id), "directory-role", body, record.line())

    def named(self, value: dict[str, Any], id: str, line: int) -> NodeFact:
        kind = {"User": "human", "Group": "group", "ServicePrincipal": "service_principal"}.get(text(value.get("principalType")))
        title = redact(text(value.get("principalDisplayName"))) or None
        return NodeFact(*names.identity(id), {"name": title, "type": kind, "provider": "entra", "sources": self.at(line)})

    def federated(self, value: dict[str, Any], key: NodeKey, line: int) -> Iterator[Fact]:
        issuer, subject = text(value.get("issuer")), text(value.get("subject"), 1000)
        if issuer and subject:
            yield self.grant(key, "federated", {"issuer": redact(issuer), "subject": redact(subject)}, line)
        else:
            message = "is a federated credential whose subject is an expression; who comes in by it is not known"
            yield problem(self.document, line, message, NAME)

    def grant(self, subject: NodeKey, role: str, body: dict[str, Any], line: int, evidence: str = "granted") -> Grant:
        text = json.dumps({**body, "tenant": self.tenant}, separators=(",", ":"))
        return Grant("entra", subject, role, text, "", self.document.source(line), evidence)

    def at(self, line: int) -> list[str]:
        return [self.document.source(line)]

    def stated(self, line: int) -> Props:
        return {"evidence": ["granted"], "sources": self.at(line)}


def _inheritable(part: object) -> list[str]:
    """What agent identities inherit of their blueprint's grants on one interface; ``*`` for all."""
    if not isinstance(part, dict):
        return []
    kind = text(part.get("@odata.type")) or text(part.get("kind"))
    if "allallowed" in kind.lower():
        return ["*"]
    return sorted({redact(one) for one in (*texts(part.get("scopes")), *texts(part.get("roles"))) if len(one) < 200})
