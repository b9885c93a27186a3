"""Google Cloud: allow policies, asset exports, service accounts and their keys, custom roles, pools of federated identities.

Read as ``gcloud`` and the Cloud Asset inventory print them. Drawn here, and by :mod:`graphinv.ingest.grants.gcp` from the grants:
    (:Identity member)-[:CAN_ACCESS {actions, condition, inherited_from}]->(:Resource|Secret)
    (:Identity member)-[:ASSUMES]->(:Identity service account)
    (:Secret key)-[:AUTHENTICATES_AS]->(:Identity service account)
    (:Runtime)-[:RUNS_AS]->(:Identity service account)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.gcp import connector, denials, names
from graphinv.ingest.support.parts import inside, items, labelled, texts
from graphinv.ingest.support.records import Record, moment, problem, records, text
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.tags import about_any, owned, stated_tags, tagged
from graphinv.model.facts import OWNER_CONFIDENCE, EdgeFact, Fact, Grant, NodeFact, NodeKey, Props

NAME = "gcp_iam"
TITLE = "Google Cloud policies, assets, service accounts, keys and roles"
FILES = (
    "any JSON, NDJSON or YAML file with `bindings` of `roles/…` (gcloud … get-iam-policy)",
    "asset exports (`assetType`)",
    "manifests of Config Connector's policies",
    "lists of service accounts, keys, custom roles, projects and workload identity pools",
)
MAX_BYTES = 256 * 1024 * 1024

_ASSET = re.compile(rb"[\"']?asset_?[tT]ype[\"']?\s*:\s*[\"']?[\w.-]{3,80}\.(?:googleapis\.com|k8s\.io)/")
_BINDINGS = re.compile(rb"(?:^|[\s{,])[\"']?bindings[\"']?\s*:")
_ROLE = re.compile(rb"[\"']?role[\"']?\s*:\s*[\"']?(?:roles|projects/[\w:.-]+/roles|organizations/[0-9]+/roles)/")
_OWN_NAME = re.compile(
    rb"[\"']?name[\"']?\s*:\s*[\"']?(?:projects/[\w:.-]+/(?:serviceAccounts/|roles/|locations/global/workloadIdentityPools/)"
    rb"|organizations/[0-9]+/roles/)"
)
_OBJECT = re.compile(rb"[\"']?apiVersion[\"']?\s*:\s*[\"']?iam\.cnrm\.cloud\.google\.com/")
_DENY = re.compile(rb"[\"']?(?:denyRule|deny_rule)[\"']?\s*:|/denypolicies/")
_PROJECT = re.compile(rb"[\"']?projectNumber[\"']?\s*:")

_KEY = re.compile(r"(?://iam\.googleapis\.com/)?projects/[\w:.-]+/serviceAccounts/([^/\s]{1,250})/keys/([0-9a-f]{20,64})")
_ACCOUNT_NAME = re.compile(r"(?://iam\.googleapis\.com/)?projects/[\w:.-]+/serviceAccounts/[^/\s]{1,250}")
_ROLE_NAME = re.compile(r"(?:(?://iam\.googleapis\.com/)?(?:projects/[\w:.-]+|organizations/[0-9]+)/)?roles/[\w.]{1,100}")
_POOL_NAME = re.compile(r"projects/[\w:.-]+/locations/global/workloadIdentityPools/([\w-]+)/providers/[\w-]+")
_TYPES: Mapping[str, str] = {
    "storage.googleapis.com/Bucket": "bucket",
    "sqladmin.googleapis.com/Instance": "database",
    "spanner.googleapis.com/Database": "database",
    "firestore.googleapis.com/Database": "database",
    "bigquery.googleapis.com/Dataset": "dataset",
    "bigquery.googleapis.com/Table": "table",
    "cloudresourcemanager.googleapis.com/Project": "project",
    "cloudresourcemanager.googleapis.com/Folder": "folder",
    "cloudresourcemanager.googleapis.com/Organization": "organization",
    "container.googleapis.com/Cluster": "cluster",
    "pubsub.googleapis.com/Topic": "topic",
}
_RUNTIMES: Mapping[str, str] = {
    "compute.googleapis.com/Instance": "vm",
    "run.googleapis.com/Service": "container",
    "run.googleapis.com/Job": "container",
    "cloudfunctions.googleapis.com/Function": "function",
    "cloudfunctions.googleapis.com/CloudFunction": "function",
    "appengine.googleapis.com/Application": "saas",
}
_HEIGHTS = (names.PROJECTS, names.FOLDERS, names.ORGANIZATIONS)
_FOREVER = "9999-"
_PAGES = ("roles", "accounts", "keys", "projects", "policyResults", "policy_results", "policies", "workloadIdentityPoolProviders", "assets")
"""Keys under which answers of Google's interfaces hold their objects."""


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as one of Google Cloud's own exports."""
    if not path.lower().endswith((".json", ".jsonl", ".ndjson", ".yaml", ".yml")):
        return False
    if _OBJECT.search(head) or _DENY.search(head):
        return True
    if b"apiVersion" in head and b"kind" in head and b"googleapis" not in head:
        return False
    named = _OWN_NAME.search(head) or (_PROJECT.search(head) and b"projectId" in head and b"lifecycleState" in head)
    return bool(_ASSET.search(head) or (_BINDINGS.search(head) and _ROLE.search(head)) or named)


def read(document: Document) -> Iterator[Fact]:
    """Nodes, and grants for what bindings say.

    Raises:
        IngestError: not JSON or YAML.
    """
    reading = _Reading(document)
    for record in records(document, _PAGES):
        yield from reading.record(record)


class _Reading:
    """One export."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.parents: set[tuple[str, str]] = set()
        self.evidence = "granted"

    def record(self, record: Record) -> Iterator[Fact]:
        value = record.value
        own = text(value.get("name"))
        kind = text(value.get("assetType")) or text(value.get("asset_type"))
        if text(value.get("apiVersion")).startswith(connector.GROUP):
            yield from self.manifest(record)
        elif isinstance(value.get("policies"), list):
            yield from self.effective(record)
        elif kind:
            yield from self.asset(record, kind)
        elif _KEY.fullmatch(own):
            yield from self.key(value, own, record.line)
        elif "email" in value and _ACCOUNT_NAME.fullmatch(own):
            yield from self.account(value, record.line)
        elif _POOL_NAME.fullmatch(own):
            yield from self.provider(value, own, record.line)
        elif "projectNumber" in value and text(value.get("projectId")):
            yield from self.project(value, names.resource_name(f"projects/{value['projectId']}"), record.line)
        elif _ROLE_NAME.fullmatch(own) and isinstance(value.get("includedPermissions"), list):
            yield self.role(value, own, record.line)
        elif isinstance(value.get("rules"), list) and ("/denypolicies/" in own or any("denyRule" in one for one in items(value["rules"]))):
            yield from self.denial(value, own, record.line)
        elif isinstance(value.get("bindings"), list):
            yield from self.unnamed(record)

    def denial(self, value: dict[str, Any], own: str, line: Callable[..., int]) -> Iterator[Fact]:
        """A deny policy. One that is yet to be attached does not tell where it holds."""
        name = redact(text(value.get("displayName"), 100) or own.rpartition("/")[2]) or "without a name"
        scope = denials.attached_to(own)
        if not scope:
            message = f"the deny policy {name} does not tell what it hangs on and is not applied: what it denies counts as allowed"
            yield problem(self.document, line(), message, NAME)
            return
        for index, rule in enumerate(items(value.get("rules"))):
            stated = inside(rule, "denyRule") or inside(rule, "deny_rule")
            if stated:
                at = line("rules", index)
                yield Grant(
                    "gcp", ("Resource", hide(scope)), "denial", denials.body(name, stated), name, self.document.source(at), "granted"
                )

    def manifest(self, record: Record) -> Iterator[Fact]:
        """An object of Config Connector, which asks for something."""
        self.evidence = "declared"
        yield from self.account({"email": redact(connector.account_of(record.value))}, record.line)
        asked = connector.asked(record.value)
        if asked is not None and asked.resource:
            yield from self.policy({"bindings": asked.bindings}, hide(asked.resource), lambda *_: record.line("spec"))
        elif asked is not None:
            yield problem(self.document, record.line("spec"), "is a policy of a resource that is not understood", NAME)

    # ---- assets -------------------------------------------------------------------------------------------------------------

    def asset(self, record: Record, kind: str) -> Iterator[Fact]:
        value = record.value
        resource = names.resource_name(text(value.get("name"), 2000) or text(value.get("resource"), 2000))
        if not resource:
            yield problem(self.document, record.line(), "is an asset without a full name", NAME)
            return
        resource = hide(resource)
        data = inside(value, "resource", "data")
        yield from self.node(value, data, resource, kind, record.line)
        yield from self.above(value, resource, record.line)
        policy = value.get("iamPolicy") or value.get("iam_policy") or value.get("policy")
        if isinstance(policy, dict):
            key = next(name for name in ("iamPolicy", "iam_policy", "policy") if value.get(name))
            yield from self.policy(policy, resource, lambda *below: record.line(key, *below))

    def node(self, value: dict[str, Any], data: dict[str, Any], resource: str, kind: str, line: Callable[..., int]) -> Iterator[Fact]:
        """The thing that an asset is."""
        service, _, short = kind.partition("/")
        if short == "ServiceAccount":
            yield from self.account({"email": resource.rpartition("/")[2], **data}, line)
        elif short == "ServiceAccountKey":
            yield from self.key(data, resource, line)
        elif service == "iam.googleapis.com" and short == "Role":
            yield self.role(data, resource, line)
        elif short == "Project":
            yield from self.project(data, resource, line)
        elif service.endswith("k8s.io"):
            return  # the cluster's own objects
        else:
            props: Props = {"name": text(value.get("displayName")) or resource.rpartition("/")[2], "kind_detail": kind}
            tags = stated_tags(value.get("labels") or data.get("labels"))
            about = tagged(tags)
            props |= {"sources": self.at(line)}
            key: NodeKey = ("Resource", resource)
            if short in ("Secret", "SecretVersion") and service.startswith("secretmanager."):
                key = ("Secret", resource.partition("/versions/")[0])
                yield NodeFact(*key, {**props, **about_any(about), "type": "stored_secret"})
            elif kind in _RUNTIMES:
                key = ("Runtime", resource)
                yield NodeFact(*key, {**props, **about_any(about), "type": _RUNTIMES[kind]})
                yield from self.runs_as(key, data, line)
            else:
                found = _TYPES.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", short).lower()[:60]
                yield NodeFact(*key, {**props, **about, "type": found})
            yield from self.owners(tags, key, line)

    def owners(self, tags: Mapping[str, str], key: NodeKey, line: Callable[..., int]) -> Iterator[Fact]:
        stated: Props = {"evidence": ["declared"], "confidence": OWNER_CONFIDENCE["tags"], "sources": self.at(line)}
        yield from owned(tags, [key], stated)

    def runs_as(self, runtime: NodeKey, data: dict[str, Any], line: Callable[..., int]) -> Iterator[Fact]:
        """The service accounts that a runtime is configured with, wherever its kind keeps them."""
        template = inside(data, "spec", "template") or inside(data, "template")
        places = [data, inside(data, "serviceConfig"), inside(template, "spec"), template, inside(template, "template")]
        emails = {text(place.get(key)) for place in places for key in ("serviceAccountEmail", "serviceAccountName", "serviceAccount")}
        emails |= {text(one.get("email")) for one in items(data.get("serviceAccounts"))}
        for email in sorted(filter(names.is_account, emails)):
            yield NodeFact(*names.account(email), {**names.account_props(email), "sources": self.at(line)})
            yield EdgeFact("RUNS_AS", runtime, names.account(email), {"evidence": ["granted"], "sources": self.at(line)})

    def above(self, value: dict[str, Any], resource: str, line: Callable[..., int]) -> Iterator[Fact]:
        """What lies above a resource: grants there hold here."""
        chain = [name for one in texts(value.get("ancestors"))[:20] if (name := names.resource_name(one))]
        if not chain:
            stated = value.get("resource")
            parent = stated.get("parent") if isinstance(stated, dict) else None
            chain = [found for one in (parent, value.get("project")) if (found := names.resource_name(text(one)))][:1]
        for child, parent in zip([resource, *chain], chain, strict=False):
            if child != parent and (child, parent) not in self.parents:
                self.parents.add((child, parent))
                yield self.grant(child, "parent", parent, line)

    def project(self, data: dict[str, Any], resource: str, line: Callable[..., int]) -> Iterator[Fact]:
        """A project: one of its two names means the other."""
        id, number = text(data.get("projectId")), str(data.get("projectNumber") or "")
        known = names.resource_name(f"projects/{id}") or resource
        tags = stated_tags(data.get("labels"))
        props: Props = {"name": id or resource.rpartition("/")[2], "type": "project", "sources": self.at(line), **tagged(tags)}
        if known != resource or not resource.rpartition("/")[2].isdigit():
            # A project of which only the number is known may have its other name in another document.
            yield NodeFact("Resource", known, props)
            yield from self.owners(tags, ("Resource", known), line)
        for other in {resource, names.resource_name(f"projects/{number}") if number.isdigit() else ""} - {known, ""}:
            yield self.grant(other, "alias", known, line)
        parent = data.get("parent")
        if isinstance(parent, dict) and text(parent.get("type")) in ("folder", "organization"):
            above = names.resource_name(f"{parent['type']}s/{parent.get('id')}")
            if above:
                yield self.grant(known, "parent", above, line)

    # ---- accounts, keys, roles, pools ---------------------------------------------------------------------------------------

    def account(self, value: dict[str, Any], line: Callable[..., int]) -> Iterator[Fact]:
        email = text(value.get("email"))
        if not names.is_account(email):
            return
        props = {**names.account_props(email), "sources": self.at(line), "status": "suspended" if value.get("disabled") is True else None}
        title = text(value.get("displayName"), 100)
        yield NodeFact(*names.account(email), {**props, "name": redact(title) if title else props["name"]})
        unique = str(value.get("uniqueId") or "")
        if unique.isdigit():
            # Policies and tokens may name it by its number.
            yield EdgeFact("ASSUMES", ("Identity", f"gcp:unique-id:{unique}"), names.account(email), self.granted(line))

    def key(self, value: dict[str, Any], name: str, line: Callable[..., int]) -> Iterator[Fact]:
        """A key that somebody holds; those that Google keeps and turns over by itself are nobody's."""
        match = _KEY.fullmatch(name)
        if match is None or value.get("keyType") == "SYSTEM_MANAGED" or not names.is_account(match[1]):
            return
        expires = text(value.get("validBeforeTime"))
        secret: NodeKey = ("Secret", f"gcp-key:{match[2]}")
        props: Props = {
            "name": f"key of {match[1].partition('@')[0]}",
            "type": "google_service_account_key",
            "lifetime": "static",
            "issued_at": moment(value.get("validAfterTime")),
            "expires_at": None if expires.startswith(_FOREVER) else moment(expires),
            "status": "suspended" if value.get("disabled") is True else None,
            "sources": self.at(line),
        }
        yield NodeFact(*secret, props)
        yield NodeFact(*names.account(match[1]), {**names.account_props(match[1]), "sources": self.at(line)})
        yield EdgeFact("AUTHENTICATES_AS", secret, names.account(match[1]), self.granted(line))

    def role(self, value: dict[str, Any], name: str, line: Callable[..., int]) -> Grant:
        permissions = [one for one in texts(value.get("includedPermissions")) if len(one) < 200]
        if value.get("deleted") is True:
            permissions = []
        return self.grant(name.removeprefix("//iam.googleapis.com/"), "role", permissions, line)

    def provider(self, value: dict[str, Any], name: str, line: Callable[..., int]) -> Iterator[Fact]:
        """Who may come in through a pool: its issuer, and the condition that each token must meet."""
        pool = name.partition("/providers/")[0]
        oidc, aws = inside(value, "oidc"), inside(value, "aws")
        issuer = text(oidc.get("issuerUri")) or (f"aws:{text(aws.get('accountId'))}" if aws else "")
        condition = text(value.get("attributeCondition"))
        labels = [*labelled("issuer", issuer), *labelled("condition", condition)]
        props: Props = {"name": pool.rpartition("/")[2], "type": "identity_pool", "provider": "gcp", "binding": "federated"}
        yield NodeFact("Identity", f"gcp:{pool}", {**props, "labels": labels or None, "sources": self.at(line)})

    # ---- policies -----------------------------------------------------------------------------------------------------------

    def effective(self, record: Record) -> Iterator[Fact]:
        """All policies that hold for a resource, its own and those of what it lies in, with where each is attached."""
        value = record.value
        below = hide(names.resource_name(text(value.get("fullResourceName") or value.get("full_resource_name"), 2000)))
        attached: list[tuple[int, str, int]] = []
        for index, one in enumerate(items(value["policies"])):
            place = hide(names.resource_name(text(one.get("attachedResource") or one.get("attached_resource"), 2000)))
            if not place or not isinstance(one.get("policy"), dict):
                yield problem(self.document, record.line("policies", index), "is a policy that does not say where it is attached", NAME)
                continue

            def line(*below: str | int, at: int = index) -> int:
                return record.line("policies", at, "policy", *below)

            yield NodeFact("Resource", place, {"name": place.rpartition("/")[2], "sources": self.at(line)})
            yield from self.policy(one["policy"], place, line)
            height = next((level for level, kind in enumerate(_HEIGHTS, 1) if place.startswith(kind)), 0)
            attached.append((height, place, index))
        for _, place, index in sorted(attached, key=lambda one: one[0]):
            if below and place != below:
                where = record.line("policies", index)
                yield self.grant(below, "parent", place, lambda *_, at=where: at)
            below = place

    def unnamed(self, record: Record) -> Iterator[Fact]:
        """A policy as ``get-iam-policy`` prints it, which does not say whose it is unless a member does."""
        members = [member for binding in items(record.value["bindings"]) for member in texts(binding.get("members"))]
        projects = {one.partition(":")[2] for one in members if one.startswith(("projectOwner:", "projectEditor:", "projectViewer:"))}
        stand_in = f"{self.document.root}/{self.document.path}".replace("/", "%2F")
        resource = f"{names.PROJECTS}project({stand_in})"
        if len(projects) == 1 and (found := names.resource_name(f"projects/{min(projects)}")):
            # A bucket, a data set …: members of this form stand in the policies of a project's parts.
            resource = f"{found}/resource({stand_in})"
            yield self.grant(resource, "parent", found, record.line)
        else:
            message = "does not say whose policy it is; it is taken for that of a project of its own"
            yield problem(self.document, record.line(), message, NAME, "note")
        yield NodeFact("Resource", resource, {"name": self.document.name, "type": "unknown", "sources": self.at(record.line)})
        yield from self.policy(record.value, resource, record.line)

    def policy(self, policy: dict[str, Any], resource: str, line: Callable[..., int]) -> Iterator[Fact]:
        bindings = policy.get("bindings")
        for index, binding in enumerate(items(bindings)):
            where = line("bindings", index)
            role = text(binding.get("role"))
            members = [hide(member) for member in texts(binding.get("members")) if len(member) < 700]
            if not _ROLE_NAME.fullmatch(role):
                yield problem(self.document, where, "a binding names no role", NAME, "error")
                continue
            condition = binding.get("condition")
            body: dict[str, Any] = {"role": role, "members": members}
            if isinstance(condition, dict) and text(condition.get("expression"), 5000):
                body["condition"] = redact(text(condition["expression"], 5000))
            yield self.grant(resource, "binding", body, lambda *_, at=where: at, origin=role)

    def grant(self, subject: str, role: str, body: object, line: Callable[..., int], origin: str = "") -> Grant:
        where = self.document.source(line())
        return Grant("gcp", ("Resource", subject), role, json.dumps(body, separators=(",", ":")), origin, where, self.evidence)

    def at(self, line: Callable[..., int]) -> list[str]:
        return [self.document.source(line())]

    def granted(self, line: Callable[..., int]) -> Props:
        return {"evidence": [self.evidence], "sources": self.at(line)}
