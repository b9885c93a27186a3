"""Ids of what is deployed, and functions of templates about where that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from graphinv.ingest.support.arm.functions import digest
from graphinv.ingest.support.partial import Unknown, Value, text_of


class Where(Protocol):
    """Where a template is deployed: ids of the scope and of the subscription around it."""

    @property
    def scope(self) -> str: ...

    @property
    def subscription(self) -> str: ...


def resource_id(scope: str, kind: str, names: list[str]) -> str:
    """Id of a resource of type ``kind`` by its names, one for each part of its type."""
    space, *types = kind.split("/")
    parts = [f"{one}/{name}" for one, name in zip(types, names, strict=False)]
    # As many names as there are types; where one is missing it is open.
    parts += [f"{one}/{text_of(Unknown(one))}" for one in types[len(names) :]]
    return f"{scope.rstrip('/')}/providers/{space}/{'/'.join(parts)}".lower()


def _ids(start: Callable[[Where, list[str]], str]) -> Callable[[Where, list[str]], Value]:
    """A function that makes an id of a type and names; ``start`` tells from the words before the type where the resource is."""

    def made(where: Where, words: list[str]) -> Value:
        at = next((index for index, word in enumerate(words) if "/" in word and "." in word.partition("/")[0] and word[:1] != "/"), None)
        if at is None:
            return Unknown(f"resourceId({digest(list(words))})")
        names = [part for word in words[at + 1 :] for part in word.split("/")]
        return resource_id(start(where, words[:at]), words[at], names)

    return made


def _group_of(where: Where, before: list[str]) -> str:
    *subscription, group = before or [""]
    start = f"/subscriptions/{subscription[0]}" if subscription and subscription[0] else where.subscription
    return f"{start}/resourcegroups/{group}" if group else where.scope


def _resource_group(where: Where, words: list[str]) -> Value:
    id = _group_of(where, words) if words else where.scope
    tags = Unknown("resourceGroup.tags")
    return {"id": id, "name": id.rpartition("/")[2], "location": Unknown("location"), "tags": tags, "properties": {}}


def _subscription(where: Where, words: list[str]) -> Value:
    id = f"/subscriptions/{words[0]}" if words and words[0] else where.subscription
    name = id.rpartition("/")[2]
    return {"id": id, "subscriptionId": name, "tenantId": Unknown("tenant"), "displayName": Unknown("subscription.name")}


def _environment(where: Where, words: list[str]) -> Value:
    return {
        "suffixes": {"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net", "sqlServerHostname": ".database.windows.net"},
        "resourceManager": "https://management.azure.com/",
        "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
    }


ABOUT: Mapping[str, Callable[[Where, list[str]], Value]] = {
    "resourceid": _ids(_group_of),
    "subscriptionresourceid": _ids(lambda where, before: f"/subscriptions/{before[0]}" if before and before[0] else where.subscription),
    "tenantresourceid": _ids(lambda where, before: ""),
    "managementgroupresourceid": _ids(lambda where, before: ""),
    "extensionresourceid": _ids(lambda where, before: before[0] if before else ""),
    "resourcegroup": _resource_group,
    "subscription": _subscription,
    "tenant": lambda where, words: {"tenantId": Unknown("tenant")},
    "managementgroup": lambda where, words: {"id": Unknown("managementGroup"), "name": Unknown("managementGroup")},
    "deployment": lambda where, words: {"name": Unknown("deployment.name"), "location": Unknown("location"), "properties": {}},
    "environment": _environment,
}
"""Functions about where a template is deployed, by their names in lower case; they are given texts."""
