"""A card and the agent in code beside it: when they are one, when that is a guess, when they have nothing to do with each other."""

from __future__ import annotations

import json
from pathlib import Path

from graphinv.model.facts import Ref
from graphinv.pipeline.read import Reading, read_root
from graphinv.pipeline.walk import root_of

AGENT = 'from agents import Agent\n\n{variable} = Agent(name="{name}", handoffs=[{handoffs}])\n'


def fingerprint(value: str) -> str:
    return f"{len(value):032x}"


def card(name: str, url: str = "") -> str:
    return json.dumps({"name": name, "url": url, "version": "1", "skills": [], "capabilities": {}, "defaultInputModes": ["text"]})


def read(top: Path, files: dict[str, str]) -> Reading:
    for name, text in files.items():
        path = top / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_root(root_of(top / "shop"), fingerprint)


def agents(reading: Reading) -> set[str]:
    return {node.id for node in reading.nodes if node.kind == "Agent"}


def guesses(reading: Reading) -> list[tuple[str, str]]:
    return [
        (edge.source[1], edge.target[1])
        for edge in reading.edges
        if edge.props.get("kind_detail") == "card-beside-code" and not isinstance(edge.source, Ref) and not isinstance(edge.target, Ref)
    ]


def test_the_only_agent_beside_a_card_is_the_one_it_describes(tmp_path: Path) -> None:
    code = AGENT.format(variable="desk", name="Front desk", handoffs="")
    reading = read(tmp_path, {"desk/main.py": code, "desk/.well-known/agent-card.json": card("Desk", "http://localhost:9999")})
    assert len(agents(reading)) == 1
    assert not any(one.startswith("a2a:") for one in agents(reading))
    sources = {source for node in reading.nodes if node.kind == "Agent" for source in node.props["sources"]}
    assert any("agent-card.json" in source for source in sources)
    assert any("main.py" in source for source in sources)


def test_the_address_of_a_card_names_the_agent_for_everybody_else(tmp_path: Path) -> None:
    code = AGENT.format(variable="desk", name="Front desk", handoffs="")
    reading = read(tmp_path, {"desk/src/main.py": code, "desk/agent-card.json": card("Desk", "https://desk.quillmere.example/a2a")})
    assert agents(reading) == {"a2a:https://desk.quillmere.example/a2a"}


def test_who_is_called_by_another_beside_it_is_not_the_one_that_a_card_describes(tmp_path: Path) -> None:
    code = AGENT.format(variable="clerk", name="Clerk", handoffs="") + 'desk = Agent(name="Front desk", handoffs=[clerk])\n'
    reading = read(tmp_path, {"desk/main.py": code, "desk/agent-card.json": card("Desk", "https://desk.quillmere.example")})
    assert len(agents(reading)) == 2
    handoffs = [edge for edge in reading.edges if edge.kind == "DELEGATES_TO"]
    assert [edge.source for edge in handoffs] == [("Agent", "a2a:https://desk.quillmere.example")]


def test_of_several_agents_the_one_that_bears_the_cards_name_is_meant_and_else_it_is_a_guess(tmp_path: Path) -> None:
    code = AGENT.format(variable="clerk", name="Clerk", handoffs="") + 'desk = Agent(name="Front desk")\n'
    named = read(tmp_path / "named", {"desk/main.py": code, "desk/agent-card.json": card("front_desk")})
    assert len(agents(named)) == 2
    assert guesses(named) == []
    unnamed = read(tmp_path / "unnamed", {"desk/main.py": code, "desk/agent-card.json": card("Helper")})
    assert len(agents(unnamed)) == 3
    assert len(guesses(unnamed)) == 2


def test_cards_at_the_top_or_two_in_one_folder_say_nothing_of_code(tmp_path: Path) -> None:
    code = AGENT.format(variable="desk", name="Front desk", handoffs="")
    top = read(tmp_path / "top", {"desk/main.py": code, "agent-card.json": card("Desk")})
    assert len(agents(top)) == 2
    two = read(
        tmp_path / "two", {"desk/main.py": code, "desk/agent-card.json": card("Front desk"), "desk/other.agent-card.json": card("B")}
    )
    assert len(agents(two)) == 3
    assert guesses(two) == []


def test_an_agent_elsewhere_that_asks_itself_still_does(tmp_path: Path) -> None:
    code = AGENT.format(variable="desk", name="Front desk", handoffs="")
    loop = json.dumps({"edge": "DELEGATES_TO", "from": ["Agent", "loop"], "to": ["Agent", "loop"]})
    files = {"desk/main.py": code, "desk/.well-known/agent-card.json": card("Desk", "http://localhost:9999"), "more.facts.jsonl": loop}
    assert [edge.target for edge in read(tmp_path, files).edges if edge.kind == "DELEGATES_TO"] == [("Agent", "loop")]
