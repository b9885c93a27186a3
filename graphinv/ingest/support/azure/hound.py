"""What AzureHound collects (``{"data": [{"kind": "AZApp", "data": {…}}], "meta": …}``), as the objects of the interfaces that it asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphinv.ingest.support.parts import inside, items
from graphinv.ingest.support.records import Record, text

MARK = re.compile(rb'"kind"\s*:\s*"AZ[A-Za-z]{2,40}"')
_GRAPH = frozenset({"AZApp", "AZServicePrincipal", "AZUser", "AZAppRoleAssignment"})
_ARM = frozenset(
    {
        *("AZVM", "AZVMScaleSet", "AZKeyVault", "AZStorageAccount", "AZAutomationAccount", "AZLogicApp", "AZFunctionApp", "AZWebApp"),
        *("AZContainerRegistry", "AZManagedCluster", "AZResourceGroup"),
    }
)
_OWNED = {"AZAppOwner": "appId", "AZServicePrincipalOwner": "servicePrincipalId"}


def is_item(record: Record) -> bool:
    """Whether an object is one of what AzureHound collected."""
    return text(record.value.get("kind")).startswith("AZ") and isinstance(record.value.get("data"), dict)


def of_graph(record: Record) -> Iterator[Record]:
    """Objects of Microsoft Graph in one item."""
    kind, data = text(record.value["kind"]), record.value["data"]
    made = replace(record, pointer=(*record.pointer, "data"))
    if kind in _GRAPH:
        # An application has fields that tell it from others, be they empty.
        yield replace(made, value={"identifierUris": [], **data} if kind == "AZApp" else data)
    elif kind in ("AZGroup", "AZGroupMember"):
        members = [inside(one, "member") for one in items(data.get("members"))]
        yield replace(made, value={**data, "id": data.get("id", data.get("groupId")), "members": members})
    elif kind == "AZRoleAssignment":
        yield from (replace(made, value={"directoryScopeId": "/", **one}) for one in items(data.get("roleAssignments")))


def owned(record: Record) -> tuple[str, list[dict[str, Any]]]:
    """Object id of what an item tells the owners of, and the owners; ``""`` for other items."""
    field = _OWNED.get(text(record.value["kind"]))
    data = record.value["data"]
    return (text(data.get(field)), [inside(one, "owner") for one in items(data.get("owners"))]) if field else ("", [])


def of_azure(record: Record) -> Iterator[Record]:
    """Objects of Azure's resource manager in one item; role assignments stand in it by whatever name."""
    kind, data = text(record.value["kind"]), record.value["data"]
    made = replace(record, pointer=(*record.pointer, "data"))
    if kind == "AZSubscription":
        yield replace(
            made, value={**data, "id": text(data.get("subscriptionId")), "name": data.get("displayName"), "state": data.get("state")}
        )
    elif kind in _ARM:
        yield replace(made, value=data)
    elif kind == "AZKeyVaultAccessPolicy":
        yield replace(made, value={"id": data.get("keyVaultId"), "accessPolicies": [data]})
    waiting: list[tuple[Any, int]] = [(data, 0)] if kind not in _ARM else []
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict) and "principalId" in inside(value, "properties"):
            yield replace(made, value=value)
        elif depth < 4 and isinstance(value, dict | list):
            waiting += [(one, depth + 1) for one in (value.values() if isinstance(value, dict) else value)]
