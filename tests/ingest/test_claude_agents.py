from __future__ import annotations

import pytest

from graphinv.ingest import claude_agents
from graphinv.ingest.support import claude
from tests.ingest.reading import Facts, document, fake, fingerprint, fixture

HOST = "claude-code:shop"
TOKEN = fake("artifacts")


def facts(text: str, path: str = ".claude/agents/a.md") -> Facts:
    return Facts(claude_agents, document(text, path))


def release_manager() -> Facts:
    place = "claude/shop/.claude/agents/ops/release-manager.md"
    return Facts(claude_agents, fixture(place, "pay/.claude/agents/ops/release-manager.md", {"ARTIFACTS_TOKEN": TOKEN}))


def test_an_agent_with_everything_it_can_say() -> None:
    found = release_manager()
    host, agent = "claude-code:shop/pay", "claude-code:shop/pay#release-manager"
    assert found.nodes["Agent", agent] == {
        "name": "release-manager",
        "framework": "claude-code",
        "kind_detail": "claude-code sub-agent",
        "status": "active",
        "autonomy": "autonomous",
        "sources": ["shop/pay/.claude/agents/ops/release-manager.md#L2"],
    }
    assert found.props("DELEGATES_TO", host, agent) == {
        "mode": "invoke",
        "kind_detail": "sub-agent",
        "evidence": ["declared"],
        "sources": ["shop/pay/.claude/agents/ops/release-manager.md#L2"],
    }
    assert found.nodes["Agent", host]["kind_detail"] == "claude-code host"
    assert found.targets("DELEGATES_TO", agent) == {"claude-code:changelog-writer", "claude-code:smoke-tester"}
    artifacts = "mcp:shop/pay/.claude/agents/ops/release-manager.md#artifacts"
    assert found.targets("CONNECTS_TO", agent) == {"claude-code:tickets", "claude-code:chat", artifacts}
    assert found.props("CONNECTS_TO", agent, "claude-code:tickets")["tools"] == ["create_issue"]
    assert "tools" not in found.props("CONNECTS_TO", agent, "claude-code:chat")
    assert found.targets("USES", agent) == {"claude-code:Read", "claude-code:Bash", "claude-code:ledger", f"{agent}/hook/PreToolUse"}
    assert found.nodes["Tool", f"{agent}/hook/PreToolUse"]["effects"] == ["execute"]
    assert found.targets("USES_MODEL", agent) == {"opus"}
    memory = f"{agent}/memory/project"
    assert found.nodes["Memory", memory]["scope"] == "tenant"
    assert found.targets("READS", agent) == found.targets("WRITES", agent) == {memory}
    assert found.bindings["claude-code", "release-manager"].folder == "pay"
    assert found.problems == []


def test_a_server_defined_in_place_is_the_agent_s_own() -> None:
    found = release_manager()
    server = "mcp:shop/pay/.claude/agents/ops/release-manager.md#artifacts"
    assert ("claude-code", "artifacts") not in found.bindings
    assert found.targets("HOLDS", server) == {f"secret:{fingerprint(TOKEN)}", "env:MIRROR_TOKEN"}
    assert found.nodes["ToolServer", server]["sources"] == ["shop/pay/.claude/agents/ops/release-manager.md#L13"]


def test_tools_as_a_list_and_a_model_that_is_inherited() -> None:
    found = Facts(claude_agents, fixture("claude/shop/.claude/agents/changelog-writer.md", ".claude/agents/changelog-writer.md"))
    agent = f"{HOST}#changelog-writer"
    assert found.targets("USES", agent) == {"claude-code:Read", "claude-code:Write"}
    assert found.targets("CONNECTS_TO", agent) == {"claude-code:docs"}
    assert found.targets("USES_MODEL", agent) == found.targets("DELEGATES_TO", agent) == set()
    assert found.nodes["Agent", agent]["autonomy"] == "suggest"


def test_absent_tools_inherit_everything_but_what_is_disallowed() -> None:
    found = Facts(claude_agents, fixture("claude/shop/.claude/agents/everything.md", ".claude/agents/everything.md"))
    agent = f"{HOST}#everything"
    assert found.targets("CONNECTS_TO", agent) == {"claude-code:*"}
    assert found.targets("USES", agent) == {f"claude-code:{name}" for name in claude.INHERENT if name not in ("WebFetch", "NotebookEdit")}
    assert found.targets("DELEGATES_TO", agent) == set()
    assert "autonomy" not in found.nodes["Agent", agent]
    assert found.nodes["Agent", agent]["labels"] == ["tools=inherited"]
    assert found.targets("INGESTS", "claude-code:WebSearch") == {"web"}


def test_front_matter_that_is_not_yaml_is_read_all_the_same() -> None:
    found = Facts(claude_agents, fixture("claude/shop/.claude/agents/loose.md", ".claude/agents/loose.md"))
    assert found.targets("USES", f"{HOST}#loose") == {"claude-code:Grep", "claude-code:Glob"}
    assert found.targets("USES_MODEL", f"{HOST}#loose") == {"haiku"}
    assert [severity for _, severity, _ in found.problems] == ["note"]


def test_an_agent_of_a_plugin_delegates_to_any() -> None:
    found = Facts(claude_agents, fixture("claude/plugin/agents/reviewer.md", "plugins/reviewer/agents/reviewer.md"))
    agent = "claude-code:shop/plugins/reviewer#reviewer"
    assert found.targets("DELEGATES_TO", agent) == {"claude-code:*"}
    assert found.targets("CONNECTS_TO", agent) == set()


def test_the_same_name_in_two_folders_is_two_agents() -> None:
    text = "---\nname: a\ndescription: b\n---\n"
    ids = {id for path in ("x/.claude/agents/a.md", "y/.claude/agents/a.md") for _, id in facts(text, path).nodes if id.endswith("#a")}
    assert ids == {"claude-code:shop/x#a", "claude-code:shop/y#a"}


@pytest.mark.parametrize(
    ("tools", "uses"),
    [
        ("Read Grep", {"Read", "Grep"}),
        ("[Read, Grep]", {"Read", "Grep"}),
        ("'Read, Grep'", {"Read", "Grep"}),
        ("read, bash", {"Read", "Bash"}),
        ("[]", set()),
        ("Read, Frobnicate", {"Read", "Frobnicate"}),
        ("Read,", {"Read"}),
        ("\n  - Read\n  - Bash(git push: *)", {"Bash", "Read"}),
        ('["Bash(git add, git rm)", "Read"]', {"Bash", "Read"}),
    ],
)
def test_tool_lists_as_people_write_them(tools: str, uses: set[str]) -> None:
    found = facts(f"---\nname: a\ndescription: b\ntools: {tools}\n---\n")
    assert found.targets("USES", f"{HOST}#a") == {f"claude-code:{name}" for name in uses}


def test_a_tool_that_is_not_known_has_no_known_effects() -> None:
    assert "effects" not in facts("---\nname: a\ntools: Frobnicate\n---\n").nodes["Tool", "claude-code:Frobnicate"]


def test_a_pattern_of_tool_names_counts_as_the_whole_server() -> None:
    found = facts("---\nname: a\ntools: mcp__gh__get_*, mcp__gh__merge\n---\n")
    assert "tools" not in found.props("CONNECTS_TO", f"{HOST}#a", "claude-code:gh")


def test_tools_of_another_type_are_an_error_and_count_as_absent() -> None:
    found = facts("---\nname: a\ntools: 7\n---\n")
    assert ("L3", "error") in [(where, severity) for where, severity, _ in found.problems]
    assert "claude-code:*" in found.targets("CONNECTS_TO", f"{HOST}#a")


@pytest.mark.parametrize("text", ["# Our agents\n", "---\ndescription: no name\n---\n", "---\nname: 7\n---\n", "---\n\n---\n", ""])
def test_what_is_no_agent_is_noted(text: str) -> None:
    found = facts(text)
    assert not found.nodes
    assert [severity for _, severity, _ in found.problems] == ["note"]


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        (".claude/agents/a.md", "", True),
        ("x/.claude/agents/deep/er/a.md", "", True),
        ("plugins/p/agents/a.md", "---\nname: a\ndescription: b\n---\n", True),
        ("plugins/p/agents/deep/a.md", "---\nname: a\ndescription: b\n---\n", True),
        ("plugins/p/agents/a.md", "---\nname: a\n---\ndescription: b\n", False),
        ("plugins/p/agents/a.md", "# a\n", False),
        ("agents/pay/a.md", "---\nname: Board Paper Writer\ndescription: b\ndomain: finance\naudience: all\n---\n", False),
        ("agents/pay/a.md", "---\nname: 'Desk Author'\ndescription: >\n  b: c\nversion: 1.0\n---\n", False),
        ("agents/a.md", "---\nname: Desk Architect\ndescription: b\n---\n", True),
        ("agents/a.md", "---\nname: Desk Author\ndescription: b\nversion: 1\nskills:\n  - ask\n---\n", True),
        ("agents/a.md", "---\nname: writer # of ours\ndescription: b\ncategory: docs\n---\n", True),
        ("agents/a.md", "---\nname: >\n  writer\ndescription: b\ncategory: docs\n---\n", True),
        ("plugins/p/agents/a.md", "---\nname: Desk Author\ndescription: b\nversion: 1\n---\n", True),
        (".claude/agents/a.md", "---\nname: Desk Author\ndescription: b\nversion: 1\n---\n", True),
        ("agents/ask/steps/a.md", "---\nname: step-01\ndescription: b\nnextStepFile: './step-02.md'\n---\n", False),
        ("agents/ask/steps/a.md", "---\nname: step-01\ndescription: b\noutputFile: x\nworkflowFile: y\n---\n", False),
        (".claude/agents/steps/a.md", "---\nname: step-01\ndescription: b\nnextStepFile: './step-02.md'\n---\n", True),
        ("docs/agents/a.md", "---\nname: a\ndescription: b\n---\n", False),
        ("agents/README.md", "---\nname: a\ndescription: b\n---\n", False),
        (".github/agents/a.agent.md", "---\nname: a\ndescription: b\n---\n", False),
        (".opencode/agents/a.md", "---\nname: a\ndescription: b\n---\n", False),
        (".claude/agents/a.txt", "", False),
        (".claude/commands/a.md", "", False),
        ("agents.md", "---\nname: a\ndescription: b\n---\n", False),
        ("languages/a.md", "---\nname: a\ndescription: b\ntools: Read, Bash\n---\n", True),
        ("languages/a.md", "---\nname: a\ndescription: 'b: c'\ntools:\n  - Grep\n---\n", True),
        ("languages/a.md", "---\nname: a\ndescription: >\n  b\nmodel: opus # best\n---\n", True),
        ("languages/a.md", "---\nname: a\ndescription: b\ntools: mcp__tickets__list\n---\n", True),
        ("languages/a.md", "---\nname: a\ndescription: b\ncolor: cyan\n---\n", True),
        ("languages/a.md", "---\nname: a\ndescription: b\ncolor: '#00ffff'\n---\n", False),
        ("languages/a.md", "---\nname: a\ndescription: b\n---\n", False),
        ("languages/a.md", "---\nname: a\ndescription: b\ntools: hammer\n---\n", False),
        ("languages/a.md", "---\nname: a\ndescription: b\nmodel: gpt-5\n---\n", False),
        ("skills/x/SKILL.md", "---\nname: a\ndescription: b\ntools: Read\n---\n", False),
        ("commands/a.md", "---\nname: a\ndescription: b\nallowed-tools: Read\nmodel: opus\n---\n", False),
        ("docs/a.md", "---\nname: a\ndescription: b\ntools: Read\n---\n", False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert claude_agents.detect(path, head.encode()) is ours
