"""Permissions in an Entra tenant.

Grants of ``provider`` ``entra``; ``body`` is a JSON object, ``tenant`` in each the word for the tenant (``tenant(<root>)`` or its id):

    role            subject                       body
    requires        ("Identity", application)     {"resource": application id or name, "id": permission id or name, "delegated": bool}:
                                                  only asked for
    app-role        ("Identity", principal)       {"resource": object id of the interface, "name": its name, "id": permission id}
    delegated       ("Identity", principal)       {"resource": object id, "scope": names of permissions, "all": for every user or for one}
    directory-role  ("Identity", principal)       {"role": template id, "scope": "/" or a part of the tenant, "condition": …}
    defines         ("Resource", interface)       {"permissions": {id: name}, "name": …, "app": its application id}
    inheritable     ("Identity", blueprint)       {"resource": application id, "scopes": [name, …] or ["*"], "roles": the same}
    inherits        ("Identity", agent identity)  {"blueprint": application id of its blueprint}
    federated       ("Identity", any)             {"issuer": …, "subject": …}: who comes in as the subject; of Azure's identities too

A delegated permission acts as the user who is signed in: its ``condition`` says so. Parts of a tenant are
``saas:microsoft/<tenant>/<part>``, interfaces of the organisation's own ``entra:<application id>/api``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphinv.ingest.grants import Known
from graphinv.ingest.support.azure import names
from graphinv.ingest.support.azure.permissions import (
    APIS,
    DIRECTORY_ROLES,
    MICROSOFT365,
    SIGN_IN,
    TAKES_ALL,
    TAKES_APPS,
    name_of,
    opened,
)
from graphinv.ingest.support.federation import federated
from graphinv.ingest.support.granted import granted_props, object_of, problem_of, sources_of, unread
from graphinv.ingest.support.parts import texts
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "entra"
_DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"
_BY_NAME = {name.lower(): id for id, name in APIS.items()}
_NOT_CONSENTED = "once it is consented to"


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """Edges and parts of the tenant; O(grants + known edges), times the applications for who can act as all of them."""
    yield from _Tenant(grants, known).facts()


@dataclass(frozen=True, slots=True)
class _Permission:
    """One permission of one principal. ``name`` is ``""`` where only ``id`` is known."""

    name: str
    id: str
    resource: str
    condition: str
    grant: Grant
    tenant: str
    application: bool
    """Held by the application itself, not on behalf of a user."""


class _Tenant:
    def __init__(self, grants: Sequence[Grant], known: Known) -> None:
        self.known = known
        self.grants: dict[str, list[tuple[Grant, dict[str, Any]]]] = defaultdict(list)
        for grant in grants:
            self.grants[grant.role].append((grant, object_of(grant)))
        self.principals: dict[str, set[str]] = defaultdict(set)
        """Application id → ids of what it is in the tenant; and the other way round."""
        self.applications: dict[str, set[str]] = defaultdict(set)
        for edge in known.edges:
            if edge.kind == "ASSUMES" and isinstance(edge.source, tuple) and isinstance(edge.target, tuple):
                source, target = edge.source[1], edge.target[1]
                if source.startswith("entra:") and target.startswith("entra:"):
                    self.principals[source.removeprefix("entra:")].add(target.removeprefix("entra:"))
                    self.applications[target.removeprefix("entra:")].add(source.removeprefix("entra:"))
        self.titles = {str(body.get("resource")): str(body.get("name")) for _, body in self.grants["app-role"] if body.get("name")}
        self.defined: dict[str, str] = {}
        self.own: dict[str, tuple[str, str]] = {}
        for grant, body in self.grants["defines"]:
            if isinstance(body.get("permissions"), dict):
                self.defined.update({str(id): str(name) for id, name in body["permissions"].items()})
            app, id = str(body.get("app") or ""), grant.subject[1].removeprefix("entra:")
            for one in (app, id):
                self.own[one] = (app or id, str(body.get("name") or ""))

    # ---- facts --------------------------------------------------------------------------------------------------------------

    def facts(self) -> Iterator[NodeFact | EdgeFact | Problem]:
        held: dict[NodeKey, list[_Permission]] = defaultdict(list)
        for principal, permission in self.permissions():
            held[principal].append(permission)
        for principal, permissions in held.items():
            yield from self.access(principal, permissions)
        for grant, body in self.grants["inherits"]:
            yield from self.inherited(grant, str(body.get("blueprint") or ""), held)
        for grant, body in self.grants["directory-role"]:
            yield from self.directory_role(grant, body)
        for grant, body in self.grants["federated"]:
            props = {**granted_props(grant), "kind_detail": "federated credential"}
            yield from federated(self.known, str(body.get("issuer") or ""), str(body.get("subject") or ""), grant.subject, props)
        readable = {"requires", "app-role", "delegated", "directory-role", "defines", "inheritable", "inherits", "federated"}
        for role in sorted(self.grants.keys() - readable):
            for grant, _ in self.grants[role]:
                yield unread(grant)

    def permissions(self) -> Iterator[tuple[NodeKey, _Permission]]:
        for grant, body in self.grants["app-role"]:
            id = str(body.get("id") or "")
            if id != _DEFAULT_ROLE:
                yield grant.subject, self.permission(grant, body, id, "")
        for grant, body in self.grants["requires"]:
            id = str(body.get("id") or "")
            condition = f"{_NOT_CONSENTED}, as the user who is signed in" if body.get("delegated") else _NOT_CONSENTED
            permission = self.permission(grant, body, id, condition, application=not body.get("delegated"))
            if permission.name not in SIGN_IN:
                yield grant.subject, permission
        for grant, body in self.grants["delegated"]:
            condition = "as the user who is signed in" if body.get("all") else "as one user, who consented"
            for name in dict.fromkeys(str(body.get("scope") or "").split()):
                if name not in SIGN_IN:
                    resource, tenant = str(body.get("resource") or ""), str(body.get("tenant") or "")
                    yield grant.subject, _Permission(name, "", resource, condition, grant, tenant, application=False)

    def permission(self, grant: Grant, body: Mapping[str, Any], id: str, condition: str, *, application: bool = True) -> _Permission:
        # Templates of registrations may give names in the place of ids.
        name = name_of(id) or self.defined.get(id.lower(), "") or ("" if names.is_guid(id) else id)
        resource = str(body.get("resource") or "")
        resource = _BY_NAME.get(resource.lower(), resource.lower())
        return _Permission(name, id, resource, condition, grant, str(body.get("tenant") or ""), application)

    def access(
        self, principal: NodeKey, permissions: Sequence[_Permission], blueprint: str = ""
    ) -> Iterator[NodeFact | EdgeFact | Problem]:
        """One edge for each part of the tenant and condition; ``blueprint`` where they are inherited of one."""
        grouped: dict[tuple[NodeKey, str, str], list[tuple[_Permission, tuple[str, ...]]]] = defaultdict(list)
        for one in permissions:
            yield from self.escalates(principal, one)
            node, actions = self.target(one)
            yield node
            if not one.name:
                message = f"what the permission {one.id or 'without an id'} allows is not known; read and write are assumed"
                yield problem_of(one.grant, message, "warning")
            grouped[node.key, one.condition, one.grant.evidence].append((one, actions))
        for (target, condition, evidence), parts in grouped.items():
            props: Props = {
                "actions": sorted({action for _, actions in parts for action in actions}),
                "evidence": [evidence],
                "sources": sorted({one.grant.source for one, _ in parts if one.grant.source}),
                "condition": condition or None,
                "inherited_from": blueprint or ", ".join(sorted({one.name or one.id for one, _ in parts}))[:500],
            }
            if not all(one.name for one, _ in parts):
                props |= {"evidence": ["inferred"], "confidence": 0.5}
            yield EdgeFact("CAN_ACCESS", principal, target, props)

    def target(self, one: _Permission) -> tuple[NodeFact, tuple[str, ...]]:
        """What a permission opens."""
        sources = sources_of(one.grant)
        api, app = self.interface(one)
        if api in MICROSOFT365:
            part = opened(one.name)
            title = f"{part.area} of Microsoft 365"
            props: Props = {"name": title, "type": part.type, "kind_detail": "microsoft365", "tenant": one.tenant, "sources": sources}
            return NodeFact("Resource", f"saas:microsoft/{one.tenant}/{part.area}", props), part.actions
        if api == "Azure Service Management":
            return NodeFact(*names.ROOT, {"name": "all of Azure", "type": "tenant", "sources": sources}), ("admin",)
        actions = opened(one.name).actions if one.name else ("read", "write")
        if api:
            slug = api.lower().replace(" ", "-")
            return NodeFact("Resource", f"saas:{slug}/{one.tenant}", {"name": api, "type": "api", "sources": sources}), actions
        title = self.own.get(app, ("", ""))[1] or self.titles.get(one.resource) or app
        return NodeFact("Resource", f"entra:{app}/api", {"name": title, "type": "api", "sources": sources}), actions

    def interface(self, one: _Permission) -> tuple[str, str]:
        """Name of Microsoft's interface that a permission is one of (``""`` for others), and the interface's application id."""
        candidates = [one.resource, *sorted(self.applications.get(one.resource, ()))]
        for app in candidates:
            if app in APIS:
                return APIS[app], app
        title = self.titles.get(one.resource, "")
        known = next((app for app, name in APIS.items() if name == title), "")
        if known:
            return title, known
        if one.resource in self.own:
            return "", self.own[one.resource][0]
        # Graph's ids are its own; of names only those in its form are taken for one of its.
        if (one.id and name_of(one.id)) or (not one.id and "." in one.name and one.resource not in self.titles):
            return "Microsoft Graph", one.resource
        return "", next(iter(candidates[1:]), one.resource) or "unknown"

    def escalates(self, principal: NodeKey, one: _Permission) -> Iterator[NodeFact | EdgeFact]:
        """A permission that gives all others, or every application."""
        if one.name in TAKES_ALL:
            yield from self.takes_all(principal, one.grant, one.tenant, one.name, one.condition)
        if one.name in TAKES_APPS and not one.condition:
            yield from self.takes_apps(principal, one.grant, one.name)

    def takes_all(self, principal: NodeKey, grant: Grant, tenant: str, why: str, condition: str) -> Iterator[NodeFact | EdgeFact]:
        key: NodeKey = ("Resource", f"saas:microsoft/{tenant}")
        props: Props = {"actions": ["admin"], "inherited_from": why, "condition": condition or None, **granted_props(grant)}
        yield NodeFact(*key, {"name": "Microsoft 365 tenant", "type": "tenant", "tenant": tenant, "sources": props["sources"]})
        yield EdgeFact("CAN_ACCESS", principal, key, props)

    def takes_apps(self, principal: NodeKey, grant: Grant, why: str) -> Iterator[EdgeFact]:
        """(:Identity)-[:ASSUMES]->(each application), to which it can add a credential."""
        for name in self.known.ids("Identity", prefix="entra:"):
            key: NodeKey = ("Identity", name)
            if key != principal and self.known.nodes[key].get("type") in ("application", "agent_blueprint"):
                yield EdgeFact("ASSUMES", principal, key, {**granted_props(grant), "kind_detail": f"adds a credential ({why})"})

    def directory_role(self, grant: Grant, body: Mapping[str, Any]) -> Iterator[NodeFact | EdgeFact | Problem]:
        role, tenant = str(body.get("role") or ""), str(body.get("tenant") or "")
        title, permission = DIRECTORY_ROLES.get(role, ("", ""))
        scope = body.get("scope")
        conditions = [f"within {scope}"] if isinstance(scope, str) and scope not in ("", "/") else []
        conditions += [str(body["condition"])] if body.get("condition") else []
        condition = "; ".join(conditions)
        if not title:
            yield problem_of(grant, f"what the directory role {role or 'without an id'} allows is not known", "warning")
            title, permission = role, "Directory.Read.All"
        if permission == "*":
            yield from self.takes_all(grant.subject, grant, tenant, title, condition)
            permission = "Directory.ReadWrite.All"
        one = _Permission(permission, "", next(iter(APIS)), condition, grant, tenant, application=True)
        yield from self.access(grant.subject, [one], title)

    def inherited(
        self, grant: Grant, blueprint: str, held: Mapping[NodeKey, Sequence[_Permission]]
    ) -> Iterator[NodeFact | EdgeFact | Problem]:
        """What an agent identity has of its blueprint's own grants."""
        key = names.identity(blueprint)
        rules = [body for one, body in self.grants["inheritable"] if one.subject == key]
        for principal in sorted(self.principals.get(blueprint, ())):
            if names.identity(principal) == grant.subject:
                continue
            for one in held.get(names.identity(principal), ()):
                if any(_inherits(rule, one, self.interface(one)[1]) for rule in rules):
                    yield from self.access(grant.subject, [one], key[1])


def _inherits(rule: Mapping[str, Any], one: _Permission, app: str) -> bool:
    if one.grant.role == "requires" or rule.get("resource") not in (app, "", None, "*"):
        return False
    listed = texts(rule.get("roles" if one.application else "scopes"))
    return "*" in listed or any(one.name in (name, name_of(name)) for name in listed)
