from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import Document, native_csv
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Problem


def read(data: str | bytes, path: str) -> list[Fact]:
    return list(native_csv.read(Document("acme", path, data if isinstance(data, bytes) else data.encode(), lambda value: "0" * 32)))


def problems(facts: list[Fact]) -> list[Problem]:
    return [fact for fact in facts if isinstance(fact, Problem)]


def test_reads_nodes() -> None:
    text = 'id,Name,Kind Detail,labels,review_due\n\nbilling-bot,"Billing, bot",claude-code,team=pay; a=b,2026-07-01\nrefund-bot,,,[],\n'
    assert read(text, "estate/agents.csv") == [
        NodeFact(
            "Agent",
            "billing-bot",
            {
                "name": "Billing, bot",
                "kind_detail": "claude-code",
                "labels": ["a=b", "team=pay"],
                "sources": ["acme/estate/agents.csv#L3"],
                "review_due": "2026-07-01T00:00:00Z",
            },
        ),
        NodeFact("Agent", "refund-bot", {"labels": [], "sources": ["acme/estate/agents.csv#L4"]}),
    ]


def test_reads_edges_whose_ends_name_their_kinds_or_have_only_one() -> None:
    text = (
        "from,from_kind,to,to_kind,actions,confidence\n"
        "role/a,,bucket,,read;write,0.5\n"
        "search,Tool,key,Secret,,\n"
        "Tool:search,,Secret:key,,,\n"
        "Tool:search,Identity,x,,,\n"
    )
    ends = [(fact.source, fact.target) for fact in read(text, "access.csv") if isinstance(fact, EdgeFact)]
    assert ends == [
        (("Identity", "role/a"), ("Resource", "bucket")),
        (("Tool", "search"), ("Secret", "key")),
        (("Tool", "search"), ("Secret", "key")),
        (("Identity", "Tool:search"), ("Resource", "x")),
    ]


def test_scopes_that_let_nothing_pass_are_not_absent_ones() -> None:
    facts = read("from,to,scopes\na,b,[]\na,b,\n", "delegations.csv")
    assert [fact.props.get("scopes") for fact in facts if isinstance(fact, EdgeFact)] == [[], None]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_reads_what_spreadsheets_of_other_countries_write(delimiter: str) -> None:
    text = f'\ufeffid{delimiter}crown_jewel{delimiter}labels\r\nledger{delimiter}TRUE{delimiter}"a=1;b=2"\r\n'
    (fact,) = read(text, "resources.csv")
    assert isinstance(fact, NodeFact)
    assert fact.props == {"labels": ["a=1", "b=2"], "sources": ["acme/resources.csv#L2"], "crown_jewel": True}


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("estate/agents.csv", b"id,name,status\n", True),
        ("Agents.CSV", b'"ID","Name"\r\n', True),
        ("agents.csv", b"\xef\xbb\xbfid;name\n", True),
        ("agents.csv", b"id", True),
        ("agents.csv", b"name,phone,commission\n", False),
        ("agents.csv", b"id,phone,region,commission,name\n", False),
        ("agents.csv", b"", False),
        ("agents.csv", b"\xff\xfe\x00\x01", False),
        ("access.csv", b"from,to,to_kind\n", True),
        ("access.csv", b"ip,date,from,request\n", False),
        ("people.csv", b"id,name\n", False),
        ("toolservers.csv", b"id,url\n", True),
    ],
)
def test_knows_its_tables_from_those_of_others(path: str, head: bytes, ours: bool) -> None:
    assert native_csv.detect(path, head) is ours


def test_unknown_and_repeated_columns_are_told_once_each() -> None:
    facts = read("id,colour,name,name,\na,red,A,B,\nb,blue,C,D,\n", "agents.csv")
    assert [fact.props["name"] for fact in facts if isinstance(fact, NodeFact)] == ["A", "C"]
    assert [(p.where, p.severity, p.message) for p in problems(facts)] == [
        ("L1", "warning", "column 2, 'colour', is no property of Agent; it was passed over"),
        ("L1", "warning", "column 4, 'name', stands there before; the first one counts"),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",x,", "id is empty"),
        ("a,,soon", "Secret.ttl_seconds: should be a whole number"),
        ("a,,-1", "Secret.ttl_seconds: Input should be greater than or equal to 0"),
        ("a,eternal,", "Secret.lifetime: Input should be 'static' or 'ephemeral'"),
        ("gh" + "p_" + "aB3d" * 9 + ",,", "holds what looks like the value of a secret"),
        ('"a"b,,', "row cannot be read: ',' expected after"),
        ('"' + "x" * 1_100_000 + '",,', "row cannot be read: field larger than field limit"),
    ],
    ids=lambda text: text[:60],
)
def test_a_bad_row_is_told_and_the_rest_is_read(row: str, message: str) -> None:
    facts = read(f"id,lifetime,ttl_seconds\nbefore,,\n{row}\nafter,,\n", "secrets.csv")
    assert [fact.id for fact in facts if isinstance(fact, NodeFact)] == ["before", "after"]
    (problem,) = problems(facts)
    assert message in problem.message
    assert (problem.document, problem.where, problem.severity) == ("secrets.csv", "L3", "error")
    assert "aB3d" not in repr(facts)


def test_a_row_that_is_cut_off_is_told() -> None:
    facts = read('id,name\na,A\nb,"B', "agents.csv")
    assert [fact.id for fact in facts if isinstance(fact, NodeFact)] == ["a"]
    assert problems(facts)[0].message == "row cannot be read: unexpected end of data"


def test_a_row_with_too_many_cells_is_told() -> None:
    facts = read("id,name\na,A,stray\n", "agents.csv")
    assert [type(fact) for fact in facts] == [Problem, NodeFact]


def test_ends_that_do_not_fit_are_told() -> None:
    (problem,) = read("from,from_kind,to\na,Resource,b\n", "holds.csv")
    assert isinstance(problem, Problem)
    assert "HOLDS does not run from Resource to Secret" in problem.message


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "agents.csv"),
        ("name\nx\n", "agents.csv"),
        ("from\na\n", "owns.csv"),
        (b"\xff\xff", "agents.csv"),
        (b"id\0\n", "agents.csv"),
        ("id\na\n", "x.csv"),
    ],
)
def test_a_table_of_another_kind_is_not_read(text: str | bytes, path: str) -> None:
    with pytest.raises(IngestError):
        read(text, path)


CELLS = st.lists(st.lists(st.text(max_size=6) | st.sampled_from(["id", "from", "to", "name", "=x", '"']), max_size=4), max_size=4)


@given(st.binary(max_size=200), CELLS, st.sampled_from(native_csv.FILES))
def test_any_bytes_give_facts_or_an_ingest_error(data: bytes, cells: list[list[str]], path: str) -> None:
    rows = "\n".join(",".join(row) for row in cells).encode("utf-8", "replace")
    for text in (data, rows, b"id,name\n" + data, b"from,to,scopes\n" + rows):
        native_csv.detect(path, text)
        try:
            facts = read(text, path)
        except IngestError:
            continue
        assert all(isinstance(fact, NodeFact | EdgeFact | Problem) for fact in facts)


def test_a_file_given_alone_is_known_by_its_root() -> None:
    (fact,) = native_csv.read(Document("agents.csv", "", b"id\na\n", str))
    assert isinstance(fact, NodeFact)
    assert fact.props["sources"] == ["agents.csv#L2"]
