from __future__ import annotations

import pytest

from graphinv.ingest import instructions
from tests.ingest.linked import linked


def agents(*paths: str) -> dict[str, list[str]]:
    """Agent → the files that speak of it."""
    found = linked(instructions, dict.fromkeys(paths, "Be brief.\n"))
    assert found.edges == [], "they give no tools"
    return {id: props["sources"] for (_, id), props in found.nodes.items()}


@pytest.mark.parametrize(
    ("path", "agent"),
    [
        ("CLAUDE.md", "claude-code:shop"),
        ("pay/.claude/CLAUDE.md", "claude-code:shop/pay"),
        (".claude/rules/style.md", "claude-code:shop"),
        ("GEMINI.md", "gemini-cli:shop"),
        (".github/copilot-instructions.md", "github-copilot:shop"),
        ("pay/.github/instructions/tests.instructions.md", "github-copilot:shop/pay"),
        (".cursorrules", "cursor:shop"),
        (".cursor/rules/deep/style.mdc", "cursor:shop"),
        (".windsurfrules", "windsurf:shop"),
        (".clinerules", "cline:shop"),
        (".clinerules/a.md", "cline:shop"),
        (".roo/rules-code/a.md", "roo:shop"),
        (".junie/guidelines.md", "junie:shop"),
        ("AGENTS.md", "agents-md:shop"),
    ],
)
def test_whose_file_it_is(path: str, agent: str) -> None:
    assert agents(path) == {agent: [f"shop/{path}"]}


@pytest.mark.parametrize("path", ["README.md", "guidelines.md", "docs/rules/a.md", ".codex/AGENTS.md", "x/claude.md", "rules/a.mdc"])
def test_what_is_none(path: str) -> None:
    assert not instructions.detect(path, b"x")


def test_files_further_down_instruct_the_same_agent() -> None:
    assert agents("CLAUDE.md", "pay/CLAUDE.md", "pay/api/CLAUDE.md") == {
        "claude-code:shop": ["shop/CLAUDE.md", "shop/pay/CLAUDE.md", "shop/pay/api/CLAUDE.md"]
    }
    assert set(agents("a/CLAUDE.md", "b/CLAUDE.md")) == {"claude-code:shop/a", "claude-code:shop/b"}


def test_agents_md_counts_where_nothing_says_which_client_it_is() -> None:
    assert set(agents("AGENTS.md", "CLAUDE.md", "pay/AGENTS.md")) == {"claude-code:shop"}
    assert set(agents("AGENTS.md", "pay/CLAUDE.md", "pay/AGENTS.md")) == {"agents-md:shop", "claude-code:shop/pay"}


def test_an_agent_by_agents_md_alone_is_less_certain() -> None:
    found = linked(instructions, {"examples/a/AGENTS.md": "x"})
    assert found.nodes["Agent", "agents-md:shop/examples/a"] == {
        "name": "Coding agent (shop/examples/a)",
        "status": "active",
        "framework": "agents-md",
        "kind_detail": "coding agent by AGENTS.md",
        "labels": ["certainty=low"],
        "environment": "dev",
        "sources": ["shop/examples/a/AGENTS.md"],
    }


def test_an_empty_file_says_nothing() -> None:
    assert linked(instructions, {"CLAUDE.md": " \n"}).nodes == {}
