from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import Document, native_facts
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Problem

LINES = """\
{"node": "Agent", "id": "billing-bot", "props": {"name": "Billing bot", "environment": "prod", "labels": ["team=pay", "a=b"]}}

{"edge": "DELEGATES_TO", "from": ["Agent", "billing-bot"], "to": ["Agent", "refund-bot"],\
 "props": {"mode": "scoped", "scopes": ["read:crm/*"], "evidence": ["declared"], "guards": ["opa-gw"]}}
{"node": "EnforcementPoint", "id": "opa-gw"}
"""


def document(data: str | bytes, path: str = "estate/x.facts.jsonl") -> Document:
    return Document("acme", path, data if isinstance(data, bytes) else data.encode(), lambda value: "0" * 32)


def read(data: str | bytes, path: str = "estate/x.facts.jsonl") -> list[Fact]:
    return list(native_facts.read(document(data, path)))


def problems(facts: list[Fact]) -> list[Problem]:
    return [fact for fact in facts if isinstance(fact, Problem)]


def only(facts: list[Fact]) -> Problem:
    (problem,) = problems(facts)
    return problem


def start(text: str) -> str:
    return text[:60]


def test_reads_one_fact_a_line_with_its_place() -> None:
    assert read(LINES) == [
        NodeFact(
            "Agent",
            "billing-bot",
            {
                "name": "Billing bot",
                "environment": "prod",
                "labels": ["a=b", "team=pay"],
                "sources": ["acme/estate/x.facts.jsonl#L1"],
            },
        ),
        EdgeFact(
            "DELEGATES_TO",
            ("Agent", "billing-bot"),
            ("Agent", "refund-bot"),
            {
                "evidence": ["declared"],
                "sources": ["acme/estate/x.facts.jsonl#L3"],
                "guards": ["opa-gw"],
                "scopes": ["read:crm/*"],
                "mode": "scoped",
            },
        ),
        NodeFact("EnforcementPoint", "opa-gw", {"sources": ["acme/estate/x.facts.jsonl#L4"]}),
    ]


def test_states_no_source_or_evidence_where_the_fact_does() -> None:
    (fact,) = read('{"node": "Agent", "id": "a", "props": {"sources": ["cmdb#7"], "name": null}}')
    assert isinstance(fact, NodeFact)
    assert fact.props == {"sources": ["cmdb#7"]}


@pytest.mark.parametrize(
    "text",
    [
        '[{"node": "Agent", "id": "a"},\n {"node": "Agent", "id": "b"}]',
        '{"$schema": "x", "facts": [{"node": "Agent", "id": "a"},\n {"node": "Agent", "id": "b"}]}',
        '\ufeff [\n{"node": "Agent", "id": "a"},\n{"node": "Agent", "id": "b"} ]\n',
    ],
)
def test_reads_a_list_or_an_object_of_facts(text: str) -> None:
    facts = [fact for fact in read(text, "x.facts.json") if isinstance(fact, NodeFact)]
    assert [fact.id for fact in facts] == ["a", "b"]
    start = 2 if text.startswith("\ufeff") else 1
    assert [fact.props["sources"] for fact in facts] == [[f"acme/x.facts.json#L{start}"], [f"acme/x.facts.json#L{start + 1}"]]


def test_reads_a_single_fact_as_a_document() -> None:
    assert [type(fact) for fact in read('{"id": "a", "node": "Agent"}', "x.facts.json")] == [NodeFact]
    assert read("[]", "x.facts.json") == read('{"facts": []}', "x.facts.json") == read("{}", "x.facts.json") == []


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("a/x.facts.jsonl", b"", True),
        ("X.FACTS.JSON", b"{", True),
        ("dump.jsonl", b'{"node": "Agent", "id"', True),
        ("dump.json", b'\xef\xbb\xbf[\n {"edge":"RUNS_AS", "from"', True),
        ("dump.json", b'{ "facts" : [ {"node": "Secret"', True),
        ("dump.json", b'{"node": "x"}', False),
        ("package.json", b'{"name": "x"}', False),
        ("dump.txt", b'{"node": "Agent", "id"', False),
        ("dump.json", b"", False),
        ("dump.json", b"\xff\xfe\x00", False),
    ],
)
def test_knows_its_documents(path: str, head: bytes, ours: bool) -> None:
    assert native_facts.detect(path, head) is ours


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("7", "a fact is an object"),
        ("null", "a fact is an object"),
        ("{}", 'is no fact (it has neither "node" nor "edge")'),
        ('{"node": "Agnt", "id": "a"}', "unknown node kind 'Agnt'"),
        ('{"node": ["Agent"], "id": "a"}', '"node" is the name of a kind'),
        ('{"node": "Agent"}', '"id" is text'),
        ('{"node": "Agent", "id": 7}', '"id" is text'),
        ('{"node": "Agent", "id": ""}', "needs an id that is text"),
        ('{"node": "Agent", "id": "\\ud800"}', "needs an id that is text"),
        ('{"node": "Agent", "id": "a", "name": "x"}', "node facts have no field 'name' (properties stand in \"props\")"),
        ('{"node": "Agent", "edge": "USES", "id": "a"}', "node facts have no field 'edge'"),
        ('{"node": "Agent", "id": "a", "props": []}', '"props" is an object'),
        ('{"node": "Agent", "id": "a", "props": {"autonomy": "total"}}', "Agent.autonomy: Input should be 'suggest'"),
        ('{"node": "Agent", "id": "a", "props": {"colour": "red"}}', "Agent has no property 'colour'"),
        ('{"node": "Agent", "id": "a", "props": {"name": {"a": 1}}}', "Agent.name: Input should be a valid string"),
        ('{"node": "Agent", "id": "a", "props": {"labels": [["x"]]}}', "Agent.labels.0: Input should be a valid string"),
        ('{"node": "Agent", "id": "a", "props": {"name": "\\udc00"}}', "Agent.name: holds half of a character pair"),
        ('{"node": "Secret", "id": "a", "props": {"ttl_seconds": 1e999}}', "Secret.ttl_seconds: Input should be"),
        ('{"node": "Secret", "id": "a", "props": {"ttl_seconds": NaN}}', "NaN is not a JSON number"),
        ('{"node": "Secret", "id": "a", "props": {"ttl_seconds": -Infinity}}', "-Infinity is not a JSON number"),
        ('{"node": "Secret", "id": "a", "props": {"ttl_seconds": ' + "9" * 5000 + "}}", "a number has too many digits"),
        ('{"node": "Secret", "id": "a", "props": {"ttl_seconds": 99999999999999999999}}', "Secret.ttl_seconds: Input should be less"),
        ('{"edge": "RUNS_AS", "from": "a", "to": ["Identity", "i"]}', '"from" is a list of a kind and an id'),
        ('{"edge": "RUNS_AS", "from": ["Agent", "a"]}', '"to" is a list of a kind and an id'),
        ('{"edge": "RUNS_AS", "from": ["Agent", {"x": 1}], "to": ["Identity", "i"]}', '"from" is a list of a kind and an id'),
        ('{"edge": "RUNS_AS", "from": ["Agent", "a"], "to": ["Agent", "i"]}', "RUNS_AS does not run from Agent to Agent"),
        ('{"node": "Agent", "id": "a"} {"node": "Agent", "id": "b"}', "is not JSON: something follows the fact (column 29)"),
        ('{"node": "Agent", "id": "a', "is not JSON: Unterminated string"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"node": "Agent", "id": "a", "props": ' + '{"x":' * 100_000, "is nested too deeply"),
        ('{"node": "Agent", "id": "a", "props": {"labels": ' + "[" * 900 + "]" * 900 + "}}", "is nested too deeply"),
    ],
    ids=start,
)
def test_a_bad_line_is_told_and_the_rest_is_read(line: str, message: str) -> None:
    facts = read(f'{{"node": "Agent", "id": "before"}}\n{line}\n{{"node": "Agent", "id": "after"}}\n')
    assert [fact.id for fact in facts if isinstance(fact, NodeFact)] == ["before", "after"]
    problem = only(facts)
    assert message in problem.message
    assert (problem.document, problem.where, problem.severity) == ("estate/x.facts.jsonl", "L2", "error")


def test_bytes_that_are_no_text_cost_their_line() -> None:
    facts = read(b'{"node": "Agent", "id": "a"}\n{"node": "Agent", "id": "\xff"}\n\x00\x00\n{"node": "Agent", "id": "b"}')
    assert [fact.id for fact in facts if isinstance(fact, NodeFact)] == ["a", "b"]
    assert [problem.where for problem in problems(facts)] == ["L2", "L3"]


def test_reads_utf16_with_a_mark_and_windows_lines() -> None:
    facts = read(LINES.replace("\n", "\r\n").encode("utf-16"))
    assert len(facts) == 3
    assert not problems(facts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[",
        '[{"node": "Agent", "id": "a"}',
        '[{"node": "Agent", "id": "a"},]',
        "[1 2]",
        '{"facts": [',
        '{"facts" []}',
        "{7: 1}",
        "[] x",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"facts":' + "[" * 100_000,
        "[NaN]",
        "[" + "9" * 5000 + "]",
    ],
    ids=start,
)
def test_a_document_that_is_no_json_is_not_read(text: str) -> None:
    with pytest.raises(IngestError) as error:
        read(text, "x.facts.json")
    assert error.value.document == "x.facts.json"


def test_names_the_line_where_a_document_breaks() -> None:
    with pytest.raises(IngestError) as error:
        read('[\n{"node": "Agent", "id": "a"}\n{"node": "Agent"}]', "x.facts.json")
    assert error.value.where == "L3"


def test_sizes_are_bounded() -> None:
    facts = read(b"\0" * (17 << 20) + b'\n{"node": "Agent", "id": "a"}')
    assert only(facts).message == "is longer than a fact can be"
    assert len(facts) == 2
    with pytest.raises(IngestError, match="is larger than 64 MiB"):
        read(b" " * (65 << 20), "x.facts.json")


def test_brackets_in_texts_are_no_nesting() -> None:
    facts = read(json.dumps({"node": "Agent", "id": "[" * 500 + '"{\\'}))
    assert not problems(facts)


def test_duplicate_fields_and_unknown_ones_of_the_document_are_told() -> None:
    facts = read('{"version": 1, "facts": [{"node": "Agent", "id": "a", "id": "b"}]}', "x.facts.json")
    assert [fact.id for fact in facts if isinstance(fact, NodeFact)] == ["b"]
    assert [(p.severity, p.message) for p in problems(facts)] == [
        ("warning", "a document of facts has no field 'version'; it was passed over"),
        ("warning", "the field 'id' stands more than once in one object; the last one was taken"),
    ]


def test_many_problems_are_counted() -> None:
    facts = read("{}\n" * 250 + '{"node": "Agent", "id": "a"}\n')
    told = problems(facts)
    assert len(told) == 101
    assert told[-1].message == "150 more of its facts have problems"
    assert len(facts) == 102


def letters(number: int) -> str:
    return ("aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0z" * 4)[:number]


@pytest.mark.parametrize(
    "value",
    [
        "gh" + "p_" + letters(36),
        "sk" + "-ant-api03-" + letters(93),
        "xo" + "xb-123456789012-" + letters(24),
        "postgres://app:" + letters(9) + "@db.example/shop",
        "-----BEGIN " + "PRIVATE KEY-----\n" + letters(64),
    ],
)
@pytest.mark.parametrize("place", ["id", "name", "label", "end"])
def test_a_secret_value_never_comes_in(value: str, place: str) -> None:
    shapes: dict[str, Any] = {
        "id": {"node": "Secret", "id": value},
        "name": {"node": "Secret", "id": "s", "props": {"name": f"key {value}"}},
        "label": {"node": "Secret", "id": "s", "props": {"labels": [f"value={value}"]}},
        "end": {"edge": "HOLDS", "from": ["Agent", "a"], "to": ["Secret", value]},
    }
    facts = read(json.dumps(shapes[place]))
    assert "value of a secret" in only(facts).message
    assert value not in repr(facts)


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::123456789012:role/orders-worker-v2",
        "sha256:" + "0123456789abcdef" * 4,
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "pkg:npm/%40acme/orders-server@12.4.1",
        "acme-shop/services/orders/v2/.mcp.json#L114",
        "AK" + "IA" + "ABCDEFGH23456789",
        "postgres://db.acme.example:5432/shop",
        "spiffe://acme.example/ns/prod/sa/OrdersWorker2",
    ],
)
def test_names_that_only_look_long_come_in(text: str) -> None:
    assert not problems(read(json.dumps({"node": "Identity", "id": text, "props": {"name": text}})))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_facts_or_an_ingest_error(data: bytes) -> None:
    for path in ("x.facts.jsonl", "x.facts.json", ""):
        native_facts.detect(path, data)
        try:
            facts = read(data, path)
        except IngestError:
            continue
        assert all(isinstance(fact, NodeFact | EdgeFact | Problem) for fact in facts)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["Agent", "RUNS_AS", "a", "x", "\ud800"])
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["node", "edge", "id", "from", "to", "props", "name", "scopes", "facts"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_gives_facts_or_problems(value: Any) -> None:
    for fact in read(json.dumps(value)):
        assert isinstance(fact, NodeFact | EdgeFact | Problem)


def test_a_file_given_alone_is_known_by_its_root() -> None:
    alone = Document("x.facts.json", "", b'[{"node": "Agent", "id": "a"}]', str)
    (fact,) = native_facts.read(alone)
    assert isinstance(fact, NodeFact)
    assert fact.props["sources"] == ["x.facts.json#L1"]
