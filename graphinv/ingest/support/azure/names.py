"""Names of Azure's and Entra's things."""

from __future__ import annotations

import re

from graphinv.model.facts import NodeKey

_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
# A subscription, group or name that configuration leaves open goes by what would tell it, which may be long.
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]{1,300})/?")
_GROUP = re.compile(r"/subscriptions/[^/]{1,300}/resourcegroups/[^/]{1,300}")
_RESOURCE = re.compile(
    r"/subscriptions/[^/]{1,300}(?:/resourcegroups/[^/]{1,300})?/providers/([\w.]{1,100}/[\w.-]{1,100})/[^/]{1,500}(?:/.{1,800})?"
)
ROOT: NodeKey = ("Resource", "azure:/")
"""Everything of a tenant."""


def is_guid(text: str) -> bool:
    """Whether ``text`` is an id as Entra and Azure give them."""
    return _GUID.fullmatch(text) is not None


def identity(id: str) -> NodeKey:
    """An identity of Entra by its object id or, for applications and managed identities, their application id."""
    return "Identity", f"entra:{id.lower()}"


def scope(id: str) -> tuple[NodeKey, str]:
    """Node and type of a scope: a subscription, a management group, a resource group, a resource or all of the tenant.

    >>> scope("/subscriptions/7d7e4e4a-0000-4000-8000-000000000001")
    (('Resource', 'azure:7d7e4e4a-0000-4000-8000-000000000001'), 'subscription')
    """
    lowered = id.strip().lower().rstrip("/")
    if not lowered:
        return ROOT, "tenant"
    found = _SUBSCRIPTION.fullmatch(lowered)
    if found:
        return ("Resource", f"azure:{found[1]}"), "subscription"
    if lowered.startswith("/providers/microsoft.management/managementgroups/"):
        return ("Resource", lowered), "management_group"
    return ("Resource", lowered), "resource_group" if _GROUP.fullmatch(lowered) else "resource"


def resource_type(id: str) -> str:
    """Type of a resource by its id, in lower case; ``""`` where the id is none of a resource.

    >>> resource_type("/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a/blobServices/default")
    'microsoft.storage/storageaccounts'
    """
    found = _RESOURCE.fullmatch(id.lower())
    return found[1] if found else ""
