from __future__ import annotations

import json

import pytest

from graphinv.ingest import claude_plugins
from tests.ingest.reading import Facts, document, fixture

HOST = "claude-code:shop/plugins/reviewer"
MARKET = "claude/market/.claude-plugin/marketplace.json"


def test_a_plugin_its_servers_and_its_hooks() -> None:
    manifest = "plugins/reviewer/.claude-plugin/plugin.json"
    found = Facts(claude_plugins, fixture("claude/plugin/.claude-plugin/plugin.json", manifest))
    assert found.nodes["Package", "claude-plugin:reviewer"] == {
        "name": "reviewer",
        "kind_detail": "claude-plugin",
        "version": "1.4.0",
        "sources": [f"shop/{manifest}#L2"],
    }
    assert found.targets("DEPENDS_ON", HOST) == {"claude-plugin:reviewer"}
    lint = f"mcp:shop/{manifest}#lint"
    assert found.targets("CONNECTS_TO", HOST) == {lint, "https://rules.acme.example/mcp"}
    assert found.targets("HOLDS", lint) == {"env:LINT_TOKEN"}
    assert found.bindings["claude-code", "lint"].folder == "plugins/reviewer"
    assert found.targets("USES", HOST) == {f"shop/{manifest}/hook/SessionStart"}


@pytest.mark.parametrize(
    ("folder", "client", "kind"),
    [(".cursor-plugin", "cursor", "cursor"), (".codex-plugin", "codex", "codex"), (".github/plugin", "github-copilot", "github-copilot")],
)
def test_plugins_of_other_clients_are_theirs(folder: str, client: str, kind: str) -> None:
    manifest = {"name": "tickets", "mcpServers": {"tickets": {"command": "npx", "args": ["tickets-mcp"]}}}
    found = Facts(claude_plugins, document(json.dumps(manifest), f"plugins/tickets/{folder}/plugin.json"))
    host = f"{client}:shop/plugins/tickets"
    assert found.drawn("CONNECTS_TO") == {(host, f"mcp:shop/plugins/tickets/{folder}/plugin.json#tickets")}
    assert found.targets("DEPENDS_ON", host) == {f"{kind}-plugin:tickets"}
    assert found.bindings[client, "tickets"].folder == "plugins/tickets"


def test_a_plugin_of_codex_that_brings_skills_alone_makes_no_agent() -> None:
    found = Facts(claude_plugins, document('{"name": "p", "skills": "./skills/"}', "p/.codex-plugin/plugin.json"))
    assert list(found.nodes) == [("Package", "codex-plugin:p")]


def test_hooks_in_a_file_of_their_own() -> None:
    found = Facts(claude_plugins, fixture("claude/plugin/hooks/hooks.json", "plugins/reviewer/hooks/hooks.json"))
    (tool,) = found.targets("USES", HOST)
    assert tool == "shop/plugins/reviewer/hooks/hooks.json/hook/PreToolUse"
    assert found.nodes["Tool", tool]["effects"] == ["egress"]


def test_a_marketplace_lists_packages_and_no_agents() -> None:
    found = Facts(claude_plugins, fixture(MARKET, ".claude-plugin/marketplace.json"))
    listed = {id: (props.get("purl"), props.get("labels")) for (kind, id), props in found.nodes.items() if kind == "Package"}
    commit = "0123456789abcdef0123456789abcdef01234567"
    assert listed == {
        "claude-plugin:reviewer": (None, ["source=local"]),
        "claude-plugin:deploy": ("pkg:github/acme/deploy-plugin@v2", ["pinned=false", "source=github:acme/deploy-plugin"]),
        "claude-plugin:audit": (f"pkg:github/acme/audit-plugin@{commit}", ["pinned=true", "source=github:acme/audit-plugin"]),
        "claude-plugin:forms": ("pkg:npm/%40acme/forms@3.0.1", ["pinned=true", "source=npm:@acme/forms"]),
        "claude-plugin:mirror": (None, ["pinned=false", "source=https://git.acme.example/mirror.git"]),
    }
    assert found.edges == []
    assert {key for key in found.nodes if key[0] != "Package"} == {("ToolServer", "mcp:shop/.claude-plugin/marketplace.json#mirror/m")}
    assert [(where, severity) for where, severity, _ in found.problems] == [("L10", "error")]


@pytest.mark.parametrize(
    ("source", "folder"),
    [("./plugins/tickets", "market/plugins/tickets"), ("./", "market"), ("tickets", "market/plugins/tickets"), ("../../../x", None)],
)
def test_servers_in_the_entry_of_a_plugin_of_the_tree_are_used_in_its_folder(source: str, folder: str | None) -> None:
    servers = {"tickets": {"command": "npx", "args": ["tickets-mcp"], "env": {"TICKETS_TOKEN": "${TICKETS_TOKEN}"}}}
    market = {"name": "m", "metadata": {"pluginRoot": "./plugins"}, "plugins": [{"name": "t", "source": source, "mcpServers": servers}]}
    found = Facts(claude_plugins, document(json.dumps(market), "market/.claude-plugin/marketplace.json"))
    server = "mcp:shop/market/.claude-plugin/marketplace.json#t/tickets"
    assert found.targets("HOLDS", server) == {"env:TICKETS_TOKEN"}
    expected = {(f"claude-code:shop/{folder}", server)} if folder else set()
    assert found.drawn("CONNECTS_TO") == expected
    assert found.drawn("DEPENDS_ON", f"claude-code:shop/{folder}") == (
        {(f"claude-code:shop/{folder}", "claude-plugin:t")} if folder else set()
    )
    assert [binding.folder for (space, _), binding in found.bindings.items() if space == "claude-code"] == ([folder] if folder else [])


@pytest.mark.parametrize(
    "text",
    ['{"version": "1"}', '{"name": "p", "mcpServers": 7}', '{"name": ""}'],
)
def test_a_manifest_with_a_wrong_part_is_an_error(text: str) -> None:
    found = Facts(claude_plugins, document(text, ".claude-plugin/plugin.json"))
    assert [severity for _, severity, _ in found.problems] == ["error"]


def test_a_manifest_that_only_describes_makes_no_agent() -> None:
    found = Facts(claude_plugins, document('{"name": "p", "version": "1"}', ".claude-plugin/plugin.json"))
    assert list(found.nodes) == [("Package", "claude-plugin:p")]


def test_servers_by_path_are_found_by_their_own_file() -> None:
    found = Facts(claude_plugins, document('{"name": "p", "mcpServers": "./.mcp.json"}', ".claude-plugin/plugin.json"))
    assert found.drawn("CONNECTS_TO") == set()
    assert found.problems == []


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("p/.claude-plugin/plugin.json", "{", True),
        (".claude-plugin/marketplace.json", "{", True),
        ("p/hooks/hooks.json", '{"hooks": {}}', True),
        ("p/hooks/hooks.json", "{}", False),
        (".cursor/hooks/hooks.json", '{"hooks": {}}', False),
        ("p/.cursor-plugin/plugin.json", "{", True),
        ("p/.codex-plugin/plugin.json", "{", True),
        (".github/plugin/marketplace.json", "{", True),
        ("src/plugin/plugin.json", "{", False),
        ("my-plugin/plugin.json", "{", False),
        ("plugin.json", "{", False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert claude_plugins.detect(path, head.encode()) is ours
