"""Okta's own names: ids of its things, what scopes of its interface and roles of its administrators allow."""

from __future__ import annotations

from graphinv.ingest.support import oauth
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import NodeFact, NodeKey

_TAKES_ALL = frozenset({"okta.roles.manage", "okta.apps.manage", "okta.authorizationServers.manage", "okta.policies.manage"})
"""Scopes with which a holder can let itself into anything of the organisation."""
_ADMIN_ROLES = frozenset({"SUPER_ADMIN", "ORG_ADMIN", "APP_ADMIN", "USER_ADMIN", "API_ACCESS_MANAGEMENT_ADMIN"})


def key(organisation: str, kind: str, id: str) -> NodeKey:
    """An application, user or group (``kind``: ``apps``, ``users``, ``groups``) of the organisation at that host."""
    return "Identity", f"okta:{organisation}/{kind}/{redact(id)}"


def tenant(organisation: str, sources: list[str]) -> NodeFact:
    """The organisation as what its administrators act on."""
    return NodeFact(
        "Resource",
        f"saas:okta/{organisation}",
        {"name": organisation, "type": "identity_provider", "kind_detail": "okta", "sources": sources},
    )


def scope_actions(scope: str) -> list[str]:
    """What a scope of Okta's own interface allows on the organisation."""
    return ["admin"] if scope in _TAKES_ALL else oauth.actions_of([scope])


def role_actions(role: str) -> list[str]:
    """What a role of an administrator allows on the organisation."""
    if role in _ADMIN_ROLES:
        return ["admin"]
    return ["read"] if "READ_ONLY" in role or "REPORT" in role else ["read", "write"]
