from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import azure_activity
from graphinv.ingest.grants import Known, evaluate
from graphinv.ingest.support.trail import NO_DATA
from graphinv.model.facts import EdgeFact, Grant
from tests.ingest.bad_inputs import ANY_BYTES, EVERYWHERE, read
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, shown

SUBSCRIPTION, BOT = "7d7e4e4a-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000001"
OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Shop/providers"
STORE, VAULT = f"{GROUP}/Microsoft.Storage/storageAccounts/invoices", f"{GROUP}/Microsoft.KeyVault/vaults/keys"


def listed(operation: str, resource: str, status: str = "Succeeded", **more: Any) -> dict[str, Any]:
    """An entry as the command line lists it."""
    return {
        "authorization": {"action": operation, "scope": resource},
        "caller": BOT,
        "claims": {"appid": "x", OID: BOT},
        "eventDataId": f"{operation}{resource}{status}",
        "eventTimestamp": "2026-11-20T08:00:00.1234567Z",
        "operationName": {"value": operation, "localizedValue": "x"},
        "resourceId": resource,
        "status": {"value": status, "localizedValue": status},
        **more,
    }


def streamed(operation: str, resource: str, result: str = "Success", **more: Any) -> dict[str, Any]:
    """An entry as diagnostic settings write it."""
    identity = {"authorization": {"scope": resource, "action": operation}, "claims": {OID: BOT}}
    made = {
        "time": "2026-11-20T08:00:00.1234567Z",
        "resourceId": resource.upper(),
        "operationName": operation.upper(),
        "resultType": result,
    }
    return {**made, "category": "Administrative", "identity": identity, **more}


def in_vault(operation: str, result: str = "Success") -> dict[str, Any]:
    identity = {"claim": {OID: BOT, "appid": "x"}}
    return streamed(operation, VAULT, result, operationName=operation, category="AuditEvent", identity=identity)


def logs(*entries: dict[str, Any]) -> Facts:
    return linked(azure_activity, {"log.json": json.dumps(list(entries))})


@pytest.mark.parametrize("form", ["listed", "page", "batch", "lines", "wrapped", "unclaimed"])
def test_entries_are_read_in_the_forms_that_they_are_kept_in(form: str) -> None:
    one, other = (made("Microsoft.Storage/storageAccounts/write", STORE) for made in (listed, streamed))
    text = {
        "listed": json.dumps([one], indent=2),
        "page": json.dumps({"value": [one], "nextLink": "x"}),
        "batch": json.dumps({"records": [other]}),
        "lines": json.dumps(other) + "\n",
        "wrapped": json.dumps({"source": "azure_activity", "raw_payload": one}),
        "unclaimed": json.dumps({**one, "claims": {}}),
    }[form]
    found = linked(azure_activity, {"log.json": text})
    props = found.props("CAN_ACCESS", f"entra:{BOT}", STORE.lower())
    assert (props["actions"], props["evidence"], props["count"], props["last_used"]) == (["write"], ["observed"], 1, "2026-11-20T08:00:00Z")
    assert found.nodes["Resource", STORE.lower()]["type"] == "microsoft.storage/storageaccounts"
    assert [message for _, _, message in found.problems] == [NO_DATA]


def test_operations_do_what_roles_give_for_them() -> None:
    calls = {
        "Microsoft.Storage/storageAccounts/listKeys/action": ["delete", "read", "write"],
        "Microsoft.Storage/storageAccounts/delete": ["delete"],
        "Microsoft.Storage/storageAccounts/failover/action": ["execute"],
    }
    for operation, actions in calls.items():
        assert logs(listed(operation, STORE)).props("CAN_ACCESS", f"entra:{BOT}", STORE.lower())["actions"] == actions
    part = logs(listed("Microsoft.Storage/storageAccounts/blobServices/containers/write", f"{STORE}/blobServices/default/containers/x"))
    assert part.drawn("CAN_ACCESS") == {(f"entra:{BOT}", STORE.lower())}


def test_secrets_are_read_from_vaults() -> None:
    for operation, action in (("SecretGet", "read"), ("SecretSet", "write"), ("KeySign", "execute"), ("SecretPurge", "delete")):
        found = logs(in_vault(operation))
        assert found.props("CAN_ACCESS", f"entra:{BOT}", VAULT.lower())["actions"] == [action]
        assert found.problems == []
    assert logs(in_vault("SecretGet", "Unauthorized"), in_vault("Authentication")).drawn("CAN_ACCESS") == set()


def test_what_failed_or_is_about_something_else_is_no_access() -> None:
    operation = "Microsoft.Storage/storageAccounts/write"
    failed = logs(listed(operation, STORE, "Failed"), listed(operation, STORE, "Started"), listed(operation, STORE, claims={}, caller="x"))
    assert failed.edges == []
    beside = [
        listed("Microsoft.Insights/diagnosticSettings/write", f"{STORE}/providers/Microsoft.Insights/diagnosticSettings/x"),
        listed("Microsoft.Authorization/roleAssignments/write", f"{GROUP}/Microsoft.Authorization/roleAssignments/{BOT}"),
        listed("Microsoft.Resources/subscriptions/resourceGroups/write", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"),
    ]
    found = logs(*beside)
    assert found.edges == []
    assert found.problems[0][2].startswith("3 calls name no resource, or act on identities or a whole service")


def test_a_role_says_when_it_was_last_used() -> None:
    seen = logs(listed("Microsoft.Storage/storageAccounts/write", STORE))
    role, scope = "17d1049b-9a84-46fb-8f53-869881c3d3ab", f"/subscriptions/{SUBSCRIPTION}"
    body = json.dumps({"role": role, "scope": scope})
    grant = Grant("azure", ("Identity", f"entra:{BOT}"), "assignment", body, role, "shop/roles.json", "granted")
    given = [fact for fact in evaluate([grant], Known(seen.nodes, tuple(seen.edges))) if isinstance(fact, EdgeFact)]
    storage = f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.storage/storageaccounts"
    used = {shown(edge.target): edge.props.get("last_used") for edge in given}
    assert used[STORE.lower()] == used[storage] == "2026-11-20T08:00:00Z"
    assert {time for target, time in used.items() if target not in (STORE.lower(), storage)} == {None}


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.sampled_from([BOT, STORE, "Success", "\ud800"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["value", "claims", OID, "scope"]), inner)),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(listed("x", STORE), VALUES)), VALUES)
def test_any_entry_is_borne(changes: dict[str, Any], value: Any) -> None:
    for one in (
        {**listed("Microsoft.Storage/storageAccounts/write", STORE), **changes},
        {"records": [value, in_vault("SecretGet") | changes]},
    ):
        read(azure_activity, "a.json", json.dumps(one).encode())


@given(ANY_BYTES)
def test_any_bytes_are_borne(data: bytes) -> None:
    read(azure_activity, "a.json", data)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_bad_documents_are_told(name: str) -> None:
    read(azure_activity, "a.jsonl", EVERYWHERE[name])
