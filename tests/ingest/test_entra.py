from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from graphinv.ingest import Document, entra
from graphinv.model.facts import NodeFact
from tests.ingest.granting import Granted
from tests.ingest.reading import Facts, document, fake, fingerprint

GRAPH_SP = "11111111-0000-4000-8000-000000000001"
APP, APP_OBJECT, SP = (f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
BLUEPRINT, BLUEPRINT_SP, AGENT = (f"bbbbbbbb-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
MAIL_RW, MAIL_SEND = "e2a3a72e-5f79-4c64-b1b1-878b674786c9", "b633e1c5-b582-4048-a93e-9f11b44c7e96"
MAIL = "saas:microsoft/tenant(shop)/mail"
TENANT = "saas:microsoft/tenant(shop)"


def az(path: str, *objects: Mapping[str, object], **page: object) -> Document:
    """A list as ``az`` prints it, or a page of Graph's."""
    return document(json.dumps({**page, "value": list(objects)} if page else list(objects), indent=2), path)


def application(**more: object) -> dict[str, object]:
    return {"id": APP_OBJECT, "appId": APP, "displayName": "Desk", "signInAudience": "AzureADMyOrg", "identifierUris": [], **more}


def principal(id: str = SP, app: str = APP, **more: object) -> dict[str, object]:
    return {"id": id, "appId": app, "displayName": "Desk", "servicePrincipalType": "Application", "accountEnabled": True, **more}


def app_role(id: str, to: str = SP, resource: str = GRAPH_SP, name: str = "Microsoft Graph") -> dict[str, object]:
    return {
        "id": "x",
        "appRoleId": id,
        "principalId": to,
        "principalType": "ServicePrincipal",
        "resourceId": resource,
        "resourceDisplayName": name,
    }


def test_what_is_granted_to_the_principal_is_reached_with_the_applications_secret() -> None:
    key = "cccccccc-0000-4000-8000-000000000001"
    secret = {
        "keyId": key,
        "displayName": "ci",
        "startDateTime": "2025-01-01T00:00:00Z",
        "endDateTime": "2027-01-01T00:00:00Z",
        "hint": "abc",
    }
    found = Granted(
        az("apps.json", application(passwordCredentials=[secret])),
        az("sps.json", principal()),
        az("roles.json", app_role(MAIL_RW), app_role(MAIL_SEND)),
    )
    assert set(found.readers) == {"entra"}
    assert found.drawn("AUTHENTICATES_AS") == {(f"entra-credential:{key}", f"entra:{APP}")}
    assert found.nodes["Secret", f"entra-credential:{key}"]["expires_at"] == "2027-01-01T00:00:00Z"
    assert (f"entra:{APP}", f"entra:{SP}") in found.drawn("ASSUMES")
    assert (f"entra:{APP_OBJECT}", f"entra:{APP}") in found.drawn("ASSUMES")
    assert found.access(f"entra:{SP}") == {MAIL: "delete execute read write"}
    props = found.props("CAN_ACCESS", f"entra:{SP}", MAIL)
    assert (props["evidence"], props["inherited_from"]) == (["granted"], "Mail.ReadWrite, Mail.Send")
    assert "condition" not in props


def test_a_secret_that_is_told_meets_its_value_elsewhere() -> None:
    value = fake("entra", length=40)
    secret = {"keyId": "cccccccc-0000-4000-8000-000000000001", "secretText": value}
    found = Granted(az("apps.json", application(passwordCredentials=[secret])))
    assert (f"secret:{fingerprint(value)}", f"entra:{APP}") in found.drawn("AUTHENTICATES_AS")


def test_what_is_only_asked_for_is_not_granted() -> None:
    asked = {"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": [{"id": MAIL_RW, "type": "Role"}]}
    found = Granted(az("apps.json", application(requiredResourceAccess=[asked])))
    props = found.props("CAN_ACCESS", f"entra:{APP}", MAIL)
    assert (props["evidence"], props["condition"]) == (["declared"], "once it is consented to")


def test_templates_of_registrations_give_names() -> None:
    asked = {
        "resourceAppId": "Microsoft Graph",
        "resourceAccess": [{"id": "Mail.Send", "type": "Role"}, {"id": "User.Read", "type": "Scope"}],
    }
    template = {"id": "${{AAD_APP_OBJECT_ID}}", "appId": "${{AAD_APP_CLIENT_ID}}", "displayName": "Desk", "requiredResourceAccess": [asked]}
    found = Granted(document(json.dumps({**template, "identifierUris": []}), "aad.manifest.json"))
    app = "entra:application(shop/aad.manifest.json)"
    assert found.access(app) == {MAIL: "execute", "saas:microsoft/tenant(shop)/directory": "read"}
    assert not found.problems


def test_delegated_permissions_act_as_the_user() -> None:
    grant = {
        "id": "x",
        "clientId": SP,
        "consentType": "AllPrincipals",
        "principalId": None,
        "resourceId": GRAPH_SP,
        "scope": " Files.Read.All openid",
    }
    found = Granted(az("grants.json", grant))
    files = "saas:microsoft/tenant(shop)/files"
    assert found.access(f"entra:{SP}") == {files: "read"}
    assert found.props("CAN_ACCESS", f"entra:{SP}", files)["condition"] == "as the user who is signed in"


@pytest.mark.parametrize("permission", ["06b708a9-e830-4db3-a914-8e69da51d44f", "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"])
def test_who_can_grant_permissions_has_them_all(permission: str) -> None:
    assert Granted(az("roles.json", app_role(permission))).access(f"entra:{SP}")[TENANT] == "admin"


def test_who_can_change_applications_acts_as_each() -> None:
    write_all = "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"
    other = application(appId="dddddddd-0000-4000-8000-000000000001", id="dddddddd-0000-4000-8000-000000000002")
    found = Granted(az("apps.json", application(), other), az("sps.json", principal()), az("roles.json", app_role(write_all)))
    assert {(f"entra:{SP}", f"entra:{APP}"), (f"entra:{SP}", "entra:dddddddd-0000-4000-8000-000000000001")} <= found.drawn("ASSUMES")


def test_agent_identities_have_what_their_blueprint_lets_them_inherit() -> None:
    blueprint = application(
        **{"@odata.type": "#microsoft.graph.agentIdentityBlueprint"},
        id="bbbbbbbb-0000-4000-8000-000000000009",
        appId=BLUEPRINT,
        sponsors=[{"id": "x", "displayName": "Ada", "userPrincipalName": "Ada@quillmere.example", "accountEnabled": False}],
        inheritablePermissions=[
            {
                "resourceAppId": "00000003-0000-0000-c000-000000000000",
                "inheritableScopes": {"@odata.type": "#microsoft.graph.enumeratedScopes", "scopes": ["Mail.Send"]},
            }
        ],
    )
    agent = {
        "@odata.type": "#microsoft.graph.agentIdentity",
        "id": AGENT,
        "displayName": "desk agent",
        "servicePrincipalType": "ServiceIdentity",
        "accountEnabled": False,
        "agentIdentityBlueprintId": BLUEPRINT,
    }
    found = Granted(
        az("blueprints.json", blueprint),
        az("sps.json", principal(BLUEPRINT_SP, BLUEPRINT), agent),
        az("roles.json", app_role(MAIL_RW, BLUEPRINT_SP)),
        az(
            "grants.json",
            {"clientId": BLUEPRINT_SP, "consentType": "AllPrincipals", "resourceId": GRAPH_SP, "scope": "Mail.Send Files.Read"},
        ),
    )
    assert (f"entra:{BLUEPRINT}", f"entra:{AGENT}") in found.drawn("ASSUMES"), "the blueprint's credential mints for all of them"
    assert found.access(f"entra:{AGENT}") == {MAIL: "execute"}
    assert found.props("CAN_ACCESS", f"entra:{AGENT}", MAIL)["inherited_from"] == f"entra:{BLUEPRINT}"
    assert found.drawn("RUNS_AS") == {(f"entra-agent:{AGENT}", f"entra:{AGENT}")}
    assert found.nodes["Agent", f"entra-agent:{AGENT}"]["status"] == "suspended"
    assert found.drawn("OWNS") == {("ada@quillmere.example", f"entra:{BLUEPRINT}")}
    assert found.nodes["Owner", "ada@quillmere.example"]["status"] == "disabled"


def test_agents_by_the_page_they_stand_on_and_their_users() -> None:
    context = "https://graph.microsoft.com/beta/$metadata#servicePrincipals/graph.agentIdentity"
    page: dict[str, object] = {"@odata.context": context}
    agents = az("agents.json", {"id": AGENT, "displayName": "a", "agentIdentityBlueprintId": BLUEPRINT}, **page)
    user = {"id": SP, "userPrincipalName": "agent@quillmere.example", "displayName": "a", "identityParentId": AGENT}
    found = Granted(agents, az("users.json", user))
    assert ("Agent", f"entra-agent:{AGENT}") in found.nodes
    assert (f"entra:{AGENT}", f"entra:{SP}") in found.drawn("ASSUMES")
    assert found.nodes["Identity", f"entra:{SP}"]["type"] == "agent_user"
    assert not [key for key in found.nodes if key[0] == "Owner"]


def test_an_application_that_owns_another_acts_as_it() -> None:
    owner = {"@odata.type": "#microsoft.graph.servicePrincipal", "id": BLUEPRINT_SP}
    found = Granted(az("apps.json", application(owners=[owner])))
    assert (f"entra:{BLUEPRINT_SP}", f"entra:{APP}") in found.drawn("ASSUMES")
    assert not found.drawn("OWNS")


def test_federated_credentials() -> None:
    github = {"name": "ci", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:quillmere/desk:environment:prod"}
    cluster = {"name": "k", "issuer": "https://oidc.example/1", "subject": "system:serviceaccount:desk:bot"}
    page = "https://graph.microsoft.com/v1.0/$metadata#applications('" + APP_OBJECT + "')/federatedIdentityCredentials"
    context: dict[str, object] = {"@odata.context": page}
    found = Granted(
        az("apps.json", application(federatedIdentityCredentials=[github])),
        az("fed.json", {**cluster, "appId": None}, **context),
        more=[NodeFact("Identity", "k8s:live/desk/ServiceAccount/bot")],
    )
    assert found.drawn("ASSUMES") == {
        (f"entra:{APP_OBJECT}", f"entra:{APP}"),
        ("github-oidc:quillmere/desk", "github-oidc:quillmere/desk:environment:prod"),
        ("github-oidc:quillmere/desk:environment:prod", f"entra:{APP}"),
        ("k8s:live/desk/ServiceAccount/bot", f"entra:{APP_OBJECT}"),
    }
    assert found.props("ASSUMES", "k8s:live/desk/ServiceAccount/bot", f"entra:{APP_OBJECT}")["confidence"] < 1


def test_interfaces_of_ones_own_and_unknown_permissions() -> None:
    pay, pay_sp = "eeeeeeee-0000-4000-8000-000000000001", "eeeeeeee-0000-4000-8000-000000000002"
    role = "eeeeeeee-0000-4000-8000-0000000000aa"
    api = principal(pay_sp, pay, displayName="Payments", appRoles=[{"id": role, "value": "Payouts.Create"}])
    found = Granted(az("sps.json", api), az("roles.json", app_role(role, SP, pay_sp, "Payments")))
    assert found.access(f"entra:{SP}") == {f"entra:{pay}/api": "write"}
    alone = Granted(az("roles.json", app_role(role, SP, pay_sp, "Payments")))
    assert alone.access(f"entra:{SP}") == {f"entra:{pay_sp}/api": "read write"}
    assert alone.props("CAN_ACCESS", f"entra:{SP}", f"entra:{pay_sp}/api")["confidence"] < 1
    assert [severity for severity, _ in alone.problems] == ["warning"]


def test_directory_roles() -> None:
    def role(id: str, scope: str = "/") -> dict[str, object]:
        return {"id": "x", "principalId": SP, "roleDefinitionId": id, "directoryScopeId": scope}

    assert Granted(az("d.json", role("62e90394-69f5-4237-9190-012177145e10"))).access(f"entra:{SP}")[TENANT] == "admin"
    found = Granted(az("d.json", role("fe930be7-5e62-47db-91af-98c3a49a38b1", "/administrativeUnits/7")))
    directory = f"{TENANT}/directory"
    assert found.access(f"entra:{SP}") == {directory: "delete read write"}
    assert found.props("CAN_ACCESS", f"entra:{SP}", directory)["condition"] == "within /administrativeUnits/7"


def test_a_directory_role_that_is_only_offered_has_to_be_activated() -> None:
    one = {"id": "x", "principalId": SP, "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10", "directoryScopeId": "/"}
    instance = {**one, "memberType": "Direct", "roleEligibilityScheduleId": "y", "startDateTime": "2026-01-01T00:00:00Z"}
    context = "https://graph.microsoft.com/v1.0/$metadata#roleManagement/directory/roleEligibilitySchedules"
    for offered in (az("d.json", instance), document(json.dumps({"@odata.context": context, "value": [one]}), "d.json")):
        found = Granted(offered)
        assert found.props("CAN_ACCESS", f"entra:{SP}", TENANT)["condition"] == "eligible: has to be activated first"
    request = {**one, "action": "adminAssign", "status": "Provisioned"}
    assert not Granted(az("d.json", request)).access(f"entra:{SP}")


def test_people_and_groups() -> None:
    user = {"id": BLUEPRINT, "userPrincipalName": "A@b.example", "displayName": "A", "accountEnabled": True, "mail": None}
    group = {"id": AGENT, "displayName": "g", "members": [{"id": BLUEPRINT}, {"id": 7}], "principalId": "x", "identifierUris_": 1}
    found = Granted(az("users.json", user))
    assert found.nodes["Owner", "a@b.example"]["status"] == "active"
    listed = {"id": AGENT, "displayName": "Operators", "groupTypes": [], "mailEnabled": False, "securityEnabled": True}
    assert Granted(az("groups.json", listed)).nodes["Identity", f"entra:{AGENT}"]["name"] == "Operators"
    assert list(entra.read(az("groups.json", group)))


def test_the_manifest_of_a_registration_and_odd_shapes() -> None:
    manifest = {
        "appId": APP,
        "id": APP_OBJECT,
        "name": "Desk",
        "requiredResourceAccess": [7, {"resourceAccess": [1, {"id": []}]}],
        "signInAudience": "x",
    }
    found = Granted(
        document(json.dumps(manifest), "manifest.json"),
        az("odd.json", principal("x"), app_role(MAIL_RW, "nobody"), {"appId": 7, "identifierUris": 1}),
    )
    assert found.nodes["Identity", f"entra:{APP}"]["name"] == "Desk"
    assert "error" in {severity for severity, _ in found.problems}


def test_a_federated_credential_in_a_file_of_its_own_does_not_say_whose_it_is() -> None:
    file = {
        "name": "main",
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:quillmere/desk:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    }
    found = Granted(document(json.dumps(file), "federated-credential.json"))
    assert found.readers == ["entra"]
    assert found.problems == [("warning", "is a federated credential that does not say whose it is")]


def test_other_files_are_left_alone() -> None:
    assert not entra.detect("a.json", b'{"userPrincipalName": "x"}'.replace(b"user", b"some"))
    assert not entra.detect("a.py", b'"servicePrincipalType": 1, "appId": 2')


def test_what_powershell_writes_is_the_same_with_capital_letters() -> None:
    def capitalised(value: object) -> object:
        if isinstance(value, dict):
            return {f"{key[:1].upper()}{key[1:]}": capitalised(inner) for key, inner in value.items()}
        return [capitalised(inner) for inner in value] if isinstance(value, list) else value

    asked = [{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": [{"id": MAIL_SEND, "type": "Role"}]}]
    key = {"keyId": "cccccccc-0000-4000-8000-000000000001", "endDateTime": "2027-01-01T00:00:00Z"}
    objects = {
        "apps.json": application(requiredResourceAccess=asked, passwordCredentials=[key]),
        "sps.json": principal(),
        "roles.json": app_role(MAIL_SEND),
    }
    plain = Granted(*(az(path, one) for path, one in objects.items()))
    shell = Granted(*(az(path, capitalised(one)) for path, one in objects.items()))  # type: ignore[arg-type]
    assert set(shell.readers) == {"entra"}
    assert shell.nodes.keys() == plain.nodes.keys()
    assert shell.drawn("AUTHENTICATES_AS") == plain.drawn("AUTHENTICATES_AS") != set()
    assert shell.access(f"entra:{SP}") == plain.access(f"entra:{SP}") != {}


def test_what_azurehound_collects() -> None:
    app, principal, user, group = (f"bbbbbbbb-0000-4000-8000-00000000000{number}" for number in (1, 2, 3, 4))
    registration, subscription = "bbbbbbbb-0000-4000-8000-000000000005", "7d7e4e4a-0000-4000-8000-000000000001"
    reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    assigned = {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleAssignments/x",
        "properties": {
            "principalId": principal,
            "principalType": "ServicePrincipal",
            "roleDefinitionId": f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{reader}",
            "scope": f"/subscriptions/{subscription}",
        },
    }
    vault = f"/subscriptions/{subscription}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/pay"
    mail = {"appRoleId": "e2a3a72e-5f79-4c64-b1b1-878b674786c9", "principalId": principal, "resourceDisplayName": "Microsoft Graph"}
    collected: dict[str, dict[str, object]] = {
        "AZApp": {"id": registration, "appId": app, "displayName": "Desk bot"},
        "AZAppOwner": {
            "appId": registration,
            "owners": [{"appId": registration, "owner": {"id": user, "userPrincipalName": "a@acme.example"}}],
        },
        "AZServicePrincipal": {"id": principal, "appId": app, "displayName": "Desk bot", "servicePrincipalType": "Application"},
        "AZUser": {"id": user, "userPrincipalName": "a@acme.example", "displayName": "Ada"},
        "AZGroup": {"id": group, "displayName": "Operators", "securityEnabled": True},
        "AZGroupMember": {"groupId": group, "members": [{"groupId": group, "member": {"id": user}}]},
        "AZAppRoleAssignment": {**mail, "principalType": "ServicePrincipal", "resourceId": "bbbbbbbb-0000-4000-8000-000000000006"},
        "AZRoleAssignment": {
            "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10",
            "roleAssignments": [{"roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10", "principalId": user}],
        },
        "AZSubscription": {"id": f"/subscriptions/{subscription}", "subscriptionId": subscription, "displayName": "Shop", "tenantId": app},
        "AZSubscriptionRoleAssignment": {"subscriptionId": subscription, "roleAssignments": [{"roleAssignment": assigned}]},
        "AZKeyVault": {"id": vault, "name": "pay", "type": "Microsoft.KeyVault/vaults"},
        "AZKeyVaultAccessPolicy": {"keyVaultId": vault, "objectId": principal, "permissions": {"secrets": ["Get", "Set"]}},
    }
    listed = [{"kind": kind, "data": data} for kind, data in collected.items()]
    whole = {"data": listed, "meta": {"type": "azure", "version": 5, "count": len(listed)}}
    found = Granted(document(json.dumps(whole, indent=1), "azurehound.json"))
    assert set(found.readers) == {"azure_rbac", "entra"}
    assert found.problems == []
    assert {(f"entra:{app}", f"entra:{principal}"), (f"entra:{registration}", f"entra:{app}")} <= found.drawn("ASSUMES")
    assert found.drawn("MEMBER_OF") == {(f"entra:{user}", f"entra:{group}")}
    assert ("a@acme.example", f"entra:{registration}") in found.drawn("OWNS")
    access = found.access(f"entra:{principal}")
    assert access[f"azure:{subscription}"] == "read"
    assert access[vault.lower()] == "read write"
    assert access["saas:microsoft/tenant(shop)/mail"] == "delete read write"
    assert found.access(f"entra:{user}")["saas:microsoft/tenant(shop)"] == "admin"


def test_lists_of_credentials_alone_are_read() -> None:
    password = {
        "keyId": "cccccccc-0000-4000-8000-000000000003",
        "startDateTime": "2025-06-01T00:00:00Z",
        "endDateTime": "2027-06-01T00:00:00Z",
    }
    chosen = {"id": SP, "appId": APP, "displayName": "Desk", "passwordCredentials": [password]}
    for page, holder in (("applications", APP), ("servicePrincipals", SP)):
        read = az("list.json", chosen, **{"@odata.context": f"https://graph.microsoft.com/v1.0/$metadata#{page}(id,passwordCredentials)"})
        assert entra.detect(read.path, read.data)
        assert (f"entra-credential:{password['keyId']}", f"entra:{holder}") in Facts(entra, read).drawn("AUTHENTICATES_AS")


def test_people_who_leave_and_people_whose_account_is_disabled() -> None:
    person = {"id": SP, "displayName": "Bo", "userPrincipalName": "bo@quillmere.example", "accountEnabled": False}
    leaving = {**person, "id": APP, "userPrincipalName": "cy@quillmere.example", "employeeLeaveDateTime": "2026-09-30T00:00:00Z"}
    facts = Facts(entra, az("users.json", person, leaving))
    assert facts.nodes["Owner", "bo@quillmere.example"]["status"] == "disabled"
    assert facts.nodes["Identity", f"entra:{SP}"]["status"] == "suspended"
    cy = facts.nodes["Owner", "cy@quillmere.example"]
    assert (cy["status"], cy["status_since"]) == ("left", "2026-09-30T00:00:00Z")
