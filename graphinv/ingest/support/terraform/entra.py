"""Resources of Terraform's Entra provider: applications, service principals, what they are granted, groups, credentials."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.azure import names
from graphinv.ingest.support.azure.permissions import APIS, DIRECTORY_ROLES
from graphinv.ingest.support.partial import Unknown, Value, is_known, references, text_of
from graphinv.ingest.support.terraform.context import Context, Reader, texts
from graphinv.ingest.support.terraform.entra_names import APPLICATIONS, computed
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, Grant, NodeKey

_LISTED = re.compile(r"(?:app_role_ids|oauth2_permission_scope_ids|oauth2_permission_scopes)\W+([A-Z][\w.]{2,80})")
_WELL_KNOWN = re.compile(r"published_app_ids\.[\w-]+\.result\W+(\w{3,60})")
_PRINCIPAL = "azuread_service_principal"
_OF_PRINCIPAL = re.compile(r"(?:[\w.\[\]-]+\.)?azuread_service_principal\.[\w-]+(?:\[[^\]]{0,200}\])?")
_SQUEEZED = {name.replace(" ", "").lower(): id for id, name in APIS.items()}
_TEMPLATES = {name.lower(): id for id, (name, _) in DIRECTORY_ROLES.items()}


def _key(site: Site, value: Value, fallback: str) -> NodeKey:
    text = value if isinstance(value, str) and value else text_of(value if isinstance(value, Unknown) else Unknown(fallback))
    return names.identity(site.id(text.rpartition("/")[2] if text.startswith("/") else text))


def _applications(context: Context) -> Mapping[str, Resource]:
    """Applications by whatever they are called by."""

    def make() -> dict[str, Resource]:
        found: dict[str, Resource] = {}
        for one in context.resources:
            if one.type in APPLICATIONS:
                stated = (one.text(name) for name in ("client_id", "application_id", "object_id", "id"))
                references = (text_of(computed(one.type, one.address, name)) for name in ("id", "client_id"))
                found |= {name: one for name in (*references, *stated) if name}
        return found

    return context.once("entra applications", make)


def _application_of(context: Context, site: Site, value: Value) -> tuple[NodeKey, str]:
    """An application by whatever it is called, and its name: by its client's id, where the application is declared here."""
    one = _applications(context).get(text_of(value))
    if one is None:
        return _key(site, value, "application"), ""
    return _key(site, one.get("client_id", "application_id"), f"{one.address}.client_id"), one.text("display_name")


def _grant(site: Site, subject: NodeKey, role: str, body: Mapping[str, object]) -> Grant:
    stated = {"tenant": f"tenant({site.root})", **body}
    return Grant("entra", subject, role, json.dumps(stated, separators=(",", ":")), "", site.source, site.evidence)


def _application(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key = _key(site, one.get("client_id", "application_id"), f"{one.address}.client_id")
    yield site.node(*key, one.text("display_name") or one.address, type="application", provider="entra")
    for block in one.blocks("required_resource_access"):
        resource = _interface(context, site, block.get("resource_app_id"))
        for access in (inner for inner in _objects(block.get("resource_access")) if inner.get("id")):
            body = {"resource": resource, "id": _permission(site, access["id"]), "delegated": text_of(access.get("type")) == "Scope"}
            yield _grant(site, key, "requires", body)
    for index, block in enumerate(one.blocks("password")):
        yield from _secret(site, key, f"{one.address}.password[{index}]", text_of(block.get("display_name")), text_of(block.get("value")))


def _api_access(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key, _ = _application_of(context, site, one.get("application_id"))
    resource = _interface(context, site, one.get("api_client_id"))
    for attribute, delegated in (("role_ids", False), ("scope_ids", True)):
        value = one.values.get(attribute)
        for id in value if isinstance(value, list) else ():
            yield _grant(site, key, "requires", {"resource": resource, "id": _permission(site, id), "delegated": delegated})


def _objects(value: Value) -> list[Mapping[str, Value]]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _interface(context: Context, site: Site, value: Value) -> str:
    """The interface that permissions are of: its application id, as far as a reference to it tells."""
    said = " ".join(references(text_of(value)))
    principals = context.once("entra principals", lambda: {one.address: one for one in context.resources if one.type == _PRINCIPAL})
    named = _OF_PRINCIPAL.search(said)
    one = principals.get(named[0]) if named else None
    if one is not None:
        value = one.get("client_id", "application_id") or value
        title = one.text("display_name").replace(" ", "")
        said = " ".join((*references(text_of(value)), f"published_app_ids.x.result.{title}"))
    found = _WELL_KNOWN.search(said)
    return _SQUEEZED.get(found[1].lower(), site.id(text_of(value))) if found else site.id(text_of(value))


def _permission(site: Site, value: Value) -> str:
    """A permission by its id; by its name, where a reference to it holds that."""
    text = text_of(value)
    found = _LISTED.search(" ".join(references(text)))
    return found[1] if found else site.id(text)


def _principal(context: Context, one: Resource) -> Iterator[Fact]:
    """(:Identity application)-[:ASSUMES]->(:Identity service principal)"""
    site = context.site(one)
    key = _key(site, one.get("object_id"), f"{one.address}.object_id")
    application, title = _application_of(context, site, one.get("client_id", "application_id"))
    yield site.node(*key, one.text("display_name") or title or one.address, type="service_principal", provider="entra")
    yield site.edge("ASSUMES", application, key)


def _secret(site: Site, key: NodeKey, address: str, name: str, value: str) -> Iterator[Fact]:
    secret = declared.made(site, address)
    yield from declared.secret(site, secret[1], "client_secret", name or address, value if is_known(value) else None)
    yield site.edge("AUTHENTICATES_AS", secret, key)


def _password(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    owner = one.get("application_id", "application_object_id")
    principal = one.get("service_principal_id")
    key = _key(site, principal, "principal") if principal is not None else _application_of(context, site, owner)[0]
    yield from _secret(site, key, one.address, one.text("display_name"), one.text("value"))


def _federated(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key, _ = _application_of(context, site, one.get("application_id", "application_object_id"))
    body = {"issuer": site.id(text_of(one.get("issuer"))), "subject": site.id(text_of(one.get("subject")))}
    yield Grant("entra", key, "federated", json.dumps(body), "", site.source, site.evidence)


def _app_role(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key = _key(site, one.get("principal_object_id"), "principal")
    resource = _interface(context, site, one.get("resource_object_id"))
    yield _grant(site, key, "app-role", {"resource": resource, "name": "", "id": _permission(site, one.get("app_role_id"))})


def _delegated(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key = _key(site, one.get("service_principal_object_id"), "principal")
    resource = _interface(context, site, one.get("resource_service_principal_object_id"))
    scope = " ".join(texts(one.get("claim_values")))
    yield _grant(site, key, "delegated", {"resource": resource, "scope": site.id(scope), "all": one.get("user_object_id") is None})


def _directory_role(context: Context, one: Resource) -> Iterator[Fact]:
    """A role of the directory, by its template or by the name of the role that is declared for it."""
    site = context.site(one)
    text = text_of(one.get("role_id"))
    roles = [other for other in context.resources if other.type == "azuread_directory_role" and f"{other.address}." in text]
    template = next((other.text("template_id") or _TEMPLATES.get(other.text("display_name").lower(), "") for other in roles), "")
    key = _key(site, one.get("principal_object_id"), "principal")
    yield _grant(site, key, "directory-role", {"role": template or site.id(text), "scope": "/"})


def _group(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key = _key(site, one.get("object_id"), f"{one.address}.object_id")
    yield site.node(*key, one.text("display_name") or one.address, type="group", provider="entra")
    members = one.values.get("members")
    for member in members if isinstance(members, list) else ():
        yield site.edge("MEMBER_OF", _key(site, member, "member"), key)


def _member(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    yield site.edge("MEMBER_OF", _key(site, one.get("member_object_id"), "member"), _key(site, one.get("group_object_id"), "group"))


READERS: Mapping[str, Reader] = {
    **dict.fromkeys(APPLICATIONS, _application),
    "azuread_application_api_access": _api_access,
    "azuread_service_principal": _principal,
    "azuread_application_password": _password,
    "azuread_service_principal_password": _password,
    "azuread_application_federated_identity_credential": _federated,
    "azuread_app_role_assignment": _app_role,
    "azuread_service_principal_delegated_permission_grant": _delegated,
    "azuread_directory_role_assignment": _directory_role,
    "azuread_group": _group,
    "azuread_group_member": _member,
}
