"""Resources of Terraform's Azure provider: managed identities, role assignments, runtimes, stores and secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest.support.arm.facts import DATA_ROLES, RUNTIMES, STORES
from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.azure import names
from graphinv.ingest.support.azure.forms import ELIGIBLE
from graphinv.ingest.support.azure.roles import vault_actions
from graphinv.ingest.support.partial import Unknown, Value, is_known, text_of
from graphinv.ingest.support.terraform import azure_names
from graphinv.ingest.support.terraform.context import Context, Reader, texts
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, Grant, NodeKey


def _id(context: Context, one: Resource) -> str:
    made = azure_names.id_of(one.type, one.address, one.values.get)
    return context.site(one).id(made or f"terraform:{one.address}")


def _title(one: Resource) -> str:
    name = one.text("name")
    return name if name and is_known(name) else one.address


def _principal(context: Context, one: Resource, value: Value, reference: str) -> NodeKey:
    """An identity by its object id; by the reference that tells it, where it is not known yet."""
    text = value if isinstance(value, str) and value else text_of(value if isinstance(value, Unknown) else Unknown(reference))
    return names.identity(context.site(one).id(text))


def _store(context: Context, one: Resource) -> Iterator[Fact]:
    yield from declared.store(context.site(one), _id(context, one), azure_names.STORES[one.type][0], _title(one))


def _managed(context: Context, one: Resource) -> Iterator[Fact]:
    key = _principal(context, one, one.get("principal_id"), f"{one.address}.principal_id")
    yield context.site(one).node(*key, _title(one), type="managed_identity", provider="azure", binding="platform")


def _runtime(context: Context, one: Resource) -> Iterator[Fact]:
    """Something that runs, and the managed identities that it has."""
    site, name = context.site(one), _id(context, one)
    variables: dict[str, object] = {}
    for path in ("app_settings", "template.container.env"):
        for block in one.blocks(*path.split(".")):
            pair = isinstance(block.get("name"), str) and "value" in block
            variables |= {text_of(block["name"]): block["value"]} if pair else dict(block)
    for script in ("custom_data", "user_data"):
        variables |= {script: one.values[script]} if one.values.get(script) is not None else {}
    yield from declared.workload(site, azure_names.RUNTIMES[one.type][0], name, _title(one), variables=variables)
    yield from _identities(context, one, ("Runtime", name))


def _identities(context: Context, one: Resource, runtime: NodeKey) -> Iterator[Fact]:
    """(:Runtime)-[:RUNS_AS]->(:Identity) for the managed identities of a resource."""
    site = context.site(one)
    for index, block in enumerate(one.blocks("identity")):
        if "SystemAssigned" in text_of(block.get("type")):
            key = _principal(context, one, block.get("principal_id"), f"{one.address}.identity[{index}].principal_id")
            yield site.node(*key, _title(one), type="managed_identity", provider="azure", binding="platform")
            yield site.edge("RUNS_AS", runtime, key)
        for other in texts(block.get("identity_ids")):
            yield site.edge("RUNS_AS", runtime, _by_id(context, one, other))


def _any(context: Context, one: Resource) -> Iterator[Fact]:
    """A resource of any type, as the interface of Azure has it."""
    site, name, kind = context.site(one), _id(context, one), one.text("type").partition("@")[0].lower()
    if kind in STORES:
        yield from declared.store(site, name, STORES[kind], _title(one), kind_detail=kind)
    if kind in RUNTIMES:
        yield from declared.workload(site, RUNTIMES[kind], name, _title(one))
        yield from _identities(context, one, ("Runtime", name))
    if kind == "microsoft.authorization/roleassignments":
        yield from _given(context, one, next(iter(one.blocks("body", "properties")), {}), text_of(one.get("parent_id")))


def _cosmos(context: Context, one: Resource) -> Iterator[Fact]:
    """A role for the data of an account of Cosmos DB."""
    account = f"/databaseaccounts/{text_of(one.get('account_name'))}".lower()
    resources = (other for other in context.resources if other.type == "azurerm_cosmosdb_account")
    known = next((id for id in (_id(context, other) for other in resources) if id.endswith(context.site(one).id(account))), None)
    target = known or context.site(one).id(text_of(one.get("scope")).lower())
    role = text_of(one.get("role_definition_id")).rpartition("/")[2]
    said = {"actions": list(DATA_ROLES[role])} if role in DATA_ROLES else {"actions": ["read", "write"], "evidence": ["inferred"]}
    principal = _principal(context, one, one.get("principal_id"), f"{one.address}.principal_id")
    yield context.site(one).edge("CAN_ACCESS", principal, ("Resource", target), **said, inherited_from="role for the account's data")


def _by_id(context: Context, one: Resource, text: str) -> NodeKey:
    """A user-assigned identity by the id of its resource: the node of its object id, where it is declared here."""
    wanted = context.site(one).id(text).lower()
    known = context.having("identities", "azurerm_user_assigned_identity", lambda other: _id(context, other))
    for other in known.get(wanted, ()):
        return _principal(context, other, other.get("principal_id"), f"{other.address}.principal_id")
    return names.identity(wanted)


def _assignment(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    principal = _principal(context, one, one.get("principal_id"), f"{one.address}.principal_id")
    role = text_of(one.get("role_definition_name", "role_definition_id"))
    body: dict[str, Any] = {"role": site.id(role), "scope": site.id(text_of(one.get("scope"))).lower()}
    conditions = [ELIGIBLE] if one.type == "azurerm_pim_eligible_role_assignment" else []
    conditions += [site.name(one.text("condition"))] if one.text("condition") else []
    if conditions:
        body["condition"] = "; ".join(conditions)
    yield Grant("azure", principal, "assignment", json.dumps(body, separators=(",", ":")), site.id(role), site.source, site.evidence)


def _given(context: Context, one: Resource, properties: Mapping[str, Value], scope: str) -> Iterator[Fact]:
    """A role assignment as the interface of Azure has it."""
    site = context.site(one)
    role = site.id(text_of(properties.get("roleDefinitionId")).rpartition("/")[2])
    principal = _principal(context, one, properties.get("principalId"), f"{one.address}.principal_id")
    body = json.dumps({"role": role, "scope": site.id(scope).lower()}, separators=(",", ":"))
    yield Grant("azure", principal, "assignment", body, role, site.source, site.evidence)


def _federated(context: Context, one: Resource) -> Iterator[Fact]:
    """An identity elsewhere that a managed identity trusts."""
    site = context.site(one)
    owner = _by_id(context, one, text_of(one.get("parent_id", "user_assigned_identity_id")))
    body = {"issuer": site.id(text_of(one.get("issuer"))), "subject": site.id(text_of(one.get("subject")))}
    yield Grant("entra", owner, "federated", json.dumps(body), "", site.source, site.evidence)


def _definition(context: Context, one: Resource) -> Iterator[Fact]:
    """A role of one's own, under whatever assignments call it by."""
    site = context.site(one)
    blocks = [
        {there: [site.id(text) for text in texts(block.get(here))] for here, there in _FIELDS.items()}
        for block in one.blocks("permissions")
    ]
    body = json.dumps({"name": site.name(one.text("name") or one.address), "permissions": blocks}, separators=(",", ":"))
    references = [text_of(Unknown(f"{one.address}.{name}")) for name in ("role_definition_resource_id", "role_definition_id", "id")]
    for called in dict.fromkeys(filter(None, (one.text("name"), one.text("role_definition_id"), *references))):
        yield Grant("azure", ("Resource", f"azure-role:{site.id(called).lower()}"), "definition", body, "", site.source, site.evidence)


_FIELDS = {"actions": "actions", "not_actions": "notActions", "data_actions": "dataActions", "not_data_actions": "notDataActions"}


def _access_policy(context: Context, one: Resource) -> Iterator[Fact]:
    """Who may read, write and delete what a key vault keeps."""
    vault = context.site(one).id(text_of(one.get("key_vault_id")).lower())
    yield from _may_use(context, one, vault, [one.values], one.address)


def _vault(context: Context, one: Resource) -> Iterator[Fact]:
    yield from _store(context, one)
    yield from _may_use(context, one, _id(context, one), one.blocks("access_policy"), f"{one.address}.access_policy")


def _may_use(context: Context, one: Resource, vault: str, policies: list[Mapping[str, Value]], reference: str) -> Iterator[Fact]:
    for policy in policies:
        held = (word for kind in ("secret", "key", "certificate", "storage") for word in texts(policy.get(f"{kind}_permissions")))
        actions = vault_actions(held)
        if actions:
            principal = _principal(context, one, policy.get("object_id"), f"{reference}.object_id")
            yield context.site(one).edge(
                "CAN_ACCESS", principal, ("Resource", vault), actions=actions, inherited_from="access policy of the vault"
            )


def _vault_secret(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    secret = site.id(f"{text_of(one.get('key_vault_id')).lower()}/secrets/{text_of(one.get('name')).lower()}")
    yield from declared.secret(site, secret, "key_vault_secret", _title(one), one.text("value"))


READERS: Mapping[str, Reader] = {
    **dict.fromkeys(azure_names.STORES, _store),
    **dict.fromkeys(azure_names.RUNTIMES, _runtime),
    "azurerm_user_assigned_identity": _managed,
    **dict.fromkeys(("azurerm_role_assignment", "azurerm_pim_active_role_assignment", "azurerm_pim_eligible_role_assignment"), _assignment),
    "azurerm_cosmosdb_sql_role_assignment": _cosmos,
    "azapi_resource": _any,
    "azurerm_federated_identity_credential": _federated,
    "azurerm_role_definition": _definition,
    "azurerm_key_vault": _vault,
    "azurerm_key_vault_access_policy": _access_policy,
    "azurerm_key_vault_secret": _vault_secret,
}
