"""Audit logs of Kubernetes: who did what in a cluster, as whom, and in which groups.

Drawn, each edge ``observed`` with how often and from when to when:

    (:Identity account, user)-[:CAN_ACCESS {actions}]->(:Secret), and ->(:Resource all objects of a class in a namespace)
    (:Identity)-[:ASSUMES]->(:Identity)       whom it impersonated, of which account it made a token, as whom EKS lets it in
    (:Identity user)-[:MEMBER_OF]->(:Identity group)

A root is one cluster and gives it its name, as in manifests. What was refused, or failed, is no access. What the cluster's own parts do,
and what everybody asks (reviews, events, leases), is passed over. Bodies of requests and answers are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.jsonlog import is_named_so
from graphinv.ingest.support.kubernetes.classes import class_node, classes_of
from graphinv.ingest.support.kubernetes.names import object_id
from graphinv.ingest.support.kubernetes.rules import actions_of
from graphinv.ingest.support.observed import Tally, seconds
from graphinv.ingest.support.parts import inside, texts
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.trail import Trail, carried, facts_of, trail_of
from graphinv.model.facts import Fact, NodeKey

NAME = "kubernetes_audit"
TITLE = "Audit logs of Kubernetes"
FILES = ("*.json, *.jsonl, *.ndjson and *.log of audit events, also as EKS, AKS and log pipelines wrap them",)
MAX_BYTES = 256 * 1024 * 1024

_EVENT = re.compile(rb'"apiVersion\\*"\s*:\s*\\*"audit\.k8s\.io/v')
_WITH = re.compile(rb'"(?:auditID|requestURI|stage)\\*"\s*:')
_UNTYPED = re.compile(rb'authorization\.k8s\.io/decision[^{}]*\}[^{}]*"auditID\\*"\s*:')
"""An event with its keys in order and without its type, as a webhook's batches leave it out."""
_ACCOUNT = re.compile(r"system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})")
_OWN = re.compile(r"system:(?:node:.+|kube-.+|apiserver|aggregator|volume-scheduler)")
"""Parts of the cluster itself."""
_EVERYBODY = re.compile(r"system:(?:authenticated|unauthenticated|serviceaccounts(?::.*)?|nodes|basic-info-viewer)")
_REVIEW = re.compile(r"\w+reviews")
_PLAIN = re.compile(r"[a-z0-9.-]{0,253}")
"""Names of kinds, namespaces, accounts and Secrets."""
_MAX_GROUPS = 50
_SESSION = 101
"""What the server answers to exec, attach and port-forward."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is named as a log is and begins with an event, or with what carries one."""
    begins = (_EVENT.search(head) and _WITH.search(head)) or _UNTYPED.search(head)
    return is_named_so(path) and begins is not None


def summarise(document: Document) -> Trail:
    """What the events of a document show, counted. O(bytes).

    Raises:
        IngestError: it is not text.
    """

    def take(trail: Trail, event: dict[str, Any], place: str) -> None:
        _take(trail, event, document.root, place)

    return trail_of(document, lambda value: carried(value, _is_event), take, NAME)


def link(root: str, summaries: Mapping[str, Trail]) -> Iterator[Fact]:
    """Facts of all logs of ``root``."""
    yield from facts_of(root, summaries, NAME)


def _is_event(value: Mapping[str, Any]) -> bool:
    typed = text(value.get("apiVersion")).startswith("audit.k8s.io/") or "auditID" in value
    return typed and "verb" in value and "user" in value


def _take(trail: Trail, event: Mapping[str, Any], root: str, place: str) -> None:
    """Count one event. A request has several, of which the last one tells what became of it; a session in a pod is let in as it starts."""
    stage, code = event.get("stage", "ResponseComplete"), inside(event, "responseStatus").get("code")
    if stage != "ResponseComplete" and (stage, code) != ("ResponseStarted", _SESSION):
        return
    trail.count(str(event.get("auditID") or event), of_data=True)
    tally, at = trail.tally, _moment(event)
    who = _user(tally, root, inside(event, "user"), place)
    if who is None:
        return
    _belonging("MEMBER_OF", tally, root, who, inside(event, "user"), at, place)
    impersonated = inside(event, "impersonatedUser")
    if impersonated:  # which the server writes down once it let that in, whatever becomes of the request
        other = _user(tally, root, impersonated, place)
        if other is None:
            return
        tally.see("ASSUMES", who, other, at, place)
        _belonging("ASSUMES", tally, root, who, impersonated, at, place)  # groups that it says to be in
        who = other
    if _was_let(event):
        _done(tally, event, root, who, at, place)


def _moment(event: Mapping[str, Any]) -> str | None:
    stated = (event.get(name) for name in ("requestReceivedTimestamp", "stageTimestamp", "timestamp"))
    return next((found for value in stated if (found := seconds(value))), None)


def _was_let(event: Mapping[str, Any]) -> bool:
    """Whether it was let in and done, as far as the event tells."""
    decision = text(inside(event, "annotations").get("authorization.k8s.io/decision"))
    code = inside(event, "responseStatus").get("code")
    return decision != "forbid" and ((isinstance(code, int) and code < 400) or (code is None and decision == "allow"))


def _user(tally: Tally, root: str, user: Mapping[str, Any], place: str) -> NodeKey | None:
    """An account or a user, put among the nodes; None for parts of the cluster itself."""
    name = hide(text(user.get("username")))
    account = _ACCOUNT.fullmatch(name)
    if account:
        return _account(tally, root, account[1], account[2], place)
    return _named(tally, root, "User", name, place) if name and not _OWN.fullmatch(name) else None


def _named(tally: Tally, root: str, kind: str, name: str, place: str) -> NodeKey:
    key: NodeKey = ("Identity", object_id(root, "", kind, name))
    tally.name(key, place, name=name, type=kind.lower(), provider="kubernetes")
    return key


def _belonging(edge: str, tally: Tally, root: str, who: NodeKey, user: Mapping[str, Any], at: str | None, place: str) -> None:
    """The groups that a user is in, and who of AWS it is where EKS tells."""
    for group in texts(user.get("groups"))[:_MAX_GROUPS]:
        if not _EVERYBODY.fullmatch(group):
            tally.see(edge, who, _named(tally, root, "Group", hide(group), place), at, place)
    for arn in map(hide, texts(inside(user, "extra").get("canonicalArn"))[:1]):
        kind = arns.identity_type(arn)
        if kind in ("iam_role", "iam_user"):
            source: NodeKey = ("Identity", arn)
            tally.name(source, place, name=arn.rpartition("/")[2], type=kind, provider="aws")
            tally.see("ASSUMES", source, who, at, place)


def _account(tally: Tally, root: str, namespace: str, name: str, place: str) -> NodeKey:
    key: NodeKey = ("Identity", object_id(root, namespace, "ServiceAccount", name))
    tally.name(key, place, name=name, type="service_account", provider="kubernetes", binding="platform")
    return key


def _done(tally: Tally, event: Mapping[str, Any], root: str, who: NodeKey, at: str | None, place: str) -> None:
    """What was asked for: an object, all of a kind, or a token of an account."""
    asked = inside(event, "objectRef")
    group, kind, part = (text(asked.get(name)) for name in ("apiGroup", "resource", "subresource"))
    space, name, verb = text(asked.get("namespace")), text(asked.get("name")), text(event.get("verb"))
    if not kind or _REVIEW.fullmatch(kind) or not all(map(_PLAIN.fullmatch, (group, kind, part, space))):
        return
    if (kind, part, verb) == ("serviceaccounts", "token", "create") and space and name and _PLAIN.fullmatch(name):
        tally.see("ASSUMES", who, _account(tally, root, space, name, place), at, place)
        return
    resource = f"{kind}/{part}" if part else kind
    (known,) = classes_of(group, resource)
    actions = tuple(sorted(actions_of([verb], resource)))
    if known == "status" or not actions:
        return
    if (group, kind) == ("", "secrets") and space and name and _PLAIN.fullmatch(name):
        secret: NodeKey = ("Secret", object_id(root, space, "Secret", name))
        tally.name(secret, place, name=name, kind_detail="Kubernetes Secret")
        tally.see("CAN_ACCESS", who, secret, at, place, (("actions", actions),))
        return
    node = class_node(root, space, known)
    tally.name(node.key, place, **node.props)
    tally.see("CAN_ACCESS", who, node.key, at, place, (("actions", actions),))
