from __future__ import annotations

import json

import pytest

from graphinv.ingest import Document, gcp_iam
from graphinv.model.facts import NodeFact
from tests.ingest.granting import Granted
from tests.ingest.reading import document

PROJECT = "//cloudresourcemanager.googleapis.com/projects/quillmere-prod"
NUMBER = "//cloudresourcemanager.googleapis.com/projects/4200"
BUCKET = "//storage.googleapis.com/quillmere-invoices"
DATASET = "//bigquery.googleapis.com/projects/quillmere-prod/datasets/sales"
BOT = "desk-bot@quillmere-prod.iam.gserviceaccount.com"
PAYER = "payer@quillmere-prod.iam.gserviceaccount.com"
ANCESTORS = ["projects/4200", "organizations/7"]


def asset(name: str, kind: str, *bindings: dict[str, object], data: dict[str, object] | None = None, **more: object) -> dict[str, object]:
    made: dict[str, object] = {"name": name, "assetType": kind, "ancestors": ANCESTORS, **more}
    if data is not None:
        made["resource"] = {"version": "v1", "data": data}
    if bindings:
        made["iamPolicy"] = {"bindings": list(bindings)}
    return made


def bind(role: str, *members: str, **more: object) -> dict[str, object]:
    return {"role": role, "members": list(members), **more}


def export(*assets: dict[str, object]) -> Document:
    """As ``gcloud asset export`` writes: an object a line."""
    return document("".join(json.dumps(one) + "\n" for one in assets), "assets.ndjson")


PLACES = (
    asset(
        NUMBER,
        "cloudresourcemanager.googleapis.com/Project",
        data={"projectId": "quillmere-prod", "projectNumber": 4200, "labels": {"env": "prod"}},
    ),
    asset(BUCKET, "storage.googleapis.com/Bucket", data={"labels": {"data-classification": "restricted", "team": "billing"}}),
    asset(DATASET, "bigquery.googleapis.com/Dataset"),
    asset(
        f"//iam.googleapis.com/projects/quillmere-prod/serviceAccounts/{PAYER}", "iam.googleapis.com/ServiceAccount", data={"email": PAYER}
    ),
)


def granted(*bindings: dict[str, object], on: str = NUMBER, more: tuple[dict[str, object], ...] = ()) -> Granted:
    kind = "cloudresourcemanager.googleapis.com/Project" if on == NUMBER else "x.googleapis.com/Y"
    return Granted(export(*PLACES, *more, asset(on, kind, *bindings)))


def test_a_role_on_a_project_reaches_its_known_parts_by_service() -> None:
    found = granted(bind("roles/storage.objectAdmin", f"serviceAccount:{BOT}"))
    assert found.readers == ["gcp_iam"]
    reach = found.access(f"gcp:{BOT}")
    assert set(reach) == {BUCKET, "//serviceusage.googleapis.com/projects/quillmere-prod/services/storage.googleapis.com"}
    assert {"read", "write", "delete"} <= set(reach[BUCKET].split())
    props = found.props("CAN_ACCESS", f"gcp:{BOT}", BUCKET)
    assert (props["evidence"], props["inherited_from"]) == (["granted"], "roles/storage.objectAdmin")
    assert found.nodes["Resource", BUCKET]["type"] == "bucket"
    assert found.nodes["Resource", BUCKET]["sensitivity"] == "restricted"
    assert found.nodes["Resource", PROJECT]["environment"] == "prod"
    assert found.drawn("OWNS") == {("tag:billing", BUCKET)}


def test_number_and_id_are_one_project_and_a_basic_role_covers_it() -> None:
    found = granted(bind("roles/owner", "user:Ada@Quillmere.example"), bind("roles/viewer", "group:all@quillmere.example"))
    owner, viewer = found.access("gcp:user:ada@quillmere.example"), found.access("gcp:group:all@quillmere.example")
    assert NUMBER not in owner | viewer
    assert "admin" in owner[PROJECT]
    assert viewer[PROJECT] == "read"
    assert viewer[BUCKET] == viewer[DATASET] == "read"
    assert found.nodes["Resource", PROJECT]["type"] == "project"


def test_a_role_on_the_organisation_holds_below_it() -> None:
    top = "//cloudresourcemanager.googleapis.com/organizations/7"
    found = granted(bind("roles/storage.objectViewer", "user:a@b.example"), on=top)
    assert found.access("gcp:user:a@b.example")[BUCKET] == "read"


@pytest.mark.parametrize("order", [1, -1])
def test_effective_policies_hold_where_they_are_attached(order: int) -> None:
    organisation = "//cloudresourcemanager.googleapis.com/organizations/7"
    policies = [
        {"attachedResource": BUCKET, "policy": {"bindings": [bind("roles/storage.objectViewer", f"serviceAccount:{BOT}")]}},
        {"attachedResource": PROJECT, "policy": {"etag": "x"}},
        {"attachedResource": organisation, "policy": {"bindings": [bind("roles/storage.admin", f"serviceAccount:{PAYER}")]}},
    ]
    page = {"policyResults": [{"fullResourceName": BUCKET, "policies": [*policies[::order], {"policy": {}}]}]}
    found = Granted(document(json.dumps(page), "effective.json"))
    assert found.access(f"gcp:{BOT}") == {BUCKET: "read"}
    assert "admin" in found.access(f"gcp:{PAYER}")[BUCKET]
    assert found.problems == [("warning", "is a policy that does not say where it is attached")]


def test_a_role_on_one_resource_reaches_nothing_else() -> None:
    found = granted(bind("roles/storage.objectViewer", f"serviceAccount:{BOT}"), on=BUCKET)
    assert found.access(f"gcp:{BOT}") == {BUCKET: "read"}


@pytest.mark.parametrize(
    "role", ["roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountKeyAdmin", "roles/iam.workloadIdentityUser"]
)
def test_who_can_mint_tokens_or_keys_can_act_as_the_account(role: str) -> None:
    on = f"//iam.googleapis.com/projects/quillmere-prod/serviceAccounts/{PAYER}"
    assert (f"gcp:{BOT}", f"gcp:{PAYER}") in granted(bind(role, f"serviceAccount:{BOT}"), on=on).drawn("ASSUMES")
    assert (f"gcp:{BOT}", f"gcp:{PAYER}") in granted(bind(role, f"serviceAccount:{BOT}")).drawn("ASSUMES"), (
        "on the project: all its accounts"
    )


def test_to_attach_an_account_needs_something_to_attach_it_to() -> None:
    user = bind("roles/iam.serviceAccountUser", f"serviceAccount:{BOT}")
    assert granted(user).props("ASSUMES", f"gcp:{BOT}", f"gcp:{PAYER}")["evidence"] == ["inferred"]
    with_runs = granted(user, bind("roles/run.admin", f"serviceAccount:{BOT}"))
    assert with_runs.props("ASSUMES", f"gcp:{BOT}", f"gcp:{PAYER}")["evidence"] == ["granted"]


def test_viewing_accounts_is_not_acting_as_them() -> None:
    assert not granted(bind("roles/iam.serviceAccountViewer", f"serviceAccount:{BOT}")).drawn("ASSUMES")


def test_a_custom_role_is_what_it_lists_and_an_unknown_one_is_told() -> None:
    role = {"name": "projects/quillmere-prod/roles/desk", "includedPermissions": ["storage.objects.get", "storage.objects.delete"]}
    custom = bind("projects/quillmere-prod/roles/desk", f"serviceAccount:{BOT}")
    bucket_asset = asset(BUCKET, "storage.googleapis.com/Bucket", custom)
    found = Granted(export(bucket_asset), document(json.dumps([role]), "roles.json"))
    assert found.access(f"gcp:{BOT}") == {BUCKET: "delete read"}
    assert not found.problems
    alone = Granted(export(bucket_asset))
    assert alone.props("CAN_ACCESS", f"gcp:{BOT}", BUCKET)["confidence"] < 1
    assert [severity for severity, _ in alone.problems] == ["warning"]


def test_conditions_are_kept_and_a_limit_in_time_is_one() -> None:
    until = {"expression": 'request.time < timestamp("2026-12-01T00:00:00Z")'}
    named = {"expression": 'resource.name.startsWith("projects/_/buckets/x")'}
    found = granted(
        bind("roles/storage.admin", "user:a@b.example", condition=until),
        bind("roles/storage.admin", "user:c@d.example", condition=named),
        on=BUCKET,
    )
    timed = found.props("CAN_ACCESS", "gcp:user:a@b.example", BUCKET)
    assert timed["valid_until"] == "2026-12-01T00:00:00Z"
    assert timed["condition"] == until["expression"]
    assert found.props("CAN_ACCESS", "gcp:user:c@d.example", BUCKET)["condition"] == named["expression"]


def test_jobs_of_a_repository_and_workloads_of_a_cluster_come_in() -> None:
    pool = "iam.googleapis.com/projects/4200/locations/global/workloadIdentityPools/ci"
    on = f"//iam.googleapis.com/projects/quillmere-prod/serviceAccounts/{PAYER}"
    policy = asset(
        on,
        "iam.googleapis.com/ServiceAccount",
        bind(
            "roles/iam.workloadIdentityUser",
            f"principalSet://{pool}/attribute.repository/quillmere/desk",
            f"principal://{pool}/subject/repo:quillmere/shop:ref:refs/heads/main",
            "serviceAccount:quillmere-prod.svc.id.goog[desk/bot]",
        ),
    )
    found = Granted(
        export(policy),
        more=[NodeFact("Identity", "k8s:live/desk/ServiceAccount/bot"), NodeFact("Identity", "k8s:live/x/ServiceAccount/bot")],
    )
    named = f"gcp:{pool.removeprefix('iam.googleapis.com/')}"
    assert found.drawn("ASSUMES") == {
        ("github-oidc:quillmere/desk", f"{named}/attribute.repository/quillmere/desk"),
        (f"{named}/attribute.repository/quillmere/desk", f"gcp:{PAYER}"),
        ("github-oidc:quillmere/shop", "github-oidc:quillmere/shop:ref:refs/heads/main"),
        ("github-oidc:quillmere/shop:ref:refs/heads/main", f"{named}/subject/repo:quillmere/shop:ref:refs/heads/main"),
        (f"{named}/subject/repo:quillmere/shop:ref:refs/heads/main", f"gcp:{PAYER}"),
        ("k8s:live/desk/ServiceAccount/bot", "gcp:quillmere-prod.svc.id.goog[desk/bot]"),
        ("gcp:quillmere-prod.svc.id.goog[desk/bot]", f"gcp:{PAYER}"),
    }


def test_members_that_are_gone_and_members_by_role() -> None:
    bucket = asset(
        BUCKET,
        "storage.googleapis.com/Bucket",
        bind("roles/storage.legacyBucketOwner", "projectEditor:quillmere-prod", "deleted:user:x@y.example?uid=1"),
    )
    project = asset(NUMBER, "cloudresourcemanager.googleapis.com/Project", bind("roles/editor", f"serviceAccount:{BOT}"))
    found = Granted(export(*PLACES, bucket, project))
    assert "write" in found.access(f"gcp:{BOT}")[BUCKET]
    assert not [key for key in found.nodes if "deleted" in key[1]]


def test_a_policy_of_its_own_says_nothing_of_its_project() -> None:
    text = "bindings:\n- members:\n  - serviceAccount:" + BOT + "\n  role: roles/storage.admin\netag: BwY=\nversion: 1\n"
    found = Granted(document(text, "ops/policy.yaml"))
    scope = "//serviceusage.googleapis.com/projects/project(shop%2Fops%2Fpolicy.yaml)/services/storage.googleapis.com"
    assert set(found.access(f"gcp:{BOT}")) == {scope}
    assert [severity for severity, _ in found.problems] == ["note"]
    bucket = json.dumps({"bindings": [bind("roles/storage.objectViewer", "projectViewer:quillmere-prod", "allUsers")]})
    found = Granted(document(bucket, "bucket.json"))
    assert list(found.access("gcp:allUsers").values()) == ["read"]
    assert not found.problems


def test_keys_runtimes_and_secrets() -> None:
    keys = [
        {
            "name": f"projects/p/serviceAccounts/{BOT}/keys/{'ab' * 20}",
            "keyType": "USER_MANAGED",
            "validAfterTime": "2024-01-02T03:04:05Z",
            "validBeforeTime": "9999-12-31T23:59:59Z",
        },
        {"name": f"projects/p/serviceAccounts/{BOT}/keys/{'cd' * 20}", "keyType": "SYSTEM_MANAGED"},
    ]
    run = asset(
        "//run.googleapis.com/projects/quillmere-prod/locations/x/services/desk",
        "run.googleapis.com/Service",
        data={"spec": {"template": {"spec": {"serviceAccountName": BOT}}}},
    )
    secret = asset(
        "//secretmanager.googleapis.com/projects/quillmere-prod/secrets/pay",
        "secretmanager.googleapis.com/Secret",
        bind("roles/secretmanager.secretAccessor", f"serviceAccount:{BOT}"),
        data={"name": "x"},
    )
    found = Granted(document(json.dumps(keys), "keys.json"), export(run, secret))
    key = f"gcp-key:{'ab' * 20}"
    assert found.drawn("AUTHENTICATES_AS") == {(key, f"gcp:{BOT}")}
    assert found.nodes["Secret", key]["issued_at"] == "2024-01-02T03:04:05Z"
    assert "expires_at" not in found.nodes["Secret", key]
    assert found.drawn("RUNS_AS") == {("//run.googleapis.com/projects/quillmere-prod/locations/x/services/desk", f"gcp:{BOT}")}
    assert found.access(f"gcp:{BOT}") == {"//secretmanager.googleapis.com/projects/quillmere-prod/secrets/pay": "read"}
    assert ("Secret", "//secretmanager.googleapis.com/projects/quillmere-prod/secrets/pay") in found.nodes


def test_many_members_and_many_resources_meet_in_the_grant() -> None:
    buckets = [asset(f"//storage.googleapis.com/b{n}", "storage.googleapis.com/Bucket") for n in range(300)]
    members = [f"user:u{n}@b.example" for n in range(300)]
    found = granted(bind("roles/storage.admin", *members), more=tuple(buckets))
    assert len(found.edges) < 2000
    group = f"gcp:{PROJECT}#roles/storage.admin"
    assert ("gcp:user:u7@b.example", group) in found.drawn("MEMBER_OF")
    assert "//storage.googleapis.com/b7" in found.access(group)


def test_manifests_of_policies_ask_for_them() -> None:
    text = """
apiVersion: iam.cnrm.cloud.google.com/v1beta1
kind: IAMServiceAccount
metadata: {name: desk-bot, annotations: {cnrm.cloud.google.com/project-id: quillmere-prod}}
---
apiVersion: iam.cnrm.cloud.google.com/v1beta1
kind: IAMPolicyMember
metadata: {name: a, namespace: quillmere-prod}
spec:
  memberFrom: {serviceAccountRef: {name: desk-bot}}
  role: roles/storage.objectViewer
  resourceRef: {kind: StorageBucket, name: quillmere-invoices}
---
apiVersion: iam.cnrm.cloud.google.com/v1beta1
kind: IAMPartialPolicy
metadata: {name: b, namespace: quillmere-prod}
spec:
  resourceRef: {kind: Project, external: projects/quillmere-prod}
  bindings:
    - {role: roles/owner, members: [{member: "user:a@b.example"}]}
---
apiVersion: iam.cnrm.cloud.google.com/v1beta1
kind: IAMPolicy
metadata: {name: c, namespace: quillmere-prod}
spec:
  resourceRef: {kind: IAMServiceAccount, name: payer}
  bindings:
    - {role: roles/iam.workloadIdentityUser, members: ["serviceAccount:quillmere-prod.svc.id.goog[desk/bot]"]}
"""
    found = Granted(document(text, "iam.yaml"))
    assert found.access(f"gcp:{BOT}") == {BUCKET: "read"}
    assert found.props("CAN_ACCESS", f"gcp:{BOT}", BUCKET)["evidence"] == ["declared"]
    assert "admin" in found.access("gcp:user:a@b.example")[PROJECT]
    assert ("gcp:quillmere-prod.svc.id.goog[desk/bot]", f"gcp:{PAYER}") in found.drawn("ASSUMES")
    assert not found.problems


def test_odd_shapes_are_problems() -> None:
    found = granted(
        bind("owner", "user:a@b.example"), {"role": 7, "members": "x"}, bind("roles/storage.admin", "nobody", "serviceAccount:")
    )
    assert {severity for severity, _ in found.problems} == {"error"}
    assert not found.drawn("CAN_ACCESS")


@pytest.mark.parametrize(
    "head",
    [
        b'{"bindings": [{"key": "ctrl+a", "command": "x"}]}',
        b"apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nroleRef: {name: roles/x}\nbindings:\n- role: roles/x\n",
        b'{"name": "projects/readme", "assetType": "image"}',
    ],
)
def test_other_files_are_left_alone(head: bytes) -> None:
    assert not gcp_iam.detect("a.json", head)


def denying(permissions: list[str], denied: list[str] | None = None, point: str = "projects%2F4200", **more: object) -> Document:
    """As ``gcloud iam policies get --kind=denypolicies`` prints it."""
    rule = {"deniedPrincipals": denied or ["principalSet://goog/public:all"], "deniedPermissions": permissions, **more}
    name = f"policies/cloudresourcemanager.googleapis.com%2F{point}/denypolicies/keep-out"
    return document(json.dumps({"name": name, "kind": "DenyPolicy", "rules": [{"denyRule": rule}]}, indent=1), "deny.json")


def denied(deny: Document, role: str, member: str = f"serviceAccount:{BOT}", more: tuple[dict[str, object], ...] = ()) -> Granted:
    kind = "cloudresourcemanager.googleapis.com/Project"
    return Granted(export(*PLACES, *more, asset(NUMBER, kind, bind(role, member))), deny)


ALL_OF_STORAGE = ["storage.googleapis.com/*.*"]


def test_a_deny_policy_takes_away_what_it_surely_denies() -> None:
    free = denied(denying(ALL_OF_STORAGE, ["principal://goog/subject/ada@quillmere.example"]), "roles/editor")
    assert free.problems == []
    assert "write" in free.access(f"gcp:{BOT}")[BUCKET]
    for everybody in (None, [f"principal://iam.googleapis.com/projects/-/serviceAccounts/{BOT}"]):
        found = denied(denying(ALL_OF_STORAGE, everybody), "roles/editor")
        assert found.problems == []
        assert BUCKET not in found.access(f"gcp:{BOT}")
        assert "write" in found.access(f"gcp:{BOT}")[DATASET]
    somewhere = denied(denying(ALL_OF_STORAGE, point="projects%2Felsewhere"), "roles/editor")
    assert "write" in somewhere.access(f"gcp:{BOT}")[BUCKET]
    above = denied(denying(ALL_OF_STORAGE, point="organizations%2F7"), "roles/editor")
    assert BUCKET not in above.access(f"gcp:{BOT}")


def test_who_may_not_make_keys_or_tokens_does_not_become_the_account() -> None:
    role, payer = "roles/iam.serviceAccountKeyAdmin", f"gcp:{PAYER}"
    assert (f"gcp:{BOT}", payer) in denied(denying(["x.googleapis.com/y.z"]), role).drawn("ASSUMES")
    assert denied(denying(["iam.googleapis.com/serviceAccountKeys.create"]), role).drawn("ASSUMES") == set()
    assert denied(denying(["iam.googleapis.com/serviceAccountKeys.*"]), role).drawn("ASSUMES") == set()
    but = denying(["iam.googleapis.com/serviceAccountKeys.*"], exceptionPermissions=["iam.googleapis.com/serviceAccountKeys.create"])
    assert (f"gcp:{BOT}", payer) in denied(but, role).drawn("ASSUMES")


def test_an_owner_who_may_not_set_policies_is_no_administrator() -> None:
    both = ["cloudresourcemanager.googleapis.com/*.setIamPolicy", "iam.googleapis.com/roles.update"]
    both.append("deploymentmanager.googleapis.com/deployments.create")
    assert "admin" in denied(denying(both[:1]), "roles/owner").access(f"gcp:{BOT}")[PROJECT]
    assert "admin" not in denied(denying(both), "roles/owner").access(f"gcp:{BOT}")[PROJECT]


def test_permissions_of_a_custom_role_are_denied_one_by_one() -> None:
    name = "projects/quillmere-prod/roles/stores"
    role = {"name": name, "includedPermissions": ["storage.objects.get", "storage.objects.delete"]}
    deny = denying(["storage.googleapis.com/objects.delete"])
    kind = "cloudresourcemanager.googleapis.com/Project"
    bound = export(*PLACES, asset(NUMBER, kind, bind(name, f"serviceAccount:{BOT}")))
    found = Granted(bound, document(json.dumps(role), "role.json"), deny)
    assert found.access(f"gcp:{BOT}")[BUCKET] == "read"


def test_exceptions_are_heard_and_what_is_not_sure_is_told() -> None:
    mine = f"principal://iam.googleapis.com/projects/-/serviceAccounts/{BOT}"
    excepted = denied(denying(ALL_OF_STORAGE, exceptionPrincipals=[mine]), "roles/editor")
    assert "write" in excepted.access(f"gcp:{BOT}")[BUCKET]
    assert excepted.problems == []
    told = "the deny policy keep-out is not applied everywhere ({}): what it denies counts as allowed there"
    unsure = "not to those who may be excepted from it, or denied by a group"
    group = "principalSet://goog/group/ops@quillmere.example"
    for deny, why in (
        (denying(ALL_OF_STORAGE, denialCondition={"expression": "resource.matchTag('1/env', 'prod')"}), "a rule of it has a condition"),
        (denying(ALL_OF_STORAGE, exceptionPrincipals=[group]), unsure),
        (denying(ALL_OF_STORAGE, [group]), unsure),
        (denying(ALL_OF_STORAGE, ["principalSet://goog/cloudIdentityCustomerId/C01"]), unsure),
    ):
        found = denied(deny, "roles/editor")
        assert found.problems == [("warning", told.format(why))]
        assert "write" in found.access(f"gcp:{BOT}")[BUCKET]
    users = denied(denying(ALL_OF_STORAGE, [group]), "roles/editor", "group:ops@quillmere.example")
    assert BUCKET not in users.access("gcp:group:ops@quillmere.example")


def test_a_deny_policy_that_is_not_attached_yet_is_told() -> None:
    rule = {"denyRule": {"deniedPrincipals": ["principalSet://goog/public:all"], "deniedPermissions": ["iam.googleapis.com/roles.create"]}}
    found = Granted(document(json.dumps({"displayName": "no-roles", "rules": [rule]}), "deny.json"))
    assert found.readers == ["gcp_iam"]
    message = "the deny policy no-roles does not tell what it hangs on and is not applied: what it denies counts as allowed"
    assert found.problems == [("warning", message)]


def test_pages_of_the_interface() -> None:
    """As ``projects.roles.list`` and ``serviceAccounts.list`` answer: each under a key of its own."""
    role = {"name": "projects/quillmere-prod/roles/reads", "title": "Reads", "includedPermissions": ["storage.objects.get"]}
    account = {"name": f"projects/quillmere-prod/serviceAccounts/{BOT}", "email": BOT, "displayName": "Desk bot"}
    found = Granted(
        document(json.dumps({"roles": [role]}, indent=1), "dump/custom-roles.json"),
        document(json.dumps({"accounts": [account]}, indent=1), "dump/service-accounts.json"),
        export(*PLACES, asset(NUMBER, "x.googleapis.com/Y", bind("projects/quillmere-prod/roles/reads", f"serviceAccount:{BOT}"))),
    )
    assert found.problems == []
    assert found.access(f"gcp:{BOT}")[BUCKET] == "read"
    assert found.nodes["Identity", f"gcp:{BOT}"]["name"] == "Desk bot"


def test_a_role_that_only_reads_several_services_reaches_them() -> None:
    """Whether or not anything is known in them."""
    permissions = ["storage.objects.get", "bigquery.tables.getData", "pubsub.topics.publish", "resourcemanager.projects.get"]
    role = {"name": "projects/quillmere-prod/roles/looks", "title": "Looks", "includedPermissions": permissions}
    policy = asset(NUMBER, "x.googleapis.com/Y", bind("projects/quillmere-prod/roles/looks", f"serviceAccount:{BOT}"))
    found = Granted(document(json.dumps([role]), "roles.json"), export(PLACES[0], policy))
    start = "//serviceusage.googleapis.com/projects/quillmere-prod/services/"
    reach = {name.removeprefix(start): actions for name, actions in found.access(f"gcp:{BOT}").items()}
    assert reach.keys() == {"storage.googleapis.com", "bigquery.googleapis.com", "pubsub.googleapis.com"}
    assert reach["storage.googleapis.com"] == "read"
    agent = granted(bind("roles/websecurityscanner.serviceAgent", f"serviceAccount:{BOT}")).access(f"gcp:{BOT}")
    assert f"{start}compute.googleapis.com" in agent
