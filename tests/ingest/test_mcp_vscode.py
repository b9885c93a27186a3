from __future__ import annotations

import pytest

from graphinv.ingest import mcp_vscode
from tests.mcp_support import fixture, read


def test_reads_servers_and_prompts() -> None:
    found = read(mcp_vscode, "crm/.vscode/mcp.json", fixture("vscode.jsonc"))
    assert list(found.nodes("Agent")) == ["vscode:acme/crm"]
    assert (found.server("crm")["package"], found.server("crm")["pinned"]) == ("pkg:pypi/crm-mcp@1.0.2", True)
    assert found.held("#crm") == {"Secret~input~crm-login", "Secret~env~*"}
    assert list(found.nodes("Secret")) == ["input:acme/crm/.vscode/mcp.json#crm-login"]
    prompt = found.nodes("Secret")["input:acme/crm/.vscode/mcp.json#crm-login"]
    assert prompt["kind_detail"] == "prompt"
    assert prompt["sources"] == ["acme/crm/.vscode/mcp.json#L4"]
    assert "fingerprint" not in prompt
    assert found.bindings()["input", "crm-login"] == ("input:acme/crm/.vscode/mcp.json#crm-login", "crm")
    assert found.server("docs")["origin"] == "unknown"
    assert found.server("crm")["sources"] == ["acme/crm/.vscode/mcp.json#L9"]
    assert not found.problems()


def test_reads_settings() -> None:
    found = read(mcp_vscode, ".vscode/settings.json", fixture("vscode_settings.jsonc"))
    assert found.nodes("Agent")["vscode:acme"]["autonomy"] == "autonomous"
    assert found.held("#crm") == {"Secret~input~api_key"}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("shop.code-workspace", {"folders": [], "settings": {"mcp": {"servers": {"s": {"command": "x"}}}}}),
        (".devcontainer/devcontainer.json", {"customizations": {"vscode": {"mcp": {"servers": {"s": {"command": "x"}}}}}}),
        (".vscode/settings.json", {"mcp.servers": {"s": {"command": "x"}}}),
        ("al/.config/Code/User/mcp.json", {"servers": {"s": {"command": "x"}}}),
    ],
)
def test_finds_servers_wherever_settings_may_stand(path: str, data: object) -> None:
    assert read(mcp_vscode, path, data).server("s")


@pytest.mark.parametrize("data", [{}, {"editor.fontSize": 12}, {"files.associations": {"*.x": "y"}}])
def test_settings_without_agents_give_nothing(data: object) -> None:
    assert not read(mcp_vscode, ".vscode/settings.json", data).all


@pytest.mark.parametrize("data", [{"mcp": {}}, {"chat.mcp.gallery.enabled": True}])
def test_settings_that_speak_of_agents_give_the_host(data: object) -> None:
    assert list(read(mcp_vscode, ".vscode/settings.json", data).nodes("Agent")) == ["vscode:acme"]


def test_odd_prompts_do_not_matter() -> None:
    data = {"inputs": [5, {"id": 7}, {"id": "token"}, None], "servers": {"s": {"command": "x", "env": {"T": "${input:token}"}}}}
    found = read(mcp_vscode, ".vscode/mcp.json", data)
    assert found.held("#s") == {"Secret~input~token"}


def test_what_settings_let_pass_is_approved_by_the_client() -> None:
    settings = {
        "chat.tools.terminal.autoApprove": {"git status": True, "rm": False},
        "chat.tools.edits.autoApprove": {"**/*": False},
        "chat.tools.urls.autoApprove": {"https://docs.example": {"approveRequest": True, "approveResponse": False}},
    }
    found = read(mcp_vscode, ".vscode/settings.json", settings)
    assert found.pairs("USES") == {("Agent:vscode:acme", "Tool:vscode:execute"), ("Agent:vscode:acme", "Tool:vscode:web")}
    [edge] = [edge for edge in found.edges("USES") if edge.target == ("Tool", "vscode:execute")]
    said = {name: edge.props[name] for name in ("approved", "approval", "approved_by", "sources")}
    by = "acme/.vscode/settings.json"
    assert said == {"approved": True, "approval": "client", "approved_by": by, "sources": [f"{by}#L2"]}
