"""Resources of Terraform's Keycloak provider, by the names that exports of a realm have (:mod:`graphinv.ingest.keycloak`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphinv.ingest.support import keycloak, oauth
from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.partial import Unknown, Value, text_of
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.ingest.support.terraform.program import Resource
from graphinv.ingest.support.terraform.references import referred, stated
from graphinv.model.facts import Fact, NodeKey

_CLIENT = "keycloak_openid_client"
_CLIENTS = (_CLIENT, "keycloak_saml_client")


def _realm(context: Context, one: Resource) -> str:
    """Name of the realm that a resource is in, which is also its id."""
    value = one.get("realm_id", "realm")
    found = referred(context, value, "keycloak_realm")
    return context.site(one).id(stated(one, (found.get("realm") if found else None) or value))


def _prefix(context: Context, one: Resource) -> str:
    return f"keycloak:{one.home.root}/{_realm(context, one)}"


def _client_name(context: Context, one: Resource, value: Value) -> str:
    """What a client is called, by a reference to it or by its id."""
    found = referred(context, value, *_CLIENTS)
    return context.site(one).id(stated(one, (found.get("client_id") if found else None) or value)) if value is not None else ""


def _client_key(context: Context, one: Resource, value: Value) -> NodeKey:
    return "Identity", f"{_prefix(context, one)}/clients/{_client_name(context, one, value)}"


def _held(context: Context, one: Resource, holder: NodeKey, name: Value, client: Value = None) -> Iterator[Fact]:
    """(holder)-[:MEMBER_OF]->(:Identity role), and what the role allows."""
    found = referred(context, name, "keycloak_role")
    if found is not None:
        name, client = found.get("name"), found.get("client_id")
    key = _role_key(context, one, name, client)
    if key != holder:
        yield from _said(context, one, key, name, client)
        yield context.site(one).edge("MEMBER_OF", holder, key)


def _role_key(context: Context, one: Resource, name: Value, client: Value) -> NodeKey:
    of = _client_name(context, one, client)
    place = f"/clients/{of}" if of else ""
    return "Identity", f"{_prefix(context, one)}{place}/roles/{context.site(one).id(stated(one, name))}"


def _said(context: Context, one: Resource, key: NodeKey, name: Value, client: Value) -> Iterator[Fact]:
    """A role, and what it lets its holder do."""
    site, of, called = context.site(one), _client_name(context, one, client), context.site(one).name(text_of(name))
    yield site.node(*key, f"{called} of {of}" if of else called, type="role", provider="keycloak")
    realm: NodeKey = ("Resource", f"saas:keycloak/{one.home.root}/{_realm(context, one)}")
    if actions := keycloak.on_realm(_realm(context, one), called, of):
        yield site.edge("CAN_ACCESS", key, realm, actions=actions)
    elif of and of not in keycloak.OWN_CLIENTS:
        target: NodeKey = ("Resource", f"{realm[1]}/{of}")
        yield site.node(*target, of, type="api")
        yield site.edge("CAN_ACCESS", key, target, **{"actions": oauth.actions_of([called]), **keycloak.GUESS})


def _realm_node(context: Context, one: Resource) -> Iterator[Fact]:
    name = _realm(context, one)
    yield context.site(one).node("Resource", f"saas:keycloak/{one.home.root}/{name}", f"realm {name}", type="realm")


def _client(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key = _client_key(context, one, one.get("client_id"))
    title, access = site.name(one.text("name", "client_id") or one.address), one.text("access_type")
    status = "suspended" if one.values.get("enabled") is False else None
    flows = {"standard_flow_enabled": "authorization_code", "implicit_flow_enabled": "implicit"}
    flows |= {"direct_access_grants_enabled": "password", "service_accounts_enabled": "client_credentials"}
    labels = oauth.grants_label([grant for field, grant in flows.items() if one.values.get(field) is True])
    labels += ["full_scope=true"] if one.values.get("full_scope_allowed", True) is True else []
    yield oauth.client_node(key, title, "keycloak", [site.source], public=access == "PUBLIC", status=status, labels=sorted(labels) or None)
    if access == "CONFIDENTIAL":
        secret = declared.made(site, one.address)
        yield from declared.secret(site, secret[1], "oauth_client_secret", f"secret of {title}", one.text("client_secret"))
        yield site.edge("AUTHENTICATES_AS", secret, key)


def _role(context: Context, one: Resource) -> Iterator[Fact]:
    key = _role_key(context, one, one.get("name"), one.get("client_id"))
    yield from _said(context, one, key, one.get("name"), one.get("client_id"))
    parts = one.values.get("composite_roles")
    for part in parts if isinstance(parts, list) else ():
        yield from _held(context, one, key, part)


def _of_service_account(context: Context, one: Resource) -> Iterator[Fact]:
    """A role that the account of a client has."""
    account = one.get("service_account_user_id")
    if referred(context, account, _CLIENT) is None:
        yield context.site(one).problem("whose service account a role is given to is not known from this configuration")
        return
    yield from _held(context, one, _client_key(context, one, account), one.get("role"), one.get("client_id"))


def _group_key(context: Context, one: Resource, value: Value) -> NodeKey:
    """A group by its path, as exports have it."""
    names: list[str] = []
    found = referred(context, value, "keycloak_group")
    while found is not None and len(names) < 10:
        names.insert(0, context.site(one).id(text_of(found.get("name"))))
        found = referred(context, found.get("parent_id"), "keycloak_group")
    return "Identity", f"{_prefix(context, one)}/groups/{'/'.join(names) or context.site(one).id(stated(one, value))}"


def _user_key(context: Context, one: Resource, value: Value) -> NodeKey:
    found = referred(context, value, "keycloak_user")
    return "Identity", f"{_prefix(context, one)}/users/{context.site(one).id(stated(one, found.get('username') if found else value))}"


def _group(context: Context, one: Resource) -> Iterator[Fact]:
    site, key = context.site(one), _group_key(context, one, Unknown(f"{one.address}.id"))
    yield site.node(*key, one.text("name") or one.address, type="group", provider="keycloak")
    if one.get("parent_id") is not None:
        yield site.edge("MEMBER_OF", key, _group_key(context, one, one.get("parent_id")))


def _user(context: Context, one: Resource) -> Iterator[Fact]:
    status = "suspended" if one.values.get("enabled") is False else None
    key = _user_key(context, one, one.get("username"))
    yield context.site(one).node(*key, one.text("username") or one.address, type="human", provider="keycloak", status=status)


def _roles(context: Context, one: Resource) -> Iterator[Fact]:
    """Roles of a group or a person."""
    group = one.get("group_id")
    holder = _group_key(context, one, group) if group is not None else _user_key(context, one, one.get("user_id"))
    ids = one.values.get("role_ids")
    for role in ids if isinstance(ids, list) else ():
        yield from _held(context, one, holder, role)


def _members(context: Context, one: Resource) -> Iterator[Fact]:
    """(:Identity user)-[:MEMBER_OF]->(:Identity group)"""
    by_group = one.type == "keycloak_group_memberships"
    listed = one.values.get("members" if by_group else "group_ids")
    for each in listed if isinstance(listed, list) else ():
        user, group = (each, one.get("group_id")) if by_group else (one.get("user_id"), each)
        yield context.site(one).edge("MEMBER_OF", _user_key(context, one, user), _group_key(context, one, group))


READERS: Mapping[str, Reader] = {
    "keycloak_realm": _realm_node,
    _CLIENT: _client,
    "keycloak_role": _role,
    **dict.fromkeys(
        ("keycloak_openid_client_service_account_role", "keycloak_openid_client_service_account_realm_role"), _of_service_account
    ),
    "keycloak_group": _group,
    "keycloak_user": _user,
    **dict.fromkeys(("keycloak_group_roles", "keycloak_user_roles"), _roles),
    **dict.fromkeys(("keycloak_group_memberships", "keycloak_user_groups"), _members),
}
