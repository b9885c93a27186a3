"""What the evaluation of roles says, compared with an authorizer of our own on generated clusters."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import product
from typing import Any

import pytest

from graphinv.ingest import kubernetes
from graphinv.ingest.grants import Known, evaluate
from graphinv.ingest.support.kubernetes.classes import classes_of, kind_of
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Ref, check_edge, check_node
from graphinv.model.kinds import ACTIONS
from tests.ingest.grants.rbac_oracle import Oracle, Request
from tests.ingest.reading import document

SPACES = ("pay", "web", "ops")
ACCOUNTS = ("bot", "runner")
SECRETS = ("card", "mail")
GROUPS = ("", "apps", "*")
RESOURCES = ("secrets", "pods", "pods/exec", "deployments", "configmaps", "*", "*/exec")
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "*", "use")
READ, WRITE, DELETE = ("get", "list", "watch"), ("update", "patch"), ("delete",)


def rule(made: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {
        "apiGroups": made.sample(GROUPS, made.choice((1, 1, 2))),
        "resources": made.sample(RESOURCES, made.choice((1, 1, 2, 3))),
        "verbs": made.sample(VERBS, made.choice((1, 2, 3))),
    }
    if made.random() < 0.35:
        found["resourceNames"] = made.sample((*SECRETS, "other"), made.choice((1, 2)))
    return found


def meta(name: str, namespace: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


def cluster(made: random.Random) -> list[dict[str, Any]]:
    """A cluster of three namespaces with random roles and bindings."""
    version = "rbac.authorization.k8s.io/v1"
    found: list[dict[str, Any]] = []
    for space in SPACES:
        found += [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(name, space)} for name in ACCOUNTS]
        found += [{"apiVersion": "v1", "kind": "Secret", "metadata": meta(name, space)} for name in SECRETS]
        for index in range(2):
            rules = [rule(made) for _ in range(made.randint(1, 3))]
            found.append({"apiVersion": version, "kind": "Role", "metadata": meta(f"r{index}", space), "rules": rules})
    for index in range(4):
        labels = {"part": made.choice(("a", "b"))}
        rules = [rule(made) for _ in range(made.randint(0, 2))]
        found.append({"apiVersion": version, "kind": "ClusterRole", "metadata": meta(f"c{index}", labels=labels), "rules": rules})
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"part": "a"}}]}
    found.append({"apiVersion": version, "kind": "ClusterRole", "metadata": meta("united"), "aggregationRule": selectors})

    def subjects() -> list[dict[str, str]]:
        space, account = made.choice(SPACES), made.choice(ACCOUNTS)
        choices = (
            {"kind": "ServiceAccount", "namespace": space, "name": account},
            {"kind": "ServiceAccount", "namespace": space, "name": account},
            {"kind": "Group", "name": f"system:serviceaccounts:{space}"},
            {"kind": "Group", "name": "system:serviceaccounts"},
            {"kind": "User", "name": f"system:serviceaccount:{space}:{account}"},
            {"kind": "Group", "name": "somebody-else"},
        )
        return made.sample(choices, made.choice((1, 1, 2)))

    for index in range(5):
        local = made.random() < 0.5
        ref = (
            {"kind": "Role", "name": f"r{made.randrange(2)}"}
            if local
            else {"kind": "ClusterRole", "name": made.choice(("c0", "c1", "united"))}
        )
        place = meta(f"b{index}", made.choice(SPACES))
        found.append({"apiVersion": version, "kind": "RoleBinding", "metadata": place, "roleRef": ref, "subjects": subjects()})
    for index in range(2):
        ref = {"kind": "ClusterRole", "name": made.choice(("c2", "c3", "united"))}
        found.append(
            {"apiVersion": version, "kind": "ClusterRoleBinding", "metadata": meta(f"g{index}"), "roleRef": ref, "subjects": subjects()}
        )
    return found


def evaluated(manifests: list[dict[str, Any]]) -> tuple[dict[NodeKey, dict[str, Any]], list[EdgeFact]]:
    """Nodes and edges of manifests, what their grants give included."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    facts = list(kubernetes.link("shop", {"all.json": kubernetes.summarise(document(text, "all.json"))}))
    nodes = [check_node(fact) for fact in facts if isinstance(fact, NodeFact)]
    edges = [check_edge(fact) for fact in facts if isinstance(fact, EdgeFact) and not isinstance(fact.target, Ref)]
    given = list(evaluate([fact for fact in facts if isinstance(fact, Grant)], Known.of(nodes, edges)))
    nodes += [check_node(fact) for fact in given if isinstance(fact, NodeFact)]
    edges += [check_edge(fact) for fact in given if isinstance(fact, EdgeFact)]
    return dict(Known.of(nodes, edges).nodes), edges


def directly(edges: list[EdgeFact], subject: NodeKey) -> dict[NodeKey, set[str]]:
    """What a subject and its groups may do by their roles, without becoming anything else; ``admin`` is all five."""
    whom = {subject, *(edge.target for edge in edges if edge.kind == "MEMBER_OF" and edge.source == subject)}
    found: dict[NodeKey, set[str]] = {}
    for edge in edges:
        if edge.kind == "CAN_ACCESS" and edge.source in whom and isinstance(edge.target, tuple):
            actions = set(edge.props["actions"])
            found.setdefault(edge.target, set()).update(ACTIONS if "admin" in actions else actions)
    return found


def expected(oracle: Oracle, account: tuple[str, str], group: str, resource: str, namespace: str, name: str) -> set[str]:
    """What single requests add up to."""

    def may(*verbs: str, called: str = name) -> bool:
        return any(oracle.can_i(*account, Request(verb, group, resource, namespace, called)) for verb in verbs)

    if may("*", "bind", "escalate", "approve", "sign"):
        return set(ACTIONS)
    inside = resource.endswith("/exec")
    writes = (*WRITE, *(() if name else ("create",)))
    if inside:
        return {"execute"} if may(*READ, *writes, "create", *DELETE, "deletecollection", "use") else set()
    found = {"read"} if may(*READ) else set()
    found |= {"write"} if may(*writes) else set()
    found |= {"delete"} if may(*DELETE) or may("deletecollection", called="") else set()
    return found | ({"execute"} if may("use") else set())


def mentioned(manifests: list[dict[str, Any]], nodes: dict[NodeKey, dict[str, Any]]) -> set[tuple[str, str]]:
    """(group, resource) that any bound role speaks of; and what pods can mount, where somebody may start any."""
    names = {one["roleRef"]["name"] for one in manifests if "roleRef" in one}
    local = {(one["roleRef"]["name"], one["metadata"]["namespace"]) for one in manifests if one["kind"] == "RoleBinding"}
    found: set[tuple[str, str]] = set()
    for one in manifests:
        meta = one["metadata"]
        united = "united" in names and meta.get("labels") == {"part": "a"}
        bound = (meta["name"], meta.get("namespace")) in local if one["kind"] == "Role" else meta["name"] in names or united
        for each in one.get("rules", []) if bound else ():
            found |= set(product(each["apiGroups"], each["resources"]))
    return found | ({("", "secrets"), ("", "configmaps")} if any(one.endswith("/Pod/*") for _, one in nodes) else set())


def compared(seed: int) -> int:
    """Assert that the edges of a generated cluster say what single requests say; how many pairs of account and target were compared."""
    manifests = cluster(random.Random(seed))
    oracle = Oracle(manifests)
    nodes, edges = evaluated(manifests)
    spoken = mentioned(manifests, nodes)
    classed = {pair: classes_of(*pair) for pair in spoken if pair != ("*", "*")}
    targets: list[tuple[NodeKey, str, str, set[tuple[str, str]]]] = [
        (("Secret", f"k8s:shop/{where}/Secret/{name}"), where, name, {("", "secrets")}) for where in SPACES for name in SECRETS
    ]
    for kind, one in nodes:
        parts = one.removeprefix("k8s:shop/").split("/")
        if kind != "Resource" or len(parts) < 2:
            continue
        where, what, *rest = parts
        pairs = {pair for pair in spoken if kind_of(*pair) == what} if rest else {pair for pair in classed if what in classed[pair]}
        targets.append(((kind, one), where, "".join(rest), pairs))
    for account in product(SPACES, ACCOUNTS):
        given = directly(edges, ("Identity", f"k8s:shop/{account[0]}/ServiceAccount/{account[1]}"))
        for key, where, name, pairs in targets:
            wanted = set().union(*(expected(oracle, account, *pair, where, name) for pair in pairs))
            assert given.get(key, set()) == wanted, (account, key)
    return len(SPACES) * len(ACCOUNTS) * len(targets)


@pytest.mark.parametrize("start", range(0, 60, 5))
def test_edges_say_what_single_requests_say(start: int) -> None:
    assert sum(compared(seed) for seed in range(start, start + 5)) > 500


def test_generated_clusters_are_not_all_alike() -> None:
    counts: Counter[str] = Counter()
    for seed in range(20):
        _, edges = evaluated(cluster(random.Random(seed)))
        counts.update(action for edge in edges if edge.kind == "CAN_ACCESS" for action in edge.props["actions"])
    assert set(counts) == set(ACTIONS)
