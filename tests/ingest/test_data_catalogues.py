"""What catalogues of data say of databases, tables and buckets that other documents name."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from graphinv.ingest import HEAD_BYTES, datahub, openmetadata
from graphinv.model.errors import IngestError
from graphinv.model.facts import Statement
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of
from tests.ingest.reading import Facts, document, fake


def read(reader: Any, value: Any, path: str = "catalogue.json") -> Facts:
    made = document(json.dumps(value, indent=1), path)
    assert reader.detect(path, made.data[:HEAD_BYTES])
    return Facts(reader, made)


def said(found: Facts) -> list[tuple[tuple[str, ...], Any, tuple[str, ...]]]:
    return [
        (fact.nodes, fact.props.get("sensitivity"), tuple(key[1] for key in fact.owners))
        for fact in found.all
        if isinstance(fact, Statement)
    ]


def urn(platform: str, name: str) -> str:
    return f"urn:li:dataset:(urn:li:dataPlatform:{platform},{name},PROD)"


def proposal(aspect: str, value: Any, *, of: str = urn("postgres", "shop.public.orders"), text: bool = True) -> dict[str, Any]:
    inner = {"value": json.dumps(value), "contentType": "application/json"} if text else {"json": value}
    return {"entityType": "dataset", "entityUrn": of, "changeType": "UPSERT", "aspectName": aspect, "aspect": inner}


TAGS = {"tags": [{"tag": "urn:li:tag:PII"}, {"tag": "urn:li:tag:Legacy"}]}
ORDERS = ("Resource:*postgres://*/shop", "Resource:*postgres://*/shop/public.orders")


def test_change_proposals_of_datahub() -> None:
    owners = {"owners": [{"owner": "urn:li:corpuser:ana@acme.example", "type": "DATAOWNER"}, {"owner": "urn:li:corpuser:bob"}]}
    events = [
        proposal("globalTags", TAGS),
        proposal("glossaryTerms", {"terms": [{"urn": "urn:li:glossaryTerm:Classification.Confidential"}]}, text=False),
        proposal("ownership", {**owners, "groups": ["urn:li:corpGroup:data-team"]}),
        proposal("datasetProperties", {"description": "urn:li:tag:PII"}),
        proposal("globalTags", {"tags": [{"tag": "urn:li:tag:Legacy"}]}),
        proposal("globalTags", TAGS, of=urn("looker", "x.y")),
    ]
    found = read(datahub, events)
    assert said(found) == [
        (ORDERS, "restricted", ()),
        (ORDERS, "confidential", ()),
        (ORDERS, None, ("datahub:group:data-team", "ana@acme.example")),
    ]
    assert found.problems == [("", "note", "1 of its data sets are on platforms that are not known here")]


def test_change_events_with_snapshots() -> None:
    fields = [{"fieldPath": "email", "globalTags": {"tags": [{"tag": "urn:li:tag:Sensitive"}]}}]
    aspects = [{"com.linkedin.pegasus2avro.schema.SchemaMetadata": {"schemaName": "orders", "fields": fields}}]
    snapshot = {"urn": urn("bigquery", "acme-dwh.sales.orders"), "aspects": aspects}
    event = {"auditHeader": None, "proposedSnapshot": {"com.linkedin.pegasus2avro.metadata.snapshot.DatasetSnapshot": snapshot}}
    dataset = "Resource://bigquery.googleapis.com/projects/acme-dwh/datasets/sales"
    assert said(read(datahub, [event])) == [((dataset, f"{dataset}/tables/orders"), "restricted", ())]
    assert said(read(datahub, event)) == said(read(datahub, [event]))


@pytest.mark.parametrize(
    ("platform", "name", "nodes"),
    [
        ("s3", "acme-invoices/2026/x.csv", ("Resource:arn:aws:s3:::acme-invoices",)),
        ("gcs", "acme-invoices/x", ("Resource://storage.googleapis.com/acme-invoices",)),
        ("dynamodb", "eu-west-1.carts", ("Resource:arn:aws:dynamodb:eu-west-1:*:table/carts",)),
        ("mysql", "shop.orders", ("Resource:*mysql://*/shop", "Resource:*mysql://*/shop/orders")),
        ("postgres", "instance.shop.public.orders", ORDERS),
    ],
)
def test_which_resources_a_data_set_is(platform: str, name: str, nodes: tuple[str, ...]) -> None:
    ((found, _, _),) = said(read(datahub, [proposal("globalTags", TAGS, of=urn(platform, name))]))
    assert found == nodes


def table(**more: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "name": "orders",
        "fullyQualifiedName": "prod_pg.shop.public.orders",
        "serviceType": "Postgres",
        "columns": [],
        "tags": [],
        **more,
    }


def test_tables_of_openmetadata() -> None:
    owners = [
        {"id": "1", "type": "user", "name": "ana", "email": "ana@acme.example"},
        {"type": "team", "name": "Data"},
        {"type": "user", "name": "bob"},
    ]
    columns = [{"name": "email", "tags": [{"tagFQN": "PII.Sensitive", "source": "Classification"}]}]
    found = read(openmetadata, {"data": [table(columns=columns, owners=owners)], "paging": {"total": 1}})
    assert said(found) == [(ORDERS, "restricted", ("ana@acme.example", "openmetadata:team:data"))]
    assert said(read(openmetadata, [table(tags=[{"tagFQN": "PII.NonSensitive"}, {"tagFQN": "Access.Internal"}])])) == [
        (ORDERS, "internal", ())
    ]
    assert said(read(openmetadata, table(tags=[{"tagFQN": "Tier.Tier1"}]))) == []
    quoted = table(fullyQualifiedName='"pg.prod".shop.public."odd.name"', tags=[{"tagFQN": "PII.Sensitive"}])
    assert read(openmetadata, quoted).problems == [("", "note", "1 of its tables are on platforms that are not known here")]


@pytest.mark.parametrize("hosts", [["db"], ["db", "other"]])
def test_what_a_catalogue_says_holds_for_the_only_database_of_the_name(tmp_path: Path, hosts: list[str]) -> None:
    top = tmp_path / "shop"
    top.mkdir()
    lines = [f"{host.upper()}_URL=postgres://app:{fake(host)}@{host}.acme.example:5432/shop\n" for host in hosts]
    (top / ".env").write_text("".join(lines))
    (top / "catalogue.json").write_text(json.dumps([proposal("globalTags", TAGS)]))
    reading = read_root(root_of(top), Fingerprinter(b"k" * 32))
    together([reading])
    told = {node.id for node in reading.nodes if node.props.get("sensitivity") == "restricted"}
    assert told == ({"postgres://db.acme.example:5432/shop"} if len(hosts) == 1 else set())


HOSTILE: dict[str, tuple[Any, str]] = {
    "datahub": (
        datahub,
        json.dumps([proposal("globalTags", TAGS), 7, {"entityUrn": [1], "aspectName": "ownership", "aspect": {"value": "["}}]),
    ),
    "snapshot": (datahub, json.dumps({"proposedSnapshot": {"a": {"urn": 7, "aspects": {"a": 1}}, "b": []}})),
    "deep": (datahub, json.dumps([{"entityUrn": urn("s3", "abc/x"), "aspectName": "ownership", "aspect": {"value": "[" * 100_000}}])),
    "table": (openmetadata, json.dumps({"data": [table(columns={"a": 1}, tags=[7, {"tagFQN": 7}], owners={"a": 1}), 7], "x": 1})),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_wrong_types_give_problems_or_an_ingest_error(name: str) -> None:
    reader, text = HOSTILE[name]
    for cut in (len(text), len(text) - 1, len(text) // 2):
        with contextlib.suppress(IngestError):
            list(reader.read(document(text[:cut], "x.json")))
