"""Ids of Azure's resources as far as configuration tells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphinv.ingest.support.partial import Unknown, Value, text_of
from graphinv.ingest.support.terraform.naming import Home

# Type of resource → what it is, and its type in Azure.
STORES: Mapping[str, tuple[str, str]] = {
    "azurerm_storage_account": ("storage_account", "Microsoft.Storage/storageAccounts"),
    "azurerm_key_vault": ("key_vault", "Microsoft.KeyVault/vaults"),
    "azurerm_mssql_server": ("database", "Microsoft.Sql/servers"),
    "azurerm_postgresql_flexible_server": ("database", "Microsoft.DBforPostgreSQL/flexibleServers"),
    "azurerm_mysql_flexible_server": ("database", "Microsoft.DBforMySQL/flexibleServers"),
    "azurerm_cosmosdb_account": ("database", "Microsoft.DocumentDB/databaseAccounts"),
    "azurerm_cognitive_account": ("ai_service", "Microsoft.CognitiveServices/accounts"),
    "azurerm_redis_cache": ("cache", "Microsoft.Cache/redis"),
    "azurerm_eventhub_namespace": ("queue", "Microsoft.EventHub/namespaces"),
    "azurerm_api_management": ("api_gateway", "Microsoft.ApiManagement/service"),
    "azurerm_databricks_workspace": ("workspace", "Microsoft.Databricks/workspaces"),
    "azurerm_search_service": ("search", "Microsoft.Search/searchServices"),
    "azurerm_servicebus_namespace": ("queue", "Microsoft.ServiceBus/namespaces"),
    "azurerm_container_registry": ("image_repository", "Microsoft.ContainerRegistry/registries"),
    "azurerm_kubernetes_cluster": ("cluster", "Microsoft.ContainerService/managedClusters"),
}
RUNTIMES: Mapping[str, tuple[str, str]] = {
    "azurerm_linux_function_app": ("function", "Microsoft.Web/sites"),
    "azurerm_windows_function_app": ("function", "Microsoft.Web/sites"),
    "azurerm_function_app": ("function", "Microsoft.Web/sites"),
    "azurerm_linux_web_app": ("container", "Microsoft.Web/sites"),
    "azurerm_windows_web_app": ("container", "Microsoft.Web/sites"),
    "azurerm_app_service": ("container", "Microsoft.Web/sites"),
    "azurerm_container_app": ("container", "Microsoft.App/containerApps"),
    "azurerm_container_app_job": ("container", "Microsoft.App/jobs"),
    "azurerm_container_group": ("container", "Microsoft.ContainerInstance/containerGroups"),
    "azurerm_cognitive_account_project": ("saas", "Microsoft.CognitiveServices/accounts/projects"),
    "azurerm_ai_foundry": ("saas", "Microsoft.MachineLearningServices/workspaces"),
    "azurerm_ai_foundry_project": ("saas", "Microsoft.MachineLearningServices/workspaces"),
    "azurerm_machine_learning_workspace": ("saas", "Microsoft.MachineLearningServices/workspaces"),
    "azurerm_data_factory": ("saas", "Microsoft.DataFactory/factories"),
    "azurerm_logic_app_standard": ("workflow", "Microsoft.Web/sites"),
    "azurerm_linux_virtual_machine": ("vm", "Microsoft.Compute/virtualMachines"),
    "azurerm_windows_virtual_machine": ("vm", "Microsoft.Compute/virtualMachines"),
    "azurerm_logic_app_workflow": ("workflow", "Microsoft.Logic/workflows"),
}
_TYPES = {name: kind for table in (STORES, RUNTIMES) for name, (_, kind) in table.items()} | {
    "azurerm_user_assigned_identity": "Microsoft.ManagedIdentity/userAssignedIdentities"
}

Get = Callable[[str], Value]


def id_of(kind: str, address: str, get: Get) -> str | None:
    """Id of a resource, in lower case as ids of nodes are; None for types whose ids are not known here."""
    given = get("id")
    if isinstance(given, str) and given.startswith("/"):
        return given.lower()
    subscription = f"/subscriptions/{text_of(Unknown('azurerm.subscription'))}"
    if kind == "azurerm_subscription":
        stated = get("subscription_id")
        return f"/subscriptions/{stated}".lower() if isinstance(stated, str) and stated else subscription
    if kind == "azapi_resource":
        return _below(get("parent_id"), text_of(get("type")).partition("@")[0], get("name"), address)
    parent = next((get(one) for one in _PARENTS if get(one) is not None), None)
    if parent is not None and kind in _TYPES:
        return _below(parent, _TYPES[kind], get("name"), address)
    name, group = get("name"), get("resource_group_name")
    name = text_of(name) if isinstance(name, (str, Unknown)) and name else text_of(Unknown(address))
    if kind == "azurerm_resource_group":
        return f"{subscription}/resourcegroups/{name.lower()}"
    if kind not in _TYPES:
        return None
    group = text_of(group) if isinstance(group, (str, Unknown)) and group else text_of(Unknown("azurerm.resource_group"))
    return f"{subscription}/resourcegroups/{group.lower()}/providers/{_TYPES[kind].lower()}/{name.lower()}"


_PARENTS = ("cognitive_account_id",)
"""Attributes with the id of the resource that another one is a part of."""


def _below(parent: Value, kind: str, name: Value, address: str) -> str:
    """Id of a resource in a group or of a part of another one."""
    around = text_of(parent) if parent else text_of(Unknown(f"{address}.parent"))
    own = text_of(name) if name else text_of(Unknown(address))
    space, *types = kind.lower().split("/")
    head = f"{around}/{types[-1]}" if len(types) > 1 else f"{around}/providers/{space}/{''.join(types)}"
    return f"{head}/{own}".lower()


def computed(kind: str, address: str, attribute: str, get: Get, home: Home) -> Value:
    """An attribute that a resource's block does not state."""
    found = id_of(kind, address, get) if attribute == "id" else None
    return Unknown(f"{address}.{attribute}") if found is None else found
