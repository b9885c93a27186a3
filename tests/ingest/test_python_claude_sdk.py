"""Claude Agent SDK in Python."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import Facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_claude_sdk")


PLACE = "claude-agent-sdk:shop/review#"
SESSION = f"{PLACE}reviewing"


def tools(facts: Facts, source: str) -> set[str]:
    return {target.removeprefix("claude-code:") for target in facts.targets("USES", source)}


def test_sessions_and_sub_agents(facts: Facts) -> None:
    names = {id.removeprefix(PLACE) for kind, id in facts.nodes if kind == "Agent"}
    assert names == {"reviewing", "code-reviewer", "heir", "loose", "query"}
    assert facts.nodes["Agent", f"{PLACE}heir"]["name"] == "heir"
    assert facts.drawn("DELEGATES_TO") == {(SESSION, f"{PLACE}code-reviewer"), (SESSION, f"{PLACE}heir")}


def test_what_a_session_may_use(facts: Facts) -> None:
    assert tools(facts, SESSION) == {"Read", "Bash", "Edit", "Write"}
    assert tools(facts, f"{PLACE}query") == {"Read", "Glob", "Grep"}
    assert {"Bash", "Write", "WebSearch"} <= tools(facts, f"{PLACE}loose")
    assert "WebFetch" not in tools(facts, f"{PLACE}loose")
    assert facts.nodes["Agent", f"{PLACE}loose"]["autonomy"] == "autonomous"


def test_a_sub_agent_without_tools_has_its_sessions(facts: Facts) -> None:
    assert tools(facts, f"{PLACE}code-reviewer") == {"Read", "Grep"}
    assert tools(facts, f"{PLACE}heir") == tools(facts, SESSION)
    assert facts.targets("CONNECTS_TO", f"{PLACE}heir") == facts.targets("CONNECTS_TO", SESSION)
    assert facts.targets("CONNECTS_TO", f"{PLACE}code-reviewer") == set()


def test_servers(facts: Facts) -> None:
    calculator = "mcp:shop/review.py#calculator"
    assert facts.targets("CONNECTS_TO", SESSION) == {
        calculator,
        "https://tracker.acme.example/mcp",
        "mcp:shop/review.py#files",
        "claude-code:github",
    }
    assert facts.props("CONNECTS_TO", SESSION, calculator)["tools"] == ["add"]
    assert facts.targets("PROVIDES", calculator) == {"tool:shop/review#add", "tool:shop/review#divide"}
    assert facts.targets("HOLDS", SESSION) == {"env:TRACKER_TOKEN"}


def test_a_server_whose_address_the_program_makes_is_there_and_no_error() -> None:
    text = (
        "from claude_agent_sdk import ClaudeAgentOptions\nfrom elsewhere import where\n"
        "o = ClaudeAgentOptions(mcp_servers={'crm': {'type': 'http', 'url': where()}})\n"
    )
    facts = linked({"a.py": text})
    assert facts.targets("CONNECTS_TO", "claude-agent-sdk:shop/a#o") == {"mcp:shop/a.py#crm"}
    (problem,) = facts.problems
    assert problem == ("L3", "warning", "what the MCP server 'crm' of 'o' is started from is not known")


def test_sub_agents_that_are_not_known_are_a_problem() -> None:
    text = "from claude_agent_sdk import ClaudeAgentOptions\nfrom elsewhere import load\no = ClaudeAgentOptions(agents=load())\n"
    found = linked({"a.py": text})
    assert [(where, severity) for where, severity, _ in found.problems] == [("L3", "warning")]
