"""Audit entries of Vault: who read what, as which role; how tokens are told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import vault, vault_audit
from tests.ingest.bad_inputs import ANY_BYTES, EVERYWHERE, read
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, document, fake

SHOP = "vault:shop/auth/approle/role/shop-agent"
STRIPE = "vault:shop/secret/pay/stripe"


def entry(operation: str, path: str, auth: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An answer as an audit device writes it."""
    token = {
        "client_token": "hmac-sha256:9cc3",
        "accessor": "hmac-sha256:eb60",
        "display_name": "approle",
        "policies": ["default", "shop"],
        "token_policies": ["default", "shop"],
        "policy_results": {"allowed": True},
        "metadata": {"role_name": "shop-agent"},
        "entity_id": "e4f5c67a",
        "token_type": "service",
    }
    made = {
        "time": "2026-11-20T08:00:00.356625452Z",
        "type": "response",
        "auth": token if auth is None else auth,
        "request": {"id": f"{operation}{path}", "operation": operation, "mount_type": "kv", "namespace": {"id": "root"}, "path": path},
        "response": {"mount_type": "kv", "data": {"key": "hmac-sha256:85d3"}},
    }
    return {**made, **more}


def logs(*entries: dict[str, Any]) -> Facts:
    return linked(vault_audit, {"audit.log": "\n".join(map(json.dumps, entries))})


def test_a_secret_that_a_role_read_is_the_one_that_policies_speak_of() -> None:
    request = {**entry("read", "secret/data/pay/stripe"), "type": "request"}
    found = logs(request, entry("read", "secret/data/pay/stripe"), entry("read", "secret/data/pay/stripe", time="2026-11-21T08:00:00Z"))
    props = found.props("CAN_ACCESS", SHOP, STRIPE)
    assert (props["actions"], props["count"], props["last_used"]) == (["read"], 2, "2026-11-21T08:00:00Z")


@pytest.mark.parametrize(
    ("operation", "path", "kind", "id", "actions"),
    [
        ("update", "secret/data/pay/stripe", "Secret", STRIPE, ["write"]),
        ("delete", "secret/metadata/pay/stripe", "Secret", STRIPE, ["delete"]),
        ("list", "secret/metadata/", "Resource", "vault:shop/secret/*", ["read"]),
        ("list", "kv/pay/", "Resource", "vault:shop/kv/pay/*", ["read"]),
        ("update", "transit/decrypt/card", "Resource", "vault:shop/transit/keys/card", ["execute"]),
        ("update", "internal-ca/issue/server", "Resource", "vault:shop/internal-ca/keys/server", ["execute"]),
        ("delete", "transit/keys/card", "Resource", "vault:shop/transit/keys/card", ["delete"]),
        ("read", "database/creds/reader", "Secret", "vault:shop/database/creds/reader", ["read"]),
    ],
)
def test_what_lies_at_a_path_is_what_policies_of_the_path_reach(operation: str, path: str, kind: str, id: str, actions: list[str]) -> None:
    found = logs(entry(operation, path))
    assert found.props("CAN_ACCESS", SHOP, id)["actions"] == actions
    assert (kind, id) in found.nodes


@pytest.mark.parametrize(
    "more",
    [
        {"error": "1 error occurred:\n\t* permission denied\n\n"},
        {"auth": {"display_name": "approle", "metadata": {"role_name": "shop-agent"}, "policy_results": {"allowed": False}}},
        {"auth": {"token_type": "default"}},
        {"type": "request"},
        {"type": "kmip-response"},
    ],
)
def test_what_was_refused_or_is_nobodys_is_no_access(more: dict[str, Any]) -> None:
    assert not logs(entry("read", "secret/data/pay/stripe"), entry("read", "secret/data/x", **more)).drawn("CAN_ACCESS") - {(SHOP, STRIPE)}


def test_what_is_done_to_vault_itself_is_counted() -> None:
    found = logs(entry("update", "sys/capabilities-self"), entry("read", "identity/entity/id/7"), entry("help", "secret/data/pay/stripe"))
    assert not found.edges
    assert [severity for _, severity, _ in found.problems] == ["note"]


@pytest.mark.parametrize(
    ("shown", "metadata", "identity"),
    [
        ("kubernetes-pay-invoice-agent", {"role": "pay", "service_account_namespace": "pay", "service_account_name": "invoice-agent"},
         "auth/kubernetes/role/pay"),
        ("oidc-4711", {"role": "staff", "account_id": "4711", "email": "ana@acme.example"}, "auth/oidc/role/staff"),
        ("jwt-ci-repo:acme/shop", {"role": "ci"}, "auth/jwt/role/ci"),
        ("userpass-ana", {"username": "ana"}, "auth/userpass/role/ana"),
        ("ldap-ana", None, "auth/ldap/role/ana"),
        ("airflow-worker", {"username": "airflow-svc"}, "auth/token/airflow-worker"),
        ("token-375f9cb3-4355-42c7-eab5-029f8a310ca7-runner", {"Task": "runner"}, "auth/token/token-runner"),
        ("root", None, "auth/token/root"),
    ],
)  # fmt: skip
def test_a_token_is_of_the_role_that_it_was_given_for(shown: str, metadata: object, identity: str) -> None:
    auth = {"display_name": shown, "metadata": metadata, "policies": ["root"] if shown == "root" else ["default"]}
    assert logs(entry("read", "secret/data/pay/stripe", auth)).drawn("CAN_ACCESS") == {(f"vault:shop/{identity}", STRIPE)}


def test_a_login_tells_where_it_is_mounted_and_who_logged_in() -> None:
    who = {"role": "pay", "service_account_namespace": "pay", "service_account_name": "invoice-agent"}
    auth = {"accessor": "hmac-sha256:77", "display_name": "k8s-prod-pay-invoice-agent", "metadata": who}
    login = entry("update", "auth/k8s/prod/login", {"token_type": "default"}, response={"auth": auth})
    found = logs(login, entry("read", "secret/data/pay/stripe", auth))
    role = "vault:shop/auth/k8s/prod/role/pay"
    assert found.drawn("ASSUMES") == {("k8s:shop/pay/ServiceAccount/invoice-agent", role)}
    assert found.drawn("CAN_ACCESS") == {(role, STRIPE)}
    arn = {"role": "deploy", "canonical_arn": "arn:aws:iam::111122223333:role/Deployer"}
    found = logs(entry("update", "auth/aws/login", {"display_name": "aws-x", "metadata": arn}, response={}))
    assert found.drawn("ASSUMES") == {(arn["canonical_arn"], "vault:shop/auth/aws/role/deploy")}


def test_what_is_no_audit_log_is_not_taken() -> None:
    data = json.dumps(entry("read", "secret/x")).encode()
    assert vault_audit.detect("audit.log", data)
    assert vault_audit.detect("vault/audit.json.1", data)
    assert not vault_audit.detect("docs/audit.md", data)
    assert not vault_audit.detect("x.json", b'{"type": "request", "request": {"path": "/"}}')
    assert not vault.detect("audit.json", data)


def test_no_value_is_told() -> None:
    secret = fake("vault", "hv" + "s.")
    auth = {"display_name": secret, "metadata": {"role_name": secret}, "client_token": secret, "accessor": secret}
    one = entry("update", f"secret/data/{secret}", auth, response={"data": {"x": secret}})
    login = entry("update", "auth/approle/login", auth, response={"auth": auth})
    assert secret not in repr(logs(login, one).all)
    made = vault_audit.summarise(document(json.dumps(one), "audit.log"))
    assert secret not in repr(made)


@pytest.mark.parametrize("data", EVERYWHERE.values(), ids=EVERYWHERE)
def test_any_bytes_are_borne(data: bytes) -> None:
    read(vault_audit, "audit.log", data)


@given(ANY_BYTES)
def test_any_bytes_at_all_are_borne(data: bytes) -> None:
    read(vault_audit, "audit.log", data)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["auth", "request", "response", "type", "time", "error"]), _VALUES)
def test_any_type_is_borne(field: str, value: object) -> None:
    read(vault_audit, "audit.log", json.dumps({**entry("read", "secret/x"), field: value}).encode())
