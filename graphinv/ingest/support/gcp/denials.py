"""Deny policies of Google Cloud: what they surely take away from whom. What is not sure stays, as the worst case.

Of a predefined role only the kinds of actions on each service are known: they are gone where a rule denies the whole service. The
permissions by which one acts as a service account or gives itself more are known one by one, and so are those of custom roles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from graphinv.ingest.support.gcp import names
from graphinv.ingest.support.gcp.permissions import GRANTS_ITSELF, Role, summary
from graphinv.ingest.support.parts import texts
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.facts import Grant, NodeKey

SERVICES: Mapping[str, str] = {"sqladmin": "cloudsql", "cloudresourcemanager": "resourcemanager", "firestore": "datastore"}
"""Service in a resource's name → service in the names of permissions, where they differ."""
MAX_LISTED = 5_000
_ATTACHED = re.compile(r"policies/(.{1,300})/denypolicies(?:/|$)")
_MEMBERS = (
    (re.compile(r"principal://goog/subject/(.+)"), "user"),
    (re.compile(r"principalSet://goog/group/(.+)"), "group"),
    (re.compile(r"principal://iam\.googleapis\.com/projects/[^/]+/serviceAccounts/(.+)"), "serviceAccount"),
)
_ACCOUNTS_OF = re.compile(r"principalSet://cloudresourcemanager\.googleapis\.com/projects/([\w:.-]+)/type/ServiceAccount")


def attached_to(name: str) -> str:
    """Full name of the project, folder or organisation that a deny policy with this name hangs on; ``""`` where it does not tell.

    >>> attached_to("policies/cloudresourcemanager.googleapis.com%2Fprojects%2F42/denypolicies/no-keys")
    '//cloudresourcemanager.googleapis.com/projects/42'
    """
    found = _ATTACHED.match(name)
    point = unquote(found[1]) if found else unquote(name)
    return names.resource_name("//" + point.strip("/")) if point.startswith("cloudresourcemanager.googleapis.com/") else ""


@dataclass
class _Principals:
    """Whom a rule names."""

    everybody: bool = False
    keys: set[NodeKey] = field(default_factory=set)
    groups: set[NodeKey] = field(default_factory=set)
    accounts_of: set[str] = field(default_factory=set)
    """Projects all of whose service accounts are named."""
    unknown: bool = False
    """Whether some of them cannot be told, such as all of an organisation."""

    def names(self, principal: NodeKey, around: frozenset[NodeKey]) -> bool:
        """Whether ``principal``, a member of the groups ``around``, is surely one of them."""
        project = names.project_of_account(principal[1].removeprefix("gcp:"))
        return self.everybody or principal in self.keys or bool(around & self.groups) or (bool(project) and project in self.accounts_of)

    @property
    def any(self) -> bool:
        return bool(self.everybody or self.keys or self.accounts_of or self.unknown)


def _principals(said: Iterable[str]) -> _Principals:
    found = _Principals()
    for text in said:
        kind, name = next(((kind, match[1]) for pattern, kind in _MEMBERS if (match := pattern.fullmatch(text))), ("", ""))
        member = names.member(f"{kind}:{name}" if kind else text)
        accounts = _ACCOUNTS_OF.fullmatch(text)
        if text == "principalSet://goog/public:all":
            found.everybody = True
        elif accounts:
            found.accounts_of.add(accounts[1])
        elif member is None:
            found.unknown = True
        else:
            found.keys.add(member.key)
            if kind == "group" or text.startswith("group:"):
                found.groups.add(member.key)
    return found


@dataclass(frozen=True)
class Denial:
    """One rule of a deny policy on ``scope``."""

    name: str
    scope: str
    denied: _Principals
    excepted: _Principals
    permissions: re.Pattern[str]
    whole: frozenset[str]
    """Services of which it denies everything."""
    conditional: bool
    grant: Grant

    def hits(self, principal: NodeKey, around: frozenset[NodeKey], known_groups: set[NodeKey], is_set: bool) -> bool:
        """Whether it surely denies ``principal``.

        Args:
            principal: an identity.
            around: groups that it is known to be a member of.
            known_groups: groups of which some member is known, and so, it is taken, all.
            is_set: whether ``principal`` stands for several.
        """
        if self.conditional or not self.denied.names(principal, around) or self.excepted.names(principal, around):
            return False
        return not (self.excepted.any and is_set) and not self.excepted.unknown and self.excepted.groups <= known_groups

    def may_hit(self, principal: NodeKey) -> bool:
        """Whether it may deny ``principal``, by itself or as a member of what cannot be told."""
        exempt = principal in self.excepted.keys or self.excepted.everybody
        return not exempt and (self.denied.names(principal, frozenset()) or self.denied.unknown or bool(self.denied.groups))


def body(name: str, rule: Mapping[str, Any]) -> str:
    """The body of the grant of one rule, of the interface or of Terraform."""

    def listed(*keys: str) -> list[str]:
        return [hide(one) for key in keys for one in texts(rule.get(key))[:MAX_LISTED]]

    made = {
        "name": name,
        "denied": listed("deniedPrincipals", "denied_principals"),
        "excepted": listed("exceptionPrincipals", "exception_principals"),
        "permissions": listed("deniedPermissions", "denied_permissions"),
        "except": listed("exceptionPermissions", "exception_permissions"),
        "condition": bool(rule.get("denialCondition") or rule.get("denial_condition")),
    }
    return json.dumps(made, separators=(",", ":"))


def read(grant: Grant, body: Mapping[str, Any], scope: str) -> Denial:
    """A rule from the body of its grant."""
    denied, but = _patterns(texts(body.get("permissions"))), _patterns(texts(body.get("except")))
    matched = "|".join(denied) or "(?!)"
    pattern = re.compile(f"(?!(?:{'|'.join(but)})$)(?:{matched})" if but else f"(?:{matched})")
    partly = {one.partition(r"\.")[0] for one in but}
    whole = frozenset(one.partition(r"\.")[0] for one in denied if one.endswith(_EVERYTHING)) - partly
    principals, excepted = _principals(texts(body.get("denied"))), _principals(texts(body.get("excepted")))
    return Denial(str(body.get("name") or ""), scope, principals, excepted, pattern, whole, body.get("condition") is True, grant)


_EVERYTHING = r"\.[^.]+\.[^.]+"


def _patterns(permissions: Iterable[str]) -> list[str]:
    """Denied permissions (``storage.googleapis.com/buckets.delete``, ``…/buckets.*``) as patterns of the names that roles have."""
    made = []
    for one in permissions:
        service, slash, rest = one.partition(".googleapis.com/")
        parts = rest.split(".") if slash else one.split(".")[1:]
        prefix = service if slash else one.partition(".")[0]
        if len(parts) == 2 and prefix and "*" not in prefix:
            inner = r"\.".join("[^.]+" if part == "*" else re.escape(part) for part in parts)
            made.append(re.escape(SERVICES.get(prefix, prefix)) + r"\." + inner)
    return made


def left(role: Role, permissions: Sequence[str] | None, denials: Sequence[Denial]) -> Role:
    """``role`` without what ``denials`` take; ``permissions`` are all of its own, where they are known."""
    if permissions is not None:
        return summary(one for one in permissions if not any(denial.permissions.fullmatch(one) for denial in denials))
    gone = frozenset().union(*(denial.whole for denial in denials))
    kept = frozenset(one for one in role.kept if not any(denial.permissions.fullmatch(one) for denial in denials))
    services = {service: letters for service, letters in role.services.items() if service not in gone}
    if role.kept & GRANTS_ITSELF and not kept & GRANTS_ITSELF and "resourcemanager" in services:
        services["resourcemanager"] = services["resourcemanager"].replace("a", "")
    return Role(services, kept)
