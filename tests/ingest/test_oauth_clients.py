from __future__ import annotations

import json

import pytest

from graphinv.ingest import oauth_clients
from tests.ingest.reading import Facts, document, fake, fingerprint


def read(value: object, path: str = "client.json") -> Facts:
    found = document(json.dumps(value, indent=1), path)
    assert oauth_clients.detect(found.path, found.data[:4096])
    return Facts(oauth_clients, found)


def test_a_registered_client_and_its_secret() -> None:
    secret = fake("oauth", length=40)
    facts = read(
        {
            "client_id": "desk",
            "client_name": "Desk",
            "client_secret": secret,
            "client_secret_expires_at": 1796083200,
            "client_id_issued_at": 1735689600,
            "grant_types": ["client_credentials"],
            "scope": "orders:read orders:write",
        }
    )
    key = f"secret:{fingerprint(secret)}"
    assert facts.drawn("AUTHENTICATES_AS") == {(key, "oauth-client:shop/desk")}
    assert facts.nodes["Secret", key]["expires_at"] == "2026-12-01T00:00:00Z"
    assert facts.nodes["Secret", key]["scopes"] == ["orders:read", "orders:write"]
    assert "grant=client_credentials" in facts.nodes["Identity", "oauth-client:shop/desk"]["labels"]
    assert secret not in repr(facts.all)


def test_a_secret_that_never_expires() -> None:
    facts = read({"client_id": "desk", "client_secret": fake("never", length=40), "client_secret_expires_at": 0, "redirect_uris": []})
    (secret,) = [props for key, props in facts.nodes.items() if key[0] == "Secret"]
    assert "expires_at" not in secret


def test_a_client_that_is_named_by_its_address() -> None:
    facts = read(
        {"client_id": "https://desk.example/client.json", "client_name": "Desk", "token_endpoint_auth_method": "none", "redirect_uris": []}
    )
    assert facts.nodes["Identity", "oauth-client:https://desk.example/client.json"]["binding"] == "none"


def test_files_of_google() -> None:
    secret = fake("google", "GOCSPX-", 28)
    inner = {
        "client_id": "7-x.apps.googleusercontent.com",
        "project_id": "p",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "client_secret": secret,
    }
    facts = read({"installed": inner}, "client_secret.json")
    client = "oauth-client:accounts.google.com/7-x.apps.googleusercontent.com"
    assert facts.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(secret)}", client)}


def test_grants_of_auth0() -> None:
    facts = read([{"id": "cgr", "client_id": "abc", "audience": "https://pay.example/api/", "scope": ["read:payouts", "create:payouts"]}])
    props = facts.props("CAN_ACCESS", "oauth-client:shop/abc", "https://pay.example/api")
    assert (props["actions"], props["evidence"]) == (["read", "write"], ["granted"])


@pytest.mark.parametrize(
    "text",
    [
        '{"issuer": "https://x", "authorization_endpoint": "y", "client_id": 1, "grant_types": []}',
        '{"mcpServers": {"a": {"client_id": "x", "redirect_uris": []}}}',
        '{"name": "x", "client_id": "y"}',
    ],
)
def test_other_files_are_left_alone(text: str) -> None:
    assert not oauth_clients.detect("a.json", text.encode())


def test_odd_shapes() -> None:
    assert not read([{"client_id": 7, "grant_types": 7}, {"client_id": "x", "audience": [], "scope": 7, "redirect_uris": 1}]).drawn(
        "CAN_ACCESS"
    )


def test_files_of_the_deploy_tool_of_auth0() -> None:
    tenant = """clients:
  - name: Desk bot
    app_type: non_interactive
    grant_types: [client_credentials]
  - {name: Desk page, app_type: spa}
clientGrants:
  - client_id: Desk bot
    audience: https://api.acme.example/orders
    scope: [read:orders, delete:orders]
"""
    facts = Facts(oauth_clients, document(tenant, "tenant.yaml"))
    bot = "oauth-client:shop/Desk bot"
    assert facts.props("CAN_ACCESS", bot, "https://api.acme.example/orders")["actions"] == ["delete", "read"]
    assert facts.nodes["Identity", bot]["labels"] == ["grant=client_credentials"]
    assert ("Identity", "oauth-client:shop/Desk page") in facts.nodes
    client = json.dumps({"app_type": "non_interactive", "name": "Desk bot", "grant_types": ["client_credentials"]})
    assert oauth_clients.detect("clients/Desk bot.json", client.encode())
    assert ("Identity", bot) in Facts(oauth_clients, document(client, "clients/Desk bot.json")).nodes
    assert oauth_clients.detect("tenant.yaml", tenant.encode())
    assert not oauth_clients.detect("app.yaml", b"clients:\n  - name: x\n")
