"""Resources of Terraform's Databricks provider: principals, what they may do, jobs, apps and endpoints with whom they run as, secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.azure import names
from graphinv.ingest.support.partial import Unknown, Value, is_known, text_of
from graphinv.ingest.support.terraform.context import Context, Reader, texts
from graphinv.ingest.support.terraform.program import Resource
from graphinv.ingest.support.terraform.references import referred, stated
from graphinv.model.facts import Fact, Grant, NodeKey

_PRINCIPALS: Mapping[str, tuple[str, str, str]] = {
    "databricks_service_principal": ("service-principals", "application_id", "service_principal"),
    "databricks_group": ("groups", "display_name", "group"),
    "databricks_user": ("users", "user_name", "human"),
}
"""Type → where its ids lie, the attribute that names it, and what it is."""
_KIND = {folder: kind for folder, _, kind in _PRINCIPALS.values()}
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "SELECT": ("read",),
    "READ_VOLUME": ("read",),
    "READ_FILES": ("read",),
    "READ_PRIVATE_FILES": ("read",),
    "ACCESS": ("read",),
    "READ": ("read",),
    "MODIFY": ("delete", "write"),
    "WRITE_VOLUME": ("delete", "write"),
    "WRITE_FILES": ("delete", "write"),
    "WRITE": ("read", "write"),
    "APPLY_TAG": ("write",),
    "EXECUTE": ("execute",),
    "REFRESH": ("execute",),
    "USE_CONNECTION": ("execute", "read"),
    "ALL_PRIVILEGES": ("delete", "execute", "read", "write"),
    "MANAGE": ("admin",),
    "OWNERSHIP": ("admin",),
    "BROWSE": (),
    "CAN_VIEW": ("read",),
    "CAN_READ": ("read",),
    "CAN_MONITOR": ("read",),
    "CAN_QUERY": ("execute",),
    "CAN_USE": ("execute",),
    "CAN_ATTACH_TO": ("execute",),
    "CAN_RESTART": ("execute",),
    "CAN_RUN": ("execute", "read"),
    "CAN_MANAGE_RUN": ("execute", "read"),
    "CAN_EDIT": ("delete", "execute", "read", "write"),
    "CAN_MANAGE": ("admin",),
    "IS_OWNER": ("admin",),
}
_SECURABLES = (
    "catalog",
    "schema",
    "table",
    "view",
    "materialized_view",
    "volume",
    "function",
    "model",
    "external_location",
    "storage_credential",
    "credential",
    "foreign_connection",
    "share",
    "metastore",
)
_OBJECTS: Mapping[str, tuple[str, str]] = {
    "cluster_id": ("databricks_cluster", "cluster_name"),
    "job_id": ("databricks_job", "name"),
    "pipeline_id": ("databricks_pipeline", "name"),
    "sql_endpoint_id": ("databricks_sql_endpoint", "name"),
    "serving_endpoint_id": ("databricks_model_serving", "name"),
    "app_name": ("databricks_app", "name"),
}
_SECRET = re.compile(r"\{\{\s*secrets/([^/{}\s]{1,128})/([^/{}\s]{1,128})\s*\}\}")


def actions_of(word: str) -> tuple[str, ...]:
    """What a privilege or a level of permission lets its holder do.

    >>> actions_of("READ FILES"), actions_of("USE_SCHEMA"), actions_of("CREATE_TABLE"), actions_of("CAN_QUERY")
    (('read',), (), ('write',), ('execute',))
    """
    word = word.upper().replace(" ", "_")
    if word in _ACTIONS:
        return _ACTIONS[word]
    # To use what holds something else lets nobody do anything; to make things in it changes it.
    return () if word.startswith("USE_") or word == "USAGE" else ("write",) if word.startswith("CREATE") else ("read", "write")


def _workspace(one: Resource) -> str:
    return f"saas:databricks/{one.home.root}"


def _principal(context: Context, one: Resource, value: Value, folder: str = "") -> NodeKey:
    """Whoever ``value`` names; ``folder`` says what it is where that is known."""
    found = referred(context, value, *_PRINCIPALS)
    if found is not None:
        folder, attribute, _ = _PRINCIPALS[found.type]
        value = found.get(attribute) or Unknown(f"{found.address}.{attribute}")
    text = stated(one, value)
    if not folder:
        folder = (
            "principals" if not is_known(text) else "service-principals" if names.is_guid(text) else "users" if "@" in text else "groups"
        )
    return "Identity", f"databricks:{one.home.root}/{folder}/{context.site(one).id(text)}"


def _of_principal(context: Context, one: Resource) -> Iterator[Fact]:
    """A principal; a service principal that is stated by its id is one of Entra's."""
    site, kind = context.site(one), _PRINCIPALS[one.type][2]
    key = _principal(context, one, Unknown(f"{one.address}.id"))
    status = "suspended" if one.values.get("active") is False else None
    title = one.text("display_name", "user_name") or one.address
    yield site.node(*key, title, type=kind, provider="databricks", status=status)
    application = one.text("application_id")
    if kind == "service_principal" and names.is_guid(application) and site.evidence == "declared":
        yield site.edge("ASSUMES", names.identity(application), key)


def _named(context: Context, one: Resource, key: NodeKey) -> Iterator[Fact]:
    """A principal that only a grant names."""
    _, folder, name = key[1].removeprefix(f"databricks:{one.home.root}").split("/", 2)
    site = context.site(one)
    if folder in ("users", "groups"):
        yield site.node(*key, name, type=_KIND[folder], provider="databricks")
    if folder == "groups" and name == "admins":
        yield site.node("Resource", _workspace(one), f"Databricks of {one.home.root}", type="workspace")
        yield site.edge("CAN_ACCESS", key, ("Resource", _workspace(one)), actions=["admin"], evidence=["inferred"])


def _allowed(context: Context, one: Resource, holder: NodeKey, target: NodeKey, words: list[str]) -> Iterator[Fact]:
    """(:Identity)-[:CAN_ACCESS]->(:Resource)"""
    yield from _named(context, one, holder)
    actions = sorted({action for word in words for action in actions_of(word)})
    if actions:
        yield context.site(one).edge("CAN_ACCESS", holder, target, actions=actions, inherited_from=", ".join(words)[:500])


def _thing(context: Context, one: Resource, kind: str, value: Value) -> NodeKey:
    """An object of the workspace or of its catalogue, by its full name."""
    type_, attribute = _OBJECTS.get(kind, (f"databricks_{kind}", "name"))
    found = referred(context, value, type_, *(("databricks_sql_table",) if kind in ("table", "view") else ()))
    if found is not None:
        around = [(found.get(f"{of}_name"), f"databricks_{of}") for of in ("catalog", "schema")]
        parts = [_name(context, part, of) for part, of in around if part is not None]
        value = ".".join([*parts, text_of(found.get(attribute))]) if found.get(attribute) is not None else value
    word = kind.removesuffix("_id").removesuffix("_name").removesuffix("_path")
    return "Resource", f"{_workspace(one)}/{word}/{context.site(one).id(stated(one, value))}"


def _name(context: Context, value: Value, kind: str) -> str:
    """The name of what ``value`` is an attribute of; in the catalogue ids and names are the same."""
    found = referred(context, value, kind)
    return text_of((found.get("name") if found else None) or value)


def _node(context: Context, one: Resource, key: NodeKey) -> Fact:
    word, _, name = key[1].removeprefix(f"{_workspace(one)}/").partition("/")
    return context.site(one).node(*key, name, type=word, kind_detail="databricks")


def _grants(context: Context, one: Resource) -> Iterator[Fact]:
    """Privileges on a securable of the catalogue: for one principal, or for all that have any."""
    kind = next((kind for kind in _SECURABLES if one.get(kind) is not None), "")
    if not kind:
        return
    target = _thing(context, one, kind, one.get(kind))
    yield _node(context, one, target)
    blocks = one.blocks("grant") if one.type == "databricks_grants" else [one.values]
    for block in blocks:
        yield from _allowed(context, one, _principal(context, one, block.get("principal")), target, texts(block.get("privileges")))


_WHO = {"group_name": "groups", "user_name": "users", "service_principal_name": "service-principals"}


def _permissions(context: Context, one: Resource) -> Iterator[Fact]:
    """Levels of permission on an object of the workspace."""
    named = [name for name in one.values if name.endswith(("_id", "_path", "_name")) and one.values[name] is not None]
    kind = next((name for name in (*_OBJECTS, *named) if one.get(name) is not None), "authorization")
    target = _thing(context, one, kind, one.get(kind))
    yield _node(context, one, target)
    for block in one.blocks("access_control"):
        for name, folder in _WHO.items():
            if block.get(name) is not None:
                holder = _principal(context, one, block[name], folder)
                yield from _allowed(context, one, holder, target, texts(block.get("permission_level")))


def _member(context: Context, one: Resource) -> Iterator[Fact]:
    member, group = _principal(context, one, one.get("member_id")), _principal(context, one, one.get("group_id"), "groups")
    yield from _named(context, one, group)
    yield context.site(one).edge("MEMBER_OF", member, group)


def _role(context: Context, one: Resource) -> Iterator[Fact]:
    """An instance profile of AWS that a principal's clusters may have, or a role of an administrator."""
    site = context.site(one)
    holder = _principal(context, one, one.get("group_id", "service_principal_id", "user_id"))
    role = text_of(one.get("role", "instance_profile_id"))
    profile = context.role_of_profile(role)
    if profile:
        yield site.edge("ASSUMES", holder, context.identity(site, "role", profile))
    elif role.endswith("_admin"):
        yield from _administers(context, one, holder, role)


def _administers(context: Context, one: Resource, holder: NodeKey, why: str) -> Iterator[Fact]:
    site = context.site(one)
    yield site.node("Resource", _workspace(one), f"Databricks of {one.home.root}", type="workspace")
    yield site.edge("CAN_ACCESS", holder, ("Resource", _workspace(one)), actions=["admin"], inherited_from=why)


def _assigned(context: Context, one: Resource) -> Iterator[Fact]:
    if "ADMIN" in texts(one.values.get("permissions")):
        yield from _administers(context, one, _principal(context, one, one.get("principal_id")), "ADMIN")


# --------------------------------------------------------------------------------------------------------------------------------
# Secrets, and what runs


def _scope(context: Context, one: Resource, value: Value) -> str:
    found = referred(context, value, "databricks_secret_scope")
    return context.site(one).id(stated(one, found.get("name") if found else value))


def _secret_key(one: Resource, scope: str, name: str) -> NodeKey:
    return "Secret", f"databricks-secret:{one.home.root}/{scope}/{name}"


def _secret(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    key = _secret_key(one, _scope(context, one, one.get("scope")), site.id(stated(one, one.get("key"))))
    yield from declared.secret(site, key[1], "databricks_secret", one.text("key") or one.address, one.text("string_value"))


def _secret_acl(context: Context, one: Resource) -> Iterator[Fact]:
    """Who may read the secrets of a scope: those of this configuration."""
    site, scope = context.site(one), _scope(context, one, one.get("scope"))
    holder = _principal(context, one, one.get("principal"))
    yield from _named(context, one, holder)
    actions = sorted({action for word in texts(one.get("permission")) for action in actions_of(word)})
    for other in context.resources:
        if other.type == "databricks_secret" and _scope(context, other, other.get("scope")) == scope:
            yield site.edge("CAN_ACCESS", holder, _secret_key(one, scope, site.id(stated(other, other.get("key")))), actions=actions)


def _credential(context: Context, one: Resource) -> Iterator[Fact]:
    """A secret or token of a service principal."""
    site, secret = context.site(one), declared.made(context.site(one), one.address)
    value = one.text("secret", "token_value")
    yield from declared.secret(site, secret[1], "databricks_token", one.text("comment") or one.address, value)
    holder = _principal(context, one, one.get("service_principal_id", "application_id"), "service-principals")
    yield site.edge("AUTHENTICATES_AS", secret, holder)


def _federated(context: Context, one: Resource) -> Iterator[Fact]:
    """A workload elsewhere that signs in as a service principal."""
    site = context.site(one)
    for block in one.blocks("oidc_policy"):
        body = {name: site.id(text_of(block.get(name))) for name in ("issuer", "subject")}
        holder = _principal(context, one, one.get("service_principal_id"), "service-principals")
        yield Grant("entra", holder, "federated", json.dumps(body), "", site.source, site.evidence)


_VARIABLES = (
    "spark_env_vars",
    "spark_conf",
    "new_cluster.spark_env_vars",
    "job_cluster.new_cluster.spark_env_vars",
    "task.new_cluster.spark_env_vars",
    "config.served_entities.environment_vars",
    "config.served_models.environment_vars",
)
_PROFILES = (
    "aws_attributes",
    "new_cluster.aws_attributes",
    "job_cluster.new_cluster.aws_attributes",
    "task.new_cluster.aws_attributes",
    "config.served_entities",
    "config.served_models",
)


def _runtime(context: Context, one: Resource) -> Iterator[Fact]:
    """Something that runs: whom it runs as, and the secrets that its variables hold."""
    site, attribute = context.site(one), next((name for name in ("name", "cluster_name") if one.get(name) is not None), "name")
    kind = next(key for key, (type_, _) in _OBJECTS.items() if type_ == one.type)
    id = _thing(context, one, kind, one.get(attribute) or Unknown(one.address))[1]
    runtime: NodeKey = ("Runtime", id)
    variables = {name: value for path in _VARIABLES for block in one.blocks(*path.split(".")) for name, value in block.items()}
    yield from declared.workload(site, _RUNTIMES[one.type], id, one.text(attribute) or one.address, variables=variables)
    for value in variables.values():
        for scope, name in _SECRET.findall(text_of(value)):
            yield site.edge("HOLDS", runtime, _secret_key(one, site.id(scope), site.id(name)), place="vault")
    for path in _PROFILES:
        for block in one.blocks(*path.split(".")):
            if profile := context.role_of_profile(text_of(block.get("instance_profile_arn"))):
                yield from declared.acts_as(site, runtime, profile)
    for block in one.blocks("run_as"):
        for name, folder in _WHO.items():
            if block.get(name) is not None:
                yield site.edge("RUNS_AS", runtime, _principal(context, one, block[name], folder))
    if one.type == "databricks_app":
        yield from _app(context, one, runtime)


def _app(context: Context, one: Resource, runtime: NodeKey) -> Iterator[Fact]:
    """An app runs as a service principal of its own, which may use what the app is given."""
    site = context.site(one)
    own = _principal(context, one, one.get("service_principal_client_id") or Unknown(f"{one.address}.id"), "service-principals")
    yield site.node(*own, f"app {one.text('name') or one.address}", type="service_principal", provider="databricks")
    yield site.edge("RUNS_AS", runtime, own)
    for block in one.blocks("resources"):
        for kind, name in (("sql_warehouse", "id"), ("serving_endpoint", "name"), ("job", "id"), ("uc_securable", "securable_full_name")):
            for inner in block[kind] if isinstance(block.get(kind), list) else [block.get(kind)]:
                if not isinstance(inner, dict) or inner.get(name) is None:
                    continue
                word = {"sql_warehouse": "sql_endpoint_id", "serving_endpoint": "serving_endpoint_id", "job": "job_id"}.get(kind)
                target = _thing(context, one, word or text_of(inner.get("securable_type")).lower(), inner[name])
                yield _node(context, one, target)
                yield from _allowed(context, one, own, target, texts(inner.get("permission")))
        for inner in block["secret"] if isinstance(block.get("secret"), list) else [block.get("secret")]:
            if isinstance(inner, dict):
                secret = _secret_key(one, _scope(context, one, inner.get("scope")), site.id(stated(one, inner.get("key"))))
                yield site.edge("HOLDS", runtime, secret, place="vault")


_RUNTIMES = {
    "databricks_job": "job",
    "databricks_pipeline": "job",
    "databricks_cluster": "vm",
    "databricks_app": "container",
    "databricks_model_serving": "container",
}

READERS: Mapping[str, Reader] = {
    **dict.fromkeys(_PRINCIPALS, _of_principal),
    **dict.fromkeys(_RUNTIMES, _runtime),
    **dict.fromkeys(("databricks_grants", "databricks_grant"), _grants),
    "databricks_permissions": _permissions,
    "databricks_group_member": _member,
    **dict.fromkeys(
        (
            "databricks_group_instance_profile",
            "databricks_user_instance_profile",
            "databricks_group_role",
            "databricks_user_role",
            "databricks_service_principal_role",
        ),
        _role,
    ),
    **dict.fromkeys(("databricks_permission_assignment", "databricks_mws_permission_assignment"), _assigned),
    "databricks_secret": _secret,
    "databricks_secret_acl": _secret_acl,
    **dict.fromkeys(("databricks_service_principal_secret", "databricks_obo_token"), _credential),
    "databricks_service_principal_federation_policy": _federated,
}
