"""Whatever a document of these formats holds, its reader gives facts of the vocabulary and problems, or one IngestError."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest import (
    aws_policies,
    azure_rbac,
    entra,
    gcp_credentials,
    gcp_iam,
    github_apps,
    keycloak,
    kubeconfig,
    oauth_clients,
    okta,
    spire,
    vault,
)
from graphinv.ingest.support.vault.hcl import PolicyError, rules
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document
from tests.security.identity_canaries import identities

GUID = "aaaaaaaa-0000-4000-8000-000000000001"
READERS = {
    "a.json": (aws_policies, azure_rbac, entra, gcp_credentials, gcp_iam, github_apps, keycloak, oauth_clients, okta, spire, vault),
    "a.yaml": (gcp_iam, keycloak, kubeconfig, spire, vault),
    "auth/kubernetes/role/a.json": (vault,),
    "database/roles/a.json": (vault,),
}
KEYS = st.sampled_from(
    [
        *(
            "name",
            "id",
            "type",
            "value",
            "properties",
            "permissions",
            "metadata",
            "spec",
            "kind",
            "labels",
            "tags",
            "members",
            "role",
            "status",
        ),
        *("assetType", "iamPolicy", "bindings", "resource", "data", "ancestors", "condition", "expression", "includedPermissions", "email"),
        *("projectId", "projectNumber", "keyType", "validAfterTime", "serviceAccounts", "template", "oidc", "client_email", "private_key"),
        *(
            "appId",
            "displayName",
            "servicePrincipalType",
            "requiredResourceAccess",
            "resourceAccess",
            "resourceAppId",
            "passwordCredentials",
        ),
        *("keyId", "owners", "sponsors", "userPrincipalName", "appRoleId", "principalId", "clientId", "consentType", "scope", "resourceId"),
        *(
            "directoryScopeId",
            "roleDefinitionId",
            "agentIdentityBlueprintId",
            "inheritablePermissions",
            "inheritableScopes",
            "issuer",
            "subject",
        ),
        *(
            "assignableScopes",
            "actions",
            "identity",
            "userAssignedIdentities",
            "accessPolicies",
            "objectId",
            "secrets",
            "tenantId",
            "state",
        ),
        *(
            "policies",
            "auth",
            "rules",
            "path",
            "capabilities",
            "configuration",
            "config",
            "roles",
            "db_name",
            "connection_url",
            "ttl",
            "max_ttl",
        ),
        *(
            "clusters",
            "contexts",
            "user",
            "token",
            "exec",
            "args",
            "env",
            "Policy",
            "PolicySummary",
            "Content",
            "Targets",
            "Accounts",
            "Arn",
            "Id",
        ),
        *("group-aliases", "map", "policy_arns", "policy_document", "azure_roles", "Statement", "Principal", "Resource", "Attributes"),
        *("bound_service_account_names", "bound_claims", "repository", "role_arns", "creation_statements", "period", "token_policies"),
        *(
            "entries",
            "spiffe_id",
            "trust_domain",
            "selectors",
            "spiffeIDTemplate",
            "podSelector",
            "matchLabels",
            "matchExpressions",
            "items",
        ),
        *(
            "installations",
            "account",
            "login",
            "app_slug",
            "app_id",
            "repository_selection",
            "token_id",
            "token_name",
            "owner",
            "repositories",
        ),
        *(
            "realm",
            "clients",
            "users",
            "groups",
            "client",
            "secret",
            "serviceAccountsEnabled",
            "username",
            "realmRoles",
            "clientRoles",
            "composites",
        ),
        *(
            "signOnMode",
            "credentials",
            "oauthClient",
            "client_id",
            "client_secret",
            "scopeId",
            "tokenWindow",
            "profile",
            "_links",
            "href",
            "self",
        ),
        *(
            "grant_types",
            "audience",
            "redirect_uris",
            "client_secret_expires_at",
            "default_permissions",
            "source_credentials",
            "web",
            "subGroups",
        ),
    ]
)
TEXTS = st.sampled_from(
    [
        *(
            GUID,
            "",
            "x",
            "read",
            "*",
            "a/b",
            "roles/owner",
            "user:a@b.example",
            "2026-01-01T00:00:00Z",
            "9999-99-99T99:99:99Z",
            "1h",
            "-1",
            "P30D",
        ),
        *("//storage.googleapis.com/b", "projects/p", f"projects/p/serviceAccounts/a@p.iam.gserviceaccount.com/keys/{'ab' * 20}"),
        *(
            "a@p.iam.gserviceaccount.com",
            "storage.googleapis.com/Bucket",
            "iam.googleapis.com/ServiceAccount",
            "run.googleapis.com/Service",
        ),
        *(f"/subscriptions/{GUID}/resourceGroups/g/providers/Microsoft.Web/sites/s", f"/subscriptions/{GUID}", "postgres://u:p@h:1/d"),
        *('path "a" { capabilities = ["read"] }', "spiffe://t/x", "{{ .X }}", "ClusterSPIFFEID", "ClusterStaticEntry", "service_account"),
        *(
            "impersonated_service_account",
            "external_account",
            "repo:a/b",
            "SUPER_ADMIN",
            "ACTIVE",
            "all",
            "selected",
            "https://a.okta.com/x",
        ),
        *("http://[", "\ud800", "é\u202e", "k8s:ns:a", "${X}", "0oa1gjh63g214q0Hq0g4", "#microsoft.graph.agentIdentity", "AllPrincipals"),
    ]
)
LEAVES = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(-(10**15), 10**20), st.floats(allow_nan=False))
VALUES = st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=9)), max_leaves=40)
TOPS = st.one_of(st.dictionaries(KEYS, VALUES, max_size=12), st.lists(st.dictionaries(KEYS, VALUES, max_size=12), max_size=3))


@pytest.mark.parametrize("path", READERS)
@settings(max_examples=60)
@given(top=TOPS)
def test_objects_of_any_shape(path: str, top: object) -> None:
    text = json.dumps(top) if path.endswith(".json") else yaml.safe_dump(json.loads(json.dumps(top).replace("\\ud800", "")))
    for reader in READERS[path]:
        with contextlib.suppress(IngestError):
            Facts(reader, document(text, path))


GOOD = {
    path.removeprefix("shop/"): text
    for path, text in identities(lambda prefix="", length=36: prefix + "x" * length).items()
    if path.endswith((".json", ".yaml")) and "{" in text
}
"""Documents in the right form, in which something is put in the place of something else."""


def places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key) of all parts of a document."""
    found, waiting = [], [value]
    while waiting:
        here = waiting.pop()
        for key in list(here) if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ():
            found.append((here, key))
            waiting.append(here[key])
    return found


@pytest.mark.parametrize("path", GOOD)
@settings(max_examples=30)
@given(data=st.data())
def test_documents_with_parts_of_another_type(path: str, data: st.DataObject) -> None:
    top = json.loads(GOOD[path]) if path.endswith(".json") else yaml.safe_load(GOOD[path])
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(top)))
        container[key] = data.draw(VALUES)
    text = json.dumps(top) if path.endswith(".json") else yaml.safe_dump(json.loads(json.dumps(top).replace("\\ud800", "")))
    for reader in READERS["a.json"]:
        with contextlib.suppress(IngestError):
            Facts(reader, document(text, path))


WORDS = st.sampled_from(
    [
        "vault",
        " ",
        "write",
        "policy",
        "kv put",
        "'",
        '"',
        "\\\n",
        "\n",
        "<<EOF",
        "EOF",
        "a=b",
        "$X",
        "-",
        "|",
        "echo",
        "auth/x/role/y",
        "#",
        "=",
        "-spiffeID",
    ]
)


@pytest.mark.parametrize("reader", [vault, spire])
@settings(max_examples=50)
@given(words=st.lists(WORDS, max_size=40))
def test_scripts_of_any_shape(reader: object, words: list[str]) -> None:
    module = vault if reader is vault else spire
    Facts(module, document(" ".join(words), "a.sh"))


@settings(max_examples=150)
@given(
    parts=st.lists(
        st.sampled_from(["path", '"a"', "{", "}", "[", "]", "=", ",", "capabilities", "#x\n", "/*", "*/", '"', "1", "\n"]), max_size=30
    )
)
def test_policies_of_any_shape(parts: list[str]) -> None:
    with contextlib.suppress(PolicyError):
        rules(" ".join(parts))
