"""Permissions of Google Cloud (``storage.objects.get``) as actions, and roles as the actions that they give on each service.

``data/gcp/roles.json`` holds the predefined roles so; :func:`summary` makes it, and reads custom roles in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from graphinv.ingest.support.bundled import table

LETTERS: Mapping[str, str] = {"r": "read", "w": "write", "x": "execute", "d": "delete", "a": "admin"}
"""How the table writes an action."""

IMPERSONATES = frozenset(
    {
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.signBlob",
        "iam.serviceAccounts.signJwt",
        "iam.serviceAccounts.implicitDelegation",
        "iam.serviceAccountKeys.create",
        "iam.serviceAccounts.setIamPolicy",
    }
)
"""Each alone is enough to act as the service account it is held on."""
ACT_AS = "iam.serviceAccounts.actAs"
DEPLOYS = frozenset(
    {
        "cloudbuild.builds.create",
        "cloudfunctions.functions.create",
        "cloudfunctions.functions.update",
        "cloudscheduler.jobs.create",
        "composer.environments.create",
        "compute.instances.create",
        "compute.instances.setServiceAccount",
        "container.clusters.create",
        "dataflow.jobs.create",
        "dataproc.clusters.create",
        "run.jobs.create",
        "run.services.create",
        "run.services.update",
        "workflows.workflows.create",
        "aiplatform.customJobs.create",
        "aiplatform.reasoningEngines.create",
    }
)
"""With ``actAs``, each starts something of the holder's own that runs as the service account."""
GRANTS_ITSELF = frozenset(
    {
        "resourcemanager.projects.setIamPolicy",
        "resourcemanager.folders.setIamPolicy",
        "resourcemanager.organizations.setIamPolicy",
        "iam.roles.update",
        "deploymentmanager.deployments.create",
    }
)
"""Each lets its holder take every other permission of the scope it is held on."""
KEPT = IMPERSONATES | DEPLOYS | GRANTS_ITSELF | {ACT_AS}

_READ = re.compile(
    r"(?:get|list|read|fetch|search|view|query|export|download|lookup|find|count|check|validate|watch|consume"
    r"|describe|peek|preview|analyze|detect|monitor|access|resolve|test|pull|receive|compare|useToDecrypt|explain|verify|show|sample|wait"
    r"|aggregate|compute|estimate|summarize|retrieve|legacy(?:Get|List|Search|Find|Fetch|Batch)|fullView|calculate|discover|use\w*ReadOnly"
    r"|enumerate|report|review|createSnapshot|replicateData)(?![a-z])|\w*(?:Get|List|Read|ReadOnly|Search)$"
)
_DELETE = re.compile(r"(?:delete|batchDelete|bulkDelete|purge|remove|destroy|wipe|drop|terminate|expunge)(?![a-z])")
_EXECUTE = re.compile(
    r"(?:use|run|invoke|call|execute|start|trigger|predict|connect|exec|sign|actAs|osLogin|attach|getAccessToken|getOpenIdToken"
    r"|implicitDelegation|login|impersonate|proxy|portForward|evaluate|infer|rawPredict|converse|stream|generate|process|complete|chat"
    r"|translate|\w*Predict|evaluatePolicy|suggest|answer|rank|recommend|encrypt|useToEncrypt)(?![a-z])"
)
_ADMIN = re.compile(r"\.(?:set\w*IamPolicy|setOrgPolicy|osAdminLogin)$|^container\.\w*[rR]oles\.(?:escalate|bind)$")


def action_of(permission: str) -> str:
    """Letter of the action that ``permission`` is.

    >>> [action_of(f"x.y.{verb}") for verb in ("get", "setIamPolicy", "invoke", "deleteTag", "setLabels")]
    ['r', 'a', 'x', 'd', 'w']
    """
    if _ADMIN.search(permission):
        return "a"
    _, _, kind_and_verb = permission.partition(".")
    verb = kind_and_verb.rpartition(".")[2]
    if kind_and_verb in ("jobs.create", "readsessions.create", "readsessions.update"):
        return "x"
    for pattern, letter in ((_EXECUTE, "x"), (_DELETE, "d"), (_READ, "r")):
        if pattern.match(verb):
            return letter
    return "w"


@dataclass(frozen=True, slots=True)
class Role:
    """What a role gives: letters of actions by service (``storage``), and those of :data:`KEPT` that it holds."""

    services: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


def summary(permissions: Iterable[str]) -> Role:
    """A role by its permissions; O(permissions)."""
    found: dict[str, set[str]] = {}
    kept = set()
    for permission in permissions:
        service, dot, _ = permission.partition(".")
        if dot:
            found.setdefault(service, set()).add(action_of(permission))
            if permission in KEPT:
                kept.add(permission)
    return Role({service: "".join(sorted(letters)) for service, letters in sorted(found.items())}, frozenset(kept))


@cache
def predefined(name: str) -> Role | None:
    """A role of Google's by its name (``roles/storage.admin``); None where it is not known."""
    entry = table("gcp/roles.json")["roles"].get(name.removeprefix("roles/"))
    if entry is None:
        return None
    services, kept = entry
    return Role({service: letters for letters, names in services.items() for service in names.split()}, frozenset(kept))
