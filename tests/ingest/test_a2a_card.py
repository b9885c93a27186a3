from __future__ import annotations

import json

import pytest

from graphinv.ingest import a2a_card
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fixture

FREIGHT = "a2a:https://agents.haulage.example/freight"


def card(**fields: object) -> str:
    return json.dumps({"name": "Desk", "skills": [], "capabilities": {}, **fields})


def read(data: str, path: str = "desk/agent-card.json") -> Facts:
    return Facts(a2a_card, document(data, path))


def labels(found: Facts, agent: str) -> set[str]:
    return set(found.nodes["Agent", agent]["labels"])


def test_a_card_of_version_03() -> None:
    found = Facts(a2a_card, fixture("discovery/card_03.json", ".well-known/agent-card.json"))
    assert list(found.nodes) == [("Agent", FREIGHT)]
    props = found.nodes["Agent", FREIGHT]
    assert (props["name"], props["framework"], props["version"], props["status"]) == ("Freight desk", "a2a", "2.4.1", "active")
    assert props["sources"] == ["shop/.well-known/agent-card.json#L1"]
    assert {"skills=2", "skill=book", "auth=oauth2", "auth=apiKey", "signed=true", "organisation=Haulage Ltd"} <= labels(found, FREIGHT)
    assert {"protocol=0.3.0", "transport=JSONRPC", "extension=https://haulage.example/ext/customs/v1"} <= labels(found, FREIGHT)
    assert not found.edges
    bound = {name: fact.target[1] for (space, name), fact in found.bindings.items() if space == "a2a"}
    assert bound == dict.fromkeys(["https://agents.haulage.example/freight", "https://agents.haulage.example/freight/grpc"], FREIGHT)


def test_a_card_of_version_10_goes_by_the_address_that_everybody_can_use() -> None:
    found = Facts(a2a_card, fixture("discovery/card_10.json", "claims/agent-card.json"))
    agent = "a2a:https://claims.insurer.example/a2a"
    assert {"auth=openIdConnect", "auth=mutualTLS", "protocol=1.0", "signed=false"} <= labels(found, agent)
    assert ("a2a", "http://localhost:8080/a2a") in found.bindings


def test_an_old_card_without_a_usable_address_goes_by_its_place() -> None:
    token = fake("card", "gh" + "p_")
    found = Facts(a2a_card, fixture("discovery/card_02.json", "kitchen/agent.json", {"TOKEN": token}))
    agent = "a2a:shop/kitchen/agent#Recipe helper"
    assert {"auth=http", "skills=1", "skill=Cook"} <= labels(found, agent)
    assert len(found.targets("HOLDS", agent)) == 1
    assert token not in repr(found.all)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:80/",
        "http://127.0.0.1:10999",
        "https://example.com/a2a",
        "${AGENT_URL}",
        "https://{{host}}/a2a",
        "http://desk:8080",
        "",
        7,
    ],
)
def test_addresses_that_mean_something_else_to_everybody_are_no_identity(url: object) -> None:
    assert list(read(card(url=url)).nodes) == [("Agent", "a2a:shop/desk/agent-card#Desk")]


def test_two_services_with_an_agent_of_one_name_are_two_agents() -> None:
    ids = {key for path in ("a/agent-card.json", "b/agent-card.json") for key in read(card(url="http://localhost"), path).nodes}
    assert len(ids) == 2


def test_the_address_of_the_card_is_that_of_the_agent() -> None:
    found = read(card(url="https://desk.haulage.example/x/.well-known/agent-card.json?v=1"))
    assert ("Agent", "a2a:https://desk.haulage.example/x") in found.nodes


def test_no_authentication_stated_is_not_none() -> None:
    agent = "a2a:shop/desk/agent-card#Desk"
    assert not {label for label in labels(read(card()), agent) if label.startswith("auth=")}
    assert "auth=none" in labels(read(card(securitySchemes={})), agent)
    assert "auth=none" in labels(read(card(authentication="none")), agent), "as some cards say it in one word"


def test_places_of_tests_and_examples_are_marked() -> None:
    assert read(card(), "tests/agent-card.json").nodes["Agent", "a2a:shop/tests/agent-card#Desk"]["environment"] == "test"
    assert read(card(), "samples/agent-card.json").nodes["Agent", "a2a:shop/samples/agent-card#Desk"]["environment"] == "dev"


def test_a_list_of_cards_is_read() -> None:
    found = read(json.dumps([{"name": "A", "skills": [], "url": "https://a.haulage.example"}, 7, {"x": 1}]))
    assert list(found.nodes) == [("Agent", "a2a:https://a.haulage.example")]


def test_a_card_without_a_name_is_a_problem() -> None:
    found = read('{"skills": [], "capabilities": {}}')
    assert not found.nodes
    assert found.problems == [("L1", "error", "describes an agent without a name")]


def test_odd_types_do_not_matter() -> None:
    odd = card(
        version=1,
        provider=[1],
        skills=[1, {"id": {}}],
        signatures={},
        securitySchemes={"a": 1, "b": {"type": 5}},
        supportedInterfaces=[1, {}],
    )
    assert len(read(odd).nodes) == 1


@pytest.mark.parametrize("data", ["", "7", "[", '{"name": "x", "skills": [', '"x"'])
def test_what_is_no_object_is_an_ingest_error(data: str) -> None:
    with pytest.raises(IngestError):
        read(data)


def test_detects_cards_and_nothing_else() -> None:
    text = card(url="https://x.example").encode()
    for path in (
        "agent-card.json",
        "a/.well-known/agent.json",
        "x/agent_cards/planner.json",
        "workload.a2a-card.json",
        "my_agent_card.json",
    ):
        assert a2a_card.detect(path, text), path
    anywhere = json.dumps({"name": "x", "skills": [], "defaultInputModes": [], "defaultOutputModes": []}).encode()
    assert a2a_card.detect("config/desk.json", anywhere)
    assert not a2a_card.detect("config/desk.json", text)
    assert not a2a_card.detect("agent.json", b'{"name": "x", "port": 80}')
    assert not a2a_card.detect("agent-card.schema.json", b'{"$defs": {}, "skills": {}}')
    assert not a2a_card.detect("agent-card.md", text)


def test_a_card_may_link_to_a_description_of_its_interface() -> None:
    card = b'{"name": "Desk", "defaultInputModes": [], "defaultOutputModes": [], "skills": [], "links": {"openapi": "https://a.example/o.json"}}'
    assert a2a_card.detect(".well-known/agent-card.json", card)
    assert not a2a_card.detect("api/agent-card.json", b'{"openapi": "3.1.0", "info": {"name": "Desk"}, "capabilities": 1}')
