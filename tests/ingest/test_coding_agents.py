"""Agents of opencode, Codex, Gemini, Cursor and Factory: one file each."""

from __future__ import annotations

from types import ModuleType

import pytest

from graphinv.ingest import codex_agents, cursor_agents, droid_agents, gemini_agents, opencode_agents
from graphinv.ingest.support.builtins import INHERENT
from tests.ingest.reading import Facts, document, fake, fingerprint, fixture


def test_opencode_an_agent_has_what_nothing_takes_away() -> None:
    found = Facts(opencode_agents, fixture("coding/ship.opencode.md", "pay/.opencode/agent/ship.md"))
    agent = "opencode:shop/pay#ship"
    assert found.targets("USES", agent) == {f"opencode:{name}" for name in ("bash", "glob", "grep", "list", "read", "websearch")}
    assert found.targets("USES_MODEL", agent) == {"acme/large"}
    assert found.targets("CONNECTS_TO", agent) == {"opencode:*"}
    assert found.targets("DELEGATES_TO", agent) == {"opencode sub-agents:*"}, "a primary agent starts the others"
    assert found.targets("DELEGATES_TO", "opencode:shop/pay") == {agent}
    assert [severity for _, severity, _ in found.problems] == ["warning"], "which tools of tickets it has not"


@pytest.mark.parametrize(
    ("front", "left"),
    [("tools: {edit: false}", {"write"}), ("tools: {write: false}", {"edit", "patch"}), ("permission: {edit: deny}", set())],
)
def test_opencode_who_may_not_edit_may_not_patch(front: str, left: set[str]) -> None:
    found = Facts(opencode_agents, document(f"---\nmode: subagent\n{front}\n---\n", ".opencode/agent/a.md"))
    moving = {f"opencode:{name}" for name in ("edit", "patch", "write")}
    assert found.targets("USES", "opencode:shop#a") & moving == {f"opencode:{name}" for name in left}


def test_opencode_servers_by_name_where_all_others_are_off() -> None:
    text = "---\nmode: subagent\ntools: {'*': false, 'tickets_*': true, read: true}\n---\n"
    found = Facts(opencode_agents, document(text, ".opencode/agents/a/b.md"))
    assert found.targets("CONNECTS_TO", "opencode:shop#a/b") == {"opencode:tickets"}
    assert found.targets("USES", "opencode:shop#a/b") == {"opencode:read"}
    assert found.targets("DELEGATES_TO", "opencode:shop#a/b") == set()
    assert ("opencode sub-agents", "a/b") in found.bindings


def test_codex_a_role_in_a_file_of_its_own() -> None:
    found = Facts(codex_agents, fixture("coding/auditor.codex.toml", ".codex/agents/auditor.toml"))
    agent = "codex:shop#auditor"
    assert found.nodes["Agent", agent]["labels"] == ["sandbox=read-only"]
    assert found.targets("USES", agent) == {"codex:read_only_shell"}
    assert found.targets("CONNECTS_TO", agent) == {"codex:*", "mcp:shop/.codex/agents/auditor.toml#ledger"}
    assert found.drawn("DELEGATES_TO") == {("codex:shop", agent)}


def test_gemini_tools_of_servers_by_name() -> None:
    found = Facts(gemini_agents, fixture("coding/checker.gemini.md", ".gemini/agents/checker.md"))
    agent = "gemini-cli:shop#checker"
    assert found.targets("USES", agent) == {"gemini-cli:read_file", "gemini-cli:run_shell_command"}
    assert found.targets("CONNECTS_TO", agent) == {"gemini-cli:tickets", "gemini-cli:ledger"}
    assert found.props("CONNECTS_TO", agent, "gemini-cli:ledger")["tools"] == ["find"]
    assert "tools" not in found.props("CONNECTS_TO", agent, "gemini-cli:tickets")
    inherits = Facts(gemini_agents, document("---\nname: a\n---\n", ".gemini/agents/a.md"))
    assert inherits.targets("CONNECTS_TO", "gemini-cli:shop#a") == {"gemini-cli:*"}
    assert "gemini-cli:write_file" in inherits.targets("USES", "gemini-cli:shop#a")


def test_gemini_an_agent_of_an_extension_that_the_project_has() -> None:
    found = Facts(gemini_agents, document("---\nname: clerk\n---\n", "app/.gemini/extensions/stock/agents/clerk.md"))
    assert found.targets("DELEGATES_TO", "gemini-cli:shop/app") == {"gemini-cli:shop/app#clerk"}


def test_gemini_an_agent_that_runs_elsewhere() -> None:
    key = fake("remote")
    text = f"---\nname: far\nkind: remote\nagent_card_url: https://far.example/card.json?x=1\nauth: {{type: apiKey, key: {key}}}\n---\n"
    found = Facts(gemini_agents, document(text, ".gemini/agents/far.md"))
    agent = "gemini-cli:shop#far"
    assert found.nodes["Agent", agent]["labels"] == ["agent_card=https://far.example/card.json"]
    assert found.props("DELEGATES_TO", "gemini-cli:shop", agent)["kind_detail"] == "a2a"
    assert found.targets("HOLDS", "gemini-cli:shop") == {f"secret:{fingerprint(key)}"}, "the host shows it"
    assert found.targets("USES", agent) == set()


def test_cursor_a_reader_cannot_edit() -> None:
    found = Facts(cursor_agents, document("---\nname: verify\nreadonly: true\nmodel: fast\n---\n", "pay/.cursor/agents/verify.md"))
    agent = "cursor:shop/pay#verify"
    assert found.targets("USES", agent) == {"cursor:read", "cursor:search", "cursor:web"}
    assert found.targets("CONNECTS_TO", agent) == {"cursor:*"}
    assert found.targets("USES_MODEL", agent) == {"fast"}
    writer = Facts(cursor_agents, document("---\ndescription: x\n---\n", ".cursor/agents/fix.md"))
    assert {"cursor:edit", "cursor:terminal"} <= writer.targets("USES", "cursor:shop#fix")


@pytest.mark.parametrize(
    ("reader", "path"),
    [(opencode_agents, ".opencode/agent/a.md"), (gemini_agents, ".gemini/agents/a.md"), (cursor_agents, ".cursor/agents/a.md")],
)
def test_without_front_matter_it_is_no_agent(reader: ModuleType, path: str) -> None:
    found = Facts(reader, document("Just text.\n", path))
    assert found.nodes == {}
    assert [severity for _, severity, _ in found.problems] == ["note"]


def test_droids_have_what_their_list_says() -> None:
    text = "---\nname: sweep\nmodel: inherit\ntools: [Read, Bash, mcp__ledger__find, mcp__docs]\n---\n"
    found = Facts(droid_agents, document(text, "pay/.factory/droids/sweep.md"))
    agent = "droid:shop/pay#sweep"
    assert found.drawn("DELEGATES_TO") == {("droid:shop/pay", agent)}
    assert found.targets("USES", agent) == {"droid:Read", "droid:Execute"}, "Claude Code's name for it"
    assert found.targets("CONNECTS_TO", agent) == {"droid:ledger", "droid:docs"}
    assert found.props("CONNECTS_TO", agent, "droid:ledger")["tools"] == ["find"]


@pytest.mark.parametrize(
    ("tools", "used", "servers"),
    [
        ("tools: read-only", {"Read", "LS", "Grep", "Glob"}, set()),
        ("tools: [web, mcp]", {"WebSearch", "FetchUrl"}, {"droid:*"}),
        ("model: x", set(INHERENT["droid"]), {"droid:*"}),
    ],
)
def test_droids_name_kinds_of_tools_or_have_all(tools: str, used: set[str], servers: set[str]) -> None:
    found = Facts(droid_agents, document(f"---\nname: a\n{tools}\n---\n", ".factory/droids/a.md"))
    assert found.targets("USES", "droid:shop#a") == {f"droid:{name}" for name in used}
    assert found.targets("CONNECTS_TO", "droid:shop#a") == servers
