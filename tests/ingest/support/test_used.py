from __future__ import annotations

from typing import Any

from graphinv.ingest.support.used import dated, sightings
from graphinv.model.facts import EdgeFact, NodeKey

BOT, GROUP, TABLE = ("Identity", "bot"), ("Identity", "team"), ("Resource", "table")
EARLY, LATE = "2026-03-01T00:00:00Z", "2026-11-20T00:00:00Z"


def seen(target: NodeKey, time: str | None, *actions: str, by: NodeKey = BOT, **more: Any) -> EdgeFact:
    return EdgeFact("CAN_ACCESS", by, target, {"evidence": ["observed"], "actions": list(actions), "last_used": time, **more})


def given(holder: NodeKey, target: NodeKey, *actions: str) -> EdgeFact:
    return EdgeFact("CAN_ACCESS", holder, target, {"evidence": ["granted"], "actions": list(actions)})


def used(grants: list[EdgeFact], *logs: EdgeFact) -> list[str | None]:
    """When each of ``grants`` was last used."""
    facts = [fact for fact in dated(grants, sightings(logs)) if isinstance(fact, EdgeFact) and fact.kind == "CAN_ACCESS"]
    return [fact.props.get("last_used") for fact in facts]


def test_a_grant_is_used_by_what_it_lets_its_holder_do() -> None:
    logs = seen(TABLE, EARLY, "write"), seen(TABLE, LATE, "read"), seen(("Resource", "other"), LATE, "delete")
    grants = [given(BOT, TABLE, "write"), given(BOT, TABLE, "admin"), given(BOT, TABLE, "delete"), given(GROUP, TABLE, "write")]
    assert used(grants, *logs) == [EARLY, LATE, None, None]


def test_only_what_was_seen_and_when_counts() -> None:
    granted = seen(TABLE, LATE, "write", evidence=["granted"])
    assert used([given(BOT, TABLE, "write")], granted, seen(TABLE, None, "write")) == [None]
    assert used([given(BOT, TABLE, "write")], seen(TABLE, None, "write", last_seen=EARLY)) == [EARLY]


def test_members_use_what_their_groups_are_given() -> None:
    member = EdgeFact("MEMBER_OF", BOT, GROUP, {"evidence": ["granted"]})
    log = seen(TABLE, LATE, "write")
    assert used([given(GROUP, TABLE, "write")], member, log) == [LATE]
    assert used([member, given(GROUP, TABLE, "write")], log) == [LATE]


def test_scopes_are_used_by_what_lies_in_them() -> None:
    def scopes(target: str, identity: str, *scopes: str) -> None:
        grants = [given(("Identity", identity), ("Resource", scope), "admin") for scope in scopes]
        assert used(grants, seen(("Resource", target), LATE, "write", by=("Identity", identity))) == [LATE] * len(scopes)

    account, role = "123456789012", "arn:aws:iam::123456789012:role/bot"
    scopes(f"arn:aws:dynamodb:eu-west-1:{account}:table/t", role, f"aws:{account}", f"aws:{account}/dynamodb")
    scopes("arn:aws:s3:::invoices", role, f"aws:{account}", f"aws:{account}/s3")
    group, kind = "/subscriptions/s/resourcegroups/g", "microsoft.storage/storageaccounts"
    scopes(f"{group}/providers/{kind}/a", "entra:x", "azure:s", group, f"{group}/providers/{kind}", f"/subscriptions/s/providers/{kind}")
    service = "//serviceusage.googleapis.com/projects/p/services/pubsub.googleapis.com"
    scopes("//pubsub.googleapis.com/projects/p/topics/t", "gcp:x", "//cloudresourcemanager.googleapis.com/projects/p", service)
    for root in ("shop", "acme/shop"):
        scopes(f"vault:{root}/transit/keys/card", "bot", f"vault:{root}", f"vault:{root}/transit/*", f"vault:{root}/transit/keys/*")
        scopes(f"k8s:{root}/pay/workloads", "bot", f"k8s:{root}", f"k8s:{root}/pay", f"k8s:{root}//workloads")
