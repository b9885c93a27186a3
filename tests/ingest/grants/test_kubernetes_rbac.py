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


def compared(seed: int) -> int:
    """Assert that the edges of a generated cluster say what single requests say; how many pairs of account and target were compared."""
    manifests = cluster(random.Random(seed))
    oracle = Oracle(manifests)
    nodes, edges = evaluated(manifests)
    kinds = [(one, parsed) for one in nodes if one[0] == "Resource" and (parsed := kind_of(one[1])) is not None]
    kinds += [(("Secret", f"k8s:shop/{where}/Secret/{name}"), (where, "", "secrets", name)) for where in SPACES for name in SECRETS]
    for account in product(SPACES, ACCOUNTS):
        given = directly(edges, ("Identity", f"k8s:shop/{account[0]}/ServiceAccount/{account[1]}"))
        for key, (where, group, resource, name) in kinds:
            assert given.get(key, set()) == expected(oracle, account, group, resource, where, name), (account, key)
    return len(SPACES) * len(ACCOUNTS) * len(kinds)


@pytest.mark.parametrize("start", range(0, 60, 5))
def test_edges_say_what_single_requests_say(start: int) -> None:
    assert sum(compared(seed) for seed in range(start, start + 5)) > 500


def kind_of(node_id: str) -> tuple[str, str, str, str] | None:
    """(namespace, group, resource, name) of the node of a kind of objects, or of one of them."""
    parts = node_id.removeprefix("k8s:shop/").split("/")
    if len(parts) < 2:
        return None
    rest = parts[1:]
    last = rest[1] if len(rest) > 1 and rest[1].partition(".")[0] == "exec" else ""
    kind = f"{rest[0]}/{last}" if last else rest[0]
    name = rest[2] if last and len(rest) > 2 else rest[1] if not last and len(rest) > 1 else ""
    resource, _, group = kind.partition(".")
    return parts[0], group, resource, name


def test_generated_clusters_are_not_all_alike() -> None:
    counts: Counter[str] = Counter()
    for seed in range(20):
        _, edges = evaluated(cluster(random.Random(seed)))
        counts.update(action for edge in edges if edge.kind == "CAN_ACCESS" for action in edge.props["actions"])
    assert set(counts) == set(ACTIONS)
