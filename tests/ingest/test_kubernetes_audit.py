"""Audit events of Kubernetes: who did what, as whom; and how the log may be wrapped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import kubernetes, kubernetes_audit
from tests.ingest.bad_inputs import ANY_BYTES, EVERYWHERE, read
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, fake

BOT = "k8s:shop/pay/ServiceAccount/invoice-agent"


def event(verb: str, resource: str, name: str = "", *, space: str = "pay", code: int = 200, **more: Any) -> dict[str, Any]:
    """An event as the API server writes it."""
    asked = {"resource": resource, "namespace": space, "name": name, "apiVersion": "v1"}
    made = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": f"{verb} {resource} {name} {space} {code}",
        "stage": "ResponseComplete",
        "requestURI": f"/api/v1/namespaces/{space}/{resource}/{name}",
        "verb": verb,
        "user": {
            "username": "system:serviceaccount:pay:invoice-agent",
            "uid": "a1",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:pay", "system:authenticated"],
        },
        "sourceIPs": ["192.0.2.7"],
        "userAgent": "python-requests/2.32",
        "objectRef": {key: value for key, value in asked.items() if value},
        "responseStatus": {"metadata": {}, "code": code},
        "requestReceivedTimestamp": "2026-11-20T08:00:00.123456Z",
        "stageTimestamp": "2026-11-20T08:00:00.223456Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
    }
    return {**made, **more}


def logs(*events: dict[str, Any]) -> Facts:
    return linked(kubernetes_audit, {"audit.log": "\n".join(map(json.dumps, events))})


def test_a_secret_that_an_account_read_is_the_one_that_manifests_declare() -> None:
    found = logs(event("get", "secrets", "stripe"), event("get", "secrets", "stripe", auditID="other"))
    props = found.props("CAN_ACCESS", BOT, "k8s:shop/pay/Secret/stripe")
    assert (props["actions"], props["count"], props["evidence"]) == (["read"], 2, ["observed"])
    assert props["last_used"] == "2026-11-20T08:00:00Z"


@pytest.mark.parametrize(
    ("verb", "resource", "target", "actions"),
    [
        ("list", "secrets", "k8s:shop/pay/secrets", ["read"]),
        ("create", "pods/exec", "k8s:shop/pay/workloads", ["execute"]),
        ("patch", "deployments.apps", "k8s:shop/pay/workloads", ["write"]),
        ("deletecollection", "configmaps", "k8s:shop/pay/config", ["delete"]),
        ("update", "agents.kagent.dev", "k8s:shop/pay/agents.kagent.dev", ["write"]),
    ],
)
def test_other_objects_are_those_of_their_class_as_roles_reach_them(verb: str, resource: str, target: str, actions: list[str]) -> None:
    base, _, part = resource.partition("/")
    kind, _, group = base.partition(".")
    asked = {"resource": kind, "subresource": part, "apiGroup": group, "namespace": "pay", "name": "x" if verb != "list" else ""}
    found = logs(event(verb, kind, objectRef={key: value for key, value in asked.items() if value}))
    assert found.props("CAN_ACCESS", BOT, target)["actions"] == actions


def test_what_is_asked_of_the_whole_cluster_is_of_no_namespace() -> None:
    found = logs(event("list", "secrets", space=""))
    assert found.drawn("CAN_ACCESS") == {(BOT, "k8s:shop//secrets")}


@pytest.mark.parametrize(
    "more",
    [
        {"code": 403, "annotations": {"authorization.k8s.io/decision": "forbid"}},
        {"code": 404},
        {"stage": "RequestReceived", "responseStatus": None},
        {"stage": "ResponseStarted"},
        {"responseStatus": {}, "annotations": {}},
        {"user": {"username": "system:node:worker-1", "groups": ["system:nodes"]}},
        {"user": {"username": "system:kube-controller-manager"}},
        {"user": {}},
        {"objectRef": None, "requestURI": "/healthz"},
    ],
)
def test_what_was_refused_or_failed_or_is_of_the_cluster_itself_is_no_access(more: dict[str, Any]) -> None:
    assert not logs(event("get", "secrets", "stripe", **more)).edges


@pytest.mark.parametrize("stage", ["ResponseStarted", "ResponseComplete"])
def test_a_session_in_a_pod_is_told_as_it_starts_and_as_it_ends(stage: str) -> None:
    asked = {"resource": "pods", "subresource": "exec", "namespace": "pay", "name": "web-1", "apiVersion": "v1"}
    found = logs(event("create", "pods", code=101, stage=stage, objectRef=asked))
    assert found.props("CAN_ACCESS", BOT, "k8s:shop/pay/workloads")["actions"] == ["execute"]


@pytest.mark.parametrize("resource", ["events", "leases", "selfsubjectaccessreviews", "tokenreviews"])
def test_what_everybody_asks_is_passed_over(resource: str) -> None:
    assert not logs(event("create", resource)).edges


def test_whoever_impersonates_becomes_the_other_and_acts_as_that() -> None:
    user = {"username": "ops@acme.example", "groups": ["oidc:platform", "system:authenticated"]}
    other = {"username": "system:serviceaccount:pay:invoice-agent", "groups": ["breakglass", "system:serviceaccounts"]}
    found = logs(event("delete", "secrets", "stripe", user=user, impersonatedUser=other))
    ops, group = "k8s:shop//User/ops@acme.example", "k8s:shop//Group/oidc:platform"
    assert found.drawn("ASSUMES") == {(ops, BOT), (ops, "k8s:shop//Group/breakglass")}
    assert found.drawn("MEMBER_OF") == {(ops, group)}
    assert found.drawn("CAN_ACCESS") == {(BOT, "k8s:shop/pay/Secret/stripe")}
    refused = logs(event("get", "secrets", "stripe", user=user, impersonatedUser=other, code=403))
    assert refused.drawn("MEMBER_OF") == {(ops, group)}
    assert refused.drawn("ASSUMES") == found.drawn("ASSUMES")  # the server names the other only once it let that in
    assert not refused.drawn("CAN_ACCESS")


def test_whoever_makes_a_token_of_an_account_becomes_it() -> None:
    asked = {"resource": "serviceaccounts", "subresource": "token", "namespace": "pay", "name": "invoice-agent", "apiVersion": "v1"}
    found = logs(event("create", "serviceaccounts", objectRef=asked, user={"username": "ci"}))
    assert found.drawn("ASSUMES") == {("k8s:shop//User/ci", BOT)}


def test_a_user_of_eks_is_the_role_that_it_is_let_in_as() -> None:
    role = "arn:aws:iam::111122223333:role/Deployer"
    user = {"username": "deployer", "groups": ["deployers"], "extra": {"canonicalArn": [role], "accessKeyId": ["ASIAX"]}}
    found = logs(event("list", "pods", user=user))
    assert found.drawn("ASSUMES") == {(role, "k8s:shop//User/deployer")}


@pytest.mark.parametrize("form", ["lines", "list", "items", "eks", "aks", "pipeline", "sorted", "old", "untyped", "batch"])
def test_events_are_read_in_the_forms_that_they_are_kept_in(form: str) -> None:
    one = event("get", "secrets", "stripe")
    old = {key: value for key, value in one.items() if not key.endswith("Timestamp")}
    untyped = {key: value for key, value in one.items() if key != "apiVersion"}  # as a webhook's batches leave it out
    data = {
        "lines": f"{json.dumps(one)}\n",
        "list": json.dumps([one], indent=1),
        "items": json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [one]}),
        "eks": json.dumps({"events": [{"logStreamName": "kube-apiserver-audit-1", "timestamp": 1, "message": json.dumps(one)}]}),
        "aks": json.dumps({"category": "kube-audit", "properties": {"log": json.dumps(one), "stream": "stdout"}}),
        "pipeline": json.dumps({"@timestamp": "x", "kubernetes": {"audit": one}}),
        "sorted": json.dumps(one, sort_keys=True),
        "untyped": json.dumps(untyped, sort_keys=True),
        "batch": json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": [untyped]}),
        "old": json.dumps({**old, "apiVersion": "audit.k8s.io/v1beta1", "timestamp": "2026-11-20T08:00:00Z"}),
    }[form]
    found = linked(kubernetes_audit, {"audit.json": data})
    assert found.props("CAN_ACCESS", BOT, "k8s:shop/pay/Secret/stripe")["last_seen"] == "2026-11-20T08:00:00Z"
    assert not kubernetes.detect("audit.json", data.encode())


def test_manifests_and_policies_of_audits_are_not_taken() -> None:
    policy = b'{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}'
    assert not kubernetes_audit.detect("policy.json", policy)
    assert not kubernetes_audit.detect("docs/audit.md", json.dumps(event("get", "pods")).encode())


def test_no_body_and_no_secret_in_a_name_is_told() -> None:
    secret = fake("audit", "gh" + "p_")
    body = {"data": {"token": secret}}
    user = {"username": f"bot {secret}", "groups": [secret]}
    one = event("create", "secrets", "stripe", requestObject=body, responseObject=body, user=user)
    other = event("get", "secrets", secret, objectRef={"resource": secret, "namespace": secret, "name": secret, "subresource": secret})
    assert secret not in repr(logs(one, other).all)


def test_half_a_character_in_a_text_within_a_text_is_borne() -> None:
    user = {"username": "\ud800"}
    found = linked(kubernetes_audit, {"audit.log": json.dumps({"log": json.dumps(event("get", "secrets", "stripe", user=user))})})
    assert found.drawn("CAN_ACCESS") == {("k8s:shop//User/\ufffd", "k8s:shop/pay/Secret/stripe")}
    deep = "".join(['{"a":'] * 90_000)
    assert not linked(kubernetes_audit, {"audit.log": f"{json.dumps(event('get', 'pods', code=403))}\n{json.dumps({'log': deep})}"}).edges


@pytest.mark.parametrize("data", EVERYWHERE.values(), ids=EVERYWHERE)
def test_any_bytes_are_borne(data: bytes) -> None:
    read(kubernetes_audit, "audit.log", data)


@given(ANY_BYTES)
def test_any_bytes_at_all_are_borne(data: bytes) -> None:
    read(kubernetes_audit, "audit.log", data)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(event("get", "secrets", "x"))), _VALUES)
def test_any_type_is_borne(field: str, value: object) -> None:
    read(kubernetes_audit, "audit.log", json.dumps({**event("get", "secrets", "x"), field: value}).encode())
