"""browser-use in Python."""

from __future__ import annotations

from tests.ingest.python_linked import linked

TEXT = """
from browser_use import Agent, ChatOpenAI, Tools

tools = Tools()


@tools.action(description="Saves a note")
def save_note(text: str) -> str:
    with open("notes.txt", "w") as file:
        file.write(text)
    return text


async def main():
    shopper = Agent(task="Find the price of a kettle", llm=ChatOpenAI(model="gpt-4.1-mini"), tools=tools)
    await shopper.run()
"""


def test_an_agent_drives_a_browser_and_has_its_own_actions() -> None:
    facts = linked({"shopper.py": TEXT})
    agent = "browser-use:shop/shopper#shopper"
    assert facts.targets("USES", agent) == {"browser-use:browser", "tool:shop/shopper#save_note"}
    assert facts.targets("USES_MODEL", agent) == {"gpt-4.1-mini"}
    browser = facts.nodes["Tool", "browser-use:browser"]
    assert browser["ingests_untrusted"] is True
    assert set(browser["effects"]) == {"read", "write", "egress"}
