from __future__ import annotations

import json

import pytest

from graphinv.ingest import vault
from graphinv.ingest.support.secrets import secret_facts
from graphinv.ingest.support.vault.hcl import PolicyError, rules
from graphinv.ingest.support.vault.paths import key_of
from graphinv.model.facts import EdgeFact, Grant, NodeFact, Ref
from tests.ingest.granting import Granted
from tests.ingest.reading import Facts, document, fake, fingerprint

ROLE = "vault:shop/auth/kubernetes/role/desk"
CREDS = "vault:shop/database/creds/reader"
DATABASE = "postgres://db.quillmere.example:5432/orders"

OPERATOR = """
policies:
  - name: desk
    rules: |
      path "secret/data/desk/*" { capabilities = ["read", "list"] }
      path "database/creds/reader" {
        capabilities = ["read"]
      }
auth:
  - type: kubernetes
    roles:
      - name: desk
        bound_service_account_names: [bot]
        bound_service_account_namespaces: [desk]
        policies: [desk]
        ttl: 1h
        max_ttl: 24h
secrets:
  - path: database
    type: database
    configuration:
      config:
        - name: orders
          plugin_name: postgresql-database-plugin
          connection_url: "postgresql://{{username}}:{{password}}@db.quillmere.example:5432/orders?sslmode=require"
          username: root
          password: %(password)s
      roles:
        - name: reader
          db_name: orders
          creation_statements:
            - CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}';
            - GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{name}}";
          default_ttl: 15m
          max_ttl: 2h
"""


def test_from_a_service_account_to_the_database() -> None:
    password = fake("vault")
    known = [NodeFact("Identity", "k8s:live/desk/ServiceAccount/bot"), NodeFact("Identity", "k8s:live/other/ServiceAccount/bot")]
    found = Granted(document(OPERATOR % {"password": password}, "ops/vault.yaml"), more=known)
    assert set(found.readers) == {"vault"}
    assert found.drawn("ASSUMES") == {("k8s:live/desk/ServiceAccount/bot", ROLE)}
    assert found.access(ROLE) == {"vault:shop/secret/desk/*": "read", CREDS: "read"}
    assert found.nodes["Secret", CREDS] | {"sources": []} == {
        "name": "reader of database",
        "type": "dynamic_credential",
        "lifetime": "ephemeral",
        "ttl_seconds": 900,
        "max_life_seconds": 7200,
        "renewable": True,
        "revocation_hook": True,
        "sources": [],
    }
    issued = "vault:shop/database/roles/reader"
    assert (CREDS, issued) in found.drawn("AUTHENTICATES_AS")
    assert found.access(issued) == {DATABASE: "read"}
    token = found.nodes["Secret", f"{ROLE}#token"]
    assert (token["ttl_seconds"], token["max_life_seconds"], token["renewable"]) == (3600, 86400, True)
    assert password not in repr(found.nodes) + repr(found.edges)


def test_without_a_cluster_the_account_is_that_of_the_root() -> None:
    found = Granted(document(OPERATOR % {"password": "x"}, "ops/vault.yaml"))
    assert found.drawn("ASSUMES") == {("k8s:shop/desk/ServiceAccount/bot", ROLE)}


def granted(policy: str, *secrets: str, name: str = "desk") -> Granted:
    """What a role with the one policy in ``policy`` reaches, where ``secrets`` are known."""
    role = json.dumps({"request_id": "x", "data": {"policies": [name]}})
    known = [NodeFact("Secret", f"vault:shop/{one}") for one in secrets]
    return Granted(document(policy, f"policies/{name}.hcl"), document(role, "auth/kubernetes/role/desk.json"), more=known)


def test_the_most_specific_path_holds_and_denial_wins() -> None:
    policy = """
    path "secret/data/*" { capabilities = ["read"] }
    path "secret/data/pay/*" { capabilities = ["deny"] }
    path "secret/data/pay/open" { capabilities = ["read", "update"] }
    path "secret/data/+/shared" { capabilities = ["create"] }
    """
    reach = granted(policy, "secret/desk", "secret/pay/card", "secret/pay/open", "secret/x/shared").access(ROLE)
    assert reach == {
        "vault:shop/secret/*": "read write",
        "vault:shop/secret/desk": "read",
        "vault:shop/secret/pay/open": "read write",
        "vault:shop/secret/x/shared": "write",
    }


@pytest.mark.parametrize(
    "rule",
    [
        'path "*" { capabilities = ["create", "read", "update", "sudo"] }',
        'path "sys/policies/acl/*" { capabilities = ["update"] }',
        'path "auth/*" { capabilities = ["create"] }',
        'path "auth/kubernetes/role/x" { capabilities = ["update"] }',
        'path "auth/token/create" { capabilities = ["update", "sudo"] }',
        'path "auth/token/roles/x" { capabilities = ["create"] }',
        'path "auth/cert/certs/x" { capabilities = ["update"] }',
        'path "identity/entity-alias" { capabilities = ["update"] }',
    ],
)
def test_who_can_write_policies_or_logins_has_everything(rule: str) -> None:
    reach = granted(rule, "secret/pay").access(ROLE)
    assert reach["vault:shop"] == "admin"
    assert reach["vault:shop/secret/pay"].startswith("admin")


@pytest.mark.parametrize(
    ("rule", "reach"),
    [
        ('path "sys/policies/acl/*" { capabilities = ["read", "list"] }', {"vault:shop/sys": "read"}),
        ('path "transit/encrypt/card" { capabilities = ["update"] }', {"vault:shop/transit/keys/card": "execute"}),
        ('path "transit/decrypt/card" { capabilities = ["update"] }', {"vault:shop/transit/keys/card": "execute read"}),
        ('path "auth/token/lookup-self" { capabilities = ["read"] }', {}),
        ('path "auth/jwt/config" { capabilities = ["update"] }', {"vault:shop/auth": "write"}),
        ('path "auth/token/create" { capabilities = ["create", "update"] }', {}),
        ('path "auth/token/create-orphan" { capabilities = ["update"] }', {}),
        ('path "secret/dev" { capabilities = ["list"] }', {"vault:shop/secret/dev/*": "read"}),
        ('path "secret/dev" { policy = "write" }', {"vault:shop/secret/dev": "delete read write"}),
        ('path "kv/data/a" { capabilities = ["read"] }', {"vault:shop/kv/a": "read"}),
    ],
)
def test_what_a_path_names(rule: str, reach: dict[str, str]) -> None:
    assert granted(rule).access(ROLE) == reach


@pytest.mark.parametrize("path", ["auth/token/create/ops", "auth/kubernetes/config"])
def test_who_makes_tokens_of_a_role_or_says_who_logs_in_becomes_it(path: str) -> None:
    entries = {"auth/token/roles/ops": {"allowed_policies": "ops"}, "auth/kubernetes/role/ops": {"token_policies": "ops"}}
    found = Granted(
        document(f'path "{path}" {{ capabilities = ["update"] }}', "policies/desk.hcl"),
        document(json.dumps({**entries, "auth/kubernetes/role/desk": {"policies": "desk"}}), "vault.json"),
    )
    became = "vault:shop/auth/token/role/ops" if "token" in path else "vault:shop/auth/kubernetes/role/ops"
    assert ("vault:shop/auth/kubernetes/role/desk", became) in found.drawn("ASSUMES")
    assert "vault:shop" not in found.access("vault:shop/auth/kubernetes/role/desk")


def test_who_may_ask_for_a_secret_id_becomes_that_role() -> None:
    found = granted('path "auth/approle/role/deploy/secret-id" { capabilities = ["update"] }')
    assert (ROLE, "vault:shop/auth/approle/role/deploy") in found.drawn("ASSUMES")
    assert not found.access(ROLE)


def test_a_file_named_after_its_policy_is_a_guess_and_a_missing_policy_is_told() -> None:
    role = document(json.dumps({"lease_id": "", "data": {"token_policies": ["desk", "gone"]}}), "auth/kubernetes/role/desk.json")
    found = Granted(document('path "kv/a" { capabilities = ["read"] }', "desk-policy.hcl"), role)
    assert found.props("CAN_ACCESS", ROLE, "vault:shop/kv/a")["evidence"] == ["inferred"]
    assert [(severity, "gone" in message) for severity, message in found.problems] == [("warning", True)]


def test_logins_of_clouds_and_repositories_and_times_of_tokens() -> None:
    roles = {
        "auth/aws/role/job": {
            "bound_iam_principal_arn": ["arn:aws:iam::123456789012:role/job", "arn:aws:iam::123456789012:role/w-*"],
            "policies": "a,b",
        },
        "auth/jwt/role/ci": {"bound_claims": {"repository": "quillmere/desk"}, "token_period": "1h", "token_policies": []},
        "auth/gcp/role/g": {
            "bound_service_accounts": "bot@p.iam.gserviceaccount.com",
            "token_explicit_max_ttl": 600,
            "token_type": "batch",
        },
        "auth/approle/role/a": {"secret_id_ttl": "0", "secret_id_num_uses": 0, "token_policies": ["root"]},
        "aws/roles/deploy": {
            "credential_type": "assumed_role",
            "role_arns": ["arn:aws:iam::123456789012:role/deploy"],
            "default_sts_ttl": "1h",
        },
    }
    known = [NodeFact("Identity", "arn:aws:iam::123456789012:role/w-1")]
    found = Granted(document(json.dumps(roles), "dump.json"), more=known)
    assert found.drawn("ASSUMES") == {
        ("arn:aws:iam::123456789012:role/job", "vault:shop/auth/aws/role/job"),
        ("arn:aws:iam::123456789012:role/w-1", "vault:shop/auth/aws/role/job"),
        ("github-oidc:quillmere/desk", "vault:shop/auth/jwt/role/ci"),
        ("gcp:bot@p.iam.gserviceaccount.com", "vault:shop/auth/gcp/role/g"),
        ("vault:shop/aws/roles/deploy", "arn:aws:iam::123456789012:role/deploy"),
    }
    periodic = found.nodes["Secret", "vault:shop/auth/jwt/role/ci#token"]
    assert (periodic["ttl_seconds"], periodic["renewable"]) == (3600, True)
    assert "max_life_seconds" not in periodic
    batch = found.nodes["Secret", "vault:shop/auth/gcp/role/g#token"]
    assert (batch["renewable"], batch["max_life_seconds"]) == (False, 600)
    assert found.nodes["Secret", "vault:shop/auth/approle/role/a#secret-id"]["lifetime"] == "static"
    assert found.access("vault:shop/auth/approle/role/a")["vault:shop"] == "admin"
    assert found.nodes["Secret", "vault:shop/aws/creds/deploy"]["renewable"] is False


OBJECTS = """
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultAuth
metadata: {name: a, namespace: desk}
spec: {method: kubernetes, mount: kubernetes, kubernetes: {role: desk, serviceAccount: bot}}
---
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultStaticSecret
metadata: {name: b, namespace: desk}
spec: {mount: secret, type: kv-v2, path: desk/db, destination: {name: db, create: true}}
---
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultDynamicSecret
metadata: {name: c, namespace: desk}
spec: {mount: database, path: creds/reader, destination: {name: orders}}
---
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultDynamicSecret
metadata: {name: d}
spec: {destination: 7}
"""


def test_the_operators_objects() -> None:
    found = Granted(document(OBJECTS, "k8s/vault.yaml"))
    assert found.drawn("ASSUMES") == {("k8s:shop/desk/ServiceAccount/bot", ROLE)}
    assert found.drawn("DERIVED_FROM") == {("k8s:shop/desk/Secret/db", "vault:shop/secret/desk/db"), ("k8s:shop/desk/Secret/orders", CREDS)}
    assert found.drawn("AUTHENTICATES_AS") == {("k8s:shop/desk/Secret/orders", "vault:shop/database/roles/reader")}
    assert [severity for severity, _ in found.problems] == ["error"]


SCRIPT = """#!/bin/sh
set -eu
vault policy write desk - <<EOF
path "secret/data/desk" {
  capabilities = ["read"]
}
EOF
# vault write auth/kubernetes/role/no policies=desk
vault write auth/kubernetes/role/desk \\
    bound_service_account_names=bot bound_service_account_namespaces=desk \\
    policies=desk ttl=30m
vault write auth/kubernetes/role/$NAME policies=desk
vault kv put -mount secret desk password=%(password)s token=$TOKEN
export T=$(vault write -field token auth/approle/login role_id=x secret_id=y)
vault write -field=signed_key ssh/sign/host cert_type=host > cert
echo 'path "kv/b" { capabilities = ["read"] }' | vault policy write other -
"""


def test_here_documents_of_scripts_hold_values_and_data() -> None:
    script = """
vault write aws/roles/ops credential_type=iam_user policy_document=-<<EOF
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}
EOF
vault write auth/jwt/role/ci - <<EOF
{"role_type": "jwt", "policies": ["desk", "pay"], "bound_claims": {"repository": "quillmere/desk"}, "ttl": "10m"}
EOF
"""
    facts = Facts(vault, document(script, "setup.sh"))
    assert facts.problems == []
    granted = {one.role: json.loads(one.body)["value"] for one in facts.all if isinstance(one, Grant) and "/jwt/" in one.subject[1]}
    assert granted["policies"] == ["desk", "pay"]
    assert facts.nodes["Secret", "vault:shop/auth/jwt/role/ci#token"]["ttl_seconds"] == 600


def test_scripts_are_read_as_far_as_they_are_constant() -> None:
    password = fake("script")
    found = Granted(document(SCRIPT % {"password": password}, "setup.sh"))
    assert found.drawn("ASSUMES") == {("k8s:shop/desk/ServiceAccount/bot", ROLE)}
    assert found.access(ROLE) == {"vault:shop/secret/desk": "read"}
    assert found.nodes["Secret", f"{ROLE}#token"]["ttl_seconds"] == 1800
    assert {id for kind, id in found.nodes if kind == "Secret"} == {f"{ROLE}#token", "vault:shop/secret/desk"}
    assert password not in repr(found.nodes) + repr(found.edges)
    (source,) = [one for one in found.props("CAN_ACCESS", ROLE, "vault:shop/secret/desk")["sources"] if one.endswith("#L4")]
    assert source == "shop/setup.sh#L4"


def test_json_policies_and_reads_of_policies() -> None:
    policy = {"path": {"secret/data/a": {"capabilities": ["read"]}, "b": 7}}
    text = json.dumps({"data": {"name": "two", "policy": 'path "kv/c" { capabilities = ["update"] }'}})
    role = document(json.dumps({"lease_id": "", "data": {"policies": ["one", "two"]}}), "auth/kubernetes/role/desk.json")
    found = Granted(document(json.dumps(policy), "one.json"), document(text, "x.json"), role)
    assert found.access(ROLE) == {"vault:shop/secret/a": "read", "vault:shop/kv/c": "write"}


def test_a_reference_in_a_configuration_means_the_same_secret() -> None:
    (held,) = secret_facts(document("", ".mcp.json"), 3, ("ToolServer", "s"), "DB_PASSWORD", "vault:secret/data/desk#password", "config")
    assert isinstance(held, EdgeFact)
    assert isinstance(held.target, Ref)
    assert ("Secret", held.target.fallback) == key_of("Secret", "shop", "secret/desk")


@pytest.mark.parametrize(
    "text", ['path "a" {', "}", 'path "a" { capabilities = ["read" }', "<<<", 'path "a" { x = "\n" }', "path " + "{ a " * 100]
)
def test_what_is_no_policy_is_one_problem(text: str) -> None:
    with pytest.raises(PolicyError):
        rules(text)
    facts = list(vault.read(document(text, "x.hcl")))
    assert len(facts) == 1


def test_the_only_address_is_taken_for_the_only_vault() -> None:
    known = [NodeFact("Secret", "vault:https://vault.quillmere.example/secret/desk")]
    role = document(json.dumps({"lease_id": "", "data": {"policies": ["p"]}}), "auth/kubernetes/role/desk.json")
    policy = document('path "secret/data/desk" { capabilities = ["read"] }', "p.hcl")
    found = Granted(policy, role, more=known)
    assert found.props("CAN_ACCESS", ROLE, "vault:https://vault.quillmere.example/secret/desk")["evidence"] == ["inferred"]
    two = [*known, NodeFact("Secret", "vault:https://other.example/secret/desk")]
    assert list(Granted(policy, role, more=two).access(ROLE)) == ["vault:shop/secret/desk"]


def test_many_rules_and_secrets_take_no_long() -> None:
    policy = "".join(f'path "kv/{n}/*" {{ capabilities = ["read"] }}\n' for n in range(3000))
    found = granted(policy, *(f"kv/{n}/x" for n in range(3000)))
    assert len(found.access(ROLE)) == 6000


def test_other_files_are_left_alone() -> None:
    assert not vault.detect("main.tf", b'path "x" { capabilities = ["read"] }')
    assert not vault.detect("nomad.hcl", b'job "x" { path "y" }')
    assert not vault.detect("a.yaml", b"auth:\n  type: basic\n")
    assert not vault.detect("envoy.yaml", b"rules:\n  action: ALLOW\n  policies:\n")
    assert not vault.detect("openapi.json", b'{"path": {"x": 1}}')


CLOUDS = """
secrets:
  - path: aws
    type: aws
    configuration:
      roles:
        - name: reports
          credential_type: iam_user
          policy_arns: [arn:aws:iam::111122223333:policy/reports, arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
          policy_document: '{"Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::quillmere-reports/*"}]}'
        - {name: deploy, credential_type: assumed_role, role_arns: 'arn:aws:iam::111122223333:role/deploy', policy_arns: ['arn:x']}
        - {name: broken, policy_document: '{not json'}
  - type: gcp
    configuration:
      roleset:
        - name: images
          secret_type: access_token
          project: quillmere
          bindings: |
            resource "//cloudresourcemanager.googleapis.com/projects/quillmere" {
              roles = ["roles/storage.admin", "roles/viewer"]
            }
            resource "buckets/x" { roles = ["roles/viewer"] }
  - type: azure
    configuration:
      roles:
        - name: ops
          azure_roles: '[{"role_name": "Contributor", "scope": "/subscriptions/00000000-0000-4000-8000-000000000001"}]'
        - {name: app, application_object_id: 00000000-0000-4000-8000-0000000000AA, ttl: 1h}
"""


def test_what_the_credentials_of_engines_for_clouds_may_do() -> None:
    bucket = NodeFact("Resource", "arn:aws:s3:::quillmere-reports")
    found = Granted(
        document('policies:\n  - name: x\n    rules: path "a" { capabilities = ["read"] }\n' + CLOUDS, "ops/vault.yaml"), more=[bucket]
    )
    user, account = "arn:aws:iam::111122223333:user/vault-reports", "gcp:vaultimages@quillmere.iam.gserviceaccount.com"
    assert found.drawn("ASSUMES") == {
        ("vault:shop/aws/roles/reports", user),
        ("vault:shop/aws/roles/deploy", "arn:aws:iam::111122223333:role/deploy"),
        ("vault:shop/aws/roles/broken", "arn:aws:iam::account(shop):user/vault-broken"),
        ("vault:shop/gcp/roleset/images", account),
        ("vault:shop/azure/roles/app", "entra:00000000-0000-4000-8000-0000000000aa"),
    }
    assert found.access(user)["arn:aws:s3:::quillmere-reports"] == "read write"
    assert found.access(account)["//serviceusage.googleapis.com/projects/quillmere/services/storage.googleapis.com"].startswith("admin")
    subscription = "azure:00000000-0000-4000-8000-000000000001"
    assert found.access("vault:shop/azure/roles/ops")[subscription] == "delete execute read write"
    told = sorted(message for _, message in found.problems)
    assert [message for message in told if "not JSON" in message or "not named in full" in message] == [
        "a binding of Google Cloud is on a resource that is not named in full",
        "the policy document of a role of AWS is not JSON",
    ]
    assert any("arn:aws:iam::111122223333:policy/reports" in message for message in told)


DIRECTORY = """
policies:
  - name: desk
    rules: path "secret/data/desk" { capabilities = ["read"] }
auth:
  - type: ldap
    groups: {developers: {policies: desk}}
    users: {ann: {groups: developers}}
  - type: github
    map: {teams: {core: desk}, users: {bob: desk}}
  - type: userpass
    users: [{username: cy, password: hidden-away, token_policies: desk}]
groups:
  - {name: admins, policies: [desk], type: external}
group-aliases:
  - {name: ops, mountpath: ldap, group: admins}
  - {name: nobody, mountpath: ldap}
"""


def test_users_teams_and_groups_have_the_policies_that_they_are_given() -> None:
    found = Granted(document(DIRECTORY, "ops/vault.yaml"))
    held = [
        "auth/ldap/role/developers",
        "auth/github/role/core",
        "auth/github/role/bob",
        "auth/userpass/role/cy",
        "identity/group/name/admins",
    ]
    assert {name: found.access(f"vault:shop/{name}") for name in held} == {name: {"vault:shop/secret/desk": "read"} for name in held}
    assert found.drawn("MEMBER_OF") == {
        ("vault:shop/auth/ldap/role/ann", "vault:shop/auth/ldap/role/developers"),
        ("vault:shop/auth/ldap/role/ops", "vault:shop/identity/group/name/admins"),
    }
    assert [message for _, message in found.problems] == ["is an alias without a group or a login method"]


# ---- what was issued ------------------------------------------------------------------------------------------------------------

ACCESSOR = "8609694a-cdbc-db9b-d345-e782dbb562ed"
LOOKED_UP = {
    "accessor": ACCESSOR,
    "creation_time": 1782000000,
    "creation_ttl": 3600,
    "display_name": "kubernetes-desk-bot",
    "expire_time": "2026-11-27T09:40:00.123456789Z",
    "explicit_max_ttl": 0,
    "id": "",
    "issue_time": "2026-06-21T00:00:00.123456789Z",
    "last_renewal": "2026-11-27T08:40:00.123456789Z",
    "meta": {"role": "desk", "service_account_name": "bot"},
    "path": "auth/kubernetes/login",
    "period": 3600,
    "policies": ["default", "desk"],
    "renewable": True,
    "ttl": 2400,
    "type": "service",
}


def looked_up(**more: object) -> str:
    return json.dumps({"request_id": "1", "lease_id": "", "lease_duration": 0, "data": {**LOOKED_UP, **more}}, indent=2)


def issued(text: str, path: str = "tokens/desk.json") -> Facts:
    read = document(text, path)
    assert vault.detect(read.path, read.data[:4096])
    return Facts(vault, read)


def test_a_token_that_is_renewed_says_since_when_it_lives() -> None:
    facts = issued(looked_up())
    token = f"vault-token:{fingerprint(ACCESSOR)}"
    assert facts.nodes["Secret", token] | {"sources": []} == {
        "name": "token of kubernetes-desk-bot",
        "type": "vault_token",
        "lifetime": "ephemeral",
        "issued_at": "2026-06-21T00:00:00Z",
        "expires_at": "2026-11-27T09:40:00Z",
        "ttl_seconds": 3600,
        "renewable": True,
        "revocation_hook": True,
        "sources": [],
    }
    assert facts.drawn("AUTHENTICATES_AS") == {(token, ROLE)}


def test_a_token_that_lies_in_its_look_up_is_known_by_its_value_and_not_told() -> None:
    value = fake("token", "hvs.", 90)
    facts = issued(looked_up(id=value))
    assert facts.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(value)}", ROLE)}
    assert value not in repr(facts.all)


def test_a_token_that_somebody_made_has_its_own_policies() -> None:
    facts = issued(looked_up(path="auth/token/create", meta=None, period=0, expire_time=None, type="batch"))
    (drawn,) = facts.drawn("AUTHENTICATES_AS")
    assert drawn[1].startswith("vault:shop/vault-token:")
    assert (facts.nodes["Secret", drawn[0]]["lifetime"], facts.nodes["Secret", drawn[0]]["revocation_hook"]) == ("static", False)
    (grant,) = [one for one in facts.all if isinstance(one, Grant)]
    assert json.loads(grant.body)["value"] == ["default", "desk"]


def test_a_person_is_known_by_the_path_of_the_login() -> None:
    facts = issued(looked_up(path="auth/userpass/login/ana", meta={"username": "ana"}))
    assert {target for _, target in facts.drawn("AUTHENTICATES_AS")} == {"vault:shop/auth/userpass/role/ana"}


def test_a_lease_that_is_renewed_stands_for_the_role_of_its_engine() -> None:
    lease = {"id": "database/creds/reader/h3x", "issue_time": "2026-09-21T00:00:00Z", "expire_time": "2026-11-27T09:40:00Z"}
    more = {"last_renewal": "2026-11-27T08:40:00Z", "renewable": True, "ttl": 3599}
    facts = issued(
        "\n".join(json.dumps({"data": one}) for one in ({**lease, **more}, {**lease, "id": "auth/kubernetes/login/x", **more})),
        "leases.jsonl",
    )
    (drawn,) = facts.drawn("AUTHENTICATES_AS")
    assert drawn[1] == "vault:shop/database/roles/reader"
    assert facts.nodes["Secret", drawn[0]]["ttl_seconds"] == 3600


@pytest.mark.parametrize(
    "wrong", [{"issue_time": "soon"}, {"meta": []}, {"path": 7}, {"policies": {}}, {"accessor": None}, {"expire_time": [1]}]
)
def test_look_ups_with_something_wrong_are_read_as_far_as_they_go(wrong: dict[str, object]) -> None:
    assert issued(looked_up(**wrong)).nodes


def test_objects_by_path_are_read_where_the_look_up_of_a_token_is_among_them() -> None:
    role = {"token_policies": ["desk"], "bound_service_account_names": ["bot"], "bound_service_account_namespaces": ["shop"]}
    facts = issued(json.dumps({"auth/kubernetes/role/desk": {"data": role}, "auth/token/lookup-self": {"data": LOOKED_UP}}), "vault.json")
    assert ROLE in {key[1] for key in facts.nodes}


def test_a_log_that_writes_policies_down_is_none() -> None:
    line = json.dumps({"type": "request", "request": {"data": {"policy": 'path "secret/*" {\n  capabilities = ["read"]\n}'}}})
    assert vault.detect("audit.json", line.encode())
    assert not vault.detect("audit.jsonl", f"{line}\n{line}\n".encode())
