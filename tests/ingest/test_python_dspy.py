"""DSPy: modules that choose among tools, and those that run code."""

from __future__ import annotations

from textwrap import dedent

from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts


def read(text: str) -> Facts:
    return linked({"app.py": dedent(text)})


def drawn(facts: Facts, kind: str) -> set[tuple[str, str]]:
    return {(source.rpartition("#")[2], target.rpartition("#")[2]) for source, target in facts.drawn(kind)}


def test_modules_with_tools_are_agents_and_those_that_only_ask_are_none() -> None:
    facts = read(
        """
        import os
        import dspy

        def look_up(question: str) -> str:
            "Looks it up."

        lm = dspy.LM("openai/gpt-4o", api_key=os.environ["SHOP_MODELS_TOKEN"])
        dspy.configure(lm=lm)

        class Desk(dspy.Module):
            def __init__(self):
                self.sort = dspy.ChainOfThought("question -> topic")
                self.react = dspy.ReAct("question -> answer", tools=[look_up])

        def ask_desk(question: str) -> str:
            return Desk().react(question=question)

        planner = dspy.ReAct("goal -> plan", [dspy.Tool(ask_desk)])
        solver = dspy.CodeAct("question -> answer", tools=[look_up])
        reckoner = dspy.ProgramOfThought("question -> answer")
        """
    )
    agents = {id_.rpartition("#")[2] for kind, id_ in facts.nodes if kind == "Agent"}
    assert agents == {"Desk", "planner", "solver", "reckoner"}
    assert drawn(facts, "USES") == {
        ("Desk", "look_up"),
        ("planner", "ask_desk"),
        ("solver", "look_up"),
        ("solver", "dspy:python_interpreter"),
        ("reckoner", "dspy:python_interpreter"),
    }
    assert drawn(facts, "DELEGATES_TO") == {("planner", "Desk")}
    assert drawn(facts, "USES_MODEL") == {(agent, "openai/gpt-4o") for agent in agents}
    assert {(a.rpartition("#")[2], b) for a, b in facts.drawn("HOLDS")} == {(agent, "env:SHOP_MODELS_TOKEN") for agent in agents}


def test_the_model_that_one_agent_is_given() -> None:
    facts = read(
        """
        import dspy

        dspy.configure(lm=dspy.LM("openai/gpt-4o"))
        desk = dspy.ReAct("question -> answer", tools=[])
        desk.set_lm(dspy.LM("anthropic/claude-sonnet-5"))
        """
    )
    assert drawn(facts, "USES_MODEL") == {("desk", "anthropic/claude-sonnet-5")}
