"""From what runs to what matters, over the documents of several systems: each hop is known to a different reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from graphinv.ingest.support.azure.permissions import GRAPH
from graphinv.model.facts import NodeKey
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of

MOVES = {"RUNS_AS", "HOLDS", "AUTHENTICATES_AS", "ASSUMES", "MEMBER_OF", "CAN_ACCESS", "RUNS_ON"}
SUBSCRIPTION = "7d7e4e4a-0000-4000-8000-000000000001"
APP, PRINCIPAL, GRAPH_HERE = (f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))

DEPLOYMENT = """
apiVersion: v1
kind: ServiceAccount
metadata:
  name: bot
  namespace: desk
  annotations: {iam.gke.io/gcp-service-account: bot@quillmere.iam.gserviceaccount.com}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: desk, namespace: desk}
spec:
  template:
    metadata:
      labels: {app: desk}
    spec:
      serviceAccountName: bot
      containers:
        - name: desk
          image: desk:1
          env:
            - {name: AZURE_CLIENT_ID, value: APPLICATION}
""".replace("APPLICATION", APP)

VAULT = """
policies:
  - name: desk
    rules: path "database/creds/reader" { capabilities = ["read"] }
auth:
  - type: kubernetes
    roles:
      - {name: desk, bound_service_account_names: bot, bound_service_account_namespaces: desk, policies: desk}
secrets:
  - type: database
    configuration:
      config: [{name: orders, connection_url: "postgresql://{{username}}:{{password}}@db.quillmere.example:5432/orders"}]
      roles:
        - {name: reader, db_name: orders, creation_statements: 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{name}}"', default_ttl: 1h}
"""

BUCKET = "//storage.googleapis.com/quillmere-invoices"
STORE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Desk/providers/Microsoft.Storage/storageAccounts/mail"


def estate() -> Mapping[str, str]:
    bindings = [{"role": "roles/storage.objectAdmin", "members": ["serviceAccount:bot@quillmere.iam.gserviceaccount.com"]}]
    asset = {"name": BUCKET, "assetType": "storage.googleapis.com/Bucket", "iamPolicy": {"bindings": bindings}}
    principal = {"id": PRINCIPAL, "appId": APP, "servicePrincipalType": "Application", "displayName": "Desk"}
    role = {
        "appRoleId": "e2a3a72e-5f79-4c64-b1b1-878b674786c9",
        "principalId": PRINCIPAL,
        "resourceId": GRAPH_HERE,
        "principalType": "ServicePrincipal",
    }
    assignment = {
        "id": f"{STORE}/providers/Microsoft.Authorization/roleAssignments/x",
        "principalId": PRINCIPAL,
        "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "scope": STORE,
    }
    return {
        "k8s/desk.yaml": DEPLOYMENT,
        "vault/config.yaml": VAULT,
        "gcp/assets.ndjson": json.dumps(asset) + "\n",
        "entra/sps.json": json.dumps([principal, role]),
        "azure/roles.json": json.dumps([assignment]),
    }


def reached(top: Path, start: NodeKey) -> dict[str, set[str]]:
    """What ``start`` can act on over edges that move authority: id → actions."""
    reading = read_root(root_of(top), Fingerprinter(b"k" * 32))
    together([reading])
    assert not [problem for problem in reading.problems if problem.severity == "error"]
    seen, waiting, found = {start}, [start], dict[str, set[str]]()
    while waiting:
        here = waiting.pop()
        for edge in reading.edges:
            if edge.kind not in MOVES or edge.source != here or not isinstance(edge.target, tuple):
                continue
            if edge.kind == "CAN_ACCESS":
                found.setdefault(edge.target[1], set()).update(edge.props["actions"])
            if edge.target not in seen:
                seen.add(edge.target)
                waiting.append(edge.target)
    return found


def test_one_deployment_reaches_what_four_systems_grant_it(tmp_path: Path) -> None:
    top = tmp_path / "shop"
    for path, text in estate().items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, "utf-8")
    found = reached(top, ("Runtime", "k8s:shop/desk/Deployment/desk"))
    assert found["postgres://db.quillmere.example:5432/orders"] == {"read"}, "service account, login, policy, dynamic user, grant"
    assert {"read", "write", "delete"} <= found[BUCKET], "service account, workload identity, binding"
    assert found["saas:microsoft/tenant(shop)/mail"] == {"read", "write", "delete"}, "client id, service principal, app role"
    assert {"read", "write", "delete"} <= found[STORE.lower()], "client id, service principal, role assignment"
    assert GRAPH not in found


def test_what_a_policy_leaves_open_is_told_of_its_own_document(tmp_path: Path) -> None:
    bindings = [{"role": "projects/p/roles/odd", "members": ["user:a@b.example"]}]
    asset = {"name": BUCKET, "assetType": "storage.googleapis.com/Bucket", "iamPolicy": {"bindings": bindings}}
    readings = []
    for name, text in (("one", "{}"), ("two", json.dumps(asset))):
        (tmp_path / name / "gcp").mkdir(parents=True)
        (tmp_path / name / "gcp" / "a#b.ndjson").write_text(text, "utf-8")
        readings.append(read_root(root_of(tmp_path / name), Fingerprinter(b"k" * 32)))
    together(readings)
    assert not readings[0].problems
    assert [(problem.document, problem.severity) for problem in readings[1].problems] == [("gcp/a#b.ndjson", "warning")]
