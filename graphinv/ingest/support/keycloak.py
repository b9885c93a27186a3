"""What roles of Keycloak's own allow, and how sure the names of others are."""

from __future__ import annotations

from graphinv.ingest.support import oauth
from graphinv.model.facts import Props

_ADMIN = frozenset(
    {"realm-admin", "manage-users", "manage-clients", "manage-realm", "impersonation", "manage-authorization", "manage-identity-providers"}
)
"""Roles of the realm's own management with which a holder can let itself into anything of it."""
OWN_CLIENTS = frozenset({"realm-management", "account", "account-console", "broker", "security-admin-console", "admin-cli"})
"""Clients that every realm has: their roles are for Keycloak itself."""
GUESS: Props = {"evidence": ["inferred"], "confidence": 0.6}
"""What a role of an application lets its holder do stands in the application; its name is a fair guess."""


def on_realm(realm: str, name: str, client: str) -> list[str]:
    """What a role ``name`` of ``client`` (``""`` for one of the realm itself) allows on the realm; nothing for an application's own.

    >>> on_realm("shop", "manage-users", "realm-management"), on_realm("shop", "view-users", "realm-management")
    (['admin'], ['read'])
    >>> on_realm("shop", "admin", ""), on_realm("master", "admin", "")
    ([], ['admin'])
    """
    if client == "realm-management":
        return ["admin"] if name in _ADMIN else oauth.actions_of([name])
    return ["admin"] if not client and realm == "master" and name in ("admin", "create-realm") else []
