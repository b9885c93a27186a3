"""Role assignments and role definitions as PowerShell, the portal, the Python SDK and files for the command line write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from graphinv.ingest.support.parts import inside
from graphinv.ingest.support.records import text

_ASSIGNMENT = re.compile(rb'"RoleAssignmentId"\s*:|"role_definition_id"\s*:\s*"/')
_SCOPES, _OPERATIONS = re.compile(rb'"[Aa]ssignable_?[Ss]copes"\s*:'), re.compile(rb'"(?:[Aa]ctions|[Nn]otActions|not_actions)"\s*:')
ELIGIBLE = "eligible: has to be activated first"
"""Condition of an assignment that Privileged Identity Management only offers."""
_ASSIGNED = {
    "id": ("RoleAssignmentId",),
    "scope": ("Scope",),
    "principalId": ("ObjectId",),
    "principalType": ("ObjectType",),
    "principalName": ("SignInName", "DisplayName"),
    "roleDefinitionId": ("RoleDefinitionId",),
    "roleDefinitionName": ("RoleDefinitionName",),
    "condition": ("Condition",),
}
_WORD = re.compile(r"_([a-z])")
_ACTIONS = ("actions", "notActions", "dataActions", "notDataActions")


def marked(head: bytes) -> bool:
    """Whether a file begins in one of these forms."""
    return _ASSIGNMENT.search(head) is not None or (_SCOPES.search(head) is not None and _OPERATIONS.search(head) is not None)


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """``value`` as the interface has it, where it is one of these forms; else as it is."""
    if "RoleAssignmentId" in value:
        return {name: next((value[one] for one in stated if value.get(one)), None) for name, stated in _ASSIGNED.items()}
    if "role_definition_id" in value or "assignable_scopes" in value:
        value = _camel(value)
        blocks = value.get("permissions")
        if isinstance(blocks, list):
            return {**value, "permissions": [_camel(one) for one in blocks if isinstance(one, dict)]}
    # A file for the command line or PowerShell: the operations of one block beside the name.
    lowered = {f"{name[:1].lower()}{name[1:]}": item for name, item in value.items()}
    if "assignableScopes" in lowered and "permissions" not in lowered and any(name in lowered for name in _ACTIONS):
        named = text(lowered.get("roleName")) or text(lowered.get("name"))
        block = {name: lowered.get(name) for name in _ACTIONS}
        return {"id": lowered.get("id"), "roleName": named, "assignableScopes": lowered["assignableScopes"], "permissions": [block]}
    return value


def _camel(value: Mapping[str, Any]) -> dict[str, Any]:
    return {_WORD.sub(lambda match: match[1].upper(), name): item for name, item in value.items()}


def is_request(id: str) -> bool:
    """Whether an id is that of a request to Privileged Identity Management, of which the assignment it led to is another object."""
    return id.lower().rpartition("/")[0].endswith("schedulerequests")


def is_eligible(id: str) -> bool:
    """Whether an id is that of an assignment that has to be activated."""
    return "/roleeligibilityschedule" in id.lower()


def expanded(value: Mapping[str, Any]) -> tuple[str, str]:
    """What Privileged Identity Management calls the principal and the role of an assignment; ``""`` where it does not tell."""
    around = inside(value, "expandedProperties")
    return text(inside(around, "principal").get("displayName"), 200), text(inside(around, "roleDefinition").get("displayName"), 200)
