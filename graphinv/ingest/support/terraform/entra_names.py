"""What resources of Terraform's Entra provider are called by others."""

from __future__ import annotations

from graphinv.ingest.support.partial import Unknown, Value

APPLICATIONS = ("azuread_application", "azuread_application_registration")
_SAME = {
    **{(kind, other): "client_id" for kind in APPLICATIONS for other in ("application_id",)},
    **{(kind, "id"): "object_id" for kind in (*APPLICATIONS, "azuread_service_principal", "azuread_group", "azuread_user")},
    ("azuread_service_principal", "application_id"): "client_id",
}
"""Attributes of one thing under two names."""


def computed(kind: str, address: str, attribute: str) -> Value:
    """An attribute that a resource's block does not state, by the one name that it has everywhere."""
    return Unknown(f"{address}.{_SAME.get((kind, attribute), attribute)}")
