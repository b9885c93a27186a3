from __future__ import annotations

import re
from pathlib import Path

import pytest

from graphinv.ingest import estate_file
from graphinv.model.errors import IngestError
from graphinv.model.facts import OWNER_CONFIDENCE, Guarding, Naming, Statement
from tests.ingest.reading import Facts, document


def read(text: str, path: str = "graphinv.toml") -> Facts:
    return Facts(estate_file, document(text, path))


def test_statements_know_of_what_they_speak_and_where_they_stand() -> None:
    found = read(
        """
[[state]]
nodes = ["Resource:postgres://*/ledger"]
crown_jewel = true
sensitivity = "restricted"
owners = ["@Acme/Pay", "ana@acme.example"]

[[state]]
files = "deploy/prod/**"
environment = "prod"
"""
    )
    assert found.problems == []
    first, second = (fact for fact in found.all if isinstance(fact, Statement))
    assert (first.source, first.nodes, first.props) == (
        "shop/graphinv.toml#L2",
        ("Resource:postgres://*/ledger",),
        {"crown_jewel": True, "sensitivity": "restricted"},
    )
    assert first.owners == (("Owner", "@acme/pay"), ("Owner", "ana@acme.example"))
    assert (second.files, second.props, second.owners) == (("deploy/prod/**",), {"environment": "prod"}, ())
    assert found.nodes["Owner", "@acme/pay"]["type"] == "team"


def test_guards_are_points_and_the_edges_that_they_stand_on() -> None:
    found = read(
        """
[[guard]]
point = "pep:pay"
mode = "enforce"
effect = "evaluate"
allows = ["read:*"]
edges = [{ edge = "USES", from = "Agent:*", to = "Tool:*payout" }, { edge = "CAN_ACCESS", from = "*", to = "saas:*" }]
"""
    )
    assert found.problems == []
    assert found.nodes["EnforcementPoint", "pep:pay"] == {
        "name": "pep:pay",
        "mode": "enforce",
        "effect": "evaluate",
        "allows": ["read:*"],
        "sources": ["shop/graphinv.toml#L2"],
    }
    assert [fact for fact in found.all if isinstance(fact, Guarding)] == [
        Guarding("shop/graphinv.toml#L2", "pep:pay", "USES", "Agent:*", "Tool:*payout"),
        Guarding("shop/graphinv.toml#L2", "pep:pay", "CAN_ACCESS", "*", "saas:*"),
    ]


def test_names_that_files_leave_open() -> None:
    found = read(
        """
[[name]]
files = ["live/**"]
aws_account = "123456789012"
aws_region = "eu-west-1"
kubernetes_cluster = "prod-eu"
database = "postgres://db.acme.example:5432/shop"
"""
    )
    assert found.problems == []
    assert {fact.what: fact.name for fact in found.all if isinstance(fact, Naming)} == {
        "aws_account": "123456789012",
        "aws_region": "eu-west-1",
        "kubernetes_cluster": "prod-eu",
        "database": "postgres://db.acme.example:5432/shop",
    }


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('[[state]]\nnodes = ["*"]\ncrown_jewels = true\n', 3, "[[state]] has no such key: 'crown_jewels'"),
        ('[[state]]\nnodes = ["*"]\nsensitivity = "secret"\n', 3, "is no such value: 'sensitivity'"),
        ('[[state]]\nnodes = ["*"]\ncrown_jewel = "yes"\n', 3, "is no such value: 'crown_jewel'"),
        ('[[state]]\nnodes = ["*"]\nowners = ["Ana"]\n', 3, "an owner is an e-mail address or an @name: 'owners'"),
        ("[[state]]\ncrown_jewel = true\n", 1, "[[state]] has to say of what it speaks, by nodes, files or labels: 'nodes'"),
        ('[[state]]\nnodes = ["*"]\n', 2, "[[state]] says nothing of them: 'nodes'"),
        ("[[state]]\nnodes = 7\ncrown_jewel = true\n", 2, "should be a list of at most 500 texts: 'nodes'"),
        (
            '[[state]]\nnodes = ["*a*a*a*a*a*a*a*a*a"]\ncrown_jewel = true\n',
            2,
            "a pattern has at most 8 wildcards and 1,000 characters: 'nodes'",
        ),
        ('[state]\nnodes = ["*"]\n', 1, "is not a list of tables; write [[state]]: 'state'"),
        ('[[stat]]\nnodes = ["*"]\n', 1, "is no section; they are state, guard, name: 'stat'"),
        ('[[guard]]\nedges = [{ edge = "USES", from = "*", to = "*" }]\n', 1, "[[guard]] has to name its enforcement point: 'point'"),
        ('[[guard]]\npoint = "p"\nmode = "on"\nedges = [{ edge = "USES", from = "*", to = "*" }]\n', 3, "is no such value: 'mode'"),
        ('[[guard]]\npoint = "p"\nedges = [{ edge = "OWNS", from = "*", to = "*" }]\n', 3, "no authority moves along edges of this kind"),
        (
            '[[guard]]\npoint = "p"\nedges = [{ edge = "USES", to = "*" }]\n',
            3,
            "each edge is { edge = KIND, from = PATTERN, to = PATTERN }",
        ),
        ('[[guard]]\npoint = "p"\n', 1, "[[guard]] has to name its edges"),
        ('[[name]]\naws_account = "123456789012"\n', 1, "[[name]] has to say for which files it holds: 'files'"),
        ('[[name]]\nfiles = ["a"]\naws_account = "12345"\n', 3, "should be twelve digits: 'aws_account'"),
    ],
)
def test_what_is_wrong_is_told_with_its_key_and_line_and_the_rest_holds(text: str, line: int, message: str) -> None:
    found = read(
        text + '\n[[state]]\nnodes = ["Agent:b"]\nenvironment = "dev"\n' if "[state]\n" not in text.replace("[[state]]", "") else text
    )
    ((where, severity, told),) = found.problems
    assert severity == "error"
    assert told.startswith(message)
    assert where == f"L{line}"
    if "[[state]]\nnodes" in text or "[[g" in text:
        assert [fact.props for fact in found.all if isinstance(fact, Statement)] == [{"environment": "dev"}]


def test_a_file_below_the_top_does_not_count() -> None:
    found = read('[[state]]\nnodes = ["*"]\nenvironment = "dev"\n', "vendor/acme/graphinv.toml")
    assert [severity for _, severity, _ in found.problems] == ["warning"]
    assert found.nodes == {}


def test_what_is_no_toml_is_an_ingest_error() -> None:
    with pytest.raises(IngestError, match="is not TOML"):
        read("[[state]\n")


def test_the_examples_of_the_documentation_hold() -> None:
    page = (Path(__file__).parents[2] / "docs/estate.md").read_text("utf-8")
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        assert read(example).problems == []
    said = "".join(page.split("It may state ")[1].split("(see")[0].split())
    assert set(re.findall(r"`(\w+)`", said)) == set(estate_file.STATED)


def test_the_confidence_of_owners_is_the_documented_one() -> None:
    page = (Path(__file__).parents[2] / "docs/estate.md").read_text("utf-8")
    told = {row.split("|")[2].partition(",")[0].strip() for row in page.splitlines() if row.startswith("| ") and row.count("|") == 3}
    assert {f"{value:g}" for value in OWNER_CONFIDENCE.values()} <= told
