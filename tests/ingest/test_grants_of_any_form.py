"""Whatever a grant says, its language answers with facts and problems, and raises nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest.grants import Known, evaluate
from graphinv.model.facts import EdgeFact, Grant, NodeFact, Problem, check_edge, check_node

GUID = "aaaaaaaa-0000-4000-8000-000000000001"
ROLES = {
    "gcp": ("binding", "role", "parent", "alias", "denial", "other"),
    "azure": ("assignment", "definition", "denial", "other"),
    "entra": ("requires", "app-role", "delegated", "directory-role", "defines", "inheritable", "inherits", "federated", "other"),
    "vault": ("policy", "policies", "workloads", "arns", "subject", "opens", "connects", "other"),
    "spiffe": ("workload", "template", "domain", "other"),
    "github": ("installation", "other"),
}
OF_RESOURCES = {"binding", "role", "parent", "alias", "denial", "definition", "defines", "policy", "connects", "template", "domain"}
"""Roles of grants on resources; all others are those of identities."""
IDENTITIES = st.sampled_from([f"entra:{GUID}", "vault:shop/auth/kubernetes/role/x", "github-app:x", "spiffe://t/x"])
RESOURCES = st.sampled_from(
    [
        "//cloudresourcemanager.googleapis.com/projects/p",
        "//storage.googleapis.com/b",
        "projects/p/roles/r",
        "vault:shop/sys/policies/acl/p",
        "vault:shop/database/config/x",
        "k8s:shop",
        f"azure-role:{GUID}",
    ]
)
WORDS = st.sampled_from(
    [
        "principalSet://goog/public:all",
        "storage.googleapis.com/*.*",
        "*/delete",
        "roles/owner",
        "roles/iam.serviceAccountTokenCreator",
        "projects/p/roles/r",
        "user:a@b.example",
        "serviceAccount:bot@p.iam.gserviceaccount.com",
        "projectEditor:p",
        "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/x/*",
        "//cloudresourcemanager.googleapis.com/projects/p",
        "/subscriptions/x/resourceGroups/g",
        "*",
        "**",
        "/",
        "",
        GUID,
        "read",
        "deny",
        "update",
        "secret/data/+/x*",
        "secret/a",
        "auth/*",
        "spiffe://{{ .TrustDomain }}/{{ .PodMeta.Namespace }}",
        "{{",
        "system:serviceaccount:a:b",
        "repo:a/b:ref:x",
        "https://token.actions.githubusercontent.com",
        "Mail.ReadWrite",
        "shop",
        "p",
    ]
)
KEYS = st.sampled_from(
    [
        "role",
        "members",
        "condition",
        "scope",
        "permissions",
        "denied",
        "excepted",
        "except",
        "principals",
        "excluded",
        "below",
        "actions",
        "notActions",
        "dataActions",
        "resource",
        "id",
        "name",
        "delegated",
        "all",
        "app",
        "blueprint",
        "scopes",
        "issuer",
        "subject",
        "root",
        "value",
        "names",
        "namespaces",
        "connection",
        "guess",
        "ns",
        "sa",
        "template",
        "pods",
        "selectors",
        "admin",
        "domain",
        "cluster",
        "labels",
        "expressions",
        "key",
        "operator",
        "values",
        "owner",
        "repositories",
        "contents",
        "tenant",
    ]
)
LEAVES = st.one_of(WORDS, st.none(), st.booleans(), st.integers(-5, 5))
VALUES = st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)), max_leaves=20)
KNOWN = Known.of(
    [
        NodeFact("Resource", "//storage.googleapis.com/b"),
        NodeFact("Resource", f"/subscriptions/{GUID}/resourcegroups/g/providers/microsoft.storage/storageaccounts/s"),
        NodeFact("Identity", "k8s:shop/a/ServiceAccount/b"),
        NodeFact("Identity", f"entra:{GUID}", {"type": "application"}),
        NodeFact("Secret", "vault:shop/secret/a"),
        NodeFact("Runtime", "k8s:shop/a/Deployment/d", {"labels": ["pod:x=y"]}),
        NodeFact("Resource", "github:a/b"),
    ],
    [EdgeFact("ASSUMES", ("Identity", f"entra:{GUID}"), ("Identity", "entra:x"))],
)


@pytest.mark.parametrize("provider", ROLES)
@settings(max_examples=80)
@given(data=st.data())
def test_any_grant_is_answered(provider: str, data: st.DataObject) -> None:
    bodies = st.one_of(VALUES.map(json.dumps), VALUES.map(lambda one: json.dumps({"root": "shop", "value": one})), st.text(max_size=20))
    grants = []
    for role in data.draw(st.lists(st.sampled_from(ROLES[provider]), max_size=6)):
        subject = ("Resource", data.draw(RESOURCES)) if role in OF_RESOURCES else ("Identity", data.draw(IDENTITIES))
        grants.append(Grant(provider, subject, role, data.draw(bodies), "o", "shop/x#L1", "granted"))
    for fact in evaluate(grants, KNOWN):
        if isinstance(fact, NodeFact):
            check_node(fact)
        elif isinstance(fact, EdgeFact):
            check_edge(fact)
        else:
            assert isinstance(fact, Problem)
            assert fact.message
