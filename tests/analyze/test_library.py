from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze.library import Parameter, bind, load_queries, split
from graphinv.model.errors import InputError, UsageError

QUERY = """\
// title: Agents
// question: Which agents are there?
// when: Always.
// parameters:
//   status: {type: text, default: active, meaning: Their state}
//   limit: {type: integer, default: 3, meaning: How many}
// columns: {agent: Its id}
MATCH (a:Agent) WHERE a.status = $status  // not $this
RETURN a.id AS agent LIMIT $limit
"""


def test_a_query_has_the_name_and_topic_of_its_place() -> None:
    query = load_queries({"inventory/agents.cypher": QUERY})["agents"]
    assert (query.name, query.topic, query.title) == ("agents", "inventory", "Agents")
    assert query.cypher.startswith("MATCH (a:Agent)")
    assert list(query.columns) == ["agent"]


def test_bind_fills_in_defaults_and_converts_texts() -> None:
    query = load_queries({"inventory/agents.cypher": QUERY})["agents"]
    assert query.bind({}) == {"status": "active", "limit": 3}
    assert query.bind({"limit": "7"}) == {"status": "active", "limit": 7}


@pytest.mark.parametrize(
    ("type", "given", "value"),
    [
        ("integer", "5", 5),
        ("integer", 5.0, 5),
        ("number", "0.5", 0.5),
        ("boolean", "Yes", True),
        ("boolean", False, False),
        ("list", "a, b,", ["a", "b"]),
        ("list", ["a"], ["a"]),
        ("text", 7, "7"),
        ("time", "2026-07-10T02:00:00+02:00", "2026-07-10T00:00:00Z"),
        ("time", "now", "2026-01-01T00:00:00Z"),
    ],
)
def test_types(type: str, given: object, value: object) -> None:
    parameter = Parameter.model_validate({"type": type, "meaning": "it"})
    assert parameter.value("it", given, at="2026-01-01T00:00:00Z") == value


@pytest.mark.parametrize(
    ("type", "given"),
    [
        ("integer", "x"),
        ("integer", 1.5),
        ("integer", True),
        ("integer", "1e400"),
        ("number", "much"),
        ("number", True),
        ("boolean", "perhaps"),
        ("text", ["a"]),
        ("list", 5),
        ("time", "soon"),
        ("time", 5),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(type: str, given: object) -> None:
    with pytest.raises(UsageError, match="parameter it takes"):
        Parameter.model_validate({"type": type, "meaning": "it"}).value("it", given)


def test_parameters_that_are_missing_or_unknown_are_named() -> None:
    parameters = {"agent": Parameter(type="text", meaning="Id of the agent")}
    with pytest.raises(UsageError, match="agent is needed: Id of the agent"):
        bind(parameters, {})
    with pytest.raises(UsageError, match="no parameter 'agnet'; there is agent"):
        bind(parameters, {"agnet": "a"})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("// title: Agents\n", ""), "title"),
        (("// title: Agents", "// titel: Agents"), "title"),
        (("// when: Always.", "// when: [Always"), "not YAML"),
        (("$limit", "$most"), r"uses \$most without declaring it"),
        (("LIMIT $limit", ""), "declares limit and does not use it"),
        (("type: integer", "type: whole"), "parameters.limit.type"),
        (("type: integer", "type: integer, of: [Agnet]"), "limit is of no kind of the vocabulary: Agnet"),
    ],
)
def test_front_matter_that_is_not_understood_names_file_and_key(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as caught:
        load_queries({"inventory/agents.cypher": QUERY.replace(*change)})
    assert caught.value.document == "inventory/agents.cypher"


def test_a_default_of_another_type_is_refused_when_loaded() -> None:
    with pytest.raises(UsageError, match="limit takes a whole number"):
        load_queries({"inventory/agents.cypher": QUERY.replace("default: 3", "default: few")})


def test_a_name_is_used_once() -> None:
    with pytest.raises(InputError, match="another query is called agents"):
        load_queries({"inventory/agents.cypher": QUERY, "other/agents.cypher": QUERY})


def test_no_front_matter() -> None:
    with pytest.raises(InputError, match="needs front matter"):
        split("MATCH (n) RETURN n", "x.cypher")


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=20), min_size=1, max_size=5))
def test_any_mapping_survives_the_comment(meta: dict[str, str]) -> None:
    import yaml

    written = yaml.safe_dump(meta)
    text = "".join(f"// {line}\n" for line in written.split("\n")[:-1]) + "RETURN 1"
    assert split(text, "x.cypher") == (meta, "RETURN 1\n")
