"""Registers of approvals."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import approvals_csv, native_facts
from graphinv.model.errors import IngestError
from graphinv.model.facts import Approval, Fact, Problem
from tests.ingest.reading import document, fake, fixture

HEAD = "agent,tool,server,by,until,digest,environment,approval,status\n"


def read(text: str | bytes, path: str = "governance/approvals.csv") -> list[Fact]:
    return list(approvals_csv.read(document(text, path)))


def only(text: str) -> str:
    [problem] = read(HEAD + text)
    assert isinstance(problem, Problem)
    assert (problem.where, problem.severity) == ("L2", "error")
    return problem.message


def test_reads_a_register_as_people_keep_it() -> None:
    source = "shop/governance/approvals.csv"
    found = list(approvals_csv.read(fixture("approvals/approvals.csv", "governance/approvals.csv")))
    assert found == [
        Problem(
            "governance/approvals.csv", "L1", "column 'ticket' is none of an approval; it was passed over", "warning", approvals_csv.NAME
        ),
        Approval(
            f"{source}#L2",
            "billing-bot",
            tool="create_payout",
            server="https://pay.example/mcp",
            by="ana@acme.example",
            until="2027-04-01T00:00:00Z",
            digests=("sha256:77aa", "sha256:9f2c"),
            environment="prod",
            how="exact",
        ),
        Approval(
            f"{source}#L3",
            "Agent:claude-code:*",
            server="https://tickets.example/mcp",
            by="@acme/platform",
            until="2027-01-01T11:00:00Z",
        ),
        Approval(f"{source}#L4", "*", tool="Tool:claude-code:Bash", by="ben@acme.example", granted=False),
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://API.githubcopilot.com:443/mcp/", "https://api.githubcopilot.com/mcp"),
        ("ToolServer:https://pay.example/mcp/?region=eu", "https://pay.example/mcp"),
        ("https://pay-?.example/mcp/", "https://pay-?.example/mcp/"),
        ("https://pay.example/*/", "https://pay.example/*/"),
        ("tickets", "tickets"),
        ("mcp:shop/.mcp.json#tickets", "mcp:shop/.mcp.json#tickets"),
    ],
)
def test_the_address_of_a_server_is_written_as_in_its_configuration(written: str, meant: str) -> None:
    [found] = read(HEAD + f"bot,,{written},,,,,,\n")
    assert isinstance(found, Approval)
    assert found.server == meant


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("approvals.csv", HEAD, True),
        ("gov/mcp-approvals.csv", "Tool\tAgent\n", True),
        ("Approvals.TSV", "agent\tserver\n", True),
        ("approvals.csv", "employee,amount,approver\n", False),
        ("approvals.csv", "agent,amount\n", False),
        ("myapprovals.csv", HEAD, False),
        ("approvals.json", HEAD, False),
    ],
)
def test_tells_its_files_from_others(path: str, head: str, ours: bool) -> None:
    assert approvals_csv.detect(path, head.encode()) is ours


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",t,,,,,,,", "says no agent"),
        ("a,,,,,,,,", "says neither tool nor server"),
        ("a,t,,,soon,,,,", "until is no time"),
        ("a,t,,,9999-12-31,,,,", "until is no time"),
        ("a,t,,,,,moon,,", "environment is one of dev, test, staging, prod"),
        ("a,t,,,,,,forever,", "approval is one of exact, scope, change, recurring"),
        ("a,t,,,,,,,maybe", "its status is not understood"),
        (f"{'*a' * 9},t,,,,,,,", "agent holds more than 8 wildcards"),
        (f"{'a' * 2001},t,,,,,,,", "agent is too long"),
        (f"a,t,,{fake('by', 'gh' + 'p_')},,,,,", "by looks like a credential"),
        (f"a,t,,,,{' '.join(map(str, range(501)))},,,", "digest holds more than 500 of them"),
    ],
)
def test_a_row_that_is_none_is_told_without_its_values(row: str, message: str) -> None:
    assert only(row + "\n").startswith(f"row is no approval: {message}")


@pytest.mark.parametrize(
    "data", [b"", b"x", b"agent\n", b"\xff\xfe\x00", b"agent,tool\n\0", b'agent,tool\n"a', b"agent,tool\n" + b"x" * 1_100_000]
)
def test_what_is_no_register_is_an_ingest_error(data: bytes) -> None:
    with pytest.raises(IngestError):
        read(data)


def test_a_register_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals_csv, "MAX_ROWS", 2)
    with pytest.raises(IngestError, match="more than 2 rows"):
        read(HEAD + "a,t,,,,,,,\n" * 3)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: (HEAD + text).encode("utf-8", "surrogatepass"))))
def test_any_bytes_give_facts_or_an_ingest_error(data: bytes) -> None:
    try:
        found = read(data)
    except IngestError:
        return
    assert all(isinstance(fact, Approval | Problem) for fact in found)


def test_for_which_data_it_is() -> None:
    head = "agent,tool,data_class\n"
    assert read(head + "a,t,Confidential\n") == [Approval("shop/governance/approvals.csv#L2", "a", tool="t", sensitivity="confidential")]
    [problem] = read(head + "a,t,unknown\n")
    assert isinstance(problem, Problem)
    assert "data_class is one of public, internal, confidential, restricted" in problem.message


def test_the_same_as_a_fact() -> None:
    said = {"agent": "billing-bot", "tool": "pay", "digest": ["sha256:b", "sha256:a"], "until": "2027-03-31", "environment": "prod"}
    [fact] = native_facts.read(document(json.dumps({"approval": said}), "x.facts.jsonl"))
    assert fact == Approval(
        "shop/x.facts.jsonl#L1",
        "billing-bot",
        tool="pay",
        until="2027-04-01T00:00:00Z",
        digests=("sha256:a", "sha256:b"),
        environment="prod",
    )
    [fact] = native_facts.read(document(json.dumps({"approval": said}), "x.facts.json"))
    assert isinstance(fact, Approval)


@pytest.mark.parametrize(
    "value",
    [
        {"approval": 7},
        {"approval": {"agent": "a"}},
        {"approval": {"agent": "a", "tool": 7}},
        {"approval": {"agent": "a", "tool": "t", "digest": [7]}},
        {"approval": {"agent": "a", "tool": "t", "who": "x"}},
        {"approval": {"agent": "a", "tool": "t"}, "node": "Agent"},
        {"approval": {"agent": "\ud800", "tool": "t"}},
    ],
)
def test_a_fact_that_is_no_approval_is_told(value: object) -> None:
    [problem] = native_facts.read(document(json.dumps(value), "x.facts.jsonl"))
    assert isinstance(problem, Problem)
    assert problem.severity == "error"


def test_a_pending_approval_is_none() -> None:
    assert list(native_facts.read(document('{"approval": {"agent": "a", "tool": "t", "status": "pending"}}', "x.facts.jsonl"))) == []
