from __future__ import annotations

import pytest

from graphinv.ingest import slash_commands
from tests.ingest.reading import Facts, document, fake, fingerprint, fixture


def facts(text: str, path: str = ".claude/commands/a.md") -> Facts:
    return Facts(slash_commands, document(text, path))


def test_a_command_that_runs_and_may_use_tools() -> None:
    found = Facts(slash_commands, fixture("coding/release.command.md", "pay/.claude/commands/ops/release.md"))
    command = "command:shop/pay/.claude/commands/ops/release.md"
    assert found.nodes["Tool", command] == {
        "name": "ops:release",
        "kind_detail": "slash-command",
        "effects": ["destructive", "egress", "execute", "read", "write"],
        "ingests_untrusted": True,
        "sources": ["shop/pay/.claude/commands/ops/release.md#L2"],
    }
    assert found.drawn("USES") == {("claude-code:shop/pay", command)}
    assert found.props("CONNECTS_TO", "claude-code:shop/pay", "claude-code:tickets")["tools"] == ["close"]
    assert {name for _, name in found.bindings} == {"ops:release", "release"}


def test_a_command_that_only_asks_has_no_effects_of_its_own() -> None:
    assert facts("Summarise `git log`.\n").nodes["Tool", "command:shop/.claude/commands/a.md"]["effects"] == []


def test_what_runs_before_makes_it_execute() -> None:
    assert facts("!`git status`\n").nodes["Tool", "command:shop/.claude/commands/a.md"]["effects"] == ["execute"]
    found = facts('prompt = """Look at !{git diff}"""\n', ".gemini/commands/git/look.toml")
    assert found.nodes["Tool", "command:shop/.gemini/commands/git/look.toml"]["effects"] == ["execute"]
    assert found.nodes["Tool", "command:shop/.gemini/commands/git/look.toml"]["name"] == "git:look"


def test_a_secret_in_what_runs() -> None:
    token = fake("command")
    found = facts(f"!`ACME_TOKEN={token} run`\n")
    assert found.targets("HOLDS", "command:shop/.claude/commands/a.md") == {f"secret:{fingerprint(token)}"}


@pytest.mark.parametrize(
    ("path", "host"),
    [
        (".claude/commands/a.md", "claude-code:shop"),
        ("plugins/p/commands/a.md", "claude-code:shop/plugins/p"),
        (".opencode/command/a.md", "opencode:shop"),
        ("x/.cursor/commands/a.md", "cursor:shop/x"),
        (".codex/prompts/a.md", "codex:shop"),
        (".github/prompts/a.prompt.md", "vscode:shop"),
        (".windsurf/workflows/a.md", "windsurf:shop"),
    ],
)
def test_whose_command_it_is(path: str, host: str) -> None:
    assert slash_commands.detect(path, b"text")
    assert facts("text\n", path).drawn("USES") == {(host, f"command:shop/{path}")}


@pytest.mark.parametrize(
    "path", ["commands/a.md", "docs/commands/a.md", "src/commands/a.md", ".claude/commands/README.md", "commands/a.py"]
)
def test_what_is_none(path: str) -> None:
    assert not slash_commands.detect(path, b"# Commands\n")


def test_a_command_of_a_plugin_says_that_it_is_one() -> None:
    assert slash_commands.detect("commands/a.md", b"---\ndescription: x\nargument-hint: y\n---\n")
    assert not slash_commands.detect("docs/commands/a.md", b"---\nargument-hint: y\n---\n")
