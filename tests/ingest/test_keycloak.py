from __future__ import annotations

import json

from graphinv.ingest import keycloak
from tests.ingest.reading import Facts, document, fake, fingerprint

REALM = "keycloak:shop/desk"
TENANT = "saas:keycloak/shop/desk"


def realm(**more: object) -> dict[str, object]:
    return {"realm": "desk", "accessTokenLifespan": 300, "sslRequired": "external", **more}


def read(value: object, path: str = "realm.json") -> Facts:
    found = document(json.dumps(value, indent=1), path)
    assert keycloak.detect(found.path, found.data[:4096])
    return Facts(keycloak, found)


def test_a_clients_secret_opens_what_its_service_account_may_do() -> None:
    secret = fake("keycloak")
    client = {
        "clientId": "bot",
        "secret": secret,
        "serviceAccountsEnabled": True,
        "attributes": {"client.secret.creation.time": "1735689600"},
    }
    account = {
        "username": "service-account-bot",
        "serviceAccountClientId": "bot",
        "clientRoles": {"realm-management": ["view-users", "manage-users"]},
    }
    facts = read(realm(clients=[client], users=[account]))
    key = f"secret:{fingerprint(secret)}"
    assert facts.drawn("AUTHENTICATES_AS") == {(key, f"{REALM}/clients/bot")}
    assert facts.nodes["Secret", key]["issued_at"] == "2025-01-01T00:00:00Z"
    managing = f"{REALM}/clients/realm-management/roles"
    assert facts.drawn("MEMBER_OF") == {(f"{REALM}/clients/bot", f"{managing}/{role}") for role in ("view-users", "manage-users")}
    assert facts.props("CAN_ACCESS", f"{managing}/manage-users", TENANT)["actions"] == ["admin"]
    assert facts.props("CAN_ACCESS", f"{managing}/view-users", TENANT)["actions"] == ["read"]
    assert facts.nodes["Identity", f"{REALM}/clients/bot"]["labels"] == ["grant=client_credentials"]
    assert secret not in repr(facts.all)


def test_roles_of_an_application_are_guessed_by_their_names_and_hold_others() -> None:
    roles = {
        "realm": [{"name": "clerk", "composite": True, "composites": {"realm": ["base"], "client": {"orders": ["orders:read"]}}}],
        "client": {"orders": [{"name": "orders:read"}, {"name": "refund"}]},
    }
    groups = [{"name": "staff", "realmRoles": ["clerk"], "subGroups": [{"name": "night"}]}]
    users = [{"username": "ada", "enabled": False, "groups": ["/staff/night"], "credentials": [{"type": "password", "value": fake("pw")}]}]
    facts = read(realm(roles=roles, groups=groups, users=users))
    assert facts.targets("MEMBER_OF", f"{REALM}/roles/clerk") == {f"{REALM}/roles/base", f"{REALM}/clients/orders/roles/orders:read"}
    assert facts.targets("MEMBER_OF", f"{REALM}/groups/staff/night") == {f"{REALM}/groups/staff"}
    assert facts.targets("MEMBER_OF", f"{REALM}/users/ada") == {f"{REALM}/groups/staff/night"}
    edges = [
        edge.props
        for edge in facts.edges
        if edge.kind == "CAN_ACCESS" and edge.source == ("Identity", f"{REALM}/clients/orders/roles/refund")
    ]
    assert [(props["evidence"], props["actions"]) for props in edges] == [(["inferred"], ["read", "write"])]
    assert facts.nodes["Identity", f"{REALM}/users/ada"]["status"] == "suspended"
    assert fake("pw") not in repr(facts.all)


def test_secrets_that_are_masked_or_filled_in() -> None:
    clients = [
        {"clientId": "a", "secret": "**********"},
        {"clientId": "b", "secret": "${DESK_SECRET}"},
        {"clientId": "c", "publicClient": True},
    ]
    facts = read(realm(clients=clients))
    assert facts.drawn("AUTHENTICATES_AS") == {("env:DESK_SECRET", f"{REALM}/clients/b")}
    assert facts.nodes["Identity", f"{REALM}/clients/c"]["binding"] == "none"


def test_several_realms_manifests_and_odd_shapes() -> None:
    wrapped = {
        "apiVersion": "k8s.keycloak.org/v2alpha1",
        "kind": "KeycloakRealmImport",
        "spec": {"realm": realm(clients=[{"clientId": "x"}])},
    }
    assert ("Identity", f"{REALM}/clients/x") in read(wrapped).nodes
    odd = [realm(clients=[7, {"clientId": []}], users={"a": 1}, roles=[1], groups=[{"name": 7}]), {"realm": "two", "sslRequired": "none"}]
    assert set(read(odd).nodes) == {("Resource", TENANT), ("Resource", "saas:keycloak/shop/two")}
    text = "realm: desk\nsslRequired: none\nclients:\n- clientId: y\n  publicClient: true\n"
    assert ("Identity", f"{REALM}/clients/y") in Facts(keycloak, document(text, "r.yaml")).nodes


def test_a_part_of_a_realm() -> None:
    facts = read({"enabled": True, "realm": "desk", "users": [{"username": "ada", "enabled": True, "groups": ["/clerks"]}]})
    assert facts.drawn("MEMBER_OF") == {(f"{REALM}/users/ada", f"{REALM}/groups/clerks")}


def test_clients_without_their_realm() -> None:
    secret = fake("bare")
    bot = {"id": "1", "clientId": "bot", "surrogateAuthRequired": False, "enabled": True, "secret": secret, "serviceAccountsEnabled": True}
    account = {"id": "2", "clientId": "account", "baseUrl": "/realms/desk/account/", "publicClient": True, "standardFlowEnabled": True}
    listed = read([bot, account], "clients.json")
    assert listed.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(secret)}", f"{REALM}/clients/bot")}
    assert listed.nodes["Identity", f"{REALM}/clients/bot"]["labels"] == ["grant=client_credentials"]
    alone = read(bot, "export/bot.json")
    assert alone.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(secret)}", "keycloak:shop/(export/bot.json)/clients/bot")}


def test_other_files_are_left_alone() -> None:
    assert not keycloak.detect("keycloak.json", b'{"realm": "x", "auth-server-url": "y"}')
    assert not keycloak.detect("a.py", b'"realm": "x", "clientId": "y"')
