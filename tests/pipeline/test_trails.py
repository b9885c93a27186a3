"""A dump of an account beside its trail: what of the grants is used, and what was done that nobody granted."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from graphinv.model.results import Finding
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.stages import scan
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of
from graphinv.store import Store, open_store
from tests.ingest.aws_grants import ACCOUNT, allow, group, role, trust, user
from tests.ingest.reading import shown
from tests.ingest.test_cloudtrail import as_role, as_user, record
from tests.ingest.test_gcp_audit import BOT, SECRET, entry
from tests.ingest.test_kubernetes_audit import event
from tests.ingest.test_vault_audit import entry as vault_entry

AT = "2026-11-27T00:00:00Z"
LONG_AGO, LATELY = "2026-03-01T08:00:00Z", "2026-11-20T08:00:00Z"
ORDERS, PAYMENTS, ARCHIVE = (f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{name}" for name in ("orders", "payments", "archive"))


def policy(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    return {"PolicyName": name, "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}


def a_role(name: str, *policies: dict[str, Any]) -> dict[str, Any]:
    service = {"Version": "2012-10-17", "Statement": [trust(Service="lambda.amazonaws.com")]}
    return {"Arn": role(name), "RoleName": name, "AssumeRolePolicyDocument": service, "RolePolicyList": list(policies)}


OLD = policy("old", allow("dynamodb:DeleteItem", ARCHIVE))
DUMP = {
    "RoleDetailList": [
        a_role("orders", policy("own", allow(["dynamodb:PutItem", "dynamodb:GetItem"], [ORDERS, PAYMENTS])), OLD),
        a_role("admin", policy("all", allow("*"))),
        a_role("silent", policy("own", allow("dynamodb:PutItem", ORDERS))),
    ],
    "UserDetailList": [{"Arn": user("ivo"), "GroupList": ["team"]}],
    "GroupDetailList": [{"Arn": group("team"), "GroupPolicyList": [policy("own", allow("dynamodb:PutItem", [ORDERS, ARCHIVE]))]}],
    "Policies": [],
}  # fmt: skip
AGENTS = [
    fact
    for name, identity in (
        ("orders-bot", role("orders")),
        ("admin-bot", role("admin")),
        ("silent-bot", role("silent")),
        ("ivos-bot", user("ivo")),
    )
    for fact in ({"node": "Agent", "id": name}, {"edge": "RUNS_AS", "from": ["Agent", name], "to": ["Identity", identity]})
]


def call(name: str, table: str, who: dict[str, Any], at: str = LATELY, **more: Any) -> dict[str, Any]:
    asked = {"tableName": table.rpartition("/")[2], "item": {"card": "x"}}
    return record("dynamodb", name, who, eventTime=at, requestParameters=asked, eventCategory="Data", **more)


TRAIL = [
    call("PutItem", ORDERS, as_role("orders"), LONG_AGO),
    call("PutItem", ORDERS, as_role("orders")),
    call("PutItem", PAYMENTS, as_role("orders"), LONG_AGO),
    call("DeleteItem", ARCHIVE, as_role("orders"), errorCode="AccessDenied"),
    call("DeleteTable", ORDERS, as_role("orders")),
    call("PutItem", ORDERS, as_role("admin")),
    call("PutItem", ARCHIVE, as_user("ivo")),
]


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, dict[tuple[str, str], Finding]]:
    top = tmp_path_factory.mktemp("account")
    (top / "iam.json").write_text(json.dumps(DUMP))
    (top / "agents.facts.jsonl").write_text("\n".join(map(json.dumps, AGENTS)))
    (top / "trail").mkdir()
    (top / "trail/a.json.gz").write_bytes(gzip.compress(json.dumps({"Records": TRAIL[:3]}).encode()))
    (top / "trail/b.json").write_text(json.dumps({"Records": TRAIL[3:]}))
    done = scan(str(top / "graph"), [top], at=AT)
    assert [problem for problem in done.problems if problem.severity == "error"] == []
    assert done.analysis is not None
    found = {(finding.rule, finding.subject[1]): finding for finding in done.analysis.findings}
    return open_store(str(top / "graph")), found


def edges(store: Store, source: str, target: str) -> list[tuple[list[str], list[str], str | None, int | None]]:
    asked = "MATCH (:Identity {id: $i})-[r:CAN_ACCESS]->({id: $r}) RETURN r.actions AS a, r.evidence AS e, r.last_used AS u, r.count AS n"
    return sorted((list(a), list(e), u, n) for a, e, u, n in store.query(asked, {"i": source, "r": target}).rows)


Scanned = tuple[Store, dict[tuple[str, str], Finding]]


def test_a_sighting_stands_beside_the_grant_and_tells_when_it_was_used(scanned: Scanned) -> None:
    assert edges(scanned[0], role("orders"), ORDERS) == [
        (["delete", "write"], ["observed"], LATELY, 1),
        (["read", "write"], ["granted"], LATELY, None),
        (["write"], ["observed"], LATELY, 2),
    ]


def test_what_is_granted_and_not_used_is_told(scanned: Scanned) -> None:
    finding = scanned[1]["GI-PRV-003", role("orders")]
    assert finding.details["what"] == "2 of 3 grants"
    assert finding.details["examples"] == [f"Resource:{ARCHIVE}", f"Resource:{PAYMENTS}"]


def test_a_grant_on_everything_is_used_by_whatever_is_done(scanned: Scanned) -> None:
    assert (["admin"], ["granted"], LATELY, None) in edges(scanned[0], role("admin"), f"aws:{ACCOUNT}")
    examples = scanned[1]["GI-PRV-003", role("admin")].details["examples"]
    assert f"Resource:{ORDERS}" not in examples
    assert f"Resource:aws:{ACCOUNT}" not in examples


def test_a_groups_grant_is_used_by_its_members(scanned: Scanned) -> None:
    assert (["write"], ["granted"], LATELY, None) in edges(scanned[0], group("team"), ARCHIVE)
    assert scanned[1]["GI-PRV-003", group("team")].details["examples"] == [f"Resource:{ORDERS}"]


def test_of_whom_nothing_was_seen_nothing_is_said(scanned: Scanned) -> None:
    assert ("GI-PRV-003", role("silent")) not in scanned[1]


def test_what_was_done_and_not_granted_is_told(scanned: Scanned) -> None:
    told = {subject: finding for (rule, subject), finding in scanned[1].items() if rule == "GI-GOV-006"}
    assert set(told) == {role("orders")}
    assert told[role("orders")].target == ("Resource", ORDERS)


def test_grants_of_google_cloud_are_used_as_its_logs_show(tmp_path: Path) -> None:
    members = {"role": "roles/secretmanager.admin", "members": [f"serviceAccount:{BOT}"]}
    name = "projects/shop/secrets/stripe/versions/1"
    used = entry("secretmanager", "secretmanager.versions.access", name)
    asset = {"name": "//cloudresourcemanager.googleapis.com/projects/shop", "assetType": "cloudresourcemanager.googleapis.com/Project"}
    (tmp_path / "assets.ndjson").write_text(json.dumps({**asset, "iamPolicy": {"bindings": [members]}}))
    (tmp_path / "audit.jsonl.gz").write_bytes(gzip.compress(json.dumps(used).encode()))
    reading = read_root(root_of(tmp_path), Fingerprinter(b"k" * 32))
    together([reading])
    given = (edge for edge in reading.edges if edge.kind == "CAN_ACCESS" and edge.props["evidence"] == ["granted"])
    found = {shown(edge.target): edge.props for edge in given}
    project = "//serviceusage.googleapis.com/projects/shop/services/secretmanager.googleapis.com"
    assert {target: props.get("last_used") for target, props in found.items()} == {SECRET: LATELY, project: LATELY}


def test_grants_of_a_cluster_are_used_as_its_audit_log_shows(tmp_path: Path) -> None:
    rules = [{"apiGroups": [""], "resources": ["secrets", "pods"], "verbs": ["get", "delete"]}]
    subject = {"kind": "ServiceAccount", "name": "invoice-agent", "namespace": "pay"}
    bound = {"kind": "ClusterRole", "name": "reader", "apiGroup": "rbac.authorization.k8s.io"}
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "invoice-agent", "namespace": "pay"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "stripe", "namespace": "pay"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "other", "namespace": "pay"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"}, "rules": rules},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "b", "namespace": "pay"},
            "subjects": [subject],
            "roleRef": bound,
        },
    ]
    root = tmp_path / "shop"
    root.mkdir()
    (root / "dump.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    (root / "audit.log").write_text(json.dumps(event("get", "secrets", "stripe")))
    reading = read_root(root_of(root), Fingerprinter(b"k" * 32))
    together([reading])
    found = [edge for edge in reading.edges if edge.kind == "CAN_ACCESS"]
    granted = [edge for edge in found if edge.props["evidence"] != ["observed"]]
    used = {shown(edge.target): edge.props.get("last_used") for edge in granted}
    assert used["k8s:shop/pay/Secret/stripe"] == used["k8s:shop/pay/secrets"] == "2026-11-20T08:00:00Z"
    assert used["k8s:shop/pay/Secret/other"] is None
    assert used["k8s:shop/pay/workloads"] is None
    (seen,) = [edge for edge in found if edge.props["evidence"] == ["observed"]]
    assert {shown(edge.source) for edge in granted} == {shown(seen.source)}


def test_policies_of_vault_are_used_as_its_audit_log_shows(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / "roles").mkdir(parents=True)
    (root / "shop.hcl").write_text('path "secret/data/pay/*" { capabilities = ["read"] }\npath "other/x" { capabilities = ["read"] }\n')
    entries = {"auth/approle/role/shop-agent": {"token_policies": ["shop"]}}
    (root / "vault.json").write_text(json.dumps(entries))
    (root / "audit.log").write_text(json.dumps(vault_entry("read", "secret/data/pay/stripe")))
    reading = read_root(root_of(root), Fingerprinter(b"k" * 32))
    together([reading])
    granted = [edge for edge in reading.edges if edge.kind == "CAN_ACCESS" and edge.props["evidence"] != ["observed"]]
    used = {shown(edge.target): edge.props.get("last_used") for edge in granted}
    assert used == {"vault:shop/secret/pay/*": LATELY, "vault:shop/secret/pay/stripe": LATELY, "vault:shop/other/x": None}
