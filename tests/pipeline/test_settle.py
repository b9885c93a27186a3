"""Access keys that a credential report numbers and a list of keys names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphinv.ingest import aws_credentials
from graphinv.ingest.support.aws.arns import key_account
from graphinv.model.facts import NodeFact, check_node
from graphinv.pipeline.read import Reading
from graphinv.pipeline.settle import met
from graphinv.pipeline.walk import Root
from tests.ingest.reading import Facts, document
from tests.ingest.test_aws_credentials import COLUMNS, KEY

MARCH, APRIL, MAY = (f"2026-{month}-02T09:00:00+00:00" for month in ("03", "04", "05"))
OTHER = KEY[:-1] + "N"
USER = f"arn:aws:iam::{key_account(KEY)}:user/team/ivo"


def secrets(reported: tuple[str | None, str | None], listed: dict[str, str | None]) -> dict[str, dict[str, object]]:
    """Secrets of a report with the dates of the user's keys (None for one that is not active) and of a list of ids with theirs."""
    keys = ",".join(f"true,{date},2026-11-01T08:00:00+00:00,eu-west-1,s3" if date else "false,N/A,N/A,N/A,N/A" for date in reported)
    report = f"{COLUMNS}\nivo,{USER},{MARCH},false,N/A,N/A,N/A,false,{keys},false,N/A,false,N/A\n"
    named = [{"UserName": "ivo", "AccessKeyId": id, "Status": "Active", "CreateDate": date} for id, date in listed.items()]
    readings = []
    for path, text in (("report.csv", report), ("keys.json", json.dumps({"AccessKeyMetadata": named}))):
        facts = Facts(aws_credentials, document(text, path))
        nodes = [check_node(fact) for fact in facts.all if isinstance(fact, NodeFact)]
        readings.append(Reading(Root(path, Path()), nodes, list(facts.edges)))
    met(readings)
    found: dict[str, dict[str, object]] = {}
    for reading in readings:
        for node in reading.nodes:
            if node.kind == "Secret":
                found[node.id] = {**found.get(node.id, {}), **node.props}
        assert {edge.source for edge in reading.edges if edge.kind == "AUTHENTICATES_AS"} <= {("Secret", one) for one in found}
    return found


def id_of(key: str) -> str:
    return f"aws-access-key:{key}"


def test_the_same_date_makes_them_one() -> None:
    found = secrets((MARCH, APRIL), {KEY: APRIL, OTHER: MARCH})
    assert set(found) == {id_of(KEY), id_of(OTHER)}
    assert (found[id_of(KEY)]["rotated_at"], found[id_of(KEY)]["issued_at"]) == ("2026-04-02T09:00:00Z", "2026-04-02T09:00:00Z")
    assert (found[id_of(KEY)]["name"], found[id_of(KEY)]["last_used"]) == (KEY, "2026-11-01T08:00:00Z")


@pytest.mark.parametrize(
    ("reported", "listed", "joined"),
    [
        ((MARCH, None), {KEY: MARCH}, {KEY}),
        (("N/A", None), {KEY: MARCH}, {KEY}),
        (("N/A", None), {KEY: MARCH, OTHER: MARCH}, set()),
        ((MARCH, None), {KEY: None}, set()),
        ((MARCH, APRIL), {KEY: MARCH, OTHER: None}, {KEY}),
        ((MARCH, None), {KEY: MAY}, set()),
        ((MARCH, MARCH), {KEY: MARCH, OTHER: MARCH}, set()),
        ((MARCH, None), {KEY: MARCH, OTHER: MARCH}, set()),
        ((MARCH, APRIL), {KEY: None}, set()),
        ((None, None), {KEY: MARCH}, set()),
    ],
)
def test_only_what_is_certain_is_joined(reported: tuple[str | None, str | None], listed: dict[str, str | None], joined: set[str]) -> None:
    found = secrets(reported, listed)
    assert {one for one in listed if "last_used" in found[id_of(one)]} == joined
    left = sum(date is not None for date in reported) - len(joined)
    assert len([one for one in found if one.startswith("aws-access-key:arn:")]) == left
