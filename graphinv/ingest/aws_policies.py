"""AWS policies that the API answers one by one: of resources, and of organisations with their accounts and units.

Which bucket or account an answer is about it often does not tell; its statements or the name of its file do: ``list-targets/p-1a2b.json``.
What the policies come to is said in :mod:`graphinv.ingest.grants.aws`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.dumps import items, pages, policy_text, problem, text
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Grant, NodeFact, NodeKey

NAME = "aws_policies"
TITLE = "AWS policies of resources and organisations"
FILES = (
    "JSON of `aws s3api get-bucket-policy`, `lambda get-policy`, `kms get-key-policy`, `sqs get-queue-attributes` and their like",
    "JSON of `aws organizations` (describe-policy, list-targets-for-policy, list-accounts, list-parents, list-children …)",
    "JSON policies with principals, of one resource",
)
MAX_BYTES = 64 * 1024 * 1024

_ORGANISATION = re.compile(
    rb'"(?:PolicySummary|MasterAccountId|TargetId)"\s*:|"(?:SERVICE_CONTROL_POLICY|RESOURCE_CONTROL_POLICY)"|"arn:aws[\w-]*:organizations:'
    rb'|"Type"\s*:\s*"(?:ORGANIZATIONAL_UNIT|ROOT|ACCOUNT)"|"Id"\s*:\s*"ou-[0-9a-z]{4,32}-'
)
_ASKED = re.compile(rb'"(?:Policy|Policies|Targets|Accounts|Parents|Organization|OrganizationalUnits|Children)"\s*:\s*[\[{]')
_ANSWER = re.compile(rb'"(?:Policy|ResourcePolicy|policyText|AccessPolicies)"\s*:\s*"\s*\{[^\n]{0,3000}?\\"Statement\\"')
_POLICY = re.compile(rb'^\s*\{[^{}\[\]]*"Statement"\s*:\s*[\[{]')
_PRINCIPAL = re.compile(rb'"(?:Not)?Principal"\s*:')
_TEMPLATE = re.compile(rb"\$\{|%\{|\{\{|<%")
_TARGET = re.compile(r"(?<![\w-])(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|[0-9]{12})(?![\w-])")
_POLICY_ID = re.compile(r"(?<![\w-])(p-[0-9a-zA-Z_]{8,128})(?![\w-])")
_KEY_ID = re.compile(r"(?<![\w-])(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![\w-])")
_LONGEST_ARN = 2048


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as one of the answers, or is a policy with principals."""
    name = path.rpartition("/")[2].lower()
    if not name.endswith((".json", ".jsonl", ".ndjson")) and ("." in name or not head.lstrip().startswith((b"{", b"["))):
        return False
    if (_ORGANISATION.search(head) and _ASKED.search(head)) or _ANSWER.search(head):
        return b'"openapi"' not in head
    return _POLICY.match(head) is not None and _PRINCIPAL.search(head) is not None and b'"Resource"' in head


def read(document: Document) -> Iterator[Fact]:
    """Grants of resources' policies and of service control policies; what lies in which unit. O(bytes).

    Raises:
        IngestError: it is not JSON, or nested too deep.
    """
    for pointer, page in _pages(document):
        place = _Place(document, pointer)
        if "Statement" in page:
            yield from _raw(place, page)
        for key, reader in _READERS.items():
            if key in page:
                yield from reader(place, page)


def _pages(document: Document) -> list[tuple[str, dict[str, Any]]]:
    """The answers; none of a template, which whatever fills it in tells of."""
    try:
        return list(pages(document, frozenset({*_READERS, "Statement"})))
    except IngestError:
        if _TEMPLATE.search(document.data):
            return []
        raise


@dataclass(frozen=True, slots=True)
class _Place:
    document: Document
    pointer: str

    def grant(self, subject: NodeKey, role: str, body: str, origin: str = "", evidence: str = "granted") -> Grant:
        source = f"{self.document.source()}#{self.pointer}" if self.pointer else self.document.source()
        return Grant("aws", subject, role, body, origin, source, evidence)

    def problem(self, message: str, severity: str = "warning") -> Fact:
        return problem(self.document, self.pointer, message, NAME, severity)

    def named(self, pattern: re.Pattern[str]) -> str:
        """What ``pattern`` finds last in the document's path, where its file or folder is named after what it is about."""
        found = pattern.findall(unquote(self.document.path))
        return str(found[-1]) if found else ""


# --------------------------------------------------------------------------------------------------------------------------------
# Policies of resources


def _raw(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    """A policy as it is handed to ``put-bucket-policy``: it is asked for."""
    statements = page["Statement"] if isinstance(page["Statement"], list) else [page["Statement"]]
    if all(isinstance(one, dict) and ("Principal" in one or "NotPrincipal" in one) and "Resource" in one for one in statements):
        arn = _subject(page)
        if arn:
            yield from _resource(place, arn, page, "declared")


def _answer(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    """A policy in an answer that may name what it is of."""
    attributes = page.get("Attributes") if isinstance(page.get("Attributes"), dict) else page.get("DomainStatus")
    stated: Mapping[str, Any] = attributes if isinstance(attributes, dict) else page
    policy = next((stated[key] for key in _POLICIES if stated.get(key)), None)
    if policy is None:
        return
    body = policy_text(policy)
    if body is None:
        yield place.problem("a policy of a resource is not JSON, or too long", "error")
        return
    arn = next((said for key in ("ARN", "Arn", "QueueArn", "TopicArn", "ResourceArn") if (said := text(stated.get(key), _LONGEST_ARN))), "")
    if not arn and "policyText" in page:
        home = {"account": text(page.get("registryId")), "region": place.named(re.compile(r"[a-z]{2}-[a-z]+-\d"))}
        arn = arns.make("ecr", f"repository/{text(page.get('repositoryName'))}", place.document.root, **home)
    document = json.loads(body)
    arn = arn or _subject(document) or _key(place, document)
    if not arn:
        yield place.problem("does not tell of which resource the policy is; it is left out", "error")
        return
    yield from _resource(place, arn, document, "granted")


_POLICIES = ("Policy", "ResourcePolicy", "policyText", "AccessPolicies", "resourcePolicy", "policy")


def _resource(place: _Place, arn: str, policy: object, evidence: str) -> Iterator[Fact]:
    body = policy_text(policy)
    if body is not None:
        arn = arns.canonical(arn)
        kind = "Secret" if ":secretsmanager:" in arn else "Resource"
        yield place.grant((kind, arn), "resource", body, arn, evidence)


def _subject(policy: object) -> str:
    """The one resource that all statements of a policy are about; ``""`` where they name several, none, or leave parts open."""
    found: set[str] = set()
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    for one in statements if isinstance(statements, list) else [statements]:
        named = one.get("Resource") if isinstance(one, dict) else None
        found.update(arns.canonical(text(arn, _LONGEST_ARN)) for arn in (named if isinstance(named, list) else [named]))
    arn = found.pop() if len(found) == 1 else ""
    return arn if arns.parse(arn) and not re.search(r"[*?<>${}]", arn) else ""


def _key(place: _Place, policy: object) -> str:
    """A key of KMS, whose policy says ``*`` for itself: its id is in the file's name, its account among the principals."""
    key, region = place.named(_KEY_ID), place.named(re.compile(r"(?<![a-z])[a-z]{2}-[a-z]+-\d"))
    accounts = set(re.findall(r":(?:iam|sts)::([0-9]{12}):root", json.dumps(policy)))
    if not key or len(accounts) != 1:
        return ""
    return arns.make("kms", f"key/{key}", place.document.root, account=accounts.pop(), region=region)


# --------------------------------------------------------------------------------------------------------------------------------
# Organisations


def _policy(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    """``describe-policy``: a service control policy with its document, and what it hangs on where that stands beside it."""
    within = page.get("Policy")
    stated: Mapping[str, Any] = within if isinstance(within, dict) else page
    summary = stated.get("PolicySummary")
    if not isinstance(summary, dict):
        return
    if text(summary.get("Type")) not in ("", "SERVICE_CONTROL_POLICY"):
        yield place.problem(f"a policy of the type {text(summary.get('Type'))} is not evaluated", "note")
        return
    id, body = text(summary.get("Id")), policy_text(stated.get("Content"))
    if not id or body is None:
        yield place.problem("a service control policy without an id, or whose document is missing or not JSON", "error")
        return
    yield place.grant(("Resource", f"aws-scp:{id}"), "scp-document", body, text(summary.get("Name")) or id)
    yield from _attached(place, id, stated.get("Targets"))


def _targets(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    """``list-targets-for-policy``: accounts and units that a policy hangs on."""
    id = text(page.get("PolicyId")) or place.named(_POLICY_ID)
    if "PolicySummary" in page:
        return
    if id:
        yield from _attached(place, id, page.get("Targets"))
    elif any(_TARGET.fullmatch(text(one.get("TargetId"))) for _, one in items(page.get("Targets"))):
        yield place.problem("does not tell of which policy these are the targets, nor does its name; they are left out", "error")


def _attached(place: _Place, id: str, targets: object) -> Iterator[Fact]:
    for _, target in items(targets):
        if _TARGET.fullmatch(text(target.get("TargetId"))):
            yield place.grant(("Resource", f"aws:{text(target['TargetId'])}"), "scp-attached", json.dumps(id))


def _of_target(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    """``list-policies-for-target``; of ``list-policies`` nothing, which tells no targets."""
    found = [text(one.get("Id")) for _, one in items(page.get("Policies")) if one.get("Type") == "SERVICE_CONTROL_POLICY"]
    target = text(page.get("TargetId")) or place.named(_TARGET)
    if found and "for-target" in place.document.path.lower() and not target:
        yield place.problem("does not tell on which account or unit these policies hang, nor does its name; they are left out", "error")
    elif found and (target and "list-policies." not in place.document.path.lower()):
        for id in filter(None, found):
            yield place.grant(("Resource", f"aws:{target}"), "scp-attached", json.dumps(id))


def _accounts(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    """``list-accounts`` and ``list-accounts-for-parent``."""
    parent = text(page.get("ParentId")) or (place.named(_TARGET) if "parent" in place.document.path.lower() else "")
    for number, one in items(page.get("Accounts")):
        id, arn = text(one.get("Id")), arns.parse(text(one.get("Arn"), _LONGEST_ARN))
        if not arns.is_account(id) or arn is None or arn.service != "organizations":
            continue
        where = _Place(place.document, f"{place.pointer}/Accounts/{number}")
        status = "suspended" if text(one.get("Status")) == "SUSPENDED" else None
        source = f"{place.document.source()}#{where.pointer}"
        yield NodeFact(
            *arns.account_node(id), {"name": text(one.get("Name")) or id, "type": "account", "status": status, "sources": [source]}
        )
        yield where.grant(arns.account_node(id), "scp-parent", json.dumps(parent))
        yield where.grant(arns.account_node(arn.account), "scp-management", "null")


def _parents(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    """``list-parents``: the unit that an account or unit lies in."""
    child = text(page.get("ChildId")) or place.named(_TARGET)
    for _, one in items(page.get("Parents")):
        parent = text(one.get("Id"))
        if not _TARGET.fullmatch(parent):
            continue
        if child and child != parent:
            yield place.grant(("Resource", f"aws:{child}"), "scp-parent", json.dumps(parent))
        else:
            yield place.problem("does not tell whose parent it is, nor does its name; it is left out", "error")


def _units(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    """``list-organizational-units-for-parent`` and ``list-children``, and trees of them: what lies in a unit or root.

    In a tree, units hold their own units and accounts under the same keys.
    """
    waiting = [(page, text(page.get("ParentId")) or text(page.get("Id")) or place.named(_TARGET))]
    strange = False
    while waiting:
        around, parent = waiting.pop()
        for key in ("OrganizationalUnits", "Children", "Accounts") if around is not page else ("OrganizationalUnits", "Children"):
            for _, one in items(around.get(key)):
                child = text(one.get("Id"))
                if not _TARGET.fullmatch(child):
                    continue
                if _TARGET.fullmatch(parent) and parent != child:
                    yield place.grant(("Resource", f"aws:{child}"), "scp-parent", json.dumps(parent))
                else:
                    strange = True
                waiting.append((one, child))
    if strange:
        yield place.problem("does not tell what these units lie in, nor does its name; that is left out", "error")


def _organization(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    """``describe-organization``: whose account no service control policy limits."""
    stated = page.get("Organization")
    account = text(stated.get("MasterAccountId")) if isinstance(stated, dict) else ""
    if arns.is_account(account):
        yield place.grant(arns.account_node(account), "scp-management", "null")


def _policy_or_answer(place: _Place, page: dict[str, Any]) -> Iterator[Fact]:
    yield from _policy(place, page) if isinstance(page.get("Policy"), dict) else _answer(place, page)


_READERS: Mapping[str, Callable[[_Place, dict[str, Any]], Iterator[Fact]]] = {
    "Policy": _policy_or_answer,
    "ResourcePolicy": _answer,
    "policyText": _answer,
    "Attributes": _answer,
    "DomainStatus": _answer,
    "PolicySummary": _policy,
    "Targets": _targets,
    "Policies": _of_target,
    "Accounts": _accounts,
    "Parents": _parents,
    "OrganizationalUnits": _units,
    "Children": _units,
    "Organization": _organization,
}
"""Key of an answer → what reads it."""
