"""Amp's settings, in which every name begins with ``amp.``."""

from __future__ import annotations

from graphinv.ingest import mcp_amp
from tests.mcp_support import read

SERVERS = {
    "ledger": {"command": "npx", "args": ["-y", "@acme/ledger-mcp@2.1.0"], "env": {"LEDGER_TOKEN": "${LEDGER_TOKEN}"}},
    "docs": {"url": "https://mcp.docs.acme.example/mcp"},
}


def test_servers_are_under_a_name_with_a_dot() -> None:
    found = read(mcp_amp, "pay/.amp/settings.json", {"amp.mcpServers": SERVERS, "amp.gauge": "cost"})
    host = found.nodes("Agent")["amp:acme/pay"]
    assert host["name"] == "Amp (acme/pay)"
    assert "autonomy" not in host
    assert set(found.nodes("ToolServer")) == {"mcp:acme/pay/.amp/settings.json#ledger", "https://mcp.docs.acme.example/mcp"}
    assert found.nodes("ToolServer")["mcp:acme/pay/.amp/settings.json#ledger"]["pinned"] is True


def test_what_it_may_do_unasked() -> None:
    rules = [
        {"tool": "Bash", "matches": {"cmd": "git *"}, "action": "allow"},
        {"tool": "Bash", "action": "ask"},
        {"tool": "edit_file", "action": "allow"},
        {"tool": "*", "action": "reject"},
    ]
    found = read(mcp_amp, ".config/amp/settings.json", {"amp.permissions": rules})
    used = {edge.target[1]: edge.props.get("approved") for edge in found.edges("USES") if isinstance(edge.target, tuple)}
    assert used == {"amp:Bash": None, "amp:edit_file": True}, "a rule for some commands says nothing of the others"


def test_nobody_is_asked_and_tools_are_switched_off() -> None:
    found = read(mcp_amp, ".amp/settings.json", {"amp.dangerouslyAllowAll": True, "amp.tools.disable": ["builtin:read_*"]})
    assert found.nodes("Agent")["amp:acme"]["autonomy"] == "autonomous"
    assert {edge.target[1] for edge in found.edges("USES") if isinstance(edge.target, tuple)} == {"amp:Bash", "amp:edit_file"}
