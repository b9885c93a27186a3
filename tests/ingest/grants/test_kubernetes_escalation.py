"""Whom a subject of a cluster may become; the ways are those that Kubernetes' documentation names as risks of RBAC."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import kubernetes
from graphinv.ingest.grants import Known, evaluate
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Ref, check_edge, check_node
from tests.ingest.reading import document, fake

BOT = "k8s:shop/pay/ServiceAccount/bot"
PAYER = "k8s:shop/pay/ServiceAccount/payer"
OPS = "k8s:shop/ops/ServiceAccount/ops"
CARD = "k8s:shop/pay/Secret/card"
RBAC = "rbac.authorization.k8s.io"


def rule(verbs: str, resources: str, group: str = "", names: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
    return {**found, "resourceNames": names.split()} if names else found


def item(kind: str, name: str, namespace: str = "", version: str = "v1", **more: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **more}


BASE = [
    item("ServiceAccount", "bot", "pay"),
    item("ServiceAccount", "payer", "pay"),
    item("ServiceAccount", "ops", "ops"),
    item("Secret", "card", "pay"),
    item("Secret", "mail", "ops"),
    item(
        "Deployment",
        "payouts",
        "pay",
        "apps/v1",
        spec={"template": {"spec": {"serviceAccountName": "payer", "containers": [{"envFrom": [{"secretRef": {"name": "card"}}]}]}}},
    ),
]


def end(key: NodeKey | Ref) -> NodeKey:
    assert not isinstance(key, Ref)
    return key


class Granted:
    """What the bot may do and become with ``rules``: in its namespace, or (``whole``) in the cluster."""

    def __init__(self, *rules: dict[str, Any], whole: bool = False, more: tuple[dict[str, Any], ...] = ()) -> None:
        subjects = [{"kind": "ServiceAccount", "name": "bot", "namespace": "pay"}]
        ref = {"kind": "ClusterRole", "name": "given"}
        manifests = [*BASE, *more, item("ClusterRole", "given", version=f"{RBAC}/v1", rules=list(rules))]
        kind, namespace = ("ClusterRoleBinding", "") if whole else ("RoleBinding", "pay")
        manifests.append(item(kind, "b", namespace, f"{RBAC}/v1", roleRef=ref, subjects=subjects))
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
        facts = list(kubernetes.link("shop", {"all.json": kubernetes.summarise(document(text, "all.json"))}))
        nodes = [check_node(fact) for fact in facts if isinstance(fact, NodeFact)]
        edges = [check_edge(fact) for fact in facts if isinstance(fact, EdgeFact) and not isinstance(fact.target, Ref)]
        given = list(evaluate([fact for fact in facts if isinstance(fact, Grant)], Known.of(nodes, edges)))
        self.problems = [fact.message for fact in given if isinstance(fact, Problem)]
        self.edges = edges + [check_edge(fact) for fact in given if isinstance(fact, EdgeFact)]
        self.nodes = {fact.id: check_node(fact).props for fact in [*nodes, *(fact for fact in given if isinstance(fact, NodeFact))]}

    def becomes(self) -> dict[str, str]:
        """Identity that the bot may become, directly or not → by what means it gets there first."""
        found: dict[str, str] = {}
        waiting = [BOT]
        while waiting:
            here = waiting.pop()
            for edge in self.edges:
                if edge.kind in ("ASSUMES", "MEMBER_OF") and edge.source == ("Identity", here) and end(edge.target)[1] not in found:
                    found[end(edge.target)[1]] = str(edge.props.get("kind_detail", ""))
                    waiting.append(end(edge.target)[1])
        return found

    def reads(self) -> set[str]:
        """Secrets that the bot, or whom it may become, can read."""
        whom = {BOT, *self.becomes()}
        return {
            end(edge.target)[1]
            for edge in self.edges
            if edge.kind == "CAN_ACCESS"
            and end(edge.source)[1] in whom
            and end(edge.target)[0] == "Secret"
            and {"read", "admin"} & set(edge.props["actions"])
        }

    def admin(self) -> set[str]:
        whom = {BOT, *self.becomes()}
        return {end(edge.target)[1] for edge in self.edges if end(edge.source)[1] in whom and "admin" in edge.props.get("actions", ())}


@pytest.mark.parametrize(
    ("rules", "means"),
    [
        ([rule("create", "pods")], "create pods"),
        ([rule("patch", "deployments", "apps")], "change deployments"),
        ([rule("update", "deployments", "apps", "payouts")], "change deployments"),
        ([rule("create", "cronjobs", "batch")], "change cronjobs"),
        ([rule("create", "workflows", "argoproj.io")], "change workflows"),
        ([rule("create", "agents", "kagent.dev")], "change agents"),
    ],
)
def test_who_starts_pods_becomes_any_account_of_the_namespace_and_reads_its_secrets(rules: list[dict[str, Any]], means: str) -> None:
    granted = Granted(*rules)
    assert PAYER in granted.becomes()
    assert OPS not in granted.becomes()
    assert granted.becomes()["k8s:shop/pay/Pod/*"] == means
    assert granted.reads() == {CARD}


@pytest.mark.parametrize(
    "rules",
    [
        [rule("create", "serviceaccounts/token")],
        [rule("create", "serviceaccounts/token", names="payer")],
        [rule("impersonate", "serviceaccounts")],
        [rule("impersonate", "serviceaccounts", names="payer")],
    ],
)
def test_who_gets_tokens_or_impersonates_becomes_the_account_alone(rules: list[dict[str, Any]]) -> None:
    granted = Granted(*rules)
    assert PAYER in granted.becomes()
    assert granted.reads() == set()


def test_who_creates_and_reads_secrets_gets_tokens() -> None:
    assert PAYER in Granted(rule("create get", "secrets")).becomes()
    assert PAYER not in Granted(rule("get", "secrets")).becomes()
    assert PAYER in Granted(rule("create", "secrets"), rule("list", "secrets")).becomes()


@pytest.mark.parametrize("resources", ["pods/exec", "pods/attach", "pods/ephemeralcontainers"])
def test_who_acts_inside_pods_has_what_those_that_run_have(resources: str) -> None:
    granted = Granted(rule("create get update", resources))
    assert PAYER in granted.becomes()
    assert granted.reads() == {CARD}


def test_reading_everything_opens_a_shell_on_older_clusters() -> None:
    granted = Granted(rule("get list watch", "*", "*"))
    (edge,) = (edge for edge in granted.edges if edge.kind == "ASSUMES" and edge.source == ("Identity", BOT))
    assert edge.target == ("Identity", "k8s:shop/pay/Pod/*running")
    assert edge.props["confidence"] < 1
    assert edge.props["evidence"] == ["inferred"]


def test_the_kubelet_lets_its_proxy_act_in_every_pod() -> None:
    assert PAYER in Granted(rule("get", "nodes/proxy"), whole=True).becomes()
    assert PAYER not in Granted(rule("get", "nodes/proxy")).becomes()  # nodes lie in no namespace


@pytest.mark.parametrize(
    ("rules", "whole", "scope"),
    [
        ([rule("escalate update", "roles", RBAC)], False, "k8s:shop/pay"),
        ([rule("bind", "clusterroles", RBAC), rule("create", "rolebindings", RBAC)], False, "k8s:shop/pay"),
        ([rule("*", "roles rolebindings", RBAC)], False, "k8s:shop/pay"),
        ([rule("escalate patch", "clusterroles", RBAC)], True, "k8s:shop"),
        ([rule("bind", "clusterroles", RBAC), rule("create", "clusterrolebindings", RBAC)], True, "k8s:shop"),
        ([rule("create patch", "mutatingwebhookconfigurations", "admissionregistration.k8s.io")], True, "k8s:shop"),
        ([rule("impersonate", "users groups")], True, "k8s:shop"),
    ],
)
def test_who_writes_roles_has_all_of_their_scope(rules: list[dict[str, Any]], whole: bool, scope: str) -> None:
    granted = Granted(*rules, whole=whole)
    assert scope in granted.admin()
    assert CARD in granted.reads()
    assert (OPS in granted.becomes()) is whole


@pytest.mark.parametrize(
    "rules",
    [
        [rule("escalate", "roles", RBAC)],
        [rule("bind", "clusterroles", RBAC)],
        [rule("update create", "roles rolebindings", RBAC)],
        [rule("get list watch", "pods configmaps services deployments", "*")],
        [rule("impersonate", "groups")],
        [rule("delete", "pods deployments")],
    ],
)
def test_half_of_a_way_leads_nowhere(rules: list[dict[str, Any]]) -> None:
    assert Granted(*rules).becomes() == {}


def test_a_role_that_may_be_bound_by_name_gives_what_it_allows() -> None:
    reader = item("ClusterRole", "reader", version=f"{RBAC}/v1", rules=[rule("get", "secrets")])
    granted = Granted(rule("bind", "clusterroles", RBAC, "reader"), rule("create", "rolebindings", RBAC), more=(reader,))
    assert granted.reads() == {CARD}
    assert "bind ClusterRole reader" in granted.becomes().values()
    assert PAYER not in granted.becomes()


def test_who_may_do_everything_is_everybody() -> None:
    granted = Granted(rule("*", "*", "*"), whole=True)
    assert {PAYER, OPS} <= granted.becomes().keys()
    assert {"k8s:shop", "k8s:shop/pay", "k8s:shop/ops"} <= granted.admin()
    direct = {end(edge.target)[1]: edge.props for edge in granted.edges if edge.kind == "CAN_ACCESS" and edge.source == ("Identity", BOT)}
    assert direct["k8s:shop"]["inherited_from"] == "k8s:shop//ClusterRole/given"
    assert direct["k8s:shop"]["sources"] == ["shop/all.json#L1"]


def test_built_in_roles_and_roles_that_add_themselves_to_them() -> None:
    def bound(role: str, *more: dict[str, Any]) -> Granted:
        subjects = [{"kind": "ServiceAccount", "name": "bot", "namespace": "pay"}]
        ref = {"kind": "ClusterRole", "name": role}
        return Granted(more=(*more, item("RoleBinding", "other", "pay", f"{RBAC}/v1", roleRef=ref, subjects=subjects)))

    assert bound("view").reads() == set()
    assert bound("edit").reads() == {CARD}
    labels = {"name": "adds", "labels": {f"{RBAC}/aggregate-to-view": "true"}}
    added = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": labels, "rules": [rule("get", "secrets")]}
    assert bound("view", added).reads() == {CARD}
    assert bound("nowhere").problems == ["binds the role 'nowhere', which nothing here defines"]


@pytest.mark.parametrize(
    ("role", "reads", "becomes"),
    [
        ("system:auth-delegator", False, False),
        ("system:node", True, True),
        ("system:kubelet-api-admin", False, True),
        ("system:kube-controller-manager", True, True),
        ("system:kube-scheduler", False, False),
        ("system:monitoring", False, False),
    ],
)
def test_roles_of_the_parts_of_a_cluster(role: str, *, reads: bool, becomes: bool) -> None:
    subjects = [{"kind": "ServiceAccount", "name": "bot", "namespace": "pay"}]
    ref = {"kind": "ClusterRole", "name": role}
    granted = Granted(more=(item("ClusterRoleBinding", "other", "", f"{RBAC}/v1", roleRef=ref, subjects=subjects),))
    assert granted.problems == []
    assert (CARD in granted.reads(), PAYER in granted.becomes()) == (reads or becomes, becomes)


def test_the_credential_in_a_secret_is_read_with_it() -> None:
    value = fake("escalation", "gh" + "p_")
    granted = Granted(rule("get", "secrets"), more=(item("Secret", "token", "pay", stringData={"token": value}),))
    assert len(granted.reads()) == 3
    assert any(one.startswith("secret:") for one in granted.reads())


def test_reasons_of_one_step_stand_on_one_edge() -> None:
    granted = Granted(rule("create", "pods"), rule("create", "jobs", "batch"))
    edges = [edge for edge in granted.edges if edge.kind == "ASSUMES" and edge.source == ("Identity", BOT)]
    assert [edge.props["kind_detail"] for edge in edges] == ["change jobs; create pods"]


def test_no_grant_raises() -> None:
    odd = [
        Grant("kubernetes", ("Resource", "k8s:a//ClusterRole/x"), "rules", "{"),
        Grant("kubernetes", ("Resource", "k8s:a//ClusterRole/x"), "rules", '{"rules": [7, {"verbs": 7}], "labels": 7, "aggregates": [{}]}'),
        Grant("kubernetes", ("Identity", "k8s:a//User/u"), "binding", "[]"),
        Grant("kubernetes", ("Identity", "nothing"), "binding", '{"role": 7}'),
        Grant("kubernetes", ("Secret", "s"), "key", '{"object": 7}'),
        Grant("kubernetes", ("Secret", "s"), "other", "{}"),
    ]
    assert all(isinstance(fact, Problem) for fact in evaluate(odd, Known()))


def test_a_cluster_that_is_too_large_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphinv.ingest.grants.kubernetes.MAX_STEPS", 3)
    granted = Granted(rule("get", "secrets"), whole=True)
    (message,) = granted.problems
    assert "too much to tell all of it" in message


def test_rules_that_speak_of_too_many_kinds_are_told() -> None:
    many = " ".join(f"kind{number}" for number in range(300))
    groups = {"apiGroups": many.split(), "resources": many.split(), "verbs": ["get"]}
    granted = Granted(groups, rule("get", "secrets"))
    assert granted.reads() == {CARD}
    assert granted.problems == ["1 rules of this role are not as Kubernetes writes them, or too many"]
