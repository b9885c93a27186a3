"""AWS accounts: what ``aws iam get-account-authorization-details`` answers, whole, in pages, or for several accounts.

Users, groups and roles become Identities; their policies, boundaries and trust stay as they are written
(:mod:`graphinv.ingest.grants.aws` says what they come to).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.dumps import items, moment, pages, policy_text, problem, tags_of, text
from graphinv.ingest.support.tags import owned, tagged
from graphinv.model.facts import OWNER_CONFIDENCE, Fact, Grant, NodeFact, NodeKey

NAME = "aws_account"
TITLE = "AWS account, IAM authorization details"
FILES = ("*.json (get-account-authorization-details)", "*.json (list-roles, get-role, list-users, get-user, list-groups)")
MAX_BYTES = 256 * 1024 * 1024

LISTS = frozenset({"UserDetailList", "GroupDetailList", "RoleDetailList"})
_OURS = re.compile(rb'"(?:UserDetailList|GroupDetailList|RoleDetailList|PolicyVersionList|AssumeRolePolicyDocument|UserPolicyList)"')
_LISTED = re.compile(
    rb'"(?:Users?|Groups?|Roles?)"\s*:\s*[\[{].{0,2000}?"Arn"\s*:\s*"arn:aws[\w-]*:iam::[0-9]{12}:(?:user|group|role)/', re.DOTALL
)
_TEMPLATE = re.compile(rb'"(?:Type"\s*:\s*"AWS::|AWSTemplateFormatVersion")')
_LONGEST_ARN = 2048


def detect(path: str, head: bytes) -> bool:
    """Whether it is JSON whose beginning has one of the answer's own lists."""
    if not path.lower().endswith((".json", ".jsonl", ".ndjson")) or _TEMPLATE.search(head):
        return False
    return _OURS.search(head) is not None or _LISTED.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Identities, memberships and grants. O(bytes).

    Raises:
        IngestError: it is not JSON, or nested too deep.
    """
    found = list(pages(document, LISTS | _ALONE | {"Policies"}))
    # Users name their groups without account and path.
    groups: dict[tuple[str, str], str] = {}
    for _, page in found:
        for _, group in items(page.get("GroupDetailList")):
            arn = arns.parse(text(group.get("Arn"), _LONGEST_ARN))
            if arn is not None:
                groups[arn.account, arn.resource.rpartition("/")[2]] = str(arn)
    for pointer, page in found:
        yield from _Page(document, pointer, page, groups).facts()
    if not found:
        yield problem(document, "", "has none of the lists of an account's authorization details", NAME, "error")
    elif found[-1][1].get("IsTruncated") is True:
        yield problem(document, "", "is one page of several: the rest of the account follows in other files, or is missing", NAME)


_ALONE = frozenset({"Roles", "Role", "Users", "User", "Groups", "Group"})
"""Lists of the answers of ``iam list-roles`` and its like, and the one thing of ``get-role``."""


@dataclass(frozen=True, slots=True)
class _Page:
    document: Document
    pointer: str
    page: dict[str, Any]
    groups: Mapping[tuple[str, str], str]
    """ARN by account and name."""

    def facts(self) -> Iterator[Fact]:
        for number, policy in items(self.page.get("Policies")):
            yield from self._policy(policy, f"{self.pointer}/Policies/{number}")
        for kind, name in (("Group", "GroupPolicyList"), ("User", "UserPolicyList"), ("Role", "RolePolicyList")):
            listed = next((key for key in (f"{kind}DetailList", f"{kind}s") if key in self.page), "")
            if listed and not isinstance(self.page[listed], list):
                yield problem(self.document, f"{self.pointer}/{listed}", "is not a list", NAME, "error")
            found = [(f"{self.pointer}/{listed}/{number}", entity) for number, entity in items(self.page.get(listed))]
            if isinstance(self.page.get(kind), dict):
                found.append((f"{self.pointer}/{kind}", self.page[kind]))
            for where, entity in found:
                arn = text(entity.get("Arn"), _LONGEST_ARN)
                if arns.identity_type(arn) != f"iam_{kind.lower()}":
                    yield problem(self.document, where, f"a {kind.lower()} without an ARN of its own", NAME, "error")
                    continue
                yield from self._entity(entity, ("Identity", arn), name, where)

    def source(self, where: str) -> str:
        return f"{self.document.source()}#{where}" if where else self.document.source()

    def grant(self, subject: NodeKey, role: str, body: str, origin: str, where: str) -> Grant:
        return Grant("aws", subject, role, body, origin, self.source(where), "granted")

    def _policy(self, policy: dict[str, Any], where: str) -> Iterator[Fact]:
        """The default version of a managed policy."""
        arn = text(policy.get("Arn"), _LONGEST_ARN)
        default = policy.get("DefaultVersionId")
        versions = [one for _, one in items(policy.get("PolicyVersionList"))]
        chosen = [one for one in versions if one.get("IsDefaultVersion") is True or one.get("VersionId") == default] or versions[:1]
        body = policy_text(chosen[0].get("Document")) if chosen else None
        if not arn.startswith("arn:") or body is None:
            message = "a managed policy without an ARN, or whose default version is missing or too long"
            yield problem(self.document, where, message, NAME, "error")
        else:
            yield self.grant(("Resource", arn), "policy", body, arn, where)

    def _entity(self, entity: dict[str, Any], key: NodeKey, inline: str, where: str) -> Iterator[Fact]:
        arn = key[1]
        kind = arns.identity_type(arn)
        name = arn.rpartition("/")[2]
        tags = tags_of(entity.get("Tags"))
        source = self.source(where)
        props = {"name": name, "type": kind, "provider": "aws", "sources": [source], **tagged(tags)}
        used = entity.get("RoleLastUsed")
        if isinstance(used, dict) and (last := moment(used.get("LastUsedDate"))):
            props["labels"] = [*props.get("labels", []), f"last_used={last[:10]}"]
        yield NodeFact(*key, {one: said for one, said in props.items() if one not in ("sensitivity", "crown_jewel")})
        yield from owned(tags, [key], {"evidence": ["declared"], "confidence": OWNER_CONFIDENCE["tags"], "sources": [source]})
        for number, policy in items(entity.get(inline)):
            yield from self._inline(policy, key, f"{where}/{inline}/{number}")
        for number, attached in items(entity.get("AttachedManagedPolicies")):
            managed = text(attached.get("PolicyArn"), _LONGEST_ARN)
            if managed:
                yield self.grant(key, "identity", json.dumps(managed), managed, f"{where}/AttachedManagedPolicies/{number}")
        boundary = entity.get("PermissionsBoundary")
        if isinstance(boundary, dict) and (managed := text(boundary.get("PermissionsBoundaryArn"), _LONGEST_ARN)):
            yield self.grant(key, "boundary", json.dumps(managed), managed, f"{where}/PermissionsBoundary")
        if kind == "iam_user":
            groups = entity.get("GroupList")
            for group in groups if isinstance(groups, list) else ():
                yield from self._member(key, text(group), where)
        if kind == "iam_role":
            yield from self._trust(entity, key, where)

    def _inline(self, policy: dict[str, Any], key: NodeKey, where: str) -> Iterator[Fact]:
        body = policy_text(policy.get("PolicyDocument"))
        name = text(policy.get("PolicyName")) or "inline"
        if body is None:
            yield problem(self.document, where, "an inline policy whose document is not JSON, or too long", NAME, "error")
        else:
            yield self.grant(key, "identity", body, f"{key[1]}/policy/{name}", where)

    def _member(self, user: NodeKey, group: str, where: str) -> Iterator[Fact]:
        fields = arns.parse(user[1])
        if group and fields is not None:
            arn = self.groups.get((fields.account, group)) or str(fields._replace(resource=f"group/{group}"))
            yield self.grant(user, "member", json.dumps(arn), "", f"{where}/GroupList")

    def _trust(self, role: dict[str, Any], key: NodeKey, where: str) -> Iterator[Fact]:
        where = f"{where}/AssumeRolePolicyDocument"
        body = policy_text(role.get("AssumeRolePolicyDocument"))
        if body is None:
            yield problem(self.document, where, "a role whose trust policy is missing, or not JSON", NAME)
        else:
            yield self.grant(key, "trust", body, key[1], where)
            binding = _binding(body)
            if binding:
                yield NodeFact(*key, {"binding": binding})


def _binding(body: str) -> str | None:
    """How a role with this trust policy is bound to what runs as it: AWS hands it to a service's runtime, or takes another's token for it.

    None where other principals may assume it, with whatever they hold.
    """
    statements = json.loads(body).get("Statement")
    kinds: set[str] = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            principal = statement.get("Principal")
            kinds |= set(principal) if isinstance(principal, dict) else {"AWS"}
    if not kinds or not kinds <= {"Service", "Federated"}:
        return None
    return "federated" if "Federated" in kinds else "platform"
