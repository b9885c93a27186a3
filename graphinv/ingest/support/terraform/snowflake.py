"""Resources of Terraform's Snowflake provider, by the names that ``SHOW GRANTS`` gives (:mod:`graphinv.ingest.snowflake_grants`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from graphinv.ingest.support import snowflake
from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.partial import Unknown, Value, text_of
from graphinv.ingest.support.terraform.context import Context, Reader, texts
from graphinv.ingest.support.terraform.program import Resource
from graphinv.ingest.support.terraform.references import referred, stated
from graphinv.model.facts import Fact, Grant, NodeKey, Props

_ROLES = ("snowflake_account_role", "snowflake_role", "snowflake_database_role")
_USERS = ("snowflake_user", "snowflake_service_user", "snowflake_legacy_service_user")
_OBJECTS = (*_ROLES, *_USERS, "snowflake_database", "snowflake_schema", "snowflake_table", "snowflake_view", "snowflake_warehouse")
_OLD = re.compile(r"snowflake_([a-z_]{2,40})_grant")
_ON = re.compile(r"on_(all_tables_in_)?(database|schema|table|view|function|tag)")
_ANY = ("all", "future")
Target = tuple[str, str, str]
"""Kind of object, its name, and the kind of those in it that are meant, ``""`` for itself."""


def _account(one: Resource) -> NodeKey:
    return "Resource", f"saas:snowflake/{one.home.root}"


def _called(context: Context, one: Resource, value: Value) -> str:
    """A name with the names around it, as Snowflake writes one that needs no quotes."""
    found = referred(context, value, *_OBJECTS)
    parts = [text_of(found.get(part)) for part in ("database", "schema", "name") if found.get(part) is not None] if found else []
    return context.site(one).id(".".join(parts) or stated(one, value)).replace('"', "")


def _who(context: Context, one: Resource, word: str, value: Value) -> NodeKey:
    return "Identity", f"snowflake:{one.home.root}/{word}/{_called(context, one, value)}"


def _role(context: Context, one: Resource, value: Value) -> tuple[NodeKey, list[Fact]]:
    """A role; of Snowflake's own what they may do."""
    site, key = context.site(one), _who(context, one, "role", value)
    name = key[1].rpartition("/")[2]
    facts: list[Fact] = [site.node(*key, name, type="role", provider="snowflake")]
    if name in snowflake.ADMINS:
        facts.append(_account_node(context, one))
        said: Props = {"evidence": ["inferred"], "actions": list(snowflake.ADMINS[name])}
        facts.append(site.edge("CAN_ACCESS", key, _account(one), **said))
    return key, facts


def _account_node(context: Context, one: Resource) -> Fact:
    return context.site(one).node(*_account(one), f"Snowflake of {one.home.root}", type="account")


def _of_role(context: Context, one: Resource) -> Iterator[Fact]:
    database = one.get("database")
    name = one.get("name")
    yield from _role(context, one, f"{text_of(database)}.{text_of(name)}" if database is not None else name)[1]


def _user(context: Context, one: Resource) -> Iterator[Fact]:
    """A user, its password, and who else signs in as it."""
    site, key = context.site(one), _who(context, one, "user", one.get("name"))
    status = "suspended" if str(one.values.get("disabled")).lower() == "true" else None
    yield site.node(*key, one.text("name") or one.address, type="service_account", provider="snowflake", status=status)
    if one.get("password") is not None:
        secret = declared.made(site, f"{one.address}.password")
        yield from declared.secret(
            site, secret[1], "snowflake_password", f"password of {site.name(one.text('name'))}", one.text("password")
        )
        yield site.edge("AUTHENTICATES_AS", secret, key)
    for block in one.blocks("default_workload_identity"):
        yield from _federated(context, one, key, block)


def _federated(context: Context, one: Resource, user: NodeKey, block: Mapping[str, Value]) -> Iterator[Fact]:
    """A workload elsewhere that signs in as a user."""
    site = context.site(one)
    for inner in (one for value in block.values() for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)):
        if inner.get("arn") is not None:
            yield site.edge("ASSUMES", context.identity(site, "role", text_of(inner["arn"])), user)
        elif inner.get("subject") is not None:
            body = {name: site.id(text_of(inner.get(name))) for name in ("issuer", "subject")}
            yield Grant("entra", user, "federated", json.dumps(body), "", site.source, site.evidence)


def _token(context: Context, one: Resource) -> Iterator[Fact]:
    site, secret = context.site(one), declared.made(context.site(one), one.address)
    yield from declared.secret(site, secret[1], "snowflake_token", one.text("name") or one.address, one.text("token"))
    yield site.edge("AUTHENTICATES_AS", secret, _who(context, one, "user", one.get("user")))


# --------------------------------------------------------------------------------------------------------------------------------
# Grants


def _member(context: Context, one: Resource, role: Value, holder: NodeKey) -> Iterator[Fact]:
    group, facts = _role(context, one, role)
    yield from facts
    if holder != group:
        yield context.site(one).edge("MEMBER_OF", holder, group)


def _has_role(context: Context, one: Resource) -> Iterator[Fact]:
    """A role for a user or another role; the older form lists them."""
    role = one.get("role_name", "database_role_name")
    above = one.get("parent_role_name", "parent_database_role_name")
    roles = [*([above] if above is not None else []), *texts(one.values.get("roles"))]
    users = [*([one.get("user_name")] if one.get("user_name") is not None else []), *texts(one.values.get("users"))]
    for value in roles:
        holder, facts = _role(context, one, value)
        yield from facts
        yield from _member(context, one, role, holder)
    for value in users:
        yield from _member(context, one, role, _who(context, one, "user", value))
    if one.get("share_name") is not None:
        share, facts = _share(context, one, one.get("share_name"))
        yield from (*facts, *_member(context, one, role, share))


def _share(context: Context, one: Resource, value: Value) -> tuple[NodeKey, list[Fact]]:
    """What other accounts are let see of this one."""
    key = _who(context, one, "share", value)
    return key, [context.site(one).node(*key, key[1].rpartition("/")[2], type="group", provider="snowflake")]


def _many(context: Context, one: Resource, block: Mapping[str, Value]) -> Iterator[Target]:
    """All objects of a kind, those to come too, of a schema or database: of that itself."""
    kind = text_of(block.get("object_type_plural")).upper().rstrip("S")
    for name, on in (("in_schema", "SCHEMA"), ("in_database", "DATABASE")):
        if block.get(name) is not None:
            yield on, _called(context, one, block[name]), kind


def _targets(context: Context, one: Resource) -> Iterator[Target]:
    """What a grant is on."""
    if one.values.get("on_account") is True:
        yield "ACCOUNT", "", ""
    for name, value in one.values.items():
        match = _ON.fullmatch(name) if isinstance(value, (str, Unknown)) else None
        if match is not None:
            yield match[2].upper(), _called(context, one, value), "TABLE" if match[1] else ""
    for block in one.blocks("on_schema"):
        if block.get("schema_name") is not None:
            yield "SCHEMA", _called(context, one, block["schema_name"]), ""
        for name in ("all_schemas_in_database", "future_schemas_in_database"):
            if block.get(name) is not None:
                yield "DATABASE", _called(context, one, block[name]), "SCHEMA"
    for path in ("on_account_object", "on_schema_object", "on"):
        for block in one.blocks(path):
            if block.get("object_name") is not None:
                yield text_of(block.get("object_type")).upper(), _called(context, one, block["object_name"]), ""
        for name in _ANY:
            for block in one.blocks(path, name):
                yield from _many(context, one, block)


def _given(context: Context, one: Resource, target: Target, words: list[str], holders: list[tuple[NodeKey, list[Fact]]]) -> Iterator[Fact]:
    """(:Identity role or share)-[:CAN_ACCESS {actions}]->(:Resource)"""
    site, (on, name, of) = context.site(one), target
    key: NodeKey = _account(one) if on == "ACCOUNT" else ("Resource", f"{_account(one)[1]}/{name}")
    yield _account_node(context, one) if on == "ACCOUNT" else site.node(*key, name, type=snowflake.type_of(on))
    if of:
        words = [word if word in snowflake.ACTIONS or of in snowflake.HOLDS else "OPERATE" for word in words]
    actions = sorted({action for word in words for action in snowflake.actions_of(word, on)})
    for holder, facts in holders:
        yield from facts
        if actions:
            yield site.edge("CAN_ACCESS", holder, key, actions=actions, inherited_from=", ".join(words)[:500])


def _grant(context: Context, one: Resource) -> Iterator[Fact]:
    """Privileges, all of them, or the ownership."""
    role, share = one.get("account_role_name", "role_name", "database_role_name"), one.get("to_share")
    words = [word.upper() for word in texts(one.values.get("privileges"))]
    words = ["OWNERSHIP"] if one.type == "snowflake_grant_ownership" else ["ALL"] if one.values.get("all_privileges") is True else words
    targets = list(_targets(context, one))
    if (role is None and share is None) or not words or not targets:
        yield context.site(one).problem("which privileges on what this grants is not known from this configuration")
        return
    holder = _share(context, one, share) if role is None else _role(context, one, role)
    for target in targets:
        yield from _given(context, one, target, words, [holder])


def _old_grant(context: Context, one: Resource) -> Iterator[Fact]:
    """The form of before 2024: a type for each kind of object, with one privilege and a list of roles."""
    match = _OLD.fullmatch(one.type)
    kind = match[1] if match else ""
    around = [one.get(name) for name in ("database_name", "schema_name", f"{kind}_name")]
    name = ".".join(dict.fromkeys(_called(context, one, value) for value in around if value is not None))
    named = kind in ("database", "schema") or one.get(f"{kind}_name") is not None
    on = kind.replace("_", " ").upper() if named else "SCHEMA" if one.get("schema_name") is not None else "DATABASE"
    target: Target = ("ACCOUNT", "", "") if kind == "account" else (on, name, "" if named else kind.replace("_", " ").upper())
    words = [text_of(one.get("privilege")).upper()]
    holders = [_role(context, one, role) for role in texts(one.values.get("roles"))]
    holders += [_share(context, one, share) for share in texts(one.values.get("shares"))]
    yield from _given(context, one, target, words, holders)


_OLD_KINDS = (
    "account",
    "database",
    "schema",
    "table",
    "external_table",
    "view",
    "materialized_view",
    "warehouse",
    "stage",
    "function",
    "procedure",
    "integration",
)

READERS: Mapping[str, Reader] = {
    **dict.fromkeys(_ROLES, _of_role),
    **dict.fromkeys(_USERS, _user),
    "snowflake_user_programmatic_access_token": _token,
    **dict.fromkeys(("snowflake_grant_account_role", "snowflake_grant_database_role", "snowflake_role_grants"), _has_role),
    **dict.fromkeys(
        (
            "snowflake_grant_privileges_to_account_role",
            "snowflake_grant_privileges_to_role",
            "snowflake_grant_privileges_to_database_role",
            "snowflake_grant_privileges_to_share",
        ),
        _grant,
    ),
    "snowflake_grant_ownership": _grant,
    **{f"snowflake_{kind}_grant": _old_grant for kind in _OLD_KINDS},
}
