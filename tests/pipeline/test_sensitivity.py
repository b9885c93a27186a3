from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphinv.ingest.grants import Known
from graphinv.model.errors import GraphinvError
from graphinv.model.facts import NodeFact, check_node
from graphinv.pipeline.bundled import bundled
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.sensitivity import guessed, load, rules
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of


def guess(kind: str, id: str, **props: Any) -> dict[str, Any]:
    """What the step says of one node."""
    found = [fact for fact in guessed(Known.of([NodeFact(kind, id, props)], []), ()) if isinstance(fact, NodeFact)]
    return check_node(found[0]).props if found else {}


@pytest.mark.parametrize(
    ("id", "props", "sensitivity"),
    [
        ("arn:aws:s3:::acme-payroll-2026", {"type": "bucket"}, "restricted"),
        ("arn:aws:s3:::acme-payroll-2026", {}, "restricted"),
        ("arn:aws:s3:::acme-www", {"type": "bucket"}, "public"),
        ("arn:aws:s3:::public-customer-list", {"type": "bucket"}, "confidential"),
        ("arn:aws:lambda:eu-west-1:1:function:payroll", {"type": "function"}, None),
        ("postgres://db.acme.example:5432/shop_orders", {"type": "database"}, "confidential"),
        ("postgres://db.acme.example:5432/shop", {"type": "database", "name": "Customer data"}, "confidential"),
        ("postgres://db.acme.example:5432/shop/public.orders", {"type": "table"}, "confidential"),
        # A company's or a host's name says nothing of each of its databases.
        ("postgres://db.health-payments.example:5432/shop", {"type": "database"}, None),
        ("arn:aws:s3:::acme-unnamed", {"type": "bucket"}, None),
        # Nor does the folder of the file that leaves a part of the name open.
        ("arn:aws:sns:us-east-1:account(lab):news-var.id(lab.scenarios.sns_secrets.terraform)", {"type": "topic"}, None),
        ("arn:aws:sns:us-east-1:account(lab):secrets-var.id(lab.scenarios.sns.terraform)", {"type": "topic"}, "restricted"),
        ("/subscriptions/s/providers/microsoft.storage/storageaccounts/store(banking-desk.infra.main.bicep)", {"type": "bucket"}, None),
        ("projects/p/buckets/news(payroll.infra.terraform)", {"type": "bucket", "name": "news(payroll.infra.terraform)"}, None),
        ("postgres://db.acme.example:5432/payroll(shop.infra.terraform)", {"type": "database"}, "restricted"),
        ("arn:aws:rds:eu-west-1:1:snapshot:shop", {}, "restricted"),
        ("//bigquery.googleapis.com/projects/acme-payments/datasets/web_events", {"type": "dataset"}, "internal"),
        ("saas:stripe/acme", {"type": "saas"}, "restricted"),
        ("saas:stripe/?", {"type": "saas"}, "restricted"),
        ("saas:tavily/?", {}, "public"),
        ("saas:gmail/shop#1", {"type": "mailbox"}, "confidential"),
        ("saas:unheard-of/acme", {"type": "saas"}, None),
    ],
)
def test_sensitivity_is_guessed_from_names_kinds_and_providers(id: str, props: dict[str, Any], sensitivity: str | None) -> None:
    found = guess("Resource", id, **props)
    assert found.get("sensitivity") == sensitivity
    assert any(label.startswith("sensitivity_from=data/sensitivity.toml#") for label in found.get("labels", [])) == (
        sensitivity is not None
    )


def test_nothing_is_guessed_where_a_source_states_it() -> None:
    assert guess("Resource", "arn:aws:s3:::prod-payroll", type="bucket", sensitivity="internal", environment="dev") == {}
    stated = guess("Resource", "arn:aws:s3:::prod-payroll", type="bucket", sensitivity="unknown", sources=["shop/a.tf#L1"])
    assert stated == {
        "sensitivity": "restricted",
        "environment": "prod",
        "labels": ["environment_from=name", "sensitivity_from=data/sensitivity.toml#people-and-money"],
        "sources": ["shop/a.tf#L1"],
    }


@pytest.mark.parametrize(
    ("kind", "id", "environment"),
    [
        ("Identity", "arn:aws:iam::111122223333:role/prod-deployer", "prod"),
        ("Identity", "arn:aws:iam::111122223333:role/ProdDeployer", "prod"),
        ("Runtime", "k8s:prod-eu/pay/Deployment/api", "prod"),
        ("Resource", "postgres://stg-db.acme.example:5432/shop", "staging"),
        ("Resource", "arn:aws:s3:::copy-of-prod-for-test", None),
        ("Resource", "arn:aws:s3:::product-images", None),
        ("Resource", "arn:aws:s3:::latest", None),
        ("Resource", "arn:aws:glue:eu-west-1:1:devEndpoint/notebook", None),
        ("Resource", "arn:aws:glue:eu-west-1:1:devEndpoint/prod-notebook", "prod"),
        ("Resource", "arn:aws:sqs:eu-west-1:1:orders(shop.environments.staging)", "staging"),
        ("Agent", "claude-code:prod", None),
    ],
)
def test_environment_is_guessed_from_whole_words_of_a_name(kind: str, id: str, environment: str | None) -> None:
    assert guess(kind, id).get("environment") == environment


@pytest.mark.parametrize(
    ("sources", "environment"),
    [
        (["shop/tests/prod/k8s.yaml#L2", "shop/tests/fixtures/a.yaml#L1"], "test"),
        (["shop/tests/prod/k8s.yaml#L2", "shop/deploy/k8s.yaml#L1"], "prod"),
        (["tests/deploy/k8s.yaml#L1"], "prod"),
        ([], "prod"),
    ],
)
def test_what_only_tests_speak_of_is_of_tests_whatever_it_is_called(sources: list[str], environment: str) -> None:
    found = guess("Identity", "k8s:shop/prod-eu/ServiceAccount/default", sources=sources)
    assert found["environment"] == environment
    assert found["labels"] == [f"environment_from={'path' if environment == 'test' else 'name'}"]


def test_a_table_that_is_not_well_formed_is_told() -> None:
    text = (bundled("data") / "sensitivity.toml").read_text("utf-8")
    for broken, message in (
        ("x = [", "is not TOML"),
        (text.replace("[types]", "[kinds]"), "lacks 'types'"),
        (text.replace('sensitivity = "public"', 'sensitivity = "open"'), "there is no 'open'"),
        (text.replace('words = "public www', 'words = "payroll www'), "payroll has two meanings"),
    ):
        with pytest.raises(GraphinvError, match=message):
            load(broken)


def test_words_are_in_the_form_in_which_names_are_cut() -> None:
    from graphinv.ingest.support.secret_words import words

    table = rules()
    assert [word for word in (*table.words, *table.environments) if words(word) != [word]] == []


def test_what_an_estate_file_states_is_not_guessed(tmp_path: Path) -> None:
    top = tmp_path / "shop"
    top.mkdir()
    nodes = [{"node": "Resource", "id": f"arn:aws:s3:::payroll-{name}", "props": {"type": "bucket"}} for name in ("a", "b")]
    (top / "x.facts.jsonl").write_text("".join(json.dumps(node) + "\n" for node in nodes))
    (top / "graphinv.toml").write_text('[[state]]\nnodes = ["Resource:arn:aws:s3:::payroll-a"]\nsensitivity = "internal"\n')
    reading = read_root(root_of(top), Fingerprinter(b"k" * 32))
    together([reading])
    told = {(node.id, node.props["sensitivity"]) for node in reading.nodes if "sensitivity" in node.props}
    assert told == {("arn:aws:s3:::payroll-a", "internal"), ("arn:aws:s3:::payroll-b", "restricted")}
