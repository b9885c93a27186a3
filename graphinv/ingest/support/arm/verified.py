"""Azure's verified modules (``br/public:avm/res/…``): which resource each deploys, and its properties from what the module is given.

Their interfaces are alike: ``name``, ``managedIdentities``, ``roleAssignments``; outputs ``resourceId``, ``name``, ``principalId``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_ADDRESS = re.compile(r"br(?:/public|:mcr\.microsoft\.com/bicep)[:/]avm/res/([a-z0-9-]+/[a-z0-9-]+):")
_TYPES: Mapping[str, str] = {
    "api-management/service": "Microsoft.ApiManagement/service",
    "app/container-app": "Microsoft.App/containerApps",
    "app/job": "Microsoft.App/jobs",
    "cache/redis": "Microsoft.Cache/redis",
    "cognitive-services/account": "Microsoft.CognitiveServices/accounts",
    "compute/virtual-machine": "Microsoft.Compute/virtualMachines",
    "container-instance/container-group": "Microsoft.ContainerInstance/containerGroups",
    "container-registry/registry": "Microsoft.ContainerRegistry/registries",
    "container-service/managed-cluster": "Microsoft.ContainerService/managedClusters",
    "db-for-my-sql/flexible-server": "Microsoft.DBforMySQL/flexibleServers",
    "db-for-postgre-sql/flexible-server": "Microsoft.DBforPostgreSQL/flexibleServers",
    "document-db/database-account": "Microsoft.DocumentDB/databaseAccounts",
    "event-hub/namespace": "Microsoft.EventHub/namespaces",
    "key-vault/vault": "Microsoft.KeyVault/vaults",
    "logic/workflow": "Microsoft.Logic/workflows",
    "machine-learning-services/workspace": "Microsoft.MachineLearningServices/workspaces",
    "managed-identity/user-assigned-identity": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "search/search-service": "Microsoft.Search/searchServices",
    "service-bus/namespace": "Microsoft.ServiceBus/namespaces",
    "sql/server": "Microsoft.Sql/servers",
    "storage/storage-account": "Microsoft.Storage/storageAccounts",
    "web/site": "Microsoft.Web/sites",
}


def type_of(source: str) -> str:
    """Type of the resource that the module at an address deploys; ``""`` for others.

    >>> type_of("br/public:avm/res/app/container-app:0.8.0"), type_of("./app.bicep")
    ('Microsoft.App/containerApps', '')
    """
    found = _ADDRESS.match(source)
    return _TYPES.get(found[1], "") if found else ""


def body_of(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The resource's block, as a template without the module would have it."""
    identities = given.get("managedIdentities")
    identities = identities if isinstance(identities, dict) else {}
    assigned = identities.get("userAssignedResourceIds")
    kinds = ["SystemAssigned"] if identities.get("systemAssigned") not in (None, False) else []
    kinds += ["UserAssigned"] if assigned else []
    identity = {
        "type": ", ".join(kinds),
        "userAssignedIdentities": {str(key): {} for key in assigned} if isinstance(assigned, list) else {},
    }
    body: dict[str, Any] = {"identity": identity, "tags": given.get("tags")}
    match kind.rpartition("/")[2]:
        case "containerApps" | "jobs":
            secrets = given.get("secrets")
            body["properties"] = {
                "template": {"containers": given.get("containers")},
                "configuration": {"secrets": secrets.get("secureList") if isinstance(secrets, dict) else secrets},
            }
        case "sites":
            settings = [one.get("properties") for one in _list(given.get("configs")) if one.get("name") == "appsettings"]
            settings.append(given.get("appSettingsKeyValuePairs"))
            pairs = [{"name": name, "value": value} for one in settings if isinstance(one, dict) for name, value in one.items()]
            own = given.get("siteConfig")
            own = own if isinstance(own, dict) else {}
            body["properties"] = {"siteConfig": {**own, "appSettings": [*_list(own.get("appSettings")), *pairs]}}
        case "containerGroups":
            body["properties"] = {"containers": given.get("containers")}
        case "vaults":
            body["properties"] = {"accessPolicies": given.get("accessPolicies")}
        case _:
            body["properties"] = {}
    return body


def assignments(given: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Principal and role of each role assignment on the resource."""
    for one in _list(given.get("roleAssignments")):
        yield one.get("principalId"), one.get("roleDefinitionIdOrName")


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
