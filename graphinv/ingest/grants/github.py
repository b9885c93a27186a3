"""What apps and tokens may do on GitHub.

Grants of ``provider`` ``github``; ``body`` is JSON:

    role          subject                       body
    installation  ("Identity", app or token)    {"owner": account, "permissions": {scope: "read"|"write"|"admin"},
                                                 "repositories": ["owner/repo", …], or null for all of the account}

All repositories of an account are each one that is known, and ``github:<account>``, the account itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from graphinv.ingest.grants import Known
from graphinv.ingest.support.github_steps import repository_part
from graphinv.ingest.support.granted import object_of, sources_of, unread
from graphinv.ingest.support.reach import access
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "github"
_OF_REPOSITORY: Mapping[str, frozenset[str]] = {
    "contents": frozenset({"read", "write", "delete"}),
    "administration": frozenset({"admin"}),
    "workflows": frozenset({"write", "execute"}),
    "actions": frozenset({"read", "write", "execute"}),
    "deployments": frozenset({"read", "write", "execute"}),
    "environments": frozenset({"read", "write"}),
    "secrets": frozenset({"write"}),
    "packages": frozenset({"read", "write"}),
    "pages": frozenset({"read", "write"}),
    "issues": frozenset({"read", "write"}),
    "pull_requests": frozenset({"read", "write"}),
    "discussions": frozenset({"read", "write"}),
    "single_file": frozenset({"read", "write"}),
    "repository_hooks": frozenset({"read", "write"}),
    "checks": frozenset({"read", "write"}),
    "statuses": frozenset({"read", "write"}),
    "security_events": frozenset({"read", "write"}),
    "vulnerability_alerts": frozenset({"read"}),
    "secret_scanning_alerts": frozenset({"read", "write"}),
    "dependabot_secrets": frozenset({"write"}),
    "codespaces": frozenset({"read", "write", "execute"}),
    "merge_queues": frozenset({"read", "write"}),
    "repository_projects": frozenset({"read", "write"}),
}
"""Permission for a repository → what it allows where writing is granted. To see that it exists (``metadata``) is none."""
_ITSELF = frozenset({"contents", "administration", "workflows"})
"""Permissions for the repository as a whole; others are for a part of it that has a node of its own."""
_OWNS_ALL = frozenset({"organization_administration", "members", "organization_custom_roles", "organization_personal_access_tokens"})
"""Permissions for an organisation with which its holder can let itself in everywhere."""
_REPOSITORY = re.compile(r"github:([\w.-]+)/([\w.-]+)")


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """Edges and the nodes of accounts; O(known resources + grants · repositories they reach)."""
    by_owner: dict[str, list[str]] = {}
    for name in known.ids("Resource", prefix="github:"):
        match = _REPOSITORY.fullmatch(name)
        if match:
            by_owner.setdefault(match[1].lower(), []).append(name)
    for grant in grants:
        yield from _installed(grant, by_owner)


def _installed(grant: Grant, by_owner: Mapping[str, Sequence[str]]) -> Iterator[NodeFact | EdgeFact | Problem]:
    body = object_of(grant)
    owner, permissions = str(body.get("owner") or ""), body.get("permissions")
    if grant.role != "installation" or not isinstance(permissions, dict):
        yield unread(grant)
        return
    sources = sources_of(grant)
    listed = body.get("repositories")
    names = (
        [f"github:{name}" for name in listed if isinstance(name, str)]
        if isinstance(listed, list)
        else list(by_owner.get(owner.lower(), ()))
    )
    # The same repository, however its letters are written.
    same = {name.lower(): name for name in by_owner.get(owner.lower(), ())}
    targets: dict[NodeKey, set[str]] = {}
    for name in dict.fromkeys(same.get(name.lower(), name) for name in names):
        for part, actions in _parts(name, permissions):
            targets.setdefault(part, set()).update(actions)
    for key in targets:
        yield _node(key, sources)
    if owner:
        account: NodeKey = ("Resource", f"github:{owner}")
        wide = _on_account(permissions, whole=listed is None)
        if wide:
            targets[account] = wide
            yield NodeFact(*account, {"name": owner, "type": "organization", "kind_detail": "github account", "sources": sources})
    props: Props = {"evidence": [grant.evidence], "sources": sources, "inherited_from": f"installation in {owner}" if owner else None}
    yield from access([grant.subject], {key: tuple(sorted(actions)) for key, actions in targets.items()}, props)


def _parts(repository: str, permissions: Mapping[str, object]) -> Iterator[tuple[NodeKey, frozenset[str]]]:
    """The parts of a repository that are reached, with what may be done."""
    for scope, granted in permissions.items():
        name = scope.replace("-", "_")
        if name not in _OF_REPOSITORY:
            continue
        part = repository if name in _ITSELF else f"{repository}/{name.replace('_', '-')}"
        yield ("Resource", part), _allowed(name, granted)


def _allowed(name: str, granted: object) -> frozenset[str]:
    if granted == "read":
        return frozenset({"read"})
    return _OF_REPOSITORY[name]


def _on_account(permissions: Mapping[str, object], *, whole: bool) -> set[str]:
    """What is allowed on the account itself: what holds for all of its repositories, and what is granted for the organisation."""
    found: set[str] = set()
    for scope, granted in permissions.items():
        name = scope.replace("-", "_")
        if name in _OF_REPOSITORY:
            found |= _allowed(name, granted) if whole and name in _ITSELF else set()
        elif name == "metadata":
            continue
        elif granted == "admin" or (granted == "write" and name in _OWNS_ALL):
            found.add("admin")
        else:
            found |= {"read", "write"} if granted == "write" else {"read"}
    return found


def _node(key: NodeKey, sources: list[str]) -> NodeFact:
    owner, name, *part = key[1].removeprefix("github:").split("/", 2)
    return repository_part(f"{owner}/{name}", part[0] if part else "*", sources)
