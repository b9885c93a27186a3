"""CrewAI: crews that tools start, and agents elsewhere. What else there is of it: :mod:`tests.ingest.test_python_source`."""

from __future__ import annotations

from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts

RISK = """
from crewai import Agent, Crew, Task

class RiskCrew:
    def crew(self):
        analyst = Agent(role="Analyst", goal="look", backstory="-")
        return Crew(agents=[analyst], tasks=[Task(description="look", expected_output="risk", agent=analyst)])
"""
DESK = """
from crewai import Agent
from crewai.a2a import A2AClientConfig, A2AServerConfig
from crewai.tools import BaseTool
from risk import RiskCrew

class Review(BaseTool):
    name: str = "review_contract"
    description: str = "Reviews one."

    def _run(self, contract: str) -> str:
        return RiskCrew().crew().kickoff(inputs={"contract": contract}).raw

desk = Agent(role="Desk", goal="answer", backstory="-", tools=[Review()])
caller = Agent(
    role="Caller", goal="ask", backstory="-",
    a2a=[
        A2AClientConfig(endpoint="https://contracts.shop.example/.well-known/agent-card.json", timeout=90),
        A2AClientConfig(endpoint="http://127.0.0.1:8091/.well-known/agent-card.json"),
        *given,
    ],
)
served = Agent(role="Served", goal="serve", backstory="-", a2a=A2AServerConfig(url="https://served.shop.example"))
"""


def read() -> Facts:
    return linked({"risk.py": RISK, "desk.py": DESK})


def test_a_crew_that_a_tool_starts() -> None:
    facts = read()
    found = {(source.rpartition("#")[2], target.rpartition("#")[2]) for source, target in facts.drawn("DELEGATES_TO")}
    assert ("Desk", "RiskCrew") in found
    assert {target.rpartition("#")[2] for _, target in facts.drawn("USES")} == {"review_contract"}


def test_agents_elsewhere() -> None:
    facts = read()
    assert {pair for pair in facts.drawn("DELEGATES_TO") if pair[1].startswith("a2a:")} == {
        ("crewai:shop/desk#Caller", "a2a:https://contracts.shop.example")
    }
    assert [message for *_, message in facts.problems] == ["where the remote agent of 'Caller' is, is known only when it runs"] * 2
