"""Resources of Terraform's Okta provider: applications, the scopes and roles that they have, groups, people, authorization servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphinv.ingest.support import oauth, okta
from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.partial import Unknown, Value, is_known
from graphinv.ingest.support.terraform.context import Context, Reader, texts
from graphinv.ingest.support.terraform.program import Resource
from graphinv.ingest.support.terraform.references import referred, stated
from graphinv.model.facts import Fact, NodeKey

_ANY_CLIENT = "ALL_CLIENTS"
_NO_SECRET = ("none", "private_key_jwt")


def _organisation(one: Resource) -> str:
    return one.home.tenant or f"org({one.home.root})"


def _id(one: Resource) -> Value:
    """What a resource of Okta is called by: an application by its client's id, as in exports."""
    return one.get("client_id", "id") or Unknown(f"{one.address}.id")


def _key(context: Context, one: Resource, kind: str, value: Value, *types: str) -> NodeKey:
    """The application, user or group that ``value`` names."""
    found = referred(context, value, *types)
    return okta.key(_organisation(one), kind, context.site(one).id(stated(one, _id(found) if found else value)))


def _app(context: Context, one: Resource, value: Value) -> NodeKey:
    return _key(context, one, "apps", value, "okta_app_oauth")


def _group(context: Context, one: Resource, value: Value) -> NodeKey:
    return _key(context, one, "groups", value, "okta_group")


def _user(context: Context, one: Resource, value: Value) -> NodeKey:
    return _key(context, one, "users", value, "okta_user")


def _application(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key, title = _app(context, one, _id(one)), site.name(one.text("label") or one.address)
    method = one.text("token_endpoint_auth_method")
    status = "suspended" if one.text("status") == "INACTIVE" else None
    labels = oauth.grants_label(one.values.get("grant_types"))
    yield oauth.client_node(key, title, "okta", [site.source], public=method == "none", status=status, labels=labels or None)
    if method not in _NO_SECRET and one.values.get("omit_secret") is not True:
        secret = declared.made(site, one.address)
        yield from declared.secret(site, secret[1], "oauth_client_secret", f"secret of {title}", one.text("client_secret"))
        yield site.edge("AUTHENTICATES_AS", secret, key)


def _allowed(context: Context, one: Resource, holder: NodeKey, actions: list[str], by: str) -> Iterator[Fact]:
    """(:Identity)-[:CAN_ACCESS]->(:Resource organisation)"""
    site = context.site(one)
    tenant = okta.tenant(_organisation(one), [site.source])
    yield tenant
    yield site.edge("CAN_ACCESS", holder, tenant.key, actions=actions, inherited_from=by)


def _scopes(context: Context, one: Resource) -> Iterator[Fact]:
    """Scopes of Okta's own interface that an application is granted."""
    if isinstance(one.values.get("scopes"), Unknown):
        yield context.site(one).problem("the scopes that an application is granted are not known from this configuration")
    for scope in texts(one.values.get("scopes")):
        name = context.site(one).name(scope)
        yield from _allowed(context, one, _app(context, one, one.get("app_id")), okta.scope_actions(name), name)


def _roles(context: Context, one: Resource) -> Iterator[Fact]:
    """Roles of administrators, which an application, a person or a group has."""
    if one.type == "okta_app_oauth_role_assignment":
        holder = _app(context, one, one.get("client_id"))
    elif one.type == "okta_user_admin_roles":
        holder = _user(context, one, one.get("user_id"))
    else:
        holder = _group(context, one, one.get("group_id"))
    for role in texts(one.get("admin_roles", "role_type", "type")):
        actions, name = (okta.role_actions(role), role) if role != "CUSTOM" else _custom(context, one)
        yield from _allowed(context, one, holder, actions, context.site(one).name(name))


def _custom(context: Context, one: Resource) -> tuple[list[str], str]:
    """What a role of one's own allows, and its name; reading and writing where it is declared elsewhere."""
    role = referred(context, one.get("role"), "okta_admin_role_custom")
    permissions = texts(role.values.get("permissions")) if role else []
    found = {action for permission in permissions for action in okta.scope_actions(permission)}
    return sorted(found) or ["read", "write"], (role.text("label") if role else "") or "CUSTOM"


def _of_group(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    title = one.text("name")
    yield site.node(*_group(context, one, _id(one)), title if title and is_known(title) else one.address, type="group", provider="okta")


def _person(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    status = None if one.text("status") in ("", "ACTIVE", "STAGED") else "suspended"
    key = _user(context, one, _id(one))
    yield site.node(*key, one.text("login", "email") or one.address, type="human", provider="okta", status=status)


def _members(context: Context, one: Resource) -> Iterator[Fact]:
    """(:Identity user)-[:MEMBER_OF]->(:Identity group)"""
    people = one.values.get("users") if one.type == "okta_group_memberships" else [one.get("user_id")]
    groups = one.values.get("groups") if one.type == "okta_user_group_memberships" else [one.get("group_id")]
    for person in people if isinstance(people, list) else ():
        for group in groups if isinstance(groups, list) else ():
            yield context.site(one).edge("MEMBER_OF", _user(context, one, person), _group(context, one, group))


def _rule(context: Context, one: Resource) -> Iterator[Fact]:
    """Scopes of an interface that the clients of an authorization server's policy get for themselves."""
    policy = referred(context, one.get("policy_id"), "okta_auth_server_policy")
    server = referred(context, one.get("auth_server_id"), "okta_auth_server")
    if one.text("status") == "INACTIVE" or "client_credentials" not in texts(one.values.get("grant_type_whitelist")):
        return
    site = context.site(one)
    listed = policy.values.get("client_whitelist") if policy else None
    if policy is None or server is None or not isinstance(listed, list):
        yield site.problem("which clients this rule lets have which interface is not known from this configuration")
        return
    audience = next(iter(texts(server.values.get("audiences"))), server.address)
    target: NodeKey = ("Resource", site.id(audience if "://" in audience else f"api:{site.root}/{audience}"))
    scopes = sorted(site.name(scope) for scope in texts(one.values.get("scope_whitelist")))
    yield site.node(*target, audience, type="api")
    for client in listed:
        if client == _ANY_CLIENT:
            everyone = okta.key(_organisation(one), "groups", "all-clients")
            yield site.node(*everyone, "all clients", type="group", provider="okta")
            for other in context.resources:
                if other.type == "okta_app_oauth" and other.mode == "managed":
                    yield site.edge("MEMBER_OF", _app(context, other, _id(other)), everyone)
        holder = everyone if client == _ANY_CLIENT else _app(context, one, client)
        yield site.edge("CAN_ACCESS", holder, target, actions=oauth.actions_of(scopes), inherited_from=" ".join(scopes)[:500])


READERS: Mapping[str, Reader] = {
    "okta_app_oauth": _application,
    "okta_app_oauth_api_scope": _scopes,
    **dict.fromkeys(("okta_app_oauth_role_assignment", "okta_user_admin_roles", "okta_group_role"), _roles),
    "okta_group": _of_group,
    "okta_user": _person,
    **dict.fromkeys(("okta_group_memberships", "okta_user_group_memberships"), _members),
    "okta_auth_server_policy_rule": _rule,
}
