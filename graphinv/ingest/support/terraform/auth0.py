"""Resources of Terraform's Auth0 provider: clients and their secrets, what they are granted of which interface, roles and who has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphinv.ingest.support import oauth
from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.partial import Unknown, Value, text_of
from graphinv.ingest.support.terraform.context import Context, Reader, texts
from graphinv.ingest.support.terraform.program import Resource
from graphinv.ingest.support.terraform.references import referred, stated
from graphinv.model.facts import Fact, NodeKey

_PUBLIC = ("spa", "native")
_SECRETS = ("client_secret_post", "client_secret_basic")


def _tenant(one: Resource) -> str:
    return one.home.tenant or one.home.root


def _client_key(context: Context, one: Resource, value: Value) -> NodeKey:
    found = referred(context, value, "auth0_client")
    called = (found.get("client_id", "id") or Unknown(f"{found.address}.id")) if found else value
    return "Identity", f"oauth-client:{one.home.root}/{context.site(one).id(stated(one, called))}"


def _key(context: Context, one: Resource, kind: str, value: Value, *types: str) -> NodeKey:
    """A role or a user of the tenant."""
    found = referred(context, value, *types)
    called = (found.get("id", "user_id") or Unknown(f"{found.address}.id")) if found else value
    return "Identity", f"auth0:{_tenant(one)}/{kind}/{context.site(one).id(stated(one, called))}"


def _interface(context: Context, one: Resource, audience: Value) -> tuple[NodeKey, str]:
    """An interface by its audience, and its name."""
    found = referred(context, audience, "auth0_resource_server")
    text = stated(one, (found.get("identifier") if found else None) or audience)
    id = context.site(one).id(text)
    return ("Resource", id if "://" in id else f"api:{one.home.root}/{id}"), (found.text("name") if found else "") or text


def _allowed(context: Context, one: Resource, holder: NodeKey, audience: Value, scopes: Iterable[str]) -> Iterator[Fact]:
    """(:Identity)-[:CAN_ACCESS]->(:Resource interface)"""
    site = context.site(one)
    target, title = _interface(context, one, audience)
    named = sorted({site.name(scope) for scope in scopes})
    yield site.node(*target, title, type="api")
    yield site.edge("CAN_ACCESS", holder, target, actions=oauth.actions_of(named), inherited_from=" ".join(named)[:500])


def _client(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key = _client_key(context, one, Unknown(f"{one.address}.id"))
    kind, method = one.text("app_type"), one.text("token_endpoint_auth_method")
    public = method == "none" or (not method and kind in _PUBLIC)
    labels = oauth.grants_label(one.values.get("grant_types"))
    title = site.name(one.text("name") or one.address)
    yield oauth.client_node(key, title, "auth0", [site.source], public=public, labels=labels or None)
    if method in _SECRETS or one.text("client_secret"):
        yield from _secret(context, one, key, title)


def _credentials(context: Context, one: Resource) -> Iterator[Fact]:
    """How a client proves who it is, where that stands in a block of its own."""
    if one.text("authentication_method") in _SECRETS:
        key = _client_key(context, one, one.get("client_id"))
        client = referred(context, one.get("client_id"), "auth0_client")
        yield from _secret(context, one, key, context.site(one).name(client.text("name") if client else one.address))


def _secret(context: Context, one: Resource, key: NodeKey, title: str) -> Iterator[Fact]:
    site = context.site(one)
    secret = declared.made(site, one.address)
    yield from declared.secret(site, secret[1], "oauth_client_secret", f"secret of {title}", one.text("client_secret"))
    yield site.edge("AUTHENTICATES_AS", secret, key)


def _grant(context: Context, one: Resource) -> Iterator[Fact]:
    """Scopes of an interface that a client has for itself."""
    stated = one.get("scopes", "scope")
    if isinstance(stated, Unknown):
        yield context.site(one).problem("the scopes that a client is granted are not known from this configuration")
    scopes = texts(stated)
    if scopes or isinstance(stated, Unknown):
        yield from _allowed(context, one, _client_key(context, one, one.get("client_id")), one.get("audience"), scopes)


def _server(context: Context, one: Resource) -> Iterator[Fact]:
    target, title = _interface(context, one, one.get("identifier"))
    yield context.site(one).node(*target, title, type="api")


def _role(context: Context, one: Resource) -> Iterator[Fact]:
    """A role; older configuration holds its permissions in it."""
    key = _role_key(context, one, Unknown(f"{one.address}.id"))
    yield context.site(one).node(*key, one.text("name") or one.address, type="role", provider="auth0")
    yield from _permitted(context, one, key)


def _role_key(context: Context, one: Resource, value: Value) -> NodeKey:
    return _key(context, one, "roles", value, "auth0_role")


def _permissions(context: Context, one: Resource) -> Iterator[Fact]:
    """Permissions of a role or a person, one or many."""
    if one.get("role_id") is not None:
        holder = _role_key(context, one, one.get("role_id"))
    else:
        holder = _key(context, one, "users", one.get("user_id"), "auth0_user")
    if one.get("permission") is not None:
        yield from _allowed(context, one, holder, one.get("resource_server_identifier"), texts(one.get("permission")))
    else:
        yield from _permitted(context, one, holder)


def _permitted(context: Context, one: Resource, holder: NodeKey) -> Iterator[Fact]:
    by_interface: dict[str, tuple[Value, list[str]]] = {}
    for block in one.blocks("permissions"):
        audience = block.get("resource_server_identifier")
        by_interface.setdefault(text_of(audience), (audience, []))[1].extend(texts(block.get("name")))
    for audience, names in by_interface.values():
        yield from _allowed(context, one, holder, audience, names)


def _person(context: Context, one: Resource) -> Iterator[Fact]:
    key = _key(context, one, "users", Unknown(f"{one.address}.id"), "auth0_user")
    status = "suspended" if one.values.get("blocked") is True else None
    name = one.text("email", "username", "name") or one.address
    yield context.site(one).node(*key, name, type="human", provider="auth0", status=status)


def _has_role(context: Context, one: Resource) -> Iterator[Fact]:
    """(:Identity user)-[:MEMBER_OF]->(:Identity role)"""
    roles = one.values.get("roles")
    for role in roles if isinstance(roles, list) else [one.get("role_id")]:
        user = _key(context, one, "users", one.get("user_id"), "auth0_user")
        yield context.site(one).edge("MEMBER_OF", user, _role_key(context, one, role))


READERS: Mapping[str, Reader] = {
    "auth0_client": _client,
    "auth0_client_credentials": _credentials,
    "auth0_client_grant": _grant,
    "auth0_resource_server": _server,
    "auth0_role": _role,
    **dict.fromkeys(("auth0_role_permission", "auth0_role_permissions", "auth0_user_permission", "auth0_user_permissions"), _permissions),
    "auth0_user": _person,
    **dict.fromkeys(("auth0_user_role", "auth0_user_roles"), _has_role),
}
