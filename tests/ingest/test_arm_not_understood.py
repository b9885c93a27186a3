"""ARM templates and Bicep that are hostile, broken, or no templates."""

from __future__ import annotations

import json

import pytest

from graphinv.model.errors import IngestError
from tests.ingest.test_arm import SCHEMA, STORE, place, read, template


def test_what_is_not_understood_is_told_and_the_rest_is_read() -> None:
    facts = read(
        """param a string =
resource x 'Microsoft.Storage/storageAccounts@2023-05-01' = { name: 'ledger' }
module m './gone.bicep' = { name: 'm' }
"""
    )
    assert ("Resource", STORE) in facts.nodes
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L1", "warning"), ("L3", "warning")]


@pytest.mark.parametrize(
    "text",
    [
        "param a string = a\nvar b = b\nvar c = d\nvar d = c\noutput o string = '${a}${b}${c}${d}'",
        "resource r 'A.B/c@1' = {\n  name: r.name\n  properties: r.properties\n}",
        "module m 'main.bicep' = { name: 'm', params: { a: m.outputs.o } }\noutput o string = m.outputs.o",
        "resource r 'A.B/c@1' = [for i in range(0, 100000): { name: 'r${i}' }]",
        "var a = " + "[" * 3000,
        "var a = " + "(" * 3000,
        "var a = '" + "${'" * 3000,
        "var a = " + "!" * 3000 + "x",
        "var a = x" + ".y" * 3000,
        "var a = " + " + ".join(["x"] * 3000),
        "resource r 'A.B/c@1' = {\n" + "resource r 'd' = {\n" * 500,
        "@" * 3000,
        "param p " + "{" * 3000,
        "/*" + "*" * 100_000,
        "var a = (" + "isThisEncryptedOrIsItNot" * 20 + " == b ? c : d)",
        "var a = (" + "a, " * 20_000 + "!",
    ],
)
def test_bicep_that_turns_in_circles_or_never_ends(text: str) -> None:
    facts = read(text)
    assert all(severity in ("note", "warning", "error") for _, severity, _ in facts.problems)


def test_the_definition_of_a_policy_deploys_nothing() -> None:
    deployment = {"properties": {"mode": "incremental", "template": json.loads(template(resources=[APP]))}}
    policy = {"policyRule": {"if": {"field": "type"}, "then": {"effect": "deployIfNotExists", "details": {"deployment": deployment}}}}
    facts = read({"policies/deploy_logs.json": json.dumps({"name": "Deploy-Logs", "properties": policy}, indent=1)})
    assert facts.all == []


PARAMETERS = SCHEMA.replace("deploymentTemplate", "deploymentParameters")
APP = {"type": "Microsoft.Web/sites", "apiVersion": "2022-03-01", "name": "desk", "identity": {"type": "SystemAssigned"}}


def test_a_file_that_is_no_object_is_told() -> None:
    with pytest.raises(IngestError, match="neither a template"):
        read({"infra/list.json": json.dumps([{"$schema": SCHEMA}])})


STORE_OF = "resource s 'Microsoft.Storage/storageAccounts@2023-05-01' = { name: 'store%s' }\n"


def test_what_only_tests_a_template_is_no_deployment_of_it() -> None:
    files = {
        "infra/main.bicep": "param owner string = ''\n" + STORE_OF % "${owner}",
        "infra/main.test.bicep": "module main 'main.bicep' = { name: 'main' }\n",
        "infra/main.parameters.json": json.dumps({"$schema": PARAMETERS, "parameters": {"owner": {"value": "desk"}}}),
    }
    store = "microsoft.storage/storageaccounts/store"
    assert {id for kind, id in read(files).nodes if "/storageaccounts/" in id} == {place(f"{store}desk")}
    alone = read({"infra/one.test.bicep": STORE_OF % "one"})
    assert ("Resource", place(f"{store}one", "infra.one.test.bicep")) in alone.nodes


def test_a_loop_over_hundreds_is_followed_and_one_over_thousands_told() -> None:
    many = "resource s 'Microsoft.Storage/storageAccounts@2023-05-01' = [for i in range(0, %d): { name: 'store${i}' }]\n"
    assert read(many % 300).problems == []
    assert [severity for _, severity, _ in read(many % 5000).problems] == ["error"]
