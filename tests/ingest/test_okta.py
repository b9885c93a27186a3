from __future__ import annotations

import json
from collections.abc import Mapping

from graphinv.ingest import okta
from tests.ingest.reading import Facts, document, fake, fingerprint

HOST = "quillmere.okta.com"
APP = "0oa1gjh63g214q0Hq0g4"
USER = "00u1ero7vZFVEIYLWPBN"
TENANT = f"saas:okta/{HOST}"


def read(*objects: Mapping[str, object]) -> Facts:
    found = document(json.dumps(list(objects), indent=1), "okta.json")
    assert okta.detect(found.path, found.data[:4096])
    return Facts(okta, found)


def application(**more: object) -> dict[str, object]:
    return {
        "id": APP,
        "name": "oidc_client",
        "label": "Desk bot",
        "status": "ACTIVE",
        "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"client_id": APP, "token_endpoint_auth_method": "client_secret_basic"}},
        "settings": {"oauthClient": {"grant_types": ["client_credentials"], "application_type": "service"}},
        "_links": {"self": {"href": f"https://{HOST}/api/v1/apps/{APP}"}},
        **more,
    }


def test_an_application_its_secret_and_its_scopes() -> None:
    secret = fake("okta", length=40)
    credentials = {"oauthClient": {"client_id": APP, "client_secret": secret, "token_endpoint_auth_method": "client_secret_basic"}}
    issuer = f"https://{HOST}"
    scopes = [
        {"id": "x", "issuer": issuer, "clientId": APP, "scopeId": scope, "status": "ACTIVE"}
        for scope in ("okta.users.read", "okta.roles.manage")
    ]
    facts = read(application(credentials=credentials), *scopes)
    key = f"okta:{HOST}/apps/{APP}"
    assert facts.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(secret)}", key)}
    granted = {edge.props["inherited_from"]: edge.props["actions"] for edge in facts.edges if edge.kind == "CAN_ACCESS"}
    assert granted == {"okta.users.read": ["read"], "okta.roles.manage": ["admin"]}
    assert facts.targets("CAN_ACCESS", key) == {TENANT}
    assert facts.nodes["Identity", key]["labels"] == ["grant=client_credentials", "sign_on=openid_connect"]
    assert secret not in repr(facts.all)


def test_scopes_of_one_user_and_roles_of_administrators() -> None:
    consented = {"issuer": f"https://{HOST}", "clientId": APP, "scopeId": "okta.groups.manage", "userId": USER, "status": "ACTIVE"}
    revoked = {**consented, "scopeId": "okta.apps.manage", "status": "REVOKED"}
    role = {
        "id": "r",
        "label": "Super Admin",
        "type": "SUPER_ADMIN",
        "status": "ACTIVE",
        "_links": {"assignee": {"href": f"https://{HOST}/oauth2/v1/clients/{APP}"}},
    }
    facts = read(consented, revoked, role)
    granted = {edge.props["inherited_from"]: (edge.props["actions"], edge.props.get("condition")) for edge in facts.edges}
    assert granted == {
        "okta.groups.manage": (["delete", "read", "write"], "as one user, who consented"),
        "SUPER_ADMIN": (["admin"], None),
    }


def test_groups_and_roles_of_ones_own() -> None:
    group = "00g2ovdjf9Ahbffgj4x7"
    links = {
        "logo": [{"name": "medium", "href": "https://ok11static.oktacdn.com/groups/medium.png"}],
        "users": {"href": f"https://{HOST}/api/v1/groups/{group}/users"},
    }
    listed = {"id": group, "objectClass": ["okta:user_group"], "type": "OKTA_GROUP", "profile": {"name": "Operators"}, "_links": links}
    assignee = {"assignee": {"href": f"https://{HOST}/api/v1/groups/{group}"}}
    role = {"id": "r", "label": "Desk keeper", "type": "CUSTOM", "status": "ACTIVE", "assignmentType": "GROUP"}
    facts = read(listed, {**role, "_links": assignee})
    key = f"okta:{HOST}/groups/{group}"
    assert (facts.nodes["Identity", key]["name"], facts.nodes["Identity", key]["type"]) == ("Operators", "group")
    props = facts.props("CAN_ACCESS", key, TENANT)
    assert (props["actions"], props["inherited_from"], props["confidence"]) == (["read", "write"], "Desk keeper", 0.5)


def test_an_application_without_links_belongs_to_the_organisation_of_its_root() -> None:
    given = {"oauthClient": {"client_id": APP}, "userNameTemplate": {"type": "BUILT_IN"}}
    assert ("Identity", f"okta:org(shop)/apps/{APP}") in read(application(credentials=given, _links=None)).nodes


def test_tokens_live_as_long_as_they_are_used_and_people_leave() -> None:
    token = {
        "id": "00Tabcdefg1234567890",
        "name": "ci",
        "userId": USER,
        "tokenWindow": "P30D",
        "created": "2026-01-01T00:00:00.000Z",
        "expiresAt": "2026-12-01T00:00:00.000Z",
        "clientName": "Okta API",
    }
    user = {
        "id": USER,
        "status": "DEPROVISIONED",
        "statusChanged": "x",
        "profile": {"login": "Ada@quillmere.example", "email": "ada@quillmere.example"},
    }
    facts = read(token, user)
    secret = facts.nodes["Secret", "okta-token:00Tabcdefg1234567890"]
    assert (secret["ttl_seconds"], secret["renewable"], secret["lifetime"]) == (30 * 86400, True, "static")
    assert facts.drawn("AUTHENTICATES_AS") == {("okta-token:00Tabcdefg1234567890", f"okta:org(shop)/users/{USER}")}
    assert facts.nodes["Owner", "ada@quillmere.example"]["status"] == "left"


def test_odd_shapes_and_other_files() -> None:
    assert not read(application(id=7), {"scopeId": 7, "clientId": []}, {"type": "X_ADMIN", "_links": 7}).edges
    assert not okta.detect("a.json", b'{"signOnMode": "x"}')
    assert not okta.detect("a.json", b'{"profile": {"login": "x"}}')
