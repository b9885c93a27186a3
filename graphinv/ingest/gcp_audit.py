"""Audit logs of Google Cloud: who did what to which resource, and who acted as which service account.

What was refused, or failed, is no access. Requests and responses stay where they are. What is done in clusters (``k8s.io``) is told by
their own readers' words for it, and is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.federation import github
from graphinv.ingest.support.gcp import names
from graphinv.ingest.support.gcp.names import Member
from graphinv.ingest.support.gcp.permissions import IMPERSONATES, LETTERS, action_of
from graphinv.ingest.support.jsonlog import is_named_so
from graphinv.ingest.support.observed import Tally, seconds
from graphinv.ingest.support.parts import inside
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.trail import Trail, facts_of, trail_of
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey

NAME = "gcp_audit"
TITLE = "Audit logs of Google Cloud"
FILES = ("*.json, *.jsonl, *.ndjson and *.log of entries with a `protoPayload`, as sinks and `gcloud logging read` write them",)
MAX_BYTES = 256 * 1024 * 1024

_KEY = re.compile(r"(?://iam\.googleapis\.com/)?projects/[\w:.-]+/serviceAccounts/([^/\s]{1,250})/keys/([0-9a-f]{20,64})")
_NAMED = re.compile(r"projects/[^/\s]{1,100}/[^\s]{1,900}")
_NUMBERED = re.compile(r"projects/[0-9]{1,20}/")
_PLACE = re.compile(r"projects/[^/]+/(?:(?:locations|zones|regions)/[^/]+|global/[^/]+|datasets/_.*)", re.DOTALL)
"""What holds things and is none, and what queries leave for a day."""
_PART = re.compile(r"/(?:versions|revisions|documents)(?:/.*)?", re.DOTALL)
"""What belongs to a thing that stands in the graph as a whole."""
_HOSTS = {"datastore": "firestore"}
"""Services in the names of resources, where permissions call them otherwise."""
_UNTELLING = ("iam.", "resourcemanager.", "serviceusage.")
"""What can be done to identities is told by whom one becomes, and scopes are no things of their own."""
_READS_SECRET = "secretmanager.versions.access"  # noqa: S105 - a permission
_MOST = 100
_LONGEST = 1024


def detect(path: str, head: bytes) -> bool:
    """Whether it begins with an entry of an audit log."""
    ours = b"google.cloud.audit.AuditLog" in head or b'"authenticationInfo"' in head or b'"methodName"' in head
    return is_named_so(path) and b'"protoPayload"' in head and b'"$schema"' not in head and ours


def summarise(document: Document) -> Trail:
    """What the entries of a document show, counted. O(bytes).

    Raises:
        IngestError: it is not text.
    """
    return trail_of(document, _entries, _take, NAME)


def link(root: str, summaries: Mapping[str, Trail]) -> Iterator[Fact]:
    """Facts of all logs of ``root``."""
    yield from facts_of(root, summaries, NAME)


def _entries(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The entry that an object is, or an event around it, or those in the page of answers that it is."""
    listed = value.get("entries")
    for one in listed if isinstance(listed, list) else (value, value.get("data"), value.get("raw_payload")):
        if isinstance(one, dict) and isinstance(one.get("protoPayload"), dict):
            yield one


def _take(trail: Trail, entry: Mapping[str, Any], place: str) -> None:
    """Count one entry."""
    payload = entry["protoPayload"]
    trail.count(str(entry.get("insertId") or entry), of_data="data_access" in _said(entry.get("logName")))
    if payload.get("serviceName") == "k8s.io":
        return
    at = seconds(entry.get("timestamp") or entry.get("receiveTimestamp"))
    who = inside(payload, "authenticationInfo")
    caller = _caller(who)
    if caller is None:
        return
    tally = trail.tally
    _credentials(tally, who, caller, at, place)
    asked = payload.get("authorizationInfo")
    checks = [one for one in asked[:_MOST] if isinstance(one, dict)] if isinstance(asked, list) else []
    if inside(payload, "status").get("code"):
        return
    for one in checks:
        if one.get("granted") is not True:
            continue
        permission = _said(one.get("permission"))
        account = _account(entry, payload) if permission in IMPERSONATES else ""
        target = _target(entry, one, permission)
        if account:
            _assumed(tally, caller, account, at, place)
        elif target is not None:
            actions = (LETTERS[action_of(permission)],)
            if target[0] == "Secret" and actions == ("read",) and permission != _READS_SECRET:
                continue  # to see that a secret is there is not to read it
            _named(tally, caller, place)
            kind = names.service_of(target[1])
            tally.name(
                target, place, name=target[1].rpartition("/")[2], type="stored_secret" if target[0] == "Secret" else None, kind_detail=kind
            )
            tally.see("CAN_ACCESS", caller.key, target, at, place, (("actions", actions),))
        else:
            trail.leave(hide(permission) or "unknown")


# --------------------------------------------------------------------------------------------------------------------------------
# Who


@lru_cache(maxsize=65536)
def _identity(email: str, subject: str) -> Member | None:
    """Who an e-mail or a subject is; None for one that only Google knows."""
    if names.is_account(email):
        return names.member(f"serviceAccount:{hide(email)}")
    if subject:
        found = names.member(hide(subject))
        if found is not None:
            return found
    return names.member(f"user:{hide(email)}") if re.fullmatch(r"[^@\s:]{1,100}@[\w.-]{3,200}", email) else None


def _caller(who: Mapping[str, Any]) -> Member | None:
    return _identity(_said(who.get("principalEmail")), _said(who.get("principalSubject")))


def _named(tally: Tally, member: Member, place: str) -> None:
    tally.name(member.key, place, **member.props)


def _credentials(tally: Tally, who: Mapping[str, Any], caller: Member, at: str | None, place: str) -> None:
    """The key that signed for a service account, and those who act as it, in their order."""
    key = _KEY.fullmatch(_said(who.get("serviceAccountKeyName")))
    if key and names.is_account(key[1]) and names.account(key[1]) == caller.key:
        secret: NodeKey = ("Secret", f"gcp-key:{key[2]}")
        name = f"key of {key[1].partition('@')[0]}"
        tally.name(secret, place, name=hide(name), type="google_service_account_key", lifetime="static")
        _named(tally, caller, place)
        tally.see("AUTHENTICATES_AS", secret, caller.key, at, place)
    chain = who.get("serviceAccountDelegationInfo")
    hops = [one for one in chain[:_MOST] if isinstance(one, dict)] if isinstance(chain, list) else []
    before = [found for one in hops if (found := _caller({**inside(one, "firstPartyPrincipal"), **_subject(one)})) is not None]
    for source, target in pairwise([*before, caller]):
        _acts(tally, source, target, at, place)


def _subject(hop: Mapping[str, Any]) -> dict[str, Any]:
    return {"principalSubject": hop["principalSubject"]} if "principalSubject" in hop else {}


def _acts(tally: Tally, source: Member, target: Member, at: str | None, place: str) -> None:
    """(source)-[:ASSUMES]->(target), with the repository whose jobs the source stands for."""
    if source.key == target.key:
        return
    _named(tally, source, place)
    _named(tally, target, place)
    tally.see("ASSUMES", source.key, target.key, at, place)
    if source.repository:
        for fact in github(source.repository, source.key, {}):
            if isinstance(fact, NodeFact):
                tally.name(fact.key, place, **{name: said for name, said in fact.props.items() if name != "sources"})
            elif isinstance(fact, EdgeFact) and isinstance(fact.source, tuple) and isinstance(fact.target, tuple):
                tally.see(fact.kind, fact.source, fact.target, at, place)


def _account(entry: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    """E-mail of the service account for which credentials were made; ``""`` where the entry does not tell."""
    stated = _said(inside(entry, "resource", "labels").get("email_id"))
    asked = _said(inside(payload, "request").get("name")).rpartition("/")[2]
    return next((one for one in (stated, asked) if names.is_account(one)), "")


def _assumed(tally: Tally, caller: Member, account: str, at: str | None, place: str) -> None:
    target = names.member(f"serviceAccount:{hide(account)}")
    if target is not None:
        _acts(tally, caller, target, at, place)


# --------------------------------------------------------------------------------------------------------------------------------
# What


def _target(entry: Mapping[str, Any], check: Mapping[str, Any], permission: str) -> NodeKey | None:
    """The node that a permission was checked on; None where it is no thing of its own."""
    service = permission.partition(".")[0]
    stated = _said(check.get("resource")) or _said(inside(check, "resourceAttributes").get("name"))
    name = stated.partition(".googleapis.com/")[2] if stated.startswith("//") else stated
    if permission.startswith(_UNTELLING) or not re.fullmatch(r"[a-z][a-z0-9-]{1,40}", service) or not _NAMED.fullmatch(name):
        return None
    if service == "storage":
        bucket = name.partition("/buckets/")[2].partition("/")[0]
        return ("Resource", f"//storage.googleapis.com/{hide(bucket)}") if bucket else None
    project = _said(inside(entry, "resource", "labels").get("project_id"))
    if _NUMBERED.match(name) and re.fullmatch(r"[a-z][\w:.-]{3,60}", project):
        name = f"projects/{project}/{_NUMBERED.sub('', name, count=1)}"
    if name.count("/") < 3 or _PLACE.fullmatch(name):
        return None
    host = _HOSTS.get(service, service)
    return "Secret" if service == "secretmanager" else "Resource", f"//{host}.googleapis.com/{hide(_PART.sub('', name))}"


def _said(value: object) -> str:
    """A text of an entry as it stands there; ``""`` for anything else and for one that is longer than any name."""
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""
