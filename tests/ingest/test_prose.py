"""Credentials in the text of prompts, instructions and skills."""

from __future__ import annotations

import pytest

from graphinv.ingest import claude_agents, claude_skills, cursor_agents, instructions
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, Reader, document, fake, fingerprint

TOKEN = fake("written", "ghp_", 36)
SECRET = f"secret:{fingerprint(TOKEN)}"
TEXT = f"---\nname: helper\ndescription: Helps\n---\n\nCall GitHub with `Authorization: Bearer {TOKEN}`.\n"


@pytest.mark.parametrize(
    ("reader", "path", "holder", "place"),
    [
        (claude_agents, ".claude/agents/helper.md", "claude-code:shop#helper", "prompt"),
        (cursor_agents, ".cursor/agents/helper.md", "cursor:shop#helper", "prompt"),
        (claude_skills, ".claude/skills/helper/SKILL.md", "skill:shop/.claude/skills/helper", "tool_definition"),
    ],
)
def test_a_token_in_the_text_is_held(reader: Reader, path: str, holder: str, place: str) -> None:
    facts = Facts(reader, document(TEXT, path))
    assert facts.drawn("HOLDS") == {(holder, SECRET)}
    held = facts.props("HOLDS", holder, SECRET)
    assert (held["place"], held["sources"]) == (place, [f"shop/{path}#L6"])
    assert TOKEN not in repr(facts.all)


def test_instructions_of_a_host_are_its_prompt() -> None:
    facts = linked(instructions, {"CLAUDE.md": f"---\nUse {TOKEN}.\n", "pay/CLAUDE.md": "Be brief.\n"})
    assert facts.drawn("HOLDS") == {("claude-code:shop", SECRET)}
    assert facts.props("HOLDS", "claude-code:shop", SECRET)["sources"] == ["shop/CLAUDE.md#L2"]


@pytest.mark.parametrize(
    "line",
    ["Set password: hunter2hunter2", "psql postgres://dev:devdevdev@localhost:5432/x", "Use ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"],
)
def test_what_prose_says_of_passwords_is_none(line: str) -> None:
    assert linked(instructions, {"AGENTS.md": line}).drawn("HOLDS") == set()
