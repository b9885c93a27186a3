"""Objects of Kubernetes by which Vault is configured, or fills Secrets."""

from __future__ import annotations

from tests.ingest.granting import Granted
from tests.ingest.reading import document
from tests.ingest.test_vault import CREDS, DATABASE, ROLE

CONFIG_OPERATOR = """\
apiVersion: redhatcop.redhat.io/v1alpha1
kind: Policy
metadata: {name: reader, namespace: desk}
spec:
  authentication: {path: kubernetes, role: policy-admin, serviceAccount: {name: setup}}
  policy: |
    path "database/creds/reader" { capabilities = ["read"] }
---
apiVersion: redhatcop.redhat.io/v1alpha1
kind: KubernetesAuthEngineRole
metadata: {name: desk, namespace: desk}
spec: {path: kubernetes, policies: [reader], targetServiceAccounts: [bot], targetNamespaces: {targetNamespaces: [desk]}, tokenTTL: 600}
---
apiVersion: redhatcop.redhat.io/v1alpha1
kind: DatabaseSecretEngineConfig
metadata: {name: orders, namespace: desk}
spec: {path: database, connectionURL: "postgresql://{{username}}:{{password}}@db.quillmere.example:5432/orders"}
---
apiVersion: redhatcop.redhat.io/v1alpha1
kind: DatabaseSecretEngineRole
metadata: {name: reader, namespace: desk}
spec:
  path: database
  dBName: orders
  defaultTTL: 1h
  maxTTL: 24h
  creationStatements: ['GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{name}}";']
---
apiVersion: redhatcop.redhat.io/v1alpha1
kind: VaultSecret
metadata: {name: orders, namespace: desk}
spec:
  vaultSecretDefinitions:
    - {authentication: {path: kubernetes, role: desk, serviceAccount: {name: bot}}, name: db, path: database/creds/reader}
  output: {name: orders-db}
---
apiVersion: redhatcop.redhat.io/v1alpha1
kind: KubernetesSecretEngineRole
metadata: {name: edit, namespace: desk}
spec: {path: kube, kubernetesRoleName: edit}
---
apiVersion: redhatcop.redhat.io/v1alpha1
kind: VaultSecret
metadata: {name: empty}
spec: {output: 7}
"""


def test_the_objects_of_the_config_operator() -> None:
    found = Granted(document(CONFIG_OPERATOR, "k8s/vault.yaml"))
    assert found.drawn("ASSUMES") == {
        ("k8s:shop/desk/ServiceAccount/bot", ROLE),
        ("k8s:shop/desk/ServiceAccount/setup", "vault:shop/auth/kubernetes/role/policy-admin"),
    }
    assert found.access(ROLE) == {CREDS: "read"}
    assert found.access("vault:shop/database/roles/reader") == {DATABASE: "read"}
    assert found.drawn("DERIVED_FROM") == {("k8s:shop/desk/Secret/orders-db", CREDS)}
    assert found.nodes["Secret", f"{ROLE}#token"]["ttl_seconds"] == 600
    assert (found.nodes["Secret", CREDS]["ttl_seconds"], found.nodes["Secret", CREDS]["max_life_seconds"]) == (3600, 86400)
    assert sorted(found.problems) == [
        ("error", "is a VaultSecret without definitions or an output"),
        ("warning", "what the credentials of a KubernetesSecretEngineRole may do is not read"),
    ]


def test_a_template_of_a_chart_is_told_and_is_no_error() -> None:
    text = """{{- if .Values.login }}
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultAuth
metadata:
  name: {{ include "desk.fullname" . }}
  {{- include "desk.labels" . | nindent 2 }}
{{- end }}
"""
    assert Granted(document(text, "chart/templates/login.yaml")).problems == [
        ("warning", "objects of Vault in this template are not read: scan what `helm template` (or its like) prints")
    ]
