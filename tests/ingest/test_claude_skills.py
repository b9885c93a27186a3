from __future__ import annotations

import pytest

from graphinv.ingest import claude_skills
from tests.ingest.reading import Facts, document, fixture

SKILL = "---\nname: s\ndescription: d\n---\n"


def facts(text: str, path: str) -> Facts:
    return Facts(claude_skills, document(text, path))


def test_a_skill_and_who_uses_it() -> None:
    found = Facts(claude_skills, fixture("claude/shop/.claude/skills/ledger/SKILL.md", "pay/.claude/skills/ledger/SKILL.md"))
    skill = "skill:shop/pay/.claude/skills/ledger"
    assert found.nodes["Tool", skill] == {
        "name": "ledger",
        "kind_detail": "skill",
        "effects": ["egress", "read"],
        "ingests_untrusted": True,
        "sources": ["shop/pay/.claude/skills/ledger/SKILL.md#L2"],
    }
    assert found.targets("USES", "claude-code:shop/pay") == {skill}
    assert found.props("CONNECTS_TO", "claude-code:shop/pay", "claude-code:ledger")["tools"] == ["post_entry"]
    assert found.bindings["claude-code", "ledger"].target == ("Tool", skill)
    assert [severity for _, severity, _ in found.problems] == ["note"]


def test_without_allowed_tools_the_effects_are_unknown() -> None:
    assert "effects" not in facts(SKILL, ".claude/skills/s/SKILL.md").nodes["Tool", "skill:shop/.claude/skills/s"]


@pytest.mark.parametrize(
    ("path", "host"),
    [
        (".claude/skills/s/SKILL.md", "claude-code:shop"),
        ("plugins/p/skills/s/SKILL.md", "claude-code:shop/plugins/p"),
        ("skills/s/SKILL.md", "claude-code:shop"),
        ("x/s/SKILL.md", "claude-code:shop/x"),
        ("x/external_plugins/p/skills/s/SKILL.md", "claude-code:shop/x/external_plugins/p"),
        ("desk/src/skills/s/SKILL.md", None),
        ("SKILL.md", "claude-code:shop"),
        ("x/.codex/skills/s/SKILL.md", "codex:shop/x"),
        (".github/skills/s/SKILL.md", "vscode:shop"),
        (".agents/skills/s/SKILL.md", None),
    ],
)
def test_the_host_follows_from_the_folder(path: str, host: str | None) -> None:
    assert {source for source, _ in facts(SKILL, path).drawn("USES")} == ({host} if host else set())


def test_a_skill_without_a_name_is_called_after_its_folder() -> None:
    assert (
        facts("---\ndescription: d\n---\n", ".claude/skills/odd/SKILL.md").nodes["Tool", "skill:shop/.claude/skills/odd"]["name"] == "odd"
    )


def test_without_front_matter_it_is_noted() -> None:
    found = facts("# Hello\n", ".claude/skills/odd/SKILL.md")
    assert not found.nodes
    assert [severity for _, severity, _ in found.problems] == ["note"]


def test_detect() -> None:
    assert claude_skills.detect("a/SKILL.md", b"")
    assert not claude_skills.detect("a/skill.md", b"")
