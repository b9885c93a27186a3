from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from graphinv.ingest import Document, azure_rbac
from graphinv.model.facts import EdgeFact, NodeFact
from tests.ingest.granting import Granted
from tests.ingest.reading import document

SUBSCRIPTION = "7d7e4e4a-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Desk"
STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/invoices"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/pay"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/worker"
BOT = "aaaaaaaa-0000-4000-8000-00000000000b"
MACHINE_ID = "aaaaaaaa-0000-4000-8000-00000000000c"
OWNER, CONTRIBUTOR = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER, ACCESS_ADMIN = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
IDENTITY_CONTRIBUTOR, IDENTITY_OPERATOR = "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", "f1a07417-d97a-45cb-824c-7a7467783830"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"


def az(path: str, *objects: Mapping[str, object]) -> Document:
    return document(json.dumps(list(objects), indent=2), path)


def assignment(role: str, scope: str, principal: str = BOT, **more: object) -> dict[str, object]:
    """As ``az role assignment list`` prints it."""
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/x",
        "principalId": principal,
        "principalName": "desk-bot",
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "scope": scope,
        **more,
    }


RESOURCES = az(
    "resources.json",
    {
        "id": STORE,
        "name": "invoices",
        "type": "Microsoft.Storage/storageAccounts",
        "location": "x",
        "tags": {"env": "prod", "owner": "ada@quillmere.example"},
    },
    {
        "id": MACHINE,
        "name": "worker",
        "type": "Microsoft.Compute/virtualMachines",
        "location": "x",
        "identity": {"principalId": MACHINE_ID, "type": "SystemAssigned"},
    },
)


def granted(*assignments: dict[str, object], more: tuple[Document, ...] = ()) -> Granted:
    return Granted(RESOURCES, az("assignments.json", *assignments), *more)


def test_a_role_on_a_group_reaches_what_is_known_in_it() -> None:
    found = granted(assignment(BLOB_READER, GROUP))
    assert set(found.readers) == {"azure_rbac"}
    assert found.access(f"entra:{BOT}") == {
        STORE.lower(): "read",
        f"{GROUP.lower()}/providers/microsoft.storage/storageaccounts": "read",
    }
    props = found.props("CAN_ACCESS", f"entra:{BOT}", STORE.lower())
    assert (props["evidence"], props["inherited_from"]) == (["granted"], "Storage Blob Data Reader")
    assert found.nodes["Resource", STORE.lower()]["environment"] == "prod"
    assert found.drawn("OWNS") == {("ada@quillmere.example", STORE.lower())}


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        (OWNER, "admin delete execute read write"),
        (CONTRIBUTOR, "delete execute read write"),
        (READER, "read"),
        (ACCESS_ADMIN, "admin read"),
    ],
)
def test_a_role_for_everything_covers_the_scope_itself(role: str, actions: str) -> None:
    reach = granted(assignment(role, f"/subscriptions/{SUBSCRIPTION}")).access(f"entra:{BOT}")
    assert reach == {f"azure:{SUBSCRIPTION}": actions, STORE.lower(): actions, MACHINE.lower(): actions}


def test_the_identity_of_a_store_has_its_name() -> None:
    store = {"id": STORE, "type": "Microsoft.Storage/storageAccounts", "location": "x", "identity": {"principalId": MACHINE_ID}}
    found = Granted(az("stores.json", store))
    assert found.nodes["Identity", f"entra:{MACHINE_ID}"]["name"] == "identity of invoices"
    assert not found.drawn("RUNS_AS")


def test_another_subscription_with_a_longer_name_is_not_below() -> None:
    assert STORE.lower() not in granted(assignment(OWNER, f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Des")).access(f"entra:{BOT}")


def test_who_can_change_a_machine_acts_as_it() -> None:
    assert (f"entra:{BOT}", f"entra:{MACHINE_ID}") in granted(assignment(CONTRIBUTOR, MACHINE)).drawn("ASSUMES")
    assert not granted(assignment(READER, MACHINE)).drawn("ASSUMES")


def test_who_can_grant_roles_or_write_an_identity_acts_as_it() -> None:
    assert (f"entra:{BOT}", f"entra:{MACHINE_ID}") in granted(assignment(ACCESS_ADMIN, GROUP)).drawn("ASSUMES")
    mine = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine"
    identities = az("identities.json", {"id": mine, "name": "mine", "type": "x", "principalId": MACHINE_ID, "clientId": MACHINE_ID})

    def ways(role: str, scope: str) -> dict[str, object] | None:
        found = granted(assignment(role, scope), more=(identities,))
        drawn = (f"entra:{BOT}", mine.lower()) in found.drawn("ASSUMES")
        return found.props("ASSUMES", f"entra:{BOT}", mine.lower()) if drawn else None

    for role, scope in ((IDENTITY_CONTRIBUTOR, GROUP), (IDENTITY_CONTRIBUTOR, mine), (CONTRIBUTOR, GROUP), (OWNER, mine)):
        props = ways(role, scope)
        assert props is not None
        assert (props["kind_detail"], "confidence" in props) == ("lets others log in as it", False)
    operator = ways(IDENTITY_OPERATOR, GROUP)
    assert operator is not None
    assert (operator["kind_detail"], operator["confidence"]) == ("gives it to a runtime", 0.5)
    assert ways(READER, GROUP) is None
    assert ways(IDENTITY_CONTRIBUTOR, STORE) is None


def test_custom_roles_and_unknown_ones() -> None:
    id = "cccccccc-0000-4000-8000-000000000001"
    blocks = [{"actions": ["Microsoft.Storage/storageAccounts/*"], "notActions": ["Microsoft.Storage/storageAccounts/delete"]}]
    definition = {
        "name": id,
        "roleName": "Desk",
        "assignableScopes": [GROUP],
        "permissions": blocks,
        "id": f"/subscriptions/{SUBSCRIPTION}/x/{id}",
    }
    found = granted(assignment(id, GROUP), more=(az("roles.json", definition),))
    assert found.access(f"entra:{BOT}")[STORE.lower()] == "delete execute read write", "a part taken away is not all of it"
    assert not found.problems
    alone = granted(assignment(id, GROUP))
    assert alone.props("CAN_ACCESS", f"entra:{BOT}", STORE.lower())["confidence"] < 1
    assert [severity for severity, _ in alone.problems] == ["warning"]


def test_a_management_group_may_hold_any_subscription() -> None:
    found = granted(assignment(OWNER, "/providers/Microsoft.Management/managementGroups/top"))
    assert found.props("CAN_ACCESS", f"entra:{BOT}", STORE.lower())["evidence"] == ["inferred"]
    assert found.access(f"entra:{BOT}")["/providers/microsoft.management/managementgroups/top"].startswith("admin")


def test_the_form_of_the_rest_interface_and_conditions() -> None:
    inner = assignment(BLOB_READER, GROUP, condition="@Resource[x] StringEquals 'y'")
    page = {"value": [{"id": inner.pop("id"), "type": "Microsoft.Authorization/roleAssignments", "properties": inner}]}
    found = Granted(RESOURCES, document(json.dumps(page), "rest.json"))
    assert found.props("CAN_ACCESS", f"entra:{BOT}", STORE.lower())["condition"] == "@Resource[x] StringEquals 'y'"


SHELL = {
    "RoleAssignmentName": "x",
    "RoleAssignmentId": f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/x",
    "Scope": GROUP,
    "DisplayName": "desk-bot",
    "SignInName": None,
    "RoleDefinitionName": "Storage Blob Data Reader",
    "RoleDefinitionId": BLOB_READER,
    "ObjectId": BOT,
    "ObjectType": "ServicePrincipal",
    "CanDelegate": False,
    "Condition": "@Resource[x] StringEquals 'y'",
}
SDK = {
    "id": f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/x",
    "type": "Microsoft.Authorization/roleAssignments",
    "scope": GROUP,
    "role_definition_id": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{BLOB_READER}",
    "principal_id": BOT,
    "principal_type": "ServicePrincipal",
}


@pytest.mark.parametrize("form", [SHELL, SDK])
def test_assignments_of_powershell_and_of_the_sdk(form: dict[str, object]) -> None:
    found = Granted(RESOURCES, az("assignments.json", form))
    assert found.access(f"entra:{BOT}")[STORE.lower()] == "read"
    assert found.nodes["Identity", f"entra:{BOT}"]["type"] == "service_principal"
    props = found.props("CAN_ACCESS", f"entra:{BOT}", STORE.lower())
    assert (props.get("condition"), props["evidence"]) == (form.get("Condition"), ["granted"])


DESK_FORMS: dict[str, dict[str, object]] = {
    "shell": {"Name": "Desk", "Id": None, "IsCustom": True, "Actions": [], "DataActions": ["BLOBS"], "AssignableScopes": [GROUP]},
    "command line": {"roleName": "Desk", "actions": [], "dataActions": ["BLOBS"], "assignableScopes": [GROUP]},
    "portal": {"properties": {"roleName": "Desk", "assignableScopes": [GROUP], "permissions": [{"actions": [], "dataActions": ["BLOBS"]}]}},
    "sdk": {
        "id": f"/subscriptions/{SUBSCRIPTION}/x/cccccccc-0000-4000-8000-000000000001",
        "role_name": "Desk",
        "assignable_scopes": [GROUP],
        "permissions": [{"actions": [], "not_actions": [], "data_actions": ["BLOBS"], "not_data_actions": []}],
    },
}


@pytest.mark.parametrize("form", DESK_FORMS)
def test_a_role_in_a_file_is_the_one_that_assignments_call_by_its_name(form: str) -> None:
    written = json.dumps(DESK_FORMS[form]).replace("BLOBS", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read")
    assigned = assignment("cccccccc-0000-4000-8000-000000000001", GROUP, roleDefinitionName="Desk")
    found = Granted(RESOURCES, az("assignments.json", assigned), document(written, "desk-role.json"))
    assert found.access(f"entra:{BOT}")[STORE.lower()] == "read"
    assert not found.problems


def scheduled(kind: str, **more: str) -> Document:
    """As Azure's interface lists assignments of Privileged Identity Management."""
    inner = {**assignment(BLOB_READER, GROUP), **more}
    inner["expandedProperties"] = {"principal": {"displayName": "Desk"}, "roleDefinition": {"displayName": "Storage Blob Data Reader"}}
    del inner["principalName"], inner["id"]
    id = f"{GROUP}/providers/Microsoft.Authorization/{kind}/x"
    return document(json.dumps({"value": [{"id": id, "properties": inner}]}), "pim.json")


def test_an_assignment_that_has_to_be_activated_says_so() -> None:
    found = Granted(RESOURCES, scheduled("roleEligibilityScheduleInstances", endDateTime="2027-03-01T00:00:00Z"))
    props = found.props("CAN_ACCESS", f"entra:{BOT}", STORE.lower())
    assert props["condition"] == "eligible: has to be activated first"
    assert (props["valid_until"], found.nodes["Identity", f"entra:{BOT}"]["name"]) == ("2027-03-01T00:00:00Z", "Desk")


def test_an_active_assignment_ends_when_it_does_and_a_request_is_none() -> None:
    times = {"startDateTime": "2026-11-27T08:00:00Z", "endDateTime": "2026-11-27T16:00:00Z"}
    props = Granted(RESOURCES, scheduled("roleAssignmentScheduleInstances", **times)).props("CAN_ACCESS", f"entra:{BOT}", STORE.lower())
    assert (props["valid_from"], props["valid_until"], props.get("condition")) == (*times.values(), None)
    assert not Granted(RESOURCES, scheduled("roleAssignmentScheduleRequests")).access(f"entra:{BOT}")


def test_managed_identities_have_three_names() -> None:
    client, principal = "dddddddd-0000-4000-8000-000000000001", "dddddddd-0000-4000-8000-000000000002"
    id = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/desk"
    identity = {"id": id, "clientId": client, "principalId": principal, "tenantId": SUBSCRIPTION, "location": "x"}
    app = {
        "id": f"{GROUP}/providers/Microsoft.App/containerApps/desk",
        "type": "Microsoft.App/containerApps",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {id: {}}},
    }
    federated = {
        "id": f"{id}/federatedIdentityCredentials/k",
        "issuer": "https://oidc.example/x",
        "subject": "system:serviceaccount:desk:bot",
        "audiences": ["api://AzureADTokenExchange"],
        "resourceGroup": "Desk",
    }
    found = Granted(
        az("ids.json", identity),
        az("apps.json", app),
        az("fed.json", federated),
        more=[NodeFact("Identity", "k8s:live/desk/ServiceAccount/bot")],
    )
    assert found.drawn("RUNS_AS") == {(str(app["id"]).lower(), id.lower())}
    assert found.drawn("ASSUMES") == {
        (id.lower(), f"entra:{principal}"),
        (f"entra:{client}", f"entra:{principal}"),
        ("k8s:live/desk/ServiceAccount/bot", id.lower()),
    }


def test_access_policies_of_a_vault() -> None:
    policies = [{"objectId": BOT, "permissions": {"secrets": ["Get", "List"], "keys": []}}, {"objectId": "x", "permissions": 7}]
    vault = {"id": VAULT, "type": "Microsoft.KeyVault/vaults", "properties": {"accessPolicies": policies}}
    assert Granted(az("vault.json", vault)).access(f"entra:{BOT}") == {VAULT.lower(): "read"}


def test_subscriptions_and_odd_shapes() -> None:
    account = {"id": SUBSCRIPTION, "homeTenantId": BOT, "tenantId": BOT, "name": "Production", "state": "Enabled", "managedByTenants": []}
    found = Granted(
        az("accounts.json", account), az("odd.json", assignment(OWNER, GROUP, principal="nobody"), {"id": GROUP, "properties": [1]})
    )
    assert found.nodes["Resource", f"azure:{SUBSCRIPTION}"]["name"] == "Production"
    assert [severity for severity, _ in found.problems] == ["error"]


@pytest.mark.parametrize(
    "text",
    [
        '{"$schema": "https://schema.management.azure.com/x", "contentVersion": "1", "resources": [{"id": "/subscriptions/'
        + SUBSCRIPTION
        + '/x", "type": 1}]}',
        '[{"id": "7", "tenantId": "x", "name": "n"}]',
    ],
)
def test_other_files_are_left_alone(text: str) -> None:
    assert not azure_rbac.detect("a.json", text.encode())


def denial(actions: list[str], denied: list[str], scope: str = GROUP, **more: object) -> Document:
    """As the REST interface answers; Azure gives them out, nobody writes them."""
    block: dict[str, object] = {"actions": actions, "notActions": [], "dataActions": [], "notDataActions": [], **more.pop("block", {})}  # type: ignore[dict-item]
    everybody = "00000000-0000-0000-0000-000000000000"
    who = [{"id": one, "type": "SystemDefined" if one == everybody else "ServicePrincipal"} for one in denied]
    properties = {
        "denyAssignmentName": "keep out",
        "scope": scope,
        "permissions": [block],
        "principals": who,
        "excludePrincipals": [],
        **more,
    }
    name = "9b0e2b5d-0000-4000-8000-000000000001"
    made = {
        "id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/denyAssignments",
        "properties": properties,
    }
    return document(json.dumps({"value": [made]}), "deny.json")


def denied(deny: Document, role: str = CONTRIBUTOR, scope: str = f"/subscriptions/{SUBSCRIPTION}") -> Granted:
    return Granted(RESOURCES, az("roles.json", assignment(role, scope)), deny)


EVERYBODY = "00000000-0000-0000-0000-000000000000"
HELD = {STORE.lower(): "delete execute read write", f"azure:{SUBSCRIPTION}": "delete execute read write"}


def test_a_deny_assignment_takes_away_what_it_surely_denies() -> None:
    found = denied(denial(["*"], [BOT], block={"notActions": ["*/read"]}))
    assert found.access(f"entra:{BOT}")[STORE.lower()] == "read"
    assert found.access(f"entra:{BOT}")[f"azure:{SUBSCRIPTION}"] == "delete execute read write"
    assert found.drawn("ASSUMES") == set(), "the machine cannot be changed"
    assert found.problems == []
    assert STORE.lower() not in denied(denial(["*"], [EVERYBODY])).access(f"entra:{BOT}")
    whole = denied(denial(["*"], [EVERYBODY], f"/subscriptions/{SUBSCRIPTION}", block={"notActions": ["*/read"]}))
    assert set(whole.access(f"entra:{BOT}").values()) == {"read"}


def test_a_deny_assignment_leaves_what_it_does_not_wholly_deny() -> None:
    # The keys of a store, which an action hands out, delete as well; other types, other principals, other scopes
    for deny in (
        denial(["*/delete"], [BOT]),
        denial(["Microsoft.Compute/*"], [BOT]),
        denial(["*"], [BOT.replace("b", "d")]),
        denial(["*"], [BOT], GROUP + "2"),
        denial(["*"], [EVERYBODY], excludePrincipals=[{"id": BOT, "type": "ServicePrincipal"}]),
        denial(["*"], [BOT], doNotApplyToChildScopes=True),
        denial(["*"], [BOT], denyAssignmentEffect="audit"),
    ):
        assert HELD.items() <= denied(deny).access(f"entra:{BOT}").items()
        assert denied(deny).problems == []
    # Data actions are denied by data actions alone.
    kept = denied(denial(["*"], [BOT]), BLOB_READER)
    assert kept.access(f"entra:{BOT}")[STORE.lower()] == "read"
    assert STORE.lower() not in denied(denial(["*"], [BOT], block={"dataActions": ["*"]}), BLOB_READER).access(f"entra:{BOT}")


def test_an_owner_loses_the_right_to_grant_where_both_ways_are_denied() -> None:
    some = denied(denial(["Microsoft.Authorization/roleAssignments/write"], [BOT]), OWNER)
    assert "admin" in some.access(f"entra:{BOT}")[STORE.lower()]
    both = denied(denial(["Microsoft.Authorization/*"], [BOT]), OWNER)
    assert both.access(f"entra:{BOT}")[STORE.lower()] == "delete execute read write"


def test_a_denial_that_is_not_sure_is_told_and_not_applied() -> None:
    told = "the deny assignment keep out is not applied everywhere ({}): what it denies counts as allowed there"
    unsure = "not to those who may be excluded from it, or denied by a group"
    group = {"id": BOT.replace("b", "d"), "type": "Group"}
    management = "/providers/Microsoft.Management/managementGroups/all"
    for deny, why in (
        (denial(["*"], [BOT], condition="@Resource[x] StringEquals 'y'"), "it has a condition"),
        (denial(["*"], [EVERYBODY], excludePrincipals=[group]), unsure),
        (denial(["*"], [], principals=[group]), unsure),
        (denial(["*"], [BOT], management), "which subscriptions lie below its management group is not known"),
    ):
        found = denied(deny)
        assert found.problems == [("warning", told.format(why))]
        assert HELD.items() <= found.access(f"entra:{BOT}").items()


def test_a_member_of_a_denied_group_is_denied() -> None:
    group = BOT.replace("b", "d")
    member = EdgeFact("MEMBER_OF", ("Identity", f"entra:{BOT}"), ("Identity", f"entra:{group}"), {"evidence": ["granted"]})
    deny = denial(["*"], [], principals=[{"id": group, "type": "Group"}])
    roles = az("roles.json", assignment(CONTRIBUTOR, f"/subscriptions/{SUBSCRIPTION}"))
    found = Granted(RESOURCES, roles, deny, more=[member])
    assert STORE.lower() not in found.access(f"entra:{BOT}")
    assert found.problems == []
