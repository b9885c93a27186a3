from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import gcp_audit
from tests.ingest.bad_inputs import ANY_BYTES, EVERYWHERE, read
from tests.ingest.linked import linked
from tests.ingest.reading import Facts

BOT, DEPLOYER = "bot@shop.iam.gserviceaccount.com", "deployer@shop.iam.gserviceaccount.com"
SECRET = "//secretmanager.googleapis.com/projects/shop/secrets/stripe"
POOL = "projects/42/locations/global/workloadIdentityPools/ci"


def entry(
    service: str, permission: str = "", resource: str = "", who: dict[str, Any] | None = None, *, granted: bool = True, **more: Any
) -> dict[str, Any]:
    check = {"permission": permission, "resource": resource, "granted": granted, "resourceAttributes": {}}
    payload = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": who or {"principalEmail": BOT, "principalSubject": f"serviceAccount:{BOT}"},
        "serviceName": f"{service}.googleapis.com",
        "methodName": permission,
        "resourceName": resource,
        "authorizationInfo": [check] if permission else [],
        "status": {},
        **more.pop("payload", {}),
    }
    made = {
        "insertId": f"{permission}{resource}{more}",
        "logName": "projects/shop/logs/cloudaudit.googleapis.com%2Fdata_access",
        "protoPayload": payload,
        "resource": {"type": "x", "labels": {"project_id": "shop"}},
        "timestamp": "2026-11-20T08:00:00.123456789Z",
    }
    return {**made, **more}


def logs(*entries: dict[str, Any]) -> Facts:
    return linked(gcp_audit, {"audit.jsonl": "\n".join(map(json.dumps, entries))})


@pytest.mark.parametrize("form", ["lines", "list", "page", "one", "event", "wrapped"])
def test_entries_are_read_in_the_forms_that_they_are_kept_in(form: str) -> None:
    one = entry("secretmanager", "secretmanager.versions.access", "projects/42/secrets/stripe/versions/1")
    text = {
        "lines": f"{json.dumps(one)}\n{json.dumps(one)}\n",
        "list": json.dumps([one, one], indent=2),
        "page": json.dumps({"entries": [one, one], "nextPageToken": "x"}),
        "one": json.dumps(one),
        "wrapped": json.dumps({"source": "gcp_audit", "raw_payload": one}),
        "event": json.dumps({"specversion": "1.0", "type": "google.cloud.audit.log.v1.written", "data": one}),
    }[form]
    found = linked(gcp_audit, {"audit.json": text})
    props = found.props("CAN_ACCESS", f"gcp:{BOT}", SECRET)
    assert (props["actions"], props["evidence"], props["count"]) == (["read"], ["observed"], 2 if form in ("lines", "list", "page") else 1)
    assert (props["first_seen"], props["last_used"]) == ("2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z")
    assert ("Secret", SECRET) in found.nodes
    assert found.nodes["Identity", f"gcp:{BOT}"]["type"] == "service_account"
    assert found.problems == []


def test_resources_have_the_names_that_assets_have() -> None:
    shop = "projects/shop"
    calls = [
        ("storage", "storage.objects.get", "projects/_/buckets/invoices/objects/2026/11.pdf", "storage/invoices", "read"),
        ("bigquery", "bigquery.tables.updateData", f"{shop}/datasets/d/tables/t", f"bigquery/{shop}/datasets/d/tables/t", "write"),
        ("compute", "compute.instances.delete", f"{shop}/zones/z/instances/i", f"compute/{shop}/zones/z/instances/i", "delete"),
        ("pubsub", "pubsub.topics.setIamPolicy", f"{shop}/topics/t", f"pubsub/{shop}/topics/t", "admin"),
        (
            "aiplatform",
            "aiplatform.endpoints.predict",
            "projects/42/locations/l/endpoints/e",
            f"aiplatform/{shop}/locations/l/endpoints/e",
            "execute",
        ),
        ("firestore", "datastore.entities.get", f"{shop}/databases/(default)/documents/a", f"firestore/{shop}/databases/(default)", "read"),
    ]
    for service, permission, resource, short, action in calls:
        name = f"//{short.replace('/', '.googleapis.com/', 1)}"
        found = logs(entry(service, permission, resource))
        assert found.drawn("CAN_ACCESS") == {(f"gcp:{BOT}", name)}, permission
        assert found.props("CAN_ACCESS", f"gcp:{BOT}", name)["actions"] == [action]
    named = {"permission": "compute.images.create", "granted": True, "resourceAttributes": {"name": "projects/shop/global/images/i"}}
    assert len(logs(entry("compute", payload={"authorizationInfo": [named]})).drawn("CAN_ACCESS")) == 1


def test_what_was_refused_and_what_is_no_thing_is_no_access() -> None:
    secret, bucket = ("secretmanager.versions.access", "projects/shop/secrets/s/versions/1"), "projects/_/buckets/b"
    refused = logs(
        entry("secretmanager", *secret, granted=False),
        entry("secretmanager", *secret, payload={"status": {"code": 7}}),
        entry("secretmanager", "secretmanager.secrets.get", "projects/shop/secrets/s"),
        entry("storage", "storage.objects.get", bucket, {"principalEmail": "system:anonymous"}),
        entry("k8s", "io.k8s.core.v1.secrets.get", "core/v1/secrets/x", payload={"serviceName": "k8s.io"}),
    )
    assert refused.edges == []
    assert refused.problems == []
    scopes = ("projects/shop", "projects/shop/locations/eu", "projects/shop/datasets/_a1/tables/anon", "namespaces/x/services/y", "")
    found = logs(*(entry("run", "run.services.get", one) for one in scopes), entry("iam", "iam.roles.get", "projects/shop/roles/r/x"))
    assert found.edges == []
    assert [message for _, _, message in found.problems] == [
        "6 calls name no resource, or act on identities or a whole service; they are told as no access (run.services.get, iam.roles.get)"
    ]


def test_whoever_makes_a_token_becomes_the_account() -> None:
    ivo = {"principalEmail": "ivo@acme.example", "principalSubject": "user:ivo@acme.example"}
    asked = {"request": {"name": f"projects/-/serviceAccounts/{BOT}"}}
    job = {"principalSubject": f"principal://iam.googleapis.com/{POOL}/subject/repo:acme/shop:ref:refs/heads/main"}
    found = logs(
        entry("iamcredentials", "iam.serviceAccounts.getAccessToken", "", ivo, payload=asked),
        entry("iamcredentials", "iam.serviceAccounts.getAccessToken", "", job, resource_={}, payload=asked),
    )
    pool = f"gcp:{POOL}/subject/repo:acme/shop:ref:refs/heads/main"
    assert {("gcp:user:ivo@acme.example", f"gcp:{BOT}"), (pool, f"gcp:{BOT}")} <= found.drawn("ASSUMES")
    assert ("github-oidc:acme/shop:ref:refs/heads/main", pool) in found.drawn("ASSUMES")
    assert found.drawn("CAN_ACCESS") == set()


def test_those_who_act_as_an_account_stand_before_it_in_their_order() -> None:
    chain = [{"firstPartyPrincipal": {"principalEmail": "ivo@acme.example"}}, {"principalSubject": f"serviceAccount:{DEPLOYER}"}, {}]
    who = {"principalEmail": BOT, "serviceAccountDelegationInfo": chain}
    found = logs(entry("storage", "storage.objects.create", "projects/_/buckets/b/objects/o", who))
    assert found.drawn("ASSUMES") == {("gcp:user:ivo@acme.example", f"gcp:{DEPLOYER}"), (f"gcp:{DEPLOYER}", f"gcp:{BOT}")}


def test_a_key_meets_the_one_that_google_lists() -> None:
    key = "0123456789abcdef0123456789abcdef01234567"
    name = f"//iam.googleapis.com/projects/shop/serviceAccounts/{BOT}/keys/{key}"
    found = logs(entry("storage", "storage.buckets.get", "projects/_/buckets/b", {"principalEmail": BOT, "serviceAccountKeyName": name}))
    assert found.drawn("AUTHENTICATES_AS") == {(f"gcp-key:{key}", f"gcp:{BOT}")}
    assert found.nodes["Secret", f"gcp-key:{key}"]["last_used"] == "2026-11-20T08:00:00Z"
    other = logs(
        entry("storage", "storage.buckets.get", "projects/_/buckets/b", {"principalEmail": DEPLOYER, "serviceAccountKeyName": name})
    )
    assert other.drawn("AUTHENTICATES_AS") == set()


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.sampled_from([BOT, "projects/a/b/c", "\ud800", "user:x@y.z"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["name", "labels", "code", "permission"]), inner)),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(["authenticationInfo", "authorizationInfo", "status", "request", "serviceName"], VALUES)
    ),
    VALUES,
)
def test_any_entry_is_borne(payload: dict[str, Any], value: Any) -> None:
    one = entry("storage", "storage.objects.get", "projects/_/buckets/b", payload=payload)
    for changed in (one, {**one, "resource": value, "timestamp": value, "insertId": value}, {"entries": [one, value]}):
        read(gcp_audit, "a.json", json.dumps(changed).encode())


@given(ANY_BYTES)
def test_any_bytes_are_borne(data: bytes) -> None:
    read(gcp_audit, "a.json", data)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_bad_documents_are_told(name: str) -> None:
    read(gcp_audit, "a.jsonl", EVERYWHERE[name])
